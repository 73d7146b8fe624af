//! The cluster autoscaler of Kubernetes: nodes for servers that find no place, and fewer where places stay empty.
//!
//! Source: kubernetes/autoscaler, cluster-autoscaler/FAQ.md ("How does scale-up work?", "How does scale-down
//! work?", and the table of flags). Knows one kind of node, and neither pools nor how long a node takes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::signal::{Wrong, check_length, wrong};
use crate::time::{SimDuration, SimTime};
use crate::units::Ratio;

/// Empty nodes that are removed at once (`--max-empty-bulk-delete`).
const MAX_EMPTY_AT_ONCE: usize = 10;

/// Orders and removes nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ClusterAutoscaler {
    /// Between two looks.
    pub scan_interval: SimDuration,
    /// A node that is not there by then never comes; it is given up and another may be ordered.
    pub max_node_provision_time: SimDuration,
    /// After nodes were ordered, none is removed for so long.
    pub scale_down_delay_after_add: SimDuration,
    /// A node is removed when it was not needed for longer than this.
    pub scale_down_unneeded_time: SimDuration,
    /// A node may be unneeded below this use of its places.
    pub scale_down_utilization_threshold: Ratio,
    /// Never fewer nodes.
    pub min_nodes: u32,
    /// Never more nodes; no bound where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_nodes: Option<u32>,
}

impl Default for ClusterAutoscaler {
    fn default() -> Self {
        Self {
            scan_interval: SimDuration::from_secs(10),
            max_node_provision_time: SimDuration::from_secs(15 * 60),
            scale_down_delay_after_add: SimDuration::from_secs(10 * 60),
            scale_down_unneeded_time: SimDuration::from_secs(10 * 60),
            scale_down_utilization_threshold: Ratio(0.5),
            min_nodes: 0,
            max_nodes: None,
        }
    }
}

impl ClusterAutoscaler {
    /// Builds the state of one run.
    pub fn build(&self) -> NodeScaler {
        NodeScaler { spec: self.clone(), last_add: None, unneeded: Vec::new() }
    }

    /// Returns what is wrong with the parameters, as (parameter, message, remedy).
    pub fn problems(&self) -> Vec<Wrong> {
        let mut found: Vec<Wrong> = Vec::new();
        found.extend(check_length("scanInterval", self.scan_interval, "10s"));
        found.extend(check_length("maxNodeProvisionTime", self.max_node_provision_time, "15m"));
        if self.scale_down_utilization_threshold.0 > 1.0 {
            let message = format!("no node is used to {}", self.scale_down_utilization_threshold);
            let remedy = "write up to 100%, for example scaleDownUtilizationThreshold: 50%";
            found.push(wrong("scaleDownUtilizationThreshold", message, remedy));
        }
        if self.max_nodes.is_some_and(|most| most < self.min_nodes) {
            let message = format!("minNodes, {}, is above maxNodes", self.min_nodes);
            found.push(wrong("minNodes", message, "lower it, or raise maxNodes"));
        }
        found
    }
}

/// A node as the cluster autoscaler sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Names it.
    pub id: u32,
    /// How many servers it holds.
    pub places: u32,
    /// How many of them are taken.
    pub used: u32,
    /// When it was ordered.
    pub ordered: SimTime,
    /// Whether servers can start there.
    pub ready: bool,
}

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// So many nodes are ordered.
    pub add: u32,
    /// These are removed; servers on them have places elsewhere.
    pub remove: Vec<u32>,
    /// These never came and are given up.
    pub give_up: Vec<u32>,
    /// Nodes that were needed and would be too many.
    pub refused: u32,
}

/// Returns how many nodes servers without a place need: rounded up, after the places that are free or on their way.
pub fn nodes_needed(pending: u32, free: u32, places: u32) -> u32 {
    pending.saturating_sub(free).div_ceil(places.max(1))
}

/// The state of one run.
#[derive(Clone, Debug)]
pub struct NodeScaler {
    spec: ClusterAutoscaler,
    last_add: Option<SimTime>,
    /// Nodes that are not needed, and since when.
    unneeded: Vec<(u32, SimTime)>,
}

impl NodeScaler {
    /// Decides, every [`ClusterAutoscaler::scan_interval`]. `pending` servers have no place; a new node has `places`.
    pub fn scan(&mut self, now: SimTime, nodes: &[Node], pending: u32, places: u32) -> Decision {
        let late = |node: &Node| !node.ready && node.ordered + self.spec.max_node_provision_time < now;
        let give_up: Vec<u32> = nodes.iter().filter(|node| late(node)).map(|node| node.id).collect();
        let kept: Vec<Node> = nodes.iter().copied().filter(|node| !late(node)).collect();
        let free: u32 = kept.iter().map(|node| node.places.saturating_sub(node.used)).sum();
        let needed = nodes_needed(pending, free, places);
        let room = self.spec.max_nodes.map_or(u32::MAX, |most| most.saturating_sub(kept.len() as u32));
        let add = needed.min(room);
        let mut decision = Decision { add, give_up, refused: needed - add, ..Decision::default() };
        if add > 0 {
            self.last_add = Some(now);
        }
        // What waits takes the free places first: they are not there for others to move to.
        self.look_for_unneeded(now, &kept, free.saturating_sub(pending));
        let resumes = self.last_add.map(|last| last + self.spec.scale_down_delay_after_add);
        // A scan that orders nodes removes none.
        if needed == 0 && resumes.is_none_or(|resumes| resumes <= now) {
            let ready = kept.iter().filter(|node| node.ready).count() as u32;
            decision.remove = self.removable(now, &kept, ready.saturating_sub(self.spec.min_nodes) as usize);
        }
        decision
    }

    /// Finds nodes that are hardly used and whose servers fit elsewhere; the least used first.
    fn look_for_unneeded(&mut self, now: SimTime, nodes: &[Node], mut free: u32) {
        let mut hardly: Vec<&Node> =
            nodes.iter().filter(|node| node.ready && self.is_hardly_used(node)).collect();
        hardly.sort_by_key(|node| (node.used, node.id));
        let mut unneeded = Vec::with_capacity(hardly.len());
        for node in hardly {
            let own = node.places - node.used;
            let elsewhere = free.saturating_sub(own);
            if free >= own && elsewhere >= node.used {
                // Its servers take places there, and its own are gone.
                free = elsewhere - node.used;
                let since =
                    self.unneeded.iter().find(|(id, _)| *id == node.id).map_or(now, |&(_, since)| since);
                unneeded.push((node.id, since));
            }
        }
        self.unneeded = unneeded;
    }

    fn is_hardly_used(&self, node: &Node) -> bool {
        node.used <= node.places
            && f64::from(node.used) < self.spec.scale_down_utilization_threshold.0 * f64::from(node.places)
    }

    /// Returns what was unneeded for long enough: ten empty nodes at once, else one that is not empty.
    fn removable(&mut self, now: SimTime, nodes: &[Node], most: usize) -> Vec<u32> {
        let long = |&&(_, since): &&(u32, SimTime)| since + self.spec.scale_down_unneeded_time < now;
        let ids: Vec<u32> = self.unneeded.iter().filter(long).map(|&(id, _)| id).collect();
        let is_empty = |id: &u32| nodes.iter().any(|node| node.id == *id && node.used == 0);
        let empty: Vec<u32> =
            ids.iter().copied().filter(is_empty).take(MAX_EMPTY_AT_ONCE.min(most)).collect();
        let gone = if empty.is_empty() { ids.into_iter().take(most.min(1)).collect() } else { empty };
        self.unneeded.retain(|(id, _)| !gone.contains(id));
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::at;
    use super::*;

    fn node(id: u32, used: u32) -> Node {
        Node { id, places: 4, used, ordered: SimTime::ZERO, ready: true }
    }

    #[test]
    fn nodes_are_rounded_up_after_places_on_their_way() {
        for (pending, free, places, expected) in
            [(1, 0, 4, 1), (4, 0, 4, 1), (5, 0, 4, 2), (5, 4, 4, 1), (5, 5, 4, 0), (0, 0, 4, 0), (3, 0, 0, 3)]
        {
            assert_eq!(nodes_needed(pending, free, places), expected, "{pending} {free} {places}");
        }
    }

    /// A node on its way is waited for, until it is given up after 15 minutes.
    #[test]
    fn nodes_that_never_come_are_given_up() {
        let mut scaler = ClusterAutoscaler { max_nodes: Some(3), ..ClusterAutoscaler::default() }.build();
        let ordered = Node { ordered: at(10), ready: false, ..node(1, 0) };
        assert_eq!(scaler.scan(at(10), &[node(0, 4)], 3, 4), Decision { add: 1, ..Decision::default() });
        assert_eq!(scaler.scan(at(20), &[node(0, 4), ordered], 3, 4), Decision::default());
        let more = scaler.scan(at(30), &[node(0, 4), ordered], 9, 4);
        assert_eq!(more, Decision { add: 1, refused: 1, ..Decision::default() });
        assert_eq!(scaler.scan(at(910), &[node(0, 4), ordered], 3, 4), Decision::default());
        let late = scaler.scan(at(920), &[node(0, 4), ordered], 3, 4);
        assert_eq!(late, Decision { add: 1, give_up: vec![1], ..Decision::default() });
    }

    /// Unneeded for longer than ten minutes, and ten minutes after the last order.
    #[test]
    fn nodes_that_are_not_needed_go_after_ten_minutes() {
        let mut scaler = ClusterAutoscaler::default().build();
        let nodes = [node(0, 3), node(1, 1), node(2, 0)];
        assert_eq!(scaler.scan(at(0), &nodes, 0, 4).remove, Vec::<u32>::new());
        assert_eq!(scaler.scan(at(600), &nodes, 0, 4).remove, Vec::<u32>::new());
        // The empty one first; then the one whose server fits beside the three.
        assert_eq!(scaler.scan(at(610), &nodes, 0, 4).remove, [2]);
        assert_eq!(scaler.scan(at(620), &nodes[..2], 0, 4).remove, [1]);

        let mut scaler = ClusterAutoscaler::default().build();
        assert_eq!(scaler.scan(at(0), &[node(0, 4), node(1, 0)], 5, 4).add, 1);
        assert_eq!(scaler.scan(at(10), &[node(0, 4), node(1, 0), node(2, 0)], 0, 4), Decision::default());
        assert_eq!(scaler.scan(at(600), &[node(0, 4), node(1, 0), node(2, 0)], 0, 4), Decision::default());
        assert_eq!(scaler.scan(at(620), &[node(0, 4), node(1, 0), node(2, 0)], 0, 4).remove, [1, 2]);
    }

    /// Half used is used; servers without a place elsewhere stay; what was needed in between begins anew.
    #[test]
    fn nodes_that_are_needed_stay() {
        let mut scaler = ClusterAutoscaler::default().build();
        for (nodes, told) in
            [([node(0, 2), node(1, 2)], "half used"), ([node(0, 4), node(1, 1)], "no place elsewhere")]
        {
            scaler.scan(at(0), &nodes, 0, 4);
            assert_eq!(scaler.scan(at(5_000), &nodes, 0, 4).remove, Vec::<u32>::new(), "{told}");
        }
        scaler.scan(at(0), &[node(0, 2), node(1, 0)], 0, 4);
        scaler.scan(at(300), &[node(0, 2), node(1, 3)], 0, 4);
        scaler.scan(at(310), &[node(0, 2), node(1, 0)], 0, 4);
        assert_eq!(scaler.scan(at(700), &[node(0, 2), node(1, 0)], 0, 4).remove, Vec::<u32>::new());
        assert_eq!(scaler.scan(at(920), &[node(0, 2), node(1, 0)], 0, 4).remove, [1]);
        let mut least = ClusterAutoscaler { min_nodes: 2, ..ClusterAutoscaler::default() }.build();
        least.scan(at(0), &[node(0, 2), node(1, 0)], 0, 4);
        assert_eq!(least.scan(at(920), &[node(0, 2), node(1, 0)], 0, 4).remove, Vec::<u32>::new());
    }

    #[test]
    fn bounds_upside_down_are_told() {
        assert_eq!(ClusterAutoscaler::default().problems(), Vec::new());
        let wrong = ClusterAutoscaler {
            min_nodes: 3,
            max_nodes: Some(2),
            scan_interval: SimDuration::ZERO,
            scale_down_utilization_threshold: Ratio(2.0),
            ..ClusterAutoscaler::default()
        };
        assert_eq!(wrong.problems().len(), 3);
    }
}
