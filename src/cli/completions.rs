//! `peakday completions`: what a shell completes.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Exit, print};
use crate::error::Error;

const EXAMPLES: &str = "\
Examples:
  peakday completions bash > ~/.local/share/bash-completion/completions/peakday
  peakday completions zsh > ~/.zfunc/_peakday        a folder that is in $fpath
  peakday completions fish > ~/.config/fish/completions/peakday.fish";

/// What `completions` is asked for.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "peakday", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Success)
}
