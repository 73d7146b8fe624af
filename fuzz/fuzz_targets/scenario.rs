//! Scenario files: any bytes are refused in words, or make a scenario, which runs where it is tiny.
#![no_main]

use std::io::{self, Cursor, Read};
use std::ops::ControlFlow;

use libfuzzer_sys::fuzz_target;
use peakday::scenario::{Document, Scenario};
use peakday::sim::{self, Observer, Progress, Stopped};
use peakday::time::SimTime;
use peakday::workload::recorded::TraceFiles;

/// Requests of a scenario that is run.
const TINY: f64 = 2_000.0;
/// Servers of a scenario that is run.
const SERVERS: u32 = 100;
/// Requests after which a run is ended: luck and uncertainty may bring more than expected.
const ENOUGH: u64 = 20_000;

/// Every trace there is.
#[derive(Debug)]
struct Traces;

impl TraceFiles for Traces {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        let text = match path {
            "counts.csv" => include_str!("../../tests/golden/counts.csv"),
            "log.csv" => "t,kind,bytes\n0,a,1\n0.5,b,2.5\n1.25,a,0\n7,b,1\n",
            "traces/orders-per-minute.csv" => "minute,orders\n2025-11-11 00:00,30\n2025-11-11 00:01,9\n",
            _ => return Err(io::ErrorKind::NotFound.into()),
        };
        Ok(Box::new(Cursor::new(text)))
    }
}

struct Patience;

impl Observer for Patience {
    fn on_progress(&mut self, progress: Progress) -> ControlFlow<()> {
        if progress.requests > ENOUGH { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

fn is_tiny(scenario: &Scenario) -> bool {
    let profiles = scenario.sources.iter().filter_map(|source| source.profile.as_ref());
    let synthetic: f64 = profiles.map(|profile| profile.expected(SimTime::ZERO, scenario.horizon())).sum();
    let recordings = scenario.sources.iter().flat_map(|source| &source.recorded);
    let recorded: f64 = recordings.map(|part| part.survey.offered().arrivals * part.factor).sum();
    let pools = scenario.services.iter().flat_map(|service| &service.pools);
    let servers = pools.fold(0_u32, |sum, pool| sum.saturating_add(pool.replicas));
    let kept = scenario.plan.duration_ns / scenario.plan.interval_ns.max(1);
    synthetic + recorded <= TINY && servers <= SERVERS && kept <= 1_000
}

fuzz_target!(|data: &[u8]| {
    let Ok(document) = Document::read("fuzz.yaml", data) else { return };
    let Ok(scenario) = document.check(&Traces) else { return };
    if is_tiny(&scenario) {
        match sim::run(&scenario, 1, &Traces, &mut Patience) {
            Ok(run) => assert_eq!(run.row_series.len(), scenario.plan.rows.len()),
            Err(stopped) => assert!(matches!(stopped, Stopped::Cancelled), "{stopped}"),
        }
    }
});
