//! When a metric of an analysis has passed, failed, or said nothing.
//!
//! Source: argoproj/argo-rollouts 9f8d111d, analysis/analysis.go (`assessMetricStatus`), its defaults in
//! utils/defaults/defaults.go. Knows counts of measurements, not what was measured.

use crate::time::SimDuration;

/// How a measurement, or a metric as a whole, stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Nothing has been measured.
    #[default]
    Pending,
    /// It goes on.
    Running,
    /// It passed.
    Successful,
    /// Neither passed nor failed: a human has to decide.
    Inconclusive,
    /// It could not be measured.
    Error,
    /// It failed.
    Failed,
}

impl Phase {
    /// Tells whether nothing more is to come.
    pub fn is_completed(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }
}

/// How often a metric is measured, and what it may get wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// How many failed measurements are borne; any number where it is negative.
    pub failure_limit: i32,
    /// How many inconclusive measurements are borne.
    pub inconclusive_limit: i32,
    /// How many errors in a row are borne.
    pub consecutive_error_limit: i32,
    /// How many successes in a row end the metric; no number does where it is not positive.
    pub consecutive_success_limit: i32,
    /// How many measurements are taken; 0 leaves it to `interval`.
    pub count: u32,
    /// How long from one measurement to the next.
    pub interval: Option<SimDuration>,
}

impl Default for Metric {
    fn default() -> Self {
        Self {
            failure_limit: 0,
            inconclusive_limit: 0,
            consecutive_error_limit: 4,
            consecutive_success_limit: 0,
            count: 0,
            interval: None,
        }
    }
}

impl Metric {
    /// Returns how many measurements end the metric (`EffectiveCount`): with an interval alone it goes on
    /// until it is stopped, with neither there is one.
    pub fn effective_count(&self) -> Option<u32> {
        match (self.count, self.interval) {
            (0, Some(_)) => None,
            (0, None) => Some(1),
            (count, _) => Some(count),
        }
    }

    fn bounds_failures(&self) -> bool {
        self.failure_limit >= 0
    }

    fn wants_successes(&self) -> bool {
        self.consecutive_success_limit > 0
    }
}

/// What has been measured so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MetricResult {
    /// What was concluded earlier; what is completed stays so.
    pub phase: Phase,
    /// Whether a measurement is under way.
    pub in_flight: bool,
    /// Measurements that passed, failed, or did neither; errors are not among them.
    pub count: u32,
    /// Measurements that passed.
    pub successful: u32,
    /// Measurements that failed.
    pub failed: u32,
    /// Measurements that neither passed nor failed.
    pub inconclusive: u32,
    /// Measurements that could not be taken.
    pub error: u32,
    /// Successes since the last measurement of another kind.
    pub consecutive_success: u32,
    /// Errors since the last measurement of another kind.
    pub consecutive_error: u32,
}

impl MetricResult {
    /// Counts a completed measurement (`runMeasurements`); one that is not completed is under way.
    pub fn record(&mut self, measurement: Phase) {
        self.in_flight = !measurement.is_completed();
        let of_its_kind = match measurement {
            Phase::Successful => &mut self.successful,
            Phase::Failed => &mut self.failed,
            Phase::Inconclusive => &mut self.inconclusive,
            Phase::Error => &mut self.error,
            Phase::Pending | Phase::Running => return,
        };
        *of_its_kind += 1;
        self.count += u32::from(measurement != Phase::Error);
        let in_a_row = |still: bool, before: u32| if still { before + 1 } else { 0 };
        self.consecutive_success = in_a_row(measurement == Phase::Successful, self.consecutive_success);
        self.consecutive_error = in_a_row(measurement == Phase::Error, self.consecutive_error);
    }

    fn is_empty(&self) -> bool {
        let nothing = Self { phase: self.phase, ..Self::default() };
        *self == nothing
    }
}

/// Returns how a metric stands; `terminating` says that the analysis is being stopped, with which a metric
/// that has not gone wrong has passed.
pub fn status(metric: &Metric, result: &MetricResult, terminating: bool) -> Phase {
    if result.phase.is_completed() {
        return result.phase;
    }
    let unfinished = |phase| if terminating { Phase::Successful } else { phase };
    if result.is_empty() {
        return unfinished(Phase::Pending);
    }
    if result.in_flight {
        return Phase::Running;
    }
    if let Some(wrong) = gone_wrong(metric, result) {
        return wrong;
    }
    if metric.wants_successes() && exceeds(result.consecutive_success, metric.consecutive_success_limit - 1) {
        return Phase::Successful;
    }
    if metric.effective_count().is_none_or(|count| result.count < count) {
        return unfinished(Phase::Running);
    }
    // All measurements are taken, and no limit was passed: without enough successes in a row that is
    // nothing to go by, unless they were the only thing asked for.
    match (metric.wants_successes(), metric.bounds_failures()) {
        (true, true) => Phase::Inconclusive,
        (true, false) => Phase::Failed,
        (false, _) => Phase::Successful,
    }
}

/// Returns which limit was passed (`assessMetricFailureInconclusiveOrError`): of several, errors count
/// before what was inconclusive and that before failures.
fn gone_wrong(metric: &Metric, result: &MetricResult) -> Option<Phase> {
    if exceeds(result.consecutive_error, metric.consecutive_error_limit) {
        Some(Phase::Error)
    } else if exceeds(result.inconclusive, metric.inconclusive_limit) {
        Some(Phase::Inconclusive)
    } else if metric.bounds_failures() && exceeds(result.failed, metric.failure_limit) {
        Some(Phase::Failed)
    } else {
        None
    }
}

fn exceeds(count: u32, limit: i32) -> bool {
    i64::from(count) > i64::from(limit)
}

#[cfg(test)]
mod tests;
