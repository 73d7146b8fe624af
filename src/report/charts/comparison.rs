//! Differences of two studies: a row per figure, B relative to A, with the interval of the difference.

use std::io;

use plotters::element::{Circle, PathElement};
use plotters::prelude::{Color, DrawingBackend, RGBColor};
use plotters::style::WHITE;
use plotters::style::text_anchor::HPos;

use super::axis::Axis;
use super::look::{BLUE, GREY, GRID, INK, MARK, VERMILLION};
use super::plot::{Area, Drawn, SCALE, WIDTH, drawn, fitted, scaled, write};
use super::{Drawing, named, page};
use crate::report::compare::{Sides, amount, said};
use crate::results::{FigurePair, Judgement};

/// Rows at most.
const MAX_ROWS: usize = 60;
/// A change beyond these shares of A is drawn at the edge, lest it press all others together.
const RANGE: (f64, f64) = (-1.0, 2.0);
const LABEL: i32 = 12;
const LEFT: i32 = 12;
const TOP: i32 = 46;
const ROW: i32 = 24;
/// The plotting area, and what stands behind it.
const AREA: (i32, i32) = (220, 500);
const BEHIND: i32 = 516;
/// Half the size of a point, and of the strokes at the ends of an interval.
const POINT: i32 = 4;

/// A figure as it is drawn.
struct Row {
    name: String,
    behind: String,
    colour: RGBColor,
    at: f64,
    ends: Option<(f64, f64)>,
}

/// Returns `charts/comparison.svg`.
///
/// # Errors
///
/// Where plotters cannot write, which does not happen in memory.
pub(in crate::report) fn comparison(sides: Sides<'_>) -> io::Result<Vec<u8>> {
    let shown = |figure: &&FigurePair| figure.main && figure.verdict != Ok(Judgement::Same);
    let all: Vec<Row> =
        sides.comparison.figures.iter().filter(shown).filter_map(|figure| row(sides, figure)).collect();
    let rows = &all[..all.len().min(MAX_ROWS)];
    let reach =
        rows.iter().flat_map(|row| [Some(row.at), row.ends.map(|e| e.0), row.ends.map(|e| e.1)]).flatten();
    let reach = reach.fold((0.0_f64, 0.0_f64), |(least, most), at| (least.min(at), most.max(at)));
    let axis = Axis::changes(reach.0.max(RANGE.0), reach.1.min(RANGE.1));
    let size = (WIDTH, TOP + rows.len().max(1) as i32 * ROW + 12);
    let inside = drawn(size, |area| draw(area, &axis, rows, size.1))?;
    let title = "B relative to A, with 95% intervals of the difference".to_owned();
    let picture = Drawing { title: title.clone(), inside, size, at: (0, 0) };
    let heading = format!("{title}: blue is better, orange is worse, grey is neither");
    let mut remarks = vec![heading];
    remarks.extend(sides.changes().map(|changes| fitted(&format!("what differs: {changes}"), LABEL, WIDTH)));
    if all.len() > rows.len() {
        remarks.push(format!("{} more figures are in comparison.csv", all.len() - rows.len()));
    }
    let remarks: Vec<&str> = remarks.iter().map(String::as_str).collect();
    Ok(page(named(sides.b), &title, &remarks, size, |left, top| {
        let (width, height) = size;
        picture.element(&format!("x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\""))
    }))
}

/// Returns a figure as it is drawn; `None` where there is no change relative to A.
fn row(sides: Sides<'_>, figure: &FigurePair) -> Option<Row> {
    let (a, b, difference) = (figure.a?, figure.b?, figure.difference?);
    let at = figure.relative?;
    let currency = sides.b.plan.currency.as_deref();
    let [from, to] = [a.mean, b.mean].map(|mean| amount(mean, &figure.metric, currency));
    let verdict = match figure.verdict {
        Ok(Judgement::Better | Judgement::Worse | Judgement::Same) => format!(", {}", said(sides, figure)),
        _ => String::new(),
    };
    Some(Row {
        name: figure.metric.name.clone(),
        behind: format!("{from} \u{2192} {to}{verdict}"),
        colour: match figure.verdict {
            Ok(Judgement::Better) => BLUE.colour,
            Ok(Judgement::Worse) => VERMILLION.colour,
            _ => GREY,
        },
        at,
        ends: difference.lo.zip(difference.hi).map(|(lo, hi)| {
            let (lo, hi) = (lo / a.mean, hi / a.mean);
            (lo.min(hi), lo.max(hi))
        }),
    })
}

fn draw<B: DrawingBackend>(area: &Area<B>, axis: &Axis, rows: &[Row], height: i32) -> Drawn<B> {
    area.fill(&WHITE)?;
    let x = |value: f64| f64::from(AREA.0) + f64::from(AREA.1 - AREA.0) * axis.share(value).clamp(0.0, 1.0);
    let upright = |at: f64, colour: RGBColor, width: u32| {
        let line = vec![scaled((at, f64::from(TOP - 8))), scaled((at, f64::from(height - 8)))];
        area.draw(&PathElement::new(line, colour.stroke_width(width)))
    };
    for (at, label) in &axis.ticks {
        let at = f64::from(AREA.0) + f64::from(AREA.1 - AREA.0) * at;
        upright(at, GRID, 10)?;
        write(area, label, (at, f64::from(TOP - 18)), (LABEL, GREY), HPos::Center)?;
    }
    upright(x(0.0), MARK, 20)?;
    if rows.is_empty() {
        let middle = (f64::from(AREA.0 + AREA.1) / 2.0, f64::from(TOP + ROW / 2));
        write(area, "no main figure differs", middle, (LABEL, GREY), HPos::Center)?;
    }
    for (place, row) in rows.iter().enumerate() {
        let y = f64::from(TOP + place as i32 * ROW + ROW / 2);
        let name = fitted(&row.name, LABEL, AREA.0 - LEFT - 12);
        write(area, &name, (LEFT.into(), y), (LABEL, INK), HPos::Left)?;
        if let Some((lo, hi)) = row.ends {
            let style = row.colour.stroke_width(20);
            area.draw(&PathElement::new(vec![scaled((x(lo), y)), scaled((x(hi), y))], style))?;
            for end in [lo, hi].into_iter().filter(|end| axis.shows(*end)) {
                let cap = [y - f64::from(POINT), y + f64::from(POINT)].map(|y| scaled((x(end), y)));
                area.draw(&PathElement::new(cap.to_vec(), style))?;
            }
        }
        let point = Circle::new(scaled((x(row.at), y)), POINT * SCALE, row.colour.filled());
        area.draw(&point)?;
        let behind = fitted(&row.behind, LABEL, WIDTH - BEHIND - 8);
        write(area, &behind, (BEHIND.into(), y), (LABEL, INK), HPos::Left)?;
    }
    Ok(())
}
