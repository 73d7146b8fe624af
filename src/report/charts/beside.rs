//! Labels of marks, bounds and points, each where it is crossed least.

use plotters::element::PathElement;
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::HPos;

use super::look::{BLACK, GREY, INK, LEADER};
use super::place::{Box, beside_level, beside_mark, beside_point, best};
use super::plot::{Area, Bound, Drawn, LABEL, Picture, fitted, scaled, stroke, text_width};
use super::points::Point;

/// The widest words of a mark, and the widest name of a point.
const MAX_WORD: i32 = 180;
const MAX_NAME: i32 = 360;
/// Half the height of the strokes at the ends of a bound.
const CAP: f64 = 4.0;
/// A label so many pixels from its bound has a line to it.
const APART: f64 = 5.0;

impl Picture<'_> {
    /// Returns the plotting area.
    fn room(&self) -> Box {
        let [left, top, right, bottom] = [self.left, self.top, self.right, self.bottom].map(f64::from);
        Box { left: left + 2.0, top: top - 4.0, right: right - 2.0, bottom }
    }

    /// Writes what happened beside its line, where it is crossed least; where there is no room, the line stands
    /// alone.
    pub(super) fn mark_labels<B: DrawingBackend>(
        &self,
        area: &Area<B>,
        lines: &[Vec<(f64, f64)>],
        taken: &mut Vec<Box>,
    ) -> Drawn<B> {
        let size = LABEL - 1;
        // Not where the word of the warm-up ends.
        let room = Box { top: self.top.into(), ..self.room() };
        for mark in &self.plot.marks {
            let (x, label) = (self.x(mark.at), fitted(&mark.label, size, MAX_WORD));
            let width = f64::from(text_width(&label, size));
            let places = beside_mark(x, width, size.into(), &room, taken);
            let Some(place) = best(&places, lines, taken) else { continue };
            taken.push(place);
            // Its width is an estimate: it stands at its line.
            let (at, side) = if place.left > x { (x + 3.0, HPos::Left) } else { (x - 3.0, HPos::Right) };
            self.text_at(area, &label, (at, place.middle()), (size, GREY), side)?;
        }
        Ok(())
    }

    /// Draws the bounds, and then their labels, each where it is crossed least.
    pub(super) fn bounds<B: DrawingBackend>(
        &self,
        area: &Area<B>,
        lines: &[Vec<(f64, f64)>],
        taken: &mut Vec<Box>,
    ) -> Drawn<B> {
        let shown = || self.plot.bounds.iter().filter(|bound| self.plot.y.shows(bound.value));
        let ends = |bound: &Bound| [bound.from, bound.to].map(|share| (self.x(share), self.y(bound.value)));
        for bound in shown() {
            let [from, to] = ends(bound);
            area.draw(&PathElement::new(vec![scaled(from), scaled(to)], stroke(BLACK.colour, 14)))?;
            // A short one could not be seen.
            let inner = [(from, bound.from > 0.0), (to, bound.to < 1.0)].into_iter().filter(|end| end.1);
            for ((x, y), _) in inner {
                self.stroke(area, (x, y - CAP), (x, y + CAP), INK)?;
            }
        }
        for bound in shown().filter(|bound| !bound.label.is_empty()) {
            let label = fitted(&bound.label, LABEL, self.right - self.left - 8);
            let [from, to] = ends(bound);
            let width = f64::from(text_width(&label, LABEL));
            let places = beside_level([from, to], width, LABEL.into(), &self.room());
            // Beyond another bound it would be read as that one's.
            let beyond = |place: &Box| {
                shown().map(ends).any(|[a, b]| {
                    let across = a.0 < place.right && b.0 > place.left && (a.1 - from.1).abs() > LABEL.into();
                    across && (a.1 - from.1) * (a.1 - place.middle()) < 0.0
                })
            };
            let near: Vec<Box> = places.iter().copied().filter(|place| !beyond(place)).collect();
            let places = if near.is_empty() { places } else { near };
            let Some(place) = best(&places, lines, taken) else { continue };
            taken.push(place);
            let level = (f64::midpoint(place.left, place.right).clamp(from.0, to.0), from.1);
            let near = place.nearest(level);
            if (near.1 - level.1).abs() > APART {
                self.stroke(area, near, level, LEADER)?;
            }
            self.text_at(area, &label, (place.left, place.middle()), (LABEL, INK), HPos::Left)?;
        }
        Ok(())
    }

    /// Writes the names of points beside them.
    pub(super) fn point_labels<B: DrawingBackend>(
        &self,
        area: &Area<B>,
        lines: &[Vec<(f64, f64)>],
        taken: &mut Vec<Box>,
    ) -> Drawn<B> {
        let room = self.room();
        let named =
            self.plot.lines.iter().flat_map(|line| &line.points).filter(|point| !point.label.is_empty());
        for point in named {
            let at = self.at(point);
            let label = fitted(&point.label, LABEL, MAX_NAME);
            let width = f64::from(text_width(&label, LABEL));
            let Some(place) = best(&beside_point(at, width, LABEL.into(), &room), lines, taken) else {
                continue;
            };
            taken.push(place);
            let near = place.nearest(at);
            if libm::hypot(near.0 - at.0, near.1 - at.1) > 3.0 * APART {
                self.stroke(area, near, at, LEADER)?;
            }
            self.text_at(area, &label, (place.left, place.middle()), (LABEL, INK), HPos::Left)?;
        }
        Ok(())
    }

    pub(super) fn at(&self, point: &Point) -> (f64, f64) {
        (self.x(point.x), self.y(point.value))
    }
}
