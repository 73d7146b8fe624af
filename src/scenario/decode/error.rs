//! What is wrong with one value, in words: what serde asks of an error, and where it happened.

use std::fmt::{self, Display};
use std::num::NonZeroUsize;

use serde::de::{self, Unexpected};

use crate::error::Code;
use crate::scenario::suggest;
use crate::scenario::tree::At;

/// Why a value does not say anything.
#[derive(Debug)]
pub(in crate::scenario) struct DecodeError {
    pub(in crate::scenario) code: Code,
    pub(in crate::scenario) at: Option<At>,
    pub(in crate::scenario) path: String,
    pub(in crate::scenario) message: String,
    pub(in crate::scenario) remedy: String,
    /// A key to blame instead of the map it stands in.
    pub(super) key: Option<Box<str>>,
    /// The innermost entry without which the rest may be right; see [`super::Session`].
    pub(super) culprit: Option<NonZeroUsize>,
    /// Follows from what was told before, and is not told.
    pub(super) silent: bool,
}

impl std::error::Error for DecodeError {}

impl Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl DecodeError {
    pub(super) fn new(code: Code, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            code,
            at: None,
            path: String::new(),
            message: message.into(),
            remedy: remedy.into(),
            key: None,
            culprit: None,
            silent: false,
        }
    }

    /// Says where it happened, unless that is known more closely.
    pub(super) fn or_at(mut self, at: At) -> Self {
        self.at = self.at.or(Some(at));
        self
    }

    /// Moves the error below a key.
    pub(super) fn under(mut self, step: &str) -> Self {
        let joint = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{step}{joint}{}", self.path);
        self
    }

    /// Shows a scalar as it was written: `1e3`, not 1000.
    pub(super) fn shown_as(mut self, read: &str, written: &str) -> Self {
        if self.code == Code::WrongType && self.at.is_none() {
            let quoted = |text| format!("`{}`", suggest::short(text));
            self.message = self.message.replacen(&quoted(read), &quoted(written), 1);
        }
        self
    }

    pub(super) fn unknown_key<'a>(key: &str, known: impl Iterator<Item = &'a str>) -> Self {
        let message = format!("there is no key `{}` here", suggest::short(key));
        Self::new(Code::UnknownKey, message, suggest::known(key, known))
    }

    pub(super) fn missing_key(key: &str) -> Self {
        Self::new(Code::MissingKey, format!("the key `{key}` is missing"), example_of(key))
    }
}

impl de::Error for DecodeError {
    /// Messages of this house say what is wrong, a semicolon, and what to write.
    fn custom<T: Display>(message: T) -> Self {
        let message = message.to_string();
        let (wrong, remedy) = message.split_once("; ").unwrap_or((&message, ""));
        Self::new(Code::WrongForm, wrong, remedy)
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
        let message = format!("this is {found}, not {expected}");
        let remedy = match expected.as_str() {
            "a number" => "write a number without quotes, for example 0.5".to_owned(),
            "a list" => "write a list in brackets, or one element per line, each behind `- `".to_owned(),
            "a map of names" => "write one `NAME: ..` per line, indented".to_owned(),
            whole if whole.starts_with("a whole number from") => {
                "write it in digits alone, without quotes, for example 20".to_owned()
            }
            other => format!("write {other}"),
        };
        Self::new(Code::WrongType, message, remedy)
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    /// Only a choice counts its keys.
    fn invalid_length(_length: usize, expected: &dyn de::Expected) -> Self {
        Self::new(Code::WrongChoice, "there is not one key here", format!("write {expected}"))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let message = format!("`{}` is not known here", suggest::short(variant));
        let remedy = suggest::known(variant, expected.iter().copied());
        Self { key: Some(variant.into()), ..Self::new(Code::UnknownWord, message, remedy) }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self { key: Some(field.into()), ..Self::unknown_key(field, expected.iter().copied()) }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::missing_key(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(Code::DuplicateKey, format!("the key `{field}` is given twice"), "keep one of them")
    }
}

/// What to write for a key that is missing.
fn example_of(key: &str) -> &'static str {
    match key {
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
        "steps" => "write for example steps: [{duration: 5m, target: 4k/s}]",
        "target" => "write for example target: 4k/s",
        "baseline" => "write for example baseline: 90/s",
        "at" => "say when it opens, for example at: 30m",
        "shape" => "write for example shape: double11-2019",
        "peak" => "write for example peak: 3.2k/s",
        "file" => "write the path of a CSV file",
        "column" => "name the column",
        "value" => "write the text that cells of the column must have",
        "recorded" => "write the recorded instant",
        "scenario" => "write the instant of the run, for example scenario: 30m",
        "mean" => "write for example mean: 5ms",
        "factor" => "write for example factor: 4",
        "probability" => "write for example probability: 90%",
        "cv" => "write for example cv: 2",
        "states" => "write for example states: [{factor: 0.5, mean: 10s}, {factor: 4, mean: 1s}]",
        _ => "",
    }
}
