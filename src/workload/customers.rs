//! Customers: who sends a request, as far as a balancer needs to know that it is the same one again.
//!
//! A customer is a number without meaning: where a trace names customers, the name is hashed as it is read and
//! never kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rng::{Bits, Key, uniform_open_closed};

/// How the requests of a source spread over customers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum KeysSpec {
    /// The k-th of the customers sends in proportion to k^-exponent.
    Zipf(ZipfSpec),
}

/// Customers of whom a few send most.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ZipfSpec {
    /// How many customers there are.
    pub population: u64,
    /// How unevenly they send: 0 is evenly.
    pub exponent: f64,
}

/// The most customers, and the steepest exponent.
const MAX_POPULATION: u64 = 1_000_000_000_000;
const MAX_EXPONENT: f64 = 10.0;

impl KeysSpec {
    /// Returns what is wrong with the parameters, as (path, message, remedy).
    pub fn problems(&self) -> Vec<(&'static str, String, &'static str)> {
        let Self::Zipf(ZipfSpec { population, exponent }) = self;
        let mut problems = Vec::new();
        if !(1..=MAX_POPULATION).contains(population) {
            let message = format!("{population} customers are not between 1 and {MAX_POPULATION}");
            problems.push(("zipf.population", message, "write for example population: 1000000"));
        }
        if !(0.0..=MAX_EXPONENT).contains(exponent) {
            let message = format!("an exponent of {exponent} is not between 0 and {MAX_EXPONENT}");
            problems.push(("zipf.exponent", message, "write for example exponent: 1"));
        }
        problems
    }

    /// Builds the sampler.
    pub fn build(&self) -> Zipf {
        let Self::Zipf(ZipfSpec { population, exponent }) = self;
        Zipf::new(*population, *exponent)
    }
}

/// Draws from 1..=n in proportion to k^-s by rejection-inversion, at a cost that does not depend on n (Hörmann &
/// Derflinger, ACM TOMACS 6 (1996) 169-184).
#[derive(Clone, Copy, Debug)]
pub struct Zipf {
    n: f64,
    s: f64,
    /// The integral of the hat at 1.5 less one, and at n + 0.5.
    low: f64,
    high: f64,
    /// Draws this near to the integer are accepted at once.
    squeeze: f64,
}

impl Zipf {
    fn new(n: u64, s: f64) -> Self {
        let (n, mut zipf) = (n as f64, Self { n: n as f64, s, low: 0.0, high: 0.0, squeeze: 0.0 });
        zipf.low = zipf.integral(1.5) - 1.0;
        zipf.high = zipf.integral(n + 0.5);
        zipf.squeeze = 2.0 - zipf.inverse(zipf.integral(2.5) - zipf.weight(2.0));
        zipf
    }

    fn weight(&self, x: f64) -> f64 {
        libm::exp(-self.s * libm::log(x))
    }

    /// The integral of x^-s, zero at 1.
    fn integral(&self, x: f64) -> f64 {
        let log = libm::log(x);
        log * expm1_over((1.0 - self.s) * log)
    }

    fn inverse(&self, x: f64) -> f64 {
        let t = (x * (1.0 - self.s)).max(-1.0);
        libm::exp(x * log1p_over(t))
    }

    /// Draws a customer.
    pub fn sample(&self, bits: &mut impl Bits) -> u64 {
        loop {
            let u = self.high + uniform_open_closed(bits.next_bits()) * (self.low - self.high);
            let x = self.inverse(u);
            let k = libm::floor(x + 0.5).clamp(1.0, self.n);
            if k - x <= self.squeeze || u >= self.integral(k + 0.5) - self.weight(k) {
                return k as u64;
            }
        }
    }

    /// Draws the hash of a customer: the same customer has the same one in every source.
    pub fn hash(&self, key: Key) -> u64 {
        hash(&self.sample(&mut key.stream()).to_le_bytes())
    }
}

/// Returns (e^x - 1) / x, 1 at 0.
fn expm1_over(x: f64) -> f64 {
    if x.abs() > 1e-8 { libm::expm1(x) / x } else { 1.0 + x / 2.0 }
}

/// Returns ln(1 + x) / x, 1 at 0.
fn log1p_over(x: f64) -> f64 {
    if x.abs() > 1e-8 { libm::log1p(x) / x } else { 1.0 - x / 2.0 }
}

/// Hashes a customer's name or number.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let name = bytes.iter().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
    });
    Key::from_seed(name).draw(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_send_by_their_rank() {
        // Exact probabilities: k^-s over the sum of all.
        for (n, s) in [(1, 1.0), (3, 0.0), (5, 1.0), (50, 0.5), (20, 1.7), (1_000, 1.0), (4, 3.0)] {
            let zipf = Zipf::new(n, s);
            let mut bits = Key::from_seed(n).stream();
            const DRAWS: usize = 200_000;
            let mut counts = vec![0_u32; n as usize + 1];
            (0..DRAWS).for_each(|_| counts[zipf.sample(&mut bits) as usize] += 1);
            let total: f64 = (1..=n).map(|k| 1.0 / libm::pow(k as f64, s)).sum();
            for k in 1..=n.min(10) {
                let p = 1.0 / libm::pow(k as f64, s) / total;
                let sigma = libm::sqrt(p * (1.0 - p) / DRAWS as f64);
                let found = f64::from(counts[k as usize]) / DRAWS as f64;
                assert!((found - p).abs() <= 5.0 * sigma, "zipf({n}, {s}): P({k}) = {found}, not {p}");
            }
        }
    }
}
