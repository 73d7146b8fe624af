//! Monitoring and operators in a run: scrapes, what they show and when, and what people do then.

use std::collections::VecDeque;
use std::ops::Range;

use crate::des::{EventQueue, Lane};
use crate::ids::{RowId, ServerId, ServiceId};
use crate::monitoring::{GROUPS, Pipeline, Probe, Scrape, ServerSample};
use crate::results::{Counts, EventKind, UNLIMITED_MILLICORES};
use crate::rng::Key;
use crate::scenario::{Action, Change, Condition, Scenario, Trigger};
use crate::sim::Event;
use crate::sim::agenda::{Note, Site, What};
use crate::sim::flow::nanos;
use crate::sim::world::World;
use crate::time::{SimDuration, SimTime};

/// Everything that watches, and everybody who acts.
#[derive(Debug, Default)]
pub(super) struct Watchers {
    pipelines: Vec<PipelineState>,
    watches: Vec<WatchState>,
    pub(super) operators: Vec<Operator>,
}

#[derive(Debug)]
struct PipelineState {
    plan: Pipeline,
    /// Outages that go on.
    down: u32,
    /// The group of servers that is scraped next; 0 is with the scrape itself.
    group: u32,
    /// When the present round of scrapes began.
    round: SimTime,
}

/// What one consumer watches.
#[derive(Debug)]
struct WatchState {
    condition: Condition,
    probe: Probe,
    rows: Range<usize>,
    /// Pools, among all pools.
    pools: Vec<usize>,
    /// Since the last scrape that was not lost.
    counts: Counts,
    /// Scraped, and not seen yet.
    lane: Lane,
    coming: VecDeque<Option<f64>>,
    /// Since when it shows what is waited for.
    since: Option<SimTime>,
    /// Whose action waits for it; `None` once the alert was given.
    operator: Option<usize>,
}

#[derive(Debug)]
pub(super) struct Operator {
    pub(super) plan: Action,
    key: Key,
}

impl Watchers {
    pub(super) fn new(scenario: &Scenario, key: Key, queue: &mut EventQueue<Event>) -> Self {
        let mut watchers = Self::default();
        let mut firsts = vec![0];
        for service in &scenario.services {
            firsts.push(firsts.last().map_or(0, |first| first + service.pools.len()));
        }
        for (index, action) in scenario.actions.iter().enumerate() {
            let key = key.named("action").named(&action.key);
            watchers.operators.push(Operator { plan: action.clone(), key });
            let Trigger::When(condition) = &action.trigger else { continue };
            let watch = condition.watch;
            let service = watch.service.index();
            let row = watch.class.and_then(|class| scenario.plan.row(watch.service, class));
            let rows = match row {
                Some(row) => row.index()..row.index() + 1,
                None => scenario.plan.rows_of(service),
            };
            let pools = match watch.pool {
                Some(pool) => vec![firsts[service] + pool],
                None => (firsts[service]..firsts[service + 1]).collect(),
            };
            watchers.watches.push(WatchState {
                probe: Probe::new(scenario.monitoring[condition.pipeline].window),
                condition: condition.clone(),
                rows,
                pools,
                counts: Counts::default(),
                lane: queue.add_lane(),
                coming: VecDeque::new(),
                since: None,
                operator: Some(index),
            });
        }
        for (index, plan) in scenario.monitoring.iter().enumerate() {
            // Nobody is late for what nobody looks at.
            if watchers.watches.iter().any(|watch| watch.condition.pipeline == index) {
                let first = SimTime::ZERO + plan.phase;
                queue.schedule(first, Event::Scrape(index as u32));
            }
            let round = SimTime::ZERO;
            watchers.pipelines.push(PipelineState { plan: plan.clone(), down: 0, group: 0, round });
        }
        watchers
    }

    /// Returns the name of a pipeline.
    pub(super) fn pipeline_name(&self, pipeline: Option<usize>) -> &str {
        pipeline.map_or("all pipelines", |pipeline| &self.pipelines[pipeline].plan.name)
    }

    /// Returns the actions that are due at set times.
    pub(super) fn appointments(&self) -> impl Iterator<Item = (SimTime, usize)> {
        let operators = self.operators.iter().enumerate();
        operators.filter_map(|(index, operator)| match operator.plan.trigger {
            Trigger::At(at) => Some((at, index)),
            Trigger::When(_) => None,
        })
    }

    /// Adds what was counted since the last cut, before it is closed.
    pub(super) fn absorb<'a>(&mut self, open: impl Fn(RowId) -> &'a Counts) {
        for watch in &mut self.watches {
            watch.rows.clone().for_each(|row| watch.counts.add(open(RowId::new(row))));
        }
    }

    /// Lets pipelines go blind, or see again; all of them where none is named.
    pub(super) fn blind(&mut self, pipeline: Option<usize>, down: bool) {
        for (index, state) in self.pipelines.iter_mut().enumerate() {
            if pipeline.is_none_or(|pipeline| pipeline == index) {
                state.down = if down { state.down + 1 } else { state.down - 1 };
            }
        }
    }
}

impl<const SHARED: bool, const LIMITED: bool, const MORTAL: bool> World<SHARED, LIMITED, MORTAL> {
    /// A pipeline scrapes: services and, at once or group by group, servers.
    #[inline(never)]
    pub(super) fn on_scrape(&mut self, now: SimTime, index: u32, queue: &mut EventQueue<Event>) {
        let state = &mut self.watchers.pipelines[index as usize];
        let Pipeline { scrape, delay, stagger, .. } = state.plan;
        let group = state.group;
        let lost = state.down > 0;
        if group == 0 {
            state.round = now;
        }
        state.group = if stagger { (group + 1) % GROUPS } else { 0 };
        let round = state.round;
        let next = if state.group == 0 {
            round + scrape
        } else {
            round + SimDuration::from_nanos(scrape.as_nanos() / u64::from(GROUPS) * u64::from(state.group))
        };
        queue.schedule(next, Event::Scrape(index));
        if group == 0 {
            // What is open is put aside, so that what each scrape saw can be told.
            self.put_aside(now);
        }
        for watch in 0..self.watchers.watches.len() {
            if self.watchers.watches[watch].condition.pipeline != index as usize {
                continue;
            }
            if !lost {
                let servers = self.samples(now, watch, stagger.then_some(group));
                if group == 0 {
                    self.scrape(now, watch, servers);
                } else {
                    self.watchers.watches[watch].probe.take_late(servers.into_iter());
                }
            }
            if group == 0 {
                let watch_state = &mut self.watchers.watches[watch];
                let value = watch_state.probe.value(now, watch_state.condition.signal);
                watch_state.coming.push_back(value);
                queue.append(watch_state.lane, now + delay, Event::Sample(watch as u32));
            }
        }
    }

    fn scrape(&mut self, now: SimTime, watch: usize, servers: Vec<ServerSample>) {
        let state = &self.watchers.watches[watch];
        let serving = |&id: &ServerId| self.fleet.server(id).state().serves();
        let standing = || state.pools.iter().flat_map(|&pool| &self.pools[pool].standing);
        let ready = standing().copied().filter(|id| serving(id)).count() as u32;
        let central = self.fleet.central_waiting(state.condition.watch.service);
        let own: u64 = standing().map(|&id| u64::from(self.fleet.server(id).waiting())).sum();
        let queued = u64::from(central) + own;
        let state = &mut self.watchers.watches[watch];
        let counts = std::mem::take(&mut state.counts);
        state.probe.take(Scrape { at: now, counts, queued, ready, servers });
    }

    /// Samples the servers in service of what is watched, or a group of them.
    fn samples(&self, now: SimTime, watch: usize, group: Option<u32>) -> Vec<ServerSample> {
        let pools = self.watchers.watches[watch].pools.iter();
        let standing = pools.flat_map(|&pool| &self.pools[pool].standing).copied();
        let here = |id: &ServerId| {
            let in_group = group.is_none_or(|group| id.index() as u32 % GROUPS == group);
            in_group && self.fleet.server(*id).state().serves()
        };
        let sample = |server: ServerId| {
            let (used, pool) =
                (self.fleet.use_of(server, now), &self.pools[self.fleet.server(server).pool()]);
            let cpu_limit = if pool.millicores < UNLIMITED_MILLICORES { pool.millicores } else { 0 };
            let slot_limit = pool.slots.unwrap_or(0);
            ServerSample {
                server,
                at: now,
                cpu_milli: used.cpu_milli,
                slots: used.slots,
                cpu_limit,
                slot_limit,
            }
        };
        standing.filter(here).map(sample).collect()
    }

    /// What a scrape found is seen.
    #[inline(never)]
    pub(super) fn on_sample(&mut self, now: SimTime, watch: u32, queue: &mut EventQueue<Event>) {
        let state = &mut self.watchers.watches[watch as usize];
        let value = state.coming.pop_front().flatten();
        let condition = &state.condition;
        let shows = value.is_some_and(|value| {
            if condition.above { value > condition.bound } else { value < condition.bound }
        });
        if !shows {
            state.since = None;
            return;
        }
        let since = *state.since.get_or_insert(now);
        if now - since < condition.hold {
            return;
        }
        let Some(operator) = state.operator.take() else { return };
        let (site, text) = (Site::Service(condition.watch.service), condition.text.clone());
        let Operator { plan, key } = &self.watchers.operators[operator];
        let delay =
            plan.acknowledge.as_ref().map_or(SimDuration::ZERO, |law| nanos(law.sample(&mut key.stream())));
        let name = plan.name.clone();
        self.note(now, Note { name: &name, detail: text, ..Note::new(EventKind::Alert, site) });
        self.agenda.add(now + delay, What::Action(operator), queue);
    }

    /// Tells at the end of conditions that never showed.
    pub(super) fn tell_of_silence(&mut self, end: SimTime) {
        let silent: Vec<(ServiceId, usize, String)> = self
            .watchers
            .watches
            .iter()
            .filter_map(|watch| {
                let condition = &watch.condition;
                Some((condition.watch.service, watch.operator?, condition.text.clone()))
            })
            .collect();
        for (service, operator, detail) in silent {
            let name = self.watchers.operators[operator].plan.name.clone();
            let note = Note::new(EventKind::NeverAlerted, Site::Service(service));
            self.note(end, Note { name: &name, detail, ..note });
        }
    }

    /// Operators act.
    pub(super) fn act(&mut self, now: SimTime, operator: usize, queue: &mut EventQueue<Event>) {
        let Action { name, changes, .. } = self.watchers.operators[operator].plan.clone();
        for (change, text) in changes {
            let site = match &change {
                Change::Replicas(service, pool, _)
                | Change::MinReplicas(service, pool, _)
                | Change::MaxReplicas(service, pool, _) => Site::Pool(self.pool_index(*service, *pool)),
                Change::QueueLimit(service, _) | Change::Balancer(service, _) => Site::Service(*service),
                Change::Mix(..) => Site::Everywhere,
            };
            self.note(now, Note { name: &name, detail: text, ..Note::new(EventKind::Action, site) });
            self.change(now, change, queue);
        }
    }

    fn change(&mut self, now: SimTime, change: Change, queue: &mut EventQueue<Event>) {
        match change {
            Change::Replicas(service, pool, replicas) => {
                let pool = self.pool_index(service, pool);
                self.decide(now, pool, replicas, queue);
            }
            Change::MinReplicas(service, pool, min) => {
                let pool = self.pool_index(service, pool);
                self.pools[pool].bounds.min = min;
                self.decide(now, pool, self.pools[pool].decided, queue);
            }
            Change::MaxReplicas(service, pool, max) => {
                let pool = self.pool_index(service, pool);
                self.pools[pool].bounds.max = max;
                self.decide(now, pool, self.pools[pool].decided, queue);
            }
            Change::QueueLimit(service, limit) => {
                self.services[service.index()].limit = limit.unwrap_or(u32::MAX);
            }
            Change::Balancer(service, spec) => {
                let service = &mut self.services[service.index()];
                service.balancer = spec.build();
                service.told = service.balancer.follows_attempts();
                service.balancer.on_membership(&service.rotation);
            }
            Change::Mix(source, mix) => self.sources[source].set_mix(&mix),
        }
    }

    /// Returns the place of a service's pool among all pools.
    fn pool_index(&self, service: ServiceId, ordinal: usize) -> usize {
        let here = |pool: &super::pool::PoolState| pool.service() == service && pool.ordinal == ordinal;
        self.pools.iter().position(here).expect("the reader knows every pool")
    }
}
