//! `comparison.csv`: a row per figure.

use std::io;

use super::{Sides, word};
use crate::report::csv::Table;
use crate::results::experiment::Better;

pub(super) fn table(sides: Sides<'_>) -> io::Result<Vec<u8>> {
    let mut table = Table::new();
    table.texts(&["metric", "unit", "better", "main", "a", "a_lo", "a_hi", "b", "b_lo", "b_hi"])?;
    table.texts(&["difference", "difference_lo", "difference_hi", "relative", "p", "p_holm"])?;
    table.texts(&["variance_factor", "verdict"])?;
    table.end_row()?;
    for figure in &sides.comparison.figures {
        table.texts(&[&figure.metric.name, &unit(figure)?, better(figure.metric.better)])?;
        table.text(if figure.main { "true" } else { "false" })?;
        [figure.a, figure.b, figure.difference].into_iter().try_for_each(|figure| table.interval(figure))?;
        let numbers = [figure.relative, figure.p, figure.p_holm, figure.variance_factor];
        numbers.into_iter().try_for_each(|number| table.number(number))?;
        table.text(word(figure))?;
        table.end_row()?;
    }
    table.finish()
}

/// Names a unit as files of experiments do.
fn unit(figure: &crate::results::FigurePair) -> io::Result<String> {
    Ok(serde_json::to_value(figure.metric.unit)?.as_str().unwrap_or_default().to_owned())
}

fn better(better: Option<Better>) -> &'static str {
    match better {
        Some(Better::Lower) => "lower",
        Some(Better::Higher) => "higher",
        None => "",
    }
}
