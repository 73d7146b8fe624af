//! Releases in a run: what is rolled out when, who is rolled back, and what users got meanwhile.
//!
//! Every commit of a release is a [`ReleaseState`]. One rollout or rollback of a service goes on at a time;
//! others wait, or are dropped. What can be settled before the run (pipelines, freezes) is.

mod back;
mod flaws;
mod ledger;
mod look;
mod rollout;
mod split;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::des::EventQueue;
use crate::ids::{RequestId, ServerId, ServiceId};
use crate::release::detector::{Detector, Status};
use crate::release::pipeline::{self, Commit, Delivery, PassageKind};
use crate::release::strategy::{RolloutStrategy, Target};
use crate::results::{Counts, EventKind, Plan, ReleaseRun, Stand};
use crate::rng::{Key, uniform_closed_open};
use crate::scenario::{Commits, Policy, Release, Scenario};
use crate::sim::Event;
use crate::sim::agenda::{Note, Site, What};
use crate::sim::watch::Watchers;
use crate::sim::world::World;
use crate::time::SimTime;

pub(super) use split::Canary;

use flaws::{Host, Load};
use ledger::{Bound, Ledger};

/// Something about a release that is due; releases by their places among all commits.
#[derive(Clone, Debug)]
pub(super) enum Due {
    /// Something happened to it in its pipeline; by its place there.
    Passage(usize, usize),
    /// It could be rolled out, were it not for a freeze.
    Frozen(usize),
    /// Its rollout may begin.
    Start(usize),
    /// The strategy of a service's rollout is asked.
    Ask(ServiceId),
    /// A detector looks, for the n-th time.
    Look(usize, usize, u64),
    /// Somebody looks at an alert.
    Acknowledged(usize, usize),
    /// Somebody has decided to roll back.
    Decided(usize, String),
    /// A rollback is tried, for the n-th time.
    Attempt(usize, u32),
    /// The next server is restored from an image.
    Restore(usize),
    /// A server changes to a version where it stands.
    Push(usize, ServerId, u16),
    /// A defect lets a server crash.
    Crash(ServerId, u16),
    /// What the run would be without a release begins to be counted.
    Without,
}

/// The run of a study in which releases go by another way, or one is left out.
#[derive(Clone, Debug, Default)]
pub struct Variant {
    /// A release, and the policy that it goes by instead of its first.
    pub policy: Option<(usize, usize)>,
    /// Who is left out.
    pub without: Option<Without>,
}

/// A commit that is left out, and what is counted all the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Without {
    /// Index of the release.
    pub release: usize,
    /// Which of its commits, from 1.
    pub commit: u32,
    /// When its rollout began, where it was not left out.
    pub start: SimTime,
    /// When bad requests are read off, in order; nothing happens after the last.
    pub marks: Vec<SimTime>,
    /// Requests that were bad, by what names them, of which is asked whether they are bad without it.
    pub suspects: Vec<u64>,
}

/// What was counted without a release.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unharmed {
    /// Bad requests since the start, at every mark.
    pub bad: Vec<u64>,
    /// The suspects that are bad here, too.
    pub bad_anyway: BTreeSet<u64>,
}

/// Everything about releases.
#[derive(Debug, Default)]
pub(super) struct Releases {
    plans: Vec<Release>,
    /// By release: the policy that it goes by.
    chosen: Vec<usize>,
    /// By release: what each analysis and then each detector is shown, as watches.
    watches: Vec<Vec<Vec<usize>>>,
    states: Vec<ReleaseState>,
    services: Vec<ServiceReleases>,
    /// By row: what ended since the last cut at servers of the new version, and at all others.
    tally: Vec<Option<Box<[Counts; 2]>>>,
    /// Whether a version with defects has been in service.
    pub(super) flawed: bool,
    /// Whether anybody counts what users get.
    pub(super) counting: bool,
    /// By server: what a defect knows of it.
    hosts: Vec<Option<Host>>,
    /// Requests that a defect refused.
    refused: BTreeSet<RequestId>,
    /// Servers that are restored from an image instead of provisioned: how long that takes.
    pub(super) restores: BTreeMap<ServerId, Restore>,
    without: Option<(Without, Unharmed, ServiceId)>,
    without_began: bool,
    bad_without: u64,
    suspects: BTreeSet<u64>,
    /// The end of a window that is entered already.
    next_cut: Option<SimTime>,
    plan: Option<Box<Plan>>,
}

/// How a server is restored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Restore {
    pub(super) time: crate::time::SimDuration,
    /// Whether its caches are warm.
    pub(super) warm: bool,
}

/// One commit of a release.
#[derive(Debug)]
struct ReleaseState {
    /// Its release.
    plan: usize,
    /// Which of its commits, from 1.
    commit: u32,
    /// Names its randomness.
    key: Key,
    name: String,
    /// Its number among the versions; 0 is that of the start.
    version: u16,
    /// The version before it.
    previous: u16,
    faulty: bool,
    committed: Option<SimTime>,
    delivery: Delivery,
    start: Option<SimTime>,
    promoted: Option<SimTime>,
    detected: Option<SimTime>,
    exposed_ppm: Option<u32>,
    decided: Option<SimTime>,
    clear: Option<SimTime>,
    restored: Option<SimTime>,
    stand: Stand,
    strategy: Option<Box<dyn RolloutStrategy>>,
    /// Whether it waits for a rollback that is decided and has not begun.
    halted: bool,
    /// What the strategy wanted last.
    targets: Vec<Target>,
    wake: Option<SimTime>,
    /// The analysis that its present step asks for, and how it stands.
    analysis: Option<usize>,
    status: Status,
    /// By analysis and detector.
    watching: Vec<Option<Watching>>,
    /// Servers that run it, or ran it.
    servers: Vec<ServerId>,
    /// Servers to be restored, and those that are being restored.
    to_restore: VecDeque<ServerId>,
    restoring: BTreeSet<ServerId>,
    /// Changes of servers where they stand that are still to come.
    pushes: usize,
    ledger: Option<Ledger>,
}

/// Somebody who looks.
#[derive(Debug)]
struct Watching {
    detector: Box<dyn Detector>,
    since: SimTime,
    /// Whether something crossed its bound when it looked last.
    crossed: bool,
    done: bool,
}

/// The releases of a service.
#[derive(Debug, Default)]
struct ServiceReleases {
    /// The version that is in service.
    version: u16,
    /// Whose rollout or rollback goes on.
    busy: Option<usize>,
    /// Who waits for its end.
    waiting: VecDeque<usize>,
    /// Who was rolled out last.
    latest: Option<usize>,
    /// Whose users are counted.
    counted: Vec<usize>,
    /// By row of the service: what is too slow.
    bounds: Vec<Option<Bound>>,
    load: Option<Load>,
    /// Servers that finish what they have.
    draining: Vec<ServerId>,
    /// Whether the strategy is going to be asked at this instant.
    poked: bool,
}

/// The children of a release's key.
const FAULTY: u64 = 0;

impl Releases {
    pub(super) fn new(
        scenario: &Scenario,
        variant: &Variant,
        key: Key,
        watchers: &mut Watchers,
        queue: &mut EventQueue<Event>,
    ) -> Self {
        let mut releases = Self::default();
        if scenario.releases.is_empty() {
            return releases;
        }
        releases.plan = Some(Box::new(scenario.plan.clone()));
        releases.tally.resize_with(scenario.plan.rows.len(), || None);
        for (index, service) in scenario.services.iter().enumerate() {
            let rows = scenario.plan.rows_of(index);
            let own: Vec<&Release> =
                scenario.releases.iter().filter(|release| release.service.index() == index).collect();
            let flaws = || own.iter().flat_map(|release| &release.defects);
            let bounds = rows.clone().map(|row| ledger::bound(&scenario.plan, &own, row)).collect();
            let load = flaws().any(|flaw| flaw.defect.scope().above_load.is_some()).then(Load::default);
            if !own.is_empty() {
                rows.for_each(|row| releases.tally[row] = Some(Box::default()));
            }
            releases.services.push(ServiceReleases { bounds, load, ..ServiceReleases::default() });
            debug_assert!(
                service.proxies.is_none()
                    || own
                        .iter()
                        .all(|release| release.policies.iter().all(|policy| !policy.strategy.routes()))
            );
        }
        for (index, plan) in scenario.releases.iter().enumerate() {
            let chosen =
                variant.policy.filter(|&(release, _)| release == index).map_or(0, |(_, policy)| policy);
            releases.chosen.push(chosen);
            let policy = &plan.policies[chosen];
            let lookers = policy.analyses.iter().chain(&policy.detection).enumerate();
            let watches = lookers.map(|(which, detection)| {
                let last = detection.seen.len().saturating_sub(1);
                let watch = |(nth, seen): (usize, &crate::scenario::Seen)| {
                    let wakes = (nth == last && detection.spec.period().is_none()).then_some((index, which));
                    watchers.look(scenario, seen, wakes, queue)
                };
                detection.seen.iter().enumerate().map(watch).collect()
            });
            releases.watches.push(watches.collect());
            releases.commit(index, plan, key.named("release").named(&plan.key));
            releases.plans.push(plan.clone());
        }
        releases.without = variant.without.clone().map(|without| {
            let service = scenario.releases[without.release].service;
            (without, Unharmed::default(), service)
        });
        releases
    }

    /// Sends the commits of a release through its pipeline.
    fn commit(&mut self, index: usize, plan: &Release, key: Key) {
        let times = match &plan.commits {
            Commits::At(times) => times.clone(),
            &Commits::Poisson { rate, from, to } => {
                pipeline::commit_times(rate, from, to, key.named("commits"))
            }
        };
        let many = times.len() > 1;
        let faulty = |nth: usize| {
            !plan.defects.is_empty()
                && uniform_closed_open(key.child(nth as u64).child(FAULTY).draw(0)) < plan.faulty
        };
        let kinds: Vec<String> = plan.defects.iter().map(|flaw| flaw.kind.clone()).collect();
        let commits: Vec<Commit> = times
            .iter()
            .enumerate()
            .map(|(nth, &at)| Commit { at, defects: if faulty(nth) { kinds.clone() } else { Vec::new() } })
            .collect();
        let deliveries = match &plan.pipeline {
            Some(pipeline) => pipeline::deliver(pipeline, &commits, key.named("pipeline")),
            None => commits
                .iter()
                .map(|commit| Delivery { passages: Vec::new(), ready: Some(commit.at), mended: false })
                .collect(),
        };
        for (nth, (commit, delivery)) in commits.into_iter().zip(deliveries).enumerate() {
            let version = self.states.len() as u16 + 1;
            let name = if many { format!("{}-{}", plan.version, nth + 1) } else { plan.version.clone() };
            self.states.push(ReleaseState {
                plan: index,
                commit: nth as u32 + 1,
                key: key.child(nth as u64),
                name,
                version,
                previous: 0,
                faulty: !commit.defects.is_empty() && !delivery.mended,
                committed: plan.pipeline.as_ref().map(|_| commit.at),
                stand: if delivery.ready.is_some() { Stand::Waiting } else { Stand::Caught },
                delivery,
                start: None,
                promoted: None,
                detected: None,
                exposed_ppm: None,
                decided: None,
                clear: None,
                restored: None,
                strategy: None,
                halted: false,
                targets: Vec::new(),
                wake: None,
                analysis: None,
                status: Status::Running,
                watching: Vec::new(),
                servers: Vec::new(),
                to_restore: VecDeque::new(),
                restoring: BTreeSet::new(),
                pushes: 0,
                ledger: None,
            });
        }
    }

    fn policy(&self, release: usize) -> &Policy {
        let plan = self.states[release].plan;
        &self.plans[plan].policies[self.chosen[plan]]
    }

    fn plan_of(&self, release: usize) -> &Release {
        &self.plans[self.states[release].plan]
    }

    /// Returns the rollout or rollback of a service that goes on and that a strategy conducts.
    fn conducted(&self, service: ServiceId) -> Option<usize> {
        let busy = self.services.get(service.index())?.busy?;
        self.states[busy].strategy.is_some().then_some(busy)
    }

    /// Returns the same where the strategy may go on: not between a decision to roll back and its beginning.
    fn going(&self, service: ServiceId) -> Option<usize> {
        self.conducted(service).filter(|&release| !self.states[release].halted)
    }

    /// Returns who is left out.
    fn left_out(&self) -> Option<usize> {
        let (without, ..) = self.without.as_ref()?;
        self.states.iter().position(|state| state.plan == without.release && state.commit == without.commit)
    }

    /// Returns what became of every release, and the names of their versions.
    fn results(&mut self, service_version: impl Fn(ServiceId) -> String) -> (Vec<ReleaseRun>, Vec<String>) {
        let names: Vec<String> = self.states.iter().map(|state| state.name.clone()).collect();
        let ns = |at: Option<SimTime>| at.map(SimTime::as_nanos);
        let name = |version: u16, service: ServiceId| match version.checked_sub(1) {
            Some(index) => names[usize::from(index)].clone(),
            None => service_version(service),
        };
        let intervals = self.plan.as_deref().map_or(0, |plan| plan.duration_ns.div_ceil(plan.interval_ns) as usize);
        let plans = &self.plans;
        let chosen = &self.chosen;
        let run = |state: &mut ReleaseState| {
            let ledger = state.ledger.take().map(|ledger| ledger.finish(intervals)).unwrap_or_default();
            ReleaseRun {
                release: state.plan,
                policy: chosen[state.plan],
                commit: state.commit,
                from: name(state.previous, plans[state.plan].service),
                to: state.name.clone(),
                faulty: state.faulty,
                committed_ns: ns(state.committed),
                start_ns: ns(state.start),
                promoted_ns: ns(state.promoted),
                detected_ns: ns(state.detected),
                exposed_ppm: state.exposed_ppm,
                decided_ns: ns(state.decided),
                clear_ns: ns(state.clear),
                restored_ns: ns(state.restored),
                stand: state.stand,
                first_bad_ns: None,
                marks: ledger.marks,
                health: ledger.health,
                series: ledger.series,
                suspects: ledger.suspects,
            }
        };
        (self.states.iter_mut().map(run).collect(), names)
    }
}

impl<const SHARED: bool, const LIMITED: bool, const MORTAL: bool> World<SHARED, LIMITED, MORTAL> {
    /// Enters what is known beforehand about releases.
    pub(super) fn plan_releases(&mut self, queue: &mut EventQueue<Event>) {
        let left_out = self.releases.left_out();
        let mut due = Vec::new();
        for (index, state) in
            self.releases.states.iter().enumerate().filter(|&(index, _)| Some(index) != left_out)
        {
            let passages = state.delivery.passages.iter().enumerate();
            due.extend(passages.map(|(nth, passage)| (passage.at, Due::Passage(index, nth))));
            if let Some(ready) = state.delivery.ready {
                let start = pipeline::thaw(ready, &self.releases.plans[state.plan].freezes);
                if start > ready {
                    due.push((ready, Due::Frozen(index)));
                }
                due.push((start, Due::Start(index)));
            }
        }
        if let Some((without, ..)) = &self.releases.without {
            due.push((without.start, Due::Without));
            without.marks.iter().for_each(|&mark| queue.schedule(mark, Event::Cut));
        }
        for (at, due) in due {
            self.agenda.add(at, What::Release(due), queue);
        }
    }

    /// Something about a release is due.
    #[inline(never)]
    pub(super) fn on_release(&mut self, now: SimTime, due: Due, queue: &mut EventQueue<Event>) {
        match due {
            Due::Passage(release, nth) => self.on_passage(now, release, nth),
            Due::Frozen(release) => {
                self.release_note(
                    now,
                    release,
                    EventKind::Frozen,
                    "waits for the end of a freeze".to_owned(),
                );
            }
            Due::Start(release) => self.begin_release(now, release, queue),
            Due::Ask(service) => self.ask_strategy(now, service, queue),
            Due::Look(release, which, round) => self.on_look(now, release, which, round, queue),
            Due::Acknowledged(release, which) => self.on_acknowledged(now, release, which, queue),
            Due::Decided(release, why) => self.decide_rollback(now, release, why, queue),
            Due::Attempt(release, nth) => self.attempt_rollback(now, release, nth, queue),
            Due::Restore(release) => self.restore_on(now, release, queue),
            Due::Push(release, server, version) => self.on_push(now, release, server, version, queue),
            Due::Crash(server, version) => self.on_crash(now, server, version, queue),
            Due::Without => self.begin_without(),
        }
    }

    /// Something happened to a commit in its pipeline.
    fn on_passage(&mut self, now: SimTime, release: usize, nth: usize) {
        let passage = &self.releases.states[release].delivery.passages[nth];
        let kind = match passage.kind {
            PassageKind::Commit => EventKind::Commit,
            PassageKind::Passed => EventKind::StagePassed,
            PassageKind::Flaky => EventKind::StageFlaky,
            PassageKind::Caught => EventKind::DefectCaught,
        };
        let parts = [passage.stage.as_str(), passage.detail.as_str()];
        let detail: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        self.release_note(now, release, kind, detail.join(": "));
    }

    /// Writes down what happens to a release.
    fn release_note(&mut self, now: SimTime, release: usize, kind: EventKind, detail: String) {
        let name = self.releases.states[release].name.clone();
        let site = Site::Service(self.releases.plan_of(release).service);
        self.note(now, Note { name: &name, detail, ..Note::new(kind, site) });
    }

    /// Closes the books of releases and returns what became of them.
    pub(super) fn release_results(&mut self, end: SimTime) -> (Vec<ReleaseRun>, Vec<String>) {
        self.mark_releases(end);
        self.absorb_for_releases();
        self.cut_windows_of_all(end);
        self.end_release_intervals(end);
        let initial = &self.initial_versions;
        self.releases.results(|service| initial[service.index()].clone())
    }
}
