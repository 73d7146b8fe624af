//! A service's fleet as the ratios see it: the mean server, and capacity over time.

use crate::results::{PoolPlan, RowPlan, RunResult, ServerTotals, ServicePlan, UNLIMITED_MILLICORES};
use crate::time::NANOS_PER_SEC;

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

/// Returns how long a server is billed within [`from`, `to`), all in nanoseconds: from its order to its
/// end, by the second and for `least` at least. What its end adds falls due at its end.
pub(super) fn billed_within(server: &ServerTotals, least: u64, from: u64, to: u64) -> u64 {
    let within = server.gone_ns.min(to).saturating_sub(server.ordered_ns.max(from));
    if server.gone_ns >= to || server.gone_ns < from {
        return within;
    }
    let life = server.gone_ns - server.ordered_ns;
    within + life.next_multiple_of(NANOS_PER_SEC).max(least) - life
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
pub(super) fn spread(
    parts: impl Iterator<Item = (u64, u64, u64)>,
    interval: u64,
    duration: u64,
) -> Vec<u128> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Bits, Key};

    #[test]
    fn the_larger_ratio_binds_and_rounding_does_not_choose() {
        let table = [
            (Some(2.0), Some(1.0), Some(2.0), Some("cpu")),
            (Some(1.0), Some(2.0), Some(2.0), Some("slots")),
            (Some(0.3), Some(0.1 + 0.2), Some(0.1 + 0.2), Some("cpu")),
            (Some(1.0), None, Some(1.0), Some("cpu")),
            (None, Some(1.0), Some(1.0), Some("slots")),
            (None, None, None, None),
        ];
        for (cpu, slots, larger, binding) in table {
            let scaling = Scaling { cpu, slots };
            assert_eq!((scaling.larger(), scaling.binding()), (larger, binding), "{scaling:?}");
        }
    }

    fn service(pools: &[(u32, Option<u32>, u64, f64)]) -> ServicePlan {
        let pool = |&(replicas, concurrency, millicores, speed): &(u32, Option<u32>, u64, f64)| PoolPlan {
            name: "pool".into(),
            replicas,
            concurrency,
            millicores,
            speed,
            price_per_hour: None,
            node_price: None,
            warm_price_per_hour: None,
            billed_at_least_ns: 0,
        };
        ServicePlan {
            version: None,
            name: "service".into(),
            pools: pools.iter().map(pool).collect(),
            queue_limit: None,
            central_queue: false,
            growing: false,
            no_mean_interval: None,
        }
    }

    #[test]
    fn the_mean_server_is_weighted_by_replicas() {
        let mean = |cores, slots, speed| MeanServer { cores, slots, speed };
        let unlimited = UNLIMITED_MILLICORES;
        // 3 of 2 cores at speed 1 and 1 of 8 at speed 2: (6 + 16) / 4 cores, (12 + 8) / 4 slots.
        let table = [
            (
                vec![(3, Some(4), 2_000, 1.0), (1, Some(8), 8_000, 2.0)],
                mean(Some(5.5), Some(5.0), Some(1.25)),
            ),
            (vec![(3, Some(4), 2_000, 1.0), (1, None, 8_000, 2.0)], mean(Some(5.5), None, Some(1.25))),
            (vec![(1, Some(4), unlimited, 1.0)], mean(None, Some(4.0), Some(1.0))),
            (vec![(0, Some(4), 2_000, 1.0)], mean(None, None, None)),
            (vec![], mean(None, None, None)),
        ];
        for (pools, expected) in table {
            assert_eq!(MeanServer::of(&service(&pools)), expected, "{pools:?}");
        }
    }

    /// The c-server queue of theory: 30 requests of 2 s in 10 s keep 6 servers of one slot busy,
    /// whichever of CPU and slots is asked.
    #[test]
    fn without_waiting_cpu_and_slots_tell_the_same() {
        let row = RowPlan { service: 0, class: 0, work_mean_ns: Some(2e9), wait_mean_ns: Some(0.0) };
        let load = Load { row: &row, offered: 30, size_sum_micros: 30_000_000 };
        for (slots, millicores, expected) in [(1, 1_000, 6.0), (3, 3_000, 2.0)] {
            let server = MeanServer::of(&service(&[(7, Some(slots), millicores, 1.0)]));
            let scaling = server.scaling([load].into_iter(), 10e9);
            assert_eq!((scaling.cpu, scaling.slots), (Some(expected), Some(expected)));
        }
    }

    #[test]
    fn ready_time_is_clipped_to_the_period() {
        let table = [(0, 30, 20), (0, 15, 5), (15, 40, 15), (0, 10, 0), (30, 50, 0), (5, 8, 0), (12, 13, 1)];
        for (from_ns, to_ns, expected) in table {
            let server = ServerTotals { from_ns, to_ns, ..ServerTotals::default() };
            assert_eq!(ready_within(&server, 10, 30), expected, "{from_ns} to {to_ns}");
        }
    }

    #[test]
    fn bills_run_from_order_to_end_by_the_second() {
        let second = NANOS_PER_SEC;
        // Ordered, gone, least -> billed within [10 s, 30 s), in seconds.
        let table = [
            (0.0, 30.0, 0.0, 20.0),
            (12.0, 20.0, 0.0, 8.0),
            (12.0, 20.25, 0.0, 9.0),
            (12.0, 20.0, 60.0, 60.0),
            // One that goes on after the end is not billed for what comes then.
            (29.5, 30.0, 60.0, 0.5),
            // Half of its minute fell before.
            (5.0, 15.0, 60.0, 5.0 + 50.0),
            (0.0, 9.5, 60.0, 0.0),
        ];
        for (ordered, gone, least, expected) in table {
            let ns = |seconds: f64| (seconds * second as f64) as u64;
            let server =
                ServerTotals { ordered_ns: ns(ordered), gone_ns: ns(gone), ..ServerTotals::default() };
            let billed = billed_within(&server, ns(least), ns(10.0), ns(30.0));
            assert_eq!(billed, ns(expected), "{ordered} to {gone}, at least {least}");
        }
    }

    /// Against the obvious sum over all servers in every interval.
    #[test]
    fn capacity_is_spread_exactly() {
        let mut bits = Key::from_seed(11).stream();
        let mut below = |limit: u64| bits.next_bits() % limit;
        for round in 0..500 {
            let (interval, duration) = (1 + below(9), 1 + below(60));
            let part = |_| {
                let from = below(duration + 3);
                (from, (from + below(30)).min(duration), below(5))
            };
            let parts: Vec<(u64, u64, u64)> = (0..8).map(part).collect();
            let found = spread(parts.iter().copied(), interval, duration);
            let plain = |i: u64| -> u128 {
                let (start, end) = (i * interval, (i * interval + interval).min(duration));
                let overlap = |&(from, to, weight): &(u64, u64, u64)| {
                    u128::from(weight * to.min(end).saturating_sub(from.max(start)))
                };
                parts.iter().map(overlap).sum()
            };
            let expected: Vec<u128> = (0..duration.div_ceil(interval)).map(plain).collect();
            assert_eq!(found, expected, "round {round}: {parts:?} every {interval} to {duration}");
        }
    }
}
