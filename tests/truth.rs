//! Simulation against theory: exact values of queueing models, within intervals over replications.
//!
//! | command | rows |
//! |---|---|
//! | `cargo test --test truth` | everything up to load 0.95: minutes |
//! | `cargo test --test truth quick` | loads up to 0.8, half-widths of 5 %: seconds |
//! | `cargo test --release --test truth -- --ignored heavy --nocapture` | load 0.99: half an hour |
//!
//! `PEAKDAY_TRUTH=M/M/50` chooses among the rows at load 0.99 by their name.
//!
//! Tables are read from `PEAKDAY_SHARED`, else from `../shared`. Every row is either used or told
//! with the reason. Seeds are 1 to R; every case names its own randomness, so that cases are
//! independent of each other.

mod common;

use std::collections::HashMap;

use common::supermarket::Supermarket;
use common::tables::{Row, table, vectors};
use common::theory::{Line, erlang_b, patience, sigma};
use common::truth::{Case, Figure, NoTraces, REPLICATIONS, find, judge, kolmogorov_smirnov};
use common::{Station, UNIT, law};
use peakday::balancer::{Attempt, BalancerSpec, End, Member, Rotation};
use peakday::dist::Distribution;
use peakday::ids::ServerId;
use peakday::report::summary_text;
use peakday::results::summary;
use peakday::rng::Key;
use peakday::scenario::{Document, Order};
use peakday::stats::student_quantile;
use peakday::study::{StudyOptions, run_study};
use peakday::time::{SimDuration, SimTime};
use peakday::workload::{ArrivalsSpec, Outcome};

/// How sure to be, and up to which load.
#[derive(Clone, Copy)]
struct Aim {
    /// Largest relative half-width of a mean; twice that of a 99th percentile.
    mean: f64,
    /// What run lengths are planned for, relative to that: the half-width found scatters around
    /// it, by 13 % with 32 replications.
    planned: f64,
    /// Loads above the first and up to the second.
    loads: (f64, f64),
}

/// What a build is held to.
const FULL: Aim = Aim { mean: 0.01, planned: 0.7, loads: (0.0, 0.95) };
/// What holds in seconds.
const QUICK: Aim = Aim { mean: 0.05, planned: 0.7, loads: (0.0, 0.8) };
/// What takes long.
const HEAVY: Aim = Aim { mean: 0.01, planned: 0.8, loads: (0.95, 0.99) };

impl Aim {
    fn p99(self) -> f64 {
        2.0 * self.mean
    }

    /// The relative half-width that run lengths are planned for.
    fn planned(self) -> f64 {
        self.planned * self.mean
    }

    /// So many customers at least: a percentile needs them even where means do not scatter.
    fn least(self) -> f64 {
        let t = student_quantile(0.975, 31.0) / self.planned();
        (4.0 * t * t).max(64_000.0)
    }

    fn takes(self, rho: f64) -> bool {
        rho > self.loads.0 + 1e-9 && rho <= self.loads.1 + 1e-9
    }

    /// Builds a case of a waiting line; `factor` lengthens it where the work has a long tail.
    fn case(self, name: String, station: Station, line: Line, factor: f64) -> Case {
        // As many relaxation times as make means over a run nearly normal.
        let settled = 10.0 * line.warmup() * station.rate * f64::from(REPLICATIONS);
        let customers = (factor * line.customers(self.planned())).max(self.least()).max(settled);
        Case::new(name, station, line.warmup(), customers)
    }
}

/// Counts which rows of a table are used, and tells which are not, and why.
#[derive(Default)]
struct Rows {
    used: usize,
    left: HashMap<String, usize>,
}

impl Rows {
    fn left_out(&mut self, why: &str) {
        *self.left.entry(why.to_owned()).or_default() += 1;
    }

    fn tell(&self, table: &str) {
        println!("{table}: {} rows used", self.used);
        for (why, count) in &self.left {
            println!("  {count} left out: {why}");
        }
    }
}

const BEYOND: &str = "another command's load";

/// M/M/c, as one server with c slots and as c servers behind a central queue.
fn mmc(aim: Aim, forms: &[bool]) -> Vec<Case> {
    let Some(table) = table("mmc") else { return vec![] };
    let (mut cases, mut rows) = (Vec::new(), Rows::default());
    for row in &table {
        let (c, rho) = (row.whole("c"), row.number("rho"));
        if !aim.takes(rho) {
            rows.left_out(BEYOND);
            continue;
        }
        rows.used += 1;
        let line = Line {
            rho,
            servers: f64::from(c),
            wait: row.number("mean_wait"),
            sojourn: row.number("mean_sojourn"),
            p_wait: row.number("p_wait"),
            variability: 1.0,
            p99: Some(row.number("sojourn_p99")),
        };
        for &central in forms {
            // One server is one server; few servers near saturation take longest and, as slots,
            // say it all.
            if central && (c == 1 || c < 8 && rho > 0.9) {
                continue;
            }
            let (servers, slots) = if central { (c, 1) } else { (1, c) };
            let station = Station {
                servers,
                slots: Some(slots),
                central,
                rate: row.number("lam"),
                ..Station::default()
            };
            let form = if central { "central queue" } else { "slots" };
            let case = aim
                .case(format!("M/M/{c} {rho} {form}"), station, line, 1.0)
                .claim(Figure::Mean, row.number("mean_sojourn"), aim.mean)
                .claim(Figure::P99, row.number("sojourn_p99"), aim.p99());
            cases.push(case);
        }
    }
    rows.tell("mmc");
    cases
}

/// M/M/c/K and Erlang B: the mean sojourn of who is served, the share refused.
fn mmck(aim: Aim) -> Vec<Case> {
    let Some(table) = table("mmck_erlangB") else { return vec![] };
    let (mut cases, mut rows) = (Vec::new(), Rows::default());
    let (mut without_blocking, never) = (0, 2e-4);
    for row in &table {
        rows.used += 1;
        let (c, k, rho) = (row.whole("c"), row.whole("K"), row.number("offered_rho"));
        let (sojourn, blocking) = (row.number("mean_sojourn_admitted"), row.number("blocking"));
        if c == k {
            let b = erlang_b(rho * f64::from(c), c);
            assert!((b / row.number("erlang_b") - 1.0).abs() < 1e-9, "Erlang B of {c} at {rho}: {b}");
        }
        let rate = rho * f64::from(c);
        let station = Station { slots: Some(c), limit: Some(k - c), rate, ..Station::default() };
        // Who is served waits in a line no longer than K: its relaxation is at most that of a
        // random walk over K places, and scatter per customer is at most of that length too.
        let places = f64::from(k - c);
        let relaxation = (places + 1.0) * (places + 1.0) / f64::from(c) / libm::fmax(1.0, rho);
        let warmup = 10.0 * (1.0 + relaxation.min(200.0));
        let t = student_quantile(0.975, 31.0) / aim.planned();
        let lasting = 2.0 + (sojourn - 1.0) / sojourn * relaxation.min(400.0) / 2.0;
        // A share below one in a hundred is no mean of the day: five times the half-width does.
        let seldom = if blocking < 0.01 { 5.0 } else { 1.0 };
        let refusals =
            if blocking > never { (3.0 + (places + f64::from(c) / 2.0) / 4.0) / blocking } else { 0.0 };
        let admitted = (t * t * lasting).max(aim.least()) / (1.0 - blocking);
        let customers = admitted.max(t * t * refusals / (seldom * seldom));
        let mut case = Case::new(format!("M/M/{c}/{k} {rho}"), station, warmup, customers).claim(
            Figure::Mean,
            sojourn,
            aim.mean,
        );
        if blocking > never {
            case = case.claim(Figure::Share(Outcome::Rejected), blocking, seldom * aim.mean);
        } else {
            without_blocking += 1;
        }
        cases.push(case);
    }
    rows.tell("mmck_erlangB");
    println!("  {without_blocking} of them without the share refused: below {never}, too seldom to see");
    cases
}

/// M/D/1: mean and 99th percentile of the sojourn, which is the wait and exactly one unit more.
fn md1(aim: Aim) -> Vec<Case> {
    let Some(table) = table("md1") else { return vec![] };
    let (mut cases, mut rows) = (Vec::new(), Rows::default());
    for row in &table {
        let rho = row.number("rho");
        if !aim.takes(rho) {
            rows.left_out(BEYOND);
            continue;
        }
        rows.used += 1;
        let station = Station { rate: rho, work: Distribution::constant(UNIT), ..Station::default() };
        let sojourn = row.number("mean_sojourn");
        let case = aim
            .case(format!("M/D/1 {rho}"), station, Line::single(rho, 0.0, sojourn), 1.0)
            .claim(Figure::Mean, sojourn, aim.mean)
            .claim(Figure::P99, 1.0 + row.number("wait_p99"), aim.p99());
        cases.push(case);
    }
    rows.tell("md1");
    cases
}

/// A row's law of the work, in milliseconds, and the alpha of a Pareto.
fn work(row: &Row) -> (Distribution, Option<f64>) {
    let parameter = |key: &str| {
        let found = row.text("params").split(',').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
        found.unwrap_or_else(|| panic!("no {key}")).parse::<f64>().expect("a number")
    };
    let text = match row.text("service") {
        "deterministic" => return (Distribution::constant(UNIT), None),
        "exponential" => r#"{"exponential":{"mean":"1ms"}}"#.to_owned(),
        "erlang2" => r#"{"erlang":{"k":2,"mean":"1ms"}}"#.to_owned(),
        "erlang4" => r#"{"erlang":{"k":4,"mean":"1ms"}}"#.to_owned(),
        "uniform(0,2)" => r#"{"uniform":{"min":"0ms","max":"2ms"}}"#.to_owned(),
        "lognormal" => {
            let sigma = parameter("sigma");
            let cv = libm::sqrt(libm::expm1(sigma * sigma));
            format!(r#"{{"lognormal":{{"mean":"1ms","cv":{cv}}}}}"#)
        }
        "pareto" => {
            let alpha = parameter("alpha");
            return (law(&format!(r#"{{"pareto":{{"alpha":{alpha},"mean":"1ms"}}}}"#)), Some(alpha));
        }
        other => panic!("no service {other}"),
    };
    (law(&text), None)
}

/// M/G/1 in order of arrival and with processor sharing.
fn mg1(aim: Aim) -> Vec<Case> {
    let Some(table) = table("mg1_fcfs_ps") else { return vec![] };
    let (mut cases, mut fcfs, mut ps) = (Vec::new(), Rows::default(), Rows::default());
    for row in &table {
        let rho = row.number("rho");
        if !aim.takes(rho) {
            fcfs.left_out(BEYOND);
            ps.left_out(BEYOND);
            continue;
        }
        let (work, alpha) = work(row);
        let scv = row.number("scv");
        let spread = work.variance() / (UNIT * UNIT);
        assert!((spread - scv).abs() < 1e-6, "{}: {spread} instead of {scv}", row.text("service"));
        let parameter = row.text("params").split(',').next().unwrap_or_default();
        let label = format!("{} {parameter} {rho}", row.text("service"));
        // Short of the diffusion limit the third and fourth moments lengthen the memory of a line.
        let tail = if scv > 1.0 { 1.0 + 2.0 * (1.0 - rho) } else { 1.1 };
        let station = Station { rate: rho, work, ..Station::default() };
        let sojourn = row.number("mean_sojourn_fcfs");
        match row.text("service") {
            "pareto" => fcfs.left_out("Pareto with alpha <= 4: no finite variance between runs"),
            "exponential" => fcfs.left_out("the same system as M/M/1, used there"),
            "deterministic" => fcfs.left_out("the same system as M/D/1, used there"),
            _ => {
                fcfs.used += 1;
                let name = format!("M/G/1 {label} FCFS");
                let line = Line::single(rho, scv, sojourn);
                cases.push(aim.case(name, station.clone(), line, tail).claim(
                    Figure::Mean,
                    sojourn,
                    aim.mean,
                ));
            }
        }
        let shared = Station { slots: None, shared_millicores: Some(1_000), ..station };
        let sojourn = row.number("mean_sojourn_ps");
        if alpha.is_some_and(|alpha| alpha < 3.0) {
            ps.left_out("Pareto with alpha 2.1: finite variance, but means of runs are far from normal");
            continue;
        }
        ps.used += 1;
        let name = format!("M/G/1 {label} PS");
        let case = aim.case(name, shared, Line::single(rho, scv, sojourn), 1.0);
        cases.push(case.claim(Figure::Mean, sojourn, aim.mean));
    }
    fcfs.tell("mg1_fcfs_ps, FCFS");
    ps.tell("mg1_fcfs_ps, PS");
    cases
}

/// Power of d choices at `n` servers, against the limit plus its bias of order 1/n.
fn supermarket(aim: Aim, n: u32) -> Vec<Case> {
    let Some(table) = table("power_of_d_supermarket_limit") else { return vec![] };
    let (mut cases, mut rows) = (Vec::new(), Rows::default());
    for row in &table {
        let (d, rho, limit) = (row.whole("d"), row.number("lam"), row.number("mean_sojourn_limit_n_inf"));
        if !aim.takes(rho) {
            rows.left_out(BEYOND);
            continue;
        }
        rows.used += 1;
        let balancer = match d {
            1 => r#"{"leastRequest":{"choiceCount":1}}"#,
            2 => r#"{"leastRequest":{"choiceCount":2}}"#,
            3 => r#"{"leastRequest":{"choiceCount":3}}"#,
            5 => r#"{"leastRequest":{"choiceCount":5}}"#,
            10 => r#"{"leastRequest":{"choiceCount":10}}"#,
            _ => panic!("no balancer for {d} choices"),
        };
        let size = f64::from(n);
        let station = Station { servers: n, rate: rho * size, balancer, ..Station::default() };
        let name = format!("best of {d} of {n} servers {rho}");
        if d == 1 {
            // Independent M/M/1 queues: no bias. Half the usual relaxation times are enough for a
            // run of several more, and cost n servers' worth of customers each.
            let line = Line::single(rho, 1.0, limit);
            let customers = line.customers(aim.planned()).max(aim.least());
            let case = Case::new(name, station, line.warmup() / 2.0, customers);
            cases.push(case.claim(Figure::Mean, limit, aim.mean));
            continue;
        }
        let model = Supermarket::new(d, rho);
        assert!((model.limit / limit - 1.0).abs() < 1e-8, "{} is not {limit}", model.limit);
        let bias = model.bias / size;
        println!(
            "  d {d} load {rho}: limit {limit:.6}, bias {:.3}/n: {:.6} ({:.3} %) at n = {n}, warm-up {:.0}",
            model.bias,
            bias,
            100.0 * bias / limit,
            model.warmup
        );
        let t = student_quantile(0.975, 31.0) / aim.planned();
        let customers = (t * t * model.spread * rho).max(aim.least());
        cases.push(Case::new(name, station, model.warmup, customers).claim(
            Figure::Mean,
            limit + bias,
            aim.mean,
        ));
    }
    rows.tell("power_of_d_supermarket_limit");
    cases
}

/// Systems known by formula.
fn formulas(aim: Aim) -> Vec<Case> {
    let mut cases = Vec::new();
    let mm1 = |rho: f64| Line::single(rho, 1.0, 1.0 / (1.0 - rho));

    // Poisson arrivals split at random over n servers: each is M/M/1.
    for (n, rho) in [(4, 0.5), (4, 0.8), (25, 0.7)] {
        let station = Station {
            servers: n,
            rate: rho * f64::from(n),
            balancer: r#"{"random":{}}"#,
            ..Station::default()
        };
        let sojourn = 1.0 / (1.0 - rho);
        let case = aim.case(format!("random over {n} {rho}"), station, mm1(rho), 1.0);
        let case = case.claim(Figure::Mean, sojourn, aim.mean);
        cases.push(case.claim(Figure::P99, libm::log(100.0) * sojourn, aim.p99()));
    }

    // GI/M/1: in turn over n servers gives each E_n arrivals; evenly spaced; gamma.
    let mut renewal =
        |name: String, servers: u32, rho: f64, ca2: f64, arrivals, transform: &dyn Fn(f64) -> f64| {
            let sojourn = 1.0 / (1.0 - sigma(transform));
            let station = Station { servers, rate: rho * f64::from(servers), arrivals, ..Station::default() };
            let line = Line { variability: (ca2 + 1.0) / 2.0, ..Line::single(rho, 1.0, sojourn) };
            let case = aim.case(name, station, line, 1.5).claim(Figure::Mean, sojourn, aim.mean);
            cases.push(case.claim(Figure::P99, libm::log(100.0) * sojourn, aim.p99()));
        };
    for (n, rho) in [(2, 0.5), (4, 0.8), (10, 0.9)] {
        let size = f64::from(n);
        let transform = |s: f64| libm::pow(size * rho / (size * rho + s), size);
        renewal(format!("in turn over {n} {rho}"), n, rho, 1.0 / size, ArrivalsSpec::Poisson, &transform);
    }
    for rho in [0.5, 0.8] {
        renewal(format!("D/M/1 {rho}"), 1, rho, 0.0, ArrivalsSpec::Uniform, &|s| libm::exp(-s / rho));
    }
    for (cv, rho) in [(2.0, 0.7), (0.5, 0.8)] {
        let cv2: f64 = cv * cv;
        let transform = move |s: f64| libm::pow(1.0 + cv2 * s / rho, -1.0 / cv2);
        renewal(format!("gamma {cv}/M/1 {rho}"), 1, rho, cv2, ArrivalsSpec::Gamma { cv }, &transform);
    }

    // A random split in proportion to weights over servers of different speed: M/M/1 each.
    for (first, second) in [(2.0, 1.0), (3.0, 2.0)] {
        let (rate, speeds) = (2.2, [2.0, 1.0]);
        let parts = [rate * first / (first + second), rate * second / (first + second)];
        let sojourn: f64 =
            parts.iter().zip(speeds).map(|(part, speed)| part / (speed - part)).sum::<f64>() / rate;
        let station = Station {
            pools: vec![(1, speeds[0], first), (1, speeds[1], second)],
            rate,
            balancer: r#"{"weightedRandom":{}}"#,
            ..Station::default()
        };
        let rho = (parts[0] / speeds[0]).max(parts[1] / speeds[1]);
        let line = Line::single(rho, 1.0, sojourn);
        let case = aim.case(format!("weights {first} to {second}, speeds 2 to 1"), station, line, 2.0);
        cases.push(case.claim(Figure::Mean, sojourn, aim.mean));
    }

    // The order of service leaves the mean alone where it does not look at the work.
    for (c, sojourn) in [(1, 5.0), (2, 25.0 / 9.0)] {
        let rho = 0.8;
        let station =
            Station { slots: Some(c), rate: rho * f64::from(c), order: Order::Lifo, ..Station::default() };
        let case = aim.case(format!("M/M/{c} {rho} LIFO"), station, mm1(rho), 1.0);
        cases.push(case.claim(Figure::Mean, sojourn, aim.mean));
    }

    // Two priorities, non-preemptive (Cobham, JORSA 2, 1954): W0 / ((1 - s(k-1)) (1 - s(k))).
    let classes = vec![
        (0.4, law(r#"{"exponential":{"mean":"500us"}}"#)),
        (0.6, law(r#"{"erlang":{"k":2,"mean":"1250us"}}"#)),
    ];
    let rate = 0.8;
    let (high, low) = (rate * 0.4 * 0.5, rate * 0.6 * 1.25);
    let residual = rate * (0.4 * 2.0 * 0.25 + 0.6 * 1.5 * 1.5625) / 2.0;
    let exact = [0.5 + residual / (1.0 - high), 1.25 + residual / ((1.0 - high) * (1.0 - high - low))];
    for central in [false, true] {
        let order = Order::Priority(vec![0, 1]);
        let station = Station { classes: classes.clone(), rate, order, central, ..Station::default() };
        let line = Line::single(high + low, 1.0, exact[1]);
        let form = if central { "central queue" } else { "own queue" };
        let case = aim.case(format!("two priorities, {form}"), station, line, 3.0);
        let case = case.claim(Figure::ClassMean(1), exact[1], aim.mean);
        cases.push(case.claim(Figure::ClassMean(0), exact[0], aim.mean));
    }

    // Customers who leave after a fixed wait.
    for (c, rate, limit) in [(1, 0.9, 2.0), (4, 4.4, 0.5), (10, 9.5, 1.0)] {
        for central in [false, true] {
            let (lost, sojourn) = patience(rate, c, limit);
            let (servers, slots) = if central { (c, 1) } else { (1, c) };
            let station = Station {
                servers,
                slots: Some(slots),
                central,
                rate,
                timeout: Some(limit),
                ..Station::default()
            };
            let t = student_quantile(0.975, 31.0) / aim.planned();
            let customers = t * t * (4.0 + 6.0 / lost);
            let form = if central { "central queue" } else { "slots" };
            let name = format!("M/M/{c}+D({limit}) {form}");
            let case = Case::new(name, station, 100.0, customers);
            let case = case.claim(Figure::Share(Outcome::TimedOut), lost, aim.mean);
            cases.push(case.claim(Figure::Mean, sojourn, aim.mean));
        }
    }

    // Servers without limits: nobody waits, and the number in service is Poisson of mean a.
    let work = law(r#"{"lognormal":{"mean":"1ms","cv":1.5}}"#);
    let station = Station { slots: None, rate: 20.0, work, ..Station::default() };
    let case = Case::new("M/G/infinity".into(), station, 100.0, aim.least());
    cases.push(case.claim(Figure::Busy, 20.0, aim.mean));
    cases
}

#[test]
fn every_row_up_to_load_095() {
    let mut cases = mmc(FULL, &[false, true]);
    cases.extend(mmck(FULL));
    cases.extend(md1(FULL));
    cases.extend(mg1(FULL));
    cases.extend(supermarket(FULL, 1_000));
    cases.extend(formulas(FULL));
    judge("up to load 0.95", &find(&cases), true);
}

#[test]
fn quick_tables() {
    let mut cases = mmc(QUICK, &[false, true]);
    cases.extend(mmck(QUICK));
    cases.extend(md1(QUICK));
    cases.extend(mg1(QUICK));
    cases.extend(supermarket(QUICK, 100));
    judge("quick tables", &find(&cases), false);
}

#[test]
fn quick_formulas() {
    judge("quick formulas", &find(&formulas(QUICK)), false);
}

#[test]
#[ignore = "half an hour: load 0.99"]
fn heavy_rows() {
    let only = std::env::var("PEAKDAY_TRUTH").unwrap_or_default();
    let mut cases = mmc(HEAVY, &[false]);
    cases.retain(|case| case.station.name.contains(&only));
    judge("load 0.99", &find(&cases), true);
}

/// The excess over the limit falls as 1/n, as theory says, down to where it can be seen.
#[test]
fn the_finite_size_bias_is_of_order_one_over_n() {
    let (d, rho) = (2, 0.9);
    let model = Supermarket::new(d, rho);
    let cases: Vec<Case> = [50, 100, 200]
        .into_iter()
        .map(|n| {
            let size = f64::from(n);
            let station = Station {
                servers: n,
                rate: rho * size,
                balancer: r#"{"leastRequest":{"choiceCount":2}}"#,
                ..Station::default()
            };
            let exact = model.limit + model.bias / size;
            // To a fifth of the bias.
            let relative = 0.2 * model.bias / size / exact;
            let t = student_quantile(0.975, 31.0) / (0.7 * relative);
            let customers = t * t * model.spread * rho;
            let name = format!("best of {d} of {n} servers, bias");
            Case::new(name, station, model.warmup, customers).claim(Figure::Mean, exact, relative)
        })
        .collect();
    judge("finite-size bias", &find(&cases), true);
}

#[test]
fn nginx_sequence_exactly() {
    let Some(vectors) = vectors("lb_conformance") else { return };
    let vector = &vectors["nginx_smooth_wrr"]["published_vector"];
    let weights: Vec<f64> = serde_json::from_value(vector["weights"].clone()).unwrap();
    let expected: Vec<usize> = serde_json::from_value(vector["picks"].clone()).unwrap();
    let spec: BalancerSpec = serde_json::from_str(r#"{"smoothWeightedRoundRobin":{}}"#).unwrap();
    let (mut balancer, mut rotation) = (spec.build(), Rotation::default());
    for (ordinal, &weight) in weights.iter().enumerate() {
        rotation.join(
            Member {
                server: ServerId::new(ordinal),
                nth: ordinal as u32,
                pool: 0,
                zone: 0,
                version: 0,
                weight,
                since: SimTime::ZERO,
            },
            0,
        );
    }
    balancer.on_membership(&rotation);
    let (attempt, mut bits) = (Attempt { now: SimTime::ZERO, key: 0 }, Key::from_seed(2).stream());
    let picks = (0..5 * expected.len()).map(|_| {
        let position = balancer.pick(&attempt, &rotation, &mut bits).position;
        rotation.sent(position);
        balancer.on_sent(position, &rotation);
        rotation.done(position);
        let end = End { outcome: Outcome::Completed, latency: SimDuration::ZERO, at: SimTime::ZERO };
        balancer.on_done(position, end, &rotation);
        position
    });
    let picks: Vec<usize> = picks.collect();
    assert_eq!(picks, expected.repeat(5));
}

/// Runs a scenario file of one server with this work at 100 requests a second.
fn study(work: &str, concurrency: &str) -> peakday::results::StudyResult {
    let text = format!(
        "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {{name: truth}}\n\
         run: {{duration: 2m, warmup: 10s, replications: 3}}\n\
         traffic:\n  shoppers: {{to: web, class: browse, rate: 100/s}}\n\
         services:\n  web: {{pools: {{standard: {{replicas: 1, {concurrency}}}}}, work: {work}}}\n"
    );
    let scenario = Document::read("truth.yaml", text.as_bytes())
        .and_then(|document| document.check(&NoTraces))
        .unwrap_or_else(|error| panic!("{text}\n{error}"));
    run_study(&scenario, &NoTraces, StudyOptions::default(), &()).expect("a study")
}

/// What has no limit, or an estimate without a variance, gets no interval, and the output says why.
#[test]
fn figures_without_an_interval_have_none_and_say_so() {
    let one = "concurrency: 1";
    let shared = "concurrency: unlimited, cpu: {cores: 1}";
    let pareto = |alpha: f64| format!("{{pareto: {{alpha: {alpha}, mean: 7ms}}}}");
    let constant = |load: f64| format!("{{exponential: {{mean: {}us}}}}", 10_000.0 * load);
    let table = [
        (pareto(1.5), one, [true, false, true], "the mean wait is infinite"),
        (pareto(2.0), one, [true, false, true], "the mean wait is infinite"),
        (pareto(2.1), one, [true, false, true], "no finite variance between runs"),
        (pareto(4.0), one, [true, false, true], "no finite variance between runs"),
        (pareto(4.1), one, [true, true, true], ""),
        (pareto(1.5), shared, [true, false, true], "latencies have no finite variance"),
        (pareto(2.1), shared, [true, true, true], ""),
        (constant(0.95), one, [true, true, true], ""),
        (constant(1.0), one, [true, false, false], "growing"),
        (constant(1.2), one, [true, false, false], "growing"),
        (constant(1.2), shared, [true, false, false], "growing"),
    ];
    for (work, concurrency, expected, note) in &table {
        let study = study(work, concurrency);
        let rows = summary(&study);
        let bounded = |name: &str| rows[0].figure(name).expect("a figure").lo.is_some();
        let found = ["offered", "latency_mean_ms", "p99_ms"].map(bounded);
        assert_eq!(&found, expected, "{work}, {concurrency}");
        assert!(rows[0].note.contains(note), "{work}, {concurrency}: {}", rows[0].note);
        assert_eq!(rows[0].note.is_empty(), note.is_empty(), "{work}, {concurrency}: {}", rows[0].note);
        let text = summary_text(&study, None).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(note), "{work}, {concurrency}: {text}");
    }
}

/// The tests of the tests: what is not uniform is seen.
#[test]
fn the_uniformity_test_tells() {
    let even: Vec<f64> = (0..50).map(|i| (f64::from(i) + 0.5) / 50.0).collect();
    assert!(kolmogorov_smirnov(&even) > 0.999);
    let squeezed: Vec<f64> = even.iter().map(|u| 0.25 + u / 2.0).collect();
    assert!(kolmogorov_smirnov(&squeezed) < 0.01);
    // Any table of the test: the 1 % point of the distance is 1.63 / sqrt(n) for large n.
    let shifted: Vec<f64> = (0..10_000).map(|i| (f64::from(i) / 10_000.0 + 0.0163).min(1.0)).collect();
    assert!((kolmogorov_smirnov(&shifted) - 0.01).abs() < 0.001);
}
