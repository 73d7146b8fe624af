//! How fast a pool may grow and shrink: stabilisation windows, rates, and the events they count.
//!
//! Pure functions, the counterparts of pkg/controller/podautoscaler/horizontal.go of Kubernetes, named
//! beside each. Knows no metric.

use super::release::Release;
use crate::time::{SimDuration, SimTime};

/// In what a policy counts (`HPAScalingPolicyType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Pods.
    Pods,
    /// Per cent of the pods at the start of the period.
    Percent,
}

/// So much in so long (`HPAScalingPolicy`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// In what it counts.
    pub unit: Unit,
    /// How much.
    pub value: i32,
    /// In how long.
    pub period: SimDuration,
}

/// Which of several rates counts (`ScalingPolicySelect`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Select {
    /// The one that allows the most.
    Max,
    /// The one that allows the least.
    Min,
    /// None: never in this direction.
    Disabled,
}

/// Rules of one direction (`HPAScalingRules`), defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Recommendations of so long are considered.
    pub window: SimDuration,
    /// Which rate counts.
    pub select: Select,
    /// The rates; at least one.
    pub rates: Vec<Rate>,
}

/// Rules of both directions (`HorizontalPodAutoscalerBehavior`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behavior {
    /// To more.
    pub up: Rules,
    /// To fewer.
    pub down: Rules,
}

const PERIOD: SimDuration = SimDuration::from_secs(15);

impl Rules {
    /// Returns the rules for more: no window, 4 pods or 100 % in 15 s, whichever is more
    /// (`GenerateHPAScaleUpRules`, pkg/apis/autoscaling/v2/defaults.go).
    pub fn default_up() -> Self {
        let rates = vec![
            Rate { unit: Unit::Pods, value: 4, period: PERIOD },
            Rate { unit: Unit::Percent, value: 100, period: PERIOD },
        ];
        Self { window: SimDuration::ZERO, select: Select::Max, rates }
    }

    /// Returns the rules for fewer: everything in 15 s, but within the controller's window
    /// (`GenerateHPAScaleDownRules` and `maybeInitScaleDownStabilizationWindow`).
    pub fn default_down(window: SimDuration) -> Self {
        Self {
            window,
            select: Select::Max,
            rates: vec![Rate { unit: Unit::Percent, value: 100, period: PERIOD }],
        }
    }

    /// Returns the longest period of its rates (`getLongestPolicyPeriod`).
    pub fn longest_period(&self) -> SimDuration {
        self.rates.iter().map(|rate| rate.period).max().unwrap_or_default()
    }
}

/// What was recommended when (`timestampedRecommendation`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recommendation {
    /// So many replicas.
    pub replicas: i32,
    /// When.
    pub at: SimTime,
}

/// By how much the number of replicas was changed when (`timestampedScaleEvent`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScaleEvent {
    /// By so many, in the direction of its list.
    pub change: i32,
    /// When.
    pub at: SimTime,
    /// Whether its place may be used again.
    pub outdated: bool,
}

/// What holds a number of replicas back (reasons of the condition `ScalingLimited`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    DesiredWithinRange,
    /// `minReplicas`.
    TooFewReplicas,
    /// `maxReplicas`.
    TooManyReplicas,
    /// A rate to more.
    ScaleUpLimit,
    /// A rate to fewer.
    ScaleDownLimit,
}

impl Condition {
    /// Returns the reason as Kubernetes writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::DesiredWithinRange => "DesiredWithinRange",
            Self::TooFewReplicas => "TooFewReplicas",
            Self::TooManyReplicas => "TooManyReplicas",
            Self::ScaleUpLimit => "ScaleUpLimit",
            Self::ScaleDownLimit => "ScaleDownLimit",
        }
    }
}

/// Returns by how much replicas changed within less than a period (`getReplicasChangePerPeriod`).
pub fn changes_within(period: SimDuration, events: &[ScaleEvent], now: SimTime) -> i32 {
    events
        .iter()
        .filter(|event| now - event.at < period)
        .fold(0, |sum, event| sum.saturating_add(event.change))
}

/// Scale events of both directions.
#[derive(Clone, Copy, Debug)]
pub struct Events<'a> {
    /// To more.
    pub up: &'a [ScaleEvent],
    /// To fewer.
    pub down: &'a [ScaleEvent],
}

impl Events<'_> {
    fn added(self, rate: &Rate, now: SimTime) -> i32 {
        changes_within(rate.period, self.up, now)
    }

    fn removed(self, rate: &Rate, now: SimTime) -> i32 {
        changes_within(rate.period, self.down, now)
    }
}

/// Returns the most replicas that the rates allow now (`calculateScaleUpLimitWithScalingRules`); it may
/// be below the present number.
pub fn scale_up_limit(
    current: i32,
    events: Events<'_>,
    rules: &Rules,
    now: SimTime,
    release: Release,
) -> i32 {
    let proposed = |rate: &Rate| {
        let removed = if release.rates_count_both_directions() { events.removed(rate, now) } else { 0 };
        let start = current.saturating_sub(events.added(rate, now)).saturating_add(removed);
        match rate.unit {
            Unit::Pods => start.saturating_add(rate.value),
            // Rounded up: a small pool would never grow otherwise.
            Unit::Percent => (f64::from(start) * (1.0 + f64::from(rate.value) / 100.0)).ceil() as i32,
        }
    };
    match rules.select {
        Select::Disabled => current,
        Select::Min => rules.rates.iter().map(proposed).min().unwrap_or(i32::MAX),
        Select::Max => rules.rates.iter().map(proposed).max().unwrap_or(i32::MIN),
    }
}

/// Returns the fewest replicas that the rates allow now (`calculateScaleDownLimitWithBehaviors`); it
/// may be above the present number.
pub fn scale_down_limit(
    current: i32,
    events: Events<'_>,
    rules: &Rules,
    now: SimTime,
    release: Release,
) -> i32 {
    let proposed = |rate: &Rate| {
        let added = if release.rates_count_both_directions() { events.added(rate, now) } else { 0 };
        let start = current.saturating_add(events.removed(rate, now)).saturating_sub(added);
        match rate.unit {
            Unit::Pods => start.saturating_sub(rate.value),
            Unit::Percent => (f64::from(start) * (1.0 - f64::from(rate.value) / 100.0)) as i32,
        }
    };
    match rules.select {
        Select::Disabled => current,
        Select::Min => rules.rates.iter().map(proposed).max().unwrap_or(i32::MIN),
        Select::Max => rules.rates.iter().map(proposed).min().unwrap_or(i32::MAX),
    }
}

/// Returns the most replicas without a behaviour: twice as many, or 4 (`calculateScaleUpLimit`,
/// `scaleUpLimitFactor` 2.0 and `scaleUpLimitMinimum` 4.0).
pub fn legacy_scale_up_limit(current: i32) -> i32 {
    current.saturating_mul(2).max(4)
}

/// Remembers a change, in the place of one that no rate counts any more if there is one
/// (`storeScaleEvent`, `markScaleEventsOutdated`). Of several such places the last is taken.
pub fn store_event(events: &mut Vec<ScaleEvent>, rules: &Rules, change: i32, now: SimTime) {
    let longest = rules.longest_period();
    for event in events.iter_mut() {
        event.outdated |= now - event.at > longest;
    }
    put(events, |event| event.outdated, ScaleEvent { change, at: now, outdated: false });
}

/// Puts an item in the last place that is free, or behind all.
fn put<T>(items: &mut Vec<T>, free: impl Fn(&T) -> bool, item: T) {
    match items.iter().rposition(free) {
        Some(place) => items[place] = item,
        None => items.push(item),
    }
}

/// Returns the highest recommendation of a window, the newest included, and remembers the newest
/// (`stabilizeRecommendation`, without a behaviour).
pub fn stabilize_down(log: &mut Vec<Recommendation>, desired: i32, window: SimDuration, now: SimTime) -> i32 {
    let old = |entry: &Recommendation| now - entry.at > window;
    let stabilized =
        log.iter().filter(|entry| !old(entry)).fold(desired, |most, entry| most.max(entry.replicas));
    put(log, old, Recommendation { replicas: desired, at: now });
    stabilized
}

/// Returns the stabilised recommendation and remembers the newest
/// (`stabilizeRecommendationWithBehaviors`).
///
/// From 1.22 on the present number is moved only as far as the lowest of the window up and the highest
/// of the window down force it; before, the window of the direction in which the newest recommendation
/// points decided alone.
pub fn stabilize(
    log: &mut Vec<Recommendation>,
    (current, desired): (i32, i32),
    behavior: &Behavior,
    now: SimTime,
    release: Release,
) -> i32 {
    let (up, down) = (behavior.up.window, behavior.down.window);
    let within = |window| log.iter().filter(move |entry| now - entry.at < window).map(|entry| entry.replicas);
    let lowest = within(up).fold(desired, i32::min);
    let highest = within(down).fold(desired, i32::max);
    let stabilized = if release.stabilizes_within_envelope() {
        current.max(lowest).min(highest)
    } else if desired >= current {
        lowest
    } else {
        highest
    };
    let longest = up.max(down);
    put(log, |entry| now - entry.at > longest, Recommendation { replicas: desired, at: now });
    stabilized
}

/// Holds a number within the bounds and twice the present number (`convertDesiredReplicasWithRules`).
pub fn within_rules(current: i32, desired: i32, (min, max): (i32, i32)) -> (i32, Condition) {
    let limit = legacy_scale_up_limit(current);
    let most = max.min(limit);
    if desired < min {
        (min, Condition::TooFewReplicas)
    } else if desired > most {
        (most, if max > limit { Condition::ScaleUpLimit } else { Condition::TooManyReplicas })
    } else {
        (desired, Condition::DesiredWithinRange)
    }
}

/// Holds a number within the bounds and the rates (`convertDesiredReplicasWithBehaviorRate`).
pub fn within_rates(
    (current, desired): (i32, i32),
    (min, max): (i32, i32),
    events: Events<'_>,
    behavior: &Behavior,
    now: SimTime,
    release: Release,
) -> (i32, Condition) {
    if desired > current {
        // Rates that were exceeded before do not take anything back.
        let limit = scale_up_limit(current, events, &behavior.up, now, release).max(current);
        if desired > max.min(limit) {
            let by_rate = max > limit;
            return (
                max.min(limit),
                if by_rate { Condition::ScaleUpLimit } else { Condition::TooManyReplicas },
            );
        }
    } else if desired < current {
        let limit = scale_down_limit(current, events, &behavior.down, now, release).min(current);
        if desired < min.max(limit) {
            let by_rate = min < limit;
            return (
                min.max(limit),
                if by_rate { Condition::ScaleDownLimit } else { Condition::TooFewReplicas },
            );
        }
    }
    (desired, Condition::DesiredWithinRange)
}
