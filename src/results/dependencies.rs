//! How near each limited resource of a service came to its limit, in the worst replication.

use crate::results::column::quotient;
use crate::results::fleet_mean::milli;
use crate::results::{Plan, RunResult, StudyResult};

/// A row of `dependencies.csv`: service x limited resource.
#[derive(Clone, Debug, PartialEq)]
pub struct DependencyRow {
    /// Index of the service.
    pub service: usize,
    /// `cpu` (cores), `slots` or `queue` (requests).
    pub resource: &'static str,
    /// The limit of the configured fleet; of one server's queue unless it is central.
    pub limit: f64,
    /// The largest use: CPU as the mean of an interval, others at an instant. `None` without
    /// replications.
    pub peak_use: Option<f64>,
    /// 1 - peak / limit; `None` for a limit of 0.
    pub margin: Option<f64>,
    /// When that was, in nanoseconds; `None` for a peak of 0.
    pub at_ns: Option<u64>,
    /// The replication it happened in.
    pub replication: Option<u32>,
}

/// A peak and when it was.
type Reached = (f64, u64);

/// Returns one row per service and limited resource.
pub fn dependencies(result: &StudyResult) -> Vec<DependencyRow> {
    let plan = &result.plan;
    let mut rows = Vec::new();
    for (service, config) in plan.services.iter().enumerate() {
        let sum = |each: &dyn Fn(&crate::results::PoolPlan) -> Option<f64>| -> Option<f64> {
            config.pools.iter().map(|pool| Some(each(pool)? * f64::from(pool.replicas))).sum()
        };
        let cores = sum(&|pool| milli(pool).map(|milli| milli as f64 / 1000.0));
        let slots = sum(&|pool| pool.concurrency.map(f64::from));
        let mut push = |resource, limit: Option<f64>, peak: &dyn Fn(&RunResult) -> Reached| {
            rows.extend(limit.map(|limit| worst(result, service, resource, limit, peak)));
        };
        push("cpu", cores, &|run| peak_cores(plan, run, service));
        push("slots", slots, &|run| {
            let peak = run.services[service].peak_slots;
            (peak.value as f64, peak.at_ns)
        });
        push("queue", config.queue_limit.map(f64::from), &|run| {
            let peak = run.services[service].peak_queue;
            (peak.value as f64, peak.at_ns)
        });
    }
    rows
}

/// Returns the rows that have a margin, the smallest first, in the order of [`dependencies`] among
/// equals.
pub fn nearest_limits(result: &StudyResult) -> Vec<DependencyRow> {
    let mut rows = dependencies(result);
    rows.retain(|row| row.margin.is_some());
    rows.sort_by(|a, b| a.margin.unwrap_or(1.0).total_cmp(&b.margin.unwrap_or(1.0)));
    rows
}

fn worst(
    result: &StudyResult,
    service: usize,
    resource: &'static str,
    limit: f64,
    peak: &dyn Fn(&RunResult) -> Reached,
) -> DependencyRow {
    let mut worst: Option<(Reached, u32)> = None;
    for run in &result.runs {
        let reached = peak(run);
        if worst.is_none_or(|((value, _), _)| reached.0 > value) {
            worst = Some((reached, run.replication));
        }
    }
    let peak_use = worst.map(|((value, _), _)| value);
    DependencyRow {
        service,
        resource,
        limit,
        peak_use,
        margin: peak_use.and_then(|value| quotient(value, limit)).map(|used| 1.0 - used),
        at_ns: worst.filter(|((value, _), _)| *value > 0.0).map(|((_, at), _)| at),
        replication: worst.map(|(_, replication)| replication),
    }
}

/// Returns the highest interval mean of cores used, over intervals that reach into the period.
fn peak_cores(plan: &Plan, run: &RunResult, service: usize) -> Reached {
    let mut peak = (0.0, 0);
    for (i, used) in run.service_series[service].cpu_milli_ns.iter().enumerate() {
        let start = plan.interval_ns.saturating_mul(i as u64);
        let end = start.saturating_add(plan.interval_ns).min(plan.duration_ns);
        let cores = quotient(used.0 as f64 / 1000.0, end.saturating_sub(start) as f64).unwrap_or(0.0);
        if end > plan.warmup_ns && cores > peak.0 {
            peak = (cores, start);
        }
    }
    peak
}
