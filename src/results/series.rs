//! The figures of one interval: interval x service x class, each figure one column.

use crate::results::column::quotient;
use crate::results::fleet_mean::CapacitySeries;
use crate::results::{Aggregator, Column, Load, MeanServer, Plan, RunResult, Scaling, StudyResult, Subject};
use crate::stats::Interval;
use crate::workload::Outcome;

const NS_PER_S: f64 = 1e9;
const NS_PER_MS: f64 = 1e6;

/// What the figures of one subject, replication and interval are made of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moment {
    offered: u64,
    outcomes: [u64; 6],
    dispatched: u64,
    in_flight_ns: f64,
    length_ns: f64,
    ready_ns: f64,
    ordered_ns: f64,
    desired_ns: f64,
    scaling: Scaling,
    p50_ns: Option<u64>,
    p99_ns: Option<u64>,
    /// Of the service as a whole; `None` for a class.
    whole: Option<Use>,
}

/// Use of a service's capacity in an interval.
#[derive(Clone, Copy, Debug, Default)]
struct Use {
    queued_ns: f64,
    /// The most that was sent to a server / the mean.
    most_over_mean: Option<f64>,
    cpu: Option<f64>,
    slots: Option<f64>,
}

/// The columns of `timeseries.csv`, without time and names.
pub static SERIES: [Column<Moment>; 20] = [
    Column::new("offered", |m| Some(m.offered as f64)),
    Column::new(Outcome::COLUMNS[0], |m| Some(m.outcomes[0] as f64)),
    Column::new(Outcome::COLUMNS[1], |m| Some(m.outcomes[1] as f64)),
    Column::new(Outcome::COLUMNS[2], |m| Some(m.outcomes[2] as f64)),
    Column::new(Outcome::COLUMNS[3], |m| Some(m.outcomes[3] as f64)),
    Column::new(Outcome::COLUMNS[4], |m| Some(m.outcomes[4] as f64)),
    Column::new(Outcome::COLUMNS[5], |m| Some(m.outcomes[5] as f64)),
    Column::new("in_flight", |m| quotient(m.in_flight_ns, m.length_ns)),
    Column::new("queued", |m| quotient(m.whole?.queued_ns, m.length_ns)),
    Column::new("servers_ready", Moment::servers),
    Column::new("servers_ordered", |m| m.whole.and_then(|_| quotient(m.ordered_ns, m.length_ns))),
    Column::new("servers_desired", |m| m.whole.and_then(|_| quotient(m.desired_ns, m.length_ns))),
    Column::new("cpu_utilization", |m| m.whole?.cpu),
    Column::new("slot_utilization", |m| m.whole?.slots),
    // Per second: dispatched / length, over ready_ns / length.
    Column::new("load_ratio", |m| quotient(m.dispatched as f64 * NS_PER_S, m.ready_ns)),
    Column::new("scaling_ratio", |m| m.scaling.larger()),
    Column::latency("p50_ms", |m| m.p50_ns.map(|ns| ns as f64 / NS_PER_MS)),
    Column::latency("p99_ms", |m| m.p99_ns.map(|ns| ns as f64 / NS_PER_MS)),
    Column::new("capacity_per_s", Moment::capacity_per_s),
    Column::new("load_ratio_max_over_mean", |m| m.whole?.most_over_mean),
];

impl Moment {
    fn servers(&self) -> Option<f64> {
        self.whole.and_then(|_| quotient(self.ready_ns, self.length_ns))
    }

    /// Returns the rate at which requests like those of the interval would need all servers that
    /// were ready: offered rate x servers / scaling ratio.
    fn capacity_per_s(&self) -> Option<f64> {
        let offered = quotient(self.offered as f64 * NS_PER_S, self.length_ns)?;
        quotient(offered * self.servers()?, self.scaling.larger()?)
    }
}

/// The time series of a study, ready to be read interval by interval.
#[derive(Debug)]
pub struct Series<'a> {
    result: &'a StudyResult,
    subjects: Vec<Subject>,
    mean_servers: Vec<MeanServer>,
    /// Replication x service.
    capacity: Vec<Vec<CapacitySeries>>,
    aggregator: Aggregator,
    samples: Vec<Moment>,
}

impl<'a> Series<'a> {
    /// Prepares the series of a study.
    pub fn new(result: &'a StudyResult) -> Self {
        let plan = &result.plan;
        let of_run = |run: &RunResult| {
            let of_service =
                |(i, service)| CapacitySeries::of(service, i, run, plan.interval_ns, plan.duration_ns);
            plan.services.iter().enumerate().map(of_service).collect()
        };
        Self {
            result,
            subjects: Subject::all(plan),
            mean_servers: plan.services.iter().map(MeanServer::of).collect(),
            capacity: result.runs.iter().map(of_run).collect(),
            aggregator: Aggregator::new(result),
            samples: Vec::with_capacity(result.runs.len()),
        }
    }

    /// Returns the number of intervals; 0 where no replication finished.
    pub fn intervals(&self) -> usize {
        let plan = &self.result.plan;
        if self.result.runs.is_empty() { 0 } else { plan.duration_ns.div_ceil(plan.interval_ns) as usize }
    }

    /// Returns the subjects, in the order of the file.
    pub fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    /// Returns what the figures of one replication, by its place among the runs, are made of.
    pub fn moment(&self, run: usize, subject: Subject, interval: usize) -> Moment {
        let (servers, capacity) = (&self.mean_servers[subject.service], &self.capacity[run][subject.service]);
        moment(&self.result.plan, &self.result.runs[run], subject, interval, servers, capacity)
    }

    /// Calls `cell` with each column of [`SERIES`], aggregated, for subject number `subject`.
    pub fn figures(&mut self, subject: usize, interval: usize, mut cell: impl FnMut(Option<Interval>)) {
        let subject = self.subjects[subject];
        self.samples.clear();
        for run in 0..self.result.runs.len() {
            self.samples.push(self.moment(run, subject, interval));
        }
        for column in &SERIES {
            cell(self.aggregator.column(column, &self.samples));
        }
    }
}

fn moment(
    plan: &Plan,
    run: &RunResult,
    subject: Subject,
    i: usize,
    servers: &MeanServer,
    capacity: &CapacitySeries,
) -> Moment {
    let start = plan.interval_ns.saturating_mul(i as u64);
    let length_ns = (plan.duration_ns - start).min(plan.interval_ns) as f64;
    let service = &run.service_series[subject.service];
    let mut moment = Moment {
        length_ns,
        ready_ns: service.ready_ns[i].0 as f64,
        ordered_ns: service.ordered_ns[i].0 as f64,
        desired_ns: service.desired_ns[i].0 as f64,
        ..Moment::default()
    };
    for row in &run.row_series[subject.rows(plan)] {
        moment.offered += row.offered[i];
        for (sum, column) in moment.outcomes.iter_mut().zip(&row.outcomes) {
            *sum += column[i];
        }
        moment.dispatched += row.dispatched[i];
        moment.in_flight_ns += row.in_flight_ns[i].0 as f64;
    }
    let loads = subject.rows(plan).map(|row| Load {
        row: &plan.rows[row],
        offered: run.row_series[row].offered[i],
        size_sum_micros: run.row_series[row].size_sum_micros[i].0,
    });
    moment.scaling = servers.scaling(loads, length_ns);
    let share = |used: u128, all: &Option<Vec<u128>>| {
        all.as_ref().and_then(|all| quotient(used as f64, all[i] as f64))
    };
    if let Some(row) = subject.row {
        (moment.p50_ns, moment.p99_ns) = (run.row_series[row].p50_ns[i], run.row_series[row].p99_ns[i]);
    } else {
        (moment.p50_ns, moment.p99_ns) = (service.p50_ns[i], service.p99_ns[i]);
        moment.whole = Some(Use {
            queued_ns: service.queued_ns[i].0 as f64,
            most_over_mean: quotient(
                service.sent_most[i] as f64 * service.sent_servers[i] as f64,
                service.sent_total[i] as f64,
            ),
            cpu: share(service.cpu_milli_ns[i].0, &capacity.milli),
            slots: share(service.slot_ns[i].0, &capacity.slots),
        });
    }
    moment
}
