//! Worked examples of other autoscalers' documentation.
//!
//! A case is known by the section that it stands in, or, where that says nothing, by its own keys.

use peakday::autoscaler::demand;
use peakday::autoscaler::keda::{self, MetricType};
use peakday::autoscaler::step_scaling::{self, AdjustmentType, Band, Side};
use peakday::autoscaler::target_tracking;
use serde_json::{Map, Value, json};

use crate::Place;

type Object = Map<String, Value>;

/// Answers a case; `None` where the object is none of these.
pub(crate) fn answer(place: &Place<'_>) -> Option<Object> {
    match place.path.first()?.as_str() {
        "aws_step_scaling" => step(place),
        "aws_target_tracking" => tracking(place),
        "keda" => events(place),
        "gcp_mig" => group(place),
        _ => None,
    }
}

/// Returns a number under the first of some keys that is there.
fn number(object: &Object, keys: &[&str]) -> Option<f64> {
    keys.iter().find_map(|key| object.get(*key)?.as_f64())
}

/// The same, or in the objects around: what a section says once holds for all of its cases.
fn nearest(place: &Place<'_>, keys: &[&str]) -> Option<f64> {
    let inherited = || place.around.iter().rev().find_map(|object| number(object, keys));
    number(place.object, keys).or_else(inherited)
}

fn text<'a>(object: &'a Object, keys: &[&str]) -> Option<&'a str> {
    keys.iter().find_map(|key| object.get(*key)?.as_str())
}

fn whole(value: f64) -> u32 {
    value as u32
}

fn got(answers: &[(&str, Value)]) -> Option<Object> {
    Some(answers.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
}

/// Rounding, adjustments, and steps with a metric.
fn step(place: &Place<'_>) -> Option<Object> {
    let object = place.object;
    let capacity = nearest(place, &["capacity", "current", "current_capacity", "start_capacity"]).map(whole);
    if let Some(adjust) = number(object, &["adjust", "adjustment", "adjust_pct"])
        && !object.contains_key("lower")
        && !object.contains_key("upper")
    {
        let percent = object.contains_key("adjust_pct");
        let kind = adjustment_type(object, percent)?;
        let after = step_scaling::adjusted(kind, capacity?, adjust, least(place));
        return got(&[("expected", json!(after))]);
    }
    let metric = number(object, &["metric", "metric_pct", "metric_value", "utilisation_pct"]);
    if let (Some(metric), Some(capacity)) = (metric, capacity) {
        let threshold = nearest(place, &["threshold_pct", "threshold"])?;
        let (key, side) = if metric >= threshold {
            ("scale_out_steps", Side::Above)
        } else {
            ("scale_in_steps", Side::Below)
        };
        let scopes = std::iter::once(object).chain(place.around.iter().rev().copied());
        let steps = scopes.filter_map(|object| object.get(key)?.as_array()).next()?;
        let bands: Vec<Band> = steps.iter().filter_map(|step| band(step.as_object()?)).collect();
        let kind = adjustment_type(object, steps.iter().any(|step| step.get("adjust_pct").is_some()))?;
        let after = match step_scaling::adjustment(&bands, metric - threshold, side) {
            Some(change) => step_scaling::adjusted(kind, capacity, change, least(place)),
            None => capacity,
        };
        return got(&[("expected", json!(after))]);
    }
    let value = number(object, &["value"])?;
    got(&[("expected", json!(step_scaling::rounded(value)))])
}

/// Reads a step whose bounds are open where they are null or left out.
fn band(step: &Object) -> Option<Band> {
    Some(Band {
        lower: number(step, &["lower"]).unwrap_or(f64::NEG_INFINITY),
        upper: number(step, &["upper"]).unwrap_or(f64::INFINITY),
        adjustment: number(step, &["adjust_pct", "adjust", "adjustment"])?,
    })
}

fn least(place: &Place<'_>) -> Option<u32> {
    nearest(place, &["min_adjustment_magnitude", "minAdjustmentMagnitude"]).map(whole)
}

fn adjustment_type(object: &Object, percent: bool) -> Option<AdjustmentType> {
    let Some(name) = text(object, &["type", "adjustment_type", "adjustmentType"]) else {
        return Some(if percent {
            AdjustmentType::PercentChangeInCapacity
        } else {
            AdjustmentType::ChangeInCapacity
        });
    };
    serde_json::from_value(json!(name)).ok()
}

/// A metric per instance and its target, or a backlog and how long a message may wait.
fn tracking(place: &Place<'_>) -> Option<Object> {
    let object = place.object;
    let capacity = number(object, &["instances", "capacity", "current", "current_capacity"])?;
    let acceptable = || {
        let latency = number(object, &["acceptable_latency_s"])?;
        Some(latency / number(object, &["seconds_per_message"])?)
    };
    let target = number(object, &["target_backlog_per_instance", "target", "target_pct", "target_value"])
        .or_else(acceptable)
        .filter(|&target| target > 0.0)?;
    let value = number(object, &["messages"])
        .filter(|_| capacity > 0.0)
        .map(|messages| messages / capacity)
        .or_else(|| {
            number(
                object,
                &["current_backlog_per_instance", "metric", "metric_pct", "utilisation_pct", "value"],
            )
        })?;
    let after = target_tracking::tracked(whole(capacity), value, target);
    if !object.contains_key("messages") {
        return got(&[("expected", json!(after))]);
    }
    let more = i64::from(after) - i64::from(whole(capacity));
    got(&[("expected_new_instances", json!(more)), ("expected_capacity", json!(after))])
}

/// A trigger of KEDA: what the pod autoscaler recommends, and what activation makes of it.
fn events(place: &Place<'_>) -> Option<Object> {
    let object = place.object;
    let metric = number(object, &["metric"])?;
    // A row that says whether it is active expects nothing.
    if object.contains_key("active") {
        return None;
    }
    let activation = number(object, &["activationThreshold"]);
    let active = keda::is_active(metric, activation.unwrap_or(0.0));
    let Some(threshold) = number(object, &["threshold"]).filter(|&threshold| threshold > 0.0) else {
        activation?;
        return got(&[("expected", json!(active))]);
    };
    // "Value" alone is the whole; whatever else is said of an average is per server.
    let kind = match text(object, &["metric_type", "metricType"]) {
        Some("Value") => MetricType::Value,
        _ => MetricType::AverageValue,
    };
    // Without a number of servers there are as many as nothing is near to.
    let current = number(object, &["current", "replicas"]).map_or(0, whole);
    let recommended = keda::recommended(kind, metric, threshold, current);
    let min = nearest(place, &["minReplicaCount", "min_replicas", "minReplicas"]).map_or(0, whole);
    let idle = nearest(place, &["idleReplicaCount"]).map(whole);
    let max = nearest(place, &["maxReplicaCount", "max_replicas", "maxReplicas"]).map_or(u32::MAX, whole);
    let after = keda::settled(active, recommended, min, idle).min(max);
    got(&[("expected", json!(after))])
}

/// A managed instance group of Google Cloud: the sum of utilisations / the target, rounded up.
fn group(place: &Place<'_>) -> Option<Object> {
    let object = place.object;
    let listed = ["utilisations", "utilizations", "utilisation", "utilization", "cpu"];
    let sum = listed.iter().find_map(|key| {
        let values = object.get(*key)?.as_array()?;
        Some(values.iter().filter_map(Value::as_f64).sum::<f64>())
    });
    let sum =
        sum.or_else(|| number(object, &["sum", "sum_utilisation", "sum_utilization"])).or_else(|| {
            let each = number(object, &["utilisation", "utilization", "metric"])?;
            Some(each * number(object, &["current", "instances", "size"])?)
        })?;
    let target = nearest(place, &["target", "target_utilisation", "target_utilization"]).unwrap_or(0.6);
    let least = nearest(place, &["min", "min_replicas"]).map_or(0, whole);
    let most = nearest(place, &["max", "max_replicas"]).map_or(u32::MAX, whole);
    // No tolerance: none is documented.
    let after = demand::demanded(sum, target, 0, 0.0).max(least).min(most);
    got(&[("expected", json!(after))])
}
