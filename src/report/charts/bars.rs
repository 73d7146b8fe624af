//! How long detection and recovery took, as bars: a row per release and policy, the fewest requests harmed first.

use std::io;

use plotters::element::{PathElement, Rectangle};
use plotters::prelude::{Color, DrawingBackend};
use plotters::style::WHITE;
use plotters::style::text_anchor::HPos;

use super::axis::Axis;
use super::look::{BLUE, GREY, GRID, INK, Look, VERMILLION};
use super::plot::{Area, Drawn, WIDTH, drawn, fitted, scaled, text_width, write};
use super::{Drawing, ReleaseChart};
use crate::report::number::grouped;
use crate::report::released;
use crate::report::words::{Lang, Word};
use crate::results::{PolicyRow, StudyResult};

/// Bars at most.
const MAX_BARS: usize = 40;
const TITLE: i32 = 15;
const LABEL: i32 = 12;
const LEFT: i32 = 12;
/// Of the plotting area.
const TOP: i32 = 86;
const BOTTOM: i32 = 28;
/// Of the name of a release.
const HEAD: i32 = 26;
/// Of a policy: its words, and its bar below.
const ROW: i32 = 42;
const BAR: f64 = 16.0;
const SAMPLE: i32 = 14;

/// A policy of a release.
struct Bar {
    /// The name of the release, where the policy is the first of it.
    head: Option<String>,
    label: String,
    /// What stands at the other end of the line.
    said: String,
    /// Detection and recovery, in the unit of the axis and in words.
    parts: [(f64, String); 2],
    /// What stands behind the bar.
    behind: String,
}

struct Bars {
    title: String,
    unit: String,
    legend: [(Look, &'static str); 2],
    axis: Axis,
    bars: Vec<Bar>,
    /// Where the axis ends: what stands behind the longest bar needs room.
    right: i32,
    height: i32,
}

/// Draws the bars of all releases.
pub(super) fn chart(result: &StudyResult, rows: &[PolicyRow], lang: Lang) -> io::Result<ReleaseChart> {
    let bars = Bars::of(result, &rows[..rows.len().min(MAX_BARS)], lang);
    let size = (WIDTH, bars.height);
    let inside = drawn(size, |area| bars.draw(area))?;
    let mut remark = lang.word(Word::BarsOf).to_owned();
    if let more @ 1.. = rows.len().saturating_sub(MAX_BARS) {
        remark += &format!(" {}", lang.fill(Word::MorePolicies, &[&more.to_string()]));
    }
    let title = lang.word(Word::BarsTitle).to_owned();
    let picture = Drawing { title: title.clone(), inside, size, at: (0, 0) };
    Ok(ReleaseChart { release: None, title, remark, pictures: vec![picture], together: 1 })
}

impl Bars {
    fn of(result: &StudyResult, rows: &[PolicyRow], lang: Lang) -> Self {
        let mean = |row: &PolicyRow, name: &str| row.figure(name).map(|figure| figure.mean.mean);
        let parts = |row: &PolicyRow| ["detection_time_s", "recovery_time_s"].map(|name| mean(row, name));
        let longest =
            rows.iter().map(|row| parts(row).into_iter().flatten().sum::<f64>()).fold(0.0, f64::max);
        let (unit, seconds) = match longest {
            10_800.0.. => (Word::UnitHours, 3_600.0),
            300.0.. => (Word::UnitMinutes, 60.0),
            _ => (Word::UnitSeconds, 1.0),
        };
        let bar = |(i, row): (usize, &PolicyRow)| {
            let plan = &result.plan.releases[row.release];
            let service = &result.plan.services[plan.service].name;
            let harmed = mean(row, "requests_harmed");
            let told = released::outcomes(row, lang);
            let harmed = harmed.map(|count| lang.fill(Word::HarmedIs, &[&released::count(count)]));
            let part = |part: Option<f64>| {
                (part.unwrap_or(0.0) / seconds, part.map_or_else(String::new, released::duration))
            };
            let ratio = mean(row, "rollback_ratio");
            Bar {
                head: (i == 0 || rows[i - 1].release != row.release)
                    .then(|| format!("{} \u{b7} {service}", plan.version)),
                label: format!("{}. {}", row.rank, plan.policies[row.policy].name),
                said: harmed.into_iter().chain([told]).collect::<Vec<_>>().join(" \u{b7} "),
                parts: parts(row).map(part),
                behind: ratio
                    .map_or_else(String::new, |ratio| lang.fill(Word::RatioIs, &[&grouped(ratio, 3)])),
            }
        };
        let bars: Vec<_> = rows.iter().enumerate().map(bar).collect();
        let heads = bars.iter().filter(|bar| bar.head.is_some()).count() as i32;
        let behind = bars.iter().map(|bar| text_width(&bar.behind, LABEL)).max().unwrap_or(0);
        Self {
            title: lang.word(Word::BarsTitle).to_owned(),
            unit: format!("{}, {}", lang.word(Word::BarsUnit), lang.word(unit)),
            legend: [(VERMILLION, lang.word(Word::DetectionPart)), (BLUE, lang.word(Word::RecoveryPart))],
            axis: Axis::linear(longest / seconds),
            right: WIDTH - LEFT - behind - 8,
            height: TOP + heads * HEAD + bars.len() as i32 * ROW + BOTTOM,
            bars,
        }
    }

    fn draw<B: DrawingBackend>(&self, area: &Area<B>) -> Drawn<B> {
        area.fill(&WHITE)?;
        write(area, &self.title, (LEFT.into(), 18.0), (TITLE, INK), HPos::Left)?;
        write(area, &self.unit, (LEFT.into(), 38.0), (LABEL, GREY), HPos::Left)?;
        let mut left = LEFT;
        for (look, word) in self.legend {
            swatch(area, look, (left.into(), 60.0), f64::from(SAMPLE))?;
            write(area, word, (f64::from(left + SAMPLE + 5), 60.0), (LABEL, INK), HPos::Left)?;
            left += SAMPLE + 5 + text_width(word, LABEL) + 20;
        }
        self.axis(area)?;
        let mut top = TOP;
        for bar in &self.bars {
            if let Some(head) = &bar.head {
                let head = fitted(head, LABEL + 1, WIDTH - 2 * LEFT);
                write(area, &head, (LEFT.into(), f64::from(top + HEAD / 2)), (LABEL + 1, INK), HPos::Left)?;
                top += HEAD;
            }
            self.bar(area, bar, top)?;
            top += ROW;
        }
        Ok(())
    }

    fn axis<B: DrawingBackend>(&self, area: &Area<B>) -> Drawn<B> {
        let bottom = f64::from(self.height - BOTTOM);
        for (at, label) in &self.axis.ticks {
            let x = self.x_at(*at);
            let line = vec![scaled((x, TOP.into())), scaled((x, bottom + 4.0))];
            area.draw(&PathElement::new(line, GRID.stroke_width(10)))?;
            write(area, label, (x, bottom + 14.0), (LABEL, GREY), HPos::Center)?;
        }
        Ok(())
    }

    /// Draws a policy: its words on a line, and below them its bar.
    fn bar<B: DrawingBackend>(&self, area: &Area<B>, bar: &Bar, top: i32) -> Drawn<B> {
        let line = f64::from(top + 10);
        let width = (WIDTH - 2 * LEFT) / 2 - 10;
        let label = fitted(&bar.label, LABEL, width);
        write(area, &label, (LEFT.into(), line), (LABEL, INK), HPos::Left)?;
        // What is said has the room that the name leaves.
        let said = fitted(&bar.said, LABEL, WIDTH - 2 * LEFT - text_width(&label, LABEL) - 20);
        write(area, &said, (f64::from(WIDTH - LEFT), line), (LABEL, INK), HPos::Right)?;
        let (middle, mut from) = (f64::from(top + 28), 0.0);
        for ((length, words), (look, _)) in bar.parts.iter().zip(self.legend) {
            let [left, right] = [from, from + length].map(|value| self.x_at(self.axis.share(value)));
            if right > left {
                swatch(area, look, (left, middle), right - left)?;
            }
            if right - left > f64::from(text_width(words, LABEL - 1) + 6) {
                let at = (f64::midpoint(left, right), middle);
                write(area, words, at, (LABEL - 1, INK), HPos::Center)?;
            }
            from += length;
        }
        let end = self.x_at(self.axis.share(from)) + 6.0;
        write(area, &bar.behind, (end, middle), (LABEL, INK), HPos::Left)
    }

    fn x_at(&self, share: f64) -> f64 {
        f64::from(LEFT) + 8.0 + f64::from(self.right - LEFT - 8) * share
    }
}

/// Fills a box of a colour around a height.
fn swatch<B: DrawingBackend>(area: &Area<B>, look: Look, (left, middle): (f64, f64), width: f64) -> Drawn<B> {
    let corners = [scaled((left, middle - BAR / 2.0)), scaled((left + width, middle + BAR / 2.0))];
    area.draw(&Rectangle::new(corners, look.colour.mix(0.75).filled()))
}
