//! Scenarios built in code, for tests and benches that vary one thing at a time.
#![allow(dead_code, missing_docs, unreachable_pub)]

pub mod conformance;
pub mod drill;
pub mod released;
pub mod story;
pub mod supermarket;
pub mod swarm;
pub mod tables;
pub mod theory;
pub mod truth;

use peakday::balancer::BalancerSpec;
use peakday::dist::{Distribution, DistributionSpec};
use peakday::ids::{ClassId, ServiceId};
use peakday::results::{Plan, PoolPlan, RowPlan, ServicePlan, SourcePlan};
use peakday::scenario::{Demand, Order, Pool, Queue, Scenario, Service, Source};
use peakday::time::{SimDuration, SimTime};
use peakday::workload::{ArrivalsSpec, Profile, Segment};

/// Nanoseconds of the unit of time in which theory counts: the mean service time.
pub const UNIT: f64 = 1e6;

/// One service under one constant stream, in units of the mean service time.
#[derive(Clone)]
pub struct Station {
    /// Names source and service, and with them all randomness.
    pub name: String,
    pub servers: u32,
    pub slots: Option<u32>,
    pub shared_millicores: Option<u64>,
    /// Instead of `servers` equal ones: how many, their speed, their weight.
    pub pools: Vec<(u32, f64, f64)>,
    /// Arrivals per unit of time.
    pub rate: f64,
    pub arrivals: ArrivalsSpec,
    pub work: Distribution,
    /// Instead of one class with `work`: share of the arrivals, work.
    pub classes: Vec<(f64, Distribution)>,
    pub balancer: &'static str,
    pub central: bool,
    pub limit: Option<u32>,
    pub timeout: Option<f64>,
    pub order: Order,
    /// Units of time.
    pub duration: f64,
    pub warmup: f64,
    /// At the end, without arrivals, for the last to be served.
    pub drain: f64,
    pub intervals: u64,
    pub seed: u64,
}

impl Default for Station {
    fn default() -> Self {
        Self {
            name: "station".into(),
            servers: 1,
            slots: Some(1),
            shared_millicores: None,
            pools: vec![],
            rate: 0.5,
            arrivals: ArrivalsSpec::Poisson,
            work: Distribution::exponential(UNIT),
            classes: vec![],
            balancer: r#"{"roundRobin":{}}"#,
            central: false,
            limit: None,
            timeout: None,
            order: Order::Fifo,
            duration: 10_000.0,
            warmup: 0.0,
            drain: 0.0,
            intervals: 10,
            seed: 1,
        }
    }
}

pub fn units(length: f64) -> SimDuration {
    SimDuration::from_nanos((length * UNIT) as u64)
}

/// Reads a distribution as a scenario file would have it; a unit of time is `1ms`.
pub fn law(json: &str) -> Distribution {
    let spec: DistributionSpec<SimDuration> =
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"));
    spec.build().unwrap_or_else(|problems| panic!("{json}: {problems:?}"))
}

impl Station {
    pub fn scenario(&self) -> Scenario {
        let duration = units(self.duration);
        let millicores = self.shared_millicores.or(self.slots.map(|slots| 1_000 * u64::from(slots)));
        let closing = SimTime::ZERO + units(self.duration - self.drain);
        let busy = Segment::constant(SimTime::ZERO, closing, self.rate * 1e9 / UNIT);
        let quiet = Segment::constant(closing, SimTime::ZERO + duration, 0.0);
        let pools = if self.pools.is_empty() { vec![(self.servers, 1.0, 1.0)] } else { self.pools.clone() };
        let classes =
            if self.classes.is_empty() { vec![(1.0, self.work.clone())] } else { self.classes.clone() };
        let mix = classes.iter().enumerate().scan(0.0, |sum, (index, (share, _))| {
            *sum += share;
            Some((ClassId::new(index), *sum))
        });
        let row = |(class, (_, work)): (usize, &(f64, Distribution))| RowPlan {
            service: 0,
            class,
            work_mean_ns: Some(work.mean()),
            wait_mean_ns: None,
        };
        let pool_plan = |(index, &(replicas, speed, _)): (usize, &(u32, f64, f64))| PoolPlan {
            name: format!("pool-{index}"),
            replicas,
            concurrency: self.slots,
            millicores: millicores.unwrap_or(peakday::results::UNLIMITED_MILLICORES),
            speed,
            price_per_hour: None,
            node_price: None,
            warm_price_per_hour: None,
            billed_at_least_ns: 0,
        };
        let pool = |&(replicas, speed, weight): &(u32, f64, f64)| Pool {
            replicas,
            concurrency: self.slots,
            shared_millicores: self.shared_millicores,
            speed,
            weight,
            zones: vec![],
            ..Pool::default()
        };
        let plan = Plan {
            releases: vec![],
            name: self.name.clone(),
            display_name: None,
            start: None,
            duration_ns: duration.as_nanos(),
            warmup_ns: units(self.warmup).as_nanos(),
            warmup_found: false,
            interval_ns: (duration.as_nanos() / self.intervals).max(1),
            classes: (0..classes.len()).map(|class| format!("class-{class}")).collect(),
            zones: vec![],
            currency: None,
            sources: vec![SourcePlan { name: self.name.clone(), recorded: false }],
            services: vec![ServicePlan {
                version: None,
                name: self.name.clone(),
                pools: pools.iter().enumerate().map(pool_plan).collect(),
                queue_limit: self.limit,
                central_queue: self.central,
                growing: false,
                no_mean_interval: None,
            }],
            rows: classes.iter().enumerate().map(row).collect(),
            objectives: vec![],
        };
        Scenario {
            releases: vec![],
            faults: Vec::new(),
            monitoring: vec![],
            actions: vec![],
            cautions: Vec::new(),
            overlays: Vec::new(),
            settings: Vec::new(),
            plan,
            seed: self.seed,
            sha256: String::new(),
            day_sha256: String::new(),
            resolved: String::new(),
            replications: 1,
            sources: vec![Source {
                name: self.name.clone(),
                to: ServiceId::new(0),
                mix: mix.collect(),
                arrivals: self.arrivals.clone(),
                profile: Some(Profile::new([busy, quiet], duration)),
                recorded: vec![],
                uncertainty: None,
                keys: None,
            }],
            services: vec![Service {
                pools: pools.iter().map(pool).collect(),
                queue: Queue {
                    central: self.central,
                    limit: self.limit,
                    timeout: self.timeout.map(units),
                    order: self.order.clone(),
                },
                demands: classes.into_iter().map(|(_, work)| Some(Demand { work, wait: None })).collect(),
                balancer: serde_json::from_str::<BalancerSpec>(self.balancer).expect("a valid balancer"),
                health: None,
                ladder: None,
                proxies: None,
            }],
        }
    }
}
