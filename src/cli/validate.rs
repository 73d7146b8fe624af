//! `peakday validate`: everything that is wrong with scenarios, and nothing simulated.

use std::path::PathBuf;

use clap::Args;

use super::files::TraceFolder;
use super::layers::Layers;
use super::{Exit, print};
use crate::error::Error;

/// What `validate` is asked for.
#[derive(Debug, Args)]
#[command(after_help = "Example: peakday validate scenarios/*.yaml")]
pub(super) struct ValidateArgs {
    /// The scenario files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    layers: Layers,
}

/// Names the files that are valid, and fails with the problems of all others.
pub(super) fn validate(args: &ValidateArgs) -> Result<Exit, Error> {
    let mut problems = Vec::new();
    let mut valid = String::new();
    for file in &args.files {
        let traces = TraceFolder::of(file);
        match args.layers.read(file, &traces).and_then(|document| document.check(&traces)) {
            Ok(_) => valid += &format!("{}: valid\n", file.display()),
            Err(Error::Invalid(issues)) => problems.extend(issues),
            Err(other) => return Err(other),
        }
    }
    print(&valid)?;
    if problems.is_empty() { Ok(Exit::Success) } else { Err(Error::Invalid(problems)) }
}
