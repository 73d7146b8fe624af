//! What is expected to come: rates over time, per service, with what they demand.

use crate::dist::Distribution;
use crate::error::Error;
use crate::results::MeanServer;
use crate::scenario::{Scenario, Source};
use crate::time::{SimDuration, SimTime};
use crate::workload::recorded::TraceFiles;
use crate::workload::{ArrivalsSpec, Profile};

/// The resolution of recorded traffic, and of the series.
pub(super) const MINUTE: SimDuration = SimDuration::from_secs(60);

/// How arrivals scatter around their rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Gaps {
    /// Independent customers.
    Poisson,
    /// Counts of a recording, placed at random within their interval.
    Counted,
    /// Independent gaps of this squared coefficient of variation.
    Renewal(f64),
    /// Bursts that no formula here knows.
    Bursts(&'static str),
}

/// Requests that come at one rate.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) service: usize,
    /// Per second, `run.load` and the mean of `uncertainty` included.
    pub(super) rate: Profile,
    /// Classes and their shares.
    pub(super) shares: Vec<(usize, f64)>,
    /// Mean size.
    pub(super) size: f64,
    /// Whether sizes vary.
    pub(super) sized: bool,
    pub(super) gaps: Gaps,
    /// Whether a factor is drawn once per replication.
    pub(super) uncertain: bool,
}

/// Returns what every source is expected to bring.
///
/// # Errors
/// Where a trace can no longer be read as it was surveyed.
pub(super) fn streams(scenario: &Scenario, traces: &dyn TraceFiles) -> Result<Vec<Stream>, Error> {
    let mut streams = Vec::new();
    for source in &scenario.sources {
        let factor = source.uncertainty.as_ref().map_or(1.0, Distribution::mean);
        let stream = |rate, shares, size, sized, gaps| Stream {
            service: source.to.index(),
            rate,
            shares,
            size,
            sized,
            gaps,
            uncertain: source.uncertainty.is_some(),
        };
        if let Some(profile) = &source.profile {
            let rate = profile.clone().scaled(factor);
            streams.push(stream(rate, shares(source), 1.0, false, gaps(&source.arrivals)));
        }
        for recording in &source.recorded {
            let spec = &recording.spec;
            let failed = |why: &dyn std::fmt::Display| Error::Run(format!("{}: {why}", spec.file));
            let input = traces.open(&spec.file).map_err(|why| failed(&why))?;
            let (horizon, factor) = (scenario.plan.duration(), recording.factor * factor);
            let outlines = spec.outline(&recording.survey, input, horizon, MINUTE, factor);
            let gaps = match (spec.count.is_some(), spec.rate.is_some()) {
                (true, _) | (_, true) if source.arrivals.is_even() => Gaps::Renewal(0.0),
                (true, _) => Gaps::Counted,
                (_, true) => Gaps::Poisson,
                _ => Gaps::Bursts("recorded instants"),
            };
            for outline in outlines.map_err(|why| failed(&why))? {
                let shares = outline.class.map_or_else(|| shares(source), |class| vec![(class.index(), 1.0)]);
                streams.push(stream(outline.arrivals, shares, outline.mean_size, spec.size.is_some(), gaps));
            }
        }
    }
    Ok(streams)
}

fn shares(source: &Source) -> Vec<(usize, f64)> {
    let before = std::iter::once(0.0).chain(source.mix.iter().map(|(_, sum)| *sum));
    source.mix.iter().zip(before).map(|((class, sum), before)| (class.index(), sum - before)).collect()
}

fn gaps(arrivals: &ArrivalsSpec) -> Gaps {
    match arrivals {
        ArrivalsSpec::Poisson => Gaps::Poisson,
        ArrivalsSpec::Uniform => Gaps::Renewal(0.0),
        ArrivalsSpec::Gamma { cv } => Gaps::Renewal(cv * cv),
        ArrivalsSpec::Mmpp { .. } => Gaps::Bursts("the bursts of mmpp"),
    }
}

/// What a service is offered over time.
#[derive(Clone, Debug)]
pub(super) struct Demand {
    /// Requests per second.
    pub(super) requests: Profile,
    /// Cores that the work keeps busy; `None` where CPU never is short.
    pub(super) cpu: Option<Profile>,
    /// Slots that requests hold; `None` where some server has no limit.
    pub(super) slots: Option<Profile>,
}

impl Demand {
    /// Adds up the streams of a service, as shares of the capacity of `servers` of them times what `fleet`
    /// says from when on.
    pub(super) fn of(
        scenario: &Scenario,
        service: usize,
        streams: &[&Stream],
        servers: f64,
        fleet: &[(SimTime, f64)],
    ) -> Self {
        let mean = MeanServer::of(&scenario.plan.services[service]);
        let demands = &scenario.services[service].demands;
        let seconds = |law: &Distribution| law.mean() / 1e9;
        let per_request = |stream: &Stream, speed: Option<f64>| -> f64 {
            let one = |&(class, share): &(usize, f64)| {
                demands[class].as_ref().map_or(0.0, |demand| {
                    let work = stream.size * seconds(&demand.work);
                    let wait = demand.wait.as_ref().map_or(0.0, seconds);
                    share * speed.map_or(work, |speed| work / speed + wait)
                })
            };
            stream.shares.iter().map(one).sum()
        };
        let sum = |factor: &dyn Fn(&Stream) -> f64| {
            let parts: Vec<_> =
                streams.iter().map(|stream| stream.rate.clone().scaled(factor(stream))).collect();
            match parts.len() {
                1 => parts[0].clone(),
                0 => Profile::constant(0.0, scenario.plan.duration()),
                _ => Profile::sum(&parts, scenario.plan.duration()),
            }
        };
        let used = |capacity: Option<f64>, speed: Option<f64>| {
            let capacity = capacity? * servers;
            let share = (capacity > 0.0).then(|| sum(&|stream| per_request(stream, speed) / capacity));
            share.map(|share| if fleet.len() > 1 { share.divided(fleet) } else { share })
        };
        Self {
            requests: sum(&|_| 1.0),
            cpu: used(mean.cores, None),
            slots: used(mean.slots, mean.speed.or(Some(1.0))),
        }
    }

    /// Returns the mean over a stretch.
    pub(super) fn over(&self, from: SimTime, to: SimTime) -> [Option<f64>; 3] {
        let length = (to - from).as_secs_f64();
        let mean = |profile: &Profile| profile.expected(from, to) / length;
        [Some(mean(&self.requests)), self.cpu.as_ref().map(mean), self.slots.as_ref().map(mean)]
    }

    /// Returns when the scarcer of CPU and slots is asked for most, to the instant, and how much.
    pub(super) fn peak(&self) -> Option<(SimTime, f64)> {
        let profiles = [&self.cpu, &self.slots].into_iter().flatten();
        let larger = |best: (SimTime, f64), next: (SimTime, f64)| if next.1 > best.1 { next } else { best };
        profiles.map(Profile::busiest).reduce(larger)
    }
}
