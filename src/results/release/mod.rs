//! Releases in the results: what was planned, and what became of it, as integers; the figures of one
//! release (`figures.rs`), and of a way to roll it out over replications (`policies.rs`).

mod figures;
mod policies;

pub use figures::{ReleaseFacts, ReleaseOutcome, ReleaseRow, release_rows};
pub use policies::{DORA, EXPOSED_PERCENT, PolicyRow, RELEASES, Share, Spread, release_policies};

use serde::{Deserialize, Serialize};

use super::{ObjectiveRun, Wide};

/// A release of the scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReleasePlan {
    /// Its version.
    pub version: String,
    /// Index of the service.
    pub service: usize,
    /// Whether it changes servers where they stand, instead of replacing them.
    pub configuration: bool,
    /// Whether it mends what an earlier release broke.
    pub hotfix: bool,
    /// The ways in which it is rolled out and taken back, of which the first belongs to the run itself; each
    /// further one is simulated beside it.
    pub policies: Vec<PolicyPlan>,
    /// Indices of the objectives by which it is judged; never empty.
    pub objectives: Vec<usize>,
}

/// A way in which a release is rolled out and taken back, in words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyPlan {
    /// Its name; the key of the strategy where it has none.
    pub name: String,
    /// The key of the strategy; `configuration` for a push.
    pub strategy: String,
    /// The keys of the detectors, joined by ` + `; empty where nobody looks.
    pub detection: String,
    /// The key of the rollback; empty where nothing is taken back.
    pub rollback: String,
}

/// A release in one replication, rolled out in one way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReleaseRun {
    /// Index into the plan's releases.
    pub release: usize,
    /// Index into its policies.
    pub policy: usize,
    /// Which of its commits, from 1.
    pub commit: u32,
    /// The version before it.
    pub from: String,
    /// Its own version.
    pub to: String,
    /// Whether what was rolled out has a defect.
    pub faulty: bool,
    /// When it was committed, in nanoseconds, where it passed a pipeline.
    pub committed_ns: Option<u64>,
    /// When its rollout began; `None` where it never did.
    pub start_ns: Option<u64>,
    /// When all servers were of the new version.
    pub promoted_ns: Option<u64>,
    /// When a detector told that something is wrong.
    pub detected_ns: Option<u64>,
    /// How much of the traffic the new version had been given by then, at most, in millionths.
    pub exposed_ppm: Option<u32>,
    /// When it was decided to roll back.
    pub decided_ns: Option<u64>,
    /// From when on the new version served nothing, after that.
    pub clear_ns: Option<u64>,
    /// When all servers were of the previous version again.
    pub restored_ns: Option<u64>,
    /// How it stood at the end of the run.
    pub stand: Stand,
    /// The first request that the new version's servers made bad and that is not bad without the release.
    pub first_bad_ns: Option<u64>,
    /// Bad requests since the rollout's start, at the ends of intervals and at the ends and beginnings of windows, in
    /// order of time; the last is that of the run's end.
    pub marks: Vec<BadMark>,
    /// What users got after the rollout's start, by the objectives of [`ReleasePlan::objectives`]: whole windows
    /// (the objective's `every`, else `run.interval`).
    pub health: Vec<ObjectiveRun>,
    /// By interval of the run.
    pub series: ReleaseSeries,
    /// Bad requests at servers of the new version, by when (ns) and by what names them: what a study asks a run
    /// without the release about; not kept.
    #[serde(skip)]
    pub suspects: Vec<(u64, u64)>,
}

/// How a release stands at the end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Stand {
    /// Its pipeline caught a defect that nobody mended.
    Caught,
    /// It is still in its pipeline, or waits for the end of a freeze or of another release.
    Waiting,
    /// It found another release of the service under way, and was dropped.
    Skipped,
    /// Its rollout goes on.
    Rolling,
    /// Its rollout goes on without coming nearer.
    Stuck,
    /// It is in service.
    Promoted,
    /// It is being rolled back.
    RollingBack,
    /// Its rollback failed for good.
    RollbackFailed,
    /// It has been rolled back.
    RolledBack,
}

/// Bad requests since a rollout's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BadMark {
    /// When, in nanoseconds.
    pub at_ns: u64,
    /// Bad requests since the rollout's start.
    pub bad: u64,
    /// The same in the paired run without the release; `None` where it was not made.
    pub without: Option<u64>,
}

impl ReleaseSeries {
    /// Returns a series that begins with so many intervals in which nothing happened.
    pub fn blank(intervals: usize) -> Self {
        Self {
            previous_ns: vec![Wide(0); intervals],
            new_ns: vec![Wide(0); intervals],
            weight_ppm: vec![0; intervals],
            bad: vec![0; intervals],
            ended: vec![0; intervals],
            seen_ppm: vec![None; intervals],
            load_milli: vec![0; intervals],
        }
    }

    /// Returns it with intervals in which nothing happened up to so many in all.
    pub fn padded(mut self, intervals: usize) -> Self {
        self.previous_ns.resize(intervals, Wide(0));
        self.new_ns.resize(intervals, Wide(0));
        self.weight_ppm.resize(intervals, 0);
        self.bad.resize(intervals, 0);
        self.ended.resize(intervals, 0);
        self.seen_ppm.resize(intervals, None);
        self.load_milli.resize(intervals, 0);
        self
    }
}

/// A release by interval of the run; entries before its rollout's start are zero, the entry in which it lies
/// covers what follows it. All are as long as the run, or empty where no rollout began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReleaseSeries {
    /// Servers of the previous version in service, integrated (server x ns).
    pub previous_ns: Vec<Wide>,
    /// Servers of the new version in service, integrated (server x ns).
    pub new_ns: Vec<Wide>,
    /// The share of traffic that is given to the new version at the end of the interval, in millionths.
    pub weight_ppm: Vec<u32>,
    /// Requests that ended badly, or too late, in the interval.
    pub bad: Vec<u64>,
    /// Requests that ended in the interval.
    pub ended: Vec<u64>,
    /// The error ratio that monitoring shows the first detector of errors at the end of the interval, in millionths;
    /// `None` where it shows none.
    pub seen_ppm: Vec<Option<u32>>,
    /// Work offered in the interval, in servers' worth of the fleet's mean server, in thousandths.
    pub load_milli: Vec<u64>,
}

#[cfg(test)]
pub(crate) mod tests;
