//! `result.json`, the whole truth, and `summary.json`, the figures.

use std::io;

use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::report::words::Lang;
use crate::report::{class_of, goal_text, number, told};
use crate::results::{
    ObjectiveVerdict, Plan, PolicyRow, RELEASES, ReleaseOutcome, SCHEMA_VERSION, SUMMARY, Spread,
    StudyResult, SummaryRow, check_shape, overall, release_policies, summary, verdicts,
};
use crate::stats::Interval;
use crate::time::SimDuration;

/// Returns `result.json`: the study, compact, with a newline at the end.
///
/// # Errors
///
/// Where a value has no form in JSON, which no finished study holds.
pub fn result_json(result: &StudyResult) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(result)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Reads a `result.json` back.
///
/// # Errors
///
/// [`Error::Usage`] for what is no result, one of another schema version, or one whose parts do
/// not fit together.
pub fn read_result(bytes: &[u8]) -> Result<StudyResult, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Head {
        schema_version: u32,
    }
    let unreadable = |error: serde_json::Error| Error::Usage(format!("not a result of peakday: {error}"));
    let head: Head = serde_json::from_slice(bytes).map_err(unreadable)?;
    if head.schema_version != SCHEMA_VERSION {
        return Err(Error::Usage(format!(
            "this result has schema version {}, this peakday reads version {SCHEMA_VERSION}; run the scenario \
             again, or use the peakday that wrote it",
            head.schema_version
        )));
    }
    let result: StudyResult = serde_json::from_slice(bytes).map_err(unreadable)?;
    check_shape(&result).map_err(|what| Error::Usage(format!("a damaged result: {what}")))?;
    Ok(result)
}

/// Returns `summary.json`: verdict, objectives and the summary table, with the digits of the CSV.
///
/// # Errors
///
/// As [`result_json`].
pub fn summary_json(result: &StudyResult) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(&summary_document(result))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Returns what `summary.json` holds, to be put into another document.
pub fn summary_document(result: &StudyResult) -> impl Serialize + '_ {
    let plan = &result.plan;
    let judged = verdicts(result);
    let seconds = |nanos: u64| SimDuration::from_nanos(nanos).as_secs_f64();
    let objectives = plan.objectives.iter().zip(&judged).map(|(objective, verdict)| Objective {
        name: &objective.name,
        service: &plan.services[objective.service].name,
        class: class_of(plan, objective),
        goal: goal_text(&objective.goal),
        unit: objective.goal.unit(),
        holds_in: objective.holds_in,
        value: verdict.value.map(Figure),
        held: verdict.held,
        share: share(verdict),
        verdict: verdict.verdict.name(),
        judged_from_s: seconds(objective.from_ns.unwrap_or(plan.warmup_ns)),
        judged_to_s: seconds(objective.to_ns.unwrap_or(plan.duration_ns)),
        every_s: objective.every_ns.map(seconds),
        note: told::notes(objective, verdict, Lang::En),
    });
    Document {
        schema_version: SCHEMA_VERSION,
        name: &plan.name,
        verdict: overall(&judged).name(),
        replications: result.runs.len(),
        replications_planned: result.replications_planned,
        currency: plan.currency.as_deref(),
        objectives: objectives.collect(),
        summary: summary(result).into_iter().map(|row| Row::new(result, row)).collect(),
        releases: release_policies(result).into_iter().map(|row| Policy::new(plan, row)).collect(),
    }
}

pub(super) fn share(verdict: &ObjectiveVerdict) -> Option<Figure> {
    verdict.share().map(|mean| Figure(Interval { mean, lo: verdict.share_lo, hi: verdict.share_hi }))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: u32,
    name: &'a str,
    verdict: &'static str,
    replications: usize,
    replications_planned: u32,
    currency: Option<&'a str>,
    objectives: Vec<Objective<'a>>,
    summary: Vec<Row<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    releases: Vec<Policy<'a>>,
}

/// A way to roll out a release.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Policy<'a> {
    release: &'a str,
    service: &'a str,
    policy: &'a str,
    rank: usize,
    outcomes: Outcomes,
    figures: Spreads,
    requests_harmed_beyond_first: Option<Figure>,
}

impl<'a> Policy<'a> {
    fn new(plan: &'a Plan, row: PolicyRow) -> Self {
        let release = &plan.releases[row.release];
        Self {
            release: &release.version,
            service: &plan.services[release.service].name,
            policy: &release.policies[row.policy].name,
            rank: row.rank,
            outcomes: Outcomes(row.outcomes),
            figures: Spreads(row.figures),
            requests_harmed_beyond_first: row.behind.map(Figure),
        }
    }
}

/// How many releases had an outcome, those with none left out.
struct Outcomes(Vec<u32>);

impl Serialize for Outcomes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let named = ReleaseOutcome::ALL.iter().zip(&self.0).filter(|(_, count)| **count > 0);
        serializer.collect_map(named.map(|(outcome, count)| (outcome.name(), count)))
    }
}

/// Means of releases by the names of their columns.
struct Spreads(Vec<Option<Spread>>);

impl Serialize for Spreads {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let named = RELEASES.iter().zip(&self.0);
        serializer.collect_map(
            named.map(|(column, figure)| (column.name, figure.map(|figure| Figure(figure.mean)))),
        )
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Objective<'a> {
    name: &'a str,
    service: &'a str,
    class: &'a str,
    goal: String,
    unit: &'static str,
    holds_in: Option<f64>,
    value: Option<Figure>,
    held: u32,
    share: Option<Figure>,
    verdict: &'static str,
    judged_from_s: f64,
    judged_to_s: f64,
    every_s: Option<f64>,
    note: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    service: &'a str,
    class: &'a str,
    figures: Figures,
    scaling_ratio_binding: String,
    note: String,
}

impl<'a> Row<'a> {
    fn new(result: &'a StudyResult, row: SummaryRow) -> Self {
        Self {
            service: &result.plan.services[row.subject.service].name,
            class: row.subject.class_name(&result.plan),
            figures: Figures(row.figures),
            scaling_ratio_binding: row.binding,
            note: row.note,
        }
    }
}

/// Figures by the names of their columns.
struct Figures(Vec<Option<Interval>>);

impl Serialize for Figures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let named = SUMMARY.iter().zip(&self.0);
        serializer.collect_map(named.map(|(column, figure)| (column.name, figure.map(Figure))))
    }
}

/// A mean with the ends of its interval.
pub(super) struct Figure(pub(super) Interval);

impl Serialize for Figure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("mean", &Rounded(self.0.mean))?;
        map.serialize_entry("lo", &self.0.lo.map(Rounded))?;
        map.serialize_entry("hi", &self.0.hi.map(Rounded))?;
        map.end()
    }
}

/// A number with the digits of the CSV; infinity, which JSON lacks, as the text `inf`.
pub(super) struct Rounded(pub(super) f64);

impl Serialize for Rounded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = number::plain(self.0);
        match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(whole), _) => serializer.serialize_i64(whole),
            (_, Ok(value)) if value.is_finite() => serializer.serialize_f64(value),
            _ => serializer.serialize_str(&text),
        }
    }
}
