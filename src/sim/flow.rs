//! The wiring: what happens to a request, and who is told.

use crate::balancer::Attempt;
use crate::des::{EventQueue, Model};
use crate::fleet::{Admission, Due};
use crate::ids::{RequestId, RowId, ServerId, ServiceId, SourceId};
use crate::sim::Event;
use crate::sim::traffic::{WAIT_CHILD, WORK_DRAW};
use crate::sim::world::{RowState, ServiceState, World};
use crate::time::{SimDuration, SimTime};
use crate::workload::{Outcome, Request, Size, Stay};

impl<const SHARED: bool, const LIMITED: bool, const MORTAL: bool> Model for World<SHARED, LIMITED, MORTAL> {
    type Event = Event;

    #[inline(always)]
    fn handle(&mut self, now: SimTime, event: Event, queue: &mut EventQueue<Event>) {
        match event {
            Event::Completion(server, request) => {
                if !MORTAL || self.arena.ends_at(request, server, now) {
                    self.complete(now, server, request, queue);
                }
            }
            Event::Arrival(source) => self.on_arrival(now, source, queue),
            Event::WorkDone(server, request) => self.on_work_done(now, server, request, queue),
            Event::SharedDue(server) => self.on_shared_due(now, server, queue),
            Event::WaitLimit(service) => self.on_wait_limit(now, service, queue),
            Event::Cut => self.cut(now, queue),
            // Where servers neither come nor go these never happen, and shall cost nothing.
            _ if !MORTAL => {}
            Event::Life(server) => self.on_life(now, server, queue),
            Event::Agenda(entry) => self.on_agenda(now, entry, queue),
            Event::Scrape(pipeline) => self.on_scrape(now, pipeline, queue),
            Event::Sample(watch) => self.on_sample(now, watch, queue),
            Event::Control(controller) => self.on_control(now, controller, queue),
            Event::Signal(service) => self.proxies(service).on_signal(),
            Event::Probe(service) => self.on_probe(now, service, queue),
            Event::Answer(service) => self.proxies(service).on_answer(),
        }
    }
}

impl<const SHARED: bool, const LIMITED: bool, const MORTAL: bool> World<SHARED, LIMITED, MORTAL> {
    #[inline(always)]
    fn on_arrival(&mut self, now: SimTime, id: SourceId, queue: &mut EventQueue<Event>) {
        let source = &mut self.sources[id.index()];
        let incoming = source.take();
        let customer = if MORTAL && self.keyed { source.customer(incoming.key) } else { 0 };
        if let Some(at) = source.next() {
            queue.append(source.lane, at, Event::Arrival(id));
        }
        self.recorder.offered(incoming.row, id, now);
        let row = &self.rows[incoming.row.index()];
        let mut work = row.work.sample(&mut incoming.key.stream_from(WORK_DRAW));
        if self.recorder.sized() {
            self.recorder.offered_size(incoming.row, incoming.size);
            work *= incoming.size.as_micros() as f64 / Size::ONE.as_micros() as f64;
        }
        let request = self.arena.insert(Request::new(incoming.key, now, incoming.row, id, work));
        if MORTAL {
            let service = self.rows[incoming.row.index()].service;
            self.releases.arrived(now, service);
            if self.services[service.index()].proxies.is_some() {
                return self.send_by_proxy(now, request, incoming.row, customer, queue);
            }
            if self.services[service.index()].canary.is_some() {
                return self.send_by_weight(now, request, incoming.row, queue);
            }
        }
        self.send(now, request, incoming.row, queue);
        if MORTAL && self.on_demand {
            let service = self.rows[incoming.row.index()].service;
            self.follow(now, service, queue);
        }
    }

    /// Sends a request to a server of its service.
    #[inline(always)]
    fn send(&mut self, now: SimTime, id: RequestId, row: RowId, queue: &mut EventQueue<Event>) {
        let row_state = &self.rows[row.index()];
        let service = &mut self.services[row_state.service.index()];
        let track = &mut service.track;
        if track.rotation.is_empty() {
            return self.without_server(now, id, row, queue);
        }
        let attempt = Attempt { now, key: 0 };
        let position = track.balancer.pick(&attempt, &track.rotation, &mut track.bits).position;
        let server_id = track.rotation.server(position);
        self.arena.get_mut(id).server = server_id;
        if MORTAL && self.fleet.server(server_id).state().is_gone() {
            return self.lose(now, id, Outcome::Failed);
        }
        track.sent(position);
        let door = service.door(row_state);
        self.recorder.dispatched(row);
        self.admit(now, id, server_id, door, queue);
    }

    /// Lets a request in at the server that was picked for it.
    #[inline(always)]
    pub(super) fn admit(
        &mut self,
        now: SimTime,
        id: RequestId,
        server_id: ServerId,
        door: Door,
        queue: &mut EventQueue<Event>,
    ) {
        match self.fleet.admit(server_id, now, &mut self.arena, id, door.level, door.limit) {
            Admission::Slot => {
                if door.central {
                    self.leave_when_full(server_id);
                }
                self.start(now, id, server_id, queue);
            }
            Admission::Queued => self.limit_wait(now, id, door.service, queue),
            Admission::Full => {
                self.tell_balancer(now, id, server_id, Outcome::Rejected, queue);
                self.lose(now, id, Outcome::Rejected);
            }
        }
    }

    /// No server can be picked: with a central queue the request waits there, otherwise it fails.
    #[cold]
    fn without_server(&mut self, now: SimTime, id: RequestId, row: RowId, queue: &mut EventQueue<Event>) {
        let row = &self.rows[row.index()];
        let (service_id, level) = (row.service, row.level);
        let service = &mut self.services[service_id.index()];
        if !service.central {
            service.no_server += 1;
            self.lose(now, id, Outcome::Failed);
        } else if self.fleet.central_waiting(service_id) < service.limit {
            self.fleet.enqueue_central(service_id, now, &mut self.arena, id, level);
            self.limit_wait(now, id, service_id, queue);
        } else {
            self.lose(now, id, Outcome::Rejected);
        }
    }

    /// Lets a request that begins to wait give up when the service's limit is reached.
    #[inline]
    fn limit_wait(&mut self, now: SimTime, id: RequestId, service: ServiceId, queue: &mut EventQueue<Event>) {
        if !LIMITED {
            return;
        }
        if let Some(patience) = &mut self.services[service.index()].patience {
            let deadline = now + patience.timeout;
            self.arena.set_deadline(id, deadline);
            if patience.deadlines.is_empty() {
                queue.append(patience.lane, deadline, Event::WaitLimit(service));
            }
            patience.deadlines.push_back((deadline, id));
        }
    }

    /// The first deadline of a service has come: the event that stands for the next is appended.
    fn on_wait_limit(&mut self, now: SimTime, service: ServiceId, queue: &mut EventQueue<Event>) {
        let Some(patience) = &mut self.services[service.index()].patience else { return };
        let Some((_, id)) = patience.deadlines.pop_front() else { return };
        if let Some(&(deadline, _)) = patience.deadlines.front() {
            queue.append(patience.lane, deadline, Event::WaitLimit(service));
        }
        self.end_wait(now, service, id, queue);
    }

    /// Ends a request if it still waits in a queue of `service` and its deadline is `now`.
    fn end_wait(&mut self, now: SimTime, service: ServiceId, id: RequestId, queue: &mut EventQueue<Event>) {
        if !self.arena.waits_until(id, now) {
            return;
        }
        let request = *self.arena.get(id);
        let row = &self.rows[request.row().index()];
        // A deadline outlives its request: the slot may have gone to one of a service that sets none.
        if row.service != service {
            return;
        }
        let level = row.level;
        let central = self.services[service.index()].central;
        let server = (!central).then_some(request.server);
        self.fleet.abandon(service, server, now, &mut self.arena, id, level);
        if !central {
            self.tell_balancer(now, id, request.server, Outcome::TimedOut, queue);
        }
        self.lose(now, id, Outcome::TimedOut);
    }

    /// Takes a server behind a central queue out of the rotation if it has no free slot left.
    #[inline(never)]
    pub(super) fn leave_when_full(&mut self, id: ServerId) {
        let server = self.fleet.server(id);
        let service = &mut self.services[server.service().index()];
        if !server.has_free_slot() {
            let position = server.position();
            if let Some(moved) = service.track.leave(position) {
                self.fleet.set_position(moved, position);
            }
            self.fleet.clear_position(id);
        }
    }

    /// Starts a request that holds a slot of `server_id`.
    #[inline(always)]
    pub(super) fn start(
        &mut self,
        now: SimTime,
        id: RequestId,
        server_id: ServerId,
        queue: &mut EventQueue<Event>,
    ) {
        let mut work = self.arena.get(id).work;
        if MORTAL && self.releases.flawed {
            work = self.hampered(now, id, server_id, work);
        }
        if SHARED && let Some(cpu) = self.fleet.shared_cpu(server_id) {
            cpu.start_work(now, id, nanos(work));
            plan(cpu.plan(), server_id, queue);
            return;
        }
        let pace = self.paces[self.fleet.server(server_id).pace()];
        let end = now + nanos(work * pace.nanos);
        if MORTAL {
            self.arena.set_stay(id, Stay { ends: end, working: true });
        }
        if pace.tells_cpu {
            self.fleet.begin_work(server_id, now);
            queue.schedule(end, Event::WorkDone(server_id, id));
        } else {
            queue.schedule(end, Event::Completion(server_id, id));
        }
    }

    /// A request on a core of its own has burned its CPU time.
    fn on_work_done(&mut self, now: SimTime, server: ServerId, id: RequestId, queue: &mut EventQueue<Event>) {
        // A pace that was changed and changed back at one instant leaves two events at the same end.
        if MORTAL && !(self.arena.ends_at(id, server, now) && self.arena.stay(id).working) {
            return;
        }
        self.fleet.end_work(server, now);
        match self.draw_wait(id) {
            Some(wait) => {
                if MORTAL {
                    self.arena.set_stay(id, Stay { ends: now + wait, working: false });
                }
                queue.schedule(now + wait, Event::Completion(server, id));
            }
            None => self.on_completion(now, server, id, queue),
        }
    }

    /// Draws how long a request holds its slot off the CPU, where its class does so at all.
    fn draw_wait(&self, id: RequestId) -> Option<SimDuration> {
        let request = self.arena.get(id);
        let wait = self.rows[request.row().index()].wait.as_ref()?;
        Some(nanos(wait.sample(&mut request.key.child(WAIT_CHILD).stream())))
    }

    fn on_shared_due(&mut self, now: SimTime, server: ServerId, queue: &mut EventQueue<Event>) {
        // An event that another has overtaken is stale.
        let Some(true) = self.fleet.shared_cpu(server).map(|cpu| cpu.claim(now)) else { return };
        while let Some(due) = self.fleet.shared_cpu(server).and_then(|cpu| cpu.take_due(now)) {
            match due {
                Due::Wait(id) => self.on_completion(now, server, id, queue),
                Due::Work(id) => match self.draw_wait(id) {
                    None => self.on_completion(now, server, id, queue),
                    Some(wait) => {
                        if let Some(cpu) = self.fleet.shared_cpu(server) {
                            cpu.start_wait(now, id, wait);
                        }
                    }
                },
            }
        }
        plan(self.fleet.shared_cpu(server).and_then(|cpu| cpu.plan()), server, queue);
    }

    /// [`World::complete`] off the hot path.
    #[inline(never)]
    fn on_completion(
        &mut self,
        now: SimTime,
        server: ServerId,
        id: RequestId,
        queue: &mut EventQueue<Event>,
    ) {
        self.complete(now, server, id, queue);
    }

    /// A request has been served: its slot goes to the next in the queue, or is free.
    #[inline(always)]
    fn complete(&mut self, now: SimTime, server: ServerId, id: RequestId, queue: &mut EventQueue<Event>) {
        let request = self.release(id);
        let at = self.fleet.server(server);
        let (service, position) = (at.service(), at.position());
        let in_rotation = !MORTAL || at.in_rotation();
        let spoilt = MORTAL && self.releases.flawed && self.spoilt(now, id, request, server, queue);
        let outcome = if spoilt || MORTAL && !self.errors.is_empty() && self.errs(service, &request) {
            self.recorder.lost(request.row(), request.source(), request.arrived, now, Outcome::Failed);
            Outcome::Failed
        } else {
            self.recorder.completed(request.row(), request.source(), request.arrived, now);
            Outcome::Completed
        };
        if MORTAL && self.releases.counting {
            self.count_end(now, &request, outcome);
        }
        let state = &mut self.services[service.index()];
        if state.central {
            self.next_from_central(now, server, &request, outcome, queue);
            if MORTAL && self.on_demand {
                self.follow(now, service, queue);
            }
            return;
        }
        let service = state;
        if MORTAL && service.proxies.is_some() {
            self.done_by_proxy(now, server, id, request.arrived, outcome, queue);
        } else if in_rotation {
            let track = if MORTAL {
                service.track_of(self.members[server.index()].version)
            } else {
                &mut service.track
            };
            track.done(position, &request, now, outcome);
        }
        match self.fleet.pass_on(server, now, &mut self.arena) {
            Some(next) => self.start(now, next, server, queue),
            None if in_rotation => {
                if MORTAL {
                    self.tell_of_idle(server);
                }
            }
            None => self.stop_if_idle(now, server, queue),
        }
    }

    /// A slot behind a central queue is free.
    #[inline(never)]
    fn next_from_central(
        &mut self,
        now: SimTime,
        id: ServerId,
        request: &Request,
        outcome: Outcome,
        queue: &mut EventQueue<Event>,
    ) {
        let server = self.fleet.server(id);
        let service_id = server.service();
        if MORTAL && !server.state().serves() {
            self.fleet.vacate(id, now);
            return self.stop_if_idle(now, id, queue);
        }
        let was_full = !server.has_free_slot();
        if let Some(next) = self.fleet.dequeue_central(service_id, now, &mut self.arena) {
            let row = self.arena.get(next).row();
            self.arena.get_mut(next).server = id;
            self.fleet.take_over(id);
            self.recorder.dispatched(row);
            return self.start(now, next, id, queue);
        }
        self.fleet.vacate(id, now);
        let service = &mut self.services[service_id.index()];
        let server = self.fleet.server(id);
        if was_full {
            let position = service.track.join(self.members[id.index()], server.busy());
            self.fleet.set_position(id, position);
        } else {
            let position = server.position();
            service.track.done(position, request, now, outcome);
        }
    }

    /// Tells a balancer that an attempt ended without being served.
    pub(super) fn tell_balancer(
        &mut self,
        now: SimTime,
        id: RequestId,
        server_id: ServerId,
        outcome: Outcome,
        queue: &mut EventQueue<Event>,
    ) {
        let server = self.fleet.server(server_id);
        if MORTAL && self.services[server.service().index()].proxies.is_some() {
            let arrived = self.arena.get(id).arrived;
            return self.done_by_proxy(now, server_id, id, arrived, outcome, queue);
        }
        if MORTAL && !server.in_rotation() {
            return;
        }
        let service = &mut self.services[server.service().index()];
        let position = server.position();
        let track = if MORTAL {
            service.track_of(self.members[server_id.index()].version)
        } else {
            &mut service.track
        };
        track.done(position, self.arena.get(id), now, outcome);
    }

    /// Takes a request that has ended out of the arena.
    #[inline(always)]
    fn release(&mut self, id: RequestId) -> Request {
        if MORTAL {
            self.arena.set_stay(id, Stay::NONE);
        }
        self.arena.remove(id)
    }

    /// Ends a request that is not served.
    pub(super) fn lose(&mut self, now: SimTime, id: RequestId, outcome: Outcome) {
        let request = self.release(id);
        if MORTAL && self.releases.counting {
            self.was_refused(id);
            self.count_end(now, &request, outcome);
        }
        self.recorder.lost(request.row(), request.source(), request.arrived, now, outcome);
    }
}

/// What a request meets at a server of its service; looked up once.
#[derive(Clone, Copy)]
pub(super) struct Door {
    service: ServiceId,
    level: u16,
    limit: u32,
    central: bool,
}

impl ServiceState {
    /// Returns what a request of a row meets.
    #[inline(always)]
    pub(super) fn door(&self, row: &RowState) -> Door {
        Door { service: row.service, level: row.level, limit: self.limit, central: self.central }
    }
}

pub(super) fn plan(at: Option<SimTime>, server: ServerId, queue: &mut EventQueue<Event>) {
    if let Some(at) = at {
        queue.schedule(at, Event::SharedDue(server));
    }
}

/// Rounds a non-negative number of nanoseconds to nearest.
#[inline]
pub(super) fn nanos(value: f64) -> SimDuration {
    SimDuration::from_nanos((value + 0.5) as i64 as u64)
}
