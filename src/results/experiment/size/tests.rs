//! A search worked out by hand, for the tests of everything that reads one.

use super::*;

/// A value as it stands in a table.
fn value(number: f64) -> AxisValue {
    AxisValue { label: format!("{number}x"), number: Some(number), setting: number.to_string() }
}

/// A candidate at a load: on how many of so many days each of two objectives held, and how often each of two
/// resources reached its limit.
fn candidate(place: usize, load: f64, days: u32, held: [u32; 2], reached: [u32; 2]) -> Candidate {
    let holding = |held: u32| {
        let (lo, hi) = match (held, days) {
            (held, days) if held == days => (0.95, 1.0),
            (0, _) => (0.0, 0.4),
            _ => (0.8, 0.98),
        };
        let verdict = match (lo >= 0.95, hi < 0.95) {
            (true, _) => Verdict::Pass,
            (_, true) => Verdict::Fail,
            _ => Verdict::Inconclusive,
        };
        Holding { held, lo, hi, verdict }
    };
    let mean = |reached: u32| f64::from(reached) / f64::from(days);
    Candidate {
        at: vec![place],
        values: vec![value(load)],
        replications: days,
        objectives: held.map(holding).to_vec(),
        broken: (1..=days - held[0].min(held[1])).collect(),
        cost: None,
        server_hours: Some(12.5),
        peaks: reached.map(|reached| Some(PeakShare { mean: mean(reached), reached })).to_vec(),
    }
}

/// Returns a search for headroom: proven up to 1.31x, refuted from 1.42x.
pub(crate) fn headroom() -> Sizing {
    let objective = |name: &str, percentile| SizeObjective {
        name: name.to_owned(),
        goal: Goal::Latency { percentile, bound_ns: 400_000_000, inclusive: false },
        holds_in: 0.95,
        assumed: false,
    };
    Sizing {
        size_version: SIZE_VERSION,
        version: "0.0.0".to_owned(),
        name: "shop".to_owned(),
        display_name: None,
        file: "shop.yaml".to_owned(),
        paths: vec![SizePath {
            path: "run.load".to_owned(),
            name: "load".to_owned(),
            from: value(0.01),
            to: value(100.0),
            count: 1_000,
            scale: Scale::Load,
        }],
        objectives: vec![objective("order-p99", 99.0), objective("browse-p50", 50.0)],
        resources: vec!["web.cpu".to_owned(), "checkout.slots".to_owned()],
        currency: None,
        by_cost: false,
        planned: Some(10),
        looks: vec![10, 20, 40, 59],
        error: 0.05,
        answer: Answer::UpTo { larger_is_harder: true, holds: 31, crossing: 37, fails: Some(42) },
        crossed_days: 2,
        candidates: vec![
            candidate(10, 1.0, 59, [59, 59], [0, 0]),
            candidate(31, 1.31, 59, [59, 59], [20, 30]),
            candidate(37, 1.37, 59, [57, 59], [29, 50]),
            candidate(42, 1.42, 10, [0, 10], [8, 10]),
            candidate(60, 2.0, 10, [0, 0], [10, 10]),
        ],
    }
}

/// Returns the same search turned round: more servers are easier, 4 of 1 to 8 hold.
pub(crate) fn fleet(answer: Answer) -> Sizing {
    let mut sizing = headroom();
    let whole = |number: f64| AxisValue { label: number.to_string(), ..value(number) };
    let (path, name) = ("services.web.pools.p.replicas".to_owned(), "replicas".to_owned());
    sizing.paths =
        vec![SizePath { path, name, from: whole(1.0), to: whole(8.0), count: 8, scale: Scale::Whole }];
    let places = [0, 1, 3, 4, 7];
    sizing.candidates.reverse();
    for (candidate, place) in sizing.candidates.iter_mut().zip(places) {
        candidate.at = vec![place];
        candidate.values = vec![whole(place as f64 + 1.0)];
        candidate.cost = Some(2.0 * place as f64);
    }
    Sizing { answer, planned: None, ..sizing }
}

#[test]
fn what_gives_way_first_is_named_first() {
    let names = |found: Vec<(usize, &Candidate)>| -> Vec<(usize, String)> {
        found.into_iter().map(|(thing, at)| (thing, at.values[0].label.clone())).collect()
    };
    let sizing = headroom();
    assert_eq!(names(sizing.breaks()), [(0, "1.42x".to_owned()), (1, "2x".to_owned())]);
    // 30 of 59 days are most of them, 29 are not.
    assert_eq!(names(sizing.limits()), [(1, "1.31x".to_owned()), (0, "1.42x".to_owned())]);
    let up_to = Answer::UpTo { larger_is_harder: false, holds: 4, crossing: 3, fails: Some(1) };
    let fleet = fleet(up_to);
    assert_eq!(names(fleet.breaks()), [(0, "2".to_owned()), (1, "1".to_owned())]);
    assert_eq!(names(fleet.limits()), [(1, "5".to_owned()), (0, "2".to_owned())]);
    let nowhere = Sizing { answer: Answer::All, ..headroom() };
    assert!(nowhere.breaks().is_empty(), "nobody knows which end is easier");
}

#[test]
fn the_planned_value_decides_how_a_search_for_headroom_ends() {
    let ends = |planned| Sizing { planned, ..headroom() }.verdict();
    let table = [
        (None, Verdict::Pass),
        (Some(10), Verdict::Pass),
        (Some(37), Verdict::Inconclusive),
        (Some(42), Verdict::Fail),
    ];
    for (planned, expected) in table {
        assert_eq!(ends(planned), expected, "{planned:?}");
    }
    let table = [
        (Answer::All, Verdict::Pass),
        (Answer::None, Verdict::Fail),
        (Answer::Undecided, Verdict::Inconclusive),
        (
            Answer::NotMonotone { larger_is_harder: None, worse: 1, better: 2, holds: None },
            Verdict::Inconclusive,
        ),
        (Answer::Cheapest { best: vec![4], runner_up: None, easier_costs_more: true }, Verdict::Pass),
        (Answer::Crossed { worse: vec![1], better: vec![2], best: None }, Verdict::Inconclusive),
    ];
    for (answer, expected) in table {
        assert_eq!(fleet(answer.clone()).verdict(), expected, "{answer:?}");
    }
}

#[test]
fn a_search_is_read_back_as_it_was_written() {
    for sizing in
        [headroom(), fleet(Answer::Cheapest { best: vec![4], runner_up: None, easier_costs_more: true })]
    {
        let text = serde_json::to_string(&sizing).unwrap();
        assert!(text.starts_with("{\"sizeVersion\":1,"), "{text}");
        assert_eq!(serde_json::from_str::<Sizing>(&text).unwrap(), sizing);
    }
}
