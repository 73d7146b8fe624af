//! The arena and its lines against plain containers, under random use.

use std::collections::VecDeque;

use super::*;
use crate::rng::{Bits, index_below};

fn at(nanos: u64) -> SimTime {
    SimTime::from_nanos(nanos)
}

/// A request that can be told from others by its instant.
fn request(name: u64) -> Request {
    Request::new(Key::from_seed(name), at(name), RowId::new(3), SourceId::new(5), name as f64)
}

#[test]
fn a_request_is_what_it_was_made_of_until_it_is_removed() {
    let mut arena = Arena::new();
    let ids: Vec<RequestId> = (0..3).map(|name| arena.insert(request(name))).collect();
    arena.get_mut(ids[1]).server = ServerId::new(9);
    let found = arena.get(ids[1]);
    assert_eq!((found.key, found.arrived, found.work), (Key::from_seed(1), at(1), 1.0));
    assert_eq!(
        (found.row(), found.source(), found.server),
        (RowId::new(3), SourceId::new(5), ServerId::new(9))
    );
    assert_eq!(arena.live(), 3);
    assert_eq!(arena.remove(ids[1]).arrived, at(1));
    let left: Vec<SimTime> = arena.iter().map(|request| request.arrived).collect();
    assert_eq!((arena.live(), left), (2, vec![at(0), at(2)]));
}

#[test]
fn slots_are_used_again_last_freed_first() {
    let mut arena = Arena::new();
    let ids: Vec<RequestId> = (0..4).map(|name| arena.insert(request(name))).collect();
    arena.remove(ids[0]);
    arena.remove(ids[2]);
    assert_eq!([4, 5, 6].map(|name| arena.insert(request(name)).index()), [2, 0, 4]);
    assert_eq!(arena.live(), 5);
}

#[test]
fn a_deadline_is_stale_unless_that_request_still_waits_for_it() {
    let mut arena = Arena::new();
    let mut line = Line::default();
    let id = arena.insert(request(0));
    assert!(!arena.waits_until(id, at(10)), "none was set");
    arena.set_deadline(id, at(10));
    assert!(!arena.waits_until(id, at(10)), "it waits nowhere");
    line.push_back(&mut arena, id);
    assert_eq!([9, 10, 11].map(|when| arena.waits_until(id, at(when))), [false, true, false]);
    line.pop_front(&mut arena);
    assert!(!arena.waits_until(id, at(10)), "it is served");
    arena.remove(id);
    assert!(!arena.waits_until(id, at(10)), "it is gone");
    let other = arena.insert(request(1));
    assert_eq!(other, id, "the slot is used again");
    arena.set_deadline(other, at(12));
    line.push_back(&mut arena, other);
    assert_eq!([10, 12].map(|when| arena.waits_until(id, at(when))), [false, true]);
}

#[test]
fn an_end_is_stale_unless_that_request_is_served_there_until_then() {
    let (here, there) = (ServerId::new(1), ServerId::new(2));
    let mut arena = Arena::new();
    let id = arena.insert(request(0));
    arena.get_mut(id).server = here;
    assert!(!arena.ends_at(id, here, at(10)), "nothing was noted");
    assert_eq!(arena.stay(id), Stay::NONE);
    arena.set_stay(id, Stay { ends: at(10), working: true });
    let asked = |arena: &Arena| {
        [(here, 10), (here, 9), (there, 10)].map(|(server, when)| arena.ends_at(id, server, at(when)))
    };
    assert_eq!(asked(&arena), [true, false, false]);
    arena.set_stay(id, Stay { ends: at(20), working: false });
    assert_eq!(asked(&arena), [false; 3], "its phase was planned anew");
    arena.set_stay(id, Stay { ends: at(10), working: true });
    arena.remove(id);
    assert_eq!(asked(&arena), [false; 3], "it is gone");
}

#[test]
fn those_in_service_are_neither_waiting_nor_gone() {
    let mut arena = Arena::new();
    let mut line = Line::default();
    let ids: Vec<RequestId> = (0..4).map(|name| arena.insert(request(name))).collect();
    line.push_back(&mut arena, ids[1]);
    arena.remove(ids[2]);
    let served: Vec<usize> = arena.in_service().map(|(id, _)| id.index()).collect();
    assert_eq!(served, [0, 3]);
}

/// What a line does, and the same done to a plain queue.
fn step(
    bits: &mut impl Bits,
    arena: &mut Arena,
    lines: &mut [(Line, VecDeque<RequestId>)],
    free: &mut Vec<RequestId>,
) {
    let draw = bits.next_bits();
    let which = index_below((draw >> 32) as u32, lines.len());
    let (line, model) = &mut lines[which];
    match draw % 5 {
        0 | 1 => {
            if let Some(id) = free.pop() {
                line.push_back(arena, id);
                model.push_back(id);
            }
        }
        2 => {
            let taken = line.pop_front(arena);
            assert_eq!(taken, model.pop_front());
            free.extend(taken);
        }
        3 => {
            let taken = line.pop_back(arena);
            assert_eq!(taken, model.pop_back());
            free.extend(taken);
        }
        _ if !model.is_empty() => {
            let place = index_below(draw as u32, model.len());
            let id = model.remove(place).expect("a place");
            line.unlink(arena, id);
            free.push(id);
        }
        _ => {}
    }
}

#[test]
fn lines_are_queues_from_which_anybody_can_leave() {
    for seed in 0..40 {
        let mut bits = Key::from_seed(seed).stream();
        let mut arena = Arena::new();
        let mut free: Vec<RequestId> = (0..12).map(|name| arena.insert(request(name))).collect();
        let mut lines = vec![(Line::default(), VecDeque::new()); 3];
        for _ in 0..600 {
            step(&mut bits, &mut arena, &mut lines, &mut free);
        }
        // What is left comes out in order, and then nothing.
        for (line, model) in &mut lines {
            while let Some(expected) = model.pop_front() {
                assert_eq!(line.pop_front(&mut arena), Some(expected), "seed {seed}");
            }
            assert_eq!((line.pop_front(&mut arena), line.pop_back(&mut arena)), (None, None));
        }
        assert_eq!(arena.in_service().count(), 12, "seed {seed}");
    }
}
