//! The static checks of a spec: what can be told without opening the file, all at once.

use std::str::FromStr;

use super::clock::{TimeFormat, parse_offset};
use super::{Form, RecordedSpec};
use crate::time::SimDuration;
use crate::workload::Problem;

/// The largest `scale`, and the largest `speed` (the smallest is its inverse).
const MAX_FACTOR: f64 = 1e6;
/// The longest interval, one leap year: positions in time then stay far from overflow.
const MAX_INTERVAL: SimDuration = SimDuration::from_secs(366 * 86_400);

/// Collects problems by path.
#[derive(Debug, Default)]
struct Findings(Vec<Problem>);

impl Findings {
    fn add(&mut self, wrong: bool, path: &str, message: &str, remedy: &str) {
        if wrong {
            let (path, message, remedy) = (path.to_owned(), message.to_owned(), remedy.to_owned());
            self.0.push(Problem { path, message, remedy });
        }
    }
}

impl RecordedSpec {
    /// Returns every problem that shows without the file; none means it can be surveyed.
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Findings::default();
        found.add(self.file.trim().is_empty(), "file", "no file is named", "write the path of a CSV file");
        self.check_form(&mut found);
        self.check_columns(&mut found);
        self.check_clock(&mut found);
        self.check_factors(&mut found);
        self.check_window(&mut found);
        found.0
    }

    fn check_form(&self, found: &mut Findings) {
        let instants = self.form() == Form::Instants;
        found.add(
            self.count.is_some() && self.rate.is_some(),
            "rate",
            "`count` and `rate` exclude one another",
            "name the column of counts or that of rates, not both",
        );
        found.add(
            self.time.is_some() && self.index.is_some(),
            "index",
            "`time` and `index` exclude one another",
            "name the column that says when an interval starts, in one way",
        );
        found.add(
            self.per.is_some() && self.rate.is_none(),
            "per",
            "`per` is the unit of `rate`, which is not given",
            "name the column `rate`, or remove `per`",
        );
        found.add(
            self.per.is_some_and(SimDuration::is_zero),
            "per",
            "`per` is zero",
            "write for example per: 1m",
        );
        if instants {
            found.add(
                self.time.is_none(),
                "time",
                "arrivals need a column of instants",
                "name it, or name the column of counts or rates per interval as `count` or `rate`",
            );
            found.add(
                self.interval.is_some() || self.index.is_some(),
                if self.interval.is_some() { "interval" } else { "index" },
                "intervals need a column of counts or rates",
                "name it as `count` or `rate`, or remove this key",
            );
            return;
        }
        let interval = self.interval.unwrap_or(SimDuration::ZERO);
        found.add(
            interval.is_zero() || interval > MAX_INTERVAL,
            "interval",
            "counts and rates need the length of their interval, above 0 and up to 366d",
            "write for example interval: 1m",
        );
        found.add(
            self.key.is_some() && (self.count.is_some() || self.rate.is_some()),
            "key",
            "a line of counts or rates is not one customer's",
            "write keys: {zipf: {..}} beside `rate`, or give a file of single instants",
        );
        found.add(
            self.select.is_some() && self.time.is_none() && self.index.is_none(),
            "select",
            "without a time or index column an interval is known by its line number, which `select` would break",
            "name the column `time` or `index`, or give the source a file of its own",
        );
    }

    fn check_columns(&self, found: &mut Findings) {
        let columns = [
            ("time", &self.time),
            ("index", &self.index),
            ("count", &self.count),
            ("rate", &self.rate),
            ("class", &self.class),
            ("size", &self.size),
            ("key", &self.key),
        ];
        for (path, column) in columns {
            let empty = column.as_ref().is_some_and(|name| name.trim().is_empty());
            found.add(empty, path, "the column's name is empty", "write it as in the file's first line");
        }
        let empty = self.select.as_ref().is_some_and(|select| select.column.trim().is_empty());
        found.add(
            empty,
            "select.column",
            "the column's name is empty",
            "write it as in the file's first line",
        );
    }

    fn check_clock(&self, found: &mut Findings) {
        found.add(
            self.time.is_none() && self.time_format.is_some(),
            "timeFormat",
            "there is no `time` column",
            "name it, or remove `timeFormat`",
        );
        let Some(offset) = &self.utc_offset else { return };
        found.add(
            parse_offset(offset).is_none(),
            "utcOffset",
            "this is not an offset from UTC",
            "write for example \"+08:00\"",
        );
        let dated = matches!(self.time_format, None | Some(TimeFormat::Auto | TimeFormat::Datetime));
        found.add(
            self.time.is_none() || !dated,
            "utcOffset",
            "an offset applies only to dates written without one",
            "remove `utcOffset`, or write timeFormat: datetime",
        );
    }

    fn check_factors(&self, found: &mut Findings) {
        found.add(
            !(0.0..=MAX_FACTOR).contains(&self.scale()),
            "scale",
            "a scale lies between 0 and 1,000,000",
            "write for example scale: 1.4 or 140%",
        );
        found.add(
            !(1.0 / MAX_FACTOR..=MAX_FACTOR).contains(&self.speed()),
            "speed",
            "a speed lies between 0.000001 and 1,000,000",
            "write for example speed: 60 to replay an hour in a minute",
        );
    }

    fn check_window(&self, found: &mut Findings) {
        let mut instants = Vec::new();
        if let Some(window) = &self.window {
            found.add(
                window.from.is_none() && window.to.is_none(),
                "window",
                "a window needs a beginning or an end",
                "write window: {from: .., to: ..}",
            );
            instants.push(("window.from", window.from.as_ref()));
            instants.push(("window.to", window.to.as_ref()));
        }
        if let Some(align) = &self.align {
            instants.push(("align.recorded", Some(&align.recorded)));
            let empty = align.scenario.trim().is_empty();
            found.add(empty, "align.scenario", "no instant is given", "write for example scenario: 30m");
        }
        for (path, text) in instants {
            let counted = self.time.is_none() && self.form() != Form::Instants;
            let wrong = counted && text.is_some_and(|text| SimDuration::from_str(text).is_err());
            found.add(
                wrong,
                path,
                "a file without a time column counts from its first interval, so this is a duration",
                "write for example 2h30m",
            );
        }
    }
}

#[cfg(test)]
mod tests;
