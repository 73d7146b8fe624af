//! Two studies side by side: what stands (A), and what is proposed (B).
//!
//! Days are paired where both studies were drawn by one seed, since day r of the one and day r of the other are
//! then no independent samples: their difference is what is estimated. Knows no file and no words.

mod figures;

pub use figures::{FigurePair, Judgement, Silence};

use std::collections::{BTreeMap, BTreeSet};

use crate::results::{ObjectivePlan, ObjectiveVerdict, Plan, StudyResult, TraceRecord, verdicts};

/// Something that differs between two scenarios; `None` where a side has nothing there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioChange {
    /// Where, for example `services.web.pools.standard.replicas` or `objectives[p99].every`.
    pub path: String,
    /// What A says.
    pub a: Option<String>,
    /// What B says.
    pub b: Option<String>,
}

/// How the days of two studies belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// By replication: the same customers came to both.
    SameCustomers,
    /// By replication: one seed drew both, but the traffic differs at these paths.
    SameSeed(Vec<String>),
    /// Not at all: the seeds differ, and the days are independent of one another.
    Independent,
}

/// Two studies, compared.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// What differs between the scenarios.
    pub scenario: Vec<ScenarioChange>,
    /// What differs between the traces: their sources and files, with SHA-256.
    pub traces: Vec<ScenarioChange>,
    /// How days belong together.
    pub pairing: Pairing,
    /// How many days are compared, of A and of B; where they are paired, those that both have.
    pub days: [usize; 2],
    /// Objectives, those of B first in its order, then those that only A has.
    pub objectives: Vec<ObjectivePair>,
    /// Figures of services, classes, totals and objectives.
    pub figures: Vec<FigurePair>,
    /// Whether both hold the same days, to the last bit.
    pub same: bool,
}

impl Comparison {
    /// Returns a figure by its name.
    pub fn figure(&self, name: &str) -> Option<&FigurePair> {
        self.figures.iter().find(|figure| figure.metric.name == name)
    }

    /// Returns how many of the main figures, or of all, share a level of 5 %.
    pub fn tested(&self, main: bool) -> usize {
        self.figures.iter().filter(|figure| figure.p_holm.is_some() && (figure.main || !main)).count()
    }
}

/// An objective of A, of B, or of both by name.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectivePair {
    /// Its name.
    pub name: String,
    /// What A demands, and what became of it.
    pub a: Option<(ObjectivePlan, ObjectiveVerdict)>,
    /// The same of B.
    pub b: Option<(ObjectivePlan, ObjectiveVerdict)>,
}

impl ObjectivePair {
    /// Tells whether both have it, with different verdicts.
    pub fn changed(&self) -> bool {
        let (a, b) = (&self.a, &self.b);
        a.as_ref().zip(b.as_ref()).is_some_and(|(a, b)| a.1.verdict != b.1.verdict)
    }
}

/// Compares two studies, between whose scenarios these differences were found.
pub fn compare(a: &StudyResult, b: &StudyResult, scenario: Vec<ScenarioChange>) -> Comparison {
    let traces = trace_changes(a, b);
    let pairing = pairing(a, b, &scenario, &traces);
    let chosen = match pairing {
        Pairing::Independent => [(0..a.runs.len()).collect(), (0..b.runs.len()).collect()],
        Pairing::SameCustomers | Pairing::SameSeed(_) => common(a, b),
    };
    Comparison {
        same: a.plan == b.plan && a.runs == b.runs,
        objectives: objectives(a, b),
        days: [chosen[0].len(), chosen[1].len()],
        figures: figures::pairs([a, b], &chosen, pairing != Pairing::Independent),
        scenario,
        traces,
        pairing,
    }
}

/// Returns the places of the days that both have, in the order of their ordinals.
fn common(a: &StudyResult, b: &StudyResult) -> [Vec<usize>; 2] {
    let places = |result: &StudyResult| -> BTreeMap<u32, usize> {
        result.runs.iter().enumerate().map(|(place, run)| (run.replication, place)).collect()
    };
    let other = places(b);
    let both = places(a).into_iter().filter_map(|(day, place)| Some((place, *other.get(&day)?)));
    let (a, b) = both.unzip();
    [a, b]
}

/// Returns which traces differ, by the sources that read them.
fn trace_changes(a: &StudyResult, b: &StudyResult) -> Vec<ScenarioChange> {
    let hashes = |result: &StudyResult| -> BTreeMap<(String, String), String> {
        let named = |trace: &TraceRecord| ((trace.source.clone(), trace.file.clone()), trace.sha256.clone());
        result.provenance.traces.iter().map(named).collect()
    };
    let (a, b) = (hashes(a), hashes(b));
    let names: BTreeSet<_> = a.keys().chain(b.keys()).collect();
    let change = |name: &(String, String)| ScenarioChange {
        path: format!("{}: {}", name.0, name.1),
        a: a.get(name).cloned(),
        b: b.get(name).cloned(),
    };
    names.into_iter().map(change).filter(|change| change.a != change.b).collect()
}

fn pairing(
    a: &StudyResult,
    b: &StudyResult,
    scenario: &[ScenarioChange],
    traces: &[ScenarioChange],
) -> Pairing {
    if a.provenance.seed != b.provenance.seed {
        return Pairing::Independent;
    }
    let reads = |plan: &Plan, trace: &str| {
        plan.sources.iter().any(|source| trace.split(": ").next() == Some(&*source.name))
    };
    let traffic = scenario.iter().filter(|change| is_traffic(change)).map(|change| change.path.clone());
    let recorded = traces.iter().map(|change| change.path.clone());
    let recorded = recorded.filter(|path| reads(&a.plan, path) || reads(&b.plan, path));
    let differs: Vec<String> = traffic.chain(recorded).collect();
    if differs.is_empty() { Pairing::SameCustomers } else { Pairing::SameSeed(differs) }
}

/// Tells whether a change is one of who comes and when: of traffic, or of an action upon it.
fn is_traffic(ScenarioChange { path, a, b }: &ScenarioChange) -> bool {
    let frame = ["run.load", "run.duration", "run.start", "traffic"].contains(&&**path);
    let acts =
        || [Some(path), a.as_ref(), b.as_ref()].into_iter().flatten().any(|text| text.contains("traffic."));
    frame || path.starts_with("traffic.") || path.starts_with("actions") && acts()
}

fn objectives(a: &StudyResult, b: &StudyResult) -> Vec<ObjectivePair> {
    let judged = |result: &StudyResult| -> Vec<(ObjectivePlan, ObjectiveVerdict)> {
        result.plan.objectives.iter().cloned().zip(verdicts(result)).collect()
    };
    let (a, b) = (judged(a), judged(b));
    let of = |all: &[(ObjectivePlan, ObjectiveVerdict)], name: &str| {
        all.iter().find(|(plan, _)| plan.name == name).cloned()
    };
    let names = b.iter().chain(a.iter().filter(|(plan, _)| of(&b, &plan.name).is_none()));
    let pair = |name: &str| ObjectivePair { name: name.to_owned(), a: of(&a, name), b: of(&b, name) };
    names.map(|(plan, _)| pair(&plan.name)).collect()
}

#[cfg(test)]
mod tests;
