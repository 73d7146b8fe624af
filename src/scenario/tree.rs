//! A scenario file as a tree of values that know their place: the only module that knows YAML.
//!
//! Knows syntax, not meaning. Hostile input (deep nesting, alias bombs, endless lists) is refused
//! by stated limits, never by a stack or by memory running out.

use std::fmt;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_saphyr::{Location, Spanned};

/// The largest scenario file, in bytes.
pub const MAX_BYTES: usize = 4 << 20;
/// The deepest nesting of maps and lists.
const MAX_DEPTH: usize = 64;
/// The most values of a file, aliases counted each time they are used.
const MAX_NODES: usize = 250_000;

/// Line and column, from 1; the line is 0 where nothing is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct At {
    pub(super) line: u64,
    pub(super) column: u64,
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) at: At,
    pub(super) value: Value,
}

/// What is written.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// A number or a truth value, with its text.
    Plain(Scalar, String),
    Text(String),
    List(Vec<Node>),
    /// Keys with their places, in the order of the file.
    Map(Vec<(String, At, Node)>),
}

/// A plain scalar that is no text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scalar {
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

/// A file that is no tree.
#[derive(Debug)]
pub(super) struct SyntaxError {
    pub(super) at: At,
    pub(super) message: String,
    pub(super) remedy: String,
}

/// Reads a file.
pub(super) fn parse(text: &str) -> Result<Node, SyntaxError> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_documents: 2,
            max_total_scalar_bytes: 4 * MAX_BYTES,
            max_recorded_anchor_bytes: 4 * MAX_BYTES,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MAX_NODES },
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    };
    let raw: Spanned<Raw> =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| told(&error))?;
    Ok(node(raw, text))
}

/// Writes what [`parse`] reads back, block by block.
pub(super) fn write(spec: &impl Serialize) -> String {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    serde_saphyr::to_string_with_options(spec, options).unwrap_or_default()
}

/// A value as the crate hands it over.
enum Raw {
    Null,
    Plain(Scalar),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Plain(Scalar::Bool(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Plain(Scalar::Unsigned(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Plain(Scalar::Signed(value)))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Raw, E> {
        Ok(Raw::Plain(Scalar::Float(value as f64)))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Raw, E> {
        Ok(Raw::Plain(Scalar::Float(value as f64)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Plain(Scalar::Float(value)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }

    fn visit_bytes<E: serde::de::Error>(self, _bytes: &[u8]) -> Result<Raw, E> {
        Err(E::custom("binary data has no place in a scenario"))
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

/// Keeps of a raw value what the rest needs.
fn node(raw: Spanned<Raw>, text: &str) -> Node {
    let at = at(raw.defined);
    let value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Plain(scalar) => Value::Plain(scalar, written(scalar, raw.defined, text)),
        Raw::Text(value) => Value::Text(value),
        Raw::List(items) => Value::List(items.into_iter().map(|item| node(item, text)).collect()),
        Raw::Map(entries) => {
            let entry = |(key, value): (Spanned<String>, Spanned<Raw>)| {
                (key.value, self::at(key.defined), node(value, text))
            };
            Value::Map(entries.into_iter().map(entry).collect())
        }
    };
    Node { at, value }
}

/// Returns a plain scalar as written, so that a name such as `1.10` stays what it is.
fn written(scalar: Scalar, place: Location, text: &str) -> String {
    let span = place.span();
    let slice = span.byte_offset().zip(span.byte_len()).and_then(|(from, length)| {
        let from = usize::try_from(from).ok()?;
        text.get(from..from.checked_add(usize::try_from(length).ok()?)?)
    });
    match slice.map(str::trim) {
        Some(slice) if !slice.is_empty() => slice.to_owned(),
        _ => scalar.to_string(),
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Unsigned(value) => value.fmt(f),
            Self::Signed(value) => value.fmt(f),
            Self::Float(value) => value.fmt(f),
        }
    }
}

fn at(place: Location) -> At {
    At { line: place.line(), column: place.column() }
}

/// Says what is wrong in the words of someone who writes a scenario, not a program.
fn told(error: &serde_saphyr::Error) -> SyntaxError {
    use serde_saphyr::Error;
    let place = error.location().map(at).unwrap_or_default();
    let mut error = error.without_snippet();
    while let Error::AliasError { error: inner, .. } = error {
        error = inner.without_snippet();
    }
    let (message, remedy) = match error {
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            (format!("the key `{key}` is given twice"), "keep one of them".to_owned())
        }
        Error::MultipleDocuments { .. } => (
            "there is more than one document".to_owned(),
            "keep what stands before the second `---`".to_owned(),
        ),
        Error::Eof { .. } => ("there is nothing in the file".to_owned(), String::new()),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => too_large(),
        _ => {
            let text = error.to_string();
            let text = text.lines().next().unwrap_or_default();
            let end = text.find(" at line ").unwrap_or(text.len());
            match &text[..end] {
                "recursion limit exceeded" => too_large(),
                message => (message.to_owned(), String::new()),
            }
        }
    };
    SyntaxError { at: place, message, remedy }
}

fn too_large() -> (String, String) {
    (
        "the file is too large or too deeply nested".to_owned(),
        format!("keep below {MAX_NODES} values, aliases counted at every use, and {MAX_DEPTH} levels"),
    )
}

impl Node {
    /// Returns what stands under a key.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|(name, ..)| name == key).map(|(.., node)| node),
            _ => None,
        }
    }

    /// Returns where a path such as `services.web.work.order` stands, or the deepest part of it
    /// that exists: the value, or the key where the value begins on lines of its own.
    pub(super) fn locate(&self, path: &str) -> At {
        let mut node = self;
        let mut found = self.at;
        let mut rest = path;
        while !rest.is_empty() {
            let step = match &node.value {
                Value::Map(entries) => map_step(entries, rest),
                Value::List(items) => list_step(items, rest),
                _ => None,
            };
            let Some((next, place, tail)) = step else { break };
            (node, found, rest) = (next, place, tail);
        }
        found
    }
}

/// Returns the place at which problems of a map's value are told.
pub(super) fn place_of(key: At, value: &Node) -> At {
    match value.value {
        Value::List(_) | Value::Map(_) | Value::Null => key,
        Value::Plain(..) | Value::Text(_) => value.at,
    }
}

type Step<'a> = Option<(&'a Node, At, &'a str)>;

/// Takes the key that a path begins with; the longest, since keys such as `p99.9` hold a point.
fn map_step<'a>(entries: &'a [(String, At, Node)], path: &'a str) -> Step<'a> {
    let fits = |entry: &&(String, At, Node)| {
        path.strip_prefix(entry.0.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let (key, at, node) = entries.iter().filter(fits).max_by_key(|(key, ..)| key.len())?;
    let rest = &path[key.len()..];
    Some((node, place_of(*at, node), rest.strip_prefix('.').unwrap_or(rest)))
}

fn list_step<'a>(items: &'a [Node], path: &'a str) -> Step<'a> {
    let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
    let node = items.get(index.parse::<usize>().ok()?)?;
    Some((node, node.at, rest.strip_prefix('.').unwrap_or(rest)))
}
