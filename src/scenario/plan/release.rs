//! Releases that can be rolled out.

use std::sync::Arc;

use super::{Figure, Watch};
use crate::dist::Distribution;
use crate::ids::{ClassId, ServiceId};
use crate::release::defect::Defect;
use crate::release::detector::{DetectorSpec, Side};
use crate::release::pipeline::{Freeze, Pipeline, thaw};
use crate::release::strategy::StrategySpec;
use crate::time::{SimDuration, SimTime};

/// A release of a service.
#[derive(Clone, Debug)]
pub struct Release {
    /// The service.
    pub service: ServiceId,
    /// Its version; those of many commits are numbered.
    pub version: String,
    /// Names its randomness.
    pub key: String,
    /// When it is committed; where it has no pipeline, when its rollout may begin.
    pub commits: Commits,
    /// The share of its commits that have the defects.
    pub faulty: f64,
    /// What is wrong with it.
    pub defects: Vec<Flaw>,
    /// It changes servers where they stand, from the first to the last in so long; new servers take their place
    /// where `None`.
    pub propagation: Option<SimDuration>,
    /// What a commit passes before its rollout.
    pub pipeline: Option<Pipeline>,
    /// The freezes that it does not pass, in order.
    pub freezes: Vec<Freeze>,
    /// Whether it is dropped where another release of the service is under way; it waits otherwise.
    pub skips: bool,
    /// The ways to roll it out; the first is that of the run itself.
    pub policies: Vec<Policy>,
    /// By what users are judged to be well served: indices of the plan's objectives.
    pub objectives: Vec<usize>,
}

impl Release {
    /// Returns how many runs are simulated beside the run itself on average.
    pub fn runs_beside(&self) -> f64 {
        let commits = match &self.commits {
            Commits::At(times) => times.len() as f64,
            &Commits::Poisson { rate, from, to } if from < to => rate * (to - from).as_secs_f64(),
            Commits::Poisson { .. } => 0.0,
        };
        let ways = self.policies.len() as f64;
        // One commit begins at one time, whatever its way: one day without it serves them all.
        ways - 1.0 + if commits > 1.0 { ways * commits } else { commits }
    }

    /// Returns the earliest instant at which its first rollout can begin: the stages of its pipeline take as long
    /// as they must, and freezes are over; of a Poisson process the start.
    pub fn earliest(&self) -> SimTime {
        let first = match &self.commits {
            Commits::At(times) => times.first().copied().unwrap_or(SimTime::ZERO),
            Commits::Poisson { from, .. } => *from,
        };
        thaw(first + self.pipeline.as_ref().map_or(SimDuration::ZERO, least), &self.freezes)
    }
}

/// Returns the shortest time that a commit takes through a pipeline, a year at most.
pub(in crate::scenario) fn least(pipeline: &Pipeline) -> SimDuration {
    const YEAR: SimDuration = SimDuration::from_secs(366 * 86_400);
    let nanos: f64 = pipeline.stages.iter().map(|stage| stage.duration.least()).sum();
    SimDuration::from_nanos(nanos as u64).min(YEAR)
}

/// When a release is committed.
#[derive(Clone, Debug, PartialEq)]
pub enum Commits {
    /// At these times, in order.
    At(Vec<SimTime>),
    /// As a Poisson process of so many per second, in a stretch.
    Poisson {
        /// Per second.
        rate: f64,
        /// From then on.
        from: SimTime,
        /// Until then.
        to: SimTime,
    },
}

/// Something that is wrong with a version.
#[derive(Clone, Debug)]
pub struct Flaw {
    /// The key of its kind.
    pub kind: String,
    /// What.
    pub defect: Arc<dyn Defect>,
    /// Only requests of this class.
    pub class: Option<ClassId>,
}

/// A way to roll a release out, and to take it back.
#[derive(Clone, Debug)]
pub struct Policy {
    /// How servers of the new version take the place of the others; a push asks nobody.
    pub strategy: Arc<dyn StrategySpec>,
    /// The analyses of its steps, in the order of [`StrategySpec::analyses`].
    pub analyses: Vec<Detection>,
    /// Who else looks, from the rollout's start on.
    pub detection: Vec<Detection>,
    /// How it is taken back.
    pub rollback: Option<Rollback>,
}

/// Who looks at a release.
#[derive(Clone, Debug)]
pub struct Detection {
    /// The key of its kind.
    pub name: String,
    /// What it goes by, and what it makes of it.
    pub spec: Arc<dyn DetectorSpec>,
    /// What it is shown, in the order of [`DetectorSpec::wants`].
    pub seen: Vec<Seen>,
    /// Who has to decide; it is decided at once where `None`.
    pub person: Option<Person>,
}

/// A figure that a detector is shown.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// The pipeline; an index into those of the scenario.
    pub pipeline: usize,
    /// Of what.
    pub watch: Watch,
    /// Whose.
    pub side: Side,
    /// Which.
    pub figure: Figure,
    /// How far it looks back; as far as the pipeline where `None`.
    pub window: Option<SimDuration>,
}

/// Who decides to roll back; times in nanoseconds.
#[derive(Clone, Debug)]
pub struct Person {
    /// From the alert until somebody looks.
    pub acknowledge: Option<Distribution>,
    /// From then until it is decided.
    pub decide: Option<Distribution>,
}

/// How a release is taken back.
#[derive(Clone, Debug)]
pub struct Rollback {
    /// By an image; the previous version is rolled out where `None`.
    pub snapshot: Option<Snapshot>,
    /// The share of attempts that fail.
    pub failures: f64,
    /// From an attempt that failed to the next.
    pub retry: SimDuration,
    /// So many attempts at most.
    pub attempts: u32,
}

/// Images that are saved, and restored.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// How long it takes to restore a server, in nanoseconds.
    pub restore: Distribution,
    /// How many servers are restored at once; all of them where `None`.
    pub parallel: Option<super::Victims>,
    /// When the first image is saved.
    pub first: SimTime,
    /// Between two images.
    pub every: SimDuration,
    /// An image that is older is not restored.
    pub max_age: Option<SimDuration>,
    /// Whether it holds warm caches: who is restored needs no slow start.
    pub warm: bool,
}
