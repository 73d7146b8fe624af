//! Rates and arrival processes as written: read, written back, and what is wrong with them.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::time::SimDuration;
use crate::units::{Rate, When};
use crate::workload::{
    ArrivalsSpec, DiurnalSpec, EventSpec, Problem, RateSpec, StagesSpec, StateSpec, StepSpec,
};

const NOON: When = When::Clock { seconds_of_day: 43_200 };

/// Reads YAML, compares, writes JSON (which is YAML) and reads that back.
fn round_trip<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(
    yaml: &str,
    expected: &T,
    json: &str,
) {
    let read: T = serde_saphyr::from_str(yaml).unwrap_or_else(|e| panic!("{yaml}: {e}"));
    assert_eq!(&read, expected, "{yaml}");
    assert_eq!(serde_json::to_string(&read).unwrap(), json, "{yaml}");
    assert_eq!(&serde_saphyr::from_str::<T>(json).unwrap(), expected, "{json}");
    assert_eq!(&serde_json::from_str::<T>(json).unwrap(), expected, "{json}");
}

/// Reads what must not be read, and looks for words in the message.
fn refused<T: DeserializeOwned + std::fmt::Debug>(cases: &[(&str, &str)]) {
    for (yaml, words) in cases {
        let message = serde_saphyr::from_str::<T>(yaml).expect_err(yaml).to_string();
        assert!(message.contains(words), "{yaml}: {message}");
    }
}

fn event(shape: &str, baseline: f64, peak: f64) -> EventSpec {
    EventSpec { baseline: Rate(baseline), at: NOON, shape: shape.to_owned(), peak: Rate(peak) }
}

fn cosine(mean: f64, peak: f64) -> RateSpec {
    RateSpec::Diurnal(DiurnalSpec::Cosine { mean: Rate(mean), peak: Rate(peak), peak_at: NOON })
}

fn stages(start: f64, steps: &[(u64, f64)]) -> RateSpec {
    let steps = steps
        .iter()
        .map(|&(seconds, rate)| StepSpec { duration: SimDuration::from_secs(seconds), target: Rate(rate) })
        .collect();
    RateSpec::Stages(StagesSpec { start_rate: Rate(start), steps })
}

#[test]
fn every_form_of_a_rate_is_read_and_written_back() {
    round_trip("20k/s", &RateSpec::Constant(Rate(20_000.0)), r#""20000/s""#);
    round_trip(
        "{stages: {startRate: 3/s, steps: [{duration: 30m, target: 4/s}, {duration: 0s, target: 9/s}]}}",
        &stages(3.0, &[(1_800, 4.0), (0, 9.0)]),
        r#"{"stages":{"startRate":"3/s","steps":[{"duration":"30m","target":"4/s"},{"duration":"0s","target":"9/s"}]}}"#,
    );
    round_trip(
        "stages:\n  steps:\n    - {duration: 5s, target: 1/s}\n",
        &stages(0.0, &[(5, 1.0)]),
        r#"{"stages":{"startRate":"0/s","steps":[{"duration":"5s","target":"1/s"}]}}"#,
    );
    round_trip(
        "diurnal: {mean: 2/s, peak: 3/s, peakAt: 12:00}",
        &cosine(2.0, 3.0),
        r#"{"diurnal":{"mean":"2/s","peak":"3/s","peakAt":"12:00"}}"#,
    );
    round_trip(
        "diurnal: {hours: [1/s, 2/s]}",
        &RateSpec::Diurnal(DiurnalSpec::Hours(vec![Rate(1.0), Rate(2.0)])),
        r#"{"diurnal":{"hours":["1/s","2/s"]}}"#,
    );
    round_trip(
        r#"sum: [90/s, {event: {baseline: 0/s, at: "12:00", shape: double11-2019, peak: 3/s}}]"#,
        &RateSpec::Sum(vec![
            RateSpec::Constant(Rate(90.0)),
            RateSpec::Event(event("double11-2019", 0.0, 3.0)),
        ]),
        r#"{"sum":["90/s",{"event":{"baseline":"0/s","at":"12:00","shape":"double11-2019","peak":"3/s"}}]}"#,
    );
}

#[test]
fn every_arrival_process_is_read_and_written_back() {
    let state = |factor, seconds| StateSpec { factor, mean: SimDuration::from_secs(seconds) };
    round_trip("poisson", &ArrivalsSpec::Poisson, r#""poisson""#);
    round_trip("poisson: {}", &ArrivalsSpec::default(), r#""poisson""#);
    round_trip("uniform", &ArrivalsSpec::Uniform, r#""uniform""#);
    round_trip("gamma: {cv: 2}", &ArrivalsSpec::Gamma { cv: 2.0 }, r#"{"gamma":{"cv":2.0}}"#);
    round_trip(
        "mmpp: {states: [{factor: 0.5, mean: 10s}, {factor: 4, mean: 1s}]}",
        &ArrivalsSpec::Mmpp { states: vec![state(0.5, 10), state(4.0, 1)] },
        r#"{"mmpp":{"states":[{"factor":0.5,"mean":"10s"},{"factor":4.0,"mean":"1s"}]}}"#,
    );
}

#[test]
fn what_cannot_be_read_is_told_with_what_to_write() {
    refused::<RateSpec>(&[
        ("20", "20/s"),
        ("20.5", "20.5/s"),
        ("fast", "20k/s"),
        ("-3", "not a rate"),
        ("[1/s]", "stages, diurnal, event, sum"),
        ("stage: {steps: []}", "stage"),
        ("{sum: [1/s], event: {baseline: 0/s, at: 5m, shape: a, peak: 1/s}}", "invalid length 2, expected"),
        ("stages: {steps: [], loop: true}", "loop"),
        ("stages: {}", "steps"),
        ("stages: {steps: [{duration: 5, target: 1/s}]}", "5s"),
        ("diurnal: {mean: 2/s, peak: 3/s}", "all three"),
        ("diurnal: {mean: 2/s, hours: [1/s]}", "24 rates"),
        ("diurnal: {mean: 2/s, top: 3/s}", "top"),
        (r#"event: {baseline: 0/s, at: "25:00", shape: a, peak: 1/s}"#, "time of day"),
    ]);
    refused::<ArrivalsSpec>(&[
        ("posson", "poisson, uniform, gamma, mmpp"),
        ("gamma", "cv: 2"),
        ("mmpp", "factor: 4"),
        ("gamma: {cv: 2, mean: 3}", "mean"),
        ("poisson: {cv: 2}", "cv"),
        ("mmpp: {states: [{factor: 1}]}", "mean"),
        ("{gamma: {cv: 2}, uniform: {}}", "invalid length 2, expected"),
    ]);
}

/// Paths, and words of the message or remedy.
type Told = Vec<(&'static str, &'static str)>;

/// Compares problems by path and a word of each message or remedy, in order.
fn told(problems: &[Problem], expected: &[(&str, &str)]) {
    let paths: Vec<_> = problems.iter().map(|p| p.path.as_str()).collect();
    assert_eq!(paths, expected.iter().map(|e| e.0).collect::<Vec<_>>(), "{problems:?}");
    for (problem, (_, words)) in problems.iter().zip(expected) {
        let text = format!("{}\n{}", problem.message, problem.remedy);
        assert!(text.contains(words), "{text}");
        assert!(!problem.remedy.is_empty(), "{text}");
    }
}

#[test]
fn all_problems_of_a_rate_are_told_at_once() {
    let nan = f64::NAN;
    let hours =
        |hours: Vec<f64>| RateSpec::Diurnal(DiurnalSpec::Hours(hours.into_iter().map(Rate).collect()));
    let cases: Vec<(RateSpec, Told)> = vec![
        (RateSpec::Constant(Rate(5.0)), vec![]),
        (RateSpec::Constant(Rate(nan)), vec![("", "NaN")]),
        (RateSpec::Constant(Rate(2e9)), vec![("", "1G/s")]),
        (RateSpec::Constant(Rate(-1.0)), vec![("", "-1/s")]),
        (stages(1.0, &[]), vec![("stages.steps", "no steps")]),
        (
            stages(nan, &[(1, 1.0), (1, f64::INFINITY)]),
            vec![("stages.startRate", "NaN"), ("stages.steps[1].target", "inf")],
        ),
        (cosine(2.0, 4.0), vec![]),
        (cosine(2.0, 4.1), vec![("diurnal.peak", "hours")]),
        (cosine(2.0, 1.9), vec![("diurnal.peak", "between")]),
        (hours(vec![1.0; 24]), vec![]),
        (hours(vec![1.0; 23]), vec![("diurnal.hours", "23 rates")]),
        (hours(vec![1.0, nan]), vec![("diurnal.hours", "2 rates"), ("diurnal.hours[1]", "NaN")]),
        (RateSpec::Event(event("double11-2019", 1.0, 1.0)), vec![]),
        (
            RateSpec::Event(event("double12", 2.0, 1.0)),
            vec![
                ("event.peak", "below the baseline"),
                ("event.shape", "double11-2016, double11-2017, double11-2018, double11-2019"),
            ],
        ),
        (RateSpec::Sum(vec![]), vec![("sum", "nothing to add")]),
        (
            RateSpec::Sum(vec![
                RateSpec::Constant(Rate(nan)),
                stages(0.0, &[]),
                RateSpec::Sum(vec![RateSpec::Constant(Rate(1.0)), cosine(1.0, 3.0)]),
            ]),
            vec![
                ("sum[0]", "NaN"),
                ("sum[1].stages.steps", "no steps"),
                ("sum[2].sum[1].diurnal.peak", "hours"),
            ],
        ),
    ];
    for (spec, expected) in cases {
        told(&spec.problems(), &expected);
        let profile = spec.profile(SimDuration::from_secs(60), &|_| Ok(0));
        match expected.is_empty() {
            true => assert!(profile.is_ok(), "{spec:?}"),
            false => told(&profile.unwrap_err(), &expected),
        }
    }
}

#[test]
fn what_only_the_run_can_tell_is_told_by_the_profile() {
    let minute = SimDuration::from_secs(60);
    let no_clock = |_: &When| Err("there is no run.start".to_owned());
    let both = RateSpec::Sum(vec![
        cosine(1.0, 2.0),
        RateSpec::Event(event("double11-2018", 0.0, 1.0)),
        RateSpec::Diurnal(DiurnalSpec::Hours(vec![Rate(1.0); 24])),
    ]);
    assert_eq!(both.problems(), []);
    told(
        &both.profile(minute, &no_clock).unwrap_err(),
        &[
            ("sum[0].diurnal.peakAt", "no run.start"),
            ("sum[1].event.at", "no run.start"),
            ("sum[2].diurnal.hours", "no run.start"),
        ],
    );
    let too_much = RateSpec::Sum(vec![RateSpec::Constant(Rate(6e8)); 2]);
    told(&too_much.profile(minute, &no_clock).unwrap_err(), &[("sum", "1200000000/s")]);
    let years = SimDuration::from_secs(367 * 86_400);
    told(&cosine(1.0, 2.0).profile(years, &|_| Ok(0)).unwrap_err(), &[("diurnal", "366 days")]);
}

#[test]
fn all_problems_of_an_arrival_process_are_told_at_once() {
    let state = |factor, seconds| StateSpec { factor, mean: SimDuration::from_secs(seconds) };
    for cv in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-200, 1e200] {
        told(&ArrivalsSpec::Gamma { cv }.problems(), &[("gamma.cv", "between 0.001 and 100")]);
    }
    let cases: [(Vec<StateSpec>, Told); 5] = [
        (vec![state(0.0, 1), state(2.0, 3)], vec![]),
        (vec![], vec![("mmpp.states", "no states")]),
        (vec![state(0.0, 1), state(0.0, 3)], vec![("mmpp.states", "all factors are 0")]),
        (
            vec![state(1.0, 1), state(f64::NAN, 0)],
            vec![("mmpp.states[1].factor", "NaN"), ("mmpp.states[1].mean", "10s")],
        ),
        (
            vec![state(-1.0, 1), state(1e300, 1)],
            vec![("mmpp.states[0].factor", "-1"), ("mmpp.states[1].factor", "1,000,000")],
        ),
    ];
    for (states, expected) in cases {
        told(&ArrivalsSpec::Mmpp { states }.problems(), &expected);
    }
    for spec in [ArrivalsSpec::Poisson, ArrivalsSpec::Uniform, ArrivalsSpec::Gamma { cv: 2.0 }] {
        assert_eq!(spec.problems(), []);
    }
}
