//! One contract for all policies, and each policy against its published sequence.

mod asking;
mod hashing;
mod reference;

use super::*;
use crate::rng::{Key, Stream};

fn attempt() -> Attempt {
    Attempt { now: SimTime::ZERO, key: 0 }
}

fn member(ordinal: usize, weight: f64) -> Member {
    Member {
        server: ServerId::new(ordinal),
        nth: ordinal as u32,
        pool: 0,
        zone: 0,
        version: 0,
        weight,
        since: SimTime::ZERO,
    }
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
        let position = balancer.pick(&attempt(), &rotation, &mut bits).position;
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
    End { outcome: Outcome::Completed, latency: SimDuration::ZERO, at: SimTime::ZERO }
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
        let pick = spec.build().pick(&attempt(), &rotation, &mut Fixed(vec![draw]));
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
    for step in 0..500 {
        match script.next_bits() % 8 {
            0 => {
                let position = rotation.join(member(next, 0.5 + (next % 3) as f64), 0);
                next += 1;
                balancer.on_join(position, &rotation);
            }
            1 if rotation.len() > 1 => {
                let position = (script.next_bits() % rotation.len() as u64) as usize;
                let gone = rotation.server(position);
                under_way.retain(|&server| server != gone);
                let moved = rotation.leave(position);
                balancer.on_leave(position, moved, &rotation);
            }
            2 | 3 if !under_way.is_empty() => {
                let index = (script.next_bits() % under_way.len() as u64) as usize;
                let server = under_way.swap_remove(index);
                let position = rotation.members().iter().position(|m| m.server == server).unwrap();
                rotation.done(position);
                balancer.on_done(position, end(), &rotation);
                if balancer.hears_of_idle() && rotation.in_flight()[position] == 0 {
                    balancer.on_idle(position, &rotation);
                }
            }
            4 if balancer.probing().is_some() => {
                let position = (script.next_bits() % rotation.len() as u64) as usize;
                let in_flight = rotation.in_flight()[position];
                let latency = Some(SimDuration::from_nanos(script.next_bits() % 1_000));
                let busy = Busy { at: SimTime::from_nanos(step), in_flight, latency };
                balancer.on_probe(position, busy, &rotation);
            }
            _ => {
                let attempt = Attempt { now: SimTime::from_nanos(step), key: script.next_bits() };
                let position = balancer.pick(&attempt, &rotation, &mut draws).position;
                assert!(position < rotation.len(), "{spec:?} picked outside the rotation");
                rotation.sent(position);
                balancer.on_sent(position, &rotation);
                under_way.push(rotation.server(position));
                chosen.push(rotation.members()[position].nth as usize);
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

/// A balancer whose servers, named by their launch ordinals, come and go while attempts last.
struct Scene {
    balancer: Box<dyn Balancer>,
    rotation: Rotation,
    bits: Stream,
    /// Of the next attempt; keys are drawn from a stream of their own.
    now: u64,
    keys: Stream,
    /// The key of the last attempt.
    key: u64,
}

impl Scene {
    fn new(spec: &str, servers: &[(usize, f64)]) -> Self {
        let spec: BalancerSpec = serde_json::from_str(spec).unwrap();
        let mut scene = Self {
            balancer: spec.build(),
            rotation: Rotation::default(),
            bits: Key::from_seed(7).stream(),
            now: 0,
            keys: Key::from_seed(7).named("keys").stream(),
            key: 0,
        };
        for &(ordinal, weight) in servers {
            scene.rotation.join(member(ordinal, weight), 0);
        }
        scene.balancer.on_membership(&scene.rotation);
        scene
    }

    fn place(&self, ordinal: usize) -> usize {
        let found = self.rotation.members().iter().position(|member| member.nth as usize == ordinal);
        found.unwrap_or_else(|| panic!("server {ordinal} is not in rotation"))
    }

    fn join(&mut self, ordinal: usize, weight: f64, in_flight: u32) {
        let position = self.rotation.join(member(ordinal, weight), in_flight);
        self.balancer.on_join(position, &self.rotation);
    }

    fn leave(&mut self, ordinal: usize) {
        let place = self.place(ordinal);
        let last = self.rotation.server(self.rotation.len() - 1);
        let moved = self.rotation.leave(place);
        assert_eq!(moved, (last.index() != ordinal).then_some(last), "the last takes the place");
        self.balancer.on_leave(place, moved, &self.rotation);
    }

    fn send(&mut self) -> usize {
        self.key = self.keys.next_bits();
        let attempt = Attempt { now: SimTime::from_nanos(self.now), key: self.key };
        let place = self.balancer.pick(&attempt, &self.rotation, &mut self.bits).position;
        self.rotation.sent(place);
        self.balancer.on_sent(place, &self.rotation);
        self.rotation.server(place).index()
    }

    fn sends(&mut self, n: usize) -> Vec<usize> {
        (0..n).map(|_| self.send()).collect()
    }

    fn end(&mut self, ordinal: usize) {
        let place = self.place(ordinal);
        self.rotation.done(place);
        self.balancer.on_done(place, end(), &self.rotation);
    }

    fn in_flight(&self, ordinal: usize) -> u32 {
        self.rotation.in_flight()[self.place(ordinal)]
    }
}

/// Servers of weight 1, from 0 on.
fn equals(n: usize) -> Vec<(usize, f64)> {
    (0..n).map(|ordinal| (ordinal, 1.0)).collect()
}

#[test]
fn who_leaves_is_replaced_by_the_last_with_all_that_is_its_own() {
    let mut rotation = Rotation::default();
    for (ordinal, in_flight) in [(4, 1), (7, 5), (9, 3)] {
        assert_eq!(rotation.join(member(ordinal, ordinal as f64), in_flight), rotation.len() - 1);
    }
    let found = |rotation: &Rotation| -> Vec<(usize, f64, u32)> {
        let counts = rotation.in_flight().iter();
        rotation.members().iter().zip(counts).map(|(m, &count)| (m.server.index(), m.weight, count)).collect()
    };
    assert_eq!(rotation.leave(0), Some(ServerId::new(9)));
    assert_eq!(found(&rotation), [(9, 9.0, 3), (7, 7.0, 5)]);
    assert_eq!(rotation.leave(1), None, "nobody moves where the last leaves");
    assert_eq!(rotation.join(member(4, 2.5), 0), 1);
    assert_eq!(found(&rotation), [(9, 9.0, 3), (4, 2.5, 0)]);
    rotation.leave(0);
    rotation.leave(0);
    assert!(rotation.is_empty() && rotation.members().is_empty());
}

#[test]
fn in_turn_goes_on_where_servers_come_and_go() {
    let mut scene = Scene::new(r#"{"roundRobin":{}}"#, &equals(4));
    assert_eq!(scene.sends(2), [0, 1]);
    // 3 moves to the place of 0: places are now 3, 1, 2, and the third is next.
    scene.leave(0);
    assert_eq!(scene.sends(4), [2, 3, 1, 2]);
    scene.join(4, 1.0, 0);
    assert_eq!(scene.sends(5), [4, 3, 1, 2, 4]);
    // The next place was to be the first again; it still is.
    scene.leave(4);
    assert_eq!(scene.sends(3), [3, 1, 2]);
    scene.leave(1);
    scene.leave(3);
    assert_eq!(scene.sends(2), [2, 2]);
}

#[test]
fn least_connections_carries_counts_through_moves() {
    let mut scene = Scene::new(r#"{"leastConnections":{}}"#, &equals(4));
    assert_eq!(scene.sends(6), [0, 1, 2, 3, 0, 1]);
    // 3, with one in flight, moves to the first place, but came to its one after 2; 1 has two.
    scene.leave(0);
    assert_eq!([3, 1, 2].map(|ordinal| scene.in_flight(ordinal)), [1, 2, 1]);
    assert_eq!(scene.sends(3), [2, 3, 1]);
    // Who joins with work in hand is not taken for idle.
    scene.join(8, 1.0, 4);
    assert_eq!(scene.sends(2), [2, 3]);
    scene.join(9, 1.0, 0);
    assert_eq!(scene.sends(3), [9, 9, 9]);
    scene.end(8);
    scene.end(8);
    assert_eq!(scene.send(), 8, "two in flight, all others three");
}

#[test]
fn least_connections_is_the_least_of_all_in_turn_among_equals() {
    // By exhaustion: the least in flight, of those who reached that count first.
    for seed in 0..100 {
        let mut script = Key::from_seed(seed).named("script").stream();
        let mut below = |n: usize| (script.next_bits() % n as u64) as usize;
        let mut scene = Scene::new(r#"{"leastConnections":{}}"#, &equals(3));
        let (mut stamps, mut clock, mut next) = (vec![0, 1, 2], 3, 3);
        for step in 0..300 {
            match below(10) {
                0 if next < 20 => {
                    scene.join(next, 1.0, below(3) as u32);
                    stamps.push(clock);
                    (next, clock) = (next + 1, clock + 1);
                }
                1 if scene.rotation.len() > 1 => {
                    scene.leave(scene.rotation.server(below(scene.rotation.len())).index());
                }
                2..5 => {
                    let place = below(scene.rotation.len());
                    if scene.rotation.in_flight()[place] > 0 {
                        let ordinal = scene.rotation.server(place).index();
                        scene.end(ordinal);
                        (stamps[ordinal], clock) = (clock, clock + 1);
                    }
                }
                _ => {
                    let counts = scene.rotation.in_flight().iter();
                    let members = scene.rotation.members().iter().zip(counts);
                    let least =
                        members.map(|(m, &count)| (count, stamps[m.server.index()], m.server.index())).min();
                    let (_, _, expected) = least.unwrap();
                    assert_eq!(scene.send(), expected, "seed {seed}, step {step}");
                    (stamps[expected], clock) = (clock, clock + 1);
                }
            }
        }
    }
}

/// nginx's loop where peers are passed over: they neither gain nor lose (commit 52327e0627f4, the
/// `continue` before `total += peer->effective_weight`).
#[derive(Default)]
struct Nginx {
    current: Vec<i64>,
    present: Vec<(usize, i64)>,
}

impl Nginx {
    fn pick(&mut self) -> usize {
        self.present.sort_unstable();
        let (mut best, mut total) = (None, 0);
        for &(peer, weight) in &self.present {
            self.current[peer] += weight;
            total += weight;
            if best.is_none_or(|best: usize| self.current[peer] > self.current[best]) {
                best = Some(peer);
            }
        }
        let best = best.unwrap();
        self.current[best] -= total;
        best
    }
}

#[test]
fn smooth_round_robin_is_nginx_while_servers_come_and_go() {
    for seed in 0..100 {
        let mut script = Key::from_seed(seed).named("script").stream();
        let mut below = |n: usize| (script.next_bits() % n as u64) as usize;
        let weights: Vec<i64> = (0..12).map(|_| 1 + below(5) as i64).collect();
        let mut scene = Scene::new(r#"{"smoothWeightedRoundRobin":{}}"#, &[(0, weights[0] as f64)]);
        let mut nginx = Nginx { current: vec![0; 12], present: vec![(0, weights[0])] };
        for step in 0..300 {
            let ordinal = below(12);
            let present = nginx.present.iter().position(|&(peer, _)| peer == ordinal);
            match (below(6), present) {
                // Who is back after a while comes with the weight it left with.
                (0, None) => {
                    nginx.present.push((ordinal, weights[ordinal]));
                    scene.join(ordinal, weights[ordinal] as f64, 0);
                }
                (1, Some(index)) if nginx.present.len() > 1 => {
                    nginx.present.remove(index);
                    scene.leave(ordinal);
                }
                _ => assert_eq!(scene.send(), nginx.pick(), "seed {seed}, step {step}: {weights:?}"),
            }
        }
    }
}

#[test]
fn a_server_that_comes_back_is_no_newcomer() {
    // Behind a central queue a server is out of rotation while it is full. Two that alternate so,
    // weights 3 to 1, still share 3 to 1: each comes back with what it had gained or lost.
    let mut scene = Scene::new(r#"{"smoothWeightedRoundRobin":{}}"#, &[(0, 3.0), (1, 1.0)]);
    let mut chosen = Vec::new();
    for _ in 0..40 {
        let ordinal = scene.send();
        chosen.push(ordinal);
        scene.leave(ordinal);
        scene.join(ordinal, if ordinal == 0 { 3.0 } else { 1.0 }, 0);
    }
    assert_eq!(counts(&chosen, 2), [30, 10]);
    assert_eq!(chosen[..4], [0, 0, 1, 0]);
}

#[test]
fn shares_follow_the_servers_in_rotation() {
    let n = 100_000;
    let changes = |scene: &mut Scene| {
        // Places 0 1 2 3, then 3 1 2, then 3 1 2 4, then 3 4 2.
        scene.leave(0);
        scene.join(4, 6.0, 0);
        scene.leave(1);
    };
    for (spec, weighted) in [
        (r#"{"random":{}}"#, false),
        (r#"{"weightedRandom":{}}"#, true),
        (r#"{"leastRequest":{"activeRequestBias":0}}"#, true),
        (r#"{"roundRobin":{}}"#, false),
        (r#"{"smoothWeightedRoundRobin":{}}"#, true),
    ] {
        let mut scene = Scene::new(spec, &[(0, 9.0), (1, 5.0), (2, 0.5), (3, 1.0)]);
        scene.sends(10);
        changes(&mut scene);
        let chosen = counts(&scene.sends(n), 5);
        let shares = if weighted { [0.0, 0.0, 0.5, 1.0, 6.0] } else { [0.0, 0.0, 1.0, 1.0, 1.0] };
        let total: f64 = shares.iter().sum();
        for (count, share) in chosen.iter().zip(shares) {
            let p = share / total;
            let error = (n as f64 * p * (1.0 - p)).sqrt();
            assert!((*count as f64 - n as f64 * p).abs() <= 4.5 * error, "{spec}: {chosen:?}");
        }
    }
}

#[test]
fn weights_may_lie_as_far_apart_as_the_scenario_allows() {
    for spec in [r#"{"weightedRandom":{}}"#, r#"{"smoothWeightedRoundRobin":{}}"#] {
        let mut scene = Scene::new(spec, &[(0, 1e-9), (1, 1e6), (2, 1e6), (3, 1e-9)]);
        let chosen = counts(&scene.sends(10_000), 4);
        assert!(chosen[0] + chosen[3] <= 2 && chosen[1].abs_diff(chosen[2]) < 500, "{spec}: {chosen:?}");
        // The heavy leave: the light ones are equals.
        scene.leave(1);
        scene.leave(2);
        let chosen = counts(&scene.sends(10_000), 4);
        assert!(chosen[0].abs_diff(chosen[3]) < 500, "{spec}: {chosen:?}");
        assert_eq!(chosen[0] + chosen[3], 10_000);
    }
}

#[test]
fn choices_are_drawn_among_those_in_rotation() {
    // Of three choices among two, one at least is the idle one but for once in eight.
    for (spec, share) in [(r#"{"leastRequest":{}}"#, 0.75), (r#"{"leastRequest":{"choiceCount":3}}"#, 0.875)]
    {
        let (mut scene, n) = (Scene::new(spec, &equals(5)), 40_000);
        for ordinal in [0, 3, 1] {
            scene.leave(ordinal);
        }
        scene.leave(2);
        scene.join(6, 1.0, 1_000_000);
        let mut idle = 0;
        for _ in 0..n {
            let ordinal = scene.send();
            idle += usize::from(ordinal == 4);
            scene.end(ordinal);
        }
        let error = (n as f64 * share * (1.0 - share)).sqrt();
        assert!((idle as f64 - n as f64 * share).abs() < 4.5 * error, "{spec}: {idle} of {n}");
    }
}

#[test]
fn a_server_alone_serves_everyone_and_an_empty_rotation_may_fill_again() {
    for (name, spec) in BalancerSpec::examples() {
        let mut scene = Scene::new(&serde_json::to_string(&spec).unwrap(), &[]);
        for round in 0..3 {
            scene.join(round, 0.25, round as u32);
            assert_eq!(scene.sends(5), [round; 5], "{name}");
            scene.leave(round);
        }
        assert!(scene.rotation.is_empty());
        scene.join(1, 1.0, 0);
        scene.join(0, 1.0, 0);
        let chosen = scene.sends(64);
        assert!(chosen.contains(&0) && chosen.contains(&1), "{name}: {chosen:?}");
    }
}
