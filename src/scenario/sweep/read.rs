//! From the bytes of a sweep file, and of the base that it names, to a document.

use std::path::Path;

use super::axis::{self, Axis};
use super::combine::{self, Cells};
use super::spec::SweepSpec;
use super::{Findings, design};
use crate::error::{Code, Error, Problem};
use crate::results::OverlayRecord;
use crate::results::experiment::AxisPlan;
use crate::scenario::check::MAX_TOLD;
use crate::scenario::decode::{DecodeError, decode};
use crate::scenario::read::{Document, invalid, is_sweep, no_scenario, record};
use crate::scenario::schema::Shape;
use crate::scenario::source::{Builder, Overlay, Sources};
use crate::scenario::tree::{Node, Value};
use crate::workload::recorded::TraceFiles;

/// A file of one kind or the other.
#[derive(Clone, Debug)]
pub enum Input {
    /// A scenario.
    Scenario(Box<Document>),
    /// A sweep.
    Sweep(Box<SweepDocument>),
}

impl Input {
    /// Reads a scenario or a sweep, as [`Document::layered`] and [`SweepDocument::read`] do.
    ///
    /// # Errors
    /// [`Error::Invalid`] with everything that is wrong with syntax, keys and types.
    pub fn read(
        file: &str,
        bytes: &[u8],
        overlays: &[Overlay],
        settings: &[String],
        files: &dyn TraceFiles,
    ) -> Result<Self, Error> {
        let mut builder = Builder::new(file, files);
        let root = builder.parse(file, bytes);
        match root {
            Some(root) if is_sweep(&root) => {
                let document = SweepDocument::over(builder, root, overlays, settings)?;
                Ok(Self::Sweep(Box::new(document)))
            }
            root => Ok(Self::Scenario(Box::new(Document::over(builder, file, root, overlays, settings)?))),
        }
    }
}

/// A sweep that was read: its cells, and what each of them sets.
#[derive(Clone, Debug)]
pub struct SweepDocument {
    pub(super) sources: Sources,
    /// The file itself, for places.
    pub(super) tree: Node,
    /// The scenario that is varied, with what is laid over it.
    pub(super) base: Node,
    pub(super) overlays: Vec<OverlayRecord>,
    pub(super) settings: Vec<String>,
    pub(super) spec: SweepSpec,
    pub(super) axes: Vec<Axis>,
    pub(super) cells: Cells,
    /// Numbers of replications at which cells are looked at; as many as the base says where left out.
    pub(super) looks: Option<Vec<u32>>,
}

impl SweepDocument {
    /// Reads a sweep file and its base, over which the overlays are laid, and to which the settings
    /// `PATH=VALUE` are applied. Paths of `files` start at the folder of the sweep file.
    ///
    /// # Errors
    /// [`Error::Invalid`] with everything that is wrong with the file's own keys, and with the syntax of the
    /// base.
    pub fn read(
        file: &str,
        bytes: &[u8],
        overlays: &[Overlay],
        settings: &[String],
        files: &dyn TraceFiles,
    ) -> Result<Self, Error> {
        let mut builder = Builder::new(file, files);
        match builder.parse(file, bytes) {
            Some(root) if says_scenario(&root) => {
                let at = root.locate("kind");
                let remedy = "run it as it is: peakday run; a sweep says kind: Sweep, base: FILE and axes";
                let problem = Problem::new("kind", "this is one scenario, and no sweep", remedy);
                Err(invalid(&builder.sources, vec![(Code::Sweep, at, problem)]))
            }
            Some(root) => Self::over(builder, root, overlays, settings),
            None => Err(invalid(&builder.sources, builder.broken)),
        }
    }

    /// Reads what a file says, and its base.
    fn over(
        mut builder: Builder<'_>,
        tree: Node,
        overlays: &[Overlay],
        settings: &[String],
    ) -> Result<Self, Error> {
        let mut found = Findings { tree: &tree, broken: Vec::new() };
        let base = base(&mut builder, &tree, &mut found);
        let base = base.map(|mut base| {
            overlays.iter().for_each(|overlay| builder.overlay(&mut base, overlay));
            settings.iter().for_each(|setting| builder.set(&mut base, setting));
            base
        });
        let spec = decode::<SweepSpec>(&tree, Shape::sweep(), MAX_TOLD);
        let spec = spec.map_err(|errors| found.broken.extend(errors.into_iter().map(DecodeError::told))).ok();
        let read = spec.map(|spec| {
            let mut axes = axis::read(&tree, &spec, &mut found);
            let cells = combine::cells(&spec, &mut axes, &mut found);
            let looks = design::looks(&spec, &mut found);
            (spec, axes, cells, looks)
        });
        let mut broken = found.broken;
        let syntax = std::mem::take(&mut builder.broken);
        let (sources, whole) = (builder.sources, syntax.is_empty());
        broken.extend(syntax);
        let (overlays, settings) = (overlays.iter().map(record).collect(), settings.to_vec());
        match (base.filter(|_| whole), read) {
            (Some(base), Some((spec, axes, cells, looks))) => {
                let sweep = Self { sources, tree, base, overlays, settings, spec, axes, cells, looks };
                if broken.is_empty() {
                    return Ok(sweep);
                }
                // Mending the file shall not bring up what is wrong with its cells.
                broken.extend(sweep.misread());
                Err(invalid(&sweep.sources, broken))
            }
            (Some(base), None) => {
                broken.extend(
                    Document::of(sources.clone(), base, overlays, settings).err().unwrap_or_default(),
                );
                Err(invalid(&sources, broken))
            }
            (None, _) => Err(invalid(&sources, broken)),
        }
    }

    /// Says that one scenario is expected.
    pub fn no_scenario(&self) -> Error {
        invalid(&self.sources, vec![no_scenario(&self.sources, &self.tree)])
    }

    /// Says what is wrong with keys of the file that only its cells show.
    pub fn refused(&self, code: Code, problems: Vec<Problem>) -> Error {
        let placed = |problem: Problem| (code, self.tree.locate(&problem.path), problem);
        invalid(&self.sources, problems.into_iter().map(placed).collect())
    }

    /// Returns how many cells there are.
    pub fn len(&self) -> usize {
        self.cells.kept.len()
    }

    /// Tells whether there is none, which is refused.
    pub fn is_empty(&self) -> bool {
        self.cells.kept.is_empty()
    }

    /// Returns how many combinations constraints left out.
    pub fn dropped(&self) -> u64 {
        self.cells.dropped
    }

    /// Returns what is varied.
    pub fn axes(&self) -> impl Iterator<Item = &AxisPlan> {
        self.axes.iter().map(|axis| &axis.plan)
    }

    /// Says what a cell, from 0, sets: `balancer=random, replicas=10`.
    pub fn label(&self, cell: usize) -> String {
        let values = self.axes.iter().zip(&self.cells.kept[cell]);
        let values =
            values.map(|(axis, &value)| format!("{}={}", axis.plan.short, axis.plan.values[value].label));
        values.collect::<Vec<_>>().join(", ")
    }
}

fn says_scenario(root: &Node) -> bool {
    root.child("kind").is_some_and(|kind| matches!(&kind.value, Value::Text(word) if word == "Scenario"))
}

/// Reads the scenario that is varied.
fn base(builder: &mut Builder<'_>, tree: &Node, found: &mut Findings<'_>) -> Option<Node> {
    let written = tree.child("base")?;
    // Who names this very file is told that it is a sweep.
    let mut chain = Vec::new();
    let base = match &written.value {
        Value::Text(text) | Value::Plain(_, text) => match builder.named(text, Path::new(""), &mut chain) {
            Ok(base) => base?,
            Err((message, remedy)) => {
                found.add(Code::Base, "base", message, remedy);
                return None;
            }
        },
        Value::Map(_) => builder.completed(written.clone(), Path::new(""), &mut chain),
        Value::Null | Value::List(_) => {
            let message = "this is neither a file nor a scenario";
            found.add(Code::Base, "base", message, "write for example base: shop.yaml");
            return None;
        }
    };
    if is_sweep(&base) || base.child("axes").is_some() {
        let remedy = "name the scenario that it varies, and write the axes of both here";
        found.add(Code::Base, "base", "the base is a sweep itself", remedy);
        return None;
    }
    Some(if matches!(written.value, Value::Map(_)) { headed(base, tree) } else { base })
}

/// Gives a scenario within a file what the file says of itself.
fn headed(mut base: Node, tree: &Node) -> Node {
    let at = base.at;
    let word = |word: &str| Some(Node { at, value: Value::Text(word.to_owned()) });
    let heads = [
        ("metadata", tree.child("metadata").cloned()),
        ("kind", word("Scenario")),
        ("apiVersion", word("peakday/v1alpha1")),
    ];
    if let Value::Map(entries) = &mut base.value {
        for (key, head) in heads {
            if let Some(head) = head.filter(|_| !entries.iter().any(|(known, ..)| known == key)) {
                entries.insert(0, (key.to_owned(), at, head));
            }
        }
    }
    base
}
