//! The text forms of quantities as JSON Schema.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{Price, Rate, Ratio, When};
use crate::time::SimDuration;

const DURATION: &str = r"([0-9]+\.?[0-9]*|\.[0-9]+) *(ns|us|µs|ms|s|m|h|d)";
const NUMBER: &str = r"([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?";

/// Returns the pattern of a duration.
pub(crate) fn duration_pattern() -> String {
    format!("^({DURATION})+$")
}

/// Gives a quantity its schema: name, description, and a body.
macro_rules! schema_of {
    ($($type:ty, $name:literal, $description:literal, { $($body:tt)* };)*) => {$(
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"description": $description, $($body)*})
            }
        }
    )*};
}

schema_of! {
    SimDuration, "Duration", "A duration: ns, us, ms, s, m (minutes), h, d; for example 250ms or 1h30m.",
        {"type": "string", "pattern": duration_pattern(), "examples": ["250ms", "1.5s", "5m", "1h30m", "2d"]};
    Rate, "Rate", "Per s, min, h or d, with k, M or G; at most 1G/s.",
        {"type": "string", "pattern": format!("^{NUMBER} *[kMG]?/(s|min|m|h|d)$"), "examples": ["90/s", "20k/s", "1.2M/min"]};
    Ratio, "Ratio", "A share or factor, 0 or more: 0.85 or 85%.", {
        "anyOf": [
            {"type": "number", "minimum": 0},
            {"type": "string", "pattern": format!("^{NUMBER} *%?$")},
        ],
        "examples": [0.85, "85%"]
    };
    Price, "Price", "Money per server and hour.",
        {"type": "string", "pattern": format!("^{NUMBER} *[^ 0-9/]+ */h$"), "examples": ["0.23 USD/h"]};
    When, "Instant", "A length from t = 0, or the wall clock, which needs run.start.", {
        "type": "string",
        "pattern": format!("^({DURATION})+$|^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"),
        "examples": ["30m", "23:30", "00:05:30"]
    };
}
