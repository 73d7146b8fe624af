//! Launches: their turn, their quota, their failures, and what they share: images, nodes, a warm pool.

use std::collections::VecDeque;

use crate::autoscaler::cluster_autoscaler::{ClusterAutoscaler, Node as SeenNode};
use crate::des::EventQueue;
use crate::ids::ServerId;
use crate::results::{EventKind, NodeTotals};
use crate::rng::{Key, uniform_closed_open};
use crate::scenario::{Image, LaunchPlan};
use crate::sim::Event;
use crate::sim::agenda::{Note, Site, What};
use crate::sim::flow::nanos;
use crate::sim::world::World;
use crate::time::{SimDuration, SimTime};

/// How a pool launches servers.
#[derive(Debug)]
pub(super) struct Launching {
    plan: LaunchPlan,
    /// Names what is drawn for the pool, not for one of its servers.
    key: Key,
    /// When the next launch may begin.
    turn: SimTime,
    /// Servers that are not gone.
    alive: u32,
    /// Whether a launch was refused since a server has gone.
    refused: bool,
    /// Machines that wait in the warm pool.
    warm: u32,
    /// Machines ordered for it.
    warmed: u64,
    pub(super) registry: Option<Registry>,
    nodes: Vec<Node>,
}

/// The node of a server that stands on none.
pub(super) const NO_NODE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Node {
    zone: u16,
    ordered: SimTime,
    ready: SimTime,
    used: u32,
    /// Since when nobody stands on it.
    empty: Option<SimTime>,
    /// Nobody is sent there any more.
    leaving: bool,
    gone: Option<SimTime>,
}

impl Launching {
    pub(super) fn new(plan: &LaunchPlan, image: Option<Image>, key: Key) -> Self {
        Self {
            warm: plan.warm,
            plan: plan.clone(),
            key: key.named("launch"),
            turn: SimTime::ZERO,
            alive: 0,
            refused: false,
            warmed: 0,
            registry: image.map(Registry::new),
            nodes: Vec::new(),
        }
    }

    /// Returns who orders and removes nodes, where somebody does.
    pub(super) fn scaler(&self) -> Option<&ClusterAutoscaler> {
        self.plan.nodes.as_ref()?.scaler.as_ref()
    }

    /// Returns the nodes of a zone that are there or on their way, as their autoscaler sees them.
    pub(super) fn seen_nodes(&self, now: SimTime, zone: u16) -> Vec<SeenNode> {
        let places = self.plan.nodes.as_ref().map_or(0, |plan| plan.servers);
        let here = |(_, node): &(usize, &Node)| node.gone.is_none() && !node.leaving && node.zone == zone;
        let seen = |(id, node): (usize, &Node)| SeenNode {
            id: id as u32,
            places,
            used: node.used,
            ordered: node.ordered,
            ready: node.ready <= now,
        };
        self.nodes.iter().enumerate().filter(here).map(seen).collect()
    }

    /// Returns how many servers a node holds.
    pub(super) fn places(&self) -> u32 {
        self.plan.nodes.as_ref().map_or(0, |plan| plan.servers)
    }

    /// Orders a node in a zone.
    pub(super) fn order_node(&mut self, now: SimTime, zone: u16) {
        let Some(plan) = &self.plan.nodes else { return };
        let key = self.key.named("nodes").child(self.nodes.len() as u64);
        let law = plan.provision.as_ref();
        let delay = law.map_or(SimDuration::ZERO, |law| nanos(law.sample(&mut key.stream())));
        let (ordered, ready) = (now, now + delay);
        self.nodes.push(Node { zone, ordered, ready, used: 0, empty: None, leaving: false, gone: None });
    }

    /// Gives a server that has no node a place in its zone, where there is one.
    pub(super) fn place_on_node(&mut self, now: SimTime, zone: u16) -> Option<u32> {
        Some(self.house(now, zone, false)).filter(|&node| node != NO_NODE)
    }

    /// Sends nobody to a node any more; it is gone once nobody stands there.
    pub(super) fn remove_node(&mut self, now: SimTime, node: u32) {
        let node = &mut self.nodes[node as usize];
        node.leaving = true;
        if node.used == 0 {
            node.gone = Some(now);
        }
    }

    /// A node that never came is given up; nobody stands there.
    pub(super) fn give_up_node(&mut self, now: SimTime, node: u32) {
        let node = &mut self.nodes[node as usize];
        (node.used, node.leaving, node.gone) = (0, true, Some(now));
    }

    /// Counts a server that was ordered.
    pub(super) fn ordered(&mut self) {
        self.alive += 1;
    }

    /// Nothing more is refused where nothing more is wanted.
    pub(super) fn content(&mut self, content: bool) {
        self.refused &= !content;
    }

    /// Tells whether a launch was refused for lack of quota, and still would be.
    pub(super) fn is_refused(&self) -> bool {
        self.refused
    }

    /// Returns when a launch that is ordered now begins.
    fn begins(&mut self, now: SimTime) -> SimTime {
        let begins = self.turn.max(now);
        if let Some(apart) = self.plan.apart {
            self.turn = begins + apart;
        }
        begins
    }

    /// Finds a place on a node of a zone: the first with room, or a new one.
    fn house(&mut self, now: SimTime, zone: u16, initial: bool) -> u32 {
        let Some(plan) = &self.plan.nodes else { return NO_NODE };
        let room = |node: &Node| {
            node.gone.is_none() && !node.leaving && node.zone == zone && node.used < plan.servers
        };
        let found = self.nodes.iter().position(room);
        // Where somebody orders nodes, who finds no place waits for one.
        if found.is_none() && plan.scaler.is_some() && !initial {
            return NO_NODE;
        }
        let found = found.unwrap_or_else(|| {
            let key = self.key.named("nodes").child(self.nodes.len() as u64);
            let delay = plan.provision.as_ref().filter(|_| !initial);
            let delay = delay.map_or(SimDuration::ZERO, |law| nanos(law.sample(&mut key.stream())));
            let (ordered, ready) = (now, now + delay);
            self.nodes.push(Node { zone, ordered, ready, used: 0, empty: None, leaving: false, gone: None });
            self.nodes.len() - 1
        });
        self.nodes[found].used += 1;
        self.nodes[found].empty = None;
        found as u32
    }

    /// Lets all nodes of a zone go down with it.
    pub(super) fn lose_zone(&mut self, now: SimTime, zone: u16) {
        for node in self.nodes.iter_mut().filter(|node| node.zone == zone) {
            node.gone.get_or_insert(now);
        }
    }

    /// Returns the nodes there were, in the order in which they were ordered.
    pub(super) fn totals(
        &self,
        service: usize,
        pool: usize,
        end: SimTime,
    ) -> impl Iterator<Item = NodeTotals> {
        self.nodes.iter().map(move |node| NodeTotals {
            service,
            pool,
            ordered_ns: node.ordered.as_nanos(),
            gone_ns: node.gone.unwrap_or(end).as_nanos(),
        })
    }
}

/// Where images are pulled from: more pulls at once than it serves at full speed share what it serves.
#[derive(Debug)]
pub(super) struct Registry {
    image: Image,
    /// How far a pull has come that began at t = 0 and never ended, in nanoseconds alone.
    progress: f64,
    since: SimTime,
    /// Who pulls, and at which progress each is done; all need the same time alone, so the first to
    /// come is the first to go.
    pulls: VecDeque<(ServerId, f64)>,
    /// When the first is done; an event at any other instant is stale.
    due: Option<SimTime>,
}

impl Registry {
    fn new(image: Image) -> Self {
        Self { image, progress: 0.0, since: SimTime::ZERO, pulls: VecDeque::new(), due: None }
    }

    /// Returns how fast each pull goes on: 1 is as if it were alone.
    fn speed(&self) -> f64 {
        (f64::from(self.image.parallel) / self.pulls.len() as f64).min(1.0)
    }

    fn advance(&mut self, now: SimTime) {
        if !self.pulls.is_empty() {
            self.progress += (now - self.since).as_nanos() as f64 * self.speed();
        }
        self.since = now;
    }

    /// Settles when the first is done; returns it where that has changed.
    fn plan(&mut self) -> Option<SimTime> {
        let left = |&(_, done): &(ServerId, f64)| ((done - self.progress) / self.speed()).max(0.0);
        let due = self.pulls.front().map(|first| self.since + nanos(left(first)));
        if due == self.due {
            return None;
        }
        self.due = due;
        due
    }

    /// A server begins to pull; returns when the first is done, where that has changed.
    pub(super) fn join(&mut self, now: SimTime, server: ServerId) -> Option<SimTime> {
        self.advance(now);
        self.pulls.push_back((server, self.progress + self.image.pull.as_nanos() as f64));
        self.plan()
    }

    /// A server stops to pull; returns when the first is done, where that has changed.
    fn leave(&mut self, now: SimTime, server: ServerId) -> Option<SimTime> {
        self.advance(now);
        self.pulls.retain(|pull| pull.0 != server);
        self.plan()
    }

    /// Returns who is done now, and when the next is; nobody where the event is stale.
    fn done(&mut self, now: SimTime) -> (Vec<ServerId>, Option<SimTime>) {
        if self.due != Some(now) {
            return (Vec::new(), None);
        }
        self.advance(now);
        let mut servers = Vec::new();
        // Instants are rounded to nanoseconds: half of one is too little to wait for.
        while let Some(&(server, _)) = self.pulls.front().filter(|pull| pull.1 <= self.progress + 0.5) {
            self.pulls.pop_front();
            servers.push(server);
        }
        self.due = None;
        (servers, self.plan())
    }
}

/// The children of a server's key: whether its launch fails.
const FAILURE: u64 = 2;

impl<const SHARED: bool, const LIMITED: bool, const MORTAL: bool> World<SHARED, LIMITED, MORTAL> {
    /// Gives a server its node; a server of the start finds its node ready.
    pub(super) fn house(&mut self, now: SimTime, server: ServerId, initial: bool) {
        let (pool, zone) = (self.fleet.server(server).pool(), self.members[server.index()].zone);
        let node = self.pools[pool].launching.house(now, zone, initial);
        self.homes.push(node);
    }

    /// Returns when a server has its machine: after its turn and its node, at once out of a warm pool.
    pub(super) fn provisioned(
        &mut self,
        now: SimTime,
        server: ServerId,
        provision: SimDuration,
        queue: &mut EventQueue<Event>,
    ) -> SimTime {
        let index = self.fleet.server(server).pool();
        let home = self.homes[server.index()] as usize;
        if let Some(restore) = self.releases.restores.get(&server) {
            return now + restore.time;
        }
        let pool = &mut self.pools[index];
        if home == NO_NODE as usize && pool.launching.scaler().is_some() {
            return SimTime::MAX;
        }
        let begins = pool.launching.begins(now);
        if pool.launching.warm > 0 {
            pool.launching.warm -= 1;
            let refill = pool.launching.key.named("warm").child(pool.launching.warmed);
            pool.launching.warmed += 1;
            let provision = pool.startup.provision.as_ref();
            let delay = provision.map_or(SimDuration::ZERO, |law| nanos(law.sample(&mut refill.stream())));
            self.agenda.add(begins + delay, What::Warmed { pool: index }, queue);
            return begins;
        }
        let ready = pool.launching.nodes.get(home).map_or(begins, |node| node.ready);
        ready.max(begins) + provision
    }

    /// A machine waits in the warm pool.
    pub(super) fn warmed(&mut self, pool: usize) {
        self.pools[pool].launching.warm += 1;
    }

    /// Settles whether the launch of a server fails in the end.
    pub(super) fn doom(&mut self, server: ServerId) {
        let index = self.fleet.server(server).pool();
        let (pool, nth) = (&self.pools[index], self.ordinals[server.index()]);
        let own = pool.server_key(nth).child(FAILURE).draw(0);
        let fails = |share: f64, bits: u64| uniform_closed_open(bits) < share;
        let of_fault = |&(_, hit, share, key): &(usize, usize, f64, Key)| {
            hit == index && fails(share, key.child(index as u64).child(nth).draw(0))
        };
        if fails(pool.launching.plan.failures, own) || self.launch_faults.iter().any(of_fault) {
            self.doomed.insert(server);
        }
    }

    /// The launch of a server fails at the end of its start-up; another is ordered later.
    pub(super) fn launch_fails(&mut self, now: SimTime, server: ServerId, queue: &mut EventQueue<Event>) {
        let (pool, zone) = (self.fleet.server(server).pool(), self.members[server.index()].zone);
        let note = Note::new(EventKind::LaunchFailed, Site::Pool(pool));
        self.note(now, Note { servers: Some(1), ..note });
        let state = &mut self.pools[pool];
        state.strike(server, zone);
        state.broken += 1;
        let retry = state.launching.plan.retry;
        self.bury(now, server, crate::fleet::ServerState::Failed, queue);
        self.agenda.add(now + retry, What::Retry { pool }, queue);
    }

    /// After a failed launch, or where the quota has room again: what is missing is ordered.
    pub(super) fn retry(&mut self, now: SimTime, pool: usize, failed: bool, queue: &mut EventQueue<Event>) {
        let state = &mut self.pools[pool];
        state.broken -= u32::from(failed);
        let wanted = state.staff.wanted();
        self.resize(now, pool, wanted, queue);
    }

    /// Tells whether the quota of a pool lets another server be ordered; otherwise it is noted, once.
    pub(super) fn has_quota(&mut self, now: SimTime, pool: usize) -> bool {
        let launching = &mut self.pools[pool].launching;
        let Some(quota) = launching.plan.quota.filter(|&quota| launching.alive >= quota) else {
            return true;
        };
        if !std::mem::replace(&mut launching.refused, true) {
            let detail = format!("{quota} servers at most");
            self.note(now, Note { detail, ..Note::new(EventKind::QuotaReached, Site::Pool(pool)) });
        }
        false
    }

    /// Lets a server be gone, stopped or failed, and gives back what it held of its pool.
    pub(super) fn bury(
        &mut self,
        now: SimTime,
        server: ServerId,
        state: crate::fleet::ServerState,
        queue: &mut EventQueue<Event>,
    ) {
        let index = self.fleet.server(server).pool();
        self.pools[index].coming -= u32::from(self.fleet.server(server).state().is_coming());
        self.fleet.pass(server, now, state);
        self.doomed.remove(&server);
        let node = self.homes[server.index()] as usize;
        let launching = &mut self.pools[index].launching;
        launching.alive -= 1;
        if std::mem::take(&mut launching.refused) {
            self.agenda.add(now, What::Reconsider { pool: index }, queue);
        }
        if let Some(due) = launching.registry.as_mut().and_then(|registry| registry.leave(now, server)) {
            self.agenda.add(due, What::Pulled { pool: index }, queue);
        }
        let keep = launching.plan.nodes.as_ref().map(|plan| plan.keep);
        let expires = launching.scaler().is_none();
        if let Some((node_state, keep)) = launching.nodes.get_mut(node).zip(keep) {
            node_state.used -= 1;
            if node_state.used == 0 && node_state.leaving {
                node_state.gone.get_or_insert(now);
            } else if node_state.used == 0 && node_state.gone.is_none() && expires {
                node_state.empty = Some(now);
                self.agenda.add(now + keep, What::NodeExpires { pool: index, node }, queue);
            }
        }
        self.release_gone(now, server, queue);
    }

    /// A node on which nobody has stood for as long as it is kept is given back.
    pub(super) fn node_expires(&mut self, now: SimTime, pool: usize, node: usize) {
        let launching = &mut self.pools[pool].launching;
        let keep = launching.plan.nodes.as_ref().map_or(SimDuration::ZERO, |plan| plan.keep);
        let state = &mut launching.nodes[node];
        if state.empty.is_some_and(|empty| empty + keep == now) {
            state.gone.get_or_insert(now);
        }
    }

    /// Images may have been pulled.
    pub(super) fn pulled(&mut self, now: SimTime, pool: usize, queue: &mut EventQueue<Event>) {
        let Some(registry) = &mut self.pools[pool].launching.registry else { return };
        let (servers, next) = registry.done(now);
        if let Some(due) = next {
            self.agenda.add(due, What::Pulled { pool }, queue);
        }
        for server in servers {
            self.boot(now, server, queue);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: f64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs_f64(seconds)
    }

    #[test]
    fn pulls_share_what_the_registry_serves() {
        let mut registry = Registry::new(Image { pull: SimDuration::from_secs(10), parallel: 2 });
        let server = ServerId::new;
        // Two at full speed; four from 5 s on at half: the first two have 5 s left and are done at 15 s. The
        // others have 5 s of their ten by then, and go on alone: done at 20 s.
        assert_eq!(registry.join(s(0.0), server(0)), Some(s(10.0)));
        assert_eq!(registry.join(s(0.0), server(1)), None);
        assert_eq!(registry.join(s(5.0), server(2)), Some(s(12.5)));
        assert_eq!(registry.join(s(5.0), server(3)), Some(s(15.0)));
        assert_eq!(registry.done(s(10.0)), (vec![], None), "stale");
        assert_eq!(registry.done(s(15.0)), (vec![server(0), server(1)], Some(s(20.0))));
        // One leaves: the other goes on as before.
        assert_eq!(registry.leave(s(16.0), server(3)), None);
        assert_eq!(registry.done(s(20.0)), (vec![server(2)], None));
        // After a pause another begins.
        assert_eq!(registry.join(s(30.0), server(4)), Some(s(40.0)));
        assert_eq!(registry.leave(s(31.0), server(4)), None);
    }
}
