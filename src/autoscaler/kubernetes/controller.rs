//! One pass of the controller: from what the metrics ask for to a number of replicas.
//!
//! Counterpart of `reconcileAutoscaler` and what it calls in
//! pkg/controller/podautoscaler/horizontal.go of Kubernetes. Knows not how a metric comes about.

use super::behavior::{
    Behavior, Condition, Events, Recommendation, ScaleEvent, stabilize, stabilize_down, store_event,
    within_rates, within_rules,
};
use super::calculator::{Failure, Proposal};
use super::release::Release;
use crate::time::{SimDuration, SimTime};

/// What the controller remembers of an autoscaler from one pass to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Recommendations before stabilisation; `None` before the first pass.
    pub recommendations: Option<Vec<Recommendation>>,
    /// Changes to more; only with a behaviour.
    pub ups: Vec<ScaleEvent>,
    /// Changes to fewer; only with a behaviour.
    pub downs: Vec<ScaleEvent>,
}

/// What one autoscaler is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whose code.
    pub release: Release,
    /// `--horizontal-pod-autoscaler-downscale-stabilization`, where no behaviour says otherwise.
    pub downscale_stabilization: SimDuration,
    /// `spec.behavior`, defaults filled in.
    pub behavior: Option<Behavior>,
}

/// The target's scale and the autoscaler's bounds at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// `spec.replicas` of the target.
    pub current: i32,
    /// `minReplicas`.
    pub min: i32,
    /// `maxReplicas`.
    pub max: i32,
}

/// Why a pass did not come to a recommendation of the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unasked {
    /// There are no replicas and `minReplicas` is not 0: the operator switched it off.
    ScalingDisabled,
    /// More replicas than `maxReplicas`.
    AboveMax,
    /// Fewer replicas than `minReplicas`.
    BelowMin,
}

/// What a pass came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// So many replicas from now on.
    pub replicas: i32,
    /// Why metrics were not looked at, if they were not.
    pub unasked: Option<Unasked>,
    /// The metric that won and what it asked for.
    pub winner: Option<(usize, Proposal)>,
    /// What was recommended after stabilisation.
    pub stabilized: Option<i32>,
    /// What held it back.
    pub condition: Option<Condition>,
    /// The first failure among the metrics.
    pub failure: Option<Failure>,
}

/// Returns the metric that asks for most, and its proposal (`computeReplicasForMetrics`).
///
/// `None` where all failed or, from 1.21 on, some failed and the others would have it scaled down. The
/// largest is found as there: a proposal of 0 gives way to any later one.
pub fn largest(
    proposals: &[Result<Proposal, Failure>],
    spec_replicas: i32,
    release: Release,
) -> Option<(usize, Proposal)> {
    let mut winner: Option<(usize, Proposal)> = None;
    for (index, proposal) in proposals.iter().enumerate() {
        if let Ok(proposal) = proposal {
            let most = winner.map_or(0, |(_, best)| best.replicas);
            if most == 0 || proposal.replicas > most {
                winner = Some((index, *proposal));
            }
        }
    }
    let failed = proposals.iter().any(Result::is_err);
    let shrinks = winner.is_some_and(|(_, best)| best.replicas < spec_replicas);
    winner.filter(|_| !(failed && shrinks && release.holds_on_invalid_metric()))
}

/// Decides how many replicas there are to be from now on (`reconcileAutoscaler`).
///
/// `propose` is asked for what each metric wants only where that matters.
pub fn reconcile(
    history: &mut History,
    settings: &Settings,
    scale: Scale,
    now: SimTime,
    propose: impl FnOnce() -> Vec<Result<Proposal, Failure>>,
) -> Decision {
    let Scale { current, min, max } = scale;
    history.recommendations.get_or_insert_with(|| vec![Recommendation { replicas: current, at: now }]);
    let mut decision = Decision {
        replicas: current,
        unasked: None,
        winner: None,
        stabilized: None,
        condition: None,
        failure: None,
    };
    if current == 0 && min != 0 {
        decision.unasked = Some(Unasked::ScalingDisabled);
        return decision;
    } else if current > max {
        (decision.replicas, decision.unasked) = (max, Some(Unasked::AboveMax));
    } else if current < min {
        (decision.replicas, decision.unasked) = (min, Some(Unasked::BelowMin));
    } else {
        let proposals = propose();
        decision.failure = proposals.iter().find_map(|proposal| proposal.as_ref().err().cloned());
        decision.winner = largest(&proposals, current, settings.release);
        let Some((_, best)) = decision.winner else { return decision };
        normalize(history, settings, scale, now, best.replicas.max(0), &mut decision);
    }
    remember(history, settings, current, decision.replicas, now);
    decision
}

/// Stabilises and limits a recommendation (`normalizeDesiredReplicas`, `...WithBehaviors`).
fn normalize(
    history: &mut History,
    settings: &Settings,
    scale: Scale,
    now: SimTime,
    desired: i32,
    decision: &mut Decision,
) {
    let Scale { current, min, max } = scale;
    let log = history.recommendations.get_or_insert_default();
    let (stabilized, (replicas, condition)) = match &settings.behavior {
        None => {
            let stabilized = stabilize_down(log, desired, settings.downscale_stabilization, now);
            (stabilized, within_rules(current, stabilized, (min, max)))
        }
        Some(behavior) => {
            let release = settings.release;
            let stabilized = stabilize(log, (current, desired), behavior, now, release);
            let events = Events { up: &history.ups, down: &history.downs };
            (stabilized, within_rates((current, stabilized), (min, max), events, behavior, now, release))
        }
    };
    decision.stabilized = Some(stabilized);
    decision.replicas = replicas;
    decision.condition = Some(condition);
}

/// Stores the change for the rates; without a behaviour nobody would look (`storeScaleEvent`).
fn remember(history: &mut History, settings: &Settings, before: i32, after: i32, now: SimTime) {
    let Some(behavior) = &settings.behavior else { return };
    if after > before {
        store_event(&mut history.ups, &behavior.up, after - before, now);
    } else if after < before {
        store_event(&mut history.downs, &behavior.down, before - after, now);
    }
}
