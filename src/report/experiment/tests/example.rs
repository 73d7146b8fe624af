//! Experiments made by hand, for the tests of everything that shows them.

use crate::results::Goal;
use crate::results::experiment::{
    AxisPlan, AxisValue, Better, CellObjective, CellPlan, DayRecord, Design, EXPERIMENT_VERSION, Experiment,
    ExperimentPlan, Figure, MetricPlan, RunRecord, Unit,
};

const MS: u64 = 1_000_000;

/// Returns an axis; values are labels and, of numbers, where they stand.
pub(in crate::report) fn axis(path: &str, values: &[(&str, Option<f64>)]) -> AxisPlan {
    let short = path.rsplit('.').next().unwrap().to_owned();
    let value = |&(label, number): &(&str, Option<f64>)| AxisValue {
        label: label.into(),
        number,
        setting: label.into(),
    };
    AxisPlan { name: path.into(), short, path: path.into(), values: values.iter().map(value).collect() }
}

pub(in crate::report) fn metric(name: &str, unit: Unit, better: Option<Better>) -> MetricPlan {
    MetricPlan { name: name.into(), unit, better, headline: true, tabled: true }
}

/// What a run of a cell, on a day that is between -1 and 1 unusual, found: a figure per metric, and per objective the
/// value.
type Found<'a> = &'a dyn Fn(&[f64], f64) -> (Vec<Option<f64>>, Vec<f64>);

/// Returns the experiment of all combinations, so many days each.
pub(in crate::report) fn experiment(
    axes: Vec<AxisPlan>,
    metrics: Vec<MetricPlan>,
    objectives: &[(&str, Goal)],
    days: u32,
    found: Found<'_>,
) -> Experiment {
    let count: usize = axes.iter().map(|axis| axis.values.len()).product();
    let demanded = |(_, goal): &(&str, Goal)| {
        Some(CellObjective { goal: goal.clone(), holds_in: Some(0.9), interval: true })
    };
    let cells: Vec<CellPlan> = (0..count)
        .map(|cell| CellPlan {
            at: place_of(&axes, cell),
            sha256: format!("{cell:064x}"),
            objectives: objectives.iter().map(demanded).collect(),
            unbounded: vec![],
        })
        .collect();
    let run = |cell: &CellPlan, day: u32| {
        let place = |(axis, &at): (&AxisPlan, &usize)| axis.values[at].number.unwrap_or(at as f64);
        let at: Vec<f64> = axes.iter().zip(&cell.at).map(place).collect();
        let (figures, values) =
            found(&at, unusual(day) + 0.15 * unusual(day * 31 + at.iter().sum::<f64>() as u32));
        let judge = |((_, goal), value): (&(&str, Goal), f64)| {
            Some(DayRecord {
                value: Figure(Some(value)),
                worst_window_ns: Some(0),
                holds: goal.admits(value),
            })
        };
        RunRecord {
            experiment_version: EXPERIMENT_VERSION,
            run: format!("{day:032x}"),
            replication: day,
            figures: figures.into_iter().map(Figure).collect(),
            objectives: objectives.iter().zip(values).map(judge).collect(),
        }
    };
    let runs = cells.iter().map(|cell| (1..=days).map(|day| run(cell, day)).collect()).collect();
    let rank_by = metrics.iter().position(|metric| metric.name == "cost").or(Some(0));
    let plan = ExperimentPlan {
        experiment_version: EXPERIMENT_VERSION,
        version: "0.0.0".into(),
        name: "example".into(),
        display_name: Some("Which balancer, with how many servers".into()),
        file: "example.yaml".into(),
        flags: vec![],
        axes,
        metrics,
        objectives: objectives.iter().map(|objective| objective.0.into()).collect(),
        cells,
        dropped: 0,
        baseline: 0,
        design: Design::fixed(days),
        rank_by,
        currency: Some("USD".into()),
        recorded: false,
    };
    Experiment { plan, runs }
}

/// Returns per axis which of its values a cell of the grid has; the last axis turns fastest.
fn place_of(axes: &[AxisPlan], mut cell: usize) -> Vec<usize> {
    let mut at: Vec<usize> = axes
        .iter()
        .rev()
        .map(|axis| {
            let here = cell % axis.values.len();
            cell /= axis.values.len();
            here
        })
        .collect();
    at.reverse();
    at
}

/// Returns how unusual a day is: between -1 and 1, the same for the same day.
fn unusual(day: u32) -> f64 {
    let mixed = day.wrapping_mul(2_654_435_761) ^ (day.wrapping_mul(40_503) << 7);
    f64::from(mixed >> 8) / f64::from(1 << 23) - 1.0
}

fn latency(bound_ms: u64) -> Goal {
    Goal::Latency { percentile: 99.0, bound_ns: bound_ms * MS, inclusive: false }
}

pub(in crate::report) fn balancers() -> AxisPlan {
    axis("services.web.balancer", &[("random", None), ("leastRequest", None), ("P2C", None)])
}

pub(in crate::report) fn replicas() -> AxisPlan {
    let values = [("10", Some(10.0)), ("12", Some(12.0)), ("14", Some(14.0)), ("16", Some(16.0))];
    axis("services.web.pools.standard.replicas", &values)
}

/// Three balancers, four numbers of servers, priced, with two objectives.
pub(in crate::report) fn grid() -> Experiment {
    let metrics = vec![
        metric("objectives.order-p99", Unit::Milliseconds, Some(Better::Lower)),
        metric("objectives.success", Unit::Ratio, Some(Better::Higher)),
        metric("cost", Unit::Money, Some(Better::Lower)),
    ];
    let success = Goal::Success { at_least: 0.999, inclusive: true };
    experiment(
        vec![balancers(), replicas()],
        metrics,
        &[("order-p99", latency(400)), ("success", success)],
        40,
        &found,
    )
}

fn found(at: &[f64], day: f64) -> (Vec<Option<f64>>, Vec<f64>) {
    let (balancer, servers) = (at[0], at[at.len() - 1]);
    let p99 = [2900.0, 2050.0, 2220.0][balancer as usize] / (servers - 4.0) * (1.0 + 0.25 * day);
    let success = 1.0 - 0.000_004 * p99 * (1.0 + 0.2 * day);
    (vec![Some(p99), Some(success), Some(1.03 * servers)], vec![p99, success])
}

/// One axis of words.
pub(in crate::report) fn words() -> Experiment {
    let values = [
        ("random", None),
        ("{leastRequest: {choiceCount: 2}}", None),
        ("{ringHash: {minimumRingSize: 1024}}", None),
        ("P2C", None),
    ];
    let metrics = vec![
        metric("web.p99_ms", Unit::Milliseconds, Some(Better::Lower)),
        metric("server_hours", Unit::ServerHours, Some(Better::Lower)),
    ];
    let mut experiment =
        experiment(vec![axis("services.web.balancer", &values)], metrics, &[], 10, &|at, day| {
            (
                vec![Some([290.0, 205.0, 4100.0, 222.0][at[0] as usize] * (1.0 + 0.1 * day)), Some(288.0)],
                vec![],
            )
        });
    experiment.plan.recorded = true;
    experiment
}

/// The load and a number of servers.
pub(in crate::report) fn load() -> Experiment {
    let values = [
        ("0.8", Some(0.8)),
        ("1", Some(1.0)),
        ("1.2", Some(1.2)),
        ("1.4", Some(1.4)),
        ("1.6", Some(1.6)),
        ("2", Some(2.0)),
    ];
    let servers = axis("services.web.pools.standard.replicas", &[("12", Some(12.0)), ("16", Some(16.0))]);
    let metrics = vec![
        metric("objectives.order-p99", Unit::Milliseconds, Some(Better::Lower)),
        metric("objectives.checkout-p99", Unit::Milliseconds, Some(Better::Lower)),
        metric("server_hours", Unit::ServerHours, Some(Better::Lower)),
    ];
    let objectives = [("order-p99", latency(400)), ("checkout-p99", latency(900))];
    experiment(vec![axis("run.load", &values), servers], metrics, &objectives, 60, &|at, day| {
        let over = at[0] * 12.0 / at[1] * (1.0 + 0.12 * day);
        let order = if over > 1.9 { f64::INFINITY } else { 180.0 / (2.0 - over) };
        let checkout = 500.0 * over;
        (vec![Some(order), Some(checkout), Some(24.0 * at[1])], vec![order, checkout])
    })
}

/// Times of a release, with two ways to roll it out.
pub(in crate::report) fn times() -> Experiment {
    let labels: Vec<String> = (0..12).map(|hour| format!("{:02}:00", 2 * hour)).collect();
    let values: Vec<(&str, Option<f64>)> =
        labels.iter().enumerate().map(|(i, label)| (&**label, Some(7_200.0 * i as f64))).collect();
    let ways = axis("releases[0].rollout", &[("rolling", None), ("canary", None)]);
    let metrics = vec![metric("releases.2026.11.1.requests_harmed", Unit::Count, Some(Better::Lower))];
    experiment(vec![axis("releases[0].at", &values), ways], metrics, &[], 20, &|at, day| {
        let hour = at[0] / 3_600.0;
        let traffic = 1.1 - libm::cos((hour - 4.0) / 12.0 * std::f64::consts::PI);
        (vec![Some((traffic * 420.0 * (1.0 + 0.6 * day) / (1.0 + 3.0 * at[1])).round())], vec![])
    })
}

/// Three axes: two pictures of each metric in the heat map.
pub(in crate::report) fn three() -> Experiment {
    let slots = axis("services.web.pools.standard.concurrency", &[("8", Some(8.0)), ("16", Some(16.0))]);
    let grid = grid().plan;
    let objectives =
        [("order-p99", latency(400)), ("success", Goal::Success { at_least: 0.999, inclusive: true })];
    let mut experiment =
        experiment(vec![balancers(), slots, replicas()], grid.metrics, &objectives, 20, &found);
    // A combination that constraints dropped, and one whose runs are missing.
    experiment.plan.cells.remove(23);
    experiment.runs.remove(23);
    experiment.plan.dropped = 1;
    experiment.runs[5].clear();
    experiment
}

/// Points drawn at random: every cell has values of its own.
pub(in crate::report) fn sampled() -> Experiment {
    let labels: Vec<String> = (0..40).map(|i| format!("{}", 10 + i)).collect();
    let values: Vec<(&str, Option<f64>)> =
        labels.iter().map(|label| (&**label, Some(label.parse().unwrap()))).collect();
    let axes = vec![axis("services.web.pools.a", &values), axis("services.web.pools.b", &values)];
    let metrics = vec![
        metric("web.p99_ms", Unit::Milliseconds, Some(Better::Lower)),
        metric("cost", Unit::Money, Some(Better::Lower)),
    ];
    let goal = [("order-p99", latency(400))];
    let mut all = experiment(axes, metrics, &goal, 10, &|at, day| {
        let p99 = 20_000.0 / (at[0] + 0.5 * at[1]) * (1.0 + 0.2 * day);
        (vec![Some(p99), Some(at[0] + 0.4 * at[1])], vec![p99])
    });
    let kept = |cell: &CellPlan| cell.at[1] == (cell.at[0] * 17 + 5) % 40;
    let runs = std::mem::take(&mut all.runs);
    let (cells, runs): (Vec<_>, Vec<_>) =
        all.plan.cells.drain(..).zip(runs).filter(|(cell, _)| kept(cell)).unzip();
    (all.plan.cells, all.runs) = (cells, runs);
    all
}

/// All of them, by name.
pub(in crate::report) fn all() -> Vec<(&'static str, Experiment)> {
    vec![
        ("grid", grid()),
        ("words", words()),
        ("load", load()),
        ("times", times()),
        ("three", three()),
        ("sampled", sampled()),
    ]
}
