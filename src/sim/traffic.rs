//! A source in a run: its arrival process, its mix of classes, the keys of its requests.

use crate::des::Lane;
use crate::error::Error;
use crate::ids::{ClassId, RowId, ServiceId};
use crate::results::Plan;
use crate::rng::{Key, uniform_closed_open};
use crate::scenario::{Change, Scenario, Source, Trigger};
use crate::time::SimTime;
use crate::workload::recorded::{TraceError, TraceFiles};
use crate::workload::{Arrival, ArrivalProcess, Size, Synthetic, Zipf};

/// The draw of a request's key that decides its class; its own time at the service it is sent to
/// takes the draws from [`WORK_DRAW`] on, its time off the CPU those of child [`WAIT_CHILD`]; whether a fault
/// lets it fail is told by child [`ERROR_CHILD`], its customer by child [`CUSTOMER_CHILD`].
const CLASS_DRAW: u64 = 0;
pub(super) const WORK_DRAW: u64 = 1;
pub(super) const ERROR_CHILD: u64 = 3;
pub(super) const WAIT_CHILD: u64 = 0;
const CUSTOMER_CHILD: u64 = 4;

/// A source while the run goes on.
#[derive(Debug)]
pub(super) struct SourceState {
    process: ArrivalProcess,
    /// The class and size of the arrival that is due next; a rate leaves them as they are.
    pending: Arrival,
    failure: Option<TraceError>,
    pub(super) lane: Lane,
    /// Row and cumulated share of every class of the mix.
    mix: Vec<(RowId, f64)>,
    /// The row of every class, for arrivals that know theirs.
    rows: Vec<Option<RowId>>,
    requests: Key,
    /// Whose requests these are, where anybody asks.
    customers: Option<Zipf>,
    /// How many arrived: names the next request.
    count: u64,
}

/// A request on its way in.
pub(super) struct Incoming {
    pub(super) key: Key,
    pub(super) row: RowId,
    pub(super) size: Size,
}

impl SourceState {
    pub(super) fn new(plan: &Plan, source: &Source, process: ArrivalProcess, key: Key, lane: Lane) -> Self {
        let row = |class: ClassId| plan.row(source.to, class);
        let known = |&(class, share): &(ClassId, f64)| row(class).map(|row| (row, share));
        Self {
            process,
            pending: Arrival { at: SimTime::MAX, class: None, size: Size::ONE, customer: None },
            customers: source.keys,
            failure: None,
            lane,
            mix: source.mix.iter().filter_map(known).collect(),
            rows: (0..plan.classes.len()).map(|class| row(ClassId::new(class))).collect(),
            requests: key.named("requests"),
            count: 0,
        }
    }

    /// Sets the classes of the requests to come: each keeps the draw that decides its own.
    pub(super) fn set_mix(&mut self, mix: &[(ClassId, f64)]) {
        let known = |&(class, share): &(ClassId, f64)| self.rows[class.index()].map(|row| (row, share));
        self.mix = mix.iter().filter_map(known).collect();
    }

    /// Takes the pending arrival and names it.
    #[inline(always)]
    pub(super) fn take(&mut self) -> Incoming {
        let key = self.requests.child(self.count);
        self.count += 1;
        let row = match (self.pending.class, self.mix.as_slice()) {
            (None, &[(only, _)]) => only,
            (None, mix) => Self::draw(mix, key),
            (Some(class), mix) => self.rows[class.index()].unwrap_or_else(|| Self::draw(mix, key)),
        };
        Incoming { key, row, size: self.pending.size }
    }

    /// Returns the hash of the customer who sent the request that was taken last, by its key; 0 where nobody
    /// is named. To be asked before the next arrival is drawn, where a trace names customers.
    pub(super) fn customer(&self, request: Key) -> u64 {
        match (self.pending.customer, &self.customers) {
            (Some(customer), _) => customer,
            (None, Some(law)) => law.hash(request.child(CUSTOMER_CHILD)),
            (None, None) => 0,
        }
    }

    fn draw(mix: &[(RowId, f64)], key: Key) -> RowId {
        let u = uniform_closed_open(key.draw(CLASS_DRAW));
        let found = mix.iter().find(|(_, share)| u < *share).or(mix.last());
        found.map_or(RowId::new(0), |&(row, _)| row)
    }

    /// Returns how many requests arrived so far.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Draws the next arrival, and returns when it is due; `None` when no more come, or when the
    /// trace can no longer be read: then [`SourceState::failure`] says why.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Option<SimTime> {
        if let ArrivalProcess::Synthetic(synthetic) = &mut self.process {
            return synthetic.next_arrival();
        }
        self.next_other()
    }

    #[inline(never)]
    fn next_other(&mut self) -> Option<SimTime> {
        match self.process.next_arrival() {
            Ok(next) => {
                self.pending = next?;
                Some(self.pending.at)
            }
            Err(error) => {
                self.failure = Some(error);
                None
            }
        }
    }

    /// Takes the reason why the trace ended early, if it did.
    pub(super) fn failure(&mut self) -> Option<TraceError> {
        self.failure.take()
    }
}

/// Opens the arrival process of a source for one replication.
///
/// # Errors
/// Where a trace cannot be opened or read as it was surveyed.
pub(super) fn open(
    scenario: &Scenario,
    source: &Source,
    key: Key,
    traces: &dyn TraceFiles,
) -> Result<ArrivalProcess, Error> {
    let factor =
        source.uncertainty.as_ref().map_or(1.0, |law| law.sample(&mut key.named("uncertainty").stream()));
    let mut parts = Vec::new();
    if let Some(profile) = &source.profile {
        let profile = profile.clone().scaled(factor);
        parts.push(ArrivalProcess::Synthetic(Box::new(Synthetic::new(profile, &source.arrivals, key))));
    }
    for (index, recording) in source.recorded.iter().enumerate() {
        let file = &recording.spec.file;
        let failed = |why: &dyn std::fmt::Display| Error::Run(format!("{file}: {why}"));
        let input = traces.open(file).map_err(|why| failed(&why))?;
        let opened = recording.spec.open(
            &recording.survey,
            input,
            scenario.horizon(),
            recording.factor * factor,
            source.arrivals.is_even(),
            key.named("recorded").child(index as u64),
        );
        parts.push(ArrivalProcess::Recorded(Box::new(opened.map_err(|why| failed(&why))?)));
    }
    let failed = |why: TraceError| Error::Run(format!("{}: {why}", source.name));
    match parts.len() {
        1 => Ok(parts.remove(0)),
        _ => ArrivalProcess::merged(parts).map_err(failed),
    }
}

/// Returns the key of a source in a replication.
pub(super) fn source_key(scenario: &Scenario, replication: u32, source: &Source) -> Key {
    Key::from_seed(scenario.seed).child(u64::from(replication)).named("source").named(&source.name)
}

/// One arrival of a run, as [`arrivals`] lists it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecordedArrival {
    /// When.
    pub at: SimTime,
    /// Index of the source.
    pub source: usize,
    /// The service it goes to.
    pub service: ServiceId,
    /// Its class.
    pub class: ClassId,
    /// Its size.
    pub size: Size,
}

/// Lists the arrivals of a replication in order, without simulating what becomes of them: who
/// comes does not depend on how they are served.
///
/// # Errors
/// Where a trace cannot be read, or `sink` fails.
pub fn arrivals(
    scenario: &Scenario,
    replication: u32,
    traces: &dyn TraceFiles,
    sink: &mut dyn FnMut(RecordedArrival) -> std::io::Result<()>,
) -> Result<std::io::Result<()>, Error> {
    let mut queue: crate::des::EventQueue<super::Event> = crate::des::EventQueue::new();
    let mut sources = Vec::new();
    let mut due = Vec::new();
    for source in &scenario.sources {
        let key = source_key(scenario, replication, source);
        let process = open(scenario, source, key, traces)?;
        let mut state = SourceState::new(&scenario.plan, source, process, key, queue.add_lane());
        due.push(next_due(source, &mut state)?);
        sources.push(state);
    }
    let mut turns = mixes(scenario).into_iter().peekable();
    loop {
        let first = due.iter().enumerate().filter_map(|(index, at)| at.map(|at| (at, index))).min();
        let Some((at, index)) = first else { return Ok(Ok(())) };
        while let Some((_, source, mix)) = turns.next_if(|turn| turn.0 <= at) {
            sources[source].set_mix(mix);
        }
        let incoming = sources[index].take();
        let row = &scenario.plan.rows[incoming.row.index()];
        let arrival = RecordedArrival {
            at,
            source: index,
            service: ServiceId::new(row.service),
            class: ClassId::new(row.class),
            size: incoming.size,
        };
        if let Err(error) = sink(arrival) {
            return Ok(Err(error));
        }
        due[index] = next_due(&scenario.sources[index], &mut sources[index])?;
    }
}

/// A mix that operators set: when, of which source, and the cumulated shares of its classes.
type Turn<'a> = (SimTime, usize, &'a [(ClassId, f64)]);

/// Returns the mixes that operators set, in order of time: those happen at set times only.
fn mixes(scenario: &Scenario) -> Vec<Turn<'_>> {
    let mut mixes = Vec::new();
    for action in &scenario.actions {
        for (change, _) in &action.changes {
            if let (Trigger::At(at), Change::Mix(source, mix)) = (&action.trigger, change) {
                mixes.push((*at, *source, mix.as_slice()));
            }
        }
    }
    mixes.sort_by_key(|turn| turn.0);
    mixes
}

fn next_due(source: &Source, state: &mut SourceState) -> Result<Option<SimTime>, Error> {
    let next = state.next();
    match state.failure() {
        None => Ok(next),
        Some(why) => Err(Error::Run(format!("{}: {why}", source.name))),
    }
}
