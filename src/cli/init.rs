//! `peakday init`: a commented scenario to begin with.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::json;

use super::message::Format;
use super::output::{StagedFile, failed};
use super::templates::{TEMPLATES, Template};
use super::{Exit, Voice, print};
use crate::error::Error;

const EXAMPLES: &str = "\
Examples:
  peakday init                                       write quickstart.yaml
  peakday init --list                                which templates there are
  peakday init --template first-question shop.yaml   write another one under your own name
  peakday init --template singles-day --print        look at one";

/// What `init` is asked for.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct InitArgs {
    /// The file to write, or the folder to write it to; TEMPLATE.yaml where left out, - prints it.
    file: Option<PathBuf>,
    /// Begin with this template.
    #[arg(short, long, value_name = "TEMPLATE", default_value = TEMPLATES[0].name)]
    #[arg(value_parser = PossibleValuesParser::new(TEMPLATES.iter().map(|template| template.name)))]
    template: String,
    /// List the templates.
    #[arg(short, long, conflicts_with_all = ["file", "print", "force", "template"])]
    list: bool,
    /// Print the scenario instead of writing it.
    #[arg(short, long, conflicts_with_all = ["file", "force"])]
    print: bool,
    /// Replace files that are there already.
    #[arg(short, long)]
    force: bool,
}

pub(super) fn run(args: &InitArgs, voice: Voice, format: Format) -> Result<Exit, Error> {
    if args.list && format == Format::Json {
        let one = |template: &Template| json!({"name": template.name, "about": template.about});
        print(&format!("{:#}\n", json!({"templates": TEMPLATES.iter().map(one).collect::<Vec<_>>()})))?;
        return Ok(Exit::Success);
    }
    if args.list {
        let line = |template: &Template| format!("{:<21}{}\n", template.name, template.about);
        print(&TEMPLATES.iter().map(line).collect::<String>())?;
        return Ok(Exit::Success);
    }
    let template = Template::find(&args.template)
        .ok_or_else(|| Error::Usage(format!("there is no template `{}`", args.template)))?;
    if args.print || args.file.as_deref().is_some_and(|file| file.as_os_str() == "-") {
        print(&template.text())?;
        for (name, _) in template.files {
            let text = format!("it reads {name}: peakday init --template {} writes both", template.name);
            voice.say(Voice::Normal, text);
        }
        return Ok(Exit::Success);
    }
    let place = place(args, template)?;
    let folder = place.parent().unwrap_or(Path::new(""));
    let mut files = vec![(place.clone(), template.text())];
    files.extend(template.files.iter().map(|(name, text)| (folder.join(name), (*text).to_owned())));
    write(&files, args.force, voice)?;
    voice.say(Voice::Normal, format!("next: {} {}", template.command(), place.display()));
    Ok(Exit::Success)
}

/// Returns where the scenario goes.
fn place(args: &InitArgs, template: &Template) -> Result<PathBuf, Error> {
    let name = format!("{}.yaml", template.name);
    match &args.file {
        None => Ok(PathBuf::from(name)),
        Some(file) if file.is_dir() => Ok(file.join(name)),
        Some(file) => match file.to_str().and_then(Template::find) {
            Some(named) => Err(Error::Usage(format!(
                "{0}: this is the name of a template, not of a file\n  write peakday init --template {0}",
                named.name
            ))),
            None => Ok(file.clone()),
        },
    }
}

/// Writes all files, or none where one of them is there already and says something else.
fn write(files: &[(PathBuf, String)], force: bool, voice: Voice) -> Result<(), Error> {
    let same = |path: &Path, text: &str| fs::read(path).is_ok_and(|bytes| bytes == text.as_bytes());
    let files: Vec<_> = files.iter().filter(|(path, text)| !same(path, text)).collect();
    if let Some((path, _)) = files.iter().find(|(path, _)| !force && path.symlink_metadata().is_ok()) {
        return Err(Error::Usage(format!(
            "{}: there is a file of this name\n  name another one, or replace it with --force",
            path.display()
        )));
    }
    let mut staged = Vec::new();
    for (path, text) in files {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        }
        let mut file = StagedFile::create(path)?;
        file.write_all(text.as_bytes()).map_err(|error| failed(path, error))?;
        staged.push((path, file));
    }
    for (path, file) in staged {
        file.publish()?;
        voice.say(Voice::Normal, format!("wrote {}", path.display()));
    }
    Ok(())
}
