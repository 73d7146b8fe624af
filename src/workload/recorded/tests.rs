//! Recorded traffic, tested in tables through one helper; what is expected comes from outside:
//! the calendar, `sha256sum`, `awk`, the published totals of the traces, and probability theory.

pub(super) use std::io::{Cursor, Read, Write};

use super::*;
pub(super) use crate::ids::ClassId;
pub(super) use crate::rng::Key;
pub(super) use crate::time::{NANOS_PER_SEC, SimTime};
pub(super) use crate::workload::{Arrival, Size};

pub(super) const SEC: u64 = NANOS_PER_SEC;
pub(super) const HOUR: SimTime = SimTime::from_nanos(3_600 * SEC);

/// A run of a trace: what a table does not set is as here.
#[derive(Clone, Copy)]
pub(super) struct Run {
    pub(super) horizon: SimTime,
    pub(super) factor: f64,
    pub(super) evenly: bool,
    pub(super) seed: u64,
}

impl Default for Run {
    fn default() -> Self {
        Self { horizon: HOUR, factor: 1.0, evenly: false, seed: 1 }
    }
}

pub(super) fn spec(yaml: &str) -> RecordedSpec {
    serde_saphyr::from_str(yaml).unwrap_or_else(|error| panic!("{yaml}: {error}"))
}

pub(super) fn bytes(text: impl Into<Vec<u8>>) -> Box<dyn Read + Send> {
    Box::new(Cursor::new(text.into()))
}

pub(super) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

/// The scenario's classes.
pub(super) fn classes(name: &str) -> Option<ClassId> {
    ["browse", "order"].iter().position(|class| *class == name).map(ClassId::new)
}

/// The scenario's clock: t = 0 is 23:30.
pub(super) fn resolve(text: &str) -> Result<i64, String> {
    match text {
        "00:00" => Ok(1_800 * SEC as i64),
        "23:00" => Ok(-1_800 * SEC as i64),
        _ => text.parse::<SimDuration>().map(|length| length.as_nanos() as i64),
    }
}

pub(super) fn survey_of(
    spec: &RecordedSpec,
    file: impl Into<Vec<u8>>,
    horizon: SimTime,
) -> Result<Survey, TraceError> {
    spec.survey(bytes(file), &classes, &resolve, horizon)
}

pub(super) fn survey(yaml: &str, file: &str) -> Survey {
    survey_of(&spec(yaml), file, HOUR).unwrap_or_else(|error| panic!("{yaml}: {error}"))
}

pub(super) fn collect(mut recorded: Recorded) -> Result<Vec<Arrival>, TraceError> {
    let mut arrivals = Vec::new();
    while let Some(arrival) = recorded.next_arrival()? {
        arrivals.push(arrival);
    }
    assert_eq!(recorded.next_arrival(), Ok(None), "the end is not the end");
    Ok(arrivals)
}

pub(super) fn try_replay(spec: &RecordedSpec, file: &[u8], run: Run) -> Result<Vec<Arrival>, TraceError> {
    let survey = survey_of(spec, file, run.horizon)?;
    let key = Key::from_seed(run.seed);
    collect(spec.open(&survey, bytes(file), run.horizon, run.factor, run.evenly, key)?)
}

pub(super) fn replay(yaml: &str, file: &str, run: Run) -> Vec<Arrival> {
    let spec = spec(yaml);
    assert_eq!(spec.problems(), [], "{yaml}");
    let arrivals = try_replay(&spec, file.as_bytes(), run).unwrap_or_else(|error| panic!("{yaml}: {error}"));
    assert!(arrivals.windows(2).all(|pair| pair[0].at <= pair[1].at), "{yaml}: out of order");
    assert!(arrivals.iter().all(|arrival| arrival.at < run.horizon), "{yaml}: past the horizon");
    arrivals
}

pub(super) fn times(arrivals: &[Arrival]) -> Vec<u64> {
    arrivals.iter().map(|arrival| arrival.at.as_nanos()).collect()
}

/// Counts the arrivals in each of `buckets` stretches of `length`.
pub(super) fn histogram(arrivals: &[Arrival], length: u64, buckets: usize) -> Vec<u64> {
    let mut counts = vec![0; buckets];
    for arrival in arrivals {
        counts[(arrival.at.as_nanos() / length) as usize] += 1;
    }
    counts
}

/// Asserts that a count lies within five standard deviations of its mean.
pub(super) fn assert_near(count: usize, mean: f64, deviation: f64) {
    let off = (count as f64 - mean).abs() / deviation;
    assert!(off < 5.0, "{count} is {off:.1} deviations from {mean}");
}
