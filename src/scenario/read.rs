//! From the bytes of files to a checked scenario; every problem with its place.

use std::path::Path;

use super::check;
use super::decode::decode;
use super::partial;
use super::plan::Scenario;
use super::source::{Builder, NoFiles, Overlay, Sources};
use super::spec::ScenarioSpec;
use super::tree::{At, Node};
use crate::error::{Code, Error, Issue, Place, Problem};
use crate::results::OverlayRecord;
use crate::workload::recorded::TraceFiles;

/// A scenario that was read: what it says, and where it says it.
#[derive(Clone, Debug)]
pub struct Document {
    sources: Sources,
    tree: Node,
    overlays: Vec<OverlayRecord>,
    settings: Vec<String>,
    /// What it says; may be changed before it is checked.
    pub spec: ScenarioSpec,
}

impl Document {
    /// Reads the bytes of a file that stands alone; `file` is its name in messages.
    ///
    /// # Errors
    /// [`Error::Invalid`] with everything that is wrong with syntax, keys and types.
    pub fn read(file: &str, bytes: &[u8]) -> Result<Self, Error> {
        Self::layered(file, bytes, &[], &[], &NoFiles)
    }

    /// Reads a file with those it takes in by `include`, lays the overlays over it in their order,
    /// and then applies the settings `PATH=VALUE`.
    ///
    /// Paths of `files` start at the folder of the scenario file, as those of traces do.
    ///
    /// # Errors
    /// [`Error::Invalid`] with everything that is wrong with syntax, keys and types.
    pub fn layered(
        file: &str,
        bytes: &[u8],
        overlays: &[Overlay],
        settings: &[String],
        files: &dyn TraceFiles,
    ) -> Result<Self, Error> {
        let mut builder = Builder::new(file, files);
        let mut tree = builder.main(file, bytes).unwrap_or_default();
        overlays.iter().for_each(|overlay| builder.overlay(&mut tree, overlay));
        settings.iter().for_each(|setting| builder.set(&mut tree, setting));
        Self::decoded(builder, tree, overlays.iter().map(record).collect(), settings.to_vec())
    }

    /// Reads what a tree says, unless something was wrong with its parts.
    fn decoded(
        builder: Builder<'_>,
        tree: Node,
        overlays: Vec<OverlayRecord>,
        settings: Vec<String>,
    ) -> Result<Self, Error> {
        let (sources, broken) = (builder.sources, builder.broken);
        if !broken.is_empty() {
            return Err(invalid(&sources, broken));
        }
        match decode(&tree, check::MAX_TOLD) {
            Ok(spec) => Ok(Self { sources, tree, overlays, settings, spec }),
            Err(mut errors) => {
                let mut rest = Vec::new();
                if partial::is_part(&tree) {
                    partial::tell_part(sources.main(), &tree, &mut errors);
                } else {
                    rest = partial::problems(&tree, &errors, &NoFiles);
                }
                let rest =
                    rest.into_iter().map(|(code, problem)| (code, tree.locate(&problem.path), problem));
                let told = errors.into_iter().map(|error| {
                    let problem = Problem::new(error.path, error.message, error.remedy);
                    (error.code, error.at.unwrap_or_default(), problem)
                });
                Err(invalid(&sources, told.chain(rest).collect()))
            }
        }
    }

    /// Returns the scenario with other values at some paths, as `--set PATH=VALUE` says them; the values are
    /// YAML on one line.
    ///
    /// # Errors
    /// [`Error::Invalid`] with everything that is wrong with paths, keys and types.
    pub fn varied(&self, settings: &[(&str, &str)]) -> Result<Self, Error> {
        let settings: Vec<String> = settings.iter().map(|(path, value)| format!("{path}={value}")).collect();
        let mut builder = Builder::over(self.sources.clone());
        let mut tree = self.tree.clone();
        settings.iter().for_each(|setting| builder.set(&mut tree, setting));
        let settings = self.settings.iter().cloned().chain(settings).collect();
        Self::decoded(builder, tree, self.overlays.clone(), settings)
    }

    /// Checks that the parts fit together, surveys the traces, and returns what can be run.
    ///
    /// # Errors
    /// [`Error::Invalid`] with everything that is wrong, in the order of the file.
    pub fn check(&self, traces: &dyn TraceFiles) -> Result<Scenario, Error> {
        let checked = check::check(&self.spec, traces).map_err(|problems| {
            let placed = |(code, problem): (Code, Problem)| (code, self.tree.locate(&problem.path), problem);
            invalid(&self.sources, problems.into_iter().map(placed).collect())
        })?;
        Ok(Scenario { overlays: self.overlays.clone(), settings: self.settings.clone(), ..checked })
    }
}

/// Says what an overlay is called and what it holds.
fn record(overlay: &Overlay) -> OverlayRecord {
    let name = Path::new(&overlay.name).file_name().unwrap_or_default();
    OverlayRecord { file: name.to_string_lossy().into_owned(), sha256: check::sha256(&overlay.bytes) }
}

/// Tells problems in the order of the files, not more than can be read.
fn invalid(sources: &Sources, mut broken: Vec<(Code, At, Problem)>) -> Error {
    let more = broken.len() > check::MAX_TOLD;
    broken.truncate(check::MAX_TOLD);
    broken.sort_by_key(|(_, at, _)| *at);
    let mut issues: Vec<Issue> =
        broken.into_iter().map(|(code, at, problem)| sources.issue(code, at, problem)).collect();
    if more && let Some(first) = issues.first() {
        let place = Place { file: first.place.file.clone(), ..Place::default() };
        let (message, remedy) = ("there are more problems than these".to_owned(), String::new());
        issues.push(Issue { code: Code::More, place, path: String::new(), message, remedy });
    }
    Error::Invalid(issues)
}
