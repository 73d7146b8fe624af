//! Cases of Argo Rollouts' canaries.

use peakday::release::counts::argo::{
    CanaryStatus, CanaryStep, CanaryStrategy, Rollout, SetCanaryScale, TrafficRouting, TrafficWeights,
    Versions, approximate_weighted_counts, traffic_weight_to_replicas,
};
use peakday::release::counts::{IntOrPercent, ReplicaSet};
use peakday::time::SimDuration;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Got, object, read};
use crate::Place;

/// Answers a case; `None` where the object is none of these.
pub(super) fn answer(place: &Place<'_>) -> Got {
    let case = place.object;
    let section = place.path.iter().find(|key| key.starts_with("argo_"))?;
    match section.as_str() {
        "argo_traffic_weight_to_replicas" => needed(case),
        "argo_approximate_weighted_counts" => approximated(case),
        "argo_basic_canary_replica_counts" => canary(case),
        "argo_traffic_routed_dynamic_scale" => dynamic(case),
        _ => None,
    }
}

#[derive(Deserialize)]
struct WeightCase {
    replicas: u32,
    weight: u32,
    max: u32,
}

fn needed(case: &Map<String, Value>) -> Got {
    let case: WeightCase = read(case)?;
    object(json!({"expected": traffic_weight_to_replicas(case.replicas, case.weight, case.max)}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApproximateCase {
    replicas: u32,
    weight: u32,
    max_weight: u32,
    max_surge: u32,
}

fn approximated(case: &Map<String, Value>) -> Got {
    let case: ApproximateCase = read(case)?;
    let got = approximate_weighted_counts(case.replicas, case.weight, case.max_weight, case.max_surge);
    object(json!({"expCanary": got.canary, "expStable": got.stable}))
}

#[derive(Deserialize)]
struct ScaleCase {
    replicas: Option<u32>,
    weight: Option<u32>,
    #[serde(rename = "matchTrafficWeight", default)]
    match_traffic_weight: bool,
}

impl From<ScaleCase> for SetCanaryScale {
    fn from(case: ScaleCase) -> Self {
        let ScaleCase { replicas, weight, match_traffic_weight } = case;
        Self { replicas, weight, match_traffic_weight }
    }
}

#[derive(Deserialize)]
struct StepCase {
    #[serde(rename = "SetWeight", alias = "setWeight")]
    set_weight: Option<u32>,
    #[serde(rename = "SetCanaryScale", alias = "setCanaryScale")]
    set_canary_scale: Option<ScaleCase>,
}

impl From<StepCase> for CanaryStep {
    fn from(case: StepCase) -> Self {
        Self { set_weight: case.set_weight, set_canary_scale: case.set_canary_scale.map(Into::into) }
    }
}

#[derive(Deserialize)]
struct OlderCase {
    spec_replicas: u32,
    #[serde(default)]
    available_replicas: u32,
}

/// What both kinds of canaries say alike. The first step is the fixture's; a case may add others.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StrategyCase {
    max_surge: Option<IntOrPercent>,
    max_unavailable: Option<IntOrPercent>,
    set_weight: Option<u32>,
    set_canary_scale: Option<ScaleCase>,
    #[serde(default)]
    steps: Vec<StepCase>,
    current_step_index: Option<usize>,
    abort_scale_down_delay_seconds: Option<u32>,
    min_pods_per_replica_set: Option<u32>,
    #[serde(alias = "rolloutAbort", default)]
    status_abort: bool,
    #[serde(default)]
    promote_full: bool,
}

impl StrategyCase {
    fn status(&self) -> CanaryStatus {
        CanaryStatus {
            current_step_index: self.current_step_index.unwrap_or(0),
            abort: self.status_abort,
            promote_full: self.promote_full,
            fully_promoted: false,
        }
    }

    fn strategy(self, first: CanaryStep) -> CanaryStrategy {
        let delay = self.abort_scale_down_delay_seconds;
        CanaryStrategy {
            max_surge: self.max_surge.unwrap_or_default(),
            max_unavailable: self.max_unavailable.unwrap_or_default(),
            steps: std::iter::once(first).chain(self.steps.into_iter().map(Into::into)).collect(),
            abort_scale_down_delay: delay.map(|seconds| SimDuration::from_secs(seconds.into())),
            min_pods_per_replica_set: self.min_pods_per_replica_set,
            ..CanaryStrategy::default()
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CanaryCase {
    rollout_spec_replicas: u32,
    #[serde(default)]
    stable_spec_replica: u32,
    #[serde(default)]
    stable_available_replica: u32,
    #[serde(default)]
    canary_spec_replica: u32,
    #[serde(default)]
    canary_available_replica: u32,
    #[serde(rename = "olderRS")]
    older: Option<OlderCase>,
    /// Whatever it holds, it is there.
    traffic_routing: Option<Value>,
}

/// A canary with or without traffic routing; with it, the fixture tells nothing of the versions.
fn canary(case: &Map<String, Value>) -> Got {
    let (versions, mut said): (CanaryCase, StrategyCase) = (read(case)?, read(case)?);
    let first = CanaryStep {
        set_weight: Some(said.set_weight.unwrap_or(0)),
        set_canary_scale: said.set_canary_scale.take().map(Into::into),
    };
    let status = said.status();
    let routed = versions.traffic_routing.is_some();
    let traffic_routing = routed.then(TrafficRouting::default);
    let strategy = CanaryStrategy { traffic_routing, ..said.strategy(first) };
    let set = |spec, available| Some(ReplicaSet { spec, available }).filter(|_| !routed);
    let older = versions
        .older
        .map(|older| ReplicaSet { spec: older.spec_replicas, available: older.available_replicas });
    let both = Versions {
        canary: set(versions.canary_spec_replica, versions.canary_available_replica),
        stable: set(versions.stable_spec_replica, versions.stable_available_replica),
    };
    let rollout = Rollout { replicas: versions.rollout_spec_replicas, strategy: &strategy, status };
    let got = rollout.counts(both, older.as_slice(), None);
    object(json!({
        "expectedStableReplicaCount": got.stable,
        "expectedCanaryReplicaCount": got.canary,
    }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DynamicCase {
    rollout_replicas: u32,
    /// The weight of the fixture's first step, whatever its name says.
    rollout_max_replicas: u32,
    #[serde(default)]
    canary_weight: u32,
    #[serde(default)]
    stable_weight: u32,
    #[serde(rename = "canaryRSReplicas", default)]
    canary: u32,
    #[serde(rename = "stableRSReplicas", default)]
    stable: u32,
    #[serde(default)]
    available_stable_replicas: u32,
}

/// A canary whose stable version follows the traffic. A version without replicas is not there, and all
/// of the fixture's canary is available.
fn dynamic(case: &Map<String, Value>) -> Got {
    let (case, said): (DynamicCase, StrategyCase) = (read(case)?, read(case)?);
    let first = CanaryStep { set_weight: Some(case.rollout_max_replicas), set_canary_scale: None };
    let status = said.status();
    let traffic_routing = Some(TrafficRouting::default());
    let strategy = CanaryStrategy { traffic_routing, dynamic_stable_scale: true, ..said.strategy(first) };
    let set = |spec, available| Some(ReplicaSet { spec, available }).filter(|set| set.spec > 0);
    let versions = Versions {
        canary: set(case.canary, case.canary),
        stable: set(case.stable, case.available_stable_replicas),
    };
    let weights = TrafficWeights { canary: case.canary_weight, stable: case.stable_weight };
    let rollout = Rollout { replicas: case.rollout_replicas, strategy: &strategy, status };
    let got = rollout.counts(versions, &[], Some(weights));
    object(json!({"expectedCanaryReplicas": got.canary, "expectedStableReplicas": got.stable}))
}
