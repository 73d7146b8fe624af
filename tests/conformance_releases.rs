//! Cases of Kubernetes' deployment controller, Argo Rollouts, Flagger and DORA, answered by the example
//! `conformance` from files without expectations.

mod common;

use common::conformance::{answered, conforms_exactly};
use common::tables::vectors;
use serde_json::{Value, json};

#[test]
fn releases_come_out_as_in_the_systems_they_are_of() {
    let Some(document) = vectors("release_rollout_conformance") else { return };
    assert!(conforms_exactly(&document) >= 68);
}

#[test]
fn the_measures_of_dora_come_out() {
    let Some(document) = vectors("dora_metrics") else { return };
    assert_eq!(conforms_exactly(&document), 1);
}

#[test]
fn more_cases_of_theirs_come_out_as_well() {
    let document = serde_json::from_str(include_str!("conformance/releases.json")).expect("JSON");
    assert!(conforms_exactly(&document) >= 147);
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
