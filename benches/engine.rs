//! `cargo bench`: the event list under W3 (hold), the samplers, the recorder, every balancer, and
//! the two farms W1 and W2 in small. Figures and what they mean: docs/PERFORMANCE.md.

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::time::Duration;

use common::Station;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use peakday::balancer::{Attempt, BalancerSpec, Member, Rotation};
use peakday::des::{self, Event, EventQueue, Model};
use peakday::dist::{DistributionSpec, unit_exponential};
use peakday::ids::{RowId, ServerId, SourceId};
use peakday::results::Recorder;
use peakday::rng::{Bits, Key};
use peakday::stats::Histogram;
use peakday::time::{SimDuration, SimTime};
use peakday::workload::recorded::TraceFiles;

/// The farms replay nothing.
#[derive(Debug)]
struct NoTraces;

impl TraceFiles for NoTraces {
    fn open(&self, path: &str) -> std::io::Result<Box<dyn std::io::Read + Send>> {
        Err(std::io::Error::other(format!("{path} is not read")))
    }
}

/// W3: every event schedules one more after an exponential delay, so N stay pending.
#[derive(Debug)]
struct Hold(peakday::rng::Stream);

#[derive(Clone, Copy)]
struct Token(u32);

impl Event for Token {
    fn pack(self) -> u64 {
        u64::from(self.0)
    }
    fn unpack(bits: u64) -> Self {
        Self(bits as u32)
    }
}

impl Model for Hold {
    type Event = Token;
    fn handle(&mut self, now: SimTime, event: Token, queue: &mut EventQueue<Token>) {
        let delay = unit_exponential(self.0.next_bits()) * 1e9;
        queue.schedule(now + SimDuration::from_nanos(delay as u64), event);
    }
}

fn hold(c: &mut Criterion) {
    let mut group = c.benchmark_group("w3-hold");
    const EVENTS: u64 = 100_000;
    group.throughput(Throughput::Elements(EVENTS));
    for pending in [100_u32, 10_000, 1_000_000] {
        let mut model = Hold(Key::from_seed(1).stream());
        let mut queue = EventQueue::new();
        for token in 0..pending {
            let delay = unit_exponential(model.0.next_bits()) * 1e9;
            queue.schedule(SimTime::from_nanos(delay as u64), Token(token));
        }
        group.bench_function(BenchmarkId::from_parameter(pending), |b| {
            b.iter(|| des::run(&mut model, &mut queue, SimTime::MAX, EVENTS));
        });
    }
    group.finish();
}

fn samplers(c: &mut Criterion) {
    let mut group = c.benchmark_group("samplers");
    const DRAWS: u64 = 1_000;
    group.throughput(Throughput::Elements(DRAWS));
    for spec in [
        r#""4ms""#,
        r#"{"exponential":{"mean":"4ms"}}"#,
        r#"{"uniform":{"min":"1ms","max":"7ms"}}"#,
        r#"{"lognormal":{"mean":"4ms","cv":1.2}}"#,
        r#"{"gamma":{"mean":"4ms","cv":0.7}}"#,
        r#"{"erlang":{"k":3,"mean":"4ms"}}"#,
        r#"{"weibull":{"shape":0.7,"scale":"4ms"}}"#,
        r#"{"pareto":{"alpha":2.5,"mean":"4ms"}}"#,
        r#"{"hyperexponential":{"mean":"4ms","cv":2.0}}"#,
        r#"{"empirical":{"values":["1ms","4ms","9ms"],"weights":[5,3,1]}}"#,
    ] {
        let spec: DistributionSpec<SimDuration> = serde_json::from_str(spec).expect("a valid spec");
        let law = spec.build().expect("a valid distribution");
        let mut bits = Key::from_seed(2).stream();
        group.bench_function(spec.name(), |b| {
            b.iter(|| (0..DRAWS).map(|_| law.sample(&mut bits)).sum::<f64>());
        });
    }
    group.finish();
}

fn recorder(c: &mut Criterion) {
    let mut group = c.benchmark_group("recorder");
    const REQUESTS: u64 = 1_000;
    group.throughput(Throughput::Elements(REQUESTS));
    let mut bits = Key::from_seed(3).stream();
    let latencies: Vec<u64> =
        (0..REQUESTS).map(|_| (unit_exponential(bits.next_bits()) * 1e7) as u64).collect();
    let mut histogram = Histogram::default();
    group.bench_function("histogram", |b| b.iter(|| latencies.iter().for_each(|&ns| histogram.record(ns))));
    let mut recorder = Recorder::new(&Station::default().scenario().plan, false);
    let (row, source) = (RowId::new(0), SourceId::new(0));
    let late = SimTime::from_nanos(1_000_000_000);
    group.bench_function("a request's life", |b| {
        b.iter(|| {
            for &ns in &latencies {
                recorder.offered(row, source, late);
                recorder.dispatched(row);
                recorder.completed(row, source, late, late + SimDuration::from_nanos(ns));
            }
        });
    });
    group.finish();
}

fn balancers(c: &mut Criterion) {
    let mut group = c.benchmark_group("balancers");
    const PICKS: u64 = 1_000;
    group.throughput(Throughput::Elements(PICKS));
    // Least request draws among equals and takes turns among others: both are measured.
    let turns = serde_json::from_str(r#"{"leastRequest":{"activeRequestBias":1}}"#).expect("a balancer");
    for (name, spec) in BalancerSpec::examples().into_iter().chain([("leastRequest-turns", turns)]) {
        for servers in [10, 100, 1_000, 10_000] {
            let mut rotation = Rotation::default();
            for ordinal in 0..servers {
                let weight = if name == "leastRequest" { 1.0 } else { 1.0 + (ordinal % 3) as f64 };
                let member = Member {
                    server: ServerId::new(ordinal),
                    nth: ordinal as u32,
                    pool: 0,
                    zone: 0,
                    version: 0,
                    weight,
                    since: SimTime::ZERO,
                };
                rotation.join(member, 0);
            }
            let mut balancer = spec.build();
            balancer.on_membership(&rotation);
            let mut bits = Key::from_seed(4).stream();
            let told = balancer.follows_attempts();
            let mut keys = Key::from_seed(5).stream();
            let mut attempt = Attempt { now: SimTime::ZERO, key: 0 };
            group.bench_function(BenchmarkId::new(name, servers), |b| {
                b.iter(|| {
                    for _ in 0..PICKS {
                        attempt.key = keys.next_bits();
                        let position = balancer.pick(&attempt, &rotation, &mut bits).position;
                        rotation.sent(position);
                        if told {
                            balancer.on_sent(position, &rotation);
                        }
                    }
                });
            });
        }
    }
    group.finish();
}

fn farms(c: &mut Criterion) {
    let mut group = c.benchmark_group("farms");
    const REQUESTS: f64 = 200_000.0;
    group.throughput(Throughput::Elements(REQUESTS as u64));
    for (name, servers, load, balancer) in [
        ("w1", 100, 0.8, r#"{"roundRobin":{}}"#),
        ("w2", 1_000, 0.9, r#"{"leastRequest":{"choiceCount":2}}"#),
        ("w2-large", 10_000, 0.9, r#"{"leastRequest":{"choiceCount":2}}"#),
    ] {
        let rate = load * f64::from(servers);
        let station = Station { servers, rate, balancer, duration: REQUESTS / rate, ..Station::default() };
        let scenario = station.scenario();
        group.bench_function(name, |b| {
            b.iter(|| black_box(peakday::sim::run(&scenario, 1, &NoTraces, &mut ())));
        });
    }
    group.finish();
}

criterion_group! {
    name = engine;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = hold, samplers, recorder, balancers, farms
}
criterion_main!(engine);
