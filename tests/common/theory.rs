//! Closed forms in units of the mean service time, and how long runs must be.

use peakday::stats::student_quantile;

use super::truth::REPLICATIONS;

/// What a run's length depends on.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    pub rho: f64,
    pub servers: f64,
    /// Mean wait and mean sojourn.
    pub wait: f64,
    pub sojourn: f64,
    /// Probability of having to wait.
    pub p_wait: f64,
    /// (ca^2 + cs^2) / 2: 1 for Poisson arrivals of exponential work.
    pub variability: f64,
    /// 99th percentile of the sojourn, where it is claimed to twice the half-width of the mean and
    /// may need the longer run.
    pub p99: Option<f64>,
}

impl Line {
    /// M/G/1 with this squared coefficient of variation of the work.
    pub fn single(rho: f64, scv: f64, sojourn: f64) -> Self {
        let variability = (1.0 + scv) / 2.0;
        Self { rho, servers: 1.0, wait: sojourn - 1.0, sojourn, p_wait: rho, variability, p99: None }
    }

    /// Returns a warm-up that leaves less than a tenth of a half-width of bias, in units of time.
    ///
    /// The relaxation time of M/M/1 is 1 / (1 - sqrt(rho))^2 service times (Cohen, The Single
    /// Server Queue, 1982, II.2.1), c times less for c servers in heavy traffic, and in proportion
    /// to the variability (the diffusion limit); never less than a service. After so many of them
    /// as are given here e^-10 of the way from empty is left.
    pub fn warmup(&self) -> f64 {
        let root = 1.0 - libm::sqrt(self.rho);
        10.0 * (1.0 + self.variability.max(1.0) / (root * root * self.servers))
    }

    /// Returns how many customers give the mean sojourn to this relative half-width.
    ///
    /// Whitt (Management Science 35, 1989): z^2 2 (1 + rho) / ((1 - rho)^2 epsilon^2) for M/M/1,
    /// in proportion to the variability; here for the wait's share of the sojourn, with the
    /// services themselves beside it, and more where few have to wait (rare waits come in clumps).
    ///
    /// The 99th percentile scatters 9.716 times as far as the mean wait: in the diffusion limit, with
    /// waits exponential of density f, an average of g has the asymptotic variance 2 times the
    /// integral of G^2 / f, G being the integral of (g - its mean) f. That is 4 for the wait itself;
    /// for the share beyond ln 100, divided by the square of the density there, it is 377.6. Where
    /// the services hide the waits in the mean but not in its tail, the percentile asks for more.
    pub fn customers(&self, relative: f64) -> f64 {
        let t = student_quantile(0.975, f64::from(REPLICATIONS - 1)) / relative;
        let share = self.wait / self.sojourn;
        let clumps = 2.0 / self.p_wait.max(1e-9) - 1.0;
        let whitt = 2.0 * (1.0 + self.rho) / ((1.0 - self.rho) * (1.0 - self.rho)) * self.variability;
        let services = 2.0 * self.variability / (self.sojourn * self.sojourn);
        let percentile = self.p99.map_or(0.0, |p99| 9.716 * self.wait / p99 / 2.0);
        t * t * (share * share * whitt * clumps + services).max(percentile * percentile * whitt * clumps)
    }
}

/// Returns sigma of GI/M/1: the root in (0, 1) of sigma = A(1 - sigma), A being the transform of
/// the interarrival times, by bisection. Sojourns are exponential with rate 1 - sigma.
pub fn sigma(transform: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0 - 1e-9);
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        if transform(1.0 - middle) > middle { low = middle } else { high = middle }
    }
    low
}

/// Returns Erlang B of `a` erlangs on `c` servers, by its recursion.
pub fn erlang_b(a: f64, c: u32) -> f64 {
    (1..=c).fold(1.0, |b, k| a * b / (f64::from(k) + a * b))
}

/// M/M/c whose customers leave unserved after waiting `patience`: the share that does, and the
/// mean sojourn of the others.
///
/// The offered wait has density lambda p(c-1) e^((lambda - c) x) up to the patience and decays as
/// e^(-c x) beyond (Baccelli & Hebuterne, Performance '81, 1981).
pub fn patience(rate: f64, c: u32, patience: f64) -> (f64, f64) {
    let c = f64::from(c);
    let (mut below, mut p) = (1.0, 1.0);
    for n in 1..c as u32 {
        p *= rate / f64::from(n);
        below += p;
    }
    let (slope, steps) = (rate - c, 200_000);
    let (mut waited, mut weight) = (0.0, 0.0);
    let width = patience / f64::from(steps);
    for step in 0..steps {
        let x = (f64::from(step) + 0.5) * width;
        let mass = rate * p * libm::exp(slope * x) * width;
        waited += mass;
        weight += mass * x;
    }
    let lost = rate * p * libm::exp(slope * patience) / c;
    (lost / (below + waited + lost), 1.0 + weight / (below + waited))
}
