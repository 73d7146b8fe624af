//! How fast this build simulates on this machine, measured in a few milliseconds.

use std::io;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::scenario::{Document, Scenario};
use crate::sim;
use crate::workload::recorded::TraceFiles;

/// Long enough to tell, short enough not to be noticed.
const BUDGET: Duration = Duration::from_millis(12);
/// Days that are simulated at least, so that one which was disturbed does not count, and at most.
const DAYS: std::ops::RangeInclusive<u32> = 4..=50;
/// Two thousand requests a day: a farm of the usual size, with all that is recorded about it.
const FARM: &str = "
apiVersion: peakday/v1alpha1
kind: Scenario
metadata: {name: pace}
run: {duration: 1s, interval: 100ms}
traffic: {users: {to: farm, class: any, rate: 2k/s}}
services: {farm: {pools: {p: {replicas: 100, concurrency: SLOTS, cpu: {cores: 2}}}, work: {exponential: {mean: 70ms}}}}
";

/// How fast this build simulates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct Pace {
    /// Nanoseconds a request, on one core.
    pub(in crate::cli) ns_per_request: f64,
    /// Cores on which replications run side by side.
    pub(in crate::cli) cores: usize,
}

/// Simulates a small farm for some milliseconds: one that shares CPUs where the scenario does.
pub(in crate::cli) fn measure(scenario: &Scenario) -> Pace {
    let pools = || scenario.services.iter().flat_map(|service| &service.pools);
    let slots = if pools().any(|pool| pool.shared_millicores.is_some()) { "4" } else { "2" };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Pace { ns_per_request: farm(&FARM.replace("SLOTS", slots)).unwrap_or(f64::NAN), cores }
}

/// Returns nanoseconds a request, of the fastest day: what disturbs it only makes it slower.
fn farm(text: &str) -> Option<f64> {
    let farm = Document::read("pace", text.as_bytes()).ok()?.check(&NoTraces).ok()?;
    let (begun, mut best) = (Instant::now(), None::<f64>);
    for day in 1..=*DAYS.end() {
        let from = Instant::now();
        let run = sim::run(&farm, day, &NoTraces, &mut ()).ok()?;
        let requests = run.ledgers[0].started.max(1) as f64;
        let ns = from.elapsed().as_nanos() as f64 / requests;
        best = Some(best.map_or(ns, |best| best.min(ns)));
        if begun.elapsed() > BUDGET && day >= *DAYS.start() {
            break;
        }
    }
    best
}

#[derive(Debug)]
struct NoTraces;

impl TraceFiles for NoTraces {
    fn open(&self, _: &str) -> io::Result<Box<dyn io::Read + Send>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_farms_run() {
        for slots in ["2", "4"] {
            let ns = farm(&FARM.replace("SLOTS", slots)).expect("a valid farm");
            assert!(ns > 1.0 && ns < 1e6, "{slots}: {ns}");
        }
    }
}
