//! What a scenario is made of on the command line: a file, overlays, settings, and of a sweep one cell.

use std::path::{Component, Path, PathBuf};

use clap::Args;

use super::files::{self, TraceFolder};
use super::usage::whole;
use crate::error::Error;
use crate::scenario::{Document, Input, Overlay, grouped};

/// What is laid over a scenario file.
#[derive(Debug, Default, Args)]
pub(super) struct Layers {
    /// Lay this file over the scenario: its keys win, null removes one. Can be given several times.
    #[arg(short = 'f', long = "overlay", value_name = "FILE")]
    overlays: Vec<PathBuf>,
    /// Set one value, for example services.web.pools.standard.replicas=20 or objectives[p99].every=1m.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    settings: Vec<String>,
    /// Take this cell of a sweep, counted from 1; overlays and settings change the scenario that it varies.
    #[arg(long, value_name = "N", value_parser = whole(1..=u32::MAX))]
    cell: Option<u32>,
}

impl Layers {
    /// Returns them as they are written.
    pub(super) fn flags(&self) -> Vec<String> {
        let overlays = self.overlays.iter().flat_map(|path| ["-f".to_owned(), path.display().to_string()]);
        let settings = self.settings.iter().flat_map(|setting| ["--set".to_owned(), setting.clone()]);
        let cell = self.cell.iter().flat_map(|cell| ["--cell".to_owned(), cell.to_string()]);
        overlays.chain(settings).chain(cell).collect()
    }

    /// Tells whether nothing is laid over it.
    pub(super) fn is_empty(&self) -> bool {
        self.overlays.is_empty() && self.settings.is_empty() && self.cell.is_none()
    }

    /// Says what is laid over it, behind the name of a file.
    pub(super) fn told(&self) -> String {
        self.flags().iter().map(|flag| format!(" {flag}")).collect()
    }

    /// Reads a scenario, or one cell of a sweep.
    pub(super) fn read(&self, file: &Path, traces: &TraceFolder) -> Result<Document, Error> {
        match self.input(file, traces)? {
            Input::Scenario(document) => Ok(*document),
            Input::Sweep(sweep) => Err(sweep.no_scenario()),
        }
    }

    /// Reads a file and what is laid over it; of a sweep the one cell that is asked for, if one is.
    pub(super) fn input(&self, file: &Path, traces: &TraceFolder) -> Result<Input, Error> {
        let bytes = files::read(file)?;
        let mut overlays = Vec::new();
        for path in &self.overlays {
            let (name, folder) = (path.display().to_string(), folder_from(file, path));
            overlays.push(Overlay { name, folder, bytes: files::read(path)? });
        }
        let name = file.display().to_string();
        let input = Input::read(&name, &bytes, &overlays, &self.settings, traces)?;
        let Some(cell) = self.cell else { return Ok(input) };
        match input {
            Input::Scenario(_) => Err(Error::Usage(format!(
                "{name}: --cell: this is one scenario, and no sweep\n  leave --cell out"
            ))),
            Input::Sweep(sweep) if sweep.len() < cell as usize => {
                let cells = grouped(sweep.len() as u64);
                let message = format!("{name}: --cell {cell}: there are {cells} cells");
                Err(Error::Usage(format!("{message}\n  write a whole number from 1 to {cells}")))
            }
            Input::Sweep(sweep) => {
                sweep.cell(cell as usize - 1).map(|document| Input::Scenario(Box::new(document)))
            }
        }
    }
}

/// Returns the folder of a file as seen from that of the scenario; empty where it is the same.
fn folder_from(scenario: &Path, file: &Path) -> String {
    let folder = |path: &Path| {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        parent.unwrap_or(Path::new(".")).canonicalize().unwrap_or_default()
    };
    let (home, there) = (folder(scenario), folder(file));
    let shared = home.components().zip(there.components()).take_while(|(a, b)| a == b).count();
    if shared == 0 {
        return there.display().to_string();
    }
    let up = home.components().skip(shared).map(|_| Component::ParentDir);
    let path: PathBuf = up.chain(there.components().skip(shared)).collect();
    path.display().to_string()
}
