//! A metric against an axis: a line for every combination of the others, or points with their intervals.

use std::io;

use super::groups::{self, Panel, Series};
use super::{Sheet, extent, is_release_time, plot, titled};
use crate::report::charts::axis::Axis;
use crate::report::charts::look::{LOOKS, Look};
use crate::report::charts::plot::{Bound, Line, Plot};
use crate::report::charts::points::Point;
use crate::report::experiment::Found;
use crate::report::told;
use crate::report::words::Word;
use crate::results::experiment::Unit;
use crate::stats::Interval;

/// From such a factor between the least and the most on, latencies have a logarithmic axis.
const WIDE: f64 = 10.0;

/// Draws every headline against an axis.
pub(super) fn sheet(found: &Found<'_>, axis: usize) -> io::Result<Option<Sheet>> {
    let (names, lang) = (found.names, found.names.lang);
    let grouped = groups::lines(&names, axis);
    let numeric = names.is_numeric(axis);
    let mut remarks =
        vec![lang.word(if numeric && grouped.joined { Word::BandsOf } else { Word::PointsOf }).to_owned()];
    if !grouped.joined {
        remarks.push(lang.word(Word::OthersVary).to_owned());
    }
    if grouped.left_out > 0 {
        remarks.push(lang.fill(Word::LinesLeftOut, &[&grouped.left_out.to_string()]));
    }
    let mut plots = Vec::new();
    // That has a chart of its own.
    let harm = |metric: usize| {
        is_release_time(found, axis) && names.plan.metrics[metric].name.ends_with(".requests_harmed")
    };
    for metric in names.headlines().into_iter().filter(|&metric| !harm(metric)) {
        let chart = Chart { found, axis, metric, joined: numeric && grouped.joined };
        plots.extend(chart.plots(&grouped.panels));
    }
    let infinite = |line: &Line| line.points.iter().any(|point| point.value.is_infinite());
    if plots.iter().flat_map(|plot| &plot.lines).any(infinite) {
        remarks.push(lang.word(Word::BeyondAll).to_owned());
    }
    let title = lang.fill(Word::AgainstAxis, &[&names.plan.axes[axis].short]);
    Sheet::plotted(format!("charts/axis-{}.svg", axis + 1), title, remarks, plots)
}

struct Chart<'a> {
    found: &'a Found<'a>,
    axis: usize,
    metric: usize,
    joined: bool,
}

impl Chart<'_> {
    /// Returns a plot per panel, all of one height; none where nothing was found.
    fn plots(&self, panels: &[Panel]) -> Vec<Plot> {
        let names = self.found.names;
        let all = panels.iter().flat_map(|panel| &panel.series).flat_map(|series| &series.cells);
        let figures: Vec<Interval> = all.filter_map(|&cell| self.figure(cell)).collect();
        if figures.is_empty() {
            return Vec::new();
        }
        let bound = self.bound();
        let (least, most) = extent(figures.iter());
        let (least, most) = bound.as_ref().map_or((least, most), |b| (least.min(b.value), most.max(b.value)));
        let unit = names.plan.metrics[self.metric].unit;
        let log = unit == Unit::Milliseconds && most > WIDE * least && least > 0.0;
        let y = if log { Axis::latency(least, most) } else { Axis::spanning(least, most) };
        let mut said = names.unit(self.metric).to_owned();
        if log {
            said += names.lang.word(Word::LogScale);
        }
        let alone = panels.iter().all(|panel| panel.series.iter().all(|series| series.label.is_empty()));
        let x = groups::across(&names, self.axis, alone);
        let plotted = |panel: &Panel| {
            let title = titled(&names.metric(self.metric), &panel.name);
            let caption = names.plan.axes[self.axis].name.clone();
            let empty = names.lang.word(Word::NothingToShow);
            Plot {
                lines: self.lines(panel, &x),
                bounds: bound.iter().cloned().collect(),
                ..plot(title, said.clone(), (x.clone(), caption), y.clone(), empty)
            }
        };
        panels.iter().map(plotted).collect()
    }

    fn lines(&self, panel: &Panel, x: &Axis) -> Vec<Line> {
        let count = panel.series.len();
        let line = |(i, series): (usize, &Series)| {
            let shift = if count < 2 { 0.0 } else { 2.0 * i as f64 / (count - 1) as f64 - 1.0 };
            self.line(series, LOOKS[i % LOOKS.len()], x, shift)
        };
        panel.series.iter().enumerate().map(line).collect()
    }

    fn line(&self, series: &Series, look: Look, x: &Axis, shift: f64) -> Line {
        let place = |cell| groups::position(&self.found.names, self.axis, x, cell, shift);
        let figures: Vec<(f64, Option<Interval>)> =
            series.cells.iter().map(|&cell| (place(cell), self.figure(cell))).collect();
        let ends = |figure: Interval| figure.lo.zip(figure.hi);
        let mut line = Line { label: series.label.clone(), look, ..Line::default() };
        let known = figures.iter().filter_map(|&(x, figure)| Some((x, figure?)));
        line.points = known
            .map(|(x, figure)| {
                let ends = ends(figure).filter(|_| !self.joined);
                Point { x, value: figure.mean, ends, ..Point::default() }
            })
            .collect();
        if self.joined {
            let finite = |&(_, figure): &(f64, Option<Interval>)| figure.is_some_and(|f| f.mean.is_finite());
            for run in figures.chunk_by(|a, b| finite(a) == finite(b)).filter(|run| finite(&run[0])) {
                let known = run.iter().filter_map(|&(x, figure)| Some((x, figure?)));
                line.runs.push(known.clone().map(|(x, figure)| (x, figure.mean)).collect());
                line.bands.push(known.filter_map(|(x, f)| ends(f).map(|(lo, hi)| (x, lo, hi))).collect());
            }
        }
        line
    }

    fn figure(&self, cell: usize) -> Option<Interval> {
        self.found.rows[cell].figures[self.metric]
    }

    /// Returns the bound of the objective whose value is drawn, where all cells have the same.
    fn bound(&self) -> Option<Bound> {
        let plan = self.found.names.plan;
        let name = plan.metrics[self.metric].name.strip_prefix("objectives.")?;
        let objective = plan.objectives.iter().position(|known| known == name)?;
        let mut goals =
            plan.cells.iter().filter_map(|cell| cell.objectives[objective].as_ref()).map(|o| &o.goal);
        let first = goals.next()?;
        let label = told::goal(first, self.found.names.lang);
        goals.all(|goal| goal == first).then(|| Bound { label, value: first.bound(), from: 0.0, to: 1.0 })
    }
}
