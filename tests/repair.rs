//! Servers that fail and are repaired, and servers that are set up on demand, against theory.
//!
//! Every row is a figure with a known value; of K rows every |z| stays below the two-sided 1 %/K quantile of
//! Student's distribution, from fixed seeds.

use std::io;

use peakday::dist::Distribution;
use peakday::results::RunResult;
use peakday::scenario::{Bounds, Document, Scenario};
use peakday::sim;
use peakday::workload::recorded::TraceFiles;
use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, StudentsT};

const REPLICATIONS: u32 = 24;
/// What all rows together may miss.
const LEVEL: f64 = 0.01;

/// No trace.
#[derive(Debug)]
struct NoTrace;

impl TraceFiles for NoTrace {
    fn open(&self, path: &str) -> io::Result<Box<dyn io::Read + Send>> {
        Err(io::Error::other(path.to_owned()))
    }
}

fn read(text: &str) -> Scenario {
    let read = Document::read("r.yaml", text.as_bytes()).and_then(|read| read.check(&NoTrace));
    read.unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Servers that hardly anybody asks for, for 200 days of which 10 are left out.
fn machines(servers: u32, failures: &str) -> Scenario {
    read(&format!(
        "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {{name: r}}\n\
         run: {{duration: 200d, warmup: 10d, interval: 10d}}\n\
         traffic: {{users: {{to: web, class: any, rate: 1/d}}}}\n\
         services: {{web: {{pools: {{p: {{replicas: {servers}, concurrency: 1}}}}, work: 1ms}}}}\n\
         faults: [{{failures: {{service: web, {failures}}}}}]\n"
    ))
}

/// Returns the share of [warm-up, end) in which at least `k` servers serve.
fn at_least(k: i32, scenario: &Scenario, run: &RunResult) -> f64 {
    let (from, to) = (scenario.plan.warmup_ns, scenario.plan.duration_ns);
    let clipped = |ns: u64| ns.clamp(from, to);
    let lives = run.servers.iter().flat_map(|s| [(clipped(s.from_ns), 1), (clipped(s.to_ns), -1)]);
    let mut changes: Vec<(u64, i32)> = lives.collect();
    changes.sort_unstable();
    let (mut up, mut since, mut enough) = (0, from, 0);
    for (at, change) in changes {
        if up >= k {
            enough += at - since;
        }
        (up, since) = (up + change, at);
    }
    enough as f64 / (to - from) as f64
}

fn availability(run: &RunResult) -> f64 {
    let service = &run.services[0];
    1.0 - service.missing_ns.0 as f64 / service.desired_ns.0 as f64
}

fn mean_sojourn_ns(run: &RunResult) -> f64 {
    run.rows[0].latency_sum_ns.0 as f64 / run.rows[0].outcomes[0] as f64
}

/// A figure of a scenario, and what theory says it is on average.
struct Row {
    name: String,
    expected: f64,
    found: Vec<f64>,
}

fn row(name: String, expected: f64, scenario: &Scenario, figure: impl Fn(&RunResult) -> f64 + Sync) -> Row {
    let run = |replication| {
        let result = sim::run(scenario, replication, &NoTrace, &mut ());
        figure(&result.expect("a result"))
    };
    Row { name, expected, found: (1..=REPLICATIONS).into_par_iter().map(run).collect() }
}

/// Prints every row and tells those that miss.
fn judge(rows: &[Row]) {
    let n = f64::from(REPLICATIONS);
    let student = StudentsT::new(0.0, 1.0, n - 1.0).expect("a distribution");
    let bound = student.inverse_cdf(1.0 - LEVEL / rows.len() as f64 / 2.0);
    let mut missed = Vec::new();
    for Row { name, expected, found } in rows {
        let mean = found.iter().sum::<f64>() / n;
        let variance = found.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
        let error = (variance / n).sqrt();
        let z = (mean - expected) / error;
        let half_width = student.inverse_cdf(0.975) * error / expected;
        println!(
            "{name:<44} expected {expected:.6}, found {mean:.6} +- {:.2} %, z {z:.2}",
            half_width * 100.0
        );
        if z.abs() > bound || half_width > 0.01 {
            missed.push(format!("{name}: z {z:.2} of {bound:.2}, half-width {half_width:.4}"));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

/// Returns the probabilities of 0, 1, .. machines down, of `n` that fail at rate `lambda` each and are
/// repaired at rate `mu` by `crew` repairers: a birth-death chain (Kleinrock, Queueing Systems I, 3.8).
fn down(n: u32, crew: u32, lambda: f64, mu: f64) -> Vec<f64> {
    let mut weights = vec![1.0];
    for down in 1..=n {
        let birth = f64::from(n - down + 1) * lambda;
        let death = f64::from(down.min(crew)) * mu;
        weights.push(weights[down as usize - 1] * birth / death);
    }
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

#[test]
fn availability_is_that_of_theory() {
    let mut rows = Vec::new();
    // MTBF / (MTBF + MTTR), whatever the distributions; 3 h x Gamma(1.5) is 2.658681 h.
    for (mtbf, mttr, expected) in [
        ("{exponential: {mean: 2h}}", "{exponential: {mean: 15m}}", 8.0 / 9.0),
        ("{weibull: {shape: 2, scale: 3h}}", "{lognormal: {mean: 20m, cv: 1}}", 0.888_592_325_733),
    ] {
        let scenario = machines(4, &format!("mtbf: {mtbf}, mttr: {mttr}"));
        rows.push(row(format!("availability, {mttr}"), expected, &scenario, availability));
    }
    // k of n: the upper tail of a binomial distribution.
    let scenario = machines(5, "mtbf: {exponential: {mean: 2h}}, mttr: {exponential: {mean: 15m}}");
    let up: f64 = 8.0 / 9.0;
    let up4 = up * up * up * up;
    let four = 5.0 * up4 * (1.0 - up) + up4 * up;
    rows.push(row("4 of 5 up".to_owned(), four, &scenario, |run| at_least(4, &scenario, run)));
    // Few repairers.
    for crew in [1, 2] {
        let failures = format!(
            "mtbf: {{exponential: {{mean: 2h}}}}, mttr: {{exponential: {{mean: 30m}}}}, repairers: {crew}"
        );
        let scenario = machines(6, &failures);
        let chances = down(6, crew, 0.5, 2.0);
        let lost: f64 = chances.iter().enumerate().map(|(down, chance)| down as f64 * chance).sum();
        rows.push(row(format!("6 machines, {crew} repairers"), 1.0 - lost / 6.0, &scenario, availability));
        let three: f64 = chances[..=3].iter().sum();
        let name = format!("3 of 6 up, {crew} repairers");
        rows.push(row(name, three, &scenario, |run| at_least(3, &scenario, run)));
    }
    judge(&rows);
}

/// The exact chain of i servers on and j jobs, with min(k - i, j - i) set-ups in progress (Gandhi et al.,
/// SIGMETRICS 2013): half load, set-up ten times the service. For k = 1 that is 1/(mu - lambda) + 1/alpha.
#[test]
fn servers_set_up_on_demand_make_requests_wait_as_theory_says() {
    let rows: Vec<Row> = [(1, 12.0, 40), (2, 7.12, 20), (4, 4.46, 10), (8, 2.98, 10)]
        .into_iter()
        .map(|(k, expected, hours)| {
            let mut scenario = read(&format!(
                "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {{name: r}}\n\
                 run: {{duration: {hours}h, warmup: 10m, interval: 1h}}\n\
                 traffic: {{users: {{to: web, class: any, rate: {}/s}}}}\n\
                 services: {{web: {{pools: {{p: {{replicas: {k}, concurrency: 1}}}}, queue: {{scope: service}}, \
                 balancer: random, work: {{exponential: {{mean: 1s}}}}}}}}\n",
                f64::from(k) * 0.5
            ));
            let pool = &mut scenario.services[0].pools[0];
            (pool.replicas, pool.bounds, pool.on_demand) = (0, Bounds { min: 0, max: k }, true);
            pool.startup.boot = Some(Distribution::exponential(10e9));
            row(format!("M/M/{k} with set-up"), expected, &scenario, |run| mean_sojourn_ns(run) / 1e9)
        })
        .collect();
    judge(&rows);
}
