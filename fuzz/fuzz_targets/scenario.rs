//! Scenario and sweep files: any bytes are refused in words, or make a scenario, which runs where it is tiny.
//!
//! A line `#! overlay` ends the file and begins an overlay; a line `#! set PATH=VALUE` is a setting.
#![no_main]

use std::io::{self, Cursor, Read};
use std::ops::ControlFlow;

use libfuzzer_sys::fuzz_target;
use peakday::scenario::{Input, Overlay, Scenario};
use peakday::sim::{self, Observer, Progress, Stopped};
use peakday::time::SimTime;
use peakday::workload::recorded::TraceFiles;

/// Requests of a scenario that is run.
const TINY: f64 = 2_000.0;
/// Servers of a scenario that is run.
const SERVERS: u32 = 100;
/// Cells of a sweep that is checked.
const CELLS: usize = 20;
/// Requests after which a run is ended: luck and uncertainty may bring more than expected.
const ENOUGH: u64 = 20_000;

/// Every trace there is.
#[derive(Debug)]
struct Traces;

impl TraceFiles for Traces {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        let text = match path {
            "part.yaml" | "over/part.yaml" => "include: [deep.yaml]\nrun: {seed: 3, warmup: null}\n",
            "deep.yaml" | "over/deep.yaml" => "services: {web: {balancer: random}}\n",
            "counts.csv" | "over/counts.csv" => include_str!("../../tests/golden/counts.csv"),
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

/// Parts of an input: the file, overlays, settings.
fn parts(data: &[u8]) -> (Vec<u8>, Vec<Overlay>, Vec<String>) {
    let (mut layers, mut settings) = (vec![Vec::new()], Vec::new());
    for line in data.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(b"#! overlay") {
            layers.push(Vec::new());
        } else if let Some(setting) = line.strip_prefix(b"#! set ") {
            settings.push(String::from_utf8_lossy(setting).trim_end().to_owned());
        } else if let Some(layer) = layers.last_mut() {
            layer.extend_from_slice(line);
        }
    }
    let main = layers.remove(0);
    let overlay = |bytes| Overlay { name: "over/lay.yaml".to_owned(), folder: "over".to_owned(), bytes };
    (main, layers.into_iter().map(overlay).collect(), settings)
}

fuzz_target!(|data: &[u8]| {
    let (main, overlays, settings) = parts(data);
    let Ok(input) = Input::read("fuzz.yaml", &main, &overlays, &settings, &Traces) else { return };
    let checked = match input {
        Input::Scenario(document) => document.check(&Traces),
        Input::Sweep(sweep) if sweep.len() > CELLS => return,
        Input::Sweep(sweep) => sweep.check(&Traces).map(|mut sweep| sweep.cells.remove(0).scenario),
    };
    let Ok(scenario) = checked else { return };
    if is_tiny(&scenario) {
        match sim::run(&scenario, 1, &Traces, &mut Patience) {
            Ok(run) => assert_eq!(run.row_series.len(), scenario.plan.rows.len()),
            Err(stopped) => assert!(matches!(stopped, Stopped::Cancelled), "{stopped}"),
        }
    }
});
