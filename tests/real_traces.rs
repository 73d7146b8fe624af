//! Recorded days of real sites through a fleet: every request of the published totals comes, at
//! its minute or second, and is accounted for.
//!
//! The traces lie in `$PEAKDAY_SHARED/traces`, or beside the project. Where they are not at hand
//! these tests say so and pass, except in CI.

mod common;

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use common::Station;
use peakday::dist::{Distribution, DistributionSpec, Factor};
use peakday::ids::ClassId;
use peakday::results::{RunResult, Wide};
use peakday::scenario::{Recording, Scenario};
use peakday::sim;
use peakday::time::SimDuration;
use peakday::workload::Outcome;
use peakday::workload::recorded::{RecordedSpec, Survey, TraceFiles};
use serde_json::Value;

const SECOND: f64 = 1e9;

/// The folder of the shared traces.
#[derive(Debug)]
struct Folder(PathBuf);

impl TraceFiles for Folder {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(File::open(self.0.join(path))?))
    }
}

/// A trace with what the catalogue says about it.
struct Trace {
    folder: Folder,
    name: &'static str,
    entry: Value,
}

/// Finds a trace; without one the test is skipped, aloud.
fn trace(name: &'static str) -> Option<Trace> {
    let shared = std::env::var_os("PEAKDAY_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")));
    let folder = Folder(shared.join("traces"));
    let (Ok(_), Ok(mut catalog)) = (folder.open(name), folder.open("catalog.json")) else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{name} is missing: CI tests the real traces");
        eprintln!("skipped: {name} is not at hand (set PEAKDAY_SHARED)");
        return None;
    };
    let mut text = String::new();
    catalog.read_to_string(&mut text).unwrap();
    let entries: Vec<Value> = serde_json::from_str(&text).unwrap();
    let entry = entries.into_iter().find(|entry| entry["file"] == name).unwrap();
    Some(Trace { folder, name, entry })
}

impl Trace {
    /// Returns a number of the catalogue.
    fn number(&self, key: &str) -> u64 {
        self.entry[key].as_u64().unwrap_or_else(|| panic!("{key} is not in the catalogue"))
    }

    /// Returns a column of the file, read by other means than the project's.
    fn column(&self, index: usize, filter: impl Fn(&str) -> bool) -> Vec<u64> {
        let mut text = String::new();
        self.folder.open(self.name).unwrap().read_to_string(&mut text).unwrap();
        let lines = text.lines().skip(1).filter(|line| filter(line));
        lines.map(|line| line.split(',').nth(index).unwrap().trim().parse().unwrap()).collect()
    }

    /// Replays the trace through a station.
    fn replay(&self, keys: &str, station: &Station) -> (Scenario, Survey, RunResult) {
        let text = format!(r#"{{"file": "{}", {keys}}}"#, self.name);
        let spec: RecordedSpec = serde_json::from_str(&text).unwrap();
        assert_eq!(spec.problems(), []);
        let mut scenario = station.scenario();
        let survey = spec
            .survey(
                self.folder.open(self.name).unwrap(),
                &|_: &str| None::<ClassId>,
                &|text| text.parse::<SimDuration>().map(|length| length.as_nanos() as i64),
                scenario.horizon(),
            )
            .unwrap();
        assert!(survey.sha256.starts_with(self.entry["sha256_16"].as_str().unwrap()), "another file");
        assert_eq!((survey.rows, survey.bad_lines), (self.number("rows"), 0));
        let source = &mut scenario.sources[0];
        source.profile = None;
        source.recorded = vec![Recording { spec, survey: survey.clone(), factor: 1.0 }];
        scenario.plan.sources[0].recorded = true;
        let result = sim::run(&scenario, 1, &self.folder, &mut ()).unwrap();
        conserved(&result);
        (scenario, survey, result)
    }
}

/// Both ledgers and Little's law.
fn conserved(result: &RunResult) {
    let (ledger, row, service) = (&result.ledgers[0], &result.rows[0], &result.services[0]);
    assert_eq!(ledger.started, ledger.outcomes.iter().sum::<u64>() + ledger.in_progress);
    assert_eq!(row.offered, row.outcomes.iter().sum::<u64>() + row.in_flight_end);
    assert_eq!((row.offered, row.outcomes), (ledger.started, ledger.outcomes), "there is no warm-up");
    assert_eq!(row.offered, result.row_series[0].offered.iter().sum::<u64>());
    assert_eq!(row.dispatched, result.servers.iter().map(|server| server.requests).sum::<u64>());
    assert_eq!(service.in_flight_ns, service.sojourn_ns, "Little's law");
    assert_eq!(service.in_flight_ns.0, service.slot_ns.0 + service.queued_ns.0);
    assert!(service.in_flight_ns.0 > 0);
}

fn constant(nanos: f64) -> Distribution {
    DistributionSpec::Constant(Factor(nanos)).build().unwrap()
}

/// Units of the station, which are milliseconds.
fn seconds(count: u64) -> f64 {
    count as f64 * 1e3
}

#[test]
fn the_world_cup_of_june_1998() {
    let Some(trace) = trace("worldcup98_dev_to_1998-06-25.csv") else { return };
    let minutes = trace.column(1, |line| line >= "1998-06-01");
    let june = trace.number("total_requests_june");
    assert_eq!(minutes.iter().sum::<u64>(), june);
    // One in five hundred; a day's mean is then 0.65 a second, the busiest minute's 5.
    let keys = r#""time": "minute_start", "count": "requests", "interval": "1m", "scale": 0.002,
                  "window": {"from": "1998-06-01"}"#;
    let station = Station {
        servers: 8,
        slots: Some(4),
        work: Distribution::exponential(10.0 * SECOND),
        limit: Some(20),
        timeout: Some(seconds(30)),
        duration: seconds(25 * 86_400),
        intervals: 25 * 24,
        ..Station::default()
    };
    let (_, survey, result) = trace.replay(keys, &station);
    assert_eq!(survey.records_total, u128::from(june) * 1_000_000_000);
    assert_eq!(result.rows[0].offered, june / 500, "only the last remainder is lost");
    // Remainders are carried: by the end of every hour all but one request at most have come.
    let (mut recorded, mut offered) = (0, 0);
    let hours = minutes.chunks(60).map(|hour| hour.iter().sum::<u64>());
    for (hour, count) in hours.zip(&result.row_series[0].offered) {
        recorded += hour;
        offered += count;
        assert_eq!(offered, recorded / 500);
    }
    let [completed, _, timed_out, rejected, ..] = result.rows[0].outcomes;
    assert!(
        completed > june / 500 * 9 / 10,
        "{completed} completed, {timed_out} gave up, {rejected} refused"
    );
    // A completed request holds its slot for its work, 10 s on average.
    let used = result.services[0].slot_ns.0 as f64 / (completed as f64 * 10.0 * SECOND);
    assert!((used - 1.0).abs() < 0.01, "{used} of the mean work for every completed request");
}

#[test]
fn the_busiest_day_of_nasa_in_1995() {
    let Some(trace) = trace("nasa_http_1995_busiest_day_per_second.csv") else { return };
    let counts = trace.column(0, |_| true);
    let station = Station {
        servers: 3,
        slots: Some(1),
        work: Distribution::exponential(SECOND),
        balancer: r#"{"leastRequest": {"choiceCount": 2}}"#,
        duration: seconds(86_400),
        intervals: 86_400,
        ..Station::default()
    };
    let (_, _, result) = trace.replay(r#""count": "requests_per_second", "interval": "1s""#, &station);
    assert_eq!(result.rows[0].offered, trace.number("total_requests"));
    assert_eq!(result.row_series[0].offered, counts, "second by second");
    // Nothing is lost where nothing limits the wait.
    let row = &result.rows[0];
    assert_eq!(row.outcomes[Outcome::Completed as usize] + row.in_flight_end, row.offered);
}

#[test]
fn an_hour_of_code_completion_on_azure_in_2023() {
    let Some(trace) = trace("azure_llm_2023_code_requests.csv") else { return };
    let sizes: u64 = trace.column(2, |_| true).iter().sum();
    let keys = r#""time": "t_s", "size": "output_size""#;
    // Without a limit on concurrency every request takes 30 ms for each token it puts out.
    let station = Station {
        servers: 4,
        slots: None,
        work: constant(0.03 * SECOND),
        duration: seconds(4_000),
        intervals: 4_000,
        ..Station::default()
    };
    let (_, survey, result) = trace.replay(keys, &station);
    let row = &result.rows[0];
    assert_eq!((survey.used, row.offered), (trace.number("rows"), trace.number("rows")));
    assert_eq!(row.size_sum_micros, Wide(u128::from(sizes) * 1_000_000));
    assert_eq!(row.outcomes[Outcome::Completed as usize], row.offered);
    assert_eq!(result.services[0].slot_ns, Wide(u128::from(sizes) * 30_000_000), "each token once");
    assert_eq!(row.latency_sum_ns, result.services[0].slot_ns, "nobody waits");
    // With few slots and one queue the bursts wait; the work done stays the same.
    let bounded = Station { slots: Some(2), central: true, ..station.clone() };
    let (_, _, result) = trace.replay(keys, &bounded);
    assert!(result.rows[0].latency_sum_ns > row.latency_sum_ns);
    assert_eq!(result.rows[0].outcomes, row.outcomes);
    assert_eq!(result.services[0].slot_ns, Wide(u128::from(sizes) * 30_000_000));
    // On half the cores it takes longer in the slots, and not more of the CPU.
    let shared = Station { slots: Some(8), shared_millicores: Some(4_000), ..station };
    let (_, _, result) = trace.replay(keys, &shared);
    assert_eq!(result.rows[0].outcomes, row.outcomes);
    let burned = result.services[0].cpu_milli_ns.0 as f64 / (sizes as f64 * 0.03 * SECOND * 1e3);
    assert!((burned - 1.0).abs() < 1e-6, "{burned} of the work was burned");
}
