//! Marks of what happened: a line across a chart over time, and its word.

use crate::report::words::Lang;
use crate::results::{EventKind, LogEntry, StudyResult};

/// A chart shows no more than these.
const MOST: usize = 16;
/// Marks nearer than this share of the axis stand for one another: the gravest is shown.
const NEAR: f64 = 0.006;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mark {
    /// Its place on the axis, 0 to 1.
    pub(super) at: f64,
    /// What, in few words.
    pub(super) label: String,
}

/// Returns what happened to a service on the first day that was simulated, in order of time. What happens
/// all the time, such as single servers that fail, is left to `events.csv`.
pub(super) fn marks(result: &StudyResult, service: usize, lang: Lang) -> Vec<Mark> {
    let Some(run) = result.runs.first() else { return Vec::new() };
    let length = result.plan.duration_ns.max(1) as f64;
    let of_service = |entry: &&LogEntry| entry.service.is_none_or(|of| of == service);
    let ranked = run.events.iter().filter(of_service).filter_map(|entry| {
        let rank = rank(entry.kind)?;
        Some((rank, Mark { at: entry.at_ns as f64 / length, label: label(entry, lang) }))
    });
    let mut kept: Vec<(usize, Mark)> = Vec::new();
    for (rank, mark) in ranked {
        match kept.last_mut() {
            Some((other, last)) if mark.at - last.at < NEAR => {
                if rank < *other {
                    (*other, *last) = (rank, mark);
                }
            }
            _ => kept.push((rank, mark)),
        }
    }
    // Where there are too many the least grave go.
    while kept.len() > MOST {
        let least = kept.iter().enumerate().max_by_key(|(index, (rank, _))| (*rank, *index));
        let Some(least) = least.map(|(index, _)| index) else { break };
        kept.remove(least);
    }
    kept.into_iter().map(|(_, mark)| mark).collect()
}

/// Returns how grave an event is, the gravest first; `None` for those that are not shown.
fn rank(kind: EventKind) -> Option<usize> {
    const SHOWN: [EventKind; 28] = [
        EventKind::ZoneOutage,
        EventKind::Crash,
        EventKind::FirstHarm,
        EventKind::RollbackDecided,
        EventKind::RollbackFailed,
        EventKind::RolloutStuck,
        EventKind::HealthyAgain,
        EventKind::Errors,
        EventKind::Slow,
        EventKind::FailedLaunches,
        EventKind::MonitoringOutage,
        EventKind::RolloutStarted,
        EventKind::ConfigurationPushed,
        EventKind::Promoted,
        EventKind::RolledBack,
        EventKind::Action,
        EventKind::Alert,
        EventKind::ZoneBack,
        EventKind::ErrorsEnd,
        EventKind::SlowEnds,
        EventKind::MonitoringBack,
        EventKind::RollbackStarted,
        EventKind::RolloutStep,
        EventKind::Replicas,
        EventKind::QuotaReached,
        EventKind::FullCapacity,
        EventKind::InService,
        EventKind::Unhealthy,
    ];
    SHOWN.iter().position(|shown| *shown == kind)
}

fn label(entry: &LogEntry, lang: Lang) -> String {
    let word = lang.event(entry.kind);
    match entry.kind {
        EventKind::Replicas => entry.detail.replace("->", "\u{2192}"),
        EventKind::Action | EventKind::RolloutStarted | EventKind::ConfigurationPushed
            if !entry.name.is_empty() =>
        {
            format!("{word} {}", entry.name)
        }
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::example;

    fn event(seconds: u64, kind: EventKind, service: Option<usize>) -> LogEntry {
        let (name, detail) = (String::new(), "4 -> 6".to_owned());
        LogEntry { at_ns: seconds * 1_000_000_000, kind, service, pool: None, name, servers: None, detail }
    }

    fn labels(events: Vec<LogEntry>) -> Vec<String> {
        let mut study = example::study();
        study.plan.duration_ns = 1_000_000_000_000;
        study.runs[0].events = events;
        marks(&study, 0, Lang::En).into_iter().map(|mark| format!("{:.3} {}", mark.at, mark.label)).collect()
    }

    #[test]
    fn marks_are_those_of_the_service_and_of_all() {
        let events = vec![
            event(100, EventKind::ZoneOutage, None),
            event(200, EventKind::Crash, Some(1)),
            event(300, EventKind::Breakdown, Some(0)),
            event(400, EventKind::Replicas, Some(0)),
        ];
        assert_eq!(labels(events), ["0.100 zone lost", "0.400 4 \u{2192} 6"]);
    }

    #[test]
    fn of_those_side_by_side_the_gravest_is_shown() {
        let events = vec![
            event(100, EventKind::Unhealthy, Some(0)),
            event(102, EventKind::Action, Some(0)),
            event(104, EventKind::Replicas, Some(0)),
            event(108, EventKind::FullCapacity, Some(0)),
        ];
        assert_eq!(labels(events), ["0.102 action", "0.108 full capacity"]);
    }

    #[test]
    fn of_too_many_the_least_grave_go() {
        let mut events: Vec<_> = (1..=20).map(|i| event(i * 40, EventKind::Unhealthy, Some(0))).collect();
        events[19].kind = EventKind::Crash;
        let found = labels(events);
        assert_eq!(found.len(), MOST);
        assert_eq!((&*found[0], &*found[15]), ("0.040 unhealthy", "0.800 crash"));
    }
}
