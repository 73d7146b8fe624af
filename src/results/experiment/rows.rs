//! Cells over their replications: figures with intervals, verdicts, ranks, and what no other cell beats.

use std::cmp::Ordering;

use super::{Better, CellObjective, DayRecord, Design, Experiment, ExperimentPlan, Precision, RunRecord};
use crate::results::Verdict;
use crate::stats::{Interval, Sequential};

/// A row of `sweep.csv`: a cell over its replications.
#[derive(Clone, Debug, PartialEq)]
pub struct CellRow {
    /// Index of the cell.
    pub cell: usize,
    /// How many runs there are.
    pub replications: u32,
    /// Per metric its mean over the replications that have a value, with the interval of this look.
    pub figures: Vec<Option<Interval>>,
    /// Per objective; `None` where the cell has no such objective, or no run.
    pub objectives: Vec<Option<ObjectiveShare>>,
    /// The share of days on which any objective of the cell failed; `None` where it has none, or no run.
    pub risk: Option<f64>,
    /// The worst verdict; pass where there is no objective, inconclusive where there is no run.
    pub verdict: Verdict,
    /// From 1: by verdict, then the metric of [`ExperimentPlan::ranked_by`], then risk; the same where nothing tells
    /// cells apart. `None` without a run.
    pub rank: Option<u32>,
    /// Whether no other cell costs less without more risk, or risks less without more cost.
    pub pareto: bool,
}

/// An objective of a cell over its replications.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ObjectiveShare {
    /// The worst window's value: its mean over the days that have one, with the interval of this look.
    pub value: Option<Interval>,
    /// On how many days it held.
    pub held: u32,
    /// Of how many.
    pub n: u32,
    /// The share of days on which it held.
    pub share: f64,
    /// One-sided lower bound of the share; see [`Sequential::share_at_least`].
    pub lo: f64,
    /// One-sided upper bound, likewise.
    pub hi: f64,
    /// The verdict.
    pub verdict: Verdict,
}

impl ObjectiveShare {
    /// Judges an objective; `None` without days.
    fn of(objective: &CellObjective, days: &[DayRecord], rule: &mut Sequential) -> Option<Self> {
        let n = days.len() as u32;
        let held = days.iter().filter(|day| day.holds).count() as u32;
        let values: Vec<f64> = days.iter().filter_map(|day| day.value.0).collect();
        let value =
            rule.interval(&values, n).map(|v| if objective.interval { v } else { v.without_bounds() });
        let (lo, hi) = rule.share_at_least(held, n).zip(rule.share_at_most(held, n))?;
        let verdict = Verdict::of(&objective.goal, objective.holds_in, (held, n), Some((lo, hi)), value);
        Some(Self { value, held, n, share: f64::from(held) / f64::from(n), lo, hi, verdict })
    }
}

impl CellRow {
    fn new(plan: &ExperimentPlan, cell: usize, runs: &[RunRecord], rule: &mut Sequential) -> Self {
        let figures = (0..plan.metrics.len()).map(|metric| figure(plan, cell, metric, runs, rule)).collect();
        let objectives = objectives(plan, cell, runs, rule);
        let worst = objectives.iter().flatten().map(|objective| objective.verdict).max();
        let nothing = if runs.is_empty() { Verdict::Inconclusive } else { Verdict::Pass };
        let failed = |run: &&RunRecord| run.objectives.iter().flatten().any(|day| !day.holds);
        let risk = runs.iter().filter(failed).count() as f64 / runs.len() as f64;
        Self {
            cell,
            replications: runs.len() as u32,
            figures,
            objectives,
            risk: worst.map(|_| risk),
            verdict: worst.unwrap_or(nothing),
            rank: None,
            pareto: false,
        }
    }

    /// Returns the mean of a metric.
    pub fn mean(&self, metric: usize) -> Option<f64> {
        self.figures.get(metric).copied().flatten().map(|figure| figure.mean)
    }

    /// Orders cells from best to worst.
    fn better(&self, other: &Self, by: Option<(usize, Option<Better>)>) -> Ordering {
        let by_metric =
            by.map_or(Ordering::Equal, |(metric, better)| match (self.mean(metric), other.mean(metric)) {
                (Some(a), Some(b)) if better == Some(Better::Higher) => b.total_cmp(&a),
                (Some(a), Some(b)) => a.total_cmp(&b),
                (a, b) => b.is_some().cmp(&a.is_some()),
            });
        let risk = |row: &Self| row.risk.unwrap_or(0.0);
        self.verdict.cmp(&other.verdict).then(by_metric).then(risk(self).total_cmp(&risk(other)))
    }
}

impl ExperimentPlan {
    /// Returns the metric of what a cell costs: `cost`, or `server_hours` where nothing is priced.
    pub fn outlay(&self) -> Option<usize> {
        let named = |name: &str| self.metrics.iter().position(|metric| metric.name == name);
        named("cost").or_else(|| named("server_hours"))
    }

    /// Returns the metric by which cells of one verdict are ranked.
    pub fn ranked_by(&self) -> Option<usize> {
        self.rank_by.or_else(|| self.outlay())
    }
}

/// Returns a row per cell, in the order of the plan.
pub fn cell_rows(experiment: &Experiment) -> Vec<CellRow> {
    let plan = &experiment.plan;
    let mut rule = Sequential::new(&plan.design.looks);
    let runs = experiment.runs.iter().enumerate();
    let mut rows: Vec<CellRow> = runs.map(|(cell, runs)| CellRow::new(plan, cell, runs, &mut rule)).collect();
    let by = plan.ranked_by().map(|metric| (metric, plan.metrics[metric].better));
    let mut order: Vec<usize> = (0..rows.len()).filter(|&cell| rows[cell].replications > 0).collect();
    order.sort_by(|&a, &b| rows[a].better(&rows[b], by));
    let mut rank = 0;
    for (place, &cell) in order.iter().enumerate() {
        if place == 0 || rows[order[place - 1]].better(&rows[cell], by).is_ne() {
            rank = place as u32 + 1;
        }
        rows[cell].rank = Some(rank);
    }
    mark_front(&mut rows, plan.outlay());
    rows
}

/// Tells whether a cell needs no more replications than these: they are as many as it may get, or its metric is known
/// well enough and its objectives with a demanded share have a verdict, as far as the plan asks for either.
pub fn decided(plan: &ExperimentPlan, cell: usize, runs: &[RunRecord]) -> bool {
    let Design { precision, until_decided, .. } = plan.design;
    if runs.len() as u64 >= u64::from(plan.design.most()) {
        return true;
    }
    let mut rule = Sequential::new(&plan.design.looks);
    let mut is_known = |precision: Precision| {
        let figure = figure(plan, cell, precision.metric, runs, &mut rule)?;
        Some(figure.hi? - figure.mean <= precision.relative * figure.mean.abs())
    };
    if precision.is_some_and(|precision| is_known(precision) != Some(true)) {
        return false;
    }
    if !until_decided {
        return precision.is_some();
    }
    let found = objectives(plan, cell, runs, &mut rule);
    plan.cells[cell].objectives.iter().zip(found).all(|(objective, found)| {
        let demanded = objective.as_ref().is_some_and(|objective| objective.holds_in.is_some());
        !demanded || found.is_some_and(|found| found.verdict != Verdict::Inconclusive)
    })
}

/// Returns a metric of a cell over its replications.
fn figure(
    plan: &ExperimentPlan,
    cell: usize,
    metric: usize,
    runs: &[RunRecord],
    rule: &mut Sequential,
) -> Option<Interval> {
    let values: Vec<f64> = runs.iter().filter_map(|run| run.figures.get(metric)?.0).collect();
    let figure = rule.interval(&values, runs.len() as u32)?;
    Some(if plan.cells[cell].unbounded.contains(&metric) { figure.without_bounds() } else { figure })
}

/// Returns every objective of a cell over its replications.
fn objectives(
    plan: &ExperimentPlan,
    cell: usize,
    runs: &[RunRecord],
    rule: &mut Sequential,
) -> Vec<Option<ObjectiveShare>> {
    let judge = |(index, objective): (usize, &Option<CellObjective>)| {
        let days: Vec<DayRecord> = runs.iter().filter_map(|run| *run.objectives.get(index)?).collect();
        ObjectiveShare::of(objective.as_ref()?, &days, rule)
    };
    plan.cells[cell].objectives.iter().enumerate().map(judge).collect()
}

/// Marks the cells that no other beats in cost and risk.
fn mark_front(rows: &mut [CellRow], outlay: Option<usize>) {
    let point = |row: &CellRow| Some((row.mean(outlay?)?, row.risk?, row.cell));
    let mut points: Vec<(f64, f64, usize)> = rows.iter().filter_map(point).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut best: Option<(f64, f64)> = None;
    for (cost, risk, cell) in points {
        if best.is_none_or(|(cheaper, safest)| risk < safest || (risk == safest && cost == cheaper)) {
            rows[cell].pareto = true;
            best = Some((cost, risk));
        }
    }
}

#[cfg(test)]
mod tests;
