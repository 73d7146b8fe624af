//! `peakday validate`: everything that is wrong with scenarios, and nothing simulated.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::files::TraceFolder;
use super::layers::Layers;
use super::message::{Format, tell};
use super::{Exit, print};
use crate::error::Error;

const EXAMPLES: &str = "\
Examples:
  peakday validate shop.yaml
  peakday validate shop.yaml -f black-friday.yaml --set run.load=1.3";

/// What `validate` is asked for.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ValidateArgs {
    /// The scenario files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    layers: Layers,
}

/// Names the files that are valid, and fails with the problems of all others: those that cannot be
/// read at all decide how it ends.
pub(super) fn run(args: &ValidateArgs, format: Format) -> Result<Exit, Error> {
    let (mut valid, mut problems, mut unread) = (Vec::new(), Vec::new(), Vec::<Error>::new());
    for file in &args.files {
        let traces = TraceFolder::of(file);
        match args.layers.read(file, &traces).and_then(|document| document.check(&traces)) {
            Ok(_) => valid.push(file.display().to_string()),
            Err(Error::Invalid(issues)) => problems.extend(issues),
            // A missing overlay is the same news for every file.
            Err(other) if unread.iter().any(|known| known.to_string() == other.to_string()) => {}
            Err(other) => unread.push(other),
        }
    }
    print(&match format {
        Format::Text => valid.iter().map(|file| format!("{file}: valid\n")).collect(),
        Format::Json => format!("{:#}\n", json!({ "valid": valid })),
    })?;
    let invalid = (!problems.is_empty()).then_some(Error::Invalid(problems));
    let mut errors: Vec<Error> = invalid.into_iter().chain(unread).collect();
    let Some(last) = errors.pop() else { return Ok(Exit::Success) };
    errors.iter().for_each(|error| tell(error, format));
    Err(last)
}
