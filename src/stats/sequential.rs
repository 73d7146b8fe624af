//! Repeated looks at a growing sample, so that all looks together err no more often than one would.
//!
//! A look after n of at most N may spend the share n / N of the error of 5 %, less what earlier looks have spent: the
//! spending function alpha t of Kim & DeMets (Biometrika 74, 1987) in the scheme of Lan & DeMets (Biometrika 70, 1983);
//! see Jennison & Turnbull, Group Sequential Methods, 2000, chapter 7. Knows no figure by name.

use std::collections::BTreeMap;

use super::Interval;
use super::interval::{CONFIDENCE, share_above, share_below, student_factor};

/// Looks at more than so many are bounded look by look, which is coarser: paths are counted in time that grows with
/// their square (a tenth of a second here).
const MOST_COUNTED: u32 = 2_000;

/// Places at which a bound is first looked for; see [`Sequential::share_at_least`].
const PLACES: u32 = 32;

/// Returns the sizes at which a growing sample is looked at: `min`, doubled until `max`.
pub fn looks(min: u32, max: u32) -> Vec<u32> {
    let doubled = std::iter::successors(Some(min.max(1)), |look| look.checked_mul(2));
    doubled.take_while(|look| *look < max).chain([max]).collect()
}

/// Bounds that hold at every look at once.
#[derive(Clone, Debug)]
pub struct Sequential {
    looks: Vec<u32>,
    /// How often all looks together may err.
    error: f64,
    /// Student's factors by the size of the sample and how many of it have a value.
    factors: BTreeMap<(u32, usize), f64>,
    /// Lower bounds of shares by the size of the sample and hits.
    shares: BTreeMap<(u32, u32), f64>,
}

impl Sequential {
    /// Prepares for looks at these sizes, ascending; of a single one the bounds are those of [`Interval::of`] and of
    /// [`share_at_least`](crate::stats::share_at_least).
    pub fn new(looks: &[u32]) -> Self {
        Self::with_error(looks, 1.0 - CONFIDENCE)
    }

    /// Prepares for looks that may err so often, all of them together.
    pub fn with_error(looks: &[u32], error: f64) -> Self {
        Self { looks: looks.to_vec(), error, factors: BTreeMap::new(), shares: BTreeMap::new() }
    }

    /// Returns the confidence of the look at `n`, taken by itself: what all looks may err in adds up (Bonferroni).
    ///
    /// A look that was not planned, because something of the sample is missing, takes the place of the next one.
    pub fn confidence(&self, n: u32) -> f64 {
        let path = self.path(n);
        match path.as_slice() {
            [.., before, last] if self.looks.len() > 1 => 1.0 - (last.1 - before.1),
            [only] if self.looks.len() > 1 => 1.0 - only.1,
            _ => 1.0 - self.error,
        }
    }

    /// Returns a p value of the look at `n` such that it stays below the error at any look no more often than the error
    /// says.
    pub fn repeated_p(&self, p: f64, n: u32) -> f64 {
        (p * self.error / (1.0 - self.confidence(n))).min(1.0)
    }

    /// Returns the mean of `values` at the look at `n`, of which some may have no value, with its interval; `None` for
    /// no value.
    pub fn interval(&mut self, values: &[f64], n: u32) -> Option<Interval> {
        let confidence = self.confidence(n);
        let size = values.len();
        let factor = *self.factors.entry((n, size)).or_insert_with(|| student_factor(confidence, size));
        Interval::with_factor(values, Some(factor))
    }

    /// Returns the lower bound of a share of which `hits` of `n` were seen: the least share that they do not refute.
    /// `None` where n is 0.
    ///
    /// A share p is refuted at a look by so many hits that, with those of earlier looks, the error spent on p stays
    /// within what may be spent by then; chances are counted exactly over all paths of hits. Bounds of this kind hold at
    /// all looks at once (repeated confidence intervals, Jennison & Turnbull, chapter 9).
    pub fn share_at_least(&mut self, hits: u32, n: u32) -> Option<f64> {
        if n == 0 || self.looks.len() < 2 {
            return share_above(hits, n, self.error);
        }
        let hits = hits.min(n);
        if let Some(&known) = self.shares.get(&(n, hits)) {
            return Some(known);
        }
        let bound = if hits == 0 { 0.0 } else { least_share(&self.path(n), hits) };
        self.shares.insert((n, hits), bound);
        Some(bound)
    }

    /// Returns the upper bound of a share, likewise.
    pub fn share_at_most(&mut self, hits: u32, n: u32) -> Option<f64> {
        if self.looks.len() < 2 {
            return share_below(hits, n, self.error);
        }
        self.share_at_least(n - hits.min(n), n).map(|lower| 1.0 - lower)
    }

    /// Returns the looks up to one at `n`, each with the error that may be spent by then.
    fn path(&self, n: u32) -> Vec<(u32, f64)> {
        let most = self.looks.last().copied().unwrap_or(n).max(n);
        let error = |look: u32| self.error * f64::from(look) / f64::from(most.max(1));
        let before = self.looks.iter().copied().take_while(|look| *look < n);
        before.chain([n]).map(|look| (look, error(look))).collect()
    }
}

/// Returns the least share that so many hits at the last look do not refute.
///
/// What is refuted at a share can, by the steps of a binomial, be let stand a little below it. Hence the first that
/// stands is looked for from below, between the bounds of a look that may spend its own part only, and of one that
/// may spend everything so far.
fn least_share(path: &[(u32, f64)], hits: u32) -> f64 {
    let Some(&(n, spent)) = path.last() else { return 0.0 };
    let own = spent - path.iter().rev().nth(1).map_or(0.0, |before| before.1);
    let [mut low, high] = [own, spent].map(|error| share_above(hits, n, error).unwrap_or(0.0));
    if n > MOST_COUNTED {
        return low;
    }
    let step = (high - low) / f64::from(PLACES);
    while low < high && is_refuted(path, hits, (low + step).min(high)) {
        low = (low + step).min(high);
    }
    let (mut refuted, mut stands) = (low, (low + step).min(high));
    for _ in 0..24 {
        let middle = f64::midpoint(refuted, stands);
        if is_refuted(path, hits, middle) { refuted = middle } else { stands = middle }
    }
    refuted
}

/// Tells whether so many hits at the last look refute a share, given the error that may be spent by each look.
fn is_refuted(path: &[(u32, f64)], hits: u32, share: f64) -> bool {
    // The chance of each number of hits without having been refuted before.
    let mut open = vec![1.0];
    let (mut seen, mut spent, mut least) = (0, 0.0, 0);
    for &(n, allowed) in path {
        for _ in seen..n {
            add_trial(&mut open, share);
        }
        seen = n;
        least = open.len();
        let mut tail = 0.0;
        while least > 0 && spent + tail + open[least - 1] <= allowed {
            least -= 1;
            tail += open[least];
        }
        spent += tail;
        open.truncate(least);
    }
    hits as usize >= least
}

/// Adds one trial to the chances of numbers of hits.
fn add_trial(open: &mut Vec<f64>, share: f64) {
    open.push(0.0);
    for hits in (1..open.len()).rev() {
        open[hits] = open[hits] * (1.0 - share) + open[hits - 1] * share;
    }
    open[0] *= 1.0 - share;
}

#[cfg(test)]
mod tests;
