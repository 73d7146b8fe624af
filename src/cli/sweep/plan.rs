//! `peakday sweep plan`: what a sweep compares, and how long that takes.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::emit::{self, Target};
use super::read::Source;
use super::told;
use crate::cli::files::TraceFolder;
use crate::cli::message::Format;
use crate::cli::plan::pace;
use crate::cli::usage::whole;
use crate::cli::{Exit, print};
use crate::error::Error;
use crate::preview::preview;
use crate::report::{grouped, wrap};
use crate::results::experiment::{AxisPlan, Design, ExperimentPlan};
use crate::study::SweepStudy;
use crate::time::SimDuration;

/// Of more cells than this, some that lie evenly among them stand for all in estimates.
const PREVIEWED: usize = 100;

const EXAMPLES: &str = "\
Examples:
  peakday sweep plan which.yaml                    what is compared, and how long it takes
  peakday sweep plan which.yaml -o there --emit slurm --shards 200 > array.sh";

/// What `sweep plan` is asked for.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    source: Source,
    /// Print a script that runs the shards: slurm, kubernetes or parallel.
    #[arg(long, value_name = "FOR", requires = "shards", hide_possible_values = true)]
    emit: Option<Target>,
    /// How many shards the script has: many more than machines, so that a lost one loses little.
    #[arg(long, value_name = "N", requires = "emit", value_parser = whole(1..=100_000_u32))]
    shards: Option<u32>,
    /// The folder of results that the script names; output/NAME where left out.
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// What a sweep takes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Effort<'a> {
    name: &'a str,
    axes: &'a [AxisPlan],
    cells: usize,
    dropped: u64,
    baseline: String,
    design: &'a Design,
    /// Runs where every cell is decided at its first look, and where none is.
    runs: [f64; 2],
    /// Requests of a run, on average over cells.
    requests: f64,
    /// Runs of a cell that look for the end of its warm-up, on average.
    pilots: f64,
    ns_per_request: f64,
    cores: usize,
    /// Of as many runs.
    seconds: [f64; 2],
}

pub(super) fn run(args: &PlanArgs, format: Format) -> Result<Exit, Error> {
    let traces = TraceFolder::of(&args.source.file);
    let sweep = args.source.read(&traces, true)?;
    let plan = &sweep.plan;
    if let Some((target, shards)) = args.emit.zip(args.shards) {
        let dir = args.output.clone().unwrap_or_else(|| Path::new("output").join(&plan.name));
        let (file, dir) = (args.source.file.display().to_string(), dir.display().to_string());
        print(&emit::script(target, plan, &file, &dir, shards))?;
        return Ok(Exit::Success);
    }
    let effort = effort(&sweep, &traces)?;
    print(&match format {
        Format::Text => text(plan, &effort, crate::cli::width()),
        Format::Json => {
            let text = serde_json::to_string_pretty(&effort);
            text.map_err(|why| Error::Run(format!("no JSON: {why}")))? + "\n"
        }
    })?;
    Ok(Exit::Success)
}

fn effort<'a>(sweep: &'a SweepStudy, traces: &TraceFolder) -> Result<Effort<'a>, Error> {
    let plan = &sweep.plan;
    let (mut requests, mut pilots, mut seen) = (0.0, 0.0, 0.0);
    for scenario in sweep.scenarios().step_by(plan.cells.len().div_ceil(PREVIEWED)) {
        requests += preview(scenario, traces)?.effort.requests * scenario.runs_a_day();
        pilots += if scenario.plan.warmup_found { f64::from(scenario.replications) } else { 0.0 };
        seen += 1.0;
    }
    let (requests, pilots) = (requests / seen, pilots / seen);
    let pace = pace::measure(sweep.scenarios().next().ok_or_else(nothing)?);
    let cells = plan.cells.len() as f64;
    let runs = [plan.design.looks[0], plan.design.most()].map(|runs| f64::from(runs) * cells);
    let seconds =
        runs.map(|runs| (runs + pilots * cells) * requests * pace.ns_per_request / 1e9 / pace.cores as f64);
    Ok(Effort {
        name: &plan.name,
        axes: &plan.axes,
        cells: plan.cells.len(),
        dropped: plan.dropped,
        baseline: plan.values(plan.baseline),
        design: &plan.design,
        runs,
        requests,
        pilots,
        ns_per_request: pace.ns_per_request,
        cores: pace.cores,
        seconds,
    })
}

/// A sweep without cells is not read.
fn nothing() -> Error {
    Error::Run("this sweep has no cells".to_owned())
}

fn text(plan: &ExperimentPlan, effort: &Effort<'_>, width: Option<usize>) -> String {
    let name = plan.display_name.as_deref().unwrap_or(&plan.name);
    let dropped = match plan.dropped {
        0 => String::new(),
        dropped => format!(", {dropped} more were dropped by constraints"),
    };
    let mut lines = vec![format!("SWEEP PLAN  {name}: {}{dropped}", told::count(effort.cells, "cell"))];
    for axis in &plan.axes {
        let values: Vec<&str> = axis.values.iter().map(|value| value.label.as_str()).collect();
        let path = if axis.name == axis.path { String::new() } else { format!(" ({})", axis.path) };
        lines.push(format!("- {}{path}: {}", axis.name, values.join(", ")));
    }
    lines.push(format!("compared with {}", told::cell(plan, plan.baseline)));
    let between = |[least, most]: [f64; 2], digits| match (grouped(least, digits), grouped(most, digits)) {
        (least, most) if least == most => most,
        (least, most) => format!("{least} to {most}"),
    };
    let length = |seconds: f64| match seconds {
        seconds if seconds < 10.0 => format!("{} s", grouped(seconds, 2)),
        seconds => SimDuration::from_secs(libm::ceil(seconds) as u64).to_string(),
    };
    let [least, most] = effort.seconds.map(length);
    let time = if least == most { most } else { format!("{least} to {most}") };
    let pilots = if effort.pilots > 0.0 { ", beside those that look for the end of the warm-up" } else { "" };
    lines.push(format!(
        "every cell gets {}: {} runs{pilots}",
        told::design(&plan.design),
        between(effort.runs, 0)
    ));
    lines.push(format!(
        "a run has {} requests on average; all runs take about {time} on {} ({} ns a request, measured on this \
         machine a moment ago)",
        grouped(effort.requests, 3),
        told::count(effort.cores, "core"),
        grouped(effort.ns_per_request, 2),
    ));
    lines.iter().map(|line| wrap(line, width)).collect()
}
