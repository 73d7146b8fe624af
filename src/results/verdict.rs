//! Objectives judged: per replication by the worst window, and over replications.
//!
//! The event happens once, so a replication holds or does not; a verdict says how sure that is.

use serde::{Deserialize, Serialize};

use crate::results::{Goal, ObjectivePlan, ObjectiveRun, StudyResult, WindowRecord};
use crate::stats::{Interval, share_at_least, share_at_most};

/// What a study says about an objective; ordered from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// It holds.
    Pass,
    /// More replications are needed.
    Inconclusive,
    /// It does not hold.
    Fail,
}

impl Verdict {
    /// Returns the word used in outputs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
        }
    }

    /// Judges by how many of how many days hold, the bounds of their share, and the value.
    pub(super) fn of(
        goal: &Goal,
        holds_in: Option<f64>,
        (held, n): (u32, u32),
        share: Option<(f64, f64)>,
        value: Option<Interval>,
    ) -> Self {
        match (holds_in, share) {
            (_, None) => Self::Inconclusive,
            (Some(wanted), Some((lo, _))) if lo >= wanted => Self::Pass,
            (Some(wanted), Some((_, hi))) if hi < wanted => Self::Fail,
            (Some(_), _) => Self::Inconclusive,
            (None, _) => by_value(goal, held, n, value),
        }
    }
}

/// An objective in one replication.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DayVerdict {
    /// The replication, from 1.
    pub replication: u32,
    /// The worst window's figure: latency in ms (infinite where the percentile lies among the
    /// requests that count as worse) or a ratio; `None` where nothing was judged.
    pub value: Option<f64>,
    /// The start of that window, in nanoseconds.
    pub worst_window_ns: Option<u64>,
    /// Whether it holds in every window.
    pub holds: bool,
}

/// An objective over all replications.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectiveVerdict {
    /// Per replication.
    pub days: Vec<DayVerdict>,
    /// The value's mean and interval, over the replications that have one.
    pub value: Option<Interval>,
    /// How many replications hold.
    pub held: u32,
    /// One-sided 95 % Clopper-Pearson lower bound of the share that holds.
    pub share_lo: Option<f64>,
    /// One-sided 95 % Clopper-Pearson upper bound of the share that holds.
    pub share_hi: Option<f64>,
    /// The verdict.
    pub verdict: Verdict,
    /// What to know about it; mostly nothing.
    pub notes: Vec<VerdictNote>,
}

/// What to know about a verdict beside its figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerdictNote {
    /// No replication finished.
    NoDay,
    /// No request ended where the objective is judged.
    NothingJudged,
    /// There is one replication, and so no interval.
    OneDay,
    /// Of several replications a single one had something to judge.
    OneValue,
    /// In so many replications the percentile lies among requests that got no answer in time: it has no value,
    /// and the days alone decide.
    Unanswered(u32),
    /// The value has no limit to converge to, and so no interval: the days alone decide.
    Growing,
}

impl ObjectiveVerdict {
    /// Returns the share of replications that hold; `None` without replications.
    pub fn share(&self) -> Option<f64> {
        (!self.days.is_empty()).then(|| f64::from(self.held) / self.days.len() as f64)
    }
}

impl Goal {
    /// Tells whether a value, in ms or as a ratio, is within the bound.
    pub fn admits(&self, value: f64) -> bool {
        match *self {
            Self::Latency { inclusive: true, .. } => value <= self.bound(),
            Self::Latency { inclusive: false, .. } => value < self.bound(),
            Self::Success { inclusive: true, .. } => value >= self.bound(),
            Self::Success { inclusive: false, .. } => value > self.bound(),
        }
    }

    /// Returns the bound, in ms or as a ratio.
    pub fn bound(&self) -> f64 {
        match *self {
            Self::Latency { bound_ns, .. } => bound_ns as f64 / 1e6,
            Self::Success { at_least, .. } => at_least,
        }
    }

    /// Returns the unit of its values.
    pub fn unit(&self) -> &'static str {
        match self {
            Self::Latency { .. } => "ms",
            Self::Success { .. } => "ratio",
        }
    }

    /// Tells whether `a` is worse than `b`.
    fn is_worse(&self, a: f64, b: f64) -> bool {
        match self {
            Self::Latency { .. } => a > b,
            Self::Success { .. } => a < b,
        }
    }

    /// Returns the figure of a window; `None` where nothing was judged.
    fn value(&self, window: &WindowRecord) -> Option<f64> {
        let total = window.total;
        (total > 0).then(|| match self {
            Self::Latency { .. } => window.value_ns.map_or(f64::INFINITY, |ns| ns as f64 / 1e6),
            Self::Success { .. } => total.saturating_sub(window.bad) as f64 / total as f64,
        })
    }

    /// Tells whether a window is within the bound; `None` where nothing was judged in it.
    pub fn met_in(&self, window: &WindowRecord) -> Option<bool> {
        self.value(window).map(|value| self.admits(value))
    }

    /// Judges one replication by its worst window; the first of equally bad ones.
    pub fn judge_day(&self, replication: u32, run: &ObjectiveRun) -> DayVerdict {
        let mut worst: Option<(f64, u64)> = None;
        for window in &run.windows {
            if let Some(value) = self.value(window)
                && worst.is_none_or(|(so_far, _)| self.is_worse(value, so_far))
            {
                worst = Some((value, window.from_ns));
            }
        }
        DayVerdict {
            replication,
            value: worst.map(|(value, _)| value),
            worst_window_ns: worst.map(|(_, from)| from),
            holds: worst.is_none_or(|(value, _)| self.admits(value)),
        }
    }
}

/// Judges every objective of a study, by the replications that finished.
pub fn verdicts(result: &StudyResult) -> Vec<ObjectiveVerdict> {
    let judge = |(index, objective): (usize, &ObjectivePlan)| {
        let day = |run: &crate::results::RunResult| {
            objective.goal.judge_day(run.replication, &run.objectives[index])
        };
        // An infinite variance of the mean leaves percentiles and shares their interval.
        let interval = !result.plan.services[objective.service].growing;
        judge(objective, result.runs.iter().map(day).collect(), interval)
    };
    result.plan.objectives.iter().enumerate().map(judge).collect()
}

/// Returns the worst verdict; pass where there is no objective.
pub fn overall(verdicts: &[ObjectiveVerdict]) -> Verdict {
    verdicts.iter().map(|objective| objective.verdict).max().unwrap_or(Verdict::Pass)
}

/// Judges an objective over its days; `interval` tells whether the value may have one.
fn judge(objective: &ObjectivePlan, days: Vec<DayVerdict>, interval: bool) -> ObjectiveVerdict {
    let n = days.len() as u32;
    let held = days.iter().filter(|day| day.holds).count() as u32;
    let values: Vec<f64> = days.iter().filter_map(|day| day.value).collect();
    let value = Interval::of(&values).map(|v| if interval { v } else { v.without_bounds() });
    let (share_lo, share_hi) = (share_at_least(held, n), share_at_most(held, n));
    let shares = share_lo.zip(share_hi);
    let verdict = Verdict::of(&objective.goal, objective.holds_in, (held, n), shares, value);
    let mut notes = Vec::new();
    notes.extend(match n {
        0 => Some(VerdictNote::NoDay),
        _ if values.is_empty() => Some(VerdictNote::NothingJudged),
        1 => Some(VerdictNote::OneDay),
        _ if values.len() == 1 => Some(VerdictNote::OneValue),
        _ => None,
    });
    let unanswered = values.iter().filter(|value| value.is_infinite()).count() as u32;
    if unanswered > 0 {
        notes.push(VerdictNote::Unanswered(unanswered));
    } else if !interval && objective.holds_in.is_none() && values.len() > 1 {
        notes.push(VerdictNote::Growing);
    }
    ObjectiveVerdict { days, value, held, share_lo, share_hi, verdict, notes }
}

/// Judges without a demanded share: by the days, and by the value's interval where it has one.
fn by_value(goal: &Goal, held: u32, n: u32, value: Option<Interval>) -> Verdict {
    // Without an interval the days alone decide, as if they were the whole truth.
    let ends = value.and_then(|value| value.lo.zip(value.hi));
    let (within, beyond) = ends.map_or((true, false), |(lo, hi)| {
        (goal.admits(lo) && goal.admits(hi), !goal.admits(lo) && !goal.admits(hi))
    });
    if held == n && within {
        Verdict::Pass
    } else if beyond || n - held > held {
        Verdict::Fail
    } else {
        Verdict::Inconclusive
    }
}

#[cfg(test)]
mod tests;
