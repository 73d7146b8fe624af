//! Which release of Kubernetes decides: its autoscaler has changed over the years.
//!
//! Knows what changed when, not how anything is computed.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::units::from_text;

/// A minor release of Kubernetes 1, such as 1.33.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    minor: u32,
}

impl Release {
    /// The oldest release that is known here.
    pub const OLDEST: Self = Self { minor: 20 };
    /// The release that is meant where none is named.
    pub const DEFAULT: Self = Self { minor: 33 };

    /// Creates the release 1.`minor`.
    pub const fn new(minor: u32) -> Self {
        Self { minor }
    }

    /// A metric that cannot be had forbids scaling down (kubernetes/kubernetes#99514, 1.21).
    pub fn holds_on_invalid_metric(self) -> bool {
        self.minor >= 21
    }

    /// Windows of both directions bound the present number, instead of the window of the direction in
    /// which the newest recommendation points (#97348; in the code of 1.22).
    pub fn stabilizes_within_envelope(self) -> bool {
        self.minor >= 22
    }

    /// Rates count what was added and what was removed (#109058, 1.26).
    pub fn rates_count_both_directions(self) -> bool {
        self.minor >= 26
    }

    /// Pods without metrics count with the target where that is above 100 % (#112178, 1.26).
    pub fn fills_missing_with_target(self) -> bool {
        self.minor >= 26
    }

    /// Words of errors that name the pods that might be unready (#114740, 1.27).
    pub fn says_targeted_pods(self) -> bool {
        self.minor >= 27
    }

    /// A pod that does not report the container is a missing one, no error (#127193, 1.32).
    pub fn skips_missing_container(self) -> bool {
        self.minor >= 32
    }

    /// Tolerances are bounds of the ratio and may differ by direction (KEP-4951, 1.33).
    pub fn has_tolerances(self) -> bool {
        self.minor >= 33
    }
}

impl Default for Release {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl FromStr for Release {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shown: String = text.chars().filter(|c| !c.is_control()).take(20).collect();
        let wrong = || {
            let (oldest, usual) = (Self::OLDEST, Self::DEFAULT);
            format!(
                "`{shown}` is no release of Kubernetes from {oldest} on; write for example \"{usual}\", in quotes"
            )
        };
        let mut parts = text.strip_prefix('v').unwrap_or(text).split('.');
        let major = parts.next().filter(|&major| major == "1");
        let minor: Option<u32> = parts.next().and_then(|minor| minor.parse().ok());
        let rest = parts.next().is_none_or(|patch| patch.parse::<u32>().is_ok()) && parts.next().is_none();
        let release = major.and(minor).map(Self::new).filter(|&release| rest && release >= Self::OLDEST);
        release.ok_or_else(wrong)
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.minor)
    }
}

impl<'de> Deserialize<'de> for Release {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer)
    }
}

impl Serialize for Release {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Release {
    fn schema_name() -> Cow<'static, str> {
        "KubernetesRelease".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The release of Kubernetes whose autoscaler decides, in quotes; 1.20 or later.",
            "type": "string",
            "pattern": r"^v?1\.[0-9]+(\.[0-9]+)?$",
            "examples": ["1.33"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_read() {
        for (text, minor) in [("1.33", 33), ("v1.20.2", 20), ("1.20", 20), ("1.32.11", 32)] {
            assert_eq!(text.parse(), Ok(Release::new(minor)), "{text}");
        }
        for text in ["1.3", "1.19", "2.0", "", "1", "1.33.x", "1.33.1.1", "latest"] {
            assert!(text.parse::<Release>().unwrap_err().contains("in quotes"), "{text}");
        }
    }
}
