//! `comparison.json`: everything, for programs.

use serde::Serialize;

use super::{Sides, notes, sentence, word};
use crate::report::goal_text;
use crate::report::json::{Figure, Rounded, share};
use crate::results::experiment::{Better, Unit};
use crate::results::{
    FigurePair, ObjectivePair, ObjectivePlan, ObjectiveVerdict, Pairing, ScenarioChange, StudyResult,
    overall, verdicts,
};

/// The version of the schema of `comparison.json`; it grows when a field changes its meaning.
const COMPARISON_VERSION: u32 = 1;

/// Returns what `comparison.json` holds, to be put into another document.
pub fn comparison_document(sides: Sides<'_>) -> impl Serialize + '_ {
    let comparison = sides.comparison;
    let (pairing, traffic_differs) = match &comparison.pairing {
        Pairing::SameCustomers => ("sameCustomers", &[][..]),
        Pairing::SameSeed(paths) => ("sameSeed", &paths[..]),
        Pairing::Independent => ("independent", &[][..]),
    };
    Document {
        comparison_version: COMPARISON_VERSION,
        sentence: sentence(sides),
        same: comparison.same,
        a: Side::of(sides.a),
        b: Side::of(sides.b),
        scenario: comparison.scenario.iter().map(Change::of).collect(),
        traces: comparison.traces.iter().map(Change::of).collect(),
        pairing,
        traffic_differs,
        days: comparison.days,
        objectives: comparison.objectives.iter().map(Objective::of).collect(),
        figures: comparison.figures.iter().map(Row::of).collect(),
        notes: notes(sides),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    comparison_version: u32,
    sentence: String,
    same: bool,
    a: Side<'a>,
    b: Side<'a>,
    scenario: Vec<Change<'a>>,
    traces: Vec<Change<'a>>,
    pairing: &'static str,
    traffic_differs: &'a [String],
    days: [usize; 2],
    objectives: Vec<Objective<'a>>,
    figures: Vec<Row<'a>>,
    notes: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Side<'a> {
    name: &'a str,
    version: &'a str,
    seed: u64,
    scenario_sha256: &'a str,
    replications: usize,
    replications_planned: u32,
    verdict: &'static str,
}

impl<'a> Side<'a> {
    fn of(study: &'a StudyResult) -> Self {
        let from = &study.provenance;
        Self {
            name: &study.plan.name,
            version: &from.version,
            seed: from.seed,
            scenario_sha256: &from.scenario_sha256,
            replications: study.runs.len(),
            replications_planned: study.replications_planned,
            verdict: overall(&verdicts(study)).name(),
        }
    }
}

#[derive(Serialize)]
struct Change<'a> {
    path: &'a str,
    a: Option<&'a str>,
    b: Option<&'a str>,
}

impl<'a> Change<'a> {
    fn of(change: &'a ScenarioChange) -> Self {
        Self { path: &change.path, a: change.a.as_deref(), b: change.b.as_deref() }
    }
}

#[derive(Serialize)]
struct Objective<'a> {
    name: &'a str,
    changed: bool,
    a: Option<Judged>,
    b: Option<Judged>,
}

impl<'a> Objective<'a> {
    fn of(pair: &'a ObjectivePair) -> Self {
        let of = |judged: &Option<_>| judged.as_ref().map(Judged::of);
        Self { name: &pair.name, changed: pair.changed(), a: of(&pair.a), b: of(&pair.b) }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Judged {
    goal: String,
    holds_in: Option<f64>,
    verdict: &'static str,
    held: u32,
    days: usize,
    share: Option<Figure>,
    value: Option<Figure>,
}

impl Judged {
    fn of((plan, verdict): &(ObjectivePlan, ObjectiveVerdict)) -> Self {
        Self {
            goal: goal_text(&plan.goal),
            holds_in: plan.holds_in,
            verdict: verdict.verdict.name(),
            held: verdict.held,
            days: verdict.days.len(),
            share: share(verdict),
            value: verdict.value.map(Figure),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    metric: &'a str,
    unit: Unit,
    better: Option<Better>,
    main: bool,
    a: Option<Figure>,
    b: Option<Figure>,
    difference: Option<Figure>,
    relative: Option<Rounded>,
    p: Option<Rounded>,
    p_holm: Option<Rounded>,
    variance_factor: Option<Rounded>,
    verdict: &'static str,
}

impl<'a> Row<'a> {
    fn of(figure: &'a FigurePair) -> Self {
        Self {
            metric: &figure.metric.name,
            unit: figure.metric.unit,
            better: figure.metric.better,
            main: figure.main,
            a: figure.a.map(Figure),
            b: figure.b.map(Figure),
            difference: figure.difference.map(Figure),
            relative: figure.relative.map(Rounded),
            p: figure.p.map(Rounded),
            p_holm: figure.p_holm.map(Rounded),
            variance_factor: figure.variance_factor.map(Rounded),
            verdict: word(figure),
        }
    }
}
