//! Arrivals, against laws worked out by hand: counts, the time-rescaling theorem, published formulas.
//!
//! Keys are fixed and bounds lie at 4.5 standard errors, so a test fails by chance once in 100,000
//! choices of its key.

use crate::rng::Key;
use crate::time::{SimDuration, SimTime};
use crate::units::When;
use crate::workload::{ArrivalsSpec, Profile, RateSpec, StateSpec, Synthetic};

const Z: f64 = 4.5;
const HOUR: f64 = 3_600.0;
const DAY: f64 = 86_400.0;

/// From, to, and the count expected between.
type Windows = &'static [(f64, f64, f64)];
/// The cumulated rate at a second.
type Cumulated = fn(f64) -> f64;

fn profile(yaml: &str, horizon: f64) -> Profile {
    let spec: RateSpec = serde_saphyr::from_str(yaml).unwrap();
    let resolve = |when: &When| match when {
        When::Offset(length) => Ok(i128::from(length.as_nanos())),
        When::Clock { seconds_of_day } => Ok(i128::from(*seconds_of_day) * 1_000_000_000),
    };
    spec.profile(SimDuration::from_secs_f64(horizon), &resolve).unwrap()
}

fn process(yaml: &str, horizon: f64, arrivals: &ArrivalsSpec, seed: u64) -> Synthetic {
    Synthetic::new(profile(yaml, horizon), arrivals, Key::from_seed(seed))
}

/// Draws everything, in nanoseconds, and checks what holds for every process.
fn drawn(mut process: Synthetic, horizon: f64) -> Vec<u64> {
    let all: Vec<u64> = std::iter::from_fn(|| process.next_arrival()).map(SimTime::as_nanos).collect();
    assert!(all.is_sorted(), "time ran backwards");
    assert!(
        all.last().is_none_or(|&last| (last as f64) < horizon * 1e9),
        "an arrival at or past the horizon"
    );
    assert_eq!([process.next_arrival(), process.next_arrival()], [None, None], "the end is the end");
    all
}

fn poisson(yaml: &str, horizon: f64, seed: u64) -> Vec<u64> {
    drawn(process(yaml, horizon, &ArrivalsSpec::Poisson, seed), horizon)
}

fn mmpp(states: &[(f64, f64)]) -> ArrivalsSpec {
    let state = |&(factor, mean)| StateSpec { factor, mean: SimDuration::from_secs_f64(mean) };
    ArrivalsSpec::Mmpp { states: states.iter().map(state).collect() }
}

fn within(value: f64, expected: f64, error: f64, what: &str) {
    assert!((value - expected).abs() <= Z * error, "{what}: {value}, expected {expected} +- {error}");
}

/// Mean and variance of a sample, each with its standard error (the latter by the fourth moment).
fn moments(sample: &[f64]) -> [(f64, f64); 2] {
    let n = sample.len() as f64;
    let mean = sample.iter().sum::<f64>() / n;
    let central =
        |power: u32| sample.iter().map(|x| (0..power).map(|_| x - mean).product::<f64>()).sum::<f64>() / n;
    let variance = central(2);
    [(mean, (variance / n).sqrt()), (variance, ((central(4) - variance * variance) / n).sqrt())]
}

#[test]
fn uniform_arrivals_are_evenly_spaced_and_all_fit() {
    let cases: [(&str, f64, Vec<u64>); 4] = [
        ("10/s", 10.0, (0..100).map(|k| 50_000_000 + k * 100_000_000).collect()),
        ("1/min", 150.0, vec![30_000_000_000, 90_000_000_000]),
        // 4/s, nothing for 10 s, 4/s: the half unit that the first second leaves is carried over.
        (
            "stages: {startRate: 4/s, steps: [{duration: 1s, target: 4/s}, {duration: 0s, target: 0/s}, \
             {duration: 10s, target: 0/s}, {duration: 0s, target: 2/s}]}",
            13.0,
            [125, 375, 625, 875, 11_250, 11_750, 12_250, 12_750].iter().map(|ms| ms * 1_000_000).collect(),
        ),
        ("0/s", 1e6, vec![]),
    ];
    for (yaml, horizon, expected) in cases {
        assert_eq!(drawn(process(yaml, horizon, &ArrivalsSpec::Uniform, 1), horizon), expected, "{yaml}");
    }
}

#[test]
fn uniform_arrivals_on_a_ramp_stand_where_the_cumulated_rate_says() {
    // Up: 2 t per second, cumulated t^2; down: 20 - 2 t, cumulated 20 t - t^2.
    let up = process("stages: {steps: [{duration: 10s, target: 20/s}]}", 10.0, &ArrivalsSpec::Uniform, 1);
    let down = process(
        "stages: {startRate: 20/s, steps: [{duration: 10s, target: 0/s}]}",
        20.0,
        &ArrivalsSpec::Uniform,
        1,
    );
    let (up, down) = (drawn(up, 10.0), drawn(down, 20.0));
    assert_eq!((up.len(), down.len()), (100, 100));
    for k in 0..100 {
        let unit = k as f64 + 0.5;
        assert!((up[k] as f64 - 1e9 * unit.sqrt()).abs() < 2.0, "{k}: {}", up[k]);
        assert!((down[k] as f64 - 1e9 * (10.0 - (100.0 - unit).sqrt())).abs() < 2.0, "{k}: {}", down[k]);
    }
}

#[test]
fn no_error_grows_with_the_number_of_arrivals() {
    // The k-th arrival stands at (2 k + 1) / (2 rate), here in exact integers.
    for (rate, horizon) in
        [(3_u64, 1_000_000.0), (700_000_000, 0.005), (1_000_000_000, 0.003), (17, 100_000.0)]
    {
        let all = drawn(process(&format!("{rate}/s"), horizon, &ArrivalsSpec::Uniform, 1), horizon);
        assert_eq!(all.len() as f64, rate as f64 * horizon, "{rate}/s");
        for (k, &at) in all.iter().enumerate() {
            let exact = (2 * k as u128 + 1) * 1_000_000_000 / (2 * u128::from(rate));
            assert!(u128::from(at).abs_diff(exact) <= 1, "{rate}/s, arrival {k}: {at}, expected {exact}");
        }
    }
}

#[test]
fn the_largest_rate_loses_nothing_to_the_nanosecond() {
    let n = poisson("1G/s", 0.001, 7).len() as f64;
    within(n, 1e6, 1e3, "1e9/s for 1 ms");
    let ramp = "stages: {startRate: 1G/s, steps: [{duration: 1ms, target: 500M/s}]}";
    within(poisson(ramp, 0.001, 7).len() as f64, 750_000.0, 750_000.0_f64.sqrt(), "falling from 1e9/s");
}

#[test]
fn counts_in_windows_follow_the_integrals() {
    let stages = "stages: {startRate: 1k/s, steps: [{duration: 10s, target: 5k/s}, {duration: 0s, target: 20k/s}, \
                  {duration: 2s, target: 20k/s}, {duration: 10s, target: 0/s}, {duration: 5s, target: 0/s}, \
                  {duration: 0s, target: 300/s}]}";
    let event = "event: {baseline: 10/s, at: 30m, shape: double11-2019, peak: 335/s}";
    let cases: [(&str, f64, Windows); 3] = [
        (
            stages,
            60.0,
            &[
                (0.0, 1.0, 1_200.0),
                (0.0, 5.0, 10_000.0),
                (9.0, 10.0, 4_800.0),
                (10.0, 12.0, 40_000.0),
                (12.0, 17.0, 75_000.0),
                (17.0, 22.0, 25_000.0),
                (21.0, 22.0, 1_000.0),
                (22.0, 27.0, 0.0),
                (27.0, 60.0, 9_900.0),
            ],
        ),
        (
            event,
            2.0 * HOUR,
            &[
                (0.0, 1_800.0, 18_000.0),
                (1_800.0, 1_896.0, 96.0 * 335.0),
                (1_896.0, 5_639.0, 3_743.0 * 77.0),
                (5_639.0, 6_967.0, 1_328.0 * 50.0),
            ],
        ),
        (
            "sum: [100/s, {stages: {steps: [{duration: 100s, target: 60/s}]}}]",
            100.0,
            &[(0.0, 50.0, 5_750.0), (50.0, 100.0, 7_250.0)],
        ),
    ];
    for (yaml, horizon, windows) in cases {
        let all = poisson(yaml, horizon, 11);
        for &(from, to, expected) in windows {
            let count = all.iter().filter(|&&at| (from..to).contains(&(at as f64 / 1e9))).count() as f64;
            within(count, expected, expected.sqrt(), &format!("{yaml}: from {from} to {to} s"));
        }
    }
}

/// Tests that increments of a cumulated rate are exponential of mean 1 and independent of the ones
/// before (time-rescaling theorem; Brown et al., Neural Computation 14, 2002).
fn rescaled_is_exponential(all: &[u64], cumulated: impl Fn(f64) -> f64, what: &str) {
    let units: Vec<f64> = all.iter().map(|&at| cumulated(at as f64 / 1e9)).collect();
    let mut before = 0.0;
    let mut uniform: Vec<f64> =
        units.iter().map(|&unit| 1.0 - libm::exp(-(unit - std::mem::replace(&mut before, unit)))).collect();
    let n = uniform.len() as f64;
    assert!(n > 10_000.0, "{what}: only {n} arrivals");
    let lag: f64 = uniform.windows(2).map(|pair| (pair[0] - 0.5) * (pair[1] - 0.5)).sum::<f64>() * 12.0 / n;
    within(lag, 0.0, 1.0 / n.sqrt(), &format!("{what}: correlation"));
    uniform.sort_by(f64::total_cmp);
    let distance = |(k, &u): (usize, &f64)| (u - k as f64 / n).abs().max((u - (k as f64 + 1.0) / n).abs());
    let largest = uniform.iter().enumerate().map(distance).fold(0.0, f64::max);
    // Kolmogorov: 2 exp(-2 c^2) = 1e-5 at c = 2.47.
    assert!(largest * n.sqrt() < 2.47, "{what}: Kolmogorov-Smirnov {}", largest * n.sqrt());
}

#[test]
fn rescaled_by_hand_arrivals_are_a_unit_poisson_process() {
    rescaled_is_exponential(&poisson("123/s", 300.0, 20), |t| 123.0 * t, "constant");
    let stages = "stages: {startRate: 10/s, steps: [{duration: 300s, target: 110/s}, {duration: 0s, target: 0/s}, \
                  {duration: 50s, target: 0/s}, {duration: 100s, target: 200/s}, {duration: 100s, target: 0/s}]}";
    let ramps = |t: f64| match t {
        t if t < 300.0 => 10.0 * t + t * t / 6.0,
        t if t < 350.0 => 18_000.0,
        t if t < 450.0 => 18_000.0 + (t - 350.0) * (t - 350.0),
        t => 38_000.0 - (550.0 - t) * (550.0 - t),
    };
    rescaled_is_exponential(&poisson(stages, 600.0, 21), ramps, "stages");
    // The chords of one minute lie at most 2e-6 below the cosine.
    let omega = std::f64::consts::TAU / DAY;
    let rhythm = |t: f64| {
        0.25 * t + 0.2 / omega * (libm::sin(omega * (t - 7.5 * HOUR)) + libm::sin(omega * 7.5 * HOUR))
    };
    let diurnal = "diurnal: {mean: 0.25/s, peak: 0.45/s, peakAt: \"07:30\"}";
    rescaled_is_exponential(&poisson(diurnal, 2.0 * DAY, 22), rhythm, "diurnal");
    let opening = |t: f64| match t {
        t if t < 60.0 => t,
        t if t < 81.0 => 60.0 + 193.0 * (t - 60.0),
        t if t < 185.0 => 4_113.0 + 350.0 * (t - 81.0),
        t => 40_513.0 + 58.0 * (t - 185.0),
    };
    let event = "event: {baseline: 1/s, at: 60s, shape: double11-2018, peak: 350/s}";
    rescaled_is_exponential(&poisson(event, 600.0, 23), opening, "event");
    let sum = format!("sum: [{{{stages}}}, {{{event}}}, 5/s]");
    rescaled_is_exponential(&poisson(&sum, 550.0, 24), |t| ramps(t) + opening(t) + 5.0 * t, "sum");
}

#[test]
fn gamma_increments_have_the_mean_and_variation_asked_for() {
    let ramp = "stages: {startRate: 0/s, steps: [{duration: 1000s, target: 400/s}]}";
    for (seed, cv) in [(30, 0.25), (31, 0.7), (32, 1.0), (33, 2.0), (34, 3.5)] {
        for (yaml, cumulated) in [("200/s", (|t| 200.0 * t) as Cumulated), (ramp, |t| 0.2 * t * t)] {
            let all = drawn(process(yaml, 1_000.0, &ArrivalsSpec::Gamma { cv }, seed), 1_000.0);
            let units: Vec<f64> = all.iter().map(|&at| cumulated(at as f64 / 1e9)).collect();
            let increments: Vec<f64> = units.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let [mean, variance] = moments(&increments);
            within(mean.0, 1.0, mean.1, &format!("{yaml}: mean at cv {cv}"));
            within(variance.0, cv * cv, variance.1, &format!("{yaml}: variance at cv {cv}"));
            // Renewal theorem: the count's variance is its mean times cv^2.
            within(all.len() as f64, 200_000.0, 200_000.0_f64.sqrt() * cv, "count");
        }
    }
}

#[test]
fn no_increment_is_given_twice() {
    // Of 2,000 gaps of a minute two are this close by chance once in 1,000 choices of a key.
    for arrivals in [ArrivalsSpec::Poisson, ArrivalsSpec::Gamma { cv: 0.5 }, ArrivalsSpec::Gamma { cv: 1.5 }]
    {
        let all = drawn(process("1/min", 120_000.0, &arrivals, 35), 120_000.0);
        let mut gaps: Vec<u64> = all.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.len() > 1_500, "{arrivals:?}: {}", gaps.len());
        gaps.retain(|&gap| gap > 1_000_000_000);
        gaps.sort_unstable();
        assert!(gaps.windows(2).all(|pair| pair[1] - pair[0] > 2), "{arrivals:?}");
    }
}

/// The index of dispersion of the counts of a stationary two-state process over `t` seconds (Heffes &
/// Lucantoni, IEEE JSAC 4, 1986): variance / mean, from the states' rates and mean lengths.
fn dispersion(rates: [f64; 2], means: [f64; 2], t: f64) -> f64 {
    let leave = [1.0 / means[0], 1.0 / means[1]];
    let sum = leave[0] + leave[1];
    let difference = rates[0] - rates[1];
    let factor = 2.0 * leave[0] * leave[1] * difference * difference
        / (sum * sum * (rates[0] * leave[1] + rates[1] * leave[0]));
    1.0 + factor * (1.0 - (1.0 - libm::exp(-sum * t)) / (sum * t))
}

#[test]
fn modulated_counts_have_the_dispersion_of_the_literature() {
    // Factors and means; the rate is 50/s, so the states' rates are 50 factor / mean factor.
    let cases: [([f64; 2], [f64; 2], f64); 4] = [
        ([0.5, 4.0], [10.0, 1.0], 2.0),
        ([0.5, 4.0], [10.0, 1.0], 30.0),
        // Interrupted Poisson.
        ([0.0, 3.0], [0.5, 0.25], 4.0),
        ([1.0, 1.0], [0.3, 0.1], 5.0),
    ];
    for (factors, means, t) in cases {
        let average = (factors[0] * means[0] + factors[1] * means[1]) / (means[0] + means[1]);
        let expected = dispersion(factors.map(|f| 50.0 * f / average), means, t);
        let spec = mmpp(&[(factors[0], means[0]), (factors[1], means[1])]);
        let count = |seed| drawn(process("50/s", t, &spec, seed), t).len() as f64;
        let counts: Vec<f64> = (0..3_000).map(|run| count(40_000 + run)).collect();
        let [mean, variance] = moments(&counts);
        // A count from t = 0 has the mean of the profile only if the first state is stationary.
        within(mean.0, 50.0 * t, mean.1, "mean count");
        within(variance.0 / (50.0 * t), expected, variance.1 / (50.0 * t), "index of dispersion");
    }
}

#[test]
fn modulated_arrivals_keep_the_rate_in_the_long_run() {
    let spec = mmpp(&[(0.2, 0.02), (5.0, 0.004), (0.0, 0.01), (1.0, 0.01)]);
    // Every second holds 23 cycles; 400 windows of 5 s are nearly independent.
    let cases: [(&str, Cumulated); 2] = [
        ("200/s", |t| 200.0 * t),
        ("stages: {startRate: 400/s, steps: [{duration: 2000s, target: 0/s}]}", |t| 400.0 * t - 0.1 * t * t),
    ];
    for (yaml, cumulated) in cases {
        let all = drawn(process(yaml, 2_000.0, &spec, 50), 2_000.0);
        let excess = |window: u32| {
            let (from, to) = (5.0 * f64::from(window), 5.0 * f64::from(window + 1));
            let upto = |t: f64| all.partition_point(|&at| (at as f64) < t * 1e9) as f64;
            upto(to) - upto(from) - (cumulated(to) - cumulated(from))
        };
        let [mean, _] = moments(&(0..400).map(excess).collect::<Vec<_>>());
        within(mean.0, 0.0, mean.1, yaml);
    }
}

#[test]
fn one_state_or_equal_states_change_nothing() {
    let plain = poisson("80/s", 100.0, 60);
    let one = drawn(process("80/s", 100.0, &mmpp(&[(7.0, 3.0)]), 60), 100.0);
    // The same draws, walked through more pieces: the same instants but for rounding.
    assert_eq!(plain.len(), one.len());
    assert!(plain.iter().zip(&one).all(|(a, b)| a.abs_diff(*b) <= 1));
}

const ALL_SHAPES: [&str; 5] = [
    "40/s",
    "stages: {steps: [{duration: 30s, target: 90/s}, {duration: 80s, target: 5/s}]}",
    "diurnal: {mean: 30/s, peak: 60/s, peakAt: \"00:01\"}",
    "event: {baseline: 3/s, at: 10s, shape: double11-2017, peak: 100/s}",
    "sum: [{stages: {steps: [{duration: 55s, target: 9/s}]}}, {event: {baseline: 3/s, at: 10s, shape: double11-2016, peak: 50/s}}]",
];

fn all_processes() -> [ArrivalsSpec; 4] {
    [
        ArrivalsSpec::Poisson,
        ArrivalsSpec::Uniform,
        ArrivalsSpec::Gamma { cv: 1.5 },
        mmpp(&[(1.0, 2.0), (3.0, 0.7)]),
    ]
}

#[test]
fn the_horizon_changes_no_arrival_before_it() {
    for yaml in ALL_SHAPES {
        for arrivals in all_processes() {
            let long = drawn(process(yaml, 200.0, &arrivals, 70), 200.0);
            for horizon in [0.0, 0.001, 13.7, 60.0, 111.0, 199.999] {
                let short = drawn(process(yaml, horizon, &arrivals, 70), horizon);
                let before = long.partition_point(|&at| (at as f64) < horizon * 1e9);
                assert_eq!(short, long[..before], "{yaml}, {arrivals:?}, {horizon} s");
            }
        }
    }
}

#[test]
fn a_key_decides_the_arrivals_and_another_key_others() {
    for yaml in ALL_SHAPES {
        for arrivals in all_processes() {
            let run = |seed| drawn(process(yaml, 100.0, &arrivals, seed), 100.0);
            assert_eq!(run(80), run(80), "{yaml}, {arrivals:?}");
            let random = arrivals != ArrivalsSpec::Uniform;
            assert_eq!(run(80) != run(81), random, "{yaml}, {arrivals:?}");
        }
    }
}

#[test]
fn scaling_a_rate_scales_the_counts() {
    let doubled = profile(ALL_SHAPES[1], 100.0).scaled(2.0);
    let all = drawn(Synthetic::new(doubled, &ArrivalsSpec::Uniform, Key::from_seed(1)), 100.0);
    // 30 s x 45/s, then from 90/s by 85/80 a second for 70 s, all of it twice.
    let expected: f64 = 2.0 * (1_350.0 + 90.0 * 70.0 - 0.5 * (85.0 / 80.0) * 4_900.0);
    assert!((all.len() as f64 - expected).abs() <= 0.5, "{} for {expected}", all.len());
}
