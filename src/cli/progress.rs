//! Progress on standard error: hidden off a terminal, and where nobody wants it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use super::Voice;
use super::signals::Signals;
use crate::scenario::Scenario;
use crate::sim::Progress;
use crate::study::StudyObserver;

/// Steps of the bar per replication.
const STEPS: u64 = 1_000;

/// The bar of a study.
#[derive(Debug)]
pub(super) struct Bar<'a> {
    bar: ProgressBar,
    signals: &'a Signals,
    begun: Instant,
    horizon: u64,
    planned: u32,
    finished: AtomicU64,
    requests: AtomicU64,
    /// Per replication: steps and requests already counted.
    seen: Vec<(AtomicU64, AtomicU64)>,
}

impl<'a> Bar<'a> {
    pub(super) fn new(scenario: &Scenario, voice: Voice, signals: &'a Signals) -> Self {
        let steps = u64::from(scenario.replications) * STEPS;
        // Off a terminal, indicatif draws nothing.
        let bar = if voice == Voice::Quiet { ProgressBar::hidden() } else { ProgressBar::new(steps) };
        if let Ok(style) =
            ProgressStyle::with_template("{bar:30} {percent}% of simulated time, {msg}, {eta} left")
        {
            bar.set_style(style);
        }
        let seen = (0..scenario.replications).map(|_| Default::default()).collect();
        Self {
            bar,
            signals,
            begun: Instant::now(),
            horizon: scenario.horizon().as_nanos().max(1),
            planned: scenario.replications,
            finished: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            seen,
        }
    }

    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

impl StudyObserver for Bar<'_> {
    fn on_pilots(&self) {
        self.bar.set_message("pilot runs look for the end of the warm-up");
    }

    fn on_progress(&self, replication: u32, progress: Progress) {
        if self.bar.is_hidden() {
            return;
        }
        let Some((steps, requests)) = self.seen.get(replication as usize - 1) else { return };
        let step =
            (u128::from(progress.now.as_nanos()) * u128::from(STEPS) / u128::from(self.horizon)) as u64;
        let more = progress.requests - requests.swap(progress.requests, Ordering::Relaxed);
        let total = self.requests.fetch_add(more, Ordering::Relaxed) + more;
        let rate = total as f64 / self.begun.elapsed().as_secs_f64().max(1e-3);
        let finished = self.finished.load(Ordering::Relaxed);
        let message =
            format!("{} requests/s, {finished} of {} replications", HumanCount(rate as u64), self.planned);
        self.bar.set_message(message);
        self.bar.inc(step - steps.swap(step, Ordering::Relaxed));
    }

    fn on_finished(&self, _replication: u32) {
        self.finished.fetch_add(1, Ordering::Relaxed);
    }

    fn is_cancelled(&self) -> bool {
        self.signals.came()
    }
}
