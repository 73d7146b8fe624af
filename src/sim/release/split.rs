//! Traffic that is routed to two versions by weight: each has a balancer of its own, as subsets of a service
//! mesh have.

use crate::balancer::Attempt;
use crate::des::EventQueue;
use crate::ids::{RequestId, RowId, ServiceId};
use crate::rng::uniform_closed_open;
use crate::sim::Event;
use crate::sim::track::Track;
use crate::sim::world::{ServiceState, World};
use crate::time::SimTime;
use crate::workload::Outcome;

/// The servers of a new version, to which a share of the traffic is routed.
#[derive(Debug)]
pub(in crate::sim) struct Canary {
    version: u16,
    /// The share of the traffic.
    weight: f64,
    pub(in crate::sim) track: Track,
}

/// The child of a request's key that decides which version it is routed to: whoever is routed to the new
/// version at one weight is at every larger one.
const ROUTE_CHILD: u64 = 6;

impl ServiceState {
    /// Returns the track of the servers that run a version.
    #[inline]
    pub(in crate::sim) fn track_of(&mut self, version: u16) -> &mut Track {
        match &mut self.canary {
            Some(canary) if canary.version == version => &mut canary.track,
            _ => &mut self.track,
        }
    }
}

impl<const SHARED: bool, const LIMITED: bool, const MORTAL: bool> World<SHARED, LIMITED, MORTAL> {
    /// Routes nothing to a version that comes, until its weight is set.
    pub(super) fn split(&mut self, service: ServiceId, version: u16) {
        let state = &mut self.services[service.index()];
        let bits = state.key.named("canary").child(u64::from(version)).stream();
        let track = Track::new(&state.spec, Default::default(), bits);
        state.canary = Some(Box::new(Canary { version, weight: 0.0, track }));
    }

    /// Routes a share of the traffic to the new version; tells whether that is another share than before.
    pub(super) fn route(&mut self, now: SimTime, release: usize, weight: Option<f64>) -> bool {
        let service = self.releases.plan_of(release).service;
        let Some(weight) = weight else { return false };
        if self.services[service.index()].canary.is_none() {
            // A version that was promoted and is taken back: it has all the traffic.
            self.split(service, self.releases.states[release].previous);
        }
        let version = self.releases.states[release].version;
        let Some(canary) = &mut self.services[service.index()].canary else { return false };
        // Turned round after the promotion, the track that comes is that of the previous version.
        let share = if canary.version == version { weight } else { 1.0 - weight };
        let changed = std::mem::replace(&mut canary.weight, share) != share;
        if changed {
            self.note_exposure(release);
            self.check_clear(now, release);
        }
        changed
    }

    /// Routes nothing to the new version any more, where traffic is routed.
    pub(super) fn route_away(&mut self, now: SimTime, release: usize) {
        let service = self.releases.plan_of(release).service;
        if self.services[service.index()].canary.is_some() {
            self.route(now, release, Some(0.0));
        }
    }

    /// Returns the share of the traffic that is given to the new version of a release: by weight where it is
    /// routed, else by servers in service.
    pub(super) fn share_of_new(&self, release: usize) -> f64 {
        let (plan, state) = (self.releases.plan_of(release), &self.releases.states[release]);
        match &self.services[plan.service.index()].canary {
            Some(canary) if canary.version == state.version => canary.weight,
            Some(canary) => 1.0 - canary.weight,
            None => {
                let pools = self.pools.iter().filter(|pool| pool.service() == plan.service);
                let serving = pools.flat_map(|pool| &pool.standing);
                let serving = serving.filter(|&&server| self.fleet.server(server).state().serves());
                let (mut new, mut all) = (0_u32, 0_u32);
                for server in serving {
                    new += u32::from(self.members[server.index()].version == state.version);
                    all += 1;
                }
                if all == 0 { 0.0 } else { f64::from(new) / f64::from(all) }
            }
        }
    }

    /// Ends the split of a service: whoever has servers has all the traffic.
    pub(super) fn unite(&mut self, service: ServiceId) {
        let state = &mut self.services[service.index()];
        if let Some(canary) = state.canary.take()
            && !canary.track.rotation.is_empty()
        {
            debug_assert!(state.track.rotation.is_empty(), "two versions serve after a rollout");
            state.track = canary.track;
        }
    }

    /// Sends a request to a server of the version that it is routed to.
    #[inline(never)]
    pub(in crate::sim) fn send_by_weight(
        &mut self,
        now: SimTime,
        id: RequestId,
        row: RowId,
        queue: &mut EventQueue<Event>,
    ) {
        let row_state = &self.rows[row.index()];
        let service = &mut self.services[row_state.service.index()];
        let Some(canary) = &mut service.canary else { return };
        let draw = uniform_closed_open(self.arena.get(id).key.child(ROUTE_CHILD).draw(0));
        let track = if draw < canary.weight { &mut canary.track } else { &mut service.track };
        if track.rotation.is_empty() {
            service.no_server += 1;
            return self.lose(now, id, Outcome::Failed);
        }
        let attempt = Attempt { now, key: 0 };
        let position = track.balancer.pick(&attempt, &track.rotation, &mut track.bits).position;
        let server_id = track.rotation.server(position);
        self.arena.get_mut(id).server = server_id;
        if self.fleet.server(server_id).state().is_gone() {
            return self.lose(now, id, Outcome::Failed);
        }
        track.sent(position);
        let door = service.door(&self.rows[row.index()]);
        self.recorder.dispatched(row);
        self.admit(now, id, server_id, door, queue);
    }
}
