//! What a cell costs against the risk that an objective fails, and the cells that no other beats in both.

use std::io;

use super::{Sheet, extent, plot, verdict_look};
use crate::report::charts::axis::Axis;
use crate::report::charts::look::BLUE;
use crate::report::charts::plot::{Line, Plot};
use crate::report::charts::points::Point;
use crate::report::experiment::Found;
use crate::report::words::Word;
use crate::results::Verdict;
use crate::stats::Interval;

/// Cells of the front that are named.
const MAX_NAMED: usize = 8;

/// A cell in the chart.
struct Cell {
    cell: usize,
    cost: Interval,
    /// In percent.
    risk: Interval,
}

/// Draws cost against risk; nothing without objectives or costs.
pub(super) fn sheet(found: &Found<'_>) -> io::Result<Option<Sheet>> {
    let (names, lang) = (found.names, found.names.lang);
    let Some(price) = names.plan.outlay().filter(|_| !names.plan.objectives.is_empty()) else {
        return Ok(None);
    };
    let known = |cell: usize| {
        let cost = found.rows[cell].figures[price].filter(|cost| cost.mean.is_finite())?;
        Some(Cell { cell, cost, risk: found.risk(cell)? })
    };
    let cells: Vec<Cell> = (0..names.plan.cells.len()).filter_map(known).collect();
    if cells.len() < 2 {
        return Ok(None);
    }
    let (least, most) = extent(cells.iter().map(|cell| &cell.cost));
    let x = Axis::around(0.95 * least, 1.05 * most);
    let highest = cells.iter().map(|cell| cell.risk.hi.unwrap_or(cell.risk.mean)).fold(0.0, f64::max);
    let y = Axis::linear(highest.min(100.0)).in_percent();
    let point = |of: &Cell| Point {
        x: x.share(of.cost.mean),
        value: of.risk.mean,
        ends: of.risk.lo.zip(of.risk.hi),
        across: of.cost.lo.zip(of.cost.hi).map(|(lo, hi)| (x.share(lo), x.share(hi))),
        label: String::new(),
        is_faint: !found.rows[of.cell].pareto,
    };
    let mut front: Vec<&Cell> = cells.iter().filter(|of| found.rows[of.cell].pareto).collect();
    front.sort_by(|a, b| a.cost.mean.total_cmp(&b.cost.mean));
    // The safest are the ones that somebody would choose.
    let named: Vec<usize> = front.iter().rev().take(MAX_NAMED).map(|of| of.cell).collect();
    let of_verdict = |verdict: Verdict| {
        let own = cells.iter().filter(|of| found.rows[of.cell].verdict == verdict);
        let points = own.map(|of| Point {
            label: if named.contains(&of.cell) { names.cell(of.cell) } else { String::new() },
            ..point(of)
        });
        let label = lang.word(Found::word(verdict)).to_owned();
        Line { label, look: verdict_look(verdict), points: points.collect(), ..Line::default() }
    };
    let mut lines = vec![Line {
        label: lang.word(Word::Front).to_owned(),
        look: BLUE,
        runs: vec![steps(&front, &x)],
        ..Line::default()
    }];
    lines.extend([Verdict::Pass, Verdict::Inconclusive, Verdict::Fail].map(of_verdict));
    let title = lang.word(Word::CostRisk).to_owned();
    let unit = lang.word(Word::ShareFailing).to_owned();
    let caption = lang.fill(Word::PerDay, &[&names.head(price)]);
    let drawn =
        Plot { lines, ..plot(title.clone(), unit, (x.clone(), caption), y, lang.word(Word::NothingToShow)) };
    let remarks = vec![lang.word(Word::FrontOf).to_owned()];
    Sheet::plotted("charts/cost-risk.svg".to_owned(), title, remarks, vec![drawn])
}

/// Returns the steps of the front: between two cells the risk is that of the cheaper one.
fn steps(front: &[&Cell], x: &Axis) -> Vec<(f64, f64)> {
    let mut run: Vec<(f64, f64)> = Vec::new();
    for of in front {
        let at = x.share(of.cost.mean);
        run.extend(run.last().map(|&(_, risk)| (at, risk)));
        run.push((at, of.risk.mean));
    }
    run
}
