//! Step scaling of AWS: the further a metric is beyond its threshold, the larger the step.
//!
//! Source: Amazon EC2 Auto Scaling User Guide, "Step and simple scaling policies"
//! (awsdocs/amazon-ec2-auto-scaling-user-guide, doc_source/as-scaling-simple-step.md).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::activity::Activities;
use super::signal::{self, Level, Signal, Wrong, check_length, check_percentile, compared, wrong};
use super::{Advice, Limit, PolicySpec, PoolFacts, ScalingPolicy, Seen, Want};
use crate::time::{SimDuration, SimTime};

/// Adds or removes servers in steps that depend on how far a metric is beyond a threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StepScaling {
    /// What is watched.
    pub metric: Signal,
    /// Which latency, where `metric` is that.
    #[serde(default = "ninety_nine")]
    pub percentile: f64,
    /// From here on up servers are added, from here on down removed.
    pub threshold: Level,
    /// Steps at and above the threshold; none where left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scale_out: Vec<StepAdjustment>,
    /// Steps at and below the threshold; none where left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scale_in: Vec<StepAdjustment>,
    /// What the adjustments mean.
    #[serde(default)]
    pub adjustment_type: AdjustmentType,
    /// No fewer servers at once where adjustments are percentages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_adjustment_magnitude: Option<u32>,
    /// Between two datapoints.
    #[serde(default = "minute")]
    pub period: SimDuration,
    /// So many datapoints in a row beyond the threshold.
    #[serde(default = "one")]
    pub evaluation_periods: u32,
    /// How long a server is in service before it counts.
    #[serde(default = "five_minutes")]
    pub warmup: SimDuration,
    /// After servers were added, more are reckoned from what was there before; after servers were removed,
    /// none are removed. For so long.
    #[serde(default)]
    pub cooldown: SimDuration,
    /// The pipeline through which it is seen; `metricsServer` for CPU, `prometheus` for the others where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// What is done in a band of the metric.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StepAdjustment {
    /// Where the band begins, relative to the threshold; without bound where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower: Option<Level>,
    /// Where the band ends, relative to the threshold; without bound where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper: Option<Level>,
    /// Servers, or per cent of them.
    pub adjustment: f64,
}

/// What an adjustment means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AdjustmentType {
    /// So many servers more.
    #[default]
    ChangeInCapacity,
    /// So many servers.
    ExactCapacity,
    /// So many per cent more.
    PercentChangeInCapacity,
}

/// On which side of the threshold a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// At or above it: a band's lower bound belongs to it.
    Above,
    /// At or below it: a band's upper bound belongs to it.
    Below,
}

fn ninety_nine() -> f64 {
    99.0
}

fn one() -> u32 {
    1
}

fn minute() -> SimDuration {
    SimDuration::from_secs(60)
}

fn five_minutes() -> SimDuration {
    SimDuration::from_secs(300)
}

impl Default for StepScaling {
    /// Returns the example of the user guide.
    fn default() -> Self {
        let step = |lower: Option<f64>, upper: Option<f64>, adjustment| StepAdjustment {
            lower: lower.map(Level::Percent),
            upper: upper.map(Level::Percent),
            adjustment,
        };
        Self {
            metric: Signal::CpuUtilization,
            percentile: ninety_nine(),
            threshold: Level::Percent(50.0),
            scale_out: vec![
                step(Some(0.0), Some(10.0), 0.0),
                step(Some(10.0), Some(20.0), 10.0),
                step(Some(20.0), None, 30.0),
            ],
            scale_in: vec![
                step(Some(-10.0), Some(0.0), 0.0),
                step(Some(-20.0), Some(-10.0), -10.0),
                step(None, Some(-20.0), -30.0),
            ],
            adjustment_type: AdjustmentType::PercentChangeInCapacity,
            min_adjustment_magnitude: None,
            period: minute(),
            evaluation_periods: 1,
            warmup: five_minutes(),
            cooldown: SimDuration::ZERO,
            from: None,
        }
    }
}

impl PolicySpec for StepScaling {
    fn period(&self) -> SimDuration {
        self.period
    }

    fn wants(&self) -> Vec<Want> {
        let default = match self.metric {
            Signal::CpuUtilization => signal::metrics_server,
            _ => signal::prometheus,
        };
        vec![self.metric.want(self.percentile, &self.from.clone().unwrap_or_else(default))]
    }

    fn build(&self, _pool: &PoolFacts) -> Box<dyn ScalingPolicy> {
        let activities = Activities::new(self.warmup, self.cooldown, self.cooldown);
        Box::new(Steps {
            threshold: self.threshold.value(),
            scale_out: self.scale_out.iter().map(Band::from).collect(),
            scale_in: self.scale_in.iter().map(Band::from).collect(),
            spec: self.clone(),
            activities,
            above: 0,
            below: 0,
        })
    }

    fn problems(&self) -> Vec<Wrong> {
        let mut found: Vec<Wrong> = Vec::new();
        found.extend(self.threshold.check("threshold", self.metric.unit(), self.metric.label()));
        found.extend(check_percentile("percentile", self.percentile));
        found.extend(check_length("period", self.period, "1m"));
        if self.evaluation_periods == 0 {
            found.push(wrong(
                "evaluationPeriods",
                "no datapoint alarms nobody",
                "write for example evaluationPeriods: 3",
            ));
        }
        if self.scale_out.is_empty() && self.scale_in.is_empty() {
            let remedy = "write for example scaleOut: [{lower: 0, adjustment: 2}]";
            found.push(wrong("scaleOut", "there is no step", remedy));
        }
        if self.min_adjustment_magnitude.is_some()
            && self.adjustment_type != AdjustmentType::PercentChangeInCapacity
        {
            let message = "a least number of servers is for PercentChangeInCapacity only";
            found.push(wrong("minAdjustmentMagnitude", message, "remove it, or change adjustmentType"));
        }
        found.extend(self.step_problems("scaleOut", &self.scale_out, Side::Above));
        found.extend(self.step_problems("scaleIn", &self.scale_in, Side::Below));
        found
    }
}

impl StepScaling {
    /// Says what is wrong with the steps of a side: AWS wants neither gap nor overlap, one open end, and the
    /// bounds on the side of the threshold.
    fn step_problems(&self, key: &str, steps: &[StepAdjustment], side: Side) -> Vec<Wrong> {
        let mut found: Vec<Wrong> = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            for (name, bound) in [("lower", step.lower), ("upper", step.upper)] {
                if let Some(bound) = bound.filter(|bound| !bound.fits(self.metric.unit())) {
                    let message = format!("{bound} is no difference of {}", self.metric.label());
                    let remedy = format!("write for example {name}: {}", self.metric.unit().example());
                    found.push(wrong(format!("{key}[{index}].{name}"), message, remedy));
                }
            }
            let wanted = match (self.adjustment_type, side) {
                (AdjustmentType::ExactCapacity, _) => step.adjustment >= 0.0,
                (_, Side::Above) => step.adjustment >= 0.0,
                (_, Side::Below) => step.adjustment <= 0.0,
            };
            if !wanted || !step.adjustment.is_finite() {
                let message = format!("{} goes the wrong way", step.adjustment);
                let remedy = "write what to add in scaleOut, below 0 what to remove in scaleIn";
                found.push(wrong(format!("{key}[{index}].adjustment"), message, remedy));
            }
        }
        let mut bands: Vec<Band> = steps.iter().map(Band::from).collect();
        bands.sort_by(|a, b| a.lower.total_cmp(&b.lower));
        let joined = bands.windows(2).all(|pair| pair[0].upper == pair[1].lower);
        let ends = match (bands.first(), bands.last(), side) {
            (Some(first), Some(last), Side::Above) => first.lower == 0.0 && last.upper == f64::INFINITY,
            (Some(first), Some(last), Side::Below) => first.lower == f64::NEG_INFINITY && last.upper == 0.0,
            _ => true,
        };
        if !joined || !ends || bands.iter().any(|band| band.lower >= band.upper) {
            let remedy = match side {
                Side::Above => {
                    "begin at lower: 0, let each step begin where one ends, leave out the last upper"
                }
                Side::Below => {
                    "leave out the first lower, let each step begin where one ends, end at upper: 0"
                }
            };
            found.push(wrong(key, "the steps leave a gap, overlap, or have no open end", remedy));
        }
        found
    }
}

/// A step with its bounds as numbers, relative to the threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// Where it begins.
    pub lower: f64,
    /// Where it ends.
    pub upper: f64,
    /// Servers, or per cent of them.
    pub adjustment: f64,
}

impl From<&StepAdjustment> for Band {
    fn from(step: &StepAdjustment) -> Self {
        let bound = |bound: Option<Level>, open| bound.map_or(open, Level::value);
        Self {
            lower: bound(step.lower, f64::NEG_INFINITY),
            upper: bound(step.upper, f64::INFINITY),
            adjustment: step.adjustment,
        }
    }
}

/// Returns the adjustment of the step that a metric is in, by its distance from the threshold.
///
/// "If the metric value is above the breach threshold, the lower bound is inclusive and the upper bound is
/// exclusive. If the metric value is below the breach threshold, the lower bound is exclusive and the upper bound
/// is inclusive" (user guide).
pub fn adjustment(steps: &[Band], distance: f64, side: Side) -> Option<f64> {
    // Differences of decimal fractions miss their bounds in the last digits: 0.6 - 0.5 is below 0.1.
    let slack = 1e-9 * distance.abs().max(1e-3);
    let inside = |band: &&Band| match side {
        Side::Above => band.lower <= distance + slack && distance + slack < band.upper,
        Side::Below => band.lower < distance - slack && distance - slack <= band.upper,
    };
    steps.iter().find(inside).map(|band| band.adjustment)
}

/// Rounds a change of capacity: towards zero beyond one, away from zero within (12.7 is 12, 0.67 is 1,
/// -0.58 is -1, -6.67 is -6; user guide).
pub fn rounded(change: f64) -> i64 {
    let near = (change + 0.5).floor();
    // What is whole but for the last digits is whole.
    let change = if (change - near).abs() <= 1e-9 * near.abs().max(1.0) { near } else { change };
    if change != 0.0 && change.abs() < 1.0 { change.signum() as i64 } else { change as i64 }
}

/// Returns the capacity after an adjustment.
///
/// `least` is `MinAdjustmentMagnitude`, for percentages: the least number of servers, in the direction of
/// the adjustment.
pub fn adjusted(kind: AdjustmentType, capacity: u32, adjustment: f64, least: Option<u32>) -> u32 {
    let capacity = i64::from(capacity);
    let after = match kind {
        AdjustmentType::ExactCapacity => rounded(adjustment),
        AdjustmentType::ChangeInCapacity => capacity.saturating_add(rounded(adjustment)),
        AdjustmentType::PercentChangeInCapacity => {
            let change = rounded(capacity as f64 * adjustment / 100.0);
            let least = i64::from(least.unwrap_or(0));
            let change = match adjustment {
                up if up > 0.0 => change.max(least),
                down if down < 0.0 => change.min(-least),
                _ => 0,
            };
            capacity.saturating_add(change)
        }
    };
    after.clamp(0, i64::from(u32::MAX)) as u32
}

/// The state of one run.
#[derive(Debug)]
struct Steps {
    spec: StepScaling,
    threshold: f64,
    scale_out: Vec<Band>,
    scale_in: Vec<Band>,
    activities: Activities,
    /// Datapoints in a row at or above the threshold, and at or below it.
    above: u32,
    below: u32,
}

impl ScalingPolicy for Steps {
    fn desired_replicas(&mut self, seen: &Seen<'_>) -> Advice {
        let metric = self.spec.metric;
        let Some(value) = metric.read(seen, 0) else {
            (self.above, self.below) = (0, 0);
            let signal = format!("{}: no data", metric.label());
            return Advice { signal, limited_by: Some(Limit::NoMetric), ..Advice::default() };
        };
        let signal = compared(metric.label(), value, self.threshold, metric.unit());
        self.above = if value >= self.threshold { self.above.saturating_add(1) } else { 0 };
        self.below = if value <= self.threshold { self.below.saturating_add(1) } else { 0 };
        let enough = self.spec.evaluation_periods;
        let distance = value - self.threshold;
        let change = |steps, side, capacity| {
            let change = adjustment(steps, distance, side)?;
            let least = self.spec.min_adjustment_magnitude;
            Some(adjusted(self.spec.adjustment_type, capacity, change, least))
        };
        let out = change(&self.scale_out, Side::Above, self.activities.out_capacity(seen));
        let into = change(&self.scale_in, Side::Below, Activities::in_capacity(seen));
        let (raw, (replicas, limited_by)) = match (out, into) {
            (Some(out), _) if self.above >= enough => (Some(out), self.activities.scale_out(seen, out)),
            (_, Some(into)) if self.below >= enough => (Some(into), self.activities.scale_in(seen, into)),
            // Breached, but not for long enough.
            (Some(_), _) if self.above > 0 => (out, (seen.replicas, Some(Limit::Stabilization))),
            (_, Some(_)) if self.below > 0 => (into, (seen.replicas, Some(Limit::Stabilization))),
            _ => (None, (seen.replicas, None)),
        };
        Advice { replicas: Some(replicas), raw, signal, limited_by }
    }

    fn on_scaled(&mut self, now: SimTime, before: u32, after: u32) {
        self.activities.on_scaled(now, before, after);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Pool, advise};
    use super::*;

    /// The table of the user guide.
    #[test]
    fn changes_are_rounded_as_documented() {
        for (change, expected) in [
            (12.7, 12),
            (0.67, 1),
            (-0.58, -1),
            (-6.67, -6),
            (0.0, 0),
            (1.0, 1),
            (-1.0, -1),
            (0.999_999, 1),
            (2.999_999_999_999_9, 3),
        ] {
            assert_eq!(rounded(change), expected, "{change}");
        }
    }

    /// The examples of the user guide, and what a least number means downwards.
    #[test]
    fn capacities_are_adjusted_as_documented() {
        use AdjustmentType::{ChangeInCapacity, ExactCapacity, PercentChangeInCapacity};
        for (kind, capacity, change, least, expected) in [
            (ChangeInCapacity, 3, 5.0, None, 8),
            (ChangeInCapacity, 3, -5.0, None, 0),
            (ExactCapacity, 3, 5.0, None, 5),
            (PercentChangeInCapacity, 10, 10.0, None, 11),
            (PercentChangeInCapacity, 4, 25.0, Some(2), 6),
            (PercentChangeInCapacity, 4, -25.0, Some(2), 2),
            (PercentChangeInCapacity, 4, 0.0, Some(2), 4),
            (PercentChangeInCapacity, 11, 30.0, None, 14),
            (PercentChangeInCapacity, 14, -10.0, None, 13),
            (PercentChangeInCapacity, 13, -30.0, None, 10),
            (PercentChangeInCapacity, 100, 7.0, None, 107),
        ] {
            assert_eq!(adjusted(kind, capacity, change, least), expected, "{kind:?} {capacity} {change}");
        }
    }

    /// The bounds of the user guide, at their values.
    #[test]
    fn bounds_belong_to_the_band_that_is_further_out() {
        let StepScaling { scale_out, scale_in, .. } = StepScaling::default();
        let bands = |steps: &[StepAdjustment]| steps.iter().map(Band::from).collect::<Vec<_>>();
        for (metric, side, expected) in [
            (0.5, Side::Above, Some(0.0)),
            (0.599, Side::Above, Some(0.0)),
            (0.6, Side::Above, Some(10.0)),
            (0.699, Side::Above, Some(10.0)),
            (0.7, Side::Above, Some(30.0)),
            (9.0, Side::Above, Some(30.0)),
            (0.49, Side::Above, None),
            (0.401, Side::Below, Some(0.0)),
            (0.4, Side::Below, Some(-10.0)),
            (0.301, Side::Below, Some(-10.0)),
            (0.3, Side::Below, Some(-30.0)),
            (0.0, Side::Below, Some(-30.0)),
        ] {
            let steps = if side == Side::Above { bands(&scale_out) } else { bands(&scale_in) };
            assert_eq!(adjustment(&steps, metric - 0.5, side), expected, "{metric}");
        }
    }

    /// The story of the user guide: 10 servers at 60, 62 and 70 while one warms up; then 40 and 30.
    #[test]
    fn the_example_of_the_user_guide() {
        let mut policy = StepScaling::default().build(&PoolFacts::default());
        let mut pool = Pool::of(10);
        assert_eq!(advise(&mut *policy, &pool, 60, &[Some(0.6)]).replicas, Some(11));
        pool.order(1, 60);
        let advice = advise(&mut *policy, &pool, 120, &[Some(0.62)]);
        assert_eq!(
            (advice.replicas, advice.raw, advice.limited_by),
            (Some(11), Some(11), Some(Limit::Warmup))
        );
        // 30 per cent of 10, of which one is on its way.
        assert_eq!(advise(&mut *policy, &pool, 180, &[Some(0.7)]).replicas, Some(13));
        pool.ready(180);
        // Warm after five minutes: 30 per cent of 11.
        assert_eq!(advise(&mut *policy, &pool, 479, &[Some(0.7)]).replicas, Some(13));
        assert_eq!(advise(&mut *policy, &pool, 480, &[Some(0.7)]).replicas, Some(14));
        pool.order(3, 480);
        let advice = advise(&mut *policy, &pool, 540, &[Some(0.4)]);
        assert_eq!(
            (advice.replicas, advice.raw, advice.limited_by),
            (Some(14), Some(13), Some(Limit::Warmup))
        );
        pool.ready(540);
        assert_eq!(advise(&mut *policy, &pool, 900, &[Some(0.4)]).replicas, Some(13));
        let pool = Pool::of(13);
        let advice = advise(&mut *policy, &pool, 960, &[Some(0.3)]);
        assert_eq!((advice.replicas, advice.signal.as_str()), (Some(10), "cpu 30 % of 50 %"));
    }

    #[test]
    fn breaches_must_last_and_missing_data_end_them() {
        let spec = StepScaling { evaluation_periods: 2, ..StepScaling::default() };
        let mut policy = spec.build(&PoolFacts::default());
        let pool = Pool::of(10);
        for (value, replicas, limit) in [
            (Some(0.7), Some(10), Some(Limit::Stabilization)),
            (None, None, Some(Limit::NoMetric)),
            (Some(0.7), Some(10), Some(Limit::Stabilization)),
            (Some(0.6), Some(11), None),
            (Some(0.55), Some(10), None),
        ] {
            let advice = advise(&mut *policy, &pool, 60, &[value]);
            assert_eq!((advice.replicas, advice.limited_by), (replicas, limit), "{value:?}");
        }
    }

    #[test]
    fn steps_with_gaps_and_wrong_ways_are_told() {
        assert_eq!(StepScaling::default().problems(), Vec::new());
        let step = |lower, upper, adjustment| StepAdjustment { lower, upper, adjustment };
        let gap = vec![step(Some(Level::Percent(5.0)), None, 2.0)];
        let wrong_way = vec![step(Some(Level::Number(0.0)), None, -2.0)];
        let unit = vec![step(Some(Level::PerSecond(0.0)), None, 2.0)];
        for (scale_out, path) in
            [(gap, "scaleOut"), (wrong_way, "scaleOut[0].adjustment"), (unit, "scaleOut[0].lower")]
        {
            let problems = StepScaling { scale_out, ..StepScaling::default() }.problems();
            assert_eq!(problems.iter().map(|p| p.0.as_str()).collect::<Vec<_>>(), [path]);
        }
    }
}
