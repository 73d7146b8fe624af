//! Exporters: results into bytes. Reads results, knows no engine, writes no file.

mod charts;
mod csv;
mod html;
mod json;
mod number;
mod text;
mod words;

pub use csv::{dependencies_csv, objectives_csv, servers_csv, summary_csv, timeseries_csv};
pub use json::{read_result, result_json, summary_json};
pub use text::summary_text;
pub use words::Lang;

use crate::results::{Goal, ObjectivePlan, Plan, StudyResult};
use crate::time::SimDuration;

/// Returns every output file of a run: its name and its bytes. `lang` is that of the fixed words in
/// charts and in the report.
///
/// # Errors
///
/// Where a value cannot be written, which no finished study holds.
pub fn files(result: &StudyResult, lang: Lang) -> std::io::Result<Vec<(&'static str, Vec<u8>)>> {
    let pictures = charts::pictures(result, lang)?;
    let mut files = vec![
        ("result.json", result_json(result)?),
        ("summary.json", summary_json(result)?),
        ("summary.csv", summary_csv(result)?),
        ("timeseries.csv", timeseries_csv(result)?),
        ("servers.csv", servers_csv(result)?),
        ("objectives.csv", objectives_csv(result)?),
        ("dependencies.csv", dependencies_csv(result)?),
        ("resolved.yaml", resolved_yaml(result)),
        ("report.html", html::report(result, &pictures, lang)),
    ];
    let sheet = |kind: charts::Kind| (kind.file(), charts::sheet(result, &pictures, kind, lang));
    files.extend(charts::Kind::ALL.map(sheet));
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
    match *goal {
        Goal::Latency { percentile, bound_ns, inclusive } => {
            let sign = if inclusive { "<=" } else { "<" };
            format!("p{} {sign} {}", number::plain(percentile), SimDuration::from_nanos(bound_ns))
        }
        Goal::Success { at_least, inclusive } => {
            let sign = if inclusive { ">=" } else { ">" };
            format!("success {sign} {}%", number::plain(at_least * 100.0))
        }
    }
}

/// Returns the name of an objective's class; `*` for all.
fn class_of<'a>(plan: &'a Plan, objective: &ObjectivePlan) -> &'a str {
    objective.class.map_or("*", |class| &plan.classes[class])
}

#[cfg(test)]
mod tests;
