//! Stand-in until the reader of sweeps is merged.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Deserialize;
use serde_json::Value;

use crate::cli::files::{self, TraceFolder};
use crate::cli::layers::Layers;
use crate::cli::usage::whole;
use crate::error::Error;
use crate::results::experiment::{AxisPlan, AxisValue};
use crate::scenario::{Document, MAX_REPLICATIONS};
use crate::study::{Layout, Sweep};

pub(super) const REPLICATIONS: &str = "--replications";

/// What a sweep is read from.
#[derive(Debug, Args)]
pub(super) struct Source {
    /// The sweep file.
    pub(super) file: PathBuf,
    #[command(flatten)]
    layers: Layers,
    /// Simulate so many days of every cell instead of the file's number.
    #[arg(long, value_name = "N", value_parser = whole(1..=MAX_REPLICATIONS))]
    replications: Option<u32>,
}

#[derive(Deserialize)]
struct File {
    metadata: Meta,
    base: String,
    #[serde(default)]
    axes: Vec<Axis>,
    replications: Value,
    #[serde(default)]
    precision: Option<Value>,
}
#[derive(Deserialize)]
struct Meta {
    name: String,
}
#[derive(Deserialize)]
struct Axis {
    path: String,
    name: Option<String>,
    values: Vec<Value>,
}

impl Source {
    pub(super) fn read(&self, traces: &TraceFolder) -> Result<Sweep, Error> {
        let bytes = files::read(&self.file)?;
        let text = String::from_utf8_lossy(&bytes);
        let file: File = serde_saphyr::from_str(&text).map_err(|e| Error::Usage(e.to_string()))?;
        let base = self.file.parent().unwrap_or(Path::new("")).join(&file.base);
        let base = Document::read(&file.base, &files::read(&base)?)?;
        let mut at = vec![0; file.axes.len()];
        let mut cells = vec![];
        'all: loop {
            let texts: Vec<String> = file
                .axes
                .iter()
                .zip(&at)
                .map(|(axis, &at): (&Axis, &usize)| axis.values[at].to_string())
                .collect();
            let settings: Vec<(&str, &str)> = file
                .axes
                .iter()
                .zip(&texts)
                .map(|(axis, text)| (axis.path.as_str(), text.as_str()))
                .collect();
            cells.push((at.clone(), base.varied(&settings)?.check(traces)?));
            for index in (0..at.len()).rev() {
                at[index] += 1;
                if at[index] < file.axes[index].values.len() {
                    continue 'all;
                }
                at[index] = 0;
            }
            break;
        }
        let axes = file.axes.iter().map(|axis| AxisPlan {
            name: axis.name.clone().unwrap_or(axis.path.clone()),
            short: axis.name.clone().unwrap_or_default(),
            path: axis.path.clone(),
            values: axis
                .values
                .iter()
                .map(|value| AxisValue {
                    label: value.to_string().replace('"', ""),
                    number: value.as_f64(),
                    setting: value.to_string(),
                })
                .collect(),
        });
        let looks = match (self.replications, file.replications.as_u64()) {
            (Some(n), _) => vec![n],
            (None, Some(n)) => vec![n as u32],
            _ => {
                let max = file.replications["max"].as_u64().unwrap_or(160) as u32;
                let mut looks = vec![file.replications["min"].as_u64().unwrap_or(10) as u32];
                while looks[looks.len() - 1] < max {
                    looks.push((looks[looks.len() - 1] * 2).min(max));
                }
                looks
            }
        };
        let mut flags = self.layers.flags();
        if let Some(n) = self.replications {
            flags.extend([REPLICATIONS.to_owned(), n.to_string()]);
        }
        Sweep::new(Layout {
            name: file.metadata.name,
            display_name: None,
            file: self.file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            flags,
            axes: axes.collect(),
            cells,
            dropped: 0,
            baseline: 0,
            looks,
            precision: file.precision.map(|_| ("web.p99_ms".to_owned(), 0.15)),
            until_decided: false,
            headlines: vec![],
            rank_by: None,
        })
        .map_err(|bad| Error::Usage(bad.join(", ")))
    }
}
