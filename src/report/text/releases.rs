//! The releases: a table of policies, the fewest requests harmed first, and why.

use super::{WIDTH, line};
use crate::report::number::grouped;
use crate::report::released;
use crate::report::words::Lang;
use crate::results::{PolicyRow, StudyResult, release_policies};

/// A figure of a policy: its head, its column, and how it is shown.
type Figure = (&'static str, &'static str, fn(f64) -> String);

const COLUMNS: [Figure; 5] = [
    ("harmed", "requests_harmed", released::count),
    ("failure", "failure_time_s", released::duration),
    ("detection", "detection_time_s", released::duration),
    ("recovery", "recovery_time_s", released::duration),
    ("ratio", "rollback_ratio", |ratio| grouped(ratio, 3)),
];
/// The widest name of a policy.
const NAME: usize = 30;

/// Returns a table for every release that was rolled out in some way; nothing without a finished day.
pub(super) fn table(result: &StudyResult) -> Vec<String> {
    if result.runs.is_empty() {
        return Vec::new();
    }
    let policies = release_policies(result);
    let of_release = |rows: &[PolicyRow]| {
        let plan = &result.plan.releases[rows[0].release];
        let service = &result.plan.services[plan.service].name;
        let mut lines = vec![String::new(), format!("release {} of {service}", plan.version)];
        let heads = std::iter::once("policy").chain(COLUMNS.map(|column| column.0)).map(str::to_owned);
        let mut cells = vec![heads.collect::<Vec<_>>()];
        cells.extend(rows.iter().map(|row| {
            let name = format!("{}. {}", row.rank, plan.policies[row.policy].name);
            let figure = |(_, column, shown): &Figure| {
                row.figure(column).map_or_else(|| "-".to_owned(), |figure| shown(figure.mean.mean))
            };
            std::iter::once(name).chain(COLUMNS.iter().map(figure)).collect()
        }));
        let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..=COLUMNS.len()).map(width).collect();
        let first = widths[0].min(NAME);
        let mut told = cells.iter().map(|row| line(row, first, &widths));
        lines.extend(told.next().map(|head| head + "  outcomes"));
        for (figures, row) in told.zip(rows) {
            let outcomes = released::outcomes(row, Lang::En);
            // Where they are many they have a line of their own.
            if figures.chars().count() + 2 + outcomes.chars().count() > WIDTH {
                lines.extend([figures, format!("{}  {outcomes}", " ".repeat(first))]);
            } else {
                lines.push(format!("{figures}  {outcomes}"));
            }
        }
        lines
    };
    policies.chunk_by(|a, b| a.release == b.release).flat_map(of_release).collect()
}

/// Returns one sentence for every release, why it harmed as many requests as it did.
pub(super) fn sentences(result: &StudyResult) -> Vec<String> {
    let policies = release_policies(result);
    let told = |rows: &[PolicyRow]| released::sentence(result, rows, Lang::En);
    policies.chunk_by(|a, b| a.release == b.release).filter_map(told).collect()
}
