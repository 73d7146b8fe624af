//! How arrivals scatter around their rate, as the scenario file writes it.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::Problem;
use crate::choice;
use crate::time::SimDuration;

/// The range of the coefficient of variation of gamma arrivals: below, they are evenly spaced for
/// every purpose; above, a day holds too few bursts for any figure to mean something.
const CV_RANGE: std::ops::RangeInclusive<f64> = 0.001..=100.0;
/// The largest factor of a state: only ratios of factors matter, so more is a slip of the pen.
const MAX_FACTOR: f64 = 1e6;

/// How arrivals scatter around their rate. All have the rate as their long-run mean; what differs
/// is how bursty they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields, transform = choice::words_are_maps)]
pub enum ArrivalsSpec {
    /// Independent customers: the counts of disjoint intervals are independent Poisson numbers.
    #[default]
    Poisson,
    /// Evenly spaced: every unit of the cumulated rate brings one arrival, the first after half a
    /// unit, so that rate x duration arrivals fit.
    Uniform,
    /// A renewal process in the cumulated rate, with gamma increments of mean 1, the first a whole one
    /// from t = 0; burstier than Poisson above cv 1.
    Gamma {
        /// Coefficient of variation of the increments: standard deviation / mean.
        cv: f64,
    },
    /// Markov-modulated Poisson: the rate is multiplied by the factor of a state that changes at
    /// random (Heffes & Lucantoni, JSAC 1986). Bursts as long as the states last.
    Mmpp {
        /// The states, entered in this order, again and again.
        states: Vec<StateSpec>,
    },
}

/// One state of Markov-modulated arrivals.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StateSpec {
    /// What the rate is multiplied by; factors are normalised, so that the long-run mean stays the
    /// source's rate, and only their ratios matter.
    pub factor: f64,
    /// Mean of the state's exponential length.
    pub mean: SimDuration,
}

/// The forms as a map; those without parameters take an empty one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
enum Tagged {
    Poisson {},
    Uniform {},
    Gamma { cv: f64 },
    Mmpp { states: Vec<StateSpec> },
}

impl From<Tagged> for ArrivalsSpec {
    fn from(tagged: Tagged) -> Self {
        match tagged {
            Tagged::Poisson {} => Self::Poisson,
            Tagged::Uniform {} => Self::Uniform,
            Tagged::Gamma { cv } => Self::Gamma { cv },
            Tagged::Mmpp { states } => Self::Mmpp { states },
        }
    }
}

fn bare(text: &str) -> Result<ArrivalsSpec, String> {
    match text {
        "poisson" => Ok(ArrivalsSpec::Poisson),
        "uniform" => Ok(ArrivalsSpec::Uniform),
        "gamma" => Err("`gamma` needs its variation; write gamma: {cv: 2}".to_owned()),
        "mmpp" => Err("`mmpp` needs its states; write mmpp: {states: [{factor: 0.5, mean: 10s}, \
                       {factor: 4, mean: 1s}]}"
            .to_owned()),
        _ => Err(format!("`{text}` is not an arrival process; write one of poisson, uniform, gamma, mmpp")),
    }
}

impl<'de> Deserialize<'de> for ArrivalsSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        choice::read::<D, Tagged, Self>(deserializer, "one of poisson, uniform, gamma, mmpp", bare)
    }
}

impl ArrivalsSpec {
    /// Tells whether arrivals are evenly spaced.
    pub fn is_even(&self) -> bool {
        matches!(self, Self::Uniform)
    }

    /// Returns what is wrong, all at once; paths are relative to the spec.
    pub fn problems(&self) -> Vec<Problem> {
        match self {
            Self::Poisson | Self::Uniform => Vec::new(),
            Self::Gamma { cv } if CV_RANGE.contains(cv) => Vec::new(),
            Self::Gamma { cv } => vec![Problem::new(
                "gamma.cv",
                format!("the coefficient of variation {cv} is not between 0.001 and 100"),
                "write for example 2; 1 is Poisson, and `uniform` is evenly spaced",
            )],
            Self::Mmpp { states } => state_problems(states),
        }
    }
}

fn state_problems(states: &[StateSpec]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, state) in states.iter().enumerate() {
        if !(0.0..=MAX_FACTOR).contains(&state.factor) {
            problems.push(Problem::new(
                format!("mmpp.states[{index}].factor"),
                format!("the factor {} is not between 0 and 1,000,000", state.factor),
                "write what the rate is multiplied by, relative to the other states",
            ));
        }
        if state.mean.is_zero() {
            problems.push(Problem::new(
                format!("mmpp.states[{index}].mean"),
                "the state lasts no time",
                "write its mean length, for example 10s",
            ));
        }
    }
    if states.is_empty() {
        problems.push(Problem::new(
            "mmpp.states",
            "there are no states",
            "write for example states: [{factor: 0.5, mean: 10s}, {factor: 4, mean: 1s}]",
        ));
    } else if states.iter().all(|state| state.factor == 0.0) {
        problems.push(Problem::new("mmpp.states", "all factors are 0", "give one state a factor above 0"));
    }
    problems
}
