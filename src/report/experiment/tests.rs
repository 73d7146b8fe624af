//! The answer in words, the terminal's table, the page.

pub(in crate::report) mod example;

use super::*;
use crate::results::experiment::{Comparison, Difference};

/// Writes everything to a folder to look at, where one is named.
#[test]
#[ignore = "for the eye: LOOK=folder"]
fn examples_are_written_to_be_looked_at() {
    let dir = std::path::PathBuf::from(std::env::var("LOOK").expect("a folder"));
    for (name, experiment) in example::all() {
        for (code, lang) in [("en", Lang::En), ("zh", Lang::Zh)] {
            for (file, bytes) in files(&experiment, lang).unwrap() {
                let path = dir.join(name).join(code).join(&*file);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, bytes).unwrap();
            }
        }
        println!("== {name}\n{}", text(&experiment, Some(100)));
    }
}

fn said(experiment: &Experiment) -> Vec<String> {
    answers(&Found::of(experiment, Lang::En))
}

#[test]
fn the_answer_comes_first_and_names_what_was_asked() {
    let mut unknown = example::grid();
    unknown.runs.iter_mut().for_each(|runs| runs.truncate(2));
    let mut none = example::grid();
    none.runs.iter_mut().for_each(Vec::clear);
    let mut one = example::load();
    // The load alone: the cells with 12 servers.
    for cell in (0..6).rev() {
        one.plan.cells.remove(2 * cell + 1);
        one.runs.remove(2 * cell + 1);
    }
    one.plan.axes[1].values.truncate(1);
    let mut times = example::times();
    for cell in (0..12).rev() {
        times.plan.cells.remove(2 * cell + 1);
        times.runs.remove(2 * cell + 1);
    }
    times.plan.axes[1].values.truncate(1);
    let table: [(Experiment, &[&str]); 6] = [
        (
            example::grid(),
            &[
                "cheapest that holds: leastRequest, replicas=16 (16.5 USD a day); random never holds; P2C is undecided.",
            ],
        ),
        (
            unknown,
            // Two days of two show 22 %, not 90 %; none of two shows 78 % at most.
            &[
                "nothing is shown to hold, 9 cells are undecided; nearest is leastRequest, replicas=14, whose worst \
              objective held in 2 of 2 days.",
            ],
        ),
        (none, &["No run has finished."]),
        (
            example::words(),
            &["best web p99: leastRequest choiceCount: 2 (205 ms); random: 289 ms; \
            ringHash minimumRingSize: 1024: 4,105 ms; P2C: 221 ms."],
        ),
        (one, &["all objectives hold up to load=1.2."]),
        (
            times,
            &["least harm: 04:00 (41.5 requests; 34.8 to 48.3); most: 16:00 (882 requests; 735 to 1,028)."],
        ),
    ];
    for (experiment, expected) in table {
        assert_eq!(said(&experiment), expected);
    }
    let both = said(&example::load());
    assert_eq!(
        both[1..],
        [
            "replicas=12: all objectives hold up to load=1.2",
            "replicas=16: all objectives hold up to load=1.6"
        ]
    );
}

#[test]
fn comparisons_are_told_in_words() {
    let experiment = example::grid();
    let mut found = Found::of(&experiment, Lang::En);
    let interval = |mean, lo, hi| Some(Interval { mean, lo: Some(lo), hi: Some(hi) });
    let of = |cell, metric, difference, verdict, by_signs| Comparison {
        cell,
        metric,
        n: 40,
        infinite: u32::from(by_signs),
        mean: None,
        baseline: None,
        difference,
        p: None,
        by_signs,
        p_adjusted: None,
        verdict,
        variance_factor: None,
    };
    found.comparisons = vec![
        of(8, 0, interval(-41.0, -45.0, -37.0), Difference::Better, false),
        of(4, 2, interval(2.0, 1.5, 2.5), Difference::Worse, false),
        of(1, 0, interval(-1.0, -3.0, 1.0), Difference::Undistinguished, false),
        of(2, 0, None, Difference::Better, true),
        // That a price is the same needs no words, nor what is far from both the best and the baseline.
        of(4, 1, interval(0.0, 0.0, 0.0), Difference::Undistinguished, false),
        of(10, 0, interval(-9.0, -10.0, -8.0), Difference::Better, false),
    ];
    assert_eq!(
        compared(&found),
        [
            "P2C against random, order-p99: 41.0 ms lower (37.0 to 45.0), better",
            "replicas=12 against replicas=10, order-p99: 1.00 ms lower (-1.00 to 3.00), not distinguishable in 40 days",
            "replicas=14 against replicas=10, order-p99 day by day: better",
            "leastRequest against random, cost: 2.00 USD higher (1.50 to 2.50), worse",
        ]
    );
    assert_eq!(
        counted(&found).unwrap(),
        "6 comparisons with the baseline, corrected by Holm: 3 better, 1 worse, 2 not distinguishable"
    );
}

#[test]
fn remarks_tell_what_to_know() {
    let mut experiment = example::three();
    experiment.plan.recorded = true;
    experiment.plan.design.looks = vec![10, 20];
    experiment.plan.cells[3].unbounded = vec![0];
    let found = Found::of(&experiment, Lang::En);
    let undecided =
        found.rows.iter().filter(|row| row.verdict == Verdict::Inconclusive && row.replications > 0);
    let undecided = format!("{} of 23 cells are undecided: more replications decide them", undecided.count());
    assert_eq!(
        remarks(&found),
        [
            "1 of 23 cells lack runs",
            &undecided,
            "cells were looked at after 10, 20 replications; intervals allow for every look",
            "combinations that constraints dropped: 1",
            "recorded traffic: replications share its arrivals and differ in all else",
            "no interval for order-p99: its variance is infinite, or it grows without end",
        ]
    );
}

#[test]
fn the_table_is_ranked_and_no_wider_than_a_terminal() {
    for (what, experiment) in example::all() {
        let found = Found::of(&experiment, Lang::En);
        let text = text(&experiment, Some(80));
        let rows: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("cell ")).skip(1).collect();
        for (cell, row) in found.ranked().into_iter().take(20).zip(rows) {
            let rank = found.rows[cell].rank.unwrap();
            assert!(row.starts_with(&format!("{rank}. ")), "{what}: {row}");
            assert_eq!(row.contains(" *"), cell == experiment.plan.baseline, "{what}: {row}");
        }
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{what}:\n{text}");
    }
}

#[test]
fn the_page_is_well_formed_answers_first_and_needs_nothing_else() {
    for (what, experiment) in example::all() {
        for lang in [Lang::En, Lang::Zh] {
            let found = Found::of(&experiment, lang);
            let all = files(&experiment, lang).unwrap();
            let page = all.iter().find(|(name, _)| name == "report.html").unwrap();
            let page = String::from_utf8(page.1.clone()).unwrap();
            crate::report::charts::elements(&page);
            let body = page.split_once("<body>").unwrap().1;
            let answer = html::escaped(&answers(&found)[0]);
            assert!(
                body.trim_start().starts_with(&format!("<header>\n<p class=\"said\">{answer}")),
                "{what}"
            );
            let outside = page.replace("http://www.w3.org/2000/svg", "");
            assert!(
                !outside.contains("http") && !outside.contains("src=") && !outside.contains("url("),
                "{what}"
            );
            for (file, bytes) in all.iter().filter(|(name, _)| name.ends_with(".svg")) {
                let svg = String::from_utf8(bytes.clone()).unwrap();
                crate::report::charts::elements(&svg);
                // Every picture of every file is on the page.
                let titles = svg.matches("aria-label=\"").count();
                assert!(titles > 0, "{file}");
            }
        }
    }
}
