//! From the order of a server to its end.
//!
//! Knows no delay and no policy: it is told when a server passes from one state to the next.

use super::server::NOWHERE;
use super::{Discipline, Fleet, Launch, Server, ServerState, SharedCpu};
use crate::ids::{RequestId, ServerId};
use crate::time::SimTime;
use crate::workload::{Arena, Line};

/// When a server passed from state to state; `None` for what has not happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// Its order.
    pub ordered: SimTime,
    /// It began to boot.
    pub started: Option<SimTime>,
    /// It came into service.
    pub ready: Option<SimTime>,
    /// It left service: it began to drain, or failed.
    pub left: Option<SimTime>,
    /// It stopped, or failed.
    pub gone: Option<SimTime>,
    /// Its next transition; an event at any other instant is stale.
    pub due: SimTime,
}

impl Fleet {
    /// Orders a server: it is there from now on, and serves nobody yet.
    pub fn order(&mut self, now: SimTime, launch: Launch) -> ServerId {
        let service = &mut self.services[launch.service.index()];
        service.ordered.increment(now);
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
            position: NOWHERE,
            line: Line::default(),
            service: launch.service.index() as u16,
            pool: launch.pool,
            pace: launch.pace,
            state: ServerState::Provisioning,
        });
        self.lives.push(Life {
            ordered: now,
            started: None,
            ready: None,
            left: None,
            gone: None,
            due: SimTime::MAX,
        });
        id
    }

    /// Orders a server that serves at once.
    pub fn launch(&mut self, now: SimTime, launch: Launch) -> ServerId {
        let id = self.order(now, launch);
        self.pass(id, now, ServerState::Ready);
        id
    }

    /// Lets a server pass to a later state, and keeps its life and the gauges of its service.
    pub fn pass(&mut self, id: ServerId, now: SimTime, state: ServerState) {
        let (server, life) = (&mut self.servers[id.index()], &mut self.lives[id.index()]);
        debug_assert!(server.state < state, "a server goes from {:?} to {state:?}", server.state);
        let service = &mut self.services[usize::from(server.service)];
        match (server.state.serves(), state.serves()) {
            (false, true) => {
                service.ready.increment(now);
                life.ready = Some(now);
            }
            (true, false) => {
                service.ready.decrement(now);
                life.left = Some(now);
            }
            _ => {}
        }
        if state == ServerState::Booting {
            life.started = Some(now);
        }
        if state.is_gone() {
            service.ordered.decrement(now);
            life.gone = Some(now);
        }
        life.due = SimTime::MAX;
        server.state = state;
    }

    /// Holds a slot of a server, as an admission to one with a free slot does, but counts no request.
    pub fn occupy(&mut self, id: ServerId, now: SimTime) {
        let server = &mut self.servers[id.index()];
        debug_assert!(server.has_free_slot(), "a full server takes another request");
        server.hold(&mut self.services[usize::from(server.service)], now);
    }

    /// Sets the instant of a server's next transition.
    pub fn set_due(&mut self, id: ServerId, due: SimTime) {
        self.lives[id.index()].due = due;
    }

    /// Returns a server's life.
    pub fn life(&self, id: ServerId) -> &Life {
        &self.lives[id.index()]
    }

    /// Takes the next of those who wait at a server, without giving them its slot.
    pub fn expel(&mut self, id: ServerId, now: SimTime, arena: &mut Arena) -> Option<RequestId> {
        self.dequeue(id, now, arena)
    }

    /// Sets how fast a server works from now on.
    pub fn set_pace(&mut self, id: ServerId, pace: u16) {
        self.servers[id.index()].pace = pace;
    }
}
