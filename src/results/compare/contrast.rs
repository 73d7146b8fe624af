//! TEMPORARY until stats has it.
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::stats::{Interval, student_quantile};

pub(super) struct Contrast {
    pub(super) difference: Option<Interval>,
    pub(super) p: Option<f64>,
    pub(super) gain: Option<f64>,
}

fn moments(x: &[f64]) -> (f64, f64) {
    let n = x.len() as f64;
    let mean = x[0] + x.iter().map(|v| v - x[0]).sum::<f64>() / n;
    (mean, x.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0))
}

fn two_sided(t: f64, df: f64) -> f64 {
    if t.is_infinite() {
        return 0.0;
    }
    StudentsT::new(0.0, 1.0, df).map_or(1.0, |s| 2.0 * (1.0 - s.cdf(t.abs())))
}

impl Contrast {
    fn of(mean: f64, variance: f64, df: f64, gain: Option<f64>) -> Self {
        let se = variance.sqrt();
        let half = student_quantile(0.975, df) * se;
        let p = if se == 0.0 { if mean == 0.0 { 1.0 } else { 0.0 } } else { two_sided(mean / se, df) };
        Self {
            difference: Some(Interval { mean, lo: Some(mean - half), hi: Some(mean + half) }),
            p: Some(p),
            gain,
        }
    }
    pub(super) fn paired(a: &[f64], b: &[f64]) -> Self {
        let d: Vec<f64> = a.iter().zip(b).map(|(a, b)| b - a).collect();
        if d.len() < 2 {
            return Self { difference: Interval::of(&d), p: None, gain: None };
        }
        let (mean, var) = moments(&d);
        let gain = (moments(a).1 + moments(b).1) / var;
        Self::of(mean, var / d.len() as f64, d.len() as f64 - 1.0, Some(gain).filter(|g| g.is_finite()))
    }
    pub(super) fn welch(a: &[f64], b: &[f64]) -> Self {
        let (m, n) = (a.len() as f64, b.len() as f64);
        if a.len() < 2 || b.len() < 2 {
            let d = Interval::of(a).zip(Interval::of(b)).map(|(a, b)| b.mean - a.mean);
            return Self {
                difference: d.map(|mean| Interval { mean, lo: None, hi: None }),
                p: None,
                gain: None,
            };
        }
        let ((ma, va), (mb, vb)) = (moments(a), moments(b));
        let (sa, sb) = (va / m, vb / n);
        let df = if sa + sb == 0.0 {
            m + n - 2.0
        } else {
            (sa + sb) * (sa + sb) / (sa * sa / (m - 1.0) + sb * sb / (n - 1.0))
        };
        Self::of(mb - ma, sa + sb, df, None)
    }
}

pub(super) fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&i, &j| p[i].total_cmp(&p[j]));
    let mut out = vec![0.0; p.len()];
    let mut worst: f64 = 0.0;
    for (rank, &i) in order.iter().enumerate() {
        worst = worst.max(p[i] * (p.len() - rank) as f64).min(1.0);
        out[i] = worst;
    }
    out
}
