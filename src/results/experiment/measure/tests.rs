use super::*;
use crate::results::example::{one_day, study};
use crate::results::{RunResult, StudyResult, dependencies, released, summary, verdicts};

fn measured(study: &StudyResult) -> (Vec<MetricPlan>, Measures, Vec<RunRecord>) {
    let (metrics, _, mut measures) = Measures::of(&[&study.plan], &[]).unwrap();
    let measures = measures.remove(0);
    let record = |run: &RunResult| measures.record(&study.plan, run, "id".into());
    let records = study.runs.iter().map(record).collect();
    (metrics, measures, records)
}

fn place(metrics: &[MetricPlan], name: &str) -> usize {
    metrics.iter().position(|metric| metric.name == name).unwrap_or_else(|| panic!("{name}"))
}

#[test]
fn a_day_is_measured_as_on_paper() {
    let (metrics, _, records) = measured(&one_day());
    let table = [
        ("objectives.order-p99", Some(300.0)),
        ("objectives.success", Some(0.999)),
        // `pay` has no price, and 40 server seconds.
        ("cost", Some(0.013)),
        ("server_hours", Some(90.0 / 3_600.0)),
        ("web.offered", Some(1_200.0)),
        ("web.browse.offered", Some(1_000.0)),
        ("web.order.p50_ms", Some(0.000_5)),
        ("pay.cost", None),
        // 3.3 of 12 cores in the second interval, 12 of 18 slots, nobody in the queue for 50.
        ("limits.web.cpu", Some(0.275)),
        ("limits.web.slots", Some(12.0 / 18.0)),
        ("limits.web.queue", Some(0.0)),
    ];
    for (name, expected) in table {
        let Figure(found) = records[0].figures[place(&metrics, name)];
        let near = found.zip(expected).is_some_and(|(a, b)| (a - b).abs() <= 1e-12 * b.abs());
        assert!(near || found == expected, "{name}: {found:?} instead of {expected:?}");
    }
    let day = records[0].objectives[0].unwrap();
    assert_eq!(
        (day.value, day.worst_window_ns, day.holds),
        (Figure(Some(300.0)), Some(20_000_000_000), true)
    );
    assert!(!metrics.iter().any(|m| m.name.starts_with("limits.pay")), "pay has no limits");
    assert!(!metrics.iter().any(|m| m.name == "web.order.cost"), "classes have no fleet");
}

/// Every figure, averaged over days, is that of the tables of a study.
#[test]
fn figures_are_those_of_a_study() {
    let study = study();
    let (metrics, _, records) = measured(&study);
    let mean = |name: &str| {
        let at = place(&metrics, name);
        let values: Vec<f64> = records.iter().filter_map(|record| record.figures[at].0).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let same = |name: &str, expected: Option<f64>| {
        let found = mean(name);
        let near = found.zip(expected).is_some_and(|(a, b)| (a - b).abs() <= 1e-12 * b.abs());
        assert!(near || found == expected, "{name}: {found:?} instead of {expected:?}");
    };
    let mut compared = 0;
    for row in summary(&study) {
        let service = &study.plan.services[row.subject.service].name;
        for (column, figure) in SUMMARY.iter().zip(&row.figures) {
            let name = match row.subject.class_name(&study.plan) {
                "*" => format!("{service}.{}", column.name),
                _ if Facts::of_whole_alone(column) => {
                    assert_eq!(*figure, None, "{}", column.name);
                    continue;
                }
                class => format!("{service}.{class}.{}", column.name),
            };
            same(&name, figure.map(|figure| figure.mean));
            compared += 1;
        }
    }
    assert_eq!(compared, 2 * 38 + 3 * 22);
    for (objective, verdict) in study.plan.objectives.iter().zip(verdicts(&study)) {
        same(&format!("objectives.{}", objective.name), verdict.value.map(|value| value.mean));
    }
    for row in dependencies(&study) {
        let at =
            place(&metrics, &format!("limits.{}.{}", study.plan.services[row.service].name, row.resource));
        let worst = records.iter().filter_map(|record| record.figures[at].0).fold(0.0, f64::max);
        assert!((worst - (1.0 - row.margin.unwrap())).abs() < 1e-12, "{}", row.resource);
    }
}

#[test]
fn what_is_told_first_is_what_was_asked_and_what_it_costs() {
    let of = |study: &StudyResult, names: &[String]| {
        let (metrics, ..) = Measures::of(&[&study.plan], names).unwrap();
        let names = |of: fn(&MetricPlan) -> bool| {
            metrics.iter().filter(|metric| of(metric)).map(|metric| metric.name.clone()).collect::<Vec<_>>()
        };
        (names(|metric| metric.headline), names(|metric| metric.tabled))
    };
    let mut study = one_day();
    let (headlines, tabled) = of(&study, &[]);
    assert_eq!(headlines, ["objectives.order-p99", "objectives.success", "cost", "web.order.p99_ms"]);
    assert!(tabled.contains(&"web.order.offered".into()) && !tabled.contains(&"web.browse.offered".into()));
    let (headlines, tabled) = of(&study, &["web.browse.p90_ms".into()]);
    assert!(headlines.contains(&"web.browse.p90_ms".into()) && tabled.contains(&"web.browse.p90_ms".into()));
    study.plan.objectives.clear();
    study.plan.services[0].pools.iter_mut().for_each(|pool| pool.price_per_hour = None);
    let (headlines, _) = of(&study, &[]);
    assert_eq!(headlines, ["server_hours", "web.p99_ms", "pay.p99_ms"]);
    let unknown = Measures::of(&[&study.plan], &["web.p99_ms".into(), "wep.p99_ms".into(), "cost".into()]);
    assert_eq!(unknown.err(), Some(vec!["wep.p99_ms".into(), "cost".into()]));
    for (percentile, column) in [(50.0, "p50_ms"), (75.0, "p90_ms"), (99.0, "p99_ms"), (99.95, "p999_ms")] {
        let goal = Goal::Latency { percentile, bound_ns: 1, inclusive: true };
        assert_eq!(judged_by(&goal), Some(column));
    }
}

#[test]
fn scenarios_share_what_they_have_in_common() {
    let first = one_day();
    let mut second = one_day();
    second.plan.services[1].name = "paid".into();
    second.plan.objectives[0].name = "other".into();
    second.plan.objectives[1].goal = Goal::Latency { percentile: 95.0, bound_ns: 1, inclusive: true };
    let (metrics, objectives, measures) = Measures::of(&[&first.plan, &second.plan], &[]).unwrap();
    assert_eq!(objectives, ["order-p99", "success", "other"]);
    let names: std::collections::BTreeSet<_> = metrics.iter().map(|metric| &metric.name).collect();
    assert_eq!(names.len(), metrics.len(), "each name once");
    let records = [0, 1].map(|cell| {
        let study = [&first, &second][cell];
        measures[cell].record(&study.plan, &study.runs[0], String::new())
    });
    let figures = |name: &str| records.each_ref().map(|record| record.figures[place(&metrics, name)].0);
    assert_eq!(figures("web.offered"), [Some(1_200.0); 2]);
    assert_eq!(figures("pay.offered"), [Some(190.0), None]);
    assert_eq!(figures("paid.offered"), [None, Some(190.0)]);
    // A ratio in one and a latency in the other are not compared.
    assert_eq!(figures("objectives.success"), [Some(0.999), None]);
    let has = |cell: usize| measures[cell].cell(&[&first, &second][cell].plan).objectives;
    assert_eq!(
        [0, 1].map(|cell| has(cell).iter().map(Option::is_some).collect::<Vec<_>>()),
        [[true, true, false], [false, true, true]]
    );
}

#[test]
fn a_fleet_without_all_its_prices_has_no_cost() {
    let mut study = one_day();
    study.plan.services[0].pools[1].price_per_hour = None;
    let (metrics, _, records) = measured(&study);
    assert_eq!(records[0].figures[place(&metrics, "cost")], Figure(None));
    study.plan.services[0].pools[0].price_per_hour = None;
    assert!(!measured(&study).0.iter().any(|metric| metric.name == "cost"), "nothing is priced");
}

#[test]
fn what_grows_has_no_interval() {
    let mut study = one_day();
    study.plan.services[0].no_mean_interval = Some("a heavy tail".into());
    let unbounded = |study: &StudyResult| {
        let (metrics, measures, _) = measured(study);
        let cell = measures.cell(&study.plan);
        let names: Vec<_> = cell.unbounded.iter().map(|&at| metrics[at].name.clone()).collect();
        (names, cell.objectives.iter().flatten().all(|objective| objective.interval))
    };
    let means = ["web.latency_mean_ms", "web.browse.latency_mean_ms", "web.order.latency_mean_ms"];
    assert_eq!(unbounded(&study), (means.map(String::from).to_vec(), true));
    study.plan.services[0].growing = true;
    let (names, interval) = unbounded(&study);
    // Of each subject mean, maximum and five percentiles; and the objectives.
    assert_eq!((names.len(), interval), (3 * 7 + 2, false));
}

#[test]
fn releases_are_measured_by_what_they_did() {
    let other = crate::results::ReleaseRun { policy: 1, ..released::caught() };
    let study = released::study(vec![vec![released::faulty(), other]]);
    let (metrics, _, records) = measured(&study);
    // Bad until 60 s: 32, of which 2 without the release; harmed from 23 s on.
    let table = [
        ("releases.v2.requests_harmed", Some(30.0)),
        ("releases.v2.failure_time_s", Some(37.0)),
        ("releases.v2.exposed", Some(0.05)),
        ("releases.v2.all at once.requests_harmed", None),
    ];
    for (name, expected) in table {
        assert_eq!(records[0].figures[place(&metrics, name)].0, expected, "{name}");
    }
    assert!(metrics[place(&metrics, "releases.v2.requests_harmed")].headline);
    // Three in a day, of which the second harms 10 and the third nobody: the mean over commits that have a figure.
    let marks = released::marks(&[(60, 12, 2), (100, 12, 2)]);
    let second = crate::results::ReleaseRun { commit: 2, marks, ..released::faulty() };
    let third = crate::results::ReleaseRun { commit: 3, ..released::caught() };
    let study = released::study(vec![vec![released::faulty(), second, third]]);
    let (metrics, _, records) = measured(&study);
    assert_eq!(records[0].figures[place(&metrics, "releases.v2.requests_harmed")].0, Some(20.0));
}

#[test]
fn every_figure_says_what_it_is() {
    let (metrics, ..) = measured(&one_day());
    let table = [
        ("web.p99_ms", Unit::Milliseconds, Some(Better::Lower)),
        ("web.completed", Unit::Count, Some(Better::Higher)),
        ("web.goodput_per_s", Unit::PerSecond, Some(Better::Higher)),
        ("web.cpu_utilization", Unit::Ratio, None),
        ("objectives.success", Unit::Ratio, Some(Better::Higher)),
        ("cost", Unit::Money, Some(Better::Lower)),
        ("server_hours", Unit::ServerHours, Some(Better::Lower)),
        ("limits.web.slots", Unit::Ratio, Some(Better::Lower)),
    ];
    for (name, unit, better) in table {
        let metric = &metrics[place(&metrics, name)];
        assert_eq!((metric.unit, metric.better), (unit, better), "{name}");
    }
    let releases = RELEASES.map(|column| meaning(column.name));
    assert_eq!(releases[0], (Unit::Count, Some(Better::Lower)));
    assert_eq!(releases[4], (Unit::Ratio, None), "a slower recovery lowers the ratio");
    assert_eq!(releases[5], (Unit::Seconds, Some(Better::Lower)));
}
