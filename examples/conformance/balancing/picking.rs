//! Who is picked, request by request, through the states that a simulation calls.

use peakday::balancer::{Attempt, Balancer, BalancerSpec, Member, Rotation};
use peakday::ids::ServerId;
use peakday::rng::{Bits, Key};
use peakday::time::SimTime;
use serde_json::{Value, json};

use super::{Got, got, names, nearest, numbers, whole};
use crate::Place;

/// A balancer before servers in service since the beginning.
pub(super) struct Scene {
    pub(super) balancer: Box<dyn Balancer>,
    pub(super) rotation: Rotation,
}

impl Scene {
    /// Puts a balancer before servers with these weights and this many requests in flight each; `None`
    /// without servers or where a weight is none.
    pub(super) fn new(spec: &Value, weights: &[f64], active: &[u32]) -> Option<Self> {
        if weights.is_empty() || !weights.iter().all(|weight| *weight > 0.0) {
            return None;
        }
        let spec: BalancerSpec = serde_json::from_value(spec.clone()).ok()?;
        if !spec.problems().is_empty() {
            return None;
        }
        let mut rotation = Rotation::default();
        for (ordinal, &weight) in weights.iter().enumerate() {
            let (server, since) = (ServerId::new(ordinal), SimTime::ZERO);
            let member =
                Member { server, nth: server.index() as u32, pool: 0, zone: 0, version: 0, weight, since };
            rotation.join(member, active.get(ordinal).copied().unwrap_or(0));
        }
        let mut balancer = spec.build();
        balancer.on_membership(&rotation);
        Some(Self { balancer, rotation })
    }

    pub(super) fn pick(&mut self, now: SimTime, bits: &mut dyn Bits) -> usize {
        self.balancer.pick(&Attempt { now, key: 0 }, &self.rotation, bits).position
    }

    /// Picks and counts the request as in flight.
    pub(super) fn send(&mut self, now: SimTime, bits: &mut dyn Bits) -> usize {
        let position = self.pick(now, bits);
        self.rotation.sent(position);
        if self.balancer.follows_attempts() {
            self.balancer.on_sent(position, &self.rotation);
        }
        position
    }
}

/// A request that is answered at once leaves no trace: so many picks after `skipped` ones.
fn picks(scene: &mut Scene, skipped: u64, requests: u64) -> Vec<usize> {
    let mut bits = Key::from_seed(1).stream();
    for _ in 0..skipped {
        scene.pick(SimTime::ZERO, &mut bits);
    }
    (0..requests).map(|_| scene.pick(SimTime::ZERO, &mut bits)).collect()
}

/// Returns how many requests a case asks for: a number, which would be a list were picks given.
fn requests(place: &Place<'_>) -> Option<u64> {
    whole(place.object.get("requests")).filter(|&requests| requests <= 1_000_000)
}

/// Returns the weights of a case, or ones for as many servers as it counts or lists.
fn weights(place: &Place<'_>) -> Option<Vec<f64>> {
    if let Some(weights) = numbers(place.object.get("weights")) {
        return Some(weights);
    }
    let servers = ["hosts", "servers", "backends"].iter().find_map(|key| place.object.get(*key))?;
    let count = whole(Some(servers)).or_else(|| Some(servers.as_array()?.len() as u64))?;
    Some(vec![1.0; count.min(100_000) as usize])
}

fn active(place: &Place<'_>) -> Vec<u32> {
    let counts = ["active", "connections", "in_flight"].iter().find_map(|key| place.object.get(*key));
    numbers(counts).unwrap_or_default().iter().map(|&count| count as u32).collect()
}

/// Answers with the places of those that are picked in turn.
pub(super) fn in_turn(place: &Place<'_>, spec: &str) -> Got {
    let (requests, weights) = (requests(place)?, weights(place)?);
    let mut scene = Scene::new(&serde_json::from_str(spec).ok()?, &weights, &[])?;
    got("picks", picks(&mut scene, 0, requests))
}

/// Answers with the names of those that HAProxy's algorithm picks, whose name the case bears.
pub(super) fn haproxy(place: &Place<'_>) -> Got {
    let (requests, weights) = (requests(place)?, weights(place)?);
    let spec = if place.path.iter().any(|key| key.contains("leastconn")) {
        json!({"weightedLeastConnections": {}})
    } else if weights.windows(2).all(|pair| pair[0] == pair[1]) {
        json!({"roundRobin": {}})
    } else {
        json!({"smoothWeightedRoundRobin": {}})
    };
    let mut scene = Scene::new(&spec, &weights, &active(place))?;
    let mut bits = Key::from_seed(1).stream();
    let names = names(place.object.get("servers")).unwrap_or_default();
    let name = |at: usize| names.get(at).cloned().unwrap_or_else(|| format!("s{}", at + 1));
    let picked: Vec<String> = (0..requests).map(|_| name(scene.send(SimTime::ZERO, &mut bits))).collect();
    got("picks", picked)
}

/// Bits from which a balancer draws given places.
struct Given {
    draws: std::vec::IntoIter<u64>,
    places: u64,
    /// Two draws to a word, as where two servers are compared.
    paired: bool,
}

impl Given {
    /// Returns the smallest 32 bits that [`peakday::rng::index_below`] maps to the next place, as Envoy
    /// finds it: the draw modulo the number of places.
    fn half(&mut self) -> u64 {
        let place = self.draws.next().unwrap_or(0) % self.places;
        (place << 32).div_ceil(self.places)
    }
}

impl Bits for Given {
    fn next_bits(&mut self) -> u64 {
        let upper = self.half() << 32;
        if self.paired { upper | self.half() } else { upper }
    }
}

/// Answers who is picked of servers with given requests in flight, given the draws, or by the weighted
/// form without any.
pub(super) fn least_request(place: &Place<'_>) -> Got {
    let (weights, active) = (weights(place)?, active(place));
    let choices = whole(nearest(place, &["choice_count"])).unwrap_or(2);
    let mut parameters = json!({"choiceCount": choices});
    for key in ["active_request_bias", "bias"] {
        if let Some(bias) = place.object.get(key).and_then(Value::as_f64) {
            parameters["activeRequestBias"] = bias.into();
        }
    }
    let mut scene = Scene::new(&json!({"leastRequest": parameters}), &weights, &active)?;
    let draws = place.object.get("random_draws_for_hosts").and_then(Value::as_array);
    let draws: Vec<u64> = draws.into_iter().flatten().filter_map(Value::as_u64).collect();
    let mut bits = Given { draws: draws.into_iter(), places: weights.len() as u64, paired: choices == 2 };
    match requests(place) {
        Some(requests) => {
            let picked: Vec<usize> = (0..requests).map(|_| scene.pick(SimTime::ZERO, &mut bits)).collect();
            got("picks", picked)
        }
        None => got("expected", scene.pick(SimTime::ZERO, &mut bits)),
    }
}

/// Answers with Envoy's turns: by weight where weights differ, and `seed` turns on.
pub(super) fn round_robin(place: &Place<'_>) -> Got {
    let (requests, weights) = (requests(place)?, weights(place)?);
    let seed = whole(place.object.get("seed")).unwrap_or(0).min(1_000_000);
    let spec = if weights.windows(2).all(|pair| pair[0] == pair[1]) {
        json!({"roundRobin": {}})
    } else {
        // Least request without regard to requests in flight is Envoy's weighted round robin.
        json!({"leastRequest": {"activeRequestBias": 0.0}})
    };
    let mut scene = Scene::new(&spec, &weights, &[])?;
    got("picks", picks(&mut scene, seed, requests))
}
