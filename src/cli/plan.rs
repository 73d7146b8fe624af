//! `peakday plan`: what theory says of a scenario, before anything is simulated.

mod pace;
mod text;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::files::{self, TraceFolder};
use super::{Exit, print};
use crate::error::Error;
use crate::preview::preview;
use crate::scenario::{Document, Scenario};

/// What `plan` is asked for.
#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    /// The scenario file.
    file: PathBuf,
    /// How to print it; JSON also has the series over time.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// The form of what is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, lines of at most 100 columns.
    Text,
    /// For programs.
    Json,
}

pub(super) fn plan(args: &PlanArgs) -> Result<Exit, Error> {
    let traces = TraceFolder::of(&args.file);
    let scenario = load(args, &traces)?;
    let preview = preview(&scenario, &traces)?;
    let pace = pace::measure(&scenario);
    let printed = match args.format {
        Format::Text => text::text(&preview, &pace),
        Format::Json => text::json(&preview, &pace)?,
    };
    print(&printed)?;
    Ok(Exit::Success)
}

/// Reads and checks the scenario.
fn load(args: &PlanArgs, traces: &TraceFolder) -> Result<Scenario, Error> {
    let bytes = files::read(&args.file)?;
    Document::read(&args.file.display().to_string(), &bytes)?.check(traces)
}
