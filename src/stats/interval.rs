//! Confidence intervals over replications, and one-sided bounds of a share.
//!
//! Knows no figure by name. Nothing here returns NaN: what cannot be estimated is `None`.

use statrs::distribution::{Beta, ContinuousCDF, StudentsT};

/// How sure a bound is: two-sided for a mean, one-sided for a share.
pub(super) const CONFIDENCE: f64 = 0.95;

/// A mean over replications and its two-sided 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The mean; infinite where any value is.
    pub mean: f64,
    /// Lower end; `None` with fewer than two values, or where the mean is infinite.
    pub lo: Option<f64>,
    /// Upper end; `None` together with `lo`.
    pub hi: Option<f64>,
}

/// Student's factors by number of values, computed once for a whole table.
#[derive(Clone, Debug)]
pub struct Students {
    /// Entry n is the factor t / sqrt(n) of n values.
    factors: Vec<f64>,
}

impl Students {
    /// Prepares the factors for up to `most` values.
    pub fn up_to(most: usize) -> Self {
        Self { factors: (0..=most).map(|n| student_factor(CONFIDENCE, n)).collect() }
    }

    /// Returns mean and interval of up to as many values as were prepared for; `None` for no
    /// value. Interval: mean +- t(0.975, n - 1) x s / sqrt(n) (Law, Simulation Modeling and
    /// Analysis, 9.4.1).
    pub fn interval(&self, values: &[f64]) -> Option<Interval> {
        Interval::with_factor(values, self.factors.get(values.len()).copied())
    }
}

/// Returns Student's factor t / sqrt(n) of n values at a two-sided confidence; 0 of fewer than two.
pub(super) fn student_factor(confidence: f64, n: usize) -> f64 {
    match n {
        0 | 1 => 0.0,
        n => student_quantile(0.5 + confidence / 2.0, (n - 1) as f64) / (n as f64).sqrt(),
    }
}

impl Interval {
    /// Returns mean and 95 % interval of `values`; `None` for no value.
    pub fn of(values: &[f64]) -> Option<Self> {
        Students::up_to(values.len()).interval(values)
    }

    /// Returns mean and interval of `values` by their factor of Student's; `None` for no value.
    pub(super) fn with_factor(values: &[f64], factor: Option<f64>) -> Option<Self> {
        let (&first, n) = (values.first()?, values.len() as f64);
        if values.iter().any(|value| !value.is_finite()) {
            return Some(Self { mean: f64::INFINITY, lo: None, hi: None });
        }
        // Relative to the first value: equal values have exactly their value as mean and bounds.
        let mean = first + values.iter().map(|value| value - first).sum::<f64>() / n;
        let Some(factor) = factor.filter(|_| values.len() > 1) else {
            return Some(Self { mean, lo: None, hi: None });
        };
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let half = factor * (squares / (n - 1.0)).sqrt();
        Some(Self { mean, lo: Some(mean - half), hi: Some(mean + half) })
    }

    /// Forgets the bounds, where the figure has no interval.
    #[must_use]
    pub fn without_bounds(self) -> Self {
        Self { lo: None, hi: None, ..self }
    }
}

/// Returns the quantile at `p` (inside 0 to 1) of Student's distribution with `freedom` degrees
/// of freedom (positive); 0 for other arguments.
pub fn student_quantile(p: f64, freedom: f64) -> f64 {
    match StudentsT::new(0.0, 1.0, freedom) {
        Ok(student) if p > 0.0 && p < 1.0 => student.inverse_cdf(p),
        _ => 0.0,
    }
}

/// Returns the one-sided 95 % Clopper-Pearson lower bound of a share of which `hits` of `n` were
/// seen: the 5 % quantile of Beta(hits, n - hits + 1). `None` where n is 0.
pub fn share_at_least(hits: u32, n: u32) -> Option<f64> {
    share_above(hits, n, 1.0 - CONFIDENCE)
}

/// Returns the Clopper-Pearson lower bound that errs with the chance `alpha`; `None` where n is 0.
pub(super) fn share_above(hits: u32, n: u32, alpha: f64) -> Option<f64> {
    match hits.min(n) {
        _ if n == 0 => None,
        0 => Some(0.0),
        // Closed form at the edge, where verdicts are decided: p^n = alpha.
        hits if hits == n => Some(libm::pow(alpha, 1.0 / f64::from(n))),
        hits => beta_quantile(f64::from(hits), f64::from(n - hits) + 1.0, alpha),
    }
}

/// Returns the one-sided 95 % Clopper-Pearson upper bound of a share of which `hits` of `n` were
/// seen: the 95 % quantile of Beta(hits + 1, n - hits). `None` where n is 0.
pub fn share_at_most(hits: u32, n: u32) -> Option<f64> {
    share_below(hits, n, 1.0 - CONFIDENCE)
}

/// Returns the Clopper-Pearson upper bound that errs with the chance `alpha`; `None` where n is 0.
pub(super) fn share_below(hits: u32, n: u32, alpha: f64) -> Option<f64> {
    match hits.min(n) {
        _ if n == 0 => None,
        0 => Some(1.0 - libm::pow(alpha, 1.0 / f64::from(n))),
        hits if hits == n => Some(1.0),
        hits => beta_quantile(f64::from(hits) + 1.0, f64::from(n - hits), 1.0 - alpha),
    }
}

fn beta_quantile(a: f64, b: f64, p: f64) -> Option<f64> {
    Beta::new(a, b).ok().map(|beta| beta.inverse_cdf(p))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: f64, expected: f64, tolerance: f64) {
        assert!((value - expected).abs() <= tolerance, "{value} instead of {expected}");
    }

    #[test]
    fn student_quantiles_are_those_of_the_tables() {
        // Any table of Student's distribution, 97.5 % and 95 % columns.
        let table = [
            (0.975, 1.0, 12.7062),
            (0.975, 2.0, 4.30265),
            (0.975, 4.0, 2.77645),
            (0.975, 9.0, 2.26216),
            (0.975, 29.0, 2.04523),
            (0.975, 59.0, 2.00100),
            (0.95, 10.0, 1.81246),
            (0.05, 10.0, -1.81246),
        ];
        for (p, freedom, expected) in table {
            near(student_quantile(p, freedom), expected, 6e-5);
        }
        assert_eq!(student_quantile(0.975, 0.0), 0.0);
        assert_eq!(student_quantile(1.0, 3.0), 0.0);
    }

    #[test]
    fn interval_is_mean_and_t_times_standard_error() {
        // Mean 2, s = 1, standard error 1 / sqrt(3) = 0.577350, t = 4.30265: half 2.484135.
        let interval = Interval::of(&[1.0, 2.0, 3.0]).unwrap();
        near(interval.mean, 2.0, 0.0);
        near(interval.lo.unwrap(), -0.484135, 1e-5);
        near(interval.hi.unwrap(), 4.484135, 1e-5);
    }

    #[test]
    fn what_cannot_be_estimated_is_none() {
        let alone = |mean| Some(Interval { mean, lo: None, hi: None });
        assert_eq!(Interval::of(&[]), None);
        assert_eq!(Interval::of(&[7.5]), alone(7.5));
        assert_eq!(Interval::of(&[1.0, f64::INFINITY, 2.0]), alone(f64::INFINITY));
        assert_eq!(Interval::of(&[0.1, 0.1, 0.1]).unwrap().lo, Some(0.1), "equal values have no width");
        assert_eq!(Interval::of(&[1.0, 2.0]).unwrap().without_bounds(), alone(1.5).unwrap());
        assert_eq!(Students::up_to(2).interval(&[1.0, 2.0, 3.0]), alone(2.0), "beyond what was prepared");
    }

    #[test]
    fn shares_are_bounded_as_clopper_and_pearson_do() {
        // All of n: alpha^(1/n). 5/5: 0.05^0.2 = 0.5493; 20/20: 0.8609; 59/59: 0.9505; 58: 0.9497.
        // Interior values: 8 of 10 from the published table of one-sided bounds, 0.4931 and 0.9632;
        // 1 of 2: lower 1 - sqrt(0.95) = 0.02532, upper sqrt(0.95) = 0.97468.
        let table = [
            (5, 5, 0.54928, 1.0),
            (20, 20, 0.86089, 1.0),
            (59, 59, 0.95049, 1.0),
            (58, 58, 0.94966, 1.0),
            (0, 5, 0.0, 0.45072),
            (1, 1, 0.05, 1.0),
            (8, 10, 0.49310, 0.96323),
            (1, 2, 0.02532, 0.97468),
        ];
        for (hits, n, lower, upper) in table {
            near(share_at_least(hits, n).unwrap(), lower, 2e-5);
            near(share_at_most(hits, n).unwrap(), upper, 2e-5);
        }
        assert_eq!((share_at_least(0, 0), share_at_most(0, 0)), (None, None));
        assert!(share_at_least(59, 59).unwrap() >= 0.95, "59 of 59 prove 95 %");
        assert!(share_at_least(58, 58).unwrap() < 0.95, "58 of 58 do not");
    }

    #[test]
    fn both_bounds_mirror_each_other() {
        for n in 1..=40 {
            for hits in 0..=n {
                let (lower, upper) = (share_at_least(hits, n).unwrap(), share_at_most(hits, n).unwrap());
                let share = f64::from(hits) / f64::from(n);
                assert!(lower <= share && share <= upper, "{hits} of {n}: {lower} {upper}");
                near(lower, 1.0 - share_at_most(n - hits, n).unwrap(), 1e-9);
            }
        }
    }
}
