//! Distributions as written in a scenario.

use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::de::value::{F64Deserializer, I64Deserializer, StrDeserializer, U64Deserializer};
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Quantity;
use super::check::Given;
use super::form::{
    Percentiles, Scalar, form, looks_like_percentile, not_a_percentile, parse_percentile, percentile_key,
    taken,
};
use crate::units::Ratio;

/// The names under which distributions are written.
pub const NAMES: [&str; 10] = [
    "constant",
    "exponential",
    "uniform",
    "lognormal",
    "gamma",
    "erlang",
    "weibull",
    "pareto",
    "hyperexponential",
    "empirical",
];

/// Parameters, each with a distribution that has them and, as a rule, is meant; names that a class
/// may well bear aside.
const MEANT: [(&str, &str); 11] = [
    ("mean", "exponential"),
    ("cv", "lognormal"),
    ("median", "lognormal"),
    ("sigma", "lognormal"),
    ("min", "uniform"),
    ("max", "uniform"),
    ("alpha", "pareto"),
    ("branches", "hyperexponential"),
    ("values", "empirical"),
    ("weights", "empirical"),
    ("percentiles", "empirical"),
];

/// Returns what to say of a parameter that stands where a distribution should be named; `None` for
/// any other word.
pub fn nameless<Q: Quantity>(key: &str) -> Option<String> {
    let [low, middle, high] = Q::EXAMPLES;
    let percentile = parse_percentile(key).map(|_| "lognormal");
    let name = MEANT.iter().find(|(parameter, _)| *parameter == key).map(|(_, name)| *name).or(percentile)?;
    let body = match (name, key) {
        ("exponential", _) => format!("{{mean: {low}}}"),
        ("lognormal", "cv") => format!("{{mean: {low}, cv: 1.2}}"),
        ("lognormal", "median" | "sigma") => format!("{{median: {low}, sigma: 0.8}}"),
        ("lognormal", _) => format!("{{p50: {low}, p99: {high}}}"),
        ("uniform", _) => format!("{{min: {low}, max: {middle}}}"),
        ("pareto", _) => format!("{{alpha: 2.5, min: {low}}}"),
        ("hyperexponential", _) => format!("{{mean: {low}, cv: 2}}"),
        _ => format!("{{values: [{low}, {middle}, {high}]}}"),
    };
    Some(format!("a distribution has a name, and `{key}` is a parameter of one; write {{{name}: {body}}}"))
}

/// A distribution as written: a map with one key, its name, or a bare quantity for a constant.
///
/// Reading refuses what has the wrong shape (unknown keys, wrong types); parameters that do not
/// go together or lie out of range are told by [`build`](Self::build), all at once.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "DistributionOf{Q}", deny_unknown_fields, transform = with_constant)]
pub enum DistributionSpec<Q> {
    /// Exponential with this mean.
    Exponential {
        /// The mean, above 0.
        mean: Q,
    },
    /// Uniform between two bounds.
    Uniform(UniformSpec<Q>),
    /// Lognormal: mean and cv, two percentiles, or median and sigma.
    Lognormal(LognormalSpec<Q>),
    /// Gamma: mean and cv, or shape and scale.
    Gamma(GammaSpec<Q>),
    /// Erlang: the sum of k exponentials.
    Erlang(ErlangSpec<Q>),
    /// Weibull: mean and cv, two percentiles, or shape and scale.
    Weibull(WeibullSpec<Q>),
    /// Pareto: alpha and min (and max), alpha and mean, mean and cv, or two percentiles.
    Pareto(ParetoSpec<Q>),
    /// Mixture of exponentials: mean and cv, or its branches.
    Hyperexponential(HyperexponentialSpec<Q>),
    /// Observed values, or points of an observed distribution function.
    Empirical(EmpiricalSpec<Q>),
    /// Always this value; written bare.
    #[serde(untagged)]
    Constant(Q),
}

form!(
    /// Parameters of a uniform distribution.
    UniformSpec {
        /// Lower bound, 0 or more.
        min: Q,
        /// Upper bound, above `min`.
        max: Q,
    }
);
form!(
    /// Parameters of a lognormal distribution, the law of exp(mu + sigma Z).
    LognormalSpec {
        /// Mean, above 0; goes with `cv`.
        mean: Q,
        /// Coefficient of variation: standard deviation / mean.
        cv: f64,
        /// Median, exp(mu); goes with `sigma`.
        median: Q,
        /// Standard deviation of the logarithm.
        sigma: f64,
    } percentiles
);
form!(
    /// Parameters of a gamma distribution.
    GammaSpec {
        /// Mean, above 0; goes with `cv`.
        mean: Q,
        /// Coefficient of variation: standard deviation / mean.
        cv: f64,
        /// Shape, 1 / cv^2; goes with `scale`.
        shape: f64,
        /// Scale: mean / shape.
        scale: Q,
    }
);
form!(
    /// Parameters of an Erlang distribution.
    ErlangSpec {
        /// Number of exponential stages: a whole number from 1.
        k: f64,
        /// Mean of the sum, above 0.
        mean: Q,
    }
);
form!(
    /// Parameters of a Weibull distribution, P(X > x) = exp(-(x / scale)^shape).
    WeibullSpec {
        /// Mean, above 0; goes with `cv`.
        mean: Q,
        /// Coefficient of variation: standard deviation / mean.
        cv: f64,
        /// Shape: below 1 for a heavy tail; goes with `scale`.
        shape: f64,
        /// Scale: the percentile p63.2.
        scale: Q,
    } percentiles
);
form!(
    /// Parameters of a Pareto distribution, P(X > x) = (min / x)^alpha from `min` on.
    ParetoSpec {
        /// Tail index; above 1 unless `max` bounds the tail.
        alpha: f64,
        /// Smallest value, above 0; goes with `alpha`.
        min: Q,
        /// Largest value: the distribution is truncated there; goes with `alpha` and `min`.
        max: Q,
        /// Mean, above 0; goes with `alpha` or `cv`.
        mean: Q,
        /// Coefficient of variation: standard deviation / mean.
        cv: f64,
    } percentiles
);

/// Parameters of a mixture of exponentials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "Q: Quantity"))]
#[schemars(rename = "HyperexponentialSpecOf{Q}")]
pub struct HyperexponentialSpec<Q> {
    /// Mean, above 0; goes with `cv`: two branches with balanced means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<Q>,
    /// Coefficient of variation, at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cv: Option<f64>,
    /// The branches, instead of `mean` and `cv`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branches: Option<Vec<BranchSpec<Q>>>,
}

/// One branch of a mixture of exponentials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "Q: Quantity"))]
#[schemars(rename = "BranchSpecOf{Q}")]
pub struct BranchSpec<Q> {
    /// How often the branch is taken; all branches sum to 100 %.
    pub probability: Ratio,
    /// Mean of the branch's exponential, above 0.
    pub mean: Q,
}

/// An observed distribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "Q: Quantity"))]
#[schemars(rename = "EmpiricalSpecOf{Q}")]
pub struct EmpiricalSpec<Q> {
    /// Values, each drawn as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Q>>,
    /// Relative frequencies of the values; equal if omitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
    /// Percentiles from p0 to p100, linear between them; instead of `values`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentiles: Option<Percentiles<Q>>,
}

/// A constant may be written with its name too.
fn with_constant(schema: &mut schemars::Schema) {
    let Some(forms) = schema.get_mut("anyOf").and_then(Value::as_array_mut) else { return };
    let bare = forms.iter().find(|form| form.get("required").is_none()).cloned();
    forms.extend(bare.map(|bare| {
        json!({
            "type": "object",
            "properties": {"constant": bare},
            "required": ["constant"],
            "additionalProperties": false,
        })
    }));
}

impl<Q> DistributionSpec<Q> {
    /// Returns the name under which the distribution is written, one of [`NAMES`].
    pub fn name(&self) -> &'static str {
        match self {
            Self::Constant(_) => "constant",
            Self::Exponential { .. } => "exponential",
            Self::Uniform(_) => "uniform",
            Self::Lognormal(_) => "lognormal",
            Self::Gamma(_) => "gamma",
            Self::Erlang(_) => "erlang",
            Self::Weibull(_) => "weibull",
            Self::Pareto(_) => "pareto",
            Self::Hyperexponential(_) => "hyperexponential",
            Self::Empirical(_) => "empirical",
        }
    }
}

impl<'de, Q: Quantity> Deserialize<'de> for DistributionSpec<Q> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SpecVisitor(PhantomData))
    }
}

/// Written out, since serde's untagged enums would answer every mistake with "no variant matched".
struct SpecVisitor<Q>(PhantomData<Q>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "Q: Quantity"))]
struct MeanOnly<Q> {
    mean: Q,
}

impl<'de, Q: Quantity> Visitor<'de> for SpecVisitor<Q> {
    type Value = DistributionSpec<Q>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [example, ..] = Q::EXAMPLES;
        write!(
            f,
            "a {} such as {example}, or a distribution such as {{exponential: {{mean: {example}}}}}",
            Q::KIND
        )
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        if NAMES.contains(&text) {
            let [example, ..] = Q::EXAMPLES;
            return Err(E::custom(format!(
                "`{text}` needs its parameters; write a map, for example {{exponential: {{mean: {example}}}}}"
            )));
        }
        Q::deserialize(StrDeserializer::new(text)).map(DistributionSpec::Constant)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Self::Value, E> {
        Q::deserialize(U64Deserializer::new(value)).map(DistributionSpec::Constant)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Self::Value, E> {
        Q::deserialize(I64Deserializer::new(value)).map(DistributionSpec::Constant)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Self::Value, E> {
        Q::deserialize(F64Deserializer::new(value)).map(DistributionSpec::Constant)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Some(name) = map.next_key::<String>()? else {
            return Err(A::Error::custom(format!(
                "a distribution has no name; write for example {{exponential: {{mean: {}}}}}",
                Q::EXAMPLES[0]
            )));
        };
        let spec = match name.as_str() {
            "constant" => DistributionSpec::Constant(map.next_value()?),
            "exponential" => {
                let MeanOnly { mean } = map.next_value()?;
                DistributionSpec::Exponential { mean }
            }
            "uniform" => DistributionSpec::Uniform(map.next_value()?),
            "lognormal" => DistributionSpec::Lognormal(map.next_value()?),
            "gamma" => DistributionSpec::Gamma(map.next_value()?),
            "erlang" => DistributionSpec::Erlang(map.next_value()?),
            "weibull" => DistributionSpec::Weibull(map.next_value()?),
            "pareto" => DistributionSpec::Pareto(map.next_value()?),
            "hyperexponential" => DistributionSpec::Hyperexponential(map.next_value()?),
            "empirical" => DistributionSpec::Empirical(map.next_value()?),
            _ => match nameless::<Q>(&name) {
                Some(told) => return Err(A::Error::custom(told)),
                None => return Err(A::Error::unknown_variant(&name, &NAMES)),
            },
        };
        match map.next_key::<IgnoredAny>()? {
            None => Ok(spec),
            Some(_) => Err(A::Error::invalid_length(2, &"one distribution")),
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
