//! What can be added up over requests.

use crate::stats::Histogram;
use crate::workload::Size;

/// What can be added up over requests.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Requests that arrived.
    pub offered: u64,
    /// Requests that ended, in the order of `Outcome::ALL`.
    pub outcomes: [u64; 6],
    /// Attempts sent to a server.
    pub dispatched: u64,
    /// Sum of the latencies of those that completed, in nanoseconds.
    pub latency_sum: u128,
    /// Sum of the sizes of those that arrived, in millionths; only where requests differ in size.
    pub size_sum: u128,
    /// Latencies of those that completed, in nanoseconds.
    pub latency: Histogram,
}

impl Counts {
    /// Adds what another counted.
    pub fn add(&mut self, other: &Self) {
        self.offered += other.offered;
        for (sum, count) in self.outcomes.iter_mut().zip(other.outcomes) {
            *sum += count;
        }
        self.dispatched += other.dispatched;
        self.latency_sum += other.latency_sum;
        self.size_sum += other.size_sum;
        self.latency.merge(&other.latency);
    }

    /// Returns the sum of the sizes of those that arrived, in millionths, also where nobody added them up
    /// because all are of size one.
    pub fn sizes(&self) -> u128 {
        match self.size_sum {
            0 => u128::from(self.offered) * u128::from(Size::ONE.as_micros()),
            sum => sum,
        }
    }

    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        let mut latency = std::mem::take(&mut self.latency);
        latency.clear();
        *self = Self { latency, ..Self::default() };
    }
}
