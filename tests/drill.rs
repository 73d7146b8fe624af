//! Faults, monitoring and operators, from the scenario file to the log, on paper: every timestamp and count
//! was worked out by hand.

mod common;

use common::drill::{NoTrace, log, read, run, served, story};
use peakday::results::RunResult;
use peakday::scenario::Scenario;
use peakday::sim;

/// Completed, failed, in flight at the end.
fn ends(run: &RunResult) -> (u64, u64, u64) {
    (run.rows[0].outcomes[0], run.rows[0].outcomes[1], run.rows[0].in_flight_end)
}

const SEEN: &str = "monitoring: {slow-eyes: {scrape: 4s, window: 4s, delay: 1s}}\n";
const BUSY: &str = "actions: [{name: help, when: {from: slow-eyes, service: web, rate: {above: 0.9/s}, for: 3s}, \
                    acknowledge: 2500ms, set: {services.web.pools.p.replicas: 2}}]";

#[test]
fn a_sample_goes_from_scrape_to_operator() {
    let pool = "replicas: 1, concurrency: 64, startup: {boot: 2s}";
    let run = run(&story(pool, "", &format!("{SEEN}{BUSY}")));
    // Scraped at 4 s: four in four seconds, seen at 5 s. Scraped at 8 s, seen at 9 s: it has shown for 4 s.
    let alert = "rate above 0.9/s at web in slow-eyes for 3s";
    let action = "services.web.pools.p.replicas = 2";
    let expected = [
        format!("9 alert help {alert}"),
        format!("11.5 action help {action}"),
        "11.5 replicas 1 -> 2".to_owned(),
        "13.5 fullCapacity 2 2s after the first was missing".to_owned(),
    ];
    assert_eq!(log(&run), expected);
    assert_eq!(served(&run), [[0.0, 30.0], [13.5, 30.0]]);
}

#[test]
fn blind_monitoring_shows_nothing_and_breaks_what_it_showed() {
    let blind = "faults: [{at: 7s, monitoringOutage: {pipeline: slow-eyes, duration: 2s}}]";
    let run = run(&story("replicas: 1, concurrency: 64", "", &format!("{SEEN}{BUSY}\n{blind}")));
    // The scrape at 8 s is lost, so nothing shows at 9 s. That of 12 s finds no other within its window; that
    // of 16 s does, and is seen at 17 s; 20 s at 21 s.
    let kinds: Vec<String> =
        log(&run).iter().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    let expected = [
        "7 monitoringOutage",
        "9 monitoringBack",
        "21 alert",
        "23.5 action",
        "23.5 replicas",
        "23.5 fullCapacity",
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn a_balancer_learns_late_of_a_crash_and_of_who_comes() {
    let pool = "replicas: 1, concurrency: 64, startup: {boot: 3s}";
    let check = ", healthCheck: {interval: 2s, unhealthyThreshold: 2}";
    let crash = "faults: [{at: 6200ms, crash: {service: web, servers: 100%}}]";
    let run = run(&story(pool, check, crash));
    // Checked at 8 s and 10 s: out. The new one has booted at 9.2 s and is checked at 10 s: in. Six fail in
    // hand, those of 6.5 to 9.5 find a server that is gone; ten of the others end by 29.5 s.
    let expected = ["6.2 crash 1", "10 unhealthy 1", "10 fullCapacity 1 3.8s after the first was missing"]
        .map(str::to_owned);
    assert_eq!(log(&run), expected);
    assert_eq!((ends(&run), run.services[0].no_server), ((10, 10, 10), 0));
    assert_eq!(served(&run), [[0.0, 6.2], [10.0, 30.0]]);
    assert_eq!(run.servers[0].requests, 6, "a server that is gone takes nothing");
}

#[test]
fn those_in_a_dead_servers_queue_are_taken_off_the_balancers_books() {
    // With the fewest requests in hand a dead server attracts all traffic until it is taken out.
    let pool = "replicas: 2, concurrency: 64";
    let check = ", balancer: leastConnections, healthCheck: {interval: 4s, unhealthyThreshold: 1}";
    let crash = "faults: [{at: 6200ms, crash: {service: web, servers: 1}}]";
    let run = run(&story(pool, check, crash));
    // Three and three are in hand at 6.2 s; three fail. Those of 6.5 and 7.5 go where nothing is in hand: to
    // the dead one. Its replacement comes at 8 s, with the check that takes it out.
    assert_eq!(run.rows[0].outcomes[1], 3 + 2);
    assert_eq!(served(&run).len(), 3);
    assert_eq!(served(&run)[2], [8.0, 30.0]);
}

#[test]
fn errors_hit_whoever_ends_while_they_last() {
    let errors = "faults: [{at: 5s, errors: {service: web, share: 100%, duration: 10s}}]";
    let run = run(&story("replicas: 1, concurrency: 64", "", errors));
    // Those of 0.5 to 4.5 end from 10.5 to 14.5.
    assert_eq!(ends(&run), (15, 5, 10));
    assert_eq!(log(&run), ["5 errors 100 % of requests", "15 errorsEnd"]);
    assert_eq!(
        run.services[0].slot_ns.0,
        10_000_000_000 * 20 + 50_000_000_000,
        "they were served all the same"
    );
}

#[test]
fn one_repairer_mends_one_server_after_the_other() {
    let failures = "faults: [{failures: {service: web, mtbf: 5s, mttr: 4s, repairers: 1}}]";
    let run = run(&story("replicas: 2, concurrency: 64", "", failures));
    // Both fail at 5 s; repaired by 9 s and 13 s, and so on: always one at work.
    let expected =
        [[0.0, 5.0], [0.0, 5.0], [9.0, 14.0], [13.0, 18.0], [18.0, 23.0], [22.0, 27.0], [27.0, 30.0]];
    assert_eq!(served(&run), expected);
    let missing: f64 = 30.0 * 2.0 - expected.iter().map(|[from, to]| to - from).sum::<f64>();
    assert_eq!(run.services[0].missing_ns.0 as f64 / 1e9, missing);
    assert_eq!(run.services[0].desired_ns.0, 60_000_000_000);
}

#[test]
fn without_a_repair_another_is_ordered_at_once() {
    let failures = "faults: [{at: 12s, failures: {service: web, pool: p, mtbf: 5s}}]";
    let run = run(&story("replicas: 1, concurrency: 64, startup: {boot: 1s}", "", failures));
    assert_eq!(served(&run), [[0.0, 17.0], [18.0, 23.0], [24.0, 29.0], [30.0, 30.0]]);
}

#[test]
fn a_slow_service_slows_those_who_come_too() {
    let slow = "faults: [{at: 4s, slow: {service: web, factor: 2, duration: 10s}}]";
    let pool = "replicas: 0, concurrency: 1, autoscaler: {schedule: {steps: [{at: 6s, replicas: 1}]}}";
    let run = run(&story(pool, ", queue: {limit: 0}", slow));
    // 6.5 has done 3.75 s by 14 s and ends 6.25 s later, at 20.25; the next is that of 20.5.
    assert_eq!(run.rows[0].outcomes[0], 1);
    assert_eq!(run.rows[0].latency_sum_ns.0, 13_750_000_000);
}

#[test]
fn a_pace_that_changes_and_changes_back_ends_work_once() {
    let slow = |factor: f64| format!("{{at: 5s, slow: {{service: web, factor: {factor}, duration: 20s}}}}");
    let faults = format!("faults: [{}, {}]", slow(2.0), slow(0.5));
    let run = run(&story("replicas: 1, concurrency: 64", ", wait: 0s", &faults));
    assert_eq!(ends(&run), (20, 0, 10));
    assert_eq!(run.servers[0].cpu_milli_ns.0, (200_000 + 50_000) * 1_000_000_000);
}

#[test]
fn operators_move_limits_bounds_and_balancers() {
    let limit = "actions: [{at: 10s, set: {services.web.queue.limit: 2}}]";
    let run = run(&story("replicas: 1, concurrency: 1", ", queue: {limit: 0}", limit));
    // Until 10 s nine are turned away, while 0.5 is served. Then 10.5 is served, 11.5 and 12.5 wait, seven are
    // turned away; at 20.5 the one that comes takes the place that becomes free, and nine are turned away.
    assert_eq!((run.rows[0].outcomes[0], run.rows[0].outcomes[3], run.rows[0].in_flight_end), (2, 25, 3));

    let pool = "replicas: 1, concurrency: 64, autoscaler: {minReplicas: 1, schedule: {steps: \
                [{at: 3s, replicas: 4}, {at: 20s, replicas: 1}]}}";
    let bounds = "actions: [{at: 8s, set: {services.web.pools.p.autoscaler.maxReplicas: 2}}, \
                  {at: 25s, set: {services.web.pools.p.autoscaler.maxReplicas: 9, \
                  services.web.pools.p.autoscaler.minReplicas: 3}}]";
    let run = self::run(&story(pool, "", bounds));
    let moves: Vec<String> = log(&run).into_iter().filter(|line| line.contains("->")).collect();
    assert_eq!(moves, ["3 replicas 1 -> 4", "8 replicas 4 -> 2", "20 replicas 2 -> 1", "25 replicas 1 -> 3"]);

    let swap = "actions: [{at: 10s, set: {services.web.balancer: {weightedRandom: {}}}}]";
    let two = "replicas: 1, concurrency: 64}, q: {replicas: 1, concurrency: 64, weight: 0.000001";
    let run = self::run(&story(two, "", swap));
    // In turns until 10 s, and then by weights of which one is next to nothing.
    assert_eq!(run.servers.iter().map(|server| server.requests).collect::<Vec<_>>(), [5 + 20, 5]);
}

#[test]
fn a_mix_is_changed_for_who_comes_and_nobody_else() {
    let text = "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {name: s}\n\
         run: {duration: 30s, interval: 1s, replications: 1}\n\
         traffic: {users: {to: web, mix: {a: 50%, b: 50%}, rate: 9/s}}\n\
         services: {web: {pools: {p: {replicas: 1, concurrency: unlimited}}, work: {a: 1ms, b: 2ms}}}\n";
    let changed = format!("{text}actions: [{{at: 10s, set: {{traffic.users.mix: {{a: 80%, b: 20%}}}}}}]\n");
    let (plain, changed) = (read(text), read(&changed));
    let arrivals = |scenario: &Scenario| {
        let mut list = Vec::new();
        let listed = sim::arrivals(scenario, 1, &NoTrace, &mut |arrival| {
            list.push((arrival.at, arrival.class.index()));
            Ok(())
        });
        listed.expect("a list").expect("no file");
        list
    };
    let (before, after) = (arrivals(&plain), arrivals(&changed));
    let ten = peakday::time::SimTime::from_nanos(10_000_000_000);
    for ((at, class), (new_at, new_class)) in before.iter().zip(&after) {
        assert_eq!(at, new_at);
        // Who was of class a still is; some of class b are now of class a.
        assert!(class == new_class || (*at >= ten && (*class, *new_class) == (1, 0)), "at {at}");
    }
    assert_ne!(before, after);
    let offered =
        |list: &[(_, usize)]| [0, 1].map(|class| list.iter().filter(|a| a.1 == class).count() as u64);
    let run = run(&changed);
    assert_eq!([run.rows[0].offered, run.rows[1].offered], offered(&after), "the run and the list agree");
}

#[test]
fn schedules_follow_the_clock_of_their_time_zone() {
    let text = |zone: &str, at: &str| {
        format!(
            "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {{name: s}}\n\
             run: {{start: 2026-10-24T23:30:00+08:00, duration: 3d, interval: 1h, replications: 1}}\n\
             traffic: {{users: {{to: web, class: any, rate: 1/h}}}}\n\
             services: {{web: {{pools: {{p: {{replicas: 1, concurrency: 1, autoscaler: {{schedule: \
             {{{zone}steps: [{{at: {at}, replicas: 2}}]}}}}}}}}, work: 1s}}}}\n"
        )
    };
    let hours = |zone: &str, at: &str| -> Vec<f64> {
        let pool = &read(&text(zone, at)).services[0].pools[0];
        let hour = |&(at, _): &(peakday::time::SimTime, u32)| {
            (at - peakday::time::SimTime::ZERO).as_nanos() as f64 / 3.6e12
        };
        pool.schedule.iter().map(hour).collect()
    };
    assert_eq!(hours("", "\"00:00\""), [0.5, 24.5, 48.5]);
    assert_eq!(hours("timeZone: UTC, ", "\"15:30\""), [0.0, 24.0, 48.0]);
    // Berlin sets its clocks back on the 25th, at 01:00 UTC: 17:00 there is 15:00 UTC before and 16:00 after,
    // which is 23:00 and 00:00 at +08:00. The 24th's is over by then.
    assert_eq!(hours("timeZone: Europe/Berlin, ", "\"17:00\""), [24.5, 48.5]);
    // 02:30 comes twice on the 25th: the first is meant, at 00:30 UTC.
    assert_eq!(hours("timeZone: Europe/Berlin, ", "\"02:30\""), [9.0, 34.0, 58.0]);
    assert_eq!(hours("timeZone: Europe/Berlin, ", "90m"), [1.5]);
}
