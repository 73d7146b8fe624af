//! What is written: reading, writing, and the problems told.

use crate::dist::tests::{built, close};
use crate::dist::{Distribution, DistributionSpec, Factor, NAMES, Percentiles, Quantity};
use crate::time::SimDuration;

type Times = DistributionSpec<SimDuration>;

/// One valid line of every family and form, as a scenario has it.
pub(in crate::dist) const VALID: &[&str] = &[
    "4ms",
    "0s",
    "{exponential: {mean: 4ms}}",
    "{uniform: {min: 0s, max: 8ms}}",
    "{lognormal: {mean: 4ms, cv: 1.2}}",
    "{lognormal: {p50: 5ms, p99.9: 30ms}}",
    "{lognormal: {median: 5ms, sigma: 1}}",
    "{gamma: {mean: 4ms, cv: 0.5}}",
    "{gamma: {shape: 2, scale: 1.5s}}",
    "{erlang: {k: 3, mean: 4ms}}",
    "{weibull: {mean: 4ms, cv: 0.5}}",
    "{weibull: {shape: 0.7, scale: 4ms}}",
    "{weibull: {p50: 5ms, p99: 30ms}}",
    "{pareto: {alpha: 1.5, min: 4ms}}",
    "{pareto: {alpha: 0.9, min: 4ms, max: 2m}}",
    "{pareto: {alpha: 1.5, mean: 4ms}}",
    "{pareto: {mean: 4ms, cv: 3}}",
    "{pareto: {p50: 5ms, p99: 30ms}}",
    "{hyperexponential: {mean: 4ms, cv: 2.5}}",
    "{hyperexponential: {branches: [{probability: 90%, mean: 1ms}, {probability: 0.1, mean: 9ms}]}}",
    "{empirical: {values: [1ms, 2ms, 7ms]}}",
    "{empirical: {values: [1ms, 2ms], weights: [3, 1]}}",
    "{empirical: {percentiles: {p0: 1ms, p50: 2ms, p99.9: 8ms, p100: 9ms}}}",
];

#[test]
fn writing_is_the_inverse_of_reading() {
    for yaml in VALID {
        let spec: Times = serde_saphyr::from_str(yaml).unwrap_or_else(|e| panic!("{yaml}: {e}"));
        spec.build().unwrap_or_else(|problems| panic!("{yaml}: {problems:?}"));
        let written = serde_json::to_string(&spec).unwrap();
        let again: Times = serde_json::from_str(&written).unwrap_or_else(|e| panic!("{written}: {e}"));
        assert_eq!(spec, again, "{yaml} became {written}");
        assert_eq!(written, serde_json::to_string(&again).unwrap());
        // Written keys are the keys read, in whatever order and spelling of numbers.
        let plain = written.replace('"', "");
        for word in yaml
            .split(|c: char| !c.is_alphanumeric() && c != '.')
            .filter(|w| w.starts_with(char::is_alphabetic))
        {
            assert!(plain.contains(word), "{word} is lost in {written}");
        }
    }
    let families: Vec<&str> =
        VALID.iter().map(|yaml| serde_saphyr::from_str::<Times>(yaml).unwrap().name()).collect();
    for name in NAMES {
        assert!(families.contains(&name), "no line for {name}");
    }
}

#[test]
fn units_are_nanoseconds_and_bare_numbers() {
    let mean = |yaml: &str| serde_saphyr::from_str::<Times>(yaml).unwrap().build().unwrap().mean();
    assert_eq!(mean("4ms"), 4e6);
    assert_eq!(mean("{exponential: {mean: 1.5s}}"), 1.5e9);
    assert!(close(mean("{lognormal: {mean: 4ms, cv: 1.2}}"), 4e6, 1e-12));
    let factor = |yaml: &str| serde_saphyr::from_str::<DistributionSpec<Factor>>(yaml).unwrap();
    assert_eq!(factor("85%"), DistributionSpec::Constant(Factor(0.85)));
    assert_eq!(factor("{uniform: {min: 0.5, max: 1}}").build().unwrap().mean(), 0.75);
    assert_eq!(serde_json::to_string(&factor("85%")).unwrap(), "0.85");
    assert_eq!(built("3").mean(), 3.0);
}

/// What serde refuses: the wrong shape, told with what to write.
#[test]
fn shapes_refused() {
    for (yaml, fragment) in [
        ("4", "`4` has no unit"),
        ("4 apples", "is not a duration"),
        ("exponential", "`exponential` needs its parameters"),
        ("{}", "a distribution has no name"),
        ("[1ms]", "a duration such as 4ms"),
        ("{normal: {mean: 4ms}}", "unknown variant `normal`"),
        ("{mean: 4ms}", "a distribution has a name"),
        ("{exponential: {mean: 4ms}, gamma: {mean: 4ms, cv: 1}}", "expected one distribution"),
        ("{exponential: {}}", "missing field `mean`"),
        ("{exponential: {mean: 4ms, cv: 1}}", "unknown field `cv`"),
        ("{lognormal: {mean: 4ms, sd: 1ms}}", "unknown field `sd`"),
        ("{gamma: {p50: 4ms, p99: 9ms}}", "unknown field `p50`"),
        ("{lognormal: {p50: 4ms, p101: 9ms}}", "`p101` is not a percentile"),
        ("{lognormal: {p50: 4ms, p50.0: 9ms}}", "`p50.0` is given twice"),
        ("{empirical: {percentiles: {q50: 4ms}}}", "`q50` is not a percentile"),
        ("{empirical: {percentiles: {p5: 4ms, p5.0: 9ms}}}", "given twice"),
        ("{empirical: {median: 4ms}}", "unknown field `median`"),
        ("{hyperexponential: {branches: [{probability: 1, mean: 4ms, cv: 1}]}}", "unknown field `cv`"),
        ("{hyperexponential: {branches: [{mean: 4ms}]}}", "missing field `probability`"),
    ] {
        let message = serde_saphyr::from_str::<Times>(yaml).expect_err(yaml).to_string();
        assert!(message.contains(fragment), "{yaml}: {message}");
    }
    let message = serde_json::from_str::<Times>(r#"{"gamma": {"cv": 1, "cv": 2}}"#).unwrap_err().to_string();
    assert!(message.contains("duplicate field `cv`"), "{message}");
    let message = serde_json::from_str::<DistributionSpec<Factor>>("-1").unwrap_err().to_string();
    assert!(message.contains("is not a ratio"), "{message}");
}

/// A parameter without the name of its distribution is answered with one that can be built.
#[test]
fn parameters_without_a_name_are_given_one() {
    fn remedies<Q: Quantity>() {
        for key in [
            "mean",
            "cv",
            "median",
            "sigma",
            "min",
            "max",
            "alpha",
            "branches",
            "values",
            "weights",
            "percentiles",
            "p50",
            "p99.9",
        ] {
            let told = super::nameless::<Q>(key).unwrap_or_else(|| panic!("{key}"));
            let remedy = told.split_once("; write ").expect("a remedy").1;
            let spec: DistributionSpec<Q> =
                serde_saphyr::from_str(remedy).unwrap_or_else(|error| panic!("{remedy}: {error}"));
            assert!(spec.build().is_ok(), "{remedy}");
        }
        for key in ["browse", "k", "shape", "p", "exponential", ""] {
            assert_eq!(super::nameless::<Q>(key), None, "{key}");
        }
    }
    remedies::<SimDuration>();
    remedies::<Factor>();
}

/// What is written; then path, message and remedy of each problem, in order, as fragments.
pub(super) type Refused = (&'static str, &'static [(&'static str, &'static str, &'static str)]);

/// Parameters that do not go together.
pub(in crate::dist) const MISFITS: &[Refused] = &[
    ("{lognormal: {}}", &[("lognormal", "has no parameters", "`lognormal: {median: 4ms, sigma: 0.8}`")]),
    (
        "{lognormal: {mean: 4ms}}",
        &[(
            "lognormal",
            "`mean` alone does not say which lognormal",
            "write `lognormal: {mean: 4ms, cv: 1.2}`",
        )],
    ),
    (
        "{lognormal: {mean: 4ms, p50: 3ms}}",
        &[("lognormal", "`mean` and `p50` do not go together", "or `lognormal: {median: 4ms, sigma: 0.8}`")],
    ),
    ("{lognormal: {p50: 4ms}}", &[("lognormal", "1 given", "`lognormal: {p50: 4ms, p99: 30ms}`")]),
    ("{weibull: {p50: 4ms, p90: 5ms, p99: 6ms}}", &[("weibull", "3 given", "{p50: 4ms, p99: 30ms}")]),
    ("{uniform: {max: 4ms}}", &[("uniform", "`max` alone", "`uniform: {min: 4ms, max: 9ms}`")]),
    ("{gamma: {cv: 2}}", &[("gamma", "`cv` alone", "`gamma: {mean: 4ms, cv: 1.2}`")]),
    (
        "{gamma: {shape: 2, mean: 4ms}}",
        &[("gamma", "`mean` and `shape` do not", "`gamma: {shape: 2.5, scale: 4ms}`")],
    ),
    ("{erlang: {k: 2}}", &[("erlang", "`k` alone", "`erlang: {k: 4, mean: 4ms}`")]),
    ("{pareto: {alpha: 2}}", &[("pareto", "`alpha` alone", "`pareto: {alpha: 2.5, mean: 4ms}`")]),
    (
        "{pareto: {alpha: 2, mean: 4ms, max: 1s}}",
        &[("pareto", "`alpha`, `max` and `mean` do not", "`pareto: {alpha: 2.5, min: 4ms, max: 30ms}`")],
    ),
    ("{hyperexponential: {mean: 4ms}}", &[("hyperexponential", "mean and cv, or branches", "cv: 2")]),
    (
        "{hyperexponential: {mean: 4ms, branches: []}}",
        &[("hyperexponential", "and not both", "probability: 90%, mean: 4ms")],
    ),
    ("{empirical: {}}", &[("empirical", "either values or percentiles", "values: [4ms, 9ms, 30ms]")]),
    ("{empirical: {weights: [1]}}", &[("empirical.weights", "of no values", "p100: 30ms")]),
    (
        "{empirical: {values: [1ms], percentiles: {p0: 1ms, p100: 2ms}}}",
        &[("empirical", "either values or percentiles", "values:")],
    ),
];

/// Values out of range, at their boundaries.
pub(in crate::dist) const OUT_OF_RANGE: &[Refused] = &[
    ("{exponential: {mean: 0s}}", &[("exponential.mean", "above 0, not 0", "`mean: 4ms`")]),
    ("{uniform: {min: 4ms, max: 4ms}}", &[("uniform.max", "above min", "a bare `4ms`")]),
    ("{uniform: {min: 0s, max: 0s}}", &[("uniform.max", "above 0", "`max: 4ms`")]),
    (
        "{lognormal: {mean: 0s, cv: 0}}",
        &[("lognormal.mean", "above 0", "`mean: 4ms`"), ("lognormal.cv", "above 0, not 0", "a bare `4ms`")],
    ),
    ("{lognormal: {mean: 1s, cv: .nan}}", &[("lognormal.cv", "not NaN", "`cv: 0.8`")]),
    ("{lognormal: {mean: 1s, cv: .inf}}", &[("lognormal.cv", "not inf", "`cv: 0.8`")]),
    ("{lognormal: {median: 1s, sigma: -1}}", &[("lognormal.sigma", "not -1", "`sigma: 0.8`")]),
    ("{lognormal: {median: 1s, sigma: 40}}", &[("lognormal", "too large for a number", "less spread")]),
    ("{lognormal: {p50: 9ms, p99: 9ms}}", &[("lognormal.p99", "9ms is not above 9ms", "raise p99")]),
    (
        "{lognormal: {p0: 9ms, p100: 4ms}}",
        &[
            ("lognormal.p0", "a lognormal has no p0", "p1 or p99.9"),
            ("lognormal.p100", "has no p100", "p1 or p99.9"),
            ("lognormal.p100", "above p0: 4ms", "raise p100"),
        ],
    ),
    ("{gamma: {shape: 0, scale: 1s}}", &[("gamma.shape", "above 0", "`shape: 2.5`")]),
    ("{gamma: {mean: 1s, cv: 1e-200}}", &[("gamma", "too large", "")]),
    ("{erlang: {k: 2.5, mean: 1s}}", &[("erlang.k", "a whole number from 1, not 2.5", "`k: 4`")]),
    ("{erlang: {k: 0, mean: 1s}}", &[("erlang.k", "above 0", "`k: 4`")]),
    ("{weibull: {mean: 1s, cv: 101}}", &[("weibull.cv", "a cv of 101", "a cv from 0.001 to 100")]),
    ("{weibull: {p50: 9ms, p99: 4ms}}", &[("weibull.p99", "4ms is not above 9ms", "raise p99")]),
    (
        "{pareto: {alpha: 1, min: 1s}}",
        &[("pareto.alpha", "the mean is infinite", "alpha: 0.9, min: 4ms, max: 30ms")],
    ),
    ("{pareto: {alpha: 1, mean: 1s}}", &[("pareto.alpha", "the mean is infinite", "above 1")]),
    ("{pareto: {p50: 1ms, p99: 1h}}", &[("pareto", "the mean is infinite", "above 1")]),
    ("{pareto: {alpha: 2, min: 1s, max: 1s}}", &[("pareto.max", "above min", "a larger `max`")]),
    (
        "{pareto: {alpha: -1, min: 0s}}",
        &[("pareto.alpha", "not -1", "2.5"), ("pareto.min", "not 0", "`min: 4ms`")],
    ),
    (
        "{hyperexponential: {mean: 1s, cv: 0.9}}",
        &[("hyperexponential.cv", "1 or more, not 0.9", "`gamma: {mean: 4ms, cv: 0.5}`")],
    ),
    (
        "{hyperexponential: {mean: 0s, cv: .nan}}",
        &[("hyperexponential.mean", "above 0", "4ms"), ("hyperexponential.cv", "not NaN", "1 or more")],
    ),
    (
        "{hyperexponential: {branches: [{probability: 1, mean: 1s}, {probability: 0, mean: 0s}]}}",
        &[("hyperexponential.branches[1].mean", "above 0", "`mean: 4ms`")],
    ),
    (
        "{hyperexponential: {branches: [{probability: 0.5, mean: 1s}, {probability: 40%, mean: 1s}]}}",
        &[("hyperexponential.branches", "sum to 0.9", "sum to 1 (100%)")],
    ),
    ("{hyperexponential: {branches: []}}", &[("hyperexponential.branches", "sum to 0", "100%")]),
    ("{empirical: {values: []}}", &[("empirical.values", "no values", "[4ms, 9ms, 30ms]")]),
    ("{empirical: {values: [1ms], weights: [0]}}", &[("empirical.weights", "positive number", "above 0")]),
    (
        "{empirical: {values: [1ms], weights: [1, 2]}}",
        &[("empirical.weights", "2 weights for 1 values", "one weight")],
    ),
    (
        "{empirical: {values: [1ms], weights: [-1]}}",
        &[("empirical.weights[0]", "not -1", "write for example 1")],
    ),
    (
        "{empirical: {percentiles: {p50: 4ms}}}",
        &[
            ("empirical.percentiles", "p0 is missing", "`p0: 4ms`"),
            ("empirical.percentiles", "p100 is missing", "`p100: 30ms`"),
        ],
    ),
    (
        "{empirical: {percentiles: {p0: 4ms, p50: 3ms, p100: 9ms}}}",
        &[("empirical.percentiles.p50", "3ms is below 4ms", "raise p50 to 4ms")],
    ),
];

#[test]
fn problems_say_what_to_type() {
    for (yaml, expected) in MISFITS.iter().chain(OUT_OF_RANGE) {
        let spec: Times = serde_saphyr::from_str(yaml).unwrap_or_else(|e| panic!("{yaml}: {e}"));
        let problems = spec.build().expect_err(yaml);
        assert_eq!(problems.len(), expected.len(), "{yaml}: {problems:?}");
        for (problem, (path, message, remedy)) in problems.iter().zip(*expected) {
            assert_eq!(problem.path, *path, "{yaml}");
            assert!(problem.message.contains(message), "{yaml}: {}", problem.message);
            assert!(problem.remedy.contains(remedy), "{yaml}: {}", problem.remedy);
            assert!(
                !problem.remedy.is_empty() && !problem.remedy.contains('<'),
                "{yaml}: {}",
                problem.remedy
            );
        }
    }
    let problems = DistributionSpec::Constant(Factor(f64::NAN)).build().unwrap_err();
    assert_eq!((problems.len(), problems[0].path.as_str()), (1, ""));
    let problems = DistributionSpec::Exponential { mean: Factor(f64::INFINITY) }.build().unwrap_err();
    assert!(problems[0].remedy.contains("mean: 1.0"), "{problems:?}");
}

/// The forms of one family describe one law: the same distribution by whichever parameters.
#[test]
fn forms_agree() {
    for (a, b) in [
        // sigma = ln(e^1) / z: p84.13447460685429 is one deviation above the median.
        (
            r#"{"lognormal": {"p50": 1, "p84.13447460685429": 2.718281828459045}}"#,
            r#"{"lognormal": {"median": 1, "sigma": 1}}"#,
        ),
        (r#"{"gamma": {"mean": 3, "cv": 0.5}}"#, r#"{"gamma": {"shape": 4, "scale": 0.75}}"#),
        (r#"{"erlang": {"k": 20, "mean": 10}}"#, r#"{"gamma": {"shape": 20, "scale": 0.5}}"#),
        // Rayleigh: cv^2 = 4 / pi - 1.
        (
            r#"{"weibull": {"mean": 0.886226925452758, "cv": 0.5227232008770634}}"#,
            r#"{"weibull": {"shape": 2, "scale": 1}}"#,
        ),
        // ln 2 and ln 100 are -ln(1 - p) of p50 and p99: with shape 1, an exponential of mean 1.
        (
            r#"{"weibull": {"p50": 0.6931471805599453, "p99": 4.605170185988091}}"#,
            r#"{"weibull": {"shape": 1, "scale": 1}}"#,
        ),
        // (min / x)^alpha = 1/2 at 2 and 1/100 at 100.
        (r#"{"pareto": {"p75": 2, "p99": 10}}"#, r#"{"pareto": {"alpha": 2, "min": 1}}"#),
        (r#"{"pareto": {"mean": 1.5, "cv": 0.5773502691896258}}"#, r#"{"pareto": {"alpha": 3, "min": 1}}"#),
        (r#"{"hyperexponential": {"mean": 1, "cv": 1}}"#, r#"{"exponential": {"mean": 1}}"#),
    ] {
        let (a_built, b_built) = (built(a), built(b));
        assert!(
            close(a_built.mean(), b_built.mean(), 1e-10),
            "{a}: mean {} for {}",
            a_built.mean(),
            b_built.mean()
        );
        let (v, w) = (a_built.variance(), b_built.variance());
        // Alpha a hair above 2 has a variance, if a large one.
        assert!(close(v, w, 1e-8) || w.is_infinite() && v > 1e10, "{a}: variance {v} for {w}");
    }
}

/// A Weibull's shape is found over the whole range of coefficients that is offered.
#[test]
fn weibull_by_coefficient_of_variation() {
    for cv in [0.001, 0.01, 0.1, 0.5, 1.0, 2.0, 10.0, 100.0] {
        let distribution = built(&format!(r#"{{"weibull": {{"mean": 2, "cv": {cv}}}}}"#));
        assert!(close(distribution.mean(), 2.0, 1e-12), "cv {cv}: mean {}", distribution.mean());
        let found = distribution.variance().sqrt() / 2.0;
        assert!(close(found, cv, 1e-8), "cv {cv}: {found}");
    }
}

/// The text that resolved scenarios hold and hashes are taken of.
#[test]
fn written_text() {
    for (yaml, json) in [
        ("4ms", r#""4ms""#),
        ("{constant: 1500ms}", r#""1.5s""#),
        ("{exponential: {mean: 4000us}}", r#"{"exponential":{"mean":"4ms"}}"#),
        ("{uniform: {max: 8ms, min: 2ms}}", r#"{"uniform":{"min":"2ms","max":"8ms"}}"#),
        ("{lognormal: {cv: 1, mean: 4ms}}", r#"{"lognormal":{"mean":"4ms","cv":1.0}}"#),
        ("{lognormal: {p99.90: 30ms, p50.0: 5ms}}", r#"{"lognormal":{"p50":"5ms","p99.9":"30ms"}}"#),
        ("{gamma: {scale: 1s, shape: 2}}", r#"{"gamma":{"shape":2.0,"scale":"1s"}}"#),
        ("{erlang: {k: 2, mean: 1s}}", r#"{"erlang":{"k":2.0,"mean":"1s"}}"#),
        ("{weibull: {p5: 1s, p50: 2s}}", r#"{"weibull":{"p5":"1s","p50":"2s"}}"#),
        ("{pareto: {min: 1s, max: 2s, alpha: 1.5}}", r#"{"pareto":{"alpha":1.5,"min":"1s","max":"2s"}}"#),
        ("{hyperexponential: {mean: 1s, cv: 2}}", r#"{"hyperexponential":{"mean":"1s","cv":2.0}}"#),
        (
            "{hyperexponential: {branches: [{mean: 1s, probability: 100%}]}}",
            r#"{"hyperexponential":{"branches":[{"probability":"1","mean":"1s"}]}}"#,
        ),
        ("{empirical: {values: [1s, 2s]}}", r#"{"empirical":{"values":["1s","2s"]}}"#),
        (
            "{empirical: {percentiles: {p100: 2s, p0: 1s}}}",
            r#"{"empirical":{"percentiles":{"p0":"1s","p100":"2s"}}}"#,
        ),
    ] {
        let spec: Times = serde_saphyr::from_str(yaml).unwrap_or_else(|e| panic!("{yaml}: {e}"));
        assert_eq!(serde_json::to_string(&spec).unwrap(), json, "{yaml}");
    }
}

#[test]
fn percentiles_are_kept_in_order_and_once() {
    let mut percentiles = Percentiles::default();
    for (percent, taken) in
        [(50.0, true), (99.9, true), (0.0, true), (50.0, false), (100.0, true), (0.0, false)]
    {
        assert_eq!(percentiles.insert(percent, Factor(percent)), taken, "p{percent}");
    }
    let kept: Vec<f64> = percentiles.as_slice().iter().map(|(percent, _)| *percent).collect();
    assert_eq!(kept, [0.0, 50.0, 99.9, 100.0]);
    let values: Vec<f64> = percentiles.as_slice().iter().map(|(_, value)| value.to_f64()).collect();
    assert_eq!(values, kept, "the first value of a percentile is kept");
}

#[test]
fn constructors_are_short_forms() {
    assert_eq!(Distribution::constant(1.5), built("1.5"));
    assert_eq!(Distribution::constant(0.0), built("0"));
    assert_eq!(Distribution::exponential(2.0), built(r#"{"exponential": {"mean": 2}}"#));
    // One branch is an exponential, one stage as well; both keep their own sampler.
    for json in [
        r#"{"hyperexponential": {"branches": [{"probability": 1, "mean": 2}]}}"#,
        r#"{"erlang": {"k": 1, "mean": 2}}"#,
        r#"{"gamma": {"mean": 2, "cv": 1}}"#,
        r#"{"weibull": {"shape": 1, "scale": 2}}"#,
    ] {
        let distribution = built(json);
        assert!(close(distribution.mean(), 2.0, 1e-14), "{json}: {}", distribution.mean());
        assert!(close(distribution.variance(), 4.0, 1e-13), "{json}: {}", distribution.variance());
    }
}

/// Probabilities written with a few digits are taken as the shares they are meant to be.
#[test]
fn probabilities_are_normalised() {
    let thirds = |third: &str| {
        let branch = |mean: u32| format!("{{probability: {third}, mean: {mean}}}");
        let branches = [branch(1), branch(2), branch(3)].join(", ");
        let yaml = format!("{{hyperexponential: {{branches: [{branches}]}}}}");
        serde_saphyr::from_str::<DistributionSpec<Factor>>(&yaml).unwrap().build()
    };
    for third in ["0.3333333", "33.33333%", "0.3333333333333333"] {
        assert!(close(thirds(third).unwrap().mean(), 2.0, 1e-14), "{third}");
    }
    for third in ["0.333", "0.334"] {
        let problems = thirds(third).unwrap_err();
        assert_eq!(problems[0].path, "hyperexponential.branches", "{third}");
    }
}
