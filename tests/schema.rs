//! The JSON Schema: as published, and of one mind with the reader.

use std::fs;
use std::path::{Path, PathBuf};

use peakday::scenario::{json_schema, sweep_schema};
use serde_json::Value;

const PUBLISHED: [&str; 2] = ["schemas/scenario.v1alpha1.json", "schemas/sweep.v1alpha1.json"];
/// Codes of what a schema can tell, unlike forms of quantities, ranges and references.
const SHAPE: [&str; 4] = ["[PD010]", "[PD011]", "[PD014]", "[PD015]"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Reads every scenario below a folder that is text, with its path.
fn scenarios(folder: &str) -> Vec<(PathBuf, String)> {
    let paths =
        fs::read_dir(root().join(folder)).expect("a folder").map(|entry| entry.expect("an entry").path());
    let scenarios = paths.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    scenarios.filter_map(|path| Some((path.clone(), fs::read_to_string(path).ok()?))).collect()
}

/// Tells whether a value fits a schema; patterns of texts aside.
fn fits(value: &Value, schema: &Value) -> bool {
    let Some(words) = schema.as_object() else { return schema != &Value::Bool(false) };
    words.iter().all(|(word, rule)| match word.as_str() {
        "$ref" => {
            let name = rule.as_str().and_then(|path| path.strip_prefix("#/$defs/")).expect("a definition");
            // What both know is the same in both, a scenario within a sweep aside.
            let definition = json_schema()["$defs"].get(name).unwrap_or(&sweep_schema()["$defs"][name]);
            fits(value, definition)
        }
        "anyOf" => rule.as_array().expect("a list").iter().any(|schema| fits(value, schema)),
        "oneOf" => rule.as_array().expect("a list").iter().filter(|schema| fits(value, schema)).count() == 1,
        "type" => match rule.as_str().expect("one type") {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "number" => value.is_number(),
            "integer" => value.is_u64() || value.is_i64(),
            other => panic!("the type {other} is not known here"),
        },
        "if" => true,
        "then" => !fits(value, &schema["if"]) || fits(value, rule),
        "not" => !fits(value, rule),
        "const" => value == rule,
        "enum" => rule.as_array().expect("a list").contains(value),
        "items" => value.as_array().is_none_or(|items| items.iter().all(|item| fits(item, rule))),
        "required" => value.as_object().is_none_or(|map| {
            rule.as_array().expect("a list").iter().all(|key| map.contains_key(key.as_str().expect("a key")))
        }),
        "properties" => value.as_object().is_none_or(|map| {
            map.iter().all(|(key, value)| rule.get(key).is_none_or(|schema| fits(value, schema)))
        }),
        "additionalProperties" => value.as_object().is_none_or(|map| {
            let known = |key: &str| {
                let x = schema["patternProperties"].get("^x-").is_some() && key.starts_with("x-");
                let percentile = schema["patternProperties"].get("^p[0-9]+([.][0-9]*)?$").is_some()
                    && key.strip_prefix('p').is_some_and(|rest| rest.parse::<f64>().is_ok());
                schema["properties"].get(key).is_some() || x || percentile
            };
            map.iter().all(|(key, value)| known(key) || fits(value, rule))
        }),
        _ => true,
    })
}

fn parsed(text: &str) -> Option<Value> {
    // `y` and `NO` are words.
    serde_saphyr::from_str_with_options(text, serde_saphyr::options! { strict_booleans: true }).ok()
}

/// Returns the schema of a file, by its kind.
fn schema_of(value: &Value) -> &'static Value {
    if value["kind"] == "Sweep" { sweep_schema() } else { json_schema() }
}

#[test]
fn what_is_published_is_what_the_types_say() {
    for (place, schema) in PUBLISHED.into_iter().zip([json_schema(), sweep_schema()]) {
        let path = root().join(place);
        let written = format!("{schema:#}\n");
        if std::env::var("PEAKDAY_GOLDEN").is_ok_and(|value| value == "write") {
            fs::write(&path, &written).expect("written");
        }
        let published = fs::read_to_string(&path).unwrap_or_default();
        assert!(published == written, "{place} differs: peakday schema > {place}, or with --kind sweep");
    }
}

#[test]
fn every_scenario_of_the_project_fits() {
    let all = ["scenarios", "tests/golden", "benches"].map(scenarios).concat();
    assert!(all.len() >= 5, "{} scenarios", all.len());
    for (path, text) in all {
        let value = parsed(&text).unwrap_or_else(|| panic!("{}", path.display()));
        assert!(fits(&value, schema_of(&value)), "{}", path.display());
    }
}

#[test]
fn what_the_reader_refuses_for_its_shape_does_not_fit() {
    let mut checked = 0;
    for (path, text) in scenarios("tests/wrong") {
        let told = fs::read_to_string(path.with_extension("txt")).expect("a text");
        let Some(value) = parsed(&text) else { continue };
        // What cells of a sweep make of a scenario is none of the file's shape.
        let stem = path.file_stem().expect("a name");
        if value["kind"] == "Sweep" && !["sweep-keys", "sweep-range-forms"].iter().any(|own| stem == *own) {
            continue;
        }
        if SHAPE.iter().any(|code| told.contains(code)) && !told.contains("neither class nor mix") {
            assert!(!fits(&value, schema_of(&value)), "{}", path.display());
            checked += 1;
        }
    }
    assert!(checked >= 12, "{checked} files");
}

/// Editors show what a key does: every one says so.
#[test]
fn every_key_is_described() {
    for root in [json_schema(), sweep_schema()] {
        let definitions = root["$defs"].as_object().expect("definitions");
        for (name, schema) in
            definitions.iter().map(|(name, schema)| (name.as_str(), schema)).chain([("", root)])
        {
            for (key, property) in schema["properties"].as_object().into_iter().flatten() {
                assert!(property.get("description").is_some(), "{name}.{key}");
            }
        }
    }
}

/// A reference goes by its name: one name is one definition.
#[test]
fn what_both_kinds_of_file_know_is_one_thing() {
    let sweep = &sweep_schema()["$defs"];
    for (name, definition) in json_schema()["$defs"].as_object().expect("definitions") {
        assert_eq!(&sweep[name], definition, "{name}");
    }
}

/// What is read under two names, editors accept under both.
#[test]
fn the_other_name_of_a_balancer_fits_and_is_read() {
    let base = include_str!("base.yaml");
    for (balancer, known) in [
        ("weightedRoundRobin", true),
        ("{weightedRoundRobin: {}}", true),
        ("smoothWeightedRoundRobin", true),
        ("weightedRoundRobins", false),
        ("{weightedRoundRobin: {choiceCount: 2}}", false),
    ] {
        let text = format!("{base}    balancer: {balancer}\n");
        let value = parsed(&text).expect("a scenario");
        assert_eq!(fits(&value, json_schema()), known, "{balancer}");
        assert_eq!(peakday::scenario::Document::read("s.yaml", text.as_bytes()).is_ok(), known, "{balancer}");
    }
}
