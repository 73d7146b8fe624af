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

/// The stationary distribution of a birth-death process from its rates, state by state: what every line
/// here is, in the most roundabout way. Returns p(0), p(1), ..
fn states(load: f64, rate: impl Fn(usize) -> f64, most: usize) -> Vec<f64> {
    let weights: Vec<f64> = (0..=most)
        .scan(1.0, |weight, n| {
            *weight *= if n == 0 { 1.0 } else { load / rate(n) };
            Some(*weight)
        })
        .collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}

#[test]
fn a_limited_queue_is_that_of_its_states() {
    for servers in [1_usize, 2, 5, 17] {
        for places in [0_usize, 1, 2, 9, 40] {
            for rho in [0.05, 0.5, 0.99, 1.0, 1.01, 2.5] {
                let load = rho * servers as f64;
                let p = states(load, |n| n.min(servers) as f64, servers + places);
                let what = format!("{servers} servers, {places} places, {rho}");
                let line = Mmck::new(load, servers as u64, places as u64);
                let full = p[servers + places];
                near(line.blocking(), full, &what);
                let late: f64 = p[servers..servers + places].iter().sum();
                near(line.p_wait(), late / (1.0 - full), &what);
                // Whoever comes to n - c in the queue waits for n - c + 1 ends at rate c.
                let wait = |n: usize| p[n] * (n - servers + 1) as f64 / servers as f64;
                let mean = (servers..servers + places).map(wait).sum::<f64>() / (1.0 - full);
                near(line.mean_wait(), mean, &what);
            }
        }
    }
}

/// Present on average over the arrival rate (Little), for cores in parts as well.
#[test]
fn a_shared_cpu_is_that_of_its_states() {
    for cores in [0.1, 0.5, 1.0, 1.25, 2.0, 3.999, 4.0, 16.5] {
        for rho in [0.01, 0.3, 0.7, 0.95] {
            let load = rho * cores;
            let p = states(load, |n| (n as f64).min(cores), 2_000);
            let present: f64 = p.iter().enumerate().map(|(n, p)| n as f64 * p).sum();
            near(shared_cpu_sojourn(load, cores).unwrap(), present / load, &format!("{cores} at {rho}"));
        }
    }
}

/// The area under P(T > t) is the mean of T: what the distributions say and what the means say.
#[test]
fn distributions_have_the_means_they_should() {
    // Simpson's rule over 60 times the slowest decay.
    let area = |slowest: f64, beyond: &dyn Fn(f64) -> f64| {
        let (steps, end) = (60_000, 60.0 / slowest);
        let step = end / f64::from(steps);
        let weight = |at: i32| match at {
            0 => 1.0,
            at if at == steps => 1.0,
            at if at % 2 == 1 => 4.0,
            _ => 2.0,
        };
        (0..=steps).map(|at| weight(at) * beyond(f64::from(at) * step)).sum::<f64>() * step / 3.0
    };
    // One spare server is where the quotient of the sojourn has no value of its own.
    for (load, servers) in
        [(0.3, 1), (0.9, 1), (1.0, 2), (1.999_999_9, 3), (2.000_000_2, 3), (7.5, 8), (12.0, 20)]
    {
        let line = Mmc::new(load, servers).unwrap();
        let (slowest, what) = ((servers as f64 - load).min(1.0), format!("{load} of {servers}"));
        let close = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-7, "{what}: {found}");
        close(area(slowest, &|time| line.wait_beyond(time)), line.mean_wait());
        close(area(slowest, &|time| line.sojourn_beyond(time)), 1.0 + line.mean_wait());
    }
    for (load, turns) in [(0.2, 2), (0.9, 3), (0.97, 50)] {
        let line = GiM1::in_turn(load, turns).unwrap();
        let found = area(1.0 - line.p_wait(), &|time| line.wait_beyond(time));
        assert!((found - line.mean_wait()).abs() < 1e-6, "{load}, {turns}: {found}");
    }
}

/// sigma = (n rho / (n rho + 1 - sigma))^n by bisection with 30 digits.
#[test]
fn turns_are_those_worked_with_more_digits() {
    let table = [
        (0.3, 2, 0.178_045_554_270_7, 3.503_179_966_22),
        (0.5, 3, 0.330_532_728_780_6, 5.225_230_179_07),
        (0.8, 4, 0.693_944_721_751_8, 13.853_076_597_64),
        (0.9, 10, 0.823_330_181_941_6, 24.966_189_860_99),
        (0.95, 100, 0.902_635_468_686_9, 46.246_139_420_91),
    ];
    for (load, turns, sigma, p99) in table {
        let line = GiM1::in_turn(load, turns).unwrap();
        near(line.p_wait(), sigma, "sigma");
        near(line.wait_quantile(0.99), p99, "p99");
        near(line.wait_beyond(line.wait_quantile(0.99)), 0.01, "beyond it");
    }
    // More turns make gaps more even, and waits shorter.
    let waits = [1, 2, 4, 64, 4_096].map(|turns| GiM1::in_turn(0.9, turns).unwrap().mean_wait());
    assert!(waits.is_sorted_by(|more, less| more > less), "{waits:?}");
}

/// Sums with 30 digits; and more choices make waits shorter, each by less.
#[test]
fn choices_are_those_worked_with_more_digits() {
    let table = [
        (0.7, 2, 1.614_453_770_318),
        (0.9, 2, 2.614_057_377_324),
        (0.99, 2, 5.431_996_579_162),
        (0.9, 3, 2.027_855_968_995),
        (0.95, 5, 1.988_772_201_198),
    ];
    for (load, choices, sojourn) in table {
        near(supermarket_sojourn(load, choices).unwrap(), sojourn, &format!("{choices} at {load}"));
    }
    let waits = [1, 2, 3, 4, 5, 64, u32::MAX].map(|choices| supermarket_sojourn(0.99, choices).unwrap());
    assert!(waits.is_sorted_by(|more, less| more > less), "{waits:?}");
    assert!(waits[6] >= 1.0 && supermarket_sojourn(0.0, 2) == Some(1.0));
}

/// At the ends of what can be asked: nobody, everybody, and never.
#[test]
fn quantiles_hold_at_their_ends() {
    let (line, turns) = (Mmc::new(1.5, 2).unwrap(), GiM1::in_turn(0.8, 4).unwrap());
    for p in [0.0, 0.3] {
        assert_eq!((line.wait_quantile(p), turns.wait_quantile(p)), (0.0, 0.0), "most do not wait");
    }
    assert_eq!((line.wait_quantile(1.0), turns.wait_quantile(1.0)), (f64::INFINITY, f64::INFINITY));
    assert_eq!(line.sojourn_quantile(0.0), 0.0);
    let idle = Mmc::new(0.0, 3).unwrap();
    assert_eq!((idle.p_wait(), idle.mean_wait(), idle.wait_quantile(0.999)), (0.0, 0.0, 0.0));
    near(idle.sojourn_quantile(0.99), libm::log(100.0), "only the service");
    let idle = Mmck::new(0.0, 3, 5);
    assert_eq!((idle.blocking(), idle.p_wait(), idle.mean_wait()), (0.0, 0.0, 0.0));
    assert_eq!(shared_cpu_sojourn(0.0, 2.5), Some(1.0));
    assert!(shared_cpu_sojourn(-0.1, 1.0).is_none() && Mmc::new(-0.1, 1).is_none());
    assert!(GiM1::in_turn(f64::NAN, 2).is_none() && supermarket_sojourn(f64::NAN, 2).is_none());
    assert!(pollaczek_khinchine(f64::NAN, 1.0).is_none() && allen_cunneen(1.0, 2, f64::NAN, 1.0).is_none());
}
