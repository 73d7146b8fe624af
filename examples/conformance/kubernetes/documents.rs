//! Worked examples of Kubernetes' documents.

use peakday::autoscaler::kubernetes::behavior::{Behavior, Rules};
use peakday::autoscaler::kubernetes::calculator::{
    Observed, Phase, Pod, PodMetric, Proposal, Readiness, Tolerances,
};
use peakday::autoscaler::kubernetes::controller::{History, Scale, Settings, reconcile};
use peakday::autoscaler::kubernetes::release::Release;
use peakday::time::{SimDuration, SimTime};
use serde_json::{Map, Value, json};

use super::json::{number, text, whole};
use super::{Answered, MINUTE, NOW, calculator, object, rate, rules};
use crate::Place;

/// More than anyone asks for.
const UNBOUNDED: i32 = 1_000_000_000;

pub(super) fn answer(place: &Place<'_>) -> Option<Map<String, Value>> {
    let (case, within) = (place.object, place.path.first()?.as_str());
    match within {
        "k8s_kep853_worked_examples" if case.contains_key("story") => velocity(case),
        _ if !within.starts_with("k8s_") => None,
        _ if case.contains_key("ratio") => tolerance(case),
        _ if case.contains_key("utilisation_pct") => utilization(case),
        _ => None,
    }
}

/// Pods that use so many per cent of what they ask for.
fn pods(count: i32, percent: i64) -> Vec<Pod> {
    let since = SimTime::ZERO;
    let pod = Pod {
        phase: Phase::Running,
        deleting: false,
        started: Some(since),
        readiness: Some(Readiness { ready: true, since }),
        request_milli: Some(100),
        metric: Some(PodMetric { milli: percent, at: NOW, window: MINUTE }),
    };
    vec![pod; count.max(0) as usize]
}

/// CPU of so many per cent, of so many.
fn utilization(case: &Map<String, Value>) -> Answered {
    let current = whole(case, "current")?;
    let pods = pods(current, number(case, "utilisation_pct")? as i64);
    let seen = Observed { now: NOW, pods: &pods, strangers: &[] };
    let calculator = calculator(None, Release::DEFAULT);
    let proposal = calculator.utilization(seen, current, whole(case, "target_pct")?).ok()?;
    object(json!({"expected": proposal.replicas}))
}

/// A metric at so many times its target, under a tolerance.
fn tolerance(case: &Map<String, Value>) -> Answered {
    let current = whole(case, "current")?;
    let share = |keys: &[&str]| keys.iter().find_map(|key| number(case, key)).unwrap_or(0.1);
    let down = share(&["downTolerance", "down_tolerance", "tolerance"]);
    let up = share(&["upTolerance", "up_tolerance", "tolerance"]);
    let mut calculator = calculator(None, Release::DEFAULT);
    calculator.tolerances = Tolerances { down, up };
    let pods = pods(current, 100);
    let seen = Observed { now: NOW, pods: &pods, strangers: &[] };
    let usage = (number(case, "ratio")? * 1e6).round() as i64;
    let proposal = calculator.whole_value(seen, current, 1_000_000, usage).ok()?;
    object(json!({"expected": proposal.replicas}))
}

/// A story of configurable velocity: demand without bound one way, period after period.
fn velocity(case: &Map<String, Value>) -> Answered {
    const SEQUENCE: &str = "unbounded_demand_sequence_per_period";
    let up = case.get("scale_up").and_then(Value::as_object);
    let down = case.get("scale_down").and_then(Value::as_object);
    let written = up.or(down)?;
    let way = if up.is_some() { "up" } else { "down" };
    let start = whole(case, "start").unwrap_or(10);
    if let Some(sequence) = case.get(SEQUENCE).and_then(Value::as_array) {
        let seen = run(written, up.is_some(), start, sequence.len());
        return object(json!({SEQUENCE: seen}));
    }
    let seen = run(written, up.is_some(), start, 100);
    let never = seen.iter().all(|&replicas| replicas == start);
    object(json!({"expect": if never { format!("never scales {way}") } else { format!("scales {way}") }}))
}

/// Returns the replicas at the start of each of so many periods.
fn run(written: &Map<String, Value>, up: bool, start: i32, periods: usize) -> Vec<i32> {
    let defaults = if up { Rules::default_up() } else { Rules::default_down(SimDuration::ZERO) };
    let mut rules = rules(Some(&Value::Object(written.clone())), defaults);
    if let (Some(kind), Some(value)) = (text(written, "type"), whole(written, "value")) {
        rules.rates = vec![rate(kind, value, number(written, "period_s").unwrap_or(15.0))];
    }
    let period = rules.longest_period();
    let other = Rules { window: SimDuration::ZERO, ..Rules::default_up() };
    let behavior = if up { Behavior { up: rules, down: other } } else { Behavior { up: other, down: rules } };
    let settings = Settings {
        release: Release::DEFAULT,
        downscale_stabilization: SimDuration::ZERO,
        behavior: Some(behavior),
    };
    let mut history = History { recommendations: Some(Vec::new()), ..History::default() };
    let (mut now, mut current, mut seen) = (NOW, start, Vec::new());
    let demand = if up { UNBOUNDED } else { 0 };
    let asked = Proposal { replicas: demand, value_milli: 0, percent: 0, tolerated: false };
    for _ in 0..periods {
        seen.push(current);
        let scale = Scale { current, min: 0, max: UNBOUNDED };
        current = reconcile(&mut history, &settings, scale, now, || vec![Ok(asked)]).replicas;
        now += period;
    }
    seen
}
