//! The least of all by response time and requests in flight.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::balancer::tournament::{Tournament, ordered};
use crate::balancer::{Attempt, Balancer, End, Pick, Policy, Problem, Rotation};
use crate::ids::ServerId;
use crate::rng::Bits;

/// Picks the server with the lowest mean response time x (in flight + 1) / weight; among equals the one
/// that came to its value first.
///
/// nginx's `least_time` (commercial) says "least average response time and least number of active
/// connections", with weights; it publishes no formula. The product is this project's reading of it. The
/// mean is Angie's, nginx's successor by some of its authors, for its `least_time`: after each response
/// mean = smoothing x mean + (1 - smoothing) x response time, `response_time_factor` 90 by default. Every
/// end counts, errors too. A server without a response counts as the mean over all servers was when it was
/// last looked at, so that it gets its share and no flood.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LeastResponseTime {
    /// How much of the mean remains after a response: 0 keeps the last response only.
    #[schemars(range(min = 0, max = 1))]
    smoothing: f64,
}

impl Default for LeastResponseTime {
    fn default() -> Self {
        Self { smoothing: 0.9 }
    }
}

impl Policy for LeastResponseTime {
    fn build(&self) -> Box<dyn Balancer> {
        Box::new(State {
            smoothing: self.smoothing,
            tournament: Tournament::default(),
            means: Vec::new(),
            overall: None,
            changes: 0,
        })
    }

    fn example() -> Self {
        Self::default()
    }

    fn problems(&self) -> Vec<Problem> {
        if (0.0..1.0).contains(&self.smoothing) {
            return Vec::new();
        }
        let message = format!("{} is not from 0 to below 1", self.smoothing);
        vec![("smoothing", message, "write for example smoothing: 0.9".to_owned())]
    }

    fn sees_load(&self) -> bool {
        true
    }
}

/// A tournament of (value, when it came to it).
#[derive(Debug)]
struct State {
    smoothing: f64,
    tournament: Tournament,
    /// Mean response times in nanoseconds, by launch ordinal: who is back after a while has its own.
    means: Vec<Option<f64>>,
    /// The same over all servers.
    overall: Option<f64>,
    changes: u64,
}

impl State {
    fn key(&mut self, position: usize, rotation: &Rotation) -> (u64, u64) {
        self.changes += 1;
        let ordinal = rotation.members()[position].nth as usize;
        let mean = self.means[ordinal].or(self.overall).unwrap_or(1.0);
        let waiting = f64::from(rotation.in_flight()[position]) + 1.0;
        (ordered(mean * waiting / rotation.members()[position].weight), self.changes)
    }
}

fn moved(mean: Option<f64>, response: f64, smoothing: f64) -> f64 {
    mean.map_or(response, |mean| smoothing * mean + (1.0 - smoothing) * response)
}

impl Balancer for State {
    fn pick(&mut self, _attempt: &Attempt, _rotation: &Rotation, _bits: &mut dyn Bits) -> Pick {
        Pick { position: self.tournament.least() }
    }

    fn follows_attempts(&self) -> bool {
        true
    }

    fn on_sent(&mut self, position: usize, rotation: &Rotation) {
        let key = self.key(position, rotation);
        self.tournament.set(position, key);
    }

    fn on_done(&mut self, position: usize, end: End, rotation: &Rotation) {
        // No time at all would make a server the best of all for ever.
        let response = (end.latency.as_nanos() as f64).max(1.0);
        let mean = &mut self.means[rotation.members()[position].nth as usize];
        *mean = Some(moved(*mean, response, self.smoothing));
        self.overall = Some(moved(self.overall, response, self.smoothing));
        let key = self.key(position, rotation);
        self.tournament.set(position, key);
    }

    fn on_membership(&mut self, rotation: &Rotation) {
        self.tournament.clear();
        (0..rotation.len()).for_each(|position| self.on_join(position, rotation));
    }

    fn on_join(&mut self, position: usize, rotation: &Rotation) {
        let ordinal = rotation.members()[position].nth as usize;
        if self.means.len() <= ordinal {
            self.means.resize(ordinal + 1, None);
        }
        let key = self.key(position, rotation);
        self.tournament.push(key);
    }

    fn on_leave(&mut self, position: usize, _moved: Option<ServerId>, _rotation: &Rotation) {
        self.tournament.swap_remove(position);
    }
}
