//! Axes: what each is called, and the values on it, which keep their places in the file.

use std::collections::BTreeSet;

use super::Findings;
use super::quantity::{MAX_VALUES, Quantity, QuantityKind, Scale, Span};
use super::spec::{AxisSpec, CombineSpec, RangeSpec, SweepSpec};
use crate::error::{Code, Problem};
use crate::results::experiment::{AxisPlan, AxisValue};
use crate::scenario::suggest;
use crate::scenario::tree::{self, At, Entry, Node, Value};

/// The most axes.
const MAX_AXES: usize = 16;
/// The longest name or label.
const MAX_NAME: usize = 63;
/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// A value of the scenario that is varied.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) plan: AxisPlan,
    /// Where its path is written.
    pub(super) at: At,
    /// Its values as they are set, with their places, in the order of the plan's.
    pub(super) nodes: Vec<Node>,
    /// Between which ends values are drawn, where they are.
    drawn: Option<Drawn>,
}

/// A range of which values are drawn.
#[derive(Clone, Copy, Debug)]
struct Drawn {
    span: Span,
    scale: Scale,
    at: At,
}

/// Reads all axes; adds what is wrong with them.
pub(super) fn read(tree: &Node, spec: &SweepSpec, found: &mut Findings<'_>) -> Vec<Axis> {
    if spec.axes.is_empty() {
        let remedy = "write for example axes: [{path: run.load, values: [1.0, 1.2]}]";
        found.add(Code::Axis, "axes", "there is no axis, so nothing is varied", remedy);
    } else if spec.axes.len() > MAX_AXES {
        let message = format!("{} axes are more than {MAX_AXES}", spec.axes.len());
        found.add(Code::TooMuch, "axes", message, "vary fewer, or several at once by subtrees");
    }
    let sampled = matches!(spec.combine, CombineSpec::LatinHypercube(_) | CombineSpec::Sobol(_));
    let nodes = list(tree.child("axes"));
    let axis = |(index, axis): (usize, &AxisSpec)| {
        let reader = Reader { path: format!("axes[{index}]"), node: &nodes[index], spec: axis, sampled };
        reader.read(found)
    };
    let mut axes: Vec<Axis> = spec.axes.iter().take(nodes.len()).enumerate().map(axis).collect();
    tell_twins(&axes, found);
    shorten(&mut axes);
    axes
}

fn list(node: Option<&Node>) -> &[Node] {
    match node.map(|node| &node.value) {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}

/// Tells of axes that bear one name, or that undo one another.
fn tell_twins(axes: &[Axis], found: &mut Findings<'_>) {
    for (index, axis) in axes.iter().enumerate() {
        let place = |key: &str| format!("axes[{index}].{key}");
        let (name, path) = (&axis.plan.name, &axis.plan.path);
        for before in &axes[..index] {
            let inside = before.plan.path.strip_prefix(path.as_str());
            if inside.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '['])) {
                let message = format!("this replaces what the axis `{}` sets", before.plan.name);
                found.add(Code::Axis, place("path"), message, "write it before that one, or leave one out");
            } else if before.plan.name == *name {
                let message = format!("the name `{}` is given twice", suggest::short(name));
                found.add(Code::DuplicateName, place("name"), message, "give every axis a name of its own");
            }
        }
    }
}

/// Gives every axis the shortest end of its path that none of the others has.
fn shorten(axes: &mut [Axis]) {
    let ends = |path: &str, parts: usize| {
        let cut = path.rmatch_indices('.').map(|(at, _)| at).nth(parts - 1);
        cut.map_or_else(|| path.to_owned(), |at| path[at + 1..].to_owned())
    };
    let mut parts = vec![1; axes.len()];
    let short = |axis: &Axis, parts: usize| {
        if axis.plan.name == axis.plan.path { ends(&axis.plan.path, parts) } else { axis.plan.name.clone() }
    };
    // Twins grow together until they differ; equal names are told elsewhere.
    for _ in 0..MAX_NAME {
        let names: Vec<String> = axes.iter().zip(&parts).map(|(axis, &parts)| short(axis, parts)).collect();
        for (index, name) in names.iter().enumerate() {
            parts[index] += usize::from(names.iter().filter(|other| *other == name).count() > 1);
        }
        axes.iter_mut().zip(names).for_each(|(axis, name)| axis.plan.short = name);
    }
}

/// An axis that is being read.
struct Reader<'a> {
    path: String,
    node: &'a Node,
    spec: &'a AxisSpec,
    sampled: bool,
}

impl Reader<'_> {
    fn place(&self, key: &str) -> String {
        format!("{}.{key}", self.path)
    }

    fn read(&self, found: &mut Findings<'_>) -> Axis {
        let path = self.spec.path.trim().to_owned();
        let name = self.spec.name.clone().unwrap_or_else(|| path.clone());
        if self.spec.name.is_some() {
            found.label(&self.place("name"), &name);
        }
        let plan = AxisPlan { name, short: String::new(), path, values: Vec::new() };
        let at = found.tree.locate(&self.place("path"));
        let mut axis = Axis { plan, at, nodes: Vec::new(), drawn: None };
        match (&self.spec.values, &self.spec.range) {
            (Some(_), None) => self.values(&mut axis, found),
            (None, Some(range)) => self.range(range, &mut axis, found),
            (Some(_), Some(_)) => {
                let message = "`values` and `range` exclude one another";
                found.add(Code::Contradiction, self.place("range"), message, "keep one of them");
            }
            (None, None) => {
                let remedy = "write for example values: [10, 12], or range: {from: 10, to: 16}";
                found.add(Code::Axis, &self.path, "the axis has no values", remedy);
            }
        }
        axis
    }

    fn values(&self, axis: &mut Axis, found: &mut Findings<'_>) {
        let items = list(self.node.child("values"));
        if items.is_empty() {
            let remedy = "write for example values: [10, 12]";
            found.add(Code::Axis, self.place("values"), "there is no value", remedy);
        }
        let (mut known, mut labels) = (BTreeSet::new(), BTreeSet::new());
        for (index, item) in items.iter().enumerate() {
            let place = format!("{}[{index}]", self.place("values"));
            let Some((label, node)) = labelled(&place, item, found) else { continue };
            let setting = tree::line(node);
            let read = quantity(&setting).map(alike);
            let same = read.map_or_else(|| setting.clone(), |(kind, bits)| format!("{kind:?} {bits}"));
            if !known.insert(same) {
                let message = format!("the value `{}` is given twice", suggest::short(&setting));
                found.add(Code::Axis, &place, message, "keep one of them");
            } else if !labels.insert(label.clone()) {
                let message = format!("the label `{label}` is given twice");
                let remedy = "write {label: .., value: ..}, with another label";
                found.add(Code::DuplicateName, &place, message, remedy);
            }
            axis.plan.values.push(AxisValue { label, number: None, setting });
            axis.nodes.push(node.clone());
        }
        number(&mut axis.plan.values);
    }

    fn range(&self, range: &RangeSpec, axis: &mut Axis, found: &mut Findings<'_>) {
        let place = self.place("range");
        let at = found.tree.locate(&place);
        match self.quantities(range) {
            Ok(Some(values)) => values.into_iter().for_each(|value| axis.push(value, at)),
            Ok(None) => {
                let span = Span::new(range.from, range.to).ok();
                axis.drawn = span.map(|span| Drawn { span, scale: range.scale, at });
            }
            Err(problem) => {
                let key = if problem.path.is_empty() { place } else { format!("{place}.{}", problem.path) };
                found.add(Code::Axis, key, problem.message, problem.remedy);
            }
        }
    }

    /// Returns the values of a range; `None` where they are drawn.
    fn quantities(&self, range: &RangeSpec) -> Result<Option<Vec<Quantity>>, Problem> {
        let span = Span::new(range.from, range.to)?;
        if range.scale == Scale::Log && !span.has_log() {
            let message = format!("equal ratios from {} to {} cannot be", span.from, span.to);
            return Err(Problem::new(
                "scale",
                message,
                "begin above 0, and not with a time of day; or leave it out",
            ));
        }
        match (range.step, range.count) {
            (Some(_), Some(_)) => {
                Err(Problem::new("count", "`step` and `count` exclude one another", "keep one of them"))
            }
            (Some(_), None) if range.scale == Scale::Log => {
                Err(Problem::new("step", "steps are equal distances, not ratios", "write count instead"))
            }
            (Some(step), None) => span.steps(step).map(Some),
            (None, Some(count)) if (1..=MAX_VALUES).contains(&(count as usize)) => {
                Ok(Some(span.spaced(count as usize, range.scale)))
            }
            (None, Some(_)) => {
                let message = format!("a range has from 1 to {MAX_VALUES} values");
                Err(Problem::new("count", message, "write for example count: 5"))
            }
            (None, None) => match span.integers().filter(|_| range.scale == Scale::Linear) {
                Some(integers) => Ok(Some(integers)),
                None if self.sampled => Ok(None),
                None => Err(Problem::new(
                    "",
                    "the range says neither step nor count",
                    "write for example count: 5",
                )),
            },
        }
    }
}

impl Axis {
    fn push(&mut self, value: Quantity, at: At) {
        let setting = value.setting();
        // What a quantity writes is read back.
        self.nodes.push(tree::parse(&setting, at.source).unwrap_or_default().moved(at));
        self.plan.values.push(AxisValue { label: value.to_string(), number: Some(value.value()), setting });
    }

    /// Returns the indices of the values at so many shares of the way, from 0 to below 1.
    pub(super) fn draw(&mut self, shares: &[f64]) -> Vec<usize> {
        let Some(Drawn { span, scale, at }) = self.drawn else {
            let count = self.plan.values.len();
            return shares.iter().map(|share| ((share * count as f64) as usize).min(count - 1)).collect();
        };
        let drawn: Vec<Quantity> = shares.iter().map(|&share| span.at(share, scale, shares.len())).collect();
        let mut values = drawn.clone();
        values.sort_by(|a, b| a.value().total_cmp(&b.value()));
        values.dedup();
        values.iter().for_each(|&value| self.push(value, at));
        let index = |value: &Quantity| values.partition_point(|other| other.value() < value.value());
        drawn.iter().map(index).collect()
    }

    /// Tells whether the axis has values, or will.
    pub(super) fn is_sound(&self) -> bool {
        !self.plan.values.is_empty() || self.drawn.is_some()
    }

    /// Returns the index of the value that a label, or the value itself, names.
    pub(super) fn find(&self, label: &str) -> Option<usize> {
        let values = &self.plan.values;
        let wanted = Quantity::parse(label).map(alike);
        values.iter().position(|value| value.label == label).or_else(|| {
            wanted.and_then(|wanted| {
                values.iter().position(|value| quantity(&value.setting).map(alike) == Some(wanted))
            })
        })
    }
}

/// Reads a value, or `{label, value}`.
fn labelled<'a>(place: &str, item: &'a Node, found: &mut Findings<'_>) -> Option<(String, &'a Node)> {
    let label = match &item.value {
        Value::Map(entries) if entries.iter().any(|(key, ..)| key == "label") => {
            return labelled_map(place, entries, found);
        }
        Value::Plain(_, text) | Value::Text(text) => text.clone(),
        _ => tree::line(item),
    };
    Some((suggest::short(&label), item))
}

fn labelled_map<'a>(
    place: &str,
    entries: &'a [Entry],
    found: &mut Findings<'_>,
) -> Option<(String, &'a Node)> {
    let (mut label, mut value) = (None, None);
    for (key, _, node) in entries {
        match (key.as_str(), &node.value) {
            ("label", Value::Plain(_, text) | Value::Text(text)) => label = Some(text.clone()),
            ("label", _) => {
                let place = format!("{place}.label");
                found.add(
                    Code::WrongType,
                    place,
                    "this is not a text",
                    "write for example label: two choices",
                );
                return None;
            }
            ("value", _) => value = Some(node),
            _ => {
                let message = format!("there is no key `{}` beside a label", suggest::short(key));
                found.add(
                    Code::UnknownKey,
                    format!("{place}.{key}"),
                    message,
                    "write {label: .., value: ..}",
                );
                return None;
            }
        }
    }
    let Some((label, value)) = label.zip(value) else {
        found.add(Code::MissingKey, place, "the label has no value", "write {label: .., value: ..}");
        return None;
    };
    found.label(&format!("{place}.label"), &label);
    Some((label, value))
}

/// Reads a setting as a quantity; a number in quotes is a text.
fn quantity(setting: &str) -> Option<Quantity> {
    let bare = setting.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let read = Quantity::parse(bare.unwrap_or(setting))?;
    let number = matches!(read.kind(), QuantityKind::Integer | QuantityKind::Number);
    if bare.is_some() && number { None } else { Some(read) }
}

/// Returns a quantity with what differs only in how it is written made equal.
fn alike(quantity: Quantity) -> (QuantityKind, u64) {
    let kind = if quantity.kind() == QuantityKind::Integer { QuantityKind::Number } else { quantity.kind() };
    (kind, (quantity.value() + 0.0).to_bits())
}

/// Says where values stand on a numeric axis, if all of them are quantities of one kind. Clock times go on
/// after midnight.
fn number(values: &mut [AxisValue]) {
    let read: Vec<Quantity> = values.iter().filter_map(|value| quantity(&value.setting)).collect();
    let kind = |quantity: &Quantity| alike(*quantity).0;
    if read.len() < values.len() || read.windows(2).any(|pair| kind(&pair[0]) != kind(&pair[1])) {
        return;
    }
    let mut passed = 0.0;
    for (index, value) in values.iter_mut().enumerate() {
        if read[index].kind() == QuantityKind::Clock
            && index > 0
            && read[index].value() < read[index - 1].value()
        {
            passed += DAY;
        }
        value.number = Some(read[index].value() + passed);
    }
}

impl Findings<'_> {
    /// Checks a name of an axis or the label of a value: free text on one line.
    fn label(&mut self, place: &str, label: &str) {
        if label.trim().is_empty() || label.chars().count() > MAX_NAME || label.chars().any(char::is_control)
        {
            let message = format!("`{}` is no label", suggest::short(label));
            self.add(Code::Name, place, message, "write from 1 to 63 characters on one line");
        }
    }
}
