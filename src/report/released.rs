//! What is said of releases, in words: outcomes, lengths of time, and one sentence why a policy harmed more than
//! another.

use crate::report::number::grouped;
use crate::report::words::{Lang, Word};
use crate::results::{PolicyRow, ReleaseOutcome, StudyResult};
use crate::time::SimDuration;

/// Returns a length in seconds as people say it: `1m20s`; whole seconds from ten on.
pub(super) fn duration(seconds: f64) -> String {
    let step = if seconds >= 10.0 { 1e9 } else { 1e8 };
    let nanos = (seconds.max(0.0) * 1e9 / step).round() * step;
    SimDuration::from_nanos(nanos as u64).to_string()
}

/// Returns a count, or a mean of counts, for people.
pub(super) fn count(value: f64) -> String {
    grouped(value, if value.trunc() == value { 1 } else { 3 })
}

/// Returns how many releases had which outcome, those with none left out.
pub(super) fn outcomes(row: &PolicyRow, lang: Lang) -> String {
    let told = |outcome: &ReleaseOutcome| {
        let count = row.count(*outcome);
        let values = [lang.outcome(*outcome), &count.to_string(), &row.releases.to_string()];
        (count > 0).then(|| lang.fill(Word::CountOf, &values))
    };
    ReleaseOutcome::ALL.iter().filter_map(told).collect::<Vec<_>>().join(", ")
}

/// Returns why the policies of a release, ranked, harmed as many requests as they did: one sentence about the first and
/// the last of them; nothing where nothing was counted.
pub(super) fn sentence(result: &StudyResult, rows: &[PolicyRow], lang: Lang) -> Option<String> {
    let name = |row: &PolicyRow| result.plan.releases[row.release].policies[row.policy].name.clone();
    let harmed = |row: &PolicyRow| {
        let figure = row.figure("requests_harmed");
        figure.map(|figure| count(figure.mean.mean))
    };
    let (first, last) = (rows.first()?, rows.last()?);
    let push = result.plan.releases[first.release].configuration;
    let values = [name(first), harmed(first)?, why(first, push, lang)];
    let more = (rows.len() > 1).then(|| Some([name(last), harmed(last)?, why(last, push, lang)])).flatten();
    let all: Vec<&str> = values.iter().chain(more.iter().flatten()).map(String::as_str).collect();
    Some(lang.fill(if more.is_some() { Word::FewestHarmed } else { Word::AllHarmedAlike }, &all))
}

/// Says what became of a policy's releases, mostly, and for those taken back how long it took and why.
fn why(row: &PolicyRow, push: bool, lang: Lang) -> String {
    let mean = |name: &str| row.figure(name).map(|figure| figure.mean.mean);
    // Of equals the first.
    let most = ReleaseOutcome::ALL.iter().rev().max_by_key(|outcome| row.count(**outcome));
    let word = match most {
        Some(ReleaseOutcome::RolledBack) | None => return taken_back(&mean, push, lang),
        Some(ReleaseOutcome::Promoted) => Word::WhyPromoted,
        Some(ReleaseOutcome::DefectEscaped) => Word::WhyEscaped,
        Some(ReleaseOutcome::FalseAlarm) => Word::WhyFalseAlarm,
        Some(ReleaseOutcome::Censored) => Word::WhyCensored,
        Some(ReleaseOutcome::Stuck) => Word::WhyStuck,
        Some(ReleaseOutcome::Caught) => Word::WhyCaught,
        Some(ReleaseOutcome::Waiting | ReleaseOutcome::Skipped) => Word::WhyNever,
    };
    lang.word(word).to_owned()
}

fn taken_back(mean: &dyn Fn(&str) -> Option<f64>, push: bool, lang: Lang) -> String {
    let length = |name: &str| mean(name).map_or_else(String::new, duration);
    let exposed = mean("exposed").map(|share| count(share * 100.0));
    let exposed = exposed.map_or_else(String::new, |share| lang.fill(Word::WhyExposed, &[&share]));
    let because = match mean("rollback_trap_s") {
        _ if push => lang.word(Word::WhyPush).to_owned(),
        Some(trap) if trap > 0.0 => lang.fill(Word::WhyTrapped, &[&duration(trap)]),
        Some(_) => lang.word(Word::WhyStood).to_owned(),
        None => String::new(),
    };
    let values = [length("detection_time_s"), exposed, length("recovery_time_s"), because];
    lang.fill(Word::WhyDetected, &values.each_ref().map(String::as_str))
}

#[cfg(test)]
mod tests;
