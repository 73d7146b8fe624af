//! A canary that goes on, step by step, or back.

use super::{Canary, DELAY, Pause, Step};
use crate::release::counts::argo::{CanaryStatus, CanaryStrategy, Rollout, TrafficWeights, Versions};
use crate::release::detector::Status;
use crate::release::strategy::back::Return;
use crate::release::strategy::progress::{self, Deadline, Doing};
use crate::release::strategy::{Action, PoolSeen, Progress, RolloutStrategy, Seen, Target};
use crate::time::{SimDuration, SimTime};

/// All of the traffic, in per cent.
const ALL: u32 = 100;

#[derive(Debug)]
pub(super) struct State {
    steps: Vec<Step>,
    strategy: CanaryStrategy,
    scale_down_delay: SimDuration,
    abort_delay: SimDuration,
    /// The present step; beyond the last the new version takes over.
    step: usize,
    /// When it began; `None` before the first.
    begun: Option<SimTime>,
    /// The share of the traffic that is routed to the new version.
    weight: u32,
    /// Since when the new version has had all of the traffic, and servers in full.
    promoted: Option<SimTime>,
    /// Whether the previous version gives back all of its servers.
    leaving: bool,
    aborted: Option<String>,
    back: Option<Back>,
    deadline: Deadline,
}

/// A way back.
#[derive(Debug)]
enum Back {
    /// By the numbers of servers.
    Counts,
    /// As the previous version comes back; since when it has been there in full.
    Dynamic(Option<SimTime>),
    /// At once, or as soon as the previous version is there in full.
    Routed(Return),
}

/// When servers of a version that was given up go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gone {
    /// As traffic leaves them.
    WithTraffic,
    /// Then, all of them.
    At(SimTime),
    /// Some time after the previous version is there in full.
    Later,
}

impl State {
    pub(super) fn new(spec: &Canary) -> Self {
        let delay = |written: Option<u32>| progress::seconds(written.unwrap_or(DELAY));
        let dynamic = spec.dynamic_stable_scale;
        let scale_down_delay = if dynamic { SimDuration::ZERO } else { delay(spec.scale_down_delay_seconds) };
        Self {
            steps: spec.steps.clone(),
            strategy: spec.counted(),
            scale_down_delay,
            abort_delay: delay(spec.abort_scale_down_delay_seconds),
            step: 0,
            begun: None,
            weight: 0,
            promoted: None,
            leaving: false,
            aborted: None,
            back: None,
            deadline: Deadline::new(spec.progress_deadline_seconds, spec.progress_deadline_abort),
        }
    }

    fn is_routed(&self) -> bool {
        self.strategy.traffic_routing.is_some()
    }

    fn rollout(&self, pool: &PoolSeen) -> Rollout<'_> {
        let status = CanaryStatus {
            current_step_index: self.step,
            abort: self.back.is_some(),
            ..CanaryStatus::default()
        };
        Rollout { replicas: pool.replicas, strategy: &self.strategy, status }
    }

    fn weights(&self) -> Option<TrafficWeights> {
        self.is_routed().then_some(TrafficWeights { canary: self.weight, stable: ALL - self.weight })
    }

    /// Returns what a pool is to have by the arithmetic of the present step.
    fn counts(&self, pool: &PoolSeen) -> Target {
        let counts = self.rollout(pool).counts(versions(pool), &[], self.weights());
        Target { stable: counts.stable, canary: counts.canary }
    }

    /// Tells whether every pool has what the present step asks for.
    fn has_counts(&self, pools: &[PoolSeen]) -> bool {
        let at = |pool: &PoolSeen| self.rollout(pool).at_desired_counts(versions(pool), &[], self.weights());
        pools.iter().all(at)
    }

    /// Returns the weight that the present step asks for, which no pool's size changes.
    fn step_weight(&self) -> u32 {
        self.rollout(&PoolSeen::default()).current_set_weight().min(ALL)
    }

    /// Returns the last weight among so many first steps.
    fn weight_before(&self, steps: usize) -> Option<u32> {
        let weight =
            |step: &Step| if let Step::SetWeight(weight) = step { Some((*weight).min(ALL)) } else { None };
        self.steps.iter().take(steps).rev().find_map(weight)
    }

    /// Moves the weight to what the present step asks for once its servers are there, as far as the previous
    /// version can carry the rest (`reconcileTrafficRouting`).
    fn move_weight(&mut self, pools: &[PoolSeen]) {
        let nobody = pools.iter().all(|pool| pool.canary.available == 0);
        let anybody_wanted = pools.iter().any(|pool| pool.replicas > 0);
        let desired = if nobody && anybody_wanted {
            0
        } else if self.has_counts(pools) {
            self.step_weight()
        } else {
            self.weight_before(self.step).unwrap_or(0)
        };
        if pools.iter().all(|pool| carries(pool, ALL - desired)) {
            self.weight = desired;
        }
    }

    /// Tells whether the present step is over.
    fn is_over(&mut self, seen: &Seen<'_>, begun: SimTime) -> bool {
        match self.steps.get(self.step) {
            None => false,
            Some(Step::SetWeight(_) | Step::SetCanaryScale(_)) => {
                let moved = !self.is_routed() || self.weight == self.step_weight();
                moved && self.has_counts(seen.pools)
            }
            Some(Step::Pause(Pause { duration })) => {
                duration.is_some_and(|length| seen.now >= begun + length.0)
            }
            Some(Step::Analysis(_)) => match seen.analysis {
                Status::Running => false,
                Status::Successful => true,
                failed => {
                    self.aborted = Some(format!("analysis: {}", progress::verdict(failed)));
                    false
                }
            },
        }
    }

    /// Goes on by one step where the present one is over, and tells what begins.
    fn advance(&mut self, seen: &Seen<'_>) -> Option<String> {
        if self.aborted.is_some() {
            return None;
        }
        if let Some(begun) = self.begun {
            if !self.is_over(seen, begun) {
                return self.promote(seen);
            }
            self.step += 1;
        }
        self.begun = Some(seen.now);
        Some(self.steps.get(self.step).map_or("promote".to_owned(), Step::word))
    }

    /// Lets the previous version go once the new one has all of the traffic and servers in full.
    fn promote(&mut self, seen: &Seen<'_>) -> Option<String> {
        let all = self.is_routed() && self.step >= self.steps.len() && self.weight == ALL;
        if !all || !progress::is_whole(seen.pools, false) && self.promoted.is_none() {
            return None;
        }
        let since = *self.promoted.get_or_insert(seen.now);
        if self.leaving || seen.now < since + self.scale_down_delay {
            return None;
        }
        self.leaving = true;
        seen.pools.iter().any(|pool| pool.stable.spec > 0).then(|| "scale down".to_owned())
    }

    /// Returns what a pool is to have on the way forth.
    fn forth(&self, pool: &PoolSeen) -> Target {
        match self.promoted {
            None => self.counts(pool),
            Some(_) => {
                progress::target(pool.replicas, if self.leaving { 0 } else { pool.stable.spec }, false)
            }
        }
    }

    fn forward(&mut self, seen: &Seen<'_>) -> Action {
        if self.is_routed() && self.promoted.is_none() {
            self.move_weight(seen.pools);
        }
        let begins = self.advance(seen);
        let present = self.steps.get(self.step);
        let delayed = self.promoted.filter(|_| !self.leaving).map(|since| since + self.scale_down_delay);
        let paused = match (present, self.begun) {
            (Some(Step::Pause(Pause { duration: Some(length) })), Some(begun)) => Some(begun + length.0),
            _ => delayed,
        };
        let ends = present.is_none() && (!self.is_routed() || self.leaving);
        let doing = match present {
            None if ends && progress::is_complete(seen.pools, false) => Doing::End,
            None if delayed.is_some() => Doing::Wait,
            Some(Step::Pause(_) | Step::Analysis(_)) => Doing::Wait,
            _ => Doing::Work,
        };
        let number = match present {
            Some(Step::Analysis(_)) => Some(self.analyses_before()),
            _ => None,
        };
        let (mut state, end) = self.deadline.look(seen, false, begins.is_some(), doing);
        if let Progress::Aborted(why) = &state {
            self.aborted.get_or_insert(why.clone());
        }
        if let Some(why) = &self.aborted {
            state = Progress::Aborted(why.clone());
        }
        let held = self.aborted.is_some();
        Action {
            targets: seen.pools.iter().map(|pool| self.forth(pool)).collect(),
            weight: self.is_routed().then(|| progress::share(self.weight)),
            analysis: number.filter(|_| !held),
            wake: paused.or(end).filter(|&wake| wake > seen.now && !held),
            state,
            step: begins,
        }
    }

    /// Returns how many analyses come before the present step.
    fn analyses_before(&self) -> usize {
        self.steps.iter().take(self.step).filter(|step| matches!(step, Step::Analysis(_))).count()
    }

    /// Answers on a way back that goes by the arithmetic of numbers.
    fn backward(&mut self, seen: &Seen<'_>) -> Action {
        let mut step = None;
        if self.is_routed() {
            let weight = self.returning_weight(seen.pools);
            step = (weight != self.weight).then(|| format!("setWeight {weight}"));
            self.weight = weight;
        }
        let gone = self.gone(seen);
        let doing = match gone {
            _ if self.weight == 0 && progress::is_complete(seen.pools, true) => Doing::End,
            Gone::At(at) if at > seen.now => Doing::Wait,
            _ => Doing::Work,
        };
        let target = |pool: &PoolSeen| match gone {
            Gone::WithTraffic => self.counts(pool),
            Gone::At(at) if at <= seen.now => progress::target(self.counts(pool).stable, 0, true),
            _ => progress::target(self.counts(pool).stable, pool.canary.spec, true),
        };
        let targets = seen.pools.iter().map(target).collect();
        let (state, end) = self.deadline.look(seen, true, step.is_some(), doing);
        let weight = self.is_routed().then(|| progress::share(self.weight));
        let wake = match gone {
            Gone::At(at) if at > seen.now => Some(at),
            _ => end,
        };
        Action { targets, weight, analysis: None, wake, state, step }
    }

    /// Returns when servers of a version that was given up go. What is not written is no delay here.
    fn gone(&mut self, seen: &Seen<'_>) -> Gone {
        let Some(delay) = self.strategy.abort_scale_down_delay.filter(|_| self.is_routed()) else {
            return Gone::WithTraffic;
        };
        if let Some(Back::Dynamic(whole)) = &mut self.back {
            if self.weight == 0 && progress::is_whole(seen.pools, true) {
                whole.get_or_insert(seen.now);
            }
            return whole.map_or(Gone::Later, |since| Gone::At(since + delay));
        }
        Gone::Later
    }

    /// Returns the weight on the way back where the previous version has to grow first: no more is taken from
    /// the new version than the previous one can carry, and it never rises
    /// (`calculateDesiredWeightOnAbortOrStableRollback`).
    fn returning_weight(&self, pools: &[PoolSeen]) -> u32 {
        let pool_weight = |pool: &PoolSeen| {
            let carried = carried(pool);
            match self.rollout(pool).desired_canary_weight(versions(pool)) {
                0 => ALL - carried,
                desired if carried < ALL - desired.min(ALL) => self.weight,
                desired => desired,
            }
        };
        let weight = pools.iter().map(pool_weight).max().unwrap_or(0).min(self.weight);
        if pools.iter().all(|pool| carries(pool, ALL - weight)) { weight } else { self.weight }
    }
}

fn versions(pool: &PoolSeen) -> Versions {
    Versions { canary: Some(progress::set_of(pool.canary)), stable: Some(progress::set_of(pool.stable)) }
}

/// Tells whether the previous version has the servers for a weight, rounded down (`checkReplicasAvailable`).
fn carries(pool: &PoolSeen, weight: u32) -> bool {
    u64::from(pool.stable.available) >= u64::from(weight) * u64::from(pool.replicas) / u64::from(ALL)
}

/// Returns the weight that the previous version has the servers for, in per cent, at most all.
fn carried(pool: &PoolSeen) -> u32 {
    let share = (u64::from(pool.stable.available) * u64::from(ALL)).checked_div(pool.replicas.into());
    share.and_then(|share| u32::try_from(share).ok()).map_or(ALL, |share| share.min(ALL))
}

impl RolloutStrategy for State {
    fn next_action(&mut self, seen: &Seen<'_>) -> Action {
        match &mut self.back {
            None => self.forward(seen),
            Some(Back::Routed(back)) => back.next(seen, &mut self.deadline),
            Some(_) => self.backward(seen),
        }
    }

    fn turn_back(&mut self, _now: SimTime) {
        if self.back.is_some() {
            return;
        }
        // What was never asked for anything is a version that was promoted before.
        if self.begun.is_none() && self.is_routed() {
            self.weight = ALL;
        }
        self.back = Some(if !self.is_routed() {
            self.weight = 0;
            Back::Counts
        } else if self.strategy.dynamic_stable_scale {
            Back::Dynamic(None)
        } else {
            Back::Routed(Return::new(self.weight, self.abort_delay, false, "setWeight 0"))
        });
        self.deadline.turn();
    }
}
