//! Rings and tables, built by the functions that a simulation calls.

use peakday::balancer::ring::{self, Ring};
use peakday::balancer::table::{self, Entry};
use serde_json::{Map, Value, json};

use super::{Got, got, names, nearest, numbers, whole};
use crate::Place;

/// Returns the port of an address, or the name as a number, or the name.
fn told(host: &str) -> Value {
    let port = host.rsplit_once(':').map_or(host, |(_, port)| port);
    port.parse::<u64>().map_or_else(|_| json!(host), |number| json!(number))
}

/// Builds Envoy's ring for the nearest hosts.
fn envoy_ring(place: &Place<'_>, hosts: &[String]) -> Ring {
    let weights = numbers(nearest(place, &["weights"])).filter(|weights| weights.len() == hosts.len());
    let weights = weights.unwrap_or_else(|| vec![1.0; hosts.len()]);
    let min = whole(nearest(place, &["min_ring_size", "minimum_ring_size"])).unwrap_or(1_024);
    let max = whole(nearest(place, &["max_ring_size", "maximum_ring_size"])).unwrap_or(8 << 20);
    let function = nearest(place, &["hash_function"]).and_then(Value::as_str).unwrap_or_default();
    let murmur =
        place.path.iter().any(|key| key.contains("murmur")) || function.to_lowercase().contains("murmur");
    let counts = ring::envoy_counts(&weights, min.min(8 << 20), max.min(8 << 20));
    let wanted: Vec<(u32, u32)> = (0..).zip(counts).collect();
    let mut ring = Ring::default();
    ring.set(&wanted, &mut |server, range, hashes| {
        ring::envoy_points(murmur, &hosts[server as usize], range, hashes);
    });
    ring
}

/// Answers with the positions of a ring, or where a key belongs.
pub(super) fn ring(place: &Place<'_>) -> Got {
    let hosts = names(nearest(place, &["hosts"])).filter(|hosts| !hosts.is_empty())?;
    let addresses = hosts.iter().all(|host| host.contains(':'));
    if let Some(key) = whole(place.object.get("key")) {
        let ring = envoy_ring(place, &hosts);
        let again = whole(place.object.get("attempt")).unwrap_or(0) as usize;
        let points = ring.points();
        let point = points.get((ring.first(key) + again) % points.len().max(1))?;
        let key = if addresses { "expected_port" } else { "expected_host" };
        return got(key, told(&hosts[point.1 as usize]));
    }
    // A ring that tells its positions is no question.
    if !place.object.contains_key("hosts") || place.object.contains_key("ring_host_position") {
        return None;
    }
    let ring = envoy_ring(place, &hosts);
    let positions: Vec<Value> =
        ring.points().iter().map(|&(hash, server)| json!([told(&hosts[server as usize]), hash])).collect();
    got(if addresses { "expected_ring_port_position" } else { "expected_ring_host_position" }, positions)
}

/// Answers with a table, or where a key belongs.
pub(super) fn maglev(place: &Place<'_>) -> Got {
    let hosts = names(nearest(place, &["hosts"])).filter(|hosts| !hosts.is_empty())?;
    let size = u32::try_from(whole(nearest(place, &["table_size"]))?).ok()?;
    let key = whole(place.object.get("key"));
    if !table::is_prime(size) || key.is_none() && !place.object.contains_key("hosts") {
        return None;
    }
    let weights = numbers(nearest(place, &["weights"])).filter(|weights| weights.len() == hosts.len());
    let weights = weights.unwrap_or_else(|| vec![1.0; hosts.len()]);
    let mut entries: Vec<Entry> = (0..)
        .zip(hosts.iter().zip(weights))
        .map(|(server, (host, weight))| Entry::new(host.clone(), server, weight, size))
        .collect();
    entries.sort_by(|a, b| a.name().cmp(b.name()));
    let slots = table::slots(&entries, size);
    match key {
        Some(key) => got("expected_host_index", slots[(key % u64::from(size)) as usize]),
        None => got("expected_host_index_by_slot", slots),
    }
}

/// Answers to which upstream a text belongs in ketama's ring.
pub(super) fn ketama(place: &Place<'_>) -> Got {
    let text = ["uri", "key", "path"].iter().find_map(|key| place.object.get(*key)?.as_str())?;
    let servers = names(nearest(place, &["servers", "hosts", "upstreams"])).filter(|s| !s.is_empty())?;
    let around = around_servers(place)?;
    let weights = numbers(around.get("weights")).filter(|weights| weights.len() == servers.len());
    let each = ["weight_each", "weight"].iter().find_map(|key| around.get(*key)?.as_f64()).unwrap_or(1.0);
    let points = whole(nearest(place, &["points_per_weight"])).unwrap_or(u64::from(ring::KETAMA_POINTS));
    let weights = weights.unwrap_or_else(|| vec![each; servers.len()]);
    let wanted: Vec<(u32, u32)> =
        (0..).zip(weights.iter().map(|weight| (weight * points as f64).min(1e6) as u32)).collect();
    let mut ring = Ring::default();
    ring.set(&wanted, &mut |server, range, hashes| {
        let server = &servers[server as usize];
        let (host, port) = server.rsplit_once(':').unwrap_or((server, ""));
        // pingora writes an address of version 6 without its brackets.
        let host = host.trim_start_matches('[').trim_end_matches(']');
        ring::ketama_points(host, port, range, hashes);
    });
    got("expected_upstream", servers[ring.server(ring::ketama_key(text))?].clone())
}

/// Returns the nearest object that lists servers: weights are those that stand beside them.
fn around_servers<'a>(place: &'a Place<'a>) -> Option<&'a Map<String, Value>> {
    let mut outward = std::iter::once(place.object).chain(place.around.iter().rev().copied());
    outward.find(|object| ["servers", "hosts", "upstreams"].iter().any(|key| object.contains_key(*key)))
}
