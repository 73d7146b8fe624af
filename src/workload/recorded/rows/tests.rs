//! Every way to write a file and to place it in the run.

use crate::workload::recorded::tests::*;
use crate::workload::recorded::*;

// 2025-11-11T00:00:00+08:00 is 1762790400 s after 1970 (`date -ud`).
const MIDNIGHT: i64 = 1_762_790_400;

/// Name, keys, first instant in seconds after 1970, cells.
const FORMATS: &[(&str, &str, i64, [&str; 3])] = &[
    (
        "an offset in each cell",
        "",
        MIDNIGHT,
        ["2025-11-11T00:00:00+08:00", "2025-11-10T16:00:01.5Z", "2025-11-10T12:00:02.000000001-04:00"],
    ),
    (
        "the same, said",
        "timeFormat: rfc3339",
        MIDNIGHT,
        ["2025-11-11T00:00:00+08:00", "2025-11-10T16:00:01.500Z", "2025-11-11T00:00:02.000000001+08:00"],
    ),
    (
        "dates at an offset",
        "utcOffset: '+08:00'",
        MIDNIGHT,
        ["2025-11-11 00:00:00", "2025-11-11 00:00:01.5", "2025-11-11 00:00:02.000000001"],
    ),
    (
        "a cell's own offset wins",
        "utcOffset: '+08:00'",
        MIDNIGHT,
        ["2025-11-11 00:00:00", "2025-11-10 16:00:01.5+00:00", "2025-11-10 16:00:02.000000001Z"],
    ),
    (
        "dates in UTC with a T",
        "timeFormat: datetime",
        MIDNIGHT,
        ["2025-11-10T16:00:00", "2025-11-10T16:00:01.5", "2025-11-10T16:00:02.000000001"],
    ),
    (
        "west of Greenwich",
        "utcOffset: '-04:30'",
        MIDNIGHT,
        ["2025-11-10 11:30:00", "2025-11-10 11:30:01.5", "2025-11-10 11:30:02.000000001"],
    ),
    ("epoch seconds", "", MIDNIGHT, ["1762790400", "1762790401.5", "1762790402.000000001"]),
    ("epoch milliseconds", "", MIDNIGHT, ["1762790400000", "1762790401500", "1762790402000.000001"]),
    ("few epoch seconds, said", "timeFormat: epochSeconds", 5, ["5", "6.5", "7.000000001"]),
    ("few epoch milliseconds, said", "timeFormat: epochMillis", 5, ["5000", "6500", "7000.000001"]),
];

#[test]
fn every_time_format_gives_the_exact_instants() {
    for (name, keys, first, cells) in FORMATS {
        let yaml = format!("{{file: a.csv, time: t, {keys}}}");
        let file = format!("t\n{}\n", cells.join("\n"));
        assert_eq!(survey(&yaml, &file).first, first * SEC as i64, "{name}");
        let arrivals = replay(&yaml, &file, Run::default());
        assert_eq!(times(&arrivals), [0, 1_500_000_000, 2_000_000_001], "{name}");
    }
}

#[test]
fn relative_seconds_count_from_their_own_zero() {
    let arrivals = replay("{file: a.csv, time: t}", "t\n0.25\n.5\n3\n99.999999999\n", Run::default());
    assert_eq!(times(&arrivals), [250_000_000, 500_000_000, 3 * SEC, 99_999_999_999]);
}

#[test]
fn a_date_alone_is_its_midnight() {
    let file = "day,n\n2025-11-10,1\n2025-11-11,2\n";
    let survey = survey("{file: a.csv, time: day, count: n, interval: 1d}", file);
    assert_eq!((survey.first, survey.last), (1_762_732_800 * SEC as i64, 1_762_905_600 * SEC as i64));
}

#[test]
fn the_format_is_settled_by_the_first_usable_line() {
    // The first line is not usable; the fourth is a date among epoch seconds.
    let file = "t\n-\n1762790400\n1762790401\n2025-11-11T00:00:00Z\n1762790402\n";
    let survey = survey("{file: a.csv, time: t}", file);
    assert_eq!((survey.rows, survey.used, survey.bad_lines), (5, 3, 2));
    assert_eq!(survey.first_bad.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 5]);
}

#[test]
fn encodings_of_one_file_read_the_same() {
    let plain = "t,class,size\n1,browse,2\n2,order,0.5\n";
    let with_bom = format!("\u{feff}{plain}");
    let table: Vec<(&str, Vec<u8>)> = vec![
        ("plain", plain.into()),
        ("no line break at the end", plain.trim_end().into()),
        ("BOM", with_bom.clone().into()),
        ("CRLF", plain.replace('\n', "\r\n").into()),
        (
            "BOM, CRLF and quotes",
            "\u{feff}\"t\",class,\"size\"\r\n1,\"browse\",\"2\"\r\n\"2\",order,0.5\r\n".into(),
        ),
        ("blanks around cells", "t , class, size\n 1,browse ,2\n2, order, 0.5 \n".into()),
        ("blank lines", "\n\nt,class,size\n\n1,browse,2\n\r\n\n2,order,0.5\n\n\n".into()),
        ("gzip", gzip(plain.as_bytes())),
        ("gzip of BOM and CRLF", gzip(with_bom.replace('\n', "\r\n").as_bytes())),
        ("two gzip members", [gzip(&plain.as_bytes()[..17]), gzip(&plain.as_bytes()[17..])].concat()),
    ];
    let spec = spec("{file: a.csv, time: t, class: class, size: size}");
    for (name, file) in table {
        let arrivals =
            try_replay(&spec, &file, Run::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected = [
            Arrival {
                at: SimTime::from_nanos(SEC),
                class: classes("browse"),
                size: Size::from_micros(2_000_000),
                customer: None,
            },
            Arrival {
                at: SimTime::from_nanos(2 * SEC),
                class: classes("order"),
                size: Size::from_micros(500_000),
                customer: None,
            },
        ];
        assert_eq!(arrivals, expected, "{name}");
        let survey = survey_of(&spec, file, HOUR).unwrap();
        assert_eq!((survey.rows, survey.used, survey.bad_lines), (2, 2, 0), "{name}");
        assert_eq!(survey.classes, [ClassId::new(0), ClassId::new(1)], "{name}");
    }
}

/// A reader that gives one byte at a time, as a slow pipe may.
struct Drip(Cursor<Vec<u8>>);

impl Read for Drip {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let one = buffer.len().min(1);
        self.0.read(&mut buffer[..one])
    }
}

#[test]
fn the_size_of_reads_does_not_matter() {
    let spec = spec("{file: a.csv, time: t}");
    for file in [b"\xEF\xBB\xBFt\r\n1\r\n2\r\n".to_vec(), gzip(b"t\n1\n2\n")] {
        let drip = Box::new(Drip(Cursor::new(file)));
        let survey = spec.survey(drip, &classes, &resolve, HOUR).unwrap();
        assert_eq!((survey.used, survey.last), (2, 2 * SEC as i64));
    }
}

#[test]
fn the_hash_is_that_of_the_stored_file() {
    // printf 't,c\n0,1\n' | sha256sum
    let expected = "bce5026a105313a2d9ff9200a55d50d91883fcace9f4daf190848f24e2eda823";
    assert_eq!(survey("{file: a.csv, time: t}", "t,c\n0,1\n").sha256, expected);
    // The packed file's own hash, not that of what it unpacks to.
    let packed = survey_of(&spec("{file: a.csv, time: t}"), gzip(b"t,c\n0,1\n"), HOUR).unwrap();
    assert_ne!(packed.sha256, expected);
    assert_eq!(packed.sha256.len(), 64);
}

#[test]
fn an_interval_begins_at_its_time_its_index_or_its_line() {
    let table = [
        ("time", "time: t", "t,n\n0,1\n60,0\n120,2\n300,3\n"),
        (
            "time, dates",
            "time: t",
            "t,n\n1998-06-10 00:00:00,1\n1998-06-10 00:02:00,2\n1998-06-10 00:05:00,3\n",
        ),
        ("index", "index: i", "n,i\n1,0\n2,2\n3,5\n"),
        ("line", "", "n\n1\n0\n2\n0\n0\n3\n"),
        ("line, a blank one and bad ones keep their place", "", "n\n1\n\n2\n-4\nNaN\n3\n"),
    ];
    for (name, keys, file) in table {
        let yaml = format!("{{file: a.csv, count: n, interval: 1m, {keys}}}");
        let arrivals = replay(&yaml, file, Run::default());
        assert_eq!(histogram(&arrivals, 60 * SEC, 6), [1, 0, 2, 0, 0, 3], "{name}");
        assert_eq!(survey(&yaml, file).records_total, 6 * u128::from(BILLION), "{name}");
    }
}

#[test]
fn speed_window_and_align_place_the_recording() {
    let instants = "t\n10\n20\n30\n40\n50\n";
    let dates = "t\n2025-11-11T00:00:00+08:00\n2025-11-11T00:00:10+08:00\n2025-11-11T00:00:20+08:00\n";
    let table: &[(&str, &str, &str, &[u64])] = &[
        ("as recorded", "", instants, &[10_000, 20_000, 30_000, 40_000, 50_000]),
        ("twice as fast", "speed: 2", instants, &[5_000, 10_000, 15_000, 20_000, 25_000]),
        ("half as fast", "speed: 0.5", instants, &[20_000, 40_000, 60_000, 80_000, 100_000]),
        ("a window begins at 0", "window: {from: 20s, to: 50s}", instants, &[0, 10_000, 20_000]),
        ("a window in plain seconds", "window: {from: '15'}", instants, &[5_000, 15_000, 25_000, 35_000]),
        ("a window's end", "window: {to: 30s}", instants, &[10_000, 20_000]),
        (
            "aligned",
            "align: {recorded: 30s, scenario: 31s}",
            instants,
            &[11_000, 21_000, 31_000, 41_000, 51_000],
        ),
        ("aligned into the past", "align: {recorded: 30s, scenario: 5s}", instants, &[5_000, 15_000, 25_000]),
        (
            "all four",
            "speed: 2, window: {from: 20s, to: 45s}, align: {recorded: 40s, scenario: 7s}",
            instants,
            &[2_000, 7_000],
        ),
        ("dates begin at the first", "", dates, &[0, 10_000, 20_000]),
        (
            "dates aligned by wall clock",
            "align: {recorded: 2025-11-11T00:00:10+08:00, scenario: '00:00'}",
            dates,
            &[1_790_000, 1_800_000, 1_810_000],
        ),
        (
            "dates, in another offset",
            "window: {from: 2025-11-10T16:00:05Z}, align: {recorded: 2025-11-10T16:00:00Z, scenario: 0s}",
            dates,
            &[10_000, 20_000],
        ),
        ("before the start", "align: {recorded: 2025-11-11T00:00:20+08:00, scenario: '23:00'}", dates, &[]),
        (
            "epoch seconds, aligned by a date",
            "align: {recorded: 2025-11-11T00:00:00+08:00, scenario: 1s}",
            "t\n1762790400\n1762790401.25\n",
            &[1_000, 2_250],
        ),
    ];
    for (name, keys, file, expected) in table {
        let yaml = format!("{{file: a.csv, time: t, {keys}}}");
        let millis: Vec<_> =
            times(&replay(&yaml, file, Run::default())).iter().map(|t| t / 1_000_000).collect();
        assert_eq!(millis, *expected, "{name}");
        assert_eq!(survey(&yaml, file).offered().arrivals, expected.len() as f64, "{name}: offered");
    }
}

#[test]
fn intervals_are_windowed_aligned_and_compressed_as_instants_are() {
    let file = "n\n1\n2\n3\n4\n5\n";
    let table: &[(&str, &str, u64, &[u64])] = &[
        ("a window begins at 0", "window: {from: 1m, to: 4m}", 60, &[2, 3, 4, 0]),
        ("aligned into the past", "align: {recorded: 2m, scenario: 0s}", 60, &[3, 4, 5, 0]),
        ("aligned later", "align: {recorded: 0s, scenario: 2m}", 60, &[0, 0, 1, 2, 3, 4, 5]),
        ("four times as fast", "speed: 4", 15, &[1, 2, 3, 4, 5]),
        ("four times as slow", "speed: 0.25", 240, &[1, 2, 3, 4, 5]),
        ("scaled", "scale: 300%", 60, &[3, 6, 9, 12, 15]),
    ];
    for (name, keys, length, expected) in table {
        let yaml = format!("{{file: a.csv, count: n, interval: 1m, {keys}}}");
        for evenly in [false, true] {
            let arrivals = replay(&yaml, file, Run { evenly, ..Run::default() });
            assert_eq!(histogram(&arrivals, length * SEC, expected.len()), *expected, "{name}");
        }
        let offered = survey(&yaml, file).offered().arrivals;
        assert!((offered - expected.iter().sum::<u64>() as f64).abs() < 1e-9, "{name}: {offered} offered");
    }
}

#[test]
fn the_horizon_ends_the_stream_within_an_interval() {
    let run = Run { horizon: SimTime::from_nanos(90 * SEC), evenly: true, ..Run::default() };
    let arrivals = replay("{file: a.csv, count: n, interval: 1m}", "n\n6\n6\n6\n", run);
    assert_eq!(arrivals.len(), 9);
    let spec = spec("{file: a.csv, count: n, interval: 1m}");
    let survey = survey_of(&spec, "n\n6\n6\n6\n", run.horizon).unwrap();
    assert_eq!(survey.offered().arrivals, 9.0);
    assert_eq!(survey.records_total, 18 * u128::from(BILLION));
}

#[test]
fn select_splits_one_file_into_sources() {
    let file = "t,shop,class,size\n0,eu,browse,1\n1,us,what,x\n2,eu,order,3\n9,us,order,0\n3,eu,order,2\n";
    let eu = "{file: a.csv, time: t, class: class, size: size, select: {column: shop, value: eu}}";
    let found = survey(eu, file);
    // Lines of other sources are neither read nor held against the order.
    assert_eq!((found.rows, found.used, found.bad_lines, found.mean_size), (5, 3, 0, 2.0));
    let offered = found.offered();
    assert_eq!((offered.arrivals, offered.mean_size), (3.0, 2.0));
    let by_class: Vec<_> = offered.by_class.iter().map(|o| (o.class, o.arrivals, o.mean_size)).collect();
    assert_eq!(by_class, [(classes("browse"), 1.0, 1.0), (classes("order"), 2.0, 2.5)]);
    assert_eq!(times(&replay(eu, file, Run::default())), [0, 2 * SEC, 3 * SEC]);
    let us = survey(&eu.replace("eu", "us"), file);
    assert_eq!((us.used, us.bad_lines, us.mean_size), (1, 1, 0.0));
}

#[test]
fn what_is_written_reads_back_the_same() {
    let sources = ["web", "partners, \"old\""];
    let mut stream = Key::from_seed(7).stream();
    let mut draw = || crate::rng::Bits::next_bits(&mut stream);
    let mut at = 0;
    let mut written: [Vec<Arrival>; 2] = Default::default();
    let mut writer = ArrivalWriter::new(Vec::new()).unwrap();
    for n in 0..2_000 {
        at += if n % 7 == 0 { 0 } else { draw() % 3_000_000_000 };
        let (source, class) = ((draw() % 2) as usize, (draw() % 2) as usize);
        let size = if n == 5 { 1_000_000_000_000_000_000 } else { draw() % 5_000_000 };
        let (at, size) = (SimTime::from_nanos(at), Size::from_micros(size));
        writer.write(at, sources[source], ["browse", "order"][class], size).unwrap();
        written[source].push(Arrival { at, class: Some(ClassId::new(class)), size, customer: None });
    }
    let file = writer.finish().unwrap();
    assert!(file.starts_with(b"time_s,source,class,size\n"));
    let run = Run { horizon: SimTime::MAX, ..Run::default() };
    for (source, expected) in sources.iter().zip(written) {
        let mut spec = spec("{file: a.csv, time: time_s, timeFormat: seconds, class: class, size: size}");
        spec.select = Some(Select { column: "source".into(), value: (*source).into() });
        assert_eq!(try_replay(&spec, &file, run).unwrap(), expected, "{source}");
    }
}

#[test]
fn a_spec_is_written_as_it_is_read() {
    let full = "{file: traces/p.csv, time: at, count: n, interval: 1m, class: c, size: s, \
                select: {column: shop, value: eu}, timeFormat: epochMillis, scale: 140%, speed: 2.5, \
                window: {from: '1', to: '2'}, align: {recorded: '1', scenario: '00:00'}, maxBadLines: 3}";
    let read = spec(full);
    assert_eq!(read.scale, Some(Ratio(1.4)));
    let text = serde_json::to_string(&read).unwrap();
    assert_eq!(serde_json::from_str::<RecordedSpec>(&text).unwrap(), read);
    let small = serde_json::to_string(&spec("{file: p.csv, time: at}")).unwrap();
    assert_eq!(small, r#"{"file":"p.csv","time":"at"}"#);
    for wrong in
        ["{file: a, tiem: t}", "{file: a, select: {column: a, valeu: b}}", "{file: a, timeFormat: unix}"]
    {
        assert!(serde_saphyr::from_str::<RecordedSpec>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_quote_that_is_never_closed_is_told_where_it_opens() {
    // All that follows is one cell, with a line break at the end of the file or without.
    for (file, line) in [
        ("t\n1\n\"x\n", 3),
        ("t\n1\n\"x", 3),
        ("t\n1\n\"x\n3\n4\n", 3),
        ("t\n1\n\"x\n3\n4", 3),
        ("t\r\n1\r\n\"x\r\n3\r\n", 3),
        ("t\n\n\n1\n\n\"x\n\n\n", 6),
    ] {
        let survey = survey("{file: a.csv, time: t, maxBadLines: 5}", file);
        let told: Vec<u64> = survey.first_bad.iter().map(|(line, _)| *line).collect();
        assert_eq!((survey.used, told), (1, vec![line]), "{file:?}");
    }
}

#[test]
fn lines_are_counted_through_quoted_breaks() {
    let file = "t,text\n1,\"two\nlines\"\nx,\"three\n\nlines\"\n2,plain\ny,\"last\nof all\"";
    let survey = survey("{file: a.csv, time: t}", file);
    assert_eq!((survey.used, survey.bad_lines), (2, 2));
    assert_eq!(survey.first_bad.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [4, 8]);
}
