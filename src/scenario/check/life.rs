//! The life of servers: start-up, draining, schedules, health checks.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use super::limits::MAX_REPLICAS;
use super::run::Frame;
use super::{Findings, join, scalers};
use crate::autoscaler::cron::{Cron, CronProblem};
use crate::autoscaler::{AutoscalerSpec, ScheduleSpec};
use crate::dist::{Distribution, DistributionSpec};
use crate::error::Code;
use crate::results::WallClock;
use crate::scenario::plan::{Bounds, HealthCheck, Image, LaunchPlan, Nodes, Pool, SlowStart, Startup};
use crate::scenario::spec::{HealthCheckSpec, PoolSpec, Scope, ServiceSpec, StartupSpec};
use crate::scenario::suggest;
use crate::time::{SimDuration, SimTime};

/// The most steps of a schedule, each counted on every day of the run.
const MAX_STEPS: usize = 100_000;
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
    let schedule =
        schedule.map(|spec| schedule_steps(&join(&path, "schedule"), spec, (replicas, bounds), frame, found));
    let schedule = schedule.unwrap_or_default();
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

/// Places the steps of a schedule in the run, in order of time.
fn schedule_steps(
    path: &str,
    spec: &ScheduleSpec,
    (replicas, bounds): (u32, Bounds),
    frame: &Frame,
    found: &mut Findings,
) -> Vec<(SimTime, u32)> {
    let zone = match spec.time_zone.as_deref().map(time_zone).transpose() {
        Ok(zone) => zone,
        Err((message, remedy)) => {
            found.add(Code::UnknownName, join(path, "timeZone"), message, remedy);
            return Vec::new();
        }
    };
    if spec.steps.is_empty() && spec.rules.is_empty() {
        let remedy = "write for example steps: [{at: 30m, replicas: 40}]";
        found.add(Code::Nothing, join(path, "steps"), "the schedule has no step and no rule", remedy);
    }
    let mut steps: Vec<(SimTime, u32)> = Vec::new();
    for (index, step) in spec.steps.iter().enumerate() {
        let path = join(path, &format!("steps[{index}]"));
        scheduled_replicas(&path, step.replicas, bounds, found);
        for at in frame.instants(&join(&path, "at"), &step.at, zone.as_ref(), found) {
            if steps.iter().any(|(other, _)| *other == at) {
                found.add(
                    Code::Contradiction,
                    join(&path, "at"),
                    format!("two steps are due at t = {}", at - SimTime::ZERO),
                    "keep one of them",
                );
            }
            steps.push((at, step.replicas));
        }
        if steps.len() > MAX_STEPS {
            let message = format!("these are more than {MAX_STEPS} steps over the run");
            found.add(Code::TooMuch, path, message, "write fewer, or simulate less time");
            break;
        }
    }
    steps.sort_unstable();
    let windows = rule_windows(path, spec, zone.as_ref(), frame, found);
    for (index, rule) in spec.rules.iter().enumerate() {
        scheduled_replicas(&join(path, &format!("rules[{index}]")), rule.replicas, bounds, found);
    }
    if windows.is_empty() { steps } else { with_rules(replicas, &steps, &windows) }
}

/// Checks a number of servers of a schedule.
fn scheduled_replicas(path: &str, replicas: u32, bounds: Bounds, found: &mut Findings) {
    if replicas > MAX_REPLICAS {
        let message = format!("{replicas} servers in a pool are too many");
        found.add(Code::OutOfRange, join(path, "replicas"), message, format!("keep to {MAX_REPLICAS}"));
    } else if bounds.min <= bounds.max && bounds.clamp(replicas) != replicas {
        let message = format!("{replicas} servers are outside minReplicas to maxReplicas");
        let remedy = format!("write {}, or move the bound", bounds.clamp(replicas));
        found.add(Code::Contradiction, join(path, "replicas"), message, remedy);
    }
}

/// While a rule of a schedule is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    from: SimTime,
    /// Later than the run where it outlasts it.
    to: SimTime,
    replicas: u32,
}

/// Finds when the rules of a schedule are in force in the run.
fn rule_windows(
    path: &str,
    spec: &ScheduleSpec,
    zone: Option<&TimeZone>,
    frame: &Frame,
    found: &mut Findings,
) -> Vec<Window> {
    let mut windows = Vec::new();
    for (index, rule) in spec.rules.iter().enumerate() {
        let path = join(path, &format!("rules[{index}]"));
        let mut read = |key: &str, text: &str| match Cron::parse(text) {
            Ok(cron) => Some(cron),
            Err(problems) => {
                for CronProblem { message, remedy } in problems {
                    found.add(Code::WrongForm, join(&path, key), message, remedy);
                }
                None
            }
        };
        let (start, end) = (read("start", &rule.start), read("end", &rule.end));
        let (Some(start), Some(end)) = (start, end) else { continue };
        let Some(clock) = frame.start else {
            let message = "a cron expression means nothing without run.start";
            let message = if frame.unread_start { super::FOLLOWS } else { message };
            found.add(Code::Instant, &path, message, "give run.start, to which wall clocks refer");
            continue;
        };
        match in_force(&start, &end, &clock, frame.duration, zone) {
            Ok(found) => windows.extend(found.into_iter().map(|(from, to)| Window {
                from,
                to,
                replicas: rule.replicas,
            })),
            Err((key, code, message, remedy)) => found.add(code, join(&path, key), message, remedy),
        }
        if windows.len() > MAX_STEPS {
            let message = format!("these are more than {MAX_STEPS} times in force over the run");
            found.add(Code::TooMuch, path, message, "write fewer, or simulate less time");
            break;
        }
    }
    windows
}

/// Why a rule is never in force: the key, the code, the message and the remedy.
type Idle = (&'static str, Code, String, &'static str);

/// Returns from when to when a rule is in force: from each start to the next end after it.
///
/// # Errors
/// Where that is never in the run.
fn in_force(
    start: &Cron,
    end: &Cron,
    clock: &WallClock,
    duration: SimDuration,
    zone: Option<&TimeZone>,
) -> Result<Vec<(SimTime, SimTime)>, Idle> {
    if start == end {
        let message = "the rule ends whenever it starts".to_owned();
        return Err(("end", Code::Contradiction, message, "write another end"));
    }
    let offset = Offset::from_seconds(clock.offset_s).unwrap_or(Offset::UTC);
    let zone = zone.cloned().unwrap_or_else(|| TimeZone::fixed(offset));
    let instant = |nanos: i128| Timestamp::from_nanosecond(nanos).unwrap_or(Timestamp::MAX);
    let begin = instant(i128::from(clock.epoch_ns));
    let last = instant(i128::from(clock.epoch_ns) + i128::from(duration.as_nanos()));
    for (key, cron) in [("start", start), ("end", end)] {
        if cron.after(begin, &zone).is_none() && cron.before(begin, &zone).is_none() {
            let message = "there is no such day in ten years".to_owned();
            return Err((key, Code::Instant, message, "write another day or month"));
        }
    }
    let since = |at: Timestamp| SimTime::from_nanos((at.as_nanosecond() - begin.as_nanosecond()) as u64);
    // Ends come first: who ends and starts at one instant goes on.
    let mut events: Vec<(Timestamp, bool)> = Vec::new();
    for (cron, starts) in [(end, false), (start, true)] {
        let due = cron.between(begin, last, 2 * MAX_STEPS, &zone);
        events.extend(due.into_iter().filter(|&at| at < last).map(|at| (at, starts)));
    }
    events.sort_unstable();
    let before = start.before(begin, &zone);
    let mut open = (before.is_some() && before >= end.before(begin, &zone)).then_some(SimTime::ZERO);
    let mut windows = Vec::new();
    for (at, starts) in events {
        if starts {
            open = open.or(Some(since(at)));
        } else if let Some(from) = open.take().filter(|&from| from < since(at)) {
            windows.push((from, since(at)));
        }
    }
    windows.extend(open.map(|from| (from, SimTime::MAX)));
    if windows.is_empty() && !duration.is_zero() {
        let shown = |at: Timestamp| at.display_with_offset(offset).to_string();
        let message =
            format!("the rule is not in force in the run, from {} to {}", shown(begin), shown(last));
        return Err((
            "start",
            Code::Instant,
            message,
            "write a time within it, move run.start, or simulate longer",
        ));
    }
    Ok(windows)
}

/// Lays rules over the steps of a schedule: the largest rule in force counts, else the last step, else what
/// the pool begins with.
fn with_rules(replicas: u32, steps: &[(SimTime, u32)], windows: &[Window]) -> Vec<(SimTime, u32)> {
    // At one instant steps come first, then rules end, then rules begin.
    let mut events: Vec<(SimTime, u8, u32)> = steps.iter().map(|&(at, step)| (at, 0, step)).collect();
    for window in windows {
        events.push((window.to, 1, window.replicas));
        events.push((window.from, 2, window.replicas));
    }
    events.sort_unstable();
    let mut in_force: BTreeMap<u32, u32> = BTreeMap::new();
    let (mut step, mut wanted) = (replicas, replicas);
    let mut laid: Vec<(SimTime, u32)> = Vec::new();
    for same in events.chunk_by(|a, b| a.0 == b.0).filter(|same| same[0].0 < SimTime::MAX) {
        let mut said = false;
        for &(_, kind, number) in same {
            match kind {
                0 => (step, said) = (number, true),
                1 => {
                    let count = in_force.entry(number).or_default();
                    *count = count.saturating_sub(1);
                }
                _ => *in_force.entry(number).or_default() += 1,
            }
        }
        in_force.retain(|_, count| *count > 0);
        let now = in_force.last_key_value().map_or(step, |(&largest, _)| largest);
        // A step is told even if it changes nothing: someone else may have.
        if now != wanted || said && in_force.is_empty() {
            laid.push((same[0].0, now));
        }
        wanted = now;
    }
    laid
}

/// Finds a time zone by its name, in the data that comes with the program.
fn time_zone(name: &str) -> Result<TimeZone, (String, String)> {
    let known = jiff::tz::TimeZoneDatabase::bundled();
    known.get(name).map_err(|_| {
        let names: Vec<String> = known.available().map(|name| name.to_string()).collect();
        let remedy = match suggest::near(name, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write a name of the IANA list, for example Asia/Shanghai or UTC".to_owned(),
        };
        (format!("there is no time zone `{}`", suggest::short(name)), remedy)
    })
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
