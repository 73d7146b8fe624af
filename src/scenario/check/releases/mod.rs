//! Releases: what is released, when, what is wrong with it, and who judges it.

mod commits;
mod pipeline;
mod policies;
mod rollback;

use std::collections::BTreeSet;

use self::commits::{FreezePlan, Start};
use super::places::Places;
use super::run::Frame;
use super::services::Fleet;
use super::{Findings, join};
use crate::dist::{Distribution, DistributionSpec};
use crate::error::Code;
use crate::ids::ServiceId;
use crate::monitoring::Pipeline;
use crate::results::{ObjectivePlan, ReleasePlan};
use crate::scenario::plan::{Caution, Flaw, Release, least};
use crate::scenario::spec::{IfBusy, ReleaseSpec, ScenarioSpec};
use crate::scenario::suggest;
use crate::time::{SimDuration, SimTime};
use crate::units::Ratio;

/// The most releases of a scenario, and the most commits of all of them in one replication.
const MAX_RELEASES: usize = 1_000;
const MAX_COMMITS: f64 = 10_000.0;
/// The longest version, in characters.
const MAX_VERSION: usize = 100;
/// The version of a service that names none.
const CURRENT: &str = "current";
/// Figures of a release that are kept by interval.
const SERIES: u128 = 7;

/// All releases, as far as they could be built.
#[derive(Debug, Default)]
pub(super) struct Releases {
    pub(super) releases: Vec<Release>,
    pub(super) plans: Vec<ReleasePlan>,
    pub(super) cautions: Vec<Caution>,
    /// Series by interval that a replication keeps of them.
    pub(super) series: u128,
    /// Servers that they may order in a replication.
    pub(super) servers: u64,
}

/// What releases refer to.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'a> {
    pub(super) frame: &'a Frame,
    pub(super) places: Places<'a>,
    pub(super) fleet: &'a Fleet,
    pub(super) pipelines: &'a [Pipeline],
    pub(super) objectives: &'a [ObjectivePlan],
}

/// Checks releases, and collects what was found.
struct Checker<'a> {
    around: Surroundings<'a>,
    spec: &'a ScenarioSpec,
    freezes: Vec<FreezePlan>,
    cautions: Vec<Caution>,
    found: &'a mut Findings,
}

pub(super) fn check(spec: &ScenarioSpec, around: Surroundings<'_>, found: &mut Findings) -> Releases {
    for (path, count, what) in
        [("releases", spec.releases.len(), "releases"), ("freezes", spec.freezes.len(), "freezes")]
    {
        if count > MAX_RELEASES {
            let message = format!("there are {count} {what}");
            found.add(Code::TooMuch, path, message, format!("keep to {MAX_RELEASES}"));
            return Releases::default();
        }
    }
    let mut checker = Checker { around, spec, freezes: Vec::new(), cautions: Vec::new(), found };
    checker.freezes = checker.all_freezes();
    checker.versions();
    let mut all = Releases::default();
    let (mut starts, mut total) = (Vec::new(), 0.0);
    for (index, release) in spec.releases.iter().enumerate() {
        let (start, built) = checker.release(index, release);
        let Some(start) = start else { continue };
        total += start.count;
        if let Some((release, plan)) = built {
            let service = &around.fleet.services[release.service.index()];
            let replicas: u64 = service.pools.iter().map(|pool| u64::from(pool.most_replicas())).sum();
            // One way of all orders servers in the run itself: those of the new version, and those that
            // take their place again.
            let most = commits::most(start.count);
            all.servers = all.servers.saturating_add(2 * replicas * most);
            all.series += SERIES * u128::from(most) * plan.policies.len() as u128;
            all.releases.push(release);
            all.plans.push(plan);
        }
        starts.push(start);
    }
    if total > MAX_COMMITS {
        let message = format!("there are {total:.0} commits of all releases");
        let remedy = format!("keep to {}", suggest::grouped(MAX_COMMITS as u64));
        checker.found.add(Code::TooMuch, "releases", message, remedy);
    }
    checker.overlaps(&starts);
    all.cautions = checker.cautions;
    all
}

impl Checker<'_> {
    fn frame(&self) -> &Frame {
        self.around.frame
    }

    /// Checks the versions: of what runs at the start, and of what is released.
    fn versions(&mut self) {
        let spec = self.spec;
        for (name, service) in spec.services.iter() {
            if let Some(version) = &service.version {
                self.version(&format!("services.{name}.version"), version);
            }
        }
        let mut known: BTreeSet<(&str, &str)> = BTreeSet::new();
        for (index, release) in spec.releases.iter().enumerate() {
            let path = format!("releases[{index}].version");
            self.version(&path, &release.version);
            let (service, version) = (release.service.as_str(), release.version.as_str());
            let runs = spec.services.get(service).map(|spec| spec.version.as_deref().unwrap_or(CURRENT));
            let shown = suggest::short(version);
            if runs == Some(version) {
                let message = format!("`{shown}` is the version of {service} at the start");
                self.found.add(Code::DuplicateName, path, message, "give the release another version");
            } else if !known.insert((service, version)) {
                let message =
                    format!("the version `{shown}` of {} is released twice", suggest::short(service));
                let remedy = "give every release of a service a version of its own";
                self.found.add(Code::DuplicateName, path, message, remedy);
            }
        }
    }

    fn version(&mut self, path: &str, version: &str) {
        let message = if version.trim().is_empty() {
            "the version is empty".to_owned()
        } else if version.chars().count() > MAX_VERSION {
            format!("a version of {} characters is too long", version.chars().count())
        } else if version.chars().any(char::is_control) {
            format!("`{}` holds characters that cannot be printed", suggest::short(version))
        } else {
            return;
        };
        let remedy = format!("write 1 to {MAX_VERSION} characters, for example \"2026.11.1\"");
        self.found.add(Code::Name, path, message, remedy);
    }

    /// Checks a release; returns when it begins, and it, as far as that can be told.
    fn release(
        &mut self,
        index: usize,
        spec: &ReleaseSpec,
    ) -> (Option<Start>, Option<(Release, ReleasePlan)>) {
        let path = format!("releases[{index}]");
        let service = self.around.places.service(&join(&path, "service"), &spec.service, self.found);
        let commits = self.commits(&path, spec);
        let pipeline = spec.pipeline.as_ref().map(|spec| self.pipeline(&join(&path, "pipeline"), spec));
        let defects = self.flaws(&path, service, spec);
        let objectives = service.map(|service| self.judged(&path, service, &spec.service));
        if let Some(service) = service.filter(|&service| self.around.fleet.services[service].ladder.is_some())
        {
            let name = &self.spec.services.0[service].0;
            let message = format!("releases of {name} and its ladder are not modelled together");
            let remedy = format!("remove services.{name}.ladder, or the release");
            self.found.add(Code::Release, &path, message, remedy);
        }
        let freezes = service.map_or_else(Vec::new, |service| self.freezes_of(service, spec));
        let least = pipeline.as_ref().and_then(Option::as_ref).map_or(SimDuration::ZERO, least);
        let start = commits.as_ref().zip(service).map(|(commits, service)| {
            Start::new(index, service, commits, spec.pipeline.is_some(), least, &freezes, self.frame())
        });
        let ways = self.policies(&path, service, spec, start.as_ref());
        if let Some(start) = &start {
            self.too_late(spec, start, ways.as_ref().map(|ways| &*ways.0));
        }
        let built = || {
            let (policies, plans) = ways?;
            let (service, objectives) = (service?, objectives??);
            let faulty = spec.faulty.map_or(1.0, |share| share.0);
            let release = Release {
                service: ServiceId::new(service),
                version: spec.version.clone(),
                key: format!("{}/{}", spec.service, spec.version),
                commits: commits?,
                faulty: if spec.defect.is_some() { faulty } else { 0.0 },
                defects: defects?,
                propagation: spec.configuration.as_ref().map(|push| push.propagation),
                pipeline: match pipeline {
                    Some(pipeline) => Some(pipeline?),
                    None => None,
                },
                freezes,
                skips: spec.if_busy == Some(IfBusy::Skip),
                policies,
                objectives: objectives.clone(),
            };
            let plan = ReleasePlan {
                version: spec.version.clone(),
                service,
                configuration: spec.configuration.is_some(),
                hotfix: spec.hotfix,
                policies: plans,
                objectives,
            };
            Some((release, plan))
        };
        (start, built())
    }

    /// Returns what is wrong with a version.
    fn flaws(&mut self, path: &str, service: Option<usize>, spec: &ReleaseSpec) -> Option<Vec<Flaw>> {
        if let Some(share) = spec.faulty {
            let path = join(path, "faulty");
            if spec.defect.is_none() {
                let remedy = "write for example defect: {errors: {rate: 20%}}, or remove faulty";
                self.found.add(Code::Contradiction, path, "without a defect nothing is faulty", remedy);
            } else {
                self.share(&path, share);
            }
        }
        let Some(defect) = &spec.defect else { return Some(Vec::new()) };
        let path = join(path, "defect");
        let all = defect.all();
        if all.is_empty() {
            let remedy = "write for example defect: {errors: {rate: 20%}}";
            self.found.add(Code::Nothing, &path, "the defect says nothing of what is wrong", remedy);
        }
        let mut flaws = Some(Vec::new());
        for (kind, defect) in all {
            let path = join(&path, kind);
            for (parameter, message, remedy) in defect.problems() {
                self.found.add(Code::Defect, join(&path, &parameter), message, remedy);
            }
            let class = match (defect.scope().class, service) {
                (Some(name), Some(service)) => {
                    Some(self.around.places.class(&join(&path, "class"), service, &name, self.found))
                }
                _ => None,
            };
            match class {
                Some(None) => flaws = None,
                class => {
                    let flaw = Flaw { kind: kind.to_owned(), defect, class: class.flatten() };
                    flaws.iter_mut().for_each(|flaws| flaws.push(flaw.clone()));
                }
            }
        }
        flaws
    }

    /// Returns the objectives of a service, by which its releases are judged.
    fn judged(&mut self, path: &str, service: usize, name: &str) -> Option<Vec<usize>> {
        if !self.spec.objectives.iter().any(|objective| objective.service == name) {
            let message = format!("{name} has no objective, so nothing tells whom the release harms");
            let remedy = format!(
                "add for example objectives: [{{name: {name}-p99, service: {name}, latency: {{percentile: 99, \
                 lt: 400ms}}}}]"
            );
            self.found.add(Code::Nothing, path, message, remedy);
        }
        let objectives = self.around.objectives.iter().enumerate();
        let own: Vec<usize> = objectives
            .filter(|(_, objective)| objective.service == service)
            .map(|(index, _)| index)
            .collect();
        (!own.is_empty()).then_some(own)
    }

    fn law(&mut self, path: &str, spec: &DistributionSpec<SimDuration>) -> Option<Distribution> {
        spec.build().map_err(|problems| self.found.nest(Code::Distribution, path, problems)).ok()
    }

    /// Checks a share above 0 and up to 100 %.
    fn share(&mut self, path: &str, share: Ratio) {
        if !(share.0 > 0.0 && share.0 <= 1.0) {
            let message = format!("{}% is not above 0% and up to 100%", share.0 * 100.0);
            self.found.add(Code::OutOfRange, path, message, "write for example 20%");
        }
    }

    /// Checks a share from 0 to 100 %, 100 % left out where `all` cannot be.
    fn chance(&mut self, path: &str, share: Option<Ratio>, all: bool) -> f64 {
        let Some(Ratio(share)) = share else { return 0.0 };
        if !(share < 1.0 || all && share == 1.0) {
            let (message, remedy) = if all {
                (format!("{}% is more than all", share * 100.0), "write up to 100%, for example 10%")
            } else {
                (
                    format!("{}% leaves none that succeeds", share * 100.0),
                    "write less than 100%, for example 10%",
                )
            };
            self.found.add(Code::OutOfRange, path, message, remedy);
        }
        share
    }

    /// Says when it is, as people read it.
    fn told(&self, at: SimTime) -> String {
        self.frame().told(at)
    }
}

#[cfg(test)]
mod tests;
