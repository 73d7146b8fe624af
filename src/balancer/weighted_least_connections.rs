//! The least in flight of all for its weight.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::balancer::tournament::{Tournament, ordered};
use crate::balancer::{Attempt, Balancer, End, Pick, Policy, Rotation};
use crate::ids::ServerId;
use crate::rng::Bits;

/// Picks the server with the lowest (in flight + 1) / weight, idle ones first; among equals the one that
/// came to its count first, as HAProxy's `leastconn` does.
///
/// HAProxy's manual says connections / weight; its code (`fwlc_queue_srv` in src/lb_fwlc.c) adds the
/// connection to come and puts idle servers first whatever their weights. It follows the code. HAProxy
/// truncates the quotient to whole 4096ths, and deals equals to several lists since version 3; neither is
/// done here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WeightedLeastConnections {}

impl Policy for WeightedLeastConnections {
    fn build(&self) -> Box<dyn Balancer> {
        Box::new(State::default())
    }

    fn example() -> Self {
        Self {}
    }

    fn sees_load(&self) -> bool {
        true
    }
}

/// A tournament of (load, when it came to it): a pick is one look, every change a logarithm of the fleet.
#[derive(Debug, Default)]
struct State {
    tournament: Tournament,
    changes: u64,
}

impl State {
    fn key(&mut self, position: usize, rotation: &Rotation) -> (u64, u64) {
        self.changes += 1;
        let load = match rotation.in_flight()[position] {
            0 => 0.0,
            count => (f64::from(count) + 1.0) / rotation.members()[position].weight,
        };
        (ordered(load), self.changes)
    }
}

impl Balancer for State {
    fn pick(&mut self, _attempt: &Attempt, _rotation: &Rotation, _bits: &mut dyn Bits) -> Pick {
        Pick { position: self.tournament.least() }
    }

    fn follows_attempts(&self) -> bool {
        true
    }

    fn on_sent(&mut self, position: usize, rotation: &Rotation) {
        let key = self.key(position, rotation);
        self.tournament.set(position, key);
    }

    fn on_done(&mut self, position: usize, _end: End, rotation: &Rotation) {
        let key = self.key(position, rotation);
        self.tournament.set(position, key);
    }

    fn on_membership(&mut self, rotation: &Rotation) {
        self.tournament.clear();
        (0..rotation.len()).for_each(|position| self.on_join(position, rotation));
    }

    fn on_join(&mut self, position: usize, rotation: &Rotation) {
        let key = self.key(position, rotation);
        self.tournament.push(key);
    }

    fn on_leave(&mut self, position: usize, _moved: Option<ServerId>, _rotation: &Rotation) {
        self.tournament.swap_remove(position);
    }
}
