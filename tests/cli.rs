//! The program from outside: exit codes, files, signals. Scripts depend on all of it.
#![cfg(unix)]

mod desk;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use desk::{Desk, Done};
use serde_json::Value;

/// A scenario of a few thousand requests.
fn scenario(run: &str, rate: &str, objective: &str) -> String {
    format!(
        "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {{name: small}}\nrun: {{{run}}}\n\
         traffic:\n  users: {{to: web, class: browse, rate: {rate}}}\n\
         services:\n  web:\n    pools: {{standard: {{replicas: 2, concurrency: 4}}}}\n    \
         work: {{exponential: {{mean: 20ms}}}}\n    balancer: leastRequest\n{objective}"
    )
}

fn small() -> Desk {
    Desk::with(&scenario("duration: 20s", "200/s", ""))
}

fn judged(goal: &str) -> Desk {
    let objective = format!("objectives:\n  - {{name: a, service: web, {goal}}}\n");
    Desk::with(&scenario("duration: 20s", "200/s", &objective))
}

#[test]
fn the_quickstart_holds_within_a_second() {
    let desk = Desk::new();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/quickstart.yaml");
    let text = fs::read_to_string(&file).expect("it is there");
    assert_eq!(text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count(), 10);
    let begun = Instant::now();
    let done = desk.run(&["run", &file.display().to_string()]).ends(0);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert!(done.out.contains("quickstart") && done.out.ends_with("files: output/quickstart\n"), "{done:?}");
    assert!(desk.read("output/quickstart/result.json").starts_with(b"{"));
    assert_eq!(desk.list("output"), ["quickstart"]);
}

#[test]
fn remarks_go_to_standard_error_and_only_where_they_are_wanted() {
    let desk = small();
    let normal = desk.run(&["run", "s.yaml"]).ends(0);
    assert_eq!(normal.err, "");
    let quiet = desk.run(&["run", "s.yaml", "-q"]).ends(0);
    assert_eq!((quiet.err.as_str(), &quiet.out), ("", &normal.out));
    let verbose = desk.run(&["-v", "run", "s.yaml"]).ends(0).says("seed 1, 5 replications, scenario ");
    assert_eq!(verbose.out, normal.out);
    let growing = Desk::with(&scenario("duration: 2s", "500/s", ""));
    growing.run(&["run", "s.yaml"]).ends(0).says("its queue grows without end");
}

#[test]
fn usage_ends_with_2() {
    let desk = small();
    fs::create_dir(desk.path("folder")).expect("a folder");
    let cases: [(&[&str], &str); 15] = [
        (&[], "Usage"),
        (&["run"], "FILE"),
        (&["walk", "s.yaml"], "walk"),
        (&["run", "missing.yaml"], "missing.yaml: No such file"),
        (&["run", "folder"], "folder: Is a directory"),
        (&["run", "s.yaml", "--threads", "0"], "0"),
        (
            &["run", "s.yaml", "--replications", "0"],
            "invalid value '0' for '--replications <N>': write a whole number from 1 to 100,000",
        ),
        (
            &["run", "s.yaml", "--replications", "many"],
            "invalid value 'many' for '--replications <N>': write",
        ),
        (&["run", "s.yaml", "--replications", "100001"], "write a whole number from 1 to 100,000"),
        (&["run", "s.yaml", "--threads", "1025"], "write a whole number from 1 to 1,024"),
        (
            &["run", "s.yaml", "--seed", "abc"],
            "invalid value 'abc' for '--seed <N>': write a whole number from 0 to 18,446,744,073,709,551,615",
        ),
        (&["run", "s.yaml", "--seed", "-1"], "-1"),
        (&["run", "s.yaml", "--sead", "1"], "--seed"),
        (&["run", "s.yaml", "--record-arrivals", "folder"], "folder: this is a folder"),
        (&["run", "s.yaml", "--export-openmetrics", "folder"], "folder: this is a folder"),
    ];
    for (arguments, text) in cases {
        desk.run(arguments).ends(2).says(text);
    }
    assert_eq!(desk.list("."), ["folder", "output", "s.yaml"]);
    assert_eq!(desk.list("output"), [""; 0]);
    assert!(desk.run(&["--help"]).ends(0).out.contains("run"));
    assert!(desk.run(&["run", "--help"]).ends(0).out.contains("130 interrupted"));
    assert!(desk.run(&["--version"]).ends(0).out.starts_with("peakday "));
}

#[test]
fn an_invalid_scenario_ends_with_3_and_writes_nothing() {
    let desk = Desk::with(&scenario("duration: 0s, warmup: 1x", "200", ""));
    let done = desk.run(&["run", "s.yaml"]).ends(3).says("s.yaml:4:29: run.warmup: `1x` is not a duration");
    assert!(done.err.contains("s.yaml:6:41: traffic.users.rate: `200` has no unit"), "{done:?}");
    assert_eq!(desk.list("."), ["s.yaml"]);
    let trace = scenario("duration: 20s", "{recorded: {file: t.csv, time: t}}", "");
    let desk = Desk::with(&trace);
    let place = "s.yaml:6:42: traffic.users.rate.recorded: t.csv";
    desk.run(&["run", "s.yaml"]).ends(3).says(&format!("{place}: No such file"));
    desk.write("t.csv", "t\n3\n2\n");
    desk.run(&["run", "s.yaml"]).ends(3).says(&format!("{place}:3: "));
    fs::remove_file(desk.path("t.csv")).expect("removed");
    fs::create_dir(desk.path("t.csv")).expect("a folder");
    desk.run(&["run", "s.yaml"]).ends(3).says(&format!("{place}: this is a folder"));
}

#[test]
fn traces_lie_beside_the_scenario_that_names_them() {
    let desk = Desk::new();
    fs::create_dir_all(desk.path("a/b")).expect("folders");
    desk.write("a/s.yaml", &scenario("duration: 20s", "{recorded: {file: b/t.csv, time: t}}", ""));
    desk.write("a/b/t.csv", "t\n1\n2\nx\n");
    desk.run(&["run", "a/s.yaml"])
        .ends(0)
        .says("warning: b/t.csv: 1 bad lines left out; the first is line 4");
}

#[test]
fn verdicts_are_exit_codes() {
    let cases = [
        ("latency: {percentile: 50, lt: 10s}", 0),
        ("latency: {percentile: 50, lt: 1ns}", 99),
        ("success: {gte: 99%}", 0),
        // Five days of five prove 55 %, not 95 %.
        ("success: {gte: 99%}, holdsIn: 50%", 0),
        ("success: {gte: 99%}, holdsIn: 95%", 98),
    ];
    for (goal, code) in cases {
        let desk = judged(goal);
        desk.run(&["run", "s.yaml", "-q"]).ends(code);
        assert_eq!(desk.list("output"), ["small"], "{goal}");
    }
}

#[test]
fn a_folder_of_peakdays_is_replaced_and_any_other_refused() {
    let desk = small();
    let run = |code: i32| desk.run(&["run", "s.yaml", "-o", "out/"]).ends(code);
    run(0);
    desk.write("out/stale.csv", "of an older run");
    run(0);
    let files = desk.list("out");
    assert!(
        files.contains(&"result.json".to_owned()) && !files.contains(&"stale.csv".to_owned()),
        "{files:?}"
    );
    assert_eq!(desk.list("."), ["out", "s.yaml"]);

    fs::remove_dir_all(desk.path("out")).expect("removed");
    fs::create_dir(desk.path("out")).expect("a folder");
    run(0);

    for (name, text) in [("thesis.txt", "years of work"), ("result.json", "{\"score\": 3}")] {
        fs::remove_dir_all(desk.path("out")).expect("removed");
        fs::create_dir(desk.path("out")).expect("a folder");
        desk.write(&format!("out/{name}"), text);
        let refused = run(2).says("out/: this folder holds something else than results of peakday");
        // It may be the user's: nobody is told to remove it.
        assert!(refused.err.ends_with("\n  choose another folder with -o\n"), "{refused:?}");
        assert_eq!(desk.list("out"), [name]);
        assert_eq!(desk.read(&format!("out/{name}")), text.as_bytes());
    }
    desk.write("file", "");
    desk.run(&["run", "s.yaml", "-o", "file"]).ends(2).says("file: there is a file of this name");
    desk.run(&["run", "s.yaml", "-o", "."]).ends(2);
    desk.run(&["run", "s.yaml", "-o", "/"]).ends(2);
    desk.run(&["run", "s.yaml", "-o", ""]).ends(2);
    assert_eq!(desk.list("."), ["file", "out", "s.yaml"]);
}

#[test]
fn a_link_to_results_stays_a_link() {
    let desk = small();
    desk.run(&["run", "s.yaml", "-o", "real"]).ends(0);
    std::os::unix::fs::symlink("real", desk.path("link")).expect("a link");
    desk.run(&["run", "s.yaml", "-o", "link", "--seed", "2"]).ends(0);
    assert!(fs::symlink_metadata(desk.path("link")).expect("it is there").is_symlink());
    assert_eq!(desk.read("link/result.json"), desk.read("real/result.json"));
    assert_eq!(desk.list("."), ["link", "real", "s.yaml"]);
}

#[test]
fn what_cannot_be_written_ends_with_1_before_anything_is_simulated() {
    // A day of this takes hours.
    let desk = Desk::with(&scenario("duration: 1d, interval: 1h", "1M/s", ""));
    desk.write("file", "");
    let begun = Instant::now();
    desk.run(&["run", "s.yaml", "-o", "file/out"]).ends(1).says("file: ");
    desk.run(&["run", "s.yaml", "-o", "file/deep/out"]).ends(1).says("write elsewhere");
    desk.run(&["run", "s.yaml", "--record-arrivals", "none/a.csv"]).ends(1).says("none/a.csv: No such file");
    desk.run(&["run", "s.yaml", "--export-openmetrics", "none/m"]).ends(1).says("none/m: No such file");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(desk.list("output"), [""; 0]);
}

#[test]
fn full_places_end_with_1_and_leave_nothing_half_written() {
    let desk = small();
    desk.run(&["run", "s.yaml", "--record-arrivals", "/dev/full"]).ends(1).says("/dev/full: No space left");
    assert!(!fs::metadata("/dev/full").expect("it is there").is_file());
    assert_eq!(desk.list("output"), [""; 0]);
    desk.shell("$P run s.yaml > /dev/full").ends(1).says("standard output: No space left");
    desk.shell("$P --help > /dev/full").ends(1);
    desk.shell("$P run s.yaml 2> /dev/full").ends(0);
    fs::remove_dir_all(desk.path("output")).expect("removed");
    let limited = desk.shell("ulimit -f 1; $P run s.yaml").ends(1);
    limited.says("output/small/result.json: File too large").says("ulimit -f");
    assert_eq!(desk.list("output"), [""; 0]);
    let limited = desk.shell("ulimit -f 1; $P run s.yaml --record-arrivals a.csv").ends(1);
    limited.says("a.csv: File too large");
    assert_eq!(desk.list("."), ["output", "s.yaml"]);
}

#[test]
fn the_series_are_exported_whole_or_not_at_all() {
    let desk = small();
    let told = desk.run(&["run", "s.yaml", "--export-openmetrics", "m.txt"]).ends(0);
    let told = told.says("m.txt; without run.start its time begins in 1970");
    let text = String::from_utf8(desk.read("m.txt")).expect("text");
    assert!(text.starts_with("# TYPE peakday_scenario info\n") && text.ends_with("\n# EOF\n"), "{told:?}");
    for replication in 1..=5 {
        assert!(text.contains(&format!("replication=\"{replication}\"")), "{replication}");
    }
    // Written anew it is the same, and it is no output of the folder.
    desk.run(&["run", "s.yaml", "-q", "--threads", "1", "--export-openmetrics", "m.txt"]).ends(0);
    assert!(desk.read("m.txt") == text.as_bytes(), "the bytes differ");
    assert_eq!(desk.list("."), ["m.txt", "output", "s.yaml"]);
    desk.run(&["run", "s.yaml", "--export-openmetrics", "/dev/full"])
        .ends(1)
        .says("/dev/full: No space left");
    assert_eq!(desk.list("."), ["m.txt", "output", "s.yaml"]);
}

#[test]
fn closed_ends_of_standard_output_do_no_harm() {
    let desk = small();
    desk.shell("$P run s.yaml >&-").ends(0);
    desk.shell("($P run s.yaml; echo $? > code) | true").ends(0);
    assert_eq!(desk.read("code"), b"0\n");
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let desk = Desk::with(&scenario("duration: 20s, replications: 9", "200/s", ""));
    let run = |threads: &str, folder: &str| {
        desk.run(&["run", "s.yaml", "--threads", threads, "-o", folder]).ends(0);
        desk.read(&format!("{folder}/result.json"))
    };
    let alone = run("1", "one");
    assert!(run("8", "eight") == alone && run("3", "three") == alone, "the bytes differ");
}

#[test]
fn seed_and_replications_of_the_command_line_win() {
    let desk = small();
    let run = |extra: &[&str]| {
        desk.run(&[&["run", "s.yaml", "-o", "out"], extra].concat()).ends(0);
        let json: serde_json::Value = serde_json::from_slice(&desk.read("out/result.json")).expect("json");
        let seed = json["provenance"]["seed"].as_u64().expect("a seed");
        let ordinals = json["runs"].as_array().expect("runs").iter().map(|run| run["replication"].as_u64());
        let first = json["runs"][0].clone();
        (seed, ordinals.collect::<Vec<_>>(), first)
    };
    let (seed, ordinals, first) = run(&[]);
    assert_eq!((seed, ordinals), (1, (1..=5).map(Some).collect()));
    let (seed, ordinals, other) = run(&["--seed", "7", "--replications", "2"]);
    assert_eq!((seed, ordinals), (7, vec![Some(1), Some(2)]));
    assert_ne!(first, other);
    // A replication is the same whatever their number.
    assert_eq!(run(&["--replications", "1"]).2, first);
}

#[test]
fn recorded_arrivals_replay_the_same_day() {
    let desk = small();
    let count = |desk: &Desk| {
        let json: serde_json::Value = serde_json::from_slice(&desk.read("out/result.json")).expect("json");
        json["runs"][0]["ledgers"][0]["started"].as_u64().expect("a count")
    };
    let arguments = ["run", "s.yaml", "-o", "out", "--replications", "1", "--record-arrivals", "a.csv"];
    desk.run(&arguments).ends(0).says("wrote the arrivals of replication 1 to a.csv");
    let started = count(&desk);
    let trace = String::from_utf8(desk.read("a.csv")).expect("text");
    assert!(trace.starts_with("time_s,source,class,size\n") && trace.lines().count() as u64 == started + 1);
    let rate = "{recorded: {file: a.csv, time: time_s, timeFormat: seconds}}";
    desk.write("s.yaml", &scenario("duration: 20s", rate, ""));
    desk.run(&["run", "s.yaml", "-o", "out"]).ends(0);
    assert_eq!(count(&desk), started);
    // Written anew, it takes the place of the old one; the replay is the recording.
    desk.run(&["run", "s.yaml", "-o", "out", "--record-arrivals", "b.csv"]).ends(0);
    assert_eq!(String::from_utf8(desk.read("b.csv")).expect("text"), trace);
    assert_eq!(desk.list("."), ["a.csv", "b.csv", "out", "s.yaml"]);
}

/// Starts a run and interrupts it once it has been at it for a while.
fn interrupted(desk: &Desk, arguments: &[&str], signal: &str, after: Duration) -> Done {
    let mut command = desk.command(arguments);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    std::thread::sleep(after);
    let kill = Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(kill.expect("kill").success());
    Done::of(child.wait_with_output().expect("it ends"))
}

#[test]
fn an_interrupted_study_keeps_what_has_finished() {
    let desk = Desk::with(&scenario("duration: 1m, interval: 1m, replications: 50000", "300/s", ""));
    for signal in ["-INT", "-TERM"] {
        let done = interrupted(&desk, &["run", "s.yaml"], signal, Duration::from_millis(700)).ends(130);
        let json: serde_json::Value =
            serde_json::from_slice(&desk.read("output/small/result.json")).expect("json");
        let finished = json["runs"].as_array().expect("runs").len();
        assert!(finished > 0 && finished < 50_000, "{finished}");
        assert_eq!(json["replicationsPlanned"], 50_000);
        let done = done.says(&format!("interrupted: {finished} of 50000 replications finished"));
        assert!(!done.out.is_empty());
        assert_eq!(desk.list("output"), ["small"]);
    }
}

/// Killed, a run cannot clean up; the next one has the same process id where containers share a disk.
#[test]
fn a_killed_run_leaves_the_old_results_and_is_in_nobodys_way() {
    let desk = small();
    desk.run(&["run", "s.yaml", "-o", "out"]).ends(0);
    let before = desk.read("out/result.json");
    desk.write("long.yaml", &scenario("duration: 1d, interval: 1h", "10k/s", ""));
    let arguments = ["run", "long.yaml", "-o", "out"];
    let killed = interrupted(&desk, &arguments, "-KILL", Duration::from_millis(500));
    assert_eq!((killed.code, &desk.read("out/result.json")), (None, &before));
    let left = desk.list(".").into_iter().filter(|name| name.ends_with(".part")).count();
    assert_eq!(left, 1, "{:?}", desk.list("."));
    desk.run(&["run", "s.yaml", "-o", "out", "--seed", "2"]).ends(0);
    assert_ne!(desk.read("out/result.json"), before);
}

#[test]
fn a_link_to_nothing_and_a_folder_of_the_system_are_told_before_the_run() {
    let desk = Desk::with(&scenario("duration: 1d, interval: 1h", "1M/s", ""));
    std::os::unix::fs::symlink("nowhere", desk.path("link")).expect("a link");
    desk.run(&["run", "s.yaml", "-o", "link"]).ends(2).says("link: this link leads nowhere");
    desk.run(&["run", "s.yaml", "-o", "/proc/out"]).ends(1).says("/proc/out: ").says("write elsewhere");
    assert_eq!(desk.list("."), ["link", "s.yaml"]);
}

#[test]
fn an_interrupted_study_without_a_finished_replication_writes_nothing() {
    let desk = Desk::with(&scenario("duration: 10m, replications: 2", "100k/s", ""));
    let pools = "replicas: 2, concurrency: 4";
    desk.write(
        "s.yaml",
        &String::from_utf8_lossy(&desk.read("s.yaml")).replace(pools, "replicas: 1000, concurrency: 4"),
    );
    let wait = Duration::from_millis(500);
    let done = interrupted(&desk, &["run", "s.yaml"], "-INT", wait).ends(130);
    assert!(done.out.is_empty(), "{done:?}");
    done.says("interrupted: 0 of 2 replications finished");
    let recording = ["run", "s.yaml", "--record-arrivals", "a.csv"];
    interrupted(&desk, &recording, "-INT", wait).ends(130).says("interrupted");
    assert_eq!(desk.list("output"), [""; 0]);
    assert_eq!(desk.list("."), ["output", "s.yaml"]);
}

#[test]
fn a_scenario_is_made_of_layers() {
    let desk = small();
    fs::create_dir_all(desk.path("over/traces")).expect("folders");
    desk.write("over/traces/day.csv", "t\n1\n2\n");
    desk.write("over/lay.yaml", "traffic: {users: {rate: {recorded: {file: traces/day.csv, time: t}}}}\n");
    desk.write("fleet.yaml", "run: {seed: 9}\n");
    let base = String::from_utf8(desk.read("s.yaml")).expect("text");
    desk.write("s.yaml", &format!("include: [fleet.yaml]\n{base}"));
    let layers = ["-f", "over/lay.yaml", "--set", "services.web.pools.standard.replicas=3"];
    desk.run(&[&["validate", "s.yaml"], &layers[..]].concat()).ends(0);
    let run = desk.run(&[&["run", "s.yaml", "-v"], &layers[..]].concat()).ends(0);
    assert!(
        run.err.contains("seed 9") && run.err.contains("over/traces/day.csv: 2 lines, 2 used"),
        "{run:?}"
    );
    let wrong = desk.run(&["validate", "s.yaml", "--set", "services.web.pools.standard.replica=3"]).ends(3);
    assert!(wrong.err.ends_with("[PD010]\n  did you mean `replicas`?\n"), "{wrong:?}");
    desk.run(&["validate", "s.yaml", "-f", "missing.yaml"]).ends(2).says("missing.yaml");
    assert!(desk.run(&["explain", "pd010"]).ends(0).out.contains("warmup"));
    assert_eq!(desk.run(&["explain"]).ends(0).out.lines().count(), peakday::error::Code::ALL.len());
    desk.run(&["explain", "PD999"]).ends(2).says("no such code");
    assert!(desk.run(&["schema"]).ends(0).out.starts_with('{'));
}

#[test]
fn a_file_of_a_run_is_not_its_folder() {
    let desk = small();
    desk.run(&["run", "s.yaml", "-o", "out"]).ends(0);
    let told = desk.run(&["report", "out/report.html"]).ends(2).err;
    assert_eq!(
        told,
        "error: out/report.html: this is a file of a run, not its folder\n  write peakday report out\n"
    );
    let inside = desk.shell("cd out && $P report summary.csv").ends(2);
    assert!(inside.err.ends_with("\n  write peakday report .\n"), "{inside:?}");
    desk.run(&["report", "s.yaml"]).ends(2).says("name a folder that `peakday run` wrote");
}

#[test]
fn the_scenarios_of_a_folder_are_named_once() {
    let desk = small();
    for folder in [".", "./"] {
        let told = desk.run(&["run", folder]).ends(2).err;
        assert!(told.ends_with("\n  name a scenario: s.yaml\n"), "{told}");
    }
}

#[test]
fn lists_are_documents_for_programs() {
    let desk = Desk::new();
    let document = |arguments: &[&str]| -> Value {
        let done = desk.run(&[arguments, &["--format", "json"]].concat()).ends(0);
        serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{error}: {done:?}"))
    };
    let templates = document(&["init", "--list"]);
    let list = desk.run(&["init", "--list"]).ends(0).out;
    let lines: Vec<String> = templates["templates"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| {
            format!("{:<21}{}", one["name"].as_str().expect("a name"), one["about"].as_str().expect("a line"))
        })
        .collect();
    assert_eq!(list.lines().collect::<Vec<_>>(), lines);

    let codes = document(&["explain"]);
    let codes = codes["codes"].as_array().expect("a list");
    assert_eq!(codes.len(), peakday::error::Code::ALL.len());
    let one = document(&["explain", "PD010"]);
    assert!(codes.contains(&one), "{one}");
    let keys = ["code", "meaning", "right", "wrong"].map(str::to_owned);
    assert_eq!(one.as_object().map(|one| one.keys().cloned().collect::<Vec<_>>()), Some(keys.to_vec()));
    desk.run(&["explain", "PD999", "--format", "json"]).ends(2).says("{\"level\":\"error\"");
}
