//! Kubernetes' own test cases, answered by the example `conformance` from files without expectations.

mod common;

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Map, Value};

/// Tells whether a key holds what a case expects.
fn expects(key: &str) -> bool {
    key.starts_with("exp") || key.ends_with("Expected") || key.ends_with("_expected")
}

/// Returns the value without expectations.
fn stripped(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let kept = object.iter().filter(|(key, _)| !expects(key));
            Value::Object(kept.map(|(key, inner)| (key.clone(), stripped(inner))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(stripped).collect()),
        plain => plain.clone(),
    }
}

/// Counts the cases and collects those in which `got` is not what was expected.
fn compare(path: &str, expected: &Value, answered: &Value, wrong: &mut Vec<String>) -> usize {
    let child = |key: &str| format!("{path}/{key}");
    match expected {
        Value::Object(object) => {
            let wanted: Map<String, Value> =
                object.iter().filter(|(key, _)| expects(key)).map(|(k, v)| (k.clone(), v.clone())).collect();
            let got = answered.get("got");
            if !wanted.is_empty() && got != Some(&Value::Object(wanted.clone())) {
                wrong.push(format!("{path}: expected {}, got {got:?}", Value::Object(wanted.clone())));
            }
            let inner = object.iter().filter(|(key, _)| !expects(key));
            let inner = inner.map(|(key, value)| compare(&child(key), value, &answered[key], wrong));
            usize::from(!wanted.is_empty()) + inner.sum::<usize>()
        }
        Value::Array(items) => {
            let inner = items.iter().enumerate();
            inner
                .map(|(index, item)| compare(&child(&index.to_string()), item, &answered[index], wrong))
                .sum()
        }
        _ => 0,
    }
}

/// Returns the example's program, which cargo builds beside the tests.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a program");
    let profile = test.parent().and_then(|deps| deps.parent()).expect("target/<profile>/deps");
    profile.join("examples").join(format!("conformance{}", std::env::consts::EXE_SUFFIX))
}

/// Returns what the example makes of a document without its expectations.
fn answered(name: &str, document: &Value) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(format!("{name}.json"));
    std::fs::write(&file, stripped(document).to_string()).expect("a written file");
    let program = program();
    let output = Command::new(&program).arg(&file).output();
    let output =
        output.unwrap_or_else(|error| panic!("{}: {error}; cargo build --examples", program.display()));
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Holds the answers against the expectations; returns how many cases there were.
fn conforms(name: &str, document: &Value) -> usize {
    let mut wrong = Vec::new();
    let cases = compare("", document, &answered(name, document), &mut wrong);
    assert!(wrong.is_empty(), "{name}: {} of {cases} differ\n{}", wrong.len(), wrong.join("\n"));
    cases
}

#[test]
fn the_replica_calculator_answers_as_kubernetes_does() {
    let Some(document) = common::tables::vectors("k8s_hpa_replica_calculator") else { return };
    assert!(conforms("calculator", &document) >= 21);
}

#[test]
fn behaviours_and_whole_passes_are_those_of_kubernetes() {
    let Some(document) = common::tables::vectors("k8s_hpa_behaviors") else { return };
    assert!(conforms("behaviors", &document) >= 40);
}

#[test]
fn more_of_its_cases_come_out_as_well() {
    let document = include_str!("conformance/kubernetes.json");
    let document = serde_json::from_str(document).expect("JSON");
    assert!(conforms("retyped", &document) >= 60);
}

#[test]
fn nothing_panics_on_cases_with_nothing_in_them() {
    let section = |name: &str| (name.to_owned(), serde_json::json!([{}, {"metric": {}, "pods": [{}]}]));
    let sections =
        ["cases", "end_to_end_cases", "store_scale_events_cases", "rate_limit_with_behaviour_cases"];
    answered("empty", &Value::Object(sections.map(section).into_iter().collect()));
}

#[test]
fn worked_examples_of_the_documents_come_out() {
    let Some(document) = common::tables::vectors("autoscaler_docs_worked_examples") else { return };
    let sections = document.as_object().expect("sections").iter();
    let ours: Map<String, Value> = sections
        .filter(|(name, _)| name.starts_with("k8s_"))
        .map(|(name, section)| (name.clone(), section.clone()))
        .collect();
    let ours = Value::Object(ours);
    assert!(conforms("documents", &ours) >= 4);
    // Sequences stand in the file as facts, not as expectations.
    let (key, stories) = ("unbounded_demand_sequence_per_period", "/k8s_kep853_worked_examples/cases");
    let answers = answered("documents", &ours);
    let both = ours.pointer(stories).and_then(Value::as_array).into_iter().flatten();
    let told = both.zip(answers.pointer(stories).and_then(Value::as_array).into_iter().flatten());
    let told = told.filter(|(story, _)| story.get(key).is_some());
    let told = told.inspect(|(story, answer)| assert_eq!(answer["got"][key], story[key], "{story}"));
    assert!(told.count() >= 2);
}
