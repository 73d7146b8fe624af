//! The result schema: one replication, and all of them with their provenance.

use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize, Serializer};

use crate::results::{Decision, LogEntry, Plan, ReleaseRun};
use crate::stats::{Histogram, Peak};

/// The version of the schema of `result.json`; it grows when a field changes its meaning.
pub const SCHEMA_VERSION: u32 = 1;

/// An integer too large for a JSON number to be safe: written as text from 2^64 on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wide(pub u128);

impl Serialize for Wide {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match u64::try_from(self.0) {
            Ok(small) => serializer.serialize_u64(small),
            Err(_) => serializer.collect_str(&self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Wide {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Small(u64),
            Text(String),
        }
        match Form::deserialize(deserializer)? {
            Form::Small(value) => Ok(Self(value.into())),
            Form::Text(text) => text.parse().map(Self).map_err(de::Error::custom),
        }
    }
}

/// Everything a study found out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StudyResult {
    /// [`SCHEMA_VERSION`] of the program that wrote it.
    pub schema_version: u32,
    /// Where it comes from.
    pub provenance: Provenance,
    /// What was simulated.
    pub plan: Plan,
    /// How many replications were asked for; an interrupted study holds fewer.
    pub replications_planned: u32,
    /// The replications that finished, in order.
    pub runs: Vec<RunResult>,
}

/// Where a result comes from: enough to repeat it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Provenance {
    /// The program's version.
    pub version: String,
    /// The seed.
    pub seed: u64,
    /// SHA-256 of the resolved scenario, in hexadecimal.
    pub scenario_sha256: String,
    /// The resolved scenario as YAML; traces are named as the scenario file names them.
    pub resolved: String,
    /// The traces that were read.
    pub traces: Vec<TraceRecord>,
    /// What was laid over the scenario file, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overlays: Vec<OverlayRecord>,
    /// The settings `PATH=VALUE` that were applied after them, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<String>,
}

/// A file that was laid over the scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OverlayRecord {
    /// Its name, without the folder: where it lay says nothing about what it held.
    pub file: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// A trace that was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TraceRecord {
    /// The source that read it.
    pub source: String,
    /// The file, as the scenario names it.
    pub file: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Lines read, the header left out.
    pub rows: u64,
    /// Lines that could not be used.
    pub bad_lines: u64,
    /// The first of them, with the reason.
    pub first_bad: Vec<(u64, String)>,
}

/// One replication: one day that might happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunResult {
    /// Its ordinal, from 1.
    pub replication: u32,
    /// Per source: what came and what became of it, over the whole run, warm-up included.
    pub ledgers: Vec<Ledger>,
    /// Per row: the population, requests that arrived in [warm-up, end).
    pub rows: Vec<RowTotals>,
    /// Per service: use of capacity over [warm-up, end).
    pub services: Vec<ServiceTotals>,
    /// Every server that ever was, in launch order.
    pub servers: Vec<ServerTotals>,
    /// Per row: one entry an interval, over the whole run.
    pub row_series: Vec<RowSeries>,
    /// Per service: one entry an interval, over the whole run.
    pub service_series: Vec<ServiceSeries>,
    /// Per objective.
    pub objectives: Vec<ObjectiveRun>,
    /// Every node that ever was, where servers stand on nodes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<NodeTotals>,
    /// What else happened, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<LogEntry>,
    /// What was decided about numbers of servers, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<Decision>,
    /// What became of every release, first those of the run itself, then those that were rolled out in
    /// another way beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub releases: Vec<ReleaseRun>,
    /// Names of the versions that came with releases; [`ServerTotals::version`] k is the k-th of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
}

/// What became of a source's requests: started = sum of outcomes + in progress, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ledger {
    /// Requests that came.
    pub started: u64,
    /// How they ended, in the order of `Outcome::ALL`.
    pub outcomes: [u64; 6],
    /// Those still in flight at the end.
    pub in_progress: u64,
}

/// The population of a row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RowTotals {
    /// Requests that arrived.
    pub offered: u64,
    /// How they ended, in the order of `Outcome::ALL`.
    pub outcomes: [u64; 6],
    /// Those still in flight at the end.
    pub in_flight_end: u64,
    /// Attempts sent to a server.
    pub dispatched: u64,
    /// Sum of the sizes of those that arrived, in millionths.
    pub size_sum_micros: Wide,
    /// Latencies of those that completed, in nanoseconds.
    pub latency: Histogram,
    /// Their exact sum, in nanoseconds.
    pub latency_sum_ns: Wide,
    /// The largest of them, in nanoseconds.
    pub latency_max_ns: u64,
}

/// The use of a service's capacity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceTotals {
    /// Servers that were wanted, integrated over time (server x ns).
    pub desired_ns: Wide,
    /// Those of them that were not in service (server x ns).
    pub missing_ns: Wide,
    /// Servers in rotation, integrated over time (server x ns).
    pub ready_ns: Wide,
    /// Slots held, integrated over time (slot x ns).
    pub slot_ns: Wide,
    /// CPU burned (thousandths of a core x ns).
    pub cpu_milli_ns: Wide,
    /// Requests waiting, integrated over time (request x ns).
    pub queued_ns: Wide,
    /// Most slots held at once.
    pub peak_slots: Peak,
    /// Longest queue: of one server or, with a central queue, of the service.
    pub peak_queue: Peak,
    /// Requests that found no server in rotation (they count as failed).
    pub no_server: u64,
    /// Little's law over the whole run, from state: requests in flight x ns.
    pub in_flight_ns: Wide,
    /// Little's law over the whole run, from records: time spent by all requests, in ns.
    pub sojourn_ns: Wide,
}

/// One server, over [warm-up, end).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServerTotals {
    /// Index of its service.
    pub service: usize,
    /// Index of its pool within the service.
    pub pool: usize,
    /// Index of its zone, where pools name zones.
    pub zone: Option<usize>,
    /// When it was ordered, in nanoseconds.
    pub ordered_ns: u64,
    /// When it came into service; the end of the run if it never did.
    pub from_ns: u64,
    /// When it left service; the end of the run if it never did.
    pub to_ns: u64,
    /// When it stopped or failed; the end of the run if it never did.
    pub gone_ns: u64,
    /// Whether it failed.
    pub failed: bool,
    /// The version it ran last: 0 is that of the start, k the k-th of [`RunResult::versions`].
    #[serde(default, skip_serializing_if = "is_zero")]
    pub version: u32,
    /// Requests sent to it.
    pub requests: u64,
    /// CPU burned (thousandths of a core x ns).
    pub cpu_milli_ns: Wide,
    /// Slots held, integrated over time (slot x ns).
    pub slot_ns: Wide,
    /// Its longest queue.
    pub peak_queue: u64,
}

fn is_zero(version: &u32) -> bool {
    *version == 0
}

/// A node that holds servers of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodeTotals {
    /// Index of the service.
    pub service: usize,
    /// Index of the pool within the service.
    pub pool: usize,
    /// When it was ordered, in nanoseconds.
    pub ordered_ns: u64,
    /// When it was given back or lost; the end of the run if it never was.
    pub gone_ns: u64,
}

/// A row's time series: entry i covers [i, i + 1) intervals, the last one may be shorter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RowSeries {
    /// Requests that arrived in the interval.
    pub offered: Vec<u64>,
    /// Requests that ended in the interval, in the order of `Outcome::ALL`.
    pub outcomes: [Vec<u64>; 6],
    /// Attempts sent to a server.
    pub dispatched: Vec<u64>,
    /// Requests in flight, integrated over the interval (request x ns).
    pub in_flight_ns: Vec<Wide>,
    /// Sum of the sizes of those that arrived, in millionths.
    pub size_sum_micros: Vec<Wide>,
    /// Median latency of those that completed, in nanoseconds.
    pub p50_ns: Vec<Option<u64>>,
    /// 99th percentile of the same.
    pub p99_ns: Vec<Option<u64>>,
}

/// A service's time series, over all classes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceSeries {
    /// Servers that were wanted, integrated (server x ns).
    pub desired_ns: Vec<Wide>,
    /// Servers from their order to their end, integrated (server x ns).
    pub ordered_ns: Vec<Wide>,
    /// Servers in rotation, integrated (server x ns).
    pub ready_ns: Vec<Wide>,
    /// Slots held, integrated (slot x ns).
    pub slot_ns: Vec<Wide>,
    /// CPU burned (thousandths of a core x ns).
    pub cpu_milli_ns: Vec<Wide>,
    /// Requests waiting, integrated (request x ns).
    pub queued_ns: Vec<Wide>,
    /// Median latency over all classes, in nanoseconds.
    pub p50_ns: Vec<Option<u64>>,
    /// 99th percentile of the same.
    pub p99_ns: Vec<Option<u64>>,
    /// Requests sent to the servers that were there for the whole interval.
    pub sent_total: Vec<u64>,
    /// Requests sent to the one of them that got most.
    pub sent_most: Vec<u64>,
    /// How many these servers were.
    pub sent_servers: Vec<u64>,
}

/// An objective in one replication.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectiveRun {
    /// The windows it is judged in; exactly one where no `every` is given.
    pub windows: Vec<WindowRecord>,
}

/// One window of an objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WindowRecord {
    /// Its start, in nanoseconds.
    pub from_ns: u64,
    /// Its end, in nanoseconds.
    pub to_ns: u64,
    /// Requests judged: for latency those that completed and those that count as worse than the
    /// bound; for success those that ended.
    pub total: u64,
    /// Of these, the ones that have no latency and count as worse, or did not succeed.
    pub bad: u64,
    /// The latency percentile, in nanoseconds; `None` where it lies among `bad`, where nothing
    /// was judged, and for success.
    pub value_ns: Option<u64>,
}
