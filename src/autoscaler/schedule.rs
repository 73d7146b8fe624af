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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<ScheduleStep>,
    /// What is wanted from one cron expression to another, whatever the steps say; of several the largest
    /// number. Outside of them the last step counts, before any the `replicas` of the pool.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<ScheduleRule>,
}

/// A number of servers from each time that a cron expression is due until the next one of another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScheduleRule {
    /// From when on: minute, hour, day of month, month, day of week.
    #[schemars(example = "30 23 10 11 *")]
    pub start: String,
    /// Until when.
    #[schemars(example = "30 0 11 11 *")]
    pub end: String,
    /// How many servers.
    #[schemars(range(max = super::MAX_REPLICAS))]
    pub replicas: u32,
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
