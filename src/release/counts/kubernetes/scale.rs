//! A Deployment that is resized in the middle of a rollout: every version grows or shrinks in proportion.

use std::cmp::Reverse;

use super::{Deployment, DeploymentStrategy};
use crate::release::counts::ReplicaSet;

/// A version with what its Deployment wanted when it was scaled last: the annotations `desired-replicas`
/// and `max-replicas`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scaled {
    /// Its replicas.
    pub set: ReplicaSet,
    /// How many the Deployment wanted of all versions together.
    pub desired: u32,
    /// How many there might be at most: those and the surge.
    pub max: u32,
}

/// How many there are to be of every version after a Deployment was resized.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scale {
    /// Of the new version, if there is one.
    pub new: Option<u32>,
    /// Of the old versions, in the order in which they were given.
    pub old: Vec<u32>,
}

impl Deployment {
    /// Returns the sizes of all versions for a Deployment that now wants another number (`scale`).
    ///
    /// A version alone, or the newest where there are none at all, takes the whole number. Beside a complete
    /// new version nothing old stays. Otherwise the difference is shared out in proportion, so that a
    /// rollout that was going slowly is not hurried. Old versions are given oldest first. Whoever calls
    /// it notes `replicas` and `max_total` as [`Scaled::desired`] and [`Scaled::max`] of every version
    /// that has replicas.
    pub fn scale(self, new: Option<Scaled>, old: &[Scaled]) -> Scale {
        let versions: Vec<Scaled> = old.iter().copied().chain(new).collect();
        let mut sizes: Vec<u32> = versions.iter().map(|version| version.set.spec).collect();
        let active: Vec<usize> = (0..sizes.len()).filter(|&index| sizes[index] > 0).collect();
        match (active.as_slice(), sizes.len().checked_sub(1)) {
            (_, None) => {}
            ([], Some(newest)) => sizes[newest] = self.replicas,
            ([alone], _) => sizes[*alone] = self.replicas,
            _ if new.is_some_and(|new| self.is_saturated_by(new)) => sizes[..old.len()].fill(0),
            _ if self.strategy == DeploymentStrategy::Recreate => {}
            _ => self.share_out(&versions, active, &mut sizes),
        }
        let new = new.and_then(|_| sizes.pop());
        Scale { new, old: sizes }
    }

    /// Tells whether a version is complete (`IsSaturated`): wanted, there and available.
    fn is_saturated_by(self, version: Scaled) -> bool {
        let Scaled { set, desired, .. } = version;
        [set.spec, desired, set.available] == [self.replicas; 3]
    }

    /// Shares out what is to be added or taken away, the largest version first; among equals the newer
    /// first when growing, the older first when shrinking. What rounding leaves over goes to the first.
    fn share_out(self, versions: &[Scaled], mut order: Vec<usize>, sizes: &mut [u32]) {
        let allowed = if self.replicas > 0 { i64::from(self.max_total()) } else { 0 };
        let total: i64 = sizes.iter().map(|&size| i64::from(size)).sum();
        let change = allowed - total;
        if change > 0 {
            order.sort_by_key(|&index| Reverse((sizes[index], index)));
        } else {
            order.sort_by_key(|&index| (Reverse(sizes[index]), index));
        }
        let mut left = change;
        for &index in &order {
            let share = self.proportion(versions[index], left);
            sizes[index] = grown(sizes[index], share);
            left -= share;
        }
        if let Some(&largest) = order.first() {
            sizes[largest] = grown(sizes[largest], left);
        }
    }

    /// Returns what a version gets of what is still to be shared out (`GetProportion`).
    fn proportion(self, version: Scaled, left: i64) -> i64 {
        let size = i64::from(version.set.spec);
        let share = if self.replicas == 0 {
            -size
        } else {
            let max = i128::from(version.max.max(1));
            let twice = 2 * i128::from(size) * i128::from(self.max_total());
            // Half is rounded up.
            let after = u32::try_from((twice + max) / (2 * max)).unwrap_or(u32::MAX);
            i64::from(after) - size
        };
        match left {
            0 => 0,
            1.. => share.min(left),
            _ => share.max(left),
        }
    }
}

/// Returns a size after a change; never less than nothing.
fn grown(size: u32, change: i64) -> u32 {
    let after = i64::from(size).saturating_add(change).max(0);
    u32::try_from(after).unwrap_or(u32::MAX)
}
