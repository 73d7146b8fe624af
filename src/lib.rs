//! Discrete-event capacity planning for e-commerce peaks.
#![forbid(unsafe_code)]
#![warn(missing_docs, missing_debug_implementations, unreachable_pub)]

pub mod balancer;
mod choice;
pub mod cli;
pub mod des;
pub mod dist;
pub mod error;
pub mod fleet;
pub mod ids;
pub mod report;
pub mod results;
pub mod rng;
pub mod scenario;
pub mod sim;
pub mod stats;
pub mod study;
pub mod time;
pub mod units;
pub mod workload;
