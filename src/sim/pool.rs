//! Pools in a run: how many servers are wanted, who is there, and how a server is made.

use crate::balancer::Member;
use crate::des::EventQueue;
use crate::fleet::{Launch, ServerState};
use crate::ids::{ServerId, ServiceId};
use crate::results::UNLIMITED_MILLICORES;
use crate::rng::Key;
use crate::scenario::{Bounds, Pool, Startup};
use crate::sim::Event;
use crate::sim::launch::Launching;
use crate::sim::staffing::Staffing;
use crate::sim::world::World;
use crate::time::{SimDuration, SimTime};

/// A pool while the run goes on.
#[derive(Debug)]
pub(super) struct PoolState {
    /// Its place among the pools of its service.
    pub(super) ordinal: usize,
    pub(super) speed: f64,
    pub(super) startup: Startup,
    pub(super) drain: Option<SimDuration>,
    /// How many servers are wanted, and how many of them serve.
    pub(super) staff: Staffing,
    /// What was decided last, before the bounds.
    pub(super) decided: u32,
    /// What its schedule said last.
    pub(super) scheduled: Option<u32>,
    pub(super) bounds: Bounds,
    /// Thousandths of a core of a server; [`UNLIMITED_MILLICORES`] where CPU never is short.
    pub(super) millicores: u64,
    pub(super) slots: Option<u32>,
    pub(super) on_demand: bool,
    /// Servers on their way into service.
    pub(super) coming: u32,
    /// Servers that came into service since the last was on its way.
    pub(super) entered: u32,
    /// How its servers are launched.
    pub(super) launching: Launching,
    /// Servers that wait to be repaired, or are, or to be launched again.
    pub(super) broken: u32,
    /// Servers that count towards it, those coming included, in launch order.
    pub(super) standing: Vec<ServerId>,
    /// Zones by place in the scenario's list, and how many stand in each.
    pub(super) zones: Vec<Zone>,
    /// The version of servers that are ordered.
    pub(super) version: u16,
    launch: Launch,
    weight: f64,
    /// Names the randomness of its servers.
    key: Key,
    launched: u64,
}

/// A zone, as a pool sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Zone {
    pub(super) id: u16,
    standing: u32,
    /// Servers lost with the zone, which nobody replaces until it is back; `None` while it is up.
    pub(super) lost: Option<u32>,
}

impl PoolState {
    /// `key` names the servers of the service.
    pub(super) fn new(service: ServiceId, index: usize, ordinal: usize, pool: &Pool, key: Key) -> Self {
        let shared = pool.shared_millicores.map(|millicores| (millicores, pool.speed));
        let pace = index as u16;
        Self {
            ordinal,
            speed: pool.speed,
            startup: pool.startup.clone(),
            drain: pool.drain,
            staff: Staffing::default(),
            decided: pool.replicas,
            scheduled: None,
            bounds: pool.bounds,
            millicores: pool.shared_millicores.unwrap_or_else(|| {
                pool.concurrency.map_or(UNLIMITED_MILLICORES, |slots| u64::from(slots) * 1_000)
            }),
            slots: pool.concurrency,
            on_demand: pool.on_demand,
            coming: 0,
            entered: 0,
            launching: Launching::new(&pool.launch, pool.startup.image, key.child(ordinal as u64)),
            broken: 0,
            standing: Vec::new(),
            zones: pool.zones.iter().map(|&id| Zone { id, standing: 0, lost: None }).collect(),
            version: 0,
            launch: Launch { service, pool: pace, pace, slots: pool.concurrency, shared },
            weight: pool.weight,
            key: key.child(ordinal as u64),
            launched: 0,
        }
    }

    /// Tells whether its servers stand in zones.
    pub(super) fn is_zoned(&self) -> bool {
        !self.zones.is_empty()
    }

    pub(super) fn service(&self) -> ServiceId {
        self.launch.service
    }

    /// Names the randomness of the server that was launched as the n-th of this pool.
    pub(super) fn server_key(&self, nth: u64) -> Key {
        self.key.child(nth)
    }

    /// Servers nobody orders: their zone is down, or they wait for a repair.
    pub(super) fn given_up(&self) -> u32 {
        self.broken + self.zones.iter().filter_map(|zone| zone.lost).sum::<u32>()
    }

    /// Takes a server off the count; `zone` is the scenario's.
    pub(super) fn strike(&mut self, server: ServerId, zone: u16) {
        if let Some(at) = self.standing.iter().position(|&other| other == server) {
            self.standing.remove(at);
            if let Some(zone) = self.zones.iter_mut().find(|known| known.id == zone) {
                zone.standing -= 1;
                if let Some(lost) = &mut zone.lost {
                    *lost += 1;
                }
            }
        }
    }

    /// Chooses the zone of a new server: of those that are up, the one with the fewest.
    fn place(&mut self) -> u16 {
        let up = self.zones.iter_mut().filter(|zone| zone.lost.is_none());
        up.min_by_key(|zone| zone.standing).map_or(0, |zone| {
            zone.standing += 1;
            zone.id
        })
    }

    /// Tells whether servers can be placed at all.
    pub(super) fn has_place(&self) -> bool {
        !self.is_zoned() || self.zones.iter().any(|zone| zone.lost.is_none())
    }
}

impl<const SHARED: bool, const LIMITED: bool, const MORTAL: bool> World<SHARED, LIMITED, MORTAL> {
    /// Makes a server of a pool that serves nobody yet.
    pub(super) fn create(&mut self, now: SimTime, pool: usize, version: u16) -> ServerId {
        let state = &mut self.pools[pool];
        let server = self.fleet.order(now, state.launch);
        let zone = state.place();
        state.standing.push(server);
        state.launching.ordered();
        self.ordinals.push(state.launched);
        state.launched += 1;
        let (pool, weight, service) = (pool as u16, state.weight, state.service());
        let nth = self.next_of_service(service);
        self.members.push(Member { server, nth, pool, zone, version, weight, since: now });
        server
    }

    /// Numbers the servers of each service: another service changes nobody's name.
    fn next_of_service(&mut self, service: ServiceId) -> u32 {
        let index = service.index();
        if self.launched.len() <= index {
            self.launched.resize(index + 1, 0);
        }
        self.launched[index] += 1;
        self.launched[index] - 1
    }

    /// Orders servers of a pool, or gives some back, until as many stand as are wanted.
    pub(super) fn resize(&mut self, now: SimTime, pool: usize, wanted: u32, queue: &mut EventQueue<Event>) {
        self.pools[pool].staff.want(now, wanted);
        if self.is_conducted(pool) {
            // How many of each version that means is the strategy's to say.
            let service = self.pools[pool].service();
            return self.poke(now, service, queue);
        }
        loop {
            let state = &self.pools[pool];
            let standing = state.standing.len() as u32;
            if standing + state.given_up() < wanted && state.has_place() {
                if !self.has_quota(now, pool) {
                    return;
                }
                self.order(now, pool, self.pools[pool].version, queue);
            } else if standing > wanted {
                let leaver = self.dispensable(pool);
                self.give_back(now, leaver, queue);
            } else {
                let content = standing + state.given_up() >= wanted;
                self.pools[pool].launching.content(content);
                return;
            }
        }
    }

    /// Orders a server of a pool.
    pub(super) fn order(&mut self, now: SimTime, pool: usize, version: u16, queue: &mut EventQueue<Event>) {
        let server = self.create(now, pool, version);
        self.house(now, server, false);
        self.begin(now, server, queue);
    }

    /// Lets as many servers be there as requests are, where a pool does so.
    #[inline(never)]
    pub(super) fn follow(&mut self, now: SimTime, service: ServiceId, queue: &mut EventQueue<Event>) {
        let requests = self.fleet.in_system(service).min(u64::from(u32::MAX)) as u32;
        for pool in 0..self.pools.len() {
            let state = &self.pools[pool];
            let wanted = state.bounds.clamp(requests);
            if state.on_demand && state.service() == service && wanted != state.staff.wanted() {
                self.resize(now, pool, wanted, queue);
            }
        }
    }

    /// Returns who is given back first: who is of a version that goes, then who is not in service yet, then who
    /// came last; on demand, who is idle.
    fn dispensable(&self, pool: usize) -> ServerId {
        let standing = &self.pools[pool].standing;
        if self.pools[pool].on_demand
            && let Some(&idle) = standing.iter().find(|&&id| {
                let server = self.fleet.server(id);
                server.state().serves() && server.busy() == 0
            })
        {
            return idle;
        }
        let goes = |id: &&ServerId| self.members[id.index()].version != self.pools[pool].version;
        if let Some(&goes) = standing.iter().rev().find(goes) {
            return goes;
        }
        let coming = standing.iter().rev().find(|&&id| self.fleet.server(id).state().is_coming());
        *coming.or(standing.last()).expect("more stand than are wanted")
    }

    pub(super) fn give_back(&mut self, now: SimTime, server: ServerId, queue: &mut EventQueue<Event>) {
        let (pool, zone) = (self.fleet.server(server).pool(), self.members[server.index()].zone);
        self.pools[pool].strike(server, zone);
        if self.fleet.server(server).state().is_coming() {
            self.bury(now, server, ServerState::Stopped, queue);
        } else {
            self.drain(now, server, queue);
        }
    }
}
