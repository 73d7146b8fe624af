//! By the customer's key, on a ring.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::balancer::places::Places;
use crate::balancer::ring::{self, Hash, Ring};
use crate::balancer::{Attempt, Balancer, Pick, Policy, Problem, Rotation};
use crate::ids::ServerId;
use crate::rng::Bits;

/// Picks the server whose point on the ring is the first at or behind the hash of the customer's key, as
/// Envoy's `RING_HASH` and nginx's `hash .. consistent` do. Servers have points in proportion to weight, at
/// hashes of their names, `server-` and the launch ordinal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RingHash {
    /// What places points on the ring.
    hash: Hash,
    /// So many points at least; `ketama` has 160 for the lightest server instead.
    #[schemars(range(min = 1, max = MAX_POINTS))]
    min_ring_size: u64,
    /// So many points at most.
    #[schemars(range(min = 1, max = MAX_POINTS))]
    max_ring_size: u64,
}

/// Envoy's limit.
pub(super) const MAX_POINTS: u64 = 8 << 20;
const MIN_POINTS: u64 = 1_024;

impl Default for RingHash {
    /// Envoy's.
    fn default() -> Self {
        Self { hash: Hash::XxHash, min_ring_size: MIN_POINTS, max_ring_size: MAX_POINTS }
    }
}

impl Policy for RingHash {
    fn build(&self) -> Box<dyn Balancer> {
        Box::new(State { points: Points::new(self.hash, self.min_ring_size, self.max_ring_size) })
    }

    fn example() -> Self {
        Self::default()
    }

    fn problems(&self) -> Vec<Problem> {
        sizes(self.min_ring_size, self.max_ring_size)
    }

    fn needs_key(&self) -> bool {
        true
    }

    fn weighs(&self) -> bool {
        true
    }
}

/// Returns what is wrong with the sizes of a ring.
pub(super) fn sizes(min: u64, max: u64) -> Vec<Problem> {
    let mut found = Vec::new();
    for (key, size) in [("minRingSize", min), ("maxRingSize", max)] {
        if !(1..=MAX_POINTS).contains(&size) {
            let message = format!("{size} points are not between 1 and {MAX_POINTS}");
            found.push((key, message, format!("write for example {key}: {MIN_POINTS}")));
        }
    }
    if found.is_empty() && min > max {
        let message = format!("{min} points at least are more than {max} at most");
        found.push(("minRingSize", message, format!("write minRingSize: {max}, or more for maxRingSize")));
    }
    found
}

#[derive(Debug)]
struct State {
    points: Points,
}

impl Balancer for State {
    fn pick(&mut self, attempt: &Attempt, rotation: &Rotation, _bits: &mut dyn Bits) -> Pick {
        self.points.renew(rotation);
        let server = self.points.ring.server(self.points.at(attempt.key));
        Pick { position: server.and_then(|server| self.points.places.of(server)).unwrap_or(0) }
    }

    fn on_membership(&mut self, rotation: &Rotation) {
        self.points.on_membership(rotation);
    }

    fn on_join(&mut self, position: usize, rotation: &Rotation) {
        self.points.on_join(position, rotation);
    }

    fn on_leave(&mut self, position: usize, _moved: Option<ServerId>, _rotation: &Rotation) {
        self.points.on_leave(position);
    }
}

/// The ring of the servers in rotation, renewed when it is needed: once for all who join or leave at one
/// instant. Points that stay are not hashed again, so a renewal costs a walk along the servers and the ring.
#[derive(Debug)]
pub(super) struct Points {
    hash: Hash,
    min: u64,
    max: u64,
    pub(super) ring: Ring,
    pub(super) places: Places,
    stale: bool,
}

impl Points {
    pub(super) fn new(hash: Hash, min: u64, max: u64) -> Self {
        Self { hash, min, max, ring: Ring::default(), places: Places::default(), stale: false }
    }

    /// Returns where a key lies on the ring: ketama's has 32 bits.
    #[inline]
    pub(super) fn at(&self, key: u64) -> u64 {
        if self.hash == Hash::Ketama { key >> 32 } else { key }
    }

    pub(super) fn on_membership(&mut self, rotation: &Rotation) {
        self.places.renew(rotation);
        self.stale = true;
    }

    pub(super) fn on_join(&mut self, position: usize, rotation: &Rotation) {
        self.places.join(position, rotation);
        self.stale = true;
    }

    pub(super) fn on_leave(&mut self, position: usize) {
        self.places.leave(position);
        self.stale = true;
    }

    /// Brings the ring up to date; tells whether it was not.
    #[inline]
    pub(super) fn renew(&mut self, rotation: &Rotation) -> bool {
        let stale = std::mem::take(&mut self.stale);
        if stale {
            self.build(rotation);
        }
        stale
    }

    #[cold]
    fn build(&mut self, rotation: &Rotation) {
        let weights: Vec<f64> = rotation.members().iter().map(|member| member.weight).collect();
        let counts = match self.hash {
            Hash::Ketama => ring::ketama_counts(&weights, self.max),
            _ => ring::envoy_counts(&weights, self.min, self.max),
        };
        let servers = rotation.members().iter().map(|member| member.nth);
        let wanted: Vec<(u32, u32)> = servers.zip(counts).collect();
        let hash = self.hash;
        self.ring.set(&wanted, &mut |server, range, hashes| {
            let name = name(server as usize);
            match hash {
                Hash::Ketama => ring::ketama_points(&name, "", range, hashes),
                _ => ring::envoy_points(hash == Hash::Murmur2, &name, range, hashes),
            }
        });
    }
}

/// Returns the name by which a server is hashed.
pub(super) fn name(ordinal: usize) -> String {
    format!("server-{ordinal}")
}
