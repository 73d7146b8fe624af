//! The use of a service's capacity, as gauges.

use super::Discipline;
use crate::stats::{Gauge, Peak};
use crate::workload::Line;

/// The use of a service's capacity.
#[derive(Debug)]
pub struct ServiceUse {
    /// Servers from their order to their end.
    pub(super) ordered: Gauge,
    /// Servers in service.
    pub(super) ready: Gauge,
    pub(super) slots: Gauge,
    /// Requests in a work phase on cores of their own; only where requests also wait off the CPU.
    pub(super) on_cpu: Gauge,
    pub(super) waiting: Gauge,
    /// Most slots held at once.
    pub peak_slots: Peak,
    /// Longest queue.
    pub peak_queue: Peak,
    pub(super) discipline: Discipline,
    /// The lines of a central queue, by level.
    pub(super) central: Vec<Line>,
    pub(super) central_waiting: u32,
    /// Whether work and time off the CPU are told apart; otherwise every held slot burns a core.
    pub(super) tells_cpu: bool,
}

impl ServiceUse {
    /// Returns servers in service, integrated since t = 0 (server x ns).
    pub fn ready_integral(&self, now: crate::time::SimTime) -> u128 {
        self.ready.integral(now)
    }
}

/// What a service's gauges read: integrals since t = 0.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Servers from their order to their end (server x ns).
    pub ordered: u128,
    /// Servers in service (server x ns).
    pub ready: u128,
    /// Slots held (slot x ns).
    pub slots: u128,
    /// CPU burned (thousandths of a core x ns).
    pub cpu_milli: u128,
    /// Requests waiting (request x ns).
    pub queued: u128,
}

impl ServiceUse {
    /// Returns the gauge of requests that burn a core of their own. Where CPUs are shared and
    /// nothing else is told, it stays at zero.
    pub(super) fn dedicated_cpu(&self) -> &Gauge {
        if self.tells_cpu { &self.on_cpu } else { &self.slots }
    }
}
