//! `peakday schema`: the JSON Schema of scenario files, for editors.

use super::{Exit, print};
use crate::error::Error;
use crate::scenario::json_schema;

pub(super) const EXAMPLES: &str = "\
Examples:
  peakday schema > scenario.v1alpha1.json    for the modeline that `init` writes";

/// Prints the schema, as it stands in `schemas/`.
pub(super) fn run() -> Result<Exit, Error> {
    print(&format!("{:#}\n", json_schema()))?;
    Ok(Exit::Success)
}
