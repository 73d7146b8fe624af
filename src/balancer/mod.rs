//! Balancers: who picks the server, one file each.
//!
//! A policy answers questions over a [`Rotation`] it may only read, and draws from a stream of
//! its own, so that it never changes who comes or what they want. It knows neither the scenario
//! file nor the event queue.
//!
//! To add one: a file with the spec (a serde struct whose fields are its parameters) beside its
//! state, and here the `mod` line, a variant and a match arm. The tests below loop over all.

mod least_connections;
mod least_request;
mod random;
mod round_robin;
mod smooth_weighted_round_robin;
mod weighted_random;

use std::fmt::Debug;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

    /// Learns that servers joined or left, so that places may have changed. Also called once
    /// before the first pick.
    fn on_membership(&mut self, _rotation: &Rotation) {}

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

/// The choice of a balancer, as written in the scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(transform = with_alias, transform = choice::maps_are_words)]
pub enum BalancerSpec {
    /// Uniformly at random.
    Random(random::Random),
    /// At random in proportion to weights.
    WeightedRandom(weighted_random::WeightedRandom),
    /// In turn.
    RoundRobin(round_robin::RoundRobin),
    /// In turn in proportion to weights, evenly interleaved.
    #[serde(alias = "weightedRoundRobin")]
    SmoothWeightedRoundRobin(smooth_weighted_round_robin::SmoothWeightedRoundRobin),
    /// The least in flight of a few chosen at random.
    LeastRequest(least_request::LeastRequest),
    /// The least in flight of all.
    LeastConnections(least_connections::LeastConnections),
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
        Self::RoundRobin(round_robin::RoundRobin {})
    }
}

impl BalancerSpec {
    /// Builds the state of one run.
    pub fn build(&self) -> Box<dyn Balancer> {
        match self {
            Self::Random(spec) => spec.build(),
            Self::WeightedRandom(spec) => spec.build(),
            Self::RoundRobin(spec) => spec.build(),
            Self::SmoothWeightedRoundRobin(spec) => spec.build(),
            Self::LeastRequest(spec) => spec.build(),
            Self::LeastConnections(spec) => spec.build(),
        }
    }

    /// Returns one valid spec of every kind, named as in the scenario file: what documentation,
    /// benchmarks and the contract tests loop over.
    pub fn examples() -> Vec<(&'static str, Self)> {
        vec![
            ("random", Self::Random(random::Random {})),
            ("weightedRandom", Self::WeightedRandom(weighted_random::WeightedRandom {})),
            ("roundRobin", Self::RoundRobin(round_robin::RoundRobin {})),
            (
                "smoothWeightedRoundRobin",
                Self::SmoothWeightedRoundRobin(smooth_weighted_round_robin::SmoothWeightedRoundRobin {}),
            ),
            ("leastRequest", Self::LeastRequest(least_request::LeastRequest::default())),
            ("leastConnections", Self::LeastConnections(least_connections::LeastConnections {})),
        ]
    }

    /// Tells whether it goes by the customer's key.
    pub fn needs_key(&self) -> bool {
        false
    }

    /// Returns what is wrong with the parameters, as (parameter, message, remedy).
    pub fn problems(&self) -> Vec<(&'static str, String, String)> {
        match self {
            Self::LeastRequest(spec) => spec.problems(),
            _ => Vec::new(),
        }
    }
}

/// What is fixed about a server in rotation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Member {
    /// The server, by its launch ordinal.
    pub server: ServerId,
    /// Its pool within the service.
    pub pool: u16,
    /// Its zone.
    pub zone: u16,
    /// The version it runs.
    pub version: u16,
    /// Its weight; capacity unless the scenario says otherwise.
    pub weight: f64,
    /// When it came into service.
    pub since: SimTime,
}

/// The servers in rotation, dense, with this balancer's own counts in flight.
///
/// A place is an index into it. Who leaves is replaced by the last, so places move; the launch
/// ordinal of a server does not.
#[derive(Debug, Default)]
pub struct Rotation {
    members: Vec<Member>,
    in_flight: Vec<u32>,
}

impl Rotation {
    /// Returns how many servers are in rotation.
    #[inline]
    pub fn len(&self) -> usize {
        self.in_flight.len()
    }

    /// Tells whether no server is in rotation.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.in_flight.is_empty()
    }

    /// Returns the server at a place.
    #[inline]
    pub fn server(&self, position: usize) -> ServerId {
        self.members[position].server
    }

    /// Returns all servers, by place.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Returns the attempts in flight, by place.
    #[inline]
    pub fn in_flight(&self) -> &[u32] {
        &self.in_flight
    }

    /// Takes a server in, with what it has in flight, and returns its place.
    pub fn join(&mut self, member: Member, in_flight: u32) -> usize {
        self.members.push(member);
        self.in_flight.push(in_flight);
        self.members.len() - 1
    }

    /// Takes a server out and returns the one that now stands in its place, if any.
    pub fn leave(&mut self, position: usize) -> Option<ServerId> {
        self.members.swap_remove(position);
        self.in_flight.swap_remove(position);
        self.members.get(position).map(|member| member.server)
    }

    /// Counts an attempt sent to a place.
    #[inline]
    pub fn sent(&mut self, position: usize) {
        self.in_flight[position] += 1;
    }

    /// Counts an attempt at a place that ended.
    #[inline]
    pub fn done(&mut self, position: usize) {
        self.in_flight[position] -= 1;
    }
}

#[cfg(test)]
mod tests;
