//! One picture through plotters: frame, bands, layers, lines, and labels beside their lines.
//!
//! Plotters writes whole numbers, so everything is drawn in tenths of a pixel. It knows no dash
//! patterns in SVG: each colour has one, which is written beside it afterwards.

use plotters::element::{PathElement, Polygon, Rectangle, Text};
use plotters::prelude::{
    Color, DrawingBackend, IntoDrawingArea, RGBColor, SVGBackend, ShapeStyle, TextStyle,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{IntoFont, WHITE};

use super::axis::Axis;
use super::look::{ALARM, GREY, GRID, INK, LEADER, Look, MARK, SHADE, dashed};
use super::marks::Mark;
use super::place::Box;
use super::points::{Point, marker};
use super::thin::{Band, Run};

/// Width of a picture in pixels.
pub(super) const WIDTH: i32 = 720;
/// Height of a picture in pixels.
pub(super) const HEIGHT: i32 = 328;
/// Pixel columns that dense series are thinned to.
pub(super) const COLUMNS: usize = 520;
/// Units of a picture a pixel.
pub(super) const SCALE: i32 = 10;

const TITLE: i32 = 15;
pub(super) const LABEL: i32 = 12;
/// The longest label of a line.
const MAX_LABEL: i32 = 210;
const TOP: i32 = 64;
const BOTTOM: i32 = 54;
/// Between the labels of neighbouring lines.
const LEADING: i32 = 15;
/// The stroke that shows a label's colour and dashes.
const SAMPLE: i32 = 20;

/// A line with its band.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pub(super) label: String,
    pub(super) look: Look,
    /// Positions (0 to 1) on the axis across, and values.
    pub(super) runs: Vec<Run>,
    /// Its interval over replications.
    pub(super) bands: Vec<Band>,
    /// The least and largest values of a dense series.
    pub(super) envelope: Vec<Band>,
    /// What was found, where it is not at every place of the axis.
    pub(super) points: Vec<Point>,
}

/// What is filled between two edges.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) label: String,
    pub(super) look: Look,
    pub(super) bands: Vec<Band>,
}

/// A bound: a level over a stretch of the axis across.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    pub(super) label: String,
    pub(super) value: f64,
    pub(super) from: f64,
    pub(super) to: f64,
}

/// Everything a picture shows.
#[derive(Clone, Debug)]
pub(super) struct Plot {
    pub(super) title: String,
    /// What is measured, and in what.
    pub(super) unit: String,
    pub(super) x: Axis,
    pub(super) x_caption: String,
    pub(super) y: Axis,
    /// The stretch that is left out of statistics, from the left edge.
    pub(super) warmup: Option<(f64, &'static str)>,
    pub(super) lines: Vec<Line>,
    /// From the lowest to the highest.
    pub(super) layers: Vec<Layer>,
    pub(super) bounds: Vec<Bound>,
    /// What happened, in order of time.
    pub(super) marks: Vec<Mark>,
    /// Stretches in which something is wrong, and what.
    pub(super) wrong: (Vec<(f64, f64)>, &'static str),
    /// Said in the middle of an empty picture.
    pub(super) empty: &'static str,
    /// The left and right edge of the plotting area in pixels, where it stands below others; as labels need it where
    /// `None`.
    pub(super) edges: Option<(i32, i32)>,
}

pub(super) type Drawn<B> =
    Result<(), plotters::drawing::DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;
pub(super) type Area<B> = plotters::drawing::DrawingArea<B, plotters::coord::Shift>;

/// Returns the left and right edge of the plotting area that the labels of a plot need.
pub(super) fn edges(plot: &Plot) -> (i32, i32) {
    let picture = Picture::new(plot);
    (picture.left, picture.right)
}

/// Returns the inside of an SVG element of [`WIDTH`] x [`HEIGHT`] pixels in units of [`SCALE`].
pub(super) fn draw(plot: &Plot) -> std::io::Result<String> {
    drawn((WIDTH, HEIGHT), |area| Picture::new(plot).draw(area))
}

/// Returns the inside of an SVG element of so many pixels, in which something is drawn in units of [`SCALE`].
pub(super) fn drawn(
    (width, height): (i32, i32),
    draw: impl FnOnce(&Area<SVGBackend<'_>>) -> Drawn<SVGBackend<'static>>,
) -> std::io::Result<String> {
    let mut text = String::new();
    {
        let size = ((width * SCALE) as u32, (height * SCALE) as u32);
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        let drawn = draw(&area).and_then(|()| area.present());
        drawn.map_err(|error| std::io::Error::other(error.to_string()))?;
    }
    let inside = text.split_once(">\n").and_then(|(_, rest)| rest.rsplit_once("</svg>"));
    Ok(inside.map(|(inside, _)| dashed(inside.to_owned())).unwrap_or_default())
}

/// Estimates the width of a text in pixels: there is no font to ask. A little too wide rather than
/// clipped.
pub(super) fn text_width(text: &str, size: i32) -> i32 {
    let hundredths: i64 = text.chars().map(|c| i64::from(char_width(c))).sum();
    i32::try_from(hundredths * i64::from(size) / 100 + 1).unwrap_or(i32::MAX)
}

/// Returns the width of a character in hundredths of the font's size.
fn char_width(c: char) -> i32 {
    match c {
        '\u{2e80}'.. => 100,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 95,
        'A'..='Z' => 74,
        'i' | 'j' | 'l' | '.' | ',' | ':' | '\'' | ' ' | '|' | 'f' | 't' | 'r' | '/' => 42,
        _ => 64,
    }
}

/// Cuts a text of the scenario's to `width` pixels; what an SVG cannot hold becomes a space.
pub(super) fn fitted(text: &str, size: i32, width: i32) -> String {
    // No character is narrower than a pixel.
    let held = text.chars().take(width.max(0) as usize);
    let mut out: String = held.map(|c| if c.is_control() { ' ' } else { c }).collect();
    if out.chars().count() == text.chars().count() && text_width(&out, size) <= width {
        return out;
    }
    while !out.is_empty() && text_width(&out, size) + size > width {
        out.pop();
    }
    out + "\u{2026}"
}

impl Line {
    fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.points.is_empty()
    }
}

/// What a label shows of what it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sample {
    Stroke,
    Filled,
    Marker,
}

/// A label at the right edge, of a line or a layer.
struct Label {
    text: String,
    look: Look,
    sample: Sample,
    y: i32,
    /// Where its line ends, in pixels.
    end: (f64, f64),
}

/// A plot and the place of its plotting area, in pixels.
pub(super) struct Picture<'a> {
    pub(super) plot: &'a Plot,
    pub(super) left: i32,
    pub(super) right: i32,
    pub(super) top: i32,
    pub(super) bottom: i32,
}

impl<'a> Picture<'a> {
    fn new(plot: &'a Plot) -> Self {
        let widest = |texts: &mut dyn Iterator<Item = &str>| {
            texts.map(|text| text_width(text, LABEL)).max().unwrap_or(0)
        };
        let left = widest(&mut plot.y.ticks.iter().map(|(_, label)| &**label));
        let lines = plot.lines.iter().map(|line| &*line.label);
        let labels = widest(&mut lines.chain(plot.layers.iter().map(|layer| &*layer.label)));
        let half = |(_, label): &(f64, String)| text_width(label, LABEL) / 2;
        let half_tick = plot.x.ticks.last().map_or(0, half);
        // A date at the very end is wider than the time above it.
        let half_date = plot.x.dates.last().filter(|(at, _)| *at > 0.9).map_or(0, half);
        let half_tick = half_tick.max(half_date);
        let right = if labels == 0 { 0 } else { labels.min(MAX_LABEL) + SAMPLE + 16 };
        let needed = ((left + 14).max(34), WIDTH - (right + 6).max(half_tick + 6));
        let (left, right) = plot.edges.unwrap_or(needed);
        Self { plot, left, right, top: TOP, bottom: HEIGHT - BOTTOM }
    }

    fn draw<B: DrawingBackend>(&self, area: &Area<B>) -> Drawn<B> {
        let plot = self.plot;
        area.fill(&WHITE)?;
        let title = fitted(&plot.title, TITLE, WIDTH - 24);
        self.text(area, &title, (12, 18), (TITLE, INK), HPos::Left)?;
        self.text(area, &plot.unit, (12, 38), (LABEL, GREY), HPos::Left)?;
        self.frame(area)?;
        self.marks(area)?;
        for line in &plot.lines {
            line.bands.iter().try_for_each(|band| self.fill(area, band, line.look, 0.2))?;
            line.envelope.iter().try_for_each(|band| self.fill(area, band, line.look, 0.4))?;
        }
        for layer in &plot.layers {
            layer.bands.iter().try_for_each(|band| self.fill(area, band, layer.look, 0.85))?;
        }
        for line in &plot.lines {
            for run in &line.runs {
                let points = run.iter().map(|&(x, y)| scaled((self.x(x), self.y(y)))).collect::<Vec<_>>();
                area.draw(&PathElement::new(points, stroke(line.look.colour, 16)))?;
            }
        }
        let mut taken = Vec::new();
        plot.lines.iter().try_for_each(|line| self.points(area, line, &mut taken))?;
        if plot.lines.iter().all(Line::is_empty) && plot.layers.is_empty() {
            let middle = (f64::midpoint(self.left.into(), self.right.into()), (self.top + 120).into());
            self.text_at(area, plot.empty, middle, (LABEL + 1, GREY), HPos::Center)?;
            let width = f64::from(text_width(plot.empty, LABEL + 1));
            taken.push(Box::around(middle.0 - width / 2.0, middle.1, width, f64::from(LABEL + 1)));
        }
        let lines = self.drawn();
        self.bounds(area, &lines, &mut taken)?;
        self.mark_labels(area, &lines, &mut taken)?;
        self.point_labels(area, &lines, &mut taken)?;
        self.labels().iter().try_for_each(|label| self.label(area, label))
    }

    /// Returns everything that a label should not cover, in pixels.
    fn drawn(&self) -> Vec<Vec<(f64, f64)>> {
        let plot = self.plot;
        let at = |(x, y): (f64, f64)| (self.x(x), self.y(y));
        let runs = plot.lines.iter().flat_map(|line| &line.runs);
        let tops = plot.layers.iter().flat_map(|layer| &layer.bands);
        let levels = plot.bounds.iter().map(|bound| vec![(bound.from, bound.value), (bound.to, bound.value)]);
        let mut lines: Vec<Vec<_>> = runs.map(|run| run.iter().copied().map(at).collect()).collect();
        lines.extend(tops.map(|band| band.iter().map(|&(x, _, hi)| at((x, hi))).collect()));
        lines.extend(levels.map(|ends| ends.into_iter().map(at).collect()));
        let points = plot.lines.iter().flat_map(|line| &line.points);
        let ends = points.filter_map(|point| Some((point.x, point.ends?)));
        lines.extend(ends.map(|(x, (lo, hi))| vec![at((x, lo)), at((x, hi))]));
        let marks = plot.marks.iter().map(|mark| self.x(mark.at));
        lines.extend(marks.map(|x| vec![(x, f64::from(self.top)), (x, f64::from(self.bottom))]));
        lines
    }

    fn frame<B: DrawingBackend>(&self, area: &Area<B>) -> Drawn<B> {
        let plot = self.plot;
        if let Some((to, word)) = plot.warmup {
            let corners = [scaled((self.x(0.0), self.top.into())), scaled((self.x(to), self.bottom.into()))];
            area.draw(&Rectangle::new(corners, SHADE.filled()))?;
            self.text(area, word, (self.left, self.top - 8), (LABEL - 1, GREY), HPos::Left)?;
        }
        for &(from, to) in &plot.wrong.0 {
            let corners = [scaled((self.x(from), self.top.into())), scaled((self.x(to), self.bottom.into()))];
            area.draw(&Rectangle::new(corners, ALARM.filled()))?;
        }
        if let Some((from, _)) = plot.wrong.0.first() {
            let (word, width) = (plot.wrong.1, text_width(plot.wrong.1, LABEL - 1));
            let left = self.x(*from).min(f64::from(self.right - width)).max(f64::from(self.left));
            self.text_at(area, word, (left, f64::from(self.top - 8)), (LABEL - 1, GREY), HPos::Left)?;
        }
        for (at, label) in &plot.y.ticks {
            let y = self.at_y(*at);
            self.stroke(area, (self.left.into(), y), (self.right.into(), y), GRID)?;
            self.text_at(area, label, (f64::from(self.left - 6), y), (LABEL, GREY), HPos::Right)?;
        }
        for (at, label) in &plot.x.ticks {
            let x = self.x(*at);
            self.stroke(area, (x, self.bottom.into()), (x, f64::from(self.bottom + 4)), GREY)?;
            self.text_at(area, label, (x, f64::from(self.bottom + 14)), (LABEL, GREY), HPos::Center)?;
        }
        for (at, date) in &plot.x.dates {
            let place = (self.x(*at), f64::from(self.bottom + 29));
            // That of the beginning would leave the picture.
            let side = if *at > 0.0 { HPos::Center } else { HPos::Left };
            self.text_at(area, date, place, (LABEL - 1, GREY), side)?;
        }
        let bottom = f64::from(self.bottom);
        self.stroke(area, (self.left.into(), bottom), (self.right.into(), bottom), GREY)?;
        let caption = (self.right, self.bottom + 44);
        self.text(area, &plot.x_caption, caption, (LABEL - 1, GREY), HPos::Right)
    }

    /// Draws what happened as lines from top to bottom.
    fn marks<B: DrawingBackend>(&self, area: &Area<B>) -> Drawn<B> {
        self.plot.marks.iter().try_for_each(|mark| {
            let x = self.x(mark.at);
            self.stroke(area, (x, self.top.into()), (x, self.bottom.into()), MARK)
        })
    }

    /// Returns the labels beside the ends of their lines, moved apart where they would overlap.
    fn labels(&self) -> Vec<Label> {
        let label = |text: &str, look, sample, end: Option<(f64, f64)>| {
            let text = fitted(text, LABEL, MAX_LABEL);
            let end = end.map_or((0.0, f64::from(self.bottom)), |(x, value)| (self.x(x), self.y(value)));
            Label { text, look, sample, y: end.1 as i32, end }
        };
        let line = |line: &Line| {
            let last = || line.points.last().map(|point| (point.x, point.value));
            let end = line.runs.last().and_then(|run| run.last()).copied().or_else(last);
            let sample = if line.runs.is_empty() { Sample::Marker } else { Sample::Stroke };
            label(&line.label, line.look, sample, end)
        };
        let layer = |layer: &Layer| {
            let end = layer.bands.last().and_then(|band| band.last());
            let middle = end.map(|&(x, lo, hi)| (x, f64::midpoint(lo, hi)));
            label(&layer.label, layer.look, Sample::Filled, middle)
        };
        let shown = self.plot.lines.iter().filter(|line| !line.is_empty());
        let mut labels: Vec<_> = shown.map(line).chain(self.plot.layers.iter().map(layer)).collect();
        labels.retain(|label| !label.text.is_empty());
        // Of labels at one height, layers keep their order: the later one lies higher.
        labels.reverse();
        labels.sort_by_key(|label| label.y);
        let room = self.bottom - self.top;
        let leading = if labels.len() < 2 { LEADING } else { LEADING.min(room / (labels.len() as i32 - 1)) };
        let mut next = self.top;
        for label in &mut labels {
            label.y = label.y.max(next);
            next = label.y + leading;
        }
        let mut next = self.bottom;
        for label in labels.iter_mut().rev() {
            label.y = label.y.min(next);
            next = label.y - leading;
        }
        labels
    }

    fn label<B: DrawingBackend>(&self, area: &Area<B>, label: &Label) -> Drawn<B> {
        let (from, y) = (f64::from(self.right + 8), f64::from(label.y));
        let to = from + f64::from(SAMPLE);
        match label.sample {
            Sample::Filled => {
                let corners = [scaled((from + 4.0, y - 5.0)), scaled((to, y + 5.0))];
                area.draw(&Rectangle::new(corners, label.look.colour.mix(0.85).filled()))?;
            }
            Sample::Stroke => {
                self.stroke(area, label.end, (from, y), LEADER)?;
                let sample = vec![scaled((from, y)), scaled((to, y))];
                area.draw(&PathElement::new(sample, stroke(label.look.colour, 16)))?;
            }
            Sample::Marker => marker(area, label.look, (f64::midpoint(from, to), y))?,
        }
        self.text_at(area, &label.text, (to + 4.0, y), (LABEL, INK), HPos::Left)
    }

    fn fill<B: DrawingBackend>(&self, area: &Area<B>, band: &Band, look: Look, opacity: f64) -> Drawn<B> {
        let upper = band.iter().map(|&(x, _, hi)| (x, hi));
        let lower = band.iter().rev().map(|&(x, lo, _)| (x, lo));
        let points = upper.chain(lower).map(|(x, y)| scaled((self.x(x), self.y(y)))).collect::<Vec<_>>();
        area.draw(&Polygon::new(points, look.colour.mix(opacity)))
    }

    pub(super) fn stroke<B: DrawingBackend>(
        &self,
        area: &Area<B>,
        from: (f64, f64),
        to: (f64, f64),
        colour: RGBColor,
    ) -> Drawn<B> {
        area.draw(&PathElement::new(vec![scaled(from), scaled(to)], stroke(colour, 10)))
    }

    fn text<B: DrawingBackend>(
        &self,
        area: &Area<B>,
        text: &str,
        at: (i32, i32),
        font: (i32, RGBColor),
        side: HPos,
    ) -> Drawn<B> {
        self.text_at(area, text, (at.0.into(), at.1.into()), font, side)
    }

    pub(super) fn text_at<B: DrawingBackend>(
        &self,
        area: &Area<B>,
        text: &str,
        at: (f64, f64),
        font: (i32, RGBColor),
        side: HPos,
    ) -> Drawn<B> {
        write(area, text, at, font, side)
    }

    pub(super) fn x(&self, share: f64) -> f64 {
        f64::from(self.left) + f64::from(self.right - self.left) * share
    }

    /// Returns the height of a value; what lies outside is drawn at the edge.
    pub(super) fn y(&self, value: f64) -> f64 {
        self.at_y(self.plot.y.share(value).clamp(0.0, 1.0))
    }

    fn at_y(&self, share: f64) -> f64 {
        f64::from(self.bottom) - f64::from(self.bottom - self.top) * share
    }
}

/// Writes a text at a height, in pixels.
pub(super) fn write<B: DrawingBackend>(
    area: &Area<B>,
    text: &str,
    at: (f64, f64),
    (size, colour): (i32, RGBColor),
    side: HPos,
) -> Drawn<B> {
    // The backend divides by this factor again.
    let font = ("sans-serif", f64::from(size * SCALE) * 1.24).into_font();
    let style = TextStyle::from(font).color(&colour).pos(Pos::new(side, VPos::Center));
    area.draw(&Text::new(text, scaled(at), style))
}

pub(super) fn scaled((x, y): (f64, f64)) -> (i32, i32) {
    (libm::round(x * f64::from(SCALE)) as i32, libm::round(y * f64::from(SCALE)) as i32)
}

pub(super) fn stroke(colour: RGBColor, tenths: u32) -> ShapeStyle {
    colour.stroke_width(tenths)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::charts::look::BLUE;

    /// Labels of lines, and the values at their ends.
    type Ends<'a> = &'a [(&'a str, f64)];

    fn plot(lines: Ends<'_>) -> Plot {
        let line = |&(label, value): &(&str, f64)| Line {
            label: label.to_owned(),
            look: BLUE,
            runs: vec![vec![(0.0, 0.0), (1.0, value)]],
            bands: vec![],
            envelope: vec![],
            points: vec![],
        };
        Plot {
            title: String::new(),
            unit: String::new(),
            x: Axis::linear(1.0),
            x_caption: String::new(),
            // Reaches to 106: 53 is its middle.
            y: Axis::linear(100.0),
            warmup: None,
            lines: lines.iter().map(line).collect(),
            layers: vec![],
            bounds: vec![],
            marks: vec![],
            wrong: (vec![], ""),
            empty: "",
            edges: None,
        }
    }

    fn heights(lines: Ends<'_>) -> Vec<(String, i32)> {
        let plot = plot(lines);
        Picture::new(&plot).labels().into_iter().map(|label| (label.text, label.y)).collect()
    }

    /// The plotting area reaches from 64 to 274 pixels; labels are 15 apart.
    #[test]
    fn labels_stand_at_the_ends_of_their_lines_or_as_near_as_there_is_room() {
        let table: [(Ends<'_>, &[(&str, i32)]); 9] = [
            (&[("a", 0.0)], &[("a", 274)]),
            (&[("a", 106.0)], &[("a", 64)]),
            (&[("a", 53.0)], &[("a", 169)]),
            (&[("a", 53.0), ("b", 106.0), ("c", 0.0)], &[("b", 64), ("a", 169), ("c", 274)]),
            (&[("a", 53.0), ("b", 53.0)], &[("b", 169), ("a", 184)]),
            (&[("a", 106.0), ("b", 106.0), ("c", 106.0)], &[("c", 64), ("b", 79), ("a", 94)]),
            (&[("a", 0.0), ("b", 0.0), ("c", 0.0)], &[("c", 244), ("b", 259), ("a", 274)]),
            // Off the axis is at its edge.
            (&[("a", 1e9), ("b", -1e9)], &[("a", 64), ("b", 274)]),
            (&[], &[]),
        ];
        for (lines, expected) in table {
            let expected: Vec<_> = expected.iter().map(|&(text, y)| (text.to_owned(), y)).collect();
            assert_eq!(heights(lines), expected, "{lines:?}");
        }
        // 17 labels at the bottom share 210 pixels: 13 each, the highest 16 x 13 above it.
        let many = heights(&[("a", 0.0); 17]);
        assert_eq!((many[0].1, many[16].1), (66, 274));
    }

    #[test]
    fn labels_never_overlap_nor_leave_the_picture() {
        for count in 1..15 {
            for shift in 0..40_i32 {
                let value = |i: i32| f64::from((i * i * 17 + shift * 5) % 110);
                let lines: Vec<_> = (0..count).map(|i| ("a", value(i))).collect();
                let found = heights(&lines);
                assert!(
                    found.iter().all(|(_, y)| (TOP..=HEIGHT - BOTTOM).contains(y)),
                    "{lines:?} {found:?}"
                );
                let apart = found.windows(2).all(|pair| pair[1].1 - pair[0].1 >= LEADING);
                assert!(apart, "{lines:?} {found:?}");
            }
        }
    }

    #[test]
    fn values_stand_in_proportion_between_the_edges() {
        let plot = plot(&[("a", 1.0)]);
        let picture = Picture::new(&plot);
        let table = [(0.0, 274.0), (26.5, 221.5), (53.0, 169.0), (79.5, 116.5), (106.0, 64.0), (200.0, 64.0)];
        for (value, expected) in table {
            assert!((picture.y(value) - expected).abs() < 1e-9, "{value}");
        }
        // Room for `a`, a sample and margins: 8 + 20 + 16 + 6 pixels at the right.
        assert_eq!((picture.left, picture.right), (38, 720 - 50));
        assert_eq!((picture.x(0.0), picture.x(0.5), picture.x(1.0)), (38.0, 354.0, 670.0));
        assert_eq!(scaled((1.04, 2.06)), (10, 21));
    }
}
