//! `peakday run`: a scenario in, a folder of results out.

use std::io::{self, Write};
use std::path::Path;

use super::files::{self, TraceFolder};
use super::output::{StagedFile, Staging};
use super::progress::Bar;
use super::signals::Signals;
use super::{Exit, RunArgs, Voice, print};
use crate::error::Error;
use crate::report::{self, Lang};
use crate::results::{StudyResult, Verdict, overall, verdicts};
use crate::scenario::{Document, Scenario};
use crate::study::{RecordError, StudyOptions, record_arrivals, run_study};

/// The replication whose arrivals `--record-arrivals` writes.
const RECORDED: u32 = 1;

pub(super) fn run(args: &RunArgs, voice: Voice) -> Result<Exit, Error> {
    let signals = Signals::listen();
    let traces = TraceFolder::of(&args.file);
    let checked = load(args, &traces.ended_by(&signals));
    if signals.came() {
        voice.say(Voice::Normal, "interrupted: nothing was simulated");
        return Ok(Exit::Interrupted);
    }
    let scenario = checked?;
    remark(&scenario, voice);
    let place = args.output.clone().unwrap_or_else(|| Path::new("output").join(&scenario.plan.name));
    // Both are opened before the run: who cannot write shall know it now.
    let staging = Staging::create(&place)?;
    if let Some(file) = &args.record_arrivals
        && !record(file, &scenario, &traces, &signals, voice)?
    {
        voice.say(Voice::Normal, "interrupted: nothing was simulated");
        return Ok(Exit::Interrupted);
    }
    let bar = Bar::new(&scenario, voice, &signals);
    let options = StudyOptions { threads: args.threads.map_or(0, usize::from) };
    let study = run_study(&scenario, &traces, options, &bar);
    bar.clear();
    finish(&study?, staging, &place, args.lang, voice)
}

/// Reads and checks the scenario, with what the command line says otherwise.
fn load(args: &RunArgs, traces: &TraceFolder) -> Result<Scenario, Error> {
    let bytes = files::read(&args.file)?;
    let mut document = Document::read(&args.file.display().to_string(), &bytes)?;
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
    for source in &scenario.sources {
        for part in &source.recorded {
            let (file, survey) = (&part.spec.file, &part.survey);
            voice.say(Voice::Verbose, format!("{file}: {} lines, {} used", survey.rows, survey.used));
            if let Some((line, reason)) = survey.first_bad.first() {
                let bad = survey.bad_lines;
                voice.say(
                    Voice::Normal,
                    format!("warning: {file}: {bad} bad lines left out; the first is line {line}: {reason}"),
                );
            }
        }
    }
    for service in scenario.plan.services.iter().filter(|service| service.growing) {
        let name = &service.name;
        voice.say(
            Voice::Normal,
            format!("warning: {name} gets as much as it can serve, or more: its queue grows without end"),
        );
    }
}

/// Writes the arrivals of replication 1; false where a signal came.
fn record(
    file: &Path,
    scenario: &Scenario,
    traces: &TraceFolder,
    signals: &Signals,
    voice: Voice,
) -> Result<bool, Error> {
    let mut staged = StagedFile::create(file)?;
    let written =
        record_arrivals(scenario, traces, RECORDED, Watched { output: &mut staged, signals }).map(drop);
    match written {
        _ if signals.came() => return Ok(false),
        Err(RecordError::Run(error)) => return Err(error),
        Err(RecordError::Write(error)) => return Err(staged.failed(error)),
        Ok(()) => staged.publish()?,
    }
    voice.say(Voice::Normal, format!("wrote the arrivals of replication {RECORDED} to {}", file.display()));
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
    staging: Staging,
    place: &Path,
    lang: Lang,
    voice: Voice,
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
    staging.publish(&files)?;
    voice.say(Voice::Normal, format!("wrote {}", place.display()));
    print(&report::summary_text(study))?;
    Ok(match overall(&verdicts(study)) {
        _ if interrupted => Exit::Interrupted,
        Verdict::Pass => Exit::Success,
        Verdict::Inconclusive => Exit::Inconclusive,
        Verdict::Fail => Exit::Violated,
    })
}
