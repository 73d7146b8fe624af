//! Studies: the same result on any number of threads, and what is kept when they end early.

use std::io::{self, Cursor, Read};
use std::sync::atomic::{AtomicU32, Ordering};

use peakday::error::Error;
use peakday::scenario::{Document, Scenario};
use peakday::sim::Progress;
use peakday::study::{RecordError, StudyObserver, StudyOptions, record_arrivals, run_study};
use peakday::workload::recorded::TraceFiles;

const TRACE: &str = "t,class\n0.5,browse\n1,order\n1.5,browse\n3,browse\n";

/// One trace that can be opened so many times.
#[derive(Debug)]
struct Openings(AtomicU32);

impl Openings {
    fn allowed(times: u32) -> Self {
        Self(AtomicU32::new(times))
    }
}

impl TraceFiles for Openings {
    fn open(&self, _path: &str) -> io::Result<Box<dyn Read + Send>> {
        let left = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        left.map_err(|_| io::Error::other("it is gone"))?;
        Ok(Box::new(Cursor::new(TRACE)))
    }
}

fn scenario(rate: &str, traces: &Openings) -> Scenario {
    let text = format!(
        "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {{name: s}}\n\
         run: {{duration: 5s, interval: 1s, replications: 6, seed: 42}}\n\
         traffic: {{users: {{to: web, {rate}}}}}\n\
         services: {{web: {{pools: {{p: {{replicas: 2, concurrency: 2}}}}, work: {{browse: 9ms, order: 1ms}}}}}}\n"
    );
    Document::read("s.yaml", text.as_bytes()).and_then(|read| read.check(traces)).expect("valid")
}

const POISSON: &str = "class: browse, rate: 200/s";
const REPLAY: &str = "rate: {recorded: {file: t.csv, time: t, class: class}}";

fn threads(threads: usize) -> StudyOptions {
    StudyOptions { threads }
}

/// Cancels once so many replications have finished.
struct Until {
    limit: u32,
    finished: AtomicU32,
    slices: AtomicU32,
}

impl Until {
    fn finished(limit: u32) -> Self {
        Self { limit, finished: AtomicU32::new(0), slices: AtomicU32::new(0) }
    }
}

impl StudyObserver for Until {
    fn on_progress(&self, replication: u32, progress: Progress) {
        assert!((1..=6).contains(&replication) && progress.now.as_nanos() > 0);
        self.slices.fetch_add(1, Ordering::Relaxed);
    }

    fn on_finished(&self, _replication: u32) {
        self.finished.fetch_add(1, Ordering::Relaxed);
    }

    fn is_cancelled(&self) -> bool {
        self.finished.load(Ordering::Relaxed) >= self.limit
    }
}

#[test]
fn results_are_in_order_and_the_same_on_any_number_of_threads() {
    let traces = Openings::allowed(100);
    let scenario = scenario(POISSON, &traces);
    let study = |count| run_study(&scenario, &traces, threads(count), &()).expect("a result");
    let alone = study(1);
    assert_eq!(alone.runs.iter().map(|run| run.replication).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert_eq!((alone.replications_planned, alone.provenance.seed), (6, 42));
    assert_eq!(alone.provenance.scenario_sha256, scenario.sha256);
    for count in [0, 2, 5, 32] {
        assert_eq!(study(count), alone, "{count} threads");
    }
}

#[test]
fn a_cancelled_study_keeps_what_has_finished() {
    let traces = Openings::allowed(100);
    let scenario = scenario(POISSON, &traces);
    let whole = run_study(&scenario, &traces, threads(1), &()).expect("a result");
    for limit in 0..=6 {
        let until = Until::finished(limit);
        let part = run_study(&scenario, &traces, threads(1), &until).expect("a result");
        assert_eq!(part.runs, whole.runs[..limit as usize], "{limit}");
        assert_eq!((part.replications_planned, part.plan), (6, whole.plan.clone()));
        assert_eq!(until.slices.into_inner() > 0, limit > 0);
    }
    let part = run_study(&scenario, &traces, threads(4), &Until::finished(2)).expect("a result");
    assert!((2..=6).contains(&part.runs.len()));
    for run in &part.runs {
        assert_eq!(*run, whole.runs[run.replication as usize - 1]);
    }
}

#[test]
fn a_replication_that_cannot_go_on_ends_the_study_with_its_name_and_seed() {
    // Once to survey it, twice to run it.
    let traces = Openings::allowed(3);
    let scenario = scenario(REPLAY, &traces);
    let error = run_study(&scenario, &traces, threads(1), &()).expect_err("no trace");
    assert!(matches!(error, Error::Run(_)));
    assert_eq!(error.to_string(), "replication 3 of seed 42: t.csv: it is gone");
}

#[test]
fn traces_are_part_of_the_provenance() {
    let traces = Openings::allowed(100);
    let study = run_study(&scenario(REPLAY, &traces), &traces, threads(2), &()).expect("a result");
    let trace = &study.provenance.traces[0];
    assert_eq!((trace.source.as_str(), trace.file.as_str()), ("users", "t.csv"));
    assert_eq!((trace.rows, trace.bad_lines, trace.sha256.len()), (4, 0, 64));
    assert!(study.plan.sources[0].recorded);
    // Replications of a recorded trace share its arrivals.
    assert!(study.runs.iter().all(|run| run.ledgers[0].started == 4));
}

#[test]
fn recorded_arrivals_name_source_and_class() {
    let traces = Openings::allowed(2);
    let scenario = scenario(REPLAY, &traces);
    let bytes = record_arrivals(&scenario, &traces, 1, Vec::new()).expect("written");
    let text = String::from_utf8(bytes).expect("text");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "time_s,source,class,size");
    assert_eq!(lines[2], "1.000000000,users,order,1.000000");
    assert_eq!(lines.len(), 5);
    let error = record_arrivals(&scenario, &traces, 1, Vec::new()).expect_err("no trace");
    assert!(matches!(&error, RecordError::Run(_)) && error.to_string() == "t.csv: it is gone");
}

#[test]
fn a_writer_that_fails_ends_the_recording() {
    #[derive(Debug)]
    struct Full;

    impl io::Write for Full {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(io::Error::from(io::ErrorKind::StorageFull))
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let traces = Openings::allowed(100);
    let error = record_arrivals(&scenario(POISSON, &traces), &traces, 1, Full).expect_err("full");
    assert!(matches!(error, RecordError::Write(_)), "{error}");
}

/// No trace at all.
fn none() -> Openings {
    Openings::allowed(0)
}

/// A service in which every request stays for exactly a minute: from an empty start the number in
/// flight rises in a line for that minute, and is stationary from then on (M/D/infinity).
fn minute_long(pool: &str) -> Scenario {
    let text = format!(
        "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {{name: s}}\n\
         run: {{duration: 20m, warmup: auto, interval: 1s, replications: 6}}\n\
         traffic: {{users: {{to: web, class: any, rate: 50/s}}}}\n\
         services: {{web: {{pools: {{p: {{replicas: 1, {pool}}}}}, work: 60s}}}}\n"
    );
    Document::read("s.yaml", text.as_bytes()).and_then(|read| read.check(&none())).expect("valid")
}

#[test]
fn a_warm_up_is_found_where_the_transient_ends() {
    let scenario = minute_long("concurrency: unlimited");
    let study = run_study(&scenario, &none(), threads(1), &()).expect("a result");
    let found = study.plan.warmup_ns / 1_000_000_000;
    // Batches are five seconds long; one more may look like the transient by chance.
    assert!((55..=70).contains(&found), "{found} s");
    assert_eq!(run_study(&scenario, &none(), threads(4), &()).expect("a result"), study);

    // What is found is what counts: the same as if it had been given.
    let mut given = scenario.clone();
    (given.plan.warmup_ns, given.plan.warmup_found) = (study.plan.warmup_ns, false);
    assert_eq!(run_study(&given, &none(), threads(2), &()).expect("a result").runs, study.runs);
}

#[test]
fn the_service_that_settles_last_decides() {
    // What is in flight at one is the same at all times, at the other stationary after a minute.
    let service = |name, work| {
        format!("  {name}: {{pools: {{p: {{replicas: 1, concurrency: unlimited}}}}, work: {work}}}\n")
    };
    let (even, slow) = (service("even", "1ms"), service("slow", "60s"));
    for services in [format!("{even}{slow}"), format!("{slow}{even}")] {
        let text = format!(
            "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {{name: s}}\n\
             run: {{duration: 20m, warmup: auto, interval: 1s, replications: 3}}\ntraffic:\n  \
             a: {{to: even, class: any, rate: 50/s, arrivals: uniform}}\n  \
             b: {{to: slow, class: any, rate: 50/s}}\nservices:\n{services}"
        );
        let scenario =
            Document::read("s.yaml", text.as_bytes()).and_then(|read| read.check(&none())).expect("valid");
        let study = run_study(&scenario, &none(), threads(2), &()).expect("a result");
        let found = study.plan.warmup_ns / 1_000_000_000;
        assert!((55..=70).contains(&found), "{found} s with\n{services}");
    }
}

#[test]
fn where_nothing_settles_no_warm_up_is_found() {
    let scenario = minute_long("concurrency: 100");
    let error = run_study(&scenario, &none(), threads(2), &()).expect_err("the queue grows").to_string();
    assert!(error.starts_with("warmup: auto finds no steady state of web"), "{error}");
    assert!(error.contains("write run.warmup as a duration"), "{error}");
}

/// Notes what it is told, in order, and cancels after so many pilots' worth of questions.
#[derive(Default)]
struct Diary {
    notes: std::sync::Mutex<Vec<&'static str>>,
    cancelled: bool,
}

impl Diary {
    fn note(&self, what: &'static str) {
        let mut notes = self.notes.lock().expect("no panic");
        if notes.last() != Some(&what) {
            notes.push(what);
        }
    }
}

impl StudyObserver for Diary {
    fn on_pilots(&self) {
        self.note("pilots");
    }

    fn on_progress(&self, _replication: u32, _progress: Progress) {
        self.note("progress");
    }

    fn on_finished(&self, _replication: u32) {
        self.note("finished");
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled
    }
}

#[test]
fn pilots_are_told_once_and_their_progress_is_not_the_studys() {
    let found = minute_long("concurrency: unlimited");
    let mut given = found.clone();
    given.plan.warmup_found = false;
    for (scenario, first) in [(&found, "pilots"), (&given, "progress")] {
        let diary = Diary::default();
        run_study(scenario, &none(), threads(1), &diary).expect("a result");
        let notes = diary.notes.into_inner().expect("no panic");
        assert_eq!(notes[0], first);
        assert_eq!(notes.iter().filter(|note| **note == "pilots").count(), usize::from(first == "pilots"));
        assert_eq!(notes.iter().filter(|note| **note == "finished").count(), 6, "replications, not pilots");
    }
}

#[test]
fn a_study_that_is_cancelled_among_its_pilots_is_empty_and_has_no_warm_up() {
    let scenario = minute_long("concurrency: unlimited");
    let diary = Diary { cancelled: true, ..Diary::default() };
    let study = run_study(&scenario, &none(), threads(2), &diary).expect("nothing is a result too");
    assert!(study.runs.is_empty());
    assert_eq!((study.replications_planned, study.plan.warmup_ns), (6, 0));
    assert_eq!(diary.notes.into_inner().expect("no panic"), ["pilots"]);
}

#[test]
fn the_warm_up_does_not_depend_on_replications_beyond_the_pilots() {
    let mut scenario = minute_long("concurrency: unlimited");
    let mut found = |replications| {
        scenario.replications = replications;
        run_study(&scenario, &none(), threads(2), &()).expect("a result").plan.warmup_ns
    };
    assert_eq!(found(5), found(8));
    // One pilot scatters more, and still finds it.
    assert!((50..=120).contains(&(found(1) / 1_000_000_000)));
}

#[test]
fn a_failure_is_told_by_the_first_that_failed_on_any_number_of_threads() {
    for count in [1, 3, 8] {
        let traces = Openings::allowed(1);
        let scenario = scenario(REPLAY, &traces);
        let error = run_study(&scenario, &traces, threads(count), &()).expect_err("no trace").to_string();
        let ordinal = error.strip_prefix("replication ").and_then(|rest| rest.split(' ').next());
        let ordinal: usize = ordinal.and_then(|text| text.parse().ok()).expect("an ordinal");
        assert!((1..=count.min(6)).contains(&ordinal), "{error}");
        assert!(error.ends_with("of seed 42: t.csv: it is gone"), "{error}");
    }
}

#[test]
fn every_replication_can_be_recorded_and_its_arrivals_are_those_of_its_run() {
    let traces = none();
    let scenario = scenario(POISSON, &traces);
    let study = run_study(&scenario, &traces, threads(2), &()).expect("a result");
    let mut seen = std::collections::HashSet::new();
    for run in &study.runs {
        let bytes = record_arrivals(&scenario, &traces, run.replication, Vec::new()).expect("written");
        let text = String::from_utf8(bytes).expect("text");
        assert_eq!(text.lines().count() as u64, 1 + run.ledgers[0].started);
        assert!(seen.insert(text), "replication {} is another's", run.replication);
    }
}
