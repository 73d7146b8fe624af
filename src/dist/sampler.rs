//! Drawing from a checked distribution.

use super::exponential::{neg_ln, unit_exponential};
use super::gamma::{unit_erlang, unit_gamma};
use super::normal::standard_normal;
use super::power::exp;
use crate::rng::{Bits, uniform_closed_open, uniform_open_closed};

/// A distribution over non-negative numbers, ready to be drawn from; nanoseconds for durations.
///
/// Comes from [`DistributionSpec::build`](super::DistributionSpec::build), so its parameters are
/// valid and its mean is finite.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution(pub(super) Law);

/// The families, by the parameters that their samplers need.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Law {
    Constant(f64),
    Exponential {
        mean: f64,
    },
    Uniform {
        min: f64,
        max: f64,
    },
    /// exp(mu + sigma Z).
    Lognormal {
        mu: f64,
        sigma: f64,
    },
    Gamma {
        shape: f64,
        scale: f64,
    },
    /// A gamma of whole shape `k`, small enough for a product of uniforms.
    Erlang {
        k: u32,
        scale: f64,
    },
    Weibull {
        shape: f64,
        scale: f64,
    },
    Pareto {
        alpha: f64,
        min: f64,
    },
    /// A Pareto truncated at `max`; `mass` is what the Pareto has below it, 1 - (min/max)^alpha.
    BoundedPareto {
        alpha: f64,
        min: f64,
        max: f64,
        mass: f64,
    },
    /// Branches by rising mean: cumulative probability (the last is 1) and mean.
    Hyperexponential(Box<[Knot]>),
    /// Values in rising order, each with the cumulative probability up to and with it.
    Discrete(Box<[Knot]>),
    /// Points of the inverse distribution function, linear between them.
    Piecewise(Box<[Knot]>),
}

/// A value and the probability up to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Knot {
    pub(super) cumulative: f64,
    pub(super) value: f64,
}

impl Distribution {
    /// Creates the distribution that always gives `value`, finite and not negative.
    pub fn constant(value: f64) -> Self {
        debug_assert!(value.is_finite() && value >= 0.0, "a constant of {value}");
        Self(Law::Constant(value))
    }

    /// Creates the exponential distribution with this mean, finite and positive.
    pub fn exponential(mean: f64) -> Self {
        debug_assert!(mean.is_finite() && mean > 0.0, "an exponential of mean {mean}");
        Self(Law::Exponential { mean })
    }

    /// Draws once; the result is finite and not negative.
    ///
    /// Constants take no bits, hyperexponentials 128, Erlangs 64 per stage, gammas a random
    /// number; all others take 64 and do not rise with them.
    #[inline]
    pub fn sample(&self, bits: &mut (impl Bits + ?Sized)) -> f64 {
        match self.0 {
            Law::Constant(value) => value,
            Law::Exponential { mean } => unit_exponential(bits.next_bits()) * mean,
            _ => self.sample_others(bits),
        }
    }

    /// Kept out of line: the two families above are what a hot loop should hold.
    #[inline(never)]
    fn sample_others(&self, bits: &mut (impl Bits + ?Sized)) -> f64 {
        match &self.0 {
            Law::Constant(value) => *value,
            Law::Exponential { mean } => unit_exponential(bits.next_bits()) * mean,
            Law::Uniform { min, max } => min + (max - min) * rising(bits),
            Law::Lognormal { mu, sigma } => exp(mu + sigma * standard_normal(!bits.next_bits())),
            Law::Gamma { shape, scale } => scale * unit_gamma(*shape, bits),
            Law::Erlang { k, scale } => scale * unit_erlang(*k, bits),
            // (-ln u)^(1/shape), the distribution function inverted; it has no logarithm at u = 1.
            Law::Weibull { shape, scale } => match unit_exponential(bits.next_bits()) {
                0.0 => 0.0,
                unit => scale * exp(-neg_ln(unit) / shape),
            },
            // u^(-1/alpha) = exp(-ln u / alpha).
            Law::Pareto { alpha, min } => min * exp(unit_exponential(bits.next_bits()) / alpha),
            Law::BoundedPareto { alpha, min, max, mass } => {
                // 1 - u is exact on the grid of u, and log1p keeps it so where `mass` is small.
                let below = (1.0 - uniform_open_closed(bits.next_bits())) * mass;
                (min * exp(-libm::log1p(-below) / alpha)).min(*max)
            }
            Law::Hyperexponential(branches) => {
                let mean = branches[locate(branches, rising(bits))].value;
                mean * unit_exponential(bits.next_bits())
            }
            Law::Discrete(values) => values[locate(values, rising(bits))].value,
            Law::Piecewise(knots) => interpolate(knots, rising(bits)),
        }
    }
}

/// A uniform in [0, 1) whose quantile function may be taken as it is: complementing the bits
/// makes the result fall with them, as it does for the exponential.
#[inline]
fn rising(bits: &mut (impl Bits + ?Sized)) -> f64 {
    uniform_closed_open(!bits.next_bits())
}

/// Returns the first knot whose cumulative probability exceeds `u`; the last one's is 1.
fn locate(knots: &[Knot], u: f64) -> usize {
    knots.partition_point(|knot| knot.cumulative <= u)
}

/// Reads the inverse distribution function at `u`; the first knot stands at 0, the last at 1.
fn interpolate(knots: &[Knot], u: f64) -> f64 {
    let right = locate(knots, u);
    let (a, b) = (knots[right - 1], knots[right]);
    a.value + (b.value - a.value) * ((u - a.cumulative) / (b.cumulative - a.cumulative))
}

#[cfg(test)]
mod tests;
