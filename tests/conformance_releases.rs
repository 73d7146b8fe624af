//! Cases of Kubernetes' deployment controller, Argo Rollouts, Flagger and DORA, answered by the example
//! `conformance` from files without expectations.

mod common;

use std::path::PathBuf;
use std::process::Command;

use common::tables::vectors;
use serde_json::{Map, Value, json};

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

/// Runs the example, which cargo builds beside the tests, on a document without its expectations.
fn answered(document: &Value) -> Value {
    let test = std::env::current_exe().expect("this test");
    let profile = test.parent().and_then(|deps| deps.parent()).expect("a profile's folder");
    let example: PathBuf =
        profile.join("examples").join(format!("conformance{}", std::env::consts::EXE_SUFFIX));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("cases.json");
    std::fs::write(&file, stripped(document).to_string()).expect("a written file");
    let ran = Command::new(&example).arg(&file).output();
    let ran = ran.unwrap_or_else(|why| panic!("{}: {why}; cargo build --examples", example.display()));
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).expect("JSON")
}

/// Counts the cases and collects those in which `got` is not exactly what was expected.
fn compare(path: &str, wanted: &Value, answers: &Value, wrong: &mut Vec<String>) -> usize {
    match wanted {
        Value::Object(object) => {
            let (expected, inner): (Vec<_>, Vec<_>) = object.iter().partition(|(key, _)| expects(key));
            let expected: Map<String, Value> =
                expected.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect();
            let got = answers.get("got").and_then(Value::as_object).cloned().unwrap_or_default();
            if got != expected {
                wrong.push(format!("{path}: {got:?} instead of {expected:?}"));
            }
            let inner = inner
                .into_iter()
                .map(|(key, value)| compare(&format!("{path}/{key}"), value, &answers[key], wrong));
            inner.sum::<usize>() + usize::from(!expected.is_empty())
        }
        Value::Array(items) => {
            let inner = items.iter().enumerate();
            inner.map(|(at, item)| compare(&format!("{path}/{at}"), item, &answers[at], wrong)).sum()
        }
        _ => 0,
    }
}

/// Holds the answers against the expectations; returns how many cases there were.
fn conforms(document: &Value) -> usize {
    let mut wrong = Vec::new();
    let cases = compare("", document, &answered(document), &mut wrong);
    assert!(wrong.is_empty(), "{} of {cases} differ\n{}", wrong.len(), wrong.join("\n"));
    cases
}

#[test]
fn releases_come_out_as_in_the_systems_they_are_of() {
    let Some(document) = vectors("release_rollout_conformance") else { return };
    assert!(conforms(&document) >= 68);
}

#[test]
fn the_measures_of_dora_come_out() {
    let Some(document) = vectors("dora_metrics") else { return };
    assert_eq!(conforms(&document), 1);
}

#[test]
fn more_cases_of_theirs_come_out_as_well() {
    let document = serde_json::from_str(include_str!("conformance/releases.json")).expect("JSON");
    assert!(conforms(&document) >= 147);
}

#[test]
fn nothing_panics_on_cases_with_nothing_or_nonsense_in_them() {
    let huge = u32::MAX;
    let cases = json!([
        {},
        {"desired": huge, "maxSurge": "99%", "maxUnavailable": -1},
        {"deployment": {}, "oldDeployment": {"replicas": 3}, "newRS": 7},
        {"deployment": {"replicas": huge, "max_surge": huge}, "oldDeployment": {"replicas": 0},
         "newRS": {"name": "new", "replicas": huge}, "oldRSs": [{"name": "old", "replicas": huge}]},
        {"replicas": huge, "weight": huge, "max": 0, "maxWeight": 0, "maxSurge": huge},
        {"rolloutSpecReplicas": huge, "setWeight": huge, "maxSurge": huge, "stableSpecReplica": huge,
         "canarySpecReplica": huge, "currentStepIndex": huge, "olderRS": {"spec_replicas": huge}},
        {"rolloutReplicas": huge, "rolloutMaxReplicas": huge, "steps": [{}], "rolloutAbort": "perhaps"},
        {"failureLimit": -5, "consecutiveSuccessLimit": i32::MIN, "result": {"failed": huge}},
        {"interval_min": 1e300, "threshold": huge, "maxWeight": huge, "stepWeight": 0},
        {"window_days": -1, "deploys": 0, "recovery_minutes": [-1]},
    ]);
    let sections = [
        "k8s_resolve_fenceposts",
        "k8s_max_unavailable",
        "k8s_new_rs_new_replicas",
        "k8s_reconcile_new_replicaset",
        "k8s_cleanup_unhealthy",
        "k8s_reconcile_old_replicasets",
        "k8s_scale_down_old_for_rolling_update",
        "k8s_proportional_scale",
        "argo_traffic_weight_to_replicas",
        "argo_approximate_weighted_counts",
        "argo_basic_canary_replica_counts",
        "argo_traffic_routed_dynamic_scale",
        "argo_analysis_metric_status",
        "flagger_canary",
        "worked_example",
    ];
    answered(&Value::Object(sections.map(|name| (name.to_owned(), cases.clone())).into_iter().collect()));
}
