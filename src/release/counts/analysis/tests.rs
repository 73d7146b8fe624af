//! Argo Rollouts' own cases, retyped as tables.
//!
//! Source: argoproj/argo-rollouts 9f8d111d, analysis/analysis_test.go (`TestAssessMetricStatus*`).

use super::Phase::{Error, Failed, Inconclusive, Pending, Running, Successful};
use super::*;

const MINUTELY: Metric = Metric {
    failure_limit: 0,
    inconclusive_limit: 0,
    consecutive_error_limit: 4,
    consecutive_success_limit: 0,
    count: 0,
    interval: Some(SimDuration::from_secs(60)),
};

/// Counts of failed, successful, and successes in a row; the measurements are those two together, unless the
/// test says otherwise.
fn measured(failed: u32, successful: u32, consecutive_success: u32, count: u32) -> MetricResult {
    MetricResult { failed, successful, consecutive_success, count, ..MetricResult::default() }
}

fn assert_status(metric: &Metric, result: &MetricResult, running: Phase, terminating: Phase) {
    let got = (status(metric, result, false), status(metric, result, true));
    assert_eq!(got, (running, terminating), "{metric:?} {result:?}");
}

#[test]
fn nothing_measured_is_pending() {
    assert_status(&Metric::default(), &MetricResult::default(), Pending, Successful);
}

#[test]
fn a_measurement_under_way_is_waited_for() {
    let result = MetricResult { in_flight: true, ..measured(0, 1, 1, 1) };
    assert_status(&Metric::default(), &result, Running, Running);
    let first = MetricResult { in_flight: true, ..MetricResult::default() };
    assert_status(&Metric::default(), &first, Running, Running);
}

#[test]
fn what_is_completed_stays_so() {
    let result = MetricResult { phase: Inconclusive, ..measured(9, 0, 0, 9) };
    assert_status(&MINUTELY, &result, Inconclusive, Inconclusive);
    let result = MetricResult { phase: Running, ..measured(9, 0, 0, 9) };
    assert_status(&MINUTELY, &result, Failed, Failed);
}

/// `FailureLimit`, `ConsecutiveSuccessLimit`, and both together: limits of failures and successes in a row,
/// count (0 for none); failed, successful, successes in a row, measurements; running and terminating.
#[test]
fn failures_and_successes_are_judged_as_in_argo() {
    type Row = ((i32, i32, u32), (u32, u32, u32, u32), Phase, Phase);
    let rows: [Row; 22] = [
        ((2, 0, 0), (3, 0, 0, 3), Failed, Failed),
        ((3, 0, 0), (3, 0, 0, 3), Running, Successful),
        // Without a limit of failures.
        ((-1, 3, 0), (3, 4, 3, 7), Successful, Successful),
        ((-1, 5, 0), (3, 4, 3, 7), Running, Successful),
        ((-1, 5, 7), (3, 4, 3, 7), Failed, Failed),
        ((-1, 3, 7), (3, 4, 3, 7), Successful, Successful),
        ((-1, 3, 9), (3, 4, 3, 7), Successful, Successful),
        ((-1, 5, 9), (3, 4, 3, 7), Running, Successful),
        // With both limits, without end.
        ((4, 4, 0), (3, 4, 3, 7), Running, Successful),
        ((4, 4, 0), (5, 9, 0, 9), Failed, Failed),
        ((4, 4, 0), (3, 5, 4, 8), Successful, Successful),
        ((4, 4, 0), (5, 5, 4, 10), Failed, Failed),
        // The count is reached.
        ((4, 4, 10), (4, 6, 3, 10), Inconclusive, Inconclusive),
        ((4, 4, 10), (5, 5, 3, 10), Failed, Failed),
        ((4, 4, 10), (4, 6, 4, 10), Successful, Successful),
        ((4, 4, 10), (5, 5, 4, 10), Failed, Failed),
        // It is not.
        ((4, 4, 10), (3, 5, 3, 8), Running, Successful),
        ((4, 4, 10), (5, 3, 3, 8), Failed, Failed),
        ((4, 4, 10), (3, 5, 4, 8), Successful, Successful),
        ((4, 4, 10), (5, 4, 4, 9), Failed, Failed),
        // Of our own: the count alone.
        ((1, 0, 3), (1, 2, 1, 3), Successful, Successful),
        ((-1, 0, 3), (3, 0, 0, 3), Successful, Successful),
    ];
    for ((failure_limit, consecutive_success_limit, count), counts, running, terminating) in rows {
        let metric = Metric { failure_limit, consecutive_success_limit, count, ..MINUTELY };
        let (failed, successful, in_a_row, measurements) = counts;
        assert_status(&metric, &measured(failed, successful, in_a_row, measurements), running, terminating);
    }
}

/// `InconclusiveLimit`, `ConsecutiveErrors`, `CountReached`.
#[test]
fn inconclusive_ones_errors_and_counts_are_judged_as_in_argo() {
    let inconclusive = MetricResult { inconclusive: 3, count: 3, ..MetricResult::default() };
    let metric = |inconclusive_limit| Metric { inconclusive_limit, ..MINUTELY };
    assert_status(&metric(2), &inconclusive, Inconclusive, Inconclusive);
    assert_status(&metric(3), &inconclusive, Running, Successful);

    let errors = |consecutive_error| MetricResult { consecutive_error, count: 5, ..MetricResult::default() };
    assert_status(&MINUTELY, &errors(5), Error, Error);
    assert_status(&MINUTELY, &errors(4), Running, Successful);

    let ten = Metric { count: 10, ..Metric::default() };
    assert_status(&ten, &measured(0, 10, 0, 10), Successful, Successful);
    let half = MetricResult { inconclusive: 5, ..measured(0, 5, 0, 10) };
    assert_status(&ten, &half, Inconclusive, Inconclusive);
}

/// `TestAssessMetricFailureInconclusiveOrError`, and which limit counts when several are passed.
#[test]
fn one_of_anything_bad_is_too_many_but_for_errors() {
    let none = MetricResult::default();
    let rows = [
        (MetricResult { failed: 1, ..none }, Failed),
        (MetricResult { inconclusive: 1, ..none }, Inconclusive),
        (MetricResult { consecutive_error: 5, ..none }, Error),
        (MetricResult { failed: 1, inconclusive: 1, ..none }, Inconclusive),
        (MetricResult { failed: 1, inconclusive: 1, consecutive_error: 5, ..none }, Error),
    ];
    for (result, expected) in rows {
        assert_status(&Metric::default(), &result, expected, expected);
    }
}

#[test]
fn measurements_are_counted_by_what_they_were() {
    let mut result = MetricResult::default();
    result.record(Running);
    assert!(result.in_flight);
    for measurement in [Successful, Successful, Error, Error, Failed, Successful, Inconclusive, Error] {
        result.record(measurement);
    }
    let expected = MetricResult {
        count: 5,
        successful: 3,
        failed: 1,
        inconclusive: 1,
        error: 3,
        consecutive_error: 1,
        ..MetricResult::default()
    };
    assert_eq!(result, expected);
    result.record(Successful);
    assert_eq!((result.consecutive_success, result.consecutive_error), (1, 0));
}

#[test]
fn a_metric_without_count_and_interval_is_measured_once() {
    assert_eq!(Metric::default().effective_count(), Some(1));
    assert_eq!(MINUTELY.effective_count(), None);
    assert_eq!(Metric { count: 3, ..MINUTELY }.effective_count(), Some(3));
    assert_status(&Metric::default(), &measured(0, 1, 1, 1), Successful, Successful);
}
