//! The figures of one release: when somebody was harmed first, when users were served well again, how many
//! requests that cost, and what became of it.

use crate::results::column::quotient;
use crate::results::{BadMark, Plan, ReleasePlan, ReleaseRun, Stand, StudyResult};

/// Declares the outcomes with the words that files have for them.
macro_rules! outcomes {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $column:literal;)*) => {
        /// What became of a release.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ReleaseOutcome {
            $($(#[$doc])* $name,)*
        }

        impl ReleaseOutcome {
            /// Every outcome.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
            /// The columns that count them, in the same order.
            pub const COLUMNS: &[&str] = &[$($column,)*];

            /// Returns the word that files have for it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

outcomes! {
    /// It is in service, and nobody decided against it.
    Promoted = "promoted", "promoted";
    /// It harmed somebody, was taken back, and users are served well again.
    RolledBack = "rolledBack", "rolled_back";
    /// Its rollout does not come nearer to its end.
    Stuck = "stuck", "stuck";
    /// It has a defect that harmed somebody, and is in service: nobody decided against it.
    DefectEscaped = "defectEscaped", "defect_escaped";
    /// It was taken back though nobody had been harmed.
    FalseAlarm = "falseAlarm", "false_alarm";
    /// The run ended before it was known: in the midst of its rollout, or before users were served well again.
    Censored = "censored", "censored";
    /// Its pipeline caught a defect that nobody mended.
    Caught = "caught", "caught";
    /// Its rollout has not begun.
    Waiting = "waiting", "waiting";
    /// It was dropped for another release.
    Skipped = "skipped", "skipped";
}

/// What became of a release in one replication, rolled out in one way; instants in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReleaseFacts {
    /// Whether what was rolled out has a defect.
    pub faulty: bool,
    /// When its rollout began.
    pub start_ns: Option<u64>,
    /// When it harmed somebody first: the first request that the new version made bad, or the beginning of the first
    /// interval with more bad requests than without the release, whichever is seen earlier.
    pub first_harm_ns: Option<u64>,
    /// When a detector told that something is wrong.
    pub detected_ns: Option<u64>,
    /// How much of the traffic the new version had been given by then, at most, in millionths.
    pub exposed_ppm: Option<u32>,
    /// When it was decided to roll back.
    pub decided_ns: Option<u64>,
    /// From when on users were served well again: the start of the first whole window that begins when the new
    /// version no longer serves and in which the objective is met; with several objectives the latest of theirs.
    pub healthy_ns: Option<u64>,
    /// Bad requests from the rollout's start until users were served well again, else to the end of the run, less those
    /// without the release in the same time: negative where luck was on its side.
    pub requests_harmed: Option<i64>,
    /// How long rolling back could not have carried the traffic, in nanoseconds, from the rollout's start until users
    /// were served well again, else to the end of the run.
    pub trap_ns: Option<u64>,
    /// What became of it.
    pub outcome: ReleaseOutcome,
}

/// A row of `releases.csv`.
#[derive(Clone, Debug)]
pub struct ReleaseRow<'a> {
    /// The replication, from 1.
    pub replication: u32,
    /// What was recorded.
    pub run: &'a ReleaseRun,
    /// What follows from it.
    pub facts: ReleaseFacts,
}

/// Returns what became of every release, replication by replication, in the order of [`RunResult::releases`].
///
/// [`RunResult::releases`]: crate::results::RunResult::releases
pub fn release_rows(result: &StudyResult) -> Vec<ReleaseRow<'_>> {
    let of_run = |run: &ReleaseRun| ReleaseFacts::new(&result.plan, &result.plan.releases[run.release], run);
    let each = result.runs.iter().flat_map(|day| day.releases.iter().map(|run| (day.replication, run)));
    each.map(|(replication, run)| ReleaseRow { replication, run, facts: of_run(run) }).collect()
}

impl ReleaseRow<'_> {
    /// Returns how long rolling back could not have carried the traffic, by interval of the run, in nanoseconds.
    pub fn trapped(&self, plan: &Plan) -> Vec<u64> {
        let until = self.facts.healthy_ns.unwrap_or(plan.duration_ns);
        trapped(plan, &plan.releases[self.run.release], self.run, until)
    }
}

impl ReleaseFacts {
    /// Works out what became of a release.
    pub fn new(plan: &Plan, release: &ReleasePlan, run: &ReleaseRun) -> Self {
        let healthy_ns = healthy_again(plan, release, run);
        let first_harm_ns = first_harm(plan, run, healthy_ns);
        let until = healthy_ns.unwrap_or(plan.duration_ns);
        Self {
            faulty: run.faulty,
            start_ns: run.start_ns,
            first_harm_ns,
            detected_ns: run.detected_ns,
            exposed_ppm: run.exposed_ppm,
            decided_ns: run.decided_ns,
            healthy_ns,
            requests_harmed: run.start_ns.and_then(|_| harmed_until(&run.marks, until)),
            trap_ns: run.start_ns.map(|_| trapped(plan, release, run, until).iter().sum()),
            outcome: outcome(run, first_harm_ns, healthy_ns),
        }
    }

    /// Returns the time from the first harm to the decision; `None` where nobody was harmed before it.
    pub fn detection_ns(&self) -> Option<u64> {
        self.decided_ns?.checked_sub(self.first_harm_ns?).filter(|&time| time > 0)
    }

    /// Returns the time from the first harm until users were served well again.
    pub fn failure_ns(&self) -> Option<u64> {
        self.healthy_ns?.checked_sub(self.first_harm_ns?)
    }

    /// Returns the time from the decision until users were served well again.
    pub fn recovery_ns(&self) -> Option<u64> {
        self.healthy_ns?.checked_sub(self.decided_ns?)
    }

    /// Returns failure time / recovery time; `None` where nobody was harmed before the decision.
    pub fn rollback_ratio(&self) -> Option<f64> {
        self.detection_ns()?;
        quotient(self.failure_ns()? as f64, self.recovery_ns()? as f64)
    }

    /// Returns the share of traffic the new version had been given when it was detected.
    pub fn exposed(&self) -> Option<f64> {
        self.exposed_ppm.map(|ppm| f64::from(ppm) / 1e6)
    }
}

/// Returns when users were served well again after the decision to roll back.
fn healthy_again(plan: &Plan, release: &ReleasePlan, run: &ReleaseRun) -> Option<u64> {
    let from = run.decided_ns?.max(run.clear_ns?);
    let mut latest = None;
    for (&index, health) in release.objectives.iter().zip(&run.health) {
        let objective = &plan.objectives[index];
        let whole = objective.every_ns.unwrap_or(plan.interval_ns);
        let met = health.windows.iter().find(|window| {
            let within = window.from_ns >= from && window.to_ns.saturating_sub(window.from_ns) >= whole;
            // Where nobody came nothing is known.
            within && objective.goal.met_in(window) == Some(true)
        })?;
        latest = latest.max(Some(met.from_ns));
    }
    latest
}

/// Returns when somebody was harmed first, before users were served well again.
fn first_harm(plan: &Plan, run: &ReleaseRun, healthy_ns: Option<u64>) -> Option<u64> {
    let start = run.start_ns?;
    let until = healthy_ns.unwrap_or(plan.duration_ns);
    let own = run.first_bad_ns.filter(|&at| healthy_ns.is_none_or(|healthy| at < healthy));
    let by_then = |at: u64| harmed_until(&run.marks, at);
    let more = |&(from, to): &(u64, u64)| {
        by_then(to.min(until)).zip(by_then(from)).is_some_and(|(after, before)| after > before)
    };
    let over = |&(from, to): &(u64, u64)| own.map_or(from < until, |first| to <= first);
    let crowded = stretches(plan, start).map(|(_, stretch)| stretch).take_while(over).find(more);
    let read_off = |at: u64| run.marks.iter().any(|mark| mark.at_ns == at);
    let crowded = crowded.map(|(from, to)| match run.decided_ns {
        // Harm that begins with the decision or after it was no reason for it; what was read off then tells.
        Some(decided)
            if read_off(decided) && (from..to).contains(&decided) && by_then(decided) <= by_then(from) =>
        {
            decided
        }
        _ => from,
    });
    crowded.or(own)
}

/// Returns the intervals that are not over when a rollout starts: index, and beginning and end after the start.
fn stretches(plan: &Plan, start: u64) -> impl Iterator<Item = (usize, (u64, u64))> + '_ {
    let step = plan.interval_ns.max(1);
    let first = start / step;
    (first..plan.duration_ns.div_ceil(step)).map(move |i| {
        let to = i.saturating_add(1).saturating_mul(step).min(plan.duration_ns);
        (i as usize, ((i * step).max(start), to))
    })
}

/// Returns how many more requests were bad since the rollout's start than without the release, by the last mark up
/// to an instant; `None` where that was not counted.
fn harmed_until(marks: &[BadMark], at_ns: u64) -> Option<i64> {
    let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let Some(last) = marks.partition_point(|mark| mark.at_ns <= at_ns).checked_sub(1) else {
        return marks.first()?.without.map(|_| 0);
    };
    Some(signed(marks[last].bad) - signed(marks[last].without?))
}

/// Returns how long rolling back could not have carried the traffic, by interval of the run, in nanoseconds: less servers
/// of the previous version were in service than there were servers' worth of load. A push needs no other servers.
fn trapped(plan: &Plan, release: &ReleasePlan, run: &ReleaseRun, until: u64) -> Vec<u64> {
    let mut trapped = vec![0; run.series.previous_ns.len()];
    let Some(start) = run.start_ns.filter(|_| !release.configuration) else { return trapped };
    for (i, (from, to)) in stretches(plan, start).take_while(|(_, (from, _))| *from < until) {
        let series = run.series.previous_ns.get(i).zip(run.series.load_milli.get(i));
        let Some((previous, &load)) = series else { break };
        if previous.0 * 1_000 < u128::from(load) * u128::from(to - from) {
            trapped[i] = to.min(until) - from;
        }
    }
    trapped
}

fn outcome(run: &ReleaseRun, first_harm_ns: Option<u64>, healthy_ns: Option<u64>) -> ReleaseOutcome {
    use ReleaseOutcome as Of;
    match (run.stand, run.decided_ns) {
        (Stand::Caught, _) => Of::Caught,
        (Stand::Waiting, _) => Of::Waiting,
        (Stand::Skipped, _) => Of::Skipped,
        (_, Some(_)) if healthy_ns.is_none() => Of::Censored,
        (_, Some(decided)) if first_harm_ns.is_none_or(|first| first >= decided) => Of::FalseAlarm,
        (_, Some(_)) => Of::RolledBack,
        (Stand::Stuck, None) => Of::Stuck,
        (Stand::Promoted, None) if run.faulty && first_harm_ns.is_some() => Of::DefectEscaped,
        (Stand::Promoted, None) => Of::Promoted,
        _ => Of::Censored,
    }
}

#[cfg(test)]
mod tests;
