//! Continuous integration: the way from a commit to a rollout, through stages, queues and freezes.
//!
//! What a run's traffic does has no part in it, so all of it is settled before the run: a pure function of the
//! commits and of draws that are named by commit and stage.

mod deliver;
#[cfg(test)]
mod tests;

use crate::dist::{Distribution, unit_exponential};
use crate::rng::Key;
use crate::time::{NANOS_PER_SEC, SimDuration, SimTime};

pub use deliver::{MAX_FLAKY, deliver};

/// A pipeline that can run.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// Stages, in order.
    pub stages: Vec<Stage>,
    /// From a defect that was caught to the commit that mends it, in nanoseconds; nobody mends it where `None`.
    pub fix: Option<Distribution>,
}

/// A stage that every commit passes.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// How long it takes, in nanoseconds.
    pub duration: Distribution,
    /// How many commits it works on at once, first come first served; `None` is all of them.
    pub parallel: Option<u32>,
    /// The share of its runs that fail although nothing is wrong.
    pub flaky: f64,
    /// How often such a run is repeated at once, on the same runner, before its author commits anew.
    pub retries: u32,
    /// How likely it catches a defect, by the defect's key; others pass unseen.
    pub catches: Vec<(String, f64)>,
}

/// Something that is to be released.
#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    /// When.
    pub at: SimTime,
    /// Keys of its defects; empty where nothing is wrong.
    pub defects: Vec<String>,
}

/// What became of a commit.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// What happened on its way, in order.
    pub passages: Vec<Passage>,
    /// When it may be rolled out; never where `None`.
    pub ready: Option<SimTime>,
    /// Whether its defects were caught and mended, so that what is rolled out has none.
    pub mended: bool,
}

/// Something that happened to a commit in its pipeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    /// When.
    pub at: SimTime,
    /// What.
    pub kind: PassageKind,
    /// The stage, where it is about one.
    pub stage: String,
    /// What else there is to say, in words.
    pub detail: String,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassageKind {
    /// It was committed, at first or anew.
    Commit,
    /// A stage was passed.
    Passed,
    /// A stage failed although nothing is wrong.
    Flaky,
    /// A stage caught a defect.
    Caught,
}

/// A stretch in which nothing is rolled out, but what may pass it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freeze {
    /// From then on.
    pub from: SimTime,
    /// Until then.
    pub to: SimTime,
}

/// Returns the first instant from `ready` on that lies outside all freezes, whatever their order; overlapping ones
/// and those that follow at once are one.
pub fn thaw(ready: SimTime, freezes: &[Freeze]) -> SimTime {
    let mut at = ready;
    // Every turn leaves a freeze behind for good, so there are no more turns than freezes.
    while let Some(freeze) = freezes.iter().find(|freeze| freeze.from <= at && at < freeze.to) {
        at = freeze.to;
    }
    at
}

/// Returns the instants of a Poisson process of so many per second in [from, to), in order: distances are
/// exponential, and the n-th is the n-th draw of the key, so that a longer stretch only adds to them.
///
/// Memory grows with rate x stretch; whoever reads a scenario bounds it.
pub fn commit_times(rate: f64, from: SimTime, to: SimTime, key: Key) -> Vec<SimTime> {
    if !(rate.is_finite() && rate > 0.0) {
        return Vec::new();
    }
    let mut at = from;
    let mut times = Vec::new();
    for nth in 0.. {
        at += length(unit_exponential(key.draw(nth)) / rate * NANOS_PER_SEC as f64);
        if at >= to {
            break;
        }
        times.push(at);
    }
    times
}

/// Rounds nanoseconds, finite and not negative, to the nearest whole one.
fn length(nanos: f64) -> SimDuration {
    SimDuration::from_nanos((nanos + 0.5) as u64)
}
