//! Rollout strategies, one file each: how many servers of each version there are to be, and where traffic goes.
//!
//! A strategy is asked whenever something changed: a server came into service or left it, another number of
//! servers is wanted, an analysis has come to an end, or the time has come that it named itself. It answers
//! with what is to be from now on; whoever asks orders servers and gives them back. The previous version is
//! called *stable*, the new one *canary*, as Argo Rollouts does, whichever strategy it is.

mod back;
pub mod blue_green;
pub mod canary;
mod progress;
pub mod progressive;
pub mod recreate;
pub mod rolling;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::fmt::Debug;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::detector::Status;
use super::detector::analysis::Analysis;
use crate::choice;
use crate::time::{SimDuration, SimTime};

/// What is there of one version in one pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Servers {
    /// Servers that count towards the pool, those that start among them; those that drain are not.
    pub spec: u32,
    /// Those of them in service.
    pub ready: u32,
    /// Those of them in service for [`StrategySpec::min_ready`] at least.
    pub available: u32,
    /// Servers that no longer count towards the pool and still finish what they have.
    pub draining: u32,
}

/// One pool of the service, as a strategy sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolSeen {
    /// Servers that the pool is to have, whoever decided it.
    pub replicas: u32,
    /// The previous version.
    pub stable: Servers,
    /// The new version.
    pub canary: Servers,
}

/// What a strategy sees.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The present.
    pub now: SimTime,
    /// The pools of the service.
    pub pools: &'a [PoolSeen],
    /// How the analysis stands that the last answer asked for; `Running` where it asked for none.
    pub analysis: Status,
}

/// Servers of each version that a pool is to have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Of the previous version.
    pub stable: u32,
    /// Of the new version.
    pub canary: u32,
}

/// What is to be from now on.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// By pool.
    pub targets: Vec<Target>,
    /// The share of traffic that is routed to the new version; by servers where `None`. Only a strategy that
    /// [routes](StrategySpec::routes) gives one.
    pub weight: Option<f64>,
    /// Which of [`StrategySpec::analyses`] is to go on; it begins anew where the last answer named none or
    /// another.
    pub analysis: Option<usize>,
    /// When to ask again even if nothing changes.
    pub wake: Option<SimTime>,
    /// How far it is.
    pub state: Progress,
    /// What begins now, in the words of the strategy, for the log: `setWeight 5`, `pause 5m`. Told once, in the
    /// answer with which it begins.
    pub step: Option<String>,
}

/// How far a rollout is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It goes on.
    Going,
    /// Nothing has come nearer for as long as the progress deadline allows; it goes on trying.
    Stuck,
    /// It has given up and asks to be rolled back; why, in words.
    Aborted(String),
    /// All servers are of the version that was wanted: the new one, or, turned round, the previous one.
    Done,
}

/// A rollout that goes on.
pub trait RolloutStrategy: Debug {
    /// Answers what is to be from now on. Asked again at once after servers were ordered or given back, until
    /// the answer stays the same.
    fn next_action(&mut self, seen: &Seen<'_>) -> Action;

    /// Turns round: from now on all servers are to be of the previous version, by the strategy's own rules for
    /// numbers, without pauses and analyses. Also called on a strategy that has just been built, where the
    /// new version has already been promoted and no server of the previous one may be left.
    fn turn_back(&mut self, now: SimTime);
}

/// A strategy as written in the scenario.
pub trait StrategySpec: Debug + Send + Sync {
    /// Builds the state of one rollout.
    fn build(&self) -> Box<dyn RolloutStrategy>;

    /// Returns what is wrong with the parameters, as (path within the strategy, message, remedy).
    fn problems(&self) -> Vec<(String, String, String)>;

    /// Returns for how long a server must be in service until it counts as available.
    fn min_ready(&self) -> SimDuration {
        SimDuration::ZERO
    }

    /// Tells whether traffic is routed by weight, whatever the number of servers.
    fn routes(&self) -> bool {
        false
    }

    /// Tells whether it may ask to be rolled back although no analysis has failed.
    fn gives_up(&self) -> bool {
        false
    }

    /// Returns the analyses that its steps ask for.
    fn analyses(&self) -> Vec<Analysis> {
        Vec::new()
    }

    /// Returns the shortest time from its start to the promotion as far as its own pauses and analyses tell it.
    fn shortest(&self) -> SimDuration {
        SimDuration::ZERO
    }
}

/// Declares the choice among all strategies: a variant, the name it is written by, its spec.
///
/// A new strategy is a file, its `mod` line, and here two lines.
macro_rules! strategies {
    ($($(#[$attribute:meta])* $variant:ident($name:literal, $spec:path);)*) => {
        /// How servers of a new version take the place of the others, as a map with one key.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        #[schemars(transform = choice::maps_are_words)]
        pub enum TaggedStrategy {
            $($(#[$attribute])* #[serde(rename = $name)] $variant($spec),)*
        }

        impl RolloutSpec {
            /// Returns the name that it is written by.
            pub fn name(&self) -> &'static str {
                match &self.0 { $(TaggedStrategy::$variant(_) => $name,)* }
            }

            /// Returns what answers for it.
            pub fn spec(&self) -> Arc<dyn StrategySpec> {
                match &self.0 { $(TaggedStrategy::$variant(spec) => Arc::new(spec.clone()),)* }
            }

            /// Returns one valid spec of every strategy: what documentation and the contract tests loop over.
            pub fn examples() -> Vec<Self> {
                vec![$(Self(TaggedStrategy::$variant(<$spec>::default())),)*]
            }
        }
    };
}

strategies! {
    /// All servers of the previous version stop, then all of the new one start.
    Recreate("recreate", recreate::Recreate);
    /// Servers of the new version take the place of the others a few at a time.
    Rolling("rolling", rolling::Rolling);
    /// A whole second fleet of the new version takes all of the traffic at once.
    BlueGreen("blueGreen", blue_green::BlueGreen);
    /// The new version gets its share of servers, and of traffic, step by step.
    Canary("canary", canary::Canary);
    /// Traffic moves to a whole fleet of the new version a little at every interval, as long as checks pass.
    Progressive("progressive", progressive::Progressive);
}

/// How servers of a new version take the place of the others: a name, or a map from the name to its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct RolloutSpec(pub TaggedStrategy);

impl From<TaggedStrategy> for RolloutSpec {
    fn from(tagged: TaggedStrategy) -> Self {
        Self(tagged)
    }
}

impl<'de> Deserialize<'de> for RolloutSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        choice::read::<D, TaggedStrategy, Self>(deserializer, "a rollout such as rolling", bare)
    }
}

/// A bare name is the strategy with its parameters left out.
fn bare(name: &str) -> Result<RolloutSpec, String> {
    let map = serde_json::Map::from_iter([(name.to_owned(), serde_json::json!({}))]);
    TaggedStrategy::deserialize(serde_json::Value::Object(map)).map(RolloutSpec).map_err(|_| {
        let names: Vec<&str> = RolloutSpec::examples().iter().map(RolloutSpec::name).collect();
        format!("`{name}` is not a rollout; write one of {}", names.join(", "))
    })
}
