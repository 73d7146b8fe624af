//! How many servers a pool is to have, how many of them serve, and for how long some were missing.

use crate::stats::Gauge;
use crate::time::{SimDuration, SimTime};

/// The staff of a pool.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Staffing {
    wanted: Gauge,
    missing: Gauge,
    serving: u64,
    /// Since when some are missing.
    since: Option<SimTime>,
}

impl Staffing {
    /// Returns how many are wanted.
    pub(super) fn wanted(&self) -> u32 {
        self.wanted.count() as u32
    }

    /// Returns how many serve.
    pub(super) fn serving(&self) -> u64 {
        self.serving
    }

    /// Wants so many from now on.
    pub(super) fn want(&mut self, now: SimTime, wanted: u32) {
        self.wanted.set(now, u64::from(wanted));
        self.count(now);
        // Who wants less has not got more.
        if self.missing.count() == 0 {
            self.since = None;
        }
    }

    /// A server came into service. Returns for how long some were missing, if none is any more.
    pub(super) fn join(&mut self, now: SimTime) -> Option<SimDuration> {
        self.serving += 1;
        self.count(now);
        let since = if self.missing.count() == 0 { self.since.take() } else { None };
        since.map(|since| now - since)
    }

    /// A server left service.
    pub(super) fn leave(&mut self, now: SimTime) {
        self.serving -= 1;
        self.count(now);
    }

    fn count(&mut self, now: SimTime) {
        self.missing.set(now, self.wanted.count().saturating_sub(self.serving));
        if self.missing.count() > 0 {
            self.since.get_or_insert(now);
        }
    }

    /// Returns how many were wanted, and how many of them did not serve, since t = 0 (server x ns).
    pub(super) fn integrals(&self, now: SimTime) -> (u128, u128) {
        (self.wanted.integral(now), self.missing.integral(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> SimTime {
        SimTime::from_nanos(seconds)
    }

    #[test]
    fn what_is_missing_is_counted_until_all_serve() {
        let mut staff = Staffing::default();
        staff.want(s(0), 2);
        assert_eq!(staff.join(s(0)), None);
        assert_eq!(staff.join(s(0)), Some(SimDuration::ZERO));
        // One is lost at 10; three are wanted from 12 on; they are there at 15 and 20.
        staff.leave(s(10));
        staff.want(s(12), 3);
        assert_eq!(staff.join(s(15)), None);
        assert_eq!(staff.join(s(20)), Some(SimDuration::from_nanos(10)));
        assert_eq!(staff.integrals(s(30)), (2 * 12 + 3 * 18, 2 + 2 * 3 + 5));
        assert_eq!(staff.wanted(), 3);
    }

    #[test]
    fn whoever_wants_less_is_not_told_of_full_capacity() {
        let mut staff = Staffing::default();
        staff.want(s(0), 2);
        staff.join(s(0));
        staff.want(s(5), 1);
        assert_eq!(staff.integrals(s(9)), (10 + 4, 5));
        // The next one missing is counted anew.
        staff.leave(s(7));
        assert_eq!(staff.join(s(8)), Some(SimDuration::from_nanos(1)));
    }
}
