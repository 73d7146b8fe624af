//! `peakday sweep run`: the runs of a sweep, or of a shard of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;

use super::merge::{self, Outcome};
use super::read::Source;
use super::store::Store;
use super::watch::Watch;
use super::{store, told};
use crate::cli::files::TraceFolder;
use crate::cli::message::Format;
use crate::cli::run::warnings;
use crate::cli::signals::Signals;
use crate::cli::usage::whole;
use crate::cli::{Exit, Voice, print};
use crate::error::Error;
use crate::report::Lang;
use crate::results::experiment::Experiment;
use crate::study::{Ran, Shard, StudyOptions, SweepStudy, run_sweep};

const EXAMPLES: &str = "\
Examples:
  peakday sweep run which.yaml                     results go to output/NAME
  peakday sweep run which.yaml --resume            goes on after Ctrl-C, a crash, a reboot
  peakday sweep run which.yaml -o there --shard 2/5";

/// What `sweep run` is asked for.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct RunArgs {
    #[command(flatten)]
    source: Source,
    /// Keep runs and write results in this folder; output/NAME where left out.
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Simulate only part I of N equal ones; parts may share the folder. `peakday sweep merge` ends it.
    #[arg(long, value_name = "I/N", value_parser = shard)]
    shard: Option<Shard>,
    /// Go on with the runs that are in the folder; those that failed are tried again.
    #[arg(long)]
    resume: bool,
    /// Simulate more than 1,000 cells.
    #[arg(long)]
    yes: bool,
    /// Use so many threads instead of one per core; results do not depend on it.
    #[arg(long, value_name = "N", value_parser = whole(1..=1024_u16))]
    threads: Option<u16>,
    /// The language of fixed words in charts and in the report: en or zh.
    #[arg(long, default_value = "en")]
    lang: Lang,
}

/// Reads `I/N`.
fn shard(text: &str) -> Result<Shard, &'static str> {
    let part = text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
    match part {
        Some((index, of)) if index >= 1 && index <= of => Ok(Shard { index, of }),
        _ => Err("write for example 2/5: the second of five parts"),
    }
}

pub(super) fn run(args: &RunArgs, voice: Voice, format: Format) -> Result<Exit, Error> {
    let signals = Signals::listen();
    let traces = TraceFolder::of(&args.source.file);
    let read = args.source.read(&traces.ended_by(&signals), args.yes);
    if signals.came() {
        voice.say(Voice::Normal, "interrupted: nothing was simulated");
        return Ok(Exit::Interrupted);
    }
    let mut sweep = read?;
    let dir = args.output.clone().unwrap_or_else(|| Path::new("output").join(&sweep.plan.name));
    let store = store::create(&dir, &mut sweep.plan, args.resume || args.shard.is_some())?;
    if args.resume {
        store.shelf().tidy();
    }
    warn(&sweep, voice);
    let ran = simulate(args, &sweep, &store, &traces, &signals, voice)?;
    if ran.cancelled {
        let kept = told::count(ran.runs.iter().map(Vec::len).sum(), "run");
        let go_on = go_on(args, &sweep, &dir);
        voice.say(Voice::Normal, format!("interrupted, {kept} kept; go on with\n  {go_on}"));
        return Ok(Exit::Interrupted);
    }
    let failed = ran.failed.len();
    if let Some(shard) = args.shard {
        let outcome = Outcome { plan: &sweep.plan, dir: &dir, failed };
        return finish(&outcome, shard, &ran, format);
    }
    let experiment = Experiment { plan: sweep.plan, runs: ran.runs };
    merge::finish(
        &store,
        (&args.source.file.display().to_string(), &dir),
        &experiment,
        failed,
        args.lang,
        format,
    )
}

/// Says what to know before believing the results, of several cells once.
fn warn(sweep: &SweepStudy, voice: Voice) {
    let mut cells: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (cell, scenario) in sweep.scenarios().enumerate() {
        warnings(scenario).into_iter().for_each(|warning| cells.entry(warning).or_default().push(cell));
    }
    for (warning, cells) in cells {
        let all = sweep.plan.cells.len();
        let of = match cells[..] {
            _ if cells.len() == all => String::new(),
            [only] => format!(", in {}", told::cell(&sweep.plan, only)),
            [first, ..] => {
                let first = told::cell(&sweep.plan, first);
                format!(", in {} of {all} cells, the first is {first}", cells.len())
            }
            [] => continue,
        };
        voice.say(Voice::Normal, format!("warning: {warning}{of}"));
    }
}

/// Makes the runs that are not kept yet.
fn simulate(
    args: &RunArgs,
    sweep: &SweepStudy,
    store: &Store,
    traces: &TraceFolder,
    signals: &Signals,
    voice: Voice,
) -> Result<Ran, Error> {
    let file = args.source.file.display().to_string();
    let watch = Watch::new(&sweep.plan, &file, store, signals, voice);
    let options = StudyOptions { threads: args.threads.map_or(0, usize::from) };
    let shard = args.shard.unwrap_or(Shard::WHOLE);
    let ran = run_sweep(sweep, shard, store, traces, options, &watch);
    let (simulated, found) = watch.bar.counts();
    watch.end()?;
    voice.say(Voice::Verbose, format!("{simulated} runs simulated, {found} found"));
    ran.map_err(|first| store.damage(first))
}

/// Returns the command that goes on with what was asked for.
fn go_on(args: &RunArgs, sweep: &SweepStudy, dir: &Path) -> String {
    let file = args.source.file.display().to_string();
    let line = told::resume(&sweep.plan, &file, &dir.display().to_string());
    let shard = args.shard.map(|Shard { index, of }| format!(" --shard {index}/{of}")).unwrap_or_default();
    line + &shard
}

/// Ends a shard: nothing is merged, since others may not be ready.
fn finish(outcome: &Outcome<'_>, shard: Shard, ran: &Ran, format: Format) -> Result<Exit, Error> {
    let Shard { index, of } = shard;
    let runs = told::count(ran.runs.iter().map(Vec::len).sum(), "run");
    let dir = outcome.dir.display();
    print(&match format {
        Format::Text => {
            format!("shard {index} of {of}: {runs} kept in {dir}\nwhen all are: peakday sweep merge {dir}\n")
        }
        Format::Json => outcome.json(Some(shard), ran.runs.iter().map(Vec::len).sum())?,
    })?;
    outcome.exit()
}
