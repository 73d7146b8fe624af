//! From the containers of a pod to its request and its usage.
//!
//! Counterpart of `calculateRequests` (replica_calculator.go) and of `getPodMetrics` and
//! `getContainerMetrics` (metrics/client.go). A simulated server is one container; pods of several
//! come from Kubernetes' own test cases.

use super::calculator::Failure;
use super::release::Release;

/// A container, in thousandths of a core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// What it asks for.
    pub request_milli: Option<i64>,
    /// What it is reported to use.
    pub usage_milli: Option<i64>,
}

/// Returns what a pod, or one of its containers, asks for; `None` where that is not said.
pub fn request_milli(containers: &[Container], only: Option<&str>) -> Option<i64> {
    measured(containers, only).map(|container| container.request_milli).sum()
}

fn measured<'a>(containers: &'a [Container], only: Option<&'a str>) -> impl Iterator<Item = &'a Container> {
    containers.iter().filter(move |container| only.is_none_or(|name| name == container.name))
}

/// Returns what a pod that is reported, or one of its containers, uses; `None` is a missing pod.
///
/// # Errors
/// Before release 1.32, a report without the container.
pub fn usage_milli(
    pod: &str,
    containers: &[Container],
    only: Option<&str>,
    release: Release,
) -> Result<Option<i64>, Failure> {
    let Some(name) = only else {
        // One container without a sample, and the pod has none.
        return Ok(containers.iter().map(|container| container.usage_milli).sum());
    };
    let usage = measured(containers, only).find_map(|container| container.usage_milli);
    if usage.is_none() && !release.skips_missing_container() {
        return Err(Failure::ContainerNotPresent {
            resource: "cpu".to_owned(),
            container: name.to_owned(),
            pod: pod.to_owned(),
        });
    }
    Ok(usage)
}
