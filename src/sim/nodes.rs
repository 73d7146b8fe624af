//! The cluster autoscaler in a run: nodes for servers that wait for a place, fewer where places stay empty.

use crate::autoscaler::cluster_autoscaler::{Decision, NodeScaler};
use crate::des::EventQueue;
use crate::fleet::ServerState;
use crate::ids::ServerId;
use crate::results::EventKind;
use crate::scenario::Scenario;
use crate::sim::Event;
use crate::sim::agenda::{Note, Site, What};
use crate::sim::launch::NO_NODE;
use crate::sim::world::World;
use crate::time::SimTime;

/// A pool's cluster autoscaler: one state per zone, whose nodes are a group of their own.
#[derive(Debug)]
pub(super) struct Cluster {
    /// Among all pools.
    pool: usize,
    zones: Vec<(u16, NodeScaler)>,
}

/// Returns the cluster autoscalers of a scenario, and when each looks for the first time.
pub(super) fn clusters(scenario: &Scenario) -> Vec<Cluster> {
    let pools = scenario.services.iter().flat_map(|service| &service.pools).enumerate();
    let cluster = |(pool, plan): (usize, &crate::scenario::Pool)| {
        let spec = plan.launch.nodes.as_ref()?.scaler.as_ref()?;
        let zones = if plan.zones.is_empty() { vec![0] } else { plan.zones.clone() };
        Some(Cluster { pool, zones: zones.into_iter().map(|zone| (zone, spec.build())).collect() })
    };
    pools.filter_map(cluster).collect()
}

impl<const SHARED: bool, const LIMITED: bool, const MORTAL: bool> World<SHARED, LIMITED, MORTAL> {
    /// Lets every cluster autoscaler look in good time.
    pub(super) fn begin_scans(&mut self, queue: &mut EventQueue<Event>) {
        for index in 0..self.clusters.len() {
            self.next_scan(SimTime::ZERO, index, queue);
        }
    }

    fn next_scan(&mut self, now: SimTime, index: usize, queue: &mut EventQueue<Event>) {
        let pool = &self.pools[self.clusters[index].pool];
        if let Some(spec) = pool.launching.scaler() {
            let at = now + spec.scan_interval;
            self.agenda.add(at, What::NodeScan(index), queue);
        }
    }

    /// A cluster autoscaler looks.
    pub(super) fn scan_nodes(&mut self, now: SimTime, index: usize, queue: &mut EventQueue<Event>) {
        self.next_scan(now, index, queue);
        let pool = self.clusters[index].pool;
        for zone in 0..self.clusters[index].zones.len() {
            let name = self.clusters[index].zones[zone].0;
            let pending = self.pending(pool, name);
            let launching = &self.pools[pool].launching;
            let (nodes, places) = (launching.seen_nodes(now, name), launching.places());
            let scaler = &mut self.clusters[index].zones[zone].1;
            let decision = scaler.scan(now, &nodes, pending.len() as u32, places);
            self.change_nodes(now, pool, name, decision, queue);
        }
    }

    /// Returns the servers of a pool and zone that wait for a node, in launch order.
    fn pending(&self, pool: usize, zone: u16) -> Vec<ServerId> {
        let waits = |&&server: &&ServerId| {
            let index = server.index();
            self.members[index].zone == zone
                && self.homes[index] == NO_NODE
                && self.fleet.server(server).state() == ServerState::Provisioning
        };
        self.pools[pool].standing.iter().filter(waits).copied().collect()
    }

    fn change_nodes(
        &mut self,
        now: SimTime,
        pool: usize,
        zone: u16,
        decision: Decision,
        queue: &mut EventQueue<Event>,
    ) {
        for &node in &decision.give_up {
            let lost = self.on_node(pool, node);
            self.pools[pool].launching.give_up_node(now, node);
            for server in lost {
                self.homes[server.index()] = NO_NODE;
                self.fleet.set_due(server, SimTime::MAX);
            }
        }
        for _ in 0..decision.add {
            self.pools[pool].launching.order_node(now, zone);
        }
        for server in self.pending(pool, zone) {
            if let Some(node) = self.pools[pool].launching.place_on_node(now, zone) {
                self.homes[server.index()] = node;
                self.begin_on_node(now, server, queue);
            }
        }
        for &node in &decision.remove {
            let evicted = self.on_node(pool, node);
            self.pools[pool].launching.remove_node(now, node);
            for server in evicted {
                self.give_back(now, server, queue);
            }
        }
        self.tell_of_nodes(now, pool, &decision);
        if !decision.remove.is_empty() {
            let wanted = self.pools[pool].staff.wanted();
            self.resize(now, pool, wanted, queue);
        }
    }

    fn on_node(&self, pool: usize, node: u32) -> Vec<ServerId> {
        let standing = self.pools[pool].standing.iter().copied();
        standing.filter(|server| self.homes[server.index()] == node).collect()
    }

    fn tell_of_nodes(&mut self, now: SimTime, pool: usize, decision: &Decision) {
        let mut told = Vec::new();
        let mut tell = |count: usize, what: &str| {
            if count > 0 {
                told.push(format!("{count} {what}"));
            }
        };
        tell(decision.add as usize, "ordered");
        tell(decision.remove.len(), "removed");
        tell(decision.give_up.len(), "given up");
        tell(decision.refused as usize, "beyond maxNodes");
        let changed = decision.add > 0 || !decision.remove.is_empty() || !decision.give_up.is_empty();
        if changed {
            let detail = told.join(", ");
            self.note(now, Note { detail, ..Note::new(EventKind::Nodes, Site::Pool(pool)) });
        }
    }
}
