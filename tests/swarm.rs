//! A swarm of random valid scenarios, and what holds for every one of them.
//!
//! 10,000 scenarios or a minute, whichever comes first; `PEAKDAY_SWARM=N` runs N of them however
//! long it takes, `PEAKDAY_SWARM_SEED=S` the one with this seed.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use common::swarm::{self, Dice, Drawn, drawn};
use peakday::ids::ServiceId;
use peakday::results::{
    Provenance, RowTotals, RunResult, SCHEMA_VERSION, StudyResult, UNLIMITED_MILLICORES, check_shape,
};
use peakday::scenario::{Order, Scenario, Service};
use peakday::sim;
use peakday::time::{SimDuration, SimTime};
use peakday::workload::{Outcome, Profile, Segment};
use rayon::prelude::*;

const SCENARIOS: u64 = 10_000;
const LIMIT: Duration = Duration::from_secs(60);

fn run(scenario: &Scenario, files: &swarm::Files) -> RunResult {
    sim::run(scenario, 1, files, &mut ()).expect("a run that ends")
}

#[test]
fn every_scenario_keeps_the_books() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    if let Some(seed) = number("PEAKDAY_SWARM_SEED") {
        return check(seed);
    }
    let (count, begin) = (number("PEAKDAY_SWARM"), Instant::now());
    let tried = |seed: u64| {
        let in_time = count.is_some() || begin.elapsed() < LIMIT;
        in_time.then(|| catch_unwind(AssertUnwindSafe(|| check(seed))).map_err(|_| seed))
    };
    let results: Vec<_> = (0..count.unwrap_or(SCENARIOS)).into_par_iter().filter_map(tried).collect();
    let failed: Vec<u64> = results.iter().filter_map(|result| result.err()).collect();
    eprintln!("{} scenarios in {:.1?}", results.len(), begin.elapsed());
    let first = failed.first().copied().unwrap_or(0);
    assert!(
        failed.is_empty(),
        "{} of {} scenarios failed, the first with seed {first}; to repeat it:\n  \
         PEAKDAY_SWARM_SEED={first} cargo test --test swarm\nothers: {:?}",
        failed.len(),
        results.len(),
        &failed[..failed.len().min(20)]
    );
}

/// Asserts equality without printing histograms.
fn same(a: &RunResult, b: &RunResult, what: &str) {
    let ends = |result: &RunResult| -> Vec<_> { result.rows.iter().map(|row| row.outcomes).collect() };
    assert!(a == b, "{what}: {:?} and {:?}", ends(a), ends(b));
}

/// Draws the scenario of a seed and checks everything.
fn check(seed: u64) {
    let Drawn { scenario, files } = drawn(seed);
    let result = run(&scenario, &files);
    ledgers(&result);
    rows(&scenario, &result);
    series(&scenario, &result);
    servers(&scenario, &result);
    services(&scenario, &result);
    objectives(&scenario, &result);
    reads_back(&scenario, &result);
    same(&run(&scenario, &files), &result, "the same seed gives another result");
    let mut dice = Dice::new(!seed);
    the_interval_changes_no_total(&mut dice, &scenario, &files, &result);
    a_later_end_changes_nothing_before(&mut dice, &scenario, &files, &result);
    the_fleet_does_not_change_who_comes(&mut dice, &scenario, &files, &result);
    what_says_the_same_does_the_same(&scenario, &files, &result);
    services_do_not_disturb_each_other(&scenario, &files, &result);
}

fn ledgers(result: &RunResult) {
    for ledger in &result.ledgers {
        assert_eq!(ledger.started, ledger.outcomes.iter().sum::<u64>() + ledger.in_progress);
    }
    let started: u64 = result.ledgers.iter().map(|ledger| ledger.started).sum();
    let offered: u64 = result.row_series.iter().flat_map(|series| &series.offered).sum();
    assert_eq!(started, offered, "ledgers and series");
    for outcome in Outcome::ALL.map(|outcome| outcome as usize) {
        let ledgers: u64 = result.ledgers.iter().map(|ledger| ledger.outcomes[outcome]).sum();
        let series: u64 = result.row_series.iter().flat_map(|series| &series.outcomes[outcome]).sum();
        assert_eq!(ledgers, series, "ledgers and series of outcome {outcome}");
    }
}

fn rows(scenario: &Scenario, result: &RunResult) {
    let plan = &scenario.plan;
    for (row, planned) in result.rows.iter().zip(&plan.rows) {
        let queue = &scenario.services[planned.service].queue;
        let [completed, failed, timed_out, rejected, shed, cancelled] = row.outcomes;
        assert_eq!(row.offered, row.outcomes.iter().sum::<u64>() + row.in_flight_end);
        assert_eq!((failed, shed, cancelled), (0, 0, 0), "nothing fails or sheds here");
        assert!(timed_out == 0 || queue.timeout.is_some(), "timed out without a limit");
        assert!(rejected == 0 || queue.limit.is_some(), "rejected without a limit");
        assert_eq!(row.latency.count(), completed);
        assert!(row.latency_max_ns <= plan.duration_ns - plan.warmup_ns);
        assert!(row.latency_sum_ns.0 <= u128::from(completed) * u128::from(row.latency_max_ns));
        assert!(row.latency_sum_ns.0 >= u128::from(row.latency_max_ns));
        let most = row.latency.quantile(1.0, 0).unwrap_or(0) as f64;
        assert!((most - row.latency_max_ns as f64).abs() <= 0.001 * most, "histogram and maximum");
    }
}

fn series(scenario: &Scenario, result: &RunResult) {
    let plan = &scenario.plan;
    for (row, series) in result.rows.iter().zip(&result.row_series) {
        let summed = series.outcomes.each_ref().map(|column| column.iter().sum::<u64>());
        let (offered, dispatched) = (series.offered.iter().sum(), series.dispatched.iter().sum());
        let sizes: u128 = series.size_sum_micros.iter().map(|size| size.0).sum();
        if plan.warmup_ns == 0 {
            assert_eq!((row.offered, row.dispatched, row.outcomes), (offered, dispatched, summed));
            assert_eq!(row.size_sum_micros.0, sizes);
        }
        assert!(row.offered <= offered && row.dispatched <= dispatched && row.size_sum_micros.0 <= sizes);
        assert!(row.outcomes.iter().zip(summed).all(|(total, sum)| *total <= sum));
    }
    for (index, series) in result.service_series.iter().enumerate() {
        let rows = &result.row_series[plan.rows_of(index)];
        for interval in 0..series.slot_ns.len() {
            // Who is here either waits or is served.
            let in_flight: u128 = rows.iter().map(|row| row.in_flight_ns[interval].0).sum();
            assert_eq!(in_flight, series.slot_ns[interval].0 + series.queued_ns[interval].0);
        }
    }
}

fn servers(scenario: &Scenario, result: &RunResult) {
    let plan = &scenario.plan;
    let time = u128::from(plan.duration_ns - plan.warmup_ns);
    for server in &result.servers {
        let pool = &scenario.services[server.service].pools[server.pool];
        let slots = pool.concurrency.map_or(u128::MAX, |slots| u128::from(slots) * time);
        assert!(server.slot_ns.0 <= slots, "more slots held than there are");
        let cores = swarm::millicores(pool);
        assert!(server.cpu_milli_ns.0 <= u128::from(cores) * time, "more CPU burned than there is");
        assert!(cores < UNLIMITED_MILLICORES || pool.concurrency.is_none());
        let limit = scenario.services[server.service].queue.limit.map_or(u64::MAX, u64::from);
        assert!(server.peak_queue <= limit);
        assert_eq!(server.zone.is_some(), !pool.zones.is_empty());
        assert!(server.zone.is_none_or(|zone| pool.zones.contains(&(zone as u16))));
    }
    let planned: u32 = scenario.services.iter().flat_map(|s| &s.pools).map(|pool| pool.replicas).sum();
    assert_eq!(result.servers.len(), planned as usize);
}

fn services(scenario: &Scenario, result: &RunResult) {
    let plan = &scenario.plan;
    let time = u128::from(plan.duration_ns - plan.warmup_ns);
    for (index, totals) in result.services.iter().enumerate() {
        let Scenario { services, .. } = scenario;
        let queue = &services[index].queue;
        let servers = || result.servers.iter().filter(|server| server.service == index);
        let rows = &result.rows[plan.rows_of(index)];
        assert_eq!(totals.in_flight_ns, totals.sojourn_ns, "Little's law");
        assert_eq!(totals.no_server, 0);
        assert_eq!(totals.ready_ns.0, servers().count() as u128 * time);
        assert_eq!(totals.slot_ns.0, servers().map(|server| server.slot_ns.0).sum::<u128>());
        assert_eq!(totals.cpu_milli_ns.0, servers().map(|server| server.cpu_milli_ns.0).sum::<u128>());
        let dispatched: u64 = rows.iter().map(|row| row.dispatched).sum();
        assert_eq!(dispatched, servers().map(|server| server.requests).sum::<u64>());
        assert!(totals.peak_queue.value <= queue.limit.map_or(u64::MAX, u64::from));
        let longest = servers().map(|server| server.peak_queue).max();
        assert!(queue.central || longest == Some(totals.peak_queue.value), "the longest queue");
        if plan.warmup_ns == 0 {
            let series = &result.service_series[index];
            assert_eq!(totals.slot_ns.0, series.slot_ns.iter().map(|x| x.0).sum::<u128>());
            assert_eq!(totals.cpu_milli_ns.0, series.cpu_milli_ns.iter().map(|x| x.0).sum::<u128>());
            assert_eq!(totals.queued_ns.0, series.queued_ns.iter().map(|x| x.0).sum::<u128>());
            let offered: u64 = rows.iter().map(|row| row.offered).sum();
            assert!(if queue.central { dispatched <= offered } else { dispatched == offered });
        }
    }
}

fn objectives(scenario: &Scenario, result: &RunResult) {
    let plan = &scenario.plan;
    for (objective, run) in plan.objectives.iter().zip(&result.objectives) {
        let from = objective.from_ns.unwrap_or(plan.warmup_ns);
        let to = objective.to_ns.unwrap_or(plan.duration_ns);
        let windows = &run.windows;
        assert_eq!(windows.len() as u64, objective.every_ns.map_or(1, |every| (to - from).div_ceil(every)));
        assert_eq!((windows[0].from_ns, windows[windows.len() - 1].to_ns), (from, to));
        assert!(windows.windows(2).all(|pair| pair[0].to_ns == pair[1].from_ns));
        for window in windows {
            assert!(window.bad <= window.total);
            let every = objective.every_ns.unwrap_or(u64::MAX);
            assert!(window.to_ns - window.from_ns == every.min(to - window.from_ns));
        }
        let whole = [objective.every_ns, objective.from_ns, objective.to_ns] == [None; 3];
        if whole {
            let rows = plan.rows_of(objective.service);
            let rows = rows.filter(|&row| objective.class.is_none_or(|class| plan.rows[row].class == class));
            let rows: Vec<_> = rows.map(|row| &result.rows[row]).collect();
            let ended: u64 = rows.iter().flat_map(|row| row.outcomes).sum();
            let in_flight: u64 = rows.iter().map(|row| row.in_flight_end).sum();
            assert!((ended..=ended + in_flight).contains(&windows[0].total));
        }
    }
}

fn reads_back(scenario: &Scenario, result: &RunResult) {
    let provenance = Provenance {
        version: "0".into(),
        seed: scenario.seed,
        scenario_sha256: "".into(),
        resolved: "".into(),
        traces: vec![],
        overlays: Vec::new(),
        settings: Vec::new(),
    };
    let study = StudyResult {
        schema_version: SCHEMA_VERSION,
        provenance,
        plan: scenario.plan.clone(),
        replications_planned: 1,
        runs: vec![result.clone()],
    };
    check_shape(&study).expect("a result that hangs together");
    let text = serde_json::to_string(&study).expect("json");
    let read: StudyResult = serde_json::from_str(&text).expect("what was written");
    assert_eq!(read.plan, study.plan);
    same(&read.runs[0], result, "json does not read back equal");
    assert!(read == study);
}

/// Forgets what is told per interval.
fn totals(mut result: RunResult) -> RunResult {
    result.row_series.clear();
    result.service_series.clear();
    result
}

fn the_interval_changes_no_total(
    dice: &mut Dice,
    scenario: &Scenario,
    files: &swarm::Files,
    result: &RunResult,
) {
    let mut other = scenario.clone();
    let duration = scenario.plan.duration_ns;
    other.plan.interval_ns = dice.int(duration.div_ceil(100), duration);
    same(&totals(run(&other, files)), &totals(result.clone()), "the interval changed a total");
}

/// Also moves the slices in which a run is made, since they divide its length.
fn a_later_end_changes_nothing_before(
    dice: &mut Dice,
    scenario: &Scenario,
    files: &swarm::Files,
    result: &RunResult,
) {
    let mut later = scenario.clone();
    let duration = scenario.plan.duration_ns;
    later.plan.duration_ns += dice.int(1, duration / 2 + 1);
    let horizon = SimDuration::from_nanos(later.plan.duration_ns);
    for source in &mut later.sources {
        source.profile = source.profile.take().map(|rate| {
            let end = rate.segments().last().map_or(SimTime::ZERO, |last| last.to);
            let rest = Segment::constant(end, SimTime::MAX, rate.peak());
            Profile::new(rate.segments().iter().copied().chain([rest]), horizon)
        });
    }
    let longer = run(&later, files);
    let whole = (duration / scenario.plan.interval_ns) as usize;
    for (a, b) in result.row_series.iter().zip(&longer.row_series) {
        assert_eq!(a.offered[..whole], b.offered[..whole], "a later end changed who came");
        assert_eq!(a.dispatched[..whole], b.dispatched[..whole]);
        assert_eq!(a.in_flight_ns[..whole], b.in_flight_ns[..whole]);
        assert_eq!(a.size_sum_micros[..whole], b.size_sum_micros[..whole]);
        assert_eq!(a.p50_ns[..whole], b.p50_ns[..whole]);
        assert_eq!(a.p99_ns[..whole], b.p99_ns[..whole]);
        for (a, b) in a.outcomes.iter().zip(&b.outcomes) {
            assert_eq!(a[..whole], b[..whole], "a later end changed how it ended");
        }
    }
    for (a, b) in result.service_series.iter().zip(&longer.service_series) {
        assert_eq!(a.slot_ns[..whole], b.slot_ns[..whole]);
        assert_eq!(a.cpu_milli_ns[..whole], b.cpu_milli_ns[..whole]);
        assert_eq!(a.queued_ns[..whole], b.queued_ns[..whole]);
    }
}

fn the_fleet_does_not_change_who_comes(
    dice: &mut Dice,
    scenario: &Scenario,
    files: &swarm::Files,
    result: &RunResult,
) {
    let mut other = scenario.clone();
    for (index, service) in other.services.iter_mut().enumerate() {
        let change = dice.int(0, 2);
        if change == 0 {
            service.balancer = swarm::balancer(dice);
        } else if change == 1 {
            service.queue = swarm::queue(dice, scenario.plan.duration_ns, service.demands.len());
        } else {
            // The plan's pools are what results are read with; here only the counts are compared.
            service.pools = vec![swarm::pool(dice, 0); service.pools.len()];
            assert_eq!(service.pools.len(), scenario.plan.services[index].pools.len());
        }
    }
    let other = run(&other, files);
    for (a, b) in result.row_series.iter().zip(&other.row_series) {
        assert_eq!(a.offered, b.offered, "another fleet changed who came");
        assert_eq!(a.size_sum_micros, b.size_sum_micros, "another fleet changed how large they are");
    }
    for (a, b) in result.ledgers.iter().zip(&other.ledgers) {
        assert_eq!(a.started, b.started);
    }
}

/// Another way to write the same thing takes another way through the code.
fn what_says_the_same_does_the_same(scenario: &Scenario, files: &swarm::Files, result: &RunResult) {
    let mut other = scenario.clone();
    let endless = SimDuration::from_nanos(scenario.plan.duration_ns + 1);
    for service in &mut other.services {
        if service.queue.order == Order::Fifo {
            service.queue.order = Order::Priority(vec![1; service.demands.len()]);
        }
        service.queue.timeout.get_or_insert(endless);
        service.queue.limit.get_or_insert(1_000_000);
        for pool in &mut service.pools {
            pool.concurrency.get_or_insert(1_000_000);
        }
    }
    same(&run(&other, files), result, "limits out of reach changed something");
}

fn services_do_not_disturb_each_other(scenario: &Scenario, files: &swarm::Files, result: &RunResult) {
    if scenario.services.len() == 1 {
        return;
    }
    let index = scenario.services.len() - 1;
    // Requests that end on one server at one instant end by their slots, which all services share: who goes by
    // response times may tell.
    let by_response_times = |service: &Service| {
        let spec = serde_json::to_value(&service.balancer).expect("a balancer").to_string();
        spec.contains("leastResponseTime") || spec.contains("peakEwma")
    };
    if by_response_times(&scenario.services[index]) {
        return;
    }
    let mut alone = scenario.clone();
    alone.services.drain(..index);
    alone.plan.services.drain(..index);
    let of_it: Vec<bool> = scenario.sources.iter().map(|source| source.to.index() == index).collect();
    let mut keep = of_it.iter();
    alone.sources.retain(|_| *keep.next().expect("one flag per source"));
    let mut keep = of_it.iter();
    alone.plan.sources.retain(|_| *keep.next().expect("one flag per source"));
    for source in &mut alone.sources {
        source.to = ServiceId::new(0);
    }
    alone.plan.rows.retain(|row| row.service == index);
    alone.plan.rows.iter_mut().for_each(|row| row.service = 0);
    alone.plan.objectives.clear();
    let alone = run(&alone, files);
    let rows = scenario.plan.rows_of(index);
    let (few, all) = (&alone.rows, &result.rows[rows.clone()]);
    let ends = |rows: &[RowTotals]| -> Vec<_> { rows.iter().map(|row| row.outcomes).collect() };
    assert!(few == all, "another service changed this one: {:?} and {:?}", ends(few), ends(all));
    let balancer = &scenario.services[index].balancer;
    assert_eq!(alone.row_series, result.row_series[rows], "{balancer:?}");
    assert_eq!(alone.services, result.services[index..]);
    assert_eq!(alone.service_series, result.service_series[index..]);
    let ledgers = result.ledgers.iter().zip(&of_it).filter(|(_, of_it)| **of_it);
    assert!(alone.ledgers.iter().eq(ledgers.map(|(ledger, _)| ledger)));
    let servers = result.servers.iter().filter(|server| server.service == index).cloned();
    let servers: Vec<_> =
        servers.map(|server| peakday::results::ServerTotals { service: 0, ..server }).collect();
    assert_eq!(alone.servers, servers);
}

#[test]
fn the_swarm_covers_what_a_scenario_can_say() {
    let all: Vec<Drawn> = (0..1_000).map(drawn).collect();
    let some = |what: &str, has: &dyn Fn(&Scenario) -> bool| {
        let count = all.iter().filter(|drawn| has(&drawn.scenario)).count();
        assert!((10..=990).contains(&count), "{what}: {count} of 1,000");
    };
    some("several services", &|s| s.services.len() > 1);
    some("warm-up", &|s| s.plan.warmup_ns > 0);
    some("ragged interval", &|s| !s.plan.duration_ns.is_multiple_of(s.plan.interval_ns));
    some("objectives", &|s| !s.plan.objectives.is_empty());
    some("recorded", &|s| s.sources.iter().any(|source| !source.recorded.is_empty()));
    some("sizes", &|s| s.sources.iter().flat_map(|source| &source.recorded).any(|r| r.spec.size.is_some()));
    some("central", &|s| s.services.iter().any(|service| service.queue.central));
    some("lifo", &|s| s.services.iter().any(|service| service.queue.order == Order::Lifo));
    some("waits", &|s| s.services.iter().flat_map(|x| x.demands.iter().flatten()).any(|d| d.wait.is_some()));
    some("shared", &|s| s.services.iter().flat_map(|x| &x.pools).any(|p| p.shared_millicores.is_some()));
    some("ramps", &|s| s.sources.iter().flat_map(|x| &x.profile).any(|rate| !rate.is_constant()));
    let results: Vec<RunResult> =
        all.iter().take(300).map(|drawn| run(&drawn.scenario, &drawn.files)).collect();
    for outcome in [Outcome::Completed, Outcome::TimedOut, Outcome::Rejected] {
        let of = |result: &RunResult| result.ledgers.iter().any(|l| l.outcomes[outcome as usize] > 0);
        let count = results.iter().filter(|result| of(result)).count();
        assert!(count >= 30, "{outcome:?}: in {count} of 300");
    }
}
