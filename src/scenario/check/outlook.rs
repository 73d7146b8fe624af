//! What theory says before anything is simulated: whether queues grow without end, and whether
//! means have intervals.

use super::Findings;
use super::run::Frame;
use super::services::Fleet;
use super::traffic::Offer;
use crate::dist::Distribution;
use crate::error::Code;
use crate::results::{PoolPlan, UNLIMITED_MILLICORES};
use crate::scenario::plan::{Pool, Service};
use crate::scenario::spec::ScenarioSpec;
use crate::time::SimDuration;

/// A load so near to capacity counts as reaching it.
const FULL: f64 = 1.0 - 1e-9;

/// What is foreseen for a service.
#[derive(Clone, Debug, Default)]
pub(super) struct Outlook {
    pub(super) growing: bool,
    pub(super) no_mean_interval: Option<String>,
}

/// The mean traffic of a service.
#[derive(Clone, Copy, Debug, Default)]
struct Load {
    /// Requests per second.
    rate: f64,
    /// CPU seconds per second at speed 1.
    work: f64,
    /// Seconds off the CPU per second.
    wait: f64,
}

pub(super) fn of(
    spec: &ScenarioSpec,
    frame: &Frame,
    fleet: &Fleet,
    offers: &[Offer],
    found: &mut Findings,
) -> Vec<Outlook> {
    let mut loads = vec![Load::default(); fleet.services.len()];
    for offer in offers {
        let load = &mut loads[offer.service];
        load.rate += offer.rate;
        if let Some(demand) = &fleet.services[offer.service].demands[offer.class] {
            load.work += offer.rate * offer.size * demand.work.mean() / 1e9;
            load.wait += offer.rate * demand.wait.as_ref().map_or(0.0, Distribution::mean) / 1e9;
        }
    }
    let mut outlooks = Vec::new();
    for (((name, _), service), (plan, load)) in
        spec.services.iter().zip(&fleet.services).zip(fleet.plans.iter().zip(loads))
    {
        // What a server without slots holds is only known on average; its integral over time
        // must fit its counter all the same.
        let held = (load.work + load.wait) * frame.duration.as_nanos() as f64;
        if service.pools.iter().any(|pool| pool.concurrency.is_none()) && held >= (1_u64 << 63) as f64 {
            found.add(
                Code::TooMuch,
                format!("services.{name}.pools"),
                "more requests are in hand at once than can be counted over so long a run",
                "limit concurrency, or simulate less time",
            );
        }
        outlooks.push(Outlook {
            growing: load.rate > 0.0 && grows(service, &plan.pools, load, frame.duration),
            no_mean_interval: no_mean_interval(service),
        });
    }
    outlooks
}

/// Tells whether some queue that nothing bounds gets at least as much as it can serve.
fn grows(service: &Service, plans: &[PoolPlan], load: Load, duration: SimDuration) -> bool {
    let bounded = service.queue.limit.is_some() || service.queue.timeout.is_some();
    let replicas = |pool: &Pool| pool.mean_replicas(duration);
    let pools: Vec<_> = service.pools.iter().zip(plans).filter(|(pool, _)| replicas(pool) > 0.0).collect();
    let unbounded = |pool: &Pool| pool.concurrency.is_none() || !bounded;
    let Some(share) = shares(service) else {
        let capacity: f64 =
            pools.iter().map(|(pool, plan)| replicas(pool) * capacity(pool, plan, load)).sum();
        return pools.iter().any(|(pool, _)| unbounded(pool)) && load.rate >= FULL * capacity;
    };
    let total: f64 = pools.iter().map(|(pool, _)| replicas(pool) * share(pool)).sum();
    pools.iter().any(|(pool, plan)| {
        unbounded(pool) && load.rate * share(pool) / total >= FULL * capacity(pool, plan, load)
    })
}

/// Returns how much of the traffic a server gets relative to the others, where the balancer does
/// not look at how busy they are; `None` where work goes to whoever has room.
fn shares(service: &Service) -> Option<fn(&Pool) -> f64> {
    if service.queue.central || service.balancer.sees_load() {
        None
    } else if service.balancer.weighs() {
        Some(|pool| pool.weight)
    } else {
        Some(|_| 1.0)
    }
}

/// Returns how many requests per second a server can serve: by its slots or by its CPU, whichever
/// is less; infinite where neither is short.
fn capacity(pool: &Pool, plan: &PoolPlan, load: Load) -> f64 {
    let (work, wait) = (load.work / load.rate / pool.speed, load.wait / load.rate);
    let per = |units: f64, time: f64| if time > 0.0 { units / time } else { f64::INFINITY };
    let slots = pool.concurrency.map_or(f64::INFINITY, |slots| per(f64::from(slots), work + wait));
    match plan.millicores {
        UNLIMITED_MILLICORES => slots,
        millicores => slots.min(per(millicores as f64 / 1_000.0, work)),
    }
}

/// Says why the mean latency has no confidence interval, where it has none.
///
/// Served in order of arrival, a mean wait needs one more moment of the work than it has itself
/// (Pollaczek-Khinchine), and waits are correlated for as long as busy periods last, so that the
/// variance of their mean over a run needs four (Whitt, Management Science 35, 1989). Where waits
/// are bounded, or CPU is shared, latencies have the tail of the work itself.
fn no_mean_interval(service: &Service) -> Option<String> {
    let tail = |law: &Distribution| law.tail_index();
    let demands = || service.demands.iter().flatten();
    let work = demands().map(|demand| tail(&demand.work)).fold(f64::INFINITY, f64::min);
    let wait = demands().filter_map(|demand| demand.wait.as_ref()).map(tail).fold(f64::INFINITY, f64::min);
    let (key, alpha) = if work <= wait { ("work", work) } else { ("wait", wait) };
    let bounded = service.queue.limit.is_some() || service.queue.timeout.is_some();
    let in_order = |pool: &Pool| pool.concurrency.is_some() && pool.shared_millicores.is_none();
    let heavy = !bounded && service.pools.iter().any(in_order);
    let why = if heavy && alpha <= 2.0 {
        "the mean wait is infinite"
    } else if heavy && alpha <= 4.0 {
        "the mean wait has no finite variance between runs"
    } else if alpha <= 2.0 {
        "latencies have no finite variance"
    } else {
        return None;
    };
    Some(format!("`{key}` has a Pareto tail with alpha = {alpha}: {why}"))
}
