//! Figures as columns: a name and a function, so that each figure exists in one place.

use crate::results::StudyResult;
use crate::stats::{Interval, Students};

/// What a figure's interval depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing in particular.
    Plain,
    /// Waiting: without a limit to converge to where the service's queues grow.
    Latency,
    /// Mean waiting: the same, and its variance may be infinite.
    MeanLatency,
}

/// A named figure of `S`; `None` means not applicable, never 0.
#[derive(Clone, Copy, Debug)]
pub struct Column<S> {
    /// The name of the column.
    pub name: &'static str,
    /// How the figure is read off.
    pub figure: fn(&S) -> Option<f64>,
    /// What its interval depends on.
    pub kind: Kind,
}

impl<S> Column<S> {
    /// Names a figure.
    pub const fn new(name: &'static str, figure: fn(&S) -> Option<f64>) -> Self {
        Self { name, figure, kind: Kind::Plain }
    }

    /// Names a figure of waiting.
    pub const fn latency(name: &'static str, figure: fn(&S) -> Option<f64>) -> Self {
        Self { name, figure, kind: Kind::Latency }
    }
}

/// Aggregates samples, one a replication, column by column.
#[derive(Debug)]
pub struct Aggregator {
    students: Students,
    values: Vec<f64>,
}

impl Aggregator {
    /// Prepares for the replications of a study.
    pub fn new(result: &StudyResult) -> Self {
        let replications = result.runs.len();
        Self { students: Students::up_to(replications), values: Vec::with_capacity(replications) }
    }

    /// Returns the mean of a column over the replications that have a value, with its interval;
    /// `None` if none has.
    pub fn column<S>(&mut self, column: &Column<S>, samples: &[S]) -> Option<Interval> {
        self.values.clear();
        self.values.extend(samples.iter().filter_map(column.figure));
        self.students.interval(&self.values)
    }

    /// Returns all columns, aggregated.
    pub fn all<S>(&mut self, columns: &[Column<S>], samples: &[S]) -> Vec<Option<Interval>> {
        columns.iter().map(|column| self.column(column, samples)).collect()
    }
}

/// Returns `part` / `whole`; `None` where the quotient is no number.
pub(super) fn quotient(part: f64, whole: f64) -> Option<f64> {
    let value = part / whole;
    value.is_finite().then_some(value)
}
