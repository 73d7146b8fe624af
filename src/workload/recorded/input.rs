//! Bytes to records: gzip by its magic bytes, the hash of what is stored, line numbers, limits.
//!
//! Knows CSV, and no column. Memory is bounded by the longest allowed line, whatever the file.

use std::fmt;
use std::io::{self, BufReader, Chain, Cursor, Read};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::TraceError;

/// The longest record, line breaks inside quotes included: longer ones are not text, or a quote
/// was never closed.
const MAX_LINE: usize = 1 << 20;
/// Size of every buffer on the way.
const BUFFER: usize = 1 << 16;
/// The first bytes of every gzip file (RFC 1952, 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1F, 0x8B];

/// The bytes as stored, hashed as they pass.
struct Raw {
    bytes: Chain<Cursor<Vec<u8>>, Box<dyn Read + Send>>,
    hasher: Option<Sha256>,
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Raw").field("hashed", &self.hasher.is_some()).finish_non_exhaustive()
    }
}

impl Read for Raw {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(buffer)?;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&buffer[..count]);
        }
        Ok(count)
    }
}

/// The text inside: the bytes themselves, or what they unpack to.
#[derive(Debug)]
enum Decoded {
    Plain(BufReader<Raw>),
    Gzip(Box<MultiGzDecoder<BufReader<Raw>>>),
}

/// The text with a line break at its very end, and a watch on the length of lines.
///
/// The break at the end makes the line counter stand after the record in hand, always.
#[derive(Debug)]
struct Text {
    source: Decoded,
    last: u8,
    /// Bytes read since the last record was complete.
    unfinished: usize,
    too_long: bool,
    /// Whether more was asked for than there is.
    ended: bool,
}

impl Read for Text {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut count = 0;
        while count < buffer.len() {
            let read = match &mut self.source {
                Decoded::Plain(bytes) => bytes.read(&mut buffer[count..]),
                Decoded::Gzip(bytes) => bytes.read(&mut buffer[count..]),
            };
            match read {
                Ok(0) => break,
                Ok(more) => count += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if count == 0 && self.last != b'\n' && !buffer.is_empty() {
            buffer[0] = b'\n';
            count = 1;
        }
        if count > 0 {
            self.last = buffer[count - 1];
        }
        self.ended = count == 0;
        // Blank lines end no record, however many they are.
        if buffer[..count].iter().any(|byte| !matches!(byte, b'\n' | b'\r')) {
            self.unfinished += count;
        }
        if self.unfinished > MAX_LINE + BUFFER {
            self.too_long = true;
            return Err(io::Error::other("line too long"));
        }
        Ok(count)
    }
}

/// The records of a CSV file, one at a time.
#[derive(Debug)]
pub(super) struct Records {
    csv: csv::Reader<Text>,
    record: csv::ByteRecord,
    /// The last line that is known to be whole.
    read_to: u64,
}

impl Records {
    /// Opens a file, `hashed` if its hash will be asked for.
    pub(super) fn open(mut input: Box<dyn Read + Send>, hashed: bool) -> Result<Self, TraceError> {
        let mut start = Vec::new();
        let peeked = input.by_ref().take(GZIP_MAGIC.len() as u64).read_to_end(&mut start);
        peeked.map_err(|error| unreadable(0, &error))?;
        let gzipped = start == GZIP_MAGIC;
        let raw = Raw { bytes: Cursor::new(start).chain(input), hasher: hashed.then(Sha256::new) };
        let bytes = BufReader::with_capacity(BUFFER, raw);
        let source = match gzipped {
            true => Decoded::Gzip(Box::new(MultiGzDecoder::new(bytes))),
            false => Decoded::Plain(bytes),
        };
        // A file without a byte needs no line break either: it stays empty.
        let text = Text { source, last: b'\n', unfinished: 0, too_long: false, ended: false };
        let csv = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(BUFFER)
            // With `\r\n` as the terminator the reader counts a line only once it sees the next
            // one; so `\r` stays in the cell, and cells are trimmed.
            .terminator(csv::Terminator::Any(b'\n'))
            .from_reader(text);
        Ok(Self { csv, record: csv::ByteRecord::new(), read_to: 0 })
    }

    /// Steps to the next record that is not blank; `false` at the end of the file.
    pub(super) fn advance(&mut self) -> Result<bool, TraceError> {
        loop {
            let more = self.csv.read_byte_record(&mut self.record);
            let more = more.map_err(|error| self.refuse(error))?;
            self.csv.get_mut().unfinished = 0;
            if !more {
                return Ok(false);
            }
            // A record that the file's end cuts short, inside a quote, has no line break of its own.
            self.read_to = self.csv.position().line() - u64::from(!self.csv.get_ref().ended);
            if self.record.as_slice().len() > MAX_LINE {
                return Err(too_long(self.line()));
            }
            if self.record.len() > 1 || self.cell(0).is_some_and(|cell| !cell.is_empty()) {
                return Ok(true);
            }
        }
    }

    /// Returns the line on which the record in hand begins.
    pub(super) fn line(&self) -> u64 {
        let breaks = self.record.as_slice().iter().filter(|byte| **byte == b'\n').count();
        self.read_to.saturating_sub(breaks as u64)
    }

    /// Returns a cell without the blanks around it.
    pub(super) fn cell(&self, column: usize) -> Option<&[u8]> {
        self.record.get(column).map(<[u8]>::trim_ascii)
    }

    /// Returns the record in hand, for the header.
    pub(super) fn cells(&self) -> impl Iterator<Item = &[u8]> {
        self.record.iter().map(<[u8]>::trim_ascii)
    }

    /// Reads what is left and returns the hash of the whole file as stored, in hexadecimal.
    pub(super) fn into_hash(self) -> Result<String, TraceError> {
        let line = self.read_to;
        let mut raw = match self.csv.into_inner().source {
            Decoded::Plain(bytes) => bytes,
            Decoded::Gzip(bytes) => bytes.into_inner(),
        };
        io::copy(&mut raw, &mut io::sink()).map_err(|error| unreadable(line, &error))?;
        let digest = raw.into_inner().hasher.unwrap_or_default().finalize();
        Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    fn refuse(&self, error: csv::Error) -> TraceError {
        let (text, line) = (self.csv.get_ref(), self.read_to + 1);
        if text.too_long {
            return too_long(line);
        }
        let csv::ErrorKind::Io(error) = error.into_kind() else {
            return TraceError::at(line, "this is not a CSV line", "check the file from here on");
        };
        match (&text.source, error.kind()) {
            (Decoded::Gzip(_), io::ErrorKind::UnexpectedEof) => TraceError::at(
                line,
                "the gzip file ends in the middle: it is truncated",
                "copy or download the file again (`gzip -t` tests it)",
            ),
            (Decoded::Gzip(_), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => TraceError::at(
                line,
                "the gzip file is damaged",
                "copy or download the file again (`gzip -t` tests it)",
            ),
            _ => unreadable(line, &error),
        }
    }
}

fn too_long(line: u64) -> TraceError {
    TraceError::at(
        line,
        "the line is longer than 1 MiB: a binary file, or a quote that is never closed",
        "give a CSV text file in UTF-8, with one record per line",
    )
}

fn unreadable(line: u64, error: &io::Error) -> TraceError {
    TraceError::at(line.max(1), format!("the file cannot be read: {error}"), "check the file and its disk")
}

#[cfg(test)]
mod tests;
