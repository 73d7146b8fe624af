//! Tables of exact values that are kept beside the project.

use std::collections::HashMap;
use std::path::PathBuf;

/// A row of a table, by column.
pub struct Row(HashMap<String, String>);

impl Row {
    pub fn text(&self, column: &str) -> &str {
        self.0.get(column).unwrap_or_else(|| panic!("no column {column}"))
    }

    pub fn number(&self, column: &str) -> f64 {
        self.text(column).parse().unwrap_or_else(|error| panic!("{column}: {error}"))
    }

    pub fn whole(&self, column: &str) -> u32 {
        self.text(column).parse().unwrap_or_else(|error| panic!("{column}: {error}"))
    }
}

/// Returns a file of the shared folder (`PEAKDAY_SHARED`, else beside the project).
///
/// Without the folder it says that the test is skipped and returns `None`.
///
/// # Panics
/// Without the folder where `CI` is `true`: there nothing may be skipped.
fn shared(file: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("PEAKDAY_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let path = folder.join("validation").join(file);
    if path.exists() {
        return Some(path);
    }
    let ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(!ci, "{} is missing", path.display());
    eprintln!("skipped: {} is missing; set PEAKDAY_SHARED", path.display());
    None
}

/// Reads a table of exact values; `None` where it is not there.
pub fn table(name: &str) -> Option<Vec<Row>> {
    let path = shared(&format!("analytic/{name}.csv"))?;
    let mut reader = csv::Reader::from_path(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let rows = reader.deserialize().map(|row| Row(row.unwrap_or_else(|error| panic!("{name}: {error}"))));
    Some(rows.collect())
}

/// Reads a document of recorded vectors; `None` where it is not there.
pub fn vectors(name: &str) -> Option<serde_json::Value> {
    let text = std::fs::read_to_string(shared(&format!("{name}.json"))?).expect("a readable file");
    Some(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}")))
}
