//! What every defect has in common: whom it hits, how far it has come, and what is said of wrong parameters.

use super::{Host, Scope};
use crate::time::SimDuration;
use crate::units::Ratio;

/// What is wrong with a parameter: its path within the defect, a message, a remedy.
pub(super) type Wrong = (String, String, String);

/// Declares a defect as written: its own parameters, each with the value of the example, and the scope that all
/// have.
macro_rules! scoped {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$field:meta])* $key:ident: $type:ty = $example:expr,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name {
            $($(#[$field])* pub $key: $type,)*
            /// Only while more requests arrive at the service.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub above_load: Option<crate::units::Rate>,
            /// Only requests of this class.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub class: Option<String>,
            /// Only this share of the servers.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub servers: Option<crate::units::Ratio>,
        }

        impl $name {
            /// Returns whom it hits.
            fn hits(&self) -> $crate::release::defect::Scope {
                $crate::release::defect::Scope {
                    above_load: self.above_load.map(|rate| rate.0),
                    class: self.class.clone(),
                    servers: self.servers.map(|share| share.0),
                }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($key: $example,)* above_load: None, class: None, servers: None }
            }
        }
    };
}
pub(super) use scoped;

/// Puts together what is wrong with a problem's parts.
pub(super) fn wrong(path: &str, message: impl Into<String>, remedy: impl Into<String>) -> Wrong {
    (path.to_owned(), message.into(), remedy.into())
}

/// Says what is wrong with a scope.
pub(super) fn check_scope(scope: &Scope) -> Vec<Wrong> {
    let load = scope.above_load.filter(|load| !(load.is_finite() && *load >= 0.0));
    let load = load.map(|load| {
        wrong("aboveLoad", format!("no load is above {load}/s"), "write for example aboveLoad: 500/s")
    });
    let servers = scope.servers.and_then(|share| check_ratio("servers", Ratio(share), "20%"));
    [load, servers].into_iter().flatten().collect()
}

/// Says what is wrong with a share, which is from 0 to 1.
pub(super) fn check_ratio(path: &str, Ratio(share): Ratio, example: &str) -> Option<Wrong> {
    let inside = (0.0..=1.0).contains(&share);
    let message = format!("a share of {share} is not between 0 % and 100 %");
    (!inside).then(|| wrong(path, message, format!("write for example {path}: {example}")))
}

/// Says what is wrong with a factor, which is finite and not below `least`; above 0 where that is 0.
pub(super) fn check_factor(path: &str, factor: f64, least: f64, example: f64) -> Option<Wrong> {
    let good = factor.is_finite() && factor > 0.0 && factor >= least;
    let bound = if least > 0.0 { format!("from {least} on") } else { "above 0".to_owned() };
    let message = format!("must be a finite number {bound}, not {factor}");
    (!good).then(|| wrong(path, message, format!("write for example {path}: {example}")))
}

/// How far something has come that grows with the time in service or with requests; one of both is given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Growth {
    /// It is complete after so long.
    pub(super) time: Option<SimDuration>,
    /// It is complete after so many requests.
    pub(super) requests: Option<u64>,
}

impl Growth {
    /// Returns how far it has come where a request begins: from 0 to 1, linear in between.
    pub(super) fn share(self, host: &Host) -> f64 {
        let of = |part: u64, whole: u64| {
            if part >= whole { 1.0 } else { part as f64 / whole as f64 }
        };
        let time = self.time.map_or(0.0, |time| of(host.age.as_nanos(), time.as_nanos()));
        let requests = self.requests.map_or(0.0, |requests| of(host.served, requests));
        time.max(requests)
    }

    /// Says what is wrong with it; `what` is what comes to its end.
    pub(super) fn problems(self, what: &str) -> Vec<Wrong> {
        let mut found = Vec::new();
        match (self.time, self.requests) {
            (None, None) => found.push(wrong(
                "",
                format!("nothing says when {what}"),
                "write time, such as time: 10m, or requests, such as requests: 10000",
            )),
            (Some(_), Some(_)) => {
                found.push(wrong(
                    "requests",
                    "it is one of time and requests, not both",
                    "remove one of them",
                ));
            }
            _ => {}
        }
        if self.time.is_some_and(SimDuration::is_zero) {
            found.push(wrong("time", format!("in no time at all {what}"), "write for example time: 10m"));
        }
        if self.requests == Some(0) {
            let message = format!("before the first request {what}");
            found.push(wrong("requests", message, "write for example requests: 10000"));
        }
        found
    }
}
