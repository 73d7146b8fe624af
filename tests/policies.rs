//! What holds for every policy, whichever there are: it never changes who comes, decides alike every time, and stays
//! within its bounds.

mod common;

use std::sync::Arc;

use common::drill::{read, run};
use peakday::autoscaler::AutoscalerSpec;
use peakday::balancer::BalancerSpec;
use peakday::results::RunResult;
use peakday::scenario::Scenario;
use serde_json::{Value, json};

/// An hour in which the traffic doubles and halves again, before a fleet that has to follow.
fn shop(autoscaler: &Value, service: &str) -> Scenario {
    read(&format!(
        "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {{name: s}}\n\
         run: {{duration: 1h, replications: 1, interval: 1m}}\n\
         traffic: {{users: {{to: web, class: any, keys: {{zipf: {{population: 1000, exponent: 0.5}}}}, rate: {{stages: \
         {{startRate: 100/s, steps: [{{duration: 10m, target: 100/s}}, {{duration: 5m, target: 300/s}}, {{duration: \
         15m, target: 300/s}}, {{duration: 5m, target: 60/s}}]}}}}}}}}\n\
         services: {{web: {{pools: {{p: {{replicas: 8, concurrency: 8, cpu: {{cores: 1}}, zones: [a, b], startup: \
         {{boot: 20s}}, autoscaler: {autoscaler}}}}}, work: {{exponential: {{mean: 20ms}}}}{service}}}}}\n"
    ))
}

/// Every policy with bounds, by its key.
fn policies() -> Vec<(String, Value)> {
    let bounded = |(name, spec): (String, AutoscalerSpec)| {
        let mut block = serde_json::to_value(spec).expect("a block");
        (block["minReplicas"], block["maxReplicas"]) = (json!(2), json!(12));
        (name, block)
    };
    AutoscalerSpec::examples().into_iter().map(bounded).collect()
}

fn calm() -> RunResult {
    run(&shop(&json!({"schedule": {"steps": [{"at": "59m", "replicas": 8}]}}), ""))
}

fn same_customers(name: &str, calm: &RunResult, other: &RunResult) {
    for (calm, other) in calm.row_series.iter().zip(&other.row_series) {
        assert_eq!(calm.offered, other.offered, "{name} changes who comes");
        assert_eq!(calm.size_sum_micros, other.size_sum_micros, "{name} changes what they want");
    }
}

#[test]
fn scaling_policies_never_change_the_workload_and_stay_within_bounds() {
    let calm = calm();
    assert!(policies().len() >= 8);
    for (name, block) in policies() {
        let scenario = shop(&block, "");
        let result = run(&scenario);
        same_customers(&name, &calm, &result);
        assert_eq!(run(&scenario), result, "{name} decides otherwise the second time");
        assert!(!result.decisions.is_empty(), "{name} never decides anything in an hour of ups and downs");
        for decision in &result.decisions {
            assert!((2..=12).contains(&decision.to), "{name}: {decision:?}");
            assert!(decision.policy == name, "{decision:?}");
            assert!(!decision.signal.is_empty(), "{name} does not say what it went by: {decision:?}");
        }
    }
}

#[test]
fn scaling_policies_are_resolved_and_read_back() {
    for (name, block) in policies() {
        let read: AutoscalerSpec =
            serde_json::from_value(block.clone()).unwrap_or_else(|e| panic!("{name}: {e}"));
        let [(key, policy)] = &read.policies()[..] else { panic!("{name} is not one policy") };
        assert_eq!(key, &name);
        assert_eq!(policy.problems(), [], "{name}: its example is wrong");
        assert!(!policy.period().is_zero(), "{name}");
        let written = serde_json::to_value(&read).expect("a block");
        assert_eq!(serde_json::from_value::<AutoscalerSpec>(written).expect("read back"), read);
        assert!(Arc::strong_count(policy) > 0);
    }
}

#[test]
fn balancers_never_change_the_workload_behind_any_proxies() {
    let calm = calm();
    let schedule =
        json!({"schedule": {"steps": [{"at": "20m", "replicas": 12}, {"at": "40m", "replicas": 3}]}});
    let proxies = [
        "{instances: 1}",
        "{instances: 7}",
        "{instances: 3, signalDelay: 50ms}",
        "{instances: 4, subsetSize: 3, zoneAware: {minClusterSize: 2}}",
    ];
    for (name, spec) in BalancerSpec::examples() {
        let spec = serde_json::to_string(&spec).expect("a balancer");
        for proxies in proxies {
            let scenario = shop(&schedule, &format!(", balancer: {spec}, proxies: {proxies}"));
            let result = run(&scenario);
            same_customers(name, &calm, &result);
            assert_eq!(run(&scenario), result, "{name} picks otherwise the second time behind {proxies}");
        }
    }
}
