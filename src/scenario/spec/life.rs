//! The life of servers: how they start, stop, and are told to.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::autoscaler::cluster_autoscaler::ClusterAutoscaler;
use crate::autoscaler::ladder::Ladder;
use crate::dist::DistributionSpec;
use crate::time::SimDuration;
use crate::units::{Price, Rate, Ratio};

/// What stands between the order of a server and its full speed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StartupSpec {
    /// From the order to a machine; no time where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provision: Option<DistributionSpec<SimDuration>>,
    /// From the machine to service; no time where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<DistributionSpec<SimDuration>>,
    /// What every server pulls between the two; nothing where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageSpec>,
    /// Slower service at first; full speed at once where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_start: Option<SlowStartSpec>,
    /// The share of its CPU that a server burns while it boots, as monitoring sees it; none where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot_cpu: Option<Ratio>,
}

/// An image that every server pulls from one registry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImageSpec {
    /// How long a pull takes alone.
    pub pull: SimDuration,
    /// So many pulls at once are as fast as one alone; more of them share what these get.
    pub parallel: u32,
}

/// How fast and how surely servers are launched.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LaunchSpec {
    /// No more launches than this; others wait for their turn. No limit where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Servers of the pool at most, those that start and drain among them; no limit where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<u32>,
    /// The share of launches that fail at the end of their start-up; none where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<Ratio>,
    /// From a failed launch to the next order; ten seconds where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<SimDuration>,
}

/// Machines that wait, provisioned, for a launch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WarmPoolSpec {
    /// How many; one that is taken is ordered again.
    pub size: u32,
    /// Per machine and hour; nothing where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
}

/// Nodes that hold several servers of the pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodesSpec {
    /// How many servers each holds.
    pub servers: u32,
    /// From the order of a node until servers can start there; no time where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provision: Option<DistributionSpec<SimDuration>>,
    /// How long an empty node is kept; ten minutes, as the cluster autoscaler of Kubernetes does, where
    /// left out.
    #[serde(default = "default_keep")]
    pub keep: SimDuration,
    /// Who orders and removes nodes; they come when a server needs one, and go when empty, where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_autoscaler: Option<ClusterAutoscaler>,
    /// Per node and hour, instead of a price per server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
}

fn default_keep() -> SimDuration {
    SimDuration::from_secs(600)
}

/// Slower service at first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SlowStartSpec {
    /// For so long.
    pub window: SimDuration,
    /// The share of its full speed.
    pub speed: Ratio,
}

/// Who chooses the size of a service's servers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LadderSpec {
    /// Pools of rising capacity, of which one has servers at the start; the others have `replicas: 0`.
    pub pools: Vec<String>,
    /// When to move to the next; by slots at 70 % and 30 % where left out.
    #[serde(default)]
    pub policy: Ladder,
}

/// How a balancer learns which servers can be sent requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HealthCheckSpec {
    /// Between two checks; all servers of the service are checked at the same instants.
    pub interval: SimDuration,
    /// So many checks in a row must fail before a server is sent nothing more.
    #[serde(default = "default_unhealthy")]
    pub unhealthy_threshold: u32,
    /// So many checks in a row must pass before a new server is sent requests.
    #[serde(default = "default_healthy")]
    pub healthy_threshold: u32,
}

fn default_unhealthy() -> u32 {
    3
}

fn default_healthy() -> u32 {
    1
}

/// How many servers: a number, or a share such as `20%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Servers {
    /// So many.
    Count(u32),
    /// This share of those in service, rounded to nearest.
    Share(Ratio),
}

const SERVERS: &str = "a number of servers such as 3, or a share such as 20%";

impl Serialize for Servers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(count) => serializer.serialize_u32(*count),
            Self::Share(share) => serializer.collect_str(&format_args!("{}%", share.0 * 100.0)),
        }
    }
}

impl<'de> Deserialize<'de> for Servers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CountOrShare;

        impl Visitor<'_> for CountOrShare {
            type Value = Servers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(SERVERS)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Servers, E> {
                let share = if text.ends_with('%') { text.parse().ok() } else { None };
                let wrong = || E::invalid_value(serde::de::Unexpected::Str(text), &self);
                share.map(Servers::Share).ok_or_else(wrong)
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Servers, E> {
                let count = u32::try_from(value).ok();
                count.map(Servers::Count).ok_or_else(|| E::custom(format!("{value} servers are too many")))
            }
        }
        deserializer.deserialize_any(CountOrShare)
    }
}

impl JsonSchema for Servers {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Servers".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": u32::MAX},
                {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? *%$"},
            ],
            "description": "A number of servers such as 3, or a share such as 20%.",
            "examples": [3, "20%"],
        })
    }
}
