//! Tables of releases.

use std::io;

use super::Table;
use crate::report::number;
use crate::results::{
    DORA, EXPOSED_PERCENT, Plan, PolicyRow, RELEASES, ReleaseOutcome, ReleaseRow, Share, Spread, StudyResult,
    release_policies, release_rows,
};

/// An instant of a release: the column of its seconds, that of its wall clock, and where it stands.
type Instant = (&'static str, &'static str, fn(&ReleaseRow<'_>) -> Option<u64>);

const INSTANTS: [Instant; 8] = [
    ("committed_s", "committed", |row| row.run.committed_ns),
    ("start_s", "start", |row| row.run.start_ns),
    ("first_harm_s", "first_harm", |row| row.facts.first_harm_ns),
    ("detected_s", "detected", |row| row.run.detected_ns),
    ("decided_s", "decided", |row| row.run.decided_ns),
    ("clear_s", "clear", |row| row.run.clear_ns),
    ("restored_s", "restored", |row| row.run.restored_ns),
    ("healthy_s", "healthy", |row| row.facts.healthy_ns),
];

/// Returns `releases.csv`: a row per release in each replication, and per policy it was rolled out by.
///
/// # Errors
///
/// Where a row cannot be written, which does not happen in memory.
pub fn releases_csv(result: &StudyResult) -> io::Result<Vec<u8>> {
    let mut table = Table::new();
    table.texts(&["replication", "release", "name", "commit", "policy", "service"])?;
    table.texts(&["from_version", "to_version", "strategy", "rollback"])?;
    INSTANTS.iter().try_for_each(|(seconds, wall, _)| table.texts(&[seconds, wall]))?;
    table.texts(&["detection_time_s", "failure_time_s", "recovery_time_s", "rollback_ratio"])?;
    table.texts(&["requests_harmed", "exposed", "rollback_trap_s", "faulty", "outcome"])?;
    table.end_row()?;
    release_rows(result).iter().try_for_each(|row| release(&mut table, &result.plan, row))?;
    table.finish()
}

fn release(table: &mut Table, plan: &Plan, row: &ReleaseRow<'_>) -> io::Result<()> {
    let (run, facts) = (row.run, &row.facts);
    let release = &plan.releases[run.release];
    let policy = &release.policies[run.policy];
    table.count(Some(row.replication))?;
    table.number(Some(run.release as f64 + 1.0))?;
    table.text(&release.version)?;
    table.count(Some(run.commit))?;
    table.texts(&[&policy.name, &plan.services[release.service].name])?;
    table.texts(&[&run.from, &run.to, &policy.strategy, &policy.rollback])?;
    for (_, _, at) in INSTANTS {
        let at = at(row);
        table.seconds(at)?;
        table.text(&at.map_or_else(String::new, |at| number::wall(plan, at)))?;
    }
    table.seconds(facts.detection_ns())?;
    table.seconds(facts.failure_ns())?;
    table.seconds(facts.recovery_ns())?;
    table.number(facts.rollback_ratio())?;
    table.number(facts.requests_harmed.map(|count| count as f64))?;
    table.number(facts.exposed())?;
    table.seconds(facts.trap_ns)?;
    table.texts(&[if facts.faulty { "true" } else { "false" }, facts.outcome.name()])?;
    table.end_row()
}

/// Returns `release_policies.csv`: a row per release and policy it was rolled out by, over replications and commits, of
/// each release the one first that harmed the fewest requests.
///
/// # Errors
///
/// As [`releases_csv`].
pub fn release_policies_csv(result: &StudyResult) -> io::Result<Vec<u8>> {
    let mut table = Table::new();
    table.texts(&["release", "name", "service", "rank", "policy", "strategy", "detection", "rollback"])?;
    table.text("releases")?;
    table.texts(ReleaseOutcome::COLUMNS)?;
    for column in &RELEASES {
        let name = column.name;
        let ends = ["", "_lo", "_hi", "_p50", "_p90"].map(|end| format!("{name}{end}"));
        ends.iter().try_for_each(|head| table.text(head))?;
    }
    let mut heads = vec!["requests_harmed_beyond_first".to_owned()];
    heads.extend(EXPOSED_PERCENT.map(|percent| format!("p_detect_before_{percent}")));
    heads.push("p_false_abort".to_owned());
    for head in heads {
        table.texts(&[&head, &format!("{head}_lo"), &format!("{head}_hi")])?;
    }
    table.heads(&DORA)?;
    table.texts(&["lead_time_median_s", "failed_deployment_recovery_time_median_s"])?;
    table.end_row()?;
    release_policies(result).iter().try_for_each(|row| policy(&mut table, &result.plan, row))?;
    table.finish()
}

fn policy(table: &mut Table, plan: &Plan, row: &PolicyRow) -> io::Result<()> {
    let release = &plan.releases[row.release];
    let policy = &release.policies[row.policy];
    table.number(Some(row.release as f64 + 1.0))?;
    table.texts(&[&release.version, &plan.services[release.service].name])?;
    table.number(Some(row.rank as f64))?;
    table.texts(&[&policy.name, &policy.strategy, &policy.detection, &policy.rollback])?;
    table.count(Some(row.releases))?;
    row.outcomes.iter().try_for_each(|&count| table.count(Some(count)))?;
    row.figures.iter().try_for_each(|figure| spread(table, *figure))?;
    table.interval(row.behind)?;
    let shares = row.detected_before.iter().chain([&row.false_abort]);
    shares.into_iter().try_for_each(|share| table.interval(share.map(Share::interval)))?;
    row.dora.iter().try_for_each(|figure| table.interval(*figure))?;
    table.number(row.lead_time_median_s)?;
    table.number(row.failed_deployment_recovery_time_median_s)?;
    table.end_row()
}

fn spread(table: &mut Table, figure: Option<Spread>) -> io::Result<()> {
    table.interval(figure.map(|figure| figure.mean))?;
    table.number(figure.map(|figure| figure.p50))?;
    table.number(figure.map(|figure| figure.p90))
}

#[cfg(test)]
mod tests;
