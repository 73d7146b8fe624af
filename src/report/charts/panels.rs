//! What each chart of a service shows: which columns, on which axes.

use super::axis::{Axis, nines_of, time_caption};
use super::look::{BLUE, GREEN, LOOKS, Look, ORANGE, PURPLE, SKY, VERMILLION};
use super::marks::{Mark, marks};
use super::plot::{Bound, COLUMNS, Layer, Line, Plot};
use super::thin::{Edges, bands, envelope, layers, lines};
use super::{Chart, Kind};
use crate::report::goal_text;
use crate::report::words::{Lang, Word};
use crate::results::{Goal, SERIES, SERVERS, Series, ServerRow, StudyResult, Subject, latency_at};
use crate::stats::Interval;

/// Shares at which the distribution of latencies is read off.
const SHARES: [f64; 22] = [
    0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9998, 0.9999,
    0.99995, 0.9999_8, 0.99999, 0.99999_5, 0.999999,
];

/// The shortest bound, as a share of the axis across.
const SHORTEST: f64 = 0.02;

/// Classes with a curve of their own in the chart of nines: as many as can be told apart.
const MAX_CURVES: usize = 5;

/// The looks of classes beside those of all.
const CLASS_LOOKS: [Look; 4] = [GREEN, PURPLE, ORANGE, SKY];

/// The ends of requests that did not complete, from the lowest layer to the highest.
const LOST: [(&str, Word, Look); 5] = [
    ("rejected", Word::Rejected, PURPLE),
    ("timed_out", Word::TimedOut, ORANGE),
    ("failed", Word::Failed, VERMILLION),
    ("shed", Word::Shed, SKY),
    ("cancelled", Word::Cancelled, GREEN),
];

/// The series of one service: the cells of its rows in `timeseries.csv`, column by column.
struct Cells(Vec<Vec<Option<Interval>>>);

impl Cells {
    fn gather(series: &mut Series<'_>, subject: Subject) -> Self {
        let subject = series.subjects().iter().position(|known| *known == subject);
        let mut columns = vec![Vec::with_capacity(series.intervals()); SERIES.len()];
        for interval in 0..series.intervals() {
            let mut column = columns.iter_mut();
            series.figures(subject.unwrap_or(0), interval, |figure| {
                if let Some(column) = column.next() {
                    column.push(figure);
                }
            });
        }
        Self(columns)
    }

    fn column(&self, name: &str) -> &[Option<Interval>] {
        let index = SERIES.iter().position(|column| column.name == name);
        index.map_or(&[], |index| &self.0[index])
    }
}

/// Gathers the percentiles of classes that objectives are about, as far as there are series of them.
fn classes(
    series: &mut Series<'_>,
    result: &StudyResult,
    service: usize,
) -> Vec<(String, Vec<Option<Interval>>)> {
    let plan = &result.plan;
    let rows = plan.rows_of(service);
    let mut found: Vec<(String, _)> = Vec::new();
    for objective in plan.objectives.iter().filter(|objective| objective.service == service) {
        let percentile = match objective.goal {
            Goal::Latency { percentile: 50.0, .. } => "p50",
            Goal::Latency { percentile: 99.0, .. } => "p99",
            _ => continue,
        };
        let row = rows.clone().find(|&row| Some(plan.rows[row].class) == objective.class);
        let (Some(row), true) = (row, rows.len() > 1) else { continue };
        let label = format!("{percentile} {}", plan.classes[plan.rows[row].class]);
        if found.len() < CLASS_LOOKS.len() && found.iter().all(|(known, _)| *known != label) {
            let cells = Cells::gather(series, Subject { service, row: Some(row) });
            found.push((label, cells.column(&format!("{percentile}_ms")).to_vec()));
        }
    }
    found
}

/// Draws the charts of one service.
pub(super) struct Panels<'a> {
    result: &'a StudyResult,
    lang: Lang,
    service: usize,
    cells: Cells,
    /// Classes with latency objectives of their own: label and column.
    classes: Vec<(String, Vec<Option<Interval>>)>,
    edges: Edges,
    /// Length of each interval in seconds.
    seconds: Vec<f64>,
    servers: &'a [ServerRow],
    marks: Vec<Mark>,
}

impl<'a> Panels<'a> {
    pub(super) fn of(
        series: &mut Series<'_>,
        result: &'a StudyResult,
        servers: &'a [ServerRow],
        service: usize,
        lang: Lang,
    ) -> Self {
        let plan = &result.plan;
        let (length, bucket) = (plan.duration_ns.max(1), plan.interval_ns);
        let start = |i: usize| bucket.saturating_mul(i as u64);
        let seconds = |i| length.saturating_sub(start(i)).min(bucket) as f64 / 1e9;
        Self {
            result,
            lang,
            service,
            cells: Cells::gather(series, Subject { service, row: None }),
            classes: classes(series, result, service),
            edges: Edges::of(length, bucket),
            seconds: (0..series.intervals()).map(seconds).collect(),
            servers,
            marks: marks(result, service, lang),
        }
    }

    /// Returns the chart of a kind.
    pub(super) fn chart(&self, kind: Kind) -> Chart {
        let plot = match kind {
            Kind::Rate => self.rate(),
            Kind::Latency => self.latency(),
            Kind::Utilization => self.utilization(),
            Kind::Queue => self.queue(),
            Kind::Outcomes => self.losses(),
            Kind::Load => self.load(),
            Kind::Evenness => self.evenness(),
            Kind::Scaling => self.scaling(),
            Kind::Distribution => self.distribution(),
        };
        Chart { service: self.service, kind, plot }
    }

    fn rate(&self) -> Plot {
        let lines = vec![
            self.line(Word::Capacity, ORANGE, self.cells.column("capacity_per_s")),
            self.line(Word::Offered, BLUE, &self.per_second("offered")),
            self.line(Word::Goodput, GREEN, &self.per_second("completed")),
        ];
        let y = Axis::linear(top(&lines));
        Plot { lines, ..self.over_time(Kind::Rate, Word::RequestsPerSecond, y) }
    }

    fn latency(&self) -> Plot {
        let mut lines = vec![
            self.named("p50".to_owned(), BLUE, self.cells.column("p50_ms")),
            self.named("p99".to_owned(), VERMILLION, self.cells.column("p99_ms")),
        ];
        let classes = self.classes.iter().zip(CLASS_LOOKS);
        lines.extend(classes.map(|((label, values), look)| self.named(label.clone(), look, values)));
        let bounds = self.bounds(true);
        let y = latency_axis(&lines, &bounds);
        let plot = self.over_time(Kind::Latency, Word::LatencyUnit, y);
        Plot { lines, bounds, empty: self.lang.word(Word::NothingCompleted), ..plot }
    }

    fn utilization(&self) -> Plot {
        let lines = vec![
            self.line(Word::Cpu, BLUE, self.cells.column("cpu_utilization")),
            self.line(Word::Slots, VERMILLION, self.cells.column("slot_utilization")),
        ];
        // An interval may reach beyond all there is.
        let y = Axis::percent(highest(&lines));
        let bounds = vec![self.bound("", 1.0)];
        let plot = self.over_time(Kind::Utilization, Word::OfCapacity, y);
        Plot { lines, bounds, empty: self.lang.word(Word::NothingToShow), ..plot }
    }

    fn queue(&self) -> Plot {
        let lines = vec![
            self.line(Word::InFlight, BLUE, self.cells.column("in_flight")),
            self.line(Word::Queued, VERMILLION, self.cells.column("queued")),
        ];
        let y = Axis::linear(top(&lines));
        let config = &self.result.plan.services[self.service];
        let servers = config.pools.iter().map(|pool| f64::from(pool.replicas)).sum();
        let queues = if config.central_queue { 1.0 } else { servers };
        let limit = config
            .queue_limit
            .map(|limit| self.bound(self.lang.word(Word::QueueLimit), f64::from(limit) * queues));
        Plot { lines, bounds: limit.into_iter().collect(), ..self.over_time(Kind::Queue, Word::Requests, y) }
    }

    fn losses(&self) -> Plot {
        let mut floor = vec![0.0; self.seconds.len()];
        let mut stack = Vec::new();
        for (column, word, look) in LOST {
            let rates = self.per_second(column);
            if rates.iter().flatten().all(|rate| rate.mean <= 0.0) {
                continue;
            }
            let stacked = |(floor, rate): (&mut f64, &Option<Interval>)| {
                let lo = *floor;
                *floor += rate.map_or(0.0, |rate| rate.mean);
                Some((lo, *floor))
            };
            let edges: Vec<_> = floor.iter_mut().zip(&rates).map(stacked).collect();
            stack.push(Layer {
                label: self.lang.word(word).to_owned(),
                look,
                bands: layers(&edges, &self.edges, COLUMNS),
            });
        }
        let y = Axis::linear(floor.into_iter().fold(0.0, f64::max));
        let plot = self.over_time(Kind::Outcomes, Word::RequestsPerSecond, y);
        Plot { layers: stack, empty: self.lang.word(Word::NothingLost), ..plot }
    }

    fn load(&self) -> Plot {
        let lines = vec![self.line(Word::LoadRatio, BLUE, self.cells.column("load_ratio"))];
        let y = Axis::linear(top(&lines));
        Plot { lines, ..self.over_time(Kind::Load, Word::LoadUnit, y) }
    }

    fn scaling(&self) -> Plot {
        let mut lines = vec![
            self.line(Word::ScalingRatio, VERMILLION, self.cells.column("scaling_ratio")),
            self.line(Word::Ready, BLUE, self.cells.column("servers_ready")),
        ];
        // Where servers come and go, what was wanted and what was paid for beside what was there.
        let ready = self.cells.column("servers_ready");
        for (name, word, look) in
            [("servers_desired", Word::Desired, GREEN), ("servers_ordered", Word::Ordered, ORANGE)]
        {
            let values = self.cells.column(name);
            let alike = |(a, b): (&Option<Interval>, &Option<Interval>)| {
                a.map(|figure| figure.mean) == b.map(|figure| figure.mean)
            };
            if !ready.iter().zip(values).all(alike) {
                lines.push(self.line(word, look, values));
            }
        }
        let y = Axis::linear(top(&lines));
        Plot { lines, ..self.over_time(Kind::Scaling, Word::Servers, y) }
    }

    fn evenness(&self) -> Plot {
        let requests = SERVERS.iter().position(|column| column.name == "requests").unwrap_or(0);
        let own = self.servers.iter().filter(|row| row.service == self.service);
        let mut counts: Vec<Interval> = own.filter_map(|row| row.figures[requests]).collect();
        counts.sort_by(|a, b| b.mean.total_cmp(&a.mean));
        let mean = counts.iter().map(|count| count.mean).sum::<f64>() / counts.len() as f64;
        let over_mean: Vec<_> =
            counts.iter().filter(|_| mean > 0.0).map(|&count| Some(scaled(count, 1.0 / mean))).collect();
        let count = counts.len().max(1) as u64;
        let label = self.lang.word(Word::Servers).to_owned();
        // A day's volume moves all servers together and would drown how they differ.
        let line = Line { bands: Vec::new(), ..curves(label, BLUE, &over_mean, &Edges::of(count, 1)) };
        let lines = vec![line];
        let y = Axis::linear(top(&lines).max(1.0));
        let plot = self.over_time(Kind::Evenness, Word::EvennessUnit, y);
        let bounds = vec![self.bound("", 1.0)];
        let x_caption = self.lang.word(Word::ServersSorted).to_owned();
        Plot {
            x: Axis::ordinals(counts.len()),
            x_caption,
            warmup: None,
            marks: vec![],
            lines,
            bounds,
            ..plot
        }
    }

    fn distribution(&self) -> Plot {
        let plan = &self.result.plan;
        let classes = plan.rows_of(self.service);
        let mut subjects = vec![Subject { service: self.service, row: None }];
        if classes.len() > 1 {
            subjects.extend(
                classes.map(|row| Subject { service: self.service, row: Some(row) }).take(MAX_CURVES),
            );
        }
        let figures: Vec<_> =
            subjects.iter().map(|&subject| latency_at(self.result, subject, &SHARES)).collect();
        let known =
            |figures: &Vec<Option<Interval>>| figures.iter().take_while(|figure| figure.is_some()).count();
        let most = figures.iter().map(known).max().unwrap_or(0);
        let x = Axis::nines(nines_of(SHARES[most.max(6) - 1]));
        let line = |((subject, figures), look): ((&Subject, &Vec<Option<Interval>>), &Look)| {
            let label = match subject.row {
                None => self.lang.word(Word::All),
                Some(_) => subject.class_name(plan),
            };
            let at = |i: usize| x.share(nines_of(SHARES[i]));
            let points: Vec<_> =
                figures.iter().flatten().enumerate().map(|(i, figure)| (at(i), figure.mean)).collect();
            let band = figures.iter().flatten().enumerate();
            let band: Vec<_> = band.filter_map(|(i, figure)| Some((at(i), figure.lo?, figure.hi?))).collect();
            let some = |points: Vec<_>| if points.is_empty() { vec![] } else { vec![points] };
            let bands = if band.is_empty() { vec![] } else { vec![band] };
            Line { label: label.to_owned(), look: *look, runs: some(points), bands, ..Line::default() }
        };
        let lines: Vec<_> = subjects.iter().zip(&figures).zip(&LOOKS).map(line).collect();
        let mut bounds = self.bounds(false);
        // A percentile below its bound says nothing of those above it.
        for bound in &mut bounds {
            // That of a median would have no length.
            bound.to = x.share(nines_of(bound.to)).clamp(SHORTEST, 1.0);
        }
        let y = latency_axis(&lines, &bounds);
        let plot = self.over_time(Kind::Distribution, Word::LatencyUnit, y);
        let x_caption = self.lang.word(Word::NinesAxis).to_owned();
        let empty = self.lang.word(Word::NothingCompleted);
        Plot { x, x_caption, warmup: None, marks: vec![], lines, bounds, empty, ..plot }
    }

    /// Returns a plot over time that shows nothing yet.
    fn over_time(&self, kind: Kind, unit: Word, y: Axis) -> Plot {
        let plan = &self.result.plan;
        let word = |word| self.lang.word(word);
        let warmup = plan.warmup_ns as f64 / plan.duration_ns.max(1) as f64;
        Plot {
            title: format!("{} \u{b7} {}", plan.services[self.service].name, word(kind.title())),
            unit: word(unit).to_owned(),
            x: Axis::time(plan, 9),
            x_caption: time_caption(plan).unwrap_or_else(|| word(Word::Elapsed).to_owned()),
            y,
            warmup: (warmup > 0.0).then(|| (warmup, word(Word::WarmUp))),
            lines: Vec::new(),
            layers: Vec::new(),
            bounds: Vec::new(),
            marks: self.marks.clone(),
            wrong: (Vec::new(), ""),
            empty: word(Word::NothingCame),
            edges: None,
        }
    }

    /// Returns the bounds of the service's latency objectives: over time each over the stretch it is judged
    /// in, else from 0 to its percentile as a share.
    fn bounds(&self, over_time: bool) -> Vec<Bound> {
        let plan = &self.result.plan;
        let share = |at: u64| (at as f64 / plan.duration_ns.max(1) as f64).min(1.0);
        let own = plan.objectives.iter().filter(|objective| objective.service == self.service);
        let bound = |objective: &crate::results::ObjectivePlan| {
            let Goal::Latency { percentile, .. } = objective.goal else { return None };
            let (from, to) = if over_time {
                (objective.from_ns.unwrap_or(plan.warmup_ns), objective.to_ns.unwrap_or(plan.duration_ns))
            } else {
                (0, 0)
            };
            let label = format!("{}: {}", objective.name, goal_text(&objective.goal));
            let to = if over_time { share(to) } else { percentile / 100.0 };
            Some(Bound { label, value: objective.goal.bound(), from: share(from), to })
        };
        own.filter_map(bound).collect()
    }

    fn bound(&self, label: &str, value: f64) -> Bound {
        Bound { label: label.to_owned(), value, from: 0.0, to: 1.0 }
    }

    fn line(&self, word: Word, look: Look, values: &[Option<Interval>]) -> Line {
        self.named(self.lang.word(word).to_owned(), look, values)
    }

    fn named(&self, label: String, look: Look, values: &[Option<Interval>]) -> Line {
        curves(label, look, values, &self.edges)
    }

    /// Returns a column of counts by the length of their intervals.
    fn per_second(&self, name: &str) -> Vec<Option<Interval>> {
        let counts = self.cells.column(name).iter().zip(&self.seconds);
        counts.map(|(count, seconds)| count.map(|count| scaled(count, 1.0 / seconds))).collect()
    }
}

/// Returns the line of means and the band of intervals, thinned.
fn curves(label: String, look: Look, values: &[Option<Interval>], edges: &Edges) -> Line {
    let finite = |value: &Option<Interval>| value.filter(|value| value.mean.is_finite());
    let means: Vec<_> = values.iter().map(|value| finite(value).map(|value| value.mean)).collect();
    let ends: Vec<_> =
        values.iter().map(|value| finite(value).and_then(|value| value.lo.zip(value.hi))).collect();
    Line {
        label,
        look,
        runs: lines(&means, edges, COLUMNS),
        bands: bands(&ends, edges, COLUMNS),
        envelope: envelope(&means, edges, COLUMNS),
        points: Vec::new(),
    }
}

fn scaled(figure: Interval, factor: f64) -> Interval {
    let times = |value: f64| value * factor;
    Interval { mean: times(figure.mean), lo: figure.lo.map(times), hi: figure.hi.map(times) }
}

/// Returns the largest value of any line.
fn highest(lines: &[Line]) -> f64 {
    lines.iter().flat_map(values).fold(0.0, f64::max)
}

/// Returns the largest value of any line or band; of bands no more than half as much again, since two days
/// can have an interval that leaves no room for anything else.
fn top(lines: &[Line]) -> f64 {
    let most = highest(lines);
    let ends = lines.iter().flat_map(|line| &line.bands).flatten().map(|point| point.2);
    ends.fold(most, f64::max).min(1.5 * most)
}

/// Iterates over the values of a line, the largest and least among them.
fn values(line: &Line) -> impl Iterator<Item = f64> + '_ {
    let ends = line.envelope.iter().flatten().flat_map(|point| [point.1, point.2]);
    line.runs.iter().flatten().map(|point| point.1).chain(ends)
}

fn latency_axis(lines: &[Line], bounds: &[Bound]) -> Axis {
    let values = lines
        .iter()
        .flat_map(values)
        .chain(bounds.iter().map(|bound| bound.value))
        .filter(|value| *value > 0.0);
    // Bands as far as those of linear axes.
    let bands = top(lines);
    let (least, most) = values
        .chain(Some(bands).filter(|most| *most > 0.0))
        .fold((f64::INFINITY, 0.0), |(least, most): (f64, f64), value| (least.min(value), most.max(value)));
    Axis::latency(least, most)
}
