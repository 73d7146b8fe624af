//! All servers of the previous version stop, then all of the new one start.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Action, Progress, RolloutStrategy, Seen, StrategySpec, Target};
use crate::time::SimTime;

/// All servers of the previous version stop, then all of the new one start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Recreate {}

impl StrategySpec for Recreate {
    fn build(&self) -> Box<dyn RolloutStrategy> {
        Box::new(State { back: false })
    }

    fn problems(&self) -> Vec<(String, String, String)> {
        Vec::new()
    }
}

#[derive(Debug)]
struct State {
    back: bool,
}

impl RolloutStrategy for State {
    fn next_action(&mut self, seen: &Seen<'_>) -> Action {
        let mut done = true;
        let target = |pool: &super::PoolSeen| {
            let (leaving, coming) =
                if self.back { (pool.canary, pool.stable) } else { (pool.stable, pool.canary) };
            let wanted = if leaving.spec > 0 { 0 } else { pool.replicas };
            done &= leaving.spec == 0 && coming.ready >= wanted;
            if self.back {
                Target { stable: wanted, canary: 0 }
            } else {
                Target { stable: 0, canary: wanted }
            }
        };
        let targets = seen.pools.iter().map(target).collect();
        let state = if done { Progress::Done } else { Progress::Going };
        Action { targets, weight: None, analysis: None, wake: None, state, step: None }
    }

    fn turn_back(&mut self, _now: SimTime) {
        self.back = true;
    }
}
