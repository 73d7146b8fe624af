//! Judging written parameters: which belong together, which are out of range.

use super::form::{Percentiles, looks_like_percentile, percentile_key};
use super::{Problem, Quantity};

/// Stands for any percentile key among the keys of a [`Form`].
pub(super) const PERCENTILES: &str = "pNN";

/// Below it, percentiles are taken for p0, which no family with percentiles has.
const SMALLEST_PERCENT: f64 = 1e-9;

/// Parameters as given: key and value, quantities in the unit of the samples.
#[derive(Debug)]
pub(super) struct Given(pub(super) Vec<(String, f64)>);

impl Given {
    /// Returns the value of a key that the chosen form is known to have.
    pub(super) fn get(&self, key: &str) -> f64 {
        let found = self.0.iter().find(|(given, _)| given == key);
        found.map(|(_, value)| *value).expect("the chosen form has this key")
    }
}

/// One way to write a distribution: the keys that go together and an example, in which `<A>`,
/// `<B>` and `<C>` stand for rising values of the quantity.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) keys: &'static [&'static str],
    pub(super) example: &'static str,
}

/// Collects the problems of one distribution.
#[derive(Debug)]
pub(super) struct Checker {
    name: &'static str,
    examples: [&'static str; 3],
    problems: Vec<Problem>,
}

impl Checker {
    /// Creates a checker for the distribution of this name, of the quantity `Q`.
    pub(super) fn new<Q: Quantity>(name: &'static str) -> Self {
        Self { name, examples: Q::EXAMPLES, problems: Vec::new() }
    }

    /// Returns the problems found so far.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Tells whether nothing is wrong so far.
    pub(super) fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    /// Adds a problem at `key`, empty for the distribution as a whole.
    pub(super) fn push(&mut self, key: &str, message: String, remedy: &str) {
        // A bare constant has no key of its own.
        let name = if self.name == "constant" { "" } else { self.name };
        let point = if name.is_empty() || key.is_empty() { "" } else { "." };
        self.problems.push(Problem {
            path: format!("{name}{point}{key}"),
            message,
            remedy: self.fill(remedy),
        });
    }

    /// Checks that a value is finite and above 0.
    pub(super) fn positive(&mut self, key: &str, value: f64, remedy: &str) -> bool {
        let good = value.is_finite() && value > 0.0;
        if !good {
            self.push(key, format!("must be a finite number above 0, not {value}"), remedy);
        }
        good
    }

    /// Checks that a value is finite and not below 0.
    pub(super) fn not_negative(&mut self, key: &str, value: f64, remedy: &str) -> bool {
        let good = value.is_finite() && value >= 0.0;
        if !good {
            self.push(key, format!("must be a finite number, 0 or more, not {value}"), remedy);
        }
        good
    }

    /// Checks that every value given is finite and above 0, `except` for one that may be 0.
    pub(super) fn all_positive(&mut self, given: &Given, except: &str) -> bool {
        let mut good = true;
        for (key, value) in &given.0 {
            let remedy = match key.as_str() {
                "cv" | "sigma" => {
                    format!("write for example `{key}: 0.8`, or a bare `<A>` for no spread at all")
                }
                "alpha" | "shape" => format!("write for example `{key}: 2.5`"),
                "k" => "write for example `k: 4`".to_owned(),
                _ => format!("write for example `{key}: <A>`"),
            };
            good &= if key == except {
                self.not_negative(key, *value, &remedy)
            } else {
                self.positive(key, *value, &remedy)
            };
        }
        good
    }

    /// Returns which form the given keys make, or adds a problem that says what to type.
    pub(super) fn choose(&mut self, given: &Given, forms: &[Form]) -> Option<usize> {
        let mut keys: Vec<&str> = given.0.iter().map(|(key, _)| generic(key)).collect();
        keys.dedup();
        let partial: Vec<&Form> =
            forms.iter().filter(|form| keys.iter().all(|key| form.keys.contains(key))).collect();
        if let Some(exact) = forms.iter().position(|form| same(form.keys, &keys)) {
            return Some(exact);
        }
        let shown: Vec<String> = given.0.iter().map(|(key, _)| format!("`{key}`")).collect();
        let (message, candidates) = if keys.is_empty() {
            (format!("{} has no parameters", self.name), partial)
        } else if partial.is_empty() {
            (format!("{} do not go together", join(&shown, "and")), forms.iter().collect())
        } else {
            (format!("{} alone does not say which {}", join(&shown, "and"), self.name), partial)
        };
        let written: Vec<String> =
            candidates.iter().map(|form| format!("`{}: {{{}}}`", self.name, form.example)).collect();
        self.push("", message, &format!("write {}", join(&written, "or")));
        None
    }

    /// Returns two percentiles as (probability, value), rising in both; adds problems otherwise.
    pub(super) fn pair<Q: Quantity>(&mut self, percentiles: &Percentiles<Q>) -> Option<[(f64, f64); 2]> {
        let given = percentiles.as_slice();
        let &[(p, x), (q, y)] = given else {
            let message = format!("two percentiles fix a {}, {} given", self.name, given.len());
            self.push("", message, &format!("write `{}: {{p50: <A>, p99: <C>}}`", self.name));
            return None;
        };
        let mut good = true;
        for percent in [p, q] {
            if !(SMALLEST_PERCENT..100.0).contains(&percent) {
                let key = percentile_key(percent);
                self.push(&key, format!("a {} has no {key}", self.name), "write for example p1 or p99.9");
                good = false;
            }
        }
        if y.to_f64() <= x.to_f64() {
            let (low, high) = (percentile_key(p), percentile_key(q));
            let message = format!("must be above {low}: {y} is not above {x}");
            self.push(&high, message, &format!("raise {high}, or write a bare `<A>` for no spread at all"));
            good = false;
        }
        good.then_some([(p / 100.0, x.to_f64()), (q / 100.0, y.to_f64())])
    }

    /// Puts values of the quantity for `<A>`, `<B>` and `<C>`.
    fn fill(&self, text: &str) -> String {
        let marks = ["<A>", "<B>", "<C>"].into_iter().zip(self.examples);
        marks.fold(text.to_owned(), |filled, (mark, value)| filled.replace(mark, value))
    }
}

/// Returns the key as forms name it.
fn generic(key: &str) -> &str {
    if looks_like_percentile(key) { PERCENTILES } else { key }
}

fn same(a: &[&str], b: &[&str]) -> bool {
    a.len() == b.len() && a.iter().all(|key| b.contains(key))
}

/// Writes `a, b or c`.
fn join(parts: &[String], word: &str) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} {word} {last}", head.join(", ")),
    }
}
