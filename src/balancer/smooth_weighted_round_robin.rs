//! In turn in proportion to weights, evenly interleaved: nginx's smooth weighted round robin.

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::balancer::{Attempt, Balancer, Pick, Rotation};
use crate::rng::Bits;

/// At every pick each server's current weight grows by its weight; the largest is picked, the
/// first of equals, and loses the sum of all weights (nginx, commit 52327e0627f4, 2012).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SmoothWeightedRoundRobin {}

impl SmoothWeightedRoundRobin {
    pub(super) fn build(&self) -> Box<dyn Balancer> {
        Box::new(State::default())
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
    /// Current weights at the last change of membership, by launch ordinal. Who is out of rotation
    /// for a while comes back with its own: nginx passes over a busy peer and leaves it its weight.
    current: Vec<i128>,
}

#[derive(Debug)]
struct Group {
    weight: i128,
    /// (current weight less what the group gained since the last change of membership, place,
    /// launch ordinal), the next to be picked first.
    queue: VecDeque<(i128, usize, usize)>,
}

impl Group {
    fn insert(&mut self, entry: (i128, usize, usize)) {
        let at = match self.queue.back() {
            Some(last) if comes_before(&entry, last) => {
                self.queue.partition_point(|e| comes_before(e, &entry))
            }
            _ => self.queue.len(),
        };
        self.queue.insert(at, entry);
    }
}

/// Largest current weight first, then who was launched first.
fn comes_before(a: &(i128, usize, usize), b: &(i128, usize, usize)) -> bool {
    a.0 > b.0 || a.0 == b.0 && a.2 < b.2
}

impl Balancer for State {
    fn pick(&mut self, _attempt: &Attempt, _rotation: &Rotation, _bits: &mut dyn Bits) -> Pick {
        self.picks += 1;
        let mut best: Option<(usize, (i128, usize, usize))> = None;
        for (index, group) in self.groups.iter().enumerate() {
            let Some(&(lost, place, ordinal)) = group.queue.front() else { continue };
            let head = (lost + group.weight * self.picks, place, ordinal);
            if best.as_ref().is_none_or(|(_, leader)| comes_before(&head, leader)) {
                best = Some((index, head));
            }
        }
        let Some((index, (_, position, _))) = best else { return Pick { position: 0 } };
        let group = &mut self.groups[index];
        if let Some((lost, place, ordinal)) = group.queue.pop_front() {
            group.insert((lost - self.total, place, ordinal));
        }
        Pick { position }
    }

    /// Who was here before keeps its current weight, who is new begins at zero.
    fn on_membership(&mut self, rotation: &Rotation) {
        let picks = std::mem::take(&mut self.picks);
        for group in self.groups.drain(..) {
            for (lost, _, ordinal) in group.queue {
                self.current[ordinal] = lost + group.weight * picks;
            }
        }
        self.total = 0;
        for (place, member) in rotation.members().iter().enumerate() {
            let weight = ((member.weight * PRECISION + 0.5) as i128).max(1);
            self.total += weight;
            let ordinal = member.server.index();
            if self.current.len() <= ordinal {
                self.current.resize(ordinal + 1, 0);
            }
            let group = match self.groups.iter().position(|group| group.weight == weight) {
                Some(found) => &mut self.groups[found],
                None => {
                    self.groups.push(Group { weight, queue: VecDeque::new() });
                    self.groups.last_mut().expect("just pushed")
                }
            };
            group.queue.push_back((self.current[ordinal], place, ordinal));
        }
        for group in &mut self.groups {
            group.queue.make_contiguous().sort_unstable_by_key(|&(lost, _, ordinal)| (-lost, ordinal));
        }
    }
}
