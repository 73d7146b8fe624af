//! What a survey promises is what a run brings; and what a run brings depends on nothing else.

use crate::workload::recorded::tests::*;
use crate::workload::recorded::*;

/// Specs of every form with a file each; `KEYS` is where a table puts its own.
const FORMS: [(&str, &str); 4] = [
    ("{file: a.csv, time: t, size: s KEYS}", "t,s\n0,1\n40,2\n40,3\n90,4\n200,0.5\n260,8\n"),
    ("{file: a.csv, count: n, size: s, interval: 1m KEYS}", "n,s\n100,1\n200.5,2\n0,9\n400.25,0.5\n"),
    ("{file: a.csv, rate: n, size: s, interval: 1m, per: 1m KEYS}", "n,s\n100,1\n200,2\n0,9\n400,0.5\n"),
    ("{file: a.csv, index: i, count: n, size: s, interval: 1m KEYS}", "i,n,s\n1,100,1\n3,300,3\n"),
];

fn with(yaml: &str, keys: &str) -> String {
    yaml.replace("KEYS", keys)
}

#[test]
fn what_is_offered_comes() {
    let places = [
        "",
        ", scale: 20",
        ", scale: 15, speed: 4",
        ", scale: 15, window: {from: 1m, to: 4m}",
        ", scale: 30, speed: 0.5, align: {recorded: 1m, scenario: 0s}",
        ", scale: 12, align: {recorded: 0s, scenario: 23m}",
    ];
    for (form, file) in FORMS {
        for keys in places {
            let yaml = with(form, keys);
            let found = survey(&yaml, file);
            let offered = found.offered();
            let arrivals = replay(&yaml, file, Run::default());
            // Poisson is the most variable form; an interval cut by an edge adds as much.
            assert_near(arrivals.len(), offered.arrivals, 1.0 + offered.arrivals.sqrt());
            let sizes: f64 = arrivals.iter().map(|arrival| arrival.size.as_micros() as f64 / 1e6).sum();
            let mean = sizes / arrivals.len() as f64;
            assert!(
                (mean - offered.mean_size).abs() < 0.35 * offered.mean_size,
                "{yaml}: {mean} {offered:?}"
            );
            assert_eq!(offered.by_class.len(), 1, "{yaml}");
            assert_eq!(offered.by_class[0].class, None, "{yaml}");
            assert_eq!(offered.by_class[0].arrivals, offered.arrivals, "{yaml}");
        }
    }
}

#[test]
fn nothing_is_offered_past_the_horizon_or_before_the_start() {
    for (form, file) in FORMS {
        for keys in [", align: {recorded: 0s, scenario: 2h}", ", align: {recorded: 1h, scenario: '23:00'}"] {
            let yaml = with(form, keys);
            let found = survey(&yaml, file);
            assert_eq!(*found.offered(), Offered::default(), "{yaml}");
            assert!(found.used > 0 && found.records_total > 0, "{yaml}");
            assert_eq!(replay(&yaml, file, Run::default()), [], "{yaml}");
        }
    }
}

#[test]
fn a_horizon_cuts_the_stream_and_changes_nothing_before_it() {
    for (form, file) in FORMS {
        for evenly in [false, true] {
            let yaml = with(form, ", scale: 7.3");
            let whole = replay(&yaml, file, Run { evenly, ..Run::default() });
            for seconds in [0, 1, 59, 60, 61, 95, 300] {
                let horizon = SimTime::from_nanos(seconds * SEC);
                let cut = replay(&yaml, file, Run { horizon, evenly, ..Run::default() });
                let expected: Vec<_> = whole.iter().filter(|arrival| arrival.at < horizon).copied().collect();
                assert_eq!(cut, expected, "{yaml} at {seconds} s");
            }
        }
    }
}

#[test]
fn a_run_is_a_function_of_its_key() {
    for (form, file) in FORMS {
        let yaml = with(form, ", scale: 7.3");
        let run = |seed| replay(&yaml, file, Run { seed, ..Run::default() });
        assert_eq!(run(1), run(1), "{yaml}");
        assert_ne!(run(1), run(2), "{yaml}");
        // At a scale of 1 recorded instants are what they are, whatever the key.
        if yaml.contains("time: t") {
            let exact = |seed| replay(&with(form, ""), file, Run { seed, ..Run::default() });
            assert_eq!(exact(1), exact(2));
        }
    }
}

#[test]
fn load_and_scale_are_one_factor() {
    for (form, file) in FORMS {
        for evenly in [false, true] {
            let scaled = replay(&with(form, ", scale: 6"), file, Run { evenly, ..Run::default() });
            let loaded =
                replay(&with(form, ", scale: 2"), file, Run { factor: 3.0, evenly, ..Run::default() });
            assert_eq!(scaled, loaded, "{form}");
        }
    }
}

#[test]
fn classes_and_sizes_belong_to_their_interval() {
    let file = "n,class,size\n3,browse,1\n2,order,4\n5,browse,0\n";
    let yaml = "{file: a.csv, count: n, interval: 1m, class: class, size: size}";
    for arrival in replay(yaml, file, Run::default()) {
        let expected =
            [("browse", 1), ("order", 4), ("browse", 0)][(arrival.at.as_nanos() / (60 * SEC)) as usize];
        assert_eq!(arrival.class, classes(expected.0));
        assert_eq!(arrival.size, Size::from_micros(expected.1 * 1_000_000));
    }
    let found = survey(yaml, file);
    // (3 x 1 + 2 x 4 + 5 x 0) / 10.
    assert!((found.mean_size - 1.1).abs() < 1e-12);
    let shares: Vec<_> =
        found.offered().by_class.iter().map(|o| (o.class, o.arrivals, o.mean_size)).collect();
    assert_eq!(shares, [(classes("browse"), 8.0, 0.375), (classes("order"), 2.0, 4.0)]);
    assert_eq!(found.classes, [ClassId::new(0), ClassId::new(1)]);
}

#[test]
fn a_speed_that_is_no_decimal_keeps_its_distance_over_a_month() {
    // 30 days at 7 times the speed: 370,285.714285714 s, floored to a nanosecond.
    let file = "t\n0\n2592000\n";
    let run = Run { horizon: SimTime::MAX, ..Run::default() };
    let arrivals = replay("{file: a.csv, time: t, speed: 7}", file, run);
    assert_eq!(times(&arrivals), [0, 370_285_714_285_714]);
    // Before the anchor too, it is rounded down: order holds across zero.
    let early = "{file: a.csv, time: t, speed: 7, align: {recorded: 1s, scenario: 1s}}";
    assert_eq!(times(&replay(early, "t\n0\n1\n2\n", run)), [857_142_857, SEC, 1_142_857_142]);
}

#[test]
fn a_mapping_that_knows_every_name_does_not_fill_memory() {
    let file: String = (0..65_540).fold("t,c\n".into(), |file, n| file + &format!("{n},c{n}\n"));
    let spec = spec("{file: a.csv, time: t, class: c, timeFormat: seconds}");
    let all = |_: &str| Some(ClassId::new(0));
    let found = spec.survey(bytes(file), &all, &resolve, HOUR).unwrap();
    assert_eq!((found.used, found.bad_lines, found.classes.len()), (65_536, 4, 1));
    assert!(found.first_bad[0].1.contains("65,536 different class names"), "{:?}", found.first_bad);
}

/// Files by name, as the edge opens them.
#[derive(Debug)]
struct Folder;

impl TraceFiles for Folder {
    fn open(&self, path: &str) -> std::io::Result<Box<dyn Read + Send>> {
        match path {
            "a.csv" => Ok(bytes("t\n1\n")),
            _ => Err(std::io::ErrorKind::NotFound.into()),
        }
    }
}

#[test]
fn files_are_opened_by_the_edge() {
    let (spec, files): (_, &dyn TraceFiles) = (spec("{file: a.csv, time: t}"), &Folder);
    let found = spec.survey(files.open(&spec.file).unwrap(), &classes, &resolve, HOUR).unwrap();
    let recorded = spec.open(&found, files.open(&spec.file).unwrap(), HOUR, 1.0, false, Key::from_seed(1));
    assert_eq!(times(&collect(recorded.unwrap()).unwrap()), [SEC]);
    assert!(files.open("b.csv").is_err());
}

/// An output that takes so many bytes and no more.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(std::io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_is_told_by_the_writer() {
    let mut writer = ArrivalWriter::new(Full(1 << 16)).unwrap();
    let written =
        (0..10_000).try_for_each(|n| writer.write(SimTime::from_nanos(n), "web", "order", Size::ONE));
    assert_eq!(written.unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    let mut writer = ArrivalWriter::new(Full(10)).unwrap();
    writer.write(SimTime::ZERO, "web", "order", Size::ONE).unwrap();
    assert_eq!(writer.finish().map(|_| ()).unwrap_err().kind(), std::io::ErrorKind::StorageFull);
}

#[test]
fn a_trace_is_exact_to_the_digit() {
    let mut writer = ArrivalWriter::new(Vec::new()).unwrap();
    writer.write(SimTime::from_nanos(1_000_000_007), "web", "order", Size::from_micros(1_500_000)).unwrap();
    writer.write(SimTime::from_nanos(86_400 * SEC), "app", "browse", Size::from_micros(1)).unwrap();
    let text = String::from_utf8(writer.finish().unwrap()).unwrap();
    let expected =
        "time_s,source,class,size\n1.000000007,web,order,1.500000\n86400.000000000,app,browse,0.000001\n";
    assert_eq!(text, expected);
}
