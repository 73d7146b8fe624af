//! `report`: the files of a run, written anew from its result.json.

mod desk;

use std::fs;

use desk::Desk;

const SCENARIO: &str = "apiVersion: peakday/v1alpha1\nkind: Scenario\n\
    metadata: {name: small, displayName: 双十一}\nrun: {duration: 5s, replications: 2}\n\
    traffic: {users: {to: web, class: browse, rate: 200/s}}\n\
    services: {web: {pools: {p: {replicas: 2, concurrency: 4}}, work: {exponential: {mean: 20ms}}}}\n\
    objectives: [{name: fast, service: web, latency: {percentile: 99, lt: 1h}}]\n";

/// Every file below a folder, with its bytes.
fn everything(desk: &Desk, folder: &str) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for name in desk.list(folder) {
        let path = format!("{folder}/{name}");
        if desk.path(&path).is_dir() {
            found.extend(everything(desk, &path));
        } else {
            found.push((path.clone(), desk.read(&path)));
        }
    }
    found
}

#[test]
fn files_are_written_again_to_the_byte() {
    let desk = Desk::with(SCENARIO);
    desk.run(&["run", "s.yaml", "-q", "-o", "out"]).ends(0);
    let first = everything(&desk, "out");
    assert_eq!(first.len(), 20, "{:?}", first.iter().map(|file| &file.0).collect::<Vec<_>>());
    desk.write("out/summary.csv", "something else");
    desk.write("out/mine.txt", "a note");
    fs::remove_dir_all(desk.path("out/charts")).unwrap();
    desk.run(&["report", "out"]).ends(0).says("wrote out");
    assert_eq!(desk.read("out/mine.txt"), b"a note", "what is not peakday's stays");
    fs::remove_file(desk.path("out/mine.txt")).unwrap();
    assert!(everything(&desk, "out") == first);

    // Another language of the fixed words, by either command.
    desk.run(&["report", "out", "--lang", "zh"]).ends(0);
    let chinese = everything(&desk, "out");
    assert!(chinese != first);
    desk.run(&["run", "s.yaml", "-q", "-o", "out", "--lang", "zh"]).ends(0);
    assert!(everything(&desk, "out") == chinese);
}

#[test]
fn running_the_resolved_scenario_writes_the_same_files() {
    let desk = Desk::with(SCENARIO);
    desk.run(&["run", "s.yaml", "-q", "-o", "first"]).ends(0);
    desk.run(&["run", "first/resolved.yaml", "-q", "-o", "second"]).ends(0);
    for ((_, first), (name, second)) in everything(&desk, "first").iter().zip(everything(&desk, "second")) {
        assert!(*first == second, "{name}");
    }
}

#[test]
fn a_folder_that_holds_no_result_is_told() {
    let desk = Desk::with(SCENARIO);
    desk.run(&["run", "s.yaml", "-q", "-o", "out"]).ends(0);
    let text = String::from_utf8(desk.read("out/result.json")).unwrap();
    let table = [
        (text[..text.len() / 2].to_owned(), "not a result of peakday: EOF"),
        (String::new(), "not a result of peakday: EOF"),
        ("{}".to_owned(), "missing field `schemaVersion`"),
        (
            text.replacen("\"schemaVersion\":1", "\"schemaVersion\":7", 1),
            "has schema version 7, this peakday reads",
        ),
        (
            text.replacen("\"intervalNs\":5000000000", "\"intervalNs\":0", 1),
            "a damaged result: the interval is zero",
        ),
    ];
    for (damaged, message) in table {
        assert_ne!(damaged, text);
        desk.write("out/result.json", &damaged);
        let before = everything(&desk, "out");
        let done = desk.run(&["report", "out"]).ends(2).says("error: out/result.json: ").says(message);
        assert!(done.err.contains("run the scenario again, or name another folder"), "{done:?}");
        assert!(everything(&desk, "out") == before);
    }
    for place in ["nowhere", "out/charts", "s.yaml"] {
        desk.run(&["report", place]).ends(2).says("name a folder that `peakday run` wrote");
    }
    desk.run(&["report"]).ends(2);
    desk.run(&["report", "out", "--lang", "de"]).ends(2).says("write en or zh");
}

/// What was laid over the file is named, without the folder it lay in; a result from before that is read.
#[test]
fn the_report_names_overlays_and_settings() {
    let desk = Desk::with(SCENARIO);
    fs::create_dir_all(desk.path("secret-folder")).unwrap();
    desk.write("secret-folder/more.yaml", "run: {load: 1.5}\n");
    let set = ["--set", "services.web.pools.p.replicas=3", "--set", "run.seed=9"];
    let args = ["run", "s.yaml", "-q", "-o", "out", "-f", "secret-folder/more.yaml"];
    desk.run(&[&args[..], &set[..]].concat()).ends(0);
    let page = String::from_utf8(desk.read("out/report.html")).unwrap();
    // printf 'run: {load: 1.5}\n' | sha256sum
    let overlay = "<tr><th>overlay (-f)</th><td><code>more.yaml (SHA-256 HASH)</code></td></tr>";
    let (before, after) = overlay.split_once("HASH").unwrap();
    let (_, rest) = page.split_once(before).expect("the overlay");
    assert_eq!(&rest[..64], "d61fa8c34e507abcc3b4ed834e7c8edcb8845ba99e30e444683f6ef03c0e3d46");
    assert!(rest[64..].starts_with(after), "{}", &rest[..200]);
    for setting in ["services.web.pools.p.replicas=3", "run.seed=9"] {
        let row = format!("<tr><th>setting (--set)</th><td><code>{setting}</code></td></tr>");
        assert!(page.contains(&row), "no {row}");
    }
    let json = String::from_utf8(desk.read("out/result.json")).unwrap();
    assert!(!json.contains("secret-folder") && !page.contains("secret-folder"));

    desk.run(&["run", "s.yaml", "-q", "-o", "bare"]).ends(0);
    let bare = String::from_utf8(desk.read("bare/result.json")).unwrap();
    assert!(!bare.contains("overlays") && !bare.contains("settings"), "as it was written before");
    desk.run(&["report", "bare"]).ends(0);
}

/// Notes, goals and verdicts in the language of the page; names stay as they are.
#[test]
fn a_chinese_report_has_no_english_notes() {
    let desk = Desk::with(
        &SCENARIO
            .replace("rate: 200/s", "rate: 900/s")
            .replace("exponential: {mean: 20ms}", "pareto: {mean: 20ms, alpha: 2.5}")
            .replace("lt: 1h}}", "lt: 1ms}}, {name: all, service: web, success: {gte: 99.9%}}"),
    );
    let done = desk.run(&["run", "s.yaml", "-q", "-o", "out", "--lang", "zh", "--replications", "1"]);
    assert!([Some(98), Some(99)].contains(&done.code), "{done:?}");
    let page = String::from_utf8(desk.read("out/report.html")).unwrap();
    for text in ["成功率 &gt;= 99.9%", "仅一天，无置信区间", "持续增长", "服从帕累托长尾", "界限 1ms"]
    {
        assert!(page.contains(text), "no {text}");
    }
    let (_, style) = page.split_once("<style>").unwrap();
    let (style, body) = style.split_once("</style>").unwrap();
    for english in ["holds", "no interval", "got no answer in time", "growing:", "Pareto", "success &gt;"] {
        assert!(!body.contains(english), "{english}");
    }
    let badge = style.lines().find(|line| line.starts_with(".verdict{")).expect("a badge");
    assert!(badge.contains("white-space:nowrap"), "{badge}");
}
