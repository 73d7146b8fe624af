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
    for service in &preview.services {
        lines.push(String::new());
        lines.extend(paragraph(service));
    }
    if !preview.objectives.is_empty() {
        lines.push(String::new());
        lines.extend(needs(&preview.objectives));
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

/// Says when a service has most to do, how long requests wait then, and how far to trust it.
fn paragraph(service: &ServicePreview) -> [String; 3] {
    let at = |wall: &Option<String>, seconds: f64| wall.clone().unwrap_or_else(|| length(seconds));
    let minute = at(&service.busiest_minute_wall, service.busiest_minute.from_s);
    let peak = at(&service.peak.wall, service.peak.at_s);
    let Waiting { basis, formula, because, mean, busiest } = &service.waiting;
    let because = because.join("; ");
    let sure = match basis {
        Basis::Exact => "exact",
        Basis::Approximation => "approximation",
        Basis::LowerBound => "lower bound",
        Basis::Optimistic => "optimistic",
        Basis::None => "no formula",
    };
    let told = |figures: &Option<WaitFigures>| {
        figures.as_ref().map_or_else(|| "without a steady state".into(), wait)
    };
    let waits = match basis {
        Basis::None => "waits: to be simulated".to_owned(),
        _ if mean == busiest => format!("waits {}", told(mean)),
        _ => format!("waits {}; at the mean rate {}", told(busiest), told(mean)),
    };
    let parts: Vec<&str> = [formula, because.as_str()].into_iter().filter(|part| !part.is_empty()).collect();
    [
        format!("{}: busiest minute from {minute}, peak at {peak}", service.name),
        format!("- {waits}"),
        format!("- {sure}: {}", parts.join("; ")),
    ]
}

fn wait(figures: &WaitFigures) -> String {
    // Below a millionth of a millisecond a wait is none.
    let ms = |seconds: f64| {
        if seconds < 1e-9 { "0 ms".to_owned() } else { format!("{} ms", grouped(seconds * 1e3, 3)) }
    };
    let percent =
        |share: f64| if share < 1e-6 { "0 %".to_owned() } else { format!("{} %", grouped(share * 100.0, 3)) };
    let mut text = format!("{} on average", ms(figures.mean_s));
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

/// Says how many replications objectives need: those with a share one by one, the others together.
fn needs(objectives: &[Need]) -> Vec<String> {
    let (shares, plain): (Vec<&Need>, Vec<&Need>) =
        objectives.iter().partition(|need| need.holds_in.is_some());
    let line = |names: String, need: &Need, more: &str| {
        format!("{names}: {}{more} replications; {}", need.replications, need.because)
    };
    let mut lines: Vec<String> =
        shares.iter().map(|need| line(need.objective.clone(), need, " or more")).collect();
    let names: Vec<&str> = plain.iter().map(|need| need.objective.as_str()).collect();
    lines.extend(plain.first().map(|need| line(names.join(", "), need, " or more")));
    lines
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

#[cfg(test)]
mod tests;
