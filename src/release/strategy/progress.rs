//! Whether a rollout comes nearer to its end, and what strategies share.
//!
//! Sources: kubernetes/kubernetes v1.20.2, pkg/controller/deployment/util/deployment_util.go
//! (`DeploymentProgressing`, `DeploymentTimedOut`); argoproj/argo-rollouts 9f8d111d, utils/conditions/conditions.go
//! and rollout/sync.go (`evaluateProgressDeadlineAbort`).

use super::{Action, PoolSeen, Progress, Seen, Servers, Target};
use crate::release::counts::{IntOrPercent, ReplicaSet};
use crate::release::detector::analysis::Analysis;
use crate::release::detector::{DetectorSpec, Status};
use crate::time::{SimDuration, SimTime};

/// What is wrong with a parameter: path, message, what to write instead.
pub(super) type Wrong = (String, String, String);

/// Says what is wrong with a parameter.
pub(super) fn wrong(path: impl Into<String>, message: impl Into<String>, remedy: impl Into<String>) -> Wrong {
    (path.into(), message.into(), remedy.into())
}

/// Returns the `progressDeadlineSeconds` of Deployments and Rollouts.
pub(super) fn six_hundred() -> u32 {
    600
}

/// Returns the `maxSurge` and `maxUnavailable` of Deployments and Rollouts.
pub(super) const QUARTER: IntOrPercent = IntOrPercent::Percent(25);

/// Returns a length that is written in bare seconds.
pub(super) fn seconds(count: u32) -> SimDuration {
    SimDuration::from_secs(count.into())
}

/// Says that a deadline leaves a rollout no time.
pub(super) fn deadline_problem(count: u32) -> Option<Wrong> {
    let remedy = "write for example progressDeadlineSeconds: 600";
    (count == 0).then(|| wrong("progressDeadlineSeconds", "a deadline of 0 s leaves no time", remedy))
}

/// Says that both limits of a rolling update are written as nothing.
pub(super) fn limits_problem(surge: IntOrPercent, unavailable: IntOrPercent) -> Option<Wrong> {
    let nothing = |limit| matches!(limit, IntOrPercent::Count(0) | IntOrPercent::Percent(0));
    let message = "maxSurge and maxUnavailable are both 0: no server may come and none may go";
    let both = nothing(surge) && nothing(unavailable);
    both.then(|| wrong("maxSurge", message, "write for example maxSurge: 25%, or maxUnavailable: 1"))
}

/// Returns what is wrong with an analysis, by its path within the strategy.
pub(super) fn analysis_problems(path: &str, analysis: &Analysis) -> Vec<Wrong> {
    let inside = |(inner, message, remedy): Wrong| {
        let path = if inner.is_empty() { path.to_owned() } else { format!("{path}.{inner}") };
        (path, message, remedy)
    };
    analysis.problems().into_iter().map(inside).collect()
}

/// Says how an analysis that did not succeed has ended.
pub(super) fn verdict(status: Status) -> &'static str {
    match status {
        Status::Running => "running",
        Status::Successful => "successful",
        Status::Failed => "failed",
        Status::Inconclusive => "inconclusive",
        Status::Error => "could not measure",
    }
}

/// Returns what the arithmetic of controllers sees of a version.
pub(super) fn set_of(servers: Servers) -> ReplicaSet {
    ReplicaSet { spec: servers.spec, available: servers.available }
}

/// Tells whether all servers are of the new version, or, on the way back, of the previous one, and available.
pub(super) fn is_complete(pools: &[PoolSeen], back: bool) -> bool {
    pools.iter().all(|pool| {
        let (coming, leaving) = sides(pool, back);
        leaving.spec == 0 && coming.spec == pool.replicas && coming.available >= pool.replicas
    })
}

/// Tells whether the new version could carry all pools, or, on the way back, the previous one.
pub(super) fn is_whole(pools: &[PoolSeen], back: bool) -> bool {
    pools.iter().all(|pool| sides(pool, back).0.available >= pool.replicas)
}

/// Returns the version that comes and the one that goes.
pub(super) fn sides(pool: &PoolSeen, back: bool) -> (Servers, Servers) {
    if back { (pool.stable, pool.canary) } else { (pool.canary, pool.stable) }
}

/// Returns targets for the version that comes and the one that goes.
pub(super) fn target(coming: u32, leaving: u32, back: bool) -> Target {
    if back { Target { stable: coming, canary: leaving } } else { Target { stable: leaving, canary: coming } }
}

/// What a rollout is at, as far as its deadline is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// Servers are to come or to go.
    Work,
    /// It waits because it was told to: a pause, an analysis, a delay.
    Wait,
    /// Nothing is left to do.
    End,
}

/// Watches whether a rollout comes nearer to its end.
#[derive(Debug)]
pub(super) struct Deadline {
    allowed: SimDuration,
    aborts: bool,
    since: SimTime,
    last: Vec<PoolSeen>,
}

impl Deadline {
    /// Allows so many seconds without progress, after which the rollout aborts or is but stuck.
    pub(super) fn new(allowed: u32, aborts: bool) -> Self {
        Self { allowed: seconds(allowed), aborts, since: SimTime::ZERO, last: Vec::new() }
    }

    /// Begins anew, for the way back: that one is never aborted.
    pub(super) fn turn(&mut self) {
        self.aborts = false;
        self.last.clear();
    }

    /// Tells how the rollout stands, and when the deadline passes unless something happens.
    pub(super) fn look(
        &mut self,
        seen: &Seen<'_>,
        back: bool,
        advanced: bool,
        doing: Doing,
    ) -> (Progress, Option<SimTime>) {
        let nearer = self.last.len() != seen.pools.len()
            || self.last.iter().zip(seen.pools).any(|(last, now)| is_nearer(last, now, back));
        if nearer || advanced || doing != Doing::Work {
            self.since = seen.now;
        }
        self.last.clear();
        self.last.extend_from_slice(seen.pools);
        let end = self.since + self.allowed;
        match doing {
            Doing::End => (Progress::Done, None),
            Doing::Wait => (Progress::Going, None),
            Doing::Work if seen.now < end => (Progress::Going, Some(end)),
            Doing::Work if self.aborts => {
                (Progress::Aborted(format!("no progress for {}", self.allowed)), None)
            }
            Doing::Work => (Progress::Stuck, None),
        }
    }
}

/// Tells whether a pool has come nearer: another number of servers of the version that comes, fewer of the
/// other, or more of both ready or available.
fn is_nearer(last: &PoolSeen, now: &PoolSeen, back: bool) -> bool {
    let ((coming_before, leaving_before), (coming, leaving)) = (sides(last, back), sides(now, back));
    let sum =
        |pool: &PoolSeen, count: fn(&Servers) -> u32| count(&pool.stable).saturating_add(count(&pool.canary));
    let grew = |count: fn(&Servers) -> u32| sum(now, count) > sum(last, count);
    coming.spec != coming_before.spec
        || leaving.spec < leaving_before.spec
        || grew(|servers| servers.ready)
        || grew(|servers| servers.available)
}

/// Returns an answer that routes nothing and asks for no analysis.
pub(super) fn by_servers(targets: Vec<Target>, state: Progress, wake: Option<SimTime>) -> Action {
    Action { targets, weight: None, analysis: None, wake, state, step: None }
}

/// Returns a weight in per cent as a share.
pub(super) fn share(weight: u32) -> f64 {
    f64::from(weight) / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(spec: u32, ready: u32) -> Servers {
        Servers { spec, ready, available: ready, draining: 0 }
    }

    fn look(deadline: &mut Deadline, second: u64, pool: PoolSeen, doing: Doing) -> (Progress, Option<u64>) {
        let now = SimTime::from_nanos(second * 1_000_000_000);
        let seen = Seen { now, pools: &[pool], analysis: Status::Running };
        let (state, wake) = deadline.look(&seen, false, false, doing);
        (state, wake.map(|wake| wake.as_nanos() / 1_000_000_000))
    }

    #[test]
    fn the_deadline_counts_from_the_last_thing_that_came_nearer() {
        let mut deadline = Deadline::new(100, false);
        let mut pool = PoolSeen { replicas: 4, stable: servers(4, 4), canary: servers(1, 0) };
        assert_eq!(look(&mut deadline, 7, pool, Doing::Work), (Progress::Going, Some(107)));
        pool.canary = servers(1, 1);
        assert_eq!(look(&mut deadline, 50, pool, Doing::Work), (Progress::Going, Some(150)), "ready");
        pool.stable = servers(3, 3);
        assert_eq!(look(&mut deadline, 60, pool, Doing::Work), (Progress::Going, Some(160)), "fewer old");
        pool.stable = servers(3, 2);
        assert_eq!(
            look(&mut deadline, 70, pool, Doing::Work),
            (Progress::Going, Some(160)),
            "less is no progress"
        );
        assert_eq!(look(&mut deadline, 160, pool, Doing::Work), (Progress::Stuck, None));
        pool.canary = servers(2, 1);
        assert_eq!(
            look(&mut deadline, 161, pool, Doing::Work),
            (Progress::Going, Some(261)),
            "it moves again"
        );
    }

    #[test]
    fn waiting_costs_no_time_and_aborting_is_asked_for() {
        let mut deadline = Deadline::new(100, true);
        let pool = PoolSeen { replicas: 1, stable: servers(1, 1), canary: servers(1, 0) };
        assert_eq!(look(&mut deadline, 0, pool, Doing::Wait), (Progress::Going, None));
        assert_eq!(look(&mut deadline, 500, pool, Doing::Wait), (Progress::Going, None));
        assert_eq!(look(&mut deadline, 501, pool, Doing::Work), (Progress::Going, Some(600)));
        let why = "no progress for 1m40s".to_owned();
        assert_eq!(look(&mut deadline, 600, pool, Doing::Work), (Progress::Aborted(why), None));
        deadline.turn();
        assert_eq!(look(&mut deadline, 600, pool, Doing::Work), (Progress::Going, Some(700)));
        assert_eq!(look(&mut deadline, 700, pool, Doing::Work), (Progress::Stuck, None));
    }
}
