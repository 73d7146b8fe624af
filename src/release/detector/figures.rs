//! What detectors have in common: the figures they ask for, and what they say of them.

use super::{Side, Want};
use crate::time::SimDuration;
use crate::units::Ratio;

/// What is wrong with a parameter: its path within the detector, a message, a remedy.
pub(super) type Wrong = (String, String, String);

/// The most decimals that are shown.
const DECIMALS: usize = 6;

/// Figures that are asked for, each once.
#[derive(Debug, Default)]
pub(super) struct Wants(Vec<Want>);

impl Wants {
    /// Asks for a figure and returns its place among the values.
    pub(super) fn place(&mut self, want: Want) -> usize {
        self.0.iter().position(|known| *known == want).unwrap_or_else(|| {
            self.0.push(want);
            self.0.len() - 1
        })
    }

    /// Returns all of them, in the order of their places.
    pub(super) fn into_all(self) -> Vec<Want> {
        self.0
    }
}

/// Puts together what is wrong with a problem's parts.
pub(super) fn wrong(path: &str, message: impl Into<String>, remedy: impl Into<String>) -> Wrong {
    (path.to_owned(), message.into(), remedy.into())
}

/// Says what is wrong with a share, which is from 0 to 1.
pub(super) fn check_ratio(path: &str, ratio: Option<Ratio>, example: &str) -> Option<Wrong> {
    let Ratio(share) = ratio.filter(|Ratio(share)| !(0.0..=1.0).contains(share))?;
    let message = format!("a share of {share} is not between 0 % and 100 %");
    Some(wrong(path, message, format!("write for example {example}")))
}

/// Says what is wrong with a percentile.
pub(super) fn check_percentile(path: &str, percentile: f64) -> Option<Wrong> {
    let inside = percentile > 0.0 && percentile < 100.0;
    let message = format!("{percentile} is not between 0 and 100");
    (!inside).then(|| wrong(path, message, "write for example percentile: 99"))
}

/// Says what is wrong with a length that may not be zero.
pub(super) fn check_length(path: &str, length: Option<SimDuration>, example: &str) -> Option<Wrong> {
    length.filter(|length| length.is_zero()).map(|_| {
        let key = path.rsplit('.').next().unwrap_or(path);
        wrong(path, format!("{key} of 0s sees nothing"), format!("write for example {key}: {example}"))
    })
}

/// Returns the share of requests that were completed, of the share that was not and of all that ended.
///
/// Told from whole requests: in floating point 1 - 0.07 is less than the 0.93 that a bound is written as, 93 / 100 is not.
pub(super) fn success(errors: f64, ended: f64) -> f64 {
    (ended - libm::round(errors * ended)) / ended
}

/// Writes a share for people.
pub(super) fn percent(share: f64, decimals: usize) -> String {
    format!("{} %", short(share * 100.0, decimals))
}

/// Writes seconds for people.
pub(super) fn seconds(value: f64, decimals: usize) -> String {
    if value < 1.0 {
        format!("{} ms", short(value * 1e3, decimals))
    } else {
        format!("{} s", short(value, decimals))
    }
}

/// Writes a number for people.
pub(super) fn short(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    if decimals == 0 { text } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

/// Writes a value and the bound beside which it stands, with as many decimals as tell them apart.
pub(super) fn apart(value: f64, bound: f64, show: fn(f64, usize) -> String) -> (String, String) {
    let bound = show(bound, DECIMALS);
    let differs = (1..DECIMALS).map(|decimals| show(value, decimals)).find(|text| *text != bound);
    (differs.unwrap_or_else(|| show(value, DECIMALS)), bound)
}

/// Writes how many requests a figure is of.
pub(super) fn requests(ended: f64) -> String {
    let digits = short(ended, 0);
    let mut text = String::from("(");
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + if digits == "1" { " request)" } else { " requests)" }
}

/// Writes whose figure it is.
pub(super) fn whose(side: Side) -> &'static str {
    match side {
        Side::New => "of the new version",
        Side::Previous => "of the previous version",
        Side::Service => "of the service",
    }
}

/// The pipeline that detectors read, by default.
pub(super) fn prometheus() -> String {
    "prometheus".to_owned()
}

/// One request, which is the least that a figure can be told from.
pub(super) fn one() -> u64 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_shown_apart_from_its_bound() {
        for (value, bound, expected) in [
            (0.973_333, 0.99, ("97.3 %", "99 %")),
            (0.989_6, 0.99, ("98.96 %", "99 %")),
            (0.999_49, 0.999_5, ("99.9 %", "99.95 %")),
            (0.07, 0.07, ("7 %", "7 %")),
            (0.0, 0.5, ("0 %", "50 %")),
        ] {
            let (value, bound) = apart(value, bound, percent);
            assert_eq!((value.as_str(), bound.as_str()), expected);
        }
        let (value, bound) = apart(12.04, 0.4, seconds);
        assert_eq!((value.as_str(), bound.as_str()), ("12 s", "400 ms"));
    }

    #[test]
    fn requests_are_counted_with_separators() {
        for (ended, expected) in [
            (1.0, "(1 request)"),
            (999.0, "(999 requests)"),
            (1_204.0, "(1,204 requests)"),
            (1e6, "(1,000,000 requests)"),
        ] {
            assert_eq!(requests(ended), expected);
        }
    }

    /// A success rate that equals its bound as written is not below it, however many requests there are.
    #[test]
    fn a_share_of_whole_requests_equals_the_bound_as_written() {
        for (bad, ended, written) in
            [(7, 100, 0.93), (8, 10, 0.2), (64, 1_000, 0.936), (257, 10_000, 0.9743), (1, 1_000, 0.999)]
        {
            let errors = f64::from(bad) / f64::from(ended);
            assert_eq!(success(errors, f64::from(ended)), written, "{bad} of {ended}");
        }
    }
}
