//! A run's state: how it is built from a scenario and what is read off it at the end.

use std::collections::{BTreeSet, VecDeque};

use crate::balancer::{BalancerSpec, Member, Rotation};
use crate::des::{EventQueue, Lane};
use crate::dist::Distribution;
use crate::error::Error;
use crate::fleet::{Discipline, Fleet, Server, ServerState, ServerUse};
use crate::ids::{ClassId, RequestId, ServerId, ServiceId, SourceId};
use crate::results::{Recorder, RunResult, Sent, ServerTotals, ServicePlan, ServiceReading, Wide};
use crate::rng::Key;
use crate::scenario::{HealthCheck, Order, Scenario, Service, Source};
use crate::sim::agenda::Agenda;
use crate::sim::control::Controllers;
use crate::sim::fault::{Errors, FaultState, Slowed};
use crate::sim::ladder::{self, Ladder};
use crate::sim::nodes::{self, Cluster};
use crate::sim::pool::PoolState;
use crate::sim::proxies::{Proxies, Sent as Sender};
use crate::sim::release::{Canary, Releases, Variant};
use crate::sim::track::Track;
use crate::sim::traffic::{self, SourceState};
use crate::sim::watch::Watchers;
use crate::sim::{Event, MAX_IN_FLIGHT};
use crate::time::{SimDuration, SimTime};
use crate::workload::Arena;
use crate::workload::recorded::TraceFiles;

/// Everything of one replication.
///
/// `SHARED`: some CPU is shared. `LIMITED`: some queue limits the time spent in it. `MORTAL`: servers
/// come and go, so that a request may be ended from outside.
#[derive(Debug)]
pub(super) struct World<const SHARED: bool, const LIMITED: bool, const MORTAL: bool> {
    pub(super) sources: Vec<SourceState>,
    pub(super) services: Vec<ServiceState>,
    pub(super) rows: Vec<RowState>,
    pub(super) pools: Vec<PoolState>,
    /// How fast servers work: one entry per pool, and further ones for those that work slower.
    pub(super) paces: Vec<Pace>,
    /// What balancers are told about every server, in launch order.
    pub(super) members: Vec<Member>,
    pub(super) fleet: Fleet,
    pub(super) arena: Arena,
    pub(super) recorder: Recorder,
    /// Whether some balancer goes by customers.
    pub(super) keyed: bool,
    /// Who sent every request, where it went through a proxy.
    pub(super) senders: Vec<Sender>,
    /// By service: how many servers were launched.
    pub(super) launched: Vec<u32>,
    /// Their launch ordinals within their pools.
    pub(super) ordinals: Vec<u64>,
    /// The class of every row: beside the rows, which every request reads.
    pub(super) classes: Vec<ClassId>,
    /// How the balancer of each service learns of servers that fail: beside the services likewise.
    pub(super) healths: Vec<Option<HealthCheck>>,
    /// Their nodes, within their pools; [`NO_NODE`](super::launch::NO_NODE) for none.
    pub(super) homes: Vec<u32>,
    /// Servers whose launch will fail.
    pub(super) doomed: BTreeSet<ServerId>,
    /// Faults of launches: which, of which pool, which share, and what names its draws.
    pub(super) launch_faults: Vec<(usize, usize, f64, Key)>,
    /// What works slower than it should, and how many times.
    pub(super) slowed: Vec<(Slowed, f64)>,
    /// Requests that fail although they are served.
    pub(super) errors: Vec<Errors>,
    /// Faults, in the order of the scenario.
    pub(super) faults: Vec<FaultState>,
    pub(super) zone_names: Vec<String>,
    /// Whether some pool follows the requests there are.
    pub(super) on_demand: bool,
    /// Monitoring, and the operators who look at it.
    pub(super) watchers: Watchers,
    /// Who decides how many servers there are.
    pub(super) controllers: Controllers,
    /// Who chooses sizes of servers.
    pub(super) ladders: Vec<Ladder>,
    /// Who orders nodes.
    pub(super) clusters: Vec<Cluster>,
    /// What is released.
    pub(super) releases: Releases,
    /// By service: the version of the start.
    pub(super) initial_versions: Vec<String>,
    /// What happens at times known beforehand.
    pub(super) agenda: Agenda,
    cuts: Lane,
    pub(super) horizon: SimTime,
    warmup_end: SimTime,
    /// The account of every server at the end of the warm-up.
    at_warmup: Vec<ServerUse>,
    /// When the interval began, and what had been sent to every server then.
    interval: (SimTime, Vec<u64>),
}

/// A service while the run goes on.
#[derive(Debug)]
pub(super) struct ServiceState {
    pub(super) track: Track,
    /// The servers of a new version, where traffic is routed between two.
    pub(super) canary: Option<Box<Canary>>,
    /// Its balancer as it was chosen last, and what names its randomness.
    pub(super) spec: BalancerSpec,
    pub(super) key: Key,
    pub(super) central: bool,
    pub(super) limit: u32,
    pub(super) patience: Option<Patience>,
    pub(super) no_server: u64,
    /// The proxies through which requests go, where there are several or they see more than their own counts.
    pub(super) proxies: Option<Box<Proxies>>,
}

/// A limit on waiting, and those who began to wait under it.
#[derive(Debug)]
pub(super) struct Patience {
    /// How long a request waits at most.
    pub(super) timeout: SimDuration,
    pub(super) lane: Lane,
    /// Deadlines in the order in which they come: one event stands for the first. Of those due at
    /// one instant whoever began to wait first gives up first, whichever slots the arena gave them.
    pub(super) deadlines: VecDeque<(SimTime, RequestId)>,
}

/// What a request of a row needs.
#[derive(Debug)]
pub(super) struct RowState {
    pub(super) service: ServiceId,
    pub(super) level: u16,
    pub(super) work: Distribution,
    pub(super) wait: Option<Distribution>,
}

/// How fast a server works.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Nanoseconds per nanosecond of demand: 1 / speed.
    pub(super) nanos: f64,
    /// Whether its service tells work and time off the CPU apart.
    pub(super) tells_cpu: bool,
    /// The pool, among all pools, and what multiplies its full speed.
    pub(super) of: (usize, f64),
}

impl<const SHARED: bool, const LIMITED: bool, const MORTAL: bool> World<SHARED, LIMITED, MORTAL> {
    pub(super) fn new(
        scenario: &Scenario,
        replication: u32,
        variant: &Variant,
        traces: &dyn TraceFiles,
        queue: &mut EventQueue<Event>,
    ) -> Result<Self, Error> {
        let plan = &scenario.plan;
        let key = Key::from_seed(scenario.seed).child(u64::from(replication));
        let sized = scenario.sources.iter().flat_map(|s| &s.recorded).any(|r| r.spec.size.is_some());
        let mut watchers = Watchers::new(scenario, key, queue);
        let controllers = Controllers::new(scenario, &mut watchers, queue);
        let ladders = ladder::ladders(scenario, controllers.count(), &mut watchers, queue);
        let releases = Releases::new(scenario, variant, key, &mut watchers, queue);
        watchers.plan(queue);
        let mut world = Self {
            sources: Vec::new(),
            services: Vec::new(),
            rows: Vec::new(),
            pools: Vec::new(),
            paces: Vec::new(),
            members: Vec::new(),
            fleet: Fleet::default(),
            arena: Arena::new(),
            recorder: Recorder::new(plan, sized),
            keyed: scenario.sources.iter().any(Source::is_keyed),
            senders: Vec::new(),
            launched: Vec::new(),
            ordinals: Vec::new(),
            classes: Vec::new(),
            healths: Vec::new(),
            homes: Vec::new(),
            doomed: BTreeSet::new(),
            launch_faults: Vec::new(),
            slowed: Vec::new(),
            errors: Vec::new(),
            faults: scenario.faults.iter().map(|fault| FaultState::new(fault, key)).collect(),
            zone_names: plan.zones.clone(),
            agenda: Agenda::new(scenario, &watchers),
            watchers,
            controllers,
            ladders,
            clusters: nodes::clusters(scenario),
            releases,
            initial_versions: plan.services.iter().map(ServicePlan::initial_version).collect(),
            on_demand: scenario.services.iter().flat_map(|s| &s.pools).any(|pool| pool.on_demand),
            cuts: queue.add_lane(),
            horizon: scenario.horizon(),
            warmup_end: plan.warmup_end(),
            at_warmup: Vec::new(),
            interval: (SimTime::ZERO, Vec::new()),
        };
        for (service, plan) in scenario.services.iter().zip(&plan.services) {
            world.add_service(service, &plan.name, key, queue);
        }
        world.add_rows(scenario);
        queue.append(world.cuts, world.recorder.next_cut(), Event::Cut);
        world.agenda.plan(queue);
        world.begin_scans(queue);
        world.plan_releases(queue);
        world.add_sources(scenario, replication, traces, queue)?;
        Ok(world)
    }

    fn add_sources(
        &mut self,
        scenario: &Scenario,
        replication: u32,
        traces: &dyn TraceFiles,
        queue: &mut EventQueue<Event>,
    ) -> Result<(), Error> {
        for (index, source) in scenario.sources.iter().enumerate() {
            let key = traffic::source_key(scenario, replication, source);
            let process = traffic::open(scenario, source, key, traces)?;
            let mut state = SourceState::new(&scenario.plan, source, process, key, queue.add_lane());
            if let Some(at) = state.next() {
                queue.append(state.lane, at, Event::Arrival(SourceId::new(index)));
            }
            self.sources.push(state);
        }
        Ok(())
    }

    fn add_rows(&mut self, scenario: &Scenario) {
        for row in &scenario.plan.rows {
            let service = &scenario.services[row.service];
            let level = match &service.queue.order {
                Order::Priority(levels) => levels[row.class],
                Order::Fifo | Order::Lifo => 0,
            };
            if let Some(demand) = &service.demands[row.class] {
                let (work, wait) = (demand.work.clone(), demand.wait.clone());
                self.rows.push(RowState { service: ServiceId::new(row.service), level, work, wait });
                self.classes.push(ClassId::new(row.class));
            }
        }
    }

    fn add_service(&mut self, service: &Service, name: &str, key: Key, queue: &mut EventQueue<Event>) {
        let (discipline, levels) = match &service.queue.order {
            Order::Fifo => (Discipline::Fifo, 1),
            Order::Lifo => (Discipline::Lifo, 1),
            Order::Priority(levels) => {
                (Discipline::Priority, 1 + usize::from(levels.iter().copied().max().unwrap_or(0)))
            }
        };
        let waits = service.demands.iter().flatten().any(|demand| demand.wait.is_some());
        let shares = service.pools.iter().any(|pool| pool.shared_millicores.is_some());
        let tells_cpu = waits || shares;
        let id = self.fleet.add_service(discipline, levels, tells_cpu);
        let mut rotation = Rotation::default();
        for (ordinal, pool) in service.pools.iter().enumerate() {
            let index = self.pools.len();
            self.paces.push(Pace { nanos: 1.0 / pool.speed, tells_cpu, of: (index, 1.0) });
            self.pools.push(PoolState::new(id, index, ordinal, pool, key.named("servers").named(name)));
            self.pools[index].staff.want(SimTime::ZERO, pool.replicas);
            for _ in 0..pool.replicas {
                let server = self.create(SimTime::ZERO, index, 0);
                self.house(SimTime::ZERO, server, true);
                self.fleet.pass(server, SimTime::ZERO, ServerState::Ready);
                let position = rotation.join(self.members[server.index()], 0);
                self.fleet.set_position(server, position);
                self.pools[index].staff.join(SimTime::ZERO);
            }
        }
        let key = key.named("balancer").named(name);
        let proxies = service.proxies.as_ref().map(|plan| {
            let mut proxies = Proxies::new(plan, &service.balancer, key, queue);
            proxies.begin(rotation.members().iter().copied());
            Box::new(proxies)
        });
        self.healths.push(service.health);
        self.services.push(ServiceState {
            track: Track::new(&service.balancer, rotation, key.stream()),
            canary: None,
            spec: service.balancer.clone(),
            key,
            central: service.queue.central,
            limit: service.queue.limit.unwrap_or(u32::MAX),
            patience: service.queue.timeout.map(|timeout| Patience {
                timeout,
                lane: queue.add_lane(),
                deadlines: VecDeque::new(),
            }),
            no_server: 0,
            proxies,
        });
    }

    /// Closes the books on what ends now.
    pub(super) fn cut(&mut self, now: SimTime, queue: &mut EventQueue<Event>) {
        let due = self.recorder.next_cut() == now;
        if MORTAL {
            self.mark_releases(now);
        }
        self.put_aside(now);
        if MORTAL {
            self.end_release_intervals(now);
            self.plan_release_cut(now, queue);
        }
        if self.at_warmup.is_empty() && now >= self.warmup_end {
            self.at_warmup = self.fleet.server_use(now);
            self.fleet.forget_peaks(now);
        }
        // Releases and who is compared with them cut where nothing else is due.
        if due {
            queue.append(self.cuts, self.recorder.next_cut(), Event::Cut);
        }
    }

    /// Closes what ends now, or puts aside what is open.
    pub(super) fn put_aside(&mut self, now: SimTime) {
        let mut readings = self.readings(now);
        if self.recorder.ends_interval(now) {
            self.end_interval(now, &mut readings);
        }
        let (recorder, releases) = (&self.recorder, &self.releases);
        self.watchers.absorb(
            recorder.sized(),
            |row| recorder.open(row),
            |row, side| releases.side(row, side),
        );
        if MORTAL {
            self.absorb_for_releases();
            self.cut_windows_of_all(now);
        }
        self.recorder.cut(now, &readings, &self.arena);
    }

    /// Adds up what was sent in the interval that ends to the servers that were there all the time.
    fn end_interval(&mut self, now: SimTime, readings: &mut [ServiceReading]) {
        let (start, before) = std::mem::replace(&mut self.interval, (now, Vec::new()));
        for (index, (id, server)) in self.fleet.servers().enumerate() {
            let requests = server.requests();
            self.interval.1.push(requests);
            let life = self.fleet.life(id);
            if life.ready.is_some_and(|ready| ready <= start) && life.left.is_none_or(|left| left >= now) {
                let requests = requests - before.get(index).copied().unwrap_or(0);
                let sent = &mut readings[server.service().index()].sent;
                sent.total += requests;
                sent.most = sent.most.max(requests);
                sent.servers += 1;
            }
        }
    }

    fn readings(&self, now: SimTime) -> Vec<ServiceReading> {
        let mut staff = vec![(0, 0); self.services.len()];
        for pool in &self.pools {
            let (desired, missing) = pool.staff.integrals(now);
            let sums = &mut staff[pool.service().index()];
            *sums = (sums.0 + desired, sums.1 + missing);
        }
        let read = |(index, usage): (usize, crate::fleet::Usage)| ServiceReading {
            desired: staff[index].0,
            missing: staff[index].1,
            ordered: usage.ordered,
            ready: usage.ready,
            slots: usage.slots,
            cpu_milli: usage.cpu_milli,
            queued: usage.queued,
            sent: Sent::default(),
        };
        self.fleet.usage(now).into_iter().enumerate().map(read).collect()
    }

    /// Returns how many requests arrived so far.
    pub(super) fn requests(&self) -> u64 {
        self.sources.iter().map(SourceState::count).sum()
    }

    /// Tells whether the run can go on.
    ///
    /// # Errors
    /// A trace that can no longer be read; a fleet that drowns.
    pub(super) fn check(&mut self, now: SimTime) -> Result<(), Error> {
        for source in &mut self.sources {
            if let Some(why) = source.failure() {
                return Err(Error::Run(format!("a trace can no longer be read: {why}")));
            }
        }
        if self.arena.live() > MAX_IN_FLIGHT {
            return Err(Error::Run(format!(
                "more than {MAX_IN_FLIGHT} requests are in flight at t = {now}: the fleet is far too small\n  \
                 add servers, lower the rate, or bound the wait with queue.limit or queue.timeout"
            )));
        }
        Ok(())
    }

    /// Ends the run at its horizon and returns its result.
    pub(super) fn finish(mut self, replication: u32) -> RunResult {
        let end = self.horizon;
        self.tell_of_silence(end);
        let mut readings = self.readings(end);
        self.end_interval(end, &mut readings);
        let (releases, versions) = self.release_results(end);
        let mut books = self.recorder.finish(&readings, &self.arena);
        for (index, totals) in books.services.iter_mut().enumerate() {
            let usage = self.fleet.service(ServiceId::new(index));
            totals.peak_slots = usage.peak_slots;
            totals.peak_queue = usage.peak_queue;
            totals.no_server = self.services[index].no_server;
        }
        let since = |at: Option<SimTime>| at.unwrap_or(end).as_nanos();
        let total = |((id, server), (now, warm)): ((ServerId, &Server), (ServerUse, &ServerUse))| {
            let (pool, life) = (&self.pools[server.pool()], self.fleet.life(id));
            ServerTotals {
                service: server.service().index(),
                pool: pool.ordinal,
                zone: pool.is_zoned().then(|| usize::from(self.members[id.index()].zone)),
                ordered_ns: life.ordered.as_nanos(),
                from_ns: since(life.ready),
                to_ns: since(life.left),
                gone_ns: since(life.gone),
                failed: server.state() == ServerState::Failed,
                version: u32::from(self.members[id.index()].version),
                requests: now.requests - warm.requests,
                cpu_milli_ns: Wide(now.cpu_milli - warm.cpu_milli),
                slot_ns: Wide(u128::from(now.slots - warm.slots)),
                peak_queue: u64::from(server.peak_waiting()),
            }
        };
        // Who came after the warm-up had used nothing at its end.
        let nothing = ServerUse::default();
        let warm = self.at_warmup.iter().chain(std::iter::repeat(&nothing));
        let uses = self.fleet.server_use(end).into_iter().zip(warm);
        let servers = self.fleet.servers().zip(uses).map(total).collect();
        RunResult {
            replication,
            ledgers: books.ledgers,
            rows: books.rows,
            services: books.services,
            servers,
            row_series: books.row_series,
            service_series: books.service_series,
            objectives: books.objectives,
            nodes: self
                .pools
                .iter()
                .flat_map(|pool| pool.launching.totals(pool.service().index(), pool.ordinal, end))
                .collect(),
            events: self.agenda.log,
            decisions: self.controllers.decisions,
            releases,
            versions,
        }
    }
}
