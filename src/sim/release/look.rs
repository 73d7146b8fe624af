//! Who looks at a release: detectors, when they look, and what becomes of what they find.

use crate::des::EventQueue;
use crate::release::detector::{Figure, Side, Status};
use crate::results::EventKind;
use crate::scenario::Detection;
use crate::sim::Event;
use crate::sim::agenda::What;
use crate::sim::flow::nanos;
use crate::sim::release::{Due, Watching};
use crate::sim::watch::Shown;
use crate::sim::world::World;
use crate::time::{NANOS_PER_SEC, SimDuration, SimTime};

impl<const SHARED: bool, const LIMITED: bool, const MORTAL: bool> World<SHARED, LIMITED, MORTAL> {
    /// Detectors begin to look at a rollout.
    pub(super) fn begin_looking(&mut self, now: SimTime, release: usize, queue: &mut EventQueue<Event>) {
        let plan = self.releases.states[release].plan;
        let (analyses, all) = {
            let policy = self.releases.policy(release);
            (policy.analyses.len(), policy.analyses.len() + policy.detection.len())
        };
        for &watch in self.releases.watches[plan].iter().flatten() {
            self.watchers.forget(watch, Side::New);
        }
        self.releases.states[release].watching.resize_with(all, || None);
        for which in analyses..all {
            self.look_from_now(now, release, which, queue);
        }
    }

    fn detection(&self, release: usize, which: usize) -> &Detection {
        let policy = self.releases.policy(release);
        policy
            .analyses
            .iter()
            .chain(&policy.detection)
            .nth(which)
            .expect("detectors are known by their places")
    }

    /// A detector begins to look, anew if it has looked before.
    pub(super) fn look_from_now(
        &mut self,
        now: SimTime,
        release: usize,
        which: usize,
        queue: &mut EventQueue<Event>,
    ) {
        let spec = self.detection(release, which).spec.clone();
        let watching = Watching { detector: spec.build(), since: now, crossed: false, done: false };
        self.releases.states[release].watching[which] = Some(watching);
        if spec.period().is_some() {
            self.agenda.add(now + spec.delay(), What::Release(Due::Look(release, which, 0)), queue);
        }
    }

    /// A detector's time has come: it looks, and will look again.
    pub(super) fn on_look(
        &mut self,
        now: SimTime,
        release: usize,
        which: usize,
        round: u64,
        queue: &mut EventQueue<Event>,
    ) {
        let spec = &self.detection(release, which).spec;
        let (Some(period), delay) = (spec.period(), spec.delay()) else { return };
        let looked = self.releases.states[release].watching[which].as_ref();
        // One that has begun anew since then has another time.
        let due = |watching: &Watching| watching.since + delay + times(period, round) == now;
        if looked.is_some_and(due) && self.look(now, release, which, queue) {
            self.agenda.add(now + period, What::Release(Due::Look(release, which, round + 1)), queue);
        }
    }

    /// What a detector goes by has been seen anew.
    pub(in crate::sim) fn on_figure(
        &mut self,
        now: SimTime,
        plan: usize,
        which: usize,
        queue: &mut EventQueue<Event>,
    ) {
        let service = self.releases.plans[plan].service;
        let latest = self.releases.services[service.index()].latest;
        if let Some(release) = latest.filter(|&release| self.releases.states[release].plan == plan) {
            self.look(now, release, which, queue);
        }
    }

    /// Lets a detector look; tells whether it goes on.
    fn look(&mut self, now: SimTime, release: usize, which: usize, queue: &mut EventQueue<Event>) -> bool {
        let analyses = self.releases.policy(release).analyses.len();
        let step = which < analyses;
        let until_promoted = self.detection(release, which).spec.until_promoted();
        let state = &self.releases.states[release];
        let service = self.releases.plan_of(release).service;
        let over = state.decided.is_some()
            || self.releases.services[service.index()].latest != Some(release)
            || state.promoted.is_some() && until_promoted
            || step && state.analysis != Some(which)
            || state.watching[which].as_ref().is_none_or(|watching| watching.done);
        if over {
            return false;
        }
        let values = self.values(release, which);
        let Some(watching) = &mut self.releases.states[release].watching[which] else { return false };
        let look = watching.detector.look(now, &values);
        watching.done = look.status != Status::Running;
        let first =
            look.crossed.is_some() && !std::mem::replace(&mut watching.crossed, look.crossed.is_some());
        watching.crossed = look.crossed.is_some();
        let text = look.crossed.unwrap_or_default();
        if first {
            self.release_note(now, release, EventKind::Crossed, text.clone());
        }
        if step {
            self.releases.states[release].status = look.status;
            if look.status != Status::Running {
                self.poke(now, service, queue);
            }
            if self.releases.policy(release).strategy.counts_failures() {
                return look.status == Status::Running;
            }
        }
        match look.status {
            Status::Running => return true,
            Status::Successful => return false,
            Status::Failed => {}
            Status::Inconclusive | Status::Error => {
                let word = if look.status == Status::Error { "could not measure" } else { "could not tell" };
                self.alarm(now, release, which, word.to_owned(), queue);
                return false;
            }
        }
        self.alarm(now, release, which, text, queue);
        false
    }

    /// Returns what a detector is shown; latencies in seconds.
    fn values(&self, release: usize, which: usize) -> Vec<Option<f64>> {
        let wants = self.detection(release, which).spec.wants();
        let watches = &self.releases.watches[self.releases.states[release].plan][which];
        let value = |(want, &watch): (&crate::release::detector::Want, &usize)| {
            let Shown::Value(value) = self.watchers.shown(watch) else { return None };
            match want.figure {
                Figure::Latency(_) => value.map(|ns| ns / NANOS_PER_SEC as f64),
                Figure::Errors | Figure::Ended => *value,
            }
        };
        wants.iter().zip(watches).map(value).collect()
    }

    /// Returns the errors that monitoring shows at present, in millionths: to the first detector that goes by errors,
    /// those that look all the time before the analyses of steps.
    pub(super) fn seen_errors(&self, release: usize) -> Option<u32> {
        let policy = self.releases.policy(release);
        let (steps, all) = (policy.analyses.len(), policy.analyses.len() + policy.detection.len());
        let watches = &self.releases.watches[self.releases.states[release].plan];
        let errors = |which: usize| {
            let wants = self.detection(release, which).spec.wants();
            let at = wants.iter().position(|want| want.figure == Figure::Errors)?;
            watches[which].get(at).copied()
        };
        match self.watchers.shown((steps..all).chain(0..steps).find_map(errors)?) {
            Shown::Value(Some(seen)) => Some((seen * 1e6 + 0.5) as u32),
            Shown::Value(None) | Shown::Servers(_) => None,
        }
    }

    /// A detector tells that something is wrong: it is decided at once, or somebody is called.
    fn alarm(
        &mut self,
        now: SimTime,
        release: usize,
        which: usize,
        text: String,
        queue: &mut EventQueue<Event>,
    ) {
        let name = self.detection(release, which).name.clone();
        let why = if text.is_empty() { name } else { format!("{name}: {text}") };
        self.detected(now, release, why.clone());
        match &self.detection(release, which).person {
            None => self.decide_rollback(now, release, why, queue),
            Some(person) => {
                let key = self.releases.states[release].key.named("person").child(which as u64);
                let delay = person.acknowledge.as_ref();
                let delay =
                    delay.map_or(SimDuration::ZERO, |law| nanos(law.sample(&mut key.child(0).stream())));
                self.agenda.add(now + delay, What::Release(Due::Acknowledged(release, which)), queue);
            }
        }
    }

    /// It has been told that something is wrong.
    pub(super) fn detected(&mut self, now: SimTime, release: usize, why: String) {
        let state = &mut self.releases.states[release];
        if state.detected.is_none() {
            state.detected = Some(now);
            state.exposed_ppm = Some(state.ledger.as_ref().map_or(0, |ledger| ledger.exposed_ppm));
        }
        self.release_note(now, release, EventKind::Alert, why);
    }

    /// Somebody looks at an alert, and will decide.
    pub(super) fn on_acknowledged(
        &mut self,
        now: SimTime,
        release: usize,
        which: usize,
        queue: &mut EventQueue<Event>,
    ) {
        self.release_note(now, release, EventKind::Acknowledged, String::new());
        let key = self.releases.states[release].key.named("person").child(which as u64);
        let person = self.detection(release, which).person.as_ref();
        let delay = person.and_then(|person| person.decide.as_ref());
        let delay = delay.map_or(SimDuration::ZERO, |law| nanos(law.sample(&mut key.child(1).stream())));
        let why = format!("a person, after {}", self.detection(release, which).name);
        self.agenda.add(now + delay, What::Release(Due::Decided(release, why)), queue);
    }
}

fn times(period: SimDuration, round: u64) -> SimDuration {
    SimDuration::from_nanos(period.as_nanos().saturating_mul(round))
}
