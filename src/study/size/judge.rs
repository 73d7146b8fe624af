//! A candidate's days, and what they say: as many as it takes to decide, looked at now and then.

use super::grid::Range;
use crate::error::Error;
use crate::results::experiment::{
    AxisValue, Candidate, Holding, Measures, MetricPlan, PeakShare, RunRecord, SizeObjective,
};
use crate::results::{Plan, Verdict};
use crate::scenario::{Document, Scenario};
use crate::stats::{Sequential, looks};
use crate::study::{BatchObserver, Made, RunStore, StudyObserver, StudyOptions, Task, warmup};
use crate::study::{cell_sha256, run_batch, settled};
use crate::workload::recorded::TraceFiles;

/// The first look: fewer days refute little.
const FIRST_LOOK: u32 = 10;
/// A peak this near its limit has reached it, whatever rounding has made of it.
const REACHED: f64 = 1.0 - 1e-9;

/// Why a candidate has no verdict.
#[derive(Debug)]
pub enum Stopped {
    /// Whoever looks on wanted an end; what has finished is kept.
    Cancelled,
    /// It cannot be simulated.
    Failed(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Returns how many days that all hold prove that a share of days holds; `None` where no number does.
pub fn days_needed(share: f64, error: f64) -> Option<u32> {
    if share <= 0.0 {
        return Some(1);
    }
    let days = libm::ceil(libm::log(error) / libm::log(share) - 1e-9);
    (days.is_finite() && (0.0..f64::from(u32::MAX)).contains(&days)).then_some(days.max(1.0) as u32)
}

/// Returns the numbers of days at which candidates are looked at, up to the largest.
pub(super) fn looks_up_to(most: u32) -> Vec<u32> {
    looks(FIRST_LOOK.min(most), most)
}

/// What every candidate is simulated and judged by.
#[derive(Debug)]
pub(super) struct Judge<'a, S, O> {
    /// The scenario whose values are varied.
    pub(super) document: &'a Document,
    /// What is varied.
    pub(super) ranges: &'a [Range],
    /// What is demanded.
    pub(super) objectives: &'a [SizeObjective],
    /// Numbers of days at which it is looked at.
    pub(super) looks: &'a [u32],
    /// The chance that a verdict is wrong, at most.
    pub(super) error: f64,
    /// Where finished runs are kept.
    pub(super) store: &'a S,
    /// Recorded traffic.
    pub(super) traces: &'a dyn TraceFiles,
    /// Threads.
    pub(super) options: StudyOptions,
    /// Who looks on.
    pub(super) observer: &'a O,
    /// The metrics of every candidate, and those with a limit.
    pub(super) measured: &'a Measured,
}

/// What is read off the runs of every candidate.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    pub(super) plan: Plan,
    pub(super) metrics: Vec<MetricPlan>,
    /// Names of what has a limit, and the index of its metric.
    pub(super) limits: Vec<(String, usize)>,
}

impl Measured {
    /// Returns what the runs of a scenario are measured by.
    pub(super) fn of(scenario: &Scenario) -> Self {
        let metrics = Measures::of(&[&scenario.plan], &[]);
        let metrics = metrics.map(|(metrics, ..)| metrics).unwrap_or_default();
        let limit = |(index, metric): (usize, &MetricPlan)| {
            metric.name.strip_prefix("limits.").map(|name| (name.to_owned(), index))
        };
        let limits = metrics.iter().enumerate().filter_map(limit).collect();
        Self { plan: scenario.plan.clone(), limits, metrics }
    }

    /// Returns how the runs of a candidate are read off, which has the same metrics as all others.
    fn measures(&self, scenario: &Scenario, settings: &[(&str, &str)]) -> Result<Measures, Error> {
        let of_both = Measures::of(&[&self.plan, &scenario.plan], &[]);
        let same = of_both.ok().filter(|(metrics, ..)| *metrics == self.metrics);
        same.and_then(|(.., mut measures)| measures.pop()).ok_or_else(|| {
            let told: Vec<_> = settings.iter().map(|(path, value)| format!("{path}={value}")).collect();
            let message = format!("{} changes what can be measured", told.join(", "));
            Error::Usage(message + "\n  vary a quantity that is there at either end")
        })
    }

    /// Tells whether anything has a price.
    pub(super) fn is_priced(&self) -> bool {
        self.named("cost").is_some()
    }

    fn named(&self, name: &str) -> Option<usize> {
        self.metrics.iter().position(|metric| metric.name == name)
    }

    /// Returns the mean of a metric over days; `None` where a day has none.
    fn mean(&self, name: &str, runs: &[RunRecord]) -> Option<f64> {
        let metric = self.named(name)?;
        let sum: Option<f64> = runs.iter().map(|run| run.figures[metric].0).sum();
        sum.map(|sum| sum / runs.len() as f64)
    }
}

impl<S: RunStore, O: BatchObserver> Judge<'_, S, O> {
    /// Simulates a candidate until it is decided, or has had all its days.
    ///
    /// # Errors
    /// Where it is invalid, one of its days cannot be simulated, or whoever looks on wanted an end.
    pub(super) fn evaluate(&self, at: &[usize]) -> Result<Candidate, Stopped> {
        let values: Vec<AxisValue> =
            self.ranges.iter().zip(at).map(|(range, &place)| range.value(place)).collect();
        let settings: Vec<(&str, &str)> =
            self.ranges.iter().zip(&values).map(|(range, value)| (&*range.path, &*value.setting)).collect();
        let mut scenario = self.document.varied(&settings)?.check(self.traces)?;
        // The warm-up that pilots find shall not hang on how many days there will be.
        scenario.replications = warmup::PILOTS;
        let sha256 = cell_sha256(&scenario);
        let measures = self.measured.measures(&scenario, &settings)?;
        let scenario = settled(&scenario, self.traces, self.options, &Watch(self.observer))?;
        let mut sequential = Sequential::with_error(self.looks, self.error);
        let (mut runs, mut holdings) = (Vec::new(), Vec::new());
        for &look in self.looks {
            let before = runs.len() as u32;
            let task = |replication| Task {
                cell: 0,
                scenario: &scenario,
                sha256: &sha256,
                measures: &measures,
                replication,
            };
            let tasks: Vec<Task<'_>> = (before + 1..=look).map(task).collect();
            self.observer.on_round(tasks.len(), 0);
            let made = run_batch(&tasks, self.store, self.traces, self.options, self.observer)?;
            for (made, task) in made.into_iter().zip(&tasks) {
                runs.push(finished(made, task.replication, &settings)?);
            }
            holdings = self.holdings(&runs, &holdings, &mut sequential);
            let worst = holdings.iter().map(|holding| holding.verdict).max();
            if worst != Some(Verdict::Inconclusive) {
                break;
            }
        }
        Ok(self.candidate(at, values, &runs, holdings))
    }

    /// Judges every objective at a look. What was proven at a look before stays so.
    fn holdings(&self, runs: &[RunRecord], before: &[Holding], sequential: &mut Sequential) -> Vec<Holding> {
        let days = runs.len() as u32;
        let judge = |(index, objective): (usize, &SizeObjective)| {
            let holds = |run: &&RunRecord| run.objectives[index].is_none_or(|day| day.holds);
            let held = runs.iter().filter(holds).count() as u32;
            let lo = sequential.share_at_least(held, days).unwrap_or(0.0);
            let hi = sequential.share_at_most(held, days).unwrap_or(1.0);
            let verdict = match before.get(index).map(|holding| holding.verdict) {
                Some(Verdict::Pass) => Verdict::Pass,
                _ if lo >= objective.holds_in => Verdict::Pass,
                _ if hi < objective.holds_in => Verdict::Fail,
                _ => Verdict::Inconclusive,
            };
            Holding { held, lo, hi, verdict }
        };
        self.objectives.iter().enumerate().map(judge).collect()
    }

    fn candidate(
        &self,
        at: &[usize],
        values: Vec<AxisValue>,
        runs: &[RunRecord],
        objectives: Vec<Holding>,
    ) -> Candidate {
        let broken = |run: &&RunRecord| run.objectives.iter().flatten().any(|day| !day.holds);
        let peak = |(_, metric): &(String, usize)| {
            let shares: Option<Vec<f64>> = runs.iter().map(|run| run.figures[*metric].0).collect();
            let shares = shares.filter(|shares| !shares.is_empty())?;
            let reached = shares.iter().filter(|share| **share >= REACHED).count() as u32;
            Some(PeakShare { mean: shares.iter().sum::<f64>() / shares.len() as f64, reached })
        };
        Candidate {
            at: at.to_vec(),
            values,
            replications: runs.len() as u32,
            objectives,
            broken: runs.iter().filter(broken).map(|run| run.replication).collect(),
            cost: self.measured.mean("cost", runs),
            server_hours: self.measured.mean("server_hours", runs),
            peaks: self.measured.limits.iter().map(peak).collect(),
        }
    }
}

/// Returns the run, or why there is none.
fn finished(made: Made, replication: u32, settings: &[(&str, &str)]) -> Result<RunRecord, Stopped> {
    match made {
        Made::Finished(run) => Ok(run),
        Made::Cancelled => Err(Stopped::Cancelled),
        Made::Failed(error) => {
            let values: String =
                settings.iter().map(|(path, value)| format!(" --set '{path}={value}'")).collect();
            let repeat = format!("repeat it: peakday run FILE{values} --replication {replication}");
            Err(Error::Run(format!("replication {replication} with{values}: {error}\n  {repeat}")).into())
        }
    }
}

/// Lets whoever looks on end pilots, too.
struct Watch<'a, O>(&'a O);

impl<O: BatchObserver> StudyObserver for Watch<'_, O> {
    fn on_progress(&self, _replication: u32, _progress: crate::sim::Progress) {}

    fn on_finished(&self, _replication: u32) {}

    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}
