//! Policies that are asked again and again how many servers a pool is to have.

use super::{Findings, join};
use crate::autoscaler::{AutoscalerSpec, Forecast, Of, PolicySpec, PoolFacts, Want};
use crate::dist::Distribution;
use crate::error::Code;
use crate::ids::ServiceId;
use crate::monitoring::Pipeline;
use crate::results::{PoolPlan, UNLIMITED_MILLICORES};
use crate::scenario::plan::{Figure, Pool, Scaler, Service, Source, Watch};
use crate::scenario::spec::ScenarioSpec;
use crate::scenario::suggest;
use crate::time::{SimDuration, SimTime};
use crate::workload::recorded::TraceFiles;

/// The resolution of forecasts.
const STEP: SimDuration = SimDuration::from_secs(60);
/// The most that one policy is asked in a run.
const MAX_ASKED: u64 = 10_000_000;

/// Where the policies of a scenario find what they go by.
pub(super) struct Surroundings<'a> {
    pub(super) pipelines: &'a [Pipeline],
    pub(super) sources: &'a [Source],
    pub(super) traces: &'a dyn TraceFiles,
    pub(super) duration: SimDuration,
}

/// Gives every pool the policies of its `autoscaler`.
pub(super) fn check(
    spec: &ScenarioSpec,
    around: &Surroundings<'_>,
    fleet: &mut super::services::Fleet,
    found: &mut Findings,
) {
    let services = spec.services.iter().zip(fleet.services.iter_mut().zip(&fleet.plans));
    for (index, ((name, spec), (service, plan))) in services.enumerate() {
        let id = ServiceId::new(index);
        for (ordinal, (pool, spec)) in spec.pools.iter().enumerate() {
            let Some(spec) = &spec.autoscaler else { continue };
            let path = format!("services.{name}.pools.{pool}.autoscaler");
            for (key, policy) in spec.policies() {
                let path = join(&path, &key);
                let of = (id, ordinal);
                if let Some(scaler) =
                    scaler(&path, (key, policy), of, service, &plan.pools[ordinal], around, found)
                {
                    service.pools[ordinal].scalers.push(scaler);
                }
            }
        }
    }
}

fn scaler(
    path: &str,
    (name, spec): (String, std::sync::Arc<dyn PolicySpec>),
    (service, ordinal): (ServiceId, usize),
    of: &Service,
    plan: &PoolPlan,
    around: &Surroundings<'_>,
    found: &mut Findings,
) -> Option<Scaler> {
    let problems = spec.problems();
    if !problems.is_empty() {
        for (parameter, message, remedy) in problems {
            found.add(Code::Policy, join(path, &parameter), message, remedy);
        }
        return None;
    }
    let period = spec.period();
    if period.is_zero() || around.duration.as_nanos() / period.as_nanos() > MAX_ASKED {
        let message = format!("to be asked every {period} is too often");
        found.add(Code::OutOfRange, path, message, "write for example 15s");
        return None;
    }
    let alone = of.pools.len() == 1;
    let seen: Vec<_> = spec
        .wants()
        .into_iter()
        .map(|want| seen(path, &want, (service, ordinal), alone, around.pipelines, found))
        .collect();
    let pool = &of.pools[ordinal];
    let forecast = if spec.needs_forecast() { forecast(path, service, around, found) } else { None };
    let facts = PoolFacts { forecast, ..facts(pool, plan) };
    Some(Scaler { name, spec, facts, seen: seen.into_iter().collect::<Option<_>>()? })
}

/// Returns what a policy may know of its pool beforehand.
fn facts(pool: &Pool, plan: &PoolPlan) -> PoolFacts {
    let mean = |law: &Option<Distribution>| law.as_ref().map_or(0.0, Distribution::mean);
    let pull = pool.startup.image.map_or(0, |image| image.pull.as_nanos());
    let startup = pull + (mean(&pool.startup.provision) + mean(&pool.startup.boot)) as u64;
    PoolFacts {
        replicas: pool.replicas,
        min: pool.bounds.min,
        max: pool.bounds.max,
        request_milli: if plan.millicores < UNLIMITED_MILLICORES { pool.request_milli } else { 0 },
        slots: pool.concurrency,
        startup: SimDuration::from_nanos(startup),
        forecast: None,
    }
}

/// Finds what a policy goes by among what monitoring shows.
fn seen(
    path: &str,
    want: &Want,
    (service, ordinal): (ServiceId, usize),
    alone: bool,
    pipelines: &[Pipeline],
    found: &mut Findings,
) -> Option<(usize, Watch, Figure)> {
    let pipeline = pipelines.iter().position(|pipeline| pipeline.name == want.pipeline);
    if pipeline.is_none() {
        let message = format!("there is no pipeline `{}`", suggest::short(&want.pipeline));
        let names = pipelines.iter().map(|pipeline| pipeline.name.as_str());
        found.add(Code::UnknownName, path, message, suggest::known(&want.pipeline, names));
    }
    let figure = Figure::of(want.metric, want.scope, alone);
    if figure.is_none() {
        let message = "servers do not tell this one by one";
        found.add(Code::Policy, path, message, "ask for it of the service as a whole");
    }
    let pool = (want.scope != Of::Service).then_some(ordinal);
    // Requests of a service with one pool are those of the pool, also those that wait for all.
    let pool = pool.filter(|_| !(alone && matches!(figure, Some(Figure::Signal(_)))));
    Some((pipeline?, Watch { service, pool, class: None }, figure?))
}

/// Returns what is expected to come to a service, minute by minute.
fn forecast(
    path: &str,
    service: ServiceId,
    around: &Surroundings<'_>,
    found: &mut Findings,
) -> Option<Forecast> {
    let end = SimTime::ZERO + around.duration;
    let mut rates = vec![0.0; around.duration.as_nanos().div_ceil(STEP.as_nanos()) as usize];
    let mut add = |profile: &crate::workload::Profile, factor: f64| {
        for (step, rate) in rates.iter_mut().enumerate() {
            let from = SimTime::from_nanos(step as u64 * STEP.as_nanos());
            let to = (from + STEP).min(end);
            *rate += factor * profile.expected(from, to) / ((to - from).as_nanos() as f64 / 1e9);
        }
    };
    for source in around.sources.iter().filter(|source| source.to == service) {
        let factor = source.uncertainty.as_ref().map_or(1.0, Distribution::mean);
        if let Some(profile) = &source.profile {
            add(profile, factor);
        }
        for recording in &source.recorded {
            let opened = around.traces.open(&recording.spec.file).map_err(|why| why.to_string());
            let outlines = opened.and_then(|input| {
                let factor = recording.factor * factor;
                let outlines =
                    recording.spec.outline(&recording.survey, input, around.duration, STEP, factor);
                outlines.map_err(|why| why.to_string())
            });
            match outlines {
                Ok(outlines) => outlines.iter().for_each(|outline| add(&outline.arrivals, 1.0)),
                Err(why) => {
                    let message = format!("no forecast from {}: {why}", recording.spec.file);
                    found.add(Code::TraceLines, path, message, "mend the file");
                    return None;
                }
            }
        }
    }
    Some(Forecast { step: STEP, rates })
}

/// Returns the bounds of a pool: those of a policy that brings its own win over those of the block.
pub(super) fn bounds(spec: &AutoscalerSpec) -> (Option<u32>, Option<u32>) {
    let own = spec.policies().into_iter().map(|(_, policy)| policy.bounds());
    own.fold((spec.min_replicas, spec.max_replicas), |(min, max), own| (own.0.or(min), own.1.or(max)))
}
