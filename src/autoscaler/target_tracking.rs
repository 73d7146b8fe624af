//! Target tracking of AWS: keep a metric at a target, out fast and in slowly.
//!
//! Source: Amazon EC2 Auto Scaling User Guide, "Target tracking scaling policies"
//! (awsdocs/amazon-ec2-auto-scaling-user-guide, doc_source/as-scaling-target-tracking.md, as-using-sqs-queue.md).
//! The alarms that it makes, 3 of 3 datapoints of a minute and 15 of 15, are not in the guide; they are read
//! from what it creates (aws/copilot-cli issue 4233, aws-samples/amazon-aurora-labs-for-mysql issue 3).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::activity::Activities;
use super::signal::{self, Signal, Unit, Wrong, check_length, compared, wrong};
use super::{Advice, Limit, Metric, Of, PolicySpec, PoolFacts, Reading, ScalingPolicy, Seen, Want};
use crate::time::{SimDuration, SimTime};
use crate::units::{Rate, Ratio};

/// How far below the target the metric must be before servers are removed: the alarm's threshold is 90 % of it.
const LOW: f64 = 0.9;

/// Keeps one metric at a target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TargetTracking {
    /// The mean CPU utilisation of the servers that are warm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_utilization: Option<Ratio>,
    /// Requests per server in service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_server: Option<Rate>,
    /// Requests that wait, per server in service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_per_server: Option<f64>,
    /// The pipeline through which it is seen; `metricsServer` for CPU, `prometheus` for the others where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Between two datapoints.
    #[serde(default = "minute")]
    pub period: SimDuration,
    /// So many datapoints in a row above the target before servers are added.
    #[serde(default = "three")]
    pub scale_out_datapoints: u32,
    /// So many datapoints in a row below 90 % of the target before servers are removed.
    #[serde(default = "fifteen")]
    pub scale_in_datapoints: u32,
    /// How long a server is in service before it counts.
    #[serde(default = "five_minutes")]
    pub warmup: SimDuration,
    /// After servers were added, for so long more are added only as far as what was there before asks for them.
    #[serde(default)]
    pub scale_out_cooldown: SimDuration,
    /// After servers were removed, none are removed for so long.
    #[serde(default = "five_minutes")]
    pub scale_in_cooldown: SimDuration,
    /// Never removes servers.
    #[serde(default)]
    pub disable_scale_in: bool,
}

fn minute() -> SimDuration {
    SimDuration::from_secs(60)
}

fn five_minutes() -> SimDuration {
    SimDuration::from_secs(300)
}

fn three() -> u32 {
    3
}

fn fifteen() -> u32 {
    15
}

impl Default for TargetTracking {
    fn default() -> Self {
        Self {
            cpu_utilization: None,
            requests_per_server: Some(Rate(400.0)),
            queue_per_server: None,
            from: None,
            period: minute(),
            scale_out_datapoints: three(),
            scale_in_datapoints: fifteen(),
            warmup: five_minutes(),
            scale_out_cooldown: SimDuration::ZERO,
            scale_in_cooldown: five_minutes(),
            disable_scale_in: false,
        }
    }
}

impl TargetTracking {
    /// Returns all targets that are given.
    fn targets(&self) -> Vec<(&'static str, Signal, f64)> {
        let cpu = self.cpu_utilization.map(|Ratio(at)| ("cpuUtilization", Signal::CpuUtilization, at));
        let rate =
            self.requests_per_server.map(|Rate(at)| ("requestsPerServer", Signal::RequestsPerServer, at));
        let queue = self.queue_per_server.map(|at| ("queuePerServer", Signal::QueuePerServer, at));
        [cpu, rate, queue].into_iter().flatten().collect()
    }

    fn target(&self) -> (Signal, f64) {
        self.targets().first().map_or((Signal::RequestsPerServer, 1.0), |&(_, signal, at)| (signal, at))
    }
}

impl PolicySpec for TargetTracking {
    fn period(&self) -> SimDuration {
        self.period
    }

    fn wants(&self) -> Vec<Want> {
        let (signal, _) = self.target();
        let pipeline = |default: fn() -> String| self.from.clone().unwrap_or_else(default);
        match signal {
            // By server, so that those that warm up can be left out.
            Signal::CpuUtilization => vec![Want {
                metric: Metric::CpuUtilization,
                scope: Of::EachServer,
                pipeline: pipeline(signal::metrics_server),
            }],
            _ => vec![signal.want(0.0, &pipeline(signal::prometheus))],
        }
    }

    fn build(&self, _pool: &PoolFacts) -> Box<dyn ScalingPolicy> {
        let activities = Activities::new(self.warmup, self.scale_out_cooldown, self.scale_in_cooldown);
        Box::new(Tracker { spec: self.clone(), activities, above: 0, below: 0 })
    }

    fn problems(&self) -> Vec<Wrong> {
        let targets = self.targets();
        let mut found: Vec<Wrong> = Vec::new();
        if targets.len() != 1 {
            let message = format!("{} targets are given where one is tracked", targets.len());
            let remedy = "write one of cpuUtilization: 60%, requestsPerServer: 400/s, queuePerServer: 100";
            found.push(wrong("", message, remedy));
        }
        for (key, signal, target) in targets {
            if !(target > 0.0 && target.is_finite()) {
                let remedy = format!("write for example {key}: {}", signal.unit().example());
                found.push(wrong(key, format!("a target of {target} cannot be tracked"), remedy));
            }
        }
        found.extend(check_length("period", self.period, "1m"));
        for (key, count) in [
            ("scaleOutDatapoints", self.scale_out_datapoints),
            ("scaleInDatapoints", self.scale_in_datapoints),
        ] {
            if count == 0 {
                found.push(wrong(key, "no datapoint alarms nobody", format!("write for example {key}: 3")));
            }
        }
        found
    }
}

/// Returns the capacity that brings a metric to its target: what is added is rounded up, what is removed
/// is rounded down (1.5 more are 2, 1.5 fewer are 1).
///
/// `capacity` is that of the servers over which `value` is the mean.
pub fn tracked(capacity: u32, value: f64, target: f64) -> u32 {
    // capacity + ceil(capacity x (value / target - 1)), which for a removal is the rounding down of its size.
    signal::ceil(f64::from(capacity) * (value / target))
}

/// The state of one run.
#[derive(Debug)]
struct Tracker {
    spec: TargetTracking,
    activities: Activities,
    /// Datapoints in a row above the target, and below 90 % of it.
    above: u32,
    below: u32,
}

impl Tracker {
    /// Returns the metric; for requests no data are no requests, as the load balancer counts them.
    fn value(&self, seen: &Seen<'_>, signal: Signal) -> Option<f64> {
        match (signal, seen.readings.first()) {
            (Signal::CpuUtilization, Some(Reading::PerServer(samples))) => {
                let warm = seen.servers.iter().zip(samples);
                let warm = warm.filter(|(server, _)| self.activities.is_warm(server, seen.now));
                let values: Vec<f64> = warm.filter_map(|(_, sample)| sample.map(|s| s.value)).collect();
                (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
            }
            (Signal::RequestsPerServer, _) if signal::in_service(seen) > 0 => {
                Some(signal.read(seen, 0).unwrap_or(0.0))
            }
            _ => signal.read(seen, 0),
        }
    }
}

impl ScalingPolicy for Tracker {
    fn desired_replicas(&mut self, seen: &Seen<'_>) -> Advice {
        let (signal, target) = self.spec.target();
        let Some(value) = self.value(seen, signal) else {
            (self.above, self.below) = (0, 0);
            let signal = format!("{}: no data", signal.label());
            return Advice { signal, limited_by: Some(Limit::NoMetric), ..Advice::default() };
        };
        self.above = if value > target { self.above.saturating_add(1) } else { 0 };
        self.below = if value < LOW * target { self.below.saturating_add(1) } else { 0 };
        let unit: Unit = signal.unit();
        let signal = compared(signal.label(), value, target, unit);
        let out = tracked(self.activities.out_capacity(seen), value, target);
        let into = tracked(Activities::in_capacity(seen), value, target);
        let raw = Some(if value > target { out } else { into });
        let (replicas, limited_by) = if self.above >= self.spec.scale_out_datapoints {
            self.activities.scale_out(seen, out)
        } else if self.below >= self.spec.scale_in_datapoints {
            match self.spec.disable_scale_in {
                true => (seen.replicas, Some(Limit::Disabled)),
                false => self.activities.scale_in(seen, into),
            }
        } else {
            // Between 90 % and the target nothing is to be done; beyond, the alarm waits for its datapoints.
            let waits = self.above > 0 || self.below > 0;
            (seen.replicas, Some(if waits { Limit::Stabilization } else { Limit::Tolerance }))
        };
        Advice { replicas: Some(replicas), raw, signal, limited_by }
    }

    fn on_scaled(&mut self, now: SimTime, before: u32, after: u32) {
        self.activities.on_scaled(now, before, after);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Pool, advise};
    use super::*;

    /// "adding 1.5 instances ... we round up and add two"; "removing 1.5 ... we remove just one" (user guide);
    /// 1500 messages, 10 instances, 100 each: 5 more (as-using-sqs-queue.md).
    #[test]
    fn more_is_rounded_up_and_fewer_down() {
        let cases = [
            (3, 0.75, 0.5, 5),   // needs 1.5 more
            (10, 0.425, 0.5, 9), // could do with 1.5 fewer
            (10, 150.0, 100.0, 15),
            (10, 1.1, 1.0, 11), // 11.000000000000002 is 11
            (10, 0.0, 0.5, 0),
            (0, 5.0, 1.0, 0),
        ];
        for (capacity, value, target, expected) in cases {
            assert_eq!(tracked(capacity, value, target), expected, "{capacity} at {value} of {target}");
        }
    }

    /// Three minutes above, fifteen below 90 %.
    #[test]
    fn alarms_wait_for_their_datapoints() {
        let spec = TargetTracking { requests_per_server: Some(Rate(100.0)), ..TargetTracking::default() };
        let mut policy = spec.build(&PoolFacts::default());
        let pool = Pool::of(10);
        for (minute, rate, expected) in [
            (1, 1_500.0, 10),
            (2, 1_500.0, 10),
            (3, 1_000.0, 10), // exactly at the target is not above it
            (4, 1_500.0, 10),
            (5, 1_500.0, 10),
            (6, 1_500.0, 15),
        ] {
            let advice = advise(&mut *policy, &pool, 60 * minute, &[Some(rate)]);
            assert_eq!(advice.replicas, Some(expected), "{minute}");
        }
        let low =
            |policy: &mut dyn ScalingPolicy, minute: u64| advise(policy, &pool, 60 * minute, &[Some(500.0)]);
        for minute in 7..21 {
            let advice = low(&mut *policy, minute);
            assert_eq!(
                (advice.replicas, advice.limited_by),
                (Some(10), Some(Limit::Stabilization)),
                "{minute}"
            );
        }
        assert_eq!(low(&mut *policy, 21).replicas, Some(5));
        assert_eq!(low(&mut *policy, 21).signal, "requests/server 50 of 100");
    }

    /// Exactly 90 % of the target is not below it.
    #[test]
    fn between_ninety_per_cent_and_the_target_nothing_happens() {
        let spec = TargetTracking {
            requests_per_server: Some(Rate(100.0)),
            scale_in_datapoints: 1,
            scale_out_datapoints: 1,
            ..TargetTracking::default()
        };
        let mut policy = spec.build(&PoolFacts::default());
        let pool = Pool::of(10);
        for (rate, expected, limit) in [
            (1_000.0, 10, Some(Limit::Tolerance)),
            (900.0, 10, Some(Limit::Tolerance)),
            (899.0, 9, None),
            (1_001.0, 11, None),
        ] {
            let advice = advise(&mut *policy, &pool, 60, &[Some(rate)]);
            assert_eq!((advice.replicas, advice.limited_by), (Some(expected), limit), "{rate}");
        }
    }

    /// "While scaling out, we do not consider instances that are warming up as part of the current capacity";
    /// "a scale-in activity can't start while a scale-out activity is in progress".
    #[test]
    fn servers_that_warm_up_are_no_capacity_and_hold_back_scale_in() {
        let spec = TargetTracking {
            cpu_utilization: Some(Ratio(0.5)),
            requests_per_server: None,
            scale_in_datapoints: 1,
            scale_out_datapoints: 1,
            ..TargetTracking::default()
        };
        let mut policy = spec.build(&PoolFacts::default());
        let mut pool = Pool::of(10);
        pool.order(5, 600);
        pool.ready(660);
        let cpu = |pool: &Pool, warm: f64| {
            let values: Vec<Option<f64>> =
                (0..pool.servers.len()).map(|i| Some(if i < 10 { warm } else { 1.0 })).collect();
            vec![pool.per_server(&values)]
        };
        // 10 warm servers at 70 % need 14; 15 are wanted already. The new ones' 100 % do not count.
        let advice = pool.ask(&mut *policy, 720, &cpu(&pool, 0.7));
        assert_eq!(
            (advice.replicas, advice.raw, advice.limited_by),
            (Some(15), Some(14), Some(Limit::Warmup))
        );
        // 10 at 90 % need 18.
        assert_eq!(pool.ask(&mut *policy, 720, &cpu(&pool, 0.9)).replicas, Some(18));
        let advice = pool.ask(&mut *policy, 720, &cpu(&pool, 0.2));
        assert_eq!((advice.replicas, advice.limited_by), (Some(15), Some(Limit::Warmup)));
        // Warm at 660 + 300: all 15 count, at 40 % of 50 % in the mean.
        assert_eq!(pool.ask(&mut *policy, 960, &cpu(&pool, 0.1)).replicas, Some(12));
    }

    /// "does not scale in when the metric has insufficient data, unless you use ALBRequestCountPerTarget",
    /// which "emits zeros for periods with no associated data".
    #[test]
    fn no_data_is_no_low_load_but_for_requests() {
        let quick = TargetTracking { scale_in_datapoints: 1, ..TargetTracking::default() };
        let queue =
            TargetTracking { requests_per_server: None, queue_per_server: Some(5.0), ..quick.clone() };
        for (spec, expected) in [(quick, (Some(0), None)), (queue, (None, Some(Limit::NoMetric)))] {
            let mut policy = spec.build(&PoolFacts::default());
            let advice = advise(&mut *policy, &Pool::of(10), 60, &[None]);
            assert_eq!((advice.replicas, advice.limited_by), expected);
        }
    }

    #[test]
    fn cooldowns_hold_back_removals_and_reckon_additions_from_before() {
        let spec = TargetTracking {
            requests_per_server: Some(Rate(100.0)),
            scale_in_datapoints: 1,
            scale_out_datapoints: 1,
            warmup: SimDuration::ZERO,
            scale_out_cooldown: SimDuration::from_secs(120),
            ..TargetTracking::default()
        };
        let mut policy = spec.build(&PoolFacts::default());
        // An increase by 2, then one by 3 during its cooldown: only one more is added.
        policy.on_scaled(SimTime::from_nanos(60_000_000_000), 10, 12);
        let pool = Pool::of(12);
        let advice = advise(&mut *policy, &pool, 120, &[Some(12.0 * 130.0)]);
        assert_eq!((advice.replicas, advice.raw), (Some(13), Some(13)));
        let advice = advise(&mut *policy, &pool, 120, &[Some(12.0 * 120.0)]);
        assert_eq!((advice.replicas, advice.limited_by), (Some(12), Some(Limit::Cooldown)));
        assert_eq!(advise(&mut *policy, &pool, 180, &[Some(12.0 * 120.0)]).replicas, Some(15));
        policy.on_scaled(SimTime::from_nanos(180_000_000_000), 14, 12);
        let advice = advise(&mut *policy, &pool, 479, &[Some(600.0)]);
        assert_eq!((advice.replicas, advice.limited_by), (Some(12), Some(Limit::Cooldown)));
        assert_eq!(advise(&mut *policy, &pool, 480, &[Some(600.0)]).replicas, Some(6));
    }

    #[test]
    fn exactly_one_target_is_asked_for() {
        assert_eq!(TargetTracking::default().problems(), Vec::new());
        let none = TargetTracking { requests_per_server: None, ..TargetTracking::default() };
        let both = TargetTracking { queue_per_server: Some(0.0), ..TargetTracking::default() };
        assert_eq!(none.problems().len(), 1);
        assert_eq!(both.problems().len(), 2);
    }
}
