//! What the trace targets share: a recorded spec from the first bytes, and a replay that must keep
//! what the readers promise.

use std::io::{Cursor, Read, Write};

use peakday::ids::ClassId;
use peakday::rng::Key;
use peakday::time::{SimDuration, SimTime};
use peakday::units::Ratio;
use peakday::workload::recorded::{Align, RecordedSpec, Select, TimeFormat, Window};

/// Arrivals read of one trace: a small file may stand for billions.
const ARRIVALS: usize = 5_000;
const HOUR: SimTime = SimTime::from_nanos(3_600_000_000_000);

/// Choices, taken bit by bit from the first bytes of the input.
#[derive(Debug)]
pub struct Choices(u64);

/// How many bytes choose.
pub const CHOOSING: usize = 6;

impl Choices {
    /// Splits an input into choices and the file.
    pub fn split(data: &[u8]) -> Option<(Self, &[u8])> {
        let (first, file) = data.split_at_checked(CHOOSING)?;
        Some((Self(first.iter().fold(0, |bits, &byte| bits << 8 | u64::from(byte))), file))
    }

    /// Takes one of the options; the first where nothing is chosen.
    pub fn one<T: Clone>(&mut self, options: &[T]) -> T {
        let chosen = options[(self.0 % options.len() as u64) as usize].clone();
        self.0 /= options.len() as u64;
        chosen
    }

    fn text(&mut self, options: &[&str]) -> Option<String> {
        let chosen = self.one(options);
        (!chosen.is_empty()).then(|| chosen.to_owned())
    }

    /// Chooses what instants and intervals have in common.
    pub fn spec(&mut self) -> RecordedSpec {
        const INSTANTS: [&str; 8] =
            ["", "1s", "90", "2026-11-11T00:00:00+08:00", "2026-11-11 00:00:00", "1794326400", "-1h", "292y"];
        let spec = RecordedSpec {
            file: "fuzz.csv".to_owned(),
            time: None,
            index: None,
            count: None,
            rate: None,
            interval: None,
            per: None,
            class: self.text(&["", "class"]),
            size: self.text(&["", "size"]),
            select: self
                .one(&[false, true])
                .then(|| Select { column: "class".to_owned(), value: "order".to_owned() }),
            time_format: self.one(&[
                None,
                Some(TimeFormat::Auto),
                Some(TimeFormat::Rfc3339),
                Some(TimeFormat::Datetime),
                Some(TimeFormat::EpochSeconds),
                Some(TimeFormat::EpochMillis),
                Some(TimeFormat::Seconds),
            ]),
            utc_offset: self.text(&["", "+08:00", "-23:59"]),
            scale: self.one(&[None, Some(2.5), Some(1e-9), Some(1e9), Some(0.0)]).map(Ratio),
            speed: self.one(&[None, Some(2.0), Some(1e-9), Some(1e9), Some(0.3)]),
            window: None,
            align: None,
            max_bad_lines: self.one(&[None, Some(0), Some(u64::MAX)]),
        };
        let (from, to) = (self.text(&INSTANTS), self.text(&INSTANTS));
        let recorded = self.text(&INSTANTS);
        RecordedSpec {
            window: (from.is_some() || to.is_some()).then_some(Window { from, to }),
            align: recorded
                .map(|recorded| Align { recorded, scenario: self.one(&["0s", "5m", "-5m"]).to_owned() }),
            ..spec
        }
    }

    /// Returns lengths of intervals, from nothing to centuries.
    pub fn length(&mut self) -> SimDuration {
        SimDuration::from_nanos(self.one(&[60_000_000_000, 1_000_000_000, 1, 3_600_000_000_000, 0, 1 << 62]))
    }
}

fn classes(name: &str) -> Option<ClassId> {
    ["browse", "order"].iter().position(|class| *class == name).map(ClassId::new)
}

fn resolve(text: &str) -> Result<i64, String> {
    let (sign, length) = text.strip_prefix('-').map_or((1, text), |length| (-1, length));
    Ok(sign * length.parse::<SimDuration>()?.as_nanos() as i64)
}

fn packed(file: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(file).and_then(|()| encoder.finish()).unwrap_or_default()
}

/// Surveys and replays a file.
///
/// # Panics
/// Where arrivals are out of order or past the horizon, the end is not the end, or the reader
/// stumbles over what the survey passed.
pub fn replay(spec: &RecordedSpec, file: &[u8], choices: &mut Choices) {
    if !spec.problems().is_empty() {
        return;
    }
    let file = if choices.one(&[false, false, true]) { packed(file) } else { file.to_vec() };
    let open = || -> Box<dyn Read + Send> { Box::new(Cursor::new(file.clone())) };
    let Ok(survey) = spec.survey(open(), &classes, &resolve, HOUR) else { return };
    let offered = survey.offered();
    assert!(offered.arrivals >= 0.0 && offered.mean_size >= 0.0, "{offered:?}");
    let (evenly, factor) = (choices.one(&[false, true]), choices.one(&[1.0, 0.5]));
    let key = Key::from_seed(1);
    let mut recorded = spec.open(&survey, open(), HOUR, factor, evenly, key).expect("surveyed");
    let mut before = SimTime::ZERO;
    for _ in 0..ARRIVALS {
        let Some(arrival) = recorded.next_arrival().expect("surveyed") else {
            assert_eq!(recorded.next_arrival(), Ok(None), "the end is not the end");
            return;
        };
        assert!(before <= arrival.at && arrival.at < HOUR, "{before:?}, then {:?}", arrival.at);
        before = arrival.at;
    }
}
