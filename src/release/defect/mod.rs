//! Defects, one file each: what is wrong with a version.
//!
//! A defect is a function over what is known of the server that has it and of the request at hand, with draws
//! that are named by both, so that the same requests meet it whatever the strategy.

mod cold_cache;
mod connection_exhaustion;
mod crash;
mod errors;
mod leak;
mod scope;
mod slow_down;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::fmt::Debug;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rng::Key;
use crate::time::SimDuration;

/// What a defect may know of a server that runs the faulty version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    /// For how long it has been in service with this version.
    pub age: SimDuration,
    /// Requests it has begun to serve with this version, the present one left out.
    pub served: u64,
    /// Requests in hand, the present one left out.
    pub in_hand: u32,
}

/// Whom a defect hits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// Only while more requests per second arrive at the service.
    pub above_load: Option<f64>,
    /// Only requests of this class.
    pub class: Option<String>,
    /// Only this share of the servers.
    pub servers: Option<f64>,
}

/// Which draw of a request's key decides what, so that two defects that share a key do not share a draw.
mod draw {
    /// Whether it fails after it has been served.
    pub(super) const FAILS: u64 = 0;
    /// Whether it crashes its server.
    pub(super) const CRASHES: u64 = 1;
}

/// Something that is wrong with a version, as written in the scenario.
pub trait Defect: Debug + Send + Sync {
    /// Returns whom it hits.
    fn scope(&self) -> Scope;

    /// Returns what is wrong with the parameters, as (path within the defect, message, remedy).
    fn problems(&self) -> Vec<(String, String, String)>;

    /// Returns what the work of a request that begins now is multiplied by.
    fn slowness(&self, _host: &Host) -> f64 {
        1.0
    }

    /// Tells whether a request fails at the door; `key` names its draws.
    fn refuses(&self, _host: &Host, _key: Key) -> bool {
        false
    }

    /// Tells whether a request that has been served fails all the same; `key` names its draws.
    fn fails(&self, _host: &Host, _key: Key) -> bool {
        false
    }

    /// Tells whether the server crashes at the end of a request, with all it has; `key` names its draws.
    fn crashes(&self, _host: &Host, _key: Key) -> bool {
        false
    }

    /// Returns how long a server serves until it crashes by itself; `key` names the server's draws.
    fn lifetime(&self, _key: Key) -> Option<SimDuration> {
        None
    }
}

/// Declares the scenario's `defect` block: one key per kind, of which several may be given.
///
/// A new defect is a file, its `mod` line, and a line here with the one that documents it.
macro_rules! defects {
    ($($(#[$doc:meta])* $key:ident, $name:literal: $spec:ty,)*) => {
        /// What is wrong with a version: one of the keys or several.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct DefectSpec {
            $(
                $(#[$doc])*
                #[serde(rename = $name, default, skip_serializing_if = "Option::is_none")]
                pub $key: Option<$spec>,
            )*
        }

        impl DefectSpec {
            /// Returns the defects, by their keys.
            pub fn all(&self) -> Vec<(&'static str, Arc<dyn Defect>)> {
                let all: Vec<Option<(&'static str, Arc<dyn Defect>)>> =
                    vec![$(self.$key.clone().map(|spec| ($name, Arc::new(spec) as _)),)*];
                all.into_iter().flatten().collect()
            }

            /// Returns one valid spec of every kind, by its key: what documentation and the contract tests loop
            /// over.
            pub fn examples() -> Vec<(&'static str, Self)> {
                vec![$(($name, Self { $key: Some(<$spec>::default()), ..Self::default() }),)*]
            }
        }
    };
}

defects! {
    /// Requests that are served fail all the same.
    errors, "errors": errors::Errors,
    /// The work of every request is multiplied; a factor below 1 is a version that is faster.
    slow_down, "slowDown": slow_down::SlowDown,
    /// Servers fail with all they have, after a time or at a request.
    crash, "crash": crash::Crash,
    /// Something is never given back: servers become slower, and crash when they are full.
    leak, "leak": leak::Leak,
    /// Servers are slow at first, until their caches are warm.
    cold_cache, "coldCache": cold_cache::ColdCache,
    /// Servers lose connections; requests that find none free are refused.
    connection_exhaustion, "connectionExhaustion": connection_exhaustion::ConnectionExhaustion,
}
