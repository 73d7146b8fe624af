//! Wrong scenarios, each with the whole of what is told about it: `tests/wrong/NAME.yaml` and
//! `NAME.txt`.
//!
//! `PEAKDAY_GOLDEN=write cargo test --test wrong` writes the texts anew; read them as someone would
//! who has just made the mistake: does it say where, what, and what to type next?
#![cfg(unix)]

mod desk;

use std::fs;
use std::path::{Path, PathBuf};

use desk::Desk;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wrong")
}

/// Returns the names of the cases, in order.
fn names() -> Vec<String> {
    let entries = fs::read_dir(folder()).expect("a folder").map(|entry| entry.expect("an entry").path());
    let scenarios = entries.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    let mut names: Vec<String> =
        scenarios.map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn every_mistake_is_answered_in_full() {
    let names = names();
    assert!(names.len() >= 50, "{} cases", names.len());
    let write = std::env::var("PEAKDAY_GOLDEN").is_ok_and(|value| value == "write");
    let desk = Desk::new();
    let mut different = Vec::new();
    for name in &names {
        let scenario = format!("{name}.yaml");
        fs::copy(folder().join(&scenario), desk.path(&scenario)).expect("copied");
        // A sweep whose cells are wrong says so where all of them are read.
        let command = if name.starts_with("sweep-") { "validate" } else { "run" };
        let told = desk.run(&[command, &scenario]).ends(3);
        assert_eq!(
            (told.out.as_str(), desk.list(".")),
            ("", vec![scenario]),
            "{name}: something was written"
        );
        let expected = folder().join(format!("{name}.txt"));
        if write {
            fs::write(&expected, &told.err).expect("written");
        } else if fs::read_to_string(&expected).ok().as_ref() != Some(&told.err) {
            different.push(format!("{name}.txt should be\n{}", told.err));
        }
        fs::remove_file(desk.path(&format!("{name}.yaml"))).expect("removed");
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn several_files_are_told_together() {
    let desk = Desk::new();
    for name in ["empty", "tabs", "key-unknown"] {
        let scenario = format!("{name}.yaml");
        fs::copy(folder().join(&scenario), desk.path(&scenario)).expect("copied");
    }
    let told = desk.run(&["validate", "empty.yaml", "tabs.yaml", "key-unknown.yaml"]).ends(3).err;
    let texts =
        ["empty", "tabs", "key-unknown"].map(|name| fs::read_to_string(folder().join(format!("{name}.txt"))));
    assert_eq!(told, texts.map(|text| text.expect("a text")).concat());
}
