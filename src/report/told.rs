//! What a verdict means, in sentences: which stretch was judged, what came out, and why there is no
//! number where there is none.

use crate::report::number::{grouped, plain, wall};
use crate::report::words::{Lang, Word};
use crate::results::{
    DayVerdict, Goal, ObjectivePlan, ObjectiveVerdict, Plan, RunResult, ServicePlan, StudyResult, Verdict,
    VerdictNote,
};
use crate::time::SimDuration;

/// Objectives that do not hold and are named in one sentence.
const MOST_NAMED: usize = 3;

/// Returns an objective's bound in words of a language: `p99 < 400ms`, `success >= 99.9%`.
pub(super) fn goal(goal: &Goal, lang: Lang) -> String {
    match *goal {
        Goal::Latency { percentile, bound_ns, inclusive } => {
            let sign = if inclusive { "<=" } else { "<" };
            format!("p{} {sign} {}", plain(percentile), SimDuration::from_nanos(bound_ns))
        }
        Goal::Success { at_least, inclusive } => {
            let sign = if inclusive { ">=" } else { ">" };
            format!("{} {sign} {}%", lang.word(Word::Success), percent(at_least))
        }
    }
}

/// Returns which stretch was judged and, where windows are, of which length the worst counts.
pub(super) fn judged(plan: &Plan, objective: &ObjectivePlan, lang: Lang) -> String {
    // Without a stretch and windows those are judged that came, else those that ended.
    let stretch = match (objective.from_ns, objective.to_ns) {
        (None, None) if plan.warmup_ns == 0 => lang.word(Word::JudgedWhole).to_owned(),
        (None, None) if objective.every_ns.is_none() => {
            lang.fill(Word::JudgedAfter, &[&moment(plan, plan.warmup_ns)])
        }
        (from, to) => {
            let (from, to) = (from.unwrap_or(plan.warmup_ns), to.unwrap_or(plan.duration_ns));
            let (start, end) = (moment(plan, from), moment(plan, to));
            // One date and offset are enough.
            let same = wall(plan, from).get(..10) == wall(plan, to).get(..10) && plan.start.is_some();
            let end = if same { end.get(11..).unwrap_or(&end).to_owned() } else { end };
            lang.fill(Word::JudgedStretch, &[&start, &end])
        }
    };
    match objective.every_ns {
        Some(every) => stretch + &lang.fill(Word::WorstCounts, &[&window(every, lang)]),
        None => stretch,
    }
}

/// Returns the requests that were judged on a day, on average, and the share of them that got no answer in time
/// or, for a goal of success, that was lost; `None` where nothing was judged.
pub(super) fn population(result: &StudyResult, index: usize) -> Option<(f64, f64)> {
    let sum = |part: fn(&crate::results::WindowRecord) -> u64| {
        let of_run = |run: &RunResult| run.objectives[index].windows.iter().map(part).sum::<u64>();
        result.runs.iter().map(of_run).sum::<u64>() as f64
    };
    let (total, bad) = (sum(|window| window.total), sum(|window| window.bad));
    (total > 0.0).then(|| (total / result.runs.len() as f64, bad / total))
}

/// Returns what to know about a verdict, sentence by sentence.
pub(super) fn notes(objective: &ObjectivePlan, verdict: &ObjectiveVerdict, lang: Lang) -> String {
    let told = |note: &VerdictNote| match *note {
        VerdictNote::NoDay => lang.word(Word::NoteNoDay).to_owned(),
        VerdictNote::NothingJudged => lang.word(Word::NoteNothingJudged).to_owned(),
        VerdictNote::OneDay => lang.word(Word::NoteOneDay).to_owned(),
        VerdictNote::OneValue => lang.word(Word::NoteOneValue).to_owned(),
        VerdictNote::Growing => lang.word(Word::NoteGrowing).to_owned(),
        VerdictNote::Unanswered(days) => {
            let days = some_days(days, verdict.days.len(), lang);
            lang.fill(Word::NoteUnanswered, &[&days, &unanswered(objective, lang), &name(&objective.goal)])
        }
    };
    verdict.notes.iter().map(told).collect::<Vec<_>>().join("; ")
}

/// Returns why figures of a service have no interval or no value.
pub(super) fn service_notes(service: &ServicePlan, lang: Lang) -> String {
    let mut notes = Vec::new();
    if service.growing {
        notes.push(lang.word(Word::RowGrowing).to_owned());
    }
    notes.extend(service.no_mean_interval.as_deref().map(|reason| tail_note(reason, lang)));
    let unpriced = || service.pools.iter().filter(|pool| pool.price_per_hour.is_none());
    if (1..service.pools.len()).contains(&unpriced().count()) {
        let names: Vec<&str> = unpriced().map(|pool| &*pool.name).collect();
        notes.push(lang.fill(Word::RowNoCost, &[&names.join(", ")]));
    }
    notes.join("; ")
}

/// Translates why a mean has no interval; results hold it in English, and what is not known stays.
fn tail_note(reason: &str, lang: Lang) -> String {
    let whys = [Word::WhyInfiniteWait, Word::WhyWaitVariance, Word::WhyLatencyVariance];
    let parts = || {
        let (key, rest) = reason.strip_prefix('`')?.split_once("` has a Pareto tail with alpha = ")?;
        let (alpha, why) = rest.split_once(": ")?;
        let why = whys.into_iter().find(|word| Lang::En.word(*word) == why)?;
        Some(lang.fill(Word::RowParetoTail, &[key, alpha, lang.word(why)]))
    };
    parts().unwrap_or_else(|| reason.to_owned())
}

/// Returns why a day's percentile has no value; nothing where it has one.
pub(super) fn day_note(objective: &ObjectivePlan, day: &DayVerdict, lang: Lang) -> String {
    match day.value {
        Some(value) if value.is_infinite() => unanswered(objective, lang),
        _ => String::new(),
    }
}

/// Says, in one sentence, what holds and what does not, and by how much.
pub(super) fn sentence(result: &StudyResult, judged: &[ObjectiveVerdict], lang: Lang) -> String {
    if judged.is_empty() {
        return lang.word(Word::NothingAsked).to_owned();
    }
    if result.runs.is_empty() {
        return lang.word(Word::NoDayFinished).to_owned();
    }
    let objectives = || result.plan.objectives.iter().zip(judged);
    let held = judged.iter().filter(|verdict| verdict.verdict == Verdict::Pass).count();
    // Of a single objective that does not hold, what follows says enough.
    let count = match (held, judged.len()) {
        (1, 1) => Some(lang.word(Word::TheOneHolds).to_owned()),
        (0, 1) => None,
        (held, all) if held == all => Some(lang.fill(Word::AllHold, &[&all.to_string()])),
        (held, all) => Some(lang.fill(Word::SomeHold, &[&held.to_string(), &all.to_string()])),
    };
    let mut parts: Vec<String> = count.into_iter().collect();
    // The failed before the undecided, in the order of the file.
    let mut open: Vec<_> = objectives().filter(|(_, verdict)| verdict.verdict != Verdict::Pass).collect();
    open.sort_by_key(|(_, verdict)| std::cmp::Reverse(verdict.verdict));
    for (objective, verdict) in open.iter().take(MOST_NAMED) {
        let word = if verdict.verdict == Verdict::Fail { Word::FailsOn } else { Word::UndecidedAfter };
        let days = some_days(verdict.held, verdict.days.len(), lang);
        parts.push(lang.fill(word, &[&objective.name, &days, &worst(result, objective, verdict, lang)]));
    }
    if open.len() > MOST_NAMED {
        parts.push(lang.fill(Word::AndMore, &[&(open.len() - MOST_NAMED).to_string()]));
    }
    if open.is_empty()
        && let Some((objective, verdict)) = objectives()
            .filter(|(_, verdict)| verdict.value.is_some())
            .max_by(|(a, first), (b, second)| closeness(a, first).total_cmp(&closeness(b, second)))
    {
        let worst = worst(result, objective, verdict, lang);
        parts.push(match judged.len() {
            1 => lang.fill(Word::OnTheWorstDay, &[&worst]),
            _ => lang.fill(Word::ClosestToItsBound, &[&objective.name, &worst]),
        });
    }
    parts.join(lang.word(Word::Semicolon)) + lang.word(Word::FullStop)
}

/// Returns how much of what its bound allows an objective took: 1 is all of it.
fn closeness(objective: &ObjectivePlan, verdict: &ObjectiveVerdict) -> f64 {
    let value = worst_day(objective, verdict).and_then(|day| day.value).unwrap_or(0.0);
    match objective.goal {
        Goal::Latency { .. } => value / objective.goal.bound(),
        Goal::Success { at_least, .. } => (1.0 - value) / (1.0 - at_least).max(1e-12),
    }
}

/// Returns the day on which an objective fared worst; the first of equals.
fn worst_day<'a>(objective: &ObjectivePlan, verdict: &'a ObjectiveVerdict) -> Option<&'a DayVerdict> {
    let rank = |day: &DayVerdict| match objective.goal {
        Goal::Latency { .. } => day.value.unwrap_or(f64::NEG_INFINITY),
        Goal::Success { .. } => day.value.map_or(f64::NEG_INFINITY, |value| -value),
    };
    let judged = verdict.days.iter().filter(|day| day.value.is_some());
    judged.reduce(|worst, day| if rank(day) > rank(worst) { day } else { worst })
}

/// Says what came out on the worst day, when, and beside which bound.
fn worst(result: &StudyResult, objective: &ObjectivePlan, verdict: &ObjectiveVerdict, lang: Lang) -> String {
    let Some(day) = worst_day(objective, verdict) else {
        return lang.word(Word::NoteNothingJudged).to_owned();
    };
    let value = day.value.unwrap_or(f64::INFINITY);
    let measured = match objective.goal {
        _ if value.is_infinite() => unanswered(objective, lang),
        Goal::Latency { .. } => {
            let name = name(&objective.goal);
            match objective.every_ns {
                None => format!("{name} {} ms", short(value)),
                Some(every) => lang.fill(
                    Word::WorstWindowValue,
                    &[&window(every, lang), &name, &format!("{} ms", short(value))],
                ),
            }
        }
        Goal::Success { .. } => {
            // Cut rather than rounded: what fails shall not look like its bound.
            let share = format!("{}%", plain((value * 1e5 + 1e-9).floor() / 1e3));
            match objective.every_ns {
                None => lang.fill(Word::Succeeded, &[&share]),
                Some(every) => lang.fill(Word::SucceededInWorst, &[&share, &window(every, lang)]),
            }
        }
    };
    let mut text = measured;
    if let (Some(_), Some(at)) = (objective.every_ns, day.worst_window_ns) {
        text += &lang.fill(Word::AtTime, &[&clock(&result.plan, at)]);
    }
    if verdict.days.len() > 1 {
        text += &lang.fill(Word::OnDay, &[&day.replication.to_string()]);
    }
    let bound = match objective.goal {
        Goal::Latency { bound_ns, .. } => SimDuration::from_nanos(bound_ns).to_string(),
        Goal::Success { at_least, .. } => format!("{}%", percent(at_least)),
    };
    text + &lang.fill(Word::AgainstBound, &[&bound])
}

/// Says that more requests got no answer in time than the percentile leaves out.
fn unanswered(objective: &ObjectivePlan, lang: Lang) -> String {
    let beyond = match objective.goal {
        Goal::Latency { percentile, .. } => 100.0 - percentile,
        Goal::Success { at_least, .. } => 100.0 - 100.0 * at_least,
    };
    // 100 - 99.9 is a little less than a tenth.
    let beyond = plain((beyond * 1e9).round() / 1e9);
    match objective.every_ns {
        None => lang.fill(Word::Unanswered, &[&beyond]),
        Some(every) => lang.fill(Word::UnansweredInWorst, &[&beyond, &window(every, lang)]),
    }
}

/// Returns what a goal measures: `p99`.
pub(super) fn name(goal: &Goal) -> String {
    match goal {
        Goal::Latency { percentile, .. } => format!("p{}", plain(*percentile)),
        Goal::Success { .. } => "success".to_owned(),
    }
}

/// Returns how many of the days.
pub(super) fn some_days(some: u32, of: usize, lang: Lang) -> String {
    let word = if of == 1 { Word::OfOneDay } else { Word::OfDays };
    lang.fill(word, &[&some.to_string(), &of.to_string()])
}

/// Names a window by its length.
fn window(length_ns: u64, lang: Lang) -> String {
    match length_ns {
        1_000_000_000 => lang.word(Word::Second).to_owned(),
        60_000_000_000 => lang.word(Word::Minute).to_owned(),
        3_600_000_000_000 => lang.word(Word::Hour).to_owned(),
        other => SimDuration::from_nanos(other).to_string(),
    }
}

/// Returns an instant with date and offset, or the time since the start where there is no clock.
fn moment(plan: &Plan, nanos: u64) -> String {
    match wall(plan, nanos) {
        wall if wall.is_empty() => SimDuration::from_nanos(nanos).to_string(),
        wall => wall,
    }
}

/// Returns the time of day of an instant; with the date where a run is longer than a day.
fn clock(plan: &Plan, nanos: u64) -> String {
    let wall = wall(plan, nanos);
    let (Some(date), Some(time)) = (wall.get(5..10), wall.get(11..wall.len().saturating_sub(6))) else {
        return SimDuration::from_nanos(nanos).to_string();
    };
    let time = time.strip_suffix(":00").unwrap_or(time);
    if plan.duration_ns > 86_400_000_000_000 { format!("{date} {time}") } else { time.to_owned() }
}

/// Ratios near one need their digits; latencies do not.
pub(super) fn short(value: f64) -> String {
    if value.abs() < 10.0 { grouped(value, 5) } else { grouped(value, 4) }
}

/// Returns a share in per cent, without the noise of its last bits.
fn percent(share: f64) -> String {
    plain((share * 1e10).round() / 1e8)
}

#[cfg(test)]
mod tests;
