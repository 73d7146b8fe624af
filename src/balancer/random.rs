//! Uniformly at random.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::balancer::{Attempt, Balancer, Pick, Policy, Rotation};
use crate::rng::{Bits, index_below};

/// Picks any server with the same probability: n servers become n independent queues, the
/// baseline every other policy has to beat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Random {}

impl Policy for Random {
    fn build(&self) -> Box<dyn Balancer> {
        Box::new(State)
    }

    fn example() -> Self {
        Self {}
    }
}

#[derive(Debug)]
struct State;

impl Balancer for State {
    fn pick(&mut self, _attempt: &Attempt, rotation: &Rotation, bits: &mut dyn Bits) -> Pick {
        Pick { position: index_below((bits.next_bits() >> 32) as u32, rotation.len()) }
    }
}
