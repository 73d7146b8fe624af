//! The same scenario, seed and version give the same bytes: at any number of threads, twice in a
//! row, and in every build. The recorded hashes come from a `cargo build --release` binary.
//!
//! `PEAKDAY_BINARY=FILE` judges another binary than the one built with the tests, and
//! `PEAKDAY_GOLDEN=write` records its hashes: see CONTRIBUTING.md.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

const SCENARIOS: [(&str, &str); 3] = [
    ("everything", "tests/golden/everything.yaml"),
    ("quickstart", "scenarios/quickstart.yaml"),
    ("replay", "scenarios/replay.yaml"),
];
const HASHES: &str = "tests/golden/SHA256SUMS";

fn binary() -> PathBuf {
    std::env::var_os("PEAKDAY_BINARY").map_or(env!("CARGO_BIN_EXE_peakday").into(), PathBuf::from)
}

/// Runs a scenario and returns every file it wrote.
fn outputs(scenario: &str, threads: &str) -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("out");
    let run = Command::new(binary())
        .args(["run", scenario, "--threads", threads, "-q", "-o"])
        .arg(&place)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(matches!(run.status.code(), Some(0 | 98 | 99)), "{scenario}: {run:?}");
    let (mut folders, mut files) = (vec![place.clone()], BTreeMap::new());
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&place).unwrap().to_str().unwrap().replace('\\', "/");
                files.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    files
}

#[test]
fn bytes_depend_on_the_scenario_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut lines = String::new();
    for (label, scenario) in SCENARIOS {
        let first = outputs(scenario, "1");
        assert!(first.len() >= 7, "{label}: {:?}", first.keys());
        for threads in ["8", "1"] {
            let again = outputs(scenario, threads);
            assert!(first.keys().eq(again.keys()), "{label}: other files at {threads} threads");
            for (file, bytes) in &first {
                assert!(bytes == &again[file], "{label}/{file} differs at {threads} threads");
            }
        }
        for (file, bytes) in first {
            let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            lines += &format!("{hash}  {label}/{file}\n");
        }
    }
    if std::env::var_os("PEAKDAY_GOLDEN").is_some_and(|value| value == "write") {
        std::fs::write(root.join(HASHES), &lines).unwrap();
    }
    let recorded = std::fs::read_to_string(root.join(HASHES)).unwrap();
    for (found, wanted) in lines.lines().zip(recorded.lines()) {
        assert_eq!(found, wanted, "other bytes than the release build wrote");
    }
    assert_eq!(lines.lines().count(), recorded.lines().count());
}
