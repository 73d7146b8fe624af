//! Canary: the new version gets its share of servers, and of traffic, step by step.
//!
//! Words, defaults and order of events: argoproj/argo-rollouts 9f8d111d, docs/features/specification.md,
//! rollout/canary.go and rollout/trafficrouting.go; the arithmetic is that of
//! [`counts::argo`](crate::release::counts::argo). Without `trafficRouting` traffic follows servers, and rolling
//! back is a rolling update back to the previous version. With it, weight and servers are two things: a weight
//! is set when the servers that it needs are available. Rolling back (Argo's abort) sets the weight to 0
//! at once where the previous version is there in full, else as soon as it is; with `dynamicStableScale` it
//! falls, through the weights of the steps, as the previous version comes back.

mod state;
mod steps;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::blue_green::never_down_problem;
use super::progress::{self, Wrong, wrong};
use super::{RolloutStrategy, StrategySpec};
use crate::release::counts::{IntOrPercent, argo};
use crate::release::detector::analysis::Analysis;
use crate::time::SimDuration;
pub use steps::{Pause, PauseLength, SetCanaryScale, Step};

/// The new version gets its share of servers, and of traffic, step by step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Canary {
    /// Steps, in order; after the last the new version takes over. Without any it takes over straight away, as
    /// a rolling update does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// Traffic is routed by weight; it follows the servers where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic_routing: Option<TrafficRouting>,
    /// How many servers more than wanted there may be, 25% where left out; a share is rounded up. Without
    /// `trafficRouting`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_surge: Option<IntOrPercent>,
    /// How many of the servers that are wanted may be unavailable, 25% where left out; a share is rounded down.
    /// Without `trafficRouting`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<IntOrPercent>,
    /// Seconds for which a server must be in service until it counts as available.
    #[serde(default)]
    pub min_ready_seconds: u32,
    /// Seconds without progress after which it counts as stuck; pauses, analyses and delays do not count.
    #[serde(default = "progress::six_hundred")]
    pub progress_deadline_seconds: u32,
    /// Whether it asks to be rolled back then.
    #[serde(default)]
    pub progress_deadline_abort: bool,
    /// Whether the previous version gives servers back as traffic leaves it; with `trafficRouting`.
    #[serde(default)]
    pub dynamic_stable_scale: bool,
    /// Seconds for which servers of a version that was given up stay once the previous version is there in full,
    /// 30 where left out; with `dynamicStableScale` they then go as traffic leaves them. With `trafficRouting`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abort_scale_down_delay_seconds: Option<u32>,
    /// Seconds for which the previous version stays once the new one has all of the traffic, 30 where left out.
    /// With `trafficRouting`, without `dynamicStableScale`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_down_delay_seconds: Option<u32>,
    /// The least number of servers of a version that has any, 1 where left out; with `trafficRouting`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_pods_per_replica_set: Option<u32>,
}

/// Traffic is routed by weight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrafficRouting {}

/// The delays before servers go, in seconds, where none are written.
const DELAY: u32 = 30;

impl Default for Canary {
    fn default() -> Self {
        Self {
            steps: Vec::new(),
            traffic_routing: None,
            max_surge: None,
            max_unavailable: None,
            min_ready_seconds: 0,
            progress_deadline_seconds: progress::six_hundred(),
            progress_deadline_abort: false,
            dynamic_stable_scale: false,
            abort_scale_down_delay_seconds: None,
            scale_down_delay_seconds: None,
            min_pods_per_replica_set: None,
        }
    }
}

impl Canary {
    /// Returns what the numbers of servers go by.
    fn counted(&self) -> argo::CanaryStrategy {
        argo::CanaryStrategy {
            max_surge: self.max_surge.unwrap_or(progress::QUARTER),
            max_unavailable: self.max_unavailable.unwrap_or(progress::QUARTER),
            steps: self.steps.iter().map(Step::counted).collect(),
            traffic_routing: self.traffic_routing.map(|_| argo::TrafficRouting::default()),
            dynamic_stable_scale: self.dynamic_stable_scale,
            abort_scale_down_delay: self.abort_scale_down_delay_seconds.map(progress::seconds),
            min_pods_per_replica_set: self.min_pods_per_replica_set,
            ..argo::CanaryStrategy::default()
        }
    }

    /// Says which keys say nothing beside others.
    fn idle_keys(&self) -> Vec<Wrong> {
        let routed = self.traffic_routing.is_some();
        let needs_routing = [
            ("dynamicStableScale", self.dynamic_stable_scale),
            ("abortScaleDownDelaySeconds", self.abort_scale_down_delay_seconds.is_some()),
            ("scaleDownDelaySeconds", self.scale_down_delay_seconds.is_some()),
            ("minPodsPerReplicaSet", self.min_pods_per_replica_set.is_some()),
        ];
        let mut found: Vec<Wrong> = Vec::new();
        for (key, _) in needs_routing.into_iter().filter(|&(_, given)| given && !routed) {
            let message = format!("{key} says something with trafficRouting only");
            found.push(wrong(key, message, "remove it, or write trafficRouting: {}"));
        }
        let by_servers =
            [("maxSurge", self.max_surge.is_some()), ("maxUnavailable", self.max_unavailable.is_some())];
        for (key, _) in by_servers.into_iter().filter(|&(_, given)| given && routed) {
            let message = format!("with trafficRouting servers follow the weights; {key} limits nothing");
            found.push(wrong(key, message, "remove it, or remove trafficRouting"));
        }
        if routed && self.dynamic_stable_scale && self.scale_down_delay_seconds.is_some() {
            let message = "with dynamicStableScale the previous version goes as traffic leaves it";
            found.push(wrong("scaleDownDelaySeconds", message, "remove it, or remove dynamicStableScale"));
        }
        found
    }
}

impl StrategySpec for Canary {
    fn build(&self) -> Box<dyn RolloutStrategy> {
        Box::new(state::State::new(self))
    }

    fn problems(&self) -> Vec<Wrong> {
        let strategy = self.counted();
        let mut found = steps::problems(&self.steps, self.traffic_routing.is_some());
        found.extend(self.idle_keys());
        if self.traffic_routing.is_none() {
            found.extend(progress::limits_problem(strategy.max_surge, strategy.max_unavailable));
        }
        found.extend(self.abort_scale_down_delay_seconds.and_then(never_down_problem));
        found.extend(progress::deadline_problem(self.progress_deadline_seconds));
        found
    }

    fn gives_up(&self) -> bool {
        self.progress_deadline_abort
    }

    fn min_ready(&self) -> SimDuration {
        progress::seconds(self.min_ready_seconds)
    }

    fn routes(&self) -> bool {
        self.traffic_routing.is_some()
    }

    fn analyses(&self) -> Vec<Analysis> {
        let analysis = |step: &Step| {
            if let Step::Analysis(analysis) = step { Some(analysis.as_ref().clone()) } else { None }
        };
        self.steps.iter().filter_map(analysis).collect()
    }

    fn shortest(&self) -> SimDuration {
        self.steps.iter().fold(SimDuration::ZERO, |sum, step| sum + step.shortest())
    }
}

#[cfg(test)]
mod tests;
