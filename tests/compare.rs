//! `compare`: what stands and what is proposed, side by side.

mod desk;

use std::collections::BTreeMap;

use desk::{Desk, Done};
use serde_json::Value;

/// A day on paper: a request every 100 ms for an hour, each served at once for 60 ms; three servers at 2 USD an hour.
const CLOCKWORK: &str = "\
apiVersion: peakday/v1alpha1
kind: Scenario
metadata: {name: clockwork}
run: {duration: 1h, replications: 5}
traffic: {users: {to: web, class: page, arrivals: uniform, rate: 10/s}}
services:
  web:
    pools: {p: {replicas: 3, concurrency: 1, price: 2 USD/h}}
    work: 60ms
    balancer: roundRobin
objectives:
  - {name: fast, service: web, latency: {percentile: 99, lt: 50ms}}
  - {name: most, service: web, success: {gte: 99%}}
";

/// Customers as they come, at 90 % of what four servers can do.
const RANDOM: &str = "\
apiVersion: peakday/v1alpha1
kind: Scenario
metadata: {name: shop}
run: {duration: 2m, replications: 20}
traffic: {users: {to: web, class: page, rate: 90/s}}
services:
  web:
    pools: {p: {replicas: 4, concurrency: 1}}
    work: {exponential: {mean: 40ms}}
    queue: {scope: service}
";

const FEWER: &[&str] = &["--set", "services.web.work=40ms", "--set", "services.web.pools.p.replicas=5"];
const LOSSY: &[&str] = &[
    "--set",
    "services.web.work=150ms",
    "--set",
    "services.web.pools.p.replicas=1",
    "--set",
    "services.web.queue.limit=0",
];

fn compared(desk: &Desk, arguments: &[&[&str]]) -> Done {
    desk.run(&[&["compare", "s.yaml"][..], &arguments.concat()].concat())
}

/// Reads the JSON that a comparison prints.
fn json(desk: &Desk, arguments: &[&[&str]]) -> Value {
    let done = compared(desk, &[&["--format", "json"], &arguments.concat()]);
    serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{error}: {done:#?}"))
}

/// Returns the figures of a comparison by name.
fn figures(told: &Value) -> BTreeMap<&str, &Value> {
    let figures = told["figures"].as_array().expect("figures");
    figures.iter().map(|figure| (figure["metric"].as_str().expect("a name"), figure)).collect()
}

/// The first lines of a text.
fn head(text: &str, lines: usize) -> String {
    text.lines().take(lines).map(|line| format!("{}\n", line.trim_end())).collect()
}

/// 60 ms against 40 ms, and 3 x 2 USD against 5 x 2 USD, on every day alike: no interval has any width.
#[test]
fn what_differs_is_told_as_it_is_on_paper() {
    let desk = Desk::with(CLOCKWORK);
    let done = compared(&desk, &[FEWER]).ends(0);
    let expected = "\
B holds where A fails: fast 60 ms -> 40.01 ms (-20 on every day), better

A  s.yaml: 5 days, fail
B  s.yaml --set services.web.work=40ms --set services.web.pools.p.replicas=5: 5 days, pass

what differs in the scenario:
  services.web.pools.p.replicas: 3 -> 5
  services.web.work: 60ms -> 40ms

objectives:
  fail -> pass      fast: web/* p99 < 50ms, holds in 0 of 5 days -> 5 of 5 days
  pass              most: web/* success >= 99%, holds in 5 of 5 days

figure                   A         B  B - A    95% interval  change  verdict
objectives.fast      60 ms  40.01 ms    -20      -20 to -20  -33.3%  better
cost                 6 USD    10 USD     +4        +4 to +4  +66.7%  worse
web.p50_ms              60     40.01    -20      -20 to -20  -33.3%  better
web.p99_ms              60     40.01    -20      -20 to -20  -33.3%  better
web.cpu_utilization    20%        8%  -12pp  -12pp to -12pp    -60%  neither way is better
web.servers_ready        3         5     +2        +2 to +2  +66.7%  neither way is better
the same on every day: objectives.most, web.success_share, web.lost
";
    assert_eq!(head(&done.out, 21), expected);
    assert!(done.out.contains("the same customers came to both (seed 1, the same traffic)"), "{done:#?}");

    // Percentiles are known to a thousandth, means and money exactly.
    let told = json(&desk, &[FEWER]);
    let figures = figures(&told);
    let table = [("web.latency_mean_ms", 60.0, 40.0), ("cost", 6.0, 10.0), ("server_hours", 3.0, 5.0)];
    for (name, a, b) in table {
        let figure = figures[name];
        let of = |side: &str, end: &str| figure[side][end].as_f64().expect("a number");
        assert_eq!((of("a", "mean"), of("b", "mean")), (a, b), "{name}");
        for end in ["mean", "lo", "hi"] {
            assert_eq!(of("difference", end), b - a, "{name} {end}");
        }
        let change = figure["relative"].as_f64().expect("a number");
        assert!((change - (b - a) / a).abs() < 1e-8, "{name}: {change}");
    }
}

/// A request takes 150 ms, the next one 100 ms after it is refused: half are lost, 18,000 of an hour.
#[test]
fn losses_are_counted_and_a_percentile_among_them_is_no_number() {
    let desk = Desk::with(CLOCKWORK);
    let done = compared(&desk, &[LOSSY]).ends(99);
    assert!(
        done.out.starts_with("B fails, as A does: most 100% -> 49.999% (-50pp on every day), worse\n"),
        "{done:#?}"
    );
    let table = [
        "objectives.fast      60 ms      inf        -                   -       -  no number: too many got no answer",
        "cost                 6 USD    2 USD       -4            -4 to -4  -66.7%  better",
        "web.lost                 0   18,000  +18,000  +18,000 to +18,000       -  worse",
        "  pass -> fail      most: web/* success >= 99%, holds in 5 of 5 days -> 0 of 5 days",
    ];
    for line in table {
        assert!(done.out.lines().any(|found| found == line), "no `{line}` in {}", done.out);
    }
}

/// The verdicts of both, and the exit code of B: 0, 98 and 99 as `run` has them.
#[test]
fn the_objectives_of_b_decide_how_it_ends() {
    let desk = Desk::with(CLOCKWORK);
    desk.write("fast.yaml", &CLOCKWORK.replace("60ms", "40ms"));
    // Five of five days show no more than 55 %.
    desk.write(
        "asked.yaml",
        &CLOCKWORK.replace("60ms", "40ms").replace("lt: 50ms}", "lt: 50ms}, holdsIn: 95%"),
    );
    desk.write("free.yaml", CLOCKWORK.split("objectives:").next().expect("a part"));
    let table = [
        ("s.yaml", "fast.yaml", 0, "B holds where A fails: fast 60 ms -> 40.01 ms"),
        (
            "fast.yaml",
            "s.yaml",
            99,
            "B fails where A holds: fast 40.01 ms -> 60 ms (+20 on every day), worse",
        ),
        (
            "fast.yaml",
            "asked.yaml",
            98,
            "B is undecided where A holds: fast 40.01 ms -> 40.01 ms (0 on every day)",
        ),
        ("asked.yaml", "asked.yaml", 98, "A and B are the same"),
        ("asked.yaml", "fast.yaml", 0, "B holds where A is undecided"),
        ("free.yaml", "fast.yaml", 0, "B holds, and A has no objective"),
        ("s.yaml", "free.yaml", 0, "B has no objective: of the main figures 0 better, 0 worse"),
    ];
    for (a, b, code, sentence) in table {
        let done = desk.run(&["compare", a, b]).ends(code);
        assert!(done.out.starts_with(sentence), "{a} {b}: {}", done.out);
    }
    let done = desk.run(&["compare", "s.yaml", "free.yaml"]);
    assert!(
        done.out.contains("  fail, only in A   fast: web/* p99 < 50ms, holds in 0 of 5 days\n"),
        "{done:#?}"
    );
    let done = desk.run(&["compare", "fast.yaml", "asked.yaml"]);
    let line =
        "  pass -> inconclusive  fast: web/* p99 < 50ms -> web/* p99 < 50ms in 95%, holds in 5 of 5 days\n";
    assert!(done.out.contains(line), "{done:#?}");
}

/// Four servers against five, the same customers: what the days have in common does not count against the verdict.
#[test]
fn paired_days_tell_fleets_apart_that_others_do_not() {
    let desk = Desk::with(RANDOM);
    let more = ["--set", "services.web.pools.p.replicas=5"];
    let paired = json(&desk, &[&more]);
    let others = json(&desk, &[&more, &["--set", "run.seed=2"]]);
    assert_eq!((&paired["pairing"], &others["pairing"]), (&"sameCustomers".into(), &"independent".into()));
    for name in ["web.latency_mean_ms", "web.p99_ms"] {
        let half = |told: &Value| {
            let difference = &figures(told)[name]["difference"];
            difference["hi"].as_f64().expect("an end") - difference["lo"].as_f64().expect("an end")
        };
        let gain = figures(&paired)[name]["varianceFactor"].as_f64().expect("a factor");
        println!("{name}: pairing divides the variance by {gain:.2}");
        assert!(gain > 1.0, "{name}: {gain}");
        assert!(half(&paired) < half(&others), "{name}: {} against {}", half(&paired), half(&others));
    }
    assert_eq!(figures(&paired)["web.p99_ms"]["verdict"], "better");
}

/// One seed draws both days, so they are compared as pairs, and it is said that other customers came.
#[test]
fn how_days_belong_together_is_said() {
    let desk = Desk::with(RANDOM);
    desk.write("t.csv", "t\n1\n2\n3\n");
    desk.write("u.csv", "t\n1\n2\n4\n");
    let replay = |file: &str| RANDOM.replace("90/s", &format!("{{recorded: {{file: {file}, time: t}}}}"));
    desk.write("t.yaml", &replay("t.csv"));
    desk.write("u.yaml", &replay("u.csv"));
    let cases: [(&[&str], &str, &str); 6] = [
        (&["s.yaml", "--set", "services.web.balancer=random"], "sameCustomers", "the same traffic"),
        (&["s.yaml", "--set", "run.load=1.2"], "sameSeed", "other customers came (run.load)"),
        (&["s.yaml", "--set", "traffic.users.rate=80/s"], "sameSeed", "came (traffic.users.rate)"),
        (&["s.yaml", "--set", "run.seed=2"], "independent", "the seeds are 1 and 2"),
        (
            &["t.yaml", "--set", "services.web.balancer=random"],
            "sameCustomers",
            "replay the same recording of users",
        ),
        (
            &["t.yaml", "u.yaml"],
            "sameSeed",
            "came (traffic.users.rate.recorded.file, users: t.csv, users: u.csv)",
        ),
    ];
    for (arguments, pairing, note) in cases {
        let done =
            desk.run(&[&["compare", "--format", "json", "--replications", "2"], arguments].concat()).ends(0);
        let told: Value = serde_json::from_str(&done.out).expect("JSON");
        let notes = told["notes"].to_string();
        assert_eq!(told["pairing"], pairing, "{arguments:?}");
        assert!(notes.contains(note), "{arguments:?}: {notes}");
    }
    // printf 't\n1\n2\n3\n' | sha256sum
    let line = "  trace of users: t.csv: 8c953e0db9895ef3d9d2d80eecf4f2f81297fb0bd5c6685429b7675fad0d0df7 -> (none)\n";
    let done = desk.run(&["compare", "t.yaml", "u.yaml", "--replications", "2"]);
    assert!(done.out.contains(line), "no `{line}` in {done:#?}");
}

#[test]
fn runs_and_files_are_compared_alike() {
    let desk = Desk::with(CLOCKWORK);
    desk.write("fast.yaml", &CLOCKWORK.replace("60ms", "40ms").replace("replications: 5", "replications: 8"));
    desk.run(&["run", "s.yaml", "-q", "-o", "a"]).ends(99);
    desk.run(&["run", "fast.yaml", "-q", "-o", "b", "--replications", "5"]).ends(0);
    let folders = desk.run(&["compare", "a", "b", "-o", "x"]).ends(0);
    // The larger number of days is simulated; those that both have are compared.
    let file = desk.run(&["compare", "a", "fast.yaml"]).ends(0);
    assert!(file.out.contains("A has 5 days and B 8: differences are of the 5 that both have"), "{file:#?}");
    let line = |done: &Done| done.out.lines().find(|line| line.starts_with("cost")).map(str::to_owned);
    assert_eq!(line(&folders), line(&file));
    // A run as its file, too; and the same bytes whatever the number of threads, and the second time.
    desk.run(&["compare", "a/result.json", "fast.yaml", "--replications", "5", "--threads", "1", "-o", "y"])
        .ends(0);
    for file in ["comparison.csv", "comparison.json", "charts/comparison.svg"] {
        let first = desk.read(&format!("x/{file}"));
        assert_eq!(first, desk.read(&format!("y/{file}")), "{file}");
        desk.run(&["compare", "a", "fast.yaml", "--replications", "5", "--threads", "3", "-o", "x"]).ends(0);
        assert_eq!(first, desk.read(&format!("x/{file}")), "{file} again");
    }
    let document: Value = serde_json::from_slice(&desk.read("x/comparison.json")).expect("JSON");
    let printed = desk.run(&["compare", "a", "b", "--format", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&printed.out).expect("JSON"), document);
    let csv = String::from_utf8(desk.read("x/comparison.csv")).expect("text");
    assert_eq!(csv.lines().count(), 1 + document["figures"].as_array().expect("figures").len());
    let cost = csv.lines().find(|line| line.starts_with("cost,")).expect("a row");
    assert_eq!(cost, "cost,money,lower,true,6,6,6,6,6,6,0,0,0,0,,,,the same");
    assert!(String::from_utf8_lossy(&desk.read("x/charts/comparison.svg")).contains("objectives.fast"));
}

/// What cannot be set side by side is left out, and said.
#[test]
fn other_lengths_and_intervals_leave_rates_and_latencies() {
    let desk = Desk::with(CLOCKWORK);
    let done =
        compared(&desk, &[&["--set", "run.duration=30m", "--set", "run.interval=1m", "--all"]]).ends(99);
    let note =
        "A is judged from 0s to 1h, B from 0s to 30m, so counts, server hours and cost are not compared";
    assert!(done.out.contains(note), "{done:#?}");
    assert!(done.out.contains("intervals are 10s in A and 1m in B"), "{done:#?}");
    let verdict = |name: &str| {
        let line = done.out.lines().find(|line| line.split(' ').next() == Some(name));
        let line = line.unwrap_or_else(|| panic!("no {name} in {}", done.out));
        line.rsplit("  ").next().expect("a verdict").to_owned()
    };
    let table = [
        ("cost", "not compared: judged for other lengths"),
        ("web.completed", "not compared: judged for other lengths"),
        ("web.lost", "not compared: judged for other lengths"),
        ("web.over_provisioned_share", "not compared: other intervals"),
        ("web.latency_mean_ms", "the same"),
        ("web.success_share", "the same"),
        ("web.servers_ready", "the same"),
    ];
    for (name, expected) in table {
        assert_eq!(verdict(name), expected, "{name}");
    }
    // Queues that grow have no limit, and an objective over other windows is another one.
    let growing =
        compared(&desk, &[&["--set", "services.web.pools.p.replicas=1", "--set", "services.web.work=150ms"]])
            .says("warning: B: web gets as much as it can serve, or more");
    assert!(growing.out.lines().any(|line| {
        line.starts_with("web.p99_ms ") && line.ends_with("no interval: no limit, or infinite variance")
    }));
    let windows = compared(&desk, &[&["--set", "objectives[fast].every=5m"]]);
    assert!(windows.out.lines().any(|line| {
        line.starts_with("objectives.fast ") && line.ends_with("not compared: it measures something else")
    }));
    let alone = compared(&desk, &[FEWER, &["--replications", "1"]]).ends(0);
    assert!(alone.out.contains("fast 60 ms -> 40.01 ms, one day, no interval\n"), "{alone:#?}");
}

#[test]
fn what_cannot_be_compared_is_told() {
    let desk = Desk::with(CLOCKWORK);
    desk.run(&["run", "s.yaml", "-q", "-o", "a"]).ends(99);
    for folder in ["empty", "swept", "torn", "newer", "strange"] {
        std::fs::create_dir(desk.path(folder)).expect("a folder");
    }
    let result = String::from_utf8(desk.read("a/result.json")).expect("text");
    desk.write("swept/sweep.json", "{\"experimentVersion\": 1}");
    desk.write("torn/result.json", &result[..result.len() / 2]);
    desk.write("newer/result.json", &result.replacen("\"schemaVersion\":1", "\"schemaVersion\":7", 1));
    desk.write("strange/note.txt", "mine");
    desk.write("bad.yaml", &CLOCKWORK.replace("10/s", "10").replace("duration: 1h", "duration: 1x"));
    desk.run(&["compare", "a", "a", "-q", "-o", "done"]).ends(99);
    let cases: [(&[&str], i32, &str); 18] = [
        (&[], 2, "<A>"),
        (&["s.yaml"], 2, "there is nothing to compare it with\n  name a second one, or say with --set"),
        (&["a"], 2, "there is nothing to compare it with"),
        (&["nowhere.yaml", "a"], 2, "nowhere.yaml: No such file"),
        (&["a", "nowhere"], 2, "nowhere: No such file"),
        (&["empty", "a"], 2, "empty/result.json: No such file"),
        (&["a", "swept"], 2, "swept: this is the folder of a sweep, whose cells are compared already"),
        (&["a", "swept"], 2, "comparisons.csv"),
        (&["done", "a"], 2, "done: this is a comparison\n  name the runs"),
        (&["a", "torn"], 2, "torn/result.json: not a result of peakday: EOF"),
        (&["newer", "a"], 2, "has schema version 7, this peakday reads version 1"),
        (&["a", "--set", "run.load=2"], 2, "a: these are results, over which nothing can be laid"),
        (&["a", "a", "--seed", "3"], 2, "both are results already"),
        (&["a", "s.yaml", "-o", "strange"], 2, "strange: this folder holds something else than a comparison"),
        (&["a", "s.yaml", "-o", "a"], 2, "a: this folder holds something else than a comparison"),
        (&["a", "bad.yaml"], 3, "bad.yaml:5:66: traffic.users.rate: `10` has no unit"),
        (&["bad.yaml", "bad.yaml"], 3, "bad.yaml:4:17: run.duration: `1x` is not a duration"),
        (&["s.yaml", "--set", "run.lod=2"], 3, "did you mean `load`?"),
    ];
    for (arguments, code, message) in cases {
        let done = desk.run(&[&["compare"], arguments].concat()).ends(code).says(message);
        assert_eq!(done.out, "", "{arguments:?}");
    }
    // What is wrong with both is told at once, what is wrong with one file once.
    let twice = desk.run(&["compare", "bad.yaml", "bad.yaml"]).err;
    assert_eq!(twice.matches("has no unit").count(), 1, "{twice}");
    let same = desk.run(&["compare", "a", "a"]).ends(99).out;
    assert!(same.starts_with("A and B are the same: every figure of every day is\n"), "{same}");
    assert!(same.contains("what differs in the scenario:\n  nothing\n"), "{same}");
    assert_eq!(desk.read("a/result.json"), result.into_bytes());
    assert_eq!(desk.list("strange"), ["note.txt"]);
    // A comparison is replaced, and never by a run.
    desk.run(&["run", "s.yaml", "-o", "done"]).ends(2).says("something else than results");
    desk.run(&["compare", "a", "s.yaml", "-o", "done"]).ends(99);
    assert_eq!(desk.list("done"), ["charts", "comparison.csv", "comparison.json"]);
}
