//! The cells by rank: a row each, its figures as points with their intervals, the baseline marked.

use std::io;

use plotters::element::{PathElement, Rectangle};
use plotters::prelude::{Color, DrawingBackend};
use plotters::style::WHITE;
use plotters::style::text_anchor::HPos;

use super::{Sheet, extent, verdict_look};
use crate::report::charts::Drawing;
use crate::report::charts::axis::Axis;
use crate::report::charts::look::{BLUE, GREY, GRID, INK, MARK, SHADE};
use crate::report::charts::plot::{Area, Drawn, drawn, fitted, scaled, text_width, write};
use crate::report::charts::points::{marker, whisker};
use crate::report::charts::signs::sign;
use crate::report::experiment::Found;
use crate::report::words::{Lang, Word};
use crate::results::Verdict;
use crate::stats::Interval;

/// Rows at most.
const MAX_ROWS: usize = 40;
/// Metrics at most.
const MAX_COLUMNS: usize = 3;
const TITLE: i32 = 15;
const LABEL: i32 = 12;
const LEFT: i32 = 12;
const TOP: i32 = 70;
const ROW: i32 = 22;
const BOTTOM: i32 = 30;
/// Of names, at most.
const NAMES: i32 = 380;
/// Of a metric, and between two of them.
const COLUMN: i32 = 220;
const GAP: i32 = 44;

struct Row {
    name: String,
    verdict: Option<Verdict>,
    is_baseline: bool,
    figures: Vec<Option<Interval>>,
}

struct Column {
    head: String,
    axis: Axis,
    /// The baseline's mean.
    baseline: Option<f64>,
}

struct Ranking {
    title: String,
    names: i32,
    columns: Vec<Column>,
    rows: Vec<Row>,
    lang: Lang,
}

/// Draws the ranking; nothing of a single cell.
pub(super) fn sheet(found: &Found<'_>) -> io::Result<Option<Sheet>> {
    let lang = found.names.lang;
    let ranked = found.ranked();
    if ranked.len() < 2 {
        return Ok(None);
    }
    let ranking = Ranking::of(found, &ranked);
    let size = ranking.size();
    let inside = drawn(size, |area| ranking.draw(area))?;
    let mut remarks = vec![lang.word(Word::RankingOf).to_owned()];
    if let more @ 1.. = ranked.len().saturating_sub(MAX_ROWS) {
        remarks.push(lang.fill(Word::MoreCells, &[&more.to_string()]));
    }
    let title = lang.fill(Word::RankedBy, &[&found.ranked_by()]);
    let picture = Drawing { title: title.clone(), inside, size, at: (0, 0) };
    Ok(Sheet::of("charts/ranking.svg".to_owned(), title, remarks, vec![picture]))
}

impl Ranking {
    fn of(found: &Found<'_>, ranked: &[usize]) -> Self {
        let (names, lang) = (found.names, found.names.lang);
        let baseline = names.plan.baseline;
        // The baseline is always there to be compared with.
        let mut cells: Vec<usize> = ranked.iter().copied().take(MAX_ROWS).collect();
        if !cells.contains(&baseline) && ranked.contains(&baseline) {
            cells.pop();
            cells.push(baseline);
        }
        let mut metrics = found.metrics();
        metrics.truncate(MAX_COLUMNS);
        let judged = found.is_judged();
        let row = |&cell: &usize| {
            let of = &found.rows[cell];
            let rank = of.rank.map_or_else(String::new, |rank| format!("{rank}. "));
            let is_baseline = cell == baseline;
            let mut name = rank + &names.cell(cell);
            if is_baseline {
                name += lang.word(Word::IsBaseline);
            }
            let figures = metrics.iter().map(|&metric| of.figures[metric]).collect();
            Row { name, verdict: judged.then_some(of.verdict), is_baseline, figures }
        };
        let column = |&metric: &usize| {
            let figures: Vec<Interval> =
                cells.iter().filter_map(|&cell| found.rows[cell].figures[metric]).collect();
            let (least, most) = extent(figures.iter());
            let head = names.head(metric);
            // A label may reach into half the gap beside its column.
            let width = |label: &str| f64::from(text_width(label, LABEL) + 6) / f64::from(COLUMN);
            let axis = Axis::spanning(least, most).thinned(width, f64::from(GAP) / f64::from(2 * COLUMN));
            let of_baseline = found.rows[baseline].figures[metric].map(|figure| figure.mean);
            Column { head, axis, baseline: of_baseline.filter(|mean| mean.is_finite()) }
        };
        let rows: Vec<Row> = cells.iter().map(row).collect();
        let widest = rows.iter().map(|row| text_width(&row.name, LABEL)).max().unwrap_or(0);
        Self {
            title: lang.fill(Word::RankedBy, &[&found.ranked_by()]),
            names: widest.min(NAMES) + 24,
            columns: metrics.iter().map(column).collect(),
            rows,
            lang,
        }
    }

    fn size(&self) -> (i32, i32) {
        let columns = self.columns.len() as i32 * (COLUMN + GAP);
        ((LEFT + self.names + columns + 14).max(480), TOP + ROW * self.rows.len() as i32 + BOTTOM)
    }

    fn draw<B: DrawingBackend>(&self, area: &Area<B>) -> Drawn<B> {
        area.fill(&WHITE)?;
        let (width, height) = self.size();
        let title = fitted(&self.title, TITLE, width - 2 * LEFT);
        write(area, &title, (LEFT.into(), 18.0), (TITLE, INK), HPos::Left)?;
        let bottom = f64::from(height - BOTTOM);
        if let Some(i) = self.rows.iter().position(|row| row.is_baseline) {
            let top = f64::from(TOP + ROW * i as i32);
            let corners = [scaled((0.0, top)), scaled((width.into(), top + f64::from(ROW)))];
            area.draw(&Rectangle::new(corners, SHADE.filled()))?;
        }
        for (i, column) in self.columns.iter().enumerate() {
            let left = self.left(i);
            let head = fitted(&column.head, LABEL, COLUMN + GAP - 8);
            write(area, &head, (left, 46.0), (LABEL, GREY), HPos::Left)?;
            for (at, label) in &column.axis.ticks {
                let x = left + at * f64::from(COLUMN);
                let line = vec![scaled((x, TOP.into())), scaled((x, bottom + 4.0))];
                area.draw(&PathElement::new(line, GRID.stroke_width(10)))?;
                write(area, label, (x, bottom + 14.0), (LABEL, GREY), HPos::Center)?;
            }
            if let Some(x) = column.baseline.map(|mean| self.x(i, mean)) {
                let line = vec![scaled((x, TOP.into())), scaled((x, bottom))];
                area.draw(&PathElement::new(line, MARK.stroke_width(12)))?;
            }
        }
        self.rows.iter().enumerate().try_for_each(|(i, row)| self.row(area, i, row))
    }

    fn row<B: DrawingBackend>(&self, area: &Area<B>, index: usize, row: &Row) -> Drawn<B> {
        let y = f64::from(TOP + ROW * index as i32) + f64::from(ROW) / 2.0;
        if let Some(verdict) = row.verdict {
            sign(area, verdict, (f64::from(LEFT) + 6.0, y))?;
        }
        let name = fitted(&row.name, LABEL, self.names - 20);
        write(area, &name, (f64::from(LEFT) + 18.0, y), (LABEL, INK), HPos::Left)?;
        let look = row.verdict.map_or(BLUE, verdict_look);
        for (i, figure) in row.figures.iter().enumerate() {
            let Some(figure) = figure else { continue };
            if figure.mean.is_infinite() {
                let edge = (self.left(i) + f64::from(COLUMN), y);
                write(area, self.lang.word(Word::NoValue), edge, (LABEL - 1, GREY), HPos::Right)?;
                continue;
            }
            if let Some((lo, hi)) = figure.lo.zip(figure.hi) {
                whisker(area, (look, 1.0), [(self.x(i, lo), y), (self.x(i, hi), y)])?;
            }
            marker(area, look, (self.x(i, figure.mean), y))?;
        }
        Ok(())
    }

    fn left(&self, column: usize) -> f64 {
        f64::from(LEFT + self.names + column as i32 * (COLUMN + GAP))
    }

    /// Returns where a value stands; what lies outside is drawn at the edge.
    fn x(&self, column: usize, value: f64) -> f64 {
        self.left(column) + self.columns[column].axis.share(value).clamp(0.0, 1.0) * f64::from(COLUMN)
    }
}
