//! The life of servers, on paper: every timestamp and count of these stories was worked out by hand.

use std::io;

use peakday::dist::Distribution;
use peakday::ids::ServiceId;
use peakday::results::RunResult;
use peakday::scenario::{Document, Fault, FaultKind, Scenario, SlowStart, Victims};
use peakday::sim;
use peakday::time::{SimDuration, SimTime};
use peakday::workload::recorded::TraceFiles;

/// No trace.
#[derive(Debug)]
struct NoTrace;

impl TraceFiles for NoTrace {
    fn open(&self, path: &str) -> io::Result<Box<dyn io::Read + Send>> {
        Err(io::Error::other(path.to_owned()))
    }
}

/// Half a minute in which one request comes every second, the first at 0.5 s, and takes ten seconds.
fn story(pool: &str, more: &str) -> Scenario {
    let text = format!(
        "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {{name: s}}\n\
         run: {{duration: 30s, interval: 1s, replications: 1}}\n\
         traffic: {{users: {{to: web, class: any, arrivals: uniform, rate: 1/s}}}}\n\
         services: {{web: {{pools: {{p: {{{pool}}}}}, work: 10s{more}}}}}\n"
    );
    Document::read("s.yaml", text.as_bytes()).and_then(|read| read.check(&NoTrace)).expect("valid")
}

fn run(scenario: &Scenario) -> RunResult {
    sim::run(scenario, 1, &NoTrace, &mut ()).expect("a result")
}

fn s(seconds: f64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs_f64(seconds)
}

fn constant(seconds: f64) -> Option<Distribution> {
    Some(Distribution::constant(seconds * 1e9))
}

fn fault(at: f64, kind: FaultKind) -> Fault {
    Fault { at: s(at), name: String::new(), key: "f".to_owned(), kind }
}

const WEB: ServiceId = ServiceId::new(0);

/// Ordered, in service, out of service, gone, of every server, in seconds.
fn lives(run: &RunResult) -> Vec<[f64; 4]> {
    let seconds = |ns: u64| ns as f64 / 1e9;
    run.servers.iter().map(|s| [s.ordered_ns, s.from_ns, s.to_ns, s.gone_ns].map(seconds)).collect()
}

/// Completed, failed, in flight at the end, and the sum of latencies in seconds.
fn ends(run: &RunResult) -> (u64, u64, u64, f64) {
    let row = &run.rows[0];
    (row.outcomes[0], row.outcomes[1], row.in_flight_end, row.latency_sum_ns.0 as f64 / 1e9)
}

#[test]
fn a_launch_passes_the_whole_start_up() {
    let mut scenario = story("replicas: 1, concurrency: 1", "");
    let pool = &mut scenario.services[0].pools[0];
    pool.schedule = vec![(s(5.0), 2)];
    (pool.startup.provision, pool.startup.boot) = (constant(2.0), constant(3.5));
    let run = run(&scenario);
    assert_eq!(lives(&run), [[0.0, 0.0, 30.0, 30.0], [5.0, 10.5, 30.0, 30.0]]);
    // Eleven come before the second server does (the one at 10.5 after it); the first server takes
    // those, and from then on every other one. The second serves from 11.5 or 10.5 on, in turn from
    // the place after the last: the one at 10.5 goes to it.
    assert_eq!(run.servers.iter().map(|server| server.requests).collect::<Vec<_>>(), [20, 10]);
    // The first server ends one at 10.5 and one at 20.5; the second the one of 10.5 at 20.5.
    assert_eq!(ends(&run), (3, 0, 27, 10.0 + 19.0 + 10.0));
}

#[test]
fn what_does_not_fit_into_a_drain_fails() {
    let mut scenario = story("replicas: 2, concurrency: 1", "");
    let pool = &mut scenario.services[0].pools[0];
    pool.schedule = vec![(s(6.0), 1)];
    pool.drain = Some(SimDuration::from_secs(2));
    let run = run(&scenario);
    assert_eq!(lives(&run), [[0.0, 0.0, 30.0, 30.0], [0.0, 0.0, 6.0, 8.0]]);
    // 1.5 is in hand there, 3.5 and 5.5 wait. The first server ends 0.5 at 10.5 and 2.5 at 20.5.
    assert_eq!(ends(&run), (2, 3, 25, 10.0 + 18.0));
    assert_eq!(run.row_series[0].outcomes[1][8], 3, "all at 8 s");
}

#[test]
fn a_drain_without_a_limit_ends_with_the_last_request() {
    let mut scenario = story("replicas: 2, concurrency: 1", "");
    scenario.services[0].pools[0].schedule = vec![(s(6.0), 1)];
    let run = run(&scenario);
    // In hand: 1.5, until 11.5; then 3.5, until 21.5; then 5.5, until after the end.
    assert_eq!(lives(&run), [[0.0, 0.0, 30.0, 30.0], [0.0, 0.0, 6.0, 30.0]]);
    assert_eq!(ends(&run), (4, 0, 26, 10.0 + 18.0 + 10.0 + 18.0));
    let mut idle = story("replicas: 40, concurrency: 1", "");
    idle.services[0].pools[0].schedule = vec![(s(6.0), 1)];
    let run = self::run(&idle);
    // Those in turns 1 to 6 have something in hand; the first stays.
    let gone: Vec<f64> = lives(&run).iter().map(|life| life[3]).collect();
    assert_eq!(gone[..7], [30.0, 11.5, 12.5, 13.5, 14.5, 15.5, 6.0]);
    assert!(gone[7..].iter().all(|&at| at == 6.0));
}

#[test]
fn a_crash_takes_what_is_in_hand_and_what_waits() {
    let mut scenario = story("replicas: 1, concurrency: 2", "");
    scenario.services[0].pools[0].startup.boot = constant(4.0);
    let crash = FaultKind::Crash { service: WEB, pool: None, victims: Victims::Share(1.0) };
    scenario.faults = vec![fault(6.0, crash)];
    let run = run(&scenario);
    assert_eq!(lives(&run), [[0.0, 0.0, 6.0, 6.0], [6.0, 10.0, 30.0, 30.0]]);
    assert_eq!((run.servers[0].failed, run.servers[1].failed), (true, false));
    // Six fail with the server, four find none (6.5 to 9.5); of the others 10.5, 11.5 end at 20.5 and
    // 21.5, and two more at 30.5 and later.
    assert_eq!(run.services[0].no_server, 4);
    assert_eq!(ends(&run), (2, 10, 18, 20.0));
    let event = &run.events[0];
    assert_eq!((event.at_ns, event.kind.name(), event.servers), (6_000_000_000, "crash", Some(1)));
}

#[test]
fn a_central_queue_survives_a_crash_and_feeds_who_comes() {
    let mut scenario = story("replicas: 1, concurrency: 2", ", queue: {scope: service}");
    scenario.services[0].pools[0].startup.boot = constant(4.0);
    let crash = FaultKind::Crash { service: WEB, pool: None, victims: Victims::Count(7) };
    scenario.faults = vec![fault(6.0, crash)];
    let run = run(&scenario);
    // Two in hand fail. 2.5 and 3.5 start at 10 and end at 20; 4.5 and 5.5 start there and end at 30,
    // which is past the end.
    assert_eq!(ends(&run), (2, 2, 26, 17.5 + 16.5));
    assert_eq!(run.servers.iter().map(|server| server.requests).collect::<Vec<_>>(), [2, 4]);
}

#[test]
fn a_zone_comes_back_with_its_start_up() {
    let mut scenario = story("replicas: 3, concurrency: 8, zones: [a, b]", "");
    scenario.services[0].pools[0].startup.boot = constant(3.0);
    let outage = FaultKind::ZoneOutage { zone: 0, duration: SimDuration::from_secs(5) };
    scenario.faults = vec![fault(7.0, outage)];
    let run = run(&scenario);
    // Zone a holds the first and the third; both are ordered again at 12 and serve from 15 on.
    let (lost, kept, new) = ([0.0, 0.0, 7.0, 7.0], [0.0, 0.0, 30.0, 30.0], [12.0, 15.0, 30.0, 30.0]);
    assert_eq!(lives(&run), [lost, kept, lost, new, new]);
    assert_eq!(
        run.servers.iter().map(|server| server.zone).collect::<Vec<_>>(),
        [Some(0), Some(1), Some(0), Some(0), Some(0)]
    );
    // Turns 0, 2, 3, 5, 6 of the seven so far were theirs.
    assert_eq!(run.rows[0].outcomes[1], 5);
    // All that come from 7.5 to 14.5 go to the second, which has room for eight.
    let sent: Vec<u64> = run.servers.iter().map(|server| server.requests).collect();
    assert_eq!((sent[0] + sent[2], sent[1] >= 2 + 8), (5, true));
}

#[test]
fn a_server_is_slower_at_first() {
    // The first is given back at once; the second comes at 4 s and works at half its speed until 10 s.
    let mut scenario = story("replicas: 1, concurrency: 1", "");
    let pool = &mut scenario.services[0].pools[0];
    pool.schedule = vec![(s(0.0), 0), (s(4.0), 1)];
    pool.startup.slow_start = Some(SlowStart { window: SimDuration::from_secs(6), speed: 0.5 });
    let run = run(&scenario);
    // Four find no server. 4.5 has done 2.75 s of work by 10 s, and ends 7.25 s later; 5.5 starts at 17.25
    // and ends at 27.25.
    assert_eq!(ends(&run), (2, 4, 24, 12.75 + 21.75));
}

#[test]
fn a_slow_server_slows_what_it_has_in_hand() {
    for pool in ["replicas: 1, concurrency: 1", "replicas: 1, concurrency: 4, cpu: {cores: 1}"] {
        let mut scenario = story(pool, ", queue: {limit: 0}");
        let slow = FaultKind::Slow {
            service: WEB,
            pool: None,
            victims: Some(Victims::Count(1)),
            factor: 2.0,
            duration: SimDuration::from_secs(4),
        };
        scenario.faults = vec![fault(5.0, slow)];
        let run = run(&scenario);
        let (completed, _, _, latency) = ends(&run);
        if pool.ends_with("concurrency: 1") {
            // 0.5 has done 4.5 s by 5 s, 6.5 s by 9 s, and ends at 12.5; 12.5 comes then, and ends at 22.5;
            // the next, which comes at 22.5, does not end.
            assert_eq!((completed, latency), (2, 12.0 + 10.0));
        } else {
            // Shared by one, two, three, then four. Done of 0.5 at 3.5: 1 + 1/2 + 1/3; then a quarter of
            // the speed until 5 s (0.375), an eighth until 9 s (0.5), a quarter from then on.
            let left = 10.0 - (1.0 + 0.5 + 1.0 / 3.0) - 0.375 - 0.5;
            let end = 9.0 + 4.0 * left;
            assert!(end > 30.0, "none ends");
            assert_eq!(completed, 0);
            // One core throughout, half as fast for four seconds: the core burns all the same.
            assert_eq!(run.servers[0].cpu_milli_ns.0, 29_500_000_000_000);
        }
    }
}

#[test]
fn work_and_time_off_the_cpu_both_end_with_a_crash() {
    let mut scenario = story("replicas: 1, concurrency: 9", ", wait: 5s");
    let crash = FaultKind::Crash { service: WEB, pool: None, victims: Victims::Count(1) };
    scenario.faults = vec![fault(14.0, crash)];
    let run = run(&scenario);
    // 0.5 to 3.5 wait off the CPU by then, 4.5 to 8.5 work, five more wait in the queue; the replacement
    // serves at once.
    assert_eq!(run.rows[0].outcomes[1], 14);
    // On the first: four of ten seconds, five up to 14 s: 9.5 + 8.5 + 7.5 + 6.5 + 5.5.
    assert_eq!(run.servers[0].cpu_milli_ns.0, (40_000 + 37_500) * 1_000_000_000);
    assert_eq!(run.servers[0].slot_ns.0, (13_500 + 12_500 + 11_500 + 10_500 + 37_500) * 1_000_000);
}

#[test]
fn who_is_not_there_yet_is_given_back_first() {
    let mut scenario = story("replicas: 2, concurrency: 1", "");
    let pool = &mut scenario.services[0].pools[0];
    pool.startup.boot = constant(6.0);
    // Three are ordered at 1 s; at 3 s two of them go again, and at 4 s the third and one that serves.
    pool.schedule = vec![(s(1.0), 5), (s(3.0), 3), (s(4.0), 1)];
    pool.drain = Some(SimDuration::ZERO);
    let run = run(&scenario);
    let end = 30.0;
    let never = |gone: f64| [1.0, end, end, gone];
    let expected = [[0.0, 0.0, end, end], [0.0, 0.0, 4.0, 4.0], never(4.0), never(3.0), never(3.0)];
    assert_eq!(lives(&run), expected);
    // The second had 1.5 in hand and 3.5 waiting when its drain of no length began.
    assert_eq!(run.rows[0].outcomes[1], 2);
    let log: Vec<&str> = run.events.iter().map(|event| event.detail.as_str()).collect();
    assert_eq!(log, ["2 -> 5", "5 -> 3", "3 -> 1"]);
}

#[test]
fn a_drain_within_its_limit_is_not_cut() {
    let mut scenario = story("replicas: 2, concurrency: 1", ", queue: {limit: 0}");
    let pool = &mut scenario.services[0].pools[0];
    pool.schedule = vec![(s(6.0), 1)];
    pool.drain = Some(SimDuration::from_secs(20));
    let run = run(&scenario);
    // 1.5 ends at 11.5, and with it the server; its limit at 26 s finds it gone.
    assert_eq!(lives(&run)[1], [0.0, 0.0, 6.0, 11.5]);
    assert_eq!(run.rows[0].outcomes[1], 0);
}

#[test]
fn those_who_wait_leave_a_failing_server_in_any_order_of_its_queue() {
    for order in ["fifo", "lifo", "{priority: [any]}"] {
        let mut scenario = story("replicas: 1, concurrency: 1", &format!(", queue: {{order: {order}}}"));
        scenario.services[0].pools[0].startup.boot = constant(100.0);
        let crash = FaultKind::Crash { service: WEB, pool: Some(0), victims: Victims::Count(1) };
        scenario.faults = vec![fault(12.0, crash)];
        let run = run(&scenario);
        // Twelve came: one was served by 10.5, the next is in hand, ten wait. Nobody serves the others.
        assert_eq!((run.rows[0].outcomes, run.services[0].no_server), ([1, 29, 0, 0, 0, 0], 18), "{order}");
        assert_eq!(run.row_series[0].outcomes[1][12], 11 + 1, "{order}");
        assert_eq!(run.servers[0].peak_queue, 10, "{order}");
    }
}

#[test]
fn a_limit_on_waiting_outlives_the_server_it_was_set_at() {
    let mut scenario = story("replicas: 1, concurrency: 1", ", queue: {timeout: 4s}");
    let crash = FaultKind::Crash { service: WEB, pool: None, victims: Victims::Count(1) };
    scenario.faults = vec![fault(3.0, crash)];
    let run = run(&scenario);
    // 0.5 to 2.5 fail at 3 s; the replacement serves at once. 3.5 until 13.5; 4.5 to 9.5 give up four
    // seconds after they came, as do 10.5 and later but for those in hand: 10.5 waits until 13.5, until
    // 23.5 in hand; 20.5 waits until 23.5 and is in hand at the end.
    let [completed, failed, timed_out, ..] = run.rows[0].outcomes;
    assert_eq!((completed, failed), (2, 3));
    // Of the twenty-seven from 3.5 to 29.5 three were in hand, and 26.5 to 29.5 may still wait at 30.
    assert_eq!((timed_out, run.rows[0].in_flight_end), (27 - 3 - 4, 1 + 4));
    assert_eq!(run.row_series[0].outcomes[2][3..=7], [0; 5], "the limits of those that failed are stale");
    assert_eq!(run.row_series[0].outcomes[2][8], 1);
}

#[test]
fn servers_come_where_the_fewest_stand() {
    let mut scenario = story("replicas: 4, concurrency: 8, zones: [a, b, c]", "");
    let pool = &mut scenario.services[0].pools[0];
    pool.schedule = vec![(s(10.0), 7)];
    let outage = |zone, seconds| FaultKind::ZoneOutage { zone, duration: SimDuration::from_secs(seconds) };
    // Zone a (two servers) is down from 5 to 15 s, zone b (one) from 8 to 12 s.
    let mut second = fault(8.0, outage(1, 4));
    second.key = "g".to_owned();
    scenario.faults = vec![fault(5.0, outage(0, 10)), second];
    let run = run(&scenario);
    // At 10 s three more are wanted; what was lost with a and b is not replaced elsewhere, so three come,
    // all in c. At 12 s the one of b comes back, at 15 s the two of a.
    let zones: Vec<_> = run.servers.iter().map(|server| server.zone.expect("a zone")).collect();
    assert_eq!(zones, [0, 1, 2, 0, 2, 2, 2, 1, 0, 0]);
    let ordered: Vec<f64> = lives(&run).iter().map(|life| life[0]).collect();
    assert_eq!(ordered, [0.0, 0.0, 0.0, 0.0, 10.0, 10.0, 10.0, 12.0, 15.0, 15.0]);
    let kinds: Vec<&str> = run.events.iter().map(|event| event.kind.name()).collect();
    // Three of four are there at 10 s where seven are wanted; all are at 15 s.
    let back = ["zoneBack", "inService", "zoneBack", "fullCapacity"];
    assert_eq!(kinds, [["zoneOutage", "zoneOutage", "replicas", "inService"], back].concat());
    assert_eq!((run.events[3].servers, &*run.events[3].detail), (Some(3), "4 of 7 wanted serve"));
    assert_eq!(run.events[7].detail, "10s after the first was missing");
}

#[test]
fn faults_that_overlap_multiply_and_end_one_by_one() {
    let mut scenario = story("replicas: 1, concurrency: 1", ", queue: {limit: 0}");
    let slow = |factor, seconds| FaultKind::Slow {
        service: WEB,
        pool: None,
        victims: Some(Victims::Share(1.0)),
        factor,
        duration: SimDuration::from_secs(seconds),
    };
    let mut second = fault(4.5, slow(3.0, 6));
    second.key = "g".to_owned();
    scenario.faults = vec![fault(2.5, slow(2.0, 4)), second];
    let run = run(&scenario);
    // 0.5 has done 2 s by 2.5, 1 s more by 4.5, a third of a second by 6.5, 4/3 s by 10.5, and needs
    // 10 - 14/3 = 16/3 s more: it ends at 15.8333. The next is that of 16.5, and ends at 26.5.
    let (completed, _, in_flight, latency) = ends(&run);
    assert_eq!((completed, in_flight), (2, 1));
    assert!((latency - (10.5 + 16.0 / 3.0 - 0.5) - 10.0).abs() < 3e-9, "{latency}");
}

#[test]
fn a_shared_cpu_warms_up_and_dies_like_any_other() {
    let mut scenario = story("replicas: 1, concurrency: 4, cpu: {cores: 1}", ", queue: {limit: 0}");
    let pool = &mut scenario.services[0].pools[0];
    pool.schedule = vec![(s(0.0), 0), (s(9.0), 1)];
    pool.startup.slow_start = Some(SlowStart { window: SimDuration::from_secs(4), speed: 0.5 });
    let crash = FaultKind::Crash { service: WEB, pool: None, victims: Victims::Count(1) };
    scenario.faults = vec![fault(20.0, crash)];
    let run = run(&scenario);
    // Nine find nobody. 9.5 to 12.5 fill the four slots; until 13 s the core does half a second each second:
    // 1.75 s of 40 in all. Seven more seconds at full speed are 8.75 s: nobody is done when it crashes.
    assert_eq!(run.rows[0].outcomes[0], 0);
    assert_eq!(run.row_series[0].outcomes[1][20], 4, "all in hand fail");
    let burned = run.servers[1].cpu_milli_ns.0;
    assert_eq!(burned, 10_500 * 1_000_000_000, "one core burns while anybody is in hand");
}

#[test]
fn nobody_to_hit_is_no_fault() {
    let mut scenario = story("replicas: 1, concurrency: 64", "");
    scenario.services[0].pools[0].schedule = vec![(s(1.0), 0)];
    let crash = FaultKind::Crash { service: WEB, pool: None, victims: Victims::Share(1.0) };
    let slow = FaultKind::Slow {
        service: WEB,
        pool: None,
        victims: Some(Victims::Count(3)),
        factor: 5.0,
        duration: SimDuration::from_secs(5),
    };
    scenario.faults = vec![fault(2.0, crash), fault(3.0, slow)];
    let run = run(&scenario);
    // 0.5 drains; who drains is not in service, and is neither hit nor slowed.
    assert_eq!(lives(&run), [[0.0, 0.0, 1.0, 10.5]]);
    assert_eq!(ends(&run), (1, 29, 0, 10.0));
    let log: Vec<_> = run.events.iter().map(|e| (e.kind.name(), e.servers, e.detail.as_str())).collect();
    let expected = [
        ("replicas", None, "1 -> 0"),
        ("crash", Some(0), ""),
        ("slow", Some(0), "5 times slower"),
        ("slowEnds", Some(0), ""),
    ];
    assert_eq!(log, expected);
}
