//! Maglev's table: every slot a server, as evenly as weights say and with few changes when servers change.
//!
//! Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016, listing 1, with
//! Envoy's hashes and weights (`MaglevTable`). Knows no requests, and servers only as numbers and names.

use xxhash_rust::xxh64::xxh64;

/// Who wants slots, and which.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    name: String,
    server: u32,
    offset: u32,
    skip: u32,
    weight: f64,
}

impl Entry {
    /// Describes a server for a table of so many slots.
    pub fn new(name: String, server: u32, weight: f64, size: u32) -> Self {
        let offset = (xxh64(name.as_bytes(), 0) % u64::from(size)) as u32;
        let skip = (xxh64(name.as_bytes(), 1) % (u64::from(size) - 1) + 1) as u32;
        Self { name, server, offset, skip, weight }
    }

    /// Returns the name, by which entries are ordered.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Returns the server of every slot: entries, ordered by name, take their next free slot in turn, lighter
/// ones less often.
///
/// The number of slots must be prime, and some weight above 0. Costs about size x ln(size) steps.
pub fn slots(entries: &[Entry], size: u32) -> Vec<u32> {
    const FREE: u32 = u32::MAX;
    let sum: f64 = entries.iter().map(|entry| entry.weight).sum();
    let weights: Vec<f64> = entries.iter().map(|entry| entry.weight / sum).collect();
    let most = weights.iter().copied().fold(0.0, f64::max);
    let mut slots = vec![FREE; size as usize];
    let mut next: Vec<u32> = entries.iter().map(|entry| entry.offset).collect();
    let mut targets = vec![0.0; entries.len()];
    let (mut filled, mut iteration) = (0, 0.0);
    while filled < size && most > 0.0 {
        iteration += 1.0;
        for (index, entry) in entries.iter().enumerate() {
            if filled == size {
                break;
            }
            if weights[index] <= 0.0 || iteration * weights[index] < targets[index] {
                continue;
            }
            targets[index] += most;
            let advance = |slot: u32| {
                let slot = u64::from(slot) + u64::from(entry.skip);
                (if slot < u64::from(size) { slot } else { slot - u64::from(size) }) as u32
            };
            let mut slot = next[index];
            while slots[slot as usize] != FREE {
                slot = advance(slot);
            }
            slots[slot as usize] = entry.server;
            next[index] = advance(slot);
            filled += 1;
        }
    }
    slots
}

/// Tells whether a number is prime, by trial.
pub fn is_prime(number: u32) -> bool {
    number >= 2
        && (2_u32..)
            .take_while(|&factor| u64::from(factor).pow(2) <= u64::from(number))
            .all(|factor| !number.is_multiple_of(factor))
}
