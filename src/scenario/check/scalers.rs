//! Policies that are asked again and again how many servers a pool is to have.

use super::run::Frame;
use super::traces::Traces;
use super::{Findings, forecast, join};
use crate::autoscaler::{AutoscalerSpec, Of, PolicySpec, PoolFacts, Want};
use crate::dist::Distribution;
use crate::error::Code;
use crate::ids::ServiceId;
use crate::monitoring::Pipeline;
use crate::results::{PoolPlan, UNLIMITED_MILLICORES};
use crate::scenario::plan::{Bounds, Caution, Figure, LadderPlan, Pool, Scaler, Service, Source, Watch};
use crate::scenario::spec::{ScenarioSpec, ServiceSpec};
use crate::scenario::suggest;
use crate::time::SimDuration;

/// The most that one policy is asked in a run.
const MAX_ASKED: u64 = 10_000_000;

/// Where the policies of a scenario find what they go by.
pub(super) struct Surroundings<'a> {
    pub(super) pipelines: &'a [Pipeline],
    pub(super) sources: &'a [Source],
    pub(super) traces: &'a Traces<'a>,
    pub(super) frame: &'a Frame,
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
        service.ladder = ladder(&format!("services.{name}"), id, spec, service, &plan.pools, around, found);
        for (ordinal, (pool, spec)) in spec.pools.iter().enumerate() {
            let Some(spec) = &spec.autoscaler else { continue };
            let path = format!("services.{name}.pools.{pool}.autoscaler");
            for (key, policy) in spec.policies() {
                fleet.cautions.extend(foreign(policy.target(), name, pool));
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

/// Returns who chooses the size of a service's servers.
fn ladder(
    path: &str,
    id: ServiceId,
    spec: &ServiceSpec,
    service: &Service,
    plans: &[PoolPlan],
    around: &Surroundings<'_>,
    found: &mut Findings,
) -> Option<LadderPlan> {
    let ladder = spec.ladder.as_ref()?;
    let path = join(path, "ladder");
    for (parameter, message, remedy) in ladder.policy.problems() {
        found.add(Code::Policy, join(&path, &format!("policy.{parameter}")), message, remedy);
    }
    let mut pools = Vec::new();
    for (index, name) in ladder.pools.iter().enumerate() {
        let at = join(&path, &format!("pools[{index}]"));
        let names = || spec.pools.iter().map(|(name, _)| name);
        match spec.pools.iter().position(|(known, _)| known == name.as_str()) {
            None => {
                let message = format!("there is no pool `{}`", suggest::short(name));
                found.add(Code::UnknownName, at, message, suggest::known(name, names()));
            }
            Some(pool) if pools.contains(&pool) => {
                found.add(
                    Code::DuplicateName,
                    at,
                    format!("the pool `{name}` is given twice"),
                    "keep one of them",
                );
            }
            Some(pool) => pools.push(pool),
        }
    }
    if ladder.pools.len() < 2 {
        found.add(
            Code::Nothing,
            join(&path, "pools"),
            "a ladder has two rungs at least",
            "name two pools or more",
        );
    }
    let capacity = |pool: &usize| {
        let plan = &plans[*pool];
        let milli = (plan.millicores < UNLIMITED_MILLICORES).then_some(plan.millicores as f64);
        milli.unwrap_or(f64::INFINITY) * plan.speed
    };
    let capacities: Vec<f64> = pools.iter().map(capacity).collect();
    if !capacities.windows(2).all(|pair| pair[0] < pair[1]) {
        let message = "the pools of a ladder do not rise in cores x speed";
        found.add(Code::Contradiction, join(&path, "pools"), message, "name the smallest first");
    }
    let manned = pools.iter().filter(|&&pool| service.pools[pool].replicas > 0).count();
    if manned != 1 && pools.len() > 1 {
        let message = format!("{manned} pools of the ladder have servers at the start, not one");
        found.add(Code::Contradiction, join(&path, "pools"), message, "write replicas: 0 for the others");
    }
    for (name, pool) in spec.pools.iter().filter(|(name, _)| ladder.pools.iter().any(|rung| rung == name)) {
        if pool.autoscaler.is_some() {
            let message = format!("both the ladder and an autoscaler decide about {name}");
            found.add(Code::Contradiction, &path, message, "keep one of them");
        }
    }
    let all = ladder.policy.wants().into_iter().map(|want| Want { scope: Of::Service, ..want });
    let seen: Vec<_> = all.map(|want| seen(&path, &want, (id, 0), true, around.pipelines, found)).collect();
    let seen = seen.into_iter().collect::<Option<_>>()?;
    Some(LadderPlan { pools, capacities, policy: ladder.policy.clone(), seen })
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
    let sound = problems.is_empty();
    for (parameter, message, remedy) in problems {
        found.add(Code::Policy, join(path, &parameter), message, remedy);
    }
    let period = spec.period();
    if period.is_zero() || around.frame.duration.as_nanos() / period.as_nanos() > MAX_ASKED {
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
    let bounds = of.pools[ordinal].bounds;
    if spec.idle().is_some_and(|idle| idle >= bounds.min) {
        let message = format!("to be idle takes fewer servers than minReplicas, {}", bounds.min);
        let remedy = "write fewer, or raise minReplicas";
        found.add(Code::Contradiction, join(path, "idleReplicaCount"), message, remedy);
    }
    if !sound {
        return None;
    }
    let pool = &of.pools[ordinal];
    let series = match spec.recorded() {
        Some(recorded) => Some(forecast::survey(&join(path, "recorded"), recorded, around, found)?),
        None => None,
    };
    let forecast = match &series {
        _ if !spec.needs_forecast() => None,
        Some(series) => forecast::of_series(path, series, around, found),
        None => forecast::of_service(path, service, around, found),
    };
    let facts = PoolFacts { forecast, ..facts(pool, plan) };
    Some(Scaler { name, spec, facts, seen: seen.into_iter().collect::<Option<_>>()?, series })
}

/// A policy may name what it scales: whoever pastes it into another pool may have slipped.
fn foreign(target: Option<String>, service: &str, pool: &str) -> Option<Caution> {
    let target = target?;
    let known = [service.to_owned(), pool.to_owned(), format!("{service}-{pool}")];
    (!known.contains(&target)).then(|| Caution {
        of: service.to_owned(),
        message: format!(
            "scaleTargetRef names {}, here it scales pool {pool} of {service}; write name: {service}",
            suggest::short(&target)
        ),
    })
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
        found.add(Code::UnknownName, join(path, "from"), message, suggest::known(&want.pipeline, names));
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

/// Returns the bounds of a pool: those of a policy that brings its own win over those of the block.
pub(super) fn bounds(spec: &AutoscalerSpec) -> Bounds {
    let policies = spec.policies();
    let (mut min, mut max) = (spec.min_replicas, spec.max_replicas);
    for (_, policy) in &policies {
        let own = policy.bounds();
        (min, max) = (own.0.or(min), own.1.or(max));
    }
    let least = policies.iter().map(|(_, policy)| policy.default_min()).max();
    Bounds { min: min.or(least).unwrap_or(Bounds::ANY.min), max: max.unwrap_or(Bounds::ANY.max) }
}
