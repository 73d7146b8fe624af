//! The least by peaks of the response time of a few chosen at random.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::balancer::ewma::{Finagle, Tower};
use crate::balancer::{Attempt, Balancer, End, Pick, Policy, Problem, Rotation};
use crate::ids::ServerId;
use crate::rng::{Bits, index_below};
use crate::time::{SimDuration, SimTime};

/// Draws `choiceCount` different servers and picks the one that costs least: a moving average of its
/// response times that jumps to peaks, times its attempts in flight and one more; on a tie the one drawn
/// first. As Linkerd and Finagle do with two.
///
/// Every end counts with the time it took, errors too, as in both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PeakEwma {
    /// How many different servers are drawn.
    #[schemars(range(min = 1, max = MAX_CHOICES))]
    choice_count: u32,
    /// After so long 37 % of an average remain.
    decay: SimDuration,
    /// What a server without a history is thought to take; Tower's form only.
    default_rtt: SimDuration,
    /// Whose cost it is.
    variant: Variant,
}

/// Whose cost a server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PeakEwmaVariant")]
pub(super) enum Variant {
    /// Tower's, and with it Linkerd's: begins at `defaultRtt`.
    Tower,
    /// Finagle's: a server without a history is tried once, then not until it has answered.
    Finagle,
}

const MAX_CHOICES: u32 = 64;

impl Default for PeakEwma {
    /// Linkerd's: two choices, ten seconds, 30 ms.
    fn default() -> Self {
        Self {
            choice_count: 2,
            decay: SimDuration::from_secs(10),
            default_rtt: SimDuration::from_nanos(30_000_000),
            variant: Variant::Tower,
        }
    }
}

impl Policy for PeakEwma {
    fn build(&self) -> Box<dyn Balancer> {
        Box::new(State { spec: self.clone(), metrics: Vec::new(), drawn: Vec::new() })
    }

    fn example() -> Self {
        Self::default()
    }

    fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        if !(1..=MAX_CHOICES).contains(&self.choice_count) {
            let message = format!("{} choices are not between 1 and {MAX_CHOICES}", self.choice_count);
            found.push(("choiceCount", message, "write for example choiceCount: 2".to_owned()));
        }
        if self.decay.is_zero() {
            let message = "an average that decays in no time is none".to_owned();
            found.push(("decay", message, "write for example decay: 10s".to_owned()));
        }
        found
    }

    fn sees_load(&self) -> bool {
        true
    }
}

#[derive(Clone, Copy, Debug)]
enum Metric {
    Tower(Tower),
    Finagle(Finagle),
}

/// Costs are brought up to date where they are looked at: a pick costs its choices, whatever the fleet.
#[derive(Debug)]
struct State {
    spec: PeakEwma,
    /// By launch ordinal: who is back after a while has its history.
    metrics: Vec<Option<Metric>>,
    drawn: Vec<usize>,
}

impl State {
    fn cost(&mut self, now: SimTime, position: usize, rotation: &Rotation) -> f64 {
        let (pending, decay) = (rotation.in_flight()[position], self.spec.decay);
        match &mut self.metrics[rotation.members()[position].nth as usize] {
            Some(Metric::Tower(metric)) => metric.load(now, pending, decay),
            Some(Metric::Finagle(metric)) => metric.load(now, pending, decay),
            None => 0.0,
        }
    }

    /// Draws different places, each set of them with the same probability: of two, the second from all but
    /// the first, as Finagle does.
    fn draw(&mut self, n: usize, bits: &mut dyn Bits) {
        self.drawn.clear();
        for taken in 0..(self.spec.choice_count as usize).min(n) {
            let mut place = index_below((bits.next_bits() >> 32) as u32, n - taken);
            if taken == 1 {
                place += usize::from(place >= self.drawn[0]);
            } else if taken > 1 {
                let mut before = self.drawn.clone();
                before.sort_unstable();
                for other in before {
                    place += usize::from(place >= other);
                }
            }
            self.drawn.push(place);
        }
    }
}

impl Balancer for State {
    fn pick(&mut self, attempt: &Attempt, rotation: &Rotation, bits: &mut dyn Bits) -> Pick {
        self.draw(rotation.len(), bits);
        let mut best = (self.drawn[0], self.cost(attempt.now, self.drawn[0], rotation));
        for index in 1..self.drawn.len() {
            let place = self.drawn[index];
            let cost = self.cost(attempt.now, place, rotation);
            if cost < best.1 {
                best = (place, cost);
            }
        }
        Pick { position: best.0 }
    }

    fn follows_attempts(&self) -> bool {
        true
    }

    fn on_done(&mut self, position: usize, end: End, rotation: &Rotation) {
        let decay = self.spec.decay;
        match &mut self.metrics[rotation.members()[position].nth as usize] {
            Some(Metric::Tower(metric)) => metric.observe(end.at, end.latency, decay),
            Some(Metric::Finagle(metric)) => metric.observe(end.at, end.latency, decay),
            None => {}
        }
    }

    fn on_membership(&mut self, rotation: &Rotation) {
        (0..rotation.len()).for_each(|position| self.on_join(position, rotation));
    }

    fn on_join(&mut self, position: usize, rotation: &Rotation) {
        let member = &rotation.members()[position];
        let ordinal = member.nth as usize;
        if self.metrics.len() <= ordinal {
            self.metrics.resize(ordinal + 1, None);
        }
        let new = match self.spec.variant {
            Variant::Tower => Metric::Tower(Tower::new(self.spec.default_rtt, member.since)),
            Variant::Finagle => Metric::Finagle(Finagle::default()),
        };
        self.metrics[ordinal].get_or_insert(new);
    }

    fn on_leave(&mut self, _position: usize, _moved: Option<ServerId>, _rotation: &Rotation) {}
}
