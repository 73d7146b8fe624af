//! Objectives: what is demanded, of whom, and when.

use std::collections::BTreeSet;

use super::classes::{Classes, recorded};
use super::run::{Frame, MAX_INTERVALS};
use super::{Findings, join};
use crate::error::Code;
use crate::results::{Goal, ObjectivePlan};
use crate::scenario::spec::{LatencySpec, ObjectiveSpec, ScenarioSpec, SuccessSpec};
use crate::scenario::suggest;
use crate::units::When;

pub(super) fn check(
    spec: &ScenarioSpec,
    frame: &Frame,
    classes: &Classes,
    found: &mut Findings,
) -> Vec<ObjectivePlan> {
    let mut names = BTreeSet::new();
    let mut plans = Vec::new();
    for (index, objective) in spec.objectives.iter().enumerate() {
        let path = format!("objectives[{index}]");
        found.name(&join(&path, "name"), &objective.name);
        if !names.insert(&objective.name) {
            let message = format!("the name `{}` is given twice", suggest::short(&objective.name));
            found.add(
                Code::DuplicateName,
                join(&path, "name"),
                message,
                "give every objective a name of its own",
            );
        }
        let target = target(&path, spec, objective, classes, found);
        let goal = goal(&path, objective, found);
        let (from, to) = stretch(&path, objective, frame, found);
        holds_in(&path, objective, found);
        if let (Some((service, class)), Some(goal)) = (target, goal) {
            plans.push(ObjectivePlan {
                name: objective.name.clone(),
                service,
                class,
                goal,
                every_ns: objective.every.map(crate::time::SimDuration::as_nanos),
                from_ns: from,
                to_ns: to,
                holds_in: objective.holds_in.map(|ratio| ratio.0),
            });
        }
    }
    plans
}

fn target(
    path: &str,
    spec: &ScenarioSpec,
    objective: &ObjectiveSpec,
    classes: &Classes,
    found: &mut Findings,
) -> Option<(usize, Option<usize>)> {
    let Some(service) = classes.service(&objective.service) else {
        let message = format!("there is no service `{}`", suggest::short(&objective.service));
        found.add(
            Code::UnknownName,
            join(path, "service"),
            message,
            suggest::known(&objective.service, spec.services.names()),
        );
        return None;
    };
    let callers = || spec.traffic.iter().filter(|(_, source)| source.to == objective.service);
    if callers().next().is_none() {
        let message = format!("no source calls `{}`, so nothing can be judged", objective.service);
        found.add(Code::Nothing, join(path, "service"), message, "send it traffic, or judge another service");
    }
    let Some(name) = &objective.class else { return Some((service, None)) };
    let Some(class) = classes.get(name).filter(|&class| classes.takes(service, class)) else {
        let message = format!("`{}` takes no class `{}`", objective.service, suggest::short(name));
        found.add(
            Code::UnknownName,
            join(path, "class"),
            message,
            suggest::known(name, classes.names_of(service)),
        );
        return None;
    };
    let sends = |source: &crate::scenario::spec::SourceSpec| {
        source.class.as_ref() == Some(name)
            || source.mix.as_ref().is_some_and(|mix| mix.get(name).is_some())
            || recorded(source).iter().any(|part| part.class.is_some())
    };
    if callers().next().is_some() && !callers().any(|(_, source)| sends(source)) {
        let message =
            format!("no source sends `{name}` to `{}`, so nothing can be judged", objective.service);
        found.add(Code::Nothing, join(path, "class"), message, "send it traffic, or judge another class");
    }
    Some((service, Some(class)))
}

fn goal(path: &str, objective: &ObjectiveSpec, found: &mut Findings) -> Option<Goal> {
    match (&objective.latency, &objective.success) {
        (Some(latency), None) => latency_goal(&join(path, "latency"), latency, found),
        (None, Some(success)) => success_goal(&join(path, "success"), success, found),
        (Some(_), Some(_)) => {
            found.add(
                Code::Contradiction,
                join(path, "success"),
                "`latency` and `success` are two objectives",
                "write two, each with a name of its own",
            );
            None
        }
        (None, None) => {
            let remedy = "write for example latency: {percentile: 99, lt: 400ms} or success: {gte: 99.9%}";
            found.add(Code::Objective, path, "the objective demands nothing", remedy);
            None
        }
    }
}

fn latency_goal(path: &str, latency: &LatencySpec, found: &mut Findings) -> Option<Goal> {
    let percentile = latency.percentile;
    if !(percentile > 0.0 && percentile < 100.0) {
        let message = format!("the percentile {percentile} is not between 0 and 100");
        found.add(Code::Objective, join(path, "percentile"), message, "write for example percentile: 99.9");
    } else if percentile < 1.0 {
        let message = format!("the percentile {percentile} would judge by the fastest requests alone");
        let remedy = format!("percentiles go up to 100: write percentile: {}", percentile * 100.0);
        found.add(Code::Objective, join(path, "percentile"), message, remedy);
    }
    let (key, bound, inclusive) = match (latency.lt, latency.lte) {
        (Some(bound), None) => ("lt", bound, false),
        (None, Some(bound)) => ("lte", bound, true),
        _ => {
            found.add(
                Code::Objective,
                path,
                "the latency needs one bound",
                "write for example {percentile: 99, lt: 400ms}; lte lets the bound itself pass",
            );
            return None;
        }
    };
    if bound.is_zero() {
        found.add(Code::Objective, join(path, key), "no latency is below 0s", "write a bound above 0");
    }
    Some(Goal::Latency { percentile, bound_ns: bound.as_nanos(), inclusive })
}

fn success_goal(path: &str, success: &SuccessSpec, found: &mut Findings) -> Option<Goal> {
    let (key, bound, inclusive) = match (success.gte, success.gt) {
        (Some(bound), None) => ("gte", bound.0, true),
        (None, Some(bound)) => ("gt", bound.0, false),
        _ => {
            found.add(
                Code::Objective,
                path,
                "the success needs one bound",
                "write for example {gte: 99.9%}; gt does not let the bound itself pass",
            );
            return None;
        }
    };
    let possible = bound > 0.0 && if inclusive { bound <= 1.0 } else { bound < 1.0 };
    if !possible {
        let message = format!(
            "a share {} {}% means nothing",
            if inclusive { "of at least" } else { "above" },
            bound * 100.0
        );
        found.add(Code::Objective, join(path, key), message, "write for example gte: 99.9%");
    }
    Some(Goal::Success { at_least: bound, inclusive })
}

/// Checks the judged stretch and its windows; returns its ends where they are written.
fn stretch(
    path: &str,
    objective: &ObjectiveSpec,
    frame: &Frame,
    found: &mut Findings,
) -> (Option<u64>, Option<u64>) {
    let (warmup, end) = (frame.warmup.as_nanos(), frame.duration.as_nanos());
    let mut edge = |key: &str, when: Option<&When>| {
        let path = join(path, key);
        match frame.resolve(when?) {
            Err(message) => {
                found.add(Code::Instant, path, message, "give run.start, to which wall clocks refer")
            }
            Ok(at) if at > i128::from(end) => {
                found.add(
                    Code::Instant,
                    path,
                    "this is after the end of the run",
                    "simulate longer, or judge an earlier stretch",
                );
            }
            Ok(at) => return u64::try_from(at).ok(),
        }
        None
    };
    let during = objective.during.as_ref();
    let from = edge("during.from", during.and_then(|during| during.from.as_ref()));
    let to = edge("during.to", during.and_then(|during| during.to.as_ref()));
    if during.is_some_and(|during| during.from.is_none() && during.to.is_none()) {
        found.add(
            Code::Instant,
            join(path, "during"),
            "the stretch has neither beginning nor end",
            "write during: {from: .., to: ..}",
        );
    }
    if from.is_some_and(|from| from < warmup) {
        let message = format!("this is before the end of the warm-up, {}", frame.warmup);
        found.add(
            Code::Instant,
            join(path, "during.from"),
            message,
            "what happens in the warm-up is left out of statistics",
        );
    }
    let (begin, close) = (from.unwrap_or(warmup), to.unwrap_or(end));
    if begin >= close && (from.is_some() || to.is_some()) {
        found.add(
            Code::Instant,
            join(path, "during"),
            "the stretch ends before it begins",
            "a wall clock is the first one at or after run.start; write lengths from the start instead",
        );
    }
    windows(path, objective, begin, close, found);
    (from, to)
}

/// Checks the windows of a stretch.
fn windows(path: &str, objective: &ObjectiveSpec, begin: u64, close: u64, found: &mut Findings) {
    if let Some(every) = objective.every.map(crate::time::SimDuration::as_nanos)
        && begin < close
    {
        let path = join(path, "every");
        if every == 0 || every > close - begin {
            found.add(
                Code::Objective,
                path,
                "the window is empty, or longer than the judged stretch",
                "write for example every: 1m",
            );
        } else if (close - begin).div_ceil(every) > MAX_INTERVALS {
            found.add(
                Code::Objective,
                path,
                format!("these are more than {MAX_INTERVALS} windows"),
                "write a longer window",
            );
        }
    }
}

fn holds_in(path: &str, objective: &ObjectiveSpec, found: &mut Findings) {
    let Some(share) = objective.holds_in.map(|ratio| ratio.0) else { return };
    if !(share > 0.0 && share < 1.0) {
        let message = format!("a share of {}% of the days cannot be proven or refuted", share * 100.0);
        found.add(
            Code::Objective,
            join(path, "holdsIn"),
            message,
            "write for example 95%; without holdsIn every replication must hold",
        );
    }
}
