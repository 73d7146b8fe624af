//! Experiments: tables, charts, the page and the table for a terminal.

mod csv;

pub use csv::{comparisons_csv, runs_csv, sweep_csv, tables};

use std::io;

use super::{Lang, Output};
use crate::results::experiment::Experiment;

/// Returns every file of an experiment: `sweep.csv`, `runs.csv`, `comparisons.csv`, charts, `report.html`.
///
/// # Errors
/// Where a value cannot be written.
pub fn files(experiment: &Experiment, _lang: Lang) -> io::Result<Vec<Output>> {
    csv::tables(experiment)
}

/// Returns the table of an experiment for a terminal.
pub fn text(experiment: &Experiment, _width: Option<usize>) -> String {
    format!("SWEEP  {}\n", experiment.plan.name)
}
