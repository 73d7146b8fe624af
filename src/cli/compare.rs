//! `peakday compare`: what stands, and what is proposed instead.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::files::TraceFolder;
use super::layers::Layers;
use super::message::Format;
use super::output::{self, Staging};
use super::progress::Bar;
use super::report::{RESULT, load};
use super::run::warnings;
use super::signals::Signals;
use super::usage::whole;
use super::{Exit, Voice, print};
use crate::error::Error;
use crate::report::{Sides, comparison_document, comparison_files, comparison_text};
use crate::results::{StudyResult, compare, overall, verdicts};
use crate::scenario::{Document, MAX_REPLICATIONS, Scenario, differences};
use crate::study::{StudyOptions, run_study};

const EXAMPLES: &str = "\
Examples:
  peakday compare shop.yaml --set run.load=1.2       the same shop, with a fifth more traffic
  peakday compare shop.yaml shop-new.yaml            two files
  peakday compare output/shop shop.yaml -f more.yaml   a run that is there, and a file
  peakday compare output/before output/after -o diff   two runs; table and chart go to diff";

/// What `compare` is asked for.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CompareArgs {
    /// What stands: the folder of a run, or a scenario file.
    a: PathBuf,
    /// What is proposed: the same; where left out, A's file with what is laid over it.
    b: Option<PathBuf>,
    #[command(flatten)]
    layers: Layers,
    /// Simulate files with this seed instead of theirs.
    #[arg(long, value_name = "N", value_parser = whole(0..=u64::MAX))]
    seed: Option<u64>,
    /// Simulate so many days of files; where left out, the larger number of both sides.
    #[arg(long, value_name = "N", value_parser = whole(1..=MAX_REPLICATIONS))]
    replications: Option<u32>,
    /// Show all figures, not only the main ones that differ.
    #[arg(long)]
    all: bool,
    /// Write comparison.csv, comparison.json and a chart to this folder. A comparison there is replaced.
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Use so many threads instead of one per core; results do not depend on it.
    #[arg(long, value_name = "N", value_parser = whole(1..=1024_u16))]
    threads: Option<u16>,
}

/// One of the two, before it is simulated.
enum Side {
    Done(Box<StudyResult>),
    Open { document: Box<Document>, traces: TraceFolder },
}

/// One of the two, as it is compared.
enum Ready {
    Done(Box<StudyResult>),
    Checked { scenario: Box<Scenario>, traces: TraceFolder },
}

impl Ready {
    /// Returns what to know of a side that is simulated.
    fn warnings(&self, side: &str) -> Vec<String> {
        match self {
            Self::Done(_) => Vec::new(),
            Self::Checked { scenario, .. } => {
                warnings(scenario).into_iter().map(|warning| format!("{side}: {warning}")).collect()
            }
        }
    }
}

pub(super) fn run(args: &CompareArgs, voice: Voice, format: Format) -> Result<Exit, Error> {
    let signals = Signals::listen();
    let checked = sides(args, &signals);
    if signals.came() {
        return Ok(interrupted(voice));
    }
    let [a, b] = checked?;
    let warnings = [a.warnings("A"), b.warnings("B")].concat();
    warnings.iter().for_each(|warning| voice.say(Voice::Normal, format!("warning: {warning}")));
    let staging =
        args.output.as_deref().map(|place| Staging::marked(place, output::COMPARISON)).transpose()?;
    let (a, b) = (study(a, args, &signals, voice)?, study(b, args, &signals, voice)?);
    if a.runs.is_empty() || b.runs.is_empty() {
        return Ok(interrupted(voice));
    }
    let changes = differences(&a.provenance.resolved, &b.provenance.resolved)
        .map_err(|what| Error::Usage(format!("a damaged result: its scenario cannot be read: {what}")))?;
    let comparison = compare(&a, &b, changes);
    let sides = Sides { a: &a, b: &b, comparison: &comparison };
    let failed = |why: std::io::Error| Error::Run(format!("a comparison cannot be written: {why}"));
    if let Some(staging) = staging {
        staging.publish(&comparison_files(sides).map_err(failed)?)?;
    }
    let names = names(args);
    print(&match format {
        Format::Text => text(sides, [&names[0], &names[1]], args),
        Format::Json => {
            let (output, comparison) = (args.output.as_deref(), comparison_document(sides));
            let told = Told { output, warnings: &warnings, comparison };
            serde_json::to_string_pretty(&told).map_err(|why| failed(why.into()))? + "\n"
        }
    })?;
    Ok(if signals.came() { Exit::Interrupted } else { overall(&verdicts(&b)).into() })
}

fn interrupted(voice: Voice) -> Exit {
    voice.say(Voice::Normal, "interrupted: nothing is compared");
    Exit::Interrupted
}

/// What `compare` tells a program: `comparison.json`, and where it is.
#[derive(Serialize)]
struct Told<'a, S> {
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a Path>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    warnings: &'a [String],
    #[serde(flatten)]
    comparison: S,
}

fn text(sides: Sides<'_>, names: [&str; 2], args: &CompareArgs) -> String {
    let text = comparison_text(sides, names, args.all, super::width());
    let place = args.output.as_ref().map(|place| format!("\nfiles: {}\n", place.display()));
    text + &place.unwrap_or_default()
}

/// Names both sides as the user did.
fn names(args: &CompareArgs) -> [String; 2] {
    let b = args.b.as_ref().unwrap_or(&args.a).display();
    [args.a.display().to_string(), format!("{b}{}", args.layers.told())]
}

/// Reads and checks both sides: what is wrong with either is told at once.
fn sides(args: &CompareArgs, signals: &Signals) -> Result<[Ready; 2], Error> {
    let Some(second) = args.b.as_ref().or((!args.layers.is_empty()).then_some(&args.a)) else {
        return Err(Error::Usage(
            "there is nothing to compare it with\n  name a second one, or say with --set what is changed"
                .to_owned(),
        ));
    };
    let read = [side(&args.a, &Layers::default(), signals), side(second, &args.layers, signals)];
    let mut read = together(read)?;
    let simulated = read.iter().any(|side| matches!(side, Side::Open { .. }));
    if !simulated && (args.seed.is_some() || args.replications.is_some()) {
        let message = "--seed and --replications change what is simulated, and both are results already";
        return Err(Error::Usage(format!("{message}\n  name a scenario file instead of a folder")));
    }
    let most = read.iter().map(|side| match side {
        Side::Done(study) => study.runs.len() as u32,
        Side::Open { document, .. } => document.spec.run.replications,
    });
    let replications = args.replications.or(most.max());
    for side in &mut read {
        if let Side::Open { document, .. } = side {
            let run = &mut document.spec.run;
            run.seed = args.seed.unwrap_or(run.seed);
            run.replications = replications.unwrap_or(run.replications);
        }
    }
    together(read.map(|side| match side {
        Side::Done(study) => Ok(Ready::Done(study)),
        Side::Open { document, traces } => {
            let scenario = Box::new(document.check(&traces.ended_by(signals))?);
            Ok(Ready::Checked { scenario, traces })
        }
    }))
}

/// Returns both, or all that is wrong with them.
fn together<T>(both: [Result<T, Error>; 2]) -> Result<[T; 2], Error> {
    match both {
        [Ok(a), Ok(b)] => Ok([a, b]),
        [Err(Error::Invalid(mut a)), Err(Error::Invalid(b))] => {
            // One file compared with itself is wrong once.
            a.extend(b.into_iter().filter(|issue| !a.contains(issue)).collect::<Vec<_>>());
            Err(Error::Invalid(a))
        }
        [Err(error), _] | [_, Err(error)] => Err(error),
    }
}

fn side(path: &Path, layers: &Layers, signals: &Signals) -> Result<Side, Error> {
    let folder = if path.ends_with(RESULT) { path.parent().unwrap_or(path) } else { path };
    if !folder.is_dir() {
        let traces = TraceFolder::of(path);
        let document = Box::new(layers.read(path, &traces.ended_by(signals))?);
        return Ok(Side::Open { document, traces });
    }
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let place = folder.display();
    let usage = |text: String| Err(Error::Usage(format!("{place}: {text}")));
    if !folder.join(RESULT).exists() {
        if folder.join("sweep.json").exists() {
            return usage(format!(
                "this is the folder of a sweep, whose cells are compared already\n  look into its comparisons.csv, \
                 which peakday sweep merge {place} writes"
            ));
        }
        if folder.join(output::COMPARISON.0).exists() {
            return usage(
                "this is a comparison\n  name the runs or the scenarios that it compares".to_owned(),
            );
        }
    }
    let study = Box::new(load(folder)?);
    if !layers.is_empty() {
        return usage(
            "these are results, over which nothing can be laid\n  name the scenario file as B".to_owned(),
        );
    }
    if study.runs.is_empty() {
        return usage("no day of this run finished\n  run the scenario again".to_owned());
    }
    Ok(Side::Done(study))
}

/// Returns the study of a side, simulated where it is not there yet.
fn study(side: Ready, args: &CompareArgs, signals: &Signals, voice: Voice) -> Result<StudyResult, Error> {
    match side {
        Ready::Done(study) => Ok(*study),
        Ready::Checked { scenario, traces } => {
            let bar = Bar::new(&scenario, 1..=scenario.replications, voice, signals);
            let options = StudyOptions { threads: args.threads.map_or(0, usize::from) };
            let study = run_study(&scenario, &traces, options, &bar);
            bar.clear();
            study
        }
    }
}
