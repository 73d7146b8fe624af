//! Reading and writing of parameters that stand side by side as keys, percentiles among them.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::json;

use super::Quantity;

/// Values at percentiles, by rising percentile; written as keys `p50`, `p99.9`.
#[derive(Clone, Debug, PartialEq)]
pub struct Percentiles<Q>(Vec<(f64, Q)>);

impl<Q> Default for Percentiles<Q> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<Q> Percentiles<Q> {
    /// Adds the value at `percent`, in [0, 100]; false if the percentile is taken.
    pub fn insert(&mut self, percent: f64, value: Q) -> bool {
        let place = self.0.partition_point(|(p, _)| *p < percent);
        if self.0.get(place).is_some_and(|(p, _)| *p == percent) {
            return false;
        }
        self.0.insert(place, (percent, value));
        true
    }

    /// Returns the percentiles, in percent, and their values, by rising percentile.
    pub fn as_slice(&self) -> &[(f64, Q)] {
        &self.0
    }
}

impl<Q: Serialize> Serialize for Percentiles<Q> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(percent, value)| (percentile_key(*percent), value)))
    }
}

/// Keys of percentiles.
const PERCENTILE_PATTERN: &str = "^p[0-9]+([.][0-9]*)?$";

/// Lets percentiles stand among the keys of a schema.
pub(super) fn with_percentiles<Q: JsonSchema>(mut schema: Schema, generator: &mut SchemaGenerator) -> Schema {
    let value = generator.subschema_for::<Q>();
    schema.insert("patternProperties".to_owned(), json!({PERCENTILE_PATTERN: value}));
    schema
}

impl<Q: JsonSchema> JsonSchema for Percentiles<Q> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("PercentilesOf{}", Q::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        with_percentiles::<Q>(json_schema!({"type": "object", "additionalProperties": false}), generator)
    }
}

impl<'de, Q: Quantity> serde::Deserialize<'de> for Percentiles<Q> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PercentilesVisitor(std::marker::PhantomData))
    }
}

struct PercentilesVisitor<Q>(std::marker::PhantomData<Q>);

impl<'de, Q: Quantity> serde::de::Visitor<'de> for PercentilesVisitor<Q> {
    type Value = Percentiles<Q>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "percentiles with a {} each, for example p0, p50, p100", Q::KIND)
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut percentiles = Percentiles::default();
        while let Some(key) = map.next_key::<String>()? {
            let Some(percent) = parse_percentile(&key) else {
                return Err(serde::de::Error::custom(not_a_percentile(&key)));
            };
            if !percentiles.insert(percent, map.next_value()?) {
                return Err(serde::de::Error::custom(taken(&key)));
            }
        }
        Ok(percentiles)
    }
}

/// Reads `p99.9` as 99.9; `None` for any other key and beyond [0, 100].
pub(super) fn parse_percentile(key: &str) -> Option<f64> {
    let number = key.strip_prefix('p')?;
    if !number.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    number.parse().ok().filter(|percent| (0.0..=100.0).contains(percent))
}

/// Tells whether a key was meant as a percentile: `p` and a digit.
pub(super) fn looks_like_percentile(key: &str) -> bool {
    key.strip_prefix('p').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Writes 99.9 as `p99.9`; the inverse of [`parse_percentile`].
pub(super) fn percentile_key(percent: f64) -> String {
    format!("p{percent}")
}

pub(super) fn not_a_percentile(key: &str) -> String {
    format!("`{key}` is not a percentile; write p and a number from 0 to 100, for example p50 or p99.9")
}

pub(super) fn taken(key: &str) -> String {
    format!("`{key}` is given twice; keep one")
}

/// A parameter as the number that checks and formulas work on.
pub(super) trait Scalar {
    fn scalar(&self) -> f64;
}

impl Scalar for f64 {
    fn scalar(&self) -> f64 {
        *self
    }
}

impl<Q: Quantity> Scalar for Q {
    fn scalar(&self) -> f64 {
        self.to_f64()
    }
}

/// Declares the parameters of a distribution, all of them optional: which belong together is
/// judged later, with a remedy. Where percentiles are allowed, they stand among the keys, which
/// serde's derive cannot combine with the refusal of unknown ones.
macro_rules! form {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty),* $(,)? }
     $($percentiles:ident)?) => {
        $(#[$doc])*
        ///
        /// Every parameter is optional here; which belong together is judged by `build`.
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name<Q> {
            $($(#[$field_doc])* pub $field: Option<$kind>,)*
            $(/// Values at percentiles, as keys `p50`, `p99` and so on.
            pub $percentiles: Percentiles<Q>,)?
        }

        impl<Q: Quantity> $name<Q> {
            /// Returns what is given, by key; quantities in the unit of the samples.
            pub(super) fn given(&self) -> Given {
                let mut given: Vec<(String, f64)> = Vec::new();
                $(if let Some(value) = &self.$field {
                    given.push((stringify!($field).to_owned(), value.scalar()));
                })*
                $(for (percent, value) in self.$percentiles.as_slice() {
                    given.push((percentile_key(*percent), value.to_f64()));
                })?
                Given(given)
            }
        }

        impl<Q: JsonSchema> JsonSchema for $name<Q> {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                format!("{}Of{}", stringify!($name), Q::schema_name()).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                #[derive(JsonSchema)]
                #[schemars(deny_unknown_fields)]
                #[expect(dead_code, reason = "for its schema alone")]
                $(#[$doc])*
                struct Keys<Q> { $($(#[$field_doc])* $field: Option<$kind>,)* }

                let schema = Keys::<Q>::json_schema(generator);
                $(let schema = {
                    const _: &str = stringify!($percentiles);
                    crate::dist::form::with_percentiles::<Q>(schema, generator)
                };)?
                schema
            }
        }

        impl<Q: Serialize> Serialize for $name<Q> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                $(if let Some(value) = &self.$field {
                    map.serialize_entry(stringify!($field), value)?;
                })*
                $(for (percent, value) in self.$percentiles.as_slice() {
                    map.serialize_entry(&percentile_key(*percent), value)?;
                })?
                map.end()
            }
        }

        impl<'de, Q: Quantity> Deserialize<'de> for $name<Q> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Keys<Q>(std::marker::PhantomData<Q>);

                impl<'de, Q: Quantity> Visitor<'de> for Keys<Q> {
                    type Value = $name<Q>;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("parameters as keys")
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<$name<Q>, A::Error> {
                        const KEYS: &[&str] = &[$(stringify!($field),)* $(stringify!($percentiles))?];
                        $(let mut $field = None;)*
                        $(let mut $percentiles = Percentiles::default();)?
                        while let Some(key) = map.next_key::<String>()? {
                            match key.as_str() {
                                $(stringify!($field) if $field.is_some() => {
                                    return Err(A::Error::duplicate_field(stringify!($field)));
                                }
                                stringify!($field) => $field = Some(map.next_value()?),)*
                                $(key if looks_like_percentile(key) => {
                                    let Some(percent) = parse_percentile(key) else {
                                        return Err(A::Error::custom(not_a_percentile(key)));
                                    };
                                    if !$percentiles.insert(percent, map.next_value()?) {
                                        return Err(A::Error::custom(taken(key)));
                                    }
                                })?
                                _ => return Err(A::Error::unknown_field(&key, KEYS)),
                            }
                        }
                        Ok($name { $($field,)* $($percentiles,)? })
                    }
                }

                deserializer.deserialize_map(Keys(std::marker::PhantomData))
            }
        }
    };
}
pub(super) use form;
