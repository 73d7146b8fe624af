//! A record to a row: the named cells, read and checked; bad lines counted, order enforced.
//!
//! Cells of other columns are never looked at, and no cell is ever quoted.

use super::clock::Clock;
use super::input::Records;
use super::{BILLION, DEFAULT_MAX_BAD_LINES, Form, RecordedSpec, TraceError};
use crate::ids::ClassId;
use crate::units::decimal_scaled;
use crate::workload::{Size, customers};

/// The largest size of a request, in millionths: 10^12 units.
const MAX_SIZE: u64 = 1_000_000_000_000_000_000;
/// How many bad lines are told one by one.
const TOLD_LINES: usize = 3;
/// The most names a class column may hold; a mapping that accepts more is not one of classes.
const MAX_CLASS_NAMES: usize = 65_536;
/// The most columns an error lists, and the longest name it shows.
const LISTED: (usize, usize) = (20, 40);

/// One usable line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) line: u64,
    /// The recorded instant, or the interval's start, in nanoseconds of the file's own count.
    pub(super) at: i64,
    /// Count or rate, in billionths; one whole for an instant.
    pub(super) amount: u64,
    pub(super) class: Option<ClassId>,
    pub(super) size: Size,
    /// The hash of its customer.
    pub(super) customer: Option<u64>,
}

/// How class names become classes: asked in the survey, remembered for the runs.
pub(super) type Classes<'a> = &'a dyn Fn(&str) -> Option<ClassId>;

/// What a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Time,
    Index,
    Amount,
    Class,
    Size,
    Key,
    Select,
}

/// Why a line cannot be used.
#[derive(Clone, Copy, Debug)]
struct Bad(Role, &'static str);

/// The rows of one file, in order.
pub(super) struct Rows<'a> {
    spec: RecordedSpec,
    form: Form,
    records: Records,
    columns: [Option<usize>; 7],
    header_line: u64,
    clock: Clock,
    ask: Option<Classes<'a>>,
    names: Vec<(Box<str>, ClassId)>,
    previous: Option<i64>,
    /// Lines read so far, the header aside.
    pub(super) read: u64,
    pub(super) bad_lines: u64,
    pub(super) first_bad: Vec<(u64, String)>,
}

impl std::fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("spec", &self.spec).field("read", &self.read).finish_non_exhaustive()
    }
}

impl<'a> Rows<'a> {
    /// Reads the header and finds the columns.
    pub(super) fn open(
        spec: &RecordedSpec,
        mut records: Records,
        ask: Option<Classes<'a>>,
        names: Vec<(Box<str>, ClassId)>,
    ) -> Result<Self, TraceError> {
        if !records.advance()? {
            return Err(TraceError::new(
                "the file is empty",
                "give a CSV file whose first line names its columns",
            ));
        }
        let header = read_header(&records)?;
        let mut columns = [None; 7];
        for role in [Role::Time, Role::Index, Role::Amount, Role::Class, Role::Size, Role::Key, Role::Select]
        {
            if let Some(name) = column_name(spec, role) {
                columns[role as usize] = Some(find_column(&header, name, records.line())?);
            }
        }
        Ok(Self {
            spec: spec.clone(),
            form: spec.form(),
            header_line: records.line(),
            records,
            columns,
            clock: Clock::new(spec.time_format, spec.utc_offset.as_deref()),
            ask,
            names,
            previous: None,
            read: 0,
            bad_lines: 0,
            first_bad: Vec::new(),
        })
    }

    /// Returns the file's clock; its format is settled once a row was read.
    pub(super) fn clock(&self) -> Clock {
        self.clock
    }

    /// Returns the next usable row; `None` at the end.
    pub(super) fn next_row(&mut self) -> Result<Option<Row>, TraceError> {
        while self.records.advance()? {
            self.read += 1;
            match self.parse() {
                Ok(None) => {}
                Ok(Some(row)) => return self.in_order(row).map(Some),
                Err(bad) => self.count_bad(bad)?,
            }
        }
        Ok(None)
    }

    /// Returns the records, to be hashed to their end, and the class names that were met.
    pub(super) fn into_parts(self) -> (Records, Vec<(Box<str>, ClassId)>) {
        (self.records, self.names)
    }

    fn parse(&mut self) -> Result<Option<Row>, Bad> {
        if let Some(select) = &self.spec.select
            && self.cell(Role::Select)? != select.value.trim()
        {
            return Ok(None);
        }
        let at = self.instant()?;
        let amount = match self.form {
            Form::Instants => BILLION,
            Form::Counts(_) | Form::Rates(_) => decimal_scaled(self.cell(Role::Amount)?, 9)
                .ok_or(Bad(Role::Amount, "expected a number from 0 to 18,000,000,000"))?,
        };
        let mut size = Size::ONE;
        if self.columns[Role::Size as usize].is_some() {
            let micros = decimal_scaled(self.cell(Role::Size)?, 6).filter(|micros| *micros <= MAX_SIZE);
            size = Size::from_micros(micros.ok_or(Bad(Role::Size, "expected a number from 0 to 10^12"))?);
        }
        let class = match self.columns[Role::Class as usize] {
            Some(_) => Some(self.class()?),
            None => None,
        };
        let customer = match self.columns[Role::Key as usize] {
            Some(_) => Some(customers::hash(self.cell(Role::Key)?.as_bytes())),
            None => None,
        };
        Ok(Some(Row { line: self.records.line(), at, amount, class, size, customer }))
    }

    /// Returns the text of a cell that must be there.
    fn cell(&self, role: Role) -> Result<&str, Bad> {
        let cell = self.columns[role as usize].and_then(|column| self.records.cell(column));
        let cell = cell.ok_or(Bad(role, "the line has no such cell"))?;
        match std::str::from_utf8(cell) {
            Ok("") if role != Role::Select => Err(Bad(role, "the cell is empty")),
            Ok(text) => Ok(text),
            Err(_) => Err(Bad(role, "the cell is not UTF-8 text")),
        }
    }

    fn instant(&mut self) -> Result<i64, Bad> {
        if self.columns[Role::Time as usize].is_some() {
            let mut clock = self.clock;
            let text = self.cell(Role::Time)?;
            let instant = clock.read(text).ok_or(Bad(Role::Time, self.clock.expected()))?;
            self.clock = clock;
            return Ok(instant);
        }
        let wrong = Bad(Role::Index, "expected an interval number, counted from 0");
        let (role, position) = match self.columns[Role::Index as usize] {
            Some(_) => (Role::Index, self.cell(Role::Index)?.parse::<u64>().map_err(|_| wrong)?),
            // A blank or bad line is an interval of its own, so that the ones after it stay in place.
            None => (Role::Amount, (self.records.line() - self.header_line).saturating_sub(1)),
        };
        let nanos = position.checked_mul(self.form.interval());
        nanos.and_then(|n| i64::try_from(n).ok()).ok_or(Bad(role, "the interval lies beyond 292 years"))
    }

    fn class(&mut self) -> Result<ClassId, Bad> {
        let name = self.cell(Role::Class)?;
        match self.names.binary_search_by(|(known, _)| known.as_ref().cmp(name)) {
            Ok(found) => Ok(self.names[found].1),
            Err(place) => {
                let class = self.ask.and_then(|ask| ask(name));
                let class = class.ok_or(Bad(Role::Class, "expected a class that the scenario knows"))?;
                if self.names.len() == MAX_CLASS_NAMES {
                    return Err(Bad(Role::Class, "more than 65,536 different class names"));
                }
                let name = Box::from(name);
                self.names.insert(place, (name, class));
                Ok(class)
            }
        }
    }

    fn in_order(&mut self, row: Row) -> Result<Row, TraceError> {
        let interval = i64::try_from(self.form.interval()).unwrap_or(i64::MAX);
        let earliest = self.previous.map(|previous| previous.saturating_add(interval));
        if earliest.is_some_and(|earliest| row.at < earliest) {
            let column = self.name_of(if self.spec.time.is_some() { Role::Time } else { Role::Index });
            let backwards = self.previous.is_some_and(|previous| row.at < previous);
            return Err(match (backwards, self.form) {
                (true, _) => TraceError::at(
                    row.line,
                    format!("column `{column}` steps back in time: the file is not sorted"),
                    format!("sort the file by column `{column}`"),
                ),
                (false, _) => TraceError::at(
                    row.line,
                    format!("column `{column}`: the interval overlaps the one before it"),
                    "set `interval` to the file's own, and choose one line per interval with `select`",
                ),
            });
        }
        self.previous = Some(row.at);
        Ok(row)
    }

    fn count_bad(&mut self, Bad(role, reason): Bad) -> Result<(), TraceError> {
        self.bad_lines += 1;
        if self.first_bad.len() < TOLD_LINES {
            let told = format!("column `{}`: {reason}", self.name_of(role));
            self.first_bad.push((self.records.line(), told));
        }
        if self.bad_lines <= self.spec.max_bad_lines.unwrap_or(DEFAULT_MAX_BAD_LINES) {
            return Ok(());
        }
        Err(TraceError::at(
            self.records.line(),
            format!("more than {} bad lines; {}", self.bad_lines - 1, self.told()),
            "mend the file, or allow more with `maxBadLines`",
        ))
    }

    /// Tells the first bad lines in one sentence.
    pub(super) fn told(&self) -> String {
        let told: Vec<_> = self.first_bad.iter().map(|(line, why)| format!("line {line}: {why}")).collect();
        told.join("; ")
    }

    fn name_of(&self, role: Role) -> &str {
        column_name(&self.spec, role).unwrap_or_default()
    }
}

fn column_name(spec: &RecordedSpec, role: Role) -> Option<&str> {
    let name = match role {
        Role::Time => spec.time.as_ref(),
        Role::Index => spec.index.as_ref(),
        Role::Amount => spec.count.as_ref().or(spec.rate.as_ref()),
        Role::Class => spec.class.as_ref(),
        Role::Size => spec.size.as_ref(),
        Role::Key => spec.key.as_ref(),
        Role::Select => spec.select.as_ref().map(|select| &select.column),
    };
    name.map(|name| name.trim())
}

fn read_header(records: &Records) -> Result<Vec<String>, TraceError> {
    let name = |cell: &[u8]| {
        let cell = cell.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(cell);
        let text = std::str::from_utf8(cell).ok().filter(|text| !text.contains('\0'))?;
        Some(text.trim().to_owned())
    };
    let header: Option<Vec<_>> = records.cells().map(name).collect();
    header.ok_or_else(|| {
        TraceError::at(
            records.line(),
            "the first line is not text: a binary file, or not in UTF-8",
            "give a CSV file in UTF-8 (in a spreadsheet: save as CSV UTF-8)",
        )
    })
}

fn find_column(header: &[String], wanted: &str, line: u64) -> Result<usize, TraceError> {
    let mut places = header.iter().enumerate().filter(|(_, name)| *name == wanted).map(|(place, _)| place);
    match (places.next(), places.next()) {
        (Some(place), None) => Ok(place),
        (Some(_), Some(_)) => {
            let message = format!("column `{wanted}` appears twice in the header");
            Err(TraceError::at(line, message, "rename one of them in the file"))
        }
        (None, _) => {
            let (listed, remedy) = describe_header(header, wanted);
            Err(TraceError::at(line, format!("there is no column `{wanted}`{listed}"), remedy))
        }
    }
}

/// Lists the columns there are, unless the line looks like data: then it may hold what is nobody's
/// business, and is not quoted.
fn describe_header(header: &[String], wanted: &str) -> (String, String) {
    let named = |name: &String| {
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
            && !name.contains('@')
    };
    if !header.iter().all(named) {
        return (
            "; the first line does not look like a header".to_owned(),
            format!("put a first line with the columns' names into the file, `{wanted}` among them"),
        );
    }
    let (most, longest) = LISTED;
    let short = |name: &String| name.chars().take(longest).flat_map(char::escape_debug).collect::<String>();
    let mut listed: Vec<String> = header.iter().take(most).map(|name| format!("`{}`", short(name))).collect();
    if header.len() > most {
        listed.push(format!("and {} more", header.len() - most));
    }
    let nearest = header.iter().take(most).map(|name| (distance(name, wanted), name)).min();
    let remedy = match nearest {
        Some((changes, name)) if changes <= 1 + wanted.len().min(40) / 4 => {
            format!("did you mean `{}`?", short(name))
        }
        _ => "name one of them".to_owned(),
    };
    (format!("; the file has {}", listed.join(", ")), remedy)
}

/// Counts the changes of one letter that turn one name into the other, letter case aside
/// (Levenshtein), over the first letters of both.
fn distance(left: &str, right: &str) -> usize {
    let letters = |name: &str| name.chars().take(LISTED.1).flat_map(char::to_lowercase).collect::<Vec<_>>();
    let (left, right) = (letters(left), letters(right));
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in right.iter().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests;
