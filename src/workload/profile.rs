//! A rate over time, piecewise linear: what every shape is compiled to.
//!
//! Knows neither shapes nor arrivals. Piecewise linear, since its cumulated rate is then piecewise
//! quadratic and can be inverted exactly, without ticks.

use crate::time::{NANOS_PER_SEC, SimDuration, SimTime};

/// A stretch over which the rate is linear.
///
/// Its end may lie past the profile's horizon: it is not cut there, so that the arrivals before
/// the horizon are the same bits whatever the horizon is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    /// Its first instant.
    pub from: SimTime,
    /// The first instant after it.
    pub to: SimTime,
    /// The rate at `from`, per second.
    pub start_rate: f64,
    /// The rate just before `to`, per second.
    pub end_rate: f64,
}

impl Segment {
    /// Creates a stretch of one rate.
    pub fn constant(from: SimTime, to: SimTime, rate: f64) -> Self {
        Self { from, to, start_rate: rate, end_rate: rate }
    }

    /// Tells whether the rate does not change within the stretch.
    #[inline]
    pub fn is_constant(&self) -> bool {
        self.start_rate == self.end_rate
    }

    /// Returns the change of the rate, per second and second.
    #[inline]
    pub(super) fn slope(&self) -> f64 {
        (self.end_rate - self.start_rate) / seconds(self.from, self.to)
    }

    /// Returns the rate at an instant of the stretch, its end included (there, the limit from the
    /// left).
    fn rate_at(&self, at: SimTime) -> f64 {
        if self.is_constant() || at == self.to {
            return self.end_rate;
        }
        self.start_rate + self.slope() * seconds(self.from, at)
    }
}

fn seconds(from: SimTime, to: SimTime) -> f64 {
    (to - from).as_nanos() as f64 / NANOS_PER_SEC as f64
}

/// A rate over [0, horizon), requests per second.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    segments: Vec<Segment>,
    horizon: SimTime,
}

impl Profile {
    /// Creates a profile from stretches in order of time, the first from t = 0, each beginning where
    /// the one before ends, the last reaching the horizon.
    ///
    /// Empty stretches and those past the horizon are left out, neighbours of one rate joined.
    pub fn new(segments: impl IntoIterator<Item = Segment>, horizon: SimDuration) -> Self {
        let horizon = SimTime::ZERO + horizon;
        let mut kept: Vec<Segment> = Vec::new();
        for segment in segments {
            if segment.from >= horizon {
                break;
            }
            debug_assert!(segment.start_rate >= 0.0 && segment.end_rate >= 0.0, "{segment:?}");
            debug_assert_eq!(segment.from, kept.last().map_or(SimTime::ZERO, |last| last.to));
            match kept.last_mut() {
                _ if segment.from == segment.to => {}
                Some(last)
                    if last.is_constant() && segment.is_constant() && last.end_rate == segment.end_rate =>
                {
                    last.to = segment.to;
                }
                _ => kept.push(segment),
            }
        }
        debug_assert!(kept.last().map_or(SimTime::ZERO, |last| last.to) >= horizon, "a profile ends early");
        Self { segments: kept, horizon }
    }

    /// Creates a profile of one rate.
    pub fn constant(rate: f64, horizon: SimDuration) -> Self {
        Self::new([Segment::constant(SimTime::ZERO, SimTime::MAX, rate)], horizon)
    }

    /// Adds profiles of one horizon, instant by instant; exact, at the breakpoints of all.
    pub fn sum(parts: &[Self], horizon: SimDuration) -> Self {
        let end = SimTime::ZERO + horizon;
        let mut at_part = vec![0; parts.len()];
        let mut from = SimTime::ZERO;
        let mut segments = Vec::new();
        while from < end {
            let current =
                || parts.iter().zip(&at_part).map(|(part, &index): (&Self, &usize)| part.segments[index]);
            let to = current().map(|segment| segment.to).min().unwrap_or(SimTime::MAX);
            let start_rate = current().map(|segment| segment.rate_at(from)).sum();
            let end_rate = current().map(|segment| segment.rate_at(to)).sum();
            segments.push(Segment { from, to, start_rate, end_rate });
            for (part, index) in parts.iter().zip(&mut at_part) {
                *index += usize::from(part.segments[*index].to == to);
            }
            from = to;
        }
        Self::new(segments, horizon)
    }

    /// Returns the stretches in order of time; the last may end past the horizon.
    #[inline]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Returns the first instant at which nothing comes any more.
    #[inline]
    pub fn horizon(&self) -> SimTime {
        self.horizon
    }

    /// Returns the rate per second; at a jump the rate after it, 0 from the horizon on.
    pub fn rate_at(&self, at: SimTime) -> f64 {
        if at >= self.horizon { 0.0 } else { self.segments[self.index_at(at)].rate_at(at) }
    }

    /// Returns the mean number of arrivals in [from, to): the exact integral of the rate, cut at the
    /// horizon.
    pub fn expected(&self, from: SimTime, to: SimTime) -> f64 {
        let to = to.min(self.horizon);
        if from >= to {
            return 0.0;
        }
        self.segments[self.index_at(from)..]
            .iter()
            .take_while(|segment| segment.from < to)
            .map(|segment| {
                let (a, b) = (from.max(segment.from), to.min(segment.to));
                0.5 * (segment.rate_at(a) + segment.rate_at(b)) * seconds(a, b)
            })
            .sum()
    }

    /// Returns the largest rate before the horizon, per second.
    pub fn peak(&self) -> f64 {
        self.busiest().1
    }

    /// Returns the first instant at which the largest rate is reached (or, just before a jump,
    /// approached), and that rate per second.
    pub fn busiest(&self) -> (SimTime, f64) {
        let ends = |segment: &Segment| {
            let end = segment.to.min(self.horizon);
            [(segment.from, segment.start_rate), (end, segment.rate_at(end))]
        };
        let larger = |best: (SimTime, f64), next: (SimTime, f64)| if next.1 > best.1 { next } else { best };
        self.segments.iter().flat_map(ends).fold((SimTime::ZERO, 0.0), larger)
    }

    /// Returns the mean rate up to the horizon, per second; 0 where that is t = 0.
    pub fn mean(&self) -> f64 {
        match self.horizon {
            SimTime::ZERO => 0.0,
            horizon => self.expected(SimTime::ZERO, horizon) / horizon.as_secs_f64(),
        }
    }

    /// Tells whether the rate never changes.
    pub fn is_constant(&self) -> bool {
        self.segments.len() <= 1 && self.segments.iter().all(Segment::is_constant)
    }

    /// Returns the profile with every rate divided by what holds at its time: `steps` say from when on, the
    /// first from t = 0, and are above 0.
    #[must_use]
    pub fn divided(&self, steps: &[(SimTime, f64)]) -> Self {
        let next = steps.iter().skip(1).map(|step| step.0).chain([self.horizon]);
        let parts = steps.iter().zip(next).flat_map(|(&(from, divisor), to)| {
            let rate = move |rate: f64| if rate > 0.0 { rate / divisor } else { 0.0 };
            let within = self.segments.iter().filter(move |segment| segment.from < to && segment.to > from);
            within.map(move |segment| {
                let (begin, end) = (segment.from.max(from), segment.to.min(to));
                Segment {
                    from: begin,
                    to: end,
                    start_rate: rate(segment.rate_at(begin)),
                    end_rate: rate(segment.rate_at(end)),
                }
            })
        });
        Self::new(parts.collect::<Vec<_>>(), self.horizon - SimTime::ZERO)
    }

    /// Returns the profile with every rate multiplied; `factor` is finite and not negative.
    ///
    /// The result may exceed the largest rate a scenario may write: that is for the caller to bound.
    #[must_use]
    pub fn scaled(mut self, factor: f64) -> Self {
        debug_assert!(factor.is_finite() && factor >= 0.0, "a profile cannot be scaled by {factor}");
        for segment in &mut self.segments {
            segment.start_rate *= factor;
            segment.end_rate *= factor;
        }
        self
    }

    /// Returns the index of the stretch that holds an instant before the horizon.
    fn index_at(&self, at: SimTime) -> usize {
        self.segments.partition_point(|segment| segment.from <= at) - 1
    }
}

#[cfg(test)]
mod tests;
