//! A ring of hashes: every server at some points of it, every key at the next point.
//!
//! In Envoy's form (points are hashes of `name_0`, `name_1` ...) and in the form of ketama as in nginx
//! (chained CRC-32). Knows no requests, and servers only as numbers and names.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh64::xxh64;

/// What places points on the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RingHashFunction")]
pub enum Hash {
    /// xxHash64, Envoy's default.
    XxHash,
    /// MurmurHash2 (64A, seed 0xc70f6907), Envoy's other.
    Murmur2,
    /// Chained CRC-32, 160 points per server of the least weight, as nginx's `hash .. consistent`.
    Ketama,
}

/// Points per unit of weight in nginx.
pub const KETAMA_POINTS: u32 = 160;

/// Appends the hashes of a range of a server's points to a list.
pub type Hashes<'a> = dyn FnMut(u32, Range<u32>, &mut Vec<u64>) + 'a;

/// Points in order, and how many each server has.
#[derive(Debug, Default)]
pub struct Ring {
    /// Hash, server; of equal hashes the server of the lower number counts, as in nginx the one named first.
    points: Vec<(u64, u32)>,
    counts: Vec<u32>,
}

impl Ring {
    /// Lets servers have so many points each, and all others none.
    ///
    /// `hashes` appends the hashes of a range of a server's points. Only points that come or go are hashed;
    /// the rest costs a walk along the ring.
    pub fn set(&mut self, wanted: &[(u32, u32)], hashes: &mut Hashes<'_>) {
        let mut wants = vec![0; self.counts.len()];
        for &(server, count) in wanted {
            if wants.len() <= server as usize {
                wants.resize(server as usize + 1, 0);
            }
            wants[server as usize] = count;
        }
        self.counts.resize(wants.len(), 0);
        let (mut come, mut go, mut buffer) = (Vec::new(), Vec::new(), Vec::new());
        for (server, (&has, &wants)) in self.counts.iter().zip(&wants).enumerate() {
            let (list, range) = if wants > has { (&mut come, has..wants) } else { (&mut go, wants..has) };
            if !range.is_empty() {
                buffer.clear();
                hashes(server as u32, range, &mut buffer);
                list.extend(buffer.iter().map(|&hash| (hash, server as u32)));
            }
        }
        self.counts = wants;
        come.sort_unstable();
        go.sort_unstable();
        self.merge(&come, &go);
    }

    /// Merges sorted points in, and takes sorted points out.
    fn merge(&mut self, come: &[(u64, u32)], go: &[(u64, u32)]) {
        if come.is_empty() && go.is_empty() {
            return;
        }
        let mut merged = Vec::with_capacity(self.points.len() + come.len() - go.len());
        let (mut come, mut go) = (come.iter().copied().peekable(), go.iter().copied().peekable());
        for &point in &self.points {
            if go.next_if_eq(&point).is_some() {
                continue;
            }
            while let Some(new) = come.next_if(|&new| new < point) {
                merged.push(new);
            }
            merged.push(point);
        }
        merged.extend(come);
        self.points = merged;
    }

    /// Returns hash and server of every point, in order.
    pub fn points(&self) -> &[(u64, u32)] {
        &self.points
    }

    /// Returns the index of the first point at or behind a key, from the beginning again behind the last.
    #[inline]
    pub fn first(&self, key: u64) -> usize {
        let index = self.points.partition_point(|point| point.0 < key);
        if index < self.points.len() { index } else { 0 }
    }

    /// Returns the server to which a key belongs; `None` where the ring is empty.
    #[inline]
    pub fn server(&self, key: u64) -> Option<usize> {
        self.points.get(self.first(key)).map(|point| point.1 as usize)
    }
}

/// Returns how many points servers have in Envoy (`RingHashLoadBalancer::Ring`): in proportion to weight,
/// the lightest a whole number, so many that there are `min` in all, but not more than `max`.
///
/// Servers without weight have none. Sums run over all servers in their order, so that one of two equal
/// ones may have a point more.
pub fn envoy_counts(weights: &[f64], min: u64, max: u64) -> Vec<u32> {
    let sum: f64 = weights.iter().sum();
    let least = weights.iter().filter(|&&weight| weight > 0.0).map(|weight| weight / sum).fold(1.0, f64::min);
    let scale = ((least * min as f64).ceil() / least).min(max as f64);
    let (mut current, mut target) = (0.0, 0.0);
    let count = |weight: &f64| {
        target += scale * (weight / sum);
        let mut count = 0;
        while current < target {
            current += 1.0;
            count += 1;
        }
        count
    };
    weights.iter().map(count).collect()
}

/// Returns how many points servers have in ketama: 160 the lightest, the others in proportion, each one at
/// least; all fewer where there were more than `max`.
pub fn ketama_counts(weights: &[f64], max: u64) -> Vec<u32> {
    let least = weights.iter().copied().fold(f64::INFINITY, f64::min);
    let sum: f64 = weights.iter().sum::<f64>() / least * f64::from(KETAMA_POINTS);
    let points = f64::from(KETAMA_POINTS) * (max as f64 / sum).min(1.0);
    weights.iter().map(|weight| ((weight / least * points + 0.5) as u32).max(1)).collect()
}

/// Appends the hashes of a range of a server's points in Envoy's form.
pub fn envoy_points(murmur: bool, name: &str, range: Range<u32>, hashes: &mut Vec<u64>) {
    for index in range {
        let text = format!("{name}_{index}");
        hashes.push(if murmur { murmur2(text.as_bytes()) } else { xxh64(text.as_bytes(), 0) });
    }
}

/// Appends the hashes of a range of a server's points in ketama's form: each is the CRC-32 of host, a zero
/// byte, port and the hash before (ngx_http_upstream_hash_module.c; pingora-ketama).
pub fn ketama_points(host: &str, port: &str, range: Range<u32>, hashes: &mut Vec<u64>) {
    let mut base = crc32fast::Hasher::new();
    base.update(host.as_bytes());
    base.update(&[0]);
    base.update(port.as_bytes());
    let mut hash = 0_u32;
    for index in 0..range.end {
        let mut hasher = base.clone();
        hasher.update(&hash.to_le_bytes());
        hash = hasher.finalize();
        if index >= range.start {
            hashes.push(u64::from(hash));
        }
    }
}

/// Returns the hash of a text in ketama's form.
pub fn ketama_key(text: &str) -> u64 {
    u64::from(crc32fast::hash(text.as_bytes()))
}

/// MurmurHash2 of 64 bits for 64-bit platforms (Appleby's MurmurHash64A) with the seed of libstdc++, as Envoy
/// has it.
pub fn murmur2(bytes: &[u8]) -> u64 {
    const SEED: u64 = 0xC70F_6907;
    const MIX: u64 = 0xC6A4_A793_5BD1_E995;
    let shifted = |value: u64| value ^ (value >> 47);
    let mut hash = SEED ^ (bytes.len() as u64).wrapping_mul(MIX);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let data = shifted(u64::from_le_bytes(*word).wrapping_mul(MIX)).wrapping_mul(MIX);
        hash = (hash ^ data).wrapping_mul(MIX);
    }
    if !rest.is_empty() {
        let data = rest.iter().rev().fold(0_u64, |data, &byte| (data << 8) | u64::from(byte));
        hash = (hash ^ data).wrapping_mul(MIX);
    }
    shifted(shifted(hash).wrapping_mul(MIX))
}
