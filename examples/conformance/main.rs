//! Answers test cases of real systems through the functions that a simulation calls.
//!
//! Reads a JSON file of cases without their expectations and prints the same JSON, in which every object that
//! had expectations holds `got`: an object with the same keys, computed here.
//!
//! ```console
//! $ cargo run --example conformance -- cases.json
//! ```

mod balancing;
mod kubernetes;
mod releases;
mod scaling;

use std::process::ExitCode;

use serde_json::{Map, Value};

/// An object of the file, and where it stands.
pub(crate) struct Place<'a> {
    /// Keys and indices from the root.
    pub(crate) path: &'a [String],
    /// The object.
    pub(crate) object: &'a Map<String, Value>,
    /// The objects around it, the root first.
    pub(crate) around: &'a [&'a Map<String, Value>],
}

/// What is computed for an object: the keys that its expectations had; `None` where it is no case.
type Answer = fn(&Place<'_>) -> Option<Map<String, Value>>;

const ANSWERS: [Answer; 4] = [kubernetes::answer, scaling::answer, balancing::answer, releases::answer];

fn main() -> ExitCode {
    let Some(file) = std::env::args().nth(1) else {
        eprintln!("usage: conformance FILE");
        return ExitCode::from(2);
    };
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(why) => {
            eprintln!("{file}: {why}");
            return ExitCode::from(2);
        }
    };
    let cases: Value = match serde_json::from_str(&text) {
        Ok(cases) => cases,
        Err(why) => {
            eprintln!("{file}: {why}");
            return ExitCode::from(3);
        }
    };
    println!("{:#}", answered(&cases, &mut Vec::new(), &mut Vec::new()));
    ExitCode::SUCCESS
}

/// Returns a value with an answer in every object that is a case.
fn answered<'a>(value: &'a Value, path: &mut Vec<String>, around: &mut Vec<&'a Map<String, Value>>) -> Value {
    match value {
        Value::Object(object) => {
            let got = ANSWERS.iter().find_map(|answer| answer(&Place { path, object, around }));
            around.push(object);
            let mut filled: Map<String, Value> = object
                .iter()
                .map(|(key, inner)| {
                    path.push(key.clone());
                    let inner = answered(inner, path, around);
                    path.pop();
                    (key.clone(), inner)
                })
                .collect();
            around.pop();
            if let Some(got) = got {
                filled.insert("got".to_owned(), Value::Object(got));
            }
            Value::Object(filled)
        }
        Value::Array(items) => Value::Array(
            items
                .iter()
                .enumerate()
                .map(|(index, item)| {
                    path.push(index.to_string());
                    let item = answered(item, path, around);
                    path.pop();
                    item
                })
                .collect(),
        ),
        plain => plain.clone(),
    }
}
