//! What came out: the recorder that runs write to, and plain data that everything else reads.
//!
//! [`StudyResult`] is the one schema. It holds integer truth (counts, sums, histograms, interval
//! series); every file, table, chart and verdict is a pure function of it. Knows no engine.

mod column;
mod compare;
mod counts;
mod dependencies;
pub mod dora;
mod elasticity;
pub mod experiment;
mod figures;
mod fleet_mean;
mod log;
mod plan;
mod recorder;
mod release;
mod run;
mod series;
mod servers;
mod shape;
mod verdict;
mod window;

pub use crate::stats::Peak;
pub use column::{Aggregator, Column, Kind};
pub use compare::{
    Comparison, FigurePair, Judgement, ObjectivePair, Pairing, ScenarioChange, Silence, compare,
};
pub use counts::Counts;
pub use dependencies::{DependencyRow, dependencies, nearest_limits};
pub use figures::{Facts, SUMMARY, Subject, SummaryRow, latency_at, summary};
pub use fleet_mean::{Load, MeanServer, Scaling};
pub use log::{Decision, EventKind, LogEntry};
pub use plan::{
    Goal, NodePrice, ObjectivePlan, Plan, PoolPlan, RowPlan, ServicePlan, SourcePlan, UNLIMITED_MILLICORES,
    WallClock,
};
pub use recorder::{Books, Recorder, Sent, ServiceReading};
pub use release::{
    BadMark, DORA, EXPOSED_PERCENT, PolicyPlan, PolicyRow, RELEASES, ReleaseFacts, ReleaseOutcome,
    ReleasePlan, ReleaseRow, ReleaseRun, ReleaseSeries, Share, Spread, Stand, release_policies, release_rows,
};
pub use run::{
    Ledger, NodeTotals, ObjectiveRun, OverlayRecord, Provenance, RowSeries, RowTotals, RunResult,
    SCHEMA_VERSION, ServerTotals, ServiceSeries, ServiceTotals, StudyResult, TraceRecord, Wide, WindowRecord,
};
pub use series::{Moment, SERIES, Series};
pub use servers::{SERVERS, ServerFacts, ServerRow, servers};
pub use shape::check_shape;
pub use verdict::{DayVerdict, ObjectiveVerdict, Verdict, VerdictNote, overall, verdicts};
pub use window::Window;

/// Releases worked out by hand, for the same.
#[cfg(test)]
pub(crate) use release::tests as released;
/// A small study worked out by hand, for the tests of everything that reads results.
#[cfg(test)]
pub(crate) use tests as example;
#[cfg(test)]
pub(crate) mod tests;
