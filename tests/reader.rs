//! Scenario files: what is accepted, and what is told about what is not.

use std::io::{self, Cursor, Read};

use peakday::error::{Error, Issue};
use peakday::results::{Goal, UNLIMITED_MILLICORES};
use peakday::scenario::{Document, Order, Scenario};
use peakday::workload::recorded::TraceFiles;

/// Traces by name; every other file does not exist.
#[derive(Debug, Default)]
struct Traces(Vec<(&'static str, &'static str)>);

impl TraceFiles for Traces {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        let found = self.0.iter().find(|(name, _)| *name == path);
        let (_, text) = found.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(Box::new(Cursor::new(text.as_bytes())))
    }
}

const TRACES: &[(&str, &str)] = &[
    ("plain.csv", "t,class\n0,browse\n1.5,order\n2,order\n"),
    ("backwards.csv", "t\n5\n1\n"),
    ("empty.csv", "t\n"),
];

fn read(text: &str) -> Result<Scenario, Error> {
    Document::read("s.yaml", text.as_bytes())?.check(&Traces(TRACES.to_vec()))
}

/// What is wrong with a file; nothing where it is valid.
fn issues(text: &str) -> Vec<Issue> {
    match read(text) {
        Ok(_) => Vec::new(),
        Err(Error::Invalid(issues)) => issues,
        Err(other) => panic!("not told as an issue: {other}"),
    }
}

/// Every problem as `line:column path: message | remedy`.
fn problems(text: &str) -> Vec<String> {
    let told = |issue: &Issue| {
        assert_eq!(issue.place.file, "s.yaml");
        let (line, column) = (issue.place.line, issue.place.column);
        format!("{line}:{column} {}: {} | {}", issue.path, issue.message, issue.remedy)
    };
    issues(text).iter().map(told).collect()
}

/// Tells whether the place of an issue is the last key of its path, or the value behind it; a key
/// that is not there is told at the block that lacks it.
fn points_at_its_key(text: &str, issue: &Issue) -> bool {
    let percentile = issue.path.ends_with("p99.9");
    let key = if percentile { "p99.9" } else { issue.path.rsplit('.').next().unwrap_or_default() };
    if key.ends_with(']') || !text.contains(&format!("{key}:")) {
        return true;
    }
    let line = text.lines().nth(issue.place.line as usize - 1).unwrap_or_default();
    let (before, after) = line.split_at(issue.place.column as usize - 1);
    after.starts_with(key) || before.trim_end().ends_with(&format!("{key}:"))
}

/// Asserts that exactly these problems are told, each by the beginning of its line.
fn assert_told<T: AsRef<str>>(cases: &[(T, &[&str])]) {
    let mut wrong = Vec::new();
    for (text, expected) in cases {
        for issue in issues(text.as_ref()) {
            assert!(points_at_its_key(text.as_ref(), &issue), "{issue}\n{}", text.as_ref());
        }
        let told = problems(text.as_ref());
        let fits = told.iter().zip(*expected).all(|(told, expected)| told.starts_with(expected));
        if told.len() != expected.len() || !fits {
            wrong.push(format!("for\n{}\ntold {told:#?}\nexpected {expected:#?}", text.as_ref()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

const BASE: &str = include_str!("base.yaml");

#[test]
fn cores_that_nobody_wrote_draw_a_caution() {
    let cautions = |pool: &str| {
        let text = base_with("{replicas: 4, concurrency: 8}", &format!("{{replicas: 4, {pool}}}"));
        let scenario = Document::read("s.yaml", text.as_bytes())
            .and_then(|read| read.check(&Traces(vec![])))
            .expect("valid");
        scenario
            .cautions
            .iter()
            .map(|caution| format!("{}: {}", caution.of, caution.message))
            .collect::<Vec<_>>()
    };
    for silent in ["concurrency: 128", "concurrency: unlimited", "concurrency: 256, cpu: {cores: 256}"] {
        assert_eq!(cautions(silent), [""; 0], "{silent}");
    }
    let told =
        "web: pool standard has no cpu, so 129 slots get 129 cores; write cpu: {cores: 4} if they share";
    assert_eq!(cautions("concurrency: 129"), [told]);
}

/// The base with one piece of text replaced.
fn base_with(from: &str, to: &str) -> String {
    assert!(BASE.contains(from), "the base has no `{from}`");
    BASE.replace(from, to)
}

/// The base with keys of `run`.
fn run_with(keys: &str) -> String {
    base_with("{duration: 10m}", &format!("{{duration: 10m, {keys}}}"))
}

/// The base with keys of the source, in place of its rate.
fn source_with(keys: &str) -> String {
    base_with("rate: 90/s", keys)
}

/// The base with keys of the pool.
fn pool_with(keys: &str) -> String {
    base_with("{replicas: 4, concurrency: 8}", &format!("{{{keys}}}"))
}

/// The base with a block of the service.
fn service_with(block: &str) -> String {
    format!("{BASE}    {block}\n")
}

/// The base with one objective.
fn objective(keys: &str) -> String {
    format!("{BASE}objectives:\n  - {{name: a, service: web, {keys}}}\n")
}

const FULL: &str = r#"# yaml-language-server: $schema=../schemas/scenario.v1alpha1.json
x-anchors: {quick: &quick {exponential: {mean: 4ms}}}
x-more: [1, 2]
apiVersion: peakday/v1alpha1
kind: Scenario
metadata: {name: singles-day, displayName: "Singles' Day, 双十一"}
run:
  start: 2026-11-10T23:30:00+08:00
  duration: 2h
  warmup: 5m
  seed: 20261111
  replications: 60
  interval: 30s
  load: 120%
traffic:
  zeta:
    to: web
    class: browse
    arrivals: {gamma: {cv: 2}}
    rate: {stages: {startRate: 3k/s, steps: [{duration: 30m, target: 4k/s}, {duration: 10s, target: 40k/s}]}}
    uncertainty: {lognormal: {p50: 1.0, p90: 1.3}}
  alpha:
    to: web
    mix: {browse: 92%, order: 0.08}
    arrivals: uniform
    rate: {sum: [90/s, {event: {baseline: 90/s, at: "00:00", shape: double11-2019, peak: 3.2k/s}},
                 {recorded: {file: plain.csv, time: t, align: {recorded: 0s, scenario: 00:05}}}]}
  replay: {to: checkout, rate: {recorded: {file: plain.csv, time: t, class: class}}}
  day: {to: web, class: order, arrivals: poisson, rate: {diurnal: {mean: 2k/s, peak: 3k/s, peakAt: 21:00}}}
services:
  web:
    pools:
      standard: {replicas: 120, concurrency: 64, cpu: {cores: 4}, speed: 1.5, zones: [a, b, c], price: 0.23 USD/h}
      spot: {replicas: 3, concurrency: 2, weight: 7, zones: [c, d], price: 0.1 USD/h}
    queue: {scope: service, limit: 200, timeout: 1s, order: {priority: [order]}}
    work: {browse: *quick, order: {lognormal: {p50: 5ms, p99.9: 30ms}}}
    wait: {order: 20ms}
    balancer: {leastRequest: {choiceCount: 3}}
  checkout:
    pools: {standard: {replicas: 60, concurrency: unlimited, cpu: {cores: 0.5}}, infinite: {replicas: 1, concurrency: unlimited}}
    work: {order: 9ms, browse: {exponential: {mean: 1ms}}}
    balancer: random
objectives:
  - {name: order-p99, service: web, class: order, latency: {percentile: 99.9, lt: 400ms}, every: 1m, holdsIn: 95%}
  - {name: success, service: web, success: {gte: 99.9%}, during: {from: 00:00, to: "00:05"}}
  - {name: late, service: web, latency: {percentile: 50, lte: 1s}, during: {from: 90m}}
  - {name: all, service: checkout, success: {gt: 0.5}}
"#;

#[test]
fn a_file_with_every_key_becomes_the_plan_it_describes() {
    let scenario = read(FULL).unwrap_or_else(|error| panic!("{error}"));
    let plan = &scenario.plan;
    assert_eq!(
        (plan.name.as_str(), plan.display_name.as_deref()),
        ("singles-day", Some("Singles' Day, 双十一"))
    );
    let start = plan.start.expect("a start");
    assert_eq!((start.epoch_ns, start.offset_s), (1_794_324_600_000_000_000, 28_800));
    let minute = 60_000_000_000;
    assert_eq!((plan.duration_ns, plan.warmup_ns, plan.interval_ns), (120 * minute, 5 * minute, minute / 2));
    assert_eq!((scenario.seed, scenario.replications), (20_261_111, 60));
    assert_eq!(plan.classes, ["browse", "order"]);
    assert_eq!(plan.zones, ["a", "b", "c", "d"]);
    assert_eq!(plan.currency.as_deref(), Some("USD"));
    let sources: Vec<_> = plan.sources.iter().map(|source| (source.name.as_str(), source.recorded)).collect();
    assert_eq!(sources, [("zeta", false), ("alpha", true), ("replay", true), ("day", false)]);
    let rows: Vec<_> = plan.rows.iter().map(|row| (row.service, row.class)).collect();
    assert_eq!(rows, [(0, 0), (0, 1), (1, 0), (1, 1)]);
    assert!((plan.rows[0].work_mean_ns.expect("a mean") - 4e6).abs() < 1.0);
    assert_eq!((plan.rows[0].wait_mean_ns, plan.rows[1].wait_mean_ns), (Some(0.0), Some(2e7)));
    assert_eq!(scenario.sources[1].mix[1].1, 1.0);
    assert_eq!(scenario.sources[1].recorded.len(), 1);
    assert_eq!(scenario.sources[1].recorded[0].factor, 1.2);
    assert!(scenario.sources[2].profile.is_none() && scenario.sources[2].mix.is_empty());
}

#[test]
fn pools_and_queues_become_what_they_describe() {
    let scenario = read(FULL).unwrap_or_else(|error| panic!("{error}"));
    let web = &scenario.services[0];
    let standard = &web.pools[0];
    assert_eq!((standard.replicas, standard.concurrency), (120, Some(64)));
    assert_eq!((standard.shared_millicores, standard.speed, standard.weight), (Some(4_000), 1.5, 6.0));
    assert_eq!(
        (standard.zones.as_slice(), web.pools[1].zones.as_slice()),
        ([0, 1, 2].as_slice(), [2, 3].as_slice())
    );
    assert_eq!((web.pools[1].shared_millicores, web.pools[1].weight), (None, 7.0));
    assert_eq!((web.queue.central, web.queue.limit), (true, Some(200)));
    assert_eq!(web.queue.order, Order::Priority(vec![1, 0]));
    let pools = &scenario.plan.services[0].pools;
    assert_eq!((pools[0].millicores, pools[1].millicores), (4_000, 2_000));
    let checkout = &scenario.services[1].pools;
    assert_eq!((checkout[0].concurrency, checkout[0].shared_millicores), (None, Some(500)));
    assert_eq!((checkout[1].concurrency, checkout[1].shared_millicores), (None, None));
    assert_eq!(scenario.plan.services[1].pools[1].millicores, UNLIMITED_MILLICORES);
    // As many cores as slots, or more: every request has one of its own.
    let dedicated = read(&pool_with("replicas: 1, concurrency: 4, cpu: {cores: 6.5}")).expect("valid");
    assert_eq!(dedicated.services[0].pools[0].shared_millicores, None);
    assert_eq!(dedicated.plan.services[0].pools[0].millicores, 6_500);
    assert_eq!(dedicated.services[0].pools[0].weight, 6.5);
}

#[test]
fn instants_are_resolved_against_the_start() {
    let scenario = read(FULL).unwrap_or_else(|error| panic!("{error}"));
    let minute = 60_000_000_000;
    let objectives = &scenario.plan.objectives;
    assert_eq!((objectives[1].from_ns, objectives[1].to_ns), (Some(30 * minute), Some(35 * minute)));
    assert_eq!((objectives[2].from_ns, objectives[2].to_ns), (Some(90 * minute), None));
    assert_eq!(objectives[0].every_ns, Some(minute));
    assert_eq!(objectives[0].holds_in, Some(0.95));
    assert_eq!(
        objectives[0].goal,
        Goal::Latency { percentile: 99.9, bound_ns: 400_000_000, inclusive: false }
    );
    assert_eq!(objectives[3].goal, Goal::Success { at_least: 0.5, inclusive: false });
    // The event opens at midnight, half an hour after the start.
    let profile = scenario.sources[1].profile.as_ref().expect("a profile");
    let at = |seconds: u64| profile.rate_at(peakday::time::SimTime::from_nanos(seconds * 1_000_000_000));
    assert!(at(1_799) < 300.0 && at(1_801) > 3_000.0, "{} {}", at(1_799), at(1_801));
}

#[test]
fn what_is_left_out_has_its_default() {
    let scenario = read(BASE).expect("valid");
    assert_eq!((scenario.seed, scenario.replications), (1, 5));
    assert_eq!((scenario.plan.warmup_ns, scenario.plan.interval_ns), (0, 10_000_000_000));
    let web = &scenario.services[0];
    assert_eq!((web.queue.central, web.queue.limit, web.queue.timeout), (false, None, None));
    assert_eq!(web.queue.order, Order::Fifo);
    assert_eq!(format!("{:?}", web.balancer), "RoundRobin(RoundRobin { slow_start: None })");
    assert_eq!((web.pools[0].weight, web.pools[0].speed), (8.0, 1.0));
    let short = read(&base_with("10m", "4s")).expect("valid");
    assert_eq!(short.plan.interval_ns, 4_000_000_000);
}

#[test]
fn json_is_read_too() {
    let json = r#"{"apiVersion": "peakday/v1alpha1", "kind": "Scenario", "metadata": {"name": "j"},
        "run": {"duration": "1m"}, "traffic": {"u": {"to": "web", "class": "a", "rate": "1/s"}},
        "services": {"web": {"pools": {"p": {"replicas": 1, "concurrency": 1}}, "work": "1ms"}}}"#;
    assert!(read(json).is_ok());
}

#[test]
fn the_fingerprint_is_that_of_the_resolved_scenario() {
    let base = read(BASE).expect("valid").sha256;
    assert_eq!(base.len(), 64);
    let same = [
        run_with("seed: 1"),
        run_with("interval: 10s, load: 100%"),
        base_with(
            "    work: 5ms",
            "    work: 0.005s\n    balancer: {roundRobin: {}}\n    queue: {order: fifo}",
        ),
        format!("# a remark\n{BASE}x-home: 1\n"),
        pool_with("replicas: 4, concurrency: 8, weight: 8"),
    ];
    for text in same {
        assert_eq!(read(&text).expect("valid").sha256, base, "{text}");
    }
    for text in [run_with("seed: 2"), base_with("5ms", "6ms"), base_with("10m", "11m")] {
        assert_ne!(read(&text).expect("valid").sha256, base, "{text}");
    }
}

#[test]
fn what_is_written_back_is_read_the_same() {
    let document = Document::read("s.yaml", FULL.as_bytes()).expect("valid");
    let resolved = document.spec.resolved();
    let json = serde_json::to_string(&resolved).expect("json");
    let again = Document::read("s.json", json.as_bytes()).expect("valid");
    assert_eq!(again.spec, resolved);
}

#[test]
fn syntax_is_told_with_its_place() {
    let cases: [(&str, &str); 15] = [
        ("", "0:0 : the file is empty | begin with"),
        ("# nothing\n\n", "0:0 : the file is empty"),
        ("a: 1\na: 2\n", "2:1 : the key `a` is given twice"),
        ("a: [1, 2", "1:4 : unclosed bracket"),
        ("run: {duration: \u{0}}", "1:17 : the file is not text: it holds a zero byte"),
        ("kind: *missing\n", "1:7 : alias references unknown anchor"),
        ("kind: a\n---\nkind: b\n", "3:1 : there is more than one document"),
        ("[1, 2]", "1:1 : this is a list, not a map of keys"),
        ("words", "1:1 : this is the text `words`, not a map of keys"),
        (
            "apiVersion: peakday/v2\n",
            "1:13 apiVersion: `peakday/v2` is not known here | write one of peakday/v1alpha1",
        ),
        ("kind: [Scenario]\n", "1:1 kind: this is a list"),
        ("kind: 7\n", "1:7 kind: `7` is not known here | write one of Scenario"),
        (
            "metadata: {name: 5\u{a0}}\n",
            "1:1 : this is a part of a scenario: the keys `apiVersion` and `kind` are missing",
        ),
        (
            "kind: Scenario\n",
            "1:1 : the key `apiVersion` is missing | write for example apiVersion: peakday/v1alpha1",
        ),
        ("services: !!binary aGk=\n", "1:"),
    ];
    for (text, expected) in cases {
        let told = problems(text);
        assert!(told.iter().any(|told| told.starts_with(expected)), "for {text:?}\n  told {told:#?}");
    }
    let invalid = Document::read("s.yaml", b"kind: a\nname: \xff\n").expect_err("no text");
    assert!(invalid.to_string().starts_with("s.yaml:2:7: the file is not text in UTF-8"), "{invalid}");
}

#[test]
fn keys_and_types_are_told_with_their_place() {
    let cases: &[(String, &[&str])] = &[
        (
            run_with("warmupp: 1m"),
            &["4:22 run.warmupp: there is no key `warmupp` here | did you mean `warmup`?"],
        ),
        (run_with("seed: -1"), &["4:28 run.seed: this is `-1`, not a whole number from 0"]),
        (run_with("seed: 1e3"), &["4:28 run.seed: this is `1e3`, not a whole number"]),
        (run_with("seed: 99999999999999999999999"), &["4:28 run.seed: "]),
        (run_with("replications: many"), &["4:36 run.replications: this is the text `many`, not a whole"]),
        (run_with("replications: 5000000000"), &["4:36 run.replications: this is `5000000000`, not a whole"]),
        (run_with("load: .inf"), &["4:28 run.load: `.inf` is not a ratio"]),
        (run_with("load: -1"), &["4:28 run.load: `-1` is not a ratio | write for example 0.85 or 85%"]),
        (run_with("load: 1e999"), &["4:28 run.load: "]),
        (base_with("10m", "10"), &["4:17 run.duration: `10` has no unit | write for example 10ms or 10s"]),
        (
            base_with("{duration: 10m}", "{}"),
            &["4:1 run: the key `duration` is missing | write for example duration: 10m"],
        ),
        (
            base_with("run: {duration: 10m}", "run:"),
            &["4:1 run: there is nothing here | write for example run: {duration: 10m}, or remove the key"],
        ),
        (source_with("rate: 90"), &["6:41 traffic.users.rate: `90` has no unit | write for example 90/s"]),
        (source_with("rate: -90/s"), &["6:41 traffic.users.rate: `-90/s` is not a rate"]),
        (source_with("rate: 2G/s"), &["6:41 traffic.users.rate: `2G/s` is above the largest rate"]),
        (
            source_with("rate: {stagess: {}}"),
            &["6:42 traffic.users.rate.stagess: `stagess` is not known here | did you mean `stages`?"],
        ),
        (
            source_with("arrivals: {gamma: {cv: .nan}}, rate: 1/s"),
            &["6:58 traffic.users.arrivals.gamma.cv: this is the text `.nan`, not a number"],
        ),
        (
            pool_with("replicas: 1"),
            &[
                "9:13 services.web.pools.standard: the key `concurrency` is missing | write for example concurrency: 16",
            ],
        ),
        (
            pool_with("replicas: 1.5, concurrency: infinite"),
            &[
                "9:34 services.web.pools.standard.replicas: this is `1.5`",
                "9:52 services.web.pools.standard.concurrency: this is the text `infinite`",
            ],
        ),
        (
            pool_with("replicas: 1, concurrency: infinite"),
            &[
                "9:50 services.web.pools.standard.concurrency: this is the text `infinite`, not a whole number of requests, or `unlimited`",
            ],
        ),
    ];
    assert_told(cases);
}

#[test]
fn choices_are_told_with_their_place() {
    let cases: &[(String, &[&str])] = &[
        (
            service_with("balancer: roundrobin"),
            &["11:15 services.web.balancer: `roundrobin` is not a balancer | did you mean `roundRobin`?"],
        ),
        (
            service_with("balancer: {leastRequest: {choices: 2}}"),
            &["11:31 services.web.balancer.leastRequest.choices: there is no key `choices` here"],
        ),
        (
            service_with("balancer: {random: {}, roundRobin: {}}"),
            &[
                "11:28 services.web.balancer.roundRobin: there is one key too many: `roundRobin` | keep one key",
            ],
        ),
        (
            service_with("balancer: {leastRequest: {choiceCount: 0}}"),
            &["11:44 services.web.balancer.leastRequest.choiceCount: 0 choices are not between 1"],
        ),
        (
            service_with("queue: {order: fifoo}"),
            &["11:20 services.web.queue.order: `fifoo` is not an order | did you mean `fifo`?"],
        ),
        (
            service_with("queue: {scope: pool}"),
            &["11:20 services.web.queue.scope: `pool` is not known here | write one of server, service"],
        ),
        (
            base_with("work: 5ms", "work: {exponentiall: {mean: 5ms}}"),
            &[
                "10:12 services.web.work.exponentiall: `exponentiall` is not known here | did you mean `exponential`?",
            ],
        ),
        (
            base_with("work: 5ms", "work: {exponential: {median: 5ms}}"),
            &["10:26 services.web.work.exponential.median: there is no key `median` here"],
        ),
        (
            base_with("work: 5ms", "work: {browse: {lognormal: {mean: 5ms, cw: 1}}}"),
            &["10:44 services.web.work.browse.lognormal.cw: there is no key `cw` here | did you mean `cv`?"],
        ),
        (
            base_with("work: 5ms", "work: exponential"),
            &["10:11 services.web.work: `exponential` needs its parameters"],
        ),
        (base_with("work: 5ms", "work: {}"), &["10:5 services.web.work: there is no class"]),
        (
            base_with("work: 5ms", "work: {lognormal: {p50: 5ms, p99.9: 5}}"),
            &["10:41 services.web.work.lognormal.p99.9: `5` has no unit"],
        ),
        (
            base_with("work: 5ms", "work: {browse: {gamma: {mean: 5ms, cv: -1}}}"),
            &["10:44 services.web.work.browse.gamma.cv: "],
        ),
    ];
    assert_told(cases);
}

#[test]
fn a_mistake_in_one_block_does_not_hide_those_of_others() {
    let text = base_with("rate: 90/s", "rte: 90/s")
        .replace("replicas: 4", "replica: 4")
        .replace("duration", "length")
        .replace("work: 5ms", "work: 5");
    let expected = [
        "4:1 run: the key `duration` is missing",
        "4:7 run.length: there is no key `length` here",
        "6:35 traffic.users.rte: there is no key `rte` here | did you mean `rate`?",
        "9:24 services.web.pools.standard.replica: there is no key `replica` here | did you mean `replicas`?",
        "10:11 services.web.work: `5` has no unit",
    ];
    let more = "11:1 objective: there is no key `objective` here | did you mean `objectives`?";
    assert_told(&[
        (text.clone(), &expected[..]),
        (text + "objective: []\n", &[&expected[..], &[more]].concat()),
    ]);
}

#[test]
fn run_and_traffic_are_cross_checked() {
    let cases: &[(String, &[&str])] = &[
        (base_with("10m", "0s"), &["4:17 run.duration: a duration of 0s cannot be simulated"]),
        (base_with("10m", "367d"), &["4:17 run.duration: a duration of 367d cannot"]),
        (run_with("warmup: 10m"), &["4:30 run.warmup: the warm-up, 10m, leaves nothing"]),
        (
            base_with("{duration: 10m}", "{duration: 10m, warmup: automatic}"),
            &[
                "4:30 run.warmup: `automatic` is not a duration | write for example 250ms, 1.5s, 5m, 1h30m or 2d, or auto",
            ],
        ),
        (
            run_with("warmup: auto, interval: 7s"),
            &["4:30 run.warmup: `auto` needs 100 whole intervals, and there are 85 | shorten run.interval"],
        ),
        (
            source_with("rate: {stages: {startRate: 1/s, steps: [{duration: 1m, target: 9/s}]}}")
                .replace("{duration: 10m}", "{duration: 10m, warmup: auto, interval: 5s}"),
            &[
                "4:30 run.warmup: traffic.users varies in time, so there is no steady state to find | write a duration",
            ],
        ),
        (run_with("interval: 11m"), &["4:32 run.interval: the interval, 11m, is longer"]),
        (run_with("interval: 0s"), &["4:32 run.interval: an interval of 0s has no end"]),
        (run_with("interval: 1us"), &["4:32 run.interval: 10m in intervals of 1us are more than 1000000"]),
        (run_with("replications: 0"), &["4:36 run.replications: 0 replications are not between"]),
        (run_with("load: 0"), &["4:28 run.load: a load of 0 is not above 0"]),
        (
            run_with("start: 2026-11-10T23:30:00"),
            &["4:29 run.start: `2026-11-10T23:30:00` is not an instant with its offset"],
        ),
        (run_with("start: tomorrow"), &["4:29 run.start: `tomorrow` is not an instant"]),
        (base_with("name: base", "name: Base Load"), &["3:18 metadata.name: `Base Load` is not a name"]),
        (
            base_with("to: web", "to: wbe"),
            &["6:15 traffic.users.to: there is no service `wbe` | did you mean `web`?"],
        ),
        (base_with("class: browse, ", ""), &["6:3 traffic.users: the source says neither class nor mix"]),
        (
            source_with("mix: {browse: 100%}, rate: 1/s"),
            &["6:35 traffic.users.mix: `class` and `mix` exclude"],
        ),
        (
            base_with("class: browse", "mix: {browse: 92%, order: 7%}"),
            &["6:20 traffic.users.mix: the shares add up to 99%, not to 100%"],
        ),
        (base_with("class: browse", "mix: {}"), &["6:20 traffic.users.mix: the shares add up to 0%"]),
        (
            base_with("class: browse", "class: gamma"),
            &["6:27 traffic.users.class: `gamma` is the name of a distribution"],
        ),
        (base_with("class: browse", "class: Browse"), &["6:27 traffic.users.class: `Browse` is not a name"]),
        (
            base_with("work: 5ms", "work: {order: 5ms, brows: 1ms}"),
            &["6:27 traffic.users.class: the work of `web` knows no class `browse` | did you mean `brows`?"],
        ),
        (source_with("rate: {sum: []}"), &["6:42 traffic.users.rate.sum: there is nothing to add"]),
        (
            source_with("rate: {event: {baseline: 1/s, at: \"00:00\", shape: double11-2019, peak: 2/s}}"),
            &[
                "6:69 traffic.users.rate.event.at: a wall clock means nothing without run.start | give run.start",
            ],
        ),
        (
            source_with("rate: {sum: [1/s, {event: {baseline: 3/s, at: 1m, shape: double12, peak: 2/s}}]}"),
            &[
                "6:92 traffic.users.rate.sum[1].event.shape: there is no shape `double12`",
                "6:108 traffic.users.rate.sum[1].event.peak: the peak, 2/s, is below",
            ],
        ),
        (
            source_with("uncertainty: 20%, rate: 1/s"),
            &["6:48 traffic.users.uncertainty: a factor that is always 0.2 leaves nothing uncertain"],
        ),
        (
            source_with("rate: {event: {baseline: 1/s, at: 10m, shape: double11-2019, peak: 9/s}}"),
            &["6:69 traffic.users.rate.event.at: the event opens after the end of the run | simulate longer"],
        ),
        (
            source_with("uncertainty: 0, rate: 1/s"),
            &["6:48 traffic.users.uncertainty: the factor is always 0"],
        ),
        (
            run_with("load: 20").replace("90/s", "100M/s"),
            &["6:41 traffic.users.rate: with run.load the rate reaches 2000000000/s"],
        ),
        (
            run_with("interval: 1s, replications: 100000"),
            &["4:32 run.interval: the study would keep 120400000 figures"],
        ),
    ];
    assert_told(cases);
}

#[test]
fn services_are_cross_checked() {
    let pool = "services.web.pools.standard";
    let at = |column: u32, key: &str, message: &str| vec![format!("9:{column} {pool}.{key}: {message}")];
    let cases = [
        (pool_with("replicas: 2000000, concurrency: 1"), at(34, "replicas", "2000000 servers in a pool are too many")),
        (pool_with("replicas: 1, concurrency: 0"), at(50, "concurrency", "a server without a slot")),
        (pool_with("replicas: 1, concurrency: 4294967295"), at(50, "concurrency", "4294967295 slots are too many | write `unlimited`")),
        (pool_with("replicas: 1, concurrency: 1, cpu: {cores: 0}"), at(66, "cpu.cores", "0 cores are not above 0")),
        (pool_with("replicas: 1, concurrency: 1, cpu: {cores: -1}"), at(66, "cpu.cores", "-1 cores are not above 0")),
        (pool_with("replicas: 1, concurrency: 1, cpu: {cores: 0.0005}"), at(66, "cpu.cores", "cores are counted in thousandths")),
        (pool_with("replicas: 1, concurrency: 1, cpu: {cores: 500m}"), at(66, "cpu.cores", "this is the text `500m`, not a number")),
        (pool_with("replicas: 1, concurrency: 1, speed: 0"), at(60, "speed", "a speed of 0 is not above 0")),
        (pool_with("replicas: 1, concurrency: 1, speed: 1e9"), at(60, "speed", "a speed of 1000000000 is not above 0")),
        (pool_with("replicas: 1, concurrency: 1, weight: 0"), at(61, "weight", "a weight of 0 is not above 0")),
        (pool_with("replicas: 1, concurrency: 1, zones: [a, b, a]"), at(67, "zones[2]", "the zone `a` is given twice")),
        (pool_with("replicas: 1, concurrency: 1, price: 3"), at(60, "price", "`3` is not a price | write for example 0.23 USD/h")),
        (base_with("4, concurrency: 8}", "1, concurrency: 1, price: 1 USD/h}, b: {replicas: 1, concurrency: 1, price: 1 EUR/h}"),
            vec!["9:110 services.web.pools.b.price: EUR and USD cannot be added | write every price in USD".to_owned()]),
        (pool_with("replicas: 0, concurrency: 1"), vec!["9:5 services.web.pools: there is no server".to_owned()]),
        (base_with("{standard: {replicas: 4, concurrency: 8}}", "{}"), vec!["9:5 services.web.pools: there is no pool".to_owned()]),
        (run_with("interval: 1d").replace("10m", "366d").replace("concurrency: 8", "concurrency: 300"),
            vec![format!("9:13 {pool}: 300 slots or cores over 366d are too much for one server")]),
        (pool_with("replicas: 1, concurrency: unlimited") + "    queue: {limit: 3}\n",
            vec!["11:5 services.web.queue: nobody waits for a slot where concurrency is unlimited".to_owned()]),
        (service_with("queue: {timeout: 0s}"), vec!["11:22 services.web.queue.timeout: a timeout of 0s lets nobody wait".to_owned()]),
        (service_with("queue: {limit: -1}"), vec!["11:20 services.web.queue.limit: this is `-1`".to_owned()]),
        (service_with("queue: {order: {priority: []}}"), vec!["11:21 services.web.queue.order.priority: there are no classes".to_owned()]),
        (service_with("queue: {order: {priority: [browse, browse]}}"), vec!["11:40 services.web.queue.order.priority[1]: the class `browse` is given twice".to_owned()]),
        (service_with("queue: {order: {priority: [brwose]}}"), vec!["11:32 services.web.queue.order.priority[0]: the service takes no class `brwose` | did you mean `browse`?".to_owned()]),
        (service_with("wait: {order: 1ms}"), vec!["11:19 services.web.wait.order: `work` knows no class `order` | write one of browse".to_owned()]),
        (base_with("work: 5ms", "work: {pareto: {alpha: 0.9, min: 1ms}}"), vec!["10:28 services.web.work.pareto.alpha: ".to_owned()]),
    ];
    for (text, expected) in &cases {
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        assert_told(&[(text, &expected)]);
    }
}

#[test]
fn objectives_are_cross_checked() {
    let goal = "success: {gte: 99%}";
    let cases: &[(String, &[&str])] = &[
        (objective("success: {gte: 99%}"), &[]),
        (
            objective("latency: {percentile: 100, lt: 1s}"),
            &["12:51 objectives[0].latency.percentile: the percentile 100 is not between"],
        ),
        (
            objective("latency: {percentile: 0.99, lt: 1s}"),
            &[
                "12:51 objectives[0].latency.percentile: the percentile 0.99 would judge by the fastest requests alone | percentiles go up to 100: write percentile: 99",
            ],
        ),
        (
            objective("latency: {percentile: 0, lt: 1s}"),
            &["12:51 objectives[0].latency.percentile: the percentile 0 is not"],
        ),
        (
            objective("latency: {percentile: 99, lt: 0s}"),
            &["12:59 objectives[0].latency.lt: no latency is below 0s"],
        ),
        (
            objective("latency: {percentile: 99, lt: 1s, lte: 1s}"),
            &["12:29 objectives[0].latency: the latency needs one bound"],
        ),
        (
            objective("latency: {percentile: 99}"),
            &["12:29 objectives[0].latency: the latency needs one bound"],
        ),
        (
            objective("success: {gt: 100%}"),
            &["12:43 objectives[0].success.gt: a share above 100% means nothing"],
        ),
        (objective("success: {gte: 101%}"), &["12:44 objectives[0].success.gte: a share of at least 101%"]),
        (objective("success: {gte: 0}"), &["12:44 objectives[0].success.gte: a share of at least 0%"]),
        (objective("success: {}"), &["12:29 objectives[0].success: the success needs one bound"]),
        (
            objective("success: {gte: 1}, latency: {percentile: 9, lt: 1s}"),
            &["12:29 objectives[0].success: `latency` and `success` are two"],
        ),
        (objective("every: 1m"), &["12:5 objectives[0]: the objective demands nothing"]),
        (
            objective(&format!("{goal}, class: ordr")),
            &["12:57 objectives[0].class: `web` takes no class `ordr`"],
        ),
        (
            objective(&format!("{goal}, every: 11m")),
            &["12:57 objectives[0].every: the window is empty, or longer"],
        ),
        (objective(&format!("{goal}, every: 0s")), &["12:57 objectives[0].every: the window is empty"]),
        (
            objective(&format!("{goal}, every: 1ns")),
            &["12:57 objectives[0].every: these are more than 1000000 windows"],
        ),
        (
            objective(&format!("{goal}, holdsIn: 100%")),
            &["12:59 objectives[0].holdsIn: a share of 100% of the days"],
        ),
        (objective(&format!("{goal}, holdsIn: 0")), &["12:59 objectives[0].holdsIn: a share of 0%"]),
        (
            objective(&format!("{goal}, during: {{}}")),
            &["12:50 objectives[0].during: the stretch has neither"],
        ),
        (
            objective(&format!("{goal}, during: {{from: 5m, to: 5m}}")),
            &["12:50 objectives[0].during: the stretch ends before it begins"],
        ),
        (
            objective(&format!("{goal}, during: {{to: 11m}}")),
            &["12:63 objectives[0].during.to: this is after the end of the run"],
        ),
        (
            objective(&format!("{goal}, during: {{to: 12:00}}")),
            &["12:63 objectives[0].during.to: a wall clock means nothing without"],
        ),
        (
            objective(&format!("{goal}, during: {{from: 30}}")),
            &["12:65 objectives[0].during.from: `30` is not an instant"],
        ),
        (
            objective(&format!("{goal}, during: {{from: 30s}}")).replace("10m}", "10m, warmup: 1m}"),
            &["12:65 objectives[0].during.from: this is before the end of the warm-up, 1m"],
        ),
        (
            objective(goal) + "  - {name: a, service: webb, success: {gte: 1%}}\n",
            &[
                "13:12 objectives[1].name: the name `a` is given twice",
                "13:24 objectives[1].service: there is no service `webb` | did you mean `web`?",
            ],
        ),
        (
            objective(goal)
                .replace(
                    "objectives",
                    "  idle: {pools: {p: {replicas: 1, concurrency: 1}}, work: 1s}\nobjectives",
                )
                .replace("service: web", "service: idle"),
            &["13:24 objectives[0].service: no source calls `idle`, so nothing can be judged"],
        ),
        (
            objective(&format!("{goal}, class: order"))
                .replace("work: 5ms", "work: {browse: 1ms, order: 1ms}"),
            &["12:57 objectives[0].class: no source sends `order` to `web`"],
        ),
    ];
    assert_told(cases);
}

#[test]
fn traces_are_surveyed_and_told_at_their_key() {
    let recorded = |keys: &str| source_with(&format!("rate: {{recorded: {{{keys}}}}}"));
    let by_class = |work: &str| {
        base_with("class: browse, rate: 90/s", "rate: {recorded: {file: plain.csv, time: t, class: class}}")
            .replace("work: 5ms", work)
    };
    let key = "6:42 traffic.users.rate.recorded: ";
    let told = |message: &str| format!("{key}{message}");
    let cases: Vec<(String, Vec<String>)> = vec![
        (recorded("file: plain.csv, time: t"), vec![]),
        (recorded("file: missing.csv, time: t"), vec![told("missing.csv: entity not found | check the path; it starts at the folder")]),
        (recorded("file: backwards.csv, time: t"), vec![told("backwards.csv:3: ")]),
        (recorded("file: empty.csv, time: t"), vec![told("empty.csv: there is no line below the header")]),
        (recorded("file: plain.csv, time: when"), vec![told("plain.csv")]),
        (recorded("file: plain.csv"), vec!["6:42 traffic.users.rate.recorded.time: arrivals need a column of instants".to_owned()]),
        (recorded("file: plain.csv, time: t, scale: 1e9"), vec!["6:86 traffic.users.rate.recorded.scale: a scale lies between".to_owned()]),
        (recorded("file: plain.csv, time: t, tme: t"), vec!["6:79 traffic.users.rate.recorded.tme: there is no key `tme` here | did you mean `time`?".to_owned()]),
        (recorded("file: plain.csv, time: t, align: {recorded: 0s, scenario: 12:00}"), vec![told("plain.csv: `align.scenario`: a wall clock means nothing without run.start")]),
        (recorded("file: plain.csv, time: t, class: class"), vec!["6:27 traffic.users.class: `class` is never used".to_owned()]),
        (by_class("work: {browse: 1ms, order: 2ms}"), vec![]),
        (by_class("work: 5ms"), vec!["6:71 traffic.users.rate.recorded.class: the trace names classes, and `services.web.work` knows none".to_owned()]),
    ];
    for (text, expected) in &cases {
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        assert_told(&[(text, &expected)]);
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once_in_the_order_of_the_file() {
    let text = objective("latency: {percentile: 101, lt: 0s}, class: odrer, every: 1h")
        .replace("10m}", "10m, warmup: 20m, load: 0}")
        .replace("class: browse", "mix: {browse: 50%, order: 40%}")
        .replace("concurrency: 8", "concurrency: 0, speed: -1");
    let expected = [
        "4:30 run.warmup:",
        "4:41 run.load:",
        "6:20 traffic.users.mix: the shares add up to 90%",
        "9:50 services.web.pools.standard.concurrency:",
        "9:60 services.web.pools.standard.speed:",
        "12:51 objectives[0].latency.percentile:",
        "12:60 objectives[0].latency.lt:",
        "12:72 objectives[0].class: `web` takes no class `odrer` | did you mean `order`?",
    ];
    assert_told(&[(text, &expected)]);
}

/// Whether the queue is foreseen to grow, and whether the mean has an interval.
fn outlook(text: &str) -> (bool, Option<String>) {
    let scenario = read(text).unwrap_or_else(|error| panic!("{text}{error}"));
    let service = &scenario.plan.services[0];
    (service.growing, service.no_mean_interval.clone())
}

#[test]
fn queues_that_grow_without_end_are_foreseen() {
    // 90 requests a second; a slot serves 200 of 5 ms, or 50 of 20 ms.
    let pool = |keys: &str, rest: &str| pool_with(keys).replace("work: 5ms", rest);
    let cases = [
        (pool("replicas: 1, concurrency: 1", "work: 5ms"), false),
        (pool("replicas: 1, concurrency: 1", "work: 20ms"), true),
        (pool("replicas: 2, concurrency: 1", "work: 20ms"), false),
        (pool("replicas: 1, concurrency: 1, speed: 2", "work: 20ms"), false),
        (pool("replicas: 1, concurrency: 1", "work: 5ms\n    wait: 7ms"), true),
        (pool("replicas: 1, concurrency: 1", "work: 20ms\n    queue: {limit: 9}"), false),
        (pool("replicas: 1, concurrency: 1", "work: 20ms\n    queue: {timeout: 1s}"), false),
        (pool("replicas: 1, concurrency: 8, cpu: {cores: 1}", "work: 20ms"), true),
        (pool("replicas: 1, concurrency: unlimited, cpu: {cores: 1}", "work: 20ms"), true),
        (pool("replicas: 1, concurrency: unlimited, cpu: {cores: 2}", "work: 20ms"), false),
        (pool("replicas: 1, concurrency: unlimited", "work: 20m"), false),
        // In turn, the slow server gets as much as the fast one; by least request, it does not.
        (
            pool("replicas: 1, concurrency: 1}, slow: {replicas: 1, concurrency: 1, speed: 0.1", "work: 5ms"),
            true,
        ),
        (
            pool(
                "replicas: 1, concurrency: 1}, slow: {replicas: 1, concurrency: 1, speed: 0.1",
                "work: 5ms\n    balancer: leastRequest",
            ),
            false,
        ),
        (
            pool(
                "replicas: 1, concurrency: 1}, slow: {replicas: 1, concurrency: 1, speed: 0.1",
                "work: 5ms\n    balancer: weightedRoundRobin",
            ),
            false,
        ),
    ];
    for (text, growing) in cases {
        assert_eq!(outlook(&text).0, growing, "{text}");
    }
    let recorded = "rate: {recorded: {file: plain.csv, time: t, scale: 100000}}";
    assert!(
        outlook(&source_with(recorded).replace("replicas: 4, concurrency: 8", "replicas: 1, concurrency: 1"))
            .0
    );
}

#[test]
fn means_without_an_interval_are_foreseen() {
    let pareto = |alpha: &str| format!("work: {{pareto: {{alpha: {alpha}, mean: 5ms}}}}");
    let with = |alpha: &str, rest: &str| base_with("work: 5ms", &format!("{}{rest}", pareto(alpha)));
    let shared = |alpha: &str| {
        pool_with("replicas: 9, concurrency: 8, cpu: {cores: 1}").replace("work: 5ms", &pareto(alpha))
    };
    let limit = "\n    queue: {limit: 5}";
    let cases = [
        (BASE.to_owned(), None),
        (with("1.5", ""), Some("`work` has a Pareto tail with alpha = 1.5: the mean wait is infinite")),
        (with("2", ""), Some("the mean wait is infinite")),
        (with("4", ""), Some("no finite variance between runs")),
        (with("4.1", ""), None),
        (with("4", limit), None),
        (with("2", limit), Some("latencies have no finite variance")),
        (shared("4"), None),
        (shared("2"), Some("latencies have no finite variance")),
        (
            service_with("wait: {pareto: {alpha: 3, mean: 1ms}}"),
            Some("`wait` has a Pareto tail with alpha = 3"),
        ),
    ];
    for (text, expected) in cases {
        let (told, why) = (outlook(&text).1, expected.unwrap_or_default());
        assert_eq!(told.is_some(), expected.is_some(), "{text}{told:?}");
        assert!(told.unwrap_or_default().contains(why), "{text}{why}");
    }
}

#[test]
fn hostile_files_are_refused_quickly_and_with_few_words() {
    let line = |count: usize, text: &dyn Fn(usize) -> String| (0..count).map(text).collect::<String>();
    let bomb = "x-a: &a [1,1,1,1,1,1,1,1,1,1]\n".to_owned()
        + &["ab", "bc", "cd", "de", "ef", "fg", "gh"]
            .map(|pair| {
                let (from, to) = pair.split_at(1);
                format!("x-{to}: &{to} [{}]\n", vec![format!("*{from}"); 10].join(","))
            })
            .concat();
    let cases = [
        ("flow", "a: ".to_owned() + &"[".repeat(100_000), "too deeply nested"),
        ("flow maps", "a: ".to_owned() + &"{a: ".repeat(100_000), "too deeply nested"),
        ("block", line(1_000, &|depth| format!("{}a:\n", " ".repeat(depth))), "too deeply nested"),
        ("lists", "- ".repeat(100_000), "too deeply nested"),
        ("aliases", bomb, "too large or too deeply nested"),
        ("keys", line(300_000, &|key| format!("k{key}: 1\n")), "too large or too deeply nested"),
        ("more keys", line(1_000_000, &|key| format!("k{key}: 1\n")), "larger than 4 MiB"),
        ("unknown keys", line(100_000, &|key| format!("k{key}: 1\n")), "there are more problems than these"),
        ("one long line", "a".repeat(3_000_000), "this is the text `aaaaaa"),
        ("one long key", "a".repeat(3_000_000) + ": 1", ""),
        ("long number", format!("run: {}", "9".repeat(1_000_000)), "run"),
        ("services", format!("{BASE}{}", line(60_000, &|key| format!("  s{key}: 7\n"))), "more problems"),
        (
            "objectives",
            format!("{BASE}objectives:\n{}", line(60_000, &|_| "  - 7\n".to_owned())),
            "more problems",
        ),
        ("windows", objective("success: {gte: 1%}, every: 1ns"), "windows"),
    ];
    for (name, text, expected) in cases {
        let begun = std::time::Instant::now();
        let told = problems(&text).join("\n");
        assert!(told.contains(expected), "{name}: {}", &told[..told.len().min(2_000)]);
        assert!(told.len() < 20_000, "{name}: {} bytes of messages", told.len());
        assert!(begun.elapsed().as_secs() < 5, "{name} took {:?}", begun.elapsed());
    }
}

#[test]
fn every_prefix_and_every_lost_byte_of_a_file_is_survived() {
    for end in (0..FULL.len()).filter(|&end| FULL.is_char_boundary(end)) {
        let _ = problems(&FULL[..end]);
    }
    for lost in 0..FULL.len() {
        let mut bytes = FULL.as_bytes().to_vec();
        bytes.remove(lost);
        if let Ok(document) = Document::read("s.yaml", &bytes) {
            let _ = document.check(&Traces(TRACES.to_vec()));
        }
    }
}

/// Problems that reading cannot tell: references, ranges, contradictions.
fn is_cross_check(issue: &Issue) -> bool {
    issue.code as u16 >= 30
}

#[test]
fn a_block_that_cannot_be_read_does_not_hide_what_is_wrong_elsewhere() {
    let text = objective("success: {gte: 101%}, class: brwose")
        .replace("  web:\n", "  idle: {pools: {p: {replicas: 1, concurrency: 0}}, work: 1s}\n  web:\n")
        .replace("traffic:\n", "traffic:\n  bots: {to: wbe, class: scan, rate: 1/s}\n");
    let to = "6:14 traffic.bots.to: there is no service `wbe` | did you mean `web`?";
    let pool = "9:48 services.idle.pools.p.concurrency: a server without a slot";
    let share = "14:44 objectives[0].success.gte: a share of at least 101% means nothing";
    let class = "14:58 objectives[0].class: `web` takes no class `brwose` | did you mean `browse`?";
    let unit = "has no unit | write for example";
    assert_told(&[
        (text.clone(), &[to, pool, share, class]),
        // The run is in no case the cause of what else is told.
        (
            text.replace("10m", "10"),
            &[&format!("4:17 run.duration: `10` {unit} 10ms or 10s"), to, pool, share, class],
        ),
        (text.replace("name: base", "nme: base"), &["3:12 metadata.nme: ", to, pool, share, class]),
        // A service or a source: what classes there are is not known.
        (
            text.replace("work: 5ms", "work: 5"),
            &[to, pool, &format!("12:11 services.web.work: `5` {unit} 5ms or 5s"), share],
        ),
        (
            text.replace("90/s", "90"),
            &[to, &format!("7:41 traffic.users.rate: `90` {unit} 90/s"), pool, share],
        ),
        // The objective itself.
        (
            text.replace("101%", "[]"),
            &[
                to,
                pool,
                "14:39 objectives[0].success.gte: this is a list, not a quantity with its unit | write for example gte: 99.9%",
            ],
        ),
        // The sections: too little is left.
        (
            text.replace("services:", "service:"),
            &["8:1 service: there is no key `service` here | did you mean `services`?"],
        ),
    ]);
}

/// What is valid, with one thing in it that cannot be read, draws that problem and no other.
#[test]
fn a_block_that_cannot_be_read_draws_no_problems_elsewhere() {
    let mut broken = 0;
    for (place, _) in FULL.match_indices(": ") {
        let (before, after) = FULL.split_at(place);
        let end = after[2..].find([',', '}', ']', '\n']).map_or(after.len(), |end| end + 2);
        for text in [format!("{before}zz{after}"), format!("{before}: [[]]{}", &after[end..])] {
            let told = issues(&text);
            if told.iter().all(is_cross_check) {
                continue;
            }
            broken += 1;
            let follows: Vec<String> =
                told.iter().filter(|issue| is_cross_check(issue)).map(Issue::to_string).collect();
            assert!(follows.is_empty(), "{}\n{text}\n{told:#?}", follows.join("\n"));
        }
    }
    assert!(broken > 100, "{broken} texts");
}

#[test]
fn an_unreadable_start_is_told_alone() {
    let clocks = objective("success: {gte: 1%}, during: {from: \"23:31\", to: \"23:35\"}").replace(
        "rate: 90/s",
        "rate: {sum: [{event: {baseline: 1/s, at: \"00:00\", shape: double11-2019, peak: 9/s}}, \
         {recorded: {file: plain.csv, time: t, align: {recorded: 0s, scenario: 23:40}}}]}",
    );
    let with = |start: &str| clocks.replace("10m}", &format!("10m, start: {start}}}"));
    let told = |start: &str, meant: &str| {
        let cases = [(
            with(start),
            [format!(
                "4:29 run.start: `{}` is not an instant with its offset from UTC | write for example start: {meant}",
                start.trim_matches('"'),
            )],
        )];
        let [(text, [expected])] = cases;
        assert_told(&[(text, &[expected.as_str()])]);
        assert!(issues(&with(meant)).iter().all(|issue| issue.path != "run.start"), "{meant}");
    };
    told("2026-11-10T23:30:00", "2026-11-10T23:30:00+08:00");
    told("2026-11-10 23:30", "2026-11-10T23:30+08:00");
    told("2026-11-10", "2026-11-10T00:00:00+08:00");
    told("2026-11-10 23:30:00 +01:00", "2026-11-10T23:30:00+01:00");
    told("tomorrow", "2026-11-10T23:30:00+08:00");
    told("20261110", "20261110T00:00:00+08:00");
}

#[test]
fn every_price_is_in_one_currency() {
    let pools = |first: &str, second: &str| {
        base_with(
            "4, concurrency: 8}",
            &format!(
                "1, concurrency: 1, price: {first}}}, b: {{replicas: 1, concurrency: 1, price: {second}}}"
            ),
        )
    };
    assert_told(&[
        (pools("1 USD/h", "2 USD/h"), &[]),
        (pools("1 GBP/h", "2 GBP/h"), &[]),
        (
            pools("1 USD/h", "1 GBP/h"),
            &["9:110 services.web.pools.b.price: GBP and USD cannot be added | write every price in USD"],
        ),
        (
            pools("1 GBP/h", "1 USD/h"),
            &["9:110 services.web.pools.b.price: USD and GBP cannot be added | write every price in GBP"],
        ),
    ]);
}

/// What is proposed for a key in the wrong place is accepted there.
#[test]
fn keys_are_sent_to_where_they_belong() {
    let belongs = |text: String, remedy: &str| {
        let told = problems(&text);
        assert!(told.iter().any(|told| told.ends_with(&format!(" | {remedy}"))), "{remedy}\n{told:#?}");
    };
    belongs(
        pool_with("replicas: 4, concurrency: 8, cores: 6"),
        "`cores` belongs in `cpu`: write cpu: {cores: 6}",
    );
    belongs(service_with("timeout: 2s"), "`timeout` belongs in `queue`: write queue: {timeout: 2s}");
    belongs(service_with("limit: 20"), "`limit` belongs in `queue`: write queue: {limit: 20}");
    belongs(
        service_with("replicas: 20"),
        "`replicas` belongs in `pools.standard`: write pools: {standard: {replicas: 20}}",
    );
    belongs(
        base_with("{standard: {replicas: 4, concurrency: 8}}", "{replicas: 4}"),
        "`replicas` belongs in `standard`: write standard: {replicas: 4}",
    );
    belongs(
        service_with("exponential: {mean: 4ms}"),
        "`exponential` belongs in `work`: write work: {exponential: {mean: 4ms}}",
    );
    belongs(run_with("rate: 5/s"), "`rate` belongs in `traffic.users`: write traffic: {users: {rate: 5/s}}");
    belongs(format!("{BASE}load: 1.3\n"), "`load` belongs in `run`: write run: {load: 1.3}");
    belongs(
        pool_with("replicas: 1, concurrency: 1, balancer: random"),
        "`balancer` belongs in `services.web`: write it there",
    );
    belongs(
        objective("percentile: 99, lt: 400ms"),
        "`percentile` belongs in `latency`: write latency: {percentile: 99}",
    );
    belongs(
        source_with("rate: {stages: {duration: 5m, steps: []}}"),
        "`duration` belongs in `steps[0]`: write steps: [{duration: 5m}]",
    );
    belongs(service_with("name: web"), "remove it: the key in front of the block, `web`, is the name");
    belongs(service_with("retries: 3"), "remove it");
    // A slip of the pen is one, wherever else there is such a key.
    belongs(run_with("durations: 5m"), "did you mean `duration`?");
}
