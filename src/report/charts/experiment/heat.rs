//! Heat maps over two axes: a metric as colour and as a number, and the verdict as a sign and a pattern.

use std::io;

use plotters::element::{PathElement, Rectangle};
use plotters::prelude::{Color, DrawingBackend, RGBColor};
use plotters::style::WHITE;
use plotters::style::text_anchor::HPos;

use super::groups::{named, split};
use super::{Sheet, titled};
use crate::report::charts::Drawing;
use crate::report::charts::look::{GREY, INK};
use crate::report::charts::plot::{Area, Drawn, WIDTH, drawn, fitted, scaled, text_width, write};
use crate::report::charts::signs::signed;
use crate::report::experiment::{Found, parts};
use crate::report::words::{Lang, Word};
use crate::results::Verdict;

/// Columns and rows at most: with more, numbers cannot be read.
const MAX_COLUMNS: usize = 16;
const MAX_ROWS: usize = 24;
/// The least share of a grid that has cells: of points drawn at random it is none.
const FILLED: f64 = 0.5;
const TITLE: i32 = 15;
const LABEL: i32 = 12;
const SIDE: i32 = 12;
/// Of the first row.
const TOP: i32 = 56;
const ROW: i32 = 40;
/// The widest column, and the widest name of a row.
const WIDEST: i32 = 120;
const MAX_NAME: i32 = 170;
/// Below the last row: names of columns, the axis, and what colours and signs mean.
const BOTTOM: i32 = 98;
const RAMP: i32 = 120;
/// From the least to the most: pale enough for dark text. Shades of one colour (Brewer's Blues) differ in
/// lightness, and so for everybody.
const PALE: (f64, f64, f64) = (247.0, 251.0, 255.0);
const DEEP: (f64, f64, f64) = (107.0, 174.0, 214.0);

/// A cell of the map.
struct Tile {
    value: f64,
    text: String,
    verdict: Option<Verdict>,
}

struct Heat {
    title: String,
    unit: String,
    columns: Vec<String>,
    rows: Vec<String>,
    captions: [String; 2],
    /// Row by row; `None` where there is no such cell.
    tiles: Vec<Option<Tile>>,
    /// The least and the most of the scale, and how they are written.
    scale: [(f64, String); 2],
    judged: bool,
    lang: Lang,
}

/// Draws the headlines over the first two axes that are varied, a numeric one across.
pub(super) fn sheet(found: &Found<'_>) -> io::Result<Option<Sheet>> {
    let (names, lang) = (found.names, found.names.lang);
    let varied = names.varied();
    let &[first, second, ..] = &varied[..] else { return Ok(None) };
    let (x, y) =
        if names.is_numeric(first) || !names.is_numeric(second) { (first, second) } else { (second, first) };
    let count = |axis: usize| names.plan.axes[axis].values.len();
    let others: Vec<usize> = varied.iter().copied().filter(|axis| ![x, y].contains(axis)).collect();
    let parts = split(&names, &others);
    let filled = names.plan.cells.len() as f64 / (count(x) * count(y) * parts.len()) as f64;
    if count(x) > MAX_COLUMNS || count(y) > MAX_ROWS || filled < FILLED {
        return Ok(None);
    }
    let mut pictures = Vec::new();
    for metric in names.headlines() {
        for (at, cells) in &parts {
            let heat = Heat::of(found, metric, [x, y], cells, &named(&names, &others, at));
            let Some(heat) = heat else { continue };
            let size = heat.size();
            let inside = drawn(size, |area| heat.draw(area))?;
            pictures.push(Drawing { title: heat.title, inside, size, at: (0, 0) });
        }
    }
    let shorts = [x, y].map(|axis| &*names.plan.axes[axis].short);
    let title = lang.fill(Word::OverAxes, &shorts);
    let word = if found.is_judged() { Word::HeatOf } else { Word::MeansOf };
    let remarks = vec![lang.word(word).to_owned()];
    Ok(Sheet::of("charts/heat.svg".to_owned(), title, remarks, pictures))
}

impl Heat {
    fn of(found: &Found<'_>, metric: usize, [x, y]: [usize; 2], cells: &[usize], part: &str) -> Option<Self> {
        let (names, plan) = (found.names, found.names.plan);
        // The scale is that of all parts, so that they can be compared.
        let means = || found.rows.iter().filter_map(|row| row.figures[metric]).map(|figure| figure.mean);
        let finite = || means().filter(|mean| mean.is_finite());
        let (least, most) =
            finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (v.min(lo), v.max(hi)));
        means().next()?;
        let order = |axis: usize| {
            let values = &plan.axes[axis].values;
            let mut order: Vec<usize> = (0..values.len()).collect();
            if names.is_numeric(axis) {
                order.sort_by(|&a, &b| {
                    values[a].number.unwrap_or(0.0).total_cmp(&values[b].number.unwrap_or(0.0))
                });
            }
            order
        };
        let (columns, mut rows) = (order(x), order(y));
        if names.is_numeric(y) {
            // Numbers grow upwards.
            rows.reverse();
        }
        let judged = found.is_judged();
        let tile = |column: usize, row: usize| {
            let here = |&&cell: &&usize| (plan.cells[cell].at[x], plan.cells[cell].at[y]) == (column, row);
            let cell = *cells.iter().find(here)?;
            let figure = found.rows[cell].figures[metric]?;
            let verdict = judged.then_some(found.rows[cell].verdict);
            Some(Tile { value: figure.mean, text: names.bare(metric, figure.mean), verdict })
        };
        let labels = |axis: usize, order: &[usize]| {
            order.iter().map(|&value| plan.axes[axis].values[value].label.clone()).collect()
        };
        let end =
            |value: f64| (value, if value.is_finite() { names.bare(metric, value) } else { String::new() });
        Some(Self {
            title: titled(&names.metric(metric), part),
            unit: names.unit(metric).to_owned(),
            columns: labels(x, &columns),
            rows: labels(y, &rows),
            captions: [x, y].map(|axis| plan.axes[axis].name.clone()),
            tiles: rows
                .iter()
                .flat_map(|&row| columns.iter().map(move |&column| tile(column, row)))
                .collect(),
            scale: [end(least), end(most)],
            judged,
            lang: names.lang,
        })
    }

    /// Returns where the first column begins, and how wide each is.
    fn columns(&self) -> (i32, i32) {
        let lines = self.rows.iter().flat_map(|name| <[&str; 2]>::from(parts(name)));
        let widest = lines.map(|line| text_width(line, LABEL)).max().unwrap_or(0).min(MAX_NAME);
        let left = SIDE + widest + 8;
        (left, ((WIDTH - SIDE - left) / self.columns.len().max(1) as i32).min(WIDEST))
    }

    fn size(&self) -> (i32, i32) {
        (WIDTH, TOP + ROW * self.rows.len() as i32 + BOTTOM)
    }

    fn draw<B: DrawingBackend>(&self, area: &Area<B>) -> Drawn<B> {
        area.fill(&WHITE)?;
        let side = f64::from(SIDE);
        write(area, &fitted(&self.title, TITLE, WIDTH - 2 * SIDE), (side, 18.0), (TITLE, INK), HPos::Left)?;
        let [across, up] = &self.captions;
        let rows = self.lang.fill(Word::RowsAre, &[up]);
        let unit = fitted(&format!("{} \u{b7} {rows}", self.unit), LABEL, WIDTH - 2 * SIDE);
        write(area, &unit, (side, 38.0), (LABEL, GREY), HPos::Left)?;
        let (left, width) = self.columns();
        let count = self.columns.len();
        for (i, name) in self.rows.iter().enumerate() {
            let middle = f64::from(TOP + ROW * i as i32 + ROW / 2);
            let (name, more) = parts(name);
            let up = if more.is_empty() { 0.0 } else { 8.0 };
            let rows = [(name, middle - up, (LABEL, INK)), (more, middle + up, (LABEL - 1, GREY))];
            for (text, y, font) in rows.into_iter().filter(|row| !row.0.is_empty()) {
                let text = fitted(text, font.0, left - 8 - SIDE);
                write(area, &text, (f64::from(left - 8), y), font, HPos::Right)?;
            }
            for (j, tile) in self.tiles[i * count..(i + 1) * count].iter().enumerate() {
                self.tile(area, tile.as_ref(), (left + width * j as i32, TOP + ROW * i as i32), width)?;
            }
        }
        let below = TOP + ROW * self.rows.len() as i32;
        for (j, name) in self.columns.iter().enumerate() {
            let x = f64::from(left + width * j as i32) + f64::from(width) / 2.0;
            let (name, more) = parts(name);
            for (text, y, font) in [(name, 12, (LABEL, INK)), (more, 26, (LABEL - 1, GREY))] {
                if !text.is_empty() {
                    let at = (x, f64::from(below + y));
                    write(area, &fitted(text, font.0, width - 4), at, font, HPos::Center)?;
                }
            }
        }
        let caption = fitted(across, LABEL - 1, WIDTH - SIDE - left);
        write(area, &caption, (f64::from(left), f64::from(below + 42)), (LABEL - 1, GREY), HPos::Left)?;
        self.legend(area, f64::from(below + 72))
    }

    fn tile<B: DrawingBackend>(
        &self,
        area: &Area<B>,
        tile: Option<&Tile>,
        at: (i32, i32),
        width: i32,
    ) -> Drawn<B> {
        let (x, y) = (f64::from(at.0), f64::from(at.1));
        let [right, bottom] = [x + f64::from(width) - 2.0, y + f64::from(ROW) - 2.0];
        let middle = (f64::midpoint(x, right), f64::midpoint(y, bottom));
        let Some(tile) = tile else {
            return write(area, "\u{2013}", middle, (LABEL, GREY), HPos::Center);
        };
        let colour = shade(self.share(tile.value));
        area.draw(&Rectangle::new([scaled((x, y)), scaled((right, bottom))], colour.filled()))?;
        if let Some(verdict) = tile.verdict {
            signed(area, verdict, [(x, y), (right, bottom)])?;
        }
        let narrow = text_width(&tile.text, LABEL) > width - 6;
        let size = if narrow { LABEL - 3 } else { LABEL };
        if text_width(&tile.text, size) <= width {
            write(area, &tile.text, (middle.0, middle.1 + 4.0), (size, INK), HPos::Center)?;
        }
        Ok(())
    }

    /// Says what colours and signs mean.
    fn legend<B: DrawingBackend>(&self, area: &Area<B>, y: f64) -> Drawn<B> {
        let mut x = f64::from(SIDE);
        let [(least, low), (most, high)] = &self.scale;
        if most.is_finite() {
            let put = |x: &mut f64, text: &str| {
                let at = *x;
                *x += f64::from(text_width(text, LABEL)) + 6.0;
                write(area, text, (at, y), (LABEL, INK), HPos::Left)
            };
            put(&mut x, low)?;
            if most > least {
                for i in 0..RAMP / 4 {
                    let from = x + f64::from(4 * i);
                    let corners = [scaled((from, y - 7.0)), scaled((from + 4.5, y + 7.0))];
                    area.draw(&Rectangle::new(corners, shade(f64::from(4 * i) / f64::from(RAMP)).filled()))?;
                }
                x += f64::from(RAMP) + 6.0;
                put(&mut x, high)?;
            }
            put(&mut x, &self.unit)?;
        }
        if !self.judged {
            return Ok(());
        }
        for verdict in [Verdict::Pass, Verdict::Inconclusive, Verdict::Fail] {
            x += 18.0;
            let word = self.lang.word(Found::word(verdict));
            let box_ = [(x, y - 9.0), (x + 24.0, y + 9.0)];
            let edges = [(x, y - 9.0), (x + 24.0, y - 9.0), (x + 24.0, y + 9.0), (x, y + 9.0), (x, y - 9.0)];
            area.draw(&PathElement::new(edges.map(scaled).to_vec(), GREY.stroke_width(6)))?;
            signed(area, verdict, box_)?;
            write(area, word, (x + 30.0, y), (LABEL, INK), HPos::Left)?;
            x += 30.0 + f64::from(text_width(word, LABEL));
        }
        Ok(())
    }

    fn share(&self, value: f64) -> Option<f64> {
        let [(least, _), (most, _)] = self.scale;
        value.is_finite().then(|| if most > least { (value - least) / (most - least) } else { 0.0 })
    }
}

/// Returns the colour of a place on the scale; grey for what is beyond it.
fn shade(share: impl Into<Option<f64>>) -> RGBColor {
    let Some(share) = share.into() else { return RGBColor(0xD9, 0xD9, 0xD9) };
    let mix = |from: f64, to: f64| libm::round(from + (to - from) * share) as u8;
    RGBColor(mix(PALE.0, DEEP.0), mix(PALE.1, DEEP.1), mix(PALE.2, DEEP.2))
}
