//! Verdicts as signs and patterns, so that they are told apart without colour. Knows no chart.

use plotters::element::{PathElement, Rectangle};
use plotters::prelude::{Color, DrawingBackend, RGBColor};
use plotters::style::text_anchor::HPos;

use super::plot::{Area, Drawn, scaled, write};
use crate::results::Verdict;

/// The colours that the report has for verdicts.
const PASS: RGBColor = RGBColor(0x00, 0x69, 0x4D);
const INCONCLUSIVE: RGBColor = RGBColor(0x6B, 0x52, 0x00);
const FAIL: RGBColor = RGBColor(0xA8, 0x4A, 0x00);
/// Of the pattern of what fails, paler than its sign.
const HATCH: RGBColor = RGBColor(0xE3, 0xB0, 0x8C);
/// Between the strokes of a pattern, in pixels.
const STEP: f64 = 9.0;

/// Draws the sign of a verdict around a point: a tick, a question mark, a cross.
pub(super) fn sign<B: DrawingBackend>(area: &Area<B>, verdict: Verdict, (x, y): (f64, f64)) -> Drawn<B> {
    let stroke = |points: &[(f64, f64)], colour: RGBColor| {
        let points: Vec<_> = points.iter().map(|&(dx, dy)| scaled((x + dx, y + dy))).collect();
        area.draw(&PathElement::new(points, colour.stroke_width(18)))
    };
    match verdict {
        Verdict::Pass => stroke(&[(-4.0, 0.0), (-1.0, 3.5), (4.5, -3.5)], PASS),
        Verdict::Inconclusive => write(area, "?", (x, y), (13, INCONCLUSIVE), HPos::Center),
        Verdict::Fail => {
            stroke(&[(-3.5, -3.5), (3.5, 3.5)], FAIL)?;
            stroke(&[(-3.5, 3.5), (3.5, -3.5)], FAIL)
        }
    }
}

/// Draws the pattern of a verdict over a rectangle, and its sign in the upper right corner: strokes where it fails,
/// dots where that is not known, nothing where all is well.
pub(super) fn signed<B: DrawingBackend>(
    area: &Area<B>,
    verdict: Verdict,
    [(left, top), (right, bottom)]: [(f64, f64); 2],
) -> Drawn<B> {
    let (width, height) = (right - left, bottom - top);
    match verdict {
        Verdict::Pass => {}
        Verdict::Fail => {
            for i in 1..libm::ceil((width + height) / STEP) as i32 {
                // A stroke from the left or the lower edge, upwards to the upper or the right one.
                let along = f64::from(i) * STEP;
                let from = (left + (along - height).max(0.0), top + along.min(height));
                let to = (left + along.min(width), top + (along - width).max(0.0));
                area.draw(&PathElement::new(vec![scaled(from), scaled(to)], HATCH.stroke_width(8)))?;
            }
        }
        Verdict::Inconclusive => {
            for i in 0..(width / STEP) as i32 {
                for j in 0..(height / STEP) as i32 {
                    let at = (left + (f64::from(i) + 0.5) * STEP, top + (f64::from(j) + 0.5) * STEP);
                    let corners = [scaled(at), scaled((at.0 + 1.4, at.1 + 1.4))];
                    area.draw(&Rectangle::new(corners, INCONCLUSIVE.mix(0.5).filled()))?;
                }
            }
        }
    }
    sign(area, verdict, (right - 10.0, top + 9.0))
}
