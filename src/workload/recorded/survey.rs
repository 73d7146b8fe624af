//! The first pass over a file: everything is checked, hashed and totalled before a run begins.

use std::collections::BTreeMap;
use std::io::Read;

use super::input::Records;
use super::place::Placed;
use super::rows::{Classes, Row, Rows};
use super::{BILLION, Form, RecordedSpec, TraceError};
use crate::ids::ClassId;
use crate::time::SimTime;
use crate::units::MAX_RATE;

/// What a file holds, and how it lies in the run; what [`RecordedSpec::open`] starts from.
#[derive(Clone, Debug)]
pub struct Survey {
    /// Lines of the file, the header and blank lines aside.
    pub rows: u64,
    /// Usable lines of this source within the window.
    pub used: u64,
    /// Lines that could not be used.
    pub bad_lines: u64,
    /// The first bad lines by number, with the reason.
    pub first_bad: Vec<(u64, String)>,
    /// Arrivals recorded on the used lines, in billionths: before scale, and before the horizon cuts.
    pub records_total: u128,
    /// The first used instant (or interval's start), in nanoseconds of the file's own count: since
    /// 1970, or since the recording's start.
    pub first: i64,
    /// The last used instant (or interval's end).
    pub last: i64,
    /// Mean size over the recorded arrivals; 0 where there is none.
    pub mean_size: f64,
    /// The classes met on usable lines of this source, each once, in order.
    pub classes: Vec<ClassId>,
    /// SHA-256 of the file as stored, in hexadecimal.
    pub sha256: String,
    pub(super) placed: Placed,
    pub(super) names: Vec<(Box<str>, ClassId)>,
    offered: Offered,
}

/// What a source is expected to bring between the run's start and its horizon, after scale, speed,
/// window and alignment, at a load of 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offered {
    /// Arrivals.
    pub arrivals: f64,
    /// Their mean size; 0 where there is none.
    pub mean_size: f64,
    /// The same for every class, in order; a file without a class column has one entry.
    pub by_class: Vec<ClassOffer>,
}

/// One class's share of what is offered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassOffer {
    /// The class; `None` where the source's mix decides.
    pub class: Option<ClassId>,
    /// Arrivals.
    pub arrivals: f64,
    /// Their mean size.
    pub mean_size: f64,
}

/// A sum of arrivals and of their sizes.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    arrivals: f64,
    sizes: f64,
}

impl Sum {
    fn add(&mut self, arrivals: f64, row: &Row) {
        self.arrivals += arrivals;
        self.sizes += arrivals * (row.size.as_micros() as f64 / 1e6);
    }

    fn mean_size(self) -> f64 {
        if self.arrivals > 0.0 { self.sizes / self.arrivals } else { 0.0 }
    }
}

/// The totals while they grow.
#[derive(Debug, Default)]
struct Totals {
    used: u64,
    recorded: u128,
    span: Option<(i64, i64)>,
    all: Sum,
    offered: BTreeMap<Option<ClassId>, Sum>,
}

impl Totals {
    fn add(
        &mut self,
        spec: &RecordedSpec,
        placed: &Placed,
        row: &Row,
        horizon: i64,
    ) -> Result<(), TraceError> {
        let length = spec.form().interval();
        let recorded = match spec.form() {
            Form::Instants | Form::Counts(_) => u128::from(row.amount),
            Form::Rates(interval) => u128::from(row.amount) * u128::from(interval) / u128::from(spec.per()),
        };
        let arrivals = recorded as f64 / BILLION as f64;
        let rate = arrivals * spec.scale() * spec.speed() / (length as f64 / BILLION as f64);
        if length > 0 && rate > MAX_RATE * (1.0 + 1e-9) {
            return Err(TraceError::at(
                row.line,
                "after `scale` and `speed` the rate is above 1,000,000,000 per second",
                "check `interval`, `per`, `scale` and `speed`",
            ));
        }
        let end = row.at.saturating_add(i64::try_from(length).unwrap_or(i64::MAX));
        self.used += 1;
        self.recorded = self.recorded.saturating_add(recorded);
        self.span = Some((self.span.map_or(row.at, |(first, _)| first), end));
        self.all.add(arrivals, row);
        let share = share_within(placed.interval(row.at, length), horizon);
        if share > 0.0 {
            self.offered.entry(row.class).or_default().add(arrivals * spec.scale() * share, row);
        }
        Ok(())
    }

    fn offered(&self) -> Offered {
        let mut all = Sum::default();
        let mut by_class = Vec::new();
        for (class, sum) in &self.offered {
            all.arrivals += sum.arrivals;
            all.sizes += sum.sizes;
            by_class.push(ClassOffer { class: *class, arrivals: sum.arrivals, mean_size: sum.mean_size() });
        }
        Offered { arrivals: all.arrivals, mean_size: all.mean_size(), by_class }
    }
}

/// Returns the part of `[start, end)` that lies in `[0, horizon)`; an instant counts whole.
fn share_within((start, end): (i64, i64), horizon: i64) -> f64 {
    if start >= end {
        return if (0..horizon).contains(&start) { 1.0 } else { 0.0 };
    }
    let inside = i128::from(end.min(horizon)) - i128::from(start.max(0));
    inside.max(0) as f64 / (i128::from(end) - i128::from(start)) as f64
}

impl Survey {
    /// Returns what the source is expected to bring within the horizon of the survey.
    pub fn offered(&self) -> &Offered {
        &self.offered
    }
}

impl RecordedSpec {
    /// Reads a file from end to end: checks every line, settles the time format, hashes, totals.
    ///
    /// `classes` maps the cells of the class column; `resolve` maps `align.scenario` to nanoseconds
    /// since t = 0. Expects a spec without [problems](Self::problems); with them it stays safe,
    /// but may blame the file.
    ///
    /// # Errors
    /// Why the file cannot be used, with the line where there is one to blame.
    pub fn survey(
        &self,
        input: Box<dyn Read + Send>,
        classes: &dyn Fn(&str) -> Option<ClassId>,
        resolve: &dyn Fn(&str) -> Result<i64, String>,
        horizon: SimTime,
    ) -> Result<Survey, TraceError> {
        let ask: Classes<'_> = classes;
        let mut rows = Rows::open(self, Records::open(input, true)?, Some(ask), Vec::new())?;
        let horizon = i64::try_from(horizon.as_nanos()).unwrap_or(i64::MAX);
        let mut totals = Totals::default();
        let mut placed = None;
        while let Some(row) = rows.next_row()? {
            let placed = match &placed {
                Some(placed) => placed,
                None => placed.insert(Placed::new(self, &rows.clock(), row.at, resolve)?),
            };
            if placed.holds(row.at) {
                totals.add(self, placed, &row, horizon)?;
            }
        }
        let (Some(placed), Some((first, last))) = (placed, totals.span) else {
            return Err(self.nothing(&rows, placed.is_some()));
        };
        let (read, bad_lines, first_bad) = (rows.read, rows.bad_lines, std::mem::take(&mut rows.first_bad));
        let (records, names) = rows.into_parts();
        let mut classes: Vec<_> = names.iter().map(|(_, class)| *class).collect();
        classes.sort_unstable();
        classes.dedup();
        Ok(Survey {
            rows: read,
            used: totals.used,
            bad_lines,
            first_bad,
            records_total: totals.recorded,
            first,
            last,
            mean_size: totals.all.mean_size(),
            classes,
            sha256: records.into_hash()?,
            placed,
            names,
            offered: totals.offered(),
        })
    }

    /// Says why not one line could be used.
    fn nothing(&self, rows: &Rows<'_>, outside: bool) -> TraceError {
        if outside {
            return TraceError::new("no usable line lies within the window", "widen `window`, or remove it");
        }
        let message = match (rows.read, rows.bad_lines) {
            (0, _) => "there is no line below the header".to_owned(),
            (_, 0) => "no line is selected".to_owned(),
            (_, bad) => format!("no line can be used, and {bad} are bad; {}", rows.told()),
        };
        let remedy = match (&self.select, rows.bad_lines) {
            (Some(select), 0) => {
                format!("write in `select.value` what column `{}` holds, letter case included", select.column)
            }
            _ => "check that the columns and `timeFormat` are those of the file".to_owned(),
        };
        TraceError::new(message, remedy)
    }
}

#[cfg(test)]
mod tests;
