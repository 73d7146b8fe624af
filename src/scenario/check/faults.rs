//! Faults: what breaks, when, and whom it hits.

use std::collections::BTreeSet;

use super::classes::Classes;
use super::places::{Places, key_of};
use super::run::Frame;
use super::services::Fleet;
use super::{Findings, join};
use crate::dist::{Distribution, DistributionSpec};
use crate::error::Code;
use crate::ids::ServiceId;
use crate::monitoring::Pipeline;
use crate::scenario::plan::{Fault, FaultKind, Repair, Victims};
use crate::scenario::spec::{
    CrashSpec, ErrorsSpec, FailedLaunchesSpec, FailuresSpec, FaultSpec, MonitoringOutageSpec, ScenarioSpec,
    Servers, SlowSpec, ZoneOutageSpec,
};
use crate::scenario::suggest;
use crate::time::{SimDuration, SimTime};

/// The most faults of a scenario.
const MAX_FAULTS: usize = 10_000;
/// The largest factor of slowness.
const MAX_FACTOR: f64 = 1e6;

/// What the places of faults are resolved in.
struct Checker<'a> {
    places: Places<'a>,
    fleet: &'a Fleet,
    monitoring: &'a [Pipeline],
    found: &'a mut Findings,
}

pub(super) fn check(
    spec: &ScenarioSpec,
    frame: &Frame,
    classes: &Classes,
    fleet: &Fleet,
    monitoring: &[Pipeline],
    found: &mut Findings,
) -> Vec<Fault> {
    if spec.faults.len() > MAX_FAULTS {
        let message = format!("there are {} faults", spec.faults.len());
        found.add(Code::TooMuch, "faults", message, format!("keep to {MAX_FAULTS}"));
        return Vec::new();
    }
    let mut keys = BTreeSet::new();
    let mut faults = Vec::new();
    for (index, fault) in spec.faults.iter().enumerate() {
        let path = format!("faults[{index}]");
        let key = key_of(&FaultSpec { name: None, ..fault.clone() }, &mut keys);
        if let Some(name) = &fault.name {
            found.name(&join(&path, "name"), name);
        }
        let process = fault.failures.is_some();
        let at = match &fault.at {
            Some(at) => frame.instants(&join(&path, "at"), at, None, found).first().copied(),
            None if process => Some(SimTime::ZERO),
            None => {
                found.add(
                    Code::Instant,
                    &path,
                    "the fault has no time",
                    "write for example at: 30m, or at: \"00:05\"",
                );
                None
            }
        };
        let mut checker = Checker { places: Places { spec, classes }, fleet, monitoring, found };
        if let (Some(kind), Some(at)) = (checker.kind(&path, fault), at) {
            faults.push(Fault { at, name: fault.name.clone().unwrap_or_default(), key, kind });
        }
    }
    faults
}

impl Checker<'_> {
    fn kind(&mut self, path: &str, fault: &FaultSpec) -> Option<FaultKind> {
        let FaultSpec {
            name: _,
            at: _,
            crash,
            zone_outage,
            slow,
            errors,
            failures,
            failed_launches,
            monitoring_outage,
        } = fault;
        let given = [
            crash.as_ref().map(|_| "crash"),
            zone_outage.as_ref().map(|_| "zoneOutage"),
            slow.as_ref().map(|_| "slow"),
            errors.as_ref().map(|_| "errors"),
            failures.as_ref().map(|_| "failures"),
            failed_launches.as_ref().map(|_| "failedLaunches"),
            monitoring_outage.as_ref().map(|_| "monitoringOutage"),
        ];
        let given: Vec<&str> = given.into_iter().flatten().collect();
        if given.len() != 1 {
            let message = match given.as_slice() {
                [] => "the fault says nothing of what breaks".to_owned(),
                several => format!("{} are {} faults", several.join(" and "), several.len()),
            };
            let remedy =
                "write one of crash, zoneOutage, slow, errors, failures, failedLaunches, monitoringOutage";
            let code = if given.is_empty() { Code::Nothing } else { Code::Contradiction };
            self.found.add(code, path, message, remedy);
            return None;
        }
        let path = join(path, given[0]);
        let none = || None;
        let zone_outage = zone_outage.as_ref().map_or_else(none, |spec| self.zone_outage(&path, spec));
        let crash = crash.as_ref().map_or_else(none, |spec| self.crash(&path, spec));
        let slow = slow.as_ref().map_or_else(none, |spec| self.slow(&path, spec));
        let errors = errors.as_ref().map_or_else(none, |spec| self.errors(&path, spec));
        let failures = failures.as_ref().map_or_else(none, |spec| self.failures(&path, spec));
        let monitoring =
            monitoring_outage.as_ref().map_or_else(none, |spec| self.monitoring_outage(&path, spec));
        let launches = failed_launches.as_ref().map_or_else(none, |spec| self.failed_launches(&path, spec));
        zone_outage.or(crash).or(slow).or(errors).or(failures).or(launches).or(monitoring)
    }

    fn crash(&mut self, path: &str, spec: &CrashSpec) -> Option<FaultKind> {
        let victims = self.victims(path, spec.servers);
        let (service, pool) = self.target(path, &spec.service, spec.pool.as_deref())?;
        Some(FaultKind::Crash { service, pool, victims })
    }

    fn zone_outage(&mut self, path: &str, spec: &ZoneOutageSpec) -> Option<FaultKind> {
        self.lasting(path, spec.duration);
        let zones = &self.fleet.zones;
        let Some(zone) = zones.iter().position(|zone| *zone == spec.zone) else {
            let message = format!("no pool has servers in a zone `{}`", suggest::short(&spec.zone));
            let remedy = match zones.as_slice() {
                [] => "give a pool zones, for example zones: [a, b, c]".to_owned(),
                zones => suggest::known(&spec.zone, zones.iter().map(String::as_str)),
            };
            self.found.add(Code::UnknownName, join(path, "zone"), message, remedy);
            return None;
        };
        Some(FaultKind::ZoneOutage { zone: zone as u16, duration: spec.duration })
    }

    fn slow(&mut self, path: &str, spec: &SlowSpec) -> Option<FaultKind> {
        self.lasting(path, spec.duration);
        if !(spec.factor > 0.0 && spec.factor <= MAX_FACTOR) {
            let message = format!("a factor of {} is not above 0 and up to 1,000,000", spec.factor);
            let remedy = "write for example factor: 3; work then takes three times as long";
            self.found.add(Code::OutOfRange, join(path, "factor"), message, remedy);
        }
        let victims = spec.servers.map(|servers| self.victims(path, servers));
        let (service, pool) = self.target(path, &spec.service, spec.pool.as_deref())?;
        Some(FaultKind::Slow { service, pool, victims, factor: spec.factor, duration: spec.duration })
    }

    fn errors(&mut self, path: &str, spec: &ErrorsSpec) -> Option<FaultKind> {
        self.lasting(path, spec.duration);
        let share = spec.share.0;
        self.share(&join(path, "share"), share);
        let (service, _) = self.target(path, &spec.service, None)?;
        let class = match &spec.class {
            None => None,
            Some(name) => Some(self.places.class(&join(path, "class"), service.index(), name, self.found)?),
        };
        Some(FaultKind::Errors { service, class, share, duration: spec.duration })
    }

    fn failures(&mut self, path: &str, spec: &FailuresSpec) -> Option<FaultKind> {
        let mtbf = self.law(&join(path, "mtbf"), &spec.mtbf);
        let time = spec.mttr.as_ref().map(|law| self.law(&join(path, "mttr"), law));
        if mtbf.as_ref().is_some_and(|law| law.mean() < 1e6) {
            self.found.add(
                Code::OutOfRange,
                join(path, "mtbf"),
                "servers that fail within a millisecond serve nobody",
                "write for example mtbf: {exponential: {mean: 30d}}",
            );
        }
        if let Some(repairers) = spec.repairers {
            let path = join(path, "repairers");
            if spec.mttr.is_none() {
                let message = "without mttr there is nothing to repair";
                let remedy = "write for example mttr: {exponential: {mean: 10m}}";
                self.found.add(Code::Contradiction, path, message, remedy);
            } else if repairers == 0 {
                let message = "without a repairer nothing is ever repaired";
                self.found.add(Code::OutOfRange, path, message, "write 1 or more, or leave it out");
            }
        }
        let (service, pool) = self.target(path, &spec.service, spec.pool.as_deref())?;
        let repair = match time {
            None => None,
            Some(time) => Some(Repair { time: time?, repairers: spec.repairers }),
        };
        Some(FaultKind::Failures { service, pool, mtbf: mtbf?, repair })
    }

    fn failed_launches(&mut self, path: &str, spec: &FailedLaunchesSpec) -> Option<FaultKind> {
        self.lasting(path, spec.duration);
        self.share(&join(path, "share"), spec.share.0);
        let (service, pool) = self.target(path, &spec.service, spec.pool.as_deref())?;
        Some(FaultKind::FailedLaunches { service, pool, share: spec.share.0, duration: spec.duration })
    }

    fn monitoring_outage(&mut self, path: &str, spec: &MonitoringOutageSpec) -> Option<FaultKind> {
        self.lasting(path, spec.duration);
        let named = |name: &String| self.monitoring.iter().position(|pipeline| pipeline.name == *name);
        let pipeline = spec.pipeline.as_ref().map(named);
        if let (Some(None), Some(name)) = (pipeline, &spec.pipeline) {
            let message = format!("there is no pipeline `{}`", suggest::short(name));
            let remedy = suggest::known(name, self.monitoring.iter().map(|pipeline| pipeline.name.as_str()));
            self.found.add(Code::UnknownName, join(path, "pipeline"), message, remedy);
            return None;
        }
        Some(FaultKind::MonitoringOutage { pipeline: pipeline.flatten(), duration: spec.duration })
    }

    fn law(&mut self, path: &str, spec: &DistributionSpec<SimDuration>) -> Option<Distribution> {
        spec.build().map_err(|problems| self.found.nest(Code::Distribution, path, problems)).ok()
    }

    fn lasting(&mut self, path: &str, duration: SimDuration) {
        if duration.is_zero() {
            let message = "what lasts 0s changes nothing";
            self.found.add(
                Code::OutOfRange,
                join(path, "duration"),
                message,
                "write for example duration: 10m",
            );
        }
    }

    fn share(&mut self, path: &str, share: f64) {
        if !(share > 0.0 && share <= 1.0) {
            let message = format!("{}% is not above 0% and up to 100%", share * 100.0);
            self.found.add(Code::OutOfRange, path, message, "write for example 20%");
        }
    }

    fn victims(&mut self, path: &str, servers: Servers) -> Victims {
        let path = join(path, "servers");
        match servers {
            Servers::Count(0) => {
                self.found.add(Code::OutOfRange, path, "no server is hit", "write 1 or more, or a share");
                Victims::Count(0)
            }
            Servers::Count(count) => Victims::Count(count),
            Servers::Share(share) => {
                self.share(&path, share.0);
                Victims::Share(share.0)
            }
        }
    }

    /// Finds a service, and the pool of it that is named.
    fn target(
        &mut self,
        path: &str,
        service: &str,
        pool: Option<&str>,
    ) -> Option<(ServiceId, Option<usize>)> {
        let index = self.places.service(&join(path, "service"), service, self.found)?;
        let pool = match pool {
            None => None,
            Some(name) => Some(self.places.pool(&join(path, "pool"), index, name, self.found)?),
        };
        Some((ServiceId::new(index), pool))
    }
}
