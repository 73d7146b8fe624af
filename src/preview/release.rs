//! Releases as far as they are known before a run.

use serde::Serialize;

use super::ServicePreview;
use crate::results::{PolicyPlan, ReleasePlan};
use crate::scenario::{Commits, Policy, Release, Scenario};
use crate::time::{SimDuration, SimTime};

/// What is released, and how long that takes at least.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReleasePreview {
    /// The service.
    pub service: String,
    /// The version.
    pub version: String,
    /// How many commits there are; of a Poisson process the mean.
    pub commits: f64,
    /// The earliest that its first rollout can begin, in seconds from t = 0; `None` where it does not begin
    /// within the run.
    pub start_s: Option<f64>,
    /// The same on the wall clock.
    pub start_wall: Option<String>,
    /// The ways in which it is rolled out; the first is that of the run.
    pub policies: Vec<PolicyPreview>,
}

/// A way in which a release is rolled out.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyPreview {
    /// Its name.
    pub name: String,
    /// The strategy.
    pub strategy: String,
    /// The shortest time from its start until the new version is in service, in seconds: pauses and analyses,
    /// without the servers' start-up; of a configuration its propagation.
    pub shortest_s: f64,
    /// Whether the peak of the service falls into this time.
    pub at_peak: bool,
}

/// Returns what is known of all releases.
pub(super) fn of(scenario: &Scenario, services: &[ServicePreview]) -> Vec<ReleasePreview> {
    let plans = scenario.releases.iter().zip(&scenario.plan.releases);
    let preview = |(release, plan): (&Release, &ReleasePlan)| {
        let service = &services[plan.service];
        let start = Some(release.earliest()).filter(|&start| start < scenario.horizon());
        let policy = |(policy, named): (&Policy, &PolicyPlan)| {
            let shortest = release.propagation.unwrap_or_else(|| policy.strategy.shortest());
            PolicyPreview {
                name: named.name.clone(),
                strategy: named.strategy.clone(),
                shortest_s: shortest.as_secs_f64(),
                at_peak: start.is_some_and(|start| covers(start, shortest, service.peak.at_s)),
            }
        };
        ReleasePreview {
            service: service.name.clone(),
            version: release.version.clone(),
            commits: match &release.commits {
                Commits::At(times) => times.len() as f64,
                Commits::Poisson { rate, from, to } => rate * (*to - *from).as_secs_f64(),
            },
            start_s: start.map(SimTime::as_secs_f64),
            start_wall: start.and_then(|start| scenario.plan.wall(start.as_nanos())),
            policies: release.policies.iter().zip(&plan.policies).map(policy).collect(),
        }
    };
    plans.map(preview).collect()
}

/// Tells whether an instant falls into a stretch.
fn covers(start: SimTime, length: SimDuration, at_s: f64) -> bool {
    let start_s = start.as_secs_f64();
    start_s <= at_s && at_s < start_s + length.as_secs_f64()
}
