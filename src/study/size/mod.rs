//! Sizing: the hardest value, or the cheapest values, at which every objective is proven to hold.
//!
//! | file | holds |
//! |---|---|
//! | `line.rs` | one path: bisection |
//! | `monotone.rs` | whether what should be easier is |
//! | `stairs.rs` | several paths: the least cost |
//! | `grid.rs` | the values of a path |
//! | `judge.rs` | a candidate's days, and what they say |
//! | `question.rs` | what is asked, from beginning to end |
//!
//! The search sees places on paths and [`Candidate`]s alone: it runs on paper tables in tests. Why its answer is
//! wrong with a chance of 5 % at most is told in MODEL.md.

mod grid;
mod judge;
mod line;
mod monotone;
mod question;
mod stairs;

use std::collections::BTreeMap;

use crate::results::Verdict;
use crate::results::experiment::{Answer, Candidate};

pub use grid::Range;
pub use judge::{Stopped, days_needed};
pub use line::{Start, along};
pub use monotone::crossed_days;
pub use question::{Asked, Question};
pub use stairs::cheapest;

/// Candidates that were looked at, and what looks at more.
#[derive(Debug)]
pub struct Search<F> {
    evaluate: F,
    /// Shares of days that are demanded, objective by objective.
    demanded: Vec<f64>,
    known: BTreeMap<Vec<usize>, Candidate>,
}

impl<E, F: FnMut(&[usize]) -> Result<Candidate, E>> Search<F> {
    /// Creates a search that knows nothing yet. A candidate is named by the places of its values on the paths.
    pub fn new(demanded: Vec<f64>, evaluate: F) -> Self {
        Self { evaluate, demanded, known: BTreeMap::new() }
    }

    /// Returns everything that was looked at, in the order of places; also where the search was broken off.
    pub fn into_candidates(self) -> Vec<Candidate> {
        self.known.into_values().collect()
    }

    /// Returns a candidate, which is looked at once.
    fn at(&mut self, at: &[usize]) -> Result<&Candidate, E> {
        if !self.known.contains_key(at) {
            let candidate = (self.evaluate)(at)?;
            self.known.insert(at.to_vec(), candidate);
        }
        Ok(&self.known[at])
    }

    fn verdict(&mut self, at: &[usize]) -> Result<Verdict, E> {
        self.at(at).map(Candidate::verdict)
    }
}

#[cfg(test)]
mod tests;
