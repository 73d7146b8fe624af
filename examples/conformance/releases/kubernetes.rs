//! Cases of Kubernetes' deployment controller.
//!
//! What its fixtures fix and its tables leave out stands here as constants.

use std::collections::BTreeMap;

use peakday::release::counts::kubernetes::{
    Deployment, DeploymentStrategy, Scaled, cleanup_unhealthy, resolve_fenceposts,
};
use peakday::release::counts::{IntOrPercent, ReplicaSet};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Got, object, read};
use crate::Place;

/// The surge of `TestMaxUnavailable`.
const SURGE_OF_MAX_UNAVAILABLE: IntOrPercent = IntOrPercent::Count(1);
/// The replicas of all versions in `TestNewRSNewReplicas`.
const PODS_OF_NEW_REPLICAS: u32 = 5;

/// Answers a case; `None` where the object is none of these.
pub(super) fn answer(place: &Place<'_>) -> Got {
    let case = place.object;
    let section = place.path.iter().find(|key| key.starts_with("k8s_"))?;
    match section.as_str() {
        "k8s_resolve_fenceposts" => fenceposts(case),
        "k8s_max_unavailable" => max_unavailable(case),
        "k8s_new_rs_new_replicas" => new_replicas(case),
        "k8s_reconcile_new_replicaset" => reconcile_new(case),
        "k8s_cleanup_unhealthy" => cleanup(case),
        "k8s_reconcile_old_replicasets" => reconcile_old(case),
        "k8s_scale_down_old_for_rolling_update" => scale_down_old(case),
        "k8s_proportional_scale" => scale(case),
        _ => None,
    }
}

const NONE: IntOrPercent = IntOrPercent::Count(0);

fn rolling(replicas: u32, max_surge: IntOrPercent, max_unavailable: IntOrPercent) -> Deployment {
    Deployment { replicas, strategy: DeploymentStrategy::RollingUpdate { max_surge, max_unavailable } }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FencepostsCase {
    max_surge: Option<Value>,
    max_unavailable: Option<Value>,
    desired: u32,
}

/// Both limits, or an error where one cannot be read.
fn fenceposts(case: &Map<String, Value>) -> Got {
    let case: FencepostsCase = read(case)?;
    let limit = |written: Option<Value>| written.map_or(Ok(NONE), serde_json::from_value);
    let resolved = limit(case.max_surge).and_then(|max_surge| {
        let max_unavailable = limit(case.max_unavailable)?;
        Ok(resolve_fenceposts(max_surge, max_unavailable, case.desired))
    });
    let (surge, unavailable) = resolved.as_ref().map_or((0, 0), |it| (it.surge, it.unavailable));
    object(json!({
        "expectSurge": surge,
        "expectUnavailable": unavailable,
        "expectError": resolved.is_err(),
    }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MaxUnavailableCase {
    replicas: Option<u32>,
    max_unavailable: Option<IntOrPercent>,
}

/// How many may be unavailable; a deployment of which only the strategy is told recreates its replicas.
fn max_unavailable(case: &Map<String, Value>) -> Got {
    let case: MaxUnavailableCase = read(case.get("deployment")?.as_object()?)?;
    let deployment = match (case.replicas, case.max_unavailable) {
        (Some(replicas), Some(most)) => rolling(replicas, SURGE_OF_MAX_UNAVAILABLE, most),
        (replicas, _) => {
            Deployment { replicas: replicas.unwrap_or(0), strategy: DeploymentStrategy::Recreate }
        }
    };
    object(json!({"expected": deployment.max_unavailable()}))
}

#[derive(Deserialize)]
struct NewReplicasCase {
    #[serde(default)]
    strategy: String,
    deployment_replicas: u32,
    new_rs_replicas: u32,
    max_surge: IntOrPercent,
}

fn new_replicas(case: &Map<String, Value>) -> Got {
    let case: NewReplicasCase = read(case)?;
    let rolling = rolling(case.deployment_replicas, case.max_surge, IntOrPercent::Count(1));
    let recreates = case.strategy.contains("Recreate");
    let strategy = if recreates { DeploymentStrategy::Recreate } else { rolling.strategy };
    let deployment = Deployment { strategy, ..rolling };
    let replicas = deployment.new_rs_new_replicas(case.new_rs_replicas, PODS_OF_NEW_REPLICAS);
    object(json!({"expected": replicas}))
}

/// Tells whether anything was scaled, and to what if so.
fn scaled(key: &str, before: u32, after: u32) -> Got {
    let mut got = Map::from_iter([("scaleExpected".to_owned(), json!(after != before))]);
    if after != before {
        got.insert(key.to_owned(), json!(after));
    }
    Some(got)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReconcileNewCase {
    deployment_replicas: u32,
    max_surge: IntOrPercent,
    old_replicas: u32,
    new_replicas: u32,
}

fn reconcile_new(case: &Map<String, Value>) -> Got {
    let case: ReconcileNewCase = read(case)?;
    let total = case.old_replicas.saturating_add(case.new_replicas);
    let deployment = rolling(case.deployment_replicas, case.max_surge, NONE);
    scaled("expectedNewReplicas", case.new_replicas, deployment.reconcile_new(case.new_replicas, total))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CleanupCase {
    old_replicas: u32,
    ready_pods: u32,
    max_cleanup_count: u32,
}

fn cleanup(case: &Map<String, Value>) -> Got {
    let case: CleanupCase = read(case)?;
    let mut old = [ReplicaSet { spec: case.old_replicas, available: case.ready_pods }];
    let cleaned = cleanup_unhealthy(&mut old, case.max_cleanup_count).unwrap_or(0);
    object(json!({"cleanupCountExpected": cleaned}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReconcileOldCase {
    deployment_replicas: u32,
    max_unavailable: IntOrPercent,
    old_replicas: u32,
    new_replicas: u32,
    #[serde(rename = "readyPodsFromOldRS")]
    ready_old: u32,
    #[serde(rename = "readyPodsFromNewRS")]
    ready_new: u32,
}

fn reconcile_old(case: &Map<String, Value>) -> Got {
    let case: ReconcileOldCase = read(case)?;
    let mut old = [ReplicaSet { spec: case.old_replicas, available: case.ready_old }];
    let new = ReplicaSet { spec: case.new_replicas, available: case.ready_new };
    rolling(case.deployment_replicas, NONE, case.max_unavailable).reconcile_old(new, &mut old);
    scaled("expectedOldReplicas", case.old_replicas, old[0].spec)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScaleDownCase {
    deployment_replicas: u32,
    max_unavailable: IntOrPercent,
    ready_pods: u32,
    old_replicas: u32,
}

fn scale_down_old(case: &Map<String, Value>) -> Got {
    let case: ScaleDownCase = read(case)?;
    let mut old = [ReplicaSet { spec: case.old_replicas, available: case.ready_pods }];
    rolling(case.deployment_replicas, NONE, case.max_unavailable).scale_down_old(&mut old, case.ready_pods);
    scaled("expectedOldReplicas", case.old_replicas, old[0].spec)
}

#[derive(Deserialize)]
struct Sized {
    replicas: u32,
    max_surge: Option<IntOrPercent>,
    max_unavailable: Option<IntOrPercent>,
}

impl Sized {
    fn deployment(&self) -> Deployment {
        rolling(self.replicas, self.max_surge.unwrap_or(NONE), self.max_unavailable.unwrap_or(NONE))
    }
}

#[derive(Deserialize)]
struct Version {
    name: String,
    replicas: u32,
    available: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScaleCase {
    deployment: Sized,
    old_deployment: Sized,
    #[serde(rename = "newRS")]
    new: Option<Version>,
    /// The newest first.
    #[serde(rename = "oldRSs")]
    old: Option<Vec<Version>>,
    /// What versions were told otherwise than by the old deployment.
    desired_replicas_annotations: Option<BTreeMap<String, u32>>,
}

impl ScaleCase {
    fn scaled(&self, version: &Version) -> Scaled {
        let told = self.desired_replicas_annotations.as_ref();
        let before = self.old_deployment.deployment();
        let desired = told.and_then(|told| told.get(&version.name)).copied().unwrap_or(before.replicas);
        let set = ReplicaSet { spec: version.replicas, available: version.available.unwrap_or(0) };
        Scaled { set, desired, max: desired.saturating_add(before.max_surge()) }
    }
}

/// The sizes of all versions after a deployment was resized.
fn scale(case: &Map<String, Value>) -> Got {
    let case: ScaleCase = read(case)?;
    let old: Vec<&Version> = case.old.iter().flatten().collect();
    let versions: Vec<Scaled> = old.iter().rev().map(|version| case.scaled(version)).collect();
    let new = case.new.as_ref().map(|version| case.scaled(version));
    let after = case.deployment.deployment().scale(new, &versions);
    let written = |(version, replicas): (&Version, u32)| json!({"name": version.name, "replicas": replicas});
    let old: Vec<Value> = old.into_iter().zip(after.old.into_iter().rev()).map(written).collect();
    object(json!({"expectedNew": case.new.as_ref().zip(after.new).map(written), "expectedOld": old}))
}
