//! Discrete-event capacity planning for e-commerce peaks.
#![forbid(unsafe_code)]
#![warn(missing_docs, missing_debug_implementations, unreachable_pub)]

pub mod des;
pub mod error;
pub mod ids;
pub mod report;
pub mod results;
pub mod rng;
pub mod stats;
pub mod time;
pub mod units;
pub mod workload;
