//! A recorded day, replayed, is the same day: every table, byte for byte.
#![cfg(unix)]

mod desk;

use std::fs;
use std::path::Path;

use desk::Desk;

const TABLES: [&str; 3] = ["summary.csv", "timeseries.csv", "servers.csv"];

/// Runs replication 1 of a scenario, recording it, then of the same with each source's block of
/// text replaced; asserts that the tables are the same and that they are not empty.
fn assert_replayed(scenario: &str, sources: &[(&str, &str)]) -> Desk {
    let desk = Desk::with(scenario);
    let run = |arguments: &[&str]| {
        let done = desk.run(&[&["run", "-q", "--replications", "1"], arguments].concat());
        assert!(matches!(done.code, Some(0 | 99)), "{done:#?}");
        done.out
    };
    run(&["s.yaml", "-o", "lived", "--record-arrivals", "a.csv"]);
    let mut replay = scenario.to_owned();
    for (written, recorded) in sources {
        assert!(replay.contains(written), "no `{written}` in\n{replay}");
        replay = replay.replace(written, recorded);
    }
    desk.write("r.yaml", &replay);
    run(&["r.yaml", "-o", "replayed", "--record-arrivals", "b.csv"]);
    assert_eq!(desk.read("a.csv"), desk.read("b.csv"));
    for table in TABLES {
        let lived = String::from_utf8(desk.read(&format!("lived/{table}"))).expect("text");
        let replayed = String::from_utf8(desk.read(&format!("replayed/{table}"))).expect("text");
        assert!(lived.lines().count() > 1, "{table}");
        let differs = lived.lines().zip(replayed.lines()).find(|(a, b)| a != b);
        assert_eq!(differs, None, "{table}");
        assert_eq!(lived, replayed, "{table}");
    }
    desk
}

fn select(source: &str) -> String {
    format!(
        "rate: {{recorded: {{file: a.csv, time: time_s, timeFormat: seconds, class: class, size: size, \
         select: {{column: source, value: {source}}}}}}}"
    )
}

#[test]
fn the_quickstart_is_replayed_to_the_byte() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/quickstart.yaml");
    let scenario = fs::read_to_string(file).expect("it is there");
    let rate = "rate: {recorded: {file: a.csv, time: time_s, timeFormat: seconds}}";
    let desk = assert_replayed(&scenario, &[("rate: 90/s", rate)]);
    // 90 a second for 10 minutes, within six standard deviations of a Poisson count: 54,000 +- 1,394.
    let arrivals = desk.read("a.csv").iter().filter(|&&byte| byte == b'\n').count() - 1;
    assert!((52_606..=55_394).contains(&arrivals), "{arrivals}");
}

const TWO: &str = "\
apiVersion: peakday/v1alpha1
kind: Scenario
metadata: {name: two}
run: {duration: 60s, warmup: 7s, interval: 4s, seed: 7}
traffic:
  shoppers:
    to: web
    mix: {browse: 80%, order: 20%}
    arrivals: {gamma: {cv: 2}}
    rate: {stages: {startRate: 50/s, steps: [{duration: 20s, target: 150/s}, {duration: 10s, target: 20/s}]}}
    uncertainty: {lognormal: {p50: 1.0, p90: 1.3}}
  robots:
    to: web
    class: browse
    rate: 20/s
services:
  web:
    pools:
      small: {replicas: 2, concurrency: 2, zones: [a, b], price: 0.1 USD/h}
      large: {replicas: 1, concurrency: 6, cpu: {cores: 2}, speed: 1.5}
    queue: {limit: 10, timeout: 500ms, order: {priority: [order]}}
    work: {browse: {exponential: {mean: 30ms}}, order: {lognormal: {mean: 60ms, cv: 1}}}
    wait: {order: {exponential: {mean: 20ms}}}
    balancer: leastRequest
objectives:
  - {name: order-p99, service: web, class: order, latency: {percentile: 99, lt: 10s}, every: 5s}
";

const SHOPPERS: &str = "    mix: {browse: 80%, order: 20%}
    arrivals: {gamma: {cv: 2}}
    rate: {stages: {startRate: 50/s, steps: [{duration: 20s, target: 150/s}, {duration: 10s, target: 20/s}]}}
    uncertainty: {lognormal: {p50: 1.0, p90: 1.3}}
";

#[test]
fn two_sources_with_classes_are_replayed_from_one_file() {
    let shoppers = format!("    {}\n", select("shoppers"));
    let robots = select("robots");
    let robots = [("    class: browse\n    rate: 20/s", robots.as_str())]
        .map(|(from, to)| (from, format!("    {to}")));
    let both = [(SHOPPERS, shoppers.as_str()), (robots[0].0, robots[0].1.as_str())];
    let desk = assert_replayed(TWO, &both);
    let trace = String::from_utf8(desk.read("a.csv")).expect("text");
    for kind in [",shoppers,browse,1.000000", ",shoppers,order,1.000000", ",robots,browse,1.000000"] {
        assert!(trace.lines().filter(|line| line.ends_with(kind)).count() > 100, "{kind}");
    }
    assert!(!trace.contains("robots,order"));
}

#[test]
fn one_source_may_be_replayed_beside_another_that_is_drawn() {
    let shoppers = format!("    {}\n", select("shoppers"));
    assert_replayed(TWO, &[(SHOPPERS, &shoppers)]);
}

#[test]
fn sizes_are_replayed_to_the_millionth() {
    let sized = "rate: {recorded: {file: t.csv, time: t, size: s}}";
    let scenario =
        TWO.replace("    class: browse\n    rate: 20/s", &format!("    class: browse\n    {sized}"));
    let (scenario, _) = scenario.split_once("objectives:").expect("objectives");
    let desk = Desk::with(scenario);
    // 0.1234565 lies between two millionths; it is rounded once, and never again.
    desk.write("t.csv", "t,s\n0.5,0.25\n1.5,3\n2.000000001,0.1234565\n2.000000001,0\n50,1000\n");
    let run = |file: &str, folder: &str, record: &str| {
        desk.run(&["run", "-q", "--replications", "1", file, "-o", folder, "--record-arrivals", record])
            .ends(0)
    };
    run("s.yaml", "lived", "a.csv");
    let trace = String::from_utf8(desk.read("a.csv")).expect("text");
    let robots: Vec<&str> = trace.lines().filter(|line| line.contains("robots")).collect();
    assert_eq!(robots[0], "0.500000000,robots,browse,0.250000");
    assert_eq!(robots[1], "1.500000000,robots,browse,3.000000");
    assert!(robots[2].starts_with("2.000000001,robots,browse,0.12345"), "{}", robots[2]);
    assert_eq!(robots[3..], ["2.000000001,robots,browse,0.000000", "50.000000000,robots,browse,1000.000000"]);
    desk.write("r.yaml", &scenario.replace(&format!("class: browse\n    {sized}"), &select("robots")));
    run("r.yaml", "replayed", "b.csv");
    assert_eq!(desk.read("b.csv"), desk.read("a.csv"));
    for table in TABLES {
        assert_eq!(desk.read(&format!("replayed/{table}")), desk.read(&format!("lived/{table}")), "{table}");
    }
}
