//! Proxies: how many run a balancer, and what each of them sees.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::SimDuration;
use crate::units::Ratio;

/// The proxies that run the balancer of a service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProxiesSpec {
    /// How many; every request meets one of them at random.
    #[schemars(range(min = 1, max = MAX_PROXIES))]
    #[serde(default = "one")]
    pub instances: u32,
    /// They go by the requests in flight of all of them, as these were so long ago; each by those it sent
    /// itself, at once, where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal_delay: Option<SimDuration>,
    /// So many servers are known to each; all of them where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subset_size: Option<u32>,
    /// They prefer the servers of their own zone; no zone where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone_aware: Option<ZoneAwareSpec>,
    /// Where less than this share of the servers is healthy, all are sent requests; never where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub panic_threshold: Option<Ratio>,
}

/// The most proxies of a service.
pub(crate) const MAX_PROXIES: u32 = 1_000;

fn one() -> u32 {
    1
}

/// Preference for servers of a proxy's own zone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ZoneAwareSpec {
    /// With fewer servers than this no zone is preferred; 6 as in Envoy where left out.
    pub min_cluster_size: Option<u32>,
}
