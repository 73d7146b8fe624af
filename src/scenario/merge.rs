//! Trees laid over one another, and single values set: `services.web.pools.standard.replicas=20`.
//!
//! Maps are merged key by key, everything else is replaced whole; where one thing is chosen among
//! several, the other choice replaces the first. `null` removes a key. Every node keeps its place.

use super::schema::Shape;
use super::tree::{Entry, Node, Value, longest_key};
use super::{examples, suggest};

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
/// `objectives[order-p99].every`; maps on the way come into being, `null` removes a key. A name that
/// nothing bears is a slip of the pen, unless the path ends there.
///
/// # Errors
/// What is wrong with the path, and what to write instead.
pub(super) fn set(root: &mut Node, path: &str, value: Node) -> Result<(), (String, String)> {
    Setting { path }.descend(root, path, value, Shape::root())
}

/// Writes a path as it should be, with an example of what may be set there; `None` where the path
/// leads nowhere.
pub(super) fn spelt(path: &str) -> Option<String> {
    let (mut shape, mut spelt, mut rest) = (Shape::root(), String::new(), path);
    let mut example = None;
    while !rest.is_empty() {
        if let Some((element, tail)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            (shape, rest) = (shape.item(), tail.strip_prefix('.').unwrap_or(tail));
            spelt += &format!("[{element}]");
            continue;
        }
        let (key, tail) = rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len()));
        rest = tail.strip_prefix('.').unwrap_or(tail);
        if shape.items_only() {
            shape = shape.item();
            spelt += &format!("[{key}]");
            continue;
        }
        example = examples::of(shape, key).or_else(|| shape.under(key).example());
        let known = shape.has(key) || shape.is_map_of_names();
        shape = known.then(|| shape.under(key))?;
        spelt += if spelt.is_empty() { "" } else { "." };
        spelt += key;
    }
    example.map(|example| format!("{spelt}={example}"))
}

/// A path that is being followed.
struct Setting<'a> {
    path: &'a str,
}

impl Setting<'_> {
    fn descend(
        &self,
        node: &mut Node,
        path: &str,
        value: Node,
        shape: Shape,
    ) -> Result<(), (String, String)> {
        if path.is_empty() {
            *node = value;
            return Ok(());
        }
        if path.starts_with('[') {
            let (item, rest) = element(node, path)?;
            return self.descend(item, rest, value, shape.item());
        }
        if let Value::List(items) = &node.value {
            return Err(self.is_list(items, path));
        }
        let known: &[Entry] = if let Value::Map(entries) = &node.value { entries } else { &[] };
        let (key, rest) = step(known, path)?;
        let below = shape.under(&key);
        let removes = rest.is_empty() && matches!(value.value, Value::Null);
        let place = known.iter().position(|(known, ..)| *known == key);
        if place.is_none() && removes {
            let message = format!("there is no `{}` to remove", suggest::short(path));
            return Err((message, known_keys(known, &key)));
        }
        if place.is_none() && !rest.is_empty() && shape.is_map_of_names() && !shape.has(&key) {
            return Err(self.is_no_name(known, &key, path, below));
        }
        let at = value.at;
        if !matches!(node.value, Value::Map(_)) {
            *node = Node { at, value: Value::Map(Vec::new()) };
        }
        let Value::Map(entries) = &mut node.value else { return Ok(()) };
        // Another choice than the one that is made replaces it.
        if !removes && place.is_none() && shape.chooses(&key) {
            entries.clear();
        }
        match place {
            Some(place) if removes => {
                entries.remove(place);
                Ok(())
            }
            Some(place) => {
                let (_, key_at, child) = &mut entries[place];
                if rest.is_empty() {
                    *key_at = at;
                }
                self.descend(child, rest, value, below)
            }
            None => {
                let mut child = Node { at, value: Value::Null };
                self.descend(&mut child, rest, value, below)?;
                entries.push((key, at, child));
                Ok(())
            }
        }
    }

    /// Returns what stands before the rest of the path.
    fn before(&self, rest: &str) -> &str {
        self.path.strip_suffix(rest).unwrap_or_default()
    }

    /// An element of a list is named as a key is.
    fn is_list(&self, items: &[Node], path: &str) -> (String, String) {
        let before = self.before(path).trim_end_matches('.');
        let (name, rest) = path.split_at(path.find(['.', '[']).unwrap_or(path.len()));
        let is_index = name.parse::<usize>().is_ok_and(|index| index < items.len());
        let known = is_index || items.iter().filter_map(name_of).any(|known| known == name);
        let name = if known { name } else { items.iter().find_map(name_of).unwrap_or("0") };
        let message = format!("`{}` is a list, whose elements stand in brackets", suggest::short(before));
        let meant = format!("{before}[{name}]{rest}");
        (message, format!("write {}", spelt(&meant).unwrap_or_else(|| suggest::short(&meant) + "=..")))
    }

    /// Nothing bears a name.
    fn is_no_name(&self, entries: &[Entry], key: &str, path: &str, below: Shape) -> (String, String) {
        let (shown, place) = (suggest::short(key), suggest::short(self.before(path)));
        let message = format!("there is no `{shown}` of which to set something");
        let near = suggest::near(key, entries.iter().map(|(known, ..)| known.as_str()));
        let new = examples::of(below, "").map(|whole| format!("for a new one, write {place}{shown}={whole}"));
        let known = || Some(known_keys(entries, key)).filter(|_| !entries.is_empty());
        let remedy = near.map(|near| format!("did you mean `{near}`?"));
        (
            message,
            remedy
                .or_else(|| Some([known(), new].into_iter().flatten().collect::<Vec<_>>().join("; ")))
                .unwrap_or_default(),
        )
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

/// Returns the name of an element of a list, where it has one.
pub(super) fn name_of(item: &Node) -> Option<&str> {
    let Value::Map(entries) = &item.value else { return None };
    entries.iter().find(|(key, ..)| key == "name").and_then(|(.., node)| match &node.value {
        Value::Text(text) | Value::Plain(_, text) => Some(text.as_str()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::*;
    use crate::rng::{Bits, Key};

    fn tree(text: &str) -> Node {
        tree::parse(text, 0).unwrap_or_else(|error| panic!("{text}: {}", error.message))
    }

    /// Writes a tree on one line, maps in their order.
    fn shown(node: &Node) -> String {
        match &node.value {
            Value::Null => "null".to_owned(),
            Value::Plain(_, text) | Value::Text(text) => text.clone(),
            Value::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
            Value::Map(entries) => {
                let entry = |(key, _, node): &Entry| format!("{key}: {}", shown(node));
                format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
        }
    }

    fn laid(layers: &[&str]) -> String {
        let mut base = tree(layers[0]);
        layers[1..].iter().for_each(|over| lay(&mut base, tree(over), Shape::root()));
        shown(&base)
    }

    #[test]
    fn the_later_layer_wins_key_by_key() {
        let work = |inner: &str| format!("services: {{web: {{work: {inner}}}}}");
        let (normal, constant, both) = (
            work("{lognormal: {p50: 1ms, p99: 9ms}}"),
            work("{constant: 2ms}"),
            work("{lognormal: {p50: 3ms}}"),
        );
        let table: [(&[&str], &str); 16] = [
            (&["a: 1", "b: 2"], "{a: 1, b: 2}"),
            (&["a: 1", "a: 2", "a: 3"], "{a: 3}"),
            (&["a: 1\nb: 2", "b: 3\na: 4"], "{a: 4, b: 3}"),
            (&["a: {b: {c: 1, d: 2}}", "a: {b: {d: 3, e: 4}}"], "{a: {b: {c: 1, d: 3, e: 4}}}"),
            (&["a: [1, 2, 3]", "a: [4]"], "{a: [4]}"),
            (&["a: [{name: x, b: 1}]", "a: [{name: x, c: 1}]"], "{a: [{name: x, c: 1}]}"),
            (&["a: {b: 1}", "a: 2"], "{a: 2}"),
            (&["a: 2", "a: {b: 1}"], "{a: {b: 1}}"),
            (&["a: {b: 1}", "a: [1]"], "{a: [1]}"),
            (&["a: {b: 1}", "a: {}"], "{a: {b: 1}}"),
            (&["a: {b: 1, c: 2}", "a: {b: null}"], "{a: {c: 2}}"),
            (&["a: {b: 1}", "a: null"], "{}"),
            (&["a: {b: 1}", "a: null", "a: {c: 2}"], "{a: {c: 2}}"),
            // One thing is chosen among several: another choice replaces it, the same one is merged.
            (&[&normal, &constant], "{services: {web: {work: {constant: 2ms}}}}"),
            (&[&normal, &both], "{services: {web: {work: {lognormal: {p50: 3ms, p99: 9ms}}}}}"),
            (&[&constant, &normal, &both], "{services: {web: {work: {lognormal: {p50: 3ms, p99: 9ms}}}}}"),
        ];
        for (layers, expected) in table {
            assert_eq!(laid(layers), expected, "{layers:?}");
        }
    }

    /// Draws a map in which a key that begins with `m` always holds a map, and any other a number.
    fn drawn(bits: &mut impl Bits, depth: u32) -> String {
        let mut entries = Vec::new();
        for key in ["ma", "b", "mc", "d", "e"] {
            match (bits.next_bits() % 2, key.starts_with('m')) {
                (0, true) if depth < 3 => entries.push(format!("{key}: {}", drawn(bits, depth + 1))),
                (0, false) => entries.push(format!("{key}: {}", bits.next_bits() % 100)),
                _ => {}
            }
        }
        format!("{{{}}}", entries.join(", "))
    }

    #[test]
    fn layers_of_one_shape_may_be_merged_in_any_grouping() {
        let mut bits = Key::from_seed(11).stream();
        let mut overlapping = 0;
        for round in 0..500 {
            let [a, b, c] = std::array::from_fn(|_| drawn(&mut bits, 0));
            let left = laid(&[&a, &b, &c]);
            let right = laid(&[&a, &laid(&[&b, &c])]);
            assert_eq!(left, right, "round {round}: {a} + {b} + {c}");
            assert_eq!(laid(&[&a, &a]), a, "a layer laid over itself changes nothing");
            assert_eq!(
                (laid(&["{}", &a]), laid(&[&a, "{}"])),
                (a.clone(), a.clone()),
                "{{}} changes nothing"
            );
            overlapping += usize::from(left != a && left != c);
        }
        assert!(overlapping > 300, "{overlapping} of the draws say something");
    }

    #[test]
    fn what_is_laid_over_keeps_its_place_and_the_rest_its_own() {
        let mut base = tree("a:\n  b: 1\n  c: 2\n");
        lay(&mut base, tree::parse("a:\n\n  c: 3\n  d: 4\n", 7).expect("a tree"), Shape::root());
        let Value::Map(root) = &base.value else { panic!("{base:?}") };
        let Value::Map(entries) = &root[0].2.value else { panic!("{base:?}") };
        let places: Vec<_> = entries
            .iter()
            .map(|(key, at, value)| (&**key, (at.source, at.line), (value.at.source, value.at.column)))
            .collect();
        assert_eq!(places, [("b", (0, 2), (0, 6)), ("c", (7, 3), (7, 6)), ("d", (7, 4), (7, 6))]);
        assert_eq!((root[0].1.source, root[0].1.line), (0, 1), "the key of a merged map is the first one's");
    }

    const SHOP: &str =
        "{a: {b: 1, b.c: {d: 2}}, l: [{name: x, v: 1}, {name: '1', v: 2}, 7], p99.9: 5, t: text}";

    #[test]
    fn a_setting_changes_what_its_path_names() {
        let table = [
            ("a.b", "9", "a: {b: 9, b.c: {d: 2}}"),
            // The longest key that is there is meant; quotes say it outright.
            ("a.b.c.d", "9", "a: {b: 1, b.c: {d: 9}}"),
            ("a.\"b.c\".d", "9", "a: {b: 1, b.c: {d: 9}}"),
            ("p99.9", "6", "p99.9: 6"),
            ("\"p99.9\"", "6", "p99.9: 6"),
            ("new.deep.key", "9", "new: {deep: {key: 9}}"),
            ("\"new.deep\".key", "9", "new.deep: {key: 9}"),
            ("t.under", "9", "t: {under: 9}"),
            ("l.x.v", "9", "!`l` is a list, whose elements stand in brackets"),
            ("l.v", "9", "!`l` is a list, whose elements stand in brackets"),
            ("l[0].v", "9", "l: [{name: x, v: 9}, {name: 1, v: 2}, 7]"),
            ("l[x].v", "9", "l: [{name: x, v: 9}, {name: 1, v: 2}, 7]"),
            // A name goes before an index.
            ("l[1].v", "9", "l: [{name: x, v: 1}, {name: 1, v: 9}, 7]"),
            ("l[2]", "9", "l: [{name: x, v: 1}, {name: 1, v: 2}, 9]"),
            ("l[0][0]", "9", "!there is no list that `[0]` could be an element of"),
            ("l[x].name", "y", "l: [{name: y, v: 1}, {name: 1, v: 2}, 7]"),
            ("l[3]", "9", "!there is no element `3` among 3"),
            ("l[-1]", "9", "!there is no element `-1` among 3"),
            ("l[99999999999999999999]", "9", "!there is no element `99999999999999999999` among 3"),
            ("l[]", "9", "!there is no element `` among 3"),
            ("l[0", "9", "!`[0` has no closing bracket"),
            ("a[0]", "9", "!there is no list that `[0]` could be an element of"),
            ("new[0]", "9", "!there is no list that `[0]` could be an element of"),
            ("a..b", "9", "!`.b` is not a path"),
            (".a", "9", "!`.a` is not a path"),
            ("\"a", "9", "!`\"a` is not a path"),
            ("\"\"", "9", "!`\"\"` is not a path"),
            ("a.b", "null", "a: {b.c: {d: 2}}"),
            ("a.b.c.d", "null", "a: {b: 1, b.c: {}}"),
            ("a.x", "null", "!there is no `x` to remove"),
        ];
        let whole = tree(SHOP);
        for (path, value, expected) in table {
            let mut root = whole.clone();
            let done = set(&mut root, path, tree(value));
            match expected.strip_prefix('!') {
                Some(told) => {
                    let (message, remedy) = done.expect_err(path);
                    assert_eq!(message, told, "{path}");
                    assert!(!remedy.is_empty(), "{path}: {message}");
                }
                None => {
                    done.unwrap_or_else(|told| panic!("{path}: {told:?}"));
                    assert!(
                        shown(&root).contains(expected),
                        "{path}: {} instead of {expected}",
                        shown(&root)
                    );
                }
            }
        }
    }

    #[test]
    fn a_path_that_is_wrong_changes_nothing() {
        for path in ["l[3].v", "l[x", "a..b", "a.x[0]", "l[2][0]", "l.x.v"] {
            let mut root = tree(SHOP);
            set(&mut root, path, tree("9")).expect_err(path);
            assert_eq!(shown(&root), shown(&tree(SHOP)), "{path}");
        }
    }

    /// For `l.1.v` the remedy named the first element, another one than was written.
    #[test]
    fn an_element_that_is_named_as_a_key_keeps_its_index() {
        for (path, meant) in [
            ("l.1.v", "l[1].v="),
            ("l.2.v", "l[2].v="),
            ("l.x.v", "l[x].v="),
            ("l.3.v", "l[x].v="),
            ("l.v", "l[x]"),
        ] {
            let mut root = tree(SHOP);
            let (_, remedy) = set(&mut root, path, tree("9")).expect_err(path);
            assert!(remedy.starts_with(&format!("write {meant}")), "{path}: {remedy}");
        }
    }

    const NAMED: &str = "{services: {web: {pools: {standard: {replicas: 4}, spot: {}}, work: 5ms}}, \
        traffic: {users: {mix: {a: 1}}}, objectives: [{name: p99}]}";

    #[test]
    fn a_name_that_nothing_bears_is_a_slip_of_the_pen() {
        let whole = "for a new one, write";
        let table = [
            ("services.web.pools.standrad.replicas", "did you mean `standard`?".to_owned()),
            ("services.wbe.work", "did you mean `web`?".to_owned()),
            (
                "services.web.pools.canary.replicas",
                format!(
                    "write one of standard, spot; {whole} services.web.pools.canary={{replicas: 4, concurrency: 16}}"
                ),
            ),
            (
                "traffic.bots.rate",
                format!("write one of users; {whole} traffic.bots={{to: web, class: browse, rate: 90/s}}"),
            ),
            ("services.web.work.browse.exponential.mean", String::new()),
        ];
        for (path, expected) in table {
            let mut root = tree(NAMED);
            let (message, remedy) = set(&mut root, path, tree("9")).expect_err(path);
            assert!(message.contains("of which to set something"), "{path}: {message}");
            assert_eq!(remedy, expected, "{path}");
            assert_eq!(shown(&root), shown(&tree(NAMED)), "{path}");
        }
        let allowed = [
            ("services.web.pools.canary", "{replicas: 1}", "canary: {replicas: 1}"),
            ("services.web.pools.standard.cpu.cores", "2", "cpu: {cores: 2}"),
            ("services.web.work.exponential.mean", "4ms", "work: {exponential: {mean: 4ms}}"),
            ("services.web.work.browse", "4ms", "work: {browse: 4ms}"),
            ("traffic.users.mix.b", "8%", "mix: {a: 1, b: 8%}"),
        ];
        for (path, value, expected) in allowed {
            let mut root = tree(NAMED);
            set(&mut root, path, tree(value)).unwrap_or_else(|told| panic!("{path}: {told:?}"));
            assert!(shown(&root).contains(expected), "{path}: {}", shown(&root));
        }
    }

    #[test]
    fn a_path_is_spelt_with_brackets_and_an_example() {
        let table = [
            ("objectives.p99.every", Some("objectives[p99].every=1m")),
            ("objectives[0].every", Some("objectives[0].every=1m")),
            ("run.duration", Some("run.duration=10m")),
            ("services.web.pools.p.replicas", Some("services.web.pools.p.replicas=4")),
            ("services.web.queue.limit", Some("services.web.queue.limit=200")),
            ("services.web.work.exponential.mean", Some("services.web.work.exponential.mean=250ms")),
            ("run.nonsense", None),
            ("", None),
            ("..", None),
        ];
        for (path, expected) in table {
            assert_eq!(spelt(path).as_deref(), expected, "{path}");
        }
    }
}
