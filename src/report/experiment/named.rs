//! What cells, metrics and figures of an experiment are called.

use crate::report::number::grouped;
use crate::report::released;
use crate::report::told::short;
use crate::report::words::{Lang, Word};
use crate::results::experiment::{AxisPlan, ExperimentPlan, Unit};
use crate::stats::Interval;

/// Names things of a plan in a language.
#[derive(Clone, Copy, Debug)]
pub(in crate::report) struct Names<'a> {
    pub(in crate::report) plan: &'a ExperimentPlan,
    pub(in crate::report) lang: Lang,
}

impl Names<'_> {
    /// Returns the axes that have more than one value.
    pub(in crate::report) fn varied(&self) -> Vec<usize> {
        let axes = self.plan.axes.iter().enumerate();
        axes.filter(|(_, axis)| axis.values.len() > 1).map(|(index, _)| index).collect()
    }

    /// Names a cell by the values of the axes that are varied; by all of them where none is.
    pub(in crate::report) fn cell(&self, cell: usize) -> String {
        let varied = self.varied();
        let all = (0..self.plan.axes.len()).collect();
        self.part(if varied.is_empty() { all } else { varied }.iter(), &self.plan.cells[cell].at)
    }

    /// Names values of some axes: `P2C, replicas=12`.
    pub(in crate::report) fn part<'i>(&self, axes: impl Iterator<Item = &'i usize>, at: &[usize]) -> String {
        let named = |&axis: &usize| self.value(axis, at[axis]);
        axes.map(named).collect::<Vec<_>>().join(", ")
    }

    /// Names a value of an axis: a word that says what it is stands alone.
    pub(in crate::report) fn value(&self, index: usize, value: usize) -> String {
        let of = &self.plan.axes[index];
        let value = &of.values[value];
        let elsewhere = |(other, axis): (usize, &AxisPlan)| {
            other != index && axis.values.iter().any(|known| known.label == value.label)
        };
        let alone = value.number.is_none()
            && !["true", "false", "null", "none", "auto", "{}", "[]"].contains(&&*value.label)
            && !self.plan.axes.iter().enumerate().any(elsewhere);
        let (name, more) = parts(&value.label);
        let label = format!("{name} {more}");
        let label = label.trim_end();
        if alone { label.to_owned() } else { format!("{}={label}", of.short) }
    }

    /// Names a metric without its unit: `web p99`.
    pub(in crate::report) fn metric(&self, metric: usize) -> String {
        let name = &*self.plan.metrics[metric].name;
        let column = |column: &str| {
            let bare = ["_per_s", "_ms", "_s"].iter().find_map(|unit| column.strip_suffix(unit));
            bare.unwrap_or(column).replace('_', " ")
        };
        if let Some(objective) = name.strip_prefix("objectives.") {
            return objective.to_owned();
        }
        if let Some((version, own)) = name.strip_prefix("releases.").and_then(|rest| rest.rsplit_once('.')) {
            return match own {
                "requests_harmed" => format!("{version} {}", self.lang.word(Word::HarmedRequests)),
                own => format!("{version} {}", column(own)),
            };
        }
        if let Some(limit) = name.strip_prefix("limits.") {
            return self.lang.fill(Word::PeakOfLimit, &[&limit.replace('.', " ")]);
        }
        match name {
            "cost" => self.lang.word(Word::Cost).to_owned(),
            "server_hours" => self.lang.word(Word::ServerHours).to_owned(),
            _ => match name.rsplit_once('.') {
                Some((subject, own)) => format!("{} {}", subject.replace('.', " "), column(own)),
                None => column(name),
            },
        }
    }

    /// Returns what a metric is measured in.
    pub(in crate::report) fn unit(&self, metric: usize) -> &str {
        match self.plan.metrics[metric].unit {
            Unit::Count => self.lang.word(Word::UnitCount),
            Unit::PerSecond => "1/s",
            Unit::PerHour => "1/h",
            Unit::Milliseconds => "ms",
            Unit::Seconds => "s",
            Unit::ServerHours => "h",
            Unit::Money => self.plan.currency.as_deref().unwrap_or("-"),
            Unit::Ratio => self.lang.word(Word::UnitRatio),
        }
    }

    /// Names a metric with its unit.
    pub(in crate::report) fn head(&self, metric: usize) -> String {
        format!("{}, {}", self.metric(metric), self.unit(metric))
    }

    /// Writes a figure with its unit.
    pub(in crate::report) fn figure(&self, metric: usize, value: f64) -> String {
        let bare = self.bare(metric, value);
        match self.plan.metrics[metric].unit {
            _ if !value.is_finite() => bare,
            Unit::Count | Unit::Ratio => bare,
            Unit::PerSecond => bare + "/s",
            Unit::PerHour => bare + "/h",
            Unit::Seconds => released::duration(value),
            _ => format!("{bare} {}", self.unit(metric)),
        }
    }

    /// Writes a figure whose unit stands elsewhere.
    pub(in crate::report) fn bare(&self, metric: usize, value: f64) -> String {
        match self.plan.metrics[metric].unit {
            _ if !value.is_finite() => self.lang.word(Word::NoValue).to_owned(),
            Unit::Count => released::count(value),
            Unit::Ratio => short(value),
            _ => grouped(value, 3),
        }
    }

    /// Writes the ends of an interval; nothing where there are none.
    pub(in crate::report) fn ends(&self, metric: usize, figure: Interval) -> Option<String> {
        let (lo, hi) = figure.lo.zip(figure.hi)?;
        let ends = [lo, hi].map(|end| self.bare(metric, end));
        Some(self.lang.fill(Word::FromTo, &ends.each_ref().map(String::as_str)))
    }

    /// Returns the metrics that are drawn, in the order of the plan.
    pub(in crate::report) fn headlines(&self) -> Vec<usize> {
        let all = self.plan.metrics.iter().enumerate();
        all.filter(|(_, metric)| metric.headline).map(|(index, _)| index).collect()
    }

    /// Tells whether every value of an axis is a number.
    pub(in crate::report) fn is_numeric(&self, axis: usize) -> bool {
        self.plan.axes[axis].values.iter().all(|value| value.number.is_some())
    }
}

/// Divides a value that is a map: `{leastRequest: {choiceCount: 2}}` is `leastRequest`, `choiceCount: 2`.
pub(in crate::report) fn parts(label: &str) -> (&str, &str) {
    let bare = |label| {
        str::strip_prefix(label, "{").and_then(|inner| inner.strip_suffix('}')).map_or(label, str::trim)
    };
    let inner = bare(label);
    inner.split_once(": ").filter(|_| inner != label).map_or((inner, ""), |(name, more)| (name, bare(more)))
}
