//! The summary a terminal shows: verdict first.

mod releases;

use crate::report::number::{grouped, plain, wall};
use crate::report::told::{self, short};
use crate::report::words::{Lang, Word};
use crate::report::{class_of, goal_text};
use crate::results::{
    DependencyRow, EventKind, LogEntry, ObjectivePlan, ObjectiveVerdict, Plan, StudyResult, SummaryRow,
    nearest_limits, overall, summary, verdicts,
};
use crate::time::SimDuration;

/// The widest table: names are cut to it.
pub(crate) const WIDTH: usize = 100;
/// What continues the line of an objective stands below its name.
const INDENT: &str = "              ";

/// So many resources at most are named as near their limits,
const NEAREST: usize = 3;
/// of which those after the first have less than this left.
const NEAR: f64 = 0.2;
/// How many events are told.
const HAPPENED: usize = 10;

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

/// Returns the summary of a study as plain text. Lines other than those of the table, which names are
/// cut for, are broken at `width` columns; without one they are left whole, as programs read them.
pub fn summary_text(result: &StudyResult, width: Option<usize>) -> String {
    let judged = verdicts(result);
    let rows = summary(result);
    let mut head = vec![headline(result, &judged)];
    if !judged.is_empty() {
        head.push(String::new());
    }
    for (index, verdict) in judged.iter().enumerate() {
        head.extend(objective_lines(result, index, verdict));
    }
    let mut figures = Vec::new();
    if !result.runs.is_empty() {
        figures.push(String::new());
        figures.extend(table(result, &rows));
    }
    figures.extend(releases::table(result));
    let mut tail = releases::sentences(result);
    let nearest = nearest(result);
    if !nearest.is_empty() {
        tail.push(String::new());
    }
    tail.extend(nearest);
    let happened = happened(result);
    if !happened.is_empty() {
        tail.push(String::new());
    }
    tail.extend(happened);
    let notes = notes(result, &rows, Lang::En);
    if !notes.is_empty() {
        tail.push(String::new());
    }
    tail.extend(notes.iter().map(|note| format!("note: {note}")));
    let prose = |lines: Vec<String>| lines.iter().map(|line| wrap(line, width)).collect::<String>();
    let figures: String = figures.iter().map(|line| format!("{}\n", line.trim_end())).collect();
    prose(head) + &figures + &prose(tail)
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

/// Says what became of an objective: the verdict and the value; which stretch was judged, and where it
/// was worst; what else there is to know.
fn objective_lines(result: &StudyResult, index: usize, verdict: &ObjectiveVerdict) -> Vec<String> {
    let (plan, objective) = (&result.plan, &result.plan.objectives[index]);
    let place = format!("{}/{}", plan.services[objective.service].name, class_of(plan, objective));
    let mut first = format!(
        "{:<12}  {}: {place} {}, holds in {}",
        verdict.verdict.name(),
        objective.name,
        goal_text(&objective.goal),
        told::some_days(verdict.held, verdict.days.len(), Lang::En),
    );
    if let Some(share) = objective.holds_in {
        first += &format!(" (asked: {}%", plain(share * 100.0));
        if let (Some(lo), Some(hi)) = (verdict.share_lo, verdict.share_hi) {
            first += &format!(", shown: {} to {}%", grouped(lo * 100.0, 3), grouped(hi * 100.0, 3));
        }
        first += ")";
    }
    first += &value(objective, verdict);
    let mut second = format!("{INDENT}judged: {}", told::judged(plan, objective, Lang::En));
    if let Some((requests, _)) = told::population(result, index) {
        second += &format!("; {} requests a day", grouped(requests, 3));
    }
    let mut lines = vec![first, second];
    if let Some(at) = first_broken(verdict).filter(|_| objective.every_ns.is_some()) {
        lines.push(format!("{INDENT}worst window of the first broken day: from {}", when(plan, at)));
    }
    let notes = told::notes(objective, verdict, Lang::En);
    if !notes.is_empty() {
        lines.push(format!("{INDENT}{notes}"));
    }
    lines
}

/// Returns the value of an objective and its interval, or that there is none: why, a note says.
fn value(objective: &ObjectivePlan, verdict: &ObjectiveVerdict) -> String {
    let Some(value) = verdict.value else { return String::new() };
    if value.mean.is_infinite() {
        return format!(", no {}", told::name(&objective.goal));
    }
    let unit = if objective.goal.unit() == "ms" { " ms" } else { "" };
    let mut text = format!(", value {}{unit}", short(value.mean));
    if let (Some(lo), Some(hi)) = (value.lo, value.hi) {
        text += &format!(" [{}, {}]", short(lo), short(hi));
    }
    text
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

fn whole_or_short(value: f64) -> String {
    grouped(value, if value.trunc() == value { 1 } else { 3 })
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

/// Names what came nearest its limit, in the worst replication.
fn nearest(result: &StudyResult) -> Vec<String> {
    let told = |(i, row): (usize, &DependencyRow)| {
        let (used, margin) = (row.peak_use?, row.margin?);
        let name = &result.plan.services[row.service].name;
        let unit = match row.resource {
            "cpu" => "cores",
            "slots" => "requests in hand",
            _ => "waiting",
        };
        let mut line = format!(
            "{}: {name} {}, {} of {} {unit}, {}% left",
            if i == 0 { "nearest its limit" } else { "then" },
            row.resource,
            whole_or_short(used),
            whole_or_short(row.limit),
            grouped((margin * 1e6).round() / 1e4, 3),
        );
        if let (Some(at), Some(replication)) = (row.at_ns, row.replication) {
            let second = at - at % 1_000_000_000;
            line += &format!(", at {} of day {replication}", when(&result.plan, second));
        }
        Some(line)
    };
    let rows = nearest_limits(result);
    let near = rows.iter().enumerate().take(NEAREST);
    near.filter(|(i, row)| *i == 0 || row.margin.is_some_and(|margin| margin < NEAR))
        .filter_map(told)
        .collect()
}

/// Tells what happened beside requests on the first day; single servers are left to `events.csv`.
fn happened(result: &StudyResult) -> Vec<String> {
    let Some(run) = result.runs.first() else { return Vec::new() };
    let single = [EventKind::Breakdown, EventKind::Repaired, EventKind::LaunchFailed, EventKind::StagePassed];
    let told = |event: &&LogEntry| !single.contains(&event.kind);
    let line = |event: &LogEntry| {
        let service = event.service.map(|service| &result.plan.services[service]);
        let pool = service.zip(event.pool).map_or("", |(service, pool)| &service.pools[pool].name);
        let place = [service.map_or("", |service| &service.name), pool];
        let place: Vec<&str> = place.into_iter().filter(|name| !name.is_empty()).collect();
        let count = event
            .servers
            .map(|count| if count == 1 { "1 server".to_owned() } else { format!("{count} servers") });
        let count = count.unwrap_or_default();
        let parts = [Lang::En.event(event.kind), &place.join("/"), &event.name, &count, &event.detail];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        format!("  {}  {}", when(&result.plan, event.at_ns - event.at_ns % 1_000_000_000), parts.join(", "))
    };
    let mut lines: Vec<String> = run.events.iter().filter(told).take(HAPPENED).map(line).collect();
    if !run.events.is_empty() {
        let more = match run.events.len() - lines.len() {
            0 => String::new(),
            more => format!(", {more} more"),
        };
        lines.insert(0, format!("happened on day {}{more} in events.csv:", run.replication));
    }
    lines
}

/// Returns what to know before believing the figures.
pub(super) fn notes(result: &StudyResult, rows: &[SummaryRow], lang: Lang) -> Vec<String> {
    let plan = &result.plan;
    let mut notes = Vec::new();
    for row in rows.iter().filter(|row| row.subject.row.is_none() && !row.note.is_empty()) {
        let service = &plan.services[row.subject.service];
        notes.push(format!("{}: {}", service.name, told::service_notes(service, lang)));
    }
    if plan.warmup_found {
        let warmup = SimDuration::from_nanos(plan.warmup_ns).to_string();
        notes.push(lang.fill(Word::NoteWarmupFound, &[&warmup]));
    }
    if let [only] = &result.runs[..] {
        notes.push(lang.fill(Word::NoteAlone, &[&only.replication.to_string()]));
    }
    let recorded: Vec<&str> =
        plan.sources.iter().filter(|source| source.recorded).map(|source| &*source.name).collect();
    if !recorded.is_empty() && result.runs.len() > 1 {
        notes.push(lang.fill(Word::NoteSameRecording, &[&recorded.join(", ")]));
    }
    for trace in result.provenance.traces.iter().filter(|trace| trace.bad_lines > 0) {
        let [bad, all] = [trace.bad_lines, trace.rows].map(|count| grouped(count as f64, 1));
        let mut note = lang.fill(Word::NoteBadLines, &[&trace.file, &bad, &all]);
        if let Some((line, reason)) = trace.first_bad.first() {
            note += &lang.fill(Word::NoteFirstBad, &[&line.to_string(), reason]);
        }
        notes.push(note);
    }
    notes
}

/// Breaks a line at spaces, or behind a slash, where it is wider than there is room; what follows is
/// indented as the line is, and a little more. A word that is too long stays whole.
pub(crate) fn wrap(line: &str, width: Option<usize>) -> String {
    let room = width.unwrap_or(usize::MAX);
    if line.chars().count() <= room {
        return format!("{}\n", line.trim_end());
    }
    let blanks = line.len() - line.trim_start().len();
    let indent = " ".repeat(if blanks == 0 { 6 } else { blanks });
    let (mut out, mut used) = (" ".repeat(blanks), blanks);
    for word in line.trim_start().split_inclusive([' ', '/']) {
        if used > indent.len() && used + word.trim_end().chars().count() > room {
            out.truncate(out.trim_end().len());
            out += "\n";
            out += &indent;
            used = indent.len();
        }
        out += word;
        used += word.chars().count();
    }
    out + "\n"
}
