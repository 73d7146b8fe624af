//! How Argo Rollouts divides replicas between a canary and the stable version.
//!
//! Source: argoproj/argo-rollouts 9f8d111d, utils/replicaset/canary.go, its defaults in
//! utils/defaults/defaults.go. Without traffic routing the numbers of replicas are the weight
//! (`basic.rs`); with it the router shifts traffic and the numbers follow (`routed.rs`).

mod basic;
mod routed;
mod step;

pub use basic::approximate_weighted_counts;
pub use routed::{TrafficWeights, traffic_weight_to_replicas};
pub use step::{CanaryStep, ReplicaProgressThreshold, SetCanaryScale};

use super::kubernetes::{Deployment, DeploymentStrategy};
use super::{IntOrPercent, ReplicaSet};
use crate::time::SimDuration;

/// Which router shifts traffic; here only what its weights add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrafficRouting {
    /// The weight of all traffic (`maxTrafficWeight`).
    pub max_traffic_weight: u32,
}

/// The weight of all traffic where no router says otherwise.
const MAX_TRAFFIC_WEIGHT: u32 = 100;

impl Default for TrafficRouting {
    fn default() -> Self {
        Self { max_traffic_weight: MAX_TRAFFIC_WEIGHT }
    }
}

/// How a Rollout brings in a new version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanaryStrategy {
    /// How many more than wanted there may be, without traffic routing.
    pub max_surge: IntOrPercent,
    /// How many of those wanted may be unavailable, without traffic routing.
    pub max_unavailable: IntOrPercent,
    /// What is done one after the other.
    pub steps: Vec<CanaryStep>,
    /// Whether a router shifts the traffic.
    pub traffic_routing: Option<TrafficRouting>,
    /// Whether the stable version shrinks as traffic leaves it, with traffic routing.
    pub dynamic_stable_scale: bool,
    /// How long an aborted canary stays up, with traffic routing; zero leaves it up for good, what is not
    /// said are 30 s.
    pub abort_scale_down_delay: Option<SimDuration>,
    /// The least of a version that there are any of, with traffic routing.
    pub min_pods_per_replica_set: Option<u32>,
    /// What of a canary has to be available before the next step; all where nothing is said.
    pub replica_progress_threshold: Option<ReplicaProgressThreshold>,
}

impl Default for CanaryStrategy {
    fn default() -> Self {
        Self {
            max_surge: IntOrPercent::Percent(25),
            max_unavailable: IntOrPercent::Percent(25),
            steps: Vec::new(),
            traffic_routing: None,
            dynamic_stable_scale: false,
            abort_scale_down_delay: None,
            min_pods_per_replica_set: None,
            replica_progress_threshold: None,
        }
    }
}

/// How far a Rollout has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CanaryStatus {
    /// Which step it is at, from 0; beyond the last it is past all of them.
    pub current_step_index: usize,
    /// Whether it was aborted: the stable version is to take over again.
    pub abort: bool,
    /// Whether the remaining steps are skipped.
    pub promote_full: bool,
    /// Whether there is nothing to compare: no stable version yet, or the new one is the stable one.
    pub fully_promoted: bool,
}

/// The two versions of a Rollout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// The new version.
    pub canary: Option<ReplicaSet>,
    /// The version before; `None` also where the new one is the stable one.
    pub stable: Option<ReplicaSet>,
}

/// How many there are to be of both versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CanaryCounts {
    /// Of the new version.
    pub canary: u32,
    /// Of the stable version.
    pub stable: u32,
}

/// What a step makes of the canary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CanaryScale {
    /// So many replicas, whatever the traffic.
    Replicas(u32),
    /// As many as such a weight needs.
    Weight(u32),
}

/// A Rollout: what is asked of it and how far it has come.
#[derive(Clone, Copy, Debug)]
pub struct Rollout<'a> {
    /// How many there are to be.
    pub replicas: u32,
    /// How a new version is brought in.
    pub strategy: &'a CanaryStrategy,
    /// How far it has come.
    pub status: CanaryStatus,
}

impl Rollout<'_> {
    /// Returns how many there are to be of both versions now, by whichever way the traffic is shifted.
    /// `older` are versions before the stable one, `weights` where the traffic goes now.
    pub fn counts(
        &self,
        versions: Versions,
        older: &[ReplicaSet],
        weights: Option<TrafficWeights>,
    ) -> CanaryCounts {
        match self.strategy.traffic_routing {
            None => self.basic_counts(versions, older),
            Some(_) => self.traffic_routed_counts(versions, weights),
        }
    }

    /// Tells whether the numbers are those of the current step, so that the next one may begin
    /// (`AtDesiredReplicaCountsForCanary`).
    ///
    /// Of the canary its replicas have to be available, or the share that is asked for; of the stable
    /// version they have to be there, where its size does not follow the traffic. Without traffic routing
    /// nothing older may be available, since it would serve requests. A replica that is to be there is
    /// taken to have been created.
    pub fn at_desired_counts(
        &self,
        versions: Versions,
        older: &[ReplicaSet],
        weights: Option<TrafficWeights>,
    ) -> bool {
        let desired = self.counts(versions, older, weights);
        let routed = self.strategy.traffic_routing.is_some();
        let threshold = self.strategy.replica_progress_threshold;
        let stable_follows = routed && self.strategy.dynamic_stable_scale;
        step::progress_threshold_met(threshold, versions.canary, desired.canary)
            && (stable_follows || versions.stable.is_some_and(|stable| stable.spec == desired.stable))
            && (routed || older.iter().all(|set| set.available == 0))
    }

    /// Returns both limits of a rolling update at this size.
    fn limits(&self) -> Deployment {
        let CanaryStrategy { max_surge, max_unavailable, .. } = *self.strategy;
        let strategy = DeploymentStrategy::RollingUpdate { max_surge, max_unavailable };
        Deployment { replicas: self.replicas, strategy }
    }

    /// Returns the weight of all traffic (`MaxTrafficWeight`), never 0.
    pub fn max_traffic_weight(&self) -> u32 {
        self.strategy.traffic_routing.map_or(MAX_TRAFFIC_WEIGHT, |routing| routing.max_traffic_weight.max(1))
    }
}

#[cfg(test)]
mod tests;
