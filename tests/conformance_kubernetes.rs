//! Kubernetes' own test cases, answered by the example `conformance` from files without expectations.

mod common;

use common::conformance::{answered, conforms};
use common::tables::vectors;
use serde_json::{Map, Value};

#[test]
fn the_replica_calculator_answers_as_kubernetes_does() {
    let Some(document) = vectors("k8s_hpa_replica_calculator") else { return };
    assert!(conforms(&document).cases >= 21);
}

#[test]
fn behaviours_and_whole_passes_are_those_of_kubernetes() {
    let Some(document) = vectors("k8s_hpa_behaviors") else { return };
    assert!(conforms(&document).cases >= 40);
}

#[test]
fn more_of_its_cases_come_out_as_well() {
    let document = include_str!("conformance/kubernetes.json");
    let document = serde_json::from_str(document).expect("JSON");
    assert!(conforms(&document).cases >= 60);
}

#[test]
fn nothing_panics_on_cases_with_nothing_in_them() {
    let section = |name: &str| (name.to_owned(), serde_json::json!([{}, {"metric": {}, "pods": [{}]}]));
    let sections =
        ["cases", "end_to_end_cases", "store_scale_events_cases", "rate_limit_with_behaviour_cases"];
    answered(&Value::Object(sections.map(section).into_iter().collect()));
}

#[test]
fn worked_examples_of_the_documents_come_out() {
    let Some(document) = vectors("autoscaler_docs_worked_examples") else { return };
    let sections = document.as_object().expect("sections").iter();
    let ours: Map<String, Value> = sections
        .filter(|(name, _)| name.starts_with("k8s_"))
        .map(|(name, section)| (name.clone(), section.clone()))
        .collect();
    let ours = Value::Object(ours);
    assert!(conforms(&ours).cases >= 4);
    // Sequences stand in the file as facts, not as expectations.
    let (key, stories) = ("unbounded_demand_sequence_per_period", "/k8s_kep853_worked_examples/cases");
    let answers = answered(&ours);
    let both = ours.pointer(stories).and_then(Value::as_array).into_iter().flatten();
    let told = both.zip(answers.pointer(stories).and_then(Value::as_array).into_iter().flatten());
    let told = told.filter(|(story, _)| story.get(key).is_some());
    let told = told.inspect(|(story, answer)| assert_eq!(answer["got"][key], story[key], "{story}"));
    assert!(told.count() >= 2);
}
