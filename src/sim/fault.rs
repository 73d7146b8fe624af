//! Faults in a run: what breaks, whom it hits, and how it ends.

use std::collections::VecDeque;

use crate::des::EventQueue;
use crate::dist::Distribution;
use crate::ids::{ClassId, ServerId, ServiceId};
use crate::results::EventKind;
use crate::rng::{Bits, Key, index_below, uniform_closed_open};
use crate::scenario::{Fault, FaultKind, Repair, Victims};
use crate::sim::Event;
use crate::sim::agenda::{Note, Site, What, fault_key};
use crate::sim::flow::nanos;
use crate::sim::pool::PoolState;
use crate::sim::traffic::ERROR_CHILD;
use crate::sim::world::World;
use crate::time::SimTime;
use crate::workload::Request;

/// A fault of the scenario while the run goes on.
#[derive(Debug)]
pub(super) struct FaultState {
    plan: Fault,
    /// Names its randomness in this replication.
    key: Key,
    /// Broken servers' pools, among all pools, and launch ordinals, in the order in which they wait for
    /// a repairer.
    waiting: VecDeque<(usize, u64)>,
    /// Repairs that go on.
    repairing: u32,
}

/// What works slower than it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slowed {
    Server(ServerId),
    /// All servers of a pool, among all pools, and those who come.
    Pool(usize),
}

/// Requests that fail although they are served.
#[derive(Clone, Copy, Debug)]
pub(super) struct Errors {
    fault: usize,
    service: ServiceId,
    class: Option<ClassId>,
    share: f64,
    key: Key,
}

/// The children of a process' key: when a server fails, how long its repair takes.
const LIFETIME: u64 = 0;
const REPAIR: u64 = 1;

impl FaultState {
    pub(super) fn new(plan: &Fault, key: Key) -> Self {
        Self { plan: plan.clone(), key: fault_key(key, &plan.key), waiting: VecDeque::new(), repairing: 0 }
    }

    /// Draws a delay that belongs to the server launched as the n-th of a pool, whatever else happens.
    fn draw(&self, law: &Distribution, child: u64, (pool, nth): (usize, u64)) -> crate::time::SimDuration {
        nanos(law.sample(&mut self.key.child(child).child(pool as u64).child(nth).stream()))
    }
}

/// Tells whether a pool is one of those of a service, or the one that is named.
fn covers(service: ServiceId, pool: Option<usize>, state: &PoolState) -> bool {
    state.service() == service && pool.is_none_or(|pool| pool == state.ordinal)
}

impl<const SHARED: bool, const LIMITED: bool, const MORTAL: bool> World<SHARED, LIMITED, MORTAL> {
    /// A fault begins.
    pub(super) fn strike(&mut self, now: SimTime, fault: usize, queue: &mut EventQueue<Event>) {
        let Fault { name, kind, .. } = self.faults[fault].plan.clone();
        let ends = |duration, servers| (now + duration, What::FaultEnds { fault, servers });
        let end = match kind {
            FaultKind::Crash { service, pool, victims } => {
                let servers = self.choose(fault, service, pool, victims);
                self.tell(now, EventKind::Crash, self.site(service, pool), &name, Some(servers.len()), "");
                self.fail(now, &servers, queue);
                return self.replace(now, queue);
            }
            FaultKind::ZoneOutage { zone, duration } => {
                let there = |id: &ServerId| self.members[id.index()].zone == zone;
                let pools = self.pools.iter().filter(|pool| pool.is_zoned());
                let servers: Vec<ServerId> =
                    pools.flat_map(|pool| &pool.standing).copied().filter(there).collect();
                let zones = self.pools.iter_mut().flat_map(|pool| &mut pool.zones);
                zones.filter(|known| known.id == zone).for_each(|known| known.lost = Some(0));
                for pool in &mut self.pools {
                    if pool.is_zoned() {
                        pool.launching.lose_zone(now, zone);
                    }
                }
                let detail = format!("zone {}", self.zone_names[usize::from(zone)]);
                let count = Some(servers.len());
                self.tell(now, EventKind::ZoneOutage, Site::Everywhere, &name, count, &detail);
                self.fail(now, &servers, queue);
                ends(duration, servers)
            }
            FaultKind::Slow { service, pool, victims: Some(victims), factor, duration } => {
                let servers = self.choose(fault, service, pool, victims);
                let detail = format!("{factor} times slower");
                let count = Some(servers.len());
                self.tell(now, EventKind::Slow, self.site(service, pool), &name, count, &detail);
                self.slowed.extend(servers.iter().map(|&server| (Slowed::Server(server), factor)));
                self.retime(now, &servers, queue);
                ends(duration, servers)
            }
            FaultKind::Slow { service, pool, victims: None, factor, duration } => {
                let detail = format!("{factor} times slower");
                self.tell(now, EventKind::Slow, self.site(service, pool), &name, None, &detail);
                let pools: Vec<usize> = self.pools_of(service, pool).collect();
                self.slowed.extend(pools.iter().map(|&pool| (Slowed::Pool(pool), factor)));
                self.retime(now, &self.serving(service, pool), queue);
                ends(duration, Vec::new())
            }
            FaultKind::Errors { service, class, share, duration } => {
                let detail = format!("{} % of requests", share * 100.0);
                self.tell(now, EventKind::Errors, Site::Service(service), &name, None, &detail);
                let key = self.faults[fault].key;
                self.errors.push(Errors { fault, service, class, share, key });
                ends(duration, Vec::new())
            }
            FaultKind::FailedLaunches { service, pool, share, duration } => {
                self.hamper_launches(now, fault, (service, pool), share);
                ends(duration, Vec::new())
            }
            FaultKind::MonitoringOutage { pipeline, duration } => {
                let detail = self.pipeline_name(pipeline);
                self.tell(now, EventKind::MonitoringOutage, Site::Everywhere, &name, None, &detail);
                self.watchers.blind(pipeline, true);
                ends(duration, Vec::new())
            }
            FaultKind::Failures { service, pool, .. } => {
                let servers = self.serving(service, pool);
                return servers.into_iter().for_each(|server| self.fate(now, fault, server, queue));
            }
        };
        self.agenda.add(end.0, end.1, queue);
    }

    /// Some launches fail from now on.
    fn hamper_launches(
        &mut self,
        now: SimTime,
        fault: usize,
        (service, pool): (ServiceId, Option<usize>),
        share: f64,
    ) {
        let FaultState { plan, key, .. } = &self.faults[fault];
        let (name, key) = (plan.name.clone(), *key);
        let detail = format!("{} % of launches", share * 100.0);
        self.tell(now, EventKind::FailedLaunches, self.site(service, pool), &name, None, &detail);
        let pools: Vec<usize> = self.pools_of(service, pool).collect();
        self.launch_faults.extend(pools.into_iter().map(|pool| (fault, pool, share, key)));
    }

    /// A fault ends.
    pub(super) fn relent(
        &mut self,
        now: SimTime,
        fault: usize,
        servers: &[ServerId],
        queue: &mut EventQueue<Event>,
    ) {
        let Fault { name, kind, .. } = self.faults[fault].plan.clone();
        match kind {
            FaultKind::ZoneOutage { zone, .. } => {
                let zones = self.pools.iter_mut().flat_map(|pool| &mut pool.zones);
                zones.filter(|known| known.id == zone).for_each(|known| known.lost = None);
                let detail = format!("zone {}", self.zone_names[usize::from(zone)]);
                self.tell(now, EventKind::ZoneBack, Site::Everywhere, &name, None, &detail);
                self.replace(now, queue);
            }
            FaultKind::Slow { service, pool, victims, factor, .. } => {
                let cured: Vec<Slowed> = match victims {
                    Some(_) => servers.iter().copied().map(Slowed::Server).collect(),
                    None => self.pools_of(service, pool).map(Slowed::Pool).collect(),
                };
                for cured in cured {
                    if let Some(at) = self.slowed.iter().position(|&slow| slow == (cured, factor)) {
                        self.slowed.swap_remove(at);
                    }
                }
                let count = victims.map(|_| servers.len());
                self.tell(now, EventKind::SlowEnds, self.site(service, pool), &name, count, "");
                let all = if victims.is_some() { servers.to_vec() } else { self.serving(service, pool) };
                self.retime(now, &all, queue);
            }
            FaultKind::Errors { service, .. } => {
                self.errors.retain(|errors| errors.fault != fault);
                self.tell(now, EventKind::ErrorsEnd, Site::Service(service), &name, None, "");
            }
            FaultKind::FailedLaunches { service, pool, .. } => {
                self.launch_faults.retain(|hit| hit.0 != fault);
                self.tell(now, EventKind::LaunchesBack, self.site(service, pool), &name, None, "");
            }
            FaultKind::MonitoringOutage { pipeline, .. } => {
                let detail = self.pipeline_name(pipeline);
                self.tell(now, EventKind::MonitoringBack, Site::Everywhere, &name, None, &detail);
                self.watchers.blind(pipeline, false);
            }
            FaultKind::Crash { .. } | FaultKind::Failures { .. } => {}
        }
    }

    fn pipeline_name(&self, pipeline: Option<usize>) -> String {
        self.watchers.pipeline_name(pipeline).to_owned()
    }

    fn tell(
        &mut self,
        now: SimTime,
        kind: EventKind,
        site: Site,
        name: &str,
        servers: Option<usize>,
        detail: &str,
    ) {
        self.note(now, Note { kind, site, name, servers, detail: detail.to_owned() });
    }

    /// Orders what is missing in any pool.
    fn replace(&mut self, now: SimTime, queue: &mut EventQueue<Event>) {
        for pool in 0..self.pools.len() {
            self.resize(now, pool, self.pools[pool].staff.wanted(), queue);
        }
    }

    fn site(&self, service: ServiceId, pool: Option<usize>) -> Site {
        let named = pool.and_then(|_| self.pools_of(service, pool).next());
        named.map_or(Site::Service(service), Site::Pool)
    }

    fn pools_of(&self, service: ServiceId, pool: Option<usize>) -> impl Iterator<Item = usize> {
        let states = self.pools.iter().enumerate();
        states.filter(move |(_, state)| covers(service, pool, state)).map(|(index, _)| index)
    }

    /// Returns the servers in service of some pools, in launch order within each.
    fn serving(&self, service: ServiceId, pool: Option<usize>) -> Vec<ServerId> {
        let pools = self.pools_of(service, pool);
        let standing = pools.flat_map(|pool| &self.pools[pool].standing).copied();
        standing.filter(|&id| self.fleet.server(id).state().serves()).collect()
    }

    /// Chooses among the servers in service, each set of that size alike: a partial shuffle.
    fn choose(
        &self,
        fault: usize,
        service: ServiceId,
        pool: Option<usize>,
        victims: Victims,
    ) -> Vec<ServerId> {
        let mut servers = self.serving(service, pool);
        let count = match victims {
            Victims::Count(count) => count as usize,
            Victims::Share(share) => (share * servers.len() as f64 + 0.5) as usize,
        };
        let count = count.min(servers.len());
        let mut bits = self.faults[fault].key.stream();
        for at in 0..count {
            let other = at + index_below((bits.next_bits() >> 32) as u32, servers.len() - at);
            servers.swap(at, other);
        }
        servers.truncate(count);
        servers.sort_unstable();
        servers
    }

    /// Settles when the processes of failures that go on let a server fail that came into service.
    pub(super) fn fates(&mut self, now: SimTime, server: ServerId, queue: &mut EventQueue<Event>) {
        for fault in 0..self.faults.len() {
            let plan = &self.faults[fault].plan;
            if let FaultKind::Failures { service, pool, .. } = plan.kind
                && plan.at <= now
                && covers(service, pool, &self.pools[self.fleet.server(server).pool()])
            {
                self.fate(now, fault, server, queue);
            }
        }
    }

    fn fate(&mut self, now: SimTime, fault: usize, server: ServerId, queue: &mut EventQueue<Event>) {
        let state = &self.faults[fault];
        if let FaultKind::Failures { mtbf, .. } = &state.plan.kind {
            let life = state.draw(mtbf, LIFETIME, self.launched_as(server));
            self.agenda.add(now + life, What::Breakdown { fault, server }, queue);
        }
    }

    /// Returns a server's pool, among all pools, and its launch ordinal there.
    fn launched_as(&self, server: ServerId) -> (usize, u64) {
        (self.fleet.server(server).pool(), self.ordinals[server.index()])
    }

    /// A process of failures lets a server fail, if it still serves.
    pub(super) fn break_down(
        &mut self,
        now: SimTime,
        fault: usize,
        server: ServerId,
        queue: &mut EventQueue<Event>,
    ) {
        if !self.fleet.server(server).state().serves() {
            return;
        }
        let launched = self.launched_as(server);
        let FaultState { plan, .. } = &self.faults[fault];
        let name = plan.name.clone();
        let repaired = matches!(plan.kind, FaultKind::Failures { repair: Some(_), .. });
        self.tell(now, EventKind::Breakdown, Site::Pool(launched.0), &name, Some(1), "");
        self.fail(now, &[server], queue);
        if repaired {
            self.pools[launched.0].broken += 1;
            self.faults[fault].waiting.push_back(launched);
            self.repair(now, fault, queue);
        } else {
            self.replace(now, queue);
        }
    }

    /// Begins the next repair if a repairer is free.
    fn repair(&mut self, now: SimTime, fault: usize, queue: &mut EventQueue<Event>) {
        let state = &mut self.faults[fault];
        let FaultKind::Failures { repair: Some(Repair { time, repairers }), .. } = &state.plan.kind else {
            return;
        };
        if repairers.is_some_and(|repairers| state.repairing >= repairers) {
            return;
        }
        if let Some(broken) = state.waiting.pop_front() {
            let due = now + state.draw(time, REPAIR, broken);
            state.repairing += 1;
            self.agenda.add(due, What::Repaired { fault, pool: broken.0 }, queue);
        }
    }

    /// A repair is done: a server is ordered in the place of the broken one.
    pub(super) fn repaired(
        &mut self,
        now: SimTime,
        fault: usize,
        pool: usize,
        queue: &mut EventQueue<Event>,
    ) {
        self.faults[fault].repairing -= 1;
        self.pools[pool].broken -= 1;
        let name = self.faults[fault].plan.name.clone();
        self.tell(now, EventKind::Repaired, Site::Pool(pool), &name, Some(1), "");
        self.replace(now, queue);
        self.repair(now, fault, queue);
    }

    /// Tells whether a request that has been served fails all the same.
    #[inline(never)]
    pub(super) fn errs(&self, service: ServiceId, request: &Request) -> bool {
        let class = self.classes[request.row().index()];
        let hit = |errors: &&Errors| errors.service == service && errors.class.is_none_or(|c| c == class);
        let own = request.key.child(ERROR_CHILD).draw(0);
        let fails = |errors: &Errors| uniform_closed_open(errors.key.child(own).draw(0)) < errors.share;
        self.errors.iter().filter(hit).any(fails)
    }
}
