//! From the bytes of files to a checked scenario; every problem with its place.

use std::path::Path;

use super::check::{self, Traces};
use super::decode::{DecodeError, decode};
use super::partial;
use super::plan::Scenario;
use super::schema::Shape;
use super::source::{Broken, Builder, NoFiles, Overlay, Sources};
use super::spec::ScenarioSpec;
use super::tree::{Node, Value};
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
        let root = builder.parse(file, bytes);
        Self::over(builder, file, root, overlays, settings)
    }

    /// Completes what a file says, unless it could not be read.
    pub(super) fn over(
        mut builder: Builder<'_>,
        file: &str,
        root: Option<Node>,
        overlays: &[Overlay],
        settings: &[String],
    ) -> Result<Self, Error> {
        let name = Path::new(file).file_name().map(Into::into).unwrap_or_default();
        let root = root.map(|root| builder.completed(root, Path::new(""), &mut vec![name]));
        let mut tree = root.unwrap_or_default();
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
        Self::of(sources.clone(), tree, overlays, settings).map_err(|broken| invalid(&sources, broken))
    }

    /// Reads what a tree says.
    pub(super) fn of(
        sources: Sources,
        tree: Node,
        overlays: Vec<OverlayRecord>,
        settings: Vec<String>,
    ) -> Result<Self, Vec<Broken>> {
        if is_sweep(&tree) {
            return Err(vec![no_scenario(&sources, &tree)]);
        }
        match decode(&tree, Shape::root(), check::MAX_TOLD) {
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
                Err(errors.into_iter().map(DecodeError::told).chain(rest).collect())
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
        self.checked(&Traces::new(traces)).map_err(|broken| invalid(&self.sources, broken))
    }

    /// The same, with traces of which some may have been surveyed already.
    pub(super) fn checked(&self, traces: &Traces<'_>) -> Result<Scenario, Vec<Broken>> {
        let checked = check::check(&self.spec, traces).map_err(|problems| {
            let placed = |(code, problem): (Code, Problem)| (code, self.tree.locate(&problem.path), problem);
            problems.into_iter().map(placed).collect::<Vec<_>>()
        })?;
        Ok(Scenario { overlays: self.overlays.clone(), settings: self.settings.clone(), ..checked })
    }
}

/// Tells whether a file says that it is a sweep.
pub(super) fn is_sweep(tree: &Node) -> bool {
    tree.child("kind").is_some_and(|kind| matches!(&kind.value, Value::Text(word) if word == "Sweep"))
}

/// Says that a sweep stands where a scenario is expected.
pub(super) fn no_scenario(sources: &Sources, tree: &Node) -> Broken {
    let message = "this is a sweep: each of its cells is a scenario";
    let remedy = format!("name one, for example --cell 1; or run all: peakday sweep run {}", sources.main());
    (Code::Sweep, tree.locate("kind"), Problem::new("kind", message, remedy))
}

/// Says what an overlay is called and what it holds.
pub(super) fn record(overlay: &Overlay) -> OverlayRecord {
    let name = Path::new(&overlay.name).file_name().unwrap_or_default();
    OverlayRecord { file: name.to_string_lossy().into_owned(), sha256: check::sha256(&overlay.bytes) }
}

/// Tells problems in the order of the files, not more than can be read.
pub(super) fn invalid(sources: &Sources, mut broken: Vec<Broken>) -> Error {
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
