//! The rate of a source as the scenario file writes it, and its way to a profile.

use serde::{Deserialize, Deserializer, Serialize};

use super::{DiurnalSpec, EventSpec, Problem, Profile, StagesSpec};
use crate::choice;
use crate::time::SimDuration;
use crate::units::{MAX_RATE, Rate, When};

/// Turns an instant of the scenario file into nanoseconds from t = 0, possibly negative, or says why
/// it cannot (a wall clock without `run.start`).
pub type Resolve<'a> = dyn Fn(&When) -> Result<i128, String> + 'a;

/// How the rate of a source goes over time.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RateSpec {
    /// Linear from target to target.
    Stages(StagesSpec),
    /// The same every day.
    Diurnal(DiurnalSpec),
    /// A published sales event over a baseline.
    Event(EventSpec),
    /// Several rates added.
    Sum(Vec<RateSpec>),
    /// One rate, written bare: `20k/s`.
    #[serde(untagged)]
    Constant(Rate),
}

/// The forms with a key.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Tagged {
    Stages(StagesSpec),
    Diurnal(DiurnalSpec),
    Event(EventSpec),
    Sum(Vec<RateSpec>),
}

impl From<Tagged> for RateSpec {
    fn from(tagged: Tagged) -> Self {
        match tagged {
            Tagged::Stages(spec) => Self::Stages(spec),
            Tagged::Diurnal(spec) => Self::Diurnal(spec),
            Tagged::Event(spec) => Self::Event(spec),
            Tagged::Sum(parts) => Self::Sum(parts),
        }
    }
}

impl<'de> Deserialize<'de> for RateSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        choice::read::<D, Tagged, Self>(
            deserializer,
            "a rate such as 20k/s, or one of stages, diurnal, event, sum",
            |text| text.parse().map(Self::Constant),
        )
    }
}

impl RateSpec {
    /// Returns what is wrong whatever the run's start and length, all at once; paths are relative to
    /// the spec.
    pub fn problems(&self) -> Vec<Problem> {
        let problems = match self {
            Self::Constant(rate) => {
                let mut problems = Vec::new();
                check_rate("", *rate, &mut problems);
                return problems;
            }
            Self::Stages(spec) => spec.problems(),
            Self::Diurnal(spec) => spec.problems(),
            Self::Event(spec) => spec.problems(),
            Self::Sum(parts) if parts.is_empty() => {
                vec![Problem::new(
                    "",
                    "there is nothing to add",
                    "write for example sum: [90/s, {event: {..}}]",
                )]
            }
            Self::Sum(parts) => {
                let nested = |(index, part): (usize, &Self)| below(part.problems(), &format!("[{index}]"));
                return parts.iter().enumerate().flat_map(nested).map(|p| at_sum(&p)).collect();
            }
        };
        below(problems, self.key())
    }

    /// Compiles the rate over [0, `horizon`).
    ///
    /// # Errors
    /// Everything wrong with the spec, all at once: see [`RateSpec::problems`], and instants that
    /// `resolve` refuses, and a sum above the largest rate.
    pub fn profile(&self, horizon: SimDuration, resolve: &Resolve<'_>) -> Result<Profile, Vec<Problem>> {
        let own = |problem: Problem| vec![problem.under(self.key())];
        let problems = match self {
            Self::Sum(parts) if !parts.is_empty() => Vec::new(),
            _ => self.problems(),
        };
        if !problems.is_empty() {
            return Err(problems);
        }
        match self {
            Self::Constant(rate) => Ok(Profile::constant(rate.0, horizon)),
            Self::Stages(spec) => Ok(spec.compile(horizon)),
            Self::Diurnal(spec) => spec.compile(horizon, resolve).map_err(own),
            Self::Event(spec) => spec.compile(horizon, resolve).map_err(own),
            Self::Sum(parts) => add(parts, horizon, resolve),
        }
    }

    /// Returns the key under which the form is written; empty for a bare rate.
    fn key(&self) -> &'static str {
        match self {
            Self::Constant(_) => "",
            Self::Stages(_) => "stages",
            Self::Diurnal(_) => "diurnal",
            Self::Event(_) => "event",
            Self::Sum(_) => "sum",
        }
    }
}

fn below(problems: Vec<Problem>, key: &str) -> Vec<Problem> {
    problems.into_iter().map(|problem| problem.under(key)).collect()
}

/// Prefixes `[1].event.at` to `sum[1].event.at`.
fn at_sum(problem: &Problem) -> Problem {
    Problem { path: format!("sum{}", problem.path), ..problem.clone() }
}

fn add(parts: &[RateSpec], horizon: SimDuration, resolve: &Resolve<'_>) -> Result<Profile, Vec<Problem>> {
    let mut profiles = Vec::with_capacity(parts.len());
    let mut problems = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        match part.profile(horizon, resolve) {
            Ok(profile) => profiles.push(profile),
            Err(nested) => problems.extend(below(nested, &format!("sum[{index}]"))),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let sum = Profile::sum(&profiles, horizon);
    if sum.peak() > MAX_RATE {
        let message = format!("the rates add up to {}, above the largest rate, 1G/s", Rate(sum.peak()));
        return Err(vec![Problem::new("sum", message, "lower them, or split them over several sources")]);
    }
    Ok(sum)
}

/// Adds a problem where a rate is no number between 0 and the largest rate.
pub(super) fn check_rate(path: &str, rate: Rate, problems: &mut Vec<Problem>) {
    if !(0.0..=MAX_RATE).contains(&rate.0) {
        problems.push(Problem::new(
            path,
            format!("{rate} is not a rate between 0/s and 1G/s"),
            "write for example 90/s, 20k/s or 1.2M/min",
        ));
    }
}

#[cfg(test)]
mod tests;
