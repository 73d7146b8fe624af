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
    /// Requests that ended within the window.
    Ended,
    /// CPU burned / CPU of the servers that were scraped.
    Cpu,
    /// CPU burned, in cores, by all servers that were scraped.
    Cores,
    /// Slots held / slots of the servers that were scraped.
    Slots,
    /// Requests waiting.
    Queued,
    /// Requests in hand or waiting.
    InFlight,
    /// Servers in service.
    Ready,
}

/// What can be seen of one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerSignal {
    /// CPU burned, in cores.
    Cores,
    /// CPU burned / CPU there is.
    Cpu,
    /// Slots held / slots there are.
    Slots,
    /// Requests sent to it per second.
    Rate,
    /// Requests in hand or in its queue.
    InFlight,
    /// Requests in its queue.
    Queued,
}

/// What a window shows of one server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ServerValue {
    /// The server.
    pub server: ServerId,
    /// The value.
    pub value: f64,
    /// When it was scraped last.
    pub at: SimTime,
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
    /// Requests sent to it since its order.
    pub requests: u64,
    /// Requests in hand.
    pub busy: u32,
    /// Requests in its queue.
    pub waiting: u32,
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
    /// How many of each class arrived since the scrape before, and the sum of their sizes in millionths;
    /// empty where nobody asks for it.
    pub loads: Vec<(u64, u128)>,
    /// Requests waiting.
    pub queued: u64,
    /// Requests in hand or waiting.
    pub in_flight: u64,
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
    /// Returns how far a value looks back.
    pub fn window(&self) -> SimDuration {
        self.window
    }

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
            Signal::InFlight => Some(last.in_flight as f64),
            Signal::Cores => {
                let cores = self.each(now, ServerSignal::Cores);
                (!cores.is_empty()).then(|| cores.iter().map(|server| server.value).sum())
            }
            Signal::Ready => Some(f64::from(last.ready)),
            Signal::Rate => Some(counts()?.offered as f64 * 1e9 / (last.at - first.at).as_nanos() as f64),
            Signal::Errors => {
                let outcomes = counts()?.outcomes;
                let ended: u64 = outcomes.iter().sum();
                let bad = ended - outcomes[Outcome::Completed as usize];
                (ended > 0).then(|| bad as f64 / ended as f64)
            }
            Signal::Ended => Some(counts()?.outcomes.iter().sum::<u64>() as f64),
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

    /// Returns how many of each class arrived within the window, the sum of their sizes in millionths, and how
    /// long the window is, as a scrape at `now` tells it; `None` where it holds too few scrapes.
    pub fn loads(&self, now: SimTime) -> Option<(Vec<(u64, u128)>, SimDuration)> {
        let begin = self.begin(now);
        let mut inside = self.scrapes.iter().skip_while(|scrape| scrape.at < begin);
        let (first, last) = (inside.next()?, self.scrapes.back()?);
        let mut sums = vec![(0, 0); last.loads.len()];
        for scrape in inside {
            for (sum, load) in sums.iter_mut().zip(&scrape.loads) {
                *sum = (sum.0 + load.0, sum.1 + load.1);
            }
        }
        (first.at < last.at).then(|| (sums, last.at - first.at))
    }

    /// Returns a value of every server as a scrape at `now` tells it, in launch order; those without a value
    /// are left out.
    pub fn each(&self, now: SimTime, signal: ServerSignal) -> Vec<ServerValue> {
        let pairs = self.pairs(self.begin(now));
        let value = |(first, last): (ServerSample, ServerSample)| {
            let span = (last.at - first.at).as_nanos() as f64;
            let value = match signal {
                ServerSignal::InFlight => f64::from(last.busy + last.waiting),
                ServerSignal::Queued => f64::from(last.waiting),
                _ if span == 0.0 => return None,
                ServerSignal::Rate => (last.requests - first.requests) as f64 * 1e9 / span,
                ServerSignal::Cores => (last.cpu_milli - first.cpu_milli) as f64 / 1e3 / span,
                ServerSignal::Cpu => {
                    let all = last.cpu_limit as f64 * span;
                    (last.cpu_milli - first.cpu_milli) as f64 / Some(all).filter(|&all| all > 0.0)?
                }
                ServerSignal::Slots => {
                    let all = f64::from(last.slot_limit) * span;
                    (last.slots - first.slots) as f64 / Some(all).filter(|&all| all > 0.0)?
                }
            };
            Some(ServerValue { server: last.server, value, at: last.at })
        };
        pairs.into_iter().filter_map(value).collect()
    }

    /// Returns used / capacity x time over the servers that were scraped at least twice: whoever has just
    /// come into service, and whoever has left, is not among them.
    fn utilization(&self, begin: SimTime, of: impl Fn(&ServerSample) -> (u128, u64)) -> Option<f64> {
        let (mut used, mut capacity) = (0_u128, 0_u128);
        for (first, last) in self.pairs(begin) {
            let ((before, limit), (after, _)) = (of(&first), of(&last));
            used += after - before;
            capacity += u128::from(limit) * u128::from((last.at - first.at).as_nanos());
        }
        (capacity > 0).then(|| used as f64 / capacity as f64)
    }

    /// Returns the oldest and the newest sample since `begin` of every server that is still scraped, in
    /// launch order.
    fn pairs(&self, begin: SimTime) -> Vec<(ServerSample, ServerSample)> {
        let Some(newest) = self.scrapes.back().map(|scrape| scrape.at) else { return Vec::new() };
        let mut pairs: Vec<Option<(ServerSample, ServerSample)>> = Vec::new();
        for sample in self.scrapes.iter().flat_map(|scrape| &scrape.servers).filter(|s| s.at >= begin) {
            let index = sample.server.index();
            if pairs.len() <= index {
                pairs.resize(index + 1, None);
            }
            pairs[index].get_or_insert((*sample, *sample)).1 = *sample;
        }
        let current = |(_, last): &(ServerSample, ServerSample)| self.is_current(last, newest);
        pairs.into_iter().flatten().filter(current).collect()
    }

    /// Tells whether a server's newest sample is one of the last round: otherwise it has left service.
    fn is_current(&self, sample: &ServerSample, newest: SimTime) -> bool {
        let rounds = self.scrapes.iter().rev().nth(1);
        sample.at >= newest || rounds.is_some_and(|round| sample.at > round.at)
    }
}

#[cfg(test)]
mod tests;
