//! Exporters: results into bytes. Reads results, knows no engine, writes no file.

mod csv;
mod json;
mod number;
mod openmetrics;
mod text;

pub use csv::{dependencies_csv, objectives_csv, servers_csv, summary_csv, timeseries_csv};
pub use json::{read_result, result_json, summary_json};
pub(crate) use number::grouped;
pub use openmetrics::openmetrics;
pub use text::summary_text;
pub(crate) use text::{WIDTH, wrap};

use crate::results::{Goal, ObjectivePlan, Plan, StudyResult};
use crate::time::SimDuration;

/// Returns every output file of a run: its name and its bytes.
///
/// # Errors
///
/// Where a value cannot be written, which no finished study holds.
pub fn files(result: &StudyResult) -> std::io::Result<Vec<(&'static str, Vec<u8>)>> {
    Ok(vec![
        ("result.json", result_json(result)?),
        ("summary.json", summary_json(result)?),
        ("summary.csv", summary_csv(result)?),
        ("timeseries.csv", timeseries_csv(result)?),
        ("servers.csv", servers_csv(result)?),
        ("objectives.csv", objectives_csv(result)?),
        ("dependencies.csv", dependencies_csv(result)?),
    ])
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
