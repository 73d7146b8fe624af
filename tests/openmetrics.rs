//! The export for Prometheus: it keeps the grammar of OpenMetrics 1.0, and its counters end at the books.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use peakday::report::openmetrics;
use peakday::results::StudyResult;
use peakday::scenario::Document;
use peakday::study::{StudyOptions, run_study};
use peakday::workload::Outcome;
use peakday::workload::recorded::TraceFiles;

#[derive(Debug)]
struct NoTraces;

impl TraceFiles for NoTraces {
    fn open(&self, _: &str) -> io::Result<Box<dyn Read + Send>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

type Labels = BTreeMap<String, String>;

/// One line that is no metadata.
#[derive(Clone, Debug)]
struct Sample {
    labels: Labels,
    value: f64,
    /// As written, since a float does not tell nanoseconds apart.
    stamp: String,
}

impl Sample {
    fn at(&self) -> f64 {
        self.stamp.parse().expect("a number")
    }
}

/// What is known of a family while its lines are read.
#[derive(Default)]
struct Family {
    name: String,
    kind: String,
    unit: Option<String>,
    helped: bool,
    samples: Vec<Sample>,
}

/// Reads an exposition by the grammar of the specification, stricter where it leaves a choice: every
/// family has a type and a help, every sample a timestamp.
fn read(text: &str) -> Result<BTreeMap<String, Vec<Sample>>, String> {
    let body = text.strip_suffix("# EOF\n").ok_or("no # EOF at the end")?;
    let mut families: BTreeMap<String, Vec<Sample>> = BTreeMap::new();
    let mut current = Family::default();
    for line in body.split_inclusive('\n') {
        let line = line.strip_suffix('\n').ok_or("a line without an end")?;
        let told = |what: &str| format!("{what}: {line}");
        if let Some(metadata) = line.strip_prefix("# ") {
            let mut words = metadata.splitn(3, ' ');
            let (keyword, name) = (words.next().unwrap_or(""), words.next().ok_or(told("no name"))?);
            let rest = words.next().ok_or(told("no text"))?;
            if name != current.name {
                finish(&mut current, &mut families)?;
                name.clone_into(&mut current.name);
            }
            if !current.samples.is_empty() {
                return Err(told("metadata after samples"));
            }
            match keyword {
                "TYPE" if current.kind.is_empty() => rest.clone_into(&mut current.kind),
                "UNIT" if current.unit.is_none() => current.unit = Some(rest.to_owned()),
                "HELP" if !current.helped => current.helped = true,
                _ => return Err(told("no metadata, or twice")),
            }
            continue;
        }
        let (name, sample) = sample(line).ok_or_else(|| told("no sample"))?;
        let suffix = match current.kind.as_str() {
            "counter" => "_total",
            "info" => "_info",
            "gauge" | "summary" => "",
            _ => return Err(told("of an unknown type")),
        };
        if name != format!("{}{suffix}", current.name) {
            return Err(told("not of the family before it"));
        }
        current.samples.push(sample);
    }
    finish(&mut current, &mut families)?;
    Ok(families)
}

fn is_name(name: &str, colon: bool) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || colon && c == ':';
    !name.is_empty() && name.chars().all(fits) && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// Returns whether a text is a number by the grammar: no sign alone, no blank, no bare point.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) =
        unsigned.split_once(['e', 'E']).map_or((unsigned, None), |(m, e)| (m, Some(e)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let exponent = exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)));
    digits(whole) && digits(fraction) && exponent
}

fn sample(line: &str) -> Option<(String, Sample)> {
    let open = line.find('{')?;
    let (name, mut rest) = (&line[..open], &line[open + 1..]);
    let mut labels = Labels::new();
    loop {
        let (label, tail) = rest.split_once("=\"")?;
        let mut value = String::new();
        let mut chars = tail.char_indices();
        let end = loop {
            match chars.next()? {
                (at, '"') => break at,
                (_, '\\') => value.push(match chars.next()?.1 {
                    'n' => '\n',
                    c @ ('\\' | '"') => c,
                    _ => return None,
                }),
                (_, c) => value.push(c),
            }
        };
        if !is_name(label, false) || labels.insert(label.to_owned(), value).is_some() {
            return None;
        }
        rest = &tail[end + 1..];
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => break,
        }
    }
    let (value, stamp) = rest.strip_prefix("} ")?.split_once(' ')?;
    let number = if value == "NaN" { f64::NAN } else { value.parse().ok().filter(|_| is_number(value))? };
    let fits = is_name(name, true) && is_number(stamp);
    fits.then(|| (name.to_owned(), Sample { labels, value: number, stamp: stamp.to_owned() }))
}

/// Checks a family that has ended, and keeps it.
fn finish(family: &mut Family, families: &mut BTreeMap<String, Vec<Sample>>) -> Result<(), String> {
    let Family { name, kind, unit, helped, samples } = std::mem::take(family);
    if name.is_empty() {
        return Ok(());
    }
    let told = |what: &str| format!("{name}: {what}");
    if !is_name(&name, true) || kind.is_empty() || !helped {
        return Err(told("no name, or no type, or no help"));
    }
    if unit.is_some_and(|unit| !name.ends_with(&format!("_{unit}"))) {
        return Err(told("the unit does not end the name"));
    }
    let metric = |sample: &Sample| {
        let mut labels = sample.labels.clone();
        let quantile = labels.remove("quantile");
        (labels, quantile)
    };
    let mut closed: BTreeSet<Labels> = BTreeSet::new();
    let mut last: Option<(Labels, f64)> = None;
    let mut latest: BTreeMap<Labels, Sample> = BTreeMap::new();
    for sample in &samples {
        let (labels, quantile) = metric(sample);
        if quantile.is_some() != (kind == "summary") {
            return Err(told("quantiles are for summaries"));
        }
        if let Some((before, at)) = &last {
            if *before != labels {
                closed.insert(before.clone());
            } else if sample.at() < *at {
                return Err(told("time runs backwards"));
            }
        }
        if closed.contains(&labels) {
            return Err(told("samples of different labels are mixed"));
        }
        let before = latest.insert(sample.labels.clone(), sample.clone());
        if before.as_ref().is_some_and(|before| before.stamp == sample.stamp) {
            return Err(told("two samples at one instant"));
        }
        let right = match kind.as_str() {
            "counter" => sample.value >= before.map_or(0.0, |before| before.value),
            "info" => sample.value == 1.0,
            "gauge" => sample.value.is_finite(),
            _ => sample.value.is_nan() || sample.value >= 0.0,
        };
        if !right {
            return Err(told("a value that its type does not allow"));
        }
        last = Some((labels, sample.at()));
    }
    match families.insert(name.clone(), samples) {
        None => Ok(()),
        Some(_) => Err(told("stands in two places")),
    }
}

fn study(run: &str) -> StudyResult {
    let text = format!(
        "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {{name: shop}}\nrun: {{{run}}}\n\
         traffic:\n  users: {{to: web, mix: {{browse: 90%, order: 10%}}, rate: 200/s}}\n  pay: {{to: pay, class: order, \
         rate: {{stages: {{startRate: 0/s, steps: [{{duration: 4s, target: 0/s}}, {{duration: 9s, target: 40/s}}]}}}}}}\n\
         services:\n  web: {{pools: {{p: {{replicas: 2, concurrency: 3}}}}, queue: {{limit: 1, timeout: 9ms}}, \
         work: {{browse: {{exponential: {{mean: 30ms}}}}, order: 20ms}}}}\n  \
         pay: {{pools: {{p: {{replicas: 1, concurrency: unlimited}}}}, work: 50ms}}\n"
    );
    let scenario = Document::read("s.yaml", text.as_bytes()).and_then(|read| read.check(&NoTraces));
    run_study(&scenario.expect("valid"), &NoTraces, StudyOptions { threads: 1 }, &()).expect("a study")
}

fn export(study: &StudyResult) -> String {
    let mut bytes = Vec::new();
    openmetrics(study, &mut bytes).expect("written");
    String::from_utf8(bytes).expect("text")
}

const RUN: &str = "start: 2026-11-10T23:30:00+08:00, duration: 25s, interval: 10s, replications: 2";

/// Adds the last samples of a counter up, of those with these labels.
fn ends(samples: &[Sample], labels: &[(&str, &str)]) -> f64 {
    let asked = |sample: &&Sample| labels.iter().all(|(name, value)| sample.labels[*name] == *value);
    let mut last: BTreeMap<&Labels, f64> = BTreeMap::new();
    for sample in samples.iter().filter(asked) {
        last.insert(&sample.labels, sample.value);
    }
    assert!(!last.is_empty(), "{labels:?}");
    last.values().sum()
}

#[test]
fn counters_end_at_the_books() {
    let study = study(RUN);
    let families = read(&export(&study)).unwrap_or_else(|error| panic!("{error}"));
    for run in &study.runs {
        let replication = run.replication.to_string();
        let of = |family: &str, more: &[(&str, &str)]| {
            ends(&families[family], &[&[("replication", &*replication)], more].concat())
        };
        let started: u64 = run.ledgers.iter().map(|ledger| ledger.started).sum();
        assert_eq!(of("peakday_requests_offered", &[]), started as f64);
        for (index, outcome) in Outcome::COLUMNS.iter().enumerate() {
            let ended: u64 = run.ledgers.iter().map(|ledger| ledger.outcomes[index]).sum();
            assert_eq!(of("peakday_requests_ended", &[("outcome", outcome)]), ended as f64, "{outcome}");
        }
        for (service, totals) in study.plan.services.iter().zip(&run.services) {
            let name = [("service", service.name.as_str())];
            let near = |family: &str, expected: f64| {
                let found = of(family, &name);
                assert!(
                    (found - expected).abs() < 1e-8,
                    "{family} of {}: {found}, not {expected}",
                    service.name
                );
            };
            near("peakday_cpu_seconds", totals.cpu_milli_ns.0 as f64 / 1e12);
            near("peakday_slot_seconds", totals.slot_ns.0 as f64 / 1e9);
            near("peakday_server_seconds", totals.ready_ns.0 as f64 / 1e9);
        }
        // Means of intervals of 10, 10 and 5 s add up to the integral of who is in flight.
        let mean = |sample: &Sample| sample.value * if sample.stamp.ends_with("25") { 5.0 } else { 10.0 };
        let in_flight = families["peakday_requests_in_flight"].iter();
        let all: f64 = in_flight.filter(|s| s.labels["replication"] == replication).map(mean).sum();
        let books: u128 = run.services.iter().map(|service| service.in_flight_ns.0).sum();
        assert!((all - books as f64 / 1e9).abs() < 1e-5, "{all}");
    }
    let rejected = ends(&families["peakday_requests_ended"], &[("outcome", "rejected")]);
    let timed_out = ends(&families["peakday_requests_ended"], &[("outcome", "timed_out")]);
    assert!(rejected > 0.0 && timed_out > 0.0, "{rejected} {timed_out}");
}

#[test]
fn every_family_has_its_labels_units_and_instants() {
    let text = export(&study(RUN));
    let families = read(&text).unwrap_or_else(|error| panic!("{error}"));
    let (service, class) = (["replication", "service"], ["class", "replication", "service"]);
    let outcome = ["class", "outcome", "replication", "service"];
    let quantiles = ["class", "quantile", "replication", "service"];
    // Family, labels, samples: 2 replications x (3 intervals, for counters 4 instants) x subjects.
    let table: [(&str, &[&str], usize); 17] = [
        ("peakday_scenario", &["clock", "name", "seed", "sha256", "version"], 4),
        ("peakday_requests_offered", &class, 2 * 4 * 3),
        ("peakday_requests_ended", &outcome, 2 * 4 * 3 * 6),
        ("peakday_attempts", &class, 2 * 4 * 3),
        ("peakday_cpu_seconds", &service, 2 * 4 * 2),
        ("peakday_slot_seconds", &service, 2 * 4 * 2),
        ("peakday_server_seconds", &service, 2 * 4 * 2),
        ("peakday_requests_in_flight", &class, 2 * 3 * 3),
        ("peakday_requests_queued", &service, 2 * 3 * 2),
        ("peakday_servers_ready", &service, 2 * 3 * 2),
        ("peakday_servers_ordered", &service, 2 * 3 * 2),
        ("peakday_servers_desired", &service, 2 * 3 * 2),
        // `pay` has neither cores nor slots that could be short.
        ("peakday_cpu_utilization_ratio", &service, 2 * 3),
        ("peakday_slot_utilization_ratio", &service, 2 * 3),
        ("peakday_load_ratio", &service, 2 * 3 * 2),
        ("peakday_request_duration_seconds", &quantiles, 2 * 3 * 3 * 2),
        ("peakday_service_request_duration_seconds", &["quantile", "replication", "service"], 2 * 3 * 2 * 2),
    ];
    for (name, labels, count) in table {
        let samples = families.get(name).unwrap_or_else(|| panic!("no {name}"));
        assert_eq!(samples.len(), count, "{name}");
        assert!(samples.iter().all(|sample| sample.labels.keys().eq(labels.iter())), "{name}");
    }
    assert!(families.contains_key("peakday_scaling_ratio") && families.len() == table.len() + 1);
    // 2026-11-10T15:30:00Z, by any calendar.
    let stamps: Vec<&str> = families["peakday_scenario"].iter().map(|sample| sample.stamp.as_str()).collect();
    assert_eq!(stamps, ["1794324600", "1794324610", "1794324620", "1794324625"]);
    for name in
        families.keys().filter(|name| name.ends_with("_seconds") || name.ends_with("utilization_ratio"))
    {
        let unit = name.rsplit('_').next().expect("a word");
        assert!(text.contains(&format!("# UNIT {name} {unit}\n")), "{name}");
    }
}

#[test]
fn without_a_start_time_begins_in_1970_and_before_it_stamps_are_negative() {
    let table = [
        ("duration: 1500ms, interval: 1s, replications: 1", ["0", "1", "1.5"]),
        ("start: 1969-12-31T23:59:59Z, duration: 1500ms, interval: 1s, replications: 1", ["-1", "0", "0.5"]),
    ];
    for (run, expected) in table {
        let families = read(&export(&study(run))).unwrap_or_else(|error| panic!("{run}: {error}"));
        let told = &families["peakday_scenario"];
        assert!(told.iter().map(|sample| sample.stamp.as_str()).eq(expected), "{told:?}");
        let clock = if run.starts_with("start") { "run.start" } else { "1970" };
        assert_eq!(told[0].labels["clock"], clock);
    }
}

/// The reader above is no use unless it refuses what is wrong.
#[test]
fn what_breaks_the_grammar_is_found() {
    let good = "# TYPE a_seconds counter\n# UNIT a_seconds seconds\n# HELP a_seconds Some.\n\
                a_seconds_total{x=\"1\"} 0 1\na_seconds_total{x=\"1\"} 2.5 2\na_seconds_total{x=\"2\"} 1 1\n# EOF\n";
    assert!(read(good).is_ok(), "{:?}", read(good).err());
    let swapped = [
        ("counter\n", "counter\n# HELP a_seconds Some.\n"),
        ("# UNIT a_seconds seconds", "# UNIT a_seconds ms"),
    ];
    let broken = [
        ("# EOF\n", ""),
        ("# EOF\n", "# EOF"),
        ("# TYPE a_seconds counter\n", ""),
        ("# HELP a_seconds Some.\n", ""),
        ("_total{x=\"1\"} 2.5", "{x=\"1\"} 2.5"),
        ("2.5 2", "-1 2"),
        ("2.5 2", "2.5 0"),
        ("2.5 2", "2.5 1"),
        ("2.5 2", "2.5"),
        ("2.5 2", ".5 2"),
        ("2.5 2", "NaN 2"),
        ("2.5 2", "2.5  2"),
        ("{x=\"1\"} 2.5", "{x=\"2\"} 2.5"),
        ("{x=\"1\"} 2.5", "{x=\"1\",x=\"1\"} 2.5"),
        ("{x=\"1\"} 2.5", "{x=\"1\\t\"} 2.5"),
        ("{x=\"1\"} 2.5", "{1x=\"1\"} 2.5"),
        ("{x=\"2\"} 1 1\n", "{x=\"2\"} 1 1\n\n"),
        ("{x=\"2\"} 1 1\n", "{x=\"2\"} 1 1\na_seconds_total{x=\"1\"} 9 3\n"),
        (
            "{x=\"2\"} 1 1\n",
            "{x=\"2\"} 1 1\n# TYPE b gauge\n# HELP b B.\nb{x=\"1\"} 1 1\n# TYPE a_seconds gauge\n# HELP a_seconds A.\n",
        ),
    ];
    for (from, to) in swapped.into_iter().chain(broken) {
        assert!(good.contains(from), "{from}");
        assert!(read(&good.replacen(from, to, 1)).is_err(), "{from} -> {to}");
    }
}
