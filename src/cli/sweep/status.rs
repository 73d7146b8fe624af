//! `peakday sweep status`: how far a sweep is.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use clap::Args;
use serde::Serialize;

use super::store::{self, FailedRun, Missing};
use super::{merge, told};
use crate::cli::message::Format;
use crate::cli::{Exit, print};
use crate::error::Error;
use crate::report::grouped;
use crate::results::experiment::ExperimentPlan;
use crate::study::{Gathered, gather};
use crate::time::SimDuration;

/// The rate is that of the last so many runs.
const RECENT: usize = 1_000;
/// The most failures that are told.
const LISTED: usize = 10;

/// What `sweep status` is asked for.
#[derive(Debug, Args)]
#[command(after_help = "Example: peakday sweep status output/which-balancer")]
pub(super) struct StatusArgs {
    /// The folder that `peakday sweep run` wrote.
    dir: PathBuf,
}

/// How far a sweep is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Status<'a> {
    output: &'a Path,
    name: &'a str,
    cells: usize,
    /// Cells that need no more runs.
    cells_finished: usize,
    /// Cells of which a run failed.
    cells_failed: usize,
    runs: usize,
    /// Runs that are missing and did not fail; more may follow where a cell is not decided.
    runs_missing: usize,
    /// The most runs that there may be in the end.
    runs_at_most: usize,
    /// `None` where there are too few to tell.
    runs_per_second: Option<f64>,
    /// Since the last run was kept.
    idle_seconds: Option<f64>,
    failed: &'a [FailedRun],
    /// What makes the missing runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
}

pub(super) fn run(args: &StatusArgs, format: Format) -> Result<Exit, Error> {
    let (plan, store) = store::open(&args.dir)?;
    let Gathered { runs, missing } = gather(&plan, &store).map_err(|first| store.damage(first))?;
    let Missing { failed, untried } = store.told_apart(&missing)?;
    let unfinished: BTreeSet<usize> = missing.iter().map(|missing| missing.0).collect();
    let finished: Vec<usize> = (0..plan.cells.len()).filter(|cell| !unfinished.contains(cell)).collect();
    let settled: usize = finished.iter().map(|&cell| runs[cell].len()).sum();
    let mut broken: Vec<usize> = failed.iter().map(|failed| failed.cell).collect();
    broken.dedup();
    let (rate, idle) = rate(store.times()?);
    let status = Status {
        output: &args.dir,
        name: &plan.name,
        cells: plan.cells.len(),
        cells_finished: finished.len(),
        cells_failed: broken.len(),
        runs: runs.iter().map(Vec::len).sum(),
        runs_missing: untried.len(),
        runs_at_most: settled + (plan.cells.len() - finished.len()) * plan.design.most() as usize,
        runs_per_second: rate,
        idle_seconds: idle.map(|idle| idle.as_secs_f64()),
        failed: &failed,
        command: (!missing.is_empty())
            .then(|| told::resume(&plan, &plan.file, &args.dir.display().to_string())),
    };
    print(&match format {
        Format::Text => text(&status, &plan, &untried),
        Format::Json => {
            let text = serde_json::to_string_pretty(&status);
            text.map_err(|why| Error::Run(format!("no JSON: {why}")))? + "\n"
        }
    })?;
    Ok(Exit::Success)
}

/// Returns how many runs a second were kept of late, and since when there was none.
fn rate(mut times: Vec<SystemTime>) -> (Option<f64>, Option<Duration>) {
    times.sort_unstable();
    let recent = &times[times.len().saturating_sub(RECENT)..];
    let span = recent.first().zip(recent.last()).and_then(|(first, last)| last.duration_since(*first).ok());
    let rate = span.filter(|span| !span.is_zero()).map(|span| (recent.len() - 1) as f64 / span.as_secs_f64());
    (rate, recent.last().and_then(|last| last.elapsed().ok()))
}

fn text(status: &Status<'_>, plan: &ExperimentPlan, missing: &[(usize, u32)]) -> String {
    let most = if plan.design.is_sequential() && status.command.is_some() { "at most " } else { "" };
    let length = |seconds: f64| SimDuration::from_secs(libm::ceil(seconds) as u64).to_string();
    let mut lines = vec![
        format!(
            "SWEEP  {}: {} in {}",
            status.name,
            told::count(status.cells, "cell"),
            status.output.display()
        ),
        format!(
            "runs: {} of {most}{} finished, {} failed",
            grouped(status.runs as f64, 0),
            grouped(status.runs_at_most as f64, 0),
            status.failed.len()
        ),
        format!("cells: {} of {} need no more runs", status.cells_finished, status.cells),
    ];
    if let (Some(rate), Some(idle), Some(_)) = (status.runs_per_second, status.idle_seconds, &status.command)
    {
        let left = (status.runs_at_most - status.runs - status.failed.len()) as f64 / rate;
        let (rate, ago) = (grouped(rate, 3), length(idle));
        lines.push(format!(
            "rate: {rate} runs/s, the last one {ago} ago; at that rate {most}{} are left",
            length(left)
        ));
    }
    for failed in status.failed.iter().take(LISTED) {
        lines.push(format!("failed: {}", failed.told(plan)));
    }
    if status.failed.len() > LISTED {
        lines.push(format!(
            "and {} more; all are in {}",
            status.failed.len() - LISTED,
            status.output.join("failed").display()
        ));
    }
    match &status.command {
        Some(_) if !missing.is_empty() => lines.push(merge::incomplete(plan, status.output, missing)),
        Some(command) => lines.push(format!("try again: {command}")),
        None => {}
    }
    lines.join("\n") + "\n"
}
