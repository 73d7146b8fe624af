//! A canary without traffic routing: its share of the traffic is its share of the replicas.

use super::{CanaryCounts, CanaryScale, Rollout, Versions};
use crate::release::counts::{ReplicaSet, replicas_of};

/// Returns the numbers of replicas whose shares come closest to a weight
/// (`approximateWeightedCanaryStableReplicaCounts`).
///
/// They add up to `replicas`, or to one more where surging is allowed and comes closer. With a weight between
/// nothing and all neither version gets none, unless there is but one replica. Of what comes
/// equally close the first counts: the larger canary, without surging.
pub fn approximate_weighted_counts(
    replicas: u32,
    weight: u32,
    max_weight: u32,
    max_surge: u32,
) -> CanaryCounts {
    if replicas == 0 {
        return CanaryCounts::default();
    }
    let weights = Weights { wanted: weight, max: max_weight.max(1) };
    let share = u64::from(replicas) * u64::from(weight);
    let rounded = |quotient: u64| u32::try_from(quotient).unwrap_or(u32::MAX);
    let ceil = rounded(share.div_ceil(u64::from(weights.max)));
    let floor = rounded(share / u64::from(weights.max));
    let none_allowed = weight == 0 || weight == weights.max || (replicas == 1 && max_surge == 0);
    let floor_allowed = |total| (floor > 0 || none_allowed) && !weights.is_tied(total);
    let surged = replicas.saturating_add(1);
    let options = [
        (ceil < replicas || none_allowed).then_some((ceil, replicas)),
        floor_allowed(replicas).then_some((floor, replicas)),
        (max_surge > 0).then_some((ceil, surged)),
        (max_surge > 0 && floor_allowed(surged)).then_some((floor, surged)),
    ];
    let delta = |&(canary, total): &(u32, u32)| weights.delta(canary, total);
    let closest = options.into_iter().flatten().min_by(|left, right| delta(left).total_cmp(&delta(right)));
    let (canary, total) = closest.unwrap_or((0, replicas));
    CanaryCounts { canary, stable: total.saturating_sub(canary) }
}

/// A weight to come close to. It is compared in floating point, in the order of Argo's operations: which of
/// two equally good counts wins may depend on the last bit.
struct Weights {
    wanted: u32,
    max: u32,
}

impl Weights {
    /// Tells whether rounding up and down would be equally far off (`floorCeilingTied`).
    fn is_tied(&self, total: u32) -> bool {
        (f64::from(total) * (f64::from(self.wanted) / f64::from(self.max))).fract() == 0.5
    }

    /// Returns how far the weight of so many among all would be off (`weightDelta`).
    fn delta(&self, canary: u32, total: u32) -> f64 {
        let actual = f64::from(canary) * f64::from(self.max) / f64::from(total);
        (actual - f64::from(self.wanted)).abs()
    }
}

/// How many replicas there may be at most and have to be available at least.
#[derive(Clone, Copy)]
struct Bounds {
    most: i64,
    least_available: i64,
}

impl Rollout<'_> {
    /// Returns how many there are to be without traffic routing (`CalculateReplicaCountsForBasicCanary`).
    ///
    /// First both versions grow as far as the surge allows, the stable one before the canary; while older
    /// versions have replicas, those are to go first and nothing shrinks. Then the version that has too
    /// many shrinks, as far as enough stay available.
    pub fn basic_counts(&self, versions: Versions, older: &[ReplicaSet]) -> CanaryCounts {
        let limits = self.limits();
        let bounds = Bounds {
            most: i64::from(limits.max_total()),
            least_available: i64::from(limits.min_available()),
        };
        let desired = self.basic_desired(versions, limits.max_surge());
        let older = i64::from(replicas_of(older));
        let mut room = bounds.most - older - spec_of(versions.canary) - spec_of(versions.stable);
        let stable = grown(spec_of(versions.stable), desired.stable.into(), &mut room);
        let canary = grown(spec_of(versions.canary), desired.canary.into(), &mut room);
        let (canary, stable) =
            if older > 0 { (canary, stable) } else { shrunk(versions, desired, (canary, stable), bounds) };
        CanaryCounts { canary: count(canary), stable: count(stable) }
    }

    /// Returns what both versions are to come to. Without a stable version there are no steps to follow.
    fn basic_desired(&self, versions: Versions, max_surge: u32) -> CanaryCounts {
        // A size of its own counts with traffic routing only.
        let CanaryScale::Weight(weight) = self.canary_scale(versions) else { return CanaryCounts::default() };
        match versions.stable {
            None => CanaryCounts { canary: self.replicas, stable: 0 },
            Some(_) => {
                approximate_weighted_counts(self.replicas, weight, self.max_traffic_weight(), max_surge)
            }
        }
    }
}

fn spec_of(set: Option<ReplicaSet>) -> i64 {
    set.map_or(0, |set| set.spec.into())
}

fn available_of(set: Option<ReplicaSet>) -> i64 {
    set.map_or(0, |set| set.available.into())
}

fn count(replicas: i64) -> u32 {
    u32::try_from(replicas.max(0)).unwrap_or(u32::MAX)
}

/// Returns a number after growing towards another, for which there is room.
fn grown(spec: i64, desired: i64, room: &mut i64) -> i64 {
    let up = (desired - spec).min(*room).max(0);
    *room -= up;
    spec + up
}

/// Returns the numbers after the version that has too many shrank.
///
/// When the canary grows, the stable version may shrink whether or not it is available, and the other way
/// round: replicas that never become available would otherwise block the rollout.
fn shrunk(versions: Versions, desired: CanaryCounts, now: (i64, i64), bounds: Bounds) -> (i64, i64) {
    let Versions { canary, stable } = versions;
    let (canary_count, stable_count) = now;
    let growing = canary.is_none_or(|canary| desired.canary >= canary.spec);
    let counted = counted_for_scale_down(canary, !growing) + counted_for_scale_down(stable, growing);
    let down = counted - bounds.least_available;
    if down <= 0 {
        return now;
    }
    if !growing {
        let drained = drained(canary, desired.canary.into(), down, canary_count);
        within(bounds, (canary, drained), (stable, stable_count))
    } else if stable.is_some() {
        let drained = drained(stable, desired.stable.into(), down, stable_count);
        let (stable_count, canary_count) = within(bounds, (stable, drained), (canary, canary_count));
        (canary_count, stable_count)
    } else {
        now
    }
}

/// Returns what of a version counts when something is to go (`GetReplicasForScaleDown`): what is on its way
/// out already does not.
fn counted_for_scale_down(set: Option<ReplicaSet>, ignore_availability: bool) -> i64 {
    let counted = |set: ReplicaSet| if ignore_availability { set.spec } else { set.spec.min(set.available) };
    set.map_or(0, |set| counted(set).into())
}

/// Returns the number of a version after shrinking (`calculateScaleDownReplicaCount`).
fn drained(set: Option<ReplicaSet>, desired: i64, down: i64, now: i64) -> i64 {
    let spec = spec_of(set);
    if spec > desired { desired.max(spec - down) } else { now }
}

/// Returns the numbers of the version that shrinks and of the other, brought within the bounds
/// (`adjustReplicaWithinLimits`).
///
/// The other gives up what is too many, but not what is needed to have enough available; the rest of what
/// is too many goes from the one that shrinks.
fn within(
    bounds: Bounds,
    (drain, drain_count): (Option<ReplicaSet>, i64),
    (other, other_count): (Option<ReplicaSet>, i64),
) -> (i64, i64) {
    if other.is_none() {
        return (drain_count, other_count);
    }
    let excess = |other_count: i64| (other_count + drain_count - bounds.most).max(0);
    let trimmed = other_count - excess(other_count);
    let available = available_of(drain).min(drain_count) + available_of(other).min(trimmed);
    let given_up = (available_of(other) - trimmed).max(0);
    let lacking = (bounds.least_available - available).max(0);
    let other_count = trimmed + given_up.min(lacking);
    (drain_count - excess(other_count), other_count)
}
