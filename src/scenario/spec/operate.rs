//! What people and their monitoring do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::dist::DistributionSpec;
use crate::scenario::named::Named;
use crate::time::SimDuration;
use crate::units::{Rate, Ratio, When};

/// A pipeline of monitoring: how late and how coarse it sees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PipelineSpec {
    /// Between two scrapes.
    pub scrape: SimDuration,
    /// When the first scrape is.
    #[serde(default)]
    pub phase: SimDuration,
    /// How far a value looks back from its scrape.
    pub window: SimDuration,
    /// From a scrape until it is seen.
    #[serde(default)]
    pub delay: SimDuration,
    /// Whether servers are scraped one group after the other within each interval, not all at once.
    #[serde(default)]
    pub stagger: bool,
}

/// What operators do: when, and what they set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ActionSpec {
    /// A name for `events.csv`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// At this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<When>,
    /// When monitoring shows this, the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<ConditionSpec>,
    /// From the alert until somebody acts; no time where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledge: Option<DistributionSpec<SimDuration>>,
    /// New values by path.
    #[schemars(extend("propertyNames" = paths_schema()))]
    pub set: Named<Value>,
}

/// The paths that operators may set.
pub(crate) const PATHS: [&str; 6] = [
    "services.NAME.pools.NAME.replicas",
    "services.NAME.pools.NAME.autoscaler.minReplicas",
    "services.NAME.pools.NAME.autoscaler.maxReplicas",
    "services.NAME.queue.limit",
    "services.NAME.balancer",
    "traffic.NAME.mix",
];

fn paths_schema() -> Value {
    let pattern = |path: &&str| path.replace('.', r"\.").replace("NAME", "[a-z0-9-]{1,63}");
    let all: Vec<String> = PATHS.iter().map(pattern).collect();
    serde_json::json!({ "pattern": format!("^({})$", all.join("|")) })
}

/// What monitoring shows: of what, and one of the keys that say what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConditionSpec {
    /// The pipeline.
    pub from: String,
    /// The service.
    pub service: String,
    /// One of its pools; all of them where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// One class; all of them where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Requests that arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Limit<Rate>>,
    /// The share of requests that end without being completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<Limit<Ratio>>,
    /// A latency percentile of completed requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<LatencyLimit>,
    /// CPU burned / CPU of the servers that are scraped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_utilization: Option<Limit<Ratio>>,
    /// Slots held / slots of the servers that are scraped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot_utilization: Option<Limit<Ratio>>,
    /// Requests waiting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued: Option<Limit<f64>>,
    /// Servers in service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<Limit<f64>>,
    /// How long it must show without a break.
    #[serde(default, rename = "for")]
    pub hold: SimDuration,
}

/// A bound of what monitoring shows: one of both.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limit<T> {
    /// When more is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above: Option<T>,
    /// When less is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below: Option<T>,
}

/// A bound of a latency percentile.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LatencyLimit {
    /// The percentile, from 1 on and below 100.
    pub percentile: f64,
    /// When more is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<SimDuration>,
    /// When less is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<SimDuration>,
}
