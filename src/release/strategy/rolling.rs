//! Kubernetes' rolling update: servers of the new version take the place of the others within limits.
//!
//! The arithmetic is that of a Deployment ([`counts::kubernetes`](crate::release::counts::kubernetes)), pool by
//! pool; rolling back is a rolling update to the previous version. A pool of which another number of servers
//! is wanted on the way shares the difference out in proportion.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::progress::{self, Deadline, Doing, Wrong};
use super::{Action, PoolSeen, Progress, RolloutStrategy, Seen, StrategySpec, Target};
use crate::release::counts::kubernetes::{Deployment, DeploymentStrategy, Scaled};
use crate::release::counts::{IntOrPercent, ReplicaSet};
use crate::time::{SimDuration, SimTime};

/// Servers of the new version take the place of the others a few at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rolling {
    /// How many servers more than wanted there may be; a share is rounded up.
    #[serde(default = "quarter")]
    pub max_surge: IntOrPercent,
    /// How many of the servers that are wanted may be unavailable; a share is rounded down.
    #[serde(default = "quarter")]
    pub max_unavailable: IntOrPercent,
    /// Seconds for which a server must be in service until it counts as available.
    #[serde(default)]
    pub min_ready_seconds: u32,
    /// Seconds without progress after which it counts as stuck.
    #[serde(default = "progress::six_hundred")]
    pub progress_deadline_seconds: u32,
    /// Whether it asks to be rolled back then.
    #[serde(default)]
    pub progress_deadline_abort: bool,
}

fn quarter() -> IntOrPercent {
    progress::QUARTER
}

impl Default for Rolling {
    fn default() -> Self {
        Self {
            max_surge: progress::QUARTER,
            max_unavailable: progress::QUARTER,
            min_ready_seconds: 0,
            progress_deadline_seconds: progress::six_hundred(),
            progress_deadline_abort: false,
        }
    }
}

impl StrategySpec for Rolling {
    fn build(&self) -> Box<dyn RolloutStrategy> {
        let strategy = DeploymentStrategy::RollingUpdate {
            max_surge: self.max_surge,
            max_unavailable: self.max_unavailable,
        };
        let deadline = Deadline::new(self.progress_deadline_seconds, self.progress_deadline_abort);
        Box::new(State { strategy, deadline, back: false, aborted: None, told: Vec::new() })
    }

    fn problems(&self) -> Vec<Wrong> {
        let limits = progress::limits_problem(self.max_surge, self.max_unavailable);
        limits.into_iter().chain(progress::deadline_problem(self.progress_deadline_seconds)).collect()
    }

    fn gives_up(&self) -> bool {
        self.progress_deadline_abort
    }

    fn min_ready(&self) -> SimDuration {
        progress::seconds(self.min_ready_seconds)
    }
}

#[derive(Debug)]
struct State {
    strategy: DeploymentStrategy,
    deadline: Deadline,
    back: bool,
    aborted: Option<String>,
    /// How many servers each pool was to have when it was asked last, and what was answered: the `replicas` of
    /// the Deployment and of its ReplicaSets. Servers that crash are missing from what is there, not from these.
    told: Vec<(u32, Target)>,
}

impl State {
    fn deployment(&self, replicas: u32) -> Deployment {
        Deployment { replicas, strategy: self.strategy }
    }

    /// Returns what a pool is to have, of which `before` servers were wanted, and `told` answered, when it was
    /// asked last.
    fn target(&self, pool: &PoolSeen, before: u32, told: Target) -> Target {
        let (coming, leaving) = progress::sides(pool, self.back);
        let (new, old) = if self.back { (told.stable, told.canary) } else { (told.canary, told.stable) };
        let set = |spec: u32, available: u32| ReplicaSet { spec, available: available.min(spec) };
        let (new, old) = (set(new, coming.available), set(old, leaving.available));
        let deployment = self.deployment(pool.replicas);
        if before != pool.replicas {
            let max = self.deployment(before).max_total();
            let scaled = |set| Scaled { set, desired: before, max };
            let scale = deployment.scale(Some(scaled(new)), &[scaled(old)]);
            let old = scale.old.first().copied().unwrap_or(old.spec);
            return progress::target(scale.new.unwrap_or(new.spec), old, self.back);
        }
        if self.aborted.is_some() {
            return progress::target(new.spec, old.spec, self.back);
        }
        let grown = deployment.reconcile_new(new.spec, new.spec.saturating_add(old.spec));
        if grown != new.spec {
            return progress::target(grown, old.spec, self.back);
        }
        let mut sets = [old];
        deployment.reconcile_old(new, &mut sets);
        progress::target(new.spec, sets[0].spec, self.back)
    }
}

impl RolloutStrategy for State {
    fn next_action(&mut self, seen: &Seen<'_>) -> Action {
        let doing = if progress::is_complete(seen.pools, self.back) { Doing::End } else { Doing::Work };
        let (state, wake) = match &self.aborted {
            Some(why) => (Progress::Aborted(why.clone()), None),
            None => self.deadline.look(seen, self.back, false, doing),
        };
        if let Progress::Aborted(why) = &state {
            self.aborted = Some(why.clone());
        }
        let first =
            |pool: &PoolSeen| (pool.replicas, Target { stable: pool.stable.spec, canary: pool.canary.spec });
        if self.told.len() != seen.pools.len() {
            self.told = seen.pools.iter().map(first).collect();
        }
        let pools = seen.pools.iter().zip(&self.told);
        let targets: Vec<Target> =
            pools.map(|(pool, &(before, told))| self.target(pool, before, told)).collect();
        self.told = seen.pools.iter().map(|pool| pool.replicas).zip(targets.iter().copied()).collect();
        progress::by_servers(targets, state, wake)
    }

    fn turn_back(&mut self, _now: SimTime) {
        self.back = true;
        self.aborted = None;
        self.deadline.turn();
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Toy, read};
    use super::super::tests::draws;
    use crate::release::strategy::PoolSeen;

    fn trace(spec: &str, pools: &[u32], startup: u64) -> Vec<String> {
        Toy::new(&read(spec), pools, startup).run(1_000).trace.clone()
    }

    /// Ten servers, at most 13 and at least 8 available: 3 come, 2 go, 2 come; then what has come lets 5 go,
    /// and so on.
    #[test]
    fn ten_servers_are_replaced_five_at_a_time() {
        let spec = r#"{"rolling": {"maxSurge": 3, "maxUnavailable": 2}}"#;
        assert_eq!(trace(spec, &[10], 60), ["0 8/8 5/0", "60 3/3 10/5", "120 0/0 10/10"]);
        // The defaults mean the same: 25 % of 10 is 3 rounded up and 2 rounded down.
        assert_eq!(trace("\"rolling\"", &[10], 60), ["0 8/8 5/0", "60 3/3 10/5", "120 0/0 10/10"]);
    }

    #[test]
    fn one_at_a_time_where_only_one_more_or_one_fewer_may_be_there() {
        let more = r#"{"rolling": {"maxSurge": 1, "maxUnavailable": 0}}"#;
        assert_eq!(trace(more, &[2], 30), ["0 2/2 1/0", "30 1/1 2/1", "60 0/0 2/2"]);
        let fewer = r#"{"rolling": {"maxSurge": 0, "maxUnavailable": 1}}"#;
        assert_eq!(trace(fewer, &[2], 30), ["0 1/1 1/0", "30 0/0 2/1", "60 0/0 2/2"]);
        // Of one server 1 % is one more, and no fewer.
        let percent = r#"{"rolling": {"maxSurge": "1%", "maxUnavailable": "1%"}}"#;
        assert_eq!(trace(percent, &[1], 30), ["0 1/1 1/0", "30 0/0 1/1"]);
    }

    #[test]
    fn a_server_counts_once_it_has_been_in_service_for_long_enough() {
        let spec = r#"{"rolling": {"maxSurge": 1, "maxUnavailable": 0, "minReadySeconds": 15}}"#;
        assert_eq!(trace(spec, &[1], 30), ["0 1/1 1/0", "45 0/0 1/1"]);
    }

    #[test]
    fn every_pool_is_rolled_by_itself() {
        let spec = r#"{"rolling": {"maxSurge": 1, "maxUnavailable": 0}}"#;
        assert_eq!(
            trace(spec, &[1, 2], 30),
            ["0 1/1+2/2 1/0+1/0", "30 0/0+1/1 1/1+2/1", "60 0/0+0/0 1/1+2/2"]
        );
    }

    /// Turned round at 90 s with 3 old and 10 new (5 of them available): the old ones may come back to 3, since
    /// there are 13; unavailable new ones go first.
    #[test]
    fn it_turns_round_by_the_same_rules() {
        let mut toy = Toy::new(&read("\"rolling\""), &[10], 60);
        toy.run(90).turn_back();
        toy.run(1_000);
        assert_eq!(
            toy.trace,
            [
                "0 8/8 5/0",
                "60 3/3 10/5",
                // The 5 that start go: 3 + 5 available; 13 - 8 = 5 old ones come.
                "90 8/3 5/5",
                // 8 + 5 available: 5 go, 2 come.
                "150 10/8 0/0",
                "210 10/10 0/0",
            ]
        );
    }

    /// Kubernetes' proportional scaling: at 30 s there are 8 old and 5 new of at most 13; for 20 servers there
    /// may be 25: 8 x 25/13 = 15.4, and the rest.
    #[test]
    fn another_number_of_servers_is_shared_out_in_proportion() {
        let mut toy = Toy::new(&read("\"rolling\""), &[10], 60);
        toy.run(30).resize(0, 20);
        toy.run(5);
        assert_eq!(toy.trace, ["0 8/8 5/0", "30 15/8 10/0"]);
        // And back: 15 x 13/25 = 7.8 and 10 x 13/25 = 5.2.
        let mut toy = Toy::new(&read("\"rolling\""), &[20], 60);
        toy.run(30).resize(0, 10);
        toy.run(5);
        assert_eq!(toy.trace, ["0 15/15 10/0", "30 8/8 5/0"]);
    }

    /// At 70 s the five that start crash, and two of the five that are there: as many are ordered anew, and
    /// nothing old comes or goes for them.
    #[test]
    fn servers_that_crash_are_replaced_by_their_own_kind() {
        let mut toy = Toy::new(&read("\"rolling\""), &[10], 60);
        toy.run(70).crash(0, 7);
        toy.run(1_000);
        assert_eq!(toy.trace, ["0 8/8 5/0", "60 3/3 10/5", "70 3/3 10/3", "130 0/0 10/10"]);
        let mut toy = Toy::new(&read(r#"{"rolling": {"progressDeadlineAbort": true}}"#), &[4], 60);
        toy.startup = 1_000_000;
        toy.run(900).crash(0, 1);
        toy.run(10);
        assert_eq!(toy.trace, ["0 3/3 2/0"], "also where it was given up");
    }

    /// Given up at 30 s: what comes into service at 60 s moves nothing on.
    #[test]
    fn what_was_given_up_does_not_go_on() {
        let spec = r#"{"rolling": {"progressDeadlineSeconds": 30, "progressDeadlineAbort": true}}"#;
        assert_eq!(trace(spec, &[10], 60), ["0 8/8 5/0", "60 8/8 5/5"]);
    }

    #[test]
    fn it_stays_within_its_limits_whatever_they_are() {
        for seed in 0..300 {
            let mut draw = draws(seed);
            let (replicas, surge, unavailable) = (1 + draw(20), draw(6), draw(6));
            let spec = format!(r#"{{"rolling": {{"maxSurge": {surge}, "maxUnavailable": {unavailable}}}}}"#);
            let missing = if surge == 0 { unavailable.max(1) } else { unavailable };
            let mut toy = Toy::new(&read(&spec), &[replicas], u64::from(draw(50)));
            toy.check = Box::new(move |pools: &[PoolSeen]| {
                for PoolSeen { stable, canary, .. } in pools {
                    assert!(stable.spec + canary.spec <= replicas + surge, "{pools:?}");
                    assert!(stable.available + canary.available + missing >= replicas, "{pools:?}");
                }
            });
            toy.run(u64::from(draw(200)));
            if draw(2) == 0 {
                toy.turn_back();
            }
            toy.run(4_000);
        }
    }
}
