//! What theory answers in milliseconds, before anything is simulated.
//!
//! [`preview`] turns a checked scenario into a [`Preview`]: how much of every service's capacity is
//! asked for over time, how long requests wait where a formula says so, how many replications the
//! objectives need, and how large the study will be. No figure here is simulated; every figure of
//! waiting says how far it can be trusted ([`Basis`]). Formulas stand in MODEL.md.
//!
//! Knows no clock: how long a study takes is for the edge to measure.

mod demand;
mod effort;
mod rehearsal;
mod release;
mod split;
mod waiting;
mod warning;

use serde::Serialize;

use self::demand::{Demand, MINUTE, Stream};
use self::rehearsal::Removal;
use crate::error::Error;
use crate::results::{Plan, Scaling};
use crate::scenario::{Pool, Scenario};
use crate::time::{SimDuration, SimTime};
use crate::workload::recorded::TraceFiles;

pub use effort::{Effort, Need};
pub use release::{PolicyPreview, ReleasePreview};
pub use waiting::{Basis, WaitFigures, Waiting};
pub(crate) use waiting::{ENDLESS, UNSTEADY};
pub use warning::{Concern, Warning};

/// The share of capacity up to which a service is planned.
pub const TARGET: f64 = 0.8;
/// The most entries of a series.
const MOST_ENTRIES: u64 = 1_440;

/// Everything theory has to say about a scenario.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.displayName`.
    pub display_name: Option<String>,
    /// The wall clock of t = 0.
    pub start: Option<String>,
    /// Length of the run, in seconds.
    pub duration_s: f64,
    /// What is left out of the means at the beginning, in seconds.
    pub warmup_s: f64,
    /// Seed of the study.
    pub seed: u64,
    /// Independent days of the study.
    pub replications: u32,
    /// SHA-256 of the resolved scenario.
    pub scenario_sha256: String,
    /// Per service, in the order of the file.
    pub services: Vec<ServicePreview>,
    /// Per objective, in the order of the file.
    pub objectives: Vec<Need>,
    /// Per release, in the order of the file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub releases: Vec<ReleasePreview>,
    /// How large the study is.
    pub effort: Effort,
    /// What to look at, the gravest first.
    pub warnings: Vec<Warning>,
}

/// A service under the traffic that is expected.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServicePreview {
    /// Its name.
    pub name: String,
    /// Its servers; with a schedule those that are expected at the peak.
    pub servers: u64,
    /// Over [warm-up, end).
    pub mean: Offered,
    /// The minute in which the scarcer of CPU and slots is asked for most.
    pub busiest_minute: Offered,
    /// The wall clock at its beginning.
    pub busiest_minute_wall: Option<String>,
    /// The largest share of capacity that is asked for at an instant; recorded traffic by the minute.
    pub peak: Peak,
    /// How many servers bring the peak to [`TARGET`]; `None` where nothing is limited.
    pub servers_for_target: Option<u64>,
    /// How long requests wait.
    pub waiting: Waiting,
    /// In how many minutes all of the capacity or more is asked for.
    pub minutes_full: u64,
    /// Over time from t = 0, minute by minute or, for more than a day, in so many minutes that there are at
    /// most 1,440; the last may be shorter.
    pub series: Vec<Offered>,
}

/// What is offered in a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Offered {
    /// Where it begins, in seconds from t = 0.
    pub from_s: f64,
    /// Where it ends.
    pub to_s: f64,
    /// Requests per second.
    pub requests_per_s: f64,
    /// Work / (cores x speed); `None` where CPU never is short.
    pub cpu_utilization: Option<f64>,
    /// Time that slots are held / slots, as if nobody waited; `None` where some server has no limit.
    pub slot_utilization: Option<f64>,
    /// How many servers' worth of load: the larger of both, times the servers.
    pub scaling_ratio: Option<f64>,
    /// Which of them it is.
    pub binding: Option<&'static str>,
}

/// The worst instant.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Peak {
    /// When, in seconds from t = 0.
    pub at_s: f64,
    /// The same on the wall clock.
    pub wall: Option<String>,
    /// The larger of offered CPU and slot utilisation; `None` where nothing is limited.
    pub utilization: Option<f64>,
}

/// A stretch of time and what is offered in it.
type Stretch = (SimTime, SimTime, Offered);

impl Offered {
    fn new(demand: &Demand, servers: f64, from: SimTime, to: SimTime) -> Self {
        let [requests, cpu, slots] = demand.over(from, to);
        let servers = |share: Option<f64>| share.map(|share| share * servers);
        let scaling = Scaling { cpu: servers(cpu), slots: servers(slots) };
        Self {
            from_s: from.as_secs_f64(),
            to_s: to.as_secs_f64(),
            requests_per_s: requests.unwrap_or(0.0),
            cpu_utilization: cpu,
            slot_utilization: slots,
            scaling_ratio: scaling.larger(),
            binding: scaling.binding(),
        }
    }

    /// Returns the larger of CPU and slot utilisation, which binds.
    pub fn utilization(&self) -> Option<f64> {
        Scaling { cpu: self.cpu_utilization, slots: self.slot_utilization }.larger()
    }
}

/// Answers from theory what a scenario asks of its servers.
///
/// # Errors
/// [`Error::Run`] where a trace can no longer be read as it was surveyed.
pub fn preview(scenario: &Scenario, traces: &dyn TraceFiles) -> Result<Preview, Error> {
    let plan = &scenario.plan;
    let streams = demand::streams(scenario, traces)?;
    let of = |index| service(scenario, index, &streams);
    let (services, removals): (Vec<ServicePreview>, Vec<_>) = (0..plan.services.len()).map(of).unzip();
    let objectives: Vec<Need> = plan.objectives.iter().map(Need::of).collect();
    Ok(Preview {
        name: plan.name.clone(),
        display_name: plan.display_name.clone(),
        start: plan.wall(0),
        duration_s: plan.duration().as_secs_f64(),
        warmup_s: plan.warmup_end().as_secs_f64(),
        seed: scenario.seed,
        replications: scenario.replications,
        scenario_sha256: scenario.sha256.clone(),
        effort: Effort::of(scenario, &streams),
        warnings: warning::of(scenario, &services, &removals, &objectives),
        releases: release::of(scenario, &services),
        services,
        objectives,
    })
}

fn service(scenario: &Scenario, index: usize, streams: &[Stream]) -> (ServicePreview, Vec<Removal>) {
    let (plan, horizon) = (&scenario.plan, scenario.horizon());
    let servers: u64 = plan.services[index].pools.iter().map(|pool| u64::from(pool.replicas)).sum();
    let streams: Vec<&Stream> = streams.iter().filter(|stream| stream.service == index).collect();
    let fleet = fleet(scenario, index);
    let demand = Demand::of(scenario, index, &streams, servers as f64, &fleet);
    let factor_at = |at: SimTime| fleet[fleet.partition_point(|step| step.0 <= at) - 1].1;
    let offered = |from, to| Offered::new(&demand, servers as f64 * mean_of(&fleet, from, to), from, to);
    let stretches = |length: SimDuration| {
        let ends = move |from: &SimTime| Some(*from + length);
        let starts = std::iter::successors(Some(SimTime::ZERO), ends).take_while(move |from| *from < horizon);
        starts.map(move |from| (from, (from + length).min(horizon)))
    };
    let minutes = || stretches(MINUTE).map(|(from, to)| (from, to, offered(from, to)));
    let rank = |offered: &Offered| offered.utilization().unwrap_or(offered.requests_per_s);
    // A hair of tolerance: rounding must not choose among minutes that are alike.
    let larger = |a: Stretch, b: Stretch| if rank(&b.2) > rank(&a.2) * (1.0 + 1e-9) { b } else { a };
    let whole = (plan.warmup_end(), horizon, offered(plan.warmup_end(), horizon));
    let busiest = minutes().reduce(larger).unwrap_or(whole);
    let full = |(_, _, minute): &Stretch| minute.utilization().is_some_and(|share| share >= 1.0);
    let many = plan.duration_ns.div_ceil(MINUTE.as_nanos()).div_ceil(MOST_ENTRIES);
    let step = SimDuration::from_nanos(many.max(1) * MINUTE.as_nanos());
    let peak = demand.peak();
    let spans = [(whole.0, whole.1), (busiest.0, busiest.1)];
    // A peak just before a jump belongs to what was before.
    let before = |at: SimTime| SimTime::from_nanos(at.as_nanos().saturating_sub(1));
    let there = |at: SimTime| servers as f64 * factor_at(before(at));
    let summit = peak.map_or(busiest.0, |(at, _)| at);
    let removals = rehearsal::rehearse(scenario, index, &demand, servers as f64, summit);
    let preview = ServicePreview {
        name: plan.services[index].name.clone(),
        servers: libm::round(there(peak.map_or(busiest.1, |(at, _)| at))) as u64,
        mean: whole.2,
        busiest_minute: busiest.2,
        busiest_minute_wall: plan.wall(busiest.0.as_nanos()),
        peak: Peak::of(plan, peak, busiest.0),
        servers_for_target: peak.map(|(at, share)| libm::ceil(share * there(at) / TARGET - 1e-9) as u64),
        waiting: waiting::waiting(scenario, index, &streams, spans),
        minutes_full: minutes().filter(full).count() as u64,
        series: stretches(step).map(|(from, to)| offered(from, to)).collect(),
    };
    (preview, removals)
}

/// Returns what share of the capacity of the start is there from when on: 1 where no pool has a schedule.
fn fleet(scenario: &Scenario, service: usize) -> Vec<(SimTime, f64)> {
    /// What stands for no server at all, so that shares of it are finite.
    const NOBODY: f64 = 1e-9;
    let pools = || scenario.services[service].pools.iter();
    let unit = |pool: &Pool| {
        let slots = pool.concurrency.map(|slots| u64::from(slots) * 1_000);
        pool.shared_millicores.or(slots).map_or(1.0, |milli| milli as f64) * pool.speed
    };
    let mut at: Vec<SimTime> =
        pools().flat_map(|pool| pool.expected_replicas().into_iter().map(|step| step.0)).collect();
    at.sort_unstable();
    at.dedup();
    at.retain(|&at| at < scenario.horizon());
    let replicas = |pool: &Pool, at: SimTime| {
        let steps = pool.expected_replicas();
        f64::from(steps.iter().rev().find(|step| step.0 <= at).map_or(pool.replicas, |step| step.1))
    };
    let all: f64 = pools().map(|pool| f64::from(pool.replicas) * unit(pool)).sum();
    let share = |at: SimTime| pools().map(|pool| replicas(pool, at) * unit(pool)).sum::<f64>() / all;
    if all == 0.0 {
        return vec![(SimTime::ZERO, 1.0)];
    }
    at.into_iter().map(|at| (at, share(at).max(NOBODY))).collect()
}

/// Returns the mean of a step function over a stretch.
fn mean_of(steps: &[(SimTime, f64)], from: SimTime, to: SimTime) -> f64 {
    let ends = steps.iter().skip(1).map(|step| step.0).chain([SimTime::MAX]);
    let parts = steps.iter().zip(ends).map(|(&(begin, value), end)| {
        let (begin, end) = (begin.max(from), end.min(to));
        if begin < end { value * (end - begin).as_secs_f64() } else { 0.0 }
    });
    parts.sum::<f64>() / (to - from).as_secs_f64()
}

impl Peak {
    fn of(plan: &Plan, peak: Option<(SimTime, f64)>, otherwise: SimTime) -> Self {
        let at = peak.map_or(otherwise, |(at, _)| at);
        Self {
            at_s: at.as_secs_f64(),
            wall: plan.wall(at.as_nanos()),
            utilization: peak.map(|(_, share)| share),
        }
    }
}

#[cfg(test)]
mod tests;
