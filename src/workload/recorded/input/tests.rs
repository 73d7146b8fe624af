//! Files of any length and of any bytes: constant memory, no panic, no endless loop.

use crate::rng::{Bits, Stream};
use crate::workload::recorded::tests::*;

/// Writes lines as they are read: the file is never in memory.
struct Lines<F> {
    line: F,
    next: u64,
    count: u64,
    left: Vec<u8>,
}

impl<F: Fn(u64) -> String> Read for Lines<F> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.left.is_empty() && self.next < self.count {
            self.left = (self.line)(self.next).into_bytes();
            self.next += 1;
        }
        let count = self.left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.left[..count]);
        self.left.drain(..count);
        Ok(count)
    }
}

fn lines(count: u64, line: impl Fn(u64) -> String + Send + 'static) -> Box<dyn Read + Send> {
    Box::new(Lines { line, next: 0, count, left: Vec::new() })
}

#[test]
fn a_million_lines_stream_through() {
    let file = || {
        lines(1_000_001, |n| match n {
            0 => "at,class,size,email\n".to_owned(),
            n => format!("{}.{:03},order,{},someone\n", n / 1_000, n % 1_000, n % 3),
        })
    };
    let spec = spec("{file: a.csv, time: at, class: class, size: size, scale: 1.5}");
    let survey = spec.survey(file(), &classes, &resolve, HOUR).unwrap();
    assert_eq!((survey.rows, survey.used, survey.bad_lines), (1_000_000, 1_000_000, 0));
    assert_eq!((survey.first, survey.last), (1_000_000, 1_000 * SEC as i64));
    assert!((survey.mean_size - 1.0).abs() < 1e-5);
    let mut recorded = spec.open(&survey, file(), HOUR, 1.0, false, Key::from_seed(1)).unwrap();
    let (mut count, mut last) = (0, SimTime::ZERO);
    while let Some(arrival) = recorded.next_arrival().unwrap() {
        assert!(last <= arrival.at);
        (count, last) = (count + 1, arrival.at);
    }
    assert_near(count, 1_500_000.0, 500.0);
}

#[test]
fn a_large_count_needs_no_memory_and_stops_at_the_horizon() {
    // Ten thousand million arrivals in one interval, of which the first hundred thousandth is taken.
    let run = Run { horizon: SimTime::from_nanos(SEC / 1_000), ..Run::default() };
    let arrivals = replay("{file: a.csv, count: n, interval: 100s}", "n\n10000000000\n", run);
    assert_near(arrivals.len(), 100_000.0, 316.3);
}

#[test]
fn blank_lines_are_no_record_however_many() {
    for blank in ["\n", "\r\n"] {
        let file = format!("t\n1\n{}2\n", blank.repeat(3 << 20));
        assert_eq!(survey("{file: a.csv, time: t}", &file).used, 2);
    }
}

fn below(stream: &mut Stream, bound: usize) -> usize {
    (stream.next_bits() % bound as u64) as usize
}

/// Changes, inserts, removes or repeats some bytes.
fn mutate(file: &mut Vec<u8>, stream: &mut Stream) {
    const LIKELY: &[u8] = b"\n\r,\"0123456789.-+eTZ: \0\xEF\xBB\xBF\x1F\x8B\xFFx";
    for _ in 0..=below(stream, 6) {
        let place = below(stream, file.len() + 1);
        let byte = LIKELY[below(stream, LIKELY.len())];
        match below(stream, 4) {
            0 if place < file.len() => file[place] = byte,
            1 => file.insert(place, byte),
            2 if place < file.len() => drop(file.remove(place)),
            3 => {
                let end = (place + below(stream, 20)).min(file.len());
                let part = file[place..end].to_vec();
                file.splice(place..place, part);
            }
            _ => {}
        }
    }
}

#[test]
fn random_bytes_end_in_arrivals_or_an_error() {
    let seeds: [(&str, &[u8]); 7] = [
        ("{file: a, time: t, size: s, scale: 2.5, speed: 3}", b"t,s\n1,1\n2,0.5\n2,4\n7,1\n"),
        ("{file: a, time: t, class: c}", b"t,c\n2025-11-11T00:00:00Z,order\n2025-11-11T00:00:01Z,browse\n"),
        ("{file: a, time: t}", b"t\n2025-11-11 00:00:00\n2025-11-11 00:00:01.5\n"),
        ("{file: a, time: t, window: {from: '2', to: '9'}}", b"t\n1762790400000\n1762790401000\n"),
        ("{file: a, count: n, interval: 1m, scale: 0.7}", b"n\n3\n4\n5\n"),
        ("{file: a, index: i, rate: n, interval: 1s, per: 1h}", b"i,n\n0,3000\n1,4000\n4,5\n"),
        ("{file: a, time: t, select: {column: s, value: a}}", b"t,s\n1,a\n2,b\n3,a\n"),
    ];
    let mut accepted = 0;
    for seed in 0..7_000_u64 {
        let mut stream = Key::from_seed(seed).stream();
        let (yaml, file) = seeds[below(&mut stream, seeds.len())];
        let (mut file, mut spec) = (file.to_vec(), spec(yaml));
        spec.max_bad_lines = Some(below(&mut stream, 4) as u64);
        mutate(&mut file, &mut stream);
        if below(&mut stream, 4) == 0 {
            file = gzip(&file);
            if below(&mut stream, 2) == 0 {
                mutate(&mut file, &mut stream);
            }
        }
        let run = Run { horizon: SimTime::from_nanos(600 * SEC), evenly: seed % 2 == 0, ..Run::default() };
        let Ok(survey) = survey_of(&spec, file.clone(), run.horizon) else { continue };
        let key = Key::from_seed(seed);
        let recorded = spec.open(&survey, bytes(file), run.horizon, run.factor, run.evenly, key);
        let mut recorded = recorded.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let mut last = SimTime::ZERO;
        for _ in 0..10_000 {
            let next = recorded.next_arrival().unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            let Some(arrival) = next else { break };
            assert!(last <= arrival.at && arrival.at < run.horizon, "seed {seed}: out of order");
            last = arrival.at;
        }
        accepted += 1;
    }
    assert!(accepted > 1_000, "only {accepted} files were accepted: the loop tests errors alone");
}

#[test]
fn specs_with_problems_still_end_in_arrivals_or_an_error() {
    // Whoever forgets to ask for problems gets nonsense, never a panic.
    for keys in [
        "count: n",
        "count: n, interval: 500d, speed: 0",
        "rate: n, per: 0s, interval: 1m",
        "rate: n, interval: 1m, speed: .inf",
        "count: n, interval: 1m, scale: 1e300",
        "time: n, interval: 1m, index: n, speed: -1",
        "count: n, rate: n, time: n, index: n",
        "count: n, interval: 1m, align: {recorded: 100000d, scenario: 0s}",
        "count: n, interval: 1m, align: {recorded: 0s, scenario: 100000d}",
    ] {
        let spec = spec(&format!("{{file: a.csv, {keys}}}"));
        let Ok(survey) = survey_of(&spec, "n\n1\n2\n3\n", HOUR) else { continue };
        let file = bytes("n\n1\n2\n3\n");
        let Ok(mut recorded) = spec.open(&survey, file, HOUR, 1e300, false, Key::from_seed(1)) else {
            continue;
        };
        for _ in 0..1_000 {
            if recorded.next_arrival().is_ok_and(|next| next.is_none()) {
                break;
            }
        }
    }
}
