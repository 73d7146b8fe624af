//! Verdicts: every boundary, from published bounds and tables.

use crate::results::example::{S, one_day, study, window};
use crate::results::*;

const LATENCY: Goal = Goal::Latency { percentile: 99.0, bound_ns: 400_000_000, inclusive: false };
const LATENCY_INCLUSIVE: Goal = Goal::Latency { percentile: 99.0, bound_ns: 400_000_000, inclusive: true };
const SUCCESS: Goal = Goal::Success { at_least: 0.9, inclusive: true };
const SUCCESS_ABOVE: Goal = Goal::Success { at_least: 0.9, inclusive: false };

#[test]
fn a_day_is_judged_by_its_worst_window() {
    let inf = Some(f64::INFINITY);
    let table = [
        (LATENCY, vec![(9, 0, Some(399))], Some(399.0), Some(0), true),
        (LATENCY, vec![(9, 0, Some(400))], Some(400.0), Some(0), false),
        (LATENCY_INCLUSIVE, vec![(9, 0, Some(400))], Some(400.0), Some(0), true),
        (LATENCY, vec![(9, 0, Some(10)), (9, 0, Some(500)), (9, 0, Some(20))], Some(500.0), Some(10), false),
        (LATENCY, vec![(9, 0, Some(7)), (9, 0, Some(7))], Some(7.0), Some(0), true),
        (LATENCY, vec![(9, 0, Some(500)), (9, 5, None)], inf, Some(10), false),
        (LATENCY, vec![(0, 0, None), (9, 0, Some(5))], Some(5.0), Some(10), true),
        (LATENCY, vec![(0, 0, None)], None, None, true),
        (LATENCY, vec![], None, None, true),
        (SUCCESS, vec![(10, 1, None)], Some(0.9), Some(0), true),
        (SUCCESS_ABOVE, vec![(10, 1, None)], Some(0.9), Some(0), false),
        (SUCCESS, vec![(10, 0, None), (10, 2, None), (10, 1, None)], Some(0.8), Some(10), false),
        (SUCCESS, vec![(0, 0, None)], None, None, true),
    ];
    for (i, (goal, windows, value, at, holds)) in table.into_iter().enumerate() {
        let starts = (0..).step_by(10);
        let windows = windows.into_iter().zip(starts).map(|((n, bad, ms), from)| window(from, n, bad, ms));
        let day = goal.judge_day(1, &ObjectiveRun { windows: windows.collect() });
        let expected = DayVerdict { replication: 1, value, worst_window_ns: at.map(|at| at * S), holds };
        assert_eq!(day, expected, "case {i}");
    }
}

/// Judges a latency objective of `web` over days with these values; 0 means nothing was judged,
/// 9,999 that the percentile lies among the lost.
fn judged(values: &[u64], holds_in: Option<f64>, alter: impl Fn(&mut ServicePlan)) -> ObjectiveVerdict {
    let mut study = one_day();
    study.plan.objectives.truncate(1);
    study.plan.objectives[0].holds_in = holds_in;
    alter(&mut study.plan.services[0]);
    let day = study.runs.remove(0);
    for (i, &value) in values.iter().enumerate() {
        let mut day = day.clone();
        day.replication = i as u32 + 1;
        let window = match value {
            0 => window(0, 0, 0, None),
            9_999 => window(0, 10, 10, None),
            value => window(0, 10, 0, Some(value)),
        };
        day.objectives = vec![ObjectiveRun { windows: vec![window] }];
        study.runs.push(day);
    }
    verdicts(&study).remove(0)
}

#[test]
fn verdicts_with_a_demanded_share_come_from_the_bounds() {
    use Verdict::{Fail, Inconclusive, Pass};
    // Bounds: 59/59 >= 0.9505, 58/58 >= 0.9497, 5/5 >= 0.549, 0/5 <= 0.451, 0/1 <= 0.95;
    // 1/2 within 0.0253 and 0.9747.
    let table = [
        (59, 0, 0.95, Pass),
        (58, 0, 0.95, Inconclusive),
        (5, 0, 0.54, Pass),
        (5, 0, 0.56, Inconclusive),
        (0, 5, 0.46, Fail),
        (0, 5, 0.45, Inconclusive),
        (1, 0, 0.95, Inconclusive),
        (0, 1, 0.95, Inconclusive),
        (0, 1, 0.96, Fail),
        (1, 1, 0.9746, Inconclusive),
        (1, 1, 0.9747, Fail),
        (1, 1, 0.025, Pass),
        (0, 0, 0.95, Inconclusive),
    ];
    for (held, broken, share, expected) in table {
        let values: Vec<u64> =
            std::iter::repeat_n(300, held).chain(std::iter::repeat_n(500, broken)).collect();
        let verdict = judged(&values, Some(share), |_| ());
        assert_eq!(verdict.verdict, expected, "{held} held, {broken} did not, {share} asked");
        assert_eq!(verdict.held, held as u32);
    }
}

#[test]
fn a_bound_that_equals_the_demanded_share_proves_it() {
    let bound = crate::stats::share_at_least(5, 5);
    assert_eq!(judged(&[300; 5], bound, |_| ()).verdict, Verdict::Pass);
}

#[test]
fn verdicts_without_a_share_come_from_days_and_interval() {
    use Verdict::{Fail, Inconclusive, Pass};
    use VerdictNote::{NoDay, NothingJudged, OneDay, OneValue, Unanswered};
    // Half widths: of 300, 310, 320: 4.303 x 10 / sqrt 3 = 24.8. Of 200, 300, 390: mean 296.7,
    // s = 95.0, 236: reaches over 400. Of 399, 500: wide. Of 450, 460, 470: 435.2 and up.
    let table: [(&[u64], Verdict, &[VerdictNote]); 15] = [
        (&[300, 310, 320], Pass, &[]),
        (&[200, 300, 390], Inconclusive, &[]),
        (&[399, 500], Inconclusive, &[]),
        (&[399, 500, 500], Fail, &[]),
        (&[450, 460, 470], Fail, &[]),
        (&[399], Pass, &[OneDay]),
        (&[400], Fail, &[OneDay]),
        (&[9_999], Fail, &[OneDay, Unanswered(1)]),
        (&[0], Pass, &[NothingJudged]),
        (&[0, 0], Pass, &[NothingJudged]),
        (&[300, 300, 9_999], Inconclusive, &[Unanswered(1)]),
        (&[300, 9_999, 9_999], Fail, &[Unanswered(2)]),
        // Of two days one judged nothing.
        (&[300, 0], Pass, &[OneValue]),
        (&[0, 9_999], Inconclusive, &[OneValue, Unanswered(1)]),
        (&[], Inconclusive, &[NoDay]),
    ];
    for (values, expected, notes) in table {
        let verdict = judged(values, None, |_| ());
        assert_eq!((verdict.verdict, &*verdict.notes), (expected, notes), "{values:?}");
    }
    // An interval that ends at the bound itself is not below it: no width, mean 400.
    assert_eq!(judged(&[400, 400], None, |_| ()).verdict, Fail);
}

#[test]
fn without_an_interval_days_decide() {
    use Verdict::{Fail, Inconclusive, Pass};
    let growing = |service: &mut ServicePlan| service.growing = true;
    let table: [(&[u64], Verdict); 3] =
        [(&[200, 300, 390], Pass), (&[399, 500], Inconclusive), (&[399, 500, 500], Fail)];
    for (values, expected) in table {
        let verdict = judged(values, None, growing);
        assert_eq!(verdict.verdict, expected, "{values:?}");
        assert_eq!(verdict.value.unwrap().lo, None);
        assert_eq!(verdict.notes, [VerdictNote::Growing]);
    }
}

#[test]
fn a_study_is_as_good_as_its_worst_objective() {
    let mut study = study();
    // order-p99 holds on 2 of 3 days, 0.5 asked: inconclusive. success: 0.999, 1 and nothing;
    // it holds every day, but two values 0.001 apart reach below 0.999.
    let judged = verdicts(&study);
    assert_eq!(
        judged.iter().map(|v| (v.held, v.verdict)).collect::<Vec<_>>(),
        [(2, Verdict::Inconclusive), (3, Verdict::Inconclusive)]
    );
    assert_eq!(judged[0].share(), Some(2.0 / 3.0));
    assert_eq!(judged[0].value.unwrap().mean, f64::INFINITY);
    assert_eq!(overall(&judged), Verdict::Inconclusive);
    assert_eq!(overall(&[]), Verdict::Pass);
    study.runs.clear();
    let none = verdicts(&study);
    assert_eq!((overall(&none), none[0].share()), (Verdict::Inconclusive, None));
    assert!(Verdict::Pass < Verdict::Inconclusive && Verdict::Inconclusive < Verdict::Fail);
}
