//! Flagger's canary: traffic moves to a whole fleet of the new version a little at every interval, as long as
//! checks pass.
//!
//! Source: fluxcd/flagger 15bd6ad5, pkg/controller/scheduler.go and docs/gitbook/usage/deployment-strategies.md.
//! Everything happens at looks that are one interval apart, the first at the rollout's start, where the new
//! fleet is ordered. The first look that finds it available gives it the first weight; every further one makes a
//! check, and a good check the next weight, or the promotion. Bad checks are counted; the look that finds
//! `threshold` of them gives up before it checks again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::back::Return;
use super::progress::{self, Deadline, Doing, Wrong, wrong};
use super::{Action, Progress, RolloutStrategy, Seen, StrategySpec};
use crate::release::counts::flagger::{self, StepWeights};
use crate::release::detector::Status;
use crate::release::detector::analysis::Analysis;
use crate::time::{SimDuration, SimTime};

/// Traffic moves to a whole fleet of the new version a little at every interval, as long as checks pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Progressive {
    /// From one look to the next.
    #[serde(default = "one_minute")]
    pub interval: SimDuration,
    /// So many failed checks, and it asks to be rolled back.
    #[serde(default = "one")]
    pub threshold: u32,
    /// By how much the weight grows, in per cent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_weight: Option<u32>,
    /// From which weight on the new version is promoted, in per cent; 100 where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_weight: Option<u32>,
    /// Weights one after the other, in per cent, instead of `stepWeight` and `maxWeight`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_weights: Option<Vec<u32>>,
    /// So many looks without traffic, then all of it at once, instead of weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iterations: Option<u32>,
    /// What a check looks at, once per look; every check is good where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis: Option<Analysis>,
    /// Seconds without progress, while servers come up, after which it asks to be rolled back.
    #[serde(default = "progress::six_hundred")]
    pub progress_deadline_seconds: u32,
}

fn one_minute() -> SimDuration {
    SimDuration::from_secs(60)
}

fn one() -> u32 {
    1
}

/// A fifth more at every look, and no check.
impl Default for Progressive {
    fn default() -> Self {
        Self {
            interval: one_minute(),
            threshold: one(),
            step_weight: Some(20),
            max_weight: None,
            step_weights: None,
            iterations: None,
            analysis: None,
            progress_deadline_seconds: progress::six_hundred(),
        }
    }
}

impl Progressive {
    fn weights(&self) -> StepWeights {
        match &self.step_weights {
            Some(weights) => StepWeights::Listed(weights.clone()),
            None => StepWeights::Even {
                step: self.step_weight.unwrap_or(0),
                max: self.max_weight.unwrap_or(flagger::TOTAL_WEIGHT),
            },
        }
    }

    /// Returns what the number of weights is called, and how many looks it takes to pass them.
    fn looks(&self) -> u32 {
        if let Some(iterations) = self.iterations {
            return iterations;
        }
        let weights = self.weights();
        let count = std::iter::successors(weights.next(0), |&weight| weights.next(weight)).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Says which of the ways to move traffic is missing, or one too many.
    fn way_problems(&self) -> Vec<Wrong> {
        let ways = [
            ("stepWeight", self.step_weight.is_some()),
            ("stepWeights", self.step_weights.is_some()),
            ("iterations", self.iterations.is_some()),
        ];
        let given: Vec<&str> = ways.into_iter().filter(|way| way.1).map(|way| way.0).collect();
        let mut found: Vec<Wrong> = Vec::new();
        match given.as_slice() {
            [] => {
                let message = "nothing moves traffic to the new version";
                found.push(wrong("stepWeight", message, "write for example stepWeight: 5"));
            }
            [_] => {}
            [first, others @ ..] => {
                let message =
                    format!("{first} and {} are different ways to move traffic", others.join(" and "));
                found.push(wrong(*first, message, "write one of stepWeight, stepWeights and iterations"));
            }
        }
        if self.max_weight.is_some() && self.step_weight.is_none() && !given.is_empty() {
            let message = "maxWeight says something with stepWeight only";
            found.push(wrong("maxWeight", message, "remove it, or write stepWeight"));
        }
        found
    }

    fn weight_problems(&self) -> Vec<Wrong> {
        let mut found: Vec<Wrong> = Vec::new();
        let all = flagger::TOTAL_WEIGHT;
        let mut check = |path: String, weight: u32| {
            if weight == 0 {
                found.push(wrong(&path, format!("{path} of 0 moves no traffic"), "write for example 5"));
            } else if weight > all {
                let message = format!("{weight} is more than all of the traffic");
                found.push(wrong(&path, message, format!("write at most {all}")));
            }
        };
        for (key, weight) in [("stepWeight", self.step_weight), ("maxWeight", self.max_weight)] {
            weight.into_iter().for_each(|weight| check(key.to_owned(), weight));
        }
        let listed = self.step_weights.as_deref().unwrap_or_default();
        for (index, &weight) in listed.iter().enumerate() {
            check(format!("stepWeights[{index}]"), weight);
        }
        for (index, pair) in listed.windows(2).enumerate() {
            if pair[1] <= pair[0] {
                let message = format!("{} does not come after {}: weights must grow", pair[1], pair[0]);
                let path = format!("stepWeights[{}]", index + 1);
                found.push(wrong(path, message, "write for example stepWeights: [1, 5, 20, 50]"));
            }
        }
        if self.step_weights.as_ref().is_some_and(Vec::is_empty) {
            let remedy = "write for example stepWeights: [1, 5, 20, 50]";
            found.push(wrong("stepWeights", "there is no weight", remedy));
        }
        found
    }
}

/// Says which keys of a check say nothing: it is one look, and `threshold` counts.
fn limit_problems(check: &Analysis) -> Vec<Wrong> {
    let written = [
        ("count", check.count.is_some()),
        ("failureLimit", check.failure_limit != 0),
        ("inconclusiveLimit", check.inconclusive_limit.is_some()),
        ("consecutiveErrorLimit", check.consecutive_error_limit.is_some()),
        ("consecutiveSuccessLimit", check.consecutive_success_limit.is_some()),
    ];
    let message = "a check is one look at every interval, and threshold says how many may fail";
    let idle = written.into_iter().filter(|&(_, given)| given);
    idle.map(|(key, _)| wrong(format!("analysis.{key}"), message, "remove it")).collect()
}

impl StrategySpec for Progressive {
    fn build(&self) -> Box<dyn RolloutStrategy> {
        Box::new(State {
            weights: self.weights(),
            spec: self.clone(),
            weight: 0,
            iterations: 0,
            failed: 0,
            look: None,
            checking: false,
            promoted: false,
            aborted: None,
            back: None,
            deadline: Deadline::new(self.progress_deadline_seconds, true),
        })
    }

    fn problems(&self) -> Vec<Wrong> {
        let mut found: Vec<Wrong> = Vec::new();
        if self.interval.is_zero() {
            found.push(wrong("interval", "interval of 0s never passes", "write for example interval: 1m"));
        }
        if self.threshold == 0 {
            let message = "with 0 it would be rolled back before the first check";
            found.push(wrong("threshold", message, "write for example threshold: 5"));
        }
        if self.iterations == Some(0) {
            found.push(wrong("iterations", "there is no look", "write for example iterations: 10"));
        }
        found.extend(self.way_problems());
        found.extend(self.weight_problems());
        if let Some(check) = &self.analysis {
            found.extend(progress::analysis_problems("analysis", check));
            found.extend(limit_problems(check));
        }
        found.extend(progress::deadline_problem(self.progress_deadline_seconds));
        found
    }

    fn gives_up(&self) -> bool {
        true
    }

    fn routes(&self) -> bool {
        true
    }

    fn counts_failures(&self) -> bool {
        true
    }

    /// Returns the check as what it is here: one look, which is good or bad.
    fn analyses(&self) -> Vec<Analysis> {
        let once = |analysis: &Analysis| Analysis {
            count: Some(1),
            failure_limit: 0,
            inconclusive_limit: Some(0),
            consecutive_error_limit: Some(0),
            consecutive_success_limit: None,
            ..analysis.clone()
        };
        self.analysis.iter().map(once).collect()
    }

    /// Returns how long the weights last: Flagger's interval x (maxWeight / stepWeight).
    fn shortest(&self) -> SimDuration {
        flagger::min_time_of_iterations(self.interval, self.looks())
    }
}

#[derive(Debug)]
struct State {
    spec: Progressive,
    weights: StepWeights,
    weight: u32,
    /// Looks that were good so far, without weights.
    iterations: u32,
    /// Checks that were bad so far.
    failed: u32,
    /// When the next look is due; `None` before the first answer.
    look: Option<SimTime>,
    /// Whether the check of the last look goes on.
    checking: bool,
    promoted: bool,
    aborted: Option<String>,
    back: Option<Return>,
    deadline: Deadline,
}

impl State {
    /// Does what is due, and tells what begins.
    fn advance(&mut self, seen: &Seen<'_>) -> Option<String> {
        if self.promoted || self.aborted.is_some() {
            return None;
        }
        let Some(look) = self.look else {
            self.look = Some(seen.now + self.spec.interval);
            return None;
        };
        if self.checking {
            // A check that lasts makes the looks in between fall out.
            return self.check(seen);
        }
        if seen.now < look {
            return None;
        }
        let passed = (seen.now - look).as_nanos() / self.spec.interval.as_nanos().max(1) + 1;
        let nanos = self.spec.interval.as_nanos().saturating_mul(passed);
        self.look = Some(look + SimDuration::from_nanos(nanos));
        if !both_whole(seen) {
            return None;
        }
        if self.failed >= self.spec.threshold {
            self.aborted = Some(format!("{} of {} checks failed", self.failed, self.spec.threshold));
            return None;
        }
        let begins = self.weight == 0 && self.iterations == 0;
        if begins || self.spec.analysis.is_none() {
            return Some(self.pass());
        }
        self.checking = true;
        None
    }

    /// Counts a check that has ended.
    fn check(&mut self, seen: &Seen<'_>) -> Option<String> {
        match seen.analysis {
            Status::Running => None,
            // What was good while servers were missing moves nothing; the next look checks again.
            Status::Successful => {
                self.checking = false;
                both_whole(seen).then(|| self.pass())
            }
            Status::Failed | Status::Inconclusive | Status::Error => {
                self.checking = false;
                self.failed += 1;
                Some(format!("check failed {}/{}", self.failed, self.spec.threshold))
            }
        }
    }

    /// Goes on after a good look, and tells how.
    fn pass(&mut self) -> String {
        let next = match self.spec.iterations {
            Some(iterations) if self.iterations < iterations => {
                self.iterations += 1;
                return format!("iteration {}/{iterations}", self.iterations);
            }
            Some(_) if self.weight == 0 => Some(flagger::TOTAL_WEIGHT),
            Some(_) => None,
            None => self.weights.next(self.weight),
        };
        let Some(weight) = next else {
            self.promoted = true;
            self.weight = flagger::TOTAL_WEIGHT;
            return "promote".to_owned();
        };
        self.weight = weight;
        format!("setWeight {weight}")
    }
}

/// Tells whether both versions are there in full: nothing moves while one is not.
fn both_whole(seen: &Seen<'_>) -> bool {
    progress::is_whole(seen.pools, false) && progress::is_whole(seen.pools, true)
}

impl RolloutStrategy for State {
    fn next_action(&mut self, seen: &Seen<'_>) -> Action {
        if let Some(back) = &mut self.back {
            return back.next(seen, &mut self.deadline);
        }
        let begins = self.advance(seen);
        let doing = if self.promoted && progress::is_complete(seen.pools, false) {
            Doing::End
        } else if self.promoted || !both_whole(seen) {
            Doing::Work
        } else {
            Doing::Wait
        };
        let (mut state, end) = self.deadline.look(seen, false, begins.is_some(), doing);
        if let Progress::Aborted(why) = &state {
            self.aborted.get_or_insert(why.clone());
        }
        if let Some(why) = &self.aborted {
            state = Progress::Aborted(why.clone());
        }
        let goes_on = self.aborted.is_none();
        let looks = self.look.filter(|_| goes_on && !self.promoted && !self.checking);
        let target =
            |replicas: u32| progress::target(replicas, if self.promoted { 0 } else { replicas }, false);
        Action {
            targets: seen.pools.iter().map(|pool| target(pool.replicas)).collect(),
            weight: Some(progress::share(self.weight)),
            analysis: (self.checking && goes_on).then_some(0),
            wake: looks.into_iter().chain(end).filter(|&wake| wake > seen.now).min(),
            state,
            step: begins,
        }
    }

    fn turn_back(&mut self, _now: SimTime) {
        if self.back.is_some() {
            return;
        }
        // What was never asked for anything is a version that was promoted before.
        let weight = if self.look.is_none() { flagger::TOTAL_WEIGHT } else { self.weight };
        self.back = Some(Return::new(weight, SimDuration::ZERO, false, "setWeight 0"));
        self.deadline.turn();
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Toy, read};
    use super::*;

    const MINUTE: u64 = 60;

    /// The example of Flagger's documentation.
    fn example() -> Toy {
        let spec = r#"{"progressive": {"interval": "1m", "threshold": 10, "maxWeight": 50, "stepWeight": 2,
            "analysis": {"successRate": {"min": "99%"}}}}"#;
        Toy::new(&read(spec), &[4], 40)
    }

    fn minutes(trace: &[String]) -> Vec<(u64, String)> {
        let line = |line: &String| {
            let (second, what) = line.split_once(' ').unwrap();
            let second: u64 = second.parse().unwrap();
            assert_eq!(second % MINUTE, 0, "{line}");
            (second / MINUTE, what.to_owned())
        };
        trace.iter().map(line).collect()
    }

    /// Ordered at 0, found available by the look at 1 min, which gives 2 %; then 2 % more every minute, 50 % at
    /// 25 min, and the check after that promotes: 25 minutes from the first weight.
    #[test]
    fn a_good_version_is_promoted_twenty_five_minutes_after_its_first_weight() {
        let mut toy = example();
        toy.verdict = Box::new(|_, _, _| Status::Successful);
        toy.run(40 * MINUTE);
        assert_eq!(toy.trace[..2], ["0 4/4 4/0 0%", "40 4/4 4/4 0%"]);
        let rows = minutes(&toy.trace[2..]);
        let mut expected: Vec<(u64, String)> =
            (1..=25).map(|minute| (minute, format!("4/4 4/4 {}%", 2 * minute))).collect();
        expected.push((26, "0/0 4/4 100%".to_owned()));
        assert_eq!(rows, expected);
        assert_eq!(toy.state(), Progress::Done);
        assert_eq!(toy.steps.last().unwrap(), "1560 promote");
        let spec = Progressive { step_weight: Some(2), max_weight: Some(50), ..Progressive::default() };
        assert_eq!(spec.shortest(), SimDuration::from_secs(25 * MINUTE));
    }

    /// The checks at 2 to 11 min fail; the look at 12 min, ten minutes after the first of them, counts ten.
    #[test]
    fn a_bad_version_is_given_up_ten_minutes_after_its_first_bad_check() {
        let mut toy = example();
        toy.verdict = Box::new(|_, _, _| Status::Failed);
        toy.run(12 * MINUTE - 1);
        assert_eq!(toy.state(), Progress::Going);
        assert_eq!(toy.steps[1..3], ["120 check failed 1/10", "180 check failed 2/10"]);
        assert_eq!(toy.steps.last().unwrap(), "660 check failed 10/10");
        toy.run(1);
        assert_eq!(toy.state(), Progress::Aborted("10 of 10 checks failed".to_owned()));
        assert_eq!(toy.trace.last().unwrap(), "60 4/4 4/4 2%");
        toy.turn_back();
        toy.run(40 * MINUTE);
        assert_eq!(toy.trace.last().unwrap(), "720 4/4 0/0 0%", "at once, and without a delay");
    }

    /// Bad checks need not come one after the other: every second is bad, and the weight grows in between.
    #[test]
    fn bad_checks_are_counted_whatever_comes_between() {
        let mut toy = example();
        toy.verdict =
            Box::new(|_, begun, _| if begun % 2 == 0 { Status::Inconclusive } else { Status::Successful });
        toy.run(60 * MINUTE);
        assert_eq!(toy.state(), Progress::Aborted("10 of 10 checks failed".to_owned()));
        // Checks 1 to 20 at 2 to 21 min, ten of them good: 2 % and ten times 2 % more.
        assert_eq!(toy.trace.last().unwrap(), "1200 4/4 4/4 22%");
        assert_eq!(toy.steps.last().unwrap(), "1260 check failed 10/10");
    }

    /// A check of 150 s: the looks in between fall out, and the next one follows it at once.
    #[test]
    fn a_check_that_lasts_takes_the_looks_in_between() {
        let mut toy = example();
        toy.verdict =
            Box::new(|_, _, seconds| if seconds < 150 { Status::Running } else { Status::Successful });
        toy.run(10 * MINUTE);
        assert_eq!(
            toy.steps[..4],
            ["60 setWeight 2", "270 setWeight 4", "420 setWeight 6", "570 setWeight 8"]
        );
    }

    #[test]
    fn nothing_moves_while_servers_are_missing() {
        let mut toy = example();
        toy.verdict = Box::new(|_, _, _| Status::Successful);
        toy.run(2 * MINUTE + 10).resize(0, 5);
        toy.run(3 * MINUTE);
        // The fifth servers start at 130 s and are there at 170 s, before the next look.
        assert_eq!(
            toy.steps,
            ["60 setWeight 2", "120 setWeight 4", "180 setWeight 6", "240 setWeight 8", "300 setWeight 10"]
        );
        let mut toy = example();
        toy.verdict = Box::new(|_, _, _| Status::Successful);
        toy.run(2 * MINUTE + 30).resize(0, 5);
        toy.run(100);
        assert_eq!(toy.steps, ["60 setWeight 2", "120 setWeight 4", "240 setWeight 6"]);
    }

    #[test]
    fn weights_are_listed_or_left_out() {
        let listed = r#"{"progressive": {"interval": "10s", "stepWeights": [1, 5, 60]}}"#;
        let mut toy = Toy::new(&read(listed), &[4], 0);
        toy.run(1_000);
        assert_eq!(toy.steps, ["10 setWeight 1", "20 setWeight 5", "30 setWeight 60", "40 promote"]);
        let iterations = r#"{"progressive": {"interval": "10s", "iterations": 2}}"#;
        let mut toy = Toy::new(&read(iterations), &[4], 0);
        toy.run(1_000);
        assert_eq!(toy.steps, ["10 iteration 1/2", "20 iteration 2/2", "30 setWeight 100", "40 promote"]);
    }
}
