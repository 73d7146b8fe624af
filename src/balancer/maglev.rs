//! By the customer's key, through a table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::balancer::places::Places;
use crate::balancer::ring_hash::name;
use crate::balancer::table::{self, Entry};
use crate::balancer::{Attempt, Balancer, Pick, Policy, Problem, Rotation};
use crate::ids::ServerId;
use crate::rng::Bits;

/// Picks the server in the slot that the hash of the customer's key names, of a table in which servers have
/// slots in proportion to weight (Eisenbud et al., NSDI 2016, with the hashes and weights of Envoy's
/// `MAGLEV`). Names are `server-` and the launch ordinal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Maglev {
    /// How many slots the table has: a prime number, better a hundred times that of servers.
    #[schemars(range(min = 2, max = MAX_SLOTS))]
    table_size: u32,
}

/// Envoy's limit.
const MAX_SLOTS: u32 = 5_000_011;

impl Default for Maglev {
    /// Envoy's.
    fn default() -> Self {
        Self { table_size: 65_537 }
    }
}

impl Policy for Maglev {
    fn build(&self) -> Box<dyn Balancer> {
        Box::new(State {
            size: self.table_size,
            entries: Vec::new(),
            slots: Vec::new(),
            places: Places::default(),
            stale: false,
        })
    }

    fn example() -> Self {
        Self::default()
    }

    fn problems(&self) -> Vec<Problem> {
        if !(2..=MAX_SLOTS).contains(&self.table_size) {
            let message = format!("{} slots are not between 2 and {MAX_SLOTS}", self.table_size);
            return vec![("tableSize", message, "write for example tableSize: 65537".to_owned())];
        }
        if table::is_prime(self.table_size) {
            return Vec::new();
        }
        let next = (self.table_size..).find(|&size| table::is_prime(size)).unwrap_or(MAX_SLOTS);
        let message = format!("{} slots are not a prime number of them", self.table_size);
        vec![("tableSize", message, format!("write for example tableSize: {next}"))]
    }

    fn needs_key(&self) -> bool {
        true
    }

    fn weighs(&self) -> bool {
        true
    }
}

/// The table is filled anew when it is needed, once for all who join or leave at one instant; the entries
/// are kept in the order of their names.
#[derive(Debug)]
struct State {
    size: u32,
    entries: Vec<Entry>,
    slots: Vec<u32>,
    places: Places,
    stale: bool,
}

impl State {
    fn find(&self, name: &str) -> Result<usize, usize> {
        self.entries.binary_search_by(|entry| entry.name().cmp(name))
    }
}

impl Balancer for State {
    fn pick(&mut self, attempt: &Attempt, _rotation: &Rotation, _bits: &mut dyn Bits) -> Pick {
        if std::mem::take(&mut self.stale) {
            self.slots = table::slots(&self.entries, self.size);
        }
        let server = self.slots[(attempt.key % u64::from(self.size)) as usize] as usize;
        Pick { position: self.places.of(server).unwrap_or(0) }
    }

    fn on_membership(&mut self, rotation: &Rotation) {
        self.places.renew(rotation);
        let entry = |member: &crate::balancer::Member| {
            let ordinal = member.nth as usize;
            Entry::new(name(ordinal), ordinal as u32, member.weight, self.size)
        };
        self.entries = rotation.members().iter().map(entry).collect();
        self.entries.sort_unstable_by(|a, b| a.name().cmp(b.name()));
        self.stale = true;
    }

    fn on_join(&mut self, position: usize, rotation: &Rotation) {
        let ordinal = self.places.join(position, rotation);
        let weight = rotation.members()[position].weight;
        let entry = Entry::new(name(ordinal), ordinal as u32, weight, self.size);
        let at = self.find(entry.name()).unwrap_or_else(|at| at);
        self.entries.insert(at, entry);
        self.stale = true;
    }

    fn on_leave(&mut self, position: usize, _moved: Option<ServerId>, _rotation: &Rotation) {
        let ordinal = self.places.leave(position);
        if let Ok(at) = self.find(&name(ordinal)) {
            self.entries.remove(at);
        }
        self.stale = true;
    }
}
