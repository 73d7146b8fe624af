//! The sweep file, with what the command line says beside it.

use std::path::PathBuf;

use clap::Args;

use crate::cli::files::TraceFolder;
use crate::cli::layers::Layers;
use crate::cli::usage::whole;
use crate::error::{Code, Error, Problem};
use crate::scenario::{Input, MAX_REPLICATIONS, grouped, near};
use crate::study::{SweepStudy, UnknownMetric};

/// More cells than this are more likely a slip than meant.
const MANY_CELLS: usize = 1_000;
/// The option that replaces what the file says about replications.
pub(super) const REPLICATIONS: &str = "--replications";

/// What a sweep is read from.
#[derive(Debug, Args)]
pub(super) struct Source {
    /// The sweep file.
    pub(super) file: PathBuf,
    #[command(flatten)]
    layers: Layers,
    /// Simulate so many days of every cell, whatever they show, instead of what the file says.
    #[arg(long, value_name = "N", value_parser = whole(1..=MAX_REPLICATIONS))]
    replications: Option<u32>,
}

impl Source {
    /// Reads and checks the sweep; `agreed` where the user knows that there are many cells.
    pub(super) fn read(&self, traces: &TraceFolder, agreed: bool) -> Result<SweepStudy, Error> {
        let Input::Sweep(document) = self.layers.input(&self.file, traces)? else {
            let file = self.file.display();
            let text =
                format!("{file}: this is one scenario, and no sweep\n  run it as it is: peakday run {file}");
            return Err(Error::Usage(text));
        };
        if document.len() > MANY_CELLS && !agreed {
            let cells = grouped(document.len() as u64);
            let text = format!("{}: these are {cells} cells", self.file.display());
            let remedy = "see what they take with peakday sweep plan, and add --yes";
            return Err(Error::Usage(format!("{text}\n  {remedy}")));
        }
        let mut sweep = document.check(traces)?;
        let mut flags = self.layers.flags();
        if let Some(replications) = self.replications {
            (sweep.looks, sweep.precision, sweep.until_decided) = (vec![replications], None, false);
            flags.extend([REPLICATIONS.to_owned(), replications.to_string()]);
        }
        let file = self.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        SweepStudy::new(sweep, file, flags).map_err(|unknown| {
            document.refused(Code::UnknownName, unknown.into_iter().map(problem).collect())
        })
    }
}

fn problem(unknown: UnknownMetric) -> Problem {
    let UnknownMetric { key, name, known } = unknown;
    let remedy = match near(&name, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write for example {}", known.first().map_or("cost", String::as_str)),
    };
    Problem::new(key, format!("no run is measured by `{name}`"), remedy)
}
