//! The summary a terminal shows: verdict first, at most 100 columns.

use crate::report::number::{grouped, plain, wall};
use crate::report::{class_of, goal_text};
use crate::results::{
    ObjectivePlan, ObjectiveVerdict, Plan, StudyResult, SummaryRow, overall, summary, verdicts,
};
use crate::time::SimDuration;

/// The widest line.
const WIDTH: usize = 100;

/// Heads and columns of the table, and what turns a column's figure into what is shown.
const COLUMNS: [(&str, &str, f64); 9] = [
    ("offered/s", "offered_per_s", 1.0),
    ("goodput/s", "goodput_per_s", 1.0),
    ("p50 ms", "p50_ms", 1.0),
    ("p99 ms", "p99_ms", 1.0),
    ("cpu %", "cpu_utilization", 100.0),
    ("slot %", "slot_utilization", 100.0),
    ("load ratio", "load_ratio", 1.0),
    ("scaling", "scaling_ratio", 1.0),
    ("servers", "servers_ready", 1.0),
];

/// Returns the summary of a study as plain text, lines of at most 100 columns.
pub fn summary_text(result: &StudyResult) -> String {
    let judged = verdicts(result);
    let rows = summary(result);
    let mut lines = vec![headline(result, &judged)];
    if !judged.is_empty() {
        lines.push(String::new());
    }
    for (objective, verdict) in result.plan.objectives.iter().zip(&judged) {
        lines.push(objective_line(&result.plan, objective, verdict));
    }
    if !result.runs.is_empty() {
        lines.push(String::new());
        lines.extend(table(result, &rows));
    }
    let notes = notes(result, &rows);
    if !notes.is_empty() {
        lines.push(String::new());
    }
    lines.extend(notes.iter().map(|note| format!("note: {note}")));
    lines.iter().map(|line| wrap(line)).collect()
}

fn headline(result: &StudyResult, judged: &[ObjectiveVerdict]) -> String {
    let (done, planned) = (result.runs.len(), result.replications_planned);
    let verdict = match judged {
        [] => "NO OBJECTIVE".to_owned(),
        judged => overall(judged).name().to_uppercase(),
    };
    let days = match (done, planned as usize) {
        (1, 1) => "one day, no interval".to_owned(),
        (done, planned) if done < planned => format!("interrupted: {done} of {planned} days simulated"),
        (done, _) => format!("{done} days simulated"),
    };
    let name = result.plan.display_name.as_deref().unwrap_or(&result.plan.name);
    format!("{verdict}  {name}: {days}")
}

fn objective_line(plan: &Plan, objective: &ObjectivePlan, verdict: &ObjectiveVerdict) -> String {
    let place = format!("{}/{}", plan.services[objective.service].name, class_of(plan, objective));
    let days = verdict.days.len();
    let mut line = format!(
        "{:<12}  {}: {place} {}, holds in {} of {days} {}",
        verdict.verdict.name(),
        objective.name,
        goal_text(&objective.goal),
        verdict.held,
        if days == 1 { "day" } else { "days" },
    );
    if let Some(share) = objective.holds_in {
        line += &format!(" (asked: {}%", plain(share * 100.0));
        if let (Some(lo), Some(hi)) = (verdict.share_lo, verdict.share_hi) {
            line += &format!(", shown: {} to {}%", grouped(lo * 100.0, 3), grouped(hi * 100.0, 3));
        }
        line += ")";
    }
    if let Some(value) = verdict.value {
        let unit = if objective.goal.unit() == "ms" && value.mean.is_finite() { " ms" } else { "" };
        line += &format!(", value {}{unit}", plain_short(value.mean));
        if let (Some(lo), Some(hi)) = (value.lo, value.hi) {
            line += &format!(" [{}, {}]", plain_short(lo), plain_short(hi));
        }
    }
    if let Some(at) = first_broken(verdict) {
        line += &format!(", first broken day's worst window at {}", when(plan, at));
    }
    if !verdict.note.is_empty() {
        line += &format!("; {}", verdict.note);
    }
    line
}

pub(super) fn first_broken(verdict: &ObjectiveVerdict) -> Option<u64> {
    verdict.days.iter().find(|day| !day.holds).and_then(|day| day.worst_window_ns)
}

pub(super) fn when(plan: &Plan, nanos: u64) -> String {
    match wall(plan, nanos) {
        wall if wall.is_empty() => format!("{}s", plain(nanos as f64 / 1e9)),
        wall => wall,
    }
}

/// Ratios near one need their digits; latencies do not.
pub(super) fn plain_short(value: f64) -> String {
    if value.abs() < 10.0 { grouped(value, 5) } else { grouped(value, 4) }
}

/// Returns the table, its first columns as wide as the names in it.
fn table(result: &StudyResult, rows: &[SummaryRow]) -> Vec<String> {
    let name = |row: &SummaryRow| {
        let service = &result.plan.services[row.subject.service].name;
        match row.subject.row {
            None => service.clone(),
            Some(_) => format!("  {}", row.subject.class_name(&result.plan)),
        }
    };
    let one_class = |row: &SummaryRow| row.subject.rows(&result.plan).len() == 1;
    let mut cells: Vec<Vec<String>> = Vec::new();
    cells.push(std::iter::once("service").chain(COLUMNS.iter().map(|c| c.0)).map(str::to_owned).collect());
    let alone =
        |row: &SummaryRow| row.subject.row.is_some() && result.plan.rows_of(row.subject.service).len() == 1;
    for row in rows.iter().filter(|row| !alone(row) || !one_class(row)) {
        let figure = |&(_, column, factor): &(&str, &str, f64)| {
            let figure = row.figure(column);
            figure.map_or_else(|| "-".to_owned(), |figure| grouped(figure.mean * factor, 3))
        };
        cells.push(std::iter::once(name(row)).chain(COLUMNS.iter().map(figure)).collect());
    }
    let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..=COLUMNS.len()).map(width).collect();
    let others: usize = widths[1..].iter().map(|width| width + 1).sum();
    let first = widths[0].min(WIDTH.saturating_sub(others).max(8));
    cells.iter().map(|row| line(row, first, &widths)).collect()
}

fn line(row: &[String], first: usize, widths: &[usize]) -> String {
    let mut name: String = row[0].chars().take(first).collect();
    if row[0].chars().count() > first {
        name.pop();
        name.push('~');
    }
    let mut line = format!("{name:<first$}");
    for (cell, width) in row.iter().zip(widths).skip(1) {
        line += &format!(" {cell:>width$}");
    }
    line
}

/// Returns what to know before believing the figures.
pub(super) fn notes(result: &StudyResult, rows: &[SummaryRow]) -> Vec<String> {
    let plan = &result.plan;
    let mut notes = Vec::new();
    for row in rows.iter().filter(|row| row.subject.row.is_none() && !row.note.is_empty()) {
        notes.push(format!("{}: {}", plan.services[row.subject.service].name, row.note));
    }
    if plan.warmup_found {
        let warmup = SimDuration::from_nanos(plan.warmup_ns);
        notes.push(format!("the warm-up, {warmup}, was found by MSER-5 over pilot runs"));
    }
    if let [only] = &result.runs[..] {
        notes.push(format!("one day, no interval: replication {} alone", only.replication));
    }
    let recorded: Vec<&str> =
        plan.sources.iter().filter(|source| source.recorded).map(|source| &*source.name).collect();
    if !recorded.is_empty() && result.runs.len() > 1 {
        notes.push(format!("all days replay the same recording of {}", recorded.join(", ")));
    }
    for trace in result.provenance.traces.iter().filter(|trace| trace.bad_lines > 0) {
        let mut note = format!(
            "{}: {} of {} lines could not be used",
            trace.file,
            grouped(trace.bad_lines as f64, 1),
            grouped(trace.rows as f64, 1)
        );
        if let Some((line, reason)) = trace.first_bad.first() {
            note += &format!("; the first, line {line}: {reason}");
        }
        notes.push(note);
    }
    notes
}

/// Breaks a line at spaces where it is too long; what follows is indented. A table has no such
/// lines.
fn wrap(line: &str) -> String {
    if line.chars().count() <= WIDTH {
        return format!("{}\n", line.trim_end());
    }
    let (mut out, mut width) = (String::new(), 0);
    for word in line.split(' ') {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > WIDTH {
            out += "\n     ";
            width = 5;
        }
        if width > 0 {
            out.push(' ');
            width += 1;
        }
        out += word;
        width += length;
    }
    out + "\n"
}
