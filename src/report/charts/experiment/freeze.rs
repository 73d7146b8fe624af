//! What a release harms by the time at which it is rolled out.

use std::io;

use super::groups;
use super::{Sheet, extent, plot, titled};
use crate::report::charts::axis::Axis;
use crate::report::charts::look::{BLACK, SKY};
use crate::report::charts::plot::{Layer, Line, Plot, text_width};
use crate::report::charts::points::Point;
use crate::report::experiment::Found;
use crate::report::words::Word;
use crate::stats::Interval;

/// The width of the plotting area beside no labels, in pixels.
const ROOM: f64 = 640.0;
/// The share of its part that a bar takes.
const BAR: f64 = 0.7;

/// A time of a release, and what was harmed.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report) struct Hour {
    /// As it is written.
    pub(in crate::report) label: String,
    /// Requests harmed.
    pub(in crate::report) harmed: Interval,
}

/// The times of a release with the other axes at some values.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report) struct Hours {
    /// The values of the other axes.
    pub(in crate::report) part: String,
    /// Which metric counts the requests harmed.
    pub(in crate::report) metric: usize,
    /// In order of time.
    pub(in crate::report) hours: Vec<Hour>,
}

impl Hours {
    /// Returns the indices of the least and of the most harm; of equals the first.
    pub(in crate::report) fn ends(&self) -> Option<(usize, usize)> {
        let harm = |&index: &usize| self.hours[index].harmed.mean;
        let all = || 0..self.hours.len();
        let least = all().min_by(|a, b| harm(a).total_cmp(&harm(b)))?;
        let most = all().rev().max_by(|a, b| harm(a).total_cmp(&harm(b)))?;
        (harm(&least) < harm(&most)).then_some((least, most))
    }
}

/// Tells whether an axis is the time of a release.
pub(in crate::report) fn is_release_time(found: &Found<'_>, axis: usize) -> bool {
    let path = &found.names.plan.axes[axis].path;
    path.starts_with("releases") && path.ends_with(".at")
}

/// Returns the requests harmed by time, for every combination of the other axes; for every release where the path
/// does not say by its place which one it is.
pub(in crate::report) fn hours(found: &Found<'_>, axis: usize) -> Vec<Hours> {
    let names = found.names;
    let of_axis = &names.plan.axes[axis];
    let harm = |&metric: &usize| {
        let name = &names.plan.metrics[metric].name;
        name.starts_with("releases.") && name.ends_with(".requests_harmed")
    };
    // Of every release there is one that is a headline, in the order of the file.
    let metrics: Vec<usize> = names.headlines().into_iter().filter(harm).collect();
    let inside = of_axis.path.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    let own = inside.and_then(|(index, _)| metrics.get(index.parse::<usize>().ok()?..)?.first());
    let metrics = own.map_or(metrics.clone(), |own| vec![*own]);
    let of_part = |(part, cells): &(String, Vec<usize>), metric: usize| {
        let hour = |cell: &usize| {
            let label = of_axis.values[names.plan.cells[*cell].at[axis]].label.clone();
            Some(Hour { label, harmed: found.rows[*cell].figures[metric]? })
        };
        Hours { part: part.clone(), metric, hours: cells.iter().filter_map(hour).collect() }
    };
    let parts = groups::along(&names, axis);
    let all = metrics.iter().flat_map(|&metric| parts.iter().map(move |part| of_part(part, metric)));
    all.filter(|hours| hours.hours.len() > 1).collect()
}

/// Draws what is harmed by time.
pub(super) fn sheet(found: &Found<'_>, axis: usize) -> io::Result<Option<Sheet>> {
    let lang = found.names.lang;
    let all = hours(found, axis);
    let (_, most) = extent(all.iter().flat_map(|hours| &hours.hours).map(|hour| &hour.harmed));
    let plots = all.iter().map(|hours| bars(found, axis, hours, Axis::linear(most)));
    let title = lang.word(Word::HarmByTime).to_owned();
    let remarks = vec![lang.word(Word::HarmOf).to_owned()];
    Sheet::plotted(format!("charts/freeze-{}.svg", axis + 1), title, remarks, plots.collect())
}

fn bars(found: &Found<'_>, axis: usize, hours: &Hours, y: Axis) -> Plot {
    let (names, lang) = (found.names, found.names.lang);
    let count = hours.hours.len();
    let place = |i: usize| (i as f64 + 0.5) / count as f64;
    let bar = |(i, hour): (usize, &Hour)| {
        let half = BAR / 2.0 / count as f64;
        [place(i) - half, place(i) + half].map(|x| (x, 0.0, hour.harmed.mean)).to_vec()
    };
    let ends = hours.ends();
    let label = |i: usize, hour: &Hour| {
        let value = names.bare(hours.metric, hour.harmed.mean);
        match ends {
            Some((least, _)) if least == i => lang.fill(Word::LeastIs, &[&value]),
            Some((_, most)) if most == i => lang.fill(Word::MostIs, &[&value]),
            _ => String::new(),
        }
    };
    let point = |(i, hour): (usize, &Hour)| Point {
        x: place(i),
        value: hour.harmed.mean,
        ends: hour.harmed.lo.zip(hour.harmed.hi),
        label: label(i, hour),
        ..Point::default()
    };
    let x = Axis::categories(hours.hours.iter().map(|hour| (hour.label.clone(), String::new())))
        .thinned(|label| f64::from(text_width(label, 12) + 8) / ROOM, f64::INFINITY);
    let layer =
        Layer { label: String::new(), look: SKY, bands: hours.hours.iter().enumerate().map(bar).collect() };
    let points = hours.hours.iter().enumerate().map(point).collect();
    let title = titled(&names.metric(hours.metric), &hours.part);
    let unit = lang.word(Word::ExpectedHarm).to_owned();
    let caption = names.plan.axes[axis].name.clone();
    Plot {
        layers: vec![layer],
        lines: vec![Line { look: BLACK, points, ..Line::default() }],
        ..plot(title, unit, (x, caption), y, lang.word(Word::NothingToShow))
    }
}
