//! Accounts of servers told what happens, in nanoseconds, against sums worked out by hand.

use super::*;
use crate::ids::{RowId, SourceId};
use crate::rng::Key;
use crate::time::SimDuration;
use crate::workload::Request;

fn at(nanos: u64) -> SimTime {
    SimTime::from_nanos(nanos)
}

fn slots(slots: u32) -> Launch {
    Launch { service: ServiceId::new(0), pool: 0, pace: 0, slots: Some(slots), shared: None }
}

/// A service with so many servers of so many slots, ready at t = 0.
fn shop(discipline: Discipline, levels: usize, servers: &[u32]) -> (Fleet, Vec<ServerId>) {
    let mut fleet = Fleet::default();
    fleet.add_service(discipline, levels, false);
    let ids = servers.iter().map(|&count| fleet.launch(at(0), slots(count))).collect();
    (fleet, ids)
}

/// Requests that wait nowhere yet.
fn requests<const N: usize>(arena: &mut Arena) -> [RequestId; N] {
    std::array::from_fn(|index| {
        let key = Key::from_seed(index as u64);
        arena.insert(Request::new(key, at(0), RowId::new(0), SourceId::new(0), 0.0))
    })
}

const WEB: ServiceId = ServiceId::new(0);

#[test]
fn slots_are_held_and_freed() {
    let (mut fleet, ids) = shop(Discipline::Fifo, 1, &[2, 1]);
    let free = |fleet: &Fleet| [0, 1].map(|index: usize| fleet.server(ids[index]).has_free_slot());
    assert_eq!(free(&fleet), [true, true]);
    fleet.occupy(ids[0], at(10));
    fleet.occupy(ids[1], at(20));
    assert_eq!(free(&fleet), [true, false]);
    fleet.occupy(ids[0], at(30));
    assert_eq!((free(&fleet), fleet.server(ids[0]).busy()), ([false, false], 2));
    fleet.vacate(ids[0], at(60));
    fleet.vacate(ids[1], at(70));
    assert_eq!((free(&fleet), fleet.server(ids[0]).busy()), ([true, true], 1));
    // The first server: one from 10, two from 30, one from 60 to 100. The second: from 20 to 70.
    let found: Vec<u64> = fleet.server_use(at(100)).iter().map(|server| server.slots).collect();
    assert_eq!(found, [20 + 60 + 40, 50]);
    let usage = fleet.usage(at(100))[0];
    assert_eq!((usage.slots, usage.ready, usage.queued), (170, 200, 0));
    // Where work and time off the CPU are not told apart, a held slot burns a core.
    assert_eq!(usage.cpu_milli, 170_000);
    assert_eq!(fleet.server_use(at(100))[1].cpu_milli, 50_000);
    // All three slots were held at 30 first.
    assert_eq!(fleet.service(WEB).peak_slots, Peak { value: 3, at_ns: 30 });
}

#[test]
fn work_and_time_off_the_cpu_are_told_apart_where_that_matters() {
    let mut fleet = Fleet::default();
    fleet.add_service(Discipline::Fifo, 1, true);
    let id = fleet.launch(at(0), slots(4));
    assert!(fleet.service(WEB).tells_cpu);
    // In hand from 10 to 50, on a core from 10 to 25; a second from 20 to 40, on a core from 30 on.
    fleet.occupy(id, at(10));
    fleet.begin_work(id, at(10));
    fleet.occupy(id, at(20));
    fleet.end_work(id, at(25));
    fleet.begin_work(id, at(30));
    fleet.end_work(id, at(40));
    fleet.vacate(id, at(40));
    fleet.vacate(id, at(50));
    let (usage, server) = (fleet.usage(at(60))[0], fleet.server_use(at(60))[0]);
    assert_eq!((usage.slots, server.slots), (40 + 20, 60));
    assert_eq!((usage.cpu_milli, server.cpu_milli), (25_000, 25_000));
    assert_eq!(fleet.service(WEB).peak_slots, Peak { value: 2, at_ns: 20 });
}

#[test]
fn a_server_of_unlimited_slots_is_never_full() {
    let mut fleet = Fleet::default();
    fleet.add_service(Discipline::Fifo, 1, false);
    let id = fleet.launch(at(0), Launch { slots: None, ..slots(0) });
    (0..100).for_each(|_| fleet.occupy(id, at(5)));
    assert!(fleet.server(id).has_free_slot());
    assert_eq!(fleet.server_use(at(10))[0].slots, 500);
    assert_eq!(fleet.usage(at(10))[0].slots, 500);
}

#[test]
fn a_door_leads_to_a_slot_then_to_the_queue_then_away() {
    let (mut fleet, ids) = shop(Discipline::Fifo, 1, &[1]);
    let mut arena = Arena::new();
    let [a, b, c] = requests(&mut arena);
    let mut admit = |request, now| fleet.admit(ids[0], at(now), &mut arena, request, 0, 1);
    assert_eq!(
        [admit(a, 1), admit(b, 2), admit(c, 3)],
        [Admission::Slot, Admission::Queued, Admission::Full]
    );
    assert_eq!(fleet.server_use(at(3))[0].requests, 3, "turned away is sent all the same");
    assert_eq!(fleet.pass_on(ids[0], at(4), &mut arena), Some(b));
    assert_eq!(fleet.server(ids[0]).busy(), 1, "the slot is passed on");
    assert_eq!(fleet.pass_on(ids[0], at(6), &mut arena), None);
    assert_eq!(fleet.server(ids[0]).busy(), 0, "nobody is left to take it");
    // One slot from 1 to 6, one in the queue from 2 to 4.
    let usage = fleet.usage(at(9))[0];
    assert_eq!((usage.slots, usage.queued), (5, 2));
}

#[test]
fn shared_cores_burn_what_is_worked_on_them() {
    let mut fleet = Fleet::default();
    let service = fleet.add_service(Discipline::Fifo, 1, true);
    let other = fleet.add_service(Discipline::Fifo, 1, false);
    let plain = fleet.launch(at(0), slots(1));
    // One core and a half; the servers around it have cores of their own.
    let shared = fleet.launch(at(0), Launch { shared: Some((1_500, 1.0)), ..slots(8) });
    let last = fleet.launch(at(0), Launch { service: other, ..slots(1) });
    assert!(fleet.shared_cpu(plain).is_none() && fleet.shared_cpu(last).is_none());
    let mut arena = Arena::new();
    let [first, second] = requests(&mut arena);
    let cpu = fleet.shared_cpu(shared).expect("a shared CPU");
    cpu.start_work(at(0), first, SimDuration::from_nanos(1_000));
    cpu.start_work(at(20), second, SimDuration::from_nanos(1_000));
    // One core for 20 ns, then one and a half.
    assert_eq!(fleet.usage(at(20))[service.index()].cpu_milli, 20_000);
    fleet.occupy(last, at(40));
    assert_eq!(fleet.usage(at(60))[service.index()].cpu_milli, 20_000 + 60_000);
    assert_eq!(fleet.usage(at(60))[other.index()].cpu_milli, 20_000);
    let burned: Vec<u128> = fleet.server_use(at(60)).iter().map(|server| server.cpu_milli).collect();
    assert_eq!(burned, [0, 80_000, 20_000]);
}

/// Lets five wait at levels 1, 0, 2, 0, 1 and takes them all.
fn served_in_order(discipline: Discipline, central: bool) -> [usize; 5] {
    let levels = if discipline == Discipline::Priority { [1, 0, 2, 0, 1] } else { [0; 5] };
    let (mut fleet, ids) = shop(discipline, 3, &[1]);
    let mut arena = Arena::new();
    let all: [RequestId; 5] = requests(&mut arena);
    for (request, level) in all.into_iter().zip(levels) {
        if central {
            fleet.enqueue_central(WEB, at(0), &mut arena, request, level);
        } else {
            fleet.enqueue(ids[0], at(0), &mut arena, request, level);
        }
    }
    let mut next = || {
        let taken = if central {
            fleet.dequeue_central(WEB, at(1), &mut arena)
        } else {
            fleet.dequeue(ids[0], at(1), &mut arena)
        };
        taken.map(RequestId::index)
    };
    let order = std::array::from_fn(|_| next().expect("one waits"));
    assert_eq!(next(), None, "{discipline:?} {central}");
    order
}

#[test]
fn the_order_of_a_queue_is_its_discipline() {
    let table = [
        (Discipline::Fifo, [0, 1, 2, 3, 4]),
        (Discipline::Lifo, [4, 3, 2, 1, 0]),
        (Discipline::Priority, [1, 3, 0, 4, 2]),
    ];
    for (discipline, expected) in table {
        for central in [false, true] {
            assert_eq!(served_in_order(discipline, central), expected, "{discipline:?} {central}");
        }
    }
}

#[test]
fn whoever_comes_to_an_emptied_level_is_still_served_by_level() {
    let (mut fleet, ids) = shop(Discipline::Priority, 2, &[1]);
    let mut arena = Arena::new();
    let [low, high, later] = requests(&mut arena);
    fleet.enqueue(ids[0], at(0), &mut arena, low, 1);
    fleet.enqueue(ids[0], at(0), &mut arena, high, 0);
    assert_eq!(fleet.dequeue(ids[0], at(1), &mut arena), Some(high));
    fleet.enqueue(ids[0], at(2), &mut arena, later, 0);
    assert_eq!(fleet.dequeue(ids[0], at(3), &mut arena), Some(later));
    assert_eq!(fleet.dequeue(ids[0], at(4), &mut arena), Some(low));
    assert_eq!(fleet.dequeue(ids[0], at(5), &mut arena), None);
}

#[test]
fn who_gives_up_leaves_the_others_in_their_order() {
    // Who gives up first, who then, and who is left, in the order in which they are served.
    let table = [
        (Discipline::Fifo, (0, 2), [1, 3]),
        (Discipline::Fifo, (3, 0), [1, 2]),
        (Discipline::Lifo, (3, 1), [2, 0]),
        (Discipline::Lifo, (1, 2), [3, 0]),
        // Levels are 0, 1, 0, 1.
        (Discipline::Priority, (0, 1), [2, 3]),
        (Discipline::Priority, (0, 2), [1, 3]),
        (Discipline::Priority, (3, 0), [2, 1]),
    ];
    for (discipline, (first, then), left) in table {
        for central in [false, true] {
            let (mut fleet, ids) = shop(discipline, 2, &[1]);
            let mut arena = Arena::new();
            let all: [RequestId; 4] = requests(&mut arena);
            let level = |index: usize| if discipline == Discipline::Priority { index as u16 % 2 } else { 0 };
            for (index, &request) in all.iter().enumerate() {
                match central {
                    true => fleet.enqueue_central(WEB, at(10), &mut arena, request, level(index)),
                    false => fleet.enqueue(ids[0], at(10), &mut arena, request, level(index)),
                }
            }
            let server = (!central).then_some(ids[0]);
            fleet.abandon(WEB, server, at(20), &mut arena, all[first], level(first));
            fleet.abandon(WEB, server, at(30), &mut arena, all[then], level(then));
            let waiting = if central { fleet.central_waiting(WEB) } else { fleet.server(ids[0]).waiting() };
            assert_eq!(waiting, 2);
            let mut next = || match central {
                true => fleet.dequeue_central(WEB, at(40), &mut arena),
                false => fleet.dequeue(ids[0], at(40), &mut arena),
            };
            let served = [next(), next()].map(|id| id.map(RequestId::index));
            assert_eq!(served, left.map(Some), "{discipline:?} {central}");
            assert_eq!(next(), None);
            // 10 and 20 of those who gave up, twice 30 of the others.
            assert_eq!(fleet.usage(at(50))[0].queued, 90, "{discipline:?} {central}");
        }
    }
}

#[test]
fn queues_are_counted_per_server_or_for_the_service() {
    let (mut fleet, ids) = shop(Discipline::Fifo, 1, &[1, 1]);
    let mut arena = Arena::new();
    let [a, b, c, d] = requests(&mut arena);
    fleet.enqueue(ids[0], at(10), &mut arena, a, 0);
    fleet.enqueue(ids[1], at(20), &mut arena, b, 0);
    // Two wait in all, but nowhere more than one.
    assert_eq!(fleet.service(WEB).peak_queue, Peak { value: 1, at_ns: 10 });
    fleet.enqueue(ids[1], at(30), &mut arena, c, 0);
    assert_eq!(fleet.service(WEB).peak_queue, Peak { value: 2, at_ns: 30 });
    assert_eq!(fleet.dequeue(ids[1], at(40), &mut arena), Some(b));
    fleet.enqueue(ids[1], at(50), &mut arena, d, 0);
    let waiting = [0, 1].map(|index: usize| fleet.server(ids[index]).waiting());
    let peaks = [0, 1].map(|index: usize| fleet.server(ids[index]).peak_waiting());
    assert_eq!((waiting, peaks), ([1, 2], [1, 2]));
    // 50 of a, 20 of b, 30 of c, 10 of d.
    assert_eq!(fleet.usage(at(60))[0].queued, 50 + 20 + 30 + 10);

    let (mut fleet, _) = shop(Discipline::Fifo, 1, &[1, 1]);
    let mut arena = Arena::new();
    let [a, b, c] = requests(&mut arena);
    fleet.enqueue_central(WEB, at(10), &mut arena, a, 0);
    fleet.enqueue_central(WEB, at(20), &mut arena, b, 0);
    assert_eq!(fleet.dequeue_central(WEB, at(25), &mut arena), Some(a));
    fleet.enqueue_central(WEB, at(30), &mut arena, c, 0);
    assert_eq!(
        (fleet.central_waiting(WEB), fleet.service(WEB).peak_queue),
        (2, Peak { value: 2, at_ns: 20 })
    );
    assert_eq!(fleet.usage(at(40))[0].queued, 15 + 20 + 10);
}

#[test]
fn peaks_begin_anew_with_what_is_there() {
    let (mut fleet, ids) = shop(Discipline::Fifo, 1, &[3, 3]);
    let mut arena = Arena::new();
    let [a, b, c, d] = requests(&mut arena);
    for (request, now) in [(a, 1), (b, 2), (c, 3)] {
        fleet.enqueue(ids[0], at(now), &mut arena, request, 0);
        fleet.occupy(ids[0], at(now));
    }
    fleet.dequeue(ids[0], at(4), &mut arena);
    fleet.vacate(ids[0], at(4));
    fleet.enqueue(ids[1], at(5), &mut arena, d, 0);
    fleet.forget_peaks(at(10));
    let service = fleet.service(WEB);
    assert_eq!(service.peak_slots, Peak { value: 2, at_ns: 10 });
    assert_eq!(service.peak_queue, Peak { value: 2, at_ns: 10 });
    let peaks = [0, 1].map(|index: usize| fleet.server(ids[index]).peak_waiting());
    assert_eq!(peaks, [2, 1]);
    fleet.occupy(ids[1], at(12));
    assert_eq!(fleet.service(WEB).peak_slots, Peak { value: 3, at_ns: 12 });

    let (mut fleet, _) = shop(Discipline::Fifo, 1, &[1]);
    let [a, b] = requests(&mut arena);
    fleet.enqueue_central(WEB, at(1), &mut arena, a, 0);
    fleet.enqueue_central(WEB, at(2), &mut arena, b, 0);
    fleet.dequeue_central(WEB, at(3), &mut arena);
    fleet.forget_peaks(at(10));
    assert_eq!(fleet.service(WEB).peak_queue, Peak { value: 1, at_ns: 10 });
}

#[test]
fn services_keep_accounts_of_their_own() {
    let mut fleet = Fleet::default();
    let web = fleet.add_service(Discipline::Fifo, 1, false);
    let pay = fleet.add_service(Discipline::Priority, 2, false);
    let first = fleet.launch(at(0), slots(1));
    let second = fleet.launch(at(0), Launch { service: pay, pool: 3, ..slots(5) });
    // A server that comes into rotation later is ready from then on.
    let third = fleet.launch(at(40), slots(1));
    let mut arena = Arena::new();
    let [a, b] = requests(&mut arena);
    fleet.occupy(second, at(10));
    fleet.enqueue(second, at(20), &mut arena, a, 1);
    fleet.enqueue(third, at(50), &mut arena, b, 0);
    let usage = fleet.usage(at(60));
    let found: Vec<_> = usage.iter().map(|usage| (usage.ready, usage.slots, usage.queued)).collect();
    assert_eq!(found, [(60 + 20, 0, 10), (60, 50, 40)]);
    assert_eq!((fleet.server(second).service(), fleet.server(second).pool()), (pay, 3));
    assert_eq!((fleet.server(third).service(), fleet.server(third).state()), (web, ServerState::Ready));
    assert_eq!(fleet.servers().map(|(id, _)| id).collect::<Vec<_>>(), [first, second, third]);
}

#[test]
fn requests_sent_to_a_server_are_counted_whatever_becomes_of_them() {
    let (mut fleet, ids) = shop(Discipline::Fifo, 1, &[1, 1]);
    for index in [0, 1, 1, 1] {
        assert!({
            fleet.take_over(ids[index]);
            fleet.server(ids[index]).has_free_slot()
        });
    }
    let counts: Vec<u64> = fleet.server_use(at(1)).iter().map(|server| server.requests).collect();
    assert_eq!(counts, [1, 3]);
    fleet.set_position(ids[1], 7);
    assert_eq!((fleet.server(ids[0]).in_rotation(), fleet.server(ids[1]).position()), (false, 7));
}

#[test]
fn a_year_of_slots_fits_its_counter() {
    // 290 slots over 366 days are 9.17e18, below 2^63; the sum of the instants wraps on its way.
    let year = 366 * 86_400 * 1_000_000_000;
    let (mut fleet, ids) = shop(Discipline::Fifo, 1, &[290]);
    (0..290).for_each(|_| fleet.occupy(ids[0], at(year / 2)));
    assert_eq!(fleet.server_use(at(year))[0].slots, 290 * (year / 2));
    (0..290).for_each(|_| fleet.vacate(ids[0], at(year)));
    assert_eq!(fleet.server_use(at(year))[0].slots, 290 * (year / 2));
}

#[test]
fn a_life_is_kept_with_the_gauges_of_its_service() {
    use ServerState::{Booting, Draining, Failed, Provisioning, Ready, Stopped, Warming};
    // The states passed and when, and what becomes of (ordered, ready) x ns by 100 for an order at 10.
    type Passed = [(ServerState, u64)];
    let stories: [(&Passed, [u128; 2]); 5] = [
        (&[], [90, 0]),
        (&[(Booting, 20), (Warming, 30), (Ready, 50), (Draining, 70), (Stopped, 80)], [70, 40]),
        (&[(Booting, 20), (Stopped, 25)], [15, 0]),
        (&[(Ready, 10), (Failed, 60)], [50, 50]),
        (&[(Booting, 40), (Ready, 40), (Draining, 40), (Stopped, 40)], [30, 0]),
    ];
    for (passed, expected) in stories {
        let mut fleet = Fleet::default();
        fleet.add_service(Discipline::Fifo, 1, false);
        let id = fleet.order(at(10), slots(1));
        assert_eq!((fleet.server(id).state(), fleet.server(id).in_rotation()), (Provisioning, false));
        fleet.set_due(id, at(99));
        for &(state, when) in passed {
            fleet.pass(id, at(when), state);
            assert_eq!((fleet.server(id).state(), fleet.life(id).due), (state, SimTime::MAX));
        }
        let usage = fleet.usage(at(100))[0];
        assert_eq!([usage.ordered, usage.ready], expected, "{passed:?}");
        let life = fleet.life(id);
        let when = |wanted: &[ServerState]| {
            passed.iter().find(|(state, _)| wanted.contains(state)).map(|&(_, when)| at(when))
        };
        assert_eq!(life.ordered, at(10));
        assert_eq!((life.ready, life.gone), (when(&[Warming, Ready]), when(&[Stopped, Failed])));
        let left = life.ready.and(when(&[Draining, Stopped, Failed]));
        assert_eq!(life.left, left, "{passed:?}");
    }
}
