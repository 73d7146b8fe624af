//! From recorded time to the run's: the window, the anchor and the speed.

use super::clock::{Clock, duration};
use super::{BILLION, RecordedSpec, TraceError};

/// How the instants of one file lie in the run; settled by the file's first usable line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    /// This recorded instant ..
    recorded: i64,
    /// .. happens at this instant of the run, which may lie before its start.
    scenario: i64,
    /// Billionths.
    speed: u64,
    /// The window in recorded time.
    pub(super) from: i64,
    pub(super) to: i64,
}

impl Placed {
    /// Reads `window` and `align` with the file's own clock.
    pub(super) fn new(
        spec: &RecordedSpec,
        clock: &Clock,
        first: i64,
        resolve: &dyn Fn(&str) -> Result<i64, String>,
    ) -> Result<Self, TraceError> {
        let read = |path: &str, text: &str| {
            let instant = if spec.time.is_some() { clock.read_scenario(text) } else { duration(text) };
            instant.ok_or_else(|| {
                let like = match spec.time {
                    Some(_) => clock.expected(),
                    None => "expected a duration from the first interval, like 2h30m",
                };
                TraceError::new(
                    format!("`{path}` is not an instant of this file: {like}"),
                    "write it in this form",
                )
            })
        };
        let bound = |path: &str, text: Option<&String>| text.map(|text| read(path, text)).transpose();
        let window = spec.window.as_ref();
        let from = bound("window.from", window.and_then(|window| window.from.as_ref()))?;
        let to = bound("window.to", window.and_then(|window| window.to.as_ref()))?;
        if let (Some(from), Some(to)) = (from, to)
            && from >= to
        {
            return Err(TraceError::new(
                "the window ends before it begins",
                "swap `window.from` and `window.to`",
            ));
        }
        let relative = spec.time.is_none() || clock.is_relative();
        let (recorded, scenario) = match &spec.align {
            Some(align) => {
                let scenario = resolve(&align.scenario).map_err(|why| {
                    TraceError::new(format!("`align.scenario`: {why}"), "write a duration, or a wall clock")
                })?;
                (read("align.recorded", &align.recorded)?, scenario)
            }
            None => (from.unwrap_or(if relative { 0 } else { first }), 0),
        };
        Ok(Self {
            recorded,
            scenario,
            speed: billionths(spec.speed()).max(1),
            from: from.unwrap_or(i64::MIN),
            to: to.unwrap_or(i64::MAX),
        })
    }

    /// Returns the run's instant of a recorded one, negative before its start; never decreasing.
    pub(super) fn instant(&self, recorded: i64) -> i64 {
        let since = i128::from(recorded) - i128::from(self.recorded);
        let since = match self.speed {
            BILLION => since,
            speed => (since * i128::from(BILLION)).div_euclid(i128::from(speed)),
        };
        (since + i128::from(self.scenario)).clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
    }

    /// Returns the run's interval of a recorded one.
    pub(super) fn interval(&self, start: i64, length: u64) -> (i64, i64) {
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        (self.instant(start), self.instant(start.saturating_add(length)))
    }

    /// Tells whether a line belongs to the window.
    pub(super) fn holds(&self, recorded: i64) -> bool {
        self.from <= recorded && recorded < self.to
    }
}

/// Rounds a factor to billionths; not a number becomes 0, what does not fit the largest.
pub(super) fn billionths(factor: f64) -> u64 {
    (factor * BILLION as f64 + 0.5) as u64
}
