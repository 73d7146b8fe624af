//! Approximations and limits for many servers.

use super::erlang_c;

/// Returns the mean wait of G/G/c by the formula of Allen and Cunneen: Erlang C / (c - a), times the
/// mean of the squared coefficients of variation of gaps and work (Allen, Probability, Statistics and
/// Queueing Theory, 1978). Exact for M/M/c and M/G/1; `None` without a steady state or a finite variance.
pub fn allen_cunneen(load: f64, servers: u64, gap_scv: f64, work_scv: f64) -> Option<f64> {
    let spare = servers as f64 - load;
    let variability = (gap_scv + work_scv) / 2.0;
    (spare > 0.0 && variability.is_finite()).then(|| erlang_c(load, servers) / spare * variability)
}

/// Returns the mean time in the system where every request of a Poisson stream goes to the least
/// busy of `choices` drawn servers, each with one slot and exponential work, in the limit of many
/// servers: the sum over i >= 1 of load^((d^i - d) / (d - 1)) (Mitzenmacher 1996; Vvedenskaya, Dobrushin
/// & Karpelevich 1996). `load` is that of a server; `None` where it reaches 1.
pub fn supermarket_sojourn(load: f64, choices: u32) -> Option<f64> {
    if !(0.0..1.0).contains(&load) {
        return None;
    }
    if choices < 2 {
        return Some(1.0 / (1.0 - load));
    }
    // Exponents 0, d, d + d^2, ..: each is d times the one before, plus d.
    let (d, mut exponent, mut sum) = (f64::from(choices), 0.0, 0.0);
    loop {
        let term = libm::pow(load, exponent);
        sum += term;
        if term < 1e-18 {
            return Some(sum);
        }
        exponent = d * (exponent + 1.0);
    }
}
