//! What intervals and verdicts promise, held against cases whose answer is known.
//!
//! Figures are printed: `cargo test --test coverage -- --nocapture`. Seeds are fixed, so a share that is found is the same
//! on every machine; bounds leave room for chance so that they stand for other seeds, too.

mod common;

use common::truth::NoTraces;
use common::{Station, UNIT};
use peakday::results::experiment::{
    CellPlan, Comparison, Design, EXPERIMENT_VERSION, Experiment, ExperimentPlan, Measures, RunRecord,
    cell_rows, comparisons,
};
use peakday::results::{Goal, ObjectivePlan, Verdict};
use peakday::rng::{Key, uniform_closed_open};
use peakday::scenario::Scenario;
use peakday::stats::{Sequential, looks, share_at_least, share_at_most};
use peakday::study::{Made, StudyOptions, Task, run_batch};
use peakday::theory::Mmc;
use peakday::workload::ArrivalsSpec;

/// The mean sojourn.
const MEAN: &str = "station.latency_mean_ms";

/// Simulates so many days of every scenario as one experiment.
fn experiment(scenarios: &[Scenario], design: Design) -> Experiment {
    let plans: Vec<_> = scenarios.iter().map(|scenario| &scenario.plan).collect();
    let (metrics, objectives, measures) = Measures::of(&plans, &[MEAN.into()]).expect("known metrics");
    let days = design.most();
    let task = |cell: usize, replication| Task {
        cell,
        scenario: &scenarios[cell],
        sha256: "0",
        measures: &measures[cell],
        replication,
    };
    let tasks: Vec<Task<'_>> =
        (0..scenarios.len()).flat_map(|cell| (1..=days).map(move |day| task(cell, day))).collect();
    let made = run_batch(&tasks, &(), &NoTraces, StudyOptions::default(), &()).expect("threads");
    let record = |made| match made {
        Made::Finished(record) => record,
        other => panic!("{other:?}"),
    };
    let records: Vec<RunRecord> = made.into_iter().map(record).collect();
    let cell = |(scenario, measures): (&Scenario, &Measures)| measures.cell(&scenario.plan);
    let cells: Vec<CellPlan> = scenarios.iter().zip(&measures).map(cell).collect();
    let plan = ExperimentPlan {
        experiment_version: EXPERIMENT_VERSION,
        version: String::new(),
        name: "coverage".into(),
        display_name: None,
        file: String::new(),
        flags: vec![],
        axes: vec![],
        metrics,
        objectives,
        cells,
        dropped: 0,
        baseline: 0,
        design,
        rank_by: None,
        currency: None,
        recorded: false,
    };
    Experiment { plan, runs: records.chunks(days as usize).map(<[_]>::to_vec).collect() }
}

/// The same experiment, looked at when there were so many days.
fn after(experiment: &Experiment, days: u32) -> Experiment {
    let first = |runs: &Vec<RunRecord>| runs[..days as usize].to_vec();
    Experiment { plan: experiment.plan.clone(), runs: experiment.runs.iter().map(first).collect() }
}

/// M/M/1 for so many customers of a study, after a warm-up, everyone served out at the end.
fn line(load: f64, customers: f64, days: f64, seed: u64) -> Station {
    // Ten relaxation times of 1 / (1 - sqrt(rho))^2 (see common/theory.rs).
    let root = 1.0 - libm::sqrt(load);
    let warmup = 10.0 / (root * root);
    let duration = warmup + customers / days / load + warmup;
    Station { rate: load, duration, warmup, drain: warmup, seed, ..Station::default() }
}

/// Customers that make the half-width of the mean 5 %: Whitt (Management Science 35, 1989), the first rows of
/// `run_length_guidance.csv`.
const CUSTOMERS: [(f64, f64); 2] = [(0.5, 18_440.0), (0.7, 58_051.0)];

/// Over 300 repetitions of an M/M/1 study of ten days the 95 % interval of the mean contains the truth in 92 to 98 %; and
/// looked at after 10, 20 and 40 days, it misses it at any look in no more than 5 %.
#[test]
fn intervals_of_the_mean_contain_it() {
    for (load, customers) in CUSTOMERS {
        let truth = 1.0 + Mmc::new(load, 1).expect("a steady state").mean_wait();
        let scenarios: Vec<Scenario> =
            (1..=300).map(|seed| line(load, customers, 10.0, seed).scenario()).collect();
        let all = experiment(&scenarios, Design { looks: looks(10, 40), ..Design::fixed(40) });
        let metric = all.plan.metrics.iter().position(|metric| metric.name == MEAN).expect("the mean");
        let contains = |experiment: &Experiment| -> Vec<bool> {
            let found = cell_rows(experiment).into_iter().map(|row| row.figures[metric].expect("a mean"));
            found
                .map(|mean| (mean.lo.expect("a bound")..=mean.hi.expect("a bound")).contains(&truth))
                .collect()
        };
        let mut once = after(&all, 10);
        once.plan.design = Design::fixed(10);
        let hits = contains(&once).iter().filter(|hit| **hit).count();
        let mut missed = vec![false; 300];
        for days in looks(10, 40) {
            let found = contains(&after(&all, days));
            missed.iter_mut().zip(found).for_each(|(missed, hit)| *missed |= !hit);
        }
        let missed = missed.into_iter().filter(|missed| *missed).count();
        println!(
            "M/M/1 at {load}: {hits} of 300 intervals contain the mean; over three looks {missed} of 300 miss it"
        );
        assert!((276..=294).contains(&hits), "{hits} of 300 at {load}");
        // 15 are expected at most; by chance up to 26 in 99.7 % of all seeds.
        assert!(missed <= 26, "{missed} of 300 at {load}");
    }
}

/// One customer a day, whose exponential work is below -ln 5 % in just 95 % of all days.
fn tossed_day(seed: u64) -> Scenario {
    let bound = -libm::log(0.05);
    let station = Station {
        rate: 1.0 / 100.0,
        arrivals: ArrivalsSpec::Uniform,
        duration: 200.0,
        drain: 100.0,
        intervals: 1,
        seed,
        ..Station::default()
    };
    let mut scenario = station.scenario();
    scenario.plan.objectives.push(ObjectivePlan {
        name: "short".into(),
        service: 0,
        class: None,
        goal: Goal::Latency { percentile: 50.0, bound_ns: (bound * UNIT) as u64, inclusive: true },
        every_ns: None,
        from_ns: None,
        to_ns: None,
        holds_in: Some(0.95),
    });
    scenario
}

/// A demand of just what is true may pass in 5 % of all studies, and fail in 5 %: in one look of 59 days, and by looks at
/// 10, 20, 40, 80 and 160 days together. The chances of one look are known exactly.
#[test]
fn verdicts_err_no_more_than_they_say() {
    const STUDIES: u32 = 400;
    let scenarios: Vec<Scenario> = (1..=u64::from(STUDIES)).map(tossed_day).collect();
    let all = experiment(&scenarios, Design { looks: looks(10, 160), ..Design::fixed(160) });
    let days = || all.runs.iter().flatten().map(|run| run.objectives[0].expect("an objective").holds);
    let (held, n) = (days().filter(|holds| *holds).count() as f64, days().count() as f64);
    assert!(all.runs.iter().flatten().all(|run| run.figures.iter().any(|figure| figure.0 == Some(1.0))));
    println!("{held} of {n} days hold, {:.3} %", 100.0 * held / n);
    let sigma = (n * 0.95 * 0.05).sqrt();
    assert!((held - 0.95 * n).abs() < 4.0 * sigma, "{held} of {n}");

    let mut once = after(&all, 59);
    once.plan.design = Design::fixed(59);
    let count = |experiment: &Experiment, verdict| {
        cell_rows(experiment).iter().filter(|row| row.verdict == verdict).count() as f64
    };
    // 59 of 59: 4.85 %. 52 of 59 or fewer, whose upper bound is below 95 %: 2.74 %.
    let expected = |is: &dyn Fn(u32) -> bool| {
        (0..=59).filter(|held| is(*held)).map(|held| chance(held, 59, 0.95)).sum::<f64>()
    };
    let passes = expected(&|held| share_at_least(held, 59).is_some_and(|lo| lo >= 0.95));
    let fails = expected(&|held| share_at_most(held, 59).is_some_and(|hi| hi < 0.95));
    for (verdict, chance) in [(Verdict::Pass, passes), (Verdict::Fail, fails)] {
        let (found, expected) = (count(&once, verdict), chance * f64::from(STUDIES));
        println!("59 days: {found} of {STUDIES} {}, {expected:.1} expected", verdict.name());
        assert!(
            chance <= 0.05 && (found - expected).abs() <= 3.5 * expected.sqrt(),
            "{found}, not {expected}"
        );
    }

    let (mut passed, mut failed) = (vec![false; scenarios.len()], vec![false; scenarios.len()]);
    for days in looks(10, 160) {
        for (cell, row) in cell_rows(&after(&all, days)).iter().enumerate() {
            passed[cell] |= row.verdict == Verdict::Pass;
            failed[cell] |= row.verdict == Verdict::Fail;
        }
    }
    for (verdict, ever) in [("pass", passed), ("fail", failed)] {
        let found = ever.into_iter().filter(|ever| *ever).count();
        println!("looks at 10 to 160 days: {found} of {STUDIES} {verdict} at some look");
        // 20 are expected at most; by chance up to 34 in 99.9 % of all seeds.
        assert!(found <= 34, "{found} {verdict}");
    }
}

/// The binomial chance of `hits` of `n`.
fn chance(hits: u32, n: u32, share: f64) -> f64 {
    let ways = (0..hits).fold(1.0, |ways, i| ways * f64::from(n - i) / f64::from(i + 1));
    ways * libm::pow(share, hits.into()) * libm::pow(1.0 - share, (n - hits).into())
}

/// Ten thousand streams of days that hold with a known chance, each stopped by the first verdict; the error of every
/// design is known exactly, too (`stats/sequential/tests.rs`).
#[test]
fn streams_stopped_by_their_verdict_err_in_five_percent() {
    const STREAMS: u32 = 10_000;
    for (min, max, share) in [(10, 160, 0.95), (10, 160, 0.9), (20, 80, 0.99), (5, 40, 0.5)] {
        let mut rule = Sequential::new(&looks(min, max));
        let (mut passed, mut failed, mut days) = (0, 0, 0_u64);
        for stream in 0..STREAMS {
            let key = Key::from_seed(stream.into());
            let (mut held, mut n) = (0, 0);
            for look in looks(min, max) {
                held += (n..look)
                    .map(|day| u32::from(uniform_closed_open(key.draw(day.into())) < share))
                    .sum::<u32>();
                n = look;
                let pass = rule.share_at_least(held, n).is_some_and(|lo| lo >= share);
                let fail = rule.share_at_most(held, n).is_some_and(|hi| hi < share);
                passed += u32::from(pass);
                failed += u32::from(fail);
                if pass || fail {
                    break;
                }
            }
            days += u64::from(n);
        }
        let mean = days as f64 / f64::from(STREAMS);
        println!("{share} by {min} to {max}: pass {passed}, fail {failed} of {STREAMS}, {mean:.1} days");
        // 500 are expected at most; by chance up to 568 in 99.9 %.
        assert!(passed <= 568 && failed <= 568, "{share}: {passed} {failed}");
    }
}

/// Days that meet the same customers differ less: how many times more days unpaired ones would take.
#[test]
fn pairs_have_less_variance() {
    let station = |servers, balancer| {
        let (warmup, duration) = (200.0, 2_200.0);
        Station { servers, balancer, rate: 8.5, duration, warmup, ..Station::default() }.scenario()
    };
    let (random, turns) = (r#"{"random":{}}"#, r#"{"roundRobin":{}}"#);
    let least = r#"{"leastRequest":{"choiceCount":2}}"#;
    // What is asked for leaves room for chance; the factor of independent days is 1.
    let cases = [
        ("round robin instead of random", 1.3, [station(10, random), station(10, turns)]),
        ("two choices instead of random", 1.0, [station(10, random), station(10, least)]),
        ("two choices instead of round robin", 1.6, [station(10, turns), station(10, least)]),
        ("11 servers instead of 10", 3.0, [station(10, least), station(11, least)]),
        ("14 servers instead of 10", 1.3, [station(10, least), station(14, least)]),
    ];
    for (what, wanted, cells) in cases {
        let all = experiment(&cells, Design::fixed(40));
        let rows = comparisons(&all);
        let uncertain: Vec<&Comparison> = rows.iter().filter(|row| row.variance_factor.is_some()).collect();
        assert_eq!(uncertain.len(), 2, "mean and 99th percentile");
        for row in uncertain {
            let (name, factor) = (&all.plan.metrics[row.metric].name, row.variance_factor.expect("a factor"));
            println!("{what}: {name} {}, variance factor {factor:.2}", row.words());
            assert!(factor > if name == MEAN { wanted } else { 1.0 }, "{what}: {name} {factor}");
        }
    }
}
