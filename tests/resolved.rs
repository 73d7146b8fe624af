//! The resolved scenario, written out, is the scenario.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use peakday::scenario::{Document, Scenario};
use peakday::study::{StudyOptions, run_study};
use peakday::workload::recorded::TraceFiles;

/// Traces beside a file.
#[derive(Debug)]
struct Beside(PathBuf);

impl TraceFiles for Beside {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(File::open(self.0.join(path))?))
    }
}

/// Reads a scenario, writes it out, and returns it as it was written and as it reads back.
fn twice(text: &str, traces: &Beside) -> (Scenario, Scenario) {
    let first = Document::read("first.yaml", text.as_bytes()).unwrap();
    let scenario = first.check(traces).unwrap();
    let again = Document::read("resolved.yaml", scenario.resolved.as_bytes())
        .unwrap_or_else(|error| panic!("{error}\n{}", scenario.resolved));
    assert_eq!(again.spec, first.spec.resolved(), "{}", scenario.resolved);
    let again = again.check(traces).unwrap();
    assert_eq!(again.sha256, scenario.sha256);
    assert_eq!(again.resolved, scenario.resolved);
    (scenario, again)
}

#[test]
fn scenarios_read_back_as_they_were_resolved() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in ["scenarios/singles-day.yaml", "scenarios/quickstart.yaml", "scenarios/replay.yaml"] {
        let path = root.join(file);
        let traces = Beside(path.parent().unwrap().to_owned());
        let (scenario, again) = twice(&std::fs::read_to_string(&path).unwrap(), &traces);
        assert_eq!(scenario.plan, again.plan, "{file}");
    }
}

#[test]
fn running_the_resolved_scenario_gives_the_same_result() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let text = std::fs::read_to_string(folder.join("everything.yaml")).unwrap();
    let traces = Beside(folder);
    let (scenario, again) = twice(&text, &traces);
    let run = |scenario| run_study(scenario, &traces, StudyOptions::default(), &()).unwrap();
    assert_eq!(run(&scenario), run(&again));
}

/// Words that YAML reads as something else, and text that breaks lines.
#[test]
fn names_and_free_text_survive() {
    let names = ["no", "on", "null", "1e3", "0x1f", "007", "12", "y", "-", "true", "1-30"];
    let texts = [
        "yes",
        "a: b # c",
        "- x",
        "\"quoted\" 'twice'",
        "\\\\ back",
        " spaces ",
        "two\nlines",
        "备战双十一",
        "{}",
        "1_000",
        "&a *b !c %d @e `f`",
        &"long words and more of them ".repeat(9),
        "",
    ];
    for (i, text) in texts.iter().enumerate() {
        let name = names[i % names.len()];
        let text = format!(
            "apiVersion: peakday/v1alpha1\nkind: Scenario\n\
             metadata: {{name: \"{name}\", displayName: {}}}\nrun: {{duration: 1s}}\n\
             traffic: {{\"{name}\": {{to: \"{name}\", class: \"{name}\", rate: 1/s}}}}\n\
             services: {{\"{name}\": {{pools: {{\"{name}\": {{replicas: 1, concurrency: unlimited, zones: [\"{name}\"]}}}}, work: {{\"{name}\": 1ms}}}}}}\n",
            serde_json::to_string(text).unwrap()
        );
        twice(&text, &Beside(PathBuf::new()));
    }
}
