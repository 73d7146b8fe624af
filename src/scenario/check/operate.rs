//! Monitoring and operators: what is seen, and what is done about it.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::classes::Classes;
use super::limits::MAX_REPLICAS;
use super::places::{Places, key_of};
use super::run::Frame;
use super::traffic::mix_shares;
use super::{Findings, join, proxies};
use crate::balancer::BalancerSpec;
use crate::error::Code;
use crate::ids::{ClassId, ServiceId};
use crate::monitoring::{Pipeline, Signal};
use crate::scenario::forms::{BalancerChoice, Concurrency};
use crate::scenario::named::Named;
use crate::scenario::plan::{Action, Change, Condition, Trigger, Watch};
use crate::scenario::spec::{
    ActionSpec, ConditionSpec, LatencyLimit, Limit, PATHS, PipelineSpec, ScenarioSpec, ServiceSpec,
};
use crate::scenario::suggest;
use crate::time::SimDuration;
use crate::units::{Rate, Ratio};

/// The most actions, and the most pipelines.
const MAX_ACTIONS: usize = 10_000;
const MAX_PIPELINES: usize = 1_000;
/// The most scrapes that a pipeline makes in a run, and that its window holds.
const MAX_SCRAPES: u64 = 10_000_000;
const MAX_WINDOW: u64 = 1_000;

/// Pipelines that are there undeclared, with the defaults of the systems they are named after: the
/// metrics-server of Kubernetes resolves 15 s, and Prometheus is mostly set to scrape as often.
const BUILT_IN: [(&str, [u64; 3]); 2] = [("metricsServer", [15, 30, 2]), ("prometheus", [15, 60, 5])];

/// Returns the pipelines: those of the scenario, then those that are there undeclared.
pub(super) fn pipelines(spec: &ScenarioSpec, frame: &Frame, found: &mut Findings) -> Vec<Pipeline> {
    if spec.monitoring.len() > MAX_PIPELINES {
        let message = format!("there are {} pipelines", spec.monitoring.len());
        found.add(Code::TooMuch, "monitoring", message, format!("keep to {MAX_PIPELINES}"));
        return Vec::new();
    }
    let mut pipelines: Vec<Pipeline> =
        spec.monitoring.iter().map(|(name, spec)| pipeline(name, spec, frame, found)).collect();
    for (name, [scrape, window, delay]) in BUILT_IN {
        if spec.monitoring.get(name).is_none() {
            let [scrape, window, delay] = [scrape, window, delay].map(SimDuration::from_secs);
            let (name, phase) = (name.to_owned(), SimDuration::ZERO);
            pipelines.push(Pipeline { name, scrape, phase, window, delay, stagger: false });
        }
    }
    pipelines
}

fn pipeline(name: &str, spec: &PipelineSpec, frame: &Frame, found: &mut Findings) -> Pipeline {
    let path = format!("monitoring.{name}");
    if BUILT_IN.iter().all(|(known, _)| *known != name) {
        found.name(&path, name);
    }
    let scrapes = frame.duration.as_nanos() / spec.scrape.as_nanos().max(1);
    if spec.scrape.is_zero() || scrapes > MAX_SCRAPES {
        let message = format!("a scrape every {} is too often", spec.scrape);
        found.add(Code::OutOfRange, join(&path, "scrape"), message, "write for example scrape: 15s");
    } else if spec.window < spec.scrape {
        let message = format!("a window of {} never holds two scrapes", spec.window);
        let remedy = format!("write {} or more", spec.scrape);
        found.add(Code::Contradiction, join(&path, "window"), message, remedy);
    } else if spec.window.as_nanos() / spec.scrape.as_nanos() > MAX_WINDOW {
        let message = format!("a window of {} holds more than {MAX_WINDOW} scrapes", spec.window);
        found.add(Code::TooMuch, join(&path, "window"), message, "shorten it, or scrape less often");
    }
    if spec.phase >= spec.scrape && !spec.phase.is_zero() {
        let message = format!("a phase of {} is not within the first interval", spec.phase);
        let remedy = format!("write less than {}", spec.scrape);
        found.add(Code::OutOfRange, join(&path, "phase"), message, remedy);
    }
    let PipelineSpec { scrape, phase, window, delay, stagger } = *spec;
    Pipeline { name: name.to_owned(), scrape, phase, window, delay, stagger }
}

/// What the names of actions and conditions are resolved in.
struct Checker<'a> {
    places: Places<'a>,
    frame: &'a Frame,
    pipelines: &'a [Pipeline],
    found: &'a mut Findings,
}

pub(super) fn actions(
    spec: &ScenarioSpec,
    frame: &Frame,
    classes: &Classes,
    pipelines: &[Pipeline],
    found: &mut Findings,
) -> Vec<Action> {
    if spec.actions.len() > MAX_ACTIONS {
        let message = format!("there are {} actions", spec.actions.len());
        found.add(Code::TooMuch, "actions", message, format!("keep to {MAX_ACTIONS}"));
        return Vec::new();
    }
    let mut keys = std::collections::BTreeSet::new();
    let mut actions = Vec::new();
    for (index, action) in spec.actions.iter().enumerate() {
        let path = format!("actions[{index}]");
        if let Some(name) = &action.name {
            found.name(&join(&path, "name"), name);
        }
        let key = key_of(&ActionSpec { name: None, ..action.clone() }, &mut keys);
        let mut checker = Checker { places: Places { spec, classes }, frame, pipelines, found };
        if let Some((trigger, changes)) = checker.action(&path, action) {
            let acknowledge = action.acknowledge.as_ref().and_then(|law| {
                let path = join(&path, "acknowledge");
                law.build().map_err(|problems| found.nest(Code::Distribution, &path, problems)).ok()
            });
            let name = action.name.clone().unwrap_or_default();
            actions.push(Action { name, key, trigger, acknowledge, changes });
        }
    }
    actions
}

impl Checker<'_> {
    fn action(&mut self, path: &str, action: &ActionSpec) -> Option<(Trigger, Vec<(Change, String)>)> {
        let trigger = match (&action.at, &action.when) {
            (Some(at), None) => {
                let instants = self.frame.instants(&join(path, "at"), at, None, self.found);
                instants.first().copied().map(Trigger::At)
            }
            (None, Some(when)) => self.condition(&join(path, "when"), when).map(Trigger::When),
            (Some(_), Some(_)) => {
                let message = "`at` and `when` exclude one another";
                self.found.add(Code::Contradiction, join(path, "when"), message, "keep one of them");
                None
            }
            (None, None) => {
                let remedy = "write for example at: \"23:45\", or when: {from: prometheus, service: web, \
                              cpuUtilization: {above: 80%}}";
                self.found.add(Code::Instant, path, "nothing says when this is done", remedy);
                None
            }
        };
        if action.at.is_some() && action.acknowledge.is_some() {
            self.found.add(
                Code::Contradiction,
                join(path, "acknowledge"),
                "what is done at a set time waits for nobody",
                "remove it, or write when instead of at",
            );
        }
        if action.set.is_empty() {
            let remedy = "write for example set: {services.web.pools.standard.replicas: 40}";
            self.found.add(Code::Nothing, join(path, "set"), "nothing is set", remedy);
        }
        let mut changes = Vec::new();
        for (key, value) in action.set.iter() {
            let place = format!("{path}.set.{key}");
            let change = self.change(&place, key, value);
            if matches!(change, Some(Change::Mix(..))) && action.at.is_none() {
                self.found.add(
                    Code::Contradiction,
                    place,
                    "what customers want cannot depend on how they are served",
                    "change a mix at a set time: write at instead of when",
                );
            } else if let Some(change) = change {
                changes.push((change, format!("{key} = {}", told(value))));
            }
        }
        Some((trigger?, changes))
    }

    fn condition(&mut self, path: &str, spec: &ConditionSpec) -> Option<Condition> {
        let pipeline = self.pipelines.iter().position(|pipeline| pipeline.name == spec.from);
        if pipeline.is_none() {
            let message = format!("there is no pipeline `{}`", suggest::short(&spec.from));
            let names = self.pipelines.iter().map(|pipeline| pipeline.name.as_str());
            self.found.add(Code::UnknownName, join(path, "from"), message, suggest::known(&spec.from, names));
        }
        let watch = self.watch(path, spec);
        let (key, signal, above, bound, limit) = self.limit(path, spec)?;
        let by_class = matches!(signal, Signal::Rate | Signal::Errors | Signal::Latency(_));
        if !by_class && spec.class.is_some() {
            let message = format!("`{key}` is not told by class");
            self.found.add(Code::Contradiction, join(path, "class"), message, "remove it");
        } else if by_class && spec.pool.is_some() {
            let message = format!("`{key}` is not told by pool");
            self.found.add(Code::Contradiction, join(path, "pool"), message, "remove it");
        }
        let of = [Some(&spec.service), spec.pool.as_ref(), spec.class.as_ref()];
        let of: Vec<&str> = of.into_iter().flatten().map(String::as_str).collect();
        let mut text = format!("{limit} at {} in {}", of.join("/"), spec.from);
        if !spec.hold.is_zero() {
            text += &format!(" for {}", spec.hold);
        }
        Some(Condition { pipeline: pipeline?, watch: watch?, signal, above, bound, hold: spec.hold, text })
    }

    fn watch(&mut self, path: &str, spec: &ConditionSpec) -> Option<Watch> {
        let service = self.places.service(&join(path, "service"), &spec.service, self.found)?;
        let pool = match &spec.pool {
            None => None,
            Some(name) => Some(self.places.pool(&join(path, "pool"), service, name, self.found)?),
        };
        let class = match &spec.class {
            None => None,
            Some(name) => Some(self.places.class(&join(path, "class"), service, name, self.found)?),
        };
        Some(Watch { service: ServiceId::new(service), pool, class })
    }

    /// Returns what a condition looks at: its key, the signal, whether above or below, the bound, and all
    /// in words.
    fn limit(
        &mut self,
        path: &str,
        spec: &ConditionSpec,
    ) -> Option<(&'static str, Signal, bool, f64, String)> {
        let ratio = |limit: &Limit<Ratio>| (limit.above.map(|r| r.0), limit.below.map(|r| r.0));
        let rate = |limit: &Limit<Rate>| (limit.above.map(|r| r.0), limit.below.map(|r| r.0));
        let plain = |limit: &Limit<f64>| (limit.above, limit.below);
        let time = |limit: &LatencyLimit| {
            let nanos = |length: SimDuration| length.as_nanos() as f64;
            (limit.above.map(nanos), limit.below.map(nanos))
        };
        let percentile = spec.latency.as_ref().map_or(99.0, |limit| limit.percentile);
        if !(1.0..100.0).contains(&percentile) {
            let message = format!("the percentile {percentile} is not from 1 on and below 100");
            let path = join(path, "latency.percentile");
            self.found.add(Code::OutOfRange, path, message, "write for example percentile: 99");
        }
        let given = [
            ("rate", Signal::Rate, spec.rate.as_ref().map(rate)),
            ("errors", Signal::Errors, spec.errors.as_ref().map(ratio)),
            ("latency", Signal::Latency(percentile / 100.0), spec.latency.as_ref().map(time)),
            ("cpuUtilization", Signal::Cpu, spec.cpu_utilization.as_ref().map(ratio)),
            ("slotUtilization", Signal::Slots, spec.slot_utilization.as_ref().map(ratio)),
            ("queued", Signal::Queued, spec.queued.as_ref().map(plain)),
            ("ready", Signal::Ready, spec.ready.as_ref().map(plain)),
        ];
        let mut given = given.into_iter().filter_map(|(key, signal, limit)| Some((key, signal, limit?)));
        let first = given.next();
        if first.is_none() || given.next().is_some() {
            let remedy = "write one of rate, errors, latency, cpuUtilization, slotUtilization, queued, ready";
            let (code, what) = match first {
                None => (Code::Nothing, "nothing is looked at"),
                Some(_) => (Code::Contradiction, "two things are looked at"),
            };
            self.found.add(code, path, what, remedy);
            return None;
        }
        let (key, signal, limit) = first?;
        let (above, bound) = match limit {
            (Some(bound), None) => (true, bound),
            (None, Some(bound)) => (false, bound),
            _ => {
                let remedy = format!("write {key}: {{above: ..}} or {key}: {{below: ..}}");
                self.found.add(Code::Contradiction, join(path, key), "this needs one bound", remedy);
                return None;
            }
        };
        self.reachable(&join(path, key), key, signal, above, bound);
        if spec.hold >= self.frame.duration && !self.frame.duration.is_zero() {
            let message =
                format!("the run, {}, is over before {} have passed", self.frame.duration, spec.hold);
            self.found.add(Code::OutOfRange, join(path, "for"), message, "write for example for: 1m");
        }
        let shown = match signal {
            Signal::Rate => format!("rate {} {}", side(above), Rate(bound)),
            Signal::Latency(_) => {
                format!("p{percentile} {} {}", side(above), SimDuration::from_nanos(bound as u64))
            }
            Signal::Queued | Signal::InFlight | Signal::Cores | Signal::Ready | Signal::Ended => {
                format!("{key} {} {bound}", side(above))
            }
            Signal::Errors | Signal::Cpu | Signal::Slots => {
                format!("{key} {} {}%", side(above), bound * 100.0)
            }
        };
        Some((key, signal, above, bound, shown))
    }

    /// Refuses a bound that nothing ever passes.
    fn reachable(&mut self, path: &str, key: &str, signal: Signal, above: bool, bound: f64) {
        let share = matches!(signal, Signal::Errors | Signal::Cpu | Signal::Slots);
        let passed = if above { !share || bound < 1.0 } else { bound > 0.0 };
        if !(passed && bound >= 0.0 && bound.is_finite()) {
            let shown = if share { format!("{}%", bound * 100.0) } else { bound.to_string() };
            let message = format!("`{key}` is never {} {shown}", side(above));
            let remedy = if share { "write a share such as 80%" } else { "write a bound above 0" };
            self.found.add(Code::OutOfRange, path, message, remedy);
        }
    }

    /// Reads what operators set: a path of the closed list, and a value of its type.
    fn change(&mut self, place: &str, key: &str, value: &Value) -> Option<Change> {
        let steps: Vec<&str> = key.split('.').collect();
        match steps.as_slice() {
            ["services", service, rest @ ..] => {
                let index = self.places.service(place, service, self.found)?;
                let id = ServiceId::new(index);
                match rest {
                    ["pools", pool, rest @ ..] => {
                        let pool = self.places.pool(place, index, pool, self.found)?;
                        let change = match rest {
                            ["replicas"] => Change::Replicas,
                            ["autoscaler", "minReplicas"] => Change::MinReplicas,
                            ["autoscaler", "maxReplicas"] => Change::MaxReplicas,
                            _ => return self.no_path(place, key),
                        };
                        self.bounded(place, &change, index, pool);
                        self.replicas(place, value).map(|replicas| change(id, pool, replicas))
                    }
                    ["queue", "limit"] => self.queue_limit(place, index, value),
                    ["balancer"] => {
                        let spec = self.balancer(place, value)?;
                        let here = (*service, self.places.spec.services.get(service)?);
                        proxies::check_later(place, &spec, self.places.spec, here, self.found);
                        Some(Change::Balancer(id, spec))
                    }
                    _ => self.no_path(place, key),
                }
            }
            ["traffic", source, "mix"] => self.mix(place, source, value),
            _ => self.no_path(place, key),
        }
    }

    fn no_path(&mut self, place: &str, key: &str) -> Option<Change> {
        let message = format!("operators cannot set `{}` while the run goes on", suggest::short(key));
        let remedy = format!("write one of {}", PATHS.join(", "));
        self.found.add(Code::UnknownName, place, message, remedy);
        None
    }

    /// Reads a value as `what`.
    fn typed<T: DeserializeOwned>(
        &mut self,
        place: &str,
        value: &Value,
        what: &str,
        remedy: impl Into<String>,
    ) -> Option<T> {
        let read = serde_json::from_value(value.clone()).ok();
        if read.is_none() {
            let message = format!("`{}` is not {what}", suggest::short(&told(value)));
            self.found.add(Code::WrongType, place, message, remedy);
        }
        read
    }

    fn replicas(&mut self, place: &str, value: &Value) -> Option<u32> {
        let replicas: u32 = self.typed(place, value, "a number of servers", "write for example 40")?;
        if replicas > MAX_REPLICAS {
            let message = format!("{replicas} servers in a pool are too many");
            self.found.add(Code::OutOfRange, place, message, format!("keep to {MAX_REPLICAS}"));
        }
        Some(replicas)
    }

    /// Refuses to move the bounds of an autoscaler that is not there.
    fn bounded(
        &mut self,
        place: &str,
        change: &fn(ServiceId, usize, u32) -> Change,
        service: usize,
        pool: usize,
    ) {
        let of_bounds = matches!(
            change(ServiceId::new(service), pool, 0),
            Change::MinReplicas(..) | Change::MaxReplicas(..)
        );
        let spec = &self.places.spec.services.0[service].1.pools.0[pool].1;
        if of_bounds && spec.autoscaler.is_none() {
            let message = "the pool has no autoscaler whose bounds could be moved";
            self.found.add(Code::Contradiction, place, message, "set its replicas instead");
        }
    }

    fn queue_limit(&mut self, place: &str, service: usize, value: &Value) -> Option<Change> {
        let remedy = "write for example 200, or unlimited";
        let limit: Concurrency = self.typed(place, value, "a number of requests", remedy)?;
        let spec: &ServiceSpec = &self.places.spec.services.0[service].1;
        if spec.pools.iter().all(|(_, pool)| pool.concurrency == Concurrency::Unlimited) {
            let message = "nobody waits for a slot where concurrency is unlimited";
            self.found.add(Code::Contradiction, place, message, "remove it, or limit concurrency");
        }
        let limit = match limit {
            Concurrency::Limit(limit) => Some(limit),
            Concurrency::Unlimited => None,
        };
        Some(Change::QueueLimit(ServiceId::new(service), limit))
    }

    fn balancer(&mut self, place: &str, value: &Value) -> Option<BalancerSpec> {
        let names = BalancerSpec::examples();
        let known = suggest::known(&told(value), names.iter().map(|(name, _)| *name));
        let choice: BalancerChoice = self.typed(place, value, "a balancer", known)?;
        for (parameter, message, remedy) in choice.0.problems() {
            self.found.add(Code::Balancer, join(place, parameter), message, remedy);
        }
        Some(choice.0)
    }

    fn mix(&mut self, place: &str, source: &str, value: &Value) -> Option<Change> {
        let Some(index) = self.places.spec.traffic.names().position(|name| name == source) else {
            let message = format!("there is no source `{}`", suggest::short(source));
            let remedy = suggest::known(source, self.places.spec.traffic.names());
            self.found.add(Code::UnknownName, place, message, remedy);
            return None;
        };
        let mix: Named<Ratio> =
            self.typed(place, value, "a mix", "write for example {browse: 92%, order: 8%}")?;
        let to = &self.places.spec.traffic.0[index].1.to;
        let mut shares = mix_shares(place, to, &mix, self.places.classes, self.found);
        if let Some((_, last)) = shares.last_mut() {
            *last = 1.0;
        }
        let shares = shares.into_iter().map(|(class, share)| (ClassId::new(class), share)).collect();
        Some(Change::Mix(index, shares))
    }
}

fn side(above: bool) -> &'static str {
    if above { "above" } else { "below" }
}

/// Returns a value as people write it.
fn told(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string().replace('"', ""),
    }
}
