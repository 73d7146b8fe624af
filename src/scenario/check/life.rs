//! The life of servers: start-up, draining, bounds, health checks.

use super::limits::MAX_REPLICAS;
use super::run::Frame;
use super::{Findings, join, scalers, schedule};
use crate::autoscaler::AutoscalerSpec;
use crate::dist::{Distribution, DistributionSpec};
use crate::error::Code;
use crate::scenario::plan::{Bounds, HealthCheck, Image, LaunchPlan, Nodes, Pool, SlowStart, Startup};
use crate::scenario::spec::{HealthCheckSpec, PoolSpec, Scope, ServiceSpec, StartupSpec};
use crate::time::{SimDuration, SimTime};

/// The slowest launches, per second: one in a year.
const LEAST_LAUNCHES: f64 = 1.0 / (366.0 * 86_400.0);
/// From a failed launch to the next order.
const RETRY: SimDuration = SimDuration::from_secs(10);
/// The most checks in a row.
const MAX_THRESHOLD: u32 = 1_000;

/// Returns what a pool is told about the life of its servers.
pub(super) fn pool(path: &str, spec: &PoolSpec, frame: &Frame, found: &mut Findings) -> Life {
    let startup = spec.startup.as_ref().map(|spec| startup(&join(path, "startup"), spec, found));
    let startup = startup.unwrap_or_default();
    let launch = launch(path, spec, found);
    if let Some(drain) = spec.drain
        && drain > frame.duration
        && !frame.duration.is_zero()
    {
        let message = format!("draining for {drain} takes longer than the run, {}", frame.duration);
        found.add(
            Code::OutOfRange,
            join(path, "drain"),
            message,
            "shorten it; without drain a server finishes what it has, however long that takes",
        );
    }
    let path = join(path, "autoscaler");
    let bounds = spec.autoscaler.as_ref().map_or(Bounds::ANY, |scaler| bounds(&path, spec, scaler, found));
    let schedule = spec.autoscaler.as_ref().and_then(|scaler| scaler.schedule.as_ref());
    let replicas = spec.replicas;
    let steps = |spec| schedule::steps(&join(&path, "schedule"), spec, (replicas, bounds), frame, found);
    let schedule = schedule.map(steps).unwrap_or_default();
    too_late(&path, spec, &startup, &schedule, frame, found);
    Life { startup, launch, drain: spec.drain, bounds, schedule }
}

/// What a pool is told about the life of its servers.
#[derive(Debug)]
pub(super) struct Life {
    startup: Startup,
    launch: LaunchPlan,
    drain: Option<SimDuration>,
    bounds: Bounds,
    schedule: Vec<(SimTime, u32)>,
}

impl Life {
    pub(super) fn into_pool(self, pool: Pool) -> Pool {
        let Self { startup, launch, drain, bounds, schedule } = self;
        Pool { startup, launch, drain, bounds, schedule, ..pool }
    }
}

fn startup(path: &str, spec: &StartupSpec, found: &mut Findings) -> Startup {
    let mut phase = |key: &str, spec: &Option<DistributionSpec<SimDuration>>| {
        let built = spec.as_ref()?.build();
        built.map_err(|problems| found.nest(Code::Distribution, &join(path, key), problems)).ok()
    };
    let (provision, boot) = (phase("provision", &spec.provision), phase("boot", &spec.boot));
    let slow_start = spec.slow_start.as_ref().map(|slow| {
        let speed = slow.speed.0;
        if !(speed > 0.0 && speed <= 1.0) {
            let message = format!("{}% is no share of the full speed", speed * 100.0);
            found.add(
                Code::OutOfRange,
                join(path, "slowStart.speed"),
                message,
                "write above 0% and up to 100%, for example 60%",
            );
        }
        if slow.window.is_zero() {
            found.add(
                Code::OutOfRange,
                join(path, "slowStart.window"),
                "a slow start of 0s is none",
                "remove slowStart, or write for example window: 60s",
            );
        }
        SlowStart { window: slow.window, speed }
    });
    let image = spec.image.as_ref().map(|image| {
        if image.parallel == 0 {
            let path = join(path, "image.parallel");
            let message = "a registry that serves no pull at once serves none";
            found.add(Code::OutOfRange, path, message, "write for example parallel: 20");
        }
        Image { pull: image.pull, parallel: image.parallel }
    });
    let boot_cpu = spec.boot_cpu.map_or(0.0, |share| share.0);
    if boot_cpu > 1.0 {
        let message = format!("no server burns {}% of its CPU", boot_cpu * 100.0);
        found.add(Code::OutOfRange, join(path, "bootCpu"), message, "write up to 100%, for example 80%");
    }
    Startup { provision, boot, image, slow_start, boot_cpu }
}

/// Returns how a pool launches servers.
fn launch(path: &str, spec: &PoolSpec, found: &mut Findings) -> LaunchPlan {
    let given = spec.launch.clone().unwrap_or_default();
    let at = join(path, "launch");
    let apart = given.rate.and_then(|rate| {
        if rate.0 < LEAST_LAUNCHES {
            let message = format!("{rate} launches nobody within a year");
            found.add(Code::OutOfRange, join(&at, "rate"), message, "write for example rate: 20/min");
            return None;
        }
        Some(SimDuration::from_secs_f64(1.0 / rate.0))
    });
    if let Some(quota) = given.quota.filter(|&quota| quota < spec.replicas || quota > MAX_REPLICAS) {
        let message = format!("a quota of {quota} is not between replicas and {MAX_REPLICAS}");
        let remedy = format!("write {} or more", spec.replicas);
        found.add(Code::Contradiction, join(&at, "quota"), message, remedy);
    }
    let failures = given.failures.map_or(0.0, |share| share.0);
    if failures > 1.0 {
        let message = format!("{}% of launches cannot fail", failures * 100.0);
        found.add(Code::OutOfRange, join(&at, "failures"), message, "write up to 100%, for example 2%");
    }
    let retry = given.retry.unwrap_or(RETRY);
    if retry.is_zero() {
        let message = "launches that fail and are ordered again at once may never end";
        found.add(Code::OutOfRange, join(&at, "retry"), message, "write for example retry: 30s");
    }
    warm_pool(path, spec, found);
    let nodes = spec.nodes.as_ref().map(|nodes| {
        if nodes.servers == 0 {
            let message = "a node without a place holds nobody";
            found.add(Code::OutOfRange, join(path, "nodes.servers"), message, "write for example servers: 8");
        }
        let provision = nodes.provision.as_ref().and_then(|law| {
            let path = join(path, "nodes.provision");
            law.build().map_err(|problems| found.nest(Code::Distribution, &path, problems)).ok()
        });
        for (parameter, message, remedy) in nodes.cluster_autoscaler.iter().flat_map(|spec| spec.problems()) {
            let path = join(path, &format!("nodes.clusterAutoscaler.{parameter}"));
            found.add(Code::Policy, path, message, remedy);
        }
        let scaler = nodes.cluster_autoscaler.clone();
        Nodes { servers: nodes.servers, provision, keep: nodes.keep, scaler }
    });
    let warm = spec.warm_pool.as_ref().map_or(0, |warm| warm.size);
    LaunchPlan { apart, quota: given.quota, failures, retry, warm, nodes }
}

/// Checks a warm pool, and what is paid for beside servers.
fn warm_pool(path: &str, spec: &PoolSpec, found: &mut Findings) {
    if let Some(warm) = spec.warm_pool.as_ref().filter(|warm| warm.size > MAX_REPLICAS) {
        let message = format!("{} machines are too many", warm.size);
        found.add(Code::OutOfRange, join(path, "warmPool.size"), message, format!("keep to {MAX_REPLICAS}"));
    }
    if spec.warm_pool.is_some() && spec.nodes.is_some() {
        let message = "machines of a warm pool stand on no nodes";
        found.add(Code::Contradiction, join(path, "warmPool"), message, "keep warmPool or nodes");
    }
    let node_price = spec.nodes.as_ref().and_then(|nodes| nodes.price.as_ref());
    if node_price.is_some() && spec.price.is_some() {
        let message = "servers and their nodes would both be paid";
        found.add(Code::Contradiction, join(path, "nodes.price"), message, "keep one of the prices");
    }
}

fn bounds(path: &str, pool: &PoolSpec, spec: &AutoscalerSpec, found: &mut Findings) -> Bounds {
    let bounds = scalers::bounds(spec);
    for (key, bound) in [("minReplicas", spec.min_replicas), ("maxReplicas", spec.max_replicas)] {
        if bound.is_some_and(|bound| bound > MAX_REPLICAS) {
            let message = format!("{} servers in a pool are too many", bound.unwrap_or(0));
            found.add(Code::OutOfRange, join(path, key), message, format!("keep to {MAX_REPLICAS}"));
        }
    }
    if bounds.min > bounds.max {
        let message = format!("minReplicas, {}, is above maxReplicas, {}", bounds.min, bounds.max);
        found.add(Code::Contradiction, join(path, "minReplicas"), message, "lower it, or raise maxReplicas");
    } else if bounds.clamp(pool.replicas) != pool.replicas {
        let message = format!(
            "the pool begins with {} servers, which is outside minReplicas to maxReplicas",
            pool.replicas
        );
        let remedy = format!("write replicas: {}", bounds.clamp(pool.replicas));
        found.add(Code::Contradiction, path, message, remedy);
    }
    for (key, policy) in spec.policies() {
        if policy.needs_max() && bounds.max == Bounds::ANY.max {
            let path = join(path, &format!("{key}.maxReplicas"));
            found.add(
                Code::MissingKey,
                path,
                "the key `maxReplicas` is missing",
                "write for example maxReplicas: 20",
            );
        }
    }
    if spec.schedule.is_none() && spec.policies().is_empty() {
        found.add(
            Code::Nothing,
            path,
            "the autoscaler decides nothing",
            "write for example schedule: {steps: [{at: 30m, replicas: 40}]}",
        );
    }
    bounds
}

/// Tells of servers that are ordered so late that none can be ready before the end.
fn too_late(
    path: &str,
    spec: &PoolSpec,
    startup: &Startup,
    schedule: &[(SimTime, u32)],
    frame: &Frame,
    found: &mut Findings,
) {
    let least = |law: &Option<Distribution>| law.as_ref().map_or(0.0, Distribution::least);
    let delay = SimDuration::from_secs_f64((least(&startup.provision) + least(&startup.boot)) / 1e9);
    let end = SimTime::ZERO + frame.duration;
    let mut before = spec.replicas;
    for &(at, wanted) in schedule {
        if wanted > before && at + delay >= end && !frame.duration.is_zero() {
            let message = format!(
                "servers ordered at t = {} are never ready: their start-up takes {delay} at least, and the run \
                 ends at {}",
                at - SimTime::ZERO,
                frame.duration
            );
            found.add(
                Code::Instant,
                format!("{path}.schedule"),
                message,
                "order them sooner, or simulate longer",
            );
            return;
        }
        before = wanted;
    }
}

/// Returns how a service's balancer learns of servers that come and fail.
pub(super) fn health(path: &str, service: &ServiceSpec, found: &mut Findings) -> Option<HealthCheck> {
    let spec: &HealthCheckSpec = service.health_check.as_ref()?;
    let path = join(path, "healthCheck");
    if spec.interval.is_zero() {
        let message = "checks every 0s never end";
        found.add(Code::OutOfRange, join(&path, "interval"), message, "write for example interval: 5s");
        return None;
    }
    for (key, count) in
        [("unhealthyThreshold", spec.unhealthy_threshold), ("healthyThreshold", spec.healthy_threshold)]
    {
        if count == 0 || count > MAX_THRESHOLD {
            let message = format!("{count} checks are not between 1 and {MAX_THRESHOLD}");
            found.add(Code::OutOfRange, join(&path, key), message, format!("write for example {key}: 3"));
        }
    }
    if service.queue.as_ref().is_some_and(|queue| queue.scope == Scope::Service) {
        found.add(
            Code::Contradiction,
            &path,
            "servers that take from one central queue need no health checks: one that failed takes nothing",
            "remove healthCheck, or write queue: {scope: server}",
        );
    }
    Some(HealthCheck {
        interval: spec.interval,
        unhealthy: spec.unhealthy_threshold,
        healthy: spec.healthy_threshold,
    })
}
