//! The run: a scenario and a replication in, a result out. Pure and deterministic.
//!
//! Inside there is no wall clock, no thread, no file and no logging: traces are handed in opened,
//! an [`Observer`] carries progress out and cancellation in.

mod agenda;
mod control;
mod event;
mod fault;
mod flow;
mod ladder;
mod launch;
mod life;
mod nodes;
mod operators;
mod pool;
mod proxied;
mod proxies;
mod recent;
mod release;
mod routes;
mod staffing;
mod track;
mod traffic;
mod watch;
mod world;

pub use event::Event;
pub use release::{Unharmed, Variant, Without};
pub use traffic::{RecordedArrival, arrivals};

use std::ops::ControlFlow;

use crate::des::{self, EventQueue};
use crate::error::Error;
use crate::results::RunResult;
use crate::scenario::Scenario;
use crate::time::{SimDuration, SimTime};
use crate::workload::recorded::TraceFiles;
use world::World;

/// Looks on while a run goes on, and may end it.
pub trait Observer {
    /// Learns how far the run has come; `Break` ends it.
    fn on_progress(&mut self, progress: Progress) -> ControlFlow<()>;
}

/// Looks away.
impl Observer for () {
    fn on_progress(&mut self, _progress: Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// How far a run has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Simulated time.
    pub now: SimTime,
    /// Requests that arrived so far.
    pub requests: u64,
    /// Events that happened so far.
    pub events: u64,
}

/// Why a run has no result.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// The observer ended it.
    #[error("interrupted")]
    Cancelled,
    /// It could not go on.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// More requests than this in flight mean a fleet that drowns, not one that is judged.
pub const MAX_IN_FLIGHT: usize = 50_000_000;

/// Observers are called this often, at equal distances of simulated time,
const SLICES: u64 = 1_000;
/// and whenever so many events have passed: a tenth of a second.
const SLICE_EVENTS: u64 = 1 << 20;

/// Runs one replication, from 1 on.
///
/// # Errors
/// [`Stopped`], with nothing to be saved.
pub fn run(
    scenario: &Scenario,
    replication: u32,
    traces: &dyn TraceFiles,
    observer: &mut impl Observer,
) -> Result<RunResult, Stopped> {
    run_variant(scenario, replication, &Variant::default(), traces, observer)
}

/// Runs one replication, from 1 on, in which a release goes by another of its policies.
///
/// What a scenario uses is chosen here, once: a world without shared CPUs, limits on waiting, or
/// servers that come and go is compiled without them.
///
/// # Errors
/// [`Stopped`], with nothing to be saved.
pub fn run_variant(
    scenario: &Scenario,
    replication: u32,
    variant: &Variant,
    traces: &dyn TraceFiles,
    observer: &mut impl Observer,
) -> Result<RunResult, Stopped> {
    let shared = scenario.services.iter().flat_map(|s| &s.pools).any(|pool| pool.shared_millicores.is_some());
    let limited = scenario.services.iter().any(|service| service.queue.timeout.is_some());
    let run = Run { scenario, replication, variant, traces, until: scenario.horizon() };
    // A world in which servers come and go is compiled once, with all the rest.
    match (scenario.is_mortal(), shared, limited) {
        (true, _, _) => run.simulate::<true, true, true>(observer).map(|world| world.finish(replication)),
        (_, false, false) => {
            run.simulate::<false, false, false>(observer).map(|world| world.finish(replication))
        }
        (_, false, true) => {
            run.simulate::<false, true, false>(observer).map(|world| world.finish(replication))
        }
        (_, true, false) => {
            run.simulate::<true, false, false>(observer).map(|world| world.finish(replication))
        }
        (_, true, true) => run.simulate::<true, true, false>(observer).map(|world| world.finish(replication)),
    }
}

/// Runs one replication without a release, as far as the last mark at which it is to be read off.
///
/// # Errors
/// [`Stopped`], with nothing to be saved.
pub fn run_without(
    scenario: &Scenario,
    replication: u32,
    policy: Option<(usize, usize)>,
    without: Without,
    traces: &dyn TraceFiles,
    observer: &mut impl Observer,
) -> Result<Unharmed, Stopped> {
    let last = without.marks.last().map_or(SimTime::ZERO, |&mark| mark + SimDuration::from_nanos(1));
    let variant = Variant { policy, without: Some(without) };
    let until = last.min(scenario.horizon());
    let run = Run { scenario, replication, variant: &variant, traces, until };
    run.simulate::<true, true, true>(observer).map(World::unharmed)
}

/// A run that is to be simulated.
struct Run<'a> {
    scenario: &'a Scenario,
    replication: u32,
    variant: &'a Variant,
    traces: &'a dyn TraceFiles,
    /// Nothing happens from then on.
    until: SimTime,
}

impl Run<'_> {
    fn simulate<const SHARED: bool, const LIMITED: bool, const MORTAL: bool>(
        &self,
        observer: &mut impl Observer,
    ) -> Result<World<SHARED, LIMITED, MORTAL>, Stopped> {
        let mut queue = EventQueue::new();
        let mut world = World::<SHARED, LIMITED, MORTAL>::new(
            self.scenario,
            self.replication,
            self.variant,
            self.traces,
            &mut queue,
        )?;
        let slice = SimDuration::from_nanos(self.until.as_nanos() / SLICES + 1);
        let mut until = SimTime::ZERO;
        let mut events = 0;
        while until < self.until {
            until = (until + slice).min(self.until);
            let mut now = Some(SimTime::ZERO);
            while now.is_some() {
                let passed;
                (passed, now) = des::run(&mut world, &mut queue, until, SLICE_EVENTS);
                events += passed;
                let now = now.unwrap_or(until);
                world.check(now)?;
                if observer.on_progress(Progress { now, requests: world.requests(), events }).is_break() {
                    return Err(Stopped::Cancelled);
                }
            }
        }
        Ok(world)
    }
}
