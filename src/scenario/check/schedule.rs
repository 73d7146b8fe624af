//! Schedules: steps and cron rules, placed in the run.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use super::limits::MAX_REPLICAS;
use super::run::Frame;
use super::{Findings, join};
use crate::autoscaler::ScheduleSpec;
use crate::autoscaler::cron::{Cron, CronProblem};
use crate::error::Code;
use crate::results::WallClock;
use crate::scenario::plan::Bounds;
use crate::scenario::suggest;
use crate::time::{SimDuration, SimTime};

/// The most steps of a schedule, each counted on every day of the run.
const MAX_STEPS: usize = 100_000;

/// Places the steps of a schedule in the run, in order of time.
pub(super) fn steps(
    path: &str,
    spec: &ScheduleSpec,
    (replicas, bounds): (u32, Bounds),
    frame: &Frame,
    found: &mut Findings,
) -> Vec<(SimTime, u32)> {
    let zone = match spec.time_zone.as_deref().map(time_zone).transpose() {
        Ok(zone) => zone,
        Err((message, remedy)) => {
            found.add(Code::UnknownName, join(path, "timeZone"), message, remedy);
            return Vec::new();
        }
    };
    if spec.steps.is_empty() && spec.rules.is_empty() {
        let remedy = "write for example steps: [{at: 30m, replicas: 40}]";
        found.add(Code::Nothing, join(path, "steps"), "the schedule has no step and no rule", remedy);
    }
    let mut steps: Vec<(SimTime, u32)> = Vec::new();
    for (index, step) in spec.steps.iter().enumerate() {
        let path = join(path, &format!("steps[{index}]"));
        scheduled_replicas(&path, step.replicas, bounds, found);
        for at in frame.instants(&join(&path, "at"), &step.at, zone.as_ref(), found) {
            if steps.iter().any(|(other, _)| *other == at) {
                found.add(
                    Code::Contradiction,
                    join(&path, "at"),
                    format!("two steps are due at t = {}", at - SimTime::ZERO),
                    "keep one of them",
                );
            }
            steps.push((at, step.replicas));
        }
        if steps.len() > MAX_STEPS {
            let message = format!("these are more than {MAX_STEPS} steps over the run");
            found.add(Code::TooMuch, path, message, "write fewer, or simulate less time");
            break;
        }
    }
    steps.sort_unstable();
    let windows = rule_windows(path, spec, zone.as_ref(), frame, found);
    for (index, rule) in spec.rules.iter().enumerate() {
        scheduled_replicas(&join(path, &format!("rules[{index}]")), rule.replicas, bounds, found);
    }
    if windows.is_empty() { steps } else { with_rules(replicas, &steps, &windows) }
}

/// Checks a number of servers of a schedule.
fn scheduled_replicas(path: &str, replicas: u32, bounds: Bounds, found: &mut Findings) {
    if replicas > MAX_REPLICAS {
        let message = format!("{replicas} servers in a pool are too many");
        found.add(Code::OutOfRange, join(path, "replicas"), message, format!("keep to {MAX_REPLICAS}"));
    } else if bounds.min <= bounds.max && bounds.clamp(replicas) != replicas {
        let message = format!("{replicas} servers are outside minReplicas to maxReplicas");
        let remedy = format!("write {}, or move the bound", bounds.clamp(replicas));
        found.add(Code::Contradiction, join(path, "replicas"), message, remedy);
    }
}

/// While a rule of a schedule is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    from: SimTime,
    /// Later than the run where it outlasts it.
    to: SimTime,
    replicas: u32,
}

/// Finds when the rules of a schedule are in force in the run.
fn rule_windows(
    path: &str,
    spec: &ScheduleSpec,
    zone: Option<&TimeZone>,
    frame: &Frame,
    found: &mut Findings,
) -> Vec<Window> {
    let mut windows = Vec::new();
    for (index, rule) in spec.rules.iter().enumerate() {
        let path = join(path, &format!("rules[{index}]"));
        let mut read = |key: &str, text: &str| match Cron::parse(text) {
            Ok(cron) => Some(cron),
            Err(problems) => {
                for CronProblem { message, remedy } in problems {
                    found.add(Code::WrongForm, join(&path, key), message, remedy);
                }
                None
            }
        };
        let (start, end) = (read("start", &rule.start), read("end", &rule.end));
        let (Some(start), Some(end)) = (start, end) else { continue };
        let Some(clock) = frame.start else {
            let message = "a cron expression means nothing without run.start";
            let message = if frame.unread_start { super::FOLLOWS } else { message };
            found.add(Code::Instant, &path, message, "give run.start, to which wall clocks refer");
            continue;
        };
        match in_force(&start, &end, &clock, frame.duration, zone) {
            Ok(found) => windows.extend(found.into_iter().map(|(from, to)| Window {
                from,
                to,
                replicas: rule.replicas,
            })),
            Err((key, code, message, remedy)) => found.add(code, join(&path, key), message, remedy),
        }
        if windows.len() > MAX_STEPS {
            let message = format!("these are more than {MAX_STEPS} times in force over the run");
            found.add(Code::TooMuch, path, message, "write fewer, or simulate less time");
            break;
        }
    }
    windows
}

/// Why a rule is never in force: the key, the code, the message and the remedy.
type Idle = (&'static str, Code, String, &'static str);

/// Returns from when to when a rule is in force: from each start to the next end after it.
///
/// # Errors
/// Where that is never in the run.
fn in_force(
    start: &Cron,
    end: &Cron,
    clock: &WallClock,
    duration: SimDuration,
    zone: Option<&TimeZone>,
) -> Result<Vec<(SimTime, SimTime)>, Idle> {
    if start == end {
        let message = "the rule ends whenever it starts".to_owned();
        return Err(("end", Code::Contradiction, message, "write another end"));
    }
    let offset = Offset::from_seconds(clock.offset_s).unwrap_or(Offset::UTC);
    let zone = zone.cloned().unwrap_or_else(|| TimeZone::fixed(offset));
    let instant = |nanos: i128| Timestamp::from_nanosecond(nanos).unwrap_or(Timestamp::MAX);
    let begin = instant(i128::from(clock.epoch_ns));
    let last = instant(i128::from(clock.epoch_ns) + i128::from(duration.as_nanos()));
    for (key, cron) in [("start", start), ("end", end)] {
        if cron.after(begin, &zone).is_none() && cron.before(begin, &zone).is_none() {
            let message = "there is no such day in ten years".to_owned();
            return Err((key, Code::Instant, message, "write another day or month"));
        }
    }
    let since = |at: Timestamp| SimTime::from_nanos((at.as_nanosecond() - begin.as_nanosecond()) as u64);
    // Ends come first: who ends and starts at one instant goes on.
    let mut events: Vec<(Timestamp, bool)> = Vec::new();
    for (cron, starts) in [(end, false), (start, true)] {
        let due = cron.between(begin, last, 2 * MAX_STEPS, &zone);
        events.extend(due.into_iter().filter(|&at| at < last).map(|at| (at, starts)));
    }
    events.sort_unstable();
    let before = start.before(begin, &zone);
    let mut open = (before.is_some() && before >= end.before(begin, &zone)).then_some(SimTime::ZERO);
    let mut windows = Vec::new();
    for (at, starts) in events {
        if starts {
            open = open.or(Some(since(at)));
        } else if let Some(from) = open.take().filter(|&from| from < since(at)) {
            windows.push((from, since(at)));
        }
    }
    windows.extend(open.map(|from| (from, SimTime::MAX)));
    if windows.is_empty() && !duration.is_zero() {
        let shown = |at: Timestamp| at.display_with_offset(offset).to_string();
        let message =
            format!("the rule is not in force in the run, from {} to {}", shown(begin), shown(last));
        return Err((
            "start",
            Code::Instant,
            message,
            "write a time within it, move run.start, or simulate longer",
        ));
    }
    Ok(windows)
}

/// Lays rules over the steps of a schedule: the largest rule in force counts, else the last step, else what
/// the pool begins with.
fn with_rules(replicas: u32, steps: &[(SimTime, u32)], windows: &[Window]) -> Vec<(SimTime, u32)> {
    // At one instant steps come first, then rules end, then rules begin.
    let mut events: Vec<(SimTime, u8, u32)> = steps.iter().map(|&(at, step)| (at, 0, step)).collect();
    for window in windows {
        events.push((window.to, 1, window.replicas));
        events.push((window.from, 2, window.replicas));
    }
    events.sort_unstable();
    let mut in_force: BTreeMap<u32, u32> = BTreeMap::new();
    let (mut step, mut wanted) = (replicas, replicas);
    let mut laid: Vec<(SimTime, u32)> = Vec::new();
    for same in events.chunk_by(|a, b| a.0 == b.0).filter(|same| same[0].0 < SimTime::MAX) {
        let mut said = false;
        for &(_, kind, number) in same {
            match kind {
                0 => (step, said) = (number, true),
                1 => {
                    let count = in_force.entry(number).or_default();
                    *count = count.saturating_sub(1);
                }
                _ => *in_force.entry(number).or_default() += 1,
            }
        }
        in_force.retain(|_, count| *count > 0);
        let now = in_force.last_key_value().map_or(step, |(&largest, _)| largest);
        // A step is told even if it changes nothing: someone else may have.
        if now != wanted || said && in_force.is_empty() {
            laid.push((same[0].0, now));
        }
        wanted = now;
    }
    laid
}

/// Finds a time zone by its name, in the data that comes with the program.
fn time_zone(name: &str) -> Result<TimeZone, (String, String)> {
    let known = jiff::tz::TimeZoneDatabase::bundled();
    known.get(name).map_err(|_| {
        let names: Vec<String> = known.available().map(|name| name.to_string()).collect();
        let remedy = match suggest::near(name, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write a name of the IANA list, for example Asia/Shanghai or UTC".to_owned(),
        };
        (format!("there is no time zone `{}`", suggest::short(name)), remedy)
    })
}
