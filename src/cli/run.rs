//! `peakday run`: a scenario in, a folder of results out.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::files::TraceFolder;
use super::layers::Layers;
use super::message::{Format, coloured};
use super::output::{StagedFile, Staging};
use super::progress::Bar;
use super::signals::Signals;
use super::usage::whole;
use super::{Exit, Voice, print};
use crate::error::Error;
use crate::report::{self, Lang};
use crate::results::{StudyResult, overall, verdicts};
use crate::scenario::{MAX_REPLICATIONS, Scenario};
use crate::study::{RecordError, StudyOptions, record_arrivals, run_replication, run_study};

const EXAMPLES: &str = "\
Examples:
  peakday run shop.yaml                              results go to output/NAME
  peakday run shop.yaml --replications 60 -o sure    more days, narrower intervals
  peakday run shop.yaml --set run.load=1.3           one value changed; -f lays a file over it
  peakday run which.yaml --cell 7 --replication 3    one cell of a sweep, and one day of it
  peakday run shop.yaml -q --format json             for scripts; see the exit codes, too";

/// What `run` is asked for.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct RunArgs {
    /// The scenario file.
    file: PathBuf,
    #[command(flatten)]
    layers: Layers,
    /// Take this seed instead of the file's.
    #[arg(long, value_name = "N", value_parser = whole(0..=u64::MAX))]
    seed: Option<u64>,
    /// Simulate so many days instead of the file's number.
    #[arg(long, value_name = "N", value_parser = whole(1..=MAX_REPLICATIONS))]
    replications: Option<u32>,
    /// Simulate this day alone, counted from 1: the same as in a run of all.
    #[arg(long, value_name = "N", value_parser = whole(1..=MAX_REPLICATIONS), conflicts_with = "replications")]
    replication: Option<u32>,
    /// Write results to this folder; output/NAME where left out. A folder of peakday's is replaced.
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Use so many threads instead of one per core; results do not depend on it.
    #[arg(long, value_name = "N", value_parser = whole(1..=1024_u16))]
    threads: Option<u16>,
    /// Write the arrivals of replication 1, or of the one that is simulated alone, to this CSV file, which
    /// can be replayed.
    #[arg(long, value_name = "FILE")]
    record_arrivals: Option<PathBuf>,
    /// Write the time series to this file in the OpenMetrics format, to backfill Prometheus with.
    #[arg(long, value_name = "FILE")]
    export_openmetrics: Option<PathBuf>,
    /// The language of fixed words in charts and in the report: en or zh.
    #[arg(long, default_value = "en")]
    lang: Lang,
}

/// Where results go, all opened before the run: who cannot write shall know it now.
struct Outputs {
    place: PathBuf,
    staging: Staging,
    /// The time series for Prometheus.
    metrics: Option<StagedFile>,
}

pub(super) fn run(args: &RunArgs, voice: Voice, format: Format) -> Result<Exit, Error> {
    let signals = Signals::listen();
    let traces = TraceFolder::of(&args.file);
    let checked = load(args, &traces.ended_by(&signals));
    if signals.came() {
        voice.say(Voice::Normal, "interrupted: nothing was simulated");
        return Ok(Exit::Interrupted);
    }
    let scenario = checked?;
    remark(&scenario, voice);
    let warnings = warnings(&scenario);
    warnings.iter().for_each(|warning| voice.say(Voice::Normal, format!("warning: {warning}")));
    let place = args.output.clone().unwrap_or_else(|| Path::new("output").join(&scenario.plan.name));
    let staging = Staging::create(&place)?;
    let metrics = args.export_openmetrics.as_deref().map(StagedFile::create).transpose()?;
    let outputs = Outputs { place, staging, metrics };
    if let Some(file) = &args.record_arrivals
        && !record(file, args.replication.unwrap_or(1), &scenario, &traces, &signals, voice)?
    {
        voice.say(Voice::Normal, "interrupted: nothing was simulated");
        return Ok(Exit::Interrupted);
    }
    let replications = args.replication.map_or(1..=scenario.replications, |only| only..=only);
    let bar = Bar::new(&scenario, replications, voice, &signals);
    let options = StudyOptions { threads: args.threads.map_or(0, usize::from) };
    let study = match args.replication {
        Some(replication) => run_replication(&scenario, replication, &traces, options, &bar),
        None => run_study(&scenario, &traces, options, &bar),
    };
    bar.clear();
    finish(&study?, outputs, args.lang, &warnings, voice, format)
}

/// Reads and checks the scenario, with what the command line says otherwise.
fn load(args: &RunArgs, traces: &TraceFolder) -> Result<Scenario, Error> {
    let mut document = args.layers.read(&args.file, traces)?;
    let run = &mut document.spec.run;
    run.seed = args.seed.unwrap_or(run.seed);
    run.replications = args.replications.unwrap_or(run.replications);
    document.check(traces)
}

/// Says what is worth knowing before the run.
fn remark(scenario: &Scenario, voice: Voice) {
    let sha256 = &scenario.sha256;
    let text = format!("seed {}, {} replications, scenario {sha256}", scenario.seed, scenario.replications);
    voice.say(Voice::Verbose, text);
    for part in scenario.sources.iter().flat_map(|source| &source.recorded) {
        let (file, survey) = (&part.spec.file, &part.survey);
        voice.say(Voice::Verbose, format!("{file}: {} lines, {} used", survey.rows, survey.used));
    }
}

/// Returns what to know before believing the results.
pub(super) fn warnings(scenario: &Scenario) -> Vec<String> {
    let mut warnings = Vec::new();
    for part in scenario.sources.iter().flat_map(|source| &source.recorded) {
        let (file, bad) = (&part.spec.file, part.survey.bad_lines);
        if let Some((line, reason)) = part.survey.first_bad.first() {
            warnings.push(format!("{file}: {bad} bad lines left out; the first is line {line}: {reason}"));
        }
    }
    warnings.extend(scenario.cautions.iter().map(|caution| format!("{}: {}", caution.of, caution.message)));
    for service in scenario.plan.services.iter().filter(|service| service.growing) {
        let name = &service.name;
        warnings.push(format!("{name} gets as much as it can serve, or more: its queue grows without end"));
    }
    warnings
}

/// Writes the arrivals of a replication; false where a signal came.
fn record(
    file: &Path,
    replication: u32,
    scenario: &Scenario,
    traces: &TraceFolder,
    signals: &Signals,
    voice: Voice,
) -> Result<bool, Error> {
    let mut staged = StagedFile::create(file)?;
    let written =
        record_arrivals(scenario, traces, replication, Watched { output: &mut staged, signals }).map(drop);
    match written {
        _ if signals.came() => return Ok(false),
        Err(RecordError::Run(error)) => return Err(error),
        Err(RecordError::Write(error)) => return Err(staged.failed(error)),
        Ok(()) => staged.publish()?,
    }
    voice
        .say(Voice::Normal, format!("wrote the arrivals of replication {replication} to {}", file.display()));
    Ok(true)
}

/// Ends writing where a signal came.
struct Watched<'a> {
    output: &'a mut StagedFile,
    signals: &'a Signals,
}

impl Write for Watched<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.signals.came() { Err(io::Error::other("interrupted")) } else { self.output.write(bytes) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

/// Writes and prints what came out, and judges it.
fn finish(
    study: &StudyResult,
    outputs: Outputs,
    lang: Lang,
    warnings: &[String],
    voice: Voice,
    format: Format,
) -> Result<Exit, Error> {
    let (finished, planned) = (study.runs.len(), study.replications_planned);
    let interrupted = finished < planned as usize;
    if interrupted {
        voice.say(Voice::Normal, format!("interrupted: {finished} of {planned} replications finished"));
    }
    if finished == 0 {
        return Ok(Exit::Interrupted);
    }
    let files =
        report::files(study, lang).map_err(|why| Error::Run(format!("a result cannot be written: {why}")))?;
    outputs.staging.publish(&files)?;
    if let Some(file) = outputs.metrics {
        export(study, file, voice)?;
    }
    print(&match format {
        Format::Text => text(study, &outputs.place, super::width()),
        Format::Json => json(study, &outputs.place, warnings)?,
    })?;
    Ok(if interrupted { Exit::Interrupted } else { overall(&verdicts(study)).into() })
}

/// Returns the summary for a terminal, its verdicts in colour, and where the files are.
fn text(study: &StudyResult, place: &Path, width: Option<usize>) -> String {
    let summary = report::summary_text(study, width);
    // Behind the table's head every line begins with a name that the user chose.
    let table = summary.lines().position(|line| line.starts_with("service")).unwrap_or(usize::MAX);
    let line = |(i, line): (usize, &str)| if i < table { coloured(line) } else { line.to_owned() };
    let lines: Vec<String> = summary.lines().enumerate().map(line).collect();
    format!("{}\n\nfiles: {}\n", lines.join("\n"), place.display())
}

/// What `run` tells a program: `summary.json`, and what is known beside it.
#[derive(Serialize)]
struct Told<'a, S> {
    output: &'a Path,
    warnings: &'a [String],
    #[serde(flatten)]
    summary: S,
}

fn json(study: &StudyResult, place: &Path, warnings: &[String]) -> Result<String, Error> {
    let told = Told { output: place, warnings, summary: report::summary_document(study) };
    let text = serde_json::to_string_pretty(&told);
    text.map(|text| text + "\n").map_err(|why| Error::Run(format!("a result cannot be written: {why}")))
}

/// Writes the time series for Prometheus.
fn export(study: &StudyResult, mut file: StagedFile, voice: Voice) -> Result<(), Error> {
    if let Err(error) = report::openmetrics(study, &mut file) {
        return Err(file.failed(error));
    }
    let place = file.place().display().to_string();
    file.publish()?;
    let clock = if study.plan.start.is_some() { "" } else { "; without run.start its time begins in 1970" };
    voice.say(Voice::Normal, format!("wrote {place}{clock}"));
    Ok(())
}
