//! Autoscalers: who decides how many servers a pool is to have, one file each.
//!
//! A policy answers one question, how many, over what monitoring shows of its pool and when it shows
//! it. It is asked every [`PolicySpec::period`], sees only the [`Reading`]s it asked for, late as they are, and
//! knows neither the event queue nor the scenario file. What it answers is held within the pool's
//! bounds by whoever asks.

mod activity;
pub mod cluster_autoscaler;
pub mod combination;
pub mod cron;
pub mod demand;
pub mod keda;
pub mod kubernetes;
pub mod ladder;
pub mod performance;
mod plain_hpa;
pub mod predictive;
mod schedule;
pub mod signal;
pub mod step_scaling;
pub mod target_tracking;
#[cfg(test)]
mod testing;
pub mod trend;

use std::fmt::Debug;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::{SimDuration, SimTime};
use crate::workload::recorded::RecordedSpec;

pub use schedule::{ScheduleRule, ScheduleSpec, ScheduleStep};

/// The most servers of a pool.
pub const MAX_REPLICAS: u32 = 1_000_000;

/// Declares the scenario's `autoscaler` block: one key per policy.
///
/// A new policy is a file, its `mod` line, and a line here with the one that documents it.
macro_rules! policies {
    ($($(#[$doc:meta])* $key:ident: $spec:ty,)*) => {
        /// Who decides how many servers there are; where several do, the largest number counts.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct AutoscalerSpec {
            /// Never fewer servers; 0 where left out.
            #[schemars(range(max = MAX_REPLICAS))]
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub min_replicas: Option<u32>,
            /// Never more servers; no bound where left out.
            #[schemars(range(max = MAX_REPLICAS))]
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub max_replicas: Option<u32>,
            /// Numbers of servers at given times.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub schedule: Option<ScheduleSpec>,
            $(
                $(#[$doc])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $key: Option<$spec>,
            )*
        }

        impl AutoscalerSpec {
            /// Returns the policies that are asked again and again, by their keys.
            pub fn policies(&self) -> Vec<(String, Arc<dyn PolicySpec>)> {
                let all: Vec<Option<(String, Arc<dyn PolicySpec>)>> = vec![$(
                    self.$key.clone().map(|spec| (camel_case(stringify!($key)), Arc::new(spec) as _)),
                )*];
                all.into_iter().flatten().collect()
            }

            /// Returns one valid spec of every policy that is asked again and again, by its key: what
            /// documentation, benchmarks and the contract tests loop over.
            pub fn examples() -> Vec<(String, Self)> {
                vec![$(
                    (
                        camel_case(stringify!($key)),
                        Self { $key: Some(<$spec>::default()), ..Self::default() },
                    ),
                )*]
            }
        }
    };
}

policies! {
    /// Kubernetes' Horizontal Pod Autoscaler, autoscaling/v2, as pasted from a cluster.
    horizontal_pod_autoscaler: kubernetes::HorizontalPodAutoscaler,
    /// Target tracking, as AWS does it.
    target_tracking: target_tracking::TargetTracking,
    /// Step scaling, as AWS does it.
    step_scaling: step_scaling::StepScaling,
    /// Work per server, with scaling to and from zero, as KEDA does it.
    keda: keda::Keda,
    /// So many servers as the requests, or the work, that come need.
    demand: demand::Demand,
    /// More servers when CPU or latency is above a band, fewer when it is below.
    performance: performance::Performance,
    /// So many servers as the trend of a metric will need.
    trend: trend::Trend,
    /// So many servers as a forecast says.
    predictive: predictive::Predictive,
}

/// Turns the name of a field into its key.
fn camel_case(field: &str) -> String {
    let mut words = field.split('_');
    let mut key = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (first, rest) = word.split_at(1);
        key.push_str(&first.to_uppercase());
        key.push_str(rest);
    }
    key
}

/// Decides how many servers a pool is to have.
pub trait ScalingPolicy: Debug {
    /// Answers how many servers there are to be from now on.
    fn desired_replicas(&mut self, seen: &Seen<'_>) -> Advice;

    /// Learns that the pool is to have another number of servers from now on, whoever wanted it.
    fn on_scaled(&mut self, _now: SimTime, _before: u32, _after: u32) {}
}

/// A policy as written in the scenario.
pub trait PolicySpec: Debug + Send + Sync {
    /// Returns how often it is asked; the first time is one period after t = 0.
    fn period(&self) -> SimDuration;

    /// Returns what it goes by; readings come in this order.
    fn wants(&self) -> Vec<Want>;

    /// Builds the state of one run.
    fn build(&self, pool: &PoolFacts) -> Box<dyn ScalingPolicy>;

    /// Returns what is wrong with the parameters, as (path within the policy, message, remedy).
    fn problems(&self) -> Vec<(String, String, String)>;

    /// Returns the bounds that the policy brings itself, which win over those of its pool.
    fn bounds(&self) -> (Option<u32>, Option<u32>) {
        (None, None)
    }

    /// Returns the lower bound of a pool that has none.
    fn default_min(&self) -> u32 {
        0
    }

    /// Returns the number below the lower bound that it may want all the same, where nothing is to be done.
    fn idle(&self) -> Option<u32> {
        None
    }

    /// Tells whether its pool must have an upper bound.
    fn needs_max(&self) -> bool {
        false
    }

    /// Returns the name of what it scales, where it says so itself.
    fn target(&self) -> Option<String> {
        None
    }

    /// Returns the recorded series that its [`Forecast`] repeats; the scenario's own traffic where `None`.
    fn recorded(&self) -> Option<&RecordedSpec> {
        None
    }

    /// Tells whether it goes by a [`Forecast`].
    fn needs_forecast(&self) -> bool {
        false
    }
}

/// What a policy may know of its pool beforehand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PoolFacts {
    /// Servers at the start.
    pub replicas: u32,
    /// Never fewer servers.
    pub min: u32,
    /// Never more.
    pub max: u32,
    /// CPU that a server asks for (Kubernetes' request), in thousandths of a core; 0 where CPU is never short.
    pub request_milli: u64,
    /// Slots of a server; `None` is unlimited.
    pub slots: Option<u32>,
    /// Expected start-up of a server, from its order to service.
    pub startup: SimDuration,
    /// Expected requests per second at the service, constant in each step of [`Forecast::step`]; where
    /// the policy asks for it.
    pub forecast: Option<Forecast>,
}

/// Requests per second that are expected, from t = 0 on.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// How long each value holds.
    pub step: SimDuration,
    /// Requests per second.
    pub rates: Vec<f64>,
}

/// What a policy goes by.
#[derive(Clone, Debug, PartialEq)]
pub struct Want {
    /// What is measured.
    pub metric: Metric,
    /// Of each server by itself, or of all that the pool's service does.
    pub scope: Of,
    /// The pipeline through which it is seen.
    pub pipeline: String,
}

/// Whose figure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// One value per server of the pool.
    EachServer,
    /// One value for the pool.
    Pool,
    /// One value for the whole service.
    Service,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Metric {
    /// CPU used, in cores. As one value of a pool or service: the sum.
    CpuCores,
    /// CPU used / CPU there is; 1 is all of it.
    CpuUtilization,
    /// Slots held / slots there are.
    SlotUtilization,
    /// Requests that arrive, per second; per server: those sent to it.
    RequestRate,
    /// Requests in hand or waiting. Per server: in hand and in its own queue.
    InFlight,
    /// Requests waiting.
    QueueLength,
    /// The latency of completed requests at a share of them such as 0.99, in seconds.
    Latency(f64),
    /// The share of requests that ended without being completed.
    ErrorRatio,
    /// Offered work in servers: measured rate x configured mean demand / the work of one server.
    ScalingRatio,
}

/// What a policy sees when it is asked.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The present.
    pub now: SimTime,
    /// How many servers are wanted at present (Kubernetes' `spec.replicas`).
    pub replicas: u32,
    /// Never fewer servers; operators may have moved it.
    pub min: u32,
    /// Never more.
    pub max: u32,
    /// The pool's servers that are not gone, in launch order.
    pub servers: &'a [ServerSeen],
    /// What it asked for, in the order of [`PolicySpec::wants`].
    pub readings: &'a [Reading],
}

/// What a controller knows of a server without measuring.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ServerSeen {
    /// When it was ordered.
    pub ordered: SimTime,
    /// When it began to boot (Kubernetes' `status.startTime`); `None` before it has a machine.
    pub started: Option<SimTime>,
    /// Whether it can be sent requests.
    pub ready: bool,
    /// When that last changed.
    pub ready_changed: SimTime,
    /// Whether it drains.
    pub leaving: bool,
}

/// What monitoring shows of one [`Want`].
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// One value; `None` where there is none to be seen.
    Value(Option<f64>),
    /// One per server of [`Seen::servers`].
    PerServer(Vec<Option<Sample>>),
}

/// A value of one server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The value, in the units of its [`Metric`].
    pub value: f64,
    /// When it was scraped.
    pub at: SimTime,
    /// How far it looks back.
    pub window: SimDuration,
}

/// A policy's answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Advice {
    /// How many servers; `None` where the policy has nothing to say.
    pub replicas: Option<u32>,
    /// What it would have said without its own limits.
    pub raw: Option<u32>,
    /// What it went by, such as `cpu 87 % of 60 %`; for people.
    pub signal: String,
    /// What held it back.
    pub limited_by: Option<Limit>,
}

/// What keeps a decision from being what the signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Too near the target to act.
    Tolerance,
    /// Never so many at once.
    Rate,
    /// The highest (or lowest) of a while counts.
    Stabilization,
    /// Too soon after the last change.
    Cooldown,
    /// Servers that were ordered are still on their way.
    Warmup,
    /// No fewer servers.
    MinReplicas,
    /// No more servers.
    MaxReplicas,
    /// The provider gives no more.
    Quota,
    /// There is nothing to go by.
    NoMetric,
    /// The policy never scales in that direction.
    Disabled,
    /// Another policy of the pool wants more.
    Combination,
}

impl Limit {
    /// Returns the word that files have for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tolerance => "tolerance",
            Self::Rate => "policy",
            Self::Stabilization => "stabilization",
            Self::Cooldown => "cooldown",
            Self::Warmup => "warmup",
            Self::MinReplicas => "minReplicas",
            Self::MaxReplicas => "maxReplicas",
            Self::Quota => "quota",
            Self::NoMetric => "noMetric",
            Self::Disabled => "disabled",
            Self::Combination => "largest",
        }
    }
}
