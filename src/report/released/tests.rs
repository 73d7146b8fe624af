//! What is said of releases, by hand.

use super::*;
use crate::report::summary_text;
use crate::results::example::S;
use crate::results::released::{caught, faulty, marks, study};
use crate::results::{ReleaseRun, Stand, release_policies};

fn harming(policy: usize, harmed: u64) -> ReleaseRun {
    ReleaseRun { policy, marks: marks(&[(20, 0, 0), (60, harmed, 0), (100, harmed, 0)]), ..faulty() }
}

fn escaped(run: ReleaseRun) -> ReleaseRun {
    ReleaseRun { decided_ns: None, detected_ns: None, exposed_ppm: None, stand: Stand::Promoted, ..run }
}

#[test]
fn lengths_are_told_as_people_say_them() {
    let table = [
        (0.0, "0s"),
        (0.04, "0s"),
        (3.25, "3.3s"),
        (9.94, "9.9s"),
        (10.4, "10s"),
        (80.0, "1m20s"),
        (3_599.6, "1h"),
        (90_000.0, "1d1h"),
        (-1.0, "0s"),
    ];
    for (seconds, expected) in table {
        assert_eq!(duration(seconds), expected, "{seconds}");
    }
}

#[test]
fn one_sentence_says_which_policy_harmed_the_fewest_and_why() {
    let standing = |mut run: ReleaseRun| {
        run.series.load_milli.fill(0);
        run
    };
    let table = [
        (
            vec![standing(harming(0, 30)), escaped(harming(1, 1_200))],
            "canary harmed the fewest requests, 30: decided against 22s after the first harm with 5% of the traffic on \
             it, and healthy again 15s later because the previous version's servers still stood; all at once the most, \
             1,200: nobody decided against it.",
        ),
        (
            vec![harming(0, 30), standing(harming(1, 9))],
            "all at once harmed the fewest requests, 9: decided against 22s after the first harm with 5% of the \
             traffic on it, and healthy again 15s later because the previous version's servers still stood; canary the \
             most, 30: decided against 22s after the first harm with 5% of the traffic on it, and healthy again 15s \
             later; for 30s rolling back could not have carried the traffic.",
        ),
        (vec![escaped(harming(0, 7))], "canary harmed 7 requests: nobody decided against it."),
    ];
    for (releases, expected) in table {
        let study = study(vec![releases]);
        let said = sentence(&study, &release_policies(&study), Lang::En);
        assert_eq!(said.as_deref(), Some(expected));
    }
    let never = study(vec![vec![caught()]]);
    assert_eq!(sentence(&never, &release_policies(&never), Lang::En), None, "nothing was counted");
}

#[test]
fn every_outcome_has_its_reason() {
    let healthy = |stand| ReleaseRun { stand, ..escaped(harming(0, 5)) };
    let table = [
        (ReleaseRun { faulty: false, ..healthy(Stand::Promoted) }, "it came into service."),
        (healthy(Stand::Stuck), "its rollout came no nearer to its end."),
        (
            healthy(Stand::Rolling),
            "the run ended before users were served well again or its rollout was over.",
        ),
        (
            ReleaseRun {
                first_bad_ns: Some(50 * S),
                marks: marks(&[(50, 0, 0), (60, 1, 0)]),
                ..harming(0, 1)
            },
            "it was taken back though nobody had been harmed.",
        ),
    ];
    for (run, expected) in table {
        let mut study = study(vec![vec![run]]);
        study.plan.releases[0].policies.truncate(1);
        let said = sentence(&study, &release_policies(&study), Lang::En).unwrap();
        assert!(said.ends_with(expected), "{said}");
    }
}

#[test]
fn the_terminal_has_a_table_of_policies_and_why() {
    let mut study = study(vec![vec![harming(0, 30), escaped(harming(1, 1_200))]]);
    let text = summary_text(&study, Some(100));
    let expected = "
release v2 of web
policy         harmed failure detection recovery ratio  outcomes
1. canary          30     37s       22s      15s  2.47  rolled back 1 of 1
2. all at once  1,200       -         -        -     -  defect escaped 1 of 1
";
    assert!(text.contains(expected), "{text}");
    assert!(text.contains("\ncanary harmed the fewest requests, 30: decided against 22s"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    study.plan.releases[0].policies[0].name = "n".repeat(63);
    let long = summary_text(&study, Some(100));
    assert!(long.lines().all(|line| line.chars().count() <= 100), "{long}");
    study.runs.clear();
    assert!(!summary_text(&study, Some(100)).contains("policy"));
}
