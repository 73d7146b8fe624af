//! Closed forms of queueing theory: what a waiting line does under steady traffic.
//!
//! The unit of time is the mean service time throughout: a load of `a` erlangs is the arrival rate
//! times that mean, and a wait of 2 is twice as long as a service. Knows no scenario and no clock.

mod lines;
mod many;
mod single;

pub use lines::{Mmc, Mmck, erlang_b, erlang_c, shared_cpu_sojourn};
pub use many::{allen_cunneen, supermarket_sojourn};
pub use single::{GiM1, pollaczek_khinchine};

/// Finds where a function that falls towards 0 on [0, infinity) reaches `target`, by bisection; 0 where it
/// begins below.
fn fall(target: f64, value: impl Fn(f64) -> f64) -> f64 {
    if value(0.0) <= target {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, 1.0);
    while value(high) > target && high < 1e300 {
        (low, high) = (high, 2.0 * high);
    }
    // Each halving gives one binary digit of the answer.
    for _ in 0..64 {
        let middle = low + (high - low) / 2.0;
        if value(middle) > target { low = middle } else { high = middle }
    }
    low + (high - low) / 2.0
}

#[cfg(test)]
mod tests;
