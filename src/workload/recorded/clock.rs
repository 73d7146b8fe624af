//! A time cell to an instant: integer nanoseconds, exact, without a floating-point number between.
//!
//! Knows the ways to write an instant; knows no file and no line.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::BILLION;
use crate::time::SimDuration;
use crate::units::decimal_scaled;

/// Below this a number is seconds since the recording's start: more than three years of them.
const RELATIVE_BELOW: u64 = 100_000_000;
/// Below this a number is seconds since 1970, until the year 5138; above, milliseconds.
const SECONDS_BELOW: u64 = 100_000_000_000;

/// How a file writes its instants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum TimeFormat {
    /// Decided on the first usable line: a date with an offset and a `T` is `rfc3339`, every other
    /// date `datetime`; a number below 10^8 is `seconds`, below 10^11 `epochSeconds`, else
    /// `epochMillis`.
    Auto,
    /// `2025-11-11T00:00:00+08:00`.
    Rfc3339,
    /// `2025-11-11 00:00:00`, with `T` or a blank, with or without fractions; a date alone is its
    /// midnight. Read at `utcOffset` unless the cell ends in an offset of its own.
    Datetime,
    /// Seconds since 1970-01-01T00:00:00Z, fractions allowed.
    EpochSeconds,
    /// Milliseconds since 1970-01-01T00:00:00Z, fractions allowed.
    EpochMillis,
    /// Seconds since the recording's own start, fractions allowed.
    Seconds,
}

/// Reads the instants of one file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    format: TimeFormat,
    /// Nanoseconds east of UTC of dates without an offset.
    offset: i64,
}

impl Clock {
    pub(super) fn new(format: Option<TimeFormat>, utc_offset: Option<&str>) -> Self {
        let offset = utc_offset.and_then(parse_offset).unwrap_or(0);
        Self { format: format.unwrap_or(TimeFormat::Auto), offset }
    }

    /// Tells whether zero is the recording's own start, not 1970.
    pub(super) fn is_relative(&self) -> bool {
        self.format == TimeFormat::Seconds
    }

    /// Says what a cell must look like.
    pub(super) fn expected(&self) -> &'static str {
        match self.format {
            TimeFormat::Auto => "expected a timestamp, epoch seconds or milliseconds, or seconds from 0",
            TimeFormat::Rfc3339 => "expected RFC 3339, like 2025-11-11T00:00:00+08:00",
            TimeFormat::Datetime => "expected a date and time, like 2025-11-11 00:00:00",
            TimeFormat::EpochSeconds => "expected seconds since 1970, like 1762819200.25",
            TimeFormat::EpochMillis => "expected milliseconds since 1970, like 1762819200250",
            TimeFormat::Seconds => "expected seconds from 0, like 12.5",
        }
    }

    /// Reads a cell; the first one that can be read settles the format of the file.
    pub(super) fn read(&mut self, text: &str) -> Option<i64> {
        if self.format != TimeFormat::Auto {
            return self.parse(text);
        }
        let settled = Self { format: recognise(text)?, ..*self };
        let instant = settled.parse(text)?;
        *self = settled;
        Some(instant)
    }

    /// Reads an instant that the scenario gives in the file's own form: as a cell, or as a
    /// duration where the file counts from its start, or as a date where it counts from 1970.
    pub(super) fn read_scenario(&self, text: &str) -> Option<i64> {
        let text = text.trim();
        self.parse(text).or_else(|| match self.format {
            TimeFormat::Seconds => duration(text),
            _ => self.date(text),
        })
    }

    fn parse(&self, text: &str) -> Option<i64> {
        let nanos = match self.format {
            TimeFormat::Auto => return None,
            TimeFormat::Rfc3339 => return zoned(text),
            TimeFormat::Datetime => return self.date(text),
            TimeFormat::EpochSeconds | TimeFormat::Seconds => decimal_scaled(text, 9),
            TimeFormat::EpochMillis => decimal_scaled(text, 6),
        };
        i64::try_from(nanos?).ok()
    }

    fn date(&self, text: &str) -> Option<i64> {
        if has_offset(text) {
            return zoned(text);
        }
        let civil: DateTime = text.parse().ok()?;
        nanoseconds(Offset::UTC.to_timestamp(civil).ok()?)?.checked_sub(self.offset)
    }
}

/// Reads a duration as nanoseconds.
pub(super) fn duration(text: &str) -> Option<i64> {
    i64::try_from(SimDuration::from_str(text).ok()?.as_nanos()).ok()
}

/// Reads an offset from UTC, `+08:00` or `Z`, as nanoseconds.
pub(super) fn parse_offset(text: &str) -> Option<i64> {
    let text = text.trim();
    if text == "Z" {
        return Some(0);
    }
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hours) || !digits(minutes) {
        return None;
    }
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then(|| sign * (hours * 60 + minutes) * 60 * BILLION as i64)
}

fn recognise(text: &str) -> Option<TimeFormat> {
    if text.as_bytes().get(4) == Some(&b'-') {
        let zoned = text.as_bytes().get(10) == Some(&b'T') && has_offset(text);
        return Some(if zoned { TimeFormat::Rfc3339 } else { TimeFormat::Datetime });
    }
    let whole = text.split('.').next().unwrap_or(text);
    let number = if whole.is_empty() { 0 } else { decimal_scaled(whole, 0)? };
    Some(match number {
        number if number < RELATIVE_BELOW => TimeFormat::Seconds,
        number if number < SECONDS_BELOW => TimeFormat::EpochSeconds,
        _ => TimeFormat::EpochMillis,
    })
}

/// Tells whether something follows the time of day. Asked first, because a civil date is also
/// read from a text with an offset, which would then be dropped without a word.
fn has_offset(text: &str) -> bool {
    text.bytes().skip(10).any(|byte| matches!(byte, b'+' | b'-' | b'Z' | b'z' | b'['))
}

fn zoned(text: &str) -> Option<i64> {
    nanoseconds(text.parse().ok()?)
}

/// Nanoseconds since 1970 fit 64 bits from 1677 to 2262.
fn nanoseconds(instant: Timestamp) -> Option<i64> {
    i64::try_from(instant.as_nanosecond()).ok()
}
