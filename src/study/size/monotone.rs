//! Whether what should be easier is: days compared with days, and verdicts with verdicts.

use statrs::distribution::{Binomial, DiscreteCDF};

use crate::results::Verdict;
use crate::results::experiment::Candidate;

/// How likely chance alone may make a monotone scenario look as if it were none.
const BY_CHANCE: f64 = 0.01;

/// An easier candidate and a harder one.
pub(super) type Pair<'a> = (&'a Candidate, &'a Candidate);

/// Returns all pairs of candidates that stand from the easiest to the hardest.
pub(super) fn pairs<'a>(candidates: &[&'a Candidate]) -> Vec<Pair<'a>> {
    let behind = |(i, &easier): (usize, &&'a Candidate)| {
        candidates[i + 1..].iter().map(move |&harder| (easier, harder)).collect::<Vec<_>>()
    };
    candidates.iter().enumerate().flat_map(behind).collect()
}

/// Returns the pair of which the harder candidate does better beyond chance; the clearest of several.
///
/// Days are compared with the same days (the sign test of McNemar 1947); the level is divided by the number of pairs
/// (Bonferroni). A pair of which the easier one is proven to fail and the harder one to hold needs no other test.
pub(super) fn violation<'a>(pairs: &[Pair<'a>]) -> Option<Pair<'a>> {
    let chance = |&(easier, harder): &Pair<'a>| {
        if (easier.verdict(), harder.verdict()) == (Verdict::Fail, Verdict::Pass) {
            return 0.0;
        }
        sign_test(only(easier, harder), only(harder, easier))
    };
    let all = pairs.iter().map(|pair| (chance(pair), *pair));
    let (chance, clearest) = all.reduce(|best, next| if next.0 < best.0 { next } else { best })?;
    (chance < BY_CHANCE / pairs.len() as f64).then_some(clearest)
}

/// Returns how many of the days that two candidates have in common are broken for the first one alone.
fn only(first: &Candidate, second: &Candidate) -> u64 {
    let common = first.replications.min(second.replications);
    let broken = first.broken.iter().filter(|&&day| day <= common);
    broken.filter(|day| second.broken.binary_search(day).is_err()).count() as u64
}

/// Returns the chance that of two that are alike one is worse on so many of the days on which they differ, or more.
fn sign_test(worse: u64, better: u64) -> f64 {
    if worse <= better {
        return 1.0;
    }
    Binomial::new(0.5, worse + better).map_or(1.0, |days| days.sf(worse - 1))
}

/// Returns on how many days a harder candidate holds and an easier one does not; candidates from the easiest to the
/// hardest.
pub fn crossed_days(candidates: &[&Candidate]) -> u32 {
    let most = candidates.iter().map(|candidate| candidate.replications).max().unwrap_or(0);
    let crossed = |day: &u32| {
        let seen = candidates.iter().filter(|candidate| candidate.replications >= *day);
        let mut holds = seen.map(|candidate| candidate.broken.binary_search(day).is_err());
        holds.by_ref().any(|holds| !holds) && holds.any(|holds| holds)
    };
    (1..=most).filter(crossed).count() as u32
}
