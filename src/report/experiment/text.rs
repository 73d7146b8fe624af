//! What a terminal shows of an experiment: the answer, the ranked table, comparisons, remarks.

use super::{Found, answers, compared, counted, remarks};
use crate::report::number::grouped;
use crate::report::text::{WIDTH, wrap};
use crate::report::words::Lang;
use crate::results::experiment::Experiment;

/// Rows of the table.
const MAX_ROWS: usize = 20;
/// The widest name of a cell, and the widest head of another column.
const NAME: usize = 56;
const HEAD: usize = 16;

/// Returns what an experiment found out as plain text. Lines other than those of the table are broken at `width`
/// columns; without one they are left whole, as programs read them.
pub fn text(experiment: &Experiment, width: Option<usize>) -> String {
    let found = Found::of(experiment, Lang::En);
    let table = table(&found);
    let mut tail = Vec::new();
    let told = compared(&found);
    if !told.is_empty() {
        tail.push(String::new());
    }
    tail.extend(told);
    tail.extend(counted(&found));
    let remarks = remarks(&found);
    if !remarks.is_empty() {
        tail.push(String::new());
    }
    tail.extend(remarks.iter().map(|remark| format!("note: {remark}")));
    let prose = |lines: Vec<String>| lines.iter().map(|line| wrap(line, width)).collect::<String>();
    let table: String = table.iter().map(|line| format!("{}\n", line.trim_end())).collect();
    prose(answers(&found)) + &table + &prose(tail)
}

/// Returns the cells by rank: verdict, on how many days objectives held, figures with half their intervals.
fn table(found: &Found<'_>) -> Vec<String> {
    let (names, plan) = (found.names, found.names.plan);
    let ranked = found.ranked();
    if ranked.is_empty() {
        return Vec::new();
    }
    let mut shown: Vec<usize> = ranked.iter().copied().take(MAX_ROWS).collect();
    if !shown.contains(&plan.baseline) && ranked.contains(&plan.baseline) {
        shown.push(plan.baseline);
    }
    let column = |head: String, cell: &dyn Fn(usize) -> String| {
        std::iter::once(cut(&head, HEAD)).chain(shown.iter().map(|&index| cell(index))).collect::<Vec<_>>()
    };
    let mut columns = Vec::new();
    if found.is_judged() {
        columns.push(column("verdict".to_owned(), &|cell| found.rows[cell].verdict.name().to_owned()));
    }
    columns.push(column("days".to_owned(), &|cell| found.rows[cell].replications.to_string()));
    for (objective, name) in plan.objectives.iter().enumerate() {
        columns.push(column(name.clone(), &|cell| {
            let of = found.rows[cell].objectives[objective].as_ref();
            of.map_or_else(|| "-".to_owned(), |of| format!("{}/{}", of.held, of.n))
        }));
    }
    for metric in found.metrics() {
        let head = format!("{} {}", names.metric(metric), names.unit(metric));
        columns.push(column(head, &|cell| {
            let Some(figure) = found.rows[cell].figures[metric] else { return "-".to_owned() };
            let half = figure.lo.zip(figure.hi).map(|(lo, hi)| (hi - lo) / 2.0);
            let half = half.map_or_else(String::new, |half| format!(" +-{}", grouped(half, 2)));
            names.bare(metric, figure.mean) + &half
        }));
    }
    let name = |&cell: &usize| {
        let rank = found.rows[cell].rank.unwrap_or(0);
        let baseline = if cell == plan.baseline { " *" } else { "" };
        format!("{rank}. {}{baseline}", cut(&names.cell(cell), NAME - 6))
    };
    let first: Vec<String> = std::iter::once("cell".to_owned()).chain(shown.iter().map(name)).collect();
    let mut lines = vec![String::new()];
    lines.extend(joined(&first, &columns));
    lines.push(match ranked.len() - shown.len() {
        0 => "* baseline".to_owned(),
        more => format!("* baseline; {more} more in sweep.csv"),
    });
    lines
}

/// Sets columns side by side, as many as there is room for.
fn joined(first: &[String], columns: &[Vec<String>]) -> Vec<String> {
    let width = |column: &[String]| column.iter().map(|text| text.chars().count()).max().unwrap_or(0);
    let mut lines: Vec<String> = first.iter().map(|text| format!("{text:<0$}", width(first))).collect();
    for column in columns {
        let width = width(column);
        if lines[0].chars().count() + 2 + width > WIDTH {
            continue;
        }
        for (line, text) in lines.iter_mut().zip(column) {
            *line += &format!("  {text:>width$}");
        }
    }
    lines
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width - 1).chain(['~']).collect()
}
