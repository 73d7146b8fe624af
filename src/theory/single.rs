//! One server: general work, or general arrivals.

/// Returns the mean wait of M/G/1 in order of arrival at this load, for work of this squared
/// coefficient of variation: rho (1 + scv) / (2 (1 - rho)) (Pollaczek 1930, Khinchine 1932); `None` where
/// the load reaches 1 or the variation is infinite.
pub fn pollaczek_khinchine(load: f64, scv: f64) -> Option<f64> {
    (load < 1.0 && scv.is_finite()).then(|| load * (1.0 + scv) / (2.0 * (1.0 - load)))
}

/// GI/M/1: independent gaps between arrivals, exponential work, one server, first come first served.
///
/// Source: Gross, Shortle, Thompson & Harris, Fundamentals of Queueing Theory, 4th ed., 5.3.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GiM1 {
    /// The share that has to wait: the root in (0, 1) of sigma = A(1 - sigma), A being the transform
    /// of the gaps.
    sigma: f64,
}

impl GiM1 {
    /// Describes one of `turns` servers that get the requests of a Poisson stream in turn: its gaps are
    /// sums of so many exponentials (E_n/M/1). `None` where its load reaches 1.
    pub fn in_turn(load: f64, turns: u64) -> Option<Self> {
        if !(0.0..1.0).contains(&load) {
            return None;
        }
        let n = turns as f64;
        // A(s) = (n load / (n load + s))^n, written so that many turns do not lose digits.
        let transform = |s: f64| libm::exp(-n * libm::log1p(s / (n * load)));
        // A is convex and also equal at sigma = 1: below the root it lies above the diagonal, and
        // between the roots below.
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..64 {
            let middle = low + (high - low) / 2.0;
            if transform(1.0 - middle) > middle { low = middle } else { high = middle }
        }
        Some(Self { sigma: low })
    }

    /// Returns the share of arrivals that have to wait.
    pub fn p_wait(&self) -> f64 {
        self.sigma
    }

    /// Returns the mean wait.
    pub fn mean_wait(&self) -> f64 {
        self.sigma / (1.0 - self.sigma)
    }

    /// Returns the share of arrivals that wait longer than `time`.
    pub fn wait_beyond(&self, time: f64) -> f64 {
        self.sigma * libm::exp(-(1.0 - self.sigma) * time)
    }

    /// Returns what a share `p` of the arrivals waits at most.
    pub fn wait_quantile(&self, p: f64) -> f64 {
        libm::log(self.sigma / (1.0 - p)).max(0.0) / (1.0 - self.sigma)
    }
}
