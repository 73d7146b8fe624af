//! Monitoring in a run: scrapes, what they show, when, and to whom.

use std::collections::VecDeque;
use std::ops::Range;

use crate::des::{EventQueue, Lane};
use crate::fleet::ServerState;
use crate::ids::{RowId, ServerId, ServiceId};
use crate::monitoring::{GROUPS, Pipeline, Probe, Scrape, ServerSample, ServerSignal, ServerValue};
use crate::release::detector::Side;
use crate::results::{Counts, Load, MeanServer, RowPlan, UNLIMITED_MILLICORES};
use crate::rng::Key;
use crate::scenario::{Action, Condition, Figure, Scenario, Seen, Trigger, Watch};
use crate::sim::Event;
use crate::sim::agenda::Site;
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
    pipeline: usize,
    of: Watch,
    /// Whose counts, where two versions are told apart.
    side: Side,
    /// The release and its detector that look whenever something is seen.
    wakes: Option<(usize, usize)>,
    figure: Figure,
    probe: Probe,
    rows: Range<usize>,
    /// What these rows are.
    plans: Vec<RowPlan>,
    /// Pools, among all pools.
    pools: Vec<usize>,
    /// One server of those pools, for the scaling ratio.
    mean: MeanServer,
    /// Since the last scrape that was not lost.
    counts: Counts,
    /// By row, where the scaling ratio is asked for.
    loads: Vec<(u64, u128)>,
    /// Scraped, and not seen yet.
    lane: Lane,
    coming: VecDeque<Shown>,
    consumer: Consumer,
}

/// Who looks at what is shown.
#[derive(Debug)]
enum Consumer {
    Operator(Expectation),
    /// A controller, which looks at it when its time comes.
    Controller(Shown),
}

/// What operators wait for.
#[derive(Debug)]
struct Expectation {
    condition: Condition,
    /// Since when it shows.
    since: Option<SimTime>,
    /// Whose action waits for it; `None` once the alert was given.
    operator: Option<usize>,
}

/// What monitoring shows.
#[derive(Clone, Debug)]
pub(super) enum Shown {
    Value(Option<f64>),
    Servers(Vec<ServerValue>),
}

#[derive(Debug)]
pub(super) struct Operator {
    pub(super) plan: Action,
    pub(super) key: Key,
}

impl Watchers {
    pub(super) fn new(scenario: &Scenario, key: Key, queue: &mut EventQueue<Event>) -> Self {
        let mut watchers = Self::default();
        for (index, action) in scenario.actions.iter().enumerate() {
            let key = key.named("action").named(&action.key);
            watchers.operators.push(Operator { plan: action.clone(), key });
            let Trigger::When(condition) = &action.trigger else { continue };
            let expectation =
                Expectation { condition: condition.clone(), since: None, operator: Some(index) };
            let seen = (condition.pipeline, condition.watch, Figure::Signal(condition.signal));
            watchers.watch(scenario, seen, Consumer::Operator(expectation), queue);
        }
        for plan in &scenario.monitoring {
            let round = SimTime::ZERO;
            watchers.pipelines.push(PipelineState { plan: plan.clone(), down: 0, group: 0, round });
        }
        watchers
    }

    /// Enters the first scrape of every pipeline that somebody looks at: nobody is late for the others.
    pub(super) fn plan(&self, queue: &mut EventQueue<Event>) {
        for (index, pipeline) in self.pipelines.iter().enumerate() {
            if self.watches.iter().any(|watch| watch.pipeline == index) {
                queue.schedule(SimTime::ZERO + pipeline.plan.phase, Event::Scrape(index as u32));
            }
        }
    }

    /// Lets a controller see a figure through a pipeline; returns the number of the watch.
    pub(super) fn control(
        &mut self,
        scenario: &Scenario,
        seen: (usize, Watch, Figure),
        queue: &mut EventQueue<Event>,
    ) -> usize {
        let nothing = match seen.2 {
            Figure::Each(_) => Shown::Servers(Vec::new()),
            Figure::Signal(_) | Figure::Sum(_) | Figure::Scaling => Shown::Value(None),
        };
        self.watch(scenario, seen, Consumer::Controller(nothing), queue)
    }

    /// Lets a detector see a figure of a release; `wakes` names the release and the detector that is to look
    /// whenever it is seen anew.
    pub(super) fn look(
        &mut self,
        scenario: &Scenario,
        seen: &Seen,
        wakes: Option<(usize, usize)>,
        queue: &mut EventQueue<Event>,
    ) -> usize {
        let index = self.control(scenario, (seen.pipeline, seen.watch, seen.figure), queue);
        let watch = &mut self.watches[index];
        (watch.side, watch.wakes) = (seen.side, wakes);
        if let Some(window) = seen.window {
            watch.probe = Probe::new(window);
        }
        index
    }

    /// Forgets what a watch saw of one side, whose version is another from now on.
    pub(super) fn forget(&mut self, watch: usize, side: Side) {
        let watch = &mut self.watches[watch];
        if watch.side == side {
            watch.probe = Probe::new(watch.probe.window());
            watch.counts = Counts::default();
        }
    }

    fn watch(
        &mut self,
        scenario: &Scenario,
        (pipeline, of, figure): (usize, Watch, Figure),
        consumer: Consumer,
        queue: &mut EventQueue<Event>,
    ) -> usize {
        let service = of.service.index();
        let first: usize = scenario.services[..service].iter().map(|service| service.pools.len()).sum();
        let pools: Vec<usize> = match of.pool {
            Some(pool) => vec![first + pool],
            None => (first..first + scenario.services[service].pools.len()).collect(),
        };
        let row = of.class.and_then(|class| scenario.plan.row(of.service, class));
        let mut plan = scenario.plan.services[service].clone();
        if let Some(pool) = of.pool {
            plan.pools = vec![plan.pools[pool].clone()];
            // A pool that begins empty has a mean server, too.
            plan.pools[0].replicas = 1;
        }
        let rows = row.map_or_else(|| scenario.plan.rows_of(service), |row| row.index()..row.index() + 1);
        self.watches.push(WatchState {
            pipeline,
            of,
            side: Side::Service,
            wakes: None,
            figure,
            probe: Probe::new(scenario.monitoring[pipeline].window),
            plans: scenario.plan.rows[rows.clone()].to_vec(),
            rows,
            pools,
            mean: MeanServer::of(&plan),
            counts: Counts::default(),
            loads: Vec::new(),
            lane: queue.add_lane(),
            coming: VecDeque::new(),
            consumer,
        });
        self.watches.len() - 1
    }

    /// Returns what a watch shows its controller at present.
    pub(super) fn shown(&self, watch: usize) -> &Shown {
        match &self.watches[watch].consumer {
            Consumer::Controller(shown) => shown,
            Consumer::Operator(_) => unreachable!("operators are told, they do not ask"),
        }
    }

    /// Returns when a watch was scraped last among what has been seen, and how far it looks back.
    pub(super) fn window(&self, watch: usize) -> SimDuration {
        self.pipelines[self.watches[watch].pipeline].plan.window
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
    pub(super) fn absorb<'a>(
        &mut self,
        open: impl Fn(RowId) -> &'a Counts,
        side: impl Fn(RowId, Side) -> Option<&'a Counts>,
    ) {
        for watch in &mut self.watches {
            for row in watch.rows.clone() {
                let counts = open(RowId::new(row));
                watch.counts.add(side(RowId::new(row), watch.side).unwrap_or(counts));
                if watch.figure == Figure::Scaling {
                    let place = row - watch.rows.start;
                    watch.loads.resize(watch.rows.len(), (0, 0));
                    let load = &mut watch.loads[place];
                    *load = (load.0 + counts.offered, load.1 + counts.sizes());
                }
            }
        }
    }

    /// Returns the conditions that never showed: of which service, who waits for it, and what it is in words.
    pub(super) fn silent(&self) -> Vec<(ServiceId, usize, String)> {
        let silent = |watch: &WatchState| match &watch.consumer {
            Consumer::Operator(waits) => {
                Some((watch.of.service, waits.operator?, waits.condition.text.clone()))
            }
            Consumer::Controller(_) => None,
        };
        self.watches.iter().filter_map(silent).collect()
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
            if self.watchers.watches[watch].pipeline != index as usize {
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
                let shown = self.watchers.watches[watch].show(now);
                let watch_state = &mut self.watchers.watches[watch];
                watch_state.coming.push_back(shown);
                queue.append(watch_state.lane, now + delay, Event::Sample(watch as u32));
            }
        }
    }

    fn scrape(&mut self, now: SimTime, watch: usize, servers: Vec<ServerSample>) {
        let state = &self.watchers.watches[watch];
        let standing = || state.pools.iter().flat_map(|&pool| &self.pools[pool].standing);
        let at = |&id: &ServerId| self.fleet.server(id);
        let ready = standing().filter(|&id| at(id).state().serves()).count() as u32;
        let central = u64::from(self.fleet.central_waiting(state.of.service));
        let queued = central + standing().map(|id| u64::from(at(id).waiting())).sum::<u64>();
        let in_flight = queued + standing().map(|id| u64::from(at(id).busy())).sum::<u64>();
        let state = &mut self.watchers.watches[watch];
        let (counts, loads) = (std::mem::take(&mut state.counts), std::mem::take(&mut state.loads));
        state.probe.take(Scrape { at: now, counts, loads, queued, in_flight, ready, servers });
    }

    /// Samples the servers in service of what is watched, or a group of them; those that boot, too, where CPU
    /// is watched server by server, as a metrics server scrapes whatever runs.
    fn samples(&self, now: SimTime, watch: usize, group: Option<u32>) -> Vec<ServerSample> {
        let state = &self.watchers.watches[watch];
        let standing = state.pools.iter().flat_map(|&pool| &self.pools[pool].standing).copied();
        let all_that_run = matches!(state.figure, Figure::Each(ServerSignal::Cores | ServerSignal::Cpu));
        let here = |id: &ServerId| {
            let in_group = group.is_none_or(|group| id.index() as u32 % GROUPS == group);
            let state = self.fleet.server(*id).state();
            in_group && (state.serves() || all_that_run && state == ServerState::Booting)
        };
        standing.filter(here).map(|server| self.sample(now, server)).collect()
    }

    fn sample(&self, now: SimTime, server: ServerId) -> ServerSample {
        let (at, used, life) =
            (self.fleet.server(server), self.fleet.use_of(server, now), self.fleet.life(server));
        let pool = &self.pools[at.pool()];
        let cpu_limit = if pool.millicores < UNLIMITED_MILLICORES { pool.millicores } else { 0 };
        let boot = life.started.map_or(SimDuration::ZERO, |started| life.ready.unwrap_or(now) - started);
        let boot_cpu = (cpu_limit as f64 * pool.startup.boot_cpu) as u128 * u128::from(boot.as_nanos());
        ServerSample {
            server,
            at: now,
            cpu_milli: used.cpu_milli + boot_cpu,
            slots: used.slots,
            requests: used.requests,
            busy: at.busy(),
            waiting: at.waiting(),
            cpu_limit,
            slot_limit: pool.slots.unwrap_or(0),
        }
    }

    /// What a scrape found is seen.
    #[inline(never)]
    pub(super) fn on_sample(&mut self, now: SimTime, watch: u32, queue: &mut EventQueue<Event>) {
        let state = &mut self.watchers.watches[watch as usize];
        let Some(shown) = state.coming.pop_front() else { return };
        match (&mut state.consumer, shown) {
            (Consumer::Operator(expectation), Shown::Value(value)) => {
                if let Some(operator) = expectation.alerted(now, value) {
                    let (site, text) = (Site::Service(state.of.service), expectation.condition.text.clone());
                    self.alert(now, operator, site, text, queue);
                }
            }
            (Consumer::Controller(seen), shown) => {
                *seen = shown;
                if let Some((release, which)) = state.wakes {
                    self.on_figure(now, release, which, queue);
                }
            }
            (Consumer::Operator(_), Shown::Servers(_)) => unreachable!("operators look at one value"),
        }
    }
}

impl WatchState {
    /// Returns what a scrape at `now` shows.
    fn show(&self, now: SimTime) -> Shown {
        Shown::Value(match self.figure {
            Figure::Signal(signal) => self.probe.value(now, signal),
            Figure::Sum(signal) => {
                let each = self.probe.each(now, signal);
                (!each.is_empty()).then(|| each.iter().map(|server| server.value).sum())
            }
            Figure::Scaling => self.probe.loads(now).and_then(|(loads, span)| {
                let loads = self.plans.iter().zip(loads).map(|(row, (offered, sizes))| Load {
                    row,
                    offered,
                    size_sum_micros: sizes,
                });
                self.mean.scaling(loads, span.as_nanos() as f64).larger()
            }),
            Figure::Each(signal) => return Shown::Servers(self.probe.each(now, signal)),
        })
    }
}

impl Expectation {
    /// Takes in what is seen; returns who is alerted, if now is the time.
    fn alerted(&mut self, now: SimTime, value: Option<f64>) -> Option<usize> {
        let Condition { above, bound, hold, .. } = self.condition;
        let shows = value.is_some_and(|value| if above { value > bound } else { value < bound });
        if !shows {
            self.since = None;
            return None;
        }
        let since = *self.since.get_or_insert(now);
        if now - since < hold { None } else { self.operator.take() }
    }
}
