//! Sweeps: scenarios that differ in a few values, each simulated as often as a design asks.
//!
//! Cells are looked at in rounds: all that are not decided get the replications up to the next look, side by
//! side on all threads. What a cell gets hangs on its own runs alone, so that cells can be dealt to shards.

use rayon::prelude::*;

use super::{BatchObserver, Made, RunStore, StudyObserver, StudyOptions, Task, warmup};
use super::{cell_sha256, pool, run_batch, run_id, settled};
use crate::error::Error;
use crate::results::Plan;
use crate::results::experiment::{
    CellPlan, Design, EXPERIMENT_VERSION, ExperimentPlan, Measures, MetricPlan, Precision, RunRecord, decided,
};
use crate::scenario::Scenario;
use crate::scenario::sweep::{Sweep, SweepCell};
use crate::sim::Progress;
use crate::workload::recorded::TraceFiles;

/// A name that no run is measured by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownMetric {
    /// The key of the sweep that names it.
    pub key: String,
    /// The name.
    pub name: String,
    /// The names that there are.
    pub known: Vec<String>,
}

/// A sweep that can be run.
#[derive(Clone, Debug)]
pub struct SweepStudy {
    /// What is compared, and by what.
    pub plan: ExperimentPlan,
    /// The scenario of each cell, and how its runs are read off.
    cells: Vec<(Scenario, Measures)>,
}

/// One of so many equal parts of a sweep.
///
/// Units are numbered cell by cell: runs where their number is fixed, whole cells where it hangs on what they
/// find. Unit k belongs to shard k mod n + 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which one, from 1.
    pub index: usize,
    /// Of how many.
    pub of: usize,
}

impl Shard {
    /// All of it.
    pub const WHOLE: Self = Self { index: 1, of: 1 };

    /// Tells whether a run belongs to it.
    pub fn has(self, design: &Design, cell: usize, replication: u32) -> bool {
        let unit = if design.is_sequential() {
            cell
        } else {
            cell * design.most() as usize + replication as usize - 1
        };
        unit % self.of + 1 == self.index
    }
}

/// A run that could not be finished.
#[derive(Debug)]
pub struct Failure {
    /// Index of the cell.
    pub cell: usize,
    /// The replication.
    pub replication: u32,
    /// Why.
    pub error: Error,
}

/// What came of a sweep, or of a shard.
#[derive(Debug, Default)]
pub struct Ran {
    /// Per cell the runs that finished, in the order of their ordinals.
    pub runs: Vec<Vec<RunRecord>>,
    /// Those that could not be finished, in the order of cells and ordinals.
    pub failed: Vec<Failure>,
    /// Whether it was ended before all were made.
    pub cancelled: bool,
}

impl SweepStudy {
    /// Returns what a sweep asks for; `file` is its name without its folder, `flags` what the command line said
    /// beside it.
    ///
    /// # Errors
    /// Names of metrics that no scenario has.
    pub fn new(sweep: Sweep, file: String, flags: Vec<String>) -> Result<Self, Vec<UnknownMetric>> {
        let of = |cell: SweepCell| {
            // The warm-up that pilots find shall not hang on how many replications there will be.
            (cell.at, Scenario { replications: warmup::PILOTS, ..cell.scenario })
        };
        let cells: Vec<(Vec<usize>, Scenario)> = sweep.cells.into_iter().map(of).collect();
        let plans: Vec<_> = cells.iter().map(|(_, scenario)| &scenario.plan).collect();
        let (metrics, objectives, measures) = measured(&plans, &sweep.metrics)?;
        let place = |name: &str| metrics.iter().position(|metric| metric.name == name);
        let named = |key: &str, name: &String| {
            place(name).ok_or_else(|| vec![UnknownMetric::new(key, name, metrics.as_slice())])
        };
        let precision = sweep.precision.map(|(name, relative)| {
            named("precision.metric", &name).map(|metric| Precision { metric, relative })
        });
        let rank_by = sweep.rank_by.map(|name| named("rankBy", &name)).transpose()?;
        let planned = |((at, scenario), measures): (&(Vec<usize>, Scenario), &Measures)| CellPlan {
            at: at.clone(),
            sha256: cell_sha256(scenario),
            ..measures.cell(&scenario.plan)
        };
        let plan = ExperimentPlan {
            experiment_version: EXPERIMENT_VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            name: sweep.name,
            display_name: sweep.display_name,
            file,
            flags,
            axes: sweep.axes,
            objectives,
            cells: cells.iter().zip(&measures).map(planned).collect(),
            dropped: sweep.dropped,
            baseline: sweep.baseline,
            design: Design {
                looks: sweep.looks,
                precision: precision.transpose()?,
                until_decided: sweep.until_decided,
            },
            rank_by: rank_by.or_else(|| place("cost")).or_else(|| place("server_hours")),
            currency: plans.iter().find_map(|plan| plan.currency.clone()),
            recorded: plans.iter().any(|plan| plan.sources.iter().any(|source| source.recorded)),
            metrics,
        };
        let scenarios = cells.into_iter().map(|(_, scenario)| scenario);
        Ok(Self { plan, cells: scenarios.zip(measures).collect() })
    }

    /// Returns the scenarios of the cells.
    pub fn scenarios(&self) -> impl Iterator<Item = &Scenario> {
        self.cells.iter().map(|(scenario, _)| scenario)
    }
}

impl UnknownMetric {
    fn new(key: &str, name: &str, known: &[MetricPlan]) -> Self {
        let known = known.iter().map(|metric| metric.name.clone()).collect();
        Self { key: key.to_owned(), name: name.to_owned(), known }
    }
}

/// What runs are measured by: metrics, names of objectives, and for each scenario how they are read off.
type Measured = (Vec<MetricPlan>, Vec<String>, Vec<Measures>);

fn measured(plans: &[&Plan], headlines: &[String]) -> Result<Measured, Vec<UnknownMetric>> {
    Measures::of(plans, headlines).map_err(|unknown| {
        let known = Measures::of(plans, &[]).map(|measured| measured.0).unwrap_or_default();
        let place = |name: &String| headlines.iter().position(|headline| headline == name).unwrap_or(0);
        let told = |name: &String| UnknownMetric::new(&format!("metrics[{}]", place(name)), name, &known);
        unknown.iter().map(told).collect()
    })
}

/// Makes the runs of a shard that are not kept yet.
///
/// A run that fails does not stop the others; its cell gets no further look.
///
/// # Errors
/// Where the store cannot be read or written, or there are no threads; what was kept before stays.
pub fn run_sweep(
    sweep: &SweepStudy,
    shard: Shard,
    store: &impl RunStore,
    traces: &dyn TraceFiles,
    options: StudyOptions,
    observer: &impl BatchObserver,
) -> Result<Ran, Error> {
    let SweepStudy { plan, cells } = sweep;
    let mut ran = Ran { runs: vec![Vec::new(); cells.len()], ..Ran::default() };
    let mut open: Vec<usize> = (0..cells.len()).collect();
    let mut before = 0;
    for &look in &plan.design.looks {
        let of_cell = |&cell: &usize| (before + 1..=look).map(move |replication| (cell, replication));
        let all = open.iter().flat_map(of_cell);
        let due: Vec<_> = all.filter(|&(cell, nth)| shard.has(&plan.design, cell, nth)).collect();
        let later = open.iter().flat_map(|&cell| (look + 1..=plan.design.most()).map(move |nth| (cell, nth)));
        observer.on_round(due.len(), later.filter(|&(cell, nth)| shard.has(&plan.design, cell, nth)).count());
        let round = Round { sweep, store, traces, options, observer };
        let made = round.make(&due)?;
        for (&(cell, replication), made) in due.iter().zip(made) {
            match made {
                Made::Finished(run) => ran.runs[cell].push(run),
                Made::Failed(error) => ran.failed.push(Failure { cell, replication, error }),
                Made::Cancelled => ran.cancelled = true,
            }
        }
        if ran.cancelled {
            break;
        }
        open.retain(|&cell| goes_on(plan, cell, &ran.runs[cell], look));
        before = look;
    }
    ran.failed.sort_by_key(|failure| (failure.cell, failure.replication));
    Ok(ran)
}

/// Tells whether a cell is looked at again after this look.
fn goes_on(plan: &ExperimentPlan, cell: usize, runs: &[RunRecord], look: u32) -> bool {
    look < plan.design.most() && runs.len() == look as usize && !decided(plan, cell, runs)
}

/// A cell with its scenario once the warm-up is known, or why there is none.
type Settled = (usize, Result<Scenario, String>);

/// Runs that are made side by side.
struct Round<'a, S, O> {
    sweep: &'a SweepStudy,
    store: &'a S,
    traces: &'a dyn TraceFiles,
    options: StudyOptions,
    observer: &'a O,
}

impl<S: RunStore, O: BatchObserver> Round<'_, S, O> {
    /// Returns what became of each run.
    fn make(&self, due: &[(usize, u32)]) -> Result<Vec<Made>, Error> {
        let SweepStudy { plan, cells } = self.sweep;
        let settled = self.settled(due)?;
        let task = |&(cell, replication): &(usize, u32)| {
            let found = settled.binary_search_by_key(&cell, |(cell, _)| *cell).ok().map(|at| &settled[at].1);
            let (scenario, measures) = &cells[cell];
            let task =
                |scenario| Task { cell, scenario, sha256: &plan.cells[cell].sha256, measures, replication };
            match found {
                Some(Err(why)) => Err((task(scenario), why)),
                Some(Ok(settled)) => Ok(task(settled)),
                None => Ok(task(scenario)),
            }
        };
        let tasks: Vec<_> = due.iter().map(task).collect();
        let sound: Vec<Task<'_>> = tasks.iter().filter_map(|task| task.as_ref().ok().copied()).collect();
        let mut made = run_batch(&sound, self.store, self.traces, self.options, self.observer)?.into_iter();
        let result = |task: &Result<Task<'_>, (Task<'_>, &String)>| match task {
            Ok(_) => made.next().unwrap_or(Made::Cancelled),
            Err((task, why)) => {
                let error = Error::Run((*why).clone());
                self.observer.on_failed(task, &error);
                Made::Failed(error)
            }
        };
        Ok(tasks.iter().map(result).collect())
    }

    /// Finds the warm-up of those cells that leave it to pilots and have runs that are not kept: their places,
    /// ascending, with their scenarios, or why there is none.
    fn settled(&self, due: &[(usize, u32)]) -> Result<Vec<Settled>, Error> {
        let SweepStudy { plan, cells } = self.sweep;
        let mut unknown: Vec<usize> = Vec::new();
        for &(cell, replication) in due {
            let searched = cells[cell].0.plan.warmup_found && unknown.last() != Some(&cell);
            if searched && self.store.find(&run_id(&plan.cells[cell].sha256, replication))?.is_none() {
                unknown.push(cell);
            }
        }
        if unknown.is_empty() {
            return Ok(Vec::new());
        }
        let pool = pool(self.options, unknown.len())?;
        // What threads are left help with the pilots of each.
        let threads = self.options.count().div_ceil(unknown.len());
        let find = |&cell: &usize| {
            let watcher = Watch(self.observer);
            let found = settled(&cells[cell].0, self.traces, StudyOptions { threads }, &watcher);
            (cell, found.map(std::borrow::Cow::into_owned).map_err(|error| error.to_string()))
        };
        Ok(pool.install(|| unknown.par_iter().with_max_len(1).map(find).collect()))
    }
}

/// Lets whoever looks on end pilots, too.
struct Watch<'a, O>(&'a O);

impl<O: BatchObserver> StudyObserver for Watch<'_, O> {
    fn on_progress(&self, _replication: u32, _progress: Progress) {}

    fn on_finished(&self, _replication: u32) {}

    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

/// The runs of an experiment that are kept.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// Per cell those that count, in the order of their ordinals.
    pub runs: Vec<Vec<RunRecord>>,
    /// Cells and ordinals of those that are missing, as far as can be known: a cell in which one is missing is
    /// not looked at again.
    pub missing: Vec<(usize, u32)>,
}

/// Gathers the runs that are kept, of every cell as many as the design asks for.
///
/// # Errors
/// Where one cannot be read.
pub fn gather(plan: &ExperimentPlan, store: &impl RunStore) -> Result<Gathered, Error> {
    let cell = |(cell, planned): (usize, &CellPlan)| {
        let (mut runs, mut missing, mut before) = (Vec::new(), Vec::new(), 0);
        for &look in &plan.design.looks {
            for replication in before + 1..=look {
                match store.find(&run_id(&planned.sha256, replication))? {
                    Some(run) => runs.push(run),
                    None => missing.push((cell, replication)),
                }
            }
            if !goes_on(plan, cell, &runs, look) {
                break;
            }
            before = look;
        }
        Ok((runs, missing))
    };
    // Reading is most of it, and goes side by side.
    let cells: Result<Vec<_>, Error> = plan.cells.par_iter().enumerate().map(cell).collect();
    let (runs, missing): (Vec<_>, Vec<Vec<_>>) = cells?.into_iter().unzip();
    Ok(Gathered { runs, missing: missing.concat() })
}
