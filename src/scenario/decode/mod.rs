//! From the tree to what it says: a serde reader that tells everything that is wrong at once.
//!
//! Serde ends at the first mistake. So a tree is read again and again: what was told is left out
//! the next time ([`Session`]), until nothing new comes up. Keys that a struct does not know, and
//! those it lacks, are told all at once on the way.

mod advice;
mod error;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{
    self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
};

pub(super) use self::error::DecodeError;
use super::schema::{self, Shape};
use super::suggest;
use super::tree::{At, Entry, Node, Scalar, Value, place_of};
use crate::error::Code;

/// Nodes visited in all passes: ends the search in large files that are wrong everywhere.
const MAX_VISITS: u64 = 5_000_000;

/// Reads a tree as a `T`, of which this is the shape.
///
/// # Errors
/// What is wrong, at least one thing, in the order in which it was found; about `most` at most.
pub(super) fn decode<'a, T: Deserialize<'a>>(
    root: &'a Node,
    shape: Shape,
    most: usize,
) -> Result<T, Vec<DecodeError>> {
    let session = Session { most, ..Session::default() };
    loop {
        let error = match T::deserialize(Reader { node: root, at: root.at, session: &session }) {
            Ok(value) if session.told.borrow().is_empty() => return Ok(value),
            Ok(_) => break,
            Err(error) => error,
        };
        let further =
            error.culprit.is_some_and(|culprit| session.left_out.borrow_mut().insert(culprit.get()));
        if !error.silent {
            session.tell(error);
        }
        if !further || session.is_full() {
            break;
        }
    }
    let mut told = session.told.into_inner();
    advice::complete(root, shape, &mut told);
    Err(told)
}

/// What is known of a tree after some passes; nodes go by their address.
#[derive(Debug, Default)]
struct Session {
    told: RefCell<Vec<DecodeError>>,
    /// Entries and elements that were told and are left out from then on.
    left_out: RefCell<BTreeSet<usize>>,
    /// Maps whose missing keys were told.
    lacking: RefCell<BTreeSet<usize>>,
    visits: Cell<u64>,
    most: usize,
}

/// Returns what a node goes by in a [`Session`].
fn address(node: &Node) -> usize {
    std::ptr::from_ref(node) as usize
}

impl Session {
    /// Tells something of a node and reads on.
    fn tell_in_place(&self, mut error: DecodeError, node: &Node, at: At) {
        error.culprit = NonZeroUsize::new(address(node));
        self.tell(error.or_at(at));
    }

    fn tell(&self, error: DecodeError) {
        let mut told = self.told.borrow_mut();
        if told.len() <= self.most {
            told.push(error);
        }
    }

    fn is_full(&self) -> bool {
        self.told.borrow().len() > self.most || self.visits.get() > MAX_VISITS
    }

    fn is_left_out(&self, node: &Node) -> bool {
        self.left_out.borrow().contains(&address(node))
    }

    /// Tells whether something of a node was told already, so that whatever is wrong with the whole
    /// may follow from it.
    fn is_broken(&self, node: &Node) -> bool {
        self.lacking.borrow().contains(&address(node)) || node.children().any(|child| self.is_left_out(child))
    }

    /// Completes an error that a node's own reader raised.
    fn placed(&self, mut error: DecodeError, node: &Node, at: At) -> DecodeError {
        if error.at.is_none() {
            error.silent = self.is_broken(node);
            error.at = Some(at);
        }
        error
    }

    /// Completes an error of an entry or element, which is left out in the next pass.
    fn blamed(&self, error: DecodeError, node: &Node, at: At, step: &str) -> DecodeError {
        let mut error = self.placed(error, node, at).under(step);
        error.culprit = error.culprit.or(NonZeroUsize::new(address(node)));
        error.key = None;
        error
    }
}

/// A node being read, and where its problems are told.
struct Reader<'a, 's> {
    node: &'a Node,
    at: At,
    session: &'s Session,
}

impl<'a, 's> Reader<'a, 's> {
    /// Reads a map and refuses what the visitor left over.
    fn map<T>(
        &self,
        entries: &'a [Entry],
        read: impl FnOnce(&mut Entries<'a, 's>) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let session = self.session;
        let mut access = Entries { rest: entries.iter(), value: None, session };
        let result = read(&mut access);
        let further = match &result {
            Ok(_) => access.next(),
            // The visitor found it itself, and has just read its key.
            Err(error) if error.at.is_none() && error.code == Code::WrongChoice => access.value,
            Err(_) => None,
        };
        if let Some((key, at, node)) = further {
            let message = format!("there is one key too many: `{}`", suggest::short(key));
            let error = DecodeError::new(Code::WrongChoice, message, "keep one key").or_at(*at);
            return Err(session.blamed(error, node, *at, key));
        }
        result.map_err(|mut error| {
            // Once told, a key is no longer looked for further up.
            let key = if error.at.is_none() { error.key.take() } else { None };
            let entry = key.and_then(|key| entries.iter().find(|(known, ..)| **known == *key));
            match entry {
                Some((key, at, node)) => session.blamed(error.or_at(*at), node, *at, key),
                None => session.placed(error, self.node, self.at),
            }
        })
    }

    /// Tells the keys that a struct does not know, and those that it lacks.
    fn check_keys(&self, entries: &[Entry], name: &str, fields: &'static [&'static str]) {
        let session = self.session;
        let mut near = Vec::new();
        for (key, at, node) in entries {
            if !fields.contains(&key.as_str()) && session.left_out.borrow_mut().insert(address(node)) {
                if session.is_full() {
                    continue;
                }
                near.extend(suggest::near(key, fields.iter().copied()));
                let known = fields.iter().copied().chain(schema::keys_beside(name));
                session.tell_in_place(DecodeError::unknown_key(key, known), node, *at);
            }
        }
        let required = schema::required(name);
        let lacks = |key: &&str| !entries.iter().any(|(given, ..)| given == key);
        let lacking: Vec<&str> = required.iter().map(String::as_str).filter(lacks).collect();
        if !lacking.is_empty() && session.lacking.borrow_mut().insert(address(self.node)) {
            // A key that was meant is not missing too.
            for key in lacking.into_iter().filter(|key| !near.contains(key)) {
                session.tell_in_place(DecodeError::missing_key(key), self.node, self.at);
            }
        }
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
                Value::Plain(_, text) => visitor.visit_str(text).map_err(|error| self.session.placed(error, self.node, self.at)),
                _ => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'de, '_> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let (session, node, at) = (self.session, self.node, self.at);
        session.visits.set(session.visits.get() + 1);
        let result = match &node.value {
            Value::Null => Err(DecodeError::nothing()),
            Value::Plain(Scalar::Bool(value), _) => visitor.visit_bool(*value),
            Value::Plain(Scalar::Unsigned(value), text) if text.starts_with('+') => Err(DecodeError::new(
                Code::WrongForm,
                format!("`{}` looks like a change, and changes nothing", suggest::short(text)),
                format!("write {value}, which is a total"),
            )),
            Value::Plain(Scalar::Unsigned(value), _) => visitor.visit_u64(*value),
            Value::Plain(Scalar::Signed(value), _) => visitor.visit_i64(*value),
            Value::Plain(Scalar::Float(value), text) if !value.is_finite() => Err(DecodeError::new(
                Code::OutOfRange,
                format!("`{}` is too large a number", suggest::short(text)),
                "write a smaller one",
            )),
            Value::Plain(Scalar::Float(value), text) => {
                let read = value.to_string();
                visitor.visit_f64(*value).map_err(|error: DecodeError| error.shown_as(&read, text))
            }
            Value::Text(text) => visitor.visit_str(text),
            Value::List(items) => visitor.visit_seq(Items { rest: items.iter(), index: 0, session }),
            Value::Map(entries) => self.map(entries, |access| visitor.visit_map(access)),
        };
        result.map_err(|error| session.placed(error, node, at))
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
        let (session, node, at) = (self.session, self.node, self.at);
        let result = match &node.value {
            Value::Text(text) => {
                let text: StrDeserializer<'_, DecodeError> = text.as_str().into_deserializer();
                visitor.visit_enum(text)
            }
            Value::Map(entries) => {
                self.map(entries, |access| visitor.visit_enum(MapAccessDeserializer::new(access)))
            }
            Value::Plain(_, text) => {
                let message = format!("`{}` is not known here", suggest::short(text));
                Err(DecodeError::new(
                    Code::UnknownWord,
                    message,
                    suggest::known(text, variants.iter().copied()),
                ))
            }
            Value::Null | Value::List(_) => return self.deserialize_any(visitor),
        };
        result.map_err(|error| session.placed(error, node, at))
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
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match &self.node.value {
            Value::List(_) => {
                let error: DecodeError = de::Error::invalid_type(Unexpected::Seq, &visitor);
                Err(error.or_at(self.at))
            }
            Value::Map(entries) => {
                self.check_keys(entries, name, fields);
                self.deserialize_any(visitor)
            }
            _ => self.deserialize_any(visitor),
        }
    }

    /// What is read elsewhere may be whatever it is, nothing too.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    as_any! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8
        deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64 deserialize_bytes
        deserialize_byte_buf deserialize_unit deserialize_seq deserialize_map
    }
    as_text! { deserialize_char deserialize_str deserialize_string deserialize_identifier }
}

/// The rest of a list.
struct Items<'a, 's> {
    rest: std::slice::Iter<'a, Node>,
    index: usize,
    session: &'s Session,
}

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        let session = self.session;
        for node in self.rest.by_ref() {
            let index = self.index;
            self.index += 1;
            if !session.is_left_out(node) {
                let value = seed.deserialize(Reader { node, at: node.at, session });
                let told = |error| session.blamed(error, node, node.at, &format!("[{index}]"));
                return value.map(Some).map_err(told);
            }
        }
        Ok(None)
    }
}

/// The rest of a map, and the entry whose key was read.
struct Entries<'a, 's> {
    rest: std::slice::Iter<'a, Entry>,
    value: Option<&'a Entry>,
    session: &'s Session,
}

impl<'a> Entries<'a, '_> {
    fn next(&mut self) -> Option<&'a Entry> {
        let session = self.session;
        self.rest.find(|(.., node)| !session.is_left_out(node))
    }
}

impl<'de> MapAccess<'de> for Entries<'de, '_> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        let Some(entry) = self.next() else { return Ok(None) };
        self.value = Some(entry);
        let (key, at, node) = entry;
        let text: StrDeserializer<'_, DecodeError> = key.as_str().into_deserializer();
        let told = |error: DecodeError| self.session.blamed(error.or_at(*at), node, *at, key);
        seed.deserialize(text).map(Some).map_err(told)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, DecodeError> {
        let Some((key, at, node)) = self.value.take() else {
            return Err(DecodeError::new(Code::WrongType, "a value was read before its key", ""));
        };
        let (session, at) = (self.session, place_of(*at, node));
        seed.deserialize(Reader { node, at, session }).map_err(|error| session.blamed(error, node, at, key))
    }
}
