//! Every scenario that comes with the program runs and holds.

use std::path::Path;
use std::process::Command;

#[test]
fn every_scenario_holds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names: Vec<_> = std::fs::read_dir(root.join("scenarios"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    names.sort();
    assert!(names.len() >= 3, "{names:?}");
    for scenario in names {
        let folder = tempfile::tempdir().unwrap();
        // One day each: the hour around midnight has tens of millions of requests a day.
        let run = Command::new(env!("CARGO_BIN_EXE_peakday"))
            .arg("run")
            .arg(&scenario)
            .args(["--replications", "1", "-q", "-o"])
            .arg(folder.path().join("out"))
            .output()
            .unwrap();
        assert_eq!(run.status.code(), Some(0), "{}: {run:?}", scenario.display());
    }
}
