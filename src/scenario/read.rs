//! From the bytes of a file to a checked scenario; every problem with its place.

use serde::Deserialize;

use super::check;
use super::decode::{DecodeError, decode};
use super::plan::Scenario;
use super::spec::{
    ApiVersion, Kind, MetadataSpec, ObjectiveSpec, PoolSpec, RunSpec, ScenarioSpec, ServiceSpec, SourceSpec,
};
use super::suggest;
use super::tree::{self, At, MAX_BYTES, Node, Value};
use crate::error::{Error, Issue, Place, Problem};
use crate::workload::recorded::TraceFiles;

/// The top-level keys.
const KEYS: [&str; 7] = ["apiVersion", "kind", "metadata", "run", "traffic", "services", "objectives"];

/// A scenario file that was read: what it says, and where it says it.
#[derive(Clone, Debug)]
pub struct Document {
    file: String,
    tree: Node,
    /// What it says; may be changed before it is checked.
    pub spec: ScenarioSpec,
}

impl Document {
    /// Reads the bytes of a file; `file` is its name in messages.
    ///
    /// # Errors
    /// [`Error::Invalid`] with what is wrong with syntax, keys and types: the first of every block.
    pub fn read(file: &str, bytes: &[u8]) -> Result<Self, Error> {
        let text = text(bytes).map_err(|(at, message, remedy)| {
            Error::Invalid(vec![issue(file, at, Problem::new("", message, remedy))])
        })?;
        let mut tree = tree::parse(text).map_err(|error| {
            let problem = Problem::new("", error.message, error.remedy);
            Error::Invalid(vec![issue(file, error.at, problem)])
        })?;
        if let Value::Map(entries) = &mut tree.value {
            entries.retain(|(key, ..)| !key.starts_with("x-"));
        }
        match decode(&tree, tree.at) {
            Ok(spec) => Ok(Self { file: file.to_owned(), tree, spec }),
            Err(first) => {
                let told = |error: DecodeError| {
                    let at = error.at.unwrap_or_default();
                    issue(file, at, Problem::new(error.path, error.message, error.remedy))
                };
                Err(Error::Invalid(sorted(all_errors(&tree, first).into_iter().map(told).collect())))
            }
        }
    }

    /// Checks that the parts fit together, surveys the traces, and returns what can be run.
    ///
    /// # Errors
    /// [`Error::Invalid`] with everything that is wrong, in the order of the file.
    pub fn check(&self, traces: &dyn TraceFiles) -> Result<Scenario, Error> {
        check::check(&self.spec, traces).map_err(|problems| {
            let told = |problem: Problem| {
                let at = self.tree.locate(&problem.path);
                issue(&self.file, at, problem)
            };
            Error::Invalid(sorted(problems.into_iter().map(told).collect()))
        })
    }
}

fn issue(file: &str, at: At, problem: Problem) -> Issue {
    let place = Place { file: file.to_owned(), line: at.line, column: at.column };
    Issue { place, path: problem.path, message: problem.message, remedy: problem.remedy }
}

fn sorted(mut issues: Vec<Issue>) -> Vec<Issue> {
    let more = issues.len() > check::MAX_TOLD;
    issues.truncate(check::MAX_TOLD);
    issues.sort_by(|a, b| a.place.cmp(&b.place));
    if more && let Some(first) = issues.first() {
        let place = Place { file: first.place.file.clone(), ..Place::default() };
        let (message, remedy) = ("there are more problems than these".to_owned(), String::new());
        issues.push(Issue { place, path: String::new(), message, remedy });
    }
    issues
}

/// Returns the text of a file that can be one.
fn text(bytes: &[u8]) -> Result<&str, (At, String, String)> {
    let whole = |message: String, remedy: &str| (At::default(), message, remedy.to_owned());
    if bytes.len() > MAX_BYTES {
        let message = format!("the file is larger than {} MiB", MAX_BYTES >> 20);
        return Err(whole(message, "keep recorded traffic in files of its own"));
    }
    let place = |offset: usize| {
        let before = &bytes[..offset];
        let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count() as u64;
        At { line, column: 1 + String::from_utf8_lossy(&before[start..]).chars().count() as u64 }
    };
    if let Some(offset) = bytes.iter().position(|&byte| byte == 0) {
        let message = "the file is not text: it holds a zero byte".to_owned();
        return Err((place(offset), message, "write the scenario as YAML in UTF-8".to_owned()));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let message = "the file is not text in UTF-8".to_owned();
        (place(error.valid_up_to()), message, "save it as UTF-8".to_owned())
    })?;
    let comment = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    if text.trim_start_matches('\u{feff}').lines().all(comment) {
        return Err(whole("the file is empty".to_owned(), "begin with apiVersion: peakday/v1alpha1"));
    }
    Ok(text)
}

/// Reads every block on its own, so that a mistake in one does not hide those of others.
fn all_errors(root: &Node, first: DecodeError) -> Vec<DecodeError> {
    let mut blocks = Blocks(Vec::new());
    if let Value::Map(entries) = &root.value {
        for (key, at, node) in entries {
            let at = tree::place_of(*at, node);
            match key.as_str() {
                "apiVersion" => blocks.read::<ApiVersion>(node, at, key),
                "kind" => blocks.read::<Kind>(node, at, key),
                "metadata" => blocks.read::<MetadataSpec>(node, at, key),
                "run" => blocks.read::<RunSpec>(node, at, key),
                "traffic" => blocks.each(node, key, Blocks::read::<SourceSpec>),
                "services" => blocks.each(node, key, Blocks::service),
                "objectives" => blocks.each(node, key, Blocks::read::<ObjectiveSpec>),
                _ => blocks.0.push(DecodeError::at_key(
                    at,
                    key,
                    format!("there is no key `{}` here", suggest::short(key)),
                    suggest::known(key, KEYS.into_iter()),
                )),
            }
        }
    }
    if !blocks.0.iter().any(|error| error.path == first.path && error.at == first.at) {
        blocks.0.insert(0, first);
    }
    blocks.0
}

/// Errors of blocks that were read on their own.
struct Blocks(Vec<DecodeError>);

impl Blocks {
    fn read<'a, T: Deserialize<'a>>(&mut self, node: &'a Node, at: At, path: &str) {
        if let Err(error) = decode::<T>(node, at) {
            self.0.push(error.under(path));
        }
    }

    /// Pools one by one; whatever else is wrong once these are right.
    fn service(&mut self, node: &Node, at: At, path: &str) {
        let before = self.0.len();
        if let Some(pools) = node.get("pools") {
            self.each(pools, &format!("{path}.pools"), Self::read::<PoolSpec>);
        }
        let Err(error) = decode::<ServiceSpec>(node, at) else { return };
        let error = error.under(path);
        if !self.0[before..].iter().any(|told| told.path == error.path) {
            self.0.push(error);
        }
    }

    fn each<'a>(&mut self, node: &'a Node, path: &str, read: fn(&mut Self, &'a Node, At, &str)) {
        match &node.value {
            Value::Map(entries) => {
                for (key, at, node) in entries {
                    read(self, node, tree::place_of(*at, node), &format!("{path}.{key}"));
                }
            }
            Value::List(items) => {
                for (index, node) in items.iter().enumerate() {
                    read(self, node, node.at, &format!("{path}[{index}]"));
                }
            }
            Value::Null | Value::Plain(..) | Value::Text(_) => {}
        }
    }
}
