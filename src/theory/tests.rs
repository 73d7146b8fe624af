use super::*;

fn near(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1e-3), "{what}: {found}, not {expected}");
}

/// Any textbook: B(10 erlangs, 10) = 0.2146, C(8 erlangs, 10) = 0.4092; one server by hand.
#[test]
fn erlang_s_formulas_are_those_of_the_tables() {
    assert!((erlang_b(10.0, 10) - 0.2146).abs() < 5e-5 && (erlang_c(8.0, 10) - 0.4092).abs() < 5e-5);
    let table = [(0.0, 3, 0.0, 0.0), (0.5, 1, 1.0 / 3.0, 0.5), (2.0, 2, 0.4, 1.0), (3.0, 0, 1.0, 1.0)];
    for (load, servers, b, c) in table {
        near(erlang_b(load, servers), b, &format!("B({load}, {servers})"));
        near(erlang_c(load, servers), c, &format!("C({load}, {servers})"));
    }
}

/// The recursion from the empty system up, B(k) = a B(k-1) / (k + a B(k-1)), an independent way.
#[test]
fn erlang_b_is_that_of_the_recursion_however_many_servers() {
    for servers in [1, 7, 100, 5_000, 300_000] {
        for rho in [0.2, 0.8, 0.99, 0.9999, 1.0, 1.3, 4.0] {
            let load = rho * servers as f64;
            let recursion = (1..=servers).fold(1.0, |b, k| load * b / (k as f64 + load * b));
            let found = erlang_b(load, servers);
            let near = (found - recursion).abs() <= 1e-9 * recursion || recursion < 1e-299;
            assert!(near, "{servers} at {rho}: {found}, not {recursion}");
        }
    }
    // Halfin & Whitt, Operations Research 29 (1981): with c - sqrt(c) erlangs, whatever c, in the limit
    // 1 / (1 + phi(1) / density(1)) = 0.2234 have to wait.
    let servers = 4_000_000_000_u64;
    let waits = erlang_c(servers as f64 - (servers as f64).sqrt(), servers);
    assert!((waits - 0.22336).abs() < 2e-5, "{waits}");
}

/// Two ways to the same line.
#[test]
fn formulas_agree_where_they_meet() {
    for load in [0.1, 0.6, 0.95] {
        let one = Mmc::new(load, 1).unwrap();
        near(one.mean_wait(), pollaczek_khinchine(load, 1.0).unwrap(), "M/G/1");
        near(one.mean_wait(), GiM1::in_turn(load, 1).unwrap().mean_wait(), "GI/M/1");
        near(1.0 + one.mean_wait(), supermarket_sojourn(load, 1).unwrap(), "one choice");
        near(1.0 + one.mean_wait(), shared_cpu_sojourn(load, 1.0).unwrap(), "shared");
        near(one.sojourn_quantile(0.99), libm::log(100.0) / (1.0 - load), "sojourn");
        near(pollaczek_khinchine(load, 0.25).unwrap(), allen_cunneen(load, 1, 1.0, 0.25).unwrap(), "G/G/1");
        // Forever in turn is D/M/1, whose root is that of sigma = e^(-(1 - sigma) / load).
        let sigma = GiM1::in_turn(load, 1 << 40).unwrap().p_wait();
        near(sigma, libm::exp(-(1.0 - sigma) / load), "D/M/1");
        for servers in [2, 5, 40] {
            let (line, load) = (Mmc::new(load * servers as f64, servers).unwrap(), load * servers as f64);
            near(line.mean_wait(), allen_cunneen(load, servers, 1.0, 1.0).unwrap(), "G/G/c");
            near(1.0 + line.mean_wait(), shared_cpu_sojourn(load, servers as f64).unwrap(), "shared");
            let long = Mmck::new(load, servers, 5_000);
            near(long.mean_wait(), line.mean_wait(), "M/M/c/K");
            near(long.p_wait(), line.p_wait(), "M/M/c/K");
            for p in [0.5, 0.99] {
                let wait = line.wait_quantile(p);
                near(line.wait_beyond(wait), line.p_wait().min(1.0 - p), "wait");
                near(line.sojourn_beyond(line.sojourn_quantile(p)), 1.0 - p, "sojourn");
            }
        }
    }
}

/// Two choices at load 1/2: 1 + 1/4 + 1/64 + 1/16384 + 2^-30 + ..
#[test]
fn two_choices_are_worked_by_hand() {
    let sum: f64 = [0, 2, 6, 14, 30, 62].iter().map(|&bits| 1.0 / (1_u64 << bits) as f64).sum();
    near(supermarket_sojourn(0.5, 2).unwrap(), sum, "two choices");
}

/// 1.5 cores and load 0.75: p(n) for rates 1, 1.5, 1.5, ..: 1, 3/4, 3/8, 3/16, .., in all 5/2, with 3 in
/// the system on average for 5/2: 6/5 requests; 6/5 / 0.75.
#[test]
fn parts_of_a_core_count() {
    near(shared_cpu_sojourn(0.75, 1.5).unwrap(), 1.6, "1.5 cores");
    // Half a core halves the speed: M/M/1 at load 1/2 with services of 2.
    near(shared_cpu_sojourn(0.25, 0.5).unwrap(), 4.0, "half a core");
}

#[test]
fn there_is_no_steady_state_at_capacity() {
    assert!(Mmc::new(2.0, 2).is_none() && Mmc::new(f64::NAN, 2).is_none() && Mmc::new(0.0, 0).is_none());
    assert!(GiM1::in_turn(1.0, 3).is_none() && supermarket_sojourn(1.0, 2).is_none());
    assert!(shared_cpu_sojourn(1.5, 1.5).is_none() && allen_cunneen(3.0, 3, 0.0, 0.0).is_none());
    assert!(pollaczek_khinchine(1.0, 0.0).is_none() && pollaczek_khinchine(0.5, f64::INFINITY).is_none());
    // A queue with an end has one all the same: at load 1 of 1 + 3 states each is as likely.
    let line = Mmck::new(1.0, 1, 2);
    near(line.blocking(), 0.25, "blocking");
    near(line.mean_wait(), 1.0, "0, 1 or 2 before oneself");
    near(Mmck::new(40.0, 2, 1_000).blocking(), 0.95, "far above capacity");
    near(Mmck::new(2e9, 2, u64::MAX).blocking(), 1.0 - 1e-9, "further still");
}
