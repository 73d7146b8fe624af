//! How large a scenario may be, so that no counter overflows and no memory is exhausted unasked.

use super::Findings;
use super::classes::Classes;
use super::releases::Releases;
use super::run::Frame;
use super::services::Fleet;
use crate::error::Code;
pub(super) use crate::scenario::bounds::MAX_REPLICAS;
use crate::scenario::forms::{Concurrency, OrderSpec};
use crate::scenario::spec::ScenarioSpec;

/// Classes, sources, services, pools and zones are counted in 16 bits.
pub(super) const MAX_NAMES: usize = 65_000;
/// Classes are looked up by table, one per service and per source.
const MAX_TABLE: usize = 10_000_000;
/// The most servers of the scenario.
const MAX_SERVERS: u64 = 4_000_000;
/// The most lines of waiting requests: servers x priority levels.
const MAX_LINES: u64 = 50_000_000;
/// The most figures that a study keeps in memory: replications x (rows x intervals + servers).
const MAX_KEPT: u128 = 100_000_000;

/// Checks how many of everything there are.
pub(super) fn counts(spec: &ScenarioSpec, classes: &Classes, found: &mut Findings) {
    if spec.traffic.is_empty() {
        found.add(
            Code::Nothing,
            "traffic",
            "there is no traffic",
            "write for example users: {to: web, class: browse, rate: 90/s}",
        );
    }
    if spec.services.is_empty() {
        found.add(
            Code::Nothing,
            "services",
            "there is no service",
            "write for example web: {pools: .., work: 5ms}",
        );
    }
    let pools = spec.services.iter().map(|(_, service)| service.pools.len()).sum();
    let rows = classes.of_service.iter().map(Vec::len).sum();
    let counted = [
        ("traffic", spec.traffic.len(), "sources"),
        ("services", spec.services.len(), "services"),
        ("services", pools, "pools"),
        ("services", classes.names.len(), "classes"),
        ("services", rows, "pairs of service and class"),
        ("objectives", spec.objectives.len(), "objectives"),
    ];
    for (path, count, what) in counted {
        if count > MAX_NAMES {
            found.add(
                Code::TooMuch,
                path,
                format!("there are {count} {what}"),
                format!("keep to {MAX_NAMES}"),
            );
        }
    }
    if table(spec, classes) > MAX_TABLE {
        let message =
            format!("{} classes are too many for so many services and sources", classes.names.len());
        found.add(
            Code::TooMuch,
            "services",
            message,
            format!("keep classes x (services + sources) below {MAX_TABLE}"),
        );
    }
}

/// Tells whether the scenario is too large to go on looking.
pub(super) fn hopeless(spec: &ScenarioSpec, classes: &Classes) -> bool {
    table(spec, classes) > MAX_TABLE || spec.services.is_empty()
}

fn table(spec: &ScenarioSpec, classes: &Classes) -> usize {
    (spec.services.len() + spec.traffic.len()).saturating_mul(classes.names.len())
}

/// Checks how much is to be kept in memory, and that sums over time fit their counters.
pub(super) fn sizes(
    spec: &ScenarioSpec,
    frame: &Frame,
    classes: &Classes,
    fleet: &Fleet,
    releases: &Releases,
    found: &mut Findings,
) {
    let nanos = u128::from(frame.duration.as_nanos());
    let mut servers = 0;
    let mut lines = 0;
    for ((name, service), plan) in spec.services.iter().zip(&fleet.services) {
        let levels = match service.queue.as_ref().map(|queue| &queue.order) {
            Some(OrderSpec::Priority(order)) => order.len() as u64 + 1,
            _ => 0,
        };
        for ((pool, spec), plan) in service.pools.iter().zip(&plan.pools) {
            let replicas = u64::from(plan.most_replicas());
            servers += replicas;
            lines += replicas * levels;
            let cores = spec.cpu.as_ref().map_or(0, |cpu| cpu.cores.0 as u128);
            let slots = match spec.concurrency {
                Concurrency::Limit(slots) => u128::from(slots),
                Concurrency::Unlimited => 0,
            };
            if slots.max(cores).saturating_mul(nanos) >= 1 << 63 {
                let message = format!(
                    "{} slots or cores over {} are too much for one server",
                    slots.max(cores),
                    frame.duration
                );
                found.add(
                    Code::TooMuch,
                    format!("services.{name}.pools.{pool}"),
                    message,
                    "split it into more servers, or simulate less time",
                );
            }
        }
    }
    if servers > MAX_SERVERS {
        found.add(
            Code::TooMuch,
            "services",
            format!("there are {servers} servers"),
            format!("keep to {MAX_SERVERS}"),
        );
    }
    if lines > MAX_LINES {
        let remedy = format!("keep servers x priority classes below {MAX_LINES}");
        found.add(Code::TooMuch, "services", "there are too many queues", remedy);
    }
    let interval = spec.run.interval().as_nanos().max(1);
    let series: usize = classes.of_service.iter().map(Vec::len).sum::<usize>() + fleet.services.len();
    let intervals = u128::from(frame.duration.as_nanos().div_ceil(interval));
    let series = series as u128 + releases.series;
    let servers = servers.saturating_add(releases.servers);
    let kept = u128::from(spec.run.replications).saturating_mul(series * intervals + u128::from(servers));
    if found.is_empty() && kept > MAX_KEPT {
        let message = format!("the study would keep {kept} figures in memory");
        let remedy = format!(
            "keep replications x (series x intervals + servers) below {MAX_KEPT}: a longer interval, fewer replications"
        );
        found.add(Code::TooMuch, "run.interval", message, remedy);
    }
}
