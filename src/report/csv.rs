//! Tables as CSV: one function a file, columns from the tables of `results`.

mod releases;

pub use releases::{release_policies_csv, releases_csv};

use std::io;

use crate::report::words::Lang;
use crate::report::{class_of, goal_text, number, told};
use crate::results::{
    Column, ObjectivePlan, ObjectiveVerdict, SERIES, SERVERS, SUMMARY, Series, StudyResult, dependencies,
    servers, summary, verdicts,
};
use crate::stats::Interval;

/// A CSV file in the making.
pub(super) struct Table {
    writer: csv::Writer<Vec<u8>>,
    cell: Vec<u8>,
}

impl Table {
    pub(super) fn new() -> Self {
        Self { writer: csv::Writer::from_writer(Vec::new()), cell: Vec::new() }
    }

    pub(super) fn text(&mut self, text: &str) -> io::Result<()> {
        Ok(self.writer.write_field(text)?)
    }

    pub(super) fn texts(&mut self, texts: &[&str]) -> io::Result<()> {
        texts.iter().try_for_each(|text| self.text(text))
    }

    /// Writes a figure; an empty cell where it does not apply.
    pub(super) fn number(&mut self, value: Option<f64>) -> io::Result<()> {
        self.cell.clear();
        if let Some(value) = value {
            number::push(&mut self.cell, value);
        }
        Ok(self.writer.write_field(&self.cell)?)
    }

    pub(super) fn count(&mut self, value: Option<u32>) -> io::Result<()> {
        self.number(value.map(f64::from))
    }

    pub(super) fn seconds(&mut self, nanos: Option<u64>) -> io::Result<()> {
        self.cell.clear();
        if let Some(nanos) = nanos {
            number::push_seconds(&mut self.cell, nanos);
        }
        Ok(self.writer.write_field(&self.cell)?)
    }

    /// Writes a figure and the ends of its interval.
    pub(super) fn interval(&mut self, figure: Option<Interval>) -> io::Result<()> {
        self.number(figure.map(|figure| figure.mean))?;
        self.number(figure.and_then(|figure| figure.lo))?;
        self.number(figure.and_then(|figure| figure.hi))
    }

    /// Writes the heads of figures, each with those of its interval.
    pub(super) fn heads<S>(&mut self, columns: &[Column<S>]) -> io::Result<()> {
        columns.iter().try_for_each(|column| {
            let name = column.name;
            self.texts(&[name, &format!("{name}_lo"), &format!("{name}_hi")])
        })
    }

    pub(super) fn end_row(&mut self) -> io::Result<()> {
        Ok(self.writer.write_record(None::<&[u8]>)?)
    }

    pub(super) fn finish(self) -> io::Result<Vec<u8>> {
        self.writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
    }
}

/// Returns `summary.csv`: a row per service x class, means over replications with intervals.
///
/// # Errors
///
/// Where a row cannot be written, which does not happen in memory.
pub fn summary_csv(result: &StudyResult) -> io::Result<Vec<u8>> {
    let mut table = Table::new();
    table.texts(&["service", "class"])?;
    table.heads(&SUMMARY)?;
    table.texts(&["scaling_ratio_binding", "note"])?;
    table.end_row()?;
    for row in summary(result) {
        table.text(&result.plan.services[row.subject.service].name)?;
        table.text(row.subject.class_name(&result.plan))?;
        row.figures.iter().try_for_each(|figure| table.interval(*figure))?;
        table.texts(&[&row.binding, &row.note])?;
        table.end_row()?;
    }
    table.finish()
}

/// Returns `timeseries.csv`: a row per interval x service x class.
///
/// # Errors
///
/// As [`summary_csv`].
pub fn timeseries_csv(result: &StudyResult) -> io::Result<Vec<u8>> {
    let plan = &result.plan;
    let mut table = Table::new();
    table.texts(&["time_s", "wall", "service", "class"])?;
    table.heads(&SERIES)?;
    table.end_row()?;
    let mut series = Series::new(result);
    let names: Vec<(String, String)> = series
        .subjects()
        .iter()
        .map(|subject| (plan.services[subject.service].name.clone(), subject.class_name(plan).to_owned()))
        .collect();
    for interval in 0..series.intervals() {
        let start = plan.interval_ns * interval as u64;
        let wall = number::wall(plan, start);
        for (subject, (service, class)) in names.iter().enumerate() {
            table.seconds(Some(start))?;
            table.texts(&[&wall, service, class])?;
            let mut written = Ok(());
            series.figures(subject, interval, |figure| {
                if written.is_ok() {
                    written = table.interval(figure);
                }
            });
            written?;
            table.end_row()?;
        }
    }
    table.finish()
}

/// Returns `servers.csv`: a row per server, matched over replications by launch ordinal.
///
/// # Errors
///
/// As [`summary_csv`].
pub fn servers_csv(result: &StudyResult) -> io::Result<Vec<u8>> {
    let mut table = Table::new();
    table.texts(&["service", "server", "pool", "zone", "version"])?;
    table.heads(&SERVERS)?;
    table.end_row()?;
    for row in servers(result) {
        let service = &result.plan.services[row.service];
        table.text(&service.name)?;
        table.number(Some(row.ordinal as f64))?;
        let zone = row.zone.map_or("", |zone| &result.plan.zones[zone]);
        table.texts(&[&service.pools[row.pool].name, zone, &row.version])?;
        row.figures.iter().try_for_each(|figure| table.interval(*figure))?;
        table.end_row()?;
    }
    table.finish()
}

/// Returns `dependencies.csv`: a row per service x limited resource, in its worst replication.
///
/// # Errors
///
/// As [`summary_csv`].
pub fn dependencies_csv(result: &StudyResult) -> io::Result<Vec<u8>> {
    let plan = &result.plan;
    let mut table = Table::new();
    table.texts(&[
        "service",
        "resource",
        "limit",
        "peak_use",
        "margin",
        "time_of_peak_s",
        "wall",
        "replication",
    ])?;
    table.end_row()?;
    for row in dependencies(result) {
        table.texts(&[&plan.services[row.service].name, row.resource])?;
        table.number(Some(row.limit))?;
        table.number(row.peak_use)?;
        table.number(row.margin)?;
        table.seconds(row.at_ns)?;
        table.text(&row.at_ns.map_or_else(String::new, |at| number::wall(plan, at)))?;
        table.count(row.replication)?;
        table.end_row()?;
    }
    table.finish()
}

/// Returns `objectives.csv`: a row per objective x replication, and a total with the verdict.
///
/// # Errors
///
/// As [`summary_csv`].
pub fn objectives_csv(result: &StudyResult) -> io::Result<Vec<u8>> {
    let mut table = Table::new();
    table.texts(&[
        "objective",
        "service",
        "class",
        "goal",
        "replication",
        "value",
        "value_lo",
        "value_hi",
    ])?;
    table.texts(&["unit", "worst_window_s", "worst_window", "holds", "share", "share_lo", "share_hi"])?;
    table.texts(&["verdict", "note"])?;
    table.end_row()?;
    for (objective, verdict) in result.plan.objectives.iter().zip(verdicts(result)) {
        objective_rows(&mut table, result, objective, &verdict)?;
    }
    table.finish()
}

/// Returns `events.csv`: a row per event, in order of time within each replication.
///
/// # Errors
///
/// As [`summary_csv`].
pub fn events_csv(result: &StudyResult) -> io::Result<Vec<u8>> {
    let plan = &result.plan;
    let mut table = Table::new();
    table.texts(&[
        "replication",
        "time_s",
        "wall",
        "kind",
        "service",
        "pool",
        "name",
        "servers",
        "detail",
    ])?;
    table.end_row()?;
    for run in &result.runs {
        for event in &run.events {
            table.count(Some(run.replication))?;
            table.seconds(Some(event.at_ns))?;
            let service = event.service.map(|service| &plan.services[service]);
            let pool = service.zip(event.pool).map_or("", |(service, pool)| &service.pools[pool].name);
            let service = service.map_or("", |service| &service.name);
            let wall = number::wall(plan, event.at_ns);
            table.texts(&[&wall, event.kind.name(), service, pool, &event.name])?;
            table.count(event.servers)?;
            table.text(&event.detail)?;
            table.end_row()?;
        }
    }
    table.finish()
}

/// Returns `scale_events.csv`: a row per decision about the number of servers of a pool, in order of time within
/// each replication.
///
/// # Errors
///
/// As [`summary_csv`].
pub fn scale_events_csv(result: &StudyResult) -> io::Result<Vec<u8>> {
    let plan = &result.plan;
    let mut table = Table::new();
    table.texts(&["replication", "time_s", "wall", "service", "pool", "policy", "from", "to"])?;
    table.texts(&["signal", "raw_recommendation", "limited_by", "ready_at_s"])?;
    table.end_row()?;
    for run in &result.runs {
        for decision in &run.decisions {
            table.count(Some(run.replication))?;
            table.seconds(Some(decision.at_ns))?;
            let service = &plan.services[decision.service];
            let wall = number::wall(plan, decision.at_ns);
            table.texts(&[&wall, &service.name, &service.pools[decision.pool].name, &decision.policy])?;
            table.count(Some(decision.from))?;
            table.count(Some(decision.to))?;
            table.text(&decision.signal)?;
            table.count(decision.raw)?;
            table.text(decision.limited_by.as_deref().unwrap_or(""))?;
            table.seconds(decision.ready_ns)?;
            table.end_row()?;
        }
    }
    table.finish()
}

fn objective_rows(
    table: &mut Table,
    result: &StudyResult,
    objective: &ObjectivePlan,
    verdict: &ObjectiveVerdict,
) -> io::Result<()> {
    let plan = &result.plan;
    let (service, class) = (&plan.services[objective.service].name, class_of(plan, objective));
    let names = [&*objective.name, service, class, &goal_text(&objective.goal)];
    let unit = objective.goal.unit();
    for day in &verdict.days {
        table.texts(&names)?;
        table.count(Some(day.replication))?;
        table.number(day.value)?;
        table.texts(&["", "", unit])?;
        table.seconds(day.worst_window_ns)?;
        table.text(&day.worst_window_ns.map_or_else(String::new, |at| number::wall(plan, at)))?;
        table.texts(&[if day.holds { "true" } else { "false" }, "", "", "", ""])?;
        table.text(&told::day_note(objective, day, Lang::En))?;
        table.end_row()?;
    }
    table.texts(&names)?;
    table.text("total")?;
    table.interval(verdict.value)?;
    table.texts(&[unit, "", "", ""])?;
    table.number(verdict.share())?;
    table.number(verdict.share_lo)?;
    table.number(verdict.share_hi)?;
    table.texts(&[verdict.verdict.name(), &told::notes(objective, verdict, Lang::En)])?;
    table.end_row()
}
