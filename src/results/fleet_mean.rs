//! A service's fleet as the ratios see it: the mean server, and capacity over time.

use crate::results::{PoolPlan, RowPlan, RunResult, ServerTotals, ServicePlan, UNLIMITED_MILLICORES};

/// The mean server of a fleet, weighted by configured replicas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanServer {
    /// Cores x speed; `None` where CPU never is short in some pool.
    pub cores: Option<f64>,
    /// Slots; `None` where some pool has no limit.
    pub slots: Option<f64>,
    /// Speed; `None` without servers.
    pub speed: Option<f64>,
}

/// How many servers' worth of load: offered work / work of one mean server.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scaling {
    /// For CPU.
    pub cpu: Option<f64>,
    /// For slots.
    pub slots: Option<f64>,
}

/// What a row was offered.
#[derive(Clone, Copy, Debug)]
pub struct Load<'a> {
    /// The row.
    pub row: &'a RowPlan,
    /// Requests.
    pub offered: u64,
    /// Sum of their sizes, in millionths.
    pub size_sum_micros: u128,
}

impl MeanServer {
    /// Returns the mean server of a service.
    pub fn of(service: &ServicePlan) -> Self {
        let replicas: f64 = service.pools.iter().map(|pool| f64::from(pool.replicas)).sum();
        let mean = |figure: &dyn Fn(&PoolPlan) -> Option<f64>| {
            let terms = service.pools.iter().map(|pool| figure(pool).map(|f| f * f64::from(pool.replicas)));
            let sum: Option<f64> = terms.sum();
            sum.filter(|_| replicas > 0.0).map(|sum| sum / replicas)
        };
        Self {
            cores: mean(&|pool| milli(pool).map(|milli| milli as f64 / 1000.0 * pool.speed)),
            slots: mean(&|pool| pool.concurrency.map(f64::from)),
            speed: mean(&|pool| Some(pool.speed)),
        }
    }

    /// Returns the scaling ratio of what was offered within `period_ns` nanoseconds. Sizes
    /// multiply work only; callees count at their no-load latency, as `wait`.
    pub fn scaling<'a>(&self, loads: impl Iterator<Item = Load<'a>>, period_ns: f64) -> Scaling {
        let (mut cpu, mut held) = (Some(0.0), Some(0.0));
        for load in loads.filter(|load| load.offered > 0) {
            let work = load.row.work_mean_ns.map(|mean| mean * (load.size_sum_micros as f64 / 1e6));
            let wait = load.row.wait_mean_ns.map(|mean| mean * load.offered as f64);
            let hold = work.zip(wait).zip(self.speed).map(|((work, wait), speed)| work / speed + wait);
            cpu = cpu.zip(work).map(|(sum, work): (f64, f64)| sum + work);
            held = held.zip(hold).map(|(sum, hold): (f64, f64)| sum + hold);
        }
        let servers = |work: Option<f64>, one: Option<f64>| {
            work.zip(one).map(|(work, one)| work / period_ns / one).filter(|ratio| ratio.is_finite())
        };
        Scaling { cpu: servers(cpu, self.cores), slots: servers(held, self.slots) }
    }
}

impl Scaling {
    /// Returns the larger of the two, which binds.
    pub fn larger(&self) -> Option<f64> {
        match (self.cpu, self.slots) {
            (Some(cpu), Some(slots)) => Some(cpu.max(slots)),
            (cpu, slots) => cpu.or(slots),
        }
    }

    /// Returns the name of what binds; where both do, as in a queue of theory, `cpu`.
    pub fn binding(&self) -> Option<&'static str> {
        match (self.cpu, self.slots) {
            // A hair of tolerance: equal capacities must not be told apart by rounding.
            (Some(cpu), Some(slots)) if slots > cpu * (1.0 + 1e-12) => Some("slots"),
            (Some(_), _) => Some("cpu"),
            (None, Some(_)) => Some("slots"),
            (None, None) => None,
        }
    }
}

/// Returns the thousandths of a core of a pool's server; `None` where CPU never is short.
pub(super) fn milli(pool: &PoolPlan) -> Option<u64> {
    (pool.millicores < UNLIMITED_MILLICORES).then_some(pool.millicores)
}

/// Returns how long a server was in rotation within [`from`, `to`), all in nanoseconds.
pub(super) fn ready_within(server: &ServerTotals, from: u64, to: u64) -> u64 {
    server.to_ns.min(to).saturating_sub(server.from_ns.max(from))
}

/// The capacity of a service interval by interval: capacity x ns.
#[derive(Clone, Debug, Default)]
pub(super) struct CapacitySeries {
    /// Thousandths of a core x ns; `None` where CPU never is short.
    pub(super) milli: Option<Vec<u128>>,
    /// Slot x ns; `None` where some pool has no limit.
    pub(super) slots: Option<Vec<u128>>,
}

impl CapacitySeries {
    /// Adds up the servers of a service. One pass over servers, one over intervals: summing every
    /// server in every interval would take minutes for large fleets.
    pub(super) fn of(
        plan: &ServicePlan,
        service: usize,
        run: &RunResult,
        interval: u64,
        duration: u64,
    ) -> Self {
        let sum = |weight: &dyn Fn(&PoolPlan) -> Option<u64>| {
            let weights: Option<Vec<u64>> = plan.pools.iter().map(weight).collect();
            weights.map(|weights| {
                let servers = run.servers.iter().filter(|server| server.service == service);
                spread(
                    servers.map(|s| (s.from_ns, s.to_ns.min(duration), weights[s.pool])),
                    interval,
                    duration,
                )
            })
        };
        Self { milli: sum(&milli), slots: sum(&|pool| pool.concurrency.map(u64::from)) }
    }
}

/// Spreads weights over the intervals between their instants (from, to): weight x ns in each.
fn spread(parts: impl Iterator<Item = (u64, u64, u64)>, interval: u64, duration: u64) -> Vec<u128> {
    let intervals = duration.div_ceil(interval) as usize;
    let mut edges = vec![0_u128; intervals + 1];
    // Weights that begin or end a full interval; their running sum is the weight in force.
    let (mut up, mut down) = (vec![0_u128; intervals + 1], vec![0_u128; intervals + 1]);
    for (from, to, weight) in parts.filter(|(from, to, _)| from < to) {
        let weight = u128::from(weight);
        let (first, last) = ((from / interval) as usize, (to / interval) as usize);
        if first == last {
            edges[first] += weight * u128::from(to - from);
            continue;
        }
        edges[first] += weight * u128::from(interval - from % interval);
        edges[last] += weight * u128::from(to % interval);
        up[first + 1] += weight;
        down[last] += weight;
    }
    let mut force = 0;
    let full = |(i, edge): (usize, u128)| {
        force = force + up[i] - down[i];
        edge + force * u128::from(interval)
    };
    edges.into_iter().take(intervals).enumerate().map(full).collect()
}
