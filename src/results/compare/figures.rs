//! Figures of both studies, their differences, and what these say.

use std::collections::{BTreeMap, BTreeSet};

use crate::results::experiment::{Better, Measures, MetricPlan, Unit};
use crate::results::{Goal, Plan, StudyResult};
use crate::stats::{Interval, holm, paired, welch};
use crate::workload::Outcome;

/// Columns of a service, or of one of its classes, that a planner reads first.
const MAIN: [&str; 6] = ["success_share", "lost", "p50_ms", "p99_ms", "cpu_utilization", "servers_ready"];
/// Columns that grow with the length of the judged stretch.
const GROWING: [&str; 7] =
    ["offered", "lost", "load_ratio", "server_hours", "server_hours_billed", "cost", "cost_wasted"];
/// Verdicts of a family together err in so many comparisons at most.
const ALPHA: f64 = 0.05;

/// A figure of both studies.
#[derive(Clone, Debug, PartialEq)]
pub struct FigurePair {
    /// What it is: the name is that of sweeps, and `success_share` and `lost` beside it.
    pub metric: MetricPlan,
    /// Whether it is one that a planner reads first.
    pub main: bool,
    /// Its mean over the days of A that are compared.
    pub a: Option<Interval>,
    /// Its mean over those of B.
    pub b: Option<Interval>,
    /// B less A, with the interval of the difference at its own level of 95 %.
    pub difference: Option<Interval>,
    /// The difference as a share of A.
    pub relative: Option<f64>,
    /// How likely so large a difference is where there is none.
    pub p: Option<f64>,
    /// The same, for all figures of the family together: the main ones, else all (Holm, 1979).
    pub p_holm: Option<f64>,
    /// How much larger the variance of the difference would be if days were not paired.
    pub variance_factor: Option<f64>,
    /// What is to be said, or why nothing.
    pub verdict: Result<Judgement, Silence>,
}

/// What a difference says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// B is better.
    Better,
    /// B is worse.
    Worse,
    /// So few days do not tell.
    NotDistinguishable,
    /// There is no difference on any day.
    Same,
}

/// Why a figure has no verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// Neither way is better.
    Neutral,
    /// A or B has no such figure.
    OneSided,
    /// There are too few days.
    OneDay,
    /// It has no limit to converge to, or an infinite variance.
    Unbounded,
    /// On some days there is no number: the percentile lies among requests that got no answer.
    Unanswered,
    /// It grows with the time that is judged, and that differs.
    Lengths,
    /// It depends on the bucket of the time series, and that differs.
    Intervals,
    /// Prices are in different currencies.
    Currencies,
    /// The objective measures something else in B.
    Measures,
}

/// Values of a figure, a day each.
type Values = Vec<Option<f64>>;

/// A figure before it is compared.
struct Raw {
    metric: MetricPlan,
    values: [Values; 2],
    bounded: bool,
}

/// Compares all figures over the chosen days.
pub(super) fn pairs(studies: [&StudyResult; 2], days: &[Vec<usize>; 2], paired: bool) -> Vec<FigurePair> {
    let plans = studies.map(|study| &study.plan);
    let raw = read(studies, days);
    let alone = one_class(&raw);
    let shown =
        raw.into_iter().filter(|raw| subject(&raw.metric.name).is_none_or(|name| !alone.contains(name)));
    let shown = shown.filter(|raw| raw.values.iter().flatten().any(Option::is_some));
    let mut pairs: Vec<FigurePair> = shown.map(|raw| pair(raw, plans, paired)).collect();
    for main in [false, true] {
        let family: Vec<usize> =
            (0..pairs.len()).filter(|&i| pairs[i].p.is_some() && (pairs[i].main || !main)).collect();
        let p: Vec<f64> = family.iter().filter_map(|&i| pairs[i].p).collect();
        for (i, adjusted) in family.into_iter().zip(holm(&p)) {
            pairs[i].p_holm = Some(adjusted);
        }
    }
    pairs.iter_mut().for_each(judge);
    pairs
}

/// Returns the service and class that a figure is about; `None` for totals and the like.
fn subject(name: &str) -> Option<&str> {
    let (subject, _) = name.rsplit_once('.')?;
    let other = ["limits", "objectives", "releases"].contains(&name.split('.').next()?);
    (!other && subject.contains('.')).then_some(subject)
}

/// Returns the services with one class alone, as `SERVICE.CLASS`: those figures are the service's.
fn one_class(raw: &[Raw]) -> BTreeSet<String> {
    let mut classes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (service, class) in raw.iter().filter_map(|raw| subject(&raw.metric.name)?.split_once('.')) {
        classes.entry(service).or_default().insert(class);
    }
    let alone = classes.into_iter().filter(|(_, classes)| classes.len() == 1);
    alone
        .flat_map(|(service, classes)| classes.into_iter().map(move |class| format!("{service}.{class}")))
        .collect()
}

/// Reads every figure off the chosen days.
fn read(studies: [&StudyResult; 2], days: &[Vec<usize>; 2]) -> Vec<Raw> {
    let plans = studies.map(|study| &study.plan);
    // No further headline is asked for, so none can be unknown.
    let Ok((metrics, _, measures)) = Measures::of(&plans, &[]) else { return Vec::new() };
    let columns = [0, 1].map(|side| {
        let mut columns: Vec<Values> = vec![Vec::new(); metrics.len()];
        for &day in &days[side] {
            let record = measures[side].record(plans[side], &studies[side].runs[day], String::new());
            columns.iter_mut().zip(record.figures).for_each(|(column, figure)| column.push(figure.0));
        }
        columns
    });
    let unbounded = [0, 1].map(|side| measures[side].cell(plans[side]).unbounded);
    let places: BTreeMap<&str, usize> = metrics.iter().enumerate().map(|(i, m)| (&*m.name, i)).collect();
    let mut raw = Vec::new();
    for (index, metric) in metrics.iter().enumerate() {
        raw.push(Raw {
            metric: metric.clone(),
            values: [0, 1].map(|side: usize| columns[side][index].clone()),
            bounded: !unbounded.iter().any(|indices| indices.contains(&index)),
        });
        if let Some(subject) = metric.name.strip_suffix(".completed") {
            let of = |column: &str| places.get(&*format!("{subject}.{column}")).copied();
            let ends: Vec<usize> = Outcome::COLUMNS.iter().filter_map(|column| of(column)).collect();
            let sums = |side: usize, of: fn(f64, f64) -> Option<f64>| -> Values {
                let day = |day: usize| {
                    let ends: Option<Vec<f64>> = ends.iter().map(|&end| columns[side][end][day]).collect();
                    let ends = ends?;
                    of(*ends.first()?, ends.iter().sum())
                };
                (0..days[side].len()).map(day).collect()
            };
            let derived = |column: &str, unit, better, of: fn(f64, f64) -> Option<f64>| Raw {
                metric: MetricPlan {
                    name: format!("{subject}.{column}"),
                    unit,
                    better: Some(better),
                    ..metric.clone()
                },
                values: [sums(0, of), sums(1, of)],
                bounded: true,
            };
            raw.push(derived("success_share", Unit::Ratio, Better::Higher, |completed, ended| {
                (ended > 0.0).then(|| completed / ended)
            }));
            raw.push(derived("lost", Unit::Count, Better::Lower, |completed, ended| Some(ended - completed)));
        }
    }
    raw
}

/// Compares a figure; what it says is judged when all are known.
fn pair(raw: Raw, plans: [&Plan; 2], by_day: bool) -> FigurePair {
    let Raw { metric, values: [a, b], bounded } = raw;
    let main = metric.headline || MAIN.contains(&column(&metric)) && !metric.name.starts_with("releases.");
    let both = a.iter().any(Option::is_some) && b.iter().any(Option::is_some);
    // Of paired days those count that have a value in both.
    let (a, b): (Vec<f64>, Vec<f64>) = if by_day && both {
        a.into_iter().zip(b).filter_map(|(a, b)| a.zip(b)).unzip()
    } else {
        (a.into_iter().flatten().collect(), b.into_iter().flatten().collect())
    };
    let known = |mean: Interval| if bounded { mean } else { mean.without_bounds() };
    let [mean_a, mean_b] = [&a, &b].map(|values| Interval::of(values).map(known));
    let silence = incomparable(&metric, [mean_a, mean_b], plans);
    let difference = if silence.is_some() {
        None
    } else if by_day {
        // B less A.
        paired(&b.iter().copied().zip(a.iter().copied()).collect::<Vec<_>>(), None)
    } else {
        welch(&b, &a, None)
    };
    let same = if by_day { a == b } else { a.iter().chain(&b).all(|value| Some(value) == a.first()) };
    let p = difference.and_then(|difference| difference.p).filter(|_| bounded && !same);
    let verdict = match (silence, metric.better) {
        (Some(silence), _) => Err(silence),
        _ if same => Ok(Judgement::Same),
        _ if !bounded => Err(Silence::Unbounded),
        _ if p.is_none() => Err(Silence::OneDay),
        (None, None) => Err(Silence::Neutral),
        (None, Some(_)) => Ok(Judgement::NotDistinguishable),
    };
    let interval = difference.map(|difference| known(difference.interval));
    FigurePair {
        a: mean_a,
        b: mean_b,
        difference: interval,
        relative: interval.zip(mean_a).map(|(by, a)| by.mean / a.mean).filter(|share| share.is_finite()),
        p: p.filter(|_| verdict.is_ok()),
        p_holm: None,
        variance_factor: difference
            .and_then(|difference| difference.variance_factor)
            .filter(|_| bounded && !same),
        verdict,
        main,
        metric,
    }
}

/// Returns the column of a metric, whatever it is about.
fn column(metric: &MetricPlan) -> &str {
    metric.name.rsplit('.').next().unwrap_or_default()
}

/// Returns why two means are not to be set side by side.
fn incomparable(metric: &MetricPlan, means: [Option<Interval>; 2], [a, b]: [&Plan; 2]) -> Option<Silence> {
    let [Some(first), Some(second)] = means else { return Some(Silence::OneSided) };
    let (name, column) = (&*metric.name, column(metric));
    let judged = |plan: &Plan| plan.duration_ns - plan.warmup_ns;
    let grows = GROWING.contains(&column) || Outcome::COLUMNS.contains(&column);
    let buckets = column.starts_with("under_") || column.starts_with("over_");
    let objective = |plan| measured(plan, name.strip_prefix("objectives.")?);
    match () {
        () if first.mean.is_infinite() || second.mean.is_infinite() => Some(Silence::Unanswered),
        () if grows && judged(a) != judged(b) => Some(Silence::Lengths),
        () if buckets && a.interval_ns != b.interval_ns => Some(Silence::Intervals),
        () if metric.unit == Unit::Money && a.currency != b.currency => Some(Silence::Currencies),
        () if objective(a) != objective(b) => Some(Silence::Measures),
        () => None,
    }
}

/// Names what an objective measures, its bound left out; `None` where there is none of that name.
fn measured(plan: &Plan, name: &str) -> Option<String> {
    let objective = plan.objectives.iter().find(|objective| objective.name == name)?;
    let percentile = match objective.goal {
        Goal::Latency { percentile, .. } => Some(percentile),
        Goal::Success { .. } => None,
    };
    let service = &plan.services[objective.service].name;
    let class = objective.class.map(|class| &plan.classes[class]);
    let stretch = [objective.every_ns, objective.from_ns, objective.to_ns];
    Some(format!("{percentile:?} {service} {class:?} {stretch:?}"))
}

fn judge(pair: &mut FigurePair) {
    let (Some(p), Some(difference), Some(better)) = (pair.p_holm, pair.difference, pair.metric.better) else {
        return;
    };
    if p < ALPHA {
        let good = (difference.mean < 0.0) == (better == Better::Lower);
        pair.verdict = Ok(if good { Judgement::Better } else { Judgement::Worse });
    }
}
