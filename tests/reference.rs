//! The references of the scenario file and of the sweep file: their examples are valid, and they leave no key out.

use std::collections::BTreeSet;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use peakday::balancer::BalancerSpec;
use peakday::dist;
use peakday::scenario::{Document, SweepDocument, json_schema, sweep_schema};
use peakday::workload::EventSpec;
use peakday::workload::recorded::TraceFiles;
use serde_json::Value;

const REFERENCE: &str = "docs/SCENARIO.md";
const SWEEPS: &str = "docs/SWEEP.md";
/// Keys whose map is one of names that the user chooses.
const NAMED: [&str; 7] = ["traffic", "services", "pools", "mix", "monitoring", "set", "compare"];

/// The traces of the reference: small ones here, others beside the scenarios.
#[derive(Debug)]
struct Traces;

impl TraceFiles for Traces {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        let text = match path {
            "rates.csv" => "minute,orders\n0,120\n1,80\n",
            "log.csv" => "t,kind,units,site,user\n0,browse,1,eu,a\n1.5,order,2.5,eu,b\n2,order,1,us,a\n",
            _ => return Ok(Box::new(std::fs::File::open(root().join("scenarios").join(path))?)),
        };
        Ok(Box::new(Cursor::new(text.as_bytes())))
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn text_of(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Returns the blocks of YAML of a page.
fn blocks(page: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in page.lines() {
        match &mut open {
            None if line == "```yaml" => open = Some(String::new()),
            None => {}
            Some(_) if line == "```" => blocks.extend(open.take()),
            Some(block) => *block += &format!("{line}\n"),
        }
    }
    assert!(open.is_none(), "a block does not end");
    // A remark alone is no part of a scenario.
    blocks.retain(|block| !block.starts_with('#'));
    blocks
}

/// Returns the top-level sections of a file, each with its key.
fn sections(yaml: &str) -> Vec<(String, String)> {
    let mut sections: Vec<(String, String)> = Vec::new();
    for line in yaml.lines() {
        if line.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let key = line.split(':').next().unwrap_or_default();
            sections.push((key.to_owned(), String::new()));
        }
        let (_, section) = sections.last_mut().expect("a block begins with a key");
        *section += &format!("{line}\n");
    }
    sections
}

/// Returns a block with the sections of the base that it lacks.
fn completed(block: &str, base: &str) -> String {
    let own = sections(block);
    let lacking = sections(base).into_iter().filter(|(key, _)| own.iter().all(|(given, _)| given != key));
    block.to_owned() + &lacking.map(|(_, section)| section).collect::<String>()
}

/// Collects the keys of a file that are not names which the user chose.
fn keys_of(value: &Value, parent: &str, keys: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let by_class = ["work", "wait"].contains(&parent) && !dist::NAMES.contains(&key.as_str());
                let chosen = NAMED.contains(&parent) || by_class || key.starts_with("x-");
                let percentile =
                    key.strip_prefix('p').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
                if !chosen && !percentile {
                    keys.insert(key.clone());
                }
                // Below a chosen name no parent's rule holds any more.
                let parent = if key.ends_with(".mix") {
                    "mix"
                } else if chosen {
                    ""
                } else {
                    key
                };
                keys_of(value, parent, keys);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys_of(item, "", keys)),
        Value::String(word) if BalancerSpec::examples().iter().any(|(name, _)| name == word) => {
            keys.insert(word.clone());
        }
        _ => {}
    }
}

fn keys_in(yaml: &str) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    keys_of(&serde_saphyr::from_str(yaml).expect("a block is YAML"), "", &mut keys);
    keys
}

/// Returns the keys of every struct that the schema knows, by the struct's name.
fn keys_of_structs(root: &str, schema: &Value) -> Vec<(String, String, Value, bool)> {
    let definitions = schema["$defs"].as_object().expect("definitions");
    let structs = definitions.iter().map(|(name, schema)| (name.as_str(), schema)).chain([(root, schema)]);
    let mut keys = Vec::new();
    for (name, schema) in structs {
        let required = |key: &str| {
            let list = schema["required"].as_array().or(schema["then"]["required"].as_array());
            list.is_some_and(|list| list.iter().any(|required| required == key))
        };
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            keys.push((name.to_owned(), key.clone(), property["default"].clone(), required(key)));
        }
    }
    assert!(keys.len() > 90, "{} keys", keys.len());
    keys
}

/// The section in whose table the keys of a struct stand, one row for each; the keys of other structs
/// are named in the row of the key that holds them.
const TABLES: [(&str, &str); 83] = [
    ("Scenario", "## Top level"),
    ("MetadataSpec", "## metadata"),
    ("RunSpec", "## run"),
    ("SourceSpec", "## traffic"),
    ("StagesSpec", "### Forms of a rate"),
    ("StepSpec", "### Forms of a rate"),
    ("DiurnalSpec", "### Forms of a rate"),
    ("EventSpec", "### Forms of a rate"),
    ("RecordedSpec", "### recorded"),
    ("ServiceSpec", "## services"),
    ("PoolSpec", "### pools"),
    ("CpuSpec", "### pools"),
    ("QueueSpec", "### queue"),
    ("StartupSpec", "### startup"),
    ("ImageSpec", "### startup"),
    ("SlowStartSpec", "### startup"),
    ("LaunchSpec", "### launch"),
    ("WarmPoolSpec", "### launch"),
    ("NodesSpec", "### launch"),
    ("AutoscalerSpec", "### autoscaler"),
    ("ScheduleSpec", "### autoscaler"),
    ("ScheduleStep", "### autoscaler"),
    ("ScheduleRule", "### autoscaler"),
    ("ClusterAutoscaler", "### launch"),
    ("TargetTracking", "### targetTracking"),
    ("StepScaling", "### stepScaling"),
    ("Keda", "### keda"),
    ("Trigger", "### keda"),
    ("Demand", "### demand"),
    ("Performance", "### performance"),
    ("Trend", "### trend"),
    ("Predictive", "### predictive"),
    ("LadderSpec", "### ladder"),
    ("Ladder", "### ladder"),
    ("ProxiesSpec", "### proxies"),
    ("ZoneAwareSpec", "### proxies"),
    ("HorizontalPodAutoscaler", "### horizontalPodAutoscaler"),
    ("HealthCheckSpec", "### healthCheck"),
    ("FaultSpec", "## faults"),
    ("CrashSpec", "## faults"),
    ("ZoneOutageSpec", "## faults"),
    ("SlowSpec", "## faults"),
    ("ErrorsSpec", "## faults"),
    ("FailuresSpec", "## faults"),
    ("FailedLaunchesSpec", "## faults"),
    ("MonitoringOutageSpec", "## faults"),
    ("PipelineSpec", "## monitoring"),
    ("ActionSpec", "## actions"),
    ("ConditionSpec", "## actions"),
    ("LatencyLimit", "## actions"),
    ("Limit", "## actions"),
    ("ReleaseSpec", "## releases"),
    ("PolicySpec", "## releases"),
    ("CommitsSpec", "## releases"),
    ("ConfigurationSpec", "## releases"),
    ("DefectSpec", "### defect"),
    ("Errors", "### defect"),
    ("SlowDown", "### defect"),
    ("Crash", "### defect"),
    ("Leak", "### defect"),
    ("ColdCache", "### defect"),
    ("ConnectionExhaustion", "### defect"),
    ("CiSpec", "### pipeline"),
    ("StageSpec", "### pipeline"),
    ("DetectionSpec", "### detection"),
    ("PersonSpec", "### detection"),
    ("Analysis", "### detection"),
    ("SuccessRateBounds", "### detection"),
    ("LatencyBounds", "### detection"),
    ("Alert", "### detection"),
    ("LatencyAbove", "### detection"),
    ("BurnRate", "### detection"),
    ("BurnWindow", "### detection"),
    ("VersionRollback", "### rollback"),
    ("SnapshotRollback", "### rollback"),
    ("FreezeSpec", "## freezes"),
    ("Rolling", "### rollout"),
    ("BlueGreen", "### rollout"),
    ("Canary", "### rollout"),
    ("Pause", "### rollout"),
    ("SetCanaryScale", "### rollout"),
    ("Progressive", "### rollout"),
    ("ObjectiveSpec", "## objectives"),
];

/// Returns the rows of the tables below a heading, by their cells.
fn rows<'a>(page: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let (_, section) = page.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    let end = section.find("\n## ").into_iter().chain(section.find("\n### ")).min().unwrap_or(section.len());
    let rows = section[..end].lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

#[test]
fn every_block_is_accepted() {
    let page = text_of(REFERENCE);
    let blocks = blocks(&page);
    assert!(blocks.len() > 15, "{} blocks", blocks.len());
    let base = blocks.last().expect("the base");
    for block in &blocks {
        let text = completed(block, base);
        let checked = Document::read("block", text.as_bytes()).and_then(|document| document.check(&Traces));
        assert!(checked.is_ok(), "{}\n{text}", checked.unwrap_err());
    }
}

#[test]
fn every_key_is_shown() {
    let page = text_of(REFERENCE);
    let shown: BTreeSet<String> = blocks(&page).iter().flat_map(|block| keys_in(block)).collect();
    let mut wanted = keys_in(&text_of("tests/golden/everything.yaml"));
    wanted.extend(keys_of_structs("Scenario", json_schema()).into_iter().map(|(_, key, ..)| key));
    wanted.extend(dist::NAMES.map(str::to_owned));
    wanted.extend(BalancerSpec::examples().into_iter().map(|(name, _)| name.to_owned()));
    wanted.remove("include");
    let missing: Vec<_> = wanted.difference(&shown).collect();
    assert!(missing.is_empty(), "no block shows {missing:?}");
    let unexplained: Vec<_> = wanted.iter().filter(|key| !page.contains(&format!("`{key}`"))).collect();
    assert!(unexplained.is_empty(), "nothing explains {unexplained:?}");
    for shape in EventSpec::shapes() {
        assert!(page.contains(&format!("`{shape}`")), "nothing names {shape}");
    }
}

#[test]
fn every_key_has_a_row_with_its_type_and_default() {
    let page = text_of(REFERENCE);
    for key in keys_of_structs("Scenario", json_schema()) {
        if let Some((_, heading)) = TABLES.iter().find(|(table, _)| *table == key.0) {
            assert_row(&page, heading, &key);
        }
    }
}

/// Asserts that a table has a row for a key: struct, key, default, and whether it is required.
fn assert_row(page: &str, heading: &str, (_, key, default, required): &(String, String, Value, bool)) {
    let written = format!("`{key}`");
    let all = rows(page, heading);
    let row = all.iter().filter(|row| row[0] == written && row.len() == 4);
    let fits = row.clone().any(|row| {
        let said = match default {
            Value::String(text) => row[2].contains(text.as_str()) || said_otherwise(text, row[2]),
            Value::Number(number) => row[2].contains(&number.to_string().replace(".0", "")),
            _ => !row[2].is_empty(),
        };
        !row[1].is_empty() && !row[3].is_empty() && said && (!required || row[2].contains("required"))
    });
    assert!(
        fits,
        "{heading}: {key}: {row:?}, default {default}, required {required}",
        row = row.collect::<Vec<_>>()
    );
}

/// Where the keys of a sweep's structs stand on its page.
const SWEEP_TABLES: [(&str, &str); 7] = [
    ("Sweep", "## Top level"),
    ("AxisSpec", "## axes"),
    ("RangeSpec", "### range"),
    ("SamplesSpec", "## combine"),
    ("ConstraintSpec", "## constraints"),
    ("BetweenSpec", "## replications"),
    ("PrecisionSpec", "## replications"),
];

/// The base of the page of sweeps.
#[derive(Debug)]
struct Shop(String);

impl TraceFiles for Shop {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        assert_eq!(path, "shop.yaml");
        Ok(Box::new(Cursor::new(self.0.clone())))
    }
}

#[test]
fn every_block_about_sweeps_is_accepted() {
    let page = text_of(SWEEPS);
    let (_, shop) = page.split_once("```yaml\n# shop.yaml\n").expect("the scenario");
    let shop = Shop(shop.trim_end().trim_end_matches('`').to_owned());
    let blocks = blocks(&page);
    assert!(blocks.len() > 8, "{} blocks", blocks.len());
    let base = blocks.last().expect("the base");
    for block in &blocks {
        let text = completed(block, base);
        let read = SweepDocument::read("block", text.as_bytes(), &[], &[], &shop);
        let checked = read.and_then(|sweep| sweep.check(&shop));
        assert!(checked.is_ok(), "{}\n{text}", checked.unwrap_err());
    }
}

#[test]
fn every_key_of_a_sweep_is_shown_and_has_a_row() {
    let page = text_of(SWEEPS);
    let shown: BTreeSet<String> = blocks(&page).iter().flat_map(|block| keys_in(block)).collect();
    let scenario = json_schema()["$defs"].as_object().expect("definitions");
    let own = |name: &str| name != "ScenarioSpec" && !scenario.contains_key(name);
    for key in keys_of_structs("Sweep", sweep_schema()).iter().filter(|key| own(&key.0)) {
        let (_, heading) =
            SWEEP_TABLES.iter().find(|(table, _)| *table == key.0).unwrap_or_else(|| panic!("{key:?}"));
        assert_row(&page, heading, key);
        assert!(shown.contains(&key.1), "no block shows {key:?}");
    }
}

/// The same default in another form: `100%` or `1.0` for 1.
fn said_otherwise(default: &str, cell: &str) -> bool {
    default == "1" && (cell.contains("100%") || cell.contains("1.0"))
}

/// The check above can fail: a key that is not read cannot be shown unnoticed.
#[test]
fn a_block_with_an_unknown_key_is_refused() {
    let page = text_of(REFERENCE);
    let blocks = blocks(&page);
    let base = blocks.last().expect("the base");
    let text = completed(&base.replace("duration: 1h", "duration: 1h, calls: 3"), base);
    assert!(Document::read("block", text.as_bytes()).is_err());
}

#[test]
fn the_front_page_shows_the_quick_start_as_it_is() {
    let front = text_of("README.md");
    let text = text_of("scenarios/quickstart.yaml");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let block = format!("```yaml\n{}\n```\n", lines.collect::<Vec<_>>().join("\n"));
    assert!(front.contains(&block), "the front page has no\n{block}");
}
