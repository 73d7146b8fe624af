//! The ways of a release: how it is rolled out, who looks at it, and how it is taken back.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::super::join;
use super::Checker;
use super::commits::Start;
use crate::error::Code;
use crate::ids::ServiceId;
use crate::monitoring::Signal;
use crate::release::detector::{self, DetectionSpec, DetectorSpec, PersonSpec, Want};
use crate::release::strategy::{RolloutSpec, StrategySpec, TaggedStrategy};
use crate::results::PolicyPlan;
use crate::scenario::plan::{Caution, Detection, Figure, Person, Policy, Rollback, Seen, Watch};
use crate::scenario::spec::{PolicySpec, ReleaseSpec};
use crate::scenario::suggest;

/// The most further ways of a release.
const MAX_COMPARED: usize = 16;
/// The most that one detector looks in a run, and the most scrapes that a figure looks back.
const MAX_LOOKS: u64 = 10_000_000;
const MAX_WINDOW: u64 = 100_000;
/// The keys of lengths that figures look back.
const WINDOWS: [&str; 3] = ["window", "long", "short"];
/// What the strategy of a configuration push is called.
const CONFIGURATION: &str = "configuration";
/// The rollout of a release that names none.
const DEFAULT: &str = "rolling";
/// What a decision needs where nothing says how it is carried out.
const WAY_BACK: &str = "write for example rollback: version";

/// A rollout that is known to be sound.
#[derive(Clone)]
struct Rollout {
    name: &'static str,
    strategy: Arc<dyn StrategySpec>,
    analyses: Vec<Detection>,
}

/// The parts of a way; `None` is a part that is wrong.
#[derive(Clone)]
struct Way {
    rollout: Option<Rollout>,
    detection: Option<Vec<Detection>>,
    /// As written, and as built.
    rollback: Option<(&'static str, Option<Rollback>)>,
}

impl Way {
    /// Tells whether anybody may decide to roll back; `None` where that is not known.
    fn decides(&self) -> Option<bool> {
        let rollout = self.rollout.as_ref()?;
        let itself = !rollout.analyses.is_empty() || rollout.strategy.gives_up();
        Some(itself || !self.detection.as_ref()?.is_empty())
    }

    fn build(self, name: Option<&str>) -> Option<(Policy, PolicyPlan)> {
        let (rollout, detection) = (self.rollout?, self.detection?);
        let mut kinds: Vec<&str> = Vec::new();
        for detection in rollout.analyses.iter().chain(&detection) {
            if !kinds.contains(&detection.name.as_str()) {
                kinds.push(&detection.name);
            }
        }
        let plan = PolicyPlan {
            name: name.unwrap_or(rollout.name).to_owned(),
            strategy: rollout.name.to_owned(),
            detection: kinds.join(" + "),
            rollback: self.rollback.as_ref().map_or("", |(key, _)| key).to_owned(),
        };
        let rollback = match self.rollback {
            None => None,
            Some((_, built)) => Some(built?),
        };
        let Rollout { strategy, analyses, .. } = rollout;
        Some((Policy { strategy, analyses, detection, rollback }, plan))
    }
}

impl Checker<'_> {
    /// Returns all ways of a release, that of the run first.
    pub(super) fn policies(
        &mut self,
        path: &str,
        service: Option<usize>,
        spec: &ReleaseSpec,
        start: Option<&Start>,
    ) -> Option<(Vec<Policy>, Vec<PolicyPlan>)> {
        if let Some(rollout) = spec.rollout.as_ref().filter(|_| spec.configuration.is_some()) {
            self.pushed(&join(path, "rollout"), rollout);
        }
        let rollout = match &spec.rollout {
            _ if spec.configuration.is_some() => Some(unasked(CONFIGURATION)),
            Some(rollout) => self.rollout(&join(path, "rollout"), rollout, service),
            None => Some(unasked(DEFAULT)),
        };
        let own = Way {
            rollout,
            detection: self.detection(&join(path, "detection"), &spec.detection, service),
            rollback: spec.rollback.as_ref().map(|rollback| {
                (rollback.name(), self.rollback(&join(path, "rollback"), rollback, spec, start))
            }),
        };
        let told = self.lacks_way_back(path, &own, !spec.detection.is_empty());
        if spec.compare.len() > MAX_COMPARED {
            let message = format!("there are {} ways to compare", spec.compare.len());
            let remedy = format!("keep to {MAX_COMPARED}");
            self.found.add(Code::TooMuch, join(path, "compare"), message, remedy);
            return None;
        }
        let mut ways = vec![(None, own.clone())];
        for (name, policy) in spec.compare.iter() {
            let path = join(path, &format!("compare.{name}"));
            self.compared(&path, name, policy, own.rollout.as_ref());
            let way = self.way(&path, policy, &own, service, spec, start);
            if !told {
                self.lacks_way_back(&path, &way, policy.detection.is_some());
            }
            ways.push((Some(name), way));
        }
        self.unused(spec, &ways);
        let built = ways.into_iter().map(|(name, way)| way.build(name));
        built.collect::<Option<Vec<_>>>().map(|built| built.into_iter().unzip())
    }

    /// A push asks no strategy.
    fn pushed(&mut self, path: &str, rollout: &RolloutSpec) {
        let message =
            format!("a configuration reaches servers where they stand: `{}` does nothing", rollout.name());
        self.found.add(Code::Contradiction, path, message, "remove it, or remove configuration");
    }

    /// Checks the name of a further way, and that it says anything.
    fn compared(&mut self, path: &str, name: &str, policy: &PolicySpec, own: Option<&Rollout>) {
        self.found.name(path, name);
        if own.is_some_and(|own| own.name == name) {
            let message = format!("`{name}` is what the release's own way is called in the results");
            self.found.add(Code::DuplicateName, path, message, "give this way another name");
        }
        if *policy == PolicySpec::default() {
            let message = "this way does not differ from that of the release";
            let remedy = "write rollout, detection or rollback";
            self.found.add(Code::Nothing, path, message, remedy);
        }
    }

    /// Returns a further way: what it leaves out is that of the release.
    fn way(
        &mut self,
        path: &str,
        policy: &PolicySpec,
        own: &Way,
        service: Option<usize>,
        release: &ReleaseSpec,
        start: Option<&Start>,
    ) -> Way {
        let rollout = match &policy.rollout {
            Some(rollout) if release.configuration.is_some() => {
                self.pushed(&join(path, "rollout"), rollout);
                None
            }
            Some(rollout) => self.rollout(&join(path, "rollout"), rollout, service),
            None => own.rollout.clone(),
        };
        let detection = match &policy.detection {
            Some(detection) => self.detection(&join(path, "detection"), detection, service),
            None => own.detection.clone(),
        };
        let rollback = match &policy.rollback {
            Some(rollback) => {
                Some((rollback.name(), self.rollback(&join(path, "rollback"), rollback, release, start)))
            }
            None => own.rollback.clone(),
        };
        Way { rollout, detection, rollback }
    }

    /// Refuses a way in which somebody decides to roll back and nothing says how; tells whether it did.
    fn lacks_way_back(&mut self, path: &str, way: &Way, detects: bool) -> bool {
        let lost = way.rollback.is_none() && way.decides() == Some(true);
        if lost {
            let key = if detects { "detection" } else { "rollout" };
            let message = "it may be decided to roll back, and nothing says how";
            self.found.add(Code::Release, join(path, key), message, WAY_BACK);
        }
        lost
    }

    /// Warns of a way back that nobody ever decides to take.
    fn unused(&mut self, spec: &ReleaseSpec, ways: &[(Option<&str>, Way)]) {
        let taken = |way: &Way| way.rollback.is_some() && way.decides() != Some(false);
        if ways.iter().any(|(_, way)| way.rollback.is_some()) && !ways.iter().any(|(_, way)| taken(way)) {
            let message = format!(
                "release {} is never rolled back, since nobody looks at it; write detection, or a rollout with an \
                 analysis",
                suggest::short(&spec.version)
            );
            self.cautions.push(Caution { of: spec.service.clone(), message });
        }
    }

    fn rollout(&mut self, path: &str, spec: &RolloutSpec, service: Option<usize>) -> Option<Rollout> {
        let (name, strategy) = (spec.name(), spec.spec());
        let path = join(path, name);
        let problems = strategy.problems();
        let sound = problems.is_empty();
        for (parameter, message, remedy) in problems {
            self.found.add(Code::Rollout, join(&path, &parameter), message, remedy);
        }
        let service = service?;
        if !sound {
            return None;
        }
        if strategy.routes() {
            self.routed(&path, name, service);
        }
        let written = inner(spec, name);
        let mut told = BTreeSet::new();
        let analyses: Vec<_> = strategy
            .analyses()
            .into_iter()
            .map(|analysis| {
                let spec: Arc<dyn DetectorSpec> = Arc::new(analysis.in_step());
                self.detector(&path, "analysis", &spec, &written, service, &mut told)
            })
            .collect();
        Some(Rollout { name, strategy, analyses: analyses.into_iter().collect::<Option<_>>()? })
    }

    /// Traffic that is split by weight passes one balancer that knows every server.
    fn routed(&mut self, path: &str, name: &str, service: usize) {
        let (called, spec) = &self.spec.services.0[service];
        let plan = &self.around.fleet.services[service];
        let beside = if plan.proxies.is_some() || spec.proxies.is_some() {
            "proxies"
        } else if plan.queue.central {
            "queue.scope: service"
        } else {
            return;
        };
        let message =
            format!("`{name}` splits traffic by weight, which is not modelled together with {beside}");
        let remedy = format!(
            "write rolling, recreate, or a canary without trafficRouting; or remove services.{called}.{}",
            beside.split(':').next().unwrap_or(beside)
        );
        self.found.add(Code::Release, path, message, remedy);
    }

    fn detection(
        &mut self,
        path: &str,
        specs: &[DetectionSpec],
        service: Option<usize>,
    ) -> Option<Vec<Detection>> {
        let all: Vec<_> = specs
            .iter()
            .enumerate()
            .map(|(index, spec)| self.entry(&format!("{path}[{index}]"), spec, service))
            .collect();
        all.into_iter().collect()
    }

    /// Returns an entry of a `detection` list.
    fn entry(&mut self, path: &str, spec: &DetectionSpec, service: Option<usize>) -> Option<Detection> {
        let given = spec.all();
        let person = spec.person.as_ref().map(|person| self.person(&join(path, "person"), person));
        let [(kind, detector)] = given.as_slice() else {
            let kinds: Vec<&str> = DetectionSpec::examples().into_iter().map(|(kind, _)| kind).collect();
            let written: Vec<&str> = given.iter().map(|(kind, _)| *kind).collect();
            let (code, message) = match written.as_slice() {
                [] => (Code::Nothing, "nothing is looked at".to_owned()),
                several => {
                    (Code::Contradiction, format!("{} are {} entries", several.join(" and "), several.len()))
                }
            };
            let remedy = format!("write one of {} in each entry", kinds.join(", "));
            self.found.add(code, path, message, remedy);
            return None;
        };
        let at = join(path, kind);
        let problems = detector.problems();
        let sound = problems.is_empty();
        for (parameter, message, remedy) in problems {
            self.found.add(Code::Detector, join(&at, &parameter), message, remedy);
        }
        if !sound {
            return None;
        }
        let written = inner(spec, kind);
        let detection = self.detector(&at, kind, detector, &written, service?, &mut BTreeSet::new())?;
        Some(Detection { person: person.flatten(), ..detection })
    }

    fn person(&mut self, path: &str, spec: &PersonSpec) -> Option<Person> {
        let mut law = |key: &str, law: &Option<_>| match law {
            None => Some(None),
            Some(law) => self.law(&join(path, key), law).map(Some),
        };
        let (acknowledge, decide) = (law("acknowledge", &spec.acknowledge), law("decide", &spec.decide));
        Some(Person { acknowledge: acknowledge?, decide: decide? })
    }

    /// Finds what a detector goes by among what monitoring shows. `written` is the block in which its names
    /// stand, `told` the places of wrong names that are told already.
    fn detector(
        &mut self,
        path: &str,
        kind: &str,
        spec: &Arc<dyn DetectorSpec>,
        written: &Value,
        service: usize,
        told: &mut BTreeSet<String>,
    ) -> Option<Detection> {
        let duration = self.around.frame.duration.as_nanos();
        if let Some(period) = spec.period()
            && (period.is_zero() || duration / period.as_nanos() > MAX_LOOKS)
        {
            let message = format!("to look every {period} is too often");
            self.found.add(
                Code::OutOfRange,
                join(path, "interval"),
                message,
                "write for example interval: 30s",
            );
            return None;
        }
        let seen: Vec<_> =
            spec.wants().iter().map(|want| self.seen(path, want, written, service, told)).collect();
        let seen = seen.into_iter().collect::<Option<_>>()?;
        Some(Detection { name: kind.to_owned(), spec: Arc::clone(spec), seen, person: None })
    }

    fn seen(
        &mut self,
        path: &str,
        want: &Want,
        written: &Value,
        service: usize,
        told: &mut BTreeSet<String>,
    ) -> Option<Seen> {
        let places = |keys: &[&str], value: &str| {
            let mut places = Vec::new();
            find(written, "", keys, value, &mut places);
            // What is not written there is a default of the family.
            if places.is_empty() {
                vec![path.to_owned()]
            } else {
                places.iter().map(|at| join(path, at)).collect()
            }
        };
        let around = self.around;
        let pipeline = around.pipelines.iter().position(|pipeline| pipeline.name == want.pipeline);
        if pipeline.is_none() {
            let message = format!("there is no pipeline `{}`", suggest::short(&want.pipeline));
            let names = around.pipelines.iter().map(|pipeline| pipeline.name.as_str());
            let remedy = suggest::known(&want.pipeline, names);
            for place in places(&["from"], &want.pipeline).into_iter().filter(|at| told.insert(at.clone())) {
                self.found.add(Code::UnknownName, place, message.clone(), remedy.clone());
            }
        }
        let class = match &want.class {
            None => None,
            Some(name) => {
                let new: Vec<_> =
                    places(&["class"], name).into_iter().filter(|at| told.insert(at.clone())).collect();
                let mut class = None;
                let mut unheard = super::super::Findings::default();
                for place in &new {
                    class = around.places.class(place, service, name, self.found);
                }
                if new.is_empty() {
                    class = around.places.class(path, service, name, &mut unheard);
                }
                Some(class?)
            }
        };
        let pipeline = pipeline?;
        if let Some(window) = want.window {
            let scrape = around.pipelines[pipeline].scrape;
            let place = || places(&WINDOWS, &window.to_string()).swap_remove(0);
            if window < scrape {
                let message = format!(
                    "a window of {window} never holds two scrapes of {}, every {scrape}",
                    want.pipeline
                );
                self.found.add(Code::Contradiction, place(), message, format!("write {scrape} or more"));
            } else if window.as_nanos() / scrape.as_nanos().max(1) > MAX_WINDOW {
                let message = format!("a window of {window} holds more than {MAX_WINDOW} scrapes");
                self.found.add(Code::TooMuch, place(), message, "shorten it, or scrape less often");
            }
        }
        let signal = match want.figure {
            detector::Figure::Errors => Signal::Errors,
            detector::Figure::Latency(share) => Signal::Latency(share),
            detector::Figure::Ended => Signal::Ended,
        };
        let watch = Watch { service: ServiceId::new(service), pool: None, class };
        Some(Seen { pipeline, watch, side: want.of, figure: Figure::Signal(signal), window: want.window })
    }
}

/// Returns a rollout that needs no check: that of a push, or the default.
fn unasked(name: &'static str) -> Rollout {
    let strategy = RolloutSpec(TaggedStrategy::Rolling(Default::default())).spec();
    Rollout { name, strategy, analyses: Vec::new() }
}

/// Returns what stands under a key of a block.
fn inner(block: &impl Serialize, key: &str) -> Value {
    serde_json::to_value(block).map(|mut block| block[key].take()).unwrap_or_default()
}

/// Collects the places below a block at which one of some keys has a value.
fn find(block: &Value, path: &str, keys: &[&str], value: &str, places: &mut Vec<String>) {
    match block {
        Value::Object(map) => {
            for (name, below) in map {
                let path = join(path, name);
                if keys.contains(&name.as_str()) && below.as_str() == Some(value) {
                    places.push(path);
                } else {
                    find(below, &path, keys, value, places);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                find(item, &format!("{path}[{index}]"), keys, value, places);
            }
        }
        _ => {}
    }
}
