//! One server: its slots, its own queue, its account.

use super::ServiceUse;
use crate::ids::ServiceId;
use crate::time::SimTime;
use crate::workload::Line;

/// Where a server stands in its life; the states follow one another in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServerState {
    /// Ordered; no machine yet.
    Provisioning,
    /// A machine that starts.
    Booting,
    /// In service, and slower than it will be.
    Warming,
    /// In service.
    Ready,
    /// Finishes what it has, and takes nothing new.
    Draining,
    /// Gone, as it was meant to.
    Stopped,
    /// Gone, with all it had.
    Failed,
}

impl ServerState {
    /// Tells whether requests may be sent to it.
    #[inline]
    pub fn serves(self) -> bool {
        matches!(self, Self::Warming | Self::Ready)
    }

    /// Tells whether it has been ordered and is not in service yet.
    pub fn is_coming(self) -> bool {
        self < Self::Warming
    }

    /// Tells whether it is gone.
    pub fn is_gone(self) -> bool {
        self >= Self::Stopped
    }
}

/// The place of a server that stands in no rotation.
pub(super) const NOWHERE: u32 = u32::MAX;

/// What is fixed about a server when it is launched.
#[derive(Clone, Copy, Debug)]
pub struct Launch {
    /// The service it serves.
    pub service: ServiceId,
    /// Its pool, among all pools of the scenario.
    pub pool: u16,
    /// How fast it works, see [`Server::pace`].
    pub pace: u16,
    /// Requests it takes in hand at once; `None` is unlimited.
    pub slots: Option<u32>,
    /// Its shared CPU: thousandths of a core and speed; `None` where every slot has a core.
    pub shared: Option<(u64, f64)>,
}

/// A server: one cache line.
#[derive(Debug)]
#[repr(align(64))]
pub struct Server {
    /// Requests sent to it.
    pub(super) requests: u64,
    /// Sum of change x instant of `busy`, as in a [`Gauge`], modulo 2^64: slots x duration stays
    /// below by the limits the scenario reader states.
    pub(super) busy_moment: u64,
    /// The same for `on_cpu`.
    pub(super) cpu_moment: u64,
    pub(super) busy: u32,
    pub(super) slots: u32,
    pub(super) on_cpu: u32,
    pub(super) waiting: u32,
    pub(super) peak_waiting: u32,
    /// Its place in the rotation of its service.
    pub(super) position: u32,
    pub(super) line: Line,
    pub(super) service: u16,
    pub(super) pool: u16,
    /// Names how fast it works, in a table of the caller's.
    pub(super) pace: u16,
    pub(super) state: ServerState,
}

impl Server {
    #[inline(always)]
    pub(super) fn hold(&mut self, service: &mut ServiceUse, now: SimTime) {
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

    /// Returns how many requests were sent to it.
    pub fn requests(&self) -> u64 {
        self.requests
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

    /// Returns its place in the rotation of its service; meaningless where it stands in none.
    #[inline]
    pub fn position(&self) -> usize {
        self.position as usize
    }

    /// Tells whether it stands in the rotation of its service.
    #[inline]
    pub fn in_rotation(&self) -> bool {
        self.position != NOWHERE
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

    /// Returns the name of how fast it works, in the table of whoever launched it.
    #[inline]
    pub fn pace(&self) -> usize {
        usize::from(self.pace)
    }

    /// Returns where it stands in its life.
    pub fn state(&self) -> ServerState {
        self.state
    }
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

/// The integral of a count from its moment, as [`Gauge::integral`], modulo 2^64.
pub(super) fn integral(count: u32, moment: u64, now: SimTime) -> u64 {
    u64::from(count).wrapping_mul(now.as_nanos()).wrapping_sub(moment)
}
