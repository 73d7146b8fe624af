//! From the tree to what it says: a serde reader whose errors know path and place.

use std::fmt::Display;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{
    self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
};

use super::suggest;
use super::tree::{At, Node, Scalar, Value, place_of};

/// Why a tree does not say anything.
#[derive(Debug, Default)]
pub(super) struct DecodeError {
    pub(super) at: Option<At>,
    pub(super) path: String,
    pub(super) message: String,
    pub(super) remedy: String,
    /// A key to blame instead of the map it stands in.
    key: Option<String>,
}

/// Reads a tree as a `T`; problems of the whole are told at `at`.
pub(super) fn decode<'a, T: Deserialize<'a>>(node: &'a Node, at: At) -> Result<T, DecodeError> {
    T::deserialize(Reader { node, at })
}

impl std::error::Error for DecodeError {}

impl Display for DecodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl DecodeError {
    fn new(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { message: message.into(), remedy: remedy.into(), ..Self::default() }
    }

    /// A key that should not be there.
    pub(super) fn at_key(at: At, key: &str, message: String, remedy: String) -> Self {
        Self { at: Some(at), path: key.to_owned(), message, remedy, key: None }
    }

    fn or_at(mut self, at: At) -> Self {
        self.at = self.at.or(Some(at));
        self
    }

    /// Moves the error below a key.
    pub(super) fn under(mut self, step: &str) -> Self {
        let joint = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{step}{joint}{}", self.path);
        self
    }
}

impl de::Error for DecodeError {
    /// Messages of this house say what is wrong, a semicolon, and what to write.
    fn custom<T: Display>(message: T) -> Self {
        let message = message.to_string();
        match message.split_once("; ") {
            Some((wrong, remedy)) => Self::new(wrong, remedy),
            None => Self::new(message, ""),
        }
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let expected = match expected.to_string().as_str() {
            "u32" | "u16" | "u8" => "a whole number from 0 to 4,294,967,295".to_owned(),
            "u64" => "a whole number from 0 to 18,446,744,073,709,551,615".to_owned(),
            "f64" | "f32" => "a number".to_owned(),
            "a string" => "a text".to_owned(),
            "a sequence" => "a list".to_owned(),
            "enum" | "map" => "a map with one key".to_owned(),
            other if other.starts_with("struct ") => "a map of keys".to_owned(),
            other if other.starts_with("enum ") => "one word, or a map with one key".to_owned(),
            other => other.to_owned(),
        };
        let found = match found {
            Unexpected::Unit => "nothing".to_owned(),
            Unexpected::Bool(value) => format!("`{value}`"),
            Unexpected::Unsigned(value) => format!("`{value}`"),
            Unexpected::Signed(value) => format!("`{value}`"),
            Unexpected::Float(value) => format!("`{value}`"),
            Unexpected::Str(text) => format!("the text `{}`", suggest::short(text)),
            Unexpected::Map => "a map".to_owned(),
            Unexpected::Seq => "a list".to_owned(),
            other => other.to_string(),
        };
        Self::new(format!("this is {found}, not {expected}"), format!("write {expected}"))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let remedy = suggest::known(variant, expected.iter().copied());
        Self {
            key: Some(variant.to_owned()),
            ..Self::new(format!("`{}` is not known here", suggest::short(variant)), remedy)
        }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let remedy = suggest::known(field, expected.iter().copied());
        Self {
            key: Some(field.to_owned()),
            ..Self::new(format!("there is no key `{}` here", suggest::short(field)), remedy)
        }
    }

    fn missing_field(field: &'static str) -> Self {
        let remedy = match field {
            "apiVersion" => "write apiVersion: peakday/v1alpha1",
            "kind" => "write kind: Scenario",
            "metadata" => "write metadata: {name: my-scenario}",
            "name" => "give it a name of a-z, 0-9 and -",
            "run" => "write run: {duration: 10m}",
            "duration" => "write for example duration: 10m",
            "traffic" => "write for example traffic: {users: {to: web, class: browse, rate: 90/s}}",
            "services" => "write for example services: {web: {pools: .., work: 5ms}}",
            "to" => "name the service that is called",
            "rate" => "write for example rate: 90/s",
            "pools" => "write for example pools: {standard: {replicas: 4, concurrency: 16}}",
            "replicas" => "say how many servers there are",
            "concurrency" => "say how many requests a server has in hand at once, or write unlimited",
            "work" => "write for example work: 5ms, or work: {exponential: {mean: 5ms}}",
            "cores" => "write for example cores: 4",
            "percentile" => "write for example percentile: 99",
            "service" => "name the service that is judged",
            _ => "",
        };
        Self::new(format!("the key `{field}` is missing"), remedy)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(format!("the key `{field}` is given twice"), "keep one of them")
    }
}

/// A node being read, and where its problems are told.
struct Reader<'a> {
    node: &'a Node,
    at: At,
}

impl<'a> Reader<'a> {
    /// Reads a map and refuses what the visitor left over.
    fn map<T>(
        &self,
        entries: &'a [(String, At, Node)],
        read: impl FnOnce(&mut Entries<'a>) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let mut access = Entries { rest: entries.iter(), value: None };
        let result = read(&mut access).and_then(|value| match access.rest.next() {
            Some((key, at, _)) => {
                let message = format!("there is one key too many: `{}`", suggest::short(key));
                Err(DecodeError::new(message, "keep one key").or_at(*at))
            }
            None => Ok(value),
        });
        result.map_err(|mut error| {
            // Once told, a key is no longer looked for further up.
            let blamed = if error.at.is_none() { error.key.take() } else { None };
            if let Some(blamed) = blamed
                && let Some((key, at, _)) = entries.iter().find(|(key, ..)| *key == blamed)
            {
                return error.or_at(*at).under(key);
            }
            error.or_at(self.at)
        })
    }
}

macro_rules! as_any {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            self.deserialize_any(visitor)
        }
    )*};
}

/// A plain scalar where a text is expected is that text, as written.
macro_rules! as_text {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            match &self.node.value {
                Value::Plain(_, text) => visitor.visit_str(text).map_err(|error: DecodeError| error.or_at(self.at)),
                _ => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let at = self.at;
        let result = match &self.node.value {
            Value::Null => Err(DecodeError::new("there is nothing here", "write a value, or remove the key")),
            Value::Plain(Scalar::Bool(value), _) => visitor.visit_bool(*value),
            Value::Plain(Scalar::Unsigned(value), _) => visitor.visit_u64(*value),
            Value::Plain(Scalar::Signed(value), _) => visitor.visit_i64(*value),
            Value::Plain(Scalar::Float(value), text) if !value.is_finite() => Err(DecodeError::new(
                format!("`{}` is too large a number", suggest::short(text)),
                "write a smaller one",
            )),
            Value::Plain(Scalar::Float(value), _) => visitor.visit_f64(*value),
            Value::Text(text) => visitor.visit_str(text),
            Value::List(items) => visitor.visit_seq(Items { rest: items.iter(), index: 0 }),
            Value::Map(entries) => self.map(entries, |access| visitor.visit_map(access)),
        };
        result.map_err(|error| error.or_at(at))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let at = self.at;
        let result = match &self.node.value {
            Value::Text(text) => {
                let text: StrDeserializer<'_, DecodeError> = text.as_str().into_deserializer();
                visitor.visit_enum(text)
            }
            Value::Map(entries) => {
                self.map(entries, |access| visitor.visit_enum(MapAccessDeserializer::new(access)))
            }
            Value::Plain(_, text) => {
                let message = format!("`{}` is not known here", suggest::short(text));
                Err(DecodeError::new(message, suggest::known(text, variants.iter().copied())))
            }
            Value::Null | Value::List(_) => return self.deserialize_any(visitor),
        };
        result.map_err(|error| error.or_at(at))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_any(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_any(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_any(visitor)
    }

    /// Serde would read a list as a struct, field by field: nobody means that.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match &self.node.value {
            Value::List(_) => {
                let error: DecodeError = de::Error::invalid_type(Unexpected::Seq, &visitor);
                Err(error.or_at(self.at))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    as_any! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8
        deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64 deserialize_bytes
        deserialize_byte_buf deserialize_unit deserialize_seq deserialize_map deserialize_ignored_any
    }
    as_text! { deserialize_char deserialize_str deserialize_string deserialize_identifier }
}

/// The rest of a list.
struct Items<'a> {
    rest: std::slice::Iter<'a, Node>,
    index: usize,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        let Some(node) = self.rest.next() else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        let value = seed.deserialize(Reader { node, at: node.at });
        value.map(Some).map_err(|error| error.or_at(node.at).under(&format!("[{index}]")))
    }
}

/// The rest of a map, and the value whose key was read.
struct Entries<'a> {
    rest: std::slice::Iter<'a, (String, At, Node)>,
    value: Option<(&'a str, At, &'a Node)>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        let Some((key, at, node)) = self.rest.next() else { return Ok(None) };
        self.value = Some((key, *at, node));
        let text: StrDeserializer<'_, DecodeError> = key.as_str().into_deserializer();
        let told = |mut error: DecodeError| {
            error.key = None;
            error.or_at(*at).under(key)
        };
        seed.deserialize(text).map(Some).map_err(told)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, DecodeError> {
        let Some((key, at, node)) = self.value.take() else {
            return Err(DecodeError::new("a value was read before its key", ""));
        };
        let at = place_of(at, node);
        let told = |error: DecodeError| error.or_at(at).under(key);
        seed.deserialize(Reader { node, at }).map_err(told)
    }
}
