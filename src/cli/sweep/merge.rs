//! `peakday sweep merge`: from runs to tables, charts and verdicts.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::store::{self, Missing, Store};
use super::told;
use crate::cli::message::Format;
use crate::cli::{Exit, print};
use crate::error::Error;
use crate::report::{self, Lang};
use crate::results::Verdict;
use crate::results::experiment::{Experiment, ExperimentPlan, cell_rows};
use crate::study::{Shard, gather};

/// The most cells that a message lists.
const LISTED: usize = 10;

/// What `sweep merge` is asked for.
#[derive(Debug, Args)]
#[command(after_help = "Example: peakday sweep merge output/which-balancer")]
pub(super) struct MergeArgs {
    /// The folder that `peakday sweep run` wrote.
    dir: PathBuf,
    /// The language of fixed words in charts and in the report: en or zh.
    #[arg(long, default_value = "en")]
    lang: Lang,
}

pub(super) fn run(args: &MergeArgs, format: Format) -> Result<Exit, Error> {
    let (plan, store) = store::open(&args.dir)?;
    let gathered = gather(&plan, &store).map_err(|first| store.damage(first))?;
    let Missing { failed, untried } = store.told_apart(&gathered.missing)?;
    if !untried.is_empty() {
        return Err(Error::Run(incomplete(&plan, &args.dir, &untried)));
    }
    let experiment = Experiment { plan, runs: gathered.runs };
    finish(&store, (&experiment.plan.file, &args.dir), &experiment, failed.len(), args.lang, format)
}

/// Says which runs are missing, and what makes them.
pub(super) fn incomplete(plan: &ExperimentPlan, dir: &Path, missing: &[(usize, u32)]) -> String {
    let mut cells: Vec<(usize, usize)> = Vec::new();
    for &(cell, _) in missing {
        match cells.last_mut() {
            Some((last, count)) if *last == cell => *count += 1,
            _ => cells.push((cell, 1)),
        }
    }
    let dir = dir.display().to_string();
    let mut text = format!("{dir}: {} missing", told::count(missing.len(), "run"));
    for &(cell, runs) in cells.iter().take(LISTED) {
        text += &format!("\n  {} of {}", told::count(runs, "run"), told::cell(plan, cell));
    }
    if cells.len() > LISTED {
        text += &format!("\n  and those of {} more cells", cells.len() - LISTED);
    }
    text + "\n  make them: " + &told::resume(plan, &plan.file, &dir)
}

/// Writes and prints what came out; `file` is where the sweep stands.
pub(super) fn finish(
    store: &Store,
    (file, dir): (&str, &Path),
    experiment: &Experiment,
    failed: usize,
    lang: Lang,
    format: Format,
) -> Result<Exit, Error> {
    let files = report::experiment::files(experiment, lang)
        .map_err(|why| Error::Run(format!("a result cannot be written: {why}")))?;
    for (name, bytes) in &files {
        store.shelf().write(name, bytes)?;
    }
    let outcome = Outcome { plan: &experiment.plan, dir, failed };
    print(&match format {
        Format::Text => {
            let table = report::experiment::text(experiment, crate::cli::width());
            format!("{table}\nfiles: {}\n{}", dir.display(), next(experiment, file))
        }
        Format::Json => outcome.json(None, experiment.runs.iter().map(Vec::len).sum())?,
    })?;
    outcome.exit()
}

/// Names what tells how much more the best of the cells that hold could take.
fn next(experiment: &Experiment, file: &str) -> String {
    let rows = cell_rows(experiment);
    let best =
        rows.iter().find(|row| row.rank == Some(1) && row.verdict == Verdict::Pass && row.risk.is_some());
    let command = best.map(|row| told::headroom(&experiment.plan, file, row.cell));
    command.map(|command| format!("how much more: {command}\n")).unwrap_or_default()
}

/// How a sweep or a shard ended.
pub(super) struct Outcome<'a> {
    pub(super) plan: &'a ExperimentPlan,
    pub(super) dir: &'a Path,
    /// Runs that failed.
    pub(super) failed: usize,
}

impl Outcome<'_> {
    /// Returns what a program is told.
    pub(super) fn json(&self, shard: Option<Shard>, runs: usize) -> Result<String, Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Told<'a> {
            output: &'a Path,
            name: &'a str,
            cells: usize,
            #[serde(skip_serializing_if = "Option::is_none")]
            shard: Option<String>,
            runs: usize,
            failed: usize,
        }
        let told = Told {
            output: self.dir,
            name: &self.plan.name,
            cells: self.plan.cells.len(),
            shard: shard.map(|Shard { index, of }| format!("{index}/{of}")),
            runs,
            failed: self.failed,
        };
        let text = serde_json::to_string_pretty(&told);
        text.map(|text| text + "\n").map_err(|why| Error::Run(format!("a result cannot be written: {why}")))
    }

    /// Returns how the command ends.
    pub(super) fn exit(&self) -> Result<Exit, Error> {
        if self.failed == 0 {
            return Ok(Exit::Success);
        }
        let (runs, dir) = (told::count(self.failed, "run"), self.dir.display().to_string());
        let status = told::command("peakday sweep status", [dir.as_str()]);
        Err(Error::Run(format!(
            "{runs} failed and are left out of the results\n  see which, and why: {status}"
        )))
    }
}
