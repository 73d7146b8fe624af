//! Releases as they are built, and the rules that bind several of them.

use std::io::{self, Read};

use crate::error::{Code, Error};
use crate::monitoring::Signal;
use crate::release::detector::Side;
use crate::release::pipeline::Freeze;
use crate::scenario::plan::{Commits, Figure, Victims};
use crate::scenario::{Document, Scenario};
use crate::time::{SimDuration, SimTime};
use crate::workload::recorded::TraceFiles;

const BASE: &str = "\
apiVersion: peakday/v1alpha1
kind: Scenario
metadata: {name: a}
run: {start: 2026-11-10T23:30:00+08:00, duration: 1h}
traffic: {users: {to: web, mix: {browse: 92%, order: 8%}, rate: 90/s}, buyers: {to: pay, class: order, rate: 9/s}}
services:
  web: {pools: {p: {replicas: 4, concurrency: 8}}, work: {browse: 5ms, order: 9ms}}
  pay: {pools: {p: {replicas: 4, concurrency: 8}}, work: 5ms}
objectives:
  - {name: paid, service: pay, success: {gte: 99.9%}}
  - {name: p99, service: web, latency: {percentile: 99, lt: 400ms}}
  - {name: most, service: web, class: order, success: {gte: 99%}}
";

#[derive(Debug)]
struct NoFiles;

impl TraceFiles for NoFiles {
    fn open(&self, _: &str) -> io::Result<Box<dyn Read + Send>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

fn check(sections: &str) -> Result<Scenario, Error> {
    Document::read("a.yaml", format!("{BASE}{sections}").as_bytes())?.check(&NoFiles)
}

fn built(sections: &str) -> Scenario {
    check(sections).unwrap_or_else(|error| panic!("{sections}\n{error}"))
}

/// Returns what is told, as (code, path).
fn told(sections: &str) -> Vec<(Code, String)> {
    match check(sections) {
        Ok(_) => Vec::new(),
        Err(Error::Invalid(issues)) => issues.into_iter().map(|issue| (issue.code, issue.path)).collect(),
        Err(other) => panic!("{other}"),
    }
}

fn minutes(count: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(60 * count)
}

#[test]
fn a_release_is_built_as_it_is_written() {
    let scenario = built(
        "
releases:
  - service: web
    version: b
    at: \"23:40\"
    defect: {errors: {rate: 20%, class: order}, slowDown: {factor: 2}}
    faulty: 15%
    ifBusy: skip
    pipeline: {stages: [{name: build, duration: 6m, parallel: 2, flaky: 5%, retries: 3}, {name: test, duration: 1m, catches: {slowDown: 70%}}], fix: 10m}
    rollout: recreate
    detection: [{alert: {errors: 2%, class: order, of: new}, person: {acknowledge: 1m}}]
    rollback: {snapshot: {restore: 45s, parallel: 25%, every: 1m, first: 30s, maxAge: 5m, holds: [version, cache], failures: 100%, attempts: 2}}
    compare: {plain: {rollback: version}, eager: {detection: [{burnRate: {objective: 99.9%, windows: [{long: 5m, short: 1m, factor: 6}]}}]}}
",
    );
    let [release] = scenario.releases.as_slice() else { panic!("one release") };
    assert_eq!((release.service.index(), release.version.as_str(), release.key.as_str()), (0, "b", "web/b"));
    assert_eq!(release.commits, Commits::At(vec![minutes(10)]));
    let flaws: Vec<_> = release
        .defects
        .iter()
        .map(|flaw| (flaw.kind.as_str(), flaw.class.map(|class| class.index())))
        .collect();
    assert_eq!(flaws, [("errors", Some(1)), ("slowDown", None)]);
    assert_eq!((release.faulty, release.skips, release.propagation), (0.15, true, None));
    // Those of the service, whatever their class.
    assert_eq!(release.objectives, [1, 2]);
    let pipeline = release.pipeline.as_ref().expect("a pipeline");
    let [build, test] = pipeline.stages.as_slice() else { panic!("two stages") };
    assert_eq!((build.parallel, build.flaky, build.retries), (Some(2), 0.05, 3));
    assert_eq!((build.duration.mean(), &build.catches), (360e9, &vec![]));
    assert_eq!(test.catches, [("slowDown".to_owned(), 0.7)]);
    assert_eq!(pipeline.fix.as_ref().map(crate::dist::Distribution::mean), Some(600e9));
    let [own, plain, eager] = release.policies.as_slice() else { panic!("three ways") };
    let [alert] = own.detection.as_slice() else { panic!("one alert") };
    let seen: Vec<_> =
        alert.seen.iter().map(|seen| (seen.side, seen.figure, seen.watch.class.map(|c| c.index()))).collect();
    assert_eq!(
        seen,
        [
            (Side::New, Figure::Signal(Signal::Errors), Some(1)),
            (Side::New, Figure::Signal(Signal::Ended), Some(1))
        ]
    );
    assert_eq!(scenario.monitoring[alert.seen[0].pipeline].name, "prometheus");
    let person = alert.person.as_ref().expect("a person");
    assert_eq!(person.acknowledge.as_ref().map(crate::dist::Distribution::mean), Some(60e9));
    assert!(person.decide.is_none());
    let rollback = own.rollback.as_ref().expect("a rollback");
    assert_eq!((rollback.failures, rollback.retry, rollback.attempts), (1.0, SimDuration::from_secs(60), 2));
    let image = rollback.snapshot.as_ref().expect("an image");
    assert_eq!((image.parallel, image.warm), (Some(Victims::Share(0.25)), true));
    assert_eq!(
        (image.first, image.every),
        (SimTime::ZERO + SimDuration::from_secs(30), minutes(1) - minutes(0))
    );
    // What a further way leaves out is that of the release.
    assert_eq!(plain.detection.len(), 1);
    let back = plain.rollback.as_ref().expect("a rollback");
    assert!(back.snapshot.is_none() && back.failures == 0.0 && back.attempts == 3);
    assert_eq!(eager.rollback.as_ref().map(|back| back.attempts), Some(2));
    let windows: Vec<_> = eager.detection[0].seen.iter().map(|seen| (seen.side, seen.window)).collect();
    let of = |count| (Side::Service, Some(minutes(count) - minutes(0)));
    assert_eq!(windows, [of(5), of(1)]);
    let plan = &scenario.plan.releases[0];
    let words: Vec<_> = plan
        .policies
        .iter()
        .map(|way| [way.name.as_str(), way.strategy.as_str(), way.detection.as_str(), way.rollback.as_str()])
        .collect();
    assert_eq!(
        words,
        [
            ["recreate", "recreate", "alert", "snapshot"],
            ["plain", "recreate", "alert", "version"],
            ["eager", "recreate", "burnRate", "snapshot"],
        ]
    );
    assert_eq!(
        (plan.service, &plan.objectives, plan.hotfix, plan.configuration),
        (0, &vec![1, 2], false, false)
    );
}

#[test]
fn what_is_left_out_is_the_plainest() {
    let scenario = built("releases: [{service: pay, version: b, at: 5m}]");
    let release = &scenario.releases[0];
    assert_eq!((release.faulty, release.skips), (0.0, false), "nothing is wrong with it");
    assert!(release.defects.is_empty() && release.pipeline.is_none() && release.freezes.is_empty());
    let way = &scenario.plan.releases[0].policies[0];
    assert_eq!([&*way.name, &*way.strategy, &*way.detection, &*way.rollback], ["rolling", "rolling", "", ""]);
    let defect = built("releases: [{service: pay, version: b, at: 5m, defect: {errors: {rate: 1%}}}]");
    assert_eq!(defect.releases[0].faulty, 1.0, "all commits have the defect");
    let any = "{stages: [{name: a, duration: 1m, catches: 70%}]}";
    let caught = built(&format!("releases: [{{service: pay, version: b, at: 5m, pipeline: {any}}}]"));
    let catches = &caught.releases[0].pipeline.as_ref().expect("a pipeline").stages[0].catches;
    let kinds = crate::release::defect::DefectSpec::examples();
    assert_eq!(catches.len(), kinds.len(), "any kind");
    assert!(catches.iter().all(|(_, share)| *share == 0.7));
}

#[test]
fn the_same_customers_meet_a_release_however_it_is_rolled_out() {
    let key = |rest: &str| {
        built(&format!("releases: [{{service: pay, version: b, at: 5m{rest}}}]")).releases[0].key.clone()
    };
    let first = key("");
    for rest in [
        ", rollout: recreate",
        ", rollback: version",
        ", ifBusy: wait",
        ", detection: [{alert: {errors: 2%}}], rollback: version",
    ] {
        assert_eq!(key(rest), first, "{rest}");
    }
    let two = built("releases: [{service: web, version: b, at: 5m}, {service: pay, version: b, at: 5m}]");
    assert_ne!(two.releases[0].key, two.releases[1].key);
}

#[test]
fn a_push_asks_no_strategy_and_reaches_servers_in_time() {
    let scenario = built(
        "releases: [{service: pay, version: b, at: 5m, configuration: {propagation: 10s}, rollback: {snapshot: {restore: 1s, every: 2m, holds: [configuration]}}, detection: [{alert: {errors: 2%}}]}]",
    );
    assert_eq!(scenario.releases[0].propagation, Some(SimDuration::from_secs(10)));
    let plan = &scenario.plan.releases[0];
    assert!(plan.configuration);
    assert_eq!((&*plan.policies[0].name, &*plan.policies[0].strategy), ("configuration", "configuration"));
}

#[test]
fn commits_come_as_they_are_written() {
    let commits = |text: &str| {
        let section = format!("releases: [{{service: pay, version: b, commits: {text}, ifBusy: wait}}]");
        built(&section).releases[0].commits.clone()
    };
    let at = |list: &[u64]| Commits::At(list.iter().map(|&count| minutes(count)).collect());
    for (text, expected) in [
        // The first one distance after the start, the last before the end.
        ("{every: 20m}", at(&[20, 40])),
        ("{every: 10m, from: 15m, to: 45m}", at(&[25, 35])),
        ("{every: 10m, from: \"23:45\", to: \"00:15:01\"}", at(&[25, 35, 45])),
        ("{at: [50m, \"23:40\", 5m]}", at(&[5, 10, 50])),
        (
            "{poisson: 3/h, from: 15m}",
            Commits::Poisson { rate: 3.0 / 3600.0, from: minutes(15), to: minutes(60) },
        ),
    ] {
        assert_eq!(commits(text), expected, "{text}");
    }
}

#[test]
fn a_release_is_stopped_by_the_freezes_it_does_not_pass() {
    let scenario = built(
        "
freezes: [{from: 40m}, {from: 10m, to: 20m, services: [web]}, {to: 5m, allows: [hotfix]}, {from: 25m, to: 30m, allows: [configuration]}]
releases:
  - {service: web, version: b, at: 1m, ifBusy: wait}
  - {service: web, version: c, at: 2m, hotfix: true, ifBusy: wait}
  - {service: pay, version: d, at: 3m, configuration: {propagation: 1s}}
",
    );
    let freeze = |from, to| Freeze { from: minutes(from), to: minutes(to) };
    let [a, b, c, d] = [freeze(0, 5), freeze(10, 20), freeze(25, 30), freeze(40, 60)];
    let of: Vec<_> = scenario.releases.iter().map(|release| release.freezes.clone()).collect();
    assert_eq!(of, [vec![a, b, c, d], vec![b, c, d], vec![a, d]]);
}

#[test]
fn releases_that_may_meet_need_a_rule() {
    let list = |releases: &[&str]| {
        let all: Vec<String> = releases.iter().map(|release| format!("{{{release}}}")).collect();
        let told = told(&format!(
            "releases: [{}]\nfreezes: [{{from: 9m, to: 30m, allows: [hotfix]}}]",
            all.join(", ")
        ));
        assert!(told.iter().all(|(code, _)| *code == Code::Release), "{told:?}");
        told.into_iter().map(|(_, path)| path).collect::<Vec<_>>()
    };
    let cases: [(&[&str], &[&str]); 9] = [
        (&["service: web, version: b, at: 5m", "service: pay, version: b, at: 5m"], &[]),
        // The later one, wherever it stands in the file.
        (&["service: web, version: b, at: 5m", "service: web, version: c, at: 4m"], &["releases[0]"]),
        (&["service: web, version: b, at: 5m", "service: web, version: c, at: 5m"], &["releases[1]"]),
        (&["service: web, version: b, at: 5m", "service: web, version: c, at: 6m, ifBusy: skip"], &[]),
        // Commits may meet one another.
        (&["service: web, version: b, commits: {every: 20m}"], &["releases[0]"]),
        (&["service: web, version: b, commits: {every: 40m}"], &[]),
        // Nobody knows when a pipeline lets it through.
        (
            &[
                "service: web, version: b, at: 1m, pipeline: {stages: [{name: a, duration: 1m}]}",
                "service: web, version: c, at: 8m",
            ],
            &["releases[0]", "releases[1]"],
        ),
        // One that its pipeline keeps to the end meets nobody.
        (
            &[
                "service: web, version: b, at: 1m, pipeline: {stages: [{name: a, duration: 1h}]}",
                "service: web, version: c, at: 8m",
            ],
            &[],
        ),
        // A freeze makes the first commit the second rollout.
        (
            &["service: web, version: b, at: 10m", "service: web, version: c, at: 20m, hotfix: true"],
            &["releases[0]"],
        ),
    ];
    for (releases, expected) in cases {
        assert_eq!(list(releases), expected, "{releases:?}");
    }
}

#[test]
fn an_image_must_be_there_and_young_enough() {
    let image = |when: &str, rest: &str| {
        let rollback = format!(
            "rollback: {{snapshot: {{restore: 45s, {rest}}}}}, detection: [{{alert: {{errors: 2%}}}}]"
        );
        let told =
            told(&format!("releases: [{{service: pay, version: b, {when}, ifBusy: wait, {rollback}}}]"));
        told.into_iter()
            .map(|(code, path)| (code, path.replace("releases[0].rollback.snapshot.", "")))
            .collect::<Vec<_>>()
    };
    let wrong = |key: &str| vec![(Code::Release, key.to_owned())];
    let piped = "at: 10m, pipeline: {stages: [{name: a, duration: 5m}]}";
    for (when, rest, expected) in [
        ("at: 10m", "every: 10m", vec![]),
        ("at: 10m", "every: 601s", wrong("every")),
        ("at: 10m", "every: 9m", vec![]),
        ("at: 10m", "every: 6h", wrong("every")),
        ("at: 10m", "every: 6h, first: 10m", vec![]),
        ("at: 10m", "every: 6h, first: 601s", wrong("first")),
        ("at: 10m", "every: 6h, first: \"23:39\"", vec![]),
        // The rollout begins later than the commit, by the stages at least.
        (piped, "every: 15m", vec![]),
        (piped, "every: 16m", wrong("every")),
        ("commits: {every: 20m}", "every: 21m", wrong("every")),
        ("commits: {every: 20m}", "every: 20m", vec![]),
        ("commits: {poisson: 3/h, to: 30m}", "every: 30m", vec![]),
        ("commits: {poisson: 3/h, to: 30m}", "every: 31m", wrong("every")),
        // Images at 1, 4, 7 and 10 minutes: the last is 2 minutes old at 9, and new at 10.
        ("at: 9m", "every: 3m, first: 1m, maxAge: 2m", vec![]),
        ("at: 9m", "every: 3m, first: 1m, maxAge: 119s", wrong("maxAge")),
        ("at: 10m", "every: 3m, first: 1m, maxAge: 1s", vec![]),
        ("commits: {at: [9m, 11m]}", "every: 3m, first: 1m, maxAge: 1m", vec![]),
        ("commits: {at: [9m, 11m]}", "every: 3m, first: 1m, maxAge: 59s", wrong("maxAge")),
        (piped, "every: 3m, first: 1m, maxAge: 1s", vec![]),
        (piped, "every: 3m, first: 1m, maxAge: 0s", wrong("maxAge")),
    ] {
        assert_eq!(image(when, rest), expected, "{when}, {rest}");
    }
}

#[test]
fn what_comes_to_nothing_is_cautioned_of() {
    let cautions = |sections: &str| {
        let all = built(sections).cautions;
        assert!(all.iter().all(|caution| caution.of == "pay"), "{all:?}");
        all.into_iter().map(|caution| caution.message).collect::<Vec<_>>()
    };
    let release = |rest: &str| format!("releases: [{{service: pay, version: b, at: 5m{rest}}}]\n");
    assert_eq!(cautions(&release("")), Vec::<String>::new());
    let [unseen] = &cautions(&release(", rollback: version"))[..] else { panic!("one caution") };
    assert!(unseen.contains("never rolled back"), "{unseen}");
    let looked = ", rollback: version, detection: [{alert: {errors: 2%}}]";
    assert_eq!(cautions(&release(looked)), Vec::<String>::new());
    // One way of several looks.
    let compared = ", rollback: version, compare: {seen: {detection: [{alert: {errors: 2%}}]}}";
    assert_eq!(cautions(&release(compared)), Vec::<String>::new());
    let [frozen] = &cautions(&(release("") + "freezes: [{from: 4m}]"))[..] else { panic!("one caution") };
    assert!(frozen.contains("frozen to the end"), "{frozen}");
    let long = ", configuration: {propagation: 2h}";
    let [late] = &cautions(&release(long))[..] else { panic!("one caution") };
    assert!(late.contains("2h at least") && late.contains("23:35"), "{late}");
}

#[test]
fn many_releases_are_reckoned_with() {
    let commits = |count: usize, ways: &str, run: &str| {
        let release =
            format!("{{service: pay, version: b, commits: {{poisson: {count}/h}}, ifBusy: wait{ways}}}");
        let text = BASE.replace("duration: 1h", run) + &format!("releases: [{release}]");
        let document = Document::read("a.yaml", text.as_bytes()).expect("a document");
        document.check(&NoFiles).err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert_eq!(commits(10_000, "", "duration: 1h, interval: 1m"), "");
    assert!(commits(10_001, "", "duration: 1h").contains("10001 commits"));
    // 7 series x 3,600 intervals x 1,000 commits x 5 replications are more than can be kept; a tenth is not.
    assert!(commits(1_000, "", "duration: 1h, interval: 1s").contains("in memory"));
    assert_eq!(commits(100, "", "duration: 1h, interval: 1s"), "");
    let ways = ", compare: {a: {rollout: recreate}, b: {rollback: version}, c: {rollback: version}, d: {rollback: version}, e: {rollback: version}, f: {rollback: version}, g: {rollback: version}, h: {rollback: version}, i: {rollback: version}}";
    assert!(commits(100, ways, "duration: 1h, interval: 1s").contains("in memory"));
    let two = "releases: [{service: pay, version: b, commits: {poisson: 6k/h}, ifBusy: wait}, {service: pay, version: c, commits: {poisson: 6k/h}, ifBusy: wait}]";
    assert_eq!(told(two), [(Code::TooMuch, "releases".to_owned())]);
}
