//! A warm-up that is found: pilot runs, and MSER-5 over what is in flight.
//!
//! Knows no threads: the pilots are the study's first replications, run without a warm-up.

use crate::error::Error;
use crate::results::{Plan, RunResult};
use crate::stats::mser5;
use crate::time::SimDuration;

/// Replications are averaged, which lets the transient stand out from what scatters (Welch, The
/// Statistical Analysis of Simulation Results, 1983); at most so many, since pilots cost as much as
/// what they serve.
pub(super) const PILOTS: u32 = 5;

/// Returns the longest transient of any service, in whole intervals.
///
/// # Errors
/// Where a service has not settled by the middle of the run, with the service's name.
pub(super) fn find(plan: &Plan, pilots: &[RunResult]) -> Result<SimDuration, Error> {
    let mut longest = 0;
    for (index, service) in plan.services.iter().enumerate() {
        let settled = mser5(&in_flight(plan, pilots, index)).ok_or_else(|| {
            Error::Run(format!(
                "warmup: auto finds no steady state of {}: what is in flight there still changes at half \
                 of the run\n  simulate longer, add servers, or write run.warmup as a duration",
                service.name
            ))
        })?;
        longest = longest.max(settled as u64);
    }
    Ok(SimDuration::from_nanos(longest * plan.interval_ns))
}

/// Requests of a service in flight, summed over pilots, integrated over each whole interval.
fn in_flight(plan: &Plan, pilots: &[RunResult], service: usize) -> Vec<f64> {
    let whole = (plan.duration_ns / plan.interval_ns) as usize;
    let series = |run: &RunResult, interval: usize| -> u128 {
        run.row_series[plan.rows_of(service)].iter().map(|row| row.in_flight_ns[interval].0).sum()
    };
    (0..whole).map(|interval| pilots.iter().map(|run| series(run, interval)).sum::<u128>() as f64).collect()
}

#[cfg(test)]
mod tests;
