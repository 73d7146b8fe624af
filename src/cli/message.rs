//! What is said beside the results: for people in colour, for programs as lines of JSON.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::error::Error;

/// For whom results and errors are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: one document on standard output, one line per error on standard error.
    Json,
}

/// Words that stand first in a line, and their colours.
const COLOURED: [(&str, AnsiColor); 8] = [
    ("PASS", AnsiColor::Green),
    ("pass", AnsiColor::Green),
    ("INCONCLUSIVE", AnsiColor::Yellow),
    ("inconclusive", AnsiColor::Yellow),
    ("FAIL", AnsiColor::Red),
    ("fail", AnsiColor::Red),
    ("warning:", AnsiColor::Yellow),
    ("error:", AnsiColor::Red),
];

/// Colours the first word of a line where it is one that matters. Streams that show no colours take
/// them out again.
pub(super) fn coloured(line: &str) -> String {
    let end = line.find(' ').unwrap_or(line.len());
    match COLOURED.iter().find(|(word, _)| *word == &line[..end]) {
        Some((word, colour)) => {
            let style = Style::new().bold().fg_color(Some((*colour).into()));
            format!("{style}{word}{style:#}{}", &line[end..])
        }
        None => line.to_owned(),
    }
}

/// One error as a program reads it; what is not known is left out.
#[derive(Debug, Serialize)]
struct Line<'a> {
    level: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    file: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    line: u64,
    #[serde(skip_serializing_if = "is_zero")]
    column: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    path: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    remedy: &'a str,
}

impl Default for Line<'_> {
    fn default() -> Self {
        Self { level: "error", code: None, file: "", line: 0, column: 0, path: "", message: "", remedy: "" }
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Says on standard error what went wrong; nobody is helped by failing over it.
pub(super) fn tell(error: &Error, format: Format) {
    // A list of problems begins every line with its place, as editors like it.
    let prefix = if matches!(error, Error::Invalid(_)) { "" } else { "error: " };
    let text = match format {
        Format::Text => coloured(&format!("{prefix}{error}")),
        Format::Json => lines(error).join("\n"),
    };
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Returns an error as lines of JSON, one for every problem.
fn lines(error: &Error) -> Vec<String> {
    match error {
        Error::Invalid(issues) => {
            let line = |issue: &crate::error::Issue| {
                json(&Line {
                    code: Some(issue.code.to_string()),
                    file: &issue.place.file,
                    line: issue.place.line,
                    column: issue.place.column,
                    path: &issue.path,
                    message: &issue.message,
                    remedy: &issue.remedy,
                    ..Line::default()
                })
            };
            issues.iter().map(line).collect()
        }
        Error::Output { path, source, remedy } => {
            let (file, message) = (path.to_string_lossy(), source.to_string());
            vec![json(&Line { file: &file, message: &message, remedy, ..Line::default() })]
        }
        Error::Usage(text) | Error::Run(text) => vec![text_line(text)],
    }
}

/// Returns a text as a line of JSON: its first line is the message, the others the remedy.
pub(super) fn text_line(text: &str) -> String {
    let (message, remedy) = text.split_once('\n').unwrap_or((text, ""));
    json(&Line { message: message.trim(), remedy: remedy.trim(), ..Line::default() })
}

fn json(line: &Line<'_>) -> String {
    // Strings and numbers always have a form in JSON.
    serde_json::to_string(line).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Code, Issue, Place};

    #[test]
    fn programs_are_told_only_what_is_known() {
        let place = Place { file: "s.yaml".into(), line: 4, column: 29 };
        let issue = |message: &str| Issue {
            code: Code::WrongType,
            place: place.clone(),
            path: "run.warmup".into(),
            message: message.into(),
            remedy: "write 5m".into(),
        };
        let output = Error::Output {
            path: "out".into(),
            source: std::io::Error::other("full"),
            remedy: "free some space".into(),
        };
        let table = [
            (
                Error::Invalid(vec![issue("a \"b\""), issue("c")]),
                "{\"level\":\"error\",\"code\":\"PD012\",\"file\":\"s.yaml\",\"line\":4,\"column\":29,\"path\":\"run.warmup\",\
                 \"message\":\"a \\\"b\\\"\",\"remedy\":\"write 5m\"}\n\
                 {\"level\":\"error\",\"code\":\"PD012\",\"file\":\"s.yaml\",\"line\":4,\"column\":29,\"path\":\"run.warmup\",\
                 \"message\":\"c\",\"remedy\":\"write 5m\"}",
            ),
            (
                output,
                "{\"level\":\"error\",\"file\":\"out\",\"message\":\"full\",\"remedy\":\"free some space\"}",
            ),
            (
                Error::Usage("no such file\n  name one".into()),
                "{\"level\":\"error\",\"message\":\"no such file\",\"remedy\":\"name one\"}",
            ),
            (Error::Run("drowned".into()), "{\"level\":\"error\",\"message\":\"drowned\"}"),
        ];
        for (error, expected) in table {
            assert_eq!(lines(&error).join("\n"), expected);
        }
    }

    #[test]
    fn only_first_words_that_matter_are_coloured() {
        assert_eq!(coloured("PASS  a: b"), "\u{1b}[1m\u{1b}[32mPASS\u{1b}[0m  a: b");
        for line in ["PASSAGE  a", " pass", "", "web 3 4", "s.yaml:1:2: error: a"] {
            assert_eq!(coloured(line), line);
        }
    }
}
