//! Values with more than one way to write them, as JSON Schema.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::super::named::Named;
use super::{Concurrency, TaggedRate, TrafficRateSpec, Warmup};
use crate::units::{Rate, duration_pattern};

impl JsonSchema for Warmup {
    fn schema_name() -> Cow<'static, str> {
        "Warmup".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let pattern = format!("{}|^auto$", duration_pattern());
        json_schema!({"type": "string", "pattern": pattern, "description": "A duration, or auto.", "examples": ["5m", "auto"]})
    }
}

impl JsonSchema for Concurrency {
    fn schema_name() -> Cow<'static, str> {
        "Concurrency".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": u32::MAX - 1},
                {"type": "string", "const": "unlimited"},
            ],
            "description": "A whole number of requests, or unlimited.",
        })
    }
}

impl JsonSchema for TrafficRateSpec {
    fn schema_name() -> Cow<'static, str> {
        "RateSpec".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = TaggedRate::json_schema(generator);
        let bare = generator.subschema_for::<Rate>();
        if let Some(alternatives) = schema.get_mut("oneOf").and_then(|list| list.as_array_mut()) {
            alternatives.insert(0, bare.to_value());
        }
        schema.insert("description".to_owned(), "A rate such as 20k/s, or one of several forms.".into());
        schema
    }
}

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("NamedOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        json_schema!({
            "type": "object",
            "propertyNames": {"pattern": "^[a-z0-9-]{1,63}$"},
            "additionalProperties": value,
        })
    }
}
