//! The sweep file: one struct per block, its keys as fields.
//!
//! Values of axes and an inline base stay nodes of the tree, which knows their text and their place.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::quantity::{Quantity, Scale};
use crate::choice;
use crate::scenario::bounds::MAX_REPLICATIONS;
use crate::scenario::named::Named;
use crate::scenario::spec::{ApiVersion, MetadataSpec, ScenarioSpec};
use crate::scenario::suggest;
use crate::units::Ratio;

/// A sweep file: a scenario, and what of it is varied.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SweepSpec {
    /// The version of the file's form.
    #[expect(dead_code, reason = "that it can be read is all that it says")]
    pub(super) api_version: ApiVersion,
    /// What the file describes.
    #[expect(dead_code, reason = "that it can be read is all that it says")]
    pub(super) kind: SweepKind,
    /// Names.
    pub(super) metadata: MetadataSpec,
    /// The scenario that is varied: a file, whose path starts at this file's folder, or the scenario itself.
    #[expect(dead_code, reason = "read from the tree")]
    pub(super) base: BaseSpec,
    /// What is varied.
    pub(super) axes: Vec<AxisSpec>,
    /// How values of several axes make cells.
    #[serde(default)]
    pub(super) combine: CombineSpec,
    /// The root of what is drawn where cells are sampled; simulations go by the scenario's own.
    #[serde(default = "default_seed")]
    pub(super) seed: u64,
    /// Combinations that are left out; none where left out.
    #[serde(default)]
    pub(super) constraints: Vec<ConstraintSpec>,
    /// The cell that others are compared with, by labels; the first where left out.
    #[serde(default)]
    pub(super) baseline: Named<Label>,
    /// How many days each cell gets; as many as the base says where left out.
    #[serde(default)]
    pub(super) replications: Option<ReplicationsSpec>,
    /// How well a metric must be known before a cell gets no more days.
    #[serde(default)]
    pub(super) precision: Option<PrecisionSpec>,
    /// Share of days on which objectives must hold that say none themselves.
    #[serde(default)]
    pub(super) holds_in: Option<Ratio>,
    /// Further metrics that are compared, drawn and printed; none where left out.
    #[serde(default)]
    pub(super) metrics: Vec<String>,
    /// The metric by which cells of equal verdicts are ranked; the cost, or the server hours, where left out.
    #[serde(default)]
    pub(super) rank_by: Option<String>,
}

fn default_seed() -> u64 {
    1
}

/// What a file describes.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(crate) enum SweepKind {
    /// A scenario, and what of it is varied.
    Sweep,
}

/// The scenario that is varied; read from the tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BaseSpec;

/// A value of whatever form; read from the tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anything;

/// What is varied: a value of the scenario.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AxisSpec {
    /// Where the value stands in the scenario, as `--set` takes it.
    pub(super) path: String,
    /// What the axis is called; its path where left out.
    #[serde(default)]
    pub(super) name: Option<String>,
    /// Its values: whatever may stand there, or {label, value}.
    #[serde(default)]
    pub(super) values: Option<Vec<Anything>>,
    /// Quantities between two ends, instead of values.
    #[serde(default)]
    pub(super) range: Option<RangeSpec>,
}

/// Quantities between two ends.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RangeSpec {
    /// The lower end.
    pub(super) from: Quantity,
    /// The upper end.
    pub(super) to: Quantity,
    /// How far values lie apart.
    #[serde(default)]
    pub(super) step: Option<Quantity>,
    /// How many values there are, both ends included.
    #[schemars(range(min = 1, max = 10_000))]
    #[serde(default)]
    pub(super) count: Option<u32>,
    /// How values lie: at equal distances, or at equal ratios.
    #[serde(default)]
    pub(super) scale: Scale,
}

/// How values of several axes make cells.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum CombineSpec {
    /// Every value with every other.
    #[default]
    Grid,
    /// The first values of all axes, then the second ones, and so on.
    Zip,
    /// A sample with one value in each of so many equal parts of every axis.
    LatinHypercube(SamplesSpec),
    /// A sample that fills the space evenly.
    Sobol(SamplesSpec),
}

/// How many cells are sampled.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SamplesSpec {
    /// So many; a power of two fills the space best with sobol.
    #[schemars(range(min = 1, max = 100_000))]
    pub(super) samples: u32,
}

/// Combinations that are left out.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ConstraintSpec {
    /// Labels by axis: who has one of them on every axis that is named is left out.
    #[serde(default)]
    pub(super) exclude: Option<Named<Labels>>,
    /// Factors by axis: values times factors are added up, and the sum is bounded.
    #[serde(default)]
    pub(super) sum: Option<Named<f64>>,
    /// The largest sum that is kept.
    #[serde(default)]
    pub(super) lte: Option<Quantity>,
    /// The smallest sum that is kept.
    #[serde(default)]
    pub(super) gte: Option<Quantity>,
}

/// How many days each cell gets.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ReplicationsSpec {
    /// So many.
    Fixed(u32),
    /// As many as it takes, looked at after `min`, twice as many, and so on.
    Between(BetweenSpec),
}

/// Between how many days a cell gets.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct BetweenSpec {
    /// At least so many.
    #[schemars(range(min = 2, max = MAX_REPLICATIONS))]
    pub(super) min: u32,
    /// At most so many.
    #[schemars(range(min = 2, max = MAX_REPLICATIONS))]
    pub(super) max: u32,
}

impl Default for BetweenSpec {
    fn default() -> Self {
        Self { min: 10, max: 160 }
    }
}

/// How well a metric must be known.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PrecisionSpec {
    /// Which one.
    pub(super) metric: String,
    /// The largest half width of its interval as a share of its mean.
    pub(super) relative: Ratio,
}

/// The label of a value, or the value.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Label(pub(super) String);

/// One label, or several.
#[derive(Clone, Debug)]
pub(crate) struct Labels(pub(super) Vec<String>);

macro_rules! ignored {
    ($($name:ident)*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                IgnoredAny::deserialize(deserializer).map(|_| Self)
            }
        }
    )*};
}
ignored! { BaseSpec Anything }

impl<'de> Deserialize<'de> for CombineSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        enum Tagged {
            LatinHypercube(SamplesSpec),
            Sobol(SamplesSpec),
        }

        impl From<Tagged> for CombineSpec {
            fn from(tagged: Tagged) -> Self {
                match tagged {
                    Tagged::LatinHypercube(samples) => Self::LatinHypercube(samples),
                    Tagged::Sobol(samples) => Self::Sobol(samples),
                }
            }
        }

        let expecting = "one of grid, zip, {latinHypercube: {samples: 50}}, {sobol: {samples: 64}}";
        choice::read::<D, Tagged, Self>(deserializer, expecting, |text| match text {
            "grid" => Ok(Self::Grid),
            "zip" => Ok(Self::Zip),
            "latinHypercube" | "sobol" => {
                Err(format!("`{text}` needs a number of samples; write {{{text}: {{samples: 64}}}}"))
            }
            _ => {
                let remedy = suggest::known(text, ["grid", "zip", "latinHypercube", "sobol"].into_iter());
                Err(format!("`{}` is no way to combine axes; {remedy}", suggest::short(text)))
            }
        })
    }
}

impl From<BetweenSpec> for ReplicationsSpec {
    fn from(between: BetweenSpec) -> Self {
        Self::Between(between)
    }
}

impl<'de> Deserialize<'de> for ReplicationsSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expecting = "a whole number of days, or {min: 10, max: 160}";
        choice::read::<D, BetweenSpec, Self>(deserializer, expecting, |text| {
            let wrong =
                |_| format!("`{}` is not a number of days; write for example 20", suggest::short(text));
            text.parse().map(Self::Fixed).map_err(wrong)
        })
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Labels;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a label, or a list of labels")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Labels, E> {
                Ok(Labels(vec![text.to_owned()]))
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Labels, E> {
                self.visit_str(&value.to_string())
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Labels, E> {
                self.visit_str(&value.to_string())
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Labels, E> {
                self.visit_str(&value.to_string())
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Labels, E> {
                self.visit_str(&value.to_string())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Labels, A::Error> {
                let mut labels = Vec::new();
                while let Some(Label(label)) = list.next_element()? {
                    labels.push(label);
                }
                Ok(Labels(labels))
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}

/// Gives a type its schema: name, and a body that may ask the generator.
macro_rules! schema_of {
    ($($type:ty, $name:literal, $generator:pat => { $($body:tt)* };)*) => {$(
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                json_schema!({ $($body)* })
            }
        }
    )*};
}

schema_of! {
    Anything, "Anything", _ => {"description": "Whatever may stand at the path."};
    Label, "Label", _ => {
        "description": "The label of a value, or the value as written.",
        "anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}],
    };
    Labels, "Labels", generator => {
        "description": "One label, or several.",
        "anyOf": [generator.subschema_for::<Label>(), {"type": "array", "items": generator.subschema_for::<Label>()}],
    };
    BaseSpec, "BaseSpec", generator => {
        "description": "A file, whose path starts at this file's folder, or a scenario.",
        "anyOf": [{"type": "string"}, generator.subschema_for::<ScenarioSpec>()],
    };
    CombineSpec, "CombineSpec", generator => {
        "description": "Grid, zip, or a sample.",
        "oneOf": [
            {"type": "string", "enum": ["grid", "zip"]},
            {
                "type": "object",
                "description": "A sample with one value in each of so many equal parts of every axis.",
                "properties": {"latinHypercube": generator.subschema_for::<SamplesSpec>()},
                "required": ["latinHypercube"],
                "additionalProperties": false,
            },
            {
                "type": "object",
                "description": "A sample that fills the space evenly.",
                "properties": {"sobol": generator.subschema_for::<SamplesSpec>()},
                "required": ["sobol"],
                "additionalProperties": false,
            },
        ],
    };
    ReplicationsSpec, "ReplicationsSpec", generator => {
        "description": "A number of days, or between how many.",
        "anyOf": [{"type": "integer", "minimum": 1, "maximum": MAX_REPLICATIONS}, generator.subschema_for::<BetweenSpec>()],
    };
    Quantity, "RangeEnd", _ => {
        "description": "A number, a percentage, a duration, a rate, or a time of day.",
        "anyOf": [{"type": "number"}, {"type": "string"}],
        "examples": [10, "85%", "30m", "90/s", "23:30"],
    };
}
