//! What a scenario is made of: a file, those it takes in, overlays and settings, merged to one tree.
//!
//! Opens no file itself: whoever calls hands in [`TraceFiles`], whose paths start at the folder of
//! the scenario file.

use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use super::schema::{INCLUDE, Shape};
use super::tree::{self, At, MAX_BYTES, Node, Value, place_of};
use super::{merge, suggest};
use crate::error::{Code, Issue, Place, Problem};
use crate::workload::recorded::TraceFiles;

/// The deepest chain of files that take in one another.
const MAX_INCLUDE_DEPTH: usize = 8;
/// The most files, overlays and settings of a scenario.
const MAX_SOURCES: usize = 256;

/// A file that is laid over the scenario.
#[derive(Clone, Debug)]
pub struct Overlay {
    /// Its name in messages.
    pub name: String,
    /// Its folder as seen from the folder of the scenario file; empty where it is the same.
    pub folder: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// The names in messages of all that a scenario is made of, by number.
#[derive(Clone, Debug)]
pub(super) struct Sources(Vec<String>);

impl Sources {
    /// Returns the name of the scenario file.
    pub(super) fn main(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }

    /// Turns a problem at a place into an issue.
    pub(super) fn issue(&self, code: Code, at: At, problem: Problem) -> Issue {
        let file = self.0.get(at.source as usize).cloned().unwrap_or_default();
        let place = Place { file, line: at.line.into(), column: at.column.into() };
        Issue { code, place, path: problem.path, message: problem.message, remedy: problem.remedy }
    }
}

/// Nothing to take in.
#[derive(Debug)]
pub(super) struct NoFiles;

impl TraceFiles for NoFiles {
    fn open(&self, _path: &str) -> io::Result<Box<dyn Read + Send>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// A problem of the parts, before there is a scenario.
pub(super) type Broken = (Code, At, Problem);

/// Builds the tree of a scenario; all problems at once.
pub(super) struct Builder<'a> {
    pub(super) sources: Sources,
    files: &'a dyn TraceFiles,
    /// Where the scenario file lies, as in its name: names of files it takes in begin there.
    home: PathBuf,
    pub(super) broken: Vec<Broken>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(file: &str, files: &'a dyn TraceFiles) -> Self {
        let home = Path::new(file).parent().map(Path::to_owned).unwrap_or_default();
        Self { sources: Sources(Vec::new()), files, home, broken: Vec::new() }
    }

    /// Goes on with what was read before, files aside.
    pub(super) fn over(sources: Sources) -> Self {
        Self { sources, files: &NoFiles, home: PathBuf::new(), broken: Vec::new() }
    }

    /// Reads a file that is laid over it.
    pub(super) fn overlay(&mut self, root: &mut Node, overlay: &Overlay) {
        let folder = PathBuf::from(&overlay.folder);
        let name = Path::new(&overlay.name).file_name().map(PathBuf::from).unwrap_or_default();
        let mut chain = vec![plain(&folder.join(name))];
        if let Some(over) = self.layer(&overlay.name, folder, &overlay.bytes, &mut chain) {
            merge::lay(root, over, Shape::root());
        }
    }

    /// Applies `PATH=VALUE`.
    pub(super) fn set(&mut self, root: &mut Node, setting: &str) {
        let Some(source) = self.add(format!("--set {}", suggest::short(setting))) else { return };
        let at = At { source, ..At::default() };
        let parts = setting.split_once('=').map(|(path, text)| (path.trim(), text));
        let Some((path, text)) = parts.filter(|(path, _)| !path.is_empty()) else {
            let message = if parts.is_some() { "nothing stands before the `=`" } else { "there is no `=`" };
            let example = merge::spelt(setting.trim().trim_end_matches('.'));
            let example = example.unwrap_or_else(|| "services.web.pools.standard.replicas=20".to_owned());
            let remedy = format!("write PATH=VALUE, for example {example}");
            self.tell(Code::Set, at, Problem::new("", message, remedy));
            return;
        };
        let value = if text.trim().is_empty() { Ok(Node::default()) } else { tree::parse(text, source) };
        let applied = match value {
            Err(error) => {
                let message = format!("the value cannot be read: {}", error.message);
                Err((message, "put it in quotes, or write a list or a map in brackets".to_owned()))
            }
            Ok(value) => merge::set(root, path, value.moved(at)),
        };
        if let Err((message, remedy)) = applied {
            self.tell(Code::Set, at, Problem::new(suggest::short(path), message, remedy));
        }
    }

    fn tell(&mut self, code: Code, at: At, problem: Problem) {
        self.broken.push((code, at, problem));
    }

    /// Numbers a source; `None` where there are too many.
    fn add(&mut self, name: String) -> Option<u32> {
        let number = self.sources.0.len();
        if number >= MAX_SOURCES {
            if number == MAX_SOURCES {
                let at = At::default();
                let message = format!("the scenario is made of more than {MAX_SOURCES} parts");
                self.tell(Code::TooLarge, at, Problem::new("", message, "put several into one file"));
                self.sources.0.push(name);
            }
            return None;
        }
        self.sources.0.push(name);
        u32::try_from(number).ok()
    }

    /// Reads a file over those that it takes in.
    fn layer(&mut self, name: &str, folder: PathBuf, bytes: &[u8], chain: &mut Vec<PathBuf>) -> Option<Node> {
        let root = self.parse(name, bytes)?;
        Some(self.completed(root, &folder, chain))
    }

    /// Reads a file as it stands.
    pub(super) fn parse(&mut self, name: &str, bytes: &[u8]) -> Option<Node> {
        let source = self.add(name.to_owned())?;
        let parsed = text(bytes, source).and_then(|text| {
            let told = |error: tree::SyntaxError| {
                (error.code, error.at, Problem::new("", error.message, error.remedy))
            };
            tree::parse(text, source).map_err(told)
        });
        let mut root = parsed.map_err(|broken| self.broken.push(broken)).ok()?;
        remove_ignored(&mut root);
        Some(root)
    }

    /// Lays a scenario, whose file lies in this folder, over the files that it takes in.
    pub(super) fn completed(&mut self, mut root: Node, folder: &Path, chain: &mut Vec<PathBuf>) -> Node {
        remove_ignored(&mut root);
        if !folder.as_os_str().is_empty() {
            rebase(&mut root, folder);
        }
        let Value::Map(entries) = &mut root.value else { return root };
        let include = entries.iter().position(|(key, ..)| key == INCLUDE);
        let Some((_, at, list)) = include.map(|place| entries.remove(place)) else { return root };
        let at = place_of(at, &list);
        let Value::List(items) = list.value else {
            let remedy = "write for example include: [fleet.yaml]";
            self.tell(Code::Include, at, Problem::new(INCLUDE, "this is not a list of files", remedy));
            return root;
        };
        let mut base = Node { at: root.at, value: Value::Map(Vec::new()) };
        for (index, item) in items.iter().enumerate() {
            let path = format!("{INCLUDE}[{index}]");
            match self.include(item, folder, chain) {
                Ok(Some(part)) => merge::lay(&mut base, part, Shape::root()),
                Ok(None) => {}
                Err((message, remedy)) => {
                    self.tell(Code::Include, item.at, Problem::new(path, message, remedy))
                }
            }
        }
        merge::lay(&mut base, root, Shape::root());
        base
    }

    /// Reads a file that another one takes in.
    fn include(
        &mut self,
        item: &Node,
        folder: &Path,
        chain: &mut Vec<PathBuf>,
    ) -> Result<Option<Node>, (String, String)> {
        let (Value::Text(text) | Value::Plain(_, text)) = &item.value else {
            return Err((
                "this is not the path of a file".to_owned(),
                "write for example fleet.yaml".to_owned(),
            ));
        };
        self.named(text, folder, chain)
    }

    /// Reads a file that another one in this folder names, over those that it takes in.
    pub(super) fn named(
        &mut self,
        text: &str,
        folder: &Path,
        chain: &mut Vec<PathBuf>,
    ) -> Result<Option<Node>, (String, String)> {
        let path = folder.join(text);
        let shown = suggest::short(text);
        if chain.contains(&plain(&path)) {
            return Err((format!("{shown} takes in itself"), "remove one of the includes".to_owned()));
        }
        if chain.len() >= MAX_INCLUDE_DEPTH {
            let message = format!("{shown} is taken in over more than {MAX_INCLUDE_DEPTH} files");
            return Err((message, "include it directly".to_owned()));
        }
        let mut bytes = Vec::new();
        let opened = self.files.open(&slashed(&path));
        let opened = opened.and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes));
        if let Err(error) = opened {
            let remedy = "check the path; it starts at the folder of the file that names it";
            return Err((format!("{shown}: {error}"), remedy.to_owned()));
        }
        let name = slashed(&plain(&self.home.join(&path)));
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        chain.push(plain(&path));
        let part = self.layer(&name, folder, &bytes, chain);
        chain.pop();
        if part.as_ref().is_some_and(|part| !matches!(part.value, Value::Map(_))) {
            return Err((
                format!("{shown} is not a map of keys"),
                "write parts of a scenario into it".to_owned(),
            ));
        }
        Ok(part)
    }
}

/// Takes out the keys that are a home for anchors; what is no map is told with the types.
fn remove_ignored(root: &mut Node) {
    if let Value::Map(entries) = &mut root.value {
        entries.retain(|(key, ..)| !key.starts_with("x-"));
    }
}

/// Makes the traces of a part start at the folder of the scenario file.
fn rebase(node: &mut Node, folder: &Path) {
    match &mut node.value {
        Value::Map(entries) => {
            for (key, _, child) in entries {
                if key == "recorded"
                    && let Value::Map(keys) = &mut child.value
                    && let Some((.., file)) = keys.iter_mut().find(|(key, ..)| key == "file")
                    && let Value::Text(path) = &mut file.value
                {
                    *path = slashed(&folder.join(&*path));
                }
                rebase(child, folder);
            }
        }
        Value::List(items) => items.iter_mut().for_each(|item| rebase(item, folder)),
        Value::Null | Value::Plain(..) | Value::Text(_) => {}
    }
}

/// Returns a path without `.` and, where a folder is left again, without it.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(plain.components().next_back(), Some(Component::Normal(_))) => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// Returns the text of a file that can be one.
fn text(bytes: &[u8], source: u32) -> Result<&str, Broken> {
    let whole = |code, message: String, remedy: &str| {
        (code, At { source, ..At::default() }, Problem::new("", message, remedy))
    };
    if bytes.len() > MAX_BYTES {
        let message = format!("the file is larger than {} MiB", MAX_BYTES >> 20);
        return Err(whole(Code::TooLarge, message, "keep recorded traffic in files of its own"));
    }
    let place = |offset: usize| {
        let before = &bytes[..offset];
        let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        let column = 1 + String::from_utf8_lossy(&before[start..]).chars().count();
        At { source, line: line as u32, column: column as u32 }
    };
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let message = "the file is text in UTF-16".to_owned();
        return Err(whole(Code::NotText, message, "save it as UTF-8"));
    }
    if let Some(offset) = bytes.iter().position(|&byte| byte == 0) {
        let problem = Problem::new(
            "",
            "the file is not text: it holds a zero byte",
            "write the scenario as YAML in UTF-8",
        );
        return Err((Code::NotText, place(offset), problem));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let problem = Problem::new("", "the file is not text in UTF-8", "save it as UTF-8");
        (Code::NotText, place(error.valid_up_to()), problem)
    })?;
    let comment = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    if text.trim_start_matches('\u{feff}').lines().all(comment) {
        return Err(whole(
            Code::Empty,
            "the file is empty".to_owned(),
            "begin with apiVersion: peakday/v1alpha1",
        ));
    }
    Ok(text)
}
