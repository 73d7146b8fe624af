//! What is asked of a scenario, from beginning to end.

use super::grid::Range;
use super::judge::{Judge, Measured, Stopped, days_needed, looks_up_to};
use super::{Search, Start, along, cheapest, crossed_days};
use crate::error::Error;
use crate::results::experiment::{Answer, Candidate, SIZE_VERSION, SizeObjective, SizePath, Sizing};
use crate::scenario::{Document, MAX_REPLICATIONS};
use crate::study::{BatchObserver, RunStore, StudyOptions};
use crate::workload::recorded::TraceFiles;

/// The chance, at most, that an answer is called proven and is wrong.
const ERROR: f64 = 0.05;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The name of the scenario file, without its folder.
    pub file: String,
    /// What is varied; one or more.
    pub ranges: Vec<Range>,
    /// Where the search along a single path begins.
    pub start: Start,
    /// Whether the cost of candidates is asked for.
    pub by_cost: bool,
    /// The most days a candidate gets; the scenario's number where not said.
    pub replications: Option<u32>,
    /// Share of days on which objectives must hold that say none.
    pub holds_in: f64,
}

/// A question that can be answered.
#[derive(Debug)]
pub struct Question {
    document: Document,
    ranges: Vec<Range>,
    start: Start,
    measured: Measured,
    /// The chance that a verdict about one candidate is wrong, at most.
    error: f64,
    /// What will be found, without what is not known yet.
    sizing: Sizing,
    /// What to know before the search.
    pub remarks: Vec<String>,
}

impl Question {
    /// Checks what is asked, for the scenario as it is written.
    ///
    /// # Errors
    /// Where the scenario is invalid, demands nothing, or demands what no number of days can prove.
    pub fn new(document: Document, asked: Asked, traces: &dyn TraceFiles) -> Result<Self, Error> {
        let scenario = document.check(traces)?;
        let plan = &scenario.plan;
        if plan.objectives.is_empty() {
            let text =
                "there is no objective that could hold\n  write one under `objectives`: see peakday plan";
            return Err(Error::Usage(text.to_owned()));
        }
        let objective = |objective: &crate::results::ObjectivePlan| SizeObjective {
            name: objective.name.clone(),
            goal: objective.goal.clone(),
            holds_in: objective.holds_in.unwrap_or(asked.holds_in),
            assumed: objective.holds_in.is_none(),
        };
        let objectives: Vec<SizeObjective> = plan.objectives.iter().map(objective).collect();
        // Along the longest path candidates stand from the easiest to the hardest; of each such chain one verdict may
        // be wrong, and all chains together err as often as one may.
        let counts: Vec<usize> = asked.ranges.iter().map(|range| range.values.len()).collect();
        let all: f64 = counts.iter().map(|count| *count as f64).product();
        let error = ERROR / (all / counts.iter().copied().max().unwrap_or(1) as f64);
        let (most, raised) =
            most_days(&objectives, asked.replications.unwrap_or(scenario.replications), error)?;
        let measured = Measured::of(&scenario);
        let mut remarks = remarks(&objectives, most, raised);
        let currency = plan.currency.clone().filter(|_| measured.is_priced());
        let by_cost = asked.by_cost || asked.ranges.len() > 1;
        if currency.is_none() && by_cost {
            remarks.push("nothing has a price: server hours are compared instead of cost".to_owned());
        }
        let path = |range: &Range| SizePath {
            path: range.path.clone(),
            name: short(&range.path, &asked.ranges),
            from: range.value(0),
            to: range.value(range.values.len() - 1),
            count: range.values.len(),
            scale: range.scale(),
        };
        let sizing = Sizing {
            size_version: SIZE_VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            name: plan.name.clone(),
            display_name: plan.display_name.clone(),
            file: asked.file,
            paths: asked.ranges.iter().map(path).collect(),
            objectives,
            resources: measured.limits.iter().map(|(name, _)| name.clone()).collect(),
            currency,
            by_cost,
            planned: match &asked.start {
                Start::Ladder { up, .. } => up.first().copied(),
                Start::Ends => None,
            },
            looks: looks_up_to(most),
            error: ERROR,
            answer: Answer::Undecided,
            crossed_days: 0,
            candidates: Vec::new(),
        };
        Ok(Self { document, ranges: asked.ranges, start: asked.start, measured, error, sizing, remarks })
    }

    /// Returns `metadata.name`.
    pub fn name(&self) -> &str {
        &self.sizing.name
    }

    /// Returns how many figures and objectives every run has.
    pub fn shape(&self) -> (usize, usize) {
        (self.measured.metrics.len(), self.sizing.objectives.len())
    }

    /// Tells whether several values are varied.
    pub fn is_of_several(&self) -> bool {
        self.ranges.len() > 1
    }

    /// Returns how many combinations of values there are.
    pub fn combinations(&self) -> usize {
        self.ranges.iter().map(|range| range.values.len()).fold(1, usize::saturating_mul)
    }

    /// Looks for the answer, and tells of every candidate; `None` where whoever looks on wanted an end.
    ///
    /// # Errors
    /// Where a candidate is invalid or cannot be simulated, or the store cannot be read or written.
    pub fn answer(
        self,
        store: &impl RunStore,
        traces: &dyn TraceFiles,
        options: StudyOptions,
        observer: &impl BatchObserver,
        mut tell: impl FnMut(&Candidate),
    ) -> Result<Option<Sizing>, Error> {
        let Self { document, ranges, start, measured, error, mut sizing, .. } = self;
        let judge = Judge {
            document: &document,
            ranges: &ranges,
            objectives: &sizing.objectives,
            looks: &sizing.looks,
            error,
            store,
            traces,
            options,
            observer,
            measured: &measured,
        };
        let demanded = sizing.objectives.iter().map(|objective| objective.holds_in).collect();
        let mut search = Search::new(demanded, |at: &[usize]| judge.evaluate(at).inspect(&mut tell));
        let counts: Vec<usize> = ranges.iter().map(|range| range.values.len()).collect();
        let found = match counts[..] {
            [count] => along(&mut search, count, &start),
            _ => cheapest(&mut search, &counts, |candidate| sizing.cost(candidate)),
        };
        let candidates = search.into_candidates();
        sizing.answer = match found {
            Ok(answer) => answer,
            Err(Stopped::Cancelled) => return Ok(None),
            Err(Stopped::Failed(error)) => return Err(error),
        };
        sizing.candidates = candidates;
        sizing.crossed_days = crossed_days(&sizing.by_hardness());
        Ok(Some(sizing))
    }
}

/// Returns the most days that a candidate gets, at least as many as can prove what is demanded; and whether that is
/// more than was asked for.
fn most_days(objectives: &[SizeObjective], asked: u32, error: f64) -> Result<(u32, bool), Error> {
    let hardest = objectives.iter().max_by(|a, b| a.holds_in.total_cmp(&b.holds_in));
    let Some(SizeObjective { name, holds_in, .. }) = hardest else { return Ok((asked, false)) };
    match days_needed(*holds_in, error).filter(|days| *days <= MAX_REPLICATIONS) {
        Some(needed) => Ok((asked.max(needed), needed > asked)),
        None => Err(Error::Usage(format!(
            "{name}: no number of days that a study may have proves {}% of them\n  demand less with holdsIn, or --holds-in",
            holds_in * 100.0
        ))),
    }
}

/// Says what the command adds to what is asked.
fn remarks(objectives: &[SizeObjective], most: u32, raised: bool) -> Vec<String> {
    let assumed: Vec<&SizeObjective> = objectives.iter().filter(|objective| objective.assumed).collect();
    let names = assumed.iter().map(|objective| &*objective.name).collect::<Vec<_>>().join(", ");
    let share = assumed.first().map(|objective| {
        let share = objective.holds_in * 100.0;
        format!("{names}: without holdsIn, so asked to hold on {share}% of days; --holds-in says otherwise")
    });
    let raised =
        raised.then(|| format!("candidates get up to {most} days: fewer cannot prove what is demanded"));
    share.into_iter().chain(raised).collect()
}

/// Returns the end of a path that tells it from the others.
fn short(path: &str, ranges: &[Range]) -> String {
    let others = || ranges.iter().map(|range| &*range.path).filter(|other| *other != path);
    let ends = path.match_indices('.').rev().map(|(at, _)| &path[at + 1..]);
    let alone = |end: &&str| others().all(|other| !other.ends_with(&format!(".{end}")));
    ends.into_iter().find(alone).unwrap_or(path).to_owned()
}
