//! A scenario file as a tree of values that know their place: the only module that knows YAML.
//!
//! Knows syntax, not meaning. Hostile input (deep nesting, alias bombs, endless lists) is refused
//! by stated limits, never by a stack or by memory running out.

use std::fmt;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_saphyr::{Location, Spanned};

use super::suggest;
use crate::error::Code;

/// The largest scenario file, in bytes.
pub const MAX_BYTES: usize = 4 << 20;
/// The deepest nesting of maps and lists.
const MAX_DEPTH: usize = 64;
/// The most values of a file, aliases counted each time they are used.
const MAX_NODES: usize = 250_000;

/// Source, line and column, the latter from 1; the line is 0 where nothing is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    /// Which of the files, overlays and settings that the scenario is made of.
    pub(super) source: u32,
    pub(super) line: u32,
    pub(super) column: u32,
}

/// A key, where it stands, and its value.
pub(super) type Entry = (String, At, Node);

/// A value and where it stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    pub(super) at: At,
    pub(super) value: Value,
}

/// What is written.
#[derive(Clone, Debug, Default)]
pub(super) enum Value {
    /// Nothing, `~` or `null`.
    #[default]
    Null,
    /// A number or a truth value, with its text.
    Plain(Scalar, String),
    Text(String),
    List(Vec<Node>),
    /// Keys with their places, in the order of the file.
    Map(Vec<Entry>),
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
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) remedy: String,
}

/// Reads a file, the source of this number.
pub(super) fn parse(text: &str, source: u32) -> Result<Node, SyntaxError> {
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
        serde_saphyr::from_str_with_options(text, options).map_err(|error| told(&error, source))?;
    Ok(node(raw, text, source))
}

/// Writes what [`parse`] reads back, block by block.
pub(super) fn write(spec: &impl Serialize) -> String {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    serde_saphyr::to_string_with_options(spec, options).unwrap_or_default()
}

/// Writes a value on one line, as [`parse`] reads it back.
pub(super) fn line(node: &Node) -> String {
    let entry = |(key, _, value): &Entry| format!("{}: {}", text_line(key), line(value));
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Plain(_, text) => text.clone(),
        Value::Text(text) => text_line(text),
        Value::List(items) => format!("[{}]", items.iter().map(line).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", ")),
    }
}

/// Writes a text, in quotes unless it is read back without.
fn text_line(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '/' | '%' | '-' | ' ');
    let ends = |c: char| c.is_ascii_alphanumeric() || c == '%';
    let looks = text.starts_with(ends) && text.ends_with(ends) && text.chars().all(plain);
    let is_text = || parse(text, 0).is_ok_and(|node| matches!(node.value, Value::Text(read) if read == text));
    // A text always has a form in JSON, which is YAML.
    if looks && is_text() { text.to_owned() } else { serde_json::to_string(text).unwrap_or_default() }
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
fn node(raw: Spanned<Raw>, text: &str, source: u32) -> Node {
    let at = at(raw.defined, source);
    let value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Plain(scalar) => Value::Plain(scalar, written(scalar, raw.defined, text)),
        Raw::Text(value) => Value::Text(value),
        Raw::List(items) => Value::List(items.into_iter().map(|item| node(item, text, source)).collect()),
        Raw::Map(entries) => {
            let entry = |(key, value): (Spanned<String>, Spanned<Raw>)| {
                (key.value, self::at(key.defined, source), node(value, text, source))
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

fn at(place: Location, source: u32) -> At {
    // No file is so long that this cuts anything off.
    let short = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    At { source, line: short(place.line()), column: short(place.column()) }
}

/// Says what is wrong in the words of someone who writes a scenario, not a program.
fn told(error: &serde_saphyr::Error, source: u32) -> SyntaxError {
    use serde_saphyr::Error;
    let place = error.location().map_or(At { source, ..At::default() }, |place| at(place, source));
    let mut error = error.without_snippet();
    while let Error::AliasError { error: inner, .. } = error {
        error = inner.without_snippet();
    }
    let (code, message, remedy) = match error {
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            let message = format!("the key `{}` is given twice", suggest::short(key));
            (Code::DuplicateKey, message, "keep one of them".to_owned())
        }
        Error::MultipleDocuments { .. } => {
            let remedy = "keep what stands before the second `---`".to_owned();
            (Code::Syntax, "there is more than one document".to_owned(), remedy)
        }
        Error::Eof { .. } => (Code::Empty, "there is nothing in the file".to_owned(), String::new()),
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
                message => (Code::Syntax, message.to_owned(), remedy_of(message).to_owned()),
            }
        }
    };
    SyntaxError { at: place, code, message, remedy }
}

/// Says what to do about the slips that people make most, by the words of the YAML crate.
fn remedy_of(message: &str) -> &'static str {
    let remedies = [
        ("tab", "indent with blanks; YAML takes no tabs"),
        ("unknown anchor", "define it before, as &name, under a top-level key such as x-shared"),
        ("unclosed bracket", "close it"),
        (
            "did not find expected",
            "check the indentation, brackets and commas of this line and the one before",
        ),
        ("mapping values are not allowed", "put the text in quotes, or begin a new line for the key"),
    ];
    let fits = remedies.iter().find(|(part, _)| message.contains(part));
    fits.map_or(
        "check indentation, brackets, commas and quotes here and in the line before",
        |(_, remedy)| remedy,
    )
}

fn too_large() -> (Code, String, String) {
    (
        Code::TooLarge,
        "the file is too large or too deeply nested".to_owned(),
        format!("keep below {MAX_NODES} values, aliases counted at every use, and {MAX_DEPTH} levels"),
    )
}

impl Node {
    /// Iterates over the nodes directly below.
    pub(super) fn children(&self) -> impl Iterator<Item = &Self> {
        let (items, entries): (&[Self], &[Entry]) = match &self.value {
            Value::List(items) => (items, &[]),
            Value::Map(entries) => (&[], entries),
            _ => (&[], &[]),
        };
        items.iter().chain(entries.iter().map(|(.., node)| node))
    }

    /// Returns what stands under a key of a map.
    pub(super) fn child(&self, key: &str) -> Option<&Self> {
        let Value::Map(entries) = &self.value else { return None };
        entries.iter().find(|(known, ..)| known == key).map(|(.., node)| node)
    }

    /// Says that all of it stands at one place.
    pub(super) fn moved(mut self, at: At) -> Self {
        self.at = at;
        match &mut self.value {
            Value::List(items) => {
                for item in items {
                    *item = std::mem::take(item).moved(at);
                }
            }
            Value::Map(entries) => {
                for (_, place, node) in entries {
                    (*place, *node) = (at, std::mem::take(node).moved(at));
                }
            }
            _ => {}
        }
        self
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

/// Returns which key a path begins with, and the path below it: the longest key, since keys such as
/// `p99.9` hold a point.
pub(super) fn longest_key<'a>(entries: &[Entry], path: &'a str) -> Option<(usize, &'a str)> {
    let fits = |(index, (key, ..)): (usize, &Entry)| {
        let rest = path.strip_prefix(key.as_str())?;
        (rest.is_empty() || rest.starts_with(['.', '['])).then_some((key.len(), index))
    };
    let (length, index) = entries.iter().enumerate().filter_map(fits).max()?;
    let rest = &path[length..];
    Some((index, rest.strip_prefix('.').unwrap_or(rest)))
}

type Step<'a> = Option<(&'a Node, At, &'a str)>;

fn map_step<'a>(entries: &'a [Entry], path: &'a str) -> Step<'a> {
    let (index, rest) = longest_key(entries, path)?;
    let (_, at, node) = &entries[index];
    Some((node, place_of(*at, node), rest))
}

fn list_step<'a>(items: &'a [Node], path: &'a str) -> Step<'a> {
    let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
    let node = items.get(index.parse::<usize>().ok()?)?;
    Some((node, node.at, rest.strip_prefix('.').unwrap_or(rest)))
}
