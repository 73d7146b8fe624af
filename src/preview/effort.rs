//! How many replications a verdict needs, and how large a study is.

use serde::Serialize;

use super::demand::Stream;
use crate::results::{ObjectivePlan, RowSeries, SERIES, ServerTotals, ServiceSeries};
use crate::scenario::Scenario;
use crate::stats::share_at_least;
use crate::time::SimTime;

/// Days without which nobody should believe a mean: Student's factor for five is 2.8, for two 12.7.
const USUAL: u32 = 5;
/// What the program takes before it has read anything, in bytes.
const BASE: f64 = 8e6;
/// Bytes of an entry of a row's and of a service's series: figures x their size.
const ROW_ENTRY: usize = 8 + 6 * 8 + 8 + 2 * 16 + 2 * 16;
const SERVICE_ENTRY: usize = 4 * 16 + 2 * 16;
/// Bytes of a row's latencies: a dozen octaves of 512 counts.
const LATENCIES: usize = 12 * 512 * 8;
/// Bytes of a cell of a table: mean and, with more than one replication, both ends of its interval.
const CELL: usize = 7;
/// Bytes of a server while it runs: slots, queue, rotation, its entry in the event list.
const RUNNING: usize = 400;

/// How many replications an objective needs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Need {
    /// The objective's name.
    pub objective: String,
    /// Share of days on which it must hold.
    pub holds_in: Option<f64>,
    /// The fewest replications that can pass it, all of them holding.
    pub replications: u64,
    /// Why so many.
    pub because: String,
}

impl Need {
    /// Returns what an objective needs: with `holdsIn` the smallest n whose lower Clopper-Pearson bound
    /// reaches it where all n hold, p^n <= 0.05.
    pub fn of(objective: &ObjectivePlan) -> Self {
        let (replications, because) = match objective.holds_in {
            Some(share) => {
                // 55 % is 55.00000000000001 times a hundredth.
                let percent = (share * 1e12).round() / 1e10;
                let n = days(share);
                (
                    n,
                    format!(
                        "so many days, if the objective holds on all of them, prove {percent} % of the days"
                    ),
                )
            }
            None => {
                let why =
                    "two days give the value an interval, but too wide a one; 4 times the days halve it";
                (u64::from(USUAL), why.to_owned())
            }
        };
        Self { objective: objective.name.clone(), holds_in: objective.holds_in, replications, because }
    }
}

/// Returns the smallest n for which n of n days prove a share.
fn days(share: f64) -> u64 {
    let proven = |n: u64| {
        let n = u32::try_from(n).unwrap_or(u32::MAX);
        share_at_least(n, n).is_some_and(|least| least >= share)
    };
    // The closed form may miss by one through rounding: what the verdict computes decides.
    let about = (libm::log(0.05) / libm::log(share)).max(1.0) as u64;
    (about.saturating_sub(1).max(1)..=about + 1).find(|&n| proven(n)).unwrap_or(about + 2)
}

/// How large a study is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Effort {
    /// Expected requests of a replication.
    pub requests: f64,
    /// Expected events of a replication.
    pub events: f64,
    /// Expected requests of the study; pilots that look for the warm-up among them.
    pub requests_in_all: f64,
    /// Estimated peak memory, in bytes, outputs included.
    pub memory_bytes: f64,
}

impl Effort {
    pub(super) fn of(scenario: &Scenario, streams: &[Stream]) -> Self {
        let (mut requests, mut events) = (0.0, 0.0);
        for stream in streams {
            let come = stream.rate.expected(SimTime::ZERO, SimTime::MAX);
            let demands = &scenario.services[stream.service].demands;
            let waits = |class: usize| demands[class].as_ref().is_some_and(|demand| demand.wait.is_some());
            let share: f64 = stream.shares.iter().filter(|(class, _)| waits(*class)).map(|part| part.1).sum();
            requests += come;
            // An arrival, an end, and where work is followed by a wait the end of the work.
            events += come * (2.0 + share);
        }
        let plan = &scenario.plan;
        let intervals = plan.duration_ns.div_ceil(plan.interval_ns) as f64;
        let pilots = if plan.warmup_found { scenario.replications.min(USUAL) } else { 0 };
        Self {
            requests,
            events: events + intervals,
            requests_in_all: requests
                * (f64::from(scenario.replications) * scenario.runs_a_day() + f64::from(pilots)),
            memory_bytes: memory(scenario, intervals),
        }
    }
}

/// Estimates what a study keeps, runs with and writes; requests in flight are few beside it.
fn memory(scenario: &Scenario, intervals: f64) -> f64 {
    let plan = &scenario.plan;
    let (rows, services) = (plan.rows.len() as f64, plan.services.len() as f64);
    let pools = scenario.services.iter().flat_map(|service| &service.pools);
    let servers: f64 = pools.map(|pool| f64::from(pool.most_replicas())).sum();
    let headers = rows * size_of::<RowSeries>() as f64 + services * size_of::<ServiceSeries>() as f64;
    let series = intervals * (rows * ROW_ENTRY as f64 + services * SERVICE_ENTRY as f64) + headers;
    let totals = rows * LATENCIES as f64 + servers * size_of::<ServerTotals>() as f64;
    let days = f64::from(scenario.replications);
    // result.json takes about as many bytes as what it holds; the series one line per subject.
    let cells = if scenario.replications > 1 { 3 * CELL } else { CELL + 2 };
    let lines = intervals * (rows + services) * (cells * SERIES.len()) as f64;
    BASE + days * 2.0 * (series + totals) + lines + servers * RUNNING as f64
}
