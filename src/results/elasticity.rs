//! How well the number of servers followed the load, and how often it changed its mind.

use crate::results::column::quotient;
use crate::results::fleet_mean::Load;
use crate::results::{MeanServer, Plan, RunResult};

/// The utilisation up to which a fleet counts as large enough.
const FULL: f64 = 0.8;

/// How the servers of a service followed its load after the warm-up, in the sense of Herbst, Kounev & Reussner
/// (ICAC 2013): what is needed is the scaling ratio at a utilisation of 80 %, in whole servers, interval by
/// interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Elasticity {
    /// The share of time in which more were needed than were there.
    pub(super) under_share: Option<f64>,
    /// Servers that were lacking, on average over all the time.
    pub(super) under_servers: Option<f64>,
    /// The share of time in which more were there than were needed.
    pub(super) over_share: Option<f64>,
    /// Servers that were too many, on average over all the time.
    pub(super) over_servers: Option<f64>,
    /// How often an hour more servers were wanted after fewer, or fewer after more.
    pub(super) reversals_per_h: Option<f64>,
}

impl Elasticity {
    pub(super) fn of(plan: &Plan, run: &RunResult, service: usize) -> Self {
        let (series, mean) = (&run.service_series[service], MeanServer::of(&plan.services[service]));
        // Time, time with too few and too many, and how many too few and too many.
        let mut sums = [0.0; 5];
        for (i, ready) in series.ready_ns.iter().enumerate() {
            let start = plan.interval_ns.saturating_mul(i as u64);
            let length = (plan.duration_ns - start).min(plan.interval_ns) as f64;
            let loads = plan.rows_of(service).map(|row| Load {
                row: &plan.rows[row],
                offered: run.row_series[row].offered[i],
                size_sum_micros: run.row_series[row].size_sum_micros[i].0,
            });
            let Some(ratio) = mean.scaling(loads, length).larger().filter(|_| start >= plan.warmup_ns) else {
                continue;
            };
            let surplus = ready.0 as f64 / length - libm::ceil(ratio / FULL - 1e-9);
            let (under, over) = ((-surplus).max(0.0), surplus.max(0.0));
            let share = |servers: f64| if servers > 1e-9 { length } else { 0.0 };
            let terms = [length, share(under), share(over), under * length, over * length];
            sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
        }
        let [time, under_time, over_time, under, over] = sums;
        let hours = (plan.duration_ns - plan.warmup_ns) as f64 / 3.6e12;
        Self {
            under_share: quotient(under_time, time),
            under_servers: quotient(under, time),
            over_share: quotient(over_time, time),
            over_servers: quotient(over, time),
            reversals_per_h: quotient(reversals(plan, run, service) as f64, hours),
        }
    }
}

/// Counts the decisions after the warm-up that went the other way than the one before them.
fn reversals(plan: &Plan, run: &RunResult, service: usize) -> usize {
    let of_pool = |pool: usize| {
        let own = run.decisions.iter().filter(|d| (d.service, d.pool) == (service, pool) && d.from != d.to);
        let turns: Vec<(u64, bool)> = own.map(|d| (d.at_ns, d.to > d.from)).collect();
        turns.windows(2).filter(|pair| pair[0].1 != pair[1].1 && pair[1].0 >= plan.warmup_ns).count()
    };
    (0..plan.services[service].pools.len()).map(of_pool).sum()
}
