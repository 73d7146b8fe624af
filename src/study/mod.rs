//! Studies: all replications of a scenario, on all cores.
//!
//! Every replication is a pure function of the scenario and its ordinal, so the result is the
//! same, byte for byte, on however many threads it was computed. Knows no clock and no terminal:
//! a [`StudyObserver`] carries progress out and cancellation in.

mod batch;
mod pairs;
pub mod size;
mod sweep;
mod warmup;

pub use batch::{BatchObserver, Made, RunStore, Task, cell_sha256, run_batch, run_id};
pub use sweep::{Failure, Gathered, Ran, Shard, SweepStudy, UnknownMetric, gather, run_sweep};

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};
use std::ops::{ControlFlow, RangeInclusive};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::error::Error;
use crate::results::{Provenance, RunResult, SCHEMA_VERSION, StudyResult, TraceRecord};
use crate::scenario::{Recording, Scenario};
use crate::sim::{self, Observer, Progress, Stopped};
use crate::workload::recorded::{ArrivalWriter, TraceFiles};

/// Looks on while a study goes on, from many threads at once, and may end it.
pub trait StudyObserver: Sync {
    /// Learns that pilot runs look for the end of the warm-up, before any replication is under way.
    fn on_pilots(&self) {}

    /// Learns how far a replication has come.
    fn on_progress(&self, replication: u32, progress: Progress);

    /// Learns that a replication has finished.
    fn on_finished(&self, replication: u32);

    /// Tells whether to stop: what has finished is kept.
    fn is_cancelled(&self) -> bool;
}

/// Looks away.
impl StudyObserver for () {
    fn on_progress(&self, _replication: u32, _progress: Progress) {}

    fn on_finished(&self, _replication: u32) {}

    fn is_cancelled(&self) -> bool {
        false
    }
}

/// How a study is computed; nothing here changes its result.
#[derive(Clone, Copy, Debug, Default)]
pub struct StudyOptions {
    /// Threads; 0 means one per core.
    pub threads: usize,
}

impl StudyOptions {
    /// Returns how many threads that are.
    fn count(self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            threads => threads,
        }
    }
}

/// Runs replications 1 to `scenario.replications`, after pilots where the warm-up is to be found.
///
/// A cancelled study returns what has finished, possibly nothing; replications that were under
/// way are dropped.
///
/// # Errors
/// [`Error::Run`] where a replication cannot go on, with its ordinal and the seed to repeat it, or
/// where no end of the warm-up is found.
pub fn run_study(
    scenario: &Scenario,
    traces: &dyn TraceFiles,
    options: StudyOptions,
    observer: &impl StudyObserver,
) -> Result<StudyResult, Error> {
    let scenario = settled(scenario, traces, options, observer)?;
    Ok(StudyResult {
        schema_version: SCHEMA_VERSION,
        provenance: provenance(&scenario),
        plan: scenario.plan.clone(),
        replications_planned: scenario.replications,
        runs: simulate(&scenario, 1..=scenario.replications, traces, options, observer)?,
    })
}

/// Runs one replication alone: the same as in a study of as many as pilots there are, or more.
///
/// # Errors
/// As [`run_study`].
pub fn run_replication(
    scenario: &Scenario,
    replication: u32,
    traces: &dyn TraceFiles,
    options: StudyOptions,
    observer: &impl StudyObserver,
) -> Result<StudyResult, Error> {
    // A warm-up that is found shall not depend on how many replications there are.
    let piloted = Scenario { replications: warmup::PILOTS, ..scenario.clone() };
    let scenario = settled(&piloted, traces, options, observer)?;
    Ok(StudyResult {
        schema_version: SCHEMA_VERSION,
        provenance: provenance(&scenario),
        plan: scenario.plan.clone(),
        replications_planned: 1,
        runs: simulate(&scenario, replication..=replication, traces, options, observer)?,
    })
}

/// Returns the scenario with its warm-up, which pilot runs find where the file leaves it to them.
///
/// # Errors
/// [`Error::Run`] where a pilot cannot go on, or no end of the warm-up is found.
pub fn settled<'a>(
    scenario: &'a Scenario,
    traces: &dyn TraceFiles,
    options: StudyOptions,
    observer: &impl StudyObserver,
) -> Result<Cow<'a, Scenario>, Error> {
    let mut scenario = Cow::Borrowed(scenario);
    if scenario.plan.warmup_found {
        observer.on_pilots();
        let count = scenario.replications.min(warmup::PILOTS);
        let pilots = simulate(&scenario, 1..=count, traces, options, &Pilot(observer))?;
        if pilots.len() == count as usize {
            scenario.to_mut().plan.warmup_ns = warmup::find(&scenario.plan, &pilots)?.as_nanos();
        }
    }
    Ok(scenario)
}

/// Returns threads for so many things to do.
fn pool(options: StudyOptions, things: usize) -> Result<rayon::ThreadPool, Error> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(options.count().min(things).max(1))
        .build()
        .map_err(|error| Error::Run(format!("no threads: {error}\n  try --threads 1")))
}

/// Runs some replications, and returns those that finished in the order of their ordinals.
fn simulate(
    scenario: &Scenario,
    replications: RangeInclusive<u32>,
    traces: &dyn TraceFiles,
    options: StudyOptions,
    observer: &impl StudyObserver,
) -> Result<Vec<RunResult>, Error> {
    let (first, last) = replications.into_inner();
    let pool = pool(options, (last - first + 1) as usize)?;
    let board = Board { started: AtomicU32::new(first - 1), ..Board::default() };
    // Replications are handed out in order, one at a time, so that an interrupted study keeps the
    // first ones and no thread waits while another has a list of them.
    pool.broadcast(|_| {
        while let Some(replication) = board.next(last, observer) {
            let mut watcher = Watcher { board: &board, observer, replication };
            match pairs::run(scenario, replication, traces, &mut watcher) {
                Ok(run) => {
                    board.keep(run);
                    observer.on_finished(replication);
                }
                Err(Stopped::Cancelled) => {}
                Err(Stopped::Failed(error)) => board.fail(replication, error),
            }
        }
    });
    let mut finished = board.finished.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some((replication, error)) = finished.failure {
        let seed = scenario.seed;
        return Err(Error::Run(format!("replication {replication} of seed {seed}: {error}")));
    }
    finished.runs.sort_by_key(|run| run.replication);
    Ok(finished.runs)
}

/// Looks on while pilots run: their progress is none of the study's.
#[derive(Debug)]
struct Pilot<'a, O>(&'a O);

impl<O: StudyObserver> StudyObserver for Pilot<'_, O> {
    fn on_progress(&self, _replication: u32, _progress: Progress) {}

    fn on_finished(&self, _replication: u32) {}

    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

/// What the threads of a study share.
#[derive(Debug, Default)]
struct Board {
    started: AtomicU32,
    failed: AtomicBool,
    finished: Mutex<Finished>,
}

#[derive(Debug, Default)]
struct Finished {
    runs: Vec<RunResult>,
    /// The first replication that failed, by ordinal.
    failure: Option<(u32, Error)>,
}

impl Board {
    fn next(&self, last: u32, observer: &impl StudyObserver) -> Option<u32> {
        if self.failed.load(Ordering::Relaxed) || observer.is_cancelled() {
            return None;
        }
        let next = |started: u32| (started < last).then(|| started + 1);
        let before = self.started.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        before.ok().map(|before| before + 1)
    }

    fn keep(&self, run: RunResult) {
        self.finished.lock().unwrap_or_else(PoisonError::into_inner).runs.push(run);
    }

    fn fail(&self, replication: u32, error: Error) {
        self.failed.store(true, Ordering::Relaxed);
        let mut finished = self.finished.lock().unwrap_or_else(PoisonError::into_inner);
        if finished.failure.as_ref().is_none_or(|(first, _)| replication < *first) {
            finished.failure = Some((replication, error));
        }
    }
}

/// Passes the progress of one replication on.
struct Watcher<'a, O> {
    board: &'a Board,
    observer: &'a O,
    replication: u32,
}

impl<O: StudyObserver> Observer for Watcher<'_, O> {
    fn on_progress(&mut self, progress: Progress) -> ControlFlow<()> {
        self.observer.on_progress(self.replication, progress);
        if self.board.failed.load(Ordering::Relaxed) || self.observer.is_cancelled() {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

/// Returns every trace that a scenario reads, with the name of who reads it.
fn recordings(scenario: &Scenario) -> impl Iterator<Item = (&str, &Recording)> {
    let sources = scenario.sources.iter();
    let traffic = sources.flat_map(|source| source.recorded.iter().map(|part| (&*source.name, part)));
    let scalers = scenario.services.iter().flat_map(|service| &service.pools).flat_map(|pool| &pool.scalers);
    let forecasts = scalers.filter_map(|scaler| scaler.series.as_ref().map(|series| (&*scaler.name, series)));
    traffic.chain(forecasts)
}

fn provenance(scenario: &Scenario) -> Provenance {
    let record = |source: &str, Recording { spec, survey, .. }: &Recording| TraceRecord {
        source: source.to_owned(),
        file: spec.file.clone(),
        sha256: survey.sha256.clone(),
        rows: survey.rows,
        bad_lines: survey.bad_lines,
        first_bad: survey.first_bad.clone(),
    };
    let traces = recordings(scenario).map(|(source, recording)| record(source, recording));
    Provenance {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: scenario.seed,
        scenario_sha256: scenario.sha256.clone(),
        resolved: scenario.resolved.clone(),
        traces: traces.collect(),
        overlays: scenario.overlays.clone(),
        settings: scenario.settings.clone(),
    }
}

/// Why arrivals could not be recorded.
#[derive(Debug)]
pub enum RecordError {
    /// They could not be drawn.
    Run(Error),
    /// They could not be written.
    Write(io::Error),
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(error) => error.fmt(f),
            Self::Write(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RecordError {}

/// Writes the arrivals of a replication as a trace that reads back the same.
///
/// # Errors
/// Where a trace cannot be read, or `writer` fails.
pub fn record_arrivals<W: Write>(
    scenario: &Scenario,
    traces: &dyn TraceFiles,
    replication: u32,
    writer: W,
) -> Result<W, RecordError> {
    let mut output = ArrivalWriter::new(writer).map_err(RecordError::Write)?;
    let plan = &scenario.plan;
    let written = sim::arrivals(scenario, replication, traces, &mut |arrival| {
        let source = &plan.sources[arrival.source].name;
        let class = &plan.classes[arrival.class.index()];
        output.write(arrival.at, source, class, arrival.size)
    });
    written.map_err(RecordError::Run)?.map_err(RecordError::Write)?;
    output.finish().map_err(RecordError::Write)
}
