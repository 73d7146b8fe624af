//! The program as a stranger meets it: the first file, the first mistakes, help, completions, manual
//! pages, and the guide to the first question.
#![cfg(unix)]

mod desk;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use desk::{Desk, PROGRAM};
use serde_json::Value;

const SMALL: &str = "\
apiVersion: peakday/v1alpha1
kind: Scenario
metadata: {name: small}
run: {duration: 20s, replications: 2}
traffic: {users: {to: web, class: browse, rate: 200/s}}
services: {web: {pools: {p: {replicas: 2, concurrency: 4}}, work: {exponential: {mean: 20ms}}}}
objectives: [{name: fast, service: web, latency: {percentile: 50, lt: 10s}}]
";

fn text_of(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("it is there")
}

/// Returns the names that `init --list` lists.
fn templates() -> Vec<String> {
    let list = Desk::new().run(&["init", "--list"]).ends(0).out;
    list.lines().map(|line| line.split(' ').next().expect("a name").to_owned()).collect()
}

/// Returns the names of the commands, as the program's help has them.
fn commands() -> Vec<String> {
    let help = Desk::new().run(&["--help"]).ends(0).out;
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let lines = lines.take_while(|line| !line.is_empty());
    lines.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn every_template_is_commented_and_written_as_it_is_tested() {
    let names = templates();
    assert!(names.len() >= 4 && names[0] == "quickstart", "{names:?}");
    for name in names {
        let desk = Desk::new();
        let file = format!("{name}.yaml");
        let command = simulating(&name).join(" ");
        desk.run(&["init", "--template", &name]).ends(0).says(&format!("next: peakday {command} {file}\n"));
        let written = String::from_utf8(desk.read(&file)).expect("text");
        // tests/scenarios.rs runs the files of the repository; only their heads differ.
        let (_, body) = written.split_once(".v1alpha1.json\n# The line above").expect("a hint");
        let body = body.splitn(3, '\n').last().expect("a body");
        let (_, kept) = text_of(&format!("scenarios/{file}")).split_once('\n').map(own).expect("a modeline");
        assert_eq!(body, kept, "{name}");
        let lines = kept.lines().filter(|line| !line.is_empty());
        let (commented, all) =
            lines.fold((0, 0), |(n, all), line| (n + usize::from(line.contains('#')), all + 1));
        assert!(2 * commented >= all, "{name}: {commented} of {all} lines have a comment");
        for printing in [&["init", "--template", &name, "--print"][..], &["init", "--template", &name, "-"]] {
            assert_eq!(desk.run(printing).ends(0).out, written);
        }
    }
}

/// Returns the command that simulates a template.
fn simulating(name: &str) -> &'static [&'static str] {
    if name == "which-balancer" { &["sweep", "run"] } else { &["run"] }
}

fn own((a, b): (&str, &str)) -> (String, String) {
    (a.to_owned(), b.to_owned())
}

#[test]
fn what_init_writes_runs_where_it_lies() {
    for name in templates().iter().filter(|name| *name != "singles-day") {
        let desk = Desk::new();
        let file = format!("deep/down/{name}.yaml");
        desk.run(&["init", "--template", name, &file, "-q"]).ends(0);
        // Some of them show what does not hold.
        let code = match &**name {
            "zone-outage" | "drill" | "autoscaling" | "flag-push" | "rollback-trap" => 99,
            // One day does not decide on how many of a hundred it holds.
            "size-singles-day" => 98,
            _ => 0,
        };
        desk.run(&[simulating(name), &[&file, "--replications", "1", "-q"]].concat()).ends(code);
    }
}

#[test]
fn init_overwrites_nothing_unasked() {
    let desk = Desk::new();
    desk.run(&["init"]).ends(0).says("wrote quickstart.yaml\n");
    // The same again harms nobody.
    desk.run(&["init"]).ends(0);
    desk.write("quickstart.yaml", "mine");
    desk.run(&["init"]).ends(2).says("quickstart.yaml: there is a file of this name\n  name another one");
    assert_eq!(desk.read("quickstart.yaml"), b"mine");
    desk.run(&["init", "--force"]).ends(0);
    assert_ne!(desk.read("quickstart.yaml"), b"mine");

    // Where one of two files cannot be written, neither is.
    fs::create_dir_all(desk.path("shop/traces")).expect("folders");
    desk.write("shop/traces/orders-per-minute.csv", "mine");
    desk.run(&["init", "-t", "replay", "shop"]).ends(2).says("orders-per-minute.csv: there is a file");
    assert_eq!(desk.list("shop"), ["traces"]);
    desk.run(&["init", "-t", "replay", "shop", "-f"]).ends(0).says("wrote shop/replay.yaml\n");
    assert_eq!(desk.list("shop"), ["replay.yaml", "traces"]);
    assert_eq!(
        desk.read("shop/traces/orders-per-minute.csv"),
        text_of("scenarios/traces/orders-per-minute.csv").as_bytes()
    );
    desk.run(&["init", "quickstart.yaml/a.yaml"]).ends(1).says("write elsewhere");
    desk.shell("$P init -p > /dev/full").ends(1).says("standard output: No space left");
    desk.run(&["init", "-t", "replay", "-"]).ends(0).says("it reads traces/orders-per-minute.csv");
}

#[test]
fn every_mistake_is_answered_with_what_to_type() {
    let empty = Desk::new();
    let first: [(&[&str], &str); 5] = [
        (&[], "peakday init --template first-question"),
        (&["run"], "\n  <FILE>\n\n  tip: write a scenario first: peakday init\n\nUsage"),
        (
            &["run", "shop.yaml"],
            "shop.yaml: No such file or directory (os error 2)\n  write a scenario first: peakday init",
        ),
        (&["shop.yaml"], "'shop.yaml'\n\n  tip: to simulate it: peakday run shop.yaml\n"),
        (&["simulate"], "'simulate'\n\n  tip: the commands are init, validate, plan, run, "),
    ];
    for (arguments, text) in first {
        empty.run(arguments).ends(2).says(text);
    }
    assert_eq!(empty.list("."), [""; 0]);

    let desk = Desk::with(SMALL);
    fs::create_dir_all(desk.path("scenarios")).expect("a folder");
    fs::create_dir_all(desk.path("empty")).expect("a folder");
    desk.write("scenarios/shop.yaml", SMALL);
    desk.write("values.yaml", "replicaCount: 3\n");
    desk.write("notes.txt", SMALL);
    let second: [(&[&str], &str); 15] = [
        (&["run"], "\n  tip: name a scenario: s.yaml, scenarios/shop.yaml\n"),
        (
            &["run", "empty"],
            "empty: Is a directory (os error 21)\n  name a scenario: s.yaml, scenarios/shop.yaml",
        ),
        (&["run", "scenarios"], "\n  name a scenario: scenarios/shop.yaml, s.yaml"),
        (&["run", "shop"], "did you mean `scenarios/shop.yaml`?"),
        (&["run", "scenarios/shpo.yaml"], "did you mean `scenarios/shop.yaml`?"),
        (&["rnu", "s.yaml"], "'rnu'\n\n  tip: did you mean `peakday run`?\n"),
        (&["init", "singles-day"], "write peakday init --template singles-day"),
        (&["init", "-t", "quikstart"], "tip: a similar value exists: 'quickstart'"),
        (&["init", "--list", "--force"], "cannot be used with"),
        (&["completions"], "<SHELL>"),
        (&["completions", "tcsh"], "[possible values: bash, elvish, fish, powershell, zsh]"),
        (&["run", "s.yaml", "--sede", "3"], "tip: a similar argument exists: '--seed'"),
        (&["run", "s.yaml", "--format", "xml"], "[possible values: text, json]"),
        (&["run", "s.yaml", "--color", "red"], "[possible values: auto, always, never]"),
        (&["run", "s.yaml", "s.yaml"], "unexpected argument 's.yaml'"),
    ];
    for (arguments, text) in second {
        desk.run(arguments).ends(2).says(text);
    }
}

/// Returns the lines of standard error, each read as JSON.
fn told(err: &str) -> Vec<Value> {
    err.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|why| panic!("{line}: {why}"))).collect()
}

#[test]
fn programs_read_one_document() {
    let desk = Desk::with(&SMALL.replace("200/s", "600/s"));
    let done = desk.run(&["run", "s.yaml", "-v", "--format", "json"]).ends(0);
    assert_eq!(done.err, "");
    let document: Value = serde_json::from_str(&done.out).expect("one document");
    let files: Value = serde_json::from_slice(&desk.read("output/small/summary.json")).expect("json");
    let table = [
        ("/output", Value::from("output/small")),
        ("/verdict", Value::from("pass")),
        ("/objectives/0/name", Value::from("fast")),
        ("/replications", Value::from(2)),
        ("/warnings/0", "web gets as much as it can serve, or more: its queue grows without end".into()),
        ("/summary", files["summary"].clone()),
    ];
    for (path, expected) in table {
        assert_eq!(document.pointer(path), Some(&expected), "{path}");
    }
    assert!(document["summary"][0]["figures"]["p99_ms"]["mean"].as_f64().is_some(), "{document:#}");
    let impossible = desk.run(&["--format=json", "run", "s.yaml", "-o", "s.yaml"]).ends(2);
    assert_eq!(told(&impossible.err)[0]["remedy"], "choose another folder with -o");
}

#[test]
fn programs_read_errors_line_by_line() {
    let desk = Desk::with(&SMALL.replace("20s, replications: 2", "0s, warmup: 1x").replace("200/s", "200"));
    let done = desk.run(&["run", "s.yaml", "--format", "json"]).ends(3);
    let lines = told(&done.err);
    let place = |line: &Value| (line["line"].as_u64(), line["column"].as_u64(), line["path"].clone());
    let places: Vec<_> = lines.iter().map(place).collect();
    assert!(places.contains(&(Some(4), Some(29), "run.warmup".into())), "{lines:#?}");
    assert!(places.contains(&(Some(5), Some(49), "traffic.users.rate".into())), "{lines:#?}");
    for line in &lines {
        assert_eq!((&line["level"], &line["file"]), (&"error".into(), &"s.yaml".into()), "{line:#}");
        assert!(line["message"].is_string() && line["remedy"].is_string(), "{line:#}");
    }
    assert_eq!(done.out, "");
    for arguments in
        [&["--format", "json"][..], &["run", "--format=json"], &["run", "x.yaml", "--format", "json"]]
    {
        let lines = told(&desk.run(arguments).ends(2).err);
        assert_eq!((lines.len(), &lines[0]["level"]), (1, &"error".into()), "{lines:#?}");
    }
    let full = desk.shell("$P init -p --format json > /dev/full").ends(1);
    assert_eq!(told(&full.err)[0]["file"], "standard output");
}

#[test]
fn colours_come_only_where_they_are_wanted() {
    let desk = Desk::with(SMALL);
    let escape = '\u{1b}';
    let always = desk.run(&["run", "s.yaml", "--color", "always"]).ends(0);
    assert!(always.out.starts_with("\u{1b}[1m\u{1b}[32mPASS\u{1b}[0m  small: "), "{always:?}");
    let none = desk.run(&["run", "s.yaml"]).ends(0);
    assert!(!none.out.contains(escape), "{none:?}");
    let words = always.out.replace("\u{1b}[1m", "").replace("\u{1b}[32m", "").replace("\u{1b}[0m", "");
    assert_eq!(words, none.out, "colours change no words");
    for arguments in [&["--color=always", "run"][..], &["run", "x.yaml", "--color", "always"]] {
        let done = desk.run(arguments).ends(2);
        assert!(done.err.starts_with(escape), "{done:?}");
        assert!(!desk.run(&[arguments, &["--color", "never"]].concat()).err.contains("\u{1b}"));
    }
    assert!(desk.run(&["--help", "--color", "always"]).ends(0).out.contains(escape));
}

/// On a terminal, as `script` makes one: colours unless NO_COLOR is set, and a bar unless -q.
#[test]
fn a_terminal_is_shown_colours_and_progress() {
    if Command::new("script").arg("--version").output().is_err() {
        return;
    }
    let text = SMALL.replace("20s, replications: 2", "10m, replications: 20").replace("200/s", "300/s");
    let desk = Desk::with(&text);
    let shown = |line: &str| desk.shell(&format!("script -qec \"{line}\" /dev/null")).ends(0).out;
    let plain = shown("$P run s.yaml");
    assert!(plain.contains("\u{1b}[32mPASS"), "{plain}");
    for piece in ["of 20 days, ", " of 3h20m simulated, ", " events, ", "/s", " left, "] {
        assert!(plain.contains(piece), "no {piece} in {plain}");
    }
    assert!(!shown("NO_COLOR=1 $P run s.yaml").contains("\u{1b}[32mPASS"));
    assert!(!shown("$P run s.yaml -q").contains("simulated, "));
}

#[test]
fn completions_know_every_command() {
    let desk = Desk::new();
    let shells = [
        ("bash", "complete -F _peakday"),
        ("zsh", "#compdef peakday"),
        ("fish", "complete -c peakday"),
        ("elvish", "edit:completion"),
        ("powershell", "Register-ArgumentCompleter"),
    ];
    for (shell, own) in shells {
        let script = desk.run(&["completions", shell]).ends(0).out;
        // The last two complete no values.
        let template = if ["elvish", "powershell"].contains(&shell) { "template" } else { "first-question" };
        for word in commands().iter().map(String::as_str).chain(["replications", template, own]) {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
    desk.shell("$P completions bash > c; bash -n c").ends(0);
    let offered = "$P completions bash > c; bash -c '. ./c; COMP_WORDS=(peakday r); COMP_CWORD=1; \
                   _peakday peakday r peakday; echo ${COMPREPLY[@]}'";
    assert!(desk.shell(offered).ends(0).out.contains("run"));
}

#[test]
fn every_command_has_a_manual_page() {
    let desk = Desk::new();
    let page = desk.run(&["man"]).ends(0).out;
    assert!(page.contains(".TH peakday 1") && page.contains("peakday init \\-\\-template"), "{page}");
    desk.run(&["man", "--dir", "share/man1"]).ends(0).says("wrote share/man1/peakday.1\n");
    assert_eq!(desk.read("share/man1/peakday.1"), page.as_bytes());
    for command in commands().iter().filter(|command| *command != "help") {
        let page = String::from_utf8(desk.read(&format!("share/man1/peakday-{command}.1"))).expect("text");
        for piece in [".SH SYNOPSIS", "\\-\\-format", "Examples:", &format!("peakday {command}")] {
            assert!(page.contains(piece), "no {piece} in the page of {command}:\n{page}");
        }
    }
}

#[test]
fn what_does_not_simulate_starts_at_once() {
    let desk = Desk::with(SMALL);
    let mut lines: Vec<Vec<String>> =
        commands().into_iter().map(|name| vec![name, "--help".into()]).collect();
    for line in
        ["", "--version", "walk", "init --list", "init --print", "completions zsh", "man", "run x.yaml"]
    {
        lines.push(line.split_whitespace().map(str::to_owned).collect());
    }
    for line in lines {
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        // Other processes may be in the way; not twenty times.
        let taken = (0..20).map(|_| {
            let begun = Instant::now();
            desk.run(&line);
            begun.elapsed()
        });
        assert!(taken.into_iter().any(|taken| taken < Duration::from_millis(50)), "{line:?} starts slowly");
    }
}

/// Returns what a page's blocks of a language hold.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).map(|part| part.split("```").next().expect("an end")).collect()
}

/// What the guide shows is what its commands print, one after the other in one folder.
#[test]
fn the_guide_to_the_first_question_is_true() {
    let page = text_of("docs/FIRST-QUESTION.md");
    let desk = Desk::new();
    let files = blocks(&page, "yaml");
    assert!(files.len() == 1 && page.contains("`load-test.yaml`:\n\n```yaml\n"));
    desk.write("load-test.yaml", files[0]);
    let folder = Path::new(PROGRAM).parent().expect("a folder").display();
    let consoles = blocks(&page, "console");
    assert!(consoles.len() >= 5, "{consoles:?}");
    for block in consoles {
        let commands: Vec<&str> = block.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
        let done = desk.shell(&format!("PATH={folder}:$PATH; {}", commands.join("\n")));
        let shown: Vec<&str> = block.lines().filter(|line| !line.starts_with("$ ")).collect();
        assert_eq!(done.out.lines().collect::<Vec<_>>(), shown, "{commands:?}\n{}", done.err);
        assert!(!done.err.contains("error"), "{commands:?}: {done:?}");
    }
    desk.run(&["run", "first-question.yaml", "--replications", "1"]).ends(0);
    desk.run(&["run", "first-question.yaml", "--set", "run.load=1.304", "--replications", "1"]).ends(99);
}
