//! Where an experiment is kept: a folder, or whatever else can keep bytes by name.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::cli::output::{StagedFile, failed};
use crate::error::Error;

/// Bytes by name, written whole or not at all, by many threads and processes at once.
///
/// Names are paths with `/`; whoever writes one again writes the same bytes.
pub(in crate::cli) trait Shelf: fmt::Debug + Send + Sync {
    /// Returns what is kept under a name; `None` where nothing is.
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>>;

    /// Keeps bytes under a name.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error>;

    /// Removes a name, if it is there.
    fn remove(&self, name: &str) -> Result<(), Error>;

    /// Returns all names that begin so, in order, and since when they are kept.
    fn list(&self, under: &str) -> Result<Vec<(String, SystemTime)>, Error>;

    /// Tells whether nothing is kept, what a process that was killed left behind aside.
    ///
    /// # Errors
    /// Where that cannot be known, or this is no place to keep anything.
    fn is_free(&self) -> io::Result<bool>;

    /// Removes what processes that were killed left behind; nobody is harmed where that fails.
    fn tidy(&self) {}

    /// Returns how a user finds a name.
    fn place(&self, name: &str) -> PathBuf;
}

/// Returns where `place` says that things are kept: a folder, or `s3://BUCKET/FOLDER` on an object store.
///
/// # Errors
/// [`Error::Usage`] where this build of the program cannot get there.
pub(in crate::cli) fn at(place: &Path) -> Result<Box<dyn Shelf>, Error> {
    let text = place.to_string_lossy();
    match text.split_once("://") {
        #[cfg(feature = "object-store")]
        Some(("s3", _)) => Ok(Box::new(super::bucket::Bucket::open(place)?)),
        #[cfg(not(feature = "object-store"))]
        Some(("s3", _)) => Err(Error::Usage(format!(
            "{text}: this program was built without object stores\n  build it with: cargo install --path . \
             --features object-store"
        ))),
        Some(_) => {
            Err(Error::Usage(format!("{text}: this is no folder\n  write a path, or s3://BUCKET/FOLDER")))
        }
        None => Ok(Box::new(Folder::new(place))),
    }
}

/// A folder.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Folder(PathBuf);

/// What a process that was killed leaves behind is so old at least: writing a file takes milliseconds.
const LEFT_BEHIND: Duration = Duration::from_secs(60);

impl Folder {
    /// Names a folder; nothing is created or read.
    pub(in crate::cli) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }
}

/// Tells whether a file has one of the names under which files are written before they are moved.
fn is_temporary(entry: &fs::DirEntry) -> bool {
    let name = entry.file_name();
    let name = name.to_string_lossy();
    name.starts_with('.') && name.ends_with(".part")
}

/// Returns all files below a folder, as far as they can be seen.
fn files(folder: &Path) -> Box<dyn Iterator<Item = fs::DirEntry>> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    Box::new(entries.flat_map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => files(&entry.path()),
        _ => Box::new(std::iter::once(entry)),
    }))
}

impl Shelf for Folder {
    fn is_free(&self) -> io::Result<bool> {
        match fs::read_dir(&self.0) {
            Ok(mut entries) => Ok(entries.all(|entry| entry.is_ok_and(|entry| is_temporary(&entry)))),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.0.is_symlink() => Ok(true),
            Err(error) => Err(error),
        }
    }

    fn tidy(&self) {
        let old = |entry: &fs::DirEntry| {
            let age = entry.metadata().and_then(|about| about.modified()).map(|at| at.elapsed());
            is_temporary(entry) && matches!(age, Ok(Ok(age)) if age >= LEFT_BEHIND)
        };
        for entry in files(&self.0).filter(old) {
            let _ = fs::remove_file(entry.path());
        }
    }

    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        match File::open(self.0.join(name)).and_then(|mut file| file.read_to_end(&mut bytes)) {
            Ok(_) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let place = self.0.join(name);
        let write = || {
            let mut file = StagedFile::create(&place)?;
            file.write_all(bytes).map_err(|error| file.failed(error))?;
            file.publish()
        };
        match write() {
            // The folder is not there yet, or somebody took this for left behind.
            Err(Error::Output { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                let folder = place.parent().unwrap_or(&self.0);
                fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
                write()
            }
            written => written,
        }
    }

    fn remove(&self, name: &str) -> Result<(), Error> {
        let place = self.0.join(name);
        match fs::remove_file(&place) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&place, error)),
            _ => Ok(()),
        }
    }

    fn list(&self, under: &str) -> Result<Vec<(String, SystemTime)>, Error> {
        let named = |entry: fs::DirEntry| {
            let name = entry.path().strip_prefix(&self.0).ok()?.to_string_lossy().into_owned();
            let kept = entry.metadata().and_then(|about| about.modified()).ok()?;
            (!is_temporary(&entry)).then_some((name, kept))
        };
        let mut names: Vec<_> = files(&self.0.join(under)).filter_map(named).collect();
        names.sort();
        Ok(names)
    }

    fn place(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}
