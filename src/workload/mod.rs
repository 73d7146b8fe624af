//! What comes in: arrival processes and traces, one file per shape or format.
//!
//! Knows when requests come, of which class and how large they are; knows no server and no
//! service. Every process yields one arrival at a time, so memory does not grow with a trace.

mod arrivals;
mod customers;
mod diurnal;
mod event;
mod modulation;
mod process;
mod profile;
mod rate;
pub mod recorded;
mod request;
mod stages;
mod synthetic;

pub use arrivals::{ArrivalsSpec, StateSpec};
pub use customers::{KeysSpec, Zipf, ZipfSpec};
pub use diurnal::DiurnalSpec;
pub use event::EventSpec;
pub use process::ArrivalProcess;
pub use profile::{Profile, Segment};
pub use rate::{RateSpec, Resolve};
pub use request::{Arena, Line, Outcome, Request, Stay};
pub use stages::{StagesSpec, StepSpec};
pub use synthetic::Synthetic;

pub use crate::error::Problem;

use crate::ids::ClassId;
use crate::time::SimTime;

/// A request's relative size, in millionths of one unit; it multiplies the configured work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(u64);

impl Size {
    /// The size of a request of which nothing else is known.
    pub const ONE: Self = Self(1_000_000);

    /// Creates a size of `micros` millionths.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Returns the millionths.
    #[inline]
    pub const fn as_micros(self) -> u64 {
        self.0
    }
}

/// One arriving request, as its process knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When it comes.
    pub at: SimTime,
    /// Its class, where the process knows it; otherwise the source's mix decides.
    pub class: Option<ClassId>,
    /// Its relative size.
    pub size: Size,
    /// The hash of its customer, where the process knows it.
    pub customer: Option<u64>,
}
