//! What is wrong with one value, in words: what serde asks of an error, and where it happened.

use std::fmt::{self, Display};
use std::num::NonZeroUsize;

use serde::de::{self, Unexpected};

use super::advice::{Want, Written};
use crate::error::{Code, Problem};
use crate::scenario::suggest;
use crate::scenario::tree::At;

/// Why a value does not say anything.
#[derive(Debug)]
pub(in crate::scenario) struct DecodeError {
    pub(in crate::scenario) code: Code,
    pub(in crate::scenario) at: Option<At>,
    pub(in crate::scenario) path: Box<str>,
    pub(in crate::scenario) message: String,
    pub(in crate::scenario) remedy: String,
    /// A key to blame instead of the map it stands in.
    pub(super) key: Option<Box<str>>,
    /// The innermost entry without which the rest may be right; see [`super::Session`].
    pub(super) culprit: Option<NonZeroUsize>,
    /// Follows from what was told before, and is not told.
    pub(super) silent: bool,
    /// What the remedy still needs to know of the place.
    pub(super) want: Option<Box<Want>>,
}

impl std::error::Error for DecodeError {}

impl Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl DecodeError {
    pub(in crate::scenario) fn new(
        code: Code,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            code,
            at: None,
            path: Box::default(),
            message: message.into(),
            remedy: remedy.into(),
            key: None,
            culprit: None,
            silent: false,
            want: None,
        }
    }

    /// Says where it happened, unless that is known more closely.
    pub(in crate::scenario) fn or_at(mut self, at: At) -> Self {
        self.at = self.at.or(Some(at));
        self
    }

    /// Returns it as a problem of the file.
    pub(in crate::scenario) fn told(self) -> (Code, At, Problem) {
        (self.code, self.at.unwrap_or_default(), Problem::new(self.path, self.message, self.remedy))
    }

    /// Moves the error below a key.
    pub(super) fn under(mut self, step: &str) -> Self {
        let joint = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{step}{joint}{}", self.path).into();
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

    pub(super) fn wanting(mut self, want: impl Into<Option<Want>>) -> Self {
        self.want = want.into().map(Box::new);
        self
    }

    /// A key stands alone.
    pub(super) fn nothing() -> Self {
        Self::new(Code::NoValue, "there is nothing here", "write a value, or remove the key")
            .wanting(Want::Value)
    }

    pub(super) fn unknown_key<'a>(key: &str, known: impl Iterator<Item = &'a str>) -> Self {
        let message = format!("there is no key `{}` here", suggest::short(key));
        Self::new(Code::UnknownKey, message, suggest::known(key, known)).wanting(Want::Place)
    }

    pub(super) fn missing_key(key: &str) -> Self {
        let message = format!("the key `{key}` is missing");
        Self::new(Code::MissingKey, message, "").wanting(Want::Key(key.to_owned()))
    }
}

impl de::Error for DecodeError {
    /// Messages of this house say what is wrong, a semicolon, and what to write.
    fn custom<T: Display>(message: T) -> Self {
        let message = message.to_string();
        let (wrong, remedy) = message.split_once("; ").unwrap_or((&message, ""));
        let want = if remedy.starts_with("write {") { Some(Want::Front) } else { None };
        Self::new(Code::WrongForm, wrong, remedy).wanting(want)
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let expected = match expected.to_string().as_str() {
            "u32" | "u16" | "u8" => "a whole number from 0 to 4,294,967,295".to_owned(),
            "u64" => "a whole number from 0 to 18,446,744,073,709,551,615".to_owned(),
            "f64" | "f32" => "a number".to_owned(),
            "a string" => "a text".to_owned(),
            "a sequence" => "a list".to_owned(),
            "enum" | "map" => "a map with one key".to_owned(),
            other if other.starts_with("struct ") || other.starts_with("parameters as keys") => {
                "a map of keys".to_owned()
            }
            other if other.starts_with("enum ") => "one word, or a map with one key".to_owned(),
            other => other.to_owned(),
        };
        let written = match found {
            Unexpected::Str(text) => Written::Text(text.to_owned()),
            Unexpected::Float(value) if value.fract() == 0.0 => Written::Number(value.to_string()),
            _ => Written::Other,
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
        let want = match expected.as_str() {
            "a number" => Some(Want::Number(written)),
            "a list" | "a map of names" | "a map of keys" | "a quantity with its unit" => Some(Want::Example),
            whole if whole.starts_with("a whole number") => Some(Want::Whole(written)),
            _ => None,
        };
        Self::new(Code::WrongType, message, format!("write {expected}")).wanting(want)
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
