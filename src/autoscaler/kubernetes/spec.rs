//! The autoscaler as written: HorizontalPodAutoscaler v2, letter for letter, and a few keys of ours.
//!
//! Either the fields of its `spec`, or a whole manifest as `kubectl get hpa -o yaml` prints it. Field
//! names and defaults: autoscaling/v2 of Kubernetes (staging/src/k8s.io/api/autoscaling/v2/types.go,
//! pkg/apis/autoscaling/v2/defaults.go). Knows not what is wrong with them: that is for `check`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::behavior::{Behavior, Rate, Rules, Select, Unit};
use super::quantity::Quantity;
use super::release::Release;
use crate::time::SimDuration;
use crate::units::Ratio;

/// Kubernetes' HorizontalPodAutoscaler: its spec, or a whole pasted manifest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HorizontalPodAutoscaler {
    /// Of a pasted manifest: `autoscaling/v2` or `autoscaling/v1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// Of a pasted manifest: `HorizontalPodAutoscaler`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Of a pasted manifest; not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// Of a pasted manifest: what the fields below say otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spec: Option<Spec>,
    /// Refused: it tells what a cluster did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub status: Option<Value>,
    /// What is scaled; here that is the pool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_target_ref: Option<ObjectReference>,
    /// Never fewer replicas.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub min_replicas: Option<i32>,
    /// Never more replicas.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_replicas: Option<i32>,
    /// What it goes by; the metric that asks for most counts. Without any: CPU at 80 % of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Vec<MetricSpec>>,
    /// How fast it may act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behavior: Option<BehaviorSpec>,
    /// Of autoscaling/v1: CPU as a percentage of the request.
    #[serde(rename = "targetCPUUtilizationPercentage", skip_serializing_if = "Option::is_none")]
    pub target_cpu_utilization_percentage: Option<i32>,
    /// How often it decides (the controller's flag `--horizontal-pod-autoscaler-sync-period`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub horizontal_pod_autoscaler_sync_period: Option<SimDuration>,
    /// The monitoring pipelines that it sees through.
    pub pipelines: Pipelines,
    /// How long CPU of a fresh pod is doubted (`--horizontal-pod-autoscaler-cpu-initialization-period`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_initialization_period: Option<SimDuration>,
    /// Within this of its start, a pod that turned unready has never been ready
    /// (`--horizontal-pod-autoscaler-initial-readiness-delay`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_readiness_delay: Option<SimDuration>,
    /// The window to fewer where no behaviour names one (`--horizontal-pod-autoscaler-downscale-stabilization`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub downscale_stabilization: Option<SimDuration>,
    /// How near the target nothing is done (`--horizontal-pod-autoscaler-tolerance`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<Ratio>,
    /// The release whose code decides.
    pub kubernetes: Release,
    /// What metrics of other names are here, such as `http_requests_per_second: requests_per_second`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metric_names: BTreeMap<String, String>,
}

/// The `spec` of a manifest (`HorizontalPodAutoscalerSpec`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "HorizontalPodAutoscalerSpec")]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Spec {
    /// What is scaled; here that is the pool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_target_ref: Option<ObjectReference>,
    /// Never fewer replicas; 1 if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub min_replicas: Option<i32>,
    /// Never more replicas.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_replicas: Option<i32>,
    /// What it goes by; the metric that asks for most counts. Without any: CPU at 80 % of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Vec<MetricSpec>>,
    /// How fast it may act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behavior: Option<BehaviorSpec>,
    /// Of autoscaling/v1: CPU as a percentage of the request.
    #[serde(rename = "targetCPUUtilizationPercentage", skip_serializing_if = "Option::is_none")]
    pub target_cpu_utilization_percentage: Option<i32>,
}

/// The monitoring pipelines that an autoscaler sees through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "HorizontalPodAutoscalerPipelines")]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Pipelines {
    /// For Resource and ContainerResource.
    pub resource: String,
    /// For Pods, Object and External.
    pub custom: String,
}

impl Default for Pipelines {
    fn default() -> Self {
        Self { resource: "metricsServer".to_owned(), custom: "prometheus".to_owned() }
    }
}

/// Another object (`CrossVersionObjectReference`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CrossVersionObjectReference")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectReference {
    /// Such as `apps/v1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// Such as `Deployment`.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// Where a metric comes from (`MetricSourceType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "MetricSourceType")]
pub enum SourceType {
    /// CPU of the pods.
    Resource,
    /// CPU of one container of the pods.
    ContainerResource,
    /// One value per pod.
    Pods,
    /// One value of an object.
    Object,
    /// Values from outside.
    External,
}

/// One metric (`MetricSpec`): its type, and the block of that type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetricSpec {
    /// Which of the blocks below is there.
    #[serde(rename = "type")]
    pub source: SourceType,
    /// CPU of the pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<ResourceSource>,
    /// CPU of one container of the pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_resource: Option<ContainerSource>,
    /// One value per pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pods: Option<PodsSource>,
    /// One value of an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectSource>,
    /// Values from outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external: Option<PodsSource>,
}

/// CPU of the pods (`ResourceMetricSource`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ResourceMetricSource")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceSource {
    /// `cpu`.
    pub name: String,
    /// What it is to be.
    pub target: Target,
}

/// CPU of one container of the pods (`ContainerResourceMetricSource`); a server is one container.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ContainerResourceMetricSource")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContainerSource {
    /// `cpu`.
    pub name: String,
    /// The container.
    pub container: String,
    /// What it is to be.
    pub target: Target,
}

/// A metric by name (`PodsMetricSource`, `ExternalMetricSource`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PodsMetricSource")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PodsSource {
    /// Which metric.
    pub metric: MetricIdentifier,
    /// What it is to be.
    pub target: Target,
}

/// A metric of an object (`ObjectMetricSource`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ObjectMetricSource")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectSource {
    /// Whose metric it is.
    pub described_object: ObjectReference,
    /// Which metric.
    pub metric: MetricIdentifier,
    /// What it is to be.
    pub target: Target,
}

/// A metric's name (`MetricIdentifier`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetricIdentifier {
    /// Its name.
    pub name: String,
    /// Refused: metrics have no labels here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub selector: Option<Value>,
}

/// What a target is compared with (`MetricTargetType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "MetricTargetType")]
pub enum TargetType {
    /// A percentage of the requests.
    Utilization,
    /// One value.
    Value,
    /// A value shared by the pods.
    AverageValue,
}

/// What a metric is to be (`MetricTarget`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "MetricTarget")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Target {
    /// Which of the fields below is there.
    #[serde(rename = "type")]
    pub target: TargetType,
    /// The mean of the pods as a percentage of their requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_utilization: Option<i32>,
    /// The mean of the pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_value: Option<Quantity>,
    /// The value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Quantity>,
}

/// How fast it may act (`HorizontalPodAutoscalerBehavior`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "HorizontalPodAutoscalerBehavior")]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BehaviorSpec {
    /// To more; by default 4 pods or 100 % in 15 s, whichever is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_up: Option<RulesSpec>,
    /// To fewer; by default 100 % in 15 s after 5 minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_down: Option<RulesSpec>,
}

/// Which of several policies counts (`ScalingPolicySelect`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ScalingPolicySelect")]
pub enum SelectSpec {
    /// The one that allows the most.
    Max,
    /// The one that allows the least.
    Min,
    /// None: never in this direction.
    Disabled,
}

/// Rules of one direction (`HPAScalingRules`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "HPAScalingRules")]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RulesSpec {
    /// Recommendations of so many seconds are considered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 3600))]
    pub stabilization_window_seconds: Option<i32>,
    /// Which policy counts; `Max` if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub select_policy: Option<SelectSpec>,
    /// How much in how long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policies: Option<Vec<PolicyRule>>,
    /// How near the target nothing is done, such as `0.05`; from 1.33 on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<Quantity>,
}

/// In what a policy counts (`HPAScalingPolicyType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "HPAScalingPolicyType")]
pub enum PolicyType {
    /// Pods.
    Pods,
    /// Per cent of the pods at the start of the period.
    Percent,
}

/// So much in so long (`HPAScalingPolicy`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "HPAScalingPolicy")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyRule {
    /// In what it counts.
    #[serde(rename = "type")]
    pub unit: PolicyType,
    /// How much.
    #[schemars(range(min = 1))]
    pub value: i32,
    /// In how many seconds.
    #[schemars(range(min = 1, max = 1800))]
    pub period_seconds: i32,
}

/// What a pass goes by: one metric with a target that is known to be right.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Goal {
    /// CPU as a percentage of the request.
    Utilization(i32),
    /// CPU of a pod, in thousandths of a core.
    Cpu(i64),
    /// A metric of each pod.
    Pods(String, i64),
    /// A value of the service that falls with every replica.
    Whole(String, i64),
    /// A value of the service that replicas share.
    Shared(String, i64),
}

const DEFAULT_UTILIZATION: i32 = 80;

fn seconds(count: i32) -> SimDuration {
    SimDuration::from_secs(u64::try_from(count).unwrap_or(0))
}

impl RulesSpec {
    /// Returns the rules, what is not said taken from the defaults.
    fn over(&self, defaults: Rules) -> Rules {
        let select = self.select_policy.map(|select| match select {
            SelectSpec::Max => Select::Max,
            SelectSpec::Min => Select::Min,
            SelectSpec::Disabled => Select::Disabled,
        });
        let rate = |rule: &PolicyRule| Rate {
            unit: match rule.unit {
                PolicyType::Pods => Unit::Pods,
                PolicyType::Percent => Unit::Percent,
            },
            value: rule.value,
            period: seconds(rule.period_seconds),
        };
        Rules {
            window: self.stabilization_window_seconds.map_or(defaults.window, seconds),
            select: select.unwrap_or(defaults.select),
            rates: self.policies.as_ref().map_or(defaults.rates, |rules| rules.iter().map(rate).collect()),
        }
    }
}

impl MetricSpec {
    /// Returns the metric with its target; `None` where something is missing.
    fn goal(&self) -> Option<Goal> {
        let milli = |quantity: &Option<Quantity>| quantity.as_ref().map(Quantity::milli);
        let cpu = |target: &Target| {
            let value = milli(&target.average_value).map(Goal::Cpu);
            value.or(target.average_utilization.map(Goal::Utilization))
        };
        let whole = |name: &str, target: &Target| {
            let shared = milli(&target.average_value).map(|value| Goal::Shared(name.to_owned(), value));
            shared.or(milli(&target.value).map(|value| Goal::Whole(name.to_owned(), value)))
        };
        match self.source {
            SourceType::Resource => cpu(&self.resource.as_ref()?.target),
            SourceType::ContainerResource => cpu(&self.container_resource.as_ref()?.target),
            SourceType::Pods => {
                let pods = self.pods.as_ref()?;
                Some(Goal::Pods(pods.metric.name.clone(), milli(&pods.target.average_value)?))
            }
            SourceType::Object => self.object.as_ref().and_then(|it| whole(&it.metric.name, &it.target)),
            SourceType::External => self.external.as_ref().and_then(|it| whole(&it.metric.name, &it.target)),
        }
    }
}

impl HorizontalPodAutoscaler {
    /// Returns what is scaled and how, wherever it is written.
    pub(super) fn spec(&self) -> Spec {
        self.spec.clone().unwrap_or_else(|| Spec {
            scale_target_ref: self.scale_target_ref.clone(),
            min_replicas: self.min_replicas,
            max_replicas: self.max_replicas,
            metrics: self.metrics.clone(),
            behavior: self.behavior.clone(),
            target_cpu_utilization_percentage: self.target_cpu_utilization_percentage,
        })
    }

    /// Returns the metrics in their order.
    pub(super) fn goals(&self) -> Vec<Goal> {
        let spec = self.spec();
        let metrics = spec.metrics.unwrap_or_default();
        if metrics.is_empty() {
            let percent = spec.target_cpu_utilization_percentage.unwrap_or(DEFAULT_UTILIZATION);
            return vec![Goal::Utilization(percent)];
        }
        metrics.iter().filter_map(MetricSpec::goal).collect()
    }

    /// Returns the behaviour, defaults filled in; `None` where none is written.
    pub(super) fn behavior(&self) -> Option<Behavior> {
        let written = self.spec().behavior?;
        let over = |rules: &Option<RulesSpec>, defaults: Rules| match rules {
            Some(rules) => rules.over(defaults),
            None => defaults,
        };
        Some(Behavior {
            up: over(&written.scale_up, Rules::default_up()),
            down: over(&written.scale_down, Rules::default_down(self.downscale_window())),
        })
    }

    /// Returns the window to fewer where no behaviour names one.
    pub(super) fn downscale_window(&self) -> SimDuration {
        self.downscale_stabilization.unwrap_or(SimDuration::from_secs(300))
    }

    /// Returns how far below and above the target nothing is done.
    pub(super) fn tolerances(&self) -> (f64, f64) {
        let general = self.tolerance.map_or(0.1, |tolerance| tolerance.0);
        let behavior = self.spec().behavior.unwrap_or_default();
        let own = |rules: Option<RulesSpec>| rules.and_then(|rules| rules.tolerance).map(|it| it.value());
        (own(behavior.scale_down).unwrap_or(general), own(behavior.scale_up).unwrap_or(general))
    }

    /// Returns `minReplicas`; 1 if not given.
    pub fn min_replicas(&self) -> u32 {
        self.spec().min_replicas.map_or(1, |min| u32::try_from(min).unwrap_or(0))
    }

    /// Returns `maxReplicas`; `None` if not given, which is a problem.
    pub fn max_replicas(&self) -> Option<u32> {
        self.spec().max_replicas.and_then(|max| u32::try_from(max).ok())
    }
}
