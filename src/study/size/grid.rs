//! The values of a path between two ends: as coarse as a planner would write them.

use crate::error::Problem;
use crate::results::experiment::{AxisValue, Scale};
use crate::scenario::sweep::{Quantity, QuantityKind, Scale as Spacing, Span};

/// The share of a value that its neighbours are away.
const RESOLUTION: f64 = 0.01;
/// No range has more steps than this because its values come near 0.
const FINEST: f64 = 1_000.0;
/// The path whose whole numbers are no things.
const LOAD: &str = "run.load";
/// Loads that headroom looks at: a hundredth to a hundred times what the scenario says.
const LEAST_LOAD: f64 = 0.01;
const MOST_LOAD: f64 = 100.0;

/// A path and the values that are looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    /// Where the value stands in the scenario.
    pub path: String,
    /// The values, ascending.
    pub values: Vec<Quantity>,
}

impl Range {
    /// Reads `PATH=LO..HI`, `PATH=LO..HI..STEP` or `PATH=LO..HI/COUNT`.
    ///
    /// Without step and count: every whole number; whole minutes of the clock; of other quantities values whose
    /// neighbours are 1 % away, or a little less, on round numbers.
    ///
    /// # Errors
    /// What is wrong with it, and what to write.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let wrong = |message: String| {
            let remedy = "write PATH=LO..HI, for example services.web.pools.standard.replicas=10..40";
            Problem::new("", message, remedy)
        };
        let (path, range) =
            text.split_once('=').ok_or_else(|| wrong(format!("there is no `=` in `{text}`")))?;
        let (path, range) = (path.trim(), range.trim());
        if path.is_empty() {
            return Err(wrong("nothing stands before the `=`".to_owned()));
        }
        let values = values(path, range).map_err(|problem| problem.under(path))?;
        if values.len() < 2 {
            let message = format!("`{range}` is a single value");
            return Err(Problem::new(path, message, "write two ends, and a smaller step"));
        }
        Ok(Self { path: path.to_owned(), values })
    }

    /// Returns the loads that headroom looks at, and by which of them it begins.
    pub fn loads() -> (Self, super::Start) {
        let ends = [LEAST_LOAD, MOST_LOAD].map(|load| Quantity::new(QuantityKind::Number, load));
        let values =
            Span::new(ends[0], ends[1]).map_or_else(|_| ends.to_vec(), |span| fine(span, f64::INFINITY));
        let place = |load: f64| values.partition_point(|value| value.value() < load * 0.999);
        let steps = |factor: f64| {
            let loads = std::iter::successors(Some(1.0), move |load| Some(load * factor));
            loads.take_while(|load| (LEAST_LOAD..MOST_LOAD).contains(load))
        };
        let up = steps(2.0).map(place).chain([values.len() - 1]).collect();
        let down = steps(0.5).skip(1).map(place).chain([0]).collect();
        (Self { path: LOAD.to_owned(), values }, super::Start::Ladder { up, down })
    }

    /// Returns what the values are measured in.
    pub fn scale(&self) -> Scale {
        match self.values.last().map(|value| value.kind()) {
            _ if self.path == LOAD => Scale::Load,
            Some(QuantityKind::Integer) => Scale::Whole,
            Some(QuantityKind::Percent) => Scale::Share,
            Some(QuantityKind::Duration) => Scale::Seconds,
            Some(QuantityKind::Rate) => Scale::PerSecond,
            Some(QuantityKind::Clock) => Scale::Clock,
            Some(QuantityKind::Number) | None => Scale::Number,
        }
    }

    /// Returns the value at a place.
    pub(super) fn value(&self, place: usize) -> AxisValue {
        let value = self.values[place];
        let label = if self.path == LOAD { format!("{}x", value.value()) } else { value.to_string() };
        AxisValue { label, number: Some(value.value()), setting: value.setting() }
    }
}

fn values(path: &str, range: &str) -> Result<Vec<Quantity>, Problem> {
    let counted = range.rsplit_once('/').and_then(|(ends, count)| Some((ends, count.parse::<usize>().ok()?)));
    if let Some((ends, count)) = counted {
        if !(2..=crate::scenario::sweep::MAX_VALUES).contains(&count) {
            let message = format!("{count} values cannot be looked at");
            return Err(Problem::new("", message, "write 2 or more behind the `/`, 10,000 at most"));
        }
        return Ok(span(path, ends)?.spaced(count, Spacing::Linear));
    }
    let stepped = range.match_indices("..").nth(1).map(|(at, _)| (&range[..at], &range[at + 2..]));
    if let Some((ends, step)) = stepped {
        let read = Quantity::parse(step).ok_or_else(|| {
            let message = format!("`{step}` is no step");
            Problem::new("", message, "write LO..HI..STEP, for example 10..40..5")
        })?;
        return span(path, ends)?.steps(read);
    }
    let span = span(path, range)?;
    Ok(match span.integers() {
        Some(integers) => integers,
        None => fine(span, FINEST),
    })
}

/// Reads the ends; those of a load may lie between whole numbers.
fn span(path: &str, ends: &str) -> Result<Span, Problem> {
    // What a shell leaves of a clock time is with quotes or without.
    let span = Span::parse(&ends.replace('"', ""))?;
    if path == LOAD && span.kind() == QuantityKind::Integer {
        let [from, to] = [span.from, span.to].map(|end| Quantity::new(QuantityKind::Number, end.value()));
        return Span::new(from, to);
    }
    Ok(span)
}

/// Returns values whose neighbours are away by [`RESOLUTION`] or a little less, on round numbers; in whole minutes
/// where the clock allows.
fn fine(span: Span, finest: f64) -> Vec<Quantity> {
    let (from, to, kind) = (span.from.value(), span.to.value(), span.kind());
    let step = |value: f64| match kind {
        QuantityKind::Clock if from % 60.0 == 0.0 && to - from >= 600.0 => 60.0,
        QuantityKind::Clock => 1.0,
        QuantityKind::Integer => round_down(value.abs() * RESOLUTION).max(1.0),
        _ => round_down((value.abs() * RESOLUTION).max((to - from) / finest)),
    };
    let next = |value: &f64| {
        let step = step(*value);
        Some((libm::floor(*value / step + 1e-6) + 1.0) * step).filter(|next| *next < to * (1.0 - 1e-9))
    };
    let inner = std::iter::successors(Some(from), next).skip(1).map(|value| Quantity::new(kind, value));
    let mut values: Vec<Quantity> = [span.from].into_iter().chain(inner).chain([span.to]).collect();
    values.dedup();
    values
}

/// Rounds down to 1, 2 or 5 times a power of ten.
fn round_down(value: f64) -> f64 {
    let power = libm::pow(10.0, libm::floor(libm::log10(value) + 1e-9));
    let digit = [5.0, 2.0].into_iter().find(|digit| digit * power <= value * (1.0 + 1e-9));
    digit.unwrap_or(1.0) * power
}
