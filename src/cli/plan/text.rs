//! A preview for people and for programs.

use serde::Serialize;

use super::pace::Pace;
use crate::error::Error;
use crate::preview::{Basis, Need, Preview, ServicePreview, TARGET, WaitFigures, Waiting};
use crate::report::{WIDTH, grouped, wrap};
use crate::time::SimDuration;

/// Heads of the table behind the name of the service.
const HEADS: [&str; 9] =
    ["servers", "mean/s", "peak min/s", "mean %", "peak min %", "peak %", "of", "scaling", "at 80 %"];

/// Returns a preview as text, lines of at most 100 columns.
pub(super) fn text(preview: &Preview, pace: &Pace) -> String {
    let mut lines = heading(preview);
    lines.push(String::new());
    lines.extend(table(&preview.services));
    lines.push(String::new());
    lines.extend(preview.services.iter().map(when));
    lines.push(String::new());
    lines.extend(preview.services.iter().map(waits));
    if !preview.objectives.is_empty() {
        lines.push(String::new());
        lines.extend(preview.objectives.iter().map(need));
    }
    lines.push(String::new());
    lines.extend(effort(preview, pace));
    if !preview.warnings.is_empty() {
        lines.push(String::new());
    }
    lines.extend(
        preview.warnings.iter().map(|warning| format!("warning: {}: {}", warning.of, warning.message)),
    );
    lines.iter().map(|line| wrap(line)).collect()
}

/// Returns a preview as JSON, with the pace that was measured.
///
/// # Errors
/// Where a value has no form in JSON, which no preview holds.
pub(super) fn json(preview: &Preview, pace: &Pace) -> Result<String, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Whole<'a> {
        #[serde(flatten)]
        preview: &'a Preview,
        pace: Pace,
        estimated_seconds: f64,
    }
    let whole = Whole { preview, pace: *pace, estimated_seconds: seconds(preview, pace) };
    let text = serde_json::to_string_pretty(&whole).map_err(|why| Error::Run(format!("no JSON: {why}")))?;
    Ok(text + "\n")
}

fn heading(preview: &Preview) -> Vec<String> {
    let name = preview.display_name.as_deref().unwrap_or(&preview.name);
    let start = preview.start.as_ref().map(|start| format!("from {start} ")).unwrap_or_default();
    let (length, warmup) = (length(preview.duration_s), length(preview.warmup_s));
    let (days, seed) = (preview.replications, preview.seed);
    vec![
        format!("PLAN  {name}"),
        format!("{start}for {length}, warm-up {warmup}, replications {days}, seed {seed}"),
        format!("scenario {}", preview.scenario_sha256),
    ]
}

fn length(seconds: f64) -> String {
    SimDuration::from_secs_f64(seconds).to_string()
}

/// Returns the table, its first column cut where names are long.
fn table(services: &[ServicePreview]) -> Vec<String> {
    let percent =
        |share: Option<f64>| share.map_or_else(|| "-".to_owned(), |share| grouped(share * 100.0, 3));
    let row = |service: &ServicePreview| {
        [
            service.servers.to_string(),
            grouped(service.mean.requests_per_s, 3),
            grouped(service.busiest_minute.requests_per_s, 3),
            percent(service.mean.utilization()),
            percent(service.busiest_minute.utilization()),
            percent(service.peak.utilization),
            service.busiest_minute.binding.unwrap_or("-").to_owned(),
            service.busiest_minute.scaling_ratio.map_or_else(|| "-".to_owned(), |ratio| grouped(ratio, 3)),
            service.servers_for_target.map_or_else(|| "-".to_owned(), |servers| servers.to_string()),
        ]
    };
    let mut rows = vec![("service", HEADS.map(str::to_owned))];
    rows.extend(services.iter().map(|service| (service.name.as_str(), row(service))));
    let widths: Vec<usize> =
        (0..HEADS.len()).map(|at| rows.iter().map(|(_, row)| row[at].len()).max().unwrap_or(0)).collect();
    let others: usize = widths.iter().map(|width| width + 1).sum();
    let longest = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let first = longest.min(WIDTH.saturating_sub(others).max(8));
    let line = |(name, row): &(&str, [String; 9])| {
        let name = if name.len() > first { format!("{}~", &name[..first - 1]) } else { (*name).to_owned() };
        let cells: String = row.iter().zip(&widths).map(|(cell, width)| format!(" {cell:>width$}")).collect();
        format!("{name:<first$}{cells}")
    };
    rows.iter().map(line).collect()
}

/// Says when a service has most to do.
fn when(service: &ServicePreview) -> String {
    let name = &service.name;
    let at = service.peak.wall.clone().unwrap_or_else(|| length(service.peak.at_s));
    let minute = length(service.busiest_minute.from_s);
    match service.peak.utilization {
        Some(_) => format!("{name}: peak at {at}; its busiest minute begins {minute} after the start"),
        None => format!("{name}: nothing is limited; its busiest minute begins {minute} after the start"),
    }
}

/// Says how long requests of a service wait, and how far to trust it.
fn waits(service: &ServicePreview) -> String {
    let Waiting { basis, formula, because, mean, busiest } = &service.waiting;
    let sure = match basis {
        Basis::Exact => "exact",
        Basis::Approximation => "approximation",
        Basis::LowerBound => "lower bound",
        Basis::None => return format!("{} waits: no formula ({}); run it", service.name, because.join("; ")),
    };
    let told =
        |figures: &Option<WaitFigures>| figures.as_ref().map_or_else(|| "no steady state".into(), wait);
    let because = if because.is_empty() { String::new() } else { format!("; {}", because.join("; ")) };
    let mut line = format!("{} waits: busiest minute {}", service.name, told(busiest));
    line += &format!(", at the mean rate {} ({sure}, {formula}{because})", told(mean));
    line
}

fn wait(figures: &WaitFigures) -> String {
    let ms = |seconds: f64| format!("{} ms", grouped(seconds * 1e3, 3));
    let percent = |share: f64| format!("{} %", grouped(share * 100.0, 3));
    let mut text = format!("mean {}", ms(figures.mean_s));
    if let Some(p99) = figures.p99_s {
        text += &format!(", p99 {}", ms(p99));
    }
    if let Some(share) = figures.share_waiting {
        text += &format!(", {} wait", percent(share));
    }
    if let Some(share) = figures.share_rejected {
        text += &format!(", {} turned away", percent(share));
    }
    text
}

fn need(need: &Need) -> String {
    format!("{}: replications {}; {}", need.objective, need.replications, need.because)
}

/// Returns how long a study takes where its replications run side by side, writing left out.
fn seconds(preview: &Preview, pace: &Pace) -> f64 {
    let days = f64::from(preview.replications);
    let rounds = libm::ceil(days / pace.cores as f64);
    preview.effort.requests_in_all / days.max(1.0) * rounds * pace.ns_per_request / 1e9
}

fn effort(preview: &Preview, pace: &Pace) -> Vec<String> {
    let effort = &preview.effort;
    let cores = if pace.cores == 1 { "1 core".to_owned() } else { format!("{} cores", pace.cores) };
    vec![
        format!(
            "a replication: {} requests, {} events; the study: {} requests",
            grouped(effort.requests, 3),
            grouped(effort.events, 3),
            grouped(effort.requests_in_all, 3)
        ),
        format!(
            "about {} s on {cores} and {} MiB ({} ns a request, measured on this machine a moment ago)",
            grouped(seconds(preview, pace), 2),
            grouped(effort.memory_bytes / f64::from(1 << 20), 2),
            grouped(pace.ns_per_request, 2)
        ),
        format!("planned for {} % of the scarcer of CPU and slots; nothing was simulated", TARGET * 100.0),
    ]
}
