//! Stand-in until the measures are merged.

use super::plan::{CellPlan, EXPERIMENT_VERSION, ExperimentPlan, Figure, MetricPlan, RunRecord, Unit};
use crate::results::{Plan, RunResult};

/// Stand-in.
#[derive(Clone, Debug)]
pub struct Measures {}

impl Measures {
    /// Stand-in.
    #[allow(clippy::type_complexity)]
    pub fn of(
        plans: &[&Plan],
        headlines: &[String],
    ) -> Result<(Vec<MetricPlan>, Vec<String>, Vec<Self>), Vec<String>> {
        let names = ["web.offered", "web.latency_mean_ms", "web.p99_ms"];
        let bad: Vec<String> =
            headlines.iter().filter(|name| !names.contains(&name.as_str())).cloned().collect();
        if !bad.is_empty() {
            return Err(bad);
        }
        let metric = |name: &str| MetricPlan {
            name: name.to_owned(),
            unit: Unit::Milliseconds,
            better: None,
            headline: true,
            tabled: true,
        };
        Ok((names.map(metric).into(), vec![], plans.iter().map(|_| Self {}).collect()))
    }

    /// Stand-in.
    pub fn cell(&self, _plan: &Plan) -> CellPlan {
        CellPlan { at: vec![], sha256: String::new(), objectives: vec![], unbounded: vec![] }
    }

    /// Stand-in.
    pub fn record(&self, _plan: &Plan, run: &RunResult, id: String) -> RunRecord {
        let offered: u64 = run.rows.iter().map(|row| row.offered).sum();
        let latency: u128 = run.rows.iter().map(|row| row.latency_sum_ns.0).sum();
        let p99 = run.rows.first().and_then(|row| row.latency.quantile(0.99, 0));
        RunRecord {
            experiment_version: EXPERIMENT_VERSION,
            run: id,
            replication: run.replication,
            figures: vec![
                Figure(Some(offered as f64)),
                Figure(Some(latency as f64 / offered as f64 / 1e6)),
                Figure(p99.map(|ns| ns as f64 / 1e6)),
            ],
            objectives: vec![],
        }
    }
}

/// Stand-in.
pub fn decided(plan: &ExperimentPlan, _cell: usize, runs: &[RunRecord]) -> bool {
    let Some(precision) = plan.design.precision else { return false };
    let values: Vec<f64> = runs.iter().filter_map(|run| run.figures[precision.metric].0).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (n - 1.0);
    2.0 * libm::sqrt(variance / n) <= precision.relative * mean
}
