//! What the tests of defects share.

use super::Host;
use crate::rng::Key;
use crate::time::SimDuration;

/// A server that has just come into service.
pub(super) const FRESH: Host = Host { age: SimDuration::ZERO, served: 0, in_hand: 0 };

/// A server that has been in service for so many seconds.
pub(super) fn after(seconds: u64) -> Host {
    Host { age: SimDuration::from_secs(seconds), ..FRESH }
}

/// A server that has served so many requests.
pub(super) fn having_served(served: u64) -> Host {
    Host { served, ..FRESH }
}

/// Asserts that something happens as often as it should over 20,000 keys, within four standard deviations of a
/// binomial.
pub(super) fn share(expected: f64, happens: impl Fn(Key) -> bool) {
    let n = 20_000;
    let root = Key::from_seed(42);
    let share = (0..n).filter(|&nth| happens(root.child(nth))).count() as f64 / n as f64;
    let bound = 4.0 * (expected * (1.0 - expected) / n as f64).sqrt();
    assert!((share - expected).abs() <= bound, "{share} where {expected} is expected");
}
