//! The second pass: rows become arrivals of a run, one at a time and in order.

use std::io::Read;

use super::input::Records;
use super::place::{Placed, billionths};
use super::rows::{Row, Rows};
use super::spread::{Carry, Spread};
use super::survey::Survey;
use super::{BILLION, Form, RecordedSpec, TraceError};
use crate::ids::ClassId;
use crate::rng::{Bits, Key, Stream};
use crate::time::SimTime;
use crate::workload::{Arrival, Size};

/// The most runs of lines of like class and size among the extra copies of one recorded instant.
const MAX_KINDS: usize = 65_536;

/// What an arrival is, its time aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kind {
    class: Option<ClassId>,
    size: Size,
    customer: Option<u64>,
}

impl Kind {
    fn of(row: &Row) -> Self {
        Self { class: row.class, size: row.size, customer: row.customer }
    }
}

/// The extra copies of one recorded instant, by kind, until they are placed.
#[derive(Debug, Default)]
struct Extras {
    /// Each kind with its first number and the number after its last one.
    kinds: Vec<(Kind, u64, u64)>,
    left: u64,
}

impl Extras {
    /// Adds copies of one more line of the same instant; a run of like lines takes no memory.
    fn add(&mut self, row: &Row, copies: u64) -> Result<(), TraceError> {
        let kind = Kind::of(row);
        self.left = self.left.saturating_add(copies);
        let full = self.kinds.len() == MAX_KINDS;
        let start = match self.kinds.last_mut() {
            Some((last, _, end)) if *last == kind => {
                *end = end.saturating_add(copies);
                return Ok(());
            }
            Some((_, _, end)) => *end,
            None => 0,
        };
        if full {
            return Err(TraceError::at(
                row.line,
                "more than 65,536 changes of class, size or customer at one instant, to be multiplied by `scale`",
                "use a finer time column, leave out `size`, or keep the scale at 100 % or below",
            ));
        }
        self.kinds.push((kind, start, start.saturating_add(copies)));
        Ok(())
    }

    /// Takes one copy, each with the same chance: positions are independent of kinds.
    fn take(&mut self, stream: &mut Stream) -> Option<Kind> {
        self.left = self.left.checked_sub(1)?;
        let place = self.choose(stream)?;
        let (kind, _, end) = &mut self.kinds[place];
        *end -= 1;
        let kind = *kind;
        if self.left == 0 {
            self.kinds.clear();
        }
        Some(kind)
    }

    /// Chooses a kind by drawing one of the numbers. Each kind uses up its own from the top, and a
    /// number already used is drawn again; numbering anew once half are used keeps that to one more
    /// draw on average.
    fn choose(&mut self, stream: &mut Stream) -> Option<usize> {
        if self.kinds.len() == 1 {
            return Some(0);
        }
        if self.left < self.kinds.last()?.2 / 2 {
            let mut next = 0;
            self.kinds.retain_mut(|(_, start, end)| {
                let count = *end - *start;
                (*start, *end) = (next, next + count);
                next += count;
                count > 0
            });
        }
        let numbers = self.kinds.last()?.2;
        loop {
            let number = ((u128::from(stream.next_bits()) * u128::from(numbers)) >> 64) as u64;
            let place = self.kinds.partition_point(|(_, start, _)| *start <= number).checked_sub(1)?;
            if number < self.kinds[place].2 {
                return Some(place);
            }
        }
    }
}

/// The rows of one trace as arrivals of one run.
///
/// Counts and rates are placed inside their intervals. A recorded instant is repeated exactly at a
/// scale of 1; below, each is kept with that chance, the same ones and more as the scale rises;
/// above, `floor(scale)` copies and one more with the chance of the fraction: the first at the
/// instant itself, the others uniformly between it and the next later recorded instant. For the
/// last instant of the window that is taken to come after as long as it came after the one before,
/// or at the window's end.
#[derive(Debug)]
pub struct Recorded {
    rows: Rows<'static>,
    form: Form,
    per: u64,
    placed: Placed,
    horizon: i64,
    evenly: bool,
    scale: u64,
    /// Arrivals of an interval for each billionth of its recorded rate.
    rate_factor: f64,
    carry: Carry,
    positions: Stream,
    choices: Stream,
    copies: Key,
    ordinal: u64,
    spread: Spread,
    kind: Kind,
    extras: Extras,
    /// A row that was read to see where the copies of the instant before end.
    ahead: Option<Row>,
    current: Option<i64>,
    distance: i64,
    ended: bool,
}

impl RecordedSpec {
    /// Opens a surveyed file for one run, up to the horizon.
    ///
    /// `factor` multiplies `scale` (below zero, or not a number, it counts as zero); `evenly` spaces arrivals at equal distances within their
    /// interval instead of at random; all randomness comes from `key`.
    ///
    /// # Errors
    /// Why the file cannot be read; after a survey only because it was changed or its disk fails.
    pub fn open(
        &self,
        survey: &Survey,
        input: Box<dyn Read + Send>,
        horizon: SimTime,
        factor: f64,
        evenly: bool,
        key: Key,
    ) -> Result<Recorded, TraceError> {
        let rows = Rows::open(self, Records::open(input, false)?, None, survey.names.clone())?;
        let scale = billionths(self.scale() * factor);
        let form = self.form();
        Ok(Recorded {
            rows,
            form,
            per: self.per(),
            placed: survey.placed,
            horizon: i64::try_from(horizon.as_nanos()).unwrap_or(i64::MAX),
            evenly,
            scale,
            rate_factor: (scale as f64 / BILLION as f64)
                * (form.interval() as f64 / self.per() as f64 / BILLION as f64),
            carry: Carry::new(scale),
            positions: key.named("placement").stream(),
            choices: key.named("order").stream(),
            copies: key.named("copies"),
            ordinal: 0,
            spread: Spread::Done,
            kind: Kind { class: None, size: Size::ONE, customer: None },
            extras: Extras::default(),
            ahead: None,
            current: None,
            distance: 0,
            ended: false,
        })
    }
}

impl Recorded {
    /// Returns the next arrival; `None` once the trace, its window or the horizon has ended.
    ///
    /// # Errors
    /// Where the file can no longer be read as it was surveyed.
    #[inline]
    pub fn next_arrival(&mut self) -> Result<Option<Arrival>, TraceError> {
        loop {
            let next = match self.spread.next(&mut self.positions) {
                Some(at) => Some((at, self.placed_kind())),
                None if self.ended => None,
                None if self.form == Form::Instants => self.next_instant()?,
                None => {
                    self.next_interval()?;
                    continue;
                }
            };
            match next {
                // Alignment may put the beginning of the trace before that of the run.
                Some((at, _)) if at < 0 => {}
                Some((at, kind)) if at < self.horizon => {
                    let (at, Kind { class, size, customer }) = (SimTime::from_nanos(at as u64), kind);
                    return Ok(Some(Arrival { at, class, size, customer }));
                }
                Some(_) => {
                    self.ended = true;
                    self.spread = Spread::Done;
                }
                None if self.ended && matches!(self.spread, Spread::Done) => return Ok(None),
                None => {}
            }
        }
    }

    #[inline]
    fn placed_kind(&mut self) -> Kind {
        match self.form {
            Form::Instants => self.extras.take(&mut self.choices).unwrap_or(self.kind),
            Form::Counts(_) | Form::Rates(_) => self.kind,
        }
    }

    /// Returns the next row of the window.
    fn next_row(&mut self) -> Result<Option<Row>, TraceError> {
        while let Some(row) = self.rows.next_row()? {
            if self.placed.holds(row.at) {
                return Ok(Some(row));
            }
            if row.at >= self.placed.to {
                break;
            }
        }
        Ok(None)
    }

    /// Begins the next interval that reaches into the run, or ends the stream.
    fn next_interval(&mut self) -> Result<(), TraceError> {
        while let Some(row) = self.next_row()? {
            let (start, end) = self.placed.interval(row.at, self.form.interval());
            if start >= self.horizon {
                break;
            }
            self.kind = Kind::of(&row);
            let before = end <= 0 && start < 0;
            self.spread = match self.form {
                Form::Rates(_) if !self.evenly => {
                    Spread::poisson(start.max(0), end.max(0), self.mean(&row, start, end))
                }
                Form::Rates(interval) => {
                    let count = self.carry.take_rate(row.amount, interval, self.per);
                    Spread::count(start, end, if before { 0 } else { count }, true)
                }
                _ => {
                    // An interval before the start places nothing, yet its remainder is carried.
                    let count = self.carry.take(u128::from(row.amount));
                    Spread::count(start, end, if before { 0 } else { count }, self.evenly)
                }
            };
            if !matches!(self.spread, Spread::Done) {
                return Ok(());
            }
        }
        self.ended = true;
        Ok(())
    }

    /// Returns the mean number of arrivals of a rate in the part of its interval within the run.
    fn mean(&self, row: &Row, start: i64, end: i64) -> f64 {
        let whole = row.amount as f64 * self.rate_factor;
        if start >= 0 {
            return whole;
        }
        whole * (end.max(0) as f64 / (i128::from(end) - i128::from(start)) as f64)
    }

    /// Returns the next recorded instant that is kept, or begins to place the copies of those before.
    fn next_instant(&mut self) -> Result<Option<(i64, Kind)>, TraceError> {
        loop {
            let row = match self.ahead.take() {
                Some(row) => Some(row),
                None => self.next_row()?,
            };
            let same = row.as_ref().is_some_and(|row| self.current == Some(row.at));
            if !same && self.extras.left > 0 {
                self.place_extras(row);
                return Ok(None);
            }
            let Some(row) = row else {
                self.ended = true;
                return Ok(None);
            };
            if !same {
                self.distance = self.current.map_or(0, |current| row.at.saturating_sub(current));
                self.current = Some(row.at);
            }
            let at = self.placed.instant(row.at);
            if at >= self.horizon {
                self.ended = true;
                return Ok(None);
            }
            let copies = self.copies_of_next();
            if copies > 1 {
                self.extras.add(&row, copies - 1)?;
            }
            if copies > 0 {
                return Ok(Some((at, Kind::of(&row))));
            }
        }
    }

    /// Returns how many arrivals the next recorded one becomes: drawn by its ordinal, so that a
    /// larger scale never loses what a smaller one kept.
    fn copies_of_next(&mut self) -> u64 {
        let (whole, fraction) = (self.scale / BILLION, self.scale % BILLION);
        let bits = self.copies.draw(self.ordinal);
        self.ordinal += 1;
        let chance = (u128::from(bits) * u128::from(BILLION)) >> 64;
        whole + u64::from(chance < u128::from(fraction))
    }

    fn place_extras(&mut self, next: Option<Row>) {
        let current = self.current.unwrap_or_default();
        let end = match &next {
            Some(row) => row.at,
            None => current.saturating_add(self.distance).min(self.placed.to),
        };
        let (start, end) = (self.placed.instant(current), self.placed.instant(end));
        self.spread = Spread::count(start, end, self.extras.left, self.evenly);
        self.ahead = next;
    }
}

#[cfg(test)]
mod tests;
