//! Ladder: larger or smaller servers instead of more or fewer.
//!
//! Moves along sizes in ascending order, one at a time: up when the servers are busy for long enough, down when they
//! are idle for as long and would not be busy one size below. Which sizes there are the pool knows; here they are
//! places on a ladder. Servers of the old size serve until those of the new one can, so that booting ones do not
//! count.

use std::fmt::Debug;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::signal::{self, Level, Signal, Wrong, check_length, check_percentile, compared, wrong};
use super::{Limit, Seen, Want};
use crate::time::{SimDuration, SimTime};

/// Chooses the size of servers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Ladder {
    /// What is watched.
    pub metric: Signal,
    /// Which latency, where `metric` is that.
    pub percentile: f64,
    /// Above this the next size up is taken.
    pub above: Level,
    /// Below this the next size down is taken.
    pub below: Level,
    /// For so long the metric must be above or below.
    #[serde(rename = "for")]
    pub lasting: SimDuration,
    /// After a move none is made for so long.
    pub cooldown: SimDuration,
    /// Between two looks.
    pub period: SimDuration,
    /// The pipeline through which it is seen.
    pub from: String,
}

impl Default for Ladder {
    fn default() -> Self {
        Self {
            metric: Signal::SlotUtilization,
            percentile: 99.0,
            above: Level::Percent(70.0),
            below: Level::Percent(30.0),
            lasting: SimDuration::from_secs(300),
            cooldown: SimDuration::from_secs(600),
            period: SimDuration::from_secs(60),
            from: signal::prometheus(),
        }
    }
}

/// Decides which size servers are to have.
pub trait RungPolicy: Debug {
    /// Answers which rung it is to be from now on.
    fn desired_rung(&mut self, seen: &Seen<'_>, ladder: Rungs<'_>) -> RungAdvice;

    /// Learns that servers are to have another size from now on.
    fn on_moved(&mut self, _now: SimTime, _before: usize, _after: usize) {}
}

/// The ladder, and where the pool is on it.
#[derive(Clone, Copy, Debug)]
pub struct Rungs<'a> {
    /// The present size.
    pub rung: usize,
    /// What a server of each size can do, in any unit; ascending.
    pub capacities: &'a [f64],
}

/// A policy's answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RungAdvice {
    /// Which size; `None` where the policy has nothing to say.
    pub rung: Option<usize>,
    /// What it went by; for people.
    pub signal: String,
    /// What held it back.
    pub limited_by: Option<Limit>,
}

impl Ladder {
    /// Returns how often it is asked; the first time is one period after t = 0.
    pub fn period(&self) -> SimDuration {
        self.period
    }

    /// Returns what it goes by.
    pub fn wants(&self) -> Vec<Want> {
        vec![self.metric.want(self.percentile, &self.from)]
    }

    /// Builds the state of one run.
    pub fn build(&self) -> Box<dyn RungPolicy> {
        Box::new(Climber { spec: self.clone(), up_since: None, down_since: None, quiet_until: SimTime::ZERO })
    }

    /// Returns what is wrong with the parameters, as (path within the policy, message, remedy).
    pub fn problems(&self) -> Vec<Wrong> {
        let mut found: Vec<Wrong> = Vec::new();
        let (unit, name) = (self.metric.unit(), self.metric.label());
        found.extend(self.above.check("above", unit, name));
        found.extend(self.below.check("below", unit, name));
        if self.above.value() <= self.below.value() {
            let message = format!("above, {}, is not above below, {}", self.above, self.below);
            found.push(wrong("above", message, "raise it, or lower below"));
        }
        found.extend(check_percentile("percentile", self.percentile));
        found.extend(check_length("period", self.period, "1m"));
        found
    }
}

/// Returns the rung for a value of the metric, without delays, and what keeps it from going down.
///
/// It stays where the value, grown by what the smaller size lacks, would be above the band there.
pub fn next_rung(value: f64, above: f64, below: f64, ladder: Rungs<'_>) -> (usize, Option<Limit>) {
    let Rungs { rung, capacities } = ladder;
    if value > above {
        let top = rung + 1 >= capacities.len();
        return if top { (rung, Some(Limit::MaxReplicas)) } else { (rung + 1, None) };
    }
    if value >= below {
        return (rung, None);
    }
    let Some(lower) = rung.checked_sub(1) else { return (rung, Some(Limit::MinReplicas)) };
    match (capacities.get(rung), capacities.get(lower)) {
        (Some(here), Some(there)) if value * here / there > above => (rung, Some(Limit::Tolerance)),
        _ => (lower, None),
    }
}

/// The state of one run.
#[derive(Debug)]
struct Climber {
    spec: Ladder,
    /// Since when the next rung up is asked for.
    up_since: Option<SimTime>,
    /// Since when the next rung down is.
    down_since: Option<SimTime>,
    quiet_until: SimTime,
}

impl RungPolicy for Climber {
    fn desired_rung(&mut self, seen: &Seen<'_>, ladder: Rungs<'_>) -> RungAdvice {
        let metric = self.spec.metric;
        let Some(value) = metric.read(seen, 0) else {
            (self.up_since, self.down_since) = (None, None);
            let signal = format!("{}: no data", metric.label());
            return RungAdvice { signal, limited_by: Some(Limit::NoMetric), ..RungAdvice::default() };
        };
        let (above, below) = (self.spec.above.value(), self.spec.below.value());
        let bound = if value < below { below } else { above };
        let signal = compared(metric.label(), value, bound, metric.unit());
        let (wanted, limit) = next_rung(value, above, below, ladder);
        let since = match wanted {
            up if up > ladder.rung => {
                self.down_since = None;
                *self.up_since.get_or_insert(seen.now)
            }
            down if down < ladder.rung => {
                self.up_since = None;
                *self.down_since.get_or_insert(seen.now)
            }
            _ => {
                (self.up_since, self.down_since) = (None, None);
                return RungAdvice { rung: Some(ladder.rung), signal, limited_by: limit };
            }
        };
        let limited_by = match () {
            () if since + self.spec.lasting > seen.now => Some(Limit::Stabilization),
            () if seen.now < self.quiet_until => Some(Limit::Cooldown),
            () => None,
        };
        let rung = Some(if limited_by.is_some() { ladder.rung } else { wanted });
        RungAdvice { rung, signal, limited_by }
    }

    fn on_moved(&mut self, now: SimTime, _before: usize, _after: usize) {
        (self.up_since, self.down_since) = (None, None);
        self.quiet_until = now + self.spec.cooldown;
    }
}

#[cfg(test)]
mod tests {
    use super::super::Reading;
    use super::super::testing::{Pool, at};
    use super::*;

    const SIZES: &[f64] = &[2.0, 4.0, 16.0];

    #[test]
    fn one_rung_at_a_time_and_never_into_being_busy() {
        for (rung, value, expected, limit) in [
            (0, 0.71, 1, None),
            (0, 0.7, 0, None), // bounds are within
            (2, 0.9, 2, Some(Limit::MaxReplicas)),
            (1, 0.3, 1, None),
            (1, 0.29, 0, None),                   // 58 % there
            (2, 0.29, 2, Some(Limit::Tolerance)), // 116 % there
            (2, 0.175, 1, None),                  // exactly 70 % there
            (0, 0.1, 0, Some(Limit::MinReplicas)),
        ] {
            let next = next_rung(value, 0.7, 0.3, Rungs { rung, capacities: SIZES });
            assert_eq!(next, (expected, limit), "{value} at {rung}");
        }
    }

    #[test]
    fn moves_take_their_time() {
        let mut policy = Ladder::default().build();
        let pool = Pool::of(3);
        let ask = |policy: &mut dyn RungPolicy, seconds, value, rung| {
            let readings = [Reading::Value(value)];
            let advice =
                policy.desired_rung(&pool.seen(seconds, &readings), Rungs { rung, capacities: SIZES });
            (advice.rung, advice.limited_by)
        };
        let stays = (Some(0), Some(Limit::Stabilization));
        assert_eq!(ask(&mut *policy, 60, Some(0.8), 0), stays);
        assert_eq!(ask(&mut *policy, 120, None, 0), (None, Some(Limit::NoMetric)));
        assert_eq!(ask(&mut *policy, 180, Some(0.8), 0), stays);
        assert_eq!(ask(&mut *policy, 479, Some(0.8), 0), stays);
        assert_eq!(ask(&mut *policy, 480, Some(0.8), 0), (Some(1), None));
        policy.on_moved(at(480), 0, 1);
        assert_eq!(ask(&mut *policy, 540, Some(0.2), 1), (Some(1), Some(Limit::Stabilization)));
        assert_eq!(ask(&mut *policy, 1_079, Some(0.2), 1), (Some(1), Some(Limit::Cooldown)));
        assert_eq!(ask(&mut *policy, 1_080, Some(0.2), 1), (Some(0), None));
    }

    #[test]
    fn bands_upside_down_are_told() {
        assert_eq!(Ladder::default().problems(), Vec::new());
        let wrong = Ladder { above: Level::Percent(20.0), below: Level::PerSecond(5.0), ..Ladder::default() };
        assert_eq!(wrong.problems().len(), 2);
    }
}
