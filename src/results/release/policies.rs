//! The ways to roll out one release, over replications and commits, ranked by how many requests they harmed.

use std::cmp::Ordering;

use super::{ReleaseFacts, ReleaseOutcome, ReleaseRow, release_rows};
use crate::results::dora::{Deployment, Dora, Typical};
use crate::results::{Column, Plan, StudyResult};
use crate::stats::{Interval, share_at_least, share_at_most};
use crate::time::SimDuration;

/// The figures of a release, of which policies have means and quantiles.
pub static RELEASES: [Column<ReleaseFacts>; 7] = [
    Column::new("requests_harmed", |f| f.requests_harmed.map(|count| count as f64)),
    Column::new("failure_time_s", |f| f.failure_ns().map(seconds)),
    Column::new("recovery_time_s", |f| f.recovery_ns().map(seconds)),
    Column::new("detection_time_s", |f| f.detection_ns().map(seconds)),
    Column::new("rollback_ratio", ReleaseFacts::rollback_ratio),
    Column::new("rollback_trap_s", |f| f.trap_ns.map(seconds)),
    Column::new("exposed", ReleaseFacts::exposed),
];

/// The measures of DORA over one day, of which policies have means.
pub static DORA: [Column<Dora>; 5] = [
    // A day without a deployment is one with none of them.
    Column::new("deployment_frequency_per_day", |d| Some(d.deployments_per_day.unwrap_or(0.0))),
    Column::new("lead_time_mean_s", |d| d.change_lead_time.map(mean_s)),
    Column::new("change_fail_rate", |d| d.change_fail_rate),
    Column::new("rework_rate", |d| d.deployment_rework_rate),
    Column::new("failed_deployment_recovery_time_mean_s", |d| d.failed_deployment_recovery_time.map(mean_s)),
];

/// Shares of traffic, in percent, before which a release should have been detected.
pub const EXPOSED_PERCENT: [u32; 4] = [5, 10, 25, 50];

/// A figure over releases.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Its mean over replications, of each the mean over its commits, with the interval.
    pub mean: Interval,
    /// Its median over all releases.
    pub p50: f64,
    /// Its 90th percentile over all releases.
    pub p90: f64,
}

/// How many of some releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// How many.
    pub hits: u32,
    /// Of how many; never 0.
    pub of: u32,
}

impl Share {
    /// Counts; `None` of nothing.
    fn of(releases: impl Iterator<Item = bool>) -> Option<Self> {
        let (hits, of) = releases.fold((0, 0), |(hits, of), hit| (hits + u32::from(hit), of + 1));
        (of > 0).then_some(Self { hits, of })
    }

    /// Returns the share with one-sided 95 % Clopper-Pearson bounds.
    pub fn interval(self) -> Interval {
        let mean = f64::from(self.hits) / f64::from(self.of);
        Interval { mean, lo: share_at_least(self.hits, self.of), hi: share_at_most(self.hits, self.of) }
    }
}

/// A row of `release_policies.csv`: a way to roll out a release.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyRow {
    /// Index of the release.
    pub release: usize,
    /// Index of its policy.
    pub policy: usize,
    /// From 1, which harmed the fewest requests; of equals which failed for the shortest time. Never by the ratio, which
    /// a slower recovery lowers.
    pub rank: usize,
    /// How many releases there were, over replications and commits.
    pub releases: u32,
    /// What became of them, in the order of [`ReleaseOutcome::ALL`].
    pub outcomes: Vec<u32>,
    /// One entry per column of [`RELEASES`].
    pub figures: Vec<Option<Spread>>,
    /// Requests harmed beyond those of the policy ranked first, by the same customers; `None` of that one itself.
    pub behind: Option<Interval>,
    /// How many of the faulty releases that harmed somebody were detected before so much of the traffic was theirs; one
    /// entry per [`EXPOSED_PERCENT`].
    pub detected_before: [Option<Share>; EXPOSED_PERCENT.len()],
    /// How many of the rollouts without a defect were taken back.
    pub false_abort: Option<Share>,
    /// Means over replications, one entry per column of [`DORA`]. A deployment is a rollout that began, and failed where it
    /// was decided to roll back.
    pub dora: Vec<Option<Interval>>,
    /// The median over all deployments from commit to the last server of the new version, in seconds.
    pub lead_time_median_s: Option<f64>,
    /// The median over all failed deployments from the first harm, else from the decision, until users were served well
    /// again, in seconds.
    pub failed_deployment_recovery_time_median_s: Option<f64>,
}

impl PolicyRow {
    /// Returns a figure by the name of its column.
    pub fn figure(&self, name: &str) -> Option<Spread> {
        let index = RELEASES.iter().position(|column| column.name == name)?;
        self.figures.get(index).copied().flatten()
    }

    /// Returns how many had an outcome.
    pub fn count(&self, outcome: ReleaseOutcome) -> u32 {
        let index = ReleaseOutcome::ALL.iter().position(|known| *known == outcome);
        index.and_then(|index| self.outcomes.get(index)).copied().unwrap_or(0)
    }

    /// Returns the mean of a figure.
    fn mean(&self, name: &str) -> Option<f64> {
        self.figure(name).map(|figure| figure.mean.mean)
    }
}

/// Returns a row for every release and policy, in the order of the file, and of each release by rank.
pub fn release_policies(result: &StudyResult) -> Vec<PolicyRow> {
    let rows = release_rows(result);
    let mut policies = Vec::new();
    for (release, plan) in result.plan.releases.iter().enumerate() {
        let own = |policy: usize| -> Vec<&ReleaseRow<'_>> {
            rows.iter().filter(|row| (row.run.release, row.run.policy) == (release, policy)).collect()
        };
        let mut of_release: Vec<_> = (0..plan.policies.len())
            .map(|policy| PolicyRow::new(&result.plan, (release, policy), &own(policy)))
            .collect();
        of_release.sort_by(better);
        let best = of_release.first().map(|row| own(row.policy));
        for (index, row) in of_release.iter_mut().enumerate() {
            row.rank = index + 1;
            if let Some(best) = best.as_ref().filter(|_| index > 0) {
                row.behind = behind(&own(row.policy), best);
            }
        }
        policies.append(&mut of_release);
    }
    policies
}

impl PolicyRow {
    fn new(plan: &Plan, (release, policy): (usize, usize), rows: &[&ReleaseRow<'_>]) -> Self {
        let facts = || rows.iter().map(|row| &row.facts);
        let count = |outcome: &ReleaseOutcome| facts().filter(|f| f.outcome == *outcome).count() as u32;
        let harmful = || facts().filter(|f| f.faulty && f.first_harm_ns.is_some());
        let before = |percent: u32| {
            let seen = |f: &ReleaseFacts| {
                f.detected_ns.is_some() && f.exposed_ppm.is_some_and(|ppm| ppm < percent * 10_000)
            };
            Share::of(harmful().map(seen))
        };
        let sound = facts().filter(|f| !f.faulty && f.start_ns.is_some());
        let hotfix = plan.releases[release].hotfix;
        let measured = |rows: &[&ReleaseRow<'_>]| Dora::of(&deployments(rows, hotfix), plan.duration());
        let days: Vec<Dora> = rows.chunk_by(|a, b| a.replication == b.replication).map(measured).collect();
        let all = measured(rows);
        Self {
            release,
            policy,
            rank: 0,
            releases: rows.len() as u32,
            outcomes: ReleaseOutcome::ALL.iter().map(count).collect(),
            figures: RELEASES.iter().map(|column| spread(column, rows)).collect(),
            behind: None,
            detected_before: EXPOSED_PERCENT.map(before),
            false_abort: Share::of(sound.map(|f| f.decided_ns.is_some())),
            dora: DORA.iter().map(|column| over_days(column, &days)).collect(),
            lead_time_median_s: all.change_lead_time.map(|time| time.median_s),
            failed_deployment_recovery_time_median_s: all
                .failed_deployment_recovery_time
                .map(|time| time.median_s),
        }
    }
}

fn mean_s(typical: Typical) -> f64 {
    typical.mean_s
}

fn over_days(column: &Column<Dora>, days: &[Dora]) -> Option<Interval> {
    let values: Vec<f64> = days.iter().filter_map(column.figure).collect();
    Interval::of(&values)
}

/// Returns what DORA measures: the rollouts that began.
fn deployments(rows: &[&ReleaseRow<'_>], hotfix: bool) -> Vec<Deployment> {
    let deployment = |row: &&ReleaseRow<'_>| {
        row.facts.start_ns?;
        let lead = row.run.promoted_ns.and_then(|promoted| promoted.checked_sub(row.run.committed_ns?));
        let failed = row.facts.decided_ns.is_some();
        let recovery = row.facts.failure_ns().or(row.facts.recovery_ns());
        Some(Deployment {
            lead: lead.map(SimDuration::from_nanos),
            failed,
            rework: hotfix,
            recovery: recovery.map(SimDuration::from_nanos),
        })
    };
    rows.iter().filter_map(deployment).collect()
}

fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}

fn spread(column: &Column<ReleaseFacts>, rows: &[&ReleaseRow<'_>]) -> Option<Spread> {
    let mut values: Vec<f64> = rows.iter().filter_map(|row| (column.figure)(&row.facts)).collect();
    let means: Vec<f64> = daily(column, rows).into_iter().map(|(_, mean)| mean).collect();
    values.sort_by(f64::total_cmp);
    let [p50, p90] = [0.5, 0.9].map(|p| quantile(&values, p));
    Some(Spread { mean: Interval::of(&means)?, p50: p50?, p90: p90? })
}

/// Returns the mean of a column over the commits of each replication that has a value: commits of one day are not
/// independent, days are.
fn daily(column: &Column<ReleaseFacts>, rows: &[&ReleaseRow<'_>]) -> Vec<(u32, f64)> {
    let of_day = |rows: &[&ReleaseRow<'_>]| {
        let values: Vec<f64> = rows.iter().filter_map(|row| (column.figure)(&row.facts)).collect();
        Interval::of(&values).map(|values| (rows[0].replication, values.mean))
    };
    rows.chunk_by(|a, b| a.replication == b.replication).filter_map(of_day).collect()
}

/// Returns the sample quantile of sorted values: definition 7 of Hyndman and Fan (1996), whose median of an even number is
/// the mean of the two in the middle.
fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    let place = p * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (libm::floor(place) as usize, libm::ceil(place) as usize);
    let (from, to) = (*sorted.get(below)?, *sorted.get(above)?);
    Some(from + (to - from) * (place - below as f64))
}

/// Orders policies by requests harmed and failure time, on average; who was not healthy by the end failed longest.
fn better(a: &PolicyRow, b: &PolicyRow) -> Ordering {
    let harmed = |row: &PolicyRow| row.mean("requests_harmed").unwrap_or(f64::INFINITY);
    let failed = |row: &PolicyRow| match row.mean("failure_time_s") {
        Some(mean) => mean,
        None if row.count(ReleaseOutcome::Censored) > 0 => f64::INFINITY,
        None => 0.0,
    };
    harmed(a).total_cmp(&harmed(b)).then(failed(a).total_cmp(&failed(b))).then(a.policy.cmp(&b.policy))
}

/// Returns by how much more requests were harmed than by the best, replication by replication: the customers are the
/// same.
fn behind(rows: &[&ReleaseRow<'_>], best: &[&ReleaseRow<'_>]) -> Option<Interval> {
    let best = daily(&RELEASES[0], best);
    let pair = |(replication, harmed): (u32, f64)| {
        let other = best.iter().find(|(other, _)| *other == replication)?;
        Some(harmed - other.1)
    };
    let pairs: Vec<f64> = daily(&RELEASES[0], rows).into_iter().filter_map(pair).collect();
    Interval::of(&pairs)
}

#[cfg(test)]
mod tests;
