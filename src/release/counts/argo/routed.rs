//! A canary whose traffic a router shifts: the numbers of replicas follow the weights.

use super::{CanaryCounts, CanaryScale, Rollout, Versions};

/// Where the traffic goes now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrafficWeights {
    /// The weight of the canary.
    pub canary: u32,
    /// The weight of the stable version.
    pub stable: u32,
}

/// Returns how many of all replicas a weight needs, rounded up (`trafficWeightToReplicas`).
///
/// ```
/// # use peakday::release::counts::argo::traffic_weight_to_replicas;
/// assert_eq!(traffic_weight_to_replicas(10, 33, 100), 4);
/// ```
pub fn traffic_weight_to_replicas(replicas: u32, weight: u32, max_weight: u32) -> u32 {
    let share = u64::from(weight) * u64::from(replicas);
    u32::try_from(share.div_ceil(u64::from(max_weight.max(1)))).unwrap_or(u32::MAX)
}

impl Rollout<'_> {
    /// Returns how many there are to be where a router shifts the traffic
    /// (`CalculateReplicaCountsForTrafficRoutedCanary`).
    ///
    /// The stable version stays whole unless its size follows the traffic: then it has what the larger of
    /// its present and its coming weight needs, and an aborted canary likewise.
    pub fn traffic_routed_counts(&self, versions: Versions, weights: Option<TrafficWeights>) -> CanaryCounts {
        let max = self.max_traffic_weight();
        let needed = |weight| traffic_weight_to_replicas(self.replicas, weight, max);
        let (canary, desired_weight) = match self.canary_scale(versions) {
            CanaryScale::Replicas(replicas) => (replicas, 0),
            CanaryScale::Weight(weight) => (self.at_least_min_pods(needed(weight)), weight),
        };
        if !self.strategy.dynamic_stable_scale {
            return CanaryCounts { canary, stable: self.replicas };
        }
        let present = weights.unwrap_or_default();
        let stable = needed(max.saturating_sub(desired_weight)).max(needed(present.stable));
        let canary = if self.status.abort { canary.max(needed(present.canary)) } else { canary };
        CanaryCounts { canary: self.at_least_min_pods(canary), stable: self.at_least_min_pods(stable) }
    }

    /// Raises a number that is not 0 to the least that is asked for, at most to all replicas
    /// (`CheckMinPodsPerReplicaSet`).
    fn at_least_min_pods(&self, count: u32) -> u32 {
        let min = self.strategy.min_pods_per_replica_set.unwrap_or(0).min(self.replicas);
        if count == 0 { 0 } else { count.max(min) }
    }
}
