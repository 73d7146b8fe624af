//! Cells: which values of the axes come together, and which combinations are left out.

use std::collections::BTreeSet;

use super::Findings;
use super::axis::Axis;
use super::sobol;
use super::spec::{CombineSpec, ConstraintSpec, Labels, SweepSpec};
use crate::error::Code;
use crate::rng::{Bits, Key, index_below, uniform_closed_open};
use crate::scenario::named::Named;
use crate::scenario::suggest;

/// The most combinations.
const MAX_CELLS: u64 = 100_000;

/// Values that come together, by their indices on the axes.
pub(super) type Combination = Vec<usize>;

/// Which cells there are.
#[derive(Clone, Debug, Default)]
pub(super) struct Cells {
    pub(super) kept: Vec<Combination>,
    /// How many combinations constraints left out.
    pub(super) dropped: u64,
    /// Index of the cell that others are compared with.
    pub(super) baseline: usize,
}

/// Combines the axes; adds what is wrong.
pub(super) fn cells(spec: &SweepSpec, axes: &mut [Axis], found: &mut Findings<'_>) -> Cells {
    if !axes.iter().all(Axis::is_sound) || axes.is_empty() {
        return Cells::default();
    }
    let key = Key::from_seed(spec.seed);
    let mut kept = match spec.combine {
        CombineSpec::Grid => grid(axes, found),
        CombineSpec::Zip => zip(axes, found),
        CombineSpec::LatinHypercube(samples) => sampled(axes, samples.samples, found, |axis, _, count| {
            latin(key.named("latinHypercube").named(axis), count)
        }),
        CombineSpec::Sobol(samples) => sampled(axes, samples.samples, found, |axis, dimension, count| {
            shifted(key.named("sobol").named(axis), dimension, count)
        }),
    };
    let all = kept.len();
    for (index, constraint) in spec.constraints.iter().enumerate() {
        let path = format!("constraints[{index}]");
        if let Some(rule) = Rule::read(&path, constraint, axes, found) {
            kept.retain(|cell| rule.keeps(cell, axes));
        }
    }
    if all > 0 && kept.is_empty() {
        let message = format!("every one of {} combinations is left out", suggest::grouped(all as u64));
        found.add(Code::Cells, "constraints", message, "loosen a constraint, or add values");
    }
    let baseline = baseline(&spec.baseline, axes, &kept, found);
    Cells { dropped: (all - kept.len()) as u64, kept, baseline }
}

/// Tells of too many cells.
fn is_too_many(path: &str, count: u64, found: &mut Findings<'_>) -> bool {
    if count > MAX_CELLS {
        let (count, most) = (suggest::grouped(count), suggest::grouped(MAX_CELLS));
        let message = format!("these are {count} combinations, more than {most}");
        found.add(
            Code::TooMuch,
            path,
            message,
            "leave values out, or sample: combine: {sobol: {samples: 64}}",
        );
    }
    count > MAX_CELLS
}

/// Every value with every other; the last axis changes fastest.
fn grid(axes: &[Axis], found: &mut Findings<'_>) -> Vec<Combination> {
    let count = axes.iter().fold(1_u64, |count, axis| count.saturating_mul(axis.nodes.len() as u64));
    if is_too_many("axes", count, found) {
        return Vec::new();
    }
    let mut cells = vec![Vec::new()];
    for axis in axes {
        let longer = |cell: &Combination| {
            let cell = cell.clone();
            (0..axis.nodes.len()).map(move |value| [&cell[..], &[value]].concat())
        };
        cells = cells.iter().flat_map(longer).collect();
    }
    cells
}

/// The first values of all axes, then the second ones, and so on.
fn zip(axes: &[Axis], found: &mut Findings<'_>) -> Vec<Combination> {
    let lengths: Vec<usize> = axes.iter().map(|axis| axis.nodes.len()).collect();
    let Some(odd) = lengths.iter().position(|length| *length != lengths[0]) else {
        return (0..lengths[0]).map(|value| vec![value; axes.len()]).collect();
    };
    let [first, other] = [0, odd].map(|axis| format!("{} on `{}`", lengths[axis], axes[axis].plan.name));
    let message = format!("axes that are zipped have equally many values: here are {first}, and {other}");
    found.add(Code::Cells, "combine", message, "add values, or write combine: grid");
    Vec::new()
}

/// Draws shares of the way along every axis; combinations that come twice are kept once.
fn sampled(
    axes: &mut [Axis],
    samples: u32,
    found: &mut Findings<'_>,
    draw: impl Fn(&str, usize, usize) -> Option<Vec<f64>>,
) -> Vec<Combination> {
    if samples == 0 {
        found.add(Code::Cells, "combine", "no sample is drawn", "write for example samples: 64");
    }
    if samples == 0 || is_too_many("combine", samples.into(), found) {
        return Vec::new();
    }
    let mut cells = vec![Vec::with_capacity(axes.len()); samples as usize];
    for (dimension, axis) in axes.iter_mut().enumerate() {
        let path = axis.plan.path.clone();
        let values = axis.draw(&draw(&path, dimension, samples as usize).unwrap_or_default());
        cells.iter_mut().zip(values).for_each(|(cell, value)| cell.push(value));
    }
    let mut seen = BTreeSet::new();
    cells.retain(|cell| seen.insert(cell.clone()));
    cells
}

/// Draws one share in each of so many equal parts, in random order (McKay, Beckman & Conover, Technometrics 21
/// (1979) 239-245).
fn latin(key: Key, count: usize) -> Option<Vec<f64>> {
    let mut parts: Vec<usize> = (0..count).collect();
    let mut bits = key.child(0).stream();
    for last in (1..count).rev() {
        parts.swap(last, index_below((bits.next_bits() >> 32) as u32, last + 1));
    }
    let within = key.child(1);
    let share = |(index, part): (usize, usize)| {
        (part as f64 + uniform_closed_open(within.draw(index as u64))) / count as f64
    };
    Some(parts.into_iter().enumerate().map(share).collect())
}

/// Returns Sobol' points under a random digital shift, which keeps how evenly they lie and frees them from the
/// origin (Owen, "On dropping the first Sobol' point", 2020).
fn shifted(key: Key, dimension: usize, count: usize) -> Option<Vec<f64>> {
    let shift = (key.draw(0) >> 32) as u32;
    let share = |x: u32| (f64::from(x ^ shift) + 0.5) / 4_294_967_296.0;
    sobol::coordinates(dimension, count).map(|points| points.into_iter().map(share).collect())
}

/// A constraint that can be applied.
enum Rule {
    /// Values, by axis, of those that are left out.
    Exclude(Vec<(usize, Vec<usize>)>),
    /// Factors by axis, and the bounds of the sum.
    Sum { factors: Vec<(usize, f64)>, least: f64, most: f64 },
}

impl Rule {
    fn read(path: &str, spec: &ConstraintSpec, axes: &[Axis], found: &mut Findings<'_>) -> Option<Self> {
        let bounds = [spec.lte, spec.gte].map(|bound| bound.map(super::Quantity::value));
        match (&spec.exclude, &spec.sum, bounds) {
            (Some(labels), None, [None, None]) => {
                Some(Self::Exclude(excluded(&format!("{path}.exclude"), labels, axes, found)?))
            }
            (None, Some(factors), [most, least]) if most.is_some() || least.is_some() => {
                let factors = summed(&format!("{path}.sum"), factors, axes, found)?;
                let (least, most) = (least.unwrap_or(f64::NEG_INFINITY), most.unwrap_or(f64::INFINITY));
                Some(Self::Sum { factors, least, most })
            }
            _ => {
                let message = "a constraint is `exclude`, or `sum` with `lte` or `gte`";
                let remedy = "write for example {sum: {replicas: 1, spare: 2}, lte: 40}";
                found.add(Code::Cells, path, message, remedy);
                None
            }
        }
    }

    fn keeps(&self, cell: &Combination, axes: &[Axis]) -> bool {
        match self {
            Self::Exclude(axes) => !axes.iter().all(|(axis, values)| values.contains(&cell[*axis])),
            Self::Sum { factors, least, most } => {
                let value = |axis: usize| axes[axis].plan.values[cell[axis]].number.unwrap_or(0.0);
                let terms = || factors.iter().map(|&(axis, factor)| factor * value(axis));
                // Rounding drops no combination that lies on the bound.
                let slack = 1e-9 * terms().map(f64::abs).sum::<f64>();
                let sum: f64 = terms().sum();
                sum <= most + slack && sum >= least - slack
            }
        }
    }
}

/// Finds an axis by its name, its short name or its path.
fn axis_of(path: &str, name: &str, axes: &[Axis], found: &mut Findings<'_>) -> Option<usize> {
    let by = |called: fn(&Axis) -> &str| axes.iter().position(|axis| called(axis) == name);
    let index = by(|axis| &axis.plan.name)
        .or_else(|| by(|axis| &axis.plan.short))
        .or_else(|| by(|axis| &axis.plan.path));
    if index.is_none() {
        let message = format!("there is no axis `{}`", suggest::short(name));
        let known = suggest::known(name, axes.iter().map(|axis| axis.plan.short.as_str()));
        found.add(Code::UnknownName, format!("{path}.{name}"), message, known);
    }
    index
}

/// Finds a value of an axis by its label.
fn value_of(path: &str, axis: &Axis, label: &str, found: &mut Findings<'_>) -> Option<usize> {
    let index = axis.find(label);
    if index.is_none() {
        let message = format!("the axis `{}` has no value `{}`", axis.plan.name, suggest::short(label));
        // No number is a slip of another.
        let written = if super::Quantity::parse(label).is_some() { "" } else { label };
        let known = suggest::known(written, axis.plan.values.iter().map(|value| value.label.as_str()));
        found.add(Code::UnknownName, path, message, known);
    }
    index
}

fn excluded(
    path: &str,
    labels: &Named<Labels>,
    axes: &[Axis],
    found: &mut Findings<'_>,
) -> Option<Vec<(usize, Vec<usize>)>> {
    if labels.iter().all(|(_, labels)| labels.0.is_empty()) {
        found.add(
            Code::Cells,
            path,
            "nothing is left out",
            "write for example exclude: {replicas: [10, 12]}",
        );
        return None;
    }
    let mut rows = Vec::new();
    for (name, labels) in labels.iter() {
        let Some(index) = axis_of(path, name, axes, found) else { continue };
        let place = format!("{path}.{name}");
        let values =
            labels.0.iter().filter_map(|label| value_of(&place, &axes[index], label, found)).collect();
        rows.push((index, values));
    }
    (rows.len() == labels.len()).then_some(rows)
}

fn summed(
    path: &str,
    factors: &Named<f64>,
    axes: &[Axis],
    found: &mut Findings<'_>,
) -> Option<Vec<(usize, f64)>> {
    if factors.is_empty() {
        found.add(
            Code::Cells,
            path,
            "there is nothing to sum",
            "write for example sum: {replicas: 1, spare: 2}",
        );
    }
    let mut rows = Vec::new();
    for (name, &factor) in factors.iter() {
        let Some(index) = axis_of(path, name, axes, found) else { continue };
        if axes[index].plan.values.iter().any(|value| value.number.is_none()) {
            let message = format!("the values of `{}` are no quantities of one kind", suggest::short(name));
            found.add(
                Code::Cells,
                format!("{path}.{name}"),
                message,
                "sum axes of numbers, or write exclude",
            );
        } else {
            rows.push((index, factor));
        }
    }
    (rows.len() == factors.len() && !rows.is_empty()).then_some(rows)
}

/// Returns the index of the cell that others are compared with.
fn baseline(
    labels: &Named<super::spec::Label>,
    axes: &[Axis],
    cells: &[Combination],
    found: &mut Findings<'_>,
) -> usize {
    let mut wanted = Vec::new();
    for (name, label) in labels.iter() {
        let Some(axis) = axis_of("baseline", name, axes, found) else { continue };
        let value = value_of(&format!("baseline.{name}"), &axes[axis], &label.0, found);
        wanted.extend(value.map(|value| (axis, value)));
    }
    let found_cell = cells.iter().position(|cell| wanted.iter().all(|&(axis, value)| cell[axis] == value));
    if found_cell.is_none() && wanted.len() == labels.len() && !cells.is_empty() {
        let remedy = "name values that are combined, and that no constraint leaves out";
        found.add(Code::Cells, "baseline", "there is no cell with these values", remedy);
    }
    found_cell.unwrap_or(0)
}
