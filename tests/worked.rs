//! Runs short enough for paper: evenly spaced arrivals, constant work, every figure exact.

mod common;

use common::truth::NoTraces;
use common::{Station, UNIT};
use peakday::dist::Distribution;
use peakday::results::RunResult;
use peakday::scenario::Order;
use peakday::workload::{ArrivalsSpec, Outcome};

/// Two arrivals a unit, at 0.25, 0.75 and so on to 9.75, on one server that serves one: it ends a
/// request at 1.25, 2.25 and so on to 9.25.
fn overloaded() -> Station {
    Station {
        rate: 2.0,
        arrivals: ArrivalsSpec::Uniform,
        work: Distribution::constant(UNIT),
        duration: 10.0,
        intervals: 5,
        ..Station::default()
    }
}

fn run(station: &Station) -> RunResult {
    peakday::sim::run(&station.scenario(), 1, &NoTraces, &mut ()).expect("a run")
}

/// Asserts offered, completed, timed out, rejected, in flight at the end, and the sum and the
/// largest of the latencies in units.
fn assert_row(run: &RunResult, counts: [u64; 5], sum: f64, largest: f64) {
    let row = &run.rows[0];
    let ended = |outcome: Outcome| row.outcomes[outcome as usize];
    let found = [
        row.offered,
        ended(Outcome::Completed),
        ended(Outcome::TimedOut),
        ended(Outcome::Rejected),
        row.in_flight_end,
    ];
    assert_eq!(found, counts, "offered, completed, timed out, rejected, in flight");
    assert_eq!(row.latency.count(), counts[1], "a latency for each that completed");
    assert_eq!(row.latency_sum_ns.0 as f64, sum * UNIT, "the sum of the latencies");
    assert_eq!(row.latency_max_ns as f64, largest * UNIT, "the largest latency");
}

#[test]
fn first_come_first_served() {
    // The k-th comes at 0.25 + k/2 and is done at 1.25 + k: it stays 1 + k/2.
    let run = run(&overloaded());
    assert_row(&run, [20, 9, 0, 0, 11], 9.0 + 0.5 * 36.0, 5.0);
    // The waiting numbers 1 at 0.75, one more every unit: eleven at the end, one of them served.
    assert_eq!((run.services[0].peak_slots.value, run.services[0].peak_queue.value), (1, 10));
    assert_eq!(run.services[0].slot_ns.0 as f64, 9.75 * UNIT);
}

#[test]
fn central_queue_first_come_first_served() {
    // Two servers and four arrivals a unit: at 0.125 and 0.375, which are done a unit later, and so
    // on. Even and odd ones each are a line as above: the k-th stays 1 + (k / 2 rounded down) / 2.
    let station = Station { servers: 2, rate: 4.0, central: true, ..overloaded() };
    assert_row(&run(&station), [40, 18, 0, 0, 22], 2.0 * (9.0 + 0.5 * 36.0), 5.0);
}

#[test]
fn last_come_first_served() {
    // After the first, whoever came half a unit before the server is free is next.
    let station = Station { order: Order::Lifo, ..overloaded() };
    assert_row(&run(&station), [20, 9, 0, 0, 11], 1.0 + 8.0 * 1.5, 1.5);
}

#[test]
fn a_queue_of_two() {
    // Those at 2.75, 3.75 and so on to 9.75 find two waiting. Stays: 1, 1.5, 2, 2.5, then 3 each.
    let station = Station { limit: Some(2), ..overloaded() };
    let run = run(&station);
    assert_row(&run, [20, 9, 0, 8, 3], 1.0 + 1.5 + 2.0 + 2.5 + 5.0 * 3.0, 3.0);
    assert_eq!(run.services[0].peak_queue.value, 2);
}

#[test]
fn a_wait_of_one_unit_at_most() {
    // Those at 1.75, 2.75 and so on give up after a unit, half a unit before the server is free;
    // those at 1.25, 2.25 and so on are taken at the instant at which they would give up.
    for central in [false, true] {
        let station = Station { timeout: Some(1.0), central, ..overloaded() };
        assert_row(&run(&station), [20, 9, 8, 0, 3], 1.0 + 1.5 + 7.0 * 2.0, 2.0);
    }
}

#[test]
fn warm_up_and_series() {
    // Of those that come from 3 on, three are done: they come at 3.25, 3.75, 4.25.
    let run = run(&Station { warmup: 3.0, ..overloaded() });
    assert_row(&run, [14, 3, 0, 0, 11], 4.0 + 4.5 + 5.0, 5.0);
    assert_eq!(run.services[0].slot_ns.0 as f64, 7.0 * UNIT);
    // The series covers the warm-up and the end.
    assert_eq!(run.row_series[0].offered, [4; 5]);
    assert_eq!(run.row_series[0].outcomes[0], [1, 2, 2, 2, 2]);
}

#[test]
fn no_more_slots_than_there_are() {
    // Three slots for six arrivals a unit are three lines as above, begun a sixth apart.
    let run = run(&Station { slots: Some(3), rate: 6.0, ..overloaded() });
    assert_row(&run, [60, 27, 0, 0, 33], 3.0 * (9.0 + 0.5 * 36.0), 5.0);
    assert_eq!(run.services[0].peak_slots.value, 3);
}

#[test]
fn shared_cores() {
    // One core for two arrivals 0.8 apart of one unit each: the first runs alone for 0.8, then both
    // at half speed; it is done at 1.2, the second at 2.0. Arrivals in pairs by a rate of 1.25
    // would overlap further, so the run ends before the third.
    let station = Station {
        slots: None,
        shared_millicores: Some(1_000),
        rate: 1.25,
        arrivals: ArrivalsSpec::Uniform,
        work: Distribution::constant(UNIT),
        duration: 2.0,
        intervals: 1,
        ..Station::default()
    };
    // They come at 0.4 and 1.2: the first is done at 1.6, having run alone until 1.2 and at half
    // speed for 0.2 more work: 0.4 units.
    assert_row(&run(&station), [2, 1, 0, 0, 1], 1.2, 1.2);
    // Two cores are enough for both; the second ends past the horizon all the same.
    let station = Station { shared_millicores: Some(2_000), ..station };
    assert_row(&run(&station), [2, 1, 0, 0, 1], 1.0, 1.0);
}

#[test]
fn times_are_rounded_to_the_nearest_nanosecond() {
    for (work, rounded) in [(10.4, 10), (10.5, 11), (10.6, 11), (0.2, 0)] {
        let station = Station { work: Distribution::constant(work), rate: 0.5, ..overloaded() };
        let run = run(&station);
        assert_eq!(run.rows[0].latency_sum_ns.0, 5 * rounded, "{work} ns");
    }
}

#[test]
fn nothing_happens_at_the_horizon() {
    // The completion at 9.25 is past this end by nothing at all.
    let run = run(&Station { duration: 9.25, intervals: 1, ..overloaded() });
    assert_eq!(run.ledgers[0].outcomes[Outcome::Completed as usize], 8);
    assert_eq!(run.ledgers[0].started, 18, "the arrival at 9.25 does not come either");
}

/// Requests sent to each server while one a time unit comes, evenly, and nobody ever waits.
fn sent(balancer: &'static str, central: bool, pools: &[(u32, f64, f64)]) -> Vec<u64> {
    let station = Station {
        pools: pools.to_vec(),
        rate: 1.0,
        work: Distribution::constant(UNIT / 2.0),
        duration: 40.0,
        balancer,
        central,
        ..overloaded()
    };
    let run = run(&station);
    assert_eq!((run.ledgers[0].started, run.services[0].queued_ns.0), (40, 0));
    run.servers.iter().map(|server| server.requests).collect()
}

/// Behind a central queue a server leaves the rotation with its only slot, and each time it came
/// back its weight counted from zero: the first of equals took whatever was not alone.
#[test]
fn servers_that_fill_up_and_come_back_share_as_those_that_stay() {
    const SMOOTH: &str = r#"{"smoothWeightedRoundRobin":{}}"#;
    let one = |weight: f64| (1, 1.0, weight);
    for central in [false, true] {
        let cases = [
            (SMOOTH, vec![one(3.0), one(1.0)], vec![30, 10]),
            (SMOOTH, vec![one(1.0), one(3.0)], vec![10, 30]),
            (SMOOTH, vec![one(5.0), one(1.0), one(2.0)], vec![25, 5, 10]),
            (SMOOTH, vec![(4, 1.0, 1.0), one(4.0)], vec![5, 5, 5, 5, 20]),
            (r#"{"roundRobin":{}}"#, vec![one(3.0), one(1.0)], vec![20, 20]),
        ];
        for (balancer, pools, expected) in cases {
            let found = sent(balancer, central, &pools);
            assert_eq!(found, expected, "{balancer} over {pools:?}, central queue: {central}");
        }
    }
}

/// What is drawn at random is drawn among all that are idle.
#[test]
fn idle_servers_behind_a_central_queue_all_get_work() {
    for balancer in [r#"{"leastRequest":{}}"#, r#"{"random":{}}"#] {
        for central in [false, true] {
            let counts = sent(balancer, central, &[(3, 1.0, 1.0)]);
            assert_eq!(counts.iter().sum::<u64>(), 40, "{balancer}");
            // Three equal shares of 40 scatter by 3; five times that is never reached.
            assert!(counts.iter().all(|&count| count > 0 && count < 29), "{balancer}: {counts:?}");
        }
    }
}
