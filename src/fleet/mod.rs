//! Servers: slots, CPU, queues, and how much of them is used.
//!
//! A server has slots; a request holds one from its start to its end. Where a server has at
//! least as many cores as slots, every request has a core of its own and its end is known at its
//! start (the c-server queue of theory). Where cores are fewer they are shared ([`SharedCpu`]).
//!
//! Knows no balancer, no event and no randomness: it is told what happens and keeps the account.

mod life;
mod server;
mod shared;
mod usage;

pub use life::Life;
pub use server::{Launch, Server, ServerState, ServerUse};
pub use shared::{Due, SharedCpu};
pub use usage::{ServiceUse, Usage};

use server::{NOWHERE, integral};

use crate::ids::{RequestId, ServerId, ServiceId};
use crate::stats::{Gauge, Peak};
use crate::time::SimTime;
use crate::workload::{Arena, Line};

/// Who of the waiting is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discipline {
    /// Who waited longest.
    Fifo,
    /// Who came last.
    Lifo,
    /// The lowest level first, within a level who waited longest.
    Priority,
}

/// What becomes of a request at a server's door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It holds a slot.
    Slot,
    /// It waits.
    Queued,
    /// It is turned away.
    Full,
}

/// All servers of a run, and the use of them per service.
#[derive(Debug, Default)]
pub struct Fleet {
    servers: Vec<Server>,
    services: Vec<ServiceUse>,
    /// By server; empty unless some server shares its CPU.
    shared: Vec<Option<SharedCpu>>,
    /// By server and level; empty unless some service orders by priority.
    levels: Vec<Vec<Line>>,
    /// By server.
    lives: Vec<Life>,
}

impl Fleet {
    /// Adds a service with `levels` priority levels.
    pub fn add_service(&mut self, discipline: Discipline, levels: usize, tells_cpu: bool) -> ServiceId {
        self.services.push(ServiceUse {
            ordered: Gauge::default(),
            ready: Gauge::default(),
            slots: Gauge::default(),
            on_cpu: Gauge::default(),
            waiting: Gauge::default(),
            peak_slots: Peak::default(),
            peak_queue: Peak::default(),
            discipline,
            central: vec![Line::default(); levels],
            central_waiting: 0,
            tells_cpu,
        });
        ServiceId::new(self.services.len() - 1)
    }

    /// Returns a server.
    #[inline]
    pub fn server(&self, id: ServerId) -> &Server {
        &self.servers[id.index()]
    }

    /// Iterates over all servers in launch order.
    pub fn servers(&self) -> impl Iterator<Item = (ServerId, &Server)> {
        self.servers.iter().enumerate().map(|(index, server)| (ServerId::new(index), server))
    }

    /// Notes a server's place in its rotation.
    #[inline]
    pub fn set_position(&mut self, id: ServerId, position: usize) {
        self.servers[id.index()].position = position as u32;
    }

    /// Notes that a server stands in no rotation.
    pub fn clear_position(&mut self, id: ServerId) {
        self.servers[id.index()].position = NOWHERE;
    }

    /// Lets a request in at a server: into a free slot, else into the queue if fewer than `limit`
    /// wait there.
    #[inline(always)]
    pub fn admit(
        &mut self,
        id: ServerId,
        now: SimTime,
        arena: &mut Arena,
        request: RequestId,
        level: u16,
        limit: u32,
    ) -> Admission {
        let server = &mut self.servers[id.index()];
        server.requests += 1;
        if server.busy < server.slots {
            server.hold(&mut self.services[usize::from(server.service)], now);
            Admission::Slot
        } else if server.waiting < limit {
            self.enqueue(id, now, arena, request, level);
            Admission::Queued
        } else {
            Admission::Full
        }
    }

    #[inline(always)]
    fn enqueue(&mut self, id: ServerId, now: SimTime, arena: &mut Arena, request: RequestId, level: u16) {
        let server = &mut self.servers[id.index()];
        let service = &mut self.services[usize::from(server.service)];
        match service.discipline {
            Discipline::Priority => self.levels[id.index()][usize::from(level)].push_back(arena, request),
            Discipline::Fifo | Discipline::Lifo => server.line.push_back(arena, request),
        }
        server.waiting += 1;
        server.peak_waiting = server.peak_waiting.max(server.waiting);
        service.waiting.increment(now);
        service.peak_queue.raise(u64::from(server.waiting), now);
    }

    /// Passes a slot whose request has ended to the next in the server's queue, or frees it.
    #[inline(always)]
    pub fn pass_on(&mut self, id: ServerId, now: SimTime, arena: &mut Arena) -> Option<RequestId> {
        let next = self.dequeue(id, now, arena);
        if next.is_none() {
            self.vacate(id, now);
        }
        next
    }

    #[inline(always)]
    fn dequeue(&mut self, id: ServerId, now: SimTime, arena: &mut Arena) -> Option<RequestId> {
        let server = &mut self.servers[id.index()];
        if server.waiting == 0 {
            return None;
        }
        let service = &mut self.services[usize::from(server.service)];
        server.waiting -= 1;
        service.waiting.decrement(now);
        match service.discipline {
            Discipline::Fifo => server.line.pop_front(arena),
            Discipline::Lifo => server.line.pop_back(arena),
            Discipline::Priority => pop_first(&mut self.levels[id.index()], arena),
        }
    }

    /// Counts a request that a server takes from the central queue into a slot it still holds.
    pub fn take_over(&mut self, id: ServerId) {
        self.servers[id.index()].requests += 1;
    }

    /// Frees a slot of a server.
    #[inline(always)]
    pub fn vacate(&mut self, id: ServerId, now: SimTime) {
        let server = &mut self.servers[id.index()];
        server.busy -= 1;
        server.busy_moment = server.busy_moment.wrapping_sub(now.as_nanos());
        self.services[usize::from(server.service)].slots.decrement(now);
    }

    /// Notes that a request in hand begins to burn a core of its own.
    #[inline]
    pub fn begin_work(&mut self, id: ServerId, now: SimTime) {
        let server = &mut self.servers[id.index()];
        server.on_cpu += 1;
        server.cpu_moment = server.cpu_moment.wrapping_add(now.as_nanos());
        self.services[usize::from(server.service)].on_cpu.increment(now);
    }

    /// Notes that a request in hand no longer burns a core.
    #[inline]
    pub fn end_work(&mut self, id: ServerId, now: SimTime) {
        let server = &mut self.servers[id.index()];
        server.on_cpu -= 1;
        server.cpu_moment = server.cpu_moment.wrapping_sub(now.as_nanos());
        self.services[usize::from(server.service)].on_cpu.decrement(now);
    }

    /// Lets a request wait in a service's central queue.
    pub fn enqueue_central(
        &mut self,
        id: ServiceId,
        now: SimTime,
        arena: &mut Arena,
        request: RequestId,
        level: u16,
    ) {
        let service = &mut self.services[id.index()];
        service.central[usize::from(level)].push_back(arena, request);
        service.central_waiting += 1;
        service.waiting.increment(now);
        service.peak_queue.raise(u64::from(service.central_waiting), now);
    }

    /// Takes the request that is next in a service's central queue.
    pub fn dequeue_central(&mut self, id: ServiceId, now: SimTime, arena: &mut Arena) -> Option<RequestId> {
        let service = &mut self.services[id.index()];
        let request = match service.discipline {
            Discipline::Lifo => service.central[0].pop_back(arena),
            Discipline::Fifo | Discipline::Priority => pop_first(&mut service.central, arena),
        }?;
        service.central_waiting -= 1;
        service.waiting.decrement(now);
        Some(request)
    }

    /// Takes a waiting request out of its queue: a server's, or the central one where `server`
    /// is `None`.
    pub fn abandon(
        &mut self,
        id: ServiceId,
        server: Option<ServerId>,
        now: SimTime,
        arena: &mut Arena,
        request: RequestId,
        level: u16,
    ) {
        let service = &mut self.services[id.index()];
        service.waiting.decrement(now);
        match server {
            None => {
                service.central_waiting -= 1;
                service.central[usize::from(level)].unlink(arena, request);
            }
            Some(server) => {
                let at = &mut self.servers[server.index()];
                at.waiting -= 1;
                match service.discipline {
                    Discipline::Priority => {
                        self.levels[server.index()][usize::from(level)].unlink(arena, request);
                    }
                    Discipline::Fifo | Discipline::Lifo => at.line.unlink(arena, request),
                }
            }
        }
    }

    /// Returns how many wait in a service's central queue.
    pub fn central_waiting(&self, id: ServiceId) -> u32 {
        self.services[id.index()].central_waiting
    }

    /// Returns the shared CPU of a server, if it has one.
    #[inline]
    pub fn shared_cpu(&mut self, id: ServerId) -> Option<&mut SharedCpu> {
        self.shared.get_mut(id.index())?.as_mut()
    }

    /// Returns the use of a service.
    pub fn service(&self, id: ServiceId) -> &ServiceUse {
        &self.services[id.index()]
    }

    /// Reads the gauges of every service.
    pub fn usage(&self, now: SimTime) -> Vec<Usage> {
        let mut shared = vec![0_u128; self.services.len()];
        for (server, cpu) in self.servers.iter().zip(&self.shared) {
            shared[usize::from(server.service)] += cpu.as_ref().map_or(0, |cpu| cpu.burned(now));
        }
        let read = |(service, shared): (&ServiceUse, u128)| Usage {
            ordered: service.ordered.integral(now),
            ready: service.ready.integral(now),
            slots: service.slots.integral(now),
            cpu_milli: shared + 1_000 * service.dedicated_cpu().integral(now),
            queued: service.waiting.integral(now),
        };
        self.services.iter().zip(shared).map(read).collect()
    }

    /// Reads the account of every server, in launch order.
    pub fn server_use(&self, now: SimTime) -> Vec<ServerUse> {
        (0..self.servers.len()).map(|index| self.use_of(ServerId::new(index), now)).collect()
    }

    /// Returns how many requests of a service are in hand or wait.
    pub fn in_system(&self, id: ServiceId) -> u64 {
        let service = &self.services[id.index()];
        service.slots.count() + service.waiting.count()
    }

    /// Returns the account of one server.
    pub fn use_of(&self, id: ServerId, now: SimTime) -> ServerUse {
        let server = &self.servers[id.index()];
        let slots = integral(server.busy, server.busy_moment, now);
        let dedicated = if self.services[usize::from(server.service)].tells_cpu {
            integral(server.on_cpu, server.cpu_moment, now)
        } else {
            slots
        };
        let shared = self.shared.get(id.index()).and_then(Option::as_ref);
        let cpu_milli = shared.map_or(1_000 * u128::from(dedicated), |cpu| cpu.burned(now));
        ServerUse { requests: server.requests, slots, cpu_milli }
    }

    /// Begins peaks anew: what came before belongs to the warm-up.
    pub fn forget_peaks(&mut self, now: SimTime) {
        for service in &mut self.services {
            service.peak_slots = Peak { value: service.slots.count(), at_ns: now.as_nanos() };
            let central = u64::from(service.central_waiting);
            service.peak_queue = Peak { value: central, at_ns: now.as_nanos() };
        }
        for server in &mut self.servers {
            server.peak_waiting = server.waiting;
            self.services[usize::from(server.service)].peak_queue.raise(u64::from(server.waiting), now);
        }
    }
}

fn pop_first(lines: &mut [Line], arena: &mut Arena) -> Option<RequestId> {
    lines.iter_mut().find_map(|line| line.pop_front(arena))
}

#[cfg(test)]
mod tests;
