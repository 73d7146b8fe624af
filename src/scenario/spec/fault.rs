//! What breaks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Servers;
use crate::dist::DistributionSpec;
use crate::time::SimDuration;
use crate::units::{Ratio, When};

/// Something that breaks: when, and one of the keys that say what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultSpec {
    /// A name for `events.csv`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When; a process of failures begins then, with the run where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<When>,
    /// Servers fail with all they have; others are ordered at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crash: Option<CrashSpec>,
    /// All servers of a zone fail, and none starts there for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone_outage: Option<ZoneOutageSpec>,
    /// Servers work slower for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow: Option<SlowSpec>,
    /// Some of the requests that a service has served fail all the same, for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<ErrorsSpec>,
    /// Servers fail one by one, each after a time of its own in service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<FailuresSpec>,
    /// Some of the launches that are ordered for a while fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_launches: Option<FailedLaunchesSpec>,
    /// Monitoring sees nothing for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitoring_outage: Option<MonitoringOutageSpec>,
}

/// Launches that fail at the end of their start-up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FailedLaunchesSpec {
    /// The service.
    pub service: String,
    /// One of its pools; all of them where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// Which share of them.
    pub share: Ratio,
    /// For so long.
    pub duration: SimDuration,
}

/// Monitoring that sees nothing for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MonitoringOutageSpec {
    /// The pipeline; all of them where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<String>,
    /// For so long.
    pub duration: SimDuration,
}

/// Servers that fail with all they have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CrashSpec {
    /// The service.
    pub service: String,
    /// One of its pools; all of them where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// How many, or which share of those in service.
    pub servers: Servers,
}

/// A zone that is lost for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ZoneOutageSpec {
    /// The zone.
    pub zone: String,
    /// For so long; what was lost is ordered again when the zone is back.
    pub duration: SimDuration,
}

/// Servers that work slower for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SlowSpec {
    /// The service.
    pub service: String,
    /// One of its pools; all of them where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// How many, or which share of those in service; all, and those who come, where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub servers: Option<Servers>,
    /// Multiplies the time that work takes.
    pub factor: f64,
    /// For so long.
    pub duration: SimDuration,
}

/// Requests that fail although they were served.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ErrorsSpec {
    /// The service.
    pub service: String,
    /// One class; all of them where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Which share of its requests.
    pub share: Ratio,
    /// For so long.
    pub duration: SimDuration,
}

/// Servers that fail one by one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FailuresSpec {
    /// The service.
    pub service: String,
    /// One of its pools; all of them where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// How long a server serves until it fails.
    pub mtbf: DistributionSpec<SimDuration>,
    /// How long its repair takes, after which a server is ordered in its place; ordered at once where
    /// left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mttr: Option<DistributionSpec<SimDuration>>,
    /// How many are repaired at once, first come first served; all of them where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repairers: Option<u32>,
}
