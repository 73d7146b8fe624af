//! In turn in proportion to weights, evenly interleaved: nginx's smooth weighted round robin.

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::balancer::places::Places;
use crate::balancer::{Attempt, Balancer, Pick, Policy, Rotation};
use crate::ids::ServerId;
use crate::rng::Bits;

/// At every pick each server's current weight grows by its weight; the largest is picked, the
/// first of equals, and loses the sum of all weights (nginx, commit 52327e0627f4, 2012).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SmoothWeightedRoundRobin {}

impl Policy for SmoothWeightedRoundRobin {
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

/// Weights are compared in integers, as nginx does: millionths.
const PRECISION: f64 = 1e6;

/// Servers of equal weight gain alike, so among them only the order of what they lost counts: one
/// queue per distinct weight, ordered by current weight, and a pick compares the queues' heads.
/// The same sequence as nginx's loop over all servers, at a cost of the number of pools.
#[derive(Debug, Default)]
struct State {
    groups: Vec<Group>,
    total: i128,
    picks: i128,
    places: Places,
    /// By launch ordinal: in rotation the current weight less what the group gained since the first
    /// pick; out of rotation the current weight. Who is out for a while comes back with its own: nginx
    /// passes over a busy peer and leaves it its weight.
    current: Vec<i128>,
    /// By launch ordinal, of those in rotation: its group.
    group_of: Vec<u32>,
}

#[derive(Debug)]
struct Group {
    weight: i128,
    /// (current weight less what the group gained, launch ordinal), the next to be picked first.
    queue: VecDeque<(i128, usize)>,
}

impl Group {
    fn insert(&mut self, entry: (i128, usize)) {
        let at = match self.queue.back() {
            Some(last) if comes_before(entry, *last) => {
                self.queue.partition_point(|&e| comes_before(e, entry))
            }
            _ => self.queue.len(),
        };
        self.queue.insert(at, entry);
    }
}

/// Largest current weight first, then who was launched first.
fn comes_before(a: (i128, usize), b: (i128, usize)) -> bool {
    a.0 > b.0 || a.0 == b.0 && a.1 < b.1
}

impl State {
    fn group(&mut self, weight: i128) -> usize {
        if let Some(known) = self.groups.iter().position(|group| group.weight == weight) {
            return known;
        }
        self.groups.push(Group { weight, queue: VecDeque::new() });
        self.groups.len() - 1
    }

    /// Counts a server in and returns its group and its place in the order.
    fn enter(&mut self, position: usize, rotation: &Rotation) -> (usize, (i128, usize)) {
        let ordinal = self.places.join(position, rotation);
        let weight = ((rotation.members()[position].weight * PRECISION + 0.5) as i128).max(1);
        let group = self.group(weight);
        if self.current.len() < self.places.bound() {
            self.current.resize(self.places.bound(), 0);
            self.group_of.resize(self.places.bound(), 0);
        }
        self.group_of[ordinal] = group as u32;
        self.total += weight;
        self.current[ordinal] -= weight * self.picks;
        (group, (self.current[ordinal], ordinal))
    }
}

impl Balancer for State {
    fn pick(&mut self, _attempt: &Attempt, _rotation: &Rotation, _bits: &mut dyn Bits) -> Pick {
        self.picks += 1;
        let mut best: Option<(usize, (i128, usize))> = None;
        for (index, group) in self.groups.iter().enumerate() {
            let Some(&(lost, ordinal)) = group.queue.front() else { continue };
            let head = (lost + group.weight * self.picks, ordinal);
            if best.is_none_or(|(_, leader)| comes_before(head, leader)) {
                best = Some((index, head));
            }
        }
        let Some((index, (_, chosen))) = best else { return Pick { position: 0 } };
        let group = &mut self.groups[index];
        if let Some((lost, ordinal)) = group.queue.pop_front() {
            self.current[ordinal] = lost - self.total;
            group.insert((lost - self.total, ordinal));
        }
        Pick { position: self.places.of(chosen).unwrap_or(0) }
    }

    fn on_membership(&mut self, rotation: &Rotation) {
        for position in (0..self.groups.iter().map(|group| group.queue.len()).sum()).rev() {
            self.on_leave(position, None, rotation);
        }
        for position in 0..rotation.len() {
            let (group, entry) = self.enter(position, rotation);
            self.groups[group].queue.push_back(entry);
        }
        for group in &mut self.groups {
            group.queue.make_contiguous().sort_unstable_by_key(|&(lost, ordinal)| (-lost, ordinal));
        }
    }

    /// Who was here before comes with the current weight it left with, who is new with zero.
    fn on_join(&mut self, position: usize, rotation: &Rotation) {
        let (group, entry) = self.enter(position, rotation);
        self.groups[group].insert(entry);
    }

    fn on_leave(&mut self, position: usize, _moved: Option<ServerId>, _rotation: &Rotation) {
        let ordinal = self.places.leave(position);
        let group = &mut self.groups[self.group_of[ordinal] as usize];
        let entry = (self.current[ordinal], ordinal);
        let at = group.queue.partition_point(|&other| comes_before(other, entry));
        group.queue.remove(at);
        self.total -= group.weight;
        self.current[ordinal] += group.weight * self.picks;
    }
}
