//! What holds for every defect, whichever there are.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::testing::{FRESH, after, having_served};
use super::*;

/// Every kind with the line it is written by.
fn lines() -> Vec<(&'static str, Value)> {
    let line = |(name, spec): (&'static str, DefectSpec)| {
        (name, serde_json::to_value(spec).expect("JSON")[name].clone())
    };
    DefectSpec::examples().into_iter().map(line).collect()
}

fn read(block: Value) -> DefectSpec {
    serde_json::from_value(block.clone()).unwrap_or_else(|error| panic!("{block}: {error}"))
}

fn only(name: &str, line: &Value) -> Arc<dyn Defect> {
    let spec = read(json!({ name: line }));
    let [(key, defect)] = &spec.all()[..] else { panic!("{name} is not one defect") };
    assert_eq!(*key, name);
    Arc::clone(defect)
}

/// All that a defect answers of a server at a request.
fn answers(defect: &dyn Defect, host: &Host, key: Key) -> (f64, [bool; 3], Option<SimDuration>) {
    let yes = [defect.refuses(host, key), defect.fails(host, key), defect.crashes(host, key)];
    (defect.slowness(host), yes, defect.lifetime(key))
}

#[test]
fn every_defect_is_written_and_read_back_under_a_key_of_its_own() {
    let names: BTreeSet<&str> = lines().iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), lines().len());
    assert!(names.len() >= 6);
    for (name, spec) in DefectSpec::examples() {
        let written = serde_json::to_value(&spec).expect("JSON");
        assert_eq!(read(written), spec, "{name}");
        let [(key, defect)] = &spec.all()[..] else { panic!("{name} is not one defect") };
        assert_eq!((*key, defect.problems()), (name, vec![]), "its example is wrong");
        assert_eq!(defect.scope(), Scope::default(), "{name}");
    }
    assert!(DefectSpec::default().all().is_empty());
}

#[test]
fn every_defect_refuses_keys_it_does_not_have() {
    for (name, mut line) in lines() {
        line["unheard"] = json!(1);
        assert!(serde_json::from_value::<DefectSpec>(json!({ name: line })).is_err(), "{name}");
    }
}

#[test]
fn every_defect_hits_whom_it_is_written_for() {
    for (name, mut line) in lines() {
        line["aboveLoad"] = json!("500/s");
        line["class"] = json!("order");
        line["servers"] = json!("20%");
        let defect = only(name, &line);
        let scope = Scope { above_load: Some(500.0), class: Some("order".to_owned()), servers: Some(0.2) };
        assert_eq!((defect.scope(), defect.problems()), (scope, vec![]), "{name}");
        line["servers"] = json!("120%");
        let [(path, message, remedy)] = &only(name, &line).problems()[..] else { panic!("{name} is right") };
        assert_eq!(path, "servers", "{name}");
        assert!(message.contains("1.2") && remedy.contains("servers: 20%"), "{name}: {message}; {remedy}");
    }
}

#[test]
fn every_defect_answers_alike_for_the_same_server_and_draws() {
    let hosts = [FRESH, after(1), after(86_400), having_served(1), having_served(u64::MAX)];
    let key = Key::from_seed(3);
    for (name, line) in lines() {
        let (defect, again) = (only(name, &line), only(name, &line));
        let mut does_something = false;
        for host in &hosts {
            for nth in 0..200 {
                let answer = answers(&*defect, host, key.child(nth));
                assert_eq!(answer, answers(&*again, host, key.child(nth)), "{name}");
                let (slowness, yes, lifetime) = answer;
                assert!(slowness.is_finite() && slowness > 0.0, "{name}: {slowness}");
                does_something |= slowness != 1.0 || yes.contains(&true) || lifetime.is_some();
            }
        }
        assert!(does_something, "{name} is no defect");
    }
}

#[test]
fn several_defects_of_a_version_stand_side_by_side() {
    let spec =
        read(json!({"errors": {"rate": "2%"}, "leak": {"requests": 100}, "slowDown": {"factor": 0.9}}));
    let names: Vec<&str> = spec.all().iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["errors", "slowDown", "leak"]);
}

/// Whether a request fails says nothing about whether it crashes its server: the draws are apart.
#[test]
fn draws_of_different_consequences_are_apart() {
    let (errors, crash) =
        (only("errors", &json!({"rate": "50%"})), only("crash", &json!({"perRequest": "50%"})));
    let key = Key::from_seed(9);
    let alike = (0..4_000)
        .filter(|&nth| errors.fails(&FRESH, key.child(nth)) == crash.crashes(&FRESH, key.child(nth)))
        .count();
    // Binomial of 4,000 and 1/2: standard deviation 31.6.
    assert!((1_870..2_130).contains(&alike), "{alike} of 4,000");
}
