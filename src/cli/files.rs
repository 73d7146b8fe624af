//! Input files: the scenario, and the traces it names.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::signals::Signals;
use crate::error::Error;
use crate::scenario::MAX_BYTES;
use crate::workload::recorded::TraceFiles;

/// Reads a scenario file, and one byte more than it may have.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let opened = File::open(path).and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes));
    match opened {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Error::Usage(format!("{}: {error}\n  name a scenario file", path.display()))),
    }
}

/// Traces beside a scenario file.
#[derive(Clone, Debug)]
pub(super) struct TraceFolder {
    folder: PathBuf,
    /// Ends reading where a signal came.
    signals: Option<Signals>,
}

impl TraceFolder {
    /// Creates the folder of a scenario file.
    pub(super) fn of(scenario: &Path) -> Self {
        Self { folder: scenario.parent().map(Path::to_owned).unwrap_or_default(), signals: None }
    }

    /// Lets a signal end the reading: a long trace is surveyed at once otherwise.
    pub(super) fn ended_by(&self, signals: &Signals) -> Self {
        Self { signals: Some(signals.clone()), ..self.clone() }
    }
}

impl TraceFiles for TraceFolder {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        let path = self.folder.join(path);
        if path.is_dir() {
            return Err(io::Error::other("this is a folder"));
        }
        let file = File::open(path)?;
        Ok(match &self.signals {
            Some(signals) => Box::new(Interruptible { file, signals: signals.clone() }),
            None => Box::new(file),
        })
    }
}

struct Interruptible {
    file: File,
    signals: Signals,
}

impl Read for Interruptible {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.signals.came() { Err(io::Error::other("interrupted")) } else { self.file.read(buffer) }
    }
}
