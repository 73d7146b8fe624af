//! Multi-window burn rates: how fast the error budget of an objective is spent.
//!
//! Source: The Site Reliability Workbook, chapter 5, "Alerting on SLOs", section 6 "Multiwindow, Multi-Burn-Rate
//! Alerts" and table 5-8. A burn rate is the share of errors over the budget, which is 1 - objective: at 1 the
//! budget of the objective's period lasts exactly for it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::figures::{Wants, Wrong, check_length, percent, prometheus, short, wrong};
use super::pending::Pending;
use super::{Detector, DetectorSpec, Figure, Look, Side, Want};
use crate::time::{SimDuration, SimTime};
use crate::units::Ratio;

/// Alerts when the error budget is spent too fast over a long window and still is over a short one.
///
/// Looks whenever the figures are seen anew, at those of the whole service. A window that reaches back before the
/// start of the run is over what there is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BurnRate {
    /// The share of requests that are to complete, such as 99.9%.
    pub objective: Ratio,
    /// The pipeline through which it is seen.
    #[serde(default = "prometheus")]
    pub from: String,
    /// Pairs of windows, of which one is enough.
    #[serde(default = "workbook")]
    pub windows: Vec<BurnWindow>,
    /// For so long without a break.
    #[serde(default, rename = "for")]
    pub hold: SimDuration,
    /// Only requests of this class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
}

/// Two windows over which the budget is spent too fast.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BurnWindow {
    /// The long one: enough has been spent to matter.
    pub long: SimDuration,
    /// The short one: it is still being spent.
    pub short: SimDuration,
    /// A burn rate above this, over both, is too fast.
    pub factor: f64,
}

/// Returns the windows that the workbook recommends: 2 %, 5 % and 10 % of the budget of 30 days are spent.
fn workbook() -> Vec<BurnWindow> {
    let window = |long: u64, short: u64, factor| BurnWindow {
        long: SimDuration::from_secs(60 * long),
        short: SimDuration::from_secs(60 * short),
        factor,
    };
    vec![window(60, 5, 14.4), window(6 * 60, 30, 6.0), window(3 * 24 * 60, 6 * 60, 1.0)]
}

impl Default for BurnRate {
    fn default() -> Self {
        Self {
            objective: Ratio(0.999),
            from: prometheus(),
            windows: workbook(),
            hold: SimDuration::ZERO,
            class: None,
        }
    }
}

impl BurnRate {
    /// Returns the share of requests that may fail: 10 % of 90 % as written, and not the 9.999999999999998 % of floating
    /// point.
    fn budget(&self) -> f64 {
        libm::round((1.0 - self.objective.0) * 1e12) / 1e12
    }

    /// Returns the figures and, by pair, the places of the long one and the short one.
    fn figures(&self) -> (Vec<Want>, Vec<[usize; 2]>) {
        let mut wants = Wants::default();
        let mut place = |window| {
            wants.place(Want {
                figure: Figure::Errors,
                of: Side::Service,
                class: self.class.clone(),
                pipeline: self.from.clone(),
                window: Some(window),
            })
        };
        let places = self.windows.iter().map(|pair| [place(pair.long), place(pair.short)]).collect();
        (wants.into_all(), places)
    }

    /// Says how fast a pair burns, where that is too fast.
    fn crossed(&self, pair: &BurnWindow, errors: [Option<f64>; 2]) -> Option<String> {
        let [Some(long), Some(short_)] = errors else { return None };
        let (budget, bound) = (self.budget(), pair.factor * self.budget());
        (long > bound && short_ > bound).then(|| {
            let rate = |errors: f64| short(errors / budget, 1);
            format!(
                "burn rate {} over {} and {} over {} above {} (of an objective of {})",
                rate(long),
                pair.long,
                rate(short_),
                pair.short,
                pair.factor,
                percent(self.objective.0, 6)
            )
        })
    }
}

impl DetectorSpec for BurnRate {
    fn wants(&self) -> Vec<Want> {
        self.figures().0
    }

    fn period(&self) -> Option<SimDuration> {
        None
    }

    fn build(&self) -> Box<dyn Detector> {
        let (_, places) = self.figures();
        Box::new(State { spec: self.clone(), places, pending: Pending::new(self.hold) })
    }

    fn problems(&self) -> Vec<Wrong> {
        let mut found = Vec::new();
        let Ratio(objective) = self.objective;
        if !(objective > 0.0 && objective < 1.0) {
            let message = format!("an objective of {objective} leaves no budget between 0 % and 100 %");
            found.push(wrong("objective", message, "write for example objective: 99.9%"));
        }
        if self.windows.is_empty() {
            let remedy = "write for example windows: [{long: 1h, short: 5m, factor: 14.4}], or leave it out";
            found.push(wrong("windows", "no window is watched", remedy));
        }
        for (nth, pair) in self.windows.iter().enumerate() {
            let path = |key: &str| format!("windows[{nth}].{key}");
            found.extend(check_length(&path("short"), Some(pair.short), "5m"));
            if pair.long <= pair.short {
                let message = format!("{} is not longer than short, which is {}", pair.long, pair.short);
                found.push(wrong(&path("long"), message, "write for example long: 1h, short: 5m"));
            }
            if !(pair.factor.is_finite() && pair.factor > 0.0) {
                let message = format!("must be a finite number above 0, not {}", pair.factor);
                found.push(wrong(&path("factor"), message, "write for example factor: 14.4"));
            }
        }
        let out_of_reach = |pair: &BurnWindow| pair.factor * self.budget() >= 1.0;
        if found.is_empty() && self.windows.iter().all(out_of_reach) {
            let message = "no share of errors can burn that fast";
            found.push(wrong("windows", message, "lower the factors, or raise the objective"));
        }
        found
    }
}

#[derive(Debug)]
struct State {
    spec: BurnRate,
    places: Vec<[usize; 2]>,
    pending: Pending,
}

impl Detector for State {
    fn look(&mut self, now: SimTime, values: &[Option<f64>]) -> Look {
        let value = |place: usize| values.get(place).copied().flatten();
        let pairs = self.spec.windows.iter().zip(&self.places);
        let crossed = pairs.filter_map(|(pair, places)| self.spec.crossed(pair, places.map(value))).next();
        self.pending.look(now, crossed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Status::{self, Failed, Running};
    use super::*;

    fn read(yaml: serde_json::Value) -> BurnRate {
        serde_json::from_value(yaml).expect("burn rates")
    }

    fn s(seconds: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(seconds)
    }

    fn look(spec: &BurnRate, values: &[f64]) -> (Status, Option<String>) {
        let values: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
        let look = spec.build().look(s(0), &values);
        (look.status, look.crossed)
    }

    /// The table of the workbook, in whose order the figures are asked for: 1h, 5m, 6h, 30m, 3d.
    #[test]
    fn either_pair_of_the_workbook_is_enough() {
        let spec = read(serde_json::json!({"objective": "99.9%"}));
        let windows: Vec<String> =
            spec.wants().iter().filter_map(|want| want.window.map(|window| window.to_string())).collect();
        assert_eq!(windows, ["1h", "5m", "6h", "30m", "3d"], "each once");
        assert!(spec.wants().iter().all(|want| want.of == Side::Service && want.figure == Figure::Errors));
        for (values, fires) in [
            // 14.4 x 0.1 % = 1.44 % over 1h and 5m.
            ([0.0145, 0.0145, 0.0, 0.0, 0.0], true),
            ([0.0145, 0.0144, 0.0, 0.0, 0.0], false),
            ([0.0144, 0.0145, 0.0, 0.0, 0.0], false),
            // 6 x 0.1 % over 6h and 30m.
            ([0.0, 0.0, 0.0061, 0.0061, 0.0], true),
            ([0.0, 0.0, 0.0061, 0.006, 0.0], false),
            // 0.1 % over 3d and 6h.
            ([0.0, 0.0, 0.0011, 0.0, 0.0011], true),
            ([0.0, 0.0, 0.001, 0.0, 0.0011], false),
            ([0.0, 0.0, 0.0011, 0.0, 0.001], false),
        ] {
            let (status, crossed) = look(&spec, &values);
            assert_eq!((status == Failed, crossed.is_some()), (fires, fires), "{values:?}");
        }
        let (_, crossed) = look(&spec, &[0.02, 0.0313, 0.0, 0.0, 0.0]);
        assert_eq!(
            crossed.expect("fires"),
            "burn rate 20 over 1h and 31.3 over 5m above 14.4 (of an objective of 99.9 %)"
        );
    }

    /// 1 - 0.9 is less than a tenth in floating point: a tenth of errors burns at 1, and not faster.
    #[test]
    fn what_burns_at_the_factor_does_not_burn_faster() {
        let one = serde_json::json!([{"long": "1h", "short": "5m", "factor": 1}]);
        let spec = read(serde_json::json!({"objective": "90%", "windows": one}));
        assert_eq!(look(&spec, &[0.1, 0.1]), (Running, None));
        assert_eq!(look(&spec, &[0.101, 0.101]).0, Failed);
    }

    #[test]
    fn it_has_to_burn_without_a_break() {
        let spec = read(serde_json::json!({"objective": "99%", "for": "30s",
            "windows": [{"long": "10m", "short": "1m", "factor": 2}]}));
        let mut state = spec.build();
        let mut told = Vec::new();
        let values = [Some(0.05), Some(0.05), None, Some(0.05), Some(0.05), Some(0.05), Some(0.0)];
        for (nth, short) in (0..).zip(values) {
            told.push(state.look(s(15 * nth), &[Some(0.03), short]).status);
        }
        // A figure without a value at 30 s; pending again since 45 s, fires at 75 s, and stays so.
        assert_eq!(told, [Running, Running, Running, Running, Running, Failed, Failed]);
    }

    #[test]
    fn what_is_wrong_is_told_at_once() {
        let paths = |yaml| read(yaml).problems().into_iter().map(|(path, ..)| path).collect::<Vec<_>>();
        assert_eq!(paths(serde_json::json!({"objective": "100%", "windows": []})), ["objective", "windows"]);
        assert_eq!(
            paths(
                serde_json::json!({"objective": "99%", "windows": [{"long": "5m", "short": "5m", "factor": 0},
                {"long": "5m", "short": "0s", "factor": 1}]})
            ),
            ["windows[0].long", "windows[0].factor", "windows[1].short"]
        );
        // 14.4 x 10 % is more than everything; 1 x 10 % is not.
        assert_eq!(paths(serde_json::json!({"objective": "90%"})), [""; 0]);
        let fast = serde_json::json!({"objective": "90%", "windows": [{"long": "1h", "short": "5m", "factor": 14.4}]});
        assert_eq!(paths(fast), ["windows"]);
    }
}
