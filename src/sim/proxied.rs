//! Services behind proxies: how a request is sent, and what becomes known of it.

use crate::balancer::{Attempt, End};
use crate::des::EventQueue;
use crate::ids::{RequestId, RowId, ServerId, ServiceId};
use crate::sim::Event;
use crate::sim::proxies::{Proxies, Sent};
use crate::sim::world::World;
use crate::time::SimTime;
use crate::workload::Outcome;

impl<const SHARED: bool, const LIMITED: bool, const MORTAL: bool> World<SHARED, LIMITED, MORTAL> {
    /// Returns the proxies of a service that has some.
    pub(super) fn proxies(&mut self, service: ServiceId) -> &mut Proxies {
        self.services[service.index()].proxies.as_mut().expect("only proxies plan such events")
    }

    /// Sends a request through one of the proxies of its service.
    #[inline(never)]
    pub(super) fn send_by_proxy(
        &mut self,
        now: SimTime,
        id: RequestId,
        row: RowId,
        customer: u64,
        queue: &mut EventQueue<Event>,
    ) {
        let service = self.rows[row.index()].service;
        let (attempt, key) = (Attempt { now, key: customer }, self.arena.get(id).key.child(PROXY_CHILD));
        let Some((server, proxy)) = self.proxies(service).pick(&attempt, key) else {
            self.services[service.index()].no_server += 1;
            return self.lose(now, id, Outcome::Failed);
        };
        self.arena.get_mut(id).server = server;
        let at = self.fleet.server(server);
        if at.state().is_gone() {
            return self.lose(now, id, Outcome::Failed);
        }
        let sent = Sent { proxy: proxy as u16, crowd: at.busy() + at.waiting() };
        if self.senders.len() <= id.index() {
            self.senders.resize(id.index() + 1, Sent::default());
        }
        self.senders[id.index()] = sent;
        self.proxies(service).sent(now, service, proxy, server, queue);
        let door = self.services[service.index()].door(&self.rows[row.index()]);
        self.recorder.dispatched(row);
        self.admit(now, id, server, door, queue);
    }

    /// Tells the proxy that sent a request how it ended.
    #[inline(never)]
    pub(super) fn done_by_proxy(
        &mut self,
        now: SimTime,
        server: ServerId,
        id: RequestId,
        arrived: SimTime,
        outcome: Outcome,
        queue: &mut EventQueue<Event>,
    ) {
        let (service, sent) = (self.fleet.server(server).service(), self.senders[id.index()]);
        let end = End { outcome, latency: now - arrived, at: now };
        self.proxies(service).done(service, sent, server, end, queue);
    }

    /// A server has nothing left to do.
    #[inline]
    pub(super) fn tell_of_idle(&mut self, server: ServerId) {
        let at = self.fleet.server(server);
        let (service, idle) = (at.service(), at.busy() == 0);
        if let Some(proxies) = self.services[service.index()].proxies.as_mut().filter(|_| idle) {
            proxies.idle(server);
        }
    }

    /// A question reaches a server, which answers.
    #[inline(never)]
    pub(super) fn on_probe(&mut self, now: SimTime, service: ServiceId, queue: &mut EventQueue<Event>) {
        let Some(server) = self.proxies(service).asked() else { return };
        let at = self.fleet.server(server);
        let in_flight = at.busy() + at.waiting();
        self.proxies(service).answer(now, service, in_flight, queue);
    }
}

/// The child of a request's key that decides which proxy it meets.
const PROXY_CHILD: u64 = 5;
