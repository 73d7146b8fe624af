//! Simulation held against theory: replications, Student's statistic, the joint verdict.

use peakday::results::RunResult;
use peakday::stats::{Histogram, student_quantile};
use peakday::workload::Outcome;
use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{Station, UNIT};

/// A figure of one replication.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Figure {
    /// Mean sojourn of what completed, all classes.
    Mean,
    /// The same of one class.
    ClassMean(usize),
    /// 99th percentile of the sojourn.
    P99,
    /// Share of the arrivals that ended so.
    Share(Outcome),
    /// Mean number of slots held.
    Busy,
}

/// What theory says about a figure, and how sure the simulation has to be of it.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    pub figure: Figure,
    pub exact: f64,
    /// Largest half-width of the 95 % interval, absolute.
    pub half_width: f64,
}

/// A station and what theory says about it.
#[derive(Clone)]
pub struct Case {
    pub station: Station,
    pub claims: Vec<Claim>,
}

impl Case {
    /// Starts a case of this name with `measured` customers over all replications, after a warm-up
    /// of so many units of time in each.
    ///
    /// After the last arrival everyone is served out: runs that end in full swing leave out those
    /// who happen to stay long, which lowers a mean by Var(T) / (length x E(T)).
    pub fn new(name: String, station: Station, warmup: f64, customers: f64) -> Self {
        let measured = customers / f64::from(REPLICATIONS) / station.rate;
        let drain = if station.slots.is_some() || station.shared_millicores.is_some() { warmup } else { 0.0 };
        let duration = warmup + measured + drain;
        let station = Station { name, warmup, duration, drain, ..station };
        Self { station, claims: vec![] }
    }

    /// Returns how many requests are simulated in all.
    fn requests(&self) -> f64 {
        let Station { rate, duration, drain, .. } = self.station;
        f64::from(REPLICATIONS) * rate * (duration - drain)
    }

    /// Claims a value, to this relative half-width.
    #[must_use]
    pub fn claim(mut self, figure: Figure, exact: f64, relative: f64) -> Self {
        self.claims.push(Claim { figure, exact, half_width: exact * relative });
        self
    }
}

/// Seeds 1 to this one.
pub const REPLICATIONS: u32 = 32;

/// A claim, tried.
#[derive(Clone, Debug)]
pub struct Finding {
    pub name: String,
    pub claim: Claim,
    pub mean: f64,
    pub half_width: f64,
    /// (mean - exact) / standard error over replications: Student's statistic. For a percentile it
    /// is that of the share beyond its exact value: a share has no bias, a percentile one of 1/n.
    pub z: f64,
}

/// Student's distribution of the statistic over all replications.
fn student() -> StudentsT {
    StudentsT::new(0.0, 1.0, f64::from(REPLICATIONS - 1)).expect("a positive freedom")
}

/// Returns mean and standard error.
fn estimate(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    let variance = values.map(|value| (value - mean) * (value - mean)).sum::<f64>() / (n - 1.0);
    (mean, libm::sqrt(variance / n))
}

impl Finding {
    fn new(name: &str, claim: Claim, readings: &[Reading]) -> Self {
        let (mean, error) = estimate(readings.iter().map(|reading| reading.value));
        let (excess, scatter) = estimate(readings.iter().map(|reading| reading.excess));
        assert!(scatter > 0.0, "{name}: all replications are the same");
        let half_width = student_quantile(0.975, readings.len() as f64 - 1.0) * error;
        Self { name: name.into(), claim, mean, half_width, z: excess / scatter }
    }

    fn line(&self) -> String {
        let Self { claim: Claim { figure, exact, half_width }, .. } = self;
        format!(
            "{:<44} {:<20} exact {exact:>11.6} found {:>11.6} +- {:>7.3} % of {:>6.3} %  z {:>6.2}",
            self.name,
            format!("{figure:?}"),
            self.mean,
            100.0 * self.half_width / exact,
            100.0 * half_width / exact,
            self.z
        )
    }
}

/// A figure read off one replication.
#[derive(Clone, Copy, Debug)]
struct Reading {
    value: f64,
    /// What has mean 0 if the claim is right.
    excess: f64,
}

impl Claim {
    fn read(&self, run: &RunResult, station: &Station) -> Reading {
        let rows = match self.figure {
            Figure::ClassMean(class) => &run.rows[class..=class],
            _ => &run.rows[..],
        };
        let value = match self.figure {
            Figure::Mean | Figure::ClassMean(_) => {
                let sum: u128 = rows.iter().map(|row| row.latency_sum_ns.0).sum();
                let count: u64 = rows.iter().map(|row| row.outcomes[Outcome::Completed as usize]).sum();
                sum as f64 / count as f64 / UNIT
            }
            Figure::P99 => {
                let latency = &run.rows[0].latency;
                let value = percentile(latency, 0.99) / UNIT;
                return Reading { value, excess: share_beyond(latency, self.exact * UNIT) - 0.01 };
            }
            Figure::Share(outcome) => {
                let ended: u64 = rows.iter().map(|row| row.outcomes[outcome as usize]).sum();
                let offered: u64 = rows.iter().map(|row| row.offered).sum();
                ended as f64 / offered as f64
            }
            Figure::Busy => run.services[0].slot_ns.0 as f64 / UNIT / (station.duration - station.warmup),
        };
        Reading { value, excess: value - self.exact }
    }
}

/// Returns the bucket of a value: its least value and its width (512 to the octave).
fn bucket(value: u64) -> (u64, u64) {
    let width = 1 << value.ilog2().saturating_sub(9);
    (value / width * width, width)
}

/// Returns a percentile interpolated within its bucket, in nanoseconds.
///
/// What the histogram reports is the middle of the bucket, up to 0.1 % away: less than anyone
/// notices, more than the standard error of a long run. Here it is held to that.
fn percentile(latency: &Histogram, quantile: f64) -> f64 {
    let reported = latency.quantile(quantile, 0).expect("something completed");
    let (low, width) = bucket(reported);
    let wanted = (1.0 - quantile) * latency.count() as f64;
    let (beyond, at_least) = (latency.count_above(low) as f64, latency.count_above(low - 1) as f64);
    assert!(beyond <= wanted + 1.0 && wanted <= at_least + 1.0, "{beyond} <= {wanted} <= {at_least}");
    let exact = low as f64 + width as f64 * ((at_least - wanted) / (at_least - beyond)).clamp(0.0, 1.0);
    assert!((reported as f64 - exact).abs() <= 0.001 * exact, "{reported} reported for {exact}");
    exact
}

/// Returns the share of the latencies beyond so many nanoseconds, interpolated within a bucket.
fn share_beyond(latency: &Histogram, bound: f64) -> f64 {
    let (low, width) = bucket(bound as u64);
    let (beyond, at_least) = (latency.count_above(low) as f64, latency.count_above(low - 1) as f64);
    let within = (bound - low as f64) / width as f64;
    (at_least - (at_least - beyond) * within) / latency.count() as f64
}

/// Runs every case with seeds 1 to [`REPLICATIONS`] and holds the figures against the claims.
pub fn find(cases: &[Case]) -> Vec<Finding> {
    let replicate = |(case, seed): (&Case, u32)| {
        let station = Station { seed: seed.into(), ..case.station.clone() };
        let run = peakday::sim::run(&station.scenario(), 1, &NoTraces, &mut ())
            .unwrap_or_else(|error| panic!("{}: {error}", station.name));
        assert_eq!(run.services[0].in_flight_ns, run.services[0].sojourn_ns, "Little's law");
        case.claims.iter().map(|claim| claim.read(&run, &station)).collect::<Vec<Reading>>()
    };
    let requests: f64 = cases.iter().map(Case::requests).sum();
    println!("{} cases, {:.0} million requests", cases.len(), requests / 1e6);
    let jobs: Vec<_> =
        cases.iter().flat_map(|case| (1..=REPLICATIONS).map(move |seed| (case, seed))).collect();
    // One at a time: long cases stand beside short ones.
    let readings: Vec<Vec<Reading>> = jobs.into_par_iter().with_max_len(1).map(replicate).collect();
    let mut findings = Vec::new();
    for (case, runs) in cases.iter().zip(readings.chunks(REPLICATIONS as usize)) {
        for (index, claim) in case.claims.iter().enumerate() {
            let readings: Vec<Reading> = runs.iter().map(|run| run[index]).collect();
            findings.push(Finding::new(&case.station.name, *claim, &readings));
        }
    }
    findings
}

/// Traces are not needed here.
#[derive(Debug)]
pub struct NoTraces;

impl peakday::workload::recorded::TraceFiles for NoTraces {
    fn open(&self, _path: &str) -> std::io::Result<Box<dyn std::io::Read + Send>> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

/// Prints every finding and judges all of them together.
///
/// Of K statistics none may lie beyond the two-sided 1 %/K quantile of Student's distribution
/// (Bonferroni: right in 99 of 100 sets of seeds, however they depend on each other). The Student
/// probabilities of those that come first in their case, which are independent because every case
/// names its own randomness, must be uniform by Kolmogorov and Smirnov's test at 1 %; the
/// percentiles by a test of their own. Without `uniform` that is told and not asserted: means of
/// short runs are skewed, and Student's statistic of 32 of them leans to one side, by 0.2 at
/// half-widths of 5 %.
pub fn judge(title: &str, findings: &[Finding], uniform: bool) {
    let mut wrong = Vec::new();
    let limit = student_quantile(1.0 - 0.005 / findings.len() as f64, f64::from(REPLICATIONS - 1));
    println!("{title}: {} figures, {REPLICATIONS} replications, |z| below {limit:.3}", findings.len());
    for finding in findings {
        let line = finding.line();
        println!("  {line}");
        if finding.z.abs() >= limit {
            wrong.push(format!("far from theory: {line}"));
        }
        if finding.half_width > finding.claim.half_width {
            wrong.push(format!("not sure enough: {line}"));
        }
    }
    let worst = findings.iter().map(|finding| finding.z.abs()).fold(0.0, f64::max);
    println!("  worst |z| {worst:.3} of {limit:.3}");
    let mut names = std::collections::HashSet::new();
    let first = findings.iter().filter(|finding| names.insert(finding.name.clone()));
    let percentiles = findings.iter().filter(|finding| finding.claim.figure == Figure::P99);
    for (what, probabilities) in [("first figures", uniforms(first)), ("percentiles", uniforms(percentiles))]
    {
        if probabilities.len() < 5 {
            continue;
        }
        let p = kolmogorov_smirnov(&probabilities);
        println!("  {what}: {} Student probabilities, uniform with p = {p:.3}", probabilities.len());
        if uniform && p < 0.01 {
            wrong.push(format!("{what}: their Student probabilities are not uniform, p = {p}"));
        }
    }
    assert!(wrong.is_empty(), "{title}:\n{}", wrong.join("\n"));
}

fn uniforms<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<f64> {
    findings.map(|finding| student().cdf(finding.z)).collect()
}

/// Returns the probability that so many uniform numbers lie at least as far from uniform, by
/// Kolmogorov's limit with Stephens' correction (Stephens, JRSS B 32, 1970), good to 1 % from
/// n = 5.
pub fn kolmogorov_smirnov(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let far =
        |(index, &value): (usize, &f64)| ((index as f64 + 1.0) / n - value).max(value - index as f64 / n);
    let distance = sorted.iter().enumerate().map(far).fold(0.0, f64::max);
    let root = libm::sqrt(n);
    let x = distance * (root + 0.12 + 0.11 / root);
    if x < 0.2 {
        return 1.0;
    }
    let term =
        |k: i32| f64::from(if k % 2 == 1 { 2 } else { -2 }) * libm::exp(-2.0 * f64::from(k * k) * x * x);
    (1..=100).map(term).sum::<f64>().clamp(0.0, 1.0)
}
