//! Progress on standard error: hidden off a terminal, and where nobody wants it.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
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
}
