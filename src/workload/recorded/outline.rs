//! What a file is expected to bring, bin by bin: a rate over time instead of arrivals.

use std::collections::BTreeMap;
use std::io::Read;

use super::input::Records;
use super::rows::Rows;
use super::{BILLION, Form, RecordedSpec, Survey, TraceError};
use crate::ids::ClassId;
use crate::time::{SimDuration, SimTime};
use crate::workload::{Profile, Segment};

/// One class's expected rate over time, constant within a bin.
#[derive(Clone, Debug)]
pub struct ClassOutline {
    /// The class; `None` where the source's mix decides.
    pub class: Option<ClassId>,
    /// Arrivals per second.
    pub arrivals: Profile,
    /// Their mean size.
    pub mean_size: f64,
}

/// Arrivals by bin, and the sum of all sizes.
#[derive(Clone, Debug)]
struct Bins {
    arrivals: Vec<f64>,
    sizes: f64,
}

impl RecordedSpec {
    /// Reads a surveyed file again, and returns what it is expected to bring between the run's start
    /// and `horizon`, per class and in bins of this length; `factor` multiplies `scale`.
    ///
    /// # Errors
    /// Why the file cannot be read; after a survey only because it was changed or its disk fails.
    pub fn outline(
        &self,
        survey: &Survey,
        input: Box<dyn Read + Send>,
        horizon: SimDuration,
        bin: SimDuration,
        factor: f64,
    ) -> Result<Vec<ClassOutline>, TraceError> {
        let (end, bin) = (horizon.as_nanos(), bin.as_nanos().max(1));
        let count = usize::try_from(end.div_ceil(bin)).unwrap_or(usize::MAX);
        let mut rows = Rows::open(self, Records::open(input, false)?, None, survey.names.clone())?;
        let mut classes: BTreeMap<Option<ClassId>, Bins> = BTreeMap::new();
        let length = self.form().interval();
        while let Some(row) = rows.next_row()? {
            if !survey.placed.holds(row.at) {
                continue;
            }
            let recorded = match self.form() {
                Form::Instants | Form::Counts(_) => row.amount as f64,
                Form::Rates(interval) => row.amount as f64 * (interval as f64 / self.per() as f64),
            };
            let arrivals = recorded / BILLION as f64 * self.scale() * factor;
            let (from, to) = survey.placed.interval(row.at, length);
            let bins =
                classes.entry(row.class).or_insert_with(|| Bins { arrivals: vec![0.0; count], sizes: 0.0 });
            let placed = spread(&mut bins.arrivals, from, to, end, bin, arrivals);
            bins.sizes += placed * (row.size.as_micros() as f64 / 1e6);
        }
        Ok(classes.into_iter().map(|(class, bins)| bins.outline(class, horizon, bin)).collect())
    }
}

/// Spreads arrivals evenly over `[from, to)`, an instant into its bin, and returns how many lie
/// within the run.
fn spread(bins: &mut [f64], from: i64, to: i64, end: u64, bin: u64, arrivals: f64) -> f64 {
    let (end, bin) = (i128::from(end), i128::from(bin));
    let (from, to) = (i128::from(from), i128::from(to));
    if from >= to {
        let within = (0..end).contains(&from);
        if within {
            bins[(from / bin) as usize] += arrivals;
        }
        return if within { arrivals } else { 0.0 };
    }
    let (mut at, last, mut placed) = (from.max(0), to.min(end), 0.0);
    while at < last {
        let index = at / bin;
        let next = ((index + 1) * bin).min(last);
        let part = arrivals * ((next - at) as f64 / (to - from) as f64);
        bins[index as usize] += part;
        placed += part;
        at = next;
    }
    placed
}

impl Bins {
    fn outline(self, class: Option<ClassId>, horizon: SimDuration, bin: u64) -> ClassOutline {
        let total: f64 = self.arrivals.iter().sum();
        let segment = |(index, arrivals): (usize, f64)| {
            let from = index as u64 * bin;
            let to = from.saturating_add(bin).min(horizon.as_nanos());
            let rate = arrivals / SimDuration::from_nanos(to - from).as_secs_f64();
            Segment::constant(SimTime::from_nanos(from), SimTime::from_nanos(to), rate)
        };
        let segments = self.arrivals.into_iter().enumerate().map(segment);
        let mean_size = if total > 0.0 { self.sizes / total } else { 0.0 };
        ClassOutline { class, arrivals: Profile::new(segments, horizon), mean_size }
    }
}

#[cfg(test)]
mod tests;
