//! Finagle's tests of evenness: what is told holds for every server, or how far it is from holding.

use peakday::balancer::End;
use peakday::rng::Key;
use peakday::time::{SimDuration, SimTime};
use peakday::workload::Outcome;
use serde_json::{Value, json};

use super::picking::Scene;
use super::{Got, got, nearest, whole};
use crate::Place;

/// Answers with the sentence of the test where it holds over a run, else with the measured distance.
pub(super) fn evenness(place: &Place<'_>) -> Got {
    place.object.get("setup")?;
    let servers = whole(nearest(place, &["N_servers"])).unwrap_or(100).clamp(1, 100_000) as usize;
    let requests = whole(nearest(place, &["R_requests"])).unwrap_or(100_000).min(10_000_000);
    if let Some(tau) = whole(place.object.get("tau_ns")) {
        let bound = 0.0005 * requests as f64;
        let apart = apart(&peak_ewma(tau, latency(place), servers, requests)?);
        return got("expect", said(apart, bound, format!("even within 0.0005*R={bound}")));
    }
    let bound = 0.0001 * requests as f64;
    let apart = apart(&least_loaded(servers, requests)?);
    let holds = format!("|mean_load_i - mean_load_0| < 0.0001*R = {bound} for all i");
    got("expect", said(apart, bound, holds))
}

/// Returns the latency in ticks, which the set-up names behind the word.
fn latency(place: &Place<'_>) -> u64 {
    let setup = place.object.get("setup").and_then(Value::as_str).unwrap_or_default();
    let behind = setup.split_once("latency ").map_or("", |(_, behind)| behind);
    let digits: String = behind.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(5)
}

fn said(apart: f64, bound: f64, holds: String) -> String {
    if apart < bound { holds } else { format!("mean loads lie {apart} apart") }
}

/// Returns how far the mean load of some server is from that of the first: a server's load grows by one
/// with each request, and its mean is taken then.
fn apart(counts: &[u64]) -> f64 {
    let mean = |count: u64| (count as f64 + 1.0) / 2.0;
    counts.iter().map(|&count| (mean(count) - mean(counts[0])).abs()).fold(0.0, f64::max)
}

/// Picks of two by requests in flight; none ends.
fn least_loaded(servers: usize, requests: u64) -> Option<Vec<u64>> {
    let mut scene = Scene::new(&json!({"leastRequest": {}}), &vec![1.0; servers], &[])?;
    let mut bits = Key::from_seed(12_345).stream();
    let mut counts = vec![0; servers];
    for _ in 0..requests {
        counts[scene.send(SimTime::ZERO, &mut bits)] += 1;
    }
    Some(counts)
}

/// Picks of two by Finagle's cost: one a nanosecond, each taking `latency` of them.
fn peak_ewma(tau: u64, latency: u64, servers: usize, requests: u64) -> Option<Vec<u64>> {
    let spec = json!({"peakEwma": {"decay": format!("{tau}ns"), "variant": "finagle"}});
    let mut scene = Scene::new(&spec, &vec![1.0; servers], &[])?;
    let mut bits = Key::from_seed(12_345).stream();
    let mut counts = vec![0; servers];
    let mut under_way = std::collections::VecDeque::new();
    for tick in 0..requests {
        let now = SimTime::from_nanos(tick);
        let position = scene.send(now, &mut bits);
        counts[position] += 1;
        under_way.push_back((tick + latency, position));
        while under_way.front().is_some_and(|&(due, _)| due <= tick) {
            let Some((_, done)) = under_way.pop_front() else { break };
            scene.rotation.done(done);
            let end = End { outcome: Outcome::Completed, latency: SimDuration::from_nanos(latency), at: now };
            scene.balancer.on_done(done, end, &scene.rotation);
        }
    }
    Some(counts)
}
