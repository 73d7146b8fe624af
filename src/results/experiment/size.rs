//! What a search for a size found out: every candidate with its days, and the answer that they give.

use serde::{Deserialize, Serialize};

use super::plan::AxisValue;
use crate::results::{Goal, Verdict};

/// The version of the schema of `size.json`; it grows when a field changes its meaning.
pub const SIZE_VERSION: u32 = 1;

/// A search for the value, or the cheapest values, at which every objective holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sizing {
    /// [`SIZE_VERSION`] of the program that wrote it.
    pub size_version: u32,
    /// The program's version.
    pub version: String,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.displayName`.
    pub display_name: Option<String>,
    /// The name of the scenario file, without its folder.
    pub file: String,
    /// What is varied.
    pub paths: Vec<SizePath>,
    /// What is demanded.
    pub objectives: Vec<SizeObjective>,
    /// What has a limit, as `SERVICE.RESOURCE`.
    pub resources: Vec<String>,
    /// The currency, where prices are known; candidates are compared by server hours elsewhere.
    pub currency: Option<String>,
    /// Whether the cost of candidates is asked for.
    pub by_cost: bool,
    /// The place of the value that is to hold in any case, where one is.
    pub planned: Option<usize>,
    /// Numbers of replications at which a candidate is looked at.
    pub looks: Vec<u32>,
    /// The chance, at most, that an answer is called proven and is wrong.
    pub error: f64,
    /// What was found.
    pub answer: Answer,
    /// Days on which a harder candidate holds and an easier one does not.
    pub crossed_days: u32,
    /// Everything that was simulated, in the order of the paths' values.
    pub candidates: Vec<Candidate>,
}

/// A value that is varied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SizePath {
    /// Where it stands in the scenario.
    pub path: String,
    /// A short name for it.
    pub name: String,
    /// The first value of the range.
    pub from: AxisValue,
    /// The last value of the range.
    pub to: AxisValue,
    /// How many values there are.
    pub count: usize,
    /// What it is measured in.
    pub scale: Scale,
}

/// What a varied value is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Scale {
    /// A multiple of the scenario's load.
    Load,
    /// Whole things, such as servers.
    Whole,
    /// Any number.
    Number,
    /// 0 to 1, written in percent.
    Share,
    /// Seconds.
    Seconds,
    /// The time of day, in seconds from the first midnight.
    Clock,
    /// A number each second.
    PerSecond,
}

/// What is demanded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SizeObjective {
    /// Its name.
    pub name: String,
    /// The figure and its bound.
    pub goal: Goal,
    /// Share of days on which it must hold.
    pub holds_in: f64,
    /// Whether the scenario leaves that share to the command.
    pub assumed: bool,
}

/// What was found; places are those of candidates on the paths.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Answer {
    /// One path: how far everything holds.
    #[serde(rename_all = "camelCase")]
    UpTo {
        /// Whether larger values are harder.
        larger_is_harder: bool,
        /// The hardest value that is proven to hold.
        holds: usize,
        /// The hardest value at which the observed shares are those demanded, or more.
        crossing: usize,
        /// The easiest value that is proven not to hold.
        fails: Option<usize>,
    },
    /// Both ends hold.
    All,
    /// Both ends fail.
    None,
    /// Neither end is proven to hold, nor are both proven to fail.
    Undecided,
    /// One path: what should be easier does worse.
    #[serde(rename_all = "camelCase")]
    NotMonotone {
        /// Whether larger values seem harder; `None` where that cannot be told.
        larger_is_harder: Option<bool>,
        /// The value that does worse,
        worse: usize,
        /// and the harder one that does better.
        better: usize,
        /// The hardest value such that it and all easier ones that were simulated hold.
        holds: Option<usize>,
    },
    /// Several paths: what is proven to hold at the least cost.
    #[serde(rename_all = "camelCase")]
    Cheapest {
        /// It.
        best: Vec<usize>,
        /// The next cheapest that is proven to hold.
        runner_up: Option<Vec<usize>>,
        /// Whether whatever is easier was seen to cost more; where not, something cheaper may have been passed over.
        easier_costs_more: bool,
    },
    /// Several paths: what should be easier does worse.
    Crossed {
        /// The values that do worse,
        worse: Vec<usize>,
        /// and the harder ones that do better.
        better: Vec<usize>,
        /// The cheapest such that they and all easier ones that were simulated hold.
        best: Option<Vec<usize>>,
    },
}

/// A candidate: values, and what became of its days.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Candidate {
    /// Per path the place of its value, from 0.
    pub at: Vec<usize>,
    /// Per path its value.
    pub values: Vec<AxisValue>,
    /// How many days were simulated: replications from 1 on.
    pub replications: u32,
    /// Per objective how it holds.
    pub objectives: Vec<Holding>,
    /// Replications in which some objective does not hold.
    pub broken: Vec<u32>,
    /// Mean cost of a day, where everything has a price.
    pub cost: Option<f64>,
    /// Mean server hours of a day.
    pub server_hours: Option<f64>,
    /// Per resource how near its limit it came; `None` where it has none here.
    pub peaks: Vec<Option<PeakShare>>,
}

/// How an objective holds over the days of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Holding {
    /// On how many days.
    pub held: u32,
    /// The share of days that is at least proven.
    pub lo: f64,
    /// The share of days that is at most possible.
    pub hi: f64,
    /// What that says.
    pub verdict: Verdict,
}

/// How near its limit a resource came.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PeakShare {
    /// The mean over days of the peak as a share of the limit.
    pub mean: f64,
    /// On how many days it reached the limit.
    pub reached: u32,
}

impl Candidate {
    /// Returns the worst verdict of the objectives.
    pub fn verdict(&self) -> Verdict {
        self.objectives.iter().map(|holding| holding.verdict).max().unwrap_or(Verdict::Pass)
    }

    /// Returns the share of days on which an objective held.
    pub fn share(&self, objective: usize) -> Option<f64> {
        let held = self.objectives.get(objective)?.held;
        (self.replications > 0).then(|| f64::from(held) / f64::from(self.replications))
    }

    /// Tells whether every objective held on as large a share of days as is demanded.
    pub fn reaches(&self, demanded: &[f64]) -> bool {
        let enough = |(objective, demanded): (usize, &f64)| {
            self.share(objective).is_some_and(|share| share >= *demanded)
        };
        demanded.iter().enumerate().all(enough)
    }

    /// Tells whether a resource reached its limit on most days.
    pub fn at_limit(&self, resource: usize) -> bool {
        let peak = self.peaks.get(resource).copied().flatten();
        peak.is_some_and(|peak| 2 * peak.reached > self.replications)
    }
}

impl Sizing {
    /// Returns how the search ended; where one value is to hold in any case, what became of it.
    pub fn verdict(&self) -> Verdict {
        let planned = self.planned.and_then(|planned| self.candidate(&[planned])).map(Candidate::verdict);
        match self.answer {
            Answer::UpTo { .. } | Answer::All => planned.unwrap_or(Verdict::Pass),
            Answer::Cheapest { .. } => Verdict::Pass,
            Answer::None => Verdict::Fail,
            Answer::Undecided | Answer::NotMonotone { .. } | Answer::Crossed { .. } => Verdict::Inconclusive,
        }
    }

    /// Returns what it costs by: money, else server hours.
    pub fn cost(&self, candidate: &Candidate) -> Option<f64> {
        if self.currency.is_some() { candidate.cost } else { candidate.server_hours }
    }

    /// Returns the candidate at a place.
    pub fn candidate(&self, at: &[usize]) -> Option<&Candidate> {
        self.candidates.iter().find(|candidate| candidate.at == at)
    }

    /// Returns whether larger values are harder, where there is one path and that can be told.
    pub fn larger_is_harder(&self) -> Option<bool> {
        match self.answer {
            Answer::UpTo { larger_is_harder, .. } => Some(larger_is_harder),
            Answer::NotMonotone { larger_is_harder, .. } => larger_is_harder,
            _ => None,
        }
    }

    /// Returns the candidates of one path, the easiest first; none where it cannot be told which one is easier.
    pub fn by_hardness(&self) -> Vec<&Candidate> {
        let mut candidates: Vec<_> = self.candidates.iter().collect();
        match self.larger_is_harder() {
            Some(true) => {}
            Some(false) => candidates.reverse(),
            None => candidates.clear(),
        }
        candidates
    }

    /// Returns the objectives in the order in which they break, each with the easiest candidate that is proven to
    /// fail it.
    pub fn breaks(&self) -> Vec<(usize, &Candidate)> {
        let fails = |candidate: &Candidate, objective: usize| {
            candidate.objectives.get(objective).is_some_and(|holding| holding.verdict == Verdict::Fail)
        };
        first(&self.by_hardness(), self.objectives.len(), fails)
    }

    /// Returns the resources in the order in which they reach their limits, each with the easiest candidate at
    /// which it does on most days.
    pub fn limits(&self) -> Vec<(usize, &Candidate)> {
        first(&self.by_hardness(), self.resources.len(), Candidate::at_limit)
    }
}

/// Returns what so many things come to, in the order in which they do.
fn first<'a>(
    candidates: &[&'a Candidate],
    count: usize,
    comes: impl Fn(&Candidate, usize) -> bool,
) -> Vec<(usize, &'a Candidate)> {
    let place = |thing: usize| candidates.iter().position(|candidate| comes(candidate, thing));
    let mut found: Vec<(usize, usize)> =
        (0..count).filter_map(|thing| place(thing).map(|at| (at, thing))).collect();
    found.sort_unstable();
    found.into_iter().map(|(at, thing)| (thing, candidates[at])).collect()
}

#[cfg(test)]
pub(crate) mod tests;
