//! Every scenario that comes with the program runs and ends as it says.

use std::path::Path;
use std::process::Command;

/// Scenarios that show what does not hold; all others do.
const FAILING: [&str; 5] = ["autoscaling", "drill", "flag-push", "rollback-trap", "zone-outage"];

/// One that one day cannot decide: it asks for days.
const UNDECIDED: &str = "size-singles-day";

#[test]
fn every_scenario_ends_as_it_says() {
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
        let name = scenario.file_stem().unwrap().to_string_lossy();
        let command: &[&str] = if name == "which-balancer" { &["sweep", "run"] } else { &["run"] };
        let run = Command::new(env!("CARGO_BIN_EXE_peakday"))
            .args(command)
            .arg(&scenario)
            .args(["--replications", "1", "-q", "-o"])
            .arg(folder.path().join("out"))
            .output()
            .unwrap();
        let code = match &*name {
            UNDECIDED => 98,
            name if FAILING.contains(&name) => 99,
            _ => 0,
        };
        assert_eq!(run.status.code(), Some(code), "{}: {run:?}", scenario.display());
    }
}

/// Runs a scenario for a day, with settings, and returns how it ended and what its log tells, without what is
/// drawn at random.
fn told(scenario: &str, options: &[&str]) -> (Option<i32>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_peakday"))
        .arg("run")
        .arg(scenario)
        .args(["--replications", "1", "-q", "-o"])
        .arg(folder.path().join("out"))
        .args(options)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"))
        .output()
        .unwrap();
    let mut log = csv::Reader::from_path(folder.path().join("out/events.csv")).unwrap();
    let line = |row: csv::StringRecord| {
        let time = row[2].split('T').nth(1).unwrap().split(['+', '.']).next().unwrap().to_owned();
        format!("{time} {} {}", &row[3], &row[7])
    };
    (run.status.code(), log.records().map(|row| line(row.unwrap())).collect())
}

#[test]
fn the_lost_zone_tells_who_noticed_what_and_when() {
    let (code, log) = told("zone-outage.yaml", &[]);
    assert_eq!(code, Some(99));
    // A third fails; health checks at 00:02:05, :10 and :15; the alert needs half a minute of samples that are
    // 5 s old; people act when they have looked; the zone is back, and then everything is.
    assert_eq!(log[..3], ["00:02:00 zoneOutage 18", "00:02:15 unhealthy 18", "00:02:50 alert "]);
    let kinds: Vec<&str> = log[3..].iter().filter_map(|line| line.split(' ').nth(1)).collect();
    assert_eq!(kinds, ["action", "replicas", "inService", "zoneBack", "fullCapacity", "replicas"]);
    assert!(log[5].ends_with("inService 18"), "in the zones that are left: {log:?}");
    assert_eq!(log[6], "00:12:00 zoneBack ");
    assert!(log[7].starts_with("00:13:") && log[7].ends_with("fullCapacity 72"), "{log:?}");
    let (code, _) = told("zone-outage.yaml", &["--set", "services.web.pools.standard.replicas=66"]);
    assert_eq!(code, Some(0), "two zones of 66 servers carry the peak");
}

#[test]
fn servers_ordered_in_time_are_there_in_time() {
    let there = |options: &[&str]| {
        let (code, log) = told("pre-scaling.yaml", options);
        (code, log.into_iter().find(|line| line.contains("fullCapacity")).expect("they come"))
    };
    let (early, late) = (there(&[]), there(&["-f", "overlays/five-minutes-late.yaml"]));
    assert_eq!((early.0, late.0), (Some(0), Some(99)));
    assert!(*"23:57" < *early.1 && *early.1 < *"23:59:59", "{early:?}");
    assert!(*"00:02" < *late.1 && *late.1 < *"00:06", "{late:?}");
}
