//! `peakday report`: every file of a run, written anew from its `result.json`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::output::StagedFile;
use super::{Exit, Voice};
use crate::error::Error;
use crate::report::{self, Lang};
use crate::results::StudyResult;

const EXAMPLES: &str = "\
Examples:
  peakday report output/singles-day              after an upgrade, or a lost file
  peakday report output/singles-day --lang zh    charts and report in Chinese";

/// What `report` is asked for.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ReportArgs {
    /// The folder of a run: its result.json is read, everything else is written anew.
    dir: PathBuf,
    /// The language of fixed words in charts and in the report: en or zh.
    #[arg(long, default_value = "en")]
    lang: Lang,
}

/// Runs the command.
pub(super) fn run(args: &ReportArgs, voice: Voice) -> Result<Exit, Error> {
    let result = load(&args.dir)?;
    let files = report::files(&result, args.lang)
        .map_err(|why| Error::Run(format!("{}: this result cannot be written: {why}", args.dir.display())))?;
    // All of them stand beside their places before the first is moved.
    let mut staged = Vec::new();
    for (name, bytes) in files.iter().filter(|(name, _)| *name != RESULT) {
        let place = args.dir.join(&**name);
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder).map_err(|error| super::output::failed(folder, error))?;
        }
        let mut file = StagedFile::create(&place)?;
        file.write_all(bytes).and_then(|()| file.flush()).map_err(|error| file.failed(error))?;
        staged.push(file);
    }
    staged.into_iter().try_for_each(StagedFile::publish)?;
    voice.say(Voice::Normal, format!("wrote {}", args.dir.display()));
    Ok(Exit::Success)
}

pub(super) const RESULT: &str = "result.json";

/// Reads the result of a run from its folder.
pub(super) fn load(dir: &Path) -> Result<StudyResult, Error> {
    report::read_result(&read(dir)?).map_err(|error| told(dir, error))
}

fn read(dir: &Path) -> Result<Vec<u8>, Error> {
    let path = dir.join(RESULT);
    let home = dir.parent().filter(|home| dir.is_file() && home.join(RESULT).is_file());
    if let Some(home) = home {
        let home = if home.as_os_str().is_empty() { Path::new(".") } else { home };
        return Err(Error::Usage(format!(
            "{}: this is a file of a run, not its folder\n  write peakday report {}",
            dir.display(),
            home.display()
        )));
    }
    fs::read(&path).map_err(|error| {
        Error::Usage(format!("{}: {error}\n  name a folder that `peakday run` wrote", path.display()))
    })
}

/// Says whose result it is, and what to do about it.
fn told(dir: &Path, error: Error) -> Error {
    match error {
        Error::Usage(message) => {
            let path = dir.join(RESULT);
            Error::Usage(format!(
                "{}: {message}\n  run the scenario again, or name another folder",
                path.display()
            ))
        }
        other => other,
    }
}
