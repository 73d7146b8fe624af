//! Scenarios built in code, for tests and benches that vary one thing at a time.
#![allow(dead_code, missing_docs, unreachable_pub)]

pub mod story;
pub mod swarm;

use peakday::balancer::BalancerSpec;
use peakday::dist::Distribution;
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
    pub servers: u32,
    pub slots: Option<u32>,
    pub shared_millicores: Option<u64>,
    /// Arrivals per unit of time.
    pub rate: f64,
    pub arrivals: ArrivalsSpec,
    pub work: Distribution,
    pub balancer: &'static str,
    pub central: bool,
    pub limit: Option<u32>,
    pub timeout: Option<f64>,
    pub order: Order,
    /// Units of time.
    pub duration: f64,
    pub warmup: f64,
    pub intervals: u64,
    pub seed: u64,
}

impl Default for Station {
    fn default() -> Self {
        Self {
            servers: 1,
            slots: Some(1),
            shared_millicores: None,
            rate: 0.5,
            arrivals: ArrivalsSpec::Poisson,
            work: Distribution::exponential(UNIT),
            balancer: r#"{"roundRobin":{}}"#,
            central: false,
            limit: None,
            timeout: None,
            order: Order::Fifo,
            duration: 10_000.0,
            warmup: 0.0,
            intervals: 10,
            seed: 1,
        }
    }
}

pub fn units(length: f64) -> SimDuration {
    SimDuration::from_nanos((length * UNIT) as u64)
}

impl Station {
    pub fn scenario(&self) -> Scenario {
        let duration = units(self.duration);
        let millicores = self.shared_millicores.or(self.slots.map(|slots| 1_000 * u64::from(slots)));
        let horizon = SimTime::ZERO + duration;
        let segment = Segment::constant(SimTime::ZERO, horizon, self.rate * 1e9 / UNIT);
        let plan = Plan {
            name: "station".into(),
            display_name: None,
            start: None,
            duration_ns: duration.as_nanos(),
            warmup_ns: units(self.warmup).as_nanos(),
            interval_ns: (duration.as_nanos() / self.intervals).max(1),
            classes: vec!["all".into()],
            zones: vec![],
            currency: None,
            sources: vec![SourcePlan { name: "customers".into(), recorded: false }],
            services: vec![ServicePlan {
                name: "station".into(),
                pools: vec![PoolPlan {
                    name: "pool".into(),
                    replicas: self.servers,
                    concurrency: self.slots,
                    millicores: millicores.unwrap_or(peakday::results::UNLIMITED_MILLICORES),
                    speed: 1.0,
                    price_per_hour: None,
                }],
                queue_limit: self.limit,
                central_queue: self.central,
                growing: false,
                no_mean_interval: None,
            }],
            rows: vec![RowPlan {
                service: 0,
                class: 0,
                work_mean_ns: Some(self.work.mean()),
                wait_mean_ns: None,
            }],
            objectives: vec![],
        };
        Scenario {
            plan,
            seed: self.seed,
            sha256: String::new(),
            replications: 1,
            sources: vec![Source {
                name: "customers".into(),
                to: ServiceId::new(0),
                mix: vec![(ClassId::new(0), 1.0)],
                arrivals: self.arrivals.clone(),
                profile: Some(Profile::new([segment], duration)),
                recorded: vec![],
                uncertainty: None,
            }],
            services: vec![Service {
                pools: vec![Pool {
                    replicas: self.servers,
                    concurrency: self.slots,
                    shared_millicores: self.shared_millicores,
                    speed: 1.0,
                    weight: 1.0,
                    zones: vec![],
                }],
                queue: Queue {
                    central: self.central,
                    limit: self.limit,
                    timeout: self.timeout.map(units),
                    order: self.order.clone(),
                },
                demands: vec![Some(Demand { work: self.work.clone(), wait: None })],
                balancer: serde_json::from_str::<BalancerSpec>(self.balancer).expect("a valid balancer"),
            }],
        }
    }
}
