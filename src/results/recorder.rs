//! The recorder: one write per request, figures when an interval closes.
//!
//! While an interval is open, every row counts into its *open* part. At a *cut* (the end of an
//! interval, of the warm-up, or of an objective's window) the open part is added to whatever
//! covers it: the interval, the totals once the warm-up is over, the windows; then it is emptied.
//!
//! Population and series differ on purpose. Totals cover requests that arrived after the warm-up;
//! series count ends by the time at which they happen. A request that straddles the end of the
//! warm-up is therefore also kept as a *stray*, and strays are taken off the totals at the end.

use crate::ids::{RowId, SourceId};
use crate::results::window::Window;
use crate::results::{
    Counts, Ledger, ObjectiveRun, Plan, RowSeries, RowTotals, ServiceSeries, ServiceTotals, Wide,
};
use crate::stats::{Gauge, Histogram};
use crate::time::{SimDuration, SimTime};
use crate::workload::{Arena, Outcome, Size};

/// The percentiles of time series.
const SERIES_QUANTILES: [f64; 2] = [0.5, 0.99];

/// A row while the run goes on.
#[derive(Debug, Default)]
struct Row {
    /// Since the last cut.
    open: Counts,
    /// Between the start of the interval and the last cut, where a cut fell inside it.
    part: Counts,
    total: Counts,
    strays: Counts,
    latency_max: u64,
    in_flight: Gauge,
    /// The integral of `in_flight` at the start of the interval.
    in_flight_before: u128,
    /// Time spent by all requests that ended, over the whole run.
    sojourn: u128,
    series: RowSeries,
}

/// What a service's gauges read at a cut: integrals since t = 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServiceReading {
    /// Servers that were wanted (server x ns).
    pub desired: u128,
    /// Those of them that were not in service (server x ns).
    pub missing: u128,
    /// Servers from their order to their end (server x ns).
    pub ordered: u128,
    /// Servers in rotation (server x ns).
    pub ready: u128,
    /// Slots held (slot x ns).
    pub slots: u128,
    /// CPU burned (thousandths of a core x ns).
    pub cpu_milli: u128,
    /// Requests waiting (request x ns).
    pub queued: u128,
    /// What was sent to whom in the interval that ends, where one does.
    pub sent: Sent,
}

/// Requests sent to the servers that were there for a whole interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// To all of them.
    pub total: u64,
    /// To the one that got most.
    pub most: u64,
    /// How many servers.
    pub servers: u64,
}

/// A service while the run goes on.
#[derive(Debug, Default)]
struct ServiceRecord {
    interval_start: ServiceReading,
    warmup_end: ServiceReading,
    series: ServiceSeries,
}

/// Collects what happens in one replication.
#[derive(Debug)]
pub struct Recorder {
    rows: Vec<Row>,
    services: Vec<ServiceRecord>,
    row_ranges: Vec<std::ops::Range<usize>>,
    ledgers: Vec<Ledger>,
    windows: Vec<Window>,
    /// Whether sizes are recorded; otherwise every request has size one.
    sized: bool,
    interval: SimDuration,
    next_interval: SimTime,
    /// Whether a cut fell inside the interval, so that part of it stands in `part`.
    partial: bool,
    warmup_end: SimTime,
    warm: bool,
    /// Requests that arrived before this instant are strays: zero until the warm-up is over.
    stray_before: SimTime,
    end: SimTime,
    /// Where the classes of a service are added up for its percentiles.
    scratch: Histogram,
}

impl Recorder {
    /// Creates the recorder of a run; `sized` tells whether requests differ in size.
    pub fn new(plan: &Plan, sized: bool) -> Self {
        let end = SimTime::ZERO + plan.duration();
        let interval = SimDuration::from_nanos(plan.interval_ns);
        Self {
            rows: plan.rows.iter().map(|_| Row::default()).collect(),
            services: plan.services.iter().map(|_| ServiceRecord::default()).collect(),
            row_ranges: (0..plan.services.len()).map(|service| plan.rows_of(service)).collect(),
            ledgers: vec![Ledger::default(); plan.sources.len()],
            windows: plan.objectives.iter().map(|objective| Window::new(plan, objective, end)).collect(),
            sized,
            interval,
            next_interval: (SimTime::ZERO + interval).min(end),
            partial: false,
            warmup_end: plan.warmup_end(),
            warm: false,
            stray_before: SimTime::ZERO,
            end,
            scratch: Histogram::default(),
        }
    }

    /// Tells whether requests differ in size.
    #[inline]
    pub fn sized(&self) -> bool {
        self.sized
    }

    /// Counts a request that arrives.
    #[inline(always)]
    pub fn offered(&mut self, row: RowId, source: SourceId, now: SimTime) {
        let row = &mut self.rows[row.index()];
        row.open.offered += 1;
        row.in_flight.increment(now);
        self.ledgers[source.index()].started += 1;
    }

    /// Adds the size of a request that arrives; only where the recorder is `sized`.
    pub fn offered_size(&mut self, row: RowId, size: Size) {
        self.rows[row.index()].open.size_sum += u128::from(size.as_micros());
    }

    /// Counts an attempt sent to a server.
    #[inline]
    pub fn dispatched(&mut self, row: RowId) {
        self.rows[row.index()].open.dispatched += 1;
    }

    /// Counts a request that is served in full.
    #[inline(always)]
    pub fn completed(&mut self, row: RowId, source: SourceId, arrived: SimTime, now: SimTime) {
        let latency = (now - arrived).as_nanos();
        self.ledgers[source.index()].outcomes[Outcome::Completed as usize] += 1;
        let row = &mut self.rows[row.index()];
        row.open.outcomes[Outcome::Completed as usize] += 1;
        row.open.latency.record(latency);
        row.open.latency_sum += u128::from(latency);
        row.in_flight.decrement(now);
        if arrived < self.stray_before {
            row.strays.outcomes[Outcome::Completed as usize] += 1;
            row.strays.latency.record(latency);
            row.strays.latency_sum += u128::from(latency);
        } else {
            row.latency_max = row.latency_max.max(latency);
        }
    }

    /// Counts a request that ends in any other way.
    pub fn lost(&mut self, row: RowId, source: SourceId, arrived: SimTime, now: SimTime, outcome: Outcome) {
        debug_assert_ne!(outcome, Outcome::Completed);
        self.ledgers[source.index()].outcomes[outcome as usize] += 1;
        let row = &mut self.rows[row.index()];
        row.open.outcomes[outcome as usize] += 1;
        row.sojourn += u128::from((now - arrived).as_nanos());
        row.in_flight.decrement(now);
        if arrived < self.stray_before {
            row.strays.outcomes[outcome as usize] += 1;
        }
    }

    /// Returns what a row counted since the last cut.
    pub fn open(&self, row: RowId) -> &Counts {
        &self.rows[row.index()].open
    }

    /// Returns the next instant at which [`Recorder::cut`] is due, before anything else happens
    /// then. The end of the run is not among them: [`Recorder::finish`] is its cut.
    pub fn next_cut(&self) -> SimTime {
        let warmup = if self.warm { SimTime::MAX } else { self.warmup_end };
        let windows = self.windows.iter().map(Window::next_edge).min().unwrap_or(SimTime::MAX);
        self.next_interval.min(warmup).min(windows)
    }

    /// Tells whether an interval ends at `now`, the last one at the end of the run.
    pub fn ends_interval(&self, now: SimTime) -> bool {
        now == self.next_interval
    }

    /// Closes what ends at `now`; at any other instant what is open is put aside. `readings` holds one
    /// entry per service.
    pub fn cut(&mut self, now: SimTime, readings: &[ServiceReading], arena: &Arena) {
        for window in &mut self.windows {
            let rows = window.rows();
            window.cut(now, self.rows[rows].iter().map(|row| &row.open), arena);
        }
        for row in &mut self.rows {
            row.sojourn += row.open.latency_sum;
            if !self.sized {
                row.open.size_sum = u128::from(row.open.offered) * u128::from(Size::ONE.as_micros());
            }
            if self.warm {
                row.total.add(&row.open);
            }
        }
        if now == self.next_interval {
            self.close_interval(now, readings);
        } else {
            self.partial = true;
            for row in &mut self.rows {
                row.part.add(&row.open);
                row.open.clear();
            }
        }
        if !self.warm && now >= self.warmup_end {
            self.end_warmup(readings);
        }
    }

    fn end_warmup(&mut self, readings: &[ServiceReading]) {
        self.warm = true;
        self.stray_before = self.warmup_end;
        for row in &mut self.rows {
            row.latency_max = 0;
        }
        for (service, reading) in self.services.iter_mut().zip(readings) {
            service.warmup_end = *reading;
        }
    }

    fn close_interval(&mut self, now: SimTime, readings: &[ServiceReading]) {
        // Where no cut fell inside the interval, the open part is all of it.
        if std::mem::take(&mut self.partial) {
            for row in &mut self.rows {
                row.part.add(&row.open);
                std::mem::swap(&mut row.part, &mut row.open);
                row.part.clear();
            }
        }
        for row in &mut self.rows {
            row.close_interval(now);
        }
        for ((service, rows), &reading) in self.services.iter_mut().zip(&self.row_ranges).zip(readings) {
            let (p50, p99) = match &self.rows[rows.clone()] {
                [only] => (
                    only.series.p50_ns.last().copied().flatten(),
                    only.series.p99_ns.last().copied().flatten(),
                ),
                several => {
                    self.scratch.clear();
                    several.iter().for_each(|row| self.scratch.merge(&row.open.latency));
                    let completed = several.iter().map(|row| row.open.outcomes[Outcome::Completed as usize]);
                    let [p50, p99] = self.scratch.quantiles(SERIES_QUANTILES, completed.sum());
                    (p50, p99)
                }
            };
            let series = &mut service.series;
            let before = std::mem::replace(&mut service.interval_start, reading);
            series.desired_ns.push(Wide(reading.desired - before.desired));
            series.ordered_ns.push(Wide(reading.ordered - before.ordered));
            series.ready_ns.push(Wide(reading.ready - before.ready));
            series.slot_ns.push(Wide(reading.slots - before.slots));
            series.cpu_milli_ns.push(Wide(reading.cpu_milli - before.cpu_milli));
            series.queued_ns.push(Wide(reading.queued - before.queued));
            series.p50_ns.push(p50);
            series.p99_ns.push(p99);
            series.sent_total.push(reading.sent.total);
            series.sent_most.push(reading.sent.most);
            series.sent_servers.push(reading.sent.servers);
        }
        self.rows.iter_mut().for_each(|row| row.open.clear());
        self.next_interval = (now + self.interval).min(self.end);
    }

    /// Closes the books at the end of the run. The caller fills in what only it knows: peaks and
    /// servers.
    ///
    /// # Panics
    ///
    /// If a request was lost or counted twice: both ledgers and Little's law are integer
    /// equalities, and a run that breaks one must not be reported.
    pub fn finish(mut self, readings: &[ServiceReading], arena: &Arena) -> Books {
        let end = self.end;
        if !self.warm {
            // A warm-up of zero: cut at t = 0 never came before the first event.
            self.end_warmup(&vec![ServiceReading::default(); readings.len()]);
        }
        self.cut(end, readings, arena);
        let mut in_flight = vec![0_u64; self.rows.len()];
        let mut in_flight_population = in_flight.clone();
        for request in arena.iter() {
            let row = request.row().index();
            in_flight[row] += 1;
            in_flight_population[row] += u64::from(request.arrived >= self.warmup_end);
            self.rows[row].sojourn += u128::from((end - request.arrived).as_nanos());
            self.ledgers[request.source().index()].in_progress += 1;
        }
        for ledger in &self.ledgers {
            let ended: u64 = ledger.outcomes.iter().sum();
            assert_eq!(ledger.started, ended + ledger.in_progress, "a request was lost or counted twice");
        }
        let services = self.service_totals(readings, end);
        let rows: Vec<RowTotals> =
            self.rows.iter_mut().zip(&in_flight_population).map(|(row, &n)| row.totals(n)).collect();
        for (row, count) in self.rows.iter().zip(in_flight) {
            assert_eq!(row.in_flight.count(), count, "the gauge in flight and the arena disagree");
        }
        let objectives =
            self.windows.into_iter().map(|w| w.finish(&rows, arena, self.warmup_end, end)).collect();
        let row_series = self.rows.into_iter().map(|row| row.series).collect();
        let service_series = self.services.into_iter().map(|service| service.series).collect();
        Books { ledgers: self.ledgers, rows, services, row_series, service_series, objectives }
    }

    fn service_totals(&self, readings: &[ServiceReading], end: SimTime) -> Vec<ServiceTotals> {
        let of_service =
            |(rows, (service, now)): (&std::ops::Range<usize>, (&ServiceRecord, &ServiceReading))| {
                let warm = &service.warmup_end;
                let rows = &self.rows[rows.clone()];
                let from_state: u128 = rows.iter().map(|row| row.in_flight.integral(end)).sum();
                let from_records: u128 = rows.iter().map(|row| row.sojourn).sum();
                assert_eq!(from_state, from_records, "Little's law does not hold");
                ServiceTotals {
                    desired_ns: Wide(now.desired - warm.desired),
                    missing_ns: Wide(now.missing - warm.missing),
                    ready_ns: Wide(now.ready - warm.ready),
                    slot_ns: Wide(now.slots - warm.slots),
                    cpu_milli_ns: Wide(now.cpu_milli - warm.cpu_milli),
                    queued_ns: Wide(now.queued - warm.queued),
                    in_flight_ns: Wide(from_state),
                    sojourn_ns: Wide(from_records),
                    ..ServiceTotals::default()
                }
            };
        self.row_ranges.iter().zip(self.services.iter().zip(readings)).map(of_service).collect()
    }
}

/// What a recorder knows at the end of a run.
#[derive(Debug)]
pub struct Books {
    /// Per source.
    pub ledgers: Vec<Ledger>,
    /// Per row.
    pub rows: Vec<RowTotals>,
    /// Per service; peaks are left to the caller.
    pub services: Vec<ServiceTotals>,
    /// Per row.
    pub row_series: Vec<RowSeries>,
    /// Per service.
    pub service_series: Vec<ServiceSeries>,
    /// Per objective.
    pub objectives: Vec<ObjectiveRun>,
}

impl Row {
    /// Appends the open part, which covers the interval, to the series.
    fn close_interval(&mut self, now: SimTime) {
        let integral = self.in_flight.integral(now);
        let open = &self.open;
        let [p50, p99] = open.latency.quantiles(SERIES_QUANTILES, open.outcomes[Outcome::Completed as usize]);
        let series = &mut self.series;
        series.offered.push(open.offered);
        for (column, count) in series.outcomes.iter_mut().zip(open.outcomes) {
            column.push(count);
        }
        series.dispatched.push(open.dispatched);
        series.in_flight_ns.push(Wide(integral - self.in_flight_before));
        series.size_sum_micros.push(Wide(open.size_sum));
        series.p50_ns.push(p50);
        series.p99_ns.push(p99);
        self.in_flight_before = integral;
    }

    /// Takes the strays off the totals; what remains must add up with `in_flight_end`.
    fn totals(&mut self, in_flight_end: u64) -> RowTotals {
        let mut outcomes = self.total.outcomes;
        for (count, stray) in outcomes.iter_mut().zip(self.strays.outcomes) {
            *count -= stray;
        }
        let ended: u64 = outcomes.iter().sum();
        assert_eq!(self.total.offered, ended + in_flight_end, "a row does not add up");
        let mut latency = std::mem::take(&mut self.total.latency);
        latency.subtract(&self.strays.latency);
        RowTotals {
            offered: self.total.offered,
            outcomes,
            in_flight_end,
            dispatched: self.total.dispatched,
            size_sum_micros: Wide(self.total.size_sum),
            latency,
            latency_sum_ns: Wide(self.total.latency_sum - self.strays.latency_sum),
            latency_max_ns: self.latency_max,
        }
    }
}

#[cfg(test)]
mod tests;
