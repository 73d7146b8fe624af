//! Rollbacks: the decision, its attempts, and the three ways back.

use crate::des::EventQueue;
use crate::fleet::ServerState;
use crate::ids::ServerId;
use crate::results::{EventKind, Stand};
use crate::rng::uniform_closed_open;
use crate::scenario::{Rollback, Snapshot, Victims};
use crate::sim::Event;
use crate::sim::agenda::{Note, Site, What};
use crate::sim::flow::nanos;
use crate::sim::release::{Due, Restore};
use crate::sim::world::World;
use crate::time::{SimDuration, SimTime};

impl Snapshot {
    /// Returns when the last image was saved by an instant.
    fn last_by(&self, at: SimTime) -> Option<SimTime> {
        let since = at.as_nanos().checked_sub(self.first.as_nanos())?;
        let every = self.every.as_nanos().max(1);
        Some(SimTime::from_nanos(self.first.as_nanos() + since / every * every))
    }
}

impl<const SHARED: bool, const LIMITED: bool, const MORTAL: bool> World<SHARED, LIMITED, MORTAL> {
    /// It is decided to roll a release back.
    pub(super) fn decide_rollback(
        &mut self,
        now: SimTime,
        release: usize,
        why: String,
        queue: &mut EventQueue<Event>,
    ) {
        let service = self.releases.plan_of(release).service;
        let state = &self.releases.states[release];
        let latest = self.releases.services[service.index()].latest == Some(release);
        let possible = matches!(state.stand, Stand::Rolling | Stand::Stuck | Stand::Promoted);
        if state.decided.is_some() || !latest || !possible || self.releases.policy(release).rollback.is_none()
        {
            return;
        }
        let state = &mut self.releases.states[release];
        (state.decided, state.stand, state.halted) = (Some(now), Stand::RollingBack, true);
        // Whether anybody was harmed before it is asked later.
        if let Some(ledger) = &mut state.ledger {
            ledger.mark(now);
        }
        self.releases.services[service.index()].busy = Some(release);
        self.release_note(now, release, EventKind::RollbackDecided, why);
        self.check_clear(now, release);
        self.attempt_rollback(now, release, 1, queue);
    }

    /// A rollback is tried.
    pub(super) fn attempt_rollback(
        &mut self,
        now: SimTime,
        release: usize,
        nth: u32,
        queue: &mut EventQueue<Event>,
    ) {
        let Some(rollback) = self.releases.policy(release).rollback.clone() else { return };
        let key = self.releases.states[release].key.named("rollback").child(u64::from(nth));
        let image = rollback.snapshot.as_ref().map(|snapshot| self.image(now, release, snapshot));
        if let Some(Err(why)) = image {
            return self.give_up(now, release, why, queue);
        }
        if uniform_closed_open(key.draw(0)) < rollback.failures {
            if nth >= rollback.attempts {
                return self.give_up(now, release, format!("attempt {nth} failed, the last"), queue);
            }
            let detail = format!("attempt {nth} failed; again in {}", rollback.retry);
            self.release_note(now, release, EventKind::RollbackFailed, detail);
            let again = What::Release(Due::Attempt(release, nth + 1));
            return self.agenda.add(now + rollback.retry, again, queue);
        }
        self.roll_back(now, release, &rollback, image.and_then(Result::ok), queue);
    }

    /// A rollback fails for good: what there is stays.
    fn give_up(&mut self, now: SimTime, release: usize, why: String, queue: &mut EventQueue<Event>) {
        self.releases.states[release].stand = Stand::RollbackFailed;
        self.release_note(now, release, EventKind::RollbackFailed, why);
        if self.releases.states[release].promoted.is_some() {
            self.free(now, self.releases.plan_of(release).service, queue);
        }
    }

    /// Finds the image that can be restored: the last one of before the rollout, if it is young enough.
    fn image(&self, now: SimTime, release: usize, snapshot: &Snapshot) -> Result<SimTime, String> {
        let start = self.releases.states[release].start.unwrap_or(now);
        let saved = snapshot.last_by(start).ok_or("no image was saved before the rollout")?;
        let age = now - saved;
        match snapshot.max_age {
            Some(limit) if age > limit => Err(format!("the image is {age} old, {limit} is allowed")),
            _ => Ok(saved),
        }
    }

    fn roll_back(
        &mut self,
        now: SimTime,
        release: usize,
        rollback: &Rollback,
        image: Option<SimTime>,
        queue: &mut EventQueue<Event>,
    ) {
        let propagation = self.releases.plan_of(release).propagation;
        let detail = match image {
            Some(saved) => format!("by the image of t = {saved}"),
            None => format!(
                "to {}",
                self.version_name(
                    self.releases.plan_of(release).service,
                    self.releases.states[release].previous
                )
            ),
        };
        self.release_note(now, release, EventKind::RollbackStarted, detail);
        match (&rollback.snapshot, propagation) {
            (Some(snapshot), _) => self.restore_all(now, release, snapshot.clone(), queue),
            (None, Some(propagation)) => self.push(now, release, propagation, queue),
            (None, None) => self.turn_back(now, release, queue),
        }
    }

    /// The previous version is rolled out by the strategy's own rules.
    fn turn_back(&mut self, now: SimTime, release: usize, queue: &mut EventQueue<Event>) {
        let policy = self.releases.policy(release);
        let fresh = policy.strategy.build();
        let service = self.releases.plan_of(release).service;
        let previous = self.releases.states[release].previous;
        let strategy = self.releases.states[release].strategy.get_or_insert(fresh);
        strategy.turn_back(now);
        let state = &mut self.releases.states[release];
        (state.wake, state.analysis, state.halted) = (None, None, false);
        self.set_version(service, previous);
        self.poke(now, service, queue);
    }

    /// All servers are of the previous version again.
    pub(super) fn end_rollback(&mut self, now: SimTime, release: usize, queue: &mut EventQueue<Event>) {
        let service = self.releases.plan_of(release).service;
        let state = &mut self.releases.states[release];
        (state.restored, state.stand, state.strategy) = (Some(now), Stand::RolledBack, None);
        let previous = state.previous;
        self.release_note(now, release, EventKind::RolledBack, String::new());
        self.set_version(service, previous);
        self.check_clear(now, release);
        self.free(now, service, queue);
    }

    /// Changes all servers of a service where they stand, evenly from the first to the last: to the new version
    /// or, once a rollback is decided, to the previous one.
    pub(super) fn push(
        &mut self,
        now: SimTime,
        release: usize,
        propagation: SimDuration,
        queue: &mut EventQueue<Event>,
    ) {
        let service = self.releases.plan_of(release).service;
        let state = &self.releases.states[release];
        let version = if state.decided.is_some() { state.previous } else { state.version };
        // Who is ordered from now on comes with it.
        self.set_version(service, version);
        let pools = self.pools_of_service(service);
        let mut servers: Vec<ServerId> =
            pools.iter().flat_map(|&pool| &self.pools[pool].standing).copied().collect();
        servers.sort_unstable();
        let steps = servers.len().saturating_sub(1).max(1) as u128;
        self.releases.states[release].pushes = servers.len();
        for (nth, server) in servers.into_iter().enumerate() {
            let after = u128::from(propagation.as_nanos()) * nth as u128 / steps;
            let at = now + SimDuration::from_nanos(after as u64);
            self.agenda.add(at, What::Release(Due::Push(release, server, version)), queue);
        }
        if self.releases.states[release].pushes == 0 {
            self.pushed(now, release, queue);
        }
    }

    /// A server changes where it stands.
    pub(super) fn on_push(
        &mut self,
        now: SimTime,
        release: usize,
        server: ServerId,
        version: u16,
        queue: &mut EventQueue<Event>,
    ) {
        // A rollback overtakes what is still to come of the push.
        if self.releases.services[self.releases.plan_of(release).service.index()].version != version {
            return;
        }
        let serves = self.fleet.server(server).state().serves();
        if serves {
            self.leaves_version(now, release, server);
        }
        let reached = self.members[server.index()].version != version;
        self.members[server.index()].version = version;
        if serves {
            self.reversion(server, version);
            self.runs_version(now, release, server, queue);
        }
        if reached && self.releases.states[release].decided.is_some() {
            self.note_restored(now, release, server);
        }
        self.note_exposure(release);
        self.check_clear(now, release);
        self.releases.states[release].pushes -= 1;
        if self.releases.states[release].pushes == 0 {
            self.pushed(now, release, queue);
        }
    }

    /// Tells balancers which version a server runs now.
    fn reversion(&mut self, server: ServerId, version: u16) {
        let at = self.fleet.server(server);
        if at.in_rotation() {
            let (service, position) = (at.service(), at.position());
            self.services[service.index()].track.rotation.reversion(position, version);
        }
    }

    fn pushed(&mut self, now: SimTime, release: usize, queue: &mut EventQueue<Event>) {
        if self.releases.states[release].decided.is_some() {
            self.end_rollback(now, release, queue);
        } else {
            self.promote(now, release, queue);
        }
    }

    /// Restores an image on every server of the new version.
    fn restore_all(
        &mut self,
        now: SimTime,
        release: usize,
        snapshot: Snapshot,
        queue: &mut EventQueue<Event>,
    ) {
        let service = self.releases.plan_of(release).service;
        let state = &mut self.releases.states[release];
        (state.strategy, state.pushes) = (None, 0);
        let (previous, new) = (state.previous, state.version);
        self.set_version(service, previous);
        // Who is of the new version and not needed goes first; then traffic is given to those who stay.
        for pool in self.pools_of_service(service) {
            self.resize(now, pool, self.pools[pool].staff.wanted(), queue);
        }
        if !self.services[service.index()].track.rotation.is_empty() {
            self.route_away(now, release);
        }
        let pools = self.pools_of_service(service);
        let standing = pools.iter().flat_map(|&pool| &self.pools[pool].standing).copied();
        let mut faulty: Vec<ServerId> =
            standing.filter(|server| self.members[server.index()].version == new).collect();
        faulty.sort_unstable();
        let parallel = match snapshot.parallel {
            None => faulty.len(),
            Some(Victims::Count(count)) => count as usize,
            Some(Victims::Share(share)) => libm::ceil(share * faulty.len() as f64) as usize,
        };
        self.releases.states[release].to_restore = faulty.into();
        for _ in 0..parallel.max(1) {
            self.restore_next(now, release, queue);
        }
        self.all_restored(now, release, queue);
    }

    /// Restores the next server, in place of the one that ran the new version; what that had in hand is lost.
    fn restore_next(&mut self, now: SimTime, release: usize, queue: &mut EventQueue<Event>) {
        let Some(snapshot) = self.releases.policy(release).rollback.as_ref().and_then(|r| r.snapshot.clone())
        else {
            return;
        };
        let state = &mut self.releases.states[release];
        let (key, previous) = (state.key.named("restore"), state.previous);
        let Some(server) = std::iter::from_fn(|| state.to_restore.pop_front())
            .find(|server| !self.fleet.server(*server).state().is_gone())
        else {
            return;
        };
        let pool = self.fleet.server(server).pool();
        let nth = u64::from(self.members[server.index()].nth);
        self.retire(now, server, queue);
        let restored = self.create(now, pool, previous);
        let time = nanos(snapshot.restore.sample(&mut key.child(nth).stream()));
        self.releases.restores.insert(restored, Restore { time, warm: snapshot.warm });
        self.releases.states[release].restoring.insert(restored);
        self.house(now, restored, false);
        self.begin(now, restored, queue);
    }

    /// Takes a server out at once, with all it has.
    fn retire(&mut self, now: SimTime, server: ServerId, queue: &mut EventQueue<Event>) {
        let (pool, zone) = (self.fleet.server(server).pool(), self.members[server.index()].zone);
        let served = self.fleet.server(server).state().serves();
        self.withdraw(server);
        self.end_all(now, &[server], queue);
        self.pools[pool].strike(server, zone);
        if served {
            self.pools[pool].staff.leave(now);
            self.release_left(now, server, queue);
        }
        self.bury(now, server, ServerState::Stopped, queue);
    }

    /// A server that was restored, or ordered anew, serves with the previous version.
    pub(super) fn restored_one(
        &mut self,
        now: SimTime,
        release: usize,
        server: ServerId,
        queue: &mut EventQueue<Event>,
    ) {
        let state = &self.releases.states[release];
        if state.stand != Stand::RollingBack || self.members[server.index()].version != state.previous {
            return;
        }
        self.note_restored(now, release, server);
        self.releases.restores.remove(&server);
        if self.releases.states[release].restoring.remove(&server) {
            self.route_away(now, release);
            self.agenda.add(now, What::Release(Due::Restore(release)), queue);
        }
    }

    /// The next server is restored, or all are.
    pub(super) fn restore_on(&mut self, now: SimTime, release: usize, queue: &mut EventQueue<Event>) {
        self.restore_next(now, release, queue);
        self.all_restored(now, release, queue);
    }

    fn note_restored(&mut self, now: SimTime, release: usize, server: ServerId) {
        let name = self.releases.states[release].name.clone();
        let site = Site::Pool(self.fleet.server(server).pool());
        self.note(now, Note { name: &name, servers: Some(1), ..Note::new(EventKind::ServerRestored, site) });
    }

    /// A server is gone while it was restored: the next has its turn, and another is ordered for it.
    pub(super) fn lost_while_restored(
        &mut self,
        now: SimTime,
        release: usize,
        server: ServerId,
        queue: &mut EventQueue<Event>,
    ) {
        self.releases.restores.remove(&server);
        if self.releases.states[release].restoring.remove(&server) {
            self.agenda.add(now, What::Release(Due::Restore(release)), queue);
        }
    }

    fn all_restored(&mut self, now: SimTime, release: usize, queue: &mut EventQueue<Event>) {
        let state = &self.releases.states[release];
        let busy =
            self.releases.services[self.releases.plan_of(release).service.index()].busy == Some(release);
        if busy && state.to_restore.is_empty() && state.restoring.is_empty() {
            self.unite(self.releases.plan_of(release).service);
            self.end_rollback(now, release, queue);
        }
    }
}
