//! At random in proportion to weights.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::balancer::{Attempt, Balancer, Pick, Policy, Rotation};
use crate::rng::{Bits, index_below};

/// Picks a server with a probability in proportion to its weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WeightedRandom {}

impl Policy for WeightedRandom {
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

/// Walker's alias method (1977), built as by Vose (1991): one draw and one look whatever the fleet.
#[derive(Debug, Default)]
struct State {
    /// By place: draws below the threshold stay, others go to the alias.
    cells: Vec<(u32, u32)>,
    /// Who is in rotation has changed since the cells were filled: they are filled when they are needed,
    /// once for all who come or go at one instant.
    stale: bool,
}

impl Balancer for State {
    fn pick(&mut self, _attempt: &Attempt, rotation: &Rotation, bits: &mut dyn Bits) -> Pick {
        if self.stale {
            self.fill(rotation);
        }
        let draw = bits.next_bits();
        let position = index_below((draw >> 32) as u32, rotation.len());
        let (threshold, alias) = self.cells[position];
        Pick { position: if (draw as u32) <= threshold { position } else { alias as usize } }
    }

    fn on_membership(&mut self, _rotation: &Rotation) {
        self.stale = true;
    }
}

impl State {
    #[cold]
    fn fill(&mut self, rotation: &Rotation) {
        self.stale = false;
        let total: f64 = rotation.members().iter().map(|member| member.weight).sum();
        let scale = rotation.len() as f64 / total;
        let mut shares: Vec<f64> = rotation.members().iter().map(|member| member.weight * scale).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..shares.len()).partition(|&place| shares[place] < 1.0);
        // Whoever remains in either list has a share of one but for rounding: it always stays.
        self.cells = (0..shares.len()).map(|place| (u32::MAX, place as u32)).collect();
        while let (Some(&poor), Some(&rich)) = (small.last(), large.last()) {
            small.pop();
            self.cells[poor] = ((shares[poor] * f64::from(u32::MAX)) as u32, rich as u32);
            shares[rich] -= 1.0 - shares[poor];
            if shares[rich] < 1.0 {
                large.pop();
                small.push(rich);
            }
        }
    }
}
