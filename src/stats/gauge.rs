//! A count that changes over time, and its exact integral.

use serde::{Deserialize, Serialize};

use crate::time::SimTime;

/// A non-negative count whose integral over time is exact, in count x nanoseconds.
///
/// Instead of adding count x elapsed at every change, the instants of the changes are summed:
/// by partial summation the integral over [0, t] is count(t) x t less the sum of every change
/// times its instant. One addition a change.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gauge {
    count: u64,
    /// Sum of change x instant, modulo 2^128; the integrals it stands for are far smaller.
    moment: u128,
}

impl Gauge {
    /// Returns the count now.
    #[inline]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Raises the count by `n` at `now`.
    #[inline]
    pub fn add(&mut self, now: SimTime, n: u64) {
        self.count += n;
        self.moment = self.moment.wrapping_add(u128::from(n) * u128::from(now.as_nanos()));
    }

    /// Lowers the count by `n` at `now`.
    #[inline]
    pub fn sub(&mut self, now: SimTime, n: u64) {
        debug_assert!(n <= self.count, "a gauge fell below zero");
        self.count -= n;
        self.moment = self.moment.wrapping_sub(u128::from(n) * u128::from(now.as_nanos()));
    }

    /// Sets the count at `now`.
    pub fn set(&mut self, now: SimTime, count: u64) {
        match count.checked_sub(self.count) {
            Some(more) => self.add(now, more),
            None => self.sub(now, self.count - count),
        }
    }

    /// Raises the count by one at `now`.
    #[inline]
    pub fn increment(&mut self, now: SimTime) {
        self.count += 1;
        self.moment = self.moment.wrapping_add(u128::from(now.as_nanos()));
    }

    /// Lowers the count by one at `now`.
    #[inline]
    pub fn decrement(&mut self, now: SimTime) {
        debug_assert!(self.count > 0, "a gauge fell below zero");
        self.count -= 1;
        self.moment = self.moment.wrapping_sub(u128::from(now.as_nanos()));
    }

    /// Returns the integral of the count over [0, `now`], in count x nanoseconds.
    pub fn integral(&self, now: SimTime) -> u128 {
        (u128::from(self.count) * u128::from(now.as_nanos())).wrapping_sub(self.moment)
    }
}

/// A largest value and when it was first reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Peak {
    /// The value.
    pub value: u64,
    /// When, in nanoseconds.
    pub at_ns: u64,
}

impl Peak {
    /// Raises the peak to `value` if that is larger.
    #[inline]
    pub fn raise(&mut self, value: u64, now: SimTime) {
        if value > self.value {
            *self = Self { value, at_ns: now.as_nanos() };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integral_is_the_area_under_the_count() {
        let at = SimTime::from_nanos;
        let mut gauge = Gauge::default();
        gauge.increment(at(10));
        gauge.add(at(20), 3);
        gauge.sub(at(25), 2);
        gauge.decrement(at(40));
        // 0 on [0,10), 1 on [10,20), 4 on [20,25), 2 on [25,40), 1 from 40 on.
        assert_eq!(gauge.integral(at(40)), 10 + 20 + 30);
        assert_eq!(gauge.integral(at(50)), 70);
        assert_eq!(gauge.count(), 1);
    }

    #[test]
    fn survives_the_largest_instants() {
        let late = SimTime::from_nanos(u64::MAX - 5);
        let mut gauge = Gauge::default();
        gauge.add(late, u64::MAX);
        assert_eq!(gauge.integral(SimTime::MAX), 5 * u128::from(u64::MAX));
    }
}
