//! Cross-checks, all at once, and the way from what is written to what can be run.
//!
//! Every function adds what it finds to [`Findings`] and builds as much as it can, so that one
//! mistake does not hide another.

mod classes;
mod faults;
mod forecast;
mod life;
mod limits;
mod objectives;
mod operate;
mod outlook;
mod places;
mod proxies;
mod releases;
mod run;
mod scalers;
mod schedule;
mod services;
mod traces;
mod traffic;

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use self::classes::Classes;
pub(super) use self::traces::Traces;
use super::forms::Warmup;
use super::plan::Scenario;
use super::spec::ScenarioSpec;
use super::suggest;
use super::tree;
use crate::error::{Code, Problem};
use crate::results::{Plan, RowPlan, SourcePlan};

/// More problems than this are not told at once.
pub(super) const MAX_TOLD: usize = 50;
/// The longest name.
const MAX_NAME: usize = 63;

/// Ends the message of a problem that follows from another one, which is told already.
const FOLLOWS: &str = "this follows from what is wrong elsewhere";

/// What helps where wall clocks are told and nothing says when the run begins.
const NO_START: &str = "give run.start";

/// Problems found so far.
#[derive(Debug, Default)]
struct Findings(Vec<(Code, Problem)>);

impl Findings {
    fn add(
        &mut self,
        code: Code,
        path: impl Into<String>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let message = message.into();
        if self.0.len() <= MAX_TOLD && !message.ends_with(FOLLOWS) {
            self.0.push((code, Problem::new(path, message, remedy)));
        }
    }

    /// Adds the problems of a part, whose paths are relative to it.
    fn nest(&mut self, code: Code, prefix: &str, problems: Vec<Problem>) {
        for problem in problems {
            self.add(code, join(prefix, &problem.path), problem.message, problem.remedy);
        }
    }

    /// Checks the form of a name.
    fn name(&mut self, path: &str, name: &str) {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(fits) {
            let message = format!("`{}` is not a name", suggest::short(name));
            let small = name.to_ascii_lowercase().replace(['_', ' ', '.'], "-");
            let remedy = if !small.is_empty() && small.len() <= MAX_NAME && small.bytes().all(fits) {
                format!("write `{small}`; free text goes into displayName")
            } else {
                "write 1 to 63 of a-z, 0-9 and -; free text goes into displayName".to_owned()
            };
            self.add(Code::Name, path, message, remedy);
        }
    }

    /// Tells once of wall clocks that mean nothing without `run.start`, however many there are.
    fn once_without_start(mut self) -> Vec<(Code, Problem)> {
        let clock = |(_, problem): &(Code, Problem)| problem.remedy.starts_with(NO_START);
        let count = self.0.iter().filter(|found| clock(found)).count();
        let mut first = true;
        self.0.retain(|found| !clock(found) || std::mem::take(&mut first));
        if let Some((_, problem)) = self.0.iter_mut().find(|found| clock(found)).filter(|_| count > 1) {
            let others =
                if count == 2 { "one other place".to_owned() } else { format!("{} other places", count - 1) };
            problem.message += &format!(", here and at {others}");
        }
        self.0
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Joins a path and one below it.
fn join(prefix: &str, path: &str) -> String {
    let joint = if prefix.is_empty() || path.is_empty() || path.starts_with('[') { "" } else { "." };
    format!("{prefix}{joint}{path}")
}

/// Checks a spec, surveys its traces, and builds what can be run.
///
/// # Errors
/// Everything that is wrong; paths are those of the file.
pub(super) fn check(spec: &ScenarioSpec, traces: &Traces<'_>) -> Result<Scenario, Vec<(Code, Problem)>> {
    let mut found = Findings::default();
    let frame = run::check(spec, &mut found);
    let classes = Classes::collect(spec, &mut found);
    limits::counts(spec, &classes, &mut found);
    if !found.is_empty() && limits::hopeless(spec, &classes) {
        return Err(found.once_without_start());
    }
    let mut fleet = services::check(spec, &frame, &classes, &mut found);
    let traffic = traffic::check(spec, &frame, &classes, traces, &mut found);
    run::check_steady(spec, &traffic.sources, &mut found);
    let monitoring = operate::pipelines(spec, &frame, &mut found);
    let around =
        scalers::Surroundings { pipelines: &monitoring, sources: &traffic.sources, traces, frame: &frame };
    scalers::check(spec, &around, &mut fleet, &mut found);
    let faults = faults::check(spec, &frame, &classes, &fleet, &monitoring, &mut found);
    let actions = operate::actions(spec, &frame, &classes, &monitoring, &mut found);
    let objectives = objectives::check(spec, &frame, &classes, &mut found);
    let places = places::Places { spec, classes: &classes };
    let (pipelines, judges) = (&*monitoring, &*objectives);
    let around =
        releases::Surroundings { frame: &frame, places, fleet: &fleet, pipelines, objectives: judges };
    let releases = releases::check(spec, around, &mut found);
    limits::sizes(spec, &frame, &classes, &fleet, &releases, &mut found);
    let outlook = outlook::of(spec, &frame, &fleet, &traffic.offers, &mut found);
    if !found.is_empty() {
        return Err(found.once_without_start());
    }
    let mut services = fleet.plans;
    for (service, outlook) in services.iter_mut().zip(outlook) {
        service.growing = outlook.growing;
        service.no_mean_interval = outlook.no_mean_interval;
    }
    let plan = Plan {
        name: spec.metadata.name.clone(),
        display_name: spec.metadata.display_name.clone(),
        start: frame.start,
        duration_ns: frame.duration.as_nanos(),
        warmup_ns: if let Warmup::Given(length) = spec.run.warmup { length.as_nanos() } else { 0 },
        warmup_found: spec.run.warmup == Warmup::Auto,
        interval_ns: spec.run.interval().as_nanos(),
        rows: rows(&classes, &fleet.services),
        classes: classes.names,
        zones: fleet.zones,
        currency: fleet.currency,
        sources: traffic.sources.iter().map(source_plan).collect(),
        services,
        objectives,
        releases: releases.plans,
    };
    Ok(Scenario {
        plan,
        seed: spec.run.seed,
        sha256: fingerprint(spec.resolved()),
        day_sha256: fingerprint(day(spec.resolved())),
        resolved: tree::write(&spec.resolved()),
        replications: spec.run.replications,
        sources: traffic.sources,
        services: fleet.services,
        faults,
        monitoring,
        actions,
        releases: releases.releases,
        cautions: [fleet.cautions, releases.cautions].concat(),
        overlays: Vec::new(),
        settings: Vec::new(),
    })
}

fn source_plan(source: &super::plan::Source) -> SourcePlan {
    SourcePlan { name: source.name.clone(), recorded: !source.recorded.is_empty() }
}

/// Service x class pairs, ordered by service, then by class.
fn rows(classes: &Classes, services: &[super::plan::Service]) -> Vec<RowPlan> {
    let mut rows = Vec::new();
    for (index, service) in services.iter().enumerate() {
        for &class in &classes.of_service[index] {
            let Some(demand) = &service.demands[class] else { continue };
            rows.push(RowPlan {
                service: index,
                class,
                work_mean_ns: Some(demand.work.mean()),
                wait_mean_ns: Some(demand.wait.as_ref().map_or(0.0, crate::dist::Distribution::mean)),
            });
        }
    }
    rows
}

/// Hashes a resolved spec, written as JSON in the order of its structs and of the file's names.
fn fingerprint(resolved: ScenarioSpec) -> String {
    sha256(&serde_json::to_vec(&resolved).unwrap_or_default())
}

/// Leaves out how many days there are, of which none depends on the others.
fn day(mut resolved: ScenarioSpec) -> ScenarioSpec {
    resolved.run.replications = 1;
    resolved
}

/// Returns the SHA-256 of bytes, in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
