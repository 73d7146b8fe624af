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

/// Returns the nearest of the known names, if one is near.
pub(crate) fn near<'a>(written: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names.filter_map(|name| Some((distance(written, name)?, name))).min().map(|(_, name)| name)
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

/// Returns the edit distance without regard to case, where it is small for the length.
fn distance(written: &str, name: &str) -> Option<usize> {
    let fold = |text: &str| -> Vec<char> {
        text.chars().take(SHOWN).filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
    };
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
    fn long_and_unprintable_texts_are_cut() {
        assert_eq!(short("a\u{1b}[31m"), "a [31m");
        assert_eq!(short(&"x".repeat(61)), format!("{}..", "x".repeat(60)));
        assert_eq!(known(&"x".repeat(100_000), ["web"].into_iter()), "write one of web");
    }
}
