//! The JSON Schema of scenario files, made from the structs that read them.
//!
//! Editors check and complete by it; the reader asks it which keys a block needs, and where one
//! thing is chosen among several.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::{Value, json};

use super::spec::ScenarioSpec;

/// The key of the files that a file takes in; it is gone before structs are read.
pub(super) const INCLUDE: &str = "include";
/// The name of the struct that is a whole file.
pub(super) const ROOT: &str = "ScenarioSpec";
/// Where the schema is published beside the project.
const TITLE: &str = "Scenario of peakday";

static SCHEMA: LazyLock<Value> = LazyLock::new(generate);
/// Required keys by the name of the struct.
static REQUIRED: LazyLock<BTreeMap<String, Vec<String>>> = LazyLock::new(|| {
    let definitions = SCHEMA["$defs"].as_object().into_iter().flatten();
    let root = ROOT.to_owned();
    let named = definitions.map(|(name, schema)| (name.clone(), strings(&schema["required"])));
    named.chain([(root, strings(&SCHEMA["then"]["required"]))]).collect()
});

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

/// Returns the JSON Schema (draft 2020-12) of a scenario file.
pub fn json_schema() -> &'static Value {
    &SCHEMA
}

fn generate() -> Value {
    let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(without_null));
    let mut schema = settings.into_generator().into_root_schema_for::<ScenarioSpec>();
    schema.insert("title".to_owned(), json!(TITLE));
    schema.insert(
        "patternProperties".to_owned(),
        json!({"^x-": {"description": "Ignored: a home for anchors."}}),
    );
    let include = json!({
        "description": "Files of which this one is made, later ones first; paths start at this file's folder.",
        "type": "array",
        "items": {"type": "string"},
    });
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert(INCLUDE.to_owned(), include);
    }
    // A file that takes in others may leave to them what a scenario must have.
    if let Some(required) = schema.remove("required") {
        schema.insert("if".to_owned(), json!({"not": {"required": [INCLUDE]}}));
        schema.insert("then".to_owned(), json!({"required": required}));
    }
    schema.to_value()
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
pub(super) struct Shape(Option<&'static Value>);

impl Shape {
    /// Returns that of a whole file.
    pub(super) fn root() -> Self {
        Self(Some(&SCHEMA))
    }

    /// Returns what may stand under a key; nothing is known below what is unknown.
    pub(super) fn under(self, key: &str) -> Self {
        let alternatives = self.alternatives();
        let by_key = alternatives.iter().find_map(|schema| schema["properties"].get(key));
        let by_name =
            || alternatives.iter().map(|schema| &schema["additionalProperties"]).find(|s| s.is_object());
        Self(by_key.or_else(by_name))
    }

    /// Returns what may stand as an element of a list.
    pub(super) fn item(self) -> Self {
        Self(self.alternatives().iter().map(|schema| &schema["items"]).find(|schema| schema.is_object()))
    }

    /// Tells whether a list stands here, and nothing else.
    pub(super) fn items_only(self) -> bool {
        self.item().0.is_some() && self.keys().next().is_none() && !self.is_map_of_names()
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
        let (mut names, mut open) = (Vec::new(), Vec::from_iter(self.0));
        if self.0.is_some_and(|schema| std::ptr::eq(schema, &*SCHEMA)) {
            names.push(ROOT);
        }
        while let Some(schema) = open.pop() {
            if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
                names.push(name);
                open.push(&SCHEMA["$defs"][name]);
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
        let mut open: Vec<&Value> = self.0.into_iter().collect();
        while let Some(schema) = open.pop() {
            if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
                open.push(&SCHEMA["$defs"][name]);
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
