//! The command line: the only place that prints, and that knows files, signals and exit codes.

mod files;
mod output;
mod progress;
mod report;
mod run;
mod signals;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::error::Error;

/// How a command ends. Scripts depend on the numbers: they are fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// Every objective holds, or there is none.
    Success = 0,
    /// An output could not be written, or an internal error.
    Failure = 1,
    /// The command line asks for what cannot be.
    Usage = 2,
    /// The scenario is invalid.
    Invalid = 3,
    /// An objective is neither proven nor refuted.
    Inconclusive = 98,
    /// An objective failed.
    Violated = 99,
    /// Ctrl-C.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Capacity planning for e-commerce peaks: will this fleet hold on the day?
#[derive(Debug, Parser)]
#[command(name = "peakday", version, max_term_width = 100, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Print results only, no progress and no remarks.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Print more about what is done.
    #[arg(short, long, global = true)]
    verbose: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Simulate a scenario and judge its objectives.
    ///
    /// Exit codes: 0 every objective holds, or there is none; 1 an output could not be written; 2 usage;
    /// 3 the scenario is invalid; 98 an objective is inconclusive; 99 an objective failed; 130 interrupted.
    #[command(verbatim_doc_comment)]
    Run(RunArgs),
    /// Write all files of a run anew from its result.json, for example in another language.
    Report(report::ReportArgs),
}

/// What `run` is asked for.
#[derive(Debug, Args)]
struct RunArgs {
    /// The scenario file.
    file: PathBuf,
    /// Take this seed instead of the file's.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Simulate so many days instead of the file's number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    replications: Option<u32>,
    /// Write results to this folder; output/NAME where left out. A folder of peakday's is replaced.
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Use so many threads instead of one per core; results do not depend on it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Write the arrivals of replication 1 to this CSV file, which can be replayed.
    #[arg(long, value_name = "FILE")]
    record_arrivals: Option<PathBuf>,
    /// The language of fixed words in charts and in the report: en or zh.
    #[arg(long, default_value = "en")]
    lang: crate::report::Lang,
}

/// How much is said beside the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Voice {
    Quiet,
    Normal,
    Verbose,
}

impl Voice {
    /// Says something on standard error; nobody is helped by failing over it.
    fn say(self, least: Self, text: impl std::fmt::Display) {
        if self >= least {
            let _ = writeln!(io::stderr(), "{text}");
        }
    }
}

/// Runs the program on the arguments of the process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let asked = if error.use_stderr() { Exit::Usage } else { Exit::Success };
            let printed = error.print().and_then(|()| io::stdout().flush());
            return if printed.is_err() && asked == Exit::Success {
                Exit::Failure.into()
            } else {
                asked.into()
            };
        }
    };
    let voice = match (cli.quiet, cli.verbose) {
        (true, _) => Voice::Quiet,
        (false, true) => Voice::Verbose,
        (false, false) => Voice::Normal,
    };
    let done = match &cli.command {
        Command::Run(args) => run::run(args, voice),
        Command::Report(args) => report::report(args, voice),
    };
    done.unwrap_or_else(|error| {
        // A list of problems begins every line with its place, as editors like it.
        let prefix = if matches!(error, Error::Invalid(_)) { "" } else { "error: " };
        let _ = writeln!(io::stderr(), "{prefix}{error}");
        match error {
            Error::Usage(_) => Exit::Usage,
            Error::Invalid(_) => Exit::Invalid,
            Error::Output { .. } | Error::Run(_) => Exit::Failure,
        }
    })
    .into()
}

/// Prints results. Who closed the other end of a pipe has read enough.
fn print(text: &str) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::Output {
            path: PathBuf::from("standard output"),
            source: error,
            remedy: "the results stand in the output folder".to_owned(),
        }),
        _ => Ok(()),
    }
}
