//! Cron expressions: `30 23 10 11 *` as instants in a time zone.
//!
//! Five fields, read and matched as robfig/cron v3 does it, on which Kubernetes' CronJob and KEDA stand
//! (robfig/cron, parser.go and spec.go): names of months and days, ranges, steps, lists, `?` for `*`, and `@daily`
//! with its like. Of day of month and day of week both must match where one begins with a star, else one of them.
//! A time of day that clocks skip does not happen; one that they show twice happens twice.

use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};

/// How many years are searched for the next instant.
const YEARS: i16 = 5;

/// A cron expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether both of days and weekdays must match.
    both: bool,
}

/// What is wrong with a cron expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CronProblem {
    /// What.
    pub message: String,
    /// What to write instead.
    pub remedy: String,
}

/// What a field may hold.
struct Field {
    name: &'static str,
    least: u64,
    most: u64,
    names: &'static [&'static str],
    example: &'static str,
}

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const FIELDS: [Field; 5] = [
    Field { name: "minute", least: 0, most: 59, names: &[], example: "0, 30 or */15" },
    Field { name: "hour", least: 0, most: 23, names: &[], example: "8, 8-18 or *" },
    Field { name: "day of month", least: 1, most: 31, names: &[], example: "1, 10,11 or *" },
    Field { name: "month", least: 1, most: 12, names: MONTHS, example: "11, nov or *" },
    Field { name: "day of week", least: 0, most: 6, names: WEEKDAYS, example: "0 for Sunday, mon-fri or *" },
];
const DESCRIPTORS: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

impl Cron {
    /// Reads an expression of five fields.
    ///
    /// # Errors
    /// All that is wrong, one problem per field.
    pub fn parse(text: &str) -> Result<Self, Vec<CronProblem>> {
        let trimmed = text.trim();
        let known = DESCRIPTORS.iter().find(|(name, _)| *name == trimmed);
        let fields: Vec<&str> = known.map_or(trimmed, |(_, meaning)| meaning).split_whitespace().collect();
        if fields.len() != FIELDS.len() {
            let message = format!("`{}` has {} fields, not 5", shown(trimmed), fields.len());
            let remedy = "write minute, hour, day of month, month and day of week, for example 30 23 10 11 *";
            return Err(vec![CronProblem { message, remedy: remedy.to_owned() }]);
        }
        let mut problems = Vec::new();
        let mut sets = [(0, false); 5];
        for ((set, field), text) in sets.iter_mut().zip(&FIELDS).zip(&fields) {
            match field.parse(text) {
                Ok(read) => *set = read,
                Err(why) => problems.push(CronProblem {
                    message: format!("{}: {why}", field.name),
                    remedy: format!("write for example {}", field.example),
                }),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let [(minutes, _), (hours, _), (days, any_day), (months, _), (weekdays, any_weekday)] = sets;
        Ok(Self { minutes, hours, days, months, weekdays, both: any_day || any_weekday })
    }

    /// Tells whether it is due on a day.
    pub fn is_on(&self, date: Date) -> bool {
        let has = |set: u64, value: i8| set & (1 << value) != 0;
        let day = has(self.days, date.day());
        let weekday = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        has(self.months, date.month()) && if self.both { day && weekday } else { day || weekday }
    }

    /// Returns the next instant after another; `None` where there is none within five years.
    pub fn after(&self, instant: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut date = zone.to_datetime(instant).date();
        let last = date.checked_add(i32::from(YEARS).years()).unwrap_or(Date::MAX);
        while date <= last {
            if let Some(at) = self.on(date, zone).into_iter().find(|&at| at > instant) {
                return Some(at);
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    /// Returns the last instant before another; `None` where there is none within five years.
    pub fn before(&self, instant: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut date = zone.to_datetime(instant).date();
        let first = date.checked_sub(i32::from(YEARS).years()).unwrap_or(Date::MIN);
        while date >= first {
            if let Some(at) = self.on(date, zone).into_iter().rfind(|&at| at < instant) {
                return Some(at);
            }
            date = date.yesterday().ok()?;
        }
        None
    }

    /// Returns all instants from one to another, both included, at most `most` of them.
    pub fn between(&self, from: Timestamp, to: Timestamp, most: usize, zone: &TimeZone) -> Vec<Timestamp> {
        let mut found = Vec::new();
        let mut date = zone.to_datetime(from).date();
        let last = zone.to_datetime(to).date();
        while date <= last && found.len() < most {
            let due = self.on(date, zone).into_iter().filter(|&at| from <= at && at <= to);
            found.extend(due);
            let Ok(next) = date.tomorrow() else { break };
            date = next;
        }
        found.truncate(most);
        found
    }

    /// Returns the instants of a day, in order.
    fn on(&self, date: Date, zone: &TimeZone) -> Vec<Timestamp> {
        let mut found = Vec::new();
        if !self.is_on(date) {
            return found;
        }
        for hour in (0..24).filter(|hour| self.hours & (1 << hour) != 0) {
            for minute in (0..60).filter(|minute| self.minutes & (1 << minute) != 0) {
                let Ok(time) = Time::new(hour, minute, 0, 0) else { continue };
                let clock = date.to_datetime(time);
                let offsets = match zone.to_ambiguous_timestamp(clock).offset() {
                    AmbiguousOffset::Unambiguous { offset } => [Some(offset), None],
                    AmbiguousOffset::Gap { .. } => [None, None],
                    AmbiguousOffset::Fold { before, after } => [Some(before), Some(after)],
                };
                let at = offsets.into_iter().flatten().filter_map(|offset| offset.to_timestamp(clock).ok());
                found.extend(at);
            }
        }
        // What clocks show twice is not in order.
        found.sort_unstable();
        found
    }
}

impl Field {
    /// Reads a list of ranges as a set of bits, and tells whether a star is in it.
    fn parse(&self, text: &str) -> Result<(u64, bool), String> {
        let mut set = 0;
        let mut star = false;
        for part in text.split(',') {
            let (bits, any) = self.range(part).map_err(|why| format!("`{}` {why}", shown(part)))?;
            set |= bits;
            star |= any;
        }
        Ok((set, star))
    }

    /// Reads `*`, `5`, `1-5`, `*/15`, `10/15` (to the end) or `0-30/10`.
    fn range(&self, text: &str) -> Result<(u64, bool), String> {
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (text, None),
        };
        let every = match step.map(|step| step.parse::<u32>()) {
            None => 1,
            Some(Ok(step)) if step > 0 && !step_has_sign(text) => u64::from(step),
            Some(_) => return Err("is no step: it is a whole number above 0".to_owned()),
        };
        let star = matches!(range, "*" | "?");
        let (first, last) = match range.split_once('-') {
            _ if star => (self.least, self.most),
            Some((first, last)) => (self.value(first)?, self.value(last)?),
            // A step without an end goes to the end.
            None if step.is_some() => (self.value(range)?, self.most),
            None => (self.value(range)?, self.value(range)?),
        };
        if first > last {
            return Err("ends before it begins".to_owned());
        }
        let set = (first..=last).step_by(every as usize).fold(0, |set, value| set | 1 << value);
        // `*/2` is no star: the days that it leaves out are left out.
        Ok((set, star && every == 1))
    }

    fn value(&self, text: &str) -> Result<u64, String> {
        let lower = text.to_ascii_lowercase();
        if let Some(place) = self.names.iter().position(|name| *name == lower) {
            return Ok(place as u64 + self.least);
        }
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let value = text.parse().ok().filter(|value| digits && (self.least..=self.most).contains(value));
        value.ok_or_else(|| format!("is not within {} to {}", self.least, self.most))
    }
}

/// The standard library reads `+5` as a number.
fn step_has_sign(text: &str) -> bool {
    text.contains('+')
}

fn shown(text: &str) -> String {
    let end = if text.chars().nth(40).is_some() { ".." } else { "" };
    text.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect::<String>() + end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        jiff::tz::TimeZoneDatabase::bundled().get(name).expect("a known zone")
    }

    fn next(expression: &str, after: &str, name: &str) -> Option<String> {
        let cron = Cron::parse(expression).expect(expression);
        let zone = zone(name);
        let at = cron.after(after.parse().expect(after), &zone)?;
        Some(zone.to_datetime(at).to_string() + &zone.to_offset(at).to_string())
    }

    /// Rows of robfig/cron's own spec_test.go (TestNext), where they have no seconds.
    #[test]
    fn the_next_instant_is_that_of_robfig_cron() {
        for (after, expression, expected) in [
            ("2012-07-09T14:45Z", "0/15 * * * *", "2012-07-09T15:00:00"),
            ("2012-07-09T14:59Z", "0/15 * * * *", "2012-07-09T15:00:00"),
            ("2012-07-09T15:45Z", "20-35/15 * * * *", "2012-07-09T16:20:00"),
            ("2012-07-09T23:46Z", "*/15 * * * *", "2012-07-10T00:00:00"),
            ("2012-07-09T23:45Z", "20-35/15 * * * *", "2012-07-10T00:20:00"),
            ("2012-07-09T23:35Z", "20-35/15 1/2 * * *", "2012-07-10T01:20:00"),
            ("2012-07-09T23:35Z", "20-35/15 10-12 * * *", "2012-07-10T10:20:00"),
            ("2012-07-09T23:35Z", "20-35/15 1/2 */2 * *", "2012-07-11T01:20:00"),
            ("2012-07-09T23:35Z", "20-35/15 * 9-20 * *", "2012-07-10T00:20:00"),
            ("2012-07-09T23:35Z", "20-35/15 * 9-20 Jul *", "2012-07-10T00:20:00"),
            ("2012-07-09T23:35Z", "0 0 9 Apr-Oct ?", "2012-08-09T00:00:00"),
            ("2012-07-09T23:35Z", "0 0 */5 Apr,Aug,Oct Mon", "2012-08-01T00:00:00"),
            ("2012-07-09T23:35Z", "0 0 */5 Oct Mon", "2012-10-01T00:00:00"),
            ("2012-07-09T23:35Z", "0 0 * Feb Mon", "2013-02-04T00:00:00"),
            ("2012-07-09T23:35Z", "0 0 * Feb Mon/2", "2013-02-01T00:00:00"),
            ("2012-07-09T23:35Z", "0 0 29 Feb ?", "2016-02-29T00:00:00"),
            ("2012-07-09T23:35Z", "@daily", "2012-07-10T00:00:00"),
        ] {
            let found = next(expression, after, "UTC");
            assert_eq!(found, Some(expected.to_owned() + "+00"), "{expression} after {after}");
        }
        assert_eq!(next("0 0 30 Feb ?", "2012-07-09T23:35Z", "UTC"), None);
        assert_eq!(next("0 0 31 Apr ?", "2012-07-09T23:35Z", "UTC"), None);
    }

    /// The rows of spec_test.go on daylight saving time, New York in 2012.
    #[test]
    fn skipped_times_do_not_happen_and_repeated_ones_happen_twice() {
        for (after, expression, expected) in [
            ("2012-03-11T00:00-05", "30 2 11 Mar ?", "2013-03-11T02:30:00-04"),
            ("2012-03-11T00:00-05", "0 * * * ?", "2012-03-11T01:00:00-05"),
            ("2012-03-11T01:00-05", "0 * * * ?", "2012-03-11T03:00:00-04"),
            ("2012-03-11T03:00-04", "0 * * * ?", "2012-03-11T04:00:00-04"),
            ("2012-03-11T00:00-05", "0 2 * * ?", "2012-03-12T02:00:00-04"),
            ("2012-11-04T00:00-04", "30 2 04 Nov ?", "2012-11-04T02:30:00-05"),
            ("2012-11-04T01:45-04", "30 1 04 Nov ?", "2012-11-04T01:30:00-05"),
            ("2012-11-04T00:00-04", "0 * * * ?", "2012-11-04T01:00:00-04"),
            ("2012-11-04T01:00-04", "0 * * * ?", "2012-11-04T01:00:00-05"),
            ("2012-11-04T01:00-05", "0 * * * ?", "2012-11-04T02:00:00-05"),
            ("2012-11-04T01:00-04", "0 1 * * ?", "2012-11-04T01:00:00-05"),
            ("2012-11-04T01:00-05", "0 1 * * ?", "2012-11-05T01:00:00-05"),
        ] {
            let after_utc = format!("{after}:00");
            let found = next(expression, &after_utc, "America/New_York");
            assert_eq!(found.as_deref(), Some(expected), "{expression} after {after}");
        }
    }

    /// A midnight that clocks skip, in Sao Paulo in 2018, hides nothing but itself.
    #[test]
    fn a_midnight_that_is_skipped_hides_nothing_else() {
        let sao_paulo = "America/Sao_Paulo";
        let found = next("0 9 4 Nov ?", "2018-11-03T05:00Z", sao_paulo);
        assert_eq!(found.as_deref(), Some("2018-11-04T09:00:00-02"));
        let found = next("0 0 * * *", "2018-11-03T05:00Z", sao_paulo);
        assert_eq!(found.as_deref(), Some("2018-11-05T00:00:00-02"));
    }

    /// spec_test.go, TestActivation: which days match.
    #[test]
    fn days_of_month_and_week_are_joined_by_or_unless_one_is_a_star() {
        for (date, days, expected) in [
            ("2012-07-15", "1,15 * Sun", true),
            ("2012-06-15", "1,15 * Sun", true),
            ("2012-08-01", "1,15 * Sun", true),
            ("2012-07-08", "1,15 * Sun", true),
            ("2012-07-10", "1,15 * Sun", false),
            ("2012-07-15", "* * Mon", false),
            ("2012-07-09", "* * Mon", true),
            ("2012-07-15", "*/10 * Sun", true),
            ("2012-07-11", "*/10 * Sun", true),
            ("2012-07-09", "1,15 * *", false),
            ("2012-07-15", "1,15 * *", true),
            ("2012-07-15", "*/2 * Sun", true),
        ] {
            let cron = Cron::parse(&format!("0 0 {days}")).expect(days);
            assert_eq!(cron.is_on(date.parse().expect(date)), expected, "{days} on {date}");
        }
    }

    #[test]
    fn what_is_due_within_bounds_includes_them() {
        let cron = Cron::parse("0 */6 * * *").expect("valid");
        let at = |text: &str| text.parse::<Timestamp>().expect(text);
        let due = |most| cron.between(at("2026-11-10T00:00Z"), at("2026-11-11T00:00Z"), most, &TimeZone::UTC);
        assert_eq!(due(100).len(), 5);
        let last = cron.before(at("2026-11-10T06:00Z"), &TimeZone::UTC);
        assert_eq!(last, Some(at("2026-11-10T00:00Z")));
        assert_eq!(due(3).len(), 3);
    }

    /// Every field says what is wrong with it, all at once.
    #[test]
    fn mistakes_name_their_field() {
        for (expression, told) in [
            ("60 * * * *", "minute: `60` is not within 0 to 59"),
            ("* 24 * * *", "hour: `24` is not within 0 to 23"),
            ("* * 0 * *", "day of month: `0` is not within 1 to 31"),
            ("* * * 13 *", "month: `13` is not within 1 to 12"),
            ("* * * * 7", "day of week: `7` is not within 0 to 6"),
            ("* * * * funday", "day of week: `funday` is not within 0 to 6"),
            ("*/0 * * * *", "minute: `*/0` is no step: it is a whole number above 0"),
            ("*/+5 * * * *", "minute: `*/+5` is no step: it is a whole number above 0"),
            ("* 18-8 * * *", "hour: `18-8` ends before it begins"),
            ("1,,2 * * * *", "minute: `` is not within 0 to 59"),
            ("-5 * * * *", "minute: `-5` is not within 0 to 59"),
            ("* * * *", "`* * * *` has 4 fields, not 5"),
            ("@never", "`@never` has 1 fields, not 5"),
        ] {
            let problems = Cron::parse(expression).expect_err(expression);
            assert_eq!(problems[0].message, told, "{expression}");
        }
        assert_eq!(Cron::parse("60 24 0 13 7").expect_err("all wrong").len(), 5);
    }
}
