//! Policies over days, as on paper.

use super::quantile;
use crate::results::example::S;
use crate::results::released::{caught, faulty, marks, study};
use crate::results::{PolicyRow, ReleaseOutcome, ReleaseRun, Stand, StudyResult, release_policies};
use crate::stats::Interval;

/// The release of the example that harms so many requests from 23 s until 60 s.
fn harming(policy: usize, harmed: u64) -> ReleaseRun {
    ReleaseRun { policy, marks: marks(&[(20, 0, 0), (60, harmed, 0), (100, harmed, 0)]), ..faulty() }
}

/// Three days: `canary` harms 30, 40 and 50 requests, `all at once` 100, 110 and 150.
fn three_days() -> StudyResult {
    let day = |canary, whole| vec![harming(0, canary), harming(1, whole)];
    study(vec![day(30, 100), day(40, 110), day(50, 150)])
}

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-4 * expected.abs().max(1.0), "{found} instead of {expected}");
}

/// Checks a mean and half its interval.
fn spans(found: Interval, mean: f64, half: f64) {
    near(found.mean, mean);
    near(found.lo.unwrap(), mean - half);
    near(found.hi.unwrap(), mean + half);
}

fn ranks(study: &StudyResult) -> Vec<(usize, usize, usize)> {
    release_policies(study).iter().map(|row| (row.release, row.policy, row.rank)).collect()
}

/// t(0.975, 2) = 4.30265. 30, 40, 50: s = 10, half 24.8414. Differences 70, 70, 100: s = 17.3205, half 43.0265.
#[test]
fn figures_are_means_over_days_with_intervals_and_differences_are_paired() {
    let rows = release_policies(&three_days());
    let harmed = |row: &PolicyRow| row.figure("requests_harmed").unwrap();
    spans(harmed(&rows[0]).mean, 40.0, 24.8414);
    assert_eq!((harmed(&rows[0]).p50, harmed(&rows[0]).p90), (40.0, 48.0));
    assert_eq!((harmed(&rows[1]).p50, harmed(&rows[1]).p90), (110.0, 142.0));
    assert_eq!(rows[0].behind, None);
    spans(rows[1].behind.unwrap(), 80.0, 43.0265);
    let equal =
        [("failure_time_s", 37.0), ("recovery_time_s", 15.0), ("detection_time_s", 22.0), ("exposed", 0.05)];
    for (name, expected) in
        equal.into_iter().chain([("rollback_ratio", 37.0 / 15.0), ("rollback_trap_s", 30.0)])
    {
        let found = rows[0].figure(name).unwrap();
        near(found.mean.mean, expected);
        near(found.p50, expected);
        near(found.p90, expected);
    }
    assert_eq!(rows[0].figure("unknown"), None);
    assert_eq!((rows[0].releases, rows[0].count(ReleaseOutcome::RolledBack)), (3, 3));
    assert_eq!(rows[0].outcomes.iter().sum::<u32>(), 3);
}

#[test]
fn one_day_has_figures_and_no_intervals() {
    let mut study = three_days();
    study.runs.truncate(1);
    let rows = release_policies(&study);
    assert_eq!(rows[1].behind, Some(Interval { mean: 70.0, lo: None, hi: None }));
    assert_eq!(rows[0].figure("requests_harmed").unwrap().mean, Interval { mean: 30.0, lo: None, hi: None });
    study.runs.clear();
    let none = release_policies(&study);
    assert!(none.iter().all(|row| row.releases == 0 && row.figures.iter().all(Option::is_none)));
    assert_eq!(none[0].false_abort, None);
}

/// Commits of a day are not independent: of each day their mean counts. Days of 10 and 30 and of 60: 20 and 60, whose
/// mean is 40, and t(0.975, 1) x 28.2843 / sqrt 2 = 254.124.
#[test]
fn commits_of_a_day_count_as_one() {
    let study = study(vec![vec![harming(0, 10), harming(0, 30)], vec![harming(0, 60)]]);
    let harmed = release_policies(&study)[0].figure("requests_harmed").unwrap();
    spans(harmed.mean, 40.0, 254.124);
    assert_eq!((harmed.p50, harmed.p90), (30.0, 54.0));
}

#[test]
fn policies_are_ranked_by_requests_harmed_and_never_by_the_ratio() {
    assert_eq!(ranks(&three_days()), [(0, 0, 1), (0, 1, 2)]);
    // The other way round, with a ratio of 1.02 instead of 2.47.
    let slow = |mut run: ReleaseRun| {
        run.decided_ns = Some(24 * S);
        run
    };
    assert_eq!(ranks(&study(vec![vec![slow(harming(0, 100)), harming(1, 99)]])), [(0, 1, 1), (0, 0, 2)]);
    // As many, for a shorter time.
    let late = |mut run: ReleaseRun| {
        run.first_bad_ns = Some(30 * S);
        run.marks = marks(&[(20, 0, 0), (30, 0, 0), (60, 7, 0)]);
        run
    };
    assert_eq!(ranks(&study(vec![vec![harming(0, 7), late(harming(1, 7))]])), [(0, 1, 1), (0, 0, 2)]);
    // As many, for ever.
    let endless = |mut run: ReleaseRun| {
        run.clear_ns = None;
        run
    };
    assert_eq!(ranks(&study(vec![vec![endless(harming(0, 7)), harming(1, 7)]])), [(0, 1, 1), (0, 0, 2)]);
    // Of equals the first; what was not counted is last.
    assert_eq!(ranks(&study(vec![vec![harming(1, 7), harming(0, 7)]])), [(0, 0, 1), (0, 1, 2)]);
    assert_eq!(ranks(&study(vec![vec![harming(1, 7)]])), [(0, 1, 1), (0, 0, 2)]);
}

/// 3 of 4, then 1 of 4: bounds of Clopper and Pearson, 1 - 0.95^(1/4) = 0.012741 and 0.751395 (root of
/// (1-p)^4 + 4p(1-p)^3 = 0.05), and mirrored.
#[test]
fn faulty_releases_are_detected_before_so_much_of_the_traffic() {
    let at = |exposed: Option<u32>| ReleaseRun {
        exposed_ppm: exposed,
        detected_ns: exposed.map(|_| 41 * S),
        ..harming(0, 9)
    };
    let harmless = ReleaseRun { first_bad_ns: None, marks: marks(&[(100, 0, 0)]), ..at(Some(0)) };
    let sound = ReleaseRun { faulty: false, ..at(Some(0)) };
    let days = vec![at(Some(49_999)), at(Some(50_000)), at(Some(99_999)), at(None), harmless, sound];
    let row = release_policies(&study(days.into_iter().map(|run| vec![run]).collect())).remove(0);
    let found = row.detected_before.map(Option::unwrap);
    assert_eq!(found.map(|share| (share.hits, share.of)), [(1, 4), (3, 4), (3, 4), (3, 4)]);
    let (few, most) = (found[0].interval(), found[1].interval());
    near(few.mean, 0.25);
    near(few.lo.unwrap(), 0.012741);
    near(few.hi.unwrap(), 0.751395);
    near(most.lo.unwrap(), 0.248605);
    near(most.hi.unwrap(), 0.987259);
    // Of the sound ones that were rolled out, it was decided against one.
    assert_eq!(row.false_abort.map(|share| (share.hits, share.of)), Some((1, 1)));
}

#[test]
fn sound_releases_that_are_taken_back_are_false_aborts() {
    let sound = |decided: bool, start: bool| ReleaseRun {
        faulty: false,
        decided_ns: decided.then_some(45 * S),
        start_ns: start.then_some(12 * S),
        stand: if decided { Stand::RolledBack } else { Stand::Promoted },
        ..harming(0, 0)
    };
    let days =
        vec![vec![sound(true, true), sound(false, true)], vec![sound(false, true), sound(false, false)]];
    let row = release_policies(&study(days)).remove(0);
    assert_eq!(row.false_abort.map(|share| (share.hits, share.of)), Some((1, 3)));
    assert_eq!(row.detected_before, [None; 4]);
}

/// 100 s are 1 / 864 of a day. Day one: committed at 2 s and in service at 60 s, and one that is taken back, 37 s after its
/// first harm. Day two: a false alarm, recovered from 15 s after the decision. Day three: caught, never deployed.
#[test]
fn deliveries_are_measured_as_dora_does() {
    let sound = ReleaseRun {
        committed_ns: Some(2 * S),
        promoted_ns: Some(60 * S),
        decided_ns: None,
        stand: Stand::Promoted,
        ..harming(0, 0)
    };
    let alarm = ReleaseRun { first_bad_ns: None, ..harming(0, 0) };
    let mut study = study(vec![vec![sound, harming(0, 9)], vec![alarm], vec![caught()]]);
    let row = release_policies(&study).remove(0);
    // 1,728, 864 and 0 a day: s = 864, half 4.30265 x 864 / sqrt 3.
    spans(row.dora[0].unwrap(), 864.0, 2_146.293);
    assert_eq!(row.dora[1], Some(Interval { mean: 58.0, lo: None, hi: None }));
    // Half of the first day's and all of the second's failed, in 37 s and 15 s: means 0.75 and 26, t(0.975, 1) = 12.7062.
    spans(row.dora[2].unwrap(), 0.75, 12.7062 * 0.25);
    spans(row.dora[3].unwrap(), 0.0, 0.0);
    spans(row.dora[4].unwrap(), 26.0, 12.7062 * 11.0);
    assert_eq!(row.lead_time_median_s, Some(58.0));
    assert_eq!(row.failed_deployment_recovery_time_median_s, Some(26.0));
    study.plan.releases[0].hotfix = true;
    spans(release_policies(&study)[0].dora[3].unwrap(), 1.0, 0.0);
}

#[test]
fn quantiles_lie_between_the_values_beside_them() {
    // The median of the worked example of DORA's recovery times.
    let recovery = [8.0, 12.0, 25.0, 30.0, 45.0, 90.0];
    let table = [
        (&recovery[..], 0.5, Some(27.5)),
        (&recovery, 0.9, Some(67.5)),
        (&recovery, 1.0, Some(90.0)),
        (&recovery, 0.0, Some(8.0)),
        (&[3.0], 0.9, Some(3.0)),
        (&[], 0.5, None),
    ];
    for (sorted, p, expected) in table {
        assert_eq!(quantile(sorted, p), expected, "{sorted:?} {p}");
    }
}
