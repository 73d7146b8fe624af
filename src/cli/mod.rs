//! The command line: the only place that prints, and that knows files, signals and exit codes.

mod compare;
mod completions;
mod explain;
mod files;
mod headroom;
mod init;
mod layers;
mod man;
mod message;
mod output;
mod plan;
mod progress;
mod report;
mod run;
mod schema;
mod signals;
mod size;
mod sweep;
mod templates;
mod usage;
mod validate;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ColorChoice, Parser, Subcommand};

use crate::error::Error;
use crate::results::Verdict;
use message::Format;

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

/// How a command ends by the objectives of a study.
impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Success,
            Verdict::Inconclusive => Self::Inconclusive,
            Verdict::Fail => Self::Violated,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Columns below which lines of prose are not broken, and beyond which they are hard to read.
const NARROWEST: usize = 40;
const WIDEST: usize = 120;

const EXAMPLES: &str = "\
Begin with:
  peakday init --template first-question   write a scenario that explains itself
  peakday plan first-question.yaml         see what theory says of it, at once
  peakday run first-question.yaml          simulate it and judge it

Every command has examples: peakday run --help";

/// Capacity planning for e-commerce peaks: will this fleet hold on the day?
#[derive(Debug, Parser)]
#[command(name = "peakday", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Print results only, no progress and no remarks.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Print more about what is done.
    #[arg(short, long, global = true)]
    verbose: bool,
    /// Print for people (text), or one JSON document, and a line of JSON per error (json).
    #[arg(long, global = true, value_name = "FORM", default_value = "text", hide_possible_values = true)]
    format: Format,
    /// Use colours: auto (on a terminal, unless NO_COLOR is set), always or never.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    color: ColorChoice,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a commented scenario to begin with.
    Init(init::InitArgs),
    /// Tell everything that is wrong with scenarios; nothing is simulated.
    Validate(validate::ValidateArgs),
    /// Say from theory what a scenario asks of its servers; nothing is simulated.
    ///
    /// Exit codes: 0 also with warnings; 1 it could not be printed; 2 usage; 3 the scenario is invalid.
    #[command(verbatim_doc_comment)]
    Plan(plan::PlanArgs),
    /// Simulate a scenario and judge its objectives.
    ///
    /// Exit codes: 0 every objective holds, or there is none; 1 an output could not be written; 2 usage;
    /// 3 the scenario is invalid; 98 an objective is inconclusive; 99 an objective failed; 130 interrupted.
    #[command(verbatim_doc_comment)]
    Run(run::RunArgs),
    /// Compare scenarios that differ in a few values.
    Sweep(sweep::SweepArgs),
    /// Compare what stands (A) with what is proposed (B): scenarios, figures, objectives.
    ///
    /// Each is a folder that `run` wrote, or a scenario file, which is simulated. A is taken as it is;
    /// -f, --set and --cell are for B, which without a name of its own is A's file.
    ///
    /// Exit codes: by the objectives of B, as those of `run`.
    #[command(verbatim_doc_comment)]
    Compare(compare::CompareArgs),
    /// Look for the value at which every objective just holds: servers, load, lead time.
    ///
    /// Of one path the hardest value that is proven to hold, of several the cheapest values. Every finished day is kept
    /// at once; after an interruption `--resume` goes on without repeating one.
    ///
    /// Exit codes: 0 an answer is found; 1 an output could not be written; 2 usage; 3 the scenario is invalid; 98 more
    /// days are needed, or what should be easier does worse; 99 no value meets the objectives; 130 interrupted.
    #[command(verbatim_doc_comment)]
    Size(size::SizeArgs),
    /// Say how much more load a scenario takes: `size` over run.load.
    ///
    /// Exit codes: 0 the load of 1 holds; 98 more days are needed, or more load does better; 99 it does not hold; the
    /// others as those of `size`.
    #[command(verbatim_doc_comment)]
    Headroom(headroom::HeadroomArgs),
    /// Write all files of a run anew from its result.json, for example in another language.
    Report(report::ReportArgs),
    /// Say what the code of a problem means, with a wrong and a right example.
    Explain(explain::ExplainArgs),
    /// Print the JSON Schema of scenario or sweep files, for editors.
    Schema(schema::SchemaArgs),
    /// Print completions for a shell.
    Completions(completions::CompletionsArgs),
    /// Print the manual page, or write a page for every command.
    Man(man::ManArgs),
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
            let _ = writeln!(anstream::stderr(), "{}", message::coloured(&text.to_string()));
        }
    }
}

/// Runs the program on the arguments of the process.
pub fn main() -> ExitCode {
    colours(usage::global("--color").unwrap_or_default());
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage::explain(&error, usage::global("--format").unwrap_or_default()).into(),
    };
    colours(cli.color);
    let voice = match (cli.quiet, cli.verbose) {
        // Remarks would stand between the lines that a program reads.
        _ if cli.format == Format::Json => Voice::Quiet,
        (true, _) => Voice::Quiet,
        (false, true) => Voice::Verbose,
        (false, false) => Voice::Normal,
    };
    let done = match &cli.command {
        Command::Init(args) => init::run(args, voice, cli.format),
        Command::Validate(args) => validate::run(args, cli.format),
        Command::Plan(args) => plan::run(args, cli.format),
        Command::Run(args) => run::run(args, voice, cli.format),
        Command::Sweep(args) => sweep::run(args, voice, cli.format),
        Command::Compare(args) => compare::run(args, voice, cli.format),
        Command::Size(args) => size::run(args, voice, cli.format),
        Command::Headroom(args) => headroom::run(args, voice, cli.format),
        Command::Report(args) => report::run(args, voice),
        Command::Explain(args) => explain::run(args, cli.format),
        Command::Schema(args) => schema::run(args),
        Command::Completions(args) => completions::run(args),
        Command::Man(args) => man::run(args, voice),
    };
    done.unwrap_or_else(|error| {
        message::tell(&error, cli.format);
        match error {
            Error::Usage(_) => Exit::Usage,
            Error::Invalid(_) => Exit::Invalid,
            Error::Output { .. } | Error::Run(_) => Exit::Failure,
        }
    })
    .into()
}

/// Sets what all output streams do with colours; left to them, they look at the terminal and at
/// NO_COLOR.
fn colours(choice: ColorChoice) {
    match choice {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::AlwaysAnsi,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
    .write_global();
}

/// Returns how wide lines of prose may be: as the terminal, where standard output is one. What is piped
/// is not broken: there a line is what programs read.
fn width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(io::stdout())?;
    Some(usize::from(width.0).clamp(NARROWEST, WIDEST))
}

/// Prints results. Who closed the other end of a pipe has read enough.
fn print(text: &str) -> Result<(), Error> {
    let mut stdout = anstream::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::Output {
            path: PathBuf::from("standard output"),
            source: error,
            remedy: "free some space, or send it elsewhere".to_owned(),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
