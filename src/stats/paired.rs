//! Differences of means: of pairs, of two samples, and of many at once.
//!
//! Knows no figure by name. Values are finite; whoever calls leaves others out, and counts them.

use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, StudentsT};

use super::interval::CONFIDENCE;
use super::{Interval, student_quantile};

/// A difference of means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// How many values it rests on: pairs, or the smaller of two samples.
    pub n: usize,
    /// The difference with its two-sided 95 % interval; no bounds of fewer than two values.
    pub interval: Interval,
    /// The two-sided p value of no difference; `None` together with the bounds.
    pub p: Option<f64>,
    /// How much larger the variance of the difference would be if the samples were not paired: (s_a^2 + s_b^2) / s_d^2.
    /// `None` where they are not, or the pairs do not differ in their difference.
    pub variance_factor: Option<f64>,
}

/// Returns the mean of `a - b` over pairs, by Student's t of the differences (Law, Simulation Modeling and Analysis,
/// 10.2.1); `None` without pairs. `confidence` is that of the interval, 95 % where `None`.
///
/// Pairs that differ by one and the same amount are certain: no width, and p is 0, or 1 where it is none.
pub fn paired(pairs: &[(f64, f64)], confidence: Option<f64>) -> Option<Difference> {
    let differences: Vec<f64> = pairs.iter().map(|(a, b)| a - b).collect();
    let (mean, variance) = moments(&differences)?;
    let [a, b] = [|pair: &(f64, f64)| pair.0, |pair: &(f64, f64)| pair.1]
        .map(|of| moments(&pairs.iter().map(of).collect::<Vec<_>>()));
    let apart = a?.1 + b?.1;
    let n = pairs.len();
    let tested = tested(mean, variance / n as f64, n as f64 - 1.0, confidence);
    let variance_factor = (variance > 0.0).then(|| apart / variance);
    Some(Difference { n, variance_factor, ..tested })
}

/// Returns the difference of the means of two independent samples, by Welch's t with Satterthwaite's degrees of freedom
/// (Welch, Biometrika 34, 1947; Law, 10.2.2); `None` where one is empty.
pub fn welch(a: &[f64], b: &[f64], confidence: Option<f64>) -> Option<Difference> {
    let ((mean_a, variance_a), (mean_b, variance_b)) = (moments(a)?, moments(b)?);
    let [n_a, n_b] = [a.len() as f64, b.len() as f64];
    let (part_a, part_b) = (variance_a / n_a, variance_b / n_b);
    let squared = part_a + part_b;
    let freedom = match part_a * part_a / (n_a - 1.0) + part_b * part_b / (n_b - 1.0) {
        _ if n_a.min(n_b) < 2.0 => 0.0,
        0.0 => n_a + n_b - 2.0,
        fourth => squared * squared / fourth,
    };
    Some(Difference { n: a.len().min(b.len()), ..tested(mean_a - mean_b, squared, freedom, confidence) })
}

/// Returns the two-sided p value of as many larger as smaller, where `larger` of `n` pairs were (the sign test, Dixon &
/// Mood, Journal of the American Statistical Association 41, 1946): for values that have an order and no mean.
pub fn sign_test(larger: u32, n: u32) -> Option<f64> {
    let most = larger.max(n.checked_sub(larger)?);
    let coins = Binomial::new(0.5, n.into()).ok().filter(|_| n > 0)?;
    Some((2.0 * coins.sf(u64::from(most) - 1)).min(1.0))
}

/// Returns p values adjusted so that all that stay below a level may be believed at once: step-down, each the largest
/// so far of p times how many are left (Holm, Scandinavian Journal of Statistics 6, 1979).
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut adjusted = vec![0.0; p.len()];
    let mut largest = 0.0_f64;
    for (before, &index) in order.iter().enumerate() {
        largest = largest.max(p[index] * (p.len() - before) as f64).min(1.0);
        adjusted[index] = largest;
    }
    adjusted
}

/// Returns mean and sample variance; the variance of a single value is 0. `None` for no value.
fn moments(values: &[f64]) -> Option<(f64, f64)> {
    let (&first, n) = (values.first()?, values.len() as f64);
    // Relative to the first value: equal values have no variance, exactly.
    let mean = first + values.iter().map(|value| value - first).sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    Some((mean, squares / (n - 1.0).max(1.0)))
}

/// Returns a difference with the squared standard error `squared`; no bounds without degrees of freedom.
fn tested(mean: f64, squared: f64, freedom: f64, confidence: Option<f64>) -> Difference {
    let error = squared.sqrt();
    let student = StudentsT::new(0.0, 1.0, freedom).ok();
    let half = student_quantile(0.5 + confidence.unwrap_or(CONFIDENCE) / 2.0, freedom) * error;
    let p = student.as_ref().map(|student| match mean.abs() / error {
        _ if mean == 0.0 => 1.0,
        t if t.is_finite() => 2.0 * student.sf(t),
        _ => 0.0,
    });
    let bound = |end: f64| student.as_ref().map(|_| end);
    let interval = Interval { mean, lo: bound(mean - half), hi: bound(mean + half) };
    Difference { n: 0, interval, p, variance_factor: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: f64, expected: f64, tolerance: f64) {
        assert!((value - expected).abs() <= tolerance, "{value} instead of {expected}");
    }

    /// Student (Biometrika 6, 1908): hours of sleep gained by ten patients on two drugs. Mean difference 1.58,
    /// s = 1.2300, t = 4.0621, p = 0.00283, interval 0.70 to 2.46; as two samples, by Welch, t = 1.8608 with 17.776
    /// degrees of freedom, p = 0.07939, interval -0.2055 to 3.3655 (as R prints them: `sleep`).
    const SLEEP: [(f64, f64); 10] = [
        (1.9, 0.7),
        (0.8, -1.6),
        (1.1, -0.2),
        (0.1, -1.2),
        (-0.1, -0.1),
        (4.4, 3.4),
        (5.5, 3.7),
        (1.6, 0.8),
        (4.6, 0.0),
        (3.4, 2.0),
    ];

    #[test]
    fn pairs_are_those_of_students_sleepers() {
        let found = paired(&SLEEP, None).unwrap();
        assert_eq!(found.n, 10);
        near(found.interval.mean, 1.58, 1e-12);
        near(found.interval.lo.unwrap(), 0.700_114_2, 1e-6);
        near(found.interval.hi.unwrap(), 2.459_885_8, 1e-6);
        near(found.p.unwrap(), 0.002_832_89, 1e-7);
        // Variances 4.0090 and 3.2006 apart, 1.5129 of the differences.
        near(found.variance_factor.unwrap(), (4.009_0 + 3.200_6) / 1.512_9, 1e-3);
        // 99 %: t(0.995, 9) = 3.24984.
        let wide = paired(&SLEEP, Some(0.99)).unwrap();
        near(wide.interval.hi.unwrap() - 1.58, 3.249_84 * 1.229_995 / 10_f64.sqrt(), 1e-4);
        assert_eq!(wide.p, found.p);
    }

    #[test]
    fn samples_are_those_of_students_sleepers() {
        let (a, b): (Vec<f64>, Vec<f64>) = SLEEP.iter().copied().unzip();
        let found = welch(&a, &b, None).unwrap();
        near(found.interval.mean, 1.58, 1e-12);
        near(found.interval.lo.unwrap(), -0.205_483_2, 1e-6);
        near(found.interval.hi.unwrap(), 3.365_483_2, 1e-6);
        near(found.p.unwrap(), 0.079_394_1, 1e-6);
        assert_eq!(found.variance_factor, None);
    }

    #[test]
    fn what_cannot_be_told_is_none_and_what_is_certain_has_no_width() {
        assert_eq!(paired(&[], None), None);
        assert_eq!(welch(&[1.0], &[], None), None);
        let alone = paired(&[(3.0, 1.0)], None).unwrap();
        assert_eq!((alone.interval, alone.p), (Interval { mean: 2.0, lo: None, hi: None }, None));
        assert_eq!(welch(&[3.0], &[1.0, 2.0], None).unwrap().p, None);
        let table = [(0.1, 0.1, 1.0), (0.3, 0.1, 0.0)];
        for (a, b, p) in table {
            let found = paired(&[(a, b), (a, b), (a, b)], None).unwrap();
            assert_eq!((found.p, found.interval.lo), (Some(p), Some(a - b)), "{a} and {b}");
            assert_eq!(found.variance_factor, None);
            assert_eq!(welch(&[a; 3], &[b; 3], None).unwrap().p, Some(p));
        }
    }

    #[test]
    fn signs_are_tossed_as_coins() {
        // 9 of 10: 2 (10 + 1) / 1024; 6 of 6: 2 / 64; 5 of 10 cannot be more equal.
        let table =
            [(9, 10, 22.0 / 1024.0), (1, 10, 22.0 / 1024.0), (6, 6, 0.031_25), (5, 10, 1.0), (1, 1, 1.0)];
        for (larger, n, expected) in table {
            near(sign_test(larger, n).unwrap(), expected, 1e-12);
        }
        assert_eq!((sign_test(0, 0), sign_test(2, 1)), (None, None));
    }

    #[test]
    fn many_at_once_are_corrected_as_holm_does() {
        // Holm's procedure as worked out in Wright (Biometrics 48, 1992), and by hand.
        let table: [(&[f64], &[f64]); 5] = [
            (&[0.01, 0.04, 0.03, 0.005], &[0.03, 0.06, 0.06, 0.02]),
            (&[0.5], &[0.5]),
            (&[0.6, 0.6], &[1.0, 1.0]),
            (&[0.02, 0.02, 0.02], &[0.06, 0.06, 0.06]),
            (&[], &[]),
        ];
        for (p, expected) in table {
            let found = holm(p);
            assert_eq!(found.len(), expected.len());
            found.iter().zip(expected).for_each(|(found, expected)| near(*found, *expected, 1e-12));
        }
    }
}
