//! In turn in proportion to weights, each server its whole share at once: pingora's list.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::balancer::{Attempt, Balancer, Pick, Policy, Rotation};
use crate::rng::Bits;

/// Walks a list in which every server stands as often as its weight says, one entry after the other
/// (pingora-load-balancing, `Weighted<RoundRobin>` as of commit c0845a86): weights 8, 1 and 1 make
/// bursts of eight.
///
/// Weights are rounded to whole numbers, to one at least. Where servers join or leave the walk goes on at
/// the count of the picks so far, where pingora begins anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PingoraWeighted {}

impl Policy for PingoraWeighted {
    fn build(&self) -> Box<dyn Balancer> {
        Box::new(State::default())
    }

    fn example() -> Self {
        Self {}
    }

    fn weighs(&self) -> bool {
        true
    }
}

/// The list is not written out: by place, how many entries stand up to the end of its own.
#[derive(Debug, Default)]
struct State {
    ends: Vec<u64>,
    picks: u64,
    /// Filled when it is needed, once for all who come or go at one instant.
    stale: bool,
}

impl Balancer for State {
    fn pick(&mut self, _attempt: &Attempt, rotation: &Rotation, _bits: &mut dyn Bits) -> Pick {
        if std::mem::take(&mut self.stale) {
            self.ends.clear();
            let mut sum = 0_u64;
            for member in rotation.members() {
                sum += ((member.weight + 0.5) as u64).max(1);
                self.ends.push(sum);
            }
        }
        let entry = self.picks % self.ends.last().copied().unwrap_or(1);
        self.picks += 1;
        Pick { position: self.ends.partition_point(|&end| end <= entry) }
    }

    fn on_membership(&mut self, _rotation: &Rotation) {
        self.stale = true;
    }
}
