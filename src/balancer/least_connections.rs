//! The least in flight of all servers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::balancer::{Attempt, Balancer, End, Pick, Policy, Rotation};
use crate::ids::ServerId;
use crate::rng::Bits;

/// Picks the server with the fewest attempts in flight, in turn among equals, as HAProxy's
/// `leastconn` does for equal weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LeastConnections {}

impl Policy for LeastConnections {
    fn build(&self) -> Box<dyn Balancer> {
        Box::new(State::default())
    }

    fn example() -> Self {
        Self {}
    }

    fn sees_load(&self) -> bool {
        true
    }
}

/// No place.
const NONE: u32 = u32::MAX;

/// One list of places per count in flight, linked through arrays by place: every change moves a
/// place to the end of a neighbouring list, so a pick and a change cost the same for any fleet.
#[derive(Debug, Default)]
struct State {
    lists: Vec<List>,
    next: Vec<u32>,
    prev: Vec<u32>,
    /// By place: the list it is in, its count in flight.
    levels: Vec<u32>,
    /// No list below this one holds anything.
    lowest: usize,
}

#[derive(Clone, Copy, Debug)]
struct List {
    head: u32,
    tail: u32,
}

const EMPTY: List = List { head: NONE, tail: NONE };

impl State {
    fn append(&mut self, level: usize, place: u32) {
        if self.lists.len() <= level {
            self.lists.resize(level + 1, EMPTY);
        }
        self.levels[place as usize] = level as u32;
        let tail = std::mem::replace(&mut self.lists[level].tail, place);
        self.next[place as usize] = NONE;
        self.prev[place as usize] = tail;
        match self.next.get_mut(tail as usize) {
            Some(next) => *next = place,
            None => self.lists[level].head = place,
        }
    }

    fn unlink(&mut self, level: usize, place: u32) {
        let (prev, next) = (self.prev[place as usize], self.next[place as usize]);
        match self.next.get_mut(prev as usize) {
            Some(before) => *before = next,
            None => self.lists[level].head = next,
        }
        match self.prev.get_mut(next as usize) {
            Some(behind) => *behind = prev,
            None => self.lists[level].tail = prev,
        }
    }

    /// Lets a place that is no longer in any list stand in the list of another.
    fn rename(&mut self, from: usize, to: usize) {
        let (level, prev, next) = (self.levels[from], self.prev[from], self.next[from]);
        (self.levels[to], self.prev[to], self.next[to]) = (level, prev, next);
        let list = &mut self.lists[level as usize];
        match self.next.get_mut(prev as usize) {
            Some(before) => *before = to as u32,
            None => list.head = to as u32,
        }
        match self.prev.get_mut(next as usize) {
            Some(behind) => *behind = to as u32,
            None => list.tail = to as u32,
        }
    }
}

impl Balancer for State {
    fn pick(&mut self, _attempt: &Attempt, _rotation: &Rotation, _bits: &mut dyn Bits) -> Pick {
        while self.lists[self.lowest].head == NONE {
            self.lowest += 1;
        }
        Pick { position: self.lists[self.lowest].head as usize }
    }

    fn follows_attempts(&self) -> bool {
        true
    }

    fn on_sent(&mut self, position: usize, rotation: &Rotation) {
        let level = rotation.in_flight()[position] as usize;
        self.unlink(level - 1, position as u32);
        self.append(level, position as u32);
    }

    fn on_done(&mut self, position: usize, _end: End, rotation: &Rotation) {
        let level = rotation.in_flight()[position] as usize;
        self.unlink(level + 1, position as u32);
        self.append(level, position as u32);
        self.lowest = self.lowest.min(level);
    }

    fn on_membership(&mut self, rotation: &Rotation) {
        self.lists.clear();
        self.next.clear();
        self.prev.clear();
        self.levels.clear();
        for position in 0..rotation.len() {
            self.on_join(position, rotation);
        }
    }

    /// Who joins is the last among its equals.
    fn on_join(&mut self, position: usize, rotation: &Rotation) {
        self.next.push(NONE);
        self.prev.push(NONE);
        self.levels.push(0);
        let level = rotation.in_flight()[position] as usize;
        self.append(level, position as u32);
        self.lowest = self.lowest.min(level);
    }

    fn on_leave(&mut self, position: usize, _moved: Option<ServerId>, _rotation: &Rotation) {
        self.unlink(self.levels[position] as usize, position as u32);
        let last = self.levels.len() - 1;
        if position < last {
            self.rename(last, position);
        }
        self.next.truncate(last);
        self.prev.truncate(last);
        self.levels.truncate(last);
    }
}
