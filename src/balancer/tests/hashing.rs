//! Rings and tables: published positions stand in `tests/conformance_balancing.rs`.

use super::*;
use crate::balancer::ring::{Hash, Ring};

/// Builds a ring at once.
pub(super) fn ring_of(servers: &[(usize, f64)], hash: Hash, min: u64, max: u64) -> Ring {
    let weights: Vec<f64> = servers.iter().map(|server| server.1).collect();
    let counts = match hash {
        Hash::Ketama => ring::ketama_counts(&weights, max),
        _ => ring::envoy_counts(&weights, min, max),
    };
    let wanted: Vec<(u32, u32)> = servers.iter().map(|server| server.0 as u32).zip(counts).collect();
    let mut ring = Ring::default();
    ring.set(&wanted, &mut |server, range, hashes| match hash {
        Hash::Ketama => ring::ketama_points(&format!("server-{server}"), "", range, hashes),
        _ => ring::envoy_points(hash == Hash::Murmur2, &format!("server-{server}"), range, hashes),
    });
    ring
}

/// Returns the place of a key by a ring built at once, as a spec has it.
pub(super) fn naive(servers: Vec<(usize, f64)>, hash: Hash, spec: &str, key: u64) -> usize {
    let spec: serde_json::Value = serde_json::from_str(spec).unwrap();
    let size = |key: &str, default| spec["ringHash"][key].as_u64().unwrap_or(default);
    let ring = ring_of(&servers, hash, size("minRingSize", 1_024), size("maxRingSize", 8 << 20));
    let key = if hash == Hash::Ketama { key >> 32 } else { key };
    let ordinal = ring.server(key).unwrap();
    servers.iter().position(|server| server.0 == ordinal).unwrap()
}

#[test]
fn rings_have_envoys_sizes() {
    // UnevenHosts, HostWeightedTinyRing, HostWeightedLargeRing, SmallFractionalScale of ring_hash_lb_test.cc.
    assert_eq!(ring::envoy_counts(&[1.0, 1.0], 3, 8 << 20), [2, 2]);
    assert_eq!(ring::envoy_counts(&[1.0, 2.0, 3.0], 6, 6), [1, 2, 3]);
    assert_eq!(ring::envoy_counts(&[1.0, 2.0, 3.0], 6_144, 8 << 20), [1_024, 2_048, 3_072]);
    assert_eq!(ring::envoy_counts(&[1.0; 4], 2, 2).iter().sum::<u32>(), 2);
    assert_eq!(ring::envoy_counts(&[1.0, 0.0, 1.0], 4, 100), [2, 0, 2]);
    assert_eq!(ring::ketama_counts(&[1.0, 2.0], 8 << 20), [160, 320]);
    assert_eq!(ring::ketama_counts(&[0.5, 0.5, 1.0], 64), [16, 16, 32]);
}

#[test]
fn a_server_that_leaves_takes_only_its_own_keys() {
    for spec in [r#"{"ringHash":{}}"#, r#"{"ringHash":{"hash":"ketama"}}"#, r#"{"maglev":{}}"#] {
        let mut scene = Scene::new(spec, &equals(10));
        let keys: Vec<u64> = (0..20_000).map(|index| Key::from_seed(3).draw(index)).collect();
        let of = |scene: &mut Scene| -> Vec<usize> {
            let pick = |&key: &u64| {
                let attempt = Attempt { now: SimTime::ZERO, key };
                let place = scene.balancer.pick(&attempt, &scene.rotation, &mut scene.bits).position;
                scene.rotation.server(place).index()
            };
            keys.iter().map(pick).collect()
        };
        let before = of(&mut scene);
        for count in counts(&before, 10) {
            assert!((1_400..2_700).contains(&count), "{spec}: {count} of 2,000");
        }
        scene.leave(3);
        let after = of(&mut scene);
        let moved = before.iter().zip(&after).filter(|(b, a)| **b != 3 && b != a).count();
        // A ring moves none but what the one point more of the others takes, Maglev some percent.
        assert!(moved < 20_000 / 8, "{spec}: {moved} moved");
        scene.join(3, 1.0, 0);
        assert_eq!(of(&mut scene), before, "{spec}: who is back has its keys");
    }
}

#[test]
fn primes_are_told() {
    let primes: Vec<u32> = (0..50).filter(|&number| table::is_prime(number)).collect();
    assert_eq!(primes, [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47]);
    assert!(table::is_prime(65_537) && table::is_prime(5_000_011) && !table::is_prime(65_536));
}
