use super::*;
use crate::results::experiment::Figure;
use crate::results::experiment::tests::{experiment, good, metric};

/// Ten days of Student's sleepers (see `stats::paired`), from 100 on: a difference of 1.58, t = 4.0621, p = 0.00283.
fn sleepers() -> Experiment {
    let a = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
    let b = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
    let days = |hours: [f64; 10], cost: f64| hours.map(|hour| good(cost, 100.0 + hour)).to_vec();
    experiment(&[10], None, &[days(b, 2.0), days(a, 1.0), days(b, 2.0)])
}

#[test]
fn cells_are_compared_pair_by_pair() {
    let rows = comparisons(&sleepers());
    let named: Vec<_> = rows.iter().map(|row| (row.cell, row.metric, row.words())).collect();
    let open = "not distinguishable at 10".to_owned();
    let expected =
        [(1, 0, "better".to_owned()), (1, 1, "worse".to_owned()), (2, 0, open.clone()), (2, 1, open)];
    assert_eq!(named, expected);
    let row = &rows[1];
    let near =
        |found: Option<f64>, expected: f64| assert!((found.unwrap() - expected).abs() < 1e-6, "{found:?}");
    near(row.mean, 102.33);
    near(row.baseline, 100.75);
    near(row.difference.map(|d| d.mean), 1.58);
    near(row.difference.and_then(|d| d.lo), 0.700_114_2);
    near(row.p, 0.002_832_89);
    // Of p = 0, 0.0028, 1 and 1 the second is the third largest: times 3.
    near(row.p_adjusted, 3.0 * 0.002_832_89);
    assert!((row.variance_factor.unwrap() - 4.765).abs() < 1e-2, "{:?}", row.variance_factor);
    assert_eq!((row.n, row.infinite, row.by_signs), (10, 0, false));
    assert_eq!((rows[0].p, rows[0].variance_factor), (Some(0.0), None), "a price is certain");
}

#[test]
fn the_direction_is_the_metric_s() {
    let mut experiment = sleepers();
    experiment.plan.metrics[1].better = Some(Better::Higher);
    assert_eq!(comparisons(&experiment)[1].verdict, Difference::Better);
    experiment.plan.metrics[1].better = None;
    assert_eq!(comparisons(&experiment).len(), 2, "neither way is better");
    experiment.plan.metrics[0].headline = false;
    assert_eq!(comparisons(&experiment), []);
    experiment.plan.metrics[1] = metric("web.p99_ms", Some(Better::Lower));
    experiment.plan.baseline = 1;
    assert_eq!(comparisons(&experiment).iter().map(|row| row.cell).collect::<Vec<_>>(), [0, 2]);
}

#[test]
fn many_comparisons_are_corrected() {
    let mut experiment = sleepers();
    // Eighteen more cells of chance alone: 0.00283 x 19 is above 5 %.
    for _ in 0..18 {
        experiment.plan.cells.push(experiment.plan.cells[2].clone());
        experiment.runs.push(experiment.runs[2].clone());
    }
    experiment.plan.metrics[0].headline = false;
    let rows = comparisons(&experiment);
    assert_eq!(rows.len(), 20);
    assert!(rows[0].p.unwrap() < 0.05 && rows[0].p_adjusted.unwrap() > 0.05);
    assert_eq!(rows[0].verdict, Difference::Undistinguished);
}

#[test]
fn days_are_paired_by_their_ordinals() {
    let mut experiment = sleepers();
    // What is left are days 3 to 9 of one and all but day 5 of the other.
    experiment.runs[1].drain(..2);
    experiment.runs[1].pop();
    experiment.runs[0].remove(4);
    experiment.runs[0][3].figures[1] = Figure(None);
    let row = &comparisons(&experiment)[1];
    // 1.3, 1.0, 1.8, 0.8, 4.6 on days 3, 6, 7, 8, 9.
    assert_eq!(row.n, 5);
    assert!((row.difference.unwrap().mean - 9.5 / 5.0).abs() < 1e-9, "{row:?}");
    experiment.runs[1].clear();
    assert_eq!(comparisons(&experiment).len(), 2, "nothing to compare with");
}

#[test]
fn what_has_no_mean_is_compared_by_signs() {
    let signs = |row: &Comparison, p: f64, verdict| {
        assert!(row.by_signs && (row.p.unwrap() - p).abs() < 1e-12, "{row:?}");
        assert_eq!((row.verdict, row.difference.and_then(|difference| difference.lo)), (verdict, None));
    };
    let mut experiment = sleepers();
    experiment.plan.metrics[0].headline = false;
    experiment.runs[1][0].figures[1] = Figure(Some(f64::INFINITY));
    let row = &comparisons(&experiment)[0];
    assert_eq!((row.n, row.infinite), (9, 1));
    // Nine longer, none shorter, one the same: 2 / 512.
    signs(row, 2.0 / 512.0, Difference::Worse);
    // Infinite on both days is a tie.
    experiment.runs[0][0].figures[1] = Figure(Some(f64::INFINITY));
    signs(&comparisons(&experiment)[0], 2.0 / 256.0, Difference::Worse);
    experiment.runs[1].iter_mut().for_each(|run| run.figures[1] = Figure(Some(f64::INFINITY)));
    let row = &comparisons(&experiment)[0];
    assert_eq!((row.n, row.infinite, row.difference), (0, 10, None));
    signs(row, 2.0 / 512.0, Difference::Worse);
    let mut experiment = sleepers();
    experiment.plan.cells[0].unbounded = vec![1];
    // Beside a cost that is certain and two that are even: 3 x 2 / 512.
    signs(&comparisons(&experiment)[1], 2.0 / 512.0, Difference::Worse);
}

#[test]
fn looks_widen_what_is_said() {
    let mut experiment = sleepers();
    experiment.plan.design.looks = vec![10, 20, 40];
    let row = &comparisons(&experiment)[1];
    // A quarter of 5 % at the first look.
    assert!((row.p.unwrap() - 4.0 * 0.002_832_89).abs() < 1e-6, "{:?}", row.p);
    let half = 1.58 - row.difference.unwrap().lo.unwrap();
    // t(0.99375, 9) = 3.1109, standard error 0.38896.
    assert!((half - 3.1109 * 0.388_96).abs() < 2e-3, "{half}");
}
