//! The answer of a search in words.

use crate::report::number::{grouped, plain};
use crate::results::Verdict;
use crate::results::experiment::{Answer, Candidate, Scale, SizePath, Sizing};

/// So many objectives and resources are named in the order in which they give way.
const NAMED: usize = 3;

/// Returns the answer as a sentence without its end.
pub fn sentence(sizing: &Sizing) -> String {
    let one = sizing.paths.first();
    match &sizing.answer {
        Answer::UpTo { larger_is_harder, holds, crossing, fails } => {
            up_to(sizing, *larger_is_harder, [*holds, *crossing], *fails)
        }
        Answer::All => format!("everything holds {}", between(sizing)),
        Answer::None => format!("no value {} meets {}", between(sizing), failing(sizing)),
        Answer::Undecided => format!("no value {} is proven to hold", between(sizing)),
        Answer::NotMonotone { holds, .. } => {
            let safe = holds.and_then(|holds| sizing.candidate(&[holds]));
            let safe = safe.zip(one).map(|(safe, path)| {
                format!("; {} holds, as everything easier does that was simulated", named(path, safe, 0))
            });
            format!("what should be easier does worse{}", safe.unwrap_or_default())
        }
        Answer::Cheapest { best, .. } => {
            let best = sizing.candidate(best);
            best.map_or_else(String::new, |best| format!("cheapest is {}", with_cost(sizing, best)))
        }
        Answer::Crossed { best, .. } => {
            let safe = best.as_ref().and_then(|best| sizing.candidate(best));
            let safe = safe.map(|safe| {
                format!("; {} holds, as everything easier does that was simulated", values(sizing, safe))
            });
            format!("what should be easier does worse{}", safe.unwrap_or_default())
        }
    }
}

/// Says how far one path holds.
fn up_to(
    sizing: &Sizing,
    larger_is_harder: bool,
    [holds, crossing]: [usize; 2],
    fails: Option<usize>,
) -> String {
    let (Some(path), Some(at), Some(crossing)) =
        (sizing.paths.first(), sizing.candidate(&[holds]), sizing.candidate(&[crossing]))
    else {
        return String::new();
    };
    let label = |candidate: &Candidate| candidate.values[0].label.clone();
    let fails = fails.and_then(|fails| sizing.candidate(&[fails]));
    if path.scale == Scale::Whole {
        let open = match fails {
            Some(fails) => open_between(at, fails),
            None => format!("; nothing {} is refuted", if larger_is_harder { "above" } else { "below" }),
        };
        let fails = fails.map(|fails| format!(", {} fails", label(fails))).unwrap_or_default();
        return format!("{} holds{open}{fails}", named(path, at, 0));
    }
    let range = match fails {
        Some(fails) => format!("{} to {}", label(at), label(fails)),
        None => format!("proven for {}", label(at)),
    };
    let name = if path.scale == Scale::Load { String::new() } else { format!("{} ", path.name) };
    let words = if larger_is_harder { "holds up to" } else { "holds from" };
    let planned = sizing.planned.and_then(|planned| sizing.candidate(&[planned]));
    let planned = match planned.map(|planned| (planned.verdict(), label(planned))) {
        Some((Verdict::Fail, planned)) => format!("does not hold at {planned}; "),
        Some((Verdict::Inconclusive, planned)) => format!("{planned} is not decided; "),
        _ => String::new(),
    };
    format!("{planned}{name}{words} {} ({range})", label(crossing))
}

/// Says which whole numbers between two are neither proven nor refuted.
fn open_between(holds: &Candidate, fails: &Candidate) -> String {
    let number = |candidate: &Candidate| candidate.values[0].number.unwrap_or(0.0);
    let (low, high) = (number(holds).min(number(fails)) + 1.0, number(holds).max(number(fails)) - 1.0);
    match high - low {
        gap if gap < 0.0 => String::new(),
        0.0 => format!("; {} is not decided", plain(low)),
        _ => format!("; {} to {} are not decided", plain(low), plain(high)),
    }
}

/// Returns what else there is to say, a line each.
pub fn supplements(sizing: &Sizing) -> Vec<String> {
    let mut lines = Vec::new();
    match &sizing.answer {
        Answer::UpTo { holds, crossing, fails, .. } if sizing.paths[0].scale != Scale::Whole => {
            let label =
                |at: usize| sizing.candidate(&[at]).map(|candidate| candidate.values[0].label.clone());
            let refuted = fails.and_then(label).map(|fails| format!(", refuted for {fails}"));
            let proven = label(*holds).unwrap_or_default();
            let between = if holds == crossing {
                ""
            } else {
                "; what lies between is not decided: plan with what is proven"
            };
            lines.push(format!("proven for {proven}{}{between}", refuted.unwrap_or_default()));
        }
        Answer::All => lines.push(format!("the limit lies beyond; widen the range, {}", wider(sizing))),
        Answer::None => lines.extend(ends(sizing)),
        Answer::Undecided => {
            lines.extend(ends(sizing));
            let more = sizing.looks.last().copied().unwrap_or(0).saturating_mul(4);
            lines.push(format!("more days may decide it: --replications {more}"));
        }
        Answer::NotMonotone { worse, better, .. } => {
            lines.extend(crossed(sizing, &[*worse], &[*better]));
        }
        Answer::Crossed { worse, better, .. } => lines.extend(crossed(sizing, worse, better)),
        Answer::Cheapest { runner_up, easier_costs_more, .. } => {
            let next = runner_up.as_ref().and_then(|next| sizing.candidate(next));
            lines.extend(next.map(|next| format!("next: {}", with_cost(sizing, next))));
            if !easier_costs_more {
                let text = "what is easier does not always cost more here: something cheaper may have been passed over";
                lines.push(text.to_owned());
            }
        }
        Answer::UpTo { .. } => {}
    }
    lines.extend(gives_way(sizing));
    if sizing.crossed_days > 0 && !matches!(sizing.answer, Answer::NotMonotone { .. }) {
        let days = sizing.crossed_days;
        let days = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
        lines.push(format!(
            "on {days} something harder held and something easier did not: no more than chance"
        ));
    }
    lines
}

/// Says which objectives break first, and what reaches its limit first.
fn gives_way(sizing: &Sizing) -> Vec<String> {
    let listed = |all: Vec<(String, &Candidate)>| {
        let named = all.iter().take(NAMED).map(|(name, at)| format!("{name} ({})", at.values[0].label));
        named.collect::<Vec<_>>().join(", then ")
    };
    let breaks: Vec<_> = sizing
        .breaks()
        .into_iter()
        .map(|(objective, at)| (sizing.objectives[objective].name.clone(), at))
        .collect();
    let limits: Vec<_> = sizing
        .limits()
        .into_iter()
        .map(|(resource, at)| (sizing.resources[resource].replace('.', " "), at))
        .collect();
    let mut lines = Vec::new();
    if !breaks.is_empty() {
        lines.push(format!("first to break: {}", listed(breaks)));
    }
    if !limits.is_empty() {
        lines.push(format!("first at its limit: {}", listed(limits)));
    }
    lines
}

/// Returns the ends of the range in words.
fn between(sizing: &Sizing) -> String {
    let range = |path: &SizePath| format!("{} from {} to {}", path.name, path.from.label, path.to.label);
    let ranges: Vec<String> = sizing.paths.iter().map(range).collect();
    match &sizing.paths[..] {
        [path] if path.scale == Scale::Load => format!("from {} to {}", path.from.label, path.to.label),
        _ => format!("of {}", ranges.join(" with ")),
    }
}

/// Names the objectives that no candidate meets, or all where each is met by some.
fn failing(sizing: &Sizing) -> String {
    let met = |objective: usize| {
        sizing.candidates.iter().any(|candidate| candidate.objectives[objective].verdict == Verdict::Pass)
    };
    let names = |all: bool| {
        let named = sizing.objectives.iter().enumerate().filter(|(index, _)| all || !met(*index));
        named.map(|(_, objective)| &*objective.name).collect::<Vec<_>>().join(", ")
    };
    let never = names(false);
    if never.is_empty() { format!("all of {} at once", names(true)) } else { never }
}

/// Says what was reached at the ends of the range.
fn ends(sizing: &Sizing) -> Vec<String> {
    let ends = [sizing.candidates.first(), sizing.candidates.last()];
    let told = |candidate: &Candidate| {
        let share = |(index, objective): (usize, &crate::results::experiment::SizeObjective)| {
            let held = candidate.objectives[index].held;
            let (name, asked) = (&objective.name, plain(objective.holds_in * 100.0));
            format!("{name} holds on {held} of {} days (asked: {asked}%)", candidate.replications)
        };
        let shares: Vec<String> = sizing.objectives.iter().enumerate().map(share).collect();
        format!("at {}: {}", values(sizing, candidate), shares.join(", "))
    };
    ends.into_iter().flatten().map(told).collect()
}

/// Says of two candidates that should stand the other way round how they do.
fn crossed(sizing: &Sizing, worse: &[usize], better: &[usize]) -> Option<String> {
    let told = |at: &[usize]| {
        let candidate = sizing.candidate(at)?;
        let held = candidate.replications as usize - candidate.broken.len();
        let days = candidate.replications;
        Some(format!("{} holds on {held} of {days} days", values(sizing, candidate)))
    };
    Some(format!("not monotone beyond chance: {}, {}", told(worse)?, told(better)?))
}

/// Says which range to try instead of one in which everything holds.
fn wider(sizing: &Sizing) -> String {
    let [path] = &sizing.paths[..] else { return "write wider ranges".to_owned() };
    let ends = path.from.number.zip(path.to.number).filter(|_| path.scale != Scale::Clock);
    match (path.scale, ends) {
        (Scale::Whole, Some((from, to))) => {
            format!("for example --vary {}={}..{}", path.path, libm::floor(from / 2.0), to * 2.0)
        }
        (Scale::Load | Scale::Number, Some((from, to))) => {
            format!("for example --vary {}={}..{}", path.path, from / 2.0, to * 2.0)
        }
        _ => "with a lower LO or a higher HI".to_owned(),
    }
}

/// Returns the values of a candidate with their names.
fn values(sizing: &Sizing, candidate: &Candidate) -> String {
    let named = |(index, path): (usize, &SizePath)| named(path, candidate, index);
    sizing.paths.iter().enumerate().map(named).collect::<Vec<_>>().join(", ")
}

fn named(path: &SizePath, candidate: &Candidate, index: usize) -> String {
    let label = &candidate.values[index].label;
    if path.scale == Scale::Load { label.clone() } else { format!("{}={label}", path.name) }
}

fn with_cost(sizing: &Sizing, candidate: &Candidate) -> String {
    let unit = sizing.currency.as_deref().unwrap_or("server hours");
    let cost = sizing.cost(candidate).map(|cost| format!(", {} {unit} a day", grouped(cost, 4)));
    format!("{}{}", values(sizing, candidate), cost.unwrap_or_default())
}
