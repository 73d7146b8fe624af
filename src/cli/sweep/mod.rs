//! `peakday sweep`: scenarios that differ in a few values, compared.

#[cfg(feature = "object-store")]
mod bucket;
mod emit;
mod merge;
mod plan;
mod read;
mod run;
pub(super) mod shelf;
mod status;
pub(super) mod store;
pub(super) mod told;
mod watch;

use clap::{Args, Subcommand};

use super::message::Format;
use super::{Exit, Voice};
use crate::error::Error;

const EXAMPLES: &str = "\
Examples:
  peakday sweep plan which.yaml                        cells, runs, and how long they take
  peakday sweep run which.yaml                         results go to output/NAME
  peakday sweep run which.yaml --resume                goes on after Ctrl-C, a crash, a reboot
  peakday sweep run which.yaml -o there --shard 2/5    a fifth of the runs, on another machine
  peakday sweep merge there                            tables and charts of all shards";

/// What `sweep` is asked for.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct SweepArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what a sweep compares, how many runs that takes and how long; nothing is simulated.
    Plan(plan::PlanArgs),
    /// Simulate the cells of a sweep, and compare them.
    ///
    /// Every finished run is kept at once; after an interruption `--resume` goes on without repeating one.
    ///
    /// Exit codes: 0 all runs finished; 1 some failed, or an output could not be written; 2 usage; 3 the sweep
    /// is invalid; 130 interrupted.
    #[command(verbatim_doc_comment)]
    Run(run::RunArgs),
    /// Say how far a sweep is.
    Status(status::StatusArgs),
    /// Write tables and charts of the runs that are kept in a folder.
    ///
    /// Exit codes: 0 all runs are there; 1 some are missing or failed, or an output could not be written; 2 usage.
    #[command(verbatim_doc_comment)]
    Merge(merge::MergeArgs),
}

/// Runs the command.
pub(super) fn run(args: &SweepArgs, voice: Voice, format: Format) -> Result<Exit, Error> {
    match &args.command {
        Command::Plan(args) => plan::run(args, format),
        Command::Run(args) => run::run(args, voice, format),
        Command::Status(args) => status::run(args, format),
        Command::Merge(args) => merge::run(args, format),
    }
}
