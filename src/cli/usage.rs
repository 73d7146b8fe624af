//! A command line that cannot be understood: what to type instead.

use std::ffi::OsString;
use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, ValueEnum};

use super::message::{Format, text_line};
use super::{Cli, Exit, files};
use crate::scenario::{grouped, near};

/// What the command line says of a global option, also where it cannot be parsed as a whole: how
/// mistakes in it are told depends on that.
pub(super) fn global<T: ValueEnum>(option: &str) -> Option<T> {
    let words = std::env::args_os().skip(1).map(OsString::into_string);
    let mut words = words.map_while(Result::ok).take_while(|word| word != "--");
    let mut found = None;
    while let Some(word) = words.next() {
        let value = match word.strip_prefix(option) {
            Some("") => words.next(),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        found = value.and_then(|value| T::from_str(&value, false).ok()).or(found);
    }
    found
}

/// Reads a whole number of an option, and says its range to whoever writes something else.
pub(super) fn whole<T>(range: RangeInclusive<T>) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync
where
    T: std::str::FromStr + PartialOrd + Into<u64> + Copy + Send + Sync + 'static,
{
    move |text| {
        let (least, most) = ((*range.start()).into(), (*range.end()).into());
        let wrong = || format!("write a whole number from {} to {}", grouped(least), grouped(most));
        text.parse().ok().filter(|number| range.contains(number)).ok_or_else(wrong)
    }
}

/// Prints what clap has to say, help and version included, and what to type next.
pub(super) fn explain(error: &clap::Error, format: Format) -> Exit {
    if !error.use_stderr() {
        let printed = error.print().and_then(|()| io::stdout().flush());
        return if printed.is_err() { Exit::Failure } else { Exit::Success };
    }
    let told = match format {
        Format::Text => with(&error.render().ansi().to_string(), advice(error)),
        Format::Json => {
            let text = with(&error.render().to_string(), advice(error));
            text_line(text.trim_start_matches("error: ").trim_end()) + "\n"
        }
    };
    let _ = anstream::stderr().write_all(told.as_bytes());
    Exit::Usage
}

/// Puts advice where clap puts its own: behind what is wrong.
fn with(told: &str, advice: Option<String>) -> String {
    let (Some(advice), Some(end)) = (advice, told.find("\n\n")) else { return told.to_owned() };
    format!("{}\n\n  tip: {advice}{}", &told[..end], &told[end..])
}

/// Says what clap cannot know: which commands and which files there are.
fn advice(error: &clap::Error) -> Option<String> {
    let strings = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let written = strings(ContextKind::InvalidSubcommand).pop()?;
            if files::is_named_like_scenario(Path::new(&written)) {
                return Some(format!("to simulate it: peakday run {written}"));
            }
            let commands = commands();
            match near(&written, commands.iter().map(String::as_str)) {
                _ if !strings(ContextKind::SuggestedSubcommand).is_empty() => None,
                Some(name) => Some(format!("did you mean `peakday {name}`?")),
                None => Some(format!("the commands are {}", commands.join(", "))),
            }
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = strings(ContextKind::InvalidArg);
            missing
                .iter()
                .any(|name| ["<FILE>", "<A>"].iter().any(|known| name.starts_with(known)))
                .then(|| files::instead(None))
        }
        _ => None,
    }
}

fn commands() -> Vec<String> {
    Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect()
}
