//! What differs between two scenarios, by path. Knows syntax and where one thing is chosen among several; no units.

use std::collections::BTreeSet;

use super::merge::name_of;
use super::schema::Shape;
use super::tree::{self, Entry, Node, Value};
use crate::results::ScenarioChange;

/// Returns what differs between two resolved scenarios: paths as `--set` takes them, elements of lists by their
/// names where they have some. Keys stand in the order of `b`, those that only `a` has behind them.
///
/// # Errors
/// Where one of them is no YAML.
pub fn differences(a: &str, b: &str) -> Result<Vec<ScenarioChange>, String> {
    let parsed = |text| tree::parse(text, 0).map_err(|error| error.message);
    let mut found = Vec::new();
    below("", &parsed(a)?, &parsed(b)?, Shape::root(), &mut found);
    Ok(found)
}

fn below(path: &str, a: &Node, b: &Node, shape: Shape, found: &mut Vec<ScenarioChange>) {
    match (&a.value, &b.value) {
        (Value::Map(old), Value::Map(new)) if !chosen_anew(old, new, shape) => {
            for (key, old, new) in matched(old, new) {
                let path = format!("{path}{}{}", if path.is_empty() { "" } else { "." }, spelt(key));
                each(&path, old, new, shape.under(key), found);
            }
            let order = |entries: &[Entry], others: &[Entry]| {
                let both = entries.iter().filter(|(key, ..)| others.iter().any(|(other, ..)| other == key));
                both.map(|(key, ..)| &**key).collect::<Vec<_>>().join(", ")
            };
            let (old, new) = (order(old, new), order(new, old));
            // Servers are numbered, and ties are broken, in the order of names.
            if shape.is_map_of_names() && old != new {
                found.push(ScenarioChange { path: format!("{path} (order)"), a: Some(old), b: Some(new) });
            }
        }
        (Value::List(old), Value::List(new)) if is_of_maps(old) || is_of_maps(new) => {
            for (element, old, new) in elements(old, new) {
                each(&format!("{path}[{element}]"), old, new, shape.item(), found);
            }
        }
        _ => {
            let (old, new) = (on_one_line(a), on_one_line(b));
            if old != new {
                found.push(ScenarioChange { path: path.to_owned(), a: Some(old), b: Some(new) });
            }
        }
    }
}

fn each(path: &str, a: Option<&Node>, b: Option<&Node>, shape: Shape, found: &mut Vec<ScenarioChange>) {
    match (a, b) {
        (Some(a), Some(b)) => below(path, a, b, shape, found),
        _ => {
            found.push(ScenarioChange { path: path.to_owned(), a: a.map(on_one_line), b: b.map(on_one_line) })
        }
    }
}

/// Tells whether one thing was chosen among several, and now another is.
fn chosen_anew(a: &[Entry], b: &[Entry], shape: Shape) -> bool {
    let has = |entries: &[Entry], key: &str| entries.iter().any(|(known, ..)| known == key);
    let differs = |(key, ..): &&Entry| has(a, key) != has(b, key);
    a.iter().chain(b).filter(differs).any(|(key, ..)| shape.chooses(key) && !shape.is_map_of_names())
}

/// Returns the values of every key.
fn matched<'a>(a: &'a [Entry], b: &'a [Entry]) -> Vec<(&'a str, Option<&'a Node>, Option<&'a Node>)> {
    let of = |entries: &'a [Entry], key: &str| {
        entries.iter().find(|(known, ..)| known == key).map(|(.., node)| node)
    };
    let gone = a.iter().filter(|(key, ..)| of(b, key).is_none());
    b.iter().chain(gone).map(|(key, ..)| (&**key, of(a, key), of(b, key))).collect()
}

fn is_of_maps(items: &[Node]) -> bool {
    items.iter().any(|item| matches!(item.value, Value::Map(_)))
}

/// Returns the elements of two lists: by name where all have one of their own, else by their places.
fn elements<'a>(a: &'a [Node], b: &'a [Node]) -> Vec<(String, Option<&'a Node>, Option<&'a Node>)> {
    let names = |items: &'a [Node]| -> Option<Vec<&'a str>> { items.iter().map(name_of).collect() };
    let unique = |names: &[&str]| names.iter().collect::<BTreeSet<_>>().len() == names.len();
    let (Some(old), Some(new)) = (names(a).filter(|n| unique(n)), names(b).filter(|n| unique(n))) else {
        return (0..a.len().max(b.len())).map(|i| (i.to_string(), a.get(i), b.get(i))).collect();
    };
    let of = |names: &[&str], items: &'a [Node], name: &str| {
        names.iter().position(|known| *known == name).and_then(|place| items.get(place))
    };
    let all = new.iter().chain(old.iter().filter(|name| !new.contains(name)));
    all.map(|name| ((*name).to_owned(), of(&old, a, name), of(&new, b, name))).collect()
}

/// Writes a key as a path has it; a key that is a path itself stands in quotes.
fn spelt(key: &str) -> String {
    if key.starts_with("services.") || key.starts_with("traffic.") {
        format!("\"{key}\"")
    } else {
        key.to_owned()
    }
}

/// Writes a value on one line; a choice without parameters bare, as scenarios may have it.
fn on_one_line(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Plain(_, text) | Value::Text(text) => text.clone(),
        Value::List(items) => format!("[{}]", items.iter().map(on_one_line).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => match &entries[..] {
            [(key, _, Node { value: Value::Map(none), .. })] if none.is_empty() => key.clone(),
            entries => {
                let entry = |(key, _, node): &Entry| format!("{key}: {}", on_one_line(node));
                format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(a: &str, b: &str) -> Vec<String> {
        let told = |change: ScenarioChange| {
            let side = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
            format!("{}: {} > {}", change.path, side(change.a), side(change.b))
        };
        differences(a, b).unwrap().into_iter().map(told).collect()
    }

    #[test]
    fn what_differs_is_told_by_its_path() {
        let table: [(&str, &str, &[&str]); 17] = [
            ("run: {seed: 1}", "run: {seed: 1}", &[]),
            ("run: {seed: 1}", "run: {seed: 2}", &["run.seed: 1 > 2"]),
            // What is written in two ways is one value.
            ("run: {load: \"1.2\"}", "run: {load: 1.2}", &[]),
            (
                "services: {web: {pools: {p: {replicas: 4}}}}",
                "services: {web: {pools: {p: {replicas: 6, zones: [a]}}}}",
                &["services.web.pools.p.replicas: 4 > 6", "services.web.pools.p.zones: - > [a]"],
            ),
            ("services: {a: {work: 5ms}}", "services: {}", &["services.a: {work: 5ms} > -"]),
            // Another choice is one change, the same choice with another parameter is one deeper.
            (
                "services: {web: {balancer: {random: {}}}}",
                "services: {web: {balancer: {leastRequest: {choiceCount: 2}}}}",
                &["services.web.balancer: random > {leastRequest: {choiceCount: 2}}"],
            ),
            (
                "services: {web: {balancer: {leastRequest: {choiceCount: 2}}}}",
                "services: {web: {balancer: {leastRequest: {choiceCount: 3}}}}",
                &["services.web.balancer.leastRequest.choiceCount: 2 > 3"],
            ),
            (
                "services: {web: {work: 5ms}}",
                "services: {web: {work: {exponential: {mean: 5ms}}}}",
                &["services.web.work: 5ms > {exponential: {mean: 5ms}}"],
            ),
            // Names that users give are no choice.
            (
                "services: {web: {pools: {a: {replicas: 1}}}}",
                "services: {web: {pools: {b: {replicas: 1}}}}",
                &["services.web.pools.b: - > {replicas: 1}", "services.web.pools.a: {replicas: 1} > -"],
            ),
            // Elements by their names, whatever their order; those without by their places.
            (
                "objectives: [{name: x, every: 1m}, {name: y, every: 2m}]",
                "objectives: [{name: y, every: 3m}, {name: x, every: 1m}, {name: z}]",
                &["objectives[y].every: 2m > 3m", "objectives[z]: - > {name: z}"],
            ),
            (
                "releases: [{version: v1, at: 5m}]",
                "releases: [{version: v1, at: 6m}, {version: v2}]",
                &["releases[0].at: 5m > 6m", "releases[1]: - > {version: v2}"],
            ),
            (
                "objectives: [{name: x, a: 1}, {name: x, a: 2}]",
                "objectives: [{name: x, a: 1}, {name: x, a: 3}]",
                &["objectives[1].a: 2 > 3"],
            ),
            ("a: [1, 2]", "a: [1, 3]", &["a: [1, 2] > [1, 3]"]),
            ("a: [1]", "a: {b: 1}", &["a: [1] > {b: 1}"]),
            (
                "actions: [{name: x, set: {services.web.queue.limit: 2}}]",
                "actions: [{name: x, set: {services.web.queue.limit: 3}}]",
                &["actions[x].set.\"services.web.queue.limit\": 2 > 3"],
            ),
            (
                "services: {web: {pools: {a: {replicas: 1}, b: {replicas: 1}}}}",
                "services: {web: {pools: {b: {replicas: 1}, a: {replicas: 1}}}}",
                &["services.web.pools (order): a, b > b, a"],
            ),
            ("run: {seed: 1, load: 2}", "run: {load: 2, seed: 1}", &[]),
        ];
        for (a, b, expected) in table {
            assert_eq!(told(a, b), expected, "{a} against {b}");
        }
        assert!(differences("a: [", "a: 1").is_err());
    }
}
