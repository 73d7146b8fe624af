//! What an experiment says, in sentences: the answer first, then who differs, then what to know.

use super::Found;
use crate::report::charts::experiment::{Hour, hours, is_release_time, loads};
use crate::report::told::some_days;
use crate::report::words::Word;
use crate::results::Verdict;
use crate::results::experiment::{Comparison, Difference};

/// Comparisons that are told in words.
const MAX_TOLD: usize = 10;
/// Other policies that are named beside the best.
const MAX_OTHERS: usize = 4;

/// Answers the question that the experiment asks, in one sentence.
fn answer(found: &Found<'_>) -> String {
    let lang = found.names.lang;
    let ranked = found.ranked();
    let Some(&first) = ranked.first() else { return lang.word(Word::NoRunFinished).to_owned() };
    // How much load can be taken, or when a release harms least, is an answer where nothing else differs.
    if let ([told], [_]) = (&further(found)[..], &found.names.varied()[..]) {
        return told.clone() + lang.word(Word::FullStop);
    }
    if found.is_judged() && found.rows[first].verdict != Verdict::Pass {
        return nothing_holds(found, &ranked);
    }
    let of_judged = found.is_judged();
    let word = match found.names.plan.ranked_by().map(|metric| &*found.names.plan.metrics[metric].name) {
        Some("cost") if of_judged => Word::CheapestThatHolds,
        Some("cost") => Word::Cheapest,
        Some("server_hours") if of_judged => Word::FewestHoursThatHold,
        Some(_) if of_judged => Word::BestThatHolds,
        _ => Word::BestOfAll,
    };
    let by = found.names.plan.ranked_by().map_or_else(String::new, |metric| found.names.metric(metric));
    let mut parts = vec![lang.fill(word, &[&priced(found, first), &by])];
    parts.extend(others(found, &ranked, first));
    parts.join(lang.word(Word::Semicolon)) + lang.word(Word::FullStop)
}

/// Names a cell and by what it is ranked: `P2C, replicas=12 (12.4 USD a day)`.
fn priced(found: &Found<'_>, cell: usize) -> String {
    let (names, lang) = (found.names, found.names.lang);
    let figure =
        found.names.plan.ranked_by().and_then(|metric| Some((metric, found.rows[cell].figures[metric]?)));
    let name = names.cell(cell);
    let Some((metric, figure)) = figure else { return name };
    let value = names.figure(metric, figure.mean);
    let daily = ["cost", "server_hours"].contains(&&*names.plan.metrics[metric].name);
    let value = if daily { lang.fill(Word::PerDay, &[&value]) } else { value };
    format!("{name} ({value})")
}

/// Says what the other values of the first axis of words need, where several are compared.
fn others(found: &Found<'_>, ranked: &[usize], first: usize) -> Vec<String> {
    let (names, lang) = (found.names, found.names.lang);
    let Some(axis) = names.varied().into_iter().find(|&axis| !names.is_numeric(axis)) else { return vec![] };
    let at = |cell: usize| names.plan.cells[cell].at[axis];
    let rest: Vec<usize> = names.varied().into_iter().filter(|&other| other != axis).collect();
    let told = |value: usize| {
        let best = ranked.iter().copied().find(|&cell| at(cell) == value)?;
        let name = names.value(axis, value);
        if found.is_judged() && found.rows[best].verdict != Verdict::Pass {
            let undecided = ranked
                .iter()
                .any(|&cell| at(cell) == value && found.rows[cell].verdict == Verdict::Inconclusive);
            let word = if undecided { Word::OtherUndecided } else { Word::OtherNever };
            return Some(lang.fill(word, &[&name]));
        }
        let own = names.part(rest.iter(), &names.plan.cells[best].at);
        let metric = found.names.plan.ranked_by()?;
        let figure = names.figure(metric, found.rows[best].figures[metric]?.mean);
        let word = match (rest.is_empty(), found.is_judged()) {
            (true, _) => return Some(lang.fill(Word::OtherIs, &[&name, &figure])),
            (false, true) => Word::OtherNeeds,
            (false, false) => Word::OtherAt,
        };
        Some(lang.fill(word, &[&name, &own, &figure]))
    };
    let values = (0..names.plan.axes[axis].values.len()).filter(|&value| value != at(first));
    let mut all: Vec<String> = values.filter_map(told).collect();
    all.truncate(MAX_OTHERS);
    all
}

fn nothing_holds(found: &Found<'_>, ranked: &[usize]) -> String {
    let (names, lang) = (found.names, found.names.lang);
    let undecided = ranked.iter().filter(|&&cell| found.rows[cell].verdict == Verdict::Inconclusive).count();
    let held = |cell: usize| {
        let of = found.rows[cell].objectives.iter().flatten();
        of.map(|objective| (objective.share, objective.held, objective.n)).min_by(|a, b| a.0.total_cmp(&b.0))
    };
    // Nearest is whose worst objective held most often; of equals the one ranked before.
    let share = |cell: &usize| held(*cell).map_or(-1.0, |held| held.0);
    let nearest = ranked.iter().copied().rev().max_by(|a, b| share(a).total_cmp(&share(b)));
    let mut parts = vec![match undecided {
        0 => lang.word(Word::NothingHolds).to_owned(),
        count => lang.fill(Word::NothingShown, &[&count.to_string()]),
    }];
    let nearest = nearest.and_then(|cell| Some((cell, held(cell)?)));
    if let Some((cell, (_, held, n))) = nearest.filter(|(_, (_, held, _))| *held > 0) {
        parts.push(lang.fill(Word::NearestHeld, &[&names.cell(cell), &some_days(held, n as usize, lang)]));
    }
    parts.join(lang.word(Word::Semicolon)) + lang.word(Word::FullStop)
}

/// Returns the comparisons that are told: those of the first cell and of cells that differ from the baseline in one
/// axis alone.
fn chosen<'f>(found: &'f Found<'_>) -> Vec<&'f Comparison> {
    let best = found.ranked().first().copied();
    let plan = found.names.plan;
    let apart = |cell: usize| {
        let ends = plan.cells[cell].at.iter().zip(&plan.cells[plan.baseline].at);
        ends.filter(|(a, b)| a != b).count()
    };
    // That a price is the same needs no words.
    let differs = |of: &Comparison| of.difference.is_none_or(|d| d.mean != 0.0 || d.lo != d.hi);
    let near = |of: &&Comparison| differs(of) && (Some(of.cell) == best || apart(of.cell) == 1);
    let mut chosen: Vec<&Comparison> = found.comparisons.iter().filter(near).collect();
    chosen.sort_by_key(|of| (Some(of.cell) != best, of.metric));
    chosen
}

/// Tells comparisons in words, and how many there are.
pub(in crate::report) fn compared(found: &Found<'_>) -> Vec<String> {
    chosen(found).into_iter().take(MAX_TOLD).map(|of| told(found, of)).collect()
}

/// Tells a comparison: `P2C against random, web p99: 41 ms lower (37 to 45), better`.
fn told(found: &Found<'_>, of: &Comparison) -> String {
    let (names, lang, plan) = (found.names, found.names.lang, found.names.plan);
    let (own, base) = (&plan.cells[of.cell].at, &plan.cells[plan.baseline].at);
    let apart: Vec<usize> = names.varied().into_iter().filter(|&axis| own[axis] != base[axis]).collect();
    let [own, base] = [own, base].map(|at| names.part(apart.iter(), at));
    let days = (of.n + of.infinite).to_string();
    let verdict = match of.verdict {
        Difference::Better => lang.word(Word::IsBetter).to_owned(),
        Difference::Worse => lang.word(Word::IsWorse).to_owned(),
        Difference::Undistinguished => lang.fill(Word::NotDistinguishable, &[&days]),
    };
    let metric = names.metric(of.metric);
    // Where only the order of values counts, a mean of some of them would mislead.
    let Some(difference) = of.difference.filter(|_| !of.by_signs) else {
        return lang.fill(Word::AgainstBySigns, &[&own, &base, &metric, &verdict]);
    };
    let lower = difference.mean < 0.0;
    let size = names.figure(of.metric, difference.mean.abs());
    let way = lang.word(if lower { Word::IsLower } else { Word::IsHigher });
    // What differs by the same on every day has no interval to tell.
    let ends = difference.lo.zip(difference.hi).filter(|(lo, hi)| lo < hi);
    let ends = ends.map(|(lo, hi)| if lower { (-hi, -lo) } else { (lo, hi) });
    let ends = ends.map_or_else(String::new, |(lo, hi)| {
        let ends = [lo, hi].map(|end| names.bare(of.metric, end));
        format!(" ({})", lang.fill(Word::FromTo, &ends.each_ref().map(String::as_str)))
    });
    lang.fill(Word::Against, &[&own, &base, &metric, &size, way, &ends, &verdict])
}

/// Says how many comparisons there are, how they came out, and what they are corrected for.
pub(in crate::report) fn counted(found: &Found<'_>) -> Option<String> {
    let all = &found.comparisons;
    let count = |verdict| all.iter().filter(|of| of.verdict == verdict).count().to_string();
    let values = [
        &all.len().to_string(),
        &count(Difference::Better),
        &count(Difference::Worse),
        &count(Difference::Undistinguished),
    ];
    let word = if all.len() == 1 { Word::OneComparison } else { Word::ComparisonsCounted };
    (!all.is_empty()).then(|| found.names.lang.fill(word, &values.map(String::as_str)))
}

/// Returns what also answers: how much load can be taken, when a release harms least.
fn further(found: &Found<'_>) -> Vec<String> {
    loads(found).into_iter().chain(freezes(found)).take(MAX_TOLD).collect()
}

/// Returns the answer, and what is to be told beside it.
pub(in crate::report) fn answers(found: &Found<'_>) -> Vec<String> {
    let first = answer(found);
    let told = |further: &String| !first.starts_with(further);
    std::iter::once(first.clone()).chain(further(found).into_iter().filter(told)).collect()
}

/// Says, for every axis that is the time of a release, when it harms least and most.
fn freezes(found: &Found<'_>) -> Vec<String> {
    let (names, lang) = (found.names, found.names.lang);
    let axes = names.varied().into_iter().filter(|&axis| is_release_time(found, axis));
    let told = |axis: usize| {
        hours(found, axis).into_iter().filter_map(|of| {
            let (least, most) = of.ends()?;
            let said = |hour: &Hour| {
                let harmed = names.bare(of.metric, hour.harmed.mean);
                let ends = names.ends(of.metric, hour.harmed);
                let ends =
                    ends.map_or_else(String::new, |ends| lang.word(Word::Semicolon).to_owned() + &ends);
                lang.fill(Word::HarmAt, &[&hour.label, &harmed, &ends])
            };
            let said = lang.fill(Word::LeastHarm, &[&said(&of.hours[least]), &said(&of.hours[most])]);
            Some(if of.part.is_empty() { said } else { format!("{}: {said}", of.part) })
        })
    };
    axes.flat_map(told).collect()
}

/// Returns what to know before believing the figures.
pub(in crate::report) fn remarks(found: &Found<'_>) -> Vec<String> {
    let (lang, plan) = (found.names.lang, found.names.plan);
    let cells = |count: usize| count.to_string();
    let mut remarks = Vec::new();
    let missing = |cell: &usize| (found.experiment.runs[*cell].len() as u32) < plan.design.looks[0];
    let missing = (0..plan.cells.len()).filter(missing).count();
    if missing > 0 {
        remarks.push(lang.fill(Word::CellsMissing, &[&cells(missing), &cells(plan.cells.len())]));
    }
    let undecided =
        found.rows.iter().filter(|row| row.verdict == Verdict::Inconclusive && row.replications > 0);
    match undecided.count() {
        0 => {}
        count if found.is_judged() => {
            remarks.push(lang.fill(Word::CellsUndecided, &[&cells(count), &cells(plan.cells.len())]));
        }
        _ => {}
    }
    if plan.design.is_sequential() {
        let looks: Vec<String> = plan.design.looks.iter().map(u32::to_string).collect();
        remarks.push(lang.fill(Word::LookedAt, &[&looks.join(", ")]));
    }
    if plan.dropped > 0 {
        remarks.push(lang.fill(Word::CellsDropped, &[&plan.dropped.to_string()]));
    }
    if plan.recorded {
        remarks.push(lang.word(Word::RecordedShared).to_owned());
    }
    let unbounded = |&metric: &usize| plan.cells.iter().any(|cell| cell.unbounded.contains(&metric));
    let unbounded: Vec<String> = found
        .names
        .headlines()
        .into_iter()
        .filter(unbounded)
        .map(|metric| found.names.metric(metric))
        .collect();
    if !unbounded.is_empty() {
        remarks.push(lang.fill(Word::NoIntervals, &[&unbounded.join(", ")]));
    }
    remarks
}
