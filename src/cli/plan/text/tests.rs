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
    text(preview, pace, Some(100)).split_whitespace().collect::<Vec<_>>().join(" ")
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
        (figures(2e-9, None, None, None), "under 0.001 ms on average"),
        (figures(0.012_345, Some(0.0), None, None), "12.3 ms on average, p99 0 ms"),
        (
            figures(0.012_345, Some(1.5), Some(0.5), None),
            "12.3 ms on average, p99 1,500 ms, 50.0 % of the requests wait",
        ),
        (
            figures(12.0, None, Some(9e-7), Some(1e-5)),
            "12,000 ms on average, 0 % of the requests wait, 0.00100 % are turned away",
        ),
        (
            figures(1e-3, None, Some(1.0), Some(1.0)),
            "1.00 ms on average, 100 % of the requests wait, 100 % are turned away",
        ),
        (figures(f64::INFINITY, None, None, None), "without end on average"),
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
    let together = "one, two: only a run can judge; simulate 5 days or more (run.replications is 3); two days \
                    give the value an interval, but too wide a one; 4 times the days halve it";
    let often = "often: only a run can judge; simulate 29 days or more (run.replications is 3); so many days, if \
                 the objective holds on all of them, prove 90 % of the days";
    let (one, two, share) = (goal("one", ""), goal("two", ""), goal("often", ", holdsIn: 90%"));
    assert_eq!(needs(&of(&[one.clone(), share.clone(), two.clone()]), 3), [often, together]);
    assert_eq!(needs(&of(&[one, two]), 3), [together]);
    assert_eq!(needs(&of(&[share]), 3), [often]);
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
    assert_eq!(lines.len(), 5);
    let width = lines[0].len();
    assert!(lines.iter().all(|line| line.len() == width) && width <= WIDTH, "{lines:#?}");
    assert!(lines[2].starts_with("w ") && lines[3].starts_with("a-service-of-usual-length "), "{lines:#?}");
    let cut = lines[4].split(' ').next().expect("a name");
    assert!(cut.ends_with('~') && long.starts_with(cut.trim_end_matches('~')), "{lines:#?}");
    // One column ends where its head ends.
    let end = |line: &str, cell: &str| line.find(cell).map(|at| at + cell.len());
    assert_eq!(end(&lines[1], " of"), end(&lines[2], " cpu"), "{lines:#?}");
    // Every head but two has its unit above it.
    let units: Vec<&str> = lines[0].split_whitespace().collect();
    assert_eq!(units.join(" "), "requests/s requests/s use % use % use % servers servers");
    assert_eq!(end(&lines[0], "requests/s"), end(&lines[1], "mean"), "{lines:#?}");
    let short = table(&preview.services[..1]);
    assert!(short[1].starts_with("service ") && short[2].starts_with("w       "), "{short:#?}");
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
    let waits = "- waiting, on top of the time a request needs when alone: ";
    let table = [
        (
            Basis::Exact,
            lasts(0.01),
            lasts(0.01),
            "10.0 ms on average",
            "- exact, this scenario is what the formula describes: F",
        ),
        (
            Basis::Approximation,
            lasts(0.01),
            lasts(0.02),
            "in the busiest minute 20.0 ms on average; at the mean rate 10.0 ms on average",
            "- an approximation: F",
        ),
        (
            Basis::LowerBound,
            lasts(0.01),
            None,
            "in the busiest minute longer and longer, more comes than can be served; at the mean rate 10.0 ms \
             on average",
            "- at least this on average, only a run tells how much more: F",
        ),
        (
            Basis::OneQueue,
            None,
            None,
            "longer and longer, more comes than can be served",
            "- too little if anything, only a run tells how much more: F",
        ),
    ];
    for (basis, mean, busiest, told, sure) in table {
        // What is so is no assumption.
        let found = service(basis, &["b", UNSTEADY, "c", ENDLESS], mean, busiest);
        let expected = [
            "web: busiest minute from 0s, peak at 0s",
            &format!("{waits}{told}"),
            sure,
            "- the formula assumes b; c",
        ];
        assert_eq!(found, expected);
    }
    let none = service(Basis::None, &["b", "c"], None, None);
    assert_eq!(none[1..], ["- waiting: no formula (b; c); `peakday run` tells"]);
    assert_eq!(service(Basis::Exact, &[], None, None).len(), 3);
}

/// Every formula that a preview names has a word beside it; those that explain themselves have none.
#[test]
fn formulas_are_named_in_plain_words() {
    let table = [
        ("M/M/2 (Erlang C)", ": random arrivals, exponential work"),
        ("M/M/10/2010", ": random arrivals, exponential work"),
        ("M/G/1 (Pollaczek-Khinchine)", ": random arrivals, any work, one request at a time"),
        ("E_2/M/1", ": random arrivals dealt out in turn, exponential work"),
        ("G/G/4 (Allen-Cunneen), pool by pool", ": any arrivals, any work"),
        ("processor sharing", ": requests in hand share the cores"),
        ("supermarket, 2 choices", ": each request joins the shortest of some queues drawn at random"),
        ("nobody waits: unlimited slots, each with a core", ""),
    ];
    for (formula, expected) in table {
        assert_eq!(gloss(formula), expected, "{formula}");
    }
}

/// Wall clocks where the run has one, sections only where there is something to say.
#[test]
fn sections_come_in_order_and_only_where_they_say_something() {
    let traffic = "users: {to: web, class: a, rate: 50/s}";
    let mut preview = told("duration: 100s, seed: 7", traffic, &farm("web"), "");
    let found = text(&preview, &PACE, None);
    let expected = "PLAN  shop: from theory, nothing was simulated\nfor 1m40s, warm-up 0s; a run simulates 5 days, seed 7\nscenario ";
    assert!(found.starts_with(expected), "{found}");
    assert!(
        !found.contains("warning") && !found.contains("\n\n\n") && found.ends_with("a moment ago)\n"),
        "{found}"
    );
    preview.display_name = Some("The shop".to_owned());
    let warning = |of: &str| Warning {
        concern: crate::preview::Concern::Busy,
        of: of.to_owned(),
        message: "m".to_owned(),
    };
    preview.warnings = vec![warning("one"), warning("two")];
    let found = text(&preview, &PACE, None);
    assert!(
        found.starts_with("PLAN  The shop: ") && found.ends_with("\n\nwarning: one: m\nwarning: two: m\n")
    );
    let run = "start: 2026-11-10T23:59:30+08:00, duration: 100s";
    let timed = text(&told(run, traffic, &farm("web"), ""), &PACE, None);
    assert!(timed.contains("from 2026-11-10T23:59:30+08:00 for 1m40s"), "{timed}");
    assert!(timed.contains("web: busiest minute from 2026-11-10T23:59:30"), "{timed}");
}
