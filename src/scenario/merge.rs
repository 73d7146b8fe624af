//! Trees laid over one another, and single values set: `services.web.pools.standard.replicas=20`.
//!
//! Maps are merged key by key, everything else is replaced whole; where one thing is chosen among
//! several, the other choice replaces the first. `null` removes a key. Every node keeps its place.

use super::schema::Shape;
use super::suggest;
use super::tree::{Entry, Node, Value, longest_key};

/// Lays a tree over another.
pub(super) fn lay(base: &mut Node, over: Node, shape: Shape) {
    match (&mut base.value, over.value) {
        (Value::Map(entries), Value::Map(others)) => {
            let lost = |key: &str| !others.iter().any(|(other, ..)| other == key);
            let chosen = entries.iter().chain(&others).any(|(key, ..)| shape.chooses(key));
            if chosen && entries.iter().any(|(key, ..)| lost(key)) {
                *base = Node { at: over.at, value: Value::Map(others) };
                return;
            }
            for other in others {
                lay_entry(entries, other, shape);
            }
        }
        (_, value) => *base = Node { at: over.at, value },
    }
}

fn lay_entry(entries: &mut Vec<Entry>, (key, at, over): Entry, shape: Shape) {
    let Some(place) = entries.iter().position(|(known, ..)| *known == key) else {
        entries.push((key, at, over));
        return;
    };
    if matches!(over.value, Value::Null) {
        entries.remove(place);
        return;
    }
    let (_, base_at, base) = &mut entries[place];
    let both = matches!((&base.value, &over.value), (Value::Map(_), Value::Map(_)));
    lay(base, over, shape.under(&key));
    if !both {
        *base_at = at;
    }
}

/// Sets the value at a path such as `services.web.pools.standard.replicas` or
/// `objectives[order-p99].every`; maps on the way come into being, `null` removes a key.
///
/// # Errors
/// What is wrong with the path, and what to write instead.
pub(super) fn set(root: &mut Node, path: &str, value: Node) -> Result<(), (String, String)> {
    descend(root, path, value, Shape::root())
}

fn descend(node: &mut Node, path: &str, value: Node, shape: Shape) -> Result<(), (String, String)> {
    if path.is_empty() {
        *node = value;
        return Ok(());
    }
    if path.starts_with('[') {
        let (item, rest) = element(node, path)?;
        return descend(item, rest, value, shape);
    }
    let at = value.at;
    if !matches!(node.value, Value::Map(_)) {
        *node = Node { at, value: Value::Map(Vec::new()) };
    }
    let Value::Map(entries) = &mut node.value else { return Ok(()) };
    let (key, rest) = step(entries, path)?;
    let below = shape.under(&key);
    let removes = rest.is_empty() && matches!(value.value, Value::Null);
    // Another choice than the one that is made replaces it.
    if !removes && shape.chooses(&key) && !entries.iter().any(|(known, ..)| *known == key) {
        entries.clear();
    }
    let place = entries.iter().position(|(known, ..)| *known == key);
    match place {
        Some(place) if removes => {
            entries.remove(place);
            Ok(())
        }
        None if removes => {
            Err((format!("there is no `{}` to remove", suggest::short(path)), known_keys(entries, &key)))
        }
        Some(place) => {
            let (_, key_at, child) = &mut entries[place];
            if rest.is_empty() {
                *key_at = at;
            }
            descend(child, rest, value, below)
        }
        None => {
            let mut child = Node { at, value: Value::Null };
            descend(&mut child, rest, value, below)?;
            entries.push((key, at, child));
            Ok(())
        }
    }
}

fn known_keys(entries: &[Entry], key: &str) -> String {
    suggest::known(key, entries.iter().map(|(known, ..)| known.as_str()))
}

/// Takes the next key of a path: in quotes, one that is there, or what stands before the next point.
fn step<'a>(entries: &[Entry], path: &'a str) -> Result<(String, &'a str), (String, String)> {
    let malformed = || {
        let message = format!("`{}` is not a path", suggest::short(path));
        (message, "write for example services.web.pools.standard.replicas=20".to_owned())
    };
    let (key, rest) = if let Some(quoted) = path.strip_prefix('"') {
        let (key, rest) = quoted.split_once('"').ok_or_else(malformed)?;
        (key.to_owned(), rest.strip_prefix('.').unwrap_or(rest))
    } else if let Some((index, rest)) = longest_key(entries, path) {
        (entries[index].0.clone(), rest)
    } else {
        let end = path.find(['.', '[']).unwrap_or(path.len());
        let rest = &path[end..];
        (path[..end].to_owned(), rest.strip_prefix('.').unwrap_or(rest))
    };
    if key.is_empty() { Err(malformed()) } else { Ok((key, rest)) }
}

/// Finds `[0]`, or `[order-p99]`: the element of that index, or whose `name` it is.
fn element<'n, 'p>(node: &'n mut Node, path: &'p str) -> Result<(&'n mut Node, &'p str), (String, String)> {
    let bracket = "write for example objectives[0] or objectives[order-p99]".to_owned();
    let Some((wanted, rest)) = path.strip_prefix('[').and_then(|path| path.split_once(']')) else {
        return Err((format!("`{}` has no closing bracket", suggest::short(path)), bracket));
    };
    let rest = rest.strip_prefix('.').unwrap_or(rest);
    let Value::List(items) = &mut node.value else {
        let message = format!("there is no list that `[{}]` could be an element of", suggest::short(wanted));
        return Err((message, "name a key with a point, as in services.web".to_owned()));
    };
    let names: Vec<String> = items.iter().map(|item| name_of(item).unwrap_or_default().to_owned()).collect();
    let by_name = names.iter().position(|name| !name.is_empty() && name == wanted);
    let by_index = || wanted.parse::<usize>().ok().filter(|&index| index < names.len());
    match by_name.or_else(by_index) {
        Some(index) => Ok((&mut items[index], rest)),
        None => {
            let message = format!("there is no element `{}` among {}", suggest::short(wanted), names.len());
            let named: Vec<&str> = names.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
            let last = names.len().saturating_sub(1);
            let remedy = match (names.is_empty(), named.is_empty()) {
                (true, _) => "set the whole list".to_owned(),
                (false, true) => format!("write an index from 0 to {last}"),
                (false, false) => suggest::known(wanted, named.into_iter()),
            };
            Err((message, remedy))
        }
    }
}

fn name_of(item: &Node) -> Option<&str> {
    let Value::Map(entries) = &item.value else { return None };
    entries.iter().find(|(key, ..)| key == "name").and_then(|(.., node)| match &node.value {
        Value::Text(text) | Value::Plain(_, text) => Some(text.as_str()),
        _ => None,
    })
}
