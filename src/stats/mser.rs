//! MSER-5: how much of a run's beginning to leave out.
//!
//! White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69
//! (1997) 323-334; White, Cobb & Spratt (WSC 2000) compare it with its peers and recommend batches
//! of five.

/// Observations per batch.
const BATCH: usize = 5;
/// Fewer batches than this say nothing.
const MIN_BATCHES: usize = 20;
/// The fewest observations from which [`mser5`] finds anything.
pub const MIN_OBSERVATIONS: usize = BATCH * MIN_BATCHES;

/// Returns how many of equally spaced observations belong to the start-up transient, a multiple of
/// five; `None` where the series is too short, or has not settled by its middle.
///
/// Batch means Z_1..Z_n of five; the truncation d minimises the squared marginal standard error,
/// sum over i > d of (Z_i - mean)^2 / (n - d)^2, over all d up to n / 2. A minimum at that edge means
/// that the series still moves: then there is no answer rather than a wrong one. A series without any
/// variation has no transient.
pub fn mser5(observations: &[f64]) -> Option<usize> {
    let batches: Vec<f64> =
        observations.chunks_exact(BATCH).map(|batch| batch.iter().sum::<f64>() / BATCH as f64).collect();
    if batches.len() < MIN_BATCHES {
        return None;
    }
    let last = batches.len() / 2;
    let mut best = (f64::INFINITY, 0);
    for cut in 0..=last {
        let error = marginal_error(&batches[cut..]);
        // Of equal errors the first: nothing is left out without a reason.
        if error < best.0 {
            best = (error, cut);
        }
    }
    (best.1 < last).then_some(best.1 * BATCH)
}

/// Two passes, so that nothing cancels, and from the first value on, so that equal values have no
/// variation at all, not even by rounding; n is a few thousand at most where this matters.
fn marginal_error(batches: &[f64]) -> f64 {
    let n = batches.len() as f64;
    let mean = batches[0] + batches.iter().map(|z| z - batches[0]).sum::<f64>() / n;
    batches.iter().map(|z| (z - mean) * (z - mean)).sum::<f64>() / (n * n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Bits, Key, uniform_closed_open};

    /// Alternates around a level, so that the error falls as 1 / n and nothing but length counts.
    fn steady(level: f64, n: usize) -> impl Iterator<Item = f64> {
        (0..n).map(move |i| level + if (i / BATCH).is_multiple_of(2) { 1.0 } else { -1.0 })
    }

    #[test]
    fn a_steady_series_loses_nothing() {
        assert_eq!(mser5(&steady(10.0, 500).collect::<Vec<_>>()), Some(0));
        assert_eq!(mser5(&[7.0; 100]), Some(0), "no variation, no transient");
    }

    /// Their sum was rounded, and the rounding was taken for a transient.
    #[test]
    fn equal_values_have_no_transient_however_large_or_odd() {
        for value in [0.1, 1.0 / 3.0, 1e-300, 86_400e18, 1e300] {
            for n in [100, 101, 777, 12_345] {
                assert_eq!(mser5(&vec![value; n]), Some(0), "{n} x {value}");
            }
        }
    }

    #[test]
    fn a_different_beginning_is_left_out_whole() {
        for transient in [5, 25, 100] {
            let start = std::iter::repeat_n(0.0, transient);
            let series: Vec<f64> = start.chain(steady(10.0, 500)).collect();
            assert_eq!(mser5(&series), Some(transient));
        }
    }

    #[test]
    fn worked_by_hand() {
        // Batches 9, 1 and eighteen 0: with nothing cut the mean is 1/2 and the squares about it add up
        // to 82 - 20/4 = 77, over 20^2; with one cut, 1 - 1/19 over 19^2; with two, nothing.
        let batches: Vec<f64> = [9.0, 1.0].into_iter().chain(std::iter::repeat_n(0.0, 18)).collect();
        assert!((marginal_error(&batches) - 77.0 / 400.0).abs() < 1e-15);
        assert!((marginal_error(&batches[1..]) - (18.0 / 19.0) / 361.0).abs() < 1e-15);
        let series: Vec<f64> = batches.iter().flat_map(|&z| [z; BATCH]).collect();
        assert_eq!(mser5(&series), Some(2 * BATCH));
    }

    #[test]
    fn a_series_that_never_settles_has_no_answer() {
        let growing: Vec<f64> = (0..1_000).map(f64::from).collect();
        assert_eq!(mser5(&growing), None);
        assert_eq!(mser5(&[1.0; MIN_OBSERVATIONS - 1]), None, "too short");
    }

    #[test]
    fn an_exponential_approach_is_cut_after_some_time_constants() {
        // 100 (1 - exp(-i / 40)) with noise of standard deviation 5: what is left at the cut is far
        // below what one observation scatters, and little of the settled part is lost.
        for seed in 0..20 {
            let mut bits = Key::from_seed(seed).stream();
            let mut noise = || {
                let sum: f64 = (0..12).map(|_| uniform_closed_open(bits.next_bits())).sum();
                5.0 * (sum - 6.0)
            };
            let series: Vec<f64> =
                (0..4_000).map(|i| 100.0 * (1.0 - libm::exp(-f64::from(i) / 40.0)) + noise()).collect();
            let cut = mser5(&series).expect("it settles");
            assert!((80..=1_000).contains(&cut), "seed {seed}: {cut}");
        }
    }
}
