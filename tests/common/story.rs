//! Stories of a few requests, told in nanoseconds: when each of them ends can be worked out on
//! paper and read off a run, since every request is a class of its own and every nanosecond an
//! interval.

use std::fmt::Write as _;

use peakday::dist::{Distribution, DistributionSpec, Factor};
use peakday::ids::{ClassId, ServiceId};
use peakday::results::{Plan, PoolPlan, RowPlan, RunResult, ServicePlan, SourcePlan};
use peakday::scenario::{Demand, Order, Pool, Queue, Recording, Scenario, Service, Source};
use peakday::sim;
use peakday::time::{SimDuration, SimTime};
use peakday::workload::{ArrivalsSpec, Outcome, recorded::RecordedSpec};

use super::swarm::{Files, millicores};

/// A service with one pool.
#[derive(Clone)]
pub struct Shop {
    pub servers: u32,
    pub slots: Option<u32>,
    pub shared: Option<u64>,
    pub speed: f64,
    pub central: bool,
    pub limit: Option<u32>,
    pub timeout: Option<u64>,
    pub order: &'static str,
    pub balancer: &'static str,
}

impl Default for Shop {
    fn default() -> Self {
        Self {
            servers: 1,
            slots: Some(1),
            shared: None,
            speed: 1.0,
            central: false,
            limit: None,
            timeout: None,
            order: "fifo",
            balancer: r#"{"roundRobin": {}}"#,
        }
    }
}

/// One request: where, when, what it wants.
#[derive(Clone, Copy)]
pub struct Visit {
    pub shop: usize,
    pub at: u64,
    pub work: u64,
    pub wait: u64,
    pub level: u16,
    pub size: f64,
}

/// A visit of the only shop that just wants to be served.
pub fn visit(at: u64, work: u64) -> Visit {
    Visit { shop: 0, at, work, wait: 0, level: 0, size: 1.0 }
}

#[derive(Clone)]
pub struct Story {
    pub shops: Vec<Shop>,
    /// In order of time within a shop.
    pub visits: Vec<Visit>,
    pub duration: u64,
    pub warmup: u64,
}

impl Story {
    pub fn new(shop: Shop, visits: &[Visit]) -> Self {
        Self { shops: vec![shop], visits: visits.to_vec(), duration: 200, warmup: 0 }
    }

    pub fn run(&self) -> RunResult {
        let (scenario, files) = self.scenario();
        sim::run(&scenario, 1, &files, &mut ()).expect("a run that ends")
    }

    /// Returns how and when each visit ended; `None` for one still there at the end.
    pub fn ends(&self) -> Vec<Option<(Outcome, u64)>> {
        let result = self.run();
        let of_visit = |visit: usize| {
            let series = &result.row_series[self.row(visit)];
            let mut ends = Outcome::ALL.into_iter().filter_map(|outcome| {
                let at = series.outcomes[outcome as usize].iter().position(|&count| count > 0)?;
                Some((outcome, at as u64))
            });
            ends.next_back()
        };
        (0..self.visits.len()).map(of_visit).collect()
    }

    /// Returns when each visit was completed; all of them must be.
    pub fn completed(&self) -> Vec<u64> {
        let at = |end: Option<(Outcome, u64)>| match end {
            Some((Outcome::Completed, at)) => at,
            other => panic!("{other:?} instead of completed"),
        };
        self.ends().into_iter().map(at).collect()
    }

    /// Rows are ordered by shop, then by visit.
    pub fn row(&self, visit: usize) -> usize {
        let key = |index: usize| (self.visits[index].shop, index);
        (0..self.visits.len()).filter(|&other| key(other) < key(visit)).count()
    }

    fn scenario(&self) -> (Scenario, Files) {
        let mut plan = Plan {
            releases: vec![],
            name: "story".into(),
            display_name: None,
            start: None,
            duration_ns: self.duration,
            warmup_ns: self.warmup,
            warmup_found: false,
            interval_ns: 1,
            classes: (0..self.visits.len()).map(|visit| format!("v{visit}")).collect(),
            zones: vec![],
            currency: None,
            sources: vec![],
            services: vec![],
            rows: vec![],
            objectives: vec![],
        };
        let (mut files, mut sources, mut services) = (Files::default(), vec![], vec![]);
        for (index, shop) in self.shops.iter().enumerate() {
            let service = self.service(index, shop);
            let rows = service.demands.iter().enumerate().filter_map(|(class, demand)| {
                let demand = demand.as_ref()?;
                Some(RowPlan {
                    service: index,
                    class,
                    work_mean_ns: Some(demand.work.mean()),
                    wait_mean_ns: None,
                })
            });
            plan.rows.extend(rows);
            plan.sources.push(SourcePlan { name: format!("source-{index}"), recorded: true });
            plan.services.push(planned(index, shop, &service.pools[0]));
            sources.push(self.source(index, &mut files));
            services.push(service);
        }
        let (sha256, resolved) = <(String, String)>::default();
        let scenario = Scenario {
            releases: vec![],
            plan,
            seed: 1,
            day_sha256: sha256.clone(),
            sha256,
            resolved,
            replications: 1,
            sources,
            services,
            faults: vec![],
            monitoring: vec![],
            actions: vec![],
            cautions: vec![],
            overlays: vec![],
            settings: vec![],
        };
        (scenario, files)
    }

    fn service(&self, index: usize, shop: &Shop) -> Service {
        let demand = |visit: &Visit| {
            let wait = (visit.wait > 0).then(|| constant(visit.wait));
            (visit.shop == index).then(|| Demand { work: constant(visit.work), wait })
        };
        Service {
            pools: vec![Pool {
                replicas: shop.servers,
                concurrency: shop.slots,
                shared_millicores: shop.shared,
                speed: shop.speed,
                weight: 1.0,
                zones: vec![],
                ..Pool::default()
            }],
            queue: Queue {
                central: shop.central,
                limit: shop.limit,
                timeout: shop.timeout.map(SimDuration::from_nanos),
                order: match shop.order {
                    "fifo" => Order::Fifo,
                    "lifo" => Order::Lifo,
                    _ => Order::Priority(self.visits.iter().map(|visit| visit.level).collect()),
                },
            },
            demands: self.visits.iter().map(demand).collect(),
            balancer: serde_json::from_str(shop.balancer).expect("a balancer"),
            health: None,
            ladder: None,
            proxies: None,
        }
    }

    fn source(&self, index: usize, files: &mut Files) -> Source {
        let mut text = "t,class,size\n".to_owned();
        let of_shop = |(_, visit): &(usize, &Visit)| visit.shop == index;
        for (class, visit) in self.visits.iter().enumerate().filter(of_shop) {
            writeln!(text, "0.{:09},v{class},{}", visit.at, visit.size).expect("memory");
        }
        let file = format!("shop-{index}.csv");
        let spec = format!(
            r#"{{"file": "{file}", "time": "t", "class": "class", "size": "size",
                "align": {{"recorded": "0s", "scenario": "0s"}}}}"#
        );
        let spec: RecordedSpec = serde_json::from_str(&spec).expect("a trace");
        files.0.insert(file.clone(), text);
        let class = |name: &str| name[1..].parse().ok().map(ClassId::new);
        let input = peakday::workload::recorded::TraceFiles::open(files, &file).expect("a file");
        let survey = spec.survey(input, &class, &|_| Ok(0), SimTime::MAX).expect("a good trace");
        let first = self.visits.iter().position(|visit| visit.shop == index).expect("a visit");
        Source {
            name: format!("source-{index}"),
            to: ServiceId::new(index),
            mix: vec![(ClassId::new(first), 1.0)],
            arrivals: ArrivalsSpec::Poisson,
            profile: None,
            recorded: vec![Recording { spec, survey, factor: 1.0 }],
            uncertainty: None,
            keys: None,
        }
    }
}

fn planned(index: usize, shop: &Shop, pool: &Pool) -> ServicePlan {
    ServicePlan {
        version: None,
        name: format!("shop-{index}"),
        pools: vec![PoolPlan {
            name: "pool".into(),
            replicas: pool.replicas,
            concurrency: pool.concurrency,
            millicores: millicores(pool),
            speed: pool.speed,
            price_per_hour: None,
            node_price: None,
            warm_price_per_hour: None,
            billed_at_least_ns: 0,
        }],
        queue_limit: shop.limit,
        central_queue: shop.central,
        growing: false,
        no_mean_interval: None,
    }
}

fn constant(nanos: u64) -> Distribution {
    DistributionSpec::Constant(Factor(nanos as f64)).build().expect("a valid constant")
}
