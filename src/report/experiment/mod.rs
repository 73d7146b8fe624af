//! What is written of an experiment: tables, charts, the page, the terminal's answer.
//!
//! | file | holds |
//! |---|---|
//! | `named.rs` | names of cells, metrics and figures |
//! | `answer.rs` | sentences: what holds, who differs by how much, what to know |
//! | `text.rs` | what a terminal shows |
//! | `csv.rs` | `sweep.csv`, `runs.csv`, `comparisons.csv` |
//!
//! The charts stand in `charts/experiment/`, the page in `html/experiment.rs`.

mod answer;
mod csv;
mod named;
mod text;

pub(super) use answer::{answers, compared, counted, remarks};
pub(super) use named::{Names, parts};
pub use text::text;

pub mod size;

use std::io;

use super::charts::experiment::{Sheet, sheets};
use super::words::{Lang, Word};
use super::{Output, html};
use crate::results::Verdict;
use crate::results::experiment::{CellRow, Comparison, Experiment, cell_rows, comparisons};
use crate::stats::{Interval, share_at_least, share_at_most};

/// Returns the tables of an experiment, its charts and its page. `lang` is that of the fixed words.
///
/// # Errors
///
/// Where a table cannot be written or a chart drawn, which does not happen in memory.
pub fn files(experiment: &Experiment, lang: Lang) -> io::Result<Vec<Output>> {
    let found = Found::of(experiment, lang);
    let sheets = sheets(&found)?;
    let svg = |sheet: &Sheet| (sheet.file.clone().into(), sheet.svg(&found));
    let mut files = csv::tables(&found)?;
    files.extend(sheets.iter().map(svg));
    files.push(("report.html".into(), html::experiment(&found, &sheets)));
    Ok(files)
}

/// An experiment, and what is computed of it once for every table and chart.
pub(super) struct Found<'a> {
    pub(super) experiment: &'a Experiment,
    pub(super) names: Names<'a>,
    /// One a cell, in the order of the plan.
    pub(super) rows: Vec<CellRow>,
    pub(super) comparisons: Vec<Comparison>,
}

impl<'a> Found<'a> {
    pub(super) fn of(experiment: &'a Experiment, lang: Lang) -> Self {
        let names = Names { plan: &experiment.plan, lang };
        Self { experiment, names, rows: cell_rows(experiment), comparisons: comparisons(experiment) }
    }

    /// Returns what the experiment is called.
    pub(super) fn name(&self) -> &'a str {
        let plan = self.names.plan;
        plan.display_name.as_deref().unwrap_or(&plan.name)
    }

    /// Returns the cells that have a rank, the first first.
    pub(super) fn ranked(&self) -> Vec<usize> {
        let mut ranked: Vec<(u32, usize)> =
            self.rows.iter().filter_map(|row| Some((row.rank?, row.cell))).collect();
        ranked.sort_unstable();
        ranked.into_iter().map(|(_, cell)| cell).collect()
    }

    /// Tells whether any cell has objectives.
    pub(super) fn is_judged(&self) -> bool {
        self.names.plan.cells.iter().any(|cell| cell.objectives.iter().any(Option::is_some))
    }

    /// Returns the share of days, in percent, on which some objective fails; `None` without days or objectives.
    pub(super) fn risk(&self, cell: usize) -> Option<Interval> {
        let runs = &self.experiment.runs[cell];
        let judged = runs.iter().filter(|run| run.objectives.iter().any(Option::is_some));
        let failed = judged.clone().filter(|run| run.objectives.iter().flatten().any(|day| !day.holds));
        let (days, failed) = (judged.count() as u32, failed.count() as u32);
        let percent = |share: f64| 100.0 * share;
        (days > 0).then(|| Interval {
            mean: percent(f64::from(failed) / f64::from(days)),
            lo: share_at_least(failed, days).map(percent),
            hi: share_at_most(failed, days).map(percent),
        })
    }

    /// Returns the word for the verdict of a cell.
    pub(super) fn word(verdict: Verdict) -> Word {
        match verdict {
            Verdict::Pass => Word::Holds,
            Verdict::Inconclusive => Word::Undecided,
            Verdict::Fail => Word::HoldsNot,
        }
    }

    /// Returns the metric by which cells are ranked among equal verdicts, and then the other headlines.
    pub(super) fn metrics(&self) -> Vec<usize> {
        let first = self.names.plan.ranked_by();
        let others = self.names.headlines().into_iter().filter(|metric| Some(*metric) != first);
        first.into_iter().chain(others).collect()
    }

    /// Says by what cells are ranked.
    pub(super) fn ranked_by(&self) -> String {
        let metric = self.names.plan.ranked_by().map(|metric| self.names.metric(metric));
        let verdict = self.is_judged().then(|| self.names.lang.word(Word::Verdict).to_owned());
        verdict.into_iter().chain(metric).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
pub(super) mod tests;
