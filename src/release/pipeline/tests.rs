use super::PassageKind::{Caught, Commit as Committed, Flaky, Passed};
use super::*;

fn m(minutes: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(60 * minutes)
}

fn minutes(minutes: u64) -> Distribution {
    Distribution::constant(minutes as f64 * 60.0 * NANOS_PER_SEC as f64)
}

/// A stage that takes so many minutes, on so many runners where that is above 0.
fn stage(name: &str, length: u64, parallel: u32) -> Stage {
    Stage {
        name: name.to_owned(),
        duration: minutes(length),
        parallel: (parallel > 0).then_some(parallel),
        flaky: 0.0,
        retries: 0,
        catches: Vec::new(),
    }
}

fn pipeline(stages: impl IntoIterator<Item = Stage>) -> Pipeline {
    Pipeline { stages: stages.into_iter().collect(), fix: None }
}

fn commit(at: u64, defects: &[&str]) -> Commit {
    Commit { at: m(at), defects: defects.iter().map(|&kind| kind.to_owned()).collect() }
}

const KEY: Key = Key::from_seed(11);

/// What happened to a commit: minute, what, stage.
fn told(delivery: &Delivery) -> Vec<(u64, PassageKind, &str)> {
    let line = |passage: &Passage| {
        (passage.at.as_nanos() / 60 / NANOS_PER_SEC, passage.kind, passage.stage.clone().leak() as &str)
    };
    delivery.passages.iter().map(line).collect()
}

fn ready(deliveries: &[Delivery]) -> Vec<Option<SimTime>> {
    deliveries.iter().map(|delivery| delivery.ready).collect()
}

/// Asserts that something happens as often as it should, within four standard deviations of a binomial.
fn within(happened: usize, of: usize, expected: f64) {
    let (mean, bound) = (of as f64 * expected, 4.0 * (of as f64 * expected * (1.0 - expected)).sqrt());
    assert!((happened as f64 - mean).abs() <= bound, "{happened} of {of}, where {expected} is expected");
}

#[test]
fn two_commits_and_one_runner() {
    // Build takes 10 min on one runner: the second commit, at 4, begins at 10. Tests take 5 min, as many as come.
    let pipeline = pipeline([stage("build", 10, 1), stage("test", 5, 0)]);
    let out = deliver(&pipeline, &[commit(0, &[]), commit(4, &["errors"])], KEY);
    let way =
        |at, built, tested| vec![(at, Committed, ""), (built, Passed, "build"), (tested, Passed, "test")];
    assert_eq!(told(&out[0]), way(0, 10, 15));
    assert_eq!(told(&out[1]), way(4, 20, 25));
    assert_eq!(ready(&out), [Some(m(15)), Some(m(25))]);
    assert!(out.iter().all(|delivery| !delivery.mended), "what nobody catches stays in");
}

#[test]
fn who_comes_first_is_served_first_and_of_two_the_earlier_commit() {
    // Two runners, three at once: the third waits until 10. Then one runner of 6 min, which the first and the
    // second reach at the same instant.
    let pipeline = pipeline([stage("build", 10, 2), stage("test", 6, 1)]);
    let out = deliver(&pipeline, &[commit(0, &[]), commit(0, &[]), commit(0, &[]), commit(30, &[])], KEY);
    assert_eq!(ready(&out), [Some(m(16)), Some(m(22)), Some(m(28)), Some(m(46))]);
    // A runner that is idle is taken at once, whoever used it before.
    let out = deliver(&pipeline, &[commit(0, &[]), commit(12, &[])], KEY);
    assert_eq!(ready(&out), [Some(m(16)), Some(m(28))]);
}

#[test]
fn who_overtakes_in_an_early_stage_is_served_first_in_a_later() {
    // What is caught in the first and mended in 1 min comes back behind the second.
    let mut pipeline = pipeline([stage("build", 10, 1)]);
    pipeline.stages[0].catches = vec![("errors".to_owned(), 1.0)];
    pipeline.fix = Some(minutes(1));
    let out = deliver(&pipeline, &[commit(0, &["errors"]), commit(5, &[])], KEY);
    // First: 0-10, caught, anew at 11. Second: 10-20. First again: 20-30.
    assert_eq!(
        told(&out[0]),
        [(0, Committed, ""), (10, Caught, "build"), (11, Committed, ""), (30, Passed, "build")]
    );
    assert_eq!(ready(&out), [Some(m(30)), Some(m(20))]);
}

#[test]
fn nothing_to_pass_is_passed_at_once() {
    let out = deliver(&pipeline([]), &[commit(7, &["errors"])], KEY);
    assert_eq!((told(&out[0]), out[0].ready), (vec![(7, Committed, "")], Some(m(7))));
    assert_eq!(deliver(&pipeline([stage("build", 10, 1)]), &[], KEY), []);
}

#[test]
fn a_defect_that_is_caught_is_mended_or_stays_where_it_is() {
    let mut pipeline = pipeline([stage("build", 6, 0), stage("test", 12, 0)]);
    pipeline.stages[1].catches = vec![("errors".to_owned(), 1.0), ("leak".to_owned(), 0.0)];
    let commits = [commit(0, &["errors", "leak"]), commit(0, &["leak"]), commit(0, &["crash"])];
    let out = deliver(&pipeline, &commits, KEY);
    assert_eq!(told(&out[0]), [(0, Committed, ""), (6, Passed, "build"), (18, Caught, "test")]);
    assert_eq!(out[0].passages[2].detail, "errors");
    assert_eq!(ready(&out), [None, Some(m(18)), Some(m(18))]);
    assert!(!out[0].mended);

    pipeline.fix = Some(minutes(30));
    let out = deliver(&pipeline, &commits, KEY);
    assert_eq!(told(&out[0])[3..], [(48, Committed, ""), (54, Passed, "build"), (66, Passed, "test")]);
    assert_eq!(out[0].passages[3].detail, "without errors");
    assert_eq!(ready(&out), [Some(m(66)), Some(m(18)), Some(m(18))]);
    assert_eq!(out.iter().map(|delivery| delivery.mended).collect::<Vec<_>>(), [true, false, false]);
}

#[test]
fn each_kind_is_caught_with_a_chance_of_its_own() {
    let mut pipeline = pipeline([stage("test", 1, 0)]);
    pipeline.stages[0].catches = vec![("errors".to_owned(), 0.7), ("leak".to_owned(), 0.4)];
    let n = 8_000;
    let commits = vec![commit(0, &["errors", "leak", "crash"]); n];
    let out = deliver(&pipeline, &commits, KEY);
    let caught = |what: &str| out.iter().filter(|way| way.passages[1].detail == what).count();
    // Independent: both 0.28, errors alone 0.42, leak alone 0.12, neither 0.18.
    within(caught("errors, leak"), n, 0.28);
    within(caught("errors"), n, 0.42);
    within(caught("leak"), n, 0.12);
    within(out.iter().filter(|way| way.ready.is_some()).count(), n, 0.18);
}

#[test]
fn a_run_that_fails_for_nothing_is_repeated_and_then_committed_anew() {
    // Build always passes in 5 min; tests of 10 min fail at 60 %, with one retry.
    let mut pipeline = pipeline([stage("build", 5, 0), stage("test", 10, 0)]);
    (pipeline.stages[1].flaky, pipeline.stages[1].retries) = (0.6, 1);
    let n = 4_000;
    let out = deliver(&pipeline, &vec![commit(0, &[]); n], KEY);
    let mut by_failures = [0; 4];
    for way in &out {
        let failures = way.passages.iter().filter(|passage| passage.kind == Flaky).count() as u64;
        let rounds = way.passages.iter().filter(|passage| passage.kind == Committed).count() as u64;
        assert_eq!(rounds, 1 + failures / 2, "two failures in a row are one commit more");
        assert_eq!(way.ready, Some(m(5 * rounds + 10 * (failures + 1))));
        if let Some(count) = by_failures.get_mut(failures as usize) {
            *count += 1;
        }
    }
    for (failures, expected) in [(0, 0.4), (1, 0.24), (2, 0.144), (3, 0.0864)] {
        within(by_failures[failures], n, expected);
    }
    let twice = out.iter().find(|way| way.passages.iter().filter(|p| p.kind == Flaky).count() == 2);
    assert_eq!(
        told(twice.expect("one in seven")),
        [
            (0, Committed, ""),
            (5, Passed, "build"),
            (15, Flaky, "test"),
            (25, Flaky, "test"),
            (25, Committed, ""),
            (30, Passed, "build"),
            (40, Passed, "test"),
        ]
    );
}

#[test]
fn a_retry_keeps_its_runner() {
    let mut pipeline = pipeline([stage("test", 10, 1)]);
    (pipeline.stages[0].flaky, pipeline.stages[0].retries) = (0.5, 20);
    for seed in 0..200 {
        let out = deliver(&pipeline, &[commit(0, &[]), commit(1, &[])], Key::from_seed(seed));
        let failures = |way: &Delivery| way.passages.iter().filter(|p| p.kind == Flaky).count() as u64;
        let first = 10 * (failures(&out[0]) + 1);
        assert_eq!(ready(&out), [Some(m(first)), Some(m(first + 10 * (failures(&out[1]) + 1)))]);
    }
}

#[test]
fn what_never_passes_is_given_up() {
    for retries in [0, 3, u32::MAX] {
        let mut pipeline = pipeline([stage("test", 1, 1)]);
        (pipeline.stages[0].flaky, pipeline.stages[0].retries) = (1.0, retries);
        let out = deliver(&pipeline, &[commit(0, &["errors"]), commit(0, &[])], KEY);
        for way in &out {
            let failures = way.passages.iter().filter(|passage| passage.kind == Flaky).count();
            assert_eq!((failures, way.ready), (MAX_FLAKY as usize, None));
        }
    }
}

#[test]
fn one_commit_more_changes_nobody_elses_draws() {
    let mut pipeline = pipeline([stage("build", 0, 0), stage("test", 0, 0)]);
    for stage in &mut pipeline.stages {
        stage.duration = Distribution::exponential(300.0 * NANOS_PER_SEC as f64);
        (stage.flaky, stage.retries) = (0.2, 1);
        stage.catches = vec![("errors".to_owned(), 0.5)];
    }
    pipeline.fix = Some(Distribution::exponential(3_600.0 * NANOS_PER_SEC as f64));
    let commits: Vec<Commit> = (0..40).map(|nth| commit(nth, &["errors"])).collect();
    let all = deliver(&pipeline, &commits, KEY);
    assert_eq!(deliver(&pipeline, &commits[..39], KEY), all[..39]);
    assert_eq!(deliver(&pipeline, &commits, KEY), all);
    assert!(all.iter().any(|way| way.mended) && all.iter().any(|way| !way.mended));
    let lengths: std::collections::BTreeSet<_> = all.iter().map(|way| way.passages[1].at).collect();
    assert_eq!(lengths.len(), 40, "each has draws of its own");
}

#[test]
fn freezes_that_overlap_or_meet_are_one() {
    let freeze = |from, to| Freeze { from: m(from), to: m(to) };
    let freezes = [freeze(100, 120), freeze(10, 20), freeze(20, 30), freeze(25, 40), freeze(50, 60)];
    for (at, expected) in
        [(0, 0), (9, 9), (10, 40), (19, 40), (20, 40), (39, 40), (40, 40), (50, 60), (119, 120)]
    {
        assert_eq!(thaw(m(at), &freezes), m(expected), "from {at}");
    }
    assert_eq!(thaw(m(5), &[]), m(5));
    assert_eq!(thaw(m(5), &[Freeze { from: SimTime::ZERO, to: SimTime::MAX }]), SimTime::MAX);
    assert_eq!(thaw(m(5), &[freeze(5, 5), freeze(7, 3)]), m(5), "empty ones hold nobody");
}

#[test]
fn commits_come_as_a_poisson_process() {
    // Six an hour over ten days: 1,440, give or take 38.
    let (from, to) = (m(60), m(60 + 14_400));
    let times = commit_times(6.0 / 3_600.0, from, to, KEY);
    assert!((times.len() as f64 - 1_440.0).abs() < 4.0 * 38.0, "{}", times.len());
    assert!(times.is_sorted() && times[0] >= from && times[times.len() - 1] < to);
    // Exponential distances: a share of 1 - 1/e is shorter than the mean of ten minutes.
    let short = times.windows(2).filter(|pair| pair[1] - pair[0] < SimDuration::from_secs(600)).count();
    within(short, times.len() - 1, 0.632_12);
    let longer = commit_times(6.0 / 3_600.0, from, to + SimDuration::from_secs(864_000), KEY);
    assert_eq!(longer[..times.len()], times, "a longer stretch only adds to them");
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(commit_times(rate, from, to, KEY), []);
    }
    assert_eq!(commit_times(1.0, to, from, KEY), []);
}
