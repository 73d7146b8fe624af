//! The shapes, against rates and integrals worked out by hand.

use crate::time::{SimDuration, SimTime};
use crate::units::When;
use crate::workload::{DiurnalSpec, EventSpec, Profile, RateSpec};

const HOUR: f64 = 3_600.0;
const DAY: f64 = 86_400.0;

fn at(seconds: f64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs_f64(seconds)
}

/// Compiles a rate for a run that starts at `start` seconds of the day; clocks mean that day.
fn compiled(yaml: &str, start: f64, horizon: f64) -> Profile {
    let spec: RateSpec = serde_saphyr::from_str(yaml).unwrap();
    let resolve = |when: &When| match when {
        When::Offset(length) => Ok(i128::from(length.as_nanos())),
        When::Clock { seconds_of_day } => Ok((f64::from(*seconds_of_day) - start) as i128 * 1_000_000_000),
    };
    spec.profile(SimDuration::from_secs_f64(horizon), &resolve).unwrap()
}

fn close(value: f64, expected: f64, what: &str) {
    assert!(
        (value - expected).abs() <= 1e-9 * expected.abs().max(1e-3),
        "{what}: {value}, expected {expected}"
    );
}

/// Compares rates at instants, and integrals over intervals.
fn goes(profile: &Profile, rates: &[(f64, f64)], integrals: &[(f64, f64, f64)]) {
    for &(second, rate) in rates {
        close(profile.rate_at(at(second)), rate, &format!("rate at {second} s"));
    }
    for &(from, to, count) in integrals {
        close(profile.expected(at(from), at(to)), count, &format!("from {from} to {to} s"));
    }
}

#[test]
fn a_bare_rate_is_constant() {
    let profile = compiled("6/min", 0.0, 100.0);
    goes(&profile, &[(0.0, 0.1), (99.9, 0.1), (100.0, 0.0)], &[(0.0, 100.0, 10.0), (90.0, 200.0, 1.0)]);
    assert!(profile.is_constant());
    close(profile.peak(), 0.1, "peak");
    close(profile.mean(), 0.1, "mean");
}

#[test]
fn stages_are_linear_from_target_to_target() {
    let profile = compiled(
        "stages: {startRate: 10/s, steps: [{duration: 10s, target: 30/s}, {duration: 0s, target: 100/s}, \
         {duration: 5s, target: 100/s}, {duration: 20s, target: 0/s}, {duration: 0s, target: 7/s}]}",
        0.0,
        60.0,
    );
    let rates = [
        (0.0, 10.0),
        (5.0, 20.0),
        (9.0, 28.0),
        (10.0, 100.0),
        (15.0, 100.0),
        (25.0, 50.0),
        (35.0, 7.0),
        (59.0, 7.0),
    ];
    let integrals = [
        (0.0, 10.0, 200.0),
        (5.0, 10.0, 125.0),
        (10.0, 15.0, 500.0),
        (15.0, 35.0, 1_000.0),
        (25.0, 35.0, 250.0),
        (0.0, 60.0, 200.0 + 500.0 + 1_000.0 + 175.0),
        (9.0, 11.0, 29.0 + 100.0),
        (30.0, 30.0, 0.0),
        (40.0, 30.0, 0.0),
    ];
    goes(&profile, &rates, &integrals);
    assert!(!profile.is_constant());
    close(profile.peak(), 100.0, "peak");
    close(profile.mean(), 1_875.0 / 60.0, "mean");
    let half = profile.scaled(0.5);
    goes(&half, &[(5.0, 10.0), (35.0, 3.5)], &[(0.0, 60.0, 937.5)]);
}

#[test]
fn stages_start_from_nothing_and_the_horizon_cuts_a_ramp() {
    let profile = compiled("stages: {steps: [{duration: 100s, target: 50/s}]}", 0.0, 40.0);
    goes(&profile, &[(0.0, 0.0), (20.0, 10.0), (40.0, 0.0)], &[(0.0, 40.0, 400.0), (0.0, 90.0, 400.0)]);
    close(profile.peak(), 20.0, "the peak is that before the horizon");
    close(profile.mean(), 10.0, "mean");
}

#[test]
fn stages_that_stay_are_one_stretch() {
    let profile = compiled("stages: {startRate: 5/s, steps: [{duration: 9s, target: 5/s}]}", 0.0, 40.0);
    assert!(profile.is_constant());
    assert_eq!(profile.segments().len(), 1);
}

#[test]
fn a_diurnal_rate_is_a_cosine_around_its_peak() {
    // 21:00 seen from a run that starts at 23:30: 2.5 h ago.
    let profile = compiled("diurnal: {mean: 2/s, peak: 3.5/s, peakAt: \"21:00\"}", 23.5 * HOUR, 3.0 * DAY);
    let half_root = std::f64::consts::FRAC_1_SQRT_2;
    let rates = [
        (-2.5 + 3.0, 2.0 + 1.5 * half_root),
        (-2.5 + 6.0, 2.0),
        (-2.5 + 8.0, 2.0 - 1.5 * 0.5),
        (-2.5 + 12.0, 0.5),
        (-2.5 + 18.0, 2.0),
        (-2.5 + 24.0, 3.5),
        (-2.5 + 48.0, 3.5),
    ]
    .map(|(hour, rate)| (hour * HOUR, rate));
    goes(&profile, &rates, &[(0.0, DAY, 2.0 * DAY), (5_555.0, 5_555.0 + 2.0 * DAY, 4.0 * DAY)]);
    close(profile.peak(), 3.5, "peak");
    close(profile.mean(), 2.0, "mean");
    // Between two minutes it is the chord, by definition: half a minute after the peak.
    let chord = 2.0 + 1.5 * 0.5 * (1.0 + 0.999_990_480_720_734_3);
    goes(&profile, &[(21.5 * HOUR + 30.0, chord)], &[]);
}

#[test]
fn a_diurnal_peak_may_be_an_offset_and_twice_the_mean() {
    let profile = compiled("diurnal: {mean: 1/s, peak: 2/s, peakAt: 30m}", 0.0, DAY);
    goes(&profile, &[(0.5 * HOUR, 2.0), (6.5 * HOUR, 1.0)], &[(0.0, DAY, DAY)]);
    assert!(profile.rate_at(at(12.5 * HOUR)).abs() < 1e-12);
    assert!(profile.segments().iter().all(|s| s.start_rate >= 0.0 && s.end_rate >= 0.0));
}

#[test]
fn hours_are_of_the_wall_clock_and_come_again() {
    let mut hours = vec!["10/s"; 24];
    (hours[0], hours[23], hours[5]) = ("40/s", "20/s", "70/s");
    let profile = compiled(&format!("diurnal: {{hours: [{}]}}", hours.join(", ")), 23.25 * HOUR, 2.0 * DAY);
    // 23:15 lies a quarter between 20/s at 23:00 and 40/s at 00:00.
    let rates =
        [(0.0, 25.0), (0.75, 40.0), (1.25, 25.0), (5.75, 70.0), (6.25, 40.0), (23.0, 12.5), (24.0, 25.0)];
    let rates = rates.map(|(hour, rate)| (hour * HOUR, rate));
    // By trapezoids: every rate counts for one hour.
    let day = HOUR * (21.0 * 10.0 + 40.0 + 20.0 + 70.0);
    goes(
        &profile,
        &rates,
        &[(0.0, DAY, day), (3.3 * HOUR, 3.3 * HOUR + DAY, day), (0.0, 0.75 * HOUR, 0.75 * HOUR * 32.5)],
    );
}

/// A year, the factor of its steepest stretch, and what is known at seconds after midnight.
type Year = (u32, f64, &'static [(f64, f64)]);

/// Compiles an event that opens at midnight, peak 1,000/s, for a run of two days from 23:30.
fn event(year: u32, baseline: f64) -> Profile {
    let yaml = format!("event: {{baseline: {baseline}/s, at: 30m, shape: double11-{year}, peak: 1k/s}}");
    compiled(&yaml, 23.5 * HOUR, 2.0 * DAY)
}

#[test]
fn events_follow_the_published_years() {
    // Seconds after midnight; the factor there, and that of the steepest stretch, from the table of
    // the published milestones.
    let years: [Year; 4] = [
        (
            2016,
            17.6,
            &[
                (0.0, 13.8),
                (51.9, 13.8),
                (52.0, 17.6),
                (417.0, 17.6),
                (3_600.0, 1.4),
                (36_000.0, 0.92),
                (50_000.0, 0.63),
                (80_000.0, 0.68),
            ],
        ),
        (
            2017,
            30.2,
            &[
                (0.0, 4.7),
                (11.0, 27.2),
                (28.0, 30.2),
                (180.9, 30.2),
                (181.0, 20.9),
                (1_800.0, 5.9),
                (2_412.0, 0.72),
                (86_399.0, 0.72),
            ],
        ),
        (
            2018,
            35.0,
            &[(0.0, 19.3), (21.0, 35.0), (124.0, 35.0), (3_600.0, 5.8), (20_000.0, 0.37), (50_000.0, 0.66)],
        ),
        (
            2019,
            33.5,
            &[
                (0.0, 33.5),
                (95.9, 33.5),
                (96.0, 7.7),
                (3_600.0, 7.7),
                (4_000.0, 5.0),
                (20_000.0, 0.55),
                (55_000.0, 0.56),
                (70_000.0, 0.66),
            ],
        ),
    ];
    for (year, steepest, instants) in years {
        let rates: Vec<_> =
            instants.iter().map(|&(s, factor)| (1_800.0 + s, 1_000.0 * factor / steepest)).collect();
        let profile = event(year, 1.0);
        goes(&profile, &rates, &[(0.0, 1_800.0, 1_800.0)]);
        goes(&profile, &[(1_799.9, 1.0), (1_800.0 + DAY, 1.0), (2.0 * DAY - 1.0, 1.0)], &[]);
        close(profile.peak(), 1_000.0, "peak");
    }
    assert_eq!(years.len(), EventSpec::shapes().count());
}

#[test]
fn event_shapes_agree_with_the_published_milestones() {
    // Cumulated bn RMB at seconds from midnight.
    let years: [Year; 4] = [
        (
            2016,
            17.6,
            &[(52.0, 1.0), (418.0, 10.0), (24_893.0, 57.1), (43_200.0, 80.7), (55_153.0, 91.2), (DAY, 120.7)],
        ),
        (
            2017,
            30.2,
            &[(11.0, 0.1), (28.0, 1.0), (181.0, 10.0), (673.0, 30.0), (2_412.0, 50.0), (DAY, 168.2)],
        ),
        (2018, 35.0, &[(21.0, 1.0), (125.0, 10.0), (6_457.0, 100.0), (29_332.0, 120.7), (DAY, 213.5)]),
        (
            2019,
            33.5,
            &[
                (96.0, 10.0),
                (3_839.0, 100.0),
                (5_167.0, 120.7),
                (51_687.0, 200.0),
                (59_460.0, 213.5),
                (DAY, 268.4),
            ],
        ),
    ];
    for (year, steepest, milestones) in years {
        let profile = event(year, 0.0);
        // One arrival per second of the mean day is 1,000 / steepest.
        let day = DAY * 1_000.0 / steepest;
        let total = milestones.last().unwrap().1;
        for &(seconds, sales) in milestones {
            let share = profile.expected(at(1_800.0), at(1_800.0 + seconds)) / day;
            // The factors are rounded to two digits: 1.4 in 2016 stands for 1.378.
            assert!((share * total / sales - 1.0).abs() < 0.02, "{year}: {share} by {seconds} s");
        }
    }
}

#[test]
fn an_event_never_falls_below_its_baseline_and_may_have_begun() {
    // 2019's plateau, 0.55 / 33.5 of the peak = 16.4/s, lies below 20/s.
    goes(&event(2019, 20.0), &[(0.0, 20.0), (1_800.0, 1_000.0), (1_800.0 + 20_000.0, 20.0)], &[]);
    let yaml = "event: {baseline: 1/s, at: \"00:00\", shape: double11-2018, peak: 350/s}";
    let profile = compiled(yaml, HOUR, DAY);
    goes(
        &profile,
        &[(0.0, 58.0), (6_457.0 - HOUR, 3.7), (DAY - HOUR - 1.0, 6.6), (DAY - HOUR, 1.0)],
        &[(0.0, 2_857.0, 58.0 * 2_857.0)],
    );
    let over = compiled(yaml, 25.0 * HOUR, DAY);
    assert!(over.is_constant());
    close(over.peak(), 1.0, "the day after");
}

#[test]
fn a_sum_adds_rates_at_every_instant() {
    let profile = compiled(
        "sum: [2/s, {stages: {steps: [{duration: 10s, target: 10/s}, {duration: 10s, target: 0/s}]}}, \
         {stages: {startRate: 4/s, steps: [{duration: 5s, target: 4/s}, {duration: 0s, target: 0/s}]}}, \
         {event: {baseline: 0/s, at: 15s, shape: double11-2019, peak: 100/s}}]",
        0.0,
        30.0,
    );
    let rates =
        [(0.0, 6.0), (4.0, 10.0), (5.0, 7.0), (10.0, 12.0), (12.0, 10.0), (15.0, 107.0), (25.0, 102.0)];
    goes(&profile, &rates, &[(0.0, 30.0, 60.0 + 100.0 + 20.0 + 1_500.0), (4.0, 6.0, 4.0 + 10.0 + 4.0)]);
    close(profile.peak(), 107.0, "peak");
    assert_eq!(profile.segments().len(), 5);
}

#[test]
fn a_sum_of_daily_rhythms_keeps_both() {
    // Peaks twelve hours apart cancel, whatever minute they stand at.
    let profile = compiled(
        "sum: [{diurnal: {mean: 2/s, peak: 3/s, peakAt: 20s}}, {diurnal: {mean: 2/s, peak: 3/s, peakAt: 12h20s}}]",
        0.0,
        DAY,
    );
    goes(
        &profile,
        &[(0.0, 4.0), (HOUR, 4.0), (77_777.0, 4.0)],
        &[(0.0, DAY, 4.0 * DAY), (100.0, 200.0, 400.0)],
    );
}

#[test]
fn no_time_has_no_rate() {
    for yaml in [
        "5/s",
        "stages: {steps: [{duration: 1s, target: 5/s}]}",
        "sum: [1/s]",
        "diurnal: {mean: 1/s, peak: 1/s, peakAt: 1h}",
    ] {
        let profile = compiled(yaml, 0.0, 0.0);
        goes(&profile, &[(0.0, 0.0)], &[(0.0, 1.0, 0.0)]);
        assert_eq!((profile.peak(), profile.mean()), (0.0, 0.0), "{yaml}");
    }
}

#[test]
fn the_horizon_changes_no_stretch_before_it() {
    let yaml = "sum: [{diurnal: {mean: 2/s, peak: 3/s, peakAt: 20s}}, {event: {baseline: 0/s, at: 90s, shape: double11-2017, peak: 9/s}}]";
    let (short, long) = (compiled(yaml, 0.0, 1_000.0), compiled(yaml, 0.0, 5_000.0));
    let common = short.segments().len();
    assert_eq!(short.segments(), &long.segments()[..common]);
    let hours = DiurnalSpec::Hours(vec![crate::units::Rate(1.0); 24]);
    let profile = RateSpec::Diurnal(hours).profile(SimDuration::from_secs(9_000), &|_| Ok(0)).unwrap();
    assert!(profile.is_constant(), "equal hours are one stretch");
}

#[test]
fn a_rate_is_divided_by_what_holds_at_its_time() {
    let ramp = compiled("stages: {startRate: 0/s, steps: [{duration: 100s, target: 100/s}]}", 0.0, 200.0);
    let divided = ramp.divided(&[(at(0.0), 1.0), (at(50.0), 2.0), (at(150.0), 0.5)]);
    goes(
        &divided,
        &[(25.0, 25.0), (50.0, 25.0), (75.0, 37.5), (120.0, 50.0), (150.0, 200.0)],
        &[(0.0, 50.0, 1_250.0), (50.0, 100.0, 1_875.0), (140.0, 160.0, 500.0 + 2_000.0)],
    );
    assert_eq!(divided.busiest().1, 200.0);
    goes(&ramp.divided(&[(at(0.0), 1.0)]), &[(30.0, 30.0), (150.0, 100.0)], &[(0.0, 200.0, 15_000.0)]);
}
