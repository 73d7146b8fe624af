//! Distributions: as written in a scenario, as sampled, and their moments in closed form.
//!
//! A [`DistributionSpec`] is what the user wrote: by mean and coefficient of variation, by two
//! percentiles, or by the distribution's own parameters. [`DistributionSpec::build`] turns it into
//! a [`Distribution`] over `f64` (nanoseconds for durations) or tells every problem at once.
//!
//! Samplers are ours, on `libm`: their bits are the same on every build. Where a sampler inverts
//! its distribution function it takes one draw and is non-increasing in its bits, in every family.
//! So two runs on one key meet long requests at the same places, even where the family differs.
//!
//! Knows nothing of requests, servers or events, nor of the file a specification came from.

mod build;
mod check;
mod exponential;
mod form;
mod gamma;
mod moments;
mod normal;
mod power;
mod sampler;
mod spec;
#[cfg(test)]
mod tests;

use std::fmt;
use std::fmt::{Debug, Display};

use schemars::JsonSchema;
use serde::de::{DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize};

pub use crate::error::Problem;
use crate::time::SimDuration;
use crate::units::Ratio;

pub use exponential::unit_exponential;
pub use form::Percentiles;
pub use gamma::unit_gamma;
pub use normal::standard_normal;
pub use sampler::Distribution;
pub use spec::{
    BranchSpec, DistributionSpec, EmpiricalSpec, ErlangSpec, GammaSpec, HyperexponentialSpec, LognormalSpec,
    NAMES, ParetoSpec, UniformSpec, WeibullSpec, nameless,
};

/// A quantity that a distribution may be of.
pub trait Quantity: Copy + Debug + Display + PartialEq + Serialize + DeserializeOwned + JsonSchema {
    /// What the quantity is called in messages.
    const KIND: &'static str;
    /// Three rising values as a user would type them, for remedies.
    const EXAMPLES: [&'static str; 3];

    /// Returns the value that samples are in the unit of: nanoseconds for durations.
    fn to_f64(&self) -> f64;
}

impl Quantity for SimDuration {
    const KIND: &'static str = "duration";
    const EXAMPLES: [&'static str; 3] = ["4ms", "9ms", "30ms"];

    /// Exact below 2^53 ns (104 days), nearest beyond.
    fn to_f64(&self) -> f64 {
        self.as_nanos() as f64
    }
}

/// A dimensionless factor, written as a bare number (`1.2`) or as a ratio (`85%`).
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(with = "Ratio")]
pub struct Factor(pub f64);

impl Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0, f)
    }
}

impl<'de> Deserialize<'de> for Factor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ratio::deserialize(deserializer).map(|ratio| Self(ratio.0))
    }
}

impl Quantity for Factor {
    const KIND: &'static str = "factor";
    const EXAMPLES: [&'static str; 3] = ["1.0", "1.2", "1.5"];

    fn to_f64(&self) -> f64 {
        self.0
    }
}
