//! A comparison in words, tables and a picture.

mod csv;
mod json;
mod text;

pub use json::comparison_document;
pub use text::comparison_text;

use std::io;

use crate::report::number::{grouped, plain};
use crate::report::words::{Lang, Word};
use crate::report::{Output, charts, told};
use crate::results::experiment::{MetricPlan, Unit};
use crate::results::{
    Comparison, FigurePair, Judgement, ObjectivePair, Pairing, Silence, StudyResult, Verdict, overall,
    verdicts,
};
use crate::stats::Interval;
use crate::time::SimDuration;

/// Two studies and what sets them apart.
#[derive(Clone, Copy, Debug)]
pub struct Sides<'a> {
    /// What stands.
    pub a: &'a StudyResult,
    /// What is proposed.
    pub b: &'a StudyResult,
    /// The two, compared.
    pub comparison: &'a Comparison,
}

impl Sides<'_> {
    /// Names the first change of the scenario, and how many there are; `None` where there is none.
    pub(super) fn changes(self) -> Option<String> {
        let all = || self.comparison.scenario.iter().chain(&self.comparison.traces);
        let more = match all().count() {
            0 | 1 => String::new(),
            count => format!(", and {} more", count - 1),
        };
        Some(text::change(all().next()?).trim_start().to_owned() + &more)
    }
}

/// Returns every output file of a comparison.
///
/// # Errors
///
/// Where a value cannot be written, which no finished study holds.
pub fn comparison_files(sides: Sides<'_>) -> io::Result<Vec<Output>> {
    let mut json = serde_json::to_vec_pretty(&comparison_document(sides))?;
    json.push(b'\n');
    Ok(vec![
        ("comparison.json".into(), json),
        ("comparison.csv".into(), csv::table(sides)?),
        ("charts/comparison.svg".into(), charts::comparison(sides)?),
    ])
}

/// Says in one sentence what became of the objectives, and by how much.
fn sentence(sides: Sides<'_>) -> String {
    let judged = [sides.a, sides.b]
        .map(|study| (!study.plan.objectives.is_empty()).then(|| overall(&verdicts(study))));
    let does = |verdict: Verdict| match verdict {
        Verdict::Pass => "holds",
        Verdict::Inconclusive => "is undecided",
        Verdict::Fail => "fails",
    };
    let head = match judged {
        _ if sides.comparison.same => return "A and B are the same: every figure of every day is".to_owned(),
        [_, None] => return format!("B has no objective: {}", tally(sides)),
        [None, Some(b)] => format!("B {}, and A has no objective", does(b)),
        [Some(Verdict::Inconclusive), Some(Verdict::Inconclusive)] => "B is undecided, as A is".to_owned(),
        [Some(a), Some(b)] if a == b => format!("B {}, as A does", does(b)),
        [Some(a), Some(b)] => format!("B {} where A {}", does(b), does(a)),
    };
    match sides.comparison.objectives.iter().max_by_key(|pair| telling(sides, pair)) {
        Some(pair) => format!("{head}: {}", of_objective(sides, pair)),
        None => head,
    }
}

/// Counts what the main figures say.
fn tally(sides: Sides<'_>) -> String {
    let count = |wanted: Judgement| {
        let main = sides.comparison.figures.iter().filter(|figure| figure.main);
        main.filter(|figure| figure.verdict == Ok(wanted)).count()
    };
    format!(
        "of the main figures {} better, {} worse, {} not distinguishable at {}",
        count(Judgement::Better),
        count(Judgement::Worse),
        count(Judgement::NotDistinguishable),
        days(sides)
    )
}

/// Returns how much an objective has to tell: the first of the most telling is named.
fn telling(sides: Sides<'_>, pair: &ObjectivePair) -> (bool, u8, usize) {
    let said = match figure(sides, pair).map(|figure| figure.verdict) {
        Some(Ok(Judgement::Better | Judgement::Worse)) => 2,
        Some(Ok(_)) => 1,
        _ => 0,
    };
    let place = sides.comparison.objectives.iter().position(|other| other.name == pair.name);
    (pair.changed(), said, usize::MAX - place.unwrap_or(0))
}

fn figure<'a>(sides: Sides<'a>, pair: &ObjectivePair) -> Option<&'a FigurePair> {
    sides.comparison.figure(&format!("objectives.{}", pair.name))
}

/// Says what became of the value of an objective, or of its days where it has none.
fn of_objective(sides: Sides<'_>, pair: &ObjectivePair) -> String {
    let name = &pair.name;
    let Some((a, b)) = pair.a.as_ref().zip(pair.b.as_ref()) else {
        return format!("{name} is only in {}", if pair.a.is_some() { "A" } else { "B" });
    };
    let values = figure(sides, pair).and_then(|figure| Some((figure, figure.a?, figure.b?)));
    match values.filter(|(_, a, b)| a.mean.is_finite() && b.mean.is_finite()) {
        Some((figure, a, b)) => {
            let (unit, plan) = (&figure.metric, &sides.b.plan);
            let currency = plan.currency.as_deref();
            let text =
                format!("{name} {} -> {}", amount(a.mean, unit, currency), amount(b.mean, unit, currency));
            text + &range(figure) + &format!(", {}", said(sides, figure))
        }
        None => {
            let days = |judged: &(_, crate::results::ObjectiveVerdict)| {
                told::some_days(judged.1.held, judged.1.days.len(), Lang::En)
            };
            format!("{name} holds in {} -> {}", days(a), days(b))
        }
    }
}

/// Returns the interval of a difference in brackets; nothing where there is none.
fn range(figure: &FigurePair) -> String {
    match figure.difference.and_then(|d| d.lo.zip(d.hi)) {
        Some((lo, hi)) if lo == hi => format!(" ({} on every day)", signed(lo, &figure.metric)),
        Some((lo, hi)) => format!(" ({} to {})", signed(lo, &figure.metric), signed(hi, &figure.metric)),
        None => String::new(),
    }
}

/// Returns how many days the verdicts rest on.
fn days(sides: Sides<'_>) -> String {
    match (&sides.comparison.pairing, sides.comparison.days) {
        (Pairing::Independent, [a, b]) => format!("n = {a} and {b}"),
        (_, [n, _]) => format!("n = {n}"),
    }
}

/// Returns the verdict on a figure, or why there is none.
pub(super) fn said(sides: Sides<'_>, figure: &FigurePair) -> String {
    match figure.verdict {
        Ok(Judgement::NotDistinguishable) => format!("not distinguishable at {}", days(sides)),
        Err(Silence::OneSided) => match (figure.a, figure.b) {
            (Some(_), None) => "only in A".to_owned(),
            (None, Some(_)) => "only in B".to_owned(),
            _ => "in neither".to_owned(),
        },
        _ => word(figure).to_owned(),
    }
}

/// Returns the verdict on a figure as scripts read it, or why there is none.
fn word(figure: &FigurePair) -> &'static str {
    match figure.verdict {
        Ok(Judgement::Better) => "better",
        Ok(Judgement::Worse) => "worse",
        Ok(Judgement::NotDistinguishable) => "not distinguishable",
        Ok(Judgement::Same) => "the same",
        Err(Silence::Neutral) => "neither way is better",
        Err(Silence::OneSided) => "only one has it",
        Err(Silence::OneDay) => "one day, no interval",
        Err(Silence::Unbounded) => "no interval: no limit, or infinite variance",
        Err(Silence::Unanswered) => "no number: too many got no answer",
        Err(Silence::Lengths) => "not compared: judged for other lengths",
        Err(Silence::Intervals) => "not compared: other intervals",
        Err(Silence::Currencies) => "not compared: other currencies",
        Err(Silence::Measures) => "not compared: it measures something else",
    }
}

/// Tells whether a figure is a share of something, and not another quotient.
fn is_share(metric: &MetricPlan) -> bool {
    let name = &*metric.name;
    let ends = ["_share", "_utilization", "availability", "exposed"];
    let whole = name.starts_with("objectives.") || name.starts_with("limits.");
    metric.unit == Unit::Ratio && (whole || ends.iter().any(|end| name.ends_with(end)))
}

/// Writes a figure; its unit where the name does not end with it.
pub(super) fn amount(value: f64, metric: &MetricPlan, currency: Option<&str>) -> String {
    if is_share(metric) && value.is_finite() {
        // Shares near all of it need their digits: what fails shall not look like its bound.
        return format!("{}%", plain(libm::round(value * 1e5) / 1e3));
    }
    let text = digits(value, 4);
    match (metric.unit, currency) {
        (Unit::Milliseconds, _) if !metric.name.ends_with("_ms") && value.is_finite() => text + " ms",
        (Unit::Money, Some(currency)) => format!("{text} {currency}"),
        _ => text,
    }
}

/// Writes a difference: of shares in percentage points.
fn signed(value: f64, metric: &MetricPlan) -> String {
    let share = is_share(metric);
    let text = digits(if share { value.abs() * 100.0 } else { value.abs() }, 3);
    format!("{}{text}{}", sign(value), if share { "pp" } else { "" })
}

fn sign(value: f64) -> &'static str {
    match value {
        ..0.0 => "-",
        0.0 => "",
        _ => "+",
    }
}

/// Writes a number with so many significant digits, or all before the point, without trailing zeros.
fn digits(value: f64, count: usize) -> String {
    let text = grouped(value, count);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// Writes a change as a share of what was.
fn percent(share: f64) -> String {
    format!("{}{}%", sign(share), digits((share * 100.0).abs(), 3))
}

/// Says how days belong together, and what that is worth.
fn pairing(sides: Sides<'_>) -> String {
    let [a, b] = [sides.a, sides.b].map(|study| study.provenance.seed);
    let paired = match &sides.comparison.pairing {
        Pairing::SameCustomers => format!("the same customers came to both (seed {a}, the same traffic)"),
        Pairing::SameSeed(paths) => {
            format!("seed {a} drew both, but other customers came ({})", paths.join(", "))
        }
        Pairing::Independent => {
            return format!(
                "not paired: the seeds are {a} and {b}, so days are independent and intervals wider (Welch); \
                 simulate both with one seed to pair them"
            );
        }
    };
    let main = sides.comparison.figures.iter().filter(|figure| figure.main);
    let gain = main.filter_map(|figure| Some((&figure.metric.name, figure.variance_factor?))).next();
    let worth = gain.map(|(name, gain)| {
        format!("; unpaired, {name} would take {} times as many days to tell as well", digits(gain, 3))
    });
    format!("paired by day: {paired}{}", worth.unwrap_or_default())
}

/// Returns what to know before believing the differences.
fn notes(sides: Sides<'_>) -> Vec<String> {
    let Sides { a, b, comparison } = sides;
    let mut notes = vec![pairing(sides)];
    let length = |nanos: u64| SimDuration::from_nanos(nanos).to_string();
    let stretch = |study: &StudyResult| {
        let plan = &study.plan;
        format!("{} to {}", length(plan.warmup_ns), length(plan.duration_ns))
    };
    if stretch(a) != stretch(b) {
        let (a, b) = (stretch(a), stretch(b));
        let lengths = comparison.figures.iter().any(|figure| figure.verdict == Err(Silence::Lengths));
        let left = if lengths {
            ", so counts, server hours and cost are not compared; rates, shares and latencies are"
        } else {
            ""
        };
        notes.push(format!("A is judged from {a}, B from {b}{left}"));
    }
    if a.plan.interval_ns != b.plan.interval_ns {
        let [a, b] = [a, b].map(|study| length(study.plan.interval_ns));
        notes.push(format!(
            "intervals are {a} in A and {b} in B: shares of time under- and over-provisioned are not compared"
        ));
    }
    let [ours, theirs] = [a, b].map(|study| &study.provenance.version);
    if ours != theirs {
        notes.push(format!(
            "A was simulated by peakday {ours}, B by {theirs}: a changed model may be the difference"
        ));
    }
    let [n, m] = [a.runs.len(), b.runs.len()];
    if n != m && comparison.pairing != Pairing::Independent {
        notes.push(format!(
            "A has {n} days and B {m}: differences are of the {} that both have",
            comparison.days[0]
        ));
    }
    let recorded = |study: &'_ StudyResult| -> Vec<String> {
        study.plan.sources.iter().filter(|source| source.recorded).map(|source| source.name.clone()).collect()
    };
    let mut shared = recorded(a);
    shared.extend(recorded(b).into_iter().filter(|name| !recorded(a).contains(name)));
    if !shared.is_empty() && n.max(m) > 1 {
        notes.push(Lang::En.fill(Word::NoteSameRecording, &[&shared.join(", ")]));
    }
    let (main, all) = (comparison.tested(true), comparison.tested(false));
    if main > 0 {
        notes.push(format!(
            "verdicts are corrected for {main} main figures (of {all} in all; Holm): wrong in at most 5% of \
             comparisons; intervals are 95% each"
        ));
    }
    notes
}

/// Returns the ends of an interval.
fn ends(interval: Option<Interval>) -> Option<(f64, f64)> {
    interval.and_then(|interval| interval.lo.zip(interval.hi))
}
