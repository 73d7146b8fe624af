//! What a run is measured by: from a whole result to the figures that an experiment keeps.

use super::plan::{CellPlan, Figure, MetricPlan, RunRecord};
use crate::results::{Plan, RunResult};

/// The metrics of an experiment as they are read off the runs of one cell.
#[derive(Clone, Debug)]
pub struct Measures {}

impl Measures {
    /// Returns what the runs of some scenarios have in common to be measured by: the union of their metrics,
    /// the names of their objectives, and for each scenario how they are read off.
    ///
    /// Further names make metrics of theirs headlines. Returns names that no scenario has as the error.
    pub fn of(
        plans: &[&Plan],
        headlines: &[String],
    ) -> Result<(Vec<MetricPlan>, Vec<String>, Vec<Self>), Vec<String>> {
        todo!("{plans:?} {headlines:?}")
    }

    /// Returns the part of the cell's plan that hangs on what is measured: objectives, and what has no interval.
    pub fn cell(&self, plan: &Plan) -> CellPlan {
        todo!("{plan:?}")
    }

    /// Reads a run off.
    pub fn record(&self, plan: &Plan, run: &RunResult, id: String) -> RunRecord {
        todo!("{plan:?} {run:?} {id} {:?}", Figure(None))
    }
}
