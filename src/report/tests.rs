//! Files as bytes: golden text for small tables, shape and empty cells for large ones.

use super::*;
use crate::error::Error;
use crate::results::example::{one_day, study};
use crate::results::released;
use crate::results::{EventKind, LogEntry, Peak, SERIES, SUMMARY, TraceRecord, UNLIMITED_MILLICORES};
use crate::rng::{Bits, Key};

fn text(bytes: std::io::Result<Vec<u8>>) -> String {
    String::from_utf8(bytes.unwrap()).unwrap()
}

/// Returns the records of a CSV file, each checked to be as long as the head.
fn records(file: &str) -> Vec<Vec<String>> {
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(file.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// Returns the cell of a column in a record.
fn cell<'a>(records: &'a [Vec<String>], record: usize, column: &str) -> &'a str {
    let index = records[0].iter().position(|name| name == column);
    &records[record][index.unwrap_or_else(|| panic!("no column {column}"))]
}

#[test]
fn servers_are_golden() {
    // One day: no intervals. The second server left at 20 s after 10 s of the period.
    let expected = "\
service,server,pool,zone,version,from_s,from_s_lo,from_s_hi,to_s,to_s_lo,to_s_hi,requests,requests_lo,\
requests_hi,cpu_utilization,cpu_utilization_lo,cpu_utilization_hi,slot_utilization,slot_utilization_lo,\
slot_utilization_hi,peak_queue,peak_queue_lo,peak_queue_hi,ordered_s,ordered_s_lo,ordered_s_hi,\
gone_s,gone_s_lo,gone_s_hi,failed,failed_lo,failed_hi
web,1,small,a,initial,0,,,30,,,300,,,0.25,,,0.25,,,0,,,0,,,30,,,0,,
web,2,small,b,initial,0,,,20,,,100,,,0.25,,,0.25,,,0,,,0,,,20,,,0,,
web,3,large,a,initial,0,,,30,,,800,,,0.25,,,0.25,,,0,,,0,,,30,,,0,,
pay,4,only,,initial,0,,,30,,,100,,,,,,,,,0,,,0,,,30,,,0,,
pay,5,only,,initial,0,,,30,,,90,,,,,,,,,0,,,0,,,30,,,0,,
";
    assert_eq!(text(servers_csv(&one_day())), expected);
}

#[test]
fn dependencies_are_golden() {
    let expected = "\
service,resource,limit,peak_use,margin,time_of_peak_s,wall,replication
web,cpu,12,3.6,0.7,10,1970-01-01T08:00:10+08:00,2
web,slots,18,12,0.333333333,15,1970-01-01T08:00:15+08:00,1
web,queue,50,0,1,,,1
";
    assert_eq!(text(dependencies_csv(&study())), expected);
}

#[test]
fn what_happened_is_told_in_every_form() {
    let mut told = study();
    let event = |seconds: u64, kind, pool, servers, detail: &str| LogEntry {
        at_ns: seconds * 1_000_000_000 + 250_000_000,
        kind,
        service: pool,
        pool,
        name: "a<b".to_owned(),
        servers,
        detail: detail.to_owned(),
    };
    told.runs[0].events = vec![
        event(5, EventKind::ZoneOutage, None, Some(18), "zone b"),
        event(6, EventKind::Breakdown, Some(0), Some(1), ""),
        event(9, EventKind::Action, Some(0), None, "limit = 3"),
    ];
    let expected = "\
replication,time_s,wall,kind,service,pool,name,servers,detail
1,5.25,1970-01-01T08:00:05.25+08:00,zoneOutage,,,a<b,18,zone b
1,6.25,1970-01-01T08:00:06.25+08:00,breakdown,web,small,a<b,1,
1,9.25,1970-01-01T08:00:09.25+08:00,action,web,small,a<b,,limit = 3
";
    assert_eq!(text(events_csv(&told)), expected);
    // Single servers are left to the table.
    let lines = "\
happened on day 1, 1 more in events.csv:
  1970-01-01T08:00:05+08:00  zone lost, a<b, 18 servers, zone b
  1970-01-01T08:00:09+08:00  action, web/small, a<b, limit = 3
";
    let summary = summary_text(&told, None);
    assert!(summary.contains(lines), "{summary}");
    let page = String::from_utf8(html::report(&told, &[], &[], Lang::Zh)).unwrap();
    for cell in ["可用区中断", "a&lt;b", "limit = 3", "zone b"] {
        assert!(page.contains(&format!(">{cell}<")), "{cell}");
    }
    assert!(!summary_text(&study(), None).contains("happened"));
    assert!(!String::from_utf8(html::report(&study(), &[], &[], Lang::Zh)).unwrap().contains("可用区"));
}

#[test]
fn objectives_are_golden() {
    // Success: mean 0.9995, s = 0.000707107, half 12.7062 x s / sqrt 2 = 0.0063531.
    // Shares: 2 of 3 within 0.13535 and 0.98305 (roots of 3 p^2 - 2 p^3 = 0.05 and p^3 mirrored:
    // 0.95^(1/3) = 0.98305); 3 of 3 at least 0.05^(1/3) = 0.36840.
    let file = text(objectives_csv(&study()));
    let expected = "\
objective,service,class,goal,replication,value,value_lo,value_hi,unit,worst_window_s,worst_window,holds,\
share,share_lo,share_hi,verdict,note
order-p99,web,order,p99 < 400ms,1,300,,,ms,20,1970-01-01T08:00:20+08:00,true,,,,,
order-p99,web,order,p99 < 400ms,2,350,,,ms,20,1970-01-01T08:00:20+08:00,true,,,,,
order-p99,web,order,p99 < 400ms,3,inf,,,ms,20,1970-01-01T08:00:20+08:00,false,,,,,\
more than 1% of the requests of the worst 10s got no answer in time
order-p99,web,order,p99 < 400ms,total,inf,,,ms,,,,0.666666667,0.135350";
    assert!(file.starts_with(expected), "{file}");
    let records = records(&file);
    let near = |record, column, expected: f64| {
        let value: f64 = cell(&records, record, column).parse().unwrap();
        assert!((value - expected).abs() < 2e-5, "{column}: {value} instead of {expected}");
    };
    near(4, "share_hi", 0.98305);
    near(8, "value", 0.9995);
    near(8, "value_lo", 0.9995 - 0.006_353_1);
    near(8, "share_lo", 0.36840);
    assert_eq!(cell(&records, 4, "verdict"), "inconclusive");
    let note = "no p99: on 1 of 3 days more than 1% of the requests of the worst 10s got no answer in time; the days alone decide";
    assert_eq!((cell(&records, 4, "note"), cell(&records, 8, "note")), (note, ""));
    assert_eq!((cell(&records, 7, "value"), cell(&records, 7, "holds")), ("", "true"), "nothing was judged");
    assert_eq!(cell(&records, 8, "replication"), "total");
    assert_eq!(cell(&records, 8, "goal"), "success >= 99.9%");
}

#[test]
fn goals_are_told_in_words() {
    let latency = |percentile, bound_ns, inclusive| Goal::Latency { percentile, bound_ns, inclusive };
    let success = |at_least, inclusive| Goal::Success { at_least, inclusive };
    let table = [
        (latency(99.0, 400_000_000, false), "p99 < 400ms"),
        (latency(99.9, 1_500_000_000, true), "p99.9 <= 1.5s"),
        (success(0.999, true), "success >= 99.9%"),
        (success(0.5, false), "success > 50%"),
    ];
    for (goal, expected) in table {
        assert_eq!(goal_text(&goal), expected);
    }
}

#[test]
fn summary_has_the_promised_columns_in_order() {
    let records = records(&text(summary_csv(&study())));
    let promised = "service class offered completed failed timed_out rejected shed cancelled in_flight_end \
                    goodput_per_s latency_mean_ms p50_ms p90_ms p95_ms p99_ms p999_ms max_ms load_ratio \
                    load_ratio_max_over_mean scaling_ratio cpu_utilization slot_utilization \
                    offered_utilization server_hours cost load_ratio_max_over_mean_per_capacity \
                    offered_cpu_utilization offered_slot_utilization offered_per_s servers_ready \
                    servers_desired availability server_hours_billed cost_wasted under_provisioned_share \
                    under_provisioned_servers over_provisioned_share over_provisioned_servers reversals_per_h \
                    scaling_ratio_binding note";
    let bounds = |name: &&String| !name.ends_with("_lo") && !name.ends_with("_hi");
    let found: Vec<_> = records[0].iter().filter(bounds).map(String::as_str).collect();
    assert_eq!(found, promised.split_whitespace().collect::<Vec<_>>());
    assert_eq!(records[0].len(), 2 + 3 * SUMMARY.len() + 2);
    let names: Vec<_> = records[1..].iter().map(|record| (&*record[0], &*record[1])).collect();
    assert_eq!(names, [("web", "*"), ("web", "browse"), ("web", "order"), ("pay", "*"), ("pay", "order")]);
    let cells = [
        (2, "offered", "1000"),
        (2, "offered_lo", "751.586229"),
        (2, "cost", ""),
        (4, "failed", "0"),
        (4, "failed_hi", "0"),
        (4, "cpu_utilization", ""),
        (4, "cost", ""),
        (1, "cost", "0.013"),
        (1, "scaling_ratio_binding", "slots"),
    ];
    for (record, column, expected) in cells {
        assert_eq!(cell(&records, record, column), expected, "{column} of {record}");
    }
}

#[test]
fn time_series_has_a_row_per_interval_and_subject() {
    let records = records(&text(timeseries_csv(&study())));
    assert_eq!(records.len(), 1 + 3 * 5);
    assert_eq!(records[0].len(), 4 + 3 * SERIES.len());
    let cells = [
        (1, "time_s", "0"),
        (1, "class", "*"),
        (6, "time_s", "10"),
        (6, "wall", "1970-01-01T08:00:10+08:00"),
        (6, "queued", "2"),
        (6, "servers_desired", "3"),
        // 33, 36 and 33 of 120 core-s.
        (6, "cpu_utilization", "0.283333333"),
        (7, "offered", "600"),
        (7, "offered_lo", "351.586229"),
        (7, "queued", ""),
        (11, "p99_ms", ""),
        (11, "p50_ms", "0.0005"),
        (14, "slot_utilization", ""),
    ];
    for (record, column, expected) in cells {
        assert_eq!(cell(&records, record, column), expected, "{column} of {record}");
    }
    let mut timeless = study();
    timeless.plan.start = None;
    assert!(text(timeseries_csv(&timeless)).contains("\n10,,web,*,"));
}

#[test]
fn the_resolved_scenario_says_where_its_traces_are() {
    let mut study = study();
    assert_eq!(
        String::from_utf8(resolved_yaml(&study)).unwrap(),
        "# The scenario as it was simulated, every default written out.\nmetadata:\n  name: example\n"
    );
    study.provenance.traces.push(TraceRecord {
        source: "shoppers".into(),
        file: "traces/day.csv".into(),
        sha256: "00".into(),
        rows: 1,
        bad_lines: 0,
        first_bad: Vec::new(),
    });
    let text = String::from_utf8(resolved_yaml(&study)).unwrap();
    assert!(text.contains("\n# Paths of traces are those of the scenario file: run"), "{text}");
}

#[test]
fn a_result_is_read_back_as_it_was_written() {
    let written = result_json(&study()).unwrap();
    assert_eq!(written.last(), Some(&b'\n'));
    let read = read_result(&written).unwrap();
    assert_eq!(result_json(&read).unwrap(), written);
    for ((name, from_memory), (_, from_file)) in
        files(&study(), Lang::En).unwrap().iter().zip(files(&read, Lang::En).unwrap())
    {
        assert!(*from_memory == from_file, "{name} is a pure function of result.json");
    }
}

/// serde_json reads numbers one unit in the last place off unless asked not to: a bound of 99.9 %
/// then judged differently after reading.
#[test]
fn numbers_survive_reading_to_the_last_bit() {
    let mut bits = Key::from_seed(5).stream();
    for _ in 0..10_000 {
        let value = (bits.next_bits() >> 11) as f64 / 3e10;
        let read: f64 = serde_json::from_slice(&serde_json::to_vec(&value).unwrap()).unwrap();
        assert_eq!(read.to_bits(), value.to_bits(), "{value}");
    }
}

#[test]
fn what_is_no_result_is_refused_in_words() {
    let written = text(result_json(&study()));
    let table = [
        ("{}".to_owned(), "not a result of peakday: missing field `schemaVersion`"),
        ("".to_owned(), "not a result of peakday"),
        (written[..written.len() / 2].to_owned(), "not a result of peakday"),
        (
            written.replace("\"schemaVersion\":1", "\"schemaVersion\":99"),
            "has schema version 99, this peakday reads",
        ),
        (written.replace("\"intervalNs\":10000000000", "\"intervalNs\":0"), "a damaged result: the interval"),
        // Memory for every bucket up to this one was asked for, and the process was aborted.
        (written.replacen("\"latency\":[[", "\"latency\":[[1000000000000000,1],[", 1), "bucket beyond"),
    ];
    for (file, expected) in table {
        match read_result(file.as_bytes()) {
            Err(Error::Usage(message)) => assert!(message.contains(expected), "{message}"),
            other => panic!("{other:?} instead of {expected}"),
        }
    }
}

#[test]
fn summary_json_has_verdict_objectives_and_figures() {
    let value: serde_json::Value = serde_json::from_slice(&summary_json(&study()).unwrap()).unwrap();
    let table = [
        ("/verdict", "\"inconclusive\""),
        ("/replications", "3"),
        ("/objectives/0/value/mean", "\"inf\""),
        (
            "/objectives/0/note",
            "\"no p99: on 1 of 3 days more than 1% of the requests of the worst 10s got no answer in time; the days alone decide\"",
        ),
        ("/objectives/0/judgedFromS", "10.0"),
        ("/objectives/0/judgedToS", "30.0"),
        ("/objectives/0/everyS", "10.0"),
        ("/objectives/0/share/mean", "0.666666667"),
        ("/objectives/1/held", "3"),
        ("/summary/1/figures/offered/mean", "1000"),
        ("/summary/1/figures/offered/lo", "751.586229"),
        ("/summary/1/figures/cost", "null"),
        ("/summary/0/class", "\"*\""),
    ];
    for (path, expected) in table {
        assert_eq!(value.pointer(path).unwrap().to_string(), expected, "{path}");
    }
}

#[test]
fn the_terminal_is_told_the_verdict_first_and_nothing_wider_than_it() {
    let mut told = study();
    told.plan.services[0].growing = true;
    told.plan.services[1].no_mean_interval = Some("the variance of work is infinite".into());
    told.plan.sources[0].recorded = true;
    told.provenance.traces.push(TraceRecord {
        source: "shoppers".into(),
        file: "traces/day.csv".into(),
        sha256: "00".into(),
        rows: 1_234_567,
        bad_lines: 2,
        first_bad: vec![(17, "no time".into())],
    });
    let text = summary_text(&told, Some(100));
    assert!(text.starts_with("INCONCLUSIVE  example: 3 days simulated\n"), "{text}");
    let expected = [
        "order-p99: web/order p99 < 400ms, holds in 2 of 3 days",
        ", no p99\n              judged: from 1970-01-01T08:00:10+08:00 to 08:00:30+08:00, the worst 10s counts; 170\n",
        "\n              worst window of the first broken day: from 1970-01-01T08:00:20+08:00\n",
        "\n              no p99: on 1 of 3 days more than 1% of the requests of the worst 10s got no answer in\n              time; the days alone decide\n",
        "service  offered/s goodput/s   p50 ms   p99 ms cpu % slot % load ratio scaling servers
",
        "web           60.0      54.5 0.000200 0.000500  25.5   25.0        480   0.267    2.50
",
        "note: web: growing: ",
        "note: pay: the variance of work is infinite",
        "note: all days replay the same recording of shoppers",
        "note: traces/day.csv: 2 of 1,234,567 lines could not be used; the first, line 17: no time",
    ];
    for line in expected {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert!(summary_text(&one_day(), None).contains("example: one day, no interval"));
    let mut interrupted = study();
    interrupted.replications_planned = 60;
    assert!(summary_text(&interrupted, Some(100)).contains("interrupted: 3 of 60 days simulated"));
    interrupted.runs.clear();
    assert!(summary_text(&interrupted, Some(100)).starts_with("INCONCLUSIVE"));
    interrupted.plan.objectives.clear();
    assert!(summary_text(&interrupted, Some(100)).starts_with("NO OBJECTIVE"));
}

#[test]
fn the_terminal_is_golden() {
    let expected = "\
PASS  example: one day, no interval

pass          success: web/* success >= 99.9%, holds in 1 of 1 day, value 0.99900
              judged: from 1970-01-01T08:00:10+08:00 to 08:00:30+08:00, the worst 10s counts; 1,000
              requests a day
              one day, no interval

service  offered/s goodput/s   p50 ms   p99 ms cpu % slot % load ratio scaling servers
web           60.0      54.5 0.000200 0.000500  25.0   25.0        480   0.267    2.50
  browse      50.0      45.0 0.000100 0.000200     -      -        396  0.0750       -
  order       10.0      9.50 0.000500 0.000500     -      -       84.0   0.204       -
pay           9.50      9.50 0.000400 0.000400     -      -       95.0       -    2.00

nearest its limit: web slots, 12 of 18 requests in hand, 33.3% left, at 1970-01-01T08:00:15+08:00 of
      day 1

note: one day, no interval: replication 1 alone
";
    let mut day = one_day();
    day.plan.objectives.remove(0);
    day.runs[0].objectives.remove(0);
    assert_eq!(summary_text(&day, Some(100)), expected);
}

#[test]
fn the_terminal_is_told_what_is_nearest_its_limit() {
    // Of 12 cores, 18 slots and 50 places; what else is near is told where a fifth is not left.
    let table: [(u64, u64, &[&str]); 3] = [
        (12, 10, &["nearest its limit: web slots, 12 of 18 requests in hand, 33.3% left, at "]),
        (12, 45, &["nearest its limit: web queue, 45 of 50 waiting, 10.0% left, at "]),
        (
            18,
            41,
            &[
                "nearest its limit: web slots, 18 of 18 requests in hand, 0% left, at ",
                "then: web queue, 41 of 50 waiting, 18.0% left, at ",
            ],
        ),
    ];
    for (slots, queue, expected) in table {
        let mut near = study();
        let at_ns = 11_500_000_000;
        near.runs[1].services[0].peak_slots = Peak { value: slots, at_ns };
        near.runs[1].services[0].peak_queue = Peak { value: queue, at_ns };
        let text = summary_text(&near, Some(100));
        let lines = text.lines().filter(|line| line.contains("% left"));
        let lines: Vec<&str> = lines.map(|line| line.split_once("1970").unwrap().0).collect();
        assert_eq!(lines, expected, "{text}");
    }
    let mut unlimited = study();
    unlimited.plan.services.iter_mut().for_each(|service| service.queue_limit = None);
    unlimited.plan.services.iter_mut().flat_map(|service| &mut service.pools).for_each(|pool| {
        (pool.concurrency, pool.millicores) = (None, UNLIMITED_MILLICORES);
    });
    assert!(
        !summary_text(&unlimited, Some(100)).contains("limit"),
        "{}",
        summary_text(&unlimited, Some(100))
    );
}

#[test]
fn long_names_are_cut_rather_than_the_table_widened() {
    let mut long = study();
    long.plan.services[0].name = "a".repeat(63);
    let text = summary_text(&long, Some(100));
    assert!(text.contains("aaaa~ "), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}

/// What is piped is a line for a program; a terminal is never wider than it is.
#[test]
fn lines_are_broken_only_where_there_is_a_width() {
    let mut long = grown(3);
    long.plan.services[2].no_mean_interval = Some("a reason of several words, ".repeat(9).trim().into());
    let lines = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let whole = summary_text(&long, None);
    assert!(whole.contains("a reason of several words, ".repeat(9).trim()), "{whole}");
    let table = |text: &str| {
        let begun = text.lines().skip_while(|line| !line.starts_with("service "));
        begun.take_while(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    for width in [40, 60, 80, 120] {
        let text = summary_text(&long, Some(width));
        assert_eq!(lines(&text), lines(&whole), "no word is lost or cut");
        assert_eq!(table(&text), table(&whole), "tables stay as they are");
        let kept = table(&text);
        let wide =
            text.lines().filter(|line| !kept.contains(&(*line).to_owned()) && line.chars().count() > width);
        assert_eq!(wide.collect::<Vec<_>>(), [""; 0], "{width}");
    }
}

#[test]
fn text_with_commas_and_quotes_stays_one_cell() {
    let mut quoted = study();
    let reason = "infinite variance, by \"pareto\"";
    quoted.plan.services[0].no_mean_interval = Some(reason.into());
    let records = records(&text(summary_csv(&quoted)));
    assert_eq!(cell(&records, 1, "note"), reason);
    assert_eq!(cell(&records, 1, "latency_mean_ms_lo"), "");
    assert_ne!(cell(&records, 1, "p99_ms_lo"), "");
    assert_ne!(cell(&records, 1, "latency_mean_ms"), "");
}

#[test]
fn one_day_has_no_interval_in_any_file() {
    for file in [summary_csv(&one_day()), timeseries_csv(&one_day()), servers_csv(&one_day())] {
        let records = records(&text(file));
        for (i, name) in records[0].iter().enumerate() {
            let bound = name.ends_with("_lo") || name.ends_with("_hi");
            assert!(!bound || records[1..].iter().all(|record| record[i].is_empty()), "{name}");
        }
    }
}

#[test]
fn every_file_of_a_run_is_listed_even_without_a_finished_day() {
    let mut none = study();
    none.runs.clear();
    for study in [study(), none] {
        let names: Vec<_> = files(&study, Lang::En).unwrap().into_iter().map(|(name, _)| name).collect();
        let expected = [
            "result.json",
            "summary.json",
            "summary.csv",
            "servers.csv",
            "objectives.csv",
            "dependencies.csv",
            "events.csv",
            "scale_events.csv",
            "resolved.yaml",
            "timeseries.csv",
            "charts/rate.svg",
            "charts/latency.svg",
            "charts/utilization.svg",
            "charts/queue.svg",
            "charts/outcomes.svg",
            "charts/scaling.svg",
            "charts/load.svg",
            "charts/evenness.svg",
            "charts/distribution.svg",
            "report.html",
        ];
        assert_eq!(names, expected);
    }
}

#[test]
fn files_of_releases_are_written_where_there_are_releases() {
    let table = [
        (released::study(vec![vec![released::faulty()]]), 1),
        (released::study(vec![vec![released::caught()]]), 1),
        (released::study(vec![]), 1),
        (study(), 0),
    ];
    for (study, expected) in table {
        let written = files(&study, Lang::En).unwrap();
        for name in ["releases.csv", "release_policies.csv", "charts/releases.svg", "charts/release-1.svg"] {
            let count = written.iter().filter(|(known, _)| *known == name).count();
            assert_eq!(count, expected, "{name}");
        }
    }
}

#[test]
fn summary_json_tells_the_policies_of_releases() {
    let study = released::study(vec![vec![released::faulty()]]);
    let value: serde_json::Value = serde_json::from_slice(&summary_json(&study).unwrap()).unwrap();
    let table = [
        ("/releases/0/release", "\"v2\""),
        ("/releases/0/policy", "\"canary\""),
        ("/releases/0/rank", "1"),
        ("/releases/0/outcomes", "{\"rolledBack\":1}"),
        ("/releases/0/figures/requests_harmed/mean", "30"),
        ("/releases/0/figures/failure_time_s/mean", "37"),
        ("/releases/1/policy", "\"all at once\""),
        ("/releases/1/figures/requests_harmed", "null"),
        ("/releases/1/requestsHarmedBeyondFirst", "null"),
    ];
    for (path, expected) in table {
        assert_eq!(value.pointer(path).unwrap().to_string(), expected, "{path}");
    }
    let none: serde_json::Value = serde_json::from_slice(&summary_json(&self::study()).unwrap()).unwrap();
    assert!(none.get("releases").is_none());
}

#[test]
fn servers_are_told_apart_by_the_version_they_ran_last() {
    let mut study = study();
    study.plan.services[0].version = Some("v1".into());
    study.runs[0].versions = vec!["v2".into(), "v3".into()];
    study.runs[0].servers[1].version = 2;
    study.runs[1].versions = vec!["v3".into()];
    study.runs[1].servers[1].version = 1;
    study.runs[2].servers[3].version = 0;
    let records = records(&text(servers_csv(&study)));
    let found: Vec<_> = records[1..].iter().map(|record| (&*record[1], &*record[4], &*record[8])).collect();
    // Two of three days ran another version on the second server: a row each.
    let rows = [("1", "v1"), ("2", "v3"), ("2", "v1"), ("3", "v1"), ("4", "initial"), ("5", "initial")];
    let names: Vec<_> = found.iter().map(|row| (row.0, row.1)).collect();
    assert_eq!(names, rows);
    study.runs[1].versions.clear();
    study.runs[1].servers[1].version = 0;
    assert_eq!(self::records(&text(servers_csv(&study))).len(), 1 + 6);
}

/// The example with so many services, those added being copies of `pay` under other names.
fn grown(services: usize) -> StudyResult {
    let mut grown = study();
    for index in 2..services {
        let (mut service, mut row) = (grown.plan.services[1].clone(), grown.plan.rows[2].clone());
        service.name = format!("service-{index}");
        row.service = index;
        grown.plan.services.push(service);
        grown.plan.rows.push(row);
        for day in &mut grown.runs {
            day.rows.push(day.rows[2].clone());
            day.row_series.push(day.row_series[2].clone());
            day.services.push(day.services[1].clone());
            day.service_series.push(day.service_series[1].clone());
            let mut server = day.servers[3].clone();
            server.service = index;
            day.servers.push(server);
        }
    }
    read_result(&result_json(&grown).unwrap()).expect("its parts fit together")
}

#[test]
fn twenty_services_have_a_line_each_and_their_columns_stand_below_each_other() {
    let many = grown(20);
    let text = summary_text(&many, Some(100));
    let (head, table) = text.split_once("\nservice ").expect("a table");
    assert!(!head.contains("service-"), "{head}");
    let table: Vec<&str> = table.lines().take_while(|line| !line.is_empty()).collect();
    // Its head, `web` with a line for each of two classes, and the others.
    assert_eq!(table.len(), 1 + 3 + 19, "{text}");
    for index in 2..20 {
        let prefix = format!("service-{index} ");
        assert_eq!(table.iter().filter(|line| line.starts_with(&prefix)).count(), 1, "{text}");
    }
    let ends: std::collections::HashSet<usize> = table[1..].iter().map(|line| line.len()).collect();
    assert_eq!(ends.len(), 1, "right edges differ in\n{text}");
    let records = records(&super::tests::text(summary_csv(&many)));
    assert_eq!(records.len(), 1 + 3 + 2 * 19);
    assert_eq!(cell(&records, 40, "service"), "service-19");
    assert_eq!(cell(&records, 40, "offered"), cell(&records, 4, "offered"), "a copy of pay");
}

#[test]
fn no_table_is_wider_than_the_terminal() {
    let mut long = grown(12);
    for (index, service) in long.plan.services.iter_mut().enumerate() {
        service.name = format!("{}-{index}", "very-long-name".repeat(4));
    }
    long.plan.classes = vec!["c".repeat(63), "d".repeat(63)];
    long.plan.objectives[0].name = "o".repeat(63);
    long.plan.services[3].no_mean_interval = Some("a reason of several words, ".repeat(9).trim().into());
    for text in [summary_text(&long, Some(100)), {
        long.runs.truncate(1);
        summary_text(&long, Some(100))
    }] {
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        assert!(text.lines().all(|line| line == line.trim_end()), "{text}");
        assert!(text.ends_with('\n') && !text.contains("\n\n\n"), "{text}");
    }
}

#[test]
fn an_interrupted_study_says_so_in_every_file_that_judges() {
    for kept in 1..3 {
        let mut part = study();
        part.replications_planned = 60;
        part.runs.truncate(kept);
        let text = summary_text(&part, Some(100));
        assert!(text.contains(&format!("interrupted: {kept} of 60 days simulated")), "{text}");
        assert_eq!(text.contains("one day, no interval"), kept == 1, "{text}");
        let json: serde_json::Value = serde_json::from_slice(&summary_json(&part).unwrap()).unwrap();
        assert_eq!(
            (json["replications"].as_u64(), json["replicationsPlanned"].as_u64()),
            (Some(kept as u64), Some(60))
        );
        let records = records(&super::tests::text(objectives_csv(&part)));
        let days = records.iter().filter(|record| record[4].parse::<u32>().is_ok()).count();
        assert_eq!(days, 2 * kept, "a row for each objective and day that finished");
        let whole = study();
        let read = read_result(&result_json(&part).unwrap()).expect("a part is a result");
        assert_eq!((read.runs.len(), &read.runs[0]), (kept, &whole.runs[0]));
    }
}

#[test]
fn without_a_finished_day_every_figure_is_an_empty_cell() {
    let mut none = study();
    none.runs.clear();
    let summary = records(&text(summary_csv(&none)));
    assert_eq!(summary.len(), 6, "the rows are the plan's");
    for record in &summary[1..] {
        assert!(record[2..].iter().all(String::is_empty), "{record:?}");
    }
    for (file, figures_from) in [(timeseries_csv(&none), 4), (servers_csv(&none), 5)] {
        for record in &records(&text(file))[1..] {
            assert!(record[figures_from..].iter().all(String::is_empty), "{record:?}");
        }
    }
    for record in &records(&text(objectives_csv(&none)))[1..] {
        assert_eq!((&*record[4], &*record[5]), ("total", ""), "{record:?}");
    }
    let json: serde_json::Value = serde_json::from_slice(&summary_json(&none).unwrap()).unwrap();
    let figures = json["summary"][0]["figures"].as_object().expect("named figures");
    assert!(!figures.is_empty() && figures.values().all(serde_json::Value::is_null), "{figures:?}");
}

#[test]
fn every_cell_reads_back_as_it_was_whatever_is_in_it() {
    let nasty =
        ["a,b", "\"quoted\"", "two\nlines", "\r\n", " blanks ", "", "=1+1", "京东,\"大促\"", "'", "\""];
    for text_in in nasty {
        let mut study = study();
        study.plan.services[1].pools[0].name = text_in.into();
        study.plan.zones[0] = text_in.into();
        let servers = records(&text(servers_csv(&study)));
        assert_eq!((&*servers[4][2], &*servers[1][3]), (text_in, text_in));
        assert_eq!(cell(&servers, 4, "version"), "initial", "the cells after it stay in place");
        let read = read_result(&result_json(&study).unwrap()).expect("any text is text");
        assert_eq!(read.plan.zones[0], text_in);
    }
}

/// A large study must be written in seconds: run with `--ignored --nocapture` for its times.
#[test]
#[ignore = "a measurement"]
fn large_studies_are_written_in_seconds() {
    let mut large = study();
    let intervals = 7_200;
    large.plan.duration_ns = large.plan.interval_ns * intervals as u64;
    for service in 1..4 {
        let mut config = large.plan.services[0].clone();
        config.name = format!("web{service}");
        large.plan.services.push(config);
        let mut row = large.plan.rows[0].clone();
        row.service = service + 1;
        large.plan.rows.push(row);
    }
    let mut day = large.runs.remove(0);
    day.rows.resize(6, day.rows[0].clone());
    day.services.resize(5, day.services[0].clone());
    for series in &mut day.row_series {
        for column in series.outcomes.iter_mut().chain([&mut series.offered, &mut series.dispatched]) {
            column.resize(intervals, 17);
        }
        series.in_flight_ns.resize(intervals, crate::results::Wide(123_456_789));
        series.size_sum_micros.resize(intervals, crate::results::Wide(17_000_000));
        series.p50_ns.resize(intervals, Some(1_234_567));
        series.p99_ns.resize(intervals, Some(12_345_678));
    }
    day.row_series.resize(6, day.row_series[0].clone());
    for series in &mut day.service_series {
        let wides =
            [&mut series.ready_ns, &mut series.slot_ns, &mut series.cpu_milli_ns, &mut series.queued_ns];
        wides.into_iter().for_each(|column| column.resize(intervals, crate::results::Wide(29_999_999_999)));
        series.p50_ns.resize(intervals, Some(1_234_567));
        series.p99_ns.resize(intervals, Some(12_345_678));
    }
    day.service_series.resize(5, day.service_series[0].clone());
    day.servers.resize(10_000, day.servers[0].clone());
    large.runs =
        (1..=60).map(|replication| crate::results::RunResult { replication, ..day.clone() }).collect();
    for (what, export) in [
        ("summary", summary_csv as fn(&StudyResult) -> std::io::Result<Vec<u8>>),
        ("timeseries", timeseries_csv),
        ("servers", servers_csv),
        ("dependencies", dependencies_csv),
        ("objectives", objectives_csv),
        ("result", result_json),
    ] {
        let begin = std::time::Instant::now();
        let bytes = export(&large).unwrap().len();
        println!("{what}: {bytes} bytes in {:?}", begin.elapsed());
    }
}
