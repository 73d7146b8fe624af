//! Mean, variance and tail of a distribution, in closed form.
//!
//! Source of the formulas, where none is named: Law, "Simulation Modeling and Analysis", 5th ed.,
//! section 6.2.2.

use super::sampler::{Distribution, Knot, Law};

impl Distribution {
    /// Returns the mean, in the unit of the samples; finite.
    pub fn mean(&self) -> f64 {
        match &self.0 {
            Law::Constant(value) => *value,
            Law::Exponential { mean } => *mean,
            Law::Uniform { min, max } => min + (max - min) / 2.0,
            Law::Lognormal { mu, sigma } => libm::exp(mu + sigma * sigma / 2.0),
            Law::Gamma { shape, scale } => shape * scale,
            Law::Erlang { k, scale } => f64::from(*k) * scale,
            Law::Weibull { shape, scale } => scale * libm::exp(libm::lgamma(1.0 + 1.0 / shape)),
            Law::Pareto { alpha, min } => alpha * min / (alpha - 1.0),
            Law::BoundedPareto { alpha, min, max, mass } => bounded_moment(*alpha, *min, *max, *mass, 1.0),
            Law::Hyperexponential(knots) | Law::Discrete(knots) => {
                weighted(knots).map(|(p, value)| p * value).sum()
            }
            Law::Piecewise(knots) => segments(knots).map(|(p, a, b)| p * (a + b) / 2.0).sum(),
        }
    }

    /// Returns the variance, in the squared unit of the samples; `INFINITY` where it is infinite.
    pub fn variance(&self) -> f64 {
        let mean = self.mean();
        match &self.0 {
            Law::Constant(_) => 0.0,
            Law::Exponential { mean } => mean * mean,
            Law::Uniform { min, max } => (max - min) * (max - min) / 12.0,
            Law::Lognormal { sigma, .. } => mean * mean * libm::expm1(sigma * sigma),
            Law::Gamma { shape, scale } => shape * scale * scale,
            Law::Erlang { k, scale } => f64::from(*k) * scale * scale,
            Law::Weibull { shape, .. } => mean * mean * weibull_cv2(*shape),
            Law::Pareto { alpha, .. } if *alpha <= 2.0 => f64::INFINITY,
            Law::Pareto { alpha, .. } => mean * mean / (alpha * (alpha - 2.0)),
            Law::BoundedPareto { alpha, min, max, mass } => {
                // The difference of two near numbers may fall below 0 by rounding.
                (bounded_moment(*alpha, *min, *max, *mass, 2.0) - mean * mean).max(0.0)
            }
            // Within the branches, p m^2, and between them, p (m - mean)^2.
            Law::Hyperexponential(branches) => {
                weighted(branches).map(|(p, m)| p * (m * m + (m - mean) * (m - mean))).sum()
            }
            Law::Discrete(values) => weighted(values).map(|(p, v)| p * (v - mean) * (v - mean)).sum(),
            // The integral of a squared linear function from a to b over a length p.
            Law::Piecewise(knots) => segments(knots)
                .map(|(p, a, b)| (p, a - mean, b - mean))
                .map(|(p, a, b)| p * (a * a + a * b + b * b) / 3.0)
                .sum(),
        }
    }

    /// Returns a value that no sample is below; the largest there is, where samples have one.
    pub fn least(&self) -> f64 {
        match &self.0 {
            Law::Constant(value) => *value,
            Law::Uniform { min, .. } | Law::Pareto { min, .. } | Law::BoundedPareto { min, .. } => *min,
            Law::Discrete(knots) => knots.first().map_or(0.0, |knot| knot.value),
            Law::Piecewise(knots) => knots.first().map_or(0.0, |knot| knot.value),
            Law::Exponential { .. }
            | Law::Lognormal { .. }
            | Law::Gamma { .. }
            | Law::Erlang { .. }
            | Law::Weibull { .. }
            | Law::Hyperexponential(_) => 0.0,
        }
    }

    /// Tells whether it is an exponential distribution, by whatever name.
    pub fn is_exponential(&self) -> bool {
        match self.0 {
            Law::Exponential { .. } | Law::Erlang { k: 1, .. } => true,
            Law::Gamma { shape, .. } | Law::Weibull { shape, .. } => shape == 1.0,
            _ => false,
        }
    }

    /// Returns the order below which moments are finite: alpha of an unbounded Pareto, else
    /// `INFINITY`. Means over samples need more than 1, intervals around them more than 2.
    pub fn tail_index(&self) -> f64 {
        match self.0 {
            Law::Pareto { alpha, .. } => alpha,
            _ => f64::INFINITY,
        }
    }
}

/// Returns the squared coefficient of variation of a Weibull, by logarithms of the gamma function
/// so that neither small nor large shapes overflow before the result does.
pub(super) fn weibull_cv2(shape: f64) -> f64 {
    libm::expm1(libm::lgamma(1.0 + 2.0 / shape) - 2.0 * libm::lgamma(1.0 + 1.0 / shape)).max(0.0)
}

/// Returns the moment of this order of a truncated Pareto: alpha min^n / mass times the integral
/// of t^(n - alpha - 1) over [1, max/min], which is (1 - e^(-a l)) / a with a = alpha - n and
/// l = ln(max/min), and l where a is 0.
fn bounded_moment(alpha: f64, min: f64, max: f64, mass: f64, order: f64) -> f64 {
    let length = libm::log(max / min);
    let a = alpha - order;
    let integral = if a == 0.0 { length } else { -libm::expm1(-a * length) / a };
    alpha * libm::pow(min, order) * integral / mass
}

/// Returns each knot's own probability and value.
fn weighted(knots: &[Knot]) -> impl Iterator<Item = (f64, f64)> {
    let before = std::iter::once(0.0).chain(knots.iter().map(|knot| knot.cumulative));
    knots.iter().zip(before).map(|(knot, before)| (knot.cumulative - before, knot.value))
}

/// Returns each segment's probability and the values at its ends.
fn segments(knots: &[Knot]) -> impl Iterator<Item = (f64, f64, f64)> {
    knots.windows(2).map(|pair| (pair[1].cumulative - pair[0].cumulative, pair[0].value, pair[1].value))
}
