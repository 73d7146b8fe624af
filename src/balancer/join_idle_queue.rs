//! Whoever reported to be idle, else at random.

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::balancer::places::Places;
use crate::balancer::{Attempt, Balancer, Pick, Policy, Rotation};
use crate::ids::ServerId;
use crate::rng::{Bits, index_below};

/// Picks the server that reported first, of those that reported to have nothing left to do and were not
/// picked since; where there is none, any at random (Lu et al., "Join-Idle-Queue: A novel load balancing
/// algorithm for dynamically scalable web services", 2011: idle queues in order of joining, random else).
///
/// With several balancers each report goes to one of them, drawn at random (JIQ-Random). A server stays in
/// the queue though others send it work meanwhile, as in the paper.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JoinIdleQueue {}

impl Policy for JoinIdleQueue {
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

#[derive(Debug, Default)]
struct State {
    /// Launch ordinals; those who left since are passed over.
    idle: VecDeque<usize>,
    /// By launch ordinal: is in the queue, where it stands once.
    queued: Vec<bool>,
    places: Places,
}

impl Balancer for State {
    fn pick(&mut self, _attempt: &Attempt, rotation: &Rotation, bits: &mut dyn Bits) -> Pick {
        while let Some(ordinal) = self.idle.pop_front() {
            self.queued[ordinal] = false;
            if let Some(position) = self.places.of(ordinal) {
                return Pick { position };
            }
        }
        Pick { position: index_below((bits.next_bits() >> 32) as u32, rotation.len()) }
    }

    fn hears_of_idle(&self) -> bool {
        true
    }

    fn on_idle(&mut self, position: usize, _rotation: &Rotation) {
        let ordinal = self.places.at(position);
        if self.queued.len() <= ordinal {
            self.queued.resize(ordinal + 1, false);
        }
        if !std::mem::replace(&mut self.queued[ordinal], true) {
            self.idle.push_back(ordinal);
        }
    }

    fn on_membership(&mut self, rotation: &Rotation) {
        self.places.renew(rotation);
    }

    fn on_join(&mut self, position: usize, rotation: &Rotation) {
        self.places.join(position, rotation);
    }

    fn on_leave(&mut self, position: usize, _moved: Option<ServerId>, _rotation: &Rotation) {
        self.places.leave(position);
    }
}
