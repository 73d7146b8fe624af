//! Scaling activities as AWS keeps them: what counts as capacity, warm-up, cooldowns.
//!
//! Sources: Amazon EC2 Auto Scaling User Guide, "Instance warm-up" of step and of target tracking policies;
//! Application Auto Scaling User Guide, "Define cooldown periods". Knows no metric.

use super::{Limit, Seen, ServerSeen};
use crate::time::{SimDuration, SimTime};

/// What a group remembers of its last scaling activities.
#[derive(Debug)]
pub(crate) struct Activities {
    warmup: SimDuration,
    out_cooldown: SimDuration,
    in_cooldown: SimDuration,
    /// The capacity before the scale-out whose cooldown ends then.
    before_out: Option<(SimTime, u32)>,
    /// When the cooldown of the last scale-in ends.
    in_until: SimTime,
}

impl Activities {
    pub(crate) fn new(warmup: SimDuration, out_cooldown: SimDuration, in_cooldown: SimDuration) -> Self {
        Self { warmup, out_cooldown, in_cooldown, before_out: None, in_until: SimTime::ZERO }
    }

    /// Tells whether a server is in service and has been for the warm-up; those of t = 0 are.
    pub(crate) fn is_warm(&self, server: &ServerSeen, now: SimTime) -> bool {
        let since = server.ready_changed;
        server.ready && !server.leaving && (since == SimTime::ZERO || since + self.warmup <= now)
    }

    /// Returns the capacity from which a scale-out is reckoned.
    ///
    /// Servers that warm up are no part of it, nor is what was added less than a cooldown ago.
    pub(crate) fn out_capacity(&self, seen: &Seen<'_>) -> u32 {
        let warm = seen.servers.iter().filter(|server| self.is_warm(server, seen.now)).count() as u32;
        match self.before_out {
            Some((until, before)) if seen.now < until => warm.min(before),
            _ => warm,
        }
    }

    /// Returns the capacity from which a scale-in is reckoned: servers that terminate are part of it.
    pub(crate) fn in_capacity(seen: &Seen<'_>) -> u32 {
        seen.replicas + seen.servers.iter().filter(|server| server.leaving).count() as u32
    }

    /// Tells whether servers were ordered that are not in service, or not warm yet.
    pub(crate) fn is_scaling_out(&self, seen: &Seen<'_>) -> bool {
        let staying = seen.servers.iter().filter(|server| !server.leaving);
        let (mut present, mut warm) = (0, 0);
        for server in staying {
            present += 1;
            warm += u32::from(self.is_warm(server, seen.now));
        }
        warm < present || present < seen.replicas
    }

    /// Turns what a scale-out asks for into an answer: never fewer than are wanted already, so that one
    /// breach is answered once.
    pub(crate) fn scale_out(&self, seen: &Seen<'_>, wanted: u32) -> (u32, Option<Limit>) {
        if wanted > seen.replicas {
            return (wanted, None);
        }
        let cooling = self.before_out.is_some_and(|(until, _)| seen.now < until);
        let limit = match (self.is_scaling_out(seen), cooling) {
            (true, _) => Some(Limit::Warmup),
            (false, true) => Some(Limit::Cooldown),
            (false, false) => None,
        };
        (seen.replicas, limit)
    }

    /// Turns what a scale-in asks for into an answer.
    pub(crate) fn scale_in(&self, seen: &Seen<'_>, wanted: u32) -> (u32, Option<Limit>) {
        if wanted >= seen.replicas {
            return (seen.replicas, None);
        }
        if self.is_scaling_out(seen) {
            return (seen.replicas, Some(Limit::Warmup));
        }
        if seen.now < self.in_until {
            return (seen.replicas, Some(Limit::Cooldown));
        }
        (wanted, None)
    }

    /// Learns of a new number of servers. A scale-out ends the cooldown of a scale-in; one during the
    /// cooldown of another is reckoned from the same capacity.
    pub(crate) fn on_scaled(&mut self, now: SimTime, before: u32, after: u32) {
        if after > before {
            let base = match self.before_out {
                Some((until, base)) if now < until => base,
                _ => before,
            };
            self.before_out = Some((now + self.out_cooldown, base));
            self.in_until = SimTime::ZERO;
        } else if after < before {
            self.in_until = now + self.in_cooldown;
        }
    }
}
