//! How many replicas one metric asks for.
//!
//! Pure functions over pods, the counterparts of pkg/controller/podautoscaler/replica_calculator.go
//! and metrics/utilization.go of Kubernetes, named beside each. All amounts are integer thousandths,
//! and integer divisions are theirs. Knows neither behaviour nor bounds nor other metrics.

use super::release::Release;
use crate::time::{SimDuration, SimTime};

/// A pod's phase (`v1.PodPhase`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not yet on a machine.
    Pending,
    /// On a machine.
    Running,
    /// Ended well.
    Succeeded,
    /// Ended badly.
    Failed,
}

/// Whether a pod is ready, and since when that is so (its `Ready` condition).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// Whether it is ready.
    pub ready: bool,
    /// The last transition.
    pub since: SimTime,
}

/// A sample of a pod (`metricsclient.PodMetric`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PodMetric {
    /// The value in thousandths.
    pub milli: i64,
    /// When it was taken.
    pub at: SimTime,
    /// How far it looks back.
    pub window: SimDuration,
}

/// What the controller knows of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    /// Its phase.
    pub phase: Phase,
    /// Whether it has a deletion timestamp.
    pub deleting: bool,
    /// `status.startTime`.
    pub started: Option<SimTime>,
    /// The condition `Ready`, if it has any.
    pub readiness: Option<Readiness>,
    /// CPU asked for, in thousandths of a core: of all its containers, or of the one that is measured.
    pub request_milli: Option<i64>,
    /// The metric; `None` is missing.
    pub metric: Option<PodMetric>,
}

/// The pods of a target and what was reported for pods that are not among them.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// The present.
    pub now: SimTime,
    /// The pods that the selector finds.
    pub pods: &'a [Pod],
    /// Values, in thousandths, that were reported for other pods.
    pub strangers: &'a [i64],
}

/// How far a metric may be from its target without anything being done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerances {
    /// Below the target, as a share of it.
    pub down: f64,
    /// Above the target, as a share of it.
    pub up: f64,
}

/// What one metric asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proposal {
    /// So many replicas.
    pub replicas: i32,
    /// The value seen, in thousandths: the mean of the pods or the value of the object.
    pub value_milli: i64,
    /// The value seen as a whole percentage of the requests; 0 where there are none.
    pub percent: i32,
    /// Whether nothing is done because it is near the target.
    pub tolerated: bool,
}

/// Why a metric asks for nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The pipeline shows nothing at all of a resource.
    #[error("unable to get metrics for resource {0}: no metrics returned from resource metrics API")]
    NoResourceMetrics(String),
    /// A pod does not report the container.
    #[error(
        "unable to get metrics for resource {resource}: failed to get container metrics: \
         container {container} not present in metrics for pod {pod}"
    )]
    ContainerNotPresent {
        /// The resource.
        resource: String,
        /// The container.
        container: String,
        /// The pod, with its namespace.
        pod: String,
    },
    /// The pipeline shows nothing at all of a pods' or object's metric.
    #[error("unable to get metric {0}: no metrics returned from custom metrics API")]
    NoCustomMetric(String),
    /// The pipeline shows nothing at all of an external metric.
    #[error("unable to get external metric {0}: no metrics returned from external metrics API")]
    NoExternalMetric(String),
    /// There is no pod.
    #[error("no pods returned by selector while calculating replica count")]
    NoPods,
    /// There is no pod to count ready ones among.
    #[error("unable to calculate ready pods: no pods returned by selector while calculating replica count")]
    NoPodsToCount,
    /// Every pod with a metric is left out.
    #[error("{}", if *.0 { "did not receive metrics for targeted pods (pods might be unready)" }
        else { "did not receive metrics for any ready pods" })]
    NoReadyPods(bool),
    /// A pod says not how much it needs.
    #[error("missing request for {0}")]
    MissingRequest(String),
    /// What is reported belongs to other pods.
    #[error("no metrics returned matched known pods")]
    Disjoint,
    /// A resource has no target.
    #[error(
        "invalid resource metric source: neither an average utilization target nor an average value (usage) target was set"
    )]
    NoResourceTarget,
    /// An object's or external metric has no target.
    #[error("invalid {0} metric source: neither a value target nor an average value target was set")]
    NoValueTarget(&'static str),
    /// The metric is of no known type.
    #[error("unknown metric source type \"{0}\"")]
    UnknownType(String),
}

/// The flags of the controller that bear on one metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calculator {
    /// Whose code.
    pub release: Release,
    /// How far from the target nothing is done.
    pub tolerances: Tolerances,
    /// `--horizontal-pod-autoscaler-cpu-initialization-period`: how long CPU of a fresh pod is doubted.
    pub cpu_initialization_period: SimDuration,
    /// `--horizontal-pod-autoscaler-initial-readiness-delay`: within this of its start, a pod that
    /// turned unready has never been ready.
    pub initial_readiness_delay: SimDuration,
}

/// What `groupPods` tells apart: how a pod takes part.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Ready,
    Unready,
    Missing,
    Ignored,
}

/// The pods of a metric, told apart, and the values that count (the `metrics` map).
struct Groups {
    parts: Vec<Part>,
    values: Vec<Option<i64>>,
}

impl Groups {
    fn count(&self, part: Part) -> usize {
        self.parts.iter().filter(|&&other| other == part).count()
    }

    fn known(&self) -> usize {
        self.values.iter().flatten().count()
    }

    /// Gives a value to all pods of a part.
    fn fill(&mut self, part: Part, value: impl Fn(usize) -> i64) {
        for (index, &other) in self.parts.iter().enumerate() {
            if other == part {
                self.values[index] = Some(value(index));
            }
        }
    }
}

impl Calculator {
    /// Tells whether a ratio of value to target is near enough to 1 (`Tolerances.isWithin`; before 1.33
    /// `math.Abs(1.0-usageRatio) <= tolerance`, which is not the same at the edge).
    pub fn tolerates(&self, ratio: f64) -> bool {
        let Tolerances { down, up } = self.tolerances;
        if self.release.has_tolerances() {
            1.0 - down <= ratio && ratio <= 1.0 + up
        } else {
            (1.0 - ratio).abs() <= if ratio < 1.0 { down } else { up }
        }
    }

    /// Tells pods apart (`groupPods`).
    fn group(&self, seen: Observed<'_>, cpu: bool) -> Groups {
        let part = |pod: &Pod| {
            if pod.deleting || pod.phase == Phase::Failed {
                return Part::Ignored;
            }
            if pod.phase == Phase::Pending {
                return Part::Unready;
            }
            match &pod.metric {
                None => Part::Missing,
                Some(metric) if cpu && self.doubts(seen.now, pod, metric) => Part::Unready,
                Some(_) => Part::Ready,
            }
        };
        let parts: Vec<Part> = seen.pods.iter().map(part).collect();
        let kept = |(pod, &part): (&Pod, &Part)| pod.metric.filter(|_| part == Part::Ready).map(|m| m.milli);
        let values = seen.pods.iter().zip(&parts).map(kept).collect();
        Groups { parts, values }
    }

    /// Tells whether the CPU of a pod says nothing about what it will need.
    fn doubts(&self, now: SimTime, pod: &Pod, metric: &PodMetric) -> bool {
        let (Some(started), Some(readiness)) = (pod.started, pod.readiness) else { return true };
        if started + self.cpu_initialization_period > now {
            // Less than a whole window since it became ready: start-up is still in it.
            !readiness.ready || metric.at < readiness.since + metric.window
        } else {
            !readiness.ready && started + self.initial_readiness_delay > readiness.since
        }
    }

    /// Returns how many replicas bring the use of CPU to a percentage of the requests
    /// (`GetResourceReplicas`).
    ///
    /// # Errors
    /// Where there is nothing to go by.
    pub fn utilization(&self, seen: Observed<'_>, current: i32, target: i32) -> Result<Proposal, Failure> {
        self.reported(seen).ok_or_else(|| Failure::NoResourceMetrics("cpu".to_owned()))?;
        let mut groups = self.group(seen, true);
        let requests: Option<Vec<i64>> = seen.pods.iter().map(|pod| pod.request_milli).collect();
        let missing = || Failure::MissingRequest("cpu".to_owned());
        if seen.pods.is_empty() {
            return Err(Failure::NoPods);
        }
        if !self.release.says_targeted_pods() && requests.is_none() {
            return Err(missing());
        }
        if groups.known() + seen.strangers.len() == 0 {
            return Err(Failure::NoReadyPods(self.release.says_targeted_pods()));
        }
        let requests = requests.ok_or_else(missing)?;
        let (ratio, percent, value_milli) = utilization_ratio(&groups.values, &requests, target)?;
        let proposal = |replicas, tolerated| Proposal { replicas, value_milli, percent, tolerated };
        let with_unready = groups.count(Part::Unready) > 0 && ratio > 1.0;
        if !with_unready && groups.count(Part::Missing) == 0 {
            return Ok(match self.tolerates(ratio) {
                true => proposal(current, true),
                false => proposal(ceil(ratio * groups.count(Part::Ready) as f64), false),
            });
        }
        let fallback =
            if self.release.fills_missing_with_target() { i64::from(target.max(100)) } else { 100 };
        if ratio < 1.0 {
            groups.fill(Part::Missing, |index| requests[index].saturating_mul(fallback) / 100);
        } else if ratio > 1.0 {
            groups.fill(Part::Missing, |_| 0);
        }
        if with_unready {
            groups.fill(Part::Unready, |_| 0);
        }
        let (again, _, _) = utilization_ratio(&groups.values, &requests, target)?;
        let (replicas, tolerated) =
            self.conservative(ratio, again, current, groups.known() + seen.strangers.len());
        Ok(proposal(replicas, tolerated))
    }

    /// Returns `None` where nothing was reported of any pod.
    fn reported(&self, seen: Observed<'_>) -> Option<()> {
        (!seen.strangers.is_empty() || seen.pods.iter().any(|pod| pod.metric.is_some())).then_some(())
    }

    /// Decides after unready and missing pods were given values: nothing may turn the direction.
    fn conservative(&self, ratio: f64, again: f64, current: i32, counted: usize) -> (i32, bool) {
        if self.tolerates(again) {
            return (current, true);
        }
        let turned = ratio < 1.0 && again > 1.0 || ratio > 1.0 && again < 1.0;
        let replicas = ceil(again * counted as f64);
        // A surge makes more pods than replicas; counting them must not turn the direction either.
        if turned || again < 1.0 && replicas > current || again > 1.0 && replicas < current {
            return (current, false);
        }
        (replicas, false)
    }

    /// Returns how many replicas bring the mean CPU of a pod, in thousandths of a core, to a target
    /// (`GetRawResourceReplicas`).
    ///
    /// # Errors
    /// Where there is nothing to go by.
    pub fn resource_value(&self, seen: Observed<'_>, current: i32, target: i64) -> Result<Proposal, Failure> {
        self.reported(seen).ok_or_else(|| Failure::NoResourceMetrics("cpu".to_owned()))?;
        self.plain(seen, current, target, true)
    }

    /// Returns how many replicas bring the mean of a metric of the pods to a target
    /// (`GetMetricReplicas`).
    ///
    /// # Errors
    /// Where there is nothing to go by.
    pub fn pods_metric(
        &self,
        seen: Observed<'_>,
        current: i32,
        target: i64,
        name: &str,
    ) -> Result<Proposal, Failure> {
        self.reported(seen).ok_or_else(|| Failure::NoCustomMetric(name.to_owned()))?;
        self.plain(seen, current, target, false)
    }

    /// `calcPlainMetricReplicas`.
    fn plain(&self, seen: Observed<'_>, current: i32, target: i64, cpu: bool) -> Result<Proposal, Failure> {
        if seen.pods.is_empty() {
            return Err(Failure::NoPods);
        }
        let mut groups = self.group(seen, cpu);
        if groups.known() + seen.strangers.len() == 0 {
            return Err(Failure::NoReadyPods(self.release.says_targeted_pods()));
        }
        let (ratio, value_milli) = usage_ratio(&groups.values, seen.strangers, target);
        let proposal = |replicas, tolerated| Proposal { replicas, value_milli, percent: 0, tolerated };
        let with_unready = groups.count(Part::Unready) > 0 && ratio > 1.0;
        if !with_unready && groups.count(Part::Missing) == 0 {
            return Ok(match self.tolerates(ratio) {
                true => proposal(current, true),
                false => proposal(ceil(ratio * groups.count(Part::Ready) as f64), false),
            });
        }
        if ratio < 1.0 {
            groups.fill(Part::Missing, |_| target);
        } else if ratio > 1.0 {
            groups.fill(Part::Missing, |_| 0);
        }
        if with_unready {
            groups.fill(Part::Unready, |_| 0);
        }
        let (again, _) = usage_ratio(&groups.values, seen.strangers, target);
        let (replicas, tolerated) =
            self.conservative(ratio, again, current, groups.known() + seen.strangers.len());
        Ok(proposal(replicas, tolerated))
    }

    /// Returns how many replicas bring a value of the whole service to a target, if it falls as
    /// replicas are added (`GetObjectMetricReplicas`, and `GetExternalMetricReplicas` with the sum of
    /// its values; both end in `getUsageRatioReplicaCount`).
    ///
    /// # Errors
    /// Where there is no pod.
    pub fn whole_value(
        &self,
        seen: Observed<'_>,
        current: i32,
        target: i64,
        usage: i64,
    ) -> Result<Proposal, Failure> {
        let ratio = usage as f64 / target as f64;
        let proposal = |replicas, tolerated| Proposal { replicas, value_milli: usage, percent: 0, tolerated };
        if current == 0 {
            // From nothing there is no share to keep to.
            return Ok(proposal(ceil(ratio), false));
        }
        if self.tolerates(ratio) {
            return Ok(proposal(current, true));
        }
        if seen.pods.is_empty() {
            return Err(Failure::NoPodsToCount);
        }
        let ready = |pod: &&Pod| pod.phase == Phase::Running && pod.readiness.is_some_and(|r| r.ready);
        Ok(proposal(ceil(ratio * seen.pods.iter().filter(ready).count() as f64), false))
    }

    /// Returns how many replicas bring a value of the whole service, shared among them, to a target
    /// (`GetObjectPerPodMetricReplicas`, `GetExternalPerPodMetricReplicas`). `status` counts the pods
    /// there are.
    pub fn shared_value(&self, status: i32, target: i64, usage: i64) -> Proposal {
        let ratio = usage as f64 / (target as f64 * f64::from(status));
        let tolerated = self.tolerates(ratio);
        let replicas = if tolerated { status } else { ceil(usage as f64 / target as f64) };
        let value_milli = (usage as f64 / f64::from(status)).ceil() as i64;
        Proposal { replicas, value_milli, percent: 0, tolerated }
    }
}

/// Rounds a number of replicas up; what does not fit saturates.
fn ceil(replicas: f64) -> i32 {
    replicas.ceil() as i32
}

/// Adds up the values of an external metric, at most the largest number.
pub fn sum(values: &[i64]) -> i64 {
    values.iter().fold(0, |sum, &value| sum.saturating_add(value))
}

/// Returns utilisation / target, utilisation in whole per cent (rounded down), and the mean value
/// (`GetResourceUtilizationRatio`).
///
/// # Errors
/// Where no pod has both a value and a request.
fn utilization_ratio(
    values: &[Option<i64>],
    requests: &[i64],
    target: i32,
) -> Result<(f64, i32, i64), Failure> {
    let (mut used, mut asked, mut count) = (0_i64, 0_i64, 0_i64);
    for (value, request) in values.iter().zip(requests) {
        if let Some(value) = value {
            used = used.saturating_add(*value);
            asked = asked.saturating_add(*request);
            count += 1;
        }
    }
    if asked == 0 {
        return Err(Failure::Disjoint);
    }
    let percent = (i128::from(used) * 100 / i128::from(asked)).clamp(0, i32::MAX.into()) as i32;
    Ok((f64::from(percent) / f64::from(target), percent, used / count))
}

/// Returns mean / target and the mean, rounded down (`GetMetricUsageRatio`). There is at least one value.
fn usage_ratio(values: &[Option<i64>], strangers: &[i64], target: i64) -> (f64, i64) {
    let all = || values.iter().flatten().chain(strangers);
    let mean = all().fold(0_i64, |sum, &value| sum.saturating_add(value)) / all().count() as i64;
    (mean as f64 / target as f64, mean)
}
