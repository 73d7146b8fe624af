//! Kubernetes' Horizontal Pod Autoscaler v2, as its controller is implemented.
//!
//! What the controller computes is in pure modules, each the counterpart of a Go file: [`calculator`]
//! (what one metric asks for), [`behavior`] (windows and rates), [`controller`] (a whole pass),
//! [`quantity`], and [`release`] (what changed when). This one brings the pool's servers and readings
//! into their form. Kubernetes' own test cases run through the same functions
//! (`examples/conformance`).

pub mod behavior;
pub mod calculator;
mod check;
pub mod containers;
pub mod controller;
mod metric;
pub mod quantity;
pub mod release;
pub mod spec;
#[cfg(test)]
mod tests;

use crate::autoscaler::{
    Advice, Limit, Metric, Of, PolicySpec, PoolFacts, Reading, Sample, ScalingPolicy, Seen, ServerSeen, Want,
};
use crate::time::SimDuration;
use behavior::{Condition, Select};
use calculator::{Calculator, Failure, Observed, Phase, Pod, PodMetric, Proposal, Readiness, Tolerances};
use controller::{Decision, History, Scale, Settings, Unasked, reconcile};
use metric::metric_of;
use spec::Goal;
pub use spec::HorizontalPodAutoscaler;

impl PolicySpec for HorizontalPodAutoscaler {
    fn period(&self) -> SimDuration {
        self.horizontal_pod_autoscaler_sync_period.unwrap_or(SimDuration::from_secs(15))
    }

    fn wants(&self) -> Vec<Want> {
        let measured =
            |name: &str| metric_of(&self.metric_names, name).map_or(Metric::RequestRate, |it| it.1);
        let want = |goal: &Goal| {
            let (metric, scope, pipeline) = match goal {
                Goal::Utilization(_) | Goal::Cpu(_) => {
                    (Metric::CpuCores, Of::EachServer, &self.pipelines.resource)
                }
                Goal::Pods(name, _) => (measured(name), Of::EachServer, &self.pipelines.custom),
                Goal::Whole(name, _) | Goal::Shared(name, _) => {
                    (measured(name), Of::Service, &self.pipelines.custom)
                }
            };
            Want { metric, scope, pipeline: pipeline.clone() }
        };
        self.goals().iter().map(want).collect()
    }

    fn build(&self, pool: &PoolFacts) -> Box<dyn ScalingPolicy> {
        let (down, up) = self.tolerances();
        let calculator = Calculator {
            release: self.kubernetes,
            tolerances: Tolerances { down, up },
            cpu_initialization_period: self.cpu_initialization_period.unwrap_or(SimDuration::from_secs(300)),
            initial_readiness_delay: self.initial_readiness_delay.unwrap_or(SimDuration::from_secs(30)),
        };
        let settings = Settings {
            release: self.kubernetes,
            downscale_stabilization: self.downscale_window(),
            behavior: self.behavior(),
        };
        let request_milli = i64::try_from(pool.request_milli).ok().filter(|&request| request > 0);
        let goals = self.goals();
        Box::new(State { goals, calculator, settings, request_milli, history: History::default() })
    }

    fn problems(&self) -> Vec<(String, String, String)> {
        check::problems(self)
    }

    fn bounds(&self) -> (Option<u32>, Option<u32>) {
        let bound = |replicas: Option<i32>| replicas.map(|replicas| u32::try_from(replicas).unwrap_or(0));
        (bound(self.spec().min_replicas), bound(self.spec().max_replicas))
    }

    fn default_min(&self) -> u32 {
        1
    }

    fn needs_max(&self) -> bool {
        true
    }

    fn target(&self) -> Option<String> {
        self.spec().scale_target_ref.map(|target| target.name)
    }
}

/// An autoscaler at work.
#[derive(Debug)]
struct State {
    goals: Vec<Goal>,
    calculator: Calculator,
    settings: Settings,
    request_milli: Option<i64>,
    history: History,
}

impl ScalingPolicy for State {
    fn desired_replicas(&mut self, seen: &Seen<'_>) -> Advice {
        let scale = Scale { current: count(seen.replicas), min: count(seen.min), max: count(seen.max) };
        let Self { goals, calculator, settings, request_milli, history } = self;
        let propose = || {
            let ask = |(goal, reading): (&Goal, &Reading)| {
                proposal(goal, reading, calculator, seen, *request_milli)
            };
            goals.iter().zip(seen.readings).map(ask).collect()
        };
        let decision = reconcile(history, settings, scale, seen.now, propose);
        advice(&decision, goals, settings, scale)
    }
}

fn count(replicas: u32) -> i32 {
    i32::try_from(replicas).unwrap_or(i32::MAX)
}

/// Returns what a metric asks for.
fn proposal(
    goal: &Goal,
    reading: &Reading,
    calculator: &Calculator,
    seen: &Seen<'_>,
    request_milli: Option<i64>,
) -> Result<Proposal, Failure> {
    let current = count(seen.replicas);
    let pods = pods(seen.servers, reading, request_milli);
    let observed = Observed { now: seen.now, pods: &pods, strangers: &[] };
    let usage = |name: &str| match reading {
        Reading::Value(Some(value)) => Ok(milli(*value)),
        _ => Err(Failure::NoExternalMetric(name.to_owned())),
    };
    match goal {
        Goal::Utilization(target) => calculator.utilization(observed, current, *target),
        Goal::Cpu(target) => calculator.resource_value(observed, current, *target),
        Goal::Pods(name, target) => calculator.pods_metric(observed, current, *target, name),
        Goal::Whole(name, target) => calculator.whole_value(observed, current, *target, usage(name)?),
        Goal::Shared(name, target) => {
            // `status.replicas` of a Deployment leaves out pods that are being deleted.
            let status = seen.servers.iter().filter(|server| !server.leaving).count() as u32;
            Ok(calculator.shared_value(count(status), *target, usage(name)?))
        }
    }
}

/// Returns the servers as the controller sees pods: not started is Pending, draining is being deleted.
fn pods(servers: &[ServerSeen], reading: &Reading, request_milli: Option<i64>) -> Vec<Pod> {
    let sample = |index: usize| match reading {
        Reading::PerServer(samples) => samples.get(index).copied().flatten(),
        Reading::Value(_) => None,
    };
    let metric = |Sample { value, at, window }| PodMetric { milli: milli(value), at, window };
    let pod = |(index, server): (usize, &ServerSeen)| Pod {
        phase: if server.started.is_some() { Phase::Running } else { Phase::Pending },
        deleting: server.leaving,
        started: server.started,
        readiness: Some(Readiness { ready: server.ready, since: server.ready_changed }),
        request_milli,
        metric: server.started.and(sample(index)).map(metric),
    };
    servers.iter().enumerate().map(pod).collect()
}

/// Returns a measured value in thousandths, as a quantity of thousand-millionths is rounded up.
fn milli(value: f64) -> i64 {
    let nano = (value * 1e9).round() as i64;
    nano.div_euclid(1_000_000) + i64::from(nano.rem_euclid(1_000_000) != 0)
}

/// Puts a decision into words.
fn advice(decision: &Decision, goals: &[Goal], settings: &Settings, scale: Scale) -> Advice {
    let replicas = |count: i32| u32::try_from(count).unwrap_or(0);
    let failed = decision.winner.is_none() && decision.unasked.is_none();
    let signal = match (&decision.unasked, decision.winner) {
        (Some(Unasked::ScalingDisabled), _) => "no replicas: scaling is disabled".to_owned(),
        (Some(Unasked::AboveMax), _) => "more replicas than maxReplicas".to_owned(),
        (Some(Unasked::BelowMin), _) => "fewer replicas than minReplicas".to_owned(),
        (None, Some((index, proposal))) => {
            goals.get(index).map(|goal| told(goal, &proposal)).unwrap_or_default()
        }
        (None, None) => decision.failure.as_ref().map(ToString::to_string).unwrap_or_default(),
    };
    let disabled = decision.unasked == Some(Unasked::ScalingDisabled);
    Advice {
        replicas: (!failed && !disabled).then(|| replicas(decision.replicas)),
        raw: decision.winner.map(|(_, proposal)| replicas(proposal.replicas)),
        signal,
        limited_by: limit(decision, settings, scale),
    }
}

/// Returns what held a decision back last.
fn limit(decision: &Decision, settings: &Settings, scale: Scale) -> Option<Limit> {
    match decision.unasked {
        Some(Unasked::ScalingDisabled) => return Some(Limit::Disabled),
        Some(Unasked::AboveMax) => return Some(Limit::MaxReplicas),
        Some(Unasked::BelowMin) => return Some(Limit::MinReplicas),
        None => {}
    }
    let Some((_, proposal)) = decision.winner else { return Some(Limit::NoMetric) };
    let select = settings.behavior.as_ref().map(|behavior| (behavior.up.select, behavior.down.select));
    match decision.condition {
        Some(Condition::TooFewReplicas) => Some(Limit::MinReplicas),
        Some(Condition::TooManyReplicas) => Some(Limit::MaxReplicas),
        Some(Condition::ScaleUpLimit) if select.is_some_and(|it| it.0 == Select::Disabled) => {
            Some(Limit::Disabled)
        }
        Some(Condition::ScaleDownLimit) if select.is_some_and(|it| it.1 == Select::Disabled) => {
            Some(Limit::Disabled)
        }
        Some(Condition::ScaleUpLimit | Condition::ScaleDownLimit) => Some(Limit::Rate),
        _ if decision.stabilized != Some(proposal.replicas) => Some(Limit::Stabilization),
        _ => (proposal.tolerated && decision.replicas == scale.current).then_some(Limit::Tolerance),
    }
}

/// Says what a metric shows and what it is to be, such as `cpu 87% of 60%`.
fn told(goal: &Goal, proposal: &Proposal) -> String {
    let shown = |milli: i64| (milli as f64 / 1000.0).to_string();
    let of = |name: &str, target: i64| format!("{name} {} of {}", shown(proposal.value_milli), shown(target));
    match goal {
        Goal::Utilization(target) => format!("cpu {}% of {target}%", proposal.percent),
        Goal::Cpu(target) => format!("cpu {}m of {target}m", proposal.value_milli),
        Goal::Pods(name, target) | Goal::Whole(name, target) => of(name, *target),
        Goal::Shared(name, target) => of(name, *target),
    }
}
