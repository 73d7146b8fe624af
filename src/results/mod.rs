//! What came out: the recorder that runs write to, and plain data that everything else reads.
//!
//! [`StudyResult`] is the one schema. It holds integer truth (counts, sums, histograms, interval
//! series); every file, table, chart and verdict is a pure function of it. Knows no engine.

mod plan;
mod recorder;
mod run;
mod window;

pub use plan::{
    Goal, ObjectivePlan, Plan, PoolPlan, RowPlan, ServicePlan, SourcePlan, UNLIMITED_MILLICORES, WallClock,
};
pub use recorder::{Books, Recorder, ServiceReading};
pub use run::{
    Ledger, ObjectiveRun, Provenance, RowSeries, RowTotals, RunResult, SCHEMA_VERSION, ServerTotals,
    ServiceSeries, ServiceTotals, StudyResult, TraceRecord, Wide, WindowRecord,
};

pub use crate::stats::Peak;
