//! A faulty release small enough for paper: 100 s in intervals of 10 s, 10 servers of which the load needs 6.
//!
//! Its rollout begins at 12 s, the first request is bad at 23 s, it is detected at 41 s, decided against at 45 s, gone at
//! 58 s. Users are judged in windows of 20 s: that from 60 s on is the first that is met after that.

use crate::results::example::{self, S, wide};
use crate::results::*;

/// The plan of the study: `web` alone, judged by its share of successes.
pub(crate) fn plan() -> Plan {
    let mut plan = example::study().plan;
    (plan.duration_ns, plan.interval_ns, plan.warmup_ns) = (100 * S, 10 * S, 0);
    plan.objectives.truncate(2);
    plan.objectives[0].every_ns = None;
    let success = &mut plan.objectives[1];
    success.goal = Goal::Success { at_least: 0.9, inclusive: true };
    success.every_ns = Some(20 * S);
    let policy = |name: &str, strategy: &str| PolicyPlan {
        name: name.into(),
        strategy: strategy.into(),
        detection: "analysis".into(),
        rollback: "version".into(),
    };
    plan.releases = vec![ReleasePlan {
        version: "v2".into(),
        service: 0,
        configuration: false,
        hotfix: false,
        policies: vec![policy("canary", "canary"), policy("all at once", "recreate")],
        objectives: vec![1],
    }];
    plan
}

/// Counts bad requests up: at each instant in seconds, how many there are since the start, and how many without the
/// release.
pub(crate) fn marks(counts: &[(u64, u64, u64)]) -> Vec<BadMark> {
    counts.iter().map(|&(at, bad, without)| BadMark { at_ns: at * S, bad, without: Some(without) }).collect()
}

/// Windows of 20 s with so many of 100 requests bad.
pub(crate) fn health(bad: &[(u64, u64)]) -> ObjectiveRun {
    let window = |&(from, bad): &(u64, u64)| WindowRecord {
        to_ns: (from + 20) * S,
        ..example::window(from, 100, bad, None)
    };
    ObjectiveRun { windows: bad.iter().map(window).collect() }
}

/// The release above.
pub(crate) fn faulty() -> ReleaseRun {
    ReleaseRun {
        release: 0,
        policy: 0,
        commit: 1,
        from: "v1".into(),
        to: "v2".into(),
        faulty: true,
        committed_ns: None,
        start_ns: Some(12 * S),
        promoted_ns: None,
        detected_ns: Some(41 * S),
        exposed_ppm: Some(50_000),
        decided_ns: Some(45 * S),
        clear_ns: Some(58 * S),
        restored_ns: Some(71 * S),
        stand: Stand::RolledBack,
        first_bad_ns: Some(23 * S),
        // 10 bad a window of 10 s while it harms, and one without it at 25 s and 55 s each.
        marks: marks(&[
            (20, 0, 0),
            (30, 5, 1),
            (40, 15, 1),
            (50, 25, 1),
            (60, 32, 2),
            (70, 34, 2),
            (80, 34, 2),
            (90, 35, 2),
            (100, 35, 3),
        ]),
        health: vec![health(&[(20, 14), (40, 18), (60, 2), (80, 1)])],
        suspects: vec![],
        series: ReleaseSeries {
            // Mean servers 10 (of 8 s), 8, 5, 3, 4, 6, 8, 10, 10.
            previous_ns: [0, 80, 80, 50, 30, 40, 60, 80, 100, 100].map(wide).to_vec(),
            new_ns: [0, 0, 20, 40, 60, 50, 30, 10, 0, 0].map(wide).to_vec(),
            weight_ppm: vec![0, 50_000, 50_000, 50_000, 50_000, 0, 0, 0, 0, 0],
            bad: vec![0, 0, 5, 10, 10, 7, 2, 0, 1, 0],
            ended: vec![50; 10],
            seen_ppm: vec![
                None,
                None,
                Some(0),
                Some(100_000),
                Some(200_000),
                Some(170_000),
                None,
                None,
                None,
                None,
            ],
            load_milli: vec![6_000; 10],
        },
    }
}

/// A release that never left its pipeline.
pub(crate) fn caught() -> ReleaseRun {
    ReleaseRun {
        committed_ns: Some(5 * S),
        start_ns: None,
        detected_ns: None,
        exposed_ppm: None,
        decided_ns: None,
        clear_ns: None,
        restored_ns: None,
        stand: Stand::Caught,
        first_bad_ns: None,
        marks: vec![],
        health: vec![],
        series: ReleaseSeries::default(),
        ..faulty()
    }
}

/// A study of so many days with these releases on each.
pub(crate) fn study(days: Vec<Vec<ReleaseRun>>) -> StudyResult {
    let mut study = example::study();
    study.plan = plan();
    study.plan.services.truncate(1);
    study.plan.rows.truncate(2);
    let mut day = study.runs.remove(0);
    day.rows.truncate(2);
    day.services.truncate(1);
    day.servers.truncate(3);
    day.service_series.truncate(1);
    day.row_series.truncate(2);
    day.objectives = vec![ObjectiveRun::default(), health(&[(0, 0), (20, 14), (40, 18), (60, 2), (80, 1)])];
    stretch(&mut day, 10);
    study.replications_planned = days.len() as u32;
    let days = (1..).zip(days);
    study.runs =
        days.map(|(replication, releases)| RunResult { replication, releases, ..day.clone() }).collect();
    study
}

/// Repeats every series over so many intervals.
pub(crate) fn stretch(day: &mut RunResult, intervals: usize) {
    fn repeat<T: Clone>(values: &mut Vec<T>, count: usize) {
        *values = values.iter().cycle().take(count).cloned().collect();
    }
    for row in &mut day.row_series {
        let counts = row.outcomes.iter_mut().chain([&mut row.offered, &mut row.dispatched]);
        counts.for_each(|column| repeat(column, intervals));
        [&mut row.in_flight_ns, &mut row.size_sum_micros].into_iter().for_each(|c| repeat(c, intervals));
        [&mut row.p50_ns, &mut row.p99_ns].into_iter().for_each(|c| repeat(c, intervals));
    }
    for service in &mut day.service_series {
        let wides = [
            &mut service.desired_ns,
            &mut service.ordered_ns,
            &mut service.ready_ns,
            &mut service.slot_ns,
            &mut service.cpu_milli_ns,
            &mut service.queued_ns,
        ];
        wides.into_iter().for_each(|column| repeat(column, intervals));
        [&mut service.p50_ns, &mut service.p99_ns].into_iter().for_each(|c| repeat(c, intervals));
        let sent = [&mut service.sent_total, &mut service.sent_most, &mut service.sent_servers];
        sent.into_iter().for_each(|c| repeat(c, intervals));
    }
}

#[test]
fn the_example_hangs_together_and_is_read_back_as_it_was_written() {
    let study = study(vec![vec![faulty()], vec![caught()]]);
    check_shape(&study).unwrap();
    let written = serde_json::to_string(&study).unwrap();
    assert_eq!(serde_json::from_str::<StudyResult>(&written).unwrap(), study);
}

#[test]
fn releases_that_do_not_hang_together_are_refused() {
    type Change = fn(&mut StudyResult);
    let table: [(&str, Change); 10] = [
        ("a release names an unknown service", |s| s.plan.releases[0].service = 1),
        ("a release names an unknown objective, or none", |s| s.plan.releases[0].objectives = vec![2]),
        ("a release names an unknown objective, or none", |s| s.plan.releases[0].objectives = vec![]),
        ("a release has no policy", |s| s.plan.releases[0].policies = vec![]),
        ("replication 1: a release or its policy is unknown", |s| s.runs[0].releases[0].policy = 2),
        ("replication 1: a release or its policy is unknown", |s| s.runs[0].releases[0].release = 1),
        ("replication 1: a release is not judged by its objectives", |s| {
            s.runs[0].releases[0].health.clear()
        }),
        ("replication 1: bad requests of a release are not in order of time", |s| {
            s.runs[0].releases[0].marks.swap(0, 1);
        }),
        ("replication 1: a release's series is not as long as the run", |s| {
            s.runs[0].releases[0].series.bad.pop();
        }),
        ("replication 1: a server names an unknown version", |s| s.runs[0].servers[0].version = 1),
    ];
    for (what, change) in table {
        let mut study = study(vec![vec![faulty()]]);
        change(&mut study);
        assert_eq!(check_shape(&study), Err(what.to_owned()));
    }
}
