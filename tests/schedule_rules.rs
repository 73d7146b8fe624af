//! Rules of a schedule: cron expressions laid over its steps, worked out by hand.

mod common;

use common::drill::{NoTrace, read};
use peakday::scenario::Document;
use peakday::time::SimTime;

/// A run of 24 hours from 18:00 in Shanghai on the tenth of November.
fn text(pool: &str, schedule: &str) -> String {
    format!(
        "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {{name: s}}\n\
         run: {{start: 2026-11-10T18:00:00+08:00, duration: 24h, interval: 1h, replications: 1}}\n\
         traffic: {{users: {{to: web, class: any, rate: 1/h}}}}\n\
         services: {{web: {{pools: {{p: {{replicas: 10, concurrency: 1, autoscaler: {{{pool}schedule: \
         {schedule}}}}}}}, work: 1s}}}}\n"
    )
}

/// Returns (hours from the start, servers).
fn planned(schedule: &str) -> Vec<(f64, u32)> {
    let scenario = read(&text("", schedule));
    let hours = |at: SimTime| (at - SimTime::ZERO).as_nanos() as f64 / 3.6e12;
    scenario.services[0].pools[0].schedule.iter().map(|&(at, replicas)| (hours(at), replicas)).collect()
}

fn problems(schedule: &str) -> String {
    let text = text("maxReplicas: 200, ", schedule);
    let document = Document::read("s.yaml", text.as_bytes()).expect("a document");
    document.check(&NoTrace).expect_err("problems").to_string()
}

#[test]
fn a_rule_holds_from_its_start_to_its_end() {
    let cases: [(&str, &[(f64, u32)]); 8] = [
        // The promotion from half an hour before midnight to half past.
        (
            r#"{rules: [{start: "30 23 10 11 *", end: "30 0 11 11 *", replicas: 120}]}"#,
            &[(5.5, 120), (6.5, 10)],
        ),
        // In force before the run begins, and after it ends.
        (
            r#"{rules: [{start: "0 8 * * *", end: "0 20 * * *", replicas: 20}]}"#,
            &[(0.0, 20), (2.0, 10), (14.0, 20)],
        ),
        // One ends and the next begins at the run's start.
        (r#"{rules: [{start: "0 18 * * *", end: "0 18,19 * * *", replicas: 20}]}"#, &[(0.0, 20), (1.0, 10)]),
        // Of two in force the larger counts, whichever began first.
        (
            r#"{rules: [{start: "0 20 * * *", end: "0 2 * * *", replicas: 30}, {start: "0 22 * * *", end: "0 23 * * *",
                replicas: 90}, {start: "0 21 * * *", end: "0 23 * * *", replicas: 15}]}"#,
            &[(2.0, 30), (4.0, 90), (5.0, 30), (8.0, 10)],
        ),
        // Steps under a rule count when it is over; one that changes nothing is told all the same.
        (
            r#"{steps: [{at: "21:00", replicas: 50}, {at: "23:00", replicas: 50}],
                rules: [{start: "0 20 * * *", end: "0 22 * * *", replicas: 30}]}"#,
            &[(2.0, 30), (4.0, 50), (5.0, 50)],
        ),
        // The clock of a time zone: 12:00 in London is 20:00 in Shanghai.
        (
            r#"{timeZone: Europe/London, rules: [{start: "0 12 * * *", end: "0 13 * * *", replicas: 30}]}"#,
            &[(2.0, 30), (3.0, 10)],
        ),
        // A Wednesday it is, or the first of the month.
        (r#"{rules: [{start: "0 1 1 * wed", end: "0 2 * * *", replicas: 30}]}"#, &[(7.0, 30), (8.0, 10)]),
        // Further starts and ends change nothing.
        (r#"{rules: [{start: "0 1,2 * * *", end: "0 3,4 * * *", replicas: 30}]}"#, &[(7.0, 30), (9.0, 10)]),
    ];
    for (schedule, expected) in cases {
        assert_eq!(planned(schedule), expected, "{schedule}");
    }
}

#[test]
fn everything_that_is_wrong_with_a_rule_is_told() {
    let told = problems(r#"{rules: [{start: "60 23 10 13 *", end: "0 0", replicas: 300}]}"#);
    for expected in [
        "rules[0].start: minute: `60` is not within 0 to 59",
        "rules[0].start: month: `13` is not within 1 to 12",
        "rules[0].end: `0 0` has 2 fields, not 5",
        "rules[0].replicas: 300 servers are outside minReplicas to maxReplicas",
    ] {
        assert!(told.contains(expected), "{told}");
    }
    for (rules, expected) in [
        (
            r#"{start: "0 0 30 2 *", end: "0 1 * * *", replicas: 5}"#,
            "start: there is no such day in ten years",
        ),
        (r#"{start: "0 0 * * *", end: "0 0 * * ?", replicas: 5}"#, "end: the rule ends whenever it starts"),
        (
            r#"{start: "0 20 12 * *", end: "0 21 * * *", replicas: 5}"#,
            "start: the rule is not in force in the run",
        ),
    ] {
        let told = problems(&format!("{{rules: [{rules}]}}"));
        assert!(told.contains(expected), "{rules}: {told}");
    }
    assert!(problems("{}").contains("the schedule has no step and no rule"));
}
