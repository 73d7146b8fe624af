//! A balancer with the servers that it picks from.

use crate::balancer::{Balancer, BalancerSpec, End, Member, Rotation};
use crate::ids::ServerId;
use crate::rng::Stream;
use crate::time::SimTime;
use crate::workload::{Outcome, Request};

/// A balancer and its rotation.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) balancer: Box<dyn Balancer>,
    /// Whether the balancer wants to know when attempts begin and end.
    told: bool,
    pub(super) bits: Stream,
    /// The servers the balancer may pick: those in rotation or, with a central queue, those of
    /// them that have a free slot.
    pub(super) rotation: Rotation,
}

impl Track {
    /// Begins with the servers of a rotation.
    pub(super) fn new(spec: &BalancerSpec, rotation: Rotation, bits: Stream) -> Self {
        let mut balancer = spec.build();
        balancer.on_membership(&rotation);
        Self { told: balancer.follows_attempts(), balancer, bits, rotation }
    }

    /// Lets another balancer pick among the same servers.
    pub(super) fn exchange(&mut self, spec: &BalancerSpec) {
        self.balancer = spec.build();
        self.told = self.balancer.follows_attempts();
        self.balancer.on_membership(&self.rotation);
    }

    /// Takes a server in, with what it has in flight; returns its place.
    pub(super) fn join(&mut self, member: Member, in_flight: u32) -> usize {
        let position = self.rotation.join(member, in_flight);
        self.balancer.on_join(position, &self.rotation);
        position
    }

    /// Takes the server at a place out; returns who stands there now, if anyone.
    pub(super) fn leave(&mut self, position: usize) -> Option<ServerId> {
        let moved = self.rotation.leave(position);
        self.balancer.on_leave(position, moved, &self.rotation);
        moved
    }

    /// Counts an attempt sent to a place of the rotation.
    #[inline(always)]
    pub(super) fn sent(&mut self, position: usize) {
        self.rotation.sent(position);
        if self.told {
            self.balancer.on_sent(position, &self.rotation);
        }
    }

    /// Counts an attempt that ended at a place of the rotation.
    #[inline(always)]
    pub(super) fn done(&mut self, position: usize, request: &Request, now: SimTime, outcome: Outcome) {
        self.rotation.done(position);
        if self.told {
            let end = End { outcome, latency: now - request.arrived, at: now };
            self.balancer.on_done(position, end, &self.rotation);
        }
    }
}
