//! Stand-ins for the unit draws of `dist`, until that module lands.

use crate::rng::{Bits, uniform_open_closed};

/// Draws an exponential of mean 1.
#[inline]
pub(super) fn unit_exponential(bits: u64) -> f64 {
    -libm::log(uniform_open_closed(bits))
}

/// Draws a gamma of this shape and scale 1 (Marsaglia & Tsang, TOMS 2000; below shape 1 by their
/// boost).
pub(super) fn unit_gamma(shape: f64, bits: &mut impl Bits) -> f64 {
    if shape < 1.0 {
        let boost = libm::pow(uniform_open_closed(bits.next_bits()), 1.0 / shape);
        return unit_gamma(shape + 1.0, bits) * boost;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let radius = (2.0 * unit_exponential(bits.next_bits())).sqrt();
        let x = radius * libm::cos(std::f64::consts::TAU * uniform_open_closed(bits.next_bits()));
        let v = 1.0 + c * x;
        if v > 0.0 {
            let v = v * v * v;
            if unit_exponential(bits.next_bits()) > d * (v - 1.0 - libm::log(v)) - 0.5 * x * x {
                return d * v;
            }
        }
    }
}
