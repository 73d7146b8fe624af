//! Sweep files: axes and their values, which cells they make, and that a cell is a scenario.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::sync::atomic::{AtomicUsize, Ordering};

use peakday::error::Error;
use peakday::scenario::{Document, Input, Overlay, Sweep, SweepDocument};
use peakday::study::{StudyOptions, run_replication, run_study};
use peakday::workload::recorded::TraceFiles;

mod desk;

use desk::Desk;

const BASE: &str = "\
apiVersion: peakday/v1alpha1
kind: Scenario
metadata: {name: shop}
run: {duration: 1m, replications: 6, start: 2026-11-11T00:00:00+08:00}
traffic: {users: {to: web, class: browse, rate: 90/s}}
services: {web: {pools: {standard: {replicas: 12, concurrency: 8}}, work: {exponential: {mean: 5ms}}, queue: {limit: 50}}}
objectives: [{name: p99, service: web, latency: {percentile: 99, lt: 100ms}}]
";

/// Files by path, and how often they were opened.
#[derive(Debug, Default)]
struct Files(BTreeMap<String, String>, AtomicUsize);

impl Files {
    fn with(files: &[(&str, &str)]) -> Self {
        let file = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        Self(files.iter().chain(&[("shop.yaml", BASE)]).map(file).collect(), AtomicUsize::new(0))
    }
}

impl TraceFiles for Files {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        let text =
            self.0.get(path.strip_prefix("deep/../").unwrap_or(path)).ok_or(io::ErrorKind::NotFound)?;
        if path.ends_with(".csv") {
            self.1.fetch_add(1, Ordering::Relaxed);
        }
        Ok(Box::new(Cursor::new(text.clone())))
    }
}

/// Returns a sweep of the base with these keys.
fn text(keys: &str) -> String {
    let base = if keys.contains("base:") { "" } else { "base: shop.yaml\n" };
    format!("apiVersion: peakday/v1alpha1\nkind: Sweep\nmetadata: {{name: s}}\n{base}{keys}\n")
}

fn document(keys: &str, files: &Files) -> SweepDocument {
    let text = text(keys);
    SweepDocument::read("s.yaml", text.as_bytes(), &[], &[], files)
        .unwrap_or_else(|error| panic!("{text}{error}"))
}

fn sweep(keys: &str) -> Sweep {
    let files = Files::with(&[]);
    document(keys, &files).check(&files).unwrap_or_else(|error| panic!("{keys}\n{error}"))
}

/// Returns the problems of a sweep, without places and remedies.
fn problems(keys: &str) -> Vec<String> {
    let files = Files::with(&[]);
    let read = SweepDocument::read("s.yaml", text(keys).as_bytes(), &[], &[], &files);
    match read.and_then(|sweep| sweep.check(&files)) {
        Err(Error::Invalid(issues)) => issues.into_iter().map(|issue| issue.message).collect(),
        other => panic!("{keys}: {other:?}"),
    }
}

/// Returns what cells are called, by the last axis alone where there are two.
fn labels(keys: &str) -> Vec<String> {
    let files = Files::with(&[]);
    let document = document(keys, &files);
    (0..document.len()).map(|cell| document.label(cell)).collect()
}

#[test]
fn values_have_labels_numbers_and_settings() {
    let table = [
        ("path: run.load, values: [1.0, 1, 2.50]", "!the value `1` is given twice", ""),
        ("path: run.load, values: [1.0, 2.50, 120%]", "1.0 | 2.50 | 120%", "1.0=- 2.50=- 120%=-"),
        ("path: run.load, values: [1.0, 2]", "1.0 | 2", "1.0=1 2=2"),
        ("path: run.load, values: [100%, 120%]", "100% | 120%", "100%=1 120%=1.2"),
        ("path: run.duration, values: [60s, 90s]", "60s | 90s", "60s=60 90s=90"),
        ("path: run.duration, values: [60s, 1m]", "!the value `1m` is given twice", ""),
        (
            "path: services.web.balancer, values: [random, {leastRequest: {choiceCount: 3}}, {label: a b, value: roundRobin}]",
            "random | {leastRequest: {choiceCount: 3}} | a b",
            "random=- {leastRequest: {choiceCount: 3}}=- roundRobin=-",
        ),
        // Nothing removes the key.
        ("path: services.web.queue, values: [null, {limit: 9}]", "null | {limit: 9}", "null=- {limit: 9}=-"),
        (
            "path: metadata.displayName, values: [\"1.10\", \"a: b\", yes]",
            "1.10 | a: b | yes",
            "\"1.10\"=- \"a: b\"=- yes=-",
        ),
        (
            "path: 'objectives[p99].during', values: [{from: \"00:00:10\"}]",
            "{from: \"00:00:10\"}",
            "{from: \"00:00:10\"}=-",
        ),
        (
            "path: traffic.users.rate, range: {from: 1k/s, to: 2k/s, count: 3}",
            "1k/s | 1500/s | 2k/s",
            "1k/s=1000 1500/s=1500 2k/s=2000",
        ),
        ("path: services.web.queue.limit, range: {from: 3, to: 5}", "3 | 4 | 5", "3=3 4=4 5=5"),
        (
            "path: 'objectives[p99].latency.lt', range: {from: 10ms, to: 1s, count: 3, scale: log}",
            "10ms | 100ms | 1s",
            "10ms=0.01 100ms=0.1 1s=1",
        ),
    ];
    for (axis, names, settings) in table {
        let keys = format!("axes: [{{{axis}}}]");
        if let Some(message) = names.strip_prefix('!') {
            assert_eq!(problems(&keys), [message], "{axis}");
            continue;
        }
        let sweep = sweep(&keys);
        let values = &sweep.axes[0].values;
        let read: Vec<&str> = values.iter().map(|value| value.label.as_str()).collect();
        assert_eq!(read.join(" | "), names, "{axis}");
        let number = |number: Option<f64>| number.map_or("-".to_owned(), |number| number.to_string());
        let read: Vec<String> =
            values.iter().map(|value| format!("{}={}", value.setting, number(value.number))).collect();
        assert_eq!(read.join(" "), settings, "{axis}");
        let set: Vec<&str> = sweep.cells.iter().map(|cell| cell.settings[0].1.as_str()).collect();
        assert_eq!(set, values.iter().map(|value| value.setting.as_str()).collect::<Vec<_>>());
    }
}

#[test]
fn times_of_day_go_on_after_midnight() {
    let keys = |axis: &str| {
        format!(
            "base: {{run: {{duration: 4h, start: 2026-11-10T22:00:00Z}}, traffic: {{u: {{to: web, class: a, rate: 1/s}}}}, \
            services: {{web: {{pools: {{p: {{replicas: 1, concurrency: 1}}}}, work: 1ms}}}}, freezes: [{{from: \"22:30\"}}]}}\n\
            axes: [{{path: 'freezes[0].from', {axis}}}]"
        )
    };
    for axis in [
        "range: {from: \"23:00\", to: \"01:00\", step: 1h}",
        "range: {from: \"23:00\", to: \"01:00\", count: 3}",
        "values: [\"23:00\", \"00:00\", \"01:00\"]",
    ] {
        let sweep = sweep(&keys(axis));
        let read: Vec<_> = sweep.axes[0].values.iter().map(|v| (v.label.as_str(), v.number)).collect();
        assert_eq!(read, [("23:00", Some(82_800.0)), ("00:00", Some(86_400.0)), ("01:00", Some(90_000.0))]);
        assert_eq!(sweep.axes[0].values[0].setting, "\"23:00\"");
    }
}

#[test]
fn axes_have_short_names_of_their_own() {
    let table: [(&[&str], &[&str]); 4] = [
        (&["path: run.load", "path: run.seed"], &["load", "seed"]),
        (
            &["path: services.web.queue.limit", "path: services.web.pools.standard.replicas, name: servers"],
            &["limit", "servers"],
        ),
        (&["path: 'objectives[p99].latency.lt'"], &["lt"]),
        (
            &[
                "path: services.web.work",
                "path: traffic.users.rate",
                "path: services.web.pools.standard.work",
            ],
            &["web.work", "rate", "standard.work"],
        ),
    ];
    for (axes, expected) in table {
        let values: String = axes.iter().map(|axis| format!("{{{axis}, values: [1, 2]}}, ")).collect();
        let files = Files::with(&[]);
        let document = document(&format!("axes: [{values}]"), &files);
        let short: Vec<&str> = document.axes().map(|axis| axis.short.as_str()).collect();
        assert_eq!(short, expected);
    }
}

const TWO: &str = "axes:\n  - {path: services.web.balancer, values: [random, roundRobin]}\n  - {path: services.web.pools.standard.replicas, name: n, values: [10, 12, 14]}\n";

#[test]
fn a_grid_takes_every_value_with_every_other() {
    let expected = [
        "balancer=random, n=10",
        "balancer=random, n=12",
        "balancer=random, n=14",
        "balancer=roundRobin, n=10",
        "balancer=roundRobin, n=12",
        "balancer=roundRobin, n=14",
    ];
    assert_eq!(labels(TWO), expected);
    let zipped = TWO.replace("10, 12, 14", "10, 12");
    assert_eq!(labels(&format!("{zipped}combine: zip")), [expected[0], expected[4]]);
}

#[test]
fn constraints_leave_combinations_out() {
    let table = [
        ("exclude: {n: 12}", "0 2 3 5"),
        ("exclude: {n: [12, 14.0]}", "0 3"),
        ("exclude: {balancer: random, n: [10, 12]}", "2 3 4 5"),
        ("exclude: {services.web.balancer: [random]}", "3 4 5"),
        ("sum: {n: 1}, lte: 12", "0 1 3 4"),
        ("sum: {n: 1}, gte: 11.5", "1 2 4 5"),
        ("sum: {n: -0.1}, lte: -1.2", "1 2 4 5"),
        ("sum: {n: 2}, gte: 24, lte: 24", "1 4"),
    ];
    for (constraint, expected) in table {
        let sweep = sweep(&format!("{TWO}constraints: [{{{constraint}}}]"));
        let kept: Vec<String> =
            sweep.cells.iter().map(|cell| (cell.at[0] * 3 + cell.at[1]).to_string()).collect();
        assert_eq!(kept.join(" "), expected, "{constraint}");
        assert_eq!(sweep.dropped as usize, 6 - kept.len(), "{constraint}");
    }
    // Several drop what any of them drops; the baseline is the first of those that fit.
    let both =
        format!("{TWO}constraints: [{{exclude: {{n: 12}}}}, {{exclude: {{balancer: random, n: 10}}}}]");
    assert_eq!(sweep(&both).cells.len(), 3);
    for (baseline, cell) in
        [("{}", 0), ("{n: 14}", 0), ("{balancer: roundRobin}", 1), ("{balancer: roundRobin, n: 14}", 2)]
    {
        assert_eq!(sweep(&format!("{both}\nbaseline: {baseline}")).baseline, cell, "{baseline}");
    }
}

const DRAWN: &str = "axes:\n  - {path: run.load, range: {from: 1.0, to: 2.0}}\n  - {path: services.web.balancer, values: [random, roundRobin, leastRequest]}\n  - {path: services.web.work.exponential.mean, range: {from: 1ms, to: 100ms, scale: log}}\n";

/// Returns the values of an axis, cell by cell.
fn along(sweep: &Sweep, axis: usize) -> Vec<f64> {
    let value = |at: &Vec<usize>| sweep.axes[axis].values[at[axis]].number.unwrap_or(at[axis] as f64);
    sweep.cells.iter().map(|cell| value(&cell.at)).collect()
}

/// Counts values by equal parts of an axis.
fn counts(values: &[f64], parts: usize, part: impl Fn(f64) -> f64) -> Vec<usize> {
    let mut counts = vec![0; parts];
    values.iter().for_each(|&value| counts[((part(value) * parts as f64) as usize).min(parts - 1)] += 1);
    counts
}

#[test]
fn a_latin_hypercube_has_one_value_in_each_part_of_every_axis() {
    for (samples, seed) in [(12, 1), (30, 2), (30, 3)] {
        let sweep =
            sweep(&format!("{DRAWN}combine: {{latinHypercube: {{samples: {samples}}}}}\nseed: {seed}"));
        assert_eq!(sweep.cells.len(), samples);
        // Values are rounded to a hundredth of a part: those at an edge may lie beyond it.
        let slack = 0.01 / samples as f64;
        let load = counts(&along(&sweep, 0), samples, |load| (load - 1.0 + slack / 2.0).min(0.999_999));
        assert!(
            load.iter().all(|&count| count <= 2) && load.iter().filter(|&&count| count != 1).count() <= 4,
            "{load:?}"
        );
        let mean = along(&sweep, 2);
        let log = counts(&mean, 3, |mean| libm::log10(mean * 1e3) / 2.0);
        assert_eq!(log, vec![samples / 3; 3], "{mean:?}");
        assert_eq!(counts(&along(&sweep, 1), 3, |index| index / 3.0), vec![samples / 3; 3]);
        let ascending = &sweep.axes[0].values;
        assert!(ascending.windows(2).all(|pair| pair[0].number < pair[1].number), "{ascending:?}");
    }
}

#[test]
fn sobol_points_fill_the_plane_evenly() {
    for seed in 1..6 {
        let sweep = sweep(&format!("{DRAWN}combine: {{sobol: {{samples: 64}}}}\nseed: {seed}"));
        let (x, z) = (along(&sweep, 0), along(&sweep, 2));
        for parts in [2, 4, 8] {
            assert_eq!(counts(&x, parts, |load| load - 1.0), vec![64 / parts; parts], "seed {seed}");
        }
        // The list in the middle has three values, which no power of two divides.
        let list = counts(&along(&sweep, 1), 3, |index| index / 3.0);
        assert!(list.iter().all(|&count| (20..=23).contains(&count)), "{list:?}");
        // The first and the third dimension: each quarter of the plane.
        for (low, high) in [(1.0, 1.5), (1.5, 2.0)] {
            let inside = x.iter().zip(&z).filter(|&(&x, &z)| x >= low && x < high && z < 0.01);
            assert_eq!(inside.count(), 16, "seed {seed}");
        }
    }
}

#[test]
fn samples_hang_on_the_seed_and_on_the_axis_alone() {
    for combine in ["latinHypercube", "sobol"] {
        let drawn =
            |axes: &str, seed| sweep(&format!("{axes}combine: {{{combine}: {{samples: 16}}}}\nseed: {seed}"));
        let (one, same, other) = (drawn(DRAWN, 7), drawn(DRAWN, 7), drawn(DRAWN, 8));
        assert_eq!((along(&one, 0), along(&one, 2)), (along(&same, 0), along(&same, 2)), "{combine}");
        assert_ne!(along(&one, 0), along(&other, 0), "{combine}");
        let alone: String = DRAWN.lines().take(2).map(|line| format!("{line}\n")).collect();
        assert_eq!(along(&drawn(&alone, 7), 0), along(&one, 0), "{combine}: another axis changes nothing");
    }
    // A list of two with eight samples: what comes twice is kept once.
    let list =
        "axes: [{path: services.web.balancer, values: [random, roundRobin]}]\ncombine: {sobol: {samples: 8}}";
    assert_eq!(sweep(list).cells.len(), 2);
}

#[test]
fn a_cell_is_the_scenario_with_its_settings() {
    let axes = "axes:\n  - {path: services.web.balancer, values: [random, {leastRequest: {choiceCount: 3}}]}\n  - {path: services.web.queue, values: [null, {limit: 7, scope: server}]}\n  - {path: 'objectives[p99].latency.lt', values: [50ms]}\n  - {path: run.start, values: [2026-11-11T00:00:00+08:00, \"2026-11-12T00:00:00+08:00\"]}\n";
    let files = Files::with(&[]);
    let overlay =
        |text: &str| Overlay { name: "o.yaml".to_owned(), folder: String::new(), bytes: text.into() };
    let overlays = [overlay("run: {seed: 9}")];
    let extra = ["run.load=1.5".to_owned()];
    let sweep = SweepDocument::read("s.yaml", text(axes).as_bytes(), &overlays, &extra, &files)
        .and_then(|sweep| sweep.check(&files))
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(sweep.cells.len(), 8);
    let mut hashes = std::collections::BTreeSet::new();
    for cell in &sweep.cells {
        let settings = cell.settings.iter().map(|(path, value)| format!("{path}={value}"));
        let settings: Vec<String> = extra.iter().cloned().chain(settings).collect();
        let alone = Document::layered("shop.yaml", BASE.as_bytes(), &overlays, &settings, &files)
            .and_then(|document| document.check(&files))
            .unwrap_or_else(|error| panic!("{settings:?}: {error}"));
        assert_eq!((&cell.scenario.sha256, &cell.scenario.resolved), (&alone.sha256, &alone.resolved));
        assert_eq!((&cell.scenario.settings, &cell.scenario.overlays), (&alone.settings, &alone.overlays));
        assert_eq!(cell.scenario.seed, 9, "overlays change the base");
        hashes.insert(cell.scenario.sha256.clone());
    }
    assert_eq!(hashes.len(), 8);
}

/// An inline base, one in another folder with its own includes and traces: the same scenario.
#[test]
fn a_base_is_a_file_or_a_map() {
    let parts = BASE.replace("services:", "include: [../fleet.yaml]\nx-services:");
    let fleet: String =
        BASE.lines().filter(|line| line.starts_with("services")).map(|line| format!("{line}\n")).collect();
    let recorded = BASE.replace("rate: 90/s", "rate: {recorded: {file: log.csv, time: t}}");
    let inline: String = BASE.lines().skip(3).map(|line| format!("  {line}\n")).collect();
    let inline = inline.replace("services:", "include: [fleet.yaml]\n  x-services:");
    let log = "t\n1\n2\n3\n";
    let files = Files::with(&[
        ("deep/parts.yaml", &parts),
        ("fleet.yaml", &fleet),
        ("deep/recorded.yaml", &recorded),
        ("deep/log.csv", log),
    ]);
    let axes = "axes: [{path: run.load, values: [1.0, 2.0]}]";
    let checked = |base: &str| {
        document(&format!("base: {base}\n{axes}"), &files)
            .check(&files)
            .unwrap_or_else(|error| panic!("{base}: {error}"))
    };
    let plain = checked("shop.yaml");
    assert_eq!(checked("deep/parts.yaml").cells[1].scenario.sha256, plain.cells[1].scenario.sha256);
    let named = checked(&format!("\n  metadata: {{name: shop}}\n{inline}"));
    assert_eq!(named.cells[1].scenario.sha256, plain.cells[1].scenario.sha256);
    assert_eq!(
        checked(&format!("\n{inline}")).cells[0].scenario.plan.name,
        "s",
        "the name is that of the sweep"
    );
    assert_eq!(checked("deep/recorded.yaml").cells[0].scenario.sources[0].recorded[0].survey.used, 3);
}

/// One pass over a trace, however many cells read it; where cells differ in what a survey depends on, one for each.
#[test]
fn a_trace_is_surveyed_once() {
    let log: String = "t\n".to_owned() + &(0..50).map(|second| format!("{second}\n")).collect::<String>();
    let recorded = BASE.replace("rate: 90/s", "rate: {recorded: {file: log.csv, time: t}}");
    let predictive = "{predictive: {requestsPerServer: 10/s}, minReplicas: 1, maxReplicas: 40}";
    let scaled = recorded.replace("concurrency: 8}", &format!("concurrency: 8, autoscaler: {predictive}}}"));
    let replicas = "{path: services.web.pools.standard.replicas, range: {from: 1, to: 20}}";
    let table = [
        (&recorded, replicas.to_owned(), 1),
        (&recorded, format!("{replicas}, {{path: run.duration, values: [50s, 1m]}}"), 2),
        (&recorded, format!("{replicas}, {{path: traffic.users.rate.recorded.scale, values: [1, 2, 3]}}"), 3),
        // The second pass of a forecast, too.
        (&scaled, replicas.to_owned(), 2),
    ];
    for (base, axes, opened) in table {
        let files = Files::with(&[("r.yaml", base), ("log.csv", &log)]);
        let sweep = document(&format!("base: r.yaml\naxes: [{axes}]"), &files);
        let checked = sweep.check(&files).unwrap_or_else(|error| panic!("{axes}: {error}"));
        assert!(checked.cells.len() >= 20);
        assert_eq!(files.1.load(Ordering::Relaxed), opened, "{axes}");
        let alone = sweep.cell(7).and_then(|document| document.check(&files)).expect("a cell");
        assert_eq!(
            format!("{alone:?}"),
            format!("{:?}", checked.cells[7].scenario),
            "{axes}: as surveyed alone"
        );
    }
}

#[test]
fn replications_precision_and_shares_make_a_design() {
    let axes = "axes: [{path: run.load, values: [1.0, 1.2]}]\n";
    let precision = "precision: {metric: web.p99_ms, relative: 2%}\n";
    let table: [(&str, &[u32], bool, bool); 8] = [
        ("", &[6], false, false),
        ("replications: 20", &[20], false, false),
        ("replications: 20\nholdsIn: 95%", &[20], false, false),
        ("replications: {min: 5, max: 100}\nholdsIn: 95%", &[5, 10, 20, 40, 80, 100], false, true),
        ("replications: {min: 4, max: 16}\nholdsIn: 95%", &[4, 8, 16], false, true),
        ("P", &[10, 20, 40, 80, 160], true, false),
        ("replications: {max: 20}\nP", &[10, 20], true, false),
        ("replications: {}\nholdsIn: 95%\nP", &[10, 20, 40, 80, 160], true, true),
    ];
    for (keys, looks, precise, until_decided) in table {
        let sweep = sweep(&format!("{axes}{}", keys.replace('P', precision)));
        let precise = precise.then(|| ("web.p99_ms".to_owned(), 0.02));
        assert_eq!(
            (&*sweep.looks, &sweep.precision, sweep.until_decided),
            (looks, &precise, until_decided),
            "{keys}"
        );
        let share = keys.contains("holdsIn").then_some(0.95);
        assert!(sweep.cells.iter().all(|cell| cell.scenario.plan.objectives[0].holds_in == share), "{keys}");
    }
    // An objective's own share stays.
    let own = "axes: [{path: 'objectives[p99].holdsIn', values: [80%, 90%]}, {path: 'objectives[p99].name', values: [a]}]";
    assert_eq!(problems(&format!("{own}\nholdsIn: 95%")), ["no objective takes this share"]);
    let sweep = sweep(&own.replace("80%, 90%", "80%, null"));
    assert_eq!(sweep.cells[0].scenario.plan.objectives[0].holds_in, Some(0.8));
}

#[test]
fn names_of_metrics_are_passed_on() {
    let sweep = sweep("axes: [{path: run.load, values: [1.0]}]\nmetrics: [web.p99_ms, cost]\nrankBy: cost");
    assert_eq!(
        (sweep.metrics, sweep.rank_by),
        (vec!["web.p99_ms".to_owned(), "cost".to_owned()], Some("cost".to_owned()))
    );
    assert_eq!((sweep.name.as_str(), sweep.display_name), ("s", None));
}

#[test]
fn a_file_says_what_it_is() {
    let files = Files::with(&[]);
    let read = |bytes: &str| Input::read("s.yaml", bytes.as_bytes(), &[], &[], &files);
    assert!(matches!(read(BASE), Ok(Input::Scenario(_))));
    assert!(matches!(read(&text(TWO)), Ok(Input::Sweep(_))));
    let told =
        SweepDocument::read("s.yaml", BASE.as_bytes(), &[], &[], &files).expect_err("a scenario").to_string();
    assert!(told.contains("this is one scenario, and no sweep [PD080]"), "{told}");
    let told = Document::read("s.yaml", text(TWO).as_bytes()).expect_err("a sweep").to_string();
    assert!(told.contains("--cell 1"), "{told}");
}

#[test]
fn one_replication_alone_is_the_same_as_among_all() {
    let files = Files::with(&[]);
    let base = BASE.replace("run: {duration: 1m", "run: {duration: 10m, warmup: auto, interval: 1s");
    let scenario =
        Document::read("shop.yaml", base.as_bytes()).and_then(|d| d.check(&files)).expect("a scenario");
    let options = StudyOptions::default();
    let all = run_study(&scenario, &files, options, &()).expect("a study");
    let alone = run_replication(&scenario, 4, &files, options, &()).expect("a run");
    assert_eq!((alone.replications_planned, alone.runs.len()), (1, 1));
    assert_eq!(format!("{:?}", alone.runs[0]), format!("{:?}", all.runs[3]));
    assert_eq!(alone.plan, all.plan, "the same warm-up");
}

#[test]
fn commands_take_a_sweep_cell_by_cell() {
    let desk = Desk::new();
    desk.write("shop.yaml", BASE);
    desk.write("s.yaml", &text(&format!("{TWO}constraints: [{{exclude: {{n: 12}}}}]")));
    let out = |words: &[&str]| desk.run(words).ends(0).out;
    assert_eq!(
        out(&["validate", "s.yaml", "shop.yaml"]),
        "s.yaml: valid, 4 cells, 2 combinations left out\nshop.yaml: valid\n"
    );
    assert_eq!(out(&["validate", "s.yaml", "--cell", "4"]), "s.yaml: valid\n");
    let told: serde_json::Value =
        serde_json::from_str(&out(&["validate", "s.yaml", "--format", "json"])).unwrap();
    assert_eq!(
        told,
        serde_json::json!({"valid": ["s.yaml"], "sweeps": {"s.yaml": {"cells": 4, "dropped": 2}}})
    );
    let cell = out(&["plan", "s.yaml", "--cell", "4"]);
    let same = out(&[
        "plan",
        "shop.yaml",
        "--set",
        "services.web.balancer=roundRobin",
        "--set",
        "services.web.pools.standard.replicas=14",
    ]);
    let scenario =
        |text: &str| text.lines().find(|line| line.starts_with("scenario ")).map(str::to_owned).unwrap();
    assert_eq!(scenario(&cell), scenario(&same));

    out(&["run", "s.yaml", "--cell", "2", "-q", "-o", "all"]);
    out(&["run", "s.yaml", "--cell", "2", "--replication", "3", "-q", "-o", "one"]);
    let result = |folder: &str| -> serde_json::Value {
        serde_json::from_slice(&desk.read(&format!("{folder}/result.json"))).unwrap()
    };
    let (all, one) = (result("all"), result("one"));
    assert_eq!(one["runs"], serde_json::json!([all["runs"][2]]));
    assert_eq!((&one["replicationsPlanned"], &one["plan"]), (&serde_json::json!(1), &all["plan"]));

    for (words, code, said) in [
        (&["run", "s.yaml"][..], 3, "this is a sweep"),
        (&["plan", "s.yaml"], 3, "this is a sweep"),
        (&["run", "s.yaml", "--cell", "5"], 2, "there are 4 cells"),
        (&["run", "s.yaml", "--cell", "0"], 2, "from 1 to"),
        (&["run", "shop.yaml", "--cell", "1"], 2, "this is one scenario, and no sweep"),
        (&["run", "shop.yaml", "--replication", "1", "--replications", "2"], 2, "cannot be used with"),
    ] {
        let told = desk.run(words).ends(code).err;
        assert!(told.contains(said), "{words:?}: {told}");
    }
}
