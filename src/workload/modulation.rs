//! The state that modulates Markov-modulated arrivals: a cycle of exponential stays.
//!
//! Knows no rate and no arrivals. A cycle suffices for the two-state processes of the literature;
//! it starts in its stationary law, so that there is no warm-up to leave out.

use super::StateSpec;
use crate::dist::unit_exponential;
use crate::rng::{Bits, Key, Stream, uniform_closed_open};

/// One state, ready to run.
#[derive(Clone, Copy, Debug)]
struct State {
    /// Normalised: weighted by the shares of time the factors have mean 1.
    factor: f64,
    /// Mean length, in nanoseconds.
    mean: f64,
}

/// The state over time.
#[derive(Clone, Debug)]
pub(super) struct Modulation {
    states: Vec<State>,
    current: usize,
    /// When the state ends: whole nanoseconds, and the fraction beyond, which the next stay begins
    /// with, so that no stay is rounded.
    until: u64,
    fraction: f64,
    draws: Stream,
}

impl Modulation {
    /// Starts the cycle at t = 0, in a state drawn with the share of time that it has in the long
    /// run; what is left of an exponential stay is distributed as a whole one.
    pub(super) fn new(states: &[StateSpec], key: Key) -> Self {
        let mean = |state: &StateSpec| state.mean.as_nanos() as f64;
        let cycle: f64 = states.iter().map(mean).sum();
        let average = states.iter().map(|state| state.factor * mean(state)).sum::<f64>() / cycle;
        let mut draws = key.stream();
        let mut point = uniform_closed_open(draws.next_bits()) * cycle;
        // The last state takes what rounding leaves.
        let mut current = 0;
        while current + 1 < states.len() && point >= mean(&states[current]) {
            point -= mean(&states[current]);
            current += 1;
        }
        let states = states.iter().map(|s| State { factor: s.factor / average, mean: mean(s) }).collect();
        let mut modulation = Self { states, current, until: 0, fraction: 0.0, draws };
        modulation.stay();
        modulation
    }

    /// Returns what the rate is multiplied by now.
    pub(super) fn factor(&self) -> f64 {
        self.states[self.current].factor
    }

    /// Returns the nanosecond at which the state ends.
    pub(super) fn until(&self) -> u64 {
        self.until
    }

    /// Enters the next state, at the end of the present one.
    pub(super) fn advance(&mut self) {
        self.current = (self.current + 1) % self.states.len();
        self.stay();
    }

    fn stay(&mut self) {
        let length =
            unit_exponential(self.draws.next_bits()) * self.states[self.current].mean + self.fraction;
        let whole = length as u64;
        self.until = self.until.saturating_add(whole);
        self.fraction = length - whole as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SimDuration;

    #[test]
    fn stays_of_nanoseconds_are_not_rounded() {
        let state = |factor, nanos| StateSpec { factor, mean: SimDuration::from_nanos(nanos) };
        let mut modulation = Modulation::new(&[state(1.0, 1), state(4.0, 2)], Key::from_seed(5));
        let cycles = 100_000;
        (1..2 * cycles).for_each(|_| modulation.advance());
        // A cycle lasts 1 + 2 ns with variance 1 + 4; rounding down would take off half a stay.
        let error = (f64::from(cycles) * 5.0).sqrt();
        assert!((modulation.until() as f64 - 3.0 * f64::from(cycles)).abs() < 4.5 * error + 2.0);
    }

    #[test]
    fn factors_are_normalised_by_shares_of_time() {
        let state = |factor, seconds| StateSpec { factor, mean: SimDuration::from_secs(seconds) };
        let mut modulation = Modulation::new(&[state(0.5, 10), state(4.0, 1)], Key::from_seed(6));
        // The mean factor is (0.5 x 10 + 4 x 1) / 11 = 9 / 11.
        let mut seen = [modulation.factor(), 0.0];
        modulation.advance();
        seen[1] = modulation.factor();
        seen.sort_by(f64::total_cmp);
        for (factor, expected) in seen.iter().zip([0.5 * 11.0 / 9.0, 4.0 * 11.0 / 9.0]) {
            assert!((factor - expected).abs() < 1e-12, "{factor}, expected {expected}");
        }
    }
}
