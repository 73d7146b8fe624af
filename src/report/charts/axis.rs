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
/// The share of a time axis that a date at its beginning and half of another take.
const DATE_WIDTH: f64 = 0.3;
/// Values lie near each other where the least is more than this share of the most.
const NEAR: f64 = 0.85;
/// The room beside the first and the last of given values, as a share of what lies between.
const EDGE: f64 = 0.05;
/// The least factor over all values that makes an axis logarithmic.
const DECADE: f64 = 8.0;
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
    /// Positions and labels of a second row: the dates of a time axis.
    pub(super) dates: Vec<(f64, String)>,
}

impl Axis {
    /// Returns an axis from 0 to the first tick that is not below `most`, and a little more.
    pub(super) fn linear(most: f64) -> Self {
        let most = if (1e-9..1e300).contains(&most) { most } else { 1.0 };
        let step = nice_step(most / 7.5);
        // What is a hair above a tick needs no other: there is room above the last.
        let count = libm::ceil(most / step - 0.05) as usize;
        let to = (count as f64 * step).max(most * 1.06);
        let mut axis = Self { from: 0.0, to, log: false, ticks: Vec::new(), dates: Vec::new() };
        axis.ticks = (0..=count).map(|i| axis.tick(i as f64 * step, |value| plain(value, step))).collect();
        axis
    }

    /// Returns a linear axis that shows how values differ: from 0, or from a tick below the least where all lie near
    /// each other.
    pub(super) fn spanning(least: f64, most: f64) -> Self {
        let near = (NEAR * most..most).contains(&least) && most - least > 1e-6 * most;
        if near { Self::around(least, most) } else { Self::linear(most) }
    }

    /// Returns a linear axis from a tick below the least to one above the most; from 0 where both are equal.
    pub(super) fn around(least: f64, most: f64) -> Self {
        if !(1e-9..1e300).contains(&most) || !(0.0..most).contains(&least) {
            return Self::linear(most);
        }
        let step = nice_step((most - least) / 6.0);
        let first = libm::floor(least / step + 1e-9);
        let count = (libm::ceil(most / step - 1e-9) - first) as usize;
        let (from, to) = (first * step, (first + count as f64) * step);
        let mut axis = Self { from, to, log: false, ticks: Vec::new(), dates: Vec::new() };
        axis.ticks =
            (0..=count).map(|i| axis.tick((first + i as f64) * step, |value| plain(value, step))).collect();
        axis
    }

    /// Returns an axis of given values, in ascending order, and of their labels those that stand apart; `width` is the
    /// share of the axis that one takes. Logarithmic where the values grow by a factor.
    pub(super) fn values(values: &[(f64, String)], width: impl Fn(&str) -> f64) -> Self {
        let (first, last) = (values.first().map_or(0.0, |v| v.0), values.last().map_or(1.0, |v| v.0));
        let log = by_factor(values);
        let (from, to) = match (log, last > first) {
            (true, _) => (first / libm::pow(last / first, EDGE), last * libm::pow(last / first, EDGE)),
            (false, true) => (first - EDGE * (last - first), last + EDGE * (last - first)),
            (false, false) => (first - 1.0, first + 1.0),
        };
        let mut axis = Self { from, to, log, ticks: Vec::new(), dates: Vec::new() };
        axis.ticks = values.iter().map(|(value, label)| axis.tick(*value, |_| label.clone())).collect();
        axis.thinned(width, f64::INFINITY)
    }

    /// Leaves out all but every so many ticks, until their labels, each a share of the axis wide, stand apart and reach
    /// no further beyond its ends than `beside`.
    pub(super) fn thinned(mut self, width: impl Fn(&str) -> f64, beside: f64) -> Self {
        let ends = |(at, label): &(f64, String)| (at - width(label) / 2.0, at + width(label) / 2.0);
        self.ticks.retain(|tick| ends(tick).0 >= -beside && ends(tick).1 <= 1.0 + beside);
        let every = |step: usize| self.ticks.iter().step_by(step);
        let apart =
            |step: &usize| every(*step).zip(every(*step).skip(1)).all(|(a, b)| ends(a).1 <= ends(b).0);
        let step = (1..self.ticks.len()).find(apart).unwrap_or(self.ticks.len().max(1));
        self.ticks = every(step).cloned().collect();
        self
    }

    /// Returns an axis of things, each in the middle of a part of its own, with what stands in a second row.
    pub(super) fn categories(labels: impl ExactSizeIterator<Item = (String, String)>) -> Self {
        let count = labels.len().max(1) as f64;
        let rows = labels.enumerate().map(|(i, (first, second))| {
            let at = (i as f64 + 0.5) / count;
            ((at, first), (at, second))
        });
        let (ticks, dates): (Vec<_>, Vec<_>) = rows.unzip();
        Self { from: 0.0, to: count, log: false, ticks, dates }
    }

    /// Writes `%` behind every tick.
    pub(super) fn in_percent(mut self) -> Self {
        self.ticks.iter_mut().for_each(|(_, label)| label.push('%'));
        self
    }

    /// Returns an axis of shares: 0 to 100 %, or further where there is more.
    pub(super) fn percent(most: f64) -> Self {
        let mut axis = Self::linear(100.0 * most.max(1.0)).in_percent();
        axis.to /= 100.0;
        axis
    }

    /// Returns an axis of changes in per cent, from `least` (not above 0) to `most` (not below 0), zero among its
    /// ticks.
    pub(super) fn changes(least: f64, most: f64) -> Self {
        let (least, most) = if most - least > 1e-9 { (least, most) } else { (-0.1, 0.1) };
        let step = nice_step(100.0 * (most - least) / 7.5);
        let (first, last) = (libm::floor(100.0 * least / step), libm::ceil(100.0 * most / step));
        let (from, to) = (first * step / 100.0, last * step / 100.0);
        let mut axis = Self { from, to, log: false, ticks: Vec::new(), dates: Vec::new() };
        let label = |value: f64| {
            let sign = if value < -1e-9 { "-" } else { "+" };
            if value.abs() < 1e-9 {
                "0%".to_owned()
            } else {
                format!("{sign}{}%", plain(100.0 * value.abs(), step))
            }
        };
        let ticks = (0..=(last - first) as usize).map(|i| (first + i as f64) * step / 100.0);
        axis.ticks = ticks.map(|value| axis.tick(value, label)).collect();
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
        let mut axis = Self {
            from: marks[0],
            to: marks[marks.len() - 1],
            log: true,
            ticks: Vec::new(),
            dates: Vec::new(),
        };
        let decades = libm::log10(axis.to / axis.from);
        // Over many decades their multiples would crowd, but for those at the ends.
        let whole = |mark: f64| {
            let exponent = libm::log10(mark);
            (exponent - libm::round(exponent)).abs() < 1e-9
        };
        let end = |mark: f64| mark <= axis.from || mark >= axis.to;
        let kept = marks.iter().filter(|&&mark| decades <= 2.5 || whole(mark) || end(mark));
        axis.ticks = kept.map(|&mark| axis.tick(mark, milliseconds)).collect();
        axis
    }

    /// Returns the time axis of a run: wall clock where the start is known, else time since then.
    pub(super) fn time(plan: &Plan, most: usize) -> Self {
        Self::time_between(plan, (0, plan.duration_ns.max(1)), most)
    }

    /// Returns the time axis of a stretch of a run, in nanoseconds.
    pub(super) fn time_between(plan: &Plan, (from, to): (u64, u64), most: usize) -> Self {
        let length = to.saturating_sub(from).max(1);
        let fits = |step: &&u64| length / (*step * MS) <= most as u64;
        let step = STEPS_MS.iter().find(fits).map_or(length, |step| step * MS);
        // Ticks stand at round times of the local clock.
        let local = i128::from(from)
            + plan
                .start
                .map_or(0, |start| i128::from(start.epoch_ns) + i128::from(start.offset_s) * 1_000_000_000);
        let first = from.saturating_add((-local).rem_euclid(i128::from(step)) as u64);
        let mut axis = Self {
            from: from as f64,
            to: from.saturating_add(length) as f64,
            log: false,
            ticks: Vec::new(),
            dates: Vec::new(),
        };
        let ticks = std::iter::successors(Some(first), |at| at.checked_add(step));
        let ticks = ticks.take_while(|&at| at - from <= length);
        axis.ticks = ticks.map(|at| axis.tick(at as f64, |_| moment(plan, at, step))).collect();
        axis.dates = dates(plan, (from, length), local, |at| axis.share(at));
        axis
    }

    /// Returns an axis of `count` things in a row.
    pub(super) fn ordinals(count: usize) -> Self {
        let most = count.max(1) as f64;
        let step = nice_step(most / 6.0).max(1.0);
        let mut axis = Self { from: 0.0, to: most, log: false, ticks: Vec::new(), dates: Vec::new() };
        let whole = (0..=(most / step) as usize).map(|i| i as f64 * step);
        axis.ticks = whole.map(|value| axis.tick(value, |value| plain(value, step))).collect();
        axis
    }

    /// Returns an axis of shares on which every nine has the same width, from a half to `nines`.
    pub(super) fn nines(nines: f64) -> Self {
        let mut axis = Self {
            from: nines_of(0.5),
            to: nines.max(1.0),
            log: false,
            ticks: Vec::new(),
            dates: Vec::new(),
        };
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

    /// Tells whether a value lies on the axis.
    pub(super) fn shows(&self, value: f64) -> bool {
        (0.0..=1.0).contains(&self.share(value))
    }

    fn tick(&self, value: f64, label: impl Fn(f64) -> String) -> (f64, String) {
        (self.share(value), label(value))
    }
}

/// Returns how many nines a share has: 1 for 90 %, 2 for 99 %.
pub(super) fn nines_of(share: f64) -> f64 {
    -libm::log10(1.0 - share)
}

/// Returns what stands below a time axis: the offset of the clock, where there is one, and for runs of
/// more than a day the date of the beginning, since ticks then tell no year.
pub(super) fn time_caption(plan: &Plan) -> Option<String> {
    let wall = wall(plan, 0);
    let offset = wall.get(wall.len().checked_sub(6)?..)?;
    if plan.duration_ns > DAY_MS * MS {
        Some(format!("{}, UTC{offset}", wall.get(..10)?))
    } else {
        Some(format!("UTC{offset}"))
    }
}

/// Returns the dates of a run of up to a day, or of a stretch of one: at its beginning and at midnight; at midnight
/// alone where both would touch. Where a run is longer its ticks tell dates.
fn dates(
    plan: &Plan,
    (from, length): (u64, u64),
    local: i128,
    share: impl Fn(f64) -> f64,
) -> Vec<(f64, String)> {
    let day = DAY_MS * MS;
    if plan.start.is_none() || plan.duration_ns > day {
        return Vec::new();
    }
    let midnight = (-local).rem_euclid(i128::from(day)) as u64;
    let date = |after: u64| {
        let at = from.saturating_add(after);
        Some((share(at as f64), wall(plan, at).get(..10)?.to_owned()))
    };
    let midnight = Some(midnight).filter(|at| (1..=length).contains(at)).and_then(date);
    let apart = midnight.as_ref().is_none_or(|(at, _)| *at >= DATE_WIDTH);
    date(0).filter(|_| apart).into_iter().chain(midnight).collect()
}

/// Tells whether values grow by a factor rather than by a step.
fn by_factor(values: &[(f64, String)]) -> bool {
    let (Some(first), Some(last)) = (values.first(), values.last()) else { return false };
    let factors = values.windows(2).map(|pair| pair[1].0 / pair[0].0);
    let (least, most) = factors.fold((f64::INFINITY, 0.0), |(lo, hi): (f64, f64), f| (lo.min(f), hi.max(f)));
    values.len() > 3 && first.0 > 0.0 && last.0 > DECADE * first.0 && most < 1.6 * least
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
    let decimals = -libm::floor(libm::log10(step) + 1e-9);
    if decimals > 0.0 { format!("{value:.0$}", decimals as usize) } else { grouped(value, 1) }
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
            (
                Axis::linear(31_000.0),
                vec!["0", "5,000", "10,000", "15,000", "20,000", "25,000", "30,000", "35,000"],
            ),
            (Axis::linear(2.4), vec!["0", "0.5", "1.0", "1.5", "2.0", "2.5"]),
            (Axis::percent(0.3), vec!["0%", "20%", "40%", "60%", "80%", "100%"]),
            (Axis::latency(1.4, 37.0), vec!["1 ms", "2 ms", "5 ms", "10 ms", "20 ms", "50 ms"]),
            (Axis::latency(0.03, 70_000.0), vec!["5 ms", "10 ms", "100 ms", "1 s", "10 s", "100 s"]),
            (Axis::latency(f64::INFINITY, 0.0), vec!["1 s", "2 s"]),
            (Axis::nines(3.5), vec!["50%", "90%", "99%", "99.9%"]),
            (Axis::ordinals(24), vec!["0", "5", "10", "15", "20"]),
            (Axis::changes(0.0, 0.0), vec!["-10%", "-5%", "0%", "+5%", "+10%"]),
            (Axis::changes(-0.21, 0.06), vec!["-25%", "-20%", "-15%", "-10%", "-5%", "0%", "+5%", "+10%"]),
            (Axis::changes(-0.002, 0.0), vec!["-0.20%", "-0.15%", "-0.10%", "-0.05%", "0%"]),
            (Axis::changes(-1.0, 2.0), vec!["-100%", "-50%", "0%", "+50%", "+100%", "+150%", "+200%"]),
        ];
        for (axis, expected) in table {
            let labels = labels(&axis);
            assert!(labels.ends_with(&expected) || labels == expected, "{labels:?} instead of {expected:?}");
            assert!(axis.ticks.iter().all(|(at, _)| (-1e-9..=1.0 + 1e-9).contains(at)), "{axis:?}");
        }
    }

    #[test]
    fn linear_axes_have_up_to_eight_steps_of_1_2_or_5_and_end_above_what_they_show() {
        let table = [
            (1.0, "0 0.2 0.4 0.6 0.8 1.0"),
            (1.9, "0 0.5 1.0 1.5 2.0"),
            (3.0, "0 0.5 1.0 1.5 2.0 2.5 3.0"),
            (7.0, "0 1 2 3 4 5 6 7"),
            (9.5, "0 2 4 6 8 10"),
            (10.0, "0 2 4 6 8 10"),
            (10.1, "0 2 4 6 8 10"),
            (10.2, "0 2 4 6 8 10 12"),
            (26.0, "0 5 10 15 20 25 30"),
            // The last tick was 4,000, and a third of the axis had none.
            (5_300.0, "0 1,000 2,000 3,000 4,000 5,000 6,000"),
            (100.0, "0 20 40 60 80 100"),
            (0.05, "0 0.01 0.02 0.03 0.04 0.05"),
            (0.004, "0 0.001 0.002 0.003 0.004"),
            (1e6, "0 200,000 400,000 600,000 800,000 1,000,000"),
            (2.5e9, "0 500,000,000 1,000,000,000 1,500,000,000 2,000,000,000 2,500,000,000"),
            // One request in weeks: all of these were 0.00000.
            (5e-7, "0 0.0000001 0.0000002 0.0000003 0.0000004 0.0000005"),
            // What is nothing, or no number, has the axis of 1.
            (0.0, "0 0.2 0.4 0.6 0.8 1.0"),
            (1e-12, "0 0.2 0.4 0.6 0.8 1.0"),
            (-3.0, "0 0.2 0.4 0.6 0.8 1.0"),
            (f64::NAN, "0 0.2 0.4 0.6 0.8 1.0"),
            (f64::INFINITY, "0 0.2 0.4 0.6 0.8 1.0"),
        ];
        for (most, expected) in table {
            assert_eq!(labels(&Axis::linear(most)).join(" "), expected, "{most}");
        }
    }

    /// Over twelve decades: a tick's label, read as a number, is the value that stands there.
    #[test]
    fn linear_ticks_stand_where_their_labels_say() {
        let mut most = 1.3e-6;
        while most < 1e7 {
            let axis = Axis::linear(most);
            assert!((4..=9).contains(&axis.ticks.len()), "{most}: {axis:?}");
            let (last, shown) = (axis.ticks[axis.ticks.len() - 1].0, axis.share(most));
            assert!(shown <= 0.95 || last > 0.93, "{most}: {axis:?}");
            assert!(shown <= last + 0.02 && shown > 0.7, "{most} is beyond the last tick: {axis:?}");
            for (at, label) in &axis.ticks {
                let value: f64 = label.replace(',', "").parse().expect(label);
                assert!((axis.share(value) - at).abs() < 1e-9, "{most}: {label} stands at {at}");
            }
            most *= 1.37;
        }
    }

    #[test]
    fn axes_of_what_differs_begin_where_that_can_be_seen() {
        let table = [
            // Far apart: from 0.
            (Axis::spanning(10.0, 16.0), "0 5 10 15 20"),
            // Near each other: from a tick below.
            (Axis::spanning(900.0, 960.0), "900 910 920 930 940 950 960"),
            (Axis::spanning(0.9981, 0.9994), "0.9980 0.9985 0.9990 0.9995"),
            // Equal: there is nothing to see.
            (Axis::spanning(288.0, 288.0), "0 50 100 150 200 250 300"),
            (Axis::spanning(f64::INFINITY, 0.0), "0 0.2 0.4 0.6 0.8 1.0"),
            (Axis::around(10.0, 16.0), "10 11 12 13 14 15 16"),
            (Axis::around(3.0, 3.0), "0 0.5 1.0 1.5 2.0 2.5 3.0"),
        ];
        for (axis, expected) in table {
            assert_eq!(labels(&axis).join(" "), expected);
            let value = |label: &str| label.parse::<f64>().unwrap();
            for (at, label) in &axis.ticks {
                assert!((axis.share(value(label)) - at).abs() < 1e-9, "{label} stands at {at}");
            }
        }
    }

    #[test]
    fn given_values_keep_their_labels_and_stand_in_proportion_or_by_a_factor() {
        let values = |of: &[f64]| of.iter().map(|&value| (value, format!("{value}"))).collect::<Vec<_>>();
        let table: [(&[f64], &[f64]); 6] = [
            (&[10.0, 12.0, 14.0, 16.0], &[1.0, 12.0, 23.0, 34.0].map(|x: f64| (x + 0.6667) / 36.333)),
            // By a factor: as far apart from each other.
            (
                &[1.0, 10.0, 100.0, 1000.0],
                &[0.05, 0.35, 0.65, 0.95].map(|x: f64| (x - 0.5) * 0.9091 / 0.9 + 0.5),
            ),
            (&[0.8, 1.0, 2.0], &[0.04545, 0.19697, 0.95455]),
            // Three are too few to tell.
            (&[1.0, 10.0, 100.0], &[0.04545, 0.12810, 0.95455]),
            (&[7.0], &[0.5]),
            (&[], &[]),
        ];
        for (of, expected) in table {
            let axis = Axis::values(&values(of), |_| 0.01);
            assert_eq!(labels(&axis), of.iter().map(|value| format!("{value}")).collect::<Vec<_>>());
            for ((at, label), expected) in axis.ticks.iter().zip(expected) {
                assert!((at - expected).abs() < 0.02, "{label} at {at}, not {expected}");
            }
        }
        // Of ten that are too wide every third is left: 0, 3, 6, 9 with a width of 0.25 and steps of 0.1.
        let many = values(&(0..10).map(f64::from).collect::<Vec<_>>());
        assert_eq!(labels(&Axis::values(&many, |_| 0.25)), ["0", "3", "6", "9"]);
    }

    #[test]
    fn latency_axes_reach_beyond_what_they_show() {
        let table = [
            ((1.0, 1_000.0), "1 ms,10 ms,100 ms,1 s,2 s"),
            ((30.0, 400.0), "20 ms,50 ms,100 ms,200 ms,500 ms"),
            ((100.0, 1_000.0), "100 ms,200 ms,500 ms,1 s,2 s"),
            // Equal latencies are drawn over a decade, from an eighth.
            ((5.0, 5.0), "500 \u{b5}s,1 ms,2 ms,5 ms,10 ms"),
            ((0.0005, 0.003), "200 ns,500 ns,1 \u{b5}s,2 \u{b5}s,5 \u{b5}s"),
            ((20.0, 90_000.0), "10 ms,100 ms,1 s,10 s,100 s"),
            ((400.0, 3_600_000.0), "200 ms,1 s,10 s,100 s,1,000 s,5,000 s"),
            // Nothing is known: from 1 ms to 1 s.
            ((0.0, 10.0), "1 ms,10 ms,100 ms,1 s,2 s"),
            ((9.0, 2.0), "1 ms,10 ms,100 ms,1 s,2 s"),
            ((f64::NAN, 2.0), "1 ms,10 ms,100 ms,1 s,2 s"),
            ((1.0, f64::INFINITY), "1 ms,10 ms,100 ms,1 s,2 s"),
        ];
        for ((least, most), expected) in table {
            let axis = Axis::latency(least, most);
            assert_eq!(labels(&axis).join(","), expected, "{least} to {most}");
        }
        // A decade is as wide as any other.
        let axis = Axis::latency(1.0, 1_000.0);
        let steps: Vec<f64> = axis.ticks[..4].windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
        assert!(steps.iter().all(|step| (step - 1.0 / libm::log10(2_000.0)).abs() < 1e-9), "{steps:?}");
    }

    #[test]
    fn time_is_told_at_round_times_of_the_local_clock() {
        let (second, day) = (1_000 * MS, DAY_MS * MS);
        let at = |epoch_s: i64, offset_s| Some(WallClock { epoch_ns: epoch_s * 1_000_000_000, offset_s });
        // 10 November 2026, a Tuesday, in UTC: midnight, and a minute before the next one.
        let (midnight, late) = (at(1_794_268_800, 0), at(1_794_355_140, 0));
        let table = [
            (late, 10 * second, "23:59:00 23:59:02 23:59:04 23:59:06 23:59:08 23:59:10"),
            (
                late,
                120 * second,
                "23:59:00 23:59:15 23:59:30 23:59:45 00:00:00 00:00:15 00:00:30 00:00:45 00:01:00",
            ),
            (midnight, day, "00:00 03:00 06:00 09:00 12:00 15:00 18:00 21:00 00:00"),
            // Longer than a day: midnight is told by its date.
            (midnight, day + 3_600 * second, "11-10 03:00 06:00 09:00 12:00 15:00 18:00 21:00 11-11"),
            (at(1_794_290_400, 0), 9 * day, "11-11 11-12 11-13 11-14 11-15 11-16 11-17 11-18 11-19"),
            // Every other day and every week, counted from Thursday, 1 January 1970.
            (midnight, 10 * day, "11-11 11-13 11-15 11-17 11-19"),
            (midnight, 60 * day, "11-12 11-19 11-26 12-03 12-10 12-17 12-24 12-31 01-07"),
            // The 29th of February 2028, and the last minute of a year.
            (at(1_835_308_800, 0), 2 * day, "02-28 06:00 12:00 18:00 02-29 06:00 12:00 18:00 03-01"),
            (
                at(1_798_761_570, 0),
                60 * second,
                "23:59:30 23:59:40 23:59:50 00:00:00 00:00:10 00:00:20 00:00:30",
            ),
            // 13:37 in UTC is 10:07 three and a half hours west of it, and 19:22 in Nepal.
            (at(1_794_317_820, -12_600), 3_600 * second, "10:10 10:20 10:30 10:40 10:50 11:00"),
            (at(1_794_317_820, 20_700), 3_600 * second, "19:30 19:40 19:50 20:00 20:10 20:20"),
            // Before 1970.
            (
                at(-90, 0),
                120 * second,
                "23:58:30 23:58:45 23:59:00 23:59:15 23:59:30 23:59:45 00:00:00 00:00:15 00:00:30",
            ),
            (midnight, 20 * MS, "0s 5ms 10ms 15ms 20ms"),
            (None, 45 * second, "0s 5s 10s 15s 20s 25s 30s 35s 40s 45s"),
            (None, 50 * second, "0s 10s 20s 30s 40s 50s"),
            (None, 1, "0s"),
        ];
        let mut plan = study().plan;
        for (start, duration_ns, expected) in table {
            (plan.start, plan.duration_ns) = (start, duration_ns);
            assert_eq!(labels(&Axis::time(&plan, 9)).join(" "), expected, "{duration_ns} ns");
        }
        // The first midnight of nine days from 06:00 is 18 hours away.
        (plan.start, plan.duration_ns) = (at(1_794_290_400, 0), 9 * day);
        assert!((Axis::time(&plan, 9).ticks[0].0 - 18.0 / 216.0).abs() < 1e-12);
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
                "UTC+08:00",
            ),
            (
                start,
                minute,
                vec!["23:30:00", "23:30:10", "23:30:20", "23:30:30", "23:30:40", "23:30:50", "23:31:00"],
                "UTC+08:00",
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
            (start, 5 * MS, vec!["0s", "1ms", "2ms", "3ms", "4ms", "5ms"], "UTC+08:00"),
        ];
        for (start, duration_ns, expected, caption) in table {
            (plan.start, plan.duration_ns) = (start, duration_ns);
            assert_eq!(labels(&Axis::time(&plan, 9)), expected);
            assert_eq!(time_caption(&plan).unwrap_or_default(), caption);
        }
    }
    #[test]
    fn dates_stand_below_the_beginning_and_below_midnight() {
        let (mut plan, hour) = (study().plan, 3_600_000 * MS);
        // 10 November 2026, 23:30 in UTC+8.
        let start = WallClock { epoch_ns: 1_794_324_600_000_000_000, offset_s: 28_800 };
        type Dates<'a> = &'a [(f64, &'a str)];
        let table: [(Option<WallClock>, u64, Dates<'_>); 7] = [
            (Some(start), hour, &[(0.0, "2026-11-10"), (0.5, "2026-11-11")]),
            (Some(start), hour / 4, &[(0.0, "2026-11-10")]),
            (Some(start), hour / 2, &[(0.0, "2026-11-10"), (1.0, "2026-11-11")]),
            // Both would touch: midnight says what the times behind it belong to.
            (Some(start), 24 * hour, &[(0.5 / 24.0, "2026-11-11")]),
            (Some(start), 48 * hour, &[]),
            (None, hour, &[]),
            // At midnight there is one date, not two.
            (
                Some(WallClock { epoch_ns: start.epoch_ns + 1_800 * 1_000_000_000, ..start }),
                hour,
                &[(0.0, "2026-11-11")],
            ),
        ];
        for (start, duration_ns, expected) in table {
            (plan.start, plan.duration_ns) = (start, duration_ns);
            let found = Axis::time(&plan, 9).dates;
            let texts: Vec<_> = found.iter().map(|(_, date)| &**date).collect();
            assert_eq!(texts, expected.iter().map(|(_, date)| *date).collect::<Vec<_>>(), "{duration_ns}");
            for ((at, _), (expected, _)) in found.iter().zip(expected) {
                assert!((at - expected).abs() < 1e-9, "{duration_ns}: {at}, not {expected}");
            }
        }
    }
}
