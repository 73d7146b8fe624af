//! Autoscalers in a run: when they are asked, what they are shown, and what becomes of their answers.

use crate::autoscaler::combination::{combined, limit_of};
use crate::autoscaler::{Advice, Limit, Reading, Sample, ScalingPolicy, Seen, ServerSeen};
use crate::des::EventQueue;
use crate::ids::ServerId;
use crate::monitoring::ServerValue;
use crate::results::{Decision, EventKind};
use crate::scenario::Scenario;
use crate::sim::Event;
use crate::sim::agenda::{Note, Site};
use crate::sim::watch::{Shown, Watchers};
use crate::sim::world::World;
use crate::time::{SimDuration, SimTime};

/// Who decides by the clock.
const SCHEDULE: &str = "schedule";

/// Everybody who decides about numbers of servers, and what was decided.
#[derive(Debug, Default)]
pub(super) struct Controllers {
    policies: Vec<Controller>,
    /// What was decided, in order.
    pub(super) decisions: Vec<Decision>,
    /// By pool, among all pools: decisions whose servers are not all in service.
    awaited: Vec<Vec<usize>>,
}

#[derive(Debug)]
struct Controller {
    name: String,
    /// Its pool, among all pools.
    pool: usize,
    period: SimDuration,
    policy: Box<dyn ScalingPolicy>,
    /// Below the bounds, where nothing is to be done.
    idle: Option<u32>,
    /// What it is shown, as watches.
    watches: Vec<usize>,
    /// What it answered last; a number stands until it gives another, or sees nothing any more.
    answer: Advice,
}

/// Whose decision it is, and why.
#[derive(Debug, Default)]
pub(super) struct Reason {
    pub(super) policy: String,
    pub(super) signal: String,
    pub(super) raw: Option<u32>,
    pub(super) limited_by: Option<Limit>,
    /// A number below the bounds that is meant, where nothing is to be done.
    pub(super) idle: Option<u32>,
}

impl Controllers {
    pub(super) fn new(scenario: &Scenario, watchers: &mut Watchers, queue: &mut EventQueue<Event>) -> Self {
        let mut controllers = Self::default();
        for (pool, plan) in scenario.services.iter().flat_map(|service| &service.pools).enumerate() {
            controllers.awaited.push(Vec::new());
            for scaler in &plan.scalers {
                let watch = |&seen| watchers.control(scenario, seen, queue);
                let watches = scaler.seen.iter().map(watch).collect();
                let (policy, period) = (scaler.spec.build(&scaler.facts), scaler.spec.period());
                queue.schedule(SimTime::ZERO + period, Event::Control(controllers.policies.len() as u32));
                let name = scaler.name.clone();
                controllers.policies.push(Controller {
                    name,
                    pool,
                    period,
                    policy,
                    watches,
                    idle: scaler.spec.idle(),
                    answer: Advice::default(),
                });
            }
        }
        controllers
    }

    /// Returns how many policies are asked.
    pub(super) fn count(&self) -> usize {
        self.policies.len()
    }

    /// Returns what the policies of a pool answered last, and what its schedule says.
    fn answers(&self, pool: usize, scheduled: Option<u32>) -> Vec<(String, Advice)> {
        let own = self.policies.iter().filter(|policy| policy.pool == pool);
        let mut answers: Vec<_> = own.map(|own| (own.name.clone(), own.answer.clone())).collect();
        let clock = scheduled.map(|wanted| Advice { replicas: Some(wanted), ..Advice::default() });
        answers.extend(clock.map(|advice| (SCHEDULE.to_owned(), advice)));
        answers
    }

    /// Notes that so many servers of a pool are in service.
    pub(super) fn serving(&mut self, now: SimTime, pool: usize, serving: u64) {
        let Self { awaited, decisions, .. } = self;
        awaited[pool].retain(|&index| {
            let here = serving >= u64::from(decisions[index].to);
            if here {
                decisions[index].ready_ns = Some(now.as_nanos());
            }
            !here
        });
    }
}

impl<const SHARED: bool, const LIMITED: bool, const MORTAL: bool> World<SHARED, LIMITED, MORTAL> {
    /// A policy is asked.
    #[inline(never)]
    pub(super) fn on_control(&mut self, now: SimTime, index: u32, queue: &mut EventQueue<Event>) {
        let policies = self.controllers.policies.len();
        if let Some(ladder) = (index as usize).checked_sub(policies) {
            return self.on_ladder(now, ladder, index, queue);
        }
        let controller = &self.controllers.policies[index as usize];
        let (pool, period) = (controller.pool, controller.period);
        queue.schedule(now + period, Event::Control(index));
        let standing = &self.pools[pool].standing;
        let servers: Vec<ServerSeen> = standing.iter().map(|&server| self.seen(server)).collect();
        let readings: Vec<Reading> =
            controller.watches.iter().map(|&watch| self.reading(watch, standing)).collect();
        let state = &self.pools[pool];
        let seen = Seen {
            now,
            replicas: state.staff.wanted(),
            min: state.bounds.min,
            max: state.bounds.max,
            servers: &servers,
            readings: &readings,
        };
        let controller = &mut self.controllers.policies[index as usize];
        let advice = controller.policy.desired_replicas(&seen);
        let blind = advice.limited_by == Some(Limit::NoMetric);
        let replicas = advice.replicas.or(controller.answer.replicas.filter(|_| !blind));
        controller.answer = Advice { replicas, ..advice };
        let (name, answer) = (controller.name.clone(), controller.answer.clone());
        self.settle(now, pool, name, &answer, queue);
    }

    /// What a controller knows of a server.
    pub(super) fn seen(&self, server: ServerId) -> ServerSeen {
        let (at, life) = (self.fleet.server(server), self.fleet.life(server));
        ServerSeen {
            ordered: life.ordered,
            started: life.started.or(life.ready),
            ready: at.state().serves(),
            ready_changed: life.ready.or(life.started).unwrap_or(life.ordered),
            leaving: false,
        }
    }

    pub(super) fn reading(&self, watch: usize, standing: &[ServerId]) -> Reading {
        let values = match self.watchers.shown(watch) {
            Shown::Value(value) => return Reading::Value(*value),
            Shown::Servers(values) => values,
        };
        let window = self.watchers.window(watch);
        // Both are in launch order.
        let find = |server: &ServerId| {
            let at = values.binary_search_by_key(server, |value| value.server).ok()?;
            let ServerValue { value, at, .. } = values[at];
            Some(Sample { value, at, window })
        };
        Reading::PerServer(standing.iter().map(find).collect())
    }

    /// Lets the answers of a pool's policies and its schedule come to a number: the largest counts.
    fn settle(
        &mut self,
        now: SimTime,
        pool: usize,
        policy: String,
        answer: &Advice,
        queue: &mut EventQueue<Event>,
    ) {
        let current = self.pools[pool].staff.wanted();
        let answers = self.controllers.answers(pool, self.pools[pool].scheduled);
        let Advice { raw, signal, limited_by, .. } = answer.clone();
        let own = self.controllers.policies.iter().filter(|own| own.pool == pool);
        let idle = own.filter_map(|own| own.idle.filter(|&idle| own.answer.replicas == Some(idle))).min();
        let reason = Reason { policy, raw, signal, limited_by, idle };
        match combined(&answers, current) {
            None => self.told(now, pool, current, reason),
            Some(combined) => {
                let limited_by = limit_of(answer, &combined);
                self.decide(now, pool, combined.replicas, Reason { limited_by, ..reason }, queue);
            }
        }
    }

    /// The schedule of a pool wants so many servers from now on.
    pub(super) fn on_schedule(
        &mut self,
        now: SimTime,
        pool: usize,
        wanted: u32,
        queue: &mut EventQueue<Event>,
    ) {
        self.pools[pool].scheduled = Some(wanted);
        let answer = Advice { replicas: Some(wanted), raw: Some(wanted), ..Advice::default() };
        self.settle(now, pool, SCHEDULE.to_owned(), &answer, queue);
    }

    /// Wants so many servers of a pool from now on, as far as its bounds allow.
    pub(super) fn decide(
        &mut self,
        now: SimTime,
        pool: usize,
        decided: u32,
        mut reason: Reason,
        queue: &mut EventQueue<Event>,
    ) {
        let state = &mut self.pools[pool];
        state.decided = decided;
        let rests = reason.idle == Some(decided);
        let allowed = if rests { decided.min(state.bounds.max) } else { state.bounds.clamp(decided) };
        let (before, wanted) = (state.staff.wanted(), allowed);
        if wanted != decided {
            let limit = if wanted > decided { Limit::MinReplicas } else { Limit::MaxReplicas };
            reason.limited_by = Some(limit);
        }
        if before != wanted {
            let detail = format!("{before} -> {wanted}");
            self.note(now, Note { detail, ..Note::new(EventKind::Replicas, Site::Pool(pool)) });
            // Who is wanted no more is awaited no more.
            let Controllers { awaited, decisions, policies } = &mut self.controllers;
            awaited[pool].retain(|&index| decisions[index].to <= wanted);
            for policy in policies.iter_mut().filter(|policy| policy.pool == pool) {
                policy.policy.on_scaled(now, before, wanted);
            }
            self.resize(now, pool, wanted, queue);
            if wanted > before && self.pools[pool].launching.is_refused() {
                reason.limited_by = Some(Limit::Quota);
            }
        }
        self.told(now, pool, before, reason);
    }

    /// Writes a decision down: what changes the number, and what would have, if nothing had held it back; what
    /// is held back again and again in the same way is told once.
    pub(super) fn told(&mut self, now: SimTime, pool: usize, before: u32, reason: Reason) {
        let state = &self.pools[pool];
        let to = state.staff.wanted();
        let decision = Decision {
            at_ns: now.as_nanos(),
            service: state.service().index(),
            pool: state.ordinal,
            policy: reason.policy,
            from: before,
            to,
            signal: reason.signal,
            raw: reason.raw,
            limited_by: reason.limited_by.map(|limit| limit.name().to_owned()),
            ready_ns: None,
        };
        let held_back = decision.limited_by.is_some() && decision.raw.is_some_and(|raw| raw != to);
        let same = |last: &&Decision| {
            (last.service, last.pool) == (decision.service, decision.pool) && last.policy == decision.policy
        };
        let repeated = self.controllers.decisions.iter().rev().find(same).is_some_and(|last| {
            let said = |d: &Decision| (d.to, d.raw, d.limited_by.clone());
            last.from == last.to && said(last) == said(&decision)
        });
        if before == to && (!held_back || repeated) {
            return;
        }
        let awaits = to > before;
        self.controllers.decisions.push(decision);
        if awaits {
            self.controllers.awaited[pool].push(self.controllers.decisions.len() - 1);
            let serving = self.pools[pool].staff.serving();
            self.controllers.serving(now, pool, serving);
        }
    }
}
