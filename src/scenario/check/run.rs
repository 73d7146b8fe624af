//! The run: its length, its buckets, its wall clock.

use jiff::civil::Time;
use jiff::fmt::temporal::Pieces;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::Findings;
use crate::error::Code;
use crate::results::WallClock;
use crate::scenario::bounds::MAX_REPLICATIONS;
use crate::scenario::forms::Warmup;
use crate::scenario::plan::Source;
use crate::scenario::spec::ScenarioSpec;
use crate::scenario::suggest;
use crate::stats::MIN_OBSERVATIONS;
use crate::time::{NANOS_PER_SEC, SimDuration, SimTime};
use crate::units::When;
use crate::workload::Profile;

/// The longest run: one leap year.
const MAX_DURATION: SimDuration = SimDuration::from_secs(366 * 86_400);
/// The most buckets of the time series.
pub(super) const MAX_INTERVALS: u64 = 1_000_000;
/// The largest factor on all traffic.
const MAX_LOAD: f64 = 1e6;

/// The frame of a run, in which instants are resolved.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) start: Option<WallClock>,
    /// There is one that cannot be read, so that no wall clock means anything.
    pub(super) unread_start: bool,
    /// Zero where it cannot be simulated.
    pub(super) duration: SimDuration,
    /// The longest that the warm-up can be.
    pub(super) warmup: SimDuration,
    pub(super) load: f64,
}

impl Frame {
    /// Returns an instant in nanoseconds from t = 0: a wall clock is the first one at or after it.
    pub(super) fn resolve(&self, when: &When) -> Result<i128, String> {
        match (when, &self.start) {
            (When::Offset(length), _) => Ok(i128::from(length.as_nanos())),
            (When::Clock { .. }, None) if self.unread_start => Err(super::FOLLOWS.to_owned()),
            (When::Clock { .. }, None) => Err("a wall clock means nothing without run.start".to_owned()),
            (When::Clock { seconds_of_day }, Some(start)) => {
                let day = 86_400 * i128::from(NANOS_PER_SEC);
                let local =
                    i128::from(start.epoch_ns) + i128::from(start.offset_s) * i128::from(NANOS_PER_SEC);
                let wanted = i128::from(*seconds_of_day) * i128::from(NANOS_PER_SEC);
                Ok((wanted - local).rem_euclid(day))
            }
        }
    }

    /// Returns the instants of the run that are meant, in order: a time of day, which `zone` tells (the
    /// offset of `run.start` where it does not), is meant on every day. Adds what is wrong otherwise.
    pub(super) fn instants(
        &self,
        path: &str,
        when: &When,
        zone: Option<&TimeZone>,
        found: &mut Findings,
    ) -> Vec<SimTime> {
        let instants = match (when, &self.start) {
            (When::Clock { seconds_of_day }, Some(start)) => {
                daily(*seconds_of_day, start, self.duration, zone)
            }
            _ => self.resolve(when).map(|nanos| vec![SimTime::from_nanos(nanos as u64)]),
        };
        let end = SimTime::ZERO + self.duration;
        match instants {
            Err(message) if self.start.is_none() => {
                found.add(Code::Instant, path, message, "give run.start, to which wall clocks refer");
            }
            Err(message) => found.add(Code::Instant, path, message, "write another time"),
            Ok(instants) if self.duration.is_zero() || instants.iter().any(|&at| at < end) => {
                return instants.into_iter().filter(|&at| at < end).collect();
            }
            Ok(_) => {
                let (message, remedy) = self.missed(when);
                found.add(Code::Instant, path, message, remedy);
            }
        }
        Vec::new()
    }

    /// Returns the wall clock so many nanoseconds after t = 0.
    fn wall(&self, nanos: u64) -> Option<String> {
        let start = self.start?;
        let instant = Timestamp::from_nanosecond(i128::from(start.epoch_ns) + i128::from(nanos)).ok()?;
        Some(instant.display_with_offset(Offset::from_seconds(start.offset_s).ok()?).to_string())
    }

    /// Says when an instant is: by the wall clock where there is one.
    pub(super) fn told(&self, at: SimTime) -> String {
        self.wall(at.as_nanos()).unwrap_or_else(|| (at - SimTime::ZERO).to_string())
    }

    /// Says that an instant does not lie in the run, and which do.
    fn missed(&self, when: &When) -> (String, String) {
        match (when, self.wall(0).zip(self.wall(self.duration.as_nanos()))) {
            (When::Clock { .. }, Some((from, to))) => (
                format!("the clock shows no {when} in the run, from {from} to {to}"),
                "write a time within it, move run.start, or simulate longer".to_owned(),
            ),
            _ => (
                format!("{when} is not before the end of the run, {}", self.duration),
                "write an earlier time, or simulate longer".to_owned(),
            ),
        }
    }

    /// The same for an instant that is still text.
    pub(super) fn resolve_text(&self, text: &str) -> Result<i64, String> {
        let nanos = self.resolve(&text.parse()?)?;
        i64::try_from(nanos).map_err(|_| format!("`{}` is too far away", suggest::short(text)))
    }
}

/// Returns when it is some time of day, on each day of a run.
fn daily(
    seconds_of_day: u32,
    start: &WallClock,
    duration: SimDuration,
    zone: Option<&TimeZone>,
) -> Result<Vec<SimTime>, String> {
    let offset = Offset::from_seconds(start.offset_s).unwrap_or(Offset::UTC);
    let zone = zone.cloned().unwrap_or_else(|| TimeZone::fixed(offset));
    let begin = Timestamp::from_nanosecond(i128::from(start.epoch_ns)).map_err(|error| error.to_string())?;
    let last = i128::from(start.epoch_ns) + i128::from(duration.as_nanos());
    let clock = Time::MIN + SignedDuration::from_secs(i64::from(seconds_of_day));
    let mut day = zone.to_datetime(begin).date();
    let mut instants = Vec::new();
    loop {
        let local = zone.to_ambiguous_timestamp(day.to_datetime(clock));
        let skipped = matches!(local.offset(), AmbiguousOffset::Gap { .. });
        // Of two, as when clocks are set back, the earlier one.
        let at = local.compatible().map_err(|error| error.to_string())?.as_nanosecond();
        if at > last {
            return Ok(instants);
        }
        if at >= i128::from(start.epoch_ns) {
            if skipped {
                return Err(format!("there is no {clock} on {day}: clocks are set forward then"));
            }
            instants.push(SimTime::from_nanos((at - i128::from(start.epoch_ns)) as u64));
        }
        day = day.tomorrow().map_err(|error| error.to_string())?;
    }
}

pub(super) fn check(spec: &ScenarioSpec, found: &mut Findings) -> Frame {
    found.name("metadata.name", &spec.metadata.name);
    let run = &spec.run;
    let duration = run.duration;
    if duration.is_zero() || duration > MAX_DURATION {
        let message = format!("a duration of {duration} cannot be simulated");
        found.add(Code::OutOfRange, "run.duration", message, "write a duration above 0 and up to 366d");
    } else {
        check_buckets(spec, found);
    }
    if run.replications == 0 || run.replications > MAX_REPLICATIONS {
        let most = suggest::grouped(MAX_REPLICATIONS);
        let message = format!("{} replications are not between 1 and {most}", run.replications);
        found.add(Code::OutOfRange, "run.replications", message, "write for example replications: 20");
    }
    let load = run.load.0;
    if !(load > 0.0 && load <= MAX_LOAD) {
        found.add(
            Code::OutOfRange,
            "run.load",
            format!("a load of {load} is not above 0 and up to 1,000,000"),
            "write for example load: 1.2",
        );
    }
    let start = run.start.as_ref().and_then(|text| match wall_clock(text) {
        Some(start) => Some(start),
        None => {
            let message = format!("`{}` is not an instant with its offset from UTC", suggest::short(text));
            let meant = meant_instant(text).unwrap_or_else(|| "2026-11-10T23:30:00+08:00".to_owned());
            found.add(Code::WrongForm, "run.start", message, format!("write for example start: {meant}"));
            None
        }
    });
    let duration = if duration > MAX_DURATION { SimDuration::ZERO } else { duration };
    Frame {
        start,
        unread_start: run.start.is_some() && start.is_none(),
        duration,
        warmup: match run.warmup {
            Warmup::Given(length) => length,
            Warmup::Auto => SimDuration::from_nanos(duration.as_nanos() / 2),
        },
        load: if load > 0.0 && load <= MAX_LOAD { load } else { 1.0 },
    }
}

fn check_buckets(spec: &ScenarioSpec, found: &mut Findings) {
    let (duration, interval) = (spec.run.duration, spec.run.interval());
    if let Warmup::Given(warmup) = spec.run.warmup
        && warmup >= duration
    {
        let message = format!("the warm-up, {warmup}, leaves nothing of the duration, {duration}");
        found.add(Code::Contradiction, "run.warmup", message, "shorten it, or simulate longer");
    }
    if interval.is_zero() {
        found.add(
            Code::OutOfRange,
            "run.interval",
            "an interval of 0s has no end",
            "write for example interval: 10s",
        );
    } else if interval > duration {
        let message = format!("the interval, {interval}, is longer than the duration, {duration}");
        found.add(Code::OutOfRange, "run.interval", message, "write a shorter one");
    } else if duration.as_nanos().div_ceil(interval.as_nanos()) > MAX_INTERVALS {
        let message = format!("{duration} in intervals of {interval} are more than {MAX_INTERVALS} of them");
        found.add(Code::TooMuch, "run.interval", message, "write a longer one");
    }
}

/// Checks that a warm-up can be found: that there is a steady state, and enough of it.
pub(super) fn check_steady(spec: &ScenarioSpec, sources: &[Source], found: &mut Findings) {
    if spec.run.warmup != Warmup::Auto {
        return;
    }
    let varies = |source: &&Source| !source.profile.as_ref().is_some_and(Profile::is_constant);
    if let Some(source) = sources.iter().find(|source| !source.recorded.is_empty() || varies(source)) {
        let message = format!("traffic.{} varies in time, so there is no steady state to find", source.name);
        found.add(Code::Contradiction, "run.warmup", message, "write a duration, for example warmup: 5m");
    }
    let interval = spec.run.interval().as_nanos().max(1);
    let whole = spec.run.duration.as_nanos() / interval;
    if whole < MIN_OBSERVATIONS as u64 {
        let message = format!("`auto` needs {MIN_OBSERVATIONS} whole intervals, and there are {whole}");
        found.add(
            Code::OutOfRange,
            "run.warmup",
            message,
            "shorten run.interval, simulate longer, or write a duration",
        );
    }
}

/// Returns the instant that was meant by one without its time of day, its `T` or its offset.
fn meant_instant(text: &str) -> Option<String> {
    let joined = text.trim().replacen(' ', "T", 1).replace(' ', "");
    let ends = ["", "+08:00", ":00+08:00", "T00:00:00+08:00"];
    ends.iter().map(|end| format!("{joined}{end}")).find(|meant| wall_clock(meant).is_some())
}

/// Reads RFC 3339 with its offset; 1677 to 2262, which nanoseconds in 64 bits cover.
fn wall_clock(text: &str) -> Option<WallClock> {
    let timestamp: jiff::Timestamp = text.parse().ok()?;
    let offset = Pieces::parse(text).ok()?.to_numeric_offset()?;
    let epoch_ns = i64::try_from(timestamp.as_nanosecond()).ok()?;
    Some(WallClock { epoch_ns, offset_s: offset.seconds() })
}
