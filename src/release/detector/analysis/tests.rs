use serde_json::{Value, json};

use super::Status::{self, Error, Failed, Inconclusive, Running, Successful};
use super::*;

fn read(yaml: Value) -> Analysis {
    serde_json::from_value(yaml).expect("an analysis")
}

/// Looks at shares of errors among so many requests, and returns how it stands after each.
fn told(spec: &Analysis, looks: &[(Option<f64>, Option<f64>)]) -> Vec<Status> {
    let mut state = spec.build();
    looks.iter().map(|&(errors, ended)| state.look(SimTime::ZERO, &[errors, ended]).status).collect()
}

const GOOD: (Option<f64>, Option<f64>) = (Some(0.01), Some(100.0));
const BAD: (Option<f64>, Option<f64>) = (Some(0.02), Some(100.0));
const FEW: (Option<f64>, Option<f64>) = (Some(0.5), Some(49.0));
const NONE: (Option<f64>, Option<f64>) = (None, None);

/// The line of the contract: 99 % of at least 50 requests, every 30 s, two failures borne.
fn contract() -> Analysis {
    read(json!({"successRate": {"from": "prometheus", "min": "99%"}, "interval": "30s", "minSample": 50,
        "failureLimit": 2}))
}

#[test]
fn the_line_of_the_contract_is_read() {
    let spec = contract();
    assert_eq!(spec, Analysis::default());
    assert_eq!((spec.period(), spec.delay()), (Some(SimDuration::from_secs(30)), SimDuration::ZERO));
    let want =
        |figure| Want { figure, of: Side::New, class: None, pipeline: "prometheus".to_owned(), window: None };
    assert_eq!(spec.wants(), [want(Figure::Errors), want(Figure::Ended)]);
}

#[test]
fn it_fails_when_more_looks_have_failed_than_are_borne() {
    let all = [BAD, GOOD, BAD, GOOD, BAD, GOOD];
    let expected = [Running, Running, Running, Running, Failed, Failed];
    assert_eq!(told(&contract(), &all), expected, "in detection it goes on");
    // In a step it ends after three looks, of which two have failed: that is borne.
    assert_eq!(told(&contract().in_step(), &all)[..3], [Running, Running, Successful]);
    assert_eq!(told(&contract().in_step(), &[BAD, BAD, BAD])[..3], [Running, Running, Failed]);
    assert_eq!(told(&contract().in_step(), &[GOOD; 4]), [Running, Running, Successful, Successful]);
    assert_eq!(told(&contract(), &[GOOD; 40]), [Running; 40]);
}

#[test]
fn too_few_requests_are_inconclusive() {
    // None is borne in a step; two are where that is written; any number in detection.
    assert_eq!(told(&contract().in_step(), &[FEW]), [Inconclusive]);
    let borne = Analysis { inconclusive_limit: Some(2), ..contract() };
    assert_eq!(told(&borne, &[FEW, GOOD, FEW, FEW]), [Running, Running, Running, Inconclusive]);
    assert_eq!(told(&contract(), &[FEW; 40]), [Running; 40]);
    assert_eq!(told(&contract(), &[FEW, BAD, FEW, BAD, FEW, BAD])[5], Failed, "others count all the same");
}

#[test]
fn what_cannot_be_measured_is_an_error() {
    // Four in a row are borne, the fifth is not; another look begins anew, and errors are no looks that count.
    let step = contract().in_step();
    assert_eq!(told(&step, &[NONE; 5]), [Running, Running, Running, Running, Error]);
    let mended = [NONE, NONE, NONE, NONE, GOOD, NONE, NONE, GOOD, GOOD];
    assert_eq!(told(&step, &mended)[7..], [Running, Successful]);
    assert_eq!(told(&contract(), &[NONE; 40]), [Running; 40]);
    let strict = Analysis { consecutive_error_limit: Some(0), ..contract() };
    assert_eq!(told(&strict, &[(None, Some(100.0))]), [Error]);
}

#[test]
fn successes_in_a_row_end_it_where_that_is_asked_for() {
    let spec = Analysis { consecutive_success_limit: Some(2), ..contract() };
    assert_eq!(told(&spec.in_step(), &[GOOD, BAD, GOOD, GOOD]), [Running, Running, Running, Successful]);
    assert_eq!(spec.in_step().count, None, "it has an end of its own");
    let any = Analysis { failure_limit: -1, ..spec };
    assert_eq!(told(&any, &[BAD, BAD, BAD, BAD, GOOD, GOOD])[4..], [Running, Successful]);
    assert_eq!(any.problems(), []);
}

#[test]
fn a_step_takes_as_long_as_its_looks() {
    let secs = SimDuration::from_secs;
    // Three looks: at 0, 30 and 60 s.
    assert_eq!(contract().shortest(), secs(60));
    let spec = Analysis { initial_delay: secs(45), count: Some(10), ..contract() };
    assert_eq!((spec.shortest(), spec.delay()), (secs(45 + 270), secs(45)));
    let spec = Analysis { consecutive_success_limit: Some(4), ..spec };
    assert_eq!(spec.shortest(), secs(45 + 90));
}

#[test]
fn a_success_rate_has_a_bound_of_its_own_and_one_against_the_previous_version() {
    let spec = read(json!({"successRate": {"min": "95%", "maxDrop": "1%"}, "minSample": 50}));
    let sides: Vec<Side> = spec.wants().iter().map(|want| want.of).collect();
    assert_eq!(sides, [Side::New, Side::New, Side::Previous, Side::Previous]);
    let look = |new: f64, previous: Option<(f64, f64)>| {
        let previous = [previous.map(|p| p.0), previous.map(|p| p.1)];
        spec.in_step().build().look(SimTime::ZERO, &[Some(new), Some(1_000.0), previous[0], previous[1]])
    };
    // 98 % against 99 %: exactly one point is no more than that. 97.9 % is.
    assert_eq!(look(0.02, Some((0.01, 4_000.0))).status, Successful);
    let worse = look(0.021, Some((0.01, 4_000.0)));
    assert_eq!(worse.status, Failed);
    assert_eq!(
        worse.crossed.expect("told"),
        "success rate 97.9 % more than 1 % below the 99 % of the previous version (1,000 requests)"
    );
    let alone = look(0.06, None);
    assert_eq!(
        (alone.status, alone.crossed),
        (Failed, Some("success rate 94 % below 95 % (1,000 requests)".to_owned()))
    );
    assert_eq!(look(0.02, Some((0.01, 49.0))).status, Inconclusive);
    assert_eq!(look(0.02, None).status, Running, "one error is borne");
}

#[test]
fn a_latency_has_a_bound_of_its_own_and_one_against_the_previous_version() {
    let spec = read(json!({"latency": {"percentile": 99, "max": "500ms", "maxRatio": 1.5, "from": "fast"},
        "class": "order", "window": "2m"}));
    assert!(
        spec.wants().iter().all(|want| want.pipeline == "fast" && want.class.as_deref() == Some("order"))
    );
    assert!(spec.wants().iter().all(|want| want.window == Some(SimDuration::from_secs(120))));
    let look = |new: f64, previous: f64| {
        spec.in_step().build().look(SimTime::ZERO, &[Some(new), Some(1_204.0), Some(previous), Some(9.0)])
    };
    assert_eq!(look(0.3, 0.2).status, Successful);
    for (new, previous, text) in [
        (
            0.312,
            0.2,
            "p99 latency 312 ms more than 1.5 times the 200 ms of the previous version (1,204 requests)",
        ),
        (0.501, 0.4, "p99 latency 501 ms above 500 ms (1,204 requests)"),
    ] {
        let look = look(new, previous);
        assert_eq!((look.status, look.crossed.as_deref()), (Failed, Some(text)));
    }
}

/// Nothing completed tells no latency, but that nothing completed is told all the same.
#[test]
fn one_figure_out_of_bounds_is_enough() {
    let spec = read(json!({"successRate": {"min": "99%"}, "latency": {"percentile": 50, "max": "1s"}}));
    let figures: Vec<Figure> = spec.wants().iter().map(|want| want.figure).collect();
    assert_eq!(figures, [Figure::Errors, Figure::Ended, Figure::Latency(0.5)], "each once");
    let look = |values: [Option<f64>; 3]| spec.in_step().build().look(SimTime::ZERO, &values);
    assert_eq!(look([Some(1.0), Some(20.0), None]).status, Failed);
    assert_eq!(look([Some(0.0), Some(20.0), Some(0.8)]).status, Successful);
    let both = look([Some(0.5), Some(20.0), Some(2.0)]).crossed.expect("told");
    assert_eq!(both, "success rate 50 % below 99 % (20 requests); p50 latency 2 s above 1 s (20 requests)");
}

/// 1 - 0.064 is less than 0.936 in floating point; 936 of 1,000 requests are not.
#[test]
fn a_rate_at_its_bound_is_within_it() {
    for (bad, min) in [(64, "93.6%"), (66, "93.4%"), (1, "99.9%"), (189, "81.1%"), (937, "6.3%")] {
        let spec = read(json!({"successRate": {"min": min}}));
        let at = |bad: u32| (Some(f64::from(bad) / 1_000.0), Some(1_000.0));
        assert_eq!(told(&spec.in_step(), &[at(bad)]), [Successful], "{min}");
        assert_eq!(told(&spec.in_step(), &[at(bad + 1)]), [Failed], "{min}");
    }
}

#[test]
fn what_is_wrong_is_told_at_once() {
    let paths = |yaml: Value| read(yaml).problems().into_iter().map(|(path, ..)| path).collect::<Vec<_>>();
    assert_eq!(paths(json!({})), [""]);
    assert_eq!(paths(json!({"successRate": {}, "latency": {"percentile": 99}})), ["successRate", "latency"]);
    assert_eq!(
        paths(json!({"successRate": {"min": "101%", "maxDrop": "200%"}, "interval": "0s", "window": "0s",
            "latency": {"percentile": 0, "maxRatio": 0}, "count": 0, "consecutiveSuccessLimit": 0,
            "failureLimit": -2})),
        [
            "successRate.min",
            "successRate.maxDrop",
            "latency.percentile",
            "latency.maxRatio",
            "interval",
            "window",
            "count",
            "consecutiveSuccessLimit",
            "failureLimit"
        ]
    );
    assert_eq!(paths(json!({"successRate": {"min": "99%"}, "failureLimit": -1})), ["failureLimit"]);
}
