//! The text forms of quantities: `1h30m`, `20k/s`, `85%`, `0.23 USD/h`.
//!
//! Reading and writing are inverse: what is written is read back to the same value. Every error
//! says what to write instead.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::time::SimDuration;

/// The largest rate of a source, in requests per second.
pub const MAX_RATE: f64 = 1e9;

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
        let wrong = || format!("`{text}` is not a duration; write for example 250ms, 1.5s, 5m, 1h30m or 2d");
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
                "" => return Err(format!("`{text}` has no unit; write for example {text}ms or {text}s")),
                _ => return Err(wrong()),
            };
            total = nanos.and_then(|n| total.checked_add(n)).ok_or_else(wrong)?;
            rest = &tail[unit_end..];
        }
        Ok(Self::from_nanos(total))
    }
}

/// Reads a finite non-negative number with an optional `k`, `M` or `G`, and returns what follows.
fn split_scaled(text: &str) -> Option<(f64, &str)> {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-'))
        .unwrap_or(text.len());
    let value: f64 = text[..end].parse().ok()?;
    let rest = text[end..].trim_start();
    let (factor, rest) = match rest.as_bytes().first() {
        Some(b'k') => (1e3, &rest[1..]),
        Some(b'M') => (1e6, &rest[1..]),
        Some(b'G') => (1e9, &rest[1..]),
        _ => (1.0, rest),
    };
    (value.is_finite() && value >= 0.0).then_some((value * factor, rest))
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a rate; write for example 90/s, 20k/s or 1.2M/min");
        let (value, unit) = split_scaled(text.trim()).ok_or_else(wrong)?;
        let seconds = match unit {
            "/s" => 1.0,
            "/min" | "/m" => 60.0,
            "/h" => 3_600.0,
            "/d" => 86_400.0,
            "" => return Err(format!("`{text}` has no unit; write for example {text}/s")),
            _ => return Err(wrong()),
        };
        let rate = value / seconds;
        if rate > MAX_RATE {
            return Err(format!("`{text}` is above the largest rate, 1G/s"));
        }
        Ok(Self(rate))
    }
}

impl FromStr for Ratio {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a ratio; write for example 0.85 or 85%");
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
        let wrong = || format!("`{text}` is not a price; write for example 0.23 USD/h");
        let (value, unit) = split_scaled(text.trim()).ok_or_else(wrong)?;
        let currency = unit.strip_suffix("/h").ok_or_else(wrong)?.trim_end();
        if currency.is_empty() || !currency.chars().all(|c| c.is_alphabetic()) {
            return Err(wrong());
        }
        Ok(Self { per_hour: value, currency: currency.to_owned() })
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

/// Gives a quantity its text form in scenario files and results.
macro_rules! serde_as_text {
    ($($name:ident),*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Text(std::marker::PhantomData))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}
serde_as_text!(SimDuration, Rate, Ratio, Price);
