//! The figures of one server, matched over replications by launch ordinal.

use crate::results::column::quotient;
use crate::results::fleet_mean::{milli, ready_within};
use crate::results::{Aggregator, Column, Plan, RunResult, ServerTotals, StudyResult};
use crate::stats::Interval;

/// What the figures of a server in one replication are made of, over [warm-up, end).
#[derive(Clone, Copy, Debug)]
pub struct ServerFacts {
    ordered_ns: u64,
    from_ns: u64,
    to_ns: u64,
    gone_ns: u64,
    failed: bool,
    requests: u64,
    peak_queue: u64,
    cpu_utilization: Option<f64>,
    slot_utilization: Option<f64>,
}

/// The columns of `servers.csv`, without names.
pub static SERVERS: [Column<ServerFacts>; 9] = [
    Column::new("from_s", |s| Some(s.from_ns as f64 / 1e9)),
    Column::new("to_s", |s| Some(s.to_ns as f64 / 1e9)),
    Column::new("requests", |s| Some(s.requests as f64)),
    Column::new("cpu_utilization", |s| s.cpu_utilization),
    Column::new("slot_utilization", |s| s.slot_utilization),
    Column::new("peak_queue", |s| Some(s.peak_queue as f64)),
    Column::new("ordered_s", |s| Some(s.ordered_ns as f64 / 1e9)),
    Column::new("gone_s", |s| Some(s.gone_ns as f64 / 1e9)),
    Column::new("failed", |s| Some(f64::from(u8::from(s.failed)))),
];

/// A row of `servers.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerRow {
    /// Launch ordinal within a replication, from 1.
    pub ordinal: usize,
    /// Index of the service.
    pub service: usize,
    /// Index of the pool within the service.
    pub pool: usize,
    /// Index of the zone, where pools name zones.
    pub zone: Option<usize>,
    /// The version it ran last; `initial` where that of the start has no name.
    pub version: String,
    /// One entry per column of [`SERVERS`].
    pub figures: Vec<Option<Interval>>,
}

/// What that of the start is called where it has no name.
const INITIAL: &str = "initial";

/// Returns one row per server. Where replications launch different servers under one ordinal, or they run different
/// versions, each of them has a row, over the replications that launched it.
pub fn servers(result: &StudyResult) -> Vec<ServerRow> {
    let most = result.runs.iter().map(|run| run.servers.len()).max().unwrap_or(0);
    let mut aggregator = Aggregator::new(result);
    let mut rows = Vec::with_capacity(most);
    let (mut identities, mut samples) = (Vec::new(), Vec::new());
    let plan = &result.plan;
    for index in 0..most {
        let launched = || result.runs.iter().filter_map(|run| Some((run, run.servers.get(index)?)));
        identities.clear();
        for (run, server) in launched() {
            if !identities.contains(&identity(plan, run, server)) {
                identities.push(identity(plan, run, server));
            }
        }
        for &same @ (service, pool, zone, version) in &identities {
            samples.clear();
            let same = launched().filter(|(run, server)| identity(plan, run, server) == same);
            samples.extend(same.map(|(_, server)| ServerFacts::new(plan, server)));
            let figures = aggregator.all(&SERVERS, &samples);
            let version = version.to_owned();
            rows.push(ServerRow { ordinal: index + 1, service, pool, zone, version, figures });
        }
    }
    rows
}

/// Service, pool, zone and version of a server.
type Identity<'a> = (usize, usize, Option<usize>, &'a str);

fn identity<'a>(plan: &'a Plan, run: &'a RunResult, server: &ServerTotals) -> Identity<'a> {
    (server.service, server.pool, server.zone, version(plan, run, server))
}

/// Returns the name of the version that a server ran last.
fn version<'a>(plan: &'a Plan, run: &'a RunResult, server: &ServerTotals) -> &'a str {
    match (server.version as usize).checked_sub(1) {
        None => plan.services[server.service].version.as_deref().unwrap_or(INITIAL),
        Some(release) => run.versions.get(release).map_or("", |name| name),
    }
}

impl ServerFacts {
    /// Gathers what the figures of a server are made of.
    pub fn new(plan: &Plan, server: &ServerTotals) -> Self {
        let pool = &plan.services[server.service].pools[server.pool];
        let ready = ready_within(server, plan.warmup_ns, plan.duration_ns) as f64;
        let share = |used: u128, capacity: Option<f64>| {
            capacity.and_then(|capacity| quotient(used as f64, capacity * ready))
        };
        Self {
            ordered_ns: server.ordered_ns,
            from_ns: server.from_ns,
            to_ns: server.to_ns,
            gone_ns: server.gone_ns,
            failed: server.failed,
            requests: server.requests,
            peak_queue: server.peak_queue,
            cpu_utilization: share(server.cpu_milli_ns.0, milli(pool).map(|milli| milli as f64)),
            slot_utilization: share(server.slot_ns.0, pool.concurrency.map(f64::from)),
        }
    }
}
