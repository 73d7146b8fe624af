//! How likely a stage catches defects, as it is written: a ratio, or a map from a defect's key to one.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use super::CatchesSpec;
use crate::release::defect::DefectSpec;
use crate::scenario::named::Named;
use crate::units::Ratio;

/// The keys of all defects.
static KINDS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| DefectSpec::examples().into_iter().map(|(key, _)| key).collect());

/// The key of a defect.
struct Kind(&'static str);

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = String::deserialize(deserializer)?;
        let known = KINDS.iter().find(|kind| **kind == written);
        known.map(|kind| Self(kind)).ok_or_else(|| D::Error::unknown_field(&written, &KINDS))
    }
}

impl<'de> Deserialize<'de> for CatchesSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RatioOrMap)
    }
}

struct RatioOrMap;

impl<'de> Visitor<'de> for RatioOrMap {
    type Value = CatchesSpec;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a ratio such as 70%, or a map from the key of a defect to a ratio")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<CatchesSpec, E> {
        text.parse().map(CatchesSpec::Any).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<CatchesSpec, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<CatchesSpec, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<CatchesSpec, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<CatchesSpec, A::Error> {
        let mut shares: Vec<(String, Ratio)> = Vec::new();
        while let Some((Kind(kind), share)) = map.next_entry()? {
            if shares.iter().any(|(known, _)| known == kind) {
                return Err(A::Error::custom(format!("the key `{kind}` is given twice; keep one of them")));
            }
            shares.push((kind.to_owned(), share));
        }
        Ok(CatchesSpec::ByKind(Named(shares)))
    }
}

impl JsonSchema for CatchesSpec {
    fn schema_name() -> Cow<'static, str> {
        "CatchesSpec".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut share = generator.subschema_for::<Ratio>();
        let any = share.clone();
        share.insert("description".to_owned(), json!("How likely it catches a defect of this kind."));
        let by_kind: Map<String, Value> =
            KINDS.iter().map(|kind| ((*kind).to_owned(), share.clone().to_value())).collect();
        json_schema!({
            "anyOf": [any, {"type": "object", "properties": by_kind, "additionalProperties": false}],
            "description": "A share of all defects, or shares by the keys of defects.",
        })
    }
}
