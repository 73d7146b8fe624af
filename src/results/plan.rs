//! What was to be simulated, as far as the figures need it: names, capacities, mean demands.

use jiff::Timestamp;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

use super::ReleasePlan;
use crate::ids::{ClassId, RowId, ServiceId};
use crate::time::{SimDuration, SimTime};

/// The cores of a pool whose CPU never is short.
pub const UNLIMITED_MILLICORES: u64 = 1 << 40;

/// Names and static figures of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Plan {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.displayName`.
    pub display_name: Option<String>,
    /// The wall clock of t = 0.
    pub start: Option<WallClock>,
    /// Length of the run, in nanoseconds.
    pub duration_ns: u64,
    /// What is left out of statistics at the beginning, in nanoseconds.
    pub warmup_ns: u64,
    /// Whether the warm-up was found, by MSER-5, and not given.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub warmup_found: bool,
    /// Bucket of the time series, in nanoseconds.
    pub interval_ns: u64,
    /// Class names; a [`ClassId`] indexes them.
    pub classes: Vec<String>,
    /// Zone names.
    pub zones: Vec<String>,
    /// The currency of every price, where there is one.
    pub currency: Option<String>,
    /// Sources, in the order of the file.
    pub sources: Vec<SourcePlan>,
    /// Services, in the order of the file.
    pub services: Vec<ServicePlan>,
    /// Service x class pairs, ordered by service; a [`RowId`] indexes them.
    pub rows: Vec<RowPlan>,
    /// Objectives, in the order of the file.
    pub objectives: Vec<ObjectivePlan>,
    /// Releases, in the order of the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub releases: Vec<ReleasePlan>,
}

/// A wall clock with its offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WallClock {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub epoch_ns: i64,
    /// Seconds east of UTC.
    pub offset_s: i32,
}

/// A source of traffic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourcePlan {
    /// Its name.
    pub name: String,
    /// Whether any part of it is recorded: replications then share those arrivals.
    pub recorded: bool,
}

/// A service and its fleet at the start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServicePlan {
    /// Its name.
    pub name: String,
    /// The version that runs at the start, where it has a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its pools, in the order of the file.
    pub pools: Vec<PoolPlan>,
    /// How many may wait, per server or, with a central queue, in all; `None` is unlimited.
    pub queue_limit: Option<u32>,
    /// One queue for the service instead of one per server.
    pub central_queue: bool,
    /// Whether the configured traffic is at least what the fleet can serve while nothing bounds
    /// the queue: then no figure of waiting has a limit to converge to.
    pub growing: bool,
    /// Why the mean latency has no confidence interval, where it has none.
    pub no_mean_interval: Option<String>,
}

impl ServicePlan {
    /// Returns the name of the version that runs at the start.
    pub fn initial_version(&self) -> String {
        self.version.clone().unwrap_or_else(|| "current".to_owned())
    }

    /// Tells whether any of its pools has a price.
    pub fn is_priced(&self) -> bool {
        self.pools.iter().any(PoolPlan::is_priced)
    }
}

/// A pool of equal servers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PoolPlan {
    /// Its name.
    pub name: String,
    /// Servers at the start.
    pub replicas: u32,
    /// Slots of a server; `None` is unlimited.
    pub concurrency: Option<u32>,
    /// Thousandths of a core of a server; [`UNLIMITED_MILLICORES`] where CPU never is short.
    pub millicores: u64,
    /// Divides demand.
    pub speed: f64,
    /// Price of a server and hour, in the plan's currency.
    pub price_per_hour: Option<f64>,
    /// What nodes cost, where they are paid and not servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_price: Option<NodePrice>,
    /// Price of the whole warm pool per hour, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_price_per_hour: Option<f64>,
    /// A server is billed for so long at least, in nanoseconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub billed_at_least_ns: u64,
}

impl PoolPlan {
    /// Tells whether it has a price, of servers or of nodes.
    pub fn is_priced(&self) -> bool {
        self.price_per_hour.is_some() || self.node_price.is_some()
    }
}

/// What a node costs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodePrice {
    /// How many servers it holds.
    pub servers: u32,
    /// Its price per hour, in the plan's currency.
    pub per_hour: f64,
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// A service x class pair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RowPlan {
    /// Index of the service.
    pub service: usize,
    /// Index of the class.
    pub class: usize,
    /// Mean CPU time of a request of size 1 at speed 1, in nanoseconds; infinite is written null.
    pub work_mean_ns: Option<f64>,
    /// Mean time that holds the slot and burns no CPU, in nanoseconds; infinite is written null.
    pub wait_mean_ns: Option<f64>,
}

/// What is demanded of a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectivePlan {
    /// Its name.
    pub name: String,
    /// Index of the service.
    pub service: usize,
    /// Index of the class; `None` means all classes.
    pub class: Option<usize>,
    /// The figure and its bound.
    pub goal: Goal,
    /// Length of the windows of which the worst counts, in nanoseconds.
    pub every_ns: Option<u64>,
    /// Start of the judged stretch, in nanoseconds; `None` is the end of the warm-up.
    pub from_ns: Option<u64>,
    /// End of the judged stretch, in nanoseconds; `None` is the end of the run.
    pub to_ns: Option<u64>,
    /// Share of days on which the objective must hold.
    pub holds_in: Option<f64>,
}

/// A figure and its bound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Goal {
    /// A latency percentile below a bound.
    #[serde(rename_all = "camelCase")]
    Latency {
        /// The percentile, 0 to 100.
        percentile: f64,
        /// The bound, in nanoseconds.
        bound_ns: u64,
        /// Whether the bound itself still holds (`lte`).
        inclusive: bool,
    },
    /// The share of ended requests that completed, above a bound.
    #[serde(rename_all = "camelCase")]
    Success {
        /// The bound, 0 to 1.
        at_least: f64,
        /// Whether the bound itself still holds (`gte`).
        inclusive: bool,
    },
}

impl Plan {
    /// Returns the length of the run.
    pub fn duration(&self) -> SimDuration {
        SimDuration::from_nanos(self.duration_ns)
    }

    /// Returns the wall clock of an instant in RFC 3339; `None` where the plan has no start.
    pub fn wall(&self, nanos: u64) -> Option<String> {
        let start = self.start?;
        let instant = Timestamp::from_nanosecond(i128::from(start.epoch_ns) + i128::from(nanos)).ok()?;
        let offset = Offset::from_seconds(start.offset_s).ok()?;
        Some(instant.display_with_offset(offset).to_string())
    }

    /// Returns the end of the warm-up.
    pub fn warmup_end(&self) -> SimTime {
        SimTime::from_nanos(self.warmup_ns)
    }

    /// Returns the rows of a service, as a range of row indices.
    pub fn rows_of(&self, service: usize) -> std::ops::Range<usize> {
        let first = self.rows.partition_point(|row| row.service < service);
        let last = self.rows.partition_point(|row| row.service <= service);
        first..last
    }

    /// Returns the row of a service x class pair.
    pub fn row(&self, service: ServiceId, class: ClassId) -> Option<RowId> {
        self.rows_of(service.index()).find(|&row| self.rows[row].class == class.index()).map(RowId::new)
    }
}
