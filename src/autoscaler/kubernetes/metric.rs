//! Custom metrics by name: what Prometheus would be asked for, and what peakday measures.

use std::collections::BTreeMap;

use crate::autoscaler::Metric;

/// Metrics of a service or an object.
pub(super) const KNOWN: &[&str] = &[
    "requests_per_second",
    "requests_in_flight",
    "queue_length",
    "latency_p50_seconds",
    "latency_p90_seconds",
    "latency_p95_seconds",
    "latency_p99_seconds",
    "error_ratio",
    "cpu_utilization_ratio",
    "slot_utilization_ratio",
    "scaling_ratio",
];

/// Metrics of a pod: all but those that only a whole service has.
pub(super) const PER_SERVER: &[&str] = KNOWN.split_at(KNOWN.len() - 1).0;

/// Returns the name that peakday has for a metric, and what is measured; `None` where it has none.
pub(super) fn metric_of(names: &BTreeMap<String, String>, written: &str) -> Option<(&'static str, Metric)> {
    let name = names.get(written).map_or(written, String::as_str);
    let known = KNOWN.iter().find(|&&known| known == name)?;
    let metric = match *known {
        "requests_per_second" => Metric::RequestRate,
        "requests_in_flight" => Metric::InFlight,
        "queue_length" => Metric::QueueLength,
        "latency_p50_seconds" => Metric::Latency(0.5),
        "latency_p90_seconds" => Metric::Latency(0.9),
        "latency_p95_seconds" => Metric::Latency(0.95),
        "latency_p99_seconds" => Metric::Latency(0.99),
        "error_ratio" => Metric::ErrorRatio,
        "cpu_utilization_ratio" => Metric::CpuUtilization,
        "slot_utilization_ratio" => Metric::SlotUtilization,
        _ => Metric::ScalingRatio,
    };
    Some((known, metric))
}
