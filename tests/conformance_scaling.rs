//! Worked examples of autoscalers' documentation, answered by the example `conformance` without their answers.

mod common;

use common::conformance::conforms_exactly;
use common::tables::vectors;

const SECTIONS: [&str; 4] = ["aws_step_scaling", "aws_target_tracking", "keda", "gcp_mig"];

#[test]
fn documents_are_answered_as_they_answer_themselves() {
    let Some(mut cases) = vectors("autoscaler_docs_worked_examples") else { return };
    cases.as_object_mut().expect("sections").retain(|section, _| SECTIONS.contains(&section.as_str()));
    assert!(conforms_exactly(&cases) >= 13);
}

/// Cases of our own in the same forms: what the documents say in words, missing keys, notes.
#[test]
fn further_cases_and_broken_ones_are_answered_too() {
    let cases = serde_json::json!({
        "aws_step_scaling": {
            "threshold_pct": 50,
            "start_capacity": 10,
            "scale_out_steps": [
                {"lower": 0, "upper": 10, "adjust_pct": 0},
                {"lower": 10, "upper": 20, "adjust_pct": 10},
                {"lower": 20, "upper": null, "adjust_pct": 30},
            ],
            "scale_in_steps": [
                {"lower": -10, "upper": 0, "adjust_pct": 0},
                {"lower": -20, "upper": -10, "adjust_pct": -10},
                {"lower": null, "upper": -20, "adjust_pct": -30},
            ],
            "cases": [
                {"metric": 60, "expected": 11},
                {"metric": 70, "capacity": 11, "expected": 14},
                {"metric": 40, "capacity": 14, "expected": 13},
                {"metric": 30, "capacity": 13, "expected": 10},
                {"metric": 59, "expected": 10},
            ],
            "rounding_cases": [{"value": 1.0, "expected": 1}, {"value": 0, "expected": 0}],
            "adjustment_types": [
                {"type": "PercentChangeInCapacity", "capacity": 4, "adjust": -25, "min_adjustment_magnitude": 2,
                 "expected": 2},
                {"type": "Unheard", "capacity": 4, "adjust": 1},
            ],
        },
        "aws_target_tracking": {
            "_note": "needs 1.5 more; could do with 1.5 fewer",
            "cases": [
                {"capacity": 3, "metric": 75, "target": 50, "expected": 5},
                {"capacity": 10, "metric": 42.5, "target": 50, "expected": 9},
                {"capacity": 10, "metric": 42.5, "target": 0},
                {"messages": 10, "instances": 0, "acceptable_latency_s": 10},
            ],
            "another_backlog": {"messages": 990, "instances": 10, "seconds_per_message": 0.1,
                "acceptable_latency_s": 10, "expected_new_instances": 0, "expected_capacity": 10},
        },
        "keda": {"cases": [
            {"metric_type": "AverageValue", "metric": 0, "threshold": 5, "expected": 0},
            {"metric_type": "AverageValue", "metric": 0, "threshold": 5, "minReplicaCount": 2, "expected": 2},
            {"metric_type": "Value", "metric": 5.4, "threshold": 5, "current": 3, "expected": 3},
            {"metric": "many", "threshold": 5},
        ]},
        "gcp_mig": {"cases": [
            {"utilisations": [0.9, 0.9, 0.6], "target": 0.6, "expected": 4},
            {"utilisations": [0.1], "target": 0.6, "min": 2, "expected": 2},
        ]},
    });
    assert_eq!(conforms_exactly(&cases), 16);
}
