//! Checks of scenario files at the edges of what is allowed: path, message, remedy and line.

use std::io::{self, Read};

use peakday::error::{Error, Issue};
use peakday::scenario::Document;
use peakday::workload::recorded::TraceFiles;

/// One trace of two arrivals, whatever its name.
#[derive(Debug)]
struct Trace;

impl TraceFiles for Trace {
    fn open(&self, _path: &str) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(&b"t,class\n0,browse\n1,browse\n"[..]))
    }
}

const BASE: &str = include_str!("base.yaml");

/// The base with pieces of text replaced, each of which must be there.
fn with(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(BASE.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "no `{from}` in\n{text}");
        text.replacen(from, to, 1)
    })
}

fn issues(text: &str) -> Vec<Issue> {
    match Document::read("s.yaml", text.as_bytes()).and_then(|document| document.check(&Trace)) {
        Ok(_) => Vec::new(),
        Err(Error::Invalid(issues)) => issues,
        Err(other) => panic!("not told as an issue: {other}"),
    }
}

/// Line, path, message, remedy.
type Told<'a> = (u64, &'a str, &'a str, &'a str);

/// What is changed, and what is told.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a [Told<'a>]);

/// Asserts that exactly this is told, word for word.
fn assert_told(cases: &[Case<'_>]) {
    for (changes, expected) in cases {
        let text = with(changes);
        let found = issues(&text);
        let told: Vec<_> = found
            .iter()
            .map(|issue| {
                (issue.place.line, issue.path.as_str(), issue.message.as_str(), issue.remedy.as_str())
            })
            .collect();
        assert_eq!(told, *expected, "\n{text}");
    }
}

const NAME: &str = "write 1 to 63 of a-z, 0-9 and -; free text goes into displayName";
const POOL: &str = "{replicas: 4, concurrency: 8}";

#[test]
fn names_of_everything_have_one_form() {
    let long = "a".repeat(63);
    assert_told(&[
        (&[("standard:", &format!("{long}:"))], &[]),
        (&[("users:", "0-9:")], &[]),
        (
            &[("users:", "Users:")],
            &[(
                6,
                "traffic.Users",
                "`Users` is not a name",
                "write `users`; free text goes into displayName",
            )],
        ),
        (
            &[("standard:", "big_one:")],
            &[(
                9,
                "services.web.pools.big_one",
                "`big_one` is not a name",
                "write `big-one`; free text goes into displayName",
            )],
        ),
        (
            &[("concurrency: 8", "concurrency: 8, zones: [a, B]")],
            &[(
                9,
                "services.web.pools.standard.zones[1]",
                "`B` is not a name",
                "write `b`; free text goes into displayName",
            )],
        ),
        (
            &[("to: web", "to: wéb"), ("  web:", "  wéb:")],
            &[(8, "services.wéb", "`wéb` is not a name", NAME)],
        ),
        (
            &[("class: browse", "mix: {browse: 50%, or der: 50%}")],
            &[(
                6,
                "traffic.users.mix.or der",
                "`or der` is not a name",
                "write `or-der`; free text goes into displayName",
            )],
        ),
        (
            &[(
                "    work: 5ms\n",
                "    work: 5ms\nobjectives:\n  - {name: Fast, service: web, success: {gte: 1%}}\n",
            )],
            &[(
                12,
                "objectives[0].name",
                "`Fast` is not a name",
                "write `fast`; free text goes into displayName",
            )],
        ),
    ]);
    let longer = format!("{long}a:");
    let found = issues(&with(&[("standard:", &longer)]));
    assert_eq!(found.len(), 1);
    // The first sixty letters are enough to find it.
    assert_eq!(found[0].message, format!("`{}..` is not a name", "a".repeat(60)));
}

#[test]
fn numbers_of_the_run_have_bounds() {
    let load = "write for example load: 1.2";
    assert_told(&[
        (&[("10m", "366d"), ("}\ntraffic", ", interval: 1d}\ntraffic")], &[]),
        (&[("10m}", "10m, load: 1000000}"), ("90/s", "1/s")], &[]),
        (
            &[("10m}", "10m, load: 1000001}")],
            &[(4, "run.load", "a load of 1000001 is not above 0 and up to 1,000,000", load)],
        ),
        (
            &[("10m}", "10m, replications: 100001}")],
            &[(
                4,
                "run.replications",
                "100001 replications are not between 1 and 100,000",
                "write for example replications: 20",
            )],
        ),
        (&[("10m}", "10m, warmup: 599999ms}")], &[]),
        (
            &[("10m}", "10m, warmup: 11m, interval: 20m}")],
            &[
                (
                    4,
                    "run.warmup",
                    "the warm-up, 11m, leaves nothing of the duration, 10m",
                    "shorten it, or simulate longer",
                ),
                (
                    4,
                    "run.interval",
                    "the interval, 20m, is longer than the duration, 10m",
                    "write a shorter one",
                ),
            ],
        ),
    ]);
}

#[test]
fn numbers_of_a_pool_have_bounds() {
    let pool = "services.web.pools.standard";
    let key = |key: &str| format!("{pool}.{key}");
    let (cores, weight, price, speed) = (key("cpu.cores"), key("weight"), key("price"), key("speed"));
    assert_told(&[
        (&[("8}", "8, cpu: {cores: 1000000}, weight: 1e9, price: 1000000000 USD/h, speed: 1000}")], &[]),
        (
            &[("8}", "8, cpu: {cores: 1000001}}")],
            &[(9, &cores, "1000001 cores are not above 0 and up to 1,000,000", "write for example cores: 4")],
        ),
        (
            &[("8}", "8, cpu: {cores: 1.0005}}")],
            &[(9, &cores, "cores are counted in thousandths", "write for example cores: 0.5")],
        ),
        (&[("8}", "8, cpu: {cores: 1.005}}")], &[]),
        (
            &[("8}", "8, weight: 1000000001}")],
            &[(
                9,
                &weight,
                "a weight of 1000000001 is not above 0 and up to 1,000,000,000",
                "write for example weight: 2; only ratios matter",
            )],
        ),
        (
            &[("8}", "8, price: 1000000001 USD/h}")],
            &[(9, &price, "1000000001 USD/h is too much for a server", "write for example 0.23 USD/h")],
        ),
        (
            &[("8}", "8, speed: 1000.5}")],
            &[(
                9,
                &speed,
                "a speed of 1000.5 is not above 0 and up to 1,000",
                "write for example speed: 1.2; it divides demand",
            )],
        ),
    ]);
}

#[test]
fn nothing_to_do_is_told() {
    let traffic = "traffic:\n  users: {to: web, class: browse, rate: 90/s}\n";
    let services = "services:\n  web:\n    pools: {standard: {replicas: 4, concurrency: 8}}\n    work: 5ms\n";
    assert_told(&[
        (
            &[(traffic, "traffic: {}\n")],
            &[(
                5,
                "traffic",
                "there is no traffic",
                "write for example users: {to: web, class: browse, rate: 90/s}",
            )],
        ),
        (
            &[(services, "services: {}\n")],
            &[(7, "services", "there is no service", "write for example web: {pools: .., work: 5ms}")],
        ),
    ]);
}

#[test]
fn sums_over_the_whole_scenario_have_bounds() {
    let pools = |count: usize, replicas: u32| {
        let pool = |index| format!("p{index}: {{replicas: {replicas}, concurrency: 1}}");
        (0..count).map(pool).collect::<Vec<_>>().join(", ")
    };
    let million = (pools(4, 1_000_000), pools(5, 1_000_000));
    let classes: Vec<String> = (0..50).map(|class| format!("c{class}: 1ms")).collect();
    let order: Vec<String> = (0..50).map(|class| format!("c{class}")).collect();
    let work = format!("work: {{browse: 1ms, {}}}", classes.join(", "));
    let queue =
        |scope: &str| format!("{work}\n    queue: {{{scope}order: {{priority: [{}]}}}}\n", order.join(", "));
    let (own, central) = (queue(""), queue("scope: service, "));
    let lines = "keep servers x priority classes below 50000000";
    assert_told(&[
        (&[("standard: {replicas: 4, concurrency: 8}", &million.0)], &[]),
        (
            &[("standard: {replicas: 4, concurrency: 8}", &million.1)],
            &[(7, "services", "there are 5000000 servers", "keep to 4000000")],
        ),
        // 980,392 servers with 50 levels and one for the others are 49,999,992 lines.
        (&[("replicas: 4", "replicas: 980392"), ("work: 5ms\n", &own)], &[]),
        (
            &[("replicas: 4", "replicas: 980393"), ("work: 5ms\n", &own)],
            &[(7, "services", "there are too many queues", lines)],
        ),
        (
            &[("replicas: 4", "replicas: 980393"), ("work: 5ms\n", &central)],
            &[(7, "services", "there are too many queues", lines)],
        ),
    ]);
}

#[test]
fn what_a_server_holds_must_fit_its_counter() {
    // 2^63 ns are 292 years: 292 slots for a year of 366 days are 9.23e18, 291 are 9.20e18.
    let year = ("10m}", "366d, interval: 1d}");
    let split = "split it into more servers, or simulate less time";
    let told = |count: &str| format!("{count} slots or cores over 366d are too much for one server");
    let (slots, cores) = (told("292"), told("300"));
    assert_told(&[
        (&[year, ("concurrency: 8", "concurrency: 291")], &[]),
        (
            &[year, ("concurrency: 8", "concurrency: 292")],
            &[(9, "services.web.pools.standard", &slots, split)],
        ),
        (
            &[year, ("concurrency: 8", "concurrency: unlimited, cpu: {cores: 300}")],
            &[(9, "services.web.pools.standard", &cores, split)],
        ),
        // 90 requests a second that last a day each: 7,776,000 in hand, for half a year.
        (
            &[
                ("10m}", "183d, interval: 1d}"),
                (POOL, "{replicas: 4, concurrency: unlimited}"),
                ("5ms", "1d"),
            ],
            &[(
                9,
                "services.web.pools",
                "more requests are in hand at once than can be counted over so long a run",
                "limit concurrency, or simulate less time",
            )],
        ),
    ]);
}

#[test]
fn recorded_traffic_brings_its_own_bursts() {
    let recorded = "rate: {recorded: {file: t.csv, time: t}}";
    let summed = "rate: {sum: [{recorded: {file: t.csv, time: t}}, 1/s]}";
    let message = "the whole source is recorded: bursts are as they were recorded";
    let remedy = "leave the key out, or write uniform to space the arrivals of an interval evenly";
    let told: &[_] = &[(6, "traffic.users.arrivals", message, remedy)];
    let gamma = |rate: &str| format!("arrivals: {{gamma: {{cv: 2}}}}, {rate}");
    let (bursts, beside, even) = (gamma(recorded), gamma(summed), format!("arrivals: uniform, {recorded}"));
    let both = gamma("rate: {sum: [{recorded: {file: t.csv, time: t}}, {recorded: {file: t.csv, time: t}}]}");
    assert_told(&[
        (&[("rate: 90/s", &bursts)], told),
        (&[("rate: 90/s", &both)], told),
        (&[("rate: 90/s", &beside)], &[]),
        (&[("rate: 90/s", &even)], &[]),
    ]);
}

#[test]
fn classes_must_fit_the_service_that_is_called() {
    let each = ("work: 5ms", "work: {browse: 1ms, order: 1ms}");
    let knows = "the work of `web` knows no class `odrer`";
    assert_told(&[
        (
            &[("class: browse", "mix: {browse: 50%, odrer: 50%}"), each],
            &[(6, "traffic.users.mix.odrer", knows, "did you mean `order`?")],
        ),
        // Without traffic of its own, a class is fine: nobody need send it.
        (&[("work: 5ms", "work: {browse: 1ms, idle: 1ms}")], &[]),
        (
            &[("work: 5ms", "work: {browse: 1ms, pareto: 1ms}")],
            &[(
                10,
                "services.web.work.pareto",
                "`pareto` is the name of a distribution, so it cannot name a class",
                "give the class another name",
            )],
        ),
        (
            &[("work: 5ms", "work: 5ms\n    wait: {brows: 1ms}")],
            &[(11, "services.web.wait.brows", "`work` knows no class `brows`", "did you mean `browse`?")],
        ),
    ]);
}

#[test]
fn stretches_of_objectives_lie_within_the_run() {
    let objective = |keys: &str| {
        format!("work: 5ms\nobjectives:\n  - {{name: a, service: web, success: {{gte: 1%}}, {keys}}}\n")
    };
    let late = "this is after the end of the run";
    let simulate = "simulate longer, or judge an earlier stretch";
    let cases: [(&str, &[Told<'_>]); 6] = [
        ("during: {from: 9m, to: 10m}", &[]),
        ("during: {from: 11m}", &[(12, "objectives[0].during.from", late, simulate)]),
        (
            "during: {from: 11m, to: 12m}",
            &[
                (12, "objectives[0].during.from", late, simulate),
                (12, "objectives[0].during.to", late, simulate),
            ],
        ),
        ("during: {from: 4m, to: 6m}, every: 2m", &[]),
        (
            "during: {from: 4m, to: 6m}, every: 121s",
            &[(
                12,
                "objectives[0].every",
                "the window is empty, or longer than the judged stretch",
                "write for example every: 1m",
            )],
        ),
        (
            "during: {from: 10m}",
            &[(
                12,
                "objectives[0].during",
                "the stretch ends before it begins",
                "a wall clock is the first one at or after run.start; write lengths from the start instead",
            )],
        ),
    ];
    for (keys, expected) in cases {
        assert_told(&[(&[("work: 5ms\n", &objective(keys))], expected)]);
    }
}

#[test]
fn at_most_fifty_problems_are_told_and_then_that_there_are_more() {
    let services = |count: usize| {
        (0..count)
            .map(|n| format!("  S{n}: {{pools: {{p: {{replicas: 1, concurrency: 1}}}}, work: 1ms}}\n"))
            .collect::<String>()
    };
    for (count, told) in [(1, 1), (50, 50), (51, 51), (500, 51)] {
        let found = issues(&format!("{BASE}{}", services(count)));
        assert_eq!(found.len(), told, "{count}");
        assert_eq!(found[0].path, "services.S0");
        assert_eq!(found.last().expect("one").message.contains("more problems"), count > 50, "{count}");
    }
}
