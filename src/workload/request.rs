//! Requests in flight and how they end.

use serde::{Deserialize, Serialize};

use crate::ids::{RequestId, RowId, ServerId, SourceId};
use crate::rng::Key;
use crate::time::SimTime;

/// How a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Served in full.
    Completed,
    /// Failed in service, or found no server in rotation.
    Failed,
    /// Waited as long as it was allowed to.
    TimedOut,
    /// Found the queue full.
    Rejected,
    /// Turned away to protect the service.
    Shed,
    /// Given up by the customer.
    Cancelled,
}

impl Outcome {
    /// Every outcome, in the order of result columns.
    pub const ALL: [Self; 6] =
        [Self::Completed, Self::Failed, Self::TimedOut, Self::Rejected, Self::Shed, Self::Cancelled];

    /// The names of the result columns, in the order of [`Outcome::ALL`].
    pub const COLUMNS: [&'static str; 6] =
        ["completed", "failed", "timed_out", "rejected", "shed", "cancelled"];
}

/// A request in flight: 40 bytes.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Names its randomness.
    pub key: Key,
    /// When it came.
    pub arrived: SimTime,
    /// Its demand: nanoseconds of work at speed 1. Drawn when it comes, so that the draw does not
    /// stand between a freed slot and the next event; its name, not its turn, decides it anyway.
    pub work: f64,
    /// The neighbours in the queue it waits in; `next` also links free slots.
    next: u32,
    prev: u32,
    /// The server it was sent to; [`Request::NOWHERE`] until then.
    pub server: ServerId,
    row: u16,
    source: u16,
}

impl Request {
    /// No server.
    pub const NOWHERE: ServerId = ServerId::new(u32::MAX as usize);

    /// Creates a request of `source` for the service and class of `row`, sent to no server yet.
    #[inline]
    pub fn new(key: Key, arrived: SimTime, row: RowId, source: SourceId, work: f64) -> Self {
        let (row, source) = (row.index() as u16, source.index() as u16);
        Self { key, arrived, work, next: NONE, prev: NONE, server: Self::NOWHERE, row, source }
    }

    /// Returns the service x class pair it counts for.
    #[inline]
    pub fn row(&self) -> RowId {
        RowId::new(usize::from(self.row))
    }

    /// Returns the source it came from.
    #[inline]
    pub fn source(&self) -> SourceId {
        SourceId::new(usize::from(self.source))
    }
}

/// No request.
const NONE: u32 = u32::MAX;
/// In `prev`: the slot is free.
const FREE: u32 = u32::MAX - 1;
/// In `prev`: the request waits in no queue.
const IN_SERVICE: u32 = u32::MAX - 2;

/// All requests in flight. Slots are reused, so memory follows the largest number in flight.
///
/// What only some scenarios need stands in a column of its own beside the slots, filled from the
/// day it is needed: deadlines of waiting requests, ends of those in service.
#[derive(Debug, Default)]
pub struct Arena {
    slots: Vec<Request>,
    free: u32,
    live: usize,
    deadlines: Vec<SimTime>,
    stays: Vec<Stay>,
}

/// What is known of a request in service on a core of its own, where it may be ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stay {
    /// The end of its present phase; an event at any other instant is stale.
    pub ends: SimTime,
    /// Whether it burns CPU; otherwise it waits off the CPU.
    pub working: bool,
}

impl Stay {
    /// Of a request that is not in service.
    pub const NONE: Self = Self { ends: SimTime::MAX, working: false };
}

impl Arena {
    /// Creates an empty arena.
    pub fn new() -> Self {
        Self { free: NONE, ..Self::default() }
    }

    /// Returns how many requests are in flight.
    pub fn live(&self) -> usize {
        self.live
    }

    /// Stores a request and returns its slot.
    #[inline]
    pub fn insert(&mut self, request: Request) -> RequestId {
        self.live += 1;
        let mut request = request;
        request.prev = IN_SERVICE;
        if let Some(slot) = self.slots.get_mut(self.free as usize) {
            let id = RequestId::new(self.free as usize);
            self.free = slot.next;
            *slot = request;
            id
        } else {
            self.slots.push(request);
            RequestId::new(self.slots.len() - 1)
        }
    }

    /// Ends a request that waits in no queue, frees its slot and returns it.
    #[inline]
    pub fn remove(&mut self, id: RequestId) -> Request {
        let slot = &mut self.slots[id.index()];
        debug_assert_eq!(slot.prev, IN_SERVICE, "a request ended while it stood in a queue, or twice");
        let request = *slot;
        slot.next = self.free;
        slot.prev = FREE;
        self.free = id.index() as u32;
        self.live -= 1;
        request
    }

    /// Returns a request.
    #[inline]
    pub fn get(&self, id: RequestId) -> &Request {
        &self.slots[id.index()]
    }

    /// Returns a request to be changed.
    #[inline]
    pub fn get_mut(&mut self, id: RequestId) -> &mut Request {
        &mut self.slots[id.index()]
    }

    /// Notes the present phase of a request in service.
    #[inline]
    pub fn set_stay(&mut self, id: RequestId, stay: Stay) {
        if self.stays.len() <= id.index() {
            self.stays.resize(id.index() + 1, Stay::NONE);
        }
        self.stays[id.index()] = stay;
    }

    /// Returns the present phase of a request in service, where it was noted.
    #[inline]
    pub fn stay(&self, id: RequestId) -> Stay {
        self.stays.get(id.index()).copied().unwrap_or(Stay::NONE)
    }

    /// Tells whether the request of this slot ends its phase on `server` at `now`: otherwise whoever
    /// asks holds a stale event.
    #[inline]
    pub fn ends_at(&self, id: RequestId, server: ServerId, now: SimTime) -> bool {
        let slot = &self.slots[id.index()];
        slot.prev == IN_SERVICE && slot.server == server && self.stay(id).ends == now
    }

    /// Iterates over the requests that hold a slot, in the order of the arena's slots.
    pub fn in_service(&self) -> impl Iterator<Item = (RequestId, &Request)> {
        let numbered = self.slots.iter().enumerate().filter(|(_, slot)| slot.prev == IN_SERVICE);
        numbered.map(|(index, slot)| (RequestId::new(index), slot))
    }

    /// Iterates over all requests in flight, in the order of their slots.
    pub fn iter(&self) -> impl Iterator<Item = &Request> {
        self.slots.iter().filter(|slot| slot.prev != FREE)
    }

    /// Sets the instant until which a waiting request waits.
    #[inline]
    pub fn set_deadline(&mut self, id: RequestId, deadline: SimTime) {
        if self.deadlines.len() <= id.index() {
            self.deadlines.resize(id.index() + 1, SimTime::MAX);
        }
        self.deadlines[id.index()] = deadline;
    }

    /// Tells whether the request of this slot still waits in a queue until exactly `deadline`:
    /// otherwise whoever asks holds a stale event.
    #[inline]
    pub fn waits_until(&self, id: RequestId, deadline: SimTime) -> bool {
        let prev = self.slots[id.index()].prev;
        prev != FREE && prev != IN_SERVICE && self.deadlines.get(id.index()) == Some(&deadline)
    }
}

/// A queue of requests, linked through their slots: any of them can leave at once.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    head: u32,
    tail: u32,
}

impl Default for Line {
    fn default() -> Self {
        Self { head: NONE, tail: NONE }
    }
}

impl Line {
    /// Lets a request wait behind all others.
    #[inline]
    pub fn push_back(&mut self, arena: &mut Arena, id: RequestId) {
        let index = id.index() as u32;
        let tail = self.tail;
        let slot = &mut arena.slots[id.index()];
        slot.next = NONE;
        slot.prev = tail;
        match arena.slots.get_mut(tail as usize) {
            Some(last) => last.next = index,
            None => self.head = index,
        }
        self.tail = index;
    }

    /// Takes the request that waits at the front.
    #[inline]
    pub fn pop_front(&mut self, arena: &mut Arena) -> Option<RequestId> {
        let head = self.head;
        let slot = arena.slots.get_mut(head as usize)?;
        self.head = slot.next;
        slot.prev = IN_SERVICE;
        match arena.slots.get_mut(self.head as usize) {
            Some(next) => next.prev = NONE,
            None => self.tail = NONE,
        }
        Some(RequestId::new(head as usize))
    }

    /// Takes the request that waits at the back.
    #[inline]
    pub fn pop_back(&mut self, arena: &mut Arena) -> Option<RequestId> {
        let tail = self.tail;
        arena.slots.get(tail as usize)?;
        let id = RequestId::new(tail as usize);
        self.unlink(arena, id);
        Some(id)
    }

    /// Takes a request out of the queue, wherever it waits.
    pub fn unlink(&mut self, arena: &mut Arena, id: RequestId) {
        let slot = &mut arena.slots[id.index()];
        let (prev, next) = (slot.prev, slot.next);
        slot.prev = IN_SERVICE;
        match arena.slots.get_mut(prev as usize) {
            Some(before) => before.next = next,
            None => self.head = next,
        }
        match arena.slots.get_mut(next as usize) {
            Some(behind) => behind.prev = prev,
            None => self.tail = prev,
        }
    }
}

#[cfg(test)]
mod tests;
