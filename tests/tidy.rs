//! Keeps the house: who may import whom, how long things get, what must not be left behind.
//!
//! Every rule is a function from text to complaints, shown below to be able to fail.

use std::fs;
use std::path::{Path, PathBuf};

/// The floors of the house. A module imports only from lower ones; modules of one floor do not
/// import each other, those of the ground floor aside.
const LAYERS: [&[&str]; 10] = [
    &["time", "ids", "rng", "stats", "error", "units", "choice", "theory"],
    &["des", "dist"],
    &["workload"],
    &["fleet", "results"],
    &["balancer", "monitoring", "autoscaler", "release", "resilience"],
    &["scenario"],
    &["sim"],
    &["study", "report", "preview"],
    &["cli"],
    &["main"],
];
/// The highest floor of the pure core: no clock, no thread, no file, no order that depends on a hash.
const CORE: usize = 6;
const MAX_FILE: usize = 500;
const MAX_KERNEL: usize = 300;
const MAX_FUNCTION: usize = 70;

/// A source file: where it stands, and its text without comments, literals and test items.
struct Source {
    path: String,
    /// Lines without test items, before anything else is taken out.
    lines: usize,
    code: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        let kept = without_tests(text);
        Self { path: path.to_owned(), lines: kept.lines().count(), code: blanked(&kept) }
    }

    /// Returns the names of its module and those it stands in; empty for the crate's root.
    fn module(&self) -> Vec<&str> {
        let inside = self.path.strip_prefix("src/").and_then(|path| path.strip_suffix(".rs"));
        let names = inside.unwrap_or(&self.path).split('/');
        names.filter(|name| !["mod", "lib"].contains(name)).collect()
    }

    fn is_test(&self) -> bool {
        !self.path.starts_with("src/") || self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    fn layer(&self) -> Option<usize> {
        self.module().first().and_then(|name| layer_of(name))
    }

    fn complaint(&self, what: impl std::fmt::Display) -> String {
        format!("{}: {what}", self.path)
    }
}

fn layer_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// Leaves out the items marked `#[cfg(test)]`.
fn without_tests(text: &str) -> String {
    let mut kept = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if !line.trim_start().starts_with("#[cfg(test)]") {
            kept.push_str(line);
            kept.push('\n');
            continue;
        }
        let end = format!("{}}}", &line[..line.len() - line.trim_start().len()]);
        let mut item = lines.by_ref().skip_while(|line| line.trim_start().starts_with("#["));
        if item.next().is_some_and(|first| !first.trim_end().ends_with([';', '}'])) {
            item.find(|line| line.starts_with(&end));
        }
    }
    kept
}

/// Blanks comments and the inside of strings and characters; lines and columns stay.
fn blanked(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let after_name = at > 0 && is_name(bytes[at - 1]);
        let length = match rest[0] {
            b'/' if rest.starts_with(b"//") => rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len()),
            b'/' if rest.starts_with(b"/*") => block_comment(rest),
            b'r' | b'b' if !after_name => raw_string(rest).unwrap_or(0),
            b'"' => quoted(rest, b'"'),
            b'\'' if rest.get(1) == Some(&b'\\') || text[at + 1..].chars().nth(1) == Some('\'') => {
                quoted(rest, b'\'')
            }
            _ => 0,
        };
        if length == 0 {
            code.push(if rest[0].is_ascii() { rest[0] as char } else { '?' });
            at += 1;
        } else {
            code.extend(rest[..length].iter().map(|&b| if b == b'\n' { '\n' } else { ' ' }));
            at += length;
        }
    }
    code
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn block_comment(bytes: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < bytes.len() {
        match &bytes[at..bytes.len().min(at + 2)] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// Returns the length of a raw string (`r"`, `r#"`, `br#"`) if one begins here.
fn raw_string(bytes: &[u8]) -> Option<usize> {
    let start = bytes.iter().position(|&b| b == b'r').filter(|&at| at <= 1)? + 1;
    let hashes = bytes[start..].iter().take_while(|&&b| b == b'#').count();
    if bytes.get(start + hashes) != Some(&b'"') {
        return None;
    }
    let end = [b"\"".as_slice(), &bytes[start..start + hashes]].concat();
    let inside = start + hashes + 1;
    let length = bytes[inside..].windows(end.len()).position(|window| window == end)?;
    Some(inside + length + end.len())
}

fn quoted(bytes: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < bytes.len() && bytes[at] != quote {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

/// Iterates over the places where `word` stands as a word of its own.
fn places<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        let after = at + word.len();
        let open = word.ends_with(|last: char| !is_name(last as u8));
        (at == 0 || !is_name(code.as_bytes()[at - 1]))
            && (open || code.as_bytes().get(after).is_none_or(|&next| !is_name(next)))
    })
}

/// Returns the first names behind `root::`, those in braces included.
fn first_names(code: &str, root: &str) -> Vec<String> {
    places(code, &format!("{root}::")).flat_map(|at| heads(&code[at + root.len() + 2..])).collect()
}

/// Returns the names a path continues with: one, or those that head the entries of a group.
fn heads(path: &str) -> Vec<String> {
    let name = |text: &str| text.trim_start().chars().take_while(|&c| is_name(c as u8)).collect();
    let Some(group) = path.strip_prefix('{') else { return vec![name(path)] };
    let (mut depth, mut entry, mut found) = (0_usize, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            '}' | ',' if depth == 0 => {
                found.push(name(&group[entry..at]));
                entry = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    found.retain(|name: &String| !name.is_empty());
    found
}

/// Returns the modules of the crate a file names, by whatever way.
fn imports(source: &Source) -> Vec<String> {
    let mut found = first_names(&source.code, "crate");
    found.extend(first_names(&source.code, "peakday"));
    // As many steps up as the module lies deep lead to the root of the crate.
    let depth = source.module().len();
    found.extend(first_names(&source.code, &vec!["super"; depth.max(1)].join("::")));
    found.retain(|name| name != "super");
    found
}

fn layers(source: &Source) -> Vec<String> {
    let module = source.module();
    let Some(&own) = module.first() else { return Vec::new() };
    let Some(layer) = layer_of(own) else {
        return vec![source.complaint(format!("module {own} stands in no layer"))];
    };
    let forbidden = |name: &String| match layer_of(name) {
        _ if name == own => None,
        None => Some(format!("names {name}, which stands in no layer")),
        Some(lower) if lower < layer || (lower, layer) == (0, 0) => None,
        Some(other) => Some(format!("layer {layer} imports {name} of layer {other}")),
    };
    imports(source).iter().filter_map(forbidden).map(|what| source.complaint(what)).collect()
}

fn file_lengths(source: &Source) -> Vec<String> {
    let most = if source.path == "src/des.rs" { MAX_KERNEL } else { MAX_FILE };
    let long = source.lines > most;
    long.then(|| source.complaint(format!("{} lines, at most {most}", source.lines))).into_iter().collect()
}

fn function_lengths(source: &Source) -> Vec<String> {
    let measure = |at: usize| {
        let rest = &source.code[at..];
        let open = rest.find(['{', ';']).filter(|&open| rest.as_bytes()[open] == b'{')?;
        let mut depth = 0;
        let end = rest[open..].char_indices().find(|&(_, c)| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            depth == 0
        });
        let lines = 1 + rest[..open + end?.0].matches('\n').count();
        let name: String = rest["fn ".len()..].chars().take_while(|&c| is_name(c as u8)).collect();
        (lines > MAX_FUNCTION).then(|| format!("fn {name} has {lines} lines, at most {MAX_FUNCTION}"))
    };
    places(&source.code, "fn ").filter_map(measure).map(|what| source.complaint(what)).collect()
}

fn words(source: &Source, forbidden: &[&str], why: &str) -> Vec<String> {
    let found = forbidden.iter().filter(|word| places(&source.code, word).next().is_some());
    found.map(|word| source.complaint(format!("{word} {why}"))).collect()
}

fn leftovers(source: &Source) -> Vec<String> {
    words(source, &["todo!", "dbg!", "unimplemented!"], "was left behind")
}

/// Tests stand where the measure of test to source finds them: in `tests.rs` and `#[cfg(test)]`.
fn misplaced_tests(source: &Source) -> Vec<String> {
    let found = source.code.contains("#[test]");
    found.then(|| source.complaint("tests outside tests.rs and #[cfg(test)]")).into_iter().collect()
}

fn unsafe_code(source: &Source) -> Vec<String> {
    words(source, &["unsafe"], "is not needed here")
}

fn printing(source: &Source) -> Vec<String> {
    if source.layer() >= layer_of("cli") {
        return Vec::new();
    }
    words(source, &["print!", "println!", "eprint!", "eprintln!"], "outside cli and main")
}

fn purity(source: &Source) -> Vec<String> {
    if source.layer().is_none_or(|layer| layer > CORE) {
        return Vec::new();
    }
    let mut found = words(source, &["HashMap", "HashSet"], "has no order: a result may come to depend on it");
    let edges = first_names(&source.code, "std").into_iter();
    let edges =
        edges.filter(|name| ["time", "thread", "fs", "net", "env", "process"].contains(&name.as_str()));
    found.extend(edges.map(|name| source.complaint(format!("std::{name} in the core"))));
    found
}

/// Reads every Rust file below a folder of the project.
fn read(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut folders, mut sources): (Vec<PathBuf>, _) = (vec![root.join(folder)], Vec::new());
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
                sources.push(Source::new(&inside, &fs::read_to_string(&path).unwrap()));
            }
        }
    }
    sources
}

/// Applies a rule to the sources without their tests, and fails with all complaints at once.
fn kept(rule: fn(&Source) -> Vec<String>) {
    let sources = read("src");
    assert!(sources.len() > 50, "only {} sources found", sources.len());
    let complaints: Vec<_> = sources.iter().filter(|source| !source.is_test()).flat_map(rule).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn modules_import_only_from_lower_layers() {
    kept(layers);
}

#[test]
fn files_are_short() {
    kept(file_lengths);
}

#[test]
fn functions_are_short() {
    kept(function_lengths);
}

#[test]
fn nothing_is_unsafe() {
    kept(unsafe_code);
}

#[test]
fn only_the_command_line_prints() {
    kept(printing);
}

#[test]
fn the_core_is_pure() {
    kept(purity);
}

#[test]
fn nothing_is_left_behind() {
    let sources = ["src", "tests", "benches"].into_iter().flat_map(read);
    let complaints: Vec<_> = sources.flat_map(|source| leftovers(&source)).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn test_files_are_named_tests() {
    kept(misplaced_tests);
}

/// What a rule says of one file, its path left out.
fn said(rule: fn(&Source) -> Vec<String>, path: &str, text: &str) -> Vec<String> {
    let complaints = rule(&Source::new(path, text));
    complaints.iter().map(|line| line.split_once(": ").unwrap().1.to_owned()).collect()
}

#[test]
fn a_wrong_import_is_found_however_it_is_written() {
    let bad = [
        ("src/des.rs", "use crate::workload::Arena;", "layer 1 imports workload of layer 2"),
        ("src/des.rs", "use crate::dist::Distribution;", "layer 1 imports dist of layer 1"),
        ("src/balancer/a.rs", "fn f() { crate::sim::run() }", "layer 4 imports sim of layer 6"),
        ("src/balancer/a.rs", "use super::super::sim::run;", "layer 4 imports sim of layer 6"),
        ("src/balancer/mod.rs", "use super::autoscaler::X;", "layer 4 imports autoscaler of layer 4"),
        (
            "src/results/run.rs",
            "use crate::{ids::{A, B},\n    fleet::C};",
            "layer 3 imports fleet of layer 3",
        ),
        ("src/report/csv.rs", "use crate::sim;\nuse crate::study::S;", "layer 7 imports study of layer 7"),
        ("src/time.rs", "use crate::des::run;", "layer 0 imports des of layer 1"),
        ("src/time.rs", "use crate::attic::X;", "names attic, which stands in no layer"),
        ("src/attic/mod.rs", "", "module attic stands in no layer"),
    ];
    for (path, text, expected) in bad {
        assert_eq!(said(layers, path, text), [expected], "{path}: {text}");
    }
    let good = [
        ("src/time.rs", "use crate::ids::X; use crate::rng::{Bits, Key};"),
        ("src/balancer/a.rs", "use super::{Balancer, Pick}; use crate::workload::Request;"),
        ("src/balancer/a/b.rs", "use super::super::Pick;"),
        ("src/sim/world.rs", "use crate::sim::Event; pub(crate) fn f() {}"),
        ("src/time.rs", "// use crate::sim::run;\n/* crate::sim */ const A: &str = \"crate::sim\";"),
        ("src/time.rs", "#[cfg(test)]\nmod tests {\n    use crate::sim::run;\n}\nuse crate::ids::X;"),
        ("src/main.rs", "fn main() { peakday::cli::main() }"),
        ("src/lib.rs", "pub mod sim;"),
    ];
    for (path, text) in good {
        assert_eq!(said(layers, path, text), [""; 0], "{path}: {text}");
    }
}

#[test]
fn what_is_too_long_is_found() {
    let text = |lines| "//\n".repeat(lines);
    assert_eq!(said(file_lengths, "src/a.rs", &text(501)), ["501 lines, at most 500"]);
    assert_eq!(said(file_lengths, "src/a.rs", &text(500)), [""; 0]);
    assert_eq!(said(file_lengths, "src/des.rs", &text(301)), ["301 lines, at most 300"]);
    let tested = text(300) + "#[cfg(test)]\n#[allow(dead_code)]\nmod tests {\n" + &text(900) + "}\n";
    assert_eq!(said(file_lengths, "src/des.rs", &tested), [""; 0]);
    let declared = text(400) + "#[cfg(test)]\nmod tests;\n" + &text(101);
    assert_eq!(said(file_lengths, "src/a.rs", &declared), ["501 lines, at most 500"]);

    let function = |lines| format!("fn long() {{\n{}}}\nfn short() {{}}\n", "    a('{');\n".repeat(lines));
    assert_eq!(said(function_lengths, "src/a.rs", &function(69)), ["fn long has 71 lines, at most 70"]);
    assert_eq!(said(function_lengths, "src/a.rs", &function(68)), [""; 0]);
    let declared = format!("trait A {{\n    fn f();\n{}}}\n", text(100));
    assert_eq!(said(function_lengths, "src/a.rs", &declared), [""; 0]);
}

#[test]
fn forbidden_words_are_found_in_code_alone() {
    type Rule = fn(&Source) -> Vec<String>;
    let bad: [(Rule, &str, &str); 10] = [
        (misplaced_tests, "src/a/tests/b.rs", "#[test]\nfn f() {}"),
        (leftovers, "src/cli/mod.rs", "fn f() { todo!() }"),
        (leftovers, "tests/a.rs", "fn f() { let a = dbg!(1); }"),
        (leftovers, "src/a.rs", "fn f() { unimplemented!(\"later\") }"),
        (unsafe_code, "src/a.rs", "fn f() { unsafe { g() } }"),
        (printing, "src/sim/mod.rs", "fn f() { println!(\"x\") }"),
        (printing, "src/report/mod.rs", "fn f() { eprintln!(\"x\") }"),
        (purity, "src/sim/world.rs", "use std::collections::HashMap;"),
        (purity, "src/scenario/mod.rs", "use std::{fmt, fs};"),
        (purity, "src/rng.rs", "fn f() { std::time::Instant::now(); }"),
    ];
    for (rule, path, text) in bad {
        assert_eq!(said(rule, path, text).len(), 1, "{path}: {text}");
    }
    let good: [(Rule, &str, &str); 9] = [
        (misplaced_tests, "src/a.rs", "#[cfg(test)]\nmod tests {\n    #[test]\n    fn f() {}\n}\n"),
        (leftovers, "src/a.rs", "// todo!\nconst A: &str = r#\"dbg!(\"\"#; fn not_todo!() {}"),
        (unsafe_code, "src/a.rs", "#![forbid(unsafe_code)]\nconst A: char = '\"'; // unsafe"),
        (
            unsafe_code,
            "src/a.rs",
            "fn f<'a>(x: &'a str) -> char { '\\'' }  const B: &str = \"unsafe \\\" unsafe\";",
        ),
        (printing, "src/cli/mod.rs", "fn f() { println!(\"x\") }"),
        (printing, "src/main.rs", "fn f() { eprintln!(\"x\") }"),
        (printing, "src/sim/mod.rs", "#[cfg(test)]\nmod tests {\n    fn f() { println!() }\n}\n"),
        (purity, "src/study/mod.rs", "use std::{collections::HashMap, thread};"),
        (purity, "src/sim/mod.rs", "use std::fmt; use crate::time::SimTime;"),
    ];
    for (rule, path, text) in good {
        assert_eq!(said(rule, path, text), [""; 0], "{path}: {text}");
    }
}
