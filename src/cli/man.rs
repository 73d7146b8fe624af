//! `peakday man`: manual pages.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;

use super::output::{StagedFile, failed};
use super::{Cli, Exit, Voice, print};
use crate::error::Error;

const EXAMPLES: &str = "\
Examples:
  peakday man > peakday.1
  peakday man --dir ~/.local/share/man/man1    then: man peakday-run";

/// What `man` is asked for.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ManArgs {
    /// Write a page for the program and one for every command to this folder.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn run(args: &ManArgs, voice: Voice) -> Result<Exit, Error> {
    let mut program = Cli::command();
    // Gives every command its full name, and the global options.
    program.build();
    let Some(folder) = &args.dir else {
        print(&String::from_utf8_lossy(&page(&program)?))?;
        return Ok(Exit::Success);
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    for command in std::iter::once(&program).chain(program.get_subcommands()) {
        let path = folder.join(Man::new(command.clone()).get_filename());
        let mut file = StagedFile::create(&path)?;
        file.write_all(&page(command)?).map_err(|error| failed(&path, error))?;
        file.publish()?;
        voice.say(Voice::Normal, format!("wrote {}", path.display()));
    }
    Ok(Exit::Success)
}

fn page(command: &Command) -> Result<Vec<u8>, Error> {
    let mut page = Vec::new();
    let written = Man::new(command.clone()).render(&mut page);
    written.map_err(|why| Error::Run(format!("the manual page cannot be written: {why}")))?;
    Ok(page)
}
