//! Monitoring: what controllers and people see of a run, late and through scrapes.
//!
//! A [`Probe`] holds what the scrapes of a pipeline found of one thing that is watched: counters of requests, and
//! of every server in service what it used. Values are read as Prometheus reads them: a rate is the
//! difference of two counters over the time between their scrapes, the newest and the oldest within
//! the window. Knows no engine: it is fed, and asked.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::ids::ServerId;
use crate::results::Counts;
use crate::time::{SimDuration, SimTime};
use crate::workload::Outcome;

/// How a pipeline sees: all times simulated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pipeline {
    /// Its name.
    pub name: String,
    /// Between two scrapes; the first is at the phase.
    pub scrape: SimDuration,
    /// When the first scrape is.
    pub phase: SimDuration,
    /// How far a value looks back from its scrape.
    pub window: SimDuration,
    /// From a scrape until it is seen.
    pub delay: SimDuration,
    /// Whether servers are scraped one group after the other within each interval, not all at once.
    pub stagger: bool,
}

/// Groups of servers that are scraped at instants of their own where a pipeline staggers.
pub const GROUPS: u32 = 16;

/// What can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Signal {
    /// Requests that arrive per second.
    Rate,
    /// The share of requests that ended without being completed.
    Errors,
    /// The latency of completed requests, in nanoseconds, at a share of them such as 0.99.
    Latency(f64),
    /// CPU burned / CPU of the servers that were scraped.
    Cpu,
    /// Slots held / slots of the servers that were scraped.
    Slots,
    /// Requests waiting.
    Queued,
    /// Servers in service.
    Ready,
}

/// What a scrape found of one server.
#[derive(Clone, Copy, Debug)]
pub struct ServerSample {
    /// The server.
    pub server: ServerId,
    /// When it was scraped.
    pub at: SimTime,
    /// CPU burned since its order (thousandths of a core x ns).
    pub cpu_milli: u128,
    /// Slots held since its order (slot x ns).
    pub slots: u64,
    /// Its CPU, in thousandths of a core; 0 where it has no limit.
    pub cpu_limit: u64,
    /// Its slots; 0 where they have no limit.
    pub slot_limit: u32,
}

/// What a scrape found.
#[derive(Clone, Debug)]
pub struct Scrape {
    /// When.
    pub at: SimTime,
    /// What happened to requests since the scrape before.
    pub counts: Counts,
    /// Requests waiting.
    pub queued: u64,
    /// Servers in service.
    pub ready: u32,
    /// The servers in service, without those that are scraped later.
    pub servers: Vec<ServerSample>,
}

/// What the scrapes of a pipeline found of what is watched, as far back as its window reaches.
#[derive(Debug)]
pub struct Probe {
    window: SimDuration,
    scrapes: VecDeque<Scrape>,
}

impl Probe {
    /// Begins to watch.
    pub fn new(window: SimDuration) -> Self {
        Self { window, scrapes: VecDeque::new() }
    }

    /// Takes in a scrape, and forgets those that no window reaches any more.
    pub fn take(&mut self, scrape: Scrape) {
        let begin = self.begin(scrape.at);
        self.scrapes.push_back(scrape);
        // The newest that is too old stays: a staggered server may have been scraped after it began.
        while self.scrapes.get(1).is_some_and(|second| second.at <= begin) {
            self.scrapes.pop_front();
        }
    }

    /// Adds servers that were scraped later than the rest.
    pub fn take_late(&mut self, servers: impl Iterator<Item = ServerSample>) {
        if let Some(last) = self.scrapes.back_mut() {
            last.servers.extend(servers);
        }
    }

    fn begin(&self, now: SimTime) -> SimTime {
        SimTime::from_nanos(now.as_nanos().saturating_sub(self.window.as_nanos()))
    }

    /// Returns a value as a scrape at `now` tells it; `None` where the window holds too few scrapes, or
    /// nothing to tell it from.
    pub fn value(&self, now: SimTime, signal: Signal) -> Option<f64> {
        let begin = self.begin(now);
        let mut inside = self.scrapes.iter().skip_while(|scrape| scrape.at < begin);
        let first = inside.next()?;
        let last = self.scrapes.back()?;
        // Counts are told since the scrape before, so those of the first lie before the window.
        let counts = || {
            let mut sum = Counts::default();
            inside.clone().for_each(|scrape| sum.add(&scrape.counts));
            (first.at < last.at).then_some(sum)
        };
        match signal {
            Signal::Queued => Some(last.queued as f64),
            Signal::Ready => Some(f64::from(last.ready)),
            Signal::Rate => Some(counts()?.offered as f64 * 1e9 / (last.at - first.at).as_nanos() as f64),
            Signal::Errors => {
                let outcomes = counts()?.outcomes;
                let ended: u64 = outcomes.iter().sum();
                let bad = ended - outcomes[Outcome::Completed as usize];
                (ended > 0).then(|| bad as f64 / ended as f64)
            }
            Signal::Latency(share) => {
                let counts = counts()?;
                let completed = counts.outcomes[Outcome::Completed as usize];
                let [value] = counts.latency.quantiles([share], completed);
                value.map(|ns| ns as f64)
            }
            Signal::Cpu => self.utilization(begin, |server| (server.cpu_milli, server.cpu_limit)),
            Signal::Slots => {
                self.utilization(begin, |server| (u128::from(server.slots), u64::from(server.slot_limit)))
            }
        }
    }

    /// Returns used / capacity x time over the servers that were scraped at least twice: whoever has just
    /// come into service, and whoever has left, is not among them.
    fn utilization(&self, begin: SimTime, of: impl Fn(&ServerSample) -> (u128, u64)) -> Option<f64> {
        let newest = self.scrapes.back()?.at;
        let mut firsts: Vec<Option<ServerSample>> = Vec::new();
        let (mut used, mut capacity) = (0_u128, 0_u128);
        let mut lasts: Vec<Option<ServerSample>> = Vec::new();
        for sample in self.scrapes.iter().flat_map(|scrape| &scrape.servers).filter(|s| s.at >= begin) {
            let index = sample.server.index();
            if firsts.len() <= index {
                firsts.resize(index + 1, None);
                lasts.resize(index + 1, None);
            }
            firsts[index].get_or_insert(*sample);
            lasts[index] = Some(*sample);
        }
        for (first, last) in firsts.iter().zip(&lasts) {
            if let (Some(first), Some(last)) = (first, last)
                && first.at < last.at
                && self.is_current(last, newest)
            {
                let ((before, limit), (after, _)) = (of(first), of(last));
                used += after - before;
                capacity += u128::from(limit) * u128::from((last.at - first.at).as_nanos());
            }
        }
        (capacity > 0).then(|| used as f64 / capacity as f64)
    }

    /// Tells whether a server's newest sample is one of the last round: otherwise it has left service.
    fn is_current(&self, sample: &ServerSample, newest: SimTime) -> bool {
        let rounds = self.scrapes.iter().rev().nth(1);
        sample.at >= newest || rounds.is_some_and(|round| sample.at > round.at)
    }
}

#[cfg(test)]
mod tests;
