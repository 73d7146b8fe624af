//! What a scenario is made of: files taken in, overlays, settings; what they make together, and
//! where their problems are told.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};

use peakday::error::Error;
use peakday::scenario::{Document, Overlay, ScenarioSpec};
use peakday::workload::recorded::TraceFiles;
use serde_json::{Value, json};

/// Files by path, as seen from the folder of the scenario.
#[derive(Debug, Default)]
struct Files(BTreeMap<&'static str, &'static str>);

impl TraceFiles for Files {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        let text = self.0.get(path).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(Box::new(Cursor::new(text.as_bytes())))
    }
}

const BASE: &str = "\
apiVersion: peakday/v1alpha1
kind: Scenario
metadata: {name: base}
run: {duration: 10m, warmup: 1m}
traffic:
  users: {to: web, class: browse, rate: 90/s}
services:
  web:
    pools: {standard: {replicas: 4, concurrency: 8, zones: [a, b]}}
    work: {lognormal: {p50: 5ms, p99.9: 30ms}}
    balancer: {leastRequest: {choiceCount: 3}}
objectives:
  - {name: p99, service: web, latency: {percentile: 99, lt: 1s}}
  - {name: most, service: web, success: {gte: 99%}}
";

fn read(
    text: &str,
    files: &[(&'static str, &'static str)],
    overlays: &[&str],
    settings: &[&str],
) -> Result<ScenarioSpec, String> {
    let files = Files(files.iter().copied().collect());
    let overlay = |(index, text): (usize, &&str)| Overlay {
        name: format!("over{index}.yaml"),
        folder: String::new(),
        bytes: text.as_bytes().to_vec(),
    };
    let overlays: Vec<_> = overlays.iter().enumerate().map(overlay).collect();
    let settings: Vec<_> = settings.iter().map(|&setting| setting.to_owned()).collect();
    let document = Document::layered("dir/s.yaml", text.as_bytes(), &overlays, &settings, &files);
    document.and_then(|document| document.check(&files).map(|_| document.spec)).map_err(|error| match error {
        Error::Invalid(_) => error.to_string(),
        other => panic!("not told as an issue: {other}"),
    })
}

/// The base as JSON, with the value at a path replaced; null removes it.
fn base_but(changes: &[(&str, Value)]) -> Value {
    let mut json = serde_json::to_value(read(BASE, &[], &[], &[]).expect("valid")).expect("json");
    for (path, value) in changes {
        let (parent, key) = path.rsplit_once('/').expect("a pointer");
        let map = json.pointer_mut(parent).unwrap_or_else(|| panic!("no {parent}")).as_object_mut();
        let map = map.expect("a map");
        if value.is_null() {
            map.remove(key)
        } else {
            map.insert(key.to_owned(), value.clone())
        };
    }
    json
}

fn assert_reads(read: Result<ScenarioSpec, String>, expected: &Value, what: &str) {
    let read = read.unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(&serde_json::to_value(read).expect("json"), expected, "{what}");
}

#[test]
fn settings_are_typed_by_the_schema() {
    let pool = "/services/web/pools/standard";
    let cases: [(&str, String, Value); 16] = [
        ("services.web.pools.standard.replicas=20", format!("{pool}/replicas"), json!(20)),
        ("services.web.pools.standard.zones=[c]", format!("{pool}/zones"), json!(["c"])),
        (
            "services.web.pools.standard.concurrency=unlimited",
            format!("{pool}/concurrency"),
            json!("unlimited"),
        ),
        ("metadata.displayName=1.10", "/metadata/displayName".into(), json!("1.10")),
        ("metadata.displayName=NO", "/metadata/displayName".into(), json!("NO")),
        ("run.duration=20m", "/run/duration".into(), json!("20m")),
        ("run.seed=18446744073709551615", "/run/seed".into(), json!(u64::MAX)),
        ("run.warmup=null", "/run/warmup".into(), json!("0s")),
        ("services.web.balancer=random", "/services/web/balancer".into(), json!({"random": {}})),
        ("services.web.balancer.random={}", "/services/web/balancer".into(), json!({"random": {}})),
        (
            "services.web.balancer.leastRequest.choiceCount=5",
            "/services/web/balancer".into(),
            json!({"leastRequest": {"choiceCount": 5}}),
        ),
        (
            "services.web.work.lognormal.p99.9=40ms",
            "/services/web/work/lognormal/p99.9".into(),
            json!("40ms"),
        ),
        (
            "services.web.work.exponential.mean=4ms",
            "/services/web/work".into(),
            json!({"exponential": {"mean": "4ms"}}),
        ),
        ("services.web.work=4ms", "/services/web/work".into(), json!("4ms")),
        (
            "services.web.queue.limit=7",
            "/services/web/queue".into(),
            json!({"scope": "server", "limit": 7, "order": "fifo"}),
        ),
        (
            "traffic.users.rate={stages: {steps: [{duration: 5m, target: 9/s}]}}",
            "/traffic/users/rate".into(),
            json!({"stages": {"startRate": "0/s", "steps": [{"duration": "5m", "target": "9/s"}]}}),
        ),
    ];
    for (setting, path, value) in cases {
        assert_reads(read(BASE, &[], &[], &[setting]), &base_but(&[(&path, value)]), setting);
    }
    let second = base_but(&[("/run/seed", json!(2))]);
    assert_reads(read(BASE, &[], &[], &["run.seed=1", "run.seed=2"]), &second, "the last one wins");
}

#[test]
fn elements_are_set_by_index_and_by_name() {
    for setting in ["objectives[1].every=1m", "objectives[most].every=1m"] {
        let spec = read(BASE, &[], &[], &[setting]).unwrap_or_else(|error| panic!("{setting}: {error}"));
        assert_eq!(spec.objectives[0].every, None, "{setting}");
        assert_eq!(spec.objectives[1].every, Some("1m".parse().expect("a duration")), "{setting}");
    }
}

#[test]
fn overlays_merge_maps_and_replace_everything_else() {
    let cases: [(&str, Value); 7] = [
        ("run: {seed: 7}", base_but(&[("/run/seed", json!(7))])),
        ("run: {warmup: null}", base_but(&[("/run/warmup", json!("0s"))])),
        (
            "services: {web: {pools: {standard: {zones: [c], replicas: 9}}}}",
            base_but(&[
                ("/services/web/pools/standard/zones", json!(["c"])),
                ("/services/web/pools/standard/replicas", json!(9)),
            ]),
        ),
        (
            "services: {web: {balancer: {random: {}}}}",
            base_but(&[("/services/web/balancer", json!({"random": {}}))]),
        ),
        (
            "services: {web: {work: {exponential: {mean: 4ms}}}}",
            base_but(&[("/services/web/work", json!({"exponential": {"mean": "4ms"}}))]),
        ),
        ("objectives: null", base_but(&[("/objectives", json!([]))])),
        ("x-note: 1\nkind: Scenario", base_but(&[])),
    ];
    for (overlay, expected) in cases {
        assert_reads(read(BASE, &[], &[overlay], &[]), &expected, overlay);
    }
    let both = base_but(&[("/run/seed", json!(9)), ("/run/load", json!("2"))]);
    let read = read(BASE, &[], &["run: {seed: 7, load: 2}", "run: {seed: 8}"], &["run.seed=9"]);
    assert_reads(read, &both, "overlays in their order, then settings");
}

#[test]
fn files_are_taken_in_below_the_one_that_names_them() {
    let parts: &[(&str, &str)] = &[
        ("parts/fleet.yaml", "include: [pool.yaml]\nservices: {web: {work: 5ms}}\n"),
        ("parts/pool.yaml", "services: {web: {work: 9ms, pools: {p: {replicas: 1, concurrency: 1}}}}\n"),
        (
            "parts/traffic.yaml",
            "traffic: {users: {to: web, class: a, rate: {recorded: {file: day.csv, time: t}}}}\nrun: {seed: 3}\n",
        ),
        ("parts/day.csv", "t\n1\n2\n"),
    ];
    let main = "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {name: m}\n\
        include: [parts/fleet.yaml, parts/traffic.yaml]\nrun: {duration: 1m}\n";
    let spec = read(main, parts, &[], &[]).expect("valid");
    assert_eq!(spec.run.seed, 3);
    let json = serde_json::to_value(&spec).expect("json");
    assert_eq!(json["services"]["web"]["work"], json!("5ms"));
    assert_eq!(json["traffic"]["users"]["rate"]["recorded"]["file"], json!("parts/day.csv"));
    let document =
        Document::layered("dir/s.yaml", main.as_bytes(), &[], &[], &Files(parts.iter().copied().collect()));
    let checked = document.expect("valid").check(&Files(parts.iter().copied().collect()));
    assert_eq!(checked.expect("valid").sources[0].recorded[0].survey.used, 2);
}

#[test]
fn problems_are_told_where_they_were_written() {
    let parts: &[(&str, &str)] = &[
        ("a.yaml", "run:\n  sead: 3\n"),
        ("bad.yaml", "run: {\n"),
        ("list.yaml", "[1]\n"),
        ("loop.yaml", "include: [loop2.yaml]\n"),
        ("loop2.yaml", "include: [./loop.yaml]\n"),
    ];
    let with = |include: &str| format!("include: [{include}]\n{BASE}");
    let cases: [(String, &[&str], &[&str], &str); 20] = [
        (
            with("a.yaml"),
            &[],
            &[],
            "dir/a.yaml:2:3: run.sead: there is no key `sead` here [PD010]\n  did you mean `seed`?",
        ),
        (with("bad.yaml"), &[], &[], "dir/bad.yaml:1:6: "),
        (with("list.yaml"), &[], &[], "dir/s.yaml:1:11: include[0]: list.yaml is not a map of keys [PD020]"),
        (with("loop.yaml"), &[], &[], "dir/loop2.yaml:1:11: include[0]: ./loop.yaml takes in itself [PD020]"),
        (with("./s.yaml"), &[], &[], "dir/s.yaml:1:11: include[0]: ./s.yaml takes in itself"),
        (with("none.yaml"), &[], &[], "dir/s.yaml:1:11: include[0]: none.yaml: entity not found"),
        (with("[a]"), &[], &[], "dir/s.yaml:1:11: include[0]: this is not the path of a file"),
        (
            format!("include: a.yaml\n{BASE}"),
            &[],
            &[],
            "dir/s.yaml:1:10: include: this is not a list of files",
        ),
        (
            BASE.into(),
            &["run: {seed: 1}\ntrafic: {}"],
            &[],
            "over0.yaml:2:1: trafic: there is no key `trafic` here",
        ),
        (
            BASE.into(),
            &["run: {seed: 1}", "run:\n  seed: x"],
            &[],
            "over1.yaml:2:9: run.seed: this is the text `x`",
        ),
        (BASE.into(), &["run: {warmup: 11m}"], &[], "over0.yaml:1:15: run.warmup: the warm-up, 11m, leaves"),
        (
            BASE.into(),
            &[],
            &["run.seed=x"],
            "--set run.seed=x: run.seed: this is the text `x`, not a whole number",
        ),
        (
            BASE.into(),
            &[],
            &["run.sead=1"],
            "--set run.sead=1: run.sead: there is no key `sead` here [PD010]\n  did you mean `seed`?",
        ),
        (BASE.into(), &[], &["run.duration"], "--set run.duration: there is no `=` [PD021]"),
        (BASE.into(), &[], &["=4"], "--set =4: nothing stands before the `=` [PD021]"),
        (BASE.into(), &[], &["run..seed=4"], "--set run..seed=4: run..seed: `.seed` is not a path [PD021]"),
        (
            BASE.into(),
            &[],
            &["objectives[p9].every=1m"],
            "--set objectives[p9].every=1m: objectives[p9].every: there is no element `p9` among 2 [PD021]\n  did you mean `p99`?",
        ),
        (
            BASE.into(),
            &[],
            &["objectives[2].every=1m"],
            "--set objectives[2].every=1m: objectives[2].every: there is no element `2` among 2",
        ),
        (BASE.into(), &[], &["run[0]=1m"], "--set run[0]=1m: run[0]: there is no list"),
        (BASE.into(), &[], &["run.load={"], "--set run.load={: run.load: the value cannot be read: "),
    ];
    let mut wrong = Vec::new();
    for (text, overlays, settings, expected) in cases {
        let told = read(&text, parts, overlays, settings).err().unwrap_or_default();
        if !told.starts_with(expected) {
            wrong.push(format!("{overlays:?} {settings:?}\n told     {told}\n expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn settings_that_miss_their_place_are_told_what_to_type() {
    let cases = [
        ("load=1.3", "`load` belongs in `run`: write run.load=1.3"),
        (
            "services.web.replicas=9",
            "`replicas` belongs in `services.web.pools.standard`: write services.web.pools.standard.replicas=9",
        ),
        (
            "services.web.timeout=1s",
            "`timeout` belongs in `services.web.queue`: write services.web.queue.timeout=1s",
        ),
        ("objectives.p99.every", "write PATH=VALUE, for example objectives[p99].every=1m"),
        ("objectives.p99.every=1m", "write objectives[p99].every=1m"),
        ("objectives.none.every=1m", "write objectives[p99].every=1m"),
        ("run.duration", "write PATH=VALUE, for example run.duration=10m"),
        ("run", "write PATH=VALUE, for example run={duration: 10m}"),
        ("nonsense", "write PATH=VALUE, for example services.web.pools.standard.replicas=20"),
        ("services.web.pools.standrad.replicas=20", "did you mean `standard`?"),
        ("services.wbe.balancer=random", "did you mean `web`?"),
    ];
    for (setting, remedy) in cases {
        let told = read(BASE, &[], &[], &[setting]).expect_err(setting);
        assert!(told.ends_with(&format!("\n  {remedy}")), "{setting}: {told}");
        // What is proposed is read.
        let proposed =
            remedy.rsplit_once("write ").filter(|(_, text)| text.contains('=') && !text.ends_with(".."));
        let proposed = proposed.map(|(_, text)| text.trim_start_matches("PATH=VALUE, for example "));
        if let Some(Err(told)) = proposed.map(|setting| read(BASE, &[], &[], &[setting])) {
            panic!("{setting}: {remedy}: {told}");
        }
    }
}

#[test]
fn new_entries_come_whole() {
    let pool = json!({"replicas": 1, "concurrency": 2, "speed": 1.0, "weight": 2.0});
    let canary = "{replicas: 1, concurrency: 2}";
    for (overlays, settings) in [
        (vec![], vec![format!("services.web.pools.canary={canary}")]),
        (vec![format!("services: {{web: {{pools: {{canary: {canary}}}}}}}")], vec![]),
        // Once it is there, one value of it may be set.
        (
            vec![],
            vec![
                "services.web.pools.canary={replicas: 9, concurrency: 2}".to_owned(),
                "services.web.pools.canary.replicas=1".to_owned(),
            ],
        ),
    ] {
        let overlays: Vec<&str> = overlays.iter().map(String::as_str).collect();
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        let spec = read(BASE, &[], &overlays, &settings).unwrap_or_else(|error| panic!("{error}"));
        let json = serde_json::to_value(spec.resolved()).expect("json");
        assert_eq!(json["services"]["web"]["pools"]["canary"], pool);
    }
}

#[test]
fn long_chains_and_many_parts_are_refused() {
    let names = ["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9"];
    let texts: Vec<(String, String)> = names
        .iter()
        .enumerate()
        .map(|(i, name)| ((*name).to_owned(), format!("include: [a{}]\n", i + 1)))
        .collect();
    let leaked = texts.into_iter().map(|(name, text)| (&*name.leak(), &*text.leak()));
    let parts: Vec<(&'static str, &'static str)> = leaked.collect();
    let told = read(&format!("include: [a0]\n{BASE}"), &parts, &[], &[]).expect_err("too deep");
    assert!(told.starts_with("dir/a6:1:11: include[0]: a7 is taken in over more than 8 files"), "{told}");
    let settings = vec!["run.seed=1"; 300];
    let told = read(BASE, &[], &[], &settings).expect_err("too many");
    assert!(told.contains("made of more than 256 parts"), "{told}");
}
