//! Which cells stand together: those that differ in one axis make a line, lines of one kind a picture.

use std::collections::BTreeMap;

use crate::report::charts::axis::Axis;
use crate::report::charts::plot::{fitted, text_width};
use crate::report::experiment::{Names, parts};

/// Lines that can be told apart in a picture.
pub(super) const MAX_LINES: usize = 8;
/// The width of a plotting area, in pixels, beside labels of usual length, and beside none.
const ROOM: i32 = 450;
const ROOM_ALONE: i32 = 600;
/// The widest label of a number.
const WIDEST: i32 = 100;
const LABEL: i32 = 12;

/// Cells that differ in one axis, in the order of that axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Series {
    pub(super) label: String,
    pub(super) cells: Vec<usize>,
}

/// A picture.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Panel {
    pub(super) name: String,
    pub(super) series: Vec<Series>,
}

/// The pictures that some axes make.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Grouped {
    pub(super) panels: Vec<Panel>,
    /// Whether the cells of a line differ in its axis alone; else others change along with it.
    pub(super) joined: bool,
    /// How many lines are left out.
    pub(super) left_out: usize,
}

/// Groups all cells by the axes beside one.
pub(super) fn lines(names: &Names<'_>, axis: usize) -> Grouped {
    let mut others: Vec<usize> = names.varied();
    others.retain(|&other| other != axis);
    let order = |cells: &mut Vec<usize>| in_order(names, axis, cells);
    if !others.is_empty() && split(names, &others).iter().all(|(_, cells)| cells.len() == 1) {
        let mut cells: Vec<usize> = (0..names.plan.cells.len()).collect();
        order(&mut cells);
        let series = vec![Series { label: String::new(), cells }];
        return Grouped { panels: vec![Panel { name: String::new(), series }], joined: false, left_out: 0 };
    }
    // The last axes make pictures where all lines do not go into one.
    let mut kept = others.len();
    while kept > 1 && split(names, &others[..kept]).len() > MAX_LINES {
        kept -= 1;
    }
    let (along, across) = others.split_at(kept);
    let mut left_out = 0;
    let panel = |(at, cells): (Vec<usize>, Vec<usize>)| {
        let mut series: Vec<Series> = group(names, along, &cells)
            .into_iter()
            .map(|(at, mut cells)| {
                order(&mut cells);
                Series { label: named(names, along, &at), cells }
            })
            .collect();
        left_out += series.len().saturating_sub(MAX_LINES);
        series.truncate(MAX_LINES);
        Panel { name: named(names, across, &at), series }
    };
    let panels = split(names, across).into_iter().map(panel).collect();
    Grouped { panels, joined: true, left_out }
}

/// Returns the cells that differ in one axis alone, in its order, by the names of their values on the others.
pub(super) fn along(names: &Names<'_>, axis: usize) -> Vec<(String, Vec<usize>)> {
    let mut others = names.varied();
    others.retain(|&other| other != axis);
    let part = |(at, mut cells): (Vec<usize>, Vec<usize>)| {
        in_order(names, axis, &mut cells);
        (named(names, &others, &at), cells)
    };
    split(names, &others).into_iter().map(part).collect()
}

/// Sorts cells by their values on an axis: numbers by size, others as in the file.
fn in_order(names: &Names<'_>, axis: usize, cells: &mut [usize]) {
    let at = |cell: &usize| names.plan.cells[*cell].at[axis];
    let number = |cell: &usize| names.plan.axes[axis].values[at(cell)].number.unwrap_or(0.0);
    cells.sort_by(|a, b| number(a).total_cmp(&number(b)).then(at(a).cmp(&at(b))));
}

/// Returns the cells by their values on some axes.
pub(super) fn split(names: &Names<'_>, axes: &[usize]) -> Vec<(Vec<usize>, Vec<usize>)> {
    group(names, axes, &(0..names.plan.cells.len()).collect::<Vec<_>>())
}

fn group(names: &Names<'_>, axes: &[usize], cells: &[usize]) -> Vec<(Vec<usize>, Vec<usize>)> {
    let mut groups: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
    for &cell in cells {
        let at = axes.iter().map(|&axis| names.plan.cells[cell].at[axis]).collect();
        groups.entry(at).or_default().push(cell);
    }
    groups.into_iter().collect()
}

/// Names the values of some axes.
pub(super) fn named(names: &Names<'_>, axes: &[usize], at: &[usize]) -> String {
    let value = |(&axis, &at): (&usize, &usize)| names.value(axis, at);
    axes.iter().zip(at).map(value).collect::<Vec<_>>().join(", ")
}

/// Returns the axis across on which the values of an axis stand: numbers where they are, words side by side.
pub(super) fn across(names: &Names<'_>, axis: usize, alone: bool) -> Axis {
    let room = if alone { ROOM_ALONE } else { ROOM };
    let values = &names.plan.axes[axis].values;
    let known = values.iter().filter_map(|value| Some((value.number?, fitted(&value.label, LABEL, WIDEST))));
    let mut numbers: Vec<(f64, String)> = known.collect();
    if numbers.len() == values.len() {
        numbers.sort_by(|a, b| a.0.total_cmp(&b.0));
        return Axis::values(&numbers, |label| f64::from(text_width(label, LABEL) + 10) / f64::from(room));
    }
    let width = room / values.len().max(1) as i32 - 6;
    let rows = |label: &str| {
        let (name, more) = parts(label);
        (fitted(name, LABEL, width), fitted(more, LABEL - 1, width))
    };
    Axis::categories(values.iter().map(|value| rows(&value.label)))
}

/// Returns where a cell stands on the axis across; `shift` (-1 to 1) sets words of one value apart.
pub(super) fn position(names: &Names<'_>, axis: usize, across: &Axis, cell: usize, shift: f64) -> f64 {
    let at = names.plan.cells[cell].at[axis];
    let values = &names.plan.axes[axis].values;
    match values[at].number.filter(|_| names.is_numeric(axis)) {
        Some(number) => across.share(number),
        None => (at as f64 + 0.5 + 0.3 * shift) / values.len() as f64,
    }
}
