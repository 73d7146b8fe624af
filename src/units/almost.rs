//! Quantities that are almost right, and what was meant: `10min`, `5000rps`, `5,000/s`, `24:00`.
//!
//! Whatever is proposed was read by the quantity's own reader: a remedy never draws the next problem.

use std::str::FromStr;

use super::{Price, Rate, Ratio, When};
use crate::time::SimDuration;

/// The longest text that is looked at.
const LONGEST: usize = 40;

/// Units of time as people write them, and as they are read here.
const TIMES: &[(&str, &[&str])] = &[
    ("ns", &["ns", "nanos", "nanosec", "nanosecs", "nanosecond", "nanoseconds"]),
    ("us", &["us", "µs", "μs", "usec", "usecs", "micros", "microsec", "microsecond", "microseconds"]),
    ("ms", &["ms", "msec", "msecs", "millis", "millisec", "millisecond", "milliseconds"]),
    ("s", &["s", "sec", "secs", "second", "seconds"]),
    ("m", &["m", "min", "mins", "minute", "minutes"]),
    ("h", &["h", "hr", "hrs", "hour", "hours"]),
    ("d", &["d", "day", "days"]),
];
/// Rates with a name of their own.
const RATES: &[(&str, &str)] = &[
    ("requestspersecond", "/s"),
    ("reqpersecond", "/s"),
    ("rps", "/s"),
    ("qps", "/s"),
    ("tps", "/s"),
    ("rpm", "/min"),
    ("qpm", "/min"),
    ("rph", "/h"),
];
/// What is counted; says nothing, since a rate here counts requests.
const COUNTED: &[&str] = &["requests", "request", "reqs", "req", "orders", "order", "r"];
/// Signs of money whose currency is beyond doubt.
const SIGNS: &[(&str, &str)] = &[("$", "USD"), ("€", "EUR"), ("£", "GBP"), ("₹", "INR")];

/// Writes a text as the exact form that was meant, where it can be told.
pub(super) trait Almost: FromStr<Err = String> {
    /// Returns texts that may be what was meant, the likeliest first.
    fn guesses(text: &str) -> Vec<String>;
}

/// Returns what was meant by a text that is none of these quantities.
pub(super) fn meant<T: Almost>(text: &str) -> Option<String> {
    let text = text.trim();
    let short = (!text.is_empty() && text.len() <= LONGEST).then_some(text)?;
    T::guesses(short).into_iter().find(|guess| guess != text && guess.parse::<T>().is_ok())
}

/// Returns a text that is a number and nothing else, without an exponent.
pub(super) fn bare_number(text: &str) -> Option<String> {
    let text = text.trim();
    let begins = text.starts_with(|c: char| c.is_ascii_digit() || c == '.') && text.len() <= LONGEST;
    let value = begins.then(|| text.parse::<f64>().ok()).flatten().filter(|value| value.is_finite())?;
    Some(if text.contains(['e', 'E']) { value.to_string() } else { text.to_owned() })
}

/// Returns the number that a text was meant to be: without quotes, separators, a leading zero.
pub(crate) fn plain_number(text: &str) -> Option<String> {
    let short = (text.len() <= LONGEST).then_some(text.trim())?;
    let (number, rest) = number(short)?;
    let millis =
        || (rest == "m").then(|| number.parse::<f64>().ok().map(|value| (value / 1e3).to_string()))?;
    if rest.is_empty() { Some(number) } else { millis() }
}

/// Splits a text into a decimal number, without separators of thousands, and what follows it.
fn number(text: &str) -> Option<(String, String)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '_' | '\'')));
    let (written, rest) = text.split_at(end.unwrap_or(text.len()));
    let groups = written.split([',', '_', '\'']).skip(1).map(|group| group.split('.').next());
    let thousands = groups.clone().count() > 0 && groups.into_iter().flatten().all(|group| group.len() == 3);
    // A lone comma before other than three digits is the point of many languages.
    let plain = match written.split_once(',') {
        Some((whole, part)) if !thousands && !part.contains([',', '.', '_', '\'']) => {
            format!("{whole}.{part}")
        }
        _ => written.replace([',', '_', '\''], ""),
    };
    let digits = plain.trim_start_matches('0');
    let padded =
        if digits.is_empty() || digits.starts_with('.') { format!("0{digits}") } else { digits.to_owned() };
    let whole = padded.bytes().filter(|&byte| byte == b'.').count() <= 1 && !written.is_empty();
    whole.then(|| (padded.trim_end_matches('.').to_owned(), rest.trim().to_owned()))
}

fn unit_of_time(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    TIMES.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(unit, _)| *unit)
}

impl Almost for SimDuration {
    fn guesses(text: &str) -> Vec<String> {
        let lower = text.to_lowercase();
        // ISO 8601: PT1H30M.
        let mut rest = lower.strip_prefix("pt").unwrap_or(&lower).to_owned();
        let mut meant = String::new();
        while !rest.is_empty() {
            let Some((value, tail)) = number(rest.trim()) else { return Vec::new() };
            let end = tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len());
            let (word, further) = tail.split_at(end);
            if matches!(word, "w" | "week" | "weeks")
                && let Ok(weeks) = value.parse::<u32>()
            {
                meant += &format!("{}d", u64::from(weeks) * 7);
            } else {
                let Some(unit) = unit_of_time(word) else { return Vec::new() };
                meant += &format!("{value}{unit}");
            }
            rest = further.trim_start_matches([' ', ',']).trim_start_matches("and ").to_owned();
        }
        vec![meant]
    }
}

impl Almost for Rate {
    fn guesses(text: &str) -> Vec<String> {
        let Some((value, rest)) = number(text) else { return Vec::new() };
        let rest: String = rest.chars().filter(|c| !c.is_whitespace()).collect();
        // `m` before a slash is meant as millions: thousandths of a request are nobody's rate.
        let (factor, unit) = match rest.chars().next() {
            Some('k' | 'K') => ("k", &rest[1..]),
            Some('M') => ("M", &rest[1..]),
            Some('m') if rest[1..].starts_with('/') => ("M", &rest[1..]),
            Some('g' | 'G') => ("G", &rest[1..]),
            _ => ("", rest.as_str()),
        };
        let unit = unit.to_lowercase();
        let named = RATES.iter().find(|(name, _)| *name == unit).map(|(_, unit)| (*unit).to_owned());
        let counted = COUNTED.iter().find_map(|word| unit.strip_prefix(word)).unwrap_or(&unit);
        let per = counted.strip_prefix('/').or_else(|| counted.strip_prefix("per"));
        let time =
            per.and_then(unit_of_time).map(|unit| format!("/{}", if unit == "m" { "min" } else { unit }));
        let unit = named.or(time);
        unit.map(|unit| format!("{value}{factor}{unit}")).into_iter().collect()
    }
}

impl Almost for Ratio {
    fn guesses(text: &str) -> Vec<String> {
        let Some((value, rest)) = number(text.trim_start_matches(['x', '×'])) else { return Vec::new() };
        match rest.to_lowercase().as_str() {
            "percent" | "pct" | "per cent" | "%" => vec![format!("{value}%")],
            "" | "x" | "×" | "times" => vec![value],
            _ => Vec::new(),
        }
    }
}

impl Almost for Price {
    fn guesses(text: &str) -> Vec<String> {
        let mut spelt = text.to_owned();
        for (sign, currency) in SIGNS {
            spelt = spelt.replace(sign, &format!(" {currency} "));
        }
        let start = spelt.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
        let (before, amount) = spelt.split_at(start);
        let Some((value, rest)) = number(amount) else { return Vec::new() };
        let (after, per) = rest.split_once('/').or_else(|| rest.split_once(" per ")).unwrap_or((&rest, "h"));
        let currency = format!("{}{}", before.trim(), after.trim());
        match unit_of_time(per.trim()) {
            Some("h") => vec![format!("{value} {currency}/h")],
            _ => Vec::new(),
        }
    }
}

impl Almost for When {
    fn guesses(text: &str) -> Vec<String> {
        let lower = text.to_lowercase();
        if !lower.contains(':') && !lower.ends_with(['m']) {
            return SimDuration::guesses(text);
        }
        let (clock, later) = match lower.strip_suffix("pm").or_else(|| lower.strip_suffix("p.m.")) {
            Some(clock) => (clock, 12),
            None => (lower.trim_end_matches("am").trim_end_matches("a.m."), 0),
        };
        let noon = clock.len() < lower.len();
        // 12:3 may be three past, or half past.
        let whole = |(place, part): (usize, &str)| {
            let digits = part.len() == 2 || place == 0 && part.len() == 1;
            part.parse().ok().filter(|_: &u32| digits && part.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let parts: Option<Vec<u32>> = clock.trim().split(':').enumerate().map(whole).collect();
        let Some(mut parts) = parts.filter(|parts| parts.len() <= 3) else {
            return SimDuration::guesses(text);
        };
        match parts[0] {
            12 if noon => parts[0] = later,
            24 if !noon && parts[1..].iter().all(|&part| part == 0) => parts[0] = 0,
            _ => parts[0] += later,
        }
        parts.resize(parts.len().max(2), 0);
        vec![parts.iter().map(|part| format!("{part:02}")).collect::<Vec<_>>().join(":")]
    }
}

#[cfg(test)]
mod tests;
