//! One source's arrivals, whatever they are made of.

use crate::time::SimTime;
use crate::workload::recorded::{Recorded, TraceError};
use crate::workload::{Arrival, Size, Synthetic};

/// Yields the arrivals of a source in order, one at a time.
#[derive(Debug)]
pub enum ArrivalProcess {
    /// From a rate.
    Synthetic(Box<Synthetic>),
    /// From a trace.
    Recorded(Box<Recorded>),
    /// From several, merged by time; at one instant in the order of the parts.
    Merged(Vec<Part>),
}

/// A part of a merged process and its next arrival.
#[derive(Debug)]
pub struct Part {
    process: ArrivalProcess,
    next: Option<Arrival>,
}

impl ArrivalProcess {
    /// Merges several processes.
    ///
    /// # Errors
    /// Where the first line of a trace cannot be read.
    pub fn merged(processes: Vec<Self>) -> Result<Self, TraceError> {
        let mut parts = Vec::with_capacity(processes.len());
        for mut process in processes {
            let next = process.next_arrival()?;
            parts.push(Part { process, next });
        }
        Ok(Self::Merged(parts))
    }

    /// Returns the next arrival; `None` when no more come.
    ///
    /// # Errors
    /// Where a trace can no longer be read.
    #[inline]
    pub fn next_arrival(&mut self) -> Result<Option<Arrival>, TraceError> {
        match self {
            Self::Synthetic(synthetic) => Ok(synthetic.next_arrival().map(plain)),
            Self::Recorded(recorded) => next_recorded(recorded),
            Self::Merged(parts) => next_of(parts),
        }
    }
}

fn plain(at: SimTime) -> Arrival {
    Arrival { at, class: None, size: Size::ONE, customer: None }
}

/// Out of line, like the merge: a rate is what the hot loop should hold.
#[inline(never)]
fn next_recorded(recorded: &mut Recorded) -> Result<Option<Arrival>, TraceError> {
    recorded.next_arrival()
}

#[inline(never)]
fn next_of(parts: &mut [Part]) -> Result<Option<Arrival>, TraceError> {
    let first =
        parts.iter_mut().filter(|part| part.next.is_some()).min_by_key(|part| part.next.map(|a| a.at));
    match first {
        None => Ok(None),
        Some(part) => {
            let next = part.process.next_arrival()?;
            Ok(std::mem::replace(&mut part.next, next))
        }
    }
}
