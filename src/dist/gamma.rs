//! The gamma distribution of scale 1.

use super::exponential::{neg_ln, unit_exponential};
use super::normal::standard_normal;
use crate::rng::{Bits, uniform_open_closed};

/// The largest Erlang drawn as a product of uniforms. Sixteen of at least 2^-53 stay above
/// 2^-848, a normal number, and sixteen draws cost about as much as one rejection step.
pub(super) const LARGEST_PRODUCT: u32 = 16;

/// Returns a gamma draw of this shape and scale 1: mean and variance are both `shape` (above 0).
///
/// Takes two draws or more, how many is random: give it a stream of its own.
/// Source: Marsaglia & Tsang, "A simple method for generating gamma variables", ACM TOMS 26
/// (2000) 363-372; shapes below 1 by their section 6, gamma(a) = gamma(a + 1) U^(1/a).
pub fn unit_gamma(shape: f64, bits: &mut (impl Bits + ?Sized)) -> f64 {
    debug_assert!(shape > 0.0, "a gamma of shape {shape}");
    if shape < 1.0 {
        let boost = libm::exp(-unit_exponential(bits.next_bits()) / shape);
        return at_least_one(shape + 1.0, bits) * boost;
    }
    at_least_one(shape, bits)
}

/// Marsaglia & Tsang's method proper, for shapes of at least 1.
fn at_least_one(shape: f64, bits: &mut (impl Bits + ?Sized)) -> f64 {
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / libm::sqrt(9.0 * d);
    loop {
        let x = standard_normal(bits.next_bits());
        let root = 1.0 + c * x;
        if root <= 0.0 {
            continue;
        }
        let v = root * root * root;
        let u = uniform_open_closed(bits.next_bits());
        let x2 = x * x;
        // The first test accepts without a logarithm in all but a few cases of a hundred.
        if u < 1.0 - 0.0331 * x2 * x2 || libm::log(u) < 0.5 * x2 + d * (1.0 - v + libm::log(v)) {
            return d * v;
        }
    }
}

/// Returns the sum of `k` unit exponentials, `k` at most [`LARGEST_PRODUCT`]: one logarithm in all.
pub(super) fn unit_erlang(k: u32, bits: &mut (impl Bits + ?Sized)) -> f64 {
    debug_assert!((1..=LARGEST_PRODUCT).contains(&k), "an Erlang of {k} stages as a product");
    neg_ln((0..k).fold(1.0, |product, _| product * uniform_open_closed(bits.next_bits())))
}
