//! Series of what is in flight made by hand, so that where they settle is known.

use super::*;
use crate::results::Wide;
use crate::results::example::study;

/// Intervals of a series, ten seconds each.
const INTERVALS: usize = 200;
const INTERVAL: u64 = 10_000_000_000;

/// What is in flight of a row, by interval.
type Course = fn(usize) -> u128;

const STEADY: Course = |_| 70;
/// Empty for so long, then full.
const AFTER_20: Course = |interval| if interval < 20 { 0 } else { 100 };
const AFTER_35: Course = |interval| if interval < 35 { 5_000 } else { 4_000 };
const GROWING: Course = |interval| interval as u128;

/// Pilots of the example, whose `web` has the first two rows and whose `pay` has the third.
fn pilots(courses: &[[Course; 3]]) -> (Plan, Vec<RunResult>) {
    let mut example = study();
    example.plan.duration_ns = INTERVALS as u64 * INTERVAL;
    example.plan.interval_ns = INTERVAL;
    let mut runs = Vec::new();
    for courses in courses {
        let mut run = example.runs[0].clone();
        for (series, course) in run.row_series.iter_mut().zip(courses) {
            series.in_flight_ns = (0..INTERVALS).map(|interval| Wide(course(interval))).collect();
        }
        runs.push(run);
    }
    (example.plan, runs)
}

fn found(courses: &[[Course; 3]]) -> Result<u64, String> {
    let (plan, runs) = pilots(courses);
    find(&plan, &runs).map(|warmup| warmup.as_nanos() / INTERVAL).map_err(|error| error.to_string())
}

#[test]
fn the_longest_transient_of_any_service_counts() {
    let cases: [([Course; 3], u64); 6] = [
        ([STEADY, STEADY, STEADY], 0),
        ([AFTER_20, STEADY, STEADY], 20),
        ([STEADY, AFTER_20, STEADY], 20),
        ([STEADY, STEADY, AFTER_20], 20),
        ([AFTER_20, STEADY, AFTER_35], 35),
        ([AFTER_35, STEADY, AFTER_20], 35),
    ];
    for (index, (courses, expected)) in cases.into_iter().enumerate() {
        assert_eq!(found(&[courses]), Ok(expected), "case {index}");
    }
}

#[test]
fn classes_of_a_service_are_one_queue() {
    // What one class loses the other gains: the service is steady. Apart, neither would be.
    let (rising, falling): (Course, Course) = (|i| i as u128, |i| (INTERVALS - i) as u128);
    assert_eq!(found(&[[rising, falling, STEADY]]), Ok(0));
    assert!(found(&[[rising, STEADY, falling]]).is_err());
}

#[test]
fn pilots_are_averaged_before_anything_is_judged() {
    // One alone swings for 60 intervals; two that swing against each other stand still.
    let up: Course = |i| if i < 60 { 100 + 50 * (i as u128 / 5 % 2) } else { 125 };
    let down: Course = |i| if i < 60 { 150 - 50 * (i as u128 / 5 % 2) } else { 125 };
    assert_eq!(found(&[[up, STEADY, STEADY]]), Ok(60));
    assert_eq!(found(&[[up, STEADY, STEADY], [down, STEADY, STEADY]]), Ok(0));
}

#[test]
fn what_still_moves_at_half_of_the_run_is_named() {
    for (courses, service) in [([GROWING, STEADY, STEADY], "web"), ([STEADY, STEADY, GROWING], "pay")] {
        let error = found(&[courses]).expect_err("it grows");
        assert!(error.contains(&format!("no steady state of {service}:")), "{error}");
        assert!(error.contains("simulate longer") && error.contains("run.warmup"), "{error}");
    }
}

#[test]
fn an_interval_that_the_end_cuts_short_is_left_out() {
    let (mut plan, mut runs) = pilots(&[[AFTER_20, STEADY, STEADY]]);
    plan.duration_ns += INTERVAL / 2;
    for series in &mut runs[0].row_series {
        series.in_flight_ns.push(Wide(1_000_000));
    }
    assert_eq!(find(&plan, &runs).expect("it settles").as_nanos(), 20 * INTERVAL);
}

#[test]
fn integrals_beyond_64_bits_are_added_exactly() {
    // A queue of a million over an interval of a day, in request x ns, a few times over.
    let (plan, mut runs) = pilots(&[[STEADY, STEADY, STEADY], [STEADY, STEADY, STEADY]]);
    for run in &mut runs {
        for series in &mut run.row_series {
            series.in_flight_ns = vec![Wide(86_400_000_000_000_000_000_000); INTERVALS];
        }
    }
    assert_eq!(find(&plan, &runs).expect("steady"), SimDuration::ZERO);
}
