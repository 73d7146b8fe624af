//! Servers: slots, CPU, queues, and how much of them is used.
//!
//! A server has slots; a request holds one from its start to its end. Where a server has at
//! least as many cores as slots, every request has a core of its own and its end is known at its
//! start (the c-server queue of theory). Where cores are fewer they are shared ([`SharedCpu`]).
//!
//! Knows no balancer, no event and no randomness: it is told what happens and keeps the account.

mod shared;

pub use shared::{Due, SharedCpu};

use crate::ids::{RequestId, ServerId, ServiceId};
use crate::stats::{Gauge, Peak};
use crate::time::SimTime;
use crate::workload::{Arena, Line};

/// Where a server stands in its life. The servers of the start are ready at t = 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerState {
    /// In rotation.
    Ready,
}

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

/// A server: one cache line.
#[derive(Debug)]
#[repr(align(64))]
pub struct Server {
    /// Requests sent to it.
    requests: u64,
    /// Sum of change x instant of `busy`, as in a [`Gauge`], modulo 2^64: slots x duration stays
    /// below by the limits the scenario reader states.
    busy_moment: u64,
    /// The same for `on_cpu`.
    cpu_moment: u64,
    busy: u32,
    slots: u32,
    on_cpu: u32,
    waiting: u32,
    peak_waiting: u32,
    /// Its place in the rotation of its service.
    position: u32,
    line: Line,
    service: u16,
    pool: u16,
    state: ServerState,
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

/// What is fixed about a server when it is launched.
#[derive(Clone, Copy, Debug)]
pub struct Launch {
    /// The service it serves.
    pub service: ServiceId,
    /// Its pool, among all pools of the scenario.
    pub pool: u16,
    /// Requests it takes in hand at once; `None` is unlimited.
    pub slots: Option<u32>,
    /// Its shared CPU: thousandths of a core and speed; `None` where every slot has a core.
    pub shared: Option<(u64, f64)>,
}

/// The use of a service's capacity.
#[derive(Debug)]
pub struct ServiceUse {
    ready: Gauge,
    slots: Gauge,
    /// Requests in a work phase on cores of their own; only where requests also wait off the CPU.
    on_cpu: Gauge,
    waiting: Gauge,
    /// Most slots held at once.
    pub peak_slots: Peak,
    /// Longest queue.
    pub peak_queue: Peak,
    discipline: Discipline,
    /// The lines of a central queue, by level.
    central: Vec<Line>,
    central_waiting: u32,
    /// Whether work and time off the CPU are told apart; otherwise every held slot burns a core.
    tells_cpu: bool,
}

/// What a service's gauges read: integrals since t = 0.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Servers in rotation (server x ns).
    pub ready: u128,
    /// Slots held (slot x ns).
    pub slots: u128,
    /// CPU burned (thousandths of a core x ns).
    pub cpu_milli: u128,
    /// Requests waiting (request x ns).
    pub queued: u128,
}

/// What one server did.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServerUse {
    /// Requests sent to it.
    pub requests: u64,
    /// Slots held (slot x ns).
    pub slots: u64,
    /// CPU burned (thousandths of a core x ns).
    pub cpu_milli: u128,
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
}

impl Fleet {
    /// Adds a service with `levels` priority levels.
    pub fn add_service(&mut self, discipline: Discipline, levels: usize, tells_cpu: bool) -> ServiceId {
        self.services.push(ServiceUse {
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

    /// Launches a server that is ready at once.
    pub fn launch(&mut self, now: SimTime, launch: Launch) -> ServerId {
        let service = &mut self.services[launch.service.index()];
        service.ready.increment(now);
        let id = ServerId::new(self.servers.len());
        if let Some((millicores, speed)) = launch.shared {
            self.shared.resize_with(id.index(), || None);
            self.shared.push(Some(SharedCpu::new(millicores, speed)));
        }
        if service.discipline == Discipline::Priority {
            self.levels.resize_with(id.index(), Vec::new);
            self.levels.push(vec![Line::default(); service.central.len()]);
        }
        self.servers.push(Server {
            requests: 0,
            busy_moment: 0,
            cpu_moment: 0,
            busy: 0,
            slots: launch.slots.unwrap_or(u32::MAX),
            on_cpu: 0,
            waiting: 0,
            peak_waiting: 0,
            position: 0,
            line: Line::default(),
            service: launch.service.index() as u16,
            pool: launch.pool,
            state: ServerState::Ready,
        });
        id
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
            ready: service.ready.integral(now),
            slots: service.slots.integral(now),
            cpu_milli: shared + 1_000 * service.dedicated_cpu().integral(now),
            queued: service.waiting.integral(now),
        };
        self.services.iter().zip(shared).map(read).collect()
    }

    /// Reads the account of every server, in launch order.
    pub fn server_use(&self, now: SimTime) -> Vec<ServerUse> {
        let read = |(index, server): (usize, &Server)| {
            let slots = integral(server.busy, server.busy_moment, now);
            let dedicated = if self.services[usize::from(server.service)].tells_cpu {
                integral(server.on_cpu, server.cpu_moment, now)
            } else {
                slots
            };
            let shared = self.shared.get(index).and_then(Option::as_ref);
            let cpu_milli = shared.map_or(1_000 * u128::from(dedicated), |cpu| cpu.burned(now));
            ServerUse { requests: server.requests, slots, cpu_milli }
        };
        self.servers.iter().enumerate().map(read).collect()
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

impl ServiceUse {
    /// Returns the gauge of requests that burn a core of their own. Where CPUs are shared and
    /// nothing else is told, it stays at zero.
    fn dedicated_cpu(&self) -> &Gauge {
        if self.tells_cpu { &self.on_cpu } else { &self.slots }
    }
}

impl Server {
    #[inline(always)]
    fn hold(&mut self, service: &mut ServiceUse, now: SimTime) {
        self.busy += 1;
        self.busy_moment = self.busy_moment.wrapping_add(now.as_nanos());
        service.slots.increment(now);
        service.peak_slots.raise(service.slots.count(), now);
    }

    /// Tells whether a slot is free.
    #[inline]
    pub fn has_free_slot(&self) -> bool {
        self.busy < self.slots
    }

    /// Returns how many slots are held.
    #[inline]
    pub fn busy(&self) -> u32 {
        self.busy
    }

    /// Returns how many requests wait here.
    #[inline]
    pub fn waiting(&self) -> u32 {
        self.waiting
    }

    /// Returns the longest queue so far.
    pub fn peak_waiting(&self) -> u32 {
        self.peak_waiting
    }

    /// Returns its place in the rotation of its service.
    #[inline]
    pub fn position(&self) -> usize {
        self.position as usize
    }

    /// Returns its service.
    #[inline]
    pub fn service(&self) -> ServiceId {
        ServiceId::new(usize::from(self.service))
    }

    /// Returns its pool, among all pools of the scenario.
    #[inline]
    pub fn pool(&self) -> usize {
        usize::from(self.pool)
    }

    /// Returns where it stands in its life.
    pub fn state(&self) -> ServerState {
        self.state
    }
}

fn pop_first(lines: &mut [Line], arena: &mut Arena) -> Option<RequestId> {
    lines.iter_mut().find_map(|line| line.pop_front(arena))
}

/// The integral of a count from its moment, as [`Gauge::integral`], modulo 2^64.
fn integral(count: u32, moment: u64, now: SimTime) -> u64 {
    u64::from(count).wrapping_mul(now.as_nanos()).wrapping_sub(moment)
}

#[cfg(test)]
mod tests;
