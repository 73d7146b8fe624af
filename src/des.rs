//! The kernel: a future event list and the loop that empties it.
//!
//! Events happen in the order of (time, rank, entity), never in the order in which they were
//! scheduled; rank and entity stand in the upper bits of what [`Event::pack`] returns. Nothing
//! at or past the horizon happens. The kernel knows no servers and no requests.
//!
//! What is uncertain goes through a heap; what is ordered by itself (the arrivals of a source,
//! constant delays) waits in a *lane*, a plain queue, and only the heads of lanes are compared.

use std::collections::VecDeque;
use std::marker::PhantomData;

use crate::time::SimTime;

/// Something that happens, packed into 64 bits that order simultaneous events.
pub trait Event: Copy {
    /// Packs the event: rank in the highest bits, then the entity, then whatever else it carries.
    fn pack(self) -> u64;
    /// Restores an event from [`Event::pack`].
    fn unpack(bits: u64) -> Self;
}

/// What is simulated: it answers each event by changing itself and scheduling others.
pub trait Model {
    /// The events of this model.
    type Event: Event;

    /// Handles `event`, which happens at `now`.
    fn handle(&mut self, now: SimTime, event: Self::Event, queue: &mut EventQueue<Self::Event>);
}

/// Runs `model` over the events before `until`, at most `budget` of them; what is left stays in
/// the queue. Returns how many there were, and the instant of the last one if the budget ran out.
#[inline]
pub fn run<M: Model>(
    model: &mut M,
    queue: &mut EventQueue<M::Event>,
    until: SimTime,
    budget: u64,
) -> (u64, Option<SimTime>) {
    for passed in 0..budget {
        let Some((now, event)) = queue.take_before(until) else { return (passed, None) };
        model.handle(now, event, queue);
    }
    (budget, Some(queue.now))
}

/// A lane of an event queue, as returned by [`EventQueue::add_lane`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lane(usize);

/// So many lanes are kept apart, their heads compared without branches; events of further ones go
/// through the heap, which gives the same order.
const LANES: usize = 4;

/// The future event list.
#[derive(Debug)]
pub struct EventQueue<E> {
    heap: QuadHeap,
    /// The heap's first entry has been taken and may be overwritten by the next one scheduled:
    /// a completion that starts the next service costs one sift instead of two.
    hole: bool,
    /// The first event of every lane, `NEVER` where it is empty.
    heads: [u128; LANES],
    /// What follows the first event of every lane.
    tails: [VecDeque<u128>; LANES],
    lanes: usize,
    /// The least of `heads`, the lane it stands in, and the least of the others. A head that was
    /// taken and not replaced leaves `first` at `NEVER` until the next look.
    first: u128,
    first_lane: usize,
    second: u128,
    now: SimTime,
    events: PhantomData<E>,
}

const NEVER: u128 = u128::MAX;

#[inline]
fn join(time: u64, bits: u64) -> u128 {
    (u128::from(time) << 64) | u128::from(bits)
}

impl<E: Event> Default for EventQueue<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: Event> EventQueue<E> {
    /// Creates an empty queue at time zero.
    pub fn new() -> Self {
        Self {
            heap: QuadHeap::default(),
            hole: false,
            heads: [NEVER; LANES],
            tails: Default::default(),
            lanes: 0,
            first: NEVER,
            first_lane: 0,
            second: NEVER,
            now: SimTime::ZERO,
            events: PhantomData,
        }
    }

    /// Adds a lane for events that are appended in the order in which they happen.
    pub fn add_lane(&mut self) -> Lane {
        self.lanes += 1;
        Lane(self.lanes - 1)
    }

    // Inlined by force, like all that an event passes through: calls cost a tenth of a run.
    /// Schedules `event` at `at`, which must not lie in the past.
    #[inline(always)]
    pub fn schedule(&mut self, at: SimTime, event: E) {
        debug_assert!(at >= self.now, "event at {at} scheduled in the past of {}", self.now);
        let key = join(at.as_nanos(), event.pack());
        if std::mem::take(&mut self.hole) {
            self.heap.replace_first(key);
        } else {
            self.heap.push(key);
        }
    }

    /// Appends `event` to `lane`, where nothing later may stand yet.
    #[inline(always)]
    pub fn append(&mut self, lane: Lane, at: SimTime, event: E) {
        debug_assert!(at >= self.now, "event at {at} appended in the past of {}", self.now);
        let key = join(at.as_nanos(), event.pack());
        match self.heads.get_mut(lane.0) {
            Some(head) if *head == NEVER => {
                *head = key;
                // The usual case: a source whose arrival was taken appends its next one.
                if lane.0 == self.first_lane && key < self.second {
                    self.first = key;
                } else {
                    self.compare_heads();
                }
            }
            Some(head) => {
                let tail = &mut self.tails[lane.0];
                debug_assert!(tail.back().unwrap_or(head) >> 64 <= key >> 64, "a lane is out of order");
                tail.push_back(key);
            }
            None => self.schedule(at, event),
        }
    }

    /// Takes the first event if it happens before `until`, and moves the clock to it.
    #[inline(always)]
    fn take_before(&mut self, until: SimTime) -> Option<(SimTime, E)> {
        if std::mem::take(&mut self.hole) {
            self.heap.pop_first();
        }
        if self.second < self.first {
            self.compare_heads();
        }
        let from_heap = self.heap.first();
        let from_lane = self.first;
        let key = if from_heap < from_lane { from_heap } else { from_lane };
        let at = SimTime::from_nanos((key >> 64) as u64);
        if at >= until {
            return None;
        }
        debug_assert!(at >= self.now, "the clock ran backwards: {at} after {}", self.now);
        self.now = at;
        if from_heap < from_lane {
            self.hole = true;
        } else {
            let lane = self.first_lane % LANES;
            self.first = self.tails[lane].pop_front().unwrap_or(NEVER);
            self.heads[lane] = self.first;
        }
        Some((at, E::unpack(key as u64)))
    }

    fn compare_heads(&mut self) {
        (self.first, self.first_lane) = least(&self.heads);
        let mut others = self.heads;
        others[self.first_lane] = NEVER;
        (self.second, _) = least(&others);
    }
}

/// Returns the least of four and its place, as a tournament without branches.
#[inline(always)]
fn least<T: Copy + PartialOrd>(&[a, b, c, d]: &[T; 4]) -> (T, usize) {
    let (left, left_at) = if b < a { (b, 1) } else { (a, 0) };
    let (right, right_at) = if d < c { (d, 3) } else { (c, 2) };
    if right < left { (right, right_at) } else { (left, left_at) }
}

/// A 4-ary min-heap of (time, bits).
///
/// The entries behind the last are never reached, so that every inner node has four children and
/// the least of them is found as a tournament without branches: on random times a mispredicted
/// branch costs more than the two comparisons it saves. Times stand apart from what breaks their
/// ties, which is looked at only when two are equal. Measured: docs/PERFORMANCE.md.
#[derive(Debug)]
struct QuadHeap {
    times: Vec<u64>,
    bits: Vec<u64>,
    len: usize,
}

impl Default for QuadHeap {
    fn default() -> Self {
        Self { times: vec![u64::MAX; 5], bits: vec![u64::MAX; 5], len: 0 }
    }
}

impl QuadHeap {
    #[inline]
    fn first(&self) -> u128 {
        join(self.times[0], self.bits[0])
    }

    #[inline]
    fn push(&mut self, key: u128) {
        if self.len + 5 > self.times.len() {
            self.times.resize(2 * self.len + 5, u64::MAX);
            self.bits.resize(2 * self.len + 5, u64::MAX);
        }
        let mut at = self.len;
        self.len += 1;
        while at > 0 {
            let parent = (at - 1) / 4;
            let above = join(self.times[parent], self.bits[parent]);
            if above <= key {
                break;
            }
            self.set(at, above);
            at = parent;
        }
        self.set(at, key);
    }

    #[inline]
    fn set(&mut self, at: usize, key: u128) {
        self.times[at] = (key >> 64) as u64;
        self.bits[at] = key as u64;
    }

    #[inline]
    fn pop_first(&mut self) {
        self.len -= 1;
        let last = join(self.times[self.len], self.bits[self.len]);
        self.set(self.len, NEVER);
        if self.len > 0 {
            self.replace_first(last);
        }
    }

    /// Overwrites the first entry and restores the order.
    #[inline]
    fn replace_first(&mut self, key: u128) {
        let mut at = 0;
        let time = (key >> 64) as u64;
        let times = &mut self.times[..];
        let bits = &mut self.bits[..times.len()];
        while let Some(children) = times.get(4 * at + 1..4 * at + 5) {
            let Ok(&children) = <&[u64; 4]>::try_from(children) else { break };
            let (mut next, place) = least(&children);
            if next > time {
                break;
            }
            let mut child = 4 * at + 1 + place;
            let [a, b, c, d] = children;
            if (a == b) | (c == d) | (a.min(b) == c.min(d)) | (next == time) {
                let family = 4 * at + 1..4 * at + 5;
                child = family.min_by_key(|&i| join(times[i], bits[i])).unwrap_or(child);
                next = times[child];
                if join(next, bits[child]) >= key {
                    break;
                }
            }
            times[at] = next;
            bits[at] = bits[child];
            at = child;
        }
        times[at] = time;
        bits[at] = key as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Bits, Key};

    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Tag(u64);

    impl Event for Tag {
        fn pack(self) -> u64 {
            self.0
        }
        fn unpack(bits: u64) -> Self {
            Self(bits)
        }
    }

    /// Writes down what happens, and lets every event with an odd tag cause one of half the tag.
    #[derive(Default)]
    struct Diary(Vec<(u64, u64)>);

    impl Model for Diary {
        type Event = Tag;
        fn handle(&mut self, now: SimTime, event: Tag, queue: &mut EventQueue<Tag>) {
            self.0.push((now.as_nanos(), event.0));
            if event.0 % 2 == 1 {
                queue.schedule(SimTime::from_nanos(now.as_nanos() + 10), Tag(event.0 / 2));
            }
        }
    }

    fn at(nanos: u64) -> SimTime {
        SimTime::from_nanos(nanos)
    }

    #[test]
    fn orders_by_time_then_rank_and_never_by_creation() {
        let mut queue = EventQueue::new();
        let lane = queue.add_lane();
        queue.schedule(at(5), Tag(8));
        queue.append(lane, at(5), Tag(4));
        queue.schedule(at(5), Tag(2));
        queue.schedule(at(1), Tag(6));
        queue.append(lane, at(7), Tag(0));
        let mut diary = Diary::default();
        run(&mut diary, &mut queue, at(100), u64::MAX);
        assert_eq!(diary.0, [(1, 6), (5, 2), (5, 4), (5, 8), (7, 0)]);
    }

    #[test]
    fn nothing_happens_at_or_past_the_horizon() {
        let mut queue = EventQueue::new();
        let lane = queue.add_lane();
        queue.schedule(at(9), Tag(1));
        queue.schedule(at(10), Tag(2));
        queue.append(lane, at(10), Tag(4));
        let mut diary = Diary::default();
        run(&mut diary, &mut queue, at(10), u64::MAX);
        assert_eq!(diary.0, [(9, 1)]);
        run(&mut diary, &mut queue, at(11), u64::MAX);
        assert_eq!(diary.0, [(9, 1), (10, 2), (10, 4)], "what was left is still there");
    }

    #[test]
    fn agrees_with_a_sorted_list_under_random_traffic() {
        for seed in 0..50 {
            let mut bits = Key::from_seed(seed).stream();
            let mut queue = EventQueue::new();
            let lane = queue.add_lane();
            let mut expected = Vec::new();
            let (mut lane_clock, count) = (0, 1 + bits.next_bits() % 300);
            for _ in 0..count {
                let (time, tag) = (bits.next_bits() % 64, bits.next_bits() % 16 * 2);
                expected.push((time, tag));
                queue.schedule(at(time), Tag(tag));
                lane_clock += bits.next_bits() % 3;
                expected.push((lane_clock, 1000));
                queue.append(lane, at(lane_clock), Tag(1000));
            }
            expected.sort_unstable();
            let mut diary = Diary::default();
            run(&mut diary, &mut queue, SimTime::MAX, u64::MAX);
            assert_eq!(diary.0, expected, "seed {seed}");
        }
    }

    #[test]
    fn what_an_event_schedules_takes_its_place() {
        let mut queue = EventQueue::new();
        for tag in [7, 3, 5] {
            queue.schedule(at(0), Tag(tag));
        }
        let mut diary = Diary::default();
        run(&mut diary, &mut queue, SimTime::MAX, u64::MAX);
        let expected = [(0, 3), (0, 5), (0, 7), (10, 1), (10, 2), (10, 3), (20, 0), (20, 1), (30, 0)];
        assert_eq!(diary.0, expected);
    }

    #[test]
    fn a_budget_of_events_is_kept() {
        let mut queue = EventQueue::new();
        for time in 0..5 {
            queue.schedule(at(time), Tag(0));
        }
        let mut diary = Diary::default();
        assert_eq!(run(&mut diary, &mut queue, at(9), 3), (3, Some(at(2))));
        assert_eq!(run(&mut diary, &mut queue, at(9), 3), (2, None), "the queue ran out first");
        assert_eq!(diary.0.len(), 5);
    }
}
