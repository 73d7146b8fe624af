//! What policies go by, as the scenario names and writes it: signals, levels, amounts.
//!
//! Knows no policy.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::{Metric, Of, Reading, Seen, Want};
use crate::time::SimDuration;
use crate::units::Rate;

/// What is wrong with a parameter: where, why, and what to write.
pub(crate) type Wrong = (String, String, String);

/// Says what is wrong with a parameter.
pub(crate) fn wrong(path: impl Into<String>, message: impl Into<String>, remedy: impl Into<String>) -> Wrong {
    (path.into(), message.into(), remedy.into())
}

/// A signal that says how busy each server is, whatever their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Signal {
    /// CPU used / CPU there is.
    CpuUtilization,
    /// Slots held / slots there are.
    SlotUtilization,
    /// Requests that arrive at the pool, per second and server in service.
    RequestsPerServer,
    /// Requests that wait at the pool, per server in service.
    QueuePerServer,
    /// Requests in hand or waiting at the pool, per server in service.
    InFlightPerServer,
    /// The service's latency at the policy's `percentile`.
    Latency,
    /// The share of the service's requests that ended without being completed.
    ErrorRatio,
}

/// A signal that says how much there is to do for all servers together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Total {
    /// Requests that arrive at the service, per second.
    RequestRate,
    /// Requests of the service in hand or waiting.
    InFlight,
    /// Requests of the service that wait.
    QueueLength,
    /// Offered work in servers.
    ScalingRatio,
}

/// In what a signal is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Share,
    Rate,
    Count,
    Time,
}

impl Unit {
    /// Shows what may be written.
    pub(crate) fn example(self) -> &'static str {
        match self {
            Self::Share => "70%",
            Self::Rate => "400/s",
            Self::Count => "5",
            Self::Time => "500ms",
        }
    }
}

impl Signal {
    /// Returns what it is measured in.
    pub(crate) fn unit(self) -> Unit {
        match self {
            Self::CpuUtilization | Self::SlotUtilization | Self::ErrorRatio => Unit::Share,
            Self::RequestsPerServer => Unit::Rate,
            Self::QueuePerServer | Self::InFlightPerServer => Unit::Count,
            Self::Latency => Unit::Time,
        }
    }

    /// Returns its name for people.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::CpuUtilization => "cpu",
            Self::SlotUtilization => "slots",
            Self::RequestsPerServer => "requests/server",
            Self::QueuePerServer => "waiting/server",
            Self::InFlightPerServer => "in flight/server",
            Self::Latency => "latency",
            Self::ErrorRatio => "errors",
        }
    }

    /// Returns what has to be read for it; `percentile` counts for a latency.
    pub(crate) fn want(self, percentile: f64, pipeline: &str) -> Want {
        let (metric, scope) = match self {
            Self::CpuUtilization => (Metric::CpuUtilization, Of::Pool),
            Self::SlotUtilization => (Metric::SlotUtilization, Of::Pool),
            Self::RequestsPerServer => (Metric::RequestRate, Of::Pool),
            Self::QueuePerServer => (Metric::QueueLength, Of::Pool),
            Self::InFlightPerServer => (Metric::InFlight, Of::Pool),
            Self::Latency => (Metric::Latency(percentile / 100.0), Of::Service),
            Self::ErrorRatio => (Metric::ErrorRatio, Of::Service),
        };
        Want { metric, scope, pipeline: pipeline.to_owned() }
    }

    /// Returns its value; per server, it is what was read / the servers in service.
    pub(crate) fn read(self, seen: &Seen<'_>, index: usize) -> Option<f64> {
        let value = value(seen, index)?;
        match self {
            Self::RequestsPerServer | Self::QueuePerServer | Self::InFlightPerServer => {
                let serving = in_service(seen);
                (serving > 0).then(|| value / f64::from(serving))
            }
            _ => Some(value),
        }
    }
}

impl Total {
    /// Returns what it is measured in.
    pub(crate) fn unit(self) -> Unit {
        match self {
            Self::RequestRate => Unit::Rate,
            Self::InFlight | Self::QueueLength => Unit::Count,
            Self::ScalingRatio => Unit::Share,
        }
    }

    /// Returns its name for people.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::RequestRate => "requests",
            Self::InFlight => "in flight",
            Self::QueueLength => "waiting",
            Self::ScalingRatio => "scaling ratio",
        }
    }

    /// Returns what has to be read for it.
    pub(crate) fn want(self, pipeline: &str) -> Want {
        let metric = match self {
            Self::RequestRate => Metric::RequestRate,
            Self::InFlight => Metric::InFlight,
            Self::QueueLength => Metric::QueueLength,
            Self::ScalingRatio => Metric::ScalingRatio,
        };
        Want { metric, scope: Of::Service, pipeline: pipeline.to_owned() }
    }
}

/// Returns one value that was read.
pub(crate) fn value(seen: &Seen<'_>, index: usize) -> Option<f64> {
    match seen.readings.get(index) {
        Some(Reading::Value(value)) => value.filter(|value| value.is_finite()),
        _ => None,
    }
}

/// Returns how many servers can be sent requests.
pub(crate) fn in_service(seen: &Seen<'_>) -> u32 {
    seen.servers.iter().filter(|server| server.ready && !server.leaving).count() as u32
}

/// Rounds up, forgiving what the last digits of floating point add: 10 x 1.1 is 11, not 12.
pub(crate) fn ceil(value: f64) -> u32 {
    if value.is_infinite() {
        return value as u32;
    }
    let least = value - 1e-9 * value.abs().max(1.0);
    // A cast of a negative number, or of none, is 0.
    least.ceil() as u32
}

/// A value of a signal, with the unit that it was written with.
///
/// `70%` of a utilisation, `400/s` of a rate, `500ms` of a latency, `5` of a count; a difference may be
/// negative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Level {
    /// A plain number.
    Number(f64),
    /// A percentage, as written.
    Percent(f64),
    /// A rate, per second.
    PerSecond(f64),
    /// A length of time.
    Time {
        /// Whether it is below zero.
        negative: bool,
        /// How long.
        length: SimDuration,
    },
}

impl Level {
    /// Returns it in the unit of its metric: shares, per second, seconds.
    pub fn value(self) -> f64 {
        match self {
            Self::Number(value) | Self::PerSecond(value) => value,
            // Shifting the decimal point in the text keeps 99.9% equal to 0.999, which a division does not.
            Self::Percent(value) => format!("{value}e-2").parse().unwrap_or(value / 100.0),
            Self::Time { negative, length } if negative => -length.as_secs_f64(),
            Self::Time { length, .. } => length.as_secs_f64(),
        }
    }

    /// Tells whether it is written as this is measured.
    pub(crate) fn fits(self, unit: Unit) -> bool {
        match self {
            Self::Number(value) => value == 0.0 || matches!(unit, Unit::Count | Unit::Share),
            Self::Percent(_) => unit == Unit::Share,
            Self::PerSecond(_) => unit == Unit::Rate,
            Self::Time { .. } => unit == Unit::Time,
        }
    }

    /// Says what is wrong with it as a positive level of a signal.
    pub(crate) fn check(self, path: &str, unit: Unit, name: &str) -> Option<Wrong> {
        let key = path.rsplit('.').next().unwrap_or(path);
        let remedy = format!("write for example {key}: {}", unit.example());
        if !self.fits(unit) {
            return Some(wrong(path, format!("{self} is no value of {name}"), remedy));
        }
        (self.value() <= 0.0).then(|| wrong(path, format!("{self} is not above 0"), remedy))
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(value) => write!(f, "{value}"),
            Self::Percent(value) => write!(f, "{value}%"),
            Self::PerSecond(value) => write!(f, "{value}/s"),
            Self::Time { negative, length } => write!(f, "{}{length}", if *negative { "-" } else { "" }),
        }
    }
}

impl std::str::FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let trimmed = text.trim();
        let (sign, amount) = match trimmed.strip_prefix('-') {
            Some(amount) => (-1.0, amount),
            None => (1.0, trimmed),
        };
        if !amount.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            return Err(format!("`{trimmed}` is not {LEVEL}"));
        }
        if let Ok(value) = amount.parse::<f64>() {
            return Ok(Self::Number(sign * value));
        }
        if let Some(Ok(percent)) = amount.strip_suffix('%').map(|number| number.trim_end().parse::<f64>()) {
            return Ok(Self::Percent(sign * percent));
        }
        if let Ok(Rate(rate)) = amount.parse() {
            return Ok(Self::PerSecond(sign * rate));
        }
        let length = amount.parse().map_err(|_| format!("`{trimmed}` is not {LEVEL}"))?;
        Ok(Self::Time { negative: sign < 0.0, length })
    }
}

const LEVEL: &str = "a level such as 70%, 400/s, 500ms or 5";

impl Serialize for Level {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(value) => serializer.serialize_f64(*value),
            _ => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Level {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Level;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(LEVEL)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Level, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Level, E> {
                Ok(Level::Number(value as f64))
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Level, E> {
                Ok(Level::Number(value as f64))
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Level, E> {
                let finite = value.is_finite().then_some(Level::Number(value));
                finite.ok_or_else(|| E::custom(format_args!("{value} is not {LEVEL}")))
            }
        }
        deserializer.deserialize_any(Text)
    }
}

impl JsonSchema for Level {
    fn schema_name() -> Cow<'static, str> {
        "Level".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                {"type": "number"},
                {"type": "string", "pattern": r"^-?[0-9.]+ *(%|[kMG]?/(s|min|m|h|d)|ns|us|µs|ms|s|m|h|d)?([0-9.]+(ns|us|µs|ms|s|m|h))*$"},
            ],
            "description": "A level such as 70%, 400/s, 500ms or 5.",
            "examples": ["70%", "400/s", "500ms", 5],
        })
    }
}

/// How many servers more or fewer: a number, or a share of those there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step(pub Level);

impl Step {
    /// Returns how many servers that is: a share is rounded up, and is one server at least.
    pub fn of(self, replicas: u32) -> u32 {
        match self.0 {
            Level::Percent(_) => ceil(f64::from(replicas) * self.0.value()).max(1),
            level => level.value() as u32,
        }
    }

    /// Says what is wrong with it.
    pub(crate) fn check(self, path: &str) -> Option<Wrong> {
        let whole = match self.0 {
            Level::Number(value) => value >= 1.0 && value == value.floor() && value <= f64::from(u32::MAX),
            Level::Percent(value) => value > 0.0,
            _ => false,
        };
        let message = format!("{} is no number of servers", self.0);
        (!whole).then(|| wrong(path, message, "write for example step: 2 or step: 20%"))
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Level::Number(value) if value == value.floor() => serializer.serialize_u64(value as u64),
            level => level.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Level::deserialize(deserializer).map(Self)
    }
}

impl JsonSchema for Step {
    fn schema_name() -> Cow<'static, str> {
        "Step".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": u32::MAX},
                {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? *%$"},
            ],
            "description": "A number of servers such as 2, or a share such as 20%.",
            "examples": [2, "20%"],
        })
    }
}

/// Says what is wrong with a percentile.
pub(crate) fn check_percentile(path: &str, percentile: f64) -> Option<Wrong> {
    let inside = percentile > 0.0 && percentile < 100.0;
    let message = format!("{percentile} is not between 0 and 100");
    (!inside).then(|| wrong(path, message, "write for example percentile: 99"))
}

/// Says what is wrong with a length that may not be zero.
pub(crate) fn check_length(path: &str, length: SimDuration, example: &str) -> Option<Wrong> {
    let message = format!("{path} of 0s never passes");
    length.is_zero().then(|| wrong(path, message, format!("write for example {path}: {example}")))
}

/// Writes a value for people, to three places.
pub(crate) fn shown(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Share => format!("{} %", short(value * 100.0)),
        Unit::Rate | Unit::Count => short(value),
        Unit::Time if value < 1.0 => format!("{} ms", short(value * 1e3)),
        Unit::Time => format!("{} s", short(value)),
    }
}

/// Writes a value beside its target for people, such as `requests/server 512 of 400`.
pub(crate) fn compared(label: &str, value: f64, target: f64, unit: Unit) -> String {
    format!("{label} {} of {}", shown(value, unit), shown(target, unit))
}

fn short(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        _ => 2,
    };
    let text = format!("{value:.digits$}");
    if digits == 0 { text } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

/// The pipeline that most policies read, by default.
pub(crate) fn prometheus() -> String {
    "prometheus".to_owned()
}

/// The pipeline that policies on CPU read, by default.
pub(crate) fn metrics_server() -> String {
    "metricsServer".to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::*;
    use super::*;

    #[test]
    fn levels_are_read_and_written_with_their_unit() {
        for (text, value, unit) in [
            ("70%", 0.7, Unit::Share),
            ("99.9%", 0.999, Unit::Share),
            ("-10%", -0.1, Unit::Share),
            ("400/s", 400.0, Unit::Rate),
            ("1.2k/min", 20.0, Unit::Rate),
            ("500ms", 0.5, Unit::Time),
            ("-1m30s", -90.0, Unit::Time),
            ("5", 5.0, Unit::Count),
            ("0", 0.0, Unit::Time),
        ] {
            let level: Level = text.parse().expect(text);
            assert_eq!(level.value(), value, "{text}");
            assert!(level.fits(unit), "{text}");
            let written = serde_json::to_value(level).expect("JSON");
            assert_eq!(serde_json::from_value::<Level>(written).expect("what was written"), level, "{text}");
        }
        for text in ["", "-", "many", "5 servers", "400/w", "inf", "nan", "--5"] {
            assert!(text.parse::<Level>().is_err(), "{text}");
        }
        assert!(!Level::Number(5.0).fits(Unit::Rate) && !Level::Percent(5.0).fits(Unit::Count));
    }

    #[test]
    fn steps_are_whole_servers() {
        for (step, replicas, expected) in [
            (json!(2), 10, 2),
            (json!("20%"), 10, 2),
            (json!("20%"), 11, 3),
            (json!("1%"), 1, 1),
            (json!("10%"), 0, 1),
        ] {
            let step: Step = serde_json::from_value(step).expect("a step");
            assert_eq!((step.of(replicas), step.check("step")), (expected, None));
        }
        for wrong in [json!(0), json!(1.5), json!("0%"), json!("5/s")] {
            let step: Step = serde_json::from_value(wrong.clone()).expect("a level");
            assert!(step.check("step").is_some(), "{wrong}");
        }
    }

    #[test]
    fn numbers_of_servers_are_rounded_up_but_for_the_last_digits() {
        for (value, expected) in [
            (11.000_000_000_000_002, 11),
            (11.000_001, 12),
            (0.0, 0),
            (-1.5, 0),
            (f64::NAN, 0),
            (f64::INFINITY, u32::MAX),
            (1e300, u32::MAX),
        ] {
            assert_eq!(ceil(value), expected, "{value}");
        }
    }

    #[test]
    fn values_are_shown_to_three_places() {
        for (value, unit, expected) in [
            (0.876_8, Unit::Share, "87.7 %"),
            (0.0, Unit::Share, "0 %"),
            (512.4, Unit::Rate, "512"),
            (99.96, Unit::Count, "100"),
            (1.504, Unit::Time, "1.5 s"),
            (0.250_04, Unit::Time, "250 ms"),
        ] {
            assert_eq!(shown(value, unit), expected);
        }
    }

    /// The lines of the reference, and one key too many.
    #[test]
    fn every_policy_is_read_as_documented() {
        fn read<S: PolicySpec + Default + serde::Serialize + serde::de::DeserializeOwned>(
            line: serde_json::Value,
        ) {
            let spec: S = serde_json::from_value(line.clone()).expect("a valid line");
            assert_eq!(spec.problems(), Vec::new(), "{line}");
            let wants = spec.wants();
            assert!(wants.iter().all(|want| !want.pipeline.is_empty()));
            assert!(!spec.period().is_zero());
            let default = serde_json::to_value(S::default()).expect("JSON");
            let again: S = serde_json::from_value(default.clone()).expect("what was written");
            assert_eq!(serde_json::to_value(again).expect("JSON"), default);
            let mut more = line;
            more["unheard"] = json!(1);
            assert!(serde_json::from_value::<S>(more).is_err());
        }
        read::<target_tracking::TargetTracking>(json!({"requestsPerServer": "400/s", "warmup": "3m"}));
        read::<target_tracking::TargetTracking>(json!({"cpuUtilization": "60%", "disableScaleIn": true}));
        read::<step_scaling::StepScaling>(
            json!({"metric": "latency", "percentile": 99, "threshold": "300ms",
            "scaleOut": [{"lower": 0, "upper": "200ms", "adjustment": 2}, {"lower": "200ms", "adjustment": 10}]}),
        );
        read::<keda::Keda>(
            json!({"triggers": [{"type": "queueLength", "threshold": 5, "activationThreshold": 2}],
            "fallback": {"failureThreshold": 3, "replicas": 40}}),
        );
        read::<demand::Demand>(json!({"scalingRatio": 0.7}));
        read::<performance::Performance>(json!({"cpuUtilization": {"above": "70%", "below": "40%"},
            "latency": {"above": "500ms", "below": "200ms"}, "step": "20%", "for": "3m"}));
        read::<trend::Trend>(
            json!({"metric": "requestRate", "target": "400/s", "expectedTrend": "increasing"}),
        );
        read::<predictive::Predictive>(json!({"requestsPerServer": "400/s", "error": "-10%"}));
    }
}
