//! Batches: runs of several scenarios on all cores, each kept as soon as it is finished.
//!
//! A run is named by a hash of all that it depends on; one that a [`RunStore`] knows already is not simulated
//! again. Knows no folder and no terminal.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use sha2::{Digest, Sha256};

use super::{StudyOptions, pairs, pool};
use crate::error::Error;
use crate::results::experiment::{Measures, RunRecord};
use crate::scenario::{Recording, Scenario};
use crate::sim::{Observer, Progress, Stopped};
use crate::workload::recorded::TraceFiles;

/// Where finished runs are kept, by many threads at once.
pub trait RunStore: Sync {
    /// Returns a run that is kept already.
    ///
    /// # Errors
    /// Where there is one, and it cannot be read.
    fn find(&self, run: &str) -> Result<Option<RunRecord>, Error>;

    /// Keeps a run, whole or not at all.
    ///
    /// # Errors
    /// Where it cannot be written.
    fn keep(&self, record: &RunRecord) -> Result<(), Error>;
}

/// Keeps nothing.
impl RunStore for () {
    fn find(&self, _run: &str) -> Result<Option<RunRecord>, Error> {
        Ok(None)
    }

    fn keep(&self, _record: &RunRecord) -> Result<(), Error> {
        Ok(())
    }
}

/// A run that is to be made.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// Which of the scenarios it is, for whoever looks on.
    pub cell: usize,
    /// The scenario; its warm-up is known.
    pub scenario: &'a Scenario,
    /// Its [`cell_sha256`], which takes as long as a short run: it is computed once for all of them.
    pub sha256: &'a str,
    /// What is kept of it.
    pub measures: &'a Measures,
    /// The replication, from 1.
    pub replication: u32,
}

/// Looks on while a batch goes on, from many threads at once, and may end it.
pub trait BatchObserver: Sync {
    /// Learns that so many runs come now, and so many more at most after them.
    fn on_round(&self, _due: usize, _later: usize) {}

    /// Learns how far a run has come.
    fn on_progress(&self, task: &Task<'_>, progress: Progress);

    /// Learns that a run has finished, or was found finished.
    fn on_finished(&self, task: &Task<'_>, found: bool);

    /// Learns that a run cannot be finished.
    fn on_failed(&self, task: &Task<'_>, error: &Error);

    /// Tells whether to stop: what has finished is kept.
    fn is_cancelled(&self) -> bool;
}

/// Looks away.
impl BatchObserver for () {
    fn on_progress(&self, _task: &Task<'_>, _progress: Progress) {}

    fn on_finished(&self, _task: &Task<'_>, _found: bool) {}

    fn on_failed(&self, _task: &Task<'_>, _error: &Error) {}

    fn is_cancelled(&self) -> bool {
        false
    }
}

/// What became of a run.
#[derive(Debug)]
pub enum Made {
    /// It finished.
    Finished(RunRecord),
    /// It cannot be finished; the others go on.
    Failed(Error),
    /// It was not begun, or not finished, before the batch was ended.
    Cancelled,
}

/// Returns the name of a run: a hash of all that it depends on, 128 bits in hexadecimal.
pub fn run_id(cell_sha256: &str, replication: u32) -> String {
    hex(Sha256::digest(format!("{cell_sha256} {replication}")).as_slice(), 16)
}

/// Returns the SHA-256, in hexadecimal, of all that the runs of a scenario depend on beside their ordinal: the
/// version of the program, the resolved scenario, the contents of traces.
pub fn cell_sha256(scenario: &Scenario) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{} {}", env!("CARGO_PKG_VERSION"), scenario.day_sha256));
    for Recording { survey, .. } in super::recordings(scenario).map(|(_, recording)| recording) {
        hash.update(format!(" {}", survey.sha256));
    }
    hex(hash.finalize().as_slice(), 32)
}

fn hex(bytes: &[u8], most: usize) -> String {
    bytes.iter().take(most).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Makes the runs, in their order, on all threads, and returns what became of each.
///
/// # Errors
/// Where the store cannot be read or written, or there are no threads; what was kept before stays.
pub fn run_batch(
    tasks: &[Task<'_>],
    store: &impl RunStore,
    traces: &dyn TraceFiles,
    options: StudyOptions,
    observer: &impl BatchObserver,
) -> Result<Vec<Made>, Error> {
    let next = AtomicUsize::new(0);
    let made: Mutex<Vec<Made>> = Mutex::new(tasks.iter().map(|_| Made::Cancelled).collect());
    let broken: Mutex<Option<Error>> = Mutex::new(None);
    let lock = |made: &Mutex<Vec<Made>>, index: usize, result: Made| {
        made.lock().unwrap_or_else(PoisonError::into_inner)[index] = result;
    };
    // One after the other, so that what is kept when a batch ends is its beginning, and no thread waits while
    // another has a list of them.
    pool(options, tasks.len())?.broadcast(|_| {
        while !observer.is_cancelled() && broken.lock().is_ok_and(|broken| broken.is_none()) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(task) = tasks.get(index) else { break };
            match make(task, store, traces, observer) {
                Ok(result) => lock(&made, index, result),
                Err(error) => {
                    broken.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                }
            }
        }
    });
    match broken.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(made.into_inner().unwrap_or_else(PoisonError::into_inner)),
    }
}

/// Makes one run, unless it is kept already.
fn make(
    task: &Task<'_>,
    store: &impl RunStore,
    traces: &dyn TraceFiles,
    observer: &impl BatchObserver,
) -> Result<Made, Error> {
    let id = run_id(task.sha256, task.replication);
    if let Some(record) = store.find(&id)? {
        observer.on_finished(task, true);
        return Ok(Made::Finished(record));
    }
    let mut watcher = Watcher { task, observer };
    match pairs::run(task.scenario, task.replication, traces, &mut watcher) {
        Ok(run) => {
            let record = task.measures.record(&task.scenario.plan, &run, id);
            store.keep(&record)?;
            observer.on_finished(task, false);
            Ok(Made::Finished(record))
        }
        Err(Stopped::Cancelled) => Ok(Made::Cancelled),
        Err(Stopped::Failed(error)) => {
            observer.on_failed(task, &error);
            Ok(Made::Failed(error))
        }
    }
}

/// Passes the progress of one run on.
struct Watcher<'a, O> {
    task: &'a Task<'a>,
    observer: &'a O,
}

impl<O: BatchObserver> Observer for Watcher<'_, O> {
    fn on_progress(&mut self, progress: Progress) -> ControlFlow<()> {
        self.observer.on_progress(self.task, progress);
        if self.observer.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
