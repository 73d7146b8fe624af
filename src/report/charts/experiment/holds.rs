//! The share of days on which objectives hold, against a numeric axis, and where it ends.

use std::io;

use super::groups::{self, named};
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
    let mut others = names.varied();
    others.retain(|&other| other != axis);
    let groups = groups::split(&names, &others);
    // Where other axes change along there is no line to follow.
    let groups: Vec<_> = groups.into_iter().filter(|(_, cells)| cells.len() > 1).collect();
    let plots = groups.iter().map(|(at, cells)| {
        let part = named(&names, &others, at);
        holds(found, axis, cells, &part)
    });
    let of_axis = &names.plan.axes[axis];
    let title = if of_axis.path == LOAD { Word::LoadHolds } else { Word::AxisHolds };
    let title = lang.fill(title, &[&of_axis.short]);
    let remarks = vec![lang.word(Word::HoldsOf).to_owned()];
    Sheet::plotted(format!("charts/holds-{}.svg", axis + 1), title, remarks, plots.collect())
}

fn holds(found: &Found<'_>, axis: usize, cells: &[usize], part: &str) -> Plot {
    let (names, lang) = (found.names, found.names.lang);
    let plan = names.plan;
    let across = groups::across(&names, axis, false);
    let mut cells = cells.to_vec();
    let number = |cell: usize| plan.axes[axis].values[plan.cells[cell].at[axis]].number.unwrap_or(0.0);
    cells.sort_by(|&a, &b| number(a).total_cmp(&number(b)));
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
    let verdicts: Vec<(f64, Verdict)> =
        cells.iter().map(|&cell| (number(cell), found.rows[cell].verdict)).collect();
    let label = |at: f64| {
        let value = plan.axes[axis].values.iter().find(|value| value.number == Some(at));
        value.map_or_else(String::new, |value| value.label.clone())
    };
    let mark = edge(&verdicts)
        .map(|(at, word)| Mark { at: across.share(at), label: lang.fill(word, &[&label(at)]) });
    let caption = plan.axes[axis].name.clone();
    let title = titled(lang.word(Word::DaysHeld), part);
    let y = Axis::linear(100.0).in_percent();
    Plot {
        lines: lines.collect(),
        bounds: demanded(found, &cells),
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

/// Returns the value at which holding ends or begins, going up; `None` where it does neither, or more than once.
pub(in crate::report) fn edge(verdicts: &[(f64, Verdict)]) -> Option<(f64, Word)> {
    let holds = |entry: &(f64, Verdict)| entry.1 == Verdict::Pass;
    let mut parts = verdicts.chunk_by(|a, b| holds(a) == holds(b));
    let (first, second) = (parts.next()?, parts.next()?);
    match (holds(&first[0]), parts.next()) {
        (_, Some(_)) => None,
        (true, None) => first.last().map(|entry| (entry.0, Word::LastThatHolds)),
        (false, None) => second.first().map(|entry| (entry.0, Word::FirstThatHolds)),
    }
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
