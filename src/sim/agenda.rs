//! The agenda: what happens at times known beforehand, and the log of it.

use crate::des::EventQueue;
use crate::ids::{ServerId, ServiceId};
use crate::results::LogEntry;
use crate::rng::{Bits, Key, index_below};
use crate::scenario::{FaultKind, Scenario, Victims};
use crate::sim::Event;
use crate::sim::pool::PoolState;
use crate::sim::world::World;
use crate::time::SimTime;

/// What happens at times known beforehand.
#[derive(Debug)]
pub(super) struct Agenda {
    entries: Vec<Entry>,
    /// What happened.
    pub(super) log: Vec<LogEntry>,
}

#[derive(Clone, Debug)]
struct Entry {
    at: SimTime,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    /// A pool, among all pools, is to have so many servers.
    Replicas { pool: usize, wanted: u32 },
    /// Something breaks.
    Fault { kind: FaultKind, key: Key },
    /// A zone is back.
    ZoneBack { zone: u16 },
    /// Servers work at full speed again.
    Cured { servers: Vec<ServerId>, factor: f64 },
}

impl Agenda {
    pub(super) fn new(scenario: &Scenario, key: Key) -> Self {
        let mut entries = Vec::new();
        let pools = scenario.services.iter().flat_map(|service| &service.pools).enumerate();
        for (pool, plan) in pools {
            entries.extend(
                plan.schedule.iter().map(|&(at, wanted)| Entry { at, what: What::Replicas { pool, wanted } }),
            );
        }
        for fault in &scenario.faults {
            let key = key.named("fault").named(&fault.name);
            entries.push(Entry { at: fault.at, what: What::Fault { kind: fault.kind.clone(), key } });
        }
        Self { entries, log: Vec::new() }
    }

    /// Enters everything into the event list.
    pub(super) fn plan(&self, queue: &mut EventQueue<Event>) {
        for (index, entry) in self.entries.iter().enumerate() {
            queue.schedule(entry.at, Event::Agenda(index as u32));
        }
    }

    fn add(&mut self, at: SimTime, what: What, queue: &mut EventQueue<Event>) {
        queue.schedule(at, Event::Agenda(self.entries.len() as u32));
        self.entries.push(Entry { at, what });
    }
}

impl<const SHARED: bool, const LIMITED: bool, const MORTAL: bool> World<SHARED, LIMITED, MORTAL> {
    /// An entry of the agenda is due.
    #[inline(never)]
    pub(super) fn on_agenda(&mut self, now: SimTime, entry: u32, queue: &mut EventQueue<Event>) {
        match self.agenda.entries[entry as usize].what.clone() {
            What::Replicas { pool, wanted } => {
                let before = self.pools[pool].wanted;
                self.resize(now, pool, wanted, queue);
                let service = self.pools[pool].service();
                self.note(now, "replicas", Some(service), format!("{before} -> {wanted}"));
            }
            What::Fault { kind, key } => self.strike(now, &kind, key, queue),
            What::ZoneBack { zone } => self.zone_back(now, zone, queue),
            What::Cured { servers, factor } => {
                for &server in &servers {
                    if let Some(at) = self.slowed.iter().position(|&slow| slow == (server, factor)) {
                        self.slowed.swap_remove(at);
                    }
                    self.retime(now, server, queue);
                }
                let service = self.fleet.server(servers[0]).service();
                self.note(now, "slowEnds", Some(service), format!("{} servers", servers.len()));
            }
        }
    }

    fn strike(&mut self, now: SimTime, kind: &FaultKind, key: Key, queue: &mut EventQueue<Event>) {
        match *kind {
            FaultKind::Crash { service, pool, victims } => {
                let servers = self.choose(service, pool, victims, key);
                self.fail(now, &servers);
                self.note(now, "crash", Some(service), format!("{} servers", servers.len()));
                self.replace(now, queue);
            }
            FaultKind::ZoneOutage { zone, duration } => {
                let there = |id: &ServerId| self.members[id.index()].zone == zone;
                let pools = self.pools.iter().filter(|pool| pool.is_zoned());
                let servers: Vec<ServerId> =
                    pools.flat_map(|pool| &pool.standing).copied().filter(there).collect();
                let zones = self.pools.iter_mut().flat_map(|pool| &mut pool.zones);
                zones.filter(|known| known.id == zone).for_each(|known| known.lost = Some(0));
                self.fail(now, &servers);
                self.note(now, "zoneOutage", None, format!("{} servers", servers.len()));
                self.agenda.add(now + duration, What::ZoneBack { zone }, queue);
            }
            FaultKind::Slow { service, pool, victims, factor, duration } => {
                let servers = self.choose(service, pool, victims, key);
                self.note(now, "slow", Some(service), format!("{} servers, {factor} times", servers.len()));
                if servers.is_empty() {
                    return;
                }
                for &server in &servers {
                    self.slowed.push((server, factor));
                    self.retime(now, server, queue);
                }
                self.agenda.add(now + duration, What::Cured { servers, factor }, queue);
            }
        }
    }

    fn zone_back(&mut self, now: SimTime, zone: u16, queue: &mut EventQueue<Event>) {
        let zones = self.pools.iter_mut().flat_map(|pool| &mut pool.zones);
        zones.filter(|known| known.id == zone).for_each(|known| known.lost = None);
        self.note(now, "zoneBack", None, String::new());
        self.replace(now, queue);
    }

    /// Orders what is missing in any pool.
    fn replace(&mut self, now: SimTime, queue: &mut EventQueue<Event>) {
        for pool in 0..self.pools.len() {
            self.resize(now, pool, self.pools[pool].wanted, queue);
        }
    }

    /// Chooses among the servers in service, each set of that size alike: a partial shuffle.
    fn choose(&self, service: ServiceId, pool: Option<usize>, victims: Victims, key: Key) -> Vec<ServerId> {
        let of =
            |state: &&PoolState| state.service() == service && pool.is_none_or(|pool| pool == state.ordinal);
        let standing = self.pools.iter().filter(of).flat_map(|pool| &pool.standing).copied();
        let mut servers: Vec<ServerId> =
            standing.filter(|&id| self.fleet.server(id).state().serves()).collect();
        let count = match victims {
            Victims::Count(count) => count as usize,
            Victims::Share(share) => (share * servers.len() as f64 + 0.5) as usize,
        };
        let count = count.min(servers.len());
        let mut bits = key.stream();
        for at in 0..count {
            let other = at + index_below((bits.next_bits() >> 32) as u32, servers.len() - at);
            servers.swap(at, other);
        }
        servers.truncate(count);
        servers.sort_unstable();
        servers
    }

    fn note(&mut self, now: SimTime, kind: &str, service: Option<ServiceId>, detail: String) {
        let service = service.map(ServiceId::index);
        self.agenda.log.push(LogEntry { at_ns: now.as_nanos(), kind: kind.to_owned(), service, detail });
    }
}
