//! The time series in the text format of OpenMetrics 1.0, as Prometheus backfills it.
//!
//! Samples carry timestamps: counters stand at 0 at t = 0 and at every end of an interval at what has
//! happened until then; gauges at the end of an interval tell its mean. Instants are counted from
//! `run.start`, and from 1970 where there is none. Families stand one after the other, in each every
//! set of labels with its timestamps rising, as the specification asks.

use std::io::{self, Write};

use crate::report::number;
use crate::results::{RowSeries, RunResult, SERIES, Series, ServiceSeries, StudyResult};
use crate::workload::Outcome;

/// What a family's metadata says.
struct Family {
    name: &'static str,
    kind: &'static str,
    /// A suffix of the name; empty without one.
    unit: &'static str,
    help: &'static str,
}

impl Family {
    const fn new(name: &'static str, kind: &'static str, unit: &'static str, help: &'static str) -> Self {
        Self { name, kind, unit, help }
    }
}

/// A counter of a service x class: what it counts in each interval.
type RowCount = fn(&RowSeries) -> &[u64];
/// A counter of a service, in thousandths of a nanosecond: what it adds in each interval.
type ServiceTime = fn(&ServiceSeries, usize) -> u128;

const SCENARIO: Family = Family::new("peakday_scenario", "info", "", "What was simulated, and by what.");
const ENDED: Family =
    Family::new("peakday_requests_ended", "counter", "", "Requests that ended, by how they ended.");
const ROW_COUNTERS: [(Family, RowCount); 2] = [
    (Family::new("peakday_requests_offered", "counter", "", "Requests that arrived."), |row| &row.offered),
    (Family::new("peakday_attempts", "counter", "", "Requests sent to a server."), |row| &row.dispatched),
];
const SERVICE_COUNTERS: [(Family, ServiceTime); 3] = [
    (Family::new("peakday_cpu_seconds", "counter", "seconds", "CPU time burned, over all cores."), |s, i| {
        s.cpu_milli_ns[i].0
    }),
    (Family::new("peakday_slot_seconds", "counter", "seconds", "Time that slots were held."), |s, i| {
        s.slot_ns[i].0 * 1_000
    }),
    (Family::new("peakday_server_seconds", "counter", "seconds", "Time of servers in rotation."), |s, i| {
        s.ready_ns[i].0 * 1_000
    }),
];
/// Gauges of a service x class, each a column of the series.
const ROW_GAUGES: [(Family, &str); 1] = [(
    Family::new("peakday_requests_in_flight", "gauge", "", "Requests in flight, mean of the interval."),
    "in_flight",
)];
/// Gauges of a service, each a column of the series.
const SERVICE_GAUGES: [(Family, &str); 8] = [
    (Family::new("peakday_requests_queued", "gauge", "", "Requests waiting for a slot, mean."), "queued"),
    (Family::new("peakday_servers_ready", "gauge", "", "Servers in rotation, mean."), "servers_ready"),
    (
        Family::new("peakday_servers_ordered", "gauge", "", "Servers from order to end, mean."),
        "servers_ordered",
    ),
    (Family::new("peakday_servers_desired", "gauge", "", "Servers wanted, mean."), "servers_desired"),
    (
        Family::new("peakday_cpu_utilization_ratio", "gauge", "ratio", "CPU time burned / cores."),
        "cpu_utilization",
    ),
    (
        Family::new("peakday_slot_utilization_ratio", "gauge", "ratio", "Time slots were held / slots."),
        "slot_utilization",
    ),
    (
        Family::new("peakday_load_ratio", "gauge", "", "Requests sent per second and server in rotation."),
        "load_ratio",
    ),
    (
        Family::new("peakday_scaling_ratio", "gauge", "", "How many servers' worth of load is offered."),
        "scaling_ratio",
    ),
];
const ROW_LATENCY: Family = Family::new(
    "peakday_request_duration_seconds",
    "summary",
    "seconds",
    "Time in the system of the requests that completed in the interval, by class.",
);
const SERVICE_LATENCY: Family = Family::new(
    "peakday_service_request_duration_seconds",
    "summary",
    "seconds",
    "Time in the system of the requests that completed in the interval, of all classes.",
);

const RELEASE_TRAFFIC: Family = Family::new(
    "peakday_release_traffic_ratio",
    "gauge",
    "ratio",
    "Share of traffic given to the new version of a release at the end of the interval.",
);

/// Writes the series of every replication, service and class.
///
/// # Errors
/// Where `writer` fails.
pub fn openmetrics(result: &StudyResult, writer: &mut impl Write) -> io::Result<()> {
    let mut text = Text { result, writer, line: Vec::new() };
    text.scenario()?;
    for (family, count) in &ROW_COUNTERS {
        text.family(family)?;
        text.each_row(|text, run, row, labels| {
            let counts = count(&run.row_series[row]);
            text.counter(family, labels, counts.iter().map(|&count| u128::from(count)), None)
        })?;
    }
    text.family(&ENDED)?;
    text.each_row(|text, run, row, labels| {
        for (outcome, counts) in Outcome::COLUMNS.iter().zip(&run.row_series[row].outcomes) {
            let labels = format!("{labels},outcome=\"{outcome}\"");
            text.counter(&ENDED, &labels, counts.iter().map(|&count| u128::from(count)), None)?;
        }
        Ok(())
    })?;
    for (family, time) in &SERVICE_COUNTERS {
        text.family(family)?;
        text.each_service(|text, run, service, labels| {
            let series = &run.service_series[service];
            text.counter(family, labels, (0..series.ready_ns.len()).map(|i| time(series, i)), Some(1_000))
        })?;
    }
    text.gauges(&ROW_GAUGES, true)?;
    text.gauges(&SERVICE_GAUGES, false)?;
    text.family(&ROW_LATENCY)?;
    text.each_row(|text, run, row, labels| {
        let series = &run.row_series[row];
        text.quantiles(&ROW_LATENCY, labels, &series.p50_ns, &series.p99_ns)
    })?;
    text.family(&SERVICE_LATENCY)?;
    text.each_service(|text, run, service, labels| {
        let series = &run.service_series[service];
        text.quantiles(&SERVICE_LATENCY, labels, &series.p50_ns, &series.p99_ns)
    })?;
    text.releases()?;
    text.writer.write_all(b"# EOF\n")
}

/// The text in the making.
struct Text<'a, W> {
    result: &'a StudyResult,
    writer: &'a mut W,
    line: Vec<u8>,
}

impl<W: Write> Text<'_, W> {
    /// Writes the metadata of a family.
    fn family(&mut self, family: &Family) -> io::Result<()> {
        let Family { name, kind, unit, help } = family;
        writeln!(self.writer, "# TYPE {name} {kind}")?;
        if !unit.is_empty() {
            writeln!(self.writer, "# UNIT {name} {unit}")?;
        }
        writeln!(self.writer, "# HELP {name} {help}")
    }

    /// Calls `write` for every replication and row, with their labels.
    fn each_row(
        &mut self,
        mut write: impl FnMut(&mut Self, &RunResult, usize, &str) -> io::Result<()>,
    ) -> io::Result<()> {
        let plan = &self.result.plan;
        for run in &self.result.runs {
            for (row, of) in plan.rows.iter().enumerate() {
                let service = self.service_labels(run, of.service);
                let labels = format!("{service},class=\"{}\"", escaped(&plan.classes[of.class]));
                write(self, run, row, &labels)?;
            }
        }
        Ok(())
    }

    /// Calls `write` for every replication and service, with their labels.
    fn each_service(
        &mut self,
        mut write: impl FnMut(&mut Self, &RunResult, usize, &str) -> io::Result<()>,
    ) -> io::Result<()> {
        for run in &self.result.runs {
            for service in 0..self.result.plan.services.len() {
                let labels = self.service_labels(run, service);
                write(self, run, service, &labels)?;
            }
        }
        Ok(())
    }

    fn service_labels(&self, run: &RunResult, service: usize) -> String {
        let name = escaped(&self.result.plan.services[service].name);
        format!("replication=\"{}\",service=\"{name}\"", run.replication)
    }

    /// Says what was simulated, at every instant at which something else is said.
    fn scenario(&mut self) -> io::Result<()> {
        self.family(&SCENARIO)?;
        let (plan, provenance) = (&self.result.plan, &self.result.provenance);
        let clock = if plan.start.is_some() { "run.start" } else { "1970" };
        let labels = format!(
            "name=\"{}\",version=\"{}\",seed=\"{}\",sha256=\"{}\",clock=\"{clock}\"",
            escaped(&plan.name),
            escaped(&provenance.version),
            provenance.seed,
            escaped(&provenance.scenario_sha256),
        );
        for instant in 0..=self.intervals() {
            self.sample(SCENARIO.name, "_info", &labels, instant, |out| out.push(b'1'))?;
        }
        Ok(())
    }

    fn intervals(&self) -> u64 {
        self.result.plan.duration_ns.div_ceil(self.result.plan.interval_ns)
    }

    /// Writes a counter: 0, and after every interval the sum so far; `parts` of a nanosecond
    /// are told in seconds.
    fn counter(
        &mut self,
        family: &Family,
        labels: &str,
        added: impl Iterator<Item = u128>,
        parts: Option<u128>,
    ) -> io::Result<()> {
        let mut sum = 0_u128;
        for (instant, more) in (0..).zip(std::iter::once(0).chain(added)) {
            sum += more;
            self.sample(family.name, "_total", labels, instant, |out| {
                let _ = match parts.map(|parts| sum / parts) {
                    Some(nanos) => write!(out, "{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000),
                    None => write!(out, "{sum}"),
                };
            })?;
        }
        Ok(())
    }

    /// Writes columns of the series, of every class or of every service; nothing where one does not
    /// apply.
    fn gauges(&mut self, gauges: &[(Family, &str)], by_class: bool) -> io::Result<()> {
        let plan = &self.result.plan;
        let series = Series::new(self.result);
        for (family, name) in gauges {
            self.family(family)?;
            let Some(column) = SERIES.iter().find(|column| column.name == *name) else { continue };
            for (index, run) in self.result.runs.iter().enumerate() {
                for subject in series.subjects().iter().filter(|subject| subject.row.is_some() == by_class) {
                    let mut labels = self.service_labels(run, subject.service);
                    if by_class {
                        labels += &format!(",class=\"{}\"", escaped(subject.class_name(plan)));
                    }
                    for interval in 0..series.intervals() {
                        let moment = series.moment(index, *subject, interval);
                        let Some(value) = (column.figure)(&moment) else { continue };
                        let instant = interval as u64 + 1;
                        self.sample(family.name, "", &labels, instant, |out| number::push(out, value))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Writes how much traffic releases were given, as the run itself rolls them out; nothing where there are none.
    fn releases(&mut self) -> io::Result<()> {
        let result = self.result;
        if result.plan.releases.is_empty() {
            return Ok(());
        }
        self.family(&RELEASE_TRAFFIC)?;
        for run in &result.runs {
            for release in run.releases.iter().filter(|release| release.policy == 0) {
                let service = self.service_labels(run, result.plan.releases[release.release].service);
                let (version, number) = (escaped(&release.to), release.release + 1);
                let labels = format!(
                    "{service},release=\"{number}\",commit=\"{}\",version=\"{version}\"",
                    release.commit
                );
                for (instant, &ppm) in (1..).zip(&release.series.weight_ppm) {
                    let value = f64::from(ppm) / 1e6;
                    self.sample(RELEASE_TRAFFIC.name, "", &labels, instant, |out| number::push(out, value))?;
                }
            }
        }
        Ok(())
    }

    /// Writes median and 99th percentile of every interval; NaN where nothing completed.
    fn quantiles(
        &mut self,
        family: &Family,
        labels: &str,
        p50: &[Option<u64>],
        p99: &[Option<u64>],
    ) -> io::Result<()> {
        let labels = ["0.5", "0.99"].map(|quantile| format!("{labels},quantile=\"{quantile}\""));
        for (instant, values) in (1..).zip(p50.iter().zip(p99)) {
            for (labels, value) in labels.iter().zip([values.0, values.1]) {
                self.sample(family.name, "", labels, instant, |out| match value {
                    Some(nanos) => number::push_seconds(out, *nanos),
                    None => out.extend_from_slice(b"NaN"),
                })?;
            }
        }
        Ok(())
    }

    /// Writes one sample at the end of so many intervals.
    fn sample(
        &mut self,
        name: &str,
        suffix: &str,
        labels: &str,
        instant: u64,
        value: impl FnOnce(&mut Vec<u8>),
    ) -> io::Result<()> {
        let plan = &self.result.plan;
        let out = &mut self.line;
        out.clear();
        for part in [name, suffix, "{", labels, "} "] {
            out.extend_from_slice(part.as_bytes());
        }
        value(out);
        out.push(b' ');
        let nanos = plan.interval_ns.saturating_mul(instant).min(plan.duration_ns);
        let epoch = plan.start.map_or(0, |start| start.epoch_ns);
        push_timestamp(out, i128::from(epoch) + i128::from(nanos));
        out.push(b'\n');
        self.writer.write_all(out)
    }
}

/// Appends an instant in seconds since 1970, exactly.
fn push_timestamp(out: &mut Vec<u8>, nanos: i128) {
    if nanos < 0 {
        out.push(b'-');
    }
    number::push_seconds(out, u64::try_from(nanos.unsigned_abs()).unwrap_or(u64::MAX));
}

/// Returns the value of a label as it is written between quotes.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::example::{S, one_day, study};
    use crate::results::{WallClock, Wide};

    #[test]
    fn releases_tell_how_much_traffic_they_were_given() {
        use crate::results::released;
        let compared = crate::results::ReleaseRun { policy: 1, ..released::faulty() };
        let text = export(&released::study(vec![vec![released::faulty(), released::caught(), compared]]));
        let own: Vec<_> =
            text.lines().filter(|line| line.starts_with("peakday_release_traffic_ratio{")).collect();
        assert_eq!(own.len(), 10, "of the run itself, and only what began: {own:?}");
        let labels = "replication=\"1\",service=\"web\",release=\"1\",commit=\"1\",version=\"v2\"";
        assert_eq!(own[0], format!("peakday_release_traffic_ratio{{{labels}}} 0 10"));
        assert_eq!(own[1], format!("peakday_release_traffic_ratio{{{labels}}} 0.05 20"));
        assert!(!export(&study()).contains("release"));
    }

    fn export(result: &StudyResult) -> String {
        let mut bytes = Vec::new();
        openmetrics(result, &mut bytes).expect("memory takes everything");
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn instants_are_exact_on_both_sides_of_1970() {
        let table = [
            (0, "0"),
            (1, "0.000000001"),
            (-1, "-0.000000001"),
            (-1_500_000_000, "-1.5"),
            (1_794_268_800_000_000_000, "1794268800"),
            (i128::from(u64::MAX), "18446744073.709551615"),
        ];
        for (nanos, expected) in table {
            let mut out = Vec::new();
            push_timestamp(&mut out, nanos);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn values_of_labels_stay_between_their_quotes() {
        let table = [
            ("a", "a"),
            ("\"", "\\\""),
            ("\\", "\\\\"),
            ("\n", "\\n"),
            ("\\n", "\\\\n"),
            ("京 {},=", "京 {},="),
        ];
        for (value, expected) in table {
            assert_eq!(escaped(value), expected);
            let mut named = one_day();
            named.plan.services[0].name = value.to_owned();
            let line = format!("\npeakday_servers_ready{{replication=\"1\",service=\"{expected}\"}} 3 10\n");
            assert!(export(&named).contains(&line), "{value:?}");
        }
    }

    /// Of `web` in the example's first day: 100, 600 and 400 browsing requests, 96, 33 and 22
    /// core-seconds, 30, 30 and 20 server-seconds in intervals of 10 s.
    #[test]
    fn counters_rise_and_gauges_tell_their_interval() {
        let web = "replication=\"1\",service=\"web\"";
        let table = [
            (
                "peakday_requests_offered_total",
                ",class=\"browse\"",
                ["0 0", "100 10", "700 20", "1100 30"].as_slice(),
            ),
            ("peakday_attempts_total", ",class=\"order\"", &["0 0", "0 10", "110 20", "210 30"]),
            (
                "peakday_cpu_seconds_total",
                "",
                &["0.000000000 0", "96.000000000 10", "129.000000000 20", "151.000000000 30"],
            ),
            (
                "peakday_server_seconds_total",
                "",
                &["0.000000000 0", "30.000000000 10", "60.000000000 20", "80.000000000 30"],
            ),
            ("peakday_servers_ready", "", &["3 10", "3 20", "2 30"]),
            ("peakday_servers_ordered", "", &["3 10", "3 20", "2 30"]),
            ("peakday_servers_desired", "", &["3 10", "3 20", "2 30"]),
            ("peakday_requests_queued", "", &["0 10", "2 20", "0 30"]),
            ("peakday_requests_in_flight", ",class=\"browse\"", &["1 10", "2 20", "0.5 30"]),
            (
                "peakday_request_duration_seconds",
                ",class=\"order\",quantile=\"0.5\"",
                &["0.0000001 10", "0.0000002 20", "NaN 30"],
            ),
            (
                "peakday_service_request_duration_seconds",
                ",quantile=\"0.99\"",
                &["0.000001 10", "0.0000005 20", "NaN 30"],
            ),
        ];
        let text = export(&study());
        for (name, labels, expected) in table {
            let prefix = format!("{name}{{{web}{labels}}} ");
            let found: Vec<_> = text.lines().filter_map(|line| line.strip_prefix(&prefix)).collect();
            assert_eq!(found, expected, "{prefix}");
        }
        assert!(text.ends_with("\n# EOF\n"));
    }

    #[test]
    fn the_last_interval_ends_with_the_run_and_the_clock_begins_at_its_start() {
        let mut short = one_day();
        short.plan.duration_ns = 25 * S;
        short.plan.start = Some(WallClock { epoch_ns: -10_000_000_000, offset_s: 28_800 });
        let ends: Vec<_> = export(&short)
            .lines()
            .filter(|line| line.starts_with("peakday_scenario_info"))
            .map(|line| line.rsplit_once(' ').expect("an instant").1.to_owned())
            .collect();
        assert_eq!(ends, ["-10", "0", "10", "15"]);
    }

    /// Thousandths of a nanosecond were lost in every interval.
    #[test]
    fn cpu_time_is_rounded_once() {
        let mut fine = one_day();
        fine.runs[0].service_series[0].cpu_milli_ns = vec![Wide(1_600), Wide(1_600), Wide(1_800)];
        let text = export(&fine);
        let prefix = "peakday_cpu_seconds_total{replication=\"1\",service=\"web\"} ";
        let found: Vec<_> = text.lines().filter_map(|line| line.strip_prefix(prefix)).collect();
        assert_eq!(found, ["0.000000000 0", "0.000000001 10", "0.000000003 20", "0.000000005 30"]);
    }
}
