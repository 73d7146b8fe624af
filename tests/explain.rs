//! The codes of problems: every one is explained, and every example is what it says.

use std::io::{self, Cursor, Read};

use peakday::error::{Code, Error};
use peakday::scenario::{Document, SweepDocument, explain};
use peakday::workload::recorded::TraceFiles;

const BASE: [(&str, &str); 6] = [
    ("apiVersion", "peakday/v1alpha1"),
    ("kind", "Scenario"),
    ("metadata", "{name: base}"),
    ("run", "{duration: 10m}"),
    ("traffic", "{users: {to: web, class: browse, rate: 90/s}}"),
    ("services", "{web: {pools: {p: {replicas: 4, concurrency: 8}}, work: 5ms}}"),
];
/// The same of a sweep.
const SWEEP: [(&str, &str); 5] = [
    ("apiVersion", "peakday/v1alpha1"),
    ("kind", "Sweep"),
    ("metadata", "{name: base}"),
    ("base", "shop.yaml"),
    ("axes", "[{path: run.load, values: [1.0, 1.2]}]"),
];
/// What judges a release.
const JUDGE: &str = "objectives: [{name: most, service: web, success: {gte: 99%}}]\n";

#[derive(Debug)]
struct Files;

impl TraceFiles for Files {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        match path {
            "log.csv" => Ok(Box::new(Cursor::new("t\n1\n2\n"))),
            "shop.yaml" => {
                let lines: Vec<String> =
                    BASE.iter().map(|(key, value)| format!("{key}: {value}\n")).collect();
                Ok(Box::new(Cursor::new(lines.concat())))
            }
            "fleet.yaml" => Ok(Box::new(Cursor::new("run: {seed: 3}\n"))),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

/// Returns the codes that a file is answered with.
fn codes(bytes: &[u8], settings: &[String]) -> Vec<Code> {
    let document = Document::layered("s.yaml", bytes, &[], settings, &Files);
    told(document.and_then(|document| document.check(&Files)))
}

fn told<T>(checked: Result<T, Error>) -> Vec<Code> {
    match checked {
        Ok(_) => Vec::new(),
        Err(Error::Invalid(issues)) => issues.iter().map(|issue| issue.code).collect(),
        Err(other) => panic!("not told as an issue: {other}"),
    }
}

/// Returns the codes of an example: a section of a scenario, the others as in the base; or a setting.
fn codes_of(example: &str) -> Vec<Code> {
    let of_sweep = SWEEP[3..].iter().map(|(key, _)| *key).chain(["constraints"]);
    if of_sweep.into_iter().any(|key| example.starts_with(&format!("{key}:"))) {
        let lacking = SWEEP.iter().filter(|(key, _)| !example.starts_with(&format!("{key}:")));
        let text = lacking.map(|(key, value)| format!("{key}: {value}\n")).collect::<String>() + example;
        let sweep = SweepDocument::read("s.yaml", text.as_bytes(), &[], &[], &Files);
        return told(sweep.and_then(|sweep| sweep.check(&Files)));
    }
    let (setting, section) = match example.strip_prefix("--set ") {
        Some(setting) => (vec![setting.to_owned()], String::new()),
        None => (vec![], format!("{example}\n")),
    };
    let lacking = BASE.iter().filter(|(key, _)| !section.starts_with(&format!("{key}:")));
    // The example comes last: a bracket that it leaves open shall not swallow the rest.
    let mut text: String = lacking.map(|(key, value)| format!("{key}: {value}\n")).collect();
    if section.starts_with("releases:") {
        text += JUDGE;
    }
    codes((text + &section).as_bytes(), &setting)
}

#[test]
fn every_code_is_explained_and_its_examples_are_true() {
    for &code in Code::ALL {
        let found = explain(code).unwrap_or_else(|| panic!("{code} is not explained"));
        assert!(!found.meaning.is_empty() && found.meaning.lines().all(|line| line.len() <= 110), "{code}");
        match code {
            // These are no pieces of text.
            Code::NotText => assert_eq!(codes(b"kind: \xff", &[]), [code]),
            Code::TooLarge => assert_eq!(codes(&vec![b'#'; 5 << 20], &[]), [code]),
            Code::Empty => assert_eq!(codes(found.wrong.as_bytes(), &[]), [code]),
            Code::More => {
                let many: String = (0..100).map(|key| format!("k{key}: 1\n")).collect();
                assert!(codes(many.as_bytes(), &[]).contains(&code));
            }
            _ => {
                assert_eq!(codes_of(found.wrong), [code], "{code}: {}", found.wrong);
                assert_eq!(codes_of(found.right), [], "{code}: {}", found.right);
            }
        }
    }
}

#[test]
fn codes_are_stable_and_read_back() {
    let numbers: Vec<u16> = Code::ALL.iter().map(|&code| code as u16).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
    for &code in Code::ALL {
        assert_eq!(code.to_string().parse(), Ok(code));
        assert_eq!(code.to_string().to_lowercase().parse(), Ok(code));
    }
    assert_eq!(Code::UnknownKey.to_string(), "PD010");
    assert_eq!("PD999".parse::<Code>(), Err(()));
}
