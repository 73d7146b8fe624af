//! Policies against what anyone would write who cared for no speed: a look at all servers for every pick.

use super::*;

/// What a naive policy sees of a server.
#[derive(Clone, Debug)]
struct Seen {
    ordinal: usize,
    weight: f64,
    in_flight: u32,
    /// When it came to its count, in the order of all such events.
    since: usize,
    /// Mean response time.
    mean: Option<f64>,
}

/// Lets servers join, leave and answer at random, and compares every pick with that of `expected`, which
/// sees the servers by place, the mean of all responses, and the key of the attempt.
fn compare(spec: &str, seed: u64, answers: bool, expected: &mut dyn FnMut(&[Seen], u64) -> usize) {
    let mut script = Key::from_seed(seed).named("script").stream();
    let mut below = |n: usize| (script.next_bits() % n as u64) as usize;
    let weight = |ordinal: usize| [1.0, 2.5, 0.5, 4.0][ordinal % 4];
    let mut scene = Scene::new(spec, &(0..3).map(|ordinal| (ordinal, weight(ordinal))).collect::<Vec<_>>());
    let new =
        |ordinal, in_flight, since| Seen { ordinal, weight: weight(ordinal), in_flight, since, mean: None };
    let mut seen: Vec<Seen> = (0..3).map(|ordinal| new(ordinal, 0, ordinal)).collect();
    let (mut clock, mut next) = (3, 3);
    for step in 0..400 {
        clock += 1;
        scene.now += 1_000_000;
        match below(12) {
            0 if next < 40 => {
                let in_flight = below(3) as u32;
                scene.join(next, weight(next), in_flight);
                seen.push(new(next, in_flight, clock));
                next += 1;
            }
            1 if seen.len() > 1 => {
                let place = below(seen.len());
                scene.leave(seen[place].ordinal);
                seen.swap_remove(place);
            }
            2..6 if answers => {
                let place = below(seen.len());
                if seen[place].in_flight > 0 {
                    let latency = SimDuration::from_nanos(1 + below(1_000) as u64);
                    scene.rotation.done(place);
                    let at = SimTime::from_nanos(scene.now);
                    let end = End { outcome: Outcome::Completed, latency, at };
                    scene.balancer.on_done(place, end, &scene.rotation);
                    let server = &mut seen[place];
                    (server.in_flight, server.since) = (server.in_flight - 1, clock);
                    let latency = latency.as_nanos() as f64;
                    server.mean =
                        Some(server.mean.map_or(latency, |mean| 0.9 * mean + (1.0 - 0.9) * latency));
                }
            }
            _ => {
                let sent = scene.send();
                let place = expected(&seen, scene.key);
                assert_eq!(sent, seen[place].ordinal, "{spec}, seed {seed}, step {step}: {seen:?}");
                (seen[place].in_flight, seen[place].since) = (seen[place].in_flight + 1, clock);
            }
        }
    }
}

/// Returns the place of the least value, of equals the one that came to it first.
fn least(seen: &[Seen], value: impl Fn(&Seen) -> f64) -> usize {
    let better = |a: &usize, b: &usize| {
        let (a, b) = (&seen[*a], &seen[*b]);
        value(a).total_cmp(&value(b)).then(a.since.cmp(&b.since))
    };
    (0..seen.len()).min_by(better).unwrap()
}

#[test]
fn weighted_least_connections_is_haproxys_key() {
    for seed in 0..50 {
        compare(r#"{"weightedLeastConnections":{}}"#, seed, true, &mut |seen, _| {
            let load =
                |s: &Seen| if s.in_flight == 0 { 0.0 } else { (f64::from(s.in_flight) + 1.0) / s.weight };
            least(seen, load)
        });
    }
}

#[test]
fn least_response_time_is_the_product() {
    // While nobody has answered, a server counts as one nanosecond: the least in flight for its weight.
    for seed in 0..20 {
        compare(r#"{"leastResponseTime":{}}"#, seed, false, &mut |seen, _| {
            least(seen, |s| (f64::from(s.in_flight) + 1.0) / s.weight)
        });
    }
    let mut scene = Scene::new(r#"{"leastResponseTime":{"smoothing":0.5}}"#, &[(0, 1.0), (1, 1.0), (2, 2.0)]);
    let answer = |scene: &mut Scene, ordinal: usize, nanos| {
        let place = scene.place(ordinal);
        scene.rotation.done(place);
        let end = End { latency: SimDuration::from_nanos(nanos), ..end() };
        scene.balancer.on_done(place, end, &scene.rotation);
    };
    // Without a mean: 1, 1, 1/2; 2 is the least, then all are 1.
    assert_eq!(scene.sends(4), [2, 0, 1, 2]);
    answer(&mut scene, 0, 100);
    answer(&mut scene, 1, 40);
    // 100, 40, and 2 counted when it was sent to, before anyone had answered: 3/2.
    assert_eq!(scene.send(), 2, "not looked at since");
    // Now it counts as the mean of all, 70: 70 x 4 / 2.
    assert_eq!(scene.sends(2), [1, 1]);
    // 1 has two in flight: 40 x 3 is more than 100.
    assert_eq!(scene.send(), 0);
    answer(&mut scene, 1, 0);
    // Half of 40 and half of nothing, one nanosecond at least: 20.5 x 2.
    assert_eq!(scene.send(), 1);
}

#[test]
fn hashes_are_those_of_a_ring_built_anew() {
    for (spec, hash) in [
        (r#"{"ringHash":{"minRingSize":50}}"#, ring::Hash::XxHash),
        (r#"{"ringHash":{"hash":"murmur2","minRingSize":7}}"#, ring::Hash::Murmur2),
        (r#"{"ringHash":{"hash":"ketama","maxRingSize":900}}"#, ring::Hash::Ketama),
    ] {
        for seed in 0..10 {
            compare(spec, seed, true, &mut |seen, key| hashing::naive(seen_names(seen), hash, spec, key));
        }
    }
}

#[test]
fn a_table_is_that_of_all_servers_in_the_order_of_their_names() {
    for seed in 0..10 {
        compare(r#"{"maglev":{"tableSize":251}}"#, seed, true, &mut |seen, key| {
            let entry = |(place, s): (usize, &Seen)| {
                table::Entry::new(format!("server-{}", s.ordinal), place as u32, s.weight, 251)
            };
            let mut entries: Vec<_> = seen.iter().enumerate().map(entry).collect();
            entries.sort_by(|a, b| a.name().cmp(b.name()));
            table::slots(&entries, 251)[(key % 251) as usize] as usize
        });
    }
}

#[test]
fn bounded_loads_are_the_walk_of_the_paper() {
    let spec = r#"{"boundedLoadHash":{"balanceFactor":"120%","minRingSize":64}}"#;
    for seed in 0..20 {
        compare(spec, seed, true, &mut |seen, key| {
            let all: u32 = seen.iter().map(|s| s.in_flight).sum();
            let slots = (f64::from(all + 1) * 1.2).ceil();
            let weight: f64 = seen.iter().map(|s| s.weight).sum();
            let room = |place: usize| {
                let most = (slots * (seen[place].weight / weight)).ceil().max(1.0);
                f64::from(seen[place].in_flight) < most
            };
            let ring = hashing::ring_of(&seen_names(seen), ring::Hash::XxHash, 64, 8 << 20);
            let first = ring.first(key);
            let points = ring.points();
            let walk = (0..points.len()).map(|step| points[(first + step) % points.len()].1 as usize);
            let places = walk.map(|ordinal| seen.iter().position(|s| s.ordinal == ordinal).unwrap());
            places.clone().find(|&place| room(place)).expect("someone has room")
        });
    }
}

fn seen_names(seen: &[Seen]) -> Vec<(usize, f64)> {
    seen.iter().map(|s| (s.ordinal, s.weight)).collect()
}

/// A schedule as Envoy's text has it: a list, looked through for the earliest deadline.
#[derive(Default)]
struct Schedule {
    now: f64,
    added: usize,
    entries: Vec<(f64, usize, usize)>,
}

impl Schedule {
    fn pick(&mut self, seen: &[Seen]) -> usize {
        self.entries.retain(|entry| seen.iter().any(|s| s.ordinal == entry.2));
        for s in seen {
            if !self.entries.iter().any(|entry| entry.2 == s.ordinal) {
                self.add(s);
            }
        }
        let earlier = |a: &usize, b: &usize| {
            let (a, b) = (&self.entries[*a], &self.entries[*b]);
            a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
        };
        let (deadline, _, ordinal) = self.entries.remove((0..self.entries.len()).min_by(earlier).unwrap());
        self.now = deadline;
        let place = seen.iter().position(|s| s.ordinal == ordinal).unwrap();
        self.add(&seen[place]);
        place
    }

    fn add(&mut self, s: &Seen) {
        self.entries.push((
            self.now + 1.0 / (s.weight / (f64::from(s.in_flight) + 1.0)),
            self.added,
            s.ordinal,
        ));
        self.added += 1;
    }
}

#[test]
fn unequal_weights_are_envoys_schedule() {
    // Who joins has its place in the order of insertion when it joins, the reference when it is seen
    // first: the same, since nobody joins with requests in hand that change before the next pick.
    for seed in 0..50 {
        let mut schedule = Schedule::default();
        compare(r#"{"leastRequest":{"activeRequestBias":1}}"#, seed, false, &mut |seen, _| {
            schedule.pick(seen)
        });
    }
    // LeastRequestLoadBalancerTest.WeightImbalance and WeightImbalanceWithCustomActiveRequestBias.
    let mut scene = Scene::new(r#"{"leastRequest":{}}"#, &[(0, 1.0), (1, 2.0)]);
    let peek = |scene: &mut Scene| scene.balancer.pick(&attempt(), &scene.rotation, &mut scene.bits).position;
    assert_eq!([0; 6].map(|_| peek(&mut scene)), [1, 0, 1, 1, 0, 1]);
    scene.rotation.sent(1);
    assert_eq!([0; 5].map(|_| peek(&mut scene)), [1, 0, 1, 0, 1]);
    scene.rotation.sent(0);
    scene.rotation.done(1);
    assert_eq!([0; 10].map(|_| peek(&mut scene)), [0, 1, 1, 1, 0, 1, 1, 1, 1, 0]);
}

#[test]
fn a_pool_of_equals_draws_and_one_of_others_takes_turns() {
    let mut scene = Scene::new(r#"{"leastRequest":{}}"#, &equals(3));
    let draws = |scene: &mut Scene| {
        let before = scene.bits.clone().next_bits();
        scene.send();
        before != scene.bits.clone().next_bits()
    };
    assert!(draws(&mut scene));
    scene.join(3, 2.0, 0);
    assert!(!draws(&mut scene));
    scene.join(4, 2.0, 0);
    scene.leave(3);
    assert!(!draws(&mut scene));
    scene.leave(4);
    assert!(draws(&mut scene));
}

#[test]
fn slow_start_is_envoys() {
    let spec = |more: &str| -> BalancerSpec {
        serde_json::from_str(&format!(r#"{{"roundRobin":{{"slowStart":{{"window":"60s"{more}}}}}}}"#))
            .unwrap()
    };
    let at = |secs: u64| SimTime::from_nanos(secs * 1_000_000_000);
    // RoundRobinLoadBalancerTest: 12 s into a window of 60 s, at least 35 %.
    for (more, age, expected) in [
        (r#","minWeightPercent":35"#, 12, [0, 0, 1, 0, 0, 0, 1]),
        // 30 s: a half, as at the end of LeastRequestLoadBalancerTest.SlowStartWithActiveHC; aggression 0.5
        // makes it a quarter.
        ("", 30, [0, 1, 0, 0, 1, 0, 0]),
        (r#","aggression":0.5"#, 30, [0, 0, 0, 1, 0, 0, 0]),
        ("", 60, [0, 1, 0, 1, 0, 1, 0]),
    ] {
        let (mut balancer, mut rotation) = (spec(more).build(), Rotation::default());
        rotation.join(member(0, 1.0), 0);
        let since = at(1_000);
        let now = at(1_000 + age);
        balancer.on_membership(&rotation);
        let mut bits = Key::from_seed(1).stream();
        balancer.pick(&Attempt { now, key: 0 }, &rotation, &mut bits);
        rotation.join(Member { since, ..member(1, 5.0) }, 0);
        // Envoy's schedule begins when hosts change; so does this one.
        balancer.on_membership(&rotation);
        balancer.on_leave(1, None, &{
            let mut left = Rotation::default();
            left.join(member(0, 1.0), 0);
            left
        });
        balancer.on_join(1, &rotation);
        let attempt = Attempt { now, key: 0 };
        let picked = [0; 7].map(|_| balancer.pick(&attempt, &rotation, &mut bits).position);
        assert_eq!(picked, expected, "{more}, {age} s");
    }
}
