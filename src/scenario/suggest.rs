//! Did you mean: the nearest of the known names.

/// The longest foreign text that a message repeats.
const SHOWN: usize = 60;
/// The most names that a message lists.
const LISTED: usize = 12;
/// The most names that are compared.
const COMPARED: usize = 2_000;

/// Cuts a text that is too long to be repeated in a message.
pub(super) fn short(text: &str) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let mut shown: String = text.chars().take(SHOWN).map(clean).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push_str("..");
    }
    shown
}

/// Writes a whole number with separators, as people read it.
pub(crate) fn grouped(number: impl Into<u64>) -> String {
    let digits = number.into().to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Names that people know from elsewhere, and those of this program.
const NICKNAMES: [(&str, &str); 12] = [
    ("p2c", "leastRequest"),
    ("poweroftwo", "leastRequest"),
    ("poweroftwochoices", "leastRequest"),
    ("leastoutstandingrequests", "leastRequest"),
    ("leastconn", "leastConnections"),
    ("rr", "roundRobin"),
    ("wrr", "smoothWeightedRoundRobin"),
    ("swrr", "smoothWeightedRoundRobin"),
    ("weightedroundrobin", "smoothWeightedRoundRobin"),
    ("rand", "random"),
    ("exp", "exponential"),
    ("rollingupdate", "rolling"),
];

/// Returns the nearest of the known names, if one is near, or is called so by others.
pub(crate) fn near<'a>(written: &str, names: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let folded: String = fold(written).iter().collect();
    let called = NICKNAMES.iter().find(|(nickname, _)| *nickname == folded);
    if let Some(name) = called.and_then(|(_, true_name)| names.clone().find(|name| name == true_name)) {
        return Some(name);
    }
    names.filter_map(|name| Some((distance(written, name)?, name))).min().map(|(_, name)| name)
}

/// Tells whether one letter more, less or other makes a known name of a text.
pub(super) fn is_slip<'a>(written: &str, mut names: impl Iterator<Item = &'a str>) -> bool {
    names.any(|name| distance(written, name).is_some_and(|edits| edits <= 1))
}

/// Names the nearest of the known names, or lists them.
pub(super) fn known<'a>(written: &str, names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.take(COMPARED).collect();
    match near(written, names.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None if names.is_empty() => "none is known here".to_owned(),
        None => {
            let more = if names.len() > LISTED { ", .." } else { "" };
            format!("write one of {}{more}", names[..names.len().min(LISTED)].join(", "))
        }
    }
}

fn fold(text: &str) -> Vec<char> {
    text.chars().take(SHOWN).filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

/// Returns the edit distance without regard to case, where it is small for the length.
fn distance(written: &str, name: &str) -> Option<usize> {
    let (written, name) = (fold(written), fold(name));
    // Rows of the table of edits (Damerau's, in which a swap of neighbours is one edit).
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=name.len()).collect();
    for (i, a) in written.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, b) in name.iter().enumerate() {
            let mut edits = (row[j] + usize::from(a != b)).min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && *a == name[j - 1] && written[i - 1] == *b {
                edits = edits.min(before[j - 1] + 1);
            }
            next.push(edits);
        }
        before = std::mem::replace(&mut row, next);
    }
    let edits = row[name.len()];
    (edits <= 1 + name.len() / 5 && edits < name.len()).then_some(edits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_told() {
        let names = || ["replicas", "concurrency", "cpu", "speed"].into_iter();
        assert_eq!(known("replica", names()), "did you mean `replicas`?");
        assert_eq!(known("Concurrency", names()), "did you mean `concurrency`?");
        assert_eq!(known("con-currency", names()), "did you mean `concurrency`?");
        assert_eq!(known("cup", names()), "did you mean `cpu`?");
        assert_eq!(known("zones", names()), "write one of replicas, concurrency, cpu, speed");
        assert_eq!(known("a", ["b"].into_iter()), "write one of b");
        assert_eq!(known("a", std::iter::empty()), "none is known here");
    }

    #[test]
    fn one_letter_is_a_slip() {
        for (written, slip) in
            [("service", true), ("Services", true), ("servcies", true), ("servers", false), ("zones", false)]
        {
            assert_eq!(is_slip(written, ["services", "run"].into_iter()), slip, "{written}");
        }
    }

    #[test]
    fn names_of_other_balancers_are_understood() {
        let names = || {
            ["random", "roundRobin", "smoothWeightedRoundRobin", "leastRequest", "leastConnections"]
                .into_iter()
        };
        let cases = [
            ("p2c", "leastRequest"),
            ("power_of_two", "leastRequest"),
            ("power-of-two-choices", "leastRequest"),
            ("least_conn", "leastConnections"),
            ("leastconn", "leastConnections"),
            ("least_connections", "leastConnections"),
            ("round_robin", "roundRobin"),
            ("RR", "roundRobin"),
            ("weighted_round_robin", "smoothWeightedRoundRobin"),
        ];
        for (nickname, name) in cases {
            assert_eq!(near(nickname, names()), Some(name), "{nickname}");
        }
        // Only where the true name may stand.
        assert_eq!(near("p2c", ["fifo", "lifo"].into_iter()), None);
    }

    #[test]
    fn large_numbers_are_grouped() {
        for (number, text) in
            [(0_u64, "0"), (999, "999"), (1_000, "1,000"), (u64::MAX, "18,446,744,073,709,551,615")]
        {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn long_and_unprintable_texts_are_cut() {
        assert_eq!(short("a\u{1b}[31m"), "a [31m");
        assert_eq!(short(&"x".repeat(61)), format!("{}..", "x".repeat(60)));
        assert_eq!(known(&"x".repeat(100_000), ["web"].into_iter()), "write one of web");
    }
}
