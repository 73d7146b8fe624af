//! How many replications cells get, and what decides.

use super::Findings;
use super::spec::{BetweenSpec, ReplicationsSpec, SweepSpec};
use crate::error::Code;
use crate::scenario::bounds::MAX_REPLICATIONS;

/// What is wrong where days are added and nothing ends that.
pub(super) const ENDLESS: (&str, &str) = (
    "nothing says when a cell has days enough",
    "write for example precision: {metric: web.p99_ms, relative: 2%}, or holdsIn: 95%",
);

/// Returns the numbers of replications at which cells are looked at; `None` where the base says how many there
/// are. Adds what is wrong with these keys.
pub(super) fn looks(spec: &SweepSpec, found: &mut Findings<'_>) -> Option<Vec<u32>> {
    let between =
        |precision| if precision { Some(ReplicationsSpec::Between(BetweenSpec::default())) } else { None };
    let replications = spec.replications.or_else(|| between(spec.precision.is_some()));
    shares(spec, found);
    match replications? {
        ReplicationsSpec::Fixed(count) => {
            if !(1..=MAX_REPLICATIONS).contains(&count) {
                let message = format!("{count} is not from 1 to {MAX_REPLICATIONS}");
                found.add(Code::OutOfRange, "replications", message, "write for example replications: 20");
            }
            if spec.precision.is_some() {
                let message = "with a fixed number of replications nothing is left to decide";
                found.add(
                    Code::Contradiction,
                    "precision",
                    message,
                    "write replications: {min: 10, max: 160}",
                );
            }
            Some(vec![count])
        }
        ReplicationsSpec::Between(BetweenSpec { min, max }) => {
            if min < 2 || min >= max || max > MAX_REPLICATIONS {
                let message = format!("from {min} to {max} replications cannot be");
                let remedy = "write for example {min: 10, max: 160}: min is at least 2, and max above it";
                found.add(Code::OutOfRange, "replications", message, remedy);
                return None;
            }
            let doubled = std::iter::successors(Some(min), |&look| look.checked_mul(2));
            Some(doubled.take_while(|&look| look < max).chain([max]).collect())
        }
    }
}

/// Checks what is demanded.
fn shares(spec: &SweepSpec, found: &mut Findings<'_>) {
    let within = |share: f64| share > 0.0 && share < 1.0;
    if let Some(precision) = spec.precision.as_ref().filter(|precision| !within(precision.relative.0)) {
        let message = format!("a half width of {}% of the mean says nothing", precision.relative.0 * 100.0);
        found.add(Code::OutOfRange, "precision.relative", message, "write for example relative: 2%");
    }
    if let Some(share) = spec.holds_in.filter(|share| !within(share.0)) {
        let message = format!("a share of {}% of the days cannot be proven or refuted", share.0 * 100.0);
        found.add(Code::OutOfRange, "holdsIn", message, "write for example holdsIn: 95%");
    }
}
