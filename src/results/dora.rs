//! How well software is delivered: the five measures of DORA.
//!
//! Source: dora-team/dora.dev fcaf07b4, hugo/content/guides/dora-metrics/_index.md. Throughput is told by
//! lead time, deployment frequency and recovery time, instability by the change fail rate and the rework
//! rate. Knows no releases of a simulation: whoever calls it says what was deployed and what came of it.

use crate::time::{NANOS_PER_SEC, SimDuration};

/// A deployment to production.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deployment {
    /// How long its change took from its commit to production, where that is known.
    pub lead: Option<SimDuration>,
    /// Whether it needed immediate intervention, such as a rollback or a hotfix.
    pub failed: bool,
    /// Whether it was not planned but made because of an incident in production.
    pub rework: bool,
    /// How long it took to recover from its failure, if it failed and was recovered from.
    pub recovery: Option<SimDuration>,
}

/// The mean and the middle of some lengths of time, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Typical {
    /// Their sum divided by their number.
    pub mean_s: f64,
    /// The one in the middle; of an even number the mean of the two in the middle.
    pub median_s: f64,
}

/// The five measures over a window; `None` where there is nothing to measure.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Dora {
    /// Deployments per day of the window.
    pub deployments_per_day: Option<f64>,
    /// Failed deployments / deployments.
    pub change_fail_rate: Option<f64>,
    /// Deployments that an incident made necessary / deployments.
    pub deployment_rework_rate: Option<f64>,
    /// From commit to production.
    pub change_lead_time: Option<Typical>,
    /// From a deployment that fails to recovery from it.
    pub failed_deployment_recovery_time: Option<Typical>,
}

const SECONDS_PER_DAY: f64 = 86_400.0;

impl Dora {
    /// Returns the measures of all deployments of a window.
    pub fn of(deployments: &[Deployment], window: SimDuration) -> Self {
        let count = deployments.len() as f64;
        let share = |is: fn(&Deployment) -> bool| {
            let some = deployments.iter().filter(|deployment| is(deployment)).count();
            (count > 0.0).then(|| some as f64 / count)
        };
        let days = window.as_secs_f64() / SECONDS_PER_DAY;
        Self {
            deployments_per_day: (count > 0.0 && days > 0.0).then(|| count / days),
            change_fail_rate: share(|deployment| deployment.failed),
            deployment_rework_rate: share(|deployment| deployment.rework),
            change_lead_time: typical(deployments.iter().filter_map(|deployment| deployment.lead)),
            failed_deployment_recovery_time: typical(
                deployments.iter().filter_map(|deployment| deployment.recovery),
            ),
        }
    }
}

/// Returns the mean and the median of some lengths; `None` where there are none.
fn typical(lengths: impl Iterator<Item = SimDuration>) -> Option<Typical> {
    let mut nanos: Vec<u64> = lengths.map(SimDuration::as_nanos).collect();
    nanos.sort_unstable();
    let middle = match nanos.len() {
        0 => return None,
        odd if odd % 2 == 1 => &nanos[odd / 2..=odd / 2],
        even => &nanos[even / 2 - 1..=even / 2],
    };
    Some(Typical { mean_s: mean_s(&nanos), median_s: mean_s(middle) })
}

/// Returns the mean in seconds of what is given in nanoseconds and not empty, rounded once.
fn mean_s(nanos: &[u64]) -> f64 {
    let sum: u128 = nanos.iter().map(|&nanos| u128::from(nanos)).sum();
    sum as f64 / (nanos.len() as f64 * NANOS_PER_SEC as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(count: u64) -> SimDuration {
        SimDuration::from_secs(60 * count)
    }

    fn recovered(after: u64) -> Deployment {
        Deployment { failed: true, recovery: Some(minutes(after)), ..Deployment::default() }
    }

    /// Sixty deployments in thirty days, six failed, four of them rework, worked out by hand.
    #[test]
    fn a_month_is_measured() {
        let mut deployments: Vec<Deployment> = [12, 30, 45, 8, 90, 25].map(recovered).to_vec();
        deployments.resize(60, Deployment::default());
        deployments[50..54].iter_mut().for_each(|deployment| deployment.rework = true);
        deployments[0].lead = Some(minutes(60));
        deployments[1].lead = Some(minutes(90));
        deployments[2].lead = Some(minutes(300));
        let got = Dora::of(&deployments, SimDuration::from_secs(30 * 86_400));
        let expected = Dora {
            deployments_per_day: Some(2.0),
            change_fail_rate: Some(0.1),
            deployment_rework_rate: Some(4.0 / 60.0),
            change_lead_time: Some(Typical { mean_s: 9_000.0, median_s: 5_400.0 }),
            failed_deployment_recovery_time: Some(Typical { mean_s: 2_100.0, median_s: 1_650.0 }),
        };
        assert_eq!(got, expected);
    }

    #[test]
    fn where_there_is_nothing_to_measure_nothing_is_said() {
        assert_eq!(Dora::of(&[], minutes(1)), Dora::default());
        let got = Dora::of(&[Deployment::default()], SimDuration::ZERO);
        assert_eq!(got.deployments_per_day, None);
        assert_eq!(got.change_fail_rate, Some(0.0));
        assert_eq!(got.failed_deployment_recovery_time, None);
    }

    /// A failure from which nobody has recovered yet counts as one, but has no time.
    #[test]
    fn a_failure_without_recovery_has_no_time() {
        let open = Deployment { failed: true, ..Deployment::default() };
        let got = Dora::of(&[recovered(5), open], SimDuration::from_secs(86_400));
        assert_eq!(got.change_fail_rate, Some(1.0));
        let typical = got.failed_deployment_recovery_time.unwrap();
        assert_eq!((typical.mean_s, typical.median_s), (300.0, 300.0));
    }
}
