//! Numbers and instants as text: the same digits on every build.

use crate::results::Plan;

const POWERS: [f64; 16] =
    [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// Significant digits of a figure.
const DIGITS: usize = 9;

/// Decimals that large figures keep, so that means of counts still add up.
const LEAST_DECIMALS: usize = 3;

/// Appends a figure: integers whole, others to nine significant digits and never coarser than a
/// thousandth, without trailing zeros; `inf` for infinity.
///
/// Written by hand because the time series of a large study has millions of cells: 40 ns against
/// 300 ns by way of `format!`.
pub(super) fn push(out: &mut Vec<u8>, value: f64) {
    if !value.is_finite() {
        out.extend_from_slice(if value < 0.0 { b"-inf" } else { b"inf" });
        return;
    }
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e12).contains(&size) {
        return push_unusual(out, value);
    }
    let decimals = if size.trunc() == size {
        0
    } else {
        // Digits before the point; for 0.00123 minus two, the zeros that follow it.
        match POWERS.iter().position(|power| size < *power) {
            Some(0) => DIGITS + POWERS.iter().take_while(|power| size * **power < 0.1).count(),
            before => DIGITS.saturating_sub(before.unwrap_or(DIGITS)).max(LEAST_DECIMALS),
        }
    };
    let scaled = (size * POWERS[decimals]).round() as u64;
    if value < 0.0 && scaled > 0 {
        out.push(b'-');
    }
    push_scaled(out, scaled, decimals);
}

/// Appends `scaled` / 10^`decimals`, exactly, without trailing zeros.
fn push_scaled(out: &mut Vec<u8>, mut scaled: u64, mut decimals: usize) {
    while decimals > 0 && scaled.is_multiple_of(10) {
        scaled /= 10;
        decimals -= 1;
    }
    let mut digits = [b'0'; 24];
    let mut start = digits.len();
    while scaled > 0 || start + decimals >= digits.len() {
        start -= 1;
        digits[start] = b'0' + (scaled % 10) as u8;
        scaled /= 10;
    }
    let point = digits.len() - decimals;
    out.extend_from_slice(&digits[start..point]);
    if decimals > 0 {
        out.push(b'.');
        out.extend_from_slice(&digits[point..]);
    }
}

/// The slow way, for magnitudes that hardly occur.
fn push_unusual(out: &mut Vec<u8>, value: f64) {
    let rounded = if value.abs() < 1.0 {
        format!("{value:.*e}", DIGITS - 1)
    } else {
        format!("{value:.LEAST_DECIMALS$}")
    };
    let value = if value.trunc() == value { value } else { rounded.parse().unwrap_or(value) };
    out.extend_from_slice(value.to_string().as_bytes());
}

/// Returns a figure as text; see [`push`].
pub(super) fn plain(value: f64) -> String {
    let mut out = Vec::new();
    push(&mut out, value);
    String::from_utf8_lossy(&out).into_owned()
}

/// Appends an instant or a length in seconds, exactly.
pub(super) fn push_seconds(out: &mut Vec<u8>, nanos: u64) {
    push_scaled(out, nanos, 9);
}

/// Returns a number for people: thousands separated, `digits` significant digits at least.
pub(crate) fn grouped(value: f64, digits: usize) -> String {
    if !value.is_finite() || value == 0.0 {
        return plain(value);
    }
    let size = value.abs();
    let before = POWERS.iter().position(|power| size < *power).unwrap_or(POWERS.len());
    // Zeros that follow the point do not count, up to a point.
    let zeros = POWERS.iter().skip(1).take(4).take_while(|power| size * **power < 1.0).count();
    let decimals = digits.saturating_sub(before) + zeros;
    let text = format!("{size:.decimals$}");
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut out = String::from(if value < 0.0 { "-" } else { "" });
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + fraction
}

/// Returns the wall clock of an instant in RFC 3339; empty where the plan has no start.
pub(super) fn wall(plan: &Plan, nanos: u64) -> String {
    plan.wall(nanos).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::WallClock;

    #[test]
    fn figures_have_nine_digits_and_no_exponent() {
        let table = [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-2.5, "-2.5"),
            (100.0, "100"),
            (0.1 + 0.2, "0.3"),
            (1.0 / 3.0, "0.333333333"),
            (2.0 / 3.0, "0.666666667"),
            (0.00123456789123, "0.00123456789"),
            (0.05, "0.05"),
            (12.3456789123, "12.3456789"),
            (123456.789123, "123456.789"),
            (12345678.0166667, "12345678.017"),
            (0.9999999999, "1"),
            (99.99999999999, "100"),
            (1234567890123.0, "1234567890123"),
            (9007199254740993.0, "9007199254740992"),
            (1e-6, "0.000001"),
            (1.5e-7, "0.00000015"),
            (1234567891.0, "1234567891"),
            // Nine digits of these were ten thousands.
            (1234567890123.5, "1234567890123.5"),
            (-1234567890123.0625, "-1234567890123.062"),
            (999999999999.9996, "1000000000000"),
            (999999999999.5, "999999999999.5"),
            (2251799813685248.5, "2251799813685248.5"),
            (1e21, "1000000000000000000000"),
            (9.99999999999e-7, "0.000001"),
            (-0.0000123456789876, "-0.000012345679"),
            (0.09999999999, "0.1"),
            (9.999999994, "9.99999999"),
            (9.999999996, "10"),
            (999999.9994, "999999.999"),
            (999999.9996, "1000000"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ];
        for (value, expected) in table {
            assert_eq!(plain(value), expected);
        }
    }

    #[test]
    fn figures_read_back_to_what_formatting_rounds_to() {
        let mut value = 1.234567891234e-5;
        for _ in 0..400 {
            value *= 1.0937;
            if value >= 1e6 {
                break;
            }
            let expected: f64 = format!("{value:.8e}").parse().unwrap();
            assert_eq!(plain(value).parse::<f64>().unwrap(), expected, "{value}");
        }
    }

    #[test]
    fn seconds_are_exact() {
        let table = [
            (0, "0"),
            (1, "0.000000001"),
            (1_500_000_000, "1.5"),
            (u64::MAX, "18446744073.709551615"),
            (60_000_000_000, "60"),
        ];
        for (nanos, expected) in table {
            let mut out = Vec::new();
            push_seconds(&mut out, nanos);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn thousands_are_separated() {
        let table = [
            (1234567.8, 3, "1,234,568"),
            (999.0, 3, "999"),
            (12.345, 3, "12.3"),
            (0.01234, 3, "0.0123"),
            (0.5, 3, "0.500"),
            (0.0, 3, "0"),
            (-1000.0, 3, "-1,000"),
            (f64::INFINITY, 3, "inf"),
        ];
        for (value, digits, expected) in table {
            assert_eq!(grouped(value, digits), expected);
        }
    }

    #[test]
    fn walls_carry_the_offset_of_the_start() {
        let mut plan = crate::results::example::study().plan;
        assert_eq!(wall(&plan, 0), "1970-01-01T08:00:00+08:00");
        assert_eq!(wall(&plan, 1_500_000_000), "1970-01-01T08:00:01.5+08:00");
        plan.start = Some(WallClock { epoch_ns: 0, offset_s: i32::MAX });
        assert_eq!(wall(&plan, 0), "", "no such offset");
        plan.start = None;
        assert_eq!(wall(&plan, 0), "");
    }
}
