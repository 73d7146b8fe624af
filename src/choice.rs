//! The form of a choice in scenario files: a bare word, or a map with one key.
//!
//! Reads straight from the file's own reader, without buffering, so that errors keep their place
//! (serde's `untagged` loses it).

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};

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
        if map.next_key::<IgnoredAny>()?.is_some() {
            return Err(A::Error::custom(format!("more than one key; write {}", self.expecting)));
        }
        Ok(tagged.into())
    }
}
