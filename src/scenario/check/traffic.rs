//! Sources: who is called, by which classes, at what rate.

use super::classes::{Classes, Part, parts};
use super::run::Frame;
use super::traces::{Known, Traces};
use super::{Findings, join};
use crate::dist::Distribution;
use crate::error::Code;
use crate::ids::{ClassId, ServiceId};
use crate::scenario::forms::TrafficRateSpec;
use crate::scenario::named::Named;
use crate::scenario::plan::{Recording, Source};
use crate::scenario::spec::{ScenarioSpec, SourceSpec};
use crate::scenario::suggest;
use crate::units::{MAX_RATE, Rate, Ratio};
use crate::workload::recorded::{RecordedSpec, Survey};
use crate::workload::{ArrivalsSpec, Profile, RateSpec, Zipf};

/// Shares of a mix may miss 100 % by so much.
const TOLERANCE: f64 = 1e-9;

/// Sources, and what they offer.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    pub(super) sources: Vec<Source>,
    pub(super) offers: Vec<Offer>,
}

/// Requests of one class that one source is expected to send to a service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offer {
    pub(super) service: usize,
    pub(super) class: usize,
    /// Per second, over the whole run.
    pub(super) rate: f64,
    /// Mean size.
    pub(super) size: f64,
}

pub(super) fn check(
    spec: &ScenarioSpec,
    frame: &Frame,
    classes: &Classes,
    traces: &Traces<'_>,
    found: &mut Findings,
) -> Traffic {
    let mut traffic = Traffic::default();
    for (name, source) in spec.traffic.iter() {
        let path = format!("traffic.{name}");
        found.name(&path, name);
        let context = Context { path, spec, source, frame, classes, traces };
        context.check(name, &mut traffic, found);
    }
    traffic
}

/// Returns the classes of a mix and their cumulated shares; `path` is that of the mix, `to` the service.
pub(super) fn mix_shares(
    path: &str,
    to: &str,
    mix: &Named<Ratio>,
    classes: &Classes,
    found: &mut Findings,
) -> Vec<(usize, f64)> {
    let (mut shares, mut sum) = (Vec::new(), 0.0_f64);
    for (class, share) in mix.iter() {
        if let Some(service) = classes.service(to) {
            known_class(&join(path, class), to, service, class, classes, found);
        }
        sum += share.0;
        if share.0 > 0.0 {
            shares.extend(classes.get(class).map(|class| (class, sum)));
        }
    }
    if (sum - 1.0).abs() > TOLERANCE {
        let message = format!("the shares add up to {}%, not to 100%", libm::round(sum * 1e8) / 1e6);
        found.add(Code::Shares, path, message, "write for example mix: {browse: 92%, order: 8%}");
    }
    shares
}

fn known_class(path: &str, to: &str, service: usize, name: &str, classes: &Classes, found: &mut Findings) {
    if classes.get(name).is_none_or(|class| !classes.takes(service, class)) {
        let message = format!("the work of `{to}` knows no class `{}`", suggest::short(name));
        found.add(Code::UnknownName, path, message, suggest::known(name, classes.names_of(service)));
    }
}

/// One source and what it is checked against.
struct Context<'a> {
    path: String,
    spec: &'a ScenarioSpec,
    source: &'a SourceSpec,
    frame: &'a Frame,
    classes: &'a Classes,
    traces: &'a Traces<'a>,
}

impl Context<'_> {
    fn check(&self, name: &str, traffic: &mut Traffic, found: &mut Findings) {
        let service = self.classes.service(&self.source.to);
        if service.is_none() {
            let message = format!("there is no service `{}`", suggest::short(&self.source.to));
            found.add(
                Code::UnknownName,
                join(&self.path, "to"),
                message,
                suggest::known(&self.source.to, self.spec.services.names()),
            );
        }
        let problems = self.source.arrivals.problems();
        let arrivals = join(&self.path, "arrivals");
        found.nest(Code::Arrivals, &arrivals, problems);
        self.refuse_idle_arrivals(&arrivals, found);
        let uncertainty = self.uncertainty(found);
        let mut mix = self.mix(service, found);
        if let Some((_, last)) = mix.last_mut() {
            *last = 1.0;
        }
        let factor = uncertainty.as_ref().map_or(1.0, Distribution::mean);
        let profile = self.profile(found);
        if let (Some(service), Some(profile)) = (service, &profile) {
            self.offer_mix(service, &mix, profile.mean() * factor, 1.0, traffic);
        }
        let recorded = service.map(|service| self.recordings(service, found)).unwrap_or_default();
        if let Some(service) = service {
            self.offer_recorded(service, &recorded, &mix, factor, traffic);
        }
        traffic.sources.push(Source {
            name: name.to_owned(),
            to: ServiceId::new(service.unwrap_or(0)),
            mix: mix.into_iter().map(|(class, share)| (ClassId::new(class), share)).collect(),
            arrivals: self.source.arrivals.clone(),
            profile,
            recorded,
            uncertainty,
            keys: self.keys(found),
        });
    }

    /// Recorded traffic comes as it was recorded: bursts asked for beside it would be ignored.
    fn refuse_idle_arrivals(&self, path: &str, found: &mut Findings) {
        if self.source.rate.is_recorded_only()
            && matches!(self.source.arrivals, ArrivalsSpec::Gamma { .. } | ArrivalsSpec::Mmpp { .. })
        {
            found.add(
                Code::Contradiction,
                path,
                "the whole source is recorded: bursts are as they were recorded",
                "leave the key out, or write uniform to space the arrivals of an interval evenly",
            );
        }
    }

    /// A wall clock is its first occurrence at or after the start: one just missed lies a day ahead,
    /// and the run would show a quiet baseline.
    fn refuse_missed_event(&self, spec: &RateSpec, path: &str, found: &mut Findings) {
        let RateSpec::Event(event) = spec else { return };
        if self.frame.resolve(&event.at).is_ok_and(|at| at >= i128::from(self.frame.duration.as_nanos())) {
            found.add(
                Code::Rate,
                join(path, "event.at"),
                "the event opens after the end of the run",
                "simulate longer, or start earlier: a wall clock is the first one at or after run.start",
            );
        }
    }

    fn keys(&self, found: &mut Findings) -> Option<Zipf> {
        let keys = self.source.keys.as_ref()?;
        let problems = keys.problems();
        if problems.is_empty() {
            return Some(keys.build());
        }
        for (parameter, message, remedy) in problems {
            found.add(Code::OutOfRange, join(&self.path, &format!("keys.{parameter}")), message, remedy);
        }
        None
    }

    fn uncertainty(&self, found: &mut Findings) -> Option<Distribution> {
        let path = join(&self.path, "uncertainty");
        match self.source.uncertainty.as_ref()?.build() {
            Ok(law) if law.mean() > 0.0 && law.variance() > 0.0 => return Some(law),
            Ok(law) if law.mean() > 0.0 => found.add(
                Code::OutOfRange,
                path,
                format!("a factor that is always {} leaves nothing uncertain", law.mean()),
                "write for example {lognormal: {p50: 1.0, p90: 1.2}}; run.load multiplies all traffic",
            ),
            Ok(_) => found.add(
                Code::OutOfRange,
                path,
                "the factor is always 0",
                "write for example {lognormal: {p50: 1.0, p90: 1.2}}",
            ),
            Err(problems) => found.nest(Code::Distribution, &path, problems),
        }
        None
    }

    /// Returns classes and cumulated shares.
    fn mix(&self, service: Option<usize>, found: &mut Findings) -> Vec<(usize, f64)> {
        let parts = parts(&self.source.rate, "rate");
        let needed = parts.is_empty()
            || parts.iter().any(|(_, part)| part.as_ref().map_or_else(|spec| spec.class.is_none(), |_| true));
        let (class, mix) = (&self.source.class, &self.source.mix);
        let written = if class.is_some() { "class" } else { "mix" };
        match (class, mix) {
            (Some(_), Some(_)) => {
                found.add(
                    Code::Contradiction,
                    join(&self.path, "mix"),
                    "`class` and `mix` exclude one another",
                    "keep one of them",
                );
            }
            (None, None) if needed => {
                let known = service.map(|service| suggest::known("", self.classes.names_of(service)));
                let remedy = known.filter(|text| text.starts_with("write")).unwrap_or_default();
                let remedy = if remedy.is_empty() {
                    "write class: NAME, or mix: {a: 90%, b: 10%}".to_owned()
                } else {
                    remedy
                };
                found.add(Code::MissingKey, &self.path, "the source says neither class nor mix", remedy);
            }
            (Some(_), None) | (None, Some(_)) if !needed => {
                let message =
                    format!("`{written}` is never used: the trace names the class of every request");
                found.add(Code::Contradiction, join(&self.path, written), message, "remove it");
            }
            _ => {}
        }
        let mut shares = Vec::new();
        if let Some(class) = class {
            if let Some(service) = service {
                known_class(&join(&self.path, "class"), &self.source.to, service, class, self.classes, found);
            }
            shares.extend(self.classes.get(class).map(|class| (class, 1.0)));
        } else if let Some(mix) = mix {
            shares = mix_shares(&join(&self.path, "mix"), &self.source.to, mix, self.classes, found);
        }
        shares
    }

    /// Returns the sum of the synthetic rates, `run.load` included.
    fn profile(&self, found: &mut Findings) -> Option<Profile> {
        if let TrafficRateSpec::Sum(list) = &self.source.rate
            && list.is_empty()
        {
            found.add(
                Code::Nothing,
                join(&self.path, "rate.sum"),
                "there is nothing to add",
                "write for example sum: [90/s, {event: {..}}]",
            );
        }
        let resolve = |when: &crate::units::When| self.frame.resolve(when);
        let mut profiles = Vec::new();
        let mut whole = true;
        for (path, part) in parts(&self.source.rate, "rate") {
            let Part::Ok(spec) = part else { continue };
            self.refuse_missed_event(spec, &join(&self.path, &path), found);
            match spec.profile(self.frame.duration, &resolve) {
                Ok(profile) => profiles.push(profile),
                Err(problems) => {
                    whole = false;
                    let path = join(&self.path, &path);
                    found.nest(Code::Rate, &path, problems);
                }
            }
        }
        if profiles.is_empty() || !whole || self.frame.duration.is_zero() {
            return None;
        }
        let sum = if profiles.len() == 1 {
            profiles.remove(0)
        } else {
            Profile::sum(&profiles, self.frame.duration)
        };
        let sum = sum.scaled(self.frame.load);
        if sum.peak() > MAX_RATE {
            let message =
                format!("with run.load the rate reaches {}, above the largest, 1G/s", Rate(sum.peak()));
            found.add(
                Code::OutOfRange,
                join(&self.path, "rate"),
                message,
                "lower it, or split it over several sources",
            );
        }
        Some(sum)
    }

    fn recordings(&self, service: usize, found: &mut Findings) -> Vec<Recording> {
        let mut recordings = Vec::new();
        for (path, part) in parts(&self.source.rate, "rate") {
            let Part::Err(spec) = part else { continue };
            let path = join(&self.path, &path);
            let problems = spec.problems();
            if problems.is_empty() {
                recordings.extend(self.survey(&path, spec, service, found));
            } else {
                found.nest(Code::Recorded, &path, problems);
            }
        }
        recordings
    }

    fn survey(
        &self,
        path: &str,
        spec: &RecordedSpec,
        service: usize,
        found: &mut Findings,
    ) -> Option<Recording> {
        if self.frame.duration.is_zero() {
            return None;
        }
        if spec.class.is_some() && self.classes.of_service[service].is_empty() {
            let message =
                format!("the trace names classes, and `services.{}.work` knows none", self.source.to);
            found.add(
                Code::Recorded,
                join(path, "class"),
                message,
                "write work as a map from class to distribution",
            );
            return None;
        }
        let known = self.classes.names_of(service);
        let known = known.filter_map(|name| Some((name, ClassId::new(self.classes.get(name)?)))).collect();
        let survey = self.traces.survey(path, spec, self.frame, &Known::These(known), found)?;
        Some(Recording { spec: spec.clone(), survey, factor: self.frame.load })
    }

    fn offer_mix(&self, service: usize, mix: &[(usize, f64)], rate: f64, size: f64, traffic: &mut Traffic) {
        let mut before = 0.0;
        for &(class, share) in mix {
            traffic.offers.push(Offer { service, class, rate: rate * (share - before), size });
            before = share;
        }
    }

    fn offer_recorded(
        &self,
        service: usize,
        recorded: &[Recording],
        mix: &[(usize, f64)],
        factor: f64,
        traffic: &mut Traffic,
    ) {
        let seconds = self.frame.duration.as_secs_f64();
        let offers =
            recorded.iter().map(|recording| &recording.survey).flat_map(|s: &Survey| &s.offered().by_class);
        for offer in offers {
            let rate = offer.arrivals * self.frame.load * factor / seconds;
            match offer.class {
                Some(class) => {
                    let class = class.index();
                    traffic.offers.push(Offer { service, class, rate, size: offer.mean_size });
                }
                None => self.offer_mix(service, mix, rate, offer.mean_size, traffic),
            }
        }
    }
}
