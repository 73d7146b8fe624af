//! `peakday plan`: what theory says of a scenario, before anything is simulated.

pub(super) mod pace;
mod text;

use std::path::PathBuf;

use clap::Args;

use super::files::TraceFolder;
use super::layers::Layers;
use super::message::Format;
use super::{Exit, print};
use crate::error::Error;
use crate::preview::preview;

const EXAMPLES: &str = "\
Examples:
  peakday plan shop.yaml                  utilisation, waits, warnings, and what a run would cost
  peakday plan shop.yaml --format json    the same for scripts, minute by minute";

/// What `plan` is asked for.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct PlanArgs {
    /// The scenario file.
    file: PathBuf,
    #[command(flatten)]
    layers: Layers,
}

pub(super) fn run(args: &PlanArgs, format: Format) -> Result<Exit, Error> {
    let traces = TraceFolder::of(&args.file);
    let scenario = args.layers.read(&args.file, &traces)?.check(&traces)?;
    let preview = preview(&scenario, &traces)?;
    let pace = pace::measure(&scenario);
    let printed = match format {
        Format::Text => text::text(&preview, &pace, super::width()),
        Format::Json => text::json(&preview, &pace)?,
    };
    print(&printed)?;
    Ok(Exit::Success)
}
