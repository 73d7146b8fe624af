//! What holds for every family alike, and random specifications that may be anything.

use statrs::distribution::{Continuous, ContinuousCDF, Exp, LogNormal, Pareto, Weibull};

use crate::dist::spec::tests::{MISFITS, OUT_OF_RANGE, VALID};
use crate::dist::tests::{built, close};
use crate::dist::{Distribution, DistributionSpec, Factor, Problem};
use crate::rng::{Bits, Key, Stream, uniform_open_closed};
use crate::time::SimDuration;

type Times = DistributionSpec<SimDuration>;
type Factors = DistributionSpec<Factor>;

/// Counts what is drawn from it.
struct Counted(Stream, u32);

impl Bits for Counted {
    fn next_bits(&mut self) -> u64 {
        self.1 += 1;
        self.0.next_bits()
    }
}

/// The draws a sampler takes, which callers that share a stream rely on.
#[test]
fn draws_taken() {
    for (json, expected) in [
        ("1", 0),
        (r#"{"exponential": {"mean": 2}}"#, 1),
        (r#"{"uniform": {"min": 2, "max": 8}}"#, 1),
        (r#"{"lognormal": {"mean": 1, "cv": 1}}"#, 1),
        (r#"{"weibull": {"shape": 2, "scale": 3}}"#, 1),
        (r#"{"pareto": {"alpha": 1.5, "min": 2}}"#, 1),
        (r#"{"pareto": {"alpha": 1.5, "min": 2, "max": 9}}"#, 1),
        (r#"{"empirical": {"values": [5, 1, 9]}}"#, 1),
        (r#"{"empirical": {"percentiles": {"p0": 1, "p100": 9}}}"#, 1),
        (r#"{"hyperexponential": {"mean": 1, "cv": 2}}"#, 2),
        (r#"{"erlang": {"k": 3, "mean": 1}}"#, 3),
        (r#"{"erlang": {"k": 16, "mean": 1}}"#, 16),
    ] {
        let mut bits = Counted(Key::from_seed(1).stream(), 0);
        let distribution = built(json);
        for _ in 0..100 {
            distribution.sample(&mut bits);
        }
        assert_eq!(bits.1, 100 * expected, "{json}");
    }
}

/// Pointwise inversion: the distribution function of `statrs` at a draw is 1 - u, where its
/// derivative carries the rounding of both, and `statrs` is good to about 1e-11.
#[test]
fn one_draw_inverts_the_distribution_function() {
    fn check(json: &str, law: &(impl ContinuousCDF<f64, f64> + Continuous<f64, f64>)) {
        let distribution = built(json);
        let (mut drawn, mut replayed) = (Key::from_seed(3).stream(), Key::from_seed(3).stream());
        for _ in 0..20_000 {
            let x = distribution.sample(&mut drawn);
            let u = uniform_open_closed(replayed.next_bits());
            let bound = 1e-10 + 1e-12 * x * law.pdf(x);
            assert!((law.cdf(x) - (1.0 - u)).abs() < bound, "{json}: u = {u} gave {x}");
        }
    }
    check(r#"{"exponential": {"mean": 2}}"#, &Exp::new(0.5).unwrap());
    check(r#"{"lognormal": {"median": 1, "sigma": 1}}"#, &LogNormal::new(0.0, 1.0).unwrap());
    check(r#"{"lognormal": {"median": 1, "sigma": 0.2}}"#, &LogNormal::new(0.0, 0.2).unwrap());
    check(r#"{"weibull": {"shape": 0.5, "scale": 3}}"#, &Weibull::new(0.5, 3.0).unwrap());
    check(r#"{"weibull": {"shape": 7, "scale": 3}}"#, &Weibull::new(7.0, 3.0).unwrap());
    check(r#"{"pareto": {"alpha": 1.2, "min": 3}}"#, &Pareto::new(3.0, 1.2).unwrap());
}

/// Observed values come as often as their weights say: Pearson's chi-square, three degrees of
/// freedom, above 24 once in 40,000 cases.
#[test]
fn observed_values_come_by_weight() {
    let cases: [(&str, &[(f64, f64)]); 2] = [
        (
            r#"{"empirical": {"values": [7, 1, 5, 2], "weights": [1, 4, 2, 3]}}"#,
            &[(1.0, 0.4), (2.0, 0.3), (5.0, 0.2), (7.0, 0.1)],
        ),
        // A value given twice counts twice.
        (r#"{"empirical": {"values": [7, 1, 5, 2, 7]}}"#, &[(1.0, 0.2), (2.0, 0.2), (5.0, 0.2), (7.0, 0.4)]),
    ];
    for (json, expected) in cases {
        let (distribution, mut bits) = (built(json), Key::from_seed(4).stream());
        let n = 100_000;
        let sample: Vec<f64> = (0..n).map(|_| distribution.sample(&mut bits)).collect();
        let chi_square: f64 = expected
            .iter()
            .map(|(value, share)| {
                let count = sample.iter().filter(|x| *x == value).count() as f64;
                let due = share * f64::from(n);
                (count - due) * (count - due) / due
            })
            .sum();
        assert!(sample.iter().all(|x| expected.iter().any(|(value, _)| x == value)), "{json}");
        assert!(chi_square < 24.0, "{json}: chi-square {chi_square}");
    }
}

/// Times a thousand, moments and draws are a thousand times larger: no unit hides in a formula.
#[test]
fn a_change_of_unit_changes_nothing_else() {
    for yaml in VALID {
        let Ok(seconds) = serde_saphyr::from_str::<Times>(&yaml.replace("ms", "us")) else {
            panic!("{yaml}")
        };
        let milliseconds: Times = serde_saphyr::from_str(yaml).unwrap();
        // Lines that mix units are not scaled by this replacement.
        if yaml.contains("2m") && yaml.contains("max") || yaml.contains("1.5s") || yaml.contains("0s") {
            continue;
        }
        let (small, large) = (seconds.build().unwrap(), milliseconds.build().unwrap());
        assert!(close(large.mean(), 1e3 * small.mean(), 1e-11), "{yaml}");
        assert!(close(large.variance(), 1e6 * small.variance(), 1e-9), "{yaml}");
        let (mut one, mut other) = (Key::from_seed(5).stream(), Key::from_seed(5).stream());
        for _ in 0..1_000 {
            let (x, y) = (small.sample(&mut one), large.sample(&mut other));
            assert!(close(y, 1e3 * x, 1e-11), "{yaml}: {y} for {x}");
        }
    }
}

/// The valid lines at their own scale, nanoseconds: sample means against analytic ones.
#[test]
fn durations_have_their_means() {
    for yaml in VALID {
        let distribution = serde_saphyr::from_str::<Times>(yaml).unwrap().build().unwrap();
        let (mean, variance) = (distribution.mean(), distribution.variance());
        // Where the tail leaves no fourth moment or nearly none, the mean is not normal at this n.
        if distribution.tail_index() < 4.0 || variance > 25.0 * mean * mean {
            continue;
        }
        let mut bits = Key::from_seed(11).named(yaml).stream();
        let n = 100_000;
        let sum: f64 = (0..n).map(|_| distribution.sample(&mut bits)).sum();
        let bound = 4.5 * (variance / f64::from(n)).sqrt() + 1e-11 * mean;
        assert!((sum / f64::from(n) - mean).abs() <= bound, "{yaml}: {}, not {mean}", sum / f64::from(n));
    }
}

/// One key, one draw: nothing is remembered between draws, nor shared between copies.
#[test]
fn draws_depend_on_the_key_alone() {
    for yaml in VALID {
        let distribution = serde_saphyr::from_str::<Times>(yaml).unwrap().build().unwrap();
        let copy = distribution.clone();
        let forward: Vec<f64> =
            (0..100).map(|k| distribution.sample(&mut Key::from_seed(2).child(k).stream())).collect();
        let backward: Vec<f64> =
            (0..100).rev().map(|k| copy.sample(&mut Key::from_seed(2).child(k).stream())).collect();
        assert!(forward.iter().eq(backward.iter().rev()), "{yaml}");
    }
}

/// Two families on one key: long draws meet long draws. Correlation of their logarithms.
#[test]
fn families_are_synchronised() {
    let others = [
        r#"{"lognormal": {"mean": 1, "cv": 1}}"#,
        r#"{"weibull": {"shape": 2, "scale": 3}}"#,
        r#"{"pareto": {"alpha": 2.5, "min": 2}}"#,
        r#"{"uniform": {"min": 1, "max": 8}}"#,
        r#"{"empirical": {"percentiles": {"p0": 1, "p50": 2, "p100": 9}}}"#,
    ];
    for json in others {
        let (one, other) = (built(r#"{"exponential": {"mean": 1}}"#), built(json));
        let n = 20_000_u64;
        let (mut sums, mut products) = ([0.0; 2], [0.0; 3]);
        for k in 0..n {
            let key = Key::from_seed(6).child(k);
            let x = libm::log(one.sample(&mut key.stream()));
            let y = libm::log(other.sample(&mut key.stream()));
            sums = [sums[0] + x, sums[1] + y];
            products = [products[0] + x * x, products[1] + x * y, products[2] + y * y];
        }
        let n = n as f64;
        let [xx, xy, yy] = products.map(|p| p / n);
        let (x, y) = (sums[0] / n, sums[1] / n);
        let correlation = (xy - x * y) / ((xx - x * x) * (yy - y * y)).sqrt();
        assert!(correlation > 0.7, "{json}: correlation {correlation}");
    }
}

/// The first draw of every family, to the bit: whoever changes one changes users' results, and
/// has to say so in the changelog.
#[test]
fn draws_are_pinned() {
    for (json, bits) in PINNED {
        let drawn = built(json).sample(&mut Key::from_seed(20_261_111).stream());
        assert_eq!(drawn.to_bits(), *bits, "{json}: {:#018x} is {drawn}", drawn.to_bits());
    }
}

const PINNED: &[(&str, u64)] = &[
    (r#"{"exponential": {"mean": 2}}"#, 0x3FF9_CC4A_C123_4C6C),
    (r#"{"uniform": {"min": 2, "max": 8}}"#, 0x4015_485A_675B_10CA),
    (r#"{"lognormal": {"mean": 1, "cv": 1}}"#, 0x3FE9_4E3F_FEA9_8337),
    (r#"{"lognormal": {"p50": 5, "p99": 30}}"#, 0x4016_2E3F_1DD2_CB40),
    (r#"{"gamma": {"mean": 3, "cv": 0.5}}"#, 0x4004_7DF9_D8CC_AFCB),
    (r#"{"gamma": {"mean": 3, "cv": 2}}"#, 0x3FF9_536E_0C08_5C15),
    (r#"{"erlang": {"k": 4, "mean": 2}}"#, 0x3FF3_46F5_580F_5CBF),
    (r#"{"weibull": {"mean": 3, "cv": 0.2}}"#, 0x4008_F950_BFC6_2D70),
    (r#"{"pareto": {"mean": 1, "cv": 1}}"#, 0x3FEA_2D3C_8F37_8699),
    (r#"{"pareto": {"alpha": 0.8, "min": 1, "max": 32}}"#, 0x4003_F6B9_42FF_627D),
    (r#"{"hyperexponential": {"mean": 1, "cv": 2}}"#, 0x3FA2_7F06_1B6B_C7D6),
    (r#"{"empirical": {"percentiles": {"p0": 0, "p50": 1, "p100": 5}}}"#, 0x3FF6_D737_7C90_5988),
];

/// A remedy's examples are typed in: each is read and built without a problem.
#[test]
fn remedies_work() {
    let mut typed = 0;
    for (yaml, _) in MISFITS.iter().chain(OUT_OF_RANGE) {
        let spec: Times = serde_saphyr::from_str(yaml).unwrap();
        for problem in spec.build().unwrap_err() {
            // Text between back quotes is at odd places.
            for example in problem.remedy.split('`').skip(1).step_by(2).filter(|text| text.contains(": {")) {
                let spec: Times = serde_saphyr::from_str(&format!("{{{example}}}"))
                    .unwrap_or_else(|e| panic!("{yaml}: `{example}`: {e}"));
                spec.build().unwrap_or_else(|problems| panic!("{yaml}: `{example}`: {problems:?}"));
                typed += 1;
            }
        }
    }
    assert!(typed >= 30, "only {typed} examples were found");
}

/// A number that may be anything.
fn number(bits: &mut Stream) -> f64 {
    const ODD: [f64; 12] =
        [0.0, 1.0, 2.0, -1.0, 1e-300, 1e300, f64::NAN, f64::INFINITY, 1e-3, 1e3, f64::MIN_POSITIVE, 0.999];
    match bits.next_bits() % 3 {
        0 => ODD[bits.next_bits() as usize % ODD.len()],
        1 => uniform_open_closed(bits.next_bits()) * 4.0,
        _ => libm::exp(60.0 * (uniform_open_closed(bits.next_bits()) - 0.5)),
    }
}

/// A specification that may be anything: each parameter is there or not.
fn anything(bits: &mut Stream) -> Factors {
    fn some<T>(bits: &mut Stream, make: impl Fn(&mut Stream) -> T) -> Option<T> {
        bits.next_bits().is_multiple_of(2).then(|| make(bits))
    }
    let factor = |bits: &mut Stream| Factor(number(bits));
    let list = |bits: &mut Stream| (0..bits.next_bits() % 4).map(|_| number(bits)).collect::<Vec<f64>>();
    let percentiles = |bits: &mut Stream| {
        let mut percentiles = Percentiles::default();
        for _ in 0..bits.next_bits() % 4 {
            let percent = [0.0, 100.0, 50.0, 99.9, 1e-12, 99.999_999_9][bits.next_bits() as usize % 6];
            percentiles.insert(percent, Factor(number(bits)));
        }
        percentiles
    };
    use crate::dist::*;
    match bits.next_bits() % 10 {
        0 => Factors::Constant(factor(bits)),
        1 => Factors::Exponential { mean: factor(bits) },
        2 => Factors::Uniform(UniformSpec { min: some(bits, factor), max: some(bits, factor) }),
        3 => Factors::Lognormal(LognormalSpec {
            mean: some(bits, factor),
            cv: some(bits, number),
            median: some(bits, factor),
            sigma: some(bits, number),
            percentiles: some(bits, percentiles).unwrap_or_default(),
        }),
        4 => Factors::Gamma(GammaSpec {
            mean: some(bits, factor),
            cv: some(bits, number),
            shape: some(bits, number),
            scale: some(bits, factor),
        }),
        5 => Factors::Erlang(ErlangSpec {
            k: some(bits, |bits| number(bits).floor()),
            mean: some(bits, factor),
        }),
        6 => Factors::Weibull(WeibullSpec {
            mean: some(bits, factor),
            cv: some(bits, number),
            shape: some(bits, number),
            scale: some(bits, factor),
            percentiles: some(bits, percentiles).unwrap_or_default(),
        }),
        7 => Factors::Pareto(ParetoSpec {
            alpha: some(bits, number),
            min: some(bits, factor),
            max: some(bits, factor),
            mean: some(bits, factor),
            cv: some(bits, number),
            percentiles: some(bits, percentiles).unwrap_or_default(),
        }),
        8 => Factors::Hyperexponential(HyperexponentialSpec {
            mean: some(bits, factor),
            cv: some(bits, number),
            branches: some(bits, |bits| {
                let probabilities = list(bits).into_iter().map(crate::units::Ratio);
                probabilities.map(|probability| BranchSpec { probability, mean: Factor(0.5) }).collect()
            }),
        }),
        _ => Factors::Empirical(EmpiricalSpec {
            values: some(bits, |bits| list(bits).into_iter().map(Factor).collect()),
            weights: some(bits, list),
            percentiles: some(bits, percentiles),
        }),
    }
}

/// Whatever is written either builds into something sound or is told with a remedy: no panic, no
/// NaN, no endless rejection.
#[test]
fn swarm() {
    let mut sound = 0;
    for seed in 0..60_000 {
        let mut bits = Key::from_seed(seed).named("swarm").stream();
        let spec = anything(&mut bits);
        match spec.build() {
            Ok(distribution) => {
                is_sound(&distribution, &mut bits, &format!("seed {seed}: {spec:?}"));
                sound += 1;
            }
            Err(problems) => {
                assert!(!problems.is_empty(), "seed {seed}: {spec:?}");
                for Problem { path, message, remedy } in problems {
                    assert!(path.is_empty() || path.starts_with(spec.name()), "seed {seed}: {path}");
                    assert!(!message.is_empty() && !remedy.is_empty(), "seed {seed}: {message}, {remedy}");
                }
            }
        }
    }
    assert!(sound > 4_000, "only {sound} were sound");
}

fn is_sound(distribution: &Distribution, bits: &mut Stream, what: &str) {
    let (mean, variance, tail) = (distribution.mean(), distribution.variance(), distribution.tail_index());
    assert!(mean.is_finite() && mean >= 0.0, "{what}: mean {mean}");
    assert!(variance >= 0.0 && (variance.is_finite() || tail <= 2.0), "{what}: variance {variance}");
    assert!(tail > 1.0, "{what}: tail index {tail}");
    for _ in 0..20 {
        let x = distribution.sample(bits);
        assert!(x.is_finite() && x >= 0.0, "{what}: drew {x}");
    }
}
