//! Trend: scale on where a metric will be when servers ordered now are ready.
//!
//! The least-squares line through the last while, extended. The vocabulary is that of Slingshot's scaling policy
//! definition (Palladio-Addons-SPD-Metamodel: `SimpleFireOnTrend` with `ExpectedTrend` and its patterns), which
//! fires on a trend; the extrapolation is ours. Servers on their way count, since the metric is a total.

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::plain_hpa::Highest;
use super::signal::{self, Level, Total, Wrong, check_length, shown, wrong};
use super::{Advice, Limit, PolicySpec, PoolFacts, ScalingPolicy, Seen, Want};
use crate::time::{SimDuration, SimTime};

/// Scales on a prediction from the recent trend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Trend {
    /// What is extended, of the whole service.
    pub metric: Total,
    /// How much of it a server is for.
    pub target: Level,
    /// The line goes through the values of so long.
    #[serde(default = "five_minutes")]
    pub window: SimDuration,
    /// So far it is extended; the expected start-up of a server where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookahead: Option<SimDuration>,
    /// Acts only while the trend is this; always where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_trend: Option<Pattern>,
    /// Before servers are removed, the highest number of so long counts.
    #[serde(default = "five_minutes")]
    pub scale_down_delay: SimDuration,
    /// Between two decisions.
    #[serde(default = "fifteen_seconds")]
    pub period: SimDuration,
    /// The pipeline through which it is seen.
    #[serde(default = "signal::prometheus")]
    pub from: String,
}

/// A direction in which a metric goes (Slingshot's `TrendPattern`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Pattern {
    /// It rises.
    Increasing,
    /// It falls.
    Decreasing,
    /// It does not rise.
    NonIncreasing,
    /// It does not fall.
    NonDecreasing,
}

impl Pattern {
    /// Tells whether a slope is this.
    pub fn fits(self, slope: f64) -> bool {
        match self {
            Self::Increasing => slope > 0.0,
            Self::Decreasing => slope < 0.0,
            Self::NonIncreasing => slope <= 0.0,
            Self::NonDecreasing => slope >= 0.0,
        }
    }
}

fn five_minutes() -> SimDuration {
    SimDuration::from_secs(300)
}

fn fifteen_seconds() -> SimDuration {
    SimDuration::from_secs(15)
}

impl Default for Trend {
    fn default() -> Self {
        Self {
            metric: Total::RequestRate,
            target: Level::PerSecond(400.0),
            window: five_minutes(),
            lookahead: None,
            expected_trend: None,
            scale_down_delay: five_minutes(),
            period: fifteen_seconds(),
            from: signal::prometheus(),
        }
    }
}

impl PolicySpec for Trend {
    fn period(&self) -> SimDuration {
        self.period
    }

    fn wants(&self) -> Vec<Want> {
        vec![self.metric.want(&self.from)]
    }

    fn build(&self, pool: &PoolFacts) -> Box<dyn ScalingPolicy> {
        Box::new(Extrapolation {
            lookahead: self.lookahead.unwrap_or(pool.startup),
            highest: Highest::new(self.scale_down_delay),
            spec: self.clone(),
            points: VecDeque::new(),
        })
    }

    fn problems(&self) -> Vec<Wrong> {
        let mut found: Vec<Wrong> = Vec::new();
        found.extend(self.target.check("target", self.metric.unit(), self.metric.label()));
        found.extend(check_length("period", self.period, "15s"));
        // A line needs two points, and one through two follows every noise.
        let least = SimDuration::from_nanos(self.period.as_nanos().saturating_mul(2));
        if self.window < least {
            let message = format!(
                "a window of {} holds fewer than three values, one every {}",
                self.window, self.period
            );
            found.push(wrong("window", message, format!("write window: {least} or more")));
        }
        found
    }
}

/// A straight line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Its value at the origin of time.
    pub level: f64,
    /// Its rise per second.
    pub slope: f64,
}

impl Line {
    /// Fits a line through (seconds, value) by least squares: slope = cov(t, y) / var(t), through the means.
    ///
    /// With one point, or all at one time, it is level; `None` without points.
    pub fn through(points: &[(f64, f64)]) -> Option<Self> {
        if points.is_empty() {
            return None;
        }
        let count = points.len() as f64;
        let mean_time = points.iter().map(|&(time, _)| time).sum::<f64>() / count;
        let mean = points.iter().map(|&(_, value)| value).sum::<f64>() / count;
        let (mut both, mut times) = (0.0, 0.0);
        for &(time, value) in points {
            both += (time - mean_time) * (value - mean);
            times += (time - mean_time) * (time - mean_time);
        }
        let slope = if times > 0.0 { both / times } else { 0.0 };
        Some(Self { level: mean - slope * mean_time, slope })
    }

    /// Returns its value at a time.
    pub fn at(&self, seconds: f64) -> f64 {
        self.level + self.slope * seconds
    }
}

/// The state of one run.
#[derive(Debug)]
struct Extrapolation {
    spec: Trend,
    lookahead: SimDuration,
    points: VecDeque<(SimTime, f64)>,
    highest: Highest,
}

impl ScalingPolicy for Extrapolation {
    fn desired_replicas(&mut self, seen: &Seen<'_>) -> Advice {
        let (kind, unit) = (self.spec.metric, self.spec.metric.unit());
        while self.points.front().is_some_and(|&(at, _)| at + self.spec.window < seen.now) {
            self.points.pop_front();
        }
        let Some(value) = signal::value(seen, 0) else {
            let signal = format!("{}: no data", kind.label());
            return Advice { signal, limited_by: Some(Limit::NoMetric), ..Advice::default() };
        };
        self.points.push_back((seen.now, value));
        // Seconds from the present: exact, and the line's level is what it says of now.
        let seconds = |at: SimTime| -(seen.now - at).as_secs_f64();
        let points: Vec<(f64, f64)> = self.points.iter().map(|&(at, value)| (seconds(at), value)).collect();
        let line = Line::through(&points).unwrap_or(Line { level: value, slope: 0.0 });
        let predicted = line.at(self.lookahead.as_secs_f64()).max(0.0);
        let target = self.spec.target.value();
        let raw = signal::ceil(predicted / target);
        let (value, predicted, target) = (shown(value, unit), shown(predicted, unit), shown(target, unit));
        let signal =
            format!("{} {value}, {predicted} in {} for {target}/server", kind.label(), self.lookahead);
        if self.spec.expected_trend.is_some_and(|pattern| !pattern.fits(line.slope)) {
            return Advice { replicas: None, raw: Some(raw), signal, limited_by: Some(Limit::Disabled) };
        }
        let highest = self.highest.with(seen.now, raw);
        let replicas = if raw < seen.replicas { highest.min(seen.replicas) } else { raw };
        let limited_by = (replicas > raw).then_some(Limit::Stabilization);
        Advice { replicas: Some(replicas), raw: Some(raw), signal, limited_by }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Pool, advise};
    use super::*;

    /// By hand: t = 0, 1, 2 and y = 1, 2, 4: means 1 and 7/3, covariance 3, variance 2.
    #[test]
    fn the_line_is_that_of_least_squares() {
        let line = Line::through(&[(0.0, 1.0), (1.0, 2.0), (2.0, 4.0)]).expect("points");
        assert!((line.slope - 1.5).abs() < 1e-12 && (line.level - 5.0 / 6.0).abs() < 1e-12, "{line:?}");
        assert_eq!(Line::through(&[(3.0, 5.0)]), Some(Line { level: 5.0, slope: 0.0 }));
        assert_eq!(Line::through(&[(3.0, 5.0), (3.0, 7.0)]), Some(Line { level: 6.0, slope: 0.0 }));
        assert_eq!(Line::through(&[]), None);
    }

    /// 100/s more every 15 s; a server takes 60 s: 400/s ahead.
    #[test]
    fn servers_are_ordered_for_when_they_are_ready() {
        let facts = PoolFacts { startup: SimDuration::from_secs(60), ..PoolFacts::default() };
        let mut policy = Trend::default().build(&facts);
        let pool = Pool::of(3);
        for (seconds, rate, expected) in [
            (15, Some(1_000.0), 3),
            (30, Some(1_100.0), 4),
            (45, None, 0),
            (60, Some(1_300.0), 5),
            (75, Some(1_400.0), 5),
        ] {
            let advice = advise(&mut *policy, &pool, seconds, &[rate]);
            assert_eq!(advice.replicas.unwrap_or(0), expected, "{seconds}: {advice:?}");
        }
        let advice = advise(&mut *policy, &pool, 90, &[Some(1_500.0)]);
        assert_eq!(advice.signal, "requests 1500, 1900 in 1m for 400/server");
    }

    /// What left the window no longer counts, and what is predicted is never below nothing.
    #[test]
    fn the_window_forgets_and_falls_are_delayed() {
        let spec = Trend {
            window: SimDuration::from_secs(30),
            lookahead: Some(SimDuration::from_secs(60)),
            ..Trend::default()
        };
        let mut policy = spec.build(&PoolFacts::default());
        let pool = Pool::of(10);
        assert_eq!(advise(&mut *policy, &pool, 15, &[Some(4_000.0)]).raw, Some(10));
        let advice = advise(&mut *policy, &pool, 30, &[Some(400.0)]);
        assert_eq!(
            (advice.raw, advice.replicas, advice.limited_by),
            (Some(0), Some(10), Some(Limit::Stabilization))
        );
        advise(&mut *policy, &pool, 45, &[Some(400.0)]);
        assert_eq!(advise(&mut *policy, &pool, 60, &[Some(400.0)]).raw, Some(1));
    }

    /// Slingshot's patterns at a slope of zero.
    #[test]
    fn patterns_say_when_it_acts() {
        use Pattern::{Decreasing, Increasing, NonDecreasing, NonIncreasing};
        let fits = |pattern: Pattern| [-1.0, 0.0, 1.0].map(|slope| pattern.fits(slope));
        assert_eq!(fits(Increasing), [false, false, true]);
        assert_eq!(fits(Decreasing), [true, false, false]);
        assert_eq!(fits(NonIncreasing), [true, true, false]);
        assert_eq!(fits(NonDecreasing), [false, true, true]);
        let spec = Trend { expected_trend: Some(Increasing), ..Trend::default() };
        let advice = advise(&mut *spec.build(&PoolFacts::default()), &Pool::of(1), 15, &[Some(900.0)]);
        assert_eq!((advice.replicas, advice.raw, advice.limited_by), (None, Some(3), Some(Limit::Disabled)));
    }

    #[test]
    fn windows_that_hold_no_line_are_told() {
        assert_eq!(Trend::default().problems(), Vec::new());
        let short =
            Trend { window: SimDuration::from_secs(20), target: Level::Number(5.0), ..Trend::default() };
        assert_eq!(short.problems().iter().map(|p| p.0.as_str()).collect::<Vec<_>>(), ["target", "window"]);
    }
}
