//! Simulated time: integer nanoseconds, nothing else.
//!
//! Knows no calendar and no time zone: a wall clock is an offset added at the edges.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// Nanoseconds in one second.
pub const NANOS_PER_SEC: u64 = 1_000_000_000;

/// An instant of simulated time, in nanoseconds since the run's start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(u64);

/// A length of simulated time, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimDuration(u64);

impl SimTime {
    /// The start of the run.
    pub const ZERO: Self = Self(0);
    /// Later than every instant a run can reach.
    pub const MAX: Self = Self(u64::MAX);

    /// Creates the instant `nanos` nanoseconds after the start.
    #[inline]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Returns the nanoseconds since the start.
    #[inline]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Returns the seconds since the start; exact only below 2^53 ns (104 days).
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SEC as f64
    }
}

impl SimDuration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// Longer than every run.
    pub const MAX: Self = Self(u64::MAX);

    /// Creates a length of `nanos` nanoseconds.
    #[inline]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Creates a length of whole seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs * NANOS_PER_SEC)
    }

    /// Rounds non-negative seconds to the nearest nanosecond; what does not fit becomes `MAX`.
    pub fn from_secs_f64(secs: f64) -> Self {
        Self((secs * NANOS_PER_SEC as f64 + 0.5) as u64)
    }

    /// Returns the nanoseconds.
    #[inline]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Returns the seconds; exact only below 2^53 ns.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SEC as f64
    }

    /// Tells whether the length is zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl Add<SimDuration> for SimTime {
    type Output = Self;

    /// Saturates: an instant past the end of time is never reached.
    #[inline]
    fn add(self, length: SimDuration) -> Self {
        Self(self.0.saturating_add(length.0))
    }
}

impl AddAssign<SimDuration> for SimTime {
    #[inline]
    fn add_assign(&mut self, length: SimDuration) {
        *self = *self + length;
    }
}

impl Sub for SimTime {
    type Output = SimDuration;

    /// The clock is monotone: a negative length is an error of the caller.
    #[inline]
    fn sub(self, earlier: Self) -> SimDuration {
        debug_assert!(earlier <= self, "time ran backwards: {earlier} after {self}");
        SimDuration(self.0.wrapping_sub(earlier.0))
    }
}

impl Add for SimDuration {
    type Output = Self;

    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SimDuration(self.0).fmt(f)
    }
}

impl fmt::Display for SimDuration {
    /// The shortest exact form that the scenario file reads back: `1h30m`, `1.5s`, `250ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const PARTS: [(u64, &str); 3] =
            [(86_400 * NANOS_PER_SEC, "d"), (3_600 * NANOS_PER_SEC, "h"), (60 * NANOS_PER_SEC, "m")];
        let mut rest = self.0;
        for (size, unit) in PARTS {
            if rest >= size {
                write!(f, "{}{unit}", rest / size)?;
                rest %= size;
            }
        }
        if rest == 0 && self.0 != 0 {
            return Ok(());
        }
        let (size, unit) = match rest {
            0 => (NANOS_PER_SEC, "s"),
            r if r >= NANOS_PER_SEC => (NANOS_PER_SEC, "s"),
            r if r >= 1_000_000 => (1_000_000, "ms"),
            r if r >= 1_000 => (1_000, "us"),
            _ => (1, "ns"),
        };
        let digits = size.ilog10() as usize;
        let fraction = format!("{:0digits$}", rest % size);
        let fraction = if size == 1 { "" } else { fraction.trim_end_matches('0') };
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{}{point}{fraction}{unit}", rest / size)
    }
}
