//! What to write instead: examples for the place, and where a key belongs that stands elsewhere.
//!
//! Serde knows a value and not its place; so this comes after it, on the way from the root.

use std::collections::{BTreeMap, VecDeque};

use super::{DecodeError, address};
use crate::scenario::schema::Shape;
use crate::scenario::tree::{Node, Value};
use crate::scenario::{examples, suggest};
use crate::units::plain_number;

/// What an error needs to know of its place to say what to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Want {
    /// An example of what belongs here.
    Example,
    /// The same, where nothing is written.
    Value,
    /// A whole number, where this stands.
    Whole(Written),
    /// A number, where this stands.
    Number(Written),
    /// An example of a key that is not there.
    Key(String),
    /// The place where a key belongs.
    Place,
    /// The key in front of the map that the remedy shows.
    Front,
}

/// What stands where a number is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// A text, a number in quotes among them.
    Text(String),
    /// A number of another kind.
    Number(String),
    Other,
}

impl Written {
    fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(text) => text,
            Self::Other => "",
        }
    }
}

/// Keys of other tools, and of what may come, that nothing here answers to.
const NOT_MODELLED: [&str; 2] = ["calls", "retries"];
/// How far below a block its keys are looked for.
const DEEPEST: usize = 6;

/// How many levels above a block others are looked at that may be meant.
const NEAR: usize = 2;

/// A step on the way from the root to a node.
#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

/// The way from the root to a node.
type Trail<'a> = Vec<(Step<'a>, &'a Node)>;

/// Completes errors with their paths and with what to write.
pub(super) fn complete(root: &Node, shape: Shape, errors: &mut [DecodeError]) {
    let mut trails: BTreeMap<usize, Trail<'_>> = BTreeMap::new();
    for error in errors.iter() {
        trails.extend(error.culprit.map(|node| (node.get(), Vec::new())));
    }
    walk(root, &mut Vec::new(), &mut trails);
    for error in errors {
        let trail = error.culprit.and_then(|node| trails.get(&node.get())).map_or(&[][..], Vec::as_slice);
        if !trail.is_empty() {
            error.path = path_of(trail).into();
        }
        Advice { root, shape, trail }.complete(error);
    }
}

/// Finds the ways to some nodes.
fn walk<'a>(node: &'a Node, trail: &mut Trail<'a>, wanted: &mut BTreeMap<usize, Trail<'a>>) {
    if let Some(found) = wanted.get_mut(&address(node)) {
        found.clone_from(trail);
    }
    let mut below = |step, child| {
        trail.push((step, child));
        walk(child, trail, wanted);
        trail.pop();
    };
    match &node.value {
        Value::List(items) => {
            items.iter().enumerate().for_each(|(index, item)| below(Step::Index(index), item))
        }
        Value::Map(entries) => entries.iter().for_each(|(key, _, value)| below(Step::Key(key), value)),
        Value::Null | Value::Plain(..) | Value::Text(_) => {}
    }
}

fn path_of(trail: &[(Step<'_>, &Node)]) -> String {
    let mut path = String::new();
    for (step, _) in trail {
        match step {
            Step::Key(key) if path.is_empty() => path.push_str(key),
            Step::Key(key) => path += &format!(".{key}"),
            Step::Index(index) => path += &format!("[{index}]"),
        }
    }
    path
}

fn shape_of(whole: Shape, trail: &[(Step<'_>, &Node)]) -> Shape {
    trail.iter().fold(whole, |shape, (step, _)| match step {
        Step::Key(key) => shape.under(key),
        Step::Index(_) => shape.item(),
    })
}

/// An error's place.
struct Advice<'a> {
    root: &'a Node,
    shape: Shape,
    trail: &'a [(Step<'a>, &'a Node)],
}

impl Advice<'_> {
    fn complete(&self, error: &mut DecodeError) {
        let Some(want) = error.want.take() else { return };
        match *want {
            Want::Example => {
                let deeper = self.trail.split_last().and_then(|(last, above)| self.deeper(above, last));
                if let Some(remedy) =
                    deeper.or_else(|| self.example().map(|text| format!("write for example {text}")))
                {
                    error.remedy = remedy;
                }
            }
            Want::Value => {
                if let Some(example) = self.example() {
                    error.remedy = format!("write for example {example}, or remove the key");
                }
            }
            Want::Whole(written) => self.whole(error, &written),
            Want::Number(written) => {
                let number = plain_number(written.text().trim_start_matches('p'));
                error.remedy = self
                    .exactly(number, &written)
                    .unwrap_or_else(|| "write a number, for example 0.5".to_owned());
            }
            Want::Key(key) => {
                let block = shape_of(self.shape, self.trail);
                let example = examples::of(block, &key).or_else(|| block.under(&key).example());
                error.remedy =
                    example.map(|example| format!("write for example {key}: {example}")).unwrap_or_default();
            }
            Want::Place => self.place(error),
            Want::Front => {
                if let Some((Step::Key(key), _)) = self.trail.last() {
                    error.remedy = error.remedy.replacen("write ", &format!("write {key}: "), 1);
                }
            }
        }
    }

    /// Returns an example of what belongs here, behind its key.
    fn example(&self) -> Option<String> {
        let Some(((step, _), above)) = self.trail.split_last() else {
            return Some(format!("apiVersion: {}", examples::of(self.shape, "apiVersion")?));
        };
        let block = shape_of(self.shape, above);
        match step {
            Step::Key(key) => {
                let value = examples::of(block, key).or_else(|| examples::of(block.under(key), ""));
                let value = value.or_else(|| block.under(key).example())?;
                Some(format!("{key}: {value}"))
            }
            Step::Index(_) => examples::of(block.item(), "").map(str::to_owned),
        }
    }

    /// Says the exact number that was meant, behind its key, or an example.
    fn exactly(&self, number: Option<String>, written: &Written) -> Option<String> {
        match (number, written) {
            (Some(number), Written::Text(text)) if number == *text => {
                Some(format!("write {number} without quotes"))
            }
            (Some(number), _) => Some(format!("write {number}")),
            (None, _) => self.example().map(|example| format!("write for example {example}")),
        }
    }

    /// Says the range of a whole number, and a number in it.
    fn whole(&self, error: &mut DecodeError, written: &Written) {
        const WIDEST: u64 = u32::MAX as u64;
        let (least, most) = shape_of(self.shape, self.trail).range();
        let range = |most| format!("from {} to {}", suggest::grouped(0_u32), suggest::grouped(most));
        let long = error.message.contains(&range(u64::MAX));
        let (least, most) = (least.unwrap_or(0), most.unwrap_or(if long { u64::MAX } else { WIDEST }));
        let true_range = format!("from {} to {}", suggest::grouped(least), suggest::grouped(most));
        error.message = error.message.replacen(&range(WIDEST), &true_range, 1);
        let fits = |number: &String| number.parse().is_ok_and(|number: u64| (least..=most).contains(&number));
        let number = plain_number(written.text()).filter(fits);
        error.remedy = self.exactly(number, written).unwrap_or_else(|| "write it in digits alone".to_owned());
    }

    /// Says where an unknown key belongs.
    fn place(&self, error: &mut DecodeError) {
        let Some((last @ (Step::Key(key), _), above)) = self.trail.split_last() else { return };
        if NOT_MODELLED.contains(key) {
            error.message = format!("`{key}` is not modelled by this version");
            error.remedy = "remove it".to_owned();
            return;
        }
        if let Some((thousands, _)) = key.split_once('/').filter(|(digits, _)| is_thousands(digits)) {
            error.message = format!("`{key}` is the rest of a number: a comma ends a value here");
            error.remedy = format!("write the number without separators, for example 23{thousands}/s");
            return;
        }
        let named = above.len() >= 2 && shape_of(self.shape, &above[..above.len() - 1]).is_map_of_names();
        if let Some((Step::Key(name), _)) = above.last().filter(|_| named && *key == "name") {
            error.remedy = format!("remove it: the key in front of the block, `{name}`, is the name");
            return;
        }
        // One wrong letter is likelier than a wrong place, several are not, and places far off are a guess.
        if suggest::is_slip(key, shape_of(self.shape, above).keys()) {
            return;
        }
        let near = error.remedy.starts_with("did you mean");
        let higher = || (1..=above.len()).find_map(|up| self.higher(above, up, last));
        if let Some(remedy) = self.deeper(above, last).or_else(|| if near { None } else { higher() }) {
            error.remedy = remedy;
        }
    }

    /// Looks for a key below the block in which it stands.
    fn deeper(&self, above: &[(Step<'_>, &Node)], last: &(Step<'_>, &Node)) -> Option<String> {
        let (Step::Key(key), node) = last else { return None };
        let block = shape_of(self.shape, above);
        // A name that users give is none of ours, unless what stands there is no such thing.
        if block.has(key) {
            return None;
        }
        let steps = find(block, key)?;
        let home = above.last().map_or(self.root, |(_, node)| *node);
        Some(self.told(above, block, home, &steps, key, node))
    }

    /// Looks for a key in a block so many levels above, and below that one.
    fn higher(&self, above: &[(Step<'_>, &Node)], up: usize, last: &(Step<'_>, &Node)) -> Option<String> {
        let (Step::Key(key), node) = last else { return None };
        let outer = &above[..above.len() - up];
        let block = shape_of(self.shape, outer);
        if block.has(key) {
            let place = if outer.is_empty() {
                "at the top level".to_owned()
            } else {
                format!("in `{}`", path_of(outer))
            };
            return Some(format!("`{key}` belongs {place}: write it there"));
        }
        // The same word stands for another thing in another section, or for another fault.
        let nested = above.len() > 1;
        let apart = matches!(
            above.first(),
            Some((Step::Key("faults" | "actions" | "monitoring" | "releases" | "freezes"), _))
        );
        if apart || nested && (outer.is_empty() || up > NEAR) {
            return None;
        }
        let steps = find(block, key)?;
        let home = outer.last().map_or(self.root, |(_, node)| *node);
        Some(self.told(outer, block, home, &steps, key, node))
    }

    /// Says where a key belongs, and what to write there.
    fn told(
        &self,
        above: &[(Step<'_>, &Node)],
        block: Shape,
        home: &Node,
        steps: &[Option<&'static str>],
        key: &str,
        node: &Node,
    ) -> String {
        let (mut shape, mut home) = (block, Some(home));
        let mut names: Vec<String> = Vec::new();
        for step in steps {
            let below = home.and_then(|node| match (&node.value, step) {
                (Value::Map(entries), Some(key)) => entries.iter().find(|(known, ..)| known == key),
                // The first of the user's own names, if what stands there is one.
                (Value::Map(entries), None) => {
                    entries.iter().find(|(.., node)| matches!(node.value, Value::Map(_)))
                }
                _ => None,
            });
            let next = step.map_or_else(
                || if shape.items_only() { shape.item() } else { shape.under("") },
                |key| shape.under(key),
            );
            let name = match (step, below) {
                (Some(key), _) => (*key).to_owned(),
                (None, _) if shape.items_only() => "[0]".to_owned(),
                (None, Some((name, ..))) => name.clone(),
                (None, None) => examples::name_of(next).to_owned(),
            };
            names.push(name);
            (shape, home) = (next, below.map(|(.., node)| node));
        }
        let value = written(node).or_else(|| examples::of(shape, key).map(str::to_owned));
        let value = value.unwrap_or_else(|| "..".to_owned());
        let join = |path: String, name: &String| match name.as_str() {
            "[0]" => path + name,
            _ if path.is_empty() => name.clone(),
            _ => format!("{path}.{name}"),
        };
        let inside = names.iter().fold(path_of(above), join);
        // Places of `--set` have no line.
        if node.at.line == 0 {
            return format!("`{key}` belongs in `{inside}`: write {inside}.{key}={value}");
        }
        let wrap = |inner: String, name: &String| match name.as_str() {
            "[0]" => format!("[{{{inner}}}]"),
            _ if inner.starts_with('[') => format!("{name}: {inner}"),
            _ => format!("{name}: {{{inner}}}"),
        };
        let inner = names.iter().rev().fold(format!("{key}: {value}"), wrap);
        let short = names.iter().fold(String::new(), join);
        format!("`{key}` belongs in `{short}`: write {inner}")
    }
}

/// Tells whether a text is what follows a separator of thousands.
fn is_thousands(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Writes a scalar as it stands in the file; `None` for everything else.
fn written(node: &Node) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '%' | '-');
    match &node.value {
        Value::Plain(_, text) | Value::Text(text) if text.len() <= 40 && text.chars().all(plain) => {
            Some(text.clone())
        }
        _ => None,
    }
}

/// Returns the way to the nearest block below that knows a key; `None` on it is a name or an element.
fn find(block: Shape, key: &str) -> Option<Vec<Option<&'static str>>> {
    let mut open = VecDeque::from([(block, Vec::new())]);
    let mut seen: Vec<&'static str> = Vec::new();
    while let Some((shape, steps)) = open.pop_front() {
        if !steps.is_empty() && shape.has(key) {
            return Some(steps);
        }
        let names = shape.names();
        if steps.len() >= DEEPEST || names.iter().any(|name| seen.contains(name)) {
            continue;
        }
        seen.extend(names);
        let mut push = |step: Option<&'static str>, below: Shape| {
            open.push_back((below, steps.iter().copied().chain([step]).collect()));
        };
        shape.keys().for_each(|key| push(Some(key), shape.under(key)));
        if shape.items_only() {
            push(None, shape.item());
        } else if shape.is_map_of_names() {
            push(None, shape.under(""));
        }
    }
    None
}
