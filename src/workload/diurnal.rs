//! A rate with the period of a day: a cosine, or 24 hourly rates.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rate::{Resolve, check_rate};
use super::{Problem, Profile, Segment};
use crate::time::{NANOS_PER_SEC, SimDuration, SimTime};
use crate::units::{Rate, When};

/// The longest run with a daily rhythm: 1,440 stretches a day are kept in memory.
const MAX_DAYS: u64 = 366;
const MINUTE: u64 = 60 * NANOS_PER_SEC;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A rate with the period of a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Written", into = "Written")]
#[schemars(with = "Written")]
pub enum DiurnalSpec {
    /// mean + (peak - mean) cos(2 pi (t - peakAt) / 24 h), at every whole minute from the peak, and
    /// linear between: that is the definition, not an approximation of another one. Its mean over
    /// a day is `mean` and its largest rate `peak`.
    Cosine {
        /// The mean over a day.
        mean: Rate,
        /// The rate at the daily peak, from `mean` to twice that (the trough would be negative).
        peak: Rate,
        /// When the peak is, on this and every other day.
        peak_at: When,
    },
    /// The rates at 00:00, 01:00 .. 23:00 on the wall clock, linear between, the same every day.
    Hours(Vec<Rate>),
}

/// The keys as written: `{mean, peak, peakAt}` or `{hours}`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "DiurnalSpec")]
struct Written {
    /// The mean over a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mean: Option<Rate>,
    /// The rate at the daily peak, from the mean to twice that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    peak: Option<Rate>,
    /// When the peak is, on every day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    peak_at: Option<When>,
    /// Instead: the rates at 00:00, 01:00 .. 23:00 on the wall clock, linear between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hours: Option<Vec<Rate>>,
}

impl TryFrom<Written> for DiurnalSpec {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        match written {
            Written { mean: Some(mean), peak: Some(peak), peak_at: Some(peak_at), hours: None } => {
                Ok(Self::Cosine { mean, peak, peak_at })
            }
            Written { mean: None, peak: None, peak_at: None, hours: Some(hours) } => Ok(Self::Hours(hours)),
            _ => Err("a diurnal rate is given by its mean and peak, or by its hours; write all three of \
                      {mean: 2k/s, peak: 3k/s, peakAt: \"21:00\"}, or {hours: [24 rates]}"),
        }
    }
}

impl From<DiurnalSpec> for Written {
    fn from(spec: DiurnalSpec) -> Self {
        let nothing = Self { mean: None, peak: None, peak_at: None, hours: None };
        match spec {
            DiurnalSpec::Cosine { mean, peak, peak_at } => {
                Self { mean: Some(mean), peak: Some(peak), peak_at: Some(peak_at), ..nothing }
            }
            DiurnalSpec::Hours(hours) => Self { hours: Some(hours), ..nothing },
        }
    }
}

impl DiurnalSpec {
    /// Returns what is wrong, all at once.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        match self {
            Self::Cosine { mean, peak, .. } => {
                check_rate("mean", *mean, &mut problems);
                check_rate("peak", *peak, &mut problems);
                if peak.0 < mean.0 || peak.0 > 2.0 * mean.0 {
                    problems.push(Problem::new(
                        "peak",
                        format!("the peak, {peak}, is not between the mean, {mean}, and twice the mean"),
                        "beyond, the rate at night would be negative; describe a steeper day by hours: [24 rates]",
                    ));
                }
            }
            Self::Hours(hours) => {
                if hours.len() != 24 {
                    problems.push(Problem::new(
                        "hours",
                        format!("there are {} rates for the 24 hours of a day", hours.len()),
                        "write 24 rates, the first for 00:00",
                    ));
                }
                for (hour, rate) in hours.iter().enumerate() {
                    check_rate(&format!("hours[{hour}]"), *rate, &mut problems);
                }
            }
        }
        problems
    }

    /// Compiles a spec without problems; fails where its clock cannot be resolved, or where the
    /// horizon is too far.
    pub(super) fn compile(&self, horizon: SimDuration, resolve: &Resolve<'_>) -> Result<Profile, Problem> {
        if horizon.as_nanos() > MAX_DAYS * DAY {
            return Err(Problem::new(
                "",
                format!("a daily rhythm over {horizon} is too long"),
                format!("simulate at most {MAX_DAYS} days"),
            ));
        }
        match self {
            Self::Cosine { mean, peak, peak_at } => {
                let anchor = resolve(peak_at).map_err(|message| unresolved("peakAt", message))?;
                let swing = peak.0 - mean.0;
                let minutes: Vec<f64> = (0..1_440_u32)
                    .map(|minute| libm::cos(std::f64::consts::TAU * f64::from(minute) / 1_440.0))
                    .map(|cosine| (mean.0 + swing * cosine).max(0.0))
                    .collect();
                Ok(periodic(&minutes, MINUTE, anchor, horizon))
            }
            Self::Hours(hours) => {
                let midnight = When::Clock { seconds_of_day: 0 };
                let anchor = resolve(&midnight).map_err(|message| unresolved("hours", message))?;
                let rates: Vec<f64> = hours.iter().map(|rate| rate.0).collect();
                Ok(periodic(&rates, HOUR, anchor, horizon))
            }
        }
    }
}

fn unresolved(path: &str, message: String) -> Problem {
    Problem::new(path, message, "give run.start, to which wall clocks refer")
}

/// Lays samples `step` nanoseconds apart over [0, horizon), again and again, linear between; the
/// first of them stands at `anchor` (nanoseconds from t = 0) and at every period from there.
fn periodic(samples: &[f64], step: u64, anchor: i128, horizon: SimDuration) -> Profile {
    let period = i128::from(step) * samples.len() as i128;
    // How far t = 0 lies behind the last sample before it, and which that is.
    let phase = (-anchor).rem_euclid(period) as u64;
    let (first, into) = ((phase / step) as usize, phase % step);
    let sample = |index: usize| samples[index % samples.len()];
    let ratio = into as f64 / step as f64;
    let start_rate = sample(first) + (sample(first + 1) - sample(first)) * ratio;
    let mut to = SimTime::from_nanos(step - into);
    let mut segments = vec![Segment { from: SimTime::ZERO, to, start_rate, end_rate: sample(first + 1) }];
    let mut index = first + 1;
    while to < SimTime::ZERO + horizon {
        let from = to;
        to += SimDuration::from_nanos(step);
        segments.push(Segment { from, to, start_rate: sample(index), end_rate: sample(index + 1) });
        index += 1;
    }
    Profile::new(segments, horizon)
}
