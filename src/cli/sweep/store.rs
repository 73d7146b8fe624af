//! The files of an experiment: `sweep.json`, a file for every run, one for every run that failed.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::shelf::{self, Shelf};
use super::told;
use crate::error::Error;
use crate::results::experiment::{EXPERIMENT_VERSION, ExperimentPlan, RunRecord};
use crate::study::RunStore;

/// The plan, and how it begins: a folder of experiments is known by it.
const PLAN: (&str, &str) = ("sweep.json", "{\"experimentVersion\"");
/// The folder of runs.
pub(in crate::cli) const RUNS: &str = "runs/";
/// The folder of what is known of runs that failed.
const FAILED: &str = "failed/";
/// The most damaged files that a message lists.
const LISTED: usize = 20;

/// An experiment where it is kept.
#[derive(Debug)]
pub(in crate::cli) struct Store {
    shelf: Box<dyn Shelf>,
    /// How many figures and objectives a run has.
    shape: (usize, usize),
}

/// A run that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FailedRun {
    /// The name that it would have.
    pub(super) run: String,
    /// The cell, from 1.
    pub(super) cell: usize,
    /// The replication, from 1.
    pub(super) replication: u32,
    /// Why.
    pub(super) error: String,
    /// What repeats it.
    pub(super) command: String,
}

/// Runs that are not kept.
#[derive(Debug)]
pub(super) struct Missing {
    /// Those that failed.
    pub(super) failed: Vec<FailedRun>,
    /// Cells and ordinals of those that were not tried, or not to their end.
    pub(super) untried: Vec<(usize, u32)>,
}

/// Opens the folder of an experiment that is there already, with its plan.
///
/// # Errors
/// Where it is none, or one of another version.
pub(super) fn open(dir: &Path) -> Result<(ExperimentPlan, Store), Error> {
    let shelf = shelf::at(dir)?;
    let plan = read_plan(&*shelf)?.ok_or_else(|| {
        let text = format!("{}: there is no {} in it", dir.display(), PLAN.0);
        Error::Usage(text + "\n  name a folder that `peakday sweep run` wrote")
    })?;
    let store = Store::of(&plan, shelf);
    Ok((plan, store))
}

/// Opens a folder for an experiment, which is created unless it is there; `go_on` where runs may be there. The plan
/// becomes the one that is kept: it may have been read from a file of another name.
///
/// # Errors
/// Where it holds something else, or runs that nobody asked to go on with.
pub(super) fn create(dir: &Path, plan: &mut ExperimentPlan, go_on: bool) -> Result<Store, Error> {
    let refused =
        |what: &str| Err(Error::Usage(format!("{}: {what}\n  choose another folder with -o", dir.display())));
    let shelf = shelf::at(dir)?;
    let there = match (read_plan(&*shelf)?, shelf.is_free()) {
        (Some(there), _) => Some(there),
        (None, Ok(true)) => None,
        (None, Err(_)) if dir.is_symlink() && !dir.exists() => return refused("this link leads nowhere"),
        (None, Err(_)) if dir.is_file() => return refused("there is a file of this name"),
        (None, Err(error)) => return Err(crate::cli::output::failed(dir, error)),
        // Another shard may have begun between the two questions.
        (None, Ok(false)) => match read_plan(&*shelf)? {
            Some(there) => Some(there),
            None => return refused("this folder holds something else than a sweep of peakday"),
        },
    };
    let store = Store::of(plan, shelf);
    let Some(there) = there else {
        store.shelf.write(PLAN.0, &json(plan)?)?;
        return Ok(store);
    };
    let differences = told::differences(&there, plan);
    if !differences.is_empty() {
        return refused(&format!("this folder holds another sweep\n  {}", differences.join("\n  ")));
    }
    let kept = if go_on { 0 } else { store.shelf.list(RUNS)?.len() };
    if kept > 0 {
        let text = format!("{}: {} of this sweep are there", dir.display(), told::count(kept, "run"));
        return Err(Error::Usage(
            text + "\n  add --resume to go on with them, or choose another folder with -o",
        ));
    }
    *plan = there;
    Ok(store)
}

/// Reads the plan; `None` where there is none.
fn read_plan(shelf: &dyn Shelf) -> Result<Option<ExperimentPlan>, Error> {
    let place = shelf.place(PLAN.0).display().to_string();
    let wrong = |what: String| Err(Error::Usage(format!("{place}: {what}\n  choose another folder")));
    let bytes = match shelf.read(PLAN.0) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(None),
        // Whoever creates the folder says better what is in its way.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(None),
        Err(error) => return wrong(error.to_string()),
    };
    if !bytes.starts_with(PLAN.1.as_bytes()) {
        return wrong("this is not the plan of a sweep".to_owned());
    }
    let whole: Value = match serde_json::from_slice(&bytes) {
        Ok(whole) => whole,
        Err(error) => return wrong(format!("this plan is damaged: {error}")),
    };
    let (version, here) = (whole["version"].as_str().unwrap_or("?"), env!("CARGO_PKG_VERSION"));
    if version != here || whole["experimentVersion"] != EXPERIMENT_VERSION {
        return wrong(format!("version {version} of peakday wrote this sweep, and this is {here}"));
    }
    match ExperimentPlan::deserialize(whole) {
        Ok(plan) => Ok(Some(plan)),
        Err(error) => wrong(format!("this plan is damaged: {error}")),
    }
}

/// Returns a document as it is kept.
fn json(document: &impl Serialize) -> Result<Vec<u8>, Error> {
    let bytes = serde_json::to_vec(document).map(|bytes| [bytes.as_slice(), b"\n"].concat());
    bytes.map_err(|why| Error::Run(format!("a result cannot be written: {why}")))
}

/// Returns the name under which a run is kept, in one of 256 folders: large ones are slow to read.
fn name(run: &str) -> String {
    format!("{RUNS}{}/{run}.json", run.get(..2).unwrap_or("00"))
}

impl Store {
    fn of(plan: &ExperimentPlan, shelf: Box<dyn Shelf>) -> Self {
        Self::shaped(shelf, (plan.metrics.len(), plan.objectives.len()))
    }

    /// Keeps runs of so many figures and objectives.
    pub(in crate::cli) fn shaped(shelf: Box<dyn Shelf>, shape: (usize, usize)) -> Self {
        Self { shelf, shape }
    }

    /// Returns where things are kept.
    pub(in crate::cli) fn shelf(&self) -> &dyn Shelf {
        &*self.shelf
    }

    /// Returns since when runs are kept, in no order.
    pub(super) fn times(&self) -> Result<Vec<SystemTime>, Error> {
        Ok(self.shelf.list(RUNS)?.into_iter().map(|(_, since)| since).collect())
    }

    /// Reads a run.
    fn read(&self, name: &str, run: &str) -> Result<Option<RunRecord>, String> {
        let Some(bytes) = self.shelf.read(name).map_err(|error| error.to_string())? else {
            return Ok(None);
        };
        let record: RunRecord = serde_json::from_slice(&bytes)
            .map_err(|error| format!("this file of a run is damaged: {error}"))?;
        let shape = (record.figures.len(), record.objectives.len());
        if record.run != run || shape != self.shape || record.experiment_version != EXPERIMENT_VERSION {
            return Err("this is the file of another run".to_owned());
        }
        Ok(Some(record))
    }

    /// Tells of all damaged files instead of the first.
    pub(in crate::cli) fn damage(&self, first: Error) -> Error {
        let wrong = |(name, _): (String, SystemTime)| {
            let run = name.rsplit('/').next()?.strip_suffix(".json")?;
            let why = self.read(&name, run).err()?;
            Some(format!("{}: {why}", self.shelf.place(&name).display()))
        };
        let names = self.shelf.list(RUNS).unwrap_or_default();
        let all: Vec<String> = names.into_iter().filter_map(wrong).collect();
        if all.is_empty() {
            return first;
        }
        let (told, more) = (all.len().min(LISTED), all.len() - all.len().min(LISTED));
        let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
        let remedy = "remove what is damaged, and simulate it again: peakday sweep run with --resume";
        Error::Run(format!("{}{more}\n  {remedy}", all[..told].join("\n  ")))
    }

    /// Writes down that a run failed.
    pub(super) fn fail(&self, failed: &FailedRun) -> Result<(), Error> {
        self.shelf.write(&format!("{FAILED}{}.json", failed.run), &json(failed)?)
    }

    /// Tells those of the missing runs that failed from those that were not tried, both by cells and ordinals.
    pub(super) fn told_apart(&self, missing: &[(usize, u32)]) -> Result<Missing, Error> {
        let read = |(name, _): (String, SystemTime)| {
            let failed: FailedRun = serde_json::from_slice(&self.shelf.read(&name).ok()??).ok()?;
            Some(((failed.cell.checked_sub(1)?, failed.replication), failed))
        };
        let mut failed: BTreeMap<_, _> = self.shelf.list(FAILED)?.into_iter().filter_map(read).collect();
        let untried = missing.iter().filter(|&run| !failed.contains_key(run)).copied().collect();
        Ok(Missing { failed: missing.iter().filter_map(|run| failed.remove(run)).collect(), untried })
    }
}

impl RunStore for Store {
    fn find(&self, run: &str) -> Result<Option<RunRecord>, Error> {
        let name = name(run);
        self.read(&name, run).map_err(|why| {
            let place = self.shelf.place(&name);
            Error::Run(format!("{}: {why}\n  remove it, and add --resume", place.display()))
        })
    }

    fn keep(&self, record: &RunRecord) -> Result<(), Error> {
        self.shelf.write(&name(&record.run), &json(record)?)?;
        // It may have failed before.
        self.shelf.remove(&format!("{FAILED}{}.json", record.run))
    }
}

impl FailedRun {
    /// Says which run failed, why, and how to repeat it.
    pub(super) fn told(&self, plan: &ExperimentPlan) -> String {
        let Self { cell, replication, error, command, .. } = self;
        format!("{}, replication {replication}: {error}\n  repeat it: {command}", told::cell(plan, cell - 1))
    }
}
