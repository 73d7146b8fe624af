//! Arrivals of several parts and sources, merged: in order of time, and at one instant in the
//! order of the file.

use std::io::{self, Cursor, Read};

use peakday::scenario::{Document, Scenario};
use peakday::study::record_arrivals;
use peakday::workload::recorded::TraceFiles;

/// Two traces; every other file does not exist.
#[derive(Debug)]
struct Two;

impl TraceFiles for Two {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        match path {
            "a.csv" => Ok(Box::new(Cursor::new("t,class\n0.5,order\n1.5,order\n"))),
            // The last one falls on the end of the run, and so does not come.
            "b.csv" => Ok(Box::new(Cursor::new("t,class\n0.5,pay\n0.5,order\n2,pay\n4,pay\n"))),
            _ => Err(io::Error::from(io::ErrorKind::NotFound)),
        }
    }
}

fn scenario(traffic: &str) -> Scenario {
    let text = format!(
        "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {{name: s}}\nrun: {{duration: 4s}}\n\
         traffic:\n{traffic}services: {{web: {{pools: {{p: {{replicas: 1, concurrency: 1}}}}, \
         work: {{browse: 9ms, order: 1ms, pay: 1ms}}}}}}\n"
    );
    Document::read("s.yaml", text.as_bytes())
        .and_then(|read| read.check(&Two))
        .unwrap_or_else(|error| panic!("{text}{error}"))
}

/// Tenths of a second, source, class of every arrival.
fn arrivals(traffic: &str) -> Vec<String> {
    let written = record_arrivals(&scenario(traffic), &Two, 1, Vec::new()).expect("written");
    let text = String::from_utf8(written).expect("text");
    let told = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let time = cells[0].strip_suffix("00000000").expect("a tenth of a second");
        format!("{time} {} {}", cells[1], cells[2])
    };
    text.lines().skip(1).map(told).collect()
}

/// A part of a rate that replays a file.
fn recorded(file: &str) -> String {
    format!("{{recorded: {{file: {file}, time: t, class: class}}}}")
}

fn source(name: &str, rate: &str) -> String {
    let class = if rate.contains("/s") { "class: browse, " } else { "" };
    format!("  {name}: {{to: web, {class}arrivals: uniform, rate: {rate}}}\n")
}

fn sum(parts: &[&str]) -> String {
    format!("{{sum: [{}]}}", parts.join(", "))
}

#[test]
fn parts_of_a_source_come_by_time_and_then_in_their_order() {
    let (a, b) = (recorded("a.csv"), recorded("b.csv"));
    let only = |parts: &[&str]| arrivals(&source("s", &sum(parts)));
    assert_eq!(only(&[&a, &b]), ["0.5 s order", "0.5 s pay", "0.5 s order", "1.5 s order", "2.0 s pay",]);
    assert_eq!(only(&[&b, &a]), ["0.5 s pay", "0.5 s order", "0.5 s order", "1.5 s order", "2.0 s pay",]);
    // Evenly spaced ones, one a second, come in the middle of their seconds, and first.
    let mixed =
        ["0.5 s browse", "0.5 s order", "1.5 s browse", "1.5 s order", "2.5 s browse", "3.5 s browse"];
    assert_eq!(only(&["1/s", &a]), mixed);
    assert_eq!(only(&[&a, "1/s"]), mixed);
}

#[test]
fn rates_of_a_sum_are_one_stream() {
    // Two even streams of 0.5/s are one of 1/s, not two that coincide.
    let one = ["0.5 s browse", "1.5 s browse", "2.5 s browse", "3.5 s browse"];
    assert_eq!(arrivals(&source("s", "1/s")), one);
    assert_eq!(arrivals(&source("s", &sum(&["0.5/s", "0.5/s"]))), one);
    assert_eq!(arrivals(&source("s", &sum(&["0.5/s", &sum(&["0.25/s", "0.25/s"])]))), one);
}

#[test]
fn a_sum_of_nothing_but_one_recording_is_that_recording() {
    let a = recorded("a.csv");
    let plain = arrivals(&source("s", &a));
    assert_eq!(plain, ["0.5 s order", "1.5 s order"]);
    assert_eq!(arrivals(&source("s", &sum(&[&a]))), plain);
    assert_eq!(arrivals(&source("s", &sum(&[&sum(&[&a])]))), plain);
}

#[test]
fn sources_come_by_time_and_then_in_the_order_of_the_file() {
    let (a, b) = (recorded("a.csv"), recorded("b.csv"));
    let expected = [
        "0.5 z order",
        "0.5 a browse",
        "0.5 m pay",
        "0.5 m order",
        "1.5 z order",
        "1.5 a browse",
        "2.0 m pay",
        "2.5 a browse",
        "3.5 a browse",
    ];
    let three = [source("z", &a), source("a", "1/s"), source("m", &b)].concat();
    assert_eq!(arrivals(&three), expected);
    // Names do not matter, places do.
    let turned = [source("m", &b), source("z", &a), source("a", "1/s")].concat();
    assert_eq!(arrivals(&turned)[..4], ["0.5 m pay", "0.5 m order", "0.5 z order", "0.5 a browse"]);
}

#[test]
fn a_trace_that_vanishes_is_told_with_its_name() {
    /// Opens what the survey needs, and nothing more.
    #[derive(Debug)]
    struct Gone;

    impl TraceFiles for Gone {
        fn open(&self, _path: &str) -> io::Result<Box<dyn Read + Send>> {
            Err(io::Error::other("it is gone"))
        }
    }
    let parts = sum(&["1/s", &recorded("b.csv")]);
    let error = record_arrivals(&scenario(&source("s", &parts)), &Gone, 1, Vec::new()).expect_err("gone");
    assert_eq!(error.to_string(), "b.csv: it is gone");
}
