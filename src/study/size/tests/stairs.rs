//! Several paths on paper: every staircase, and how little of it is looked at.

use super::{DAYS, DEMANDED, candidate, of};
use crate::results::experiment::Answer;
use crate::rng::Key;
use crate::study::size::{Search, cheapest};

/// Searches a grid of which every point is a letter, at a cost; returns the answer and how many were looked at.
fn on_paper(
    counts: &[usize],
    letter: impl Fn(&[usize]) -> u8,
    cost: impl Fn(&[usize]) -> f64,
) -> (Answer, usize) {
    let mut search = Search::new(vec![DEMANDED], |at: &[usize]| {
        Ok::<_, ()>(candidate(at, DAYS, of(letter(at)), cost(at)))
    });
    let answer = cheapest(&mut search, counts, |candidate| candidate.cost).unwrap();
    (answer, search.into_candidates().len())
}

fn all(counts: &[usize]) -> Vec<Vec<usize>> {
    counts.iter().fold(vec![vec![]], |all: Vec<Vec<usize>>, &count| {
        all.iter().flat_map(|at| (0..count).map(move |place| [&at[..], &[place]].concat())).collect()
    })
}

/// Capacities and prices are drawn; what holds is what has enough capacity. Compared with a look at everything.
#[test]
fn the_cheapest_is_found_on_any_staircase() {
    let (mut looked_at, mut of_all) = (0, 0);
    for seed in 0..150 {
        let key = Key::from_seed(seed);
        let draw = |k: u64, most: u64| key.draw(k) % most;
        let counts: Vec<usize> = (0..2 + draw(0, 2)).map(|path| 2 + draw(10 + path, 9) as usize).collect();
        let weight: Vec<u64> = (0..counts.len() as u64).map(|path| 1 + draw(20 + path, 9)).collect();
        let price: Vec<u64> = (0..counts.len() as u64).map(|path| 1 + draw(30 + path, 9)).collect();
        let sum =
            |at: &[usize], of: &[u64]| at.iter().zip(of).map(|(place, each)| *place as u64 * each).sum();
        let most: u64 = counts.iter().zip(&weight).map(|(count, each)| (*count as u64 - 1) * each).sum();
        let needed = 1 + draw(1, most);
        let capacity = |at: &[usize]| -> u64 { sum(at, &weight) };
        let cost = |at: &[usize]| -> u64 { sum(at, &price) };
        let letter = |at: &[usize]| match capacity(at) {
            enough if enough >= needed => b'p',
            nearly if nearly + 2 >= needed => b'?',
            _ => b'f',
        };
        let (answer, looks) = on_paper(&counts, letter, |at| 1.0 + cost(at) as f64);
        let grid = all(&counts);
        let least = grid.iter().filter(|at| capacity(at) >= needed).map(|at| cost(at)).min().unwrap();
        let Answer::Cheapest { best, runner_up, easier_costs_more } = answer else {
            panic!("{seed}: {answer:?}")
        };
        assert!(capacity(&best) >= needed && cost(&best) == least, "{seed}: {best:?}");
        assert!(runner_up.is_none_or(|next| capacity(&next) >= needed && cost(&next) >= least));
        assert!(easier_costs_more);
        looked_at += looks;
        of_all += grid.len();
    }
    println!("{looked_at} of {of_all} combinations were looked at");
    assert!(looked_at * 4 < of_all, "{looked_at} of {of_all}");
}

#[test]
fn corners_tell_the_direction_or_that_there_is_none() {
    let cost = |at: &[usize]| (at[0] + at[1]) as f64;
    let ends =
        |letters: [u8; 4]| move |at: &[usize]| letters[usize::from(at[0] == 3) + 2 * usize::from(at[1] == 3)];
    let best = |answer: &Answer| match answer {
        Answer::Cheapest { best, .. } => Some(best.clone()),
        _ => None,
    };
    // Only the last of the first path and the first of the second hold: less of the second is easier.
    let (answer, _) = on_paper(
        &[4, 4],
        |at| if at[0] >= 2 && at[1] <= 1 { b'p' } else { b'f' },
        |at| at[0] as f64 + 3.0 - at[1] as f64,
    );
    assert_eq!(best(&answer), Some(vec![2, 1]));
    let table = [(*b"pppp", Answer::All), (*b"ffff", Answer::None), (*b"f?ff", Answer::Undecided)];
    for (letters, expected) in table {
        assert_eq!(on_paper(&[4, 4], ends(letters), cost).0, expected);
    }
}

#[test]
fn what_should_be_easier_and_does_worse_is_told() {
    // Everything with five steps in all holds but one point in the middle of it.
    let letter = |at: &[usize]| if at == [5, 5] || at[0] + at[1] < 5 { b'f' } else { b'p' };
    let (answer, _) = on_paper(&[10, 10], letter, |at| (2 * at[0] + at[1]) as f64);
    // It is told where it was seen; where not, the answer holds all the same.
    match answer {
        Answer::Crossed { worse, best, .. } => assert!(worse == [5, 5] && best.is_some()),
        Answer::Cheapest { best, .. } => assert_eq!(best, [0, 5]),
        other => panic!("{other:?}"),
    }
    // What is easier is cheaper here: the search may have passed something over, and says so.
    let (answer, _) = on_paper(
        &[6, 6],
        |at| if at[0] + at[1] < 5 { b'f' } else { b'p' },
        |at| 20.0 - (at[0] + at[1]) as f64,
    );
    assert!(matches!(answer, Answer::Cheapest { easier_costs_more: false, .. }), "{answer:?}");
}
