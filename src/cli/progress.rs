//! Progress on standard error: hidden off a terminal, and where nobody wants it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::Voice;
use super::signals::Signals;
use crate::scenario::Scenario;
use crate::sim::Progress;
use crate::study::StudyObserver;
use crate::time::SimDuration;

/// Steps of the bar per replication.
const STEPS: u64 = 1_000;

/// The bar of a study.
#[derive(Debug)]
pub(super) struct Bar<'a> {
    bar: ProgressBar,
    signals: &'a Signals,
    begun: Instant,
    tally: Tally,
}

impl<'a> Bar<'a> {
    pub(super) fn new(
        scenario: &Scenario,
        replications: RangeInclusive<u32>,
        voice: Voice,
        signals: &'a Signals,
    ) -> Self {
        let steps = replications.clone().count() as u64 * STEPS;
        // Off a terminal, indicatif draws nothing.
        let bar = if voice == Voice::Quiet { ProgressBar::hidden() } else { ProgressBar::new(steps) };
        if let Ok(style) = ProgressStyle::with_template("{percent}% {wide_bar} {eta} left, {msg}") {
            bar.set_style(style);
        }
        let tally = Tally::new(scenario.horizon().as_nanos(), replications);
        Self { bar, signals, begun: Instant::now(), tally }
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
        self.bar.inc(self.tally.advance(replication, progress));
        self.bar.set_message(self.tally.message(self.begun.elapsed()));
    }

    fn on_finished(&self, _replication: u32) {
        self.tally.finished.fetch_add(1, Ordering::Relaxed);
    }

    fn is_cancelled(&self) -> bool {
        self.signals.came()
    }
}

/// The bar of a sweep: runs by the thousand, of which some may be long.
#[derive(Debug)]
pub(super) struct RunsBar {
    bar: ProgressBar,
    /// Asking the bar takes a lock, a thousand times a run.
    hidden: bool,
    begun: Instant,
    /// Milliseconds after which the bar is to be drawn again: runs are shorter than that.
    next: AtomicU64,
    tally: Mutex<RunsTally>,
}

/// How far runs have come.
#[derive(Debug, Default)]
struct RunsTally {
    /// Runs of this round and those before, and how many more there may be.
    planned: usize,
    later: usize,
    simulated: usize,
    found: usize,
    /// The share of those that are under way.
    under_way: BTreeMap<(usize, u32), f64>,
}

impl RunsBar {
    /// How often it is drawn.
    const PERIOD_MS: u64 = 100;

    pub(super) fn new(voice: Voice) -> Self {
        let bar = if voice == Voice::Quiet { ProgressBar::hidden() } else { ProgressBar::new(STEPS) };
        if let Ok(style) = ProgressStyle::with_template("{percent}% {wide_bar} {msg}") {
            bar.set_style(style);
        }
        let hidden = bar.is_hidden();
        Self { bar, hidden, begun: Instant::now(), next: AtomicU64::default(), tally: Mutex::default() }
    }

    /// Adds a round of runs.
    pub(super) fn begin(&self, due: usize, later: usize) {
        let mut tally = self.tally();
        tally.planned += due;
        tally.later = later;
    }

    /// Learns how far a run has come, now and then.
    pub(super) fn advance(&self, run: (usize, u32), share: impl Fn() -> f64) {
        if self.hidden {
            return;
        }
        let now = self.begun.elapsed();
        let millis = now.as_millis() as u64;
        if millis < self.next.load(Ordering::Relaxed) {
            return;
        }
        self.next.store(millis + Self::PERIOD_MS, Ordering::Relaxed);
        let mut tally = self.tally();
        tally.under_way.insert(run, share());
        self.bar.set_position((tally.share() * STEPS as f64) as u64);
        self.bar.set_message(tally.message(now));
    }

    /// Learns that a run is over.
    pub(super) fn finish(&self, run: (usize, u32), found: bool) {
        let mut tally = self.tally();
        tally.under_way.remove(&run);
        *(if found { &mut tally.found } else { &mut tally.simulated }) += 1;
    }

    /// Returns how many runs were simulated, failed ones among them, and how many were found.
    pub(super) fn counts(&self) -> (usize, usize) {
        let tally = self.tally();
        (tally.simulated, tally.found)
    }

    /// Says something above the bar.
    pub(super) fn suspend(&self, say: impl FnOnce()) {
        self.bar.suspend(say);
    }

    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn tally(&self) -> MutexGuard<'_, RunsTally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RunsTally {
    /// Returns how many runs were simulated, those under way in part.
    fn simulated(&self) -> f64 {
        self.simulated as f64 + self.under_way.values().sum::<f64>()
    }

    /// Returns what share of all runs is done.
    fn share(&self) -> f64 {
        (self.found as f64 + self.simulated()) / (self.planned + self.later).max(1) as f64
    }

    fn message(&self, elapsed: Duration) -> String {
        let Self { planned, later, simulated, found, .. } = self;
        let (done, all) = (simulated + found, planned + later);
        let rate = self.simulated() / elapsed.as_secs_f64().max(1e-3);
        // What is found takes no time.
        let left = (all as f64 - *found as f64 - self.simulated()) / rate;
        let left = if left.is_finite() {
            SimDuration::from_secs(libm::ceil(left) as u64).to_string()
        } else {
            "?".to_owned()
        };
        let rate = if rate < 10.0 { format!("{rate:.1}") } else { short(rate) };
        // A cell that is decided gets no more.
        let most = if *later > 0 { "at most " } else { "" };
        format!("{done} of {most}{all} runs, {rate}/s, {most}{left} left")
    }
}

/// How far all replications together have come.
#[derive(Debug)]
struct Tally {
    horizon: u64,
    /// The first replication.
    first: u32,
    finished: AtomicU64,
    steps: AtomicU64,
    events: AtomicU64,
    /// Per replication: steps and events already counted.
    seen: Vec<(AtomicU64, AtomicU64)>,
}

impl Tally {
    fn new(horizon: u64, replications: RangeInclusive<u32>) -> Self {
        let first = *replications.start();
        let seen = replications.map(|_| Default::default()).collect();
        let [finished, steps, events] = Default::default();
        Self { horizon: horizon.max(1), first, finished, steps, events, seen }
    }

    /// Counts what is new of a replication, and returns its steps.
    fn advance(&self, replication: u32, progress: Progress) -> u64 {
        let Some((steps, events)) = self.seen.get((replication - self.first) as usize) else { return 0 };
        let step =
            (u128::from(progress.now.as_nanos()) * u128::from(STEPS) / u128::from(self.horizon)) as u64;
        let more = progress.events - events.swap(progress.events, Ordering::Relaxed);
        self.events.fetch_add(more, Ordering::Relaxed);
        let more = step - steps.swap(step, Ordering::Relaxed);
        self.steps.fetch_add(more, Ordering::Relaxed);
        more
    }

    fn message(&self, elapsed: Duration) -> String {
        let seconds = |steps: u64| {
            let nanos = u128::from(self.horizon) * u128::from(steps) / u128::from(STEPS);
            SimDuration::from_secs((nanos / 1_000_000_000) as u64)
        };
        let planned = self.seen.len() as u64;
        let events = self.events.load(Ordering::Relaxed);
        let rate = events as f64 / elapsed.as_secs_f64().max(1e-3);
        format!(
            "{} of {planned} days, {} of {} simulated, {} events, {}/s",
            self.finished.load(Ordering::Relaxed),
            seconds(self.steps.load(Ordering::Relaxed)),
            seconds(planned * STEPS),
            short(events as f64),
            short(rate),
        )
    }
}

/// Returns a count in three or four characters: the line shall not break.
fn short(count: f64) -> String {
    match [(1e9, "G"), (1e6, "M"), (1e3, "k")].into_iter().find(|(size, _)| count >= *size) {
        Some((size, unit)) => format!("{:.1}{unit}", count / size),
        None => format!("{count:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SimTime;

    #[test]
    fn what_is_new_is_counted_once_and_told() {
        let tally = Tally::new(3_600_000_000_000, 1..=5);
        let at = |seconds: u64, events| Progress {
            now: SimTime::from_nanos(seconds * 1_000_000_000),
            requests: 0,
            events,
        };
        assert_eq!(tally.advance(2, at(1_800, 3_000_000)), 500);
        assert_eq!(tally.advance(2, at(1_800, 4_000_000)), 0);
        assert_eq!(tally.advance(1, at(3_600, 8_000_000)), 1_000);
        assert_eq!(tally.advance(6, at(3_600, 1)), 0, "there is no such replication");
        tally.finished.fetch_add(1, Ordering::Relaxed);
        let expected = "1 of 5 days, 1h30m of 5h simulated, 12.0M events, 6.0M/s";
        assert_eq!(tally.message(Duration::from_secs(2)), expected);
        let table =
            [(0.0, "0"), (999.0, "999"), (1_000.0, "1.0k"), (3_821_878.0, "3.8M"), (2.5e12, "2500.0G")];
        for (count, expected) in table {
            assert_eq!(short(count), expected);
        }
    }

    #[test]
    fn runs_that_are_found_take_no_time() {
        let bar = RunsBar::new(Voice::Quiet);
        bar.begin(20, 60);
        (1..=10).for_each(|replication| bar.finish((0, replication), true));
        (1..=4).for_each(|replication| bar.finish((1, replication), false));
        bar.tally().under_way.insert((1, 5), 0.5);
        let expected = "14 of at most 80 runs, 2.2/s, at most 30s left";
        assert_eq!(bar.tally().message(Duration::from_secs(2)), expected);
        bar.begin(60, 0);
        assert_eq!(bar.tally().message(Duration::from_millis(1)), "14 of 80 runs, 4.5k/s, 1s left");
    }
}
