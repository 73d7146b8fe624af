//! The closed forms against tables of exact values, to a millionth.

mod common;

use common::tables::{Row, table};
use peakday::theory::{
    GiM1, Mmc, Mmck, erlang_b, pollaczek_khinchine, shared_cpu_sojourn, supermarket_sojourn,
};

/// Compares a column of a row, and counts it.
struct Check<'a> {
    row: &'a Row,
    what: String,
    compared: &'a mut usize,
}

impl Check<'_> {
    fn near(&mut self, column: &str, found: f64) {
        let exact = self.row.number(column);
        let close = (found - exact).abs() <= 1e-6 * exact.abs().max(1e-4) || found == exact;
        assert!(close, "{}: {column} is {found}, not {exact}", self.what);
        *self.compared += 1;
    }
}

/// Calls `compare` with every row of a table; at least so many figures must have been compared.
fn every_row(name: &str, least: usize, compare: impl Fn(&mut Check<'_>)) {
    let Some(rows) = table(name) else { return };
    let mut compared = 0;
    for (line, row) in rows.iter().enumerate() {
        compare(&mut Check { row, what: format!("{name}, row {}", line + 1), compared: &mut compared });
    }
    assert!(compared >= least, "{name}: only {compared} figures compared");
}

#[test]
fn erlang_c_and_the_waits_of_m_m_c() {
    every_row("mmc", 63 * 14, |check| {
        let (servers, load) = (check.row.whole("c"), check.row.number("lam") / check.row.number("mu"));
        let line = Mmc::new(load, servers.into()).expect("a steady state");
        check.near("p_wait", line.p_wait());
        check.near("mean_wait", line.mean_wait());
        check.near("mean_sojourn", 1.0 + line.mean_wait());
        check.near("mean_queue", load * line.mean_wait());
        for (p, name) in [(0.5, "p50"), (0.9, "p90"), (0.95, "p95"), (0.99, "p99"), (0.999, "p99.9")] {
            check.near(&format!("wait_{name}"), line.wait_quantile(p));
            check.near(&format!("sojourn_{name}"), line.sojourn_quantile(p));
        }
        for time in ["0.5", "1", "2", "5"] {
            let length = time.parse().expect("a number");
            check.near(&format!("P_wait_gt_{time}"), line.wait_beyond(length));
            check.near(&format!("P_sojourn_gt_{time}"), line.sojourn_beyond(length));
        }
        // Work that shares as many cores as there are servers is as long in the system.
        check.near("mean_sojourn", shared_cpu_sojourn(load, servers.into()).expect("a steady state"));
    });
}

#[test]
fn who_is_turned_away_from_m_m_c_k() {
    every_row("mmck_erlangB", 80 * 3, |check| {
        let (servers, room) = (u64::from(check.row.whole("c")), u64::from(check.row.whole("K")));
        let load = check.row.number("offered_rho") * servers as f64;
        let line = Mmck::new(load, servers, room - servers);
        check.near("blocking", line.blocking());
        check.near("mean_wait_admitted", line.mean_wait());
        check.near("throughput", load * (1.0 - line.blocking()));
        if room == servers {
            check.near("erlang_b", erlang_b(load, servers));
        }
    });
}

#[test]
fn general_work_at_one_server() {
    every_row("mg1_fcfs_ps", 60 * 2, |check| {
        let load = check.row.number("rho");
        match pollaczek_khinchine(load, check.row.number("scv")) {
            Some(wait) => check.near("mean_wait_fcfs", wait),
            None => assert!(!check.row.number("mean_wait_fcfs").is_finite(), "{}", check.what),
        }
        check.near("mean_sojourn_ps", shared_cpu_sojourn(load, 1.0).expect("a steady state"));
    });
    every_row("md1", 6, |check| {
        check.near("mean_wait", pollaczek_khinchine(check.row.number("rho"), 0.0).expect("a steady state"));
    });
}

#[test]
fn the_least_busy_of_several() {
    every_row("power_of_d_supermarket_limit", 35, |check| {
        let sojourn = supermarket_sojourn(check.row.number("lam"), check.row.whole("d"));
        check.near("mean_sojourn_limit_n_inf", sojourn.expect("a steady state"));
    });
}

/// E_n/M/1 against its definition: sigma solves sigma = (n rho / (n rho + 1 - sigma))^n.
#[test]
fn servers_in_turn() {
    for turns in [1_u32, 2, 5, 40] {
        for load in [0.3, 0.7, 0.95] {
            let n = f64::from(turns);
            let exact = common::theory::sigma(|s| libm::pow(n * load / (n * load + s), n));
            let line = GiM1::in_turn(load, turns.into()).expect("a steady state");
            assert!((line.p_wait() - exact).abs() < 1e-9, "{turns} at {load}: {} not {exact}", line.p_wait());
            assert!((line.mean_wait() - exact / (1.0 - exact)).abs() < 1e-6 * line.mean_wait());
            let p99 = line.wait_quantile(0.99);
            assert!(line.wait_beyond(p99) <= 0.01 + 1e-12, "{p99}");
        }
    }
}
