//! A swarm of random scenarios in which servers come, drain, slow down and fail: what holds for every
//! one of them.

mod common;

use std::sync::Arc;

use common::released::released;
use common::swarm::{Dice, Drawn, drawn};
use peakday::autoscaler::cluster_autoscaler::ClusterAutoscaler;
use peakday::autoscaler::{AutoscalerSpec, Forecast, PolicySpec, PoolFacts, ScalingPolicy, Want};
use peakday::dist::Distribution;
use peakday::ids::ServiceId;
use peakday::monitoring::{Pipeline, Signal};
use peakday::results::{EventKind, RunResult, check_shape};
use peakday::scenario::{
    Action, Bounds, Change, Condition, Fault, FaultKind, Figure, HealthCheck, Image, LaunchPlan, Nodes,
    ProxyPlan, Release, Repair, Scaler, Scenario, Service, SlowStart, Trigger, Victims, Watch,
};
use peakday::sim::{self, Without};
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
    let share = dice.unit();
    let kind = match dice.int(0, 6) {
        0 => FaultKind::Crash { service, pool, victims },
        1 if !plan.zones.is_empty() => {
            let zone = dice.int(0, plan.zones.len() as u64 - 1) as u16;
            FaultKind::ZoneOutage { zone, duration }
        }
        2 => FaultKind::Errors { service, class: None, share, duration },
        3 => FaultKind::FailedLaunches { service, pool, share, duration },
        4 => FaultKind::MonitoringOutage { pipeline: None, duration },
        5 => {
            let law =
                |dice: &mut Dice| Distribution::exponential(dice.scale(plan.duration_ns as f64 / 20.0, 1e15));
            let mtbf = law(dice);
            let repairers = dice.maybe(0.5, |dice| dice.int(1, 3) as u32);
            let repair = dice.maybe(0.5, |dice| Repair { time: law(dice), repairers });
            FaultKind::Failures { service, pool, mtbf, repair }
        }
        _ => {
            let victims = dice.maybe(0.7, |_| victims);
            FaultKind::Slow { service, pool, victims, factor: dice.scale(0.3, 20.0), duration }
        }
    };
    Fault { at, name: String::new(), key: name, kind }
}

fn launch(dice: &mut Dice, duration: u64) -> LaunchPlan {
    LaunchPlan {
        apart: dice.maybe(0.3, |dice| length(dice, duration / 8)),
        quota: dice.maybe(0.3, |dice| dice.int(1, 8) as u32),
        failures: if dice.chance(0.3) { dice.real(0.0, 0.5) } else { 0.0 },
        retry: SimDuration::from_nanos(1 + dice.scale(1.0, duration as f64 / 4.0) as u64),
        warm: if dice.chance(0.3) { dice.int(1, 4) as u32 } else { 0 },
        nodes: dice.maybe(0.3, |dice| Nodes {
            servers: dice.int(1, 4) as u32,
            provision: dice.maybe(0.5, |dice| Distribution::constant(dice.scale(1.0, duration as f64 / 4.0))),
            keep: length(dice, duration),
            scaler: dice.maybe(0.4, |dice| cluster_autoscaler(dice, duration)),
        }),
    }
}

fn cluster_autoscaler(dice: &mut Dice, duration: u64) -> ClusterAutoscaler {
    ClusterAutoscaler {
        scan_interval: SimDuration::from_nanos(1 + duration / dice.int(1, 40)),
        max_node_provision_time: length(dice, duration),
        scale_down_delay_after_add: length(dice, duration / 4),
        scale_down_unneeded_time: length(dice, duration / 4),
        max_nodes: dice.maybe(0.5, |dice| dice.int(1, 5) as u32),
        ..ClusterAutoscaler::default()
    }
}

/// A policy that is asked at another pace, so that it has something to say in the shortest run.
#[derive(Debug)]
struct Paced {
    policy: Arc<dyn PolicySpec>,
    period: SimDuration,
}

impl PolicySpec for Paced {
    fn period(&self) -> SimDuration {
        self.period
    }

    fn wants(&self) -> Vec<Want> {
        self.policy.wants()
    }

    fn build(&self, pool: &PoolFacts) -> Box<dyn ScalingPolicy> {
        self.policy.build(pool)
    }

    fn problems(&self) -> Vec<(String, String, String)> {
        self.policy.problems()
    }
}

/// Gives some pools policies of every kind; the first pipeline shows them what they ask for.
fn scaled(dice: &mut Dice, scenario: &mut Scenario) {
    let period = SimDuration::from_nanos(1 + scenario.plan.duration_ns / dice.int(2, 60));
    for (index, service) in scenario.services.iter_mut().enumerate() {
        let alone = service.pools.len() == 1;
        for (ordinal, pool) in service.pools.iter_mut().enumerate() {
            pool.bounds = Bounds { min: dice.int(0, 2) as u32, max: dice.int(3, 9) as u32 };
            for _ in 0..dice.int(0, 3).saturating_sub(1) {
                let (_, spec) = dice.one_of(&AutoscalerSpec::examples());
                let (name, policy) = spec.policies().remove(0);
                let watch = Watch { service: ServiceId::new(index), pool: Some(ordinal), class: None };
                let figure = |want: Want| Figure::of(want.metric, want.scope, alone).expect("a figure");
                let seen = policy.wants().into_iter().map(|want| (0, watch, figure(want))).collect();
                let rates = (0..5).map(|_| dice.scale(1.0, 1e9)).collect();
                let facts = PoolFacts {
                    replicas: pool.replicas,
                    max: pool.bounds.max,
                    request_milli: 1_000,
                    slots: pool.concurrency,
                    forecast: Some(Forecast { step: period, rates }),
                    ..PoolFacts::default()
                };
                pool.scalers.push(Scaler {
                    name,
                    spec: Arc::new(Paced { policy, period }),
                    facts,
                    seen,
                    series: None,
                });
            }
        }
    }
}

/// Lets somebody watch, and act on what is seen.
fn watched(dice: &mut Dice, scenario: &mut Scenario) {
    let duration = scenario.plan.duration_ns;
    let scrape = SimDuration::from_nanos(1 + duration / dice.int(2, 40));
    let window = SimDuration::from_nanos(scrape.as_nanos() * dice.int(1, 4));
    let (phase, delay) = (SimDuration::ZERO, length(dice, scrape.as_nanos()));
    let (name, stagger) = ("eyes".to_owned(), dice.chance(0.3));
    scenario.monitoring = vec![Pipeline { name, scrape, phase, window, delay, stagger }];
    for index in 0..dice.int(0, 3) {
        let service = dice.int(0, scenario.services.len() as u64 - 1) as usize;
        let pool = dice.int(0, scenario.services[service].pools.len() as u64 - 1) as usize;
        let id = ServiceId::new(service);
        let change = match dice.int(0, 4) {
            0 => Change::Replicas(id, pool, dice.int(0, 8) as u32),
            1 => Change::MinReplicas(id, pool, dice.int(0, 8) as u32),
            2 => Change::MaxReplicas(id, pool, dice.int(0, 8) as u32),
            3 => Change::QueueLimit(id, dice.maybe(0.8, |dice| dice.int(0, 9) as u32)),
            _ => Change::Balancer(id, scenario.services[0].balancer.clone()),
        };
        let signals = [Signal::Rate, Signal::Errors, Signal::Latency(0.9), Signal::Cpu, Signal::Slots];
        let condition = Condition {
            pipeline: 0,
            watch: Watch { service: id, pool: None, class: None },
            signal: signals[dice.int(0, 4) as usize],
            above: dice.chance(0.7),
            bound: dice.unit(),
            hold: length(dice, duration / 8),
            text: String::new(),
        };
        let trigger = match dice.chance(0.6) {
            true => Trigger::When(condition),
            false => Trigger::At(instant(dice, duration)),
        };
        let acknowledge =
            dice.maybe(0.5, |dice| Distribution::exponential(dice.scale(1.0, duration as f64 / 4.0)));
        let (name, key) = (String::new(), format!("action-{index}"));
        let changes = vec![(change, String::new())];
        scenario.actions.push(Action { name, key, trigger, acknowledge, changes });
    }
}

/// Draws the proxies of a service.
fn proxies(dice: &mut Dice, service: &Service, duration: u64) -> ProxyPlan {
    let mut zones: Vec<u16> = service.pools.iter().flat_map(|pool| pool.zones.iter().copied()).collect();
    zones.sort_unstable();
    zones.dedup();
    ProxyPlan {
        instances: dice.int(1, 4) as u32,
        signal_delay: dice.maybe(0.4, |dice| length(dice, duration / 4)),
        subset: dice.maybe(0.3, |dice| dice.int(1, 5) as u32),
        zone_aware: dice.maybe(0.4, |dice| dice.int(1, 6) as u32).filter(|_| !zones.is_empty()),
        panic_threshold: dice.maybe(0.3, Dice::unit).filter(|_| service.health.is_some()),
        zones,
    }
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
        pool.startup.image = dice
            .maybe(0.3, |dice| Image { pull: length(dice, duration / 4), parallel: dice.int(1, 4) as u32 });
        pool.launch = launch(dice, duration);
        let steps = dice.int(0, 3);
        pool.schedule = (0..steps).map(|_| (instant(dice, duration), dice.int(0, 8) as u32)).collect();
        pool.schedule.sort_by_key(|step| step.0);
    }
    for service in &mut drawn.scenario.services {
        let interval = SimDuration::from_nanos(1 + dice.scale(1.0, duration as f64) as u64);
        let (unhealthy, healthy) = (dice.int(1, 3) as u32, dice.int(1, 3) as u32);
        service.health = dice
            .maybe(0.4, |_| HealthCheck { interval, unhealthy, healthy })
            .filter(|_| !service.queue.central);
    }
    for service in &mut drawn.scenario.services {
        let proxies = proxies(dice, service, duration);
        service.proxies = dice.maybe(0.4, |_| proxies).filter(|_| !service.queue.central);
    }
    watched(dice, &mut drawn.scenario);
    scaled(dice, &mut drawn.scenario);
    for index in 0..dice.int(0, 4) {
        let fault = fault(dice, &drawn.scenario, format!("fault-{index}"));
        drawn.scenario.faults.push(fault);
    }
    released(dice, &mut drawn.scenario);
    drawn
}

/// Runs `check` on every seed at once, and tells the first that fails; on `PEAKDAY_SEED` alone where it is set.
fn every(check: impl Fn(u64) + Sync) {
    if let Some(seed) = std::env::var("PEAKDAY_SEED").ok().and_then(|seed| seed.parse().ok()) {
        return check(seed);
    }
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
        assert!(watched.scenario.is_mortal());
        let (calm, watched) = (run(&calm), run(&watched));
        assert!(calm == watched, "the general world and the special one differ");
    });
}

#[test]
fn one_proxy_that_sees_all_is_as_good_as_none() {
    every(|seed| {
        let mut plain = afflicted(seed);
        for service in &mut plain.scenario.services {
            // Those that draw nothing: a proxy has a stream of its own.
            let drawless = [r#"{"roundRobin":{}}"#, r#"{"leastConnections":{}}"#];
            service.balancer = serde_json::from_str(drawless[seed as usize % 2]).expect("a balancer");
            service.proxies = None;
        }
        plain.scenario.actions.clear();
        // Traffic that is routed by weight passes no proxies.
        let routes = |release: &Release| release.policies.iter().any(|policy| policy.strategy.routes());
        plain.scenario.releases.retain(|release| !routes(release));
        let mut proxied = plain.clone();
        for service in proxied.scenario.services.iter_mut().filter(|service| !service.queue.central) {
            let all = ProxyPlan {
                instances: 1,
                signal_delay: None,
                subset: None,
                zone_aware: None,
                panic_threshold: None,
                zones: vec![],
            };
            service.proxies = Some(all);
        }
        let same = |drawn: &Drawn| if drawn.scenario.is_mortal() { Some(run(drawn)) } else { None };
        if let Some((plain, proxied)) = same(&plain).zip(same(&proxied)) {
            assert!(plain == proxied, "a proxy changes what it merely passes on");
        }
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

/// Forgets what a result says of releases alone.
fn without_releases(mut result: RunResult) -> RunResult {
    result.releases.clear();
    result.versions.clear();
    result.objectives.clear();
    let of_release = [EventKind::ConfigurationPushed, EventKind::Promoted, EventKind::Frozen];
    result.events.retain(|event| !of_release.contains(&event.kind));
    result.servers.iter_mut().for_each(|server| server.version = 0);
    result
}

#[test]
fn a_configuration_that_changes_nothing_is_as_good_as_none() {
    every(|seed| {
        let mut pushed = afflicted(seed);
        for release in &mut pushed.scenario.releases {
            release.propagation = Some(SimDuration::ZERO);
            release.defects.clear();
            release.policies[0].detection.clear();
        }
        let mut plain = pushed.clone();
        plain.scenario.releases.clear();
        let pushed_any = !pushed.scenario.releases.is_empty();
        if plain.scenario.is_mortal() && pushed_any {
            let (plain, pushed) = (without_releases(run(&plain)), without_releases(run(&pushed)));
            assert!(plain == pushed, "a push changes what it merely passes on");
        }
    });
}

#[test]
fn a_release_that_changes_nothing_harms_nobody_in_the_paired_run() {
    every(|seed| {
        let mut drawn = afflicted(seed);
        for release in &mut drawn.scenario.releases {
            release.propagation = Some(SimDuration::ZERO);
            release.defects.clear();
            release.policies[0].detection.clear();
        }
        let result = run(&drawn);
        for release in result.releases.iter().filter(|release| release.start_ns.is_some()) {
            let without = Without {
                release: release.release,
                commit: release.commit,
                start: SimTime::from_nanos(release.start_ns.expect("a start")),
                marks: release.marks.iter().map(|mark| SimTime::from_nanos(mark.at_ns)).collect(),
                suspects: vec![],
            };
            let unharmed = sim::run_without(&drawn.scenario, 1, None, without, &drawn.files, &mut ());
            let bad: Vec<u64> = release.marks.iter().map(|mark| mark.bad).collect();
            assert_eq!(unharmed.expect("a run that ends").bad, bad);
        }
    });
}

/// Returns how many intervals end in the first half of a run.
fn plan_half(duration_ns: u64, interval_ns: u64) -> usize {
    (duration_ns / 2 / interval_ns) as usize
}
