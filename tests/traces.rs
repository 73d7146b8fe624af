//! Runs of a few requests, against event times worked out by hand.

mod common;

use common::Station;
use common::story::{Shop, Story, Visit, visit};
use common::swarm::Files;
use peakday::dist::{DistributionSpec, Factor};
use peakday::results::{RunResult, Wide};
use peakday::sim;
use peakday::workload::{ArrivalsSpec, Outcome};

use Outcome::{Completed, Rejected, TimedOut};

/// Evenly spaced arrivals at 5, 15, 25 ..., served in 15 units each.
fn evenly(duration: f64) -> RunResult {
    let station = Station {
        rate: 0.1,
        arrivals: ArrivalsSpec::Uniform,
        work: DistributionSpec::Constant(Factor(15.0 * common::UNIT)).build().unwrap(),
        duration,
        intervals: duration as u64,
        ..Station::default()
    };
    sim::run(&station.scenario(), 1, &Files::default(), &mut ()).unwrap()
}

fn filled(column: &[u64]) -> Vec<usize> {
    column.iter().enumerate().flat_map(|(at, &count)| vec![at; count as usize]).collect()
}

#[test]
fn one_server_with_even_arrivals_and_constant_work() {
    let result = evenly(100.0);
    let (row, series) = (&result.rows[0], &result.row_series[0]);
    assert_eq!(filled(&series.offered), [5, 15, 25, 35, 45, 55, 65, 75, 85, 95]);
    // From 5 on the server is never idle: every 15 units one leaves.
    assert_eq!(filled(&series.outcomes[Completed as usize]), [20, 35, 50, 65, 80, 95]);
    assert_eq!((row.offered, row.outcomes[0], row.in_flight_end), (10, 6, 4));
    // Each waits 5 units longer than the one before: 15 + 20 + 25 + 30 + 35 + 40.
    assert_eq!(row.latency_sum_ns, Wide(165 * 1_000_000));
    assert_eq!(row.latency_max_ns, 40 * 1_000_000);
    let service = &result.services[0];
    assert_eq!(service.slot_ns, Wide(95 * 1_000_000), "busy from 5 to 100");
    // Waits of those who began service: 0, 5, 10, 15, 20, 25, 30 (from 65 to 95); then 25 from 75,
    // 15 from 85 and 5 from 95 to the end.
    assert_eq!(service.queued_ns, Wide((5 + 10 + 15 + 20 + 25 + 30 + 25 + 15 + 5) * 1_000_000));
    assert_eq!((service.peak_queue.value, service.peak_slots.value), (3, 1));
}

#[test]
fn an_arrival_at_the_horizon_does_not_come() {
    let result = evenly(95.0);
    assert_eq!(filled(&result.row_series[0].offered), [5, 15, 25, 35, 45, 55, 65, 75, 85]);
    // The completion due at 95 does not happen either.
    assert_eq!(filled(&result.row_series[0].outcomes[0]), [20, 35, 50, 65, 80]);
    let story = Story { duration: 50, ..Story::new(Shop::default(), &[visit(10, 40), visit(50, 1)]) };
    assert_eq!(story.ends(), [None, None]);
    let result = story.run();
    assert_eq!((result.rows[0].offered, result.rows[0].in_flight_end), (1, 1));
    assert_eq!((result.rows[1].offered, result.ledgers[0].started), (0, 1));
    let later = Story { duration: 51, ..story };
    assert_eq!(later.ends(), [Some((Completed, 50)), None]);
    assert_eq!(later.run().rows[1].in_flight_end, 1);
}

#[test]
fn who_waits_longest_is_next_unless_told_otherwise() {
    let visits = [visit(0, 10), visit(1, 10), visit(2, 10), visit(3, 10)];
    let with = |order, levels: [u16; 4]| {
        let mut visits = visits;
        visits.iter_mut().zip(levels).for_each(|(visit, level)| visit.level = level);
        [false, true]
            .map(|central| Story::new(Shop { order, central, ..Shop::default() }, &visits).completed())
    };
    assert_eq!(with("fifo", [0; 4]), [[10, 20, 30, 40], [10, 20, 30, 40]]);
    assert_eq!(with("lifo", [0; 4]), [[10, 40, 30, 20], [10, 40, 30, 20]]);
    // The one in service is not pushed out by those who are more important.
    assert_eq!(with("priority", [9, 2, 0, 2]), [[10, 30, 20, 40], [10, 30, 20, 40]]);
    assert_eq!(with("priority", [0, 0, 0, 0]), [[10, 20, 30, 40], [10, 20, 30, 40]]);
}

#[test]
fn whoever_leaves_in_an_instant_leaves_before_anyone_comes() {
    let visits = [visit(0, 10), visit(10, 10), visit(20, 10)];
    let full = Shop { limit: Some(0), ..Shop::default() };
    assert_eq!(Story::new(full.clone(), &visits).completed(), [10, 20, 30]);
    let early = Story::new(full, &[visit(0, 10), visit(9, 10), visit(10, 10)]);
    assert_eq!(early.ends(), [Some((Completed, 10)), Some((Rejected, 9)), Some((Completed, 20))]);
}

#[test]
fn a_full_queue_refuses() {
    let visits = [visit(0, 10), visit(1, 10), visit(2, 10), visit(10, 10), visit(19, 10)];
    for central in [false, true] {
        let story = Story::new(Shop { limit: Some(1), central, ..Shop::default() }, &visits);
        let expected = [
            Some((Completed, 10)),
            Some((Completed, 20)),
            Some((Rejected, 2)),
            // At 10 the second has just left the queue.
            Some((Completed, 30)),
            Some((Rejected, 19)),
        ];
        assert_eq!(story.ends(), expected, "central: {central}");
        let result = story.run();
        assert_eq!(result.services[0].peak_queue.value, 1);
        let dispatched: u64 = result.rows.iter().map(|row| row.dispatched).sum();
        assert_eq!(
            dispatched,
            if central { 3 } else { 5 },
            "a central queue refuses before anyone is picked"
        );
    }
}

#[test]
fn a_slot_that_is_free_at_the_last_instant_is_taken() {
    for (shared, central) in [(None, false), (None, true), (Some(500), false), (Some(500), true)] {
        // On half a core the work of 15 takes 30 as well.
        let work = if shared.is_some() { 15 } else { 30 };
        let with = |timeout| {
            let shop = Shop { shared, central, timeout: Some(timeout), ..Shop::default() };
            Story::new(shop, &[visit(0, work), visit(10, work)]).ends()
        };
        assert_eq!(with(20), [Some((Completed, 30)), Some((Completed, 60))], "{shared:?} {central}");
        assert_eq!(with(19), [Some((Completed, 30)), Some((TimedOut, 29))], "{shared:?} {central}");
    }
}

#[test]
fn who_gives_up_leaves_the_middle_of_the_queue() {
    for order in ["fifo", "lifo", "priority"] {
        let shop = Shop { order, timeout: Some(25), ..Shop::default() };
        let story = Story::new(shop, &[visit(0, 20), visit(1, 20), visit(2, 20), visit(21, 20)]);
        let ended = story.ends();
        let expected = match order {
            // At 20 the last of the waiting is served; at 26 the other gives up, at 40 who came at 21.
            "lifo" => [(Completed, 20), (TimedOut, 26), (Completed, 40), (Completed, 60)],
            _ => [(Completed, 20), (Completed, 40), (TimedOut, 27), (Completed, 60)],
        };
        assert_eq!(ended, expected.map(Some), "{order}");
    }
}

#[test]
fn requests_share_the_cores_of_a_server() {
    let shop = |slots, millicores| Shop { slots, shared: Some(millicores), ..Shop::default() };
    // One core: the first has 5 left at 5, which take 10; the second then has 5 left.
    let story = Story::new(shop(Some(2), 1_000), &[visit(0, 10), visit(5, 10)]);
    assert_eq!(story.completed(), [15, 20]);
    assert_eq!(story.run().services[0].cpu_milli_ns, Wide(20_000));
    assert_eq!(story.run().services[0].slot_ns, Wide(15 + 15));
    // A third waits for a slot until 15, and shares with the second until that has burned its 10:
    // 5 left at 15, alone with the third at half speed until 25; then 5 are left alone.
    let story = Story::new(shop(Some(2), 1_000), &[visit(0, 10), visit(5, 10), visit(6, 10)]);
    assert_eq!(story.completed(), [15, 25, 30]);
    // Half a core, and without a bound on how many share it.
    assert_eq!(Story::new(shop(None, 500), &[visit(0, 10)]).completed(), [20]);
    assert_eq!(Story::new(shop(None, 1_000), &[visit(0, 10); 4]).completed(), [40, 40, 40, 40]);
    // Two cores: nobody burns more than one.
    assert_eq!(Story::new(shop(None, 2_000), &[visit(0, 10), visit(0, 20)]).completed(), [10, 20]);
    // One and a half cores at double speed for two: each burns 1.5 a nanosecond.
    let fast = Shop { speed: 2.0, ..shop(None, 1_500) };
    assert_eq!(Story::new(fast, &[visit(0, 30), visit(0, 30)]).completed(), [20, 20]);
}

#[test]
fn waiting_for_others_holds_the_slot_and_burns_no_cpu() {
    let slow = |at, work, wait| Visit { wait, ..visit(at, work) };
    let story = Story::new(Shop::default(), &[slow(0, 5, 10), slow(1, 5, 0)]);
    assert_eq!(story.completed(), [15, 20]);
    let service = &story.run().services[0];
    assert_eq!((service.slot_ns, service.cpu_milli_ns), (Wide(20), Wide(10_000)));
    assert_eq!(service.queued_ns, Wide(14));
    // On a shared core the second has it alone while the first waits, from 10 to 30.
    let shop = Shop { slots: Some(2), shared: Some(1_000), ..Shop::default() };
    let story = Story::new(shop.clone(), &[slow(0, 10, 20), slow(10, 10, 0)]);
    assert_eq!(story.completed(), [30, 20]);
    // Both work until 20, then both wait; the third takes the slot that is free first.
    let story = Story::new(shop, &[slow(0, 10, 5), slow(0, 10, 9), slow(1, 3, 0)]);
    assert_eq!(story.completed(), [25, 29, 28]);
    assert_eq!(story.run().services[0].cpu_milli_ns, Wide(23_000));
}

#[test]
fn one_queue_for_all_does_not_wait_for_the_slow() {
    let visits = [visit(0, 30), visit(1, 10), visit(2, 10), visit(3, 10)];
    let shop = Shop { servers: 2, ..Shop::default() };
    // In turn: the third waits behind the first, the fourth behind the second.
    assert_eq!(Story::new(shop.clone(), &visits).completed(), [30, 11, 40, 21]);
    let central = Shop { central: true, ..shop };
    let story = Story::new(central, &visits);
    assert_eq!(story.completed(), [30, 11, 21, 31]);
    let result = story.run();
    assert_eq!(result.servers.iter().map(|server| server.requests).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(result.services[0].peak_queue.value, 2);
    assert_eq!(result.services[0].queued_ns, Wide(9 + 18));
}

#[test]
fn speed_divides_and_size_multiplies() {
    let fast = Shop { speed: 2.0, ..Shop::default() };
    assert_eq!(Story::new(fast, &[visit(0, 10), visit(20, 7)]).completed(), [5, 24], "3.5 is rounded up");
    let large = Visit { size: 2.5, ..visit(0, 10) };
    let nothing = Visit { size: 0.0, ..visit(30, 10) };
    let story = Story::new(Shop::default(), &[large, nothing]);
    assert_eq!(story.completed(), [25, 30]);
    assert_eq!(story.run().rows[0].size_sum_micros, Wide(2_500_000));
}

#[test]
fn a_request_that_straddles_the_warm_up_is_in_the_series_and_not_in_the_summary() {
    // Served in turn: 5 to 10, 10 to 15 (came before the warm-up ends), 15 to 20, 25 to the end.
    let visits = [visit(5, 5), visit(6, 5), visit(10, 5), visit(25, 100)];
    let story = Story { warmup: 10, duration: 30, ..Story::new(Shop::default(), &visits) };
    assert_eq!(story.ends(), [Some((Completed, 10)), Some((Completed, 15)), Some((Completed, 20)), None]);
    let result = story.run();
    let summary: Vec<_> =
        result.rows.iter().map(|row| (row.offered, row.outcomes[0], row.in_flight_end)).collect();
    assert_eq!(summary, [(0, 0, 0), (0, 0, 0), (1, 1, 0), (1, 0, 1)]);
    assert_eq!(result.rows.iter().map(|row| row.latency_sum_ns.0).collect::<Vec<_>>(), [0, 0, 10, 0]);
    assert_eq!(result.rows.iter().map(|row| row.latency.count()).sum::<u64>(), 1);
    // Capacity is used from the end of the warm-up on, by whomever: 10 to 20 and 25 to 30.
    assert_eq!(result.services[0].slot_ns, Wide(15));
    assert_eq!(result.services[0].queued_ns, Wide(5));
    // Little's law is about the whole run.
    assert_eq!(result.services[0].in_flight_ns, Wide(5 + 9 + 10 + 5));
    assert_eq!(result.ledgers[0].started, 4);
    assert_eq!((result.ledgers[0].outcomes[0], result.ledgers[0].in_progress), (3, 1));
}

#[test]
fn a_deadline_of_one_who_was_served_in_time_is_stale() {
    // The second waits from 1 to 5 and must be gone by 9: then it is in service, and at 9 a third
    // waits, which came at 6.
    let shop = Shop { timeout: Some(8), ..Shop::default() };
    let story = Story::new(shop, &[visit(0, 5), visit(1, 8), visit(6, 5)]);
    assert_eq!(story.completed(), [5, 13, 18]);
}

/// A request of a service without a limit on waiting was thrown out of its queue by the deadline
/// of an earlier request of another service, whose slot in memory it had been given.
#[test]
fn a_deadline_means_nothing_to_another_service() {
    let limited = Shop { timeout: Some(40), ..Shop::default() };
    for order in ["fifo", "lifo", "priority"] {
        let patient = Shop { order, ..Shop::default() };
        let at = |shop, at, work| Visit { shop, ..visit(at, work) };
        let story = Story {
            shops: vec![limited.clone(), patient],
            // The first three are gone by 20; the second, who could have waited until 41, leaves its
            // slot in memory to the one that comes at 21.
            visits: vec![at(0, 0, 10), at(0, 1, 5), at(0, 2, 5), at(1, 20, 60), at(1, 21, 10), at(1, 22, 10)],
            duration: 200,
            warmup: 0,
        };
        let completed = story.completed();
        let expected = if order == "lifo" { [10, 15, 20, 80, 100, 90] } else { [10, 15, 20, 80, 90, 100] };
        assert_eq!(completed, expected, "{order}");
    }
}

/// Who gave up first at one instant depended on how many services limit the wait, and on the
/// slots in memory, which others had used: so another service changed what a balancer picked.
#[test]
fn those_who_give_up_at_one_instant_do_so_in_the_order_in_which_they_came() {
    let balancer = r#"{"leastConnections": {}}"#;
    let two = Shop { servers: 2, timeout: Some(20), balancer, ..Shop::default() };
    let at = |shop, at, work| Visit { shop, ..visit(at, work) };
    let last = |shop| {
        // Two are served, two wait behind them and give up at 30. Then the first server has been
        // the less busy one for longer, and whoever comes at 40 waits there until 60.
        [at(shop, 0, 60), at(shop, 0, 100), at(shop, 10, 5), at(shop, 10, 5), at(shop, 40, 5)]
    };
    let expected = [(Completed, 60), (Completed, 100), (TimedOut, 30), (TimedOut, 30), (Completed, 65)];
    assert_eq!(Story::new(two.clone(), &last(0)).ends(), expected.map(Some));
    let other = Shop { slots: Some(2), timeout: Some(20), ..Shop::default() };
    let mut visits = vec![at(0, 0, 1), at(0, 0, 2), at(1, 0, 100), at(2, 0, 100)];
    visits.extend(last(3));
    let shops = vec![other.clone(), other.clone(), other, two];
    let among_others = Story { shops, visits, duration: 200, warmup: 0 };
    assert_eq!(among_others.ends()[4..], expected.map(Some));
}
