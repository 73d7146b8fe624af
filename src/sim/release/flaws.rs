//! Defects in a run: what requests meet at servers of a faulty version.

use crate::des::EventQueue;
use crate::ids::{RequestId, ServerId, ServiceId};
use crate::release::defect;
use crate::results::EventKind;
use crate::rng::{Key, uniform_closed_open};
use crate::scenario::Flaw;
use crate::sim::Event;
use crate::sim::agenda::{Note, Site, What};
use crate::sim::release::{Due, Releases};
use crate::sim::world::World;
use crate::time::{NANOS_PER_SEC, SimTime};
use crate::workload::Request;

/// What is kept of a server that runs a faulty version.
#[derive(Clone, Copy, Debug)]
pub(super) struct Host {
    since: SimTime,
    served: u64,
}

/// Requests that arrive at a service, second by second.
#[derive(Debug, Default)]
pub(super) struct Load {
    second: u64,
    count: u64,
    /// In the second before.
    before: u64,
}

impl Load {
    fn advance(&mut self, now: SimTime) {
        let second = now.as_nanos() / NANOS_PER_SEC;
        if second != self.second {
            self.before = if second == self.second + 1 { self.count } else { 0 };
            (self.second, self.count) = (second, 0);
        }
    }

    /// Returns how many arrived in the last whole second.
    fn rate(&mut self, now: SimTime) -> f64 {
        self.advance(now);
        self.before as f64
    }
}

/// What a request met: one answer of all defects of a version.
struct Met<'a> {
    flaws: &'a [Flaw],
    host: defect::Host,
    request: Request,
    key: Key,
    /// Which of the defects hit it.
    hit: Vec<bool>,
}

impl Met<'_> {
    /// Returns the defects that hit, with what names their draws: the same whatever the server.
    fn hits(&self) -> impl Iterator<Item = (&Flaw, Key)> {
        let own = self.request.key.draw(u64::MAX);
        let hits = self.flaws.iter().zip(&self.hit).filter(|(_, hit)| **hit);
        hits.map(move |(flaw, _)| (flaw, self.key.named(&flaw.kind).child(own)))
    }
}

impl Releases {
    /// Counts a request that arrives at a service, where a defect goes by the load.
    #[inline]
    pub(in crate::sim) fn arrived(&mut self, now: SimTime, service: ServiceId) {
        if let Some(load) = self.services.get_mut(service.index()).and_then(|own| own.load.as_mut()) {
            load.advance(now);
            load.count += 1;
        }
    }
}

impl<const SHARED: bool, const LIMITED: bool, const MORTAL: bool> World<SHARED, LIMITED, MORTAL> {
    /// A server runs a version from now on: in service with it, or changed where it stands.
    pub(super) fn runs_version(
        &mut self,
        now: SimTime,
        release: usize,
        server: ServerId,
        queue: &mut EventQueue<Event>,
    ) {
        let version = self.members[server.index()].version;
        let state = &mut self.releases.states[release];
        if version != state.version {
            return;
        }
        state.servers.push(server);
        if let Some(ledger) = &mut state.ledger {
            ledger.new_ready.increment(now);
        }
        if !state.faulty {
            return;
        }
        self.releases.flawed = true;
        if self.releases.hosts.len() <= server.index() {
            self.releases.hosts.resize(server.index() + 1, None);
        }
        self.releases.hosts[server.index()] = Some(Host { since: now, served: 0 });
        let key = state.key.named("crash").child(u64::from(self.members[server.index()].nth));
        let flaws = self.releases.plan_of(release).defects.iter();
        let hit = flaws.filter(|flaw| self.hits_server(release, flaw, server));
        let lives = hit.filter_map(|flaw| flaw.defect.lifetime(key.named(&flaw.kind)));
        if let Some(life) = lives.min() {
            self.agenda.add(now + life, What::Release(Due::Crash(server, version)), queue);
        }
    }

    /// A server no longer runs its version: it left service, or was changed where it stands.
    pub(super) fn leaves_version(&mut self, now: SimTime, release: usize, server: ServerId) {
        let state = &mut self.releases.states[release];
        if self.members[server.index()].version == state.version
            && let Some(ledger) = &mut state.ledger
        {
            ledger.new_ready.decrement(now);
        }
    }

    /// Tells whether a defect is one of a server: whole servers have it or not.
    fn hits_server(&self, release: usize, flaw: &Flaw, server: ServerId) -> bool {
        let Some(share) = flaw.defect.scope().servers else { return true };
        let nth = u64::from(self.members[server.index()].nth);
        let key = self.releases.states[release].key.named("servers").named(&flaw.kind);
        uniform_closed_open(key.child(nth).draw(0)) < share
    }

    /// Returns what a request meets at a server, where that runs a faulty version.
    fn meet(&mut self, now: SimTime, request: Request, server: ServerId, itself: u32) -> Option<Met<'_>> {
        let release = usize::from(self.members[server.index()].version.checked_sub(1)?);
        let host = (*self.releases.hosts.get(server.index())?)?;
        let service = self.fleet.server(server).service();
        let load = self.releases.services[service.index()].load.as_mut().map_or(0.0, |load| load.rate(now));
        let class = self.classes[request.row().index()];
        let flaws = &self.releases.plan_of(release).defects;
        let hit = |flaw: &Flaw| {
            let scope = flaw.defect.scope();
            flaw.class.is_none_or(|only| only == class)
                && scope.above_load.is_none_or(|above| load > above)
                && self.hits_server(release, flaw, server)
        };
        Some(Met {
            hit: flaws.iter().map(hit).collect(),
            flaws,
            host: defect::Host {
                age: now - host.since,
                served: host.served,
                in_hand: self.fleet.server(server).busy() - itself,
            },
            request,
            key: self.releases.states[release].key,
        })
    }

    /// Returns the work of a request that begins, as the defects of its server's version make it.
    #[inline(never)]
    pub(in crate::sim) fn hampered(
        &mut self,
        now: SimTime,
        id: RequestId,
        server: ServerId,
        work: f64,
    ) -> f64 {
        let request = *self.arena.get(id);
        let Some(met) = self.meet(now, request, server, 1) else { return work };
        let slowness: f64 = met.hits().map(|(flaw, _)| flaw.defect.slowness(&met.host)).product();
        let refused = met.hits().any(|(flaw, key)| flaw.defect.refuses(&met.host, key));
        if let Some(Some(host)) = self.releases.hosts.get_mut(server.index()) {
            host.served += 1;
        }
        if refused {
            // It fails at once, with the slot it has just been given.
            self.releases.refused.insert(id);
            return 0.0;
        }
        work * slowness
    }

    /// Forgets that a request was refused; tells whether it was.
    #[inline]
    pub(in crate::sim) fn was_refused(&mut self, id: RequestId) -> bool {
        !self.releases.refused.is_empty() && self.releases.refused.remove(&id)
    }

    /// Tells whether a request that has been served fails through a defect; its server may crash.
    #[inline(never)]
    pub(in crate::sim) fn spoilt(
        &mut self,
        now: SimTime,
        id: RequestId,
        request: Request,
        server: ServerId,
        queue: &mut EventQueue<Event>,
    ) -> bool {
        let refused = self.was_refused(id);
        let Some(met) = self.meet(now, request, server, 1) else { return refused };
        let fails = met.hits().any(|(flaw, key)| flaw.defect.fails(&met.host, key));
        let crashes = met.hits().any(|(flaw, key)| flaw.defect.crashes(&met.host, key));
        if crashes {
            // At the same instant, after everything that ends now.
            let version = self.members[server.index()].version;
            self.agenda.add(now, What::Release(Due::Crash(server, version)), queue);
        }
        refused || fails || crashes
    }

    /// A defect lets a server crash, if it still serves with that version; another is ordered.
    pub(super) fn on_crash(
        &mut self,
        now: SimTime,
        server: ServerId,
        version: u16,
        queue: &mut EventQueue<Event>,
    ) {
        let at = self.fleet.server(server);
        if !at.state().serves() || self.members[server.index()].version != version {
            return;
        }
        let pool = at.pool();
        let name = self.releases.states[usize::from(version) - 1].name.clone();
        let note = Note { name: &name, servers: Some(1), ..Note::new(EventKind::Crash, Site::Pool(pool)) };
        self.note(now, note);
        self.fail(now, &[server], queue);
        self.resize(now, pool, self.pools[pool].staff.wanted(), queue);
    }
}
