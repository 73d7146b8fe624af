//! An alert rule: a figure beyond a bound, for long enough.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::figures::{
    Wrong, apart, check_length, check_percentile, check_ratio, one, percent, prometheus, requests, seconds,
    whose, wrong,
};
use super::pending::Pending;
use super::{Detector, DetectorSpec, Figure, Look, Side, Want};
use crate::time::{SimDuration, SimTime};
use crate::units::Ratio;

/// Alerts when the share of errors, or a latency percentile, has been above a bound for long enough.
///
/// Looks whenever the figure is seen anew. A look without a value, or of too few requests, begins anew, as one
/// at which the figure is not above its bound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Alert {
    /// Above this share of requests that ended without being completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<Ratio>,
    /// Above a latency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<LatencyAbove>,
    /// The pipeline through which it is seen.
    #[serde(default = "prometheus")]
    pub from: String,
    /// For so long without a break.
    #[serde(default, rename = "for")]
    pub hold: SimDuration,
    /// Whose figure it is.
    #[serde(default)]
    pub of: Side,
    /// Only requests of this class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// How far the figure looks back; as far as the pipeline does where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<SimDuration>,
    /// So many requests must have ended in the window.
    #[serde(default = "one")]
    pub min_sample: u64,
}

/// A latency percentile of completed requests that is too slow.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LatencyAbove {
    /// The percentile, between 0 and 100.
    pub percentile: f64,
    /// The bound, itself fast enough.
    pub above: SimDuration,
}

impl Default for Alert {
    fn default() -> Self {
        Self {
            errors: Some(Ratio(0.02)),
            latency: None,
            from: prometheus(),
            hold: SimDuration::from_secs(120),
            of: Side::Service,
            class: None,
            window: None,
            min_sample: one(),
        }
    }
}

impl Alert {
    /// Returns what is measured and its bound; errors where a wrong entry gives both.
    fn bound(&self) -> Option<(Figure, f64)> {
        let errors = self.errors.map(|Ratio(share)| (Figure::Errors, share));
        let slow = |spec: LatencyAbove| (Figure::Latency(spec.percentile / 100.0), spec.above.as_secs_f64());
        errors.or(self.latency.map(slow))
    }
}

impl DetectorSpec for Alert {
    fn wants(&self) -> Vec<Want> {
        let figures = self.bound().map(|(figure, _)| figure).into_iter().chain([Figure::Ended]);
        let want = |figure| Want {
            figure,
            of: self.of,
            class: self.class.clone(),
            pipeline: self.from.clone(),
            window: self.window,
        };
        figures.map(want).collect()
    }

    fn period(&self) -> Option<SimDuration> {
        None
    }

    fn build(&self) -> Box<dyn Detector> {
        Box::new(State { spec: self.clone(), pending: Pending::new(self.hold) })
    }

    fn problems(&self) -> Vec<Wrong> {
        const ERRORS: &str = "errors: 2%";
        let mut found = Vec::new();
        match (self.errors, self.latency) {
            (None, None) => {
                let remedy = "write errors: 2%, or latency: {percentile: 99, above: 500ms}";
                found.push(wrong("", "nothing is watched", remedy));
            }
            (Some(_), Some(_)) => {
                let message = "an alert goes by one figure, not by two";
                found.push(wrong("latency", message, "write two entries, with an alert each"));
            }
            _ => {}
        }
        found.extend(check_ratio("errors", self.errors, ERRORS));
        if self.errors.is_some_and(|Ratio(share)| share == 1.0) {
            found.push(wrong("errors", "no share is above 100 %", format!("write for example {ERRORS}")));
        }
        found.extend(self.latency.and_then(|spec| check_percentile("latency.percentile", spec.percentile)));
        found.extend(check_length("window", self.window, "5m"));
        found
    }
}

#[derive(Debug)]
struct State {
    spec: Alert,
    pending: Pending,
}

impl Detector for State {
    fn look(&mut self, now: SimTime, values: &[Option<f64>]) -> Look {
        let crossed = crossed(&self.spec, values);
        self.pending.look(now, crossed)
    }
}

/// Says how a figure is above its bound, where it is.
fn crossed(spec: &Alert, values: &[Option<f64>]) -> Option<String> {
    let (figure, bound) = spec.bound()?;
    let [Some(value), Some(ended)] = *values else { return None };
    if ended < spec.min_sample as f64 || value.is_nan() || value <= bound {
        return None;
    }
    let (label, (value, bound)) = match (figure, spec.latency) {
        (Figure::Latency(_), Some(slow)) => {
            (format!("p{} latency", slow.percentile), apart(value, bound, seconds))
        }
        _ => ("errors".to_owned(), apart(value, bound, percent)),
    };
    Some(format!("{label} {} {value} above {bound} {}", whose(spec.of), requests(ended)))
}

#[cfg(test)]
mod tests {
    use super::super::Status::{self, Failed, Running};
    use super::*;

    fn read(yaml: serde_json::Value) -> Alert {
        serde_json::from_value(yaml).expect("an alert")
    }

    /// Looks every 15 s and returns how the alert stands, and whether the bound was crossed.
    fn told(alert: &Alert, values: &[(Option<f64>, f64)]) -> Vec<(Status, bool)> {
        let mut state = alert.build();
        let look = |(nth, (value, ended)): (u64, &(Option<f64>, f64))| {
            let now = SimTime::ZERO + SimDuration::from_secs(15 * nth);
            let look = state.look(now, &[*value, Some(*ended)]);
            (look.status, look.crossed.is_some())
        };
        (0..).zip(values).map(look).collect()
    }

    #[test]
    fn an_alert_fires_when_it_has_been_pending_for_long_enough() {
        let alert = read(serde_json::json!({"errors": "2%", "for": "30s"}));
        let (high, low) = ((Some(0.03), 900.0), (Some(0.02), 900.0));
        // Pending since 15 s, fires at 45 s: 30 s later. A share of exactly 2 % is not above it.
        let told_ = told(&alert, &[low, high, high, high, high]);
        assert_eq!(
            told_,
            [(Running, false), (Running, true), (Running, true), (Failed, true), (Failed, true)]
        );
        // One look that is low enough begins anew.
        let told_ = told(&alert, &[high, high, low, high, high, high]);
        assert_eq!(
            told_.iter().map(|(status, _)| *status).collect::<Vec<_>>(),
            [Running, Running, Running, Running, Running, Failed]
        );
        // What has fired has fired.
        assert_eq!(told(&alert, &[high, high, high, low])[3], (Failed, false));
    }

    #[test]
    fn without_for_the_first_look_that_crosses_fires() {
        let alert = read(serde_json::json!({"errors": "2%"}));
        assert_eq!(alert.hold, SimDuration::ZERO);
        assert_eq!(
            told(&alert, &[(Some(0.02), 50.0), (Some(0.04), 50.0)]),
            [(Running, false), (Failed, true)]
        );
    }

    #[test]
    fn what_nothing_tells_breaks_it() {
        let alert = read(serde_json::json!({"errors": "2%", "for": "30s", "minSample": 100}));
        let high = (Some(0.5), 100.0);
        for gap in [(None, 100.0), (Some(0.5), 99.0), (Some(f64::NAN), 100.0)] {
            let statuses: Vec<Status> = told(&alert, &[high, high, gap, high, high, high])
                .into_iter()
                .map(|(status, _)| status)
                .collect();
            assert_eq!(statuses, [Running, Running, Running, Running, Running, Failed], "{gap:?}");
        }
        let mut state = alert.build();
        assert_eq!(state.look(SimTime::ZERO, &[Some(0.5), None]).status, Running);
        assert_eq!(state.look(SimTime::ZERO, &[]).status, Running);
    }

    #[test]
    fn what_crossed_is_told_in_figures() {
        let look =
            |alert: &Alert, value| alert.build().look(SimTime::ZERO, &[Some(value), Some(1_204.0)]).crossed;
        let alert = read(serde_json::json!({"errors": "2%", "of": "new"}));
        let text = look(&alert, 0.0523).expect("crossed");
        assert_eq!(text, "errors of the new version 5.2 % above 2 % (1,204 requests)");
        let alert =
            read(serde_json::json!({"latency": {"percentile": 99.9, "above": "500ms"}, "from": "fast",
            "window": "30s", "class": "order"}));
        assert_eq!(look(&alert, 0.5), None);
        let text = look(&alert, 0.612).expect("crossed");
        assert_eq!(text, "p99.9 latency of the service 612 ms above 500 ms (1,204 requests)");
        let window = Some(SimDuration::from_secs(30));
        let want = |figure| Want {
            figure,
            of: Side::Service,
            class: Some("order".to_owned()),
            pipeline: "fast".to_owned(),
            window,
        };
        assert_eq!(alert.wants(), [want(Figure::Latency(99.9 / 100.0)), want(Figure::Ended)]);
    }

    #[test]
    fn what_is_wrong_is_told_at_once() {
        let paths = |yaml| read(yaml).problems().into_iter().map(|(path, ..)| path).collect::<Vec<_>>();
        assert_eq!(paths(serde_json::json!({})), [""]);
        assert_eq!(paths(serde_json::json!({"errors": "100%"})), ["errors"]);
        assert_eq!(
            paths(serde_json::json!({"errors": "101%", "latency": {"percentile": 100, "above": "1s"},
                "window": "0s"})),
            ["latency", "errors", "latency.percentile", "window"]
        );
    }
}
