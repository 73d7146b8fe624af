//! Arrivals inside one stretch of time, in order and in constant memory, however many.

use super::BILLION;
use crate::rng::{Bits, Stream, uniform_open_closed};

/// Draws the exponential of mean 1.
#[inline]
fn unit_exponential(stream: &mut Stream) -> f64 {
    -libm::log(uniform_open_closed(stream.next_bits()))
}

/// Where the arrivals of one stretch lie.
#[derive(Clone, Debug)]
pub(super) enum Spread {
    /// None is left.
    Done,
    /// So many independent uniform instants, produced in ascending order.
    Uniform {
        /// The stretch.
        start: i64,
        length: f64,
        last: i64,
        /// The part of the stretch after the latest arrival.
        rest: f64,
        left: u64,
    },
    /// So many instants at equal distances, half a distance from both ends.
    Even { start: i64, length: f64, last: i64, count: u64, placed: u64 },
    /// A Poisson process.
    Poisson { start: i64, length: f64, offset: f64, gap: f64 },
}

impl Spread {
    /// Places `count` arrivals in `[start, end)`, at random or at equal distances.
    pub(super) fn count(start: i64, end: i64, count: u64, evenly: bool) -> Self {
        if count == 0 {
            return Self::Done;
        }
        // A stretch shorter than a nanosecond still holds its arrivals, all at its start.
        let count = count.min(i64::MAX as u64);
        let (length, last) = (end.saturating_sub(start) as f64, end.saturating_sub(1).max(start));
        if evenly {
            return Self::Even { start, length, last, count, placed: 0 };
        }
        Self::Uniform { start, length, last, rest: 1.0, left: count }
    }

    /// Places a Poisson process of `mean` arrivals over `[start, end)`.
    pub(super) fn poisson(start: i64, end: i64, mean: f64) -> Self {
        let length = end.saturating_sub(start) as f64;
        if mean <= 0.0 || length <= 0.0 {
            return Self::Done;
        }
        Self::Poisson { start, length, offset: 0.0, gap: length / mean }
    }

    /// Returns the next instant; `None` once the stretch is used up.
    #[inline]
    pub(super) fn next(&mut self, stream: &mut Stream) -> Option<i64> {
        match self {
            Self::Done => None,
            Self::Uniform { start, length, last, rest, left } => {
                // The smallest of k uniforms on (0, 1) leaves U^(1/k) of the stretch, and the others
                // are again uniform on what it leaves (Devroye, Non-Uniform Random Variate
                // Generation, 1986, V.3); U^(1/k) = exp(-E/k).
                let share = unit_exponential(stream) / (*left as i64) as f64;
                *rest *= shrink(share);
                let at = start.saturating_add(((1.0 - *rest) * *length) as i64).min(*last);
                *left -= 1;
                if *left == 0 {
                    *self = Self::Done;
                }
                Some(at)
            }
            Self::Even { start, length, last, count, placed } => {
                let middle = (*placed as f64 + 0.5) / *count as f64;
                let at = start.saturating_add((middle * *length) as i64).min(*last);
                *placed += 1;
                if placed == count {
                    *self = Self::Done;
                }
                Some(at)
            }
            Self::Poisson { start, length, offset, gap } => {
                *offset += unit_exponential(stream) * *gap;
                if *offset < *length {
                    return Some(start.saturating_add(*offset as i64));
                }
                *self = Self::Done;
                None
            }
        }
    }
}

/// Returns exp(-x): by its series where five terms are exact to the last bit but one. That is the
/// usual case: it takes a World Cup arrival from 22 ns to 17 ns.
#[inline]
pub(super) fn shrink(x: f64) -> f64 {
    if x < 1.0 / 512.0 {
        return 1.0 - x * (1.0 - x * (0.5 - x * (1.0 / 6.0 - x * (1.0 / 24.0 - x * (1.0 / 120.0)))));
    }
    libm::exp(-x)
}

/// Counts times a scale, the remainder carried to the next interval: nothing is ever lost.
#[derive(Clone, Debug)]
pub(super) struct Carry {
    /// Billionths.
    scale: u64,
    /// Less than one arrival, in units of 10^-18.
    remainder: u128,
    /// Less than one billionth of an arrival of a rate, in units of its `per`.
    below: u128,
}

impl Carry {
    pub(super) fn new(scale: u64) -> Self {
        Self { scale, remainder: 0, below: 0 }
    }

    /// Returns how many whole arrivals an interval of `count` billionths brings.
    pub(super) fn take(&mut self, count: u128) -> u64 {
        const WHOLE: u128 = BILLION as u128 * BILLION as u128;
        let due = count.saturating_mul(u128::from(self.scale)).saturating_add(self.remainder);
        self.remainder = due % WHOLE;
        u64::try_from(due / WHOLE).unwrap_or(u64::MAX)
    }

    /// Returns how many whole arrivals a rate of `rate` billionths per `per` brings.
    pub(super) fn take_rate(&mut self, rate: u64, interval: u64, per: u64) -> u64 {
        let due = u128::from(rate) * u128::from(interval) + self.below;
        self.below = due % u128::from(per);
        self.take(due / u128::from(per))
    }
}

#[cfg(test)]
mod tests;
