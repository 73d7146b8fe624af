//! What holds for every detector, whichever there are.

use std::collections::BTreeSet;

use serde_json::json;

use super::*;

fn read(entry: serde_json::Value) -> DetectionSpec {
    serde_json::from_value(entry.clone()).unwrap_or_else(|error| panic!("{entry}: {error}"))
}

fn examples() -> Vec<(&'static str, Arc<dyn DetectorSpec>)> {
    DetectionSpec::examples().into_iter().flat_map(|(_, spec)| spec.all()).collect()
}

#[test]
fn every_detector_is_written_and_read_back_under_a_key_of_its_own() {
    let names: BTreeSet<&str> = examples().iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), DetectionSpec::examples().len());
    assert!(names.len() >= 3);
    for (name, spec) in DetectionSpec::examples() {
        let mut entry = serde_json::to_value(&spec).expect("JSON");
        assert_eq!(read(entry.clone()), spec, "{name}");
        let [(key, detector)] = &spec.all()[..] else { panic!("{name} is not one detector") };
        assert_eq!((*key, detector.problems()), (name, vec![]), "its example is wrong");
        entry["person"] = json!({"acknowledge": "5m", "decide": {"exponential": {"mean": "2m"}}});
        assert!(read(entry.clone()).person.is_some(), "{name}");
        entry[name]["unheard"] = json!(1);
        assert!(serde_json::from_value::<DetectionSpec>(entry).is_err(), "{name}");
    }
}

#[test]
fn every_detector_goes_by_something_and_says_where_it_is_seen() {
    for (name, spec) in examples() {
        let wants = spec.wants();
        assert!(!wants.is_empty(), "{name}");
        for (nth, want) in wants.iter().enumerate() {
            assert!(!want.pipeline.is_empty(), "{name}: {want:?}");
            assert!(!wants[..nth].contains(want), "{name} asks twice for {want:?}");
        }
        assert!(spec.period().is_none_or(|period| !period.is_zero()), "{name} looks for ever");
    }
}

#[test]
fn what_nothing_tells_alarms_nobody() {
    for (name, spec) in examples() {
        let mut state = spec.build();
        let nothing = vec![None; spec.wants().len()];
        for minute in 0..120 {
            let look = state.look(SimTime::ZERO + SimDuration::from_secs(60 * minute), &nothing);
            assert_eq!(look, Look { status: Status::Running, crossed: None }, "{name}");
        }
        assert_eq!(spec.build().look(SimTime::ZERO, &[]).status, Status::Running, "{name}");
    }
}

#[test]
fn everything_wrong_for_long_enough_alarms_and_everything_good_does_not() {
    for (name, spec) in examples() {
        let looks = |bad: bool| {
            let value = |want: Want| match want.figure {
                Figure::Ended => Some(10_000.0),
                Figure::Errors => Some(if bad { 1.0 } else { 0.0 }),
                Figure::Latency(_) => Some(if bad { 1e6 } else { 1e-3 }),
            };
            let values: Vec<Option<f64>> = spec.wants().into_iter().map(value).collect();
            let mut state = spec.build();
            let at = |minute: u64| SimTime::ZERO + SimDuration::from_secs(60 * minute);
            (0..120).map(|minute| state.look(at(minute), &values)).collect::<Vec<Look>>()
        };
        let good = Look { status: Status::Running, crossed: None };
        assert_eq!(looks(false), vec![good; 120], "{name}");
        let bad = looks(true);
        assert_eq!(bad, looks(true), "{name} sees the same otherwise");
        assert_eq!(bad.last().map(|look| look.status), Some(Status::Failed), "{name}");
        let first = bad.iter().position(|look| look.status == Status::Failed).expect("it fails");
        assert!(bad[..=first].iter().all(|look| look.crossed.is_some()), "{name} does not say what crossed");
    }
}

/// Noise raises alarms by itself: 1 % of errors among 50 requests are over 2 % in one look of eleven.
#[test]
fn noise_alone_raises_false_alarms() {
    let spec = read(json!({"alert": {"errors": "2%"}}));
    let [(_, alert)] = &spec.all()[..] else { panic!("one alert") };
    let root = crate::rng::Key::from_seed(5);
    let alarms = (0..2_000).filter(|&nth| {
        let key = root.child(nth);
        let bad = (0..50).filter(|&k| crate::rng::uniform_closed_open(key.draw(k)) < 0.01).count();
        let values = [Some(bad as f64 / 50.0), Some(50.0)];
        alert.build().look(SimTime::ZERO, &values).status == Status::Failed
    });
    // P(Binomial(50, 0.01) > 1) = 1 - 0.99^50 - 50 x 0.01 x 0.99^49 = 0.0894; 179 of 2,000, give or take 13.
    let alarms = alarms.count();
    assert!((127..231).contains(&alarms), "{alarms} of 2,000");
}
