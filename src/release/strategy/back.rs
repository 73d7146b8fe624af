//! The way back of a strategy that routes traffic.
//!
//! Source: argoproj/argo-rollouts 9f8d111d, rollout/trafficrouting.go (`reconcileTrafficRouting`,
//! `checkReplicasAvailable`) and rollout/replicaset.go (`reconcileNewReplicaSet`): an aborted version loses its
//! traffic at once where the stable one is there in full, else as soon as it is; its servers stay until the
//! stable version has been in full for some time.

use super::progress::{self, Deadline, Doing};
use super::{Action, PoolSeen, Seen};
use crate::release::counts::argo::traffic_weight_to_replicas;
use crate::time::{SimDuration, SimTime};

/// A way back.
#[derive(Debug)]
pub(super) struct Return {
    /// The new version's share of the traffic, in per cent.
    pub(super) weight: u32,
    /// How long servers of the new version stay once the previous version is there in full.
    pub(super) delay: SimDuration,
    /// Whether traffic goes back to what is there of the previous version, even if that is not all.
    pub(super) stands: bool,
    /// What it is called when the traffic goes back.
    pub(super) word: &'static str,
    /// Servers of the new version, by pool, until they go: those that were there, or more where its share needs
    /// them.
    held: Vec<u32>,
    /// Since when the previous version has been there in full.
    whole: Option<SimTime>,
    leaving: bool,
}

impl Return {
    /// Begins with all that a share of the traffic in per cent means; `stands` tells whether the previous fleet
    /// was never reduced.
    pub(super) fn new(weight: u32, delay: SimDuration, stands: bool, word: &'static str) -> Self {
        Self { weight, delay, stands, word, held: Vec::new(), whole: None, leaving: false }
    }

    /// Answers what is to be from now on.
    pub(super) fn next(&mut self, seen: &Seen<'_>, deadline: &mut Deadline) -> Action {
        let mut step = None;
        if self.held.len() != seen.pools.len() {
            self.held = seen.pools.iter().map(|pool| pool.canary.spec).collect();
        }
        let whole = progress::is_whole(seen.pools, true);
        if self.weight > 0 && (whole || self.stands && has_some(seen.pools)) {
            self.weight = 0;
            step = Some(self.word.to_owned());
        }
        if self.weight == 0 && whole {
            self.whole.get_or_insert(seen.now);
        }
        let gone = self.whole.map(|since| since + self.delay);
        let leaves = gone.is_some_and(|gone| seen.now >= gone);
        if step.is_none() && leaves && !self.leaving {
            self.leaving = true;
            let any = seen.pools.iter().any(|pool| pool.canary.spec > 0);
            step = any.then(|| "scale down".to_owned());
        }
        for (held, pool) in self.held.iter_mut().zip(seen.pools) {
            *held = (*held).max(traffic_weight_to_replicas(pool.replicas, self.weight, 100));
        }
        let canary = |held: u32| if self.leaving { 0 } else { held };
        let pools = seen.pools.iter().zip(&self.held);
        let targets = pools.map(|(pool, &held)| progress::target(pool.replicas, canary(held), true));
        let doing = match gone {
            _ if self.weight == 0 && progress::is_complete(seen.pools, true) => Doing::End,
            Some(_) if !leaves => Doing::Wait,
            _ => Doing::Work,
        };
        let (state, end) = deadline.look(seen, true, step.is_some(), doing);
        let wake = gone.filter(|&gone| gone > seen.now).or(end);
        let weight = Some(progress::share(self.weight));
        Action { targets: targets.collect(), weight, analysis: None, wake, state, step }
    }
}

/// Tells whether every pool has a server of the previous version that is available.
fn has_some(pools: &[PoolSeen]) -> bool {
    pools.iter().all(|pool| pool.replicas == 0 || pool.stable.available > 0)
}
