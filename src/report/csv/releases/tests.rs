//! Tables of releases, as on paper.

use super::*;
use crate::results::example::S;
use crate::results::released::{caught, faulty, marks, study};
use crate::results::{ReleaseRun, Stand};

fn text(bytes: io::Result<Vec<u8>>) -> String {
    String::from_utf8(bytes.unwrap()).unwrap()
}

/// Returns the cells of a row by the heads of their columns.
fn cells(file: &str, row: usize) -> Vec<(String, String)> {
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(file.as_bytes());
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    records[0].iter().zip(&records[row]).map(|(head, cell)| (head.to_owned(), cell.to_owned())).collect()
}

#[test]
fn releases_are_golden() {
    let escaped = ReleaseRun {
        policy: 1,
        commit: 2,
        decided_ns: None,
        detected_ns: None,
        exposed_ppm: None,
        clear_ns: None,
        restored_ns: None,
        stand: Stand::Promoted,
        ..faulty()
    };
    let study = study(vec![vec![faulty(), escaped], vec![caught()]]);
    let expected = "\
replication,release,name,commit,policy,service,from_version,to_version,strategy,rollback,committed_s,committed,\
start_s,start,first_harm_s,first_harm,detected_s,detected,decided_s,decided,clear_s,clear,restored_s,restored,\
healthy_s,healthy,detection_time_s,failure_time_s,recovery_time_s,rollback_ratio,requests_harmed,exposed,\
rollback_trap_s,faulty,outcome
1,1,v2,1,canary,web,v1,v2,canary,version,,,12,1970-01-01T08:00:12+08:00,23,1970-01-01T08:00:23+08:00,\
41,1970-01-01T08:00:41+08:00,45,1970-01-01T08:00:45+08:00,58,1970-01-01T08:00:58+08:00,\
71,1970-01-01T08:01:11+08:00,60,1970-01-01T08:01:00+08:00,22,37,15,2.46666667,30,0.05,30,true,rolledBack
1,1,v2,2,all at once,web,v1,v2,recreate,version,,,12,1970-01-01T08:00:12+08:00,23,1970-01-01T08:00:23+08:00,\
,,,,,,,,,,,,,,32,,30,true,defectEscaped
2,1,v2,1,canary,web,v1,v2,canary,version,5,1970-01-01T08:00:05+08:00,,,,,,,,,,,,,,,,,,,,,,true,caught
";
    assert_eq!(text(releases_csv(&study)), expected);
    let mut timeless = study;
    timeless.plan.start = None;
    assert!(
        text(releases_csv(&timeless))
            .contains("\n1,1,v2,1,canary,web,v1,v2,canary,version,,,12,,23,,41,,45,,")
    );
}

/// `all at once` harms 30 and 50 requests, `canary` 100 and 130: ahead by 70 and 80, 75 -+ 12.7062 x 5.
#[test]
fn policies_are_golden_and_the_least_harmful_stands_first() {
    let harming =
        |policy, harmed| ReleaseRun { policy, marks: marks(&[(20, 0, 0), (60, harmed, 0)]), ..faulty() };
    let day = |canary, whole| vec![harming(0, canary), harming(1, whole)];
    let file = text(release_policies_csv(&study(vec![day(100, 30), day(130, 50)])));
    assert_eq!(file.lines().count(), 3);
    let expected = "\
release=1 name=v2 service=web rank=2 policy=canary strategy=canary detection=analysis rollback=version releases=2 \
promoted=0 rolled_back=2 stuck=0 defect_escaped=0 false_alarm=0 censored=0 caught=0 waiting=0 skipped=0 \
requests_harmed=115 requests_harmed_lo=-75.593071 requests_harmed_hi=305.593071 requests_harmed_p50=115 \
requests_harmed_p90=127 failure_time_s=37 failure_time_s_lo=37 failure_time_s_hi=37 failure_time_s_p50=37 \
failure_time_s_p90=37 recovery_time_s=15 recovery_time_s_lo=15 recovery_time_s_hi=15 recovery_time_s_p50=15 \
recovery_time_s_p90=15 detection_time_s=22 detection_time_s_lo=22 detection_time_s_hi=22 detection_time_s_p50=22 \
detection_time_s_p90=22 rollback_ratio=2.46666667 rollback_ratio_lo=2.46666667 rollback_ratio_hi=2.46666667 \
rollback_ratio_p50=2.46666667 rollback_ratio_p90=2.46666667 rollback_trap_s=30 rollback_trap_s_lo=30 \
rollback_trap_s_hi=30 rollback_trap_s_p50=30 rollback_trap_s_p90=30 exposed=0.05 exposed_lo=0.05 exposed_hi=0.05 \
exposed_p50=0.05 exposed_p90=0.05 requests_harmed_beyond_first=75 requests_harmed_beyond_first_lo=11.4689763 \
requests_harmed_beyond_first_hi=138.531024 p_detect_before_5=0 p_detect_before_5_lo=0 \
p_detect_before_5_hi=0.776393202 p_detect_before_10=1 p_detect_before_10_lo=0.223606798 p_detect_before_10_hi=1 \
p_detect_before_25=1 p_detect_before_25_lo=0.223606798 p_detect_before_25_hi=1 p_detect_before_50=1 \
p_detect_before_50_lo=0.223606798 p_detect_before_50_hi=1 p_false_abort= p_false_abort_lo= p_false_abort_hi= \
deployment_frequency_per_day=864 deployment_frequency_per_day_lo=864 deployment_frequency_per_day_hi=864 \
lead_time_mean_s= lead_time_mean_s_lo= lead_time_mean_s_hi= change_fail_rate=1 change_fail_rate_lo=1 \
change_fail_rate_hi=1 rework_rate=0 rework_rate_lo=0 rework_rate_hi=0 failed_deployment_recovery_time_mean_s=37 \
failed_deployment_recovery_time_mean_s_lo=37 failed_deployment_recovery_time_mean_s_hi=37 lead_time_median_s= \
failed_deployment_recovery_time_median_s=37";
    let found: Vec<_> = cells(&file, 2).iter().map(|(head, cell)| format!("{head}={cell}")).collect();
    assert_eq!(found.join(" "), expected);
    let first = cells(&file, 1);
    let cell = |name: &str| &*first.iter().find(|(head, _)| head == name).unwrap().1;
    assert_eq!((cell("rank"), cell("policy"), cell("requests_harmed")), ("1", "all at once", "40"));
    assert_eq!(cell("requests_harmed_beyond_first"), "", "not to be compared with itself");
}

/// Without a finished day nothing is known, and nothing is 0.
#[test]
fn cells_are_empty_where_nothing_applies() {
    let file = text(release_policies_csv(&study(vec![])));
    for row in [1, 2] {
        for (head, cell) in &cells(&file, row)[9 + ReleaseOutcome::COLUMNS.len()..] {
            assert_eq!(cell, "", "{head}");
        }
    }
    let never =
        text(release_policies_csv(&study(vec![vec![ReleaseRun { start_ns: Some(13 * S), ..caught() }]])));
    let found = cells(&never, 1);
    let cell = |name: &str| &*found.iter().find(|(head, _)| head == name).unwrap().1;
    assert_eq!((cell("caught"), cell("requests_harmed"), cell("failure_time_s")), ("1", "", ""));
}
