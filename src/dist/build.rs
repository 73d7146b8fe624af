//! From what is written to what can be drawn.

use super::check::{Checker, Form, PERCENTILES};
use super::gamma::LARGEST_PRODUCT;
use super::moments::weibull_cv2;
use super::normal::normal_quantile;
use super::sampler::{Distribution, Knot, Law};
use super::spec::{
    DistributionSpec, EmpiricalSpec, ErlangSpec, GammaSpec, HyperexponentialSpec, LognormalSpec, ParetoSpec,
    UniformSpec, WeibullSpec,
};
use super::{Percentiles, Problem, Quantity};

/// How far the probabilities of branches may be from 1, for thirds written with a few digits.
const SUM_TOLERANCE: f64 = 1e-6;
/// Coefficients of variation for which a Weibull's shape is searched, and the shapes that bound
/// them with room to spare (0.1 gives a coefficient of 430, 10,000 gives 0.00013).
const WEIBULL_CV: (f64, f64) = (1e-3, 100.0);
const WEIBULL_SHAPE: (f64, f64) = (0.1, 1e4);

const MEAN_CV: Form = Form { keys: &["mean", "cv"], example: "mean: <A>, cv: 1.2" };
const SHAPE_SCALE: Form = Form { keys: &["shape", "scale"], example: "shape: 2.5, scale: <A>" };
const TWO_PERCENTILES: Form = Form { keys: &[PERCENTILES], example: "p50: <A>, p99: <C>" };

impl<Q: Quantity> DistributionSpec<Q> {
    /// Checks the parameters and returns what can be drawn from.
    ///
    /// # Errors
    /// All problems at once, each with its key and what to write instead. Among them is an
    /// infinite mean (an unbounded Pareto of alpha 1 or less): no capacity would be enough.
    pub fn build(&self) -> Result<Distribution, Vec<Problem>> {
        let mut check = Checker::new::<Q>(self.name());
        let law = match self {
            Self::Constant(value) => {
                let value = value.to_f64();
                check.not_negative("", value, "write for example `<A>`").then_some(Law::Constant(value))
            }
            Self::Exponential { mean } => {
                let mean = mean.to_f64();
                check
                    .positive("mean", mean, "write for example `mean: <A>`")
                    .then_some(Law::Exponential { mean })
            }
            Self::Uniform(spec) => uniform(spec, &mut check),
            Self::Lognormal(spec) => lognormal(spec, &mut check),
            Self::Gamma(spec) => gamma(spec, &mut check),
            Self::Erlang(spec) => erlang(spec, &mut check),
            Self::Weibull(spec) => weibull(spec, &mut check),
            Self::Pareto(spec) => pareto(spec, &mut check),
            Self::Hyperexponential(spec) => hyperexponential(spec, &mut check),
            Self::Empirical(spec) => empirical(spec, &mut check),
        };
        if let Some(distribution) = law.map(Distribution).filter(|_| check.is_clean()) {
            let infinite_variance = distribution.tail_index() <= 2.0;
            if distribution.mean().is_finite() && (infinite_variance || distribution.variance().is_finite()) {
                return Ok(distribution);
            }
            let message = "its mean or variance is too large for a number".to_owned();
            check.push("", message, "write parameters of less spread, for example a cv below 100");
        }
        Err(check.into_problems())
    }
}

fn uniform<Q: Quantity>(spec: &UniformSpec<Q>, check: &mut Checker) -> Option<Law> {
    let given = spec.given();
    let good = check.all_positive(&given, "min");
    check.choose(&given, &[Form { keys: &["min", "max"], example: "min: <A>, max: <B>" }])?;
    let (min, max) = (given.get("min"), given.get("max"));
    if good && max <= min {
        let remedy = "write a larger `max`, or a bare `<A>` for no spread at all";
        check.push("max", "must be above min".to_owned(), remedy);
    }
    good.then_some(Law::Uniform { min, max })
}

fn lognormal<Q: Quantity>(spec: &LognormalSpec<Q>, check: &mut Checker) -> Option<Law> {
    let given = spec.given();
    let good = check.all_positive(&given, "");
    let median = Form { keys: &["median", "sigma"], example: "median: <A>, sigma: 0.8" };
    let form = check.choose(&given, &[MEAN_CV, TWO_PERCENTILES, median])?;
    let (mu, sigma) = match form {
        // sigma^2 = ln(1 + cv^2), mu = ln(mean) - sigma^2 / 2 (Law, section 6.2.2).
        0 => {
            let sigma2 = libm::log1p(given.get("cv") * given.get("cv"));
            (libm::log(given.get("mean")) - sigma2 / 2.0, libm::sqrt(sigma2))
        }
        // ln x_p = mu + sigma z_p, at both percentiles.
        1 => {
            let [(p, x), (q, y)] = check.pair(&spec.percentiles)?;
            let (z_p, z_q) = (normal_quantile(p), normal_quantile(q));
            let sigma = libm::log(y / x) / (z_q - z_p);
            (libm::log(x) - sigma * z_p, sigma)
        }
        _ => (libm::log(given.get("median")), given.get("sigma")),
    };
    good.then_some(Law::Lognormal { mu, sigma })
}

fn gamma<Q: Quantity>(spec: &GammaSpec<Q>, check: &mut Checker) -> Option<Law> {
    let given = spec.given();
    let good = check.all_positive(&given, "");
    let form = check.choose(&given, &[MEAN_CV, SHAPE_SCALE])?;
    let (shape, scale) = if form == 0 {
        let cv2 = given.get("cv") * given.get("cv");
        (1.0 / cv2, given.get("mean") * cv2)
    } else {
        (given.get("shape"), given.get("scale"))
    };
    good.then_some(Law::Gamma { shape, scale })
}

fn erlang<Q: Quantity>(spec: &ErlangSpec<Q>, check: &mut Checker) -> Option<Law> {
    let given = spec.given();
    let good = check.all_positive(&given, "");
    check.choose(&given, &[Form { keys: &["k", "mean"], example: "k: 4, mean: <A>" }])?;
    let (k, mean) = (given.get("k"), given.get("mean"));
    if good && (k < 1.0 || k != k.floor()) {
        check.push("k", format!("must be a whole number from 1, not {k}"), "write for example `k: 4`");
    }
    let scale = mean / k;
    good.then(|| {
        if k <= f64::from(LARGEST_PRODUCT) {
            Law::Erlang { k: k as u32, scale }
        } else {
            Law::Gamma { shape: k, scale }
        }
    })
}

fn weibull<Q: Quantity>(spec: &WeibullSpec<Q>, check: &mut Checker) -> Option<Law> {
    let given = spec.given();
    let good = check.all_positive(&given, "");
    let form = check.choose(&given, &[MEAN_CV, TWO_PERCENTILES, SHAPE_SCALE])?;
    let (shape, scale) = match form {
        0 => {
            let cv = given.get("cv");
            let (low, high) = WEIBULL_CV;
            if good && !(low..=high).contains(&cv) {
                let remedy =
                    format!("write a cv from {low} to {high}, or `weibull: {{shape: 2.5, scale: <A>}}`");
                check.push("cv", format!("no shape is searched for a cv of {cv}"), &remedy);
                return None;
            }
            let shape = weibull_shape(cv * cv);
            (shape, given.get("mean") / libm::exp(libm::lgamma(1.0 + 1.0 / shape)))
        }
        // ln(-ln(1 - p)) = shape (ln x_p - ln scale), at both percentiles.
        1 => {
            let [(p, x), (q, y)] = check.pair(&spec.percentiles)?;
            let (h_p, h_q) = (-libm::log1p(-p), -libm::log1p(-q));
            let shape = libm::log(h_q / h_p) / libm::log(y / x);
            (shape, x * libm::pow(h_p, -1.0 / shape))
        }
        _ => (given.get("shape"), given.get("scale")),
    };
    good.then_some(Law::Weibull { shape, scale })
}

/// Returns the shape of a Weibull with this squared coefficient of variation, by bisection of its
/// logarithm; the coefficient falls as the shape rises. Sixty halvings leave nothing to halve.
fn weibull_shape(cv2: f64) -> f64 {
    let (mut low, mut high) = (libm::log(WEIBULL_SHAPE.0), libm::log(WEIBULL_SHAPE.1));
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if weibull_cv2(libm::exp(middle)) > cv2 {
            low = middle;
        } else {
            high = middle;
        }
    }
    libm::exp((low + high) / 2.0)
}

fn pareto<Q: Quantity>(spec: &ParetoSpec<Q>, check: &mut Checker) -> Option<Law> {
    let given = spec.given();
    let good = check.all_positive(&given, "");
    let forms = [
        Form { keys: &["alpha", "min"], example: "alpha: 2.5, min: <A>" },
        Form { keys: &["alpha", "mean"], example: "alpha: 2.5, mean: <A>" },
        MEAN_CV,
        TWO_PERCENTILES,
        Form { keys: &["alpha", "min", "max"], example: "alpha: 2.5, min: <A>, max: <C>" },
    ];
    let form = check.choose(&given, &forms)?;
    let (key, alpha, min) = match form {
        1 => {
            let alpha = given.get("alpha");
            ("alpha", alpha, given.get("mean") * (alpha - 1.0) / alpha)
        }
        // cv^2 = 1 / (alpha (alpha - 2)), of which the root above 2 has a variance.
        2 => {
            let alpha = 1.0 + libm::sqrt(1.0 + 1.0 / (given.get("cv") * given.get("cv")));
            ("cv", alpha, given.get("mean") * (alpha - 1.0) / alpha)
        }
        // ln(1 - p) = alpha (ln min - ln x_p), at both percentiles.
        3 => {
            let [(p, x), (q, y)] = check.pair(&spec.percentiles)?;
            let alpha = (libm::log1p(-p) - libm::log1p(-q)) / libm::log(y / x);
            ("", alpha, x * libm::exp(libm::log1p(-p) / alpha))
        }
        _ => ("alpha", given.get("alpha"), given.get("min")),
    };
    if form == 4 {
        return good.then(|| bounded_pareto(alpha, min, given.get("max"), check)).flatten();
    }
    if good && alpha <= 1.0 {
        let message = format!("the mean is infinite, since alpha is {alpha}");
        let remedy = "write an alpha above 1, or bound it: `pareto: {alpha: 0.9, min: <A>, max: <C>}`";
        check.push(key, message, remedy);
    }
    good.then_some(Law::Pareto { alpha, min })
}

fn bounded_pareto(alpha: f64, min: f64, max: f64, check: &mut Checker) -> Option<Law> {
    if max <= min {
        let remedy = "write a larger `max`, or a bare `<A>` for no spread at all";
        check.push("max", "must be above min".to_owned(), remedy);
        return None;
    }
    // 1 - (min/max)^alpha, without cancellation where the bounds are near or alpha is small.
    let mass = -libm::expm1(-alpha * libm::log(max / min));
    Some(Law::BoundedPareto { alpha, min, max, mass })
}

fn hyperexponential<Q: Quantity>(spec: &HyperexponentialSpec<Q>, check: &mut Checker) -> Option<Law> {
    const EITHER: &str = "write `hyperexponential: {mean: <A>, cv: 2}`, or `hyperexponential: {branches: \
                          [{probability: 90%, mean: <A>}, {probability: 10%, mean: <C>}]}`";
    let mut branches = match (&spec.mean, spec.cv, &spec.branches) {
        (Some(mean), Some(cv), None) => {
            let mean = mean.to_f64();
            let good = check.positive("mean", mean, "write for example `mean: <A>`");
            if !(cv.is_finite() && cv >= 1.0) {
                let remedy = "write a cv of 1 or more, or `gamma: {mean: <A>, cv: 0.5}` for less spread";
                check.push("cv", format!("must be a finite number, 1 or more, not {cv}"), remedy);
                return None;
            }
            good.then(|| balanced(mean, cv))?
        }
        (None, None, Some(branches)) => {
            let mut read = Vec::with_capacity(branches.len());
            for (index, branch) in branches.iter().enumerate() {
                let (probability, mean) = (branch.probability.0, branch.mean.to_f64());
                let key = |name: &str| format!("branches[{index}].{name}");
                check.not_negative(&key("probability"), probability, "write for example `probability: 90%`");
                check.positive(&key("mean"), mean, "write for example `mean: <A>`");
                read.push((probability, mean));
            }
            // Not `sum()`, whose empty value is -0.
            let sum = read.iter().fold(0.0, |sum, (probability, _)| sum + probability);
            if check.is_clean() && (sum - 1.0).abs() > SUM_TOLERANCE {
                let message = format!("the probabilities sum to {sum}");
                check.push("branches", message, "write probabilities that sum to 1 (100%)");
            }
            read
        }
        _ => {
            let message = "needs mean and cv, or branches, and not both".to_owned();
            check.push("", message, EITHER);
            return None;
        }
    };
    if !check.is_clean() {
        return None;
    }
    branches.sort_by(|a, b| a.1.total_cmp(&b.1));
    Some(Law::Hyperexponential(accumulate(&branches)))
}

/// Returns the two branches, as (probability, mean), that share the mean equally between them
/// (Tijms, "A First Course in Stochastic Models", appendix B): p = (1 +- r) / 2 and
/// mean / (2 p), with r^2 = (cv^2 - 1) / (cv^2 + 1).
fn balanced(mean: f64, cv: f64) -> Vec<(f64, f64)> {
    let cv2 = cv * cv;
    let r = libm::sqrt((cv2 - 1.0) / (cv2 + 1.0));
    // (1 - r) / 2, without cancellation where r is near 1.
    let rare = 1.0 / ((cv2 + 1.0) * (1.0 + r));
    let common = (1.0 + r) / 2.0;
    vec![(common, mean / (2.0 * common)), (rare, mean / (2.0 * rare))]
}

fn empirical<Q: Quantity>(spec: &EmpiricalSpec<Q>, check: &mut Checker) -> Option<Law> {
    const EITHER: &str = "write `empirical: {values: [<A>, <B>, <C>]}`, or `empirical: {percentiles: \
                          {p0: <A>, p50: <B>, p100: <C>}}`";
    match (&spec.values, &spec.weights, &spec.percentiles) {
        (Some(values), weights, None) => discrete(values, weights.as_deref(), check),
        (None, None, Some(percentiles)) => piecewise(percentiles, check),
        (None, Some(_), None) => {
            check.push("weights", "weights of no values".to_owned(), EITHER);
            None
        }
        _ => {
            let message = "needs either values or percentiles; weights go with values only".to_owned();
            check.push("", message, EITHER);
            None
        }
    }
}

fn discrete<Q: Quantity>(values: &[Q], weights: Option<&[f64]>, check: &mut Checker) -> Option<Law> {
    if values.is_empty() {
        check.push("values", "no values".to_owned(), "write for example `values: [<A>, <B>, <C>]`");
    }
    for (index, value) in values.iter().enumerate() {
        check.not_negative(&format!("values[{index}]"), value.to_f64(), "write for example <A>");
    }
    if let Some(weights) = weights {
        for (index, weight) in weights.iter().enumerate() {
            check.not_negative(&format!("weights[{index}]"), *weight, "write for example 1");
        }
        if weights.len() != values.len() {
            let message = format!("{} weights for {} values", weights.len(), values.len());
            check.push("weights", message, "write one weight for each value, or leave the weights out");
        } else if check.is_clean() && !weights.iter().sum::<f64>().is_normal() {
            let message = "the weights do not sum to a positive number".to_owned();
            check.push("weights", message, "write weights of which at least one is above 0, for example 1");
        }
    }
    if !check.is_clean() {
        return None;
    }
    let weight = |index: usize| weights.map_or(1.0, |weights| weights[index]);
    let mut pairs: Vec<(f64, f64)> =
        values.iter().enumerate().map(|(index, value)| (weight(index), value.to_f64())).collect();
    pairs.sort_by(|a, b| a.1.total_cmp(&b.1));
    Some(Law::Discrete(accumulate(&pairs)))
}

fn piecewise<Q: Quantity>(percentiles: &Percentiles<Q>, check: &mut Checker) -> Option<Law> {
    let given = percentiles.as_slice();
    for (end, key, example) in [(0.0, "p0", "<A>"), (100.0, "p100", "<C>")] {
        if !given.iter().any(|(percent, _)| *percent == end) {
            let remedy = format!("write for example `{key}: {example}`, the end of what is possible");
            check.push("percentiles", format!("{key} is missing"), &remedy);
        }
    }
    for (percent, value) in given {
        let key = format!("percentiles.{}", super::form::percentile_key(*percent));
        check.not_negative(&key, value.to_f64(), "write for example <A>");
    }
    for pair in given.windows(2) {
        let [(low, x), (high, y)] = pair else { continue };
        if y.to_f64() < x.to_f64() {
            let (low, high) = (super::form::percentile_key(*low), super::form::percentile_key(*high));
            let message = format!("must not be below {low}: {y} is below {x}");
            check.push(&format!("percentiles.{high}"), message, &format!("raise {high} to {x} or more"));
        }
    }
    check.is_clean().then(|| {
        let knot = |(percent, value): &(f64, Q)| Knot { cumulative: percent / 100.0, value: value.to_f64() };
        Law::Piecewise(given.iter().map(knot).collect())
    })
}

/// Sums (weight, value) pairs up to cumulative probabilities. The last is exactly 1, so that every
/// uniform below 1 finds a value.
fn accumulate(pairs: &[(f64, f64)]) -> Box<[Knot]> {
    let total: f64 = pairs.iter().fold(0.0, |sum, (weight, _)| sum + weight);
    let mut sum = 0.0;
    let knots = pairs.iter().map(|(weight, value)| {
        sum += weight;
        Knot { cumulative: sum / total, value: *value }
    });
    knots.collect()
}

#[cfg(test)]
mod tests;
