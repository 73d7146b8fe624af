//! A service on paper, for the tests of strategies: servers are ready after a fixed time, and go at once.

use serde_json::Value;

use super::{Action, PoolSeen, Progress, RolloutSpec, RolloutStrategy, Seen, Servers, Target};
use crate::release::detector::Status;
use crate::time::{NANOS_PER_SEC, SimTime};

/// Returns an instant in whole seconds.
fn at(second: u64) -> SimTime {
    SimTime::from_nanos(second * NANOS_PER_SEC)
}

/// Reads a rollout.
pub(super) fn read(text: &str) -> RolloutSpec {
    let value: Value = serde_json::from_str(text).unwrap_or_else(|why| panic!("{text}: {why}"));
    serde_json::from_value(value).unwrap_or_else(|why| panic!("{text}: {why}"))
}

/// What is wrong with a rollout: the paths.
pub(super) fn complaints(text: &str) -> Vec<String> {
    read(text).spec().problems().into_iter().map(|(path, ..)| path).collect()
}

/// A pool: when each server is ready.
#[derive(Clone, Debug)]
struct Pool {
    replicas: u32,
    stable: Vec<u64>,
    canary: Vec<u64>,
}

/// What an analysis says, by its number, how often it was begun, and the seconds since.
type Verdict = Box<dyn Fn(usize, usize, u64) -> Status>;

/// What has to hold of what is there.
type Check = Box<dyn Fn(&[PoolSeen])>;

/// A service with a rollout that goes on.
pub(super) struct Toy {
    pub(super) now: u64,
    /// From order to ready, in seconds.
    pub(super) startup: u64,
    /// What changed: second, stable, canary (ordered/available, pool by pool), weight.
    pub(super) trace: Vec<String>,
    /// What was told, with the second.
    pub(super) steps: Vec<String>,
    pub(super) verdict: Verdict,
    /// Called with what is there after every answer.
    pub(super) check: Check,
    strategy: Box<dyn RolloutStrategy>,
    pools: Vec<Pool>,
    min_ready: u64,
    routes: bool,
    /// The analysis that goes on, and since when.
    asked: Option<(usize, u64)>,
    begun: usize,
    last: Option<Action>,
    settled: Option<(Vec<PoolSeen>, Status)>,
}

impl Toy {
    /// Returns a service of which the previous version is there in full.
    pub(super) fn new(spec: &RolloutSpec, pools: &[u32], startup: u64) -> Self {
        let pool =
            |&replicas: &u32| Pool { replicas, stable: vec![0; replicas as usize], canary: Vec::new() };
        let spec = spec.spec();
        Self {
            // Whoever is there at the start has been there for long.
            now: 10_000,
            startup,
            trace: Vec::new(),
            steps: Vec::new(),
            verdict: Box::new(|_, _, _| Status::Running),
            check: Box::new(|_| {}),
            strategy: spec.build(),
            pools: pools.iter().map(pool).collect(),
            min_ready: spec.min_ready().as_nanos() / NANOS_PER_SEC,
            routes: spec.routes(),
            asked: None,
            begun: 0,
            last: None,
            settled: None,
        }
    }

    /// Returns a service of which the new version is there in full, and which turns back.
    pub(super) fn promoted(spec: &RolloutSpec, pools: &[u32], startup: u64) -> Self {
        let mut toy = Self::new(spec, pools, startup);
        for pool in &mut toy.pools {
            std::mem::swap(&mut pool.stable, &mut pool.canary);
        }
        toy.turn_back();
        toy
    }

    pub(super) fn turn_back(&mut self) {
        self.strategy.turn_back(at(self.now));
        self.settled = None;
    }

    pub(super) fn resize(&mut self, pool: usize, replicas: u32) {
        self.pools[pool].replicas = replicas;
    }

    /// Takes servers of the new version away, as a crash does.
    pub(super) fn crash(&mut self, pool: usize, count: usize) {
        let canary = &mut self.pools[pool].canary;
        canary.truncate(canary.len().saturating_sub(count));
    }

    /// Takes servers of the previous version away.
    pub(super) fn crash_stable(&mut self, pool: usize, count: usize) {
        let stable = &mut self.pools[pool].stable;
        stable.truncate(stable.len().saturating_sub(count));
    }

    pub(super) fn seen(&self) -> Vec<PoolSeen> {
        let ready = |servers: &[u64], after: u64| {
            servers.iter().filter(|&&ready| ready + after <= self.now).count() as u32
        };
        let servers = |servers: &[u64]| Servers {
            spec: servers.len() as u32,
            ready: ready(servers, 0),
            available: ready(servers, self.min_ready),
            draining: 0,
        };
        let pool = |pool: &Pool| PoolSeen {
            replicas: pool.replicas,
            stable: servers(&pool.stable),
            canary: servers(&pool.canary),
        };
        self.pools.iter().map(pool).collect()
    }

    pub(super) fn state(&self) -> Progress {
        self.last.as_ref().map_or(Progress::Going, |action| action.state.clone())
    }

    pub(super) fn weight(&self) -> Option<f64> {
        self.last.as_ref().and_then(|action| action.weight)
    }

    pub(super) fn wake(&self) -> Option<u64> {
        let wake = self.last.as_ref().and_then(|action| action.wake);
        wake.map(|wake| wake.as_nanos() / NANOS_PER_SEC - 10_000)
    }

    fn status(&self) -> Status {
        self.asked
            .map_or(Status::Running, |(number, since)| (self.verdict)(number, self.begun, self.now - since))
    }

    /// Lives through some seconds, or until it is done.
    pub(super) fn run(&mut self, seconds: u64) -> &mut Self {
        let end = self.now + seconds;
        loop {
            let seen = (self.seen(), self.status());
            let wakes =
                self.last.as_ref().is_some_and(|action| action.wake.is_some_and(|wake| wake <= at(self.now)));
            // Nobody asks without a reason: what was due and not announced would show.
            if wakes || self.settled.as_ref() != Some(&seen) {
                self.settle();
            }
            if self.now >= end || self.state() == Progress::Done {
                return self;
            }
            self.now += 1;
        }
    }

    /// Asks until the answer stays the same.
    fn settle(&mut self) {
        for _ in 0..200 {
            let pools = self.seen();
            let seen = Seen { now: at(self.now), pools: &pools, analysis: self.status() };
            let action = self.strategy.next_action(&seen);
            self.apply(&action);
            let after = self.seen();
            self.check_answer(&action, &after);
            self.note(&action, &after);
            let same = self.last.as_ref() == Some(&action) && after == pools;
            self.last = Some(action);
            if same {
                self.settled = Some((after, self.status()));
                return;
            }
        }
        panic!("it never settles: {:?} {:?}", self.last, self.strategy);
    }

    fn apply(&mut self, action: &Action) {
        assert_eq!(action.targets.len(), self.pools.len());
        let ready = self.now + self.startup;
        let resize = |servers: &mut Vec<u64>, target: u32| {
            // Who is not in service yet goes first.
            servers.sort_unstable();
            servers.resize(target as usize, ready);
        };
        for (pool, &Target { stable, canary }) in self.pools.iter_mut().zip(&action.targets) {
            resize(&mut pool.stable, stable);
            resize(&mut pool.canary, canary);
        }
        if action.analysis != self.asked.map(|(number, _)| number) {
            self.asked = action.analysis.map(|number| (number, self.now));
            self.begun += usize::from(action.analysis.is_some());
        }
    }

    fn check_answer(&self, action: &Action, pools: &[PoolSeen]) {
        (self.check)(pools);
        assert_eq!(action.weight.is_some(), self.routes, "{action:?}");
        assert!(action.wake.is_none_or(|wake| wake > at(self.now)), "{action:?}");
        let Some(weight) = action.weight.filter(|_| pools.iter().any(|pool| pool.replicas > 0)) else {
            return;
        };
        let available =
            |side: fn(&PoolSeen) -> Servers| pools.iter().map(|pool| side(pool).available).sum::<u32>();
        let (canary, stable) = (available(|pool| pool.canary), available(|pool| pool.stable));
        if canary + stable == 0 {
            return;
        }
        assert!(weight == 0.0 || canary > 0, "{weight} to nobody: {pools:?} {:?}", self.strategy);
        assert!(weight == 1.0 || stable > 0, "{} to nobody: {pools:?} {:?}", 1.0 - weight, self.strategy);
    }

    fn note(&mut self, action: &Action, pools: &[PoolSeen]) {
        let second = self.now - 10_000;
        self.steps.extend(action.step.iter().map(|step| format!("{second} {step}")));
        let side = |side: fn(&PoolSeen) -> Servers| {
            let pools = pools.iter().map(side).map(|all| format!("{}/{}", all.spec, all.available));
            pools.collect::<Vec<_>>().join("+")
        };
        let weight = action.weight.map(|weight| format!(" {}%", (weight * 100.0).round()));
        let (stable, canary) = (side(|pool| pool.stable), side(|pool| pool.canary));
        let line = format!("{second} {stable} {canary}{}", weight.unwrap_or_default());
        let after = |line: &str| line.split_once(' ').map(|(_, what)| what.to_owned());
        match self.trace.last_mut() {
            Some(last) if after(last) == after(&line) => {}
            Some(last) if last.split(' ').next() == line.split(' ').next() => *last = line,
            _ => self.trace.push(line),
        }
    }
}
