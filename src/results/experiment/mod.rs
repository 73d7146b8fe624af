//! Experiments: what many runs of scenarios that differ in a few values found out.
//!
//! An [`ExperimentPlan`] says what is compared and by what; a [`RunRecord`] keeps of one run what an
//! [`Experiment`] needs, in the order of the plan's metrics. Every table, chart and verdict of a sweep is
//! a pure function of these. Knows no scenario file and no engine.

mod comparisons;
mod measure;
mod plan;
mod rows;
mod size;

pub use comparisons::{Comparison, Difference, comparisons};
pub use measure::{Measured, Measures};
pub use plan::{
    AxisPlan, AxisValue, Better, CellObjective, CellPlan, DayRecord, Design, EXPERIMENT_VERSION, Experiment,
    ExperimentPlan, Figure, MetricPlan, Precision, RunRecord, Unit,
};
pub use rows::{CellRow, ObjectiveShare, cell_rows, decided};
/// A search worked out by hand, for the tests of what reads one.
#[cfg(test)]
pub(crate) use size::tests as size_example;
pub use size::{Answer, Candidate, Holding, PeakShare, SIZE_VERSION, Scale, SizeObjective, SizePath, Sizing};

/// An experiment worked out by hand, for the tests of everything that reads experiments.
#[cfg(test)]
pub(crate) mod tests;
