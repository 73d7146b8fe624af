//! Exporters: results into bytes. Reads results, knows no engine, writes no file.

mod charts;
mod compare;
mod csv;
pub mod experiment;
mod html;
mod json;
mod number;
mod openmetrics;
mod released;
mod text;
mod told;
mod words;

pub use compare::{Sides, comparison_document, comparison_files, comparison_text};
pub use csv::{
    dependencies_csv, events_csv, objectives_csv, release_policies_csv, releases_csv, scale_events_csv,
    servers_csv, summary_csv, timeseries_csv,
};
pub use json::{read_result, result_json, summary_document, summary_json};
pub(crate) use number::grouped;
pub use openmetrics::openmetrics;
pub use text::summary_text;
pub(crate) use text::{WIDTH, wrap};
pub use words::Lang;

use std::borrow::Cow;
use std::io;

use crate::results::{Goal, ObjectivePlan, Plan, StudyResult};

/// A file of a run: its name and its bytes.
pub type Output = (Cow<'static, str>, Vec<u8>);

/// Returns every output file of a run. `lang` is that of the fixed words in charts and in the report.
///
/// Charts, series and the rest are written side by side on the cores there are; each is a function of
/// the result alone.
///
/// # Errors
///
/// Where a value cannot be written, which no finished study holds.
pub fn files(result: &StudyResult, lang: Lang) -> io::Result<Vec<Output>> {
    let series = || Ok(("timeseries.csv".into(), timeseries_csv(result)?));
    let (drawn, (series, tables)) =
        rayon::join(|| drawn(result, lang), || rayon::join(series, || tables(result)));
    let series: io::Result<Output> = series;
    let mut files = tables?;
    files.push(series?);
    files.extend(drawn?);
    Ok(files)
}

fn tables(result: &StudyResult) -> io::Result<Vec<Output>> {
    let mut tables = vec![
        ("result.json", result_json(result)?),
        ("summary.json", summary_json(result)?),
        ("summary.csv", summary_csv(result)?),
        ("servers.csv", servers_csv(result)?),
        ("objectives.csv", objectives_csv(result)?),
        ("dependencies.csv", dependencies_csv(result)?),
        ("events.csv", events_csv(result)?),
        ("scale_events.csv", scale_events_csv(result)?),
        ("resolved.yaml", resolved_yaml(result)),
    ];
    if !result.plan.releases.is_empty() {
        tables.push(("releases.csv", releases_csv(result)?));
        tables.push(("release_policies.csv", release_policies_csv(result)?));
    }
    Ok(tables.into_iter().map(|(name, bytes)| (name.into(), bytes)).collect())
}

fn drawn(result: &StudyResult, lang: Lang) -> io::Result<Vec<Output>> {
    let (pictures, releases) = (charts::pictures(result, lang)?, charts::releases(result, lang)?);
    let sheet = |kind: charts::Kind| {
        let name: Cow<'static, str> = kind.file().into();
        (name, charts::sheet(result, &pictures, kind, lang))
    };
    let mut files: Vec<Output> = charts::Kind::ALL.map(sheet).into();
    files.extend(releases.iter().map(|chart| (chart.file().into(), charts::release_sheet(result, chart))));
    files.push(("report.html".into(), html::report(result, &pictures, &releases, lang)));
    Ok(files)
}

/// Returns `resolved.yaml`: the scenario with every default written out. Running it again gives the
/// same figures; traces are named as the scenario named them, relative to where it stood.
fn resolved_yaml(result: &StudyResult) -> Vec<u8> {
    let mut text = String::from("# The scenario as it was simulated, every default written out.\n");
    if !result.provenance.traces.is_empty() {
        text += "# Paths of traces are those of the scenario file: run this one from the folder where that stood.\n";
    }
    (text + &result.provenance.resolved).into_bytes()
}

/// Returns an objective's bound in words: `p99 < 400ms`, `success >= 99.9%`.
pub fn goal_text(goal: &Goal) -> String {
    told::goal(goal, Lang::En)
}

/// Returns the name of an objective's class; `*` for all.
fn class_of<'a>(plan: &'a Plan, objective: &ObjectivePlan) -> &'a str {
    objective.class.map_or("*", |class| &plan.classes[class])
}

#[cfg(test)]
mod tests;
