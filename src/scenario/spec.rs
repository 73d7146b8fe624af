//! The scenario file: one struct per block, its keys as fields.
//!
//! Reading checks shape and types; what goes together and what is out of range is told later, all
//! at once. What is not built yet has no key here and so is not accepted.

mod fault;
mod life;
mod operate;
mod proxies;
mod release;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bounds::{MAX_REPLICAS, MAX_REPLICATIONS};
use super::forms::{BalancerChoice, Concurrency, Cores, OrderSpec, PerClass, TrafficRateSpec, Warmup};
use super::named::Named;
use crate::autoscaler::AutoscalerSpec;
use crate::dist::{DistributionSpec, Factor};
use crate::time::SimDuration;
use crate::units::{Price, Ratio, When};
use crate::workload::{ArrivalsSpec, KeysSpec};

pub use fault::{
    CrashSpec, ErrorsSpec, FailedLaunchesSpec, FailuresSpec, FaultSpec, MonitoringOutageSpec, SlowSpec,
    ZoneOutageSpec,
};
pub use life::{
    HealthCheckSpec, ImageSpec, LadderSpec, LaunchSpec, NodesSpec, Servers, SlowStartSpec, StartupSpec,
    WarmPoolSpec,
};
pub(super) use operate::PATHS;
pub use operate::{ActionSpec, ConditionSpec, LatencyLimit, Limit, PipelineSpec};
pub(super) use proxies::MAX_PROXIES;
pub use proxies::{ProxiesSpec, ZoneAwareSpec};
pub use release::{
    CatchesSpec, CiSpec, CommitsSpec, ConfigurationSpec, FreezeSpec, Held, IfBusy, Passes, PolicySpec,
    ReleaseSpec, RollbackSpec, SnapshotRollback, StageSpec, TaggedRollback, VersionRollback,
};

/// A scenario file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScenarioSpec {
    /// The version of the file's form.
    pub api_version: ApiVersion,
    /// What the file describes.
    pub kind: Kind,
    /// Names.
    pub metadata: MetadataSpec,
    /// What is simulated.
    pub run: RunSpec,
    /// Sources of requests by name.
    pub traffic: Named<SourceSpec>,
    /// Services by name.
    pub services: Named<ServiceSpec>,
    /// What breaks; nothing where left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultSpec>,
    /// How controllers and people see the run, by name; `metricsServer` and `prometheus` are there unless
    /// they are given otherwise.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub monitoring: Named<PipelineSpec>,
    /// What operators do; nothing where left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<ActionSpec>,
    /// What is released; nothing where left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub releases: Vec<ReleaseSpec>,
    /// When nothing is released; never where left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub freezes: Vec<FreezeSpec>,
    /// What is demanded; none where left out.
    #[serde(default)]
    pub objectives: Vec<ObjectiveSpec>,
}

/// The version of the file's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ApiVersion {
    /// The only one.
    #[serde(rename = "peakday/v1alpha1")]
    V1Alpha1,
}

/// What a file describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Kind {
    /// One scenario.
    Scenario,
}

/// Names of the scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetadataSpec {
    /// Names the output folder.
    pub name: String,
    /// Free text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// What is simulated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunSpec {
    /// The wall clock of t = 0, RFC 3339 with an offset.
    #[schemars(example = "2026-11-10T23:30:00+08:00")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// How long.
    pub duration: SimDuration,
    /// Simulated, left out of statistics.
    #[serde(default)]
    pub warmup: Warmup,
    /// The root of all randomness.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// How many independent days; five by default, so that there are intervals.
    #[schemars(range(min = 1, max = MAX_REPLICATIONS))]
    #[serde(default = "default_replications")]
    pub replications: u32,
    /// Bucket of the time series; ten seconds, or the duration where it is shorter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<SimDuration>,
    /// Multiplies every source.
    #[serde(default = "default_load")]
    pub load: Ratio,
}

fn default_seed() -> u64 {
    1
}

fn default_replications() -> u32 {
    5
}

fn default_load() -> Ratio {
    Ratio(1.0)
}

/// A source of requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourceSpec {
    /// The service that is called.
    pub to: String,
    /// The class of every request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Shares of classes, instead of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mix: Option<Named<Ratio>>,
    /// How arrivals scatter around the rate.
    #[serde(default)]
    pub arrivals: ArrivalsSpec,
    /// How many requests come.
    pub rate: TrafficRateSpec,
    /// Multiplies the source, drawn once per replication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncertainty: Option<DistributionSpec<Factor>>,
    /// How requests spread over customers, for balancers that go by customers; nobody is named where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<KeysSpec>,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceSpec {
    /// The version that runs at the start, in free text; `current` where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its servers, by pool.
    pub pools: Named<PoolSpec>,
    /// How requests wait for a slot; unlimited, first come first served, per server where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueSpec>,
    /// CPU time at speed 1.
    pub work: PerClass,
    /// Time that holds the slot and burns no CPU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<PerClass>,
    /// Who picks the server.
    #[serde(default)]
    pub balancer: BalancerChoice,
    /// Who chooses the size of its servers, among its pools; nobody where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ladder: Option<LadderSpec>,
    /// The proxies that run the balancer; one that knows everything where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxies: Option<ProxiesSpec>,
    /// How it learns of servers that come and fail; at once where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheckSpec>,
}

/// Servers of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PoolSpec {
    /// How many servers.
    #[schemars(range(max = MAX_REPLICAS))]
    pub replicas: u32,
    /// Requests in hand at once, per server.
    pub concurrency: Concurrency,
    /// What a server computes with; as many cores as slots where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<CpuSpec>,
    /// Divides demand.
    #[serde(default = "default_speed")]
    pub speed: f64,
    /// What balancers that weigh go by; capacity where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
    /// Zones, over which servers are dealt in turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<String>,
    /// Per server and hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// A server is billed for so long at least; to the second where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billed_at_least: Option<SimDuration>,
    /// What stands between the order of a server and its full speed; nothing where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub startup: Option<StartupSpec>,
    /// How fast and how surely servers are launched; at once and surely where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch: Option<LaunchSpec>,
    /// Machines that wait for a launch; none where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_pool: Option<WarmPoolSpec>,
    /// Nodes that hold several servers; every server has a machine of its own where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<NodesSpec>,
    /// How long a server that leaves may finish what it has; as long as it takes where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain: Option<SimDuration>,
    /// Who decides how many servers there are; `replicas` stays where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoscaler: Option<AutoscalerSpec>,
}

fn default_speed() -> f64 {
    1.0
}

/// What a server computes with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CpuSpec {
    /// Cores, in steps of a thousandth.
    pub cores: Cores,
    /// What a server asks for, in cores: what Kubernetes measures utilisation against; all of its cores where
    /// left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Cores>,
}

/// How requests wait for a slot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QueueSpec {
    /// One queue per server, or one for the service.
    #[serde(default)]
    pub scope: Scope,
    /// How many may wait; 0 turns away whoever finds no slot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// How long a request may wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<SimDuration>,
    /// Who is next.
    #[serde(default)]
    pub order: OrderSpec,
}

/// Whose queue it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Scope {
    /// One queue per server.
    #[default]
    Server,
    /// One central queue.
    Service,
}

/// What is demanded of a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectiveSpec {
    /// Its name.
    pub name: String,
    /// The service.
    pub service: String,
    /// One class; all where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// A latency percentile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<LatencySpec>,
    /// The share of requests that complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<SuccessSpec>,
    /// Length of the windows of which the worst counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<SimDuration>,
    /// The stretch that is judged; all after the warm-up where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub during: Option<DuringSpec>,
    /// Share of days on which it must hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds_in: Option<Ratio>,
}

/// A latency percentile and its bound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LatencySpec {
    /// The percentile, between 0 and 100.
    pub percentile: f64,
    /// The bound, itself too slow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lt: Option<SimDuration>,
    /// The bound, itself fast enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lte: Option<SimDuration>,
}

/// The share of requests that complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SuccessSpec {
    /// The bound, itself good enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gte: Option<Ratio>,
    /// The bound, itself not good enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gt: Option<Ratio>,
}

/// A stretch of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DuringSpec {
    /// Where it begins; the end of the warm-up where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<When>,
    /// Where it ends; the end of the run where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<When>,
}

impl ScenarioSpec {
    /// Returns the spec with every default written out that depends on other keys; the others were
    /// filled in reading.
    #[must_use]
    pub fn resolved(&self) -> Self {
        let mut spec = self.clone();
        spec.run.interval = Some(spec.run.interval());
        for (_, service) in &mut spec.services.0 {
            let limited = |(_, pool): &(String, PoolSpec)| pool.concurrency != Concurrency::Unlimited;
            if service.pools.0.iter().any(limited) {
                service.queue.get_or_insert_default();
            }
            for (_, pool) in &mut service.pools.0 {
                pool.weight = Some(pool.weight());
            }
        }
        spec
    }
}

impl RunSpec {
    /// Returns the bucket of the time series.
    pub fn interval(&self) -> SimDuration {
        self.interval.unwrap_or(SimDuration::from_secs(10).min(self.duration))
    }
}

impl PoolSpec {
    /// Returns the weight: as written, or the capacity of a server.
    pub fn weight(&self) -> f64 {
        let slots = match self.concurrency {
            Concurrency::Limit(slots) => f64::from(slots),
            Concurrency::Unlimited => 1.0,
        };
        let units = self.cpu.as_ref().map_or(slots, |cpu| cpu.cores.0);
        self.weight.unwrap_or(units * self.speed)
    }
}
