//! The steps of a canary, as written.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::choice;
use crate::release::counts::argo;
use crate::release::detector::analysis::Analysis;
use crate::release::strategy::progress::{self, Wrong, wrong};
use crate::time::{NANOS_PER_SEC, SimDuration};
use crate::units::duration_pattern;

/// A step: a map with one key.
// Serde's own reading stands behind one that also takes a bare word, and says then what to write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", remote = "Self")]
#[schemars(rename = "CanaryStep")]
pub enum Step {
    /// The share of the new version from here on, in per cent.
    SetWeight(u32),
    /// A wait.
    Pause(Pause),
    /// What must succeed before the next step.
    Analysis(Box<Analysis>),
    /// Servers of the new version from here on, apart from its share of the traffic; with `trafficRouting`.
    SetCanaryScale(SetCanaryScale),
}

/// A wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// How long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<PauseLength>,
}

/// How long a pause is: a duration, or seconds as a bare integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PauseLength(pub SimDuration);

/// Servers of the new version: one of the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetCanaryScale {
    /// So many per pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u32>,
    /// As many as such a share of the traffic needs, in per cent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// As many as its share of the traffic needs, again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub match_traffic_weight: bool,
}

impl Step {
    /// Returns what it is called in the log.
    pub(super) fn word(&self) -> String {
        match self {
            Self::SetWeight(weight) => format!("setWeight {weight}"),
            Self::Pause(Pause { duration: Some(length) }) => format!("pause {}", length.0),
            Self::Pause(Pause { duration: None }) => "pause".to_owned(),
            Self::Analysis(_) => "analysis".to_owned(),
            Self::SetCanaryScale(SetCanaryScale { replicas: Some(count), .. }) => {
                format!("setCanaryScale {count}")
            }
            Self::SetCanaryScale(SetCanaryScale { weight: Some(weight), .. }) => {
                format!("setCanaryScale {weight}%")
            }
            Self::SetCanaryScale(_) => "setCanaryScale matchTrafficWeight".to_owned(),
        }
    }

    /// Returns what it means for the numbers of servers.
    pub(super) fn counted(&self) -> argo::CanaryStep {
        match self {
            Self::SetWeight(weight) => argo::CanaryStep { set_weight: Some(*weight), set_canary_scale: None },
            Self::SetCanaryScale(scale) => {
                let SetCanaryScale { replicas, weight, match_traffic_weight } = *scale;
                let scale = argo::SetCanaryScale { replicas, weight, match_traffic_weight };
                argo::CanaryStep { set_weight: None, set_canary_scale: Some(scale) }
            }
            Self::Pause(_) | Self::Analysis(_) => argo::CanaryStep::default(),
        }
    }

    /// Tells how long it takes at least.
    pub(super) fn shortest(&self) -> SimDuration {
        match self {
            Self::Pause(Pause { duration: Some(length) }) => length.0,
            Self::Analysis(analysis) => analysis.shortest(),
            _ => SimDuration::ZERO,
        }
    }
}

/// Returns what is wrong with steps one after the other.
pub(super) fn problems(steps: &[Step], routed: bool) -> Vec<Wrong> {
    let mut found: Vec<Wrong> = Vec::new();
    let mut highest = 0;
    for (index, step) in steps.iter().enumerate() {
        let path = |inner: &str| format!("steps[{index}].{inner}");
        match step {
            Step::SetWeight(weight) => {
                found.extend(weight_problem(&path("setWeight"), "setWeight", *weight));
                if *weight < highest {
                    let message = format!("the weight falls from {highest} to {weight}");
                    let remedy = format!("write setWeight: {highest} or more, or remove the step");
                    found.push(wrong(path("setWeight"), message, remedy));
                }
                highest = highest.max(*weight);
            }
            Step::Pause(Pause { duration: None }) => {
                let message = "a pause without a duration waits for a person, who is not part of a run";
                let remedy = "write how long that takes, for example pause: {duration: 10m}";
                found.push(wrong(path("pause"), message, remedy));
            }
            Step::Pause(_) => {}
            Step::Analysis(analysis) => {
                found.extend(progress::analysis_problems(&path("analysis"), analysis))
            }
            Step::SetCanaryScale(scale) => {
                found.extend(scale_problems(&path("setCanaryScale"), *scale, routed))
            }
        }
    }
    found
}

fn weight_problem(path: &str, key: &str, weight: u32) -> Option<Wrong> {
    let message = format!("{weight} is more than all of the traffic");
    (weight > 100).then(|| wrong(path, message, format!("write at most {key}: 100")))
}

fn scale_problems(path: &str, scale: SetCanaryScale, routed: bool) -> Vec<Wrong> {
    let mut found: Vec<Wrong> = Vec::new();
    if !routed {
        let message = "without trafficRouting the number of servers is the weight";
        found.push(wrong(path, message, "remove the step, or write trafficRouting: {}"));
    }
    let given = [scale.replicas.is_some(), scale.weight.is_some(), scale.match_traffic_weight];
    if given.iter().filter(|&&given| given).count() != 1 {
        let message = "it takes one of replicas, weight and matchTrafficWeight: true";
        found.push(wrong(path, message, "write for example setCanaryScale: {replicas: 2}"));
    }
    found.extend(scale.weight.and_then(|weight| weight_problem(&format!("{path}.weight"), "weight", weight)));
    found
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

/// A step as a map.
struct Tagged(Step);

impl<'de> Deserialize<'de> for Tagged {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Step::deserialize(deserializer).map(Self)
    }
}

impl From<Tagged> for Step {
    fn from(Tagged(step): Tagged) -> Self {
        step
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        choice::read::<D, Tagged, Self>(deserializer, "a step such as setWeight: 20", |word| match word {
            "pause" => Ok(Self::Pause(Pause::default())),
            _ => Err(format!("`{word}` is not a step; write for example setWeight: 20")),
        })
    }
}

const LENGTH: &str = "a duration such as 5m, or whole seconds";

impl Serialize for PauseLength {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PauseLength {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl Visitor<'_> for Written {
            type Value = PauseLength;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(LENGTH)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<PauseLength, E> {
                text.parse().map(PauseLength).map_err(E::custom)
            }

            fn visit_u64<E: Error>(self, seconds: u64) -> Result<PauseLength, E> {
                let nanos = seconds.checked_mul(NANOS_PER_SEC);
                let long = || E::custom(format!("a pause of {seconds} s is too long; write for example 5m"));
                nanos.map(|nanos| PauseLength(SimDuration::from_nanos(nanos))).ok_or_else(long)
            }
        }
        deserializer.deserialize_any(Written)
    }
}

impl JsonSchema for PauseLength {
    fn schema_name() -> Cow<'static, str> {
        "PauseLength".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A duration such as 5m, or whole seconds.",
            "anyOf": [
                {"type": "string", "pattern": duration_pattern()},
                {"type": "integer", "minimum": 0},
            ],
            "examples": ["5m", 300],
        })
    }
}
