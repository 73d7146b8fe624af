//! Something that is never given back, until a server has none of it left.

use super::scope::{Growth, Wrong, check_factor, check_scope, scoped, wrong};
use super::{Defect, Host, Scope};
use crate::rng::Key;
use crate::time::SimDuration;

scoped! {
    /// A server leaks, with time or with requests: it becomes slower the fuller it is, and crashes when it is full.
    Leak {
        /// It is full after so long in service.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        time: Option<SimDuration> = Some(SimDuration::from_secs(1_800)),
        /// It is full after so many requests.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        requests: Option<u64> = None,
        /// What the work of a request is multiplied by once it is full, 1 or more; grows linearly from 1.
        #[serde(default = "unchanged")]
        slow_down: f64 = 1.0,
        /// Whether it crashes when it is full; otherwise it goes on as slow as it is.
        #[serde(default = "yes")]
        crash: bool = true,
    }
}

fn unchanged() -> f64 {
    1.0
}

fn yes() -> bool {
    true
}

impl Leak {
    fn growth(&self) -> Growth {
        Growth { time: self.time, requests: self.requests }
    }
}

impl Defect for Leak {
    fn scope(&self) -> Scope {
        self.hits()
    }

    fn problems(&self) -> Vec<Wrong> {
        let mut found = check_scope(&self.hits());
        found.extend(self.growth().problems("a server is full"));
        found.extend(check_factor("slowDown", self.slow_down, 1.0, 3.0));
        if !self.crash && self.slow_down == 1.0 {
            let remedy = "write for example slowDown: 3, or leave crash: false out";
            found.push(wrong("slowDown", "a leak that neither slows down nor crashes does nothing", remedy));
        }
        found
    }

    fn slowness(&self, host: &Host) -> f64 {
        1.0 + (self.slow_down - 1.0) * self.growth().share(host)
    }

    /// Full at the end of the request that is the last it can bear.
    fn crashes(&self, host: &Host, _key: Key) -> bool {
        self.crash && self.requests.is_some_and(|requests| host.served.saturating_add(1) >= requests)
    }

    fn lifetime(&self, _key: Key) -> Option<SimDuration> {
        self.time.filter(|_| self.crash)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{after, having_served};
    use super::*;

    #[test]
    fn a_leak_grows_with_time_and_crashes_when_it_is_full() {
        // Full after 10 min, three times slower then: 1 + 2 x age / 600 s.
        let leak = Leak { time: Some(SimDuration::from_secs(600)), slow_down: 3.0, ..Leak::default() };
        for (seconds, slowness) in [(0, 1.0), (150, 1.5), (300, 2.0), (600, 3.0), (900, 3.0)] {
            assert_eq!(leak.slowness(&after(seconds)), slowness, "after {seconds} s");
        }
        let key = Key::from_seed(1);
        assert_eq!(leak.lifetime(key), Some(SimDuration::from_secs(600)));
        assert!(!leak.crashes(&having_served(1_000_000), key), "its time alone fills it");
        let lasting = Leak { crash: false, ..leak };
        assert_eq!(lasting.lifetime(key), None);
        assert_eq!(lasting.slowness(&after(900)), 3.0);
    }

    #[test]
    fn a_leak_grows_with_requests_and_crashes_at_the_last() {
        let leak = Leak { time: None, requests: Some(1_000), slow_down: 2.0, ..Leak::default() };
        for (served, slowness, crashes) in
            [(0, 1.0, false), (500, 1.5, false), (998, 1.998, false), (999, 1.999, true), (2_000, 2.0, true)]
        {
            let host = having_served(served);
            assert_eq!(leak.slowness(&host), slowness, "after {served}");
            assert_eq!(leak.crashes(&host, Key::from_seed(1)), crashes, "after {served}");
        }
        assert_eq!(leak.lifetime(Key::from_seed(1)), None);
        assert!(!Leak { crash: false, ..leak }.crashes(&having_served(999), Key::from_seed(1)));
    }

    #[test]
    fn what_is_wrong_is_told_at_once() {
        let paths = |leak: &Leak| leak.problems().into_iter().map(|(path, ..)| path).collect::<Vec<_>>();
        let leak = Leak { time: None, crash: false, ..Leak::default() };
        assert_eq!(paths(&leak), ["", "slowDown"]);
        let leak =
            Leak { time: Some(SimDuration::ZERO), requests: Some(0), slow_down: 0.5, ..Leak::default() };
        assert_eq!(paths(&leak), ["requests", "time", "requests", "slowDown"]);
        let slow = Leak { crash: false, slow_down: 1.5, ..Leak::default() };
        assert_eq!(paths(&slow), [""; 0]);
    }
}
