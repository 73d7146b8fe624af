//! Detectors, one file each: what in the figures of monitoring tells that something is wrong.
//!
//! A detector sees figures as monitoring shows them, late and from samples, and nothing else. It raises a false
//! alarm like any other: when noise crosses its bound.

pub mod analysis;

mod alert;
mod burn_rate;
mod figures;
mod pending;
#[cfg(test)]
mod tests;

use std::fmt::Debug;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::dist::DistributionSpec;
use crate::time::{SimDuration, SimTime};

/// What a detector goes by.
#[derive(Clone, Debug, PartialEq)]
pub struct Want {
    /// What is measured.
    pub figure: Figure,
    /// Whose figure it is.
    pub of: Side,
    /// Of one class only.
    pub class: Option<String>,
    /// The pipeline through which it is seen.
    pub pipeline: String,
    /// How far the figure looks back from its scrape; as far as the pipeline does where `None`.
    pub window: Option<SimDuration>,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Figure {
    /// The share of requests that ended without being completed.
    Errors,
    /// The latency of completed requests at a share of them such as 0.99, in seconds.
    Latency(f64),
    /// Requests that ended.
    Ended,
}

/// Whose figure it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Side {
    /// That of servers of the new version.
    New,
    /// That of servers of the previous version.
    Previous,
    /// That of the whole service.
    #[default]
    Service,
}

/// How a detector stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It goes on looking.
    Running,
    /// It has seen enough that is good. Alerts never end this way.
    Successful,
    /// Something is wrong.
    Failed,
    /// It could not tell often enough.
    Inconclusive,
    /// It could not measure often enough.
    Error,
}

/// What a detector makes of a look.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// How it stands.
    pub status: Status,
    /// What crossed its bound in this look, in words and figures, where something did.
    pub crossed: Option<String>,
}

/// Looks at figures again and again.
pub trait Detector: Debug {
    /// Looks at what monitoring shows: values come in the order of [`DetectorSpec::wants`], `None` where there is
    /// nothing to tell them from.
    fn look(&mut self, now: SimTime, values: &[Option<f64>]) -> Look;
}

/// A detector as written in the scenario.
pub trait DetectorSpec: Debug + Send + Sync {
    /// Returns what it goes by.
    fn wants(&self) -> Vec<Want>;

    /// Returns how often it looks, from its start and [`delay`](Self::delay) on; whenever its last figure is seen
    /// anew where `None`.
    fn period(&self) -> Option<SimDuration>;

    /// Tells whether it looks no longer once the new version is in service everywhere.
    fn until_promoted(&self) -> bool {
        false
    }

    /// Returns how long after its start it looks for the first time, where it has a period.
    fn delay(&self) -> SimDuration {
        SimDuration::ZERO
    }

    /// Builds its state.
    fn build(&self) -> Box<dyn Detector>;

    /// Returns what is wrong with the parameters, as (path within the detector, message, remedy).
    fn problems(&self) -> Vec<(String, String, String)>;
}

/// Declares an entry of the scenario's `detection` list: one key per kind, of which exactly one is given.
///
/// A new detector is a file, its `mod` line, and a line here with the one that documents it.
macro_rules! detectors {
    ($($(#[$doc:meta])* $key:ident, $name:literal: $spec:ty,)*) => {
        /// Who notices that something is wrong: one of the keys, and who decides then.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct DetectionSpec {
            $(
                $(#[$doc])*
                #[serde(rename = $name, default, skip_serializing_if = "Option::is_none")]
                pub $key: Option<$spec>,
            )*
            /// Who decides to roll back; it is decided at once where left out.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub person: Option<PersonSpec>,
        }

        impl DetectionSpec {
            /// Returns what is given, by its key: one, unless the entry is wrong.
            pub fn all(&self) -> Vec<(&'static str, Arc<dyn DetectorSpec>)> {
                let all: Vec<Option<(&'static str, Arc<dyn DetectorSpec>)>> =
                    vec![$(self.$key.clone().map(|spec| ($name, Arc::new(spec) as _)),)*];
                all.into_iter().flatten().collect()
            }

            /// Returns one valid spec of every kind, by its key: what documentation and the contract tests loop
            /// over.
            pub fn examples() -> Vec<(&'static str, Self)> {
                vec![$(($name, Self { $key: Some(<$spec>::default()), ..Self::default() }),)*]
            }
        }
    };
}

detectors! {
    /// Looks again and again at figures of the new version.
    analysis, "analysis": analysis::Analysis,
    /// Alerts when a figure has been above a bound for long enough.
    alert, "alert": alert::Alert,
    /// Alerts when the error budget of an objective is spent too fast, over a long window and a short one.
    burn_rate, "burnRate": burn_rate::BurnRate,
}

/// A person who decides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PersonSpec {
    /// From the alert until somebody looks; no time where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledge: Option<DistributionSpec<SimDuration>>,
    /// From then until it is decided; no time where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decide: Option<DistributionSpec<SimDuration>>,
}
