//! What is written of a search for a size: the answer in words, the table of candidates, files.

mod answer;

pub use answer::{sentence, supplements};

use std::io;

use crate::report::Output;
use crate::report::charts::experiment::size_chart;
use crate::report::number::{grouped, plain};
use crate::report::text::WIDTH;
use crate::results::experiment::{Candidate, Holding, Sizing};

/// So many objectives have a column on a terminal; `size.csv` has all.
const OBJECTIVES: usize = 4;
/// Blanks between columns.
const GAP: &str = "  ";

/// Returns every file of a search: `size.json`, `size.csv`, and of one path `charts/size.svg`.
///
/// # Errors
/// Where a value cannot be written, which does not happen in memory.
pub fn files(sizing: &Sizing) -> io::Result<Vec<Output>> {
    let mut json = serde_json::to_vec(sizing)?;
    json.push(b'\n');
    let mut files: Vec<Output> = vec![("size.csv".into(), csv(sizing)?)];
    files.extend(size_chart(sizing, &sentence(sizing))?.map(|chart| ("charts/size.svg".into(), chart)));
    // It says that all is written: it comes last.
    files.push(("size.json".into(), json));
    Ok(files)
}

/// Returns `size.csv`: a row per candidate, in the order of the values.
fn csv(sizing: &Sizing) -> io::Result<Vec<u8>> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let mut heads: Vec<String> = sizing.paths.iter().map(|path| path.path.clone()).collect();
    heads.push("replications".to_owned());
    for objective in &sizing.objectives {
        heads.extend(
            ["held", "share", "lo", "hi", "verdict"].map(|head| format!("{}_{head}", objective.name)),
        );
    }
    heads.extend(["verdict", "cost", "server_hours"].map(str::to_owned));
    heads.extend(sizing.resources.iter().map(|resource| format!("{resource}_peak")));
    table.write_record(&heads)?;
    let number = |value: Option<f64>| value.map_or_else(String::new, plain);
    for candidate in &sizing.candidates {
        let mut row: Vec<String> =
            candidate.values.iter().map(|value| value.setting.replace('"', "")).collect();
        row.push(candidate.replications.to_string());
        for (index, Holding { held, lo, hi, verdict }) in candidate.objectives.iter().enumerate() {
            row.push(held.to_string());
            row.extend([candidate.share(index), Some(*lo), Some(*hi)].map(number));
            row.push(verdict.name().to_owned());
        }
        row.push(candidate.verdict().name().to_owned());
        row.extend([candidate.cost, candidate.server_hours].map(number));
        row.extend(candidate.peaks.iter().map(|peak| number(peak.map(|peak| peak.mean))));
        table.write_record(&row)?;
    }
    table.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

/// Returns what a terminal shows: the answer, what breaks first, what to know, and the candidates.
pub fn text(sizing: &Sizing, remarks: &[String], width: Option<usize>) -> String {
    let name = sizing.display_name.as_deref().unwrap_or(&sizing.name);
    let mut head = vec![format!("{}  {name}: {}", sizing.verdict().name().to_uppercase(), sentence(sizing))];
    head.extend(supplements(sizing));
    let days: u64 = sizing.candidates.iter().map(|candidate| u64::from(candidate.replications)).sum();
    let candidates = sizing.candidates.len();
    let plural = if candidates == 1 { "" } else { "s" };
    let sure = plain(100.0 * (1.0 - sizing.error));
    head.push(format!(
        "{candidates} candidate{plural}, {} days; what is proven is so with {sure}% confidence over the whole search",
        grouped(days as f64, 1),
    ));
    let prose: String = head.iter().map(|line| crate::report::wrap(line, width)).collect();
    let notes: String =
        remarks.iter().map(|remark| crate::report::wrap(&format!("note: {remark}"), width)).collect();
    let notes = if notes.is_empty() { notes } else { format!("\n{notes}") };
    format!("{prose}\n{}{notes}", table(sizing))
}

/// Returns the table of candidates, in the order of the values.
fn table(sizing: &Sizing) -> String {
    let shown = sizing.objectives.len().min(OBJECTIVES);
    let mut heads: Vec<String> = sizing.paths.iter().map(|path| path.name.clone()).collect();
    heads.push("days".to_owned());
    heads.extend(sizing.objectives[..shown].iter().map(|objective| objective.name.clone()));
    heads.push("verdict".to_owned());
    if sizing.by_cost {
        heads.push(sizing.currency.clone().unwrap_or_else(|| "server hours".to_owned()));
    }
    let mut rows = vec![heads];
    for candidate in &sizing.candidates {
        let mut row: Vec<String> = candidate.values.iter().map(|value| value.label.clone()).collect();
        row.push(candidate.replications.to_string());
        row.extend((0..shown).map(|objective| holds(candidate, objective)));
        row.push(candidate.verdict().name().to_owned());
        if sizing.by_cost {
            row.push(sizing.cost(candidate).map_or_else(|| "-".to_owned(), |cost| grouped(cost, 4)));
        }
        rows.push(row);
    }
    let room = WIDTH / rows[0].len();
    let rows: Vec<Vec<String>> =
        rows.into_iter().map(|row| row.iter().map(|cell| cut(cell, room)).collect()).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}"));
        cells.collect::<Vec<_>>().join(GAP) + "\n"
    };
    rows.iter().map(line).collect()
}

/// Returns on what share of days an objective holds, with its bounds.
fn holds(candidate: &Candidate, objective: usize) -> String {
    let Holding { lo, hi, .. } = candidate.objectives[objective];
    let percent = |share: f64| grouped((share * 1e3).round() / 10.0, 1);
    format!("{}% ({}-{})", percent(candidate.share(objective).unwrap_or(0.0)), percent(lo), percent(hi))
}

/// Cuts what is wider than there is room.
fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    text.chars().take(room.saturating_sub(1)).chain(['~']).collect()
}

#[cfg(test)]
mod tests;
