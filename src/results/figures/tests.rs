//! Figures against paper: see `example` for what is in the study.

use crate::results::example::{S, one_day, study, wide};
use crate::results::*;
use crate::stats::Interval;

fn near(what: &str, value: Option<f64>, expected: Option<f64>) {
    let close = match (value, expected) {
        (Some(value), Some(expected)) => (value - expected).abs() <= 1e-9 * expected.abs().max(1.0),
        (value, expected) => value == expected,
    };
    assert!(close, "{what}: {value:?} instead of {expected:?}");
}

/// Checks figures of one day by name.
fn figures(day: &StudyResult, row: usize, expected: &[(&str, Option<f64>)]) {
    let row = &summary(day)[row];
    for (name, expected) in expected {
        assert!(SUMMARY.iter().any(|column| column.name == *name), "no column {name}");
        near(name, row.figure(name).map(|figure| figure.mean), *expected);
    }
}

#[test]
fn all_classes_of_a_service_are_worked_out() {
    // Servers were there for 20 + 10 + 20 of the 20 s: 2.5 of them in the mean.
    // Latencies: 450 of 100, 441 of 200, 190 of 500, 9 of 1,000 ns: ranks of 1,090.
    // CPU offered: (1,000 x 10 ms + 300 x 20 ms) / 20 s = 0.8 cores; the mean server has
    // (2 + 2 + 8 x 2) / 3 = 20/3: 0.12 servers. Slots: at the mean speed 4/3,
    // (16 s / (4/3) + 200 x 100 ms) / 20 s = 1.6; the mean server has (4 + 4 + 10) / 3 = 6.
    // Capacity: 2 x 20 + 2 x 10 + 8 x 20 = 220 core-s, 4 x 20 + 4 x 10 + 10 x 20 = 320 slot-s.
    let expected = [
        ("offered", Some(1_200.0)),
        ("completed", Some(1_090.0)),
        ("failed", Some(20.0)),
        ("timed_out", Some(34.0)),
        ("rejected", Some(40.0)),
        ("shed", Some(5.0)),
        ("cancelled", Some(7.0)),
        ("in_flight_end", Some(4.0)),
        ("goodput_per_s", Some(54.5)),
        ("latency_mean_ms", Some(237_200.0 / 1_090.0 / 1e6)),
        ("p50_ms", Some(0.000_2)),
        ("p90_ms", Some(0.000_5)),
        ("p95_ms", Some(0.000_5)),
        ("p99_ms", Some(0.000_5)),
        ("p999_ms", Some(0.001)),
        ("max_ms", Some(0.001)),
        ("load_ratio", Some(480.0)),
        // 300 and 800 requests on the two that stayed; per capacity 0.15 and 0.05.
        ("load_ratio_max_over_mean", Some(800.0 / 550.0)),
        ("load_ratio_max_over_mean_per_capacity", Some(1.5)),
        ("scaling_ratio", Some(1.6 / 6.0)),
        ("cpu_utilization", Some(55.0 / 220.0)),
        ("slot_utilization", Some(80.0 / 320.0)),
        ("offered_cpu_utilization", Some(0.12 / 2.5)),
        ("offered_slot_utilization", Some(1.6 / 6.0 / 2.5)),
        ("offered_utilization", Some(1.6 / 6.0 / 2.5)),
        ("server_hours", Some(50.0 / 3_600.0)),
        // 30 s at 0.36 and 20 s at 1.80 an hour.
        ("cost", Some(0.013)),
        ("offered_per_s", Some(60.0)),
        ("servers_ready", Some(2.5)),
        // Three were wanted; one of them was missing for 10 of the 20 s.
        ("servers_desired", Some(3.0)),
        ("availability", Some(50.0 / 60.0)),
        // Nobody is billed before it serves, nor after.
        ("server_hours_billed", Some(50.0 / 3_600.0)),
        ("cost_wasted", Some(0.0)),
        // Less than a server's worth of work in either interval, and three and two were there: one is needed.
        ("under_provisioned_share", Some(0.0)),
        ("under_provisioned_servers", Some(0.0)),
        ("over_provisioned_share", Some(1.0)),
        ("over_provisioned_servers", Some(1.5)),
        ("reversals_per_h", Some(0.0)),
    ];
    assert_eq!(expected.len(), SUMMARY.len(), "every column is worked out");
    figures(&one_day(), 0, &expected);
    assert_eq!(summary(&one_day())[0].binding, "slots");
}

#[test]
fn a_class_has_its_own_traffic_and_no_figures_of_the_fleet() {
    // Browsing: 10 s of work in 20 s over 20/3 cores, or 7.5 s over 6 slots: CPU binds.
    let browse = [
        ("offered", Some(1_000.0)),
        ("goodput_per_s", Some(45.0)),
        // (45,000 + 88,200 + 9,000) ns over 900.
        ("latency_mean_ms", Some(0.000_158)),
        ("p50_ms", Some(0.000_1)),
        ("p99_ms", Some(0.000_2)),
        ("p999_ms", Some(0.001)),
        ("load_ratio", Some(396.0)),
        ("load_ratio_max_over_mean", None),
        ("load_ratio_max_over_mean_per_capacity", None),
        ("scaling_ratio", Some(0.075)),
        ("offered_utilization", Some(0.03)),
        ("offered_slot_utilization", Some(0.025)),
        ("cpu_utilization", None),
        ("slot_utilization", None),
        ("server_hours", None),
        ("cost", None),
        ("servers_ready", None),
    ];
    figures(&one_day(), 1, &browse);
    // Orders: 6 s of work; 4.5 s of it at the mean speed and 20 s of waiting over 6 slots.
    let order = [("scaling_ratio", Some(24.5 / 20.0 / 6.0)), ("load_ratio", Some(84.0))];
    figures(&one_day(), 2, &order);
    let bindings: Vec<_> = summary(&one_day()).into_iter().map(|row| row.binding).collect();
    assert_eq!(bindings, ["slots", "cpu", "slots", "", ""]);
}

#[test]
fn what_has_no_limit_or_price_is_empty_and_zero_is_not() {
    let pay = [
        ("failed", Some(0.0)),
        ("load_ratio", Some(95.0)),
        ("load_ratio_max_over_mean", Some(100.0 / 95.0)),
        ("load_ratio_max_over_mean_per_capacity", Some(100.0 / 95.0)),
        ("scaling_ratio", None),
        ("offered_utilization", None),
        ("cpu_utilization", None),
        ("slot_utilization", None),
        ("server_hours", Some(40.0 / 3_600.0)),
        ("cost", None),
    ];
    figures(&one_day(), 3, &pay);
    // No completions: no latency. No servers: no ratio. Nothing offered: a load of nothing, 0.
    let mut idle = one_day();
    idle.runs[0].rows[0] = RowTotals::default();
    idle.runs[0].rows[1] = RowTotals::default();
    let nothing =
        [("latency_mean_ms", None), ("p50_ms", None), ("max_ms", None), ("scaling_ratio", Some(0.0))];
    figures(&idle, 0, &nothing);
    idle.runs[0].services[0].ready_ns = Wide(0);
    figures(&idle, 0, &[("load_ratio", None), ("offered_utilization", None)]);
}

#[test]
fn infinite_means_empty_what_they_enter() {
    let mut day = one_day();
    day.plan.rows[1].wait_mean_ns = None;
    figures(&day, 0, &[("scaling_ratio", Some(0.12)), ("offered_slot_utilization", None)]);
    day.plan.rows[1].work_mean_ns = None;
    figures(&day, 0, &[("scaling_ratio", None)]);
    figures(&day, 1, &[("scaling_ratio", Some(0.075))]);
}

#[test]
fn a_partly_priced_fleet_has_no_cost_and_says_so() {
    let mut day = one_day();
    day.plan.services[0].pools[1].price_per_hour = None;
    figures(&day, 0, &[("cost", None), ("server_hours", Some(50.0 / 3_600.0))]);
    assert_eq!(summary(&day)[0].note, "no cost: no price for large");
    assert_eq!(summary(&day)[1].note, "");
}

#[test]
fn summary_rows_add_up() {
    for row in summary(&study()) {
        let mean = |name: &str| row.figure(name).unwrap().mean;
        let parts = ["completed", "failed", "timed_out", "rejected", "shed", "cancelled", "in_flight_end"];
        near("sum", Some(parts.iter().map(|name| mean(name)).sum()), Some(mean("offered")));
    }
}

#[test]
fn aggregates_are_means_with_t_intervals() {
    // 1,000, 1,100 and 900: s = 100, half width 4.302653 x 100 / sqrt(3) = 248.413771.
    let figure = summary(&study())[1].figure("offered").unwrap();
    assert_eq!(figure.mean, 1_000.0);
    assert!(
        (figure.lo.unwrap() - 751.586_229).abs() < 1e-5 && (figure.hi.unwrap() - 1_248.413_771).abs() < 1e-5
    );
    let alone = summary(&one_day())[1].figure("offered").unwrap();
    assert_eq!((alone.lo, alone.hi), (None, None));
}

#[test]
fn growing_services_and_infinite_variance_have_no_interval() {
    let bounded = |study: &StudyResult, name: &str| summary(study)[0].figure(name).unwrap().lo.is_some();
    let table = [
        (false, None, [true, true, true], ""),
        (false, Some("infinite variance"), [true, false, true], "infinite variance"),
        (true, None, [true, false, false], "growing: "),
    ];
    for (growing, reason, expected, note) in table {
        let mut study = study();
        study.plan.services[0].growing = growing;
        study.plan.services[0].no_mean_interval = reason.map(str::to_owned);
        let found = ["load_ratio", "latency_mean_ms", "p99_ms"].map(|name| bounded(&study, name));
        assert_eq!(found, expected, "{growing} {reason:?}");
        assert!(summary(&study)[0].note.starts_with(note));
    }
}

#[test]
fn intervals_are_worked_out() {
    let day = one_day();
    let mut series = Series::new(&day);
    let mut check = |subject, interval, expected: &[(&str, Option<f64>)]| {
        let mut found = Vec::new();
        series.figures(subject, interval, |figure| found.push(figure.map(|figure| figure.mean)));
        for (name, expected) in expected {
            let column = SERIES.iter().position(|column| column.name == *name).unwrap();
            near(name, found[column], *expected);
        }
    };
    // Second interval: 3 servers, 12 cores, 18 slots for 10 s. CPU offered: 600 x 10 ms +
    // 150 x 20 ms = 9 s, slots 9 s / (4/3) + 100 x 100 ms = 16.75 s.
    check(
        0,
        1,
        &[
            ("offered", Some(700.0)),
            ("completed", Some(595.0)),
            ("failed", Some(0.0)),
            ("in_flight", Some(4.0)),
            ("queued", Some(2.0)),
            ("servers_ready", Some(3.0)),
            ("servers_ordered", Some(3.0)),
            ("servers_desired", Some(3.0)),
            ("cpu_utilization", Some(33.0 / 120.0)),
            ("slot_utilization", Some(45.0 / 180.0)),
            ("load_ratio", Some(710.0 / 30.0)),
            ("scaling_ratio", Some(16.75 / 10.0 / 6.0)),
            // 70 a second need 16.75 / 60 servers: three serve 752.2 of them.
            ("capacity_per_s", Some(70.0 * 3.0 * 60.0 / 16.75)),
            ("p50_ms", Some(0.000_2)),
            ("p99_ms", Some(0.000_5)),
        ],
    );
    // Third: a small server has left, 10 cores and 14 slots remain.
    check(0, 2, &[("cpu_utilization", Some(0.22)), ("slot_utilization", Some(0.25)), ("p99_ms", None)]);
    check(
        1,
        1,
        &[("offered", Some(600.0)), ("queued", None), ("servers_ready", None), ("cpu_utilization", None)],
    );
    check(1, 2, &[("load_ratio", Some(19.5)), ("p50_ms", None)]);
    check(3, 0, &[("cpu_utilization", None), ("slot_utilization", None), ("scaling_ratio", None)]);
}

#[test]
fn the_last_interval_may_be_shorter_and_servers_may_come_and_go_within_one() {
    let mut day = one_day();
    day.plan.duration_ns = 25 * S;
    // One of 2 cores from 3 to 5 s, another from 9 to 25 s.
    day.runs[0].servers.truncate(2);
    for (server, (from, to)) in day.runs[0].servers.iter_mut().zip([(3, 5), (9, 25)]) {
        (server.from_ns, server.to_ns) = (from * S, to * S);
    }
    day.runs[0].service_series[0].cpu_milli_ns = [6_000, 5_000, 1_000].map(wide).to_vec();
    let mut series = Series::new(&day);
    let (cpu, in_flight) = (12, 7);
    // Core-seconds: 2 x (2 + 1) = 6, 2 x 10 = 20, 2 x 5 = 10; in flight 10 request-s over 5 s.
    for (interval, expected) in [(0, 1.0), (1, 0.25), (2, 0.1)] {
        let mut found = Vec::new();
        series.figures(0, interval, |figure| found.push(figure.map(|figure| figure.mean)));
        near("cpu", found[cpu], Some(expected));
        if interval == 2 {
            near("in flight", found[in_flight], Some(2.0));
        }
    }
}

#[test]
fn servers_are_matched_by_ordinal_and_identity() {
    let mut study = study();
    let rows = servers(&study);
    assert_eq!(rows.iter().map(|row| row.ordinal).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    let means = |row: &ServerRow| row.figures.iter().map(|f| f.map(|f| f.mean)).collect::<Vec<_>>();
    // The second small server: 10 s of the period, 5 core-s of 20, 10 slot-s of 40.
    let expected = [0.0, 20.0, 100.0, 0.25, 0.25, 0.0, 0.0, 20.0, 0.0].map(Some);
    assert_eq!(means(&rows[1]), expected);
    assert_eq!(means(&rows[3])[3..5], [None, None], "no limit, no utilisation");
    let requests = rows[2].figures[2].unwrap();
    assert_eq!(requests.mean, 800.0);
    assert!(requests.lo.is_some());
    study.runs[1].servers[4].zone = Some(1);
    let rows = servers(&study);
    assert_eq!(rows.len(), 6, "another identity under the same ordinal");
    assert_eq!((rows[4].zone, rows[5].zone), (None, Some(1)));
    assert_eq!(rows[5].figures[2].unwrap().lo, None, "launched on one day only");
}

#[test]
fn dependencies_show_the_worst_day() {
    let row = |resource, limit, peak: f64, margin, at: Option<u64>, replication| DependencyRow {
        service: 0,
        resource,
        limit,
        peak_use: Some(peak),
        margin: Some(margin),
        at_ns: at.map(|at| at * S),
        replication: Some(replication),
    };
    // The 9.6 cores of the warm-up do not count; 36 core-s in 10 s on the second day do. The
    // first of equal peaks is named; a peak of nothing has no time. `pay` has no limit at all.
    let expected = [
        row("cpu", 12.0, 3.6, 1.0 - 3.6 / 12.0, Some(10), 2),
        row("slots", 18.0, 12.0, 1.0 - 12.0 / 18.0, Some(15), 1),
        row("queue", 50.0, 0.0, 1.0, None, 1),
    ];
    assert_eq!(dependencies(&study()), expected);
    let mut none = study();
    none.plan.services[0].queue_limit = Some(0);
    assert_eq!(dependencies(&none)[2].margin, None, "nothing of nothing");
    none.runs.clear();
    assert_eq!(dependencies(&none)[0].peak_use, None);
}

#[test]
fn damaged_results_are_refused_in_words() {
    type Damage = fn(&mut StudyResult);
    let table: [(Damage, &str); 8] = [
        (|s| s.plan.interval_ns = 0, "interval is zero"),
        (|s| s.plan.warmup_ns = u64::MAX, "warm-up"),
        (|s| s.plan.interval_ns = 1, "too many intervals"),
        (|s| s.plan.rows[0].class = 9, "unknown service or class"),
        (|s| s.plan.services[0].pools[0].speed = 0.0, "speed"),
        (|s| s.runs[1].servers[0].pool = 9, "replication 2: a server"),
        (|s| s.runs[1].rows.truncate(1), "1 rows, not 3"),
        (|s| s.runs[0].row_series[1].p99_ns.truncate(1), "replication 1: a row's series"),
    ];
    assert_eq!(check_shape(&study()), Ok(()));
    for (damage, expected) in table {
        let mut study = study();
        damage(&mut study);
        let message = check_shape(&study).unwrap_err();
        assert!(message.contains(expected), "{message} instead of {expected}");
    }
}

#[test]
fn all_classes_are_the_sum_of_each_and_a_single_class_is_all() {
    let rows = summary(&study());
    for name in ["offered", "completed", "timed_out", "in_flight_end", "goodput_per_s", "load_ratio"] {
        let mean = |row: usize| rows[row].figure(name).unwrap().mean;
        near(name, Some(mean(1) + mean(2)), Some(mean(0)));
    }
    for name in ["offered", "latency_mean_ms", "p50_ms", "p99_ms", "max_ms", "load_ratio"] {
        assert_eq!(rows[3].figure(name), rows[4].figure(name), "{name} of a service with one class");
    }
}

#[test]
fn capacities_that_cannot_be_compared_have_no_ratio() {
    let mut day = one_day();
    day.plan.services[0].pools[1].millicores = UNLIMITED_MILLICORES;
    let expected = [
        ("load_ratio_max_over_mean", Some(800.0 / 550.0)),
        ("load_ratio_max_over_mean_per_capacity", None),
        ("cpu_utilization", None),
        ("offered_cpu_utilization", None),
        ("slot_utilization", Some(0.25)),
        ("scaling_ratio", Some(1.6 / 6.0)),
    ];
    figures(&day, 0, &expected);
    day.runs[0].servers.iter_mut().for_each(|server| server.requests = 0);
    figures(&day, 0, &[("load_ratio_max_over_mean", None)]);
}

#[test]
fn a_server_counts_for_evenness_only_if_it_was_there_throughout() {
    // Boundaries: there from the end of the warm-up on, and until the end of the run.
    let table = [(10, 30, 800.0 * 3.0 / 1_200.0), (11, 30, 800.0 / 550.0), (0, 29, 800.0 / 550.0)];
    for (from, to, expected) in table {
        let mut day = one_day();
        let server = &mut day.runs[0].servers[1];
        (server.from_ns, server.to_ns) = (from * S, to * S);
        figures(&day, 0, &[("load_ratio_max_over_mean", Some(expected))]);
    }
}

#[test]
fn subjects_are_named_in_the_order_of_files() {
    let plan = study().plan;
    let named: Vec<_> = Subject::all(&plan)
        .iter()
        .map(|s| (s.service, s.class_name(&plan).to_owned(), s.rows(&plan)))
        .collect();
    let expected =
        [(0, "*", 0..2), (0, "browse", 0..1), (0, "order", 1..2), (1, "*", 2..3), (1, "order", 2..3)];
    assert_eq!(named, expected.map(|(service, class, rows)| (service, class.to_owned(), rows)));
}

/// The same figures as the summary's, and nothing where too few requests could tell.
#[test]
fn latencies_at_shares_are_those_of_the_summary() {
    let study = study();
    let row = &summary(&study)[1];
    let found = latency_at(&study, row.subject, &[0.5, 0.9, 0.95, 0.99, 0.999, 0.9999]);
    for (found, name) in found.iter().zip(["p50_ms", "p90_ms", "p95_ms", "p99_ms"]) {
        assert_eq!(*found, row.figure(name), "{name}");
    }
    assert_eq!(found[4..], [None, None], "800 to 1,000 requests completed");
    let mut growing = study.clone();
    growing.plan.services[0].growing = true;
    assert_eq!(latency_at(&growing, row.subject, &[0.5])[0], found[0].map(Interval::without_bounds));
}
