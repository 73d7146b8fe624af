//! Releases: how a new version comes into service, what may be wrong with it, who notices, and how it is
//! taken back.
//!
//! Knows no engine and no scenario file: strategies, defects and detectors answer questions over what
//! they are shown.

pub mod counts;
