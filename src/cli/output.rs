//! Output files: written beside their place and moved there whole, or not at all.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// The file by which a folder of peakday's is known, and how it begins.
pub(super) type Mark = (&'static str, &'static str);
/// That of a run.
const RUN: Mark = ("result.json", "{\"schemaVersion\"");
/// That of a comparison.
pub(super) const COMPARISON: Mark = ("comparison.json", "{\"comparisonVersion\"");

/// How many neighbours of one name may be in the way.
const ATTEMPTS: u32 = 1_000;

/// A folder that is being written beside its place; gone unless it is published.
#[derive(Debug)]
pub(super) struct Staging {
    /// As the user named it, for messages.
    asked: PathBuf,
    place: PathBuf,
    /// What is replaced bears it.
    mark: Mark,
    /// The neighbour that holds what is new and, for a moment, what was there before.
    folder: PathBuf,
}

impl Staging {
    /// Creates the folder of a run, so that a place where nothing can be written is known before it.
    ///
    /// # Errors
    /// [`Error::Usage`] where something else stands in its place.
    pub(super) fn create(asked: &Path) -> Result<Self, Error> {
        Self::marked(asked, RUN)
    }

    /// The same for a folder of another kind, which replaces one of its own kind alone.
    ///
    /// # Errors
    /// As [`Staging::create`].
    pub(super) fn marked(asked: &Path, mark: Mark) -> Result<Self, Error> {
        // A link keeps pointing where it does: what it names is replaced.
        let place = asked;
        let place = if place.exists() {
            fs::canonicalize(place).map_err(|e| failed(place, e))?
        } else {
            place.to_owned()
        };
        let Some(name) = place.file_name() else {
            return Err(Error::Usage(format!(
                "{}: this is not a folder of results\n  name one with -o",
                place.display()
            )));
        };
        check_replaceable(asked, &place, mark)?;
        let parent = match place.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        fs::create_dir_all(parent).map_err(|error| failed(parent, error))?;
        let (folder, ()) = beside(&place, name, fs::create_dir)?;
        let staging = Self { asked: asked.to_owned(), place, mark, folder };
        fs::create_dir(staging.new_files()).map_err(|error| failed(asked, error))?;
        Ok(staging)
    }

    fn new_files(&self) -> PathBuf {
        self.folder.join("new")
    }

    /// Writes the files and moves the folder to its place.
    pub(super) fn publish(self, files: &[(impl AsRef<str>, Vec<u8>)]) -> Result<(), Error> {
        for (name, bytes) in files {
            let name = name.as_ref();
            let path = self.new_files().join(name);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).map_err(|error| failed(&self.asked.join(name), error))?;
            }
            let written = File::create(&path).and_then(|mut file| file.write_all(bytes));
            written.map_err(|error| failed(&self.asked.join(name), error))?;
        }
        // Once more: the run may have taken hours.
        check_replaceable(&self.asked, &self.place, self.mark)?;
        let old = self.folder.join("old");
        let replaced = self.place.exists();
        if replaced {
            fs::rename(&self.place, &old).map_err(|error| failed(&self.asked, error))?;
        }
        if let Err(error) = fs::rename(self.new_files(), &self.place) {
            if replaced {
                let _ = fs::rename(&old, &self.place);
            }
            return Err(failed(&self.asked, error));
        }
        if replaced {
            fs::remove_dir_all(&old).map_err(|error| failed(&old, error))?;
        }
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.new_files());
        // Stays where what was there before is still in it: nothing but a publication removes that.
        let _ = fs::remove_dir(&self.folder);
    }
}

/// Creates a hidden neighbour. One that is there already is another's, or was left by a process
/// that was killed; in containers all of them have the same id.
fn beside<T>(
    place: &Path,
    name: &OsStr,
    create: impl Fn(PathBuf) -> io::Result<T>,
) -> Result<(PathBuf, T), Error> {
    let mut attempt = 0;
    loop {
        let hidden = format!(".{}.{}-{attempt}.part", name.to_string_lossy(), std::process::id());
        let path = place.with_file_name(hidden);
        match create(path.clone()) {
            Ok(created) => return Ok((path, created)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(failed(place, error)),
        }
    }
}

/// Refuses to replace what is neither empty nor peakday's, of the same kind.
fn check_replaceable(asked: &Path, place: &Path, mark: Mark) -> Result<(), Error> {
    let refused = |what: &str| {
        Err(Error::Usage(format!("{}: {what}\n  choose another folder with -o", asked.display())))
    };
    let mut entries = match fs::read_dir(place) {
        Ok(entries) => entries,
        Err(_) if place.is_symlink() && !place.exists() => return refused("this link leads nowhere"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(_) if place.is_file() => return refused("there is a file of this name"),
        // Creating what is needed says it better, with the system's reason.
        Err(_) => return Ok(()),
    };
    if entries.next().is_none() {
        return Ok(());
    }
    let mut start = Vec::new();
    let read = File::open(place.join(mark.0)).and_then(|file| file.take(64).read_to_end(&mut start));
    start.retain(|byte| !byte.is_ascii_whitespace());
    match read {
        Ok(_) if start.starts_with(mark.1.as_bytes()) => Ok(()),
        _ => refused(if mark == RUN {
            "this folder holds something else than results of peakday"
        } else {
            "this folder holds something else than a comparison of peakday"
        }),
    }
}

/// A file that is being written beside its place; gone unless it is published.
#[derive(Debug)]
pub(super) struct StagedFile {
    place: PathBuf,
    /// `None` where the place is no regular file (a pipe, a device) and is written to directly.
    temporary: Option<PathBuf>,
    file: Option<BufWriter<File>>,
}

impl StagedFile {
    /// Opens the file before the run.
    pub(super) fn create(place: &Path) -> Result<Self, Error> {
        let exists = place.exists();
        let place =
            if exists { fs::canonicalize(place).map_err(|e| failed(place, e))? } else { place.to_owned() };
        if place.is_dir() {
            return Err(Error::Usage(format!("{}: this is a folder\n  name a file", place.display())));
        }
        let direct = exists && !place.is_file();
        let Some(name) = place.file_name() else {
            return Err(Error::Usage(format!("{}: this is not a file\n  name a file", place.display())));
        };
        if direct {
            let file = File::options().write(true).open(&place).map_err(|error| failed(&place, error))?;
            return Ok(Self { place, temporary: None, file: Some(BufWriter::new(file)) });
        }
        let (temporary, file) = beside(&place, name, File::create_new)?;
        Ok(Self { place, temporary: Some(temporary), file: Some(BufWriter::new(file)) })
    }

    /// Returns where it will stand.
    pub(super) fn place(&self) -> &Path {
        &self.place
    }

    /// Moves the file to its place.
    pub(super) fn publish(mut self) -> Result<(), Error> {
        self.flush().map_err(|error| failed(&self.place, error))?;
        self.file = None;
        if let Some(temporary) = &self.temporary {
            fs::rename(temporary, &self.place).map_err(|error| failed(&self.place, error))?;
            self.temporary = None;
        }
        Ok(())
    }

    /// Tells a failed write with the place that was asked for.
    pub(super) fn failed(&self, error: io::Error) -> Error {
        failed(&self.place, error)
    }
}

impl Write for StagedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_mut().map_or(Ok(0), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // What is still buffered is not wanted any more.
            if let Some(file) = self.file.take() {
                drop(file.into_parts());
            }
            let _ = fs::remove_file(temporary);
        }
    }
}

/// Tells a failed write with what to do about it.
pub(super) fn failed(path: &Path, source: io::Error) -> Error {
    let remedy = match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space, or write elsewhere with -o"
        }
        io::ErrorKind::FileTooLarge => {
            "raise the limit of file sizes (ulimit -f), or simulate fewer replications"
        }
        _ => "write elsewhere, or change the permissions",
    };
    Error::Output { path: path.to_owned(), source, remedy: remedy.to_owned() }
}

#[cfg(test)]
mod tests;
