//! Numbers of servers by the clock.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::When;

/// Numbers of servers at given times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScheduleSpec {
    /// Where the clock of the steps hangs, by its IANA name; the offset of `run.start` where left out.
    #[schemars(example = "Asia/Shanghai")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// What is wanted from when on; a time of day is meant on every day of the run.
    pub steps: Vec<ScheduleStep>,
}

/// A number of servers from some time on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScheduleStep {
    /// From when on.
    pub at: When,
    /// How many servers.
    #[schemars(range(max = super::MAX_REPLICAS))]
    pub replicas: u32,
}
