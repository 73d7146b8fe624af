//! A preview for people and for programs.

use serde::Serialize;

use super::pace::Pace;
use crate::error::Error;
use crate::preview::{
    Basis, ENDLESS, Need, PolicyPreview, Preview, ReleasePreview, ServicePreview, UNSTEADY, WaitFigures,
    Waiting,
};
use crate::report::{WIDTH, grouped, wrap};
use crate::time::SimDuration;

/// Heads of the table behind the name of the service, in two rows.
const HEADS: [[&str; 9]; 2] = [
    ["", "requests/s", "requests/s", "use %", "use %", "use %", "", "servers", "servers"],
    ["servers", "mean", "busy min", "mean", "busy min", "peak", "of", "at 100 %", "at 80 %"],
];

/// Returns a preview as text. Lines other than those of the table, which names are cut for, are broken at
/// `width` columns; without one they are left whole.
pub(super) fn text(preview: &Preview, pace: &Pace, width: Option<usize>) -> String {
    let head = heading(preview);
    let mut tail = vec![String::new()];
    tail.extend(legend().map(str::to_owned));
    for service in &preview.services {
        tail.push(String::new());
        tail.extend(paragraph(service));
    }
    if !preview.objectives.is_empty() {
        tail.push(String::new());
        tail.extend(needs(&preview.objectives, preview.replications));
    }
    if !preview.releases.is_empty() {
        tail.push(String::new());
        tail.extend(preview.releases.iter().flat_map(releases));
    }
    tail.push(String::new());
    tail.extend(effort(preview, pace));
    if !preview.warnings.is_empty() {
        tail.push(String::new());
    }
    tail.extend(
        preview.warnings.iter().map(|warning| format!("warning: {}: {}", warning.of, warning.message)),
    );
    let prose = |lines: &[String]| lines.iter().map(|line| wrap(line, width)).collect::<String>();
    let figures: String =
        table(&preview.services).iter().map(|line| format!("{}\n", line.trim_end())).collect();
    prose(&head) + "\n" + &figures + &prose(&tail)
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
    let days = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
    vec![
        format!("PLAN  {name}: from theory, nothing was simulated"),
        format!("{start}for {length}, warm-up {warmup}; a run simulates {days}, seed {seed}"),
        format!("scenario {}", preview.scenario_sha256),
    ]
}

/// Says what the columns of the table are.
fn legend() -> [&'static str; 2] {
    [
        "use: the share asked for of what is scarcer, CPU or slots (column `of`): on average after the \
         warm-up, in the busiest minute, and at the worst instant (peak)",
        "servers at 100 %: how many the busiest minute keeps fully busy; at 80 %: how many bring the peak \
         down to 80 %",
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
    let mut rows: Vec<(&str, [String; 9])> =
        ["", "service"].into_iter().zip(HEADS.map(|head| head.map(str::to_owned))).collect();
    rows.extend(services.iter().map(|service| (service.name.as_str(), row(service))));
    let widths: Vec<usize> =
        (0..HEADS[0].len()).map(|at| rows.iter().map(|(_, row)| row[at].len()).max().unwrap_or(0)).collect();
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
fn paragraph(service: &ServicePreview) -> Vec<String> {
    let at = |wall: &Option<String>, seconds: f64| wall.clone().unwrap_or_else(|| length(seconds));
    let minute = at(&service.busiest_minute_wall, service.busiest_minute.from_s);
    let peak = at(&service.peak.wall, service.peak.at_s);
    let mut lines = vec![format!("{}: busiest minute from {minute}, peak at {peak}", service.name)];
    let Waiting { basis, formula, because, mean, busiest } = &service.waiting;
    if *basis == Basis::None {
        lines.push(format!("- waiting: no formula ({}); `peakday run` tells", because.join("; ")));
        return lines;
    }
    let told = |figures: &Option<WaitFigures>| {
        figures.as_ref().map_or_else(|| "longer and longer, more comes than can be served".into(), wait)
    };
    let waits = match mean == busiest {
        true => told(mean),
        false => format!("in the busiest minute {}; at the mean rate {}", told(busiest), told(mean)),
    };
    lines.push(format!("- waiting, on top of the time a request needs when alone: {waits}"));
    let sure = match basis {
        Basis::Exact => "exact, this scenario is what the formula describes",
        Basis::Approximation => "an approximation",
        Basis::LowerBound => "at least this on average, only a run tells how much more",
        Basis::OneQueue => "too little if anything, only a run tells how much more",
        Basis::None => "",
    };
    lines.push(format!("- {sure}: {formula}{}", gloss(formula)));
    let real = [UNSTEADY, ENDLESS];
    let assumed: Vec<&str> = because.iter().map(String::as_str).filter(|text| !real.contains(text)).collect();
    if !assumed.is_empty() {
        lines.push(format!("- the formula assumes {}", assumed.join("; ")));
    }
    lines
}

fn wait(figures: &WaitFigures) -> String {
    // The clock counts nanoseconds: less is none. Below a microsecond nobody cares how much.
    let ms = |seconds: f64| {
        if seconds.is_infinite() {
            return "without end".to_owned();
        }
        if (1e-9..1e-6).contains(&seconds) {
            return "under 0.001 ms".to_owned();
        }
        if seconds < 1e-9 { "0 ms".to_owned() } else { format!("{} ms", grouped(seconds * 1e3, 3)) }
    };
    let percent =
        |share: f64| if share < 1e-6 { "0 %".to_owned() } else { format!("{} %", grouped(share * 100.0, 3)) };
    let mut text = format!("{} on average", ms(figures.mean_s));
    if let Some(p99) = figures.p99_s {
        text += &format!(", p99 {}", ms(p99));
    }
    if let Some(share) = figures.share_waiting {
        text += &format!(", {} of the requests wait", percent(share));
    }
    if let Some(share) = figures.share_rejected {
        text += &format!(", {} are turned away", percent(share));
    }
    text
}

/// Says in plain words what a formula is about.
fn gloss(formula: &str) -> &'static str {
    let known = [
        ("processor sharing", ": requests in hand share the cores"),
        ("supermarket", ": each request joins the shortest of some queues drawn at random"),
        ("M/M/", ": random arrivals, exponential work"),
        ("M/G/1", ": random arrivals, any work, one request at a time"),
        ("E_", ": random arrivals dealt out in turn, exponential work"),
        ("G/G/", ": any arrivals, any work"),
    ];
    known.iter().find(|(name, _)| formula.starts_with(name)).map_or("", |(_, words)| words)
}

/// Says how many days objectives need: those with a share one by one, the others together.
fn needs(objectives: &[Need], replications: u32) -> Vec<String> {
    let (shares, plain): (Vec<&Need>, Vec<&Need>) =
        objectives.iter().partition(|need| need.holds_in.is_some());
    let line = |names: String, need: &Need| {
        let (days, because) = (need.replications, &need.because);
        format!(
            "{names}: only a run can judge; simulate {days} days or more (run.replications is {replications}); \
             {because}"
        )
    };
    let mut lines: Vec<String> = shares.iter().map(|need| line(need.objective.clone(), need)).collect();
    let names: Vec<&str> = plain.iter().map(|need| need.objective.as_str()).collect();
    lines.extend(plain.first().map(|need| line(names.join(", "), need)));
    lines
}

/// Says when a release is rolled out at the earliest, and how long each of its ways takes.
fn releases(release: &ReleasePreview) -> Vec<String> {
    let ReleasePreview { service, version, commits, start_s, start_wall, policies } = release;
    let start = match (start_wall, start_s) {
        (Some(wall), _) => format!("rolled out from {wall} on, at the earliest"),
        (None, Some(start)) => format!("rolled out from {} on, at the earliest", length(*start)),
        (None, None) => "not rolled out within the run".to_owned(),
    };
    let commits = if *commits == 1.0 { String::new() } else { format!(", {} commits", grouped(*commits, 3)) };
    let way = |policy: &PolicyPreview| {
        let called = if policy.name == policy.strategy {
            policy.name.clone()
        } else {
            format!("{} ({})", policy.name, policy.strategy)
        };
        let takes = match policy.shortest_s {
            0.0 => "takes as long as its servers do".to_owned(),
            seconds => format!("takes {} at least", length(seconds)),
        };
        let peak = if policy.at_peak { ", and the peak falls into it" } else { "" };
        format!("- {called} {takes}{peak}")
    };
    let head = format!("release {version} of {service}: {start}{commits}");
    [head].into_iter().chain(policies.iter().map(way)).collect()
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
            "a run: {} requests and {} events a day, {} requests in all days",
            grouped(effort.requests, 3),
            grouped(effort.events, 3),
            grouped(effort.requests_in_all, 3)
        ),
        format!(
            "it takes about {} s on {cores} and {} MiB of memory ({} ns a request, measured on this machine \
             a moment ago)",
            grouped(seconds(preview, pace), 2),
            grouped(effort.memory_bytes / f64::from(1 << 20), 2),
            grouped(pace.ns_per_request, 2)
        ),
    ]
}

#[cfg(test)]
mod tests;
