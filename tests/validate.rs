//! `validate` on several files, in both forms: what is said of each, and how it ends.

mod desk;

use std::fs;

use desk::Desk;
use serde_json::{Value, json};

type Words = &'static [&'static str];

const GOOD: &str = "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {name: good}\n\
    run: {duration: 5s}\ntraffic: {users: {to: web, class: browse, rate: 200/s}}\n\
    services: {web: {pools: {p: {replicas: 2, concurrency: 4}}, work: {exponential: {mean: 20ms}}}}\n";

/// A good scenario, one with two problems, one that is no YAML and one in a folder of its own.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("good.yaml", GOOD);
    desk.write("bad.yaml", &GOOD.replace("5s", "soon").replace("replicas: 2", "replicas: two"));
    desk.write("torn.yaml", "run: {\n");
    fs::create_dir(desk.path("deep")).expect("a folder");
    desk.write("deep/good.yaml", GOOD);
    desk.write("seed.yaml", "run: {seed: 3}\n");
    desk.write("wrong.yaml", "run:\n  seed: x\n");
    desk
}

/// Where its problems stand.
const BAD: [&str; 2] = ["bad.yaml:4:17", "bad.yaml:6:40"];

/// Mends one of them.
const MEND: &str = "services.web.pools.p.replicas=2";

/// Places at the head of the lines of standard error.
fn places(err: &str) -> Vec<String> {
    let lines = err.lines().filter(|line| !line.starts_with(' '));
    lines.map(|line| line.split(": ").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn every_file_is_looked_at_whatever_the_others_hold() {
    let desk = desk();
    // Exit code, files that are valid, places that are told.
    let table: [(Words, i32, Words, Words); 11] = [
        (&["good.yaml"], 0, &["good.yaml"], &[]),
        (&["good.yaml", "./deep/good.yaml"], 0, &["good.yaml", "./deep/good.yaml"], &[]),
        (&["good.yaml", "good.yaml"], 0, &["good.yaml", "good.yaml"], &[]),
        (&["bad.yaml"], 3, &[], &BAD),
        (&["bad.yaml", "good.yaml"], 3, &["good.yaml"], &BAD),
        (&["torn.yaml", "good.yaml", "bad.yaml"], 3, &["good.yaml"], &["torn.yaml:1:6", BAD[0], BAD[1]]),
        // What cannot be read hid the problems of all other files.
        (&["none.yaml", "bad.yaml", "good.yaml"], 2, &["good.yaml"], &[BAD[0], BAD[1], "error"]),
        (&["bad.yaml", "none.yaml", "deep"], 2, &[], &[BAD[0], BAD[1], "error", "error"]),
        (&["good.yaml", "none.yaml", "none.yaml"], 2, &["good.yaml"], &["error"]),
        // A missing overlay is told once, not for every file.
        (&["good.yaml", "bad.yaml", "-f", "none.yaml"], 2, &[], &["error"]),
        (&["good.yaml", "deep/good.yaml", "-f", "wrong.yaml"], 3, &[], &["wrong.yaml:2:9", "wrong.yaml:2:9"]),
    ];
    for (arguments, code, valid, told) in table {
        let arguments = [&["validate"], arguments].concat();
        let done = desk.run(&arguments).ends(code);
        let lines: String = valid.iter().map(|file| format!("{file}: valid\n")).collect();
        assert_eq!(done.out, lines, "{arguments:?}");
        assert_eq!(places(&done.err), told, "{arguments:?}\n{}", done.err);
        for path in ["output", "deep/output"] {
            assert!(!desk.path(path).exists(), "nothing is written");
        }

        let done = desk.run(&[&arguments[..], &["--format", "json"]].concat()).ends(code);
        let document: Value = serde_json::from_str(&done.out).expect("one document");
        assert_eq!(document, json!({ "valid": valid }), "{arguments:?}");
        let lines = done.err.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
        let place = |line: Value| match line["file"].as_str() {
            Some(file) => format!("{file}:{}:{}", line["line"], line["column"]),
            None => line["level"].as_str().unwrap_or_default().to_owned(),
        };
        assert_eq!(lines.map(place).collect::<Vec<_>>(), told, "{arguments:?}");
    }
}

#[test]
fn every_file_is_checked_with_what_is_laid_over_it() {
    let desk = desk();
    // The two problems of the file are mended, one by an overlay, one by a setting.
    desk.write("mend.yaml", "run: {duration: 1s}\n");
    let table: [(Words, i32); 7] = [
        (&["-f", "mend.yaml", "--set", MEND], 0),
        (&["--set", MEND, "-f", "mend.yaml"], 0),
        (&["-f", "mend.yaml"], 3),
        (&["--set", MEND], 3),
        (&["-f", "mend.yaml", "--set", MEND, "-f", "seed.yaml"], 0),
        // Settings come last, wherever they stand; of settings and of overlays, the later wins.
        (&["--set", "run.duration=0s", "--set", MEND, "-f", "mend.yaml"], 3),
        (&["--set", "run.duration=0s", "--set", "run.duration=2s", "--set", MEND], 0),
    ];
    for (layers, code) in table {
        let both = [&["validate", "bad.yaml", "deep/good.yaml"], layers].concat();
        let done = desk.run(&both);
        assert_eq!(done.code, Some(code), "{layers:?}: {done:?}");
        assert_eq!(done.out.contains("bad.yaml: valid"), code == 0, "{layers:?}");
    }
}
