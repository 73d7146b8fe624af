//! The reference of the scenario file: its examples are valid, and it leaves no key out.

use std::collections::BTreeSet;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use peakday::balancer::BalancerSpec;
use peakday::dist;
use peakday::scenario::Document;
use peakday::workload::EventSpec;
use peakday::workload::recorded::TraceFiles;
use serde_json::Value;

const REFERENCE: &str = "docs/SCENARIO.md";
/// Files whose structs are read from the scenario: their public fields are its keys.
const STRUCTS: [&str; 5] = [
    "src/scenario/spec.rs",
    "src/workload/recorded/mod.rs",
    "src/workload/stages.rs",
    "src/workload/event.rs",
    "src/workload/arrivals.rs",
];
/// Where the public fields of a file are no keys any more.
const NO_KEYS: [&str; 2] = ["pub trait TraceFiles", "pub struct TraceError"];
/// Keys whose map is one of names that the user chooses.
const NAMED: [&str; 4] = ["traffic", "services", "pools", "mix"];

/// The traces of the reference: small ones here, others beside the scenarios.
#[derive(Debug)]
struct Traces;

impl TraceFiles for Traces {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        let text = match path {
            "rates.csv" => "minute,orders\n0,120\n1,80\n",
            "log.csv" => "t,kind,units,site\n0,browse,1,eu\n1.5,order,2.5,eu\n2,order,1,us\n",
            _ => return Ok(Box::new(std::fs::File::open(root().join("scenarios").join(path))?)),
        };
        Ok(Box::new(Cursor::new(text.as_bytes())))
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn text_of(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Returns the blocks of YAML of a page.
fn blocks(page: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in page.lines() {
        match &mut open {
            None if line == "```yaml" => open = Some(String::new()),
            None => {}
            Some(_) if line == "```" => blocks.extend(open.take()),
            Some(block) => *block += &format!("{line}\n"),
        }
    }
    assert!(open.is_none(), "a block does not end");
    blocks
}

/// Returns the top-level sections of a file, each with its key.
fn sections(yaml: &str) -> Vec<(String, String)> {
    let mut sections: Vec<(String, String)> = Vec::new();
    for line in yaml.lines() {
        if line.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let key = line.split(':').next().unwrap_or_default();
            sections.push((key.to_owned(), String::new()));
        }
        let (_, section) = sections.last_mut().expect("a block begins with a key");
        *section += &format!("{line}\n");
    }
    sections
}

/// Returns a block with the sections of the base that it lacks.
fn completed(block: &str, base: &str) -> String {
    let own = sections(block);
    let lacking = sections(base).into_iter().filter(|(key, _)| own.iter().all(|(given, _)| given != key));
    block.to_owned() + &lacking.map(|(_, section)| section).collect::<String>()
}

/// Collects the keys of a file that are not names which the user chose.
fn keys_of(value: &Value, parent: &str, keys: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let by_class = ["work", "wait"].contains(&parent) && !dist::NAMES.contains(&key.as_str());
                let chosen = NAMED.contains(&parent) || by_class || key.starts_with("x-");
                let percentile =
                    key.strip_prefix('p').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
                if !chosen && !percentile {
                    keys.insert(key.clone());
                }
                // Below a chosen name no parent's rule holds any more.
                keys_of(value, if chosen { "" } else { key }, keys);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys_of(item, "", keys)),
        Value::String(word) if BalancerSpec::examples().iter().any(|(name, _)| name == word) => {
            keys.insert(word.clone());
        }
        _ => {}
    }
}

fn keys_in(yaml: &str) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    keys_of(&serde_saphyr::from_str(yaml).expect("a block is YAML"), "", &mut keys);
    keys
}

fn camel(field: &str) -> String {
    let mut words = field.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
}

/// Returns the public fields of the structs that the scenario is read into.
fn fields() -> BTreeSet<String> {
    let mut fields = BTreeSet::new();
    for file in STRUCTS {
        let text = text_of(file);
        let end = NO_KEYS.iter().filter_map(|mark| text.find(mark)).min().unwrap_or(text.len());
        for line in text[..end].lines() {
            let Some(rest) = line.strip_prefix("    pub ") else { continue };
            let field: String = rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            if rest[field.len()..].starts_with(": ") {
                fields.insert(camel(&field));
            }
        }
    }
    assert!(fields.contains("holdsIn") && fields.contains("maxBadLines") && fields.contains("startRate"));
    fields
}

#[test]
fn every_block_is_accepted() {
    let page = text_of(REFERENCE);
    let blocks = blocks(&page);
    assert!(blocks.len() > 15, "{} blocks", blocks.len());
    let base = blocks.last().expect("the base");
    for block in &blocks {
        let text = completed(block, base);
        let checked = Document::read("block", text.as_bytes()).and_then(|document| document.check(&Traces));
        assert!(checked.is_ok(), "{}\n{text}", checked.unwrap_err());
    }
}

#[test]
fn every_key_is_explained_and_shown() {
    let page = text_of(REFERENCE);
    let shown: BTreeSet<String> = blocks(&page).iter().flat_map(|block| keys_in(block)).collect();
    let mut wanted = keys_in(&text_of("tests/golden/everything.yaml"));
    wanted.extend(fields());
    wanted.extend(dist::NAMES.map(str::to_owned));
    wanted.extend(BalancerSpec::examples().into_iter().map(|(name, _)| name.to_owned()));
    let missing: Vec<_> = wanted.difference(&shown).collect();
    assert!(missing.is_empty(), "no block shows {missing:?}");
    let unexplained: Vec<_> = wanted.iter().filter(|key| !page.contains(&format!("`{key}`"))).collect();
    assert!(unexplained.is_empty(), "nothing explains {unexplained:?}");
    for shape in EventSpec::shapes() {
        assert!(page.contains(&format!("`{shape}`")), "nothing names {shape}");
    }
}

/// The check above can fail: a key that is not read cannot be shown unnoticed.
#[test]
fn a_block_with_an_unknown_key_is_refused() {
    let page = text_of(REFERENCE);
    let blocks = blocks(&page);
    let base = blocks.last().expect("the base");
    let text = completed(&base.replace("duration: 1h", "duration: 1h, calls: 3"), base);
    assert!(Document::read("block", text.as_bytes()).is_err());
}

#[test]
fn the_front_page_shows_the_quick_start_as_it_is() {
    let front = text_of("README.md");
    let text = text_of("scenarios/quickstart.yaml");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let block = format!("```yaml\n{}\n```\n", lines.collect::<Vec<_>>().join("\n"));
    assert!(front.contains(&block), "the front page has no\n{block}");
}
