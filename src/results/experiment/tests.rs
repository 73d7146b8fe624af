//! An experiment small enough for paper: cells by what they cost and how long they take, day by day.

use super::*;
use crate::results::Goal;

/// A metric of milliseconds that is a headline.
pub(crate) fn metric(name: &str, better: Option<Better>) -> MetricPlan {
    let unit = if name == "cost" { Unit::Money } else { Unit::Milliseconds };
    MetricPlan { name: name.into(), unit, better, headline: true, tabled: true }
}

/// Cells along one axis; per cell and day what it costs, its 99th percentile, and whether it holds the objective
/// (below 100 ms on `holds_in` of the days).
pub(crate) fn experiment(
    looks: &[u32],
    holds_in: Option<f64>,
    cells: &[Vec<(f64, Option<f64>, bool)>],
) -> Experiment {
    let goal = Goal::Latency { percentile: 99.0, bound_ns: 100_000_000, inclusive: false };
    let value = |cell: usize| AxisValue {
        label: format!("v{cell}"),
        number: Some(cell as f64),
        setting: cell.to_string(),
    };
    let objective = CellObjective { goal, holds_in, interval: true };
    let cell = |cell: usize| CellPlan {
        at: vec![cell],
        sha256: cell.to_string(),
        objectives: vec![Some(objective.clone())],
        unbounded: vec![],
    };
    let run = |(day, &(cost, p99, holds)): (usize, &(f64, Option<f64>, bool))| RunRecord {
        experiment_version: EXPERIMENT_VERSION,
        run: format!("run{day}"),
        replication: day as u32 + 1,
        figures: vec![Figure(Some(cost)), Figure(p99)],
        objectives: vec![Some(DayRecord { value: Figure(p99), worst_window_ns: None, holds })],
    };
    Experiment {
        plan: ExperimentPlan {
            experiment_version: EXPERIMENT_VERSION,
            version: "0".into(),
            name: "example".into(),
            display_name: None,
            file: "example.yaml".into(),
            flags: vec![],
            axes: vec![AxisPlan {
                name: "replicas".into(),
                short: "replicas".into(),
                path: "services.web.pools.standard.replicas".into(),
                values: (0..cells.len()).map(value).collect(),
            }],
            metrics: vec![metric("cost", Some(Better::Lower)), metric("web.p99_ms", Some(Better::Lower))],
            objectives: vec!["fast".into()],
            cells: (0..cells.len()).map(cell).collect(),
            dropped: 0,
            baseline: 0,
            design: Design { looks: looks.to_vec(), precision: None, until_decided: false },
            rank_by: None,
            currency: Some("USD".into()),
            recorded: false,
        },
        runs: cells.iter().map(|days| days.iter().enumerate().map(run).collect()).collect(),
    }
}

/// A day that holds.
pub(crate) fn good(cost: f64, p99: f64) -> (f64, Option<f64>, bool) {
    (cost, Some(p99), true)
}

/// A day that does not.
pub(crate) fn bad(cost: f64, p99: f64) -> (f64, Option<f64>, bool) {
    (cost, Some(p99), false)
}
