//! Every figure of a release, as on paper.

use crate::results::example::{S, wide};
use crate::results::released::{caught, faulty, health, marks, plan};
use crate::results::{Goal, ObjectiveRun, Plan, ReleaseFacts, ReleaseRun, Stand, WindowRecord};

/// What is changed about the plan and the release of the example.
type Change = fn(&mut Plan, &mut ReleaseRun);

/// Returns in words: first harm, healthy again, detection time, failure time, recovery time, ratio, requests harmed,
/// rollback-trap time, and outcome; `-` where empty.
fn told(facts: &ReleaseFacts) -> String {
    let seconds = |nanos: Option<u64>| nanos.map_or("-".to_owned(), |nanos| (nanos as f64 / 1e9).to_string());
    let times = [facts.first_harm_ns, facts.healthy_ns, facts.detection_ns(), facts.failure_ns()];
    let mut words: Vec<String> = times.map(seconds).to_vec();
    words.push(seconds(facts.recovery_ns()));
    words.push(facts.rollback_ratio().map_or("-".to_owned(), |ratio| format!("{ratio:.3}")));
    words.push(facts.requests_harmed.map_or("-".to_owned(), |count| count.to_string()));
    words.push(seconds(facts.trap_ns));
    words.push(facts.outcome.name().to_owned());
    words.join(" ")
}

fn check(table: &[(&str, Change, &str)]) {
    for (what, change, expected) in table {
        let (mut plan, mut run) = (plan(), faulty());
        change(&mut plan, &mut run);
        let facts = ReleaseFacts::new(&plan, &plan.releases[0], &run);
        assert_eq!(told(&facts), *expected, "{what}");
    }
}

/// Nobody decides against the release, and it comes into service.
fn in_service(run: &mut ReleaseRun) {
    (run.detected_ns, run.exposed_ppm, run.decided_ns, run.clear_ns) = (None, None, None, None);
    (run.restored_ns, run.promoted_ns, run.stand) = (None, Some(60 * S), Stand::Promoted);
}

/// Nobody is harmed: as many bad requests as without the release.
fn harmless(run: &mut ReleaseRun) {
    run.first_bad_ns = None;
    run.marks.iter_mut().for_each(|mark| mark.bad = mark.without.unwrap());
}

/// 60 - 23, 60 - 45 and 45 - 23 s; 37 / 15; 32 - 2 requests; of the intervals from 30 s to 60 s all 30 s.
#[test]
fn a_version_rollback_is_as_on_paper() {
    check(&[("as it is", |_, _| {}, "23 60 22 37 15 2.467 30 30 rolledBack")]);
}

#[test]
fn the_first_harm_is_the_first_bad_request_or_an_interval_before_it() {
    check(&[
        (
            "capacity was short from the start on",
            |_, run| run.marks[0].bad = 3,
            "12 60 33 48 15 3.200 30 30 rolledBack",
        ),
        (
            "an interval that ends with the first bad request was over before it",
            |_, run| run.first_bad_ns = Some(30 * S),
            "20 60 25 40 15 2.667 30 30 rolledBack",
        ),
        (
            "one that ends later was not",
            |_, run| run.first_bad_ns = Some(29 * S),
            "29 60 16 31 15 2.067 30 30 rolledBack",
        ),
        (
            "without a bad request of its own",
            |_, run| run.first_bad_ns = None,
            "20 60 25 40 15 2.667 30 30 rolledBack",
        ),
        (
            "the start is later than the interval's",
            |_, run| (run.first_bad_ns, run.marks[0].bad) = (None, 1),
            "12 60 33 48 15 3.200 30 30 rolledBack",
        ),
        (
            "the start is an interval's, and the interval before it is none of the release's",
            |_, run| (run.first_bad_ns, run.start_ns) = (None, Some(20 * S)),
            "20 60 25 40 15 2.667 30 30 rolledBack",
        ),
        (
            "as many as without the release are no harm, and fewer neither",
            |_, run| {
                run.first_bad_ns = None;
                run.marks = marks(&[(20, 2, 2), (30, 3, 4), (40, 5, 6), (50, 9, 7), (60, 9, 9), (100, 9, 9)]);
            },
            "40 60 5 20 15 1.333 0 30 rolledBack",
        ),
        (
            "what was read off at the decision tells that the interval was harmed only after it",
            |_, run| {
                run.first_bad_ns = None;
                run.marks = marks(&[(20, 2, 2), (40, 5, 6), (45, 6, 7), (50, 9, 7), (60, 9, 9), (100, 9, 9)]);
            },
            "45 60 - 15 15 - 0 30 falseAlarm",
        ),
        (
            "the paired run was not made",
            |_, run| run.marks.iter_mut().for_each(|mark| mark.without = None),
            "23 60 22 37 15 2.467 - 30 rolledBack",
        ),
    ]);
}

#[test]
fn a_false_alarm_has_neither_detection_time_nor_ratio() {
    check(&[
        ("nobody is harmed", |_, run| harmless(run), "- 60 - - 15 - 0 30 falseAlarm"),
        (
            "the rollback harms",
            |_, run| {
                run.first_bad_ns = Some(50 * S);
                run.marks = marks(&[(20, 0, 0), (50, 0, 0), (60, 7, 1), (100, 7, 1)]);
            },
            "50 60 - 10 15 - 6 30 falseAlarm",
        ),
        (
            "harm that begins with the decision was no reason for it",
            |_, run| {
                run.first_bad_ns = Some(45 * S);
                run.marks = marks(&[(20, 0, 0), (50, 4, 0), (60, 7, 1), (100, 7, 1)]);
            },
            "45 60 - 15 15 - 6 30 falseAlarm",
        ),
        (
            "what is worse once users are served well is none of the release's",
            |_, run| {
                harmless(run);
                run.marks[5].bad += 9;
            },
            "- 60 - - 15 - 0 30 falseAlarm",
        ),
        (
            "nor what is bad later in the interval in which they are",
            |_, run| {
                harmless(run);
                run.health[0].windows[2].from_ns = 65 * S;
                run.health[0].windows[2].to_ns = 85 * S;
                run.marks = marks(&[(20, 0, 0), (60, 2, 2), (65, 2, 2), (70, 9, 2), (100, 9, 2)]);
            },
            "- 65 - - 20 - 0 30 falseAlarm",
        ),
        (
            "nor a request that is told as bad only then",
            |_, run| {
                harmless(run);
                run.first_bad_ns = Some(60 * S);
            },
            "- 60 - - 15 - 0 30 falseAlarm",
        ),
        (
            "fewer are bad than without it",
            |_, run| {
                harmless(run);
                run.marks = marks(&[(20, 0, 1), (60, 1, 8), (100, 1, 8)]);
            },
            "- 60 - - 15 - -7 30 falseAlarm",
        ),
    ]);
}

#[test]
fn users_are_served_well_again_in_the_first_whole_window_that_is_met_once_the_version_is_gone() {
    check(&[
        (
            "gone with the window's beginning",
            |_, run| run.clear_ns = Some(60 * S),
            "23 60 22 37 15 2.467 30 30 rolledBack",
        ),
        // 34 - 2 by 80 s; at 60 s and 70 s six and eight of six servers are enough.
        ("gone after it", |_, run| run.clear_ns = Some(60 * S + 1), "23 80 22 57 35 1.629 32 30 rolledBack"),
        (
            "decided after it was gone",
            |_, run| (run.decided_ns, run.clear_ns) = (Some(60 * S), Some(50 * S)),
            "23 60 37 37 0 - 30 30 rolledBack",
        ),
        (
            "a window too bad",
            |_, run| run.health[0] = health(&[(60, 11), (80, 10)]),
            "23 80 22 57 35 1.629 32 30 rolledBack",
        ),
        (
            "nobody came",
            |_, run| {
                run.health[0].windows[2].total = 0;
                run.health[0].windows[2].bad = 0;
            },
            "23 80 22 57 35 1.629 32 30 rolledBack",
        ),
        (
            "the last is not whole",
            |_, run| {
                run.clear_ns = Some(61 * S);
                run.health[0].windows[3].to_ns -= 1;
            },
            "23 - 22 - - - 32 30 censored",
        ),
        (
            "the latest of two objectives, one in windows of the interval",
            |plan, run| {
                plan.releases[0].objectives = vec![1, 0];
                plan.objectives[0].goal =
                    Goal::Latency { percentile: 99.0, bound_ns: 100_000_000, inclusive: false };
                let window = |from: u64, ms: u64| WindowRecord {
                    from_ns: from * S,
                    to_ns: (from + 10) * S,
                    total: 9,
                    bad: 0,
                    value_ns: Some(ms * 1_000_000),
                };
                let windows = vec![window(50, 1), window(60, 100), window(70, 99), window(80, 1)];
                run.health.push(ObjectiveRun { windows });
            },
            "23 70 22 47 25 1.880 32 30 rolledBack",
        ),
        (
            "the latest is that of the first",
            |plan, run| {
                plan.releases[0].objectives = vec![1, 1];
                run.health = vec![health(&[(60, 11), (80, 1)]), health(&[(60, 1), (80, 1)])];
            },
            "23 80 22 57 35 1.629 32 30 rolledBack",
        ),
        (
            "a second objective that is never met",
            |plan, run| {
                plan.releases[0].objectives = vec![1, 0];
                run.health.push(ObjectiveRun::default());
            },
            "23 - 22 - - - 32 30 censored",
        ),
    ]);
}

#[test]
fn what_is_not_known_by_the_end_is_empty_and_the_rest_counts_to_the_end() {
    check(&[
        (
            "users are never served well again",
            |_, run| run.health[0] = health(&[(20, 14), (40, 18), (60, 20), (80, 30)]),
            "23 - 22 - - - 32 30 censored",
        ),
        (
            "the version is never gone, and the old servers are not enough to the end",
            |_, run| {
                (run.clear_ns, run.restored_ns, run.stand) = (None, None, Stand::RollbackFailed);
                run.series.previous_ns = vec![wide(10); 10];
            },
            "23 - 22 - - - 32 88 censored",
        ),
        (
            "a false alarm",
            |_, run| {
                harmless(run);
                run.clear_ns = None;
            },
            "- - - - - - 0 30 censored",
        ),
        (
            "in the midst of its rollout",
            |_, run| {
                in_service(run);
                run.stand = Stand::Rolling;
            },
            "23 - - - - - 32 30 censored",
        ),
    ]);
}

#[test]
fn outcomes_without_a_decision() {
    check(&[
        ("escaped", |_, run| in_service(run), "23 - - - - - 32 30 defectEscaped"),
        (
            "its defect harmed nobody",
            |_, run| {
                in_service(run);
                harmless(run);
            },
            "- - - - - - 0 30 promoted",
        ),
        (
            "a sound one",
            |_, run| {
                in_service(run);
                harmless(run);
                run.faulty = false;
            },
            "- - - - - - 0 30 promoted",
        ),
        (
            "a sound one that took too much away",
            |_, run| {
                in_service(run);
                (run.faulty, run.first_bad_ns) = (false, None);
            },
            "20 - - - - - 32 30 promoted",
        ),
        (
            "stuck",
            |_, run| {
                in_service(run);
                run.stand = Stand::Stuck;
            },
            "23 - - - - - 32 30 stuck",
        ),
        ("caught", |_, run| *run = caught(), "- - - - - - - - caught"),
        (
            "waiting",
            |_, run| *run = ReleaseRun { stand: Stand::Waiting, ..caught() },
            "- - - - - - - - waiting",
        ),
        (
            "skipped",
            |_, run| *run = ReleaseRun { stand: Stand::Skipped, ..caught() },
            "- - - - - - - - skipped",
        ),
    ]);
}

#[test]
fn a_trap_is_where_the_old_servers_are_fewer_than_the_load_needs() {
    check(&[
        (
            "a push needs none",
            |plan, _| plan.releases[0].configuration = true,
            "23 60 22 37 15 2.467 30 0 rolledBack",
        ),
        // 5, 3 and 4 servers for a load of 5, 3 and 3.999.
        (
            "as many as needed are enough",
            |_, run| run.series.load_milli = vec![0, 0, 0, 5_000, 3_000, 3_999, 9_000, 0, 0, 0],
            "23 60 22 37 15 2.467 30 0 rolledBack",
        ),
        (
            "a thousandth of a server less is not",
            |_, run| run.series.load_milli = vec![0, 0, 0, 5_001, 0, 0, 0, 0, 0, 0],
            "23 60 22 37 15 2.467 30 10 rolledBack",
        ),
        // Of the first interval 8 s are the rollout's: 9.9 servers in them, of 10 needed.
        (
            "from the start on",
            |_, run| {
                run.series.previous_ns[1].0 = 79 * u128::from(S);
                run.series.load_milli = vec![10_000, 10_000, 0, 0, 0, 0, 0, 0, 0, 0];
            },
            "23 60 22 37 15 2.467 30 8 rolledBack",
        ),
        // Healthy in the midst of an interval.
        (
            "until users are served well again",
            |_, run| {
                run.health[0].windows[2].from_ns = 65 * S;
                run.health[0].windows[2].to_ns = 85 * S;
                run.series.load_milli[6] = 7_000;
            },
            "23 65 22 42 20 2.100 30 35 rolledBack",
        ),
    ]);
}
