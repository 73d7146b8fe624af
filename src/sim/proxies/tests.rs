use super::*;
use crate::workload::Outcome;

fn service() -> ServiceId {
    ServiceId::new(0)
}

fn member(ordinal: usize, zone: u16) -> Member {
    let server = ServerId::new(ordinal);
    Member { server, nth: ordinal as u32, pool: 0, zone, version: 0, weight: 1.0, since: SimTime::ZERO }
}

fn plan(instances: u32) -> ProxyPlan {
    ProxyPlan {
        instances,
        signal_delay: None,
        subset: None,
        zone_aware: None,
        panic_threshold: None,
        zones: vec![0, 1, 2],
    }
}

fn proxies(plan: &ProxyPlan, balancer: &str, servers: usize, queue: &mut EventQueue<Event>) -> Proxies {
    let spec: BalancerSpec = serde_json::from_str(balancer).unwrap();
    let mut proxies = Proxies::new(plan, &spec, Key::from_seed(3), queue);
    proxies.begin((0..servers).map(|ordinal| member(ordinal, ordinal as u16 % 3)));
    proxies
}

const RANDOM: &str = r#"{"random":{}}"#;
const LEAST: &str = r#"{"leastConnections":{}}"#;

fn s(seconds: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(seconds)
}

fn attempt(now: SimTime) -> Attempt {
    Attempt { now, key: 0 }
}

fn end(at: SimTime) -> End {
    End { outcome: Outcome::Completed, latency: SimDuration::from_secs(1), at }
}

/// Picks for the n-th request, and counts it as sent.
fn send(proxies: &mut Proxies, n: u64, now: SimTime, queue: &mut EventQueue<Event>) -> (usize, usize) {
    let (server, proxy) = proxies.pick(&attempt(now), Key::from_seed(9).child(n)).unwrap();
    proxies.sent(now, service(), proxy, server, queue);
    (server.index(), proxy)
}

#[test]
fn each_proxy_goes_by_what_it_sent_itself() {
    let mut queue = EventQueue::new();
    let mut proxies = proxies(&plan(2), LEAST, 4, &mut queue);
    let mut sent = [[0; 4]; 2];
    for n in 0..200 {
        let (server, proxy) = send(&mut proxies, n, s(1), &mut queue);
        sent[proxy][server] += 1;
    }
    // Nothing ends: each fills its own counts evenly, whatever the other does.
    for counts in sent {
        assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
    }
    assert!(sent.iter().all(|counts| counts.iter().sum::<u32>() > 60), "requests meet either: {sent:?}");
}

#[test]
fn shared_counts_are_seen_late() {
    let mut queue = EventQueue::new();
    let delayed = ProxyPlan { signal_delay: Some(SimDuration::from_secs(5)), ..plan(3) };
    let mut proxies = proxies(&delayed, LEAST, 4, &mut queue);
    // Nothing has been seen yet: everybody goes to the first of equals.
    let first: Vec<_> = (0..6).map(|n| send(&mut proxies, n, s(1), &mut queue)).collect();
    assert!(first.iter().all(|pick| pick.0 == 0), "{first:?}");
    let senders: Vec<Sent> = first.iter().map(|pick| Sent { proxy: pick.1 as u16, crowd: 0 }).collect();
    (0..6).for_each(|_| proxies.on_signal());
    // Now all of them know of all six, whoever sent them.
    let next: Vec<usize> = (6..9).map(|n| send(&mut proxies, n, s(6), &mut queue).0).collect();
    assert!(next.iter().all(|&server| server != 0), "{next:?}");
    // Two ends are counted when they are seen, not before.
    for sent in senders.into_iter().take(2) {
        proxies.sender_done(sent, ServerId::new(0), &mut queue);
    }
    assert_eq!(proxies.shared.as_ref().unwrap().seen[0], 6);
    (0..5).for_each(|_| proxies.on_signal());
    assert_eq!(proxies.shared.as_ref().unwrap().seen[0], 4);
}

#[test]
fn subsets_deal_servers_evenly() {
    let mut queue = EventQueue::new();
    // Four proxies with three of twelve servers each: everybody once. Eight: everybody twice.
    for (instances, times) in [(4, 1), (8, 2)] {
        let some = ProxyPlan { subset: Some(3), ..plan(instances) };
        let proxies = proxies(&some, RANDOM, 12, &mut queue);
        let mut known = [0; 12];
        for proxy in &proxies.proxies {
            assert_eq!(proxy.fronts[0].rotation.len(), 3);
            for member in proxy.fronts[0].rotation.members() {
                known[member.server.index()] += 1;
            }
        }
        assert_eq!(known, [times; 12]);
    }
    // Where there are fewer servers than a subset holds all are known.
    let all = proxies(&ProxyPlan { subset: Some(30), ..plan(2) }, RANDOM, 12, &mut queue);
    assert!(all.proxies.iter().all(|proxy| proxy.fronts[0].rotation.len() == 12));
}

#[test]
fn a_proxy_keeps_to_its_zone() {
    let mut queue = EventQueue::new();
    let zonal = ProxyPlan { zone_aware: Some(6), ..plan(3) };
    let mut proxies = proxies(&zonal, RANDOM, 12, &mut queue);
    for n in 0..300 {
        let (server, proxy) = send(&mut proxies, n, s(1), &mut queue);
        assert_eq!(server % 3, proxy, "a third of the servers stand with each proxy");
    }
    // Zone 0 keeps one server of four: a ninth of nine for a third of the proxies. A third of what its proxy
    // sends stays there, the rest goes where servers are to spare.
    for ordinal in [0, 3, 6] {
        proxies.leave(ServerId::new(ordinal), false);
    }
    let (mut home, mut away) = (0.0, 0.0);
    for n in 300..6_300 {
        let (server, proxy) = send(&mut proxies, n, s(1), &mut queue);
        match (proxy, server % 3) {
            (0, 0) => home += 1.0,
            (0, _) => away += 1.0,
            (proxy, zone) => assert_eq!(zone, proxy),
        }
    }
    let share: f64 = home / (home + away);
    assert!((share - 1.0 / 3.0).abs() < 0.03, "{share}");
}

#[test]
fn too_few_healthy_servers_are_a_reason_to_doubt_the_checks() {
    let mut queue = EventQueue::new();
    let wary = ProxyPlan { panic_threshold: Some(0.5), ..plan(1) };
    let mut proxies = proxies(&wary, RANDOM, 4, &mut queue);
    let known = |proxies: &Proxies| proxies.proxies[0].fronts[0].rotation.len();
    proxies.leave(ServerId::new(0), true);
    proxies.leave(ServerId::new(1), true);
    assert_eq!(known(&proxies), 2, "half of them is enough");
    proxies.leave(ServerId::new(2), true);
    assert_eq!(known(&proxies), 4, "a quarter is not: all are sent requests");
    // Who was given back is not among them. Whoever comes takes the place of one that was lost: two of four.
    proxies.join(member(4, 0));
    assert_eq!(known(&proxies), 2);
    proxies.leave(ServerId::new(3), false);
    assert_eq!(known(&proxies), 3, "one of three");
}

#[test]
fn questions_reach_different_servers_and_come_back() {
    let mut queue = EventQueue::new();
    let balancer = r#"{"prequal":{"probesPerRequest":3,"probeDelay":"4ms"}}"#;
    let mut proxies = proxies(&plan(1), balancer, 5, &mut queue);
    send(&mut proxies, 0, s(1), &mut queue);
    let probes = proxies.probing.as_ref().unwrap();
    let mut asked: Vec<usize> = probes.on_the_way.iter().map(|question| question.1.index()).collect();
    asked.sort_unstable();
    asked.dedup();
    assert_eq!(asked.len(), 3, "three different ones");
    let now = s(1) + SimDuration::from_nanos(2_000_000);
    let server = proxies.asked().unwrap();
    proxies.answer(now, service(), 7, &mut queue);
    let (proxy, answered, busy) = proxies.probing.as_ref().unwrap().back[0];
    assert_eq!((proxy, answered, busy.in_flight, busy.latency), (0, server, 7, None));
    assert_eq!(busy.at, s(1) + SimDuration::from_nanos(4_000_000));
    proxies.on_answer();
    assert!(proxies.probing.as_ref().unwrap().back.is_empty());
}

#[test]
fn an_idle_server_tells_one_proxy() {
    let mut queue = EventQueue::new();
    let mut proxies = proxies(&plan(2), r#"{"joinIdleQueue":{}}"#, 6, &mut queue);
    // At the start every server is idle and known so to one of the two. Six requests spread over both find six
    // different servers unless a proxy has run out of its own.
    let mut picked: Vec<(usize, usize)> = (0..40).map(|n| send(&mut proxies, n, s(1), &mut queue)).collect();
    picked.truncate(4);
    let servers: std::collections::BTreeSet<usize> = picked.iter().map(|pick| pick.0).collect();
    assert!(servers.len() >= 3, "{picked:?}");
}

impl Proxies {
    fn sender_done(&mut self, sent: Sent, server: ServerId, queue: &mut EventQueue<Event>) {
        self.done(service(), sent, server, end(s(7)), queue);
    }
}
