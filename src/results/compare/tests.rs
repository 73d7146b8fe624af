use super::*;
use crate::results::{Goal, example};
use crate::stats::Interval;

fn near(value: Option<f64>, expected: f64) {
    let value = value.expect("a value");
    assert!((value - expected).abs() < 1e-4, "{value} instead of {expected}");
}

/// The example, on whose days 10, 20 and 30 browsing requests more fail.
fn worse() -> StudyResult {
    let mut study = example::study();
    for (run, more) in study.runs.iter_mut().zip([10, 20, 30]) {
        run.rows[0].outcomes[0] -= more;
        run.rows[0].outcomes[1] += more;
    }
    study
}

fn change(path: &str, a: &str, b: &str) -> ScenarioChange {
    ScenarioChange { path: path.to_owned(), a: Some(a.to_owned()), b: Some(b.to_owned()) }
}

/// Differences 10, 20, 30: mean 20, s = 10, standard error 5.7735; t(0.975, 2) = 4.30265, so 20 +- 24.8414. With two
/// degrees of freedom p = 1 - t / sqrt(2 + t^2), t = 3.4641: 0.074180.
#[test]
fn paired_differences_are_those_of_the_days() {
    let comparison = compare(&example::study(), &worse(), vec![]);
    let lost = comparison.figure("web.browse.lost").unwrap();
    // Per day: 20 failed, 30 timed out, 40 were rejected, 5 shed, 3 cancelled.
    assert_eq!((lost.a.unwrap().mean, lost.b.unwrap().mean), (98.0, 118.0));
    let difference = lost.difference.unwrap();
    assert_eq!((difference.mean, comparison.days), (20.0, [3, 3]));
    near(difference.lo, -4.8414);
    near(difference.hi, 44.8414);
    near(lost.relative, 20.0 / 98.0);
    near(lost.p, 0.074180);
    // A has the same losses every day: nothing is gained by pairing.
    near(lost.variance_factor, 1.0);
    assert_eq!(lost.verdict, Ok(Judgement::NotDistinguishable));
    let share = comparison.figure("web.browse.success_share").unwrap();
    near(share.a.map(|share| share.mean), (900.0 / 998.0 + 1_000.0 / 1_098.0 + 800.0 / 898.0) / 3.0);
    let cost = comparison.figure("web.cost").unwrap();
    assert_eq!((cost.verdict, cost.p), (Ok(Judgement::Same), None));
    assert!(!comparison.same && compare(&worse(), &worse(), vec![]).same);
}

/// Every verdict allows for all figures of its family, and the same way is better in sweeps.
#[test]
fn verdicts_are_corrected_for_their_family() {
    let mut b = worse();
    b.runs.iter_mut().for_each(|run| run.rows[2].outcomes[3] += 7);
    let comparison = compare(&example::study(), &b, vec![]);
    let p_of = |main: bool| {
        let tested =
            comparison.figures.iter().filter(move |figure| figure.p.is_some() && (!main || figure.main));
        tested.filter_map(|figure| Some((figure.p?, figure.p_holm?))).collect::<Vec<_>>()
    };
    let (main, all) = (p_of(true), p_of(false));
    assert_eq!((main.len(), all.len()), (comparison.tested(true), comparison.tested(false)));
    assert!(main.len() > 3 && all.len() > main.len(), "{main:?} {all:?}");
    // Losses of `pay` differ by 7 on every day: certain, whatever the family; those of `web` are the next.
    let lost = |name: &str| comparison.figure(name).unwrap();
    assert_eq!((lost("pay.lost").p_holm, lost("pay.lost").verdict), (Some(0.0), Ok(Judgement::Worse)));
    let certain = main.iter().filter(|(p, _)| *p == 0.0).count();
    let next = main.iter().map(|(p, _)| *p).filter(|p| *p > 0.0).fold(1.0, f64::min);
    let figure = comparison.figures.iter().find(|figure| figure.main && figure.p == Some(next)).unwrap();
    near(figure.p_holm, (next * (main.len() - certain) as f64).min(1.0));
    // What is better this way is worse the other way round.
    let back = compare(&b, &example::study(), vec![]);
    assert_eq!(back.figure("pay.lost").unwrap().verdict, Ok(Judgement::Better));
    assert_eq!(back.figure("pay.success_share").unwrap().verdict, Ok(Judgement::Better));
}

#[test]
fn days_belong_together_where_one_seed_drew_both() {
    let a = example::study();
    let of = |b: &StudyResult, changes: Vec<ScenarioChange>| compare(&a, b, changes).pairing;
    let action = |to: &str| ScenarioChange { path: "actions[x]".into(), a: None, b: Some(to.into()) };
    let table = [
        (change("services.web.balancer", "random", "roundRobin"), None),
        (change("services.web.work", "5ms", "6ms"), None),
        (change("run.interval", "10s", "1m"), None),
        (change("run.load", "1", "1.2"), Some("run.load")),
        (change("run.duration", "1h", "2h"), Some("run.duration")),
        (change("traffic.users.rate", "1/s", "2/s"), Some("traffic.users.rate")),
        (
            change("actions[x].set.\"traffic.users.rate\"", "1/s", "2/s"),
            Some("actions[x].set.\"traffic.users.rate\""),
        ),
        (action("{set: {traffic.users.rate: 2/s}}"), Some("actions[x]")),
        (action("{set: {services.web.queue.limit: 2}}"), None),
    ];
    for (change, other) in table {
        let found = of(&a, vec![change.clone()]);
        let expected = other.map_or(Pairing::SameCustomers, |path| Pairing::SameSeed(vec![path.to_owned()]));
        assert_eq!(found, expected, "{change:?}");
    }
    let mut b = a.clone();
    let trace = |source: &str, sha256: &str| TraceRecord {
        source: source.into(),
        file: "t.csv".into(),
        sha256: sha256.into(),
        rows: 1,
        bad_lines: 0,
        first_bad: vec![],
    };
    b.provenance.traces = vec![trace("shoppers", "00"), trace("predictive", "11")];
    // Who forecasts by a recording lets nobody come.
    assert_eq!(of(&b, vec![]), Pairing::SameSeed(vec!["shoppers: t.csv".into()]));
    b.provenance.seed = 8;
    assert_eq!(of(&b, vec![]), Pairing::Independent);
}

/// By Welch the variance of A is 0 and that of B 100: two degrees of freedom, as with pairs.
#[test]
fn independent_days_are_two_samples() {
    let mut b = worse();
    b.provenance.seed = 8;
    let comparison = compare(&example::study(), &b, vec![]);
    let lost = comparison.figure("web.browse.lost").unwrap();
    near(lost.difference.and_then(|difference| difference.hi), 44.8414);
    assert_eq!(lost.variance_factor, None);
    // What is one number on all days of both is no question of days.
    assert_eq!(comparison.figure("web.cost").unwrap().verdict, Ok(Judgement::Same));
    b.runs.remove(0);
    assert_eq!(compare(&example::study(), &b, vec![]).days, [3, 2]);
    b.provenance.seed = 7;
    let paired = compare(&example::study(), &b, vec![]);
    assert_eq!(paired.days, [2, 2]);
    assert_eq!(paired.figure("web.browse.lost").unwrap().difference.unwrap().mean, 25.0, "days 2 and 3");
}

#[test]
fn why_there_is_no_verdict_is_told() {
    let a = example::study();
    type Case = (fn(&mut StudyResult), &'static str, Result<Judgement, Silence>);
    let table: [Case; 12] = [
        (|_| {}, "web.p99_ms", Ok(Judgement::Same)),
        (|_| {}, "objectives.order-p99", Err(Silence::Unanswered)),
        (|b| b.plan.duration_ns += 10 * example::S, "web.lost", Err(Silence::Lengths)),
        (|b| b.plan.duration_ns += 10 * example::S, "web.cost", Err(Silence::Lengths)),
        (|b| b.plan.duration_ns += 10 * example::S, "web.p99_ms", Ok(Judgement::Same)),
        (|b| b.plan.currency = None, "cost", Err(Silence::Currencies)),
        (|b| b.plan.interval_ns /= 2, "web.over_provisioned_share", Err(Silence::Intervals)),
        (|b| b.plan.objectives[1].every_ns = None, "objectives.success", Err(Silence::Measures)),
        // Another bound on the same figure is no other figure.
        (
            |b| b.plan.objectives[1].goal = Goal::Success { at_least: 0.5, inclusive: true },
            "objectives.success",
            Ok(Judgement::Same),
        ),
        (|b| b.plan.objectives[1].name = "other".into(), "objectives.success", Err(Silence::OneSided)),
        (|b| b.runs.truncate(1), "web.offered", Ok(Judgement::Same)),
        (
            |b| {
                b.plan.services[0].growing = true;
                b.runs.iter_mut().for_each(|run| run.rows[0].latency_max_ns += 1_000);
            },
            "web.max_ms",
            Err(Silence::Unbounded),
        ),
    ];
    for (changed, name, expected) in table {
        let mut b = a.clone();
        changed(&mut b);
        let comparison = compare(&a, &b, vec![]);
        let figure = comparison.figure(name).unwrap_or_else(|| panic!("no {name}"));
        assert_eq!(figure.verdict, expected, "{name}");
        if expected == Err(Silence::Unbounded) {
            assert_eq!(figure.difference.map(Interval::without_bounds), figure.difference, "{name}");
        }
    }
    // Of pairs those count that have both values: A has none on day 3, and B none on day 2.
    let mut b = a.clone();
    b.runs[1].objectives[1].windows = vec![example::window(10, 0, 0, None)];
    let comparison = compare(&a, &b, vec![]);
    let success = comparison.figure("objectives.success").unwrap();
    assert_eq!((success.a.unwrap().mean, success.b.unwrap().mean), (0.999, 0.999));
    let mut b = worse();
    b.runs.truncate(1);
    let alone = compare(&a, &b, vec![]);
    assert_eq!(alone.figure("web.lost").unwrap().verdict, Err(Silence::OneDay));
    // A service whose requests are all of one class has no row for it.
    assert!(alone.figure("pay.lost").is_some() && alone.figure("pay.order.lost").is_none());
}

#[test]
fn objectives_are_matched_by_name() {
    let (a, mut b) = (example::study(), example::study());
    b.plan.objectives[0].name = "new".into();
    b.plan.objectives[1].goal = Goal::Success { at_least: 1.5, inclusive: true };
    let pairs = compare(&a, &b, vec![]).objectives;
    let told: Vec<_> = pairs.iter().map(|p| (&*p.name, p.a.is_some(), p.b.is_some(), p.changed())).collect();
    assert_eq!(
        told,
        [("new", false, true, false), ("success", true, true, true), ("order-p99", true, false, false)]
    );
}
