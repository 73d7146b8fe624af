//! What users get while a release is judged: bad requests, windows of its objectives, and series.

use std::collections::BTreeSet;

use crate::des::EventQueue;
use crate::ids::{RowId, ServerId, ServiceId};
use crate::release::detector::Side;
use crate::results::{
    BadMark, Counts, Goal, Load, MeanServer, ObjectivePlan, ObjectiveRun, Plan, ReleaseSeries, RowPlan, Wide,
    Window,
};
use crate::rng::Key;
use crate::scenario::Release;
use crate::sim::Event;
use crate::sim::release::{ReleaseState, Releases, Unharmed};
use crate::sim::world::World;
use crate::stats::Gauge;
use crate::time::{SimDuration, SimTime};
use crate::workload::{Outcome, Request};

/// So many bad requests at servers of the new version are kept, of which the first that is not bad without the
/// release is looked for.
const MAX_SUSPECTS: usize = 1_000;

/// What is too slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::sim) struct Bound {
    /// From this latency on, in nanoseconds.
    from: u64,
}

/// Returns what is too slow for a row: the strictest bound of the objectives by which its service's releases
/// are judged.
pub(super) fn bound(plan: &Plan, releases: &[&Release], row: usize) -> Option<Bound> {
    let objectives = releases.iter().flat_map(|release| &release.objectives);
    let of_row =
        |objective: &&ObjectivePlan| objective.class.is_none_or(|class| class == plan.rows[row].class);
    let strict = |objective: &ObjectivePlan| match objective.goal {
        Goal::Latency { bound_ns, inclusive, .. } => Some(Bound { from: bound_ns + u64::from(inclusive) }),
        Goal::Success { .. } => None,
    };
    objectives.map(|&index| &plan.objectives[index]).filter(of_row).filter_map(strict).min()
}

/// What is counted for one release.
#[derive(Debug)]
pub(super) struct Ledger {
    started: SimTime,
    bad: u64,
    /// The last instant at which somebody was served badly, and how many were before it: cuts come first at
    /// their instant.
    before: (SimTime, u64),
    ended: u64,
    pub(super) suspects: Vec<(u64, u64)>,
    marks: Vec<BadMark>,
    /// By objective: its windows, and how long each is.
    windows: Vec<(Window, SimDuration)>,
    series: ReleaseSeries,
    /// Servers of the new version in service.
    pub(super) new_ready: Gauge,
    mean: MeanServer,
    rows: Vec<RowPlan>,
    /// By row: what was offered since the interval began.
    offered: Vec<(u64, u128)>,
    /// When the interval began, and what was read then: bad and ended requests, and integrals of servers of the
    /// previous and the new version.
    interval: (SimTime, u64, u64, u128, u128),
    /// The largest share of the traffic that the new version was given, in millionths.
    pub(super) exposed_ppm: u32,
    weight_ppm: u32,
    open: bool,
}

/// What a ledger holds at the end.
#[derive(Debug, Default)]
pub(super) struct Closed {
    pub(super) marks: Vec<BadMark>,
    pub(super) health: Vec<ObjectiveRun>,
    pub(super) series: ReleaseSeries,
    pub(super) suspects: Vec<(u64, u64)>,
}

/// What is counted against the service: a customer who gives up is not.
fn is_bad(outcome: Outcome, latency: SimDuration, bound: Option<Bound>) -> bool {
    match outcome {
        Outcome::Completed => bound.is_some_and(|bound| latency.as_nanos() >= bound.from),
        Outcome::Failed | Outcome::TimedOut | Outcome::Rejected | Outcome::Shed => true,
        Outcome::Cancelled => false,
    }
}

/// Names a request, whatever the run.
pub(super) fn identity(key: Key) -> u64 {
    key.draw(u64::MAX)
}

impl Ledger {
    fn new(plan: &Plan, release: &Release, now: SimTime) -> Self {
        let end = SimTime::ZERO + plan.duration();
        let windows = release.objectives.iter().map(|&index| {
            let objective = &plan.objectives[index];
            let every = objective.every_ns.unwrap_or(plan.interval_ns);
            let origin = match objective.every_ns {
                Some(_) => objective.from_ns.unwrap_or(plan.warmup_ns) % every,
                None => 0,
            };
            let late = (now.as_nanos() + every - origin) % every;
            let from = now.as_nanos() + if late == 0 { 0 } else { every - late };
            let judged = ObjectivePlan {
                every_ns: Some(every),
                from_ns: Some(from),
                to_ns: None,
                ..objective.clone()
            };
            (Window::new(plan, &judged, end), SimDuration::from_nanos(every))
        });
        let rows = plan.rows_of(release.service.index());
        Self {
            started: now,
            bad: 0,
            before: (SimTime::ZERO, 0),
            ended: 0,
            suspects: Vec::new(),
            marks: Vec::new(),
            windows: windows.collect(),
            series: ReleaseSeries::blank((now.as_nanos() / plan.interval_ns) as usize),
            new_ready: Gauge::default(),
            mean: MeanServer::of(&plan.services[release.service.index()]),
            offered: vec![(0, 0); rows.len()],
            rows: plan.rows[rows].to_vec(),
            interval: (now, 0, 0, 0, 0),
            exposed_ppm: 0,
            weight_ppm: 0,
            open: true,
        }
    }

    /// Reads off how many were served badly before an instant.
    pub(super) fn mark(&mut self, now: SimTime) {
        if now > self.started && self.marks.last().is_none_or(|mark| mark.at_ns < now.as_nanos()) {
            let bad = if self.before.0 == now { self.before.1 } else { self.bad };
            self.marks.push(BadMark { at_ns: now.as_nanos(), bad, without: None });
        }
    }

    fn count(&mut self, now: SimTime, bad: bool) {
        self.ended += 1;
        if bad && self.before.0 != now {
            self.before = (now, self.bad);
        }
        self.bad += u64::from(bad);
    }

    /// Ends an interval; `previous` is the integral of servers of the previous version in service, `seen` what
    /// monitoring shows of errors, in millionths.
    fn end_interval(&mut self, now: SimTime, previous: u128, seen: Option<u32>) {
        let (start, bad, ended, previous_before, new_before) = self.interval;
        let new = self.new_ready.integral(now);
        let loads = self.rows.iter().zip(&self.offered).map(|(row, &(offered, size_sum_micros))| Load {
            row,
            offered,
            size_sum_micros,
        });
        let load = self.mean.scaling(loads, (now - start).as_nanos() as f64).larger().unwrap_or(0.0);
        let series = &mut self.series;
        series.previous_ns.push(Wide(previous - previous_before));
        series.new_ns.push(Wide(new - new_before));
        series.weight_ppm.push(self.weight_ppm);
        series.bad.push(self.bad - bad);
        series.ended.push(self.ended - ended);
        series.seen_ppm.push(seen);
        series.load_milli.push((load * 1e3 + 0.5) as u64);
        self.offered.iter_mut().for_each(|offered| *offered = (0, 0));
        self.interval = (now, self.bad, self.ended, previous, new);
    }

    /// Returns what is held; windows that are not whole are left out.
    pub(super) fn finish(self, intervals: usize) -> Closed {
        let whole = |(window, every): (Window, SimDuration)| {
            let mut windows = window.into_records();
            windows.retain(|window| window.to_ns - window.from_ns == every.as_nanos());
            ObjectiveRun { windows }
        };
        Closed {
            marks: self.marks,
            health: self.windows.into_iter().map(whole).collect(),
            series: self.series.padded(intervals),
            suspects: self.suspects,
        }
    }
}

impl Releases {
    /// Adds what was counted since the last cut to whoever judges, before it is closed; returns what ended at
    /// servers of the new version and at all others, by row.
    pub(in crate::sim) fn absorb<'a>(&mut self, sized: bool, open: impl Fn(RowId) -> &'a Counts) {
        let Some(plan) = self.plan.as_deref() else { return };
        for (index, own) in self.services.iter().enumerate() {
            let rows = plan.rows_of(index);
            for &release in &own.counted {
                let Some(ledger) = &mut self.states[release].ledger else { continue };
                for (place, row) in rows.clone().enumerate() {
                    let counts = open(RowId::new(row));
                    let offered = &mut ledger.offered[place];
                    *offered = (offered.0 + counts.offered, offered.1 + counts.sizes(sized));
                }
            }
        }
    }

    /// Returns what ended at one side since the last cut.
    pub(in crate::sim) fn side(&self, row: RowId, side: Side) -> Option<&Counts> {
        let counts = self.tally.get(row.index())?.as_ref()?;
        match side {
            Side::New => Some(&counts[0]),
            Side::Previous => Some(&counts[1]),
            Side::Service => None,
        }
    }

    /// Tells whether an interval of the series ends.
    fn ends_interval(&self, now: SimTime) -> bool {
        let plan = self.plan.as_deref();
        plan.is_some_and(|plan| now.as_nanos() % plan.interval_ns == 0 || now.as_nanos() == plan.duration_ns)
    }

    /// Returns the plan of a run that has releases.
    pub(super) fn frame(&self) -> &Plan {
        self.plan.as_deref().expect("who has releases has a plan")
    }

    /// Forgets what ended since the last cut.
    pub(in crate::sim) fn clear_tally(&mut self) {
        for counts in self.tally.iter_mut().flatten().flat_map(|both| both.iter_mut()) {
            counts.clear();
        }
    }
}

impl<const SHARED: bool, const LIMITED: bool, const MORTAL: bool> World<SHARED, LIMITED, MORTAL> {
    /// Begins to count what users get, where a rollout begins.
    pub(super) fn open_ledger(&mut self, now: SimTime, release: usize, queue: &mut EventQueue<Event>) {
        self.put_aside(now);
        let plan = self.releases.plan_of(release);
        let service = plan.service;
        let mut ledger = Ledger::new(self.releases.frame(), plan, now);
        ledger.interval.3 = self.fleet.service(service).ready_integral(now);
        self.releases.states[release].ledger = Some(ledger);
        self.releases.services[service.index()].counted.push(release);
        self.releases.counting = true;
        // Windows that begin at this very instant.
        self.cut_windows(now, release);
        self.plan_release_cut(now, queue);
    }

    /// Closes the books of those who are not judged any more once another is rolled out.
    pub(super) fn close_ledgers(&mut self, now: SimTime, service: ServiceId) {
        self.put_aside(now);
        let counted = self.releases.services[service.index()].counted.clone();
        for release in counted {
            let state = &self.releases.states[release];
            // Whoever was rolled back is judged until users are well served again.
            if state.decided.is_none() || self.is_healthy(release) {
                self.close_ledger(now, release);
                self.releases.services[service.index()].counted.retain(|&other| other != release);
            }
        }
    }

    fn close_ledger(&mut self, now: SimTime, release: usize) {
        let (previous, seen) = (self.previous_integral(now, release), self.seen_errors(release));
        if let Some(ledger) = self.releases.states[release].ledger.as_mut().filter(|ledger| ledger.open) {
            ledger.mark(now);
            ledger.end_interval(now, previous, seen);
            ledger.open = false;
        }
    }

    /// Tells whether a whole window since a rollback met each of its objectives.
    fn is_healthy(&self, release: usize) -> bool {
        let state = &self.releases.states[release];
        let (Some(decided), Some(clear), Some(ledger)) = (state.decided, state.clear, &state.ledger) else {
            return false;
        };
        let from = decided.max(clear).as_nanos();
        let objectives = self.releases.plan_of(release).objectives.iter().zip(&ledger.windows);
        objectives.into_iter().all(|(&objective, (window, _))| {
            let goal = &self.releases.frame().objectives[objective].goal;
            window.records().iter().any(|record| record.from_ns >= from && goal.met_in(record) == Some(true))
        })
    }

    /// Returns the integral of servers in service that do not run the new version.
    fn previous_integral(&self, now: SimTime, release: usize) -> u128 {
        let service = self.releases.plan_of(release).service;
        let new =
            self.releases.states[release].ledger.as_ref().map_or(0, |ledger| ledger.new_ready.integral(now));
        self.fleet.service(service).ready_integral(now).saturating_sub(new)
    }

    /// Reads off what is due at a cut, before what is open is put aside and anything else happens.
    pub(in crate::sim) fn mark_releases(&mut self, now: SimTime) {
        let ends = self.releases.ends_interval(now);
        for ledger in self.releases.states.iter_mut().filter_map(|state| state.ledger.as_mut()) {
            let edge = ledger.windows.iter().any(|(window, _)| window.next_edge() <= now);
            if ledger.open && (ends || edge) {
                ledger.mark(now);
            }
        }
        if let Some((without, unharmed, _)) = &mut self.releases.without
            && without.marks.get(unharmed.bad.len()) == Some(&now)
        {
            unharmed.bad.push(self.releases.bad_without);
        }
    }

    /// Closes the interval of the series of releases that ends at a cut, after what was open was put aside.
    pub(in crate::sim) fn end_release_intervals(&mut self, now: SimTime) {
        if !self.releases.ends_interval(now) {
            return;
        }
        for index in 0..self.releases.states.len() {
            let ledger = self.releases.states[index].ledger.as_ref();
            if ledger.is_some_and(|ledger| ledger.open && now > ledger.interval.0) {
                let (previous, seen) = (self.previous_integral(now, index), self.seen_errors(index));
                if let Some(ledger) = &mut self.releases.states[index].ledger {
                    ledger.end_interval(now, previous, seen);
                }
            }
        }
    }

    /// Adds what was counted since the last cut to whoever judges a release.
    pub(in crate::sim) fn absorb_for_releases(&mut self) {
        let recorder = &self.recorder;
        self.releases.absorb(recorder.sized(), |row| recorder.open(row));
        self.releases.clear_tally();
    }

    /// Lets windows take in what is put aside.
    pub(in crate::sim) fn cut_windows_of_all(&mut self, now: SimTime) {
        for release in 0..self.releases.states.len() {
            self.cut_windows(now, release);
        }
    }

    fn cut_windows(&mut self, now: SimTime, release: usize) {
        let (recorder, arena) = (&self.recorder, &self.arena);
        let Some(ledger) = self.releases.states[release].ledger.as_mut().filter(|ledger| ledger.open) else {
            return;
        };
        for (window, _) in &mut ledger.windows {
            window.cut(now, window.rows().map(|row| recorder.open(RowId::new(row))), arena);
        }
    }

    /// Returns when the next window or interval of a release ends.
    pub(in crate::sim) fn next_release_cut(&self, now: SimTime) -> Option<SimTime> {
        let states = self.releases.states.iter();
        let open = states.filter_map(|state| state.ledger.as_ref()).filter(|ledger| ledger.open);
        let edges = open.flat_map(|ledger| ledger.windows.iter().map(|(window, _)| window.next_edge()));
        edges.filter(|&edge| edge > now && edge < self.horizon).min()
    }

    /// Enters the next end of a window of a release, where that is not entered yet.
    pub(in crate::sim) fn plan_release_cut(&mut self, now: SimTime, queue: &mut EventQueue<Event>) {
        let next = self.next_release_cut(now);
        if next != self.releases.next_cut
            && let Some(at) = next
        {
            queue.schedule(at, Event::Cut);
        }
        self.releases.next_cut = next;
    }

    /// Counts a request that ended, where users are counted.
    #[inline(never)]
    pub(in crate::sim) fn count_end(&mut self, now: SimTime, request: &Request, outcome: Outcome) {
        let row = request.row();
        let service = self.rows[row.index()].service;
        let latency = now - request.arrived;
        let Some(own) = self.releases.services.get(service.index()) else { return };
        let first = self.releases.frame().rows_of(service.index()).start;
        let bad = is_bad(outcome, latency, own.bounds[row.index() - first]);
        let version = self.members.get(request.server.index()).map(|member| member.version);
        if let Some((_, unharmed, counted)) = &mut self.releases.without
            && *counted == service
            && self.releases.without_began
            && bad
        {
            self.releases.bad_without += 1;
            if self.releases.suspects.contains(&identity(request.key)) {
                unharmed.bad_anyway.insert(identity(request.key));
            }
        }
        let latest = own.latest;
        for &release in &own.counted {
            let state = &mut self.releases.states[release];
            let Some(ledger) = state.ledger.as_mut().filter(|ledger| ledger.open) else { continue };
            ledger.count(now, bad);
            if bad && state.faulty && version == Some(state.version) && ledger.suspects.len() < MAX_SUSPECTS {
                ledger.suspects.push((now.as_nanos(), identity(request.key)));
            }
        }
        let new = latest.map(|release| self.releases.states[release].version);
        if let (Some(counts), Some(version)) = (&mut self.releases.tally[row.index()], version) {
            let side = &mut counts[usize::from(Some(version) != new)];
            side.outcomes[outcome as usize] += 1;
            if outcome == Outcome::Completed {
                side.latency.record(latency.as_nanos());
                side.latency_sum += u128::from(latency.as_nanos());
            }
        }
        if let Some(release) =
            latest.filter(|&release| version == new && self.releases.states[release].awaits_clear())
        {
            self.check_clear(now, release);
        }
    }

    /// Keeps the largest share of the traffic that the new version was given.
    pub(super) fn note_exposure(&mut self, release: usize) {
        let share = (self.share_of_new(release) * 1e6 + 0.5) as u32;
        if let Some(ledger) = &mut self.releases.states[release].ledger {
            ledger.weight_ppm = share;
            ledger.exposed_ppm = ledger.exposed_ppm.max(share);
        }
    }

    /// Notes when the new version serves nothing any more, once a rollback is decided.
    pub(super) fn check_clear(&mut self, now: SimTime, release: usize) {
        let state = &self.releases.states[release];
        if !state.awaits_clear() {
            return;
        }
        let routed = self.services[self.releases.plan_of(release).service.index()].canary.is_some();
        let idle_route = routed && self.share_of_new(release) == 0.0;
        let serves = |server: &ServerId| {
            let at = self.fleet.server(*server);
            let runs = self.members[server.index()].version == state.version && !at.state().is_gone();
            runs && (at.busy() + at.waiting() > 0 || at.state().serves() && !idle_route)
        };
        if !state.servers.iter().any(serves) {
            self.releases.states[release].clear = Some(now);
        }
    }

    /// What the run would be without a release begins to be counted.
    pub(super) fn begin_without(&mut self) {
        self.releases.counting = true;
        self.releases.without_began = true;
        if let Some((without, ..)) = &self.releases.without {
            self.releases.suspects = without.suspects.iter().copied().collect::<BTreeSet<u64>>();
        }
    }

    /// Returns what was counted without a release.
    pub(in crate::sim) fn unharmed(mut self) -> Unharmed {
        let Some((without, mut unharmed, _)) = self.releases.without.take() else {
            return Unharmed::default();
        };
        // The end of the run is the last mark where nothing came to rest before it.
        unharmed.bad.resize(without.marks.len(), self.releases.bad_without);
        unharmed
    }
}

impl ReleaseState {
    fn awaits_clear(&self) -> bool {
        self.decided.is_some() && self.clear.is_none()
    }
}
