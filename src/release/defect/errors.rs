//! Requests that are served fail all the same.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Defect, Host, Scope};
use crate::rng::{Key, uniform_closed_open};
use crate::units::{Rate, Ratio};

/// A share of the requests fails after it has been served.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Errors {
    /// Which share of them.
    pub rate: Ratio,
    /// Only while more requests arrive at the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above_load: Option<Rate>,
    /// Only requests of this class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Only this share of the servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub servers: Option<Ratio>,
}

impl Default for Errors {
    fn default() -> Self {
        Self { rate: Ratio(0.2), above_load: None, class: None, servers: None }
    }
}

impl Defect for Errors {
    fn scope(&self) -> Scope {
        Scope {
            above_load: self.above_load.map(|rate| rate.0),
            class: self.class.clone(),
            servers: self.servers.map(|share| share.0),
        }
    }

    fn problems(&self) -> Vec<(String, String, String)> {
        Vec::new()
    }

    fn fails(&self, _host: &Host, key: Key) -> bool {
        uniform_closed_open(key.draw(0)) < self.rate.0
    }
}
