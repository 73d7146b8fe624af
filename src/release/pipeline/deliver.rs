//! Commits on their way through stages with queues.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{Commit, Delivery, Passage, PassageKind, Pipeline, Stage, length};
use crate::dist::Distribution;
use crate::rng::{Key, uniform_closed_open};
use crate::time::SimTime;

/// A commit whose runs have failed so often although nothing is wrong is given up: a stage that never passes
/// shall not keep it for ever.
pub const MAX_FLAKY: u32 = 1_000;

/// Sends commits, in order of time, through a pipeline, and returns what became of each.
///
/// A stage takes commits first come first served, of those that come at one instant the earlier commit first. A run
/// that fails although nothing is wrong is repeated at once on its runner while retries are left; then the author
/// commits anew at once, from the first stage on. Of a run that ends as it should, each defect is caught with the
/// chance of its kind; what is caught ends there, and where somebody mends it the mended commit begins from the
/// first stage.
///
/// Draws are named by commit, round and stage, so that one commit more changes nobody else's. Who waits for whom may
/// change all the same.
pub fn deliver(pipeline: &Pipeline, commits: &[Commit], key: Key) -> Vec<Delivery> {
    let mut ways: Vec<Way<'_>> =
        commits.iter().zip(0..).map(|(commit, nth)| Way::begin(commit, key.child(nth))).collect();
    let mut runners: Vec<Runners> = pipeline.stages.iter().map(Runners::new).collect();
    // Every commit stands here once at most, with the instant at which it comes to its next stage. Taken in this
    // order, each may have the runner that is free first.
    let mut coming: BinaryHeap<_> = commits.iter().map(|c| c.at).zip(0..).map(Reverse).collect();
    while let Some(Reverse((now, nth))) = coming.pop() {
        let way: &mut Way<'_> = &mut ways[nth];
        match (pipeline.stages.get(way.stage), runners.get_mut(way.stage)) {
            (Some(stage), Some(runners)) => {
                let next = runners.take(now, |start| way.pass(stage, start));
                let next = next.and_then(|(at, goes)| way.go_on(at, goes, pipeline.fix.as_ref()));
                coming.extend(next.map(|at| Reverse((at, nth))));
            }
            _ => way.delivery.ready = Some(now),
        }
    }
    ways.into_iter().map(|way| way.delivery).collect()
}

/// The runners of a stage.
#[derive(Debug)]
struct Runners {
    /// How many there are.
    parallel: Option<usize>,
    /// Until when those are busy that have been used.
    busy: BinaryHeap<Reverse<SimTime>>,
}

impl Runners {
    fn new(stage: &Stage) -> Self {
        Self { parallel: stage.parallel.map(|n| n.max(1) as usize), busy: BinaryHeap::new() }
    }

    /// Gives whoever comes the runner that is free first, for as long as `work` says that it takes from its start
    /// on.
    fn take(
        &mut self,
        now: SimTime,
        work: impl FnOnce(SimTime) -> (SimTime, Goes),
    ) -> Option<(SimTime, Goes)> {
        let Some(parallel) = self.parallel else { return Some(work(now)) };
        let free = if self.busy.len() < parallel { now } else { self.busy.pop()?.0 };
        let (end, goes) = work(free.max(now));
        self.busy.push(Reverse(end));
        Some((end, goes))
    }
}

/// How a commit goes on after a stage.
#[derive(Clone, Debug, PartialEq)]
enum Goes {
    /// To the next one.
    On,
    /// It has to be committed anew, although nothing is wrong.
    Anew,
    /// These of its defects were caught.
    Caught(Vec<String>),
    /// It is given up.
    Nowhere,
}

/// A commit on its way.
#[derive(Debug)]
struct Way<'a> {
    key: Key,
    /// Its defects; none once they are mended.
    defects: &'a [String],
    /// The stage that it comes to next.
    stage: usize,
    /// How often it was committed anew.
    round: u64,
    /// How many of its runs failed although nothing is wrong.
    flaky: u32,
    delivery: Delivery,
}

impl<'a> Way<'a> {
    fn begin(commit: &'a Commit, key: Key) -> Self {
        let delivery = Delivery { passages: Vec::new(), ready: None, mended: false };
        let mut way = Self { key, defects: &commit.defects, stage: 0, round: 0, flaky: 0, delivery };
        way.tell(commit.at, PassageKind::Commit, "", String::new());
        way
    }

    fn tell(&mut self, at: SimTime, kind: PassageKind, stage: &str, detail: String) {
        self.delivery.passages.push(Passage { at, kind, stage: stage.to_owned(), detail });
    }

    /// Runs a stage from `start` on, again where it fails for nothing; returns when it ends, and how.
    fn pass(&mut self, stage: &Stage, start: SimTime) -> (SimTime, Goes) {
        let key = self.key.child(self.round).child(self.stage as u64);
        let runs = u64::from(stage.retries) + 1;
        let mut at = start;
        for run in 0..runs {
            let key = key.child(run);
            at += length(stage.duration.sample(&mut key.named("duration").stream()));
            if uniform_closed_open(key.named("flaky").draw(0)) >= stage.flaky {
                return (at, self.judge(stage, at, key.named("catches")));
            }
            self.flaky += 1;
            self.tell(at, PassageKind::Flaky, &stage.name, format!("run {} of {runs}", run + 1));
            if self.flaky >= MAX_FLAKY {
                return (at, Goes::Nowhere);
            }
        }
        (at, Goes::Anew)
    }

    /// Draws which defects a run finds that ended as it should.
    fn judge(&mut self, stage: &Stage, at: SimTime, key: Key) -> Goes {
        let chance =
            |defect: &str| stage.catches.iter().find(|(kind, _)| kind == defect).map_or(0.0, |c| c.1);
        let caught = |defect: &&String| uniform_closed_open(key.named(defect).draw(0)) < chance(defect);
        let found: Vec<String> = self.defects.iter().filter(caught).cloned().collect();
        if found.is_empty() {
            self.tell(at, PassageKind::Passed, &stage.name, String::new());
            return Goes::On;
        }
        self.tell(at, PassageKind::Caught, &stage.name, found.join(", "));
        Goes::Caught(found)
    }

    /// Returns when it comes to its next stage; never where `None`.
    fn go_on(&mut self, at: SimTime, goes: Goes, fix: Option<&Distribution>) -> Option<SimTime> {
        match goes {
            Goes::On => {
                self.stage += 1;
                Some(at)
            }
            Goes::Anew => {
                self.recommit(at, "again".to_owned());
                Some(at)
            }
            Goes::Caught(found) => {
                let key = self.key.child(self.round).named("fix");
                let at = at + length(fix?.sample(&mut key.stream()));
                (self.defects, self.delivery.mended) = (&[], true);
                self.recommit(at, format!("without {}", found.join(", ")));
                Some(at)
            }
            Goes::Nowhere => None,
        }
    }

    fn recommit(&mut self, at: SimTime, detail: String) {
        self.round += 1;
        self.stage = 0;
        self.tell(at, PassageKind::Commit, "", detail);
    }
}
