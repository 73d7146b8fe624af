//! A log-linear histogram of integers, relative error at most 0.1 %.

use serde::{Deserialize, Serialize};

/// Buckets per octave, as a power of two: width / value <= 2^-9, so the middle of a bucket is
/// within 2^-10 = 0.098 % of every value in it.
const PRECISION: u32 = 9;
const PER_OCTAVE: usize = 1 << PRECISION;

/// Counts of non-negative integers (latencies in nanoseconds).
///
/// Values below 1,024 are exact; larger ones fall into buckets of 1/512 of their octave. Adding
/// histograms is exact and commutative. Memory covers only the octaves that were met.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "Sparse", into = "Sparse")]
pub struct Histogram {
    /// The bucket that `counts[0]` stands for.
    base: usize,
    counts: Vec<u64>,
}

#[inline]
fn bucket(value: u64) -> usize {
    let shift = (63 - (value | 1).leading_zeros()).saturating_sub(PRECISION);
    ((shift as usize) << PRECISION) + (value >> shift) as usize
}

/// Returns the least value of a bucket and how many values it holds.
fn bounds(bucket: usize) -> (u64, u64) {
    let shift = (bucket >> PRECISION).saturating_sub(1) as u32;
    (((bucket - ((shift as usize) << PRECISION)) as u64) << shift, 1 << shift)
}

/// Returns what a bucket reports for each of its values: its middle.
fn middle(bucket: usize) -> u64 {
    let (low, width) = bounds(bucket);
    low + (width - 1) / 2
}

/// Equal if the same values were counted, whatever octaves were met and emptied again.
impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        self.filled().eq(other.filled())
    }
}

impl Eq for Histogram {}

impl Histogram {
    /// Counts one value.
    #[inline]
    pub fn record(&mut self, value: u64) {
        let bucket = bucket(value);
        match self.counts.get_mut(bucket.wrapping_sub(self.base)) {
            Some(count) => *count += 1,
            None => self.record_outside(bucket, 1),
        }
    }

    /// Makes room for a bucket not met so far, whole octaves at a time.
    #[cold]
    fn record_outside(&mut self, bucket: usize, count: u64) {
        let octave = bucket / PER_OCTAVE * PER_OCTAVE;
        if self.counts.is_empty() {
            self.base = octave;
        }
        if octave < self.base {
            self.counts.splice(..0, std::iter::repeat_n(0, self.base - octave));
            self.base = octave;
        }
        let needed = octave + PER_OCTAVE - self.base;
        if needed > self.counts.len() {
            self.counts.resize(needed, 0);
        }
        self.counts[bucket - self.base] += count;
    }

    fn add_bucket(&mut self, bucket: usize, count: u64) {
        match self.counts.get_mut(bucket.wrapping_sub(self.base)) {
            Some(slot) => *slot += count,
            None => self.record_outside(bucket, count),
        }
    }

    /// Iterates over the buckets that hold anything, as (bucket, count).
    fn filled(&self) -> impl Iterator<Item = (usize, u64)> {
        let base = self.base;
        self.counts
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0)
            .map(move |(i, &count)| (base + i, count))
    }

    /// Adds all counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        let offset = other.base.wrapping_sub(self.base);
        match self.counts.get_mut(offset..).and_then(|counts| counts.get_mut(..other.counts.len())) {
            Some(counts) => counts.iter_mut().zip(&other.counts).for_each(|(sum, count)| *sum += count),
            None => other.filled().for_each(|(bucket, count)| self.add_bucket(bucket, count)),
        }
    }

    /// Takes away the counts of `other`, every one of which must be there.
    pub fn subtract(&mut self, other: &Self) {
        for (bucket, count) in other.filled() {
            self.counts[bucket - self.base] -= count;
        }
    }

    /// Sets every count to zero and keeps the memory.
    pub fn clear(&mut self) {
        self.counts.fill(0);
    }

    /// Returns how many values were counted.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Returns how many counted values lie above `bound`, at the histogram's precision: a value
    /// in the bucket of `bound` counts as not above.
    pub fn count_above(&self, bound: u64) -> u64 {
        let bound = bucket(bound);
        self.filled().filter(|(bucket, _)| *bucket > bound).map(|(_, count)| count).sum()
    }

    /// Returns the value at `quantile` (0 to 1) of all counted values and `beyond` more that are
    /// larger than every counted one, by nearest rank: the smallest value with at least
    /// ceil(quantile x n) values at or below it. `None` where it lies among `beyond`, or n is 0.
    pub fn quantile(&self, quantile: f64, beyond: u64) -> Option<u64> {
        let [value] = self.quantiles([quantile], self.count() + beyond);
        value
    }

    /// Returns several quantiles, in rising order, of `total` values in one pass: those counted
    /// and, where `total` is more, others that are larger than every counted one.
    pub fn quantiles<const N: usize>(&self, quantiles: [f64; N], total: u64) -> [Option<u64>; N] {
        let mut values = [None; N];
        let mut ranks = quantiles.iter().map(|&quantile| rank(quantile, total)).enumerate();
        let Some((mut next, Some(mut wanted))) = ranks.next() else { return values };
        let mut seen = 0;
        for (index, &count) in self.counts.iter().enumerate() {
            seen += count;
            while seen >= wanted {
                values[next] = Some(middle(self.base + index));
                match ranks.next() {
                    Some((following, Some(rank))) => (next, wanted) = (following, rank),
                    _ => return values,
                }
            }
        }
        values
    }
}

/// Returns ceil(quantile x n), at least 1 and at most n; `None` where n is 0.
fn rank(quantile: f64, n: u64) -> Option<u64> {
    // 0.99 x 100 is 99.00000000000001 in binary: a hair is taken off before rounding up.
    let exact = quantile * n as f64;
    let rank = (exact - exact * 1e-12).ceil() as u64;
    (n > 0).then(|| rank.clamp(1, n))
}

/// The written form: pairs of bucket and count, in order.
#[derive(Serialize, Deserialize)]
struct Sparse(Vec<(usize, u64)>);

impl From<Histogram> for Sparse {
    fn from(histogram: Histogram) -> Self {
        Self(histogram.filled().collect())
    }
}

/// Fails for a bucket that no value falls into, which would ask for memory without bound, and for
/// more counts than their sum can hold: only a damaged file has either.
impl TryFrom<Sparse> for Histogram {
    type Error = &'static str;

    fn try_from(sparse: Sparse) -> Result<Self, Self::Error> {
        let mut histogram = Self::default();
        let mut total: u64 = 0;
        for (index, count) in sparse.0 {
            if index > bucket(u64::MAX) {
                return Err("a histogram has a bucket beyond the largest value");
            }
            total = total.checked_add(count).ok_or("a histogram counts more than 64 bits hold")?;
            histogram.add_bucket(index, count);
        }
        Ok(histogram)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Bits, Key};

    #[test]
    fn every_bucket_is_within_a_thousandth() {
        let mut bits = Key::from_seed(7).stream();
        let edges = (0..64).flat_map(|s| [1_u64 << s, (1 << s) - 1, (1 << s) + 1]);
        let random = (0..100_000).map(|i| bits.next_bits() >> (i % 64));
        for value in edges.chain([u64::MAX]).chain(random.collect::<Vec<_>>()) {
            let reported = middle(bucket(value));
            let (low, width) = bounds(bucket(value));
            assert!(low <= value && value - low < width, "{value} is outside its bucket");
            assert!(reported.abs_diff(value) as f64 <= 0.001 * value as f64, "{value} -> {reported}");
        }
    }

    #[test]
    fn buckets_are_monotone_and_leave_no_gap() {
        for index in 0..bucket(u64::MAX) {
            let (low, width) = bounds(index);
            assert_eq!(bucket(low), index);
            assert_eq!(bucket(low + (width - 1)), index);
            assert_eq!(bucket(low + width), index + 1);
        }
    }

    #[test]
    fn quantiles_are_nearest_ranks() {
        let mut histogram = Histogram::default();
        (1..=100).for_each(|v| histogram.record(v));
        let table = [
            (0.0, 0, Some(1)),
            (0.5, 0, Some(50)),
            (0.99, 0, Some(99)),
            (0.991, 0, Some(100)),
            (1.0, 0, Some(100)),
        ];
        for (q, beyond, expected) in table {
            assert_eq!(histogram.quantile(q, beyond), expected, "{q}");
        }
        assert_eq!(histogram.quantile(0.5, 100), Some(100), "the hundredth of two hundred");
        assert_eq!(histogram.quantile(0.51, 100), None, "among those beyond");
        assert_eq!(Histogram::default().quantile(0.5, 0), None);
        assert_eq!(histogram.count_above(98), 2);
    }

    /// A damaged file named bucket 10^15: petabytes were asked for, and the process was aborted.
    /// Counts that do not fit 64 bits together overflowed the sum.
    #[test]
    fn a_damaged_histogram_is_refused() {
        let read = |text: &str| serde_json::from_str::<Histogram>(text).map_err(|error| error.to_string());
        let last = bucket(u64::MAX);
        assert_eq!(read(&format!("[[0,1],[{last},2]]")).unwrap().quantile(1.0, 0), Some(middle(last)));
        let beyond = "a histogram has a bucket beyond the largest value";
        for index in [last + 1, 1_000_000_000_000_000, usize::MAX] {
            assert_eq!(read(&format!("[[{index},1]]")).unwrap_err(), beyond, "{index}");
        }
        let many = read("[[1,18446744073709551615],[2,1]]").unwrap_err();
        assert_eq!(many, "a histogram counts more than 64 bits hold");
    }

    #[test]
    fn merging_and_subtracting_are_exact() {
        let mut bits = Key::from_seed(3).stream();
        let values: Vec<u64> = (0..5_000).map(|i| bits.next_bits() >> (20 + i % 40)).collect();
        let (mut whole, mut left, mut right) = <(Histogram, Histogram, Histogram)>::default();
        for (i, &value) in values.iter().enumerate() {
            whole.record(value);
            if i % 3 == 0 { left.record(value) } else { right.record(value) }
        }
        let mut merged = right.clone();
        merged.merge(&left);
        assert_eq!(merged.count(), 5_000);
        for q in [0.01, 0.5, 0.9, 0.999] {
            assert_eq!(merged.quantile(q, 0), whole.quantile(q, 0));
        }
        merged.subtract(&left);
        for q in [0.01, 0.5, 0.9, 0.999] {
            assert_eq!(merged.quantile(q, 0), right.quantile(q, 0));
        }
        // What was subtracted left empty octaves behind, which are not written.
        let text = serde_json::to_string(&merged).unwrap();
        assert_eq!(serde_json::from_str::<Histogram>(&text).unwrap(), merged);
        assert_eq!(merged, right);
        assert_ne!(merged, whole);
        let text = serde_json::to_string(&whole).unwrap();
        let read: Histogram = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }
}
