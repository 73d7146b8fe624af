use super::*;
use crate::stats::{share_at_least, share_at_most};

/// The binomial chance of `hits` of `n`, by Pascal's triangle.
fn chance(hits: u32, n: u32, share: f64) -> f64 {
    let choose = (0..hits).fold(1.0, |sum, i| sum * f64::from(n - i) / f64::from(i + 1));
    let power = |base: f64, times: u32| (0..times).fold(1.0, |product, _| product * base);
    choose * power(share, hits) * power(1.0 - share, n - hits)
}

/// The chance that a share is ever refuted by its bound, exactly: paths that were refuted are taken out.
fn error(design: &[u32], share: f64, is_wrong: impl Fn(u32, u32) -> bool) -> f64 {
    let mut open = vec![1.0];
    let (mut seen, mut wrong) = (0, 0.0);
    for &n in design {
        for _ in seen..n {
            add_trial(&mut open, share);
        }
        seen = n;
        for (hits, chance) in open.iter_mut().enumerate() {
            if is_wrong(hits as u32, n) {
                wrong += std::mem::take(chance);
            }
        }
    }
    wrong
}

#[test]
fn looks_double_until_the_last() {
    let table: [(u32, u32, &[u32]); 6] = [
        (10, 160, &[10, 20, 40, 80, 160]),
        (10, 100, &[10, 20, 40, 80, 100]),
        (7, 7, &[7]),
        (9, 7, &[7]),
        (0, 3, &[1, 2, 3]),
        (3_000_000_000, u32::MAX, &[3_000_000_000, u32::MAX]),
    ];
    for (min, max, expected) in table {
        assert_eq!(looks(min, max), expected, "{min} to {max}");
    }
}

#[test]
fn one_look_is_what_it_is_without_looks() {
    let values = [3.0, 1.0, 2.5, 7.0, 4.0];
    let mut once = Sequential::new(&[20]);
    assert_eq!(once.interval(&values, 20), Interval::of(&values));
    for n in [19, 20, 21] {
        assert_eq!((once.confidence(n), once.repeated_p(0.3, n)), (CONFIDENCE, 0.3));
        for hits in 0..=n {
            assert_eq!(once.share_at_least(hits, n), share_at_least(hits, n));
            assert_eq!(once.share_at_most(hits, n), share_at_most(hits, n));
        }
    }
    // The way of several looks finds the same for one.
    for hits in 1..=20 {
        let found = least_share(&[(20, 1.0 - CONFIDENCE)], hits);
        assert!((found - share_at_least(hits, 20).unwrap()).abs() < 1e-9, "{hits} of 20: {found}");
    }
}

/// Shares near a half of many come near to the normal, whose boundaries for alpha t with five equal looks and 2.5 % in
/// all are 2.576, 2.492, 2.411, 2.339 and 2.276 standard errors (the recursion of Armitage, McPherson & Rowe, Journal of
/// the Royal Statistical Society A 132, 1969, integrated by Simpson's rule). Error that steps leave over lowers later ones.
#[test]
fn boundaries_are_those_of_the_normal() {
    let path: Vec<(u32, f64)> = (1..=5).map(|k| (400 * k, 0.025 * f64::from(k) / 5.0)).collect();
    for (k, expected) in [2.576, 2.492, 2.411, 2.339, 2.276].into_iter().enumerate() {
        let (path, n) = (&path[..=k], path[k].0);
        let (mut low, mut high) = (n / 2, n);
        while low + 1 < high {
            let middle = low.midpoint(high);
            if is_refuted(path, middle, 0.5) { high = middle } else { low = middle }
        }
        let step = 2.0 / f64::from(n).sqrt();
        let boundary = (f64::from(high) - 0.5 - f64::from(n) / 2.0) * step;
        assert!((expected - 0.02..=expected + step).contains(&boundary), "look {k}: {boundary}");
    }
}

/// Against every path of hits at three looks, one by one.
#[test]
fn what_is_refuted_is_found_by_counting_paths() {
    let path = [(4, 0.02), (8, 0.035), (12, 0.05)];
    for share in [0.3, 0.5, 0.62, 0.8, 0.9] {
        let mut least = vec![5, 9, 13];
        let mut spent = 0.0;
        for look in 0..3 {
            let tail = |bound: u32, least: &[u32]| {
                let mut sum = 0.0;
                for a in 0..=4 {
                    for b in 0..=4 {
                        for c in 0..=4 {
                            let hits = [a, a + b, a + b + c];
                            let before = (0..look).any(|earlier| hits[earlier] >= least[earlier]);
                            if !before && hits[look] >= bound {
                                sum += chance(a, 4, share) * chance(b, 4, share) * chance(c, 4, share);
                            }
                        }
                    }
                }
                sum
            };
            while least[look] > 0 && spent + tail(least[look] - 1, &least) <= path[look].1 {
                least[look] -= 1;
            }
            spent += tail(least[look], &least);
            for hits in 0..=path[look].0 {
                // What an earlier look would have refuted is refuted.
                let (found, n) = (is_refuted(&path[..=look], hits, share), path[look].0);
                assert_eq!(found, hits >= least[look], "{hits} of {n} at {share}, not {least:?}");
            }
        }
    }
}

/// The verdict at all looks together, by exact enumeration: whatever share is demanded, one that is just as large or
/// smaller passes in 5 % at most, and one that is just as large fails in 5 % at most.
#[test]
fn all_looks_together_err_in_five_percent() {
    let mut largest = 0.0_f64;
    for design in [vec![10, 20, 40, 80, 160], vec![5, 10, 20, 40], vec![20, 40, 60], vec![8, 100]] {
        let mut rule = Sequential::new(&design);
        for share in [0.07, 0.5, 0.8, 0.9, 0.95, 0.963, 0.97, 0.99, 0.993] {
            let mut bounds = BTreeMap::new();
            for &n in &design {
                for hits in 0..=n {
                    let ends = (rule.share_at_least(hits, n).unwrap(), rule.share_at_most(hits, n).unwrap());
                    bounds.insert((hits, n), ends);
                }
            }
            let passes = error(&design, share, |hits, n| bounds[&(hits, n)].0 >= share);
            let fails = error(&design, share, |hits, n| bounds[&(hits, n)].1 < share);
            assert!(passes <= 0.05 && fails <= 0.05, "{share} by {design:?}: {passes} {fails}");
            largest = largest.max(passes).max(fails);
        }
    }
    // It is spent, though, and five looks of 5 % each would err in more.
    assert!(largest > 0.045, "{largest}");
    let design = [10, 20, 40, 80, 160];
    let naive = error(&design, 0.5, |hits, n| share_at_least(hits, n).unwrap() >= 0.5);
    assert!(naive > 0.1, "{naive}");
}

#[test]
fn bounds_stand_around_the_share_and_grow_with_hits() {
    let mut rule = Sequential::new(&[10, 20, 40]);
    for n in [10, 20, 40] {
        let mut before = 0.0;
        for hits in 0..=n {
            let (low, high) = (rule.share_at_least(hits, n).unwrap(), rule.share_at_most(hits, n).unwrap());
            let share = f64::from(hits) / f64::from(n);
            assert!(low <= share && share <= high, "{hits} of {n}: {low} {high}");
            assert!(low >= before, "{hits} of {n}: {low} after {before}");
            assert!(low <= share_at_least(hits, n).unwrap() + 1e-9, "a look more cannot prove more");
            let refuted = |share: f64| is_refuted(&rule.path(n), hits, share);
            assert!(
                hits == 0 || refuted(low - 1e-9) && !refuted(low + 1e-8),
                "{hits} of {n}: {low} is no edge"
            );
            assert!((high - 1.0 + rule.share_at_least(n - hits, n).unwrap()).abs() < 1e-12);
            before = low;
        }
    }
    assert_eq!((rule.share_at_least(0, 0), rule.share_at_most(0, 0)), (None, None));
}

/// 0.95^80 is 1.65 %, and half of 5 % may be spent by then; 0.95^40 is 12.9 %.
#[test]
fn eighty_of_eighty_prove_95_percent_among_five_looks() {
    let mut rule = Sequential::new(&looks(10, 160));
    let table = [(80, 80, true), (79, 80, false), (40, 40, false), (157, 160, true), (156, 160, false)];
    for (hits, n, proved) in table {
        assert_eq!(rule.share_at_least(hits, n).unwrap() >= 0.95, proved, "{hits} of {n}");
    }
    // The chance of 6 of 10 or fewer at 95 % is 0.1 %, that of 7 1.15 %; 0.3 % may be spent.
    assert!(rule.share_at_most(6, 10).unwrap() < 0.95 && rule.share_at_most(7, 10).unwrap() >= 0.95);
}

#[test]
fn a_look_spends_its_part_whether_it_was_planned_or_not() {
    let rule = Sequential::new(&looks(10, 160));
    let table = [(10, 1.0 / 16.0), (20, 1.0 / 16.0), (40, 0.125), (80, 0.25), (160, 0.5), (39, 19.0 / 160.0)];
    for (n, part) in table {
        assert!((rule.confidence(n) - (1.0 - 0.05 * part)).abs() < 1e-12, "{n}");
        assert!((rule.repeated_p(0.01, n) - (0.01_f64 / part).min(1.0)).abs() < 1e-12, "{n}");
    }
    let mut rule = rule;
    // Half of 5 % at the last look: t(0.9875, 4) = 3.4954, s = 1.5811.
    let interval = rule.interval(&[1.0, 2.0, 3.0, 4.0, 5.0], 160).unwrap();
    assert!((interval.hi.unwrap() - 3.0 - 3.495_4 * 1.581_139 / 5.0_f64.sqrt()).abs() < 1e-4, "{interval:?}");
    assert_eq!(rule.interval(&[], 160), None);
    assert_eq!(rule.interval(&[1.0, f64::INFINITY], 160).unwrap().lo, None);
    let mut rule = Sequential::new(&[10, 20]);
    assert_eq!(rule.share_at_least(15, 19), rule.share_at_least(15, 19), "the second time from memory");
    assert!(rule.share_at_least(19, 19) < rule.share_at_least(20, 20));
}

#[test]
fn long_samples_are_bounded_look_by_look() {
    let mut rule = Sequential::new(&[2_000, 4_000]);
    // Half of 5 %, as if there were no other look: 0.025^(1/4000).
    assert!((rule.share_at_least(4_000, 4_000).unwrap() - libm::pow(0.025, 1.0 / 4_000.0)).abs() < 1e-12);
}
