//! Fewer points than were measured, with every peak kept: the least and the largest value of each
//! pixel column. Knows no chart.

/// A stretch without gaps: positions (0 to 1) and values.
pub(super) type Run = Vec<(f64, f64)>;

/// The lower and upper edge of a band, at the same positions.
pub(super) type Band = Vec<(f64, f64, f64)>;

/// Where each value stands: value i covers `edges[i]` to `edges[i + 1]`, as shares of the axis.
#[derive(Clone, Debug)]
pub(super) struct Edges(Vec<f64>);

impl Edges {
    /// Divides `length` into buckets of `bucket`, the last of which may be shorter.
    pub(super) fn of(length: u64, bucket: u64) -> Self {
        let count = length.div_ceil(bucket);
        let edge = |i: u64| bucket.saturating_mul(i).min(length) as f64 / length as f64;
        Self((0..=count).map(edge).collect())
    }

    fn len(&self) -> usize {
        self.0.len() - 1
    }

    /// Returns where a bucket begins and ends.
    pub(super) fn ends(&self, i: usize) -> (f64, f64) {
        (self.0[i], self.0[i + 1])
    }

    fn middle(&self, i: usize) -> f64 {
        f64::midpoint(self.0[i], self.0[i + 1])
    }
}

/// Tells whether a series has more values than are told apart on so many pixel columns.
pub(super) fn dense(values: usize, columns: usize) -> bool {
    values > 2 * columns
}

/// Returns the runs of a series; of a dense one the mean of every pixel column. Values stand at the
/// middle of what they cover, a run reaches to the edges of its first and last value.
pub(super) fn lines(values: &[Option<f64>], edges: &Edges, columns: usize) -> Vec<Run> {
    let runs = folded(&twice(values), edges, columns, mean);
    runs.into_iter().map(|band| band.into_iter().map(|(x, value, _)| (x, value)).collect()).collect()
}

/// Returns the least and the largest value of every pixel column of a dense series; nothing where
/// the line shows every value.
pub(super) fn envelope(values: &[Option<f64>], edges: &Edges, columns: usize) -> Vec<Band> {
    if !dense(edges.len(), columns) {
        return Vec::new();
    }
    folded(&twice(values), edges, columns, |parts| {
        parts
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), part| (lo.min(part.0), hi.max(part.1)))
    })
}

/// Returns the runs of a band; of a dense one the means of its ends in every pixel column.
pub(super) fn bands(values: &[Option<(f64, f64)>], edges: &Edges, columns: usize) -> Vec<Band> {
    folded(values, edges, columns, mean)
}

/// Returns the runs of a layer between two edges; of a dense one the largest of each in every pixel
/// column, so that layers still meet.
pub(super) fn layers(values: &[Option<(f64, f64)>], edges: &Edges, columns: usize) -> Vec<Band> {
    folded(values, edges, columns, |parts| {
        parts.iter().fold((0.0, 0.0), |(lo, hi): (f64, f64), part| (lo.max(part.0), hi.max(part.1)))
    })
}

fn twice(values: &[Option<f64>]) -> Vec<Option<(f64, f64)>> {
    values.iter().map(|value| value.map(|value| (value, value))).collect()
}

fn mean(parts: &[(f64, f64)]) -> (f64, f64) {
    let count = parts.len() as f64;
    let sum = parts.iter().fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
    (sum.0 / count, sum.1 / count)
}

fn folded(
    values: &[Option<(f64, f64)>],
    edges: &Edges,
    columns: usize,
    fold: impl Fn(&[(f64, f64)]) -> (f64, f64),
) -> Vec<Band> {
    if !dense(edges.len(), columns) {
        return runs(values, edges);
    }
    let mut parts = vec![Vec::new(); columns];
    for (i, value) in values.iter().enumerate() {
        let column = ((edges.middle(i) * columns as f64) as usize).min(columns - 1);
        parts[column].extend(*value);
    }
    let even = Edges((0..=columns).map(|i| i as f64 / columns as f64).collect());
    let folded = parts.iter().map(|parts| (!parts.is_empty()).then(|| fold(parts)));
    runs(&folded.collect::<Vec<_>>(), &even)
}

fn runs(values: &[Option<(f64, f64)>], edges: &Edges) -> Vec<Band> {
    let mut runs: Vec<Band> = Vec::new();
    let mut open = false;
    for (i, value) in values.iter().enumerate() {
        let Some((lo, hi)) = *value else {
            open = false;
            continue;
        };
        if !open {
            runs.push(vec![(edges.0[i], lo, hi)]);
            open = true;
        }
        if let Some(run) = runs.last_mut() {
            run.push((edges.middle(i), lo, hi));
            if values.get(i + 1).is_none_or(Option::is_none) {
                run.push((edges.0[i + 1], lo, hi));
            }
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Bits, Key};

    #[test]
    fn short_series_keep_every_value_and_every_gap() {
        let edges = Edges::of(35, 10);
        let runs = lines(&[Some(1.0), None, Some(3.0), Some(4.0)], &edges, 100);
        let at = |tenths: f64| tenths / 35.0;
        let expected = [
            vec![(0.0, 1.0), (at(5.0), 1.0), (at(10.0), 1.0)],
            vec![(at(20.0), 3.0), (at(25.0), 3.0), (at(32.5), 4.0), (1.0, 4.0)],
        ];
        assert_eq!(runs.len(), expected.len());
        for (found, expected) in runs.iter().flatten().zip(expected.iter().flatten()) {
            assert!((found.0 - expected.0).abs() < 1e-12 && found.1 == expected.1, "{runs:?}");
        }
    }

    #[test]
    fn one_interval_is_a_line_across() {
        assert_eq!(lines(&[Some(7.0)], &Edges::of(5, 10), 50), [vec![(0.0, 7.0), (0.5, 7.0), (1.0, 7.0)]]);
    }

    /// Every value lies within what its pixel column shows, and what is shown was measured.
    #[test]
    fn long_series_keep_every_peak() {
        let mut bits = Key::from_seed(3).stream();
        let mut values: Vec<Option<f64>> =
            (0..10_000).map(|_| Some((bits.next_bits() % 1_000) as f64)).collect();
        values[4_321] = Some(1e6);
        values[8_765] = Some(-1e6);
        let (edges, columns) = (Edges::of(100_000, 10), 400);
        let bands = envelope(&values, &edges, columns);
        let (line, band) = (&lines(&values, &edges, columns)[0], &bands[0]);
        assert_eq!((bands.len(), band.len(), line.len()), (1, columns + 2, columns + 2));
        for (i, value) in values.iter().enumerate() {
            // The first point is the left edge of the first column.
            let (_, lo, hi) = band[1 + i * columns / values.len()];
            let value = value.unwrap();
            assert!(lo <= value && value <= hi, "{value} is outside {lo} to {hi}");
        }
        for (point, (_, lo, hi)) in line.iter().zip(band) {
            assert!(values.contains(&Some(*lo)) && values.contains(&Some(*hi)));
            assert!((*lo..=*hi).contains(&point.1));
        }
        assert!(band.iter().any(|point| point.2 == 1e6) && band.iter().any(|point| point.1 == -1e6));
    }

    #[test]
    fn layers_keep_their_peaks_and_still_meet() {
        let edges = Edges::of(10_000, 1);
        let heights: Vec<f64> = (0..10_000).map(|i| f64::from(i * 7_919 % 1_000)).collect();
        let lower: Vec<_> = heights.iter().map(|&height| Some((0.0, height))).collect();
        let upper: Vec<_> = heights.iter().map(|&height| Some((height, 2.0 * height))).collect();
        let (lower, upper) = (layers(&lower, &edges, 100), layers(&upper, &edges, 100));
        assert!(lower[0].iter().zip(&upper[0]).all(|(below, above)| below.2 == above.1));
        assert!(upper[0].iter().any(|point| point.2 == 1_998.0));
    }

    #[test]
    fn a_dense_series_with_holes_has_no_more_runs_than_columns() {
        let values: Vec<_> = (0..10_000).map(|i| (i % 2 == 0).then_some(1.0)).collect();
        assert_eq!(lines(&values, &Edges::of(10_000, 1), 400).len(), 1);
        let values: Vec<_> = (0..10_000).map(|i| (i / 1_000 % 2 == 0).then_some(1.0)).collect();
        assert_eq!(lines(&values, &Edges::of(10_000, 1), 400).len(), 5);
    }
}
