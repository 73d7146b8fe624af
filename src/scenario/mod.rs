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
//! | `decode.rs` | the tree to serde structs |
//! | `spec.rs`, `forms.rs`, `named.rs` | the structs |
//! | `read.rs` | the steps above, and issues with places |
//! | `check/` | cross-checks, and the way from spec to plan |
//!
//! Opens no file: the edge hands in bytes, and [`TraceFiles`](crate::workload::recorded::TraceFiles).

mod check;
mod decode;
mod forms;
mod named;
mod plan;
mod read;
mod spec;
mod suggest;
mod tree;

pub use forms::{BalancerChoice, Concurrency, Cores, OrderSpec, PerClass, TrafficRateSpec, Warmup};
pub use named::Named;
pub use plan::{
    Demand, Fault, FaultKind, Order, Pool, Queue, Recording, Scenario, Service, SlowStart, Source, Startup,
    Victims,
};
pub use read::Document;
pub use spec::{
    ApiVersion, CpuSpec, DuringSpec, Kind, LatencySpec, MetadataSpec, ObjectiveSpec, PoolSpec, QueueSpec,
    RunSpec, ScenarioSpec, Scope, ServiceSpec, SourceSpec, SuccessSpec,
};
pub use tree::MAX_BYTES;
