//! What has to hold of every strategy, whatever it is.

use std::collections::BTreeSet;

use super::testing::{Toy, complaints, read};
use super::*;
use crate::rng::Key;

/// Every strategy as its example, and in its further forms.
fn specs() -> Vec<RolloutSpec> {
    let further = [
        r#"{"recreate": {"progressDeadlineSeconds": 100}}"#,
        r#"{"rolling": {"maxSurge": 3, "maxUnavailable": 2, "minReadySeconds": 10}}"#,
        r#"{"rolling": {"maxSurge": 0, "maxUnavailable": 1}}"#,
        r#"{"rolling": {"maxSurge": "1%", "maxUnavailable": 0}}"#,
        r#"{"blueGreen": {"previewReplicaCount": 1, "autoPromotionSeconds": 20, "minReadySeconds": 5}}"#,
        r#"{"blueGreen": {"prePromotionAnalysis": {"successRate": {"min": "99%"}}, "postPromotionAnalysis": {"successRate": {"min": "99%"}}, "scaleDownDelaySeconds": 0}}"#,
        r#"{"canary": {"steps": [{"setWeight": 20}, {"pause": {"duration": 40}}, {"setWeight": 50}, {"analysis": {"successRate": {"min": "99%"}}}]}}"#,
        r#"{"canary": {"steps": [{"setWeight": 5}, {"pause": {"duration": "15s"}}], "maxSurge": 0, "maxUnavailable": 2}}"#,
        r#"{"canary": {"trafficRouting": {}}}"#,
        r#"{"canary": {"trafficRouting": {}, "minReadySeconds": 7, "minPodsPerReplicaSet": 2, "scaleDownDelaySeconds": 15,
            "steps": [{"setCanaryScale": {"replicas": 2}}, {"setWeight": 10}, {"pause": {"duration": "20s"}},
                      {"setCanaryScale": {"matchTrafficWeight": true}}, {"analysis": {"successRate": {"min": "99%"}}}, {"setWeight": 60}]}}"#,
        r#"{"canary": {"trafficRouting": {}, "dynamicStableScale": true,
            "steps": [{"setWeight": 20}, {"pause": {"duration": "10s"}}, {"setWeight": 60}, {"pause": {"duration": "10s"}}]}}"#,
        r#"{"canary": {"trafficRouting": {}, "dynamicStableScale": true, "abortScaleDownDelaySeconds": 25,
            "steps": [{"setWeight": 50}, {"pause": {"duration": "10s"}}]}}"#,
        r#"{"progressive": {"interval": "10s", "threshold": 2, "stepWeights": [1, 10, 50], "analysis": {"successRate": {"min": "99%"}}}}"#,
        r#"{"progressive": {"interval": "10s", "iterations": 3}}"#,
    ];
    RolloutSpec::examples().into_iter().chain(further.map(read)).collect()
}

/// An analysis takes three seconds, and finds nothing.
fn good(toy: &mut Toy) -> &mut Toy {
    toy.verdict = Box::new(|_, _, seconds| if seconds < 3 { Status::Running } else { Status::Successful });
    toy
}

/// All is of one version, and traffic goes there.
fn assert_over(toy: &Toy, back: bool, what: &dyn Debug) {
    assert_eq!(toy.state(), Progress::Done, "{what:?} {:?}", toy.trace);
    for pool in toy.seen() {
        let all =
            Servers { spec: pool.replicas, ready: pool.replicas, available: pool.replicas, draining: 0 };
        let (stable, canary) = if back { (all, Servers::default()) } else { (Servers::default(), all) };
        assert_eq!((pool.stable, pool.canary), (stable, canary), "{what:?} {:?}", toy.trace);
    }
    let weight = if back { 0.0 } else { 1.0 };
    assert!(toy.weight().is_none_or(|there| there == weight), "{what:?} {:?}", toy.trace);
}

/// Draws numbers below a bound.
pub(super) fn draws(seed: u64) -> impl FnMut(u64) -> u32 {
    let key = Key::from_seed(seed);
    let mut drawn = 0;
    move |below| {
        drawn += 1;
        u32::try_from(key.draw(drawn) % below).unwrap()
    }
}

/// Longer than any of the rollouts above takes.
const LONG: u64 = 4_000;

#[test]
fn every_example_is_valid_has_its_own_name_and_is_read_back() {
    let mut names = BTreeSet::new();
    for spec in RolloutSpec::examples() {
        assert!(names.insert(spec.name()), "{} is there twice", spec.name());
        assert_eq!(spec.spec().problems(), Vec::new(), "{spec:?}");
        let bare: RolloutSpec = serde_json::from_value(serde_json::json!(spec.name())).unwrap();
        assert_eq!(bare.name(), spec.name());
    }
    for spec in specs() {
        assert_eq!(spec.spec().problems(), Vec::new(), "{spec:?}");
        let text = serde_json::to_string(&spec).unwrap();
        assert_eq!(read(&text), spec, "{text}");
    }
    let unknown = serde_json::from_str::<RolloutSpec>("\"rollling\"").unwrap_err().to_string();
    for name in names {
        assert!(unknown.contains(name), "{unknown}");
    }
}

#[test]
fn what_a_strategy_does_not_know_is_refused() {
    for name in ["recreate", "rolling", "blueGreen", "canary", "progressive"] {
        let text = format!(r#"{{"{name}": {{"replicas": 3}}}}"#);
        assert!(serde_json::from_str::<RolloutSpec>(&text).is_err(), "{name}");
    }
    for text in [
        r#"{"rolling": {"maxSurge": -1}}"#,
        r#"{"canary": {"steps": [{"setWeight": -5}]}}"#,
        r#"{"canary": {"steps": [{"pause": {"duration": -5}}]}}"#,
        r#"{"canary": {"steps": [{"setWeight": 5, "pause": {}}]}}"#,
        r#"{"progressive": {"stepWeight": -5}}"#,
    ] {
        assert!(serde_json::from_str::<RolloutSpec>(text).is_err(), "{text}");
    }
}

#[test]
fn every_rollout_ends_with_all_servers_new() {
    for spec in specs() {
        for pools in [&[10][..], &[1], &[0], &[3, 5], &[4, 0]] {
            for startup in [0, 30] {
                let mut toy = Toy::new(&spec, pools, startup);
                good(&mut toy).run(LONG);
                assert_over(&toy, false, &(&spec, pools, startup));
            }
        }
    }
}

#[test]
fn a_rollout_lasts_as_long_as_it_says_at_least() {
    for spec in specs() {
        let mut toy = Toy::new(&spec, &[2], 0);
        good(&mut toy).run(LONG);
        let lasted = SimDuration::from_secs(toy.now - 10_000);
        assert!(lasted >= spec.spec().shortest(), "{spec:?} {lasted}");
    }
}

#[test]
fn a_rollout_that_turns_round_at_any_moment_ends_with_all_servers_as_before() {
    for spec in specs() {
        let length = good(&mut Toy::new(&spec, &[10], 30)).run(LONG).now - 10_000;
        for second in 0..=length + 1 {
            let mut toy = Toy::new(&spec, &[10], 30);
            good(&mut toy).run(second);
            toy.turn_back();
            toy.run(LONG);
            assert_over(&toy, true, &(&spec, second));
        }
    }
}

#[test]
fn small_pools_turn_round_too() {
    for spec in specs() {
        for pools in [&[1][..], &[0], &[2, 0], &[1, 3]] {
            for second in (0..200).step_by(9) {
                let mut toy = Toy::new(&spec, pools, 20);
                good(&mut toy).run(second);
                toy.turn_back();
                toy.run(LONG);
                assert_over(&toy, true, &(&spec, pools, second));
            }
        }
    }
}

#[test]
fn what_was_promoted_turns_back_from_a_strategy_just_built() {
    for spec in specs() {
        for pools in [&[10][..], &[1], &[0], &[3, 5]] {
            let mut toy = Toy::promoted(&spec, pools, 30);
            toy.run(LONG);
            assert_over(&toy, true, &(&spec, pools));
            let mut unused = Toy::new(&spec, pools, 30);
            unused.turn_back();
            unused.run(LONG);
            assert_over(&unused, true, &(&spec, pools));
        }
    }
}

#[test]
fn other_numbers_of_servers_on_the_way_change_nothing_about_the_end() {
    for (number, spec) in specs().into_iter().enumerate() {
        for seed in 0..40 {
            let mut draw = draws(seed * 100 + number as u64);
            let mut toy = Toy::new(&spec, &[draw(12), 1 + draw(8)], u64::from(draw(40)));
            let back = draw(2) == 0;
            let turn = draw(6);
            good(&mut toy);
            for part in 0..6 {
                toy.run(u64::from(draw(60)));
                if back && part == turn {
                    toy.turn_back();
                }
                if toy.state() == Progress::Done {
                    break;
                }
                toy.resize(draw(2) as usize, draw(14));
            }
            if back && toy.state() == Progress::Done {
                continue;
            }
            toy.run(LONG);
            assert_over(&toy, back, &(&spec, seed));
        }
    }
}

#[test]
fn servers_that_crash_on_the_way_are_made_good() {
    for spec in specs() {
        for second in (1..150).step_by(13) {
            // The weight of a version that has crashed as a whole is not the strategy's doing.
            let mut toy = Toy::new(&spec, &[6], 20);
            good(&mut toy).run(second);
            if toy.state() != Progress::Done && toy.seen()[0].canary.available > 3 {
                toy.crash(0, 2);
                toy.run(LONG);
                assert_over(&toy, false, &(&spec, second));
            }
        }
    }
}

#[test]
fn servers_that_never_start_leave_it_stuck_or_aborted_and_it_turns_round() {
    for spec in specs() {
        let mut toy = Toy::new(&spec, &[10], 1_000_000);
        good(&mut toy).run(1_300);
        let aborts = spec.name() == "progressive";
        let is_right = match toy.state() {
            Progress::Stuck => !aborts,
            Progress::Aborted(why) => aborts && why.contains("no progress"),
            _ => false,
        };
        assert!(is_right, "{spec:?} {:?}", toy.state());
        toy.startup = 30;
        toy.turn_back();
        toy.run(LONG);
        assert_over(&toy, true, &spec);
    }
}

#[test]
fn a_deadline_that_aborts_holds_what_is_there() {
    for text in [
        r#"{"rolling": {"progressDeadlineAbort": true}}"#,
        r#"{"blueGreen": {"progressDeadlineAbort": true}}"#,
        r#"{"canary": {"progressDeadlineAbort": true, "steps": [{"setWeight": 20}]}}"#,
        r#"{"canary": {"progressDeadlineAbort": true, "trafficRouting": {}, "steps": [{"setWeight": 20}]}}"#,
    ] {
        let mut toy = Toy::new(&read(text), &[10], 1_000_000);
        toy.run(599);
        assert_eq!((toy.state(), toy.wake()), (Progress::Going, Some(600)), "{text}");
        toy.run(1);
        let aborted = Progress::Aborted("no progress for 10m".to_owned());
        let there = toy.seen();
        assert_eq!(toy.state(), aborted, "{text}");
        toy.run(900);
        assert_eq!((toy.state(), toy.seen()), (aborted, there), "{text}");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let wrong = r#"{"canary": {"steps": [{"setWeight": 50}, {"pause": {}}, {"setWeight": 20}, {"setWeight": 101},
        {"setCanaryScale": {"replicas": 1, "weight": 120}}], "maxSurge": 0, "maxUnavailable": "0%",
        "dynamicStableScale": true, "scaleDownDelaySeconds": 5, "progressDeadlineSeconds": 0}}"#;
    let paths = [
        "steps[1].pause",
        "steps[2].setWeight",
        "steps[3].setWeight",
        "steps[4].setCanaryScale",
        "steps[4].setCanaryScale",
        "steps[4].setCanaryScale.weight",
        "dynamicStableScale",
        "scaleDownDelaySeconds",
        "maxSurge",
        "progressDeadlineSeconds",
    ];
    assert_eq!(complaints(wrong), paths);
}

#[test]
fn what_is_wrong_comes_with_what_to_write() {
    let rows: [(&str, &[&str]); 17] = [
        (r#"{"recreate": {"progressDeadlineSeconds": 0}}"#, &["progressDeadlineSeconds"]),
        (r#"{"rolling": {"maxSurge": 0, "maxUnavailable": 0}}"#, &["maxSurge"]),
        (r#"{"rolling": {"maxSurge": "0%", "maxUnavailable": 0}}"#, &["maxSurge"]),
        (r#"{"rolling": {"maxSurge": 0}}"#, &[]),
        (
            r#"{"blueGreen": {"previewReplicaCount": 0, "abortScaleDownDelaySeconds": 0}}"#,
            &["previewReplicaCount", "abortScaleDownDelaySeconds"],
        ),
        (r#"{"canary": {"trafficRouting": {}, "maxSurge": 1}}"#, &["maxSurge"]),
        (
            r#"{"canary": {"trafficRouting": {}, "abortScaleDownDelaySeconds": 0}}"#,
            &["abortScaleDownDelaySeconds"],
        ),
        (
            r#"{"canary": {"trafficRouting": {}, "dynamicStableScale": true, "scaleDownDelaySeconds": 9}}"#,
            &["scaleDownDelaySeconds"],
        ),
        (r#"{"canary": {"minPodsPerReplicaSet": 2}}"#, &["minPodsPerReplicaSet"]),
        (
            r#"{"canary": {"trafficRouting": {}, "steps": [{"setCanaryScale": {}}]}}"#,
            &["steps[0].setCanaryScale"],
        ),
        (r#"{"progressive": {}}"#, &["stepWeight"]),
        (
            r#"{"progressive": {"stepWeight": 0, "maxWeight": 101, "threshold": 0, "interval": "0s"}}"#,
            &["interval", "threshold", "stepWeight", "maxWeight"],
        ),
        (
            r#"{"progressive": {"stepWeights": [5, 5, 110], "iterations": 0, "maxWeight": 5}}"#,
            &["iterations", "stepWeights", "maxWeight", "stepWeights[2]", "stepWeights[1]"],
        ),
        (r#"{"progressive": {"stepWeights": []}}"#, &["stepWeights"]),
        (
            r#"{"progressive": {"stepWeight": 5, "analysis": {"count": 3, "failureLimit": 1}}}"#,
            &["analysis", "analysis.count", "analysis.failureLimit"],
        ),
        (r#"{"canary": {"steps": [{"analysis": {}}]}}"#, &["steps[0].analysis"]),
        (
            r#"{"blueGreen": {"postPromotionAnalysis": {"latency": {"percentile": 99}}}}"#,
            &["postPromotionAnalysis.latency"],
        ),
    ];
    for (text, paths) in rows {
        assert_eq!(complaints(text), paths, "{text}");
        for (path, message, remedy) in read(text).spec().problems() {
            assert!(!message.is_empty() && !remedy.is_empty(), "{text} {path}");
        }
    }
}
