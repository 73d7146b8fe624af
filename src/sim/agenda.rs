//! The agenda: what happens at times known beforehand, and the log of it.

use crate::des::EventQueue;
use crate::ids::{ServerId, ServiceId};
use crate::results::{EventKind, LogEntry};
use crate::rng::Key;
use crate::scenario::Scenario;
use crate::sim::Event;
use crate::sim::release::Due;
use crate::sim::watch::Watchers;
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
pub(super) enum What {
    /// A pool, among all pools, is to have so many servers.
    Replicas { pool: usize, wanted: u32 },
    /// A fault of the scenario begins.
    Fault(usize),
    /// It is over; `servers` are those it had.
    FaultEnds { fault: usize, servers: Vec<ServerId> },
    /// A launch of a pool, among all pools, failed some time ago.
    Retry { pool: usize },
    /// The quota of a pool has room.
    Reconsider { pool: usize },
    /// A machine is provisioned for the warm pool.
    Warmed { pool: usize },
    /// The first image may be pulled.
    Pulled { pool: usize },
    /// A node may have been empty for as long as it is kept.
    NodeExpires { pool: usize, node: usize },
    /// A cluster autoscaler looks.
    NodeScan(usize),
    /// An operator acts.
    Action(usize),
    /// A server that a process of failures lets fail.
    Breakdown { fault: usize, server: ServerId },
    /// Something about a release.
    Release(Due),
    /// The place of a broken server of a pool, among all pools, is repaired.
    Repaired { fault: usize, pool: usize },
}

/// Where something happens.
#[derive(Clone, Copy, Debug)]
pub(super) enum Site {
    Everywhere,
    Service(ServiceId),
    /// A pool, among all pools.
    Pool(usize),
}

/// What is told of something that happens.
#[derive(Debug)]
pub(super) struct Note<'a> {
    pub(super) kind: EventKind,
    pub(super) site: Site,
    pub(super) name: &'a str,
    pub(super) servers: Option<usize>,
    pub(super) detail: String,
}

impl Note<'_> {
    pub(super) fn new(kind: EventKind, site: Site) -> Self {
        Self { kind, site, name: "", servers: None, detail: String::new() }
    }
}

impl Agenda {
    pub(super) fn new(scenario: &Scenario, watchers: &Watchers) -> Self {
        let mut entries = Vec::new();
        let pools = scenario.services.iter().flat_map(|service| &service.pools).enumerate();
        for (pool, plan) in pools {
            entries.extend(
                plan.schedule.iter().map(|&(at, wanted)| Entry { at, what: What::Replicas { pool, wanted } }),
            );
        }
        let faults = scenario.faults.iter().enumerate();
        entries.extend(faults.map(|(index, fault)| Entry { at: fault.at, what: What::Fault(index) }));
        entries.extend(watchers.appointments().map(|(at, index)| Entry { at, what: What::Action(index) }));
        Self { entries, log: Vec::new() }
    }

    /// Enters everything into the event list.
    pub(super) fn plan(&self, queue: &mut EventQueue<Event>) {
        for (index, entry) in self.entries.iter().enumerate() {
            queue.schedule(entry.at, Event::Agenda(index as u32));
        }
    }

    pub(super) fn add(&mut self, at: SimTime, what: What, queue: &mut EventQueue<Event>) {
        queue.schedule(at, Event::Agenda(self.entries.len() as u32));
        self.entries.push(Entry { at, what });
    }
}

impl<const SHARED: bool, const LIMITED: bool, const MORTAL: bool> World<SHARED, LIMITED, MORTAL> {
    /// An entry of the agenda is due.
    #[inline(never)]
    pub(super) fn on_agenda(&mut self, now: SimTime, entry: u32, queue: &mut EventQueue<Event>) {
        match self.agenda.entries[entry as usize].what.clone() {
            What::Replicas { pool, wanted } => self.on_schedule(now, pool, wanted, queue),
            What::Retry { pool } => self.retry(now, pool, true, queue),
            What::Reconsider { pool } => self.retry(now, pool, false, queue),
            What::Warmed { pool } => self.warmed(pool),
            What::Pulled { pool } => self.pulled(now, pool, queue),
            What::NodeExpires { pool, node } => self.node_expires(now, pool, node),
            What::NodeScan(cluster) => self.scan_nodes(now, cluster, queue),
            What::Action(operator) => self.act(now, operator, queue),
            What::Fault(fault) => self.strike(now, fault, queue),
            What::FaultEnds { fault, servers } => self.relent(now, fault, &servers, queue),
            What::Release(due) => self.on_release(now, due, queue),
            What::Breakdown { fault, server } => self.break_down(now, fault, server, queue),
            What::Repaired { fault, pool } => self.repaired(now, fault, pool, queue),
        }
    }

    /// Writes down what happens. What happens to one server after another at one instant is told once.
    pub(super) fn note(&mut self, now: SimTime, note: Note<'_>) {
        let (service, pool) = match note.site {
            Site::Everywhere => (None, None),
            Site::Service(service) => (Some(service.index()), None),
            Site::Pool(pool) => (Some(self.pools[pool].service().index()), Some(self.pools[pool].ordinal)),
        };
        let entry = LogEntry {
            at_ns: now.as_nanos(),
            kind: note.kind,
            service,
            pool,
            name: note.name.to_owned(),
            servers: note.servers.map(|count| count as u32),
            detail: note.detail,
        };
        if !self.agenda.log.last_mut().is_some_and(|last| joins(last, &entry)) {
            self.agenda.log.push(entry);
        }
    }
}

/// Joins what happens to one server after another at one instant; tells whether it did.
fn joins(last: &mut LogEntry, entry: &LogEntry) -> bool {
    use EventKind::{FullCapacity, InService, LaunchFailed, ServerRestored, Unhealthy};
    if (last.at_ns, last.service, last.pool) != (entry.at_ns, entry.service, entry.pool) {
        return false;
    }
    match (last.kind, entry.kind) {
        (Unhealthy, Unhealthy)
        | (LaunchFailed, LaunchFailed)
        | (InService, InService)
        | (ServerRestored, ServerRestored) => {
            last.servers = last.servers.zip(entry.servers).map(|(before, more)| before + more);
            last.detail.clone_from(&entry.detail);
        }
        // Who completes what was wanted has come into service, too.
        (InService, FullCapacity) => last.clone_from(entry),
        _ => return false,
    }
    true
}

/// Names the randomness of a fault.
pub(super) fn fault_key(key: Key, name: &str) -> Key {
    key.named("fault").named(name)
}
