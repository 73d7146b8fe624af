//! The JSON Schemas of scenario and sweep files, made from the structs that read them.
//!
//! Editors check and complete by it; the reader asks it which keys a block needs, and where one
//! thing is chosen among several.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use super::spec::ScenarioSpec;
use super::sweep::SweepSpec;

/// The key of the files that a file takes in; it is gone before structs are read.
pub(super) const INCLUDE: &str = "include";
/// The name of the struct that is a whole file.
pub(super) const ROOT: &str = "ScenarioSpec";
/// The same of a sweep.
pub(super) const SWEEP_ROOT: &str = "SweepSpec";

static SCHEMA: LazyLock<Value> = LazyLock::new(scenario);
static SWEEP: LazyLock<Value> = LazyLock::new(sweep);
/// Required keys by the name of the struct.
static REQUIRED: LazyLock<BTreeMap<String, Vec<String>>> = LazyLock::new(|| {
    let definitions =
        [&SWEEP, &SCHEMA].map(|schema| schema["$defs"].as_object()).into_iter().flatten().flatten();
    let named = definitions.map(|(name, schema)| (name.clone(), strings(&schema["required"])));
    let roots = [(ROOT, &SCHEMA["then"]["required"]), (SWEEP_ROOT, &SWEEP["required"])];
    named.chain(roots.map(|(root, keys)| (root.to_owned(), strings(keys)))).collect()
});

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

/// Returns the JSON Schema (draft 2020-12) of a scenario file.
pub fn json_schema() -> &'static Value {
    &SCHEMA
}

/// Returns the JSON Schema (draft 2020-12) of a sweep file.
pub fn sweep_schema() -> &'static Value {
    &SWEEP
}

fn generate<T: JsonSchema>(title: &str) -> Schema {
    let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(without_null));
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), json!(title));
    schema.insert(
        "patternProperties".to_owned(),
        json!({"^x-": {"description": "Ignored: a home for anchors."}}),
    );
    schema
}

fn scenario() -> Value {
    let mut schema = generate::<ScenarioSpec>("Scenario of peakday").to_value();
    may_include(&mut schema);
    schema
}

fn sweep() -> Value {
    let mut schema = generate::<SweepSpec>("Sweep of peakday").to_value();
    let base = &mut schema["$defs"][ROOT];
    // What a file says of itself need not be said within it.
    if let Some(required) = base["required"].as_array_mut() {
        required.retain(|key| !["apiVersion", "kind", "metadata"].iter().any(|head| key == head));
    }
    may_include(base);
    schema
}

/// Lets a scenario take in files, and leave to them what it must have.
fn may_include(schema: &mut Value) {
    schema["properties"][INCLUDE] = json!({
        "description": "Files of which this one is made, later ones first; paths start at this file's folder.",
        "type": "array",
        "items": {"type": "string"},
    });
    if let Some(required) = schema.as_object_mut().and_then(|schema| schema.remove("required")) {
        schema["if"] = json!({"not": {"required": [INCLUDE]}});
        schema["then"] = json!({"required": required});
    }
}

/// A key is left out, never null.
fn without_null(schema: &mut Schema) {
    if let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut) {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    let Some(choices) = schema.get_mut("anyOf").and_then(Value::as_array_mut) else { return };
    choices.retain(|choice| choice != &json!({"type": "null"}));
    if let [Value::Object(only)] = choices.as_slice() {
        let only = only.clone();
        schema.remove("anyOf");
        for (key, value) in only {
            schema.ensure_object().entry(key).or_insert(value);
        }
    }
}

/// Returns the keys that a struct must have.
pub(super) fn required(name: &str) -> &'static [String] {
    REQUIRED.get(name).map_or(&[], Vec::as_slice)
}

/// Returns the keys that may stand in a file beside those of a struct.
pub(super) fn keys_beside(name: &str) -> impl Iterator<Item = &'static str> {
    (name == ROOT).then_some(INCLUDE).into_iter()
}

/// What may stand at some place of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    schema: Option<&'static Value>,
    /// The schema whose definitions are referred to.
    home: &'static Value,
}

impl Shape {
    /// Returns that of a whole scenario.
    pub(super) fn root() -> Self {
        Self { schema: Some(&SCHEMA), home: &SCHEMA }
    }

    /// Returns that of a whole sweep.
    pub(super) fn sweep() -> Self {
        Self { schema: Some(&SWEEP), home: &SWEEP }
    }

    fn with(self, schema: Option<&'static Value>) -> Self {
        Self { schema, ..self }
    }

    /// Returns what may stand under a key; nothing is known below what is unknown.
    pub(super) fn under(self, key: &str) -> Self {
        let alternatives = self.alternatives();
        let by_key = alternatives.iter().find_map(|schema| schema["properties"].get(key));
        let by_name =
            || alternatives.iter().map(|schema| &schema["additionalProperties"]).find(|s| s.is_object());
        self.with(by_key.or_else(by_name))
    }

    /// Returns what may stand as an element of a list.
    pub(super) fn item(self) -> Self {
        self.with(self.alternatives().iter().map(|schema| &schema["items"]).find(|schema| schema.is_object()))
    }

    /// Tells whether a list stands here, and nothing else.
    pub(super) fn items_only(self) -> bool {
        self.item().schema.is_some() && self.keys().next().is_none() && !self.is_map_of_names()
    }

    /// Tells whether users name the keys here.
    pub(super) fn is_map_of_names(self) -> bool {
        self.alternatives().iter().any(|schema| schema["additionalProperties"].is_object())
    }

    /// Tells whether this is a key here, and no name that users give.
    pub(super) fn has(self, key: &str) -> bool {
        self.alternatives().iter().any(|schema| schema["properties"].get(key).is_some())
    }

    /// Returns the keys that may stand here, those that users name aside; what must be there first.
    pub(super) fn keys(self) -> impl Iterator<Item = &'static str> {
        let needed = |schema: &Value, key: &str| {
            schema["required"].as_array().is_some_and(|keys| keys.iter().any(|known| known == key))
        };
        let keys = move |schema: &'static Value| {
            let keys = schema["properties"].as_object().into_iter().flatten().map(|(key, _)| key.as_str());
            let (first, then): (Vec<_>, Vec<_>) = keys.partition(|key| needed(schema, key));
            first.into_iter().chain(then)
        };
        self.alternatives().into_iter().flat_map(keys)
    }

    /// Returns the range of a whole number.
    pub(super) fn range(self) -> (Option<u64>, Option<u64>) {
        let bound = |word: &str| self.alternatives().iter().find_map(|schema| schema[word].as_u64());
        (bound("minimum"), bound("maximum"))
    }

    /// Returns what the schema itself shows as an example, if it is a text.
    pub(super) fn example(self) -> Option<&'static str> {
        self.alternatives().iter().find_map(|schema| schema["examples"][0].as_str())
    }

    /// Returns the names of the definitions that describe it.
    pub(super) fn names(self) -> Vec<&'static str> {
        let (mut names, mut open) = (Vec::new(), Vec::from_iter(self.schema));
        if self.schema.is_some_and(|schema| std::ptr::eq(schema, self.home)) {
            names.push(if std::ptr::eq(self.home, &*SCHEMA) { ROOT } else { SWEEP_ROOT });
        }
        while let Some(schema) = open.pop() {
            if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
                names.push(name);
                open.push(&self.home["$defs"][name]);
            }
            open.extend(choices(schema));
        }
        names
    }

    /// Tells whether one thing is chosen here, and the key is the name of one.
    pub(super) fn chooses(self, key: &str) -> bool {
        let names = |schema: &&Value| {
            let required = schema["required"].as_array().map_or(0, Vec::len);
            required == 1 && schema["properties"].as_object().is_some_and(|keys| keys.len() == 1)
        };
        let alternatives = self.alternatives();
        alternatives.len() > 1
            && alternatives.iter().filter(|s| names(s)).any(|schema| schema["properties"].get(key).is_some())
    }

    /// Returns all schemas of which one must fit, references followed.
    fn alternatives(self) -> Vec<&'static Value> {
        let mut found = Vec::new();
        let mut open: Vec<&Value> = self.schema.into_iter().collect();
        while let Some(schema) = open.pop() {
            if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
                open.push(&self.home["$defs"][name]);
            }
            let before = open.len();
            open.extend(choices(schema));
            if open.len() == before {
                found.push(schema);
            }
        }
        found
    }
}

/// Returns the schemas of which one must fit.
fn choices(schema: &'static Value) -> impl Iterator<Item = &'static Value> {
    ["anyOf", "oneOf"].iter().filter_map(move |word| schema[*word].as_array()).flatten()
}
