//! A rate in steps: linear from target to target, in the words of k6.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rate::check_rate;
use super::{Problem, Profile, Segment};
use crate::time::{SimDuration, SimTime};
use crate::units::Rate;

/// A rate that moves from target to target and holds the last one to the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StagesSpec {
    /// The rate at t = 0.
    #[serde(default = "none_yet")]
    pub start_rate: Rate,
    /// The steps, one after the other.
    pub steps: Vec<StepSpec>,
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StepSpec {
    /// How long the rate takes to get to its target; 0 for a jump.
    pub duration: SimDuration,
    /// The rate at the step's end.
    pub target: Rate,
}

fn none_yet() -> Rate {
    Rate(0.0)
}

impl StagesSpec {
    /// Returns what is wrong, all at once.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        check_rate("startRate", self.start_rate, &mut problems);
        if self.steps.is_empty() {
            problems.push(Problem::new(
                "steps",
                "there are no steps",
                "write for example steps: [{duration: 5m, target: 4k/s}], or a bare rate",
            ));
        }
        for (index, step) in self.steps.iter().enumerate() {
            check_rate(&format!("steps[{index}].target"), step.target, &mut problems);
        }
        problems
    }

    /// Compiles a spec without problems.
    pub(super) fn compile(&self, horizon: SimDuration) -> Profile {
        let mut from = SimTime::ZERO;
        let mut rate = self.start_rate.0;
        let mut segments: Vec<Segment> = Vec::with_capacity(self.steps.len() + 1);
        for step in &self.steps {
            let to = from + step.duration;
            segments.push(Segment { from, to, start_rate: rate, end_rate: step.target.0 });
            (from, rate) = (to, step.target.0);
        }
        segments.push(Segment::constant(from, SimTime::MAX, rate));
        Profile::new(segments, horizon)
    }
}
