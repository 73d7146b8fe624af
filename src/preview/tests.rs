use std::io::{self, Cursor, Read};

use super::*;
use crate::scenario::Document;

/// Traces by their names.
#[derive(Debug)]
struct Traces;

impl TraceFiles for Traces {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        match path {
            "counts.csv" => Ok(Box::new(Cursor::new("n\n60\n240\n120\n"))),
            "log.csv" => Ok(Box::new(Cursor::new("t\n1\n2\n"))),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

fn of(traffic: &str, service: &str, more: &str) -> Preview {
    let text = format!(
        "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {{name: s}}\n\
         run: {{duration: 3m, warmup: 1m, interval: 10s, replications: 5}}\n\
         traffic: {{users: {{to: web, class: a, {traffic}}}}}\nservices: {{web: {{{service}}}}}\n{more}"
    );
    let read = Document::read("s.yaml", text.as_bytes()).and_then(|read| read.check(&Traces));
    let scenario = read.unwrap_or_else(|error| panic!("{text}\n{error}"));
    preview(&scenario, &Traces).expect("a preview")
}

/// One server of one slot under 50/s of 10 ms, half its capacity.
const FARM: &str = "pools: {p: {replicas: 1, concurrency: 1}}, work: {exponential: {mean: 10ms}}";

fn near(found: Option<f64>, expected: Option<f64>, what: &str) {
    let close = match (found, expected) {
        (Some(found), Some(expected)) => (found - expected).abs() <= 1e-9 * expected.abs(),
        (found, expected) => found == expected,
    };
    assert!(close, "{what}: {found:?}, not {expected:?}");
}

/// By hand: minutes of the rate, and what they ask of CPU and slots.
#[test]
fn what_is_offered_is_told_minute_by_minute() {
    let two = "pools: {p: {replicas: 2, concurrency: 4, cpu: {cores: 2}}}, work: 10ms, wait: 40ms";
    let recorded = "rate: {recorded: {file: counts.csv, count: n, interval: 1m, scale: 100}}";
    let ramp = "rate: {stages: {startRate: 0/s, steps: [{duration: 1m, target: 60/s}, {duration: 0s, target: 90/s}]}}";
    let mixed =
        "pools: {a: {replicas: 1, concurrency: 2}, b: {replicas: 3, concurrency: 1, speed: 2}}, work: 10ms";
    // Requests a second, CPU and slots of each minute; mean of the last two; the peak.
    let table = [
        // 100/s: 1 core of 4; 5 slots of 8.
        ("rate: 100/s", two, [(100.0, 0.25, 0.625); 3], 0.625, 0.625),
        // Counts of 100, 400 and 200 a second.
        (recorded, two, [(100.0, 0.25, 0.625), (400.0, 1.0, 2.5), (200.0, 0.5, 1.25)], 1.875, 2.5),
        (ramp, FARM, [(30.0, 0.3, 0.3), (90.0, 0.9, 0.9), (90.0, 0.9, 0.9)], 0.9, 0.9),
        ("rate: 30/s, uncertainty: {uniform: {min: 1, max: 3}}", FARM, [(60.0, 0.6, 0.6); 3], 0.6, 0.6),
        // A mean server of 2 (1 x 2 + 3 x 1 x 2 over 4) cores, 5/4 slots, speed 7/4.
        ("rate: 100/s", mixed, [(100.0, 1.0 / 8.0, 1.0 / 1.75 / 5.0); 3], 1.0 / 8.0, 1.0 / 8.0),
    ];
    for (traffic, farm, minutes, mean, peak) in table {
        let preview = of(traffic, farm, "");
        let service = &preview.services[0];
        assert_eq!(service.series.len(), 3, "{traffic}");
        for (found, (rate, cpu, slots)) in service.series.iter().zip(minutes) {
            let what = format!("{traffic} {farm} at {}", found.from_s);
            near(Some(found.requests_per_s), Some(rate), &what);
            near(found.cpu_utilization, Some(cpu), &what);
            near(found.slot_utilization, Some(slots), &what);
            near(found.scaling_ratio, Some(cpu.max(slots) * service.servers as f64), &what);
        }
        near(service.mean.utilization(), Some(mean), traffic);
        near(service.peak.utilization, Some(peak), traffic);
        let all: f64 = minutes.iter().map(|minute| 60.0 * minute.0).sum();
        near(Some(preview.effort.requests), Some(all), traffic);
    }
}

#[test]
fn a_schedule_counts_when_its_servers_are_expected_to_serve() {
    // Two servers of 100/s each; four are wanted from 30 s on, and serve after 10 + 20 s; one from 2 m on.
    let pool = "replicas: 2, concurrency: 1, startup: {provision: 10s, boot: {exponential: {mean: 20s}}}, \
                autoscaler: {schedule: {steps: [{at: 30s, replicas: 4}, {at: 2m, replicas: 1}]}}";
    let farm = format!("pools: {{p: {{{pool}}}}}, work: {{exponential: {{mean: 10ms}}}}");
    let faults = "faults: [{at: 5s, crash: {service: web, servers: 1}}]\n\
                  actions: [{at: 9s, set: {services.web.pools.p.replicas: 3}}]";
    let preview = of("rate: 80/s", &farm, faults);
    let service = &preview.services[0];
    let shares: Vec<_> = service.series.iter().map(|minute| minute.cpu_utilization).collect();
    for (found, expected) in shares.into_iter().zip([0.4, 0.2, 0.8]) {
        near(found, Some(expected), "a minute");
    }
    assert_eq!((service.busiest_minute.from_s, service.peak.at_s), (120.0, 120.0));
    near(service.peak.utilization, Some(0.8), "one server is left");
    for (minute, needed) in service.series.iter().zip([0.8; 3]) {
        near(minute.scaling_ratio, Some(needed), "servers' worth of load");
    }
    assert_eq!(service.waiting.because, ["the number of servers changes"]);
    let left: Vec<&str> = preview.warnings.iter().map(|warning| &*warning.message).collect();
    assert_eq!(left, ["the figures above know nothing of 1 fault and 1 action: simulate"]);
}

#[test]
fn who_is_given_back_before_it_serves_never_does() {
    let pool = "replicas: 2, concurrency: 1, startup: {provision: 40s}, \
                autoscaler: {schedule: {steps: [{at: 30s, replicas: 4}, {at: 1m, replicas: 2}]}}";
    let farm = format!("pools: {{p: {{{pool}}}}}, work: {{exponential: {{mean: 10ms}}}}");
    for minute in &of("rate: 80/s", &farm, "").services[0].series {
        near(minute.cpu_utilization, Some(0.4), "two servers");
    }
}

#[test]
fn the_busiest_minute_and_the_peak_are_the_first_of_the_worst() {
    let spike = "rate: {stages: {startRate: 10/s, steps: [{duration: 70s, target: 10/s}, {duration: 0s, target: 85/s}, \
                 {duration: 5s, target: 85/s}, {duration: 0s, target: 10/s}]}}";
    let service = &of(spike, FARM, "").services[0];
    assert_eq!((service.busiest_minute.from_s, service.peak.at_s), (60.0, 70.0));
    near(service.peak.utilization, Some(0.85), "5 s");
    near(service.busiest_minute.utilization(), Some((5.0 * 0.85 + 55.0 * 0.1) / 60.0), "the minute");
    assert_eq!(service.servers_for_target, Some(2));
    let steady = &of("rate: 80/s", FARM, "").services[0];
    assert_eq!((steady.busiest_minute.from_s, steady.servers_for_target), (0.0, Some(1)));
    let nothing = of("rate: 80/s", "pools: {p: {replicas: 1, concurrency: unlimited}}, work: 10ms", "");
    let service = &nothing.services[0];
    assert_eq!((service.peak.utilization, service.servers_for_target), (None, None));
}

/// Which formula answers, how far to trust it, and its mean wait in ms (by hand or any textbook).
#[test]
fn every_formula_says_what_it_is() {
    let pools = |text: &str| format!("pools: {{p: {{{text}}}}}");
    let exponential = "work: {exponential: {mean: 10ms}}";
    let two = format!("{}, {exponential}", pools("replicas: 2, concurrency: 1"));
    let queue = |queue: &str| format!("{two}, queue: {{{queue}}}");
    let balanced = |balancer: &str| format!("{two}, balancer: {balancer}");
    let shared = format!("{}, work: 10ms", pools("replicas: 1, concurrency: unlimited, cpu: {cores: 1}"));
    // E_2/M/1 at load 1/2: sigma = (1 / (1 + 1 - sigma))^2, the root (3 - sqrt 5) / 2.
    let turns = (3.0 - 5_f64.sqrt()) / 2.0;
    let poisson = "rate: 100/s";
    let table: Vec<(&str, String, Basis, &str, Option<f64>)> = vec![
        ("rate: 50/s", FARM.into(), Basis::Exact, "M/M/1 (Erlang C)", Some(10.0)),
        (poisson, queue("scope: service"), Basis::Exact, "M/M/2 (Erlang C)", Some(10.0 / 3.0)),
        (poisson, balanced("random"), Basis::Exact, "M/M/1 (Erlang C)", Some(10.0)),
        (poisson, balanced("weightedRandom"), Basis::Exact, "M/M/1 (Erlang C)", Some(10.0)),
        (poisson, balanced("roundRobin"), Basis::Exact, "E_2/M/1", Some(10.0 * turns / (1.0 - turns))),
        (poisson, balanced("leastRequest"), Basis::Approximation, "supermarket, 2 choices", None),
        (poisson, balanced("leastConnections"), Basis::LowerBound, "M/M/2 (Erlang C)", Some(10.0 / 3.0)),
        (
            poisson,
            balanced("leastConnections").replace("exponential: {mean: 10ms}", "constant: 10ms"),
            Basis::OneQueue,
            "G/G/2 (Allen-Cunneen)",
            Some(10.0 / 6.0),
        ),
        (
            poisson,
            format!("{}, queue: {{limit: 9}}", balanced("leastConnections")),
            Basis::OneQueue,
            "G/G/2 (Allen-Cunneen)",
            Some(10.0 / 3.0),
        ),
        // Nobody may wait.
        (poisson, queue("scope: service, limit: 0"), Basis::Exact, "M/M/2/2", Some(0.0)),
        (
            poisson,
            queue("scope: service, timeout: 1s"),
            Basis::Approximation,
            "M/M/2 (Erlang C)",
            Some(10.0 / 3.0),
        ),
        ("rate: 50/s", shared.clone(), Basis::Exact, "processor sharing", Some(10.0)),
        ("rate: 50/s, arrivals: uniform", shared, Basis::Approximation, "processor sharing", Some(10.0)),
        (
            "rate: 50/s",
            FARM.replace("exponential: {mean: 10ms}", "constant: 10ms"),
            Basis::Exact,
            "M/G/1 (Pollaczek-Khinchine)",
            Some(5.0),
        ),
        (
            "rate: 50/s, arrivals: {gamma: {cv: 2}}",
            FARM.into(),
            Basis::Approximation,
            "G/G/1 (Allen-Cunneen)",
            Some(25.0),
        ),
        (
            "rate: 50/s, uncertainty: {uniform: {min: 0.9, max: 1.1}}",
            FARM.into(),
            Basis::Approximation,
            "M/M/1 (Erlang C)",
            Some(10.0),
        ),
        ("rate: 100/s", FARM.into(), Basis::Exact, "M/M/1 (Erlang C)", None),
        ("rate: 0/s", FARM.into(), Basis::None, "", None),
        (
            "rate: 50/s, arrivals: {mmpp: {states: [{factor: 1, mean: 1s}, {factor: 2, mean: 1s}]}}",
            FARM.into(),
            Basis::None,
            "",
            None,
        ),
        ("rate: {recorded: {file: log.csv, time: t}}", FARM.into(), Basis::None, "", None),
        (
            "rate: {recorded: {file: counts.csv, count: n, interval: 1m}}",
            FARM.into(),
            Basis::Approximation,
            "M/M/1 (Erlang C)",
            Some(10.0 * 0.03 / 0.97),
        ),
        (
            poisson,
            format!("{}, {exponential}", pools("replicas: 4, concurrency: unlimited")),
            Basis::Exact,
            "nobody waits: unlimited slots, each with a core",
            Some(0.0),
        ),
    ];
    for (traffic, farm, basis, formula, wait) in table {
        let waiting = &of(traffic, &farm, "").services[0].waiting;
        let what = format!("{traffic} {farm}: {waiting:?}");
        assert_eq!((waiting.basis, waiting.formula.as_str()), (basis, formula), "{what}");
        assert_eq!(waiting.because.is_empty(), basis == Basis::Exact && waiting.busiest.is_some(), "{what}");
        if let Some(wait) = wait {
            near(waiting.mean.map(|figures| figures.mean_s * 1e3), Some(wait), &what);
        }
        // Counts change from minute to minute: the busiest waits longer than the mean.
        let busier =
            waiting.busiest.map(|figures| figures.mean_s) >= waiting.mean.map(|figures| figures.mean_s);
        assert!(busier, "{what}");
    }
}

/// Two pools under a random balancer of weights 2 and 1: each its own M/M/1, weighed by its share.
#[test]
fn pools_that_differ_are_taken_one_by_one() {
    let farm = "pools: {fast: {replicas: 1, concurrency: 1, speed: 2}, slow: {replicas: 1, concurrency: 1}}, \
                work: {exponential: {mean: 10ms}}, balancer: weightedRandom";
    let waiting = &of("rate: 90/s", farm, "").services[0].waiting;
    // 60/s at 5 ms, load 0.3; 30/s at 10 ms, load 0.3.
    let expected = 0.3 / 0.7 * (2.0 / 3.0 * 5.0 + 1.0 / 3.0 * 10.0);
    near(waiting.mean.map(|figures| figures.mean_s * 1e3), Some(expected), &format!("{waiting:?}"));
    near(waiting.mean.and_then(|figures| figures.share_waiting), Some(0.3), &format!("{waiting:?}"));
    assert_eq!((waiting.basis, waiting.formula.as_str()), (Basis::Exact, "M/M/1 (Erlang C), pool by pool"));
}

#[test]
fn warnings_name_what_to_do() {
    let late = |share: &str| {
        format!(
            "objectives: [{{name: late, service: web, latency: {{percentile: 99, lt: 1s}}, holdsIn: {share}}}]\n"
        )
    };
    let spike = "rate: {stages: {startRate: 10/s, steps: [{duration: 70s, target: 10/s}, {duration: 0s, target: 150/s}, \
                 {duration: 5s, target: 150/s}, {duration: 0s, target: 10/s}]}}";
    type Told<'a> = &'a [(Concern, &'a str)];
    let table: [(&str, String, Told<'_>); 7] = [
        ("rate: 80/s", String::new(), &[]),
        ("rate: 81/s", String::new(), &[(Concern::Busy, "81.0 % of its CPU is asked for at 0s: ")]),
        ("rate: 81/s", String::new(), &[(Concern::Busy, "2 servers instead of 1 bring it to 80 %")]),
        (spike, String::new(), &[(Concern::Overload, "150.0 % of its CPU is asked for at 1m10s: ")]),
        (
            "rate: 200/s",
            String::new(),
            &[(Concern::Growing, "without end"), (Concern::Overload, "minutes like this: 3")],
        ),
        ("rate: 10/s", late("50%"), &[]),
        ("rate: 10/s", late("95%"), &[(Concern::Replications, "write run.replications: 59")]),
    ];
    for (traffic, objectives, expected) in table {
        let warnings = of(traffic, FARM, &objectives).warnings;
        let concerns: Vec<Concern> = warnings.iter().map(|warning| warning.concern).collect();
        assert_eq!(
            concerns,
            expected.iter().map(|(concern, _)| *concern).collect::<Vec<_>>(),
            "{warnings:?}"
        );
        for (warning, (_, text)) in warnings.iter().zip(expected) {
            assert!(warning.message.contains(text), "no `{text}` in {warning:?}");
        }
    }
}

/// Any table of one-sided Clopper-Pearson bounds: p^n <= 0.05.
#[test]
fn replications_are_as_many_as_prove_the_share() {
    let objective = |share: Option<f64>| {
        let goal = crate::results::Goal::Success { at_least: 0.9, inclusive: true };
        let name = "o".to_owned();
        crate::results::ObjectivePlan {
            name,
            service: 0,
            class: None,
            goal,
            every_ns: None,
            from_ns: None,
            to_ns: None,
            holds_in: share,
        }
    };
    let table = [
        (None, 5),
        (Some(0.001), 1),
        (Some(0.05), 1),
        (Some(0.5), 5),
        (Some(0.86), 20),
        (Some(0.9), 29),
        (Some(0.95), 59),
        (Some(0.99), 299),
        (Some(0.999), 2_995),
    ];
    for (share, expected) in table {
        assert_eq!(Need::of(&objective(share)).replications, expected, "{share:?}");
    }
    // Shares whose hundredfold is no whole number in binary.
    for (share, percent) in [(0.07, "7 %"), (0.55, "55 %"), (0.575, "57.5 %"), (0.999_999, "99.9999 %")] {
        let because = Need::of(&objective(Some(share))).because;
        assert!(because.contains(&format!("prove {percent} of")), "{because}");
    }
}

/// 30 hours in steps of two minutes; the busiest minute is looked for in minutes all the same.
#[test]
fn long_runs_have_coarser_series() {
    let spike = "rate: {stages: {startRate: 10/s, steps: [{duration: 29h, target: 10/s}, {duration: 0s, target: 120/s}, \
                 {duration: 1m, target: 120/s}, {duration: 0s, target: 10/s}]}}";
    let text = format!(
        "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {{name: s}}\nrun: {{duration: 1801m, interval: 1h}}\n\
         traffic: {{users: {{to: web, class: a, {spike}}}}}\nservices: {{web: {{{FARM}}}}}\n"
    );
    let scenario =
        Document::read("s.yaml", text.as_bytes()).and_then(|read| read.check(&Traces)).expect("valid");
    let service = &preview(&scenario, &Traces).expect("a preview").services[0];
    assert_eq!(
        (service.series.len(), service.series[900].from_s, service.series[900].to_s),
        (901, 108_000.0, 108_060.0)
    );
    near(service.series[870].slot_utilization, Some(0.65), "half of the step");
    near(service.busiest_minute.slot_utilization, Some(1.2), "the minute");
    assert_eq!((service.busiest_minute.from_s, service.minutes_full), (104_400.0, 1));
}
