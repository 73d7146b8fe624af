//! Earliest deadline first: turns in proportion to weights that may change, as Envoy schedules them.
//!
//! A server's deadline is one over its weight after the deadline of the last pick; the earliest is
//! picked, of equal ones the one that was added first (Envoy, `EdfScheduler`). Weights are asked for
//! when a server is added, so a change of weight shows one turn late, as in Envoy.
//!
//! Differs from Envoy where servers join or leave: Envoy builds its schedule anew from a random turn
//! on, here whoever stays keeps its deadline. Knows no servers, only ids.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A schedule of ids.
#[derive(Debug, Default)]
pub struct Edf {
    /// Deadline (in bits, whose order is that of non-negative numbers), the order of insertion, id.
    heap: BinaryHeap<Reverse<(u64, u64, u32)>>,
    now: f64,
    inserted: u64,
    /// By id: the insertion that counts; others are of those who left.
    current: Vec<u64>,
}

/// No insertion counts.
const NONE: u64 = u64::MAX;

impl Edf {
    /// Adds an id, which is then in the schedule once.
    pub fn add(&mut self, id: usize, weight: f64) {
        if self.current.len() <= id {
            self.current.resize(id + 1, NONE);
        }
        self.current[id] = self.inserted;
        let deadline = self.now + 1.0 / weight;
        self.heap.push(Reverse((deadline.to_bits(), self.inserted, id as u32)));
        self.inserted += 1;
    }

    /// Takes an id out.
    pub fn remove(&mut self, id: usize) {
        if let Some(current) = self.current.get_mut(id) {
            *current = NONE;
        }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.heap.clear();
        self.current.clear();
        self.now = 0.0;
    }

    /// Returns the id with the earliest deadline and adds it again with the weight it has now; `None`
    /// where there is none. Costs a logarithm of their number.
    pub fn pick(&mut self, weight: impl FnOnce(usize) -> f64) -> Option<usize> {
        loop {
            let mut top = self.heap.peek_mut()?;
            let Reverse((deadline, insertion, id)) = *top;
            let id = id as usize;
            if self.current[id] != insertion {
                std::collections::binary_heap::PeekMut::pop(top);
                continue;
            }
            self.now = f64::from_bits(deadline);
            let next = self.now + 1.0 / weight(id);
            self.current[id] = self.inserted;
            *top = Reverse((next.to_bits(), self.inserted, id as u32));
            self.inserted += 1;
            return Some(id);
        }
    }
}
