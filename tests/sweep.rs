//! Sweeps through the program: the same bytes however they are cut, killed and resumed; folders that are refused;
//! runs that fail.
#![cfg(unix)]

mod desk;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use desk::{Desk, Done};
use serde_json::Value;

/// Two balancers on one to three servers, of which one is far too few: 6 cells.
const AXES: &str = "\
axes:
  - {path: services.web.balancer, name: balancer, values: [random, leastRequest]}
  - {path: services.web.pools.standard.replicas, name: replicas, values: [1, 2, 3]}
";
const FIXED: &str = "replications: 5\n";
const SEQUENTIAL: &str = "replications: {min: 4, max: 32}\nprecision: {metric: web.p99_ms, relative: 40%}\n";

/// A scenario of so many milliseconds.
fn base(run: &str, rate: &str) -> String {
    format!(
        "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {{name: small}}\nrun: {{{run}}}\n\
         traffic:\n  users: {{to: web, class: browse, rate: {rate}}}\n\
         services:\n  web:\n    pools: {{standard: {{replicas: 2, concurrency: 4}}}}\n    \
         work: {{exponential: {{mean: 20ms}}}}\n    balancer: leastRequest\n\
         objectives:\n  - {{name: fast, service: web, latency: {{percentile: 99, lt: 150ms}}, holdsIn: 50%}}\n"
    )
}

fn sweep(axes: &str, design: &str) -> String {
    format!(
        "apiVersion: peakday/v1alpha1\nkind: Sweep\nmetadata: {{name: which}}\nbase: base.yaml\n{axes}{design}"
    )
}

/// A folder with a sweep of short runs.
fn small(design: &str) -> Desk {
    let desk = Desk::with(&sweep(AXES, design));
    desk.write("base.yaml", &base("duration: 1s, interval: 500ms", "200/s"));
    desk
}

/// Returns every file below a folder with its bytes, what killed processes left behind aside.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            all.extend(files(&path));
        } else if path.extension().is_none_or(|ending| ending != "part") {
            let bytes = fs::read(&path).expect("a file");
            all.insert(path, bytes);
        }
    }
    all
}

/// The same under names that do not hang on the folder.
fn results(desk: &Desk, dir: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let root = desk.path(dir);
    files(&root)
        .into_iter()
        .map(|(path, bytes)| (path.strip_prefix(&root).expect("below").into(), bytes))
        .collect()
}

#[track_caller]
fn assert_same(one: &BTreeMap<PathBuf, Vec<u8>>, other: &BTreeMap<PathBuf, Vec<u8>>, what: &str) {
    let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(one), names(other), "{what}");
    for (name, bytes) in one {
        assert!(*bytes == other[name], "{what}: {} differs", name.display());
    }
}

/// Runs that are kept in a folder.
fn kept(desk: &Desk, dir: &str) -> Vec<PathBuf> {
    files(&desk.path(dir).join("runs")).into_keys().collect()
}

/// Numbers that look random, from a seed (splitmix64).
struct Dice(u64);

impl Dice {
    /// From the clock, or from PEAKDAY_SEED; printed, so that it can be repeated.
    fn new() -> Self {
        let clock =
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_nanos() as u64;
        let seed = std::env::var("PEAKDAY_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(clock);
        println!("PEAKDAY_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % most.max(1)
    }
}

#[test]
fn the_same_bytes_at_any_number_of_threads_and_shards() {
    for design in [FIXED, SEQUENTIAL] {
        let desk = small(design);
        desk.run(&["sweep", "run", "s.yaml", "-o", "t1", "--threads", "1"]).ends(0);
        let expected = results(&desk, "t1");
        for threads in ["2", "16"] {
            desk.run(&["sweep", "run", "s.yaml", "-o", "t", "--threads", threads]).ends(0);
            assert_same(&expected, &results(&desk, "t"), &format!("{design} on {threads} threads"));
            fs::remove_dir_all(desk.path("t")).expect("removed");
        }
        let mut dice = Dice::new();
        for shards in [1, 3, 100] {
            let mut order: Vec<u64> = (1..=shards).collect();
            (1..order.len()).for_each(|at| order.swap(at, dice.below(at as u64 + 1) as usize));
            for shard in order {
                let shard = format!("{shard}/{shards}");
                desk.run(&["sweep", "run", "s.yaml", "-o", "s", "--shard", &shard]).ends(0);
            }
            desk.run(&["sweep", "merge", "s"]).ends(0);
            assert_same(&expected, &results(&desk, "s"), &format!("{design} in {shards} shards"));
            fs::remove_dir_all(desk.path("s")).expect("removed");
        }
    }
}

#[test]
fn shards_that_start_at_once_share_a_folder() {
    let desk = small(FIXED);
    desk.run(&["sweep", "run", "s.yaml", "-o", "whole"]).ends(0);
    let shards = (1..=12)
        .map(|shard| start(&desk, &["sweep", "run", "s.yaml", "-o", "d", "--shard", &format!("{shard}/12")]));
    for mut child in shards.collect::<Vec<_>>() {
        assert_eq!(child.wait().expect("it ends").code(), Some(0));
    }
    desk.run(&["sweep", "merge", "d"]).ends(0);
    assert_same(&results(&desk, "whole"), &results(&desk, "d"), "at once");
}

#[test]
fn cells_get_replications_until_they_are_decided() {
    let desk = small(SEQUENTIAL);
    desk.run(&["sweep", "run", "s.yaml"]).ends(0);
    let all = kept(&desk, "output/which").len();
    assert!(all > 24 && all < 192, "some cells go on after the first look, some end before the last: {all}");
    assert_eq!(all % 4, 0, "looks are at 4, 8, 16 and 32");
}

#[test]
fn a_found_warmup_does_not_hang_on_shards() {
    let desk = small("replications: 6\n");
    desk.write("base.yaml", &base("duration: 6s, interval: 50ms, warmup: auto", "45/s"));
    desk.run(&["sweep", "run", "s.yaml", "-o", "one", "--threads", "3"]).ends(0);
    for shard in ["2/2", "1/2"] {
        desk.run(&["sweep", "run", "s.yaml", "-o", "two", "--shard", shard]).ends(0);
    }
    desk.run(&["sweep", "merge", "two"]).ends(0);
    assert_same(&results(&desk, "one"), &results(&desk, "two"), "auto");
}

/// Starts a sweep in the background.
fn start(desk: &Desk, arguments: &[&str]) -> Child {
    desk.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts")
}

#[test]
fn killed_fifty_times_it_loses_and_repeats_nothing() {
    const KILLS: usize = 50;
    let desk = Desk::with(&sweep(AXES, "replications: 50\n"));
    desk.write("base.yaml", &base("duration: 4s, interval: 500ms", "200/s"));
    let begun = Instant::now();
    desk.run(&["sweep", "run", "s.yaml", "-o", "whole", "--threads", "2"]).ends(0);
    // So that about ten starts are needed until it is done.
    let longest = begun.elapsed().as_micros() as u64 / 5;
    let expected = results(&desk, "whole");
    let stamp = |path: &PathBuf| {
        let about = fs::metadata(path).expect("it is there");
        (about.ino(), about.modified().expect("a time"))
    };
    let (mut dice, mut killed, mut midway) = (Dice::new(), 0, 0);
    while killed < KILLS {
        let before: Vec<_> = kept(&desk, "d").into_iter().map(|path| (stamp(&path), path)).collect();
        let mut child = start(&desk, &["sweep", "run", "s.yaml", "-o", "d", "--resume", "--threads", "2"]);
        sleep(Duration::from_micros(dice.below(longest)));
        let ended = child.try_wait().expect("it can be asked");
        if ended.is_none() {
            child.kill().expect("it is there");
            child.wait().expect("it ends");
            killed += 1;
        }
        for (stamped, path) in &before {
            assert_eq!(stamp(path), *stamped, "{} was lost or written again", path.display());
        }
        let now = kept(&desk, "d").len();
        midway += usize::from(ended.is_none() && before.len() < now && now < 300);
        if ended.is_some() {
            assert_same(&expected, &results(&desk, "d"), "before the last kill");
            fs::remove_dir_all(desk.path("d")).expect("removed");
        }
    }
    assert!(midway >= KILLS / 4, "only {midway} kills were in the middle of runs");
    let found = kept(&desk, "d").len();
    let last = desk.run(&["sweep", "run", "s.yaml", "-o", "d", "--resume", "-v"]).ends(0);
    last.says(&format!("{} runs simulated, {found} found", 300 - found));
    assert_same(&expected, &results(&desk, "d"), "after the last kill");
}

#[test]
fn what_killed_processes_leave_behind_is_removed_when_it_is_old() {
    let desk = small(FIXED);
    desk.run(&["sweep", "run", "s.yaml", "-o", "d", "--shard", "1/2"]).ends(0);
    let [young, old] =
        [".a.json.1-0.part", ".b.json.1-0.part"].map(|name| kept(&desk, "d")[0].with_file_name(name));
    fs::write(&young, "{").expect("written");
    fs::write(&old, "{").expect("written");
    let hour_ago = SystemTime::now() - Duration::from_secs(3_600);
    fs::File::options().write(true).open(&old).and_then(|file| file.set_modified(hour_ago)).expect("aged");
    desk.run(&["sweep", "run", "s.yaml", "-o", "d", "--shard", "2/2"]).ends(0);
    assert!(old.exists(), "only --resume cleans");
    desk.run(&["sweep", "run", "s.yaml", "-o", "d", "--resume"]).ends(0);
    assert!(young.exists() && !old.exists());
    // A process that was killed before it wrote its first file leaves a folder that can be used.
    fs::create_dir(desk.path("e")).expect("a folder");
    desk.write("e/.sweep.json.1-0.part", "{");
    desk.run(&["sweep", "run", "s.yaml", "-o", "e"]).ends(0);
}

#[test]
fn interrupted_it_says_what_is_kept_and_how_to_go_on() {
    let desk = Desk::with(&sweep(AXES, "replications: 100\n"));
    desk.write("base.yaml", &base("duration: 10s", "200/s"));
    let mut child = desk.command(&["sweep", "run", "s.yaml", "-o", "d", "--set", "run.seed=5"]);
    let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    while kept(&desk, "d").is_empty() {
        sleep(Duration::from_millis(5));
    }
    desk.shell(&format!("kill -INT {}", child.id())).ends(0);
    let done = Done::of(child.wait_with_output().expect("it ends")).ends(130);
    let kept = kept(&desk, "d").len();
    let runs = if kept == 1 { "1 run".to_owned() } else { format!("{kept} runs") };
    let command = "peakday sweep run s.yaml -o d --resume --set run.seed=5";
    done.says(&format!("interrupted, {runs} kept; go on with\n  {command}"));
    assert_eq!(desk.list("d"), ["runs", "sweep.json"]);
}

#[test]
fn what_is_missing_is_told_with_the_command_that_makes_it() {
    let desk = small(FIXED);
    let warning = "warning: web gets as much as it can serve, or more: its queue grows without end, in 2 of 6 cells, the \
                   first is cell 1 (balancer=random, replicas=1)\n";
    desk.run(&["sweep", "run", "s.yaml", "-o", "whole"]).ends(0).says(warning);
    let done = desk.run(&["sweep", "run", "s.yaml", "-o", "d", "--shard", "2/3"]).ends(0);
    assert!(
        done.out.contains("shard 2 of 3: 10 runs kept in d\n") && done.out.contains("peakday sweep merge d")
    );
    let merged = desk.run(&["sweep", "merge", "d"]).ends(1);
    let merged = merged
        .says("d: 20 runs missing\n  3 runs of cell 1 (balancer=random, replicas=1)\n  4 runs of cell 2");
    assert_eq!(desk.list("d"), ["runs", "sweep.json"]);
    let status = desk.run(&["sweep", "status", "d"]).ends(0);
    for line in ["runs: 10 of 30 finished, 0 failed\n", "cells: 0 of 6 need no more runs\n", "rate: "] {
        assert!(status.out.contains(line), "{line} in {status:#?}");
    }
    let told: Value =
        serde_json::from_str(&desk.run(&["sweep", "status", "d", "--format", "json"]).out).expect("JSON");
    assert_eq!((&told["runs"], &told["runsMissing"], &told["cells"]), (&10.into(), &20.into(), &6.into()));
    let command = merged.err.split("make them: peakday").nth(1).expect("a command").trim();
    assert_eq!(told["command"], format!("peakday {command}"));
    desk.shell(&format!("$P {command}")).ends(0);
    assert_same(&results(&desk, "whole"), &results(&desk, "d"), "made up for");
    let status = desk.run(&["sweep", "status", "d"]).ends(0);
    assert!(
        status.out.ends_with("runs: 30 of 30 finished, 0 failed\ncells: 6 of 6 need no more runs\n"),
        "{status:#?}"
    );
}

#[test]
fn folders_of_others_are_left_alone() {
    let desk = small(FIXED);
    desk.run(&["sweep", "run", "s.yaml", "-o", "d"]).ends(0);
    let before = results(&desk, "d");
    let again = |file: &str, dir: &str| desk.run(&["sweep", "run", file, "-o", dir, "--resume"]);
    desk.run(&["sweep", "run", "s.yaml", "-o", "d"])
        .ends(2)
        .says("d: 30 runs of this sweep are there\n  add --resume");
    let others = [
        (
            AXES.replace("[1, 2, 3]", "[1, 2, 4]"),
            FIXED,
            "scenarios: 2 of 6 cells have others; the first is cell 3 (balancer=random, replicas=4)",
        ),
        (
            AXES.replace("[1, 2, 3]", "[1, 2]"),
            FIXED,
            "axes: balancer (2 values) x replicas (3 values) there, balancer (2 values) x replicas (2 values) here",
        ),
        (AXES.to_owned(), "replications: 6\n", "replications: 5 replications there, 6 replications here"),
    ];
    for (axes, design, told) in others {
        desk.write("other.yaml", &sweep(&axes, design));
        again("other.yaml", "d").ends(2).says("d: this folder holds another sweep\n  ").says(told);
    }
    // The same sweep under another name of the file goes on.
    desk.write("copy.yaml", &sweep(AXES, FIXED));
    again("copy.yaml", "d").ends(0);
    let plan = String::from_utf8(desk.read("d/sweep.json")).expect("text");
    let here = format!("\"version\":\"{}\"", env!("CARGO_PKG_VERSION"));
    let damaged = [
        (
            plan.replace(&here, "\"version\":\"0.0.9\""),
            "version 0.0.9 of peakday wrote this sweep, and this is",
        ),
        (plan[..plan.len() / 2].to_owned(), "this plan is damaged: "),
        ("{}".to_owned(), "this is not the plan of a sweep"),
    ];
    for (text, told) in damaged {
        fs::create_dir_all(desk.path("e")).expect("a folder");
        desk.write("e/sweep.json", &text);
        again("s.yaml", "e").ends(2).says("e/sweep.json: ").says(told);
        desk.run(&["sweep", "status", "e"]).ends(2).says(told);
        desk.run(&["sweep", "merge", "e"]).ends(2).says(told);
        assert_eq!(desk.read("e/sweep.json"), text.as_bytes());
    }
    desk.run(&["run", "base.yaml", "-o", "r"]).ends(0);
    fs::create_dir(desk.path("f")).expect("a folder");
    desk.write("f/mine", "");
    for (dir, told) in [
        ("r", "something else than a sweep"),
        ("f", "something else than a sweep"),
        ("base.yaml", "there is a file of this name"),
    ] {
        again("s.yaml", dir).ends(2).says(told);
        desk.run(&["sweep", "merge", dir]).ends(2).says("there is no sweep.json in it");
    }
    desk.run(&["run", "base.yaml", "-o", "d"]).ends(2).says("something else than results");
    assert_same(&before, &results(&desk, "d"), "after all of these");
    assert_eq!(desk.list("f"), ["mine"]);
}

#[test]
fn damaged_runs_are_named_and_not_overwritten() {
    let desk = small(FIXED);
    desk.run(&["sweep", "run", "s.yaml", "-o", "d"]).ends(0);
    let expected = results(&desk, "d");
    let runs = kept(&desk, "d");
    let whole = fs::read(&runs[0]).expect("a run");
    fs::write(&runs[0], &whole[..whole.len() / 2]).expect("truncated");
    fs::write(&runs[1], "").expect("emptied");
    fs::write(&runs[2], &whole).expect("mistaken for another");
    let name = |at: usize| runs[at].strip_prefix(desk.path("")).expect("below").display().to_string();
    for arguments in [
        &["sweep", "run", "s.yaml", "-o", "d", "--resume"][..],
        &["sweep", "status", "d"],
        &["sweep", "merge", "d"],
    ] {
        let done = desk.run(arguments).ends(1);
        let done = done.says(&format!("{}: this file of a run is damaged", name(0)));
        let done = done.says(&format!("{}: this file of a run is damaged", name(1)));
        done.says(&format!("{}: this is the file of another run", name(2))).says("remove what is damaged");
    }
    assert_eq!(fs::read(&runs[1]).expect("it is there"), b"");
    runs[..3].iter().for_each(|run| fs::remove_file(run).expect("removed"));
    desk.run(&["sweep", "run", "s.yaml", "-o", "d", "--resume", "-v"])
        .ends(0)
        .says("3 runs simulated, 27 found");
    assert_same(&expected, &results(&desk, "d"), "repaired");
}

#[test]
fn runs_that_fail_do_not_stop_the_others() {
    let desk = Desk::with(&sweep(AXES, "replications: 10\n"));
    let trace = base("duration: 10s", "{recorded: {file: t.csv, time: t}}");
    desk.write("base.yaml", &trace);
    let times: String = (0..4_000).map(|at| format!("{}\n", f64::from(at) / 400.0)).collect();
    let good = format!("t\n{times}");
    desk.write("t.csv", &good);
    desk.run(&["sweep", "run", "s.yaml", "-o", "whole"]).ends(0);
    let expected = results(&desk, "whole");
    // The trace changes while it is replayed: what comes after that fails.
    let mut child = desk.command(&["sweep", "run", "s.yaml", "-o", "d", "--threads", "1"]);
    let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    while kept(&desk, "d").is_empty() {
        sleep(Duration::from_millis(1));
    }
    desk.write("u.csv", "t\n3\n2\n1\n");
    fs::rename(desk.path("u.csv"), desk.path("t.csv")).expect("moved");
    let done = Done::of(child.wait_with_output().expect("it ends")).ends(1);
    let (finished, failed) = (kept(&desk, "d").len(), desk.list("d/failed").len());
    assert!(finished > 0 && failed > 0 && finished + failed == 60, "{finished} {failed}");
    let last = "peakday run s.yaml --cell 6 --replication 10";
    let done = done.says("warning: cell ").says("\n  repeat it: peakday run s.yaml --cell ");
    done.says(&format!(
        "{failed} runs failed and are left out of the results\n  see which, and why: peakday sweep status d"
    ));
    let told: Value =
        serde_json::from_str(&desk.run(&["sweep", "status", "d", "--format", "json"]).ends(0).out)
            .expect("JSON");
    let listed = told["failed"].as_array().expect("a list");
    assert_eq!((listed.len(), &told["runsMissing"]), (failed, &0.into()));
    assert_eq!(listed[failed - 1]["command"], last);
    desk.run(&["sweep", "merge", "d"]).ends(1).says(&format!("{failed} runs failed"));
    // With the trace as it was, they are made up for.
    desk.write("t.csv", &good);
    let resumed = desk.run(&["sweep", "run", "s.yaml", "-o", "d", "--resume", "-v"]).ends(0);
    resumed.says(&format!("{failed} runs simulated, {finished} found"));
    let mut now = results(&desk, "d");
    now.retain(|name, _| !name.starts_with("failed"));
    assert_same(&expected, &now, "made up for");
    assert_eq!(desk.list("d/failed"), [""; 0]);
}

#[test]
fn a_cell_without_a_warmup_fails_alone() {
    let desk = small(FIXED);
    // On one server the queue grows without end; on two and three it settles.
    desk.write("base.yaml", &base("duration: 20s, interval: 100ms, warmup: auto", "300/s"));
    let done = desk.run(&["sweep", "run", "s.yaml", "-o", "d"]).ends(1);
    let done = done.says(
        "cell 1 (balancer=random, replicas=1), replication 1: warmup: auto finds no steady state of web",
    );
    let done = done.says("10 runs failed");
    assert_eq!(kept(&desk, "d").len(), 20);
    let command =
        done.err.lines().find_map(|line| line.strip_prefix("  repeat it: peakday ")).expect("a command");
    desk.shell(&format!("$P {command} -o r")).ends(1).says("warmup: auto finds no steady state of web");
}

#[test]
fn a_run_is_repeated_alone_with_the_figures_that_are_kept() {
    let desk = small("replications: 3\n");
    let layers = ["--set", "services.web.work={exponential: {mean: 25ms}}", "--set", "run.warmup=auto"];
    desk.write("base.yaml", &base("duration: 20s, interval: 100ms", "100/s"));
    desk.run(&[&["sweep", "run", "s.yaml", "-o", "d"][..], &layers].concat()).ends(0);
    let one = ["run", "s.yaml", "-o", "r", "--cell", "5", "--replication", "3"];
    desk.run(&[&one[..], &layers].concat());
    let summary = String::from_utf8(desk.read("r/summary.csv")).expect("text");
    let mut lines = summary.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let heads = lines.next().expect("a head");
    let all = lines.find(|line| line[..2] == ["web", "*"]).expect("a line");
    let plan: Value = serde_json::from_slice(&desk.read("d/sweep.json")).expect("JSON");
    let runs = kept(&desk, "d").into_iter().map(|path| fs::read(path).expect("a run"));
    let metric = |name: &str| {
        let metrics = plan["metrics"].as_array().expect("a list");
        metrics.iter().position(|metric| metric["name"] == format!("web.{name}")).expect("a metric")
    };
    let told =
        |run: &Value, name: &str| run["figures"][metric(name)].as_f64().map(|figure| format!("{figure:.3}"));
    let figure = |name: &str| {
        let column = heads.iter().position(|head| *head == name).expect("a column");
        all[column].parse::<f64>().ok().map(|figure| format!("{figure:.3}"))
    };
    let names = ["offered", "completed", "latency_mean_ms", "p99_ms", "max_ms"];
    let same = |run: &Value| names.iter().all(|name| told(run, name) == figure(name));
    let found =
        runs.map(|run| serde_json::from_slice(&run).expect("JSON")).filter(same).collect::<Vec<Value>>();
    assert_eq!((found.len(), &found[0]["replication"]), (1, &3.into()));
}

#[test]
fn many_cells_are_asked_about_and_unknown_metrics_told_at_their_lines() {
    let desk = small(FIXED);
    let loads = "axes:\n  - {path: run.load, range: {from: 0.5, to: 1.5, count: 1001}}\n";
    desk.write("many.yaml", &sweep(loads, "replications: 1\n"));
    let done = desk.run(&["sweep", "run", "many.yaml", "-o", "d"]).ends(2);
    done.says(
        "many.yaml: these are 1,001 cells\n  see what they take with peakday sweep plan, and add --yes",
    );
    assert!(desk.run(&["sweep", "plan", "many.yaml"]).ends(0).out.contains("1,001 cells"));
    desk.run(&["sweep", "run", "many.yaml", "-o", "d", "--yes", "--shard", "1/1001"]).ends(0);
    assert_eq!(kept(&desk, "d").len(), 1);
    desk.write("s.yaml", &sweep(AXES, "rankBy: web.p99\nmetrics: [web.p99ms]\nreplications: 5\n"));
    let done = desk.run(&["sweep", "run", "s.yaml"]).ends(3);
    done.says(
        "s.yaml:9:11: metrics[0]: no run is measured by `web.p99ms` [PD032]\n  did you mean `web.p99_ms`?",
    );
    desk.write("s.yaml", &sweep(AXES, "rankBy: web.p99\nreplications: 5\n"));
    let done = desk.run(&["sweep", "run", "s.yaml"]).ends(3);
    done.says("s.yaml:8:9: rankBy: no run is measured by `web.p99` [PD032]\n  did you mean `web.p99_ms`?");
}

#[test]
fn what_cannot_be_written_ends_with_1() {
    let desk = small(FIXED);
    let full = desk.shell("ulimit -f 0; $P sweep run s.yaml -o d").ends(1);
    full.says("raise the limit of file sizes");
    desk.run(&["sweep", "run", "s.yaml", "-o", "d", "--shard", "1/10"]).ends(0);
    fs::rename(desk.path("d/runs"), desk.path("aside")).expect("moved");
    desk.write("d/runs", "");
    desk.run(&["sweep", "run", "s.yaml", "-o", "d", "--resume"]).ends(1).says("d/runs/");
}

#[test]
fn scripts_run_the_same_shards() {
    let desk = small(FIXED);
    desk.run(&["sweep", "run", "s.yaml", "-o", "whole"]).ends(0);
    let script = |target: &str| {
        desk.run(&["sweep", "plan", "s.yaml", "-o", "d", "--emit", target, "--shards", "4"]).ends(0).out
    };
    // Whoever stands in for the scheduler runs what the script says.
    desk.write(
        "parallel",
        "#!/bin/sh\nwhile read -r i; do sh -c \"$(echo \"$3\" | sed \"s/{}/$i/\")\" || exit; done\n",
    );
    desk.write("p.sh", &script("parallel"));
    desk.write("s.sh", &script("slurm"));
    let path = "chmod +x parallel; mkdir -p bin; mv parallel bin; ln -s $P bin/peakday; PATH=$PWD/bin:$PATH";
    let merged = desk.shell(&format!("{path} bash p.sh")).ends(0);
    assert!(merged.out.contains("files: d"), "{merged:#?}");
    assert_same(&results(&desk, "whole"), &results(&desk, "d"), "parallel");
    fs::remove_dir_all(desk.path("d")).expect("removed");
    let array = "for i in 1 2 3 4; do SLURM_ARRAY_TASK_ID=$i bash s.sh; done; peakday sweep merge d";
    desk.shell(&format!("PATH=$PWD/bin:$PATH; {array}")).ends(0);
    assert_same(&results(&desk, "whole"), &results(&desk, "d"), "slurm");
    fs::remove_dir_all(desk.path("d")).expect("removed");
    let job: Value = serde_saphyr::from_str(&script("kubernetes")).expect("YAML");
    let container = &job["spec"]["template"]["spec"]["containers"][0];
    let command = container["args"][0].as_str().expect("a text");
    for index in 0..job["spec"]["completions"].as_u64().expect("a number") {
        desk.write("k.sh", command);
        desk.shell(&format!("PATH=$PWD/bin:$PATH JOB_COMPLETION_INDEX={index} sh k.sh")).ends(0);
    }
    desk.run(&["sweep", "merge", "d"]).ends(0);
    assert_same(&results(&desk, "whole"), &results(&desk, "d"), "kubernetes");
}

#[test]
fn plan_says_what_is_varied_and_what_it_takes() {
    let desk = small(SEQUENTIAL);
    let out = desk.run(&["sweep", "plan", "s.yaml"]).ends(0).out;
    for line in [
        "SWEEP PLAN  which: 6 cells\n",
        "- balancer (services.web.balancer): random, leastRequest\n",
        "- replicas (services.web.pools.standard.replicas): 1, 2, 3\n",
        "compared with cell 1 (balancer=random, replicas=1)\n",
        "every cell gets 4 to 32 replications, looked at after 4, 8, .. 32: 24 to 192 runs\n",
        "a run has 200 requests on average; all runs take about ",
    ] {
        assert!(out.contains(line), "{line} in {out}");
    }
    let told: Value =
        serde_json::from_str(&desk.run(&["sweep", "plan", "s.yaml", "--format", "json"]).out).expect("JSON");
    assert_eq!((&told["runs"], &told["cells"]), (&serde_json::json!([24.0, 192.0]), &6.into()));
    assert_eq!(desk.list("."), ["base.yaml", "s.yaml"]);
}

#[test]
fn usage_ends_with_2() {
    let desk = small(FIXED);
    let cases: [(&[&str], &str); 7] = [
        (&["sweep", "run", "s.yaml", "--shard", "0/3"], "write for example 2/5"),
        (&["sweep", "run", "s.yaml", "--shard", "4/3"], "write for example 2/5"),
        (&["sweep", "run", "s.yaml", "--shard", "3"], "write for example 2/5"),
        (&["sweep", "run", "missing.yaml"], "missing.yaml: No such file"),
        (&["sweep", "plan", "s.yaml", "--emit", "slurm"], "--shards"),
        (&["sweep", "plan", "s.yaml", "--emit", "cron", "--shards", "3"], "cron"),
        (&["sweep", "status", "nowhere"], "nowhere: there is no sweep.json in it"),
    ];
    for (arguments, told) in cases {
        desk.run(arguments).ends(2).says(told);
    }
    assert_eq!(desk.list("."), ["base.yaml", "s.yaml"]);
}

#[test]
fn the_best_cell_that_holds_is_named_for_the_next_question() {
    let desk = Desk::with(
        "apiVersion: peakday/v1alpha1\nkind: Sweep\nmetadata: {name: next}\nbase:\n  \
         run: {duration: 10s, replications: 29}\n  traffic: {users: {to: web, class: page, rate: 50/s}}\n  \
         services:\n    web:\n      pools: {standard: {replicas: 1, concurrency: 1, price: 1 USD/h}}\n      \
         work: {constant: 10ms}\n      balancer: random\n  \
         objectives: [{name: p99, service: web, latency: {percentile: 99, lt: 1s}, holdsIn: 90%}]\n\
         axes: [{path: services.web.pools.standard.replicas, name: servers, values: [3, 1, 2]}]\n",
    );
    // The load of the least fleet is 0.5: it holds, and is the cheapest.
    let out = desk.run(&["sweep", "run", "s.yaml", "-q"]).ends(0).out;
    assert!(out.ends_with("how much more: peakday headroom s.yaml --cell 2\n"), "{out}");
    let impossible =
        desk.run(&["sweep", "run", "s.yaml", "-q", "-o", "no", "--set", "run.load=9"]).ends(0).out;
    assert!(!impossible.contains("how much more"), "{impossible}");
}
