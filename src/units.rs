//! The text forms of quantities: `1h30m`, `20k/s`, `85%`, `0.23 USD/h`.
//!
//! Reading and writing are inverse: what is written is read back to the same value. Every error
//! says what to write instead.

mod almost;
mod schema;

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::time::SimDuration;

pub(crate) use almost::plain_number;
use almost::{Almost, bare_number, meant};
pub(crate) use schema::duration_pattern;

/// The largest rate of a source, in requests per second.
pub const MAX_RATE: f64 = 1e9;

/// The longest text that a message repeats.
const SHOWN: usize = 60;

/// Requests (or anything countable) per second.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Rate(pub f64);

/// A share or factor, written `0.85` or `85%`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Ratio(pub f64);

/// Money per server and hour.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// Amount per hour.
    pub per_hour: f64,
    /// Currency code, as written.
    pub currency: String,
}

/// An instant as the scenario file names it: a length from t = 0, or the wall clock.
///
/// Which day a clock means is known to the layer that knows `run.start`, not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// This long after the run's start, written `30m`.
    Offset(SimDuration),
    /// The wall clock, written `23:30` or `23:30:15`.
    Clock {
        /// Seconds since midnight, below 86,400.
        seconds_of_day: u32,
    },
}

/// Reads a plain non-negative decimal number as an integer multiple of 10^-`digits`, exactly;
/// digits beyond are rounded to nearest. `None` for anything else, or what does not fit.
///
/// ```
/// # use peakday::units::decimal_scaled;
/// assert_eq!(decimal_scaled("1.5", 9), Some(1_500_000_000));
/// assert_eq!(decimal_scaled("-1", 9), None);
/// ```
pub fn decimal_scaled(text: &str, digits: u32) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() && fraction.is_empty() || text.len() > 60 {
        return None;
    }
    let mut value: u128 = 0;
    for byte in whole.bytes() {
        value = value.checked_mul(10)?.checked_add(u128::from(digit(byte)?))?;
    }
    let mut kept = 0;
    let mut round_up = false;
    for byte in fraction.bytes() {
        let next = digit(byte)?;
        if kept < digits {
            value = value.checked_mul(10)?.checked_add(u128::from(next))?;
        } else if kept == digits {
            round_up = next >= 5;
        }
        kept += 1;
    }
    for _ in kept..digits {
        value = value.checked_mul(10)?;
    }
    u64::try_from(value + u128::from(round_up)).ok()
}

fn digit(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte - b'0')
}

/// Splits `12.5k/s` into the number and what follows it.
fn split_number(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

impl FromStr for SimDuration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(number) = bare_number(text) {
            return Err(format!("`{}` has no unit; write for example {number}ms or {number}s", shown(text)));
        }
        let wrong = || refused::<Self>(text, "a duration", "250ms, 1.5s, 5m, 1h30m or 2d");
        let mut rest = text.trim();
        let mut total: u64 = 0;
        if rest.is_empty() {
            return Err(wrong());
        }
        while !rest.is_empty() {
            let (number, tail) = split_number(rest);
            let unit_end = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
            let nanos = match &tail[..unit_end] {
                "ns" => decimal_scaled(number, 0),
                "us" | "µs" => decimal_scaled(number, 3),
                "ms" => decimal_scaled(number, 6),
                "s" => decimal_scaled(number, 9),
                "m" => decimal_scaled(number, 9).and_then(|n| n.checked_mul(60)),
                "h" => decimal_scaled(number, 9).and_then(|n| n.checked_mul(3_600)),
                "d" => decimal_scaled(number, 9).and_then(|n| n.checked_mul(86_400)),
                _ => return Err(wrong()),
            };
            total = nanos.and_then(|n| total.checked_add(n)).ok_or_else(wrong)?;
            rest = &tail[unit_end..];
        }
        Ok(Self::from_nanos(total))
    }
}

/// Reads a finite non-negative number, and returns what follows.
fn split_float(text: &str) -> Option<(f64, &str)> {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-'))
        .unwrap_or(text.len());
    let value: f64 = text[..end].parse().ok()?;
    (value.is_finite() && value >= 0.0).then_some((value, text[end..].trim_start()))
}

/// Reads a finite non-negative number with an optional `k`, `M` or `G`, and returns what follows.
fn split_scaled(text: &str) -> Option<(f64, &str)> {
    let (value, rest) = split_float(text)?;
    let (factor, rest) = match rest.as_bytes().first() {
        Some(b'k') => (1e3, &rest[1..]),
        Some(b'M') => (1e6, &rest[1..]),
        Some(b'G') => (1e9, &rest[1..]),
        _ => (1.0, rest),
    };
    Some((value * factor, rest))
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(number) = bare_number(text) {
            return Err(format!("`{}` has no unit; write for example {number}/s", shown(text)));
        }
        let wrong = || refused::<Self>(text, "a rate", "90/s, 20k/s or 1.2M/min");
        let (value, unit) = split_scaled(text.trim()).ok_or_else(wrong)?;
        let seconds = match unit {
            "/s" => 1.0,
            "/min" | "/m" => 60.0,
            "/h" => 3_600.0,
            "/d" => 86_400.0,
            _ => return Err(wrong()),
        };
        let rate = value / seconds;
        if rate > MAX_RATE {
            return Err(format!("`{}` is above the largest rate; write at most 1G/s", shown(text)));
        }
        Ok(Self(rate))
    }
}

impl FromStr for Ratio {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || refused::<Self>(text, "a ratio", "0.85 or 85%");
        let trimmed = text.trim();
        let (number, percent) = match trimmed.strip_suffix('%') {
            Some(number) => (number.trim_end(), true),
            None => (trimmed, false),
        };
        // Shifting the decimal point in the text keeps 99.9% equal to 0.999, which a division does not.
        let shifted = if percent { format!("{number}e-2") } else { number.to_owned() };
        let value: f64 = shifted.parse().map_err(|_| wrong())?;
        if !value.is_finite() || value < 0.0 {
            return Err(wrong());
        }
        Ok(Self(value))
    }
}

impl FromStr for Price {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || refused::<Self>(text, "a price", "0.23 USD/h");
        // No k, M or G: GBP is a currency.
        let (value, unit) = split_float(text.trim()).ok_or_else(wrong)?;
        let currency = unit.strip_suffix("/h").ok_or_else(wrong)?.trim_end();
        if currency.is_empty() || !currency.chars().all(|c| c.is_alphabetic()) {
            return Err(wrong());
        }
        Ok(Self { per_hour: value, currency: currency.to_owned() })
    }
}

/// Reads `HH:MM` or `HH:MM:SS`, two digits each, as seconds since midnight.
fn seconds_of_day(text: &str) -> Option<u32> {
    let mut parts = text.split(':');
    let mut part = |below: u32| {
        let part = parts.next()?;
        let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        part.parse().ok().filter(|&n: &u32| digits && n < below)
    };
    let (hours, minutes) = (part(24)?, part(60)?);
    let seconds = if text.len() > 5 { part(60)? } else { 0 };
    parts.next().is_none().then_some(hours * 3_600 + minutes * 60 + seconds)
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let trimmed = text.trim();
        if let Some(number) = bare_number(trimmed) {
            let clock = number.parse().ok().and_then(sexagesimal);
            let clock = clock.map(|clock| format!(", or \"{clock}\" if a tool has made a number of that"));
            let clock = clock.unwrap_or_default();
            return Err(format!("`{}` is not an instant; write {number}s{clock}", shown(text)));
        }
        if trimmed.contains(':') {
            let clock = seconds_of_day(trimmed).map(|seconds_of_day| Self::Clock { seconds_of_day });
            return clock.ok_or_else(|| refused::<Self>(text, "a time of day", "\"00:05\" or \"23:59:30\""));
        }
        let wrong =
            |_| refused::<Self>(text, "an instant", "a length from the start such as 30m, or \"23:30\"");
        trimmed.parse().map(Self::Offset).map_err(wrong)
    }
}

/// Returns the time of day of which a tool of YAML 1.1 has made this number, to the base of 60.
fn sexagesimal(number: u32) -> Option<When> {
    let seconds_of_day = if number < 1_440 { number * 60 } else { number };
    let clock = When::Clock { seconds_of_day };
    (3_600..86_400).contains(&seconds_of_day).then_some(clock)
}

/// Says that a text is none of these quantities, and what to write: what was meant, or an example.
fn refused<T: Almost>(text: &str, kind: &str, examples: &str) -> String {
    let remedy = match meant::<T>(text) {
        // A colon ends a key in YAML: in quotes nobody has to know where.
        Some(clock) if clock.contains(':') => format!("write \"{clock}\""),
        Some(exact) => format!("write {exact}"),
        None => format!("write for example {examples}"),
    };
    format!("`{}` is not {kind}; {remedy}", shown(text))
}

/// Cuts what is too long to be repeated in a message.
fn shown(text: &str) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let end = if text.chars().nth(SHOWN).is_some() { ".." } else { "" };
    text.trim().chars().take(SHOWN).map(clean).collect::<String>() + end
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Offset(length) => length.fmt(f),
            Self::Clock { seconds_of_day } => {
                write!(f, "{:02}:{:02}", seconds_of_day / 3_600, seconds_of_day / 60 % 60)?;
                match seconds_of_day % 60 {
                    0 => Ok(()),
                    seconds => write!(f, ":{seconds:02}"),
                }
            }
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", self.0)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/h", self.per_hour, self.currency)
    }
}

/// Reads any scalar as text, so that a number without its unit gets the unit's own message.
struct Text<T>(std::marker::PhantomData<T>);

impl<T: FromStr<Err = String>> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a quantity with its unit")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<T, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<T, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<T, E> {
        self.visit_str(&value.to_string())
    }
}

/// Reads a quantity from its text form, or from a number that then lacks its unit.
pub(crate) fn from_text<'de, D: Deserializer<'de>, T: FromStr<Err = String>>(
    deserializer: D,
) -> Result<T, D::Error> {
    deserializer.deserialize_any(Text(std::marker::PhantomData))
}

/// Gives a quantity its text form in scenario files and results.
macro_rules! serde_as_text {
    ($($name:ident),*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::units::from_text(deserializer)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}
serde_as_text!(SimDuration, Rate, Ratio, Price, When);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_and_written_back() {
        let clock = |seconds_of_day| Ok(When::Clock { seconds_of_day });
        let offset = |seconds| Ok(When::Offset(SimDuration::from_secs(seconds)));
        let cases = [
            ("00:00", clock(0), "00:00"),
            ("00:05", clock(300), "00:05"),
            ("23:59:59", clock(86_399), "23:59:59"),
            ("08:30:00", clock(30_600), "08:30"),
            ("30m", offset(1_800), "30m"),
            ("1h30m", offset(5_400), "1h30m"),
            ("0s", offset(0), "0s"),
        ];
        for (text, expected, written) in cases {
            let read: Result<When, String> = text.parse();
            assert_eq!(read, expected, "{text}");
            assert_eq!(read.unwrap().to_string(), written, "{text}");
            assert_eq!(written.parse::<When>(), expected, "{written}");
        }
    }

    #[test]
    fn what_is_no_instant_is_told_with_what_to_write() {
        let clocks =
            ["24:01", "12:60", "12:30:60", "12:3", "12:30:", "12:30:1", "12:30:15:00", "a:b", ":", "+1:30"];
        for text in clocks {
            let message = text.parse::<When>().unwrap_err();
            assert!(message.contains("time of day") && message.contains("23:59:30"), "{message}");
        }
        for text in ["", "noon", "-5m"] {
            let message = text.parse::<When>().unwrap_err();
            assert!(message.contains("not an instant") && message.contains("30m"), "{message}");
        }
    }
}
