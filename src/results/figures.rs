//! The figures of one replication and of a study: service x class, each figure one column.

use crate::results::column::quotient;
use crate::results::elasticity::Elasticity;
use crate::results::fleet_mean::{billed_within, milli, ready_within};
use crate::results::{
    Aggregator, Column, Kind, Load, MeanServer, NodeTotals, Plan, PoolPlan, RunResult, Scaling, StudyResult,
};
use crate::stats::{Histogram, Interval};
use crate::workload::Outcome;

const NS_PER_S: f64 = 1e9;
const NS_PER_MS: f64 = 1e6;
const NS_PER_HOUR: f64 = 3.6e12;

/// The percentiles among the columns, as shares.
const PERCENTILES: [f64; 5] = [0.5, 0.9, 0.95, 0.99, 0.999];

/// What figures are about: a service and one of its classes, or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Index of the service.
    pub service: usize,
    /// Index of the row; `None` is all classes of the service.
    pub row: Option<usize>,
}

impl Subject {
    /// Returns every subject of a plan, in order: per service all classes first, then each.
    pub fn all(plan: &Plan) -> Vec<Self> {
        let of_service = |service| {
            let whole = std::iter::once(Self { service, row: None });
            whole.chain(plan.rows_of(service).map(move |row| Self { service, row: Some(row) }))
        };
        (0..plan.services.len()).flat_map(of_service).collect()
    }

    /// Returns the rows it covers.
    pub fn rows(self, plan: &Plan) -> std::ops::Range<usize> {
        self.row.map_or_else(|| plan.rows_of(self.service), |row| row..row + 1)
    }

    /// Returns the name of its class; `*` for all.
    pub fn class_name(self, plan: &Plan) -> &str {
        self.row.map_or("*", |row| &plan.classes[plan.rows[row].class])
    }
}

/// What the figures of one subject in one replication are made of, over [warm-up, end).
#[derive(Clone, Debug, Default)]
pub struct Facts {
    offered: u64,
    outcomes: [u64; 6],
    in_flight_end: u64,
    dispatched: u64,
    latency: Histogram,
    /// At the shares of [`PERCENTILES`].
    percentiles_ns: [Option<u64>; PERCENTILES.len()],
    latency_sum_ns: u128,
    latency_max_ns: u64,
    period_ns: f64,
    /// Mean servers in rotation.
    ready: f64,
    scaling: Scaling,
    /// Of the service as a whole; `None` for a class.
    whole: Whole,
}

/// Figures that only a service as a whole has.
#[derive(Clone, Copy, Debug, Default)]
struct Whole {
    max_over_mean: Option<f64>,
    max_over_mean_per_capacity: Option<f64>,
    cpu_utilization: Option<f64>,
    slot_utilization: Option<f64>,
    server_hours: Option<f64>,
    cost: Option<f64>,
    cost_wasted: Option<f64>,
    server_hours_billed: Option<f64>,
    /// Mean servers wanted.
    desired: Option<f64>,
    availability: Option<f64>,
    elasticity: Elasticity,
}

/// The columns of `summary.csv`, without its texts.
pub static SUMMARY: [Column<Facts>; 38] = [
    Column::new("offered", |f| Some(f.offered as f64)),
    Column::new(Outcome::COLUMNS[0], |f| Some(f.outcomes[0] as f64)),
    Column::new(Outcome::COLUMNS[1], |f| Some(f.outcomes[1] as f64)),
    Column::new(Outcome::COLUMNS[2], |f| Some(f.outcomes[2] as f64)),
    Column::new(Outcome::COLUMNS[3], |f| Some(f.outcomes[3] as f64)),
    Column::new(Outcome::COLUMNS[4], |f| Some(f.outcomes[4] as f64)),
    Column::new(Outcome::COLUMNS[5], |f| Some(f.outcomes[5] as f64)),
    Column::new("in_flight_end", |f| Some(f.in_flight_end as f64)),
    Column::new("goodput_per_s", |f| quotient(f.completed() as f64 * NS_PER_S, f.period_ns)),
    Column { name: "latency_mean_ms", figure: Facts::latency_mean_ms, kind: Kind::MeanLatency },
    Column::latency("p50_ms", |f| f.percentiles_ns[0].map(ms)),
    Column::latency("p90_ms", |f| f.percentiles_ns[1].map(ms)),
    Column::latency("p95_ms", |f| f.percentiles_ns[2].map(ms)),
    Column::latency("p99_ms", |f| f.percentiles_ns[3].map(ms)),
    Column::latency("p999_ms", |f| f.percentiles_ns[4].map(ms)),
    Column::latency("max_ms", |f| (f.completed() > 0).then_some(f.latency_max_ns as f64 / NS_PER_MS)),
    Column::new("load_ratio", |f| quotient(f.dispatched as f64, f.ready)),
    Column::new("load_ratio_max_over_mean", |f| f.whole.max_over_mean),
    Column::new("scaling_ratio", |f| f.scaling.larger()),
    Column::new("cpu_utilization", |f| f.whole.cpu_utilization),
    Column::new("slot_utilization", |f| f.whole.slot_utilization),
    Column::new("offered_utilization", |f| f.scaling.larger().and_then(|ratio| quotient(ratio, f.ready))),
    Column::new("server_hours", |f| f.whole.server_hours),
    Column::new("cost", |f| f.whole.cost),
    Column::new("load_ratio_max_over_mean_per_capacity", |f| f.whole.max_over_mean_per_capacity),
    Column::new("offered_cpu_utilization", |f| f.scaling.cpu.and_then(|ratio| quotient(ratio, f.ready))),
    Column::new("offered_slot_utilization", |f| f.scaling.slots.and_then(|ratio| quotient(ratio, f.ready))),
    Column::new("offered_per_s", |f| quotient(f.offered as f64 * NS_PER_S, f.period_ns)),
    Column::new("servers_ready", |f| f.whole.server_hours.map(|_| f.ready)),
    Column::new("servers_desired", |f| f.whole.desired),
    Column::new("availability", |f| f.whole.availability),
    Column::new("server_hours_billed", |f| f.whole.server_hours_billed),
    Column::new("cost_wasted", |f| f.whole.cost_wasted),
    Column::new("under_provisioned_share", |f| f.whole.elasticity.under_share),
    Column::new("under_provisioned_servers", |f| f.whole.elasticity.under_servers),
    Column::new("over_provisioned_share", |f| f.whole.elasticity.over_share),
    Column::new("over_provisioned_servers", |f| f.whole.elasticity.over_servers),
    Column::new("reversals_per_h", |f| f.whole.elasticity.reversals_per_h),
];

impl Facts {
    /// Gathers what the figures of a subject are made of.
    pub fn new(plan: &Plan, run: &RunResult, subject: Subject) -> Self {
        let period_ns = (plan.duration_ns - plan.warmup_ns) as f64;
        let ready_ns = run.services[subject.service].ready_ns.0 as f64;
        let mut facts =
            Self { period_ns, ready: quotient(ready_ns, period_ns).unwrap_or(0.0), ..Self::default() };
        for row in &run.rows[subject.rows(plan)] {
            facts.offered += row.offered;
            for (sum, count) in facts.outcomes.iter_mut().zip(row.outcomes) {
                *sum += count;
            }
            facts.in_flight_end += row.in_flight_end;
            facts.dispatched += row.dispatched;
            facts.latency.merge(&row.latency);
            facts.latency_sum_ns += row.latency_sum_ns.0;
            facts.latency_max_ns = facts.latency_max_ns.max(row.latency_max_ns);
        }
        facts.percentiles_ns = facts.latency.quantiles(PERCENTILES, facts.latency.count());
        let loads = subject.rows(plan).map(|row| Load {
            row: &plan.rows[row],
            offered: run.rows[row].offered,
            size_sum_micros: run.rows[row].size_sum_micros.0,
        });
        facts.scaling = MeanServer::of(&plan.services[subject.service]).scaling(loads, period_ns);
        if subject.row.is_none() {
            facts.whole = Whole::new(plan, run, subject.service);
        }
        facts
    }

    /// Tells whether a figure is one that only services as a whole have.
    pub(super) fn of_whole_alone(column: &Column<Self>) -> bool {
        let of_class = Self {
            outcomes: [1; 6],
            percentiles_ns: [Some(1); PERCENTILES.len()],
            period_ns: 1.0,
            ready: 1.0,
            scaling: Scaling { cpu: Some(1.0), slots: Some(1.0) },
            ..Self::default()
        };
        (column.figure)(&of_class).is_none()
    }

    fn completed(&self) -> u64 {
        self.outcomes[Outcome::Completed as usize]
    }

    fn latency_mean_ms(&self) -> Option<f64> {
        quotient(self.latency_sum_ns as f64 / NS_PER_MS, self.completed() as f64)
    }

    fn percentile_ms(&self, quantile: f64) -> Option<f64> {
        self.latency.quantile(quantile, 0).map(ms)
    }

    /// Returns whether CPU or slots bind the scaling ratio.
    pub fn binding(&self) -> Option<&'static str> {
        self.scaling.binding()
    }
}

fn ms(ns: u64) -> f64 {
    ns as f64 / NS_PER_MS
}

impl Whole {
    fn new(plan: &Plan, run: &RunResult, service: usize) -> Self {
        let (pools, used) = (&plan.services[service].pools, &run.services[service]);
        let (mut ready_ns, mut billed_ns) = (vec![0_u128; pools.len()], vec![0_u128; pools.len()]);
        for server in run.servers.iter().filter(|server| server.service == service) {
            ready_ns[server.pool] += u128::from(ready_within(server, plan.warmup_ns, plan.duration_ns));
            let least = pools[server.pool].billed_at_least_ns;
            billed_ns[server.pool] +=
                u128::from(billed_within(server, least, plan.warmup_ns, plan.duration_ns));
        }
        let pools = || pools.iter().zip(&ready_ns);
        let milli_ns: Option<u128> = pools().map(|(pool, &ns)| Some(u128::from(milli(pool)?) * ns)).sum();
        let slot_ns: Option<u128> = pools().map(|(pool, &ns)| Some(u128::from(pool.concurrency?) * ns)).sum();
        let hours = |ns: u128| ns as f64 / NS_PER_HOUR;
        let node_ns = |pool: usize| -> u128 {
            let own = run.nodes.iter().filter(|node| (node.service, node.pool) == (service, pool));
            let within = |node: &NodeTotals| {
                node.gone_ns.min(plan.duration_ns).saturating_sub(node.ordered_ns.max(plan.warmup_ns))
            };
            own.map(|node| u128::from(within(node))).sum()
        };
        let period = hours(u128::from(plan.duration_ns - plan.warmup_ns));
        // What a pool costs and what of it was for servers that did not serve.
        let paid = |(index, (pool, &ready)): (usize, (&PoolPlan, &u128))| -> Option<(f64, f64)> {
            let (billed, held) = (hours(billed_ns[index]), hours(ready));
            let (paid, used) = match (pool.node_price, pool.price_per_hour) {
                (Some(node), _) => {
                    let seat = node.per_hour / f64::from(node.servers.max(1));
                    (hours(node_ns(index)) * node.per_hour, held * seat)
                }
                (None, Some(price)) => (price * billed, price * held),
                (None, None) => return (billed == 0.0).then_some((0.0, 0.0)),
            };
            let warm = pool.warm_price_per_hour.unwrap_or(0.0) * period;
            Some((paid + warm, (paid - used).max(0.0) + warm))
        };
        // A sum that leaves out pools without a price would look like a bargain.
        let sums: Option<Vec<(f64, f64)>> = pools().enumerate().map(paid).collect();
        let sums = sums.filter(|_| plan.services[service].is_priced());
        let cost = |idle: bool| {
            let pools = sums.as_ref()?.iter();
            Some(pools.map(|&(paid, wasted)| if idle { wasted } else { paid }).sum())
        };
        let desired = used.desired_ns.0 as f64;
        Self {
            max_over_mean: max_over_mean(plan, run, service, false),
            max_over_mean_per_capacity: max_over_mean(plan, run, service, true),
            cpu_utilization: milli_ns.and_then(|all| quotient(used.cpu_milli_ns.0 as f64, all as f64)),
            slot_utilization: slot_ns.and_then(|all| quotient(used.slot_ns.0 as f64, all as f64)),
            server_hours: Some(hours(ready_ns.iter().sum())),
            cost: cost(false),
            cost_wasted: cost(true),
            server_hours_billed: Some(hours(billed_ns.iter().sum())),
            desired: quotient(desired, (plan.duration_ns - plan.warmup_ns) as f64),
            elasticity: Elasticity::of(plan, run, service),
            availability: quotient(desired - used.missing_ns.0 as f64, desired),
        }
    }
}

/// Returns the largest over the mean of the requests sent to each server that was there for the
/// whole period, each divided by the server's capacity if `per_capacity`; `None` where nothing
/// was sent, or capacities cannot be compared.
fn max_over_mean(plan: &Plan, run: &RunResult, service: usize, per_capacity: bool) -> Option<f64> {
    let pools = &plan.services[service].pools;
    let unlimited = pools.iter().filter(|pool| milli(pool).is_none()).count();
    if per_capacity && unlimited > 0 && unlimited < pools.len() {
        return None;
    }
    let whole_period = |server: &&crate::results::ServerTotals| {
        server.service == service && server.from_ns <= plan.warmup_ns && server.to_ns >= plan.duration_ns
    };
    let (mut largest, mut sum, mut servers) = (0.0_f64, 0.0, 0.0);
    for server in run.servers.iter().filter(whole_period) {
        let pool = &pools[server.pool];
        let weight = if per_capacity { pool.millicores as f64 * pool.speed } else { 1.0 };
        let requests = server.requests as f64 / weight;
        largest = largest.max(requests);
        sum += requests;
        servers += 1.0;
    }
    quotient(largest * servers, sum)
}

/// A row of `summary.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct SummaryRow {
    /// What it is about.
    pub subject: Subject,
    /// One entry per column of [`SUMMARY`].
    pub figures: Vec<Option<Interval>>,
    /// What binds the scaling ratio; both, joined by `|`, where replications differ.
    pub binding: String,
    /// Why some figures have no interval or no value; mostly empty.
    pub note: String,
}

impl SummaryRow {
    /// Returns a figure by the name of its column.
    pub fn figure(&self, name: &str) -> Option<Interval> {
        let index = SUMMARY.iter().position(|column| column.name == name)?;
        self.figures[index]
    }
}

/// Returns the figures of every service x class, as means over replications with intervals.
pub fn summary(result: &StudyResult) -> Vec<SummaryRow> {
    let mut aggregator = Aggregator::new(result);
    let row = |subject: Subject| {
        let facts: Vec<Facts> =
            result.runs.iter().map(|run| Facts::new(&result.plan, run, subject)).collect();
        let service = &result.plan.services[subject.service];
        let figure = |column: &Column<Facts>| {
            let interval = aggregator.column(column, &facts)?;
            Some(if column.kind.is_bounded(service) { interval } else { interval.without_bounds() })
        };
        let figures = SUMMARY.iter().map(figure).collect();
        SummaryRow { subject, figures, binding: bindings(&facts), note: note(&result.plan, subject) }
    };
    Subject::all(&result.plan).into_iter().map(row).collect()
}

/// Returns the latencies, in ms, at shares of the completed requests (0 to 1), as means over
/// replications with intervals; `None` where a replication has too few requests to tell: fewer
/// than one is expected beyond the share.
pub fn latency_at(result: &StudyResult, subject: Subject, shares: &[f64]) -> Vec<Option<Interval>> {
    let mut aggregator = Aggregator::new(result);
    let facts: Vec<Facts> = result.runs.iter().map(|run| Facts::new(&result.plan, run, subject)).collect();
    let growing = result.plan.services[subject.service].growing;
    let at = |&share: &f64| {
        let resolved = |facts: &&Facts| facts.completed() as f64 * (1.0 - share) >= 1.0 - 1e-9;
        let value = |facts: &Facts| Some(facts).filter(resolved).and_then(|facts| facts.percentile_ms(share));
        let figure = aggregator.complete(facts.iter().map(value))?;
        Some(if growing { figure.without_bounds() } else { figure })
    };
    shares.iter().map(at).collect()
}

fn bindings(facts: &[Facts]) -> String {
    let mut names: Vec<_> = facts.iter().filter_map(Facts::binding).collect();
    names.sort_unstable();
    names.dedup();
    names.join("|")
}

fn note(plan: &Plan, subject: Subject) -> String {
    let service = &plan.services[subject.service];
    let mut notes = Vec::new();
    if service.growing {
        notes.push(
            "growing: the offered load is at least what the fleet serves, latency has no limit".to_owned(),
        );
    }
    notes.extend(service.no_mean_interval.clone());
    let unpriced: Vec<_> =
        service.pools.iter().filter(|pool| !pool.is_priced()).map(|pool| &*pool.name).collect();
    if subject.row.is_none() && !unpriced.is_empty() && unpriced.len() < service.pools.len() {
        notes.push(format!("no cost: no price for {}", unpriced.join(", ")));
    }
    notes.join("; ")
}

#[cfg(test)]
mod tests;
