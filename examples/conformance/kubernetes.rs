//! Cases of Kubernetes' horizontal pod autoscaler.
//!
//! Three kinds: of the replica calculator (one metric), of behaviours (windows, rates, events), and of
//! whole passes of the controller. Kubernetes' fixtures make instants by the wall clock, which has moved
//! on a little when the function under test reads it again; here by [`DRIFT`].

mod documents;
mod end_to_end;
mod json;

use peakday::autoscaler::kubernetes::behavior::{
    Behavior, Events, Rate, Recommendation, Rules, ScaleEvent, Select, Unit, changes_within,
    scale_down_limit, scale_up_limit, stabilize, stabilize_down, store_event, within_rates, within_rules,
};
use peakday::autoscaler::kubernetes::calculator::{
    Calculator, Failure, Observed, Phase, Pod, PodMetric, Proposal, Readiness, Tolerances, sum,
};
use peakday::autoscaler::kubernetes::containers::{Container, request_milli, usage_milli};
use peakday::autoscaler::kubernetes::release::Release;
use peakday::time::{SimDuration, SimTime};
use serde_json::{Map, Value, json};

use crate::Place;
use json::{at, flag, get, list, milli, number, text, whole};

/// When every case is asked.
const NOW: SimTime = SimTime::from_nanos(2_000_000_000_000_000_000);
/// How much later a function reads the clock than its fixture did, in nanoseconds.
const DRIFT: u64 = 1_000;
/// The age of what has no start time in Kubernetes' fixtures: the zero time lies long ago.
const LONG_AGO: f64 = 1e9;
const MINUTE: SimDuration = SimDuration::from_secs(60);

type Answered = Option<Map<String, Value>>;

/// Answers a case; `None` where the object is none of these.
pub(crate) fn answer(place: &Place<'_>) -> Option<Map<String, Value>> {
    let section = place.path.iter().rev().find(|key| key.parse::<usize>().is_err())?;
    let case = place.object;
    let release = release(place);
    let answer = match section.as_str() {
        "scale_limit_direct_cases" => direct_limit(case, release),
        "convert_without_behaviour_cases" => convert(case),
        "stabilize_recommendation_no_behaviour_cases" => stabilize_without(case),
        "rate_limit_with_behaviour_cases" => rate_limit(case, release),
        "stabilize_with_behaviour_cases" => stabilize_with(case, release),
        "store_scale_events_cases" => store(case),
        "end_to_end_cases" => end_to_end::answer(case, release),
        "cases" if case.contains_key("metric") && case.contains_key("pods") => calculate(place, release),
        _ => return documents::answer(place),
    };
    answer.filter(|answer| !answer.is_empty())
}

/// Returns the release that the file says it is of; what says nothing is of 1.20.
fn release(place: &Place<'_>) -> Release {
    let sources = place.around.iter().filter_map(|object| text(object, "_source"));
    let named = |source: &str| source.split_whitespace().find_map(|word| word.parse().ok());
    sources.filter_map(named).next().unwrap_or(Release::OLDEST)
}

fn object(value: Value) -> Answered {
    value.as_object().cloned()
}

/// Returns the instant so many seconds ago.
fn ago(seconds: f64) -> SimTime {
    let nanos = SimDuration::from_secs_f64(seconds.max(0.0)).as_nanos() + DRIFT;
    SimTime::from_nanos(NOW.as_nanos().saturating_sub(nanos))
}

fn seconds(value: f64) -> SimDuration {
    SimDuration::from_secs_f64(value.max(0.0))
}

// Behaviours.

fn rate(kind: &str, value: i32, period: f64) -> Rate {
    let unit = if kind.ends_with("Percent") { Unit::Percent } else { Unit::Pods };
    Rate { unit, value, period: seconds(period) }
}

/// Reads rules as the fixtures' `generateScalingRules` is told them; 0 pods or per cent is no policy.
fn rules(value: Option<&Value>, defaults: Rules) -> Rules {
    let Some(written) = value.and_then(Value::as_object) else { return defaults };
    let short = [("Pods", "pods", "pods_period_s"), ("Percent", "percent", "percent_period_s")];
    let mut rates: Vec<Rate> = short
        .iter()
        .filter_map(|&(kind, value, period)| {
            let value = whole(written, value).filter(|&value| value != 0)?;
            Some(rate(kind, value, number(written, period).unwrap_or(0.0)))
        })
        .collect();
    let long = list(written, "policies").filter_map(Value::as_object);
    rates.extend(long.map(|policy| {
        let kind = text(policy, "type").unwrap_or("Pods");
        let period = number(policy, "period_s").or(number(policy, "periodSeconds"));
        rate(kind, whole(policy, "value").unwrap_or(0), period.unwrap_or(0.0))
    }));
    let select = get(written, &["select_policy", "selectPolicy"]).and_then(Value::as_str);
    let window =
        get(written, &["stabilization_window_s", "stabilizationWindowSeconds"]).and_then(Value::as_f64);
    Rules {
        window: window.map_or(defaults.window, seconds),
        select: match select {
            Some("Min" | "MinPolicySelect" | "MinChangePolicySelect") => Select::Min,
            Some("Disabled" | "DisabledPolicySelect") => Select::Disabled,
            _ => Select::Max,
        },
        rates: if rates.is_empty() { defaults.rates } else { rates },
    }
}

fn behavior(case: &Map<String, Value>) -> Behavior {
    let window = SimDuration::from_secs(300);
    Behavior {
        up: rules(case.get("scaleUpRules"), Rules::default_up()),
        down: rules(case.get("scaleDownRules"), Rules::default_down(window)),
    }
}

fn events<'a>(entries: impl Iterator<Item = &'a Value>) -> Vec<ScaleEvent> {
    let event = |entry: &Map<String, Value>| ScaleEvent {
        change: ["replica_change", "change", "replicaChange"]
            .iter()
            .find_map(|key| whole(entry, key))
            .unwrap_or(0),
        at: ago(number(entry, "age_s").unwrap_or(0.0)),
        outdated: flag(entry, "outdated").unwrap_or(false),
    };
    entries.filter_map(Value::as_object).map(event).collect()
}

fn recommendations<'a>(entries: impl Iterator<Item = &'a Value>) -> Vec<Recommendation> {
    let entry = |entry: &Map<String, Value>| Recommendation {
        replicas: whole(entry, "replicas").or(whole(entry, "recommendation")).unwrap_or(0),
        at: ago(number(entry, "age_s").unwrap_or(0.0)),
    };
    entries.filter_map(Value::as_object).map(entry).collect()
}

fn direct_limit(case: &Map<String, Value>, release: Release) -> Answered {
    let (current, up) = (whole(case, "current")?, text(case, "fn")?.contains("Up"));
    let rules = rules(Some(&Value::Object(case.clone())), Rules::default_up());
    let events = events(list(case, "events"));
    let limit = if up {
        scale_up_limit(current, Events { up: &events, down: &[] }, &rules, NOW, release)
    } else {
        scale_down_limit(current, Events { up: &[], down: &events }, &rules, NOW, release)
    };
    object(json!({"expected": limit}))
}

fn convert(case: &Map<String, Value>) -> Answered {
    let bounds = (whole(case, "min")?, whole(case, "max")?);
    let (replicas, _) = within_rules(whole(case, "current")?, whole(case, "desired")?, bounds);
    object(json!({"expected": replicas}))
}

fn stabilize_without(case: &Map<String, Value>) -> Answered {
    let mut log = recommendations(list(case, "recommendations"));
    let window = seconds(number(case, "downscale_stabilization_window_s").unwrap_or(300.0));
    let stabilized = stabilize_down(&mut log, whole(case, "desired")?, window, NOW);
    object(json!({"expected_stabilized": stabilized, "expected_log_length": log.len()}))
}

fn rate_limit(case: &Map<String, Value>, release: Release) -> Answered {
    let (ups, downs) = (events(list(case, "scaleUpEvents")), events(list(case, "scaleDownEvents")));
    let replicas = (whole(case, "currentReplicas")?, whole(case, "prenormalizedDesiredReplicas")?);
    let bounds = (whole(case, "specMinReplicas").unwrap_or(1), whole(case, "specMaxReplicas")?);
    let events = Events { up: &ups, down: &downs };
    let (replicas, condition) = within_rates(replicas, bounds, events, &behavior(case), NOW, release);
    object(json!({"expectedReplicas": replicas, "expectedCondition": condition.name()}))
}

fn stabilize_with(case: &Map<String, Value>, release: Release) -> Answered {
    let mut log = recommendations(list(case, "recommendations"));
    let window = |key| seconds(number(case, key).unwrap_or(0.0));
    let behavior = Behavior {
        up: Rules { window: window("scale_up_window_s"), ..Rules::default_up() },
        down: Rules::default_down(window("scale_down_window_s")),
    };
    let replicas = (whole(case, "current")?, whole(case, "desired")?);
    let stabilized = stabilize(&mut log, replicas, &behavior, NOW, release);
    let stored: Vec<i32> = log.iter().map(|entry| entry.replicas).collect();
    object(json!({"expected_stabilized": stabilized, "expected_stored_recommendations": stored}))
}

fn store(case: &Map<String, Value>) -> Answered {
    let mut events = events(list(case, "prev_events"));
    let change = changes_within(MINUTE, &events, NOW);
    // Without a behaviour nothing is stored.
    if case.get("rules").is_some_and(Value::is_object) {
        let rules = rules(case.get("rules"), Rules::default_up());
        store_event(&mut events, &rules, whole(case, "replica_change")?, NOW);
    }
    let after = |event: &ScaleEvent| json!({"change": event.change, "outdated": event.outdated});
    let after: Vec<Value> = events.iter().map(after).collect();
    object(json!({"expected_events_after": after, "expected_replica_change_in_period": change}))
}

// The replica calculator.

/// Returns the calculator of a file: its constants, or those of Kubernetes' tests.
fn calculator(constants: Option<&Map<String, Value>>, release: Release) -> Calculator {
    let constant = |key: &str, usual: f64| constants.and_then(|it| number(it, key)).unwrap_or(usual);
    let tolerance = constant("tolerance", 0.1);
    Calculator {
        release,
        tolerances: Tolerances { down: tolerance, up: tolerance },
        cpu_initialization_period: seconds(constant("cpu_initialization_period_s", 120.0)),
        initial_readiness_delay: seconds(constant("delay_of_initial_readiness_status_s", 10.0)),
    }
}

fn phase(name: Option<&str>) -> Phase {
    match name.unwrap_or("Running").trim_start_matches("v1.Pod") {
        "Pending" => Phase::Pending,
        "Succeeded" => Phase::Succeeded,
        "Failed" => Phase::Failed,
        _ => Phase::Running,
    }
}

/// Returns the containers of a pod; `None` beside where it is not reported.
fn containers(pod: &Map<String, Value>) -> (Vec<Container>, bool) {
    let usage = pod.get("usage_milli_by_container").filter(|usage| !usage.is_null());
    let reported = usage.and_then(Value::as_array).map_or(0, Vec::len);
    let container = |index: usize| Container {
        name: format!("container{}", index + 1),
        request_milli: pod.get("request_milli_per_container").and_then(|request| at(request, index)),
        usage_milli: usage.and_then(|usage| at(usage, index)),
    };
    ((0..reported.max(2)).map(container).collect(), usage.is_some())
}

/// Returns a pod of the calculator's cases. Its readiness and its samples have no time: that is long ago.
fn pod(
    index: usize,
    written: &Map<String, Value>,
    case: &Map<String, Value>,
    release: Release,
) -> Result<Pod, Failure> {
    let metric = case.get("metric").and_then(Value::as_object);
    let only = metric.and_then(|metric| text(metric, "container"));
    let (containers, reported) = containers(written);
    let name = format!("test-namespace/test-pod-{index}");
    let value = if metric.is_some_and(|metric| text(metric, "kind") == Some("resource")) {
        if reported { usage_milli(&name, &containers, only, release)? } else { None }
    } else {
        let levels = metric.and_then(|metric| metric.get("levels_milli"));
        milli(written.get("value_milli")).or(levels.and_then(|levels| at(levels, index)))
    };
    Ok(Pod {
        phase: phase(text(written, "phase")),
        deleting: flag(written, "deleting").unwrap_or(false),
        started: Some(ago(number(written, "age_s").unwrap_or(LONG_AGO))),
        readiness: Some(Readiness { ready: flag(written, "ready").unwrap_or(true), since: SimTime::ZERO }),
        request_milli: request_milli(&containers, only),
        metric: value.map(|milli| PodMetric { milli, at: SimTime::ZERO, window: MINUTE }),
    })
}

/// Returns values that are reported for pods which are not there.
fn strangers(case: &Map<String, Value>, metric: &Map<String, Value>, pods: usize) -> Vec<i64> {
    let only =
        text(metric, "container").and_then(|name| name.strip_prefix("container")?.parse::<usize>().ok());
    let value = |value: &Value| -> Option<i64> {
        let inner = value.as_object().and_then(|it| {
            get(it, &["usage_milli_by_container", "usage_milli", "levels_milli", "value_milli", "levels"])
        });
        let value = inner.unwrap_or(value);
        match (value.as_array(), only) {
            (Some(_), Some(number)) => at(value, number.saturating_sub(1)),
            (Some(values), None) => values.iter().map(|value| milli(Some(value))).sum(),
            (None, _) => milli(Some(value)),
        }
    };
    let mut values: Vec<i64> = list(case, "extra_metrics_for_unknown_pods").filter_map(value).collect();
    if text(metric, "kind") == Some("pod") {
        values.extend(list(metric, "levels_milli").skip(pods).filter_map(|value| milli(Some(value))));
    }
    values
}

fn calculate(place: &Place<'_>, release: Release) -> Answered {
    let case = place.object;
    let metric = case.get("metric")?.as_object()?;
    let resource = text(metric, "kind")? == "resource";
    let constants = place.around.iter().find_map(|object| object.get("_constants")?.as_object());
    let outcome = proposal(case, metric, &calculator(constants, release));
    let found = outcome.as_ref().ok();
    let mut answer = Map::new();
    answer.insert("expected_replicas".to_owned(), json!(found.map(|found| found.replicas)));
    answer.insert("expected_error".to_owned(), json!(outcome.as_ref().err().map(assertion)));
    let value = json!(found.map(|found| found.value_milli));
    if resource {
        answer.insert("expected_utilization_pct".to_owned(), json!(found.map(|found| found.percent)));
        answer.insert("expected_raw_value_milli".to_owned(), value);
    } else {
        answer.insert("expected_utilization_milli".to_owned(), value);
    }
    Some(answer)
}

fn proposal(
    case: &Map<String, Value>,
    metric: &Map<String, Value>,
    calculator: &Calculator,
) -> Result<Proposal, Failure> {
    let written = list(case, "pods").filter_map(Value::as_object).enumerate();
    let pods: Result<Vec<Pod>, Failure> =
        written.map(|(index, written)| pod(index, written, case, calculator.release)).collect();
    let pods = pods?;
    let strangers = strangers(case, metric, pods.len());
    let seen = Observed { now: NOW, pods: &pods, strangers: &strangers };
    let current = whole(case, "current_replicas").unwrap_or(0);
    let target = |key: &str| milli(metric.get(key));
    let name = text(metric, "name").unwrap_or("qps");
    let levels: Vec<i64> = list(metric, "levels_milli").filter_map(|value| milli(Some(value))).collect();
    let first = levels.first().copied().ok_or_else(|| Failure::NoCustomMetric(name.to_owned()));
    let added = || Some(sum(&levels)).filter(|_| !levels.is_empty());
    let added = added().ok_or_else(|| Failure::NoExternalMetric(name.to_owned()));
    let one = target("target_milli").unwrap_or(0);
    let each = target("per_pod_target_milli").or(target("target_milli")).unwrap_or(0);
    match text(metric, "kind").unwrap_or("resource") {
        "resource" => match (whole(metric, "target_utilization_pct"), target("target_milli")) {
            (None, Some(value)) => calculator.resource_value(seen, current, value),
            (percent, _) => calculator.utilization(seen, current, percent.unwrap_or(0)),
        },
        "pod" => calculator.pods_metric(seen, current, one, name),
        "object" => calculator.whole_value(seen, current, one, first?),
        "external" => calculator.whole_value(seen, current, one, added?),
        "objectPerPod" => Ok(calculator.shared_value(current, each, first?)),
        "externalPerPod" => Ok(calculator.shared_value(current, each, added?)),
        other => Err(Failure::UnknownType(other.to_owned())),
    }
}

/// Returns the part of an error that Kubernetes' test looks for (it asserts `Contains`): errors of the
/// metrics client without what the calculator puts before them, and requests without their resource.
fn assertion(failure: &Failure) -> String {
    match failure {
        Failure::ContainerNotPresent { container, pod, .. } => {
            format!("container {container} not present in metrics for pod {pod}")
        }
        Failure::MissingRequest(_) => "missing request for".to_owned(),
        other => other.to_string(),
    }
}
