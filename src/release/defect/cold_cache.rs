//! Servers that begin without what they would remember.

use super::scope::{Growth, Wrong, check_factor, check_scope, scoped};
use super::{Defect, Host, Scope};
use crate::time::SimDuration;

scoped! {
    /// A server of this version begins with a cold cache, however warm it was before: it is slow at first, and
    /// becomes as fast as usual, linearly with time or with requests.
    ColdCache {
        /// What the work of the first request is multiplied by, 1 or more.
        factor: f64 = 3.0,
        /// It is warm after so long in service.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        time: Option<SimDuration> = None,
        /// It is warm after so many requests.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        requests: Option<u64> = Some(10_000),
    }
}

impl ColdCache {
    fn growth(&self) -> Growth {
        Growth { time: self.time, requests: self.requests }
    }
}

impl Defect for ColdCache {
    fn scope(&self) -> Scope {
        self.hits()
    }

    fn problems(&self) -> Vec<Wrong> {
        let mut found = check_scope(&self.hits());
        found.extend(check_factor("factor", self.factor, 1.0, 3.0));
        found.extend(self.growth().problems("a cache is warm"));
        found
    }

    fn slowness(&self, host: &Host) -> f64 {
        1.0 + (self.factor - 1.0) * (1.0 - self.growth().share(host))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{after, having_served};
    use super::*;

    #[test]
    fn a_cache_becomes_warm_with_requests_or_with_time() {
        // 3 at first, 1 after a thousand: 3 - 2 x served / 1000.
        let cold = ColdCache { requests: Some(1_000), ..ColdCache::default() };
        for (served, slowness) in [(0, 3.0), (250, 2.5), (500, 2.0), (1_000, 1.0), (5_000, 1.0)] {
            assert_eq!(cold.slowness(&having_served(served)), slowness, "after {served}");
        }
        let cold = ColdCache { factor: 5.0, time: Some(SimDuration::from_secs(60)), requests: None, ..cold };
        for (seconds, slowness) in [(0, 5.0), (15, 4.0), (45, 2.0), (60, 1.0), (61, 1.0)] {
            assert_eq!(cold.slowness(&after(seconds)), slowness, "after {seconds} s");
        }
        let none = ColdCache { factor: 0.5, time: None, ..cold };
        assert_eq!(
            none.problems().iter().map(|(path, ..)| path.as_str()).collect::<Vec<_>>(),
            ["factor", ""]
        );
    }
}
