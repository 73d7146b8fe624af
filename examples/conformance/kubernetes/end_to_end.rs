//! Whole passes of the controller, as `testCase` of horizontal_test.go sets them up.
//!
//! A row has what stood in the Go literal. What a test did outside of it (a client that fails, a target
//! in a variable, a list that is empty rather than nil) is only known by the test's name; it is kept
//! here, from the same file.

use peakday::autoscaler::kubernetes::behavior::Recommendation;
use peakday::autoscaler::kubernetes::calculator::{
    Calculator, Failure, Observed, Pod, PodMetric, Proposal, Readiness, sum,
};
use peakday::autoscaler::kubernetes::controller::{History, Scale, Settings, reconcile};
use peakday::autoscaler::kubernetes::release::Release;
use peakday::time::SimDuration;
use serde_json::{Map, Value, json};

use super::json::{at, get, list, milli, number, text, truth, whole};
use super::{Answered, LONG_AGO, MINUTE, NOW, ago, behavior, calculator, object, phase, recommendations};

/// Targets that stood in variables, in thousandths.
const VARIABLES: [(&str, i64); 5] = [
    ("TestScaleUpFromZeroIgnoresTolerance", 1_000),
    ("TestScaleUpPerPodCMObject", 10_000),
    ("TestScaleDown", 20_000),
    ("TestTolerance", 20_000),
    ("Test", 15_000),
];

/// Tests whose controller had no recommendation before, not even an empty list.
const WITHOUT_LOG: [&str; 2] = ["StabilizeInitialSize", "NoScaleDown"];

/// Tests in which the target's scale cannot be read, selected by, or written: nothing changes.
const WITHOUT_SCALE: [&str; 3] = ["InvalidSelector", "FailedGetScale", "FailedUpdateScale"];

pub(super) fn answer(case: &Map<String, Value>, release: Release) -> Answered {
    let id = text(case, "id").unwrap_or_default();
    let scale = Scale {
        current: whole(case, "specReplicas")?,
        min: whole(case, "minReplicas").unwrap_or(1),
        max: whole(case, "maxReplicas")?,
    };
    let replicas = if WITHOUT_SCALE.iter().any(|what| id.contains(what)) {
        scale.current
    } else {
        let log = log(case, id);
        let mut history = History { recommendations: log, ..History::default() };
        let ruled =
            ["scaleUpRules", "scaleDownRules"].iter().any(|&key| case.get(key).is_some_and(Value::is_object));
        let settings = Settings {
            release,
            downscale_stabilization: SimDuration::from_secs(300),
            behavior: ruled.then(|| behavior(case)),
        };
        let test = Test { case, id, calculator: calculator(None, release), pods: pods(case) };
        reconcile(&mut history, &settings, scale, NOW, || test.proposals()).replicas
    };
    object(json!({"expectedDesiredReplicas": replicas}))
}

fn log(case: &Map<String, Value>, id: &str) -> Option<Vec<Recommendation>> {
    match case.get("recommendations") {
        Some(Value::Null) => None,
        None if WITHOUT_LOG.iter().any(|what| id.contains(what)) => None,
        _ => Some(recommendations(list(case, "recommendations"))),
    }
}

/// Returns the pods with their samples of `reportedLevels`: as many as have requests, else as the target
/// says it has.
fn pods(case: &Map<String, Value>) -> Vec<Pod> {
    let requests = case.get("reportedCPURequests").and_then(Value::as_array);
    let count = requests.map_or(whole(case, "statusReplicas").unwrap_or(0).max(0) as usize, Vec::len);
    let field =
        |key: &str, index: usize| case.get(key).and_then(|it| it.get(index)).filter(|it| !it.is_null());
    let pod = |index: usize| {
        let start = field("reportedPodStartTime", index);
        let age = start.and_then(|start| match start {
            Value::Object(start) => number(start, "started_seconds_ago").or(number(start, "age_s")),
            start => start.as_f64(),
        });
        let started = ago(age.unwrap_or(LONG_AGO));
        let ready = field("reportedPodReadiness", index).and_then(truth).unwrap_or(true);
        let level = case.get("reportedLevels").and_then(Value::as_array).and_then(|it| milli(it.get(index)));
        Pod {
            phase: phase(field("reportedPodPhase", index).and_then(Value::as_str)),
            deleting: field("reportedPodDeletionTimestamp", index).and_then(truth).unwrap_or(false),
            started: Some(started),
            readiness: Some(Readiness { ready, since: started }),
            request_milli: requests.map_or(Some(1000), |requests| milli(requests.get(index))),
            metric: level.map(|milli| PodMetric { milli, at: NOW, window: MINUTE }),
        }
    };
    (0..count).map(pod).collect()
}

struct Test<'a> {
    case: &'a Map<String, Value>,
    id: &'a str,
    calculator: Calculator,
    pods: Vec<Pod>,
}

impl Test<'_> {
    /// Returns what each metric asks for: `CPUTarget` first, then `metricsTarget`.
    fn proposals(&self) -> Vec<Result<Proposal, Failure>> {
        let mut proposals = Vec::new();
        if let Some(percent) = whole(self.case, "CPUTarget").filter(|&percent| percent > 0) {
            proposals.push(self.fails("cpu").and_then(|()| self.cpu(percent)));
        }
        let metrics = list(self.case, "metricsTarget").filter_map(Value::as_object);
        proposals.extend(metrics.map(|metric| self.metric(metric)));
        if proposals.is_empty() {
            proposals.push(Err(Failure::NoResourceTarget));
        }
        proposals
    }

    /// Fails where the test's client does.
    fn fails(&self, source: &str) -> Result<(), Failure> {
        let empty = self.id.contains("OneMetricEmpty") && source == "External";
        if empty || self.id.contains("FailedGetMetrics") {
            return Err(Failure::NoExternalMetric("qps".to_owned()));
        }
        Ok(())
    }

    fn seen<'a>(&'a self, strangers: &'a [i64]) -> Observed<'a> {
        Observed { now: NOW, pods: &self.pods, strangers }
    }

    fn levels(&self) -> Vec<i64> {
        list(self.case, "reportedLevels").filter_map(|level| milli(Some(level))).collect()
    }

    fn current(&self) -> i32 {
        whole(self.case, "specReplicas").unwrap_or(0)
    }

    fn strangers(&self) -> Vec<i64> {
        self.levels().split_off(self.pods.len().min(self.levels().len()))
    }

    fn cpu(&self, percent: i32) -> Result<Proposal, Failure> {
        self.calculator.utilization(self.seen(&self.strangers()), self.current(), percent)
    }

    fn metric(&self, metric: &Map<String, Value>) -> Result<Proposal, Failure> {
        let named = text(metric, "Type").unwrap_or_default();
        let source = named.rsplit('.').next().unwrap_or_default().trim_end_matches("MetricSourceType");
        let block = get(metric, &[source]).and_then(Value::as_object);
        let target = block.and_then(|block| block.get("Target")).and_then(Value::as_object);
        let amount = |key: &str| target.and_then(|target| self.amount(target.get(key)?));
        let percent = target.and_then(|target| whole(target, "AverageUtilization"));
        let (value, average) = (amount("Value"), amount("AverageValue"));
        let calculator = &self.calculator;
        let (levels, strangers, current) = (self.levels(), self.strangers(), self.current());
        let status = whole(self.case, "statusReplicas").unwrap_or(0);
        self.fails(source)?;
        let usage = match source {
            "External" => Some(sum(&levels)).filter(|_| !levels.is_empty()),
            _ => at(&json!(levels), 0),
        };
        let usage = usage.ok_or_else(|| Failure::NoExternalMetric("qps".to_owned()));
        match (source, average, value, percent) {
            ("Resource" | "ContainerResource", Some(average), ..) => {
                calculator.resource_value(self.seen(&strangers), current, average)
            }
            ("Resource" | "ContainerResource", None, _, Some(percent)) => self.cpu(percent),
            ("Resource" | "ContainerResource", ..) => Err(Failure::NoResourceTarget),
            ("Pods", Some(average), ..) => {
                calculator.pods_metric(self.seen(&strangers), current, average, "qps")
            }
            ("Object" | "External", Some(average), ..) => {
                Ok(calculator.shared_value(status, average, usage?))
            }
            ("Object" | "External", None, Some(value), _) => {
                calculator.whole_value(self.seen(&[]), current, value, usage?)
            }
            ("Pods" | "Object" | "External", ..) => Err(Failure::NoValueTarget("external")),
            _ => Err(Failure::UnknownType(named.to_owned())),
        }
    }

    /// Reads a target: thousandths, a quantity, or the name of a variable.
    fn amount(&self, value: &Value) -> Option<i64> {
        let variable = || VARIABLES.iter().find(|(test, _)| self.id.starts_with(test)).map(|it| it.1);
        milli(Some(value)).or_else(|| value.as_str().and_then(|_| variable()))
    }
}
