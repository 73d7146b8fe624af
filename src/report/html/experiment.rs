//! The page of an experiment: the answer, the ranking, comparisons, charts, what was varied.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::{Cell, Page, escaped, verdict, with_ends};
use crate::report::charts::experiment::{Sheet, hours, is_release_time};
use crate::report::experiment::{Found, answers, compared, counted, remarks};
use crate::report::number::grouped;
use crate::report::told::some_days;
use crate::report::words::Word;
use crate::results::experiment::AxisPlan;

/// Rows of the ranking.
const MAX_CELLS: usize = 200;
/// Metrics with a column.
const MAX_METRICS: usize = 6;
/// How much wider than a sheet of one picture its place may be, in percent.
const WIDER: i32 = 110;
/// How narrow a picture may become, in percent.
const NARROWEST: i32 = 75;

/// Returns the page.
pub(in crate::report) fn experiment(found: &Found<'_>, sheets: &[Sheet]) -> Vec<u8> {
    let name = escaped(found.name());
    let mut page = Page::begun(Word::SweepReport, &name, found.names.lang);
    page.answer(found, &name);
    page.ranking(found);
    page.comparisons(found);
    page.hours(found);
    page.sheets(sheets);
    page.varied(found);
    page.notes(&remarks(found));
    page.origin(found);
    page.ended()
}

impl Page {
    fn answer(&mut self, found: &Found<'_>, name: &str) {
        let [cells, runs] = [found.rows.len(), found.experiment.runs.iter().map(Vec::len).sum()];
        let counts = [cells, runs].map(|count| grouped(count as f64, 1));
        let counts = self.lang.fill(Word::CellsAndDays, &counts.each_ref().map(String::as_str));
        self.text += "<header>\n";
        for said in answers(found) {
            let _ = writeln!(self.text, "<p class=\"said\">{}</p>", escaped(&said));
        }
        let _ = writeln!(self.text, "<h1>{name}</h1>\n<p>{}</p>\n</header>", escaped(&counts));
    }

    fn ranking(&mut self, found: &Found<'_>) {
        let (names, plan) = (found.names, found.names.plan);
        let ranked = found.ranked();
        if ranked.is_empty() {
            return;
        }
        self.section(Word::Ranking);
        let by = self.lang.fill(Word::RankedBy, &[&found.ranked_by()]);
        let means = self.lang.word(Word::PointsOf);
        let stop = self.lang.word(Word::FullStop);
        let _ = writeln!(self.text, "<p><small>{}{stop} {means}</small></p>", escaped(&by));
        let mut metrics = found.metrics();
        metrics.truncate(MAX_METRICS);
        let judged = found.is_judged();
        let word = |word: Word| self.lang.word(word).to_owned();
        let mut heads = vec![word(Word::Rank), word(Word::Cell)];
        heads.extend(judged.then(|| word(Word::Verdict)));
        heads.push(word(Word::Days));
        heads.extend(plan.objectives.iter().map(|name| escaped(name)));
        heads.extend(metrics.iter().map(|&metric| escaped(&names.head(metric))));
        let row = |&cell: &usize| {
            let of = &found.rows[cell];
            let baseline = if cell == plan.baseline { self.lang.word(Word::IsBaseline) } else { "" };
            let mut row = vec![
                Cell::Number(of.rank.unwrap_or(0).to_string()),
                Cell::text(&(names.cell(cell) + baseline)),
            ];
            row.extend(judged.then(|| {
                let (class, word) = verdict(of.verdict);
                Cell::Text(format!("<strong class=\"verdict {class}\">{}</strong>", self.lang.word(word)))
            }));
            row.push(Cell::Number(of.replications.to_string()));
            row.extend(of.objectives.iter().map(|objective| {
                let told = objective.as_ref().map(|of| {
                    let percent = |share: f64| format!("{}%", grouped(share * 100.0, 3));
                    let days = some_days(of.held, of.n as usize, self.lang);
                    let (lo, hi) = (percent(of.lo), percent(of.hi));
                    format!("<span>{}</span><small><span>{lo} \u{2013} {hi}</span></small>", escaped(&days))
                });
                Cell::Text(told.unwrap_or_default())
            }));
            row.extend(metrics.iter().map(|&metric| {
                let shown = |value: f64| names.bare(metric, value);
                Cell::Number(of.figures[metric].map_or_else(String::new, |figure| with_ends(figure, shown)))
            }));
            row
        };
        let rows = ranked.iter().take(MAX_CELLS).map(row).collect();
        let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
        self.headed(&heads, rows);
        if let more @ 1.. = ranked.len().saturating_sub(MAX_CELLS) {
            let more = self.lang.fill(Word::MoreCells, &[&more.to_string()]);
            let _ = writeln!(self.text, "<p><small>{more}</small></p>");
        }
    }

    fn comparisons(&mut self, found: &Found<'_>) {
        let Some(counted) = counted(found) else { return };
        self.section(Word::Comparisons);
        let _ = writeln!(self.text, "<p>{}</p>\n<ul>", escaped(&counted));
        for told in compared(found) {
            let _ = writeln!(self.text, "<li>{}</li>", escaped(&told));
        }
        self.text += "</ul>\n";
    }

    /// What a release harms by the time of it.
    fn hours(&mut self, found: &Found<'_>) {
        let names = found.names;
        for axis in names.varied().into_iter().filter(|&axis| is_release_time(found, axis)) {
            self.section(Word::HarmByTime);
            for of in hours(found, axis) {
                if !of.part.is_empty() {
                    let _ = writeln!(self.text, "<h3>{}</h3>", escaped(&of.part));
                }
                let heads =
                    [self.lang.word(Word::TimeOfRelease).to_owned(), escaped(&names.metric(of.metric))];
                let heads = heads.each_ref().map(String::as_str);
                let shown = |value: f64| names.bare(of.metric, value);
                let row = of
                    .hours
                    .iter()
                    .map(|hour| vec![Cell::text(&hour.label), Cell::Number(with_ends(hour.harmed, shown))]);
                self.headed(&heads, row.collect());
            }
        }
    }

    fn sheets(&mut self, sheets: &[Sheet]) {
        self.section(Word::Charts);
        for sheet in sheets {
            let _ = writeln!(self.text, "<h3>{}</h3>", escaped(&sheet.title));
            for remark in &sheet.remarks {
                let _ = writeln!(self.text, "<p><small>{}</small></p>", escaped(remark));
            }
            let alone = sheet.pictures.len() == 1;
            let width = format!(" style=\"max-width:{}px\"", sheet.width() * WIDER / 100);
            let _ = write!(self.text, "<div class=\"charts\"{}>", if alone { &width } else { "" });
            let least = format!("style=\"min-width:{}px\"", sheet.pictures[0].width() * NARROWEST / 100);
            for picture in &sheet.pictures {
                self.text += &picture.element(&format!(
                    "xmlns=\"http://www.w3.org/2000/svg\" font-family=\"sans-serif\" {least}"
                ));
            }
            self.text += "</div>\n";
        }
    }

    fn varied(&mut self, found: &Found<'_>) {
        self.section(Word::WhatVaried);
        let row = |axis: &AxisPlan| {
            let values: Vec<&str> = axis.values.iter().map(|value| &*value.label).collect();
            vec![Cell::text(&axis.short), Cell::text(&axis.path), Cell::text(&values.join(", "))]
        };
        let rows = found.names.plan.axes.iter().map(row).collect();
        self.table(&[Word::Axis, Word::Path, Word::Values], rows);
    }

    fn origin(&mut self, found: &Found<'_>) {
        self.section(Word::Provenance);
        let plan = found.names.plan;
        let mut hash = Sha256::new();
        plan.cells.iter().for_each(|cell| hash.update(&cell.sha256));
        let hash = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let mut rows = vec![
            (Word::Version, format!("peakday {}", plan.version)),
            (Word::File, plan.file.clone()),
            (Word::CellsHash, hash),
            (Word::TheBaseline, found.names.cell(plan.baseline)),
        ];
        rows.extend(plan.flags.iter().map(|flag| (Word::Setting, flag.clone())));
        self.named(rows);
    }
}
