//! Days of a few requests, in nanoseconds, against books kept on paper.

use crate::ids::{RowId, SourceId};
use crate::results::*;
use crate::rng::Key;
use crate::time::SimTime;
use crate::workload::{Arena, Outcome, Request, Size};

use Outcome::{Cancelled, Completed, Failed, Rejected, Shed, TimedOut};

/// Row, arrival, and how and when it ends; `None` is still in flight at the end.
type Visit = (usize, u64, Option<(Outcome, u64)>);

fn served(row: usize, at: u64, until: u64) -> Visit {
    (row, at, Some((Completed, until)))
}

fn stays(row: usize, at: u64) -> Visit {
    (row, at, None)
}

/// `web` takes both classes (rows 0 and 1), `pay` the second one (row 2).
fn plan(duration_ns: u64, warmup_ns: u64, interval_ns: u64) -> Plan {
    let row = |service, class| RowPlan { service, class, work_mean_ns: None, wait_mean_ns: None };
    let mut plan = example::study().plan;
    plan.rows = vec![row(0, 0), row(0, 1), row(1, 1)];
    plan.objectives.clear();
    Plan { duration_ns, warmup_ns, interval_ns, ..plan }
}

/// The 50th percentile below 5 ns.
fn median() -> Goal {
    Goal::Latency { percentile: 50.0, bound_ns: 5, inclusive: false }
}

fn success() -> Goal {
    Goal::Success { at_least: 0.5, inclusive: true }
}

type Stretch = (Option<u64>, Option<u64>, Option<u64>);

/// An objective of `web`: every, from, to.
fn objective(goal: Goal, class: Option<usize>, (every_ns, from_ns, to_ns): Stretch) -> ObjectivePlan {
    let name = "a".to_owned();
    ObjectivePlan { name, service: 0, class, goal, every_ns, from_ns, to_ns, holds_in: None }
}

/// What the gauges of a service read where each has stood still since t = 0.
fn steady(ready: u128, slots: u128, milli: u128, queued: u128, at: u64) -> ServiceReading {
    let at = u128::from(at);
    ServiceReading {
        desired: 0,
        missing: 0,
        ordered: ready * at,
        ready: ready * at,
        slots: slots * at,
        cpu_milli: milli * at,
        queued: queued * at,
        sent: Sent::default(),
    }
}

/// A recorder, and a clock that makes the cuts that are due, each before anything else happens.
struct Clerk {
    recorder: Recorder,
    arena: Arena,
    end: u64,
    cuts: Vec<u64>,
}

impl Clerk {
    fn new(plan: &Plan, sized: bool) -> Self {
        let recorder = Recorder::new(plan, sized);
        Self { recorder, arena: Arena::new(), end: plan.duration_ns, cuts: Vec::new() }
    }

    fn readings(at: u64) -> Vec<ServiceReading> {
        vec![steady(2, 3, 1_500, 1, at), steady(1, 0, 0, 4, at)]
    }

    /// Goes on to an instant.
    fn at(&mut self, now: u64) -> SimTime {
        while self.recorder.next_cut().as_nanos() <= now.min(self.end - 1) {
            let due = self.recorder.next_cut();
            self.recorder.cut(due, &Self::readings(due.as_nanos()), &self.arena);
            self.cuts.push(due.as_nanos());
        }
        SimTime::from_nanos(now)
    }

    fn finish(mut self) -> Books {
        self.at(self.end);
        self.recorder.finish(&Self::readings(self.end), &self.arena)
    }
}

/// Keeps the books of a day; at one instant, who leaves does so before anyone comes.
fn day(plan: &Plan, visits: &[Visit]) -> Books {
    let mut happens: Vec<(u64, bool, usize)> = Vec::new();
    for (index, &(_, at, end)) in visits.iter().enumerate() {
        happens.push((at, true, index));
        happens.extend(end.map(|(_, until)| (until, false, index)));
    }
    happens.sort_unstable();
    let mut clerk = Clerk::new(plan, false);
    let mut slots = vec![None; visits.len()];
    let source = SourceId::new(0);
    for (at, comes, index) in happens {
        let now = clerk.at(at);
        let (row, arrived, end) = visits[index];
        let (row, arrived) = (RowId::new(row), SimTime::from_nanos(arrived));
        if comes {
            clerk.recorder.offered(row, source, now);
            let request = Request::new(Key::from_seed(index as u64), now, row, source, 0.0);
            slots[index] = Some(clerk.arena.insert(request));
            continue;
        }
        match end.expect("it ends").0 {
            Completed => clerk.recorder.completed(row, source, arrived, now),
            other => clerk.recorder.lost(row, source, arrived, now, other),
        }
        clerk.arena.remove(slots[index].take().expect("it came"));
    }
    clerk.finish()
}

fn plain(column: &[Wide]) -> Vec<u128> {
    column.iter().map(|wide| wide.0).collect()
}

#[test]
fn series_count_by_time_and_totals_by_arrival() {
    let visits = [
        served(0, 2, 6),
        served(0, 5, 10),
        served(0, 8, 12),
        (0, 9, Some((TimedOut, 25))),
        served(0, 10, 17),
        served(0, 20, 28),
        stays(0, 22),
    ];
    let books = day(&plan(30, 10, 10), &visits);
    let series = &books.row_series[0];
    assert_eq!(series.offered, [4, 1, 2]);
    // Who leaves at 10 leaves in the second interval.
    assert_eq!(series.outcomes[Completed as usize], [1, 3, 1]);
    assert_eq!(series.outcomes[TimedOut as usize], [0, 0, 1]);
    // 4 + 5 + 2 + 1; 2 + 10 + 7; 5 + 8 + 8.
    assert_eq!(plain(&series.in_flight_ns), [12, 19, 21]);
    // Of 4; of 4, 5 and 7; of 8.
    assert_eq!(series.p50_ns, [Some(4), Some(5), Some(8)]);
    assert_eq!(series.p99_ns, [Some(4), Some(7), Some(8)]);
    // The population came at 10, at 20 and at 22.
    let total = &books.rows[0];
    assert_eq!((total.offered, total.in_flight_end), (3, 1));
    assert_eq!(total.outcomes, [2, 0, 0, 0, 0, 0]);
    assert_eq!((total.latency_sum_ns, total.latency_max_ns, total.latency.count()), (Wide(15), 8, 2));
    // The ledger and Little's law know no warm-up.
    let ledger = books.ledgers[0];
    assert_eq!((ledger.started, ledger.outcomes, ledger.in_progress), (7, [5, 0, 1, 0, 0, 0], 1));
    assert_eq!((books.services[0].in_flight_ns, books.services[0].sojourn_ns), (Wide(52), Wide(52)));
    assert_eq!((books.services[1].in_flight_ns, books.services[1].sojourn_ns), (Wide(0), Wide(0)));
}

#[test]
fn a_warm_up_that_ends_inside_an_interval_cuts_the_totals_alone() {
    let visits = [served(0, 1, 4), served(0, 3, 9), served(0, 6, 8), served(0, 12, 15)];
    let books = day(&plan(20, 5, 10), &visits);
    let series = &books.row_series[0];
    assert_eq!((series.offered.as_slice(), series.outcomes[0].as_slice()), (&[3, 1][..], &[3, 1][..]));
    // Of 2, 3 and 6, whichever side of the cut they ended on; of 3.
    assert_eq!(series.p50_ns, [Some(3), Some(3)]);
    assert_eq!(series.p99_ns, [Some(6), Some(3)]);
    assert_eq!(plain(&series.in_flight_ns), [3 + 6 + 2, 3]);
    let total = &books.rows[0];
    assert_eq!((total.offered, total.outcomes[0], total.latency_sum_ns), (2, 2, Wide(5)));
    // The 6 of the one who straddles the end of the warm-up is not the largest of the population.
    assert_eq!(total.latency_max_ns, 3);
    assert_eq!(total.latency.count_above(3), 0);
}

#[test]
fn strays_are_taken_off_however_they_end() {
    for (index, outcome) in Outcome::ALL.into_iter().enumerate() {
        let ends = |at, until| (0, at, Some((outcome, until)));
        // Before the end of the warm-up, across it, after it.
        let books = day(&plan(20, 10, 10), &[ends(1, 3), ends(2, 13), ends(14, 16)]);
        let mut expected = [0; 6];
        expected[index] = 1;
        assert_eq!(books.rows[0].outcomes, expected, "{outcome:?}");
        assert_eq!(books.row_series[0].outcomes[index], [1, 2], "{outcome:?}");
        assert_eq!(books.services[0].sojourn_ns, Wide(2 + 11 + 2), "{outcome:?}");
        let latencies = u64::from(outcome == Completed);
        assert_eq!(books.rows[0].latency.count(), latencies, "{outcome:?}");
        assert_eq!(books.rows[0].latency_sum_ns, Wide(2 * u128::from(latencies)), "{outcome:?}");
    }
}

#[test]
fn without_a_warm_up_everything_counts() {
    let books = day(&plan(20, 0, 20), &[served(0, 0, 7), stays(0, 0), stays(2, 19)]);
    assert_eq!((books.rows[0].offered, books.rows[0].outcomes[0], books.rows[0].in_flight_end), (2, 1, 1));
    assert_eq!((books.rows[2].offered, books.rows[2].in_flight_end), (1, 1));
    assert_eq!(plain(&books.row_series[0].in_flight_ns), [7 + 20]);
    assert_eq!((books.services[0].in_flight_ns, books.services[1].in_flight_ns), (Wide(27), Wide(1)));
    assert_eq!(books.services[0].ready_ns, Wide(2 * 20));
}

#[test]
fn the_last_interval_may_be_shorter() {
    // Duration, interval, lengths of the intervals.
    let table: [(u64, u64, &[u128]); 4] =
        [(25, 10, &[10, 10, 5]), (30, 10, &[10, 10, 10]), (9, 9, &[9]), (11, 10, &[10, 1])];
    for (duration, interval, lengths) in table {
        let books = day(&plan(duration, 0, interval), &[stays(1, 0)]);
        let scaled = |factor: u128| lengths.iter().map(|length| factor * length).collect::<Vec<_>>();
        assert_eq!(plain(&books.row_series[1].in_flight_ns), scaled(1), "{duration}");
        let web = &books.service_series[0];
        assert_eq!(plain(&web.ready_ns), scaled(2), "{duration}");
        assert_eq!(plain(&web.slot_ns), scaled(3), "{duration}");
        assert_eq!(plain(&web.cpu_milli_ns), scaled(1_500), "{duration}");
        assert_eq!(plain(&web.queued_ns), scaled(1), "{duration}");
        assert_eq!(plain(&books.service_series[1].queued_ns), scaled(4), "{duration}");
        assert_eq!(books.row_series[0].offered, vec![0; lengths.len()], "{duration}");
    }
}

#[test]
fn the_use_of_capacity_counts_from_the_end_of_the_warm_up() {
    for (warmup, length) in [(0, 25), (5, 20), (10, 15), (24, 1)] {
        let books = day(&plan(25, warmup, 10), &[]);
        let web = &books.services[0];
        let found = [web.ready_ns.0, web.slot_ns.0, web.cpu_milli_ns.0, web.queued_ns.0];
        assert_eq!(found, [2 * length, 3 * length, 1_500 * length, length], "{warmup}");
        assert_eq!(books.services[1].queued_ns, Wide(4 * length), "{warmup}");
        // Series are about the whole run.
        assert_eq!(plain(&books.service_series[0].ready_ns), [20, 20, 10], "{warmup}");
    }
}

#[test]
fn percentiles_of_a_service_are_those_of_all_its_classes() {
    let visits = [served(0, 1, 3), served(1, 1, 9), served(1, 0, 9), served(2, 12, 16), served(0, 11, 12)];
    let books = day(&plan(20, 0, 10), &visits);
    let p50 = |row: usize| books.row_series[row].p50_ns.as_slice();
    assert_eq!(
        (p50(0), p50(1), p50(2)),
        (&[Some(2), Some(1)][..], &[Some(8), None][..], &[None, Some(4)][..])
    );
    // Of 2, 8 and 9; of 1.
    assert_eq!(books.service_series[0].p50_ns, [Some(8), Some(1)]);
    assert_eq!(books.service_series[0].p99_ns, [Some(9), Some(1)]);
    assert_eq!(books.service_series[1].p99_ns, [None, Some(4)]);
}

#[test]
fn sizes_and_attempts_are_added_up_by_the_time_at_which_they_happen() {
    let source = SourceId::new(0);
    for sized in [false, true] {
        let mut clerk = Clerk::new(&plan(20, 5, 10), sized);
        // Sizes, in millionths, and attempts; 2 before the warm-up ends, 2 in the same interval, 1 later.
        for (at, size, attempts) in
            [(1, 500_000, 1), (4, 250_000, 2), (6, 3_000_000, 0), (9, 1, 1), (15, 7, 3)]
        {
            let (now, row) = (clerk.at(at), RowId::new(0));
            clerk.recorder.offered(row, source, now);
            clerk.arena.insert(Request::new(Key::from_seed(at), now, row, source, 0.0));
            if clerk.recorder.sized() {
                clerk.recorder.offered_size(row, Size::from_micros(size));
            }
            (0..attempts).for_each(|_| clerk.recorder.dispatched(row));
        }
        let books = clerk.finish();
        let (row, series) = (&books.rows[0], &books.row_series[0]);
        assert_eq!((series.dispatched.as_slice(), row.dispatched), (&[4, 3][..], 4));
        let expected = if sized { ([3_750_001, 7], 3_000_008) } else { ([4_000_000, 1_000_000], 3_000_000) };
        assert_eq!(plain(&series.size_sum_micros), expected.0, "{sized}");
        assert_eq!(row.size_sum_micros, Wide(expected.1), "{sized}");
    }
}

#[test]
fn cuts_are_due_at_ends_of_intervals_of_the_warm_up_and_of_windows() {
    // Warm-up, every, from, to; intervals of 10 in 30.
    let table: [(u64, Stretch, &[u64]); 6] = [
        (5, (Some(7), Some(12), None), &[5, 10, 12, 19, 20, 26]),
        (10, (None, None, None), &[10, 20]),
        (10, (None, Some(10), Some(20)), &[10, 20]),
        (0, (None, None, Some(13)), &[0, 10, 13, 20]),
        (3, (Some(4), None, Some(14)), &[3, 7, 10, 11, 14, 20]),
        (3, (None, Some(29), None), &[3, 10, 20, 29]),
    ];
    for (warmup, stretch, expected) in table {
        let mut plan = plan(30, warmup, 10);
        plan.objectives.push(objective(success(), None, stretch));
        let mut clerk = Clerk::new(&plan, false);
        clerk.at(30);
        assert_eq!(clerk.cuts, expected, "{warmup} {stretch:?}");
        assert_eq!(clerk.recorder.next_cut(), SimTime::from_nanos(30), "{warmup} {stretch:?}");
    }
}

/// From, to, judged, bad, value.
type Judged = (u64, u64, u64, u64, Option<u64>);

fn windows(plan: &Plan, visits: &[Visit]) -> Vec<Vec<Judged>> {
    let told = |run: &ObjectiveRun| {
        run.windows.iter().map(|w| (w.from_ns, w.to_ns, w.total, w.bad, w.value_ns)).collect()
    };
    day(plan, visits).objectives.iter().map(told).collect()
}

#[test]
fn windows_tile_the_judged_stretch_and_the_last_one_may_be_shorter() {
    let table: [(Stretch, &[(u64, u64)]); 7] = [
        ((None, None, None), &[(5, 30)]),
        ((Some(10), None, None), &[(5, 15), (15, 25), (25, 30)]),
        ((Some(25), None, None), &[(5, 30)]),
        ((None, Some(12), None), &[(12, 30)]),
        ((None, None, Some(22)), &[(5, 22)]),
        ((Some(4), Some(12), Some(22)), &[(12, 16), (16, 20), (20, 22)]),
        ((Some(5), Some(10), Some(20)), &[(10, 15), (15, 20)]),
    ];
    for (stretch, expected) in table {
        for goal in [median(), success()] {
            let mut plan = plan(30, 5, 10);
            plan.objectives.push(objective(goal, None, stretch));
            let expected: Vec<_> = expected.iter().map(|&(from, to)| (from, to, 0, 0, None)).collect();
            assert_eq!(windows(&plan, &[]), [expected], "{stretch:?}");
        }
    }
}

#[test]
fn windows_of_latency_count_ends_and_those_who_are_too_late_already() {
    let mut plan = plan(30, 5, 10);
    plan.objectives.push(objective(median(), None, (Some(10), None, None)));
    let visits = [
        // Ends in the first window, although it came before the warm-up was over.
        served(0, 2, 6),
        served(1, 7, 12),
        // Exactly 5 old at 15, which is not older than the bound; 14 in the end.
        served(0, 10, 24),
        // 6 old at 15 and 16 old at 25.
        served(0, 9, 26),
        (1, 16, Some((TimedOut, 20))),
        // Who gives up does not count against the service.
        (0, 16, Some((Cancelled, 21))),
        // 1 old at 25, 6 old at 30.
        stays(1, 24),
        // Another service.
        stays(2, 6),
    ];
    // Of 4, 5 and one late; of 14, one late and one timed out; of 17 and one late.
    let expected = vec![(5, 15, 3, 1, Some(5)), (15, 25, 3, 2, None), (25, 30, 2, 1, Some(17))];
    assert_eq!(windows(&plan, &visits), [expected]);
}

#[test]
fn a_stretch_leaves_out_what_ends_before_it_and_after_it() {
    let mut plan = plan(30, 5, 10);
    plan.objectives.push(objective(median(), None, (None, Some(12), Some(22))));
    let visits = [
        served(0, 6, 11),
        // At its first instant, and at the first instant after it.
        served(0, 9, 12),
        served(0, 19, 22),
        served(0, 14, 21),
        (0, 8, Some((Rejected, 11))),
        (0, 13, Some((Shed, 14))),
        (0, 21, Some((Failed, 22))),
    ];
    // Of 3, 7 and one shed.
    assert_eq!(windows(&plan, &visits), [[(12, 22, 3, 1, Some(7))]]);
}

#[test]
fn without_a_stretch_the_population_is_judged() {
    let visits = [
        served(0, 3, 9),
        (0, 4, Some((Failed, 8))),
        // Still there at the end, but it came in the warm-up.
        stays(0, 4),
        served(0, 5, 7),
        served(1, 6, 10),
        (1, 7, Some((TimedOut, 9))),
        (1, 7, Some((Cancelled, 9))),
        // 6 old at the end, and 5.
        stays(0, 24),
        stays(0, 25),
    ];
    let mut plan = plan(30, 5, 10);
    let whole = (None, None, None);
    // All classes, the first, the second; then the same for success, which nobody in flight harms.
    for goal in [median(), success()] {
        for class in [None, Some(0), Some(1)] {
            plan.objectives.push(objective(goal.clone(), class, whole));
        }
    }
    let expected = [
        vec![(5, 30, 4, 2, Some(4))],
        vec![(5, 30, 2, 1, Some(2))],
        vec![(5, 30, 2, 1, Some(4))],
        vec![(5, 30, 3, 1, None)],
        vec![(5, 30, 1, 0, None)],
        vec![(5, 30, 2, 1, None)],
    ];
    assert_eq!(windows(&plan, &visits), expected);
}

#[test]
fn a_class_that_a_service_does_not_take_is_judged_by_nothing() {
    let mut plan = plan(10, 0, 10);
    plan.objectives.push(objective(median(), Some(0), (Some(5), None, None)));
    plan.objectives[0].service = 1;
    let expected = vec![(0, 5, 0, 0, None), (5, 10, 0, 0, None)];
    assert_eq!(windows(&plan, &[stays(0, 0), served(2, 1, 2), stays(2, 0)]), [expected]);
}

#[test]
fn every_outcome_but_giving_up_counts_for_success_or_against_it() {
    // Outcome, judged, bad.
    let table = [
        (Completed, 1, 0),
        (Failed, 1, 1),
        (TimedOut, 1, 1),
        (Rejected, 1, 1),
        (Shed, 1, 1),
        (Cancelled, 0, 0),
    ];
    for (outcome, total, bad) in table {
        for stretch in [(None, None, None), (Some(10), None, None), (None, Some(2), None)] {
            let mut plan = plan(10, 0, 10);
            plan.objectives.push(objective(success(), None, stretch));
            let found = windows(&plan, &[(0, 3, Some((outcome, 4)))]);
            let from = stretch.1.unwrap_or(0);
            assert_eq!(found, [[(from, 10, total, bad, None)]], "{outcome:?} {stretch:?}");
        }
    }
}

/// A request comes at 1 and ends at 3, as `spoil` tells it.
fn spoiled(spoil: fn(&mut Clerk)) {
    let mut clerk = Clerk::new(&plan(10, 0, 10), false);
    let now = clerk.at(1);
    clerk.recorder.offered(RowId::new(0), SourceId::new(0), now);
    spoil(&mut clerk);
    clerk.finish();
}

#[test]
#[should_panic(expected = "a request was lost or counted twice")]
fn a_request_that_vanishes_is_noticed() {
    spoiled(|_| {});
}

#[test]
#[should_panic(expected = "Little's law does not hold")]
fn a_latency_that_does_not_fit_the_gauge_is_noticed() {
    spoiled(|clerk| {
        let now = clerk.at(3);
        clerk.recorder.completed(RowId::new(0), SourceId::new(0), SimTime::from_nanos(2), now);
    });
}
