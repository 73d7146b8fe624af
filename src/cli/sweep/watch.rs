//! Looks on while a sweep goes on: progress, failures, Ctrl-C.

use std::sync::{Mutex, PoisonError};

use super::store::{FailedRun, Store};
use super::told;
use crate::cli::Voice;
use crate::cli::progress::RunsBar;
use crate::cli::signals::Signals;
use crate::error::Error;
use crate::results::experiment::ExperimentPlan;
use crate::sim::Progress;
use crate::study::{BatchObserver, Task, run_id};

/// The most failures that are told one by one while others go on.
const TOLD: usize = 10;

/// Looks on while a sweep goes on.
#[derive(Debug)]
pub(super) struct Watch<'a> {
    plan: &'a ExperimentPlan,
    /// The file of the sweep as the user named it.
    file: &'a str,
    store: &'a Store,
    pub(super) bar: RunsBar,
    signals: &'a Signals,
    voice: Voice,
    /// How many failed, and the first that could not be written down.
    failed: Mutex<(usize, Option<Error>)>,
}

impl<'a> Watch<'a> {
    pub(super) fn new(
        plan: &'a ExperimentPlan,
        file: &'a str,
        store: &'a Store,
        signals: &'a Signals,
        voice: Voice,
    ) -> Self {
        let bar = RunsBar::new(voice);
        Self { plan, file, store, bar, signals, voice, failed: Mutex::default() }
    }

    /// Ends to look on.
    ///
    /// # Errors
    /// Where a failure could not be written down.
    pub(super) fn end(self) -> Result<(), Error> {
        self.bar.clear();
        let (_, unwritten) = self.failed.into_inner().unwrap_or_else(PoisonError::into_inner);
        unwritten.map_or(Ok(()), Err)
    }
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

    fn on_failed(&self, task: &Task<'_>, error: &Error) {
        self.bar.finish((task.cell, task.replication), false);
        let failed = FailedRun {
            run: run_id(task.sha256, task.replication),
            cell: task.cell + 1,
            replication: task.replication,
            error: error.to_string(),
            command: told::repeat(self.plan, self.file, task.cell, task.replication),
        };
        let written = self.store.fail(&failed).err();
        let mut known = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        known.0 += 1;
        if known.1.is_none() {
            known.1 = written;
        }
        if known.0 <= TOLD {
            self.bar
                .suspend(|| self.voice.say(Voice::Normal, format!("warning: {}", failed.told(self.plan))));
        }
    }

    fn is_cancelled(&self) -> bool {
        self.signals.came()
    }
}
