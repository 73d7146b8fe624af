//! Sobol' points: a sequence of which every beginning of 2^k points fills the cube evenly.
//!
//! Joe & Kuo, "Constructing Sobol sequences with better two-dimensional projections", SIAM J. Sci. Comput. 30
//! (2008) 2635-2654, with the direction numbers of their file `new-joe-kuo-6.21201`.

/// Bits of a coordinate.
const BITS: usize = 32;

/// Degree of the primitive polynomial, its inner coefficients, and the first direction numbers, for the second
/// dimension and those that follow; the first is van der Corput's sequence.
const DIRECTIONS: [(usize, u32, &[u32]); MAX_DIMENSIONS - 1] = [
    (1, 0, &[1]),
    (2, 1, &[1, 3]),
    (3, 1, &[1, 3, 1]),
    (3, 2, &[1, 1, 1]),
    (4, 1, &[1, 1, 3, 3]),
    (4, 4, &[1, 3, 5, 13]),
    (5, 2, &[1, 1, 5, 5, 17]),
    (5, 4, &[1, 1, 5, 5, 5]),
    (5, 7, &[1, 1, 7, 11, 19]),
    (5, 11, &[1, 1, 5, 1, 1]),
    (5, 13, &[1, 1, 1, 3, 11]),
    (5, 14, &[1, 3, 5, 5, 31]),
    (6, 1, &[1, 3, 3, 9, 7, 49]),
    (6, 13, &[1, 1, 1, 15, 21, 21]),
    (6, 16, &[1, 3, 1, 13, 27, 49]),
];

/// The most dimensions.
pub(super) const MAX_DIMENSIONS: usize = 16;

/// Returns a coordinate of the first points as fractions of 2^32, from dimension 0 on; `None` where there are no
/// direction numbers.
pub(super) fn coordinates(dimension: usize, points: usize) -> Option<Vec<u32>> {
    let directions = directions(dimension)?;
    let mut x = 0_u32;
    let coordinate = |index: usize| {
        if index > 0 {
            // Gray code: one bit changes (Antonov & Saleev 1979).
            x ^= directions[(index - 1).trailing_ones() as usize % BITS];
        }
        x
    };
    Some((0..points).map(coordinate).collect())
}

fn directions(dimension: usize) -> Option<[u32; BITS]> {
    let mut v: [u32; BITS] = std::array::from_fn(|bit| 1 << (BITS - 1 - bit));
    let Some(row) = dimension.checked_sub(1) else { return Some(v) };
    let &(degree, inner, first) = DIRECTIONS.get(row)?;
    for (bit, m) in first.iter().enumerate() {
        v[bit] = m << (BITS - 1 - bit);
    }
    for bit in degree..BITS {
        v[bit] = v[bit - degree] ^ (v[bit - degree] >> degree);
        for k in 1..degree {
            v[bit] ^= ((inner >> (degree - 1 - k)) & 1) * v[bit - k];
        }
    }
    Some(v)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(index: usize, dimensions: usize) -> Vec<f64> {
        let coordinate = |d| f64::from(coordinates(d, index + 1).unwrap()[index]) / 4_294_967_296.0;
        (0..dimensions).map(coordinate).collect()
    }

    /// What the authors' own program prints for ten points in three dimensions
    /// (<https://web.maths.unsw.edu.au/~fkuo/sobol/>).
    #[test]
    fn the_first_points_are_the_published_ones() {
        let published = [
            [0.0, 0.0, 0.0],
            [0.5, 0.5, 0.5],
            [0.75, 0.25, 0.25],
            [0.25, 0.75, 0.75],
            [0.375, 0.375, 0.625],
            [0.875, 0.875, 0.125],
            [0.625, 0.125, 0.875],
            [0.125, 0.625, 0.375],
            [0.1875, 0.3125, 0.9375],
            [0.6875, 0.8125, 0.4375],
        ];
        for (index, expected) in published.into_iter().enumerate() {
            assert_eq!(point(index, 3), expected, "{index}");
        }
    }

    #[test]
    fn every_beginning_has_one_point_in_each_equal_part() {
        for dimension in 0..MAX_DIMENSIONS {
            for bits in 0..10 {
                let mut parts: Vec<u32> = coordinates(dimension, 1 << bits)
                    .unwrap()
                    .into_iter()
                    .map(|x| (u64::from(x) >> (32 - bits)) as u32)
                    .collect();
                parts.sort_unstable();
                assert_eq!(parts, (0..1 << bits).collect::<Vec<u32>>(), "dimension {dimension}, {bits} bits");
            }
        }
        assert_eq!(coordinates(MAX_DIMENSIONS, 1), None);
    }
}
