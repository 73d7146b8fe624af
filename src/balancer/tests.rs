//! One contract for all policies, and each policy against its published sequence.

use super::*;
use crate::ids::{RowId, SourceId};
use crate::rng::{Key, Stream};
use crate::time::SimTime;

fn request() -> Request {
    Request::new(Key::from_seed(1), SimTime::ZERO, RowId::new(0), SourceId::new(0), 0.0)
}

fn member(ordinal: usize, weight: f64) -> Member {
    Member { server: ServerId::new(ordinal), pool: 0, zone: 0, version: 0, weight }
}

fn rotation(weights: &[f64]) -> Rotation {
    let mut rotation = Rotation::default();
    for (ordinal, &weight) in weights.iter().enumerate() {
        rotation.join(member(ordinal, weight), 0);
    }
    rotation
}

/// Picks `n` times over a rotation where nothing ever ends, unless `ends` says so.
fn picks(spec: &str, weights: &[f64], n: usize, ends: bool) -> Vec<usize> {
    let spec: BalancerSpec = serde_json::from_str(spec).unwrap();
    let mut balancer = spec.build();
    let mut rotation = rotation(weights);
    let mut bits = Key::from_seed(11).stream();
    balancer.on_membership(&rotation);
    let mut chosen = Vec::new();
    for _ in 0..n {
        let position = balancer.pick(&request(), &rotation, &mut bits).position;
        rotation.sent(position);
        balancer.on_sent(position, &rotation);
        if ends {
            rotation.done(position);
            balancer.on_done(position, end(), &rotation);
        }
        chosen.push(position);
    }
    chosen
}

fn end() -> End {
    End { outcome: Outcome::Completed, latency: SimDuration::ZERO }
}

fn counts(chosen: &[usize], n: usize) -> Vec<usize> {
    (0..n).map(|place| chosen.iter().filter(|&&c| c == place).count()).collect()
}

#[test]
fn published_sequences() {
    // nginx: weights 5, 1, 1, from the message of the commit that introduced the algorithm.
    assert_eq!(picks(r#"{"smoothWeightedRoundRobin":{}}"#, &[5.0, 1.0, 1.0], 7, true), [0, 0, 1, 0, 2, 0, 0]);
    // HAProxy: four equal servers, five requests.
    assert_eq!(picks(r#"{"roundRobin":{}}"#, &[1.0; 4], 5, true), [0, 1, 2, 3, 0]);
    // Least connections fills all places before it comes back to one, in turn among equals.
    assert_eq!(picks(r#"{"leastConnections":{}}"#, &[1.0; 3], 7, false), [0, 1, 2, 0, 1, 2, 0]);
    assert_eq!(picks(r#"{"leastConnections":{}}"#, &[1.0; 3], 4, true), [0, 1, 2, 0]);
}

/// nginx's loop as its source has it, to compare with over many weights.
fn nginx(weights: &[i64], n: usize) -> Vec<usize> {
    let mut current = vec![0_i64; weights.len()];
    let total: i64 = weights.iter().sum();
    let mut chosen = Vec::new();
    for _ in 0..n {
        let mut best = 0;
        for place in 0..weights.len() {
            current[place] += weights[place];
            if current[place] > current[best] {
                best = place;
            }
        }
        current[best] -= total;
        chosen.push(best);
    }
    chosen
}

#[test]
fn smooth_round_robin_is_nginx_for_any_weights() {
    let mut bits = Key::from_seed(5).stream();
    for _ in 0..200 {
        let n = 1 + (bits.next_bits() % 12) as usize;
        let weights: Vec<i64> = (0..n).map(|_| 1 + (bits.next_bits() % 5) as i64).collect();
        let floats: Vec<f64> = weights.iter().map(|&w| w as f64).collect();
        let ours = picks(r#"{"smoothWeightedRoundRobin":{}}"#, &floats, 100, true);
        assert_eq!(ours, nginx(&weights, 100), "{weights:?}");
    }
}

#[test]
fn random_policies_split_by_weight() {
    let n = 200_000;
    for (spec, weights) in [
        (r#"{"random":{}}"#, vec![1.0; 5]),
        (r#"{"weightedRandom":{}}"#, vec![5.0, 1.0, 0.25, 3.0, 0.75]),
        (r#"{"leastRequest":{"choiceCount":1}}"#, vec![1.0; 5]),
    ] {
        let total: f64 = weights.iter().sum();
        let counts = counts(&picks(spec, &weights, n, true), weights.len());
        for (count, weight) in counts.iter().zip(&weights) {
            let p = weight / total;
            let z = (*count as f64 - n as f64 * p) / (n as f64 * p * (1.0 - p)).sqrt();
            assert!(z.abs() < 4.5, "{spec}: {counts:?} for {weights:?}");
        }
    }
}

#[test]
fn least_request_takes_the_least_and_on_a_tie_the_first_drawn() {
    struct Fixed(Vec<u64>);
    impl Bits for Fixed {
        fn next_bits(&mut self) -> u64 {
            self.0.remove(0)
        }
    }
    // The upper and the lower half of a draw each choose a place: here 1 and 3 of 4.
    let draw = (1_u64 << 62) | (3_u64 << 30);
    let spec: BalancerSpec = serde_json::from_str(r#"{"leastRequest":{}}"#).unwrap();
    for (in_flight, expected) in [([0, 2, 0, 1], 3), ([0, 1, 0, 2], 1), ([0, 1, 0, 1], 1)] {
        let mut rotation = Rotation::default();
        for (ordinal, &count) in in_flight.iter().enumerate() {
            rotation.join(member(ordinal, 1.0), count);
        }
        let pick = spec.build().pick(&request(), &rotation, &mut Fixed(vec![draw]));
        assert_eq!(pick.position, expected, "{in_flight:?}");
    }
}

/// A random life: servers join and leave, attempts begin and end.
fn life(spec: &BalancerSpec, seed: u64) -> Vec<usize> {
    let mut balancer = spec.build();
    let mut draws: Stream = Key::from_seed(seed).named("policy").stream();
    let mut script = Key::from_seed(seed).named("script").stream();
    let mut rotation = rotation(&[1.0]);
    balancer.on_membership(&rotation);
    let (mut next, mut under_way, mut chosen) = (1, Vec::new(), Vec::new());
    for _ in 0..500 {
        match script.next_bits() % 8 {
            0 => {
                rotation.join(member(next, 0.5 + (next % 3) as f64), 0);
                next += 1;
                balancer.on_membership(&rotation);
            }
            1 if rotation.len() > 1 => {
                let position = (script.next_bits() % rotation.len() as u64) as usize;
                let gone = rotation.server(position);
                under_way.retain(|&server| server != gone);
                rotation.leave(position);
                balancer.on_membership(&rotation);
            }
            2 | 3 if !under_way.is_empty() => {
                let index = (script.next_bits() % under_way.len() as u64) as usize;
                let server = under_way.swap_remove(index);
                let position = rotation.members().iter().position(|m| m.server == server).unwrap();
                rotation.done(position);
                balancer.on_done(position, end(), &rotation);
            }
            _ => {
                let position = balancer.pick(&request(), &rotation, &mut draws).position;
                assert!(position < rotation.len(), "{spec:?} picked outside the rotation");
                rotation.sent(position);
                balancer.on_sent(position, &rotation);
                under_way.push(rotation.server(position));
                chosen.push(rotation.server(position).index());
            }
        }
    }
    chosen
}

#[test]
fn every_policy_keeps_the_contract() {
    let examples = BalancerSpec::examples();
    for (name, spec) in &examples {
        let written = serde_json::to_value(spec).unwrap();
        let keys: Vec<&String> = written.as_object().unwrap().keys().collect();
        assert_eq!(keys, [name], "the example is of another kind than its name says");
        assert_eq!(&serde_json::from_value::<BalancerSpec>(written).unwrap(), spec);
        assert!(spec.problems().is_empty());
        for seed in 0..20 {
            assert_eq!(life(spec, seed), life(spec, seed), "{name}: same seed, other decisions");
        }
        assert_eq!(counts(&picks(&serde_json::to_string(spec).unwrap(), &[2.0], 9, true), 1), [9]);
    }
    let mut names: Vec<_> = examples.iter().map(|(name, _)| name).collect();
    names.dedup();
    assert_eq!(names.len(), examples.len());
}

#[test]
fn a_choice_count_out_of_range_is_refused() {
    for count in [0, 65] {
        let spec: BalancerSpec =
            serde_json::from_value(serde_json::json!({"leastRequest": {"choiceCount": count}})).unwrap();
        assert_eq!(spec.problems().len(), 1, "{count}");
    }
}
