//! Draws against theory.

use statrs::distribution::{ContinuousCDF, Erlang, Exp, Gamma, LogNormal, Normal, Pareto, Uniform, Weibull};

use crate::dist::exponential::neg_ln;
use crate::dist::normal::normal_quantile;
use crate::dist::power::exp;
use crate::dist::tests::{built, close};
use crate::dist::{standard_normal, unit_exponential, unit_gamma};
use crate::rng::{Bits, Key};

const DRAWS: usize = 300_000;
const E: f64 = std::f64::consts::E;
/// Not by rising mean, as a user may write it.
const TWO_BRANCHES: &str = r#"{"hyperexponential":
    {"branches": [{"probability": "10%", "mean": 11}, {"probability": 0.9, "mean": 1}]}}"#;
const PI: f64 = std::f64::consts::PI;

/// The same bits for ever: what a sampler makes of one uniform.
struct Same(u64);

impl Bits for Same {
    fn next_bits(&mut self) -> u64 {
        self.0
    }
}

fn draws(json: &str) -> Vec<f64> {
    let mut bits = Key::from_seed(20_261_111).named(json).stream();
    let distribution = built(json);
    (0..DRAWS).map(|_| distribution.sample(&mut bits)).collect()
}

/// What is written, its mean and its variance.
fn known_moments() -> Vec<(&'static str, f64, f64)> {
    let bounded_mean = 1.0 / (1.0 - 1.0 / E);
    vec![
        ("1.5", 1.5, 0.0),
        (r#"{"constant": 1.5}"#, 1.5, 0.0),
        (r#"{"exponential": {"mean": 2}}"#, 2.0, 4.0),
        // (max - min)^2 / 12.
        (r#"{"uniform": {"min": 2, "max": 8}}"#, 5.0, 3.0),
        (r#"{"lognormal": {"mean": 1, "cv": 1}}"#, 1.0, 1.0),
        (r#"{"lognormal": {"mean": 4, "cv": 0.3}}"#, 4.0, 1.44),
        // exp(1/2) and (e - 1) e.
        (r#"{"lognormal": {"median": 1, "sigma": 1}}"#, 1.648_721_270_700_128_2, (E - 1.0) * E),
        (r#"{"gamma": {"mean": 3, "cv": 0.5}}"#, 3.0, 2.25),
        (r#"{"gamma": {"mean": 3, "cv": 1}}"#, 3.0, 9.0),
        (r#"{"gamma": {"shape": 0.5, "scale": 2}}"#, 1.0, 2.0),
        (r#"{"erlang": {"k": 1, "mean": 2}}"#, 2.0, 4.0),
        (r#"{"erlang": {"k": 4, "mean": 2}}"#, 2.0, 1.0),
        (r#"{"erlang": {"k": 16, "mean": 2}}"#, 2.0, 0.25),
        (r#"{"erlang": {"k": 17, "mean": 17}}"#, 17.0, 17.0),
        // Rayleigh: sqrt(pi) / 2 and 1 - pi / 4.
        (r#"{"weibull": {"shape": 2, "scale": 1}}"#, 0.886_226_925_452_758, 1.0 - PI / 4.0),
        // Gamma(3) = 2 and Gamma(5) - Gamma(3)^2 = 20.
        (r#"{"weibull": {"shape": 0.5, "scale": 1}}"#, 2.0, 20.0),
        (r#"{"weibull": {"mean": 3, "cv": 1}}"#, 3.0, 9.0),
        (r#"{"weibull": {"mean": 3, "cv": 0.2}}"#, 3.0, 0.36),
        // alpha m / (alpha - 1), alpha m^2 / ((alpha - 1)^2 (alpha - 2)).
        (r#"{"pareto": {"alpha": 3, "min": 1}}"#, 1.5, 0.75),
        (r#"{"pareto": {"alpha": 5, "mean": 5}}"#, 5.0, 25.0 / 15.0),
        (r#"{"pareto": {"alpha": 2, "min": 1}}"#, 2.0, f64::INFINITY),
        (r#"{"pareto": {"alpha": 1.5, "min": 1}}"#, 3.0, f64::INFINITY),
        (r#"{"pareto": {"mean": 1, "cv": 0.25}}"#, 1.0, 0.0625),
        // alpha = 1 on [1, e]: the density is c / x^2 with c = 1 / (1 - 1/e), so E[X] = c ln e
        // and E[X^2] = c (e - 1) = e.
        (
            r#"{"pareto": {"alpha": 1, "min": 1, "max": 2.718281828459045}}"#,
            bounded_mean,
            E - bounded_mean * bounded_mean,
        ),
        (r#"{"hyperexponential": {"mean": 1, "cv": 2}}"#, 1.0, 4.0),
        (r#"{"hyperexponential": {"mean": 2, "cv": 1}}"#, 2.0, 4.0),
        // 0.9 x 1 + 0.1 x 11 = 2; 2 (0.9 + 12.1) - 4 = 22.
        (TWO_BRANCHES, 2.0, 22.0),
        (r#"{"empirical": {"values": [4, 2, 3, 1]}}"#, 2.5, 1.25),
        (r#"{"empirical": {"values": [4, 0, 9], "weights": [1, 3, 0]}}"#, 1.0, 3.0),
        // 0.5 x 0.5 + 0.5 x 3; E[X^2] = 0.5 x 1/3 + 0.5 x (1 + 5 + 25) / 3 = 16/3.
        (r#"{"empirical": {"percentiles": {"p0": 0, "p50": 1, "p100": 5}}}"#, 1.75, 16.0 / 3.0 - 3.0625),
        (r#"{"empirical": {"percentiles": {"p0": 3, "p100": 3}}}"#, 3.0, 0.0),
    ]
}

#[test]
fn moments_in_closed_form() {
    for (json, mean, variance) in known_moments() {
        let distribution = built(json);
        assert!(close(distribution.mean(), mean, 1e-12), "{json}: mean {}", distribution.mean());
        assert!(
            close(distribution.variance(), variance, 1e-10),
            "{json}: variance {}",
            distribution.variance()
        );
    }
}

/// The error of a sample mean has deviation sqrt(variance / n); that of a sample variance
/// sqrt((m4 - variance^2) / n), m4 taken from the sample. 4.5 deviations are passed by chance once
/// in 150,000 tests.
#[test]
fn moments_of_samples() {
    for (json, mean, variance) in known_moments() {
        let sample = draws(json);
        let n = DRAWS as f64;
        let sample_mean = sample.iter().sum::<f64>() / n;
        if variance.is_infinite() {
            // No interval without a variance; the distribution function is tested below.
            continue;
        }
        let bound = 4.5 * (variance / n).sqrt() + 1e-12 * mean;
        assert!((sample_mean - mean).abs() <= bound, "{json}: sample mean {sample_mean}, bound {bound}");
        if json.contains(r#""alpha": 3"#) {
            // Without a fourth moment, the sample variance has no interval.
            continue;
        }
        let squares = sample.iter().map(|x| (x - mean) * (x - mean));
        let (m2, m4) = squares.fold((0.0, 0.0), |(m2, m4), s| (m2 + s / n, m4 + s * s / n));
        let bound = 4.5 * ((m4 - m2 * m2).max(0.0) / n).sqrt() + 1e-12;
        assert!((m2 - variance).abs() <= bound, "{json}: sample variance {m2}, bound {bound}");
    }
}

/// Bounded Pareto moments by Simpson's rule on the density, over ln x.
#[test]
fn bounded_pareto_moments_by_integration() {
    for (alpha, max) in [(0.5, 100.0), (1.0, 1_000.0), (1.5, 10.0), (2.0, 50.0), (3.0, 1.01), (1e-6, 4.0)] {
        let length = libm::log(max);
        let cells = 20_000;
        let mut moments = [0.0; 3];
        for i in 0..=cells {
            let x = libm::exp(length * f64::from(i) / f64::from(cells));
            let weight = if i == 0 || i == cells { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
            // The density over ln x, up to a factor: x^-alpha.
            let density = libm::pow(x, -alpha) * weight;
            for (order, moment) in moments.iter_mut().enumerate() {
                *moment += density * libm::pow(x, order as f64);
            }
        }
        let (mean, second) = (moments[1] / moments[0], moments[2] / moments[0]);
        let distribution =
            built(&format!(r#"{{"pareto": {{"alpha": {alpha}, "min": 2, "max": {}}}}}"#, 2.0 * max));
        assert!(close(distribution.mean(), 2.0 * mean, 1e-9), "alpha {alpha}: mean {}", distribution.mean());
        let variance = 4.0 * (second - mean * mean);
        assert!(close(distribution.variance(), variance, 1e-6), "alpha {alpha}: {}", distribution.variance());
        assert_eq!(distribution.tail_index(), f64::INFINITY);
    }
}

/// Kolmogorov and Smirnov: the largest gap between the sample's distribution function and the
/// given one, times sqrt(n); above 2.3 in one case of 20,000.
fn ks(mut sample: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
    sample.sort_by(f64::total_cmp);
    let n = sample.len() as f64;
    let gap = |(i, x): (usize, &f64)| {
        let p = cdf(*x);
        (p - i as f64 / n).max((i + 1) as f64 / n - p)
    };
    sample.iter().enumerate().map(gap).fold(0.0, f64::max) * n.sqrt()
}

#[test]
fn samples_follow_their_distribution_functions() {
    type Cdf = Box<dyn Fn(f64) -> f64>;
    let lognormal = |mu, sigma| -> Cdf {
        let d = LogNormal::new(mu, sigma).unwrap();
        Box::new(move |x| d.cdf(x))
    };
    let gamma = |shape, scale: f64| -> Cdf {
        let d = Gamma::new(shape, 1.0 / scale).unwrap();
        Box::new(move |x| d.cdf(x))
    };
    let weibull = |shape, scale| -> Cdf {
        let d = Weibull::new(shape, scale).unwrap();
        Box::new(move |x| d.cdf(x))
    };
    let pareto = |min, alpha| -> Cdf {
        let d = Pareto::new(min, alpha).unwrap();
        Box::new(move |x| d.cdf(x))
    };
    let exponential = Exp::new(0.5).unwrap();
    let uniform = Uniform::new(2.0, 8.0).unwrap();
    let erlang = Erlang::new(4, 2.0).unwrap();
    let branch = |mean: f64| Exp::new(1.0 / mean).unwrap();
    let (often, seldom) = (branch(1.0), branch(11.0));
    let cases: Vec<(&str, Cdf)> = vec![
        (r#"{"exponential": {"mean": 2}}"#, Box::new(move |x| exponential.cdf(x))),
        (r#"{"uniform": {"min": 2, "max": 8}}"#, Box::new(move |x| uniform.cdf(x))),
        (r#"{"lognormal": {"median": 1, "sigma": 1}}"#, lognormal(0.0, 1.0)),
        // cv = 1: sigma^2 = ln 2, mu = -ln 2 / 2.
        (
            r#"{"lognormal": {"mean": 1, "cv": 1}}"#,
            lognormal(-std::f64::consts::LN_2 / 2.0, libm::sqrt(std::f64::consts::LN_2)),
        ),
        (r#"{"gamma": {"shape": 0.2, "scale": 2}}"#, gamma(0.2, 2.0)),
        (r#"{"gamma": {"shape": 1, "scale": 2}}"#, gamma(1.0, 2.0)),
        (r#"{"gamma": {"mean": 3, "cv": 0.5}}"#, gamma(4.0, 0.75)),
        (r#"{"gamma": {"shape": 0.02, "scale": 1}}"#, gamma(0.02, 1.0)),
        (r#"{"gamma": {"mean": 1000, "cv": 0.1}}"#, gamma(100.0, 10.0)),
        (r#"{"erlang": {"k": 4, "mean": 2}}"#, Box::new(move |x| erlang.cdf(x))),
        (r#"{"erlang": {"k": 30, "mean": 30}}"#, gamma(30.0, 1.0)),
        (r#"{"weibull": {"shape": 2, "scale": 3}}"#, weibull(2.0, 3.0)),
        (r#"{"weibull": {"shape": 0.5, "scale": 3}}"#, weibull(0.5, 3.0)),
        (r#"{"pareto": {"alpha": 1.5, "min": 2}}"#, pareto(2.0, 1.5)),
        (r#"{"pareto": {"alpha": 3, "mean": 3}}"#, pareto(2.0, 3.0)),
        (
            r#"{"pareto": {"alpha": 0.8, "min": 1, "max": 32}}"#,
            // (1 - x^-0.8) / (1 - 32^-0.8), and 32^0.8 = 16.
            Box::new(|x| (1.0 - libm::pow(x, -0.8)) / (1.0 - 1.0 / 16.0)),
        ),
        (TWO_BRANCHES, Box::new(move |x| 0.9 * often.cdf(x) + 0.1 * seldom.cdf(x))),
        (
            r#"{"hyperexponential": {"mean": 1, "cv": 2}}"#,
            // Balanced means: r = sqrt(3/5), p = (1 + r) / 2, means 1 / (1 +- r).
            Box::new(move |x| {
                let r = libm::sqrt(0.6);
                let stay = |share: f64| share / 2.0 * libm::exp(-x * share);
                1.0 - stay(1.0 + r) - stay(1.0 - r)
            }),
        ),
        (
            r#"{"empirical": {"percentiles": {"p0": 0, "p50": 1, "p100": 5}}}"#,
            Box::new(|x| if x < 1.0 { x / 2.0 } else { 0.5 + (x - 1.0) / 8.0 }),
        ),
    ];
    for (json, cdf) in cases {
        let statistic = ks(draws(json), cdf);
        assert!(statistic < 2.3, "{json}: {statistic}");
    }
}

/// What was asked for by percentiles has them: shares below each are counted, within 4.5
/// deviations of a binomial count.
#[test]
fn percentiles_hold() {
    let cases: &[(&str, &[(f64, f64)])] = &[
        (r#"{"lognormal": {"p50": 5, "p99": 30}}"#, &[(0.5, 5.0), (0.99, 30.0)]),
        (r#"{"lognormal": {"p99.9": 30, "p10": 5}}"#, &[(0.1, 5.0), (0.999, 30.0)]),
        (r#"{"weibull": {"p50": 5, "p99": 30}}"#, &[(0.5, 5.0), (0.99, 30.0)]),
        (r#"{"weibull": {"p90": 30, "p5": 5}}"#, &[(0.05, 5.0), (0.9, 30.0)]),
        (r#"{"pareto": {"p50": 5, "p99": 30}}"#, &[(0.5, 5.0), (0.99, 30.0)]),
        (
            r#"{"empirical": {"percentiles": {"p0": 1, "p50": 5, "p99": 30, "p100": 90}}}"#,
            &[(0.5, 5.0), (0.99, 30.0)],
        ),
    ];
    for (json, percentiles) in cases {
        let sample = draws(json);
        for &(p, x) in *percentiles {
            let share = sample.iter().filter(|y| **y <= x).count() as f64 / DRAWS as f64;
            let bound = 4.5 * (p * (1.0 - p) / DRAWS as f64).sqrt();
            assert!((share - p).abs() < bound, "{json}: {share} below {x}, bound {bound}");
        }
    }
}

#[test]
fn no_sample_is_below_the_least() {
    for (json, least) in [
        ("7", 7.0),
        (r#"{"uniform": {"min": 3, "max": 9}}"#, 3.0),
        (r#"{"pareto": {"alpha": 1.5, "min": 2}}"#, 2.0),
        (r#"{"pareto": {"alpha": 0.9, "min": 4, "max": 9}}"#, 4.0),
        (r#"{"exponential": {"mean": 5}}"#, 0.0),
        (r#"{"empirical": {"values": [9, 4, 30], "weights": [5, 3, 1]}}"#, 4.0),
        (r#"{"empirical": {"percentiles": {"p0": 1, "p50": 4, "p100": 30}}}"#, 1.0),
    ] {
        let law = built(json);
        assert_eq!(law.least(), least, "{json}");
        let mut bits = Key::from_seed(3).stream();
        assert!((0..1_000).all(|_| law.sample(&mut bits) >= least), "{json}");
    }
}

#[test]
fn tails() {
    for (json, index) in [
        (r#"{"pareto": {"alpha": 1.5, "min": 1}}"#, 1.5),
        // 1 + sqrt(2), the root of alpha (alpha - 2) = 1.
        (r#"{"pareto": {"mean": 1, "cv": 1}}"#, 2.414_213_562_373_095),
        (r#"{"pareto": {"alpha": 0.9, "min": 1, "max": 9}}"#, f64::INFINITY),
        (r#"{"lognormal": {"mean": 1, "cv": 9}}"#, f64::INFINITY),
        (r#"{"weibull": {"shape": 0.3, "scale": 1}}"#, f64::INFINITY),
        ("1", f64::INFINITY),
    ] {
        assert!(close(built(json).tail_index(), index, 1e-15), "{json}");
    }
}

/// The draw at the smallest and at the largest bits, that is at the top and bottom of the support.
#[test]
fn ends_of_the_support() {
    let ln_grid = 53.0 * std::f64::consts::LN_2;
    for (json, top, bottom) in [
        ("1.5", 1.5, 1.5),
        (r#"{"exponential": {"mean": 2}}"#, 2.0 * ln_grid, 0.0),
        (r#"{"uniform": {"min": 2, "max": 8}}"#, 8.0, 2.0),
        (r#"{"weibull": {"shape": 2, "scale": 3}}"#, 3.0 * libm::sqrt(ln_grid), 0.0),
        // 2^(53/2) is the -1/2 power of the smallest uniform.
        (r#"{"pareto": {"alpha": 2, "min": 2}}"#, 2.0 * libm::exp2(26.5), 2.0),
        (r#"{"pareto": {"alpha": 2, "min": 2, "max": 3}}"#, 3.0, 2.0),
        (r#"{"pareto": {"alpha": 0.5, "min": 2, "max": 3000}}"#, 3000.0, 2.0),
        (r#"{"empirical": {"values": [5, 1, 9], "weights": [1, 1, 0]}}"#, 5.0, 1.0),
        (r#"{"empirical": {"percentiles": {"p0": 1, "p50": 2, "p100": 9}}}"#, 9.0, 1.0),
        (r#"{"erlang": {"k": 16, "mean": 16}}"#, 16.0 * ln_grid, 0.0),
    ] {
        let distribution = built(json);
        let ends = [distribution.sample(&mut Same(0)), distribution.sample(&mut Same(u64::MAX))];
        assert!(close(ends[0], top, 1e-12) && close(ends[1], bottom, 1e-12), "{json}: {ends:?}");
    }
}

/// Common random numbers: in every family with one draw, larger bits never give a larger value,
/// but for rounding.
#[test]
fn inversion_falls_with_the_bits() {
    for json in [
        r#"{"exponential": {"mean": 2}}"#,
        r#"{"uniform": {"min": 2, "max": 8}}"#,
        r#"{"lognormal": {"mean": 1, "cv": 1}}"#,
        r#"{"weibull": {"shape": 2, "scale": 3}}"#,
        r#"{"pareto": {"alpha": 1.5, "min": 2}}"#,
        r#"{"pareto": {"alpha": 1.5, "min": 2, "max": 9}}"#,
        r#"{"empirical": {"values": [5, 1, 9]}}"#,
        r#"{"empirical": {"percentiles": {"p0": 1, "p50": 2, "p100": 9}}}"#,
    ] {
        let distribution = built(json);
        let mut last = f64::INFINITY;
        for step in 0..=100_000_u64 {
            let x = distribution.sample(&mut Same((u64::MAX / 100_000) * step));
            assert!(x <= last * (1.0 + 1e-13), "{json}: {x} after {last} at step {step}");
            last = x;
        }
    }
}

#[test]
fn unit_exponential_is_the_logarithm() {
    assert_eq!(unit_exponential(u64::MAX).to_bits(), 0.0_f64.to_bits(), "exactly 0, not -0, at u = 1");
    // Near u = 1 in steps of the grid, against log1p, which does not cancel there.
    for steps in (0..200_000_u64).chain((0..53).map(|k| (1 << k) - 1)) {
        let expected = -libm::log1p(-(steps as f64) / 9_007_199_254_740_992.0);
        let drawn = unit_exponential(!(steps << 11));
        assert!(close(drawn, expected, 1e-13), "{steps} steps below 1: {drawn} for {expected}");
    }
    let mut bits = Key::from_seed(7).stream();
    for k in 0..1_000_000_u64 {
        // Every second one with leading zeros, so that all exponents are met.
        let drawn = bits.next_bits() >> (if k % 2 == 0 { 0 } else { k % 53 });
        let expected = -libm::log(crate::rng::uniform_open_closed(drawn));
        let value = unit_exponential(drawn);
        assert!(close(value, expected, 1e-13), "{drawn:#x}: {value} for {expected}");
    }
    // At the edges of the table's cells, over two octaves and above 1.
    for cell in 0..512_u64 {
        for x in [-1_i64, 0, 1]
            .map(|ulp| f64::from_bits((0x3FD0_0000_0000_0000 + (cell << 45)).wrapping_add_signed(ulp)))
        {
            assert!(close(neg_ln(x), -libm::log(x), 1e-13), "at {x}: {}", neg_ln(x));
        }
    }
}

#[test]
fn exp_is_the_exponential_function() {
    for (x, expected) in [(0.0, 1.0), (1.0, E), (-1000.0, 0.0), (1000.0, f64::INFINITY)] {
        assert!(close(exp(x), expected, 1e-15), "exp({x})");
    }
    let mut bits = Key::from_seed(8).stream();
    for k in 0..500_000 {
        let scale = [1e-9, 1.0, 40.0, 1420.0][k % 4];
        let x = scale * ((bits.next_bits() >> 11) as f64 / 9_007_199_254_740_992.0 - 0.5);
        assert!(close(exp(x), libm::exp(x), 1e-15), "exp({x}) = {}", exp(x));
    }
    assert!(exp(f64::NAN).is_nan());
}

#[test]
fn normal_quantiles() {
    // Wichura's own check values, Applied Statistics 37 (1988) 484.
    for (p, z) in [
        (0.25, -0.674_489_750_196_081_7),
        (0.001, -3.090_232_306_167_813_5),
        (1e-20, -9.262_340_089_798_409),
        (0.5, 0.0),
    ] {
        assert!(close(normal_quantile(p), z, 1e-15), "z({p}) = {}", normal_quantile(p));
    }
    // Forth and back through erfc, in all three pieces of the approximation.
    for k in 1..300 {
        let p = libm::pow(0.9, f64::from(k));
        let back = 0.5 * libm::erfc(-normal_quantile(p) / std::f64::consts::SQRT_2);
        assert!(close(back, p, 1e-12), "p = {p}: {back}");
        assert!(
            close(normal_quantile(1.0 - p), -normal_quantile(1.0 - (1.0 - p)), 1e-15),
            "asymmetric at {p}"
        );
    }
    let mut bits = Key::from_seed(9).stream();
    let sample: Vec<f64> = (0..DRAWS).map(|_| standard_normal(bits.next_bits())).collect();
    let normal = Normal::new(0.0, 1.0).unwrap();
    let statistic = ks(sample, |z| normal.cdf(z));
    assert!(statistic < 2.3, "standard normal: {statistic}");
    // The grid's ends are 2^-53 from 0 and 1: symmetric and finite.
    assert_eq!(standard_normal(0), -standard_normal(u64::MAX));
    assert!(close(standard_normal(u64::MAX), 8.209_536_151_601_387, 1e-12), "{}", standard_normal(u64::MAX));
}

#[test]
fn unit_gamma_has_its_shape_as_mean_and_variance() {
    for shape in [0.05, 0.5, 1.0, 1.5, 8.0, 1e4] {
        let mut bits = Key::from_seed(10).stream();
        let n = DRAWS as f64;
        let sample: Vec<f64> = (0..DRAWS).map(|_| unit_gamma(shape, &mut bits)).collect();
        let mean = sample.iter().sum::<f64>() / n;
        assert!((mean - shape).abs() < 4.5 * (shape / n).sqrt(), "shape {shape}: mean {mean}");
        let variance = sample.iter().map(|x| (x - shape) * (x - shape)).sum::<f64>() / n;
        // The fourth central moment of a gamma is 3 a^2 + 6 a.
        let bound = 4.5 * ((2.0 * shape * shape + 6.0 * shape) / n).sqrt();
        assert!((variance - shape).abs() < bound, "shape {shape}: variance {variance}");
    }
}

#[test]
fn draws_from_a_trait_object() {
    let bits: &mut dyn Bits = &mut Key::from_seed(1).stream();
    assert!(built(r#"{"exponential": {"mean": 2}}"#).sample(bits) > 0.0);
    assert!(unit_gamma(2.0, bits) > 0.0);
}
