//! `peakday size`: the value at which every objective just holds.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use super::files::TraceFolder;
use super::layers::Layers;
use super::message::{Format, coloured};
use super::progress::RunsBar;
use super::signals::Signals;
use super::sweep::shelf;
use super::sweep::store::{RUNS, Store};
use super::sweep::told::count;
use super::usage::whole;
use super::{Exit, Voice, print};
use crate::error::{Error, Problem};
use crate::report::experiment::size as report;
use crate::results::Verdict;
use crate::results::experiment::{Candidate, SIZE_VERSION, Sizing};
use crate::scenario::MAX_REPLICATIONS;
use crate::sim::Progress;
use crate::study::size::{Asked, Question, Range, Start};
use crate::study::{BatchObserver, StudyOptions, Task};
use crate::units::Ratio;

const EXAMPLES: &str = "\
Examples:
  peakday size shop.yaml --vary services.web.pools.standard.replicas=10..40      the smallest fleet that holds
  peakday size shop.yaml --vary run.load=1..3                                    as headroom, within a range
  peakday size shop.yaml --vary services.web.pools.a.replicas=4..12 --vary services.web.pools.b.replicas=0..9
  peakday size shop.yaml --vary services.web.pools.standard.autoscaler.schedule.steps[0].at=23:40..23:59";

/// The file by which a folder of a search is known, and how it begins.
const MARK: (&str, &str) = ("size.json", "{\"sizeVersion\"");
/// Files that a search writes beside it.
const WRITTEN: [&str; 2] = ["size.csv", "charts/size.svg"];
/// More combinations than this are looked at only if that is meant.
const MOST_COMBINATIONS: usize = 1_000;

/// What `size` is asked for.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct SizeArgs {
    #[command(flatten)]
    search: Search,
    /// Vary this value, for example services.web.pools.standard.replicas=10..40; LO..HI..STEP and LO..HI/COUNT
    /// say which values are looked at. Given several times, the cheapest values are looked for.
    #[arg(long, value_name = "PATH=LO..HI", required = true)]
    vary: Vec<String>,
    /// Show what every candidate costs.
    #[arg(long)]
    cost: bool,
    /// Look at more than 1,000 combinations of values.
    #[arg(long)]
    yes: bool,
}

/// What every search is asked for.
#[derive(Debug, Args)]
pub(super) struct Search {
    /// The scenario file.
    file: PathBuf,
    #[command(flatten)]
    layers: Layers,
    /// Simulate so many days of a candidate at most, instead of the file's number; at least as many as can prove
    /// what is demanded.
    #[arg(long, value_name = "MAX", value_parser = whole(1..=MAX_REPLICATIONS))]
    replications: Option<u32>,
    /// The share of days on which objectives must hold that have no holdsIn.
    #[arg(long, value_name = "SHARE", default_value = "95%", value_parser = share)]
    holds_in: f64,
    /// Keep runs and write results in this folder; output/NAME-size or output/NAME-headroom where left out.
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Go on with the runs that are in the folder.
    #[arg(long)]
    resume: bool,
    /// Use so many threads instead of one per core; results do not depend on it.
    #[arg(long, value_name = "N", value_parser = whole(1..=1024_u16))]
    threads: Option<u16>,
}

/// What a command looks for.
pub(super) struct Wanted {
    pub(super) ranges: Vec<Range>,
    pub(super) start: Start,
    pub(super) by_cost: bool,
    /// What the name of the folder ends with.
    pub(super) folder: &'static str,
    pub(super) yes: bool,
}

/// Reads a share of days.
fn share(text: &str) -> Result<f64, String> {
    let share: Ratio = text.parse()?;
    let known = share.0 > 0.0 && share.0 < 1.0;
    if known { Ok(share.0) } else { Err("write a share between 0% and 100%, for example 95%".to_owned()) }
}

pub(super) fn run(args: &SizeArgs, voice: Voice, format: Format) -> Result<Exit, Error> {
    let read: Vec<Result<Range, Problem>> = args.vary.iter().map(|text| Range::parse(text)).collect();
    let wrong: Vec<String> = read.iter().filter_map(|range| range.as_ref().err()).map(told).collect();
    if !wrong.is_empty() {
        return Err(Error::Usage(wrong.join("\n")));
    }
    let ranges: Vec<Range> = read.into_iter().flatten().collect();
    let wanted = Wanted { ranges, start: Start::Ends, by_cost: args.cost, folder: "size", yes: args.yes };
    search(&args.search, wanted, voice, format)
}

fn told(Problem { path, message, remedy }: &Problem) -> String {
    let path = if path.is_empty() { "--vary".to_owned() } else { format!("--vary {path}") };
    format!("{path}: {message}\n  {remedy}")
}

/// Looks for an answer, and writes it.
pub(super) fn search(args: &Search, wanted: Wanted, voice: Voice, format: Format) -> Result<Exit, Error> {
    let signals = Signals::listen();
    let traces = TraceFolder::of(&args.file);
    let (folder, yes) = (wanted.folder, wanted.yes);
    let asked = Asked {
        file: args.file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        ranges: wanted.ranges,
        start: wanted.start,
        by_cost: wanted.by_cost,
        replications: args.replications,
        holds_in: args.holds_in,
    };
    let surveyed = traces.ended_by(&signals);
    let question = args
        .layers
        .read(&args.file, &surveyed)
        .and_then(|document| Question::new(document, asked, &surveyed));
    if signals.came() {
        voice.say(Voice::Normal, "interrupted: nothing was simulated");
        return Ok(Exit::Interrupted);
    }
    let question = question?;
    let combinations = question.combinations();
    if combinations > MOST_COMBINATIONS && question.is_of_several() && !yes {
        let text = format!(
            "these are {combinations} combinations of values\n  write steps, LO..HI..STEP, or add --yes"
        );
        return Err(Error::Usage(text));
    }
    let remarks = question.remarks.clone();
    let place = format!("{}-{folder}", question.name());
    let dir = args.output.clone().unwrap_or_else(|| Path::new("output").join(place));
    let store = open(&dir, question.shape(), args.resume)?;
    let watch = Watch { bar: RunsBar::new(voice), signals: &signals };
    let options = StudyOptions { threads: args.threads.map_or(0, usize::from) };
    let tell = |candidate: &Candidate| watch.bar.suspend(|| voice.say(Voice::Verbose, looked_at(candidate)));
    let sizing = question.answer(&store, &traces, options, &watch, tell);
    watch.bar.clear();
    let Some(sizing) = sizing.map_err(|first| store.damage(first))? else {
        let kept = count(watch.bar.counts().0, "more run");
        voice.say(Voice::Normal, format!("interrupted: {kept} are kept; add --resume to go on with them"));
        return Ok(Exit::Interrupted);
    };
    finish(&store, &dir, &sizing, &remarks, format)
}

/// Says what became of a candidate.
fn looked_at(candidate: &Candidate) -> String {
    let values = candidate.values.iter().map(|value| &*value.label).collect::<Vec<_>>().join(", ");
    let days = count(candidate.replications as usize, "day");
    format!("{values}: {} after {days}", candidate.verdict().name())
}

/// Opens the folder of a search, which is created unless it is there. Runs of one that is finished are removed, unless
/// they are to be gone on with.
///
/// # Errors
/// Where it holds something else, or runs of a search that is not finished and that nobody asked to go on with.
fn open(dir: &Path, shape: (usize, usize), resume: bool) -> Result<Store, Error> {
    let refused =
        |what: &str| Err(Error::Usage(format!("{}: {what}\n  choose another folder with -o", dir.display())));
    let shelf = shelf::at(dir)?;
    match shelf.read(MARK.0).ok().flatten() {
        Some(bytes) if !bytes.starts_with(MARK.1.as_bytes()) => {
            return refused("this folder holds something else than a search of peakday");
        }
        Some(bytes) => {
            let there: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            let (version, here) = (there["version"].as_str().unwrap_or("?"), env!("CARGO_PKG_VERSION"));
            if resume && version != here {
                return refused(&format!("version {version} of peakday kept these runs, and this is {here}"));
            }
            let runs = shelf.list(RUNS)?;
            if !resume && !runs.is_empty() && there["answer"].is_null() {
                let text = format!(
                    "{}: {} of a search that was interrupted are there",
                    dir.display(),
                    count(runs.len(), "run")
                );
                let remedy = "add --resume to go on with them, or choose another folder with -o";
                return Err(Error::Usage(format!("{text}\n  {remedy}")));
            }
            if !resume {
                runs.iter().try_for_each(|(name, _)| shelf.remove(name))?;
            }
            WRITTEN.iter().try_for_each(|name| shelf.remove(name))?;
        }
        None => match shelf.is_free() {
            Ok(true) => {}
            Ok(false) => return refused("this folder holds something else than a search of peakday"),
            Err(_) if dir.is_symlink() && !dir.exists() => return refused("this link leads nowhere"),
            Err(_) if dir.is_file() => return refused("there is a file of this name"),
            Err(error) => return Err(super::output::failed(dir, error)),
        },
    }
    let version = env!("CARGO_PKG_VERSION");
    let begun = format!("{{\"sizeVersion\":{SIZE_VERSION},\"version\":\"{version}\"}}\n");
    shelf.write(MARK.0, begun.as_bytes())?;
    shelf.tidy();
    Ok(Store::shaped(shelf, shape))
}

/// Writes and prints what was found.
fn finish(
    store: &Store,
    dir: &Path,
    sizing: &Sizing,
    remarks: &[String],
    format: Format,
) -> Result<Exit, Error> {
    let unwritten = |why: &dyn std::fmt::Display| Error::Run(format!("a result cannot be written: {why}"));
    for (name, bytes) in report::files(sizing).map_err(|why| unwritten(&why))? {
        store.shelf().write(&name, &bytes)?;
    }
    print(&match format {
        Format::Text => {
            let text = report::text(sizing, remarks, super::width());
            let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
            format!("{}\n{rest}\nfiles: {}\n", coloured(first), dir.display())
        }
        Format::Json => {
            let told = Told {
                output: dir,
                verdict: sizing.verdict().name(),
                sentence: report::sentence(sizing),
                supplements: report::supplements(sizing),
                remarks,
                sizing,
            };
            serde_json::to_string_pretty(&told).map_err(|why| unwritten(&why))? + "\n"
        }
    })?;
    Ok(match sizing.verdict() {
        Verdict::Pass => Exit::Success,
        Verdict::Inconclusive => Exit::Inconclusive,
        Verdict::Fail => Exit::Violated,
    })
}

/// What a program is told.
#[derive(Serialize)]
struct Told<'a> {
    output: &'a Path,
    verdict: &'a str,
    sentence: String,
    supplements: Vec<String>,
    remarks: &'a [String],
    #[serde(flatten)]
    sizing: &'a Sizing,
}

/// Looks on while a search goes on.
struct Watch<'a> {
    bar: RunsBar,
    signals: &'a Signals,
}

impl BatchObserver for Watch<'_> {
    fn on_round(&self, due: usize, later: usize) {
        self.bar.begin(due, later);
    }

    fn on_progress(&self, task: &Task<'_>, progress: Progress) {
        let share = || progress.now.as_secs_f64() / task.scenario.horizon().as_secs_f64();
        self.bar.advance((task.cell, task.replication), share);
    }

    fn on_finished(&self, task: &Task<'_>, found: bool) {
        self.bar.finish((task.cell, task.replication), found);
    }

    fn on_failed(&self, task: &Task<'_>, _error: &Error) {
        self.bar.finish((task.cell, task.replication), false);
    }

    fn is_cancelled(&self) -> bool {
        self.signals.came()
    }
}
