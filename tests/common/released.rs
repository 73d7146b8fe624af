//! Random releases.

use std::sync::Arc;

use peakday::dist::Distribution;
use peakday::ids::ServiceId;
use peakday::release::defect::DefectSpec;
use peakday::release::detector::{self, DetectionSpec, Detector, DetectorSpec, Want};
use peakday::release::strategy::RolloutSpec;
use peakday::results::{Goal, ObjectivePlan, PolicyPlan, ReleasePlan};
use peakday::scenario::{
    Commits, Detection, Figure, Flaw, Person, Policy, Release, Rollback, Scenario, Seen, Snapshot, Victims,
    Watch,
};
use peakday::time::{SimDuration, SimTime};

use super::swarm::Dice;

/// A detector that looks at another pace, so that it has something to say in the shortest run.
#[derive(Debug)]
struct Paced {
    spec: Arc<dyn DetectorSpec>,
    period: SimDuration,
}

impl DetectorSpec for Paced {
    fn wants(&self) -> Vec<Want> {
        self.spec.wants()
    }

    fn period(&self) -> Option<SimDuration> {
        self.spec.period().map(|_| self.period)
    }

    fn until_promoted(&self) -> bool {
        self.spec.until_promoted()
    }

    fn build(&self) -> Box<dyn Detector> {
        self.spec.build()
    }

    fn problems(&self) -> Vec<(String, String, String)> {
        self.spec.problems()
    }
}

/// Gives some services releases of every kind; the first pipeline shows detectors what they ask for.
pub fn released(dice: &mut Dice, scenario: &mut Scenario) {
    for service in 0..scenario.services.len() {
        if dice.chance(0.5) {
            let release = release(dice, scenario, service);
            scenario.plan.releases.push(ReleasePlan {
                version: release.version.clone(),
                service,
                configuration: release.propagation.is_some(),
                hotfix: false,
                policies: vec![PolicyPlan {
                    name: "own".into(),
                    strategy: String::new(),
                    detection: String::new(),
                    rollback: String::new(),
                }],
                objectives: release.objectives.clone(),
            });
            scenario.releases.push(release);
        }
    }
}

fn release(dice: &mut Dice, scenario: &mut Scenario, service: usize) -> Release {
    let duration = scenario.plan.duration_ns;
    let instant = |dice: &mut Dice| SimTime::from_nanos(dice.int(0, duration - 1));
    let length = |dice: &mut Dice, most: u64| SimDuration::from_nanos(dice.int(0, most));
    let mut commits: Vec<SimTime> = (0..dice.int(1, 3)).map(|_| instant(dice)).collect();
    commits.sort_unstable();
    let (_, spec) = dice.one_of(&DefectSpec::examples());
    let flaw = |(kind, defect): (&str, _)| Flaw { kind: kind.to_owned(), defect, class: None };
    Release {
        service: ServiceId::new(service),
        version: format!("v{service}"),
        key: format!("release-{service}"),
        commits: Commits::At(commits),
        faulty: dice.unit(),
        defects: if dice.chance(0.7) { spec.all().into_iter().map(flaw).collect() } else { vec![] },
        propagation: dice.maybe(0.3, |dice| length(dice, duration / 4)),
        pipeline: None,
        freezes: vec![],
        skips: dice.chance(0.3),
        policies: vec![policy(dice, scenario, service)],
        objectives: vec![objective(dice, scenario, service)],
    }
}

/// Adds an objective by which the releases of a service are judged.
fn objective(dice: &mut Dice, scenario: &mut Scenario, service: usize) -> usize {
    let plan = &mut scenario.plan;
    let goal = match dice.chance(0.5) {
        true => Goal::Success { at_least: 0.9, inclusive: true },
        false => Goal::Latency { percentile: 90.0, bound_ns: plan.duration_ns / 8, inclusive: false },
    };
    plan.objectives.push(ObjectivePlan {
        name: format!("judge-{service}"),
        service,
        class: None,
        goal,
        every_ns: dice.maybe(0.5, |dice| plan.duration_ns.div_ceil(dice.int(1, 20))),
        from_ns: None,
        to_ns: None,
        holds_in: None,
    });
    plan.objectives.len() - 1
}

fn policy(dice: &mut Dice, scenario: &Scenario, service: usize) -> Policy {
    let duration = scenario.plan.duration_ns;
    let plain = scenario.services[service].proxies.is_none() && !scenario.services[service].queue.central;
    let strategies: Vec<_> = RolloutSpec::examples().iter().map(RolloutSpec::spec).collect();
    let strategies: Vec<_> = strategies.into_iter().filter(|spec| plain || !spec.routes()).collect();
    let strategy = dice.one_of(&strategies);
    let mut detect = |name: &str, spec: Arc<dyn DetectorSpec>| Detection {
        name: name.to_owned(),
        seen: spec.wants().iter().map(|want| seen(want, service)).collect(),
        spec: Arc::new(Paced { spec, period: SimDuration::from_nanos(1 + duration / dice.int(2, 60)) }),
        person: dice.maybe(0.3, |dice| Person {
            acknowledge: Some(Distribution::exponential(dice.scale(1.0, duration as f64 / 4.0))),
            decide: None,
        }),
    };
    let analyses = strategy.analyses();
    let analyses =
        analyses.into_iter().map(|analysis| detect("analysis", Arc::new(analysis.in_step()))).collect();
    let examples = DetectionSpec::examples().into_iter().flat_map(|(_, spec)| spec.all());
    let detection: Vec<Detection> = examples.map(|(name, spec)| detect(name, spec)).collect();
    let rollback = Rollback {
        snapshot: dice.maybe(0.4, |dice| Snapshot {
            restore: Distribution::exponential(dice.scale(1.0, duration as f64 / 4.0)),
            parallel: dice.maybe(0.5, |dice| match dice.chance(0.5) {
                true => Victims::Count(dice.int(1, 3) as u32),
                false => Victims::Share(dice.unit()),
            }),
            first: SimTime::ZERO,
            every: SimDuration::from_nanos(1 + duration / 4),
            max_age: None,
            warm: dice.chance(0.5),
        }),
        failures: if dice.chance(0.3) { 0.5 } else { 0.0 },
        retry: SimDuration::from_nanos(1 + duration / 20),
        attempts: 3,
    };
    Policy { strategy, analyses, detection, rollback: dice.maybe(0.9, |_| rollback) }
}

fn seen(want: &Want, service: usize) -> Seen {
    use peakday::monitoring::Signal;
    let signal = match want.figure {
        detector::Figure::Errors => Signal::Errors,
        detector::Figure::Latency(share) => Signal::Latency(share),
        detector::Figure::Ended => Signal::Ended,
    };
    Seen {
        pipeline: 0,
        watch: Watch { service: ServiceId::new(service), pool: None, class: None },
        side: want.of,
        figure: Figure::Signal(signal),
        window: None,
    }
}
