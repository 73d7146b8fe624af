//! Demand: as many servers as what arrives asks for, whatever the servers say.
//!
//! desired = ceil(demand / target). Servers on their way count, since the demand does not depend on who serves
//! it. Knows no latency.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::plain_hpa::Highest;
use super::signal::{self, Total, Wrong, check_length, shown, wrong};
use super::{Advice, Limit, PolicySpec, PoolFacts, ScalingPolicy, Seen, Want};
use crate::time::SimDuration;
use crate::units::{Rate, Ratio};

/// Keeps the demand on each server at a target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Demand {
    /// Requests that arrive at the service, per server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_server: Option<Rate>,
    /// Offered work in servers, per server: the utilisation that is aimed at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaling_ratio: Option<Ratio>,
    /// Nothing is done within this of the target.
    #[serde(default = "tenth")]
    pub tolerance: Ratio,
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

fn tenth() -> Ratio {
    Ratio(0.1)
}

fn five_minutes() -> SimDuration {
    SimDuration::from_secs(300)
}

fn fifteen_seconds() -> SimDuration {
    SimDuration::from_secs(15)
}

impl Default for Demand {
    fn default() -> Self {
        Self {
            requests_per_server: None,
            scaling_ratio: Some(Ratio(0.7)),
            tolerance: tenth(),
            scale_down_delay: five_minutes(),
            period: fifteen_seconds(),
            from: signal::prometheus(),
        }
    }
}

impl Demand {
    fn target(&self) -> (Total, f64) {
        match (self.requests_per_server, self.scaling_ratio) {
            (Some(Rate(target)), _) => (Total::RequestRate, target),
            (None, ratio) => (Total::ScalingRatio, ratio.map_or(1.0, |Ratio(target)| target)),
        }
    }
}

impl PolicySpec for Demand {
    fn period(&self) -> SimDuration {
        self.period
    }

    fn wants(&self) -> Vec<Want> {
        vec![self.target().0.want(&self.from)]
    }

    fn build(&self, _pool: &PoolFacts) -> Box<dyn ScalingPolicy> {
        let (total, target) = self.target();
        Box::new(Follower {
            total,
            target,
            tolerance: self.tolerance.0,
            highest: Highest::new(self.scale_down_delay),
        })
    }

    fn problems(&self) -> Vec<Wrong> {
        let mut found: Vec<Wrong> = Vec::new();
        if self.requests_per_server.is_some() == self.scaling_ratio.is_some() {
            let remedy = "write one of requestsPerServer: 400/s and scalingRatio: 70%";
            found.push(wrong("", "one target is asked for", remedy));
        }
        let (rate, ratio) = (self.requests_per_server.map(|r| r.0), self.scaling_ratio.map(|r| r.0));
        for (key, target, example) in [("requestsPerServer", rate, "400/s"), ("scalingRatio", ratio, "70%")] {
            if target.is_some_and(|target| target <= 0.0) {
                let remedy = format!("write for example {key}: {example}");
                found.push(wrong(key, "a target of 0 asks for endless servers", remedy));
            }
        }
        if self.tolerance.0 >= 1.0 {
            let message = format!("a tolerance of {} ignores that nobody comes", self.tolerance);
            found.push(wrong("tolerance", message, "write for example tolerance: 10%"));
        }
        found.extend(check_length("period", self.period, "15s"));
        found
    }
}

/// Returns how many servers a demand asks for; the present number where that is near enough.
pub fn demanded(demand: f64, target: f64, replicas: u32, tolerance: f64) -> u32 {
    let ratio = demand / (target * f64::from(replicas));
    if (ratio - 1.0).abs() <= tolerance + 1e-9 { replicas } else { signal::ceil(demand / target) }
}

/// The state of one run.
#[derive(Debug)]
struct Follower {
    total: Total,
    target: f64,
    tolerance: f64,
    highest: Highest,
}

impl ScalingPolicy for Follower {
    fn desired_replicas(&mut self, seen: &Seen<'_>) -> Advice {
        let Some(demand) = signal::value(seen, 0) else {
            let signal = format!("{}: no data", self.total.label());
            return Advice { signal, limited_by: Some(Limit::NoMetric), ..Advice::default() };
        };
        let unit = self.total.unit();
        let signal = match self.total {
            Total::ScalingRatio => {
                format!(
                    "scaling ratio {} at {}",
                    shown(demand, signal::Unit::Count),
                    shown(self.target, unit)
                )
            }
            total => {
                format!("{} {} for {}/server", total.label(), shown(demand, unit), shown(self.target, unit))
            }
        };
        let raw = signal::ceil(demand / self.target);
        let wanted = demanded(demand, self.target, seen.replicas, self.tolerance);
        let highest = self.highest.with(seen.now, wanted);
        let replicas = if wanted < seen.replicas { highest.min(seen.replicas) } else { wanted };
        let limited_by = match () {
            () if replicas > wanted => Some(Limit::Stabilization),
            () if wanted != raw => Some(Limit::Tolerance),
            () => None,
        };
        Advice { replicas: Some(replicas), raw: Some(raw), signal, limited_by }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Pool, advise};
    use super::*;

    #[test]
    fn the_demand_is_divided_and_rounded_up() {
        for (demand, target, replicas, tolerance, expected) in [
            (7.0, 0.7, 1, 0.1, 10),
            (7.1, 0.7, 1, 0.1, 11),
            (7.7, 0.7, 10, 0.1, 10), // exactly 10 % more
            (7.8, 0.7, 10, 0.1, 12),
            (6.3, 0.7, 10, 0.1, 10),
            (6.2, 0.7, 10, 0.1, 9),
            (4_001.0, 400.0, 10, 0.0, 11),
            (0.0, 400.0, 3, 0.1, 0),
            (0.0, 400.0, 0, 0.1, 0),
            (1.0, 400.0, 0, 0.1, 1),
        ] {
            assert_eq!(demanded(demand, target, replicas, tolerance), expected, "{demand} / {target}");
        }
    }

    /// Up at once, down when the highest number of five minutes is lower.
    #[test]
    fn up_at_once_and_down_with_delay() {
        let mut policy = Demand::default().build(&PoolFacts::default());
        for (seconds, replicas, ratio, expected, limit) in [
            (15, 10, Some(14.0), Some(20), None),
            (30, 20, Some(7.0), Some(20), Some(Limit::Stabilization)),
            (45, 20, None, None, Some(Limit::NoMetric)),
            (314, 20, Some(7.0), Some(20), Some(Limit::Stabilization)),
            (315, 20, Some(7.0), Some(10), None),
            (330, 10, Some(7.4), Some(10), Some(Limit::Tolerance)),
        ] {
            let advice = advise(&mut *policy, &Pool::of(replicas), seconds, &[ratio]);
            assert_eq!((advice.replicas, advice.limited_by), (expected, limit), "{seconds}");
        }
        let rate =
            Demand { scaling_ratio: None, requests_per_server: Some(Rate(400.0)), ..Demand::default() };
        let advice = advise(&mut *rate.build(&PoolFacts::default()), &Pool::of(1), 15, &[Some(5_120.0)]);
        assert_eq!((advice.signal.as_str(), advice.replicas), ("requests 5120 for 400/server", Some(13)));
    }

    #[test]
    fn one_target_is_asked_for() {
        assert_eq!(Demand::default().problems(), Vec::new());
        let both = Demand { requests_per_server: Some(Rate(0.0)), ..Demand::default() };
        assert_eq!(
            both.problems().iter().map(|p| p.0.as_str()).collect::<Vec<_>>(),
            ["", "requestsPerServer"]
        );
    }
}
