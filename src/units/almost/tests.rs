//! What was meant by what is almost right, and that it is read.

use super::*;

/// Asserts what is told of each text: what to write, or, where it is empty, an example only.
fn assert_meant<T: Almost>(kind: &str, cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let Err(told) = text.parse::<T>() else { panic!("{text} is a {kind}") };
        let (wrong, remedy) = told.split_once("; ").unwrap_or_else(|| panic!("{text}: {told}"));
        if expected.is_empty() {
            assert!(remedy.contains("for example"), "{text}: {told}");
            assert!(wrong.contains(&format!("is not {kind}")), "{text}: {told}");
        } else {
            assert_eq!(remedy, format!("write {expected}"), "{text}: {told}");
            let bare = expected.trim_matches('"');
            assert!(bare.parse::<T>().is_ok(), "{text}: the remedy {expected} is not read itself");
        }
    }
}

#[test]
fn durations_that_are_almost_right_are_answered_with_the_exact_text() {
    let cases = [
        ("10min", "10m"),
        ("10 mins", "10m"),
        ("10 Minutes", "10m"),
        ("90sec", "90s"),
        ("90 seconds", "90s"),
        ("1.5S", "1.5s"),
        ("400 MS", "400ms"),
        ("400msec", "400ms"),
        ("250 μs", "250us"),
        ("2hours", "2h"),
        ("2 hr", "2h"),
        ("5M", "5m"),
        ("3 days", "3d"),
        ("2 weeks", "14d"),
        ("1h 30m", "1h30m"),
        ("1 hour and 30 minutes", "1h30m"),
        ("1 hour, 30 min", "1h30m"),
        ("PT1H30M", "1h30m"),
        ("1,5s", "1.5s"),
        ("1,500ms", "1500ms"),
        ("1_500ms", "1500ms"),
        ("010s!", ""),
        ("abc", ""),
        ("m", ""),
        ("-5m", ""),
        ("5 months", ""),
        ("5m later", ""),
        ("1.2.3s", ""),
        ("99999999999999999999s", ""),
        ("", ""),
    ];
    assert_meant::<SimDuration>("a duration", &cases);
    assert_eq!("400 ms".parse(), Ok(SimDuration::from_nanos(400_000_000)), "a blank does no harm");
}

#[test]
fn rates_that_are_almost_right_are_answered_with_the_exact_text() {
    let cases = [
        ("5000rps", "5000/s"),
        ("5000 rps", "5000/s"),
        ("5000 RPS", "5000/s"),
        ("300rpm", "300/min"),
        ("2k qps", "2k/s"),
        ("5k/sec", "5k/s"),
        ("5k/second", "5k/s"),
        ("5000 req/s", "5000/s"),
        ("5000 requests per second", "5000/s"),
        ("5000 per minute", "5000/min"),
        ("5,000/s", "5000/s"),
        ("1,200.5/s", "1200.5/s"),
        ("5_000/s", "5000/s"),
        ("5K/s", "5k/s"),
        ("1.2m/min", "1.2M/min"),
        ("1g/s", "1G/s"),
        ("90/hour", "90/h"),
        ("90/day", "90/d"),
        ("90/ms", ""),
        ("fast", ""),
        ("-5/s", ""),
        ("5k/s/s", ""),
        ("rps", ""),
    ];
    assert_meant::<Rate>("a rate", &cases);
}

#[test]
fn ratios_prices_and_instants_that_are_almost_right_are_answered_with_the_exact_text() {
    let ratios =
        [("85 percent", "85%"), ("85pct", "85%"), ("2x", "2"), ("1,2", "1.2"), ("half", ""), ("-1", "")];
    assert_meant::<Ratio>("a ratio", &ratios);
    let prices = [
        ("$0.23/h", "0.23 USD/h"),
        ("0.23 €/hour", "0.23 EUR/h"),
        ("USD 0.23/h", "0.23 USD/h"),
        ("0.23 USD per hour", "0.23 USD/h"),
        ("0.23 USD", "0.23 USD/h"),
        ("0,23 USD/h", "0.23 USD/h"),
        ("5 USD/month", ""),
        ("0.23/h", ""),
        ("0.23", ""),
    ];
    assert_meant::<Price>("a price", &prices);
    let clocks = [
        ("24:00", "\"00:00\""),
        ("24:00:00", "\"00:00:00\""),
        ("1:30", "\"01:30\""),
        ("9:05:00", "\"09:05:00\""),
        ("11:30 pm", "\"23:30\""),
        ("12:15am", "\"00:15\""),
        ("24:01", ""),
        ("12:60", ""),
        ("12:30:15:00", ""),
        ("a:b", ""),
    ];
    assert_meant::<When>("a time of day", &clocks);
    let instants = [("30min", "30m"), ("9pm", "\"21:00\""), ("noon", ""), ("-5m", ""), ("", "")];
    assert_meant::<When>("an instant", &instants);
}

#[test]
fn only_a_plain_number_lacks_nothing_but_its_unit() {
    for (text, number) in [("600", "600"), ("1.5", "1.5"), ("1e3", "1000"), ("0", "0"), (".5", ".5")] {
        let told = [text.parse::<SimDuration>().unwrap_err(), text.parse::<Rate>().unwrap_err()];
        let example = format!("`{text}` has no unit; write for example {number}");
        assert_eq!(told, [format!("{example}ms or {number}s"), format!("{example}/s")]);
        assert!(format!("{number}s").parse::<SimDuration>().is_ok(), "{told:?}");
    }
    for text in ["-5", "five", "5 5", ".", "1.2.3", "inf", "nan", "+5"] {
        let told = [text.parse::<SimDuration>().unwrap_err(), text.parse::<Rate>().unwrap_err()];
        assert!(told[0].contains("is not a duration") && told[1].contains("is not a rate"), "{told:?}");
    }
}

/// Tools of YAML 1.1 read 23:30 as a number to the base of 60.
#[test]
fn numbers_that_were_times_of_day_are_explained() {
    let told = |text: &str| text.parse::<When>().unwrap_err();
    assert_eq!(
        told("1410"),
        "`1410` is not an instant; write 1410s, or \"23:30\" if a tool has made a number of that"
    );
    assert_eq!(
        told("84600"),
        "`84600` is not an instant; write 84600s, or \"23:30\" if a tool has made a number of that"
    );
    assert_eq!(told("1.5"), "`1.5` is not an instant; write 1.5s");
    assert_eq!(told("30"), "`30` is not an instant; write 30s");
    assert_eq!(told("90000"), "`90000` is not an instant; write 90000s");
    assert_eq!("00:05".parse(), Ok(When::Clock { seconds_of_day: 300 }));
}

#[test]
fn numbers_are_found_in_what_is_almost_one() {
    let cases = [
        ("4", Some("4")),
        ("010", Some("10")),
        ("1_000", Some("1000")),
        ("1,000,000", Some("1000000")),
        ("500m", Some("0.5")),
        ("0,5", Some("0.5")),
        ("four", None),
        ("4x", None),
        ("", None),
        ("1.2.3", None),
        ("0x10", None),
    ];
    for (text, expected) in cases {
        assert_eq!(plain_number(text).as_deref(), expected, "{text}");
    }
}

#[test]
fn long_texts_are_not_repeated_whole() {
    for text in ["x".repeat(100_000), "1".repeat(100_000), "9".repeat(41) + "/s"] {
        let told = [
            text.parse::<SimDuration>().unwrap_err(),
            text.parse::<Rate>().unwrap_err(),
            text.parse::<When>().unwrap_err(),
        ];
        assert!(told.iter().all(|told| told.len() < 200), "{told:?}");
    }
}
