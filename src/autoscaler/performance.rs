//! Performance: add servers while they are busy or slow, remove some while they are idle and fast.
//!
//! A band for the CPU and one for a latency, each with hysteresis. Servers that start are no part of the means,
//! since they serve nothing; the cooldown is what lets them arrive before the next step.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::signal::{self, Level, Signal, Step, Wrong, check_length, check_percentile, shown, wrong};
use super::{Advice, Limit, PolicySpec, PoolFacts, ScalingPolicy, Seen, Want};
use crate::time::{SimDuration, SimTime};
use crate::units::Ratio;

/// Adds or removes a step of servers when CPU or latency leave their bands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Performance {
    /// The band of the pool's mean CPU utilisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_utilization: Option<CpuBand>,
    /// The band of the service's latency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<LatencyBand>,
    /// How many servers are added or removed at once: a number or a share.
    #[serde(default = "one_server")]
    pub step: Step,
    /// For so long a band must be left before something is done.
    #[serde(default = "three_minutes", rename = "for")]
    pub lasting: SimDuration,
    /// After a change nothing is done for so long.
    #[serde(default = "five_minutes")]
    pub cooldown: SimDuration,
    /// Between two looks.
    #[serde(default = "minute")]
    pub period: SimDuration,
    /// The pipeline through which the latency is seen, and the CPU where nothing else is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// A band of CPU utilisation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CpuBand {
    /// Above this servers are added.
    pub above: Ratio,
    /// Below this servers are removed.
    pub below: Ratio,
}

/// A band of latency.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LatencyBand {
    /// Which latency.
    #[serde(default = "ninety_nine")]
    pub percentile: f64,
    /// Above this servers are added.
    pub above: SimDuration,
    /// Below this servers are removed.
    pub below: SimDuration,
}

fn one_server() -> Step {
    Step(Level::Number(1.0))
}

fn ninety_nine() -> f64 {
    99.0
}

fn minute() -> SimDuration {
    SimDuration::from_secs(60)
}

fn three_minutes() -> SimDuration {
    SimDuration::from_secs(180)
}

fn five_minutes() -> SimDuration {
    SimDuration::from_secs(300)
}

impl Default for Performance {
    fn default() -> Self {
        Self {
            cpu_utilization: Some(CpuBand { above: Ratio(0.7), below: Ratio(0.4) }),
            latency: None,
            step: one_server(),
            lasting: three_minutes(),
            cooldown: five_minutes(),
            period: minute(),
            from: None,
        }
    }
}

impl Performance {
    /// Returns what is watched: its name, which signal, which percentile, and the band.
    fn bands(&self) -> Vec<(&'static str, Signal, f64, (f64, f64))> {
        let cpu = self.cpu_utilization.map(|band| {
            ("cpuUtilization", Signal::CpuUtilization, ninety_nine(), (band.above.0, band.below.0))
        });
        let latency = self.latency.map(|band| {
            let limits = (band.above.as_secs_f64(), band.below.as_secs_f64());
            ("latency", Signal::Latency, band.percentile, limits)
        });
        [cpu, latency].into_iter().flatten().collect()
    }
}

impl PolicySpec for Performance {
    fn period(&self) -> SimDuration {
        self.period
    }

    fn wants(&self) -> Vec<Want> {
        let want = |(_, watched, percentile, _): (_, Signal, f64, _)| {
            let default = match watched {
                Signal::CpuUtilization => signal::metrics_server,
                _ => signal::prometheus,
            };
            watched.want(percentile, &self.from.clone().unwrap_or_else(default))
        };
        self.bands().into_iter().map(want).collect()
    }

    fn build(&self, _pool: &PoolFacts) -> Box<dyn ScalingPolicy> {
        Box::new(Watch { spec: self.clone(), out_since: None, in_since: None, quiet_until: SimTime::ZERO })
    }

    fn problems(&self) -> Vec<Wrong> {
        let mut found: Vec<Wrong> = Vec::new();
        if self.bands().is_empty() {
            let remedy = "write for example cpuUtilization: {above: 70%, below: 40%}";
            found.push(wrong("", "nothing is watched", remedy));
        }
        for (key, watched, percentile, (above, below)) in self.bands() {
            if above <= below || above <= 0.0 {
                let unit = watched.unit();
                let message =
                    format!("above, {}, is not above below, {}", shown(above, unit), shown(below, unit));
                found.push(wrong(format!("{key}.above"), message, "raise it, or lower below"));
            }
            found.extend(check_percentile(&format!("{key}.percentile"), percentile));
        }
        found.extend(self.step.check("step"));
        found.extend(check_length("period", self.period, "1m"));
        found
    }
}

/// Where a value is in its band.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// Above it.
    Above,
    /// Within, bounds included.
    Within,
    /// Below it.
    Below,
}

/// Returns where values are together: above where one is, below where all are, and within where one is unknown
/// or within.
pub fn position(values: &[(Option<f64>, f64, f64)]) -> Position {
    let is_above = |&(value, above, _): &(Option<f64>, f64, f64)| value.is_some_and(|value| value > above);
    let is_below = |&(value, _, below): &(Option<f64>, f64, f64)| value.is_some_and(|value| value < below);
    if values.iter().any(is_above) {
        Position::Above
    } else if !values.is_empty() && values.iter().all(is_below) {
        Position::Below
    } else {
        Position::Within
    }
}

/// The state of one run.
#[derive(Debug)]
struct Watch {
    spec: Performance,
    /// Since when the values are above.
    out_since: Option<SimTime>,
    /// Since when they are below.
    in_since: Option<SimTime>,
    quiet_until: SimTime,
}

impl ScalingPolicy for Watch {
    fn desired_replicas(&mut self, seen: &Seen<'_>) -> Advice {
        let mut told = Vec::new();
        let mut values = Vec::new();
        for (index, (_, watched, _, (above, below))) in self.spec.bands().into_iter().enumerate() {
            let (value, unit) = (watched.read(seen, index), watched.unit());
            told.push(match value {
                Some(value) => format!(
                    "{} {} of {}..{}",
                    watched.label(),
                    shown(value, unit),
                    shown(below, unit),
                    shown(above, unit)
                ),
                None => format!("{}: no data", watched.label()),
            });
            values.push((value, above, below));
        }
        let signal = told.join(", ");
        if values.iter().all(|(value, _, _)| value.is_none()) {
            (self.out_since, self.in_since) = (None, None);
            return Advice { signal, limited_by: Some(Limit::NoMetric), ..Advice::default() };
        }
        let step = self.spec.step.of(seen.replicas);
        let (since, wanted) = match position(&values) {
            Position::Above => {
                self.in_since = None;
                (*self.out_since.get_or_insert(seen.now), seen.replicas.saturating_add(step))
            }
            Position::Below => {
                self.out_since = None;
                (*self.in_since.get_or_insert(seen.now), seen.replicas.saturating_sub(step))
            }
            Position::Within => {
                (self.out_since, self.in_since) = (None, None);
                (seen.now, seen.replicas)
            }
        };
        let limited_by = match () {
            () if wanted == seen.replicas => None,
            () if since + self.spec.lasting > seen.now => Some(Limit::Stabilization),
            () if seen.now < self.quiet_until => Some(Limit::Cooldown),
            () => None,
        };
        let replicas = if limited_by.is_some() { seen.replicas } else { wanted };
        Advice { replicas: Some(replicas), raw: Some(wanted), signal, limited_by }
    }

    fn on_scaled(&mut self, now: SimTime, _before: u32, _after: u32) {
        self.quiet_until = now + self.spec.cooldown;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Pool, advise, at};
    use super::*;

    #[test]
    fn one_above_adds_and_all_below_remove() {
        let (busy, idle, fair) = (Some(0.8), Some(0.3), Some(0.7));
        for (values, expected) in [
            (vec![busy, idle], Position::Above),
            (vec![busy, None], Position::Above),
            (vec![idle, idle], Position::Below),
            (vec![idle, fair], Position::Within),
            (vec![idle, None], Position::Within),
            (vec![Some(0.4)], Position::Within), // a bound is within
            (vec![], Position::Within),
        ] {
            let values: Vec<_> = values.into_iter().map(|value| (value, 0.7, 0.4)).collect();
            assert_eq!(position(&values), expected, "{values:?}");
        }
    }

    #[test]
    fn a_band_must_be_left_for_long_enough() {
        let spec = Performance {
            latency: Some(LatencyBand {
                percentile: 99.0,
                above: SimDuration::from_nanos(500_000_000),
                below: SimDuration::from_nanos(200_000_000),
            }),
            step: Step(Level::Percent(20.0)),
            ..Performance::default()
        };
        assert_eq!(spec.problems(), Vec::new());
        let mut policy = spec.build(&PoolFacts::default());
        let pool = Pool::of(11);
        for (seconds, cpu, latency, expected, limit) in [
            (60, Some(0.5), Some(0.6), 11, Some(Limit::Stabilization)),
            (120, Some(0.8), Some(0.3), 11, Some(Limit::Stabilization)),
            (180, Some(0.5), Some(0.5), 11, None), // within again
            (240, Some(0.5), Some(0.6), 11, Some(Limit::Stabilization)),
            (300, Some(0.5), Some(0.6), 11, Some(Limit::Stabilization)),
            (360, None, Some(0.6), 11, Some(Limit::Stabilization)),
            (420, Some(0.5), Some(0.6), 14, None), // 2.2 more
            (480, Some(0.3), Some(0.1), 11, Some(Limit::Stabilization)),
            (660, Some(0.3), Some(0.1), 8, None),
        ] {
            let advice = advise(&mut *policy, &pool, seconds, &[cpu, latency]);
            assert_eq!((advice.replicas, advice.limited_by), (Some(expected), limit), "{seconds}");
        }
        policy.on_scaled(at(660), 11, 8);
        let advice = advise(&mut *policy, &pool, 959, &[Some(0.3), Some(0.1)]);
        assert_eq!((advice.replicas, advice.limited_by), (Some(11), Some(Limit::Cooldown)));
        let advice = advise(&mut *policy, &pool, 960, &[Some(0.3), Some(0.1)]);
        assert_eq!(
            (advice.replicas, advice.signal.as_str()),
            (Some(8), "cpu 30 % of 40 %..70 %, latency 100 ms of 200 ms..500 ms")
        );
        assert_eq!(advise(&mut *policy, &pool, 1_020, &[None, None]).limited_by, Some(Limit::NoMetric));
    }

    #[test]
    fn bands_upside_down_are_told() {
        let cpu_utilization = Some(CpuBand { above: Ratio(0.4), below: Ratio(0.4) });
        let wrong = Performance { cpu_utilization, step: Step(Level::Number(0.5)), ..Performance::default() };
        assert_eq!(wrong.problems().len(), 2);
        let nothing = Performance { cpu_utilization: None, ..Performance::default() };
        assert_eq!(nothing.problems().len(), 1);
    }
}
