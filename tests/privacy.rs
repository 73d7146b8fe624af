//! What a trace says about people stays in the trace, whatever becomes of the run.
#![cfg(unix)]

mod desk;

use std::fs;
use std::path::Path;

use desk::{Desk, Done};

/// Pieces of the cells of people below, also of those in the wrong column.
const PERSONAL: [&str; 12] = [
    "alice",
    "example.org",
    "Meier",
    "203.0.113",
    "2001:db8",
    "bob",
    "Zhang",
    "98765",
    "+49",
    "Baker",
    "4111",
    "mallory",
];

/// Usable lines of a CRM's export, with what nobody asked for between them.
const HEADER: &str = "email,t,name,class,ip,size";
const GOOD: &str = "\
alice@example.org,0.5,Alice Meier,browse,203.0.113.7,1
bob@example.org,1,\"Zhang, Bob\",order,2001:db8::1,2.5
alice@example.org,3,Alice Meier,browse,203.0.113.7,1
mallory@example.org,4,Mallory Baker,order,203.0.113.9,1
";

/// A person where a number, an instant or a class was expected, and lines that are no lines.
const BAD: [&str; 7] = [
    "alice@example.org,bob@example.org,Alice Meier,browse,203.0.113.7,1",
    "alice@example.org,4.5,Alice Meier,Mallory Baker,203.0.113.7,1",
    "alice@example.org,4.5,Alice Meier,browse,203.0.113.7,+49 98765",
    "alice@example.org",
    "alice@example.org,4.5,Alice Meier,browse,203.0.113.7,4111111111111111",
    "alice@example.org,2001:db8::7,Alice Meier,browse,,1",
    "alice@example.org,4.5,Alice Meier,Alice@Example.org,203.0.113.7,1",
];

fn scenario(keys: &str) -> String {
    format!(
        "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {{name: shop}}\nrun: {{duration: 10s}}\n\
         traffic:\n  users: {{to: web, rate: {{recorded: {{file: t.csv, time: t, class: class, size: size{keys}}}}}}}\n\
         services:\n  web:\n    pools: {{standard: {{replicas: 2, concurrency: 4}}}}\n    \
         work: {{browse: 20ms, order: 30ms}}\n"
    )
}

/// Finds what is personal in a text, letter case aside.
fn personal(text: &str) -> Vec<&'static str> {
    let text = text.to_lowercase();
    PERSONAL.into_iter().filter(|piece| text.contains(&piece.to_lowercase())).collect()
}

fn files(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else {
            let bytes = fs::read(&path).expect("a file");
            found.push((path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
}

/// Runs the scenario, verbosely, and asserts that nobody is named anywhere but in the trace.
fn told(keys: &str, trace: &[u8], code: i32) -> (Done, usize) {
    let desk = Desk::with(&scenario(keys));
    fs::write(desk.path("t.csv"), trace).expect("written");
    let done = desk.run(&["-v", "run", "s.yaml", "--record-arrivals", "a.csv"]).ends(code);
    assert_eq!(personal(&done.out), [""; 0], "{done:#?}");
    assert_eq!(personal(&done.err), [""; 0], "{done:#?}");
    let mut written = Vec::new();
    files(&desk.path("."), &mut written);
    written.retain(|(path, _)| !path.ends_with("/t.csv") && !path.ends_with("/s.yaml"));
    for (path, text) in &written {
        assert_eq!(personal(text), [""; 0], "{path}\n{text}");
    }
    (done, written.len())
}

#[test]
fn the_search_finds_who_is_named() {
    assert_eq!(personal("line 3: ALICE@Example.org"), ["alice", "example.org"]);
    assert_eq!(personal("time_s,source,class,size\n0.500000000,users,browse,1.000000\n"), [""; 0]);
    assert!(BAD.iter().all(|line| !personal(line).is_empty()));
}

#[test]
fn columns_that_nobody_asked_for_go_nowhere() {
    let (done, files) = told("", format!("{HEADER}\n{GOOD}").as_bytes(), 0);
    assert!(done.err.contains("t.csv: 4 lines, 4 used"), "{done:#?}");
    // result.json, at least three tables, and the recorded arrivals.
    assert!(files >= 5, "{files}");
}

#[test]
fn bad_lines_are_told_by_place_and_reason_alone() {
    // The last good line comes at 4, on line 5: the bad ones stand behind it.
    let all = format!("{HEADER}\n{GOOD}{}\n", BAD.join("\n"));
    let (done, files) = told("", all.as_bytes(), 0);
    assert!(done.err.contains("t.csv: 7 bad lines left out; the first is line 6: column `t`: "), "{done:#?}");
    assert!(files >= 5, "{files}");
    for bad in BAD {
        let (done, _) = told("", format!("{HEADER}\n{GOOD}{bad}\n").as_bytes(), 0);
        assert!(
            done.err.contains("t.csv: 1 bad lines left out; the first is line 6: column `"),
            "{bad}\n{done:#?}"
        );
    }
}

#[test]
fn files_that_are_refused_are_not_quoted() {
    let lines = |bad: &[&str]| format!("{HEADER}\n{}\n", bad.join("\n")).into_bytes();
    let backwards = format!("{HEADER}\n{GOOD}alice@example.org,2,Alice Meier,browse,203.0.113.7,1\n");
    let person = GOOD.to_owned().into_bytes();
    let binary = [HEADER.as_bytes(), b"\nalice@example.org,\xff,Alice Meier\n"].concat();
    let unclosed = format!("{HEADER}\n{GOOD}\"alice@example.org,5,Alice Meier,browse,203.0.113.7,1\n");
    // Keys, trace, what is told.
    let table: [(&str, Vec<u8>, &str); 8] = [
        ("", lines(&BAD), "no line can be used, and 7 are bad"),
        (", maxBadLines: 3", lines(&BAD), "more than 3 bad lines"),
        ("", lines(&BAD[1..2]), "expected a class that the scenario knows"),
        ("", backwards.into_bytes(), "t.csv:6: column `t` steps back in time"),
        ("", person, "the first line does not look like a header"),
        ("", binary, "the cell is not UTF-8 text"),
        (", maxBadLines: 0", unclosed.into_bytes(), "more than 0 bad lines"),
        (", select: {column: class, value: pay}", lines(&[GOOD.trim_end()]), "no line"),
    ];
    for (keys, trace, expected) in table {
        let (done, files) = told(keys, &trace, 3);
        assert!(done.err.contains(expected), "no `{expected}` in {done:#?}");
        assert_eq!(files, 0, "{expected}");
    }
}

#[test]
fn a_column_of_people_may_select_lines_and_still_goes_nowhere() {
    // The scenario names a column of people and a code of theirs; neither cell is repeated.
    let keys = ", select: {column: name, value: nobody}";
    let trace = format!("{HEADER}\n{GOOD}").replacen("\"Zhang, Bob\"", "nobody", 1);
    let (done, _) = told(keys, trace.as_bytes(), 0);
    assert!(done.err.contains("t.csv: 4 lines, 1 used"), "{done:#?}");
}
