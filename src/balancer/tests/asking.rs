//! Policies that are told: idle servers, answers to probes, response times.

use super::*;

#[test]
fn idle_servers_are_picked_in_the_order_of_their_reports() {
    let mut scene = Scene::new(r#"{"joinIdleQueue":{}}"#, &equals(4));
    let tell = |scene: &mut Scene, ordinal| {
        let place = scene.place(ordinal);
        scene.balancer.on_idle(place, &scene.rotation);
    };
    assert!(scene.balancer.hears_of_idle());
    for ordinal in [2, 0, 2, 3] {
        tell(&mut scene, ordinal);
    }
    // Who reports twice stands there once; who left is passed over.
    scene.leave(0);
    assert_eq!(scene.sends(2), [2, 3]);
    // Nobody is idle: at random, each about as often.
    let chosen = counts(&scene.sends(3_000), 4);
    assert!(chosen[0] == 0 && chosen[1..].iter().all(|&count| count.abs_diff(1_000) < 120), "{chosen:?}");
    tell(&mut scene, 1);
    assert_eq!(scene.send(), 1);
}

/// Tells a balancer how busy a server is.
fn probe(scene: &mut Scene, ordinal: usize, in_flight: u32, millis: u64) {
    let place = scene.place(ordinal);
    let latency = Some(SimDuration::from_nanos(millis * 1_000_000));
    let busy = Busy { at: SimTime::from_nanos(scene.now), in_flight, latency };
    scene.balancer.on_probe(place, busy, &scene.rotation);
}

/// Tells whether the next pick draws at random.
fn draws(scene: &mut Scene) -> bool {
    let before = scene.bits.clone().next_bits();
    scene.send();
    before != scene.bits.clone().next_bits()
}

#[test]
fn prequal_prefers_cold_and_fast_and_counts_what_it_sent() {
    let spec = r#"{"prequal":{"removeRate":0,"hotQuantile":0.5}}"#;
    let mut scene = Scene::new(spec, &equals(5));
    assert_eq!(scene.balancer.probing().unwrap().per_pick, 3.0);
    assert!(draws(&mut scene), "nobody was asked");
    probe(&mut scene, 0, 1, 30);
    assert!(draws(&mut scene), "one answer is too few");
    // RIF 1, 1, 2, 5: the quantile of a half is 1; 2 and 3 are hot though 3 is fast.
    probe(&mut scene, 1, 1, 20);
    probe(&mut scene, 2, 2, 5);
    probe(&mut scene, 3, 5, 1);
    // 1 is cold and faster; it then has two, and is hot; 0 likewise; then the least RIF, the first of equals.
    assert_eq!(scene.sends(6), [1, 0, 0, 1, 2, 0]);
}

#[test]
fn prequal_drops_answers() {
    // With a fleet far larger than the pool an answer serves (1 + 1) / ((1 - 16/1600) x 3 - 0) = 0.67: once.
    let mut scene = Scene::new(r#"{"prequal":{"removeRate":0}}"#, &equals(1_600));
    for ordinal in 0..4 {
        probe(&mut scene, ordinal, 0, 10 + ordinal as u64);
    }
    assert_eq!(scene.sends(3), [0, 1, 2]);
    assert!(draws(&mut scene), "one is left");
    // The worst and the oldest leave in turn.
    let mut scene = Scene::new(r#"{"prequal":{"removeRate":1}}"#, &equals(5));
    for (ordinal, millis) in [(0, 10), (1, 1), (2, 50), (3, 20), (4, 15)] {
        probe(&mut scene, ordinal, 0, millis);
    }
    // Picks 1; the oldest, 0, leaves. 1 has one in flight and is hot (the quantile is 0): picks 4; the worst
    // leaves: of the hot, 1, which came first. Picks 3, and 2 leaves as the oldest.
    assert_eq!(scene.sends(3), [1, 4, 3]);
    // Answers grow old.
    let mut scene = Scene::new(r#"{"prequal":{"removeRate":0,"maxAge":"1s"}}"#, &equals(5));
    probe(&mut scene, 0, 0, 1);
    scene.now = 500_000_000;
    probe(&mut scene, 1, 0, 2);
    scene.now = 1_000_000_000;
    assert!(!draws(&mut scene));
    scene.now += 1;
    assert!(draws(&mut scene), "the first is older than a second");
    // Who left is forgotten.
    let mut scene = Scene::new(r#"{"prequal":{"removeRate":0}}"#, &equals(5));
    probe(&mut scene, 0, 0, 1);
    probe(&mut scene, 1, 0, 2);
    scene.leave(0);
    assert!(draws(&mut scene));
}

#[test]
fn towers_estimate_is_the_published_one() {
    use crate::balancer::ewma::Tower;
    let at = |millis: u64| SimTime::from_nanos(millis * 1_000_000);
    let length = |millis: u64| SimDuration::from_nanos(millis * 1_000_000);
    let decay = length(1_000);
    // tower/src/load/peak_ewma.rs, nearly_equal and compound_decay.
    let mut metric = Tower::new(length(10), at(0));
    for (millis, expected) in [(0, 10.0), (100, 9.048374180359595), (200, 8.187307530779819)] {
        let load = metric.load(at(millis), 0, decay) / 1e6;
        assert!((load - expected).abs() < 1e-12, "{millis} ms: {load}");
    }
    let mut metric = Tower::new(length(20), at(0));
    metric.observe(at(300), length(200), decay);
    assert_eq!(metric.load(at(300), 1, decay), 400e6);
    metric.observe(at(400), length(200), decay);
    assert_eq!(metric.load(at(400), 0, decay), 200e6);
    let later = metric.load(at(1_400), 0, decay) / 1e6;
    assert!((later - 200.0 / std::f64::consts::E).abs() < 1e-9);
    assert!(metric.load(at(11_400), 0, decay) < 0.1e6);
}

#[test]
fn finagles_metric_fears_the_unknown_and_forgets_peaks() {
    use crate::balancer::ewma::Finagle;
    let decay = SimDuration::from_nanos(150);
    let (at, length) = (SimTime::from_nanos, SimDuration::from_nanos);
    let mut metric = Finagle::default();
    assert_eq!(metric.load(at(0), 0, decay), 0.0);
    assert_eq!(metric.load(at(1), 1, decay), 140_737_488_355_327.0 + 1.0);
    metric.observe(at(5), length(5), decay);
    assert_eq!(metric.load(at(5), 0, decay), 5.0);
    // A lower response time moves it by what has elapsed, a higher one at once.
    metric.observe(at(155), length(2), decay);
    let w = libm::exp(-1.0);
    assert_eq!(metric.load(at(155), 2, decay), (2.0 * (1.0 - w) + 5.0 * w) * 3.0);
    metric.observe(at(156), length(9), decay);
    assert_eq!(metric.load(at(156), 0, decay), 9.0);
}

#[test]
fn peaks_drive_requests_away_until_they_are_forgotten() {
    let mut scene = Scene::new(r#"{"peakEwma":{"decay":"1s"}}"#, &equals(2));
    let answer = |scene: &mut Scene, ordinal: usize, millis: u64| {
        let place = scene.place(ordinal);
        scene.rotation.sent(place);
        scene.rotation.done(place);
        let (at, latency) = (SimTime::from_nanos(scene.now), SimDuration::from_nanos(millis * 1_000_000));
        scene.balancer.on_done(place, End { outcome: Outcome::Completed, latency, at }, &scene.rotation);
    };
    answer(&mut scene, 0, 5_000);
    answer(&mut scene, 1, 40);
    // Both are drawn at every pick: 5 s x 1 against 40 ms x n.
    let chosen = counts(&scene.sends(100), 2);
    assert_eq!(chosen, [0, 100]);
    // All decay alike, so that time alone changes nothing: 5 s against 40 ms x 101 to 124.
    scene.now = 10_000_000_000;
    let chosen = counts(&scene.sends(24), 2);
    assert_eq!(chosen, [0, 24]);
    // One slow answer of the other, and the peak is there.
    answer(&mut scene, 1, 5_000);
    assert_eq!(counts(&scene.sends(24), 2), [24, 0]);
}
