//! Input files: the scenario, and the traces it names.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::signals::Signals;
use crate::error::Error;
use crate::scenario::{MAX_BYTES, near};
use crate::workload::recorded::TraceFiles;

/// Reads a scenario file, and one byte more than it may have.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let opened = File::open(path).and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes));
    match opened {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Error::Usage(format!("{}: {error}\n  {}", path.display(), instead(Some(path))))),
    }
}

/// So much of a file is looked at to know whether it is a scenario.
const HEAD: u64 = 1 << 16;
/// What every scenario says in it.
const MARK: &[u8] = b"peakday/";
/// The most files that a message lists.
const LISTED: usize = 8;

/// Tells whether a file is named like a scenario.
pub(super) fn is_named_like_scenario(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ["yaml", "yml", "json"].iter().any(|known| ending == *known))
}

/// Tells whether a file is a scenario, as far as a glance can tell.
fn is_scenario(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = || File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head)).map(|_| head);
    let marked = || read().is_ok_and(|head| head.windows(MARK.len()).any(|part| part == MARK));
    is_named_like_scenario(path) && path.is_file() && marked()
}

/// Says which scenario files there are instead of one that is not given, or cannot be read.
pub(super) fn instead(path: Option<&Path>) -> String {
    let mut folders = vec![PathBuf::new(), PathBuf::from("scenarios")];
    let folder = path.and_then(|path| if path.is_dir() { Some(path) } else { path.parent() });
    // `.` and `./scenarios` are looked into already, under shorter names.
    let folder = folder.map(|folder| folder.strip_prefix(".").unwrap_or(folder));
    if let Some(folder) = folder.filter(|folder| folder.components().count() > 0) {
        folders.retain(|other| other != folder);
        folders.insert(0, folder.to_owned());
    }
    let found: Vec<String> = folders.iter().flat_map(|folder| scenarios(folder)).collect();
    if let Some(written) = path.map(|path| path.display().to_string()) {
        let stem = |name: &str| Path::new(name).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let same = found.iter().find(|name| stem(name) == stem(&written)).map(String::as_str);
        if let Some(name) = same.or_else(|| near(&written, found.iter().map(String::as_str))) {
            return format!("did you mean `{name}`?");
        }
    }
    if found.is_empty() {
        return "write a scenario first: peakday init".to_owned();
    }
    let more = if found.len() > LISTED { ", .." } else { "" };
    format!("name a scenario: {}{more}", found[..found.len().min(LISTED)].join(", "))
}

/// Names the scenario files of a folder, in order.
fn scenarios(folder: &Path) -> Vec<String> {
    let place = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| folder.join(entry.file_name())).collect();
    paths.sort();
    paths.iter().filter(|path| is_scenario(path)).map(|path| path.display().to_string()).collect()
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
