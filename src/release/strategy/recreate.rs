//! All servers of the previous version stop, then all of the new one start.
//!
//! Source: kubernetes/kubernetes v1.20.2, pkg/controller/deployment/recreate.go: nothing new is created while
//! anything old still runs, and what drains does (`oldPodsRunning`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::progress::{self, Deadline, Doing, Wrong};
use super::{Action, PoolSeen, RolloutStrategy, Seen, StrategySpec, Target};
use crate::time::SimTime;

/// All servers of the previous version stop, then all of the new one start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Recreate {
    /// Seconds without progress after which it counts as stuck.
    #[serde(default = "progress::six_hundred")]
    pub progress_deadline_seconds: u32,
}

impl Default for Recreate {
    fn default() -> Self {
        Self { progress_deadline_seconds: progress::six_hundred() }
    }
}

impl StrategySpec for Recreate {
    fn build(&self) -> Box<dyn RolloutStrategy> {
        Box::new(State { back: false, deadline: Deadline::new(self.progress_deadline_seconds, false) })
    }

    fn problems(&self) -> Vec<Wrong> {
        progress::deadline_problem(self.progress_deadline_seconds).into_iter().collect()
    }
}

#[derive(Debug)]
struct State {
    back: bool,
    deadline: Deadline,
}

impl State {
    /// No server of one version is there together with one of the other.
    fn target(&self, pool: &PoolSeen) -> Target {
        let (_, leaving) = progress::sides(pool, self.back);
        let gone = leaving.spec == 0 && leaving.draining == 0;
        progress::target(if gone { pool.replicas } else { 0 }, 0, self.back)
    }
}

impl RolloutStrategy for State {
    fn next_action(&mut self, seen: &Seen<'_>) -> Action {
        let targets = seen.pools.iter().map(|pool| self.target(pool)).collect();
        let doing = if progress::is_complete(seen.pools, self.back) { Doing::End } else { Doing::Work };
        let (state, wake) = self.deadline.look(seen, self.back, false, doing);
        progress::by_servers(targets, state, wake)
    }

    fn turn_back(&mut self, _now: SimTime) {
        self.back = true;
        self.deadline.turn();
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Toy, read};
    use super::*;
    use crate::release::detector::Status;
    use crate::release::strategy::{Progress, Servers};

    #[test]
    fn no_two_versions_are_there_at_once() {
        let mut toy = Toy::new(&read("\"recreate\""), &[3], 40);
        toy.check =
            Box::new(|pools| assert!(pools.iter().all(|pool| pool.stable.spec * pool.canary.spec == 0)));
        toy.run(400);
        assert_eq!(toy.trace, ["0 0/0 3/0", "40 0/0 3/3"]);
        let mut toy = Toy::new(&read("\"recreate\""), &[3], 40);
        toy.run(10).turn_back();
        toy.run(400);
        assert_eq!(toy.trace, ["0 0/0 3/0", "10 3/0 0/0", "50 3/3 0/0"]);
    }

    #[test]
    fn nothing_new_is_ordered_before_all_that_is_old_has_gone() {
        let mut strategy = Recreate::default().build();
        let mut targets = |spec, draining| {
            let stable = Servers { spec, draining, ..Servers::default() };
            let pools = [PoolSeen { replicas: 3, stable, canary: Servers::default() }];
            let seen = Seen { now: SimTime::ZERO, pools: &pools, analysis: Status::Running };
            strategy.next_action(&seen).targets[0]
        };
        assert_eq!(targets(3, 0), Target { stable: 0, canary: 0 });
        assert_eq!(targets(1, 2), Target { stable: 0, canary: 0 });
        assert_eq!(targets(0, 1), Target { stable: 0, canary: 0 }, "the last one still drains");
        assert_eq!(targets(0, 0), Target { stable: 0, canary: 3 });
    }

    #[test]
    fn it_is_stuck_after_its_deadline() {
        let mut toy = Toy::new(&read(r#"{"recreate": {"progressDeadlineSeconds": 30}}"#), &[3], 40);
        toy.run(29);
        assert_eq!((toy.state(), toy.wake()), (Progress::Going, Some(30)));
        toy.run(1);
        assert_eq!(toy.state(), Progress::Stuck);
        toy.run(10);
        assert_eq!(toy.state(), Progress::Done);
    }
}
