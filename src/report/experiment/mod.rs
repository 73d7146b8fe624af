//! Experiments: tables, charts, the page and the table for a terminal.

pub mod size;

use std::io;

use super::{Lang, Output};
use crate::results::experiment::Experiment;

/// Returns every file of an experiment: `sweep.csv`, `runs.csv`, `comparisons.csv`, charts, `report.html`.
///
/// # Errors
/// Where a value cannot be written.
pub fn files(experiment: &Experiment, _lang: Lang) -> io::Result<Vec<Output>> {
    // Stand-in until tables and charts are merged.
    let lines = experiment.runs.iter().enumerate().flat_map(|(cell, runs)| {
        runs.iter().map(move |run| format!("{},{},{:?}\n", cell + 1, run.replication, run.figures))
    });
    Ok(vec![("runs.csv".into(), lines.collect::<String>().into_bytes())])
}

/// Returns the table of an experiment for a terminal.
pub fn text(experiment: &Experiment, _width: Option<usize>) -> String {
    format!("SWEEP  {}\n", experiment.plan.name)
}
