//! One path: the last value that holds and the first that fails, by bisection between an end that holds and one that
//! does not.

use super::{Answer, Candidate, Search, Verdict, monotone};

/// Where a search along a path begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// At both ends, which tell the direction.
    Ends,
    /// At a place, and from there by the places that follow: up while they hold, or down while they do not. Larger
    /// values are harder.
    Ladder {
        /// The place to begin with, and those above it.
        up: Vec<usize>,
        /// Those below it, the nearest first.
        down: Vec<usize>,
    },
}

/// Looks for the hardest of `count` values on a path that is proven to hold.
///
/// # Errors
/// Where a candidate cannot be looked at; what was looked at before stays.
pub fn along<E, F: FnMut(&[usize]) -> Result<Candidate, E>>(
    search: &mut Search<F>,
    count: usize,
    start: &Start,
) -> Result<Answer, E> {
    let last = count.saturating_sub(1);
    let (larger_is_harder, between) = match start {
        Start::Ends => match (search.verdict(&[0])?, search.verdict(&[last])?) {
            (Verdict::Pass, Verdict::Pass) => return both_hold(search, last),
            (Verdict::Pass, _) => (true, Between { holds: 0, beyond: last, end: last }),
            (_, Verdict::Pass) => (false, Between { holds: 0, beyond: last, end: last }),
            ends => return none_holds(search, last, ends == (Verdict::Fail, Verdict::Fail)),
        },
        Start::Ladder { up, down } => match climb(search, up, down)? {
            Ok(between) => (true, between),
            Err(answer) => return Ok(answer),
        },
    };
    Line { search, last, end: between.end, larger_is_harder }.between(between)
}

/// What is known when a bisection begins, in ranks from the easiest value.
struct Between {
    /// A rank that holds,
    holds: usize,
    /// a harder one that is not proven to,
    beyond: usize,
    /// and the hardest one that is looked at.
    end: usize,
}

/// Both ends hold: so should what lies between.
fn both_hold<E, F: FnMut(&[usize]) -> Result<Candidate, E>>(
    search: &mut Search<F>,
    last: usize,
) -> Result<Answer, E> {
    let middle = last / 2;
    Ok(match search.verdict(&[middle])? {
        Verdict::Fail => {
            Answer::NotMonotone { larger_is_harder: None, worse: middle, better: last, holds: None }
        }
        _ => Answer::All,
    })
}

/// Neither end holds: nothing between them should.
fn none_holds<E, F: FnMut(&[usize]) -> Result<Candidate, E>>(
    search: &mut Search<F>,
    last: usize,
    both_fail: bool,
) -> Result<Answer, E> {
    for quarter in 1..=3 {
        let at = last * quarter / 4;
        if search.verdict(&[at])? == Verdict::Pass {
            return Ok(Answer::NotMonotone { larger_is_harder: None, worse: 0, better: at, holds: None });
        }
    }
    Ok(if both_fail { Answer::None } else { Answer::Undecided })
}

/// Goes up a ladder until a rung fails, and down it where not even its first one holds.
fn climb<E, F: FnMut(&[usize]) -> Result<Candidate, E>>(
    search: &mut Search<F>,
    up: &[usize],
    down: &[usize],
) -> Result<Result<Between, Answer>, E> {
    let (mut holds, mut beyond, mut end) = (None, None, 0);
    for &rung in up {
        end = rung;
        let verdict = search.verdict(&[rung])?;
        match verdict {
            Verdict::Pass if beyond.is_none() => holds = Some(rung),
            _ => beyond = beyond.or(Some(rung)),
        }
        if verdict == Verdict::Fail {
            break;
        }
    }
    let Some(mut beyond) = beyond else { return Ok(Err(Answer::All)) };
    let mut all_fail = search.verdict(&[beyond])? == Verdict::Fail;
    for &rung in down {
        if let Some(holds) = holds {
            return Ok(Ok(Between { holds, beyond, end }));
        }
        match search.verdict(&[rung])? {
            Verdict::Pass => holds = Some(rung),
            verdict => (beyond, all_fail) = (rung, all_fail && verdict == Verdict::Fail),
        }
    }
    Ok(match holds {
        Some(holds) => Ok(Between { holds, beyond, end }),
        None => Err(if all_fail { Answer::None } else { Answer::Undecided }),
    })
}

/// A path whose direction is known. Ranks count from the easiest value.
struct Line<'a, F> {
    search: &'a mut Search<F>,
    last: usize,
    /// The hardest rank that is looked at.
    end: usize,
    larger_is_harder: bool,
}

impl<E, F: FnMut(&[usize]) -> Result<Candidate, E>> Line<'_, F> {
    fn place(&self, rank: usize) -> usize {
        if self.larger_is_harder { rank } else { self.last - rank }
    }

    fn at(&mut self, rank: usize) -> Result<&Candidate, E> {
        let place = self.place(rank);
        self.search.at(&[place])
    }

    /// Returns everything that is known, the easiest first, with its rank.
    fn known(&self) -> Vec<(usize, &Candidate)> {
        let rank = |place: usize| if self.larger_is_harder { place } else { self.last - place };
        let mut known: Vec<_> =
            self.search.known.values().map(|candidate| (rank(candidate.at[0]), candidate)).collect();
        known.sort_by_key(|(rank, _)| *rank);
        known
    }

    fn between(&mut self, Between { holds, beyond, .. }: Between) -> Result<Answer, E> {
        let passes = |candidate: &Candidate| candidate.verdict() == Verdict::Pass;
        let holds = self.last_that(holds, beyond, passes)?;
        let fails = self.first_failing(holds)?;
        let demanded = self.search.demanded.clone();
        let end = fails.unwrap_or(self.end + 1);
        let crossing = self.last_that(holds, end, |candidate| candidate.reaches(&demanded))?;
        self.look_around(holds, fails)?;
        let known = self.known();
        let safe = known.iter().take_while(|(_, candidate)| passes(candidate)).last().map(|(rank, _)| *rank);
        let candidates: Vec<&Candidate> = known.iter().map(|(_, candidate)| *candidate).collect();
        let violation = monotone::violation(&monotone::pairs(&candidates))
            .map(|(worse, better)| (worse.at[0], better.at[0]));
        let larger_is_harder = self.larger_is_harder;
        Ok(match (violation, safe) {
            (Some((worse, better)), _) => {
                let (direction, holds) = (Some(larger_is_harder), safe.map(|rank| self.place(rank)));
                Answer::NotMonotone { larger_is_harder: direction, worse, better, holds }
            }
            (None, None) => Answer::Undecided,
            (None, Some(safe)) => Answer::UpTo {
                larger_is_harder,
                holds: self.place(safe),
                crossing: self.place(crossing.max(safe)),
                fails: fails.map(|rank| self.place(rank)),
            },
        })
    }

    /// Returns the last rank at which something is so, given that it is at `yes` and, if it is monotone, not from
    /// `no` on.
    fn last_that(
        &mut self,
        mut yes: usize,
        mut no: usize,
        is_so: impl Fn(&Candidate) -> bool,
    ) -> Result<usize, E> {
        while no - yes > 1 {
            let middle = usize::midpoint(yes, no);
            *(if is_so(self.at(middle)?) { &mut yes } else { &mut no }) = middle;
        }
        Ok(yes)
    }

    /// Returns the first rank behind one that holds that is proven to fail; `None` where the hardest end is not.
    fn first_failing(&mut self, holds: usize) -> Result<Option<usize>, E> {
        let fails = |candidate: &Candidate| candidate.verdict() == Verdict::Fail;
        let known = self.known();
        let failing = known.iter().find(|(rank, candidate)| *rank > holds && fails(candidate));
        let no = match failing.map(|(rank, _)| *rank) {
            Some(rank) => rank,
            None if fails(self.at(self.end)?) => self.end,
            None => return Ok(None),
        };
        let known = self.known();
        let undecided = known.iter().rev().find(|(rank, candidate)| *rank < no && !fails(candidate));
        let yes = undecided.map_or(holds, |(rank, _)| *rank);
        self.last_that(yes, no, |candidate| !fails(candidate)).map(|rank| Some(rank + 1))
    }

    /// Looks at the neighbours of the answer, and at the middle of what lies on either side of it.
    fn look_around(&mut self, holds: usize, fails: Option<usize>) -> Result<(), E> {
        let easiest = self.known().first().map_or(holds, |(rank, _)| *rank);
        let easier = [holds.checked_sub(1), Some(usize::midpoint(easiest, holds))];
        let harder = fails.map(|fails| [fails + 1, usize::midpoint(fails, self.end)]);
        let probes = easier.into_iter().flatten().chain(harder.into_iter().flatten());
        for rank in probes.filter(|rank| *rank <= self.end).collect::<Vec<_>>() {
            self.at(rank)?;
        }
        Ok(())
    }
}
