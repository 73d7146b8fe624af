//! `peakday plan`: what it says of scenarios, and that simulation agrees.
#![cfg(unix)]

mod desk;

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use desk::{Desk, PROGRAM};
use peakday::preview::preview;
use peakday::results::summary;
use peakday::scenario::{Document, Scenario};
use peakday::study::{StudyOptions, run_study};
use peakday::workload::recorded::TraceFiles;

/// Traces beside the golden scenario.
#[derive(Debug)]
struct Golden;

impl TraceFiles for Golden {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(fs::File::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(path))?))
    }
}

fn scenario(text: &str) -> Scenario {
    let read = Document::read("s.yaml", text.as_bytes()).and_then(|read| read.check(&Golden));
    read.unwrap_or_else(|error| panic!("{error}"))
}

/// Every kind of source, of pool and of demand, long enough for 1 %.
const LONG: &str = "
apiVersion: peakday/v1alpha1
kind: Scenario
metadata: {name: long}
run: {start: 2026-11-10T23:59:00+08:00, duration: 4m, warmup: 20s, interval: 10s, replications: 4, load: 1.5}
traffic:
  steady: {to: slots, mix: {a: 70%, b: 30%}, rate: 900/s}
  even: {to: slots, class: a, rate: 400/s, arrivals: uniform}
  ramp:
    to: shared
    class: a
    rate: {stages: {startRate: 200/s, steps: [{duration: 90s, target: 1200/s}, {duration: 0s, target: 500/s}]}}
    arrivals: {gamma: {cv: 1.5}}
  sale: {to: central, class: b, rate: {sum: [300/s, {event: {baseline: 0/s, at: \"00:00\", shape: double11-2017, peak: 900/s}}]}}
  bursts: {to: mixed, class: a, rate: 1500/s, arrivals: {mmpp: {states: [{factor: 0.5, mean: 40ms}, {factor: 3, mean: 10ms}]}}}
  counted: {to: recorded, class: a, rate: {recorded: {file: counts.csv, index: second, count: n, interval: 1s, scale: 30}}}
services:
  slots: {pools: {p: {replicas: 9, concurrency: 4}}, work: {a: {exponential: {mean: 8ms}}, b: {gamma: {mean: 14ms, cv: 0.7}}}}
  shared: {pools: {p: {replicas: 3, concurrency: 40, cpu: {cores: 4}}}, work: {uniform: {min: 2ms, max: 8ms}}, wait: 20ms}
  central: {pools: {p: {replicas: 5, concurrency: 3}}, queue: {scope: service}, work: 9ms}
  mixed:
    pools: {fast: {replicas: 4, concurrency: 4, speed: 2}, slow: {replicas: 4, concurrency: 2}}
    work: {exponential: {mean: 5ms}}
    balancer: leastConnections
  recorded: {pools: {p: {replicas: 3, concurrency: 8}}, work: {exponential: {mean: 2ms}}}
";

/// Offered CPU and slot utilisation as `plan` says it and as a long run measures it, within 1 %.
#[test]
fn offered_utilisation_is_that_of_a_long_run() {
    let scenario = scenario(LONG);
    let preview = preview(&scenario, &Golden).expect("a preview");
    let study = run_study(&scenario, &Golden, StudyOptions::default(), &()).expect("a study");
    let rows = summary(&study);
    for (index, service) in preview.services.iter().enumerate() {
        let row =
            rows.iter().find(|row| row.subject.service == index && row.subject.row.is_none()).expect("it");
        let near = |column: &str, planned: Option<f64>| {
            let simulated = row.figure(column).expect(column).mean;
            let planned = planned.unwrap_or_else(|| panic!("{}: no {column}", service.name));
            let off = planned / simulated - 1.0;
            assert!(off.abs() < 0.01, "{}: {column} {planned}, simulated {simulated}", service.name);
        };
        near("offered_cpu_utilization", service.mean.cpu_utilization);
        near("offered_slot_utilization", service.mean.slot_utilization);
        near("scaling_ratio", service.mean.scaling_ratio);
        near("offered_per_s", Some(service.mean.requests_per_s));
        // Minute by minute: six intervals each, over all days.
        for (minute, offered) in service.series.iter().enumerate() {
            let rows = study.plan.rows_of(index);
            let came: u64 = study
                .runs
                .iter()
                .flat_map(|run| &run.row_series[rows.clone()])
                .map(|row| row.offered[6 * minute..6 * (minute + 1)].iter().sum::<u64>())
                .sum();
            let expected = offered.requests_per_s * 60.0 * study.runs.len() as f64;
            // 5 standard deviations of the burstiest source.
            let scatter = 5.0 * 2.0 * expected.sqrt();
            assert!(
                (came as f64 - expected).abs() <= scatter,
                "{} {minute}: {came} {expected}",
                service.name
            );
        }
    }
    let all: u64 = study.runs.iter().flat_map(|run| &run.ledgers).map(|ledger| ledger.started).sum();
    assert!((preview.effort.requests_in_all / all as f64 - 1.0).abs() < 0.01, "{all}");
}

/// A scenario whose lines are as long as they get.
fn wide() -> String {
    let name = |letter: &str| letter.repeat(63);
    format!(
        "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {{name: {n}}}\n\
         run: {{start: 2026-11-10T23:59:00+08:00, duration: 400d}}\n\
         traffic: {{{t}: {{to: {s}, class: {c}, rate: 999M/s}}}}\n\
         services: {{{s}: {{pools: {{p: {{replicas: 1000000, concurrency: 2}}}}, work: {{exponential: {{mean: 3s}}}}, \
         balancer: random}}}}\n\
         objectives: [{{name: {o}, service: {s}, success: {{gte: 99%}}, holdsIn: 99.9999%}}]\n",
        n = name("n"),
        t = name("t"),
        s = name("s"),
        c = name("c"),
        o = name("o")
    )
    .replace("400d", "7d, interval: 1h")
}

/// On a terminal, as `script` makes one, no line is wider than it; piped, none is broken.
#[test]
fn lines_are_as_wide_as_the_terminal() {
    let script = std::process::Command::new("script").arg("--version").output().is_ok();
    let desk = Desk::with(&wide());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("tests/golden/everything.yaml")];
    files.extend(
        fs::read_dir(root.join("scenarios")).expect("a folder").map(|entry| entry.expect("an entry").path()),
    );
    // A sweep has a plan of its own.
    files.retain(|path| {
        path.extension().is_some_and(|ending| ending == "yaml") && !path.ends_with("which-balancer.yaml")
    });
    let files = files.iter().map(|path| path.display().to_string()).chain(["s.yaml".to_owned()]);
    for file in files {
        let done = desk.run(&["plan", &file]).ends(0);
        assert_eq!(done.err, "", "{file}");
        assert!(done.out.starts_with("PLAN  ") && done.out.lines().count() > 8, "{}", done.out);
        // A line begins with a name, a word or a dash; what is broken goes on behind blanks.
        let (_, prose) = done.out.split_once("\nuse: ").expect("a legend");
        assert!(prose.lines().all(|line| !line.starts_with(' ')), "{file}: {prose}");
        let table = done.out.lines().skip(4).take_while(|line| !line.is_empty());
        assert!(table.into_iter().all(|line| line.chars().count() <= 100), "{}", done.out);
        if script {
            let line = format!("script -qec 'stty rows 24 cols 72; $P plan {file}' /dev/null");
            let shown = desk.shell(&line).ends(0).out.replace('\r', "");
            let (_, prose) = shown.split_once("\nuse: ").expect("a legend");
            for line in prose.lines().filter(|line| line.contains(' ')) {
                // Names of 63 letters stay whole.
                let long = line.split_whitespace().any(|word| word.len() > 40);
                assert!(long || line.chars().count() <= 72, "{file}: {line}");
            }
        }
    }
}

const BUSY: &str = "
apiVersion: peakday/v1alpha1
kind: Scenario
metadata: {name: busy}
run: {duration: 10m, interval: 1m}
traffic: {users: {to: web, class: a, rate: 180/s}}
services: {web: {pools: {p: {replicas: 2, concurrency: 1}}, queue: {scope: service}, work: {exponential: {mean: 10ms}}}}
objectives: [{name: late, service: web, latency: {percentile: 99, lt: 1s}, holdsIn: 95%}]
";

#[test]
fn the_text_says_the_figures_and_the_remedies() {
    let desk = Desk::with(BUSY);
    let out = desk.run(&["plan", "s.yaml"]).ends(0).out;
    // Wherever lines are broken.
    let out = out.split_whitespace().collect::<Vec<_>>().join(" ");
    // M/M/2 at load 0.9: C = 2 x 0.81 / 1.9 = 0.85263, Wq = C / (2 - 1.8) x 10 ms = 42.6 ms, and the
    // 99th percentile ln(100 C) / 0.2 x 10 ms = 222 ms.
    let expected = [
        "waiting, on top of the time a request needs when alone: 42.6 ms on average, p99 222 ms, 85.3 % of the requests wait",
        "exact, this scenario is what the formula describes: M/M/2 (Erlang C): random arrivals, exponential work",
        "late: only a run can judge; simulate 59 days or more (run.replications is 5)",
        "a run: 108,000 requests and 216,010 events a day, 540,000 requests in all days",
        "warning: web: 90.0 % of its CPU is asked for at 0s",
        "3 servers instead of 2 bring it to 80 %",
        "warning: late: a run simulates 5 days, and it takes 59 at least that all hold to pass it",
    ];
    for text in expected {
        assert!(out.contains(text), "no `{text}` in\n{out}");
    }
    assert_eq!(desk.list("."), ["s.yaml"], "nothing is written");
    let one = Desk::with(&BUSY.replace("interval: 1m", "interval: 1m, replications: 1"));
    let out = one.run(&["plan", "s.yaml"]).ends(0).out;
    assert!(out.contains("warning: late: a run simulates 1 day, and it takes 59"), "{out}");
    assert!(out.contains("; a run simulates 1 day, seed"), "{out}");
}

#[test]
fn json_holds_every_minute() {
    let desk = Desk::with(BUSY);
    let done = desk.run(&["plan", "--format", "json", "s.yaml"]).ends(0);
    let json: serde_json::Value = serde_json::from_str(&done.out).expect("json");
    let web = &json["services"][0];
    assert_eq!(web["series"].as_array().map(Vec::len), Some(10));
    assert_eq!(web["waiting"]["basis"], "exact");
    assert_eq!(web["servers"], 2);
    assert!((web["series"][9]["slotUtilization"].as_f64().expect("a share") - 0.9).abs() < 1e-12);
    assert_eq!(json["objectives"][0]["replications"], 59);
    assert_eq!(json["warnings"][0]["concern"], "busy");
    assert!(json["pace"]["nsPerRequest"].as_f64().expect("a pace") > 0.0);
}

#[test]
fn what_is_invalid_ends_as_it_does_for_a_run() {
    let desk = Desk::with(&BUSY.replace("180/s", "180"));
    desk.run(&["plan", "s.yaml"]).ends(3).says("s.yaml:6:44: traffic.users.rate: `180` has no unit");
    desk.run(&["plan", "none.yaml"]).ends(2).says("none.yaml: No such file");
    desk.run(&["plan"]).ends(2).says("FILE");
    desk.run(&["plan", "s.yaml", "--format", "xml"]).ends(2).says("xml");
    desk.shell("$P plan none.yaml > /dev/full").ends(2);
    let desk = Desk::with(BUSY);
    desk.shell("$P plan s.yaml > /dev/full").ends(1).says("standard output");
    desk.shell("$P plan s.yaml | true").ends(0);
    assert!(Path::new(PROGRAM).exists());
}

/// A day of some hundred thousand requests: enough for 1 %, in a second or two.
const SHAPES: &str = "
apiVersion: peakday/v1alpha1
kind: Scenario
metadata: {name: shapes}
run: {start: 2026-11-10T12:00:00+08:00, duration: 24h, warmup: WARMUP, interval: 1h, replications: 2}
traffic: {TRAFFIC}
services:
  web: {pools: {p: {replicas: 3, concurrency: 2}, fast: {replicas: 1, concurrency: 4, speed: 2}}, work: WORK}
";

/// Offered rate and shares of CPU and slots over the run, hour by hour the busiest, and in all.
#[test]
fn every_shape_of_traffic_offers_what_is_simulated() {
    let day = "rate: {diurnal: {mean: 2/s, peak: 3.5/s, peakAt: \"21:00\"}}";
    let hours = "rate: {diurnal: {hours: [1/s, 1/s, 1/s, 0/s, 0/s, 0/s, 1/s, 2/s, 3/s, 3/s, 3/s, 3/s, 4/s, 4/s, 3/s, \
                 3/s, 3/s, 3/s, 4/s, 5/s, 6/s, 5/s, 3/s, 2/s]}}";
    let event = "rate: {event: {baseline: 1/s, at: \"00:00\", shape: double11-2018, peak: 20/s}}";
    let recorded = "rate: {recorded: {file: counts.csv, index: second, count: n, interval: 1s, speed: 0.0001, scale: 900}}";
    let even = "rate: 2/s, arrivals: uniform";
    let one = |source: &str| format!("a: {{to: web, class: a, {source}}}");
    let two = |first: &str, second: &str| {
        format!("a: {{to: web, class: a, {first}}}, b: {{to: web, mix: {{a: 25%, b: 75%}}, {second}}}")
    };
    let plain = "{a: 100ms, b: 300ms}";
    let table = [
        (one(day), "0s", "100ms"),
        (one(hours), "6h", "100ms"),
        (one(event), "0s", "{gamma: {mean: 100ms, cv: 0.2}}"),
        (one(recorded), "0s", "100ms"),
        (two(day, event), "2h", plain),
        (two(recorded, hours), "1h", plain),
        (two(even, day), "12h", plain),
    ];
    for (traffic, warmup, work) in table {
        let text = SHAPES.replace("WARMUP", warmup).replace("TRAFFIC", &traffic).replace("WORK", work);
        let scenario = scenario(&text);
        let preview = preview(&scenario, &Golden).expect("a preview");
        let study = run_study(&scenario, &Golden, StudyOptions::default(), &()).expect("a study");
        let summary = summary(&study);
        let row = summary.iter().find(|row| row.subject.row.is_none()).expect("the service");
        let mean = &preview.services[0].mean;
        // Of n Poisson arrivals 4 standard deviations, and never more than 1 %.
        let measured = mean.requests_per_s * (mean.to_s - mean.from_s) * study.runs.len() as f64;
        let hair = 4.0 * 1.2 / measured.sqrt();
        assert!(measured > 150_000.0 && hair < 0.0125, "{traffic}: only {measured} arrivals");
        let columns = [
            ("offered_per_s", Some(mean.requests_per_s)),
            ("offered_cpu_utilization", mean.cpu_utilization),
            ("offered_slot_utilization", mean.slot_utilization),
            ("scaling_ratio", mean.scaling_ratio),
        ];
        for (column, planned) in columns {
            let (planned, simulated) = (planned.expect(column), row.figure(column).expect(column).mean);
            let off = planned / simulated - 1.0;
            assert!(off.abs() < hair.min(0.01), "{traffic}: {column} {planned}, simulated {simulated}");
        }
    }
}

/// The text and the JSON of one scenario, figure by figure.
#[test]
fn json_and_text_tell_the_same() {
    let desk = Desk::with(LONG.replace("counts.csv", "c.csv").trim_start());
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/counts.csv"), desk.path("c.csv"))
        .expect("a copy");
    let text = desk.run(&["plan", "s.yaml"]).ends(0).out;
    let json = desk.run(&["plan", "s.yaml", "--format", "json"]).ends(0).out;
    let json: serde_json::Value = serde_json::from_str(&json).expect("json");
    let services = json["services"].as_array().expect("services");
    assert_eq!(services.len(), 5);
    let (mut compared, plain) = (0, |cell: &str| cell.replace(',', "").parse::<f64>());
    for service in services {
        let name = service["name"].as_str().expect("a name");
        let row = text.lines().find(|line| line.split_whitespace().next() == Some(name)).expect("a row");
        let cells: Vec<&str> = row.split_whitespace().skip(1).collect();
        let larger = |part: &serde_json::Value| {
            let share = |key: &str| part[key].as_f64().expect(key);
            100.0 * share("cpuUtilization").max(share("slotUtilization"))
        };
        let (mean, busiest) = (&service["mean"], &service["busiestMinute"]);
        let figures = [
            service["servers"].as_f64(),
            mean["requestsPerS"].as_f64(),
            busiest["requestsPerS"].as_f64(),
            Some(larger(mean)),
            Some(larger(busiest)),
            service["peak"]["utilization"].as_f64().map(|share| 100.0 * share),
            None,
            busiest["scalingRatio"].as_f64(),
            service["serversForTarget"].as_f64(),
        ];
        assert_eq!(cells.len(), figures.len(), "{row}");
        assert_eq!(Some(cells[6]), busiest["binding"].as_str(), "{row}");
        for (cell, figure) in cells.iter().zip(figures) {
            let Some(figure) = figure else { continue };
            let shown = plain(cell).unwrap_or_else(|error| panic!("{row}: {error}"));
            // Three digits are shown.
            assert!((shown - figure).abs() <= 0.0051 * figure.abs(), "{row}: {shown}, not {figure}");
            compared += 1;
        }
        let basis = service["waiting"]["basis"].as_str().expect("a basis");
        let words = match basis {
            "none" => "waiting: no formula (",
            "lowerBound" => "at least this on average, ",
            "oneQueue" => "too little if anything, ",
            "approximation" => "an approximation: ",
            "exact" => "exact, ",
            other => panic!("{other}"),
        };
        let said = text.split(&format!("\n{name}: ")).nth(1).expect("a paragraph");
        let sure = said.lines().find(|line| line.starts_with(&format!("- {words}")));
        assert!(sure.is_some(), "{name}: no `{words}` in\n{said}");
    }
    assert_eq!(compared, 5 * 8);
    let warned = text.lines().filter(|line| line.starts_with("warning: ")).count();
    assert_eq!(json["warnings"].as_array().map(Vec::len), Some(warned));
}
