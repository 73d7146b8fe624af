//! Blue/green: a whole second fleet of the new version takes all of the traffic at once.
//!
//! Words, defaults and order of events: argoproj/argo-rollouts 9f8d111d, docs/features/bluegreen.md and
//! rollout/bluegreen.go. The delay until the previous fleet goes counts from when the new version is in full
//! charge, which an analysis after the switch puts off. Until then traffic can go back at once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::back::Return;
use super::progress::{self, Deadline, Doing, Wrong};
use super::{Action, PoolSeen, Progress, RolloutStrategy, Seen, StrategySpec, Target};
use crate::release::detector::Status;
use crate::release::detector::analysis::Analysis;
use crate::time::{SimDuration, SimTime};

/// A whole second fleet of the new version takes all of the traffic at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlueGreen {
    /// Servers of the new version, per pool, until it is to be switched; all of them where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview_replica_count: Option<u32>,
    /// What must succeed before traffic is switched; nothing where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_promotion_analysis: Option<Analysis>,
    /// Seconds between a new fleet that is available, and has passed its analysis, and the switch.
    #[serde(default)]
    pub auto_promotion_seconds: u32,
    /// What must succeed after the switch before the previous fleet goes; nothing where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_promotion_analysis: Option<Analysis>,
    /// Seconds for which the previous fleet stays once the new one has taken over for good.
    #[serde(default = "thirty")]
    pub scale_down_delay_seconds: u32,
    /// Seconds for which the new fleet stays once it has been given up and the previous one is there in full.
    #[serde(default = "thirty")]
    pub abort_scale_down_delay_seconds: u32,
    /// Seconds for which a server must be in service until it counts as available.
    #[serde(default)]
    pub min_ready_seconds: u32,
    /// Seconds without progress after which it counts as stuck.
    #[serde(default = "progress::six_hundred")]
    pub progress_deadline_seconds: u32,
    /// Whether it asks to be rolled back then.
    #[serde(default)]
    pub progress_deadline_abort: bool,
}

fn thirty() -> u32 {
    30
}

impl Default for BlueGreen {
    fn default() -> Self {
        Self {
            preview_replica_count: None,
            pre_promotion_analysis: None,
            auto_promotion_seconds: 0,
            post_promotion_analysis: None,
            scale_down_delay_seconds: thirty(),
            abort_scale_down_delay_seconds: thirty(),
            min_ready_seconds: 0,
            progress_deadline_seconds: progress::six_hundred(),
            progress_deadline_abort: false,
        }
    }
}

/// What happens one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// So many servers of the new version come up, all of them where `None`.
    Preview(Option<u32>),
    /// An analysis of [`StrategySpec::analyses`], and its key.
    Analysis(usize, &'static str),
    /// A wait before the switch.
    Pause(SimDuration),
    /// The rest of the new version comes up.
    ScaleUp,
    /// Traffic goes to the new version.
    Switch,
    /// The previous fleet stays.
    Delay(SimDuration),
    /// The previous fleet goes.
    ScaleDown,
}

impl Stage {
    /// Returns what it is called in the log.
    fn word(self) -> Option<String> {
        match self {
            Self::Preview(None) => Some("preview".to_owned()),
            Self::Preview(Some(count)) => Some(format!("preview {count}")),
            Self::Analysis(..) => Some("analysis".to_owned()),
            Self::Pause(length) => Some(format!("pause {length}")),
            Self::ScaleUp => Some("scale up".to_owned()),
            Self::Switch => Some("switch".to_owned()),
            Self::Delay(_) => None,
            Self::ScaleDown => Some("scale down".to_owned()),
        }
    }
}

impl BlueGreen {
    fn stages(&self) -> Vec<Stage> {
        let mut stages = vec![Stage::Preview(self.preview_replica_count)];
        if self.pre_promotion_analysis.is_some() {
            stages.push(Stage::Analysis(0, "prePromotionAnalysis"));
        }
        if self.auto_promotion_seconds > 0 {
            stages.push(Stage::Pause(progress::seconds(self.auto_promotion_seconds)));
        }
        // Also without a preview: what was there then may have gone meanwhile.
        stages.extend([Stage::ScaleUp, Stage::Switch]);
        if self.post_promotion_analysis.is_some() {
            let number = usize::from(self.pre_promotion_analysis.is_some());
            stages.push(Stage::Analysis(number, "postPromotionAnalysis"));
        }
        stages.extend([Stage::Delay(progress::seconds(self.scale_down_delay_seconds)), Stage::ScaleDown]);
        stages
    }
}

impl StrategySpec for BlueGreen {
    fn build(&self) -> Box<dyn RolloutStrategy> {
        Box::new(State {
            stages: self.stages(),
            stage: 0,
            begun: None,
            aborted: None,
            back: None,
            abort_delay: progress::seconds(self.abort_scale_down_delay_seconds),
            deadline: Deadline::new(self.progress_deadline_seconds, self.progress_deadline_abort),
        })
    }

    fn problems(&self) -> Vec<Wrong> {
        let mut found: Vec<Wrong> = Vec::new();
        if self.preview_replica_count == Some(0) {
            let remedy = "write at least previewReplicaCount: 1, or leave it out";
            found.push(wrong_preview(remedy));
        }
        for (path, analysis) in [
            ("prePromotionAnalysis", &self.pre_promotion_analysis),
            ("postPromotionAnalysis", &self.post_promotion_analysis),
        ] {
            found.extend(analysis.iter().flat_map(|analysis| progress::analysis_problems(path, analysis)));
        }
        found.extend(never_down_problem(self.abort_scale_down_delay_seconds));
        found.extend(progress::deadline_problem(self.progress_deadline_seconds));
        found
    }

    fn gives_up(&self) -> bool {
        self.progress_deadline_abort
    }

    fn min_ready(&self) -> SimDuration {
        progress::seconds(self.min_ready_seconds)
    }

    fn routes(&self) -> bool {
        true
    }

    fn analyses(&self) -> Vec<Analysis> {
        self.pre_promotion_analysis.iter().chain(&self.post_promotion_analysis).cloned().collect()
    }

    fn shortest(&self) -> SimDuration {
        let analyses = self.analyses();
        let pause = progress::seconds(self.auto_promotion_seconds);
        analyses.iter().fold(pause, |sum, analysis| sum + analysis.shortest())
    }
}

fn wrong_preview(remedy: &str) -> Wrong {
    progress::wrong("previewReplicaCount", "nothing can be previewed on no server", remedy)
}

/// Says that a delay of 0 means "never" where it is pasted from.
pub(super) fn never_down_problem(delay: u32) -> Option<Wrong> {
    let message = "with 0 the servers of a version that was given up would stay for good";
    let remedy = "write at least abortScaleDownDelaySeconds: 1, or leave it out";
    (delay == 0).then(|| progress::wrong("abortScaleDownDelaySeconds", message, remedy))
}

#[derive(Debug)]
struct State {
    stages: Vec<Stage>,
    stage: usize,
    /// When the present stage began; `None` before the first.
    begun: Option<SimTime>,
    aborted: Option<String>,
    back: Option<Return>,
    abort_delay: SimDuration,
    deadline: Deadline,
}

impl State {
    fn now_at(&self) -> Stage {
        self.stages.get(self.stage).copied().unwrap_or(Stage::ScaleDown)
    }

    /// Tells whether the present stage comes after another.
    fn is_past(&self, stage: Stage) -> bool {
        self.stages.iter().position(|&listed| listed == stage).is_some_and(|at| self.stage >= at)
    }

    /// Goes on by one stage where the present one is over, and tells which begins.
    fn advance(&mut self, seen: &Seen<'_>) -> Option<Stage> {
        if self.aborted.is_some() {
            return None;
        }
        let Some(begun) = self.begun else {
            self.begun = Some(seen.now);
            return Some(self.now_at());
        };
        let over = match self.now_at() {
            Stage::Preview(count) => {
                let enough = |pool: &PoolSeen| pool.canary.available >= previewed(pool, count);
                seen.pools.iter().all(enough)
            }
            Stage::ScaleUp => progress::is_whole(seen.pools, false),
            Stage::Analysis(_, key) => match seen.analysis {
                Status::Running => false,
                Status::Successful => true,
                failed => {
                    self.aborted = Some(format!("{key}: {}", progress::verdict(failed)));
                    false
                }
            },
            Stage::Pause(length) | Stage::Delay(length) => seen.now >= begun + length,
            Stage::Switch => true,
            Stage::ScaleDown => false,
        };
        if !over {
            return None;
        }
        self.stage += 1;
        self.begun = Some(seen.now);
        Some(self.now_at())
    }

    fn target(&self, pool: &PoolSeen) -> Target {
        let count = match self.stages.first() {
            Some(Stage::Preview(count)) if !self.is_past(Stage::ScaleUp) => *count,
            _ => None,
        };
        let stable = if self.is_past(Stage::ScaleDown) { 0 } else { pool.replicas };
        progress::target(previewed(pool, count), stable, false)
    }
}

/// Returns how many servers of a pool are previewed.
fn previewed(pool: &PoolSeen, count: Option<u32>) -> u32 {
    count.map_or(pool.replicas, |count| count.min(pool.replicas))
}

impl RolloutStrategy for State {
    fn next_action(&mut self, seen: &Seen<'_>) -> Action {
        if let Some(back) = &mut self.back {
            return back.next(seen, &mut self.deadline);
        }
        let begins = self.advance(seen);
        let stage = self.now_at();
        let doing = match stage {
            Stage::ScaleDown if progress::is_complete(seen.pools, false) => Doing::End,
            Stage::Analysis(..) | Stage::Pause(_) | Stage::Delay(_) => Doing::Wait,
            _ => Doing::Work,
        };
        let (mut state, end) = self.deadline.look(seen, false, begins.is_some(), doing);
        if let Progress::Aborted(why) = &state {
            self.aborted.get_or_insert(why.clone());
        }
        if let Some(why) = &self.aborted {
            state = Progress::Aborted(why.clone());
        }
        let held = self.aborted.is_some();
        let wake = match (stage, self.begun) {
            _ if held => None,
            (Stage::Pause(length) | Stage::Delay(length), Some(begun)) => Some(begun + length),
            _ => end,
        };
        let analysis = match stage {
            Stage::Analysis(number, _) if !held => Some(number),
            _ => None,
        };
        let weight = if self.is_past(Stage::Switch) { 1.0 } else { 0.0 };
        Action {
            targets: seen.pools.iter().map(|pool| self.target(pool)).collect(),
            weight: Some(weight),
            analysis,
            wake: wake.filter(|&wake| wake > seen.now),
            state,
            step: begins.and_then(Stage::word),
        }
    }

    fn turn_back(&mut self, _now: SimTime) {
        if self.back.is_some() {
            return;
        }
        // What was never asked for anything is a version that was promoted before.
        let switched = self.begun.is_none() || self.is_past(Stage::Switch);
        let stands = self.begun.is_some() && !self.is_past(Stage::ScaleDown);
        let weight = if switched { 100 } else { 0 };
        self.back = Some(Return::new(weight, self.abort_delay, stands, "switch back"));
        self.deadline.turn();
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Toy, read};
    use crate::release::detector::Status;
    use crate::release::strategy::Progress;

    fn toy(spec: &str) -> Toy {
        Toy::new(&read(spec), &[4], 40)
    }

    #[test]
    fn the_new_fleet_takes_over_when_it_is_there_and_the_old_one_goes_later() {
        let mut toy = toy("\"blueGreen\"");
        toy.run(1_000);
        assert_eq!(toy.trace, ["0 4/4 4/0 0%", "40 4/4 4/4 100%", "70 0/0 4/4 100%"]);
        assert_eq!(toy.steps, ["0 preview", "40 scale up", "40 switch", "70 scale down"]);
    }

    /// Two servers are previewed and available at 40 s; a minute later the others come.
    #[test]
    fn a_preview_is_small_until_it_is_to_be_promoted() {
        let mut toy = toy(r#"{"blueGreen": {"previewReplicaCount": 2, "autoPromotionSeconds": 60}}"#);
        toy.run(1_000);
        assert_eq!(
            toy.trace,
            ["0 4/4 2/0 0%", "40 4/4 2/2 0%", "100 4/4 4/2 0%", "140 4/4 4/4 100%", "170 0/0 4/4 100%",]
        );
        assert_eq!(toy.steps, ["0 preview 2", "40 pause 1m", "100 scale up", "140 switch", "170 scale down"]);
    }

    const ANALYSES: &str = r#"{"blueGreen": {"prePromotionAnalysis": {"successRate": {"min": "99%"}}, "postPromotionAnalysis": {"successRate": {"min": "99%"}},
        "autoPromotionSeconds": 5, "scaleDownDelaySeconds": 10}}"#;

    /// The first takes 20 s, the second 50 s; the delay counts from then.
    #[test]
    fn analyses_come_before_the_pause_and_after_the_switch() {
        let mut toy = toy(ANALYSES);
        toy.verdict = Box::new(
            |number, _, seconds| {
                if seconds < [20, 50][number] { Status::Running } else { Status::Successful }
            },
        );
        toy.run(1_000);
        assert_eq!(
            toy.steps,
            [
                "0 preview",
                "40 analysis",
                "60 pause 5s",
                "65 scale up",
                "65 switch",
                "65 analysis",
                "125 scale down"
            ]
        );
    }

    #[test]
    fn an_analysis_that_fails_aborts_and_holds_what_is_there() {
        for (status, why) in [
            (Status::Failed, "prePromotionAnalysis: failed"),
            (Status::Inconclusive, "prePromotionAnalysis: inconclusive"),
            (Status::Error, "prePromotionAnalysis: could not measure"),
        ] {
            let mut toy = toy(ANALYSES);
            toy.verdict = Box::new(move |_, _, seconds| if seconds < 20 { Status::Running } else { status });
            toy.run(59);
            assert_eq!(toy.state(), Progress::Going);
            toy.run(500);
            assert_eq!(toy.state(), Progress::Aborted(why.to_owned()));
            assert_eq!(toy.trace, ["0 4/4 4/0 0%", "40 4/4 4/4 0%"]);
        }
        let mut toy = toy(ANALYSES);
        let second = |number| if number == 0 { Status::Successful } else { Status::Failed };
        toy.verdict = Box::new(move |number, _, _| second(number));
        toy.run(500);
        assert_eq!(toy.state(), Progress::Aborted("postPromotionAnalysis: failed".to_owned()));
        // The old fleet stands until somebody decides, and takes the traffic back at once.
        assert_eq!(toy.trace.last().unwrap(), "45 4/4 4/4 100%");
        toy.turn_back();
        toy.run(1_000);
        assert_eq!(toy.trace[2..], ["45 4/4 4/4 100%", "500 4/4 4/4 0%", "530 4/4 0/0 0%"]);
    }

    #[test]
    fn before_the_switch_the_new_fleet_just_goes() {
        let mut toy = toy(r#"{"blueGreen": {"abortScaleDownDelaySeconds": 7}}"#);
        toy.run(20).turn_back();
        toy.run(1_000);
        assert_eq!(toy.trace, ["0 4/4 4/0 0%", "27 4/4 0/0 0%"]);
        assert_eq!(toy.steps, ["0 preview", "27 scale down"]);
    }

    #[test]
    fn while_the_old_fleet_stands_it_switches_back_at_once() {
        let mut toy = toy("\"blueGreen\"");
        toy.run(55).turn_back();
        toy.run(1_000);
        assert_eq!(toy.trace, ["0 4/4 4/0 0%", "40 4/4 4/4 100%", "55 4/4 4/4 0%", "85 4/4 0/0 0%"]);
        assert_eq!(toy.steps[3..], ["55 switch back", "85 scale down"]);
    }

    /// More servers are wanted in the same moment: traffic does not wait for them.
    #[test]
    fn a_fleet_that_stands_need_not_be_complete() {
        let mut toy = toy("\"blueGreen\"");
        toy.run(55).resize(0, 6);
        toy.turn_back();
        toy.run(1_000);
        // What was given up stays until all six have been there for 30 s.
        assert_eq!(toy.trace[2..], ["55 6/4 4/4 0%", "95 6/6 4/4 0%", "125 6/6 0/0 0%"]);
    }

    #[test]
    fn once_the_old_fleet_is_gone_it_has_to_come_first() {
        let spec = read("\"blueGreen\"");
        let mut toy = Toy::promoted(&spec, &[4], 40);
        toy.run(1_000);
        assert_eq!(toy.trace, ["0 4/0 4/4 100%", "40 4/4 4/4 0%", "70 4/4 0/0 0%"]);
    }
}
