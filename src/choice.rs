//! The form of a choice in scenario files: a bare word, or a map with one key.
//!
//! Reads straight from the file's own reader, without buffering, so that errors keep their place
//! (serde's `untagged` loses it).

use std::fmt;
use std::marker::PhantomData;

use schemars::Schema;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::{Value, json};

/// Reads a choice: a scalar through `bare`, a map with one key as the externally tagged `Tagged`.
pub(crate) fn read<'de, D, Tagged, Choice>(
    deserializer: D,
    expecting: &'static str,
    bare: fn(&str) -> Result<Choice, String>,
) -> Result<Choice, D::Error>
where
    D: Deserializer<'de>,
    Tagged: Deserialize<'de> + Into<Choice>,
{
    deserializer.deserialize_any(BareOrMap { expecting, bare, tagged: PhantomData::<Tagged> })
}

struct BareOrMap<Tagged, Choice> {
    expecting: &'static str,
    bare: fn(&str) -> Result<Choice, String>,
    tagged: PhantomData<Tagged>,
}

impl<'de, Tagged, Choice> Visitor<'de> for BareOrMap<Tagged, Choice>
where
    Tagged: Deserialize<'de> + Into<Choice>,
{
    type Value = Choice;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Choice, E> {
        (self.bare)(text).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Choice, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Choice, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Choice, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Choice, A::Error> {
        let tagged = Tagged::deserialize(MapAccessDeserializer::new(&mut map))?;
        match map.next_key::<IgnoredAny>()? {
            None => Ok(tagged.into()),
            Some(_) => Err(A::Error::invalid_length(2, &self.expecting)),
        }
    }
}

/// Adds to a schema of words and maps with one key that a word may be written as such a map.
pub(crate) fn words_are_maps(schema: &mut Schema) {
    each_alternative(schema, |alternative| {
        let word = alternative.get("const")?.as_str()?.to_owned();
        let nothing = json!({"type": "object", "additionalProperties": false});
        Some(json!({
            "type": "object",
            "properties": {word.as_str(): nothing},
            "required": [word],
            "additionalProperties": false,
        }))
    });
}

/// Adds to a schema of maps with one key that the key alone may be written.
pub(crate) fn maps_are_words(schema: &mut Schema) {
    each_alternative(schema, |alternative| {
        let word = alternative.get("required")?.get(0)?.clone();
        let description = alternative.get("description").cloned();
        let mut alone = json!({"type": "string", "const": word});
        if let Some(description) = description {
            alone["description"] = description;
        }
        Some(alone)
    });
}

fn each_alternative(schema: &mut Schema, other: impl Fn(&Value) -> Option<Value>) {
    let key = if schema.get("anyOf").is_some() { "anyOf" } else { "oneOf" };
    if let Some(alternatives) = schema.get_mut(key).and_then(Value::as_array_mut) {
        let others: Vec<Value> = alternatives.iter().filter_map(other).collect();
        alternatives.extend(others);
    }
}
