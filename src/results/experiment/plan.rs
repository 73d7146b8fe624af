//! The schema of an experiment: what is varied, what is measured, and what of a run is kept.

use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize, Serializer};

use crate::results::Goal;

/// The version of the schema of `sweep.json` and of the files of runs; it grows when a field changes its
/// meaning.
pub const EXPERIMENT_VERSION: u32 = 1;

/// What an experiment compares, and by what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExperimentPlan {
    /// [`EXPERIMENT_VERSION`] of the program that wrote it.
    pub experiment_version: u32,
    /// The program's version.
    pub version: String,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.displayName`.
    pub display_name: Option<String>,
    /// The name of the file it was read from, without its folder: commands that repeat a run name it.
    pub file: String,
    /// What the command line said beside it, as flags: commands that go on with it say the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
    /// What is varied.
    pub axes: Vec<AxisPlan>,
    /// What every run is measured by, whatever cell it belongs to.
    pub metrics: Vec<MetricPlan>,
    /// Names of the objectives, of all cells together.
    pub objectives: Vec<String>,
    /// The scenarios.
    pub cells: Vec<CellPlan>,
    /// Combinations that constraints dropped.
    pub dropped: u64,
    /// Index of the cell that others are compared with.
    pub baseline: usize,
    /// How many replications every cell gets.
    pub design: Design,
    /// Index of the metric by which cells are ranked among equal verdicts.
    pub rank_by: Option<usize>,
    /// The currency of every price, where there is one.
    pub currency: Option<String>,
    /// Whether any traffic is recorded: replications then share those arrivals.
    pub recorded: bool,
}

impl ExperimentPlan {
    /// Returns the values of a cell: `balancer=random, replicas=10`; empty where nothing is varied.
    pub fn values(&self, cell: usize) -> String {
        let values = self.axes.iter().zip(&self.cells[cell].at);
        let told: Vec<String> =
            values.map(|(axis, &at)| format!("{}={}", axis.short, axis.values[at].label)).collect();
        told.join(", ")
    }
}

/// A value of the scenario that is varied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AxisPlan {
    /// What it is called in tables: the path unless the file gives a name.
    pub name: String,
    /// A short name for charts, unique among the axes.
    pub short: String,
    /// Where the value stands in the scenario.
    pub path: String,
    /// Its values, in the order of the file; those of numbers that were drawn in ascending order.
    pub values: Vec<AxisValue>,
}

/// A value on an axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AxisValue {
    /// What it is called: as written, or the label that the file gives.
    pub label: String,
    /// Where it stands on a numeric axis; `None` for what is no quantity. Durations and clock times in
    /// seconds, rates per second, percentages as ratios.
    pub number: Option<f64>,
    /// The value as YAML on one line, as `--set PATH=VALUE` takes it.
    pub setting: String,
}

/// A scenario of an experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CellPlan {
    /// Per axis the index of its value.
    pub at: Vec<usize>,
    /// SHA-256, in hexadecimal, of all that its runs depend on beside the ordinal of the replication: version,
    /// resolved scenario, contents of traces.
    pub sha256: String,
    /// Per objective of the experiment: what is demanded here; `None` where the cell has no such objective.
    pub objectives: Vec<Option<CellObjective>>,
    /// Indices of the metrics that have no interval here: their variance is infinite, or they grow without end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unbounded: Vec<usize>,
}

/// What is demanded in a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CellObjective {
    /// The figure and its bound.
    pub goal: Goal,
    /// Share of days on which the objective must hold.
    pub holds_in: Option<f64>,
    /// Whether the value may have an interval.
    pub interval: bool,
}

/// What every run is measured by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetricPlan {
    /// Its name: `SERVICE.COLUMN` or `SERVICE.CLASS.COLUMN` with the columns of `summary.csv`; `cost` and
    /// `server_hours` over all services; `objectives.NAME`, the worst window's value; `limits.SERVICE.RESOURCE`,
    /// the peak as a share of the limit; `releases.VERSION.COLUMN` with the columns of `release_policies.csv`.
    pub name: String,
    /// What it is measured in.
    pub unit: Unit,
    /// Which way is better, where one is.
    pub better: Option<Better>,
    /// Whether it is compared, drawn and printed; others stand in the tables alone.
    pub headline: bool,
    /// Whether it has columns in `sweep.csv` and `runs.csv`.
    pub tabled: bool,
}

/// What a metric is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Unit {
    /// A number of something.
    Count,
    /// A number of something each second.
    PerSecond,
    /// A number of something each hour.
    PerHour,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Server hours.
    ServerHours,
    /// The plan's currency.
    Money,
    /// 0 to 1, or a quotient.
    Ratio,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Better {
    /// Smaller figures.
    Lower,
    /// Larger figures.
    Higher,
}

/// How many replications every cell gets.
///
/// Cells are looked at after so many replications as `looks` says, and get no more once they are decided;
/// a fixed number is one look.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Design {
    /// Numbers of replications at which a cell is looked at, ascending; never empty.
    pub looks: Vec<u32>,
    /// How well a metric must be known before a cell is decided.
    pub precision: Option<Precision>,
    /// Whether the objectives with a demanded share must have a verdict before a cell is decided.
    pub until_decided: bool,
}

impl Design {
    /// Returns that of a fixed number of replications.
    pub fn fixed(replications: u32) -> Self {
        Self { looks: vec![replications], precision: None, until_decided: false }
    }

    /// Returns the most replications that a cell may get.
    pub fn most(&self) -> u32 {
        self.looks.last().copied().unwrap_or(0)
    }

    /// Tells whether cells may get different numbers of replications.
    pub fn is_sequential(&self) -> bool {
        self.looks.len() > 1
    }
}

/// How well a metric must be known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Precision {
    /// Index of the metric.
    pub metric: usize,
    /// The largest half width of its interval as a share of its mean.
    pub relative: f64,
}

/// A figure of a run: not applicable, a number, or beyond all numbers (a percentile among requests that got no
/// answer). Infinity is written as the text `inf`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figure(pub Option<f64>);

impl Serialize for Figure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            None => serializer.serialize_none(),
            Some(value) if value == f64::INFINITY => serializer.serialize_str("inf"),
            // Counts stand as integers.
            Some(value) if value.fract() == 0.0 && value.abs() < 9e15 => {
                serializer.serialize_i64(value as i64)
            }
            Some(value) => serializer.serialize_f64(value),
        }
    }
}

impl<'de> Deserialize<'de> for Figure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Number(f64),
            Text(String),
        }
        match Option::<Form>::deserialize(deserializer)? {
            None => Ok(Self(None)),
            Some(Form::Number(value)) => Ok(Self(Some(value))),
            Some(Form::Text(text)) if text == "inf" => Ok(Self(Some(f64::INFINITY))),
            Some(Form::Text(text)) => Err(de::Error::custom(format!("`{text}` is not a figure"))),
        }
    }
}

/// What is kept of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunRecord {
    /// [`EXPERIMENT_VERSION`] of the program that wrote it.
    pub experiment_version: u32,
    /// What names the run: a hash of all that it depends on.
    pub run: String,
    /// The replication, from 1.
    pub replication: u32,
    /// Per metric of the plan.
    pub figures: Vec<Figure>,
    /// Per objective of the plan; `None` where the cell has no such objective.
    pub objectives: Vec<Option<DayRecord>>,
}

/// An objective in one run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DayRecord {
    /// The worst window's value, in ms or as a ratio.
    pub value: Figure,
    /// The start of that window, in nanoseconds.
    pub worst_window_ns: Option<u64>,
    /// Whether it holds in every window.
    pub holds: bool,
}

/// A plan and what its runs found out.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// What is compared.
    pub plan: ExperimentPlan,
    /// Per cell its runs, in the order of their ordinals; fewer than planned where some failed or are missing.
    pub runs: Vec<Vec<RunRecord>>,
}
