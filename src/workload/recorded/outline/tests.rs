use super::*;
use std::io::Cursor;

fn outline(yaml: &str, file: &'static str, horizon: u64) -> Vec<ClassOutline> {
    let spec: RecordedSpec = serde_saphyr::from_str(yaml).expect(yaml);
    let horizon = SimDuration::from_secs(horizon);
    let classes = |name: &str| ["browse", "order"].iter().position(|n| *n == name).map(ClassId::new);
    let resolved =
        |when: &str| when.parse().map(|at: SimDuration| at.as_nanos() as i64).map_err(|_| when.into());
    let open = || Box::new(Cursor::new(file));
    let survey = spec
        .survey(open(), &classes, &resolved, SimTime::ZERO + horizon)
        .unwrap_or_else(|error| panic!("{yaml}: {error}"));
    let found = spec.outline(&survey, open(), horizon, SimDuration::from_secs(60), 2.0).expect("the same");
    // Twice what the survey foresees, class by class.
    for (class, offer) in found.iter().zip(&survey.offered().by_class) {
        let all = class.arrivals.expected(SimTime::ZERO, SimTime::MAX);
        assert!((all - 2.0 * offer.arrivals).abs() < 1e-9 * all.max(1.0), "{yaml}: {all}");
        assert!((class.mean_size - offer.mean_size).abs() < 1e-12 && class.class == offer.class, "{yaml}");
    }
    found
}

fn minutes(found: &ClassOutline) -> Vec<f64> {
    let at = |minute: u64| SimTime::from_nanos(minute * 60_000_000_000);
    let end = found.arrivals.horizon();
    (0..).take_while(|&m| at(m) < end).map(|m| found.arrivals.expected(at(m), at(m + 1))).collect()
}

/// At a factor of 2.
#[test]
fn what_comes_is_spread_over_the_minutes_of_its_interval() {
    let table: [(&str, &'static str, &[f64]); 5] = [
        ("{file: f, count: n, interval: 1m}", "n\n30\n60\n", &[60.0, 120.0, 0.0]),
        ("{file: f, count: n, interval: 30s, scale: 3}", "n\n1\n2\n3\n", &[18.0, 18.0, 0.0]),
        ("{file: f, count: n, interval: 2m, speed: 2}", "n\n30\n60\n", &[60.0, 120.0, 0.0]),
        ("{file: f, rate: n, per: 1m, interval: 90s}", "n\n10\n40\n", &[20.0, 50.0, 40.0]),
        ("{file: f, time: t}", "t\n0\n59\n60\n149\n150\n", &[4.0, 2.0, 2.0]),
    ];
    for (yaml, file, expected) in table {
        let found = outline(yaml, file, 150);
        assert_eq!(found.len(), 1, "{yaml}");
        let told = minutes(&found[0]);
        let near = told.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9);
        assert!(near && told.len() == expected.len(), "{yaml}: {told:?}, not {expected:?}");
    }
}

#[test]
fn classes_stand_apart_with_their_mean_sizes() {
    let found = outline(
        "{file: f, time: t, class: c, size: s}",
        "t,c,s\n0,browse,1\n1,order,2\n61,browse,4\n62,order,3\n63,order,4\n",
        120,
    );
    assert_eq!((minutes(&found[0]), found[0].mean_size), (vec![2.0, 2.0], 2.5));
    assert_eq!((minutes(&found[1]), found[1].mean_size), (vec![2.0, 4.0], 3.0));
}

/// At a factor of 2, within 150 s: what lies before the start, after the end or outside the window is not
/// counted, and an interval that is cut counts in part.
#[test]
fn windows_alignment_and_cuts_are_worked_by_hand() {
    let counts = "n\n30\n60\n120\n";
    let table: [(&str, &'static str, [f64; 3]); 10] = [
        // What was recorded after 90 s comes at once: half of 60, then 120 from 30 s to 90 s.
        (
            "{file: f, count: n, interval: 1m, align: {recorded: 90s, scenario: 0s}}",
            counts,
            [180.0, 120.0, 0.0],
        ),
        // A minute later: the second interval is cut in half by the end, the third left out.
        ("{file: f, count: n, interval: 1m, align: {recorded: 0s, scenario: 1m}}", counts, [0.0, 60.0, 60.0]),
        ("{file: f, count: n, interval: 1m, window: {from: 1m, to: 2m}}", counts, [120.0, 0.0, 0.0]),
        ("{file: f, time: t, window: {from: 60s}}", "t\n0\n59\n60\n119\n120\n", [4.0, 2.0, 0.0]),
        ("{file: f, time: t, window: {to: 60s}}", "t\n0\n59\n60\n119\n120\n", [4.0, 0.0, 0.0]),
        // Half as fast: 60 x 1.5 over 2 min, and of 40 x 1.5 the first quarter.
        ("{file: f, count: n, interval: 1m, speed: 0.5, scale: 150%}", "n\n60\n40\n", [90.0, 90.0, 30.0]),
        // Three times as fast, a rate of 1 a recorded second is still that amount.
        ("{file: f, rate: n, per: 1h, interval: 3m, speed: 3}", "n\n3600\n7200\n", [360.0, 720.0, 0.0]),
        ("{file: f, count: n, interval: 1m}", "n\n0.25\n0\n0.5\n", [0.5, 0.0, 0.5]),
        // Gaps in the numbers are minutes without traffic.
        ("{file: f, index: i, count: n, interval: 1m}", "i,n\n0,7\n2,10\n", [14.0, 0.0, 10.0]),
        (
            "{file: f, index: i, count: n, interval: 1m, select: {column: site, value: eu}}",
            "i,n,site\n0,7,eu\n0,100,us\n1,3,eu\n1,100,us\n",
            [14.0, 6.0, 0.0],
        ),
    ];
    for (yaml, file, expected) in table {
        let found = outline(yaml, file, 150);
        assert_eq!(found.len(), 1, "{yaml}");
        let told = minutes(&found[0]);
        let near = told.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9);
        assert!(near && told.len() == 3, "{yaml}: {told:?}, not {expected:?}");
    }
}

/// 10 of size 1, and of 10 of size 5 the half before the end: (10 + 25) / 15.
#[test]
fn the_mean_size_is_that_of_what_lies_within() {
    let found =
        outline("{file: f, index: i, count: n, interval: 1m, size: s}", "i,n,s\n0,10,1\n2,10,5\n", 150);
    assert!((found[0].mean_size - 7.0 / 3.0).abs() < 1e-12, "{}", found[0].mean_size);
}

/// Longer or shorter bins hold as much in all, also where they do not divide intervals or the run.
#[test]
fn bins_of_any_length_hold_the_same_in_all() {
    let spec: RecordedSpec =
        serde_saphyr::from_str("{file: f, count: n, interval: 7s, scale: 2}").expect("a spec");
    let (file, horizon) = ("n\n3\n5\n0\n11\n", SimDuration::from_secs(25));
    let open = || Box::new(Cursor::new(file));
    let survey = spec.survey(open(), &|_| None, &|_| Ok(0), SimTime::ZERO + horizon).expect("a survey");
    // All but 3 s of the last interval.
    let expected = 2.0 * (3.0 + 5.0 + 11.0 * 4.0 / 7.0);
    for (bin_ns, bins) in [
        (1_000_000, 25_000),
        (333_333_333, 76),
        (1_000_000_000, 25),
        (7_000_000_000, 4),
        (25_000_000_000, 1),
        (u64::MAX, 1),
    ] {
        let outline = spec
            .outline(&survey, open(), horizon, SimDuration::from_nanos(bin_ns), 1.0)
            .unwrap_or_else(|error| panic!("{bin_ns}: {error}"));
        let profile = &outline[0].arrivals;
        let all = profile.expected(SimTime::ZERO, SimTime::MAX);
        assert!((all - expected).abs() < 1e-9, "{bin_ns}: {all}");
        let last = SimTime::ZERO + SimDuration::from_nanos(25_000_000_000 - 25_000_000_000 / bins);
        let tail = profile.expected(last, SimTime::MAX);
        let most = expected.min(2.0 * 11.0 / 7.0 * 25.0 / bins as f64);
        assert!(tail > 0.0 && tail <= most.max(1e-9) * (1.0 + 1e-9), "{bin_ns}: {tail} of at most {most}");
    }
}

#[test]
fn a_file_that_changed_since_its_survey_is_refused() {
    let spec: RecordedSpec =
        serde_saphyr::from_str("{file: f, count: n, interval: 1m, maxBadLines: 0}").expect("a spec");
    let horizon = SimDuration::from_secs(150);
    let end = SimTime::ZERO + horizon;
    let survey =
        spec.survey(Box::new(Cursor::new("n\n1\n2\n")), &|_| None, &|_| Ok(0), end).expect("a survey");
    for (changed, why) in
        [("", "the file is empty"), ("m\n1\n2\n", "no column"), ("n\n1\nmany\n", "bad line")]
    {
        let input = Box::new(Cursor::new(changed));
        let again = spec.outline(&survey, input, horizon, SimDuration::from_secs(60), 1.0);
        let error = again.expect_err(changed).to_string();
        assert!(error.contains(why), "{changed:?}: {error}");
    }
}
