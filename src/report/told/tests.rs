//! Sentences about verdicts, worked out from a study on paper.

use super::*;
use crate::results::example::{S, one_day, study, window};
use crate::results::{ObjectiveRun, verdicts};

/// Start in seconds, requests, those lost, and the percentile in ms.
type Window = (u64, u64, u64, Option<u64>);

/// Returns the sentence of a study of one objective, its days given by their windows.
fn said(alter: impl Fn(&mut ObjectivePlan), days: &[&[Window]], lang: Lang) -> (String, String) {
    let mut study = one_day();
    study.plan.objectives.truncate(1);
    study.plan.objectives[0].holds_in = None;
    alter(&mut study.plan.objectives[0]);
    let day = study.runs.remove(0);
    for (i, windows) in days.iter().enumerate() {
        let mut day = day.clone();
        day.replication = i as u32 + 1;
        let windows = windows.iter().map(|&(from, total, bad, ms)| window(from, total, bad, ms));
        day.objectives = vec![ObjectiveRun { windows: windows.collect() }];
        study.runs.push(day);
    }
    let judged = verdicts(&study);
    (sentence(&study, &judged, lang), notes(&study.plan.objectives[0], &judged[0], lang))
}

fn whole(objective: &mut ObjectivePlan) {
    objective.every_ns = None;
}

fn minutes(objective: &mut ObjectivePlan) {
    objective.every_ns = Some(60 * S);
}

fn success(objective: &mut ObjectivePlan) {
    objective.goal = Goal::Success { at_least: 0.999, inclusive: true };
}

/// The clock begins at 08:00:00.
#[test]
fn one_sentence_says_what_holds_and_by_how_much() {
    let good: &[_] = &[(0, 100, 0, Some(40)), (60, 100, 0, Some(300))];
    let slow: &[_] = &[(0, 100, 0, Some(40)), (60, 100, 0, Some(612))];
    let lost: &[_] = &[(0, 100, 0, Some(40)), (75, 100, 60, None)];
    let nothing: &[_] = &[(0, 0, 0, None)];
    type Alter = fn(&mut ObjectivePlan);
    let table: [(Alter, &[&[_]], &str, &str); 9] = [
        (whole, &[good, good], "The objective holds; at worst p99 300.0 ms on day 1, bound 400ms.", ""),
        (whole, &[good], "The objective holds; at worst p99 300.0 ms, bound 400ms.", "one day, no interval"),
        (
            minutes,
            &[good, slow, slow],
            "order-p99 fails, it holds on 1 of 3 days: worst minute p99 612.0 ms at 08:01 \
             on day 2, bound 400ms.",
            "",
        ),
        (
            minutes,
            &[good, slow],
            "order-p99 is undecided, it holds on 1 of 2 days: worst minute p99 612.0 ms at \
             08:01 on day 2, bound 400ms.",
            "",
        ),
        (
            whole,
            &[lost, lost],
            "order-p99 fails, it holds on 0 of 2 days: more than 1% of the requests got no \
             answer in time on day 1, bound 400ms.",
            "no p99: on 2 of 2 days more than 1% of the requests got no answer in time; the days alone decide",
        ),
        (
            minutes,
            &[lost],
            "order-p99 fails, it holds on 0 of 1 day: more than 1% of the requests of the \
             worst minute got no answer in time at 08:01:15, bound 400ms.",
            "one day, no interval; no p99: on 1 of 1 day more than 1% of the requests of the worst minute got no \
             answer in time; the days alone decide",
        ),
        (
            success,
            &[lost],
            "order-p99 fails, it holds on 0 of 1 day: 40% completed in the worst 10s at \
             08:01:15, bound 99.9%.",
            "one day, no interval",
        ),
        (
            whole,
            &[nothing],
            "The objective holds.",
            "nothing to judge: no request ended in the judged stretch",
        ),
        (whole, &[], "No day was finished, so nothing can be judged.", "no replication finished"),
    ];
    for (alter, days, sentence, notes) in table {
        assert_eq!(said(alter, days, Lang::En), (sentence.to_owned(), notes.to_owned()), "{days:?}");
    }
    let (sentence, notes) = said(minutes, &[lost, lost], Lang::Zh);
    assert_eq!(
        sentence,
        "order-p99 未达成（2 天中的 0 天达成）：最差的 1 分钟内超过 1% 的请求没有及时得到响应（08:01:15），第 1 \
         天，界限 400ms。"
    );
    assert!(notes.starts_with("无 p99 数值：2 天中的 2 天"), "{notes}");
}

#[test]
fn of_many_objectives_the_failed_come_first_and_the_rest_are_counted() {
    let mut study = study();
    let judged = verdicts(&study);
    // order-p99 holds on 2 of 3 days of which half is asked, success on all with too wide an interval.
    let both = sentence(&study, &judged, Lang::En);
    assert!(
        both.starts_with("0 of 2 objectives hold; order-p99 is undecided, it holds on 2 of 3 days: "),
        "{both}"
    );
    assert!(
        both.contains("; success is undecided, it holds on 3 of 3 days: 99.9% completed in the worst 10s"),
        "{both}"
    );
    let (objective, run) = (study.plan.objectives[1].clone(), study.runs[0].objectives[1].clone());
    for i in 0..4 {
        study.plan.objectives.push(ObjectivePlan { name: format!("more-{i}"), ..objective.clone() });
        study.runs.iter_mut().for_each(|day| day.objectives.push(run.clone()));
    }
    study.plan.objectives[3].goal = Goal::Success { at_least: 0.9999, inclusive: true };
    let many = sentence(&study, &verdicts(&study), Lang::En);
    // The others equal their bound on every day, and pass.
    let start =
        "3 of 6 objectives hold; more-1 fails, it holds on 0 of 3 days: 99.9% completed in the worst 10s at ";
    assert!(many.starts_with(start), "{many}");
    assert!(!many.contains("more-0") && !many.contains("and "), "{many}");
    for objective in &mut study.plan.objectives[2..] {
        objective.goal = Goal::Success { at_least: 0.9999, inclusive: true };
    }
    let all = sentence(&study, &verdicts(&study), Lang::En);
    assert!(all.ends_with("; and 3 more."), "{all}");
    study.plan.objectives.clear();
    assert_eq!(sentence(&study, &[], Lang::En), "The scenario states no objective, so nothing is judged.");
}

#[test]
fn where_all_hold_the_one_closest_to_its_bound_is_named() {
    let mut study = one_day();
    // 300 of 400 ms; half of the thousandth that may be lost.
    study.plan.objectives[0].holds_in = None;
    study.plan.objectives[1].goal = Goal::Success { at_least: 0.998, inclusive: true };
    let found = sentence(&study, &verdicts(&study), Lang::En);
    let expected = "All 2 objectives hold; closest to its bound is order-p99: worst 10s p99 300.0 ms at 08:00:20, bound 400ms.";
    assert_eq!(found, expected);
    study.plan.objectives[1].goal = Goal::Success { at_least: 0.9988, inclusive: true };
    let found = sentence(&study, &verdicts(&study), Lang::En);
    assert!(found.contains("closest to its bound is success: 99.9% completed in the worst 10s"), "{found}");
}

#[test]
fn the_judged_stretch_is_told_with_its_windows() {
    let plan = study().plan;
    let mut timeless = plan.clone();
    (timeless.start, timeless.warmup_ns) = (None, 0);
    let table = [
        (&plan, None, None, None, "all that came after the warm-up, from 1970-01-01T08:00:10+08:00"),
        (
            &plan,
            None,
            None,
            Some(60),
            "from 1970-01-01T08:00:10+08:00 to 08:00:30+08:00, the worst minute counts",
        ),
        (&plan, Some(5), Some(20), None, "from 1970-01-01T08:00:05+08:00 to 08:00:20+08:00"),
        (
            &plan,
            Some(5),
            None,
            Some(1),
            "from 1970-01-01T08:00:05+08:00 to 08:00:30+08:00, the worst second counts",
        ),
        (
            &plan,
            None,
            Some(80_000),
            Some(3_600),
            "from 1970-01-01T08:00:10+08:00 to 1970-01-02T06:13:20+08:00, the worst hour counts",
        ),
        (&timeless, None, None, None, "over the whole run"),
        (&timeless, Some(90), Some(5_400), Some(30), "from 1m30s to 1h30m, the worst 30s counts"),
    ];
    for (plan, from, to, every, expected) in table {
        let mut objective = plan.objectives[0].clone();
        objective.from_ns = from.map(|seconds: u64| seconds * S);
        objective.to_ns = to.map(|seconds: u64| seconds * S);
        objective.every_ns = every.map(|seconds: u64| seconds * S);
        assert_eq!(judged(plan, &objective, Lang::En), expected);
    }
}

#[test]
fn the_population_is_that_of_the_judged_windows() {
    // 200, 200 and 109 requests of which 60 were lost; 1,000, 1,000 and none of which 1.
    let study = study();
    assert_eq!(population(&study, 0), Some((509.0 / 3.0, 60.0 / 509.0)));
    assert_eq!(population(&study, 1), Some((2_000.0 / 3.0, 1.0 / 2_000.0)));
    let mut none = study;
    none.runs.clear();
    assert_eq!(population(&none, 0), None);
}

#[test]
fn notes_of_a_service_exist_in_both_languages() {
    let mut service = study().plan.services[0].clone();
    assert_eq!(service_notes(&service, Lang::En), "");
    service.growing = true;
    service.pools[0].price_per_hour = None;
    service.no_mean_interval = Some(
        "`work` has a Pareto tail with alpha = 2.5: the mean wait has no finite variance between runs".into(),
    );
    assert_eq!(
        service_notes(&service, Lang::En),
        "growing: the offered load is at least what the fleet serves, latency has no limit; `work` has a Pareto tail \
         with alpha = 2.5: the mean wait has no finite variance between runs; no cost: no price for small"
    );
    let chinese = service_notes(&service, Lang::Zh);
    for text in ["持续增长", "`work` 服从帕累托长尾，alpha = 2.5：各次运行", "无费用：small 没有价格"]
    {
        assert!(chinese.contains(text), "{chinese}");
    }
    // What another version wrote stays as it is; a service without any price has none to miss.
    service.no_mean_interval = Some("something else".into());
    service.pools.iter_mut().for_each(|pool| pool.price_per_hour = None);
    service.growing = false;
    assert_eq!(service_notes(&service, Lang::Zh), "something else");
}

#[test]
fn goals_are_told_in_both_languages() {
    let goal_of = |at_least| Goal::Success { at_least, inclusive: true };
    let table = [(0.999, "success >= 99.9%", "成功率 >= 99.9%"), (0.5, "success >= 50%", "成功率 >= 50%")];
    for (share, en, zh) in table {
        assert_eq!(
            (goal(&goal_of(share), Lang::En), goal(&goal_of(share), Lang::Zh)),
            (en.into(), zh.into())
        );
    }
    let latency = Goal::Latency { percentile: 99.9, bound_ns: S, inclusive: true };
    assert_eq!(goal(&latency, Lang::Zh), "p99.9 <= 1s");
    let objective = ObjectivePlan { goal: latency, every_ns: None, ..study().plan.objectives[0].clone() };
    // 100 less 99.9 in binary is not a tenth.
    assert_eq!(unanswered(&objective, Lang::En), "more than 0.1% of the requests got no answer in time");
}
