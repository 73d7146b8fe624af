//! The scenario: the text, what it says, and what can be run.
//!
//! [`Document::read`] turns bytes into a [`ScenarioSpec`] (syntax, keys, types),
//! [`Document::check`] turns that into a [`Scenario`] (what goes together, what is in range, what
//! the traces hold). Every problem is told with its file, line, column and path, and with what to
//! write instead.
//!
//! | file | holds |
//! |---|---|
//! | `tree.rs` | YAML to a tree with places: the only module that knows the YAML crate |
//! | `source.rs`, `merge.rs` | `include`, overlays and settings, merged to one tree |
//! | `decode/` | the tree to serde structs, all mistakes at once |
//! | `examples.rs` | what messages show for every key |
//! | `spec.rs`, `forms.rs`, `named.rs` | the structs |
//! | `schema.rs` | their JSON Schema |
//! | `read.rs` | the steps above, and issues with places |
//! | `check/` | cross-checks, and the way from spec to plan |
//! | `diff.rs` | what differs between two scenarios |
//! | `partial.rs` | cross-checks of what could be read, where something could not |
//! | `sweep/` | files that vary a scenario: axes, cells |
//!
//! Opens no file: the edge hands in bytes, and files by path through [`TraceFiles`](crate::workload::recorded::TraceFiles).

mod bounds;
mod check;
mod decode;
mod diff;
mod examples;
mod explain;
mod forms;
mod merge;
mod named;
mod partial;
mod plan;
mod read;
mod schema;
mod source;
mod spec;
mod suggest;
pub mod sweep;
mod tree;

pub(crate) use bounds::MAX_REPLICATIONS;
pub use diff::differences;
pub use explain::{Explanation, explain};
pub use forms::{BalancerChoice, Concurrency, Cores, OrderSpec, PerClass, TrafficRateSpec, Warmup};
pub use named::Named;
pub use plan::{
    Action, Bounds, Caution, Change, Commits, Condition, Demand, Detection, Fault, FaultKind, Figure, Flaw,
    HealthCheck, Image, LadderPlan, LaunchPlan, Nodes, Order, Person, Policy, Pool, ProxyPlan, Queue,
    Recording, Release, Repair, Rollback, Scaler, Scenario, Seen, Service, SlowStart, Snapshot, Source,
    Startup, Trigger, Victims, Watch,
};
pub use read::Document;
pub use schema::{json_schema, sweep_schema};
pub use source::Overlay;
pub use spec::{
    ActionSpec, ApiVersion, CatchesSpec, CiSpec, CommitsSpec, ConditionSpec, ConfigurationSpec, CpuSpec,
    CrashSpec, DuringSpec, ErrorsSpec, FailedLaunchesSpec, FailuresSpec, FaultSpec, FreezeSpec,
    HealthCheckSpec, Held, IfBusy, ImageSpec, Kind, LadderSpec, LatencyLimit, LatencySpec, LaunchSpec, Limit,
    MetadataSpec, MonitoringOutageSpec, NodesSpec, ObjectiveSpec, Passes, PipelineSpec, PolicySpec, PoolSpec,
    ProxiesSpec, QueueSpec, ReleaseSpec, RollbackSpec, RunSpec, ScenarioSpec, Scope, Servers, ServiceSpec,
    SlowSpec, SlowStartSpec, SnapshotRollback, SourceSpec, StageSpec, StartupSpec, SuccessSpec,
    TaggedRollback, VersionRollback, WarmPoolSpec, ZoneAwareSpec, ZoneOutageSpec,
};
pub(crate) use suggest::{grouped, near};
pub use sweep::{Input, Sweep, SweepCell, SweepDocument};
pub use tree::MAX_BYTES;
