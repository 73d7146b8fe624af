//! How servers are launched, on paper: turns, quotas, failures, images, a warm pool, nodes.

mod common;

use common::drill::{log, run, served, story};
use peakday::results::{Facts, RunResult, SUMMARY, Subject};
use peakday::scenario::Scenario;

/// Thirty seconds of a pool that is to have so many servers from 5 s on.
fn launches(replicas: u32, pool: &str, wanted: u32, more: &str) -> (Scenario, RunResult) {
    let schedule = format!("autoscaler: {{schedule: {{steps: [{{at: 5s, replicas: {wanted}}}{more}]}}}}");
    let scenario = story(&format!("replicas: {replicas}, concurrency: 64, {pool}, {schedule}"), "", "");
    let result = run(&scenario);
    (scenario, result)
}

/// From when on each server was in service, in seconds.
fn ready(run: &RunResult) -> Vec<f64> {
    served(run).into_iter().map(|[from, _]| from).collect()
}

fn figure(scenario: &Scenario, run: &RunResult, name: &str) -> f64 {
    let facts = Facts::new(&scenario.plan, run, Subject { service: 0, row: None });
    let column = SUMMARY.iter().find(|column| column.name == name).expect("a column");
    (column.figure)(&facts).expect("a figure")
}

#[test]
fn launches_wait_for_their_turn() {
    let (_, run) = launches(1, "launch: {rate: 30/min}, startup: {boot: 1s}", 4, "");
    assert_eq!(ready(&run), [0.0, 6.0, 8.0, 10.0]);
    assert!(run.servers[1..].iter().all(|server| server.ordered_ns == 5_000_000_000));
}

#[test]
fn a_quota_counts_servers_until_they_are_gone() {
    let steps = ", {at: 10s, replicas: 2}, {at: 12s, replicas: 6}";
    let (_, run) = launches(2, "launch: {quota: 4}", 6, steps);
    // Two are refused at 5 s. Two drain from 10 s on: what they had in hand keeps them until 18.5 and 19.5 s,
    // and only then others are ordered in their places.
    let lines: Vec<String> = log(&run).into_iter().filter(|line| line.contains("quota")).collect();
    assert_eq!(lines[..2], ["5 quotaReached 4 servers at most", "12 quotaReached 4 servers at most"]);
    let ordered: Vec<f64> = run.servers.iter().map(|server| server.ordered_ns as f64 / 1e9).collect();
    let gone: Vec<f64> = run.servers[2..4].iter().map(|server| server.gone_ns as f64 / 1e9).collect();
    assert_eq!(ordered[..4], [0.0, 0.0, 5.0, 5.0]);
    let mut expected = gone;
    expected.sort_by(f64::total_cmp);
    assert_eq!(ordered[4..], expected, "one for each that is gone");
    assert!(expected[0] > 12.0);
}

#[test]
fn failed_launches_are_ordered_again_later() {
    let (_, run) = launches(1, "launch: {failures: 100%, retry: 5s}, startup: {boot: 2s}", 2, "");
    let failed: Vec<String> = log(&run).into_iter().filter(|line| line.contains("launchFailed")).collect();
    assert_eq!(failed, ["7 launchFailed 1", "14 launchFailed 1", "21 launchFailed 1", "28 launchFailed 1"]);
    assert!(run.servers[1..].iter().all(|server| server.failed && server.requests == 0));

    let fault = "faults: [{at: 4s, failedLaunches: {service: web, share: 100%, duration: 6s}}]";
    let pool = "replicas: 1, concurrency: 64, startup: {boot: 2s}, autoscaler: {schedule: {steps: \
                [{at: 5s, replicas: 3}]}}";
    let run = self::run(&story(pool, "", fault));
    // Both fail at 7 s, are ordered again at 17 s, when nothing is wrong any more, and serve from 19 s on.
    let expected = [
        "4 failedLaunches 100 % of launches",
        "5 replicas 1 -> 3",
        "7 launchFailed 2",
        "10 launchesBack",
        "19 fullCapacity 3 14s after the first was missing",
    ];
    assert_eq!(log(&run), expected);
}

#[test]
fn images_are_pulled_together_and_slower() {
    // Four at once share what two would get: eight seconds instead of four.
    let (_, run) = launches(1, "startup: {image: {pull: 4s, parallel: 2}, boot: 1s}", 5, "");
    assert_eq!(ready(&run), [0.0, 14.0, 14.0, 14.0, 14.0]);
    let (_, run) = launches(1, "startup: {image: {pull: 4s, parallel: 4}, boot: 1s}", 5, "");
    assert_eq!(ready(&run), [0.0, 10.0, 10.0, 10.0, 10.0]);
}

#[test]
fn a_warm_pool_spares_the_machine_and_is_filled_again() {
    let pool =
        "warmPool: {size: 2, price: 3.6 USD/h}, price: 3600 USD/h, startup: {provision: 10s, boot: 1s}";
    let (scenario, run) = launches(1, pool, 4, ", {at: 16s, replicas: 6}");
    // Two boot at once, the third has to be provisioned; both places are filled again by 15 s.
    assert_eq!(ready(&run), [0.0, 6.0, 6.0, 16.0, 17.0, 17.0]);
    // Servers from their orders on, a dollar a second, and two machines for 30 s at 0.001 dollars.
    let servers = 30.0 + 3.0 * 25.0 + 2.0 * 14.0;
    assert!((figure(&scenario, &run, "cost") - (servers + 0.06)).abs() < 1e-9);
    assert!((figure(&scenario, &run, "cost_wasted") - (1.0 + 1.0 + 11.0 + 1.0 + 1.0 + 0.06)).abs() < 1e-9);
}

#[test]
fn nodes_boot_first_and_are_kept_a_while() {
    let pool =
        "nodes: {servers: 2, provision: 6s, keep: 5s, price: 3600 USD/h}, startup: {boot: 1s}, drain: 0s";
    let (scenario, run) = launches(3, pool, 6, ", {at: 15s, replicas: 1}, {at: 18s, replicas: 2}");
    // One finds the free place of the second node; two wait for a third node. At 15 s the second and the third
    // are left empty, and are gone at 20 s; at 18 s the first has room.
    assert_eq!(ready(&run), [0.0, 0.0, 0.0, 6.0, 12.0, 12.0, 19.0]);
    let nodes: Vec<[f64; 2]> =
        run.nodes.iter().map(|node| [node.ordered_ns, node.gone_ns].map(|ns| ns as f64 / 1e9)).collect();
    assert_eq!(nodes, [[0.0, 30.0], [0.0, 20.0], [5.0, 20.0]]);
    // A dollar a second for each node; half of one for each server that serves.
    let serving: f64 = served(&run).iter().map(|[from, to]| to - from).sum();
    assert!((figure(&scenario, &run, "cost") - 65.0).abs() < 1e-9);
    assert!((figure(&scenario, &run, "cost_wasted") - (65.0 - serving / 2.0)).abs() < 1e-9);
}

#[test]
fn availability_is_what_was_wanted_and_served() {
    let (scenario, run) = launches(1, "startup: {boot: 6s}", 3, "");
    // One until 5 s, three wanted from then on, two of them missing for 6 s.
    assert!((figure(&scenario, &run, "availability") - (1.0 - 12.0 / 80.0)).abs() < 1e-12);
    assert!((figure(&scenario, &run, "servers_desired") - 80.0 / 30.0).abs() < 1e-12);
    assert!((figure(&scenario, &run, "server_hours_billed") * 3_600.0 - 80.0).abs() < 1e-9);
}
