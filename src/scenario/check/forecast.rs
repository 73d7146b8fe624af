//! Forecasts: what is expected to come, minute by minute, from the scenario's own traffic or from a recorded series.

use super::Findings;
use super::scalers::Surroundings;
use super::traces::Known;
use crate::autoscaler::Forecast;
use crate::dist::Distribution;
use crate::error::Code;
use crate::ids::ServiceId;
use crate::scenario::plan::Recording;
use crate::time::{SimDuration, SimTime};
use crate::workload::Profile;
use crate::workload::recorded::RecordedSpec;

/// The resolution of forecasts.
const STEP: SimDuration = SimDuration::from_secs(60);

/// Expected requests per second in the making.
struct Rates<'a> {
    around: &'a Surroundings<'a>,
    rates: Vec<f64>,
}

impl<'a> Rates<'a> {
    fn new(around: &'a Surroundings<'a>) -> Self {
        let steps = around.frame.duration.as_nanos().div_ceil(STEP.as_nanos());
        Self { around, rates: vec![0.0; steps as usize] }
    }

    fn add(&mut self, profile: &Profile, factor: f64) {
        let end = SimTime::ZERO + self.around.frame.duration;
        for (step, rate) in self.rates.iter_mut().enumerate() {
            let from = SimTime::from_nanos(step as u64 * STEP.as_nanos());
            let to = (from + STEP).min(end);
            *rate += factor * profile.expected(from, to) / ((to - from).as_nanos() as f64 / 1e9);
        }
    }

    /// Adds a recorded series; tells whether it could be read again.
    fn add_recorded(&mut self, path: &str, recording: &Recording, factor: f64, found: &mut Findings) -> bool {
        match self.around.traces.outline(recording, self.around.frame.duration, STEP, factor) {
            Ok(outlines) => outlines.iter().for_each(|outline| self.add(&outline.arrivals, 1.0)),
            Err(why) => {
                let message = format!("no forecast from {}: {why}", recording.spec.file);
                found.add(Code::TraceLines, path, message, "mend the file");
                return false;
            }
        }
        true
    }

    fn forecast(self) -> Forecast {
        Forecast { step: STEP, rates: self.rates }
    }
}

/// Returns what the scenario's own traffic is expected to bring to a service.
pub(super) fn of_service(
    path: &str,
    service: ServiceId,
    around: &Surroundings<'_>,
    found: &mut Findings,
) -> Option<Forecast> {
    let mut rates = Rates::new(around);
    for source in around.sources.iter().filter(|source| source.to == service) {
        let factor = source.uncertainty.as_ref().map_or(1.0, Distribution::mean);
        if let Some(profile) = &source.profile {
            rates.add(profile, factor);
        }
        for recording in &source.recorded {
            if !rates.add_recorded(path, recording, recording.factor * factor, found) {
                return None;
            }
        }
    }
    Some(rates.forecast())
}

/// Returns what a recorded series says will come.
pub(super) fn of_series(
    path: &str,
    series: &Recording,
    around: &Surroundings<'_>,
    found: &mut Findings,
) -> Option<Forecast> {
    let mut rates = Rates::new(around);
    rates.add_recorded(path, series, series.factor, found).then(|| rates.forecast())
}

/// Surveys a recorded series, whatever classes it names.
pub(super) fn survey(
    path: &str,
    spec: &RecordedSpec,
    around: &Surroundings<'_>,
    found: &mut Findings,
) -> Option<Recording> {
    let problems = spec.problems();
    if !problems.is_empty() {
        found.nest(Code::Recorded, path, problems);
        return None;
    }
    let survey = around.traces.survey(path, spec, around.frame, &Known::Any, found)?;
    Some(Recording { spec: spec.clone(), survey, factor: 1.0 })
}
