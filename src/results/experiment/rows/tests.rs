use super::*;
use crate::results::experiment::tests::{bad, experiment, good};
use crate::results::experiment::{Figure, Precision};

/// So many days that hold, and so many that do not, at one price.
fn days(cost: f64, held: usize, lost: usize) -> Vec<(f64, Option<f64>, bool)> {
    let mut days = vec![good(cost, 50.0); held];
    days.extend(vec![bad(cost, 150.0); lost]);
    days
}

#[test]
fn a_cell_has_the_figures_of_its_days() {
    let found =
        &cell_rows(&experiment(&[3], None, &[vec![good(1.0, 10.0), good(2.0, 20.0), bad(3.0, 120.0)]]))[0];
    assert_eq!(found.figures[0], Interval::of(&[1.0, 2.0, 3.0]));
    let objective = found.objectives[0].unwrap();
    assert_eq!((objective.held, objective.n, objective.share), (2, 3, 2.0 / 3.0));
    assert_eq!(objective.value, Interval::of(&[10.0, 20.0, 120.0]));
    // Clopper-Pearson, as without looks.
    let bounds = (crate::stats::share_at_least(2, 3).unwrap(), crate::stats::share_at_most(2, 3).unwrap());
    assert_eq!((objective.lo, objective.hi), bounds);
    assert_eq!((found.verdict, found.replications, found.risk), (Verdict::Inconclusive, 3, Some(1.0 / 3.0)));
}

#[test]
fn what_has_no_interval_has_none() {
    let mut experiment =
        experiment(&[3], None, &[vec![good(1.0, 10.0), good(1.0, 20.0), good(1.0, f64::INFINITY)]]);
    let found = cell_rows(&experiment);
    let infinite = Interval { mean: f64::INFINITY, lo: None, hi: None };
    assert_eq!(found[0].figures[1], Some(infinite));
    experiment.plan.cells[0].unbounded = vec![0];
    assert_eq!(cell_rows(&experiment)[0].figures[0].unwrap().lo, None);
    experiment.runs[0].truncate(2);
    experiment.runs[0][0].figures[1] = Figure(None);
    assert_eq!(cell_rows(&experiment)[0].figures[1], Some(Interval { mean: 20.0, lo: None, hi: None }));
    experiment.runs[0].clear();
    let empty = &cell_rows(&experiment)[0];
    assert_eq!((empty.verdict, empty.rank, empty.risk), (Verdict::Inconclusive, None, None));
    assert_eq!((empty.objectives[0], empty.figures[0], empty.pareto), (None, None, false));
}

#[test]
fn verdicts_are_those_of_the_looks() {
    // Held, days, looks, demanded: 59 of 59 prove 95 % in one look; among five 80 of 80 are needed.
    let table: [(usize, usize, &[u32], f64, Verdict); 7] = [
        (59, 59, &[59], 0.95, Verdict::Pass),
        (58, 58, &[58], 0.95, Verdict::Inconclusive),
        (40, 40, &[10, 20, 40, 80, 160], 0.95, Verdict::Inconclusive),
        (80, 80, &[10, 20, 40, 80, 160], 0.95, Verdict::Pass),
        (6, 10, &[10, 20, 40, 80, 160], 0.95, Verdict::Fail),
        (7, 10, &[10, 20, 40, 80, 160], 0.95, Verdict::Inconclusive),
        (7, 10, &[10], 0.95, Verdict::Fail),
    ];
    for (held, n, looks, wanted, expected) in table {
        let experiment = experiment(looks, Some(wanted), &[days(1.0, held, n - held)]);
        assert_eq!(cell_rows(&experiment)[0].verdict, expected, "{held} of {n} at {looks:?}");
    }
}

#[test]
fn cells_are_ranked_by_verdict_then_cost_then_risk() {
    let cells = [
        days(3.0, 60, 0),
        days(2.0, 60, 0),
        // Cheaper, and fails.
        days(1.0, 30, 30),
        days(3.0, 60, 0),
        // Inconclusive, in two degrees of risk; one that is cheaper and riskier.
        days(0.5, 57, 3),
        days(0.5, 58, 2),
        days(0.4, 57, 3),
        vec![],
    ];
    let mut experiment = experiment(&[60], Some(0.95), &cells);
    let ranks =
        |experiment: &Experiment| cell_rows(experiment).iter().map(|row| row.rank).collect::<Vec<_>>();
    assert_eq!(ranks(&experiment), [Some(2), Some(1), Some(7), Some(2), Some(6), Some(5), Some(4), None]);
    experiment.plan.metrics[0].better = Some(Better::Higher);
    assert_eq!(ranks(&experiment), [Some(1), Some(3), Some(7), Some(1), Some(5), Some(4), Some(6), None]);
    experiment.plan.rank_by = Some(1);
    experiment.runs[1].iter_mut().for_each(|run| run.figures[1] = Figure(None));
    assert_eq!(
        ranks(&experiment)[..4],
        [Some(1), Some(3), Some(7), Some(1)],
        "what has no figure comes last"
    );
}

#[test]
fn the_front_is_what_nothing_beats() {
    let cells = [
        days(1.0, 5, 5),
        days(2.0, 8, 2),
        // Dearer and as risky; as dear and riskier.
        days(3.0, 8, 2),
        days(2.0, 7, 3),
        // The same twice.
        days(4.0, 10, 0),
        days(4.0, 10, 0),
        vec![],
    ];
    let mut experiment = experiment(&[10], None, &cells);
    let front =
        |experiment: &Experiment| cell_rows(experiment).iter().map(|row| row.pareto).collect::<Vec<_>>();
    assert_eq!(front(&experiment), [true, true, false, false, true, true, false]);
    experiment.plan.metrics[0].name = "other".into();
    assert_eq!(front(&experiment), [false; 7], "nothing says what they cost");
    assert_eq!((experiment.plan.outlay(), experiment.plan.ranked_by()), (None, None));
    experiment.plan.metrics[1].name = "server_hours".into();
    assert_eq!(experiment.plan.outlay(), Some(1));
}

#[test]
fn a_cell_is_decided_when_what_was_asked_is_known() {
    let looks = [10, 20, 40, 80, 160];
    let decide = |days: Vec<(f64, Option<f64>, bool)>, precise: Option<f64>, until_decided: bool| {
        let mut experiment = experiment(&looks, Some(0.95), &[days]);
        experiment.plan.design.precision = precise.map(|relative| Precision { metric: 1, relative });
        experiment.plan.design.until_decided = until_decided;
        decided(&experiment.plan, 0, &experiment.runs[0])
    };
    // Ten days, 100 +- 1: s = 1.0541, at 1/16 of 5 % t(0.9984375, 9) = 3.97, half 1.32 %.
    let steady: Vec<_> = (0..10).map(|day| good(1.0, if day % 2 == 0 { 99.0 } else { 101.0 })).collect();
    let table = [
        (days(1.0, 80, 0), None, true, true),
        (days(1.0, 40, 0), None, true, false),
        (days(1.0, 6, 4), None, true, true),
        (steady.clone(), Some(0.014), false, true),
        (steady.clone(), Some(0.013), false, false),
        (steady.clone(), Some(0.014), true, false),
        (days(1.0, 80, 0), Some(0.01), true, true),
        // Nothing was asked: all that there may be.
        (days(1.0, 80, 0), None, false, false),
        (days(1.0, 150, 10), None, true, true),
        (vec![good(1.0, f64::INFINITY); 20], Some(0.5), false, false),
        (vec![(1.0, None, true); 20], Some(0.5), false, false),
    ];
    for (days, precise, until_decided, expected) in table {
        let what = format!("{} days, {precise:?}, {until_decided}", days.len());
        assert_eq!(decide(days, precise, until_decided), expected, "{what}");
    }
    // An objective without a demanded share does not ask for more.
    let mut free = experiment(&looks, None, &[days(1.0, 5, 5)]);
    free.plan.design.until_decided = true;
    assert!(decided(&free.plan, 0, &free.runs[0]));
}
