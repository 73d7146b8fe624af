//! When releases are committed, when they are frozen, and which of them may meet.

use std::collections::BTreeSet;

use super::super::join;
use super::super::run::Frame;
use super::{Checker, MAX_COMMITS};
use crate::error::Code;
use crate::release::pipeline::{Freeze, thaw};
use crate::scenario::plan::{Caution, Commits, Policy};
use crate::scenario::spec::{CommitsSpec, FreezeSpec, Passes, ReleaseSpec};
use crate::scenario::suggest;
use crate::time::{SimDuration, SimTime};
use crate::units::When;

/// A stretch in which nothing is rolled out, for some services and with what may pass it.
#[derive(Clone, Debug)]
pub(super) struct FreezePlan {
    freeze: Freeze,
    /// All of them where `None`.
    services: Option<Vec<usize>>,
    allows: Vec<Passes>,
}

/// When the rollouts of a release begin, as far as that is known before the run.
#[derive(Clone, Debug)]
pub(super) struct Start {
    /// The release, by its place in the file.
    index: usize,
    service: usize,
    /// The first commit.
    committed: SimTime,
    /// The earliest that its first rollout can begin.
    pub(super) earliest: SimTime,
    /// The latest commit that there can be.
    pub(super) last: SimTime,
    /// When all of its rollouts begin; empty where that is known only in the run.
    pub(super) known: Vec<SimTime>,
    /// How many commits there are, on average.
    pub(super) count: f64,
    /// Whether there may be more than one.
    many: bool,
}

impl Start {
    pub(super) fn new(
        index: usize,
        service: usize,
        commits: &Commits,
        piped: bool,
        least: SimDuration,
        freezes: &[Freeze],
        frame: &Frame,
    ) -> Self {
        let passed = |at: SimTime| thaw(at + least, freezes);
        let (committed, last) = match commits {
            Commits::At(times) => (
                times.first().copied().unwrap_or(SimTime::ZERO),
                times.last().copied().unwrap_or(SimTime::ZERO),
            ),
            Commits::Poisson { from, to, .. } => (*from, *to),
        };
        let (known, count) = match commits {
            Commits::At(times) => (times.iter().map(|&at| passed(at)).collect(), times.len() as f64),
            Commits::Poisson { rate, from, to } => (Vec::new(), rate * (*to - *from).as_secs_f64()),
        };
        Self {
            index,
            service,
            committed,
            earliest: passed(committed),
            last: passed(last).min(SimTime::ZERO + frame.duration),
            known: if piped { Vec::new() } else { known },
            count,
            many: !matches!(commits, Commits::At(times) if times.len() == 1),
        }
    }

    /// Tells whether its only rollout begins before those of another, whatever the run brings.
    fn surely_before(&self, other: &Self) -> bool {
        let certain = !self.many && !self.known.is_empty();
        certain && (self.earliest, self.index) < (other.earliest, other.index)
    }
}

/// Returns how many commits are reckoned with.
pub(super) fn most(mean: f64) -> u64 {
    libm::ceil(mean) as u64
}

impl Checker<'_> {
    /// Returns when a release is committed.
    pub(super) fn commits(&mut self, path: &str, spec: &ReleaseSpec) -> Option<Commits> {
        match (&spec.at, &spec.commits) {
            (Some(at), None) => {
                let instants = self.around.frame.instants(&join(path, "at"), at, None, self.found);
                instants.first().map(|&at| Commits::At(vec![at]))
            }
            (None, Some(commits)) => self.many(&join(path, "commits"), commits),
            (Some(_), Some(_)) => {
                let message = "`at` and `commits` exclude one another";
                self.found.add(Code::Contradiction, join(path, "commits"), message, "keep one of them");
                None
            }
            (None, None) => {
                let remedy = "write for example at: \"23:40\", or commits: {every: 2h}";
                self.found.add(Code::Instant, path, "the release has no time", remedy);
                None
            }
        }
    }

    fn many(&mut self, path: &str, spec: &CommitsSpec) -> Option<Commits> {
        let CommitsSpec { at, every, poisson, from, to } = spec;
        let given =
            [at.as_ref().map(|_| "at"), every.as_ref().map(|_| "every"), poisson.as_ref().map(|_| "poisson")];
        let given: Vec<&str> = given.into_iter().flatten().collect();
        if given.len() != 1 {
            let (code, message) = match given.as_slice() {
                [] => (Code::Nothing, "nothing says how commits come".to_owned()),
                several => (
                    Code::Contradiction,
                    format!("{} say when commits come, each in its way", several.join(" and ")),
                ),
            };
            self.found.add(code, path, message, "write one of at, every, poisson");
            return None;
        }
        if at.is_some() && (from.is_some() || to.is_some()) {
            let key = if from.is_some() { "from" } else { "to" };
            let message = format!("`{key}` does nothing where every commit has its time");
            self.found.add(
                Code::Contradiction,
                join(path, key),
                message,
                "remove it, or write every or poisson",
            );
        }
        let (from, to) = self.stretch(path, from.as_ref(), to.as_ref())?;
        match (at, every, poisson) {
            (Some(at), ..) => self.listed(&join(path, "at"), at),
            (_, Some(every), _) => self.regular(&join(path, "every"), *every, from, to),
            (.., Some(rate)) => {
                if rate.0 <= 0.0 {
                    let message = "at a rate of 0 nothing is ever committed";
                    let remedy = "write for example poisson: 3/d";
                    self.found.add(Code::OutOfRange, join(path, "poisson"), message, remedy);
                    return None;
                }
                self.counted(&join(path, "poisson"), rate.0 * (to - from).as_secs_f64())?;
                Some(Commits::Poisson { rate: rate.0, from, to })
            }
            _ => None,
        }
    }

    fn listed(&mut self, path: &str, at: &[When]) -> Option<Commits> {
        if at.is_empty() {
            self.found.add(Code::Nothing, path, "nothing is committed", "write for example at: [30m, 90m]");
            return None;
        }
        let mut times = Vec::new();
        for (index, when) in at.iter().enumerate() {
            // A time of day is meant on every day, as in a schedule.
            times.extend(self.around.frame.instants(&format!("{path}[{index}]"), when, None, self.found));
        }
        times.sort_unstable();
        self.counted(path, times.len() as f64)?;
        (!times.is_empty()).then_some(Commits::At(times))
    }

    fn regular(&mut self, path: &str, every: SimDuration, from: SimTime, to: SimTime) -> Option<Commits> {
        let (step, length) = (every.as_nanos(), (to - from).as_nanos());
        if step == 0 {
            let message = "commits 0s apart never end";
            self.found.add(Code::OutOfRange, path, message, "write for example every: 2h");
            return None;
        }
        if step >= length {
            // Nothing is known of a run that cannot be simulated.
            if !self.around.frame.duration.is_zero() {
                let message = format!("no commit falls into the stretch, {}", to - from);
                self.found.add(Code::Nothing, path, message, "write a shorter distance");
            }
            return None;
        }
        let count = (length - 1) / step;
        self.counted(path, count as f64)?;
        let at = |index: u64| from + SimDuration::from_nanos(index * step);
        Some(Commits::At((1..=count).map(at).collect()))
    }

    fn counted(&mut self, path: &str, count: f64) -> Option<()> {
        if count > MAX_COMMITS {
            let message = format!("these are {count:.0} commits");
            let remedy = format!("keep to {}", suggest::grouped(MAX_COMMITS as u64));
            self.found.add(Code::TooMuch, path, message, remedy);
            return None;
        }
        Some(())
    }

    /// Returns the ends of a stretch, those of the run where none are written.
    fn stretch(&mut self, path: &str, from: Option<&When>, to: Option<&When>) -> Option<(SimTime, SimTime)> {
        let end = SimTime::ZERO + self.around.frame.duration;
        let from = match from {
            Some(from) => *self.around.frame.instants(&join(path, "from"), from, None, self.found).first()?,
            None => SimTime::ZERO,
        };
        let to = match to {
            Some(to) => self.until(&join(path, "to"), to)?,
            None => end,
        };
        // Nothing is known of a run that cannot be simulated.
        if from >= to && !self.around.frame.duration.is_zero() {
            let message = format!("the stretch ends at {}, before it begins", self.told(to));
            let remedy =
                "a wall clock is the first one at or after run.start; write lengths from the start instead";
            self.found.add(Code::Instant, join(path, "to"), message, remedy);
            return None;
        }
        Some((from, to))
    }

    /// Returns the end of a stretch, which may be that of the run.
    fn until(&mut self, path: &str, to: &When) -> Option<SimTime> {
        match self.around.frame.resolve(to) {
            Err(message) => {
                self.found.add(Code::Instant, path, message, "give run.start, to which wall clocks refer");
            }
            Ok(at) if at > i128::from(self.around.frame.duration.as_nanos()) => {
                let remedy = "leave it out: the end of the run is meant then";
                self.found.add(Code::Instant, path, "this is after the end of the run", remedy);
            }
            Ok(at) => return u64::try_from(at).ok().map(SimTime::from_nanos),
        }
        None
    }

    /// Returns all freezes.
    pub(super) fn all_freezes(&mut self) -> Vec<FreezePlan> {
        let mut freezes = Vec::new();
        for (index, spec) in self.spec.freezes.iter().enumerate() {
            let path = format!("freezes[{index}]");
            let services = self.frozen(&join(&path, "services"), spec);
            if (1..spec.allows.len()).any(|place| spec.allows[..place].contains(&spec.allows[place])) {
                let message = "one thing is allowed twice";
                self.found.add(Code::DuplicateName, join(&path, "allows"), message, "name it once");
            }
            if let Some((from, to)) = self.stretch(&path, spec.from.as_ref(), spec.to.as_ref()) {
                freezes.push(FreezePlan {
                    freeze: Freeze { from, to },
                    services,
                    allows: spec.allows.clone(),
                });
            }
        }
        freezes
    }

    /// Returns the services that a freeze names.
    fn frozen(&mut self, path: &str, spec: &FreezeSpec) -> Option<Vec<usize>> {
        let names = spec.services.as_ref()?;
        if names.is_empty() {
            let remedy = "name services, or leave it out: all are frozen then";
            self.found.add(Code::Nothing, path, "no service is frozen", remedy);
        }
        let mut known = BTreeSet::new();
        let mut services = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let path = format!("{path}[{index}]");
            if !known.insert(name) {
                let message = format!("`{}` is named twice", suggest::short(name));
                self.found.add(Code::DuplicateName, path, message, "name it once");
            } else {
                services.extend(self.around.places.service(&path, name, self.found));
            }
        }
        Some(services)
    }

    /// Returns the freezes that a release does not pass, in order.
    pub(super) fn freezes_of(&self, service: usize, spec: &ReleaseSpec) -> Vec<Freeze> {
        let passes = |pass: &Passes| match pass {
            Passes::Hotfix => spec.hotfix,
            Passes::Configuration => spec.configuration.is_some(),
        };
        let stops = |plan: &&FreezePlan| {
            plan.services.as_ref().is_none_or(|services| services.contains(&service))
                && !plan.allows.iter().any(passes)
        };
        let mut own: Vec<Freeze> = self.freezes.iter().filter(stops).map(|plan| plan.freeze).collect();
        own.sort_by_key(|freeze| (freeze.from, freeze.to));
        own
    }

    /// A release that may find another of its service under way says what it does then.
    pub(super) fn overlaps(&mut self, starts: &[Start]) {
        let end = SimTime::ZERO + self.around.frame.duration;
        // Who is frozen to the end meets nobody.
        let begins = |start: &&Start| start.earliest < end;
        for start in starts.iter().filter(begins) {
            let spec = &self.spec.releases[start.index];
            let other = |other: &&Start| other.service == start.service && other.index != start.index;
            let met = starts.iter().filter(begins).filter(other).any(|other| !start.surely_before(other));
            if spec.if_busy.is_some() || !(met || start.many) {
                continue;
            }
            let message = if start.many {
                format!("one commit may find another of {} under way", spec.service)
            } else {
                format!("another release of {} may be under way then", spec.service)
            };
            let remedy = "write ifBusy: wait, or ifBusy: skip to drop it";
            self.found.add(Code::Release, format!("releases[{}]", start.index), message, remedy);
        }
    }

    /// Warns of a release that comes to nothing before the end of the run.
    pub(super) fn too_late(&mut self, spec: &ReleaseSpec, start: &Start, policies: Option<&[Policy]>) {
        let end = SimTime::ZERO + self.frame().duration;
        if self.frame().duration.is_zero() {
            return;
        }
        let version = suggest::short(&spec.version);
        let message = if start.earliest >= end {
            let held = if spec.pipeline.is_some() { "in its pipeline or frozen" } else { "frozen" };
            let committed = self.told(start.committed);
            format!(
                "release {version}, committed at {committed}, is {held} to the end: it is never rolled out"
            )
        } else {
            let shortest = match &spec.configuration {
                Some(push) => push.propagation,
                None => policies
                    .and_then(|all| all.first())
                    .map_or(SimDuration::ZERO, |way| way.strategy.shortest()),
            };
            let done = start.earliest + shortest.min(self.frame().duration);
            if done < end {
                return;
            }
            format!(
                "release {version} begins at {} and takes {shortest} at least: the run ends before it is in \
                 service; simulate longer",
                self.told(start.earliest)
            )
        };
        self.cautions.push(Caution { of: spec.service.clone(), message });
    }
}
