//! `peakday schema`: the JSON Schema of scenario files, for editors.

use super::{Exit, print};
use crate::error::Error;
use crate::scenario::json_schema;

/// Prints the schema, as it stands in `schemas/`.
pub(super) fn schema() -> Result<Exit, Error> {
    print(&format!("{:#}\n", json_schema()))?;
    Ok(Exit::Success)
}
