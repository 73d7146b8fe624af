//! What a run is measured by: from a whole result to the figures that an experiment keeps.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{
    Better, CellObjective, CellPlan, DayRecord, EXPERIMENT_VERSION, Figure, MetricPlan, RunRecord, Unit,
};
use crate::results::dependencies::Limited;
use crate::results::{
    Column, DayVerdict, Facts, Goal, ObjectivePlan, Plan, RELEASES, ReleaseFacts, RunResult, SUMMARY, Subject,
};

/// Columns of `summary.csv` that are added up over all services.
const TOTALS: [&str; 3] = ["cost", "server_hours", "server_hours_billed"];

/// Metrics and objectives of an experiment, and per cell how they are read off.
pub type Measured = (Vec<MetricPlan>, Vec<String>, Vec<Measures>);

/// The metrics of an experiment as they are read off the runs of one cell.
#[derive(Clone, Debug)]
pub struct Measures {
    /// How many metrics the experiment has.
    metrics: usize,
    /// The metrics that the cell has: index in the experiment, and how it is read off.
    readings: Vec<(usize, Reading)>,
    /// Per objective of the experiment its index in the cell.
    objectives: Vec<Option<usize>>,
    /// Indices of the metrics that have no interval here.
    unbounded: Vec<usize>,
}

/// Where a metric stands in a run.
#[derive(Clone, Copy, Debug)]
enum Reading {
    /// Index into [`Subject::all`], and of the column of [`SUMMARY`].
    Summary { subject: usize, column: usize },
    /// The sum of a column over all services.
    Total { column: usize },
    /// Index into [`Limited::all`].
    Limit(usize),
    /// Index of the objective.
    Objective(usize),
    /// Release, policy, and index of the column of [`RELEASES`].
    Release { release: usize, policy: usize, column: usize },
}

/// A metric of one cell.
struct Metric {
    plan: MetricPlan,
    reading: Reading,
    bounded: bool,
}

impl Measures {
    /// Returns what the runs of some scenarios have in common to be measured by: the union of their metrics,
    /// the names of their objectives, and for each scenario how they are read off.
    ///
    /// Metrics and objectives stand in the order in which the scenarios bring them up. What one name means in two
    /// units (an objective of latency here and of success there) is measured where it is of the first.
    ///
    /// # Errors
    /// Further names make metrics of theirs headlines; those that no scenario has are returned.
    pub fn of(plans: &[&Plan], headlines: &[String]) -> Result<Measured, Vec<String>> {
        let mut metrics: Vec<MetricPlan> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let mut objectives: Vec<String> = Vec::new();
        let mut measures = Vec::with_capacity(plans.len());
        for plan in plans {
            let mut own = Self { metrics: 0, readings: vec![], objectives: vec![], unbounded: vec![] };
            let mut taken = BTreeSet::new();
            for Metric { plan: metric, reading, bounded } in metrics_of(plan) {
                let place = *places.entry(metric.name.clone()).or_insert(metrics.len());
                match metrics.get_mut(place) {
                    None => metrics.push(metric),
                    Some(known) if known.unit == metric.unit => {
                        known.headline |= metric.headline;
                        known.tabled |= metric.tabled;
                    }
                    Some(_) => continue,
                }
                // A name that could mean two things in one scenario means the first.
                if taken.insert(place) {
                    own.readings.push((place, reading));
                    own.unbounded.extend((!bounded).then_some(place));
                }
            }
            for objective in &plan.objectives {
                if !objectives.contains(&objective.name) {
                    objectives.push(objective.name.clone());
                }
            }
            measures.push(own);
        }
        choose_headlines(&mut metrics, headlines)?;
        for (own, plan) in measures.iter_mut().zip(plans) {
            let place = |name: &String| plan.objectives.iter().position(|objective| objective.name == *name);
            own.metrics = metrics.len();
            own.objectives = objectives.iter().map(place).collect();
            own.unbounded.sort_unstable();
        }
        Ok((metrics, objectives, measures))
    }

    /// Returns the part of the cell's plan that hangs on what is measured: objectives, and what has no interval.
    pub fn cell(&self, plan: &Plan) -> CellPlan {
        let objective = |&index: &usize| {
            let ObjectivePlan { goal, holds_in, service, .. } = &plan.objectives[index];
            let interval = !plan.services[*service].growing;
            CellObjective { goal: goal.clone(), holds_in: *holds_in, interval }
        };
        let objectives = self.objectives.iter().map(|index| index.as_ref().map(objective)).collect();
        CellPlan { at: vec![], sha256: String::new(), objectives, unbounded: self.unbounded.clone() }
    }

    /// Reads a run off.
    pub fn record(&self, plan: &Plan, run: &RunResult, id: String) -> RunRecord {
        let judge =
            |(objective, windows): (&ObjectivePlan, _)| objective.goal.judge_day(run.replication, windows);
        let days: Vec<DayVerdict> = plan.objectives.iter().zip(&run.objectives).map(judge).collect();
        let subjects = Subject::all(plan).into_iter();
        let day = Day {
            plan,
            facts: subjects.map(|subject| (subject, Facts::new(plan, run, subject))).collect(),
            limits: Limited::all(plan).iter().map(|limited| limited.peak_share(plan, run)).collect(),
            days: &days,
            releases: run
                .releases
                .iter()
                .map(|release| {
                    let facts = ReleaseFacts::new(plan, &plan.releases[release.release], release);
                    ((release.release, release.policy), facts)
                })
                .collect(),
        };
        let mut figures = vec![Figure(None); self.metrics];
        for (place, reading) in &self.readings {
            figures[*place] = Figure(day.figure(*reading));
        }
        let record = |index: usize| {
            let &DayVerdict { value, worst_window_ns, holds, .. } = days.get(index)?;
            Some(DayRecord { value: Figure(value), worst_window_ns, holds })
        };
        RunRecord {
            experiment_version: EXPERIMENT_VERSION,
            run: id,
            replication: run.replication,
            figures,
            objectives: self.objectives.iter().map(|index| index.and_then(record)).collect(),
        }
    }
}

/// What the figures of one run are read off.
struct Day<'a> {
    plan: &'a Plan,
    facts: Vec<(Subject, Facts)>,
    limits: Vec<f64>,
    days: &'a [DayVerdict],
    releases: Vec<((usize, usize), ReleaseFacts)>,
}

impl Day<'_> {
    fn figure(&self, reading: Reading) -> Option<f64> {
        match reading {
            Reading::Summary { subject, column } => (SUMMARY[column].figure)(&self.facts[subject].1),
            Reading::Total { column } => self.total(&SUMMARY[column]),
            Reading::Limit(index) => self.limits.get(index).copied(),
            Reading::Objective(index) => self.days.get(index)?.value,
            Reading::Release { release, policy, column } => {
                self.release((release, policy), &RELEASES[column])
            }
        }
    }

    /// Adds a column up over services; a service without any price costs nothing, one with a price in some pools
    /// has no cost, and then there is no sum.
    fn total(&self, column: &Column<Facts>) -> Option<f64> {
        let counts = |subject: &Subject| {
            let priced = || self.plan.services[subject.service].is_priced();
            subject.row.is_none() && (column.name != "cost" || priced())
        };
        let wholes = self.facts.iter().filter(|(subject, _)| counts(subject));
        wholes.map(|(_, facts)| (column.figure)(facts)).sum()
    }

    /// Returns the mean over the commits of the day.
    fn release(&self, of: (usize, usize), column: &Column<ReleaseFacts>) -> Option<f64> {
        let own = self.releases.iter().filter(|(named, _)| *named == of);
        let (sum, count) = own
            .filter_map(|(_, facts)| (column.figure)(facts))
            .fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
        (count > 0).then(|| sum / f64::from(count))
    }
}

/// Makes headlines of what is named, and of what a day costs.
fn choose_headlines(metrics: &mut [MetricPlan], names: &[String]) -> Result<(), Vec<String>> {
    let has = |name: &str| metrics.iter().any(|metric| metric.name == name);
    let unknown: Vec<String> = names.iter().filter(|name| !has(name)).cloned().collect();
    if !unknown.is_empty() {
        return Err(unknown);
    }
    let spent = if has("cost") { "cost" } else { "server_hours" };
    for metric in metrics {
        metric.headline |= metric.name == spent || names.contains(&metric.name);
        metric.tabled |= metric.headline;
    }
    Ok(())
}

/// Returns every metric of a scenario.
fn metrics_of(plan: &Plan) -> Vec<Metric> {
    let mut metrics: Vec<Metric> =
        plan.objectives.iter().enumerate().map(|(i, o)| of_objective(plan, i, o)).collect();
    let priced = plan.services.iter().any(|service| service.is_priced());
    metrics.extend(TOTALS.iter().filter(|name| **name != "cost" || priced).filter_map(|name| {
        let column = SUMMARY.iter().position(|column| column.name == *name)?;
        let (unit, better) = meaning(name);
        let plan = MetricPlan { name: (*name).to_owned(), unit, better, headline: false, tabled: true };
        Some(Metric { plan, reading: Reading::Total { column }, bounded: true })
    }));
    for (index, subject) in Subject::all(plan).into_iter().enumerate() {
        of_subject(plan, index, subject, &mut metrics);
    }
    metrics.extend(Limited::all(plan).iter().enumerate().map(|(index, limited)| {
        let name = format!("limits.{}.{}", plan.services[limited.service].name, limited.resource);
        let plan = MetricPlan {
            name,
            unit: Unit::Ratio,
            better: Some(Better::Lower),
            headline: false,
            tabled: true,
        };
        Metric { plan, reading: Reading::Limit(index), bounded: true }
    }));
    for release in 0..plan.releases.len() {
        of_release(plan, release, &mut metrics);
    }
    metrics
}

fn of_objective(plan: &Plan, index: usize, objective: &ObjectivePlan) -> Metric {
    let (unit, better) = match objective.goal {
        Goal::Latency { .. } => (Unit::Milliseconds, Better::Lower),
        Goal::Success { .. } => (Unit::Ratio, Better::Higher),
    };
    let name = format!("objectives.{}", objective.name);
    let bounded = !plan.services[objective.service].growing;
    let plan = MetricPlan { name, unit, better: Some(better), headline: true, tabled: true };
    Metric { plan, reading: Reading::Objective(index), bounded }
}

/// Adds the metrics of a service, or of one of its classes.
fn of_subject(plan: &Plan, index: usize, subject: Subject, metrics: &mut Vec<Metric>) {
    let service = &plan.services[subject.service];
    let class = subject.row.map(|row| plan.rows[row].class);
    let about = || plan.objectives.iter().filter(|o| (o.service, o.class) == (subject.service, class));
    let tabled = class.is_none() || about().next().is_some();
    let busy = plan.objectives.is_empty() && class.is_none() && !subject.rows(plan).is_empty();
    for (column, figure) in SUMMARY.iter().enumerate() {
        if class.is_some() && Facts::of_whole_alone(figure) {
            continue;
        }
        let name = match class {
            None => format!("{}.{}", service.name, figure.name),
            Some(class) => format!("{}.{}.{}", service.name, plan.classes[class], figure.name),
        };
        let (unit, better) = meaning(figure.name);
        let headline =
            busy && figure.name == "p99_ms" || about().any(|o| judged_by(&o.goal) == Some(figure.name));
        metrics.push(Metric {
            plan: MetricPlan { name, unit, better, headline, tabled },
            reading: Reading::Summary { subject: index, column },
            bounded: figure.kind.is_bounded(service),
        });
    }
}

/// Adds the metrics of a release, and of other ways to roll it out.
fn of_release(plan: &Plan, release: usize, metrics: &mut Vec<Metric>) {
    let own = &plan.releases[release];
    let shared = plan.releases.iter().filter(|other| other.version == own.version).count() > 1;
    let service = &plan.services[own.service].name;
    // Versions are unique within a service.
    let version = if shared { format!("{service}.{}", own.version) } else { own.version.clone() };
    for (policy, named) in own.policies.iter().enumerate() {
        let subject = if policy == 0 { version.clone() } else { format!("{version}.{}", named.name) };
        for (column, figure) in RELEASES.iter().enumerate() {
            let (unit, better) = meaning(figure.name);
            let name = format!("releases.{subject}.{}", figure.name);
            let headline = figure.name == "requests_harmed" && policy == 0;
            metrics.push(Metric {
                plan: MetricPlan { name, unit, better, headline, tabled: true },
                reading: Reading::Release { release, policy, column },
                bounded: true,
            });
        }
    }
}

/// Returns the column that a latency objective is about, or the nearest above it.
fn judged_by(goal: &Goal) -> Option<&'static str> {
    let &Goal::Latency { percentile, .. } = goal else { return None };
    let columns = [(50.0, "p50_ms"), (90.0, "p90_ms"), (95.0, "p95_ms"), (99.0, "p99_ms")];
    let above = columns.iter().find(|(known, _)| percentile <= *known);
    Some(above.map_or("p999_ms", |(_, name)| name))
}

/// Returns what a column is measured in, and which way is better.
///
/// Of loads and utilisations neither way is. The rollback ratio is never ranked by: a slower recovery lowers it.
fn meaning(column: &str) -> (Unit, Option<Better>) {
    use Better::{Higher, Lower};
    let (unit, better) = match column {
        "completed" => (Unit::Count, Some(Higher)),
        "failed"
        | "timed_out"
        | "rejected"
        | "shed"
        | "cancelled"
        | "requests_harmed"
        | "under_provisioned_servers"
        | "over_provisioned_servers" => (Unit::Count, Some(Lower)),
        "goodput_per_s" => (Unit::PerSecond, Some(Higher)),
        "offered_per_s" => (Unit::PerSecond, None),
        "availability" => (Unit::Ratio, Some(Higher)),
        "load_ratio_max_over_mean"
        | "load_ratio_max_over_mean_per_capacity"
        | "under_provisioned_share"
        | "over_provisioned_share"
        | "exposed" => (Unit::Ratio, Some(Lower)),
        "server_hours" | "server_hours_billed" => (Unit::ServerHours, Some(Lower)),
        "cost" | "cost_wasted" => (Unit::Money, Some(Lower)),
        "reversals_per_h" => (Unit::PerHour, Some(Lower)),
        "offered" | "in_flight_end" | "servers_ready" | "servers_desired" => (Unit::Count, None),
        _ if column.ends_with("_ms") => (Unit::Milliseconds, Some(Lower)),
        _ if column.ends_with("_s") => (Unit::Seconds, Some(Lower)),
        _ => (Unit::Ratio, None),
    };
    (unit, better)
}

#[cfg(test)]
mod tests;
