//! The least in flight of a few chosen at random: power of d choices.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::balancer::{Attempt, Balancer, Pick, Rotation};
use crate::rng::{Bits, index_below};

/// Draws `choiceCount` servers with replacement, as Envoy does, and picks the one with the fewest
/// attempts in flight; on a tie the one drawn first.
///
/// Limit for many servers: the supermarket model (Mitzenmacher 1996; Vvedenskaya, Dobrushin &
/// Karpelevich 1996).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LeastRequest {
    /// How many servers are drawn, with replacement.
    #[schemars(range(min = 1, max = MAX_CHOICES))]
    choice_count: u32,
}

/// More choices than this cost time and gain nothing over `leastConnections`.
const MAX_CHOICES: u32 = 64;

impl Default for LeastRequest {
    fn default() -> Self {
        Self { choice_count: 2 }
    }
}

impl LeastRequest {
    /// Returns how many servers are drawn.
    pub fn choice_count(&self) -> u32 {
        self.choice_count
    }

    pub(super) fn build(&self) -> Box<dyn Balancer> {
        match self.choice_count {
            2 => Box::new(TwoChoices),
            choices => Box::new(Choices(choices)),
        }
    }

    pub(super) fn problems(&self) -> Vec<(&'static str, String, String)> {
        if (1..=MAX_CHOICES).contains(&self.choice_count) {
            return Vec::new();
        }
        let message = format!("{} choices are not between 1 and {MAX_CHOICES}", self.choice_count);
        vec![("choiceCount", message, "write for example choiceCount: 2, or use leastConnections".to_owned())]
    }
}

/// The common case: one draw gives both choices, and neither is taken by a branch (which of two
/// random servers has less in flight is what a branch predictor cannot know).
#[derive(Debug)]
struct TwoChoices;

impl Balancer for TwoChoices {
    fn pick(&mut self, _attempt: &Attempt, rotation: &Rotation, bits: &mut dyn Bits) -> Pick {
        let draw = bits.next_bits();
        let first = index_below((draw >> 32) as u32, rotation.len());
        let second = index_below(draw as u32, rotation.len());
        let in_flight = rotation.in_flight();
        let less = usize::from(in_flight[second] < in_flight[first]);
        Pick { position: first ^ ((first ^ second) & less.wrapping_neg()) }
    }
}

#[derive(Debug)]
struct Choices(u32);

impl Balancer for Choices {
    fn pick(&mut self, _attempt: &Attempt, rotation: &Rotation, bits: &mut dyn Bits) -> Pick {
        let in_flight = rotation.in_flight();
        let mut draw = || index_below((bits.next_bits() >> 32) as u32, rotation.len());
        let mut best = draw();
        for _ in 1..self.0 {
            let other = draw();
            if in_flight[other] < in_flight[best] {
                best = other;
            }
        }
        Pick { position: best }
    }
}
