use super::*;
use crate::results::experiment::Answer;
use crate::results::experiment::size_example::{fleet, headroom};

#[test]
fn answers_are_sentences() {
    let up_to =
        |larger_is_harder, holds, crossing, fails| Answer::UpTo { larger_is_harder, holds, crossing, fails };
    let not = |holds| Answer::NotMonotone { larger_is_harder: Some(false), worse: 4, better: 1, holds };
    let table = [
        (headroom(), "holds up to 1.37x (1.31x to 1.42x)"),
        (
            crate::results::experiment::Sizing { planned: Some(42), ..headroom() },
            "does not hold at 1.42x; holds up to 1.37x (1.31x to 1.42x)",
        ),
        (
            crate::results::experiment::Sizing { planned: Some(37), ..headroom() },
            "1.37x is not decided; holds up to 1.37x (1.31x to 1.42x)",
        ),
        (fleet(up_to(false, 4, 3, Some(1))), "replicas=5 holds; 3 to 4 are not decided, 2 fails"),
        (fleet(up_to(false, 3, 3, Some(1))), "replicas=4 holds; 3 is not decided, 2 fails"),
        (fleet(up_to(false, 1, 1, Some(0))), "replicas=2 holds, 1 fails"),
        (fleet(up_to(false, 1, 1, None)), "replicas=2 holds; nothing below is refuted"),
        (fleet(Answer::All), "everything holds of replicas from 1 to 8"),
        (fleet(Answer::Undecided), "no value of replicas from 1 to 8 is proven to hold"),
        (
            fleet(not(Some(7))),
            "what should be easier does worse; replicas=8 holds, as everything easier does that was simulated",
        ),
        (fleet(not(None)), "what should be easier does worse"),
        (
            fleet(Answer::Cheapest { best: vec![4], runner_up: Some(vec![7]), easier_costs_more: true }),
            "cheapest is replicas=5, 12.50 server hours a day",
        ),
        (
            fleet(Answer::Crossed { worse: vec![4], better: vec![1], best: Some(vec![7]) }),
            "what should be easier does worse; replicas=8 holds, as everything easier does that was simulated",
        ),
    ];
    for (sizing, expected) in table {
        assert_eq!(sentence(&sizing), expected, "{:?}", sizing.answer);
    }
    let mut none = fleet(Answer::None);
    assert_eq!(
        sentence(&none),
        "no value of replicas from 1 to 8 meets all of order-p99, browse-p50 at once"
    );
    none.candidates.truncate(2);
    assert_eq!(sentence(&none), "no value of replicas from 1 to 8 meets order-p99");
}

#[test]
fn what_else_there_is_to_say_stands_below() {
    let text = |sizing| supplements(&sizing).join("\n");
    assert_eq!(
        text(headroom()),
        "proven for 1.31x, refuted for 1.42x; what lies between is not decided: plan with what is proven\n\
         first to break: order-p99 (1.42x), then browse-p50 (2x)\n\
         first at its limit: checkout slots (1.31x), then web cpu (1.42x)\n\
         on 2 days something harder held and something easier did not: no more than chance"
    );
    let table = [
        (
            Answer::All,
            "the limit lies beyond; widen the range, for example --vary services.web.pools.p.replicas=0..16",
        ),
        (
            Answer::None,
            "at replicas=1: order-p99 holds on 0 of 10 days (asked: 95%), browse-p50 holds on 0 of 10 days (asked: 95%)",
        ),
        (Answer::Undecided, "more days may decide it: --replications 236"),
        (
            Answer::NotMonotone { larger_is_harder: Some(false), worse: 3, better: 1, holds: None },
            "not monotone beyond chance: replicas=4 holds on 57 of 59 days, replicas=2 holds on 0 of 10 days",
        ),
        (
            Answer::Cheapest { best: vec![4], runner_up: Some(vec![7]), easier_costs_more: true },
            "next: replicas=8, 12.50 server hours a day",
        ),
        (
            Answer::Cheapest { best: vec![4], runner_up: None, easier_costs_more: false },
            "something cheaper may have been passed over",
        ),
    ];
    for (answer, expected) in table {
        let found = text(fleet(answer.clone()));
        assert!(found.contains(expected), "{answer:?}: {found}");
    }
}

#[test]
fn tables_have_a_row_a_candidate() {
    let sizing = headroom();
    let shown = text(&sizing, &["so it is".to_owned()], None);
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0], "PASS  shop: holds up to 1.37x (1.31x to 1.42x)");
    assert!(shown.ends_with("\nnote: so it is\n"), "{shown}");
    assert!(shown.contains("5 candidates, 197 days; what is proven is so with 95% confidence"), "{shown}");
    let from = lines.iter().position(|line| line.trim_start().starts_with("load  days")).unwrap();
    let expected = " load  days      order-p99     browse-p50       verdict
   1x    59  100% (95-100)  100% (95-100)          pass
1.31x    59  100% (95-100)  100% (95-100)          pass
1.37x    59    97% (80-98)  100% (95-100)  inconclusive
1.42x    10      0% (0-40)  100% (95-100)          fail
   2x    10      0% (0-40)      0% (0-40)          fail";
    assert_eq!(lines[from..from + 6].join("\n"), expected);
    let rows = String::from_utf8(csv(&sizing).unwrap()).unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    assert_eq!(rows.len(), 6);
    assert_eq!(
        rows[0],
        "run.load,replications,order-p99_held,order-p99_share,order-p99_lo,order-p99_hi,order-p99_verdict,\
         browse-p50_held,browse-p50_share,browse-p50_lo,browse-p50_hi,browse-p50_verdict,verdict,cost,server_hours,\
         web.cpu_peak,checkout.slots_peak"
    );
    assert_eq!(rows[4], "1.42,10,0,0,0,0.4,fail,10,1,0.95,1,pass,fail,,12.5,0.8,1");
}

#[test]
fn the_chart_shows_shares_marks_and_what_is_demanded() {
    let files = files(&headroom()).unwrap();
    let names: Vec<&str> = files.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["size.csv", "charts/size.svg", "size.json"]);
    let chart = String::from_utf8(files[1].1.clone()).unwrap();
    for expected in
        ["holds at 1.31x", "fails at 1.42x", "knee at 1.37x", "order-p99", "multiple of the load", "95%"]
    {
        assert!(chart.contains(expected), "{expected}");
    }
    let mut several = fleet(Answer::Cheapest { best: vec![4, 0], runner_up: None, easier_costs_more: true });
    several.paths.push(several.paths[0].clone());
    for candidate in &mut several.candidates {
        candidate.at.push(0);
        candidate.values.push(candidate.values[0].clone());
    }
    assert_eq!(super::files(&several).unwrap().len(), 2, "values on several paths make no line");
}
