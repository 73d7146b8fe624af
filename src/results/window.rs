//! The windows in which an objective is judged.

use std::ops::Range;

use crate::results::Counts;
use crate::results::{Goal, ObjectivePlan, ObjectiveRun, Plan, RowTotals, WindowRecord};
use crate::stats::Histogram;
use crate::time::{SimDuration, SimTime};
use crate::workload::{Arena, Outcome};

/// One objective while the run goes on.
///
/// With `every` or `during`, ends are counted by the time at which they happen. Without either,
/// the objective is about the whole population and is read off the totals at the end.
#[derive(Debug)]
pub struct Window {
    rows: Range<usize>,
    goal: Goal,
    /// `None`: the whole population.
    stretch: Option<Stretch>,
    completed: u64,
    lost: u64,
    latency: Histogram,
    records: Vec<WindowRecord>,
}

#[derive(Debug)]
struct Stretch {
    /// The open window, or the next one.
    from: SimTime,
    to: SimTime,
    every: SimDuration,
    end: SimTime,
    open: bool,
}

/// Outcomes that count against an objective; a customer who gives up is not among them.
const LOST: [Outcome; 4] = [Outcome::Failed, Outcome::TimedOut, Outcome::Rejected, Outcome::Shed];

fn lost(outcomes: &[u64; 6]) -> u64 {
    LOST.iter().map(|&outcome| outcomes[outcome as usize]).sum()
}

impl Window {
    /// Begins to judge an objective in a run that ends at `run_end`.
    pub fn new(plan: &Plan, objective: &ObjectivePlan, run_end: SimTime) -> Self {
        let of_service = plan.rows_of(objective.service);
        let rows = match objective.class {
            None => of_service,
            Some(class) => {
                let row = of_service.clone().find(|&row| plan.rows[row].class == class);
                row.map_or(of_service.start..of_service.start, |row| row..row + 1)
            }
        };
        let bounded = objective.every_ns.or(objective.from_ns).or(objective.to_ns).is_some();
        let stretch = bounded.then(|| {
            let from = objective.from_ns.map_or(plan.warmup_end(), SimTime::from_nanos);
            let end = objective.to_ns.map_or(run_end, SimTime::from_nanos).min(run_end);
            let every = objective.every_ns.map_or(SimDuration::MAX, SimDuration::from_nanos);
            Stretch { from, to: (from + every).min(end), every, end, open: false }
        });
        let goal = objective.goal.clone();
        Self {
            rows,
            goal,
            stretch,
            completed: 0,
            lost: 0,
            latency: Histogram::default(),
            records: Vec::new(),
        }
    }

    /// Returns the rows that are judged.
    pub fn rows(&self) -> Range<usize> {
        self.rows.clone()
    }

    /// Returns when this window next begins or ends.
    pub fn next_edge(&self) -> SimTime {
        match &self.stretch {
            Some(stretch) if stretch.open => stretch.to,
            Some(stretch) if stretch.from < stretch.end => stretch.from,
            _ => SimTime::MAX,
        }
    }

    /// Takes in what happened since the last cut, and closes and opens windows at `now`.
    pub fn cut<'a>(&mut self, now: SimTime, open: impl Iterator<Item = &'a Counts>, arena: &Arena) {
        let Some(stretch) = &mut self.stretch else { return };
        if stretch.open {
            for counts in open {
                self.completed += counts.outcomes[Outcome::Completed as usize];
                self.lost += lost(&counts.outcomes);
                self.latency.merge(&counts.latency);
            }
            if now < stretch.to {
                return;
            }
            let (from, to) = (stretch.from, stretch.to);
            stretch.from = stretch.to;
            stretch.to = (stretch.to + stretch.every).min(stretch.end);
            stretch.open = stretch.from < stretch.end;
            let late = late(&self.goal, &self.rows, arena, SimTime::ZERO, to);
            let record = judge(&self.goal, from, to, self.completed, self.lost + late, &self.latency);
            self.records.push(record);
            (self.completed, self.lost) = (0, 0);
            self.latency.clear();
        } else if now >= stretch.from && stretch.from < stretch.end {
            stretch.open = true;
        }
    }

    /// Returns the windows that are over.
    pub fn records(&self) -> &[WindowRecord] {
        &self.records
    }

    /// Returns the windows that are over, and ends.
    pub fn into_records(self) -> Vec<WindowRecord> {
        self.records
    }

    pub(super) fn finish(
        mut self,
        totals: &[RowTotals],
        arena: &Arena,
        warmup_end: SimTime,
        end: SimTime,
    ) -> ObjectiveRun {
        if self.stretch.is_none() {
            let mut latency = Histogram::default();
            let (mut completed, mut bad) = (0, 0);
            for row in &totals[self.rows.clone()] {
                completed += row.outcomes[Outcome::Completed as usize];
                bad += lost(&row.outcomes);
                latency.merge(&row.latency);
            }
            bad += late(&self.goal, &self.rows, arena, warmup_end, end);
            self.records.push(judge(&self.goal, warmup_end, end, completed, bad, &latency));
        }
        ObjectiveRun { windows: self.records }
    }
}

/// Counts requests in flight at `now` that are already older than the bound of a latency goal:
/// they will be worse than it however they end.
fn late(goal: &Goal, rows: &Range<usize>, arena: &Arena, arrived_from: SimTime, now: SimTime) -> u64 {
    let &Goal::Latency { bound_ns, .. } = goal else { return 0 };
    let is_late = |request: &&crate::workload::Request| {
        rows.contains(&request.row().index())
            && request.arrived >= arrived_from
            && (now - request.arrived).as_nanos() > bound_ns
    };
    arena.iter().filter(is_late).count() as u64
}

fn judge(
    goal: &Goal,
    from: SimTime,
    to: SimTime,
    completed: u64,
    bad: u64,
    latency: &Histogram,
) -> WindowRecord {
    let value_ns = match goal {
        Goal::Latency { percentile, .. } => latency.quantile(percentile / 100.0, bad),
        Goal::Success { .. } => None,
    };
    WindowRecord { from_ns: from.as_nanos(), to_ns: to.as_nanos(), total: completed + bad, bad, value_ns }
}
