//! The statistics of simulation: histograms, time-weighted means, confidence intervals.
//!
//! Recorder state is integer and commutative, so that results do not depend on the order in
//! which parts are added; floats appear only when a figure is read.

mod gauge;
mod histogram;
mod interval;
mod mser;
mod paired;
mod sequential;

pub use gauge::{Gauge, Peak};
pub use histogram::Histogram;
pub use interval::{Interval, Students, share_at_least, share_at_most, student_quantile};
pub use mser::{MIN_OBSERVATIONS, mser5};
pub use paired::{Difference, holm, paired, sign_test, welch};
pub use sequential::{Sequential, looks};
