//! The servers in rotation, as a balancer sees them.

use crate::ids::ServerId;
use crate::time::SimTime;

/// What is fixed about a server in rotation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Member {
    /// The server, by its launch ordinal.
    pub server: ServerId,
    /// Its launch ordinal within the service: what it is hashed by.
    pub nth: u32,
    /// Its pool within the service.
    pub pool: u16,
    /// Its zone.
    pub zone: u16,
    /// The version it runs.
    pub version: u16,
    /// Its weight; capacity unless the scenario says otherwise.
    pub weight: f64,
    /// When it came into service.
    pub since: SimTime,
}

/// The servers in rotation, dense, with this balancer's own counts in flight.
///
/// A place is an index into it. Who leaves is replaced by the last, so places move; the launch
/// ordinal of a server does not.
#[derive(Debug, Default)]
pub struct Rotation {
    members: Vec<Member>,
    in_flight: Vec<u32>,
}

impl Rotation {
    /// Returns how many servers are in rotation.
    #[inline]
    pub fn len(&self) -> usize {
        self.in_flight.len()
    }

    /// Tells whether no server is in rotation.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.in_flight.is_empty()
    }

    /// Returns the server at a place.
    #[inline]
    pub fn server(&self, position: usize) -> ServerId {
        self.members[position].server
    }

    /// Returns all servers, by place.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Returns the attempts in flight, by place.
    #[inline]
    pub fn in_flight(&self) -> &[u32] {
        &self.in_flight
    }

    /// Takes a server in, with what it has in flight, and returns its place.
    pub fn join(&mut self, member: Member, in_flight: u32) -> usize {
        self.members.push(member);
        self.in_flight.push(in_flight);
        self.members.len() - 1
    }

    /// Notes that the server at a place runs another version.
    pub fn reversion(&mut self, position: usize, version: u16) {
        self.members[position].version = version;
    }

    /// Takes a server out and returns the one that now stands in its place, if any.
    pub fn leave(&mut self, position: usize) -> Option<ServerId> {
        self.members.swap_remove(position);
        self.in_flight.swap_remove(position);
        self.members.get(position).map(|member| member.server)
    }

    /// Counts an attempt sent to a place.
    #[inline]
    pub fn sent(&mut self, position: usize) {
        self.in_flight[position] += 1;
    }

    /// Counts an attempt at a place that ended.
    #[inline]
    pub fn done(&mut self, position: usize) {
        self.in_flight[position] -= 1;
    }
}
