//! What each chart of an experiment shows. Which are drawn follows from the plan:
//!
//! | file | where |
//! |---|---|
//! | `charts/ranking.svg` | there are two cells or more |
//! | `charts/heat.svg` | the first two axes that are varied make a grid |
//! | `charts/axis-N.svg` | the axis has two values or more |
//! | `charts/cost-risk.svg` | there are objectives and costs, or server hours |
//! | `charts/holds-N.svg` | the axis is numeric, and there are objectives |
//! | `charts/freeze-N.svg` | the axis is the time of a release |
//!
//! N is the number of the axis in the file, from 1. `size.rs` draws searches for a size.

mod against;
mod freeze;
mod groups;
mod heat;
mod holds;
mod ranking;
mod risk;
mod size;

use std::io;

pub(in crate::report) use freeze::{Hour, hours, is_release_time};
pub(in crate::report) use holds::loads;
pub(in crate::report) use size::size_chart;

use super::axis::Axis;
use super::look::Look;
use super::plot::{self, HEIGHT, Plot, WIDTH, fitted};
use super::{Drawing, placed};
use crate::report::experiment::Found;
use crate::stats::Interval;

/// Where more pictures than this make a sheet, they stand in two columns.
const ONE_COLUMN: usize = 2;
/// The widest caption of an axis, beside the widest labels, in pixels.
const CAPTION: i32 = 440;
/// Pictures of a sheet.
const MAX_PICTURES: usize = 24;

/// A chart of an experiment: a file, and the pictures in it.
#[derive(Clone, Debug)]
pub(in crate::report) struct Sheet {
    /// The name of the file.
    pub(in crate::report) file: String,
    pub(in crate::report) title: String,
    pub(in crate::report) remarks: Vec<String>,
    pub(in crate::report) pictures: Vec<Drawing>,
}

impl Sheet {
    /// Returns the file.
    pub(in crate::report) fn svg(&self, found: &Found<'_>) -> Vec<u8> {
        // A single picture says it itself.
        let title = Some(&self.title).filter(|title| self.pictures.iter().all(|one| one.title != **title));
        let remarks: Vec<&str> = title.into_iter().chain(&self.remarks).map(String::as_str).collect();
        placed(found.name(), &self.title, &remarks, &self.pictures)
    }

    /// Returns how wide it is, in pixels.
    pub(in crate::report) fn width(&self) -> i32 {
        self.pictures.iter().map(|picture| picture.at.0 + picture.size.0).max().unwrap_or(WIDTH)
    }

    /// Places pictures in rows, of two where they are many.
    fn of(file: String, title: String, remarks: Vec<String>, mut pictures: Vec<Drawing>) -> Option<Self> {
        pictures.truncate(MAX_PICTURES);
        let columns = if pictures.len() > ONE_COLUMN { 2 } else { 1 };
        let mut top = 0;
        for row in pictures.chunks_mut(columns) {
            let mut left = 0;
            for picture in row.iter_mut() {
                picture.at = (left, top);
                left += picture.size.0;
            }
            top += row.iter().map(|picture| picture.size.1).max().unwrap_or(0);
        }
        (!pictures.is_empty()).then_some(Self { file, title, remarks, pictures })
    }

    /// Draws plots.
    fn plotted(
        file: String,
        title: String,
        remarks: Vec<String>,
        plots: Vec<Plot>,
    ) -> io::Result<Option<Self>> {
        let drawing = |plot: Plot| {
            let inside = plot::draw(&plot)?;
            Ok(Drawing { title: plot.title, inside, size: (WIDTH, HEIGHT), at: (0, 0) })
        };
        let pictures = plots.into_iter().take(MAX_PICTURES).map(drawing).collect::<io::Result<Vec<_>>>()?;
        Ok(Self::of(file, title, remarks, pictures))
    }
}

/// Draws every chart of an experiment.
///
/// # Errors
///
/// Where plotters cannot write, which does not happen in memory.
pub(in crate::report) fn sheets(found: &Found<'_>) -> io::Result<Vec<Sheet>> {
    let varied = found.names.varied();
    let mut sheets = vec![ranking::sheet(found)?, heat::sheet(found)?];
    for &axis in varied.iter().filter(|&&axis| is_release_time(found, axis)) {
        sheets.push(freeze::sheet(found, axis)?);
    }
    for &axis in &varied {
        sheets.push(against::sheet(found, axis)?);
    }
    sheets.push(risk::sheet(found)?);
    for &axis in varied.iter().filter(|&&axis| found.names.is_numeric(axis)) {
        sheets.push(holds::sheet(found, axis)?);
    }
    Ok(sheets.into_iter().flatten().collect())
}

/// Returns a plot that shows nothing yet.
fn plot(title: String, unit: String, (x, x_caption): (Axis, String), y: Axis, empty: &'static str) -> Plot {
    Plot {
        title,
        unit,
        x,
        x_caption: fitted(&x_caption, 11, CAPTION),
        y,
        warmup: None,
        lines: Vec::new(),
        layers: Vec::new(),
        bounds: Vec::new(),
        marks: Vec::new(),
        wrong: (Vec::new(), ""),
        empty,
        edges: None,
    }
}

/// Returns the least and the most of some figures and their intervals; of intervals no more than half as much again.
fn extent<'i>(figures: impl Iterator<Item = &'i Interval> + Clone) -> (f64, f64) {
    let means = figures.clone().map(|figure| figure.mean).filter(|mean| mean.is_finite());
    let (least, most) =
        means.fold((f64::INFINITY, 0.0), |(lo, hi): (f64, f64), mean| (lo.min(mean), hi.max(mean)));
    let ends = figures.filter_map(|figure| figure.lo.zip(figure.hi));
    let (lo, hi) = ends.fold((least, most), |(lo, hi): (f64, f64), end| (lo.min(end.0), hi.max(end.1)));
    (lo.max(least / 1.5).min(least), hi.min(1.5 * most))
}

/// Returns the title of a picture: what it shows, and of which part.
fn titled(what: &str, part: &str) -> String {
    if part.is_empty() { what.to_owned() } else { format!("{what} \u{b7} {part}") }
}

/// Returns the look of a verdict, the same in every chart.
fn verdict_look(verdict: crate::results::Verdict) -> Look {
    use crate::results::Verdict;
    match verdict {
        Verdict::Pass => super::look::GREEN,
        Verdict::Inconclusive => super::look::ORANGE,
        Verdict::Fail => super::look::VERMILLION,
    }
}

#[cfg(test)]
mod tests;
