//! `peakday schema`: the JSON Schemas of scenario and sweep files, for editors.

use clap::{Args, ValueEnum};

use super::{Exit, print};
use crate::error::Error;
use crate::scenario::{json_schema, sweep_schema};

const EXAMPLES: &str = "\
Examples:
  peakday schema > scenario.v1alpha1.json              for the modeline that `init` writes
  peakday schema --kind sweep > sweep.v1alpha1.json    the same for sweeps";

/// What `schema` is asked for.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct SchemaArgs {
    /// Files of this kind: scenario or sweep.
    #[arg(long, value_name = "KIND", default_value = "scenario", hide_possible_values = true)]
    kind: Kind,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Scenario,
    Sweep,
}

/// Prints a schema, as it stands in `schemas/`.
pub(super) fn run(args: &SchemaArgs) -> Result<Exit, Error> {
    let schema = match args.kind {
        Kind::Scenario => json_schema(),
        Kind::Sweep => sweep_schema(),
    };
    print(&format!("{schema:#}\n"))?;
    Ok(Exit::Success)
}
