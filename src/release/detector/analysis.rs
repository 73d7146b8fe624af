//! Analysis of the new version, against a bound or against the previous version.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Detector, DetectorSpec, Look, Status, Want};
use crate::time::{SimDuration, SimTime};

/// Looks again and again at figures of the new version.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Analysis {}

impl DetectorSpec for Analysis {
    fn wants(&self) -> Vec<Want> {
        Vec::new()
    }

    fn period(&self) -> Option<SimDuration> {
        None
    }

    fn build(&self) -> Box<dyn Detector> {
        Box::new(State)
    }

    fn problems(&self) -> Vec<(String, String, String)> {
        Vec::new()
    }
}

#[derive(Debug)]
struct State;

impl Detector for State {
    fn look(&mut self, _now: SimTime, _values: &[Option<f64>]) -> Look {
        Look { status: Status::Running, crossed: None }
    }
}
