//! `peakday explain`: what the code behind a problem means.

use std::fmt::Write as _;

use clap::Args;

use super::{Exit, print};
use crate::error::{Code, Error};
use crate::scenario::explain as explanation_of;

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
pub(super) fn run(args: &ExplainArgs) -> Result<Exit, Error> {
    let mut text = String::new();
    match &args.code {
        None => {
            for found in Code::ALL.iter().filter_map(|code| explanation_of(*code)) {
                let first = found.meaning.replace('\n', " ");
                // A dot within `run.start` or a version ends no sentence.
                let first = first.split(". ").next().unwrap_or_default().trim_end_matches('.');
                let _ = writeln!(text, "{}  {first}", found.code);
            }
        }
        Some(code) => {
            // As it stands behind a message, brackets and all.
            let known = code.trim_matches(['[', ']']).parse().ok().and_then(explanation_of);
            let unknown =
                || Error::Usage(format!("{code}: no such code\n  `peakday explain` lists all of them"));
            let found = known.ok_or_else(unknown)?;
            let _ = writeln!(text, "{}\n{}\n\nwrong:\n  {}", found.code, found.meaning, found.wrong);
            let _ = writeln!(text, "right:\n  {}", found.right);
        }
    }
    print(&text)?;
    Ok(Exit::Success)
}
