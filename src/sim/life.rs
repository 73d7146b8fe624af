//! Servers in a run: how they come into service, and how they leave it.

use crate::des::EventQueue;
use crate::fleet::ServerState;
use crate::ids::{RequestId, ServerId};
use crate::results::EventKind;
use crate::sim::Event;
use crate::sim::agenda::{Note, Site, What};
use crate::sim::fault::Slowed;
use crate::sim::flow::{nanos, plan};
use crate::sim::world::{Pace, World};
use crate::time::{SimDuration, SimTime};
use crate::workload::{Outcome, Stay};

/// The children of a server's key: what delays it, each by itself.
const PROVISION: u64 = 0;
const BOOT: u64 = 1;

impl<const SHARED: bool, const LIMITED: bool, const MORTAL: bool> World<SHARED, LIMITED, MORTAL> {
    /// Begins the start-up of a server.
    ///
    /// Its delays are drawn by launch ordinal: neither the load nor other servers change them.
    pub(super) fn begin(&mut self, now: SimTime, server: ServerId, queue: &mut EventQueue<Event>) {
        self.pools[self.fleet.server(server).pool()].coming += 1;
        self.doom(server);
        self.begin_on_node(now, server, queue);
    }

    /// A server has its node, or waits for one.
    pub(super) fn begin_on_node(&mut self, now: SimTime, server: ServerId, queue: &mut EventQueue<Event>) {
        let provision = self.delay(server, PROVISION);
        let provisioned = self.provisioned(now, server, provision, queue);
        self.await_transition(now, server, provisioned, queue);
    }

    /// Draws how long a phase of a server's start-up takes.
    fn delay(&self, server: ServerId, phase: u64) -> SimDuration {
        let pool = &self.pools[self.fleet.server(server).pool()];
        let law = if phase == PROVISION { &pool.startup.provision } else { &pool.startup.boot };
        let key = pool.server_key(self.ordinals[server.index()]).child(phase);
        law.as_ref().map_or(SimDuration::ZERO, |law| nanos(law.sample(&mut key.stream())))
    }

    /// A server has its machine: it pulls its image, if there is one, and boots.
    fn has_machine(&mut self, now: SimTime, server: ServerId, queue: &mut EventQueue<Event>) {
        self.fleet.pass(server, now, ServerState::Booting);
        let pool = self.fleet.server(server).pool();
        let restored = self.releases.restores.contains_key(&server);
        match self.pools[pool].launching.registry.as_mut().filter(|_| !restored) {
            None => self.boot(now, server, queue),
            Some(registry) => {
                if let Some(due) = registry.join(now, server) {
                    self.agenda.add(due, What::Pulled { pool }, queue);
                }
            }
        }
    }

    /// Boots a server; it is sent requests when it has passed its checks.
    pub(super) fn boot(&mut self, now: SimTime, server: ServerId, queue: &mut EventQueue<Event>) {
        let booted = now + self.delay(server, BOOT);
        let health = self.healths[self.fleet.server(server).service().index()];
        let checked = health.map_or(booted, |health| health.after(booted, health.healthy));
        self.await_transition(now, server, checked, queue);
    }

    /// Lets the next transition of a server happen at `due`, at once where that is now.
    fn await_transition(
        &mut self,
        now: SimTime,
        server: ServerId,
        due: SimTime,
        queue: &mut EventQueue<Event>,
    ) {
        self.fleet.set_due(server, due);
        if due == SimTime::MAX {
            // Who waits for a node is told.
        } else if due > now {
            queue.schedule(due, Event::Life(server));
        } else {
            self.on_life(now, server, queue);
        }
    }

    /// The next transition of a server is due, unless another has overtaken it.
    #[inline(never)]
    pub(super) fn on_life(&mut self, now: SimTime, server: ServerId, queue: &mut EventQueue<Event>) {
        if !MORTAL || self.fleet.life(server).due != now {
            return;
        }
        match self.fleet.server(server).state() {
            ServerState::Provisioning => self.has_machine(now, server, queue),
            ServerState::Booting if self.doomed.contains(&server) => self.launch_fails(now, server, queue),
            ServerState::Booting => self.enter(now, server, queue),
            ServerState::Warming => {
                self.fleet.pass(server, now, ServerState::Ready);
                self.retime(now, &[server], queue);
            }
            ServerState::Draining => {
                self.end_all(now, &[server], queue);
                self.bury(now, server, ServerState::Stopped, queue);
            }
            ServerState::Failed => {
                self.withdraw(server);
                let site = Site::Pool(self.fleet.server(server).pool());
                self.note(now, Note { servers: Some(1), ..Note::new(EventKind::Unhealthy, site) });
            }
            ServerState::Ready | ServerState::Stopped => {}
        }
    }

    /// Takes a server into service, at a lower speed first where its pool says so.
    fn enter(&mut self, now: SimTime, server: ServerId, queue: &mut EventQueue<Event>) {
        let pool = self.fleet.server(server).pool();
        let warm = self.releases.restores.get(&server).is_some_and(|restore| restore.warm);
        match self.pools[pool].startup.slow_start.filter(|_| !warm) {
            None => self.fleet.pass(server, now, ServerState::Ready),
            Some(slow) => {
                self.fleet.pass(server, now, ServerState::Warming);
                self.fleet.set_due(server, now + slow.window);
                queue.schedule(now + slow.window, Event::Life(server));
            }
        }
        self.retime(now, &[server], queue);
        self.tell_of_entry(now, pool);
        self.hand_over(now, pool, queue);
        self.fates(now, server, queue);
        let id = self.fleet.server(server).service();
        let service = &mut self.services[id.index()];
        let central = service.central;
        self.members[server.index()].since = now;
        let version = self.members[server.index()].version;
        let position = service.track_of(version).join(self.members[server.index()], 0);
        self.fleet.set_position(server, position);
        if let Some(proxies) = &mut service.proxies {
            proxies.join(self.members[server.index()]);
        }
        if central {
            self.relieve(now, server, queue);
        }
        self.release_entered(now, server, queue);
    }

    /// Counts a server that came into service, and tells when all that were wanted, or at least all that were
    /// on their way, serve.
    fn tell_of_entry(&mut self, now: SimTime, pool: usize) {
        let lacked = self.pools[pool].staff.join(now);
        self.controllers.serving(now, pool, self.pools[pool].staff.serving());
        let state = &mut self.pools[pool];
        state.entered += 1;
        state.coming -= 1;
        let wanted = state.staff.wanted() as usize;
        let (kind, servers, detail) = match lacked {
            Some(lacked) => {
                // In tenths of a second: who reads it wants no more.
                let tenths = (lacked.as_nanos() + 50_000_000) / 100_000_000;
                let lacked = SimDuration::from_nanos(tenths * 100_000_000);
                (EventKind::FullCapacity, wanted, format!("{lacked} after the first was missing"))
            }
            None if state.coming > 0 => return,
            None => {
                let detail = format!("{} of {wanted} wanted serve", state.staff.serving());
                (EventKind::InService, state.entered as usize, detail)
            }
        };
        state.entered = 0;
        self.note(now, Note { servers: Some(servers), detail, ..Note::new(kind, Site::Pool(pool)) });
    }

    /// Lets a server take from the central queue of its service until it is full.
    fn relieve(&mut self, now: SimTime, server: ServerId, queue: &mut EventQueue<Event>) {
        let id = self.fleet.server(server).service();
        while self.fleet.server(server).has_free_slot()
            && let Some(next) = self.fleet.dequeue_central(id, now, &mut self.arena)
        {
            let row = self.arena.get(next).row();
            self.arena.get_mut(next).server = server;
            self.fleet.occupy(server, now);
            self.fleet.take_over(server);
            self.services[id.index()].track.sent(self.fleet.server(server).position());
            self.recorder.dispatched(row);
            self.leave_when_full(server);
            self.start(now, next, server, queue);
        }
    }

    /// Takes a server out of the rotation: nothing new is sent to it.
    pub(super) fn withdraw(&mut self, server: ServerId) {
        let at = self.fleet.server(server);
        if !at.in_rotation() {
            return;
        }
        let dead = at.state() == ServerState::Failed;
        let (id, position) = (at.service(), at.position());
        let service = &mut self.services[id.index()];
        let version = self.members[server.index()].version;
        if let Some(moved) = service.track_of(version).leave(position) {
            self.fleet.set_position(moved, position);
        }
        self.fleet.clear_position(server);
        if let Some(proxies) = &mut service.proxies {
            proxies.leave(server, dead);
        }
    }

    /// Lets a server finish what it has, within the limit of its pool.
    pub(super) fn drain(&mut self, now: SimTime, server: ServerId, queue: &mut EventQueue<Event>) {
        self.withdraw(server);
        self.pools[self.fleet.server(server).pool()].staff.leave(now);
        self.fleet.pass(server, now, ServerState::Draining);
        self.release_left(now, server, queue);
        self.stop_if_idle(now, server, queue);
        if self.fleet.server(server).state() == ServerState::Draining
            && let Some(limit) = self.pools[self.fleet.server(server).pool()].drain
        {
            self.await_transition(now, server, now + limit, queue);
        }
    }

    /// Stops a server that drains and has nothing left.
    #[inline(never)]
    pub(super) fn stop_if_idle(&mut self, now: SimTime, server: ServerId, queue: &mut EventQueue<Event>) {
        let at = self.fleet.server(server);
        if at.state() == ServerState::Draining && at.busy() == 0 && at.waiting() == 0 {
            self.bury(now, server, ServerState::Stopped, queue);
        }
    }

    /// Lets servers fail, with all they have. Where health is checked, balancers learn of it late.
    pub(super) fn fail(&mut self, now: SimTime, servers: &[ServerId], queue: &mut EventQueue<Event>) {
        for &server in servers {
            if self.healths[self.fleet.server(server).service().index()].is_none() {
                self.withdraw(server);
            }
        }
        self.end_all(now, servers, queue);
        for &server in servers {
            let at = self.fleet.server(server);
            let (pool, zone) = (at.pool(), self.members[server.index()].zone);
            self.pools[pool].strike(server, zone);
            if at.state().serves() {
                self.pools[pool].staff.leave(now);
                self.release_left(now, server, queue);
            }
            self.bury(now, server, ServerState::Failed, queue);
            let at = self.fleet.server(server);
            if at.in_rotation()
                && let Some(health) = self.healths[at.service().index()]
            {
                let learnt = health.after(now, health.unhealthy);
                self.fleet.set_due(server, learnt);
                queue.schedule(learnt, Event::Life(server));
            }
        }
    }

    /// Ends all that some servers, which stand in no rotation, have in hand or waiting.
    pub(super) fn end_all(&mut self, now: SimTime, servers: &[ServerId], queue: &mut EventQueue<Event>) {
        for &server in servers {
            while let Some(waiting) = self.fleet.expel(server, now, &mut self.arena) {
                self.tell_balancer(now, waiting, server, Outcome::Failed, queue);
                self.lose(now, waiting, Outcome::Failed);
            }
            if let Some(cpu) = self.fleet.shared_cpu(server) {
                cpu.clear(now);
            }
        }
        for (server, id) in self.in_hand(servers) {
            if self.arena.stay(id).working && self.paces[self.fleet.server(server).pace()].tells_cpu {
                self.fleet.end_work(server, now);
            }
            self.fleet.vacate(server, now);
            self.tell_balancer(now, id, server, Outcome::Failed, queue);
            self.lose(now, id, Outcome::Failed);
        }
    }

    /// Returns who holds a slot of these servers, in the order in which they came: one look at the
    /// arena, however many servers, since no server keeps a list.
    fn in_hand(&self, servers: &[ServerId]) -> Vec<(ServerId, RequestId)> {
        let mut wanted = servers.to_vec();
        wanted.sort_unstable();
        let here =
            self.arena.in_service().filter(|(_, request)| wanted.binary_search(&request.server).is_ok());
        let mut found: Vec<_> = here.map(|(id, r)| (r.server, r.arrived, r.source(), id)).collect();
        found.sort_unstable();
        found.into_iter().map(|(server, _, _, id)| (server, id)).collect()
    }

    /// Lets servers work as fast as their state and the faults upon them allow; what they have in hand
    /// goes on at that speed.
    pub(super) fn retime(&mut self, now: SimTime, servers: &[ServerId], queue: &mut EventQueue<Event>) {
        // By server, in their order: what the time left of its requests is multiplied by.
        let mut changed = Vec::new();
        for &server in servers {
            let (pool, share) = (self.fleet.server(server).pool(), self.share_of_speed(server));
            let before = self.paces[self.fleet.server(server).pace()];
            let pace = self.pace(pool, share);
            self.fleet.set_pace(server, pace as u16);
            if let Some(cpu) = self.fleet.shared_cpu(server) {
                cpu.set_speed(now, self.pools[pool].speed * share);
                plan(cpu.plan(), server, queue);
            } else if self.paces[pace].nanos != before.nanos && self.fleet.server(server).busy() > 0 {
                changed.push((server, self.paces[pace].nanos / before.nanos, before.tells_cpu));
            }
        }
        changed.sort_unstable_by_key(|change| change.0);
        let servers: Vec<ServerId> = changed.iter().map(|change| change.0).collect();
        for (server, id) in self.in_hand(&servers) {
            let stay = self.arena.stay(id);
            let Ok(at) = servers.binary_search(&server) else { continue };
            let (_, change, tells_cpu) = changed[at];
            if stay.working {
                let ends = now + nanos((stay.ends - now).as_nanos() as f64 * change);
                self.arena.set_stay(id, Stay { ends, ..stay });
                let event =
                    if tells_cpu { Event::WorkDone(server, id) } else { Event::Completion(server, id) };
                queue.schedule(ends, event);
            }
        }
    }

    /// Returns which share of its full speed a server works at.
    fn share_of_speed(&self, server: ServerId) -> f64 {
        let at = self.fleet.server(server);
        let warming = at.state() == ServerState::Warming;
        let slow_start = self.pools[at.pool()].startup.slow_start.filter(|_| warming);
        let hit = |(slow, _): &&(Slowed, f64)| match *slow {
            Slowed::Server(slow) => slow == server,
            Slowed::Pool(pool) => pool == at.pool(),
        };
        let slowed: f64 = self.slowed.iter().filter(hit).map(|(_, factor)| 1.0 / factor).product();
        slowed * slow_start.map_or(1.0, |slow| slow.speed)
    }

    /// Returns the pace of a pool's servers at a share of their full speed.
    fn pace(&mut self, pool: usize, share: f64) -> usize {
        if let Some(known) = self.paces.iter().position(|pace| pace.of == (pool, share)) {
            return known;
        }
        let full = self.paces[pool];
        self.paces.push(Pace { nanos: full.nanos / share, of: (pool, share), ..full });
        self.paces.len() - 1
    }
}
