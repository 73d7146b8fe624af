//! From cells to scenarios: each passes what every scenario passes.

use std::collections::BTreeMap;

use super::Findings;
use super::design::ENDLESS;
use super::read::SweepDocument;
use crate::error::{Code, Error, Problem};
use crate::results::ObjectivePlan;
use crate::results::experiment::AxisPlan;
use crate::scenario::check::Traces;
use crate::scenario::merge;
use crate::scenario::plan::Scenario;
use crate::scenario::read::{Document, invalid};
use crate::scenario::source::Broken;
use crate::scenario::suggest;
use crate::scenario::tree::{At, Value};
use crate::workload::recorded::TraceFiles;

/// So many cells are read to tell their problems together with those of the file itself.
const MOST_MISREAD: usize = 1_000;

/// A sweep that can be run.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.displayName`.
    pub display_name: Option<String>,
    /// What is varied.
    pub axes: Vec<AxisPlan>,
    /// The scenarios, at least one.
    pub cells: Vec<SweepCell>,
    /// Combinations that constraints left out.
    pub dropped: u64,
    /// Index of the cell that others are compared with.
    pub baseline: usize,
    /// Numbers of replications at which a cell is looked at, ascending.
    pub looks: Vec<u32>,
    /// A metric, and the largest half width of its interval as a share of its mean at which a cell is decided.
    pub precision: Option<(String, f64)>,
    /// Whether the objectives with a demanded share must have a verdict before a cell is decided.
    pub until_decided: bool,
    /// Names of metrics that are headlines beside those that are by themselves.
    pub metrics: Vec<String>,
    /// The name of the metric by which cells are ranked among equal verdicts.
    pub rank_by: Option<String>,
}

/// One scenario of a sweep.
#[derive(Clone, Debug)]
pub struct SweepCell {
    /// Per axis the index of its value.
    pub at: Vec<usize>,
    /// Paths and values in YAML on one line, as `--set PATH=VALUE` takes them.
    pub settings: Vec<(String, String)>,
    /// What is run.
    pub scenario: Scenario,
}

impl SweepDocument {
    /// Checks every cell as a scenario is checked. A trace is surveyed once, however many cells read it.
    ///
    /// # Errors
    /// [`Error::Invalid`] with everything that is wrong; what is wrong with several cells is told once.
    pub fn check(&self, files: &dyn TraceFiles) -> Result<Sweep, Error> {
        let traces = Traces::new(files);
        let mut told = Told::default();
        let mut cells = Vec::with_capacity(self.len());
        for (index, at) in self.cells.kept.iter().enumerate() {
            match self.document(index).and_then(|document| document.checked(&traces)) {
                Ok(scenario) => {
                    cells.push(SweepCell { at: at.clone(), settings: self.settings_of(index), scenario })
                }
                Err(broken) => broken.into_iter().for_each(|broken| told.add(index, broken)),
            }
        }
        let mut broken = told.broken(self, self.len());
        if broken.is_empty() {
            broken = self.undecided(&cells);
        }
        if !broken.is_empty() {
            return Err(invalid(&self.sources, broken));
        }
        let looks = self.looks.clone();
        let looks =
            looks.unwrap_or_else(|| cells.iter().take(1).map(|cell| cell.scenario.replications).collect());
        Ok(Sweep {
            name: self.spec.metadata.name.clone(),
            display_name: self.spec.metadata.display_name.clone(),
            axes: self.axes().cloned().collect(),
            dropped: self.dropped(),
            baseline: self.cells.baseline,
            until_decided: looks.len() > 1
                && objectives(&cells).any(|objective| objective.holds_in.is_some()),
            cells,
            looks,
            precision: self.spec.precision.as_ref().map(|spec| (spec.metric.clone(), spec.relative.0)),
            metrics: self.spec.metrics.clone(),
            rank_by: self.spec.rank_by.clone(),
        })
    }

    /// Returns what is wrong with paths, keys and types of cells, of which the first are looked at.
    pub(super) fn misread(&self) -> Vec<Broken> {
        let (mut told, cells) = (Told::default(), self.len().min(MOST_MISREAD));
        for cell in 0..cells {
            let broken = self.document(cell).err().unwrap_or_default();
            broken.into_iter().for_each(|broken| told.add(cell, broken));
        }
        told.broken(self, cells)
    }

    /// Returns a cell, from 0, as the document of its scenario.
    ///
    /// # Errors
    /// [`Error::Invalid`] with everything that is wrong with paths, keys and types.
    pub fn cell(&self, cell: usize) -> Result<Document, Error> {
        self.document(cell).map_err(|broken| invalid(&self.sources, broken))
    }

    fn settings_of(&self, cell: usize) -> Vec<(String, String)> {
        let values = self.axes.iter().zip(&self.cells.kept[cell]);
        values
            .map(|(axis, &value)| (axis.plan.path.clone(), axis.plan.values[value].setting.clone()))
            .collect()
    }

    /// Sets the values of a cell, and reads what the scenario then says.
    fn document(&self, cell: usize) -> Result<Document, Vec<Broken>> {
        let mut tree = self.base.clone();
        let mut broken = Vec::new();
        for (axis, &value) in self.axes.iter().zip(&self.cells.kept[cell]) {
            let node = axis.nodes[value].clone();
            // What is not there is removed already.
            let removes = matches!(node.value, Value::Null);
            if let Err((message, remedy)) = merge::set(&mut tree, &axis.plan.path, node)
                && !removes
            {
                let problem = Problem::new(suggest::short(&axis.plan.path), message, remedy);
                broken.push((Code::Axis, axis.at, problem));
            }
        }
        let settings = self.settings_of(cell).into_iter().map(|(path, value)| format!("{path}={value}"));
        let settings = self.settings.iter().cloned().chain(settings).collect();
        let mut document = match Document::of(self.sources.clone(), tree, self.overlays.clone(), settings) {
            Ok(document) if broken.is_empty() => document,
            Ok(_) => return Err(broken),
            Err(others) => {
                return Err(broken.into_iter().chain(others.into_iter().map(|b| self.at_path(b))).collect());
            }
        };
        for objective in &mut document.spec.objectives {
            objective.holds_in = objective.holds_in.or(self.spec.holds_in);
        }
        Ok(document)
    }

    /// Moves an unknown key to the axis whose path leads there.
    fn at_path(&self, (code, at, problem): Broken) -> Broken {
        let leads = |path: &str| {
            let rest = path.strip_prefix(problem.path.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let axis = self.axes.iter().find(|axis| code == Code::UnknownKey && leads(&axis.plan.path));
        (code, axis.map_or(at, |axis| axis.at), problem)
    }

    /// Tells of keys that decide nothing.
    fn undecided(&self, cells: &[SweepCell]) -> Vec<Broken> {
        let mut found = Findings { tree: &self.tree, broken: Vec::new() };
        let objectives = || objectives(cells);
        let share = self.spec.holds_in.map(|share| share.0);
        if share.is_some() && !objectives().any(|objective| objective.holds_in == share) {
            let message = "no objective takes this share";
            found.add(
                Code::Contradiction,
                "holdsIn",
                message,
                "write objectives into the base, or remove the key",
            );
        }
        let decides =
            self.spec.precision.is_some() || objectives().any(|objective| objective.holds_in.is_some());
        if self.looks.as_ref().is_some_and(|looks| looks.len() > 1) && !decides {
            found.add(Code::Contradiction, "replications", ENDLESS.0, ENDLESS.1);
        }
        found.broken
    }
}

fn objectives(cells: &[SweepCell]) -> impl Iterator<Item = &ObjectivePlan> {
    cells.iter().flat_map(|cell| &cell.scenario.plan.objectives)
}

/// Problems of cells, each once, with the first cell and their number.
#[derive(Debug, Default)]
struct Told(BTreeMap<Key, (usize, usize)>);

/// Place, code, path, message, remedy.
type Key = (At, Code, String, String, String);

impl Told {
    fn add(&mut self, cell: usize, (code, at, problem): Broken) {
        let key = (at, code, problem.path, problem.message, problem.remedy);
        let (_, count) = self.0.entry(key).or_insert((cell, 0));
        *count += 1;
    }

    /// Says of which of so many cells each problem is, unless it is of all.
    fn broken(self, sweep: &SweepDocument, all: usize) -> Vec<Broken> {
        let mut broken = Vec::new();
        for ((at, code, path, message, remedy), (first, count)) in self.0 {
            let label = sweep.label(first);
            let cells = match count {
                count if count == all => String::new(),
                1 => format!(", in cell {} ({label})", first + 1),
                count => format!(", in {count} of {all} cells, the first is {} ({label})", first + 1),
            };
            broken.push((code, at, Problem::new(path, message + &cells, remedy)));
        }
        broken
    }
}
