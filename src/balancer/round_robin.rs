//! In turn.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::balancer::{Attempt, Balancer, Pick, Rotation};
use crate::rng::Bits;

/// Picks one server after the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoundRobin {}

impl RoundRobin {
    pub(super) fn build(&self) -> Box<dyn Balancer> {
        Box::new(State { next: 0 })
    }
}

#[derive(Debug)]
struct State {
    next: usize,
}

impl Balancer for State {
    fn pick(&mut self, _attempt: &Attempt, rotation: &Rotation, _bits: &mut dyn Bits) -> Pick {
        let position = if self.next < rotation.len() { self.next } else { 0 };
        self.next = position + 1;
        Pick { position }
    }
}
