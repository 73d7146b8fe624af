//! Figures that stand alone: markers, and their intervals as strokes through them.

use plotters::element::{Polygon, Rectangle};
use plotters::prelude::{Color, DrawingBackend};

use super::look::{Look, Marker};
use super::place::Box;
use super::plot::{Area, Drawn, Line, Picture, scaled};

/// Half the size of a marker, in pixels.
pub(super) const RADIUS: f64 = 4.0;
/// Half the width of the stroke of an interval.
const HALF: f64 = 0.7;
/// Half the length of the strokes at its ends.
const CAP: f64 = 3.5;

/// A figure of its own.
#[derive(Clone, Debug, Default)]
pub(super) struct Point {
    /// Position (0 to 1) on the axis across.
    pub(super) x: f64,
    /// Infinity stands at the upper edge.
    pub(super) value: f64,
    /// The interval of the value.
    pub(super) ends: Option<(f64, f64)>,
    /// Where the interval of its position begins and ends.
    pub(super) across: Option<(f64, f64)>,
    /// Written beside it, where it hides least.
    pub(super) label: String,
    /// Whether its interval stands back behind others.
    pub(super) is_faint: bool,
}

impl Picture<'_> {
    /// Draws the points of a line, and takes their places.
    pub(super) fn points<B: DrawingBackend>(
        &self,
        area: &Area<B>,
        line: &Line,
        taken: &mut Vec<Box>,
    ) -> Drawn<B> {
        for point in &line.points {
            let (x, y) = self.at(point);
            let opacity = if point.is_faint { 0.3 } else { 1.0 };
            if let Some((lo, hi)) = point.ends {
                whisker(area, (line.look, opacity), [(x, self.y(lo)), (x, self.y(hi))])?;
            }
            if let Some((from, to)) = point.across {
                whisker(area, (line.look, opacity), [(self.x(from), y), (self.x(to), y)])?;
            }
            // What is beyond all numbers points there.
            let shape = if point.value.is_finite() { line.look.marker } else { Marker::Up };
            marker(area, Look { marker: shape, ..line.look }, (x, y))?;
            taken.push(Box::around(x - RADIUS, y, 2.0 * RADIUS, 2.0 * RADIUS - 4.0));
        }
        Ok(())
    }
}

/// Draws the marker of a look.
pub(super) fn marker<B: DrawingBackend>(area: &Area<B>, look: Look, (x, y): (f64, f64)) -> Drawn<B> {
    let corners = look.marker.corners().into_iter();
    let corners: Vec<_> = corners.map(|(dx, dy)| scaled((x + RADIUS * dx, y + RADIUS * dy))).collect();
    area.draw(&Polygon::new(corners, look.colour.filled()))
}

/// Draws an interval, upright or level, with strokes at its ends. Filled: strokes have dashes.
pub(super) fn whisker<B: DrawingBackend>(
    area: &Area<B>,
    (look, opacity): (Look, f64),
    [from, to]: [(f64, f64); 2],
) -> Drawn<B> {
    let upright = (to.1 - from.1).abs() > (to.0 - from.0).abs();
    let (along, cap) = if upright { ((HALF, 0.0), (CAP, HALF)) } else { ((0.0, HALF), (HALF, CAP)) };
    let fill = |a: (f64, f64), b: (f64, f64), (dx, dy): (f64, f64)| {
        let corners =
            [scaled((a.0.min(b.0) - dx, a.1.min(b.1) - dy)), scaled((a.0.max(b.0) + dx, a.1.max(b.1) + dy))];
        area.draw(&Rectangle::new(corners, look.colour.mix(opacity).filled()))
    };
    fill(from, to, along)?;
    fill(from, from, cap)?;
    fill(to, to, cap)
}
