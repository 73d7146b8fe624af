//! By the customer's key, on a ring, with a bound on the load of each server.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::balancer::ring::Hash;
use crate::balancer::ring_hash::{MAX_POINTS, Points, sizes};
use crate::balancer::{Attempt, Balancer, End, Pick, Policy, Problem, Rotation};
use crate::ids::ServerId;
use crate::rng::Bits;
use crate::units::Ratio;

/// Picks as `ringHash` with xxHash64, but passes over servers that are full: it walks on, point by point, to
/// the first server with room (Mirrokni, Thorup & Zadimoghaddam, "Consistent Hashing with Bounded Loads",
/// 2016; HAProxy's `hash-balance-factor`).
///
/// A server has room while it has fewer attempts in flight than its share by weight, rounded up, of
/// balanceFactor times all of them, this one included, rounded up; one at least. Envoy bounds alike, but
/// lets a server have one more, and jumps at random where it is full.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BoundedLoadHash {
    /// How many times its share of what is in flight a server may have: above 100 %.
    balance_factor: Ratio,
    /// So many points on the ring at least.
    #[schemars(range(min = 1, max = MAX_POINTS))]
    min_ring_size: u64,
    /// So many points on the ring at most.
    #[schemars(range(min = 1, max = MAX_POINTS))]
    max_ring_size: u64,
}

impl Default for BoundedLoadHash {
    fn default() -> Self {
        Self { balance_factor: Ratio(1.25), min_ring_size: 1_024, max_ring_size: MAX_POINTS }
    }
}

impl Policy for BoundedLoadHash {
    fn build(&self) -> Box<dyn Balancer> {
        Box::new(State {
            points: Points::new(Hash::XxHash, self.min_ring_size, self.max_ring_size),
            factor: self.balance_factor.0,
            in_flight: 0,
            counts: Vec::new(),
            weight: 0.0,
        })
    }

    fn example() -> Self {
        Self::default()
    }

    fn problems(&self) -> Vec<Problem> {
        let mut found = sizes(self.min_ring_size, self.max_ring_size);
        if !(self.balance_factor.0 > 1.0 && self.balance_factor.0 <= 1e6) {
            let message = format!("{} is not above 100%", self.balance_factor);
            found.push(("balanceFactor", message, "write for example balanceFactor: 125%".to_owned()));
        }
        found
    }

    fn needs_key(&self) -> bool {
        true
    }

    fn sees_load(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct State {
    points: Points,
    factor: f64,
    /// Of all servers in rotation.
    in_flight: u64,
    /// By place.
    counts: Vec<u32>,
    /// The sum over all servers in rotation.
    weight: f64,
}

impl State {
    /// Returns how many attempts a server of this weight may have in flight, with one more in all.
    fn slots(&self, weight: f64) -> u32 {
        let all = ((self.in_flight + 1) as f64 * self.factor).ceil();
        ((all * (weight / self.weight)).ceil() as u32).max(1)
    }
}

impl Balancer for State {
    /// Where every server on the ring is full, which only a ring too small for all servers allows, the
    /// first is picked.
    fn pick(&mut self, attempt: &Attempt, rotation: &Rotation, _bits: &mut dyn Bits) -> Pick {
        if self.points.renew(rotation) {
            self.weight = rotation.members().iter().map(|member| member.weight).sum();
        }
        let points = self.points.ring.points();
        let first = self.points.ring.first(attempt.key);
        let place = |point: &(u64, u32)| self.points.places.of(point.1 as usize).unwrap_or(0);
        let walk = points[first..].iter().chain(&points[..first]).map(place);
        let room =
            |&place: &usize| rotation.in_flight()[place] < self.slots(rotation.members()[place].weight);
        let position = walk.clone().find(room).or_else(|| walk.clone().next()).unwrap_or(0);
        Pick { position }
    }

    fn follows_attempts(&self) -> bool {
        true
    }

    fn on_sent(&mut self, position: usize, _rotation: &Rotation) {
        self.in_flight += 1;
        self.counts[position] += 1;
    }

    fn on_done(&mut self, position: usize, _end: End, _rotation: &Rotation) {
        self.in_flight -= 1;
        self.counts[position] -= 1;
    }

    fn on_membership(&mut self, rotation: &Rotation) {
        self.points.on_membership(rotation);
        self.counts = rotation.in_flight().to_vec();
        self.in_flight = self.counts.iter().map(|&count| u64::from(count)).sum();
    }

    fn on_join(&mut self, position: usize, rotation: &Rotation) {
        self.points.on_join(position, rotation);
        self.counts.push(rotation.in_flight()[position]);
        self.in_flight += u64::from(rotation.in_flight()[position]);
    }

    fn on_leave(&mut self, position: usize, _moved: Option<ServerId>, _rotation: &Rotation) {
        self.points.on_leave(position);
        self.in_flight -= u64::from(self.counts.swap_remove(position));
    }
}
