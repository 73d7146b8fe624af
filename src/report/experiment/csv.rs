//! Tables of experiments: cells, runs, cells against the baseline.

use std::io;

use super::Found;
use crate::report::Output;
use crate::report::csv::Table;
use crate::results::experiment::{
    Better, Comparison, Experiment, ExperimentPlan, MetricPlan, RunRecord, Unit, decided,
};

/// Returns the tables of an experiment.
///
/// # Errors
///
/// Where a row cannot be written, which does not happen in memory.
pub(super) fn tables(found: &Found<'_>) -> io::Result<Vec<Output>> {
    Ok(vec![
        ("sweep.csv".into(), sweep_csv(found)?),
        ("runs.csv".into(), runs_csv(found.experiment)?),
        ("comparisons.csv".into(), comparisons_csv(found)?),
    ])
}

/// Returns `sweep.csv`: a row per cell, means over replications with intervals, objectives with verdicts.
fn sweep_csv(found: &Found<'_>) -> io::Result<Vec<u8>> {
    let plan = found.names.plan;
    let mut table = Table::new();
    cell_heads(&mut table, plan)?;
    table.text("replications")?;
    for (_, metric) in tabled(plan) {
        table.texts(&[&metric.name, &format!("{}_lo", metric.name), &format!("{}_hi", metric.name)])?;
    }
    for name in &plan.objectives {
        let ends = ["holds_in", "held", "share", "share_lo", "share_hi", "verdict"];
        ends.iter().try_for_each(|end| table.text(&format!("objectives.{name}_{end}")))?;
    }
    table.texts(&["risk", "verdict", "rank", "pareto"])?;
    table.end_row()?;
    for row in &found.rows {
        cell(&mut table, plan, row.cell)?;
        table.count(Some(row.replications))?;
        tabled(plan).try_for_each(|(index, _)| table.interval(row.figures[index]))?;
        for (demanded, found) in plan.cells[row.cell].objectives.iter().zip(&row.objectives) {
            table.number(demanded.as_ref().and_then(|demanded| demanded.holds_in))?;
            table.count(found.map(|found| found.held))?;
            table.number(found.map(|found| found.share))?;
            table.number(found.map(|found| found.lo))?;
            table.number(found.map(|found| found.hi))?;
            table.text(found.map_or("", |found| found.verdict.name()))?;
        }
        table.number(row.risk)?;
        table.text(row.verdict.name())?;
        table.count(row.rank)?;
        table.text(truth(row.pareto))?;
        table.end_row()?;
    }
    table.finish()
}

/// Returns `runs.csv`: a row per run. Tables are made when no run is merely missing, so one that is not there has
/// failed.
fn runs_csv(experiment: &Experiment) -> io::Result<Vec<u8>> {
    let plan = &experiment.plan;
    let mut table = Table::new();
    cell_heads(&mut table, plan)?;
    table.texts(&["replication", "run", "status"])?;
    tabled(plan).try_for_each(|(_, metric)| table.text(&metric.name))?;
    plan.objectives.iter().try_for_each(|name| table.text(&format!("objectives.{name}_holds")))?;
    table.end_row()?;
    for (index, runs) in experiment.runs.iter().enumerate() {
        let mut finished = runs.iter().peekable();
        for replication in 1..=attempted(plan, index, runs) {
            let run = finished.next_if(|run| run.replication == replication);
            cell(&mut table, plan, index)?;
            table.count(Some(replication))?;
            let status = if run.is_some() { "finished" } else { "failed" };
            table.texts(&[run.map_or("", |run| &run.run), status])?;
            tabled(plan)
                .try_for_each(|(metric, _)| table.number(run.and_then(|run| run.figures[metric].0)))?;
            for objective in 0..plan.objectives.len() {
                let day = run.and_then(|run| run.objectives[objective]);
                table.text(day.map_or("", |day| truth(day.holds)))?;
            }
            table.end_row()?;
        }
    }
    table.finish()
}

/// Returns `comparisons.csv`: a row per cell and headline metric, against the baseline.
fn comparisons_csv(found: &Found<'_>) -> io::Result<Vec<u8>> {
    let plan = found.names.plan;
    let mut table = Table::new();
    cell_heads(&mut table, plan)?;
    table.texts(&["baseline", "metric", "unit", "better", "pairs", "infinite", "mean", "mean_baseline"])?;
    table.texts(&["difference", "difference_lo", "difference_hi", "test", "p", "p_adjusted"])?;
    table.texts(&["verdict", "variance_factor", "note"])?;
    table.end_row()?;
    found.comparisons.iter().try_for_each(|row| comparison(&mut table, plan, row))?;
    table.finish()
}

fn comparison(table: &mut Table, plan: &ExperimentPlan, row: &Comparison) -> io::Result<()> {
    let metric = &plan.metrics[row.metric];
    cell(table, plan, row.cell)?;
    table.number(Some(plan.baseline as f64 + 1.0))?;
    let better = metric.better.map_or("", |better| match better {
        Better::Lower => "lower",
        Better::Higher => "higher",
    });
    table.texts(&[&metric.name, unit(plan, metric), better])?;
    table.count(Some(row.n))?;
    table.count(Some(row.infinite))?;
    table.number(row.mean)?;
    table.number(row.baseline)?;
    table.interval(row.difference)?;
    table.text(match (row.p, row.by_signs) {
        (None, _) => "",
        (Some(_), true) => "sign",
        (Some(_), false) => "t",
    })?;
    table.number(row.p)?;
    table.number(row.p_adjusted)?;
    table.text(&row.words())?;
    table.number(row.variance_factor)?;
    table.text(if plan.recorded { "replications share the recorded arrivals" } else { "" })?;
    table.end_row()
}

/// Writes the heads of what names a cell.
fn cell_heads(table: &mut Table, plan: &ExperimentPlan) -> io::Result<()> {
    table.text("cell")?;
    plan.axes.iter().try_for_each(|axis| table.text(&axis.name))
}

/// Writes what names a cell: its number, from 1, and its values.
fn cell(table: &mut Table, plan: &ExperimentPlan, cell: usize) -> io::Result<()> {
    table.number(Some(cell as f64 + 1.0))?;
    let mut places = plan.axes.iter().zip(&plan.cells[cell].at);
    places.try_for_each(|(axis, &at)| table.text(&axis.values[at].label))
}

/// Returns the metrics that have columns.
fn tabled(plan: &ExperimentPlan) -> impl Iterator<Item = (usize, &MetricPlan)> {
    plan.metrics.iter().enumerate().filter(|(_, metric)| metric.tabled)
}

/// Returns how many runs of a cell were tried: up to the look after which it got no more.
fn attempted(plan: &ExperimentPlan, cell: usize, runs: &[RunRecord]) -> u32 {
    let last = runs.last().map_or(1, |run| run.replication);
    let mut looks = plan.design.looks.iter().copied().skip_while(|look| *look < last);
    let look = looks.next().unwrap_or(last);
    match looks.next() {
        // All of the next look have failed.
        Some(next) if runs.len() == look as usize && !decided(plan, cell, runs) => next,
        _ => look,
    }
}

/// Returns what a metric is measured in.
fn unit<'a>(plan: &'a ExperimentPlan, metric: &MetricPlan) -> &'a str {
    match metric.unit {
        Unit::Count => "count",
        Unit::PerSecond => "per_s",
        Unit::PerHour => "per_h",
        Unit::Milliseconds => "ms",
        Unit::Seconds => "s",
        Unit::ServerHours => "server_hours",
        Unit::Money => plan.currency.as_deref().unwrap_or("money"),
        Unit::Ratio => "ratio",
    }
}

fn truth(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

#[cfg(test)]
mod tests;
