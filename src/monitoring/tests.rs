use super::*;

const WINDOW: SimDuration = SimDuration::from_secs(30);

fn s(seconds: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(seconds)
}

/// A scrape that found so many arrivals, completed requests and failed ones since the one before.
fn scrape(at: u64, offered: u64, completed: u64, failed: u64) -> Scrape {
    let mut counts = Counts { offered, ..Counts::default() };
    counts.outcomes[Outcome::Completed as usize] = completed;
    counts.outcomes[Outcome::Failed as usize] = failed;
    (0..completed).for_each(|n| counts.latency.record((n + 1) * 1_000_000));
    Scrape { at: s(at), counts, loads: Vec::new(), queued: at, in_flight: at, ready: 4, servers: Vec::new() }
}

fn probe(scrapes: impl IntoIterator<Item = Scrape>) -> Probe {
    let mut probe = Probe::new(WINDOW);
    scrapes.into_iter().for_each(|scrape| probe.take(scrape));
    probe
}

#[test]
fn rates_are_differences_between_the_ends_of_the_window() {
    let all = [scrape(0, 7, 7, 0), scrape(15, 150, 90, 10), scrape(30, 300, 0, 0), scrape(45, 450, 100, 100)];
    // Scraped at 0 only: no difference. At 15: 150 in 15 s. At 45: those since 15, 750 in 30 s.
    for (scrapes, rate) in [(1, None), (2, Some(10.0)), (3, Some(15.0)), (4, Some(25.0))] {
        let at = all[scrapes - 1].at;
        let probe = probe(all[..scrapes].iter().cloned());
        assert_eq!(probe.value(at, Signal::Rate), rate, "at {at}");
    }
    let probe = probe(all);
    assert_eq!(probe.value(s(45), Signal::Errors), Some(0.5), "those until 15 s lie before the window");
    assert_eq!(probe.value(s(45), Signal::Queued), Some(45.0));
    assert_eq!(probe.value(s(45), Signal::Ready), Some(4.0));
    assert_eq!(probe.value(s(45), Signal::Ended), Some(200.0), "completed and failed");
    let p99 = probe.value(s(45), Signal::Latency(0.99)).expect("a hundred completed");
    assert!((p99 - 99e6).abs() < 99e3, "{p99}");
}

#[test]
fn what_nothing_tells_is_no_value() {
    let idle = probe([scrape(0, 0, 0, 0), scrape(15, 0, 0, 0)]);
    assert_eq!(idle.value(s(15), Signal::Rate), Some(0.0));
    for signal in [Signal::Errors, Signal::Latency(0.5), Signal::Cpu, Signal::Slots] {
        assert_eq!(idle.value(s(15), signal), None, "{signal:?}");
    }
    assert_eq!(idle.value(s(15), Signal::Ended), Some(0.0));
    assert_eq!(probe([scrape(0, 0, 9, 9)]).value(s(0), Signal::Ended), None, "one scrape has no window");
    assert_eq!(probe([]).value(s(15), Signal::Queued), None);
}

#[test]
fn lost_scrapes_widen_the_steps_until_the_window_holds_too_few() {
    let probe = probe([scrape(0, 0, 0, 0), scrape(15, 150, 0, 0), scrape(30, 300, 0, 0)]);
    // Lost from 45 on: at 45 the window holds those of 15 and 30, at 60 one of 30, at 75 none.
    let told = |at, signal| probe.value(s(at), signal);
    assert_eq!(told(45, Signal::Rate), Some(20.0));
    assert_eq!((told(60, Signal::Rate), told(60, Signal::Queued)), (None, Some(30.0)));
    assert_eq!((told(75, Signal::Rate), told(75, Signal::Queued)), (None, None));
}

/// A server of two cores and four slots that used so many of them since its order.
fn server(index: usize, at: u64, core_s: u128, slot_s: u64) -> ServerSample {
    ServerSample {
        server: ServerId::new(index),
        at: s(at),
        cpu_milli: core_s * 1_000 * 1_000_000_000,
        slots: slot_s * 1_000_000_000,
        requests: slot_s,
        busy: 2,
        waiting: 1,
        cpu_limit: 2_000,
        slot_limit: 4,
    }
}

fn of_servers(at: u64, servers: Vec<ServerSample>) -> Scrape {
    Scrape { servers, ..scrape(at, 0, 0, 0) }
}

#[test]
fn utilisation_is_that_of_servers_scraped_twice() {
    let mut probe = probe([
        of_servers(0, vec![server(0, 0, 0, 0), server(1, 0, 5, 5)]),
        of_servers(15, vec![server(0, 15, 15, 30), server(1, 15, 20, 20)]),
    ]);
    // 15 and 15 of 2 x 30 core seconds; 30 and 15 of 4 x 30 slot seconds.
    assert_eq!(probe.value(s(15), Signal::Cpu), Some(0.5));
    assert_eq!(probe.value(s(15), Signal::Slots), Some(0.375));
    // Server 1 has left, server 2 has just come.
    probe.take(of_servers(30, vec![server(0, 30, 18, 30), server(2, 30, 100, 100)]));
    assert_eq!(probe.value(s(30), Signal::Cpu), Some(18.0 / 60.0));
}

#[test]
fn staggered_servers_are_told_by_their_own_instants() {
    let mut probe = probe([of_servers(0, vec![server(0, 0, 0, 0)])]);
    probe.take_late([server(1, 5, 0, 0)].into_iter());
    probe.take(of_servers(16, vec![server(0, 16, 16, 0)]));
    // Server 1 has been scraped once; its next sample is of 21 s.
    assert_eq!(probe.value(s(16), Signal::Cpu), Some(0.5));
    probe.take_late([server(1, 21, 32, 0)].into_iter());
    assert_eq!(probe.value(s(21), Signal::Cpu), Some((16.0 + 32.0) / 64.0));
    // In the next round server 1 still counts with what it showed in the last.
    probe.take(of_servers(32, vec![server(0, 32, 16, 0)]));
    assert_eq!(probe.value(s(32), Signal::Cpu), Some((16.0 + 32.0) / (64.0 + 32.0)));
}
