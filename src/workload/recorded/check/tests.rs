//! What is refused, with the line, the reason and the remedy; and what is never told.

use crate::workload::recorded::tests::*;
use crate::workload::recorded::*;

/// Surveys a file that must be refused.
fn refusal(yaml: &str, file: &[u8]) -> TraceError {
    match survey_of(&spec(yaml), file, HOUR) {
        Ok(found) => panic!("{yaml} accepts {} lines", found.used),
        Err(error) => error,
    }
}

const BY_TIME: &str = "{file: a.csv, time: t}";
const COUNTS: &str = "{file: a.csv, time: t, count: n, interval: 1m}";
const INDEXED: &str = "{file: a.csv, index: i, count: n, interval: 1m}";

/// Spec, file, and what the error must say: line, part of the message, part of the remedy.
type Refusal = (&'static str, &'static [u8], Option<u64>, &'static str, &'static str);

const REFUSALS: &[Refusal] = &[
    (BY_TIME, b"", None, "the file is empty", "first line names its columns"),
    (BY_TIME, b"\n\r\n\n", None, "the file is empty", ""),
    (BY_TIME, b"t\n", None, "no line below the header", "columns"),
    (BY_TIME, b"t\n\n\n", None, "no line below the header", "columns"),
    (BY_TIME, b"t\nx\ny\n", None, "2 are bad; line 2: column `t`: expected a timestamp", "timeFormat"),
    (BY_TIME, b"time,x\n1,2\n", Some(1), "no column `t`; the file has `time`, `x`", "did you mean `x`?"),
    (BY_TIME, b"t,t\n1,2\n", Some(1), "column `t` appears twice", "rename"),
    (BY_TIME, b"\x7fELF\x02\x00\x00t\n1\n", Some(1), "not text", "UTF-8"),
    (BY_TIME, b"\xff\xfet\x00\n\x001\x00", Some(1), "not text", "UTF-8"),
    (BY_TIME, b"t\n3\n2\n", Some(3), "column `t` steps back", "sort the file by column `t`"),
    (BY_TIME, b"t\n1\n\n\n5\nx\n\"4\"\n", Some(7), "column `t` steps back", "sort"),
    (BY_TIME, b"t,note\r\n1,\"a\r\nb\"\r\n5,\r\n4,\r\n", Some(5), "column `t` steps back", "sort"),
    (COUNTS, b"t,n\n0,1\n60,1\n119,1\n", Some(4), "the interval overlaps", "`interval`"),
    (COUNTS, b"t,n\n0,1\n0,1\n", Some(3), "the interval overlaps", "`select`"),
    (COUNTS, b"t,n\n60,1\n0,1\n", Some(3), "column `t` steps back", "sort"),
    (INDEXED, b"i,n\n3,1\n3,1\n", Some(3), "column `i`: the interval overlaps", ""),
    (INDEXED, b"i,n\n3,1\n2,1\n", Some(3), "column `i` steps back", "sort the file by column `i`"),
    (INDEXED, b"i,n\n0,18000000000\n1,18000000000\n", None, "", ""),
    (
        "{file: a.csv, count: n, interval: 1s, scale: 2}",
        b"n\n1\n600000000\n",
        Some(3),
        "the rate is above 1,000,000,000 per second",
        "`interval`",
    ),
    (
        "{file: a.csv, rate: n, interval: 1h, speed: 3}",
        b"n\n400000000\n",
        Some(2),
        "the rate is above",
        "`per`",
    ),
    (
        "{file: a.csv, time: t, select: {column: shop, value: EU}}",
        b"t,shop\n1,eu\n",
        None,
        "no line is selected",
        "column `shop`",
    ),
    ("{file: a.csv, time: t, window: {from: 9s}}", b"t\n1\n2\n", None, "within the window", "widen"),
    (
        "{file: a.csv, time: t, window: {from: 2s, to: 1s}}",
        b"t\n1\n2\n",
        None,
        "ends before it begins",
        "swap",
    ),
    (
        "{file: a.csv, time: t, window: {from: noon}}",
        b"t\n1\n",
        None,
        "`window.from` is not an instant of this file: expected seconds",
        "",
    ),
    (
        "{file: a.csv, time: t, align: {recorded: 5m, scenario: 0s}}",
        b"t\n2025-11-11T00:00:00Z\n",
        None,
        "`align.recorded` is not an instant of this file: expected RFC 3339",
        "",
    ),
    (
        "{file: a.csv, time: t, align: {recorded: 5m, scenario: noon}}",
        b"t\n1\n",
        None,
        "`align.scenario`: `noon` is not a duration",
        "wall clock",
    ),
];

#[test]
fn files_are_refused_with_line_reason_and_remedy() {
    for (yaml, file, line, message, remedy) in REFUSALS {
        if message.is_empty() {
            assert!(survey_of(&spec(yaml), *file, HOUR).is_ok(), "{yaml}");
            continue;
        }
        let error = refusal(yaml, file);
        assert_eq!(error.line, *line, "{yaml}: {error}");
        assert!(error.message.contains(message), "{yaml}: {error}");
        assert!(error.remedy.contains(remedy), "{yaml}: {error}");
        assert!(!error.remedy.is_empty(), "{yaml}: no remedy");
    }
}

#[test]
fn an_error_is_told_with_line_and_remedy() {
    let error = refusal("{file: a.csv, time: t}", b"t\n3\n2\n");
    let expected =
        "line 3: column `t` steps back in time: the file is not sorted\n  sort the file by column `t`";
    assert_eq!(error.to_string(), expected);
    let error = refusal("{file: a.csv, time: t}", b"");
    assert!(error.to_string().starts_with("the file is empty\n  give"), "{error}");
}

#[test]
fn a_misspelt_column_is_told_with_the_nearest() {
    let header = b"ordered_at,customer,amount\n1,2,3\n";
    for (wanted, remedy) in [
        ("orderedAt", "did you mean `ordered_at`?"),
        ("Amount", "did you mean `amount`?"),
        ("when", "name one of them"),
    ] {
        let error = refusal(&format!("{{file: a.csv, time: {wanted}}}"), header);
        assert_eq!(error.remedy, remedy, "{wanted}");
        assert!(error.message.contains("`ordered_at`, `customer`, `amount`"), "{error}");
    }
    let wide: Vec<String> = (0..500).map(|n| format!("c{n}")).collect();
    let error = refusal("{file: a.csv, time: t}", format!("{}\n1\n", wide.join(",")).as_bytes());
    assert!(error.message.ends_with("`c19`, and 480 more"), "{error}");
}

#[test]
fn every_kind_of_bad_line_is_counted_with_its_reason() {
    let table: &[(&str, &str, &str)] = &[
        ("nonsense", "x,1,browse", "column `t`: expected seconds"),
        ("no time", ",1,browse", "column `t`: the cell is empty"),
        ("negative time", "-1,1,browse", "column `t`: expected"),
        ("a time that is not finite", "NaN,1,browse", "column `t`: expected"),
        ("a time with an exponent", "1e3,1,browse", "column `t`: expected"),
        ("a time past all clocks", "99999999999999999999,1,browse", "column `t`: expected"),
        ("negative size", "5,-1,browse", "column `s`: expected a number from 0 to 10^12"),
        ("NaN size", "5,NaN,browse", "column `s`: expected"),
        ("infinite size", "5,inf,browse", "column `s`: expected"),
        ("size too large", "5,1000000000000.1,browse", "column `s`: expected"),
        ("no size", "5,,browse", "column `s`: the cell is empty"),
        ("missing cells", "5", "column `s`: the line has no such cell"),
        ("no class cell", "5,1", "column `c`: the line has no such cell"),
        ("unknown class", "5,1,refund", "column `c`: expected a class that the scenario knows"),
        ("empty class", "5,1,", "column `c`: the cell is empty"),
    ];
    for (name, line, reason) in table {
        let file = format!("t,s,c\n0,0,order\n{line}\n9,1,browse,and,more\n");
        let found = survey("{file: a.csv, time: t, size: s, class: c}", &file);
        assert_eq!((found.rows, found.used, found.bad_lines), (3, 2, 1), "{name}");
        let (at, told) = &found.first_bad[0];
        assert_eq!(*at, 3, "{name}");
        assert!(told.contains(reason), "{name}: {told}");
    }
    for count in ["-1", "", "NaN", "inf", "1e3", "18446744074", "many", "+-1", "0x10"] {
        let file = format!("t,n\n0,1\n60,{count}\n120,1\n");
        for form in ["count", "rate"] {
            let found = survey(&format!("{{file: a.csv, time: t, {form}: n, interval: 1m}}"), &file);
            assert_eq!((found.used, found.bad_lines, found.first_bad[0].0), (2, 1, 3), "{form} {count}");
        }
    }
    for index in ["-1", "1.5", "x", "", "99999999999999999999", "9223372036854775807"] {
        let file = format!("i,n\n0,1\n{index},1\n7,1\n");
        let found = survey("{file: a.csv, index: i, count: n, interval: 1m}", &file);
        assert_eq!((found.used, found.bad_lines), (2, 1), "index {index}");
    }
}

#[test]
fn bad_lines_are_refused_above_the_limit_with_the_first_three() {
    let file = |bad: usize| format!("t\n1\n{}2\n", "?\n".repeat(bad));
    assert_eq!(survey("{file: a.csv, time: t}", &file(100)).bad_lines, 100);
    let error = refusal("{file: a.csv, time: t}", file(101).as_bytes());
    assert_eq!(error.line, Some(103));
    for told in ["more than 100 bad lines", "line 3: column `t`", "line 4:", "line 5:"] {
        assert!(error.message.contains(told), "{error}");
    }
    assert!(!error.message.contains("line 6:"), "{error}");
    assert!(error.remedy.contains("maxBadLines"), "{error}");
    let error = refusal("{file: a.csv, time: t, maxBadLines: 0}", file(1).as_bytes());
    assert_eq!(error.line, Some(3));
    assert_eq!(survey("{file: a.csv, time: t, maxBadLines: 5000}", &file(5_000)).bad_lines, 5_000);
}

#[test]
fn damaged_gzip_is_refused() {
    let text: String =
        (0..20_000).fold("t\n".into(), |file, n| file + &format!("{}\n", n * n % 977 + n * 1_000));
    let packed = gzip(text.as_bytes());
    let spec = spec("{file: a.csv.gz, time: t}");
    for (name, file, message) in [
        ("half", packed[..packed.len() / 2].to_vec(), "truncated"),
        ("without its checksum", packed[..packed.len() - 5].to_vec(), "truncated"),
        ("the header alone", packed[..10].to_vec(), "truncated"),
        ("part of the header", packed[..3].to_vec(), "truncated"),
        ("followed by rubbish", [packed.clone(), b"rubbish and more of it".to_vec()].concat(), "damaged"),
        ("not deflate", [&packed[..10], &[0xFF; 64][..]].concat(), "damaged"),
    ] {
        let error = survey_of(&spec, file, HOUR).unwrap_err();
        assert!(error.message.contains(message), "{name}: {error}");
        assert!(error.remedy.contains("gzip -t"), "{name}: {error}");
    }
}

/// A reader that fails after its bytes.
struct Broken(Cursor<&'static [u8]>);

impl Read for Broken {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(std::io::Error::other("bad sector")),
            read => Ok(read),
        }
    }
}

#[test]
fn a_failing_disk_is_told() {
    let spec = spec("{file: a.csv, time: t}");
    for start in [&b""[..], b"t\n1\n2\n"] {
        let error = spec.survey(Box::new(Broken(Cursor::new(start))), &classes, &resolve, HOUR).unwrap_err();
        assert!(error.message.contains("cannot be read: bad sector"), "{error}");
    }
}

#[test]
fn a_line_without_end_is_refused_before_it_fills_memory() {
    for start in [&b"t"[..], b"t\n1\n2", b"t,x\n1,\"never closed\n2,\n3,\n", b"\"t"] {
        let endless = Cursor::new(start).chain(std::io::repeat(b'7'));
        let error =
            spec("{file: a.csv, time: t}").survey(Box::new(endless), &classes, &resolve, HOUR).unwrap_err();
        assert!(error.message.contains("longer than 1 MiB"), "{error}");
    }
    // 1 MiB itself is read.
    let long = format!("t,x\n1,{}\n2,\n", "y".repeat((1 << 20) - 10));
    assert_eq!(survey("{file: a.csv, time: t}", &long).used, 2);
    let longer = format!("t,x\n1,{}\n2,\n", "y".repeat((1 << 20) + 10));
    assert_eq!(refusal("{file: a.csv, time: t}", longer.as_bytes()).line, Some(2));
}

#[test]
fn personal_data_never_reaches_a_message() {
    // Every cell but those of the header is a secret; every error must stay silent about all.
    let secret = "mei.chen@example.com";
    let header = format!("t,s,c,email\n1,1,browse,{secret}\n");
    let files = [
        format!("{header}{secret},1,order,{secret}\n"),
        format!("{header}2,{secret},order,{secret}\n"),
        format!("{header}2,2,{secret},{secret}\n"),
        format!("{header}0.5,2,order,{secret}\n"),
        format!("{header}2,2,order,\"{secret}\n"),
        format!("{header}{secret}\n"),
        // No header: the first line is data, and not listed.
        format!("2,2,order,{secret}\n"),
        format!("{secret},2025-11-11T00:00:00Z,order\n"),
        "Mei Chen,2025-11-11T00:00:00Z,mei.chen-example\n".to_owned(),
    ];
    for keys in ["maxBadLines: 0", "", "window: {from: 5m}", "select: {column: email, value: nobody}"] {
        for file in &files {
            let spec = spec(&format!("{{file: a.csv, time: t, size: s, class: c, {keys}}}"));
            let told = match survey_of(&spec, file.as_str(), HOUR) {
                Ok(survey) => format!("{survey:?}"),
                Err(error) => format!("{error} {error:?}"),
            };
            for word in [secret, "mei", "Mei", "Chen", "example"] {
                assert!(!told.contains(word), "{file}: {told}");
            }
        }
    }
}

#[test]
fn static_problems_are_told_all_at_once() {
    let table: &[(&str, &[&str])] = &[
        ("{file: a.csv, time: t}", &[]),
        ("{file: a.csv, time: t, count: n, interval: 1m, scale: 140%, speed: 60}", &[]),
        ("{file: a.csv, rate: n, per: 1h, interval: 1m, window: {from: 1h}}", &[]),
        ("{file: ' '}", &["file", "time"]),
        ("{file: a.csv, count: n, rate: r}", &["rate", "interval"]),
        ("{file: a.csv, time: t, index: i, count: n, interval: 0s}", &["index", "interval"]),
        ("{file: a.csv, count: n, interval: 367d}", &["interval"]),
        ("{file: a.csv, time: t, interval: 1m}", &["interval"]),
        ("{file: a.csv, time: t, index: i}", &["index", "index"]),
        ("{file: a.csv, time: t, per: 1m}", &["per"]),
        ("{file: a.csv, rate: r, interval: 1m, per: 0s}", &["per"]),
        (
            "{file: a.csv, count: n, interval: 1m, select: {column: '', value: x}}",
            &["select", "select.column"],
        ),
        ("{file: a.csv, time: '', class: ' ', size: ''}", &["time", "class", "size"]),
        ("{file: a.csv, index: i, count: n, interval: 1m, timeFormat: seconds}", &["timeFormat"]),
        ("{file: a.csv, time: t, utcOffset: CET}", &["utcOffset"]),
        ("{file: a.csv, time: t, timeFormat: epochSeconds, utcOffset: '+01:00'}", &["utcOffset"]),
        ("{file: a.csv, time: t, scale: 1000001, speed: 0}", &["scale", "speed"]),
        ("{file: a.csv, time: t, speed: .nan}", &["speed"]),
        ("{file: a.csv, time: t, window: {}}", &["window"]),
        ("{file: a.csv, count: n, interval: 1m, window: {from: noon, to: 1m}}", &["window.from"]),
        (
            "{file: a.csv, count: n, interval: 1m, align: {recorded: '5', scenario: ''}}",
            &["align.scenario", "align.recorded"],
        ),
    ];
    for (yaml, expected) in table {
        let problems = spec(yaml).problems();
        let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(paths, *expected, "{yaml}");
        assert!(problems.iter().all(|p| !p.message.is_empty() && !p.remedy.is_empty()), "{yaml}");
    }
}

#[test]
fn offsets_are_read_strictly() {
    let hour = 3_600 * SEC as i64;
    for (text, expected) in [
        ("Z", Some(0)),
        ("+08:00", Some(8 * hour)),
        ("-04:30", Some(-4 * hour - hour / 2)),
        ("+23:59", Some(24 * hour - 60 * SEC as i64)),
        ("08:00", None),
        ("+8:00", None),
        ("+24:00", None),
        ("+08:60", None),
        ("+0800", None),
        ("+é:00", None),
        ("", None),
    ] {
        assert_eq!(crate::workload::recorded::clock::parse_offset(text), expected, "{text}");
    }
}

#[test]
fn a_file_that_changed_after_its_survey_ends_the_run_not_the_program() {
    let spec = spec("{file: a.csv, time: t}");
    let survey = survey_of(&spec, "t\n1\n2\n", HOUR).unwrap();
    let open = |file: &str| spec.open(&survey, bytes(file), HOUR, 1.0, false, Key::from_seed(1));
    assert!(open("x\n1\n").is_err());
    let error = collect(open("t\n2\n1\n").unwrap()).unwrap_err();
    assert_eq!(error.line, Some(3));
    assert_eq!(collect(open("t\n5\n").unwrap()).unwrap().len(), 1);
}
