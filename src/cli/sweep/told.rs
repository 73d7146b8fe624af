//! Sentences about sweeps, and commands that go on with them.

use super::read::REPLICATIONS;
use crate::report::grouped;
use crate::results::experiment::{Design, ExperimentPlan};

/// Returns so many of something.
pub(in crate::cli) fn count(number: usize, one: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {one}{plural}", grouped(number as f64, 0))
}

/// Returns a cell's number with its values.
pub(super) fn cell(plan: &ExperimentPlan, cell: usize) -> String {
    let values = plan.values(cell);
    let values = if values.is_empty() { values } else { format!(" ({values})") };
    format!("cell {}{values}", cell + 1)
}

/// Returns how many replications a cell gets.
pub(super) fn design(design: &Design) -> String {
    match design.looks[..] {
        [only] => count(only as usize, "replication"),
        [first, second, ..] => {
            let most = design.most();
            format!("{first} to {most} replications, looked at after {first}, {second}, .. {most}")
        }
        [] => String::new(),
    }
}

/// Returns the command that repeats a run alone; `file` is where the sweep stands.
pub(super) fn repeat(plan: &ExperimentPlan, file: &str, cell: usize, replication: u32) -> String {
    of_cell(
        "peakday run",
        plan,
        [file, "--cell", &(cell + 1).to_string(), "--replication", &replication.to_string()],
    )
}

/// Returns the command that tells how much more load a cell takes.
pub(super) fn headroom(plan: &ExperimentPlan, file: &str, cell: usize) -> String {
    of_cell("peakday headroom", plan, [file, "--cell", &(cell + 1).to_string()])
}

/// Returns a command about one cell, with what is laid over the sweep; how many replications there are is its own.
fn of_cell<const N: usize>(program: &str, plan: &ExperimentPlan, fixed: [&str; N]) -> String {
    let at = plan.flags.iter().position(|flag| flag == REPLICATIONS).unwrap_or(plan.flags.len());
    let layers = plan.flags[..at].iter().chain(plan.flags.iter().skip(at + 2));
    command(program, fixed.into_iter().chain(layers.map(String::as_str)))
}

/// Returns the command that goes on with a sweep.
pub(super) fn resume(plan: &ExperimentPlan, file: &str, dir: &str) -> String {
    let fixed = [file, "-o", dir, "--resume"];
    command("peakday sweep run", fixed.into_iter().chain(plan.flags.iter().map(String::as_str)))
}

/// Returns a command as a shell takes it.
pub(super) fn command<'a>(program: &str, arguments: impl IntoIterator<Item = &'a str>) -> String {
    arguments.into_iter().fold(program.to_owned(), |line, argument| line + " " + &quoted(argument))
}

/// Returns an argument as a shell takes it.
pub(super) fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,%+@".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', "'\\''"))
}

/// Says in what two plans differ that decides what is simulated or told; nothing where they are of one sweep.
pub(super) fn differences(there: &ExperimentPlan, here: &ExperimentPlan) -> Vec<String> {
    let mut told = Vec::new();
    let mut compare = |what: &str, there: String, here: String| {
        if there != here {
            told.push(format!("{what}: {there} there, {here} here"));
        }
    };
    let axes = |plan: &ExperimentPlan| {
        let names = plan.axes.iter().map(|axis| format!("{} ({} values)", axis.name, axis.values.len()));
        names.collect::<Vec<_>>().join(" x ")
    };
    let baseline = |plan: &ExperimentPlan| cell(plan, plan.baseline);
    let metric = |plan: &ExperimentPlan, at: Option<usize>| {
        at.map_or_else(|| "none".to_owned(), |at| plan.metrics[at].name.clone())
    };
    compare("name", there.name.clone(), here.name.clone());
    compare("axes", axes(there), axes(here));
    compare("cells", there.cells.len().to_string(), here.cells.len().to_string());
    compare("replications", design(&there.design), design(&here.design));
    compare("baseline", baseline(there), baseline(here));
    compare("rankBy", metric(there, there.rank_by), metric(here, here.rank_by));
    let other: Vec<usize> = (0..here.cells.len().min(there.cells.len()))
        .filter(|&at| here.cells[at].sha256 != there.cells[at].sha256)
        .collect();
    if let Some(&first) = other.first() {
        let (some, all) = (other.len(), here.cells.len());
        told.push(format!(
            "scenarios: {some} of {all} cells have others; the first is {}",
            cell(here, first)
        ));
    }
    // Whatever else there is, such as labels, precision and headlines, has one sentence.
    let bare = |plan: &ExperimentPlan| ExperimentPlan {
        display_name: None,
        file: String::new(),
        flags: Vec::new(),
        ..plan.clone()
    };
    if told.is_empty() && bare(there) != bare(here) {
        told.push("labels, precision, or what is measured differ".to_owned());
    }
    told
}
