//! `peakday explain`: what the code behind a problem means.

use clap::Args;
use serde_json::{Value, json};

use super::message::Format;
use super::{Exit, print};
use crate::error::{Code, Error};
use crate::scenario::{Explanation, explain as explanation_of};

const EXAMPLES: &str = "\
Examples:
  peakday explain PD010    one code
  peakday explain          all of them";

/// What `explain` is asked for.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ExplainArgs {
    /// The code, as it stands behind a message; all of them where left out.
    code: Option<String>,
}

/// Prints what a code means, with a wrong and a right example.
pub(super) fn run(args: &ExplainArgs, format: Format) -> Result<Exit, Error> {
    let text = match (&args.code, format) {
        (None, Format::Text) => all().map(line).collect(),
        (None, Format::Json) => format!("{:#}\n", json!({"codes": all().map(document).collect::<Vec<_>>()})),
        (Some(code), format) => {
            // As it stands behind a message, brackets and all.
            let known = code.trim_matches(['[', ']']).parse().ok().and_then(explanation_of);
            let unknown =
                || Error::Usage(format!("{code}: no such code\n  `peakday explain` lists all of them"));
            let found = known.ok_or_else(unknown)?;
            match format {
                Format::Text => whole(found),
                Format::Json => format!("{:#}\n", document(found)),
            }
        }
    };
    print(&text)?;
    Ok(Exit::Success)
}

fn all() -> impl Iterator<Item = &'static Explanation> {
    Code::ALL.iter().filter_map(|code| explanation_of(*code))
}

/// Returns a code and the first sentence of what it means.
fn line(found: &Explanation) -> String {
    let first = found.meaning.replace('\n', " ");
    // A dot within `run.start` or a version ends no sentence.
    let first = first.split(". ").next().unwrap_or_default().trim_end_matches('.');
    format!("{}  {first}\n", found.code)
}

fn whole(found: &Explanation) -> String {
    let (code, meaning, wrong, right) = (found.code, found.meaning, found.wrong, found.right);
    format!("{code}\n{meaning}\n\nwrong:\n  {wrong}\nright:\n  {right}\n")
}

fn document(found: &Explanation) -> Value {
    let meaning = found.meaning.replace('\n', " ");
    json!({"code": found.code.to_string(), "meaning": meaning, "wrong": found.wrong, "right": found.right})
}
