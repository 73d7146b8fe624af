//! Kubernetes' own cases, retyped as tables, and boundaries of its rules.
//!
//! Sources: pkg/controller/podautoscaler/replica_calculator_test.go and horizontal_test.go.

use super::behavior::*;
use super::calculator::*;
use super::controller::*;
use super::release::Release;
use super::*;
use crate::time::SimTime;

const OLD: Release = Release::new(20);
const NEW: Release = Release::new(33);
const NOW: SimTime = SimTime::from_nanos(2_000_000_000_000_000_000);

fn ago(seconds: u64) -> SimTime {
    SimTime::from_nanos(NOW.as_nanos() - seconds * 1_000_000_000)
}

fn secs(count: u64) -> SimDuration {
    SimDuration::from_secs(count)
}

fn calculator(release: Release) -> Calculator {
    Calculator {
        release,
        tolerances: Tolerances { down: 0.1, up: 0.1 },
        cpu_initialization_period: secs(120),
        initial_readiness_delay: secs(10),
    }
}

/// Pods by letter: R ready, u unready, h ready but hot (started just now), H both, P pending, F failed,
/// D being deleted. Each asks for one core.
fn pods(letters: &str, levels: &[i64]) -> Vec<Pod> {
    let pod = |(index, letter): (usize, char)| Pod {
        phase: match letter {
            'P' => Phase::Pending,
            'F' => Phase::Failed,
            _ => Phase::Running,
        },
        deleting: letter == 'D',
        started: Some(if "hH".contains(letter) { NOW } else { ago(180) }),
        readiness: Some(Readiness { ready: "Rh".contains(letter), since: SimTime::ZERO }),
        request_milli: Some(1000),
        metric: levels.get(index).map(|&milli| PodMetric { milli, at: SimTime::ZERO, window: secs(60) }),
    };
    letters.chars().enumerate().map(pod).collect()
}

fn seen<'a>(pods: &'a [Pod], levels: &'a [i64]) -> Observed<'a> {
    Observed { now: NOW, pods, strangers: levels.get(pods.len()..).unwrap_or(&[]) }
}

/// `TestReplicaCalc*` with CPU: name, replicas, target, pods, levels; replicas and per cent.
#[test]
fn cpu_asks_for_as_many_as_in_kubernetes() {
    type Row = (&'static str, i32, i32, &'static str, &'static [i64], i32, i32);
    let rows: [Row; 27] = [
        ("ScaleUp", 3, 30, "RRR", &[300, 500, 700], 5, 50),
        ("ScaleUpUnreadyLessScale", 3, 30, "uRR", &[300, 500, 700], 4, 60),
        ("ScaleUpHotCpuLessScale", 3, 30, "hRR", &[300, 500, 700], 4, 60),
        ("ScaleUpUnreadyNoScale", 3, 30, "Ruu", &[400, 500, 700], 3, 40),
        ("ScaleHotCpuNoScale", 3, 30, "RHH", &[400, 500, 700], 3, 40),
        ("ScaleUpIgnoresFailedPods", 2, 30, "RRFF", &[500, 700], 4, 60),
        ("ScaleUpIgnoresDeletionPods", 2, 30, "RRDD", &[500, 700], 4, 60),
        ("... that still report", 2, 30, "RRDD", &[500, 700, 900, 900], 4, 60),
        ("ScaleDown", 5, 50, "RRRRR", &[100, 300, 500, 250, 250], 3, 28),
        ("ScaleDownExcludeUnreadyPods", 5, 50, "RRRuu", &[100, 300, 500, 250, 250], 2, 30),
        ("ScaleDownExcludeUnscheduledPods", 5, 50, "RPPPP", &[100], 1, 10),
        ("... Container", 5, 50, "RPPPP", &[100, 300, 500, 250, 250], 1, 10),
        ("ScaleDownIgnoreHotCpuPods", 5, 50, "RRRhh", &[100, 300, 500, 250, 250], 2, 30),
        ("ScaleDownIgnoresFailedPods", 5, 50, "RRRRRFF", &[100, 300, 500, 250, 250], 3, 28),
        ("ScaleDownIgnoresDeletionPods", 5, 50, "RRRRRDD", &[100, 300, 500, 250, 250], 3, 28),
        ("SuperfluousMetrics", 4, 100, "RRRR", &[4000, 9500, 3000, 7000, 3200, 2000], 24, 587),
        ("MissingMetrics", 4, 100, "RRRR", &[400, 95], 3, 24),
        ("MissingMetricsNoChangeEq", 2, 100, "RR", &[1000], 2, 100),
        ("MissingMetricsNoChangeGt", 2, 100, "RR", &[1900], 2, 190),
        ("MissingMetricsNoChangeLt", 2, 100, "RR", &[600], 2, 60),
        ("MissingMetricsUnreadyChange", 3, 50, "uRR", &[100, 450], 3, 45),
        ("MissingMetricsHotCpuNoChange", 3, 50, "hRR", &[100, 450], 3, 45),
        ("MissingMetricsUnreadyScaleUp", 3, 50, "uRR", &[100, 2000], 4, 200),
        ("MissingMetricsHotCpuScaleUp", 3, 50, "HRR", &[100, 2000], 4, 200),
        ("MissingMetricsUnreadyScaleDown", 4, 50, "uRRR", &[100, 100, 100], 3, 10),
        ("DuringRollingUpdateWithMaxSurge", 2, 50, "RRR", &[100, 100], 2, 10),
        ("an integer percentage: 59.9 is 59", 2, 59, "RR", &[599, 599], 2, 59),
    ];
    for (name, current, target, letters, levels, replicas, percent) in rows {
        for release in [OLD, NEW] {
            let pods = pods(letters, levels);
            let found = calculator(release).utilization(seen(&pods, levels), current, target);
            let found = found.unwrap_or_else(|failure| panic!("{name}: {failure}"));
            assert_eq!((found.replicas, found.percent), (replicas, percent), "{name} in {release}");
        }
    }
}

/// `TestReplicaCalcMissingMetricsScaleDownTargetOver100`: from 1.26 on missing pods count with the target.
#[test]
fn missing_pods_count_with_targets_above_all() {
    let levels = [200, 100, 100];
    let mut pods = pods("uRRR", &levels);
    (pods[2].request_milli, pods[3].request_milli) = (Some(2000), Some(2000));
    let found = calculator(NEW).utilization(seen(&pods, &levels), 4, 300).unwrap();
    assert_eq!((found.replicas, found.percent), (2, 6));
    let found = calculator(OLD).utilization(seen(&pods, &levels), 4, 300).unwrap();
    assert_eq!((found.replicas, found.percent), (1, 6));
}

#[test]
fn cpu_fails_in_kubernetes_words() {
    let told = |letters: &str, levels: &[i64], request: Option<i64>, release| {
        let mut pods = pods(letters, levels);
        pods.iter_mut().for_each(|pod| pod.request_milli = request);
        calculator(release).utilization(seen(&pods, levels), 1, 100).unwrap_err().to_string()
    };
    let rows = [
        (
            told("R", &[], Some(1000), NEW),
            "unable to get metrics for resource cpu: no metrics returned from resource metrics API",
        ),
        (told("", &[100], Some(1000), NEW), "no pods returned by selector while calculating replica count"),
        (told("R", &[200], None, NEW), "missing request for cpu"),
        (told("u", &[200], Some(1000), OLD), "did not receive metrics for any ready pods"),
        (
            told("P", &[200], Some(1000), NEW),
            "did not receive metrics for targeted pods (pods might be unready)",
        ),
        (told("P", &[200, 300], Some(1000), NEW), "no metrics returned matched known pods"),
    ];
    for (found, expected) in rows {
        assert_eq!(found, expected);
    }
}

/// `TestReplicaCalc*CM`: replicas, target, pods, levels; replicas and mean.
#[test]
fn metrics_of_pods_ask_for_as_many_as_in_kubernetes() {
    type Row = (i32, i64, &'static str, &'static [i64], i32, i64);
    let rows: [Row; 7] = [
        (3, 15_000, "RRR", &[20_000, 10_000, 30_000], 4, 20_000),
        (3, 15_000, "RRH", &[50_000, 10_000, 30_000], 6, 30_000),
        (3, 15_000, "HRH", &[50_000, 15_000, 30_000], 7, 31_666),
        (5, 20_000, "RRRRR", &[12_000, 12_000, 12_000, 12_000, 12_000], 3, 12_000),
        (3, 20_000, "RRR", &[20_000, 21_000, 21_000], 3, 20_666),
        (5, 20_000, "RRRRR", &[20_000, 19_000, 21_000], 5, 20_000),
        (2, 17_000, "RRR", &[10_000, 10_000], 2, 10_000),
    ];
    for (current, target, letters, levels, replicas, mean) in rows {
        let pods = pods(letters, levels);
        let found = calculator(NEW).pods_metric(seen(&pods, levels), current, target, "qps").unwrap();
        assert_eq!((found.replicas, found.value_milli), (replicas, mean), "{levels:?}");
    }
}

/// `TestReplicaCalc*CMObject` and `*CMExternal`.
#[test]
fn values_of_the_service_ask_for_as_many_as_in_kubernetes() {
    let rows = [
        (3, "RRR", 15_000, 20_000, 4),
        (3, "uRu", 10_000, 50_000, 5),
        (3, "uRu", 4_400, 8_600, 2),
        (5, "RRRRR", 20_000, 12_000, 3),
        (5, "RRRRR", 14_334, 8_600, 3),
        (3, "RRR", 20_000, 20_666, 3),
        (3, "RRR", 8_888, 8_600, 3),
        (0, "", 15_000, 20_000, 2),
        (0, "", 1_000, 1_000, 1),
        (0, "", 1_000, 0, 0),
    ];
    for (current, letters, target, usage, replicas) in rows {
        let pods = pods(letters, &[]);
        let found = calculator(NEW).whole_value(seen(&pods, &[]), current, target, usage).unwrap();
        assert_eq!((found.replicas, found.value_milli), (replicas, usage), "{usage} of {target}");
    }
    let rows = [
        (3, 5_000, 20_000, 4, 6_667),
        (3, 2_150, 8_600, 4, 2_867),
        (5, 2_000, 6_000, 3, 1_200),
        (5, 2_867, 8_600, 3, 1_720),
        (4, 5_000, 20_166, 4, 5_042),
        (3, 2_900, 8_600, 3, 2_867),
    ];
    for (status, target, usage, replicas, mean) in rows {
        let found = calculator(NEW).shared_value(status, target, usage);
        assert_eq!((found.replicas, found.value_milli), (replicas, mean), "{usage} of {target}");
    }
    assert_eq!(sum(&[i64::MAX, 1]), i64::MAX);
}

/// `TestGroupPods` and its boundaries: start, ready, since, window of a sample of now; whether it counts.
#[test]
fn fresh_pods_are_doubted() {
    let rows = [
        (60, true, 30, 30, true),
        (60, true, 30, 31, false),
        (60, true, 30, 60, false),
        (60, false, 30, 0, false),
        (119, true, 119, 120, false),
        (120, true, 119, 120, true),
        (600, false, 594, 0, false),
        (600, false, 591, 0, false),
        (600, false, 590, 0, true),
        (600, false, 540, 0, true),
    ];
    for (start, ready, since, window, counts) in rows {
        let mut pods = pods("R", &[500]);
        pods[0].started = Some(ago(start));
        pods[0].readiness = Some(Readiness { ready, since: ago(since) });
        pods[0].metric = Some(PodMetric { milli: 500, at: NOW, window: secs(window) });
        let found = calculator(NEW).utilization(seen(&pods, &[]), 1, 50);
        assert_eq!(found.is_ok(), counts, "{start} {ready} {since} {window}");
    }
}

/// At the edge the sum and the difference round differently (KEP-4951 changed one into the other).
#[test]
fn tolerances_end_where_kubernetes_ends_them() {
    let rows = [
        (1.1, false, true),
        (0.9, true, true),
        (1.0, true, true),
        (1.100_000_1, false, false),
        (0.899_999, false, false),
        (1.099, true, true),
    ];
    for (ratio, old, new) in rows {
        assert_eq!(calculator(OLD).tolerates(ratio), old, "{ratio} before 1.33");
        assert_eq!(calculator(NEW).tolerates(ratio), new, "{ratio} in 1.33");
    }
    let apart = Calculator { tolerances: Tolerances { down: 0.0, up: 0.5 }, ..calculator(NEW) };
    assert_eq!([0.99, 1.0, 1.5, 1.51].map(|ratio| apart.tolerates(ratio)), [false, true, true, false]);
}

fn rate(unit: Unit, value: i32, period: u64) -> Rate {
    Rate { unit, value, period: secs(period) }
}

fn events(entries: &[(i32, u64)]) -> Vec<ScaleEvent> {
    entries.iter().map(|&(change, age)| ScaleEvent { change, at: ago(age), outdated: false }).collect()
}

fn log(entries: &[(i32, u64)]) -> Vec<Recommendation> {
    entries.iter().map(|&(replicas, age)| Recommendation { replicas, at: ago(age) }).collect()
}

/// Cases of `TestScalingWithRules`: rates, events, present and desired number, bounds; what comes out.
#[test]
fn rates_allow_as_much_as_in_kubernetes() {
    use Condition::{
        DesiredWithinRange as Within, ScaleDownLimit, ScaleUpLimit, TooFewReplicas, TooManyReplicas,
    };
    type Row<'a> = (Vec<Rate>, &'a [(i32, u64)], (i32, i32), (i32, i32), (i32, Condition));
    let (pods, percent) =
        (|value, period| rate(Unit::Pods, value, period), |value, period| rate(Unit::Percent, value, period));
    let (bounds, some) = ((1, 1000), [(1, 119), (5, 60), (9, 0)]);
    let rows: [Row<'_>; 22] = [
        (Rules::default_up().rates, &[], (10, 50), bounds, (20, ScaleUpLimit)),
        (Rules::default_up().rates, &[], (1, 50), bounds, (5, ScaleUpLimit)),
        (vec![pods(100, 60), percent(100, 60)], &[], (10, 500), bounds, (110, ScaleUpLimit)),
        (vec![pods(2, 60), percent(100, 60)], &[], (10, 500), bounds, (20, ScaleUpLimit)),
        (vec![pods(100, 60)], &[], (10, 50), bounds, (50, Within)),
        (vec![percent(200, 60)], &[], (10, 50), bounds, (30, ScaleUpLimit)),
        (vec![percent(1, 60)], &[], (3, 1000), (1, 2000), (4, ScaleUpLimit)),
        // 100 x 1.1 is a little more than 110 in binary.
        (vec![percent(10, 60)], &[], (100, 500), bounds, (111, ScaleUpLimit)),
        (vec![pods(300, 60)], &[(1, 100), (5, 60), (9, 20)], (100, 500), (1, 200), (200, TooManyReplicas)),
        (vec![pods(5, 120)], &some, (100, 500), bounds, (100, ScaleUpLimit)),
        (vec![pods(150, 120)], &some, (100, 500), bounds, (235, ScaleUpLimit)),
        (vec![percent(200, 120)], &some, (100, 500), bounds, (255, ScaleUpLimit)),
        // An event as old as the period does not count any more.
        (vec![pods(4, 60)], &[(4, 60)], (100, 500), bounds, (104, ScaleUpLimit)),
        (vec![percent(100, 15)], &[], (10, 5), bounds, (5, Within)),
        (vec![pods(20, 60)], &[], (1000, 3), (3, 2000), (980, ScaleDownLimit)),
        (vec![pods(20, 60), percent(1, 60)], &[], (100, 2), bounds, (80, ScaleDownLimit)),
        (vec![pods(100, 60)], &[], (10, 0), bounds, (1, TooFewReplicas)),
        (vec![percent(50, 60)], &[], (5, 1), bounds, (2, ScaleDownLimit)),
        (vec![pods(5, 120)], &some, (100, 2), bounds, (100, ScaleDownLimit)),
        (vec![percent(50, 120)], &[(2, 1), (4, 2), (6, 3)], (100, 0), bounds, (56, ScaleDownLimit)),
        (vec![percent(10, 120)], &[(10, 1), (10, 2), (10, 3)], (100, 0), bounds, (100, ScaleDownLimit)),
        (vec![percent(1000, 120)], &[(10, 1), (10, 2), (10, 3)], (10, 5), bounds, (5, Within)),
    ];
    for (rates, past, replicas, bounds, expected) in rows {
        let rules = Rules { window: secs(0), select: Select::Max, rates };
        let behavior = Behavior { up: rules.clone(), down: rules };
        let past = events(past);
        let events = if replicas.1 > replicas.0 {
            Events { up: &past, down: &[] }
        } else {
            Events { up: &[], down: &past }
        };
        for release in [OLD, NEW] {
            assert_eq!(
                within_rates(replicas, bounds, events, &behavior, NOW, release),
                expected,
                "{behavior:?}"
            );
        }
    }
}

#[test]
fn of_several_rates_the_chosen_one_counts() {
    let rates = vec![rate(Unit::Pods, 2, 60), rate(Unit::Percent, 50, 60)];
    let none = Events { up: &[], down: &[] };
    for (select, up, down) in [(Select::Max, 8, 2), (Select::Min, 7, 3), (Select::Disabled, 5, 5)] {
        let rules = Rules { window: secs(0), select, rates: rates.clone() };
        assert_eq!(scale_up_limit(5, none, &rules, NOW, NEW), up, "{select:?}");
        assert_eq!(scale_down_limit(5, none, &rules, NOW, NEW), down, "{select:?}");
    }
}

/// kubernetes/kubernetes#109058: what was removed meanwhile may be added again, from 1.26 on.
#[test]
fn rates_count_what_happened_the_other_way() {
    let rules = Rules { window: secs(0), select: Select::Max, rates: vec![rate(Unit::Pods, 2, 300)] };
    let (ups, downs) = (events(&[(3, 10)]), events(&[(4, 20)]));
    let events = Events { up: &ups, down: &downs };
    assert_eq!([OLD, NEW].map(|release| scale_up_limit(10, events, &rules, NOW, release)), [9, 13]);
    assert_eq!([OLD, NEW].map(|release| scale_down_limit(10, events, &rules, NOW, release)), [12, 9]);
}

/// `TestNormalizeDesiredReplicas` and boundaries: log, desired; what comes out and how long the log is.
#[test]
fn the_highest_of_five_minutes_counts() {
    type Row = (&'static [(i32, u64)], i32, i32, usize);
    let rows: [Row; 7] = [
        (&[], 5, 5, 1),
        (&[(4, 120), (5, 60)], 3, 5, 3),
        (&[(1, 120), (2, 60)], 3, 3, 3),
        (&[(10, 600), (9, 540)], 3, 3, 2),
        (&[(10, 600), (4, 60), (5, 120), (9, 540)], 3, 5, 4),
        (&[(9, 300)], 3, 9, 2),
        (&[(9, 301)], 3, 3, 1),
    ];
    for (entries, desired, expected, length) in rows {
        let mut log = log(entries);
        assert_eq!(stabilize_down(&mut log, desired, secs(300), NOW), expected, "{entries:?}");
        assert_eq!(log.len(), length, "{entries:?}");
    }
}

/// `TestNormalizeDesiredReplicasWithBehavior`: windows, log, present and desired; result and log.
#[test]
fn windows_of_both_directions_hold() {
    type Row = ((u64, u64), &'static [(i32, u64)], (i32, i32), i32, &'static [i32]);
    let rows: [Row; 9] = [
        ((0, 0), &[], (100, 5), 5, &[5]),
        ((0, 180), &[(4, 120), (5, 60)], (100, 3), 5, &[4, 5, 3]),
        ((180, 0), &[(4, 120), (5, 60)], (1, 7), 4, &[4, 5, 7]),
        ((0, 180), &[(1, 120), (2, 60)], (100, 3), 3, &[1, 2, 3]),
        ((180, 0), &[(4, 120), (5, 60)], (1, 3), 3, &[4, 5, 3]),
        ((0, 60), &[(10, 600), (9, 540)], (100, 3), 3, &[10, 3]),
        ((60, 0), &[(10, 600), (9, 540)], (1, 100), 100, &[10, 100]),
        ((0, 180), &[(10, 600), (4, 60), (5, 120), (9, 540)], (100, 3), 5, &[10, 4, 5, 3]),
        ((300, 300), &[(10, 6000), (6, 60), (5, 120), (9, 180)], (1, 100), 5, &[100, 6, 5, 9]),
    ];
    for ((up, down), entries, replicas, expected, stored) in rows {
        let behavior = Behavior {
            up: Rules { window: secs(up), ..Rules::default_up() },
            down: Rules::default_down(secs(down)),
        };
        for release in [OLD, NEW] {
            let mut log = log(entries);
            assert_eq!(stabilize(&mut log, replicas, &behavior, NOW, release), expected, "{entries:?}");
            assert_eq!(log.iter().map(|entry| entry.replicas).collect::<Vec<_>>(), stored, "{entries:?}");
        }
    }
}

/// kubernetes/kubernetes#96671: wanting fewer scaled up to what had once been recommended.
#[test]
fn wanting_fewer_does_not_scale_up() {
    let behavior = Behavior { up: Rules::default_up(), down: Rules::default_down(secs(300)) };
    let found = [OLD, NEW].map(|release| stabilize(&mut log(&[(4, 60)]), (3, 1), &behavior, NOW, release));
    assert_eq!(found, [4, 3]);
}

/// `TestStoreScaleEvents`: the last outdated place is used again.
#[test]
fn events_that_no_rate_counts_give_way() {
    let rules =
        Rules { rates: vec![rate(Unit::Pods, 8, 60), rate(Unit::Percent, 100, 80)], ..Rules::default_up() };
    let mut past = events(&[(8, 29), (6, 59), (7, 61), (9, 81)]);
    assert_eq!(changes_within(secs(60), &past, NOW), 14);
    store_event(&mut past, &rules, 5, NOW);
    assert_eq!(past.iter().map(|event| event.change).collect::<Vec<_>>(), [8, 6, 7, 5]);
    store_event(&mut past, &rules, 4, NOW);
    assert_eq!(past.len(), 5);
    let mut edge = events(&[(8, 80)]);
    store_event(&mut edge, &rules, 5, NOW);
    assert_eq!(edge.len(), 2, "as old as the longest period is not yet outdated");
}

/// kubernetes/kubernetes#99514 and `computeReplicasForMetrics`.
#[test]
fn the_metric_that_asks_for_most_counts() {
    let asks = |replicas| Ok(Proposal { replicas, value_milli: 0, percent: 0, tolerated: false });
    let fails = || Err(Failure::NoExternalMetric("qps".to_owned()));
    let chosen = |proposals: Vec<Result<Proposal, Failure>>, release| {
        largest(&proposals, 5, release).map(|(index, best)| (index, best.replicas))
    };
    assert_eq!(chosen(vec![asks(3), asks(7), asks(7)], NEW), Some((1, 7)));
    assert_eq!(chosen(vec![fails(), asks(7)], NEW), Some((1, 7)));
    assert_eq!(chosen(vec![asks(3), fails()], NEW), None);
    assert_eq!(chosen(vec![asks(3), fails()], OLD), Some((0, 3)));
    assert_eq!(chosen(vec![asks(5), fails()], NEW), Some((0, 5)));
    assert_eq!(chosen(vec![fails(), fails()], OLD), None);
}

fn read(json: &str) -> HorizontalPodAutoscaler {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

fn servers(count: usize) -> Vec<ServerSeen> {
    let long_ago = SimTime::ZERO;
    let server = ServerSeen {
        ordered: long_ago,
        started: Some(long_ago),
        ready: true,
        ready_changed: long_ago,
        leaving: false,
    };
    vec![server; count]
}

/// Asks a policy for four servers of half a core, whose CPU is given, between 2 and 10.
fn advised(json: &str, cores: &[Option<f64>]) -> Advice {
    let hpa = read(json);
    assert_eq!(hpa.problems(), []);
    let servers = servers(cores.len());
    let sample = |value: &Option<f64>| value.map(|value| Sample { value, at: NOW, window: secs(15) });
    let readings = [Reading::PerServer(cores.iter().map(sample).collect())];
    let facts = PoolFacts { request_milli: 500, ..PoolFacts::default() };
    let seen = Seen {
        now: NOW,
        replicas: cores.len() as u32,
        min: 2,
        max: 10,
        servers: &servers,
        readings: &readings,
    };
    hpa.build(&facts).desired_replicas(&seen)
}

#[test]
fn a_policy_says_what_it_went_by_and_what_held_it_back() {
    let plain = r#"{"maxReplicas": 10, "targetCPUUtilizationPercentage": 60}"#;
    let swift = r#"{"maxReplicas": 10, "targetCPUUtilizationPercentage": 60,
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": 0, "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]},
                     "scaleUp": {"selectPolicy": "Disabled"}}}"#;
    let rows = [
        (plain, [Some(0.435); 4], Some(6), Some(6), "cpu 87% of 60%", None),
        (plain, [Some(0.3); 4], Some(4), Some(4), "cpu 60% of 60%", Some(Limit::Tolerance)),
        (plain, [Some(0.33); 4], Some(4), Some(4), "cpu 66% of 60%", Some(Limit::Tolerance)),
        (plain, [Some(0.05); 4], Some(4), Some(1), "cpu 10% of 60%", Some(Limit::Stabilization)),
        (plain, [Some(3.0); 4], Some(8), Some(40), "cpu 600% of 60%", Some(Limit::Rate)),
        (
            plain,
            [None; 4],
            None,
            None,
            "unable to get metrics for resource cpu: no metrics returned from resource metrics API",
            Some(Limit::NoMetric),
        ),
        (swift, [Some(0.05); 4], Some(3), Some(1), "cpu 10% of 60%", Some(Limit::Rate)),
        (swift, [Some(3.0); 4], Some(4), Some(40), "cpu 600% of 60%", Some(Limit::Disabled)),
        (
            r#"{"maxReplicas": 10}"#,
            [Some(0.5), Some(0.5), None, None],
            Some(4),
            Some(4),
            "cpu 100% of 80%",
            None,
        ),
    ];
    for (json, cores, replicas, raw, signal, limited_by) in rows {
        let advice = advised(json, &cores);
        assert_eq!((advice.replicas, advice.raw), (replicas, raw), "{cores:?} {}", advice.signal);
        assert_eq!((advice.signal.as_str(), advice.limited_by), (signal, limited_by), "{cores:?}");
    }
}

#[test]
fn a_pasted_manifest_is_read_whole() {
    let hpa = read(
        r#"{"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"},
        "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
          "minReplicas": 3, "maxReplicas": 40,
          "metrics": [
            {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}},
            {"type": "Pods", "pods": {"metric": {"name": "http_requests"}, "target": {"type": "AverageValue", "averageValue": "1k"}}},
            {"type": "Object", "object": {"describedObject": {"kind": "Ingress", "name": "main"},
              "metric": {"name": "latency_p99_seconds"}, "target": {"type": "Value", "value": "200m"}}},
            {"type": "External", "external": {"metric": {"name": "queue_length"}, "target": {"type": "AverageValue", "averageValue": 30}}}],
          "behavior": {"scaleUp": {"tolerance": "0.05"}, "scaleDown": {"policies": [{"type": "Percent", "value": 10, "periodSeconds": 60}]}}},
        "metricNames": {"http_requests": "requests_per_second"}}"#,
    );
    assert_eq!(hpa.problems(), []);
    assert_eq!((hpa.min_replicas(), hpa.max_replicas(), hpa.period()), (3, Some(40), secs(15)));
    let wants: Vec<(Metric, Of, String)> =
        hpa.wants().into_iter().map(|want| (want.metric, want.scope, want.pipeline)).collect();
    let (server, custom) = ("metricsServer".to_owned(), "prometheus".to_owned());
    let expected = [
        (Metric::CpuCores, Of::EachServer, server),
        (Metric::RequestRate, Of::EachServer, custom.clone()),
        (Metric::Latency(0.99), Of::Service, custom.clone()),
        (Metric::QueueLength, Of::Service, custom),
    ];
    assert_eq!(wants, expected);
    assert_eq!(hpa.tolerances(), (0.1, 0.05));
    let behavior = hpa.behavior().unwrap();
    assert_eq!((behavior.up.rates.len(), behavior.down.window), (2, secs(300)));
    let again: HorizontalPodAutoscaler = serde_json::from_value(serde_json::to_value(&hpa).unwrap()).unwrap();
    assert_eq!(again, hpa);
}

/// What is wrong is told where, all at once: block, paths.
#[test]
fn mistakes_are_told_by_path() {
    let cpu = |name: &str, target: &str| {
        format!(
            r#"{{"maxReplicas": 9, "metrics": [{{"type": "Resource", "resource": {{"name": "{name}", "target": {target}}}}}]}}"#
        )
    };
    let pods = |metric: &str, target: &str| {
        format!(
            r#"{{"maxReplicas": 9, "metrics": [{{"type": "Pods", "pods": {{"metric": {metric}, "target": {target}}}}}]}}"#
        )
    };
    let average = r#"{"type": "AverageValue", "averageValue": 5}"#;
    let rows: Vec<(String, &[&str])> = vec![
        ("{}".into(), &[]),
        (r#"{"minReplicas": 5, "maxReplicas": 4}"#.into(), &["maxReplicas"]),
        (r#"{"minReplicas": 0, "maxReplicas": 0}"#.into(), &["maxReplicas", "minReplicas"]),
        (r#"{"maxReplicas": 9, "targetCPUUtilizationPercentage": 0}"#.into(), &["targetCPUUtilizationPercentage"]),
        (r#"{"kind": "HorizontalPodAutoscaler", "maxReplicas": 9, "status": {}}"#.into(), &["status", "kind"]),
        (r#"{"kind": "Deployment", "spec": {}, "maxReplicas": 9}"#.into(), &["kind", "maxReplicas"]),
        (cpu("memory", r#"{"type": "Utilization", "averageUtilization": 60}"#), &["metrics[0].resource.name"]),
        (cpu("cpu", r#"{"type": "Utilization", "averageUtilization": 0}"#), &["metrics[0].resource.target.averageUtilization"]),
        (cpu("cpu", r#"{"type": "Utilization", "averageUtilization": 60, "averageValue": 1}"#), &["metrics[0].resource.target.averageValue"]),
        (cpu("cpu", r#"{"type": "AverageValue", "averageUtilization": 60}"#), &["metrics[0].resource.target.averageUtilization", "metrics[0].resource.target.averageValue"]),
        (cpu("cpu", r#"{"type": "Value", "value": 1}"#), &["metrics[0].resource.target.type"]),
        (pods(r#"{"name": "queue_length"}"#, r#"{"type": "AverageValue", "averageValue": 0}"#), &["metrics[0].pods.target.averageValue"]),
        (pods(r#"{"name": "queue_length", "selector": {}}"#, average), &["metrics[0].pods.metric.selector"]),
        (pods(r#"{"name": "qps"}"#, average), &["metrics[0].pods.metric.name"]),
        (pods(r#"{"name": "scaling_ratio"}"#, average), &["metrics[0].pods.metric.name"]),
        (r#"{"maxReplicas": 9, "metrics": [{"type": "Pods"}]}"#.into(), &["metrics[0].pods"]),
        (r#"{"maxReplicas": 9, "behavior": {"scaleUp": {"stabilizationWindowSeconds": 3601, "policies": []}}}"#.into(), &["behavior.scaleUp.policies", "behavior.scaleUp.stabilizationWindowSeconds"]),
        (r#"{"maxReplicas": 9, "behavior": {"scaleDown": {"policies": [{"type": "Pods", "value": 0, "periodSeconds": 1801}]}}}"#.into(), &["behavior.scaleDown.policies[0].periodSeconds", "behavior.scaleDown.policies[0].value"]),
        (r#"{"maxReplicas": 9, "kubernetes": "1.32", "behavior": {"scaleUp": {"tolerance": 0.1}}}"#.into(), &["behavior.scaleUp.tolerance"]),
        (r#"{"maxReplicas": 9, "horizontalPodAutoscalerSyncPeriod": "0s", "metricNames": {"a": "b"}}"#.into(), &["horizontalPodAutoscalerSyncPeriod", "metricNames.a"]),
        (r#"{"maxReplicas": 9, "metrics": [{"type": "Object", "object": {"describedObject": {"kind": "Node", "name": "n"}, "metric": {"name": "queue_length"}, "target": {"type": "Value", "value": 5}}}]}"#.into(), &["metrics[0].object.describedObject.kind"]),
    ];
    for (json, expected) in rows {
        let problems = read(&json).problems();
        let mut paths: Vec<&str> = problems.iter().map(|(path, ..)| path.as_str()).collect();
        paths.sort_unstable();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(paths, expected, "{json}: {problems:?}");
        assert!(
            problems.iter().all(|(_, message, remedy)| !message.is_empty() && !remedy.is_empty()),
            "{json}"
        );
    }
}

/// Within bounds and twice as many: `TestConvertDesiredReplicasWithRules`.
#[test]
fn without_a_behaviour_it_doubles_at_most() {
    use Condition::{DesiredWithinRange, ScaleUpLimit, TooFewReplicas, TooManyReplicas};
    let rows = [
        (5, 7, (3, 8), (7, DesiredWithinRange)),
        (3, 1, (2, 8), (2, TooFewReplicas)),
        (1, 0, (0, 10), (0, DesiredWithinRange)),
        (20, 1000, (1, 10), (10, TooManyReplicas)),
        (3, 1000, (1, 2000), (6, ScaleUpLimit)),
        (1, 1000, (1, 2000), (4, ScaleUpLimit)),
        (4, 1000, (1, 8), (8, TooManyReplicas)),
    ];
    for (current, desired, bounds, expected) in rows {
        assert_eq!(within_rules(current, desired, bounds), expected, "{current} {desired}");
    }
}

/// A switched-off target, and numbers beyond the bounds, are not asked about.
#[test]
fn bounds_come_before_metrics() {
    let settings = Settings { release: NEW, downscale_stabilization: secs(300), behavior: None };
    let pass = |current, min, max| {
        let ask = || panic!("metrics were asked");
        let decision = reconcile(&mut History::default(), &settings, Scale { current, min, max }, NOW, ask);
        (decision.replicas, decision.unasked)
    };
    assert_eq!(pass(0, 3, 5), (0, Some(Unasked::ScalingDisabled)));
    assert_eq!(pass(2, 3, 5), (3, Some(Unasked::BelowMin)));
    assert_eq!(pass(10, 3, 5), (5, Some(Unasked::AboveMax)));
}
