//! Ladders in a run: a service moves from servers of one size to servers of another.
//!
//! The sizes are pools. A move orders as many servers in the pool of the new size as there are of the old one, and
//! gives an old one back for every new one that serves, so that the service never has fewer.

use crate::autoscaler::ladder::{RungAdvice, RungPolicy, Rungs};
use crate::autoscaler::{Reading, Seen, ServerSeen};
use crate::des::EventQueue;
use crate::scenario::Scenario;
use crate::sim::Event;
use crate::sim::control::Reason;
use crate::sim::watch::Watchers;
use crate::sim::world::World;
use crate::time::{SimDuration, SimTime};

/// The ladder of a service.
#[derive(Debug)]
pub(super) struct Ladder {
    /// Its pools, among all pools, by rising capacity.
    pools: Vec<usize>,
    capacities: Vec<f64>,
    rung: usize,
    policy: Box<dyn RungPolicy>,
    watches: Vec<usize>,
    period: SimDuration,
    /// The move that goes on: from which rung, and how many servers.
    moving: Option<(usize, u32)>,
}

/// Builds the ladders of a scenario; their turns are numbered after those of `policies`.
pub(super) fn ladders(
    scenario: &Scenario,
    policies: usize,
    watchers: &mut Watchers,
    queue: &mut EventQueue<Event>,
) -> Vec<Ladder> {
    let mut ladders: Vec<Ladder> = Vec::new();
    let mut first = 0;
    for service in &scenario.services {
        if let Some(plan) = &service.ladder {
            let watch = |&seen| watchers.control(scenario, seen, queue);
            let watches = plan.seen.iter().map(watch).collect();
            let period = plan.policy.period();
            queue.schedule(SimTime::ZERO + period, Event::Control((policies + ladders.len()) as u32));
            ladders.push(Ladder {
                pools: plan.pools.iter().map(|pool| first + pool).collect(),
                capacities: plan.capacities.clone(),
                rung: plan.pools.iter().position(|&pool| service.pools[pool].replicas > 0).unwrap_or(0),
                policy: plan.policy.build(),
                watches,
                period,
                moving: None,
            });
        }
        first += service.pools.len();
    }
    ladders
}

impl<const SHARED: bool, const LIMITED: bool, const MORTAL: bool> World<SHARED, LIMITED, MORTAL> {
    /// A ladder is asked.
    pub(super) fn on_ladder(&mut self, now: SimTime, index: usize, turn: u32, queue: &mut EventQueue<Event>) {
        let ladder = &self.ladders[index];
        queue.schedule(now + ladder.period, Event::Control(turn));
        if ladder.moving.is_some() {
            return;
        }
        let (before, pool) = (ladder.rung, ladder.pools[ladder.rung]);
        let standing = &self.pools[pool].standing;
        let servers: Vec<ServerSeen> = standing.iter().map(|&server| self.seen(server)).collect();
        let readings: Vec<Reading> =
            ladder.watches.iter().map(|&watch| self.reading(watch, standing)).collect();
        let replicas = self.pools[pool].staff.wanted();
        let bounds = self.pools[pool].bounds;
        let (min, max) = (bounds.min, bounds.max);
        let seen = Seen { now, replicas, min, max, servers: &servers, readings: &readings };
        let ladder = &mut self.ladders[index];
        let rungs = Rungs { rung: before, capacities: &ladder.capacities };
        let RungAdvice { rung, signal, limited_by } = ladder.policy.desired_rung(&seen, rungs);
        let reason =
            Reason { policy: "ladder".to_owned(), signal, raw: Some(replicas), limited_by, idle: None };
        match rung.filter(|&rung| rung != before && replicas > 0) {
            None => self.told(now, pool, replicas, Reason { raw: None, ..reason }),
            Some(after) => {
                ladder.policy.on_moved(now, before, after);
                ladder.rung = after;
                ladder.moving = Some((before, replicas));
                let target = ladder.pools[after];
                self.decide(now, target, replicas, reason, queue);
                self.hand_over(now, target, queue);
            }
        }
    }

    /// Gives back a server of the old size for every one of the new size that serves.
    pub(super) fn hand_over(&mut self, now: SimTime, pool: usize, queue: &mut EventQueue<Event>) {
        let here = |ladder: &Ladder| ladder.moving.is_some() && ladder.pools[ladder.rung] == pool;
        let Some(index) = self.ladders.iter().position(here) else { return };
        let ladder = &mut self.ladders[index];
        let Some((before, wanted)) = ladder.moving else { return };
        let (old, serving) = (ladder.pools[before], self.pools[pool].staff.serving() as u32);
        if serving >= wanted {
            ladder.moving = None;
        }
        let left = wanted.saturating_sub(serving).min(self.pools[old].staff.wanted());
        let policy = "ladder".to_owned();
        let signal = format!("{serving} of {wanted} of the new size serve");
        self.decide(now, old, left, Reason { policy, signal, raw: Some(left), ..Reason::default() }, queue);
    }
}
