//! Services: pools, queues, work and balancers.

use std::collections::BTreeMap;

use super::classes::Classes;
use super::limits::{MAX_NAMES, MAX_REPLICAS};
use super::run::Frame;
use super::{Findings, join, life, proxies};
use crate::dist::Distribution;
use crate::error::Code;
use crate::results::{NodePrice, PoolPlan, ServicePlan, UNLIMITED_MILLICORES};
use crate::scenario::forms::{Concurrency, OrderSpec, PerClass};
use crate::scenario::plan::{Caution, Demand, Order, Pool, Queue, Service};
use crate::scenario::spec::{PoolSpec, QueueSpec, ScenarioSpec, Scope, ServiceSpec};
use crate::scenario::suggest;
use crate::time::SimDuration;
use crate::units::Price;

/// The fastest server, and the largest weight.
const MAX_SPEED: f64 = 1_000.0;
const MAX_WEIGHT: f64 = 1e9;
/// The most cores of a server.
const MAX_CORES: f64 = 1e6;
/// More cores than this that nobody wrote are more likely forgotten than bought.
const MANY_CORES: u32 = 128;
/// The highest price of a server and hour.
const MAX_PRICE: f64 = 1e9;

/// All services, as far as they could be built.
#[derive(Debug, Default)]
pub(super) struct Fleet {
    pub(super) services: Vec<Service>,
    pub(super) plans: Vec<ServicePlan>,
    pub(super) zones: Vec<String>,
    pub(super) currency: Option<String>,
    pub(super) cautions: Vec<Caution>,
    zone_index: BTreeMap<String, u16>,
}

pub(super) fn check(spec: &ScenarioSpec, frame: &Frame, classes: &Classes, found: &mut Findings) -> Fleet {
    let mut fleet = Fleet::default();
    for (index, (name, service)) in spec.services.iter().enumerate() {
        let path = format!("services.{name}");
        found.name(&path, name);
        let (pools, plans) = fleet.pools(&path, service, frame, found);
        fleet
            .cautions
            .extend(service.pools.iter().filter_map(|(pool, spec)| forgotten_cores(name, pool, spec)));
        let queue = queue(&path, service, classes, index, found);
        for (parameter, message, remedy) in service.balancer.0.problems() {
            let variant = serde_json::to_value(&service.balancer).ok();
            let key = variant.and_then(|map| map.as_object()?.keys().next().cloned()).unwrap_or_default();
            found.add(Code::Balancer, join(&format!("{path}.balancer.{key}"), parameter), message, remedy);
        }
        fleet.plans.push(ServicePlan {
            version: service.version.clone(),
            name: name.to_owned(),
            pools: plans,
            queue_limit: queue.limit,
            central_queue: queue.central,
            growing: false,
            no_mean_interval: None,
        });
        let demands = demands(&path, service, classes, index, found);
        let health = life::health(&path, service, found);
        let balancer = service.balancer.0.clone();
        let proxies = proxies::check(&path, spec, service, &pools, found);
        fleet.services.push(Service { pools, queue, demands, balancer, health, ladder: None, proxies });
    }
    fleet
}

/// Without `cpu` every slot has a core of its own: right for a queue of theory, seldom for a machine.
fn forgotten_cores(service: &str, pool: &str, spec: &PoolSpec) -> Option<Caution> {
    let Concurrency::Limit(slots) = spec.concurrency else { return None };
    let message = || {
        format!(
            "pool {pool} has no cpu, so {slots} slots get {slots} cores; write cpu: {{cores: 4}} if they share"
        )
    };
    (spec.cpu.is_none() && slots > MANY_CORES).then(|| Caution { of: service.to_owned(), message: message() })
}

impl Fleet {
    fn pools(
        &mut self,
        path: &str,
        service: &ServiceSpec,
        frame: &Frame,
        found: &mut Findings,
    ) -> (Vec<Pool>, Vec<PoolPlan>) {
        let (mut pools, mut plans) = (Vec::new(), Vec::new());
        for (name, spec) in service.pools.iter() {
            let path = format!("{path}.pools.{name}");
            found.name(&path, name);
            check_pool(&path, spec, found);
            let slots = match spec.concurrency {
                Concurrency::Limit(slots) => Some(slots),
                Concurrency::Unlimited => None,
            };
            let cores = spec.cpu.as_ref().map(|cpu| (cpu.cores.0 * 1_000.0 + 0.5) as u64);
            let shared = cores.filter(|&cores| slots.is_none_or(|slots| cores < u64::from(slots) * 1_000));
            let zones = self.zones_of(&path, spec, found);
            let life = life::pool(&path, spec, frame, found);
            let request = spec.cpu.as_ref().and_then(|cpu| cpu.request).map(|cores| cores.0);
            pools.push(
                life.into_pool(Pool {
                    request_milli: request
                        .map(|cores| (cores * 1_000.0 + 0.5) as u64)
                        .or(cores)
                        .unwrap_or(slots.map_or(0, |slots| u64::from(slots) * 1_000)),
                    replicas: spec.replicas,
                    concurrency: slots,
                    shared_millicores: shared,
                    speed: spec.speed,
                    weight: spec.weight(),
                    zones,
                    ..Pool::default()
                }),
            );
            plans.push(PoolPlan {
                name: name.to_owned(),
                replicas: spec.replicas,
                concurrency: slots,
                millicores: cores
                    .or(slots.map(|slots| u64::from(slots) * 1_000))
                    .unwrap_or(UNLIMITED_MILLICORES),
                speed: spec.speed,
                price_per_hour: self.price(&join(&path, "price"), spec.price.as_ref(), found),
                node_price: spec.nodes.as_ref().and_then(|nodes| {
                    let per_hour = self.price(&join(&path, "nodes.price"), nodes.price.as_ref(), found)?;
                    Some(NodePrice { servers: nodes.servers, per_hour })
                }),
                warm_price_per_hour: spec.warm_pool.as_ref().and_then(|warm| {
                    let price = self.price(&join(&path, "warmPool.price"), warm.price.as_ref(), found)?;
                    Some(price * f64::from(warm.size))
                }),
                billed_at_least_ns: spec.billed_at_least.map_or(0, SimDuration::as_nanos),
            });
        }
        if pools.is_empty() {
            found.add(
                Code::Nothing,
                format!("{path}.pools"),
                "there is no pool",
                "write for example standard: {replicas: 4, concurrency: 16}",
            );
        } else if pools.iter().all(|pool| pool.most_replicas() == 0) {
            found.add(Code::Nothing, format!("{path}.pools"), "there is no server", "give a pool replicas");
        }
        (pools, plans)
    }

    /// Numbers the zones in the order in which they appear.
    fn zones_of(&mut self, path: &str, spec: &PoolSpec, found: &mut Findings) -> Vec<u16> {
        let mut zones = Vec::new();
        for (place, zone) in spec.zones.iter().enumerate() {
            let path = format!("{path}.zones[{place}]");
            found.name(&path, zone);
            let next = self.zones.len();
            let index = *self.zone_index.entry(zone.clone()).or_insert_with(|| {
                self.zones.push(zone.clone());
                next as u16
            });
            if next >= MAX_NAMES && self.zones.len() > next {
                found.add(Code::TooMuch, &path, "there are too many zones", format!("keep to {MAX_NAMES}"));
            }
            if zones.contains(&index) {
                found.add(
                    Code::DuplicateName,
                    &path,
                    format!("the zone `{}` is given twice", suggest::short(zone)),
                    "keep one of them",
                );
            }
            zones.push(index);
        }
        zones
    }

    fn price(&mut self, path: &str, price: Option<&Price>, found: &mut Findings) -> Option<f64> {
        let price = price?;
        if price.per_hour > MAX_PRICE {
            found.add(
                Code::OutOfRange,
                path,
                format!("{price} is too much for a server"),
                "write for example 0.23 USD/h",
            );
        }
        let currency = self.currency.get_or_insert_with(|| price.currency.clone());
        if *currency != price.currency {
            let message = format!("{} and {} cannot be added", price.currency, currency);
            found.add(Code::Contradiction, path, message, format!("write every price in {currency}"));
        }
        Some(price.per_hour)
    }
}

fn check_pool(path: &str, spec: &PoolSpec, found: &mut Findings) {
    if spec.replicas > MAX_REPLICAS {
        let message = format!("{} servers in a pool are too many", spec.replicas);
        found.add(
            Code::OutOfRange,
            format!("{path}.replicas"),
            message,
            format!("write at most {MAX_REPLICAS}"),
        );
    }
    if spec.concurrency == Concurrency::Limit(0) {
        found.add(
            Code::OutOfRange,
            format!("{path}.concurrency"),
            "a server without a slot serves nobody",
            "write 1 or more, or unlimited",
        );
    }
    if let Some(cpu) = &spec.cpu {
        let millis = cpu.cores.0 * 1_000.0;
        let path = format!("{path}.cpu.cores");
        if !(millis > 0.0 && millis <= MAX_CORES * 1_000.0) {
            found.add(
                Code::OutOfRange,
                path,
                format!("{} cores are not above 0 and up to 1,000,000", cpu.cores.0),
                "write for example cores: 4",
            );
        } else if (millis - libm::round(millis)).abs() > 1e-6 * millis.max(1.0) {
            found.add(
                Code::OutOfRange,
                path,
                "cores are counted in thousandths",
                "write for example cores: 0.5",
            );
        }
    }
    if !(spec.speed > 0.0 && spec.speed <= MAX_SPEED) {
        let message = format!("a speed of {} is not above 0 and up to 1,000", spec.speed);
        found.add(
            Code::OutOfRange,
            format!("{path}.speed"),
            message,
            "write for example speed: 1.2; it divides demand",
        );
    }
    if let Some(weight) = spec.weight
        && !(weight > 0.0 && weight <= MAX_WEIGHT)
    {
        let message = format!("a weight of {weight} is not above 0 and up to 1,000,000,000");
        found.add(
            Code::OutOfRange,
            format!("{path}.weight"),
            message,
            "write for example weight: 2; only ratios matter",
        );
    }
}

fn queue(path: &str, service: &ServiceSpec, classes: &Classes, index: usize, found: &mut Findings) -> Queue {
    let path = format!("{path}.queue");
    let spec = service.queue.clone().unwrap_or_default();
    let unlimited = service.pools.iter().all(|(_, pool)| pool.concurrency == Concurrency::Unlimited);
    if service.queue.is_some() && unlimited && !service.pools.is_empty() {
        let message = "nobody waits for a slot where concurrency is unlimited";
        found.add(Code::Contradiction, &path, message, "remove the queue, or limit concurrency");
    }
    if spec.timeout.is_some_and(|timeout| timeout.is_zero()) {
        found.add(
            Code::OutOfRange,
            format!("{path}.timeout"),
            "a timeout of 0s lets nobody wait",
            "write limit: 0 instead",
        );
    }
    Queue {
        central: spec.scope == Scope::Service,
        limit: spec.limit,
        timeout: spec.timeout,
        order: order(&path, &spec, classes, index, found),
    }
}

fn order(path: &str, spec: &QueueSpec, classes: &Classes, index: usize, found: &mut Findings) -> Order {
    let listed = match &spec.order {
        OrderSpec::Fifo => return Order::Fifo,
        OrderSpec::Lifo => return Order::Lifo,
        OrderSpec::Priority(listed) => listed,
    };
    let path = format!("{path}.order.priority");
    if listed.is_empty() {
        found.add(Code::Nothing, &path, "there are no classes", "write the classes, the first one first");
    }
    // Classes that are not named come after all others.
    let last = u16::try_from(listed.len()).unwrap_or(u16::MAX);
    let mut levels = vec![last; classes.names.len()];
    for (level, name) in listed.iter().enumerate() {
        let path = format!("{path}[{level}]");
        match classes.get(name).filter(|&class| classes.takes(index, class)) {
            None => {
                let message = format!("the service takes no class `{}`", suggest::short(name));
                found.add(Code::UnknownName, path, message, suggest::known(name, classes.names_of(index)));
            }
            Some(class) if levels[class] != last => {
                found.add(
                    Code::DuplicateName,
                    path,
                    format!("the class `{name}` is given twice"),
                    "keep one of them",
                );
            }
            Some(class) => levels[class] = level as u16,
        }
    }
    Order::Priority(levels)
}

/// Own time per class; `None` where the service knows no such class, or it could not be built.
fn demands(
    path: &str,
    service: &ServiceSpec,
    classes: &Classes,
    index: usize,
    found: &mut Findings,
) -> Vec<Option<Demand>> {
    let mut demands = vec![None; classes.names.len()];
    let work = Built::new(&format!("{path}.work"), &service.work, found);
    let wait = service.wait.as_ref().map(|wait| Built::new(&format!("{path}.wait"), wait, found));
    if let Some(PerClass::Each(waits)) = &service.wait {
        for name in waits.names() {
            if classes.get(name).is_none_or(|class| !classes.takes(index, class)) {
                let message = format!("`work` knows no class `{}`", suggest::short(name));
                found.add(
                    Code::UnknownName,
                    format!("{path}.wait.{name}"),
                    message,
                    suggest::known(name, classes.names_of(index)),
                );
            }
        }
    }
    for &class in &classes.of_service[index] {
        let name = &classes.names[class];
        if let Some(work) = work.of(name) {
            demands[class] = Some(Demand { work, wait: wait.as_ref().and_then(|wait| wait.of(name)) });
        }
    }
    demands
}

/// Distributions that were built, by class, or one for all.
struct Built {
    all: Option<Distribution>,
    each: BTreeMap<String, Distribution>,
}

impl Built {
    fn new(path: &str, spec: &PerClass, found: &mut Findings) -> Self {
        let mut built = Self { all: None, each: BTreeMap::new() };
        match spec {
            PerClass::All(spec) => match spec.build() {
                Ok(law) => built.all = Some(law),
                Err(problems) => {
                    found.nest(Code::Distribution, path, problems);
                }
            },
            PerClass::Each(specs) => {
                for (class, spec) in specs.iter() {
                    match spec.build() {
                        Ok(law) => {
                            built.each.insert(class.to_owned(), law);
                        }
                        Err(problems) => {
                            let path = format!("{path}.{class}");
                            found.nest(Code::Distribution, &path, problems);
                        }
                    }
                }
            }
        }
        built
    }

    fn of(&self, class: &str) -> Option<Distribution> {
        self.all.clone().or_else(|| self.each.get(class).cloned())
    }
}
