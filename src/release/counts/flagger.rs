//! How Flagger shifts traffic to a canary, and how long that takes.
//!
//! Source: fluxcd/flagger 15bd6ad5, docs/gitbook/usage/deployment-strategies.md for the times,
//! pkg/controller/scheduler.go for the weights.

use crate::time::SimDuration;

/// All of the traffic, in per cent.
pub const TOTAL_WEIGHT: u32 = 100;

/// By which weights the traffic moves to the canary, in per cent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepWeights {
    /// By equal steps up to a largest weight.
    Even {
        /// The first weight, and by how much it grows.
        step: u32,
        /// From which weight on the canary is promoted.
        max: u32,
    },
    /// One after the other, as listed in ascending order.
    Listed(Vec<u32>),
}

impl StepWeights {
    /// Returns from which weight on the canary is promoted (`maxWeight`).
    pub fn max_weight(&self) -> u32 {
        match self {
            Self::Even { max: 0, .. } => TOTAL_WEIGHT,
            Self::Even { max, .. } => *max,
            Self::Listed(weights) => weights.last().map_or(TOTAL_WEIGHT, |&last| last.min(TOTAL_WEIGHT)),
        }
    }

    /// Returns the weight that follows a successful check at `weight`; `None` where the canary is promoted
    /// instead (`runCanary`, `nextStepWeight`).
    ///
    /// ```
    /// # use peakday::release::counts::flagger::StepWeights;
    /// let steps = StepWeights::Even { step: 20, max: 50 };
    /// let weights: Vec<u32> = std::iter::successors(steps.next(0), |&weight| steps.next(weight)).collect();
    /// assert_eq!(weights, [20, 40, 60]);
    /// ```
    pub fn next(&self, weight: u32) -> Option<u32> {
        if weight >= self.max_weight() {
            return None;
        }
        let next = match self {
            Self::Even { step, .. } => weight.saturating_add(*step),
            // A weight that is not in the list leads to all of the traffic.
            Self::Listed(weights) if weight > 0 => {
                let at = weights.iter().position(|&listed| listed == weight);
                at.and_then(|at| weights.get(at + 1)).copied().unwrap_or(TOTAL_WEIGHT)
            }
            Self::Listed(weights) => weights.first().copied().unwrap_or(TOTAL_WEIGHT),
        };
        // A step of nothing would never end.
        Some(next.min(TOTAL_WEIGHT)).filter(|&next| next > weight)
    }
}

/// Returns the shortest time until a canary is promoted: interval x (largest weight / step); `None` for
/// steps of nothing.
pub fn min_time_to_promote(interval: SimDuration, max_weight: u32, step_weight: u32) -> Option<SimDuration> {
    let nanos = u128::from(interval.as_nanos()) * u128::from(max_weight);
    nanos.checked_div(step_weight.into()).map(saturated)
}

/// Returns the shortest time until a version under A/B or blue-green tests is promoted: interval x
/// iterations.
pub fn min_time_of_iterations(interval: SimDuration, iterations: u32) -> SimDuration {
    saturated(u128::from(interval.as_nanos()) * u128::from(iterations))
}

/// Returns the time until a canary whose checks all fail is rolled back: interval x threshold.
pub fn time_to_rollback(interval: SimDuration, threshold: u32) -> SimDuration {
    min_time_of_iterations(interval, threshold)
}

fn saturated(nanos: u128) -> SimDuration {
    SimDuration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `testServicePromotion` (pkg/controller/scheduler_svc_test.go), in weights of the canary, and the two
    /// examples of the document.
    #[test]
    fn weights_follow_one_another_as_in_flagger() {
        let listed = |weights: &[u32]| StepWeights::Listed(weights.to_vec());
        let rows = [
            (StepWeights::Even { step: 20, max: 50 }, vec![20, 40, 60]),
            (StepWeights::Even { step: 50, max: 100 }, vec![50, 100]),
            (StepWeights::Even { step: 50, max: 0 }, vec![50, 100]),
            (StepWeights::Even { step: 30, max: 100 }, vec![30, 60, 90, 100]),
            (StepWeights::Even { step: 0, max: 50 }, vec![]),
            (listed(&[1, 2, 10, 80]), vec![1, 2, 10, 80]),
            (listed(&[1, 2, 10, 200]), vec![1, 2, 10, 100]),
            (listed(&[]), vec![100]),
        ];
        for (steps, weights) in rows {
            let got: Vec<u32> = std::iter::successors(steps.next(0), |&weight| steps.next(weight)).collect();
            assert_eq!(got, weights, "{steps:?}");
        }
        assert_eq!(listed(&[1, 2, 10]).next(5), Some(100));
    }

    #[test]
    fn times_are_those_of_the_document() {
        let minutes = |count: u64| SimDuration::from_secs(60 * count);
        assert_eq!(min_time_to_promote(minutes(1), 50, 2), Some(minutes(25)));
        assert_eq!(min_time_to_promote(minutes(1), 50, 20), Some(SimDuration::from_secs(150)));
        assert_eq!(min_time_to_promote(minutes(1), 50, 0), None);
        assert_eq!(min_time_to_promote(SimDuration::MAX, 100, 1), Some(SimDuration::MAX));
        assert_eq!(min_time_of_iterations(minutes(1), 10), minutes(10));
        assert_eq!(time_to_rollback(minutes(1), 10), minutes(10));
    }
}
