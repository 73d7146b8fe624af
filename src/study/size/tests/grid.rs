//! Ranges as they are written.

use crate::results::experiment::Scale;
use crate::study::size::{Range, Start};

fn texts(text: &str) -> String {
    match Range::parse(text) {
        Ok(range) => range.values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        Err(problem) => format!("!{}: {} / {}", problem.path, problem.message, problem.remedy),
    }
}

#[test]
fn ranges_say_which_values_are_looked_at() {
    let table = [
        ("a.replicas=3..7", "3 4 5 6 7"),
        ("a.replicas=10..40..10", "10 20 30 40"),
        ("a.replicas = 10..40/4", "10 20 30 40"),
        ("a.rate=1k/s..2k/s/3", "1k/s 1500/s 2k/s"),
        ("a.at=23:45..00:15/3", "23:45 00:00 00:15"),
        ("a.at=\"23:58\"..\"00:08\"", "23:58 23:59 00:00 00:01 00:02 00:03 00:04 00:05 00:06 00:07 00:08"),
        ("a.delay=5m..20m..5m", "5m 10m 15m 20m"),
        // A load lies between whole numbers, also where its ends do not.
        ("run.load=1..3..1", "1.0 2.0 3.0"),
        ("run.load=1.95..2.1", "1.95 1.96 1.97 1.98 1.99 2.0 2.02 2.04 2.06 2.08 2.1"),
        ("a.share=50%..52%", "50% 50.5% 51% 51.5% 52%"),
        // 1 % of 5 is 0.05, of 4 a little less than that.
        ("a.x=4.9..5.1", "4.9 4.92 4.94 4.96 4.98 5.0 5.05 5.1"),
        ("a.x=1s..1.03s", "1s 1.01s 1.02s 1.03s"),
    ];
    for (text, expected) in table {
        assert_eq!(texts(text), expected, "{text}");
    }
    // Near 0 a hundredth of the value is nothing: a thousandth of the range is.
    let range = Range::parse("a.x=0..1.0").unwrap();
    assert!((300..600).contains(&range.values.len()), "{}", range.values.len());
    assert!(range.values.windows(2).all(|pair| pair[0].value() < pair[1].value()));
    // More whole numbers than can be listed are as coarse as others.
    let many = Range::parse("a.replicas=1..1000000").unwrap();
    assert!((500..3_000).contains(&many.values.len()), "{}", many.values.len());
    assert_eq!(many.scale(), Scale::Whole);
}

#[test]
fn what_is_no_range_is_told_with_what_to_write() {
    let table = [
        ("replicas", "!: there is no `=` in `replicas` / write PATH=LO..HI, for example"),
        ("=1..2", "!: nothing stands before the `=`"),
        ("a.b=12", "!a.b: `12` is not a range / write LO..HI"),
        ("a.b=x..y", "!a.b: `x..y` is not a range"),
        ("a.b=7..3", "!a.b.to: the range from 7 to 3 is empty / write the smaller end first"),
        ("a.b=3..3", "!a.b.to: the range from 3 to 3 is empty"),
        ("a.b=10..50%", "!a.b.to: 10 and 50% are not of one kind"),
        ("a.b=1..9/1", "!a.b: 1 values cannot be looked at"),
        ("a.b=1..9/20000", "!a.b: 20000 values cannot be looked at"),
        ("a.b=1..9..x", "!a.b: `x` is no step"),
        ("a.b=1..9..0", "!a.b.step: the step is not above 0"),
        ("a.b=1..9..20", "!a.b: `1..9..20` is a single value"),
    ];
    for (text, expected) in table {
        assert!(texts(text).starts_with(expected), "{text}: {}", texts(text));
    }
}

#[test]
fn headroom_doubles_and_halves() {
    let (range, start) = Range::loads();
    let Start::Ladder { up, down } = start else { panic!("{start:?}") };
    let loads = |places: &[usize]| places.iter().map(|at| range.values[*at].value()).collect::<Vec<_>>();
    assert_eq!(loads(&up), [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 100.0]);
    assert_eq!(loads(&down[..2]), [0.5, 0.25]);
    assert_eq!(loads(&down[down.len() - 1..]), [0.01]);
    let near = range.values.windows(2).all(|pair| pair[1].value() <= pair[0].value() * 1.0101);
    assert!(near && range.values.len() < 2_000, "{}", range.values.len());
    assert_eq!(range.scale(), Scale::Load);
}
