//! Rollouts: how a strategy's answers become servers of either version.

use crate::des::EventQueue;
use crate::fleet::ServerState;
use crate::ids::{ServerId, ServiceId};
use crate::release::detector::Status;
use crate::release::pipeline;
use crate::release::strategy::{Action, PoolSeen, Progress, Seen, Servers, Target};
use crate::results::{EventKind, Stand};
use crate::sim::Event;
use crate::sim::agenda::What;
use crate::sim::release::{Due, ServiceReleases};
use crate::sim::world::World;
use crate::time::{SimDuration, SimTime};

/// A strategy whose answers do not come to rest after so many is at fault; it is asked again later.
const MAX_ASKS: usize = 100;

impl<const SHARED: bool, const LIMITED: bool, const MORTAL: bool> World<SHARED, LIMITED, MORTAL> {
    /// A rollout begins, unless another of the service goes on.
    pub(super) fn begin_release(&mut self, now: SimTime, release: usize, queue: &mut EventQueue<Event>) {
        let (service, skips) = (self.releases.plan_of(release).service, self.releases.plan_of(release).skips);
        let thaws = pipeline::thaw(now, &self.releases.plan_of(release).freezes);
        if thaws > now {
            // Whoever waited for another may find a freeze when it has its turn.
            self.release_note(now, release, EventKind::Frozen, "waits for the end of a freeze".to_owned());
            return self.agenda.add(thaws, What::Release(Due::Start(release)), queue);
        }
        let own = &mut self.releases.services[service.index()];
        if own.busy.is_some() {
            if skips {
                self.releases.states[release].stand = Stand::Skipped;
            } else {
                own.waiting.push_back(release);
            }
            let detail =
                if skips { "dropped: another release is under way" } else { "waits for another release" };
            return self.release_note(now, release, EventKind::Frozen, detail.to_owned());
        }
        (own.busy, own.latest) = (Some(release), Some(release));
        let before = own.version;
        self.close_ledgers(now, service);
        let state = &mut self.releases.states[release];
        (state.start, state.stand, state.previous) = (Some(now), Stand::Rolling, before);
        let policy = self.releases.policy(release);
        let (strategy, routes) = (policy.strategy.clone(), policy.strategy.routes());
        let propagation = self.releases.plan_of(release).propagation;
        self.open_ledger(now, release, queue);
        self.begin_looking(now, release, queue);
        let (from, to) = (self.version_name(service, before), &self.releases.states[release].name);
        let detail = format!("{from} -> {to}");
        if let Some(propagation) = propagation {
            self.release_note(now, release, EventKind::ConfigurationPushed, detail);
            return self.push(now, release, propagation, queue);
        }
        self.release_note(now, release, EventKind::RolloutStarted, detail);
        self.releases.states[release].strategy = Some(strategy.build());
        if routes {
            self.split(service, self.releases.states[release].version);
        }
        self.ask_strategy(now, service, queue);
    }

    /// Returns the name of a version of a service.
    pub(super) fn version_name(&self, service: ServiceId, version: u16) -> String {
        match version.checked_sub(1) {
            Some(index) => self.releases.states[usize::from(index)].name.clone(),
            None => self.initial_versions[service.index()].clone(),
        }
    }

    /// Lets the strategy of a service's rollout be asked at this instant, where one goes on.
    pub(in crate::sim) fn poke(&mut self, now: SimTime, service: ServiceId, queue: &mut EventQueue<Event>) {
        if self.releases.going(service).is_some()
            && !std::mem::replace(&mut self.releases.services[service.index()].poked, true)
        {
            self.agenda.add(now, What::Release(Due::Ask(service)), queue);
        }
    }

    /// Tells whether a strategy says how many servers of each version a pool has.
    pub(in crate::sim) fn is_conducted(&self, pool: usize) -> bool {
        self.releases.conducted(self.pools[pool].service()).is_some()
    }

    /// Asks the strategy of a service's rollout until its answer stays the same, and does what it says.
    pub(super) fn ask_strategy(&mut self, now: SimTime, service: ServiceId, queue: &mut EventQueue<Event>) {
        self.releases.services[service.index()].poked = false;
        for _ in 0..MAX_ASKS {
            let Some(release) = self.releases.going(service) else { return };
            let Some(action) = self.next_action(now, release) else { return };
            let state = action.state.clone();
            let changed = self.obey(now, release, action, queue);
            match state {
                Progress::Done if !changed => return self.end_rollout(now, release, queue),
                Progress::Aborted(why) => {
                    if self.releases.states[release].detected.is_none() {
                        self.detected(now, release, why.clone());
                    }
                    return self.decide_rollback(now, release, why, queue);
                }
                _ if !changed => return,
                _ => {}
            }
        }
    }

    fn next_action(&mut self, now: SimTime, release: usize) -> Option<Action> {
        let min_ready = self.releases.policy(release).strategy.min_ready();
        let (plan, state) = (self.releases.plan_of(release), &self.releases.states[release]);
        let versions = (state.previous, state.version);
        let pools: Vec<PoolSeen> = self
            .pools_of_service(plan.service)
            .into_iter()
            .map(|pool| self.seen_pool(now, pool, versions, min_ready))
            .collect();
        let state = &mut self.releases.states[release];
        let seen = Seen { now, pools: &pools, analysis: state.status };
        Some(state.strategy.as_mut()?.next_action(&seen))
    }

    /// Returns the pools of a service, by their places among all pools.
    pub(super) fn pools_of_service(&self, service: ServiceId) -> Vec<usize> {
        let pools = self.pools.iter().enumerate();
        pools.filter(|(_, pool)| pool.service() == service).map(|(index, _)| index).collect()
    }

    fn seen_pool(&self, now: SimTime, pool: usize, versions: (u16, u16), min_ready: SimDuration) -> PoolSeen {
        let state = &self.pools[pool];
        let mut seen = PoolSeen { replicas: state.staff.wanted(), ..PoolSeen::default() };
        let mut count = |server: ServerId, standing: bool| {
            let side = match self.members[server.index()].version {
                version if version == versions.1 => &mut seen.canary,
                _ => &mut seen.stable,
            };
            let serves = self.fleet.server(server).state().serves();
            let available = serves && self.members[server.index()].since + min_ready <= now;
            let Servers { spec, ready, available: able, draining } = side;
            *spec += u32::from(standing);
            *draining += u32::from(!standing);
            *ready += u32::from(serves && standing);
            *able += u32::from(available && standing);
        };
        state.standing.iter().for_each(|&server| count(server, true));
        let draining = &self.releases.services[state.service().index()].draining;
        let here = draining.iter().filter(|&&server| self.fleet.server(server).pool() == pool);
        here.for_each(|&server| count(server, false));
        seen
    }

    /// Does what a strategy says; tells whether anything changed.
    fn obey(&mut self, now: SimTime, release: usize, action: Action, queue: &mut EventQueue<Event>) -> bool {
        let service = self.releases.plan_of(release).service;
        if let Some(step) = &action.step {
            self.release_note(now, release, EventKind::RolloutStep, step.clone());
        }
        // A step that begins may lead to the next at once.
        let mut changed = self.route(now, release, action.weight) | action.step.is_some();
        let state = &mut self.releases.states[release];
        let versions = (state.previous, state.version);
        if state.analysis != action.analysis {
            state.analysis = action.analysis;
            state.status = Status::Running;
            changed = true;
            if let Some(which) = action.analysis {
                self.look_from_now(now, release, which, queue);
            }
        }
        let state = &mut self.releases.states[release];
        let stand = if action.state == Progress::Stuck { Stand::Stuck } else { Stand::Rolling };
        if state.decided.is_none()
            && std::mem::replace(&mut state.stand, stand) != stand
            && stand == Stand::Stuck
        {
            self.release_note(
                now,
                release,
                EventKind::RolloutStuck,
                "no progress within the deadline".to_owned(),
            );
        }
        let state = &mut self.releases.states[release];
        if let Some(wake) = action.wake.filter(|&wake| wake > now && state.wake != Some(wake)) {
            state.wake = Some(wake);
            self.agenda.add(wake, What::Release(Due::Ask(service)), queue);
        }
        for (pool, target) in self.pools_of_service(service).into_iter().zip(&action.targets) {
            changed |= self.reconcile(now, pool, versions, *target, queue);
        }
        let state = &mut self.releases.states[release];
        changed | (std::mem::replace(&mut state.targets, action.targets.clone()) != action.targets)
    }

    /// Orders servers of a pool and gives some back until each version has its number; tells whether any were.
    fn reconcile(
        &mut self,
        now: SimTime,
        pool: usize,
        (previous, new): (u16, u16),
        target: Target,
        queue: &mut EventQueue<Event>,
    ) -> bool {
        let mut changed = false;
        // Who is not replaced yet counts for the version that is to have most of the servers.
        let given_up = self.pools[pool].given_up();
        let (for_stable, for_canary) =
            if target.stable >= target.canary { (given_up, 0) } else { (0, given_up) };
        for (version, wanted, absent) in
            [(previous, target.stable, for_stable), (new, target.canary, for_canary)]
        {
            while self.standing_of(pool, version).count() as u32 + absent < wanted
                && self.pools[pool].has_place()
                && self.has_quota(now, pool)
            {
                self.order(now, pool, version, queue);
                changed = true;
            }
            while self.standing_of(pool, version).count() as u32 > wanted {
                let Some(leaver) = self.leaver_of(pool, version) else { break };
                self.give_back(now, leaver, queue);
                changed = true;
            }
        }
        changed
    }

    fn standing_of(&self, pool: usize, version: u16) -> impl DoubleEndedIterator<Item = ServerId> {
        let standing = self.pools[pool].standing.iter().copied();
        standing.filter(move |server| self.members[server.index()].version == version)
    }

    /// Returns who of a version is given back first: who is not in service yet, then who came last.
    fn leaver_of(&self, pool: usize, version: u16) -> Option<ServerId> {
        let coming = |server: &ServerId| self.fleet.server(*server).state().is_coming();
        self.standing_of(pool, version).rev().find(coming).or(self.standing_of(pool, version).next_back())
    }

    /// All servers are of the version that was wanted.
    fn end_rollout(&mut self, now: SimTime, release: usize, queue: &mut EventQueue<Event>) {
        let service = self.releases.plan_of(release).service;
        self.unite(service);
        if self.releases.states[release].decided.is_some() {
            self.end_rollback(now, release);
        } else {
            self.promote(now, release);
        }
        self.resize_all(now, service, queue);
        self.free(now, service, queue);
    }

    /// The new version is in service.
    pub(super) fn promote(&mut self, now: SimTime, release: usize) {
        let service = self.releases.plan_of(release).service;
        let state = &mut self.releases.states[release];
        (state.promoted, state.stand, state.strategy) = (Some(now), Stand::Promoted, None);
        let version = state.version;
        self.release_note(now, release, EventKind::Promoted, String::new());
        self.set_version(service, version);
    }

    /// Orders what is missing of a service, which no strategy conducts any more, and gives back who is too many.
    pub(super) fn resize_all(&mut self, now: SimTime, service: ServiceId, queue: &mut EventQueue<Event>) {
        for pool in self.pools_of_service(service) {
            self.resize(now, pool, self.pools[pool].staff.wanted(), queue);
        }
    }

    /// A service runs a version from now on, and so do the servers that are ordered.
    pub(super) fn set_version(&mut self, service: ServiceId, version: u16) {
        self.releases.services[service.index()].version = version;
        for pool in self.pools.iter_mut().filter(|pool| pool.service() == service) {
            pool.version = version;
        }
    }

    /// Nothing of a service is under way any more: who waits begins.
    pub(super) fn free(&mut self, now: SimTime, service: ServiceId, queue: &mut EventQueue<Event>) {
        self.releases.services[service.index()].busy = None;
        while self.releases.services[service.index()].busy.is_none()
            && let Some(next) = self.releases.services[service.index()].waiting.pop_front()
        {
            self.begin_release(now, next, queue);
        }
    }

    /// A server came into service.
    pub(in crate::sim) fn release_entered(
        &mut self,
        now: SimTime,
        server: ServerId,
        queue: &mut EventQueue<Event>,
    ) {
        let service = self.fleet.server(server).service();
        let Some(ServiceReleases { latest: Some(release), .. }) = self.releases.services.get(service.index())
        else {
            return;
        };
        let release = *release;
        self.runs_version(now, server, queue);
        self.restored_one(now, release, server, queue);
        if self.releases.conducted(service) == Some(release) {
            let min_ready = self.releases.policy(release).strategy.min_ready();
            if !min_ready.is_zero() {
                self.agenda.add(now + min_ready, What::Release(Due::Ask(service)), queue);
            }
            self.poke(now, service, queue);
        }
        self.note_exposure(release);
    }

    /// A server left service, by itself or not; it may finish what it has.
    pub(in crate::sim) fn release_left(
        &mut self,
        now: SimTime,
        server: ServerId,
        queue: &mut EventQueue<Event>,
    ) {
        let service = self.fleet.server(server).service();
        let Some(ServiceReleases { latest: Some(release), .. }) = self.releases.services.get(service.index())
        else {
            return;
        };
        let release = *release;
        if self.fleet.server(server).state() == ServerState::Draining {
            self.releases.services[service.index()].draining.push(server);
        }
        self.leaves_version(now, server);
        self.check_clear(now, release);
        self.note_exposure(release);
        self.poke(now, service, queue);
    }

    /// A server is gone.
    pub(in crate::sim) fn release_gone(
        &mut self,
        now: SimTime,
        server: ServerId,
        queue: &mut EventQueue<Event>,
    ) {
        let service = self.fleet.server(server).service();
        let Some(own) = self.releases.services.get_mut(service.index()) else { return };
        own.draining.retain(|&other| other != server);
        let Some(release) = own.latest else { return };
        self.lost_while_restored(now, release, server, queue);
        self.check_clear(now, release);
        self.poke(now, service, queue);
    }
}
