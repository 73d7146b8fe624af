//! Where arrivals come to lie inside their interval, and how many there are.

use crate::workload::recorded::tests::*;
use crate::workload::recorded::*;

#[test]
fn remainders_are_carried_never_dropped() {
    // Ten counts of 12.5 at 10 % are 1.25 each: after n of them floor(1.25 n) have come.
    let file = format!("n\n{}", "12.5\n".repeat(10));
    let table: &[(&str, f64, &[u64])] = &[
        ("scale: 10%", 1.0, &[1, 1, 1, 2, 1, 1, 1, 2, 1, 1]),
        ("scale: 0.2", 0.5, &[1, 1, 1, 2, 1, 1, 1, 2, 1, 1]),
        ("scale: 1", 1.0, &[12, 13, 12, 13, 12, 13, 12, 13, 12, 13]),
        ("scale: 0.01", 1.0, &[0, 0, 0, 0, 0, 0, 0, 1, 0, 0]),
        ("scale: 0", 1.0, &[0; 10]),
        ("", f64::NAN, &[0; 10]),
    ];
    for (keys, factor, expected) in table {
        let yaml = format!("{{file: a.csv, count: n, interval: 1m, {keys}}}");
        for evenly in [false, true] {
            let run = Run { factor: *factor, evenly, ..Run::default() };
            let arrivals = replay(&yaml, &file, run);
            assert_eq!(histogram(&arrivals, 60 * SEC, 10), *expected, "{keys} x {factor}");
        }
    }
}

#[test]
fn the_remainder_of_an_interval_before_the_start_is_carried_too() {
    let yaml = "{file: a.csv, count: n, interval: 1m, align: {recorded: 2m, scenario: 0s}}";
    let arrivals = replay(yaml, "n\n0.5\n0.25\n0.25\n0.5\n", Run::default());
    assert_eq!(histogram(&arrivals, 60 * SEC, 2), [1, 0]);
}

#[test]
fn a_count_is_spread_as_uniform_order_statistics() {
    // A chi-squared over 100 cells has 99 degrees: mean 99, deviation sqrt(2 x 99) = 14.1.
    let yaml = "{file: a.csv, count: n, interval: 100s}";
    for count in [3_u64, 700, 200_000] {
        let repeats = 200_000 / count;
        let file = format!("n\n{}", format!("{count}\n").repeat(repeats as usize));
        let horizon = SimTime::from_nanos(u64::MAX);
        let arrivals = replay(yaml, &file, Run { horizon, ..Run::default() });
        assert_eq!(arrivals.len() as u64, count * repeats);
        let mut cells = [0_u64; 100];
        for arrival in &arrivals {
            cells[(arrival.at.as_nanos() % (100 * SEC) / SEC) as usize] += 1;
        }
        let mean = arrivals.len() as f64 / 100.0;
        let chi: f64 = cells.iter().map(|n| (*n as f64 - mean) * (*n as f64 - mean) / mean).sum();
        assert!((40.0..170.0).contains(&chi), "{count} per interval: chi-squared {chi}");
        // The first of k uniforms lies at 1/(k+1) of the stretch in the mean.
        if count == 3 {
            let firsts = arrivals.chunks(3).map(|three| three[0].at.as_nanos() % (100 * SEC));
            let mean = firsts.sum::<u64>() as f64 / repeats as f64 / SEC as f64;
            assert!((mean - 25.0).abs() < 0.5, "the first of three comes after {mean} s, not 25");
        }
    }
}

#[test]
fn the_short_exponential_is_the_long_one() {
    for share in [1e-12, 1e-6, 1e-4, 1.0 / 513.0, 1.0 / 511.0, 0.5, 3.0] {
        let off = crate::workload::recorded::spread::shrink(share) - libm::exp(-share);
        assert!(off.abs() <= 2.3e-16, "exp(-{share}) is off by {off}");
    }
}

#[test]
fn even_placement_is_even() {
    let run = Run { evenly: true, ..Run::default() };
    let arrivals = replay("{file: a.csv, count: n, interval: 10s}", "n\n4\n0\n1\n", run);
    assert_eq!(times(&arrivals), [1_250_000_000, 3_750_000_000, 6_250_000_000, 8_750_000_000, 25 * SEC]);
    // 90 per minute at 50 % for 10 s are 7.5: the half is carried.
    let rates = "{file: a.csv, rate: n, per: 1m, interval: 10s, scale: 50%}";
    let arrivals = replay(rates, "n\n90\n90\n", run);
    assert_eq!(histogram(&arrivals, 10 * SEC, 2), [7, 8]);
    // A third per second for one second each: the thirds add up, though none has an end.
    let thirds =
        replay("{file: a.csv, rate: n, per: 3s, interval: 1s}", &format!("n\n{}", "1\n".repeat(30)), run);
    assert_eq!(thirds.len(), 10);
}

#[test]
fn a_rate_is_a_poisson_process() {
    // 2000 intervals of one minute, at 30 per minute x 2 x 1.5 = 90 in the mean.
    let file = format!("r\n{}", "30\n".repeat(2_000));
    let yaml = "{file: a.csv, rate: r, per: 1m, interval: 1m, scale: 2}";
    let run = Run { horizon: SimTime::MAX, factor: 1.5, ..Run::default() };
    let counts = histogram(&replay(yaml, &file, run), 60 * SEC, 2_000);
    let total: u64 = counts.iter().sum();
    assert_near(total as usize, 180_000.0, 424.3);
    let mean = total as f64 / 2_000.0;
    let variance: f64 = counts.iter().map(|n| (*n as f64 - mean) * (*n as f64 - mean)).sum::<f64>() / 1_999.0;
    // Index of dispersion 1, with a deviation of sqrt(2 / 2000) = 0.032.
    assert!((variance / mean - 1.0).abs() < 0.16, "dispersion {}", variance / mean);

    // Speed compresses time: as many arrivals in a tenth of it.
    let fast = replay(&yaml.replace("scale: 2", "scale: 2, speed: 10"), &file, run);
    assert_near(fast.len(), 180_000.0, 424.3);
    assert!(fast.last().unwrap().at < SimTime::from_nanos(12_000 * SEC));
}

#[test]
fn a_rate_counts_only_the_part_within_the_run() {
    let yaml = "{file: a.csv, rate: r, interval: 10m, align: {recorded: 5m, scenario: 0s}}";
    let run = Run { horizon: SimTime::from_nanos(400 * SEC), ..Run::default() };
    let arrivals = replay(yaml, "r\n100\n50\n", run);
    let survey = survey_of(&spec(yaml), "r\n100\n50\n", run.horizon).unwrap();
    assert!((survey.offered().arrivals - 35_000.0).abs() < 1e-6);
    assert_eq!(survey.records_total, 90_000 * u128::from(BILLION));
    assert_near(arrivals.len(), 35_000.0, 187.1);
    let first = arrivals.iter().filter(|arrival| arrival.at < SimTime::from_nanos(300 * SEC)).count();
    assert_near(first, 30_000.0, 173.2);
}

/// Instants at 0, 10, 20 .. s, as many as asked for.
fn tens(count: u64) -> String {
    (0..count).fold("t\n".to_owned(), |file, n| file + &format!("{}\n", n * 10))
}

#[test]
fn a_scale_below_one_thins_and_a_larger_one_keeps_what_a_smaller_kept() {
    let (file, run) = (tens(10_000), Run { horizon: SimTime::MAX, ..Run::default() });
    let kept = |scale: &str| times(&replay(&format!("{{file: a.csv, time: t, scale: {scale}}}"), &file, run));
    let (few, many, all) = (kept("0.3"), kept("0.6"), kept("1"));
    assert_near(few.len(), 3_000.0, 45.8);
    assert_near(many.len(), 6_000.0, 49.0);
    assert_eq!(all, (0..10_000).map(|n| n * 10 * SEC).collect::<Vec<_>>());
    assert!(few.iter().all(|at| many.binary_search(at).is_ok()), "0.6 lost what 0.3 kept");
    assert!(kept("0").is_empty());
}

#[test]
fn a_scale_above_one_adds_jittered_copies_before_the_next_instant() {
    let (file, run) = (tens(10_000), Run { horizon: SimTime::MAX, ..Run::default() });
    let arrivals = replay("{file: a.csv, time: t, scale: 2.7}", &file, run);
    assert_near(arrivals.len(), 27_000.0, 45.8);
    let cells = histogram(&arrivals, 10 * SEC, 10_000);
    assert!(cells.iter().all(|copies| (2..=3).contains(copies)), "copies leave their stretch");
    let exact = arrivals.iter().filter(|arrival| arrival.at.as_nanos() % (10 * SEC) == 0).count();
    assert_eq!(exact, 10_000, "the first copy lies at the instant itself");
    let jitter: Vec<u64> = times(&arrivals).iter().map(|at| at % (10 * SEC)).filter(|at| *at > 0).collect();
    let mean = jitter.iter().sum::<u64>() as f64 / jitter.len() as f64 / SEC as f64;
    // A uniform on 10 s has deviation 2.89 s; over 17,000 of them 0.022 s.
    assert!((mean - 5.0).abs() < 0.11, "copies lie at {mean} s of 10 in the mean");
    let other = replay("{file: a.csv, time: t, scale: 2.7}", &file, Run { seed: 2, ..run });
    assert_ne!(times(&arrivals), times(&other), "the key does not matter");
    assert_eq!(arrivals, replay("{file: a.csv, time: t, scale: 2.7}", &file, run), "not reproducible");
}

#[test]
fn copies_of_equal_instants_keep_their_kinds() {
    let file = "t,class,size\n0,browse,1\n0,order,2\n0,order,2\n0,browse,1\n8,order,5\n10,order,7\n";
    let yaml = "{file: a.csv, time: t, class: class, size: size, scale: 1000}";
    let arrivals = replay(yaml, file, Run::default());
    assert_eq!(arrivals.len(), 6_000);
    let kinds = |from: u64, to: u64| {
        let within = |a: &&Arrival| (from * SEC..to * SEC).contains(&a.at.as_nanos());
        let inside: Vec<_> = arrivals.iter().filter(within).collect();
        let of = |class: &str, size: u64| {
            let size = Size::from_micros(size * 1_000_000);
            inside.iter().filter(|a| a.class == classes(class) && a.size == size).count()
        };
        [of("browse", 1), of("order", 2), of("order", 5), of("order", 7), inside.len()]
    };
    assert_eq!(kinds(0, 8), [2_000, 2_000, 0, 0, 4_000]);
    assert_eq!(kinds(8, 10), [0, 0, 1_000, 0, 1_000]);
    // The last instant's copies take the distance to the one before.
    assert_eq!(kinds(10, 12), [0, 0, 0, 1_000, 1_000]);
    // Kinds are mixed: among the first half of the copies each has about a half (deviation 15.8
    // without replacement).
    let early = arrivals[..2_000].iter().filter(|a| a.class == classes("browse")).count();
    assert_near(early, 1_000.0, 15.8);
}

#[test]
fn copies_end_at_the_window_and_the_horizon() {
    let file = "t\n0\n10\n20\n";
    let windowed = replay("{file: a.csv, time: t, scale: 500, window: {to: 12s}}", file, Run::default());
    assert_eq!(windowed.len(), 1_000);
    assert!(windowed.iter().all(|arrival| arrival.at < SimTime::from_nanos(12 * SEC)));
    let run = Run { horizon: SimTime::from_nanos(5 * SEC), ..Run::default() };
    let cut = replay("{file: a.csv, time: t, scale: 500}", file, run);
    assert_near(cut.len(), 250.5, 11.2);
    // One instant alone has no distance: its copies lie upon it.
    assert_eq!(times(&replay("{file: a.csv, time: t, scale: 3}", "t\n4\n", Run::default())), [4 * SEC; 3]);
    // Copies that jitter from before the start into the run are kept.
    let early = "{file: a.csv, time: t, scale: 500, align: {recorded: 5s, scenario: 0s}}";
    assert_near(replay(early, file, Run::default()).len(), 249.5 + 1_000.0, 11.2);
}

#[test]
fn a_large_group_of_equal_instants_takes_no_memory_unless_its_kinds_alternate() {
    let like = "7,1\n".repeat(200_000);
    let yaml = "{file: a.csv, time: t, size: s, scale: 2}";
    assert_eq!(replay(yaml, &format!("t,s\n{like}8,1\n"), Run::default()).len(), 400_002);
    let alternating = format!("t,s\n{}", "7,1\n7,2\n".repeat(40_000));
    let error = try_replay(&spec(yaml), alternating.as_bytes(), Run::default()).unwrap_err();
    assert_eq!(error.line, Some(65_538));
    assert!(error.remedy.contains("finer time column"), "{error}");
    let yaml = yaml.replace("scale: 2", "scale: 1");
    assert_eq!(replay(&yaml, &alternating, Run::default()).len(), 80_000, "copies alone need memory");
}
