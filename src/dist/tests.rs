//! Tables through a few helpers; expected values are closed forms worked by hand, published
//! values, or the distribution functions of `statrs`.

use super::{Distribution, DistributionSpec, Factor};

/// Reads and builds a distribution of factors.
pub(super) fn built(json: &str) -> Distribution {
    let spec: DistributionSpec<Factor> = serde_json::from_str(json).unwrap_or_else(|e| panic!("{json}: {e}"));
    spec.build().unwrap_or_else(|problems| panic!("{json}: {problems:?}"))
}

/// Tells whether two numbers agree to this relative tolerance.
pub(super) fn close(a: f64, b: f64, tolerance: f64) -> bool {
    a == b || (a - b).abs() <= tolerance * b.abs().max(f64::MIN_POSITIVE)
}
