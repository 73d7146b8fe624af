//! Figures as columns: a name and a function, so that each figure exists in one place.

use crate::results::{ServicePlan, StudyResult};
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

impl Kind {
    /// Tells whether a figure of a service has an interval.
    pub(super) fn is_bounded(self, service: &ServicePlan) -> bool {
        match self {
            Self::Plain => true,
            Self::Latency => !service.growing,
            Self::MeanLatency => !service.growing && service.no_mean_interval.is_none(),
        }
    }
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

    /// Returns the mean of one value a replication, with its interval; `None` where any is missing.
    pub(super) fn complete(&mut self, values: impl Iterator<Item = Option<f64>>) -> Option<Interval> {
        self.values.clear();
        for value in values {
            self.values.push(value?);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aggregates_leave_out_what_does_not_apply() {
        let study = crate::results::example::study();
        let column: Column<Option<f64>> = Column::new("value", |value| *value);
        let table = [
            (vec![Some(1.0), Some(2.0), Some(3.0)], Some(2.0), true),
            (vec![Some(1.0), None, Some(3.0)], Some(2.0), true),
            (vec![None, None, Some(3.0)], Some(3.0), false),
            (vec![None, None, None], None, false),
            (vec![Some(0.0), Some(0.0), Some(0.0)], Some(0.0), true),
        ];
        for (values, mean, bounded) in table {
            let found = Aggregator::new(&study).column(&column, &values);
            assert_eq!(found.map(|figure| figure.mean), mean, "{values:?}");
            assert_eq!(found.is_some_and(|figure| figure.lo.is_some()), bounded, "{values:?}");
        }
    }

    #[test]
    fn a_quotient_is_a_number_or_nothing() {
        let table = [(1.0, 4.0, Some(0.25)), (0.0, 4.0, Some(0.0)), (1.0, 0.0, None), (0.0, 0.0, None)];
        for (part, whole, expected) in table {
            assert_eq!(quotient(part, whole), expected, "{part} / {whole}");
        }
    }
}
