//! What a search along a path found: the share of days on which objectives hold against the value, and where that
//! ends.

use std::io;

use super::{Sheet, plot};
use crate::report::charts::axis::Axis;
use crate::report::charts::look::{LOOKS, Look};
use crate::report::charts::marks::Mark;
use crate::report::charts::placed;
use crate::report::charts::plot::{Bound, Line, Plot, text_width};
use crate::report::charts::points::Point;
use crate::report::number::plain;
use crate::report::words::{Lang, Word};
use crate::results::experiment::{Answer, Candidate, Holding, Scale, Sizing};

/// The width of the plotting area beside labels of usual length, in pixels.
const ROOM: f64 = 450.0;
const LABEL: i32 = 12;

/// Draws a search along one path; `None` for one along several, whose values make no line.
///
/// # Errors
///
/// Where plotters cannot write, which does not happen in memory.
pub(in crate::report) fn size_chart(sizing: &Sizing, sentence: &str) -> io::Result<Option<Vec<u8>>> {
    if sizing.paths.len() != 1 {
        return Ok(None);
    }
    let remark = "bands: what the days prove of the share, at least and at most; points: candidates that were simulated";
    let plots = vec![picture(sizing)];
    let sheet = Sheet::plotted(String::new(), sentence.to_owned(), Vec::new(), plots)?;
    let name = sizing.display_name.as_deref().unwrap_or(&sizing.name);
    Ok(sheet.map(|sheet| placed(name, sentence, &[sentence, remark], &sheet.pictures)))
}

fn number(candidate: &Candidate) -> f64 {
    candidate.values[0].number.unwrap_or(0.0)
}

fn picture(sizing: &Sizing) -> Plot {
    let path = &sizing.paths[0];
    let label = |candidate: &Candidate| (number(candidate), candidate.values[0].label.clone());
    let labels: Vec<(f64, String)> = sizing.candidates.iter().map(label).collect();
    let across = Axis::values(&labels, |label| f64::from(text_width(label, LABEL) + 10) / ROOM);
    let line = |(objective, look): (usize, Look)| {
        let at = |candidate: &Candidate| across.share(number(candidate));
        let share =
            |candidate: &Candidate| candidate.share(objective).map(|share| (at(candidate), 100.0 * share));
        let shares: Vec<(f64, f64)> = sizing.candidates.iter().filter_map(share).collect();
        let band = |candidate: &Candidate| {
            let Holding { lo, hi, .. } = candidate.objectives[objective];
            (at(candidate), 100.0 * lo, 100.0 * hi)
        };
        Line {
            label: sizing.objectives[objective].name.clone(),
            look,
            points: shares.iter().map(|&(x, value)| Point { x, value, ..Point::default() }).collect(),
            runs: vec![shares],
            bands: vec![sizing.candidates.iter().map(band).collect()],
            ..Line::default()
        }
    };
    let lines = (0..sizing.objectives.len()).zip(LOOKS).map(line).collect();
    let (marks, between) = edges(sizing, &across);
    let caption =
        if path.scale == Scale::Load { "multiple of the load".to_owned() } else { path.path.clone() };
    let (title, unit) =
        (Lang::En.word(Word::DaysHeld).to_owned(), Lang::En.word(Word::ShareOfDays).to_owned());
    let y = Axis::linear(100.0).in_percent();
    Plot {
        lines,
        bounds: demanded(sizing),
        marks,
        wrong: (between.into_iter().collect(), "neither proven nor refuted"),
        ..plot(title, unit, (across, caption), y, Lang::En.word(Word::NothingToShow))
    }
}

/// Returns marks at the values of the answer, and the stretch between what is proven and what is refuted.
fn edges(sizing: &Sizing, across: &Axis) -> (Vec<Mark>, Option<(f64, f64)>) {
    let place = |at: usize| sizing.candidate(&[at]).map(|candidate| across.share(number(candidate)));
    let mark = |(at, word): (usize, &str)| {
        let label = &sizing.candidate(&[at])?.values[0].label;
        Some(Mark { at: place(at)?, label: format!("{word} {label}") })
    };
    let (named, between) = match &sizing.answer {
        Answer::UpTo { holds, crossing, fails, .. } => {
            let knee = (crossing != holds).then_some((*crossing, "knee at"));
            let fails = fails.map(|fails| (fails, "fails at"));
            let ends = fails.and_then(|fails| place(*holds).zip(place(fails.0)));
            ([Some((*holds, "holds at")), knee, fails], ends)
        }
        Answer::NotMonotone { worse, better, holds, .. } => {
            let named = [
                holds.map(|holds| (holds, "holds at")),
                Some((*worse, "worse at")),
                Some((*better, "better at")),
            ];
            (named, None)
        }
        _ => ([None; 3], None),
    };
    let mut marks: Vec<Mark> = named.into_iter().flatten().filter_map(mark).collect();
    marks.sort_by(|a, b| a.at.total_cmp(&b.at));
    (marks, between.map(|(a, b)| (a.min(b), a.max(b))))
}

/// Returns the shares that are demanded, each once.
fn demanded(sizing: &Sizing) -> Vec<Bound> {
    let mut shares: Vec<f64> = sizing.objectives.iter().map(|objective| objective.holds_in).collect();
    shares.sort_by(f64::total_cmp);
    shares.dedup();
    let bound = |share: f64| {
        let value = 100.0 * share;
        let label = Lang::En.fill(Word::Demanded, &[&plain((value * 1e6).round() / 1e6)]);
        Bound { label, value, from: 0.0, to: 1.0 }
    };
    shares.into_iter().map(bound).collect()
}
