//! A number, or a share of another number: `2`, `25%`.
//!
//! Knows what is written and how it is rounded, not what it limits. Rules: `IntOrString` and
//! `GetScaledValueFromIntOrPercent` of k8s.io/apimachinery, pkg/util/intstr/intstr.go.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// A count of servers, or per cent of how many there are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntOrPercent {
    /// So many, whatever the size.
    Count(u32),
    /// So many of a hundred.
    Percent(u32),
}

impl IntOrPercent {
    /// Returns the number it is of a total, rounded up; what does not fit saturates.
    ///
    /// ```
    /// # use peakday::release::counts::IntOrPercent;
    /// assert_eq!(IntOrPercent::Percent(39).ceil_of(10), 4);
    /// assert_eq!(IntOrPercent::Count(3).ceil_of(10), 3);
    /// ```
    pub fn ceil_of(self, total: u32) -> u32 {
        self.of(total, |hundredths| hundredths.div_ceil(100))
    }

    /// Returns the number it is of a total, rounded down; what does not fit saturates.
    pub fn floor_of(self, total: u32) -> u32 {
        self.of(total, |hundredths| hundredths / 100)
    }

    fn of(self, total: u32, rounded: fn(u64) -> u64) -> u32 {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => {
                let share = rounded(u64::from(percent) * u64::from(total));
                u32::try_from(share).unwrap_or(u32::MAX)
            }
        }
    }

    /// Reads a text, which is a percentage.
    fn percentage(text: &str) -> Result<Self, String> {
        let digits = text.strip_suffix('%').ok_or_else(|| refused(text))?;
        digits.parse().map(Self::Percent).map_err(|_| refused(text))
    }
}

/// None at all.
impl Default for IntOrPercent {
    fn default() -> Self {
        Self::Count(0)
    }
}

fn refused(text: &str) -> String {
    let shown: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
    format!("`{shown}` is neither a whole number nor a percentage; write for example 2 or 25%")
}

/// Takes `2` for a number, as on a command line; in a document text is always a percentage.
impl FromStr for IntOrPercent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map_or_else(|_| Self::percentage(text), |count| Ok(Self::Count(count)))
    }
}

impl fmt::Display for IntOrPercent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

struct Written;

impl Visitor<'_> for Written {
    type Value = IntOrPercent;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number or a percentage, such as 2 or 25%")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<IntOrPercent, E> {
        let count = u32::try_from(number).map_err(|_| E::custom(refused(&number.to_string())))?;
        Ok(IntOrPercent::Count(count))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<IntOrPercent, E> {
        let count = u32::try_from(number).map_err(|_| E::custom(refused(&number.to_string())))?;
        Ok(IntOrPercent::Count(count))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<IntOrPercent, E> {
        Err(E::custom(refused(&number.to_string())))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<IntOrPercent, E> {
        IntOrPercent::percentage(text).map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for IntOrPercent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

impl Serialize for IntOrPercent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(count) => serializer.serialize_u32(*count),
            Self::Percent(_) => serializer.collect_str(self),
        }
    }
}

impl JsonSchema for IntOrPercent {
    fn schema_name() -> Cow<'static, str> {
        "IntOrPercent".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A count of servers, or per cent of how many there are to be: 2 or 25%.",
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": u32::MAX},
                {"type": "string", "pattern": "^[0-9]+%$"},
            ],
            "examples": [2, "25%"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(document: &str) -> Result<IntOrPercent, String> {
        serde_json::from_str(document).map_err(|why| why.to_string())
    }

    #[test]
    fn numbers_and_percentages_are_read_and_written_back() {
        let rows = [
            ("0", IntOrPercent::Count(0)),
            ("7", IntOrPercent::Count(7)),
            ("\"0%\"", IntOrPercent::Percent(0)),
            ("\"39%\"", IntOrPercent::Percent(39)),
            ("\"200%\"", IntOrPercent::Percent(200)),
        ];
        for (document, value) in rows {
            assert_eq!(read(document), Ok(value), "{document}");
            assert_eq!(serde_json::to_string(&value).unwrap(), document);
            assert_eq!(value.to_string().parse(), Ok(value));
        }
    }

    #[test]
    fn what_is_neither_is_refused_with_what_to_write() {
        for document in
            ["\"oops\"", "\"urg\"", "\"2\"", "\"%\"", "\"-1%\"", "\"1.5%\"", "\"\"", "-1", "1.5", "1e10"]
        {
            assert!(read(document).unwrap_err().contains("write for example 2 or 25%"), "{document}");
        }
        for document in ["null", "[]", "true"] {
            assert!(read(document).is_err(), "{document}");
        }
        assert!("two".parse::<IntOrPercent>().is_err());
    }

    #[test]
    fn surges_round_up_and_what_may_be_missing_rounds_down() {
        for (percent, total, up, down) in
            [(0, 10, 0, 0), (1, 10, 1, 0), (39, 10, 4, 3), (50, 10, 5, 5), (100, 7, 7, 7), (25, 0, 0, 0)]
        {
            let share = IntOrPercent::Percent(percent);
            assert_eq!((share.ceil_of(total), share.floor_of(total)), (up, down), "{share} of {total}");
        }
        assert_eq!(IntOrPercent::Percent(u32::MAX).ceil_of(u32::MAX), u32::MAX);
        assert_eq!(IntOrPercent::Count(12).floor_of(5), 12);
    }
}
