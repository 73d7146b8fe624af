//! Releases: how a new version comes into service, what may be wrong with it, who notices, and how it is
//! taken back.
//!
//! Three families, one file each: [`strategy`] says how many servers of each version there are to be and where
//! traffic goes, [`defect`] what is wrong with a version, [`detector`] what in the figures of monitoring tells
//! that something is wrong. [`pipeline`] is the way from a commit to a rollout. Knows no engine and no scenario
//! file: all of them answer questions over what they are shown.

pub mod counts;
pub mod defect;
pub mod detector;
pub mod pipeline;
pub mod strategy;
