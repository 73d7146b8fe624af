//! What releases did to users: every replication beside the same day without the release, and beside the same
//! day with the release going by another policy.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use crate::results::{EventKind, LogEntry, ReleaseFacts, ReleaseRun, RunResult};
use crate::scenario::Scenario;
use crate::sim::{self, Observer, Progress, Stopped, Unharmed, Variant, Without};
use crate::time::{SimDuration, SimTime};
use crate::workload::recorded::TraceFiles;

/// Simulates a replication and whatever its releases are compared with.
pub(super) fn run(
    scenario: &Scenario,
    replication: u32,
    traces: &dyn TraceFiles,
    observer: &mut impl Observer,
) -> Result<RunResult, Stopped> {
    if scenario.releases.is_empty() {
        return sim::run(scenario, replication, traces, observer);
    }
    let runs = scenario.runs_a_day().max(1.0) as usize;
    let mut passes = Passes { observer, horizon: scenario.horizon(), nth: 0, runs, before: 0, last: 0 };
    let mut result = sim::run(scenario, replication, traces, &mut passes)?;
    for (index, release) in scenario.releases.iter().enumerate() {
        for policy in 1..release.policies.len() {
            passes.next();
            let variant = Variant { policy: Some((index, policy)), without: None };
            let other = sim::run_variant(scenario, replication, &variant, traces, &mut passes)?;
            result.releases.extend(other.releases.into_iter().filter(|run| run.release == index));
        }
    }
    for group in groups(&result.releases) {
        passes.next();
        compare(scenario, replication, &mut result.releases, &group, traces, &mut passes)?;
    }
    result.releases.iter_mut().for_each(|run| run.suspects = Vec::new());
    tell(scenario, &mut result);
    Ok(result)
}

/// Returns whose days without the release are one and the same, by their places: one commit begins at one time
/// whatever its policy, unless commits before it went by that policy, too.
fn groups(releases: &[ReleaseRun]) -> Vec<Vec<usize>> {
    let name = |run: &ReleaseRun| {
        let many = releases.iter().any(|other| other.release == run.release && other.commit > 1);
        (run.release, run.commit, if many { run.policy } else { 0 }, run.start_ns)
    };
    let started = releases.iter().filter(|run| run.start_ns.is_some());
    let names: BTreeSet<_> = started.map(name).collect();
    let of = |wanted| {
        let all = releases.iter().enumerate();
        all.filter(|(_, run)| name(run) == wanted).map(|(index, _)| index).collect()
    };
    names.into_iter().map(of).collect()
}

/// Simulates the day without a release, and writes down what it tells of some runs with it.
fn compare(
    scenario: &Scenario,
    replication: u32,
    releases: &mut [ReleaseRun],
    group: &[usize],
    traces: &dyn TraceFiles,
    observer: &mut impl Observer,
) -> Result<(), Stopped> {
    let Some(&first) = group.first() else { return Ok(()) };
    let runs = || group.iter().map(|&index| &releases[index]);
    let instants: BTreeSet<u64> = runs().flat_map(|run| run.marks.iter().map(|mark| mark.at_ns)).collect();
    let instants: Vec<u64> = instants.into_iter().collect();
    let suspects: BTreeSet<u64> =
        runs().flat_map(|run| run.suspects.iter().map(|suspect| suspect.1)).collect();
    let run = &releases[first];
    let without = Without {
        release: run.release,
        commit: run.commit,
        start: SimTime::from_nanos(run.start_ns.unwrap_or(0)),
        marks: instants.iter().map(|&at| SimTime::from_nanos(at)).collect(),
        suspects: suspects.into_iter().collect(),
    };
    let policy = Some((run.release, run.policy));
    let unharmed = sim::run_without(scenario, replication, policy, without, traces, observer)?;
    for &index in group {
        write_down(&mut releases[index], &instants, &unharmed);
    }
    Ok(())
}

fn write_down(run: &mut ReleaseRun, instants: &[u64], unharmed: &Unharmed) {
    for mark in &mut run.marks {
        let at = instants.binary_search(&mark.at_ns).ok();
        mark.without = at.and_then(|at| unharmed.bad.get(at).copied());
    }
    let harmed = run.suspects.iter().find(|(_, request)| !unharmed.bad_anyway.contains(request));
    run.first_bad_ns = harmed.map(|&(at, _)| at);
}

/// Adds to the log of the run when users were harmed first and well served again, which only the comparison
/// tells.
fn tell(scenario: &Scenario, result: &mut RunResult) {
    let own = result.releases.iter().filter(|run| run.policy == 0);
    let mut told = Vec::new();
    for run in own {
        let plan = &scenario.plan.releases[run.release];
        let facts = ReleaseFacts::new(&scenario.plan, plan, run);
        let entry = |at_ns: u64, kind: EventKind| LogEntry {
            at_ns,
            kind,
            service: Some(plan.service),
            pool: None,
            name: run.to.clone(),
            servers: None,
            detail: String::new(),
        };
        told.extend(facts.first_harm_ns.map(|at| entry(at, EventKind::FirstHarm)));
        told.extend(facts.healthy_ns.map(|at| entry(at, EventKind::HealthyAgain)));
    }
    result.events.append(&mut told);
    // Stable: what happened at one instant keeps its order.
    result.events.sort_by_key(|entry| entry.at_ns);
}

/// Shows several simulations one after the other as one.
struct Passes<'a, O> {
    observer: &'a mut O,
    horizon: SimTime,
    nth: usize,
    runs: usize,
    /// Requests and events of the passes before, and of this one so far.
    before: u64,
    last: u64,
}

impl<O> Passes<'_, O> {
    fn next(&mut self) {
        self.nth = (self.nth + 1).min(self.runs - 1);
        self.before += std::mem::take(&mut self.last);
    }
}

impl<O: Observer> Observer for Passes<'_, O> {
    fn on_progress(&mut self, progress: Progress) -> ControlFlow<()> {
        self.last = progress.events;
        let share =
            (self.nth as f64 + progress.now.as_secs_f64() / self.horizon.as_secs_f64()) / self.runs as f64;
        let now = SimTime::ZERO + SimDuration::from_secs_f64(self.horizon.as_secs_f64() * share.min(1.0));
        let events = self.before + progress.events;
        self.observer.on_progress(Progress { now, events, ..progress })
    }
}
