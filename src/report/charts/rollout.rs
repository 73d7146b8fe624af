//! What each chart of a release shows: its rollout over time, a column of pictures per policy; and of all of them how
//! long detection and recovery took.

use std::io;

use super::axis::{Axis, time_caption};
use super::bars;
use super::look::{BLACK, BLUE, Look, ORANGE, SKY, VERMILLION};
use super::marks::Mark;
use super::plot::{self, Bound, COLUMNS, HEIGHT, Layer, Line, Plot, WIDTH};
use super::thin::{Edges, Run, dense, layers, lines};
use super::{Drawing, ReleaseChart};
use crate::report::told;
use crate::report::words::{Lang, Word};
use crate::results::{
    Goal, Plan, ReleaseOutcome, ReleasePlan, ReleaseRow, StudyResult, Wide, release_policies, release_rows,
};

/// Releases with a chart of their rollout: the first of the file.
const MAX_RELEASES: usize = 24;
/// Panels of a policy, one below the other.
const PANELS: usize = 3;
/// Columns of pictures side by side.
const ABREAST: usize = 2;
/// The share of a stretch that is shown before and after what happened in it.
const ROOM: u64 = 10;

/// Draws every chart of the releases: none where there are none.
///
/// # Errors
///
/// Where plotters cannot write, which does not happen in memory.
pub(in crate::report) fn releases(result: &StudyResult, lang: Lang) -> io::Result<Vec<ReleaseChart>> {
    let plans = &result.plan.releases;
    if plans.is_empty() {
        return Ok(Vec::new());
    }
    let first = result.runs.first().map(|run| run.replication);
    let mut rows = release_rows(result);
    rows.retain(|row| Some(row.replication) == first);
    let mut charts = vec![bars::chart(result, &release_policies(result), lang)?];
    for release in 0..plans.len().min(MAX_RELEASES) {
        charts.push(Rollout::of(&result.plan, release, &rows, lang).chart()?);
    }
    Ok(charts)
}

/// A release on the first day, and the stretch of time in which it is shown.
struct Rollout<'a> {
    plan: &'a Plan,
    index: usize,
    release: &'a ReleasePlan,
    /// By policy; `None` where it was not rolled out.
    rows: Vec<Option<&'a ReleaseRow<'a>>>,
    lang: Lang,
    /// From and to, in nanoseconds; whole intervals.
    stretch: (u64, u64),
    edges: Edges,
}

/// What is drawn of a policy, interval by interval of the stretch; `None` before the rollout's start.
#[derive(Default)]
struct Curves {
    /// Mean servers.
    previous: Vec<Option<f64>>,
    new: Vec<Option<f64>>,
    /// Servers that the load needs.
    needed: Vec<Option<f64>>,
    /// Shares of the new version, in percent.
    traffic: Vec<Option<f64>>,
    servers: Vec<Option<f64>>,
    /// Bad requests, in percent.
    users: Vec<Option<f64>>,
    monitoring: Vec<Option<f64>>,
    /// Stretches of the axis in which rolling back could not have carried the traffic.
    trapped: Vec<(f64, f64)>,
}

impl<'a> Rollout<'a> {
    fn of(plan: &'a Plan, index: usize, rows: &'a [ReleaseRow<'a>], lang: Lang) -> Self {
        let release = &plan.releases[index];
        let started = |policy: usize| {
            let own = move |row: &&ReleaseRow<'_>| (row.run.release, row.run.policy) == (index, policy);
            rows.iter().filter(own).filter(|row| row.facts.start_ns.is_some())
        };
        // Of equals the first.
        let gravest = started(0).rev().max_by_key(|row| row.facts.requests_harmed);
        let commit = gravest.map(|row| row.run.commit);
        let rows: Vec<_> = (0..release.policies.len())
            .map(|policy| started(policy).find(|row| Some(row.run.commit) == commit))
            .collect();
        let stretch = stretch(plan, &rows);
        let edges = Edges::of((stretch.1 - stretch.0).max(1), plan.interval_ns.max(1));
        Self { plan, index, release, rows, lang, stretch, edges }
    }

    fn chart(&self) -> io::Result<ReleaseChart> {
        let curves: Vec<_> =
            self.rows.iter().map(|row| row.map_or_else(Curves::default, |row| self.curves(row))).collect();
        // Of one height in every policy, so that they can be compared.
        let servers = curves.iter().map(Curves::most_servers).fold(0.0, f64::max);
        let mut plots: Vec<_> = curves
            .iter()
            .enumerate()
            .map(|(policy, curves)| {
                let servers = self.servers(policy, curves, Axis::linear(servers));
                [self.shares(policy, curves), servers, self.errors(policy, curves)]
            })
            .collect();
        // Instants stand below each other.
        let needed = plots.iter().flatten().map(plot::edges);
        let edges = needed.fold((0, WIDTH), |edges, own| (edges.0.max(own.0), edges.1.min(own.1)));
        plots.iter_mut().flatten().for_each(|plot| plot.edges = Some(edges));
        let mut pictures = Vec::new();
        for (policy, plots) in plots.into_iter().enumerate() {
            for (i, plot) in plots.into_iter().enumerate() {
                let (column, line) = (policy % ABREAST, policy / ABREAST * PANELS + i);
                let inside = plot::draw(&plot)?;
                let at = (column as i32 * WIDTH, line as i32 * HEIGHT);
                pictures.push(Drawing { title: plot.title, inside, size: (WIDTH, HEIGHT), at });
            }
        }
        let title = format!("{} \u{b7} {}", self.release.version, self.lang.word(Word::RolloutTitle));
        let remark = self.lang.word(Word::RolloutOf).to_owned();
        Ok(ReleaseChart { release: Some(self.index), title, remark, pictures, together: PANELS })
    }

    /// Reads off what is drawn of a policy.
    fn curves(&self, row: &ReleaseRow<'_>) -> Curves {
        let (plan, series, step) = (self.plan, &row.run.series, self.plan.interval_ns.max(1));
        let start = row.run.start_ns.unwrap_or(0);
        let trapped = row.trapped(plan);
        let mut curves = Curves::default();
        let length = (self.stretch.1 - self.stretch.0).max(1) as f64;
        for i in (self.stretch.0 / step) as usize..self.stretch.1.div_ceil(step) as usize {
            let (from, to) = (i as u64 * step, (i as u64 + 1).saturating_mul(step).min(plan.duration_ns));
            let known = to > start;
            let covered = to.saturating_sub(from.max(start)).max(1) as f64;
            let mean = |values: &[Wide]| values.get(i).filter(|_| known).map(|ns| ns.0 as f64 / covered);
            let (previous, new) = (mean(&series.previous_ns), mean(&series.new_ns));
            let share = previous.zip(new).filter(|(previous, new)| previous + new > 0.0);
            let after = |value: Option<f64>| value.filter(|_| known);
            let bad = series.bad.get(i).zip(series.ended.get(i)).filter(|(_, ended)| **ended > 0);
            curves.previous.push(previous);
            curves.new.push(new);
            curves.needed.push(after(series.load_milli.get(i).map(|&milli| milli as f64 / 1e3)));
            curves.traffic.push(after(series.weight_ppm.get(i).map(|&ppm| f64::from(ppm) / 1e4)));
            curves.servers.push(share.map(|(previous, new)| 100.0 * new / (previous + new)));
            curves.users.push(after(bad.map(|(&bad, &ended)| 100.0 * bad as f64 / ended as f64)));
            curves
                .monitoring
                .push(after(series.seen_ppm.get(i).copied().flatten().map(|ppm| f64::from(ppm) / 1e4)));
            if let Some(&time @ 1..) = trapped.get(i) {
                let from = from.max(start);
                let at = |at: u64| at.saturating_sub(self.stretch.0) as f64 / length;
                curves.add_trap((at(from), at(from + time)));
            }
        }
        curves
    }

    /// How much of traffic and servers was the new version's.
    fn shares(&self, policy: usize, curves: &Curves) -> Plot {
        let lines = vec![
            self.line(Word::Traffic, VERMILLION, steps(&curves.traffic, &self.edges)),
            self.line(Word::Servers, BLUE, lines(&curves.servers, &self.edges, COLUMNS)),
        ];
        Plot { lines, ..self.plot(policy, Word::TrafficShare, Word::OfAll, Axis::linear(100.0).in_percent()) }
    }

    /// How many servers of each version there were, and how many were needed.
    fn servers(&self, policy: usize, curves: &Curves, y: Axis) -> Plot {
        let [below, above]: [Vec<_>; 2] = [
            curves.previous.iter().map(|previous| previous.map(|previous| (0.0, previous))).collect(),
            stacked(&curves.previous, &curves.new).collect(),
        ];
        let layer = |word, look, edges: &[_]| Layer {
            label: self.lang.word(word).to_owned(),
            look,
            bands: layers(edges, &self.edges, COLUMNS),
        };
        let all = [layer(Word::PreviousVersion, SKY, &below), layer(Word::NewVersion, ORANGE, &above)];
        let needed = self.line(Word::ScalingRatio, BLACK, lines(&curves.needed, &self.edges, COLUMNS));
        Plot {
            layers: all.into_iter().filter(|layer| !layer.bands.is_empty()).collect(),
            lines: vec![needed],
            wrong: (curves.trapped.clone(), self.lang.word(Word::Trapped)),
            ..self.plot(policy, Word::VersionServers, Word::Servers, y)
        }
    }

    /// How many requests were bad, as users had them and as monitoring saw them.
    fn errors(&self, policy: usize, curves: &Curves) -> Plot {
        let y = Axis::linear(curves.most_errors().max(self.most_allowed())).in_percent();
        let lines = vec![
            self.line(Word::UsersGot, VERMILLION, lines(&curves.users, &self.edges, COLUMNS)),
            self.line(Word::MonitoringSaw, BLUE, steps(&curves.monitoring, &self.edges)),
        ];
        Plot { lines, bounds: self.bounds(), ..self.plot(policy, Word::ErrorsSeen, Word::ErrorsUnit, y) }
    }

    /// Returns a plot of a policy that shows nothing yet.
    fn plot(&self, policy: usize, title: Word, unit: Word, y: Axis) -> Plot {
        let word = |word| self.lang.word(word);
        let (version, name) = (&self.release.version, &self.release.policies[policy].name);
        Plot {
            title: format!("{version} \u{b7} {name} \u{b7} {}", word(title)),
            unit: word(unit).to_owned(),
            x: Axis::time_between(self.plan, self.stretch, 9),
            x_caption: time_caption(self.plan).unwrap_or_else(|| word(Word::Elapsed).to_owned()),
            y,
            warmup: None,
            lines: Vec::new(),
            layers: Vec::new(),
            bounds: Vec::new(),
            marks: self.rows[policy].map_or_else(Vec::new, |row| self.marks(row)),
            wrong: (Vec::new(), ""),
            empty: word(Word::NoRollout),
            edges: None,
        }
    }

    /// Returns what happened to a release; what happened at one instant has one mark.
    fn marks(&self, row: &ReleaseRow<'_>) -> Vec<Mark> {
        let facts = &row.facts;
        let instants = [
            (facts.start_ns, Word::EvRolloutStarted),
            (facts.first_harm_ns, Word::EvFirstHarm),
            (facts.detected_ns, Word::Detected),
            (facts.decided_ns, Word::EvRollbackDecided),
            (row.run.promoted_ns, Word::EvPromoted),
            (facts.healthy_ns, Word::EvHealthyAgain),
        ];
        let mut instants: Vec<_> =
            instants.into_iter().filter_map(|(at, word)| Some((at?, self.lang.word(word)))).collect();
        instants.sort_by_key(|(at, _)| *at);
        let length = (self.stretch.1 - self.stretch.0).max(1) as f64;
        let at = |at: u64| at.saturating_sub(self.stretch.0) as f64 / length;
        let mark = |same: &[(u64, &str)]| {
            let words: Vec<_> = same.iter().map(|(_, word)| *word).collect();
            Mark { at: at(same[0].0), label: words.join(" / ") }
        };
        instants.chunk_by(|a, b| a.0 == b.0).map(mark).filter(|mark| mark.at <= 1.0).collect()
    }

    /// Returns how many requests may be bad, in percent, by the objectives that say so.
    fn bounds(&self) -> Vec<Bound> {
        let bound = |&index: &usize| {
            let objective = &self.plan.objectives[index];
            let Goal::Success { at_least, .. } = objective.goal else { return None };
            let label = format!("{}: {}", objective.name, told::goal(&objective.goal, self.lang));
            Some(Bound { label, value: 100.0 * (1.0 - at_least), from: 0.0, to: 1.0 })
        };
        self.release.objectives.iter().filter_map(bound).collect()
    }

    fn most_allowed(&self) -> f64 {
        self.bounds().iter().map(|bound| bound.value).fold(0.0, f64::max)
    }

    fn line(&self, word: Word, look: Look, runs: Vec<Run>) -> Line {
        Line { label: self.lang.word(word).to_owned(), look, runs, ..Line::default() }
    }
}

impl Curves {
    fn most_servers(&self) -> f64 {
        let all = stacked(&self.previous, &self.new).flatten().map(|(_, all)| all);
        all.chain(self.needed.iter().copied().flatten()).fold(0.0, f64::max)
    }

    fn most_errors(&self) -> f64 {
        self.users.iter().chain(&self.monitoring).copied().flatten().fold(0.0, f64::max)
    }

    /// Adds a stretch, or makes the last one longer that it continues.
    fn add_trap(&mut self, (from, to): (f64, f64)) {
        match self.trapped.last_mut() {
            Some(last) if from <= last.1 + 1e-9 => last.1 = to,
            _ => self.trapped.push((from, to)),
        }
    }
}

/// Returns where the new version's servers stand on top of the previous version's.
fn stacked<'a>(
    previous: &'a [Option<f64>],
    new: &'a [Option<f64>],
) -> impl Iterator<Item = Option<(f64, f64)>> + 'a {
    previous.iter().zip(new).map(|(previous, new)| previous.zip(*new).map(|(low, more)| (low, low + more)))
}

/// Returns the runs of what keeps its value for a whole interval; of a dense series as of any other.
fn steps(values: &[Option<f64>], edges: &Edges) -> Vec<Run> {
    if dense(values.len(), COLUMNS) {
        return lines(values, edges, COLUMNS);
    }
    let mut runs: Vec<Run> = Vec::new();
    let mut open = false;
    for (i, value) in values.iter().enumerate() {
        let Some(value) = *value else {
            open = false;
            continue;
        };
        if !open {
            runs.push(Vec::new());
            open = true;
        }
        let (from, to) = edges.ends(i);
        runs.last_mut().into_iter().for_each(|run| run.extend([(from, value), (to, value)]));
    }
    runs
}

/// Returns the stretch from the first start to when all is over, with some room, in whole intervals; the whole run where
/// nothing began.
fn stretch(plan: &Plan, rows: &[Option<&ReleaseRow<'_>>]) -> (u64, u64) {
    let rows = || rows.iter().flatten();
    let Some(first) = rows().filter_map(|row| row.facts.start_ns).min() else { return (0, plan.duration_ns) };
    let over = |row: &&ReleaseRow<'_>| {
        let facts = &row.facts;
        match facts.outcome {
            ReleaseOutcome::Promoted | ReleaseOutcome::RolledBack | ReleaseOutcome::FalseAlarm => {
                let ends = [facts.healthy_ns, row.run.restored_ns, row.run.promoted_ns, facts.first_harm_ns];
                ends.into_iter().flatten().max().unwrap_or(first)
            }
            _ => plan.duration_ns,
        }
    };
    let last = rows().map(over).max().unwrap_or(plan.duration_ns);
    let (step, room) = (plan.interval_ns.max(1), (last - first.min(last)) / ROOM);
    let from = first.saturating_sub(room) / step * step;
    let to = last.saturating_add(room.max(step)).div_ceil(step).saturating_mul(step);
    (from, to.min(plan.duration_ns))
}

#[cfg(test)]
pub(super) mod tests;
