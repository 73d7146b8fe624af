//! stand-in
use super::plan::{Better, Experiment};
use crate::results::Verdict;
use crate::stats::{Interval, share_at_least, share_at_most};

#[derive(Clone, Debug)]
pub struct ObjectiveShare {
    pub held: u32,
    pub n: u32,
    pub share: f64,
    pub lo: f64,
    pub hi: f64,
    pub verdict: Verdict,
}

#[derive(Clone, Debug)]
pub struct CellRow {
    pub cell: usize,
    pub replications: u32,
    pub figures: Vec<Option<Interval>>,
    pub objectives: Vec<Option<ObjectiveShare>>,
    pub risk: Option<f64>,
    pub verdict: Verdict,
    pub rank: Option<u32>,
    pub pareto: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Difference {
    Better,
    Worse,
    Undistinguished,
}

#[derive(Clone, Debug)]
pub struct Comparison {
    pub cell: usize,
    pub metric: usize,
    pub n: u32,
    pub infinite: u32,
    pub by_signs: bool,
    pub difference: Option<Interval>,
    pub verdict: Difference,
}

pub fn cell_rows(experiment: &Experiment) -> Vec<CellRow> {
    let plan = &experiment.plan;
    let mut rows: Vec<CellRow> = experiment
        .runs
        .iter()
        .enumerate()
        .map(|(cell, runs)| {
            let figures = (0..plan.metrics.len())
                .map(|m| {
                    let values: Vec<f64> = runs.iter().filter_map(|run| run.figures[m].0).collect();
                    Interval::of(&values)
                })
                .collect();
            let objectives: Vec<Option<ObjectiveShare>> = (0..plan.objectives.len())
                .map(|o| {
                    let demanded = plan.cells[cell].objectives[o].as_ref()?;
                    let days: Vec<bool> =
                        runs.iter().filter_map(|run| Some(run.objectives[o].as_ref()?.holds)).collect();
                    let (held, n) = (days.iter().filter(|d| **d).count() as u32, days.len() as u32);
                    let (lo, hi) = (share_at_least(held, n)?, share_at_most(held, n)?);
                    let p = demanded.holds_in.unwrap_or(0.9);
                    let verdict = if lo >= p {
                        Verdict::Pass
                    } else if hi < p {
                        Verdict::Fail
                    } else {
                        Verdict::Inconclusive
                    };
                    Some(ObjectiveShare { held, n, share: f64::from(held) / f64::from(n), lo, hi, verdict })
                })
                .collect();
            let verdict = objectives.iter().flatten().map(|o| o.verdict).max().unwrap_or(Verdict::Pass);
            CellRow {
                cell,
                replications: runs.len() as u32,
                figures,
                objectives,
                risk: None,
                verdict,
                rank: None,
                pareto: false,
            }
        })
        .collect();
    let key = |row: &CellRow| {
        let figure = plan.rank_by.and_then(|m| row.figures[m]).map_or(f64::INFINITY, |f| f.mean);
        let higher = plan.rank_by.is_some_and(|m| plan.metrics[m].better == Some(Better::Higher));
        (row.verdict, if higher { -figure } else { figure })
    };
    let mut order: Vec<usize> = (0..rows.len()).filter(|&i| rows[i].replications > 0).collect();
    order.sort_by(|&a, &b| {
        let (a, b) = (key(&rows[a]), key(&rows[b]));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    for (rank, &row) in order.iter().enumerate() {
        rows[row].rank = Some(rank as u32 + 1);
    }
    let price = plan.metrics.iter().position(|m| m.name == "cost");
    let point = |row: &CellRow, cell: usize| {
        let fails =
            experiment.runs[cell].iter().filter(|r| r.objectives.iter().flatten().any(|d| !d.holds)).count()
                as f64
                / f64::from(row.replications.max(1));
        (price.and_then(|p| row.figures[p]).map_or(f64::INFINITY, |f| f.mean), fails)
    };
    let points: Vec<_> = rows.iter().enumerate().map(|(i, row)| point(row, i)).collect();
    for (i, row) in rows.iter_mut().enumerate() {
        row.pareto = !points
            .iter()
            .any(|p| p.0 <= points[i].0 && p.1 <= points[i].1 && (p.0 < points[i].0 || p.1 < points[i].1));
    }
    rows
}

pub fn comparisons(experiment: &Experiment) -> Vec<Comparison> {
    let plan = &experiment.plan;
    let mut found = Vec::new();
    for (metric, of) in plan.metrics.iter().enumerate().filter(|m| m.1.headline) {
        for cell in (0..plan.cells.len()).filter(|&cell| cell != plan.baseline) {
            let base = &experiment.runs[plan.baseline];
            let differences: Vec<f64> = experiment.runs[cell]
                .iter()
                .zip(base)
                .filter_map(|(a, b)| Some(a.figures[metric].0? - b.figures[metric].0?))
                .filter(|d| d.is_finite())
                .collect();
            let Some(difference) = Interval::of(&differences) else { continue };
            let lower = of.better != Some(Better::Higher);
            let verdict = match (difference.lo, difference.hi) {
                (_, Some(hi)) if hi < 0.0 && lower => Difference::Better,
                (Some(lo), _) if lo > 0.0 && lower => Difference::Worse,
                _ => Difference::Undistinguished,
            };
            found.push(Comparison {
                cell,
                metric,
                n: differences.len() as u32,
                infinite: 0,
                by_signs: false,
                difference: Some(difference),
                verdict,
            });
        }
    }
    found
}

impl super::ExperimentPlan {
    pub fn outlay(&self) -> Option<usize> {
        let named = |name: &str| self.metrics.iter().position(|metric| metric.name == name);
        named("cost").or_else(|| named("server_hours"))
    }
    pub fn ranked_by(&self) -> Option<usize> {
        self.rank_by.or_else(|| self.outlay())
    }
}
