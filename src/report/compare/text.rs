//! What a terminal shows of a comparison: one sentence first.

use super::{Sides, amount, ends, notes, percent, said, sentence, signed};
use crate::report::text::wrap;
use crate::report::words::Lang;
use crate::report::{class_of, goal_text, told};
use crate::results::{
    FigurePair, Judgement, ObjectivePair, ObjectivePlan, ObjectiveVerdict, Plan, ScenarioChange, StudyResult,
    overall, verdicts,
};

const HEADS: [&str; 7] = ["figure", "A", "B", "B - A", "95% interval", "change", "verdict"];
/// A value of the scenario is cut to so many characters.
const LONGEST: usize = 120;

/// Returns a comparison as plain text, the sides called as the user did; `all` figures, or the main ones that
/// differ. Prose is broken at `width` columns, tables are not.
pub fn comparison_text(sides: Sides<'_>, names: [&str; 2], all: bool, width: Option<usize>) -> String {
    let mut head = vec![sentence(sides), String::new()];
    head.extend(
        [("A", sides.a, names[0]), ("B", sides.b, names[1])]
            .map(|(side, study, name)| of_side(side, study, name)),
    );
    head.extend(["".to_owned(), "what differs in the scenario:".to_owned()]);
    let before = head.len();
    head.extend(sides.comparison.scenario.iter().map(change));
    head.extend(sides.comparison.traces.iter().map(|trace| change(trace).replacen("  ", "  trace of ", 1)));
    if head.len() == before {
        head.push("  nothing".to_owned());
    }
    if !sides.comparison.objectives.is_empty() {
        head.extend(["".to_owned(), "objectives:".to_owned()]);
        head.extend(sides.comparison.objectives.iter().map(|pair| objective(sides, pair)));
    }
    let shown = |figure: &&FigurePair| all || figure.main && figure.verdict != Ok(Judgement::Same);
    let figures: Vec<&FigurePair> = sides.comparison.figures.iter().filter(shown).collect();
    let same = sides.comparison.figures.iter().filter(|figure| !all && figure.main && !shown(figure));
    let same: Vec<&str> = same.map(|figure| &*figure.metric.name).collect();
    let mut tail = Vec::new();
    if !same.is_empty() {
        tail.push(format!("the same on every day: {}", same.join(", ")));
    }
    tail.push(String::new());
    tail.extend(notes(sides).into_iter().map(|note| format!("note: {note}")));
    let prose = |lines: Vec<String>| lines.iter().map(|line| wrap(line, width)).collect::<String>();
    let table: String = if figures.is_empty() { String::new() } else { table(sides, &figures) };
    prose(head) + "\n" + &table + &prose(tail)
}

fn of_side(side: &str, study: &StudyResult, name: &str) -> String {
    let (done, planned) = (study.runs.len(), study.replications_planned as usize);
    let days = match (done, planned) {
        (1, 1) => "one day".to_owned(),
        (done, planned) if done < planned => format!("{done} of {planned} days"),
        (done, _) => format!("{done} days"),
    };
    let verdict = match &study.plan.objectives[..] {
        [] => "no objective",
        _ => overall(&verdicts(study)).name(),
    };
    format!("{side}  {name}: {days}, {verdict}")
}

pub(super) fn change(change: &ScenarioChange) -> String {
    let value = |value: &Option<String>| match value {
        None => "(none)".to_owned(),
        Some(text) if text.chars().count() > LONGEST => {
            text.chars().take(LONGEST).chain("..".chars()).collect()
        }
        Some(text) => text.clone(),
    };
    format!("  {}: {} -> {}", change.path, value(&change.a), value(&change.b))
}

fn objective(sides: Sides<'_>, pair: &ObjectivePair) -> String {
    type Judged = (ObjectivePlan, ObjectiveVerdict);
    let verdict = |judged: &Judged| judged.1.verdict.name();
    let goal = |plan: &Plan, (objective, _): &Judged| {
        let share = objective.holds_in.map(|share| format!(" in {}", percent(share).trim_start_matches('+')));
        let (service, goal) = (&plan.services[objective.service].name, goal_text(&objective.goal));
        format!("{service}/{} {goal}{}", class_of(plan, objective), share.unwrap_or_default())
    };
    let days = |(_, verdict): &Judged| told::some_days(verdict.held, verdict.days.len(), Lang::En);
    let both = |a: String, b: String| if a == b { a } else { format!("{a} -> {b}") };
    let (plan_a, plan_b) = (&sides.a.plan, &sides.b.plan);
    let (verdict, goal, days) = match (&pair.a, &pair.b) {
        (Some(a), Some(b)) => (
            both(verdict(a).to_owned(), verdict(b).to_owned()),
            both(goal(plan_a, a), goal(plan_b, b)),
            both(days(a), days(b)),
        ),
        (Some(a), None) => (format!("{}, only in A", verdict(a)), goal(plan_a, a), days(a)),
        (None, Some(b)) => (format!("{}, only in B", verdict(b)), goal(plan_b, b), days(b)),
        (None, None) => return String::new(),
    };
    format!("  {verdict:<16}  {}: {goal}, holds in {days}", pair.name)
}

fn table(sides: Sides<'_>, figures: &[&FigurePair]) -> String {
    let mut rows = vec![HEADS.map(str::to_owned)];
    rows.extend(figures.iter().map(|figure| row(sides, figure)));
    let widths: Vec<usize> = (0..HEADS.len())
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let line = |row: &[String; 7]| {
        let mut line = format!("{:<1$}", row[0], widths[0]);
        for (cell, width) in row.iter().zip(&widths).skip(1).take(HEADS.len() - 2) {
            line += &format!("  {cell:>width$}");
        }
        format!("{line}  {}\n", row[HEADS.len() - 1])
    };
    rows.iter().map(line).collect()
}

fn row(sides: Sides<'_>, figure: &FigurePair) -> [String; 7] {
    let metric = &figure.metric;
    let dash = || "-".to_owned();
    let [a, b] = [(figure.a, sides.a), (figure.b, sides.b)].map(|(mean, study)| {
        mean.map_or_else(dash, |mean| amount(mean.mean, metric, study.plan.currency.as_deref()))
    });
    [
        metric.name.clone(),
        a,
        b,
        figure.difference.map_or_else(dash, |difference| signed(difference.mean, metric)),
        ends(figure.difference)
            .map_or_else(dash, |(lo, hi)| format!("{} to {}", signed(lo, metric), signed(hi, metric))),
        figure.relative.map_or_else(dash, percent),
        said(sides, figure),
    ]
}
