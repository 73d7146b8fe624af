//! Quantities that can be varied: read from their text, set out over a range, and written back.
//!
//! What is written is read back to the same value: a value between two others is rounded to one that has a
//! short text. Knows no path and no scenario.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use crate::error::Problem;
use crate::scenario::suggest;
use crate::time::SimDuration;
use crate::units::{Rate, Ratio, When};

/// Seconds of a day, after which clock times begin anew.
const DAY: f64 = 86_400.0;
/// The most values of a range.
pub const MAX_VALUES: usize = 10_000;
/// Significant digits of what is computed: rounding errors of a few operations lie behind them.
const DIGITS: usize = 12;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum QuantityKind {
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// A ratio, written as a percentage.
    Percent,
    /// A length of time, in seconds.
    Duration,
    /// Something each second.
    Rate,
    /// A time of day, in seconds since midnight; beyond a day where a range passes midnight.
    Clock,
}

/// A value with its kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    kind: QuantityKind,
    value: f64,
}

impl Quantity {
    /// Reads a quantity as the scenario file writes it; `None` for what is none.
    ///
    /// ```
    /// # use peakday::scenario::sweep::{Quantity, QuantityKind};
    /// let quantity = Quantity::parse("20k/s").unwrap();
    /// assert_eq!((quantity.kind(), quantity.value()), (QuantityKind::Rate, 20_000.0));
    /// assert_eq!(Quantity::parse("leastRequest"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let of = |kind, value| Some(Self { kind, value });
        let text = text.trim();
        if let Ok(whole) = text.parse::<i64>() {
            // Beyond, neighbours cannot be told apart.
            let exact = whole.unsigned_abs() <= 1 << f64::MANTISSA_DIGITS;
            return if exact { of(QuantityKind::Integer, whole as f64) } else { None };
        }
        if let Ok(number) = text.parse::<f64>() {
            return if number.is_finite() { of(QuantityKind::Number, number) } else { None };
        }
        if text.ends_with('%') {
            return of(QuantityKind::Percent, text.parse::<Ratio>().ok()?.0);
        }
        if let Ok(rate) = text.parse::<Rate>() {
            return of(QuantityKind::Rate, rate.0);
        }
        match text.parse::<When>().ok()? {
            When::Offset(length) => of(QuantityKind::Duration, length.as_secs_f64()),
            When::Clock { seconds_of_day } => of(QuantityKind::Clock, seconds_of_day.into()),
        }
    }

    /// Returns a value of a kind, rounded to one that can be written.
    pub fn new(kind: QuantityKind, value: f64) -> Self {
        let value = match kind {
            QuantityKind::Integer | QuantityKind::Clock => libm::round(value),
            QuantityKind::Number | QuantityKind::Percent => rounded(value),
            QuantityKind::Duration => SimDuration::from_secs_f64(value.max(0.0)).as_secs_f64(),
            // What is round in another unit stays so.
            QuantityKind::Rate => rate_text(rounded(value)).parse().map_or(value, |rate: Rate| rate.0),
        };
        Self { kind, value }
    }

    /// Returns what is measured.
    pub const fn kind(self) -> QuantityKind {
        self.kind
    }

    /// Returns the value: durations and clock times in seconds, rates per second, percentages as ratios.
    pub const fn value(self) -> f64 {
        self.value
    }

    /// Writes it as `--set PATH=VALUE` takes it: a clock time in quotes, which YAML needs.
    pub fn setting(self) -> String {
        if self.kind == QuantityKind::Clock { format!("\"{self}\"") } else { self.to_string() }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value;
        match self.kind {
            QuantityKind::Integer => write!(f, "{value:.0}"),
            // A number keeps its point: whoever reads it sees that there may be something between.
            QuantityKind::Number => write!(f, "{value:?}"),
            QuantityKind::Percent => write!(f, "{}%", rounded(value * 100.0)),
            QuantityKind::Duration => SimDuration::from_secs_f64(value).fmt(f),
            QuantityKind::Rate => f.write_str(&rate_text(value)),
            QuantityKind::Clock => When::Clock { seconds_of_day: (value % DAY) as u32 }.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl Visitor<'_> for Written {
            type Value = Quantity;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a quantity with its unit")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Quantity, E> {
                let forms = "write for example 10, 0.5, 85%, 30m, 90/s or \"23:30\"";
                let wrong = || E::custom(format!("`{}` is no quantity; {forms}", suggest::short(text)));
                Quantity::parse(text).ok_or_else(wrong)
            }
        }
        // As written: `2.0` is no whole number.
        deserializer.deserialize_str(Written)
    }
}

/// Rounds to [`DIGITS`] significant digits.
fn rounded(value: f64) -> f64 {
    format!("{value:.*e}", DIGITS - 1).parse().unwrap_or(value)
}

/// Writes a rate per second, or in the first unit in which it is short and says the same.
fn rate_text(value: f64) -> String {
    const SHORT: usize = 9;
    let mut best = format!("{value}/s");
    for (seconds, unit) in [(1.0, "s"), (60.0, "min"), (3_600.0, "h"), (DAY, "d")] {
        for (factor, prefix) in [(1.0, ""), (1e3, "k"), (1e6, "M")] {
            let text = format!("{}{prefix}/{unit}", rounded(value * seconds / factor));
            let same = |rate: Rate| (rate.0 - value).abs() <= value.abs() * 1e-11;
            if text.len() < best.len() && text.parse().is_ok_and(same) {
                best = text;
            }
        }
        if best.len() <= SHORT {
            break;
        }
    }
    best
}

/// How values lie in a range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Scale {
    /// At equal distances.
    #[default]
    Linear,
    /// At equal ratios.
    Log,
}

/// A range of a quantity, both ends included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// The lower end.
    pub from: Quantity,
    /// The upper end; beyond a day where clock times pass midnight.
    pub to: Quantity,
}

impl Span {
    /// Returns the range between two quantities.
    ///
    /// A range of clock times that ends before it begins passes midnight.
    ///
    /// # Errors
    /// Where the kinds differ, or the range is empty.
    pub fn new(from: Quantity, mut to: Quantity) -> Result<Self, Problem> {
        use QuantityKind::{Clock, Integer, Number};
        let mut from = from;
        match (from.kind, to.kind) {
            (Integer, Number) => from.kind = Number,
            (Number, Integer) => to.kind = Number,
            (Clock, Clock) if to.value < from.value => to.value += DAY,
            (one, other) if one != other => {
                let message = format!("{from} and {to} are not of one kind");
                return Err(Problem::new(
                    "to",
                    message,
                    format!("write both in one form, for example as {}", example(one)),
                ));
            }
            _ => {}
        }
        if to.value <= from.value {
            let message = format!("the range from {from} to {to} is empty");
            let remedy = if to.value < from.value { "write the smaller end first" } else { "write two ends" };
            return Err(Problem::new("to", message, remedy));
        }
        Ok(Self { from, to })
    }

    /// Reads `LO..HI`.
    ///
    /// # Errors
    /// What is wrong with it, and what to write.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let ends =
            text.split_once("..").and_then(|(from, to)| Some((Quantity::parse(from)?, Quantity::parse(to)?)));
        let (from, to) = ends.ok_or_else(|| {
            let message = format!("`{}` is not a range", suggest::short(text));
            Problem::new(
                "",
                message,
                "write LO..HI, for example 10..40, 50%..90%, 1k/s..2k/s or 22:00..06:00",
            )
        })?;
        Self::new(from, to)
    }

    /// Returns what is measured.
    pub const fn kind(self) -> QuantityKind {
        self.to.kind
    }

    /// Tells whether the range has a logarithm.
    pub fn has_log(self) -> bool {
        self.from.value > 0.0 && self.kind() != QuantityKind::Clock
    }

    /// Returns the value at a share of the way, from 0 to 1, rounded as far as so many values can still be told
    /// apart: what lies between two ends has a short text.
    pub fn at(self, share: f64, scale: Scale, count: usize) -> Quantity {
        let (from, to) = (self.from.value, self.to.value);
        let parts = count.max(1) as f64 * 100.0;
        let (value, grain) = match scale {
            Scale::Linear => (from + share * (to - from), (to - from) / parts),
            Scale::Log => {
                let value = from * libm::pow(to / from, share);
                (value, value * libm::log(to / from) / parts)
            }
        };
        let grain = match self.kind() {
            QuantityKind::Integer => 1.0,
            QuantityKind::Clock if grain >= 60.0 => 60.0,
            QuantityKind::Clock => 1.0,
            QuantityKind::Duration if grain >= 1.0 => 1.0,
            _ => libm::pow(10.0, libm::floor(libm::log10(grain))),
        };
        Quantity::new(self.kind(), (libm::round(value / grain) * grain).clamp(from, to))
    }

    /// Returns so many values from end to end; fewer where whole numbers coincide.
    pub fn spaced(self, count: usize, scale: Scale) -> Vec<Quantity> {
        let last = count.saturating_sub(1).max(1);
        let mut values: Vec<Quantity> = (0..count)
            .map(|index| match index {
                0 => self.from,
                index if index == last => self.to,
                index => self.at(index as f64 / last as f64, scale, count),
            })
            .collect();
        values.dedup();
        values
    }

    /// Returns the values a step apart from the lower end on, as far as they reach.
    ///
    /// # Errors
    /// Where the step is of another kind, not above 0, or gives too many values.
    pub fn steps(self, step: Quantity) -> Result<Vec<Quantity>, Problem> {
        use QuantityKind::{Clock, Duration, Integer, Number};
        let kind = match (self.kind(), step.kind) {
            (Clock, Duration) => Clock,
            (Integer | Number, Number) => Number,
            (Number, Integer) => Number,
            (one, other) if one == other && one != Clock => one,
            (one, _) => {
                let message = format!("{step} is no step from {} to {}", self.from, self.to);
                let step = if one == Clock { Duration } else { one };
                return Err(Problem::new("step", message, format!("write for example {}", example(step))));
            }
        };
        if step.value <= 0.0 {
            return Err(Problem::new("step", "the step is not above 0", "write a larger one, or count"));
        }
        // A last step that rounding makes a hair too long is still one.
        let count = libm::floor((self.to.value - self.from.value) / step.value + 1e-9);
        if count >= MAX_VALUES as f64 {
            let message = format!("these are more than {MAX_VALUES} values");
            return Err(Problem::new("step", message, "write a larger step, or count"));
        }
        let value = |index| Quantity::new(kind, self.from.value + f64::from(index) * step.value);
        Ok((0..=count as u32).map(value).collect())
    }

    /// Returns all whole numbers of a range of them; `None` for other kinds, and where there are too many.
    pub fn integers(self) -> Option<Vec<Quantity>> {
        let one = Quantity { kind: QuantityKind::Integer, value: 1.0 };
        if self.kind() == one.kind { self.steps(one).ok() } else { None }
    }
}

/// Shows how a kind is written.
const fn example(kind: QuantityKind) -> &'static str {
    match kind {
        QuantityKind::Integer => "2",
        QuantityKind::Number => "0.5",
        QuantityKind::Percent => "5%",
        QuantityKind::Duration => "30m",
        QuantityKind::Rate => "90/s",
        QuantityKind::Clock => "\"23:30\"",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str) -> Span {
        Span::parse(text).unwrap_or_else(|problem| panic!("{text}: {}", problem.message))
    }

    fn texts(values: &[Quantity]) -> String {
        values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn quantities_are_read_and_written_back() {
        use QuantityKind::{Clock, Duration, Integer, Number, Percent, Rate};
        let table = [
            ("12", Integer, 12.0, "12"),
            ("-3", Integer, -3.0, "-3"),
            ("1.5", Number, 1.5, "1.5"),
            ("2.0", Number, 2.0, "2.0"),
            ("85%", Percent, 0.85, "85%"),
            ("99.9%", Percent, 0.999, "99.9%"),
            ("1h30m", Duration, 5_400.0, "1h30m"),
            ("250ms", Duration, 0.25, "250ms"),
            ("20k/s", Rate, 20_000.0, "20k/s"),
            ("7200/h", Rate, 2.0, "2/s"),
            ("1000/h", Rate, 1_000.0 / 3_600.0, "1k/h"),
            ("23:30", Clock, 84_600.0, "23:30"),
            ("00:00:05", Clock, 5.0, "00:00:05"),
        ];
        for (text, kind, value, written) in table {
            let read = Quantity::parse(text).expect(text);
            assert_eq!(
                (read.kind(), read.value(), read.to_string().as_str()),
                (kind, value, written),
                "{text}"
            );
            assert_eq!(Quantity::parse(written), Some(read), "{written}");
            assert_eq!(Quantity::new(kind, value), read, "{text}");
        }
        for text in
            ["", "random", "true", "5x", "-1/s", "24:00", "inf", "nan", "1e999", "99999999999999999999"]
        {
            let read = Quantity::parse(text).filter(|read| read.kind() != Number);
            assert_eq!(read, None, "{text}");
        }
    }

    #[test]
    fn values_are_set_out_from_end_to_end() {
        use Scale::{Linear, Log};
        let table = [
            ("10..16", 4, Linear, "10 12 14 16"),
            ("1..3", 9, Linear, "1 2 3"),
            ("1..100", 3, Log, "1 10 100"),
            ("1..1000", 4, Log, "1 10 100 1000"),
            ("0..1.0", 4, Linear, "0.0 0.333 0.667 1.0"),
            ("0.1..0.5", 5, Linear, "0.1 0.2 0.3 0.4 0.5"),
            ("50%..90%", 5, Linear, "50% 60% 70% 80% 90%"),
            ("10ms..1s", 3, Log, "10ms 100ms 1s"),
            ("5m..1h", 3, Linear, "5m 32m30s 1h"),
            ("1k/s..2k/s", 3, Linear, "1k/s 1500/s 2k/s"),
            ("600/h..1200/h", 3, Linear, "10/min 0.25/s 20/min"),
            // Over midnight.
            ("22:00..02:00", 5, Linear, "22:00 23:00 00:00 01:00 02:00"),
            ("00:00..00:01", 4, Linear, "00:00 00:00:20 00:00:40 00:01"),
        ];
        for (range, count, scale, expected) in table {
            let values = span(range).spaced(count, scale);
            assert_eq!(texts(&values), expected, "{range}");
            assert!(values.windows(2).all(|pair| pair[0].value() < pair[1].value()), "{range}");
        }
        assert_eq!(texts(&span("1..2").spaced(1, Linear)), "1");
        assert_eq!(texts(&span("3..6").integers().unwrap()), "3 4 5 6");
        assert_eq!((span("3..6.5").integers(), span("0..1000000").integers()), (None, None));
    }

    #[test]
    fn steps_go_as_far_as_they_reach() {
        let table = [
            ("10..16", "2", "10 12 14 16"),
            ("10..15", "2", "10 12 14"),
            ("1..2", "0.5", "1.0 1.5 2.0"),
            ("0.1..0.4", "0.1", "0.1 0.2 0.3 0.4"),
            ("50%..65%", "5%", "50% 55% 60% 65%"),
            ("23:00..01:00", "30m", "23:00 23:30 00:00 00:30 01:00"),
            ("5m..7m", "30s", "5m 5m30s 6m 6m30s 7m"),
            ("10..12", "5", "10"),
            ("10..12", "0", "!the step is not above 0"),
            ("10..12", "5%", "!5% is no step from 10 to 12"),
            ("22:00..23:00", "23:00", "!23:00 is no step from 22:00 to 23:00"),
            ("0..1000000", "1", "!these are more than 10000 values"),
        ];
        for (range, step, expected) in table {
            let values = span(range).steps(Quantity::parse(step).unwrap());
            let told = values.map_or_else(|problem| format!("!{}", problem.message), |values| texts(&values));
            assert_eq!(told, expected, "{range} by {step}");
        }
    }

    #[test]
    fn what_is_no_range_is_told() {
        let table = [
            ("10", "`10` is not a range"),
            ("a..b", "`a..b` is not a range"),
            ("10..50%", "10 and 50% are not of one kind"),
            ("16..10", "the range from 16 to 10 is empty"),
            ("22:00..22:00", "the range from 22:00 to 22:00 is empty"),
        ];
        for (text, expected) in table {
            let problem = Span::parse(text).expect_err(text);
            assert_eq!(problem.message, expected);
            assert!(!problem.remedy.is_empty(), "{text}");
        }
    }
}
