//! Several paths: what holds at the least cost.
//!
//! Whatever is easier than something that holds, holds and costs more; whatever is harder than something that does
//! not hold, does not. So what holds is bounded by a staircase, and each candidate that is looked at takes all those
//! on one side of it away.

use super::{Answer, Candidate, Search, Verdict, monotone};

/// So many candidates, evenly spread, are considered as the next one to look at.
const PIVOTS: usize = 400;

/// Looks among all combinations of values on several paths for the cheapest that is proven to hold.
///
/// # Errors
/// Where a candidate cannot be looked at; what was looked at before stays.
pub fn cheapest<E, F: FnMut(&[usize]) -> Result<Candidate, E>>(
    search: &mut Search<F>,
    counts: &[usize],
    cost: impl Fn(&Candidate) -> Option<f64>,
) -> Result<Answer, E> {
    let easiest = match easiest_corner(search, counts)? {
        Ok(corner) => corner,
        Err(answer) => return Ok(answer),
    };
    let steps = |at: &[usize]| -> Vec<usize> {
        at.iter().zip(&easiest).map(|(place, easy)| place.abs_diff(*easy)).collect()
    };
    let mut open: Vec<Vec<usize>> = combinations(counts);
    loop {
        let known: Vec<Known> = search
            .known
            .values()
            .map(|candidate| Known {
                steps: steps(&candidate.at),
                holds: candidate.verdict() == Verdict::Pass,
                cost: cost(candidate).unwrap_or(f64::INFINITY),
            })
            .collect();
        let best =
            known.iter().filter(|known| known.holds).map(|known| known.cost).fold(f64::INFINITY, f64::min);
        open.retain(|at| known.iter().all(|known| !known.settles(&steps(at), best)));
        let Some(next) = pivot(&open, &steps) else { break };
        search.at(&next)?;
    }
    Ok(chosen(search, &steps, cost))
}

/// What a candidate says about others, by steps from the easiest one.
struct Known {
    steps: Vec<usize>,
    holds: bool,
    cost: f64,
}

impl Known {
    /// Tells whether another candidate need not be looked at: it holds at a higher cost, does not hold, or costs more
    /// than the best.
    fn settles(&self, other: &[usize], best: f64) -> bool {
        match (is_easier(other, &self.steps), is_easier(&self.steps, other)) {
            (true, true) => true,
            (true, false) => self.holds || self.cost >= best,
            (false, true) => !self.holds,
            (false, false) => false,
        }
    }
}

/// Tells whether a candidate is nowhere harder than another.
fn is_easier(one: &[usize], other: &[usize]) -> bool {
    one.iter().zip(other).all(|(one, other)| one <= other)
}

fn combinations(counts: &[usize]) -> Vec<Vec<usize>> {
    counts.iter().fold(vec![Vec::new()], |all, &count| {
        let longer =
            |at: &Vec<usize>| (0..count).map(|place| [&at[..], &[place]].concat()).collect::<Vec<_>>();
        all.iter().flat_map(longer).collect()
    })
}

/// Finds the corner that holds: of all the first or the last values, else of others. It is the easiest one.
fn easiest_corner<E, F: FnMut(&[usize]) -> Result<Candidate, E>>(
    search: &mut Search<F>,
    counts: &[usize],
) -> Result<Result<Vec<usize>, Answer>, E> {
    let corner = |bits: u32| -> Vec<usize> {
        counts
            .iter()
            .enumerate()
            .map(|(path, count)| if bits >> path & 1 == 1 { count - 1 } else { 0 })
            .collect()
    };
    let most = (1_u32 << counts.len()) - 1;
    let (first, last) = (search.verdict(&corner(0))?, search.verdict(&corner(most))?);
    match (first, last) {
        (Verdict::Pass, Verdict::Pass) => return Ok(Err(Answer::All)),
        (Verdict::Pass, _) => return Ok(Ok(corner(0))),
        (_, Verdict::Pass) => return Ok(Ok(corner(most))),
        _ => {}
    }
    let mut all_fail = (first, last) == (Verdict::Fail, Verdict::Fail);
    for bits in 1..most {
        match search.verdict(&corner(bits))? {
            Verdict::Pass => return Ok(Ok(corner(bits))),
            verdict => all_fail &= verdict == Verdict::Fail,
        }
    }
    Ok(Err(if all_fail { Answer::None } else { Answer::Undecided }))
}

/// Returns the candidate that takes most others away whether it holds or not; of equals the first.
fn pivot(open: &[Vec<usize>], steps: &impl Fn(&[usize]) -> Vec<usize>) -> Option<Vec<usize>> {
    let open: Vec<_> = open.iter().map(|at| (at, steps(at))).collect();
    let taken = |own: &[usize]| {
        let easier = open.iter().filter(|(_, other)| is_easier(other, own)).count();
        let harder = open.iter().filter(|(_, other)| is_easier(own, other)).count();
        easier.min(harder)
    };
    let considered = open.iter().step_by(open.len() / PIVOTS + 1);
    let scored = considered.map(|(at, own)| (taken(own), *at));
    let best = scored.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.map(|(_, at)| at.clone())
}

/// Returns the cheapest candidate that holds, as all easier ones do that were looked at.
fn chosen<F>(
    search: &Search<F>,
    steps: &impl Fn(&[usize]) -> Vec<usize>,
    cost: impl Fn(&Candidate) -> Option<f64>,
) -> Answer {
    let known: Vec<(&Candidate, Vec<usize>)> =
        search.known.values().map(|candidate| (candidate, steps(&candidate.at))).collect();
    let easier = |of: &[usize]| {
        let of = of.to_vec();
        known.iter().filter(move |(_, other)| is_easier(other, &of)).map(|(candidate, _)| *candidate)
    };
    let pairs: Vec<monotone::Pair<'_>> = known
        .iter()
        .flat_map(|(candidate, own)| easier(own).map(move |other| (other, *candidate)))
        .filter(|(easier, harder)| easier.at != harder.at)
        .collect();
    let mut holding: Vec<(f64, &Candidate)> = known
        .iter()
        .filter(|(_, own)| easier(own).all(|candidate| candidate.verdict() == Verdict::Pass))
        .map(|(candidate, _)| (cost(candidate).unwrap_or(f64::INFINITY), *candidate))
        .collect();
    holding.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut places = holding.iter().map(|(_, candidate)| candidate.at.clone());
    let (best, runner_up) = (places.next(), places.next());
    if let Some((worse, better)) = monotone::violation(&pairs) {
        return Answer::Crossed { worse: worse.at.clone(), better: better.at.clone(), best };
    }
    let dearer = |(easier, harder): &monotone::Pair<'_>| cost(easier) >= cost(harder);
    let easier_costs_more = pairs.iter().all(dearer);
    match best {
        Some(best) => Answer::Cheapest { best, runner_up, easier_costs_more },
        None => Answer::Undecided,
    }
}
