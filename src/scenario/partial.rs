//! Cross-checks of a file of which some blocks could not be read, so that mending these does not
//! bring up the next problems one by one.
//!
//! Blocks that could not be read are left out, or replaced by ones that draw no problem. What could
//! follow from that alone is not told: a problem that is not there is worse than one told later.

use std::collections::BTreeSet;

use super::check;
use super::decode::{DecodeError, decode};
use super::schema::Shape;
use super::spec::ScenarioSpec;
use super::tree::{self, Entry, Node, Value, longest_key};
use crate::error::{Code, Problem};
use crate::workload::recorded::TraceFiles;

/// Tells whether a file is a part of a scenario, an overlay as a rule, and no whole one.
pub(super) fn is_part(root: &Node) -> bool {
    let Value::Map(entries) = &root.value else { return false };
    let has = |wanted: &str| entries.iter().any(|(key, ..)| key == wanted);
    !has("apiVersion") && !has("kind") && entries.iter().any(|(key, ..)| Shape::root().has(key))
}

/// Says that a file is a part, instead of naming every key that it lacks.
pub(super) fn tell_part(file: &str, root: &Node, errors: &mut Vec<DecodeError>) {
    errors.retain(|error| error.code != Code::MissingKey);
    let message = "this is a part of a scenario: the keys `apiVersion` and `kind` are missing";
    let remedy = format!(
        "lay it over a whole one: peakday validate SCENARIO -f {file}; or begin with apiVersion: peakday/v1alpha1 and kind: Scenario"
    );
    errors.insert(0, DecodeError::new(Code::MissingKey, message, remedy).or_at(root.at));
}

/// What stands in for a block that could not be read.
const STAND_INS: &str = "{apiVersion: peakday/v1alpha1, kind: Scenario, metadata: {name: a}, run: {duration: 1h}, \
    services: {pools: {a: {replicas: 1, concurrency: 1}}, work: 1ms}, \
    monitoring: {scrape: 15s, window: 30s}, \
    objectives: {name: a, service: a, success: {gte: 99%}}, \
    faults: {at: 1s, crash: {service: a, servers: 1}}, \
    actions: {at: 1s, set: {services.a.balancer: random}}, \
    releases: {service: a, version: a, at: 1s}, freezes: {from: 1s}}";
/// Sections with blocks by name, and those with a list of them.
const NAMED: [&str; 3] = ["services", "traffic", "monitoring"];
const LISTED: [&str; 5] = ["objectives", "faults", "actions", "releases", "freezes"];

/// The blocks that could not be read.
#[derive(Debug, Default)]
struct Broken {
    /// Paths of sections that are one block, and of the blocks of all others.
    blocks: BTreeSet<String>,
}

/// Returns what is wrong with the rest of a file, as far as that can be told.
pub(super) fn problems(root: &Node, errors: &[DecodeError], traces: &dyn TraceFiles) -> Vec<(Code, Problem)> {
    let Some(broken) = Broken::of(root, errors) else { return Vec::new() };
    let mut rest = root.clone();
    if broken.stand_in(&mut rest).is_none() {
        return Vec::new();
    }
    let Ok(spec) = decode::<ScenarioSpec>(&rest, Shape::root(), check::MAX_TOLD) else { return Vec::new() };
    let mut found = check::check(&spec, &check::Traces::new(traces)).err().unwrap_or_default();
    found.retain(|(code, problem)| !broken.explains(*code, &problem.path));
    found
}

impl Broken {
    /// Collects the blocks; `None` where too little is left.
    fn of(root: &Node, errors: &[DecodeError]) -> Option<Self> {
        let Value::Map(sections) = &root.value else { return None };
        let mut broken = Self::default();
        for error in errors {
            let Some((section, rest)) = longest_key(sections, &error.path) else {
                // A section that is missing.
                broken.blocks.extend(
                    ["apiVersion", "kind", "metadata", "run"]
                        .map(str::to_owned)
                        .into_iter()
                        .filter(|name| !sections.iter().any(|(known, ..)| known == name)),
                );
                continue;
            };
            let (name, _, section) = &sections[section];
            let block = match (name.as_str(), &section.value) {
                (name, Value::Map(entries)) if NAMED.contains(&name) => {
                    let (entry, _) = longest_key(entries, rest)?;
                    format!("{name}.{}", entries[entry].0)
                }
                (name, Value::List(_)) if LISTED.contains(&name) => {
                    let (index, _) = rest.strip_prefix('[')?.split_once(']')?;
                    format!("{name}[{index}]")
                }
                (name, _) if NAMED.contains(&name) || LISTED.contains(&name) => return None,
                (name, _) => name.to_owned(),
            };
            broken.blocks.insert(block);
        }
        Some(broken)
    }

    /// Leaves the blocks out, or lets others stand in for them.
    fn stand_in(&self, root: &mut Node) -> Option<()> {
        let stand_ins = tree::parse(STAND_INS, 0).ok()?;
        let Value::Map(stand_ins) = stand_ins.value else { return None };
        let stand_in =
            |name: &str| stand_ins.iter().find(|(known, ..)| known == name).map(|(.., node)| node.clone());
        let Value::Map(sections) = &mut root.value else { return None };
        sections.retain(|(name, ..)| !self.blocks.contains(name));
        for name in
            ["apiVersion", "kind", "metadata", "run"].into_iter().filter(|name| self.blocks.contains(*name))
        {
            sections.push((name.to_owned(), root.at, stand_in(name)?));
        }
        for (section, _, node) in sections {
            match &mut node.value {
                Value::Map(entries) if section == "traffic" => {
                    entries.retain(|(name, ..)| !self.blocks.contains(&format!("traffic.{name}")));
                }
                Value::Map(entries) if NAMED.contains(&section.as_str()) => {
                    let broken = |entry: &&mut Entry| self.blocks.contains(&format!("{section}.{}", entry.0));
                    for (.., block) in entries.iter_mut().filter(broken) {
                        *block = stand_in(section)?;
                    }
                }
                Value::List(items) => {
                    for (index, item) in items.iter_mut().enumerate() {
                        if self.blocks.contains(&format!("{section}[{index}]")) {
                            *item = stand_in(section)?;
                        }
                    }
                }
                _ => {}
            }
        }
        Some(())
    }

    fn any(&self, section: &str) -> bool {
        self.blocks.iter().any(|block| block.starts_with(section))
    }

    /// Tells whether a problem may be there only since blocks are missing.
    fn explains(&self, code: Code, path: &str) -> bool {
        let within = |block: &String| {
            path.strip_prefix(block.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let (services, sources, run) = (self.any("services."), self.any("traffic."), self.any("run"));
        let of_objective = path.starts_with("objectives");
        // These go by the pools, zones, classes and servers that there are.
        let of_release = path.starts_with("releases");
        let of_fleet = ["faults", "actions", "releases", "freezes"].iter().any(|at| path.starts_with(at));
        let of_fleet = of_fleet && !path.ends_with(".service") && code != Code::Name;
        self.blocks.iter().any(within)
            || of_fleet && (services || sources || run)
            || match code {
                // Files are looked at once all of it can be read.
                Code::TraceMissing | Code::TraceLines => true,
                Code::Instant | Code::Rate | Code::TooMuch => run,
                Code::Objective => run && path.ends_with(".every"),
                Code::Contradiction | Code::OutOfRange => {
                    run && (path.starts_with("run") || path.starts_with("monitoring"))
                }
                // Who is to judge may be what cannot be read.
                Code::Nothing if of_release => self.any("objectives"),
                Code::Nothing => sources && (of_objective || path == "traffic"),
                Code::Recorded => (services || sources) && path.ends_with(".class"),
                Code::UnknownName if of_objective => (services || sources) && path.ends_with(".class"),
                Code::UnknownName => sources && path.starts_with("services."),
                _ => false,
            }
    }
}
