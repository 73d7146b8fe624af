//! What theory says before a run: every combination of balancer, queue and slots, worked by hand, and
//! what holds for any scenario at all.

mod common;

use common::swarm::{Files, drawn};
use peakday::balancer::BalancerSpec;
use peakday::preview::{Basis, Concern, Offered, Preview, ServicePreview, TARGET, preview};
use peakday::scenario::{Document, Scenario};

fn scenario(traffic: &str, service: &str) -> Scenario {
    let text = format!(
        "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {{name: s}}\n\
         run: {{duration: 3m, warmup: 1m, interval: 10s}}\n\
         traffic: {{{traffic}}}\nservices: {{web: {{{service}}}}}\n"
    );
    let read = Document::read("s.yaml", text.as_bytes()).and_then(|read| read.check(&Files::default()));
    read.unwrap_or_else(|error| panic!("{text}\n{error}"))
}

fn told(scenario: &Scenario) -> ServicePreview {
    preview(scenario, &Files::default()).expect("a preview").services.remove(0)
}

fn one(traffic: &str, service: &str) -> ServicePreview {
    told(&scenario(&format!("users: {{to: web, class: a, {traffic}}}"), service))
}

fn close(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1e-9), "{what}: {found}, not {expected}");
}

/// Whether the mean wait is known, and if so in ms.
fn mean_ms(service: &ServicePreview) -> Option<f64> {
    service.waiting.mean.map(|figures| figures.mean_s * 1e3)
}

/// What is said of two servers: basis, formula, mean wait in ms, what does not quite fit.
type Said = (Basis, &'static str, Option<f64>, &'static [&'static str]);

/// C(4, 8) / 4 and the supermarket's sum at 1/2 less 1, x 10 ms, worked with 30 digits elsewhere.
const EIGHT: f64 = 0.147_609_986_738_165_25;
const SUPERMARKET: f64 = 2.656_860_360_875_726;
const LIMIT: &str = "no limit of concurrency";
const POISSON: &str = "arrivals at random (Poisson), without bursts";
const AS_ONE: &str = "one queue shared by all servers, so that none is idle while a request waits";
const VARIATION: &str = "of gaps and work the mean and the variation alone, without bursts";

/// Two servers of 1, 4, unlimited slots, and of 4 that share 2 cores, all offered half of what they can
/// serve, with exponential work of 10 ms. C(1, 2) = 1/3 and C(2, 4) = 4/23 by hand.
fn expected(balancer: &str, central: bool) -> [Said; 4] {
    use Basis::{Approximation, Exact, LowerBound, None as Nothing, OneQueue};
    let nobody: Said = (Exact, "nobody waits: unlimited slots, each with a core", Some(0.0), &[]);
    let (two, four, eight) = (Some(10.0 / 3.0), Some(20.0 / 23.0), Some(EIGHT));
    if central {
        return [
            (Exact, "M/M/2 (Erlang C)", two, &[]),
            (Exact, "M/M/8 (Erlang C)", eight, &[]),
            nobody,
            (Nothing, "", None, &["servers that share CPU stand behind one queue"]),
        ];
    }
    // All as one line: 4 cores for 2 erlangs.
    let pooled: Said = (OneQueue, "processor sharing", four, &[LIMIT, AS_ONE]);
    match balancer {
        "random" | "weightedRandom" => [
            (Exact, "M/M/1 (Erlang C)", Some(10.0), &[]),
            (Exact, "M/M/4 (Erlang C)", four, &[]),
            nobody,
            (Approximation, "processor sharing", two, &[LIMIT]),
        ],
        // E_2/M/1: sigma is the root (3 - sqrt 5) / 2 and sigma / (1 - sigma) the golden ratio less 1; at four
        // slots gaps of half the variation take a quarter off the wait.
        "roundRobin" | "smoothWeightedRoundRobin" | "pingoraWeighted" => [
            (Exact, "E_2/M/1", Some(5.0 * (5_f64.sqrt() - 1.0)), &[]),
            (Approximation, "G/G/4 (Allen-Cunneen)", Some(15.0 / 23.0), &[VARIATION]),
            nobody,
            (Approximation, "processor sharing", two, &[POISSON, LIMIT]),
        ],
        "leastRequest" => [
            (Approximation, "supermarket, 2 choices", Some(SUPERMARKET), &["very many servers"]),
            (LowerBound, "M/M/8 (Erlang C)", eight, &[AS_ONE]),
            nobody,
            pooled,
        ],
        "ringHash" | "maglev" | "boundedLoadHash" => {
            let keys: Said = (Nothing, "", None, &["the customers' keys choose the server"]);
            [keys, keys, keys, keys]
        }
        "leastConnections"
        | "weightedLeastConnections"
        | "leastResponseTime"
        | "peakEwma"
        | "joinIdleQueue"
        | "prequal" => [
            (LowerBound, "M/M/2 (Erlang C)", two, &[AS_ONE]),
            (LowerBound, "M/M/8 (Erlang C)", eight, &[AS_ONE]),
            nobody,
            pooled,
        ],
        other => panic!("{other} has no row"),
    }
}

fn asks(balancer: &str) -> bool {
    ["ringHash", "maglev", "boundedLoadHash", "joinIdleQueue", "prequal"].contains(&balancer)
}

#[test]
fn every_balancer_queue_and_server_says_what_the_formula_assumes() {
    let servers = [
        ("concurrency: 1", "100/s"),
        ("concurrency: 4", "400/s"),
        ("concurrency: unlimited", "100/s"),
        ("concurrency: 4, cpu: {cores: 2}", "200/s"),
    ];
    for (balancer, _) in BalancerSpec::examples() {
        for (scope, central) in [("server", false), ("service", true)] {
            for ((pool, rate), said) in servers.into_iter().zip(expected(balancer, central)) {
                // A queue is refused where nobody ever waits.
                let unlimited = pool == "concurrency: unlimited";
                let queue = if unlimited { String::new() } else { format!("queue: {{scope: {scope}}}, ") };
                let farm = format!(
                    "pools: {{p: {{replicas: 2, {pool}}}}}, {queue}work: {{exponential: {{mean: 10ms}}}}, balancer: {balancer}"
                );
                // Those that sit in proxies take from no central queue.
                if central && asks(balancer) {
                    continue;
                }
                let keys = "keys: {zipf: {population: 9, exponent: 1}}";
                let service = one(&format!("{keys}, rate: {rate}"), &farm);
                let (basis, formula, mean, because) = said;
                let waiting = &service.waiting;
                assert_eq!((waiting.basis, waiting.formula.as_str()), (basis, formula), "{farm}");
                assert_eq!(waiting.because, because, "{farm}");
                assert_eq!(mean_ms(&service).is_some(), mean.is_some(), "{farm}");
                if let (Some(found), Some(mean)) = (mean_ms(&service), mean) {
                    close(found, mean, &farm);
                }
                let half = (!unlimited).then_some(0.5);
                assert_eq!(service.mean.utilization(), half, "{farm}");
            }
        }
    }
}

/// What is exact must be the scenario: one thing that does not fit, and it is no longer called so.
#[test]
fn what_does_not_fit_is_never_called_exact() {
    let line = |more: &str| format!("pools: {{p: {{replicas: 1, concurrency: 1}}}}, {more}");
    let exponential = "work: {exponential: {mean: 10ms}}";
    let (a, b) = ("users: {to: web, class: a, rate: 25/s", "others: {to: web, class: b, rate: 25/s");
    let both = |first: &str, second: &str| format!("{a}{first}}}, {b}{second}}}");
    let table = [
        (both("", ""), line(exponential), true),
        // A gamma of cv 1 is the exponential: two Poisson streams.
        (both(", arrivals: {gamma: {cv: 1}}", ""), line(exponential), true),
        // Variations of 0 and 4 are 1 on average, and yet no Poisson stream.
        (
            both(", arrivals: uniform", ", arrivals: {gamma: {cv: 2}}")
                .replacen("25/s", "30/s", 1)
                .replacen("25/s", "10/s", 1),
            line(exponential),
            false,
        ),
        (both("", ", arrivals: uniform"), line(exponential), false),
        // Exponentials of one mean are one law, of two means a mixture: M/G/1, exact as well.
        (both("", ""), line("work: {a: {exponential: {mean: 10ms}}, b: {exponential: {mean: 12ms}}}"), true),
        (
            both("", ""),
            line(
                "work: {a: {exponential: {mean: 10ms}}, b: {exponential: {mean: 12ms}}}, \
                 queue: {order: {priority: [a, b]}}",
            ),
            false,
        ),
        // Who is served first does not change the mean of those who are all alike.
        (both("", ""), line(&format!("{exponential}, queue: {{order: {{priority: [a, b]}}}}")), true),
        (both("", ""), line(&format!("{exponential}, queue: {{timeout: 1s}}")), false),
        (both("", ", uncertainty: {uniform: {min: 0.5, max: 1.5}}"), line(exponential), false),
    ];
    for (traffic, farm, exact) in table {
        let waiting = told(&scenario(&traffic, &farm)).waiting;
        assert_eq!(waiting.basis == Basis::Exact, exact, "{traffic}\n{farm}\n{waiting:?}");
        assert_eq!(waiting.because.is_empty(), exact, "{traffic}\n{farm}\n{waiting:?}");
    }
}

/// A mixture by hand: 25/s of exponential 10 ms and 12 ms each, E[S] = 11 ms, E[S^2] = 244 ms^2, load 0.55;
/// lambda E[S^2] / (2 (1 - rho)) = 0.05 x 244 / 0.9 ms.
#[test]
fn mixtures_of_work_and_wait_are_worked_by_hand() {
    let table = [
        ("work: {a: {exponential: {mean: 10ms}}, b: {exponential: {mean: 12ms}}}", 0.05 * 244.0 / 0.9),
        // Constants of 4 ms and 16 ms: E[S] = 10, E[S^2] = 136.
        ("work: {a: 4ms, b: 16ms}", 0.05 * 136.0 / 1.0),
        // Work of 5 ms then an exponential wait of 5 ms: E[S] = 10, E[S^2] = 100 + 25.
        ("work: 5ms, wait: {exponential: {mean: 5ms}}", 0.05 * 125.0 / 1.0),
        // Only a wait, and exponential: M/M/1 all the same.
        ("work: 0s, wait: {exponential: {mean: 10ms}}", 10.0),
        // Uniform on [0, 20] ms: E[S^2] = 400/3.
        ("work: {uniform: {min: 0s, max: 20ms}}", 0.05 * 400.0 / 3.0),
    ];
    for (work, expected) in table {
        let farm = format!("pools: {{p: {{replicas: 1, concurrency: 1}}}}, {work}");
        let service = told(&scenario("users: {to: web, mix: {a: 50%, b: 50%}, rate: 50/s}", &farm));
        close(mean_ms(&service).expect("a wait"), expected, work);
        assert_eq!(service.waiting.basis, Basis::Exact, "{work}");
    }
}

/// Traffic before the warm-up only, or bursts outside the busiest minute: one stretch has a formula and the
/// other none, and so none is told.
#[test]
fn a_formula_for_one_stretch_only_is_none() {
    let farm = "pools: {p: {replicas: 1, concurrency: 1}}, work: {exponential: {mean: 10ms}}";
    let early = "users: {to: web, class: a, rate: {stages: {startRate: 50/s, steps: \
                 [{duration: 1m, target: 50/s}, {duration: 0s, target: 0/s}]}}}";
    let bursts = "users: {to: web, class: a, rate: {stages: {startRate: 0/s, steps: \
                  [{duration: 2m, target: 0/s}, {duration: 0s, target: 5/s}]}}, \
                  arrivals: {mmpp: {states: [{factor: 1, mean: 1s}, {factor: 2, mean: 1s}]}}}";
    let peak = "others: {to: web, class: a, rate: {stages: {startRate: 50/s, steps: \
                [{duration: 2m, target: 50/s}, {duration: 0s, target: 0/s}]}}}";
    let table = [
        (early.to_owned(), "nothing comes"),
        (format!("{bursts}, {peak}"), "the bursts of mmpp"),
        (bursts.to_owned(), "the bursts of mmpp"),
    ];
    for (traffic, because) in table {
        let waiting = told(&scenario(&traffic, farm)).waiting;
        assert_eq!((waiting.basis, waiting.formula.as_str()), (Basis::None, ""), "{traffic}");
        assert_eq!(waiting.because, [because], "{traffic}");
        assert_eq!((waiting.mean, waiting.busiest), (None, None), "{traffic}");
    }
}

/// A jump at the very end or in no time at all asks for nothing; one before the warm-up counts in the peak,
/// not in the mean.
#[test]
fn the_peak_lies_within_the_run() {
    let farm = "pools: {p: {replicas: 1, concurrency: 1}}, work: 10ms";
    let stages = |steps: &str| format!("rate: {{stages: {{startRate: 10/s, steps: [{steps}]}}}}");
    let table = [
        (
            "{duration: 3m, target: 10/s}, {duration: 0s, target: 90/s}, {duration: 1m, target: 90/s}",
            0.1,
            0.1,
        ),
        (
            "{duration: 2m, target: 10/s}, {duration: 0s, target: 90/s}, {duration: 0s, target: 10/s}",
            0.1,
            0.1,
        ),
        (
            "{duration: 0s, target: 90/s}, {duration: 1m, target: 90/s}, {duration: 0s, target: 20/s}",
            0.2,
            0.9,
        ),
        // Down in a straight line over the whole run: 0.9 at the start, 2/3 and 0 of it after 1 and 3 min.
        ("{duration: 0s, target: 90/s}, {duration: 3m, target: 0/s}", 0.3, 0.9),
    ];
    for (steps, mean, peak) in table {
        let service = one(&stages(steps), farm);
        close(service.mean.utilization().expect("a mean"), mean, steps);
        close(service.peak.utilization.expect("a peak"), peak, steps);
        let servers = libm::ceil(peak / TARGET - 1e-9) as u64;
        assert_eq!(service.servers_for_target, Some(servers), "{steps}");
    }
}

/// The remedy of a warning, followed, ends it.
#[test]
fn as_many_servers_as_advised_are_enough_and_one_less_is_not() {
    for rate in [90_u32, 160, 161, 799, 800, 801, 4_000, 123_457] {
        let farm =
            |servers: u64| format!("pools: {{p: {{replicas: {servers}, concurrency: 1}}}}, work: 10ms");
        let traffic = format!("users: {{to: web, class: a, rate: {rate}/s}}");
        let warned = |servers: u64| {
            let read = scenario(&traffic, &farm(servers));
            let preview = preview(&read, &Files::default()).expect("a preview");
            preview.warnings.iter().any(|warning| warning.concern <= Concern::Busy)
        };
        let advised = one(&format!("rate: {rate}/s"), &farm(1)).servers_for_target.expect("a number");
        // rate x 10 ms / 0.8, in whole numbers.
        assert_eq!(advised, u64::from(rate).div_ceil(80), "{rate}");
        assert!(!warned(advised), "{rate}: {advised} do");
        assert!(warned(advised - 1), "{rate}: {} do as well", advised - 1);
    }
}

/// Scenarios of the swarm that are looked at.
const DRAWN: u64 = 1_500;

fn every_drawn(check: impl Fn(u64, &Scenario, &Files, &Preview)) {
    for seed in 0..DRAWN {
        let drawn = drawn(seed);
        let told = preview(&drawn.scenario, &drawn.files).unwrap_or_else(|error| panic!("{seed}: {error}"));
        check(seed, &drawn.scenario, &drawn.files, &told);
    }
}

fn all_offered(service: &ServicePreview) -> impl Iterator<Item = &Offered> {
    service.series.iter().chain([&service.mean, &service.busiest_minute])
}

fn sound(figure: Option<f64>) -> bool {
    figure.is_none_or(|figure| figure.is_finite() && figure >= 0.0)
}

#[test]
fn no_figure_of_any_scenario_is_out_of_bounds() {
    every_drawn(|seed, scenario, _, told| {
        for (service, plan) in told.services.iter().zip(&scenario.plan.services) {
            let what = format!("seed {seed}, {}: {service:?}", service.name);
            assert_eq!(service.servers, plan.pools.iter().map(|pool| u64::from(pool.replicas)).sum::<u64>());
            for offered in all_offered(service) {
                let shares = [offered.cpu_utilization, offered.slot_utilization, offered.scaling_ratio];
                assert!(shares.into_iter().all(sound) && sound(Some(offered.requests_per_s)), "{what}");
                let scaled = offered.utilization().map(|share| share * service.servers as f64);
                assert_eq!(offered.scaling_ratio.is_some(), scaled.is_some(), "{what}");
                let (ratio, scaled) = (offered.scaling_ratio.unwrap_or(0.0), scaled.unwrap_or(0.0));
                close(ratio, scaled, &what);
                assert!(service.mean.from_s >= 0.0 && offered.to_s > offered.from_s, "{what}");
            }
            // No stretch is busier than the busiest, nor that than the peak.
            let most = service.busiest_minute.utilization().unwrap_or(0.0);
            let of = |offered: &Offered| offered.utilization().unwrap_or(0.0);
            assert!(service.series.iter().all(|offered| of(offered) <= most * (1.0 + 1e-8)), "{what}");
            assert!(most <= service.peak.utilization.unwrap_or(0.0) * (1.0 + 1e-8), "{what}");
            let waits = [service.waiting.mean, service.waiting.busiest];
            for figures in waits.into_iter().flatten() {
                let shares = [figures.share_waiting, figures.share_rejected];
                assert!(sound(Some(figures.mean_s)) && sound(figures.p99_s), "{what}");
                assert!(shares.into_iter().flatten().all(|share| (0.0..=1.0).contains(&share)), "{what}");
            }
            let waiting = &service.waiting;
            let bare = waiting.basis == Basis::Exact && waits.iter().all(Option::is_some);
            assert!(waiting.because.is_empty() || !bare, "{what}");
            assert_eq!(waiting.basis == Basis::None, waiting.formula.is_empty(), "{what}");
        }
    });
}

/// The stretches of a series tile the run, and bring together what the effort counts.
#[test]
fn minutes_add_up_to_the_run() {
    every_drawn(|seed, scenario, _, told| {
        let mut all = 0.0;
        for service in &told.services {
            let mut at = 0.0;
            for offered in &service.series {
                assert_eq!(offered.from_s, at, "seed {seed}");
                at = offered.to_s;
                all += offered.requests_per_s * (offered.to_s - offered.from_s);
            }
            assert_eq!(at, scenario.plan.duration().as_secs_f64(), "seed {seed}");
        }
        let expected = told.effort.requests;
        assert!((all - expected).abs() <= 1e-6 * expected.max(1e-6), "seed {seed}: {all}, not {expected}");
        assert!(told.effort.events >= 2.0 * told.effort.requests, "seed {seed}");
    });
}

/// All traffic times three: offered shares are three times as large, at the same instants.
#[test]
fn what_is_offered_is_linear_in_the_load() {
    every_drawn(|seed, scenario, files, told| {
        let mut tripled = scenario.clone();
        for source in &mut tripled.sources {
            source.profile = source.profile.take().map(|profile| profile.scaled(3.0));
            source.recorded.iter_mut().for_each(|recording| recording.factor *= 3.0);
        }
        let more = preview(&tripled, files).expect("a preview");
        close(more.effort.requests, 3.0 * told.effort.requests, &format!("seed {seed}"));
        for (more, once) in more.services.iter().zip(&told.services) {
            for (more, once) in all_offered(more).zip(all_offered(once)) {
                let shares = |offered: &Offered| {
                    [Some(offered.requests_per_s), offered.cpu_utilization, offered.slot_utilization]
                };
                for (more, once) in shares(more).into_iter().zip(shares(once)) {
                    assert_eq!(more.is_some(), once.is_some(), "seed {seed}");
                    close(more.unwrap_or(0.0), 3.0 * once.unwrap_or(0.0), &format!("seed {seed}"));
                }
            }
            let (more, once) = (more.peak.utilization, once.peak.utilization);
            close(more.unwrap_or(0.0), 3.0 * once.unwrap_or(0.0), &format!("seed {seed}: the peak"));
        }
    });
}

/// `run.load` through the file: every source, with `uncertainty` at its mean.
#[test]
fn the_load_of_the_run_multiplies_every_source() {
    let text = |load: &str| {
        format!(
            "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {{name: s}}\n\
             run: {{duration: 10m, interval: 1m, load: {load}}}\n\
             traffic:\n  a: {{to: web, class: a, rate: 40/s}}\n  b: {{to: web, class: a, rate: {{event: \
             {{baseline: 1/s, at: 2m, shape: double11-2019, peak: 90/s}}}}}}\n  c: {{to: web, class: a, rate: 5/s, \
             uncertainty: {{uniform: {{min: 0, max: 4}}}}}}\n\
             services: {{web: {{pools: {{p: {{replicas: 2, concurrency: 3}}}}, work: 10ms, wait: 5ms}}}}\n"
        )
    };
    let of = |load: &str| {
        let read =
            Document::read("s.yaml", text(load).as_bytes()).and_then(|read| read.check(&Files::default()));
        preview(&read.expect("valid"), &Files::default()).expect("a preview")
    };
    let once = of("1");
    // The first two minutes by hand: 40 + 1 + 5 x 2 a second, 15 ms each at 6 slots.
    close(
        once.services[0].series[0].slot_utilization.expect("slots"),
        51.0 * 0.015 / 6.0,
        "the first minute",
    );
    // An arrival, the end of its work, the end of its wait; and ten intervals.
    close(once.effort.events, 3.0 * once.effort.requests + 10.0, "events");
    for (load, factor) in [("0.01", 0.01), ("50%", 0.5), ("2", 2.0), ("700%", 7.0)] {
        let more = of(load);
        close(more.effort.requests, factor * once.effort.requests, load);
        for (more, once) in all_offered(&more.services[0]).zip(all_offered(&once.services[0])) {
            let share = |offered: &Offered| offered.utilization().expect("a share");
            close(share(more), factor * share(once), load);
        }
        let peak = |told: &Preview| told.services[0].peak.utilization.expect("a peak");
        close(peak(&more), factor * peak(&once), load);
    }
}

/// A pool cut in two of the same servers is the same farm.
#[test]
fn pools_add_up() {
    every_drawn(|seed, scenario, files, told| {
        let mut cut = scenario.clone();
        for (service, plan) in cut.services.iter_mut().zip(&mut cut.plan.services) {
            let (mut rest, mut planned) = (service.pools[0].clone(), plan.pools[0].clone());
            if rest.replicas < 2 {
                continue;
            }
            (service.pools[0].replicas, plan.pools[0].replicas) = (1, 1);
            (rest.replicas, planned.replicas) = (rest.replicas - 1, planned.replicas - 1);
            service.pools.push(rest);
            plan.pools.push(planned);
        }
        let cut = preview(&cut, files).expect("a preview");
        for (cut, whole) in cut.services.iter().zip(&told.services) {
            let what = format!("seed {seed}, {}: {:?}, not {:?}", whole.name, cut.waiting, whole.waiting);
            let share = |service: &ServicePreview| service.mean.utilization().unwrap_or(0.0);
            close(share(cut), share(whole), &what);
            assert_eq!((cut.servers, cut.waiting.basis), (whole.servers, whole.waiting.basis), "{what}");
            let mean = |service: &ServicePreview| mean_ms(service).unwrap_or(0.0);
            assert!((mean(cut) - mean(whole)).abs() <= 1e-6 * mean(whole).max(1e-9), "{what}");
        }
    });
}
