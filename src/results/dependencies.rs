//! How near each limited resource of a service came to its limit, in the worst replication.

use crate::results::column::quotient;
use crate::results::fleet_mean::{milli, spread};
use crate::results::{Peak, Plan, PoolPlan, RunResult, ServerTotals, ServicePlan, StudyResult};

/// A row of `dependencies.csv`: service x limited resource.
#[derive(Clone, Debug, PartialEq)]
pub struct DependencyRow {
    /// Index of the service.
    pub service: usize,
    /// `cpu` (cores), `slots` or `queue` (requests).
    pub resource: &'static str,
    /// The limit: of the servers there were then, draining ones too; of one server's queue unless it is central.
    pub limit: f64,
    /// The use that came nearest to the limit: CPU as the mean of an interval, others the largest at an
    /// instant. `None` without replications.
    pub peak_use: Option<f64>,
    /// 1 - peak / limit; `None` for a limit of 0.
    pub margin: Option<f64>,
    /// When that was, in nanoseconds; `None` for a peak of 0.
    pub at_ns: Option<u64>,
    /// The replication it happened in.
    pub replication: Option<u32>,
}

/// A peak, the limit that held then, and when it was.
#[derive(Clone, Copy, Debug)]
struct Reached {
    used: f64,
    limit: f64,
    at_ns: u64,
}

impl Reached {
    fn new(peak: Peak, limit: f64) -> Self {
        Self { used: peak.value as f64, limit, at_ns: peak.at_ns }
    }

    /// Returns the share of the limit; what is used where there is none at all.
    fn share(&self) -> f64 {
        quotient(self.used, self.limit).unwrap_or(if self.used > 0.0 { f64::INFINITY } else { 0.0 })
    }
}

/// A limited resource of a service.
pub(super) struct Limited {
    /// Index of the service.
    pub(super) service: usize,
    /// `cpu`, `slots` or `queue`.
    pub(super) resource: &'static str,
    /// The limit with the servers of the start.
    limit: f64,
    peak: Peaks,
}

/// How the peak of one replication is found.
type Peaks = fn(&Plan, &RunResult, &Limited) -> Reached;

impl Limited {
    /// Returns every limited resource of a plan, in order.
    pub(super) fn all(plan: &Plan) -> Vec<Self> {
        let of_service = |(service, config): (usize, &ServicePlan)| {
            let sum = |each: &dyn Fn(&PoolPlan) -> Option<f64>| -> Option<f64> {
                config.pools.iter().map(|pool| Some(each(pool)? * f64::from(pool.replicas))).sum()
            };
            let cores = sum(&|pool| milli(pool).map(|milli| milli as f64 / 1000.0));
            let slots = sum(&|pool| pool.concurrency.map(f64::from));
            let known: [(_, _, Peaks); 3] = [
                ("cpu", cores, peak_cores),
                ("slots", slots, peak_slots),
                ("queue", config.queue_limit.map(f64::from), |_, run, of| {
                    Reached::new(run.services[of.service].peak_queue, of.limit)
                }),
            ];
            known.into_iter().filter_map(move |(resource, limit, peak)| {
                Some(Self { service, resource, limit: limit?, peak })
            })
        };
        plan.services.iter().enumerate().flat_map(of_service).collect()
    }

    /// Returns how much of the limit was used at most in one replication; infinite where there was none.
    pub(super) fn peak_share(&self, plan: &Plan, run: &RunResult) -> f64 {
        (self.peak)(plan, run, self).share()
    }

    fn worst(&self, result: &StudyResult) -> DependencyRow {
        let mut worst: Option<(Reached, u32)> = None;
        for run in &result.runs {
            let reached = (self.peak)(&result.plan, run, self);
            if worst.is_none_or(|(before, _)| reached.share() > before.share()) {
                worst = Some((reached, run.replication));
            }
        }
        let reached = worst.map(|(reached, _)| reached);
        DependencyRow {
            service: self.service,
            resource: self.resource,
            limit: reached.map_or(self.limit, |reached| reached.limit),
            peak_use: reached.map(|reached| reached.used),
            margin: reached.and_then(|reached| quotient(reached.used, reached.limit)).map(|used| 1.0 - used),
            at_ns: reached.filter(|reached| reached.used > 0.0).map(|reached| reached.at_ns),
            replication: worst.map(|(_, replication)| replication),
        }
    }
}

/// Returns one row per service and limited resource.
pub fn dependencies(result: &StudyResult) -> Vec<DependencyRow> {
    Limited::all(&result.plan).iter().map(|limited| limited.worst(result)).collect()
}

/// Returns the rows that have a margin, the smallest first, in the order of [`dependencies`] among
/// equals.
pub fn nearest_limits(result: &StudyResult) -> Vec<DependencyRow> {
    let mut rows = dependencies(result);
    rows.retain(|row| row.margin.is_some());
    rows.sort_by(|a, b| a.margin.unwrap_or(1.0).total_cmp(&b.margin.unwrap_or(1.0)));
    rows
}

/// Returns the interval mean of cores used that comes nearest to the cores there were, over intervals that
/// reach into the period; the limit of the start stands where nothing was used.
fn peak_cores(plan: &Plan, run: &RunResult, &Limited { service, limit, .. }: &Limited) -> Reached {
    let cores = cores_there(plan, run, service);
    let mut peak = Reached { used: 0.0, limit, at_ns: 0 };
    for (i, used) in run.service_series[service].cpu_milli_ns.iter().enumerate() {
        let start = plan.interval_ns.saturating_mul(i as u64);
        let end = start.saturating_add(plan.interval_ns).min(plan.duration_ns);
        let mean = |milli_ns: u128| {
            quotient(milli_ns as f64 / 1000.0, end.saturating_sub(start) as f64).unwrap_or(0.0)
        };
        let reached = Reached { used: mean(used.0), limit: mean(cores[i]), at_ns: start };
        if end > plan.warmup_ns && reached.limit > 0.0 && reached.share() > peak.share() {
            peak = reached;
        }
    }
    peak
}

/// Returns the CPU of the servers there were, interval by interval (thousandths of a core x ns).
fn cores_there(plan: &Plan, run: &RunResult, service: usize) -> Vec<u128> {
    let pools = &plan.services[service].pools;
    let servers = run.servers.iter().filter(|server| server.service == service);
    let lives = servers.map(|server| {
        (server.from_ns, server.gone_ns.min(plan.duration_ns), milli(&pools[server.pool]).unwrap_or(0))
    });
    spread(lives, plan.interval_ns, plan.duration_ns)
}

fn peak_slots(plan: &Plan, run: &RunResult, &Limited { service, limit, .. }: &Limited) -> Reached {
    let peak = run.services[service].peak_slots;
    let there = slots_at(plan, run, service, peak.at_ns);
    Reached::new(peak, if there > 0.0 { there } else { limit })
}

/// Returns the slots of the servers there were at an instant, one that ends then included.
fn slots_at(plan: &Plan, run: &RunResult, service: usize, at_ns: u64) -> f64 {
    let pools = &plan.services[service].pools;
    let there = |server: &&ServerTotals| {
        server.service == service && server.from_ns <= at_ns && server.gone_ns >= at_ns
    };
    let slots = run.servers.iter().filter(there).filter_map(|server| pools[server.pool].concurrency);
    slots.map(f64::from).sum()
}
