//! Proxies: how many run a balancer, and whether what they see goes together.

use super::{Findings, join};
use crate::balancer::BalancerSpec;
use crate::error::Code;
use crate::scenario::plan::{Pool, ProxyPlan};
use crate::scenario::spec::MAX_PROXIES;
use crate::scenario::spec::{ProxiesSpec, ScenarioSpec, Scope, ServiceSpec};

/// Servers from which on Envoy prefers zones.
const MIN_CLUSTER_SIZE: u32 = 6;

/// Returns the proxies of a service, where it needs some.
pub(super) fn check(
    path: &str,
    scenario: &ScenarioSpec,
    service: &ServiceSpec,
    pools: &[Pool],
    found: &mut Findings,
) -> Option<ProxyPlan> {
    let balancer = &service.balancer.0;
    let asks = asks(balancer);
    let central = service.queue.as_ref().is_some_and(|queue| queue.scope == Scope::Service);
    if central && (asks || service.proxies.is_some()) {
        let (at, remedy) = match &service.proxies {
            Some(_) => ("proxies", "remove proxies, or write queue: {scope: server}"),
            None => ("balancer", "write queue: {scope: server}, or another balancer"),
        };
        let message = "servers that take from one central queue are sent nothing by proxies";
        found.add(Code::Contradiction, join(path, at), message, remedy);
        return None;
    }
    if balancer.needs_key() {
        keys(path, scenario, found);
    }
    let spec = service.proxies.clone().unwrap_or(ProxiesSpec { instances: 1, ..ProxiesSpec::default() });
    let path = join(path, "proxies");
    let mut zones: Vec<u16> = pools.iter().flat_map(|pool| pool.zones.iter().copied()).collect();
    zones.sort_unstable();
    zones.dedup();
    ranges(&path, &spec, found);
    if spec.zone_aware.is_some() && zones.len() < 2 {
        let message = "there are no two zones to choose from";
        found.add(Code::Contradiction, join(&path, "zoneAware"), message, "give every pool zones: [a, b, c]");
    }
    if spec.panic_threshold.is_some() && service.health_check.is_none() {
        let message = "without health checks nobody is taken for unhealthy";
        let remedy = "write healthCheck: {interval: 5s}, or remove panicThreshold";
        found.add(Code::Contradiction, join(&path, "panicThreshold"), message, remedy);
    }
    let plan = ProxyPlan {
        instances: spec.instances,
        signal_delay: spec.signal_delay,
        subset: spec.subset_size,
        zone_aware: spec.zone_aware.map(|spec| spec.min_cluster_size.unwrap_or(MIN_CLUSTER_SIZE)),
        panic_threshold: spec.panic_threshold.map(|share| share.0),
        zones,
    };
    (asks || service.proxies.is_some()).then_some(plan)
}

/// Tells whether a balancer asks servers, hears from them, or goes by customers: then it stands in a proxy.
fn asks(balancer: &BalancerSpec) -> bool {
    let state = balancer.build();
    state.probing().is_some() || state.hears_of_idle() || balancer.needs_key()
}

/// Checks a balancer that operators set.
pub(super) fn check_later(
    place: &str,
    balancer: &BalancerSpec,
    scenario: &ScenarioSpec,
    (name, service): (&str, &ServiceSpec),
    found: &mut Findings,
) {
    if asks(balancer) && service.proxies.is_none() && !asks(&service.balancer.0) {
        let message = "this balancer asks servers or goes by customers, which takes a proxy";
        let remedy = format!("write proxies: {{instances: 1}} at services.{name}");
        found.add(Code::Contradiction, place, message, remedy);
    }
    if balancer.needs_key() {
        keys(&format!("services.{name}"), scenario, found);
    }
}

fn ranges(path: &str, spec: &ProxiesSpec, found: &mut Findings) {
    if !(1..=MAX_PROXIES).contains(&spec.instances) {
        let message = format!("{} proxies are not between 1 and {MAX_PROXIES}", spec.instances);
        found.add(Code::OutOfRange, join(path, "instances"), message, "write for example instances: 16");
    }
    if spec.subset_size == Some(0) {
        let message = "a proxy that knows no server sends nothing";
        found.add(Code::OutOfRange, join(path, "subsetSize"), message, "write for example subsetSize: 20");
    }
    if let Some(share) = spec.panic_threshold.filter(|share| share.0 > 1.0) {
        let message = format!("{}% of the servers are more than all", share.0 * 100.0);
        let remedy = "write up to 100%, for example 50%";
        found.add(Code::OutOfRange, join(path, "panicThreshold"), message, remedy);
    }
}

/// Every source that reaches a service which goes by customers' keys has some.
fn keys(path: &str, scenario: &ScenarioSpec, found: &mut Findings) {
    let name = path.rsplit('.').next().unwrap_or_default();
    for (source, spec) in scenario.traffic.iter().filter(|(_, spec)| spec.to == name) {
        if spec.keys.is_none() && !spec.rate.is_keyed() {
            let message = format!("the balancer of {name} goes by customers, and this source names none");
            let remedy = "write keys: {zipf: {population: 1000000, exponent: 1}}, or key: COLUMN where it is \
                          recorded";
            found.add(Code::Contradiction, format!("traffic.{source}"), message, remedy);
        }
    }
}
