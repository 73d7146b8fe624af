//! Arrivals drawn from a profile, exactly: by inversion of its cumulated rate, without ticks.
//!
//! In the cumulated rate every process here is stationary with one arrival per unit; an increment
//! drawn there is walked through the profile's stretches to an instant (Çinlar, Introduction to
//! Stochastic Processes, 1975, ch. 4; Klein & Roberts, Simulation 43, 1984, for linear rates).
//! Knows nothing of requests: it yields instants.

use super::modulation::Modulation;
use super::{ArrivalsSpec, Profile, Segment};
use crate::dist::{unit_exponential, unit_gamma};
use crate::rng::{Bits, Key, Stream};
use crate::time::{NANOS_PER_SEC, SimTime};

const NANOS: f64 = NANOS_PER_SEC as f64;
const FRACTION_BITS: u32 = 62;
/// The carried fractions of a nanosecond that make one.
const WHOLE: f64 = (1_u64 << FRACTION_BITS) as f64;

/// Where the process stands: whole nanoseconds and a carried fraction.
///
/// The fraction is fixed point, not a float: then one arrival depends on the one before it by two
/// integer additions only, and the draws and conversions of several overlap in the processor
/// (an evenly spaced arrival takes 2.7 ns, with a float 8.3).
#[derive(Clone, Copy, Debug)]
struct Clock {
    nanos: u64,
    /// In units of 2^-62 ns, below one nanosecond.
    fraction: u64,
}

impl Clock {
    fn at(nanos: u64) -> Self {
        Self { nanos, fraction: 0 }
    }

    /// Returns the instant `nanos` nanoseconds later; saturates 292 years on.
    #[inline]
    fn after(self, nanos: f64) -> Self {
        // Through i64, for which processors have an instruction.
        let whole = nanos as i64;
        let fraction = self.fraction + ((nanos - whole as f64) * WHOLE) as i64 as u64;
        let carried = (whole as u64) + (fraction >> FRACTION_BITS);
        Self { nanos: self.nanos.saturating_add(carried), fraction: fraction & ((1 << FRACTION_BITS) - 1) }
    }

    /// Returns the nanoseconds since a whole instant that is not later.
    fn since(self, from: u64) -> f64 {
        (self.nanos - from) as f64 + self.fraction as f64 / WHOLE
    }

    /// Returns the nanoseconds until a whole instant that is not earlier.
    fn until(self, end: u64) -> f64 {
        (end - self.nanos) as f64 - self.fraction as f64 / WHOLE
    }
}

/// So many increments are drawn at once: the draws of a block overlap in the processor, where one
/// by one each would stand in the way of what happens next.
const BLOCK: usize = 32;

/// How increments of the cumulated rate are drawn; all have mean 1.
#[derive(Clone, Copy, Debug)]
enum Increments {
    Exponential,
    /// Whether the first, a half, has been given.
    Even {
        begun: bool,
    },
    Gamma {
        shape: f64,
        scale: f64,
    },
}

/// A process that yields the instants of arrival in order, one at a time.
///
/// Time is integer nanoseconds plus a carried fraction: no remainder is dropped at 1e9/s, where the
/// mean gap is one nanosecond, and no error grows with the number of arrivals.
#[derive(Clone, Debug)]
pub struct Synthetic {
    /// The last arrival, or the begin of the present piece.
    clock: Clock,
    /// Nanoseconds per unit of the cumulated rate, in a piece of constant rate.
    gap: f64,
    /// The end of that piece; 0 where the present piece is none, which sends every arrival to `walk`.
    until: u64,
    draws: Stream,
    increments: Increments,
    /// Increments drawn ahead, and how many of them are used.
    block: [f64; BLOCK],
    used: usize,
    /// The present stretch of the profile.
    index: usize,
    profile: Profile,
    modulation: Option<Modulation>,
}

/// Where an increment leads within one piece.
enum Step {
    /// To this instant.
    Arrival(Clock),
    /// Past the piece's end, with so much of the increment left.
    Beyond(f64),
}

impl Synthetic {
    /// Starts a process at t = 0; `arrivals` is without problems.
    pub fn new(profile: Profile, arrivals: &ArrivalsSpec, key: Key) -> Self {
        debug_assert!(arrivals.problems().is_empty(), "{:?}", arrivals.problems());
        let increments = match arrivals {
            ArrivalsSpec::Poisson | ArrivalsSpec::Mmpp { .. } => Increments::Exponential,
            ArrivalsSpec::Uniform => Increments::Even { begun: false },
            ArrivalsSpec::Gamma { cv } => Increments::Gamma { shape: 1.0 / (cv * cv), scale: cv * cv },
        };
        let modulation = match arrivals {
            ArrivalsSpec::Mmpp { states } => Some(Modulation::new(states, key.named("states"))),
            _ => None,
        };
        let draws = key.named("arrivals").stream();
        Self {
            clock: Clock::at(0),
            gap: 0.0,
            until: 0,
            draws,
            increments,
            block: [0.0; BLOCK],
            used: BLOCK,
            index: 0,
            profile,
            modulation,
        }
    }

    /// Returns the next arrival, never before the last one and always before the horizon; `None` once
    /// there is none, and ever after.
    #[inline(always)]
    pub fn next_arrival(&mut self) -> Option<SimTime> {
        if self.used == BLOCK {
            self.draw_block();
        }
        let increment = self.block[self.used % BLOCK];
        self.used += 1;
        let next = self.clock.after(increment * self.gap);
        if next.nanos >= self.until {
            return self.walk(increment);
        }
        self.clock = next;
        Some(SimTime::from_nanos(next.nanos))
    }

    #[inline(never)]
    fn draw_block(&mut self) {
        self.used = 0;
        match &mut self.increments {
            Increments::Exponential => {
                self.block = std::array::from_fn(|_| unit_exponential(self.draws.next_bits()));
            }
            Increments::Even { begun } => {
                self.block = [1.0; BLOCK];
                if !std::mem::replace(begun, true) {
                    self.block[0] = 0.5;
                }
            }
            Increments::Gamma { shape, scale } => {
                self.block = std::array::from_fn(|_| unit_gamma(*shape, &mut self.draws) * *scale);
            }
        }
    }

    /// Carries an increment through as many pieces as it needs; a piece is what is left of a stretch
    /// of the profile, or of the modulating state if that is shorter.
    ///
    /// Out of line, to keep the common case small.
    #[inline(never)]
    fn walk(&mut self, mut increment: f64) -> Option<SimTime> {
        let horizon = self.profile.horizon().as_nanos();
        loop {
            let segment = self.profile.segments().get(self.index)?;
            let (factor, state_until) = match &self.modulation {
                Some(modulation) => (modulation.factor(), modulation.until()),
                None => (1.0, u64::MAX),
            };
            let segment_until = segment.to.as_nanos();
            // Not cut at the horizon: the arrivals before it must not depend on it.
            let end = segment_until.min(state_until);
            match self.step(segment, factor, end, increment) {
                Step::Arrival(clock) if clock.nanos < horizon => {
                    let constant = segment.is_constant();
                    self.gap = if constant { NANOS / (segment.start_rate * factor) } else { 0.0 };
                    self.until = if constant { end.min(horizon) } else { 0 };
                    self.clock = clock;
                    return Some(SimTime::from_nanos(clock.nanos));
                }
                Step::Beyond(rest) if end < horizon => increment = rest,
                _ => {
                    (self.until, self.index) = (0, self.profile.segments().len());
                    return None;
                }
            }
            self.clock = Clock::at(end);
            self.index += usize::from(segment_until == end);
            if let Some(modulation) = self.modulation.as_mut().filter(|_| state_until == end) {
                modulation.advance();
            }
        }
    }

    /// Takes an increment within the piece that ends at `end`.
    fn step(&self, segment: &Segment, factor: f64, end: u64, increment: f64) -> Step {
        let left = self.clock.until(end);
        let start_rate = segment.start_rate * factor;
        if segment.is_constant() {
            if start_rate == 0.0 {
                return Step::Beyond(increment);
            }
            let gap = NANOS / start_rate;
            let next = self.clock.after(increment * gap);
            return match next.nanos < end {
                true => Step::Arrival(next),
                false => Step::Beyond((increment - left / gap).max(0.0)),
            };
        }
        // Per nanosecond, and per nanosecond squared, from here on.
        let slope = segment.slope() * factor * (1.0 / (NANOS * NANOS));
        let passed = self.clock.since(segment.from.as_nanos());
        // Rounding may take a rate that falls to 0 below it.
        let rate = (start_rate * (1.0 / NANOS) + slope * passed).max(0.0);
        let end_rate = (rate + slope * left).max(0.0);
        let capacity = 0.5 * (rate + end_rate) * left;
        if increment >= capacity {
            return Step::Beyond(increment - capacity);
        }
        // The root of rate x + slope x^2 / 2 = increment, in the form without cancellation.
        let root = (rate * rate + 2.0 * slope * increment).max(0.0).sqrt();
        let nanos = if increment > 0.0 { 2.0 * increment / (rate + root) } else { 0.0 };
        let next = self.clock.after(nanos);
        // The increment ends within the piece: anything else is rounding, and means its last nanosecond.
        Step::Arrival(if next.nanos < end { next } else { Clock::at(end - 1) })
    }
}

#[cfg(test)]
mod tests;
