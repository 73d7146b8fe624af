//! `report.html`: everything that was found, in one file that needs no other. The verdict comes
//! first, then what it is made of.

mod experiment;
mod releases;

pub(super) use experiment::experiment;

use std::fmt::Write as _;

use crate::report::charts::{Picture, ReleaseChart, remarks};
use crate::report::class_of;
use crate::report::number::{grouped, plain};
use crate::report::text::{first_broken, notes, when};
use crate::report::told::{self, short};
use crate::report::words::{Lang, Word};
use crate::results::{
    LogEntry, ObjectiveVerdict, StudyResult, SummaryRow, Verdict, dependencies, overall, summary, verdicts,
};
use crate::stats::Interval;
use crate::time::{NANOS_PER_SEC, SimDuration};

/// Rows of the table of limits.
const MAX_LIMITS: usize = 20;
/// Rows of the table of what happened.
const MAX_EVENTS: usize = 100;

/// The longest word that is never broken: a time of day with date and offset.
const LONGEST_WORD: usize = 28;

/// Heads and columns of a table, and what turns a figure into what is shown.
type Columns = [(Word, &'static str, f64)];

/// The summary in two tables, so that each is as wide as a page.
const TABLES: [(Word, &Columns); 2] = [
    (
        Word::TrafficAndLatency,
        &[
            (Word::OfferedPerSecond, "offered_per_s", 1.0),
            (Word::GoodputPerSecond, "goodput_per_s", 1.0),
            (Word::MeanLatency, "latency_mean_ms", 1.0),
            (Word::Median, "p50_ms", 1.0),
            (Word::P95, "p95_ms", 1.0),
            (Word::P99, "p99_ms", 1.0),
            (Word::P999, "p999_ms", 1.0),
        ],
    ),
    (
        Word::UseOfServers,
        &[
            (Word::CpuShare, "cpu_utilization", 100.0),
            (Word::SlotShare, "slot_utilization", 100.0),
            (Word::PerServer, "load_ratio", 1.0),
            (Word::Needed, "scaling_ratio", 1.0),
            (Word::ServersReady, "servers_ready", 1.0),
            (Word::Availability, "availability", 100.0),
            (Word::Cost, "cost", 1.0),
            (Word::Wasted, "cost_wasted", 1.0),
        ],
    ),
];

const CSS: &str = "
body{font:15px/1.5 system-ui,'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif;color:#222;background:#fff;max-width:1480px;margin:0 auto;padding:24px;box-sizing:border-box}
h1{font-size:26px;margin:4px 0;overflow-wrap:anywhere}h2{font-size:19px;margin:36px 0 10px;border-bottom:1px solid #ccc;padding-bottom:4px}h3{font-size:16px;margin:24px 0 6px;overflow-wrap:anywhere}
p{margin:4px 0}small{color:#666}.said{font-size:17px;margin:8px 0;overflow-wrap:anywhere}
.verdict{display:inline-block;font-weight:600;font-size:18px;padding:3px 14px;border-radius:4px;color:#fff;background:#555;text-transform:uppercase;white-space:nowrap}
td .verdict{font-size:11px;padding:2px 6px}
.pass{background:#00694d}.fail{background:#a84a00}.inconclusive{background:#6b5200}
table{border-collapse:collapse;font-size:13px;max-width:100%}th,td{padding:4px 6px;border-bottom:1px solid #e2e2e2;text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{color:#555;font-weight:600;overflow-wrap:break-word}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td.n{overflow-wrap:normal;white-space:nowrap}td small{display:block;font-size:12px}td span{white-space:nowrap}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(560px,100%),1fr));gap:8px 16px}.charts svg{width:100%;height:auto}
svg text{paint-order:stroke;stroke:#fff;stroke-width:.25em;stroke-linejoin:round}svg polyline{stroke-linejoin:round}
pre{background:#f6f6f6;padding:12px;white-space:pre-wrap;overflow-wrap:anywhere;font-size:13px;line-height:1.4}code{font-size:13px;overflow-wrap:anywhere}
@media (max-width:800px){body{padding:12px}table,tbody,tr,td{display:block}tr.heads{display:none}tr{border-bottom:1px solid #ccc;padding:6px 0}td,td.n{display:flex;gap:12px;justify-content:space-between;border:0;padding:2px 0;text-align:right}td::before{content:attr(data-head);color:#555;font-weight:600;text-align:left;flex:none;max-width:45%}td:empty{display:none}table.names th{display:block;border:0;padding:6px 0 0}table.names td{text-align:left}.charts{overflow-x:auto}.charts svg{min-width:540px}}
@media print{body{padding:0;font-size:11px}.charts{grid-template-columns:1fr 1fr;gap:4px}.charts svg,tr{break-inside:avoid}h2,h3{break-after:avoid}table{font-size:10px}th,td{padding:2px 5px}pre{font-size:9px}.verdict{border:1px solid;color:#000;background:none}}
";

/// Returns text that means itself in HTML and SVG.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            // Neither language of markup has a form for these.
            c if c.is_control() && c != '\n' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Returns `report.html`.
pub(super) fn report(
    result: &StudyResult,
    pictures: &[Picture],
    releases: &[ReleaseChart],
    lang: Lang,
) -> Vec<u8> {
    let name = escaped(result.plan.display_name.as_deref().unwrap_or(&result.plan.name));
    let (judged, rows) = (verdicts(result), summary(result));
    let mut page = Page::begun(Word::Report, &name, lang);
    page.headline(result, &judged, &name);
    page.objectives(result, &judged);
    page.releases(result, releases);
    page.charts(result, pictures);
    page.events(result);
    page.summary(result, &rows);
    page.limits(result);
    page.notes(&notes(result, &rows, lang));
    page.scenario(&result.provenance.resolved);
    page.provenance(result);
    page.ended()
}

/// A page in the making.
struct Page {
    text: String,
    lang: Lang,
}

/// A cell of a table: escaped already.
enum Cell {
    Text(String),
    Number(String),
}

impl Cell {
    fn text(text: &str) -> Self {
        Self::Text(unbroken(text))
    }
}

/// Returns escaped text whose names and times of day are not broken at their hyphens, where lines can be broken
/// elsewhere.
fn unbroken(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_inclusive([' ', '/']) {
        let own = word.trim_end_matches(' ');
        if own.contains('-') && own.len() <= LONGEST_WORD {
            let _ = write!(out, "<span>{}</span>{}", escaped(own), escaped(&word[own.len()..]));
        } else {
            out += &escaped(word);
        }
        if word.ends_with('/') {
            out += "<wbr/>";
        }
    }
    out
}

impl Page {
    /// Begins a page about something of an escaped name.
    fn begun(title: Word, name: &str, lang: Lang) -> Self {
        let code = match lang {
            Lang::En => "en",
            Lang::Zh => "zh-CN",
        };
        let title = lang.word(title);
        let text = format!(
            "<!DOCTYPE html>\n<html lang=\"{code}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}: {name}</title>\n\
             <style>{CSS}</style>\n</head>\n<body>\n"
        );
        Self { text, lang }
    }

    fn ended(mut self) -> Vec<u8> {
        self.text += "</body>\n</html>\n";
        self.text.into_bytes()
    }

    fn headline(&mut self, result: &StudyResult, judged: &[ObjectiveVerdict], name: &str) {
        let (class, word) = match judged {
            [] => ("none", Word::NoObjective),
            judged => verdict(overall(judged)),
        };
        let (done, planned) = (result.runs.len(), result.replications_planned);
        let unit = if done == 1 { Word::DaySimulated } else { Word::DaysSimulated };
        let mut days = format!("{done} {}", self.lang.word(unit));
        if done < planned as usize {
            let [of, cut] = [Word::DaysOf, Word::Interrupted].map(|word| self.lang.word(word));
            days = format!("{cut}: {done} {of} {planned} {}", self.lang.word(Word::DaysSimulated));
        }
        let span = SimDuration::from_nanos(result.plan.duration_ns);
        let start = when(&result.plan, 0);
        let word = self.lang.word(word);
        let said = escaped(&told::sentence(result, judged, self.lang));
        let _ = write!(
            self.text,
            "<header>\n<p class=\"verdict {class}\">{word}</p>\n<p class=\"said\">{said}</p>\n<h1>{name}</h1>\n\
             <p>{days} \u{b7} {start} + {span}</p>\n</header>\n"
        );
    }

    fn objectives(&mut self, result: &StudyResult, judged: &[ObjectiveVerdict]) {
        if judged.is_empty() {
            return;
        }
        self.section(Word::Objectives);
        let heads = [
            Word::Verdict,
            Word::Objective,
            Word::Goal,
            Word::Value,
            Word::HeldIn,
            Word::JudgedOver,
            Word::RequestsJudged,
            Word::WithoutAnswer,
            Word::Note,
        ];
        let rows = (0..judged.len()).map(|index| self.objective(result, index, &judged[index])).collect();
        self.table(&heads, rows);
    }

    fn objective(&self, result: &StudyResult, index: usize, judged: &ObjectiveVerdict) -> Vec<Cell> {
        let (plan, objective, lang) = (&result.plan, &result.plan.objectives[index], self.lang);
        let (class, word) = verdict(judged.verdict);
        let value = |value: f64| match objective.goal.unit() {
            "ms" => format!("{} ms", short(value)),
            _ => short(value),
        };
        let percent = |share: f64| format!("{}%", grouped(share * 100.0, 3));
        let place = format!("{}/{}", plan.services[objective.service].name, class_of(plan, objective));
        let days = told::some_days(judged.held, judged.days.len(), lang);
        let mut held = format!("<span>{}</span>", escaped(&days));
        if let (Some(asked), Some((lo, hi))) = (objective.holds_in, judged.share_lo.zip(judged.share_hi)) {
            let [word_asked, word_shown] = [Word::Asked, Word::Shown].map(|word| lang.word(word));
            let (asked, lo, hi) = (plain(asked * 100.0), percent(lo), percent(hi));
            let _ = write!(
                held,
                "<small><span>{word_asked} {asked}%</span></small><small><span>{word_shown} {lo}</span> \
                 <span>\u{2013} {hi}</span></small>"
            );
        }
        let mut stretch = unbroken(&told::judged(plan, objective, lang));
        if let Some(at) = first_broken(judged).filter(|_| objective.every_ns.is_some()) {
            let _ = write!(
                stretch,
                "<small>{}: {}</small>",
                lang.word(Word::WorstWindow),
                unbroken(&when(plan, at))
            );
        }
        let population = told::population(result, index);
        // Where it is infinite the note says why there is none.
        let found = judged.value.filter(|found| found.mean.is_finite());
        vec![
            Cell::Text(format!("<strong class=\"verdict {class}\">{}</strong>", lang.word(word))),
            Cell::Text(format!("{}<small>{}</small>", unbroken(&objective.name), unbroken(&place))),
            Cell::Text(format!("<span>{}</span>", escaped(&told::goal(&objective.goal, lang)))),
            Cell::Number(found.map_or_else(String::new, |found| with_ends(found, value))),
            Cell::Text(held),
            Cell::Text(stretch),
            Cell::Number(population.map_or_else(String::new, |(total, _)| grouped(total, 3))),
            Cell::Number(population.map_or_else(String::new, |(_, bad)| percent(bad))),
            Cell::text(&told::notes(objective, judged, lang)),
        ]
    }

    fn charts(&mut self, result: &StudyResult, pictures: &[Picture]) {
        self.section(Word::Charts);
        for remark in remarks(result, self.lang) {
            let _ = writeln!(self.text, "<p><small>{remark}</small></p>");
        }
        for of_service in pictures.chunk_by(|a, b| a.service == b.service) {
            let name = escaped(&result.plan.services[of_service[0].service].name);
            let _ = writeln!(self.text, "<h3>{name}</h3>\n<div class=\"charts\">");
            self.text.extend(of_service.iter().map(|picture| {
                picture.element("xmlns=\"http://www.w3.org/2000/svg\" font-family=\"sans-serif\"")
            }));
            self.text += "</div>\n";
        }
    }

    /// What happened beside requests on the first day.
    fn events(&mut self, result: &StudyResult) {
        let (plan, lang) = (&result.plan, self.lang);
        let Some(run) = result.runs.first().filter(|run| !run.events.is_empty()) else { return };
        self.section(Word::Events);
        let _ = writeln!(self.text, "<p><small>{}</small></p>", lang.word(Word::EventsOf));
        let heads =
            [Word::When, Word::Event, Word::Service, Word::Pool, Word::Name, Word::Servers, Word::Detail];
        let row = |event: &LogEntry| {
            let service = event.service.map(|service| &plan.services[service]);
            let pool = service.zip(event.pool).map_or("", |(service, pool)| &service.pools[pool].name);
            let count = event.servers.map_or_else(String::new, |count| grouped(f64::from(count), 1));
            vec![
                Cell::text(&when(plan, event.at_ns / NANOS_PER_SEC * NANOS_PER_SEC)),
                Cell::text(lang.event(event.kind)),
                Cell::text(service.map_or("", |service| &service.name)),
                Cell::text(pool),
                Cell::text(&event.name),
                Cell::Number(count),
                Cell::text(&event.detail),
            ]
        };
        self.table(&heads, run.events.iter().take(MAX_EVENTS).map(row).collect());
        if let more @ 1.. = run.events.len().saturating_sub(MAX_EVENTS) {
            let more = lang.fill(Word::MoreEvents, &[&more.to_string()]);
            let _ = writeln!(self.text, "<p><small>{more}</small></p>");
        }
    }

    fn summary(&mut self, result: &StudyResult, rows: &[SummaryRow]) {
        self.section(Word::Summary);
        let _ = writeln!(self.text, "<p><small>{}</small></p>", self.lang.word(Word::SummaryOf));
        for (title, columns) in TABLES {
            let applies = |column: &&(Word, &str, f64)| rows.iter().any(|row| row.figure(column.1).is_some());
            let columns: Vec<_> = columns.iter().filter(applies).collect();
            // Classes have no servers of their own.
            let applies = |row: &&SummaryRow| columns.iter().any(|column| row.figure(column.1).is_some());
            let shown = rows.iter().filter(applies);
            let names = [Word::Service, Word::Class];
            let heads: Vec<_> = names.into_iter().chain(columns.iter().map(|column| column.0)).collect();
            let row = |row: &SummaryRow| {
                let names =
                    [&*result.plan.services[row.subject.service].name, row.subject.class_name(&result.plan)];
                let figure = |&&(_, column, factor): &&(Word, &str, f64)| {
                    let shown = |value: f64| grouped(value * factor, 3);
                    Cell::Number(
                        row.figure(column).map_or_else(String::new, |figure| with_ends(figure, shown)),
                    )
                };
                names.into_iter().map(Cell::text).chain(columns.iter().map(figure)).collect()
            };
            let _ = writeln!(self.text, "<h3>{}</h3>", self.lang.word(title));
            self.table(&heads, shown.map(row).collect());
        }
        if let Some(currency) = &result.plan.currency {
            let (word, currency) = (self.lang.word(Word::Cost), escaped(currency));
            let _ = writeln!(self.text, "<p><small>{word}: {currency}</small></p>");
        }
    }

    /// The resources that came nearest to their limits, the nearest first.
    fn limits(&mut self, result: &StudyResult) {
        let mut rows = dependencies(result);
        rows.retain(|row| row.margin.is_some());
        rows.sort_by(|a, b| a.margin.unwrap_or(0.0).total_cmp(&b.margin.unwrap_or(0.0)));
        rows.truncate(MAX_LIMITS);
        if rows.is_empty() {
            return;
        }
        self.section(Word::Limits);
        let heads = [Word::Service, Word::Resource, Word::Limit, Word::PeakUse, Word::Margin, Word::When];
        let number =
            |value: Option<f64>| Cell::Number(value.map_or_else(String::new, |value| grouped(value, 3)));
        let row = |row: &crate::results::DependencyRow| {
            vec![
                Cell::text(&result.plan.services[row.service].name),
                Cell::text(self.resource(row.resource)),
                number(Some(row.limit)),
                number(row.peak_use),
                Cell::Number(
                    row.margin.map_or_else(String::new, |margin| format!("{}%", grouped(margin * 100.0, 3))),
                ),
                Cell::text(&row.at_ns.map_or_else(String::new, |at| when(&result.plan, at))),
            ]
        };
        self.table(&heads, rows.iter().map(row).collect());
    }

    /// Names a resource in the language of the page.
    fn resource<'a>(&self, name: &'a str) -> &'a str {
        match name {
            "cpu" => self.lang.word(Word::Cpu),
            "slots" => self.lang.word(Word::Slots),
            "queue" => self.lang.word(Word::Waiting),
            other => other,
        }
    }

    fn notes(&mut self, notes: &[String]) {
        if notes.is_empty() {
            return;
        }
        self.section(Word::Notes);
        self.text += "<ul>\n";
        for note in notes {
            let _ = writeln!(self.text, "<li>{}</li>", escaped(note));
        }
        self.text += "</ul>\n";
    }

    fn scenario(&mut self, resolved: &str) {
        self.section(Word::Scenario);
        let _ = writeln!(self.text, "<pre>{}</pre>", escaped(resolved));
    }

    fn provenance(&mut self, result: &StudyResult) {
        self.section(Word::Provenance);
        let from = &result.provenance;
        let mut rows = vec![
            (Word::Version, format!("peakday {}", from.version)),
            (Word::Seed, from.seed.to_string()),
            (Word::ScenarioHash, from.scenario_sha256.clone()),
        ];
        let trace = |trace: &crate::results::TraceRecord| {
            format!("{}: {} (SHA-256 {})", trace.source, trace.file, trace.sha256)
        };
        rows.extend(from.traces.iter().map(|each| (Word::Trace, trace(each))));
        rows.extend(
            from.overlays
                .iter()
                .map(|each| (Word::Overlay, format!("{} (SHA-256 {})", each.file, each.sha256))),
        );
        rows.extend(from.settings.iter().map(|setting| (Word::Setting, setting.clone())));
        self.named(rows);
    }

    /// Writes a table of names and what they stand for.
    fn named(&mut self, rows: Vec<(Word, String)>) {
        self.text += "<table class=\"names\">\n";
        for (word, text) in rows {
            let _ = writeln!(
                self.text,
                "<tr><th>{}</th><td><code>{}</code></td></tr>",
                self.lang.word(word),
                escaped(&text)
            );
        }
        self.text += "</table>\n";
    }

    fn section(&mut self, title: Word) {
        let _ = writeln!(self.text, "<h2>{}</h2>", self.lang.word(title));
    }

    /// Writes a table; heads stand as their columns do, and in every cell for where the page is narrow.
    fn table(&mut self, heads: &[Word], rows: Vec<Vec<Cell>>) {
        let heads: Vec<&str> = heads.iter().map(|&head| self.lang.word(head)).collect();
        self.headed(&heads, rows);
    }

    /// Writes a table whose heads are escaped already.
    fn headed(&mut self, heads: &[&str], rows: Vec<Vec<Cell>>) {
        self.text += "<table>\n<tr class=\"heads\">";
        for (i, head) in heads.iter().enumerate() {
            let number = rows.first().is_some_and(|row| matches!(row[i], Cell::Number(_)));
            let class = if number { " class=\"n\"" } else { "" };
            let _ = write!(self.text, "<th{class}>{head}</th>");
        }
        self.text += "</tr>\n";
        for row in rows {
            self.text += "<tr>";
            for (cell, head) in row.into_iter().zip(heads) {
                let (class, text) = match cell {
                    Cell::Text(text) => ("", text),
                    Cell::Number(text) => (" class=\"n\"", text),
                };
                // One child, so that a narrow page has the head left and all of the cell right of it.
                let text = if text.is_empty() { text } else { format!("<div>{text}</div>") };
                let _ = write!(self.text, "<td{class} data-head=\"{head}\">{text}</td>");
            }
            self.text += "</tr>\n";
        }
        self.text += "</table>\n";
    }
}

fn verdict(verdict: Verdict) -> (&'static str, Word) {
    match verdict {
        Verdict::Pass => ("pass", Word::Pass),
        Verdict::Inconclusive => ("inconclusive", Word::Inconclusive),
        Verdict::Fail => ("fail", Word::Fail),
    }
}

/// Returns a figure and, below it, the ends of its interval.
fn with_ends(figure: Interval, shown: impl Fn(f64) -> String) -> String {
    let mut text = shown(figure.mean);
    if let (Some(lo), Some(hi)) = (figure.lo, figure.hi) {
        let _ = write!(text, "<small>{} \u{2013} {}</small>", shown(lo), shown(hi));
    }
    text
}
