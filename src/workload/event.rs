//! The rate of a published sales event over its day, scaled to a given peak.
//!
//! The shapes are derived from published milestones of cumulated sales (gross merchandise value,
//! a proxy for orders): between two milestones the rate is the mean rate between them, relative
//! to the mean of the whole day. They agree with the published order peaks: 544,000 orders/s in
//! 2019 are 36 times the mean of 1.29 bn orders a day, 325,000 in 2017 are 35 times that of 812 M.
//! Part of the first minutes is balances of the pre-sale and coupons that open at midnight.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rate::{Resolve, check_rate};
use super::{Problem, Profile, Segment};
use crate::time::{NANOS_PER_SEC, SimDuration, SimTime};
use crate::units::{Rate, When};

/// A baseline, and a sales event of one day that rises out of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventSpec {
    /// The rate before the event and after its day, and the least rate within it.
    pub baseline: Rate,
    /// When it opens; may lie before t = 0 (a run that starts in the middle of it).
    pub at: When,
    /// The name of its shape, for example `double11-2019`.
    #[schemars(transform = known_shapes)]
    pub shape: String,
    /// The rate of its steepest stretch.
    pub peak: Rate,
}

/// A shape: its name, and per stretch its end in seconds from the opening and its rate relative to
/// the mean of the day.
struct Shape {
    name: &'static str,
    stretches: &'static [(u64, f64)],
}

/// The known shapes, each with the milestones (cumulated bn RMB at a time of day) that it follows.
const SHAPES: [Shape; 4] = [
    // colamg.com: 1 at 0:52, 10 at 6:58, 57.1 at 6:54:53, 91.2 at 15:19:13, 120.7 in all; the mark
    // between, 80.7 at 12:00, is commonly quoted, without a source at hand.
    Shape {
        name: "double11-2016",
        stretches: &[(52, 13.8), (418, 17.6), (24_893, 1.4), (43_200, 0.92), (55_153, 0.63), (86_400, 0.68)],
    },
    // info.vansky.com, colamg.com: 0.1 at 0:11, 1 at 0:28, 10 at 3:01, 30 at 11:13, 50 at 40:12, 168.2 in all.
    Shape {
        name: "double11-2017",
        stretches: &[(11, 4.7), (28, 27.2), (181, 30.2), (673, 20.9), (2_412, 5.9), (86_400, 0.72)],
    },
    // hkstv.tv: 1 at 0:21, 10 at 2:05, 100 at 1:47:37, 120.7 at 8:08:52, 213.5 in all.
    Shape {
        name: "double11-2018",
        stretches: &[(21, 19.3), (125, 35.0), (6_457, 5.8), (29_332, 0.37), (86_400, 0.66)],
    },
    // Xinhua: 10 at 1:36, 100 at 1:03:59, 120.7 at 1:26:07, 200 at 14:21:27, 213.5 at 16:31,
    // 268.4 in all.
    Shape {
        name: "double11-2019",
        stretches: &[(96, 33.5), (3_839, 7.7), (5_167, 5.0), (51_687, 0.55), (59_460, 0.56), (86_400, 0.66)],
    },
];

fn known_shapes(schema: &mut schemars::Schema) {
    schema.insert("enum".to_owned(), EventSpec::shapes().collect());
}

impl EventSpec {
    /// Returns the names of the known shapes.
    pub fn shapes() -> impl Iterator<Item = &'static str> {
        SHAPES.iter().map(|shape| shape.name)
    }

    /// Returns what is wrong, all at once.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        check_rate("baseline", self.baseline, &mut problems);
        check_rate("peak", self.peak, &mut problems);
        if self.peak.0 < self.baseline.0 {
            problems.push(Problem::new(
                "peak",
                format!("the peak, {}, is below the baseline, {}", self.peak, self.baseline),
                "write a peak above the baseline: it is the rate of the event's steepest minutes",
            ));
        }
        if self.stretches().is_none() {
            let known: Vec<_> = Self::shapes().collect();
            problems.push(Problem::new(
                "shape",
                format!("there is no shape `{}`", self.shape),
                format!("write one of {}", known.join(", ")),
            ));
        }
        problems
    }

    fn stretches(&self) -> Option<&'static [(u64, f64)]> {
        SHAPES.iter().find(|shape| shape.name == self.shape).map(|shape| shape.stretches)
    }

    /// Compiles a spec without problems; fails where its clock cannot be resolved.
    pub(super) fn compile(&self, horizon: SimDuration, resolve: &Resolve<'_>) -> Result<Profile, Problem> {
        let at = resolve(&self.at)
            .map_err(|message| Problem::new("at", message, "give run.start, to which wall clocks refer"))?;
        let stretches = self.stretches().unwrap_or_default();
        let steepest = stretches.iter().map(|&(_, factor)| factor).fold(0.0, f64::max);
        let baseline = self.baseline.0;
        let mut from = instant(at);
        let mut segments = vec![Segment::constant(SimTime::ZERO, from, baseline)];
        for &(end, factor) in stretches {
            let to = instant(at + i128::from(end) * i128::from(NANOS_PER_SEC));
            let rate = baseline.max(self.peak.0 * (factor / steepest));
            segments.push(Segment::constant(from, to, rate));
            from = to;
        }
        segments.push(Segment::constant(from, SimTime::MAX, baseline));
        Ok(Profile::new(segments, horizon))
    }
}

/// Moves what lies before t = 0 to t = 0: stretches that ended by then become empty.
fn instant(nanos: i128) -> SimTime {
    SimTime::from_nanos(nanos.clamp(0, i128::from(u64::MAX)) as u64)
}
