//! Real traces, where they are at hand: totals as published, placement as recorded.

use std::fs::File;
use std::path::PathBuf;

use crate::workload::recorded::tests::*;
use crate::workload::recorded::*;

/// Finds a trace of the shared folder; without one the test is skipped, aloud.
fn trace(name: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("PEAKDAY_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")));
    let path = shared.join("traces").join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{name} is missing: CI tests the real traces");
    eprintln!("skipped: {name} is not at hand (set PEAKDAY_SHARED)");
    None
}

fn open(path: &PathBuf) -> Box<dyn Read + Send> {
    Box::new(File::open(path).unwrap())
}

/// Surveys a trace and counts its arrivals within a horizon.
fn totals(name: &str, yaml: &str, horizon: SimTime) -> Option<(Survey, u64)> {
    let (path, spec) = (trace(name)?, spec(yaml));
    assert_eq!(spec.problems(), []);
    let survey = spec.survey(open(&path), &classes, &resolve, horizon).unwrap();
    let mut recorded = spec.open(&survey, open(&path), horizon, 1.0, false, Key::from_seed(1)).unwrap();
    let (mut count, mut last) = (0, SimTime::ZERO);
    while let Some(arrival) = recorded.next_arrival().unwrap() {
        assert!(last <= arrival.at && arrival.at < horizon, "{name}: out of order");
        (count, last) = (count + 1, arrival.at);
    }
    assert_eq!(survey.bad_lines, 0, "{name}");
    Some((survey, count))
}

#[test]
fn world_cup_1998_adds_up() {
    let name = "worldcup98_dev_to_1998-06-25.csv";
    // At one thousandth only the last remainder is lost.
    let yaml = "{file: a, time: minute_start, count: requests, interval: 1m, scale: 0.001}";
    let Some((survey, count)) = totals(name, yaml, SimTime::MAX) else { return };
    assert_eq!((survey.rows, survey.used), (80_790, 80_790));
    assert_eq!(survey.records_total, 778_002_350 * u128::from(BILLION));
    assert_eq!(count, 778_002);
    assert!((survey.offered().arrivals - 778_002.35).abs() < 1e-3);
    assert!(survey.sha256.starts_with("52c234239604dc40"));
    // The last day alone, a hundredth of it, in a tenth of the time: 50,648,499 requests (awk).
    let day = "{file: a, time: minute_start, count: requests, interval: 1m, scale: 0.01, speed: 10, \
               window: {from: '1998-06-25'}}";
    let horizon = SimTime::from_nanos(8_640 * SEC);
    let (survey, count) = totals(name, day, horizon).unwrap();
    assert_eq!((survey.used, survey.records_total), (1_440, 50_648_499 * u128::from(BILLION)));
    assert_eq!(count, 506_484);
}

#[test]
fn nasa_1995_adds_up() {
    let yaml = "{file: a, count: requests_per_second, interval: 1s}";
    let day = SimTime::from_nanos(86_400 * SEC);
    if let Some((survey, count)) = totals("nasa_http_1995_busiest_day_per_second.csv", yaml, day) {
        assert_eq!((survey.rows, count, survey.offered().arrivals), (86_400, 134_204, 134_204.0));
    }
    let yaml = "{file: a, index: minute_index, count: requests, interval: 1m}";
    if let Some((survey, count)) = totals("nasa_dev_july_1995_per_minute.csv", yaml, SimTime::MAX) {
        assert_eq!((survey.rows, count), (39_600, 1_886_307));
        assert!(survey.sha256.starts_with("a9767df394e7e5ef"));
    }
}

#[test]
fn azure_2023_replays_its_instants_and_sizes() {
    let name = "azure_llm_2023_code_requests.csv";
    let yaml = "{file: a, time: t_s, size: output_size}";
    let Some((survey, count)) = totals(name, yaml, HOUR) else { return };
    assert_eq!((survey.rows, count, survey.last), (8_819, 8_819, 3_435_948_056_000));
    // Mean output size, and the requests from minute 10 to minute 30, by awk.
    assert!((survey.mean_size - 27.882526364).abs() < 1e-9);
    let minute = totals(name, yaml, SimTime::from_nanos(60 * SEC)).unwrap();
    assert_eq!(minute.1, 63);
    assert!((minute.0.offered().mean_size - 1_478.0 / 63.0).abs() < 1e-12);
    let window = "{file: a, time: t_s, window: {from: 10m, to: 30m}}";
    assert_eq!(totals(name, window, HOUR).unwrap().1, 4_258);
    let twice = "{file: a, time: t_s, scale: 2}";
    assert!(totals(name, twice, HOUR).unwrap().1.abs_diff(2 * 8_819) < 20);
}

#[test]
fn cloud_metrics_are_read_as_rates() {
    let yaml = "{file: a, time: timestamp, rate: value, per: 1m, interval: 5m}";
    let name = "nab_cpu_utilization_asg_misconfiguration.csv";
    let Some((survey, count)) = totals(name, yaml, SimTime::MAX) else { return };
    // 18050 rows of mean 38.2828 per minute, five minutes each.
    let expected = survey.offered().arrivals;
    assert!((expected / (18_050.0 * 38.2828 * 5.0) - 1.0).abs() < 1e-5, "{expected}");
    assert_near(count as usize, expected, expected.sqrt());
    // 2014-05-14 01:14:00 UTC (`date -ud`).
    assert_eq!(survey.first, 1_400_030_040 * SEC as i64);
}

#[test]
fn a_recording_that_stumbles_over_summer_time_is_refused_at_its_line() {
    // In the night of 9 March 2014 this one says 03:00:00 twelve times over.
    let Some(path) = trace("nab_ec2_request_latency_system_failure.csv") else { return };
    let spec = spec("{file: a, time: timestamp, rate: value, interval: 5m}");
    let error = spec.survey(open(&path), &classes, &resolve, HOUR).unwrap_err();
    assert_eq!(error.line, Some(559));
    assert!(error.message.contains("the interval overlaps"), "{error}");
}

/// `cargo test --release -- --ignored --nocapture speed_of` prints what an arrival costs.
#[test]
#[ignore = "a measurement, not a test"]
fn speed_of_an_arrival() {
    let name = "worldcup98_dev_to_1998-06-25.csv";
    for scale in ["1.0", "0.13"] {
        let yaml = format!(
            "{{file: a, time: minute_start, count: requests, interval: 1m, scale: {scale}, window: {{from: '1998-06-10'}}}}"
        );
        let (Some(path), spec) = (trace(name), spec(&yaml)) else { return };
        let survey = spec.survey(open(&path), &classes, &resolve, SimTime::MAX).unwrap();
        let mut recorded =
            spec.open(&survey, open(&path), SimTime::MAX, 1.0, false, Key::from_seed(1)).unwrap();
        let (mut count, begin) = (0_u64, std::time::Instant::now());
        while let Ok(Some(_)) = recorded.next_arrival() {
            count += 1;
        }
        eprintln!("{count} arrivals, {:.1} ns each", begin.elapsed().as_nanos() as f64 / count as f64);
    }
}
