//! What to look at before a run.

use serde::Serialize;

use super::rehearsal::Removal;
use super::{Need, ServicePreview, TARGET};
use crate::scenario::Scenario;
use crate::time::SimDuration;

/// The most replications a study may have.
const MOST_REPLICATIONS: u64 = 100_000;

/// What a warning is about; the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Concern {
    /// A queue that nothing bounds gets more than can be served, over the whole run.
    Growing,
    /// At its peak a service is offered all it can serve, or more.
    Overload,
    /// At its peak a service is offered more than [`TARGET`] of what it can serve.
    Busy,
    /// A policy gives back servers that are needed at the peak.
    Removed,
    /// What happens in the run and stands in none of these figures.
    LeftOut,
    /// Something accepted is more likely a slip than meant.
    Slip,
    /// An objective cannot be proven with so few replications.
    Replications,
}

/// Something to look at, and what to do about it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Warning {
    /// What it is about.
    pub concern: Concern,
    /// The service or the objective.
    pub of: String,
    /// What is the matter, and the remedy.
    pub message: String,
}

pub(super) fn of(
    scenario: &Scenario,
    services: &[ServicePreview],
    removals: &[Vec<Removal>],
    needs: &[Need],
) -> Vec<Warning> {
    let plan = &scenario.plan;
    let mut warnings = Vec::new();
    for (service, preview) in plan.services.iter().zip(services) {
        if service.growing {
            let message = "over the whole run as much is offered as can be served, or more: the queue grows \
                           without end"
                .to_owned();
            warnings.push(Warning { concern: Concern::Growing, of: preview.name.clone(), message });
        }
        warnings.extend(loaded(preview));
    }
    for (preview, removals) in services.iter().zip(removals) {
        warnings.extend(removals.iter().map(|removal| removed(scenario, preview, removal)));
    }
    let count = |what: &str, count: usize| {
        (count > 0).then(|| format!("{count} {what}{}", if count == 1 { "" } else { "s" }))
    };
    let scalers = scenario.services.iter().flat_map(|service| &service.pools).map(|pool| pool.scalers.len());
    let left = [
        count("fault", scenario.faults.len()),
        count("action", scenario.actions.len()),
        count("scaling rule", scalers.sum()),
        count("release", scenario.releases.len()),
    ];
    let left: Vec<String> = left.into_iter().flatten().collect();
    if !left.is_empty() {
        let message = format!("the figures above know nothing of {}: simulate", left.join(" and "));
        warnings.push(Warning { concern: Concern::LeftOut, of: plan.name.clone(), message });
    }
    for caution in &scenario.cautions {
        let (of, message) = (caution.of.clone(), caution.message.clone());
        warnings.push(Warning { concern: Concern::Slip, of, message });
    }
    for need in needs.iter().filter(|need| need.holds_in.is_some()) {
        let given = u64::from(scenario.replications);
        if need.replications > given {
            let remedy = match need.replications {
                n if n > MOST_REPLICATIONS => "more than a study may have: lower holdsIn".to_owned(),
                n => format!("write run.replications: {n}, or more, since one day may not hold"),
            };
            let days = if given == 1 { "1 day".to_owned() } else { format!("{given} days") };
            let message = format!(
                "a run simulates {days}, and it takes {} at least that all hold to pass it; {remedy}",
                need.replications
            );
            warnings.push(Warning { concern: Concern::Replications, of: need.objective.clone(), message });
        }
    }
    warnings.sort_by_key(|warning| warning.concern);
    warnings
}

/// Warns where a service is offered too much at its peak.
fn loaded(service: &ServicePreview) -> Option<Warning> {
    let share = service.peak.utilization.filter(|&share| share > TARGET)?;
    let concern = if share >= 1.0 { Concern::Overload } else { Concern::Busy };
    let binding = match service.busiest_minute.binding {
        Some("slots") => "slots",
        _ => "CPU",
    };
    let when = match &service.peak.wall {
        Some(wall) => wall.clone(),
        None => SimDuration::from_secs_f64(service.peak.at_s).to_string(),
    };
    let meaning = match (concern, service.minutes_full) {
        (Concern::Busy, _) => "little is left for chance".to_owned(),
        (_, 0) => "what cannot be served at once waits or is turned away, for less than a minute".to_owned(),
        (_, minutes) => {
            format!("what cannot be served at once waits or is turned away; minutes like this: {minutes}")
        }
    };
    let remedy = service.servers_for_target.map_or_else(String::new, |servers| {
        format!("; {servers} servers instead of {} bring it to 80 %", service.servers)
    });
    let message =
        format!("{:.1} % of its {binding} is asked for at {when}: {meaning}{remedy}", share * 100.0);
    Some(Warning { concern, of: service.name.clone(), message })
}

/// Warns of servers that a policy gives back before the peak for which they are there.
fn removed(scenario: &Scenario, service: &ServicePreview, removal: &Removal) -> Warning {
    let Removal { pool, policy, at, from, to } = removal;
    let clock = |nanos: u64, seconds: f64| {
        scenario.plan.wall(nanos).unwrap_or_else(|| SimDuration::from_secs_f64(seconds).to_string())
    };
    let (when, peak) = (
        clock(at.as_nanos(), at.as_secs_f64()),
        service.peak.wall.clone().unwrap_or_else(|| clock(0, service.peak.at_s)),
    );
    let message = format!(
        "{policy} begins to give back the {from} servers of {pool} at {when} and wants {to} when the peak comes at \
         {peak}; write autoscaler.minReplicas: {from}, or a schedule that keeps them"
    );
    Warning { concern: Concern::Removed, of: service.name.clone(), message }
}
