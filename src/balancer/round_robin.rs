//! In turn.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::balancer::edf::Edf;
use crate::balancer::places::Places;
use crate::balancer::slow_start::SlowStart;
use crate::balancer::{Attempt, Balancer, Pick, Policy, Problem, Rotation};
use crate::ids::ServerId;
use crate::rng::Bits;
use crate::time::SimTime;

/// Picks one server after the other; with `slowStart` new ones less often at first, as Envoy does with
/// equal weights. It looks at no weights.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RoundRobin {
    /// How new servers get less at first.
    #[serde(skip_serializing_if = "Option::is_none")]
    slow_start: Option<SlowStart>,
}

impl Policy for RoundRobin {
    fn build(&self) -> Box<dyn Balancer> {
        match &self.slow_start {
            None => Box::new(State { next: 0 }),
            Some(slow) => Box::new(Slow {
                slow: slow.clone(),
                now: SimTime::ZERO,
                edf: Edf::default(),
                places: Places::default(),
            }),
        }
    }

    fn example() -> Self {
        Self::default()
    }

    fn problems(&self) -> Vec<Problem> {
        self.slow_start.as_ref().map(SlowStart::problems).unwrap_or_default()
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

    fn on_join(&mut self, _position: usize, _rotation: &Rotation) {}

    fn on_leave(&mut self, _position: usize, _moved: Option<ServerId>, _rotation: &Rotation) {}
}

/// Turns that are rarer for new servers.
#[derive(Debug)]
struct Slow {
    slow: SlowStart,
    /// The last pick.
    now: SimTime,
    edf: Edf,
    places: Places,
}

impl Balancer for Slow {
    fn pick(&mut self, attempt: &Attempt, rotation: &Rotation, _bits: &mut dyn Bits) -> Pick {
        self.now = attempt.now;
        let (slow, places) = (&self.slow, &self.places);
        let since = |ordinal| places.of(ordinal).map_or(SimTime::ZERO, |at| rotation.members()[at].since);
        let picked = self.edf.pick(|ordinal| slow.factor(attempt.now, since(ordinal)));
        Pick { position: picked.and_then(|ordinal| places.of(ordinal)).unwrap_or(0) }
    }

    fn on_membership(&mut self, rotation: &Rotation) {
        self.places.renew(rotation);
        self.edf.clear();
        for position in 0..rotation.len() {
            self.edf.add(self.places.at(position), 1.0);
        }
    }

    fn on_join(&mut self, position: usize, rotation: &Rotation) {
        let since = rotation.members()[position].since;
        let weight = self.slow.factor(self.now.max(since), since);
        self.edf.add(self.places.join(position, rotation), weight);
    }

    fn on_leave(&mut self, position: usize, _moved: Option<ServerId>, _rotation: &Rotation) {
        self.edf.remove(self.places.leave(position));
    }
}
