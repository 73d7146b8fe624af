use super::*;
use crate::release::detector::Status;
use crate::release::strategy::Progress;
use crate::release::strategy::testing::{Toy, read};

fn toy(canary: &str) -> Toy {
    Toy::new(&read(&format!(r#"{{"canary": {canary}}}"#)), &[10], 30)
}

const STEPS: &str = r#""steps": [{"setWeight": 20}, {"pause": {"duration": "1m"}}]"#;

/// At most 13 servers, at least 8 available. 20 % are 2 and 8: both at once, 8 stay available. Promoted at 90 s:
/// 3 come at once, 2 go, 2 more come; then 5 go and 3 come, and so on.
#[test]
fn without_routing_the_servers_are_the_weight() {
    let mut toy = toy(&format!("{{{STEPS}}}"));
    toy.run(1_000);
    assert_eq!(toy.trace, ["0 8/8 2/0", "30 8/8 2/2", "90 6/6 7/2", "120 1/1 10/7", "150 0/0 10/10"]);
    assert_eq!(toy.steps, ["0 setWeight 20", "30 pause 1m", "90 promote"]);
}

/// Rolling back by servers at 100 s, with 6 old and 7 new of which 2 are available: the new ones that are not
/// needed go at once, the old ones come.
#[test]
fn without_routing_it_rolls_back_by_servers() {
    let mut toy = toy(&format!("{{{STEPS}}}"));
    toy.run(100).turn_back();
    toy.run(1_000);
    assert_eq!(toy.trace[3], "100 10/6 2/2", "{:?}", toy.trace);
    assert_eq!(toy.trace[4..], ["130 10/10 0/0"]);
}

#[test]
fn without_steps_it_rolls() {
    let mut toy = toy("{}");
    toy.run(1_000);
    assert_eq!(toy.trace, ["0 8/8 5/0", "30 3/3 10/5", "60 0/0 10/10"]);
    assert_eq!(toy.steps, ["0 promote"]);
}

/// 20 % need 2 servers, and get traffic when these are there; the stable version stays whole.
#[test]
fn with_routing_the_weight_follows_the_servers() {
    let mut toy = toy(&format!(r#"{{"trafficRouting": {{}}, {STEPS}}}"#));
    toy.run(1_000);
    assert_eq!(
        toy.trace,
        [
            "0 10/10 2/0 0%",
            "30 10/10 2/2 20%",
            "90 10/10 10/2 20%",
            "120 10/10 10/10 100%",
            "150 0/0 10/10 100%",
        ]
    );
    assert_eq!(toy.steps, ["0 setWeight 20", "30 pause 1m", "90 promote", "150 scale down"]);
}

#[test]
fn with_routing_it_goes_back_at_once_and_the_servers_later() {
    let mut toy = toy(&format!(r#"{{"trafficRouting": {{}}, "abortScaleDownDelaySeconds": 20, {STEPS}}}"#));
    toy.run(100).turn_back();
    toy.run(1_000);
    assert_eq!(toy.trace[2..], ["90 10/10 10/2 20%", "100 10/10 10/2 0%", "120 10/10 0/0 0%"]);
    assert_eq!(toy.steps[3..], ["100 setWeight 0", "120 scale down"]);
}

/// Argo gives the stable version no traffic that it has not the servers for.
#[test]
fn with_routing_it_waits_for_what_the_previous_version_lacks() {
    let mut toy = toy(&format!(r#"{{"trafficRouting": {{}}, {STEPS}}}"#));
    toy.run(60).resize(0, 12);
    toy.turn_back();
    toy.run(1_000);
    assert_eq!(toy.trace[2..], ["60 12/10 3/2 20%", "90 12/12 3/3 0%", "120 12/12 0/0 0%"]);
}

#[test]
fn what_was_promoted_comes_back_whole_before_it_gets_traffic() {
    let spec = read(&format!(r#"{{"canary": {{"trafficRouting": {{}}, {STEPS}}}}}"#));
    let mut toy = Toy::promoted(&spec, &[10], 30);
    toy.run(1_000);
    assert_eq!(toy.trace, ["0 10/0 10/10 100%", "30 10/10 10/10 0%", "60 10/10 0/0 0%"]);
    assert_eq!(toy.steps, ["30 setWeight 0", "60 scale down"]);
}

/// The stable version gives back what the weight leaves it, and nothing is kept after the promotion.
#[test]
fn with_a_dynamic_scale_the_previous_version_shrinks() {
    let mut toy = toy(&format!(r#"{{"trafficRouting": {{}}, "dynamicStableScale": true, {STEPS}}}"#));
    toy.run(1_000);
    assert_eq!(toy.trace, ["0 10/10 2/0 0%", "30 8/8 2/2 20%", "90 8/8 10/2 20%", "120 0/0 10/10 100%",]);
}

/// With 8 of 10 the stable version carries 80 %: the weight stays until it has grown, as do the 2 servers that
/// the weight needs.
#[test]
fn with_a_dynamic_scale_traffic_goes_back_as_servers_come() {
    let mut toy = toy(&format!(r#"{{"trafficRouting": {{}}, "dynamicStableScale": true, {STEPS}}}"#));
    toy.run(100).turn_back();
    toy.run(1_000);
    assert_eq!(toy.trace[2..], ["90 8/8 10/2 20%", "100 10/8 2/2 20%", "130 10/10 0/0 0%"]);
}

/// From all of the traffic back through the weights: 60 % once 4 old servers are there, then 20 %, then none.
#[test]
fn with_a_dynamic_scale_it_goes_back_through_the_weights() {
    let spec = r#"{"canary": {"trafficRouting": {}, "dynamicStableScale": true,
        "steps": [{"setWeight": 20}, {"setWeight": 60}]}}"#;
    let mut toy = Toy::promoted(&read(spec), &[10], 30);
    toy.run(1_000);
    assert_eq!(toy.trace, ["0 4/0 10/10 100%", "30 8/4 6/6 60%", "60 10/8 2/2 20%", "90 10/10 0/0 0%",]);
    assert_eq!(toy.steps, ["30 setWeight 60", "60 setWeight 20", "90 setWeight 0"]);
}

#[test]
fn with_a_dynamic_scale_a_written_delay_keeps_the_servers() {
    let text = format!(
        r#"{{"trafficRouting": {{}}, "dynamicStableScale": true, "abortScaleDownDelaySeconds": 15, {STEPS}}}"#
    );
    let mut toy = toy(&text);
    toy.run(60).turn_back();
    toy.run(1_000);
    assert_eq!(toy.trace[1..], ["30 8/8 2/2 20%", "60 10/8 2/2 20%", "90 10/10 2/2 0%", "105 10/10 0/0 0%"]);
}

/// Three servers before any traffic; 10 % then need none more, and later servers follow the weight again.
#[test]
fn a_scale_of_its_own_goes_apart_from_the_weight() {
    let mut toy =
        toy(r#"{"trafficRouting": {}, "steps": [{"setCanaryScale": {"replicas": 3}}, {"setWeight": 10},
            {"pause": {"duration": 10}}, {"setCanaryScale": {"matchTrafficWeight": true}},
            {"pause": {"duration": 10}}, {"setCanaryScale": {"weight": 50}}]}"#);
    toy.run(1_000);
    assert_eq!(
        toy.trace,
        [
            "0 10/10 3/0 0%",
            "30 10/10 3/3 10%",
            "40 10/10 1/1 10%",
            "50 10/10 5/1 10%",
            "80 10/10 10/5 10%",
            "110 10/10 10/10 100%",
            "140 0/0 10/10 100%",
        ]
    );
    assert_eq!(
        toy.steps,
        [
            "0 setCanaryScale 3",
            "30 setWeight 10",
            "30 pause 10s",
            "40 setCanaryScale matchTrafficWeight",
            "40 pause 10s",
            "50 setCanaryScale 50%",
            "80 promote",
            "140 scale down",
        ]
    );
}

const ANALYSES: &str = r#"{"trafficRouting": {}, "steps": [{"setWeight": 10}, {"analysis": {}}, {"analysis": {}},
    {"setWeight": 50}, {"analysis": {}}]}"#;

#[test]
fn analyses_are_asked_for_one_after_the_other() {
    let mut toy = toy(ANALYSES);
    toy.verdict = Box::new(|number, begun, seconds| {
        assert_eq!(number + 1, begun);
        if seconds < [5, 7, 9][number] { Status::Running } else { Status::Successful }
    });
    toy.run(1_000);
    assert_eq!(
        toy.steps,
        [
            "0 setWeight 10",
            "30 analysis",
            "35 analysis",
            "42 setWeight 50",
            "72 analysis",
            "81 promote",
            "141 scale down",
        ]
    );
}

#[test]
fn an_analysis_that_fails_aborts_and_holds_what_is_there() {
    let mut toy = toy(ANALYSES);
    toy.verdict = Box::new(|number, _, _| if number < 2 { Status::Successful } else { Status::Failed });
    toy.run(500);
    assert_eq!(toy.state(), Progress::Aborted("analysis: failed".to_owned()));
    assert_eq!(toy.trace.last().unwrap(), "60 10/10 5/5 50%");
    // Whoever wants other numbers of servers meanwhile gets them.
    toy.resize(0, 20);
    toy.run(100);
    assert_eq!(toy.trace.last().unwrap(), "530 20/20 10/10 50%");
}

#[test]
fn pauses_and_analyses_do_not_use_up_the_deadline() {
    let mut toy = toy(r#"{"progressDeadlineSeconds": 50, "progressDeadlineAbort": true,
        "steps": [{"setWeight": 20}, {"pause": {"duration": "10m"}}]}"#);
    toy.run(1_000);
    assert_eq!(toy.state(), Progress::Done);
}

#[test]
fn a_canary_that_has_crashed_as_a_whole_loses_its_traffic() {
    let mut toy = toy(&format!(r#"{{"trafficRouting": {{}}, {STEPS}}}"#));
    toy.run(40).crash(0, 2);
    toy.run(40);
    assert_eq!(toy.trace[1..], ["30 10/10 2/2 20%", "40 10/10 2/0 0%", "70 10/10 2/2 20%"]);
}

#[test]
fn a_pause_is_written_as_a_duration_or_in_seconds() {
    let step = |text: &str| serde_json::from_str::<Step>(text).map_err(|why| why.to_string());
    let five = Step::Pause(Pause { duration: Some(PauseLength(SimDuration::from_secs(300))) });
    assert_eq!(step(r#"{"pause": {"duration": "5m"}}"#), Ok(five.clone()));
    assert_eq!(step(r#"{"pause": {"duration": 300}}"#), Ok(five));
    assert_eq!(step(r#"{"pause": {}}"#), Ok(Step::Pause(Pause::default())));
    assert_eq!(step(r#""pause""#), Ok(Step::Pause(Pause::default())));
    assert!(step(r#""setWeight""#).unwrap_err().contains("write for example setWeight: 20"));
    assert!(step(r#"{"pause": {"duration": "300"}}"#).unwrap_err().contains("has no unit"));
    assert!(step(r#"{"pause": {"duration": 18446744073709551615}}"#).unwrap_err().contains("too long"));
}

#[test]
fn the_shortest_time_is_that_of_its_pauses() {
    let text = r#"{"canary": {"steps": [{"pause": {"duration": "5m"}}, {"setWeight": 5}, {"pause": {"duration": 60}}]}}"#;
    assert_eq!(read(text).spec().shortest(), SimDuration::from_secs(360));
}
