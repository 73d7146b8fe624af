//! Searches on paper: known steps, steps that go back, and noisy days whose chances are known.

mod grid;
mod stairs;

use super::*;
use crate::results::experiment::{AxisValue, Holding};
use crate::rng::{Key, uniform_closed_open};
use crate::stats::{share_at_least, share_at_most};

/// A candidate of which these days of so many are broken, with one objective that is to hold on 95 % of days.
fn candidate(at: &[usize], days: u32, broken: Vec<u32>, cost: f64) -> Candidate {
    let held = days - broken.len() as u32;
    let (lo, hi) = (share_at_least(held, days).unwrap(), share_at_most(held, days).unwrap());
    let verdict = match (lo >= DEMANDED, hi < DEMANDED) {
        (true, _) => Verdict::Pass,
        (_, true) => Verdict::Fail,
        _ => Verdict::Inconclusive,
    };
    let value = |place: &usize| AxisValue {
        label: place.to_string(),
        number: Some(*place as f64),
        setting: place.to_string(),
    };
    Candidate {
        at: at.to_vec(),
        values: at.iter().map(value).collect(),
        replications: days,
        objectives: vec![Holding { held, lo, hi, verdict }],
        broken,
        cost: Some(cost),
        server_hours: None,
        peaks: vec![],
    }
}

const DEMANDED: f64 = 0.95;
const DAYS: u32 = 59;

/// Of 59 days none may be broken; 3 leave it open, 10 refute it.
fn of(letter: u8) -> Vec<u32> {
    match letter {
        b'p' => vec![],
        b'?' => vec![3, 9, 20],
        _ => (1..=10).collect(),
    }
}

/// Searches a path of which every value is a letter: `p` holds, `?` is open, `f` fails. Returns the answer and the
/// places looked at.
fn on_paper(path: &str, start: &Start) -> (Answer, Vec<usize>) {
    let mut seen = Vec::new();
    let mut search = Search::new(vec![DEMANDED], |at: &[usize]| {
        seen.push(at[0]);
        Ok::<_, ()>(candidate(at, DAYS, of(path.as_bytes()[at[0]]), 1.0))
    });
    let answer = along(&mut search, path.len(), start).unwrap();
    drop(search);
    (answer, seen)
}

fn up_to(larger_is_harder: bool, holds: usize, crossing: usize, fails: Option<usize>) -> Answer {
    Answer::UpTo { larger_is_harder, holds, crossing, fails }
}

#[test]
fn steps_are_found_from_either_end() {
    let table = [
        ("pf", up_to(true, 0, 0, Some(1))),
        ("fp", up_to(false, 1, 1, Some(0))),
        ("ppppfff", up_to(true, 3, 3, Some(4))),
        ("fffffffffp", up_to(false, 9, 9, Some(8))),
        ("pppppppppf", up_to(true, 8, 8, Some(9))),
        ("fff??pppp", up_to(false, 5, 5, Some(2))),
        ("pp????", up_to(true, 1, 1, None)),
        ("ppp", Answer::All),
        ("fff", Answer::None),
        ("ff", Answer::None),
        ("f??", Answer::Undecided),
        ("??", Answer::Undecided),
    ];
    for (path, expected) in table {
        assert_eq!(on_paper(path, &Start::Ends).0, expected, "{path}");
    }
}

/// All steps of all paths up to twenty values, with every number of open values between; and few are looked at.
#[test]
fn every_step_is_found_and_few_values_are_looked_at() {
    for count in 2..20 {
        for holds in 1..count {
            for open in 0..(count - holds) {
                let path = "p".repeat(holds) + &"?".repeat(open) + &"f".repeat(count - holds - open);
                let (answer, seen) = on_paper(&path, &Start::Ends);
                assert_eq!(answer, up_to(true, holds - 1, holds - 1, Some(holds + open)), "{path}");
                let back: String = path.chars().rev().collect();
                let last = count - 1;
                let expected =
                    up_to(false, last - (holds - 1), last - (holds - 1), Some(last - holds - open));
                assert_eq!(on_paper(&back, &Start::Ends).0, expected, "{back}");
                let mut once = seen.clone();
                once.sort_unstable();
                once.dedup();
                assert_eq!(once.len(), seen.len(), "{path}: {seen:?}");
            }
        }
    }
    let long = "p".repeat(700) + &"f".repeat(300);
    let (answer, seen) = on_paper(&long, &Start::Ends);
    assert_eq!(answer, up_to(true, 699, 699, Some(700)));
    // Two ends, ten halvings, two neighbours and two middles.
    assert!(seen.len() <= 16, "{seen:?}");
}

#[test]
fn the_crossing_is_where_as_many_days_hold_as_are_demanded() {
    // 3 of 59 broken are 94.9 %; 2 are 96.6 %.
    let broken = [0, 0, 0, 1, 2, 2, 2, 3, 4, 10, 11, 12];
    let mut search = Search::new(vec![DEMANDED], |at: &[usize]| {
        Ok::<_, ()>(candidate(at, DAYS, (1..=broken[at[0]]).collect(), 1.0))
    });
    assert_eq!(along(&mut search, broken.len(), &Start::Ends), Ok(up_to(true, 2, 6, Some(9))));
}

#[test]
fn ladders_go_up_until_they_fail_and_down_where_they_do_not_hold() {
    let ladder = |up: &[usize], down: &[usize]| Start::Ladder { up: up.to_vec(), down: down.to_vec() };
    let around_four = ladder(&[4, 8, 12], &[2, 1, 0]);
    let table = [
        ("pppppppppffff", up_to(true, 8, 8, Some(9))),
        ("pppppp??fffff", up_to(true, 5, 5, Some(8))),
        // An open rung does not end it.
        ("pppppp???ffff", up_to(true, 5, 5, Some(9))),
        ("ppp??ffffffff", up_to(true, 2, 2, Some(5))),
        ("pffffffffffff", up_to(true, 0, 0, Some(1))),
        ("ppppppppppp??", up_to(true, 10, 10, None)),
        ("ppppppppppppp", Answer::All),
        ("fffffffffffff", Answer::None),
        ("??fffffffffff", Answer::Undecided),
    ];
    for (path, expected) in table {
        let (answer, seen) = on_paper(path, &around_four);
        assert_eq!(answer, expected, "{path}");
        let fails = path.find('f').unwrap_or(usize::MAX);
        let dearest = seen.iter().max().unwrap();
        assert!(*dearest <= fails.saturating_mul(2).max(4), "{path}: {seen:?}");
    }
}

#[test]
fn what_should_be_easier_and_does_worse_is_told_and_the_answer_stays_on_the_safe_side() {
    let told =
        |worse, better, holds| Answer::NotMonotone { larger_is_harder: Some(true), worse, better, holds };
    let table = [
        // The middle of what is easier fails: only what is easier than that is safe.
        ("pppppppppfpppppppppffff", told(9, 18, Some(0))),
        ("ppppppppppppppppppffpfff", told(18, 20, Some(17))),
        // Both ends hold and the middle does not; or the other way round.
        ("ppfffpp", Answer::NotMonotone { larger_is_harder: None, worse: 3, better: 6, holds: None }),
        ("fffpfff", Answer::NotMonotone { larger_is_harder: None, worse: 0, better: 3, holds: None }),
    ];
    for (path, expected) in table {
        let (answer, seen) = on_paper(path, &Start::Ends);
        match (&answer, &expected) {
            (
                Answer::NotMonotone { larger_is_harder: Some(true), worse, better, holds },
                Answer::NotMonotone { larger_is_harder: Some(true), .. },
            ) => {
                assert!(worse < better && path.as_bytes()[*worse] == b'f', "{path}: {answer:?}");
                let holds = holds.unwrap();
                let safe = seen.iter().filter(|place| **place <= holds);
                assert!(safe.clone().count() > 0 && safe.into_iter().all(|at| path.as_bytes()[*at] == b'p'));
            }
            _ => assert_eq!(answer, expected, "{path}"),
        }
    }
}

/// Three days more or less are chance; ten are not, also where neither verdict is sure.
#[test]
fn days_that_cross_by_chance_are_no_violation() {
    let pair = |worse: Vec<u32>, better: Vec<u32>| {
        [candidate(&[0], 59, worse, 1.0), candidate(&[1], 59, better, 1.0)]
    };
    let table = [
        (vec![], vec![], false, 0),
        (vec![4], vec![], false, 1),
        (vec![4, 5, 6], vec![], false, 3),
        (vec![4, 5, 6], vec![4, 5, 6], false, 0),
        // 6 of 6: a chance of 1/64; 7 of 7: 1/128, below 1 %.
        ((1..=6).collect(), vec![], false, 6),
        ((1..=7).collect(), vec![], true, 7),
        ((1..=7).collect(), vec![40, 41, 42, 43], false, 7),
        ((1..=20).collect(), (18..=22).collect(), true, 17),
    ];
    for (worse, better, expected, crossed) in table {
        let [easier, harder] = pair(worse, better);
        let found = monotone::violation(&[(&easier, &harder)]).is_some();
        assert_eq!(found, expected, "{easier:?} {harder:?}");
        assert_eq!(crossed_days(&[&easier, &harder]), crossed, "{easier:?} {harder:?}");
    }
}

/// A day breaks where its own threshold lies at or below the value, mixed with chance of its own for every value.
fn noisy(seed: u64, at: usize, days: u32, own: f64) -> Candidate {
    // The first value that does not hold on 95 % of days nearly does.
    let chance = if at <= 40 { 1.0 - 0.05 * at as f64 / 40.0 } else { 0.9499 - 0.0125 * (at - 41) as f64 };
    let broken = (1..=days).filter(|&day| {
        let shared = Key::from_seed(seed).child(u64::from(day));
        let alone = shared.child(at as u64);
        let uniform = |key: Key, k: u64| uniform_closed_open(key.draw(k));
        let drawn = if uniform(alone, 0) < own { uniform(alone, 1) } else { uniform(shared, 0) };
        drawn >= chance
    });
    candidate(&[at], days, broken.collect(), 1.0)
}

#[test]
fn the_answer_is_wrong_in_one_of_twenty_searches_at_most() {
    // Days in common, where an error at the edge brings no further one; and days that every value has to itself, in part
    // or altogether, where everything easier that was looked at would have to be as lucky.
    for own in [0.0, 0.1, 0.5, 1.0] {
        let (mut wrong, mut told, mut sum) = (0, 0, 0);
        for seed in 0..1_000 {
            let mut search =
                Search::new(vec![DEMANDED], |at: &[usize]| Ok::<_, ()>(noisy(seed, at[0], DAYS, own)));
            match along(&mut search, 101, &Start::Ends).unwrap() {
                Answer::UpTo { holds, .. } => {
                    wrong += u32::from(holds > 40);
                    sum += holds;
                }
                Answer::NotMonotone { .. } => told += 1,
                answer => panic!("{seed}: {answer:?}"),
            }
        }
        println!(
            "own {own}: {wrong} of 1,000 wrong, {told} told as not monotone, mean answer {}",
            sum / 1_000
        );
        // Three standard errors above 5 %.
        assert!(wrong <= 71, "{own}: {wrong}");
        assert!(told <= 20, "{own}: {told}");
        assert!(sum / 1_000 > 4, "{own}: {sum}");
    }
}
