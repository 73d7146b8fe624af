//! The share of days on which objectives hold, against a numeric axis, and where it ends.

use std::io;

use super::groups;
use super::{Sheet, plot, titled};
use crate::report::charts::axis::Axis;
use crate::report::charts::look::{LOOKS, Look};
use crate::report::charts::marks::Mark;
use crate::report::charts::plot::{Bound, Line, Plot};
use crate::report::charts::points::Point;
use crate::report::experiment::Found;
use crate::report::number::plain;
use crate::report::words::Word;
use crate::results::Verdict;

/// Where the path of an axis leads that multiplies all traffic.
const LOAD: &str = "run.load";

/// Draws the share of days on which objectives hold, a picture for every combination of the other axes.
pub(super) fn sheet(found: &Found<'_>, axis: usize) -> io::Result<Option<Sheet>> {
    let (names, lang) = (found.names, found.names.lang);
    if names.plan.objectives.is_empty() {
        return Ok(None);
    }
    // Where other axes change along there is no line to follow.
    let parts = groups::along(&names, axis).into_iter().filter(|(_, cells)| cells.len() > 1);
    let plots = parts.map(|(part, cells)| holds(found, axis, &cells, &part)).collect();
    let of_axis = &names.plan.axes[axis];
    let title = if of_axis.path == LOAD { Word::LoadHolds } else { Word::AxisHolds };
    let title = lang.fill(title, &[&of_axis.short]);
    let remarks = vec![lang.word(Word::HoldsOf).to_owned()];
    Sheet::plotted(format!("charts/holds-{}.svg", axis + 1), title, remarks, plots)
}

/// Says up to which load all objectives hold, for every combination of the other axes.
pub(in crate::report) fn loads(found: &Found<'_>) -> Vec<String> {
    let (names, lang) = (found.names, found.names.lang);
    let load = names.varied().into_iter().find(|&axis| names.plan.axes[axis].path == LOAD);
    let Some(axis) = load.filter(|_| found.is_judged()) else { return Vec::new() };
    let told = |(part, cells): (String, Vec<usize>)| {
        let verdicts: Vec<Verdict> = cells.iter().map(|&cell| found.rows[cell].verdict).collect();
        let name = |index: usize| names.value(axis, names.plan.cells[cells[index]].at[axis]);
        let said = match (edge(&verdicts), verdicts.iter().all(|verdict| *verdict == Verdict::Pass)) {
            (Some((index, Word::LastThatHolds)), _) => lang.fill(Word::HoldsUpTo, &[&name(index)]),
            (None, true) => lang.fill(Word::HoldsAtAll, &[&name(cells.len() - 1)]),
            _ if !verdicts.contains(&Verdict::Pass) => lang.word(Word::HoldsAtNone).to_owned(),
            _ => lang.word(Word::HoldsAtSome).to_owned(),
        };
        if part.is_empty() { said } else { format!("{part}: {said}") }
    };
    let parts = groups::along(&names, axis).into_iter().filter(|(_, cells)| cells.len() > 1);
    parts.map(told).collect()
}

fn holds(found: &Found<'_>, axis: usize, cells: &[usize], part: &str) -> Plot {
    let (names, lang) = (found.names, found.names.lang);
    let plan = names.plan;
    let across = groups::across(&names, axis, false);
    let number = |cell: usize| plan.axes[axis].values[plan.cells[cell].at[axis]].number.unwrap_or(0.0);
    let line = |(objective, look): (usize, Look)| {
        let shares = cells.iter().filter_map(|&cell| {
            let of = found.rows[cell].objectives[objective].as_ref()?;
            Some((across.share(number(cell)), [of.share, of.lo, of.hi].map(|share| 100.0 * share)))
        });
        let shares: Vec<(f64, [f64; 3])> = shares.collect();
        Line {
            label: plan.objectives[objective].clone(),
            look,
            runs: vec![shares.iter().map(|&(x, [share, ..])| (x, share)).collect()],
            bands: vec![shares.iter().map(|&(x, [_, lo, hi])| (x, lo, hi)).collect()],
            points: shares.iter().map(|&(x, [value, ..])| Point { x, value, ..Point::default() }).collect(),
            ..Line::default()
        }
    };
    let lines = (0..plan.objectives.len()).zip(LOOKS).map(line).filter(|line| !line.points.is_empty());
    let verdicts: Vec<Verdict> = cells.iter().map(|&cell| found.rows[cell].verdict).collect();
    let mark = edge(&verdicts).map(|(index, word)| {
        let label = &plan.axes[axis].values[plan.cells[cells[index]].at[axis]].label;
        Mark { at: across.share(number(cells[index])), label: lang.fill(word, &[label]) }
    });
    let caption = plan.axes[axis].name.clone();
    let title = titled(lang.word(Word::DaysHeld), part);
    let y = Axis::linear(100.0).in_percent();
    Plot {
        lines: lines.collect(),
        bounds: demanded(found, cells),
        marks: mark.into_iter().collect(),
        ..plot(
            title,
            lang.word(Word::ShareOfDays).to_owned(),
            (across, caption),
            y,
            lang.word(Word::NothingToShow),
        )
    }
}

/// Returns where holding ends or begins, going up; `None` where it does neither, or more than once.
pub(super) fn edge(verdicts: &[Verdict]) -> Option<(usize, Word)> {
    let holds = |verdict: &Verdict| *verdict == Verdict::Pass;
    let mut parts = verdicts.chunk_by(|a, b| holds(a) == holds(b));
    let (first, _, None) = (parts.next()?, parts.next()?, parts.next()) else { return None };
    Some(match holds(&first[0]) {
        true => (first.len() - 1, Word::LastThatHolds),
        false => (first.len(), Word::FirstThatHolds),
    })
}

/// Returns the shares that are demanded, each once.
fn demanded(found: &Found<'_>, cells: &[usize]) -> Vec<Bound> {
    let plan = found.names.plan;
    let all = cells.iter().flat_map(|&cell| plan.cells[cell].objectives.iter().flatten());
    let mut shares: Vec<f64> = all.filter_map(|objective| objective.holds_in).collect();
    shares.sort_by(f64::total_cmp);
    shares.dedup();
    let bound = |share: f64| {
        let value = 100.0 * share;
        let label = found.names.lang.fill(Word::Demanded, &[&plain((value * 1e6).round() / 1e6)]);
        Bound { label, value, from: 0.0, to: 1.0 }
    };
    shares.into_iter().map(bound).collect()
}
