//! Bounds of whole numbers, each in one place: the schema, the checks and the command line go by them.

/// The most servers of a pool.
pub(crate) use crate::autoscaler::MAX_REPLICAS;
/// The most replications.
pub(crate) const MAX_REPLICATIONS: u32 = 100_000;
