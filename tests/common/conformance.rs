//! Cases of real systems, answered by the example `conformance` as anyone would run it: from files without what is
//! expected.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Map, Value, json};

/// What came of the cases of a document.
pub struct Held {
    /// Objects that expect something; each was answered with just that.
    pub cases: usize,
    /// Where something was answered that nobody expected.
    pub unasked: Vec<String>,
}

/// Tells whether a key holds what a case expects.
fn is_expectation(key: &str) -> bool {
    let begins = key == "picks" || key.starts_with("exp");
    !key.starts_with('_') && (begins || key.ends_with("Expected") || key.ends_with("_expected"))
}

/// Returns a value without what is expected; in the place of picks stands how many.
pub fn asked(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(asked).collect(),
        Value::Object(object) => {
            let kept = object.iter().filter(|(key, _)| !is_expectation(key));
            let mut kept: Map<String, Value> = kept.map(|(key, inner)| (key.clone(), asked(inner))).collect();
            if let Some(picks) = object.get("picks").and_then(Value::as_array) {
                kept.insert("requests".to_owned(), json!(picks.len()));
            }
            Value::Object(kept)
        }
        plain => plain.clone(),
    }
}

/// Returns the example. `cargo test` builds it beside the tests; `cargo test --test` does not (and then an old one
/// is not noticed: `cargo build --example conformance`).
fn example() -> PathBuf {
    let test = std::env::current_exe().expect("this test");
    let profile = test.ancestors().nth(2).expect("target/<profile>/deps");
    profile.join("examples").join(format!("conformance{}", std::env::consts::EXE_SUFFIX))
}

/// Returns what the example makes of a document without its expectations.
pub fn answered(document: &Value) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("cases.json");
    std::fs::write(&file, asked(document).to_string()).expect("a written file");
    let example = example();
    let ran = Command::new(&example).arg(&file).output();
    let ran =
        ran.unwrap_or_else(|why| panic!("{}: {why}; cargo build --example conformance", example.display()));
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).expect("JSON")
}

/// Holds the answers to a document against its expectations.
#[track_caller]
pub fn conforms(document: &Value) -> Held {
    let (mut held, mut wrong) = (Held { cases: 0, unasked: Vec::new() }, Vec::new());
    compare("", document, &answered(document), &mut held, &mut wrong);
    assert!(wrong.is_empty(), "{} of {} differ\n{}", wrong.len(), held.cases, wrong.join("\n"));
    held
}

/// The same; nothing else may be answered. Returns how many cases there are.
#[track_caller]
pub fn conforms_exactly(document: &Value) -> usize {
    let Held { cases, unasked } = conforms(document);
    assert!(unasked.is_empty(), "{}", unasked.join("\n"));
    cases
}

fn compare(path: &str, wanted: &Value, answers: &Value, held: &mut Held, wrong: &mut Vec<String>) {
    match wanted {
        Value::Object(object) => {
            let (expected, inner): (Vec<_>, Vec<_>) = object.iter().partition(|(key, _)| is_expectation(key));
            let expected: Map<String, Value> =
                expected.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect();
            let got = answers.get("got").and_then(Value::as_object).cloned().unwrap_or_default();
            held.cases += usize::from(!expected.is_empty());
            if expected.is_empty() && !got.is_empty() {
                held.unasked.push(format!("{path}: {got:?}"));
            } else if got != expected {
                wrong.push(format!("{path}: {got:?} instead of {expected:?}"));
            }
            for (key, value) in inner {
                compare(&format!("{path}/{key}"), value, &answers[key], held, wrong);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                compare(&format!("{path}/{at}"), item, &answers[at], held, wrong);
            }
        }
        _ => {}
    }
}
