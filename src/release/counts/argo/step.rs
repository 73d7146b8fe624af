//! What a canary's steps ask for: a weight, a size of its own, or a wait.

use super::{CanaryScale, Rollout, Versions, traffic_weight_to_replicas};
use crate::release::counts::ReplicaSet;

/// A step; one that sets neither (a pause, an analysis) leaves both as they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CanaryStep {
    /// The weight of the canary from here on.
    pub set_weight: Option<u32>,
    /// The size of the canary from here on, with traffic routing.
    pub set_canary_scale: Option<SetCanaryScale>,
}

/// A size of the canary apart from its traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetCanaryScale {
    /// So many replicas.
    pub replicas: Option<u32>,
    /// As many as such a weight needs; counts where `replicas` does not say.
    pub weight: Option<u32>,
    /// Whether the size follows the traffic again.
    pub match_traffic_weight: bool,
}

/// What of a canary has to be available before the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplicaProgressThreshold {
    /// So many per cent of what the step wants.
    Percentage(u32),
    /// So many replicas.
    Pods(u32),
}

/// Tells whether enough of a canary is available (`ReplicaProgressThresholdMet`): without a threshold,
/// exactly all that the step wants.
pub(super) fn progress_threshold_met(
    threshold: Option<ReplicaProgressThreshold>,
    canary: Option<ReplicaSet>,
    desired: u32,
) -> bool {
    let Some(canary) = canary else { return false };
    let available = u64::from(canary.available);
    match threshold {
        None => [canary.spec, canary.available] == [desired; 2],
        Some(ReplicaProgressThreshold::Percentage(percent)) => {
            available * 100 >= u64::from(percent) * u64::from(desired)
        }
        Some(ReplicaProgressThreshold::Pods(pods)) => canary.available >= pods,
    }
}

impl Rollout<'_> {
    /// Returns what the canary's size goes by (`GetCanaryReplicasOrWeight`).
    pub fn canary_scale(&self, versions: Versions) -> CanaryScale {
        if self.status.promote_full || self.status.fully_promoted {
            return CanaryScale::Weight(self.max_traffic_weight());
        }
        let set = self.set_canary_scale();
        let replicas = set.and_then(|set| set.replicas).map(CanaryScale::Replicas);
        let weight = set.and_then(|set| set.weight).map(CanaryScale::Weight);
        replicas.or(weight).unwrap_or_else(|| CanaryScale::Weight(self.desired_canary_weight(versions)))
    }

    /// Returns the weight that the canary is to have (`GetDesiredCanaryWeight`).
    ///
    /// An aborted canary whose stable version has been scaled down does not lose its traffic at once: it
    /// goes back through its weights, as far as the stable version has grown.
    pub fn desired_canary_weight(&self, versions: Versions) -> u32 {
        match (versions.canary, versions.stable) {
            (Some(canary), Some(stable)) if self.status.abort && self.strategy.dynamic_stable_scale => {
                self.weight_after_abort(canary, stable)
            }
            _ => self.current_set_weight(),
        }
    }

    /// Returns the largest weight, from the last step backwards, that needs fewer replicas than the canary
    /// still has to make up for.
    fn weight_after_abort(&self, canary: ReplicaSet, stable: ReplicaSet) -> u32 {
        let missing = i64::from(self.replicas) - i64::from(stable.available);
        // A canary that is kept for some time after an abort would hold its own weight up for ever.
        let still = if self.keeps_aborted_canary_a_while() { 0 } else { i64::from(canary.available) };
        let to_replace = missing.max(still);
        let max = self.max_traffic_weight();
        let weights = self.strategy.steps.iter().rev().filter_map(|step| step.set_weight);
        let lower =
            |weight: u32| i64::from(traffic_weight_to_replicas(self.replicas, weight, max)) < to_replace;
        weights.into_iter().find(|&weight| lower(weight)).unwrap_or(0)
    }

    /// Tells whether a delay of the scale-down after an abort is written (`HasExplicitAbortScaleDownDelay`).
    fn keeps_aborted_canary_a_while(&self) -> bool {
        let delay = self.strategy.abort_scale_down_delay;
        self.strategy.traffic_routing.is_some() && delay.is_some_and(|delay| !delay.is_zero())
    }

    /// Tells whether an aborted canary is left up for good.
    fn keeps_aborted_canary(&self) -> bool {
        self.strategy.abort_scale_down_delay.is_some_and(|delay| delay.is_zero())
    }

    /// Returns the weight set last (`GetCurrentSetWeight`): none before the first, all after the last step.
    pub fn current_set_weight(&self) -> u32 {
        if self.status.abort {
            return 0;
        }
        match self.steps_so_far() {
            None => self.max_traffic_weight(),
            Some(steps) => steps.iter().rev().find_map(|step| step.set_weight).unwrap_or(0),
        }
    }

    /// Returns the size set last that still counts (`UseSetCanaryScale`).
    fn set_canary_scale(&self) -> Option<SetCanaryScale> {
        let counts =
            self.strategy.traffic_routing.is_some() && (!self.status.abort || self.keeps_aborted_canary());
        let last = self.steps_so_far()?.iter().rev().find_map(|step| step.set_canary_scale)?;
        (counts && !last.match_traffic_weight).then_some(last)
    }

    /// Returns the steps up to the current one; `None` where there is none, or all are done.
    fn steps_so_far(&self) -> Option<&[CanaryStep]> {
        self.strategy.steps.get(..=self.status.current_step_index)
    }
}
