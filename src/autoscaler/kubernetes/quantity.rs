//! Kubernetes quantities: `500m`, `2`, `1k`, `1Ki`, `1e3`.
//!
//! Knows what a text is worth, not what it measures. Rules: `ParseQuantity` and `MilliValue` of
//! k8s.io/apimachinery, pkg/api/resource/quantity.go.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::units::from_text;

/// An amount as Kubernetes writes it; it keeps its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantity {
    text: String,
    nano: i128,
}

const NANO_PER_UNIT: i128 = 1_000_000_000;
const NANO_PER_MILLI: i128 = 1_000_000;

/// The largest amount of what does not fit the short form (`maxAllowed`): 2^63 - 1.
const MAX_ALLOWED: i128 = i64::MAX as i128 * NANO_PER_UNIT;

/// Digits up to which an amount is kept in 64 bits and so is not capped (`maxInt64Factors`).
const SHORT: usize = 18;

impl Quantity {
    /// Creates a quantity of so many thousandths.
    pub fn from_milli(milli: i64) -> Self {
        let text = if milli % 1000 == 0 { (milli / 1000).to_string() } else { format!("{milli}m") };
        Self { text, nano: i128::from(milli) * NANO_PER_MILLI }
    }

    /// Returns thousandths, rounded up as `MilliValue` does; what does not fit saturates.
    pub fn milli(&self) -> i64 {
        let up = i128::from(self.nano > 0 && self.nano % NANO_PER_MILLI != 0);
        let down = i128::from(self.nano < 0 && self.nano % NANO_PER_MILLI != 0);
        // Away from zero: a little of a resource is never none of it.
        let milli = self.nano / NANO_PER_MILLI + up - down;
        milli.clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }

    /// Returns the amount as a float.
    pub fn value(&self) -> f64 {
        self.nano as f64 / NANO_PER_UNIT as f64
    }

    /// Tells whether it is more than nothing.
    pub fn is_positive(&self) -> bool {
        self.nano > 0
    }

    /// Tells whether it is less than nothing.
    pub fn is_negative(&self) -> bool {
        self.nano < 0
    }
}

/// What the letters behind a number stand for: a power of ten or of two.
enum Suffix {
    Ten(i32),
    Two(u32),
}

fn suffix(text: &str) -> Option<Suffix> {
    Some(match text {
        "" => Suffix::Ten(0),
        "n" => Suffix::Ten(-9),
        "u" => Suffix::Ten(-6),
        "m" => Suffix::Ten(-3),
        "k" => Suffix::Ten(3),
        "M" => Suffix::Ten(6),
        "G" => Suffix::Ten(9),
        "T" => Suffix::Ten(12),
        "P" => Suffix::Ten(15),
        "E" => Suffix::Ten(18),
        "Ki" => Suffix::Two(10),
        "Mi" => Suffix::Two(20),
        "Gi" => Suffix::Two(30),
        "Ti" => Suffix::Two(40),
        "Pi" => Suffix::Two(50),
        "Ei" => Suffix::Two(60),
        _ => Suffix::Ten(text.strip_prefix(['e', 'E'])?.parse().ok()?),
    })
}

/// Returns an amount in thousand-millionths, without its sign; rounds up what is finer.
fn nano(whole: &str, fraction: &str, suffix: &Suffix) -> i128 {
    let digits = whole.len() + fraction.len();
    let places = fraction.len() as i32;
    let mut amount: Option<i128> = Some(0);
    for byte in whole.bytes().chain(fraction.bytes()) {
        amount = amount.and_then(|sum| sum.checked_mul(10)?.checked_add(i128::from(byte - b'0')));
    }
    let (exponent, short) = match suffix {
        Suffix::Ten(exponent) => (*exponent, digits <= SHORT),
        Suffix::Two(power) => {
            amount = amount.and_then(|sum| sum.checked_mul(1_i128 << power));
            (0, false)
        }
    };
    let shift = exponent.saturating_sub(places).saturating_add(9);
    let mut up = false;
    for _ in 0..shift.clamp(0, 40) {
        amount = amount.and_then(|sum| if sum == 0 { Some(0) } else { sum.checked_mul(10) });
    }
    for _ in 0..(-shift.clamp(-80, 0)) {
        up |= amount.is_some_and(|sum| sum % 10 != 0);
        amount = amount.map(|sum| sum / 10);
    }
    match amount {
        Some(sum) if short => sum + i128::from(up),
        Some(sum) => (sum + i128::from(up)).min(MAX_ALLOWED),
        None => MAX_ALLOWED,
    }
}

impl FromStr for Quantity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shown: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
        let wrong =
            || format!("`{shown}` is not a Kubernetes quantity; write for example 500m, 2, 1.5 or 1k");
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
        let (number, letters) = unsigned.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
            return Err(wrong());
        }
        // Leading noughts say nothing and would count as digits.
        let whole = whole.trim_start_matches('0');
        let amount = nano(whole, fraction, &suffix(letters).ok_or_else(wrong)?);
        Ok(Self { text: text.to_owned(), nano: if negative { -amount } else { amount } })
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer)
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Quantity {
    fn schema_name() -> Cow<'static, str> {
        "Quantity".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A Kubernetes quantity: 500m is half of one, 1k a thousand, 1Ki 1024.",
            "anyOf": [
                {"type": "number"},
                {"type": "string", "pattern": r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(n|u|m|k|[KMGTPE]i?|[eE][+-]?[0-9]+)?$"},
            ],
            "examples": ["500m", 2, "1k"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of `TestQuantityParse` (k8s.io/apimachinery, pkg/api/resource/quantity_test.go): text,
    /// mantissa and power of ten.
    #[test]
    fn texts_are_worth_what_kubernetes_takes_them_for() {
        let rows: [(&str, i128, u32); 62] = [
            ("0", 0, 0),
            ("0n", 0, 0),
            ("0m", 0, 0),
            ("0Ki", 0, 0),
            ("1", 1, 9),
            ("1Ki", 1024, 9),
            ("8Ki", 8 << 10, 9),
            ("7Mi", 7 << 20, 9),
            ("6Gi", 6 << 30, 9),
            ("5Ti", 5 << 40, 9),
            ("4Pi", 4 << 50, 9),
            ("3Ei", 3 << 60, 9),
            ("5n", 5, 0),
            ("4u", 4, 3),
            ("3m", 3, 6),
            ("9", 9, 9),
            ("8k", 8, 12),
            ("50k", 5, 13),
            ("7M", 7, 15),
            ("6G", 6, 18),
            ("5T", 5, 21),
            ("2P", 2, 24),
            ("1E", 1, 27),
            ("1E-3", 1, 6),
            ("1e3", 1, 12),
            ("1E6", 1, 15),
            ("1E18", 1, 27),
            ("100.035k", 100_035, 9),
            ("0.001", 1, 6),
            ("0.0005k", 5, 8),
            ("0.50000", 5, 8),
            ("0.5e-1", 5, 7),
            ("10.035M", 10_035, 12),
            ("1.3E+6", 13, 14),
            ("1.53E12", 153, 19),
            ("9.01", 901, 7),
            ("8.1k", 81, 11),
            ("7.123456M", 7_123_456, 9),
            ("2.5P", 25, 23),
            ("1.01E", 101, 25),
            ("3.001n", 4, 0),
            ("1.1E-9", 2, 0),
            ("0.0000000001", 1, 0),
            ("0.5e-9", 1, 0),
            ("0.9n", 1, 0),
            ("0.00000012345", 124, 0),
            ("9Ei", MAX_ALLOWED, 0),
            ("9223372036854775807Ki", MAX_ALLOWED, 0),
            ("12E", 12, 27),
            ("100.035Ki", 10_243_584, 7),
            ("0.5Mi", 1 << 19, 9),
            ("0.05Gi", 536_870_912, 8),
            ("0.000000000001Ki", 2, 0),
            (".001", 1, 6),
            (".0001k", 100, 6),
            ("1.", 1, 9),
            ("1.G", 1, 18),
            ("-1", -1, 9),
            ("-3.001n", -4, 0),
            ("+2", 2, 9),
            ("-0.5Mi", -(1 << 19), 9),
            ("0001.5", 15, 8),
        ];
        for (text, mantissa, power) in rows {
            let read: Quantity = text.parse().unwrap_or_else(|error| panic!("{error}"));
            let expected = (0..power).fold(mantissa, |sum, _| sum * 10);
            assert_eq!(read.nano, expected, "{text}");
            assert_eq!(read.to_string(), text);
        }
    }

    /// Rows of the same test's `invalid`.
    #[test]
    fn what_is_no_quantity_is_told() {
        let texts = [
            "", ".", "1.1.M", "1+1.0M", "0.1mi", "0.1am", "aoeu", ".5i", "1i", "-3.01i", "-3.01e-", "e3",
            " 1", "1 ", "--1", "+-1", "1K", "1Mib", "1e", "1e1.5",
        ];
        for text in texts {
            let message = text.parse::<Quantity>().unwrap_err();
            assert!(message.contains("500m"), "{text}: {message}");
        }
    }

    #[test]
    fn thousandths_round_away_from_nothing() {
        let rows = [
            ("1", 1000),
            ("500m", 500),
            ("1.5", 1500),
            ("1n", 1),
            ("100n", 1),
            ("1000001n", 2),
            ("1k", 1_000_000),
            ("1Ki", 1_024_000),
            ("0", 0),
            ("-1n", -1),
            ("9Ei", i64::MAX),
            ("1e3", 1_000_000),
        ];
        for (text, milli) in rows {
            assert_eq!(text.parse::<Quantity>().unwrap().milli(), milli, "{text}");
        }
        assert_eq!(Quantity::from_milli(15_000).to_string(), "15");
        assert_eq!(Quantity::from_milli(1500), "1500m".parse().unwrap());
    }

    #[test]
    fn numbers_and_texts_are_read() {
        for (json, text) in [("2", "2"), ("\"500m\"", "500m"), ("0.5", "0.5")] {
            let read: Quantity = serde_json::from_str(json).unwrap();
            assert_eq!(read.to_string(), text);
        }
        assert!(serde_json::from_str::<Quantity>("true").is_err());
    }
}
