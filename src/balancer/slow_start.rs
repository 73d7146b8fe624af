//! Slow start: a new server gets less at first.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::balancer::Problem;
use crate::time::{SimDuration, SimTime};

/// Lets the weight of a new server grow over a window, as Envoy does.
///
/// The factor is max((age / window)^(1 / aggression), minWeightPercent / 100), ages in whole milliseconds,
/// one at least (Envoy, `EdfLoadBalancerBase::applySlowStartFactor`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "BalancerSlowStart")]
pub(super) struct SlowStart {
    /// How long a server counts as new.
    window: SimDuration,
    /// Above 1 the weight grows fast at first, below 1 slowly.
    #[serde(default = "one")]
    aggression: f64,
    /// The share of its weight, in percent, that a server has at least.
    #[serde(default = "ten")]
    #[schemars(range(min = 0, max = 100))]
    min_weight_percent: f64,
}

fn one() -> f64 {
    1.0
}

fn ten() -> f64 {
    10.0
}

const NANOS_PER_MILLI: u64 = 1_000_000;

impl SlowStart {
    /// Returns by what the weight of a server is multiplied that came into service at `since`.
    pub(super) fn factor(&self, now: SimTime, since: SimTime) -> f64 {
        let age = now.as_nanos().saturating_sub(since.as_nanos()) / NANOS_PER_MILLI;
        let window = self.window.as_nanos() / NANOS_PER_MILLI;
        if age >= window {
            return 1.0;
        }
        let share = age.max(1) as f64 / window as f64;
        let grown = if self.aggression == 1.0 { share } else { libm::pow(share, 1.0 / self.aggression) };
        grown.max(self.min_weight_percent / 100.0)
    }

    /// Returns what is wrong with the parameters.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        if self.window.as_nanos() < NANOS_PER_MILLI {
            let message = "a window below a millisecond is none".to_owned();
            found.push(("slowStart.window", message, "write for example window: 30s".to_owned()));
        }
        if !(self.aggression > 0.0 && self.aggression <= 1e6) {
            let message = format!("{} is not above 0, up to 1,000,000", self.aggression);
            found.push(("slowStart.aggression", message, "write for example aggression: 1.0".to_owned()));
        }
        if !(self.min_weight_percent > 0.0 && self.min_weight_percent <= 100.0) {
            let message = format!("{} is not above 0, up to 100", self.min_weight_percent);
            let remedy = "write for example minWeightPercent: 10".to_owned();
            found.push(("slowStart.minWeightPercent", message, remedy));
        }
        found
    }
}
