//! Cells against the baseline, day by day: replication r met the same customers in both.

use super::{Better, Experiment, RunRecord};
use crate::stats::{Interval, Sequential, holm, paired, sign_test};

/// The level below which an adjusted p value tells cells apart.
const LEVEL: f64 = 0.05;

/// A row of `comparisons.csv`: a metric of a cell against that of the baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Index of the cell.
    pub cell: usize,
    /// Index of the metric.
    pub metric: usize,
    /// Replications in which both have a finite value.
    pub n: u32,
    /// Replications in which one has none: a percentile among requests that got no answer.
    pub infinite: u32,
    /// The mean over the pairs; `None` without any.
    pub mean: Option<f64>,
    /// That of the baseline over the same.
    pub baseline: Option<f64>,
    /// The mean difference, cell less baseline, with its interval at this look.
    pub difference: Option<Interval>,
    /// The two-sided p value, all looks considered: of Student's t or, where `by_signs`, of the sign test. `None` where
    /// nothing can be tested.
    pub p: Option<f64>,
    /// Whether values have only an order: some are infinite, or have no interval. Then every pair counts by its sign.
    pub by_signs: bool,
    /// The same, corrected for all comparisons of the experiment (Holm).
    pub p_adjusted: Option<f64>,
    /// What the adjusted p value says.
    pub verdict: Difference,
    /// How many times the variance would be if the cells had met different customers.
    pub variance_factor: Option<f64>,
}

/// What the replications say about a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It is better than in the baseline.
    Better,
    /// It is worse.
    Worse,
    /// The replications do not tell.
    Undistinguished,
}

impl Comparison {
    /// Returns the verdict in words.
    pub fn words(&self) -> String {
        match self.verdict {
            Difference::Better => "better".to_owned(),
            Difference::Worse => "worse".to_owned(),
            Difference::Undistinguished => format!("not distinguishable at {}", self.n + self.infinite),
        }
    }
}

/// Returns every cell against the baseline by every headline metric with a direction that both have, cell by cell.
pub fn comparisons(experiment: &Experiment) -> Vec<Comparison> {
    let plan = &experiment.plan;
    let rule = Sequential::new(&plan.design.looks);
    let cells = (0..plan.cells.len()).filter(|cell| *cell != plan.baseline);
    let metrics = || {
        let headlines = plan.metrics.iter().enumerate().filter(|(_, metric)| metric.headline);
        headlines.filter_map(|(index, metric)| Some((index, metric.better?)))
    };
    let pairs = cells.flat_map(|cell| metrics().map(move |(metric, better)| (cell, metric, better)));
    let (mut rows, directions): (Vec<Comparison>, Vec<f64>) =
        pairs.filter_map(|(cell, metric, better)| compare(experiment, &rule, (cell, metric), better)).unzip();
    let tested: Vec<usize> = (0..rows.len()).filter(|&row| rows[row].p.is_some()).collect();
    let p: Vec<f64> = tested.iter().filter_map(|&row| rows[row].p).collect();
    for (row, adjusted) in tested.into_iter().zip(holm(&p)) {
        rows[row].p_adjusted = Some(adjusted);
        if adjusted < LEVEL {
            rows[row].verdict = if directions[row] > 0.0 { Difference::Better } else { Difference::Worse };
        }
    }
    rows
}

/// Compares a metric, and returns beside it which way it went: positive is better.
fn compare(
    experiment: &Experiment,
    rule: &Sequential,
    (cell, metric): (usize, usize),
    better: Better,
) -> Option<(Comparison, f64)> {
    let plan = &experiment.plan;
    let (own, other) = (&experiment.runs[cell], &experiment.runs[plan.baseline]);
    let look = own.len().min(other.len()) as u32;
    let all = pairs(own, other, metric);
    let finite: Vec<(f64, f64)> =
        all.iter().copied().filter(|(a, b)| a.is_finite() && b.is_finite()).collect();
    let bounded = |cell: usize| !plan.cells[cell].unbounded.contains(&metric);
    let by_signs = finite.len() < all.len() || !bounded(cell) || !bounded(plan.baseline);
    let difference = paired(&finite, Some(rule.confidence(look)));
    let [more, less] = [|(a, b): &&(f64, f64)| a > b, |(a, b): &&(f64, f64)| a < b]
        .map(|is| all.iter().filter(is).count() as u32);
    let way = if by_signs { f64::from(more) - f64::from(less) } else { difference?.interval.mean };
    let p = if by_signs { sign_test(more, more + less) } else { difference?.p };
    let mean = |of: fn(&(f64, f64)) -> f64| {
        Interval::of(&finite.iter().map(of).collect::<Vec<_>>()).map(|of| of.mean)
    };
    let comparison = Comparison {
        cell,
        metric,
        n: finite.len() as u32,
        infinite: (all.len() - finite.len()) as u32,
        mean: mean(|pair| pair.0),
        baseline: mean(|pair| pair.1),
        difference: difference.map(|d| if by_signs { d.interval.without_bounds() } else { d.interval }),
        p: p.map(|p| rule.repeated_p(p, look)),
        by_signs,
        p_adjusted: None,
        verdict: Difference::Undistinguished,
        variance_factor: difference.and_then(|d| d.variance_factor).filter(|_| !by_signs && finite.len() > 1),
    };
    (!all.is_empty()).then_some((comparison, if better == Better::Higher { way } else { -way }))
}

/// Returns the values of two cells in the replications in which both have one.
fn pairs(own: &[RunRecord], other: &[RunRecord], metric: usize) -> Vec<(f64, f64)> {
    let value = |run: &RunRecord| run.figures.get(metric)?.0;
    let mut rest = other.iter().peekable();
    let pair = |run: &RunRecord| {
        while rest.next_if(|other| other.replication < run.replication).is_some() {}
        let other = rest.peek().filter(|other| other.replication == run.replication)?;
        value(run).zip(value(other))
    };
    own.iter().filter_map(pair).collect()
}

#[cfg(test)]
mod tests;
