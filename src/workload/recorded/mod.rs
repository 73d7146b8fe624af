//! Recorded traffic: arrivals replayed from a CSV file of instants, or of counts or rates per interval.
//!
//! A trace is read twice and never held: [`RecordedSpec::survey`] checks every line, hashes the
//! file and totals it; [`RecordedSpec::open`] then streams it into a run. Only the named columns
//! are looked at, and no message quotes a cell, so a file with customers' data in its other
//! columns can be used as it is.
//!
//! | file | reads | a line is |
//! |---|---|---|
//! | `check.rs` | the spec | every static problem at once |
//! | `input.rs` | bytes | gzip, hash, records with their line numbers |
//! | `clock.rs` | a time cell | an instant in nanoseconds |
//! | `rows.rs` | a record | a row, or a counted bad line |
//! | `place.rs` | `window`, `align`, `speed` | an instant of the run |
//! | `survey.rs` | the whole file | totals, or the reason to refuse it |
//! | `outline.rs` | the whole file again | expected arrivals, bin by bin |
//! | `spread.rs` | an interval's amount | arrivals inside it |
//! | `stream.rs` | rows, in order | arrivals of the run |
//! | `writer.rs` | arrivals | a trace that reads back the same |
//!
//! Knows no file system: the edge opens files through [`TraceFiles`].

mod check;
mod clock;
mod input;
mod outline;
mod place;
mod rows;
mod spread;
mod stream;
mod survey;
#[cfg(test)]
mod tests;
mod writer;

use std::fmt;
use std::io::{self, Read};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::SimDuration;
use crate::units::Ratio;

pub use clock::TimeFormat;
pub use outline::ClassOutline;
pub use stream::Recorded;
pub use survey::{ClassOffer, Offered, Survey};
pub use writer::ArrivalWriter;

/// One whole, in the fixed-point numbers of this module: counts, scale and speed are integers of
/// billionths, so that remainders can be carried exactly.
const BILLION: u64 = 1_000_000_000;

/// How many unusable lines are tolerated where the spec says nothing.
const DEFAULT_MAX_BAD_LINES: u64 = 100;

/// Traffic replayed from a CSV file whose first line names its columns.
///
/// With `count` or `rate` a line describes an interval, which starts at its `time`, at
/// `index` x `interval`, or, with neither, at (line number - header's line number - 1) x
/// `interval`. Otherwise a line is one arrival and `time` is required.
///
/// The recorded instant that happens at t = 0 is, unless `align` says otherwise: the window's
/// start; else zero of the file's own count (relative seconds, index, line number); else the
/// first record (dates and epochs).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecordedSpec {
    /// Path of the file as written; gzip is recognised by its first bytes, not by the name.
    pub file: String,
    /// Column of instants, sorted in ascending order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Column of interval numbers, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// Column of arrivals per interval, decimals allowed; exactly so many are placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<String>,
    /// Column of arrivals per `per`: a Poisson process with this rate through the interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// Length of every interval, in recorded time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<SimDuration>,
    /// Unit of time of `rate`; one second where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per: Option<SimDuration>,
    /// Column of class names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Column of relative sizes, which multiply the configured work; zero to 10^12.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// Column that names the customer of an arrival; hashed as it is read, and never kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Uses only some lines, so that one file can hold several sources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub select: Option<Select>,
    /// How instants are written; recognised on the first usable line where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_format: Option<TimeFormat>,
    /// Offset of dates written without one, for example `+08:00`; UTC where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utc_offset: Option<String>,
    /// Multiplies the arrivals, not the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<Ratio>,
    /// Divides recorded time: at 2 an hour's arrivals come in half an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<f64>,
    /// Replays only a part; a line belongs to it by its instant or its interval's start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// Pins a recorded instant to an instant of the scenario.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub align: Option<Align>,
    /// The most unusable lines before the file is refused; 100 where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bad_lines: Option<u64>,
}

/// Which lines of a file to use: those whose cell in `column` equals `value`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Select {
    /// The column's name.
    pub column: String,
    /// The cell's text, blanks around it left out.
    pub value: String,
}

/// A part of the recording, `from` included and `to` not, written as the file writes instants
/// (or, for relative seconds, indices and line numbers, as durations).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Window {
    /// Where the part begins; the file's beginning where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Where the part ends; the file's end where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// Two names of one instant: what was recorded then happens at the scenario's instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Align {
    /// The recorded instant, written as in [`Window`].
    pub recorded: String,
    /// A duration since t = 0, or a wall clock that the scenario resolves.
    pub scenario: String,
}

/// Opens the files that scenarios name: the edge gives files, tests give bytes.
pub trait TraceFiles: Sync + fmt::Debug {
    /// Opens a trace from its beginning; it is opened once to survey it and once per run.
    ///
    /// # Errors
    /// What the system says where the file cannot be opened.
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>>;
}

/// Why a trace cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceError {
    /// The line of the file, from 1, where one line is to blame.
    pub line: Option<u64>,
    /// What is wrong; never quotes a cell.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

impl TraceError {
    fn new(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { line: None, message: message.into(), remedy: remedy.into() }
    }

    fn at(line: u64, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { line: Some(line), ..Self::new(message, remedy) }
    }
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        write!(f, "{}", self.message)?;
        if !self.remedy.is_empty() {
            write!(f, "\n  {}", self.remedy)?;
        }
        Ok(())
    }
}

impl std::error::Error for TraceError {}

/// What one line of the file stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// One arrival.
    Instants,
    /// So many arrivals within an interval of this many nanoseconds.
    Counts(u64),
    /// A rate through an interval of this many nanoseconds.
    Rates(u64),
}

impl Form {
    /// Returns the length of a line's interval; instants have none.
    fn interval(self) -> u64 {
        match self {
            Self::Instants => 0,
            Self::Counts(nanos) | Self::Rates(nanos) => nanos,
        }
    }
}

impl RecordedSpec {
    fn form(&self) -> Form {
        let interval = self.interval.unwrap_or(SimDuration::ZERO).as_nanos();
        match (&self.count, &self.rate) {
            (Some(_), _) => Form::Counts(interval),
            (None, Some(_)) => Form::Rates(interval),
            (None, None) => Form::Instants,
        }
    }

    /// Returns the unit of `rate` in nanoseconds, never 0.
    fn per(&self) -> u64 {
        self.per.map_or(BILLION, SimDuration::as_nanos).max(1)
    }

    fn scale(&self) -> f64 {
        self.scale.map_or(1.0, |scale| scale.0)
    }

    fn speed(&self) -> f64 {
        self.speed.unwrap_or(1.0)
    }
}
