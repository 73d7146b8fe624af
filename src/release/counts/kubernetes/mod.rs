//! How a Deployment of Kubernetes divides its replicas between the new version and the old ones.
//!
//! Source: kubernetes/kubernetes v1.20.2, pkg/controller/deployment/rolling.go, sync.go and
//! util/deployment_util.go. Wherever there are several old versions, the oldest comes first.

mod scale;

pub use scale::{Scale, Scaled};

use super::{IntOrPercent, ReplicaSet, replicas_of};

/// How far a rollout may go beyond the wanted number and below it, in replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fenceposts {
    /// How many more than wanted there may be.
    pub surge: u32,
    /// How many of those wanted may be unavailable.
    pub unavailable: u32,
}

/// Returns both limits as numbers of replicas: the surge rounded up, the unavailable rounded down
/// (`ResolveFenceposts`).
///
/// ```
/// # use peakday::release::counts::{IntOrPercent, kubernetes::resolve_fenceposts};
/// let quarter = IntOrPercent::Percent(25);
/// let limits = resolve_fenceposts(quarter, quarter, 10);
/// assert_eq!((limits.surge, limits.unavailable), (3, 2));
/// ```
pub fn resolve_fenceposts(
    max_surge: IntOrPercent,
    max_unavailable: IntOrPercent,
    desired: u32,
) -> Fenceposts {
    let surge = max_surge.ceil_of(desired);
    let unavailable = max_unavailable.floor_of(desired);
    // A rollout that may do neither would never begin.
    let stuck = surge == 0 && unavailable == 0;
    Fenceposts { surge, unavailable: if stuck { 1 } else { unavailable } }
}

/// How a Deployment replaces its replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeploymentStrategy {
    /// All the old ones are stopped, then the new ones started.
    Recreate,
    /// Old ones make room for new ones within limits.
    RollingUpdate {
        /// How many more than wanted there may be.
        max_surge: IntOrPercent,
        /// How many of those wanted may be unavailable.
        max_unavailable: IntOrPercent,
    },
}

/// What is asked of a Deployment: how many replicas, and how they are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// How many there are to be.
    pub replicas: u32,
    /// How they are replaced.
    pub strategy: DeploymentStrategy,
}

impl Deployment {
    fn fenceposts(self) -> Fenceposts {
        match self.strategy {
            DeploymentStrategy::Recreate => Fenceposts { surge: 0, unavailable: 0 },
            DeploymentStrategy::RollingUpdate { max_surge, max_unavailable } => {
                resolve_fenceposts(max_surge, max_unavailable, self.replicas)
            }
        }
    }

    /// Returns how many more than wanted there may be (`MaxSurge`); none where all are recreated.
    pub fn max_surge(self) -> u32 {
        self.fenceposts().surge
    }

    /// Returns how many of those wanted may be unavailable, at most all of them (`MaxUnavailable`); none
    /// where all are recreated.
    pub fn max_unavailable(self) -> u32 {
        self.fenceposts().unavailable.min(self.replicas)
    }

    /// Returns how many have to be available throughout a rolling update.
    pub fn min_available(self) -> u32 {
        self.replicas - self.max_unavailable()
    }

    /// Returns the most there may be of all versions together.
    pub fn max_total(self) -> u32 {
        self.replicas.saturating_add(self.max_surge())
    }

    /// Returns to how many the new version grows, of which there are to be `new` among `total` of all
    /// versions (`NewRSNewReplicas`).
    pub fn new_rs_new_replicas(self, new: u32, total: u32) -> u32 {
        if self.strategy == DeploymentStrategy::Recreate {
            return self.replicas;
        }
        let room = self.max_total().saturating_sub(total);
        if room == 0 { new } else { new.saturating_add(room).min(self.replicas) }
    }

    /// Returns how many there are to be of the new version now (`reconcileNewReplicaSet`): what is above
    /// the wanted number goes at once, what is below grows as far as the surge allows.
    pub fn reconcile_new(self, new: u32, total: u32) -> u32 {
        if new >= self.replicas { self.replicas } else { self.new_rs_new_replicas(new, total) }
    }

    /// Takes away from the old versions what the new one has made superfluous, and tells how many
    /// (`reconcileOldReplicaSets`).
    ///
    /// What is not available goes first, since that costs nothing; then the oldest, as long as enough stay
    /// available. New replicas that are not available yet allow neither.
    pub fn reconcile_old(self, new: ReplicaSet, old: &mut [ReplicaSet]) -> u32 {
        let old_total = replicas_of(old);
        if old_total == 0 {
            return 0;
        }
        let unavailable_new = i64::from(new.spec) - i64::from(new.available);
        let total = i64::from(old_total) + i64::from(new.spec);
        let most = total - i64::from(self.min_available()) - unavailable_new;
        if most <= 0 {
            return 0;
        }
        // The controller forgets versions of which there is to be nothing, even if some are still there.
        let active = old.iter().filter(|set| set.spec > 0).map(|set| set.available);
        let available = active.fold(new.available, u32::saturating_add);
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        let Some(cleaned) = cleanup_unhealthy(old, most) else { return 0 };
        cleaned.saturating_add(self.scale_down_old(old, available))
    }

    /// Takes away from the old versions, the oldest first, what is available beyond the least, and tells
    /// how many (`scaleDownOldReplicaSetsForRollingUpdate`). `available` counts all versions.
    pub fn scale_down_old(self, old: &mut [ReplicaSet], available: u32) -> u32 {
        let most = available.saturating_sub(self.min_available());
        let mut left = most;
        for set in old {
            let down = set.spec.min(left);
            set.spec -= down;
            left -= down;
        }
        most - left
    }
}

/// Takes away replicas that are not available, the oldest versions first and at most so many, and tells
/// how many (`cleanupUnhealthyReplicas`).
///
/// `None` where more of a version are available than there are to be: it is being scaled down already, and
/// the controller gives up until what it sees has caught up. What it did before that stays done.
pub fn cleanup_unhealthy(old: &mut [ReplicaSet], max_cleanup: u32) -> Option<u32> {
    let mut left = max_cleanup;
    for set in old {
        if left == 0 {
            break;
        }
        if set.spec == 0 {
            continue;
        }
        let down = set.spec.checked_sub(set.available)?.min(left);
        set.spec -= down;
        left -= down;
    }
    Some(max_cleanup - left)
}

#[cfg(test)]
mod tests;
