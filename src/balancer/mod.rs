//! Balancers: who picks the server, one file each.
//!
//! A policy answers questions over a [`Rotation`] it may only read, and draws from a stream of
//! its own, so that it never changes who comes or what they want. It knows neither the scenario
//! file nor the event queue.
//!
//! To add one: a file with the spec (a serde struct whose fields are its parameters, with `Policy`)
//! beside its state, and here three lines: `mod`, and the doc comment and the row of its variant. The
//! tests below loop over all.
//!
//! What several policies share stands in files of its own: [`edf`] (earliest deadline first),
//! [`ewma`] (moving averages of response times), [`ring`] and [`table`] (consistent hashing),
//! `places`, `slow_start` and `tournament`.

mod bounded_load_hash;
pub mod edf;
pub mod ewma;
mod join_idle_queue;
mod least_connections;
mod least_request;
mod least_response_time;
mod maglev;
mod peak_ewma;
mod pingora_weighted;
mod places;
mod prequal;
mod random;
pub mod ring;
mod ring_hash;
mod rotation;
mod round_robin;
mod slow_start;
mod smooth_weighted_round_robin;
pub mod table;
mod tournament;
mod weighted_least_connections;
mod weighted_random;

use std::fmt::Debug;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use rotation::{Member, Rotation};

use crate::choice;
use crate::ids::ServerId;
use crate::rng::Bits;
use crate::time::{SimDuration, SimTime};
use crate::workload::Outcome;

/// Picks a server for every attempt. All but [`Balancer::pick`] have empty defaults.
pub trait Balancer: Debug {
    /// Picks a place in the rotation, which is never empty.
    fn pick(&mut self, attempt: &Attempt, rotation: &Rotation, bits: &mut dyn Bits) -> Pick;

    /// Tells whether [`Balancer::on_sent`] and [`Balancer::on_done`] are to be called at all; read
    /// once. A policy that goes by the counts of the [`Rotation`] alone saves two calls a request.
    fn follows_attempts(&self) -> bool {
        false
    }

    /// Learns that an attempt was sent to a place; its count in flight already includes it.
    fn on_sent(&mut self, _position: usize, _rotation: &Rotation) {}

    /// Learns that an attempt at a place ended; its count in flight no longer includes it.
    fn on_done(&mut self, _position: usize, _end: End, _rotation: &Rotation) {}

    /// Learns who is in rotation: called once, before the first pick, and by default whenever servers
    /// joined or left, so that places may have changed.
    fn on_membership(&mut self, _rotation: &Rotation) {}

    /// Learns that a server joined, at the last place. Behind a central queue this happens whenever a
    /// server has a free slot again: keep it cheap.
    fn on_join(&mut self, _position: usize, rotation: &Rotation) {
        self.on_membership(rotation);
    }

    /// Learns that the server at a place left, and who was `moved` from the last place to this one, if
    /// anyone (what [`Rotation::leave`] returned). Behind a central queue this happens whenever a
    /// server fills up.
    fn on_leave(&mut self, _position: usize, _moved: Option<ServerId>, rotation: &Rotation) {
        self.on_membership(rotation);
    }

    /// Returns how many servers it wants to ask after each pick how busy they are, and how long an
    /// answer takes; read once.
    fn probing(&self) -> Option<Probing> {
        None
    }

    /// Learns how busy a server was, half of [`Probing::delay`] ago.
    fn on_probe(&mut self, _position: usize, _busy: Busy, _rotation: &Rotation) {}

    /// Tells whether servers that have nothing left to do tell one balancer, drawn at random; read once.
    fn hears_of_idle(&self) -> bool {
        false
    }

    /// Learns that a server has nothing left to do.
    fn on_idle(&mut self, _position: usize, _rotation: &Rotation) {}
}

/// What is to be placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The present.
    pub now: SimTime,
    /// The hash of the customer's key; 0 unless the balancer [needs one](BalancerSpec::needs_key).
    pub key: u64,
}

/// Which servers are asked how busy they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probing {
    /// After each pick: whole ones always, one more with the chance of the fraction.
    pub per_pick: f64,
    /// From a question to its answer.
    pub delay: SimDuration,
}

/// How busy a server was when it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy {
    /// When the answer arrives.
    pub at: SimTime,
    /// Requests in hand or in its queue, whoever sent them.
    pub in_flight: u32,
    /// What the server expects a request to take that comes now: the median of those it served when it
    /// was about as busy; `None` before it served any.
    pub latency: Option<SimDuration>,
}

/// A balancer's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    /// The chosen place in the rotation.
    pub position: usize,
}

/// How an attempt ended, as its balancer sees it.
#[derive(Clone, Copy, Debug)]
pub struct End {
    /// The outcome.
    pub outcome: Outcome,
    /// From the arrival to the end.
    pub latency: SimDuration,
    /// The present.
    pub at: SimTime,
}

/// A parameter that is wrong: its key, what is wrong, what to write instead.
pub type Problem = (&'static str, String, String);

/// A kind of balancer: what its spec knows about it.
pub(crate) trait Policy: Sized {
    /// Builds the state of one run.
    fn build(&self) -> Box<dyn Balancer>;

    /// Returns a valid spec.
    fn example() -> Self;

    /// Returns what is wrong with the parameters.
    fn problems(&self) -> Vec<Problem> {
        Vec::new()
    }

    /// Tells whether it goes by the customer's key.
    fn needs_key(&self) -> bool {
        false
    }

    /// Tells whether it looks at how busy servers are, so that work goes to whoever has room.
    fn sees_load(&self) -> bool {
        false
    }

    /// Tells whether, without a look at how busy they are, servers get shares by weight.
    fn weighs(&self) -> bool {
        false
    }
}

/// Declares the choice among all policies: a variant, the name it is written by, its spec.
macro_rules! policies {
    ($($(#[$attribute:meta])* $variant:ident($name:literal, $spec:path);)*) => {
        /// The choice of a balancer, as written in the scenario.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        #[schemars(transform = with_alias, transform = choice::maps_are_words)]
        pub enum BalancerSpec {
            $($(#[$attribute])* #[serde(rename = $name)] $variant($spec),)*
        }

        impl BalancerSpec {
            /// Builds the state of one run.
            pub fn build(&self) -> Box<dyn Balancer> {
                match self { $(Self::$variant(spec) => spec.build(),)* }
            }

            /// Returns one valid spec of every kind, named as in the scenario file: what
            /// documentation, benchmarks and the contract tests loop over.
            pub fn examples() -> Vec<(&'static str, Self)> {
                vec![$(($name, Self::$variant(Policy::example())),)*]
            }

            /// Returns what is wrong with the parameters.
            pub fn problems(&self) -> Vec<Problem> {
                match self { $(Self::$variant(spec) => spec.problems(),)* }
            }

            /// Tells whether it goes by the customer's key.
            pub fn needs_key(&self) -> bool {
                match self { $(Self::$variant(spec) => spec.needs_key(),)* }
            }

            /// Tells whether it looks at how busy servers are, so that work goes to whoever has room.
            pub fn sees_load(&self) -> bool {
                match self { $(Self::$variant(spec) => spec.sees_load(),)* }
            }

            /// Tells whether, without a look at how busy they are, servers get shares by weight.
            pub fn weighs(&self) -> bool {
                match self { $(Self::$variant(spec) => spec.weighs(),)* }
            }
        }
    };
}

policies! {
    /// Uniformly at random.
    Random("random", random::Random);
    /// At random in proportion to weights.
    WeightedRandom("weightedRandom", weighted_random::WeightedRandom);
    /// In turn.
    RoundRobin("roundRobin", round_robin::RoundRobin);
    /// In turn in proportion to weights, evenly interleaved.
    #[serde(alias = "weightedRoundRobin")]
    SmoothWeightedRoundRobin("smoothWeightedRoundRobin", smooth_weighted_round_robin::SmoothWeightedRoundRobin);
    /// In turn in proportion to weights, each server its whole share at once.
    PingoraWeighted("pingoraWeighted", pingora_weighted::PingoraWeighted);
    /// The least in flight of a few chosen at random.
    LeastRequest("leastRequest", least_request::LeastRequest);
    /// The least in flight of all.
    LeastConnections("leastConnections", least_connections::LeastConnections);
    /// The least in flight of all for its weight.
    WeightedLeastConnections("weightedLeastConnections", weighted_least_connections::WeightedLeastConnections);
    /// The least of all by response time and requests in flight.
    LeastResponseTime("leastResponseTime", least_response_time::LeastResponseTime);
    /// The least by peaks of the response time of a few chosen at random.
    PeakEwma("peakEwma", peak_ewma::PeakEwma);
    /// By the customer's key, on a ring.
    RingHash("ringHash", ring_hash::RingHash);
    /// By the customer's key, through a table.
    Maglev("maglev", maglev::Maglev);
    /// By the customer's key, on a ring, with a bound on the load of each server.
    BoundedLoadHash("boundedLoadHash", bounded_load_hash::BoundedLoadHash);
    /// Whoever reported to be idle, else at random.
    JoinIdleQueue("joinIdleQueue", join_idle_queue::JoinIdleQueue);
    /// The best of those asked lately, by requests in flight and latency.
    Prequal("prequal", prequal::Prequal);
}

/// What is read under a second name stands in the schema under both.
fn with_alias(schema: &mut schemars::Schema) {
    let Some(kinds) = schema.get_mut("oneOf").and_then(serde_json::Value::as_array_mut) else { return };
    let named = |kind: &&serde_json::Value| kind["properties"].get("smoothWeightedRoundRobin").is_some();
    if let Some(body) =
        kinds.iter().find(named).map(|kind| kind["properties"]["smoothWeightedRoundRobin"].clone())
    {
        kinds.push(serde_json::json!({
            "description": "Another name of smoothWeightedRoundRobin.",
            "type": "object",
            "properties": {"weightedRoundRobin": body},
            "required": ["weightedRoundRobin"],
            "additionalProperties": false,
        }));
    }
}

impl Default for BalancerSpec {
    fn default() -> Self {
        Self::RoundRobin(round_robin::RoundRobin::default())
    }
}

#[cfg(test)]
mod tests;
