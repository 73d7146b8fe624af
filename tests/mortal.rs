//! A swarm of random scenarios in which servers come, drain, slow down and fail: what holds for every
//! one of them.

mod common;

use common::swarm::{Dice, Drawn, drawn};
use peakday::dist::Distribution;
use peakday::ids::ServiceId;
use peakday::results::{RunResult, check_shape};
use peakday::scenario::{Fault, FaultKind, Scenario, SlowStart, Victims};
use peakday::sim;
use peakday::time::{SimDuration, SimTime};
use rayon::prelude::*;

const SCENARIOS: u64 = 3_000;

fn run(drawn: &Drawn) -> RunResult {
    sim::run(&drawn.scenario, 1, &drawn.files, &mut ()).expect("a run that ends")
}

/// Draws an instant of the run, often one at which much else happens.
fn instant(dice: &mut Dice, plan_ns: u64) -> SimTime {
    SimTime::from_nanos(match dice.int(0, 5) {
        0 => 0,
        1 => plan_ns / 2,
        _ => dice.int(0, plan_ns - 1),
    })
}

/// Draws a length of time, now and then none at all.
fn length(dice: &mut Dice, plan_ns: u64) -> SimDuration {
    let nanos = if dice.chance(0.15) { 0 } else { dice.scale(1.0, plan_ns as f64) as u64 };
    SimDuration::from_nanos(nanos)
}

fn victims(dice: &mut Dice) -> Victims {
    if dice.chance(0.5) { Victims::Count(dice.int(0, 5) as u32) } else { Victims::Share(dice.unit()) }
}

fn fault(dice: &mut Dice, scenario: &Scenario, name: String) -> Fault {
    let plan = &scenario.plan;
    let at = instant(dice, plan.duration_ns);
    let service = dice.int(0, scenario.services.len() as u64 - 1) as usize;
    let pools = scenario.services[service].pools.len() as u64;
    let pool = dice.maybe(0.5, |dice| dice.int(0, pools - 1) as usize);
    let (victims, duration) = (victims(dice), length(dice, plan.duration_ns));
    let service = ServiceId::new(service);
    let kind = match dice.int(0, 2) {
        0 => FaultKind::Crash { service, pool, victims },
        1 if !plan.zones.is_empty() => {
            let zone = dice.int(0, plan.zones.len() as u64 - 1) as u16;
            FaultKind::ZoneOutage { zone, duration }
        }
        _ => {
            FaultKind::Slow { service, pool, victims: Some(victims), factor: dice.scale(0.3, 20.0), duration }
        }
    };
    Fault { at, name: String::new(), key: name, kind }
}

/// Lets servers of a drawn scenario come and go.
fn afflicted(seed: u64) -> Drawn {
    let mut drawn = drawn(seed);
    let dice = &mut Dice::new(!seed);
    let duration = drawn.scenario.plan.duration_ns;
    for pool in drawn.scenario.services.iter_mut().flat_map(|service| &mut service.pools) {
        let delay =
            |dice: &mut Dice| Distribution::constant(length(dice, duration / 3 + 1).as_nanos() as f64);
        pool.startup.provision = dice.maybe(0.5, delay);
        pool.startup.boot =
            dice.maybe(0.5, |dice| Distribution::exponential(dice.scale(1.0, duration as f64)));
        pool.startup.slow_start =
            dice.maybe(0.3, |dice| SlowStart { window: length(dice, duration), speed: dice.real(0.05, 1.0) });
        pool.drain = dice.maybe(0.6, |dice| length(dice, duration));
        let steps = dice.int(0, 3);
        pool.schedule = (0..steps).map(|_| (instant(dice, duration), dice.int(0, 8) as u32)).collect();
        pool.schedule.sort_by_key(|step| step.0);
    }
    for index in 0..dice.int(0, 4) {
        let fault = fault(dice, &drawn.scenario, format!("fault-{index}"));
        drawn.scenario.faults.push(fault);
    }
    drawn
}

/// Runs `check` on every seed at once, and tells the first that fails.
fn every(check: impl Fn(u64) + Sync) {
    let failed = (0..SCENARIOS)
        .into_par_iter()
        .find_first(|&seed| std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(seed))).is_err());
    assert_eq!(failed, None, "the first seed that fails");
}

#[test]
fn the_books_balance_however_servers_end() {
    every(|seed| {
        let drawn = afflicted(seed);
        // The run itself asserts both ledgers and Little's law.
        let result = run(&drawn);
        assert_eq!(check_shape(&study(&drawn, &result)), Ok(()));
        assert_eq!(run(&drawn), result, "the same seed gives another result");
        let end = drawn.scenario.plan.duration_ns;
        for server in &result.servers {
            let life = [0, server.ordered_ns, server.from_ns, server.to_ns, server.gone_ns, end];
            // Who was given back before it served never came into service.
            let cancelled = server.from_ns == end && server.gone_ns < end;
            assert!(life.is_sorted() || cancelled, "{life:?}");
            assert!(!server.failed || server.gone_ns < end || server.to_ns == end, "{life:?}");
        }
        for (index, series) in result.service_series.iter().enumerate() {
            let of = || result.servers.iter().filter(|server| server.service == index);
            let ready: u64 = of().map(|server| server.to_ns - server.from_ns).sum();
            let ordered: u64 = of().map(|server| server.gone_ns - server.ordered_ns).sum();
            assert_eq!(series.ready_ns.iter().map(|ns| ns.0).sum::<u128>(), u128::from(ready));
            assert_eq!(series.ordered_ns.iter().map(|ns| ns.0).sum::<u128>(), u128::from(ordered));
            let held: u128 = of().map(|server| server.slot_ns.0).sum();
            assert_eq!(result.services[index].slot_ns.0, held, "slots of servers and of the service");
        }
    });
}

fn study(drawn: &Drawn, result: &RunResult) -> peakday::results::StudyResult {
    peakday::results::StudyResult {
        schema_version: peakday::results::SCHEMA_VERSION,
        provenance: peakday::results::Provenance {
            version: String::new(),
            seed: 1,
            scenario_sha256: String::new(),
            resolved: String::new(),
            traces: vec![],
            overlays: vec![],
            settings: vec![],
        },
        plan: drawn.scenario.plan.clone(),
        replications_planned: 1,
        runs: vec![result.clone()],
    }
}

#[test]
fn nothing_that_happens_to_servers_changes_who_comes() {
    every(|seed| {
        let (calm, stormy) = (run(&drawn(seed)), run(&afflicted(seed)));
        for (calm, stormy) in calm.row_series.iter().zip(&stormy.row_series) {
            assert_eq!(calm.offered, stormy.offered);
            assert_eq!(calm.size_sum_micros, stormy.size_sum_micros);
        }
        for (calm, stormy) in calm.ledgers.iter().zip(&stormy.ledgers) {
            assert_eq!(calm.started, stormy.started);
        }
    });
}

#[test]
fn a_world_in_which_servers_may_die_is_the_same_where_none_does() {
    every(|seed| {
        let calm = drawn(seed);
        let mut watched = drawn(seed);
        // As many as there are: the agenda has an entry, and nobody comes or goes.
        let pools = watched.scenario.services.iter_mut().flat_map(|service| &mut service.pools);
        pools.for_each(|pool| pool.schedule = vec![(SimTime::ZERO, pool.replicas)]);
        let (calm, mut watched) = (run(&calm), run(&watched));
        assert!(!watched.events.is_empty());
        watched.events.clear();
        assert!(calm == watched, "the general world and the special one differ");
    });
}

#[test]
fn one_fault_more_changes_nothing_before_it() {
    every(|seed| {
        let once = afflicted(seed);
        let mut twice = once.clone();
        let dice = &mut Dice::new(seed);
        let mut more = fault(dice, &twice.scenario, "one-more".to_owned());
        let plan = &once.scenario.plan;
        more.at = SimTime::from_nanos(plan.duration_ns / 2);
        // First in the file: names, not places, key the draws of the others.
        twice.scenario.faults.insert(0, more);
        let (once, twice) = (run(&once), run(&twice));
        let half = plan_half(plan.duration_ns, plan.interval_ns);
        for (once, twice) in once.row_series.iter().zip(&twice.row_series) {
            assert_eq!(
                once.outcomes.each_ref().map(|o| &o[..half]),
                twice.outcomes.each_ref().map(|o| &o[..half])
            );
            assert_eq!(once.in_flight_ns[..half], twice.in_flight_ns[..half]);
        }
        let before = |run: &RunResult| -> Vec<_> {
            run.events.iter().filter(|event| event.at_ns < plan.duration_ns / 2).cloned().collect()
        };
        assert_eq!(before(&once), before(&twice));
    });
}

/// Returns how many intervals end in the first half of a run.
fn plan_half(duration_ns: u64, interval_ns: u64) -> usize {
    (duration_ns / 2 / interval_ns) as usize
}
