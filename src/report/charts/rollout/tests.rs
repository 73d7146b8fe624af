//! Charts of releases: what must be written, where it must stand, that nothing is clipped.

use super::*;
use crate::results::example::{S, wide};
use crate::results::released::{faulty, stretch as repeated, study};
use crate::results::{ReleaseRun, Stand, WallClock};

/// What one interval of a story holds: servers of either version, weight, errors, what monitoring sees of them.
type Moment = (u64, u64, u32, u64, Option<u32>);

/// A release of a run of 20 minutes in intervals of 10 s, from 300 s on, told interval by interval; then as it ends.
fn told(policy: usize, moments: &[Moment], run: ReleaseRun) -> ReleaseRun {
    let mut series = crate::results::ReleaseSeries::default();
    let mut bad = 0;
    let mut marks = Vec::new();
    for i in 0..120_u64 {
        let moment = i.checked_sub(30).map(|i| moments.get(i as usize).or(moments.last()).copied().unwrap());
        let (previous, new, weight, errors, seen) = moment.unwrap_or((0, 0, 0, 0, None));
        series.previous_ns.push(wide(u128::from(previous) * 10));
        series.new_ns.push(wide(u128::from(new) * 10));
        series.weight_ppm.push(weight * 10_000);
        series.bad.push(errors);
        series.ended.push(if moment.is_some() { 1_000 } else { 0 });
        series.seen_ppm.push(seen.map(|percent| percent * 10_000));
        series.load_milli.push(if moment.is_some() { 12_000 + 30 * i } else { 0 });
        bad += errors;
        marks.push((10 * (i + 1), bad, 0));
    }
    let marks = crate::results::released::marks(&marks);
    ReleaseRun { policy, start_ns: Some(300 * S), marks, series, first_bad_ns: run.first_bad_ns, ..run }
}

fn at(first_bad: u64, detected: u64, decided: u64, clear: u64, healthy: u64) -> ReleaseRun {
    let mut run = faulty();
    run.first_bad_ns = Some(first_bad * S);
    (run.detected_ns, run.decided_ns) = (Some(detected * S), Some(decided * S));
    (run.clear_ns, run.restored_ns) = (Some(clear * S), Some(healthy * S));
    run.health = vec![crate::results::released::health(&[(healthy, 1)])];
    run
}

/// Four ways to roll out a version of which a fifth of the requests fail.
pub(in crate::report) fn four_ways() -> StudyResult {
    let canary: Vec<Moment> = [(20, 1, 5, 10, None), (20, 1, 5, 10, Some(1)), (20, 1, 5, 10, Some(1))]
        .into_iter()
        .chain(vec![(20, 1, 5, 11, Some(1)); 12])
        .chain([(20, 1, 0, 4, Some(1)), (20, 0, 0, 0, Some(1)), (20, 0, 0, 0, Some(0))])
        .collect();
    let rolling: Vec<Moment> = (0..20)
        .map(|i| (20 - i, i, 5 * i as u32, 10 * i, Some(i as u32)))
        .chain((0..30).map(|i| (if i < 12 { 1 } else { i - 10 }, 20, 95, 190, Some(19))))
        .chain([(20, 0, 0, 20, Some(10)), (20, 0, 0, 0, Some(0))])
        .collect();
    let green: Vec<Moment> = (0..8)
        .map(|_| (20, 0, 0, 0, None))
        .chain((0..9).map(|i| (20, 20, 100, 200, Some(2 * i as u32))))
        .chain([(20, 20, 0, 5, Some(18)), (20, 0, 0, 0, Some(3)), (20, 0, 0, 0, Some(0))])
        .collect();
    let recreate: Vec<Moment> =
        (0..6).map(|_| (0, 0, 0, 1_000, None)).chain((0..80).map(|_| (0, 20, 100, 200, Some(20)))).collect();
    let escaped = ReleaseRun {
        decided_ns: None,
        detected_ns: None,
        exposed_ppm: None,
        clear_ns: None,
        restored_ns: None,
        stand: Stand::Promoted,
        promoted_ns: Some(360 * S),
        ..faulty()
    };
    let mut study = study(vec![vec![
        told(0, &canary, at(303, 450, 450, 460, 460)),
        told(1, &rolling, at(321, 430, 510, 800, 820)),
        told(2, &green, at(381, 440, 470, 470, 480)),
        told(3, &recreate, ReleaseRun { first_bad_ns: Some(301 * S), ..escaped }),
    ]]);
    study.plan.duration_ns = 1_200 * S;
    study.plan.start = Some(WallClock { epoch_ns: 1_794_323_400 * 1_000_000_000, offset_s: 28_800 });
    study.plan.objectives[1].goal = Goal::Success { at_least: 0.99, inclusive: true };
    let policies = &mut study.plan.releases[0].policies;
    policies.resize(4, policies[0].clone());
    for (policy, name) in policies.iter_mut().zip(["canary", "rolling", "blue/green", "recreate"]) {
        policy.name = name.into();
    }
    study.runs.iter_mut().for_each(|run| repeated(run, 120));
    study
}

/// Returns a plot of the example: 0 shares, 1 servers, 2 errors of a policy.
fn plots(study: &StudyResult) -> Vec<[Plot; 3]> {
    let rows = release_rows(study);
    let rollout = Rollout::of(&study.plan, 0, &rows, Lang::En);
    let curves: Vec<_> =
        rollout.rows.iter().map(|row| row.map_or_else(Curves::default, |row| rollout.curves(row))).collect();
    let plot = |(i, curves): (usize, &Curves)| {
        let servers = rollout.servers(i, curves, Axis::linear(curves.most_servers()));
        [rollout.shares(i, curves), servers, rollout.errors(i, curves)]
    };
    curves.iter().enumerate().map(plot).collect()
}

/// Returns the value of a run at a place on the axis.
fn value(runs: &[Run], at: f64) -> Option<f64> {
    runs.iter().flatten().find(|point| (point.0 - at).abs() < 1e-9).map(|point| point.1)
}

/// The release of the example over 100 s, of which all is shown: the middle of interval i is at (10 i + 5) / 100.
#[test]
fn lines_are_drawn_from_what_was_recorded() {
    let mut run = faulty();
    run.stand = Stand::RollingBack;
    run.clear_ns = None;
    let study = study(vec![vec![run]]);
    let [shares, servers, errors] = &plots(&study)[0];
    // From the start at 12 s, less a tenth of 88 s: from 0 s on.
    let at = |interval: u32| (f64::from(interval) * 10.0 + 5.0) / 100.0;
    assert_eq!(value(&shares.lines[0].runs, 0.3), Some(5.0), "traffic, in steps");
    assert_eq!(value(&shares.lines[0].runs, 0.1), Some(5.0));
    assert_eq!(value(&shares.lines[1].runs, at(4)), Some(100.0 * 6.0 / 9.0), "6 of 9 servers");
    let first = servers.layers[0].bands[0][0];
    assert!((first.0 - 0.1).abs() < 1e-9, "nothing is known before the start: {first:?}");
    assert_eq!((first.1, first.2), (0.0, 10.0), "80 server-seconds of 8 s");
    let new = servers.layers[1].bands[0].iter().find(|point| (point.0 - at(4)).abs() < 1e-9).unwrap();
    assert_eq!((new.1, new.2), (3.0, 9.0));
    assert_eq!(value(&servers.lines[0].runs, at(3)), Some(6.0));
    assert_eq!(servers.wrong.0, [(0.3, 0.6)]);
    assert_eq!(value(&errors.lines[0].runs, at(3)), Some(20.0), "10 of 50");
    assert_eq!(value(&errors.lines[1].runs, 0.35), None, "monitoring shows steps");
    assert_eq!(value(&errors.lines[1].runs, 0.3), Some(0.0));
    assert_eq!(value(&errors.lines[1].runs, 0.5), Some(20.0));
    assert_eq!(errors.lines[1].runs.len(), 1, "it sees nothing after 60 s");
    assert!((errors.bounds[0].value - 10.0).abs() < 1e-9, "a tenth may be bad");
    let marks: Vec<_> = errors.marks.iter().map(|mark| (mark.at, &*mark.label)).collect();
    let expected = [(0.12, "rollout"), (0.23, "first harm"), (0.41, "detected"), (0.45, "rollback decided")];
    assert_eq!(marks, expected);
    assert!(plots(&study)[1].iter().all(|plot| plot.lines.iter().all(|line| line.runs.is_empty())));
}

#[test]
fn a_release_is_shown_from_before_its_start_until_after_all_is_over() {
    let study = four_ways();
    let rows = release_rows(&study);
    let only = |policy: usize| stretch(&study.plan, &[Some(&rows[policy])]);
    // From 300 s until 460 s, with 16 s of room: in whole intervals of 10 s.
    assert_eq!(only(0), (280 * S, 480 * S));
    assert_eq!(only(3), (210 * S, 1_200 * S), "what nobody took back is never over");
    assert_eq!(stretch(&study.plan, &[None]), (0, 1_200 * S));
    let mut late = study.clone();
    late.runs[0].releases[0].restored_ns = Some(500 * S);
    let back = release_rows(&late);
    assert_eq!(stretch(&study.plan, &[Some(&back[0])]), (280 * S, 520 * S), "until all servers are back");
    let all: Vec<_> = rows.iter().map(Some).collect();
    assert_eq!(stretch(&study.plan, &all[..3]), (240 * S, 880 * S));
}

#[test]
fn of_several_commits_the_one_that_harmed_most_is_shown() {
    let commit = |commit: u32, policy, harmed: u64| ReleaseRun {
        commit,
        policy,
        marks: crate::results::released::marks(&[(20, 0, 0), (60, harmed, 0), (100, harmed, 0)]),
        ..faulty()
    };
    let study = study(vec![vec![
        commit(1, 0, 5),
        commit(2, 0, 9),
        commit(3, 0, 9),
        commit(1, 1, 7),
        commit(2, 1, 1),
    ]]);
    let rows = release_rows(&study);
    let shown = Rollout::of(&study.plan, 0, &rows, Lang::En).rows;
    let shown: Vec<_> =
        shown.iter().map(|row| row.map(|row| (row.run.commit, row.facts.requests_harmed))).collect();
    assert_eq!(shown, [Some((2, Some(9))), Some((2, Some(1)))]);
}

#[test]
fn instants_stand_below_each_other_and_policies_side_by_side() {
    let charts = releases(&four_ways(), Lang::En).unwrap();
    assert_eq!(
        charts.iter().map(ReleaseChart::file).collect::<Vec<_>>(),
        ["charts/releases.svg", "charts/release-1.svg"]
    );
    let places: Vec<_> = charts[1].pictures.iter().map(|drawing| drawing.at).collect();
    let (right, below) = (WIDTH, HEIGHT);
    assert_eq!(places[..4], [(0, 0), (0, below), (0, 2 * below), (right, 0)]);
    assert_eq!(places.len(), 12);
    let titles: Vec<_> = charts[1].pictures.iter().map(|drawing| &*drawing.title).collect();
    assert_eq!(titles[1], "v2 \u{b7} canary \u{b7} Servers by version");
    assert_eq!(titles[9], "v2 \u{b7} recreate \u{b7} Traffic and servers of the new version");
    // The axis below: from one edge to the other, the same in all.
    let axis = |drawing: &Drawing| {
        let lines = drawing
            .inside
            .lines()
            .filter(|line| line.contains("stroke=\"#666666\"") && line.contains("points"));
        let points = lines.filter_map(|line| line.split("points=\"").nth(1)?.split('"').next());
        points.max_by_key(|points| points.len()).map(str::to_owned)
    };
    let first = axis(&charts[1].pictures[0]).unwrap();
    assert!(charts[1].pictures.iter().all(|drawing| axis(drawing).as_ref() == Some(&first)), "{first}");
}

#[test]
fn the_story_hangs_together() {
    crate::results::check_shape(&four_ways()).unwrap();
}
