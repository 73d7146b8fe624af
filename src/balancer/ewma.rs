//! Moving averages of response times that are sensitive to peaks, in Tower's and in Finagle's form.
//!
//! Both jump up to a worse response time at once and forget it over the decay; both cost the average times
//! the requests in flight and one more. They differ in what they think of a server without a history and of
//! one that answered at the very instant of a peak. Lengths are nanoseconds. Knows no servers.

use crate::time::{SimDuration, SimTime};

/// How much of an average remains: e^(-elapsed / decay).
fn remaining(elapsed: SimDuration, decay: SimDuration) -> f64 {
    libm::exp(-(elapsed.as_nanos() as f64) / decay.as_nanos() as f64)
}

fn since(earlier: SimTime, now: SimTime) -> SimDuration {
    SimDuration::from_nanos(now.as_nanos().saturating_sub(earlier.as_nanos()))
}

/// The estimate of Tower, and with it of Linkerd (tower/src/load/peak_ewma.rs, commit 8358ee71).
///
/// A worse response time becomes the estimate; with d = e^(-elapsed / decay) any other makes it
/// estimate x d + response x (1 - d).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tower {
    estimate: f64,
    updated: SimTime,
}

impl Tower {
    /// Begins with what a server without a history is thought to take.
    pub fn new(default_rtt: SimDuration, now: SimTime) -> Self {
        Self { estimate: default_rtt.as_nanos() as f64, updated: now }
    }

    /// Learns a response time.
    pub fn observe(&mut self, now: SimTime, rtt: SimDuration, decay: SimDuration) {
        let rtt = rtt.as_nanos() as f64;
        self.estimate = if self.estimate < rtt {
            rtt
        } else {
            let d = remaining(since(self.updated, now), decay);
            self.estimate * d + rtt * (1.0 - d)
        };
        self.updated = now;
    }

    /// Returns the cost of a server with so many requests in flight, after a response time of zero: reading
    /// is forgetting.
    pub fn load(&mut self, now: SimTime, pending: u32, decay: SimDuration) -> f64 {
        self.observe(now, SimDuration::ZERO, decay);
        self.estimate * (f64::from(pending) + 1.0)
    }
}

/// The metric of Finagle (`PeakEwma.scala` and `Ema.scala`, commit 4feb34cb).
///
/// A worse response time erases the average, which then begins anew with it. A server that has no history
/// but requests in flight costs 2^47 - 1 (`Long.MaxValue >> 16`) and those requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finagle {
    average: f64,
    /// The last value that went into the average; `None` before the first.
    updated: Option<SimTime>,
}

impl Default for Finagle {
    fn default() -> Self {
        Self { average: 0.0, updated: None }
    }
}

/// What a server without a history costs while it has requests in flight.
const PENALTY: f64 = ((1_u64 << 47) - 1) as f64;

impl Finagle {
    /// Learns a response time.
    pub fn observe(&mut self, now: SimTime, rtt: SimDuration, decay: SimDuration) {
        let rtt = rtt.as_nanos() as f64;
        if rtt > self.average {
            self.updated = None;
        }
        self.average = match self.updated {
            None => rtt,
            Some(updated) => {
                let w = remaining(since(updated, now), decay);
                rtt * (1.0 - w) + self.average * w
            }
        };
        self.updated = Some(now);
    }

    /// Returns the cost of a server with so many requests in flight, after a response time of zero.
    pub fn load(&mut self, now: SimTime, pending: u32, decay: SimDuration) -> f64 {
        self.observe(now, SimDuration::ZERO, decay);
        if self.average == 0.0 && pending != 0 {
            PENALTY + f64::from(pending)
        } else {
            self.average * (f64::from(pending) + 1.0)
        }
    }
}
