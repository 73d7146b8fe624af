//! What scaling policies would do before the peak, if traffic came exactly as expected.
//!
//! The very policies of a run are asked at their periods, over readings that follow from the expected load and
//! the servers in service: no queue, no chance. That is enough to see whether they give back, while little goes
//! on, what was put there for the peak.

use super::demand::Demand;
use crate::autoscaler::{Metric, Of, Reading, Sample, ScalingPolicy, Seen, ServerSeen, Want};
use crate::results::{PoolPlan, UNLIMITED_MILLICORES};
use crate::scenario::{Pool, Scaler, Scenario};
use crate::time::{SimDuration, SimTime};

/// So many questions, and so many servers looked at, at most; more is left to the run.
const MOST_QUESTIONS: u64 = 50_000;
const MOST_LOOKS: u64 = 20_000_000;

/// Servers that were there for the peak, and are not wanted any more when it comes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Removal {
    pub(super) pool: String,
    pub(super) policy: String,
    /// When a policy first wanted fewer.
    pub(super) at: SimTime,
    /// Servers at the start, and how many are wanted when the peak comes.
    pub(super) from: u32,
    pub(super) to: u32,
}

/// A pool in the rehearsal.
struct Actor<'a> {
    plan: &'a PoolPlan,
    pool: &'a Pool,
    policies: Vec<Part<'a>>,
    wanted: u32,
    /// Servers, as a policy sees them.
    servers: Vec<ServerSeen>,
    removed: Option<(SimTime, String)>,
}

/// A policy in the rehearsal.
struct Part<'a> {
    scaler: &'a Scaler,
    wants: Vec<Want>,
    policy: Box<dyn ScalingPolicy>,
    wish: Option<u32>,
    next: SimTime,
}

/// What is expected of a service, in whole units.
#[derive(Clone, Copy, Debug, Default)]
struct Load {
    requests: f64,
    cores: f64,
    slots: f64,
}

/// Rehearses a service until its peak; returns the pools that have lost servers by then. `servers` is what the
/// shares of `demand` are of.
pub(super) fn rehearse(
    scenario: &Scenario,
    service: usize,
    demand: &Demand,
    servers: f64,
    peak: SimTime,
) -> Vec<Removal> {
    let (plans, pools) = (&scenario.plan.services[service].pools, &scenario.services[service].pools);
    let scalers = || pools.iter().flat_map(|pool| &pool.scalers);
    let questions: u64 = scalers().map(|s| peak.as_nanos() / s.spec.period().as_nanos().max(1)).sum();
    let fleet: u64 = pools.iter().map(|pool| u64::from(pool.replicas)).sum();
    if scalers().next().is_none() || questions > MOST_QUESTIONS || questions * fleet > MOST_LOOKS {
        return Vec::new();
    }
    let mut actors: Vec<Actor<'_>> =
        plans.iter().zip(pools).map(|(plan, pool)| Actor::new(plan, pool)).collect();
    let mean = crate::results::MeanServer::of(&scenario.plan.services[service]);
    let window = SimDuration::from_secs(60);
    loop {
        let turns = actors.iter().enumerate().flat_map(|(actor, a)| {
            a.policies.iter().enumerate().map(move |(part, policy)| (policy.next, actor, part))
        });
        let Some((now, actor, part)) = turns.min().filter(|turn| turn.0 < peak) else { break };
        // What a controller sees is about a window old.
        let from = SimTime::from_nanos(now.as_nanos().saturating_sub(window.as_nanos()));
        let [requests, cpu, slots] = demand.over(from, now);
        let whole =
            |share: Option<f64>, one: Option<f64>| share.zip(one).map_or(0.0, |(s, one)| s * servers * one);
        let load = Load {
            requests: requests.unwrap_or(0.0),
            cores: whole(cpu, mean.cores),
            slots: whole(slots, mean.slots),
        };
        let total = Capacity::of(&actors, now);
        actors[actor].ask(now, part, &load, &total);
    }
    actors.into_iter().filter_map(Actor::removal).collect()
}

/// What serves at an instant.
#[derive(Clone, Copy, Debug, Default)]
struct Capacity {
    servers: f64,
    cores: f64,
    slots: f64,
}

impl Capacity {
    fn of(actors: &[Actor<'_>], now: SimTime) -> Self {
        let mut sum = Self::default();
        for actor in actors {
            let serving = actor.servers.iter().filter(|server| server.ready_changed <= now).count() as f64;
            sum.servers += serving;
            sum.cores += serving * actor.cores() * actor.plan.speed;
            sum.slots += serving * actor.plan.concurrency.map_or(0.0, f64::from);
        }
        sum
    }
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

impl<'a> Actor<'a> {
    fn new(plan: &'a PoolPlan, pool: &'a Pool) -> Self {
        let part = |scaler: &'a Scaler| Part {
            scaler,
            wants: scaler.spec.wants(),
            policy: scaler.spec.build(&scaler.facts),
            wish: None,
            next: SimTime::ZERO + scaler.spec.period(),
        };
        let mut actor = Self {
            plan,
            pool,
            policies: pool.scalers.iter().map(part).collect(),
            wanted: 0,
            servers: Vec::new(),
            removed: None,
        };
        actor.resize(SimTime::ZERO, SimTime::ZERO, pool.replicas);
        actor
    }

    fn cores(&self) -> f64 {
        if self.plan.millicores < UNLIMITED_MILLICORES { self.plan.millicores as f64 / 1e3 } else { 0.0 }
    }

    /// Wants so many servers, who serve from `ready` on.
    fn resize(&mut self, now: SimTime, ready: SimTime, wanted: u32) {
        self.wanted = wanted;
        let new = ServerSeen {
            ordered: now,
            started: Some(now),
            ready: false,
            ready_changed: ready,
            leaving: false,
        };
        self.servers.resize(wanted as usize, new);
    }

    fn ask(&mut self, now: SimTime, part: usize, load: &Load, total: &Capacity) {
        for server in &mut self.servers {
            server.ready = server.ready_changed <= now;
        }
        let Part { wants, policy, .. } = &mut self.policies[part];
        let readings: Vec<Reading> =
            wants.iter().map(|want| reading(want, now, load, total, self.plan, &self.servers)).collect();
        let bounds = self.pool.bounds;
        let seen = Seen {
            now,
            replicas: self.wanted,
            min: bounds.min,
            max: bounds.max,
            servers: &self.servers,
            readings: &readings,
        };
        let advice = policy.desired_replicas(&seen);
        let Part { wish, next, scaler, .. } = &mut self.policies[part];
        *wish = advice.replicas.or(*wish);
        *next = now + scaler.spec.period();
        let name = scaler.name.clone();
        let steps = self.pool.schedule.iter().rev();
        let scheduled = steps.clone().find(|step| step.0 <= now).map(|step| step.1);
        let wishes = self.policies.iter().filter_map(|part| part.wish);
        let Some(wanted) = wishes.chain(scheduled).max().map(|wanted| bounds.clamp(wanted)) else { return };
        if wanted == self.wanted {
            return;
        }
        let before = self.wanted;
        if wanted < before.min(self.pool.replicas) && self.removed.is_none() {
            self.removed = Some((now, name));
        }
        self.resize(now, now + self.startup(), wanted);
        self.policies.iter_mut().for_each(|part| part.policy.on_scaled(now, before, wanted));
    }

    fn startup(&self) -> SimDuration {
        self.policies.first().map_or(SimDuration::ZERO, |part| part.scaler.facts.startup)
    }

    fn removal(self) -> Option<Removal> {
        let (at, policy) = self.removed?;
        let (from, to) = (self.pool.replicas, self.wanted);
        (to < from).then(|| Removal { pool: self.plan.name.clone(), policy, at, from, to })
    }
}

/// Returns what monitoring would show where nobody waits.
fn reading(
    want: &Want,
    now: SimTime,
    load: &Load,
    total: &Capacity,
    plan: &PoolPlan,
    servers: &[ServerSeen],
) -> Reading {
    let (cpu, slots) = (ratio(load.cores, total.cores), ratio(load.slots, total.slots));
    let cores = if plan.millicores < UNLIMITED_MILLICORES { plan.millicores as f64 / 1e3 } else { 0.0 };
    let busy = |share: Option<f64>| share.map(|share| share.min(1.0));
    let serving = servers.iter().filter(|server| server.ready).count() as f64;
    let each = |value: f64| ratio(value, total.servers);
    let scaling = || {
        let larger = cpu
            .into_iter()
            .chain(slots)
            .fold(None, |best: Option<f64>, next| Some(best.map_or(next, |best| best.max(next))));
        larger.map(|share| share * total.servers)
    };
    let per_server = match want.metric {
        Metric::CpuCores => busy(cpu).map(|share| share * cores),
        Metric::CpuUtilization => busy(cpu),
        Metric::SlotUtilization => busy(slots),
        Metric::RequestRate => each(load.requests),
        Metric::InFlight => each(load.slots),
        Metric::QueueLength => Some(0.0),
        Metric::ErrorRatio => Some(0.0),
        // Without queues nobody knows how long they would be.
        Metric::Latency(_) => None,
        Metric::ScalingRatio => scaling(),
    };
    let ratios = matches!(
        want.metric,
        Metric::CpuUtilization | Metric::SlotUtilization | Metric::ErrorRatio | Metric::ScalingRatio
    );
    match want.scope {
        Of::EachServer => {
            let sample = |server: &ServerSeen| {
                let value = if server.ready { per_server? } else { 0.0 };
                Some(Sample { value, at: now, window: SimDuration::from_secs(30) })
            };
            Reading::PerServer(servers.iter().map(sample).collect())
        }
        _ if ratios => Reading::Value(per_server),
        Of::Pool => Reading::Value(per_server.map(|value| value * serving)),
        Of::Service => Reading::Value(per_server.map(|value| value * total.servers)),
    }
}
