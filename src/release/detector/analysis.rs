//! Analysis of the new version, against a bound or against the previous version.
//!
//! Source: argoproj/argo-rollouts, docs/features/analysis.md, whose words these are; when an analysis has passed or
//! failed is told in [`counts::analysis`](crate::release::counts::analysis).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::figures::{
    Wants, Wrong, apart, check_length, check_percentile, check_ratio, one, percent, prometheus, requests,
    seconds, short, success, wrong,
};
use super::{Detector, DetectorSpec, Figure, Look, Side, Status, Want};
use crate::release::counts::analysis::{Metric, MetricResult, Phase, status};
use crate::time::{SimDuration, SimTime};
use crate::units::Ratio;

/// A drop that exceeds its bound by less is rounding: two shares of whole requests do not lie so near.
const ROUNDING: f64 = 1e-12;

/// Looks again and again at figures of the new version, and fails when too many looks have failed.
///
/// A look fails when one of the figures is out of bounds. Otherwise it is an error where a figure has no value, and
/// inconclusive where too few requests have ended; else it is a success. As a step of a rollout it ends after `count`
/// looks, and it is inconclusive looks and errors that end it early too. As an entry of `detection` it goes on until
/// the rollout is over, and limits on what it could not tell hold only where they are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Analysis {
    /// The share of requests that are completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success_rate: Option<SuccessRateBounds>,
    /// A latency percentile of completed requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<LatencyBounds>,
    /// From one look to the next.
    #[serde(default = "minute")]
    pub interval: SimDuration,
    /// From its start to the first look; none where left out.
    #[serde(default)]
    pub initial_delay: SimDuration,
    /// How many looks that were no errors end it. In a step `failureLimit` + 1 where left out, which are as many as it
    /// takes to fail, and with `consecutiveSuccessLimit` any number; in `detection` any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// So many requests must have ended in the window, of each version that is looked at.
    #[serde(default = "one")]
    pub min_sample: u64,
    /// How many looks that failed are borne; any number where it is -1.
    #[serde(default)]
    pub failure_limit: i32,
    /// How many inconclusive looks are borne. In a step 0 where left out; in `detection` any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inconclusive_limit: Option<u32>,
    /// How many errors in a row are borne. In a step 4 where left out; in `detection` any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consecutive_error_limit: Option<u32>,
    /// How many successes in a row end it; no number does where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consecutive_success_limit: Option<u32>,
    /// Only requests of this class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// How far the figures look back; as far as their pipeline does where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<SimDuration>,
}

/// What the success rate of the new version has to be: one bound or both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SuccessRateBounds {
    /// The pipeline through which it is seen.
    #[serde(default = "prometheus")]
    pub from: String,
    /// No less than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Ratio>,
    /// No further below that of the previous version, in points: 99 % is 1 % below 100 %.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_drop: Option<Ratio>,
}

/// What a latency percentile of the new version has to be: one bound or both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LatencyBounds {
    /// The pipeline through which it is seen.
    #[serde(default = "prometheus")]
    pub from: String,
    /// The percentile, between 0 and 100.
    pub percentile: f64,
    /// No more than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<SimDuration>,
    /// No more than so many times that of the previous version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_ratio: Option<f64>,
}

fn minute() -> SimDuration {
    SimDuration::from_secs(60)
}

/// A limit as Argo Rollouts counts it.
fn limit(limit: u32) -> i32 {
    i32::try_from(limit).unwrap_or(i32::MAX)
}

impl Default for Analysis {
    fn default() -> Self {
        let bounds = SuccessRateBounds { from: prometheus(), min: Some(Ratio(0.99)), max_drop: None };
        Self {
            success_rate: Some(bounds),
            latency: None,
            interval: SimDuration::from_secs(30),
            initial_delay: SimDuration::ZERO,
            count: None,
            min_sample: 50,
            failure_limit: 2,
            inconclusive_limit: None,
            consecutive_error_limit: None,
            consecutive_success_limit: None,
            class: None,
            window: None,
        }
    }
}

impl Analysis {
    /// Returns it as it is in a step of a rollout, where it has an end: with the limits of Argo Rollouts where
    /// none are written.
    pub fn in_step(&self) -> Self {
        let defaults = Metric::default();
        let written = |limit: i32| Some(limit.unsigned_abs());
        let enough = self.failure_limit.max(0).unsigned_abs().saturating_add(1);
        let ends = self.consecutive_success_limit.is_some();
        Self {
            count: self.count.or((!ends).then_some(enough)),
            inconclusive_limit: self.inconclusive_limit.or(written(defaults.inconclusive_limit)),
            consecutive_error_limit: self
                .consecutive_error_limit
                .or(written(defaults.consecutive_error_limit)),
            ..self.clone()
        }
    }

    /// Returns the shortest time that it takes in a step until it has passed.
    pub fn shortest(&self) -> SimDuration {
        let step = self.in_step();
        let looks = step.count.unwrap_or(u32::MAX).min(step.consecutive_success_limit.unwrap_or(u32::MAX));
        let apart = self.interval.as_nanos().saturating_mul(u64::from(looks.saturating_sub(1)));
        self.initial_delay + SimDuration::from_nanos(apart)
    }

    fn metric(&self) -> Metric {
        Metric {
            failure_limit: self.failure_limit,
            inconclusive_limit: limit(self.inconclusive_limit.unwrap_or(u32::MAX)),
            consecutive_error_limit: limit(self.consecutive_error_limit.unwrap_or(u32::MAX)),
            consecutive_success_limit: limit(self.consecutive_success_limit.unwrap_or(0)),
            count: self.count.unwrap_or(0),
            interval: Some(self.interval),
        }
    }

    /// Returns what is looked at, and the places of its figures among what is asked for.
    fn subjects(&self) -> (Vec<Want>, Vec<Subject>) {
        let mut wants = Wants::default();
        let mut pair = |figure, of, from: &String| {
            [figure, Figure::Ended].map(|figure| {
                let (class, pipeline) = (self.class.clone(), from.clone());
                wants.place(Want { figure, of, class, pipeline, window: self.window })
            })
        };
        let mut subjects = Vec::new();
        if let Some(bounds) = &self.success_rate {
            let new = pair(Figure::Errors, Side::New, &bounds.from);
            let previous = bounds.max_drop.map(|_| pair(Figure::Errors, Side::Previous, &bounds.from));
            subjects.push(Subject { rule: Rule::Success(bounds.clone()), new, previous });
        }
        if let Some(bounds) = &self.latency {
            let figure = Figure::Latency(bounds.percentile / 100.0);
            let new = pair(figure, Side::New, &bounds.from);
            let previous = bounds.max_ratio.map(|_| pair(figure, Side::Previous, &bounds.from));
            subjects.push(Subject { rule: Rule::Latency(bounds.clone()), new, previous });
        }
        (wants.into_all(), subjects)
    }

    fn bound_problems(&self) -> Vec<Wrong> {
        const SUCCESS: &str = "min: 99%";
        let mut found = Vec::new();
        if self.success_rate.is_none() && self.latency.is_none() {
            let remedy = "write successRate: {min: 99%}, or latency: {percentile: 99, max: 500ms}";
            found.push(wrong("", "nothing is looked at", remedy));
        }
        if let Some(bounds) = &self.success_rate {
            if bounds.min.is_none() && bounds.max_drop.is_none() {
                let remedy = "write min: 99%, or maxDrop: 1% against the previous version";
                found.push(wrong("successRate", "there is no bound", remedy));
            }
            found.extend(check_ratio("successRate.min", bounds.min, SUCCESS));
            found.extend(check_ratio("successRate.maxDrop", bounds.max_drop, "maxDrop: 1%"));
        }
        if let Some(bounds) = &self.latency {
            found.extend(check_percentile("latency.percentile", bounds.percentile));
            if bounds.max.is_none() && bounds.max_ratio.is_none() {
                let remedy = "write max: 500ms, or maxRatio: 1.5 against the previous version";
                found.push(wrong("latency", "there is no bound", remedy));
            }
            if let Some(ratio) = bounds.max_ratio.filter(|ratio| !(ratio.is_finite() && *ratio > 0.0)) {
                let message = format!("must be a finite number above 0, not {ratio}");
                found.push(wrong("latency.maxRatio", message, "write for example maxRatio: 1.5"));
            }
        }
        found
    }
}

impl DetectorSpec for Analysis {
    fn wants(&self) -> Vec<Want> {
        self.subjects().0
    }

    fn period(&self) -> Option<SimDuration> {
        Some(self.interval)
    }

    fn until_promoted(&self) -> bool {
        true
    }

    fn delay(&self) -> SimDuration {
        self.initial_delay
    }

    fn build(&self) -> Box<dyn Detector> {
        let (_, subjects) = self.subjects();
        let (metric, result) = (self.metric(), MetricResult::default());
        Box::new(State { subjects, min_sample: self.min_sample, metric, result })
    }

    fn problems(&self) -> Vec<Wrong> {
        let mut found = self.bound_problems();
        found.extend(check_length("interval", Some(self.interval), "30s"));
        found.extend(check_length("window", self.window, "2m"));
        for (key, given) in
            [("count", self.count), ("consecutiveSuccessLimit", self.consecutive_success_limit)]
        {
            if given == Some(0) {
                let remedy = format!("write for example {key}: 5, or leave it out");
                found.push(wrong(key, "it would end before it has looked", remedy));
            }
        }
        if self.failure_limit < -1 {
            let message = format!("{} failures cannot be borne", self.failure_limit);
            found.push(wrong("failureLimit", message, "write 0 or more, or -1 for any number"));
        } else if self.failure_limit == -1 && self.consecutive_success_limit.is_none() {
            let message = "with any number of failures borne it never fails";
            found.push(wrong(
                "failureLimit",
                message,
                "write 0 or more, or consecutiveSuccessLimit beside it",
            ));
        }
        found
    }
}

/// A figure of the new version and what it may be.
#[derive(Clone, Debug)]
struct Subject {
    rule: Rule,
    /// The places of the new version's figure and of its number of requests.
    new: [usize; 2],
    /// Those of the previous version, where it is compared.
    previous: Option<[usize; 2]>,
}

/// What a figure may be.
#[derive(Clone, Debug)]
enum Rule {
    Success(SuccessRateBounds),
    Latency(LatencyBounds),
}

#[derive(Debug)]
struct State {
    subjects: Vec<Subject>,
    min_sample: u64,
    metric: Metric,
    result: MetricResult,
}

impl Detector for State {
    fn look(&mut self, _now: SimTime, values: &[Option<f64>]) -> Look {
        if self.result.phase.is_completed() {
            return Look { status: standing(self.result.phase), crossed: None };
        }
        let looks = self.subjects.iter().map(|subject| subject.judge(values, self.min_sample));
        let (phases, crossed): (Vec<Phase>, Vec<Option<String>>) = looks.unzip();
        self.result.record(gravest(&phases));
        self.result.phase = status(&self.metric, &self.result, false);
        let crossed: Vec<String> = crossed.into_iter().flatten().collect();
        let crossed = (!crossed.is_empty()).then(|| crossed.join("; "));
        Look { status: standing(self.result.phase), crossed }
    }
}

/// Returns how a look stands of which these are the parts.
fn gravest(phases: &[Phase]) -> Phase {
    let order = [Phase::Failed, Phase::Error, Phase::Inconclusive];
    order.into_iter().find(|phase| phases.contains(phase)).unwrap_or(Phase::Successful)
}

/// Returns how the detector stands.
fn standing(phase: Phase) -> Status {
    match phase {
        Phase::Pending | Phase::Running => Status::Running,
        Phase::Successful => Status::Successful,
        Phase::Inconclusive => Status::Inconclusive,
        Phase::Error => Status::Error,
        Phase::Failed => Status::Failed,
    }
}

/// Returns a figure and its number of requests; what it could not be told from otherwise.
fn sample(values: &[Option<f64>], [figure, ended]: [usize; 2], min_sample: u64) -> Result<(f64, f64), Phase> {
    let value = |place: usize| values.get(place).copied().flatten().filter(|value| !value.is_nan());
    let ended = value(ended).ok_or(Phase::Error)?;
    if ended < min_sample as f64 {
        return Err(Phase::Inconclusive);
    }
    Ok((value(figure).ok_or(Phase::Error)?, ended))
}

impl Subject {
    /// Judges a figure, and says how it is out of bounds where it is.
    fn judge(&self, values: &[Option<f64>], min_sample: u64) -> (Phase, Option<String>) {
        let new = match sample(values, self.new, min_sample) {
            Ok(new) => new,
            Err(phase) => return (phase, None),
        };
        if let Some(crossed) = self.rule.alone(new) {
            return (Phase::Failed, Some(crossed));
        }
        match self.previous.map(|places| sample(values, places, min_sample)) {
            None => (Phase::Successful, None),
            Some(Err(phase)) => (phase, None),
            Some(Ok(previous)) => match self.rule.compared(new, previous) {
                None => (Phase::Successful, None),
                crossed => (Phase::Failed, crossed),
            },
        }
    }
}

impl Rule {
    /// Says how the new version is out of the bound that stands by itself, where it is.
    fn alone(&self, (value, ended): (f64, f64)) -> Option<String> {
        match self {
            Self::Success(bounds) => {
                let (rate, Ratio(min)) = (success(value, ended), bounds.min?);
                (rate < min).then(|| {
                    let (rate, min) = apart(rate, min, percent);
                    format!("success rate {rate} below {min} {}", requests(ended))
                })
            }
            Self::Latency(bounds) => {
                let max = bounds.max?.as_secs_f64();
                (value > max).then(|| {
                    let (value, max) = apart(value, max, seconds);
                    format!("p{} latency {value} above {max} {}", bounds.percentile, requests(ended))
                })
            }
        }
    }

    /// Says how the new version is out of the bound against the previous one, where it is.
    fn compared(&self, (new, ended): (f64, f64), (previous, before): (f64, f64)) -> Option<String> {
        let requests = requests(ended);
        match self {
            Self::Success(bounds) => {
                let (rate, usual, Ratio(max)) =
                    (success(new, ended), success(previous, before), bounds.max_drop?);
                (usual - rate > max + ROUNDING).then(|| {
                    let (rate, usual) = (percent(rate, 2), percent(usual, 2));
                    let max = percent(max, 6);
                    format!("success rate {rate} more than {max} below the {usual} of the previous version {requests}")
                })
            }
            Self::Latency(bounds) => {
                let max = bounds.max_ratio?;
                (new > previous * max).then(|| {
                    let (new, previous) = (seconds(new, 1), seconds(previous, 1));
                    format!(
                        "p{} latency {new} more than {} times the {previous} of the previous version {requests}",
                        bounds.percentile,
                        short(max, 6)
                    )
                })
            }
        }
    }
}

#[cfg(test)]
mod tests;
