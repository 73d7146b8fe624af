use std::io;

use super::*;
use crate::preview::{Warning, preview};
use crate::scenario::Document;
use crate::workload::recorded::TraceFiles;

#[derive(Debug)]
struct NoTraces;

impl TraceFiles for NoTraces {
    fn open(&self, _: &str) -> io::Result<Box<dyn io::Read + Send>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

fn told(run: &str, traffic: &str, services: &str, more: &str) -> Preview {
    let text = format!(
        "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {{name: shop}}\nrun: {{{run}}}\n\
         traffic: {{{traffic}}}\nservices: {{{services}}}\n{more}"
    );
    let read = Document::read("s.yaml", text.as_bytes()).and_then(|read| read.check(&NoTraces));
    preview(&read.unwrap_or_else(|error| panic!("{text}\n{error}")), &NoTraces).expect("a preview")
}

fn farm(name: &str) -> String {
    format!(
        "{name}: {{pools: {{p: {{replicas: 1, concurrency: 1}}}}, work: {{exponential: {{mean: 10ms}}}}}}"
    )
}

const PACE: Pace = Pace { ns_per_request: 500.0, cores: 2 };

/// Text in one line, wherever it was broken.
fn flat(preview: &Preview, pace: &Pace) -> String {
    text(preview, pace).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn waits_are_written_in_milliseconds_and_percent() {
    let figures = |mean_s, p99_s, share_waiting, share_rejected| WaitFigures {
        mean_s,
        p99_s,
        share_waiting,
        share_rejected,
    };
    let table = [
        (figures(0.0, None, None, None), "0 ms on average"),
        // The clock counts nanoseconds: less is none.
        (figures(9e-10, None, None, None), "0 ms on average"),
        (figures(2e-9, None, None, None), "0.0000020 ms on average"),
        (figures(0.012_345, Some(0.0), None, None), "12.3 ms on average, p99 0 ms"),
        (figures(0.012_345, Some(1.5), Some(0.5), None), "12.3 ms on average, p99 1,500 ms, 50.0 % wait"),
        (
            figures(12.0, None, Some(9e-7), Some(1e-5)),
            "12,000 ms on average, 0 % wait, 0.00100 % turned away",
        ),
        (figures(1e-3, None, Some(1.0), Some(1.0)), "1.00 ms on average, 100 % wait, 100 % turned away"),
    ];
    for (figures, expected) in table {
        assert_eq!(wait(&figures), expected);
    }
}

/// Replications side by side on cores: as many rounds as it takes, each as long as one.
#[test]
fn the_time_is_that_of_the_rounds() {
    let traffic = "users: {to: web, class: a, rate: 1k/s}";
    // Requests of one replication x 1 us, times the rounds.
    let table = [(1, 1, 1), (1, 8, 1), (5, 1, 5), (5, 2, 3), (5, 4, 2), (5, 5, 1), (6, 5, 2), (5, 64, 1)];
    for (replications, cores, rounds) in table {
        let run = format!("duration: 100s, replications: {replications}");
        let preview = told(&run, traffic, &farm("web"), "");
        let pace = Pace { ns_per_request: 1_000.0, cores };
        let found = seconds(&preview, &pace);
        let expected = 0.1 * f64::from(rounds);
        assert!((found - expected).abs() < 1e-9, "{replications} on {cores}: {found}, not {expected}");
        let parsed: serde_json::Value =
            serde_json::from_str(&json(&preview, &pace).expect("JSON")).expect("JSON");
        assert_eq!(parsed["estimatedSeconds"].as_f64(), Some(found));
        assert_eq!(parsed["pace"]["cores"].as_u64(), Some(cores as u64));
        let words = if cores == 1 { "on 1 core and".to_owned() } else { format!("on {cores} cores and") };
        assert!(flat(&preview, &pace).contains(&words), "{words}");
    }
}

#[test]
fn objectives_without_a_share_stand_together() {
    let goal =
        |name: &str, more: &str| format!("{{name: {name}, service: web, success: {{gte: 99%}}{more}}}");
    let traffic = "users: {to: web, class: a, rate: 10/s}";
    let of = |goals: &[String]| {
        told("duration: 100s", traffic, &farm("web"), &format!("objectives: [{}]\n", goals.join(", ")))
            .objectives
    };
    let together = "one, two: 5 or more replications; an interval needs 2, and narrows with their root";
    let often = "often: 29 or more replications; so many prove 90 % of the days if all hold";
    let (one, two, share) = (goal("one", ""), goal("two", ""), goal("often", ", holdsIn: 90%"));
    assert_eq!(needs(&of(&[one.clone(), share.clone(), two.clone()])), [often, together]);
    assert_eq!(needs(&of(&[one, two])), [together]);
    assert_eq!(needs(&of(&[share])), [often]);
}

/// A table keeps its columns under one another, and cuts only names that leave no room.
#[test]
fn columns_are_aligned_and_long_names_cut() {
    let long = "n".repeat(63);
    let names = ["w", "a-service-of-usual-length", long.as_str()];
    let traffic: Vec<String> =
        names.iter().map(|name| format!("to-{}: {{to: {name}, class: a, rate: 50/s}}", name.len())).collect();
    let services: Vec<String> = names.iter().map(|name| farm(name)).collect();
    let preview = told("duration: 100s", &traffic.join(", "), &services.join(", "), "");
    let lines = table(&preview.services);
    assert_eq!(lines.len(), 4);
    let width = lines[0].len();
    assert!(lines.iter().all(|line| line.len() == width) && width <= WIDTH, "{lines:#?}");
    assert!(lines[1].starts_with("w ") && lines[2].starts_with("a-service-of-usual-length "), "{lines:#?}");
    let cut = lines[3].split(' ').next().expect("a name");
    assert!(cut.ends_with('~') && long.starts_with(cut.trim_end_matches('~')), "{lines:#?}");
    // One column ends where its head ends.
    let end = |line: &str, cell: &str| line.find(cell).map(|at| at + cell.len());
    assert_eq!(end(&lines[0], " of"), end(&lines[1], " cpu"), "{lines:#?}");
    let short = table(&preview.services[..1]);
    assert!(short[0].starts_with("service ") && short[1].starts_with("w       "), "{short:#?}");
}

/// What each kind of answer is called, and what is said where there is none.
#[test]
fn paragraphs_say_how_far_to_trust_them() {
    let service = |basis, because: &[&str], mean, busiest| {
        let mut service = told("duration: 100s", "u: {to: web, class: a, rate: 50/s}", &farm("web"), "");
        let service = &mut service.services[0];
        let formula = if basis == Basis::None { String::new() } else { "F".to_owned() };
        let because = because.iter().map(|&text| text.to_owned()).collect();
        service.waiting = Waiting { basis, formula, because, mean, busiest };
        paragraph(service)
    };
    let lasts = |mean_s| Some(WaitFigures { mean_s, p99_s: None, share_waiting: None, share_rejected: None });
    let table = [
        (Basis::Exact, lasts(0.01), lasts(0.01), "- waits 10.0 ms on average", "- exact: F; b"),
        (
            Basis::Approximation,
            lasts(0.01),
            lasts(0.02),
            "- waits 20.0 ms on average; at the mean rate 10.0 ms on average",
            "- approximation: F; b",
        ),
        (
            Basis::LowerBound,
            lasts(0.01),
            None,
            "- waits without a steady state; at the mean rate 10.0 ms on average",
            "- lower bound: F; b",
        ),
        (Basis::Optimistic, None, None, "- waits without a steady state", "- optimistic: F; b"),
        (Basis::None, None, None, "- waits: to be simulated", "- no formula: b"),
    ];
    for (basis, mean, busiest, waits, sure) in table {
        let [first, second, third] = service(basis, &["b"], mean, busiest);
        assert_eq!(first, "web: busiest minute from 0s, peak at 0s");
        assert_eq!((second.as_str(), third.as_str()), (waits, sure));
    }
    assert_eq!(service(Basis::Exact, &[], None, None)[2], "- exact: F");
}

/// Wall clocks where the run has one, sections only where there is something to say.
#[test]
fn sections_come_in_order_and_only_where_they_say_something() {
    let traffic = "users: {to: web, class: a, rate: 50/s}";
    let mut preview = told("duration: 100s, seed: 7", traffic, &farm("web"), "");
    let found = text(&preview, &PACE);
    let expected = "PLAN  shop\nfor 1m40s, warm-up 0s, replications 5, seed 7\nscenario ";
    assert!(found.starts_with(expected), "{found}");
    assert!(
        !found.contains("warning") && !found.contains("\n\n\n") && found.ends_with("simulated\n"),
        "{found}"
    );
    preview.display_name = Some("The shop".to_owned());
    let warning = |of: &str| Warning {
        concern: crate::preview::Concern::Busy,
        of: of.to_owned(),
        message: "m".to_owned(),
    };
    preview.warnings = vec![warning("one"), warning("two")];
    let found = text(&preview, &PACE);
    assert!(
        found.starts_with("PLAN  The shop\n") && found.ends_with("\n\nwarning: one: m\nwarning: two: m\n")
    );
    let run = "start: 2026-11-10T23:59:30+08:00, duration: 100s";
    let timed = text(&told(run, traffic, &farm("web"), ""), &PACE);
    assert!(timed.contains("from 2026-11-10T23:59:30+08:00 for 1m40s"), "{timed}");
    assert!(timed.contains("web: busiest minute from 2026-11-10T23:59:30"), "{timed}");
}
