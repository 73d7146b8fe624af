//! Axes: ranges, ticks and their labels. Knows no picture.

use jiff::civil::DateTime;

use crate::report::number::{grouped, wall};
use crate::results::Plan;
use crate::time::SimDuration;

/// Steps of a time axis, in seconds below a minute and up to weeks.
const STEPS_MS: [u64; 33] = [
    1,
    2,
    5,
    10,
    20,
    50,
    100,
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    15_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    900_000,
    1_800_000,
    3_600_000,
    7_200_000,
    10_800_000,
    21_600_000,
    43_200_000,
    DAY_MS,
    2 * DAY_MS,
    7 * DAY_MS,
    14 * DAY_MS,
    28 * DAY_MS,
    91 * DAY_MS,
    364 * DAY_MS,
];
const DAY_MS: u64 = 86_400_000;
const MS: u64 = 1_000_000;

/// An axis: where a value lies on it (0 to 1), and what is written beside it.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    from: f64,
    to: f64,
    log: bool,
    /// Positions (0 to 1) and labels, in order.
    pub(super) ticks: Vec<(f64, String)>,
}

impl Axis {
    /// Returns an axis from 0 to a little more than `most`.
    pub(super) fn linear(most: f64) -> Self {
        let most = if (1e-9..1e300).contains(&most) { most } else { 1.0 };
        let step = nice_step(most / 5.0);
        let mut axis = Self { from: 0.0, to: most * 1.06, log: false, ticks: Vec::new() };
        let count = (axis.to / step) as usize;
        axis.ticks = (0..=count).map(|i| axis.tick(i as f64 * step, |value| plain(value, step))).collect();
        axis
    }

    /// Returns an axis of shares: 0 to 100 %, or further where there is more.
    pub(super) fn percent(most: f64) -> Self {
        let mut axis = Self::linear(100.0 * most.max(1.0));
        axis.to /= 100.0;
        axis.ticks.iter_mut().for_each(|(_, label)| label.push('%'));
        axis
    }

    /// Returns a logarithmic axis of latencies in ms from `least` to `most`, over one to four decades.
    pub(super) fn latency(least: f64, most: f64) -> Self {
        let known = least > 0.0 && most.is_finite() && least <= most;
        // Equal latencies shall not look like a wild ride, nor the luckiest request press all others
        // to the top: what is lower is drawn at the edge.
        let (least, most) = if known { (least.clamp(most / 1e4, most / 8.0), most) } else { (1.0, 1e3) };
        let decade = |value: f64| libm::floor(libm::log10(value) + 1e-9) as i32;
        let marks: Vec<f64> = (decade(least)..=decade(most) + 1)
            .flat_map(|exponent| [1.0, 2.0, 5.0].map(|digit| digit * libm::pow(10.0, f64::from(exponent))))
            .collect();
        let below = marks.iter().rposition(|&mark| mark <= least * 0.999).unwrap_or(0);
        let above = marks.iter().position(|&mark| mark >= most * 1.001).unwrap_or(marks.len() - 1);
        let marks = &marks[below..=above];
        let mut axis = Self { from: marks[0], to: marks[marks.len() - 1], log: true, ticks: Vec::new() };
        let decades = libm::log10(axis.to / axis.from);
        // Over many decades their multiples would crowd.
        let whole = |mark: f64| {
            let exponent = libm::log10(mark);
            (exponent - libm::round(exponent)).abs() < 1e-9
        };
        let kept = marks.iter().filter(|&&mark| decades <= 2.5 || whole(mark));
        axis.ticks = kept.map(|&mark| axis.tick(mark, milliseconds)).collect();
        axis
    }

    /// Returns the time axis of a run: wall clock where the start is known, else time since then.
    pub(super) fn time(plan: &Plan, most: usize) -> Self {
        let length = plan.duration_ns.max(1);
        let fits = |step: &&u64| length / (*step * MS) <= most as u64;
        let step = STEPS_MS.iter().find(fits).map_or(length, |step| step * MS);
        // Ticks stand at round times of the local clock.
        let local = plan
            .start
            .map_or(0, |start| i128::from(start.epoch_ns) + i128::from(start.offset_s) * 1_000_000_000);
        let first = (-local).rem_euclid(i128::from(step)) as u64;
        let mut axis = Self { from: 0.0, to: length as f64, log: false, ticks: Vec::new() };
        let ticks =
            std::iter::successors(Some(first), |at| at.checked_add(step)).take_while(|&at| at <= length);
        axis.ticks = ticks.map(|at| axis.tick(at as f64, |_| moment(plan, at, step))).collect();
        axis
    }

    /// Returns an axis of `count` things in a row.
    pub(super) fn ordinals(count: usize) -> Self {
        let most = count.max(1) as f64;
        let step = nice_step(most / 6.0).max(1.0);
        let mut axis = Self { from: 0.0, to: most, log: false, ticks: Vec::new() };
        let whole = (0..=(most / step) as usize).map(|i| i as f64 * step);
        axis.ticks = whole.map(|value| axis.tick(value, |value| plain(value, step))).collect();
        axis
    }

    /// Returns an axis of shares on which every nine has the same width, from a half to `nines`.
    pub(super) fn nines(nines: f64) -> Self {
        let mut axis = Self { from: nines_of(0.5), to: nines.max(1.0), log: false, ticks: Vec::new() };
        let shares =
            ["50%", "90%", "99%", "99.9%", "99.99%", "99.999%", "99.9999%", "99.99999%", "99.999999%"];
        let at = |i: usize| if i == 0 { nines_of(0.5) } else { i as f64 };
        let shown = shares.iter().enumerate().filter(|(i, _)| at(*i) <= axis.to + 1e-9);
        axis.ticks = shown.map(|(i, share)| (axis.share(at(i)), (*share).to_owned())).collect();
        axis
    }

    /// Returns where a value lies, from 0 to 1 for what is on the axis.
    pub(super) fn share(&self, value: f64) -> f64 {
        if self.log {
            libm::log(value.max(f64::MIN_POSITIVE) / self.from) / libm::log(self.to / self.from)
        } else {
            (value - self.from) / (self.to - self.from)
        }
    }

    fn tick(&self, value: f64, label: impl Fn(f64) -> String) -> (f64, String) {
        (self.share(value), label(value))
    }
}

/// Returns how many nines a share has: 1 for 90 %, 2 for 99 %.
pub(super) fn nines_of(share: f64) -> f64 {
    -libm::log10(1.0 - share)
}

/// Returns what stands below a time axis: date and offset, where there is a wall clock.
pub(super) fn time_caption(plan: &Plan) -> Option<String> {
    let wall = wall(plan, 0);
    let offset = wall.len().checked_sub(6)?;
    Some(format!("{}, UTC{}", wall.get(..10)?, wall.get(offset..)?))
}

/// Rounds up to 1, 2 or 5 times a power of ten.
fn nice_step(least: f64) -> f64 {
    let power = libm::pow(10.0, libm::floor(libm::log10(least)));
    let digits = [1.0, 2.0, 5.0, 10.0];
    digits
        .into_iter()
        .map(|digit| digit * power)
        .find(|step| *step >= least * 0.999_999)
        .unwrap_or(10.0 * power)
}

/// Writes a tick with the decimals of its step.
fn plain(value: f64, step: f64) -> String {
    if value < step / 2.0 {
        return "0".to_owned();
    }
    let digits = libm::floor(libm::log10(value) + 1e-9) - libm::floor(libm::log10(step) + 1e-9);
    grouped(value, digits.max(0.0) as usize + 1)
}

/// Writes a mark of a latency axis in the unit that suits it.
fn milliseconds(value: f64) -> String {
    let nanos = libm::round(value * 1e6).max(0.0) as u64;
    match nanos {
        0 => format!("{value} ms"),
        1..1_000 => format!("{nanos} ns"),
        1_000..1_000_000 => format!("{} \u{b5}s", nanos / 1_000),
        1_000_000..1_000_000_000 => format!("{} ms", nanos / 1_000_000),
        _ => format!("{} s", grouped(nanos as f64 / 1e9, 1)),
    }
}

/// Writes an instant for ticks `step` apart.
fn moment(plan: &Plan, at: u64, step: u64) -> String {
    let since_start = SimDuration::from_nanos(at).to_string();
    if step < 1_000 * MS {
        return since_start;
    }
    let wall = wall(plan, at);
    let Some(Ok(local)) = wall.get(..19).map(str::parse::<DateTime>) else { return since_start };
    let midnight = local.hour() == 0 && local.minute() == 0 && local.second() == 0;
    let range = match step / MS {
        DAY_MS.. => 5..10,
        _ if midnight && plan.duration_ns > DAY_MS * MS => 5..10,
        60_000.. => 11..16,
        _ => 11..19,
    };
    wall[range].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::WallClock;
    use crate::results::example::study;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| &**label).collect()
    }

    #[test]
    fn ticks_are_round_numbers_with_thousands_separated() {
        let table = [
            (Axis::linear(0.0), vec!["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
            (Axis::linear(31_000.0), vec!["0", "10,000", "20,000", "30,000"]),
            (Axis::linear(2.4), vec!["0", "0.5", "1.0", "1.5", "2.0", "2.5"]),
            (Axis::percent(0.3), vec!["0%", "20%", "40%", "60%", "80%", "100%"]),
            (Axis::latency(1.4, 37.0), vec!["1 ms", "2 ms", "5 ms", "10 ms", "20 ms", "50 ms"]),
            (Axis::latency(0.03, 70_000.0), vec!["10 ms", "100 ms", "1 s", "10 s", "100 s"]),
            (Axis::latency(f64::INFINITY, 0.0), vec!["1 s"]),
            (Axis::nines(3.5), vec!["50%", "90%", "99%", "99.9%"]),
            (Axis::ordinals(24), vec!["0", "5", "10", "15", "20"]),
        ];
        for (axis, expected) in table {
            let labels = labels(&axis);
            assert!(labels.ends_with(&expected) || labels == expected, "{labels:?} instead of {expected:?}");
            assert!(axis.ticks.iter().all(|(at, _)| (-1e-9..=1.0 + 1e-9).contains(at)), "{axis:?}");
        }
    }

    #[test]
    fn time_is_told_by_the_clock_where_there_is_one() {
        let mut plan = study().plan;
        let minute = 60_000 * MS;
        // 2026-11-10T23:30:00+08:00.
        let start = Some(WallClock { epoch_ns: 1_794_324_600_000_000_000, offset_s: 28_800 });
        let table = [
            (
                start,
                60 * minute,
                vec!["23:30", "23:40", "23:50", "00:00", "00:10", "00:20", "00:30"],
                "2026-11-10, UTC+08:00",
            ),
            (
                start,
                minute,
                vec!["23:30:00", "23:30:10", "23:30:20", "23:30:30", "23:30:40", "23:30:50", "23:31:00"],
                "2026-11-10, UTC+08:00",
            ),
            (
                start,
                48 * 60 * minute,
                vec!["11-11", "06:00", "12:00", "18:00", "11-12", "06:00", "12:00", "18:00"],
                "2026-11-10, UTC+08:00",
            ),
            (
                None,
                90 * minute,
                vec!["0s", "10m", "20m", "30m", "40m", "50m", "1h", "1h10m", "1h20m", "1h30m"],
                "",
            ),
            (start, 5 * MS, vec!["0s", "1ms", "2ms", "3ms", "4ms", "5ms"], "2026-11-10, UTC+08:00"),
        ];
        for (start, duration_ns, expected, caption) in table {
            (plan.start, plan.duration_ns) = (start, duration_ns);
            assert_eq!(labels(&Axis::time(&plan, 9)), expected);
            assert_eq!(time_caption(&plan).unwrap_or_default(), caption);
        }
    }
}
