//! Pools on paper, for the tests of policies.

use super::{Advice, Reading, Sample, ScalingPolicy, Seen, ServerSeen};
use crate::time::{NANOS_PER_SEC, SimDuration, SimTime};

/// Returns an instant in whole seconds.
pub(crate) fn at(seconds: u64) -> SimTime {
    SimTime::from_nanos(seconds * NANOS_PER_SEC)
}

/// What a policy sees of its servers.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    pub(crate) replicas: u32,
    pub(crate) min: u32,
    pub(crate) servers: Vec<ServerSeen>,
}

impl Pool {
    /// Returns a pool of servers that were there from the start.
    pub(crate) fn of(replicas: u32) -> Self {
        let server = ServerSeen {
            ordered: SimTime::ZERO,
            started: Some(SimTime::ZERO),
            ready: true,
            ready_changed: SimTime::ZERO,
            leaving: false,
        };
        Self { replicas, min: 0, servers: vec![server; replicas as usize] }
    }

    /// Orders more servers.
    pub(crate) fn order(&mut self, count: u32, seconds: u64) {
        let ordered = at(seconds);
        let server = ServerSeen {
            ordered,
            started: Some(ordered),
            ready: false,
            ready_changed: ordered,
            leaving: false,
        };
        self.servers.extend(std::iter::repeat_n(server, count as usize));
        self.replicas += count;
    }

    /// Takes all servers into service that are not.
    pub(crate) fn ready(&mut self, seconds: u64) {
        for server in self.servers.iter_mut().filter(|server| !server.ready) {
            (server.ready, server.ready_changed) = (true, at(seconds));
        }
    }

    /// Returns one value per server.
    pub(crate) fn per_server(&self, values: &[Option<f64>]) -> Reading {
        let sample = |value: &f64| Sample { value: *value, at: SimTime::ZERO, window: SimDuration::ZERO };
        Reading::PerServer(values.iter().map(|value| value.as_ref().map(sample)).collect())
    }

    /// Asks a policy.
    pub(crate) fn ask(&self, policy: &mut dyn ScalingPolicy, seconds: u64, readings: &[Reading]) -> Advice {
        policy.desired_replicas(&self.seen(seconds, readings))
    }

    /// Returns what a policy sees.
    pub(crate) fn seen<'a>(&'a self, seconds: u64, readings: &'a [Reading]) -> Seen<'a> {
        let Self { replicas, min, ref servers } = *self;
        Seen { now: at(seconds), replicas, min, max: 1_000, servers, readings }
    }
}

/// Asks a policy that goes by single values.
pub(crate) fn advise(
    policy: &mut dyn ScalingPolicy,
    pool: &Pool,
    seconds: u64,
    values: &[Option<f64>],
) -> Advice {
    let readings: Vec<Reading> = values.iter().map(|value| Reading::Value(*value)).collect();
    pool.ask(policy, seconds, &readings)
}
