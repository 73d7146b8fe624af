//! Cases of releases: counts of replicas, analyses, times of a canary, the measures of DORA.
//!
//! A case is known by the section that it stands in. What is missing counts as what a fixture leaves
//! out: as nothing.

mod argo;
mod kubernetes;

use peakday::release::counts::analysis::{self, Metric, MetricResult, Phase};
use peakday::release::counts::flagger;
use peakday::results::dora::{Deployment, Dora};
use peakday::time::SimDuration;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::Place;

type Got = Option<Map<String, Value>>;

/// Answers a case; `None` where the object is none of these.
pub(crate) fn answer(place: &Place<'_>) -> Got {
    let case = place.object;
    let within = |section: &str| place.path.iter().any(|key| key == section);
    if place.path.iter().any(|key| key.starts_with("argo_")) && !within("argo_analysis_metric_status") {
        return argo::answer(place);
    }
    if within("argo_analysis_metric_status") {
        analysed(case)
    } else if within("flagger_canary") {
        timed(case)
    } else if case.contains_key("deploys") {
        measured(case)
    } else {
        kubernetes::answer(place)
    }
}

/// Reads a case, in which null is as good as nothing; `None` where it is not of this form.
fn read<T: DeserializeOwned>(case: &Map<String, Value>) -> Option<T> {
    let said = case.iter().filter(|(_, value)| !value.is_null());
    let said: Map<String, Value> = said.map(|(key, value)| (key.clone(), value.clone())).collect();
    serde_json::from_value(Value::Object(said)).ok()
}

fn object(answer: Value) -> Got {
    match answer {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnalysisCase {
    failure_limit: Option<i32>,
    consecutive_success_limit: Option<i32>,
    inconclusive_limit: Option<i32>,
    consecutive_error_limit: Option<i32>,
    #[serde(alias = "metric_count", alias = "count")]
    metric_count: Option<u32>,
    result: ResultCase,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ResultCase {
    failed: u32,
    successful: u32,
    inconclusive: u32,
    error: u32,
    consecutive_success: u32,
    consecutive_error: u32,
    count: u32,
    #[serde(alias = "in_flight")]
    in_flight: bool,
}

/// How a metric stands, while it is measured and when it is stopped. A metric without a count is measured
/// every minute, as in the fixtures.
fn analysed(case: &Map<String, Value>) -> Got {
    let case: AnalysisCase = read(case)?;
    let usual = Metric::default();
    let metric = Metric {
        failure_limit: case.failure_limit.unwrap_or(usual.failure_limit),
        inconclusive_limit: case.inconclusive_limit.unwrap_or(usual.inconclusive_limit),
        consecutive_error_limit: case.consecutive_error_limit.unwrap_or(usual.consecutive_error_limit),
        consecutive_success_limit: case.consecutive_success_limit.unwrap_or(usual.consecutive_success_limit),
        count: case.metric_count.unwrap_or(0),
        interval: Some(SimDuration::from_secs(60)),
    };
    let result = MetricResult {
        phase: Phase::Pending,
        in_flight: case.result.in_flight,
        count: case.result.count,
        successful: case.result.successful,
        failed: case.result.failed,
        inconclusive: case.result.inconclusive,
        error: case.result.error,
        consecutive_success: case.result.consecutive_success,
        consecutive_error: case.result.consecutive_error,
    };
    let said = |terminating| format!("{:?}", analysis::status(&metric, &result, terminating));
    object(json!({"expected_running": said(false), "expected_terminating": said(true)}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CanaryCase {
    #[serde(alias = "interval_min")]
    interval_min: f64,
    threshold: Option<u32>,
    max_weight: Option<u32>,
    step_weight: Option<u32>,
    iterations: Option<u32>,
}

/// How long a canary takes to be promoted and to be rolled back.
fn timed(case: &Map<String, Value>) -> Got {
    let case: CanaryCase = read(case)?;
    let interval = SimDuration::from_secs_f64(case.interval_min * 60.0);
    let mut got = Map::new();
    let analysis = match (case.max_weight, case.step_weight, case.iterations) {
        (Some(max), Some(step), _) => flagger::min_time_to_promote(interval, max, step),
        (_, _, Some(iterations)) => Some(flagger::min_time_of_iterations(interval, iterations)),
        _ => None,
    };
    if let Some(analysis) = analysis {
        got.insert("expected_analysis_minutes".to_owned(), minutes(analysis));
    }
    if let Some(threshold) = case.threshold {
        let rollback = flagger::time_to_rollback(interval, threshold);
        got.insert("expected_rollback_minutes".to_owned(), minutes(rollback));
    }
    Some(got).filter(|got| !got.is_empty())
}

/// Writes whole minutes as a whole number.
fn minutes(length: SimDuration) -> Value {
    const MINUTE: u64 = SimDuration::from_secs(60).as_nanos();
    let nanos = length.as_nanos();
    if nanos.is_multiple_of(MINUTE) { json!(nanos / MINUTE) } else { json!(nanos as f64 / MINUTE as f64) }
}

#[derive(Deserialize)]
struct DoraCase {
    window_days: f64,
    deploys: usize,
    #[serde(default)]
    failed: usize,
    #[serde(default)]
    rework_deploys: usize,
    #[serde(default)]
    recovery_minutes: Vec<f64>,
}

/// The most deployments of a case, so that a slip of the pen does not fill the memory.
const MAX_DEPLOYS: usize = 10_000_000;

/// The measures of so many deployments; the first of them are the failed ones.
fn measured(case: &Map<String, Value>) -> Got {
    let case: DoraCase = read(case)?;
    let minutes = |&minutes: &f64| SimDuration::from_secs_f64(minutes * 60.0);
    let deployment = |index: usize| Deployment {
        lead: None,
        failed: index < case.failed,
        rework: index < case.rework_deploys,
        recovery: case.recovery_minutes.get(index).map(minutes),
    };
    let deployments: Vec<Deployment> = (0..case.deploys.min(MAX_DEPLOYS)).map(deployment).collect();
    let dora = Dora::of(&deployments, SimDuration::from_secs_f64(case.window_days * 86_400.0));
    let recovery = dora.failed_deployment_recovery_time;
    object(json!({"expected": {
        "deployment_frequency_per_day": dora.deployments_per_day,
        "change_fail_rate": dora.change_fail_rate,
        "deployment_rework_rate": dora.deployment_rework_rate,
        "failed_deployment_recovery_time_mean_min": recovery.map(|recovery| recovery.mean_s / 60.0),
        "median_min": recovery.map(|recovery| recovery.median_s / 60.0),
    }}))
}
