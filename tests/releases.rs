//! Releases on paper: evenly spaced requests, constant work, one defect, and every column of `releases.csv`.
//!
//! Ten requests a second, at 0.05 s, 0.15 s and so on, each served in 50 ms by one of four servers in turn. A server
//! boots in 20 s. Monitoring scrapes every 10 s, looks back 20 s and shows it 2 s later. Users are well served in
//! windows of 10 s with 99 % of success.

use std::collections::BTreeMap;
use std::process::Command;

const BASE: &str = "
apiVersion: peakday/v1alpha1
kind: Scenario
metadata: {name: story}
run: {duration: 5m, replications: 1, interval: 10s}
traffic: {orders: {to: web, class: order, arrivals: uniform, rate: 10/s}}
services:
  web:
    version: \"1\"
    pools: {main: {replicas: 4, concurrency: 4, startup: {boot: 20s}}}
    work: 50ms
    balancer: roundRobin
monitoring: {seen: {scrape: 10s, window: 20s, delay: 2s}}
objectives: [{name: answers, service: web, success: {gte: 99%}, every: 10s}]
";

/// Every request fails that the new version serves.
const BAD: &str = "defect: {errors: {rate: 100%}}";

type Row = BTreeMap<String, String>;

/// What a run says.
struct Told {
    releases: Vec<Row>,
    /// Time, kind, name and detail of what happened.
    events: Vec<(String, String, String)>,
}

/// Runs the base with what is laid over it.
fn run(over: &str) -> Told {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (base, over) = (file("story.yaml", BASE), file("over.yaml", over));
    let out = folder.path().join("out");
    let ran = Command::new(env!("CARGO_BIN_EXE_peakday"))
        .arg("run")
        .arg(&base)
        .arg("-f")
        .arg(&over)
        .args(["-q", "-o"])
        .arg(&out)
        .output()
        .unwrap();
    assert!(matches!(ran.status.code(), Some(0 | 99)), "{}", String::from_utf8_lossy(&ran.stderr));
    let table = |name: &str| -> Vec<Row> {
        let mut reader = csv::Reader::from_path(out.join(name)).unwrap();
        let header = reader.headers().unwrap().clone();
        let row = |row: csv::StringRecord| {
            header.iter().zip(&row).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
        };
        reader.records().map(|record| row(record.unwrap())).collect()
    };
    let event = |row: &Row| (row["time_s"].clone(), row["kind"].clone(), row["detail"].clone());
    Told { releases: table("releases.csv"), events: table("events.csv").iter().map(event).collect() }
}

/// Lays one release over the base.
fn release(keys: &[&str]) -> Told {
    release_for("5m", keys)
}

fn release_for(duration: &str, keys: &[&str]) -> Told {
    let keys: Vec<String> = keys.iter().map(|key| format!("    {key}\n")).collect();
    run(&format!(
        "run: {{duration: {duration}}}\nreleases:\n  - service: web\n    version: \"2\"\n    at: 100s\n{}",
        keys.concat()
    ))
}

/// Compares columns; numbers as far as they are written.
fn expect(row: &Row, columns: &[(&str, &str)]) {
    let wrong: Vec<String> = columns
        .iter()
        .filter(|(column, wanted)| {
            let got = row.get(*column).unwrap_or_else(|| panic!("no column {column} in {row:?}"));
            match (got.parse::<f64>(), wanted.parse::<f64>()) {
                (Ok(got), Ok(wanted)) => (got - wanted).abs() > 5e-9 * wanted.abs().max(1.0),
                _ => got != wanted,
            }
        })
        .map(|(column, wanted)| format!("{column}: {:?} instead of {wanted:?}", row[*column]))
        .collect();
    assert!(wrong.is_empty(), "{}\n{row:#?}", wrong.join("\n"));
}

/// More than a tenth of errors, seen once, is an alert.
const ALERT: &str = "detection: [{alert: {errors: 10%, from: seen}}]";
const ALL_AT_ONCE: &str = "rollout: {rolling: {maxSurge: 100%, maxUnavailable: 0}}";

#[test]
fn a_pushed_configuration_is_pushed_back() {
    // Pushed at 100 s to all at once: the request of 100.05 s fails at 100.1 s. The scrape of 110 s sees 100 of 200
    // fail and shows it at 112 s; the alert waits for 20 s of it: 132 s. From then on all is well: 320 requests of
    // 100.05 s to 131.95 s failed; the first whole window begins at 140 s.
    let told = release(&[
        BAD,
        "configuration: {propagation: 0s}",
        "detection: [{alert: {errors: 10%, from: seen, for: 20s}}]",
        "rollback: version",
    ]);
    expect(
        &told.releases[0],
        &[
            ("replication", "1"),
            ("service", "web"),
            ("from_version", "1"),
            ("to_version", "2"),
            ("strategy", "configuration"),
            ("rollback", "version"),
            ("committed_s", ""),
            ("start_s", "100"),
            ("first_harm_s", "100.1"),
            ("detected_s", "132"),
            ("decided_s", "132"),
            ("clear_s", "132"),
            ("restored_s", "132"),
            ("healthy_s", "140"),
            ("detection_time_s", "31.9"),
            ("failure_time_s", "39.9"),
            ("recovery_time_s", "8"),
            ("rollback_ratio", "4.9875"),
            ("requests_harmed", "320"),
            ("rollback_trap_s", "0"),
            ("outcome", "rolledBack"),
        ],
    );
}

#[test]
fn a_rolling_update_is_rolled_back_by_its_own_rules() {
    // One more at a time: the first new server serves from 120 s on, a quarter of the requests, and the last old one
    // leaves. It stands in the fourth place, and 1,200 came
    // before: the request of 120.35 s is its first. The
    // scrape of 130 s sees 25 of 200 fail, shown at 132 s. The second new server, which still boots, is given up for
    // an old one, which serves at 152 s; then the new one leaves: 80 requests.
    let told =
        release(&[BAD, "rollout: {rolling: {maxSurge: 1, maxUnavailable: 0}}", ALERT, "rollback: version"]);
    expect(
        &told.releases[0],
        &[
            ("strategy", "rolling"),
            ("start_s", "100"),
            ("first_harm_s", "120.4"),
            ("detected_s", "132"),
            ("decided_s", "132"),
            ("clear_s", "152"),
            ("restored_s", "152"),
            ("healthy_s", "160"),
            ("detection_time_s", "11.6"),
            ("failure_time_s", "39.6"),
            ("recovery_time_s", "28"),
            ("rollback_ratio", "1.4142857142857144"),
            ("requests_harmed", "80"),
            ("outcome", "rolledBack"),
        ],
    );
}

#[test]
fn an_image_is_restored_two_servers_at_a_time() {
    // All new at 120 s. Shown at 132 s; somebody looks at 137 s and decides at 140 s. The image of 60 s is 80 s old.
    // Two servers are restored in 15 s and boot in 20 s: 175 s; then the others: 210 s. Until 175 s all that come
    // meet the two that are left: 550 requests.
    let told = release(&[
        BAD,
        ALL_AT_ONCE,
        "detection: [{alert: {errors: 10%, from: seen}, person: {acknowledge: 5s, decide: 3s}}]",
        "rollback: {snapshot: {restore: 15s, parallel: 2, every: 60s, maxAge: 90s}}",
    ]);
    expect(
        &told.releases[0],
        &[
            ("rollback", "snapshot"),
            ("first_harm_s", "120.1"),
            ("detected_s", "132"),
            ("decided_s", "140"),
            ("clear_s", "175"),
            ("restored_s", "210"),
            ("healthy_s", "180"),
            ("detection_time_s", "19.9"),
            ("failure_time_s", "59.9"),
            ("recovery_time_s", "40"),
            ("rollback_ratio", "1.4975"),
            ("requests_harmed", "550"),
            ("outcome", "rolledBack"),
        ],
    );
}

#[test]
fn blue_green_switches_back_while_the_old_fleet_stands() {
    // Switched at 120 s and back at 132 s: 120 requests.
    let told =
        release(&[BAD, "rollout: {blueGreen: {scaleDownDelaySeconds: 60}}", ALERT, "rollback: version"]);
    expect(
        &told.releases[0],
        &[
            ("strategy", "blueGreen"),
            ("start_s", "100"),
            ("first_harm_s", "120.1"),
            ("detected_s", "132"),
            ("decided_s", "132"),
            ("clear_s", "132"),
            ("healthy_s", "140"),
            ("detection_time_s", "11.9"),
            ("failure_time_s", "19.9"),
            ("recovery_time_s", "8"),
            ("rollback_ratio", "2.4875"),
            ("requests_harmed", "120"),
            ("rollback_trap_s", "0"),
            ("outcome", "rolledBack"),
        ],
    );
}

#[test]
fn blue_green_orders_the_old_fleet_anew_once_it_is_gone() {
    // The old fleet goes at 125 s; ordered anew at 132 s, it boots until 152 s and has the traffic then: 320 requests.
    let told =
        release(&[BAD, "rollout: {blueGreen: {scaleDownDelaySeconds: 5}}", ALERT, "rollback: version"]);
    expect(
        &told.releases[0],
        &[
            ("decided_s", "132"),
            ("clear_s", "152"),
            ("healthy_s", "160"),
            ("requests_harmed", "320"),
            ("outcome", "rolledBack"),
        ],
    );
}

#[test]
fn a_false_alarm_harms_by_itself() {
    // Nothing is wrong with the new version; every request that ends from 125 to 132.5 s fails with or without it, one
    // at the very instant of the decision. Shown at 132 s; all servers are restored at once, and nobody serves for
    // 35 s: 350 requests, of which five would have failed anyway.
    let told = release(&[
        ALL_AT_ONCE,
        ALERT,
        "rollback: {snapshot: {restore: 15s, every: 60s}}",
        "\nfaults:\n  - {at: 125s, errors: {service: web, share: 100%, duration: 7500ms}}",
    ]);
    expect(
        &told.releases[0],
        &[
            ("first_harm_s", "132"),
            ("detected_s", "132"),
            ("decided_s", "132"),
            ("clear_s", "132"),
            ("restored_s", "167"),
            ("healthy_s", "170"),
            ("detection_time_s", ""),
            ("failure_time_s", "38"),
            ("recovery_time_s", "38"),
            ("rollback_ratio", ""),
            ("requests_harmed", "345"),
            ("outcome", "falseAlarm"),
        ],
    );
}

#[test]
fn a_rollback_that_fails_is_tried_again_until_it_is_given_up() {
    let told = release(&[
        BAD,
        "configuration: {propagation: 0s}",
        ALERT,
        "rollback: {version: {failures: 100%, retry: 30s, attempts: 2}}",
    ]);
    // Shown at 112 s; tried at 112 s and 142 s. 1,999 requests fail that end before 300 s.
    expect(
        &told.releases[0],
        &[
            ("detected_s", "112"),
            ("decided_s", "112"),
            ("clear_s", ""),
            ("restored_s", ""),
            ("healthy_s", ""),
            ("failure_time_s", ""),
            ("recovery_time_s", ""),
            ("rollback_ratio", ""),
            ("requests_harmed", "1999"),
        ],
    );
    let failed: Vec<&str> = told
        .events
        .iter()
        .filter(|event| event.1 == "rollbackFailed")
        .map(|event| event.0.as_str())
        .collect();
    assert_eq!(failed, ["112", "142"]);
}

#[test]
fn who_is_not_healthy_by_the_end_is_censored() {
    // The first whole window after 132 s would end at 150 s.
    let told = release_for(
        "145s",
        &[
            BAD,
            "configuration: {propagation: 0s}",
            "detection: [{alert: {errors: 10%, from: seen, for: 20s}}]",
            "rollback: version",
        ],
    );
    expect(
        &told.releases[0],
        &[
            ("decided_s", "132"),
            ("restored_s", "132"),
            ("healthy_s", ""),
            ("detection_time_s", "31.9"),
            ("failure_time_s", ""),
            ("recovery_time_s", ""),
            ("rollback_ratio", ""),
            ("requests_harmed", "320"),
            ("outcome", "censored"),
        ],
    );
}

#[test]
fn servers_that_are_restored_by_lot_come_back_after_a_failed_attempt() {
    // The first of two attempts fails: by the draw of this version's name. Shown at 112 s, tried at 112 s and 142 s.
    let told = release(&[
        BAD,
        "configuration: {propagation: 30s}",
        ALERT,
        "rollback: {version: {failures: 50%, retry: 30s, attempts: 9}}",
    ]);
    let row = &told.releases[0];
    let failed = told.events.iter().filter(|event| event.1 == "rollbackFailed").count() as f64;
    // Four servers change within 30 s, one every 10 s, there and back; every failed attempt costs 30 s more.
    let decided: f64 = row["decided_s"].parse().unwrap();
    let restored: f64 = row["restored_s"].parse().unwrap();
    assert_eq!(restored, decided + 30.0 * failed + 30.0, "{row:#?}");
    assert_eq!(row["outcome"], "rolledBack");
}

#[test]
fn a_canary_gets_its_weight_whatever_its_servers() {
    let told = release(&[
        BAD,
        "rollout: {canary: {trafficRouting: {}, steps: [{setWeight: 50}, {pause: {duration: 30s}}, {analysis: {successRate: {from: seen, min: 99%}, interval: 10s, minSample: 5, failureLimit: 1}}]}}",
        "rollback: version",
    ]);
    let row = &told.releases[0];
    // Two of four servers for half of the traffic: both boot until 120 s. The pause ends at 150 s: the look of 150 s
    // sees the scrape of 140 s, shown at 142 s; the look of 160 s that of 150 s. The weight is 0 from then on.
    expect(
        row,
        &[
            ("strategy", "canary"),
            ("start_s", "100"),
            ("detected_s", "160"),
            ("decided_s", "160"),
            ("clear_s", "160"),
            ("healthy_s", "160"),
            ("recovery_time_s", "0"),
            ("exposed", "0.5"),
            ("outcome", "rolledBack"),
        ],
    );
    // Half of the 400 requests of 120.05 s to 159.95 s, by lot: within five standard deviations of 10.
    let harmed: f64 = row["requests_harmed"].parse().unwrap();
    assert!((harmed - 200.0).abs() <= 50.0, "{harmed}");
}

#[test]
fn flaggers_form_gives_up_after_so_many_failed_checks() {
    let told = release(&[
        BAD,
        "rollout: {progressive: {interval: 10s, threshold: 3, maxWeight: 50, stepWeight: 10, analysis: {successRate: {from: seen, min: 99%}, minSample: 1}}}",
        "rollback: version",
    ]);
    let row = &told.releases[0];
    // The fleet stands at 120 s: weight 10 %. Checks at 130 s, 140 s and 150 s; what the check of 130 s sees was
    // scraped before the weight was set, so it is no success either. The look after the third failure gives up: 160 s.
    expect(row, &[("start_s", "100"), ("decided_s", "160"), ("exposed", "0.1"), ("outcome", "rolledBack")]);
}

#[test]
fn a_commit_passes_its_pipeline_and_a_freeze_and_waits_for_another() {
    let told = run("
releases:
  - service: web
    version: \"2\"
    at: 50s
    pipeline: {stages: [{name: build, duration: 30s, parallel: 1}, {name: soak, duration: 15s}]}
    rollout: {rolling: {maxSurge: 100%, maxUnavailable: 0}}
    ifBusy: wait
  - service: web
    version: \"3\"
    at: 100s
    ifBusy: wait
    rollout: {rolling: {maxSurge: 100%, maxUnavailable: 0}}
freezes: [{from: 90s, to: 110s}]
");
    // Built at 80 s, soaked at 95 s, frozen until 110 s, as the other; the first in the file begins, and is in service
    // when its servers have booted: 130 s; then the other.
    expect(
        &told.releases[0],
        &[
            ("committed_s", "50"),
            ("start_s", "110"),
            ("outcome", "promoted"),
            ("requests_harmed", "0"),
            ("decided_s", ""),
        ],
    );
    expect(&told.releases[1], &[("from_version", "2"), ("start_s", "130"), ("outcome", "promoted")]);
    let kinds: Vec<&str> = told.events.iter().map(|event| event.1.as_str()).collect();
    let order =
        ["commit", "stagePassed", "stagePassed", "frozen", "rolloutStarted", "promoted", "rolloutStarted"];
    let mut rest = kinds.iter();
    assert!(order.iter().all(|kind| rest.any(|other| other == kind)), "{kinds:?}");
}

#[test]
fn every_way_meets_the_same_customers_and_each_is_as_if_it_were_alone() {
    let ways = [
        "recreate",
        "{rolling: {maxSurge: 1, maxUnavailable: 0}}",
        "{blueGreen: {scaleDownDelaySeconds: 60}}",
    ];
    let compared = release(&[
        BAD,
        ALL_AT_ONCE,
        ALERT,
        "rollback: version",
        &format!(
            "compare: {{one: {{rollout: {}}}, two: {{rollout: {}}}, three: {{rollout: {}}}}}",
            ways[0], ways[1], ways[2]
        ),
    ]);
    assert_eq!(compared.releases.len(), 4);
    for (way, beside) in ways.iter().zip(&compared.releases[1..]) {
        let alone = release(&[BAD, &format!("rollout: {way}"), ALERT, "rollback: version"]);
        for (column, value) in &alone.releases[0] {
            if column != "policy" {
                assert_eq!(&beside[column], value, "{way}: {column}");
            }
        }
    }
}

#[test]
fn who_waited_for_another_is_held_by_a_freeze_all_the_same() {
    // The first is in service at 120 s, in the midst of a freeze that began after its start; the second waited for it, and
    // now waits for the end of the freeze.
    let told = run("
releases:
  - service: web
    version: \"2\"
    at: 100s
    ifBusy: wait
    rollout: {rolling: {maxSurge: 100%, maxUnavailable: 0}}
  - service: web
    version: \"3\"
    at: 110s
    ifBusy: wait
    configuration: {propagation: 0s}
freezes: [{from: 115s, to: 140s}]
");
    expect(&told.releases[0], &[("start_s", "100"), ("outcome", "promoted")]);
    expect(&told.releases[1], &[("start_s", "140"), ("outcome", "promoted")]);
}
