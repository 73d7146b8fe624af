//! `peakday validate`: everything that is wrong with scenarios and sweeps, and nothing simulated.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::files::TraceFolder;
use super::layers::Layers;
use super::message::{Format, tell};
use super::{Exit, print};
use crate::error::Error;
use crate::scenario::{Input, grouped};

const EXAMPLES: &str = "\
Examples:
  peakday validate shop.yaml
  peakday validate shop.yaml -f black-friday.yaml --set run.load=1.3";

/// What `validate` is asked for.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ValidateArgs {
    /// The scenario files; of a sweep every cell is checked.
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
        match check(&args.layers, file) {
            Ok(cells) => valid.push((file.display().to_string(), cells)),
            Err(Error::Invalid(issues)) => problems.extend(issues),
            // A missing overlay is the same news for every file.
            Err(other) if unread.iter().any(|known| known.to_string() == other.to_string()) => {}
            Err(other) => unread.push(other),
        }
    }
    print(&match format {
        Format::Text => valid.iter().map(|(file, cells)| text(file, *cells)).collect(),
        Format::Json => format!("{:#}\n", document(&valid)),
    })?;
    let invalid = (!problems.is_empty()).then_some(Error::Invalid(problems));
    let mut errors: Vec<Error> = invalid.into_iter().chain(unread).collect();
    let Some(last) = errors.pop() else { return Ok(Exit::Success) };
    errors.iter().for_each(|error| tell(error, format));
    Err(last)
}

/// How many cells a sweep has, and how many combinations are left out.
type Cells = Option<(usize, u64)>;

/// Checks a scenario, or every cell of a sweep.
fn check(layers: &Layers, file: &Path) -> Result<Cells, Error> {
    let traces = TraceFolder::of(file);
    match layers.input(file, &traces)? {
        Input::Scenario(document) => document.check(&traces).map(|_| None),
        Input::Sweep(sweep) => sweep.check(&traces).map(|sweep| Some((sweep.cells.len(), sweep.dropped))),
    }
}

fn text(file: &str, cells: Cells) -> String {
    let one =
        |count: u64, name: &str| format!("{} {name}{}", grouped(count), if count == 1 { "" } else { "s" });
    match cells {
        None => format!("{file}: valid\n"),
        Some((cells, 0)) => format!("{file}: valid, {}\n", one(cells as u64, "cell")),
        Some((cells, dropped)) => {
            format!(
                "{file}: valid, {}, {} left out\n",
                one(cells as u64, "cell"),
                one(dropped, "combination")
            )
        }
    }
}

fn document(valid: &[(String, Cells)]) -> Value {
    let files: Vec<&str> = valid.iter().map(|(file, _)| file.as_str()).collect();
    let mut document = json!({ "valid": files });
    for (file, cells) in valid {
        if let Some((cells, dropped)) = cells {
            document["sweeps"][file] = json!({ "cells": cells, "dropped": dropped });
        }
    }
    document
}
