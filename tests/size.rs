//! Sizing: answers that theory, a long independent run or arithmetic confirm; and what the command line makes of them.

use std::process::{Command, Output};

use peakday::results::Verdict;
use peakday::results::experiment::{Answer, Candidate, Sizing};
use peakday::scenario::Document;
use peakday::study::size::{Asked, Question, Range, Start};
use peakday::study::{StudyOptions, run_study};
use peakday::theory::Mmc;
use peakday::workload::recorded::TraceFiles;

/// No recorded traffic.
#[derive(Debug)]
struct NoTraces;

impl TraceFiles for NoTraces {
    fn open(&self, _path: &str) -> std::io::Result<Box<dyn std::io::Read + Send>> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

fn document(text: &str) -> Document {
    Document::read("s.yaml", text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Looks for an answer along some paths.
fn sized(text: &str, vary: &[&str], replications: Option<u32>) -> Sizing {
    let ranges = vary.iter().map(|text| Range::parse(text).unwrap()).collect();
    answered(text, ranges, Start::Ends, replications)
}

fn answered(text: &str, ranges: Vec<Range>, start: Start, replications: Option<u32>) -> Sizing {
    let file = "s.yaml".to_owned();
    let asked = Asked { file, ranges, start, by_cost: false, replications, holds_in: 0.95 };
    let question = Question::new(document(text), asked, &NoTraces).unwrap();
    let answer = question.answer(&(), &NoTraces, StudyOptions::default(), &(), |_| {});
    answer.unwrap().expect("nobody ended it")
}

/// Returns the labels of the value that holds, of the crossing, and of the one that fails.
fn labels(sizing: &Sizing) -> (String, String, String) {
    let Answer::UpTo { holds, crossing, fails, .. } = sizing.answer else { panic!("{:?}", sizing.answer) };
    let label = |at: Option<usize>| {
        let at = at.and_then(|at| sizing.candidate(&[at]));
        at.map_or_else(String::new, |candidate: &Candidate| candidate.values[0].label.clone())
    };
    (label(Some(holds)), label(Some(crossing)), label(fails))
}

const HEAD: &str = "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {name: s}\n";

/// An M/M/c queue: 40/s, 200 ms, so 8 servers' worth of load. A day lasts 30 s, the first 5 s left out.
fn erlang(seed: u64, replicas: u32, replications: u32) -> String {
    format!(
        "{HEAD}run: {{duration: 30s, warmup: 5s, interval: 5s, seed: {seed}, replications: {replications}}}\n\
         traffic: {{shoppers: {{to: web, class: page, rate: 40/s}}}}\n\
         services: {{web: {{pools: {{p: {{replicas: {replicas}, concurrency: 1}}}}, queue: {{scope: service}}, \
         work: {{exponential: {{mean: 200ms}}}}}}}}\n\
         objectives: [{{name: p90, service: web, latency: {{percentile: 90, lt: 600ms}}, holdsIn: 95%}}]\n"
    )
}

/// The share of very many independent days on which a fleet holds, and its mean latency in ms.
fn long_run(replicas: u32) -> (f64, f64) {
    const DAYS: u32 = 2_000;
    let scenario = document(&erlang(987_654_321, replicas, DAYS)).check(&NoTraces).unwrap();
    let study = run_study(&scenario, &NoTraces, StudyOptions::default(), &()).unwrap();
    let goal = &study.plan.objectives[0].goal;
    let held = study.runs.iter().filter(|run| goal.judge_day(run.replication, &run.objectives[0]).holds);
    let (sum, count) = study.runs.iter().fold((0.0, 0.0), |(sum, count), run| {
        (sum + run.rows[0].latency_sum_ns.0 as f64 / 1e6, count + run.rows[0].outcomes[0] as f64)
    });
    (held.count() as f64 / f64::from(DAYS), sum / count)
}

/// Erlang C: in 100 searches with other chance a long independent run confirms the answer, as often as is promised.
#[test]
fn a_long_independent_run_confirms_the_fleets_that_are_returned() {
    let truth: Vec<(u32, (f64, f64))> = (10..=16).map(|replicas| (replicas, long_run(replicas))).collect();
    for &(replicas, (share, mean)) in &truth {
        let waiting = Mmc::new(40.0 * 0.2, replicas.into()).expect("stable").mean_wait();
        let expected = 200.0 * (1.0 + waiting);
        println!(
            "{replicas} servers: holds on {:.2}% of days; mean latency {mean:.1} ms, Erlang C {expected:.1} ms",
            share * 100.0
        );
        // Days begin empty; with few servers 5 s are not enough to forget that.
        assert!(replicas < 11 || (mean - expected).abs() < 0.02 * expected, "{replicas}: {mean} {expected}");
    }
    let holds =
        |replicas: u32| truth.iter().find(|known| known.0 == replicas).is_none_or(|known| known.1.0 >= 0.95);
    let least = truth.iter().find(|known| known.1.0 >= 0.95).expect("one holds").0;
    let (mut confirmed, mut above) = (0, [0_u32; 8]);
    for seed in 1..=100 {
        let sizing = sized(&erlang(seed, 12, 120), &["services.web.pools.p.replicas=9..24"], None);
        let Answer::UpTo { larger_is_harder: false, holds: at, fails: Some(fails), .. } = sizing.answer
        else {
            panic!("{seed}: {:?}", sizing.answer)
        };
        let (found, refuted) = (9 + at as u32, 9 + fails as u32);
        assert!(refuted < found, "{seed}: {found} holds, {refuted} fails");
        confirmed += u32::from(holds(found));
        above[(found.saturating_sub(least) as usize).min(7)] += u32::from(found >= least);
    }
    println!("{confirmed} of 100 are confirmed; servers above the smallest, {least}: {above:?}");
    assert!(confirmed >= 90, "{confirmed}");
    assert!(above[0] + above[1] + above[2] >= 80, "{above:?}");
}

/// One server, a request every 10 ms, 8 ms of work: up to 1.25 times the load nobody waits; beyond, the queue grows
/// and never stops.
#[test]
fn headroom_finds_the_knee_that_can_be_worked_out_by_hand() {
    let text = format!(
        "{HEAD}run: {{duration: 2m, interval: 10s, replications: 3}}\n\
         traffic: {{shoppers: {{to: web, class: page, rate: 100/s, arrivals: uniform}}}}\n\
         services: {{web: {{pools: {{p: {{replicas: 1, concurrency: 1}}}}, work: 8ms}}}}\n\
         objectives: [{{name: p99, service: web, latency: {{percentile: 99, lt: 20ms}}}},\n\
         {{name: slow, service: web, latency: {{percentile: 99, lt: 10s}}}}]\n"
    );
    let (loads, start) = Range::loads();
    let sizing = answered(&text, vec![loads], start, None);
    assert_eq!(labels(&sizing), ("1.25x".into(), "1.25x".into(), "1.26x".into()));
    assert_eq!(sizing.verdict(), Verdict::Pass);
    // 59 days prove 95 %; where none of ten holds, ten refute it.
    assert_eq!(sizing.looks, [10, 20, 40, 59]);
    assert!(sizing.objectives.iter().all(|objective| objective.assumed && objective.holds_in == 0.95));
    // p99 breaks at the knee. 10 s are waited at the end of two minutes from 1 / (1 - 10/120) x 1.25 = 1.364 on for the
    // last request, and for one of a hundred soon after; the loads looked at lie further apart.
    let breaks: Vec<(&str, f64)> = sizing
        .breaks()
        .iter()
        .map(|(objective, at)| (&*sizing.objectives[*objective].name, at.values[0].number.unwrap()))
        .collect();
    assert_eq!(breaks[0], ("p99", 1.26));
    assert!(breaks[1].0 == "slow" && (1.364..=2.0).contains(&breaks[1].1), "{breaks:?}");
    let limits: Vec<&str> =
        sizing.limits().iter().map(|(resource, _)| &*sizing.resources[*resource]).collect();
    assert_eq!(limits, ["web.slots", "web.cpu"], "one slot is taken whenever somebody is there");
    assert_eq!(sizing.limits()[1].1.values[0].label, "1.25x");
}

/// Half as many servers as are needed: headroom is below 1, and the planned load fails.
#[test]
fn headroom_goes_below_the_planned_load_where_that_does_not_hold() {
    let text = format!(
        "{HEAD}run: {{duration: 2m, interval: 10s, replications: 3}}\n\
         traffic: {{shoppers: {{to: web, class: page, rate: 100/s, arrivals: uniform}}}}\n\
         services: {{web: {{pools: {{p: {{replicas: 1, concurrency: 1}}}}, work: 16ms}}}}\n\
         objectives: [{{name: p99, service: web, latency: {{percentile: 99, lt: 20ms}}}}]\n"
    );
    let (loads, start) = Range::loads();
    let sizing = answered(&text, vec![loads], start, None);
    assert_eq!(labels(&sizing), ("0.625x".into(), "0.625x".into(), "0.63x".into()));
    assert_eq!(sizing.verdict(), Verdict::Fail);
}

/// Servers are there 90 s after they are ordered, and needed at 10m: 8m30s is the last moment, whether the file says so
/// by the clock or not.
#[test]
fn the_lead_time_of_a_schedule_is_found() {
    let text = |start: &str, at: &str, from: &str| {
        format!(
            "{HEAD}run: {{{start}duration: 15m, warmup: 1m, interval: 30s, replications: 3}}\n\
             traffic: {{shoppers: {{to: web, class: page, arrivals: uniform, rate: {{stages: {{startRate: 50/s, \
             steps: [{{duration: 10m, target: 50/s}}, {{duration: 0s, target: 150/s}}]}}}}}}}}\n\
             services: {{web: {{pools: {{p: {{replicas: 1, concurrency: 1, startup: {{provision: 90s}}, autoscaler: \
             {{schedule: {{steps: [{{at: {at}, replicas: 3}}]}}}}}}}}, queue: {{scope: service}}, work: 15ms}}}}\n\
             objectives: [{{name: p99, service: web, latency: {{percentile: 99, lt: 100ms}}, \
             during: {{from: {from}, to: 15m}}, every: 30s}}]\n"
        )
    };
    let path = "services.web.pools.p.autoscaler.schedule.steps[0].at";
    let sizing = sized(&text("", "5m", "10m"), &[&format!("{path}=5m..12m..30s")], None);
    assert_eq!(labels(&sizing), ("8m30s".into(), "8m30s".into(), "9m".into()));
    let clock = text("start: 2026-11-10T23:50:00+08:00, ", "\"23:52\"", "10m");
    let sizing = sized(&clock, &[&format!("{path}=23:52..00:02")], None);
    assert_eq!(labels(&sizing), ("23:58".into(), "23:58".into(), "23:59".into()));
}

/// Slow servers in minutes 4 and 5 alone matter: neither end of the day shows it.
#[test]
fn what_is_not_monotone_is_told() {
    let text = |from: &str, to: &str| {
        format!(
            "{HEAD}run: {{duration: 10m, interval: 30s, replications: 3}}\n\
             traffic: {{shoppers: {{to: web, class: page, rate: 10/s, arrivals: uniform}}}}\n\
             services: {{web: {{pools: {{p: {{replicas: 1, concurrency: 1}}}}, work: 50ms}}}}\n\
             faults: [{{at: 1m, slow: {{service: web, factor: 3, duration: 1m}}}}]\n\
             objectives: [{{name: p99, service: web, latency: {{percentile: 99, lt: 100ms}}, \
             during: {{from: {from}, to: {to}}}}}]\n"
        )
    };
    let vary = ["faults[0].at=30s..9m..30s"];
    let told = |sizing: &Sizing| match sizing.answer {
        Answer::NotMonotone { worse, better, .. } => {
            [worse, better].map(|at| sizing.candidate(&[at]).unwrap().values[0].label.clone())
        }
        ref answer => panic!("{answer:?}"),
    };
    let ends = sized(&text("4m", "6m"), &vary, None);
    assert_eq!(told(&ends), ["4m30s", "9m"]);
    assert_eq!(ends.verdict(), Verdict::Inconclusive);
    // From 3m30s to 5m it matters, and again from 8m on, for there are two windows.
    let parts = text("4m", "5m").replace("objectives: [", "objectives: [{name: late, service: web, latency: {percentile: 99, lt: 100ms}, during: {from: 9m, to: 10m}}, ");
    let sizing = sized(&parts, &vary, None);
    let Answer::NotMonotone { larger_is_harder: Some(true), holds: Some(holds), .. } = sizing.answer else {
        panic!("{:?}", sizing.answer)
    };
    let safe = sizing.by_hardness().into_iter().filter(|candidate| candidate.at[0] <= holds);
    assert!(
        safe.clone().count() > 0 && safe.into_iter().all(|candidate| candidate.verdict() == Verdict::Pass)
    );
}

/// Servers of one kind or twice as fast: 100/s x 50 ms are 5 of the slow ones. Prices decide how many of which.
#[test]
fn several_paths_are_sized_at_the_least_cost() {
    let text = |fast: &str| {
        format!(
            "{HEAD}run: {{duration: 1m, warmup: 10s, interval: 10s, replications: 3}}\n\
             traffic: {{shoppers: {{to: web, class: page, rate: 99/s, arrivals: uniform}}}}\n\
             services: {{web: {{pools: {{slow: {{replicas: 5, concurrency: 1, price: 1.00 USD/h}}, \
             fast: {{replicas: 1, concurrency: 1, speed: 2, price: {fast} USD/h}}}}, queue: {{scope: service}}, work: 50ms}}}}\n\
             objectives: [{{name: p99, service: web, latency: {{percentile: 99, lt: 500ms}}}}]\n"
        )
    };
    let vary = ["services.web.pools.slow.replicas=1..8", "services.web.pools.fast.replicas=0..5"];
    // Slow ones alone cost 5; one slow and two fast 1 + 2 x 1.8; three slow and one fast 3 + 2.1.
    for (fast, expected) in [("1.80", [1.0, 2.0]), ("2.10", [5.0, 0.0]), ("0.50", [1.0, 2.0])] {
        let sizing = sized(&text(fast), &vary, None);
        let Answer::Cheapest { best, runner_up: Some(next), easier_costs_more: true } = &sizing.answer else {
            panic!("{:?}", sizing.answer)
        };
        let [best, next] = [best, next].map(|at| sizing.candidate(at).unwrap());
        let values: Vec<f64> = best.values.iter().map(|value| value.number.unwrap()).collect();
        assert_eq!(values, expected, "{fast}");
        assert!(best.cost.unwrap() <= next.cost.unwrap());
        // Of eight chains of six, or six of eight, each may err a sixth as often.
        assert_eq!(sizing.looks.last(), Some(&94), "ln(0.05 / 6) / ln 0.95 = 93.3");
        assert!(sizing.candidates.len() < 24, "{} of 48", sizing.candidates.len());
    }
}

/// A file, and a folder for results beside it.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("s.yaml"), text).unwrap();
        Self(folder)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_peakday"));
        command.args(words).current_dir(self.0.path());
        command
    }

    fn run(&self, words: &[&str]) -> (Option<i32>, String, String) {
        let Output { status, stdout, stderr } = self.command(words).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (status.code(), text(stdout), text(stderr))
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn kept(&self, dir: &str) -> usize {
        let mut folders = vec![self.0.path().join(dir).join("runs")];
        let mut kept = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let name = entry.file_name();
                if entry.path().is_dir() {
                    folders.push(entry.path());
                } else {
                    kept += usize::from(!name.to_string_lossy().ends_with(".part"));
                }
            }
        }
        kept
    }
}

const REPLICAS: &str = "services.web.pools.p.replicas";

#[test]
fn the_command_says_what_it_found_and_ends_as_promised() {
    let desk = Desk::new(&erlang(1, 12, 60));
    let vary = |range: &str| format!("{REPLICAS}={range}");
    let (code, out, _) = desk.run(&["size", "s.yaml", "--vary", &vary("9..24"), "--cost"]);
    assert_eq!(code, Some(0), "{out}");
    let first = out.lines().next().unwrap();
    assert!(
        first.starts_with("PASS  s: replicas=") && first.contains(" holds") && first.contains(" fails"),
        "{out}"
    );
    for expected in [
        "first to break: p90 (",
        "verdict  server hours\n",
        "note: nothing has a price: server hours are compared",
        "files: output/s-size\n",
    ] {
        assert!(out.contains(expected), "{expected}: {out}");
    }
    let rows = desk.read("output/s-size/size.csv");
    let head = "services.web.pools.p.replicas,replications,p90_held,p90_share,p90_lo,p90_hi,p90_verdict,verdict,cost,\
                server_hours,web.cpu_peak,web.slots_peak";
    assert_eq!(rows.lines().next(), Some(head));
    let sizing: Sizing = serde_json::from_str(&desk.read("output/s-size/size.json")).unwrap();
    assert_eq!(sizing.candidates.len() + 1, rows.lines().count());
    assert!(desk.read("output/s-size/size.json").starts_with("{\"sizeVersion\":1,"));
    // Finished results are replaced; a program is told the same.
    let words = ["size", "s.yaml", "--vary", &vary("9..24"), "--format", "json", "--threads", "1"];
    let (code, json, _) = desk.run(&words);
    assert_eq!(code, Some(0));
    let told: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&told["verdict"], &told["output"]), (&"pass".into(), &"output/s-size".into()));
    assert_eq!(format!("PASS  s: {}", told["sentence"].as_str().unwrap()), first);
    assert_eq!(desk.read("output/s-size/size.csv"), rows, "one thread or more");
    let table = [
        ("1..3", 99, "FAIL  s: no value of replicas from 1 to 3 meets p90\n"),
        ("20..24", 0, "PASS  s: everything holds of replicas from 20 to 24\n"),
    ];
    for (range, expected, first) in table {
        let (code, out, _) = desk.run(&["size", "s.yaml", "--vary", &vary(range), "-o", "ends"]);
        assert_eq!(code, Some(expected), "{out}");
        assert!(out.starts_with(first), "{out}");
    }
    let (_, out, _) = desk.run(&["size", "s.yaml", "--vary", &vary("1..3"), "-o", "ends"]);
    assert!(out.contains("at replicas=1: p90 holds on 0 of 10 days (asked: 95%)\n"), "{out}");
    let (code, out, _) = desk.run(&["headroom", "s.yaml", "-o", "room"]);
    assert!(code.is_some() && out.contains("holds up to "), "{out}");
}

#[test]
fn wrong_questions_are_told_with_what_to_write() {
    let desk = Desk::new(&erlang(1, 12, 60));
    let bare = Desk::new(erlang(1, 12, 60).split("objectives").next().unwrap());
    let table: [(&[&str], i32, &str); 13] = [
        (&["s.yaml"], 2, "--vary <PATH=LO..HI>"),
        (&["s.yaml", "--vary", "replicas"], 2, "--vary: there is no `=` in `replicas`"),
        (&["s.yaml", "--vary", "run.load=a..b"], 2, "--vary run.load: `a..b` is not a range"),
        (&["s.yaml", "--vary", "run.load=2..1"], 2, "the range from 2 to 1 is empty"),
        // All of them at once.
        (&["s.yaml", "--vary", "run.load=1", "--vary", "x"], 2, "`1` is not a range"),
        (&["s.yaml", "--vary", "services.web.pools.q.replicas=1..9"], 3, "services.web.pools.q"),
        (&["s.yaml", "--vary", "services.web.pools.p.replica=1..9"], 3, "replica"),
        (&["s.yaml", "--vary", "services.web.pools.p.replicas=1.5..9"], 3, "replicas"),
        (&["s.yaml", "--vary", "run.load=1..2", "--holds-in", "100%"], 2, "a share between 0% and 100%"),
        (
            &["s.yaml", "--vary", "run.load=1..2", "--replications", "0"],
            2,
            "a whole number from 1 to 100,000",
        ),
        (
            &["s.yaml", "--vary", "run.load=1..2", "-o", "."],
            2,
            "holds something else than a search of peakday",
        ),
        (&["none.yaml", "--vary", "run.load=1..2"], 2, "none.yaml"),
        (
            &["s.yaml", "--vary", "services.web.pools.p.replicas=1..40", "--vary", "run.load=1..2"],
            2,
            "combinations of values\n  write steps, LO..HI..STEP, or add --yes",
        ),
    ];
    for (words, code, expected) in table {
        let words = [&["size"], words].concat();
        let (found, out, told) = desk.run(&words);
        assert_eq!(found, Some(code), "{words:?}: {out}{told}");
        assert!(told.contains(expected), "{words:?}: {told}");
    }
    let (code, _, told) = bare.run(&["headroom", "s.yaml"]);
    assert_eq!(code, Some(2));
    assert!(told.contains("there is no objective that could hold"), "{told}");
    let all = Desk::new(&erlang(1, 12, 60).replace(", holdsIn: 95%", ""));
    let (code, _, told) = all.run(&["headroom", "s.yaml", "--holds-in", "99.9999%"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("p90: no number of days that a study may have proves 99.9999% of them"), "{told}");
}

#[test]
fn a_search_that_was_killed_goes_on_and_ends_in_the_same_bytes() {
    let desk = Desk::new(&erlang(3, 12, 120).replace("duration: 30s", "duration: 5m"));
    let vary = format!("{REPLICAS}=9..24");
    let words = ["size", "s.yaml", "--vary", &vary, "-o"];
    let run = |more: &[&str]| desk.run(&[&words[..], more].concat());
    let (code, whole, _) = run(&["whole"]);
    assert_eq!(code, Some(0), "{whole}");
    let all = desk.kept("whole");
    let mut killed = 0;
    for percent in [2, 20, 60] {
        let resume: &[&str] = if killed == 0 { &[] } else { &["--resume"] };
        let mut child = desk.command(&[&words[..], &["part"], resume].concat());
        let mut child = child.stdout(std::process::Stdio::null()).spawn().unwrap();
        while desk.kept("part") * 100 < all * percent && child.try_wait().unwrap().is_none() {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        killed += u32::from(child.try_wait().unwrap().is_none());
        let _ = child.kill();
        child.wait().unwrap();
    }
    assert!(killed > 0, "the machine is too fast for this test");
    let (code, _, told) = run(&["part"]);
    assert_eq!(code, Some(2), "nothing is thrown away: {told}");
    assert!(told.contains("of a search that was interrupted are there\n  add --resume"), "{told}");
    let (code, ..) = run(&["part", "--resume"]);
    assert_eq!(code, Some(0));
    for file in ["size.csv", "size.json"] {
        assert_eq!(desk.read(&format!("part/{file}")), desk.read(&format!("whole/{file}")), "{file}");
    }
    assert_eq!(desk.kept("part"), all, "no run was repeated under another name, and none is missing");
}
