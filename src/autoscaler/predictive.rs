//! Predictive scaling: servers for the highest rate that is expected soon.
//!
//! Source: Amazon EC2 Auto Scaling User Guide, "Predictive scaling": capacity is launched ahead of the forecast
//! (`SchedulingBufferTime`, 300 s), and predictive scaling never scales in. Reads nothing: the forecast is all it
//! knows, and servers on their way count.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::signal::{self, Level, Unit, Wrong, check_length, shown, wrong};
use super::{Advice, Forecast, Limit, PolicySpec, PoolFacts, ScalingPolicy, Seen, Want};
use crate::time::{SimDuration, SimTime};
use crate::units::Rate;
use crate::workload::recorded::RecordedSpec;

/// Orders servers for a forecast.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Predictive {
    /// How many requests per second a server is for.
    pub requests_per_server: Rate,
    /// What came last time, which the forecast repeats; what the scenario's own traffic is expected to bring
    /// where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<RecordedSpec>,
    /// Servers are ordered so long before they are needed.
    #[serde(default = "five_minutes")]
    pub lead: SimDuration,
    /// How far the forecast is off: it says so much more than comes, or less where it is below 0.
    #[serde(default = "nothing")]
    pub error: Level,
    /// Whether servers are removed when fewer are expected.
    #[serde(default)]
    pub scale_in: bool,
    /// Between two decisions.
    #[serde(default = "minute")]
    pub period: SimDuration,
}

fn five_minutes() -> SimDuration {
    SimDuration::from_secs(300)
}

fn minute() -> SimDuration {
    SimDuration::from_secs(60)
}

fn nothing() -> Level {
    Level::Percent(0.0)
}

impl Default for Predictive {
    fn default() -> Self {
        Self {
            requests_per_server: Rate(400.0),
            recorded: None,
            lead: five_minutes(),
            error: nothing(),
            scale_in: false,
            period: minute(),
        }
    }
}

impl PolicySpec for Predictive {
    fn period(&self) -> SimDuration {
        self.period
    }

    fn wants(&self) -> Vec<Want> {
        Vec::new()
    }

    fn build(&self, pool: &PoolFacts) -> Box<dyn ScalingPolicy> {
        Box::new(Plan { spec: self.clone(), forecast: pool.forecast.clone() })
    }

    fn problems(&self) -> Vec<Wrong> {
        let mut found: Vec<Wrong> = Vec::new();
        if self.requests_per_server.0 <= 0.0 {
            let message = "a server for no request asks for endless servers";
            found.push(wrong("requestsPerServer", message, "write for example requestsPerServer: 400/s"));
        }
        if !self.error.fits(Unit::Share) || self.error.value() <= -1.0 {
            let message = format!("a forecast cannot be off by {}", self.error);
            found.push(wrong("error", message, "write for example error: 10% or error: -10%"));
        }
        found.extend(check_length("period", self.period, "1m"));
        found
    }

    fn needs_forecast(&self) -> bool {
        true
    }

    fn recorded(&self) -> Option<&RecordedSpec> {
        self.recorded.as_ref()
    }
}

/// Returns the highest rate that is expected between two instants, both included.
///
/// `None` where the forecast says nothing of any of it.
pub fn expected(forecast: &Forecast, from: SimTime, to: SimTime) -> Option<f64> {
    let step = forecast.step.as_nanos().max(1);
    let first = usize::try_from(from.as_nanos() / step).ok()?;
    let last = usize::try_from(to.as_nanos() / step).ok()?.min(forecast.rates.len().checked_sub(1)?);
    let ahead = forecast.rates.get(first..=last)?;
    ahead.iter().copied().filter(|rate| rate.is_finite()).reduce(f64::max)
}

/// The state of one run.
#[derive(Debug)]
struct Plan {
    spec: Predictive,
    forecast: Option<Forecast>,
}

impl ScalingPolicy for Plan {
    fn desired_replicas(&mut self, seen: &Seen<'_>) -> Advice {
        let ahead = seen.now + self.spec.lead;
        let Some(rate) = self.forecast.as_ref().and_then(|forecast| expected(forecast, seen.now, ahead))
        else {
            let signal = "no forecast".to_owned();
            return Advice { signal, limited_by: Some(Limit::NoMetric), ..Advice::default() };
        };
        let rate = rate * (1.0 + self.spec.error.value());
        let target = self.spec.requests_per_server.0;
        let wanted = signal::ceil(rate / target);
        let (rate, target) = (shown(rate, Unit::Rate), shown(target, Unit::Rate));
        let signal = format!("forecast {rate} within {} for {target}/server", self.spec.lead);
        let held = wanted < seen.replicas && !self.spec.scale_in;
        Advice {
            replicas: Some(if held { seen.replicas } else { wanted }),
            raw: Some(wanted),
            signal,
            limited_by: held.then_some(Limit::Disabled),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Pool, advise, at};
    use super::*;

    fn forecast() -> Forecast {
        Forecast { step: SimDuration::from_secs(600), rates: vec![1_000.0, 4_000.0, 2_000.0] }
    }

    /// The end of the lead counts; past the end of the forecast nothing does.
    #[test]
    fn the_highest_rate_ahead_counts() {
        for (from, to, rate) in [
            (0, 299, Some(1_000.0)),
            (299, 599, Some(1_000.0)),
            (300, 600, Some(4_000.0)),
            (1_199, 1_499, Some(4_000.0)),
            (1_200, 1_500, Some(2_000.0)),
            (1_700, 2_000, Some(2_000.0)),
            (1_800, 2_100, None),
        ] {
            assert_eq!(expected(&forecast(), at(from), at(to)), rate, "{from}");
        }
        let empty = Forecast { rates: Vec::new(), ..forecast() };
        assert_eq!(expected(&empty, at(0), at(1)), None);
    }

    /// "Predictive scaling never scales in", unless it is asked to.
    #[test]
    fn servers_come_ahead_and_stay() {
        let pool = PoolFacts { forecast: Some(forecast()), ..PoolFacts::default() };
        let off = Level::Percent(-10.0);
        for (seconds, scale_in, error, replicas, limit) in [
            (240, false, nothing(), 5, Some(Limit::Disabled)),
            (240, true, nothing(), 3, None),
            (300, false, nothing(), 10, None),
            (300, false, off, 9, None),
            (300, false, Level::Number(0.1), 11, None),
            (1_800, true, off, 0, Some(Limit::NoMetric)),
        ] {
            let mut policy = Predictive { scale_in, error, ..Predictive::default() }.build(&pool);
            let advice = advise(&mut *policy, &Pool::of(5), seconds, &[]);
            assert_eq!((advice.replicas.unwrap_or(0), advice.limited_by), (replicas, limit), "{seconds}");
        }
        let advice = advise(&mut *Predictive::default().build(&pool), &Pool::of(5), 300, &[]);
        assert_eq!(advice.signal, "forecast 4000 within 5m for 400/server");
    }

    #[test]
    fn errors_have_a_unit_and_leave_something() {
        assert_eq!(Predictive::default().problems(), Vec::new());
        for error in [Level::Percent(-100.0), Level::PerSecond(5.0)] {
            assert_eq!(Predictive { error, ..Predictive::default() }.problems().len(), 1, "{error}");
        }
    }
}
