use super::*;
use crate::report::Lang;
use crate::results::experiment::Figure;
use crate::results::experiment::tests::{bad, experiment, good, metric};

/// Two cells of three days; the second loses one, has a day without an answer and a label that needs quotes.
fn small() -> Experiment {
    let days = [
        vec![good(1.0, 50.0), good(1.0, 60.0), bad(1.0, 130.0)],
        vec![good(2.0, 40.0), good(2.0, 45.0), bad(2.0, f64::INFINITY)],
    ];
    let mut small = experiment(&[3], Some(0.5), &days);
    small.plan.axes[0].values[1].label = "leastRequest, 2".into();
    small
}

fn found(experiment: &Experiment) -> Found<'_> {
    Found::of(experiment, Lang::En)
}

fn text(bytes: io::Result<Vec<u8>>) -> String {
    String::from_utf8(bytes.unwrap()).unwrap()
}

#[test]
fn cells_have_a_row_each() {
    // 2 of 3: lower bound 0.135350 (3 p^2 - 2 p^3 = 5 %), upper 0.983048; 60 +- 4.302653 x 43.588989 / sqrt(3) about 80.
    let expected = "\
cell,replicas,replications,cost,cost_lo,cost_hi,web.p99_ms,web.p99_ms_lo,web.p99_ms_hi,objectives.fast_holds_in,\
objectives.fast_held,objectives.fast_share,objectives.fast_share_lo,objectives.fast_share_hi,objectives.fast_verdict,\
risk,verdict,rank,pareto
1,v0,3,1,1,1,80,-28.2810525,188.281052,0.5,2,0.666666667,0.135350362,0.983047572,inconclusive,0.333333333,inconclusive,1,true
2,\"leastRequest, 2\",3,2,2,2,inf,,,0.5,2,0.666666667,0.135350362,0.983047572,inconclusive,0.333333333,inconclusive,2,false
";
    assert_eq!(text(sweep_csv(&found(&small()))), expected);
}

#[test]
fn runs_have_a_row_each_whether_they_finished_or_not() {
    let mut small = small();
    small.runs[1].remove(1);
    small.runs[0][0].figures[1] = Figure(None);
    let expected = "\
cell,replicas,replication,run,status,cost,web.p99_ms,objectives.fast_holds
1,v0,1,run0,finished,1,,true
1,v0,2,run1,finished,1,60,true
1,v0,3,run2,finished,1,130,false
2,\"leastRequest, 2\",1,run0,finished,2,40,true
2,\"leastRequest, 2\",2,,failed,,,
2,\"leastRequest, 2\",3,run2,finished,2,inf,false
";
    assert_eq!(text(runs_csv(&small)), expected);
    // Looks, runs that finished, how many were tried.
    let table: [(&[u32], &[u32], u32); 6] = [
        (&[3], &[], 3),
        (&[3], &[1, 2], 3),
        (&[3, 6], &[1, 3], 3),
        (&[3, 6], &[1, 2, 3], 6),
        (&[3, 6], &[1, 2, 3, 4], 6),
        (&[3, 6], &[1, 2, 3, 4, 5, 6], 6),
    ];
    for (looks, finished, tried) in table {
        small.plan.design.looks = looks.to_vec();
        let run = |replication: &u32| RunRecord { replication: *replication, ..small.runs[0][0].clone() };
        let runs: Vec<RunRecord> = finished.iter().map(run).collect();
        assert_eq!(attempted(&small.plan, 0, &runs), tried, "{finished:?} of {looks:?}");
    }
}

#[test]
fn comparisons_say_what_they_rest_on() {
    let mut small = small();
    small.plan.recorded = true;
    // Pairs (40, 50), (45, 60), (inf, 130): one longer, two shorter, of which nothing follows.
    let expected = "\
cell,replicas,baseline,metric,unit,better,pairs,infinite,mean,mean_baseline,difference,difference_lo,difference_hi,\
test,p,p_adjusted,verdict,variance_factor,note
2,\"leastRequest, 2\",1,cost,USD,lower,3,0,2,1,1,1,1,t,0,0,worse,,replications share the recorded arrivals
2,\"leastRequest, 2\",1,web.p99_ms,ms,lower,2,1,42.5,55,-12.5,,,sign,1,1,not distinguishable at 3,,replications share the recorded arrivals
";
    assert_eq!(text(comparisons_csv(&found(&small))), expected);
}

#[test]
fn what_is_not_tabled_has_no_columns() {
    let mut small = small();
    small.plan.metrics.push(MetricPlan { tabled: false, ..metric("web.p50_ms", None) });
    for run in small.runs.iter_mut().flatten() {
        run.figures.push(Figure(Some(1.0)));
    }
    assert!(!text(sweep_csv(&found(&small))).contains("p50") && !text(runs_csv(&small)).contains("p50"));
    small.plan.cells[1].objectives[0] = None;
    small.runs[1].iter_mut().for_each(|run| run.objectives[0] = None);
    let row = text(sweep_csv(&found(&small))).lines().nth(2).unwrap().to_owned();
    assert!(row.ends_with(",inf,,,,,,,,,,pass,1,false"), "{row}");
    let names: Vec<_> = tables(&found(&small)).unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["sweep.csv", "runs.csv", "comparisons.csv"]);
}
