//! The plain rule of Kubernetes' horizontal pod autoscaler, for those who end in one.
//!
//! desired = ceil(metric / target), no change within 10 %, at most twice the servers or four more at once, and the
//! highest recommendation of five minutes before fewer (kubernetes.io, "Horizontal Pod Autoscaling"). Knows neither
//! pods that are not ready nor other behaviour than the default.

use std::collections::VecDeque;

use super::signal;
use crate::time::{SimDuration, SimTime};

/// Too near the target to act.
pub(crate) const TOLERANCE: f64 = 0.1;

/// Returns how many servers bring a metric to its target for each; the present number where that is near enough.
pub(crate) fn for_average(metric: f64, target: f64, replicas: u32) -> u32 {
    if near(metric, target * f64::from(replicas)) { replicas } else { signal::ceil(metric / target) }
}

/// Returns how many servers bring a metric to its target, if it falls as their number grows.
pub(crate) fn for_value(metric: f64, target: f64, replicas: u32) -> u32 {
    if near(metric, target) { replicas } else { signal::ceil(f64::from(replicas) * (metric / target)) }
}

/// Tells whether a metric is within the tolerance of its target.
pub(crate) fn near(metric: f64, target: f64) -> bool {
    target > 0.0 && (metric / target - 1.0).abs() <= TOLERANCE + 1e-9
}

/// Returns the most servers that there may be a period later.
pub(crate) fn up_limit(replicas: u32) -> u32 {
    replicas.saturating_mul(2).max(replicas.saturating_add(4))
}

/// The recommendations of a while, of which the highest counts before servers are removed.
#[derive(Debug)]
pub(crate) struct Highest {
    window: SimDuration,
    /// Falling numbers, each until when it counts.
    recent: VecDeque<(SimTime, u32)>,
}

impl Highest {
    pub(crate) fn new(window: SimDuration) -> Self {
        Self { window, recent: VecDeque::new() }
    }

    /// Takes in a recommendation and returns the highest of the window.
    pub(crate) fn with(&mut self, now: SimTime, wanted: u32) -> u32 {
        while self.recent.front().is_some_and(|&(until, _)| until <= now) {
            self.recent.pop_front();
        }
        while self.recent.back().is_some_and(|&(_, less)| less <= wanted) {
            self.recent.pop_back();
        }
        self.recent.push_back((now + self.window, wanted));
        self.recent.front().map_or(wanted, |&(_, highest)| highest)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::at;
    use super::*;

    /// KEDA, concepts/scaling-deployments; the tolerance is inclusive (KEP 4951).
    #[test]
    fn averages_and_values_are_brought_to_their_targets() {
        for (metric, target, replicas, expected) in [
            (20.0, 5.0, 1, 4),
            (250.0, 100.0, 1, 3),
            (110.0, 10.0, 10, 10),
            (110.1, 10.0, 10, 12),
            (90.0, 10.0, 10, 10),
        ] {
            assert_eq!(for_average(metric, target, replicas), expected, "{metric}/{target} with {replicas}");
        }
        for (metric, target, replicas, expected) in
            [(20.0, 5.0, 3, 12), (5.5, 5.0, 3, 3), (5.51, 5.0, 10, 12)]
        {
            assert_eq!(for_value(metric, target, replicas), expected, "{metric}/{target} with {replicas}");
        }
        assert_eq!([up_limit(0), up_limit(3), up_limit(4), up_limit(10)], [4, 7, 8, 20]);
    }

    #[test]
    fn the_highest_of_the_window_counts() {
        let mut highest = Highest::new(SimDuration::from_secs(300));
        for (seconds, wanted, expected) in [
            (0, 5, 5),
            (60, 9, 9),
            (120, 7, 9),
            (180, 2, 9),
            (359, 2, 9),
            (360, 2, 7),
            (420, 1, 2),
            (479, 1, 2),
        ] {
            assert_eq!(highest.with(at(seconds), wanted), expected, "{seconds}");
        }
    }
}
