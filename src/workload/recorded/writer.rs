//! Arrivals to a trace that reads back the same: instants, classes and sizes, digit for digit.

use std::fmt;
use std::io::{self, Write};

use crate::time::{NANOS_PER_SEC, SimTime};
use crate::workload::Size;

/// Writes arrivals as CSV with the columns `time_s,source,class,size`.
///
/// Read back with `time: time_s, timeFormat: seconds, class: class, size: size, select: {column:
/// source, value: NAME}`, every source gets the same arrivals again.
pub struct ArrivalWriter<W: Write> {
    csv: csv::Writer<W>,
}

impl<W: Write> fmt::Debug for ArrivalWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArrivalWriter").finish_non_exhaustive()
    }
}

impl<W: Write> ArrivalWriter<W> {
    /// Begins the file with its header.
    ///
    /// # Errors
    /// What the output says.
    pub fn new(output: W) -> io::Result<Self> {
        let mut csv = csv::Writer::from_writer(output);
        csv.write_record(["time_s", "source", "class", "size"]).map_err(plain)?;
        Ok(Self { csv })
    }

    /// Writes one arrival; arrivals come in ascending order of time.
    ///
    /// # Errors
    /// What the output says.
    pub fn write(&mut self, at: SimTime, source: &str, class: &str, size: Size) -> io::Result<()> {
        const UNIT: u64 = 1_000_000;
        let (nanos, micros) = (at.as_nanos(), size.as_micros());
        let time = format!("{}.{:09}", nanos / NANOS_PER_SEC, nanos % NANOS_PER_SEC);
        let size = format!("{}.{:06}", micros / UNIT, micros % UNIT);
        self.csv.write_record([&time, source, class, &size]).map_err(plain)
    }

    /// Writes what is buffered and returns the output.
    ///
    /// # Errors
    /// What the output says.
    pub fn finish(self) -> io::Result<W> {
        self.csv.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

/// Returns what the output said as it said it, so that a full disk can be told from the rest.
fn plain(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
