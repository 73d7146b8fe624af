//! A study small enough for paper: 30 s of which 10 s are warm-up, intervals of 10 s.
//!
//! `web`: two small servers (2 cores, 4 slots, speed 1), one of which leaves at 20 s, and a large
//! one (8 cores, 10 slots, speed 2). `pay`: two servers without limits or prices. Latencies stay
//! below 1,024 ns, where histograms are exact.

use crate::results::*;
use crate::stats::Histogram;

pub(crate) const S: u64 = 1_000_000_000;

pub(crate) fn wide(seconds: u128) -> Wide {
    Wide(seconds * u128::from(S))
}

fn pool(name: &str, replicas: u32, limits: Option<(u32, u64)>, speed: f64, price: Option<f64>) -> PoolPlan {
    PoolPlan {
        name: name.into(),
        replicas,
        concurrency: limits.map(|(slots, _)| slots),
        millicores: limits.map_or(UNLIMITED_MILLICORES, |(_, millicores)| millicores),
        speed,
        price_per_hour: price,
        node_price: None,
        warm_price_per_hour: None,
        billed_at_least_ns: 0,
    }
}

fn plan() -> Plan {
    let service = |name: &str, pools, queue_limit| ServicePlan {
        version: None,
        name: name.into(),
        pools,
        queue_limit,
        central_queue: false,
        growing: false,
        no_mean_interval: None,
    };
    let small = pool("small", 2, Some((4, 2_000)), 1.0, Some(0.36));
    let large = pool("large", 1, Some((10, 8_000)), 2.0, Some(1.8));
    let row = |service, class, work: f64, wait: f64| RowPlan {
        service,
        class,
        work_mean_ns: Some(work * 1e6),
        wait_mean_ns: Some(wait * 1e6),
    };
    let objective = |name: &str, class, goal, holds_in| ObjectivePlan {
        name: name.into(),
        service: 0,
        class,
        goal,
        every_ns: Some(10 * S),
        from_ns: None,
        to_ns: None,
        holds_in,
    };
    let latency = Goal::Latency { percentile: 99.0, bound_ns: 400_000_000, inclusive: false };
    let success = Goal::Success { at_least: 0.999, inclusive: true };
    Plan {
        releases: vec![],
        name: "example".into(),
        display_name: None,
        start: Some(WallClock { epoch_ns: 0, offset_s: 28_800 }),
        duration_ns: 30 * S,
        warmup_ns: 10 * S,
        warmup_found: false,
        interval_ns: 10 * S,
        classes: vec!["browse".into(), "order".into()],
        zones: vec!["a".into(), "b".into()],
        currency: Some("USD".into()),
        sources: vec![SourcePlan { name: "shoppers".into(), recorded: false }],
        services: vec![
            service("web", vec![small, large], Some(50)),
            service("pay", vec![pool("only", 2, None, 1.0, None)], None),
        ],
        rows: vec![row(0, 0, 10.0, 0.0), row(0, 1, 20.0, 100.0), row(1, 1, 5.0, 0.0)],
        objectives: vec![
            objective("order-p99", Some(1), latency, Some(0.5)),
            objective("success", None, success, None),
        ],
    }
}

fn totals(
    offered: u64,
    outcomes: [u64; 6],
    dispatched: u64,
    sizes: u64,
    latencies: &[(u64, u64)],
) -> RowTotals {
    let mut row = RowTotals {
        offered,
        outcomes,
        in_flight_end: offered - outcomes.iter().sum::<u64>(),
        dispatched,
        size_sum_micros: Wide(u128::from(sizes) * 1_000_000),
        ..RowTotals::default()
    };
    let mut latency = Histogram::default();
    for &(count, value) in latencies {
        (0..count).for_each(|_| latency.record(value));
        row.latency_sum_ns.0 += u128::from(count * value);
        row.latency_max_ns = row.latency_max_ns.max(value);
    }
    row.latency = latency;
    row
}

fn row_series(offered: [u64; 3], completed: [u64; 3], dispatched: [u64; 3], sizes: [u128; 3]) -> RowSeries {
    let none = || vec![0; 3];
    RowSeries {
        offered: offered.to_vec(),
        outcomes: [completed.to_vec(), none(), none(), none(), none(), none()],
        dispatched: dispatched.to_vec(),
        in_flight_ns: [10, 20, 5].map(wide).to_vec(),
        size_sum_micros: sizes.map(|size| Wide(size * 1_000_000)).to_vec(),
        p50_ns: vec![Some(100), Some(200), None],
        p99_ns: vec![Some(1_000), Some(500), None],
    }
}

fn server(place: (usize, usize, Option<usize>), to: u64, requests: u64, used: (u128, u128)) -> ServerTotals {
    ServerTotals {
        version: 0,
        service: place.0,
        pool: place.1,
        zone: place.2,
        ordered_ns: 0,
        from_ns: 0,
        to_ns: to * S,
        gone_ns: to * S,
        failed: false,
        requests,
        cpu_milli_ns: wide(used.0 * 1_000),
        slot_ns: wide(used.1),
        peak_queue: 0,
    }
}

pub(crate) fn window(from: u64, total: u64, bad: u64, value_ms: Option<u64>) -> WindowRecord {
    let value_ns = value_ms.map(|ms| ms * 1_000_000);
    WindowRecord { from_ns: from * S, to_ns: (from + 10) * S, total, bad, value_ns }
}

/// One day: `extra` more browsing requests, all in the second interval and of 100 ns, and `cores`
/// core-seconds burned in that interval.
fn run(replication: u32, extra: i64, cores: u128, objectives: [Vec<WindowRecord>; 2]) -> RunResult {
    let plus = |count: u64| count.checked_add_signed(extra).unwrap();
    let service_series =
        |ready: [u128; 3], slots: [u128; 3], milli: [u128; 3], queued: [u128; 3]| ServiceSeries {
            desired_ns: ready.map(wide).to_vec(),
            ordered_ns: ready.map(wide).to_vec(),
            ready_ns: ready.map(wide).to_vec(),
            slot_ns: slots.map(wide).to_vec(),
            cpu_milli_ns: milli.map(|cores| wide(cores * 1_000)).to_vec(),
            queued_ns: queued.map(wide).to_vec(),
            p50_ns: vec![Some(100), Some(200), Some(500)],
            p99_ns: vec![Some(1_000), Some(500), None],
            sent_total: vec![100, 600, 400],
            sent_most: vec![50, 300, 400],
            sent_servers: vec![3, 3, 2],
        };
    let web = ServiceTotals {
        desired_ns: wide(60),
        missing_ns: wide(10),
        ready_ns: wide(50),
        slot_ns: wide(80),
        cpu_milli_ns: wide((cores + 22) * 1_000),
        peak_slots: Peak { value: 12, at_ns: (14 + u64::from(replication)) * S },
        ..ServiceTotals::default()
    };
    let browse_latency = [(plus(450), 100), (441, 200), (9, 1_000)];
    let offered = plus(1_000);
    let second = plus(600);
    RunResult {
        replication,
        nodes: vec![],
        events: vec![],
        decisions: vec![],
        releases: vec![],
        versions: vec![],
        ledgers: vec![Ledger {
            started: plus(1_390),
            outcomes: [plus(1_386), 0, 0, 0, 0, 0],
            in_progress: 4,
        }],
        rows: vec![
            totals(offered, [plus(900), 20, 30, 40, 5, 3], plus(990), offered, &browse_latency),
            totals(200, [190, 0, 4, 0, 0, 4], 210, 300, &[(190, 500)]),
            totals(190, [190, 0, 0, 0, 0, 0], 190, 190, &[(190, 400)]),
        ],
        services: vec![web, ServiceTotals { ready_ns: wide(40), ..ServiceTotals::default() }],
        servers: vec![
            server((0, 0, Some(0)), 30, 300, (10, 20)),
            server((0, 0, Some(1)), 20, 100, (5, 10)),
            server((0, 1, Some(0)), 30, plus(800), (40, 50)),
            server((1, 0, None), 30, 100, (1, 1)),
            server((1, 0, None), 30, 90, (1, 1)),
        ],
        row_series: vec![
            row_series(
                [100, second, 400],
                [90, second - 100, 410],
                [100, second, 390],
                [100, second.into(), 400],
            ),
            row_series([0, 100, 100], [0, 95, 95], [0, 110, 100], [0, 150, 150]),
            row_series([0, 95, 95], [0, 95, 95], [0, 95, 95], [0, 95, 95]),
        ],
        service_series: vec![
            service_series([30, 30, 20], [30, 45, 35], [96, cores, 22], [0, 20, 0]),
            service_series([20; 3], [1; 3], [1; 3], [0; 3]),
        ],
        objectives: objectives.map(|windows| ObjectiveRun { windows }).to_vec(),
    }
}

/// Three days: 1,000, 1,100 and 900 browsing requests.
pub(crate) fn study() -> StudyResult {
    let good = |at, ms| vec![window(10, 100, 0, Some(200)), window(at, 100, 0, Some(ms))];
    let shares = |total, bad| vec![window(10, total, bad, None)];
    StudyResult {
        schema_version: SCHEMA_VERSION,
        provenance: Provenance {
            version: "0.1.0".into(),
            seed: 7,
            scenario_sha256: "00".into(),
            resolved: "metadata:\n  name: example\n".into(),
            traces: Vec::new(),
            overlays: Vec::new(),
            settings: Vec::new(),
        },
        plan: plan(),
        replications_planned: 3,
        runs: vec![
            run(1, 0, 33, [good(20, 300), shares(1_000, 1)]),
            run(2, 100, 36, [good(20, 350), shares(1_000, 0)]),
            run(3, -100, 33, [vec![window(10, 9, 0, Some(1)), window(20, 100, 60, None)], shares(0, 0)]),
        ],
    }
}

/// The first day alone.
pub(crate) fn one_day() -> StudyResult {
    let mut study = study();
    study.runs.truncate(1);
    study.replications_planned = 1;
    study
}
