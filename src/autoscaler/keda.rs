//! KEDA: event-driven scaling, to and from zero, with a horizontal pod autoscaler between one and n.
//!
//! Sources: kedacore/keda-docs, reference/scaledobject-spec.md and concepts/scaling-deployments.md;
//! kedacore/keda, pkg/scaling/executor/scale_scaledobjects.go.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::plain_hpa::{self, Highest};
use super::signal::{self, Level, Total, Wrong, shown, wrong};
use super::{Advice, Limit, PolicySpec, PoolFacts, ScalingPolicy, Seen, Want};
use crate::time::{NANOS_PER_SEC, SimDuration, SimTime};

/// How often the pod autoscaler looks, in seconds.
const SYNC: u64 = 15;

/// Scales on events: queues, rates, what is in flight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Keda {
    /// Seconds between two looks at whether a trigger is active.
    #[serde(default = "thirty")]
    pub polling_interval: u32,
    /// Seconds from the last active trigger until there is nobody left.
    #[serde(default = "three_hundred")]
    pub cooldown_period: u32,
    /// How many servers stay while no trigger is active; below `minReplicas`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_replica_count: Option<u32>,
    /// What it scales on; the largest number counts.
    pub triggers: Vec<Trigger>,
    /// How many servers there are where a trigger cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Fallback>,
    /// The pipeline through which the triggers are seen.
    #[serde(default = "signal::prometheus")]
    pub from: String,
    #[doc(hidden)]
    #[schemars(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_replica_count: Option<u32>,
    #[doc(hidden)]
    #[schemars(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_replica_count: Option<u32>,
}

/// One thing on which it scales.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Trigger {
    /// What is watched, of the whole service.
    #[serde(rename = "type")]
    pub kind: Total,
    /// How much of it a server is for.
    pub threshold: Level,
    /// There is something to do above this; at it there is not.
    #[serde(default = "nothing")]
    pub activation_threshold: Level,
    /// Whether the threshold is meant per server or of the whole.
    #[serde(default)]
    pub metric_type: MetricType,
}

/// What a threshold means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MetricType {
    /// So much per server.
    #[default]
    AverageValue,
    /// So much of the whole, which falls as servers are added.
    Value,
}

/// What is done without readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fallback {
    /// After more failures in a row than this.
    pub failure_threshold: u32,
    /// So many servers.
    pub replicas: u32,
}

fn thirty() -> u32 {
    30
}

fn three_hundred() -> u32 {
    300
}

fn nothing() -> Level {
    Level::Number(0.0)
}

impl Default for Keda {
    fn default() -> Self {
        let trigger = Trigger {
            kind: Total::QueueLength,
            threshold: Level::Number(5.0),
            activation_threshold: nothing(),
            metric_type: MetricType::AverageValue,
        };
        Self {
            polling_interval: thirty(),
            cooldown_period: three_hundred(),
            idle_replica_count: None,
            triggers: vec![trigger],
            fallback: None,
            from: signal::prometheus(),
            min_replica_count: None,
            max_replica_count: None,
        }
    }
}

impl PolicySpec for Keda {
    /// Returns the greatest length of which the polls and the looks of the pod autoscaler are multiples.
    fn period(&self) -> SimDuration {
        let (mut a, mut b) = (SYNC, u64::from(self.polling_interval).max(1));
        while b > 0 {
            (a, b) = (b, a % b);
        }
        SimDuration::from_secs(a)
    }

    fn wants(&self) -> Vec<Want> {
        self.triggers.iter().map(|trigger| trigger.kind.want(&self.from)).collect()
    }

    fn build(&self, _pool: &PoolFacts) -> Box<dyn ScalingPolicy> {
        Box::new(State {
            failures: vec![0; self.triggers.len()],
            spec: self.clone(),
            last_active: None,
            highest: Highest::new(SimDuration::from_secs(300)),
            recommended: None,
        })
    }

    fn problems(&self) -> Vec<Wrong> {
        let mut found: Vec<Wrong> = Vec::new();
        for (key, ours, given) in [
            ("minReplicaCount", "minReplicas", self.min_replica_count),
            ("maxReplicaCount", "maxReplicas", self.max_replica_count),
        ] {
            if let Some(count) = given {
                let remedy = format!("use {ours}: {count} beside keda");
                found.push(wrong(key, "the bounds are those of the autoscaler block", remedy));
            }
        }
        if self.polling_interval == 0 {
            let message = "polling every 0 seconds never ends";
            found.push(wrong("pollingInterval", message, "write for example pollingInterval: 30"));
        }
        if self.triggers.is_empty() {
            let remedy = "write for example triggers: [{type: queueLength, threshold: 5}]";
            found.push(wrong("triggers", "nothing triggers anything", remedy));
        }
        for (index, trigger) in self.triggers.iter().enumerate() {
            let path = |key: &str| format!("triggers[{index}].{key}");
            let (unit, name) = (trigger.kind.unit(), trigger.kind.label());
            found.extend(trigger.threshold.check(&path("threshold"), unit, name));
            let activation = trigger.activation_threshold;
            if !activation.fits(unit) || activation.value() < 0.0 {
                let message = format!("{activation} is no value of {name}");
                let remedy = format!("write for example activationThreshold: {}", unit.example());
                found.push(wrong(path("activationThreshold"), message, remedy));
            }
        }
        let values = self.triggers.iter().any(|trigger| trigger.metric_type == MetricType::Value);
        if self.fallback.is_some() && values {
            let message = "a fallback works on triggers of AverageValue only";
            found.push(wrong("fallback", message, "remove it, or the metricType: Value"));
        }
        found
    }

    fn idle(&self) -> Option<u32> {
        self.idle_replica_count
    }
}

/// Tells whether a trigger has something to do: strictly more than its activation threshold.
pub fn is_active(metric: f64, activation_threshold: f64) -> bool {
    metric > activation_threshold
}

/// Returns how many servers the pod autoscaler wants for one trigger, without bounds.
pub fn recommended(kind: MetricType, metric: f64, threshold: f64, replicas: u32) -> u32 {
    match kind {
        MetricType::AverageValue => plain_hpa::for_average(metric, threshold, replicas),
        MetricType::Value => plain_hpa::for_value(metric, threshold, replicas),
    }
}

/// Returns how many servers stay while no trigger is active; `None` where activation is ignored, as it is where
/// `min` is one or more and nothing is said of idle servers.
pub fn at_rest(min: u32, idle: Option<u32>) -> Option<u32> {
    idle.filter(|&idle| idle < min).or_else(|| (min == 0).then_some(0))
}

/// Returns how many servers it comes to, cooldown aside: activation has priority over what the pod autoscaler
/// recommends, which keeps one server at least.
pub fn settled(active: bool, recommended: u32, min: u32, idle: Option<u32>) -> u32 {
    match at_rest(min, idle) {
        Some(rest) if !active => rest,
        _ => recommended.max(min).max(1),
    }
}

/// The state of one run.
#[derive(Debug)]
struct State {
    spec: Keda,
    /// Failed reads in a row, by trigger.
    failures: Vec<u32>,
    last_active: Option<SimTime>,
    highest: Highest,
    /// What the pod autoscaler wanted when it last looked.
    recommended: Option<u32>,
}

impl State {
    fn is_due(now: SimTime, seconds: u64) -> bool {
        now.as_nanos().is_multiple_of(seconds * NANOS_PER_SEC)
    }

    /// Returns what the pod autoscaler wants, what it wants before its limits, and what limited it.
    fn look(&mut self, seen: &Seen<'_>) -> (Option<u32>, Option<u32>, Option<Limit>) {
        let mut largest: Option<u32> = None;
        let mut unread = false;
        for (index, trigger) in self.spec.triggers.iter().enumerate() {
            let metric = signal::value(seen, index);
            self.failures[index] = if metric.is_some() { 0 } else { self.failures[index].saturating_add(1) };
            let wanted = match (metric, self.spec.fallback) {
                (Some(metric), _) => {
                    Some(recommended(trigger.metric_type, metric, trigger.threshold.value(), seen.replicas))
                }
                (None, Some(fallback)) if self.failures[index] > fallback.failure_threshold => {
                    Some(fallback.replicas)
                }
                (None, _) => None,
            };
            unread |= wanted.is_none();
            largest = largest.max(wanted);
        }
        let Some(raw) = largest.filter(|&wanted| !unread || wanted > seen.replicas) else {
            return (None, largest, Some(Limit::NoMetric));
        };
        let steady = self.highest.with(seen.now, raw);
        let limit = plain_hpa::up_limit(seen.replicas);
        if raw < seen.replicas && steady > raw {
            (Some(steady.min(seen.replicas)), Some(raw), Some(Limit::Stabilization))
        } else if raw > limit {
            (Some(limit), Some(raw), Some(Limit::Rate))
        } else {
            let unmoved = raw == seen.replicas;
            (Some(raw), Some(raw), unmoved.then_some(Limit::Tolerance))
        }
    }

    /// Tells what the first trigger shows, for people.
    fn told(&self, seen: &Seen<'_>) -> String {
        let told = self.spec.triggers.iter().enumerate().map(|(index, trigger)| {
            let (kind, target) = (trigger.kind, trigger.threshold.value());
            let per = if trigger.metric_type == MetricType::AverageValue { "/server" } else { "" };
            match signal::value(seen, index) {
                Some(value) => {
                    let (value, target) = (shown(value, kind.unit()), shown(target, kind.unit()));
                    format!("{} {value} for {target}{per}", kind.label())
                }
                None => format!("{}: no data", kind.label()),
            }
        });
        told.collect::<Vec<_>>().join(", ")
    }
}

impl ScalingPolicy for State {
    fn desired_replicas(&mut self, seen: &Seen<'_>) -> Advice {
        let active = self.spec.triggers.iter().enumerate().any(|(index, trigger)| {
            signal::value(seen, index)
                .is_some_and(|metric| is_active(metric, trigger.activation_threshold.value()))
        });
        let unread = (0..self.spec.triggers.len()).any(|index| signal::value(seen, index).is_none());
        let polls = Self::is_due(seen.now, u64::from(self.spec.polling_interval).max(1));
        let idle = self.spec.idle_replica_count;
        let settled = |active, recommended| settled(active, recommended, seen.min, idle);
        let rests = at_rest(seen.min, idle);
        let rest_now = rests.is_some_and(|rest| seen.replicas <= rest);
        let signal = self.told(seen);
        if polls && active {
            self.last_active = Some(seen.now);
        }
        if rest_now {
            // The pod autoscaler is off; who begins is as many as there are to be at least.
            let begun = if polls { settled(active, 0) } else { seen.replicas };
            return Advice { replicas: Some(begun), raw: Some(begun), signal, limited_by: None };
        }
        let (mut wanted, mut raw, mut limited_by) = (self.recommended, self.recommended, None);
        if Self::is_due(seen.now, SYNC) && seen.replicas > 0 {
            (wanted, raw, limited_by) = self.look(seen);
            self.recommended = wanted;
        }
        // Without readings nobody is sent home.
        if rests.is_some() && polls && !active && !unread {
            let cooldown = SimDuration::from_secs(u64::from(self.spec.cooldown_period));
            if self.last_active.is_none_or(|last| last + cooldown < seen.now) {
                self.recommended = None;
                let rest = Some(settled(false, 0));
                return Advice { replicas: rest, raw: rest, signal, limited_by: None };
            }
            limited_by = Some(Limit::Cooldown);
        }
        let replicas = wanted.map(|wanted| settled(true, wanted));
        if raw.is_some() && replicas > raw && limited_by.is_none() {
            limited_by = Some(Limit::MinReplicas);
        }
        Advice { replicas, raw, signal, limited_by }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Pool, advise};
    use super::*;

    /// "Activation threshold: strictly greater than"; ignored where the minimum is one (scaling-deployments.md).
    #[test]
    fn activation_is_strict_and_only_about_zero() {
        for (metric, threshold, expected) in
            [(0.0, 0.0, false), (1.0, 0.0, true), (50.0, 50.0, false), (50.5, 50.0, true)]
        {
            assert_eq!(is_active(metric, threshold), expected, "{metric} > {threshold}");
        }
        for (active, recommended, min, idle, expected) in [
            (false, 4, 0, None, 0),
            (true, 4, 0, None, 4),
            (true, 0, 0, None, 1),
            (false, 4, 1, None, 4),
            (false, 0, 3, None, 3),
            (false, 4, 3, Some(0), 0),
            (false, 4, 3, Some(3), 4), // "must be less than minReplicaCount"
            (true, 2, 3, Some(0), 3),
        ] {
            assert_eq!(settled(active, recommended, min, idle), expected);
        }
    }

    /// From nobody to one, by the pod autoscaler to n, and to nobody when nothing was active for 300 s.
    #[test]
    fn to_n_and_back_to_nobody() {
        let mut policy = Keda::default().build(&PoolFacts::default());
        for (seconds, replicas, queue, expected, limit) in [
            (15, 0, 40.0, Some(0), None),              // no poll
            (30, 0, 40.0, Some(1), None),              // active: one
            (45, 1, 40.0, Some(5), Some(Limit::Rate)), // 8, but four more at most
            (60, 5, 40.0, Some(8), None),
            (75, 8, 43.0, Some(8), Some(Limit::Tolerance)), // 8.6 is within 10 %
            (90, 8, 10.0, Some(8), Some(Limit::Stabilization)), // 2; 8 counts until 375
            (120, 8, 1.0, Some(8), Some(Limit::Stabilization)), // active for the last time
            (360, 8, 0.0, Some(8), Some(Limit::Cooldown)),
            (390, 8, 0.0, Some(1), Some(Limit::Cooldown)), // the pod autoscaler keeps one
            (420, 1, 0.0, Some(1), Some(Limit::Cooldown)), // 300 s since 120: not past yet
            (450, 1, 0.0, Some(0), None),
            (465, 0, 0.0, Some(0), None),
            (480, 0, 0.0, Some(0), None),
        ] {
            let advice = advise(&mut *policy, &Pool::of(replicas), seconds, &[Some(queue)]);
            assert_eq!((advice.replicas, advice.limited_by), (expected, limit), "{seconds}: {advice:?}");
        }
    }

    #[test]
    fn with_a_minimum_activation_is_ignored_but_for_idle_servers() {
        let mut pool = Pool::of(3);
        pool.min = 2;
        let mut policy = Keda::default().build(&PoolFacts::default());
        let advice = advise(&mut *policy, &pool, 30, &[Some(0.0)]);
        assert_eq!(
            (advice.replicas, advice.raw, advice.limited_by),
            (Some(2), Some(0), Some(Limit::MinReplicas))
        );
        let idle = Keda { idle_replica_count: Some(0), ..Keda::default() };
        let mut policy = idle.build(&PoolFacts::default());
        assert_eq!(advise(&mut *policy, &pool, 30, &[Some(0.0)]).replicas, Some(0));
        let mut nobody = Pool::of(0);
        nobody.min = 2;
        assert_eq!(advise(&mut *policy, &nobody, 60, &[Some(1.0)]).replicas, Some(2));
    }

    /// More failures than the threshold: the fallback; before, nobody is removed.
    #[test]
    fn unread_triggers_fall_back() {
        let fallback = Some(Fallback { failure_threshold: 3, replicas: 6 });
        let mut policy = Keda { fallback, ..Keda::default() }.build(&PoolFacts::default());
        for (seconds, expected, limit) in [
            (15, None, Some(Limit::NoMetric)),
            (30, None, Some(Limit::NoMetric)),
            (45, None, Some(Limit::NoMetric)),
            (60, Some(6), None),
        ] {
            let advice = advise(&mut *policy, &Pool::of(4), seconds, &[None]);
            assert_eq!((advice.replicas, advice.limited_by), (expected, limit), "{seconds}");
        }
        assert_eq!(advise(&mut *policy, &Pool::of(4), 75, &[None]).signal, "waiting: no data");
    }

    #[test]
    fn the_largest_trigger_counts() {
        let rate = Trigger {
            kind: Total::RequestRate,
            threshold: Level::PerSecond(100.0),
            activation_threshold: Level::Number(0.0),
            metric_type: MetricType::AverageValue,
        };
        let mut spec = Keda::default();
        spec.triggers.push(rate);
        let mut policy = spec.build(&PoolFacts::default());
        let advice = advise(&mut *policy, &Pool::of(5), 15, &[Some(35.0), Some(900.0)]);
        assert_eq!(advice.replicas, Some(9));
        assert_eq!(advice.signal, "waiting 35 for 5/server, requests 900 for 100/server");
    }

    #[test]
    fn polls_and_looks_fall_on_the_period() {
        for (polling_interval, seconds) in [(30, 15), (10, 5), (15, 15), (60, 15), (7, 1)] {
            let spec = Keda { polling_interval, ..Keda::default() };
            assert_eq!(spec.period(), SimDuration::from_secs(seconds));
        }
    }

    #[test]
    fn the_bounds_of_keda_are_refused_with_ours() {
        assert_eq!(Keda::default().problems(), Vec::new());
        let problems = Keda { min_replica_count: Some(2), ..Keda::default() }.problems();
        assert_eq!(problems[0].2, "use minReplicas: 2 beside keda");
        let none = Keda { triggers: Vec::new(), polling_interval: 0, ..Keda::default() };
        assert_eq!(none.problems().len(), 2);
    }
}
